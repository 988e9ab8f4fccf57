//! Two who call each other, at the one whose call was later.

use lumencall_core::{CallState, EndReason, ErrorCode};

use crate::scene::callee;
use crate::solo::{NOTHING, Solo, TIMEOUT};
use crate::values::{CALL, call, candidate, done, done_with, ended, incoming, offer, refused, state};

#[test]
fn i13_an_initiate_that_meets_a_call_which_rings_is_its_accept() {
    let mut bob = callee(CallState::Ringing);
    assert_eq!(bob.initiate("alice"), ["send #1 initiate alice"]);
    let met = [
        "hear connecting call-1",
        "open-peer call-1 alice video",
        "answer call-1 alice o1",
        "settle initiate ok call-1 connecting",
    ];
    assert_eq!(bob.gets(done_with(1, call(CALL, CallState::Connecting))), met);
    assert_eq!(bob.gets(state(CALL, CallState::Connecting)), NOTHING, "it is told once");
    assert_eq!(bob.calls(), ["call-1 connecting"], "there is one call");
    assert_eq!(bob.answers(CALL, "alice", "a1"), ["send answer call-1 alice a1"]);
    assert_eq!(bob.gets(candidate(CALL, "alice", "c1")), NOTHING);
    assert_eq!(bob.applies(CALL, "alice"), ["add-candidate call-1 alice c1"]);
    assert_eq!(bob.initiate("carol"), ["settle initiate already-in-call"]);
}

#[test]
fn i13_without_an_offer_that_came_ahead_the_caller_s_is_awaited() {
    let mut bob = Solo::connected("bob");
    bob.gets(incoming(CALL));
    bob.initiate("alice");
    let met = ["hear connecting call-1", "settle initiate ok call-1 connecting"];
    assert_eq!(bob.gets(done_with(1, call(CALL, CallState::Connecting))), met);
    let answered = ["open-peer call-1 alice video", "answer call-1 alice o1"];
    assert_eq!(bob.gets(offer(CALL, "alice", "o1")), answered);
}

#[test]
fn i13_a_call_that_did_not_ring_here_yet_is_met_too() {
    let mut bob = Solo::connected("bob");
    bob.initiate("alice");
    let met = bob.gets(done_with(1, call(CALL, CallState::Connecting)));
    assert_eq!(met, ["settle initiate ok call-1 connecting"], "whoever asked has the call by that");
    assert_eq!(bob.gets(state(CALL, CallState::Connecting)), NOTHING);
    let answered = ["open-peer call-1 alice video", "answer call-1 alice o1"];
    assert_eq!(bob.gets(offer(CALL, "alice", "o1")), answered);
    assert_eq!(bob.gets(state(CALL, CallState::Connected)), ["hear connected call-1"]);
    assert_eq!(
        bob.gets(ended(CALL, EndReason::Completed)),
        ["release call-1", "hear ended call-1 completed"]
    );
    bob.watch.is_over();
}

#[test]
fn i1_a_call_that_was_declined_after_the_initiate_is_left() {
    for declines in [true, false] {
        let mut bob = callee(CallState::Ringing);
        bob.initiate("alice");
        let name = if declines { "reject" } else { "hangup" };
        let sent = if declines { bob.reject(CALL) } else { bob.hangup(CALL) };
        assert_eq!(sent, [format!("send #2 {name} call-1")]);
        let left = ["send hangup call-1", "settle initiate call-ended"];
        assert_eq!(
            bob.gets(done_with(1, call(CALL, CallState::Connecting))),
            left,
            "what was said last counts"
        );
        assert_eq!(bob.gets(state(CALL, CallState::Connecting)), ["hear connecting call-1"]);
        // The server let Bob in before it read the decline.
        let reply = if declines { refused(2, ErrorCode::InvalidState) } else { done(2) };
        assert_eq!(bob.gets(reply), [format!("settle {name} ok")]);
        assert_eq!(bob.gets(ended(CALL, EndReason::Completed)), ["hear ended call-1 completed"]);
        bob.watch.is_over();
    }
}

#[test]
fn i1_a_call_that_is_met_too_late_is_left() {
    let mut bob = callee(CallState::Ringing);
    bob.initiate("alice");
    assert_eq!(bob.waits(TIMEOUT), ["settle initiate timeout"]);
    assert_eq!(bob.gets(done_with(1, call(CALL, CallState::Connecting))), ["send hangup call-1"]);
    bob.gets(state(CALL, CallState::Connecting));
    assert_eq!(bob.gets(ended(CALL, EndReason::Completed)), ["hear ended call-1 completed"]);
    bob.watch.is_over();
}

#[test]
fn who_is_calling_cannot_accept_and_the_ring_goes_on_where_the_initiate_is_refused() {
    let mut bob = callee(CallState::Ringing);
    bob.initiate("alice");
    assert_eq!(bob.accept(CALL), ["settle accept already-in-call call-1"]);
    assert_eq!(bob.gets(refused(1, ErrorCode::AlreadyRinging)), ["settle initiate already-ringing"]);
    assert_eq!(bob.accept(CALL)[0], "send #2 accept call-1");
}
