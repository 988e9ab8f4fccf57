//! A candidate never comes before its description.

use lumencall_core::CallState;

use crate::scene::{callee, caller};
use crate::solo::NOTHING;
use crate::values::{CALL, answer, candidate, left};

/// The most candidates that wait for a description; the server lets no more through.
const MOST_WAITING: usize = 200;

#[test]
fn i20_candidates_wait_for_the_offer_to_be_applied_and_keep_their_order() {
    let mut bob = callee(CallState::Connecting);
    for text in ["c1", "c2", "c3"] {
        assert_eq!(bob.gets(candidate(CALL, "alice", text)), NOTHING);
    }
    assert_eq!(bob.answers(CALL, "alice", "a1"), ["send answer call-1 alice a1"]);
    let added = ["c1", "c2", "c3"].map(|text| format!("add-candidate call-1 alice {text}"));
    assert_eq!(bob.applies(CALL, "alice"), added);
    assert_eq!(bob.gets(candidate(CALL, "alice", "c4")), ["add-candidate call-1 alice c4"]);
    assert_eq!(bob.applies(CALL, "alice"), NOTHING, "each is added once");
}

#[test]
fn i20_candidates_wait_for_the_answer_to_be_applied() {
    let mut alice = caller(CallState::Connecting);
    assert_eq!(alice.gets(candidate(CALL, "bob", "b1")), NOTHING);
    assert_eq!(alice.gets(answer(CALL, "bob", "a1")), ["apply-answer call-1 bob a1"]);
    assert_eq!(alice.gets(candidate(CALL, "bob", "b2")), NOTHING, "the answer is being applied");
    let added = ["add-candidate call-1 bob b1", "add-candidate call-1 bob b2"];
    assert_eq!(alice.applies(CALL, "bob"), added);
}

#[test]
fn i29_no_more_candidates_wait_than_a_generation_may_have() {
    let mut bob = callee(CallState::Connecting);
    for number in 0..=MOST_WAITING {
        bob.gets(candidate(CALL, "alice", &format!("c{number}")));
    }
    let added = bob.applies(CALL, "alice");
    assert_eq!(added.len(), MOST_WAITING);
    assert_eq!(added[MOST_WAITING - 1], format!("add-candidate call-1 alice c{}", MOST_WAITING - 1));
}

#[test]
fn a_candidate_from_one_who_is_no_peer_goes_nowhere() {
    let mut alice = caller(CallState::Connected);
    assert_eq!(alice.gets(candidate(CALL, "carol", "c1")), NOTHING);
    assert_eq!(alice.gets(candidate("call-9", "bob", "c1")), NOTHING);
    assert_eq!(alice.gathers(CALL, "carol", "a1"), NOTHING);
    assert_eq!(alice.gathers("call-9", "bob", "a1"), NOTHING);
}

#[test]
fn candidates_of_one_who_left_are_forgotten() {
    let mut alice = caller(CallState::Connecting);
    alice.gets(candidate(CALL, "bob", "b1"));
    assert_eq!(alice.gets(left(CALL, "bob")), ["close-peer call-1 bob", "hear left call-1 bob"]);
    assert_eq!(alice.applies(CALL, "bob"), NOTHING);
    assert_eq!(alice.gets(candidate(CALL, "bob", "b2")), NOTHING);
    assert_eq!(alice.gathers(CALL, "bob", "a1"), NOTHING);
}

#[test]
fn i11_after_a_hang_up_no_candidate_goes_anywhere() {
    let mut bob = callee(CallState::Connecting);
    bob.gets(candidate(CALL, "alice", "c1"));
    bob.hangup(CALL);
    assert_eq!(bob.applies(CALL, "alice"), NOTHING);
    assert_eq!(bob.gets(candidate(CALL, "alice", "c2")), NOTHING);
    assert_eq!(bob.gathers(CALL, "alice", "b1"), NOTHING);
}
