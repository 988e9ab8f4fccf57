//! What sessions ask for.

use std::hash::Hash;
use std::mem;

use lumencall_core::CallId;
use lumencall_core::session::{Action, Event};
use lumencall_core::wire::{ConnectionState, DescriptionType, MediaToggle};

use super::{Sent, World};
use crate::sim::browser::{self, Job};
use crate::sim::device::{Client, Want};
use crate::sim::violation::holds;

impl World {
    pub(in crate::sim) fn drain(&mut self, index: usize) {
        while let Client::Sdk(session) = &mut self.devices[index].client {
            let Some(action) = session.poll_action() else { break };
            (self.clock, index, mem::discriminant(&action)).hash(&mut self.digest);
            if let Action::Emit(Event::Call(event)) = &action {
                self.devices[index].watch.ends_released(event);
            }
            self.devices[index].watch.saw(&action);
            if self.trace.is_some() {
                let name = self.devices[index].name.clone();
                self.note(|| format!("{name}   {action:?}"));
            }
            self.carry_out(index, action);
        }
    }

    fn carry_out(&mut self, index: usize, action: Action) {
        match action {
            Action::OpenSocket => {
                holds!("I22", !self.devices[index].taken_over, "a page that was taken over takes over");
                self.open_socket(index);
            }
            Action::CloseSocket { goodbye } => {
                self.put_up(index, Sent::Close { goodbye });
                let device = &mut self.devices[index];
                (device.socket, device.opening) = (None, None);
            }
            Action::KeepIdentity { device, secret } => {
                self.devices[index].identity = Some((device, secret));
            }
            Action::ForgetIdentity => self.devices[index].identity = None,
            Action::Send(frame) => self.send(index, &frame),
            Action::RenewToken | Action::UseIceServers(_) | Action::Log { .. } | Action::Emit(_) => {}
            Action::Settle { ticket, result } => {
                let device = &mut self.devices[index];
                let number =
                    device.tickets.iter().find(|(_, (known, _))| *known == ticket).map(|(number, _)| *number);
                let Some((_, want)) = number.and_then(|number| device.tickets.remove(&number)) else {
                    return;
                };
                // One that is refused here says nothing of one that is under way.
                let under_way = |call: &CallId| {
                    device
                        .tickets
                        .values()
                        .any(|(_, want)| matches!(want, Want::Accept(other) if other == call))
                };
                if let Want::Accept(call) = &want
                    && !under_way(call)
                {
                    device.watch.accepted(call);
                }
                match want {
                    Want::Initiate { .. } => {
                        let waits =
                            device.tickets.values().any(|(_, want)| matches!(want, Want::Initiate { .. }));
                        if !waits {
                            device
                                .watch
                                .answered(result.as_ref().ok().and_then(Option::as_ref).map(|call| &call.id));
                        }
                    }
                    Want::Accept(call)
                    | Want::Add(call, _)
                    | Want::Remove(call, _)
                    | Want::Toggle(MediaToggle { call_id: call, .. }) => {
                        let timeout = matches!(&result, Err(failure) if failure.code.as_str() == "timeout");
                        if device.knows(&call).is_none() && !timeout && device.socket.is_some() {
                            self.server.histogram.count("a reply comes after the end");
                        }
                    }
                    Want::Reject(_) | Want::Hangup(_) | Want::Rejoin(_) => {}
                }
            }
            Action::OpenPeer { call, user, .. } => {
                self.peers += 1;
                let meant = self.devices[index].incarnation(&call, &user);
                self.devices[index].browser.open(self.peers, &call, &user, meant);
            }
            Action::RestartIce { call, user } => {
                if let Some(peer) = self.devices[index].browser.peer(&call, &user) {
                    peer.restart_ice();
                }
                self.work_later(index, &call, &user, Job::Look);
            }
            Action::Offer { call, user } => {
                self.work_later(index, &call, &user, Job::Describe(DescriptionType::Offer))
            }
            Action::Answer { call, user, offer, .. } => {
                self.work_later(
                    index,
                    &call,
                    &user,
                    Job::Apply(DescriptionType::Offer, browser::read(offer.reveal())),
                );
                self.work_later(index, &call, &user, Job::Describe(DescriptionType::Answer));
            }
            Action::ApplyAnswer { call, user, answer, .. } => {
                let name = browser::read(answer.reveal());
                self.work_later(index, &call, &user, Job::Apply(DescriptionType::Answer, name));
            }
            Action::AddCandidate { candidate, user } => {
                if self.devices[index].browser.add(&candidate, &user) {
                    let stands = Job::Stands(ConnectionState::Connected);
                    self.work_later(index, &candidate.call_id, &user, stands);
                }
                self.connects(index, &candidate.call_id, &user);
            }
            Action::ClosePeer { call, user } => self.devices[index].browser.close(&call, &user),
            Action::Release { call } => self.devices[index].browser.release(&call),
        }
    }
}
