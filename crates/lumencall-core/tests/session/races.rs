//! Two people do something at the same time. Every order in which the network may deliver it is tried.

use crate::net::{Move, Net};
use crate::values::CALL;

/// How many orders one race may be tried in; each is short enough to stay far below it.
const MOST: usize = 5_000;

/// Tries every order in which the network may deliver what is under way after `begin`, and judges each outcome.
///
/// Browsers are at once; what is on its way to a device arrives together, since the device has given its commands already.
/// A path is the choice that was made at each step; the next path differs from the last as late as it can.
fn every_order(begin: impl Fn() -> Net, mut judge: impl FnMut(&mut Net)) {
    let mut path: Vec<usize> = Vec::new();
    for tried in 1.. {
        assert!(tried <= MOST, "too many orders to try");
        let mut net = begin();
        let mut widths = Vec::new();
        loop {
            let moves = net.moves();
            if let Some(browser) = moves.iter().find(|move_| matches!(move_, Move::Browser(_))) {
                net.make(*browser);
                continue;
            }
            if moves.is_empty() {
                break;
            }
            if path.len() == widths.len() {
                path.push(0);
            }
            match moves[path[widths.len()]] {
                Move::Down(party) => net.down(net.parties[party].name),
                up => net.make(up),
            }
            widths.push(moves.len());
        }
        net.settle();
        judge(&mut net);
        while path.last().is_some_and(|last| last + 1 == widths[path.len() - 1]) {
            path.pop();
        }
        match path.last_mut() {
            Some(last) => *last += 1,
            None => return println!("{tried} orders"),
        }
    }
}

/// Alice calls Bob, and it rings at these devices of his. There are no candidates, so that the race is short.
fn ringing(devices: &[&'static str]) -> Net {
    let mut net = Net::with(&[&["alice/1"], devices].concat());
    for party in &mut net.parties {
        party.candidates = 0;
    }
    net.initiate("alice/1", "bob");
    net.settle();
    net.forget();
    net
}

/// How the call ended for this device.
fn end(net: &mut Net, name: &str) -> String {
    let heard = net.heard(name);
    let ends: Vec<&String> = heard.iter().filter(|line| line.starts_with("ended ")).collect();
    assert_eq!(ends.len(), 1, "I10: {heard:?}");
    ends[0].clone()
}

#[test]
fn i12_accept_against_cancel_has_one_outcome() {
    let mut outcomes = Vec::new();
    every_order(
        || {
            let mut net = ringing(&["bob/1"]);
            net.accept("bob/1", CALL);
            net.hangup("alice/1", CALL);
            net
        },
        |net| {
            let (alice, bob) = (end(net, "alice/1"), end(net, "bob/1"));
            assert_eq!(alice, bob);
            let settled = net.settled("bob/1");
            match &*alice {
                "ended call-1 cancelled" => assert_eq!(settled, ["settle accept call-ended call-1"]),
                "ended call-1 completed" => assert_eq!(settled, ["settle accept ok call-1 connecting"]),
                other => panic!("{other}"),
            }
            outcomes.push(alice);
            net.parties.iter().for_each(|party| party.watch.is_over());
        },
    );
    outcomes.sort();
    outcomes.dedup();
    assert_eq!(outcomes, ["ended call-1 cancelled", "ended call-1 completed"]);
}

#[test]
fn i12_two_accepts_have_one_winner() {
    let mut winners = Vec::new();
    every_order(
        || {
            let mut net = ringing(&["bob/1", "bob/2"]);
            net.accept("bob/1", CALL);
            net.accept("bob/2", CALL);
            net
        },
        |net| {
            let settled = [net.settled("bob/1"), net.settled("bob/2")];
            let winner =
                settled.iter().position(|settled| settled[0] == "settle accept ok call-1 connecting");
            let winner = winner.expect("one has won");
            assert_eq!(settled[1 - winner], ["settle accept call-ended call-1"]);
            net.hangup("alice/1", CALL);
            net.settle();
            let ends = [end(net, "bob/1"), end(net, "bob/2")];
            assert_eq!(ends[winner], "ended call-1 completed");
            assert_eq!(ends[1 - winner], "ended call-1 completed elsewhere");
            winners.push(winner);
            net.parties.iter().for_each(|party| party.watch.is_over());
        },
    );
    assert!(winners.contains(&0) && winners.contains(&1));
}

#[test]
fn i12_simultaneous_hang_ups_end_the_call_once() {
    every_order(
        || {
            let mut net = Net::with(&["alice/1", "bob/1"]);
            net.initiate("alice/1", "bob");
            net.settle();
            net.accept("bob/1", CALL);
            net.settle();
            net.forget();
            net.hangup("alice/1", CALL);
            net.hangup("bob/1", CALL);
            net
        },
        |net| {
            for who in ["alice/1", "bob/1"] {
                assert_eq!(end(net, who), "ended call-1 completed");
                assert_eq!(net.settled(who), ["settle hangup ok"]);
            }
            net.parties.iter().for_each(|party| party.watch.is_over());
        },
    );
}

#[test]
fn a_hang_up_that_overtakes_its_own_accept_s_reply_wins() {
    every_order(
        || {
            let mut net = ringing(&["bob/1"]);
            net.accept("bob/1", CALL);
            net.hangup("bob/1", CALL);
            net
        },
        |net| {
            assert_eq!(end(net, "alice/1"), "ended call-1 completed");
            assert_eq!(end(net, "bob/1"), "ended call-1 completed");
            let settled = net.settled("bob/1");
            assert_eq!(settled, ["settle accept call-ended call-1", "settle hangup ok"]);
            net.parties.iter().for_each(|party| party.watch.is_over());
        },
    );
}

#[test]
fn i13_two_who_call_each_other_are_in_one_call_in_every_order() {
    let mut callers = Vec::new();
    every_order(
        || {
            let mut net = Net::with(&["alice/1", "bob/1"]);
            for party in &mut net.parties {
                party.candidates = 0;
            }
            net.initiate("alice/1", "bob");
            net.initiate("bob/1", "alice");
            net
        },
        |net| {
            assert_eq!(net.server.calls.len(), 1);
            let call = net.server.calls.values().next().expect("there is a call");
            assert_eq!(call.joined().count(), 2, "both are in it");
            callers.push(call.caller.as_str().to_owned());
            for who in ["alice/1", "bob/1"] {
                let settled = net.settled(who);
                assert!(settled[0].starts_with("settle initiate ok call-1"), "{settled:?}");
                assert!(!net.heard(who).iter().any(|line| line.contains("ended")));
            }
            net.hangup("alice/1", CALL);
            net.settle();
            net.parties.iter().for_each(|party| party.watch.is_over());
        },
    );
    callers.sort();
    callers.dedup();
    assert_eq!(callers, ["alice", "bob"]);
}
