//! What tells the two dialects apart: the session, the numbers, the replies.

use serde_json::{Value, json};

use crate::harness::{Client, TestServer, connect, initiate, report, ring};
use lumencall_core::wire::IceServer;

#[tokio::test]
async fn a_session_begins_with_a_welcome() {
    let server = TestServer::start_with(|config| {
        config.ice_servers =
            vec![IceServer { urls: vec!["stun:stun.example.org".into()], username: None, credential: None }];
    })
    .await;
    let one = server.sdk("alice").await;
    let other = server.sdk("alice").await;
    assert_eq!(one.subprotocol.as_deref(), Some("lumencall.1"));
    for welcome in [&one.welcome, &other.welcome] {
        assert_eq!(welcome["protocol"], "lumencall.1");
        assert_eq!(welcome["resumed"], false);
        assert_eq!(welcome["iceServers"], json!([{ "urls": ["stun:stun.example.org"] }]));
        assert!(welcome["secret"].as_str().is_some_and(|secret| secret.len() >= 32), "128 bits at least");
    }
    assert_ne!(one.welcome["deviceId"], other.welcome["deviceId"]);
    assert_ne!(one.welcome["secret"], other.welcome["secret"]);
}

#[tokio::test]
async fn only_our_own_subprotocol_is_echoed() {
    let server = TestServer::start().await;
    let beside_a_token = Client::socket(server.address, "alice", Some("token.abc, lumencall.1"), false).await;
    assert_eq!(beside_a_token.unwrap().subprotocol.as_deref(), Some("lumencall.1"));
}

#[tokio::test]
async fn a_first_frame_that_opens_no_session_is_the_last() {
    let server = TestServer::start().await;
    let refused = [
        (json!({ "event": "call:hangup", "data": { "callId": "x" } }).to_string(), "session-state"),
        ("{".to_owned(), "malformed"),
        (json!({ "event": "no:event", "data": {} }).to_string(), "unknown-event"),
    ];
    for (frame, code) in refused {
        let mut alice = Client::socket(server.address, "alice", Some("lumencall.1"), false).await.unwrap();
        alice.send_text(frame).await;
        alice.expect_error(code).await;
        assert_eq!(alice.closed().await, 4500);
    }
    let mut alice = Client::socket(server.address, "alice", Some("lumencall.1"), false).await.unwrap();
    let error = alice.ask_as(7, "call:hangup", json!({ "callId": "x" })).await.unwrap_err();
    assert_eq!(error["code"], "session-state");
    assert_eq!(alice.closed().await, 4500);
}

#[tokio::test]
async fn a_session_is_opened_once() {
    let server = TestServer::start().await;
    let mut alice = server.sdk("alice").await;
    alice.is_refused("session-state", "session:open", json!({})).await;
    alice.nothing_came().await;
}

/// Until it is welcomed, a device does not ring; when it is, it does at once, and the ring is frame 1.
#[tokio::test]
async fn a_device_is_there_from_its_welcome_on() {
    let server = TestServer::start().await;
    let mut alice = server.sdk("alice").await;
    let mut bob = Client::socket(server.address, "bob", Some("lumencall.1"), false).await.unwrap();
    let call = initiate(&mut alice, "bob").await;
    alice.nothing_came().await;

    bob.send("session:open", json!({})).await;
    bob.expect("session:welcome").await;
    let frame = bob.next().await;
    assert_eq!((&frame["seq"], &frame["event"]), (&json!(1), &json!("call:incoming")), "{frame}");
    alice.expect_state(&call, "ringing").await;
}

/// The reply comes before anything that follows from the command, and holds the call.
#[tokio::test]
async fn a_command_with_an_id_is_answered_first() {
    let server = TestServer::start().await;
    let mut alice = server.sdk("alice").await;
    let mut bob = server.sdk("bob").await;
    let initiate = json!({ "conversationId": "c", "type": "audio", "calleeIds": ["bob"], "metadata": "{}" });
    let made = alice.ask("call:initiate", initiate).await.unwrap();
    assert_eq!(made["call"]["callerId"], "alice");
    assert_eq!(made["call"]["metadata"], "{}");
    let call = made["call"]["id"].as_str().unwrap();
    alice.expect_state(call, "ringing").await;

    assert_eq!(bob.expect("call:incoming").await["metadata"], "{}");
    let accepted = bob.ask("call:respond", json!({ "callId": call, "action": "accept" })).await.unwrap();
    assert_eq!(accepted["call"]["state"], "connecting");
    assert_eq!(accepted["call"]["participants"][1]["userId"], "bob");
    bob.expect_state(call, "connecting").await;

    let toggled = bob.ask("call:media-toggle", json!({ "callId": call, "audio": false })).await;
    assert_eq!(toggled, Ok(json!({})));
}

#[tokio::test]
async fn a_command_without_an_id_is_silent_where_it_is_done() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    alice.send("call:media-toggle", json!({ "callId": call, "audio": false })).await;
    alice.nothing_came().await;
    alice.send("call:media-toggle", json!({ "callId": "no-such-call", "audio": false })).await;
    let error = alice.expect_error("unknown-call").await;
    assert_eq!(error["callId"], "no-such-call");
    bob.expect("call:media-changed").await;
    bob.nothing_came().await;
}

#[tokio::test]
async fn i21_a_repeated_id_does_nothing_twice() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let initiate = json!({ "conversationId": "c", "type": "audio", "calleeIds": ["bob"] });
    let made = alice.ask_as(7, "call:initiate", initiate.clone()).await.unwrap();
    let call = made["call"]["id"].as_str().unwrap();
    alice.expect_state(call, "ringing").await;
    bob.expect("call:incoming").await;
    // The same call, though by now a second one would be refused.
    assert_eq!(alice.ask_as(7, "call:initiate", initiate).await.unwrap(), made);
    alice.nothing_came().await;
    bob.nothing_came().await;

    // A late retry of a hang-up leaves a newer call alone, and a retried refusal stays one.
    alice.ask_as(8, "call:hangup", json!({ "callId": call })).await.unwrap();
    alice.expect_end(call, "cancelled").await;
    bob.expect_end(call, "cancelled").await;
    let (newer, _) = ring(&mut alice, &mut bob).await;
    assert_eq!(alice.ask_as(8, "call:hangup", json!({ "callId": call })).await, Ok(json!({})));
    alice.nothing_came().await;
    let refused = bob.ask_as(9, "call:hangup", json!({ "callId": call })).await.unwrap_err();
    assert_eq!(bob.ask_as(9, "call:hangup", json!({ "callId": newer })).await, Err(refused));
    bob.nothing_came().await;
}

/// Ids are a session's own: the same number of another device is another command.
#[tokio::test]
async fn i21_ids_of_two_devices_are_apart() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let initiate = |callee: &str| json!({ "conversationId": "c", "type": "audio", "calleeIds": [callee] });
    let one = alice.ask_as(1, "call:initiate", initiate("carol")).await.unwrap();
    let other = bob.ask_as(1, "call:initiate", initiate("dave")).await.unwrap();
    assert_ne!(one["call"]["id"], other["call"]["id"]);
}

#[tokio::test]
async fn a_seed_client_hears_nothing_that_the_seed_does_not_have() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.sdk("bob").await);
    assert_eq!(alice.subprotocol, None);
    // An id is ignored: no reply comes, and a repeated one is no repetition.
    let toggle = json!({ "id": 1, "event": "call:media-toggle", "data": { "callId": "x", "audio": false } });
    for _ in 0..2 {
        alice.send_text(toggle.to_string()).await;
        alice.expect_error("unknown-call").await;
    }
    alice.is_refused("unknown-event", "session:open", json!({})).await;
    alice.is_refused("unknown-event", "call:connection-report", report("x", "bob", "connected")).await;

    let (call, _) = ring(&mut alice, &mut bob).await;
    bob.does("call:respond", json!({ "callId": call, "action": "accept" })).await;
    let state = alice.expect_state(&call, "connecting").await;
    assert_eq!(names(&state), ["callId", "state"]);
    alice.expect("call:participant-joined").await;
    bob.expect_state(&call, "connecting").await;
    bob.does("call:hangup", json!({ "callId": call })).await;
    alice.expect("call:participant-left").await;
    let ended = alice.expect_state(&call, "ended").await;
    assert_eq!(names(&ended), ["callId", "endReason", "state"]);
}

fn names(data: &Value) -> Vec<&String> {
    data.as_object().unwrap().keys().collect()
}
