//! Browsers at work.

use lumencall_core::wire::{ConnectionState, DescriptionType};
use lumencall_core::{CallId, UserId};

use super::{What, World};
use crate::sim::browser::{CANDIDATES, Job, Signaling};
use crate::sim::chance::draw;
use crate::sim::device::{Client, Device};
use crate::sim::values;

impl World {
    pub(in crate::sim) fn work_later(&mut self, index: usize, call: &CallId, user: &UserId, job: Job) {
        let (seed, clock) = (self.seed, self.clock);
        let Some(peer) = self.devices[index].browser.peer(call, user) else { return };
        peer.steps += 1;
        let time = 1 + draw(&[seed, 4, peer.number, peer.steps]) % 60;
        peer.busy_until = peer.busy_until.max(clock) + time;
        let (at, peer) = (peer.busy_until, peer.number);
        self.queue_at(at, What::Browser { device: index, peer, job });
    }

    pub(super) fn connects(&mut self, index: usize, call: &CallId, user: &UserId) {
        let Some(peer) = self.devices[index].browser.peer(call, user) else { return };
        // Some never find a path.
        if draw(&[self.seed, 5, peer.number]).is_multiple_of(25) {
            peer.spoilt = true;
        }
        if peer.connects() {
            self.work_later(index, call, user, Job::Stands(ConnectionState::Connected));
        }
    }

    pub(super) fn work(&mut self, index: usize, number: u64, job: Job) {
        let now = self.clock + self.devices[index].ahead;
        let broken = self.devices[index].browser.broken;
        let incarnation = self.devices[index].browser.numbered(number).map(|peer| peer.call.clone());
        let incarnation =
            incarnation.map_or(0, |call| self.devices[index].incarnation(&call, &self.devices[index].user));
        let name = matches!(job, Job::Describe(_)).then(|| self.devices[index].describe());
        let Device { client, browser, watch, .. } = &mut self.devices[index];
        let (Client::Sdk(session), Some(peer)) = (client, browser.numbered(number)) else { return };
        let (call, user) = (peer.call.clone(), peer.user.clone());
        let was_stable = peer.signaling == Signaling::Stable;
        match job {
            Job::Describe(kind) => {
                let name = name.unwrap_or_default();
                // What an offer rolls back, and what an answer has no offer for, cannot be made.
                let odd = kind == DescriptionType::Answer && peer.remote.is_none();
                if broken || odd {
                    peer.spoilt = true;
                    watch.broken = true;
                    session.handle_negotiation_failed(&call, &user, kind);
                } else {
                    let made = peer.describes(kind, &name);
                    self.made.insert(name.clone(), made);
                    let gathered = draw(&[self.seed, 6, number]).is_multiple_of(6);
                    let sdp = if gathered { values::gathered_sdp(&name) } else { values::sdp(&name) };
                    session.handle_local_description(now, &call, &user, kind, sdp.into(), None);
                    self.drain(index);
                    for number in 1..=CANDIDATES {
                        self.work_later(index, &call, &user, Job::Gather { number, of: name.clone() });
                    }
                }
            }
            Job::Apply(kind, name) => {
                if let Some(made) = name.as_ref().and_then(|name| self.made.get(name)) {
                    peer.fits(kind, made, incarnation);
                }
                if broken || !peer.apply(kind, name) {
                    peer.spoilt = true;
                    watch.broken = true;
                    session.handle_negotiation_failed(&call, &user, DescriptionType::Answer);
                } else {
                    session.handle_remote_described(&call, &user);
                }
            }
            // What was rolled back gathers no more.
            Job::Gather { of, .. } if peer.local.as_ref().is_none_or(|(_, name)| *name != of) => {}
            Job::Gather { number, of } => {
                session.handle_local_candidate(values::candidate(&call, &user, number, &of));
            }
            Job::Look => {
                if peer.needs_an_offer() {
                    session.handle_negotiation_needed(&call, &user);
                }
            }
            Job::Stands(state) => session.handle_connection(now, &call, &user, state),
        }
        self.drain(index);
        self.connects(index, &call, &user);
        // What is needed in another state is said when it is stable.
        let peer = self.devices[index].browser.numbered(number);
        if peer.is_some_and(|peer| !was_stable && peer.needs_an_offer()) {
            self.work_later(index, &call, &user, Job::Look);
        }
    }
}
