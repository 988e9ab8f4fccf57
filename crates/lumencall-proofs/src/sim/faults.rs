//! How connections and pages are lost, and which pages come after them.

use lumencall_core::{Call, CallState};

use super::chance::Chance;
use super::device::{Client, Then};
use super::schedule::Kind;
use super::world::{Break, What, World};

impl World {
    /// The socket breaks in one of the ways.
    pub(super) fn lose(&mut self, index: usize, chance: &mut Chance) {
        if self.devices[index].socket.is_none() {
            return;
        }
        if self.devices[index].kind != Kind::Sdk {
            self.cut(index);
            return self.devices[index].load(None);
        }
        self.count_cut(index);
        let late = |chance: &mut Chance| [5, 300, 12_000, 45_000][chance.below(4) as usize];
        let both = |client, server| Break { up: true, down: true, client, server };
        let how = match chance.below(8) {
            0..3 => both(Some(0), late(chance)),
            3 => both(Some(chance.below(3_000)), 5),
            4 => both(Some(0), 5),
            5 => {
                self.server.histogram.count("a socket is silent");
                both(None, [5, 45_000][chance.below(2) as usize])
            }
            way => {
                self.server.histogram.count("a socket is silent one way");
                Break { up: way == 6, down: way != 6, client: None, server: 45_000 }
            }
        };
        self.break_socket(index, how);
    }

    fn count_cut(&mut self, index: usize) {
        let session = self.devices[index].session();
        let known = session.and_then(|session| {
            let engaged = |call: &&Call| session.is_engaged_in(&call.id);
            session.calls().find(engaged).or_else(|| session.calls().next())
        });
        let rings = known.is_some_and(|call| session.is_some_and(|session| !session.is_engaged_in(&call.id)));
        let what = match known.map_or(CallState::Idle, |call| call.state) {
            _ if rings => "cut while it rings",
            CallState::Idle | CallState::Ended => "cut while idle",
            CallState::Initiating => "cut while initiating",
            CallState::Ringing => "cut while ringing",
            CallState::Connecting => "cut while connecting",
            CallState::Connected => "cut while connected",
            CallState::Reconnecting => "cut while reconnecting",
        };
        self.server.histogram.count(what);
    }

    /// The page is gone, and nobody knows who it was.
    pub(super) fn crash(&mut self, index: usize) {
        self.cut(index);
        self.devices[index].load(None);
    }

    /// The page goes, and says so, if it can; and is loaded again.
    pub(super) fn reload(&mut self, index: usize, chance: &mut Chance) {
        if self.devices[index].kind != Kind::Sdk {
            return self.crash(index);
        }
        let crashes = chance.one_in(3);
        if crashes {
            self.cut(index);
        } else if let Client::Sdk(session) = &mut self.devices[index].client {
            session.suspend();
            self.drain(index);
        }
        let device = &mut self.devices[index];
        device.load(device.identity.clone());
        device.then = then(chance);
        let page = device.pages;
        let pause = if chance.one_in(8) { chance.below(35_000) } else { 50 + chance.below(2_000) };
        self.queue_at(self.clock + pause, What::Loaded { device: index, page });
    }

    /// Another tab of the same browser is a copy of this one.
    pub(super) fn duplicate(&mut self, index: usize, chance: &mut Chance) {
        let (user, identity) = (self.devices[index].user.clone(), self.devices[index].identity.clone());
        let is_tab = |other: &usize| {
            let device = &self.devices[*other];
            *other != index && device.user == user && device.kind == Kind::Sdk
        };
        let tabs: Vec<usize> = (0..self.devices.len()).filter(is_tab).collect();
        if let (Some(tab), Some(identity)) = (chance.one(&tabs), identity) {
            self.cut(tab);
            self.devices[tab].load(Some(identity));
            self.devices[tab].then = then(chance);
            self.connect(tab);
        }
    }
}

fn then(chance: &mut Chance) -> Then {
    match chance.below(8) {
        0..4 => Then::Rejoin,
        4..6 => Then::Race,
        6 => Then::Hangup,
        _ => Then::Nothing,
    }
}
