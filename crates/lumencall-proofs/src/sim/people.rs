//! What people do, and what befalls them: the steps of a schedule, on what is there when their time comes.

use lumencall_core::machine::{CallRecord, Member, Phase};
use lumencall_core::session::Link;
use lumencall_core::wire::{
    ClientFrame, Command, ConnectionReport, ConnectionState, DescriptionType, MediaToggle,
};
use lumencall_core::{CallId, CallState, UserId};

use super::browser::Job;
use super::chance::Chance;
use super::device::{Client, Want};
use super::schedule::{Act, Kind, Race, Step};
use super::values;
use super::world::{What, World};

impl World {
    pub(super) fn step(&mut self, step: &Step) {
        let mut chance = Chance::new(step.pick);
        let index = self.place(step, &mut chance);
        self.note(|| format!("-- {step}"));
        let here = self.devices[index].calls();
        let call = chance.one(&here);
        let other = self.somebody(index, &mut chance);
        let want = match (step.act, call) {
            (Act::Initiate, _) => other.map(|other| initiate(vec![other], &mut chance)),
            (Act::InitiateSeveral, _) => {
                let most = 2 + chance.below(3);
                let mut callees: Vec<UserId> =
                    (0..most).filter_map(|_| self.somebody(index, &mut chance)).collect();
                callees.sort_unstable();
                callees.dedup();
                (!callees.is_empty()).then(|| initiate(callees, &mut chance))
            }
            (Act::Accept, Some(call)) => Some(Want::Accept(call)),
            (Act::Reject, Some(call)) => Some(Want::Reject(call)),
            (Act::Hangup, Some(call)) => Some(Want::Hangup(call)),
            (Act::Add, Some(call)) => other.map(|other| Want::Add(call, other)),
            (Act::Remove, Some(call)) => other.map(|other| Want::Remove(call, other)),
            (Act::Toggle, Some(call)) => Some(Want::Toggle(toggle(call, &mut chance))),
            (Act::Accept | Act::Reject | Act::Hangup | Act::Add | Act::Remove | Act::Toggle, None) => None,
            (Act::Race(race), _) => return self.race(race, &mut chance),
            (Act::Connections(state), _) => return self.stand(index, state),
            (Act::Break, _) => {
                let device = &mut self.devices[index];
                device.browser.broken = !device.browser.broken;
                device.watch.broken = true;
                return;
            }
            (Act::Cut, _) => return self.lose(index, &mut chance),
            (Act::Crash, _) => {
                self.crash(index);
                return self.connect(index);
            }
            (Act::Vanish, _) => return self.crash(index),
            (Act::Reload, _) => return self.reload(index, &mut chance),
            (Act::Duplicate, _) => return self.duplicate(index, &mut chance),
            (Act::Wake, _) => {
                let now = self.clock + self.devices[index].ahead;
                if let Client::Sdk(session) = &mut self.devices[index].client {
                    session.handle_wake(now);
                    self.drain(index);
                }
                return;
            }
            (Act::Restart, _) => return self.restart(),
            (Act::Connect, _) => {
                let away = match &self.devices[index].client {
                    Client::Sdk(session) => session.link() == Link::Closed,
                    Client::Plain(_) => self.devices[index].socket.is_none(),
                };
                if away {
                    self.connect(index);
                }
                return;
            }
            (Act::Dispose, _) => return self.dispose(index),
            (Act::SetWallClock, _) => return self.server.wall = chance.number() >> 30,
            (Act::Timer, _) => {
                let calls: Vec<CallId> = self.server.calls.keys().cloned().collect();
                if let Some(call) = chance.one(&calls) {
                    self.server.fire(call);
                }
                return;
            }
            (Act::Wild, _) => return self.wild(&mut chance),
            (Act::Repeat, _) => return self.repeat(&mut chance),
        };
        let Some(want) = want else { return };
        let accepts = matches!(want, Want::Accept(_));
        self.want(index, want);
        // Some of what is said is lost before it has gone far.
        if accepts && chance.one_in(12) {
            self.lose(index, &mut chance);
        }
    }

    /// Where a step happens: mostly at a device at which it can be done.
    fn place(&self, step: &Step, chance: &mut Chance) -> usize {
        if chance.one_in(6) {
            return step.device;
        }
        let fits = |index: &usize| {
            let device = &self.devices[*index];
            let part = |joined: bool| {
                self.origin(*index).is_some_and(|origin| {
                    let mut calls = self.server.calls.values().filter_map(|call| call.member(&origin.user));
                    calls.any(|member| {
                        member.joined_device().is_some() == joined
                            && member.devices().contains(&origin.device)
                    })
                })
            };
            match step.act {
                Act::Accept | Act::Reject => part(false),
                Act::Hangup | Act::Add | Act::Remove | Act::Toggle => part(true),
                // Mostly where it tells: in a call, or where it rings.
                Act::Cut => part(true) || (step.pick.is_multiple_of(3) && device.socket.is_some()),
                Act::Reload => part(true) || (step.pick.is_multiple_of(8) && part(false)),
                Act::Connections(_) => device.browser.peers.iter().any(|peer| peer.connected),
                Act::Connect => device.socket.is_none(),
                Act::Initiate | Act::InitiateSeveral => device.socket.is_some() && !part(true),
                _ => true,
            }
        };
        let fitting: Vec<usize> = (0..self.devices.len()).filter(fits).collect();
        if fitting.contains(&step.device) { step.device } else { chance.one(&fitting).unwrap_or(step.device) }
    }

    /// Another user than whose device this is.
    fn somebody(&self, index: usize, chance: &mut Chance) -> Option<UserId> {
        let user = &self.devices[index].user;
        let others: Vec<UserId> =
            self.devices.iter().map(|device| &device.user).filter(|other| *other != user).cloned().collect();
        chance.one(&others)
    }

    /// Somebody gives a command at a device.
    pub(super) fn want(&mut self, index: usize, want: Want) {
        let now = self.clock + self.devices[index].ahead;
        let device = &mut self.devices[index];
        match &want {
            Want::Accept(call) if device.kind == Kind::Sdk => device.watch.consents(call),
            Want::Hangup(call) => device.watch.leaves(call),
            _ => {}
        }
        match &mut device.client {
            Client::Sdk(session) => {
                let ticket = want.give(session, now);
                // It is refused where the page is in another call, or may be.
                if let Want::Rejoin(id) = &want
                    && let Some(call) = session.calls().find(|call| call.id == *id)
                {
                    device.watch.rejoins(call);
                }
                device.watch.ordered(ticket);
                device.given += 1;
                device.tickets.insert(device.given, (ticket, want));
                self.drain(index);
            }
            Client::Plain(plain) => {
                if device.socket.is_none() {
                    return;
                }
                if let (Want::Reject(call) | Want::Accept(call), Some(_)) = (&want, want.call())
                    && plain.calls.get(call).is_none_or(|known| known.joined)
                {
                    return;
                }
                let id = (device.kind == Kind::Wild).then(|| {
                    plain.last_id += 1;
                    plain.last_id
                });
                let frame = ClientFrame { id, command: want.command() };
                plain.last = Some(frame.clone());
                self.send(index, &frame);
            }
        }
    }

    /// A call of these, and a device of each side of it.
    fn call(&self, chance: &mut Chance, fits: impl Fn(&CallRecord) -> bool) -> Option<CallRecord> {
        let calls: Vec<&CallRecord> = self.server.calls.values().filter(|call| fits(call)).collect();
        chance.one(&calls).cloned()
    }

    /// The devices at which a member has a part in a call, as they are numbered here.
    fn devices_of(&self, member: &Member) -> Vec<usize> {
        let has = |index: &usize| {
            self.origin(*index).is_some_and(|origin| member.devices().contains(&origin.device))
        };
        (0..self.devices.len()).filter(has).collect()
    }

    /// The wants are given a moment apart, in either order.
    fn at_once(&mut self, wants: Vec<(usize, Want)>, chance: &mut Chance) {
        for (device, want) in wants {
            let at = self.clock + chance.below(30);
            self.queue_at(at, What::Want { device, want });
        }
    }

    fn race(&mut self, race: Race, chance: &mut Chance) {
        let joined = |call: &CallRecord| call.joined().count();
        let ringing = |call: &CallRecord| call.state == CallState::Ringing;
        let found = match race {
            Race::AcceptCancel => self.call(chance, ringing),
            Race::AcceptAccept | Race::AcceptReject | Race::AcceptTimeout => {
                self.call(chance, CallRecord::rings)
            }
            Race::HangupHangup | Race::ToggleHangup => self.call(chance, |call| joined(call) > 1),
            Race::Glare => return self.glare(chance),
            Race::Recall => return self.recall(chance),
            Race::AlreadyRinging => self.call(chance, |call| ringing(call) && call.callees().count() > 1),
        };
        let Some(call) = found else { return };
        let id = call.id.clone();
        let rung: Vec<&Member> =
            call.callees().filter(|member| matches!(member.phase, Phase::Rung { .. })).collect();
        let first = chance.one(&rung).map(|member| self.devices_of(member)).unwrap_or_default();
        let members: Vec<usize> = call.joined().flat_map(|(member, _)| self.devices_of(member)).collect();
        let wants = match race {
            Race::AcceptCancel => {
                let accepts = first.first().map(|device| (*device, Want::Accept(id.clone())));
                let cancels = members.first().map(|device| (*device, Want::Hangup(id)));
                cancels.into_iter().chain(accepts).collect()
            }
            Race::AcceptAccept => {
                first.into_iter().map(|device| (device, Want::Accept(id.clone()))).collect()
            }
            Race::AcceptReject => first
                .into_iter()
                .enumerate()
                .map(|(turn, device)| {
                    (device, if turn == 0 { Want::Accept(id.clone()) } else { Want::Reject(id.clone()) })
                })
                .collect(),
            Race::AcceptTimeout => {
                let until = rung.iter().filter_map(|member| member.until).min();
                let (Some(until), Some(device)) = (until, first.first()) else { return };
                let at = until.saturating_sub(chance.below(150)) + chance.below(20);
                self.queue_at(at, What::Want { device: *device, want: Want::Accept(id) });
                return;
            }
            Race::HangupHangup => {
                members.into_iter().map(|device| (device, Want::Hangup(id.clone()))).collect()
            }
            Race::ToggleHangup => {
                let toggle = toggle(id.clone(), chance);
                let wants = members.into_iter().enumerate().map(|(turn, device)| {
                    (device, if turn == 0 { Want::Toggle(toggle.clone()) } else { Want::Hangup(id.clone()) })
                });
                wants.collect()
            }
            Race::AlreadyRinging => {
                let want = initiate(vec![call.caller.clone()], chance);
                first.into_iter().take(1).map(|device| (device, want.clone())).collect()
            }
            Race::Glare | Race::Recall => Vec::new(),
        };
        self.at_once(wants, chance);
    }

    /// Two who are free call one another.
    fn glare(&mut self, chance: &mut Chance) {
        let free = |index: &usize| {
            let device = &self.devices[*index];
            let known = self.server.users.get(&device.user);
            device.socket.is_some() && known.is_some_and(|user| user.engaged.is_none())
        };
        let free: Vec<usize> = (0..self.devices.len()).filter(free).collect();
        let (Some(one), Some(other)) = (chance.one(&free), chance.one(&free)) else { return };
        let (here, there) = (self.devices[one].user.clone(), self.devices[other].user.clone());
        if here != there {
            let wants = vec![(one, initiate(vec![there], chance)), (other, initiate(vec![here], chance))];
            self.at_once(wants, chance);
        }
    }

    /// A device that called calls the same users once more. The SDK's session does not let its app do that.
    fn recall(&mut self, chance: &mut Chance) {
        let calls = |index: usize| {
            let device = &self.devices[index];
            let engaged = self.server.users.get(&device.user)?.engaged.as_ref()?;
            let same = self.origin(index).is_some_and(|origin| origin.device.id == engaged.device);
            (device.kind != Kind::Sdk && same && !engaged.called.is_empty())
                .then(|| (index, engaged.called.clone()))
        };
        let calls: Vec<_> = (0..self.devices.len()).filter_map(calls).collect();
        if let Some((index, callees)) = chance.one(&calls) {
            self.want(index, initiate(callees, chance));
        }
    }

    /// The device's connections are found to stand so.
    fn stand(&mut self, index: usize, state: ConnectionState) {
        let peers: Vec<_> = self.devices[index]
            .browser
            .peers
            .iter_mut()
            .filter(|peer| peer.connected)
            .map(|peer| {
                peer.spoilt |= state == ConnectionState::Failed;
                peer.lost = peer.remote.clone().filter(|_| state != ConnectionState::Connected);
                (peer.call.clone(), peer.user.clone())
            })
            .collect();
        for (call, user) in peers {
            self.work_later(index, &call, &user, Job::Stands(state));
        }
    }

    fn dispose(&mut self, index: usize) {
        if let Client::Sdk(session) = &mut self.devices[index].client {
            session.dispose();
            self.drain(index);
            // What was its own is no one's any more.
            self.devices[index].load(None);
        }
    }

    /// A device of the wild kind says anything about any call.
    fn wild(&mut self, chance: &mut Chance) {
        let wild: Vec<usize> =
            (0..self.devices.len()).filter(|index| self.devices[*index].kind != Kind::Sdk).collect();
        let Some(index) = chance.one(&wild).filter(|index| self.devices[*index].socket.is_some()) else {
            return;
        };
        let calls: Vec<CallId> = self.server.calls.keys().cloned().collect();
        let made_up = values::call_id("call-of-nobody");
        let call = chance.one(&calls).filter(|_| !chance.one_in(8)).unwrap_or(made_up);
        let users: Vec<UserId> = self.devices.iter().map(|device| device.user.clone()).collect();
        let Some(user) = chance.one(&users) else { return };
        let command = match chance.below(10) {
            0 => Want::Initiate {
                callees: (0..chance.below(9)).filter_map(|_| chance.one(&users)).collect(),
                audio: false,
            }
            .command(),
            1 => Want::Add(call, user).command(),
            2 => Want::Remove(call, user).command(),
            3 => Want::Toggle(toggle(call, chance)).command(),
            4 => Command::Offer(values::description(
                &call,
                &user,
                DescriptionType::Offer,
                "v=0\r\n".to_owned(),
            )),
            5 => Command::Answer(values::description(
                &call,
                &user,
                DescriptionType::Answer,
                "v=0\r\n".to_owned(),
            )),
            6 => Command::Candidate(values::bare_candidate(&call, &user)),
            7 => {
                let states = ConnectionState::ALL;
                let state = chance.one(states).unwrap_or(ConnectionState::Failed);
                Command::Report(ConnectionReport {
                    call_id: call,
                    peer_user_id: user,
                    state,
                    incarnation: None,
                })
            }
            // What is answered by a part in a call is left to what the device knows.
            _ if self.devices[index].knows(&call).is_some() => return,
            8 => Want::Accept(call).command(),
            _ => Want::Hangup(call).command(),
        };
        let Client::Plain(plain) = &mut self.devices[index].client else { return };
        plain.last_id += 1;
        // Without a reply it would not know its call.
        let answered = matches!(command, Command::Initiate(_) | Command::Respond(_));
        let id = Some(plain.last_id).filter(|_| answered || !chance.one_in(3));
        let frame = ClientFrame { id, command };
        plain.last = Some(frame.clone());
        self.send(index, &frame);
    }

    /// A device of the wild kind says again what it said last.
    fn repeat(&mut self, chance: &mut Chance) {
        let wild =
            |index: &usize| self.devices[*index].kind == Kind::Wild && self.devices[*index].socket.is_some();
        let wild: Vec<usize> = (0..self.devices.len()).filter(wild).collect();
        let Some(index) = chance.one(&wild) else { return };
        let Client::Plain(plain) = &self.devices[index].client else { return };
        if let Some(frame) = plain.last.clone().filter(|frame| frame.id.is_some()) {
            self.send(index, &frame);
        }
    }

    /// Everybody leaves, each in one of the ways.
    pub(super) fn everybody_leaves(&mut self, abruptly: bool) {
        for index in 0..self.devices.len() {
            if abruptly {
                self.crash(index);
                continue;
            }
            let left = self.devices[index].session().map(|session| session.resumable()).unwrap_or_default();
            let left: Vec<CallId> = left.iter().map(|call| call.id.clone()).collect();
            for call in self.devices[index].calls().into_iter().chain(left) {
                self.want(index, Want::Hangup(call));
            }
        }
    }

    /// Every socket is closed.
    pub(super) fn everybody_closes(&mut self) {
        for index in 0..self.devices.len() {
            match &mut self.devices[index].client {
                Client::Sdk(_) => self.dispose(index),
                Client::Plain(_) => self.cut(index),
            }
        }
    }
}

fn initiate(callees: Vec<UserId>, chance: &mut Chance) -> Want {
    Want::Initiate { callees, audio: chance.one_in(4) }
}

fn toggle(call_id: CallId, chance: &mut Chance) -> MediaToggle {
    let mut flag = || [None, Some(true), Some(false)][chance.below(3) as usize];
    MediaToggle { call_id, audio: flag(), video: flag(), screen_share: flag() }
}
