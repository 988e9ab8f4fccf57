//! A device that calls the same users again has forgotten its call.

use lumencall_core::wire::ConnectionState;
use lumencall_core::{CallState, EndReason, ErrorCode};

use crate::say::{accept, initiate, report, sdk, seed};
use crate::scene::{self, CALL, in_state};
use crate::world::World;

#[test]
fn a_call_that_rings_is_replaced() {
    let mut world = in_state(CallState::Ringing);
    let made = world.does(&sdk("alice/1"), initiate(&["bob"])).expect("the reply has the call");
    assert_eq!((made.id.as_str(), made.state), ("call-2", CallState::Initiating));
    let bob = ["state call-1 ended cancelled", "incoming call-2 ringing with alice"];
    world.hears(&[
        ("alice/1", &["state call-1 ended cancelled", "state call-2 ringing"]),
        ("alice/2", &["elsewhere call-1 free", "elsewhere call-2 engaged"]),
        ("bob/1", &bob),
        ("bob/2", &bob),
    ]);
    assert_eq!(world.calls.len(), 1);
}

#[test]
fn a_call_that_was_answered_is_replaced() {
    for state in [CallState::Connecting, CallState::Connected, CallState::Reconnecting] {
        let mut world = in_state(state);
        world.does(&sdk("alice/1"), initiate(&["bob"]));
        let bob_2 = ["elsewhere call-1 free", "incoming call-2 ringing with alice"];
        world.hears(&[
            ("alice/1", &["state call-1 ended failed", "state call-2 ringing"]),
            ("alice/2", &["elsewhere call-1 free", "elsewhere call-2 engaged"]),
            (
                "bob/1",
                &["left call-1 alice", "state call-1 ended failed", "incoming call-2 ringing with alice"],
            ),
            ("bob/2", &bob_2),
        ]);
        world.does(&sdk("bob/2"), accept("call-2"));
        assert_eq!(world.state("call-2"), Some(CallState::Connecting));
    }
}

#[test]
fn a_seed_client_that_calls_again_has_hung_up() {
    let (alice, bob) = (seed("alice/1"), sdk("bob/1"));
    let mut world = World::with(&[alice.clone(), bob.clone()]);
    world.does(&alice, initiate(&["bob"]));
    world.does(&bob, accept(CALL));
    world.deafen();
    world.does(&alice, initiate(&["bob"]));
    world.hears(&[
        ("alice/1", &["state call-1 ended completed", "state call-2 initiating", "state call-2 ringing"]),
        (
            "bob/1",
            &["left call-1 alice", "state call-1 ended completed", "incoming call-2 ringing with alice"],
        ),
    ]);
}

#[test]
fn only_the_same_device_that_calls_exactly_the_same_users_is_believed_to_have_forgotten() {
    let group = || scene::ringing_group(&["bob", "carol"]);
    type Case = (fn() -> World, &'static str, &'static [&'static str]);
    let cases: [Case; 7] = [
        (|| in_state(CallState::Ringing), "alice/1", &["carol"]),
        (|| in_state(CallState::Ringing), "alice/1", &["bob", "carol"]),
        (|| in_state(CallState::Ringing), "alice/2", &["bob"]),
        (|| in_state(CallState::Connected), "alice/2", &["bob"]),
        // Who was called made no call.
        (|| in_state(CallState::Connected), "bob/1", &["alice"]),
        (group, "alice/1", &["bob"]),
        (group, "alice/1", &["bob", "dave"]),
    ];
    for (begin, device, callees) in cases {
        let mut world = begin();
        assert_eq!(
            world.refuses(&sdk(device), initiate(callees)),
            ErrorCode::AlreadyInCall,
            "{device} {callees:?}"
        );
    }
}

#[test]
fn a_group_that_rings_is_replaced_in_whatever_order_it_is_named() {
    let mut world = scene::ringing_group(&["bob", "carol"]);
    world.does(&sdk("alice/1"), initiate(&["carol", "bob"]));
    let rung = ["state call-1 ended cancelled", "incoming call-2 ringing with alice"];
    world.hears(&[
        ("alice/1", &["state call-1 ended cancelled", "state call-2 ringing"]),
        ("bob/1", &rung),
        ("carol/1", &rung),
    ]);
}

#[test]
fn a_group_goes_on_without_its_caller_who_calls_again_and_finds_them_in_it() {
    let mut world = scene::group_of(&["alice", "bob", "carol"]);
    world.does(&sdk("alice/1"), initiate(&["bob", "carol"]));
    world.hears(&[
        ("alice/1", &["state call-1 ended failed", "state call-2 ended busy"]),
        ("bob/1", &["left call-1 alice"]),
        ("carol/1", &["left call-1 alice"]),
    ]);
    assert_eq!(world.state(CALL), Some(CallState::Connected));
    assert_eq!(world.end_reason("call-2"), Some(EndReason::Busy));
}

#[test]
fn a_group_that_only_one_had_joined_rings_anew() {
    let mut world = scene::ringing_group(&["bob", "carol"]);
    world.does(&sdk("bob/1"), accept(CALL));
    world.does(&sdk("bob/1"), report(CALL, "alice", ConnectionState::Reconnecting));
    world.deafen();
    world.does(&sdk("alice/1"), initiate(&["bob", "carol"]));
    // Bob is in the first call while Carol rings; so he is busy for the second.
    world.hears(&[
        ("alice/1", &["state call-1 ended failed", "state call-2 ringing", "callee call-2 bob busy"]),
        ("bob/1", &["left call-1 alice"]),
        ("carol/1", &["incoming call-2 ringing with alice"]),
    ]);
}
