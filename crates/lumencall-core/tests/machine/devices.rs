//! What a user's other devices hear.

use lumencall_core::machine::Dialect;
use lumencall_core::{CallState, ErrorCode};

use crate::say::{
    CLEAN, accept, add, answer, candidate, device, hangup, initiate, offer, reject, remove, report, sdk,
    seed, toggle,
};
use crate::scene::{self, CALL, in_state};
use crate::world::World;

#[test]
fn the_other_devices_of_both_hear_that_the_user_is_in_a_call_and_when_that_is_over() {
    let alices = [sdk("alice/1"), sdk("alice/2"), seed("alice/3")];
    let bobs = [sdk("bob/1"), sdk("bob/2"), seed("bob/3")];
    let mut world = World::with(&[&alices[..], &bobs[..]].concat());
    world.does(&alices[0], initiate(&["bob"]));
    let incoming = "incoming call-1 ringing with alice";
    world.hears(&[
        ("alice/1", &["state call-1 ringing"]),
        ("alice/2", &["elsewhere call-1 engaged"]),
        ("bob/1", &[incoming]),
        ("bob/2", &[incoming]),
        ("bob/3", &[incoming]),
    ]);

    world.does(&bobs[0], accept(CALL));
    world.hears(&[
        ("alice/1", &["state call-1 connecting", "joined call-1 bob"]),
        ("bob/1", &["state call-1 connecting"]),
        ("bob/2", &["state call-1 ended completed elsewhere=true", "elsewhere call-1 engaged"]),
        ("bob/3", &["state call-1 ended completed"]),
    ]);

    world.connect(&sdk("alice/4"));
    world.connect(&seed("bob/4"));
    world.hears(&[("alice/4", &["elsewhere call-1 engaged"])]);

    world.does(&bobs[0], hangup(CALL));
    world.hears(&[
        ("alice/1", &["left call-1 bob", "state call-1 ended completed"]),
        ("alice/2", &["elsewhere call-1 free"]),
        ("alice/4", &["elsewhere call-1 free"]),
        ("bob/1", &["state call-1 ended completed"]),
        ("bob/2", &["elsewhere call-1 free"]),
    ]);
    world.connect(&sdk("alice/5"));
    world.hears(&[]);
}

#[test]
fn a_device_whose_user_is_only_rung_hears_of_no_engagement() {
    let mut world = in_state(CallState::Ringing);
    world.connect(&sdk("bob/3"));
    world.hears(&[("bob/3", &["incoming call-1 ringing with alice"])]);
    world.does(&sdk("bob/3"), reject(CALL));
    let ended = ["state call-1 ended rejected"];
    world.hears(&[
        ("alice/1", &ended),
        ("alice/2", &["elsewhere call-1 free"]),
        ("bob/1", &ended),
        ("bob/2", &ended),
        ("bob/3", &ended),
    ]);
}

#[test]
fn i8_in_every_order_one_accept_wins_and_nothing_that_the_losers_say_counts() {
    let names = ["bob/1", "bob/2", "bob/3"];
    for winner in 0..3 {
        let devices = [sdk("alice/1"), sdk(names[0]), sdk(names[1]), seed(names[2])];
        let mut world = World::with(&devices);
        world.does(&devices[0], initiate(&["bob"]));
        world.does(&devices[winner + 1], accept(CALL));
        world.does(&devices[0], offer(CALL, "bob", CLEAN));
        world.deafen();
        for loser in (0..3).filter(|loser| *loser != winner) {
            let loser = &devices[loser + 1];
            for command in [
                accept(CALL),
                reject(CALL),
                hangup(CALL),
                toggle(CALL, false),
                offer(CALL, "alice", CLEAN),
                answer(CALL, "alice", CLEAN),
                candidate(CALL, "alice", "b1"),
                report(CALL, "alice", lumencall_core::wire::ConnectionState::Failed),
                add(CALL, "carol"),
                remove(CALL, "alice"),
            ] {
                assert_eq!(world.refuses(loser, command), ErrorCode::UnknownCall);
            }
        }
        world.does(&devices[winner + 1], answer(CALL, "alice", CLEAN));
        assert_eq!(world.heard(&devices[0])[0], "answer call-1 bob v=0");
        assert_eq!(world.state(CALL), Some(CallState::Connecting));
    }
}

#[test]
fn i8_a_decline_on_one_device_declines_for_the_user_alone() {
    for decline in [reject(CALL), hangup(CALL)] {
        for dialect in [Dialect::Sdk, Dialect::Seed] {
            let bob_2 = device("bob/2", dialect);
            let mut world = World::with(&[sdk("alice/1"), sdk("bob/1"), bob_2.clone(), sdk("carol/1")]);
            world.does(&sdk("alice/1"), initiate(&["bob", "carol"]));
            world.deafen();
            world.does(&bob_2, decline.clone());
            let ended = ["state call-1 ended rejected"];
            world.hears(&[
                ("alice/1", &["callee call-1 bob rejected"]),
                ("bob/1", &ended),
                ("bob/2", &ended),
            ]);
            assert_eq!(world.refuses(&sdk("bob/1"), accept(CALL)), ErrorCode::UnknownCall);
            world.does(&sdk("carol/1"), accept(CALL));
        }
    }
}

#[test]
fn i8_each_callee_of_a_group_has_a_winner_of_their_own() {
    let devices = ["alice/1", "bob/1", "bob/2", "carol/1", "carol/2"].map(sdk);
    let mut world = World::with(&devices);
    world.does(&devices[0], initiate(&["bob", "carol"]));
    world.deafen();
    world.does(&sdk("bob/2"), accept(CALL));
    world.does(&sdk("carol/1"), accept(CALL));
    let lost = ["state call-1 ended completed elsewhere=true", "elsewhere call-1 engaged"];
    world.hears(&[
        ("alice/1", &["state call-1 connecting", "joined call-1 bob", "joined call-1 carol"]),
        ("bob/1", &lost),
        ("bob/2", &["state call-1 connecting", "joined call-1 carol"]),
        ("carol/1", &[]),
        ("carol/2", &lost),
    ]);
}

#[test]
fn a_device_that_goes_leaves_the_others_of_the_same_callee_ringing_and_the_last_takes_the_callee_along() {
    let devices = ["alice/1", "bob/1", "bob/2", "carol/1"].map(sdk);
    let mut world = World::with(&devices);
    world.does(&devices[0], initiate(&["bob", "carol"]));
    world.deafen();
    world.lose(&sdk("bob/1"));
    world.hears(&[]);
    world.lose(&sdk("bob/2"));
    world.hears(&[("alice/1", &["callee call-1 bob missed"])]);
    // Bob is out, and rings no more when he is back.
    world.connect(&sdk("bob/3"));
    world.hears(&[]);
    world.lose(&sdk("carol/1"));
    world.hears(&[("alice/1", &["state call-1 ended missed"])]);
}

#[test]
fn a_user_is_free_for_calls_when_a_group_that_they_left_goes_on() {
    let mut world = scene::group_of(&["alice", "bob", "carol"]);
    world.connect(&sdk("carol/2"));
    world.does(&sdk("carol/1"), hangup(CALL));
    world.hears(&[
        ("alice/1", &["left call-1 carol"]),
        ("bob/1", &["left call-1 carol"]),
        ("carol/1", &["state call-1 ended completed"]),
        ("carol/2", &["elsewhere call-1 engaged", "elsewhere call-1 free"]),
    ]);
    world.connect(&sdk("dave/1"));
    world.does(&sdk("dave/1"), initiate(&["carol"]));
    assert_eq!(world.state("call-2"), Some(CallState::Ringing));
}
