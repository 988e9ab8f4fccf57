//! A client that does not take what is for it.

use std::time::Duration;

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{Client, TestServer, connect, ring};

/// I31: who takes frames too slowly is cut off at the queue's limit, alone.
#[tokio::test]
async fn i31_a_slow_consumer_is_cut_off_alone() {
    let server = TestServer::start_with(|config| config.limits.frames_at_once = 2000).await;
    let mut alice = server.seed("alice").await;
    let mut bob = Client::socket(server.address, "bob", None, true).await.unwrap();
    bob.nothing_came().await;
    let call = connect(&mut alice, &mut bob).await;
    let (mut carol, mut dave) = (server.seed("carol").await, server.sdk("dave").await);
    let other_call = connect(&mut carol, &mut dave).await;

    // Bob reads nothing. His system takes some megabytes for him, then the server's queue fills.
    let offer = json!({
        "event": "signal:offer",
        "data": alice.description(&call, "bob", "offer", &"s".repeat(60_000)),
    });
    let mut sent = 0;
    while server.counts().await.devices == 4 {
        assert!(sent < 1000, "60 MB wait for one client");
        alice.send_text(offer.to_string()).await;
        sent += 1;
    }
    assert_eq!(alice.expect("call:participant-left").await["userId"], "bob");
    alice.expect_state(&call, "ended").await;
    assert_eq!(bob.closed_at_last().await, 4000);

    carol.send("call:media-toggle", json!({ "callId": other_call, "audio": false })).await;
    dave.expect("call:media-changed").await;
    carol.nothing_came().await;
}

/// A client whose connection takes nothing at all is given up, though its queue is not full.
#[tokio::test]
async fn i31_a_write_that_never_ends_ends_the_socket() {
    let server = TestServer::start_with(|config| {
        config.limits.frames_at_once = 2000;
        config.limits.queued_bytes = 1 << 30;
        config.limits.queued_frames = 1 << 20;
        config.limits.pong_timeout = Duration::from_millis(300);
        // Silence alone would take longer than this test waits.
        config.limits.ping_interval = Duration::from_secs(600);
    })
    .await;
    let mut alice = server.seed("alice").await;
    let mut bob = Client::socket(server.address, "bob", None, true).await.unwrap();
    bob.nothing_came().await;
    let (call, _) = ring(&mut alice, &mut bob).await;
    bob.send("call:respond", json!({ "callId": call, "action": "accept" })).await;
    alice.expect_state(&call, "connecting").await;
    alice.expect("call:participant-joined").await;
    let offer = alice.description(&call, "bob", "offer", &"s".repeat(60_000));
    for _ in 0..200 {
        alice.send("signal:offer", offer.clone()).await;
    }
    assert_eq!(alice.expect("call:participant-left").await["userId"], "bob");
    alice.expect_state(&call, "ended").await;
}

/// A client that asks and asks, and reads no answer, is cut off too.
#[tokio::test]
async fn i31_answers_that_nobody_reads_are_bounded() {
    let server = TestServer::start_with(|config| {
        config.limits.frames_at_once = u32::MAX / 1000;
        config.limits.frames_per_second = 1_000_000;
    })
    .await;
    let mut mallory = Client::socket(server.address, "mallory", None, true).await.unwrap();
    mallory.nothing_came().await;
    server.counts_become(|counts| counts.devices == 1).await;
    let mut sent = 0;
    while server.counts().await.devices == 1 {
        assert!(sent < 1_000_000, "the answers to a million frames wait for one client");
        mallory.send_message(Message::text("x")).await;
        sent += 1;
    }
    assert_eq!(mallory.closed_at_last().await, 4000);
    server.seed("alice").await.nothing_came().await;
}
