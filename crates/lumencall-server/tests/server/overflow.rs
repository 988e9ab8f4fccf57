//! What is kept for a device has bounds; beyond them it is told how things stand.

use std::time::Duration;

use serde_json::json;

use crate::harness::{Client, TestServer, connect, initiate, ring};

/// More comes for a device that is away than is kept: nothing of it is heard, and the calls are told as they are.
#[tokio::test]
async fn i19_i29_what_is_kept_for_a_device_that_is_away_is_bounded() {
    for (frames, bytes) in [(16, 1 << 20), (256, 5_000)] {
        let server = TestServer::start_with(|config| {
            config.limits.queued_frames = frames;
            config.limits.queued_bytes = bytes;
        })
        .await;
        let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
        let mut carol = server.seed("carol").await;
        let call = connect(&mut alice, &mut bob).await;
        let away = bob.cut();
        for n in 0..60 {
            alice.does("call:media-toggle", json!({ "callId": call, "audio": n % 2 == 0 })).await;
        }
        let busy = initiate(&mut carol, "bob").await;
        carol.expect_end(&busy, "busy").await;
        let (mut bob, calls) = away.begins_anew().await;
        assert_eq!((calls.len(), &calls[0]["id"]), (1, &json!(call)));
        assert_eq!(calls[0]["participants"][0]["audioMuted"], true);
        // The page is the one that it was, and does not know what it missed: it takes its place anew.
        alice.hears(&call, &["reconnecting"]).await;
        bob.hears(&call, &["reconnecting"]).await;
        bob.does("call:rejoin", json!({ "callId": call })).await;
        alice.hears(&call, &["rejoined bob"]).await;
        // From here it goes on like any session.
        let away = bob.cut();
        alice.does("call:hangup", json!({ "callId": call })).await;
        let mut bob = away.resumes().await;
        bob.hears(&call, &["left alice", "ended completed"]).await;
    }
}

/// One whose calls are over finds none.
#[tokio::test]
async fn i19_calls_that_ended_in_what_is_lost_are_not_told() {
    let server = TestServer::start_with(|config| config.limits.queued_frames = 8).await;
    let (mut alice, bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let away = bob.cut();
    for _ in 0..6 {
        let call = initiate(&mut alice, "bob").await;
        alice.expect_state(&call, "ringing").await;
        alice.does("call:hangup", json!({ "callId": call })).await;
        alice.expect_end(&call, "cancelled").await;
    }
    let last = initiate(&mut alice, "bob").await;
    let (mut bob, calls) = away.begins_anew().await;
    assert_eq!(calls.iter().map(|call| &call["id"]).collect::<Vec<_>>(), [&json!(last)]);
    bob.nothing_came().await;
}

/// What a pong shows to have arrived is kept no longer; a page that has less than it showed cannot go on.
#[tokio::test]
async fn i29_what_has_arrived_is_kept_no_longer() {
    let server = TestServer::start_with(|config| {
        config.limits.queued_frames = 8;
        config.limits.ping_interval = Duration::from_millis(50);
    })
    .await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    // Without pongs what was written makes way in its turn, and never ends the socket.
    for n in 0..100 {
        alice.does("call:media-toggle", json!({ "callId": call, "audio": n % 2 == 0 })).await;
        bob.expect("call:media-changed").await;
    }
    let mut early = bob.double();
    early.last_seq -= 1;
    bob.answers_pings(2).await;
    let (_, calls) = early.begins_anew().await;
    assert_eq!(calls.len(), 1);
}

/// Who takes frames too slowly is closed alone, and can come back; the call is there.
#[tokio::test]
async fn i31_a_slow_consumer_comes_back() {
    let server = TestServer::start_with(|config| config.limits.frames_at_once = 4000).await;
    let mut alice = server.sdk("alice").await;
    let mut bob = Client::socket(server.address, "bob", Some("lumencall.1"), true).await.unwrap();
    bob.opens(json!({})).await;
    let call = connect(&mut alice, &mut bob).await;
    let offer = json!({ "event": "signal:offer", "data": alice.description(&call, "bob", "offer", &"s".repeat(60_000)) });
    let mut sent = 0;
    while server.counts().await.devices == 2 {
        assert!(sent < 1000, "60 MB wait for one client");
        alice.send_text(offer.to_string()).await;
        sent += 1;
    }
    // It is away, and in the call.
    alice.nothing_came().await;
    assert_eq!(bob.closed_at_last().await, 4000);
    let (mut bob, calls) = bob.cut().begins_anew().await;
    assert_eq!(calls[0]["id"], call.as_str());
    bob.hears(&call, &["reconnecting"]).await;
    bob.does("call:rejoin", json!({ "callId": call })).await;
    alice.hears(&call, &["reconnecting", "rejoined bob"]).await;
}

/// A message that is too large ends its socket, and neither the session nor the call.
#[tokio::test]
async fn a_message_that_is_too_large_ends_the_socket_alone() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let (call, _) = ring(&mut alice, &mut bob).await;
    alice.send_text("x".repeat(70_000)).await;
    assert_eq!(alice.closed().await, 1009);
    let mut alice = alice.cut().resumes().await;
    alice.nothing_came().await;
    bob.nothing_came().await;
    alice.does("call:hangup", json!({ "callId": call })).await;
    bob.expect_end(&call, "cancelled").await;
}

/// Heartbeats of the SDK's own, ICE servers and tokens are asked for by commands like any other.
#[tokio::test]
async fn a_session_answers_for_itself() {
    let server = TestServer::start_with(|config| {
        config.ice_servers = vec![lumencall_core::wire::IceServer {
            urls: vec!["stun:stun.example.org".into()],
            username: None,
            credential: None,
        }];
    })
    .await;
    let mut alice = server.sdk("alice").await;
    assert_eq!(alice.ask("session:ping", json!({})).await, Ok(json!({})));
    let servers = json!({ "iceServers": [{ "urls": ["stun:stun.example.org"] }] });
    assert_eq!(alice.ask("session:ice-servers", json!({})).await, Ok(servers));
    alice.is_refused("invalid-argument", "session:authenticate", json!({ "token": "t" })).await;
    alice.is_refused("malformed", "session:authenticate", json!({})).await;
    alice.send("session:ping", json!({})).await;
    alice.nothing_came().await;
}
