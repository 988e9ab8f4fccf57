//! Calls of several: who is called, who is out, and when it ends.

use lumencall_core::machine::Rules;
use lumencall_core::{CallState, EndReason, ErrorCode};

use crate::say::{
    CLEAN, GATHERED, accept, candidate, hangup, initiate, offer, reject, remove, sdk, sealed, seed,
};
use crate::scene::{self, CALL, one};
use crate::world::World;

const NAMES: [&str; 9] = ["alice", "bob", "carol", "dave", "eve", "frank", "grace", "heidi", "ivan"];

#[test]
fn one_to_seven_are_called_and_eight_are_too_many() {
    for count in 1..=7 {
        let callees = &NAMES[1..=count];
        let devices: Vec<_> = NAMES.iter().map(|name| one(name)).collect();
        let mut world = World::with(&devices);
        let call = world.does(&one("alice"), initiate(callees)).expect("the reply has the call");
        let named: Vec<&str> = call.callee_ids.iter().map(|callee| callee.as_str()).collect();
        assert_eq!(named, callees);
        assert_eq!(world.heard(&one("alice")), ["state call-1 ringing"]);
        for callee in callees {
            assert_eq!(world.heard(&one(callee)), ["incoming call-1 ringing with alice"]);
        }
        assert!(world.hearers().is_empty());
    }
    let mut world = World::with(&[one("alice")]);
    assert_eq!(world.refuses(&one("alice"), initiate(&NAMES[1..])), ErrorCode::LimitExceeded);
}

#[test]
fn how_many_may_be_in_a_call_is_a_rule() {
    let mut world = World::with(&["alice/1", "bob/1"].map(sdk));
    world.rules = Rules { members: 3, ..Rules::default() };
    assert_eq!(world.refuses(&one("alice"), initiate(&["bob", "carol", "dave"])), ErrorCode::LimitExceeded);
    world.does(&one("alice"), initiate(&["bob", "carol"]));
}

/// Something that happens to a member.
type Happens = fn(&mut World, &str);

/// A way in which a callee who rings is out: what happens, what the callee hears of it, and what the others do.
type WayOut = (&'static str, Happens, Option<&'static str>, &'static str);

const WAYS_OUT: [WayOut; 7] = [
    ("declines", |world, who| drop(world.does(&one(who), reject(CALL))), Some("rejected"), "rejected"),
    ("hangs up", |world, who| drop(world.does(&one(who), hangup(CALL))), Some("rejected"), "rejected"),
    ("is lost", |world, who| world.lose(&one(who)), None, "missed"),
    ("is removed", |world, who| drop(world.does(&one("alice"), remove(CALL, who))), Some("missed"), "missed"),
    ("rings out", rings_out, Some("missed"), "missed"),
    ("accepts another", accepts_another, Some("busy"), "busy"),
    ("calls another", |world, who| drop(world.does(&one(who), initiate(&["zoe"]))), Some("busy"), "busy"),
];

/// The callee's ring ends, and no other.
fn rings_out(world: &mut World, who: &str) {
    let call = world.calls.get_mut(&crate::say::call(CALL)).expect("it rings");
    let member = call.member_mut(&crate::say::user(who)).expect("it rings there");
    member.until = Some(world.clock);
    world.wait(0);
}

fn accepts_another(world: &mut World, who: &str) {
    world.connect(&one("yan"));
    let other = world.does(&one("yan"), initiate(&[who])).expect("the call is in the reply");
    world.deafen();
    world.does(&one(who), accept(other.id.as_str()));
}

/// What these devices heard of the call, and of no other.
fn of_the_call(world: &mut World, name: &str) -> Vec<String> {
    let heard = world.heard(&one(name));
    heard.into_iter().filter(|line| line.contains(CALL)).collect()
}

#[test]
fn i16_a_callee_who_is_out_leaves_the_others_ringing() {
    for (name, way, own, outcome) in WAYS_OUT {
        let mut world = scene::ringing_group(&["bob", "carol", "dave"]);
        way(&mut world, "bob");
        assert_eq!(of_the_call(&mut world, "alice"), [format!("callee call-1 bob {outcome}")], "{name}");
        let own: Vec<String> = own.iter().map(|reason| format!("state call-1 ended {reason}")).collect();
        if name != "is lost" {
            assert_eq!(of_the_call(&mut world, "bob"), own, "{name}");
        }
        assert_eq!(of_the_call(&mut world, "carol"), [""; 0], "{name}: who rings is not told");
        assert_eq!(world.state(CALL), Some(CallState::Ringing), "{name}");
        let call = world.does(&one("carol"), accept(CALL)).expect("the reply has the call");
        let callees: Vec<&str> = call.callee_ids.iter().map(|callee| callee.as_str()).collect();
        assert_eq!(callees, ["carol", "dave"], "{name}: Bob is none of it any more");
    }
}

#[test]
fn i16_a_callee_who_is_out_after_the_answer_is_told_of_to_everybody_in_the_call() {
    for (name, way, _, outcome) in WAYS_OUT {
        let mut world = scene::ringing_group(&["bob", "carol", "dave"]);
        world.does(&one("carol"), accept(CALL));
        world.deafen();
        way(&mut world, "bob");
        for hearer in ["alice", "carol"] {
            assert_eq!(of_the_call(&mut world, hearer), [format!("callee call-1 bob {outcome}")], "{name}");
        }
        assert_eq!(of_the_call(&mut world, "dave"), [""; 0], "{name}");
        assert_eq!(world.state(CALL), Some(CallState::Connecting), "{name}");
    }
}

#[test]
fn i16_the_last_callee_who_is_out_ends_a_call_that_nobody_answered_with_their_reason() {
    for (name, way, own, outcome) in WAYS_OUT {
        let mut world = scene::ringing_group(&["bob", "carol"]);
        world.does(&one("bob"), reject(CALL));
        world.deafen();
        way(&mut world, "carol");
        // The caller who removes the only one who rings calls nobody any more.
        let (own, reason) =
            if name == "is removed" { (Some("cancelled"), "cancelled") } else { (own, outcome) };
        assert_eq!(of_the_call(&mut world, "alice"), [format!("state call-1 ended {reason}")], "{name}");
        let own: Vec<String> = own.iter().map(|reason| format!("state call-1 ended {reason}")).collect();
        if name != "is lost" {
            assert_eq!(of_the_call(&mut world, "carol"), own, "{name}");
        }
        assert_eq!(world.end_reason(CALL).map(|reason| reason.as_str()), Some(reason), "{name}");
    }
}

#[test]
fn i16_the_last_callee_who_is_out_completes_a_call_in_which_one_was_left_alone() {
    for (name, way, own, _) in WAYS_OUT {
        let mut world = scene::ringing_group(&["bob", "carol"]);
        world.does(&one("bob"), accept(CALL));
        world.does(&one("bob"), hangup(CALL));
        assert_eq!(world.state(CALL), Some(CallState::Connecting), "Alice waits for Carol");
        world.deafen();
        way(&mut world, "carol");
        assert_eq!(of_the_call(&mut world, "alice"), ["state call-1 ended completed"], "{name}");
        let own: Vec<String> = own.iter().map(|reason| format!("state call-1 ended {reason}")).collect();
        if name != "is lost" {
            assert_eq!(of_the_call(&mut world, "carol"), own, "{name}");
        }
    }
}

#[test]
fn i10_who_still_rings_when_the_last_one_in_an_answered_call_leaves_has_missed_it() {
    let leaves: [(Happens, EndReason); 2] = [
        (|world, who| drop(world.does(&one(who), hangup(CALL))), EndReason::Completed),
        (|world, who| world.lose(&one(who)), EndReason::Failed),
    ];
    for (leave, reason) in leaves {
        let mut world = scene::ringing_group(&["bob", "carol"]);
        world.does(&one("bob"), accept(CALL));
        world.does(&one("bob"), hangup(CALL));
        world.deafen();
        leave(&mut world, "alice");
        assert_eq!(world.end_reason(CALL), Some(reason));
        assert_eq!(world.heard(&one("carol")), ["state call-1 ended missed"]);
    }
}

#[test]
fn i14_the_rings_of_a_group_end_together_where_they_began_together() {
    let mut world = scene::ringing_group(&["bob", "carol"]);
    world.wait(59_999);
    world.hears(&[]);
    world.wait(1);
    let missed = ["state call-1 ended missed"];
    world.hears(&[
        ("alice/1", &["callee call-1 bob missed", "state call-1 ended missed"]),
        ("bob/1", &missed),
        ("carol/1", &missed),
    ]);
}

#[test]
fn callees_who_are_in_a_call_are_busy_while_the_others_ring() {
    let mut world = scene::ringing_group(&["bob"]);
    for device in ["carol/1", "dave/1", "eve/1"] {
        world.connect(&sdk(device));
    }
    world.does(&one("bob"), accept(CALL));
    world.deafen();
    let call =
        world.does(&one("carol"), initiate(&["bob", "dave", "alice"])).expect("the reply has the call");
    let named: Vec<&str> = call.callee_ids.iter().map(|callee| callee.as_str()).collect();
    assert_eq!(named, ["dave"]);
    world.hears(&[
        ("carol/1", &["state call-2 ringing", "callee call-2 bob busy", "callee call-2 alice busy"]),
        ("dave/1", &["incoming call-2 ringing with carol"]),
    ]);

    world.does(&one("eve"), initiate(&["alice", "bob"]));
    world.hears(&[("eve/1", &["state call-3 ended busy"])]);
    assert_eq!(world.end_reason("call-3"), Some(EndReason::Busy), "all of them are");
}

#[test]
fn a_seed_caller_of_several_hears_nothing_that_it_does_not_know() {
    let mut world =
        World::with(&[seed("alice/1"), sdk("bob/1"), sdk("carol/1"), sdk("dave/1"), sdk("eve/1")]);
    world.does(&sdk("dave/1"), initiate(&["eve"]));
    world.deafen();
    world.does(&seed("alice/1"), initiate(&["bob", "carol", "dave"]));
    world.does(&sdk("bob/1"), reject("call-2"));
    world.does(&sdk("carol/1"), reject("call-2"));
    let alice = ["state call-2 initiating", "state call-2 ringing", "state call-2 ended rejected"];
    let rung = ["incoming call-2 ringing with alice", "state call-2 ended rejected"];
    world.hears(&[("alice/1", &alice), ("bob/1", &rung), ("carol/1", &rung)]);
}

#[test]
fn a_group_of_whom_one_was_reached_rings_on_for_those_who_are_away() {
    let mut world = World::with(&["alice/1", "bob/1"].map(sdk));
    world.does(&one("alice"), initiate(&["bob", "carol"]));
    world.does(&one("bob"), reject(CALL));
    assert_eq!(world.state(CALL), Some(CallState::Ringing), "it was reached once");
    world.deafen();
    world.connect(&one("carol"));
    world.hears(&[("carol/1", &["incoming call-1 ringing with alice"])]);
    world.does(&one("carol"), accept(CALL));
    assert_eq!(world.state(CALL), Some(CallState::Connecting));
}

#[test]
fn the_caller_of_a_group_who_leaves_or_is_lost_before_the_answer_cancels_it_for_all() {
    let leaves: [fn(&mut World); 2] =
        [|world| drop(world.does(&one("alice"), hangup(CALL))), |world| world.lose(&one("alice"))];
    for leave in leaves {
        let mut world = scene::ringing_group(&["bob", "carol"]);
        leave(&mut world);
        for callee in ["bob", "carol"] {
            assert_eq!(world.heard(&one(callee)), ["state call-1 ended cancelled"]);
        }
        assert_eq!(world.end_reason(CALL), Some(EndReason::Cancelled));
    }
}

#[test]
fn a_member_who_leaves_or_is_lost_ends_nothing_while_two_are_left() {
    // (how, what the leaver hears)
    let leaves: [(Happens, &[&str]); 2] = [
        (|world, who| drop(world.does(&one(who), hangup(CALL))), &["state call-1 ended completed"]),
        (|world, who| world.lose(&one(who)), &["state call-1 ended failed"]),
    ];
    for (leave, own) in leaves {
        for who in ["alice", "bob", "carol"] {
            let mut world = scene::group_of(&["alice", "bob", "carol"]);
            leave(&mut world, who);
            assert_eq!(world.heard(&one(who)), own);
            for other in ["alice", "bob", "carol"].into_iter().filter(|other| *other != who) {
                assert_eq!(world.heard(&one(other)), [format!("left call-1 {who}")]);
            }
            assert_eq!(world.state(CALL), Some(CallState::Connected));
        }
    }
}

#[test]
fn i3_each_callee_of_a_group_gets_the_offer_that_is_for_them() {
    let mut world = scene::ringing_group(&["bob", "carol"]);
    let for_carol = CLEAN.replacen("v=0", "v=0 carol", 1);
    world.does(&one("alice"), sealed(CALL, "bob", CLEAN));
    world.does(&one("alice"), sealed(CALL, "carol", &for_carol));
    world.hears(&[
        ("bob/1", &["offer call-1 alice sealed v=0"]),
        ("carol/1", &["offer call-1 alice sealed v=0 carol"]),
    ]);
    // What waits for one who rings is the caller's alone.
    world.does(&one("bob"), accept(CALL));
    for command in
        [offer(CALL, "carol", GATHERED), sealed(CALL, "carol", CLEAN), candidate(CALL, "carol", "b1")]
    {
        assert_eq!(world.refuses(&one("bob"), command), ErrorCode::InvalidState);
    }
    world.does(&one("alice"), candidate(CALL, "carol", "a1"));
    world.deafen();
    world.does(&one("carol"), accept(CALL));
    world.hears(&[
        ("alice/1", &["joined call-1 carol"]),
        ("bob/1", &["joined call-1 carol"]),
        ("carol/1", &["candidate call-1 alice a1"]),
    ]);
}

#[test]
fn i3_an_offer_for_one_who_rings_is_not_told_again_with_another_s() {
    let mut world = scene::ringing_group(&["bob", "carol"]);
    world.does(&one("alice"), sealed(CALL, "carol", CLEAN));
    world.does(&one("alice"), sealed(CALL, "bob", CLEAN));
    world.does(&one("alice"), offer(CALL, "carol", GATHERED));
    let once = ["offer call-1 alice sealed v=0"];
    world.hears(&[("bob/1", &once), ("carol/1", &once)]);
}

#[test]
fn i15_i29_however_a_group_ends_everybody_is_free_and_nothing_is_kept() {
    for (_, way, ..) in WAYS_OUT {
        let mut world = scene::ringing_group(&["bob", "carol"]);
        way(&mut world, "bob");
        let devices: Vec<_> = world
            .users
            .values()
            .flat_map(|user| user.devices.iter().map(|device| (user.user.clone(), device.clone())))
            .collect();
        for (user, device) in devices {
            world.lose(&lumencall_core::machine::Origin { user, device });
        }
        // What calls one who never came rings to its end.
        world.wait(60_000);
        assert!(world.calls.is_empty() && world.users.is_empty(), "{world:?}");
    }
}
