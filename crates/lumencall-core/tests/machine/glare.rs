//! Two who call each other.

use lumencall_core::machine::{Dialect, Input, Origin};
use lumencall_core::wire::ConnectionState;
use lumencall_core::{CallState, EndReason, ErrorCode};

use crate::say::{
    self, CLEAN, GATHERED, add, answer, asking, call, candidate, device, hangup, initiate, initiate_audio,
    offer, reject, report, sdk, sealed, seed,
};
use crate::scene::CALL;
use crate::world::World;

/// Alice calls Bob.
fn ringing(alice: &Origin, bobs: &[Origin]) -> World {
    let mut world = World::with(&[std::slice::from_ref(alice), bobs].concat());
    world.does(alice, initiate(&["bob"]));
    world.deafen();
    world
}

#[test]
fn i13_the_later_initiate_is_the_accept_of_the_earlier() {
    let (alice, bob) = (sdk("alice/1"), sdk("bob/1"));
    let mut world = ringing(&alice, std::slice::from_ref(&bob));
    world.does(&alice, sealed(CALL, "bob", CLEAN));
    world.does(&alice, candidate(CALL, "bob", "a1"));
    world.deafen();

    let met = world.does(&bob, initiate(&["alice"])).expect("the reply has the call");
    assert_eq!((met.id.as_str(), met.state, met.caller_id.as_str()), (CALL, CallState::Connecting, "alice"));
    let inside: Vec<&str> = met.participants.iter().map(|one| one.user_id.as_str()).collect();
    assert_eq!(inside, ["alice", "bob"]);
    world.hears(&[
        ("alice/1", &["state call-1 connecting", "joined call-1 bob"]),
        ("bob/1", &["state call-1 connecting", "candidate call-1 alice a1"]),
    ]);
    assert_eq!(world.calls.len(), 1, "one call survives");

    world.does(&bob, answer(CALL, "alice", CLEAN));
    world.does(&alice, report(CALL, "bob", ConnectionState::Connected));
    world.does(&bob, report(CALL, "alice", ConnectionState::Connected));
    assert_eq!(world.state(CALL), Some(CallState::Connected));
}

#[test]
fn i13_in_either_order_of_arrival_one_call_survives_and_both_are_in_it() {
    use Dialect::{Sdk, Seed};
    for dialects in [[Sdk, Sdk], [Sdk, Seed], [Seed, Sdk], [Seed, Seed]] {
        for first in ["alice", "bob"] {
            let (alice, bob) = (device("alice/1", dialects[0]), device("bob/1", dialects[1]));
            let mut world = World::with(&[alice.clone(), bob.clone()]);
            let order = if first == "alice" { [&alice, &bob] } else { [&bob, &alice] };
            world.does(order[0], initiate(&[order[1].user.as_str()]));
            world.does(order[1], initiate(&[order[0].user.as_str()]));
            assert_eq!(world.calls.len(), 1);
            let survivor = &world.calls[&call(CALL)];
            assert_eq!(survivor.state, CallState::Connecting);
            assert!(survivor.has_joined(&alice.user, &alice.device.id));
            assert!(survivor.has_joined(&bob.user, &bob.device.id));
            assert_eq!(world.end_reason("call-2"), None, "nobody sees busy");
        }
    }
}

#[test]
fn i13_a_seed_client_that_meets_a_call_hears_of_it_as_after_an_accept() {
    let (alice, bob) = (seed("alice/1"), seed("bob/1"));
    let mut world = World::with(&[alice.clone(), bob.clone()]);
    world.does(&alice, initiate(&["bob"]));
    world.does(&bob, initiate(&["alice"]));
    world.does(&alice, offer(CALL, "bob", GATHERED));
    world.does(&bob, answer(CALL, "alice", GATHERED));
    world.hears(&[
        (
            "alice/1",
            &[
                "state call-1 initiating",
                "state call-1 ringing",
                "state call-1 connecting",
                "joined call-1 bob",
                "answer call-1 bob v=0",
                "state call-1 connected",
            ],
        ),
        (
            "bob/1",
            &[
                "incoming call-1 ringing with alice",
                "state call-1 connecting",
                "offer call-1 alice v=0",
                "state call-1 connected",
            ],
        ),
    ]);
}

/// It has called, and offers when the other has joined. The SDK, whose offer is on its way already, gives way.
#[test]
fn i13_a_seed_client_that_meets_the_call_of_an_sdk_offers() {
    let (alice, bob) = (sdk("alice/1"), seed("bob/1"));
    let mut world = ringing(&alice, std::slice::from_ref(&bob));
    world.does(&alice, sealed(CALL, "bob", CLEAN));
    world.does(&alice, candidate(CALL, "bob", "a1"));
    world.does(&bob, initiate(&["alice"]));
    world.hears(&[
        ("alice/1", &["state call-1 connecting", "joined call-1 bob"]),
        ("bob/1", &["state call-1 connecting", "joined call-1 alice"]),
    ]);
    // What Alice offered before she heard of it goes nowhere, and neither do its candidates.
    world.does(&alice, offer(CALL, "bob", GATHERED));
    world.does(&alice, candidate(CALL, "bob", "a2"));
    world.hears(&[]);
    world.does(&bob, offer(CALL, "alice", GATHERED));
    world.does(&alice, answer(CALL, "bob", GATHERED));
    world.does(&alice, candidate(CALL, "bob", "a3"));
    world.hears(&[
        ("alice/1", &["offer call-1 bob v=0"]),
        ("bob/1", &["answer call-1 alice v=0", "candidate call-1 alice a3"]),
    ]);
    // From then on either may offer.
    world.does(&alice, offer(CALL, "bob", GATHERED));
    world.hears(&[("bob/1", &["offer call-1 alice v=0"])]);
}

#[test]
fn i13_a_device_that_does_not_ring_yet_meets_the_call_too() {
    for (bob, heard) in [
        (sdk("bob/1"), vec!["state call-1 connecting", "offer call-1 alice sealed v=0"]),
        (
            seed("bob/1"),
            vec!["incoming call-1 ringing with alice", "state call-1 connecting", "joined call-1 alice"],
        ),
    ] {
        let alice = sdk("alice/1");
        let mut world = World::with(std::slice::from_ref(&alice));
        world.does(&alice, initiate(&["bob"]));
        world.does(&alice, sealed(CALL, "bob", CLEAN));
        world.step(Input::DeviceConnected(bob.clone())).expect("nobody is kept out");
        let late = world.pending.pop_front().expect("the call is to ring there");

        world.does(&bob, initiate(&["alice"]));
        world.input(late).expect("it is no command");
        world.hears(&[
            ("alice/1", &["state call-1 ringing", "state call-1 connecting", "joined call-1 bob"]),
            ("bob/1", &heard),
        ]);
    }
}

#[test]
fn i13_the_other_devices_and_the_other_rings_of_who_meets_a_call_stop() {
    let (alice, bob) = (sdk("alice/1"), sdk("bob/1"));
    let mut world = ringing(&alice, &[bob.clone(), sdk("bob/2"), seed("bob/3")]);
    world.connect(&sdk("carol/1"));
    world.does(&sdk("carol/1"), initiate(&["bob"]));
    world.deafen();
    world.does(&bob, initiate(&["alice"]));
    world.hears(&[
        ("alice/1", &["state call-1 connecting", "joined call-1 bob"]),
        ("bob/1", &["state call-1 connecting", "state call-2 ended busy"]),
        (
            "bob/2",
            &[
                "state call-1 ended completed elsewhere=true",
                "elsewhere call-1 engaged",
                "state call-2 ended busy",
            ],
        ),
        ("bob/3", &["state call-1 ended completed", "state call-2 ended busy"]),
        ("carol/1", &["state call-2 ended busy"]),
    ]);
}

#[test]
fn who_asked_for_audio_meets_a_video_call_with_the_camera_off() {
    let (alice, bob) = (sdk("alice/1"), sdk("bob/1"));
    let mut world = ringing(&alice, std::slice::from_ref(&bob));
    let met = world.does(&bob, initiate_audio(&["alice"])).expect("the reply has the call");
    assert!(met.participants[1].video_muted && !met.participants[1].audio_muted);
    world.hears(&[
        ("alice/1", &["state call-1 connecting", "joined call-1 bob video=false"]),
        ("bob/1", &["state call-1 connecting"]),
    ]);
}

#[test]
fn who_asked_for_video_meets_an_audio_call_as_what_it_is() {
    let (alice, bob) = (sdk("alice/1"), sdk("bob/1"));
    let mut world = World::with(&[alice.clone(), bob.clone()]);
    world.does(&alice, initiate_audio(&["bob"]));
    let met = world.does(&bob, initiate(&["alice"])).expect("the reply has the call");
    assert!(met.participants.iter().all(|one| one.video_muted), "nobody shows a camera in a call of voices");
}

#[test]
fn where_either_names_several_the_later_is_told_which_call_to_answer() {
    // (whom Alice calls, whom she adds, whom Bob calls)
    let cases: [(&[&str], Option<&str>, &[&str]); 3] = [
        (&["bob", "carol"], None, &["alice"]),
        (&["bob"], None, &["alice", "carol"]),
        (&["bob"], Some("carol"), &["alice"]),
    ];
    for (calls, adds, back) in cases {
        let (alice, bob) = (sdk("alice/1"), sdk("bob/1"));
        let mut world = World::with(&[alice.clone(), bob.clone(), sdk("carol/1")]);
        world.does(&alice, initiate(calls));
        if let Some(name) = adds {
            world.does(&alice, add(CALL, name));
        }
        assert_eq!(world.refuses(&bob, initiate(back)), ErrorCode::AlreadyRinging);
        let refusal = world.ask(&bob, initiate(back)).expect_err("it is refused");
        assert_eq!(refusal.call, Some(call(CALL)), "{calls:?} {back:?}");
        assert_eq!(world.state(CALL), Some(CallState::Ringing));
        assert!(world.does(&bob, say::accept(CALL)).is_some(), "it can be answered");
    }
}

#[test]
fn one_who_is_called_by_another_calls_whom_they_like() {
    let (alice, bob) = (sdk("alice/1"), sdk("bob/1"));
    let mut world = ringing(&alice, std::slice::from_ref(&bob));
    world.connect(&sdk("carol/1"));
    world.does(&bob, initiate(&["carol"]));
    assert_eq!(world.end_reason(CALL), Some(EndReason::Busy));
    assert_eq!(world.state("call-2"), Some(CallState::Ringing));
}

#[test]
fn i13_where_the_first_call_is_over_meanwhile_the_later_initiate_is_a_call() {
    for end in [hangup(CALL), reject(CALL)] {
        let (alice, bob) = (sdk("alice/1"), sdk("bob/1"));
        let mut world = ringing(&alice, std::slice::from_ref(&bob));
        // A store decided the initiate over records in which the first call rang.
        let meets = Input::Meet {
            call: call(CALL),
            from: bob.clone(),
            initiate: asking(&["alice"]),
            fresh: call("call-9"),
        };
        let who = if end == hangup(CALL) { &alice } else { &bob };
        world.does(who, end);
        world.deafen();

        let made = world.input(meets).expect("it is an initiate").reply.expect("it has a call");
        assert_eq!((made.id.as_str(), made.caller_id.as_str()), ("call-9", "bob"));
        world.hears(&[
            ("alice/1", &["incoming call-9 ringing with bob"]),
            ("bob/1", &["state call-9 ringing"]),
        ]);
    }
}

#[test]
fn i13_where_another_device_has_accepted_meanwhile_the_initiate_is_refused() {
    let (alice, bob) = (sdk("alice/1"), sdk("bob/1"));
    let mut world = ringing(&alice, &[bob.clone(), sdk("bob/2")]);
    let meets =
        Input::Meet { call: call(CALL), from: bob, initiate: asking(&["alice"]), fresh: call("call-9") };
    world.does(&sdk("bob/2"), say::accept(CALL));
    assert_eq!(world.input(meets).expect_err("Bob is in a call").code, ErrorCode::AlreadyInCall);
    assert_eq!(world.calls.len(), 1);
}
