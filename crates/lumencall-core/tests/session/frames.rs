//! Frames out of place.

use lumencall_core::session::Link;
use lumencall_core::{CallState, EndReason};

use crate::scene::{callee, caller};
use crate::solo::{NOTHING, Solo};
use crate::values::{CALL, done, ended, incoming, joined, media, state, welcome};

#[test]
fn i18_a_gap_or_a_repetition_closes_the_connection() {
    // The session of `callee` has had two numbered frames.
    for number in [None, Some(0), Some(1), Some(2), Some(4), Some(u32::MAX)] {
        let mut bob = callee(CallState::Ringing);
        let over = ["close-socket", "hear ended call-1 missed", "hear link disconnected"];
        assert_eq!(bob.gets_numbered(number, media(CALL, "alice", false)), over, "{number:?}");
        assert_eq!(bob.session.link(), Link::Closed);
        assert_eq!(bob.gets_numbered(Some(3), incoming("call-2")), NOTHING, "the connection is closed");
        bob.watch.is_over();
    }
}

#[test]
fn i18_a_gap_fails_what_waits_for_a_reply() {
    let mut alice = caller(CallState::Connected);
    alice.toggle(CALL, false);
    let over = [
        "close-socket",
        "settle toggle protocol",
        "release call-1",
        "hear ended call-1 failed",
        "hear link disconnected",
    ];
    assert_eq!(alice.gets_numbered(Some(99), done(2)), over);
    alice.watch.is_over();
}

#[test]
fn numbers_start_anew_with_each_connection() {
    let mut bob = callee(CallState::Ringing);
    bob.socket_closes();
    bob.connect();
    bob.socket_opens();
    bob.gets(welcome());
    assert_eq!(bob.gets_numbered(Some(1), incoming("call-2")), ["hear incoming call-2 ringing"]);
    assert_eq!(bob.gets_numbered(Some(2), ended("call-2", EndReason::Missed)), ["hear ended call-2 missed"]);
}

#[test]
fn a_frame_that_cannot_be_read_is_passed_over_and_counted() {
    let mut bob = callee(CallState::Ringing);
    assert_eq!(bob.gets_nonsense(), NOTHING);
    assert_eq!(bob.gets_nonsense(), NOTHING);
    assert_eq!(bob.gets(ended(CALL, EndReason::Cancelled)), ["hear ended call-1 cancelled"]);

    let mut bob = Solo::new("bob");
    assert_eq!(bob.gets_nonsense(), NOTHING, "there is no connection");
    bob.connect();
    bob.socket_opens();
    assert_eq!(bob.gets_nonsense(), NOTHING, "it comes before the welcome, and has no number");
    bob.gets(welcome());
    assert_eq!(bob.gets_numbered(Some(1), incoming(CALL)), ["hear incoming call-1 ringing"]);
}

#[test]
fn what_is_said_of_an_unknown_call_is_passed_over() {
    let mut alice = caller(CallState::Connected);
    for message in [
        state("call-9", CallState::Connected),
        ended("call-9", EndReason::Completed),
        joined("call-9", "bob"),
        media("call-9", "bob", false),
    ] {
        assert_eq!(alice.gets(message), NOTHING);
    }
    assert_eq!(alice.calls(), ["call-1 connected"]);
}

#[test]
fn a_call_rings_once() {
    let mut bob = callee(CallState::Ringing);
    assert_eq!(bob.gets(incoming(CALL)), NOTHING);
    assert_eq!(bob.calls(), ["call-1 ringing"]);
}
