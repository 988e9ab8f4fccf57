//! A late joiner knows everybody, and everybody the late joiner.

use lumencall_core::machine::{Dialect, Input};
use lumencall_core::wire::{Command, MediaToggle};
use lumencall_core::{CallState, MediaFlags};

use crate::say::{self, CLEAN, accept, add, answer, device, hangup, initiate, offer, sdk, seed, toggle};
use crate::scene::{self, CALL, one};
use crate::world::World;

/// Shares a screen.
fn shares() -> Command {
    Command::MediaToggle(MediaToggle {
        call_id: say::call(CALL),
        audio: None,
        video: None,
        screen_share: Some(true),
    })
}

/// Alice and Bob are in a call, Alice with her microphone off; Dave was added, and rings. Meanwhile Carol joins, Bob
/// shares a screen, and Alice's microphone goes on.
fn much_happens_while_it_rings(dialect: Dialect) -> World {
    let mut world = scene::group_of(&["alice", "bob"]);
    world.connect(&one("carol"));
    world.connect(&device("dave/1", dialect));
    world.does(&one("alice"), toggle(CALL, false));
    world.does(&one("alice"), add(CALL, "dave"));
    world.does(&one("alice"), add(CALL, "carol"));
    world.does(&one("carol"), accept(CALL));
    world.does(&one("carol"), toggle(CALL, false));
    world.does(&one("bob"), shares());
    world.does(&one("alice"), toggle(CALL, true));
    assert_eq!(world.heard(&one("dave")), ["incoming call-1 ringing with alice+bob"], "and nothing more");
    world.deafen();
    world
}

#[test]
fn a_late_joiner_of_the_sdk_has_everybody_as_they_are_in_the_reply() {
    let mut world = much_happens_while_it_rings(Dialect::Sdk);
    let call = world.does(&one("dave"), accept(CALL)).expect("the reply has the call");
    let shown: Vec<(&str, MediaFlags)> =
        call.participants.iter().map(|one| (one.user_id.as_str(), one.media())).collect();
    let on = MediaFlags { audio: true, video: true, screen_share: false };
    let expected = [
        ("alice", on),
        ("bob", MediaFlags { screen_share: true, ..on }),
        ("carol", MediaFlags { audio: false, ..on }),
        ("dave", on),
    ];
    assert_eq!((call.state, &shown[..]), (CallState::Connected, &expected[..]));
    let joined = ["joined call-1 dave"];
    world.hears(&[
        ("alice/1", &joined),
        ("bob/1", &joined),
        ("carol/1", &joined),
        (
            "dave/1",
            &[
                "media call-1 alice audio=true video=true screen=false",
                "media call-1 bob audio=true video=true screen=true",
            ],
        ),
    ]);
}

#[test]
fn a_late_joiner_of_the_seed_is_told_of_everybody_whom_its_ring_did_not_name() {
    let mut world = much_happens_while_it_rings(Dialect::Seed);
    world.does(&seed("dave/1"), accept(CALL));
    let joined = ["joined call-1 dave"];
    world.hears(&[
        ("alice/1", &joined),
        ("bob/1", &joined),
        ("carol/1", &joined),
        (
            "dave/1",
            &[
                "state call-1 connecting",
                "state call-1 connected",
                "media call-1 alice audio=true video=true screen=false",
                "media call-1 bob audio=true video=true screen=true",
                "joined call-1 carol audio=false",
            ],
        ),
    ]);
}

#[test]
fn a_late_joiner_of_the_seed_is_told_of_those_who_left_while_it_rang() {
    let mut world = scene::group_of(&["alice", "bob", "carol"]);
    world.connect(&seed("dave/1"));
    world.does(&one("alice"), add(CALL, "dave"));
    world.does(&one("alice"), hangup(CALL));
    world.deafen();
    world.does(&seed("dave/1"), accept(CALL));
    let heard = world.heard(&seed("dave/1"));
    assert_eq!(heard, ["state call-1 connecting", "state call-1 connected", "left call-1 alice"]);
}

#[test]
fn a_device_that_rang_late_is_told_what_it_does_not_know_and_no_more() {
    let mut world = scene::group_of(&["alice", "bob"]);
    world.connect(&one("carol"));
    world.does(&one("alice"), add(CALL, "dave"));
    world.does(&one("alice"), add(CALL, "carol"));
    world.does(&one("carol"), accept(CALL));
    world.does(&one("alice"), toggle(CALL, false));
    world.connect(&seed("dave/1"));
    assert_eq!(world.heard(&one("dave")), ["incoming call-1 ringing with alice+bob+carol"]);
    world.does(&seed("dave/1"), accept(CALL));
    assert_eq!(world.heard(&one("dave")), ["state call-1 connecting", "state call-1 connected"]);
}

#[test]
fn what_a_device_was_told_goes_with_it() {
    let mut world = scene::group_of(&["alice", "bob"]);
    world.connect(&one("carol"));
    world.connect(&seed("dave/1"));
    world.does(&one("alice"), add(CALL, "dave"));
    world.does(&one("alice"), add(CALL, "carol"));
    world.does(&one("carol"), accept(CALL));
    world.connect(&seed("dave/2"));
    world.lose(&seed("dave/1"));
    world.deafen();
    world.does(&seed("dave/2"), accept(CALL));
    let heard = world.heard(&seed("dave/2"));
    assert_eq!(heard, ["state call-1 connecting", "state call-1 connected"], "it knows of Carol by its ring");
}

#[test]
fn i33_a_late_joiner_of_the_seed_sees_declared_states_alone() {
    for (state, way) in [
        (CallState::Connecting, vec!["connecting"]),
        (CallState::Connected, vec!["connecting", "connected"]),
        (CallState::Reconnecting, vec!["connecting", "connected", "reconnecting"]),
    ] {
        let mut world = scene::in_state(state);
        world.connect(&seed("dave/1"));
        world.does(&sdk("alice/1"), add(CALL, "dave"));
        world.deafen();
        world.does(&seed("dave/1"), accept(CALL));
        let way: Vec<String> = way.iter().map(|state| format!("state call-1 {state}")).collect();
        assert_eq!(world.heard(&seed("dave/1")), way);
    }
}

#[test]
fn who_was_in_the_call_offers_to_who_joins_and_the_joiner_answers_each() {
    let mut world = scene::group_of(&["alice", "bob"]);
    world.connect(&one("carol"));
    world.does(&one("bob"), add(CALL, "carol"));
    world.does(&one("carol"), accept(CALL));
    world.deafen();
    for there in ["alice", "bob"] {
        let sdp = CLEAN.replacen("v=0", &format!("v=0 of {there}"), 1);
        world.does(&one(there), offer(CALL, "carol", &sdp));
        world.does(&one("carol"), answer(CALL, there, CLEAN));
    }
    world.hears(&[
        ("alice/1", &["answer call-1 carol v=0"]),
        ("bob/1", &["answer call-1 carol v=0"]),
        ("carol/1", &["offer call-1 alice v=0 of alice", "offer call-1 bob v=0 of bob"]),
    ]);
}

#[test]
fn a_group_of_seed_clients_is_connected_pair_by_pair() {
    let [alice, bob, carol] = ["alice/1", "bob/1", "carol/1"].map(seed);
    let mut world = World::with(&[alice.clone(), bob.clone(), carol.clone()]);
    world.does(&alice, initiate(&["bob", "carol"]));
    world.does(&bob, accept(CALL));
    world.does(&carol, accept(CALL));
    world.deafen();
    world.does(&bob, offer(CALL, "carol", CLEAN));
    world.does(&carol, answer(CALL, "bob", CLEAN));
    let connected = "state call-1 connected";
    world.hears(&[
        ("alice/1", &[connected]),
        ("bob/1", &["answer call-1 carol v=0", connected]),
        ("carol/1", &["offer call-1 bob v=0", connected]),
    ]);
}

#[test]
fn a_late_ring_of_one_who_is_out_by_then_is_none() {
    let mut world = scene::group_of(&["alice", "bob"]);
    world.does(&one("alice"), add(CALL, "carol"));
    world.step(Input::DeviceConnected(one("carol"))).expect("nobody is kept out");
    let late = world.pending.pop_front().expect("the call is to ring there");
    world.does(&one("alice"), say::remove(CALL, "carol"));
    world.deafen();
    assert!(!world.input(late).expect("it is no command").changed);
    world.hears(&[]);
}
