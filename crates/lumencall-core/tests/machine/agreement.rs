//! One outcome for all, whoever comes first.

use lumencall_core::machine::{Input, Origin};
use lumencall_core::wire::{Command, ConnectionState};
use lumencall_core::{CallState, EndReason, ErrorCode};

use crate::say::{
    CLEAN, accept, add, answer, call, candidate, hangup, initiate, offer, reject, remove, report, sdk, seed,
    toggle,
};
use crate::scene::{CALL, in_state};
use crate::world::World;

#[test]
fn i7_nobody_but_a_callee_accepts() {
    for device in ["alice/1", "alice/2", "carol/1"] {
        let mut world = in_state(CallState::Ringing);
        world.refuses(&sdk(device), accept(CALL));
        assert_eq!(world.state(CALL), Some(CallState::Ringing));
    }
}

#[test]
fn i7_only_the_caller_cancels() {
    for (device, reason) in [("alice/1", EndReason::Cancelled), ("bob/1", EndReason::Rejected)] {
        let mut world = in_state(CallState::Ringing);
        world.does(&sdk(device), hangup(CALL));
        assert_eq!(world.end_reason(CALL), Some(reason));
    }
}

#[test]
fn i8_the_first_accept_wins_and_the_other_devices_stop() {
    let devices = [sdk("alice/1"), sdk("bob/1"), sdk("bob/2"), seed("bob/3")];
    let mut world = World::with(&devices);
    world.does(&devices[0], initiate(&["bob"]));
    world.deafen();

    world.does(&devices[2], accept(CALL));
    let lost = [format!("state {CALL} ended completed elsewhere=true"), format!("elsewhere {CALL} engaged")];
    assert_eq!(world.heard(&devices[1]), lost);
    assert_eq!(world.heard(&devices[3]), [format!("state {CALL} ended completed")], "as the seed knows it");
    assert_eq!(world.heard(&devices[2]), [format!("state {CALL} connecting")]);

    for loser in [&devices[1], &devices[3]] {
        for command in [accept(CALL), reject(CALL), hangup(CALL), toggle(CALL, false)] {
            assert_eq!(world.refuses(loser, command), ErrorCode::UnknownCall);
        }
        world.lose(loser);
    }
    assert_eq!(world.state(CALL), Some(CallState::Connecting), "nothing that a losing device does counts");
    world.deafen();
    world.does(&devices[0], hangup(CALL));
    assert_eq!(world.hearers(), ["alice/1", "bob/2"]);
}

#[test]
fn i8_a_decline_stops_every_device_of_the_callee() {
    let mut world = in_state(CallState::Ringing);
    world.does(&sdk("bob/2"), reject(CALL));
    for device in ["alice/1", "bob/1", "bob/2"] {
        assert_eq!(world.heard(&sdk(device)), [format!("state {CALL} ended rejected")], "{device}");
    }
}

#[test]
fn a_lost_device_leaves_the_others_ringing() {
    let mut world = in_state(CallState::Ringing);
    world.lose(&sdk("bob/1"));
    assert!(world.hearers().is_empty());
    world.does(&sdk("bob/2"), accept(CALL));
    assert_eq!(world.state(CALL), Some(CallState::Connecting));
}

/// Something that can end a ring.
#[derive(Clone, Debug)]
enum Act {
    Says(Origin, Command),
    Times,
}

#[test]
fn i12_accepts_rejects_cancel_and_timeout_have_one_outcome_in_every_order() {
    let acts = [
        Act::Says(sdk("bob/1"), accept(CALL)),
        Act::Says(sdk("bob/2"), accept(CALL)),
        Act::Says(sdk("bob/2"), reject(CALL)),
        Act::Says(sdk("alice/1"), hangup(CALL)),
        Act::Times,
    ];
    for order in orders(&acts) {
        let mut world = in_state(CallState::Ringing);
        // The timer comes late, as under load; the others come in the same millisecond.
        world.clock = 60_000;
        let mut taken = Vec::new();
        for act in &order {
            let before = world.state(CALL);
            match act {
                Act::Says(from, command) => drop(world.ask(from, command.clone())),
                Act::Times => drop(world.input(Input::Deadline { call: call(CALL) })),
            }
            if world.state(CALL) != before {
                taken.push(act.clone());
            }
        }
        let accepted = matches!(&order[0], Act::Says(_, command) if matches!(command, Command::Respond(_)) && *command == accept(CALL));
        let reason = match (&taken[0], taken.get(1)) {
            (Act::Times, None) => EndReason::Missed,
            (Act::Says(_, Command::Respond(respond)), None)
                if accept(CALL) != Command::Respond(respond.clone()) =>
            {
                EndReason::Rejected
            }
            (Act::Says(_, Command::Hangup(_)), None) => EndReason::Cancelled,
            (_, Some(Act::Says(_, Command::Hangup(_)))) => EndReason::Completed,
            _ => panic!("{order:?} had {taken:?}"),
        };
        assert_eq!(world.end_reason(CALL), Some(reason), "{order:?}");
        assert!(!accepted || reason == EndReason::Completed, "{order:?}");
    }
}

/// All orders of these.
fn orders<T: Clone>(all: &[T]) -> Vec<Vec<T>> {
    if all.is_empty() {
        return vec![Vec::new()];
    }
    let mut orders_of_all = Vec::new();
    for (index, first) in all.iter().enumerate() {
        let mut rest = all.to_vec();
        rest.remove(index);
        orders_of_all.extend(orders(&rest).into_iter().map(|order| [vec![first.clone()], order].concat()));
    }
    orders_of_all
}

#[test]
fn i11_nothing_is_heard_of_a_call_that_ended() {
    for from in [CallState::Ringing, CallState::Connecting, CallState::Connected, CallState::Reconnecting] {
        let mut world = in_state(from);
        world.does(&sdk("alice/1"), hangup(CALL));
        world.deafen();
        for (device, peer) in [("alice/1", "bob"), ("bob/1", "alice"), ("bob/2", "alice"), ("carol/1", "bob")]
        {
            for command in late(peer) {
                assert_eq!(world.refuses(&sdk(device), command), ErrorCode::UnknownCall, "{device}");
            }
        }
        for follower in [
            Input::Deadline { call: call(CALL) },
            Input::RingDevice { call: call(CALL), device: sdk("bob/1") },
            Input::LoseDevice { call: call(CALL), device: sdk("bob/1"), goodbye: false },
        ] {
            assert!(!world.input(follower).expect("it is no command").changed);
        }
        assert!(world.hearers().is_empty());
    }
}

#[test]
fn i24_a_call_of_others_and_no_call_look_the_same() {
    for state in [CallState::Initiating, CallState::Ringing, CallState::Connecting, CallState::Connected] {
        for (foreign, none) in late("alice").into_iter().zip(late_of("call-none", "alice")) {
            let refusals = [foreign, none]
                .map(|command| in_state(state).ask(&sdk("carol/1"), command).expect_err("it is not Carol's"));
            assert_eq!(refusals[0], refusals[1], "code and message");
        }
    }
}

fn late(peer: &str) -> Vec<Command> {
    late_of(CALL, peer)
}

/// Everything that can be said of a call.
fn late_of(id: &str, peer: &str) -> Vec<Command> {
    vec![
        accept(id),
        reject(id),
        hangup(id),
        toggle(id, true),
        offer(id, peer, CLEAN),
        answer(id, peer, CLEAN),
        candidate(id, peer, "c"),
        report(id, peer, ConnectionState::Connected),
        add(id, "dave"),
        remove(id, peer),
    ]
}
