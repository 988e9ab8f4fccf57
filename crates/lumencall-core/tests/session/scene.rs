//! A call in each state, at the caller and at the callee.

use lumencall_core::CallState;
use lumencall_core::wire::ConnectionState;

use crate::solo::Solo;
use crate::values::{CALL, answer, call, candidate, done_with, incoming, joined, offer, state};

/// The states in which a call can be at its caller.
pub(crate) const OF_CALLER: [CallState; 5] = [
    CallState::Initiating,
    CallState::Ringing,
    CallState::Connecting,
    CallState::Connected,
    CallState::Reconnecting,
];

/// The states in which a call can be at its callee.
pub(crate) const OF_CALLEE: [CallState; 4] =
    [CallState::Ringing, CallState::Connecting, CallState::Connected, CallState::Reconnecting];

/// Alice, whose call to Bob is in this state. Her first command was number 1.
pub(crate) fn caller(wanted: CallState) -> Solo {
    let mut alice = Solo::connected("alice");
    alice.initiate("bob");
    alice.gets(done_with(1, call(CALL, CallState::Initiating)));
    let steps = OF_CALLER.iter().position(|known| *known == wanted).expect("it can be in this state");
    let steps_there: [fn(&mut Solo); 4] = [
        |alice| {
            alice.gets(state(CALL, CallState::Ringing));
            alice.offers(CALL, "bob", "o1");
        },
        |alice| {
            alice.gets(state(CALL, CallState::Connecting));
            alice.gets(joined(CALL, "bob"));
        },
        |alice| {
            alice.gets(answer(CALL, "bob", "a1"));
            alice.applies(CALL, "bob");
            alice.gets(candidate(CALL, "bob", "b1"));
            connects(alice, "bob");
        },
        |alice| reconnects(alice, "bob"),
    ];
    for step in &steps_there[..steps] {
        step(&mut alice);
    }
    assert_eq!(alice.calls(), [format!("{CALL} {}", wanted.as_str())]);
    alice
}

/// Bob, at whom Alice's call is in this state. A sealed offer came ahead. His first command was number 1.
pub(crate) fn callee(wanted: CallState) -> Solo {
    let mut bob = Solo::connected("bob");
    bob.gets(incoming(CALL));
    bob.gets(offer(CALL, "alice", "o1"));
    let steps = OF_CALLEE.iter().position(|known| *known == wanted).expect("it can be in this state");
    let steps_there: [fn(&mut Solo); 3] = [
        |bob| {
            bob.accept(CALL);
            bob.gets(done_with(1, call(CALL, CallState::Connecting)));
            bob.gets(state(CALL, CallState::Connecting));
        },
        |bob| {
            bob.applies(CALL, "alice");
            bob.answers(CALL, "alice", "a1");
            bob.gets(candidate(CALL, "alice", "a1"));
            connects(bob, "alice");
        },
        |bob| reconnects(bob, "alice"),
    ];
    for step in &steps_there[..steps] {
        step(&mut bob);
    }
    assert_eq!(bob.calls(), [format!("{CALL} {}", wanted.as_str())]);
    bob
}

fn connects(solo: &mut Solo, other: &str) {
    solo.stands(CALL, other, ConnectionState::Connected);
    solo.gets(state(CALL, CallState::Connected));
}

fn reconnects(solo: &mut Solo, other: &str) {
    solo.stands(CALL, other, ConnectionState::Reconnecting);
    solo.gets(state(CALL, CallState::Reconnecting));
}
