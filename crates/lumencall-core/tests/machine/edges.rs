//! Every edge of the table, taken by what people do.

use lumencall_core::CallState;
use lumencall_core::machine::{Input, TABLE, Trigger, edge};
use lumencall_core::wire::ConnectionState;

use crate::say::{CLEAN, accept, answer, call, hangup, initiate, offer, reject, report, sdk};
use crate::scene::{CALL, in_state};
use crate::world::World;

/// How an edge can come about. An edge has as many as there are ways that differ.
type Way = (CallState, Trigger, fn(&mut World));

#[rustfmt::skip]
const WAYS: &[Way] = {
    use CallState::{Connected, Connecting, Idle, Initiating, Reconnecting, Ringing};
    &[
        (Idle, Trigger::Initiated, |world| { world.lose(&sdk("bob/1")); world.lose(&sdk("bob/2")); calls_bob(world) }),

        (Initiating, Trigger::Reached, |world| rings_late(world)),
        (Initiating, Trigger::Reached, |world| world.connect(&sdk("bob/3"))),
        (Initiating, Trigger::TimedOut, |world| world.wait(60_000)),
        (Initiating, Trigger::Busy, |world| bob_calls_carol(world)),
        (Initiating, Trigger::Cancelled, |world| drop(world.does(&sdk("alice/1"), hangup(CALL)))),
        (Initiating, Trigger::Cancelled, |world| world.lose(&sdk("alice/1"))),

        (Ringing, Trigger::Accepted, |world| drop(world.does(&sdk("bob/1"), accept(CALL)))),
        (Ringing, Trigger::Accepted, |world| drop(world.does(&sdk("bob/2"), accept(CALL)))),
        (Ringing, Trigger::Rejected, |world| drop(world.does(&sdk("bob/1"), reject(CALL)))),
        (Ringing, Trigger::Rejected, |world| drop(world.does(&sdk("bob/2"), hangup(CALL)))),
        (Ringing, Trigger::TimedOut, |world| world.wait(60_000)),
        (Ringing, Trigger::CalleesLost, |world| { world.lose(&sdk("bob/2")); world.lose(&sdk("bob/1")) }),
        (Ringing, Trigger::Busy, |world| bob_calls_carol(world)),
        (Ringing, Trigger::Busy, |world| bob_accepts_carol(world)),
        (Ringing, Trigger::Cancelled, |world| drop(world.does(&sdk("alice/1"), hangup(CALL)))),
        (Ringing, Trigger::Cancelled, |world| world.lose(&sdk("alice/1"))),

        (Connecting, Trigger::Connected, |world| both_report(world, ConnectionState::Connected)),
        (Connecting, Trigger::HungUp, |world| drop(world.does(&sdk("alice/1"), hangup(CALL)))),
        (Connecting, Trigger::HungUp, |world| drop(world.does(&sdk("bob/1"), hangup(CALL)))),
        (Connecting, Trigger::Failed, |world| world.wait(60_000)),
        (Connecting, Trigger::Failed, |world| { negotiate(world); world.wait(15_000) }),
        (Connecting, Trigger::Failed, |world| reports(world, "alice", ConnectionState::Failed)),
        (Connecting, Trigger::Failed, |world| world.lose(&sdk("alice/1"))),
        (Connecting, Trigger::Failed, |world| world.lose(&sdk("bob/1"))),

        (Connected, Trigger::Interrupted, |world| reports(world, "alice", ConnectionState::Reconnecting)),
        (Connected, Trigger::Interrupted, |world| reports(world, "bob", ConnectionState::Reconnecting)),
        (Connected, Trigger::HungUp, |world| drop(world.does(&sdk("alice/1"), hangup(CALL)))),
        (Connected, Trigger::HungUp, |world| drop(world.does(&sdk("bob/1"), hangup(CALL)))),
        (Connected, Trigger::Failed, |world| reports(world, "bob", ConnectionState::Failed)),
        (Connected, Trigger::Failed, |world| world.lose(&sdk("alice/1"))),
        (Connected, Trigger::Failed, |world| world.lose(&sdk("bob/1"))),

        (Reconnecting, Trigger::Connected, |world| reports(world, "alice", ConnectionState::Connected)),
        (Reconnecting, Trigger::HungUp, |world| drop(world.does(&sdk("bob/1"), hangup(CALL)))),
        (Reconnecting, Trigger::Failed, |world| world.wait(30_000)),
        (Reconnecting, Trigger::Failed, |world| reports(world, "bob", ConnectionState::Failed)),
        (Reconnecting, Trigger::Failed, |world| world.lose(&sdk("bob/1"))),
    ]
};

#[test]
fn every_edge_is_taken_by_what_people_do() {
    for (from, trigger, way) in WAYS {
        let edge = edge(*from, *trigger).expect("a way is that of an edge");
        let mut world = in_state(*from);
        way(&mut world);

        assert_eq!(world.state(CALL), (edge.to != CallState::Ended).then_some(edge.to), "{edge:?}");
        let told = world.heard(&sdk("alice/1"));
        let state = format!("state {CALL} {}", edge.to.as_str());
        let line = edge.reason.map_or(state.clone(), |reason| format!("{state} {}", reason.as_str()));
        // The caller's SDK has the first state in the reply to its initiate, and no event for it.
        assert!(
            told.contains(&line) || *trigger == Trigger::Initiated,
            "{edge:?}: the caller hears {told:?}"
        );
    }
}

#[test]
fn every_edge_has_a_way_and_every_way_its_edge() {
    for edge in TABLE {
        let ways = WAYS.iter().filter(|(from, trigger, _)| (edge.from, edge.trigger) == (*from, *trigger));
        assert!(ways.count() > 0, "{edge:?} is walked by nobody");
    }
    for (from, trigger, _) in WAYS {
        assert!(
            TABLE.iter().any(|edge| (edge.from, edge.trigger) == (*from, *trigger)),
            "{from:?} {trigger:?}"
        );
    }
}

fn calls_bob(world: &mut World) {
    world.does(&sdk("alice/1"), initiate(&["bob"]));
}

fn rings_late(world: &mut World) {
    world.input(Input::RingDevice { call: call(CALL), device: sdk("bob/1") }).expect("it is no command");
}

fn bob_calls_carol(world: &mut World) {
    world.does(&sdk("bob/1"), initiate(&["carol"]));
}

fn bob_accepts_carol(world: &mut World) {
    let other = world.does(&sdk("carol/1"), initiate(&["bob"])).expect("the call is in the reply");
    world.does(&sdk("bob/2"), accept(other.id.as_str()));
}

fn negotiate(world: &mut World) {
    world.does(&sdk("alice/1"), offer(CALL, "bob", CLEAN));
    world.does(&sdk("bob/1"), answer(CALL, "alice", CLEAN));
}

fn reports(world: &mut World, who: &str, state: ConnectionState) {
    let (device, peer) = if who == "alice" { ("alice/1", "bob") } else { ("bob/1", "alice") };
    world.does(&sdk(device), report(CALL, peer, state));
}

fn both_report(world: &mut World, state: ConnectionState) {
    reports(world, "alice", state);
    reports(world, "bob", state);
}
