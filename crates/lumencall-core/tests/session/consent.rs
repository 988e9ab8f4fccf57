//! Nothing before accept, and the answer together with it.

use lumencall_core::CallState;
use lumencall_core::session::Action;
use lumencall_core::wire::{ClientFrame, Command, ConnectionState, DescriptionType};

use crate::scene::{callee, caller};
use crate::solo::{NOTHING, Solo};
use crate::values::{
    CALL, answer, call, candidate, done, done_with, incoming, local_candidate, media, offer, sdp, state,
};

#[test]
fn i1_a_call_that_rings_touches_nothing_and_sends_nothing() {
    let mut bob = Solo::connected("bob");
    assert_eq!(bob.gets(incoming(CALL)), ["hear incoming call-1 ringing"]);
    assert_eq!(bob.gets(offer(CALL, "alice", "o1")), NOTHING, "a sealed offer is kept, unread");
    assert_eq!(bob.gets(candidate(CALL, "alice", "c1")), NOTHING);
    assert_eq!(bob.gets(answer(CALL, "alice", "a1")), NOTHING);
    assert_eq!(bob.gets(media(CALL, "alice", false)), ["hear media call-1 alice audio=false"]);
    assert_eq!(bob.waits(24_999), NOTHING);
    assert_eq!(bob.waits(1), ["send #1 ping"], "that is for the connection");
}

#[test]
fn i2_what_a_browser_said_of_a_call_that_rings_would_go_nowhere() {
    let mut bob = callee(CallState::Ringing);
    assert_eq!(bob.offers(CALL, "alice", "o1"), NOTHING);
    assert_eq!(bob.answers(CALL, "alice", "a1"), NOTHING);
    assert_eq!(bob.gathers(CALL, "alice", "c1"), NOTHING);
    assert_eq!(bob.applies(CALL, "alice"), NOTHING);
    assert_eq!(bob.stands(CALL, "alice", ConnectionState::Connected), NOTHING);
    for kind in DescriptionType::ALL {
        assert_eq!(bob.cannot_negotiate(CALL, "alice", *kind), NOTHING);
    }
    assert_eq!(bob.needs(CALL, "alice"), NOTHING);
    assert_eq!(bob.network(true), ["send #1 ping"], "that is for the connection to the server");
}

#[test]
fn i1_the_accept_goes_first_and_the_answer_waits_for_no_frame() {
    let mut bob = callee(CallState::Ringing);
    let accepted = ["send #1 accept call-1", "open-peer call-1 alice video", "answer call-1 alice o1"];
    assert_eq!(bob.accept(CALL), accepted);
    assert_eq!(bob.applies(CALL, "alice"), NOTHING);
    assert_eq!(bob.answers(CALL, "alice", "a1"), ["send answer call-1 alice a1"]);
    assert_eq!(bob.gathers(CALL, "alice", "b1"), ["send candidate call-1 alice b1"]);

    // Only now does the server say anything.
    let reply = done_with(1, call(CALL, CallState::Connecting));
    assert_eq!(bob.gets(reply), ["hear connecting call-1", "settle accept ok call-1 connecting"]);
    assert_eq!(bob.gets(state(CALL, CallState::Connecting)), NOTHING, "it is told once");
    assert_eq!(bob.gets(candidate(CALL, "alice", "c1")), ["add-candidate call-1 alice c1"]);
}

#[test]
fn a_newer_sealed_offer_takes_the_place_of_the_older() {
    let mut bob = callee(CallState::Ringing);
    bob.gets(offer(CALL, "alice", "o2"));
    assert_eq!(bob.accept(CALL)[1..], ["open-peer call-1 alice video", "answer call-1 alice o2"]);
}

#[test]
fn an_offer_that_comes_after_the_accept_is_answered_when_it_comes() {
    // It crosses the accept, or its caller was written from the seed alone and offers only then.
    for replied in [false, true] {
        let mut bob = Solo::connected("bob");
        bob.gets(incoming(CALL));
        assert_eq!(bob.accept(CALL), ["send #1 accept call-1"]);
        if replied {
            bob.gets(done_with(1, call(CALL, CallState::Connecting)));
            bob.gets(state(CALL, CallState::Connecting));
        }
        let answered = ["open-peer call-1 alice video", "answer call-1 alice o1"];
        assert_eq!(bob.gets(offer(CALL, "alice", "o1")), answered);
        assert_eq!(bob.answers(CALL, "alice", "a1"), ["send answer call-1 alice a1"]);
    }
}

#[test]
fn a_call_that_was_declined_is_not_answered() {
    let mut bob = callee(CallState::Ringing);
    assert_eq!(bob.reject(CALL), ["send #1 reject call-1"]);
    assert_eq!(bob.gets(offer(CALL, "alice", "o2")), NOTHING);
    assert_eq!(bob.accept(CALL), ["settle accept invalid-state call-1"]);
    assert_eq!(bob.reject(CALL), ["settle reject invalid-state call-1"]);
    assert_eq!(bob.gets(done(1)), ["settle reject ok"]);
}

#[test]
fn accepting_one_call_takes_nothing_from_another_that_rings() {
    let mut bob = callee(CallState::Ringing);
    bob.gets(incoming("call-2"));
    bob.gets(offer("call-2", "alice", "o2"));
    let accepted = ["send #1 accept call-2", "open-peer call-2 alice video", "answer call-2 alice o2"];
    assert_eq!(bob.accept("call-2"), accepted);
    assert_eq!(bob.gets(offer(CALL, "alice", "o3")), NOTHING);
    assert_eq!(bob.gathers(CALL, "alice", "b1"), NOTHING);
}

#[test]
fn i2_an_offer_is_sealed_before_the_answer_and_never_after() {
    let mut alice = caller(CallState::Initiating);
    assert_eq!(alice.offers(CALL, "bob", "o1"), ["send offer call-1 bob o1 sealed"]);
    for after in [CallState::Connected, CallState::Reconnecting] {
        let mut alice = caller(after);
        assert_eq!(alice.needs(CALL, "bob"), ["make-offer call-1 bob"]);
        assert_eq!(alice.offers(CALL, "bob", "o3"), ["send offer call-1 bob o3"]);
        let mut alice = caller(after);
        assert_eq!(alice.gets(offer(CALL, "bob", "o4")), ["answer call-1 bob o4"]);
        assert_eq!(alice.answers(CALL, "bob", "a4"), ["send answer call-1 bob a4"], "no answer is sealed");
    }
}

#[test]
fn what_is_sent_to_another_is_complete_and_as_the_browser_wrote_it() {
    let mut alice = caller(CallState::Initiating);
    let session = &mut alice.session;
    session.handle_local_description(
        2000,
        &crate::values::call_id(CALL),
        &crate::values::user("bob"),
        DescriptionType::Offer,
        sdp("o1").into(),
        Some("stream-1".into()),
    );
    session.handle_local_candidate(local_candidate(CALL, "bob", "c1"));
    let sent: Vec<_> = std::iter::from_fn(|| session.poll_action()).collect();
    let frames: Vec<&ClientFrame> = sent
        .iter()
        .filter_map(|action| match action {
            Action::Send(frame) => Some(&**frame),
            _ => None,
        })
        .collect();
    let [
        ClientFrame { id: None, command: Command::Offer(offer) },
        ClientFrame { id: None, command: Command::Candidate(candidate) },
    ] = &frames[..]
    else {
        panic!("an offer and a candidate, not {sent:?}");
    };
    assert_eq!(offer.from_user_id, Some(crate::values::user("alice")));
    assert_eq!(offer.to_user_id, crate::values::user("bob"));
    assert_eq!((offer.kind, offer.sdp.reveal()), (DescriptionType::Offer, &*sdp("o1")));
    let from = Some(crate::values::user("alice"));
    assert_eq!((offer.round, offer.screen.as_deref()), (Some(1), Some("stream-1")));
    assert_eq!((offer.sealed, offer.renegotiation, offer.incarnation), (Some(true), None, None));
    let expected =
        lumencall_core::wire::IceCandidate { from_user_id: from, ..local_candidate(CALL, "bob", "c1") };
    assert_eq!(*candidate, expected);
}
