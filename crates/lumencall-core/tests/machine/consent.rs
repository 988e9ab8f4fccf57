//! Nothing before accept: what is held, what may come ahead, and who gets it.

use lumencall_core::ErrorCode;
use lumencall_core::machine::Rules;
use lumencall_core::wire::{Command, Description, DescriptionType, Extra, ServerEvent, read_client_frame};

use crate::say::{
    CLEAN, GATHERED, accept, add, answer, candidate, description, hangup, initiate, offer, reject, rejoin,
    sdk, sealed, seed,
};
use crate::scene::{CALL, one, ringing_group};
use crate::world::World;

/// Alice calls Bob, who has two devices of the SDK and one that speaks the seed.
fn ringing() -> World {
    let mut world = World::with(&[sdk("alice/1"), sdk("bob/1"), sdk("bob/2"), seed("bob/3")]);
    world.does(&sdk("alice/1"), initiate(&["bob"]));
    world.deafen();
    world
}

#[test]
fn i3_an_offer_and_its_candidates_wait_for_the_accept() {
    let mut world = ringing();
    world.does(&sdk("alice/1"), offer(CALL, "bob", GATHERED));
    world.does(&sdk("alice/1"), candidate(CALL, "bob", "a1"));
    assert!(world.hearers().is_empty());

    for device in [sdk("bob/1"), seed("bob/3")] {
        let mut world = ringing();
        world.does(&sdk("alice/1"), offer(CALL, "bob", GATHERED));
        world.does(&sdk("alice/1"), candidate(CALL, "bob", "a1"));
        world.does(&device, accept(CALL));
        let held = ["state call-1 connecting", "offer call-1 alice v=0", "candidate call-1 alice a1"];
        assert_eq!(world.heard(&device), held);
        // What comes after the accept waits for nothing.
        world.does(&sdk("alice/1"), candidate(CALL, "bob", "a2"));
        assert_eq!(world.heard(&device), ["candidate call-1 alice a2"]);
    }
}

#[test]
fn i3_a_sealed_offer_goes_to_ringing_sdks_alone() {
    let mut world = ringing();
    world.does(&sdk("alice/1"), sealed(CALL, "bob", CLEAN));
    world.does(&sdk("alice/1"), candidate(CALL, "bob", "a1"));
    for device in ["bob/1", "bob/2"] {
        assert_eq!(world.heard(&sdk(device)), ["offer call-1 alice sealed v=0"]);
    }
    assert!(world.hearers().is_empty());
    world.connect(&sdk("bob/4"));
    world.connect(&seed("bob/5"));
    let incoming = "incoming call-1 ringing with alice";
    assert_eq!(world.heard(&sdk("bob/4")), [incoming, "offer call-1 alice sealed v=0"]);
    assert_eq!(world.heard(&seed("bob/5")), [incoming]);

    // An SDK has the offer already; a client of the seed gets it now.
    world.does(&sdk("bob/4"), accept(CALL));
    assert_eq!(world.heard(&sdk("bob/4")), ["state call-1 connecting", "candidate call-1 alice a1"]);

    let mut world = ringing();
    world.does(&sdk("alice/1"), sealed(CALL, "bob", CLEAN));
    world.does(&sdk("alice/1"), candidate(CALL, "bob", "a1"));
    world.does(&seed("bob/3"), accept(CALL));
    let held = ["state call-1 connecting", "offer call-1 alice sealed v=0", "candidate call-1 alice a1"];
    assert_eq!(world.heard(&seed("bob/3")), held);
}

#[test]
fn i3_a_seal_is_not_believed_on_an_offer_that_tells_an_address() {
    let elsewhere = CLEAN.replace("c=IN IP4 0.0.0.0", "c=IN IP4 192.0.2.7");
    for sdp in [GATHERED, &elsewhere] {
        let mut world = ringing();
        world.does(&sdk("alice/1"), sealed(CALL, "bob", sdp));
        assert!(world.hearers().is_empty());
        world.connect(&sdk("bob/4"));
        assert_eq!(world.heard(&sdk("bob/4")), ["incoming call-1 ringing with alice"]);
        world.does(&sdk("bob/1"), accept(CALL));
        let held = ["state call-1 connecting", "offer call-1 alice sealed v=0"];
        assert_eq!(world.heard(&sdk("bob/1")), held, "it was held, and is there after the accept");
    }
}

#[test]
fn i3_a_seal_is_for_offers() {
    let description = description(CALL, "bob", DescriptionType::Answer, CLEAN);
    assert!(!Description { sealed: Some(true), ..description.clone() }.is_sealed());
    let offer = Description { kind: DescriptionType::Offer, ..description };
    assert!(!Description { sealed: Some(false), ..offer.clone() }.is_sealed());
    assert!(!offer.is_sealed());
    assert!(Description { sealed: Some(true), ..offer }.is_sealed());
}

#[test]
fn i3_a_seal_is_not_believed_on_an_offer_that_is_large() {
    // An end of line is written as an escape, and counts as two bytes.
    let escapes = CLEAN.matches(['\r', '\n']).count();
    let padded = |bytes: usize| format!("{CLEAN}s={}", "x".repeat(bytes - CLEAN.len() - escapes - 2));
    let mut world = ringing();
    world.does(&sdk("alice/1"), sealed(CALL, "bob", &padded(16 * 1024 + 1)));
    assert!(world.hearers().is_empty());
    world.does(&sdk("alice/1"), sealed(CALL, "bob", &padded(16 * 1024)));
    assert_eq!(world.hearers(), ["bob/1", "bob/2"]);
}

#[test]
fn i3_a_newer_offer_replaces_the_older_with_its_candidates() {
    let second = CLEAN.replacen("v=0", "v=0 second", 1);
    let mut world = ringing();
    let alice = sdk("alice/1");
    world.does(&alice, candidate(CALL, "bob", "early"));
    world.does(&alice, offer(CALL, "bob", GATHERED));
    world.does(&alice, candidate(CALL, "bob", "old"));
    world.does(&alice, sealed(CALL, "bob", &second));
    world.does(&alice, candidate(CALL, "bob", "new"));
    assert_eq!(world.heard(&sdk("bob/1")), ["offer call-1 alice sealed v=0 second"]);
    world.does(&sdk("bob/1"), accept(CALL));
    assert_eq!(world.heard(&sdk("bob/1")), ["state call-1 connecting", "candidate call-1 alice new"]);

    // The other way round, a ringing device has an old offer, and gets the one to answer with the accept.
    let mut world = ringing();
    world.does(&alice, sealed(CALL, "bob", CLEAN));
    world.does(&alice, candidate(CALL, "bob", "old"));
    world.does(&alice, offer(CALL, "bob", &second));
    world.does(&sdk("bob/1"), accept(CALL));
    let heard = ["offer call-1 alice sealed v=0", "state call-1 connecting", "offer call-1 alice v=0 second"];
    assert_eq!(world.heard(&sdk("bob/1")), heard);
}

#[test]
fn i3_candidates_that_came_before_any_offer_are_kept_for_it() {
    let mut world = ringing();
    world.does(&sdk("alice/1"), candidate(CALL, "bob", "early"));
    world.does(&sdk("alice/1"), sealed(CALL, "bob", CLEAN));
    world.does(&sdk("bob/1"), accept(CALL));
    let heard = ["offer call-1 alice sealed v=0", "state call-1 connecting", "candidate call-1 alice early"];
    assert_eq!(world.heard(&sdk("bob/1")), heard);
}

#[test]
fn i20_what_the_caller_made_for_an_earlier_ring_goes_nowhere() {
    let fresh = CLEAN.replacen("v=0", "v=0 fresh", 1);
    for rejoins in [false, true] {
        let mut world = ringing_group(&["bob", "carol"]);
        world.does(&one("carol"), accept(CALL));
        world.does(&one("bob"), reject(CALL));
        world.does(&one("carol"), add(CALL, "bob"));
        world.deafen();
        // What was on its way as the first ring ended.
        world.does(&one("alice"), sealed(CALL, "bob", CLEAN));
        world.does(&one("alice"), candidate(CALL, "bob", "stale"));
        world.hears(&[]);
        if rejoins {
            // The new page knows that it rings, and what the page before it has sent is all there.
            world.back(&one("alice"), true);
            world.does(&one("alice"), rejoin(CALL));
            world.deafen();
            world.does(&one("alice"), sealed(CALL, "bob", &fresh));
            world.does(&one("alice"), candidate(CALL, "bob", "a1"));
            assert_eq!(world.heard(&one("bob")), ["offer call-1 alice sealed v=0 fresh"]);
            world.does(&one("bob"), accept(CALL));
            assert_eq!(world.heard(&one("bob")), ["candidate call-1 alice a1"]);
        } else {
            world.does(&one("bob"), accept(CALL));
            assert!(!world.heard(&one("bob")).iter().any(|line| line.starts_with("offer")));
            assert_eq!(
                world.refuses(&one("bob"), answer(CALL, "alice", CLEAN)),
                ErrorCode::InvalidState,
                "there was no offer"
            );
            world.does(&one("alice"), offer(CALL, "bob", &fresh));
            world.does(&one("alice"), candidate(CALL, "bob", "a1"));
            assert_eq!(
                world.heard(&one("bob")),
                ["offer call-1 alice v=0 fresh", "candidate call-1 alice a1"]
            );
        }
    }
}

#[test]
fn i3_nothing_comes_from_one_who_has_not_accepted() {
    let mut world = ringing();
    world.does(&sdk("alice/1"), sealed(CALL, "bob", CLEAN));
    world.deafen();
    for device in [sdk("bob/1"), seed("bob/3")] {
        for command in [
            answer(CALL, "alice", CLEAN),
            offer(CALL, "alice", CLEAN),
            sealed(CALL, "alice", CLEAN),
            candidate(CALL, "alice", "b1"),
        ] {
            assert_eq!(world.refuses(&device, command), ErrorCode::InvalidState);
        }
    }
}

#[test]
fn i3_an_answer_that_came_with_an_accept_that_lost_goes_nowhere() {
    let mut world = ringing();
    world.does(&sdk("alice/1"), sealed(CALL, "bob", CLEAN));
    world.does(&sdk("bob/1"), accept(CALL));
    world.deafen();
    assert_eq!(world.refuses(&sdk("bob/2"), accept(CALL)), ErrorCode::UnknownCall);
    assert_eq!(world.refuses(&sdk("bob/2"), answer(CALL, "alice", CLEAN)), ErrorCode::UnknownCall);
    world.does(&sdk("bob/1"), answer(CALL, "alice", CLEAN));
    assert_eq!(world.heard(&sdk("alice/1")), ["answer call-1 bob v=0"]);
}

#[test]
fn i3_what_was_held_goes_nowhere_when_the_call_ends_unanswered() {
    for end in [hangup(CALL), reject(CALL)] {
        let mut world = ringing();
        world.does(&sdk("alice/1"), offer(CALL, "bob", GATHERED));
        world.does(&sdk("alice/1"), candidate(CALL, "bob", "a1"));
        let who = if end == reject(CALL) { sdk("bob/1") } else { sdk("alice/1") };
        world.does(&who, end);
        let signals = ["alice/1", "bob/1", "bob/2"]
            .iter()
            .flat_map(|device| world.heard_events(&sdk(device)))
            .filter(|event| !matches!(event, ServerEvent::StateChanged(_)));
        assert_eq!(signals.count(), 0);
    }
}

#[test]
fn i29_what_is_held_is_bounded() {
    let mut world = ringing();
    let alice = sdk("alice/1");
    world.rules = Rules { candidates: 3, ..Rules::default() };
    let send = |world: &mut World, times: usize| {
        (0..times).filter(|_| world.ask(&alice, candidate(CALL, "bob", "a")).is_ok()).count()
    };
    assert_eq!(send(&mut world, 5), 3);
    assert_eq!(world.refuses(&alice, candidate(CALL, "bob", "a")), ErrorCode::LimitExceeded);
    // They belong to the offer that comes, and count with what follows it.
    world.does(&alice, offer(CALL, "bob", GATHERED));
    assert_eq!(send(&mut world, 5), 0);
    // The next offer is a new generation.
    world.does(&alice, offer(CALL, "bob", GATHERED));
    assert_eq!(send(&mut world, 5), 3);
    world.does(&sdk("bob/1"), accept(CALL));
    assert_eq!(world.heard(&sdk("bob/1")).len(), 2 + 3);
    assert_eq!(send(&mut world, 5), 0, "the accept begins no generation");
}

#[test]
fn a_caller_of_the_seed_has_200_candidates_in_a_generation() {
    let mut world = World::with(&[seed("alice/1"), seed("bob/1")]);
    world.does(&seed("alice/1"), initiate(&["bob"]));
    world.does(&seed("bob/1"), accept(CALL));
    world.deafen();
    for _ in 0..200 {
        world.does(&seed("alice/1"), candidate(CALL, "bob", "a"));
    }
    assert_eq!(world.refuses(&seed("alice/1"), candidate(CALL, "bob", "a")), ErrorCode::LimitExceeded);
    assert!(world.hearers().is_empty(), "no description, no candidate");
    world.does(&seed("alice/1"), offer(CALL, "bob", CLEAN));
    assert_eq!(world.heard(&seed("bob/1")).len(), 201);
}

#[test]
fn a_candidate_has_a_bound_in_bytes() {
    let mut world = ringing();
    world.does(&sdk("alice/1"), candidate(CALL, "bob", &"x".repeat(4095)));
    assert_eq!(
        world.refuses(&sdk("alice/1"), candidate(CALL, "bob", &"x".repeat(4096))),
        ErrorCode::LimitExceeded,
        "with its `sdpMid` it is 4097 bytes"
    );
    let Command::Candidate(small) = candidate(CALL, "bob", "x") else { panic!("it is a candidate") };
    let mut fragment = small.clone();
    fragment.username_fragment = Some("x".repeat(4096).into());
    let mut mid = small.clone();
    mid.sdp_mid = Some("x".repeat(4096).into());
    let mut unknown = small;
    unknown.extra = unknown_member(4096);
    for large in [fragment, mid, unknown] {
        assert_eq!(world.refuses(&sdk("alice/1"), Command::Candidate(large)), ErrorCode::LimitExceeded);
    }
}

/// A member of a signal that nobody knows, of this length. It is made by reading alone.
fn unknown_member(length: usize) -> Extra {
    let (open, close) = (
        r#"{"event":"signal:ice-candidate","data":{"callId":"c","toUserId":"b","candidate":"","x":""#,
        "\"}}",
    );
    match read_client_frame(&[open, &*"x".repeat(length), close].concat()).map(|frame| frame.command) {
        Ok(Command::Candidate(candidate)) => candidate.extra,
        other => panic!("{other:?}"),
    }
}
