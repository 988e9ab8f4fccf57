//! Random inputs in random order, with what follows from them arriving whenever it likes.
//!
//! The checker of [`World`] says what must hold after each. Here it is said what must hold at the end, and that the
//! inputs are worth their time: between them they take every edge of the table.

use std::collections::BTreeSet;

use lumencall_core::CallState;
use lumencall_core::machine::{Dialect, Input, Member, Origin, Phase, TABLE, Trigger};
use lumencall_core::wire::{Command, ConnectionState};

use crate::say::{
    self, CLEAN, GATHERED, accept, answer, candidate, hangup, initiate, offer, reject, report, sealed, toggle,
};
use crate::world::World;

const RUNS: u64 = 200;
const STEPS: usize = 300;
const USERS: [&str; 4] = ["alice", "bob", "carol", "dave"];

#[test]
fn i15_i29_i33_random_inputs_leave_everybody_agreed_and_nothing_behind() {
    let mut taken = BTreeSet::new();
    for run in 0..RUNS {
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
        let World { calls, users, .. } = &crowd.world;
        assert!(calls.is_empty() && users.is_empty(), "run {run} leaves {calls:?} {users:?}");
    }
    for edge in TABLE.iter().filter(|edge| edge.trigger != Trigger::Initiated) {
        let named = (edge.from.as_str(), edge.to.as_str(), edge.reason.map(|reason| reason.as_str()));
        assert!(taken.contains(&named), "no run takes {edge:?}");
    }
}

/// People with devices, who do anything at all.
struct Crowd {
    world: World,
    chance: Chance,
    here: Vec<Origin>,
    gone: Vec<Origin>,
}

impl Crowd {
    fn new(run: u64) -> Self {
        Self { world: World::default(), chance: Chance(run), here: Vec::new(), gone: Vec::new() }
    }

    fn states(&self) -> Vec<(String, CallState)> {
        self.world.calls.values().map(|call| (call.id.as_str().to_owned(), call.state)).collect()
    }

    fn act(&mut self) {
        match self.chance.below(20) {
            0 | 1 => self.somebody_comes(),
            2 if self.chance.below(2) == 0 => self.somebody_goes(),
            3 => self.time_passes(),
            4..8 => self.something_follows(),
            8..11 => self.somebody_says_anything(),
            _ => self.somebody_says_what_makes_sense(),
        }
    }

    fn somebody_comes(&mut self) {
        if self.here.len() < 7 {
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
            self.say(&from, command);
        }
    }

    fn any_command(&mut self, call: &str, peer: &str) -> Command {
        let sdp = self.chance.one(&[CLEAN, GATHERED]);
        let state = self.chance.one(ConnectionState::ALL);
        match self.chance.below(11) {
            0 => accept(call),
            1 => reject(call),
            2 => hangup(call),
            3 => toggle(call, self.chance.below(2) == 0),
            4 => offer(call, peer, sdp),
            5 => sealed(call, peer, sdp),
            6 => answer(call, peer, sdp),
            7 => candidate(call, peer, "candidate"),
            8 => report(call, peer, state),
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
                    let peer =
                        call.members.iter().find(|peer| peer.user != member.user).expect("there are two");
                    parts_of(member).into_iter().map(move |(device, joined)| {
                        (id.to_owned(), peer.user.as_str().to_owned(), device, joined)
                    })
                })
            })
            .collect();
        if parts.is_empty() || self.chance.below(6) == 0 {
            if !self.here.is_empty() {
                let (from, callee) = (self.chance.one(&self.here.clone()), self.chance.one(&USERS));
                self.say(&from, initiate(&[callee]));
            }
            return;
        }
        let (call, peer, from, joined) = self.chance.one(&parts);
        let command = match (joined, self.chance.below(16)) {
            (false, 0) => reject(&call),
            (false, _) => accept(&call),
            (true, 0) => hangup(&call),
            (true, 1..3) => offer(&call, &peer, GATHERED),
            (true, 3..5) => sealed(&call, &peer, CLEAN),
            (true, 5..8) => answer(&call, &peer, CLEAN),
            (true, 8..10) => candidate(&call, &peer, "candidate"),
            (true, 10..14) => report(&call, &peer, ConnectionState::Connected),
            (true, 14) => report(&call, &peer, ConnectionState::Reconnecting),
            (true, _) => toggle(&call, false),
        };
        self.say(&from, command);
    }

    fn say(&mut self, from: &Origin, command: Command) {
        let input = self.world.command(from, command).expect("it is about a call");
        // That it may be refused is the point.
        drop(self.world.step(input));
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
