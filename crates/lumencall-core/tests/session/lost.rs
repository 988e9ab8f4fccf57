//! The connection to the server is lost, or given up.

use lumencall_core::CallState;

use crate::scene::{OF_CALLEE, OF_CALLER, callee, caller};
use crate::solo::{NOTHING, Solo};
use crate::values::{CALL, incoming, incoming_from_carol, welcome};

#[test]
fn a_lost_connection_ends_every_call_with_the_reason_that_the_server_finds() {
    for state in OF_CALLER {
        let reason = match state {
            CallState::Initiating | CallState::Ringing => "cancelled",
            CallState::Connecting | CallState::Connected | CallState::Reconnecting => "failed",
            CallState::Idle | CallState::Ended => panic!("there is no call"),
        };
        let mut alice = caller(state);
        let heard = format!("hear ended call-1 {reason}");
        assert_eq!(alice.socket_closes(), ["release call-1", &heard, "hear link disconnected"], "{state:?}");
        assert_eq!(alice.calls(), NOTHING);
        alice.watch.is_over();
    }
    for state in &OF_CALLEE[1..] {
        let mut bob = callee(*state);
        let over = ["release call-1", "hear ended call-1 failed", "hear link disconnected"];
        assert_eq!(bob.socket_closes(), over, "{state:?}");
        bob.watch.is_over();
    }
    let mut bob = callee(CallState::Ringing);
    bob.gets(incoming("call-2"));
    let over = ["hear ended call-1 missed", "hear ended call-2 missed", "hear link disconnected"];
    assert_eq!(bob.socket_closes(), over);
    bob.watch.is_over();
}

#[test]
fn a_connection_that_is_lost_before_the_server_has_replied_ends_the_call_as_far_as_is_known() {
    let mut bob = callee(CallState::Ringing);
    bob.accept(CALL);
    let over = [
        "settle accept signaling-unreachable",
        "release call-1",
        "hear ended call-1 missed",
        "hear link disconnected",
    ];
    assert_eq!(bob.socket_closes(), over, "nobody knows that Bob accepted");

    let mut bob = callee(CallState::Ringing);
    bob.reject(CALL);
    let over =
        ["settle reject signaling-unreachable", "hear ended call-1 rejected", "hear link disconnected"];
    assert_eq!(bob.socket_closes(), over);

    for (state, reason) in [(CallState::Ringing, "cancelled"), (CallState::Connected, "completed")] {
        let mut alice = caller(state);
        alice.hangup(CALL);
        let heard = format!("hear ended call-1 {reason}");
        let over = ["settle hangup signaling-unreachable", &heard, "hear link disconnected"];
        assert_eq!(alice.socket_closes(), over);
    }
}

#[test]
fn a_lost_connection_fails_every_command_that_waits() {
    let mut alice = Solo::connected("alice");
    alice.initiate("bob");
    let lost = ["settle initiate signaling-unreachable", "hear link disconnected"];
    assert_eq!(alice.socket_closes(), lost);

    let mut alice = caller(CallState::Connected);
    alice.toggle(CALL, false);
    alice.toggle(CALL, true);
    let lost = alice.socket_closes();
    assert_eq!(lost[..2], ["settle toggle signaling-unreachable"; 2]);
    assert_eq!(alice.session.poll_timeout(), None);
    alice.watch.is_over();
}

#[test]
fn after_a_loss_one_can_connect_and_call_again() {
    let mut alice = caller(CallState::Connected);
    alice.socket_closes();
    assert_eq!(alice.initiate("bob"), ["settle initiate signaling-unreachable"]);
    assert_eq!(alice.hangup(CALL), ["settle hangup ok"], "it has ended");
    alice.connect();
    alice.socket_opens();
    alice.gets(welcome());
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
            "close-socket",
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
    let over =
        ["close-socket", "settle hangup disposed", "hear ended call-1 completed", "hear link disconnected"];
    assert_eq!(alice.does(|session| session.dispose()), over);
}

#[test]
fn disposing_while_connecting_gives_it_up() {
    let mut alice = Solo::new("alice");
    assert_eq!(alice.does(|session| session.dispose()), NOTHING);
    alice.connect();
    let over = ["close-socket", "settle connect disposed", "hear link disconnected"];
    assert_eq!(alice.does(|session| session.dispose()), over);
}
