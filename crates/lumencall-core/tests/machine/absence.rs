//! Devices that lose their socket, come back, or are loaded anew.

use lumencall_core::machine::{Input, Page, UserRecord};
use lumencall_core::wire::{ConnectionState, ServerEvent};
use lumencall_core::{CallState, EndReason, ErrorCode, Millis};

use crate::say::{
    self, CLEAN, accept, add, answer, candidate, for_page, hangup, initiate, offer, rejoin, report,
    report_on, sdk, seed, toggle,
};
use crate::scene::{CALL, connect, group_of, in_state, one, ringing_group};
use crate::world::World;

const ANSWERED: [CallState; 3] = [CallState::Connecting, CallState::Connected, CallState::Reconnecting];

/// When a user is to be looked at.
fn deadline(world: &World, name: &str) -> Option<Millis> {
    world.users.get(&say::user(name)).and_then(|user: &UserRecord| user.deadline(&world.rules))
}

fn incarnation(world: &World, name: &str) -> u32 {
    let member = world.calls[&say::call(CALL)].member(&say::user(name)).cloned();
    member.expect("they are in the call").incarnation()
}

/// The call does not come to its own deadlines.
fn without_timers(mut world: World) -> World {
    for call in world.calls.values_mut() {
        for member in &mut call.members {
            member.until = member.until.map(|_| 1_000_000);
        }
    }
    world
}

#[test]
fn i15_whoever_does_not_come_back_has_left_when_the_window_is_over_and_not_before() {
    for state in ANSWERED {
        for (device, other) in [("alice/1", "bob/1"), ("bob/1", "alice/1")] {
            let mut world = without_timers(in_state(state));
            world.away(&sdk(device), false);
            world.hears(&[]);
            world.wait(29_999);
            assert_eq!(world.state(CALL), Some(state), "{device}");
            assert!(world.forgotten.is_empty());
            world.wait(1);
            assert_eq!(world.end_reason(CALL), Some(EndReason::Failed), "{device} in {state:?}");
            assert_eq!(world.forgotten, [device]);
            let who = device.split_once('/').expect("it has a user").0;
            assert_eq!(
                world.heard(&sdk(other)),
                [format!("left {CALL} {who}"), format!("state {CALL} ended failed")]
            );
        }
    }
    for state in [CallState::Initiating, CallState::Ringing] {
        let mut world = in_state(state);
        world.away(&sdk("alice/1"), false);
        world.wait(9_999);
        assert_eq!(world.state(CALL), Some(state));
        world.wait(1);
        assert_eq!(world.end_reason(CALL), Some(EndReason::Cancelled));
    }
    let mut world = in_state(CallState::Ringing);
    world.away(&sdk("bob/1"), false);
    world.away(&sdk("bob/2"), false);
    world.wait(9_999);
    assert_eq!(world.state(CALL), Some(CallState::Ringing));
    world.wait(1);
    assert_eq!(world.end_reason(CALL), Some(EndReason::Missed));
    assert_eq!(world.forgotten, ["bob/1", "bob/2"]);
}

#[test]
fn i15_a_page_that_says_it_goes_is_waited_for_ten_seconds_and_has_hung_up_then() {
    for state in ANSWERED {
        for closes in [false, true] {
            let mut world = without_timers(in_state(state));
            world.away(&sdk("bob/1"), true);
            world.wait(2_000);
            if closes {
                // The socket closes after that. It is no news.
                world.away(&sdk("bob/1"), false);
            }
            assert_eq!(deadline(&world, "bob"), Some(10_000));
            world.wait(7_999);
            assert_ne!(world.state(CALL), None);
            world.wait(1);
            assert_eq!(world.end_reason(CALL), Some(EndReason::Completed), "{state:?}");
            assert_eq!(world.forgotten, ["bob/1"]);
        }
    }
}

#[test]
fn a_device_that_is_in_no_call_is_kept_for_ten_seconds() {
    let mut world = in_state(CallState::Connected);
    world.away(&sdk("carol/1"), false);
    world.away(&sdk("bob/2"), false);
    world.wait(9_999);
    assert!(world.forgotten.is_empty());
    world.wait(1);
    assert_eq!(world.forgotten, ["bob/2", "carol/1"]);
    assert_eq!(world.state(CALL), Some(CallState::Connected));
}

#[test]
fn a_user_timer_that_fires_early_or_twice_changes_nothing() {
    let mut world = without_timers(in_state(CallState::Connected));
    let fires = Input::UserDeadline(say::user("bob"));
    world.away(&sdk("bob/1"), false);
    world.clock = 29_999;
    assert!(!world.input(fires.clone()).expect("it is no command").changed);
    world.clock = 40_000;
    assert!(world.input(fires.clone()).expect("it is no command").changed);
    assert!(!world.input(fires).expect("it is no command").changed);
    assert_eq!(world.forgotten, ["bob/1"]);
}

#[test]
fn the_window_is_that_of_what_the_device_is_in_now() {
    // Somebody accepts while the caller is away.
    let mut world = in_state(CallState::Ringing);
    world.away(&sdk("alice/1"), false);
    world.wait(9_000);
    world.does(&sdk("bob/1"), accept(CALL));
    assert_eq!(deadline(&world, "alice"), Some(30_000));
    world.back(&sdk("alice/1"), false);
    assert_eq!(deadline(&world, "alice"), None);
    assert_eq!(world.state(CALL), Some(CallState::Connecting));
}

#[test]
fn one_who_is_away_when_the_call_ends_has_time_to_hear_so() {
    let mut world = without_timers(in_state(CallState::Connected));
    world.away(&sdk("bob/1"), false);
    world.wait(25_000);
    world.does(&sdk("alice/1"), hangup(CALL));
    assert_eq!(deadline(&world, "bob"), Some(35_000));
    world.wait(9_999);
    assert!(world.forgotten.is_empty());
    world.back(&sdk("bob/1"), false);
    let heard = ["left call-1 alice", "state call-1 ended completed"];
    assert_eq!(world.heard(&sdk("bob/1")), heard, "it was kept for it");
    assert_eq!(deadline(&world, "bob"), None);
    world.does(&sdk("bob/1"), initiate(&["alice"]));
}

#[test]
fn i19_a_device_that_comes_back_in_time_goes_on_as_if_it_had_not_been_away() {
    for state in [&[CallState::Initiating, CallState::Ringing][..], &ANSWERED].concat() {
        for device in ["alice/1", "bob/1", "bob/2", "alice/2"] {
            let mut world = in_state(state);
            let before = (world.calls.clone(), world.users.clone());
            world.away(&sdk(device), false);
            world.wait(5_000);
            world.back(&sdk(device), false);
            assert_eq!((world.calls.clone(), world.users.clone()), before, "{device} in {state:?}");
            world.hears(&[]);
        }
    }
}

#[test]
fn a_connection_that_failed_to_one_who_is_away_is_being_mended() {
    for (away, says, of) in [("bob/1", "alice/1", "bob"), ("bob/1", "bob/1", "alice")] {
        let mut world = in_state(CallState::Connected);
        world.away(&sdk(away), false);
        world.does(&sdk(says), report(CALL, of, ConnectionState::Failed));
        assert_eq!(world.state(CALL), Some(CallState::Reconnecting), "it may come back");
        world.back(&sdk(away), false);
        world.does(&sdk(says), report(CALL, of, ConnectionState::Failed));
        assert_eq!(world.end_reason(CALL), Some(EndReason::Failed), "it is back");
    }
}

#[test]
fn a_call_of_one_who_is_away_ends_for_all_and_is_told_to_them_too() {
    let mut world = in_state(CallState::Connected);
    world.away(&sdk("bob/1"), false);
    world.does(&sdk("alice/1"), hangup(CALL));
    world.hears(&[
        ("alice/1", &["state call-1 ended completed"]),
        ("alice/2", &["elsewhere call-1 free"]),
        ("bob/1", &["left call-1 alice", "state call-1 ended completed"]),
        ("bob/2", &["elsewhere call-1 free"]),
    ]);
}

#[test]
fn an_owner_who_is_away_stays_the_owner_until_the_window_is_over() {
    let mut world = group_of(&["alice", "bob", "carol"]);
    world.away(&one("alice"), false);
    assert_eq!(world.refuses(&one("bob"), say::remove(CALL, "carol")), ErrorCode::NotOwner);
    world.wait(30_000);
    world.hears(&[
        ("bob/1", &["left call-1 alice"]),
        ("carol/1", &["left call-1 alice"]),
        ("alice/1", &["state call-1 ended failed"]),
    ]);
    world.does(&one("bob"), say::remove(CALL, "carol"));
    assert_eq!(world.end_reason(CALL), Some(EndReason::Completed));
}

#[test]
fn another_page_interrupts_the_call_and_takes_its_place_in_it() {
    for (device, name, other, peer) in
        [("alice/1", "alice", "bob/1", "bob"), ("bob/1", "bob", "alice/1", "alice")]
    {
        let mut world = in_state(CallState::Connected);
        world.does(&sdk(device), toggle(CALL, false));
        world.deafen();
        world.back(&sdk(device), true);
        let interrupted = format!("state {CALL} reconnecting");
        assert_eq!(world.heard(&sdk(other)), [interrupted]);
        world.deafen();

        let call = world.does(&sdk(device), rejoin(CALL)).expect("the reply has the call");
        assert_eq!(call.state, CallState::Reconnecting);
        let me = call.participants.iter().find(|one| one.user_id == say::user(name)).expect("it is in it");
        assert_eq!((me.incarnation, me.audio_muted), (Some(1), false), "it shows what one shows who joins");
        world.hears(&[(other, &[&format!("rejoined {CALL} {name} page 1")])]);

        world.does(&sdk(other), for_page(1, offer(CALL, name, CLEAN)));
        world.does(&sdk(device), answer(CALL, peer, CLEAN));
        world.does(&sdk(device), report(CALL, peer, ConnectionState::Connected));
        world.does(&sdk(other), report_on(CALL, name, ConnectionState::Connected, Some(1)));
        assert_eq!(world.state(CALL), Some(CallState::Connected));
        assert_eq!(deadline(&world, name), None);
    }
}

#[test]
fn i15_a_page_that_does_not_take_its_place_has_hung_up_when_the_window_is_over() {
    for leaves_first in [false, true] {
        let mut world = in_state(CallState::Connected);
        if leaves_first {
            world.away(&sdk("bob/1"), true);
            world.wait(5_000);
        }
        world.back(&sdk("bob/1"), true);
        let mut world = without_timers(world);
        world.deafen();
        world.wait(29_999);
        assert_ne!(world.state(CALL), None);
        world.wait(1);
        assert_eq!(world.end_reason(CALL), Some(EndReason::Completed));
        assert!(world.forgotten.is_empty(), "it is connected, and stays so");
        assert_eq!(world.heard(&sdk("bob/1")), ["state call-1 ended completed"]);
        assert_eq!(world.refuses(&sdk("bob/1"), rejoin(CALL)), ErrorCode::UnknownCall, "it is too late");
        world.does(&sdk("bob/1"), initiate(&["alice"]));
    }
}

#[test]
fn a_cut_before_the_rejoin_does_not_give_it_more_time() {
    let mut world = in_state(CallState::Connected);
    world.back(&sdk("bob/1"), true);
    let mut world = without_timers(world);
    world.wait(20_000);
    world.away(&sdk("bob/1"), false);
    world.wait(5_000);
    world.back(&sdk("bob/1"), false);
    assert_eq!(deadline(&world, "bob"), Some(30_000));
    world.wait(5_000);
    assert_eq!(world.end_reason(CALL), Some(EndReason::Completed));
}

#[test]
fn what_is_for_an_older_page_goes_nowhere_and_is_no_error() {
    let mut world = in_state(CallState::Connected);
    world.back(&sdk("bob/1"), true);
    world.does(&sdk("bob/1"), rejoin(CALL));
    world.deafen();
    let stale = [
        offer(CALL, "bob", CLEAN),
        answer(CALL, "bob", CLEAN),
        candidate(CALL, "bob", "candidate:1"),
        report(CALL, "bob", ConnectionState::Failed),
        report(CALL, "bob", ConnectionState::Connected),
        for_page(2, offer(CALL, "bob", CLEAN)),
        report_on(CALL, "bob", ConnectionState::Failed, Some(2)),
    ];
    for command in stale {
        let before = (world.calls.clone(), world.users.clone());
        world.does(&sdk("alice/1"), command.clone());
        assert_eq!((world.calls.clone(), world.users.clone()), before, "{command:?}");
        world.hears(&[]);
    }
    world.does(&sdk("alice/1"), for_page(1, offer(CALL, "bob", CLEAN)));
    assert_eq!(world.heard(&sdk("bob/1")).len(), 1);
}

#[test]
fn both_may_be_loaded_anew() {
    let mut world = in_state(CallState::Connected);
    for device in ["alice/1", "bob/1"] {
        world.back(&sdk(device), true);
    }
    world.deafen();
    world.does(&sdk("alice/1"), rejoin(CALL));
    world.does(&sdk("bob/1"), rejoin(CALL));
    world
        .hears(&[("bob/1", &["rejoined call-1 alice page 1"]), ("alice/1", &["rejoined call-1 bob page 1"])]);
    world.does(&sdk("alice/1"), for_page(1, offer(CALL, "bob", CLEAN)));
    world.does(&sdk("bob/1"), for_page(1, answer(CALL, "alice", CLEAN)));
    world.does(&sdk("alice/1"), report_on(CALL, "bob", ConnectionState::Connected, Some(1)));
    world.does(&sdk("bob/1"), report_on(CALL, "alice", ConnectionState::Connected, Some(1)));
    assert_eq!(world.state(CALL), Some(CallState::Connected));
    // And once more.
    world.back(&sdk("bob/1"), true);
    world.does(&sdk("bob/1"), rejoin(CALL));
    assert_eq!((incarnation(&world, "alice"), incarnation(&world, "bob")), (1, 2));
}

#[test]
fn a_rejoin_gives_everybody_who_waits_the_time_for_a_new_connection() {
    for state in ANSWERED {
        let mut world = in_state(state);
        if state == CallState::Connecting {
            connect_halfway(&mut world);
        }
        world.back(&sdk("bob/1"), true);
        let due = world.calls[&say::call(CALL)].deadline().expect("there is no connection");
        world.wait((due - world.clock).min(30_000) - 1);
        world.does(&sdk("bob/1"), rejoin(CALL));
        world.wait(14_999);
        assert_ne!(world.state(CALL), None, "{state:?}");
        world.wait(2);
        assert_eq!(world.end_reason(CALL), Some(EndReason::Failed), "{state:?}");
    }
}

/// Offer and answer have passed, so the connection has to come up soon.
fn connect_halfway(world: &mut World) {
    world.does(&sdk("alice/1"), offer(CALL, "bob", CLEAN));
    world.does(&sdk("bob/1"), answer(CALL, "alice", CLEAN));
}

#[test]
fn a_caller_who_is_loaded_anew_while_it_rings_calls_on() {
    let mut world = in_state(CallState::Ringing);
    world.does(&sdk("alice/1"), say::sealed(CALL, "bob", CLEAN));
    world.back(&sdk("alice/1"), true);
    world.deafen();
    let call = world.does(&sdk("alice/1"), rejoin(CALL)).expect("the reply has the call");
    assert_eq!(call.state, CallState::Ringing);
    world
        .hears(&[("bob/1", &["rejoined call-1 alice page 1"]), ("bob/2", &["rejoined call-1 alice page 1"])]);
    // What the page before offered waits for nobody any more.
    world.does(&sdk("bob/1"), accept(CALL));
    assert!(!world.heard(&sdk("bob/1")).iter().any(|line| line.starts_with("offer")));
    world.does(&sdk("alice/1"), offer(CALL, "bob", CLEAN));
    assert!(world.heard(&sdk("bob/1")).iter().any(|line| line.starts_with("offer")));
}

#[test]
fn a_new_page_that_calls_the_same_again_has_forgotten_its_call() {
    for state in [CallState::Ringing, CallState::Connected] {
        let mut world = in_state(state);
        world.back(&sdk("alice/1"), true);
        assert_eq!(world.refuses(&sdk("alice/1"), initiate(&["carol"])), ErrorCode::AlreadyInCall);
        let made = world.does(&sdk("alice/1"), initiate(&["bob"])).expect("the reply has the call");
        assert_eq!(made.id, say::call("call-3"), "the refused one had taken a number");
        assert!(world.end_reason(CALL).is_some());
        assert_eq!(deadline(&world, "alice"), None, "there is nothing to take up");
    }
}

#[test]
fn a_new_page_may_hang_up_without_taking_its_place() {
    let mut world = in_state(CallState::Connected);
    world.back(&sdk("bob/1"), true);
    world.does(&sdk("bob/1"), hangup(CALL));
    assert_eq!(world.end_reason(CALL), Some(EndReason::Completed));
    assert_eq!(deadline(&world, "bob"), None);
}

#[test]
fn i16_in_a_group_the_others_go_on_and_one_who_rings_hears_of_the_new_page() {
    let mut world = group_of(&["alice", "bob", "carol"]);
    world.connect(&one("dave"));
    world.does(&one("alice"), add(CALL, "dave"));
    world.deafen();
    world.back(&one("carol"), true);
    world.hears(&[
        ("alice/1", &["stands call-1 carol reconnecting"]),
        ("bob/1", &["stands call-1 carol reconnecting"]),
    ]);
    world.does(&one("carol"), rejoin(CALL));
    world.hears(&[
        ("alice/1", &["rejoined call-1 carol page 1"]),
        ("bob/1", &["rejoined call-1 carol page 1"]),
        ("dave/1", &["rejoined call-1 carol page 1"]),
    ]);
    assert_eq!(world.state(CALL), Some(CallState::Connected));
    // One who joins afterwards learns with whom.
    let call = world.does(&one("dave"), accept(CALL)).expect("the reply has the call");
    let carol = call.participants.iter().find(|one| one.user_id == say::user("carol")).expect("she is in it");
    assert_eq!(carol.incarnation, Some(1));
    world.does(&one("alice"), offer(CALL, "dave", CLEAN));
    world.does(&one("dave"), answer(CALL, "alice", CLEAN));
    assert_eq!(world.refuses(&one("carol"), add(CALL, "dave")), ErrorCode::InvalidState);
}

/// Alice, Bob with a client of the seed, and what the two have.
fn with_seed() -> World {
    let mut world = World::with(&[sdk("alice/1"), seed("bob/1")]);
    world.does(&sdk("alice/1"), initiate(&["bob"]));
    world.does(&seed("bob/1"), accept(CALL));
    connect_halfway_with_seed(&mut world);
    world.deafen();
    world
}

fn connect_halfway_with_seed(world: &mut World) {
    world.does(&sdk("alice/1"), offer(CALL, "bob", CLEAN));
    world.does(&seed("bob/1"), answer(CALL, "alice", CLEAN));
    world.does(&sdk("alice/1"), report(CALL, "bob", ConnectionState::Connected));
}

#[test]
fn a_page_that_is_gone_has_hung_up_where_a_client_of_the_seed_is_in_the_call() {
    let goes: [fn(&mut World); 2] =
        [|world| world.away(&sdk("alice/1"), true), |world| world.back(&sdk("alice/1"), true)];
    for go in goes {
        let mut world = with_seed();
        go(&mut world);
        assert_eq!(world.end_reason(CALL), Some(EndReason::Completed));
        assert_eq!(world.heard(&seed("bob/1")), ["left call-1 alice", "state call-1 ended completed"]);
    }
    // A cut of the same page is no such thing.
    let mut world = with_seed();
    world.away(&sdk("alice/1"), false);
    world.wait(29_999);
    world.back(&sdk("alice/1"), false);
    assert_eq!(world.state(CALL), Some(CallState::Connected));
    assert_eq!(world.refuses(&sdk("alice/1"), rejoin(CALL)), ErrorCode::InvalidState);
    assert_eq!(world.refuses(&seed("bob/1"), rejoin(CALL)), ErrorCode::InvalidState);
}

#[test]
fn a_client_of_the_seed_never_sees_an_incarnation() {
    let mut world = in_state(CallState::Connected);
    world.connect(&seed("dave/1"));
    world.back(&sdk("bob/1"), true);
    world.does(&sdk("bob/1"), rejoin(CALL));
    world.does(&sdk("alice/1"), add(CALL, "dave"));
    world.does(&seed("dave/1"), accept(CALL));
    world.does(&sdk("alice/1"), for_page(0, offer(CALL, "dave", CLEAN)));
    world.does(&sdk("alice/1"), for_page(0, candidate(CALL, "dave", "candidate:1")));
    let events = world.heard_events(&seed("dave/1"));
    assert!(events.len() > 3, "{events:?}");
    for event in events {
        let named = match &event {
            ServerEvent::Incoming(call) => call.participants.iter().any(|one| one.incarnation.is_some()),
            ServerEvent::ParticipantJoined(joined) => joined.participant.incarnation.is_some(),
            ServerEvent::Offer(offer) => offer.incarnation.is_some(),
            ServerEvent::Candidate(candidate) => candidate.incarnation.is_some(),
            ServerEvent::ParticipantRejoined(_) => true,
            _ => false,
        };
        assert!(!named, "{event:?}");
    }
    // What it says is for whoever is there.
    world.deafen();
    world.does(&seed("dave/1"), offer(CALL, "bob", CLEAN));
    assert_eq!(world.heard(&sdk("bob/1")).len(), 1);
}

#[test]
fn a_client_of_the_seed_that_joins_hears_of_no_incarnation_of_who_came_while_it_rang() {
    let mut world = in_state(CallState::Ringing);
    world.connect(&seed("dave/1"));
    world.does(&sdk("alice/1"), add(CALL, "dave"));
    world.does(&sdk("bob/1"), accept(CALL));
    world.back(&sdk("bob/1"), true);
    world.does(&sdk("bob/1"), rejoin(CALL));
    world.does(&seed("dave/1"), accept(CALL));
    let events = world.heard_events(&seed("dave/1"));
    let told: Vec<Option<u32>> = events
        .iter()
        .filter_map(|event| match event {
            ServerEvent::ParticipantJoined(joined) => Some(joined.participant.incarnation),
            _ => None,
        })
        .collect();
    assert_eq!(told, [None], "{events:?}");
}

#[test]
fn a_device_that_rings_and_knows_nothing_rings_on_with_what_is_there_for_it() {
    let mut world = ringing_group(&["bob", "carol"]);
    world.does(&one("alice"), say::sealed(CALL, "bob", CLEAN));
    world.does(&one("carol"), accept(CALL));
    world.does(&one("carol"), toggle(CALL, false));
    world.deafen();
    world.back(&one("bob"), true);
    let heard = world.heard(&one("bob"));
    assert_eq!(heard.len(), 1, "that it rings says the welcome: {heard:?}");
    assert!(heard[0].starts_with("offer call-1 alice"));
    // And it knows what the welcome says of the others, so nothing is told twice.
    world.does(&one("bob"), accept(CALL));
    assert!(!world.heard(&one("bob")).iter().any(|line| line.starts_with("media")));
}

#[test]
fn a_new_page_hears_that_its_user_is_in_a_call_elsewhere() {
    let mut world = in_state(CallState::Connected);
    world.back(&sdk("bob/2"), true);
    world.hears(&[("bob/2", &["elsewhere call-1 engaged"])]);
    world.back(&sdk("bob/2"), false);
    world.hears(&[]);
}

#[test]
fn what_follows_too_late_changes_nothing() {
    // The device was back before the call heard that it was away.
    for anew in [false, true] {
        let mut world = in_state(CallState::Connected);
        let leaving = anew;
        world.step(Input::DeviceAway { device: sdk("bob/1"), leaving }).expect("nobody is kept in");
        let late = world.pending.pop_front().expect("the call is to be told");
        world.back(&sdk("bob/1"), anew);
        if anew {
            world.does(&sdk("bob/1"), rejoin(CALL));
        }
        world.deafen();
        let before = (world.calls.clone(), world.users.clone());
        world.input(late).expect("it is no command");
        assert_eq!((world.calls.clone(), world.users.clone()), before);
        world.hears(&[]);
    }
    // And it was away again before the call heard that it was back.
    let mut world = in_state(CallState::Connected);
    world.away(&sdk("bob/1"), false);
    world.step(Input::DeviceBack { device: sdk("bob/1"), anew: false }).expect("nobody is kept out");
    let late = world.pending.pop_front().expect("the call is to be told");
    world.away(&sdk("bob/1"), false);
    world.input(late).expect("it is no command");
    assert!(world.calls[&say::call(CALL)].member(&say::user("bob")).is_some_and(|bob| bob.is_away()));
}

#[test]
fn a_device_that_is_gone_or_never_was_is_not_away() {
    let mut world = in_state(CallState::Connected);
    world.lose(&sdk("alice/2"));
    world.deafen();
    for device in ["alice/2", "erin/1"] {
        world.away(&sdk(device), false);
        world.back(&sdk(device), true);
        world.back(&sdk(device), false);
    }
    assert!(world.users.values().all(|user| user.away.is_empty()) && world.users.len() == 3, "{world:?}");
    world.hears(&[]);
}

#[test]
fn which_page_a_device_has_is_kept_through_cuts() {
    let mut world = without_timers(in_state(CallState::Connected));
    let page =
        |world: &World| world.users[&say::user("bob")].away.first().map(|away| (away.page, away.connected));
    let bob = sdk("bob/1");
    world.away(&bob, false);
    assert_eq!(page(&world), Some((Page::Same, false)));
    world.away(&bob, true);
    assert_eq!(page(&world), Some((Page::Leaving, false)));
    world.away(&bob, false);
    assert_eq!(page(&world), Some((Page::Leaving, false)));
    world.back(&bob, true);
    assert_eq!(page(&world), Some((Page::New, true)));
    world.away(&bob, false);
    assert_eq!(page(&world), Some((Page::New, false)));
    world.back(&bob, false);
    assert_eq!(page(&world), Some((Page::New, true)));
    world.does(&bob, rejoin(CALL));
    assert_eq!(page(&world), None);
}

#[test]
fn a_group_is_as_connected_as_before_when_the_new_page_has_connected() {
    let mut world = group_of(&["alice", "bob", "carol"]);
    world.back(&one("alice"), true);
    world.does(&one("alice"), rejoin(CALL));
    world.deafen();
    for other in ["bob", "carol"] {
        world.does(&one(other), for_page(1, offer(CALL, "alice", CLEAN)));
        world.does(&one("alice"), answer(CALL, other, CLEAN));
        world.does(&one("alice"), report(CALL, other, ConnectionState::Connected));
        world.does(&one(other), report_on(CALL, "alice", ConnectionState::Connected, Some(1)));
    }
    assert!(world.heard(&one("carol")).contains(&"stands call-1 alice connected".to_owned()));
    assert_eq!(world.calls[&say::call(CALL)].deadline(), None);
    world.connect(&one("dave"));
    world.does(&one("bob"), add(CALL, "dave"));
    world.does(&one("dave"), accept(CALL));
    connect(&mut world, "bob", "dave");
}

#[test]
fn i15_a_new_page_that_does_nothing_ends_its_part_in_every_state() {
    for state in [&[CallState::Initiating, CallState::Ringing][..], &ANSWERED].concat() {
        for after_a_cut in [false, true] {
            let mut world = in_state(state);
            if after_a_cut {
                world.away(&sdk("alice/1"), false);
                world.wait(5_000);
            }
            world.back(&sdk("alice/1"), true);
            let mut world = without_timers(world);
            let answered = ANSWERED.contains(&state);
            let (window, reason) =
                if answered { (30_000, EndReason::Completed) } else { (10_000, EndReason::Cancelled) };
            world.wait(window - 1);
            assert_ne!(world.state(CALL), None, "{state:?}");
            world.wait(1);
            assert_eq!(world.end_reason(CALL), Some(reason), "{state:?}");
            assert!(world.forgotten.is_empty() && deadline(&world, "alice").is_none());
        }
    }
}

#[test]
fn a_device_that_rings_and_is_away_rings_when_it_is_back_and_may_accept() {
    let mut world = in_state(CallState::Ringing);
    for device in ["bob/1", "bob/2"] {
        world.away(&sdk(device), false);
    }
    world.wait(9_000);
    world.back(&sdk("bob/1"), false);
    world.wait(2_000);
    assert_eq!(world.forgotten, ["bob/2"], "the other did not come");
    world.does(&sdk("bob/1"), accept(CALL));
    assert_eq!(world.state(CALL), Some(CallState::Connecting));
}

#[test]
fn one_who_is_called_while_away_rings_when_they_are_back() {
    let mut world = in_state(CallState::Idle);
    for device in ["bob/1", "bob/2"] {
        world.away(&sdk(device), false);
    }
    world.does(&sdk("alice/1"), initiate(&["bob"]));
    assert_eq!(world.heard(&sdk("bob/1")), ["incoming call-1 ringing with alice"], "it is kept for them");
    world.back(&sdk("bob/1"), false);
    world.does(&sdk("bob/1"), accept(CALL));
    // And where they do not come, they have missed it.
    world.does(&sdk("bob/1"), hangup(CALL));
    world.away(&sdk("bob/1"), false);
    world.does(&sdk("alice/1"), initiate(&["bob"]));
    world.wait(10_000);
    assert_eq!(world.end_reason("call-2"), Some(EndReason::Missed));
}
