//! A call's time, by the server's clock alone.

use lumencall_core::machine::{Input, Rules};
use lumencall_core::wire::ConnectionState;
use lumencall_core::{CallState, EndReason, Millis};

use crate::say::{CLEAN, accept, answer, call, initiate, offer, report, sdk};
use crate::scene::{CALL, in_state};
use crate::world::World;

fn deadline(world: &World) -> Option<Millis> {
    world.calls[&call(CALL)].deadline()
}

#[test]
fn i14_a_ring_ends_at_its_time_and_not_before() {
    for state in [CallState::Initiating, CallState::Ringing] {
        let mut world = in_state(state);
        world.wait(59_999);
        assert_eq!(world.state(CALL), Some(state));
        world.wait(1);
        assert_eq!(world.end_reason(CALL), Some(EndReason::Missed));
        let heard = world.heard(&sdk("alice/1"));
        assert_eq!(heard, [format!("state {CALL} ended missed")]);
        let rang = if state == CallState::Ringing { vec![heard[0].clone()] } else { vec![] };
        assert_eq!(world.heard(&sdk("bob/1")), rang, "who was not rung hears nothing");
    }
}

#[test]
fn i14_a_device_that_comes_late_rings_no_longer_than_the_others() {
    let mut world = World::with(&[sdk("alice/1")]);
    world.does(&sdk("alice/1"), initiate(&["bob"]));
    world.wait(59_000);
    world.connect(&sdk("bob/1"));
    world.wait(1_000);
    assert_eq!(world.end_reason(CALL), Some(EndReason::Missed));
}

#[test]
fn i14_a_timer_that_fires_early_or_again_does_nothing() {
    let mut world = in_state(CallState::Ringing);
    world.does(&sdk("bob/1"), accept(CALL));
    world.wait(30_000);
    for _ in 0..3 {
        assert!(!world.input(Input::Deadline { call: call(CALL) }).expect("it is no command").changed);
    }
    assert_eq!(world.state(CALL), Some(CallState::Connecting));
}

#[test]
fn a_call_is_connected_within_its_time_from_accept() {
    let mut world = in_state(CallState::Ringing);
    world.wait(50_000);
    world.does(&sdk("bob/1"), accept(CALL));
    assert_eq!(deadline(&world), Some(110_000), "from accept");
    // Only what has been relayed both ways shortens it.
    world.wait(1_000);
    world.does(&sdk("alice/1"), offer(CALL, "bob", CLEAN));
    assert_eq!(deadline(&world), Some(110_000));
    world.does(&sdk("bob/1"), answer(CALL, "alice", CLEAN));
    assert_eq!(deadline(&world), Some(66_000), "from offer and answer");
    // Negotiating again makes it no longer.
    world.wait(1_000);
    world.does(&sdk("alice/1"), offer(CALL, "bob", CLEAN));
    world.does(&sdk("bob/1"), answer(CALL, "alice", CLEAN));
    assert_eq!(deadline(&world), Some(66_000));
    world.wait(14_000);
    assert_eq!(world.end_reason(CALL), Some(EndReason::Failed));
}

#[test]
fn an_answer_near_the_end_of_the_time_from_accept_does_not_extend_it() {
    let mut world = in_state(CallState::Connecting);
    world.wait(55_000);
    world.does(&sdk("alice/1"), offer(CALL, "bob", CLEAN));
    world.does(&sdk("bob/1"), answer(CALL, "alice", CLEAN));
    assert_eq!(deadline(&world), Some(60_000));
}

#[test]
fn a_connected_call_has_all_the_time() {
    let mut world = in_state(CallState::Connected);
    assert_eq!(deadline(&world), None);
    world.wait(100_000_000);
    assert_eq!(world.state(CALL), Some(CallState::Connected));
}

#[test]
fn every_reconnecting_has_its_whole_time() {
    let mut world = in_state(CallState::Connected);
    let alice = sdk("alice/1");
    for _ in 0..3 {
        world.does(&alice, report(CALL, "bob", ConnectionState::Reconnecting));
        world.wait(29_999);
        assert_eq!(world.state(CALL), Some(CallState::Reconnecting));
        world.does(&alice, report(CALL, "bob", ConnectionState::Connected));
        world.wait(100_000);
    }
    world.does(&alice, report(CALL, "bob", ConnectionState::Reconnecting));
    world.wait(20_000);
    // The other end says the same, which is no new interruption.
    world.does(&sdk("bob/1"), report(CALL, "alice", ConnectionState::Reconnecting));
    world.wait(10_000);
    assert_eq!(world.end_reason(CALL), Some(EndReason::Failed));
}

#[test]
fn the_times_are_those_that_the_server_is_run_with() {
    let rules = Rules {
        ring_timeout: 10,
        setup_timeout: 20,
        answer_timeout: 30,
        reconnect_timeout: 40,
        ..Rules::default()
    };
    let (alice, bob) = (sdk("alice/1"), sdk("bob/1"));
    let mut world = World::with(&[alice.clone(), bob.clone()]);
    world.rules = rules;
    world.does(&alice, initiate(&["bob"]));
    assert_eq!(deadline(&world), Some(10));
    world.does(&bob, accept(CALL));
    assert_eq!(deadline(&world), Some(30));
    world.does(&alice, offer(CALL, "bob", CLEAN));
    world.does(&bob, answer(CALL, "alice", CLEAN));
    assert_eq!(deadline(&world), Some(20));
    world.does(&alice, report(CALL, "bob", ConnectionState::Connected));
    world.does(&bob, report(CALL, "alice", ConnectionState::Connected));
    assert_eq!(deadline(&world), None);
    world.does(&bob, report(CALL, "alice", ConnectionState::Reconnecting));
    assert_eq!(deadline(&world), Some(40));
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let Rules {
        ring_timeout,
        setup_timeout,
        answer_timeout,
        reconnect_timeout,
        resume_in_call,
        resume,
        candidates,
        members,
        rings,
    } = Rules::default();
    assert_eq!(
        (ring_timeout, setup_timeout, answer_timeout, reconnect_timeout),
        (60_000, 15_000, 60_000, 30_000)
    );
    assert_eq!((resume_in_call, resume), (30_000, 10_000));
    assert_eq!((candidates, members, rings), (200, 8, 32));
}
