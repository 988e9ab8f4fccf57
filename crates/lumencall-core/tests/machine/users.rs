//! Who can be called, who is busy, and that everybody is free again.

use lumencall_core::machine::{Input, Rules};
use lumencall_core::wire::{CallInitiate, Command};
use lumencall_core::{CallState, EndReason, ErrorCode};

use crate::say::{accept, hangup, initiate, reject, sdk, seed};
use crate::scene::{CALL, in_state};
use crate::world::World;

#[test]
fn one_who_is_in_a_call_is_busy_and_not_disturbed() {
    for state in [CallState::Connecting, CallState::Connected, CallState::Reconnecting] {
        for callee in ["alice", "bob"] {
            let mut world = in_state(state);
            let call = world.does(&sdk("carol/1"), initiate(&[callee])).expect("the reply has the call");
            assert_eq!(world.heard(&sdk("carol/1")), ["state call-2 ended busy"]);
            assert_eq!(
                (call.state, world.end_reason("call-2")),
                (CallState::Initiating, Some(EndReason::Busy))
            );
            assert!(world.hearers().is_empty(), "{callee} hears nothing");
        }
    }
}

#[test]
fn a_seed_caller_learns_the_id_of_a_call_that_is_busy_at_once() {
    let mut world = in_state(CallState::Connected);
    world.connect(&seed("dave/1"));
    world.does(&seed("dave/1"), initiate(&["bob"]));
    assert_eq!(world.heard(&seed("dave/1")), ["state call-2 initiating", "state call-2 ended busy"]);
}

#[test]
fn one_who_calls_is_busy_and_one_who_is_rung_is_not() {
    let mut world = in_state(CallState::Ringing);
    world.does(&sdk("carol/1"), initiate(&["alice"]));
    assert_eq!(world.end_reason("call-2"), Some(EndReason::Busy), "Alice calls");
    world.does(&sdk("carol/1"), initiate(&["bob"]));
    assert_eq!(world.state("call-3"), Some(CallState::Ringing), "Bob is rung by two");
    assert_eq!(world.heard(&sdk("bob/1")), ["incoming call-3 ringing with carol"]);
}

#[test]
fn accepting_one_call_makes_the_others_busy() {
    let mut world = in_state(CallState::Ringing);
    world.does(&sdk("carol/1"), initiate(&["bob"]));
    world.deafen();
    world.does(&sdk("bob/2"), accept("call-2"));
    assert_eq!(world.end_reason(CALL), Some(EndReason::Busy));
    assert_eq!(world.heard(&sdk("alice/1")), ["state call-1 ended busy"]);
    let other = [
        "state call-2 ended completed elsewhere=true",
        "elsewhere call-2 engaged",
        "state call-1 ended busy",
    ];
    assert_eq!(world.heard(&sdk("bob/1")), other);
}

#[test]
fn a_ring_outlives_an_engagement_that_was_over_before_it_was_told() {
    let mut world = in_state(CallState::Ringing);
    world.does(&sdk("carol/1"), initiate(&["bob"]));
    let accepts = world.command(&sdk("bob/1"), accept("call-2")).expect("it is a command");
    world.step(accepts).expect("Bob is free");
    let told = world.pending.pop_front().expect("the other ring is to be told");
    world.does(&sdk("bob/1"), hangup("call-2"));

    world.input(told).expect("it is no command");
    assert_eq!(world.state(CALL), Some(CallState::Ringing));
    world.does(&sdk("bob/1"), accept(CALL));
}

#[test]
fn a_second_device_does_not_call_or_accept_while_the_first_is_in_a_call() {
    let mut world = in_state(CallState::Ringing);
    world.does(&sdk("carol/1"), initiate(&["bob"]));
    assert_eq!(world.refuses(&sdk("alice/2"), initiate(&["dave"])), ErrorCode::AlreadyInCall);
    let accepts = world.command(&sdk("bob/1"), accept(CALL)).expect("it is a command");
    world.step(accepts).expect("Bob is free");
    // What follows is on its way yet, and the other device of Bob is quick.
    let accepts = world.command(&sdk("bob/2"), accept("call-2")).expect("it is a command");
    assert_eq!(world.step(accepts).expect_err("Bob is in a call").code, ErrorCode::AlreadyInCall);
}

#[test]
fn an_initiate_must_name_others_and_each_once() {
    let cases: [&[&str]; 5] =
        [&[], &["alice"], &["bob", "bob"], &["bob", "alice"], &["bob", "carol", "dave", "carol"]];
    for callees in cases {
        let mut world = in_state(CallState::Idle);
        assert_eq!(
            world.refuses(&sdk("alice/1"), initiate(callees)),
            ErrorCode::InvalidArgument,
            "{callees:?}"
        );
    }
}

#[test]
fn metadata_has_a_bound_in_bytes() {
    for (text, fits) in [("x".repeat(1024), true), ("x".repeat(1025), false), ("é".repeat(513), false)] {
        let Command::Initiate(plain) = initiate(&["bob"]) else { panic!("it is an initiate") };
        let command = Command::Initiate(CallInitiate { metadata: Some(text.clone().into()), ..plain });
        let mut world = in_state(CallState::Idle);
        if fits {
            let call = world.does(&sdk("alice/1"), command).expect("the reply has the call");
            assert_eq!(call.metadata.as_deref(), Some(&*text));
        } else {
            assert_eq!(world.refuses(&sdk("alice/1"), command), ErrorCode::InvalidArgument);
        }
    }
}

#[test]
fn i15_a_device_that_is_gone_calls_nobody() {
    let mut world = in_state(CallState::Idle);
    world.lose(&sdk("alice/1"));
    assert_eq!(world.refuses(&sdk("alice/1"), initiate(&["bob"])), ErrorCode::SessionState);
}

#[test]
fn i29_only_so_many_calls_ring_at_one_user() {
    let callers = ["carol/1", "dave/1", "eve/1"].map(sdk);
    let mut world = World::with(&[&callers[..], &[sdk("bob/1")]].concat());
    world.rules = Rules { rings: 2, ..Rules::default() };
    for caller in &callers {
        world.does(caller, initiate(&["bob"]));
    }
    assert_eq!(world.end_reason("call-3"), Some(EndReason::Busy));
    assert_eq!(world.heard(&sdk("bob/1")).len(), 2);
    world.does(&sdk("bob/1"), reject("call-1"));
    world.does(&callers[2], initiate(&["bob"]));
    assert_eq!(world.state("call-4"), Some(CallState::Ringing));
}

#[test]
fn i15_however_a_call_ends_both_are_free_again() {
    let ends: [fn(&mut World); 5] = [
        |world| drop(world.does(&sdk("alice/1"), hangup(CALL))),
        |world| {
            drop(world.ask(&sdk("bob/1"), reject(CALL)).or_else(|_| world.ask(&sdk("bob/1"), hangup(CALL))))
        },
        |world| world.wait(60_000),
        |world| world.lose(&sdk("alice/1")),
        |world| ["bob/1", "bob/2"].iter().for_each(|device| world.lose(&sdk(device))),
    ];
    for state in [CallState::Ringing, CallState::Connecting, CallState::Reconnecting] {
        for end in ends {
            let mut world = in_state(state);
            end(&mut world);
            assert_eq!(world.state(CALL), None);
            world.connect(&sdk("alice/9"));
            world.connect(&sdk("bob/9"));
            world.does(&sdk("alice/9"), initiate(&["bob"]));
            world.does(&sdk("bob/9"), accept("call-2"));
            assert_eq!(world.state("call-2"), Some(CallState::Connecting));
        }
    }
}

#[test]
fn i29_when_all_have_left_nothing_is_kept() {
    for state in CallState::ALL {
        let mut world = in_state(*state);
        for device in ["alice/1", "alice/2", "bob/1", "bob/2", "carol/1"] {
            world.lose(&sdk(device));
        }
        world.wait(60_000);
        assert!(world.calls.is_empty() && world.users.is_empty(), "{state:?}: {world:?}");
    }
}

#[test]
fn a_seed_client_that_goes_has_hung_up_and_an_sdk_that_goes_was_lost() {
    for (device, reason) in [(seed("bob/1"), EndReason::Completed), (sdk("bob/1"), EndReason::Failed)] {
        let alice = sdk("alice/1");
        let mut world = World::with(&[alice.clone(), device.clone()]);
        world.does(&alice, initiate(&["bob"]));
        world.does(&device, accept(CALL));
        world.deafen();
        world.input(Input::DeviceGone(device)).expect("it is no command");
        let last = format!("state {CALL} ended {}", reason.as_str());
        assert_eq!(world.heard(&alice), [format!("left {CALL} bob"), last]);
    }
}
