//! What a device does when its session goes on, and when it does not.

use lumencall_core::wire::{ConnectionState, ServerMessage};
use lumencall_core::{Call, CallState, CallType, EndReason, ErrorCode, MediaFlags};

use crate::scene::{OF_CALLER, callee, caller};
use crate::solo::{NOTHING, Solo};
use crate::values::{
    CALL, answer, call, candidate, done, done_with, elsewhere, ended, error, group, incoming,
    incoming_from_carol, joined, known, media, offer, participant, refused, rejoined, resumed, state,
    unknown, user,
};

/// The socket breaks, and the device is back, with what the server says to that.
fn comes_back_to(solo: &mut Solo, welcome: ServerMessage) -> Vec<String> {
    solo.socket_closes();
    solo.comes_back();
    solo.gets(welcome)[1..].to_vec()
}

const BACK: &str = "hear link connected";

#[test]
fn i21_what_has_not_arrived_is_sent_again_in_order_and_nothing_else() {
    for received in 0..=4 {
        let mut alice = caller(CallState::Connected);
        // The server has had, and answered, the initiate; then came an offer and a report.
        alice.toggle(CALL, false);
        let sent = [
            "send offer call-1 bob o1 sealed",
            "send report call-1 bob connected",
            "send #2 toggle call-1 audio=false",
        ];
        let mut expected = vec![BACK];
        expected.extend(&sent[received.clamp(1, 4) as usize - 1..]);
        assert_eq!(comes_back_to(&mut alice, resumed("alice", received)), expected, "{received}");
    }
}

#[test]
fn i21_what_is_sent_counts_over_several_cuts() {
    let mut alice = caller(CallState::Connected);
    assert_eq!(comes_back_to(&mut alice, resumed("alice", 3)), [BACK]);
    alice.toggle(CALL, false);
    alice.toggle(CALL, true);
    let again = comes_back_to(&mut alice, resumed("alice", 4));
    assert_eq!(again, [BACK, "send #3 toggle call-1 audio=true"]);
    assert_eq!(alice.gets(done(3)), ["settle toggle ok"], "and so the one before has arrived");
    assert_eq!(comes_back_to(&mut alice, resumed("alice", 5)), [BACK]);
    assert_eq!(alice.gets(done(2)), ["settle toggle ok"]);
}

#[test]
fn commands_are_taken_while_the_connection_is_lost_and_sent_when_it_is_back() {
    let mut alice = Solo::connected("alice");
    alice.socket_closes();
    assert_eq!(alice.initiate("bob"), NOTHING);
    alice.comes_back();
    assert_eq!(alice.gets(resumed("alice", 0))[1..], [BACK, "send #1 initiate bob"]);
    let made = alice.gets(done_with(1, call(CALL, CallState::Initiating)));
    assert_eq!(made.last().map(String::as_str), Some("settle initiate ok call-1 initiating"));
}

#[test]
fn a_command_that_waits_for_the_connection_has_its_time_too() {
    let mut bob = callee(CallState::Ringing);
    bob.socket_closes();
    let accepts = bob.accept(CALL);
    assert_eq!(accepts, ["open-peer call-1 alice video", "answer call-1 alice o1"]);
    let mut seen = Vec::new();
    while !seen.iter().any(|line: &String| line.starts_with("settle")) {
        seen = bob.waits(10);
        if seen.contains(&"open-socket".to_owned()) {
            bob.socket_closes();
        }
    }
    assert_eq!(seen, ["settle accept timeout", "release call-1"]);
    bob.comes_back();
    assert_eq!(bob.gets(resumed("bob", 0))[1..], [BACK, "send #1 accept call-1", "send hangup call-1"]);
}

#[test]
fn i1_an_accept_that_came_to_nothing_accepts_no_later_ring() {
    let mut bob = callee(CallState::Ringing);
    bob.accept(CALL);
    bob.gets(ended(CALL, EndReason::Missed));
    assert_eq!(bob.waits(10_000).first().map(String::as_str), Some("settle accept timeout"));
    bob.gets(incoming(CALL));
    bob.socket_closes();
    bob.comes_back();
    // The accept has not arrived.
    assert_eq!(bob.gets(resumed("bob", 0))[1..], [BACK, "send #1 ping"]);
    assert_eq!(bob.gets(done(1)), NOTHING);
    assert_eq!(bob.accept(CALL), ["send #2 accept call-1"]);
}

#[test]
fn a_ring_that_was_declined_while_the_connection_was_lost_is_declined() {
    let mut bob = callee(CallState::Ringing);
    bob.socket_closes();
    assert_eq!(bob.reject(CALL), NOTHING);
    bob.comes_back();
    assert_eq!(bob.gets(resumed("bob", 0))[1..], [BACK, "send #1 reject call-1"]);
    assert_eq!(bob.gets(done(1)), ["settle reject ok"]);
    assert_eq!(bob.gets(ended(CALL, EndReason::Rejected)), ["hear ended call-1 rejected"]);
}

#[test]
fn a_session_that_does_not_go_on_fails_what_waits_and_takes_what_was_left_as_left() {
    let mut alice = caller(CallState::Connected);
    alice.toggle(CALL, false);
    alice.socket_closes();
    alice.hangup(CALL);
    alice.comes_back();
    let back = [BACK, "settle toggle signaling-unreachable", "settle hangup ok", "send hangup call-1"];
    let there = vec![call(CALL, CallState::Connected)];
    assert_eq!(alice.gets(known("alice", there))[1..], back, "the server is told again");
    assert_eq!(alice.gets(ended(CALL, EndReason::Completed)), ["hear ended call-1 completed"]);
    alice.watch.is_over();
}

#[test]
fn one_who_hung_up_while_the_connection_was_lost_hears_how_the_call_came_to_its_end() {
    let mut alice = caller(CallState::Ringing);
    alice.socket_closes();
    assert_eq!(alice.hangup(CALL), ["release call-1"]);
    alice.comes_back();
    let there = vec![call(CALL, CallState::Reconnecting)];
    let back = [
        BACK,
        "settle hangup ok",
        "send hangup call-1",
        "hear connecting call-1",
        "hear connected call-1",
        "hear reconnecting call-1",
        "hear joined call-1 bob",
    ];
    assert_eq!(alice.gets(known("alice", there))[1..], back);
    alice.gets(ended(CALL, EndReason::Completed));
    alice.watch.is_over();
}

#[test]
fn i19_where_the_device_is_known_the_calls_are_as_the_server_tells() {
    // Alice is in a call, and another rings.
    let mut alice = caller(CallState::Connected);
    alice.gets(incoming_from_carol("call-2"));
    let gone = comes_back_to(&mut alice, known("alice", Vec::new()));
    let over = [BACK, "release call-1", "hear ended call-1 failed", "hear ended call-2 missed"];
    assert_eq!(gone, over, "the server has not lost them: they ended");
    alice.watch.is_over();

    let mut alice = caller(CallState::Connected);
    let there = vec![call(CALL, CallState::Reconnecting)];
    let back = [BACK, "close-peer call-1 bob", "hear reconnecting call-1", "send #2 rejoin call-1"];
    assert_eq!(comes_back_to(&mut alice, known("alice", there)), back);
    assert_eq!(alice.gets(done_with(2, call(CALL, CallState::Reconnecting))), NOTHING);
    let offered = ["open-peer call-1 bob video", "answer call-1 bob o2"];
    assert_eq!(alice.gets(offer(CALL, "bob", "o2")), offered, "the one who stayed offers");
    assert_eq!(alice.gets(state(CALL, CallState::Connected)), ["hear connected call-1"]);
}

#[test]
fn where_the_device_is_not_known_every_call_is_over() {
    for at in OF_CALLER {
        let mut alice = caller(at);
        let heard = match at {
            CallState::Initiating | CallState::Ringing => "hear ended call-1 cancelled server-restarted",
            _ => "hear ended call-1 failed server-restarted",
        };
        assert_eq!(comes_back_to(&mut alice, unknown("alice")), [BACK, "release call-1", heard], "{at:?}");
        alice.watch.is_over();
        assert_eq!(alice.gets(incoming(CALL)), ["hear incoming call-1 ringing"], "numbers start anew");
    }
    let mut bob = callee(CallState::Ringing);
    assert_eq!(comes_back_to(&mut bob, unknown("bob")), [BACK, "hear ended call-1 missed"]);
}

#[test]
fn i33_states_that_were_missed_are_told_in_their_order() {
    use CallState::{Connected, Connecting, Initiating, Reconnecting, Ringing};
    let ways: [(CallState, CallState, &[&str]); 9] = [
        (Initiating, Ringing, &["ringing"]),
        (Initiating, Connected, &["ringing", "connecting", "connected"]),
        (Ringing, Connecting, &["connecting"]),
        (Ringing, Reconnecting, &["connecting", "connected", "reconnecting"]),
        (Connecting, Reconnecting, &["connected", "reconnecting"]),
        (Connected, Reconnecting, &["reconnecting"]),
        (Reconnecting, Connected, &["connected"]),
        (Connected, Connected, &[]),
        (Ringing, Ringing, &[]),
    ];
    for (from, to, told) in ways {
        let mut alice = caller(from);
        let back = comes_back_to(&mut alice, known("alice", vec![call(CALL, to)]));
        let heard: Vec<&str> = back
            .iter()
            .filter_map(|line| line.strip_prefix("hear "))
            .filter_map(|line| line.strip_suffix(" call-1"))
            .collect();
        assert_eq!(heard, told, "{from:?} to {to:?}");
    }
}

#[test]
fn who_came_and_left_and_what_they_show_is_told_after_a_cut() {
    let mut alice = Solo::connected("alice");
    alice.initiate_several(&["bob", "carol"]);
    alice.gets(done_with(1, group(CALL, CallState::Initiating, &["alice"])));
    alice.gets(state(CALL, CallState::Ringing));
    alice.gets(state(CALL, CallState::Connecting));
    alice.gets(joined(CALL, "bob"));
    let mut carol = participant("carol");
    carol.set_media(MediaFlags { audio: false, ..MediaFlags::at_join(CallType::Video) });
    let now =
        Call { participants: vec![participant("alice"), carol], ..group(CALL, CallState::Connected, &[]) };
    let back = comes_back_to(&mut alice, known("alice", vec![now.clone()]));
    let heard: Vec<&String> = back.iter().filter(|line| line.starts_with("hear ")).collect();
    assert_eq!(heard[1..], ["hear connected call-1", "hear left call-1 bob", "hear joined call-1 carol"]);
    // And again between the welcome and the reply.
    let later = Call { participants: vec![participant("alice"), participant("carol")], ..now };
    let told = alice.gets(done_with(2, later));
    assert_eq!(told[0], "hear media call-1 carol audio=true video=true screen=false");
}

#[test]
fn after_a_rejoin_by_itself_the_others_see_what_is_shown_as_before() {
    let mut alice = caller(CallState::Connected);
    alice.toggle(CALL, false);
    alice.gets(done(2));
    let mut muted = participant("alice");
    muted.set_media(MediaFlags { audio: false, ..muted.media() });
    let there = Call { participants: vec![muted, participant("bob")], ..call(CALL, CallState::Connected) };
    comes_back_to(&mut alice, known("alice", vec![there]));
    let told = alice.gets(done_with(3, call(CALL, CallState::Connected)));
    assert_eq!(told, ["send #4 toggle call-1 audio=false video=true screen=false"]);
    alice.gets(done(4));
    let me = alice.session.calls().next().expect("there is a call").participants[0].clone();
    assert!(me.audio_muted);
}

#[test]
fn i17_an_accept_that_was_lost_rings_on() {
    let mut bob = callee(CallState::Ringing);
    bob.accept(CALL);
    bob.applies(CALL, "alice");
    bob.answers(CALL, "alice", "a1");
    let there = vec![call(CALL, CallState::Ringing)];
    let back = [BACK, "settle accept signaling-unreachable", "release call-1"];
    assert_eq!(comes_back_to(&mut bob, known("bob", there)), back);
    assert_eq!(bob.calls(), ["call-1 ringing"]);
    assert_eq!(bob.gets(offer(CALL, "alice", "o1")), NOTHING, "its offer comes again");
    let again = ["send #2 accept call-1", "open-peer call-1 alice video", "answer call-1 alice o1"];
    assert_eq!(bob.accept(CALL), again);
    bob.gets(done_with(2, call(CALL, CallState::Connecting)));
    assert_eq!(bob.gets(ended(CALL, EndReason::Completed))[0], "release call-1");
    bob.watch.is_over();
}

#[test]
fn an_accept_whose_reply_was_lost_is_in_the_call_and_is_told_so() {
    let mut bob = callee(CallState::Ringing);
    bob.accept(CALL);
    let there = vec![call(CALL, CallState::Connecting)];
    let back = [BACK, "close-peer call-1 alice", "hear connecting call-1", "send #2 rejoin call-1"];
    assert_eq!(comes_back_to(&mut bob, known("bob", there)), back);
    let told = bob.gets(done_with(2, call(CALL, CallState::Connecting)));
    assert_eq!(told, ["settle accept ok call-1 connecting"]);
    bob.watch.is_settled();
    let offered = ["open-peer call-1 alice video", "answer call-1 alice o2"];
    assert_eq!(bob.gets(offer(CALL, "alice", "o2")), offered);
}

#[test]
fn an_accept_that_was_left_again_is_not_taken_up() {
    let mut bob = callee(CallState::Ringing);
    bob.accept(CALL);
    bob.hangup(CALL);
    let there = vec![call(CALL, CallState::Connecting)];
    let back = comes_back_to(&mut bob, known("bob", there));
    let told = [
        "settle accept signaling-unreachable",
        "settle hangup ok",
        "send hangup call-1",
        "hear connecting call-1",
    ];
    assert_eq!(back[1..], told);
}

#[test]
fn a_call_whose_initiate_was_told_to_have_failed_is_left() {
    for caller in ["alice", "bob"] {
        let mut alice = Solo::connected("alice");
        alice.initiate("bob");
        // Their calls may have met.
        let there = Call { caller_id: user(caller), ..call("call-7", CallState::Connecting) };
        let back = comes_back_to(&mut alice, known("alice", vec![there]));
        assert_eq!(back, [BACK, "settle initiate signaling-unreachable", "send hangup call-7"]);
        assert_eq!(alice.gets(ended("call-7", EndReason::Completed)), NOTHING);
        assert!(alice.session.resumable().is_empty());
        assert_eq!(alice.initiate("bob"), ["send #2 initiate bob"]);
    }
}

#[test]
fn a_ring_that_an_initiate_has_met_is_left_where_the_initiate_failed() {
    let mut bob = callee(CallState::Ringing);
    bob.initiate("alice");
    let back = comes_back_to(&mut bob, known("bob", vec![call(CALL, CallState::Connecting)]));
    let left = ["settle initiate signaling-unreachable", "send hangup call-1", "hear connecting call-1"];
    assert_eq!(back[1..], left);
    assert_eq!(bob.gets(ended(CALL, EndReason::Completed)), ["hear ended call-1 completed"]);
    bob.watch.is_over();
}

#[test]
fn a_call_that_has_ended_here_may_ring_again() {
    let mut bob = callee(CallState::Ringing);
    bob.gets(ended(CALL, EndReason::Missed));
    let back = comes_back_to(&mut bob, known("bob", vec![call(CALL, CallState::Ringing)]));
    assert_eq!(back, [BACK, "hear incoming call-1 ringing"]);
    assert_eq!(bob.accept(CALL)[0], "send #1 accept call-1");
}

#[test]
fn nobody_connects_to_one_who_has_not_been_let_in_again() {
    let mut alice = caller(CallState::Connected);
    comes_back_to(&mut alice, known("alice", vec![call(CALL, CallState::Reconnecting)]));
    // All this is for the page that was there before, or is told again by the reply.
    for message in [offer(CALL, "bob", "o9"), answer(CALL, "bob", "a9"), candidate(CALL, "bob", "c9")] {
        assert_eq!(alice.gets(message), NOTHING);
    }
    assert_eq!(alice.gets(rejoined(CALL, "bob", 1)), NOTHING, "she makes no offer");
    assert_eq!(alice.gets(joined(CALL, "carol")), NOTHING, "nor here");
    let mut now = group(CALL, CallState::Reconnecting, &["alice", "bob", "carol"]);
    now.participants[1].incarnation = Some(1);
    assert_eq!(alice.gets(done_with(2, now)), ["hear joined call-1 carol"], "they offer");
    alice.gets(offer(CALL, "bob", "o10"));
    alice.applies(CALL, "bob");
    assert_eq!(alice.answers(CALL, "bob", "a10"), ["send answer call-1 bob a10 page 1"]);
    assert_eq!(alice.gathers(CALL, "bob", "c10"), ["send candidate call-1 bob c10 page 1"]);
    assert_eq!(
        alice.stands(CALL, "bob", ConnectionState::Connected),
        ["send report call-1 bob connected page 1"]
    );
}

#[test]
fn a_rejoin_that_crosses_the_end_of_the_call_is_over() {
    let mut alice = caller(CallState::Connected);
    comes_back_to(&mut alice, known("alice", vec![call(CALL, CallState::Connected)]));
    assert_eq!(
        alice.gets(ended(CALL, EndReason::Completed)),
        ["release call-1", "hear ended call-1 completed"]
    );
    assert_eq!(alice.gets(refused(2, ErrorCode::UnknownCall)), NOTHING);
    alice.watch.is_over();
}

#[test]
fn a_rejoin_that_is_refused_ends_the_call_here() {
    for (code, more) in
        [(ErrorCode::UnknownCall, None), (ErrorCode::InvalidState, Some("send hangup call-1"))]
    {
        let mut alice = caller(CallState::Connected);
        comes_back_to(&mut alice, known("alice", vec![call(CALL, CallState::Connected)]));
        let told = alice.gets(refused(2, code));
        let reason = if more.is_some() { "completed" } else { "failed" };
        let expected: Vec<String> = ["release call-1"]
            .into_iter()
            .chain(more)
            .map(str::to_owned)
            .chain([format!("hear ended call-1 {reason}")])
            .collect();
        assert_eq!(told, expected);
        alice.watch.is_over();
    }
}

#[test]
fn a_rejoin_survives_another_cut() {
    // The session goes on: the reply comes, or the command goes out again.
    for received in [0, 1] {
        let mut alice = caller(CallState::Connected);
        comes_back_to(&mut alice, known("alice", vec![call(CALL, CallState::Reconnecting)]));
        let back = comes_back_to(&mut alice, resumed("alice", received));
        let again: &[&str] = if received == 0 { &[BACK, "send #2 rejoin call-1"] } else { &[BACK] };
        assert_eq!(back, again);
        assert_eq!(alice.gets(done_with(2, call(CALL, CallState::Reconnecting))), NOTHING);
        assert_eq!(alice.gets(offer(CALL, "bob", "o2")).len(), 2);
    }
    // Or it does not, and it is asked for anew.
    let mut alice = caller(CallState::Connected);
    comes_back_to(&mut alice, known("alice", vec![call(CALL, CallState::Reconnecting)]));
    let back = comes_back_to(&mut alice, known("alice", vec![call(CALL, CallState::Reconnecting)]));
    assert_eq!(back, [BACK, "send #3 rejoin call-1"]);
}

#[test]
fn i29_what_is_kept_is_bounded_and_a_session_that_lost_some_begins_anew() {
    let mut alice = caller(CallState::Connected);
    alice.socket_closes();
    for _ in 0..1_000 {
        assert_eq!(alice.gathers(CALL, "bob", "c1"), NOTHING);
    }
    assert_eq!(alice.toggle(CALL, false), NOTHING);
    assert_eq!(alice.comes_back(), ["send session:open page"]);
    let back = alice.gets(known("alice", vec![call(CALL, CallState::Connected)]));
    let anew =
        [BACK, "settle toggle signaling-unreachable", "close-peer call-1 bob", "send #3 rejoin call-1"];
    assert_eq!(back[1..], anew);
    // While the connection stands, the server is asked now and then what it has had.
    let mut alice = caller(CallState::Connected);
    let mut asked = 0;
    for _ in 0..2_000 {
        for line in alice.gathers(CALL, "bob", "c1") {
            if let Some(number) = line.strip_prefix("send #").and_then(|line| line.strip_suffix(" ping")) {
                asked += 1;
                alice.gets(done(number.parse().expect("it is a number")));
            }
        }
    }
    assert!((5..20).contains(&asked), "{asked}");
    assert!(comes_back_to(&mut alice, resumed("alice", 2_000)).len() < 300, "and the rest goes out again");
}

#[test]
fn errors_about_what_is_over_are_no_news_after_a_cut() {
    let mut alice = caller(CallState::Connected);
    alice.socket_closes();
    alice.gathers(CALL, "bob", "c7");
    alice.comes_back();
    alice.gets(resumed("alice", 3));
    alice.gets(ended(CALL, EndReason::Completed));
    assert_eq!(alice.gets(error(ErrorCode::UnknownCall, Some(CALL))), NOTHING);
}

#[test]
fn what_others_do_elsewhere_and_show_goes_on_after_a_cut() {
    let mut alice = caller(CallState::Connected);
    comes_back_to(&mut alice, resumed("alice", 3));
    assert_eq!(alice.gets(media(CALL, "bob", false)), ["hear media call-1 bob audio=false"]);
    assert_eq!(alice.gets(elsewhere("call-9", true)), ["hear elsewhere call-9 engaged"]);
}
