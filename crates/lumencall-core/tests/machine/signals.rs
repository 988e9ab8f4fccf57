//! Signals between two who are in the call.

use lumencall_core::ErrorCode;
use lumencall_core::wire::{Command, ConnectionState, ServerEvent};

use crate::say::{self, CLEAN, GATHERED, accept, answer, candidate, initiate, offer, report, sdk, sealed};
use crate::scene::{CALL, in_state};
use crate::world::World;

fn connecting() -> World {
    in_state(lumencall_core::CallState::Connecting)
}

#[test]
fn i20_signals_arrive_in_the_order_in_which_they_were_sent() {
    let mut world = connecting();
    let (alice, bob) = (sdk("alice/1"), sdk("bob/1"));
    world.does(&alice, offer(CALL, "bob", CLEAN));
    for text in ["a1", "a2", ""] {
        world.does(&alice, candidate(CALL, "bob", text));
    }
    let heard = [
        "offer call-1 alice v=0",
        "candidate call-1 alice a1",
        "candidate call-1 alice a2",
        "candidate call-1 alice ",
    ];
    assert_eq!(world.heard(&bob), heard);
}

#[test]
fn i20_a_candidate_waits_for_the_description_that_it_belongs_to() {
    let mut world = connecting();
    let (alice, bob) = (sdk("alice/1"), sdk("bob/1"));
    world.does(&alice, candidate(CALL, "bob", "a1"));
    world.does(&alice, candidate(CALL, "bob", "a2"));
    assert!(world.hearers().is_empty());
    world.does(&alice, offer(CALL, "bob", CLEAN));
    let heard = ["offer call-1 alice v=0", "candidate call-1 alice a1", "candidate call-1 alice a2"];
    assert_eq!(world.heard(&bob), heard);
    // Each direction waits for its own.
    world.does(&bob, candidate(CALL, "alice", "b1"));
    assert!(world.hearers().is_empty());
    world.does(&bob, answer(CALL, "alice", CLEAN));
    assert_eq!(world.heard(&alice), ["answer call-1 bob v=0", "candidate call-1 bob b1"]);
}

#[test]
fn an_answer_needs_an_offer_of_the_other() {
    let mut world = connecting();
    world.does(&sdk("alice/1"), offer(CALL, "bob", CLEAN));
    assert_eq!(world.refuses(&sdk("alice/1"), answer(CALL, "bob", CLEAN)), ErrorCode::InvalidState);
    world.does(&sdk("bob/1"), answer(CALL, "alice", CLEAN));
    // Either may offer from here on.
    world.does(&sdk("bob/1"), offer(CALL, "alice", CLEAN));
    world.does(&sdk("alice/1"), answer(CALL, "bob", CLEAN));
}

#[test]
fn after_accept_a_seal_changes_nothing() {
    let mut world = connecting();
    world.does(&sdk("alice/1"), sealed(CALL, "bob", GATHERED));
    assert_eq!(world.heard(&sdk("bob/1")), ["offer call-1 alice sealed v=0"]);
    assert!(world.hearers().is_empty());
}

#[test]
fn i23_the_sender_is_who_the_server_knows_it_is() {
    let mut world = connecting();
    let claims = |name: Option<&str>| name.map(say::user);
    for claim in [Some("bob"), Some("carol"), Some("alice"), None] {
        let Command::Offer(mut claimed) = offer(CALL, "bob", CLEAN) else { panic!("it is an offer") };
        claimed.from_user_id = claims(claim);
        world.does(&sdk("alice/1"), Command::Offer(claimed));
        let Command::Candidate(mut claimed) = candidate(CALL, "bob", "a1") else {
            panic!("it is a candidate")
        };
        claimed.from_user_id = claims(claim);
        world.does(&sdk("alice/1"), Command::Candidate(claimed));
        for event in world.heard_events(&sdk("bob/1")) {
            let from = match event {
                ServerEvent::Offer(offer) => offer.from_user_id,
                ServerEvent::Candidate(candidate) => candidate.from_user_id,
                other => panic!("{other:?}"),
            };
            assert_eq!(from, claims(Some("alice")));
        }
    }
}

#[test]
fn i23_what_was_held_names_its_sender_too() {
    let mut world = in_state(lumencall_core::CallState::Ringing);
    let Command::Offer(mut claimed) = sealed(CALL, "bob", CLEAN) else { panic!("it is an offer") };
    claimed.from_user_id = Some(say::user("carol"));
    world.does(&sdk("alice/1"), Command::Offer(claimed));
    assert_eq!(world.heard(&sdk("bob/1")), ["offer call-1 alice sealed v=0"]);
}

#[test]
fn a_signal_to_oneself_or_to_a_stranger_is_refused() {
    let mut world = connecting();
    for to in ["alice", "carol", "nobody"] {
        for command in [offer(CALL, to, CLEAN), answer(CALL, to, CLEAN), candidate(CALL, to, "a1")] {
            assert_eq!(world.refuses(&sdk("alice/1"), command), ErrorCode::InvalidArgument);
        }
    }
}

#[test]
fn a_report_is_about_the_other_in_the_call() {
    let mut world = connecting();
    for peer in ["alice", "carol", "nobody"] {
        let command = report(CALL, peer, ConnectionState::Failed);
        assert_eq!(world.refuses(&sdk("alice/1"), command), ErrorCode::InvalidArgument);
    }
}

#[test]
fn a_description_whose_type_is_not_that_of_its_event_is_malformed() {
    let mut world = connecting();
    let (Command::Offer(wrong), Command::Answer(other)) =
        (offer(CALL, "bob", CLEAN), answer(CALL, "bob", CLEAN))
    else {
        panic!("they are an offer and an answer");
    };
    assert_eq!(world.refuses(&sdk("alice/1"), Command::Answer(wrong)), ErrorCode::Malformed);
    assert_eq!(world.refuses(&sdk("alice/1"), Command::Offer(other)), ErrorCode::Malformed);
}

#[test]
fn i26_signals_reach_the_device_that_accepted_and_no_other() {
    let mut world = connecting();
    world.does(&sdk("alice/1"), offer(CALL, "bob", CLEAN));
    world.does(&sdk("alice/1"), candidate(CALL, "bob", "a1"));
    assert_eq!(world.hearers(), ["bob/1"]);
    world.deafen();
    world.does(&sdk("bob/1"), answer(CALL, "alice", CLEAN));
    assert_eq!(world.hearers(), ["alice/1"]);
}

#[test]
fn i27_an_sdp_comes_out_as_it_went_in() {
    let odd = "v=0\r\n\u{0}\u{7f}\u{1F4DE} \"quoted\" \\ back\r\n\u{2028}";
    let mut world = in_state(lumencall_core::CallState::Idle);
    world.does(&sdk("alice/1"), initiate(&["bob"]));
    world.does(&sdk("alice/1"), offer(CALL, "bob", odd));
    world.deafen();
    world.does(&sdk("bob/1"), accept(CALL));
    let offers: Vec<String> = world
        .heard_events(&sdk("bob/1"))
        .into_iter()
        .filter_map(|event| match event {
            ServerEvent::Offer(offer) => Some(offer.sdp.reveal().to_owned()),
            ServerEvent::StateChanged(_) => None,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(offers, [odd]);
}

#[test]
fn i27_nothing_private_is_shown_by_debug() {
    let mut world = connecting();
    world.does(&sdk("alice/1"), candidate(CALL, "bob", "candidate:1 1 udp 1 192.0.2.7 5 typ host"));
    world.does(&sdk("alice/1"), offer(CALL, "bob", GATHERED));
    let shown = format!("{world:?}");
    assert!(!shown.contains("192.0.2.7") && !shown.contains("v=0"), "{shown}");
    assert!(shown.contains("private bytes"));
}

#[test]
fn i20_a_candidate_that_waited_for_another_description_goes_no_further() {
    let of = |text: &str, ufrag: Option<&str>| {
        let Command::Candidate(mut waiting) = candidate(CALL, "bob", text) else { panic!("it is one") };
        waiting.username_fragment = ufrag.map(Into::into);
        Command::Candidate(waiting)
    };
    let waits = [of("a1", Some("0ldd")), of("a2", Some("Yx2q")), of("a3", None)];
    let told = ["offer call-1 alice v=0", "candidate call-1 alice a2", "candidate call-1 alice a3"];
    let (alice, bob) = (sdk("alice/1"), sdk("bob/1"));

    let mut world = connecting();
    for candidate in waits.clone() {
        world.does(&alice, candidate);
    }
    world.does(&alice, offer(CALL, "bob", CLEAN));
    assert_eq!(world.heard(&bob), told);

    // The same where it waited for an accept, whether the offer came ahead or not.
    for (first, then) in [
        (offer(CALL, "bob", GATHERED), vec!["state call-1 connecting", told[0], told[1], told[2]]),
        (sealed(CALL, "bob", CLEAN), vec!["state call-1 connecting", told[1], told[2]]),
    ] {
        let mut world = in_state(lumencall_core::CallState::Ringing);
        world.does(&alice, first);
        for candidate in waits.clone() {
            world.does(&alice, candidate);
        }
        world.deafen();
        world.does(&bob, accept(CALL));
        assert_eq!(world.heard(&bob), then);
    }
}
