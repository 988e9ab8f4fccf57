//! What the app asks for, and what the server replies.

use lumencall_core::wire::{CallInitiate, Reply, ServerMessage};
use lumencall_core::{CallState, EndReason, ErrorCode};

use crate::scene::{OF_CALLEE, OF_CALLER, callee, caller};
use crate::solo::{NOTHING, Solo};
use crate::values::{CALL, call, done, done_with, ended, error, incoming, initiate, media, refused, toggle};

#[test]
fn initiating_opens_a_peer_connection_and_offers_at_once() {
    let mut alice = Solo::connected("alice");
    assert_eq!(alice.initiate("bob"), ["send #1 initiate bob"]);
    assert_eq!(alice.calls(), NOTHING, "there is no call before the server says so");
    let made =
        ["open-peer call-1 bob video", "make-offer call-1 bob", "settle initiate ok call-1 initiating"];
    assert_eq!(alice.gets(done_with(1, call(CALL, CallState::Initiating))), made);
    assert_eq!(alice.calls(), ["call-1 initiating"]);
}

#[test]
fn initiating_is_refused_while_another_is_asked_for() {
    let mut alice = Solo::connected("alice");
    alice.initiate("bob");
    assert_eq!(alice.initiate("carol"), ["settle initiate already-in-call"]);
    assert_eq!(alice.gets(refused(1, ErrorCode::InvalidArgument)), ["settle initiate invalid-argument"]);
    assert_eq!(alice.initiate("carol"), ["send #2 initiate carol"], "the first has come to nothing");
}

#[test]
fn initiating_is_refused_while_engaged_and_not_while_rung() {
    for state in OF_CALLER {
        assert_eq!(caller(state).initiate("carol"), ["settle initiate already-in-call"], "{state:?}");
    }
    for state in &OF_CALLEE[1..] {
        assert_eq!(callee(*state).initiate("carol"), ["settle initiate already-in-call"], "{state:?}");
    }
    assert_eq!(callee(CallState::Ringing).initiate("carol"), ["send #1 initiate carol"]);
}

/// A frame that is larger than the server takes would end the socket.
#[test]
fn metadata_that_no_server_takes_is_refused_here() {
    let mut alice = Solo::connected("alice");
    let of = |length: usize| CallInitiate { metadata: Some("x".repeat(length).into()), ..initiate(&["bob"]) };
    assert_eq!(alice.initiate_as(of(1025)), ["settle initiate invalid-argument"]);
    assert_eq!(alice.initiate_as(of(1024)), ["send #1 initiate bob"]);
}

#[test]
fn one_who_has_left_may_call_again_before_the_server_has_said_so() {
    let mut alice = caller(CallState::Connected);
    alice.hangup(CALL);
    assert_eq!(alice.initiate("bob"), ["send #3 initiate bob"]);
}

#[test]
fn accepting_is_refused_while_engaged() {
    let mut bob = callee(CallState::Connected);
    bob.gets(incoming("call-2"));
    assert_eq!(bob.accept("call-2"), ["settle accept already-in-call call-2"]);
    assert_eq!(bob.accept(CALL), ["settle accept invalid-state call-1"]);
    assert_eq!(bob.reject("call-2"), ["send #2 reject call-2"], "it can still be declined");
}

#[test]
fn accepting_is_refused_while_a_call_of_ones_own_is_asked_for() {
    let mut bob = callee(CallState::Ringing);
    bob.initiate("carol");
    assert_eq!(bob.accept(CALL), ["settle accept already-in-call call-1"]);
    bob.gets(refused(1, ErrorCode::LimitExceeded));
    assert_eq!(bob.accept(CALL)[0], "send #2 accept call-1");
}

#[test]
fn a_call_that_is_not_known_here_is_told_from_one_that_has_ended() {
    let mut bob = callee(CallState::Ringing);
    bob.gets(ended(CALL, EndReason::Cancelled));
    assert_eq!(bob.accept(CALL), ["settle accept call-ended call-1"]);
    assert_eq!(bob.reject(CALL), ["settle reject call-ended call-1"]);
    assert_eq!(bob.toggle(CALL, true), ["settle toggle call-ended call-1"]);
    assert_eq!(bob.hangup(CALL), ["settle hangup ok"], "which is what was wanted");

    assert_eq!(bob.accept("call-9"), ["settle accept unknown-call call-9"]);
    assert_eq!(bob.reject("call-9"), ["settle reject unknown-call call-9"]);
    assert_eq!(bob.toggle("call-9", true), ["settle toggle unknown-call call-9"]);
    assert_eq!(bob.hangup("call-9"), ["settle hangup unknown-call call-9"]);
}

#[test]
fn i12_an_accept_that_loses_to_the_caller_says_that_the_call_ended() {
    let mut bob = callee(CallState::Ringing);
    bob.accept(CALL);
    let lost = ["release call-1", "hear ended call-1 cancelled"];
    assert_eq!(bob.gets(ended(CALL, EndReason::Cancelled)), lost);
    assert_eq!(bob.gets(refused(1, ErrorCode::UnknownCall)), ["settle accept call-ended call-1"]);
    bob.watch.is_over();
}

#[test]
fn an_accept_that_is_refused_closes_what_it_opened() {
    let mut bob = callee(CallState::Ringing);
    bob.accept(CALL);
    let refused = bob.gets(refused(1, ErrorCode::AlreadyInCall));
    assert_eq!(refused, ["release call-1", "settle accept already-in-call call-1"]);
    assert_eq!(bob.gets(ended(CALL, EndReason::Busy)), ["hear ended call-1 busy"]);
    bob.watch.is_over();
}

#[test]
fn an_accept_that_is_hung_up_before_its_reply_has_come_too_late() {
    let mut bob = callee(CallState::Ringing);
    bob.accept(CALL);
    assert_eq!(bob.hangup(CALL), ["release call-1", "send #2 hangup call-1"]);
    let reply = done_with(1, call(CALL, CallState::Connecting));
    assert_eq!(bob.gets(reply), ["hear connecting call-1", "settle accept call-ended call-1"]);
    assert_eq!(bob.gets(done(2)), ["settle hangup ok"]);
}

#[test]
fn toggling_is_mirrored_once_the_server_has_done_it() {
    let mut alice = caller(CallState::Connected);
    assert_eq!(alice.toggle(CALL, false), ["send #2 toggle call-1 audio=false"]);
    assert_eq!(muted(&alice), [("alice", false), ("bob", false)], "not yet");
    assert_eq!(alice.gets(done(2)), ["settle toggle ok"]);
    assert_eq!(muted(&alice), [("alice", true), ("bob", false)]);

    alice.toggle(CALL, true);
    assert_eq!(alice.gets(refused(3, ErrorCode::LimitExceeded)), ["settle toggle limit-exceeded call-1"]);
    assert_eq!(muted(&alice), [("alice", true), ("bob", false)], "it was not done");
}

#[test]
fn what_another_toggles_is_told_and_mirrored() {
    let mut alice = caller(CallState::Connected);
    assert_eq!(alice.gets(media(CALL, "bob", false)), ["hear media call-1 bob audio=false"]);
    assert_eq!(muted(&alice), [("alice", false), ("bob", true)]);
}

#[test]
fn toggling_is_for_who_is_in_the_call() {
    assert_eq!(callee(CallState::Ringing).toggle(CALL, true), ["settle toggle invalid-state call-1"]);
    let mut alice = caller(CallState::Connected);
    alice.hangup(CALL);
    assert_eq!(alice.toggle(CALL, true), ["settle toggle invalid-state call-1"]);
}

#[test]
fn every_code_of_the_server_has_one_of_the_sdk() {
    for code in ErrorCode::ALL {
        let expected = match code {
            ErrorCode::Malformed | ErrorCode::UnknownEvent | ErrorCode::SessionState => "protocol",
            ErrorCode::InvalidArgument => "invalid-argument",
            ErrorCode::UnknownCall => "unknown-call",
            ErrorCode::InvalidState => "invalid-state",
            ErrorCode::AlreadyInCall => "already-in-call",
            ErrorCode::AlreadyRinging => "already-ringing",
            ErrorCode::NotOwner => "not-owner",
            ErrorCode::LimitExceeded => "limit-exceeded",
            ErrorCode::Unauthorized => "unauthorized",
        };
        let mut alice = Solo::connected("alice");
        alice.initiate("bob");
        assert_eq!(alice.gets(refused(1, *code)), [format!("settle initiate {expected}")]);
    }
}

#[test]
fn a_reply_that_says_nothing_is_a_fault_of_the_protocol() {
    let nothing = |id| ServerMessage::Reply(Reply { id, ok: None, error: None });
    let mut alice = Solo::connected("alice");
    alice.initiate("bob");
    assert_eq!(alice.gets(nothing(1)), ["settle initiate protocol"]);
    alice.initiate("bob");
    assert_eq!(alice.gets(done(2)), ["settle initiate protocol"], "where is the call?");

    for reply in [nothing, done] {
        let mut bob = callee(CallState::Ringing);
        bob.accept(CALL);
        assert_eq!(bob.gets(reply(1)), ["release call-1", "settle accept protocol call-1"]);
    }
}

#[test]
fn a_reply_that_nobody_waits_for_changes_nothing() {
    let mut alice = caller(CallState::Connected);
    assert_eq!(alice.gets(done(1)), NOTHING, "it was answered before");
    assert_eq!(alice.gets(done_with(9, call("call-9", CallState::Initiating))), NOTHING);
    assert_eq!(alice.calls(), ["call-1 connected"]);
}

#[test]
fn replies_may_come_in_any_order() {
    let mut alice = caller(CallState::Connected);
    alice.toggle(CALL, false);
    alice.hangup(CALL);
    assert_eq!(alice.gets(done(3)), ["settle hangup ok"]);
    assert_eq!(alice.gets(refused(2, ErrorCode::UnknownCall)), ["settle toggle unknown-call call-1"]);
    alice.watch.is_settled();
}

#[test]
fn an_error_is_told_where_the_call_still_matters() {
    let mut alice = caller(CallState::Connected);
    let (limit, unknown) = (ErrorCode::LimitExceeded, ErrorCode::UnknownCall);
    assert_eq!(alice.gets(error(limit, None)), ["hear error limit-exceeded"]);
    assert_eq!(alice.gets(error(limit, Some(CALL))), ["hear error limit-exceeded call-1"]);
    assert_eq!(alice.gets(error(unknown, Some("call-9"))), NOTHING);
    alice.hangup(CALL);
    assert_eq!(alice.gets(error(unknown, Some(CALL))), NOTHING, "signals cross the end of their call");
}

#[test]
fn whether_this_device_is_in_a_call_is_known() {
    let id = toggle(CALL, true).call_id;
    assert!(!callee(CallState::Ringing).session.is_engaged_in(&id));
    assert!(callee(CallState::Connecting).session.is_engaged_in(&id));
    let mut alice = caller(CallState::Ringing);
    assert!(alice.session.is_engaged_in(&id));
    alice.hangup(CALL);
    assert!(!alice.session.is_engaged_in(&id));
}

/// Who is in the call, and whether their microphone is off.
fn muted(solo: &Solo) -> Vec<(&str, bool)> {
    let call = solo.session.calls().next().expect("there is a call");
    call.participants.iter().map(|one| (one.user_id.as_str(), one.audio_muted)).collect()
}
