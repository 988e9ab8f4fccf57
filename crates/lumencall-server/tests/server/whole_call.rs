//! A call from the first frame to the last, by each pair of dialects.

use serde_json::json;

use crate::harness::{TestServer, report, ring};

#[tokio::test]
async fn two_seed_clients_call() {
    whole_call(false, false).await;
}

#[tokio::test]
async fn two_sdk_clients_call() {
    whole_call(true, true).await;
}

#[tokio::test]
async fn a_seed_client_calls_an_sdk_client() {
    whole_call(false, true).await;
}

#[tokio::test]
async fn an_sdk_client_calls_a_seed_client() {
    whole_call(true, false).await;
}

async fn whole_call(caller_is_sdk: bool, callee_is_sdk: bool) {
    let server = TestServer::start().await;
    let mut alice = server.client("alice", caller_is_sdk).await;
    let mut bob = server.client("bob", callee_is_sdk).await;

    let (call, incoming) = ring(&mut alice, &mut bob).await;
    assert_eq!(incoming["conversationId"], "conv-123");
    assert_eq!(incoming["type"], "video");
    assert_eq!(incoming["state"], "ringing");
    assert_eq!(incoming["callerId"], "alice");
    assert_eq!(incoming["calleeIds"], json!(["bob"]));
    is_iso_8601_in_utc(&incoming["startedAt"]);
    assert!(incoming.get("answeredAt").is_none() && incoming.get("endReason").is_none(), "{incoming}");
    assert_eq!(incoming["participants"].as_array().map(Vec::len), Some(1));
    let caller = &incoming["participants"][0];
    assert_eq!(caller["userId"], "alice");
    assert_eq!(caller["audioMuted"], false);
    assert_eq!(caller["videoMuted"], false);
    assert_eq!(caller["screenSharing"], false);
    is_iso_8601_in_utc(&caller["joinedAt"]);

    bob.does("call:respond", json!({ "callId": call, "action": "accept" })).await;
    bob.expect_state(&call, "connecting").await;
    alice.expect_state(&call, "connecting").await;
    let joined = alice.expect("call:participant-joined").await;
    assert_eq!(joined["callId"], call.as_str());
    assert_eq!(joined["participant"]["userId"], "bob");
    is_iso_8601_in_utc(&joined["participant"]["joinedAt"]);

    let offer = alice.description(&call, "bob", "offer", "v=0\r\nm=audio");
    alice.does("signal:offer", offer.clone()).await;
    assert_eq!(bob.expect("signal:offer").await, offer);
    let first = alice.candidate(&call, "bob", "candidate:1 1 udp 1 192.0.2.1 1 typ host");
    alice.does("signal:ice-candidate", first.clone()).await;
    assert_eq!(bob.expect("signal:ice-candidate").await, first);

    let answer = bob.description(&call, "alice", "answer", "v=0\r\nm=audio answered");
    bob.does("signal:answer", answer.clone()).await;
    assert_eq!(alice.expect("signal:answer").await, answer);
    if caller_is_sdk {
        alice.does("call:connection-report", report(&call, "bob", "connected")).await;
    }
    if callee_is_sdk {
        bob.does("call:connection-report", report(&call, "alice", "connected")).await;
    }
    alice.expect_state(&call, "connected").await;
    bob.expect_state(&call, "connected").await;
    let last = bob.candidate(&call, "alice", "");
    bob.does("signal:ice-candidate", last.clone()).await;
    assert_eq!(alice.expect("signal:ice-candidate").await, last);

    bob.does(
        "call:media-toggle",
        json!({ "callId": call, "audio": false, "video": true, "screenShare": true }),
    )
    .await;
    let changed =
        json!({ "callId": call, "userId": "bob", "audio": false, "video": true, "screenShare": true });
    assert_eq!(alice.expect("call:media-changed").await, changed);

    alice.does("call:hangup", json!({ "callId": call, "reason": "completed" })).await;
    alice.expect_end(&call, "completed").await;
    assert_eq!(bob.expect("call:participant-left").await, json!({ "callId": call, "userId": "alice" }));
    bob.expect_end(&call, "completed").await;
    alice.nothing_came().await;
    bob.nothing_came().await;

    server.counts_become(|counts| counts.calls == 0 && counts.deadlines == 0).await;
    alice.leave().await;
    bob.leave().await;
    server.is_empty_again().await;
}

fn is_iso_8601_in_utc(time: &serde_json::Value) {
    let time = time.as_str().expect("a time is text");
    let shape: String =
        time.chars().map(|character| if character.is_ascii_digit() { '0' } else { character }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000Z", "{time}");
}
