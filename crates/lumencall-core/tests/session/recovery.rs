//! Connections to others that do not stand: when ICE is restarted, and when they are given up.

use lumencall_core::session::Link;
use lumencall_core::wire::ConnectionState::{self, Connected, Failed, Reconnecting};
use lumencall_core::{CallState, EndReason, ErrorCode, Millis};

use crate::scene::{callee, caller};
use crate::solo::{NOTHING, Solo};
use crate::values::{
    CALL, answer, call, done_with, ended, group, ice_servers, joined, left, refused, resumed, resumed_for,
    state,
};

const RESTART: &str = "restart-ice call-1 bob";
const LOST: &str = "send report call-1 bob reconnecting";
const GIVEN_UP: &str = "send report call-1 bob failed";
const STANDS: &str = "send report call-1 bob connected";

/// The connection to Bob is found to stand so. A server that may be cut off as well is asked for a sign of life, and gives one.
fn stands(alice: &mut Solo, state: ConnectionState) -> Vec<String> {
    let mut lines = alice.stands(CALL, "bob", state);
    lines.retain(|line| !line.ends_with(" ping"));
    if alice.session.link() == Link::Open {
        alice.gets(crate::values::state("call-9", CallState::Ringing));
    }
    lines
}

/// Nothing happens for so long, and then this does.
#[track_caller]
fn then(solo: &mut Solo, time: Millis, lines: &[&str]) {
    assert_eq!(solo.waits_heard(time - 1), NOTHING);
    assert_eq!(solo.session.poll_timeout(), Some(solo.now + 1), "the timer is set for when it is due");
    assert_eq!(solo.waits(1), lines);
}

#[test]
fn what_was_interrupted_has_two_seconds_and_then_ice_is_restarted_until_it_is_given_up() {
    let mut alice = caller(CallState::Connected);
    assert_eq!(stands(&mut alice, Reconnecting), [LOST]);
    then(&mut alice, 2_000, &[RESTART]);
    for _ in 0..3 {
        then(&mut alice, 8_000, &[RESTART]);
    }
    then(&mut alice, 4_000, &[GIVEN_UP]);
    assert_eq!(alice.waits_heard(60_000), NOTHING, "nothing more is tried");
}

#[test]
fn what_failed_is_restarted_at_once_and_given_up_after_half_a_minute() {
    let mut alice = caller(CallState::Connected);
    assert_eq!(stands(&mut alice, Failed), [LOST, RESTART]);
    for _ in 0..3 {
        then(&mut alice, 8_000, &[RESTART]);
    }
    then(&mut alice, 6_000, &[GIVEN_UP]);
    for state in [Reconnecting, Failed] {
        assert_eq!(stands(&mut alice, state), NOTHING, "it was given up");
    }
    assert_eq!(alice.waits_heard(60_000), NOTHING);
    assert_eq!(stands(&mut alice, Connected), [STANDS]);
    assert_eq!(stands(&mut alice, Failed), [LOST, RESTART], "and it may fail anew");
}

#[test]
fn what_fails_while_it_is_interrupted_is_restarted_at_once() {
    let mut alice = caller(CallState::Connected);
    assert_eq!(stands(&mut alice, Reconnecting), [LOST]);
    assert_eq!(alice.waits(1_500), NOTHING);
    assert_eq!(stands(&mut alice, Failed), [RESTART]);
    then(&mut alice, 8_000, &[RESTART]);
}

#[test]
fn what_is_interrupted_again_and_again_is_given_up_all_the_same() {
    let mut alice = caller(CallState::Connected);
    assert_eq!(stands(&mut alice, Reconnecting), [LOST]);
    for _ in 0..29 {
        assert_eq!(alice.waits_heard(1_000), NOTHING);
        assert_eq!(stands(&mut alice, Reconnecting), NOTHING);
    }
    then(&mut alice, 1_000, &[GIVEN_UP]);
}

#[test]
fn what_took_a_path_away_may_have_taken_the_server_too() {
    for (state, then) in [(Reconnecting, None), (Failed, Some(RESTART))] {
        let mut alice = caller(CallState::Connected);
        let lines = [Some(LOST), Some("send #2 ping"), then].into_iter().flatten();
        assert_eq!(alice.stands(CALL, "bob", state), lines.collect::<Vec<_>>());
        assert_eq!(alice.waits(2_999).len(), usize::from(state == Reconnecting));
        assert_eq!(alice.waits(1), ["close-socket", "hear link reconnecting"]);
    }
}

#[test]
fn what_never_stood_is_restarted_too_and_the_server_hears_of_the_end_alone() {
    for state in [Reconnecting, Failed] {
        let mut alice = caller(CallState::Connecting);
        let first: &[&str] = if state == Failed { &[RESTART] } else { &[] };
        assert_eq!(stands(&mut alice, state), first);
        let seen = alice.waits_heard(29_999);
        assert!(seen.len() >= 3 && seen.iter().all(|line| line == RESTART), "{seen:?}");
        assert_eq!(alice.waits(1), [GIVEN_UP]);
    }
}

#[test]
fn what_stands_again_is_left_alone() {
    for (state, time) in [(Reconnecting, 1_999), (Reconnecting, 5_000), (Failed, 5_000)] {
        let mut alice = caller(CallState::Connected);
        stands(&mut alice, state);
        alice.waits(time);
        assert_eq!(stands(&mut alice, Connected), [STANDS]);
        assert_eq!(alice.waits_heard(60_000), NOTHING);
        // Its time begins anew.
        assert_eq!(stands(&mut alice, Failed), [LOST, RESTART]);
        assert_eq!(alice.waits_heard(29_999).len(), 3);
        assert_eq!(alice.waits(1), [GIVEN_UP]);
    }
}

#[test]
fn a_restart_waits_for_the_connection_to_the_server() {
    let mut alice = caller(CallState::Connected);
    assert_eq!(stands(&mut alice, Reconnecting), [LOST]);
    alice.socket_closes();
    assert_eq!(alice.comes_back(), [format!("send session:open after {}", alice.seq)]);
    assert_eq!(alice.waits(5_000), NOTHING, "an offer could not be sent");
    let lines = alice.gets(resumed("alice", 100));
    assert_eq!(lines[lines.len() - 2..], ["hear link connected", RESTART]);
    then(&mut alice, 8_000, &[RESTART]);

    let mut alice = caller(CallState::Connected);
    alice.socket_closes();
    alice.comes_back();
    let lines = alice.gets(resumed("alice", 100));
    assert_eq!(lines.last().map(String::as_str), Some("hear link connected"), "it stands");
}

#[test]
fn what_fails_while_there_is_no_connection_to_the_server_is_restarted_once_there_is() {
    let mut alice = caller(CallState::Connected);
    alice.socket_closes();
    assert_eq!(stands(&mut alice, Failed), ["open-socket"], "the report waits as well");
    alice.socket_opens();
    // The server has had the call, the offer and that it connected.
    let lines = alice.gets(resumed("alice", 3));
    assert_eq!(lines[lines.len() - 2..], [LOST, RESTART], "{lines:?}");
}

/// Alice, whose connection to Bob fails when her ICE servers are due. Command 3 asks for others.
fn with_servers_due() -> Solo {
    let mut alice = caller(CallState::Connected);
    alice.socket_closes();
    alice.comes_back();
    alice.gets(resumed_for("alice", 100, 20));
    assert_eq!(alice.waits(15_999), NOTHING);
    // The timer is late.
    alice.now += 1;
    assert_eq!(stands(&mut alice, Failed), [LOST, "send #3 ice-servers"]);
    alice
}

#[test]
fn ice_servers_that_are_due_are_fetched_before_a_restart() {
    let mut alice = with_servers_due();
    assert_eq!(alice.waits(3_000), NOTHING, "it waits for them");
    assert_eq!(stands(&mut alice, Failed), NOTHING, "they are asked for once");
    assert_eq!(alice.gets(ice_servers(3, 3_600)), ["use-ice-servers turn:turn.test", RESTART]);
    then(&mut alice, 8_000, &[RESTART]);

    let mut alice = with_servers_due();
    let lines = alice.gets(refused(3, ErrorCode::LimitExceeded));
    assert_eq!(lines, ["hear error limit-exceeded", RESTART], "what there is has to do");
    then(&mut alice, 8_000, &[RESTART]);

    let mut alice = with_servers_due();
    assert_eq!(stands(&mut alice, Connected), [STANDS]);
    assert_eq!(alice.gets(ice_servers(3, 3_600)), ["use-ice-servers turn:turn.test"], "it stands again");
}

#[test]
fn ice_servers_that_are_fetched_when_the_socket_breaks_are_asked_for_again_and_waited_for() {
    let mut alice = with_servers_due();
    alice.socket_closes();
    alice.comes_back();
    let lines = alice.gets(resumed("alice", 0));
    assert!(lines.contains(&"send #3 ice-servers".to_owned()), "{lines:?}");
    assert!(!lines.contains(&RESTART.to_owned()), "{lines:?}");
    assert_eq!(alice.gets(ice_servers(3, 3_600)), ["use-ice-servers turn:turn.test", RESTART]);
}

#[test]
fn another_network_restarts_everything_and_none_restarts_nothing() {
    let mut alice = caller(CallState::Connected);
    assert_eq!(alice.network(false), ["send #2 ping"]);
    assert_eq!(alice.network(true), [RESTART]);
    assert_eq!(alice.waits_heard(60_000), NOTHING, "it stands, by the browser's word");
    let mut bob = callee(CallState::Connected);
    assert_eq!(bob.network(true), ["send #2 ping", "restart-ice call-1 alice"]);
    // An offer that nobody has answered is made anew; one that is being made is of the new network.
    let mut alice = caller(CallState::Ringing);
    assert_eq!(alice.network(true), ["send #2 ping", RESTART, "make-offer call-1 bob"]);
    let mut alice = caller(CallState::Initiating);
    assert_eq!(alice.network(true), ["send #2 ping", RESTART]);

    let mut alice = Solo::connected("alice");
    alice.initiate_several(&["bob", "carol"]);
    alice.gets(done_with(1, group(CALL, CallState::Initiating, &["alice"])));
    assert_eq!(alice.network(true), ["send #2 ping", RESTART, "restart-ice call-1 carol"]);
}

#[test]
fn another_network_without_a_connection_to_the_server_restarts_everything_once_there_is_one() {
    for before in [CallState::Connecting, CallState::Connected] {
        let mut alice = caller(before);
        alice.socket_closes();
        assert_eq!(alice.network(true), ["open-socket"]);
        alice.socket_opens();
        let lines = alice.gets(resumed("alice", 100));
        assert_eq!(lines.last().map(String::as_str), Some(RESTART), "{lines:?}");
        assert_eq!(alice.waits_heard(60_000), NOTHING);
    }
}

#[test]
fn one_who_wakes_up_restarts_nothing() {
    for state in [CallState::Ringing, CallState::Connected] {
        let mut alice = caller(state);
        let now = alice.now;
        assert_eq!(alice.does(|session| session.handle_wake(now)), ["send #2 ping"]);
    }
}

#[test]
fn an_offer_that_nobody_has_answered_is_made_anew_each_half_minute() {
    let mut alice = caller(CallState::Ringing);
    for name in ["o2", "o3"] {
        then(&mut alice, 30_000, &[RESTART, "make-offer call-1 bob"]);
        assert_eq!(alice.offers(CALL, "bob", name), [format!("send offer call-1 bob {name} sealed")]);
    }
    then(&mut alice, 30_000, &[RESTART, "make-offer call-1 bob"]);
    // Its browser has not made that one.
    then(&mut alice, 30_000, &[RESTART]);
}

#[test]
fn what_is_being_connected_is_not_restarted_for_the_age_of_its_offer() {
    let mut alice = caller(CallState::Ringing);
    assert_eq!(alice.waits_heard(29_000), NOTHING);
    alice.gets(state(CALL, CallState::Connecting));
    alice.gets(joined(CALL, "bob"));
    assert_eq!(alice.gets(answer(CALL, "bob", "a1")), ["apply-answer call-1 bob a1"]);
    alice.applies(CALL, "bob");
    assert_eq!(alice.waits_heard(60_000), NOTHING);
}

#[test]
fn nothing_is_tried_for_one_who_left_or_after_the_end() {
    let ways: [fn(&mut Solo) -> Vec<String>; 3] = [
        |alice| alice.gets(left(CALL, "bob")),
        |alice| alice.gets(ended(CALL, EndReason::Completed)),
        |alice| alice.hangup(CALL),
    ];
    for way in ways {
        let mut alice = caller(CallState::Connected);
        assert_eq!(stands(&mut alice, Reconnecting), [LOST]);
        way(&mut alice);
        alice.gets(done_with(3, call(CALL, CallState::Ended)));
        for state in [Failed, Reconnecting] {
            assert_eq!(stands(&mut alice, state), NOTHING);
        }
        assert_eq!(alice.waits_heard(60_000), NOTHING);
    }
}
