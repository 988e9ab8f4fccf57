//! Several sessions, a simulated browser for each ([`Party`]), and the server between them.
//!
//! Nothing moves by itself. What is on its way (a frame up, a frame down, a step of a browser) moves when
//! [`Net::settle`] or the test says so, in any order that a network allows.

use lumencall_core::machine::Phase;
use lumencall_core::session::{ClientSession, Link, Ticket};
use lumencall_core::wire::{ConnectionState, read_server_frame};
use lumencall_core::{Call, CallId, CallState, Millis};

use crate::browser::Signaling;
use crate::party::{Job, Party, Sent, user_of};
use crate::server::{Server, Socket};
use crate::values::{call_id, initiate, toggle, user};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Net {
    pub(crate) server: Server,
    pub(crate) clock: Millis,
    pub(crate) parties: Vec<Party>,
}

/// Something that may happen next. The number is the party's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    Up(usize),
    Down(usize),
    Browser(usize),
}

impl Net {
    /// A net in which these devices are connected.
    pub(crate) fn with(names: &[&'static str]) -> Self {
        let mut net = Self { clock: 1000, ..Self::default() };
        for name in names {
            net.parties.push(Party::new(name));
            net.connect(name);
        }
        net.settle();
        net.forget();
        net
    }

    pub(crate) fn index(&self, name: &str) -> usize {
        self.parties.iter().position(|party| party.name == name).expect("there is such a device")
    }

    pub(crate) fn party(&mut self, name: &str) -> &mut Party {
        let index = self.index(name);
        &mut self.parties[index]
    }

    /// What the app heard since it was asked last.
    pub(crate) fn heard(&mut self, name: &str) -> Vec<String> {
        std::mem::take(&mut self.party(name).heard)
    }

    /// What became of the app's commands since it was asked last.
    pub(crate) fn settled(&mut self, name: &str) -> Vec<String> {
        std::mem::take(&mut self.party(name).settled)
    }

    /// Forgets what was heard and settled until now.
    pub(crate) fn forget(&mut self) {
        for party in &mut self.parties {
            party.heard.clear();
            party.settled.clear();
        }
    }

    pub(crate) fn connect(&mut self, name: &str) {
        self.order(name, "connect", ClientSession::connect);
    }

    pub(crate) fn initiate(&mut self, name: &str, callee: &str) {
        self.call(name, &[callee]);
    }

    /// The same, to several.
    pub(crate) fn call(&mut self, name: &str, callees: &[&str]) {
        self.order(name, "initiate", |session, now| session.initiate(now, initiate(callees)));
    }

    pub(crate) fn add(&mut self, name: &str, call: &str, who: &str) {
        self.order(name, "add", |session, now| session.add_participant(now, &call_id(call), user(who)));
    }

    pub(crate) fn remove(&mut self, name: &str, call: &str, who: &str) {
        self.order(name, "remove", |session, now| session.remove_participant(now, &call_id(call), user(who)));
    }

    pub(crate) fn accept(&mut self, name: &str, call: &str) {
        self.party(name).watch.consents(&call_id(call));
        self.order(name, "accept", |session, now| session.accept(now, &call_id(call)));
    }

    pub(crate) fn reject(&mut self, name: &str, call: &str) {
        self.order(name, "reject", |session, now| session.reject(now, &call_id(call)));
    }

    pub(crate) fn hangup(&mut self, name: &str, call: &str) {
        self.order(name, "hangup", |session, now| session.hangup(now, &call_id(call)));
    }

    /// The microphone goes on or off.
    pub(crate) fn toggle(&mut self, name: &str, call: &str, audio: bool) {
        self.order(name, "toggle", |session, now| session.toggle_media(now, toggle(call, audio)));
    }

    pub(crate) fn dispose(&mut self, name: &str) {
        self.input(name, ClientSession::dispose);
    }

    pub(crate) fn suspend(&mut self, name: &str) {
        self.input(name, ClientSession::suspend);
    }

    fn order(
        &mut self,
        name: &str,
        command: &'static str,
        give: impl FnOnce(&mut ClientSession, Millis) -> Ticket,
    ) {
        // Nobody does two things in the same millisecond.
        self.clock += 1;
        let now = self.clock;
        let party = self.party(name);
        let ticket = give(&mut party.session, now);
        party.watch.ordered(ticket);
        party.names.push((ticket, command));
        party.drain();
    }

    fn input(&mut self, name: &str, input: impl FnOnce(&mut ClientSession)) {
        let party = self.party(name);
        input(&mut party.session);
        party.drain();
    }

    /// The device's socket breaks. What was on its way either way is lost.
    pub(crate) fn cut(&mut self, name: &str) {
        self.cut_by(name, 1006);
    }

    /// The server closes the device's socket with this code.
    pub(crate) fn cut_by(&mut self, name: &str, code: u16) {
        let now = self.clock;
        if let Some(socket) = self.lose_socket(name) {
            let party = self.party(name);
            party.session.handle_socket_closed(now, code);
            party.drain();
            self.server.closed(socket, false, now);
        }
    }

    /// The device's socket breaks, and the server does not see it.
    pub(crate) fn cut_unseen(&mut self, name: &str) {
        let now = self.clock;
        if self.lose_socket(name).is_some() {
            let party = self.party(name);
            party.session.handle_socket_closed(now, 1006);
            party.drain();
        }
    }

    /// From now on the device can open no socket; or it can again.
    pub(crate) fn is_offline(&mut self, name: &str, offline: bool) {
        self.party(name).offline = offline;
    }

    /// The next frames on their way down are written, and get lost.
    pub(crate) fn lose_down(&mut self, name: &str, frames: usize) {
        let index = self.index(name);
        if let Some(socket) = self.parties[index].socket {
            for _ in 0..frames {
                self.server.next_through(socket);
            }
        }
    }

    fn lose_socket(&mut self, name: &str) -> Option<Socket> {
        let party = self.party(name);
        let socket = party.socket.take()?;
        party.up.retain(|(from, _)| *from != socket);
        party.watch.socket_closed();
        Some(socket)
    }

    /// Whoever has lost the connection gets it back, and everything that is on its way arrives.
    pub(crate) fn recover(&mut self) {
        for _ in 0..4 {
            if self.parties.iter().all(|party| party.session.link() != Link::Lost) {
                break;
            }
            self.wait(5_000);
            self.flow();
        }
        self.settle();
    }

    /// Another page takes the place of the device's; the one before has said that it goes, or was gone at once.
    pub(crate) fn reload(&mut self, name: &'static str, suspends: bool) {
        let now = self.clock;
        if suspends {
            self.input(name, ClientSession::suspend);
            self.up(name);
        } else if let Some(socket) = self.lose_socket(name) {
            self.server.closed(socket, false, now);
        }
        let index = self.index(name);
        let before = std::mem::replace(&mut self.parties[index], Party::new(name));
        let party = &mut self.parties[index];
        (party.heard, party.settled) = (before.heard, before.settled);
        party.described = before.described;
        party.identity = before.identity;
        if let Some((device, secret)) = party.identity.clone() {
            party.session.adopt(device, secret);
        }
        self.connect(name);
    }

    /// The page takes up the call of the one before.
    pub(crate) fn rejoin(&mut self, name: &str, call: &str) {
        self.party(name).watch.takes_up(&call_id(call));
        self.order(name, "rejoin", |session, now| session.rejoin(now, &call_id(call)));
        if self.resumable(name).iter().any(|known| known == call) {
            self.party(name).watch.may_not_take_up(&call_id(call));
        }
    }

    /// The calls that the page can take up.
    pub(crate) fn resumable(&self, name: &str) -> Vec<String> {
        let resumable = self.parties[self.index(name)].session.resumable().iter();
        resumable.map(|call| call.id.as_str().to_owned()).collect()
    }

    /// Everybody's server is another, which knows nothing.
    pub(crate) fn restart_server(&mut self) {
        self.server.restarts();
        for index in 0..self.parties.len() {
            let name = self.parties[index].name;
            self.cut_by(name, 1001);
        }
    }

    /// The device's connections to others are found to stand so.
    pub(crate) fn connections_stand(&mut self, name: &str, state: ConnectionState) {
        let party = self.party(name);
        for peer in party.peers.iter_mut().filter(|peer| peer.connected) {
            let newest = peer.connection.their_ufrags().next().unwrap_or_default().to_owned();
            peer.lost = (state != ConnectionState::Connected).then_some(newest);
            let (call, user) = (peer.call.clone(), peer.user.clone());
            party.jobs.push_back(Job::Connection { call, user, state });
        }
    }

    /// From now on the device finds no path to those whom it has a connection to.
    pub(crate) fn sever(&mut self, name: &str) {
        self.party(name).peers.iter_mut().for_each(|peer| peer.severed = true);
    }

    /// The user changes what is sent to all others.
    pub(crate) fn want(&mut self, name: &str, media: u32) {
        let party = self.party(name);
        for peer in &mut party.peers {
            peer.connection.want(media);
        }
        party.drain();
    }

    /// The browser has another network, or hears of one.
    pub(crate) fn network_changes(&mut self, name: &str) {
        let now = self.clock;
        self.input(name, |session| session.handle_network(now, true));
    }

    /// Everything that may happen next.
    pub(crate) fn moves(&self) -> Vec<Move> {
        let mut moves = Vec::new();
        for (index, party) in self.parties.iter().enumerate() {
            if !party.up.is_empty() {
                moves.push(Move::Up(index));
            }
            if party.socket.is_some_and(|socket| self.server.has_for(socket)) {
                moves.push(Move::Down(index));
            }
            if !party.jobs.is_empty() {
                moves.push(Move::Browser(index));
            }
        }
        moves
    }

    pub(crate) fn make(&mut self, move_: Move) {
        match move_ {
            Move::Up(index) => {
                match self.parties[index].up.pop_front().expect("something is on its way up") {
                    (from, Sent::Frame(text)) => self.server.frame(from, &text, self.clock),
                    (from, Sent::Close { goodbye }) => self.server.closed(from, goodbye, self.clock),
                }
            }
            Move::Down(index) => {
                let party = &mut self.parties[index];
                let socket = party.socket.expect("there is a socket");
                let text = self.server.next_through(socket).expect("something is on its way down");
                let frame = read_server_frame(&text).unwrap_or_else(|error| panic!("{error:?}: {text}"));
                party.session.handle_frame(self.clock, frame);
                party.drain();
            }
            Move::Browser(index) => self.parties[index].work(&mut self.server, self.clock),
        }
    }

    /// Everything that is on its way arrives, and what follows from it too. Afterwards everybody agrees.
    pub(crate) fn settle(&mut self) {
        self.flow();
        self.agrees();
    }

    /// Everything that is on its way arrives, and what follows from it too.
    pub(crate) fn flow(&mut self) {
        while let Some(move_) = self.moves().first() {
            self.make(*move_);
        }
    }

    /// Time passes, and everything arrives at once.
    pub(crate) fn pass(&mut self, time: Millis) {
        let end = self.clock + time;
        self.flow();
        while self.clock < end {
            let next = self.next_timer().filter(|at| *at <= end).unwrap_or(end);
            self.wait(next.saturating_sub(self.clock));
            self.flow();
            if next == end {
                break;
            }
        }
        self.agrees();
    }

    fn next_timer(&self) -> Option<Millis> {
        let timers = self.parties.iter().filter_map(|party| party.session.poll_timeout());
        timers.chain(self.server.deadline()).min()
    }

    /// The device alone goes on, its socket aside.
    pub(crate) fn browse(&mut self, name: &str) {
        let index = self.index(name);
        while !self.parties[index].jobs.is_empty() {
            self.parties[index].work(&mut self.server, self.clock);
        }
    }

    /// All that the device has sent arrives.
    pub(crate) fn up(&mut self, name: &str) {
        let index = self.index(name);
        while !self.parties[index].up.is_empty() {
            self.make(Move::Up(index));
        }
    }

    /// All that is on its way to the device arrives.
    pub(crate) fn down(&mut self, name: &str) {
        let index = self.index(name);
        while self.moves().contains(&Move::Down(index)) {
            self.make(Move::Down(index));
        }
    }

    /// Time passes, and timers fire, with everything still on its way.
    pub(crate) fn wait(&mut self, time: Millis) {
        let end = self.clock + time;
        while let Some(at) = self.next_timer().filter(|at| *at <= end) {
            self.clock = at.max(self.clock);
            self.server.look(self.clock);
            for party in &mut self.parties {
                party.session.handle_timeout(self.clock);
                party.drain();
            }
        }
        self.clock = end;
    }

    /// Every connection between two is in order, and both ends have the same of it: nothing is half negotiated, what each wants
    /// is what the other gets, and both use the same generations. It holds where nothing is on its way.
    fn are_negotiated(&self) {
        let is_well = |party: &&Party| party.session.link() == Link::Open && !party.spoilt;
        for party in self.parties.iter().filter(is_well) {
            for peer in &party.peers {
                let own = user_of(party.name);
                let theirs =
                    self.parties.iter().filter(is_well).filter(|other| user_of(other.name) == peer.user);
                let theirs = theirs.flat_map(|other| &other.peers);
                let Some(theirs) = theirs.into_iter().find(|one| one.call == peer.call && one.user == own)
                else {
                    continue;
                };
                let (here, there) = (&peer.connection, &theirs.connection);
                let who = format!("{} with {}: {here:?}, {there:?}", party.name, peer.user.as_str());
                assert_eq!(here.signaling, Signaling::Stable, "{who}");
                assert!(!here.is_busy(), "{who}");
                assert_eq!((here.sends(), there.gets), (Some(here.wants), Some(here.wants)), "I34: {who}");
                let [local, remote] = here.generations();
                assert_eq!([remote, local], there.generations(), "I20: {who}");
            }
        }
    }

    /// What every session knows is what the server knows. It holds where nothing is on its way.
    fn agrees(&self) {
        self.are_negotiated();
        for party in self.parties.iter().filter(|party| party.session.link() == Link::Open) {
            let socket = party.socket.expect("there is a socket");
            let origin = self.server.device(socket).expect("it was welcomed");
            let resumable = party.session.resumable();
            let mut known: Vec<_> = party.session.calls().collect();
            known.sort_by_key(|call| call.id.clone());
            let part_of = self.server.calls.values().filter(|call| {
                call.member(&origin.user).is_some_and(|member| member.devices().contains(&origin.device))
            });
            let (left, told): (Vec<_>, Vec<_>) =
                part_of.partition(|call| resumable.iter().any(|known| known.id == call.id));
            assert_eq!(left.len(), resumable.len(), "{} can take up its calls", party.name);
            let ids = |ids: Vec<&CallId>| ids.into_iter().map(CallId::as_str).collect::<Vec<_>>().join(" ");
            assert_eq!(
                ids(known.iter().map(|call| &call.id).collect()),
                ids(told.iter().map(|call| &call.id).collect()),
                "{} knows its calls",
                party.name,
            );
            for (known, told) in known.iter().zip(told) {
                let snapshot = told.snapshot(None);
                match told.member(&origin.user).map(|member| &member.phase) {
                    // What changes while it rings is told with the accept.
                    Some(Phase::Rung { .. }) => assert_eq!(known.state, CallState::Ringing, "{}", party.name),
                    _ => assert_eq!(in_order(known), in_order(&snapshot), "{}", party.name),
                }
                let phase = told.member(&origin.user).map(|member| &member.phase);
                if let Some(Phase::Joined { connection, .. }) = phase {
                    let peers: Vec<_> = party.peers.iter().filter(|peer| peer.call == told.id).collect();
                    let connected = peers.iter().any(|peer| peer.connected);
                    assert!(
                        connected || *connection != Some(ConnectionState::Connected),
                        "I34: {}",
                        party.name
                    );
                    // Everybody has one peer connection to each who is in the call, or rings and was offered to.
                    for peer in peers {
                        assert!(told.member(&peer.user).is_some(), "{} holds on to {peer:?}", party.name);
                    }
                }
            }
        }
    }
}

/// The call with its callees in an order of no meaning.
fn in_order(call: &Call) -> Call {
    let mut call = call.clone();
    call.callee_ids.sort_unstable();
    call
}
