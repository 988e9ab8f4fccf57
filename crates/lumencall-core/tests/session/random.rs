//! People who do anything at all, over a network that delivers it in any order, with sockets that break.
//!
//! [`crate::watch::Watch`] and [`Net::settle`] say what must hold meanwhile. Here it is said what must hold at the end,
//! and that the runs are worth their time: between them, everything that can be heard is.

use std::collections::BTreeSet;
use std::env;

use lumencall_core::session::Link;
use lumencall_core::wire::ConnectionState;
use lumencall_core::{CallState, EndReason};

use crate::chance::Chance;
use crate::net::Net;
use crate::party::Party;

const DEVICES: [&str; 6] = ["alice/1", "bob/1", "bob/2", "carol/1", "carol/2", "dave/1"];
const USERS: [&str; 4] = ["alice", "bob", "carol", "dave"];
const STEPS: usize = 400;

fn runs() -> u64 {
    if env::var_os("LUMENCALL_LONG").is_some() { 5_000 } else { 150 }
}

#[test]
fn i4_i10_i17_i33_random_calls_end_once_everywhere_and_leave_nothing_open() {
    let mut heard = BTreeSet::new();
    for run in 0..runs() {
        let mut crowd = Crowd { net: Net::with(&DEVICES), chance: Chance(run), broken: false };
        for _ in 0..STEPS {
            crowd.act();
            crowd.listen(&mut heard);
        }
        crowd.everybody_leaves();
        crowd.listen(&mut heard);
        for party in &crowd.net.parties {
            party.watch.is_over();
            assert!(party.is_idle(), "run {run}: {} holds something", party.name);
            assert_eq!(party.session.calls().count(), 0, "run {run}: {}", party.name);
        }
        assert!(crowd.net.server.calls.is_empty(), "run {run}");
    }
    let ends = EndReason::ALL.iter().map(|reason| format!("ended {}", reason.as_str()));
    let states =
        ["ringing", "connecting", "connected", "reconnecting", "joined", "left", "media", "incoming"];
    let more = [
        "ended completed elsewhere",
        "error negotiation-failed",
        "settle initiate ok",
        "settle initiate already-in-call",
        "settle initiate timeout",
        "settle initiate signaling-unreachable",
        "settle initiate already-ringing",
        "settle add ok",
        "settle add invalid-state",
        "settle remove ok",
        "settle remove not-owner",
        "callee ringing",
        "callee rejected",
        "callee missed",
        "callee busy",
        "stands connected",
        "stands reconnecting",
        "elsewhere engaged",
        "elsewhere free",
        "settle accept ok",
        "settle accept call-ended",
        "settle accept already-in-call",
        "settle accept timeout",
        "settle reject ok",
        "settle hangup ok",
        "settle toggle ok",
        "settle hangup disposed",
        "settle rejoin ok",
        "rejoined",
        "ended failed",
    ];
    for line in ends.chain(states.into_iter().chain(more).map(str::to_owned)) {
        assert!(heard.contains(&line), "no run had `{line}`; they had {heard:#?}");
    }
}

struct Crowd {
    net: Net,
    chance: Chance,
    /// Whether a browser has failed in this run.
    broken: bool,
}

impl Crowd {
    fn act(&mut self) {
        let name = DEVICES[self.chance.below(DEVICES.len())];
        let other = USERS[self.chance.below(USERS.len())];
        let calls = self.net.party(name).session.calls();
        let calls: Vec<String> = calls.map(|call| call.id.as_str().to_owned()).collect();
        let call = calls.get(self.chance.below(calls.len().max(1)));
        match (self.chance.below(66), call) {
            (0..2, _) if !name.starts_with(other) => self.net.initiate(name, other),
            (2, _) => {
                let others: Vec<&str> = USERS.into_iter().filter(|user| !name.starts_with(user)).collect();
                self.net.call(name, &others[..2 + self.chance.below(2)]);
            }
            (19..22, Some(call)) => self.net.add(name, call, other),
            (22, Some(call)) => self.net.remove(name, call, other),
            // Who is called calls back.
            (23, _) => {
                let ring = self.net.party(name).session.calls().find(|call| call.state == CallState::Ringing);
                let caller = ring.map(|call| call.caller_id.as_str().to_owned());
                if let Some(caller) = caller.filter(|caller| !name.starts_with(caller)) {
                    self.net.initiate(name, &caller);
                }
            }
            (3..6, Some(call)) => self.net.accept(name, call),
            (6, Some(call)) => self.net.reject(name, call),
            (7, Some(call)) => self.net.hangup(name, call),
            (8, Some(call)) => {
                let on = self.chance.below(2) == 0;
                self.net.toggle(name, call, on);
            }
            (9, _) if self.chance.below(3) == 0 => match self.chance.below(9) {
                0..3 => self.net.cut(name),
                3 => self.net.cut_unseen(name),
                4 => {
                    let lost = self.chance.below(4);
                    self.net.lose_down(name, lost);
                    self.net.cut(name);
                }
                5 => self.net.cut_by(name, 4502),
                6 | 7 => {
                    let suspends = self.chance.below(2) == 0;
                    self.net.reload(name, suspends);
                }
                _ => {
                    let offline = self.chance.below(2) == 0;
                    self.net.is_offline(name, offline);
                }
            },
            (10, _) => {
                if let Some(call) = self.net.resumable(name).first() {
                    self.net.rejoin(name, call);
                }
            }
            (9..14, _) if self.net.party(name).session.link() == Link::Closed => self.net.connect(name),
            (14, _) => {
                let most = if self.chance.below(3) == 0 { 40_000 } else { 2_000 };
                let time = self.chance.below(most) as u64;
                self.net.wait(time);
            }
            (15, _) => {
                use ConnectionState::{Connected, Failed, Reconnecting};
                let state = [Connected, Reconnecting, Reconnecting, Failed][self.chance.below(4)];
                self.net.connections_stand(name, state);
            }
            (16, _) if self.chance.below(6) == 0 => {
                let party = self.net.party(name);
                party.broken = !party.broken;
                self.broken = true;
            }
            (17, _) if self.chance.below(4) == 0 => self.net.dispose(name),
            (18, _) if self.chance.below(4) == 0 => self.net.settle(),
            _ => self.something_arrives(),
        }
    }

    fn something_arrives(&mut self) {
        let moves = self.net.moves();
        if !moves.is_empty() {
            self.net.make(moves[self.chance.below(moves.len())]);
        }
    }

    /// Notes what was heard and settled, without the names.
    fn listen(&mut self, heard: &mut BTreeSet<String>) {
        for party in &mut self.net.parties {
            for line in party.heard.drain(..).chain(party.settled.drain(..)) {
                let words = line
                    .split(' ')
                    .filter(|word| !word.starts_with("call-") || matches!(*word, "call-ended"));
                let mut words: Vec<&str> = words.collect();
                match words[0] {
                    "joined" | "left" | "media" | "incoming" | "rejoined" => words.truncate(1),
                    "callee" | "stands" => drop(words.remove(1)),
                    "settle" => words.truncate(3),
                    "error" => {
                        // That the server sent it away, it was told.
                        let sent_away = words[1] == "signaling-unreachable";
                        let expected = sent_away || self.broken && words[1] == "negotiation-failed";
                        assert!(expected, "{} hears of its own fault: {line}", party.name);
                    }
                    _ => {}
                }
                heard.insert(words.join(" "));
            }
        }
    }

    fn everybody_leaves(&mut self) {
        for name in DEVICES {
            self.net.is_offline(name, false);
        }
        self.net.recover();
        // Twice: two who have just called each other know of their call only once everything has come.
        for _ in 0..2 {
            for name in DEVICES {
                let calls = self.net.party(name).session.calls();
                let calls: Vec<String> = calls.map(|call| call.id.as_str().to_owned()).collect();
                for call in calls.into_iter().chain(self.net.resumable(name)) {
                    self.net.hangup(name, &call);
                }
            }
            self.net.settle();
        }
        // Whoever asked for a call and was not there any more when it came.
        self.net.pass(100_000);
        let engaged = |party: &&Party| party.session.calls().count() > 0;
        let names: Vec<&str> = self.net.parties.iter().filter(engaged).map(|party| party.name).collect();
        assert!(names.is_empty(), "{names:?} are in a call that they have left");
    }
}
