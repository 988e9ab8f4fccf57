//! Frames out of place.

use lumencall_core::session::Link;
use lumencall_core::{CallState, EndReason};

use crate::scene::{callee, caller};
use crate::solo::{NOTHING, Solo};
use crate::values::{CALL, done, ended, incoming, joined, known, media, resumed, state, welcome_of};

#[test]
fn i18_after_a_gap_the_session_goes_on_from_before_it() {
    // The session of `callee` has had two numbered frames.
    for number in [None, Some(4), Some(u32::MAX)] {
        let mut bob = callee(CallState::Ringing);
        let lost = ["close-socket", "hear link reconnecting"];
        assert_eq!(bob.gets_numbered(number, media(CALL, "alice", false)), lost, "{number:?}");
        assert_eq!(bob.session.link(), Link::Lost);
        assert_eq!(bob.gets_numbered(Some(3), incoming("call-2")), NOTHING, "there is no connection");
        assert_eq!(bob.comes_back(), ["send session:open after 2"]);
        bob.gets(resumed("bob", 0));
        assert_eq!(bob.gets_numbered(Some(3), incoming("call-2")), ["hear incoming call-2 ringing"]);
        assert_eq!(
            bob.gets_numbered(Some(4), ended(CALL, EndReason::Cancelled)),
            ["hear ended call-1 cancelled"]
        );
    }
}

#[test]
fn i18_a_frame_that_comes_again_is_passed_over() {
    for number in [0, 1, 2] {
        let mut bob = callee(CallState::Ringing);
        assert_eq!(bob.gets_numbered(Some(number), ended(CALL, EndReason::Missed)), NOTHING);
        assert_eq!(bob.gets(ended(CALL, EndReason::Cancelled)), ["hear ended call-1 cancelled"]);
    }
}

#[test]
fn i18_frames_that_cannot_be_read_between_others_make_no_gap_and_come_again_after_a_cut() {
    let mut bob = callee(CallState::Ringing);
    bob.gets_nonsense();
    bob.gets(incoming("call-2"));
    bob.gets_nonsense();
    bob.gets_nonsense();
    bob.socket_closes();
    assert_eq!(bob.comes_back(), ["send session:open after 4"], "what was read last");
    bob.gets(resumed("bob", 0));
    bob.seq = 4;
    bob.gets_nonsense();
    bob.gets_nonsense();
    assert_eq!(bob.gets(ended(CALL, EndReason::Cancelled)), ["hear ended call-1 cancelled"]);
    // More than could not be read are missing.
    assert_eq!(bob.gets_numbered(Some(9), ended("call-2", EndReason::Missed))[0], "close-socket");
}

#[test]
fn i18_a_reply_behind_a_gap_is_awaited_anew() {
    let mut alice = caller(CallState::Connected);
    alice.toggle(CALL, false);
    assert_eq!(alice.gets_numbered(Some(99), done(2)), ["close-socket", "hear link reconnecting"]);
    alice.comes_back();
    alice.gets(resumed("alice", 9));
    assert_eq!(alice.gets(done(2)), ["settle toggle ok"]);
    assert_eq!(alice.calls(), ["call-1 connected"]);
}

#[test]
fn a_reply_that_is_numbered_like_what_came_before_begins_the_session_anew() {
    let mut alice = caller(CallState::Connected);
    alice.toggle(CALL, false);
    assert_eq!(alice.gets_numbered(Some(1), done(2)), ["close-socket", "hear link reconnecting"]);
    assert_eq!(alice.comes_back(), ["send session:open page"], "it cannot go on");
}

#[test]
fn numbers_start_anew_where_the_session_does_not_go_on() {
    let mut bob = callee(CallState::Ringing);
    bob.socket_closes();
    bob.comes_back();
    bob.gets(known("bob", Vec::new()));
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
    bob.gets(welcome_of("bob"));
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
