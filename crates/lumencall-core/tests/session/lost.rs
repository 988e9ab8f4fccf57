//! The connection to the server ends for good, or is given up.

use lumencall_core::CallState;

use crate::scene::{OF_CALLEE, OF_CALLER, callee, caller};
use crate::solo::{NOTHING, Solo};
use crate::values::{CALL, call, incoming, incoming_from_carol, known};

/// What ends a connection for good.
const FOR_GOOD: [u16; 4] = [4500, 4502, 4504, 4599];

/// What is heard when the server ends it so.
const OVER: [&str; 2] = ["hear link disconnected", "hear error signaling-unreachable"];

#[test]
fn a_connection_that_ends_for_good_ends_every_call_with_the_reason_that_the_server_finds() {
    for code in FOR_GOOD {
        for state in OF_CALLER {
            let reason = match state {
                CallState::Initiating | CallState::Ringing => "cancelled",
                CallState::Connecting | CallState::Connected | CallState::Reconnecting => "failed",
                CallState::Idle | CallState::Ended => panic!("there is no call"),
            };
            let mut alice = caller(state);
            let heard = format!("hear ended call-1 {reason}");
            let over = ["release call-1", &heard, OVER[0], OVER[1]];
            assert_eq!(alice.socket_closes_with(code), over, "{state:?}");
            assert_eq!(alice.calls(), NOTHING);
            assert_eq!(alice.session.poll_timeout(), None);
            alice.watch.is_over();
        }
        for state in &OF_CALLEE[1..] {
            let mut bob = callee(*state);
            let over = ["release call-1", "hear ended call-1 failed", OVER[0], OVER[1]];
            assert_eq!(bob.socket_closes_with(code), over, "{state:?}");
            bob.watch.is_over();
        }
        let mut bob = callee(CallState::Ringing);
        bob.gets(incoming("call-2"));
        let over = ["hear ended call-1 missed", "hear ended call-2 missed", OVER[0], OVER[1]];
        assert_eq!(bob.socket_closes_with(code), over);
        bob.watch.is_over();
    }
}

#[test]
fn what_waits_when_the_connection_ends_for_good_fails_and_what_was_left_is_left() {
    let mut bob = callee(CallState::Ringing);
    bob.accept(CALL);
    let over = [
        "settle accept signaling-unreachable",
        "release call-1",
        "hear ended call-1 missed",
        OVER[0],
        OVER[1],
    ];
    assert_eq!(bob.socket_closes_with(4502), over, "nobody knows that Bob accepted");

    let mut bob = callee(CallState::Ringing);
    bob.reject(CALL);
    let over = ["settle reject ok", "hear ended call-1 rejected", OVER[0], OVER[1]];
    assert_eq!(bob.socket_closes_with(4502), over);

    for (state, reason) in [(CallState::Ringing, "cancelled"), (CallState::Connected, "completed")] {
        let mut alice = caller(state);
        alice.hangup(CALL);
        let heard = format!("hear ended call-1 {reason}");
        assert_eq!(alice.socket_closes_with(4502), ["settle hangup ok", &heard, OVER[0], OVER[1]]);
    }

    let mut alice = Solo::connected("alice");
    alice.initiate("bob");
    assert_eq!(alice.socket_closes_with(4502)[0], "settle initiate signaling-unreachable");

    let mut alice = caller(CallState::Connected);
    alice.toggle(CALL, false);
    alice.toggle(CALL, true);
    assert_eq!(alice.socket_closes_with(4502)[..2], ["settle toggle signaling-unreachable"; 2]);
    alice.watch.is_over();
}

#[test]
fn after_an_end_for_good_one_can_connect_and_call_again() {
    let mut alice = caller(CallState::Connected);
    alice.socket_closes_with(4504);
    assert_eq!(alice.initiate("bob"), ["settle initiate signaling-unreachable"]);
    assert_eq!(alice.hangup(CALL), ["settle hangup ok"], "it has ended");
    alice.connect();
    assert_eq!(alice.socket_opens(), ["send session:open page"], "it is the same device");
    // The server may hold the call still; the app was told that it is over.
    let left = alice.gets(known("alice", vec![call(CALL, CallState::Connected)]));
    assert_eq!(left[1..], ["hear link connected", "settle connect ok", "send hangup call-1"]);
    assert!(alice.session.resumable().is_empty());
    assert_eq!(alice.initiate("bob"), ["send #2 initiate bob"]);
}

#[test]
fn disposing_leaves_every_call_in_words() {
    for (state, reason) in [(CallState::Ringing, "cancelled"), (CallState::Connected, "completed")] {
        let mut alice = caller(state);
        alice.gets(incoming_from_carol("call-2"));
        alice.toggle(CALL, false);
        let heard = format!("hear ended call-1 {reason}");
        let over = [
            "release call-1",
            "send hangup call-1",
            "close-socket goodbye",
            "forget-identity",
            "settle toggle disposed",
            &heard,
            "hear ended call-2 missed",
            "hear link disconnected",
        ];
        assert_eq!(alice.does(|session| session.dispose()), over);
        assert_eq!(alice.does(|session| session.dispose()), NOTHING, "again is harmless");
        alice.watch.is_over();
    }
}

#[test]
fn disposing_of_a_call_that_was_hung_up_already_says_nothing_twice() {
    let mut alice = caller(CallState::Connected);
    alice.hangup(CALL);
    let over = [
        "close-socket goodbye",
        "forget-identity",
        "settle hangup disposed",
        "hear ended call-1 completed",
        "hear link disconnected",
    ];
    assert_eq!(alice.does(|session| session.dispose()), over);
}

#[test]
fn disposing_while_connecting_gives_it_up() {
    let mut alice = Solo::new("alice");
    assert_eq!(alice.does(|session| session.dispose()), NOTHING);
    alice.connect();
    let over = ["close-socket goodbye", "settle connect disposed", "hear link disconnected"];
    assert_eq!(alice.does(|session| session.dispose()), over);
}
