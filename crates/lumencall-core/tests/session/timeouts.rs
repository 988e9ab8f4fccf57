//! A server that does not answer in time, or too late.

use lumencall_core::{CallState, EndReason, ErrorCode};

use crate::scene::{callee, caller};
use crate::solo::{NOTHING, Solo, TIMEOUT};
use crate::values::{CALL, call, done, done_with, ended, refused, state};

#[test]
fn a_server_that_does_not_greet_is_given_up() {
    for opened in [false, true] {
        let mut alice = Solo::new("alice");
        alice.connect();
        if opened {
            alice.socket_opens();
        }
        assert_eq!(alice.waits(TIMEOUT - 1), NOTHING);
        let over = ["settle connect timeout", "close-socket", "hear link disconnected"];
        assert_eq!(alice.waits(1), over);
        assert_eq!(alice.session.poll_timeout(), None);
        assert_eq!(alice.connect(), ["hear link connecting", "open-socket"]);
    }
}

#[test]
fn a_call_that_comes_too_late_is_hung_up() {
    let mut alice = Solo::connected("alice");
    alice.initiate("bob");
    assert_eq!(alice.waits(TIMEOUT), ["settle initiate timeout"]);
    assert_eq!(alice.initiate("bob"), ["settle initiate already-in-call"], "it may still come");
    assert_eq!(alice.gets(done_with(1, call(CALL, CallState::Initiating))), ["send hangup call-1"]);
    for message in [state(CALL, CallState::Ringing), ended(CALL, EndReason::Cancelled)] {
        assert_eq!(alice.gets(message), NOTHING, "the app never knew of it");
    }
    assert_eq!(alice.calls(), NOTHING);
    assert_eq!(alice.initiate("bob"), ["send #2 initiate bob"]);
}

#[test]
fn a_refusal_that_comes_too_late_is_no_news() {
    let mut alice = Solo::connected("alice");
    alice.initiate("bob");
    alice.waits(TIMEOUT);
    assert_eq!(alice.gets(refused(1, ErrorCode::AlreadyInCall)), NOTHING);
    assert_eq!(alice.initiate("bob"), ["send #2 initiate bob"]);
}

#[test]
fn i11_an_accept_whose_call_has_ended_is_not_taken_back() {
    let mut bob = callee(CallState::Ringing);
    bob.accept(CALL);
    bob.gets(ended(CALL, EndReason::Cancelled));
    assert_eq!(bob.waits(TIMEOUT), ["settle accept timeout"]);
    bob.watch.is_over();
}

#[test]
fn an_accept_that_is_not_answered_is_taken_back() {
    let mut bob = callee(CallState::Ringing);
    bob.accept(CALL);
    let over = ["settle accept timeout", "release call-1", "send hangup call-1"];
    assert_eq!(bob.waits(TIMEOUT), over);
    assert_eq!(bob.gets(done_with(1, call(CALL, CallState::Connecting))), ["hear connecting call-1"]);
    assert_eq!(bob.gets(state(CALL, CallState::Connecting)), NOTHING);
    assert_eq!(bob.gets(ended(CALL, EndReason::Completed)), ["hear ended call-1 completed"]);
    bob.watch.is_over();
}

#[test]
fn a_toggle_that_is_done_too_late_is_mirrored_all_the_same() {
    let mut alice = caller(CallState::Connected);
    alice.toggle(CALL, false);
    assert_eq!(alice.waits(TIMEOUT), ["settle toggle timeout"]);
    assert_eq!(alice.gets(done(2)), NOTHING);
    let call = alice.session.calls().next().expect("there is a call");
    assert!(call.participants[0].audio_muted, "the others were told so");
}

#[test]
fn a_hang_up_that_is_not_answered_has_closed_everything_all_the_same() {
    let mut alice = caller(CallState::Connected);
    alice.hangup(CALL);
    assert_eq!(alice.waits(TIMEOUT), ["settle hangup timeout"]);
    assert_eq!(alice.gets(done(2)), NOTHING);
    assert_eq!(alice.gets(ended(CALL, EndReason::Completed)), ["hear ended call-1 completed"]);
}

#[test]
fn each_command_has_its_own_time() {
    let mut alice = caller(CallState::Connected);
    alice.toggle(CALL, false);
    alice.waits(TIMEOUT / 2);
    alice.toggle(CALL, true);
    assert_eq!(alice.waits(TIMEOUT / 2), ["settle toggle timeout"]);
    assert_eq!(alice.gets(done(3)), ["settle toggle ok"]);
    assert_eq!(alice.waits(TIMEOUT), NOTHING);
}
