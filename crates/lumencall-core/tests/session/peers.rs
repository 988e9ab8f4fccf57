//! Peer connections: what is negotiated, and what the server is told of them.

use lumencall_core::CallState;
use lumencall_core::wire::ConnectionState;
use lumencall_core::wire::DescriptionType::{Answer, Offer};

use crate::scene::{callee, caller};
use crate::solo::NOTHING;
use crate::values::{CALL, answer, left, offer};

#[test]
fn i34_a_connection_is_reported_once_for_each_change() {
    let mut alice = caller(CallState::Connecting);
    use ConnectionState::{Connected, Reconnecting};
    let report = |state: ConnectionState| [format!("send report call-1 bob {}", state.as_str())];
    for state in [Connected, Reconnecting, Connected, Reconnecting, Connected] {
        let mut lines = alice.stands(CALL, "bob", state);
        lines.retain(|line| !line.ends_with(" ping"));
        assert_eq!(lines, report(state));
        assert_eq!(alice.stands(CALL, "bob", state), NOTHING);
    }
    assert_eq!(alice.stands(CALL, "carol", Connected), NOTHING, "she is no peer");
    assert_eq!(alice.stands("call-9", "bob", Connected), NOTHING);
    alice.hangup(CALL);
    assert_eq!(alice.stands(CALL, "bob", Connected), NOTHING);
}

#[test]
fn a_negotiation_that_fails_is_told_to_the_app_and_to_the_server() {
    let mut alice = caller(CallState::Connecting);
    let failed = ["hear error negotiation-failed call-1", "send report call-1 bob failed"];
    assert_eq!(alice.cannot_negotiate(CALL, "bob", Answer), failed);
    assert_eq!(alice.cannot_negotiate(CALL, "carol", Answer), NOTHING);
    alice.hangup(CALL);
    let late = alice.cannot_negotiate(CALL, "bob", Answer);
    assert_eq!(late, NOTHING, "what was closed on purpose did not fail");
}

#[test]
fn a_caller_who_cannot_offer_gives_up_at_once() {
    // Where there can be no peer connection at all, there is neither offer nor answer.
    for (before, kind) in
        [(CallState::Initiating, Offer), (CallState::Initiating, Answer), (CallState::Ringing, Answer)]
    {
        let mut alice = caller(before);
        let over = ["hear error negotiation-failed call-1", "release call-1", "send hangup call-1"];
        assert_eq!(alice.cannot_negotiate(CALL, "bob", kind), over);
    }
    let mut bob = callee(CallState::Ringing);
    bob.accept(CALL);
    let failed = ["hear error negotiation-failed call-1", "send report call-1 alice failed"];
    assert_eq!(bob.cannot_negotiate(CALL, "alice", Answer), failed, "a callee has accepted by then");
}

#[test]
fn an_offer_in_a_call_is_answered_over_the_connection_that_there_is() {
    let mut alice = caller(CallState::Connected);
    assert_eq!(alice.gets(offer(CALL, "bob", "o2")), ["answer call-1 bob o2"]);
    let mut bob = callee(CallState::Connected);
    assert_eq!(bob.gets(offer(CALL, "alice", "o2")), ["answer call-1 alice o2"]);
}

#[test]
fn an_answer_is_applied_where_there_is_a_connection_to_its_sender() {
    let mut alice = caller(CallState::Ringing);
    assert_eq!(alice.gets(answer(CALL, "carol", "a1")), NOTHING);
    assert_eq!(alice.gets(answer("call-9", "bob", "a1")), NOTHING);
    assert_eq!(alice.gets(answer(CALL, "bob", "a1")), ["apply-answer call-1 bob a1"]);
}

#[test]
fn who_leaves_takes_only_their_own_connection_along() {
    let mut alice = caller(CallState::Connected);
    assert_eq!(alice.gets(left(CALL, "carol")), ["hear left call-1 carol"]);
    assert_eq!(alice.gets(left(CALL, "bob")), ["close-peer call-1 bob", "hear left call-1 bob"]);
    let call = alice.session.calls().next().expect("the call goes on until the server says otherwise");
    let here: Vec<&str> = call.participants.iter().map(|one| one.user_id.as_str()).collect();
    assert_eq!(here, ["alice"]);
}
