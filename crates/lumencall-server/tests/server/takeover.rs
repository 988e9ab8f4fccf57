//! One live socket for a device, and who may have it.

use serde_json::{Value, json};

use crate::harness::{Tally, TestServer, connect, initiate, ring};

#[tokio::test]
async fn i22_the_newer_socket_takes_over() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    let mut newer = alice.double().resumes().await;
    // What comes now is for the newer alone; the older is closed, and hears nothing of it.
    bob.does("call:media-toggle", json!({ "callId": call, "audio": false })).await;
    newer.hears(&call, &["media bob"]).await;
    assert_eq!(alice.closed().await, 4502);
    drop(alice);
    server.counts_become(|counts| counts.connections == 2).await;
    assert_eq!((server.counts().await.devices, server.counts().await.sessions), (2, 2));
    // And its end is not the device's.
    bob.nothing_came().await;
    newer.does("call:hangup", json!({ "callId": call })).await;
    bob.hears(&call, &["left alice", "ended completed"]).await;
}

/// Also another page, which knows nothing: the call is not left by it, and waits for its rejoin.
#[tokio::test]
async fn i22_another_page_takes_over() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    let (_, calls) = alice.double().reloads().await;
    assert_eq!(calls[0]["id"], call.as_str());
    assert_eq!(alice.closed().await, 4502);
}

/// Frames without an `id` are told apart by nothing but their number, so that each is taken once shows that the server counts
/// exactly what it has done, whenever the newer socket comes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i21_i22_a_takeover_in_the_middle_of_commands_loses_and_repeats_none() {
    let server = TestServer::start_with(|config| {
        config.limits.frames_per_second = 1_000_000;
        config.limits.frames_at_once = 1_000_000;
    })
    .await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    let (mut taken, mut left) = (0, 0);
    for round in 0..Tally::rounds() {
        let before = alice.said();
        let toggles = (0..100).map(|n| json!({ "callId": call, "audio": n % 2 == 0 }));
        let burst: Vec<_> =
            toggles.map(|data| json!({ "event": "call:media-toggle", "data": data })).collect();
        let burst: Vec<String> = burst.iter().map(Value::to_string).collect();
        let mut newer = alice.double();
        burst.iter().for_each(|text| newer.has_sent(text));
        // The older socket may be gone before all of it is out.
        let sending = async {
            for text in &burst {
                if alice.try_send_text(text.clone()).await.is_err() {
                    break;
                }
            }
        };
        let ((), newer) = tokio::join!(sending, newer.resumes());
        let received = newer.welcome["received"].as_u64().unwrap();
        taken += received - before;
        left += before + 100 - received;
        drop(std::mem::replace(&mut alice, newer));
        alice.nothing_came().await;
        let heard = bob.frames().await;
        let toggles: Vec<_> = heard.iter().map(|frame| frame["data"]["audio"].as_bool()).collect();
        let expected: Vec<_> = (0..100).map(|n| Some(n % 2 == 0)).collect();
        assert_eq!(toggles, expected, "round {round}");
    }
    assert!(taken > 0 && left > 0, "{taken} were taken by the older, and {left} left to the newer");
}

/// What is shown is wrong in one thing or another: each makes a new device, by the same welcome, and the device that it is
/// about does not notice.
#[tokio::test]
async fn i22_who_cannot_prove_it_is_another_device() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let mut mallory = server.sdk("mallory").await;
    let (call, _) = ring(&mut alice, &mut bob).await;
    let gone = server.sdk("alice").await;
    let expired = gone.double();
    gone.leave().await;
    let right = alice.double();
    let secret = right.secret.as_str().unwrap().to_owned();
    let mut guesses = Vec::new();
    for wrong in ["", &secret[1..], &format!("{secret}0"), &secret.to_uppercase(), &"0".repeat(64)] {
        guesses.push(right.with(|away| away.secret = json!(wrong)));
    }
    // Another's device with one's own secret, and another's with the right one.
    guesses.push(right.with(|away| away.secret = json!(mallory.double().secret)));
    guesses.push(right.with(|away| away.user = "mallory".into()));
    guesses.push(right.with(|away| away.device = json!("no-such-device")));
    guesses.push(expired);
    let shape = |welcome: &Value| {
        let mut welcome = welcome.clone();
        for (member, chance) in welcome.as_object_mut().unwrap() {
            if ["deviceId", "secret", "userId"].contains(&member.as_str()) {
                *chance = json!(chance.as_str().unwrap().len());
            }
        }
        welcome
    };
    let mut shapes = Vec::new();
    for guess in guesses {
        let user = guess.user.clone();
        let mut other = guess.starts_over().await;
        let heard = other.frames().await;
        assert_eq!(heard.len(), usize::from(user == "alice"), "that she is engaged elsewhere: {heard:?}");
        let mut shape = shape(&other.welcome);
        shape["userId"] = json!(0);
        shapes.push(shape);
        other.leave().await;
    }
    assert!(shapes.windows(2).all(|two| two[0] == two[1]), "{shapes:#?}");
    alice.nothing_came().await;
    bob.nothing_came().await;
    mallory.nothing_came().await;
    alice.does("call:hangup", json!({ "callId": call })).await;
    alice.expect_end(&call, "cancelled").await;
    // The one that could prove it is not used up by that.
    right.reloads().await;
}

/// Without `resume`, to name a device means nothing.
#[tokio::test]
async fn i22_a_device_is_not_had_by_its_name() {
    let server = TestServer::start().await;
    let mut alice = server.sdk("alice").await;
    let named = json!({ "deviceId": alice.welcome["deviceId"] });
    let other = crate::harness::Client::open(server.address, "alice", named).await;
    assert_ne!(other.welcome["deviceId"], alice.welcome["deviceId"]);
    let nameless = json!({ "resume": { "secret": alice.welcome["secret"], "lastSeq": 0 } });
    let third = crate::harness::Client::open(server.address, "alice", nameless).await;
    assert_eq!(third.welcome["resumed"], false);
    alice.nothing_came().await;
    assert_eq!(server.counts().await.devices, 3);
}

/// A `lastSeq` that never was is no resume: the device is known, and what it says that it has, it cannot have.
#[tokio::test]
async fn i19_a_number_that_never_was_is_no_resume() {
    let server = TestServer::start().await;
    let (mut alice, bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let call = initiate(&mut alice, "bob").await;
    let mut away = bob.cut();
    away.last_seq = 2;
    let (mut bob, calls) = away.begins_anew().await;
    assert_eq!((&calls[0]["id"], &calls[0]["state"]), (&json!(call), &json!("ringing")));
    bob.nothing_came().await;
}
