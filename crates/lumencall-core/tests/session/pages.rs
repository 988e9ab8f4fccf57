//! A page that is loaded anew, and takes up its call.

use lumencall_core::wire::ConnectionState;
use lumencall_core::{CallState, DeviceId, EndReason, ErrorCode};

use crate::net::Net;
use crate::solo::{NOTHING, Solo};
use crate::values::{
    CALL, call, candidate, done_with, ended, incoming_from_carol, known, left, offer, refused, resumed,
    state, unknown,
};

/// A new page of Alice's device, which was in this call.
fn page(state: CallState) -> Solo {
    let mut alice = Solo::new("alice");
    adopt(&mut alice);
    alice.connect();
    assert_eq!(alice.socket_opens(), ["send session:open page"]);
    alice.gets(known("alice", vec![call(CALL, state)]));
    assert_eq!(alice.calls(), NOTHING, "it is offered, and no more");
    assert_eq!(resumable(&alice), [CALL]);
    alice
}

fn adopt(solo: &mut Solo) {
    let device = DeviceId::new("dev-1").expect("it is an id");
    solo.does(|session| session.adopt(device, lumencall_core::wire::Private::new("s3cret")));
}

fn resumable(solo: &Solo) -> Vec<&str> {
    solo.session.resumable().iter().map(|call| call.id.as_str()).collect()
}

#[test]
fn i1_a_new_page_touches_nothing_until_its_user_takes_up_the_call() {
    let mut alice = page(CallState::Connected);
    for message in [offer(CALL, "bob", "o1"), candidate(CALL, "bob", "c1"), left(CALL, "carol")] {
        assert_eq!(alice.gets(message), NOTHING);
    }
    assert_eq!(alice.rejoin(CALL), ["send #1 rejoin call-1"]);
    assert_eq!(resumable(&alice), NOTHING);
    assert_eq!(alice.calls(), ["call-1 connected"]);
    let told = alice.gets(done_with(1, call(CALL, CallState::Reconnecting)));
    assert_eq!(told, ["hear reconnecting call-1", "settle rejoin ok call-1 reconnecting"]);
    assert_eq!(alice.gets(offer(CALL, "bob", "o2")), ["open-peer call-1 bob video", "answer call-1 bob o2"]);
    assert_eq!(alice.rejoin(CALL), ["settle rejoin unknown-call call-1"], "once");
}

#[test]
fn a_caller_s_new_page_offers_to_whom_it_calls_still() {
    let mut alice = page(CallState::Ringing);
    alice.rejoin(CALL);
    let offers = ["open-peer call-1 bob video", "make-offer call-1 bob", "settle rejoin ok call-1 ringing"];
    assert_eq!(alice.gets(done_with(1, call(CALL, CallState::Ringing))), offers);
    assert_eq!(alice.offers(CALL, "bob", "o2"), ["send offer call-1 bob o2 sealed"]);
}

#[test]
fn a_new_page_hears_what_rings_and_may_hang_up_without_taking_the_call_up() {
    let mut alice = Solo::new("alice");
    adopt(&mut alice);
    alice.connect();
    alice.socket_opens();
    let mut rings = call("call-2", CallState::Ringing);
    (rings.caller_id, rings.participants) =
        (crate::values::user("carol"), vec![crate::values::participant("carol")]);
    rings.callee_ids = vec![crate::values::user("alice")];
    let mut of_others = call("call-3", CallState::Ringing);
    of_others.caller_id = crate::values::user("carol");
    of_others.participants = vec![crate::values::participant("carol")];
    let told = vec![call(CALL, CallState::Connected), of_others, rings];
    let heard = alice.gets(known("alice", told));
    assert_eq!(heard[1..], ["hear link connected", "settle connect ok", "hear incoming call-2 ringing"]);
    assert_eq!(alice.hangup(CALL), ["send #1 hangup call-1"]);
    assert_eq!(resumable(&alice), NOTHING);
    assert_eq!(alice.gets(ended(CALL, EndReason::Completed)), NOTHING, "it was none of this page's");
    assert_eq!(alice.accept("call-2"), ["send #2 accept call-2"]);
}

/// Who called, and left, may be rung by those who are in the call still.
#[test]
fn i17_a_new_page_of_the_caller_hears_that_the_others_ring_back() {
    let mut alice = Solo::new("alice");
    adopt(&mut alice);
    alice.connect();
    alice.socket_opens();
    let mut goes_on = call(CALL, CallState::Connected);
    (goes_on.state, goes_on.participants) =
        (CallState::Ringing, vec![crate::values::participant("bob"), crate::values::participant("carol")]);
    let heard = alice.gets(known("alice", vec![goes_on]));
    assert_eq!(heard[1..], ["hear link connected", "settle connect ok", "hear incoming call-1 ringing"]);
    assert_eq!(alice.accept(CALL), ["send #1 accept call-1"]);
}

#[test]
fn what_could_be_taken_up_and_ends_can_be_no_more() {
    let mut alice = page(CallState::Connected);
    assert_eq!(alice.gets(ended(CALL, EndReason::Completed)), ["hear ended call-1 completed"]);
    assert_eq!(resumable(&alice), NOTHING);
    assert_eq!(alice.rejoin(CALL), ["settle rejoin unknown-call call-1"]);
    // And where the page is cut off, the server says what there still is.
    let mut alice = page(CallState::Connected);
    alice.socket_closes();
    alice.comes_back();
    alice.gets(resumed("alice", 0));
    assert_eq!(resumable(&alice), [CALL]);
    alice.socket_closes();
    alice.comes_back();
    alice.gets(known("alice", Vec::new()));
    assert_eq!(resumable(&alice), NOTHING);
    let mut alice = page(CallState::Connected);
    alice.socket_closes();
    alice.comes_back();
    alice.gets(unknown("alice"));
    assert_eq!(resumable(&alice), NOTHING);
}

#[test]
fn a_rejoin_that_comes_too_late_or_is_refused_is_over() {
    let mut alice = page(CallState::Connected);
    alice.rejoin(CALL);
    let over = ["release call-1", "hear ended call-1 failed", "settle rejoin unknown-call call-1"];
    assert_eq!(alice.gets(refused(1, ErrorCode::UnknownCall)), over);

    let mut alice = page(CallState::Connected);
    alice.rejoin(CALL);
    assert_eq!(alice.gets(ended(CALL, EndReason::Failed)), ["release call-1", "hear ended call-1 failed"]);
    assert_eq!(alice.gets(refused(1, ErrorCode::UnknownCall)), ["settle rejoin call-ended call-1"]);

    let mut alice = page(CallState::Connected);
    alice.rejoin(CALL);
    assert_eq!(alice.waits(10_000), ["settle rejoin timeout", "release call-1", "send hangup call-1"]);
    // What it ends by is told from the state that it was in.
    let late = alice.gets(done_with(1, call(CALL, CallState::Reconnecting)));
    assert_eq!(late, ["hear reconnecting call-1"]);
    assert_eq!(alice.gets(ended(CALL, EndReason::Completed)), ["hear ended call-1 completed"]);
    alice.watch.is_over();
}

#[test]
fn i33_what_becomes_of_a_call_before_its_page_is_let_in_is_told_in_its_order() {
    // It goes on before it is taken up.
    let mut alice = page(CallState::Ringing);
    assert_eq!(alice.gets(state(CALL, CallState::Connecting)), NOTHING);
    assert_eq!(alice.session.resumable()[0].state, CallState::Connecting);
    alice.rejoin(CALL);
    assert_eq!(alice.calls(), ["call-1 connecting"]);
    assert_eq!(alice.gets(ended(CALL, EndReason::Failed)), ["release call-1", "hear ended call-1 failed"]);
    // And between that and the reply.
    let mut alice = page(CallState::Ringing);
    alice.rejoin(CALL);
    assert_eq!(alice.gets(state(CALL, CallState::Connecting)), ["hear connecting call-1"]);
    assert_eq!(alice.gets(state(CALL, CallState::Connected)), ["hear connected call-1"]);
    assert_eq!(alice.gets(state(CALL, CallState::Connecting)), NOTHING, "it was said before");
    let told = alice.gets(done_with(1, call(CALL, CallState::Reconnecting)));
    assert_eq!(told.first().map(String::as_str), Some("hear reconnecting call-1"));
    assert_eq!(
        alice.gets(ended(CALL, EndReason::Completed)).last().map(String::as_str),
        Some("hear ended call-1 completed")
    );
}

#[test]
fn one_who_is_in_a_call_takes_up_no_other() {
    let mut alice = page(CallState::Connected);
    alice.gets(incoming_from_carol("call-2"));
    alice.accept("call-2");
    assert_eq!(alice.rejoin(CALL), ["settle rejoin already-in-call call-1"]);
    assert_eq!(resumable(&alice), [CALL]);
}

#[test]
fn a_rejoin_while_the_connection_is_lost_waits_for_it() {
    let mut alice = page(CallState::Connected);
    alice.socket_closes();
    assert_eq!(alice.rejoin(CALL), NOTHING);
    alice.comes_back();
    assert_eq!(alice.gets(resumed("alice", 0))[1..], ["hear link connected", "send #1 rejoin call-1"]);
    // The reply is lost, and the server knows of no session to go on with.
    alice.socket_closes();
    alice.comes_back();
    let again = alice.gets(known("alice", vec![call(CALL, CallState::Reconnecting)]));
    assert_eq!(again[1..], ["hear link connected", "hear reconnecting call-1", "send #2 rejoin call-1"]);
    let told = alice.gets(done_with(2, call(CALL, CallState::Reconnecting)));
    assert_eq!(told, ["settle rejoin ok call-1 reconnecting"]);
    assert_eq!(alice.gets(state(CALL, CallState::Connected)), ["hear connected call-1"]);
}

#[test]
fn a_page_that_goes_says_so_and_ends_everything_here() {
    let mut alice = crate::scene::caller(CallState::Connected);
    let gone = [
        "send suspend",
        "close-socket",
        "release call-1",
        "hear ended call-1 failed",
        "hear link disconnected",
    ];
    assert_eq!(alice.does(|session| session.suspend()), gone);
    assert_eq!(alice.does(|session| session.suspend()), NOTHING);
    assert_eq!(alice.session.poll_timeout(), None);
    // The browser may show it again: it is as good as a new page.
    alice.connect();
    assert_eq!(alice.socket_opens(), ["send session:open page"]);
    alice.gets(known("alice", vec![call(CALL, CallState::Reconnecting)]));
    assert_eq!(resumable(&alice), [CALL]);

    for lost in [false, true] {
        let mut alice = crate::scene::caller(CallState::Connected);
        alice.socket_closes();
        if lost {
            alice.waits(250);
        }
        let gone = alice.does(|session| session.suspend());
        assert_eq!(gone.contains(&"close-socket".to_owned()), lost, "if there is one: {gone:?}");
        assert!(!gone.contains(&"send suspend".to_owned()));
    }
    let mut alice = Solo::new("alice");
    alice.connect();
    let gone = ["close-socket", "settle connect signaling-unreachable", "hear link disconnected"];
    assert_eq!(alice.does(|session| session.suspend()), gone);
}

/// These are in a call which the first made, and each is connected to each.
fn connected(names: &[&'static str]) -> Net {
    let mut net = Net::with(names);
    let callees: Vec<&str> =
        names[1..].iter().map(|name| name.split_once('/').expect("it has a user").0).collect();
    net.call(names[0], &callees);
    net.settle();
    for name in &names[1..] {
        net.accept(name, CALL);
        net.settle();
    }
    are_connected(&net, names);
    net.forget();
    net
}

#[track_caller]
fn are_connected(net: &Net, names: &[&str]) {
    for name in names {
        let party = &net.parties[net.index(name)];
        assert_eq!(party.connected_to().len(), names.len() - 1, "{name}: {party:?}");
    }
    let stands = net.server.calls.values().next().map(|call| (call.state, call.deadline()));
    assert_eq!(stands, Some((CallState::Connected, None)));
}

#[test]
fn i34_media_is_negotiated_anew_with_whoever_was_loaded_anew() {
    let names = ["alice/1", "bob/1", "carol/1"];
    for count in [2, 3] {
        for who in &names[..count] {
            for suspends in [false, true] {
                let mut net = connected(&names[..count]);
                net.reload(who, suspends);
                net.settle();
                assert_eq!(net.resumable(who), [CALL]);
                assert!(net.party(who).is_idle());
                net.rejoin(who, CALL);
                net.settle();
                assert_eq!(
                    net.settled(who).last().map(|line| line[..17].to_owned()),
                    Some("settle rejoin ok ".to_owned())
                );
                are_connected(&net, &names[..count]);
                net.hangup(who, CALL);
                net.settle();
                assert!(count > 2 || net.server.calls.is_empty());
            }
        }
    }
}

#[test]
fn i34_all_may_be_loaded_anew_at_once_and_take_the_call_up_in_any_order() {
    let names = ["alice/1", "bob/1", "carol/1"];
    for first in 0..3 {
        for quiet in [false, true] {
            let mut net = connected(&names);
            for name in names {
                net.reload(name, true);
            }
            net.settle();
            for offset in 0..3 {
                net.rejoin(names[(first + offset) % 3], CALL);
                if quiet {
                    net.settle();
                }
            }
            net.settle();
            are_connected(&net, &names);
        }
    }
}

#[test]
fn a_caller_who_is_loaded_anew_while_it_rings_is_answered() {
    for accepts_first in [false, true] {
        let mut net = Net::with(&["alice/1", "bob/1"]);
        net.initiate("alice/1", "bob");
        net.settle();
        net.reload("alice/1", true);
        net.settle();
        if accepts_first {
            net.accept("bob/1", CALL);
            net.settle();
        }
        net.rejoin("alice/1", CALL);
        if !accepts_first {
            // The accept crosses it.
            net.accept("bob/1", CALL);
        }
        net.settle();
        are_connected(&net, &["alice/1", "bob/1"]);
    }
}

#[test]
fn a_callee_who_is_loaded_anew_while_it_rings_rings_on() {
    let mut net = Net::with(&["alice/1", "bob/1"]);
    net.initiate("alice/1", "bob");
    net.settle();
    net.forget();
    net.reload("bob/1", true);
    net.settle();
    assert_eq!(net.heard("bob/1").last().map(String::as_str), Some("incoming call-1 ringing"));
    assert_eq!(net.heard("alice/1"), NOTHING);
    net.accept("bob/1", CALL);
    net.settle();
    are_connected(&net, &["alice/1", "bob/1"]);
}

#[test]
fn i15_a_page_that_does_not_take_the_call_up_leaves_it() {
    let mut net = connected(&["alice/1", "bob/1"]);
    net.reload("bob/1", true);
    net.settle();
    net.forget();
    net.pass(30_000);
    assert!(net.server.calls.is_empty());
    assert_eq!(net.resumable("bob/1"), NOTHING);
    assert!(net.party("alice/1").is_idle());
}

#[test]
fn i15_a_page_that_is_closed_has_hung_up_ten_seconds_later() {
    let mut net = connected(&["alice/1", "bob/1"]);
    net.suspend("bob/1");
    net.pass(9_000);
    assert_eq!(net.heard("alice/1"), ["reconnecting call-1"]);
    net.pass(1_000);
    assert_eq!(net.heard("alice/1"), ["left call-1 bob", "ended call-1 completed"]);
    assert_eq!(net.server.sessions(), 1);
}

#[test]
fn a_session_that_lost_too_much_joins_its_call_again_by_itself() {
    for who in ["alice/1", "bob/1"] {
        let other = if who == "alice/1" { "bob/1" } else { "alice/1" };
        let mut net = connected(&["alice/1", "bob/1"]);
        net.server.bounds.frames = 3;
        net.cut(who);
        for on in [false, true, false, true, false] {
            net.toggle(other, CALL, on);
            net.up(other);
            net.down(other);
        }
        net.server.bounds.frames = 256;
        net.recover();
        are_connected(&net, &["alice/1", "bob/1"]);
        let call = net.party(who).session.calls().next().expect("there is a call").clone();
        let muted: Vec<bool> = call.participants.iter().map(|one| one.audio_muted).collect();
        assert!(muted.contains(&true), "what was missed is known: {muted:?}");
        net.connections_stand(who, ConnectionState::Reconnecting);
        net.settle();
        net.connections_stand(who, ConnectionState::Connected);
        net.settle();
        are_connected(&net, &["alice/1", "bob/1"]);
    }
}

#[test]
fn a_group_that_one_has_joined_and_one_has_not_goes_on_with_a_new_page_of_its_caller() {
    for accepts_first in [false, true] {
        let mut net = Net::with(&["alice/1", "bob/1", "carol/1"]);
        net.call("alice/1", &["bob", "carol"]);
        net.settle();
        net.accept("bob/1", CALL);
        net.settle();
        net.reload("alice/1", false);
        net.settle();
        net.rejoin("alice/1", CALL);
        if accepts_first {
            net.accept("carol/1", CALL);
            net.up("carol/1");
        } else {
            net.settle();
            net.accept("carol/1", CALL);
        }
        net.settle();
        are_connected(&net, &["alice/1", "bob/1", "carol/1"]);
        assert!(net.heard("bob/1").contains(&"rejoined call-1 alice".to_owned()));
    }
}

#[test]
fn i18_i19_a_cut_at_any_point_of_a_rejoin_changes_nothing() {
    let play = |who: &'static str, at: usize| {
        let mut net = connected(&["alice/1", "bob/1"]);
        net.reload("bob/1", true);
        net.settle();
        net.rejoin("bob/1", CALL);
        let mut moves = 0;
        loop {
            if moves == at {
                net.cut(who);
                net.recover();
            }
            let Some(next) = net.moves().first().copied() else { break };
            net.make(next);
            moves += 1;
        }
        net.recover();
        are_connected(&net, &["alice/1", "bob/1"]);
        assert_eq!(net.party("bob/1").described, 2, "one answer for each page");
        let connected = |line: &String| line == "connected call-1";
        assert_eq!(net.heard("alice/1").into_iter().filter(connected).count(), 1);
        moves
    };
    let moves = play("alice/1", usize::MAX);
    assert!(moves > 10);
    for who in ["alice/1", "bob/1"] {
        for at in 0..moves {
            play(who, at);
        }
    }
}
