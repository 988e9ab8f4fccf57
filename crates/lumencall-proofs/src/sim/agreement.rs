//! What everybody knows where nothing is on its way: the same.

use std::collections::BTreeSet;

use lumencall_core::machine::{CallRecord, Member, Phase};
use lumencall_core::session::{ClientSession, Link};
use lumencall_core::{Call, CallId, CallState, DeviceId, UserId};

use super::device::{Client, Device};
use super::violation::holds;
use super::world::World;

impl World {
    pub(super) fn agree(&mut self) {
        self.look_around();
        for index in 0..self.devices.len() {
            let open = self.devices[index].session().is_some_and(|session| session.link() == Link::Open);
            if open && self.live(index).is_some() {
                self.devices[index].reconciled = false;
            }
        }
    }

    fn look_around(&self) {
        for (index, device) in self.devices.iter().enumerate() {
            let Some(origin) = self.live(index) else { continue };
            let parts = self.server.calls.values().filter(|call| {
                call.member(&origin.user).is_some_and(|member| member.devices().contains(&origin.device))
            });
            let told: Vec<&CallRecord> = parts.collect();
            let ids: BTreeSet<&CallId> = told.iter().map(|call| &call.id).collect();
            let mut known = device.calls();
            if let Client::Sdk(session) = &device.client {
                known.extend(session.resumable().iter().map(|call| call.id.clone()));
            }
            let known: BTreeSet<&CallId> = known.iter().collect();
            holds!(
                "I19",
                !device.reconciled || known == ids,
                "{}, whose session did not go on, knows {known:?}, and has a part in {ids:?}",
                device.name
            );
            if let Client::Sdk(session) = &device.client {
                if session.link() != Link::Open {
                    continue;
                }
                self.elsewhere(device, &origin.device.id);
                for call in &told {
                    self.same(device, session, call);
                }
            }
            holds!("I10", known == ids, "{} knows {known:?}, and has a part in {ids:?}", device.name);
        }
    }

    /// A device that is in no call knows of the one that its user is in with another.
    fn elsewhere(&self, device: &Device, here: &DeviceId) {
        let engaged = self.server.users.get(&device.user).and_then(|user| user.engaged.as_ref());
        let elsewhere = engaged.filter(|engaged| engaged.device != *here).map(|engaged| &engaged.call);
        holds!(
            "elsewhere",
            device.watch.elsewhere.as_ref() == elsewhere,
            "{} knows of {:?}, not of {elsewhere:?}",
            device.name,
            device.watch.elsewhere
        );
    }

    /// The session's call is the server's, and its connections are to those who are in it.
    fn same(&self, device: &Device, session: &ClientSession, told: &CallRecord) {
        let Some(known) = session.calls().find(|call| call.id == told.id) else { return };
        let rings = matches!(told.member(&device.user).map(|member| &member.phase), Some(Phase::Rung { .. }));
        if rings {
            return;
        }
        let (mut known, mut snapshot) = (known.clone(), told.snapshot(None));
        let sort = |call: &mut Call| call.callee_ids.sort_unstable();
        sort(&mut known);
        sort(&mut snapshot);
        holds!(
            "I19",
            !device.reconciled || known == snapshot,
            "{}, whose session did not go on, knows {known:?}, and the server {snapshot:?}",
            device.name
        );
        holds!("I10", known == snapshot, "{} knows {known:?}, and the server {snapshot:?}", device.name);
        for (member, _) in told.joined().filter(|(member, _)| member.user != device.user) {
            self.pair(device, told, member);
        }
        let others: BTreeSet<&UserId> = told.members.iter().map(|member| &member.user).collect();
        for peer in device.browser.peers.iter().filter(|peer| peer.call == told.id) {
            holds!(
                "I32",
                others.contains(&peer.user),
                "{} has {peer:?}, who is not in the call",
                device.name
            );
        }
        if told.state == CallState::Connected && told.joined().count() == 2 {
            let own = device.browser.peers.iter().any(|peer| peer.call == told.id && peer.connected);
            let sdk = told.joined().all(|(member, _)| self.session_of(told, member).is_some());
            holds!("I34", own || !sdk, "{} is connected to nobody in {told:?}", device.name);
        }
    }

    /// Two sessions in one call have negotiated with each other: one offer, one answer, each applied by the other.
    fn pair(&self, device: &Device, call: &CallRecord, other: &Member) {
        let Some(other) = self.session_of(call, other) else { return };
        let peer = |of: &Device, user: &UserId| {
            let mut peers = of.browser.peers.iter().filter(|peer| peer.call == call.id && peer.user == *user);
            (peers.next().cloned(), peers.next().is_some())
        };
        let ((mine, two), (theirs, _)) = (peer(device, &other.user), peer(other, &device.user));
        holds!("mesh", !two, "{} has two connections to {}", device.name, other.name);
        if device.watch.broken || other.watch.broken {
            return;
        }
        let (Some(mine), Some(theirs)) = (&mine, &theirs) else {
            super::violation::violated(
                "mesh",
                format!("{} has {mine:?} and {} has {theirs:?} in {call:?}", device.name, other.name),
            );
        };
        let name = |local: &Option<(_, String)>| local.as_ref().map(|(_, name)| name.clone());
        let fits = name(&mine.local) == theirs.remote && name(&theirs.local) == mine.remote;
        holds!(
            "mesh",
            fits && mine.local.is_some() && mine.remote.is_some(),
            "{}'s {mine:?} and {}'s {theirs:?} do not fit in {call:?}",
            device.name,
            other.name
        );
    }

    /// The device with which a member is in a call, where it is the SDK's, its socket lives, and its page knows of the call.
    fn session_of(&self, call: &CallRecord, member: &Member) -> Option<&Device> {
        let joined = member.joined_device()?;
        let is_it = |index: &usize| self.live(*index).is_some_and(|origin| origin.device == *joined);
        let device = &self.devices[(0..self.devices.len()).find(is_it)?];
        device.session().is_some_and(|session| session.is_engaged_in(&call.id)).then_some(device)
    }

    /// Everybody has gone, and nothing is left of anything.
    pub(super) fn nothing_is_left(&self) {
        let server = &self.server;
        holds!("I29", server.is_at_rest(), "the server keeps {server:?}");
        for device in &self.devices {
            if let Client::Sdk(session) = &device.client {
                device.watch.is_over(&device.name);
                holds!(
                    "I17",
                    session.calls().next().is_none(),
                    "{} keeps {:?}",
                    device.name,
                    session.calls().collect::<Vec<_>>()
                );
                holds!(
                    "I32",
                    device.browser.peers.is_empty(),
                    "{} keeps {:?}",
                    device.name,
                    device.browser.peers
                );
            }
        }
    }
}
