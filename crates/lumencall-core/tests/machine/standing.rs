//! How the connections of a group stand, and what comes of it: to the call, and to each member.

use lumencall_core::machine::Rules;
use lumencall_core::wire::ConnectionState::{Connected, Failed, Reconnecting};
use lumencall_core::{CallState, EndReason, Millis};

use crate::say::{self, CLEAN, accept, add, answer, hangup, offer, report, sdk, seed};
use crate::scene::{self, CALL, one, pair_stands};
use crate::world::World;

/// When the member has to be connected; nothing where it need not.
fn until(world: &World, name: &str) -> Option<Millis> {
    let call = &world.calls[&say::call(CALL)];
    call.member(&say::user(name)).expect("it is a member").until
}

/// These have joined a call that the first of them made, and nothing was negotiated.
fn joined(names: &[&str]) -> World {
    let mut world = scene::ringing_group(&names[1..]);
    for name in &names[1..] {
        world.does(&one(name), accept(CALL));
    }
    world.deafen();
    world
}

#[test]
fn a_group_is_connected_with_its_first_pair_and_reconnecting_when_the_last_is_gone() {
    let mut world = joined(&["alice", "bob", "carol"]);
    pair_stands(&mut world, "alice", "bob", Connected);
    let connected = "state call-1 connected";
    world.hears(&[
        ("alice/1", &["stands call-1 bob connected", connected]),
        ("bob/1", &["stands call-1 alice connected", connected]),
        ("carol/1", &["stands call-1 alice connected", "stands call-1 bob connected", connected]),
    ]);

    pair_stands(&mut world, "bob", "carol", Connected);
    let carol = ["stands call-1 carol connected"];
    world.hears(&[("alice/1", &carol), ("bob/1", &carol)]);

    // Bob still has Carol; Alice has nobody.
    world.does(&one("alice"), report(CALL, "bob", Reconnecting));
    let alice = ["stands call-1 alice reconnecting"];
    world.hears(&[("bob/1", &alice), ("carol/1", &alice)]);
    assert_eq!(world.state(CALL), Some(CallState::Connected));

    world.does(&one("carol"), report(CALL, "bob", Reconnecting));
    let (bob, carol) = ("stands call-1 bob reconnecting", "stands call-1 carol reconnecting");
    let reconnecting = "state call-1 reconnecting";
    world.hears(&[
        ("alice/1", &[bob, carol, reconnecting]),
        ("bob/1", &[carol, reconnecting]),
        ("carol/1", &[bob, reconnecting]),
    ]);

    world.does(&one("carol"), report(CALL, "bob", Connected));
    let (bob, carol) = ("stands call-1 bob connected", "stands call-1 carol connected");
    world.hears(&[
        ("alice/1", &[bob, carol, connected]),
        ("bob/1", &[carol, connected]),
        ("carol/1", &[bob, connected]),
    ]);
}

#[test]
fn in_a_call_of_two_the_state_says_it_all() {
    let mut world = joined(&["alice", "bob"]);
    pair_stands(&mut world, "alice", "bob", Connected);
    world.does(&one("bob"), report(CALL, "alice", Reconnecting));
    let states = ["state call-1 connected", "state call-1 reconnecting"];
    world.hears(&[("alice/1", &states), ("bob/1", &states)]);
}

#[test]
fn a_seed_member_hears_the_call_s_states_and_not_how_others_stand() {
    let mut world = World::with(&[seed("alice/1"), sdk("bob/1"), sdk("carol/1")]);
    world.does(&seed("alice/1"), say::initiate(&["bob", "carol"]));
    world.does(&one("bob"), accept(CALL));
    world.does(&one("carol"), accept(CALL));
    world.deafen();
    pair_stands(&mut world, "bob", "carol", Connected);
    assert_eq!(world.heard(&seed("alice/1")), ["state call-1 connected"]);
}

#[test]
fn one_who_is_left_alone_stays_while_somebody_rings_and_the_state_stays_too() {
    for state in [CallState::Connecting, CallState::Connected, CallState::Reconnecting] {
        let mut world = scene::in_state(state);
        world.does(&sdk("alice/1"), add(CALL, "carol"));
        world.does(&sdk("bob/1"), hangup(CALL));
        assert_eq!(world.state(CALL), Some(state));
        assert_eq!(until(&world, "alice"), None, "nobody is there to be connected to");
        world.deafen();

        world.does(&sdk("carol/1"), accept(CALL));
        let now = if state == CallState::Connecting { state } else { CallState::Reconnecting };
        assert_eq!(world.state(CALL), Some(now));
        let told = if state == CallState::Connected { vec!["state call-1 reconnecting"] } else { vec![] };
        let alice = [vec!["joined call-1 carol"], told.clone()].concat();
        world.hears(&[("alice/1", &alice), ("carol/1", &told)]);
        assert_eq!((until(&world, "alice"), until(&world, "carol")), (Some(60_000), Some(60_000)));

        world.does(&sdk("alice/1"), report(CALL, "carol", Connected));
        world.does(&sdk("carol/1"), report(CALL, "alice", Connected));
        let connected = ["state call-1 connected"];
        world.hears(&[("alice/1", &connected), ("carol/1", &connected)]);
        assert_eq!((until(&world, "alice"), until(&world, "carol")), (None, None));
    }
}

#[test]
fn i14_one_who_is_alone_waits_no_longer_than_it_rings() {
    let mut world = scene::group_of(&["alice", "bob"]);
    world.connect(&one("carol"));
    world.wait(10_000);
    world.does(&one("alice"), add(CALL, "carol"));
    world.does(&one("bob"), hangup(CALL));
    world.deafen();
    world.wait(59_999);
    world.hears(&[]);
    world.wait(1);
    world.hears(&[
        ("alice/1", &["state call-1 ended completed"]),
        ("carol/1", &["state call-1 ended missed"]),
    ]);
}

#[test]
fn a_joiner_who_connects_to_nobody_is_put_out_in_their_own_time() {
    let mut world = scene::group_of(&["alice", "bob"]);
    world.connect(&one("carol"));
    world.wait(5_000);
    world.does(&one("alice"), add(CALL, "carol"));
    world.does(&one("carol"), accept(CALL));
    assert_eq!(
        [until(&world, "alice"), until(&world, "bob"), until(&world, "carol")],
        [None, None, Some(65_000)]
    );
    world.deafen();
    world.wait(60_000);
    world.hears(&[
        ("alice/1", &["left call-1 carol"]),
        ("bob/1", &["left call-1 carol"]),
        ("carol/1", &["state call-1 ended failed"]),
    ]);
    assert_eq!(world.state(CALL), Some(CallState::Connected));
}

#[test]
fn offer_and_answer_with_anybody_shorten_the_time_of_the_two_alone() {
    let mut world = joined(&["alice", "bob", "carol"]);
    world.wait(1_000);
    world.does(&one("alice"), offer(CALL, "bob", CLEAN));
    world.does(&one("bob"), answer(CALL, "alice", CLEAN));
    assert_eq!(
        [until(&world, "alice"), until(&world, "bob"), until(&world, "carol")],
        [Some(16_000), Some(16_000), Some(60_000)]
    );
    pair_stands(&mut world, "alice", "bob", Connected);
    world.does(&one("alice"), offer(CALL, "carol", CLEAN));
    world.does(&one("carol"), answer(CALL, "alice", CLEAN));
    assert_eq!(
        [until(&world, "alice"), until(&world, "bob"), until(&world, "carol")],
        [None, None, Some(16_000)],
        "who is connected need not hurry"
    );
    world.deafen();
    world.wait(15_000);
    world.hears(&[
        ("alice/1", &["left call-1 carol"]),
        ("bob/1", &["left call-1 carol"]),
        ("carol/1", &["state call-1 ended failed"]),
    ]);
}

#[test]
fn a_member_who_loses_every_connection_has_the_time_to_mend_one_and_no_more() {
    let mut world = scene::group_of(&["alice", "bob", "carol"]);
    world.does(&one("carol"), report(CALL, "alice", Reconnecting));
    assert_eq!(until(&world, "carol"), None, "she has Bob");
    world.wait(1_000);
    world.does(&one("carol"), report(CALL, "bob", Reconnecting));
    assert_eq!(until(&world, "carol"), Some(31_000));
    world.wait(10_000);
    world.does(&one("carol"), report(CALL, "alice", Connected));
    assert_eq!(until(&world, "carol"), None);
    world.does(&one("carol"), report(CALL, "alice", Reconnecting));
    world.deafen();
    world.wait(30_000);
    world.hears(&[
        ("alice/1", &["left call-1 carol"]),
        ("bob/1", &["left call-1 carol"]),
        ("carol/1", &["state call-1 ended failed"]),
    ]);
}

#[test]
fn i10_where_the_watchdog_leaves_nobody_the_call_has_failed_for_all() {
    let mut world = joined(&["alice", "bob", "carol"]);
    world.wait(60_000);
    assert_eq!(world.end_reason(CALL), Some(EndReason::Failed));
    let ended = "state call-1 ended failed";
    world.hears(&[
        ("alice/1", &[ended]),
        ("bob/1", &["left call-1 alice", ended]),
        ("carol/1", &["left call-1 alice", ended]),
    ]);
}

#[test]
fn where_the_watchdog_leaves_one_alone_and_somebody_rings_that_one_waits() {
    let mut world = joined(&["alice", "bob"]);
    world.connect(&one("carol"));
    world.wait(50_000);
    world.does(&one("alice"), add(CALL, "carol"));
    world.deafen();
    world.wait(10_000);
    world.hears(&[("alice/1", &["state call-1 ended failed"]), ("bob/1", &["left call-1 alice"])]);
    world.does(&one("carol"), accept(CALL));
    scene::connect(&mut world, "bob", "carol");
    assert_eq!(world.state(CALL), Some(CallState::Connected));
}

#[test]
fn a_member_whose_connections_have_all_failed_is_put_out() {
    let mut world = scene::group_of(&["alice", "bob", "carol"]);
    world.does(&one("carol"), report(CALL, "alice", Failed));
    world.hears(&[]);
    assert_eq!(world.calls[&say::call(CALL)].joined().count(), 3, "she has Bob");
    // It is the other end that says so, and counts as much.
    world.does(&one("bob"), report(CALL, "carol", Failed));
    world.hears(&[
        ("alice/1", &["left call-1 carol"]),
        ("bob/1", &["left call-1 carol"]),
        ("carol/1", &["state call-1 ended failed"]),
    ]);
    assert_eq!(world.state(CALL), Some(CallState::Connected));
}

#[test]
fn two_who_cannot_reach_each_other_stay_while_a_third_reaches_both() {
    let mut world = scene::group_of(&["alice", "bob", "carol"]);
    pair_stands(&mut world, "alice", "bob", Failed);
    world.hears(&[]);
    world.wait(1_000_000);
    assert_eq!(world.state(CALL), Some(CallState::Connected));
    // When the third leaves, nothing connects them.
    world.does(&one("carol"), hangup(CALL));
    let (left, ended) = ("left call-1 carol", "state call-1 ended failed");
    world.hears(&[
        ("alice/1", &[left, ended]),
        ("bob/1", &[left, ended]),
        ("carol/1", &["state call-1 ended completed"]),
    ]);
}

#[test]
fn one_who_comes_back_is_not_held_to_what_failed_before() {
    let mut world = scene::group_of(&["alice", "bob", "carol"]);
    world.does(&one("carol"), report(CALL, "alice", Failed));
    world.does(&one("carol"), report(CALL, "bob", Failed));
    world.does(&one("alice"), add(CALL, "carol"));
    world.does(&one("carol"), accept(CALL));
    world.does(&one("carol"), report(CALL, "alice", Failed));
    assert_eq!(world.calls[&say::call(CALL)].joined().count(), 3, "one of two has failed");
    scene::connect(&mut world, "bob", "carol");
    assert_eq!(until(&world, "carol"), None);
}

#[test]
fn who_loses_their_only_connection_by_a_leaver_has_the_time_to_make_another() {
    let mut world = joined(&["alice", "bob", "carol"]);
    pair_stands(&mut world, "alice", "bob", Connected);
    pair_stands(&mut world, "alice", "carol", Connected);
    world.deafen();
    world.does(&one("alice"), hangup(CALL));
    let heard = ["left call-1 alice", "state call-1 reconnecting"];
    world.hears(&[("alice/1", &["state call-1 ended completed"]), ("bob/1", &heard), ("carol/1", &heard)]);
    assert_eq!((until(&world, "bob"), until(&world, "carol")), (Some(30_000), Some(30_000)));
    scene::connect(&mut world, "bob", "carol");
    assert_eq!(world.state(CALL), Some(CallState::Connected));
}

#[test]
fn the_times_of_a_member_are_those_that_the_server_is_run_with() {
    let mut world = joined(&["alice", "bob"]);
    world.connect(&one("carol"));
    world.rules = Rules { ring_timeout: 7, answer_timeout: 8, reconnect_timeout: 9, ..Rules::default() };
    pair_stands(&mut world, "alice", "bob", Connected);
    world.does(&one("alice"), add(CALL, "carol"));
    assert_eq!(until(&world, "carol"), Some(7));
    world.does(&one("carol"), accept(CALL));
    assert_eq!(until(&world, "carol"), Some(8));
    scene::connect(&mut world, "alice", "carol");
    world.does(&one("carol"), report(CALL, "alice", Reconnecting));
    assert_eq!(until(&world, "carol"), Some(9));
}
