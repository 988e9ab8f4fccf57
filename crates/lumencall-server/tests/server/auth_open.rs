//! Tokens that end while their socket is open.

use std::fs;
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::auth::{By, Folder, Signer, claims, now, refusal, sdk, server, server_with};
use crate::harness::{Client, PATIENCE, connect, initiate, ring};

/// Asks for what is legal until it is refused because the token has expired.
async fn until_expired(client: &mut Client, call: &str) {
    let start = Instant::now();
    loop {
        match client.ask("call:media-toggle", json!({ "callId": call, "audio": true })).await {
            Ok(_) => sleep(Duration::from_millis(20)).await,
            Err(error) => {
                assert_eq!(error["code"], "unauthorized", "{error}");
                assert!(error["message"].as_str().unwrap().contains("session:authenticate"), "{error}");
                return;
            }
        }
        assert!(start.elapsed() < PATIENCE, "it never expires");
    }
}

#[tokio::test]
async fn i28_who_has_expired_may_hang_up_and_nothing_else() {
    let signer = Signer::secret();
    let server = server(&signer, |options| options.leeway = Duration::ZERO).await;
    let short = signer.sign(&claims("alice", json!({ "exp": now() + 1 })));
    let mut alice = sdk(&server, "alice", &short).await;
    let mut bob = By::Bearer.open(&server, "bob", &signer.sign(&claims("bob", json!({})))).await.unwrap();
    let call = connect(&mut alice, &mut bob).await;
    until_expired(&mut alice, &call).await;
    for (event, data) in [
        ("call:add-participant", json!({ "callId": call, "userId": "carol" })),
        ("call:remove-participant", json!({ "callId": call, "userId": "bob" })),
        ("call:initiate", json!({ "conversationId": "x", "type": "audio", "calleeIds": ["carol"] })),
        ("call:respond", json!({ "callId": call, "action": "accept" })),
        ("call:connection-report", json!({ "callId": call, "peerUserId": "bob", "state": "failed" })),
        ("signal:offer", alice.description(&call, "bob", "offer", "v=0")),
        ("signal:answer", alice.description(&call, "bob", "answer", "v=0")),
        ("signal:ice-candidate", alice.candidate(&call, "bob", "candidate:1")),
    ] {
        alice.is_refused("unauthorized", event, data).await;
    }
    // The call goes on, and is left.
    bob.send("signal:offer", bob.description(&call, "alice", "offer", "v=0")).await;
    alice.expect("signal:offer").await;
    alice.does("call:hangup", json!({ "callId": call })).await;
    alice.expect_end(&call, "completed").await;
    loop {
        let frame = bob.next().await;
        if frame["data"]["state"] == "ended" {
            assert_eq!(frame["data"]["endReason"], "completed");
            break;
        }
        assert_ne!(frame["event"], "error", "{frame}");
    }
}

#[tokio::test]
async fn i28_who_has_expired_may_decline_but_not_accept() {
    let signer = Signer::secret();
    let server = server(&signer, |options| options.leeway = Duration::ZERO).await;
    let mut alice = sdk(&server, "alice", &signer.sign(&claims("alice", json!({ "exp": now() + 1 })))).await;
    let mut bob = sdk(&server, "bob", &signer.sign(&claims("bob", json!({})))).await;
    let mine = initiate(&mut alice, "nobody").await;
    until_expired(&mut alice, &mine).await;
    alice.does("call:hangup", json!({ "callId": mine })).await;
    alice.expect_end(&mine, "cancelled").await;
    let (call, _) = ring(&mut bob, &mut alice).await;
    alice.is_refused("unauthorized", "call:respond", json!({ "callId": call, "action": "accept" })).await;
    alice.does("call:respond", json!({ "callId": call, "action": "reject" })).await;
    alice.expect_end(&call, "rejected").await;
    bob.expect_end(&call, "rejected").await;
}

#[tokio::test]
async fn i28_after_the_grace_the_socket_is_closed() {
    let signer = Signer::secret();
    let server = server_with(
        &signer,
        |options| options.leeway = Duration::from_secs(1),
        |config| {
            config.limits.token_grace = Duration::from_millis(300);
        },
    )
    .await;
    let start = Instant::now();
    let token = signer.sign(&claims("alice", json!({ "exp": now() + 1 })));
    let mut sockets = vec![sdk(&server, "alice", &token).await];
    for by in [By::Seed, By::Bearer, By::Sdk] {
        // The last has not opened its session.
        sockets.push(by.open(&server, "alice", &token).await.unwrap());
    }
    let mut bob = sdk(&server, "bob", &signer.sign(&claims("bob", json!({})))).await;
    for mut socket in sockets {
        assert_eq!(socket.closed().await, 4503);
    }
    // One second that the token has, one of leeway, and the grace; the first may be over by nearly one when it begins.
    assert!(start.elapsed() >= Duration::from_millis(1300), "{:?}", start.elapsed());
    bob.nothing_came().await;
    drop(bob);
    server.is_empty_again().await;
}

#[tokio::test]
async fn i28_what_is_revoked_is_cut_off_in_mid_call() {
    let folder = Folder::new();
    let list = folder.file("revoked", "# nobody yet\n");
    let signer = Signer::secret();
    let server = server_with(
        &signer,
        |options| options.revoked = Some(list.clone()),
        |config| config.rules.resume_in_call = 100,
    )
    .await;
    let token = |user: &str, id: &str| signer.sign(&claims(user, json!({ "jti": id })));
    let mut alice = sdk(&server, "alice", &token("alice", "a1")).await;
    let mut tablet = sdk(&server, "alice", &token("alice", "a2")).await;
    let mut bob = By::Bearer.open(&server, "bob", &token("bob", "b1")).await.unwrap();
    let mut carol = sdk(&server, "carol", &token("carol", "c1")).await;
    let call = connect(&mut alice, &mut bob).await;

    // A list that is not understood, or is gone, changes nothing; and the next one counts.
    fs::write(&list, "jti c1\nnonsense\n").unwrap();
    sleep(Duration::from_millis(1200)).await;
    carol.nothing_came().await;
    fs::remove_file(&list).unwrap();
    sleep(Duration::from_millis(1200)).await;
    carol.nothing_came().await;

    fs::write(&list, "jti a1\n").unwrap();
    assert_eq!(alice.closed_at_last().await, 4504);
    for engaged in [true, false] {
        assert_eq!(tablet.expect("call:elsewhere").await["engaged"], engaged);
    }
    // The other of the two hears that she is gone, by the server's word and not by a frame of hers.
    loop {
        let frame = bob.next().await;
        if frame["data"]["state"] == "ended" {
            assert_eq!(frame["data"]["callId"], call);
            break;
        }
    }
    assert!(refusal(&server, &token("alice", "a1")).await.contains("revoked"));
    tablet.is_refused("unknown-call", "call:hangup", json!({ "callId": "no-such-call" })).await;

    // By user, up to a time: what is issued later is good.
    fs::write(&list, "user alice before 2999-01-01T00:00:00Z\nuser bob\n").unwrap();
    assert_eq!(tablet.closed_at_last().await, 4504);
    assert_eq!(bob.closed_at_last().await, 4504);
    assert!(refusal(&server, &token("alice", "a3")).await.contains("revoked"));
    assert!(refusal(&server, &token("bob", "b2")).await.contains("revoked"));
    let later = signer.sign(&claims("alice", json!({ "iat": 32_503_680_000_i64 })));
    sdk(&server, "alice", &later).await;
    carol.nothing_came().await;
    // What is taken off the list is good again.
    fs::write(&list, "").unwrap();
    let start = Instant::now();
    loop {
        let mut client = By::Sdk.open(&server, "bob", &token("bob", "b1")).await.unwrap();
        client.send("session:open", json!({})).await;
        if client.next().await["event"] == "session:welcome" {
            break;
        }
        assert!(start.elapsed() < PATIENCE, "the list is never read again");
        sleep(Duration::from_millis(50)).await;
    }
}
