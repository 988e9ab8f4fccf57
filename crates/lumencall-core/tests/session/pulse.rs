//! Signs of life, attempts to come back, and what a close code says.

use lumencall_core::session::{Action, ClientSession, Link};
use lumencall_core::wire::{Done, Private, Reply, ServerFrame, ServerMessage, Welcome};
use lumencall_core::{CallState, EndReason, ErrorCode, Millis};

use crate::scene::{callee, caller};
use crate::solo::{NOTHING, Solo, TIMEOUT};
use crate::values::{
    CALL, call, done, done_with, ended, error, incoming, joined, known, offer, refused, resumed, state,
    unknown, user, welcoming,
};

const QUIET: Millis = 25_000;
const PATIENCE: Millis = 10_000;

#[test]
fn where_nothing_is_heard_the_server_is_asked_for_a_sign_of_life() {
    let mut alice = Solo::connected("alice");
    assert_eq!(alice.waits(QUIET - 1), NOTHING);
    assert_eq!(alice.waits(1), ["send #1 ping"]);
    assert_eq!(alice.waits(PATIENCE - 1), NOTHING);
    assert_eq!(alice.gets(done(1)), NOTHING);
    assert_eq!(alice.waits(QUIET - 1), NOTHING, "whatever is heard is a sign of life");
    assert_eq!(alice.gets(incoming(CALL)), ["hear incoming call-1 ringing"]);
    assert_eq!(alice.waits(QUIET - 1), NOTHING);
    assert_eq!(alice.waits(1), ["send #2 ping"]);
    alice.gets(state("call-9", CallState::Ringing));
    assert_eq!(alice.waits(QUIET - 1), NOTHING, "it need not be the answer");
}

#[test]
fn a_socket_through_which_nothing_comes_is_given_up_and_the_call_stands() {
    let mut alice = caller(CallState::Connected);
    assert_eq!(alice.waits(QUIET), ["send #2 ping"]);
    assert_eq!(alice.waits(PATIENCE), ["close-socket", "hear link reconnecting"]);
    assert_eq!(alice.calls(), ["call-1 connected"]);
    assert_eq!(alice.comes_back()[0], format!("send session:open after {}", alice.seq));
}

#[test]
fn a_timer_that_was_held_up_asks_again_before_it_gives_the_socket_up() {
    let mut alice = Solo::connected("alice");
    alice.waits(QUIET);
    // The tab was frozen, and the answer may lie behind this timer.
    alice.now += PATIENCE + 60_000;
    let now = alice.now;
    assert_eq!(alice.does(|session| session.handle_timeout(now)), ["send #2 ping"]);
    assert_eq!(alice.gets(done(1)), NOTHING);
    assert_eq!(alice.session.link(), Link::Open);

    let mut alice = Solo::connected("alice");
    alice.waits(QUIET);
    alice.now += PATIENCE + 60_000;
    let now = alice.now;
    alice.does(|session| session.handle_timeout(now));
    assert_eq!(alice.waits(PATIENCE), ["close-socket", "hear link reconnecting"], "there was none");
}

#[test]
fn one_who_wakes_up_asks_at_once_and_waits_for_a_short_time() {
    let mut alice = Solo::connected("alice");
    let now = alice.now;
    assert_eq!(alice.does(|session| session.handle_wake(now)), ["send #1 ping"]);
    assert_eq!(alice.does(|session| session.handle_wake(now)), NOTHING, "it has been asked");
    assert_eq!(alice.waits(2_999), NOTHING);
    assert_eq!(alice.waits(1), ["close-socket", "hear link reconnecting"]);
    // And while there is no connection, it is tried at once.
    let now = alice.now;
    assert_eq!(alice.does(|session| session.handle_wake(now)), ["open-socket"]);
    assert_eq!(alice.does(|session| session.handle_wake(now)), NOTHING, "one attempt at a time");
    let mut alice = Solo::new("alice");
    assert_eq!(alice.does(|session| session.handle_wake(1)), NOTHING, "there is nothing to restore");
}

#[test]
fn a_wake_is_sooner_than_what_was_waited_for() {
    let mut alice = Solo::connected("alice");
    alice.waits(QUIET);
    let now = alice.now;
    assert_eq!(alice.does(|session| session.handle_wake(now)), ["send #2 ping"]);
    assert_eq!(alice.waits(3_000), ["close-socket", "hear link reconnecting"]);
}

/// How long each attempt is waited for, when none succeeds.
fn pauses(chance: u32, attempts: usize) -> Vec<Millis> {
    let mut now = 1_000;
    let mut session = ClientSession::new(Some(user("alice")), TIMEOUT, chance);
    session.connect(now);
    session.handle_socket_open();
    let welcome = ServerMessage::Welcome(welcoming("alice"));
    session.handle_frame(now, ServerFrame { seq: None, message: welcome });
    session.handle_socket_closed(now, 1006);
    let mut pauses = Vec::new();
    for _ in 0..attempts {
        while session.poll_action().is_some() {}
        let retry = loop {
            let at = session.poll_timeout().expect("it is tried again");
            let before = now;
            now = now.max(at);
            session.handle_timeout(now);
            let mut opens = false;
            while let Some(action) = session.poll_action() {
                opens |= matches!(action, Action::OpenSocket);
            }
            if opens {
                break now - before;
            }
        };
        pauses.push(retry);
        session.handle_socket_closed(now, 1006);
    }
    pauses
}

#[test]
fn the_pauses_between_attempts_grow_to_a_bound_and_are_not_those_of_others() {
    let (mut longest, mut all) = ([0; 10], Vec::new());
    for chance in 0..400 {
        let pauses = pauses(chance * 7_919, 10);
        for (number, pause) in pauses.iter().enumerate() {
            let most = (250 << number).min(5_000);
            assert!(*pause <= most, "attempt {number} waits for {pause} ms");
            longest[number] = longest[number].max(*pause);
        }
        all.push(pauses);
    }
    for (number, longest) in longest.iter().enumerate() {
        assert!(
            *longest > (250 << number).min(5_000) * 9 / 10,
            "the whole time is used: {longest} of {number}"
        );
    }
    let sum: Millis = all.iter().map(|pauses| pauses[9]).sum();
    assert!((2_000..3_000).contains(&(sum / 400)), "and evenly: {}", sum / 400);
    all.sort_unstable();
    all.dedup();
    assert!(all.len() > 390, "they differ");
}

#[test]
fn a_connection_that_stood_for_a_time_is_tried_at_the_first_pause_again() {
    let mut alice = Solo::connected("alice");
    for sound in [false, true] {
        // Many attempts fail.
        alice.socket_closes();
        for _ in 0..8 {
            alice.waits(5_000);
            alice.socket_closes();
        }
        alice.comes_back();
        alice.gets(unknown("alice"));
        alice.waits(if sound { 5_000 } else { 4_999 });
        alice.socket_closes();
        let at = alice.session.poll_timeout().expect("it is tried again") - alice.now;
        if sound {
            assert!(at <= 250, "{at}");
        }
        alice.comes_back();
        alice.gets(unknown("alice"));
        alice.waits(if sound { 0 } else { 6_000 });
    }
}

#[test]
fn an_attempt_that_hangs_is_given_up() {
    for opened in [false, true] {
        let mut alice = caller(CallState::Connected);
        alice.socket_closes();
        while alice.session.poll_timeout().is_some_and(|at| at <= alice.now) {
            alice.waits(0);
        }
        assert_eq!(alice.waits(250), ["open-socket"]);
        if opened {
            alice.socket_opens();
        }
        let tried = alice.waits(TIMEOUT);
        assert_eq!(tried[0], "close-socket", "{tried:?}");
        assert_eq!(alice.session.link(), Link::Lost);
    }
}

#[test]
fn calls_whose_connection_is_cut_for_too_long_are_over_and_it_is_tried_on() {
    let mut alice = caller(CallState::Connected);
    alice.socket_closes();
    let mut over = Vec::new();
    let cut = alice.now;
    while over.is_empty() {
        let seen = alice.waits(10);
        if seen.contains(&"open-socket".to_owned()) {
            alice.socket_closes();
        }
        over = seen.into_iter().filter(|line| line != "open-socket").collect();
    }
    assert_eq!(over, ["release call-1", "hear ended call-1 failed"]);
    assert_eq!(alice.now - cut, 40_000);
    assert_eq!(alice.session.link(), Link::Lost);
    assert_eq!(alice.comes_back(), ["send session:open page"], "there is nothing to go on with");
    alice.watch.is_over();
}

#[test]
fn a_resume_that_comes_when_calls_were_given_up_is_begun_anew() {
    let mut alice = caller(CallState::Connected);
    alice.socket_closes();
    while alice.now < 41_000 - 4_000 {
        if alice.waits(100).contains(&"open-socket".to_owned()) && alice.now < 41_000 - 4_000 {
            alice.socket_closes();
        }
    }
    let at = alice.session.poll_timeout();
    assert!(at.is_some());
    while !alice.waits(10).contains(&"open-socket".to_owned()) {}
    assert!(alice.now < 41_000, "{}", alice.now);
    assert!(alice.socket_opens()[0].starts_with("send session:open after"));
    assert!(alice.waits(41_000 - alice.now).contains(&"hear ended call-1 failed".to_owned()));
    assert_eq!(alice.gets(resumed("alice", 3)), ["close-socket"], "the page knows nothing of it any more");
    assert_eq!(alice.comes_back(), ["send session:open page"]);
    let back = alice.gets(known("alice", vec![call(CALL, CallState::Connected)]));
    assert_eq!(back[1..], ["hear link connected", "send hangup call-1"], "nobody waits for her");
}

#[test]
fn what_a_close_code_says_is_done() {
    // Codes, whether the connection stood, and what is heard.
    let lost = "hear link reconnecting";
    for code in
        [1000, 1001, 1002, 1003, 1006, 1007, 1009, 1011, 1012, 3000, 4000, 4001, 4003, 4099, 4400, 4600]
    {
        let mut alice = caller(CallState::Connected);
        assert_eq!(alice.socket_closes_with(code), [lost], "{code}");
        // The browser may be leaving the page.
        if code == 1001 {
            assert_eq!(alice.waits(499), NOTHING);
        }
        let seen = alice.waits(251);
        assert_eq!(seen, ["open-socket"], "{code}");
        assert_eq!(alice.socket_closes_with(code), NOTHING, "{code}: it is tried again");
    }
    for code in [4500, 4501, 4502, 4504, 4599] {
        let mut alice = Solo::connected("alice");
        assert_eq!(
            alice.socket_closes_with(code),
            ["hear link disconnected", "hear error signaling-unreachable"]
        );
        let mut alice = Solo::connected("alice");
        alice.socket_closes();
        alice.waits(250);
        let over = ["hear link disconnected", "hear error signaling-unreachable"];
        assert_eq!(alice.socket_closes_with(code), over, "{code}, in an attempt");
        assert_eq!(alice.session.poll_timeout(), None);
    }
    // A token that was good is renewed for the next attempt; one that is refused there is none.
    for code in [4503, 4505] {
        let over = ["hear link disconnected", "hear error unauthorized"];
        let mut alice = Solo::new("alice");
        alice.connect();
        alice.socket_opens();
        alice.gets(ServerMessage::Welcome(Welcome { token_expires_in: Some(60), ..welcoming("alice") }));
        assert_eq!(alice.socket_closes_with(code), [lost], "{code}");
        alice.waits(250);
        assert_eq!(alice.socket_closes_with(code), over, "{code}");
        // Where there was no token that expires, no other can be had.
        let mut alice = caller(CallState::Connected);
        let ends = ["release call-1", "hear ended call-1 failed", over[0], over[1]];
        assert_eq!(alice.socket_closes_with(code), ends, "{code}");
        let mut alice = Solo::new("alice");
        alice.connect();
        assert_eq!(alice.socket_closes_with(code), ["settle connect unauthorized", "hear link disconnected"]);
    }
    let mut alice = Solo::new("alice");
    alice.connect();
    assert_eq!(
        alice.socket_closes_with(4501),
        ["settle connect signaling-unreachable", "hear link disconnected"]
    );
}

#[test]
fn an_error_in_an_attempt_is_tried_again_but_for_a_token_that_is_refused() {
    let mut alice = caller(CallState::Connected);
    alice.socket_closes();
    alice.comes_back();
    assert_eq!(alice.gets(error(ErrorCode::LimitExceeded, None)), ["close-socket"]);
    alice.comes_back();
    let over = [
        "close-socket",
        "release call-1",
        "hear ended call-1 failed",
        "hear link disconnected",
        "hear error unauthorized",
    ];
    assert_eq!(alice.gets(error(ErrorCode::Unauthorized, None)), over);
    assert_eq!(alice.session.poll_timeout(), None);
}

#[test]
fn without_a_token_a_first_connection_fails_and_a_lost_one_is_tried_again() {
    let mut alice = Solo::new("alice");
    alice.connect();
    alice.watch.socket_closed();
    assert_eq!(
        alice.does(|session| session.handle_no_token(1_000)),
        ["settle connect unauthorized", "hear link disconnected"]
    );
    let mut alice = caller(CallState::Connected);
    alice.socket_closes();
    alice.waits(250);
    alice.watch.socket_closed();
    let now = alice.now;
    assert_eq!(alice.does(|session| session.handle_no_token(now)), NOTHING);
    assert_eq!(alice.waits(500), ["open-socket"]);
}

#[test]
fn what_expires_is_renewed_in_time() {
    let mut alice = Solo::new("alice");
    alice.connect();
    alice.socket_opens();
    let welcome =
        Welcome { token_expires_in: Some(20), ice_servers_expire_in: Some(10), ..welcoming("alice") };
    alice.gets(ServerMessage::Welcome(welcome));
    assert_eq!(alice.waits(7_999), NOTHING);
    assert_eq!(alice.waits(1), ["send #1 ice-servers"], "at four fifths");
    assert_eq!(alice.waits(8_000), ["renew-token"]);
    let authenticates = alice.does(|session| session.authenticate(Private::new("t")));
    assert_eq!(authenticates, ["send #2 authenticate"]);

    let servers = Some(welcoming("alice").ice_servers);
    let ok = Done { ice_servers: servers, ice_servers_expire_in: Some(20), ..Done::new(None) };
    let reply = |id, ok| ServerMessage::Reply(Reply { id, ok: Some(ok), error: None });
    assert_eq!(alice.gets(reply(1, ok)), ["use-ice-servers stun:stun.test"]);
    assert_eq!(alice.gets(reply(2, Done { token_expires_in: Some(20), ..Done::new(None) })), NOTHING);
    assert_eq!(alice.waits(15_999), NOTHING);
    assert_eq!(alice.waits(1), ["renew-token", "send #3 ice-servers"]);
    assert_eq!(alice.gets(refused(3, ErrorCode::LimitExceeded)), ["hear error limit-exceeded"]);
    alice.does(|session| session.authenticate(Private::new("t")));
    assert_eq!(alice.gets(refused(4, ErrorCode::Unauthorized)), ["hear error unauthorized"]);
    assert_eq!(alice.session.link(), Link::Open, "what there is lasts for a little longer");
}

#[test]
fn a_sign_of_life_is_no_command_and_its_reply_settles_nothing() {
    let mut bob = callee(CallState::Ringing);
    bob.waits(QUIET);
    bob.accept(CALL);
    assert_eq!(bob.gets(done(1)), NOTHING);
    assert_eq!(bob.gets(done_with(2, call(CALL, CallState::Connecting)))[0], "hear connecting call-1");
    bob.gets(joined(CALL, "alice"));
    bob.gets(offer(CALL, "alice", "o1"));
    bob.gets(ended(CALL, EndReason::Completed));
    bob.watch.is_over();
}
