//! A call of several, as one session sees it.

use lumencall_core::wire::{CalleeOutcome, ConnectionState, DescriptionType};
use lumencall_core::{CallState, EndReason, ErrorCode, Timestamp};

use crate::scene::{callee, caller};
use crate::solo::{NOTHING, Solo};
use crate::values::{
    CALL, answer, call, callee_changed, candidate, done, done_with, elsewhere, ended, error, group,
    incoming_group, joined, left, offer, participant_changed, refused, refused_about, state,
};

/// Alice, who calls Bob and Carol. Her first command was number 1.
fn calls_two() -> Solo {
    let mut alice = Solo::connected("alice");
    alice.initiate_several(&["bob", "carol"]);
    alice.gets(done_with(1, group(CALL, CallState::Initiating, &["alice"])));
    alice.gets(state(CALL, CallState::Ringing));
    alice
}

/// Who is in the call, and who is called, as the session knows it.
fn known(solo: &Solo) -> (Vec<&str>, Vec<&str>) {
    let call = solo.session.calls().next().expect("there is a call");
    let inside = call.participants.iter().map(|one| one.user_id.as_str()).collect();
    (inside, call.callee_ids.iter().map(|callee| callee.as_str()).collect())
}

#[test]
fn the_caller_offers_to_each_callee_at_once_and_sealed() {
    let mut alice = Solo::connected("alice");
    assert_eq!(alice.initiate_several(&["bob", "carol"]), ["send #1 initiate bob carol"]);
    let made = [
        "open-peer call-1 bob video",
        "make-offer call-1 bob",
        "open-peer call-1 carol video",
        "make-offer call-1 carol",
        "settle initiate ok call-1 initiating",
    ];
    assert_eq!(alice.gets(done_with(1, group(CALL, CallState::Initiating, &["alice"]))), made);
    assert_eq!(alice.offers(CALL, "carol", "o2"), ["send offer call-1 carol o2 sealed"]);
    assert_eq!(alice.offers(CALL, "bob", "o1"), ["send offer call-1 bob o1 sealed"]);
}

#[test]
fn i2_an_offer_is_sealed_until_its_receiver_is_in_the_call() {
    let mut alice = calls_two();
    alice.gets(state(CALL, CallState::Connecting));
    alice.gets(joined(CALL, "bob"));
    assert_eq!(alice.offers(CALL, "bob", "o1"), ["send offer call-1 bob o1"]);
    assert_eq!(alice.offers(CALL, "carol", "o2"), ["send offer call-1 carol o2 sealed"], "she rings");
}

#[test]
fn the_caller_offers_to_nobody_twice_when_they_join() {
    let mut alice = calls_two();
    alice.gets(state(CALL, CallState::Connecting));
    assert_eq!(alice.gets(joined(CALL, "bob")), ["hear joined call-1 bob"]);
    assert_eq!(alice.gets(joined(CALL, "carol")), ["hear joined call-1 carol"]);
    assert_eq!(known(&alice).0, ["alice", "bob", "carol"]);
}

#[test]
fn who_is_in_the_call_offers_to_who_joins() {
    let mut bob = callee(CallState::Connected);
    let offers = ["open-peer call-1 carol video", "make-offer call-1 carol", "hear joined call-1 carol"];
    assert_eq!(bob.gets(joined(CALL, "carol")), offers);
    assert_eq!(
        bob.offers(CALL, "carol", "o1"),
        ["send offer call-1 carol o1"],
        "she is there, so it is not sealed"
    );
    assert_eq!(bob.gets(joined(CALL, "carol")), ["hear joined call-1 carol"], "and offers once");
    assert_eq!(known(&bob), (vec!["alice", "bob", "carol"], vec!["bob", "carol"]));
}

#[test]
fn who_joins_offers_to_nobody_and_answers_each() {
    let mut carol = Solo::connected("carol");
    carol.gets(incoming_group(CALL, &["alice", "bob"]));
    assert_eq!(carol.accept(CALL), ["send #1 accept call-1"]);
    let reply = done_with(1, group(CALL, CallState::Connected, &["alice", "bob", "carol"]));
    let way = ["hear connecting call-1", "hear connected call-1", "settle accept ok call-1 connected"];
    assert_eq!(carol.gets(reply), way);
    for there in ["bob", "alice"] {
        let answered = [format!("open-peer call-1 {there} video"), format!("answer call-1 {there} o1")];
        assert_eq!(carol.gets(offer(CALL, there, "o1")), answered);
        assert_eq!(carol.answers(CALL, there, "a1"), [format!("send answer call-1 {there} a1")]);
    }
}

#[test]
fn i33_who_joins_late_sees_the_states_on_the_way() {
    use CallState::{Connected, Connecting, Reconnecting};
    let cases: [(CallState, &[&str]); 3] = [
        (Connecting, &["hear connecting call-1"]),
        (Connected, &["hear connecting call-1", "hear connected call-1"]),
        (Reconnecting, &["hear connecting call-1", "hear connected call-1", "hear reconnecting call-1"]),
    ];
    for (now, way) in cases {
        let mut carol = Solo::connected("carol");
        carol.gets(incoming_group(CALL, &["alice", "bob"]));
        carol.accept(CALL);
        let heard = carol.gets(done_with(1, group(CALL, now, &["alice", "bob", "carol"])));
        let (settled, told) = heard.split_last().expect("it is settled");
        assert_eq!(told, way);
        assert_eq!(settled, &format!("settle accept ok call-1 {}", now.as_str()));
        assert_eq!(carol.gets(state(CALL, now)), NOTHING, "it is told once");
        let at = carol.session.calls().next().and_then(|call| call.answered_at.clone());
        assert_eq!(at, call(CALL, now).answered_at, "when the first answered, not when Carol did");
    }
}

#[test]
fn i33_who_leaves_before_the_reply_to_a_late_accept_sees_declared_states_all_the_same() {
    let mut carol = Solo::connected("carol");
    carol.gets(incoming_group(CALL, &["alice", "bob"]));
    carol.accept(CALL);
    assert_eq!(carol.hangup(CALL), ["release call-1", "send #2 hangup call-1"]);
    let reply = done_with(1, group(CALL, CallState::Connected, &["alice", "bob", "carol"]));
    let way = ["hear connecting call-1", "hear connected call-1", "settle accept call-ended call-1"];
    assert_eq!(carol.gets(reply), way);
    assert_eq!(carol.gets(offer(CALL, "alice", "o1")), NOTHING);
    carol.gets(done(2));
    assert_eq!(carol.gets(ended(CALL, EndReason::Completed)), ["hear ended call-1 completed"]);
    carol.watch.is_over();
}

#[test]
fn who_joins_late_knows_everybody_by_the_reply() {
    let mut carol = Solo::connected("carol");
    carol.gets(incoming_group(CALL, &["alice"]));
    carol.accept(CALL);
    let mut now = group(CALL, CallState::Connecting, &["alice", "bob", "carol"]);
    now.participants[0].audio_muted = true;
    now.participants[1].screen_sharing = true;
    carol.gets(done_with(1, now.clone()));
    assert_eq!(carol.session.calls().next(), Some(&now));
}

#[test]
fn a_callee_who_is_out_closes_the_connection_that_was_made_for_them() {
    for outcome in [CalleeOutcome::Rejected, CalleeOutcome::Missed, CalleeOutcome::Busy] {
        let mut alice = calls_two();
        let told =
            ["close-peer call-1 bob".to_owned(), format!("hear callee call-1 bob {}", outcome.as_str())];
        assert_eq!(alice.gets(callee_changed(CALL, "bob", outcome)), told);
        assert_eq!(known(&alice), (vec!["alice"], vec!["carol"]));
        assert_eq!(alice.offers(CALL, "carol", "o2"), ["send offer call-1 carol o2 sealed"]);
    }
}

#[test]
fn one_who_is_added_is_called_and_offered_to_when_they_join() {
    let mut alice = caller(CallState::Connected);
    let added = callee_changed(CALL, "carol", CalleeOutcome::Ringing);
    assert_eq!(alice.gets(added), ["hear callee call-1 carol ringing"]);
    assert_eq!(known(&alice), (vec!["alice", "bob"], vec!["bob", "carol"]));
    let offers = ["open-peer call-1 carol video", "make-offer call-1 carol", "hear joined call-1 carol"];
    assert_eq!(alice.gets(joined(CALL, "carol")), offers);
}

#[test]
fn one_who_left_and_is_back_is_negotiated_with_afresh() {
    let mut alice = caller(CallState::Connected);
    alice.gets(joined(CALL, "carol"));
    assert_eq!(alice.gets(left(CALL, "bob")), ["close-peer call-1 bob", "hear left call-1 bob"]);
    assert_eq!(known(&alice), (vec!["alice", "carol"], vec!["carol"]));
    alice.gets(callee_changed(CALL, "bob", CalleeOutcome::Ringing));
    assert_eq!(known(&alice), (vec!["alice", "carol"], vec!["carol", "bob"]));
    assert_eq!(alice.gets(answer(CALL, "bob", "a1")), NOTHING, "it is of the time before");
    let offers = ["open-peer call-1 bob video", "make-offer call-1 bob", "hear joined call-1 bob"];
    assert_eq!(alice.gets(joined(CALL, "bob")), offers);
    assert_eq!(alice.gets(candidate(CALL, "bob", "b1")), NOTHING, "it waits for a description");
    assert_eq!(alice.applies(CALL, "bob"), ["add-candidate call-1 bob b1"]);
}

#[test]
fn one_who_was_in_the_call_rings_for_it_again() {
    let mut bob = callee(CallState::Connected);
    bob.hangup(CALL);
    bob.gets(done(2));
    bob.gets(ended(CALL, EndReason::Completed));
    assert_eq!(bob.gets(incoming_group(CALL, &["alice", "carol"])), ["hear incoming call-1 ringing"]);
    assert_eq!(bob.accept(CALL), ["send #3 accept call-1"]);
    let reply = done_with(3, group(CALL, CallState::Connected, &["alice", "carol", "bob"]));
    assert_eq!(bob.gets(reply).last().map(String::as_str), Some("settle accept ok call-1 connected"));
    bob.gets(ended(CALL, EndReason::Completed));
    bob.watch.is_over();
}

#[test]
fn an_accept_that_the_server_reads_when_it_rings_anew_is_of_that_ring() {
    for in_time in [true, false] {
        let mut carol = Solo::connected("carol");
        carol.gets(incoming_group(CALL, &["alice", "bob"]));
        carol.accept(CALL);
        assert_eq!(
            carol.gets(ended(CALL, EndReason::Missed)),
            ["release call-1", "hear ended call-1 missed"]
        );
        carol.gets(incoming_group(CALL, &["alice", "bob"]));
        let reply = done_with(1, group(CALL, CallState::Connecting, &["alice", "bob", "carol"]));
        if in_time {
            let entered = ["hear connecting call-1", "settle accept ok call-1 connecting"];
            assert_eq!(carol.gets(reply), entered);
            let answered = ["open-peer call-1 alice video", "answer call-1 alice o1"];
            assert_eq!(carol.gets(offer(CALL, "alice", "o1")), answered);
        } else {
            assert_eq!(carol.waits(crate::solo::TIMEOUT), ["settle accept timeout"], "it is not declined");
            // Nobody waits for it any more. It is told, so that its end is that of a call which was answered.
            let left = ["hear connecting call-1", "release call-1", "send hangup call-1"];
            assert_eq!(carol.gets(reply), left);
            let over = ["hear ended call-1 completed"];
            assert_eq!(carol.gets(ended(CALL, EndReason::Completed)), over);
        }
    }
}

#[test]
fn an_offer_that_was_kept_of_one_who_has_left_is_dropped_with_the_reply() {
    // Alice has left, or has left and is back, while it rang at Carol, who has a sealed offer of hers.
    for back in [false, true] {
        let mut carol = Solo::connected("carol");
        carol.gets(incoming_group(CALL, &["alice"]));
        carol.gets(offer(CALL, "alice", "o1"));
        let accepts = ["send #1 accept call-1", "open-peer call-1 alice video", "answer call-1 alice o1"];
        assert_eq!(carol.accept(CALL), accepts);
        let mut now = group(
            CALL,
            CallState::Connecting,
            if back { &["bob", "alice", "carol"] } else { &["bob", "carol"] },
        );
        for one in now.participants.iter_mut().filter(|one| one.user_id.as_str() == "alice") {
            one.joined_at = Timestamp("2024-05-06T07:09:00.000Z".into());
        }
        let entered =
            ["close-peer call-1 alice", "hear connecting call-1", "settle accept ok call-1 connecting"];
        assert_eq!(carol.gets(done_with(1, now)), entered);
        assert_eq!(carol.answers(CALL, "alice", "a1"), NOTHING, "its answer is for nobody");
        let afresh = ["open-peer call-1 alice video", "answer call-1 alice o2"];
        assert_eq!(carol.gets(offer(CALL, "alice", "o2")), afresh);
    }
}

#[test]
fn an_offer_that_cannot_be_made_to_one_of_several_takes_nothing_from_the_others() {
    let mut alice = calls_two();
    let failed = ["hear error negotiation-failed call-1", "close-peer call-1 bob"];
    assert_eq!(alice.cannot_negotiate(CALL, "bob", DescriptionType::Offer), failed);
    assert_eq!(alice.offers(CALL, "carol", "o2"), ["send offer call-1 carol o2 sealed"]);
    alice.gets(state(CALL, CallState::Connecting));
    let again = ["open-peer call-1 bob video", "make-offer call-1 bob", "hear joined call-1 bob"];
    assert_eq!(alice.gets(joined(CALL, "bob")), again, "it is tried again when it matters");
    let failed = ["hear error negotiation-failed call-1", "send report call-1 bob failed"];
    assert_eq!(alice.cannot_negotiate(CALL, "bob", DescriptionType::Offer), failed);
}

#[test]
fn how_others_stand_and_where_else_the_user_is_are_told() {
    let mut alice = caller(CallState::Connected);
    let stands = participant_changed(CALL, "bob", ConnectionState::Reconnecting);
    assert_eq!(alice.gets(stands), ["hear stands call-1 bob reconnecting"]);
    assert_eq!(alice.gets(participant_changed("call-9", "bob", ConnectionState::Connected)), NOTHING);
    assert_eq!(alice.gets(callee_changed("call-9", "bob", CalleeOutcome::Busy)), NOTHING);
    let mut idle = Solo::connected("alice");
    assert_eq!(idle.gets(elsewhere("call-9", true)), ["hear elsewhere call-9 engaged"]);
    assert_eq!(idle.gets(elsewhere("call-9", false)), ["hear elsewhere call-9 free"]);
    assert_eq!(idle.calls(), NOTHING, "it is no call of this device");
}

#[test]
fn adding_and_removing_are_asked_of_the_server() {
    let mut alice = caller(CallState::Connected);
    assert_eq!(alice.add(CALL, "carol"), ["send #2 add call-1 carol"]);
    assert_eq!(alice.gets(done(2)), ["settle add ok"]);
    assert_eq!(known(&alice).1, ["bob"], "the event says what comes of it");
    assert_eq!(alice.remove(CALL, "bob"), ["send #3 remove call-1 bob"]);
    assert_eq!(alice.gets(refused(3, ErrorCode::NotOwner)), ["settle remove not-owner call-1"]);
    assert_eq!(alice.add(CALL, "dave"), ["send #4 add call-1 dave"]);
    assert_eq!(alice.gets(refused(4, ErrorCode::LimitExceeded)), ["settle add limit-exceeded call-1"]);
    assert_eq!(alice.add(CALL, "eve"), ["send #5 add call-1 eve"]);
    assert_eq!(alice.waits(crate::solo::TIMEOUT), ["settle add timeout"]);
    assert_eq!(alice.gets(done(5)), NOTHING);
}

#[test]
fn adding_and_removing_are_for_who_is_in_the_call() {
    let mut bob = callee(CallState::Ringing);
    assert_eq!(bob.add(CALL, "carol"), ["settle add invalid-state call-1"]);
    assert_eq!(bob.remove(CALL, "alice"), ["settle remove invalid-state call-1"]);
    assert_eq!(bob.add("call-9", "carol"), ["settle add unknown-call call-9"]);
    bob.gets(ended(CALL, EndReason::Cancelled));
    assert_eq!(bob.remove(CALL, "alice"), ["settle remove call-ended call-1"]);
    let mut alice = caller(CallState::Connected);
    alice.hangup(CALL);
    assert_eq!(alice.add(CALL, "carol"), ["settle add invalid-state call-1"]);
}

#[test]
fn who_is_told_to_answer_another_call_is_told_which() {
    let mut alice = Solo::connected("alice");
    alice.initiate_several(&["bob", "carol"]);
    let refused = refused_about(1, ErrorCode::AlreadyRinging, "call-9");
    assert_eq!(alice.gets(refused), ["settle initiate already-ringing call-9"]);
}

#[test]
fn what_crosses_a_member_who_leaves_is_no_error_to_anybody() {
    let mut alice = caller(CallState::Connected);
    for code in [ErrorCode::InvalidArgument, ErrorCode::InvalidState] {
        assert_eq!(alice.gets(error(code, Some(CALL))), NOTHING);
    }
    assert_eq!(alice.gets(error(ErrorCode::LimitExceeded, Some(CALL))), ["hear error limit-exceeded call-1"]);
}

#[test]
fn i4_the_end_of_a_group_closes_everything_at_once() {
    let mut alice = calls_two();
    alice.gets(state(CALL, CallState::Connecting));
    alice.gets(joined(CALL, "bob"));
    alice.gets(joined(CALL, "carol"));
    assert_eq!(alice.hangup(CALL), ["release call-1", "send #2 hangup call-1"]);
    assert_eq!(alice.gets(left(CALL, "bob")), ["hear left call-1 bob"], "there is no connection to close");
    assert_eq!(alice.gets(joined(CALL, "dave")), ["hear joined call-1 dave"], "and none to open");
    alice.gets(done(2));
    alice.gets(ended(CALL, EndReason::Completed));
    alice.watch.is_over();
}
