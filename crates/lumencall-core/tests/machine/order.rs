//! Whole calls, as each device hears them.

use lumencall_core::wire::{ConnectionState, ServerEvent};
use lumencall_core::{CallState, MediaFlags};

use crate::say::{
    CLEAN, GATHERED, accept, answer, candidate, hangup, initiate, offer, reject, report, sdk, sealed, seed,
    toggle,
};
use crate::world::World;

#[test]
fn i33_a_call_of_two_sdks_is_heard_in_this_order() {
    let (alice, bob) = (sdk("alice/1"), sdk("bob/1"));
    let mut world = World::with(&[alice.clone(), bob.clone()]);

    let call = world.does(&alice, initiate(&["bob"])).expect("the reply has the call");
    assert_eq!((call.id.as_str(), call.state), ("call-1", CallState::Initiating));
    assert_eq!(world.heard(&alice), ["state call-1 ringing"]);
    assert_eq!(world.heard(&bob), ["incoming call-1 ringing with alice"]);

    world.does(&alice, sealed("call-1", "bob", CLEAN));
    world.does(&alice, candidate("call-1", "bob", "a1"));
    assert_eq!(world.heard(&bob), ["offer call-1 alice sealed v=0"]);

    let call = world.does(&bob, accept("call-1")).expect("the reply has the call");
    let inside: Vec<&str> = call.participants.iter().map(|one| one.user_id.as_str()).collect();
    assert_eq!((call.state, &inside[..]), (CallState::Connecting, &["alice", "bob"][..]));
    world.does(&bob, answer("call-1", "alice", CLEAN));
    assert_eq!(world.heard(&bob), ["state call-1 connecting", "candidate call-1 alice a1"]);
    assert_eq!(
        world.heard(&alice),
        ["state call-1 connecting", "joined call-1 bob", "answer call-1 bob v=0"]
    );

    world.does(&bob, candidate("call-1", "alice", "b1"));
    world.does(&alice, candidate("call-1", "bob", "a2"));
    world.does(&alice, report("call-1", "bob", ConnectionState::Connected));
    assert_eq!(world.heard(&alice), ["candidate call-1 bob b1"]);
    assert_eq!(world.heard(&bob), ["candidate call-1 alice a2"]);

    world.does(&bob, report("call-1", "alice", ConnectionState::Connected));
    world.does(&bob, toggle("call-1", false));
    assert_eq!(world.heard(&bob), ["state call-1 connected"]);
    assert_eq!(world.heard(&alice), ["state call-1 connected", "media call-1 bob audio=false"]);

    world.does(&alice, hangup("call-1"));
    assert_eq!(world.heard(&alice), ["state call-1 ended completed"]);
    assert_eq!(world.heard(&bob), ["left call-1 alice", "state call-1 ended completed"]);
}

#[test]
fn i33_a_call_of_two_seed_clients_is_heard_in_this_order() {
    let (alice, bob) = (seed("alice/1"), seed("bob/1"));
    let mut world = World::with(&[alice.clone(), bob.clone()]);

    world.does(&alice, initiate(&["bob"]));
    assert_eq!(world.heard(&alice), ["state call-1 initiating", "state call-1 ringing"]);
    assert_eq!(world.heard(&bob), ["incoming call-1 ringing with alice"]);

    world.does(&bob, accept("call-1"));
    assert_eq!(world.heard(&bob), ["state call-1 connecting"]);
    assert_eq!(world.heard(&alice), ["state call-1 connecting", "joined call-1 bob"]);

    world.does(&alice, offer("call-1", "bob", CLEAN));
    world.does(&alice, candidate("call-1", "bob", "a1"));
    assert_eq!(world.heard(&bob), ["offer call-1 alice v=0", "candidate call-1 alice a1"]);

    // Neither reports, so that the answer is what makes them connected.
    world.does(&bob, answer("call-1", "alice", CLEAN));
    assert_eq!(world.heard(&alice), ["answer call-1 bob v=0", "state call-1 connected"]);
    assert_eq!(world.heard(&bob), ["state call-1 connected"]);

    world.does(&bob, hangup("call-1"));
    assert_eq!(world.heard(&bob), ["state call-1 ended completed"]);
    assert_eq!(world.heard(&alice), ["left call-1 bob", "state call-1 ended completed"]);
}

#[test]
fn a_seed_client_and_an_sdk_are_connected_when_the_sdk_says_so() {
    let (alice, bob) = (seed("alice/1"), sdk("bob/1"));
    let mut world = World::with(&[alice.clone(), bob.clone()]);
    world.does(&alice, initiate(&["bob"]));
    world.does(&bob, accept("call-1"));
    world.does(&bob, report("call-1", "alice", ConnectionState::Connected));
    assert_eq!(world.state("call-1"), Some(CallState::Connecting), "nothing has been negotiated");
    world.does(&alice, offer("call-1", "bob", GATHERED));
    world.does(&bob, answer("call-1", "alice", GATHERED));
    assert_eq!(world.state("call-1"), Some(CallState::Connected));
    world.does(&bob, report("call-1", "alice", ConnectionState::Reconnecting));
    assert_eq!(world.state("call-1"), Some(CallState::Reconnecting));
}

#[test]
fn a_seed_client_gets_no_member_that_is_ours_in_a_state() {
    for (device, ours) in [(sdk("alice/1"), true), (seed("alice/1"), false)] {
        let mut world = World::with(&[device.clone(), sdk("bob/1")]);
        world.does(&device, initiate(&["bob"]));
        world.does(&sdk("bob/1"), reject("call-1"));
        let events = world.heard_events(&device);
        let Some(ServerEvent::StateChanged(last)) = events.last() else { panic!("{events:?}") };
        assert_eq!(last.at.is_some(), ours);
    }
}

#[test]
fn a_callee_who_was_away_rings_on_connecting() {
    let (alice, bob) = (sdk("alice/1"), sdk("bob/1"));
    let mut world = World::with(std::slice::from_ref(&alice));
    world.does(&alice, initiate(&["bob"]));
    assert_eq!(world.heard(&alice), [""; 0]);
    assert_eq!(world.state("call-1"), Some(CallState::Initiating));
    world.does(&alice, sealed("call-1", "bob", CLEAN));

    world.connect(&bob);
    assert_eq!(world.heard(&alice), ["state call-1 ringing"]);
    assert_eq!(world.heard(&bob), ["incoming call-1 ringing with alice", "offer call-1 alice sealed v=0"]);
    world.connect(&bob);
    assert_eq!(world.heard(&bob), [""; 0], "a device rings once");

    world.connect(&sdk("bob/2"));
    assert_eq!(world.heard(&alice), [""; 0], "a second device is no new state");
    let late = ["incoming call-1 ringing with alice", "offer call-1 alice sealed v=0"];
    assert_eq!(world.heard(&sdk("bob/2")), late);
}

#[test]
fn who_joins_hears_what_the_caller_turned_off_while_it_rang() {
    let (alice, bob) = (sdk("alice/1"), sdk("bob/1"));
    let mut world = World::with(&[alice.clone(), bob.clone()]);
    world.does(&alice, initiate(&["bob"]));
    world.deafen();
    world.does(&alice, toggle("call-1", false));
    assert!(world.hearers().is_empty(), "a ringing device is not told");

    let call = world.does(&bob, accept("call-1")).expect("the reply has the call");
    let off = MediaFlags { audio: false, video: true, screen_share: false };
    assert_eq!(call.participants[0].media(), off);
    let told = "media call-1 alice audio=false video=true screen=false";
    assert_eq!(world.heard(&bob), ["state call-1 connecting", told]);
}
