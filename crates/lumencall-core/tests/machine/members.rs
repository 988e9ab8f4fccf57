//! Who is added to a call, who is put out, and who may do so.

use lumencall_core::{CallState, EndReason, ErrorCode};

use crate::say::{
    CLEAN, accept, add, answer, candidate, hangup, initiate, offer, reject, remove, report, sdk, seed, toggle,
};
use crate::scene::{self, CALL, one};
use crate::world::World;

/// A call of these, and devices of others who are in none.
fn group_and(names: &[&str], others: &[&str]) -> World {
    let mut world = scene::group_of(names);
    for other in others {
        world.connect(&one(other));
    }
    world.deafen();
    world
}

#[test]
fn any_member_adds_and_everybody_hears_of_it() {
    for who in ["alice", "bob"] {
        let mut world = group_and(&["alice", "bob"], &["carol"]);
        world.does(&one(who), add(CALL, "carol"));
        let told = ["callee call-1 carol ringing"];
        world.hears(&[
            ("alice/1", &told),
            ("bob/1", &told),
            ("carol/1", &["incoming call-1 ringing with alice+bob"]),
        ]);
        world.does(&one("carol"), accept(CALL));
        world.hears(&[
            ("alice/1", &["joined call-1 carol"]),
            ("bob/1", &["joined call-1 carol"]),
            ("carol/1", &[]),
        ]);
    }
}

#[test]
fn one_who_is_added_rings_whatever_the_call_stands_at() {
    for state in [CallState::Connecting, CallState::Connected, CallState::Reconnecting] {
        let mut world = scene::in_state(state);
        world.does(&sdk("alice/1"), add(CALL, "carol"));
        world.does(&sdk("carol/1"), reject(CALL));
        let heard = world.heard(&sdk("carol/1"));
        assert_eq!(
            heard,
            ["incoming call-1 ringing with alice+bob", "state call-1 ended rejected"],
            "{state:?}"
        );
        assert_eq!(world.state(CALL), Some(state), "it is nothing to the call");
    }
}

#[test]
fn the_caller_adds_while_it_rings() {
    let mut world = scene::ringing_group(&["bob"]);
    world.connect(&one("carol"));
    world.does(&one("alice"), add(CALL, "carol"));
    world.hears(&[
        ("alice/1", &["callee call-1 carol ringing"]),
        ("carol/1", &["incoming call-1 ringing with alice"]),
    ]);
    world.does(&one("bob"), reject(CALL));
    assert_eq!(world.state(CALL), Some(CallState::Ringing), "Carol may answer");
}

#[test]
fn one_who_is_added_while_nobody_was_reached_makes_it_ring() {
    let mut world = World::with(&["alice/1", "carol/1"].map(sdk));
    world.does(&one("alice"), initiate(&["bob"]));
    assert_eq!(world.state(CALL), Some(CallState::Initiating));
    world.does(&one("alice"), add(CALL, "carol"));
    world.hears(&[
        ("alice/1", &["callee call-1 carol ringing", "state call-1 ringing"]),
        ("carol/1", &["incoming call-1 ringing with alice"]),
    ]);
}

#[test]
fn one_who_is_added_and_is_away_rings_on_connecting() {
    let mut world = group_and(&["alice", "bob"], &[]);
    world.does(&one("bob"), add(CALL, "carol"));
    let told = ["callee call-1 carol ringing"];
    world.hears(&[("alice/1", &told), ("bob/1", &told)]);
    world.connect(&one("carol"));
    world.hears(&[("carol/1", &["incoming call-1 ringing with alice+bob"])]);
}

#[test]
fn i14_one_who_is_added_has_a_ring_of_their_own_time() {
    let mut world = scene::ringing_group(&["bob"]);
    world.connect(&one("carol"));
    world.wait(30_000);
    world.does(&one("alice"), add(CALL, "carol"));
    world.deafen();
    world.wait(30_000);
    world.hears(&[("alice/1", &["callee call-1 bob missed"]), ("bob/1", &["state call-1 ended missed"])]);
    world.wait(29_999);
    world.hears(&[]);
    world.wait(1);
    world.hears(&[("alice/1", &["state call-1 ended missed"]), ("carol/1", &["state call-1 ended missed"])]);
}

#[test]
fn one_who_is_in_another_call_is_busy_and_not_disturbed() {
    let mut world = group_and(&["alice", "bob"], &["carol", "dave"]);
    world.does(&one("carol"), initiate(&["dave"]));
    world.deafen();
    world.does(&one("bob"), add(CALL, "carol"));
    let told = ["callee call-1 carol busy"];
    world.hears(&[("alice/1", &told), ("bob/1", &told)]);
    world.does(&one("carol"), hangup("call-2"));
    world.deafen();
    world.does(&one("bob"), add(CALL, "carol"));
    assert_eq!(world.heard(&one("carol")), ["incoming call-1 ringing with alice+bob"]);
}

#[test]
fn one_who_left_declined_or_was_removed_is_added_again() {
    let outs: [fn(&mut World); 3] = [
        |world| drop(world.does(&one("carol"), hangup(CALL))),
        |world| drop(world.does(&one("alice"), remove(CALL, "carol"))),
        |world| {
            world.does(&one("carol"), hangup(CALL));
            world.does(&one("alice"), add(CALL, "carol"));
            world.does(&one("carol"), reject(CALL));
        },
    ];
    for out in outs {
        let mut world = scene::group_of(&["alice", "bob", "carol"]);
        out(&mut world);
        world.deafen();
        world.does(&one("bob"), add(CALL, "carol"));
        let told = ["callee call-1 carol ringing"];
        world.hears(&[
            ("alice/1", &told),
            ("bob/1", &told),
            ("carol/1", &["incoming call-1 ringing with alice+bob"]),
        ]);
        world.does(&one("carol"), accept(CALL));
        // They negotiate afresh: nothing of the time before is known.
        assert_eq!(world.refuses(&one("carol"), answer(CALL, "alice", CLEAN)), ErrorCode::InvalidState);
        scene::connect(&mut world, "alice", "carol");
        scene::connect(&mut world, "bob", "carol");
        assert_eq!(world.state(CALL), Some(CallState::Connected));
    }
}

#[test]
fn i29_the_ninth_is_too_many_and_those_who_ring_count() {
    let names = ["alice", "bob", "carol", "dave", "eve", "frank", "grace", "heidi"];
    let mut world = scene::ringing_group(&names[1..]);
    assert_eq!(world.refuses(&one("alice"), add(CALL, "ivan")), ErrorCode::LimitExceeded);
    world.does(&one("bob"), accept(CALL));
    assert_eq!(world.refuses(&one("bob"), add(CALL, "ivan")), ErrorCode::LimitExceeded);
    world.does(&one("carol"), reject(CALL));
    world.does(&one("bob"), add(CALL, "ivan"));
    assert_eq!(world.refuses(&one("bob"), add(CALL, "carol")), ErrorCode::LimitExceeded);
}

#[test]
fn one_who_is_in_the_call_or_rings_is_not_added_twice() {
    let mut world = group_and(&["alice", "bob"], &["carol"]);
    world.does(&one("alice"), add(CALL, "carol"));
    for name in ["alice", "bob", "carol"] {
        assert_eq!(world.refuses(&one("alice"), add(CALL, name)), ErrorCode::InvalidState, "{name}");
    }
}

#[test]
fn i9_only_who_is_in_the_call_adds_or_removes() {
    let mut world = group_and(&["alice", "bob"], &["carol", "dave"]);
    world.does(&one("alice"), add(CALL, "carol"));
    for choice in [add(CALL, "dave"), remove(CALL, "bob")] {
        assert_eq!(world.refuses(&one("carol"), choice.clone()), ErrorCode::InvalidState, "she rings");
        assert_eq!(world.refuses(&one("dave"), choice), ErrorCode::UnknownCall);
    }
}

#[test]
fn i9_the_owner_removes_one_who_is_in_the_call() {
    let mut world = scene::group_of(&["alice", "bob", "carol"]);
    world.does(&one("alice"), remove(CALL, "bob"));
    world.hears(&[
        ("alice/1", &["left call-1 bob"]),
        ("bob/1", &["state call-1 ended completed"]),
        ("carol/1", &["left call-1 bob"]),
    ]);
    world.does(&one("alice"), remove(CALL, "carol"));
    world.hears(&[
        ("alice/1", &["left call-1 carol", "state call-1 ended completed"]),
        ("carol/1", &["state call-1 ended completed"]),
    ]);
}

#[test]
fn i9_the_owner_removes_one_who_rings() {
    let mut world = group_and(&["alice", "bob"], &["carol"]);
    world.does(&one("bob"), add(CALL, "carol"));
    world.deafen();
    world.does(&one("alice"), remove(CALL, "carol"));
    let told = ["callee call-1 carol missed"];
    world.hears(&[("alice/1", &told), ("bob/1", &told), ("carol/1", &["state call-1 ended missed"])]);
    assert_eq!(world.refuses(&one("carol"), accept(CALL)), ErrorCode::UnknownCall);
}

#[test]
fn i7_i9_a_caller_who_removes_the_only_callee_cancels() {
    let mut world = scene::ringing_group(&["bob"]);
    world.does(&one("alice"), remove(CALL, "bob"));
    let ended = ["state call-1 ended cancelled"];
    world.hears(&[("alice/1", &ended), ("bob/1", &ended)]);
    assert_eq!(world.end_reason(CALL), Some(EndReason::Cancelled));
}

#[test]
fn i9_nobody_but_the_owner_removes_and_nobody_themselves() {
    let mut world = group_and(&["alice", "bob", "carol"], &["dave"]);
    world.does(&one("alice"), add(CALL, "dave"));
    for name in ["alice", "carol", "dave"] {
        assert_eq!(world.refuses(&one("bob"), remove(CALL, name)), ErrorCode::NotOwner, "{name}");
    }
    for name in ["alice", "eve"] {
        assert_eq!(world.refuses(&one("alice"), remove(CALL, name)), ErrorCode::InvalidArgument, "{name}");
    }
    assert_eq!(world.refuses(&one("bob"), remove(CALL, "bob")), ErrorCode::InvalidArgument);
}

#[test]
fn i9_ownership_passes_to_who_has_been_there_for_the_longest_time_and_does_not_come_back() {
    let mut world = scene::group_of(&["alice", "bob", "carol", "dave"]);
    let owner = |world: &World| {
        world.calls[&crate::say::call(CALL)].owner().expect("there is one").as_str().to_owned()
    };
    assert_eq!(owner(&world), "alice");
    world.does(&one("alice"), hangup(CALL));
    assert_eq!(owner(&world), "bob");
    world.does(&one("carol"), add(CALL, "alice"));
    let call = world.ask(&one("alice"), accept(CALL));
    let call = call.expect("she was added").reply.expect("the reply has the call");
    let inside: Vec<&str> = call.participants.iter().map(|one| one.user_id.as_str()).collect();
    assert_eq!(inside, ["bob", "carol", "dave", "alice"], "the owner is the first");
    assert_eq!(world.refuses(&one("alice"), remove(CALL, "dave")), ErrorCode::NotOwner);
    world.does(&one("bob"), remove(CALL, "alice"));
    world.lose(&one("bob"));
    assert_eq!(owner(&world), "carol");
    world.does(&one("carol"), remove(CALL, "dave"));
    assert_eq!(world.end_reason(CALL), Some(EndReason::Completed));
}

#[test]
fn i25_who_has_left_or_was_removed_sends_and_receives_nothing_of_the_call() {
    let outs: [fn(&mut World); 2] = [
        |world| drop(world.does(&one("carol"), hangup(CALL))),
        |world| drop(world.does(&one("alice"), remove(CALL, "carol"))),
    ];
    for out in outs {
        let mut world = group_and(&["alice", "bob", "carol"], &["dave"]);
        out(&mut world);
        world.deafen();
        for command in [
            accept(CALL),
            hangup(CALL),
            toggle(CALL, false),
            offer(CALL, "alice", CLEAN),
            answer(CALL, "alice", CLEAN),
            candidate(CALL, "alice", "c1"),
            report(CALL, "alice", lumencall_core::wire::ConnectionState::Failed),
            add(CALL, "dave"),
            remove(CALL, "bob"),
        ] {
            assert_eq!(world.refuses(&one("carol"), command), ErrorCode::UnknownCall);
        }
        for command in [offer(CALL, "carol", CLEAN), candidate(CALL, "carol", "a1")] {
            assert_eq!(world.refuses(&one("alice"), command), ErrorCode::InvalidArgument);
        }
        world.does(&one("alice"), toggle(CALL, false));
        world.does(&one("alice"), add(CALL, "dave"));
        world.does(&one("dave"), accept(CALL));
        world.does(&one("bob"), hangup(CALL));
        world.does(&one("dave"), hangup(CALL));
        assert_eq!(world.heard(&one("carol")), [""; 0]);
    }
}

#[test]
fn a_seed_member_adds_and_removes_too() {
    let (alice, bob) = (seed("alice/1"), seed("bob/1"));
    let mut world = World::with(&[alice.clone(), bob.clone(), sdk("carol/1")]);
    world.does(&alice, initiate(&["bob"]));
    world.does(&bob, accept(CALL));
    world.deafen();
    world.does(&bob, add(CALL, "carol"));
    world.hears(&[("carol/1", &["incoming call-1 ringing with alice+bob"])]);
    world.does(&alice, remove(CALL, "carol"));
    world.hears(&[("carol/1", &["state call-1 ended missed"])]);
}
