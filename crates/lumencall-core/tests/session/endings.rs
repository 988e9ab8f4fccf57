//! A call ends once, and everything that was open for it is closed before anybody hears so.

use lumencall_core::wire::DescriptionType;
use lumencall_core::{CallState, EndReason, ErrorCode};

use crate::scene::{OF_CALLEE, OF_CALLER, callee, caller};
use crate::solo::{NOTHING, Solo};
use crate::values::{
    CALL, answer, answered_elsewhere, candidate, done, ended, incoming, joined, left, media, offer, refused,
    state,
};

/// The reasons for which a call may end in this state.
fn reasons(state: CallState) -> &'static [EndReason] {
    match state {
        CallState::Initiating => &[EndReason::Missed, EndReason::Busy, EndReason::Cancelled],
        CallState::Ringing => {
            &[EndReason::Rejected, EndReason::Missed, EndReason::Busy, EndReason::Cancelled]
        }
        CallState::Connecting | CallState::Connected | CallState::Reconnecting => {
            &[EndReason::Completed, EndReason::Failed]
        }
        CallState::Idle | CallState::Ended => &[],
    }
}

/// What is concluded of a call that failed.
fn cause(state: CallState, reason: EndReason) -> &'static str {
    match (reason, state) {
        (EndReason::Failed, CallState::Connecting | CallState::Connected | CallState::Reconnecting) => {
            " no-turn-configured"
        }
        _ => "",
    }
}

#[test]
fn i4_everything_is_closed_before_the_app_hears_of_the_end() {
    for state in OF_CALLER {
        for reason in reasons(state) {
            let mut alice = caller(state);
            let heard = format!("hear ended call-1 {}{}", reason.as_str(), cause(state, *reason));
            assert_eq!(alice.gets(ended(CALL, *reason)), ["release call-1", &heard]);
            assert_eq!(alice.calls(), NOTHING);
            alice.watch.is_over();
        }
    }
    for state in &OF_CALLEE[1..] {
        for reason in reasons(*state) {
            let mut bob = callee(*state);
            let heard = format!("hear ended call-1 {}{}", reason.as_str(), cause(*state, *reason));
            assert_eq!(bob.gets(ended(CALL, *reason)), ["release call-1", &heard]);
            bob.watch.is_over();
        }
    }
}

#[test]
fn i17_a_call_that_only_rang_ends_with_nothing_to_close() {
    for reason in reasons(CallState::Ringing) {
        let mut bob = callee(CallState::Ringing);
        assert_eq!(bob.gets(ended(CALL, *reason)), [format!("hear ended call-1 {}", reason.as_str())]);
        bob.watch.is_over();
    }
    let mut bob = callee(CallState::Ringing);
    assert_eq!(bob.gets(answered_elsewhere(CALL)), ["hear ended call-1 completed elsewhere"]);
    bob.watch.is_over();
}

#[test]
fn i33_a_state_is_told_once() {
    let mut alice = caller(CallState::Ringing);
    assert_eq!(alice.gets(state(CALL, CallState::Ringing)), NOTHING);
    assert_eq!(alice.gets(state(CALL, CallState::Connecting)), ["hear connecting call-1"]);
    assert_eq!(alice.gets(state(CALL, CallState::Connecting)), NOTHING);
    assert_eq!(alice.gets(ended(CALL, EndReason::Failed)).len(), 2);
    assert_eq!(alice.gets(ended(CALL, EndReason::Failed)), NOTHING);
    assert_eq!(alice.gets(ended(CALL, EndReason::Completed)), NOTHING);
}

#[test]
fn i11_nothing_of_a_call_is_told_or_done_after_its_end() {
    let late = [
        state(CALL, CallState::Connected),
        joined(CALL, "bob"),
        left(CALL, "bob"),
        media(CALL, "bob", false),
        offer(CALL, "bob", "o2"),
        answer(CALL, "bob", "a2"),
        candidate(CALL, "bob", "b2"),
    ];
    let mut alice = caller(CallState::Connected);
    alice.gets(ended(CALL, EndReason::Completed));
    for message in late {
        assert_eq!(alice.gets(message), NOTHING);
    }
    assert_eq!(alice.offers(CALL, "bob", "o3"), NOTHING);
    assert_eq!(alice.gathers(CALL, "bob", "a3"), NOTHING);
    assert_eq!(alice.cannot_negotiate(CALL, "bob", DescriptionType::Answer), NOTHING);
}

#[test]
fn i4_hanging_up_closes_everything_at_once_and_asks_nobody() {
    for state in OF_CALLER {
        let mut alice = caller(state);
        // Of one that does not stand, the server was asked for a sign of life.
        let number = if state == CallState::Reconnecting { 3 } else { 2 };
        let over = ["release call-1".to_owned(), format!("send #{number} hangup call-1")];
        assert_eq!(alice.hangup(CALL), over, "{state:?}");
        assert_eq!(alice.gets(done(number)), ["settle hangup ok"]);
        let reason = reasons(state)
            .iter()
            .find(|reason| matches!(reason, EndReason::Cancelled | EndReason::Completed));
        let reason = *reason.expect("a hang-up is a reason in every state");
        let heard = format!("hear ended call-1 {}", reason.as_str());
        assert_eq!(alice.gets(ended(CALL, reason)), [heard], "what was closed is not closed again");
        alice.watch.is_over();
    }
}

#[test]
fn one_who_has_hung_up_negotiates_no_more() {
    let mut alice = caller(CallState::Connecting);
    alice.hangup(CALL);
    assert_eq!(alice.gets(answer(CALL, "bob", "a1")), NOTHING);
    assert_eq!(alice.gets(offer(CALL, "bob", "o1")), NOTHING);
    assert_eq!(alice.gets(left(CALL, "bob")), ["hear left call-1 bob"]);
}

#[test]
fn a_ring_can_be_hung_up_too() {
    let mut bob = callee(CallState::Ringing);
    assert_eq!(bob.hangup(CALL), ["send #1 hangup call-1"], "nothing was open");
    assert_eq!(bob.gets(done(1)), ["settle hangup ok"]);
    assert_eq!(bob.gets(ended(CALL, EndReason::Rejected)), ["hear ended call-1 rejected"]);
    bob.watch.is_over();
}

#[test]
fn hanging_up_a_call_that_ends_meanwhile_is_no_error() {
    let mut alice = caller(CallState::Connected);
    assert_eq!(alice.hangup(CALL), ["release call-1", "send #2 hangup call-1"]);
    assert_eq!(alice.hangup(CALL), ["send #3 hangup call-1"]);
    assert_eq!(alice.gets(ended(CALL, EndReason::Failed)), ["hear ended call-1 failed"]);
    assert_eq!(alice.gets(refused(2, ErrorCode::UnknownCall)), ["settle hangup ok"]);
    assert_eq!(alice.gets(refused(3, ErrorCode::UnknownCall)), ["settle hangup ok"]);
    assert_eq!(alice.hangup(CALL), ["settle hangup ok"]);

    let mut bob = callee(CallState::Ringing);
    bob.reject(CALL);
    assert_eq!(bob.gets(ended(CALL, EndReason::Cancelled)), ["hear ended call-1 cancelled"]);
    assert_eq!(bob.gets(refused(1, ErrorCode::UnknownCall)), ["settle reject ok"]);
}

#[test]
fn a_hang_up_that_the_server_refuses_for_another_reason_is_an_error() {
    let mut alice = caller(CallState::Connected);
    alice.hangup(CALL);
    assert_eq!(alice.gets(refused(2, ErrorCode::LimitExceeded)), ["settle hangup limit-exceeded call-1"]);
}

#[test]
fn i29_only_the_latest_ended_calls_are_remembered() {
    let mut bob = Solo::connected("bob");
    let names: Vec<String> = (0..17).map(|number| format!("old-{number}")).collect();
    for name in &names {
        bob.gets(incoming(name));
        bob.gets(ended(name, EndReason::Cancelled));
    }
    assert_eq!(bob.hangup(&names[0]), [format!("settle hangup unknown-call {}", names[0])]);
    assert_eq!(bob.hangup(&names[1]), ["settle hangup ok"]);
    assert_eq!(bob.hangup(&names[16]), ["settle hangup ok"]);
}
