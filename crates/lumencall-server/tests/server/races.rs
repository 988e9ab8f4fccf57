//! Two who do something at the same moment.

use serde_json::json;

use crate::harness::{TestServer, initiate, ring};

#[tokio::test]
async fn i8_the_first_accept_wins_and_the_other_tab_stops() {
    let server = TestServer::start().await;
    let mut alice = server.seed("alice").await;
    let (mut winner, mut loser) = (server.sdk("bob").await, server.sdk("bob").await);
    let mut seed_loser = server.seed("bob").await;
    let call = initiate(&mut alice, "bob").await;
    alice.expect_state(&call, "ringing").await;
    for tab in [&mut winner, &mut loser, &mut seed_loser] {
        tab.expect("call:incoming").await;
    }
    winner.does("call:respond", json!({ "callId": call, "action": "accept" })).await;
    let elsewhere = loser.expect_state(&call, "ended").await;
    assert_eq!(
        (&elsewhere["endReason"], &elsewhere["answeredElsewhere"]),
        (&json!("completed"), &json!(true))
    );
    seed_loser.expect_end(&call, "completed").await;

    loser.is_refused("unknown-call", "call:respond", json!({ "callId": call, "action": "accept" })).await;
    loser.is_refused("unknown-call", "call:hangup", json!({ "callId": call })).await;
    alice.expect_state(&call, "connecting").await;
    alice.expect("call:participant-joined").await;
    // I26: after the accept, signals reach the winning device and no other.
    alice.send("signal:offer", alice.description(&call, "bob", "offer", "v=0")).await;
    winner.expect_state(&call, "connecting").await;
    winner.expect("signal:offer").await;
    loser.nothing_came().await;
    seed_loser.nothing_came().await;
}

/// Whichever of two commands comes first, the outcome is one, and the same for both.
#[tokio::test]
async fn i12_accept_against_cancel_has_one_outcome() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.seed("bob").await);
    for _ in 0..100 {
        let (call, _) = ring(&mut alice, &mut bob).await;
        tokio::join!(
            alice.send("call:hangup", json!({ "callId": call })),
            bob.send("call:respond", json!({ "callId": call, "action": "accept" })),
        );
        let state = bob.expect("call:state-changed").await;
        if state["state"] == "connecting" {
            alice.expect_state(&call, "connecting").await;
            alice.expect("call:participant-joined").await;
            alice.expect_end(&call, "completed").await;
            bob.expect("call:participant-left").await;
            bob.expect_end(&call, "completed").await;
        } else {
            assert_eq!(state["endReason"], "cancelled", "{state}");
            alice.expect_end(&call, "cancelled").await;
            bob.expect_error("unknown-call").await;
        }
    }
}

/// Two tabs of a callee accept at once: one has the call, and the other knows that it has not.
#[tokio::test]
async fn i12_of_two_accepts_one_wins() {
    let server = TestServer::start().await;
    let mut alice = server.seed("alice").await;
    let (mut one, mut other) = (server.sdk("bob").await, server.sdk("bob").await);
    for _ in 0..50 {
        let call = initiate(&mut alice, "bob").await;
        alice.expect_state(&call, "ringing").await;
        one.expect("call:incoming").await;
        other.expect("call:incoming").await;
        let accept = json!({ "callId": call, "action": "accept" });
        tokio::join!(one.send("call:respond", accept.clone()), other.send("call:respond", accept));

        let first = one.expect("call:state-changed").await;
        let (winner, loser) = if first["state"] == "connecting" {
            let elsewhere = other.expect_state(&call, "ended").await;
            assert_eq!(elsewhere["answeredElsewhere"], true);
            (&mut one, &mut other)
        } else {
            assert_eq!(first["answeredElsewhere"], true);
            other.expect_state(&call, "connecting").await;
            (&mut other, &mut one)
        };
        loser.expect_error("unknown-call").await;
        alice.expect_state(&call, "connecting").await;
        alice.expect("call:participant-joined").await;
        winner.does("call:hangup", json!({ "callId": call })).await;
        winner.expect_end(&call, "completed").await;
        alice.expect("call:participant-left").await;
        alice.expect_end(&call, "completed").await;
        loser.nothing_came().await;
    }
}

/// One tab accepts while another declines: the call goes on, or it was rejected, for everybody alike.
#[tokio::test]
async fn i12_accept_against_reject_has_one_outcome() {
    let server = TestServer::start().await;
    let mut alice = server.seed("alice").await;
    let (mut one, mut other) = (server.seed("bob").await, server.seed("bob").await);
    for _ in 0..50 {
        let call = initiate(&mut alice, "bob").await;
        alice.expect_state(&call, "ringing").await;
        one.expect("call:incoming").await;
        other.expect("call:incoming").await;
        tokio::join!(
            one.send("call:respond", json!({ "callId": call, "action": "accept" })),
            other.send("call:respond", json!({ "callId": call, "action": "reject" })),
        );
        let outcome = alice.expect("call:state-changed").await;
        if outcome["state"] == "connecting" {
            one.expect_state(&call, "connecting").await;
            other.expect_end(&call, "completed").await;
            other.expect_error("unknown-call").await;
            alice.expect("call:participant-joined").await;
            alice.send("call:hangup", json!({ "callId": call })).await;
            alice.expect_end(&call, "completed").await;
            one.expect("call:participant-left").await;
            one.expect_end(&call, "completed").await;
        } else {
            assert_eq!(outcome["endReason"], "rejected", "{outcome}");
            one.expect_end(&call, "rejected").await;
            one.expect_error("unknown-call").await;
            other.expect_end(&call, "rejected").await;
        }
    }
}
