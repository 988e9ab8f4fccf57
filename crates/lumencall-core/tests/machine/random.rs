//! Random inputs in random order, with what follows from them arriving whenever it likes.
//!
//! The checker of [`World`] says what must hold after each. Here it is said what must hold at the end, and that the
//! inputs are worth their time: between them they take every edge of the table.

use std::collections::BTreeSet;
use std::env;

use lumencall_core::machine::{Dialect, Input, Member, Origin, Phase, TABLE, Trigger, UserRecord};
use lumencall_core::wire::{Command, ConnectionState};
use lumencall_core::{CallId, CallState, DeviceId, ErrorCode, UserId};

use crate::say::{
    self, CLEAN, GATHERED, accept, add, answer, candidate, for_page, hangup, initiate, offer, reject, rejoin,
    remove, report_on, sealed, toggle,
};
use crate::world::{Done, World};

const STEPS: usize = 300;
const USERS: [&str; 5] = ["alice", "bob", "carol", "dave", "eve"];

fn runs() -> u64 {
    if env::var_os("LUMENCALL_LONG").is_some() { 5_000 } else { 100 }
}

/// What the runs have to come by between them, beside every edge of the table.
const SEEN: [&str; 27] = [
    "alone while it rings",
    "away in a call",
    "back in a call",
    "forgotten",
    "loaded anew in a call",
    "rejoined",
    "rejoined while it rang",
    "call of four",
    "callee busy",
    "callee missed",
    "callee rejected",
    "callee ringing",
    "elsewhere engaged",
    "elsewhere free",
    "invited again",
    "limit",
    "met",
    "met by a seed client",
    "not-owner",
    "already-ringing",
    "recalled",
    "removed from a call",
    "removed from a ring",
    "left while it went on",
    "put out as failed while it went on",
    "stands connected",
    "stands reconnecting",
];

#[test]
fn i15_i29_i33_random_inputs_leave_everybody_agreed_and_nothing_behind() {
    let (mut taken, mut seen) = (BTreeSet::new(), BTreeSet::new());
    for run in 0..runs() {
        let mut crowd = Crowd::new(run);
        for _ in 0..STEPS {
            let before = crowd.states();
            crowd.act();
            for (call, from) in &before {
                let to = crowd.world.state(call).unwrap_or(CallState::Ended);
                taken.insert((
                    from.as_str(),
                    to.as_str(),
                    crowd.world.end_reason(call).map(|reason| reason.as_str()),
                ));
            }
        }
        crowd.everybody_leaves();
        seen.extend(crowd.seen);
        let World { calls, users, .. } = &crowd.world;
        assert!(calls.is_empty() && users.is_empty(), "run {run} leaves {calls:?} {users:?}");
    }
    for edge in TABLE.iter().filter(|edge| edge.trigger != Trigger::Initiated) {
        let named = (edge.from.as_str(), edge.to.as_str(), edge.reason.map(|reason| reason.as_str()));
        assert!(taken.contains(&named), "no run takes {edge:?}");
    }
    for what in SEEN {
        assert!(seen.contains(what), "no run has `{what}`; they have {seen:?}");
    }
}

/// People with devices, who do anything at all.
struct Crowd {
    world: World,
    chance: Chance,
    here: Vec<Origin>,
    gone: Vec<Origin>,
    seen: BTreeSet<String>,
    /// Which device rang for which call.
    rung: BTreeSet<(DeviceId, String)>,
}

impl Crowd {
    fn new(run: u64) -> Self {
        let mut world = World::default();
        world.rules.members = 4;
        Self {
            world,
            chance: Chance(run),
            here: Vec::new(),
            gone: Vec::new(),
            seen: BTreeSet::new(),
            rung: BTreeSet::new(),
        }
    }

    fn states(&self) -> Vec<(String, CallState)> {
        self.world.calls.values().map(|call| (call.id.as_str().to_owned(), call.state)).collect()
    }

    fn act(&mut self) {
        let before: Vec<(CallId, usize)> =
            self.world.calls.values().map(|call| (call.id.clone(), call.joined().count())).collect();
        self.one_thing_happens();
        self.look(&before);
    }

    /// Notes what the devices have heard, and how the calls stand.
    fn look(&mut self, before: &[(CallId, usize)]) {
        let devices: Vec<Origin> = self.here.iter().chain(&self.gone).cloned().collect();
        for device in devices {
            for line in self.world.heard(&device) {
                let words: Vec<&str> = line.split(' ').collect();
                match words[0] {
                    "callee" | "stands" => drop(self.seen.insert(format!("{} {}", words[0], words[3]))),
                    "elsewhere" => drop(self.seen.insert(format!("{} {}", words[0], words[2]))),
                    "state" if words.get(3) == Some(&"failed") && self.world.state(words[1]).is_some() => {
                        self.seen.insert("put out as failed while it went on".to_owned());
                    }
                    "incoming" if !self.rung.insert((device.device.id.clone(), words[1].to_owned())) => {
                        self.seen.insert("invited again".to_owned());
                    }
                    _ => {}
                }
            }
        }
        for call in self.world.calls.values() {
            let joined = call.joined().count();
            let was = before.iter().find(|(id, _)| *id == call.id).map_or(0, |(_, joined)| *joined);
            let seen = [
                (call.is_answered() && joined == 1, "alone while it rings"),
                (joined >= 4, "call of four"),
                (joined < was, "left while it went on"),
            ];
            let seen = seen.into_iter().filter(|(is_so, _)| *is_so);
            self.seen.extend(seen.map(|(_, what)| what.to_owned()));
        }
    }

    fn one_thing_happens(&mut self) {
        match self.chance.below(22) {
            20 => self.somebody_is_cut(),
            21 => self.somebody_is_back(),
            0 | 1 => self.somebody_comes(),
            2 if self.chance.below(2) == 0 => self.somebody_goes(),
            3 => self.time_passes(),
            4..8 => self.something_follows(),
            8..11 => self.somebody_says_anything(),
            _ => self.somebody_says_what_makes_sense(),
        }
    }

    fn somebody_comes(&mut self) {
        if self.here.len() < 9 {
            let name = format!("{}/{}", self.chance.one(&USERS), self.here.len() + self.gone.len());
            let dialect = if self.chance.below(3) == 0 { Dialect::Seed } else { Dialect::Sdk };
            let device = say::device(&name, dialect);
            self.step(Input::DeviceConnected(device.clone()));
            self.here.push(device);
        }
    }

    fn somebody_goes(&mut self) {
        if !self.here.is_empty() {
            let index = self.chance.below(self.here.len());
            let device = self.here.remove(index);
            self.step(Input::DeviceGone(device.clone()));
            self.gone.push(device);
        }
    }

    fn time_passes(&mut self) {
        self.world.clock += self.chance.one(&[1, 1_000, 14_000, 31_000]);
        let calls: Vec<_> = self.world.calls.keys().cloned().collect();
        for call in calls {
            self.step(Input::Deadline { call });
        }
        let users: Vec<_> = self.world.users.keys().cloned().collect();
        for user in users {
            self.step(Input::UserDeadline(user));
        }
        for name in self.world.forgotten.drain(..) {
            if let Some(index) = self.here.iter().position(|device| device.device.id.as_str() == name) {
                self.gone.push(self.here.remove(index));
                self.seen.insert("forgotten".to_owned());
            }
        }
    }

    /// Whether the device has no socket.
    fn is_cut(&self, device: &Origin) -> bool {
        let user = self.world.users.get(&device.user);
        user.is_some_and(|user| {
            user.away.iter().any(|away| away.device == device.device.id && !away.connected)
        })
    }

    fn note_if_in_call(&mut self, device: &Origin, what: &str) {
        let user = self.world.users.get(&device.user);
        if user.is_some_and(|user| user.engaged_with(&device.device.id).is_some()) {
            self.seen.insert(what.to_owned());
        }
    }

    fn somebody_is_cut(&mut self) {
        let sdk = |device: &&Origin| device.device.dialect == Dialect::Sdk;
        let devices: Vec<Origin> = self.here.iter().filter(sdk).cloned().collect();
        if !devices.is_empty() {
            let device = self.chance.one(&devices);
            self.note_if_in_call(&device, "away in a call");
            let leaving = self.chance.below(3) == 0;
            self.step(Input::DeviceAway { device, leaving });
        }
    }

    fn somebody_is_back(&mut self) {
        // One whose socket was not seen to close may be back too.
        let any = self.chance.below(4) == 0;
        let may = |device: &&Origin| device.device.dialect == Dialect::Sdk && (any || self.is_cut(device));
        let devices: Vec<Origin> = self.here.iter().filter(may).cloned().collect();
        if !devices.is_empty() {
            let device = self.chance.one(&devices);
            let anew = self.chance.below(2) == 0;
            self.note_if_in_call(&device, if anew { "loaded anew in a call" } else { "back in a call" });
            self.step(Input::DeviceBack { device, anew });
        }
    }

    fn something_follows(&mut self) {
        if !self.world.pending.is_empty() {
            let index = self.chance.below(self.world.pending.len());
            let input = self.world.pending.remove(index).expect("it is there");
            self.step(input);
        }
    }

    /// Any device, also one that is gone, says anything of any call.
    fn somebody_says_anything(&mut self) {
        let mut devices = self.here.clone();
        devices.extend(self.gone.iter().rev().take(2).cloned());
        if !devices.is_empty() {
            let from = self.chance.one(&devices);
            let call = format!("call-{}", 1 + self.chance.below(12));
            let peer = self.chance.one(&USERS);
            let command = self.any_command(&call, peer);
            self.say(&from, command, "done");
        }
    }

    fn any_command(&mut self, call: &str, peer: &str) -> Command {
        let sdp = self.chance.one(&[CLEAN, GATHERED]);
        let state = self.chance.one(ConnectionState::ALL);
        match self.chance.below(15) {
            14 => rejoin(call),
            0 => accept(call),
            1 => reject(call),
            2 => hangup(call),
            3 => toggle(call, self.chance.below(2) == 0),
            4 => offer(call, peer, sdp),
            5 => sealed(call, peer, sdp),
            6 => answer(call, peer, sdp),
            7 => candidate(call, peer, "candidate"),
            8 => report_on(call, peer, state, Some(self.chance.below(2) as u32)),
            9 => add(call, peer),
            10 => remove(call, peer),
            11 => initiate(&[peer, self.chance.one(&USERS)]),
            _ => initiate(&[peer]),
        }
    }

    /// A device that has a part in a call does what furthers it; where there is no call, somebody calls.
    fn somebody_says_what_makes_sense(&mut self) {
        let parts: Vec<(String, String, Origin, bool)> = self
            .world
            .calls
            .values()
            .flat_map(|call| {
                let id = call.id.as_str();
                call.members.iter().flat_map(move |member| {
                    let peers = call.members.iter().filter(|peer| peer.user != member.user);
                    peers.flat_map(move |peer| {
                        parts_of(member).into_iter().map(move |(device, joined)| {
                            (id.to_owned(), peer.user.as_str().to_owned(), device, joined)
                        })
                    })
                })
            })
            .collect();
        if parts.is_empty() || self.chance.below(6) == 0 {
            self.somebody_calls();
            return;
        }
        let (call, peer, from, joined) = self.chance.one(&parts);
        let page = self.page_of(&call, &peer);
        let is_new = |user: &UserRecord| user.away.iter().any(|away| away.device == from.device.id);
        if joined && self.world.users.get(&from.user).is_some_and(is_new) && self.chance.below(2) == 0 {
            let state = self.world.state(&call);
            let rings = matches!(state, Some(CallState::Initiating | CallState::Ringing));
            return self.say(&from, rejoin(&call), if rings { "rejoined while it rang" } else { "rejoined" });
        }
        let command = match (joined, self.chance.below(20)) {
            (false, 0..2) => reject(&call),
            // Who is called calls back.
            (false, 2..4) => initiate(&[self.world.calls[&say::call(&call)].caller.as_str()]),
            (false, _) => accept(&call),
            (true, 0) if self.chance.below(2) == 0 => hangup(&call),
            // Who calls has forgotten it, and calls again.
            (true, 0) => {
                let engaged =
                    self.world.users[&from.user].engaged.clone().expect("who is in a call is engaged");
                let called: Vec<&str> = engaged.called.iter().map(UserId::as_str).collect();
                initiate(&called)
            }
            (true, 16..19) => add(&call, self.chance.one(&USERS)),
            (true, 19) => remove(&call, &peer),
            (true, 1..3) => for_page(page, offer(&call, &peer, GATHERED)),
            (true, 3..5) => for_page(page, sealed(&call, &peer, CLEAN)),
            (true, 5..8) => for_page(page, answer(&call, &peer, CLEAN)),
            (true, 8..10) => for_page(page, candidate(&call, &peer, "candidate")),
            (true, 10..14) => report_on(&call, &peer, ConnectionState::Connected, Some(page)),
            (true, 14) => report_on(&call, &peer, ConnectionState::Reconnecting, Some(page)),
            (true, _) => toggle(&call, false),
        };
        self.say(&from, command, "done");
    }

    /// Which page of theirs a member has, as everybody who is in the call knows.
    fn page_of(&self, call: &str, user: &str) -> u32 {
        let call = self.world.calls.get(&say::call(call));
        call.and_then(|call| call.member(&say::user(user))).map_or(0, Member::incarnation)
    }

    /// Somebody calls one or several.
    fn somebody_calls(&mut self) {
        if self.here.is_empty() {
            return;
        }
        let from = self.chance.one(&self.here.clone());
        let first = self.chance.below(USERS.len());
        let others = (0..USERS.len()).map(|index| USERS[(first + index) % USERS.len()]);
        let others: Vec<&str> = others.filter(|name| *name != from.user.as_str()).collect();
        let count = self.chance.one(&[1, 1, 2, 3, 4]);
        self.say(&from, initiate(&others[..count]), "done");
    }

    /// Says it, if it has a socket to say it through. `what` is what comes of it where nothing else is to be told.
    fn say(&mut self, from: &Origin, command: Command, what: &'static str) {
        if self.is_cut(from) {
            return;
        }
        let was = self.world.users.get(&from.user).and_then(|user| user.engaged.clone());
        let (initiates, removes) =
            (matches!(command, Command::Initiate(_)), matches!(command, Command::RemoveParticipant(_)));
        let input = self.world.command(from, command).expect("it is about a call");
        let joined =
            |world: &World| -> usize { world.calls.values().map(|call| call.joined().count()).sum() };
        let before = joined(&self.world);
        // That it may be refused is the point.
        let seen = match self.world.step(input) {
            Err(refusal) if refusal.code == ErrorCode::LimitExceeded => "limit",
            Err(refusal) => refusal.code.as_str(),
            Ok(_) if removes && joined(&self.world) < before => "removed from a call",
            Ok(_) if removes => "removed from a ring",
            Ok(_) if initiates && was.is_some() => "recalled",
            Ok(Done { reply: Some(call), .. }) if initiates && call.caller_id != from.user => {
                if from.device.dialect == Dialect::Seed { "met by a seed client" } else { "met" }
            }
            Ok(_) => what,
        };
        self.seen.insert(seen.to_owned());
    }

    fn step(&mut self, input: Input) {
        self.world.step(input).expect("only commands are refused");
    }

    fn everybody_leaves(&mut self) {
        while !self.here.is_empty() {
            self.somebody_goes();
        }
        while !self.world.pending.is_empty() {
            self.something_follows();
        }
        // Calls to people who never came ring to their end; their callers were lost with their devices.
        assert!(self.world.calls.is_empty(), "I15: {:?}", self.world.calls);
    }
}

/// The devices with a part in the call, and whether they are in it.
fn parts_of(member: &Member) -> Vec<(Origin, bool)> {
    let joined = matches!(member.phase, Phase::Joined { .. });
    let origin = |device: &lumencall_core::machine::Device| Origin {
        user: member.user.clone(),
        device: device.clone(),
    };
    member.devices().iter().map(|device| (origin(device), joined)).collect()
}

/// Numbers that look random and come again for the same seed (Knuth's MMIX generator).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}
