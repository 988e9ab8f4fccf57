//! Another page of the same device, after a reload: it is told its calls, and takes its place in the one that it was in.

use serde_json::{Value, json};

use crate::harness::{
    Client, TestServer, accept, connect, gather, heard_by_all, initiate, initiate_all, negotiate, report,
    ring,
};

async fn rejoin(client: &mut Client, call: &str) -> Value {
    let ok = client.ask("call:rejoin", json!({ "callId": call })).await.expect("the page is taken in");
    ok["call"].clone()
}

/// The participant of this name, as the call shows them.
fn participant<'a>(call: &'a Value, user: &str) -> &'a Value {
    let participants = call["participants"].as_array().expect("those who are in it");
    participants.iter().find(|one| one["userId"] == user).expect("one of them")
}

/// A signal for this incarnation of the receiver.
fn for_incarnation(mut data: Value, incarnation: u32) -> Value {
    data["incarnation"] = json!(incarnation);
    data
}

#[tokio::test]
async fn i19_a_new_page_takes_its_place_in_the_call() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    let away = bob.cut();
    server.counts_become(|counts| counts.devices == 1).await;
    alice.nothing_came().await;
    let (mut bob, calls) = away.reloads().await;
    assert_eq!(calls.len(), 1);
    assert_eq!((&calls[0]["id"], &calls[0]["callerId"]), (&json!(call), &json!("alice")));
    assert_eq!(participant(&calls[0], "bob").get("incarnation"), None);
    // The page that had the connections is gone, so none stands; Bob has not left for that.
    alice.hears(&call, &["reconnecting"]).await;
    bob.hears(&call, &["reconnecting"]).await;

    let joined = rejoin(&mut bob, &call).await;
    assert_eq!(
        (&joined["state"], &participant(&joined, "bob")["incarnation"]),
        (&json!("reconnecting"), &json!(1))
    );
    bob.nothing_came().await;
    let rejoined = alice.expect("call:participant-rejoined").await;
    assert_eq!(rejoined, json!({ "callId": call, "participant": participant(&joined, "bob") }));

    // What was on its way to the page before goes nowhere, and is no mistake of its sender's.
    alice.does("signal:offer", alice.description(&call, "bob", "offer", "v=0 stale")).await;
    alice.does("signal:ice-candidate", alice.candidate(&call, "bob", "candidate:stale")).await;
    alice.does("call:connection-report", report(&call, "bob", "failed")).await;
    alice.does("call:connection-report", report(&call, "bob", "connected")).await;
    bob.nothing_came().await;
    alice.nothing_came().await;
    // What is for it comes.
    let offer = for_incarnation(alice.description(&call, "bob", "offer", "v=0 anew"), 1);
    alice.does("signal:offer", offer.clone()).await;
    assert_eq!(bob.expect("signal:offer").await, offer);
    let candidate = for_incarnation(alice.candidate(&call, "bob", "candidate:1"), 1);
    alice.does("signal:ice-candidate", candidate.clone()).await;
    assert_eq!(bob.expect("signal:ice-candidate").await, candidate);
    bob.does("signal:answer", bob.description(&call, "alice", "answer", "v=0")).await;
    alice.expect("signal:answer").await;
    bob.does("call:connection-report", report(&call, "alice", "connected")).await;
    alice.does("call:connection-report", for_incarnation(report(&call, "bob", "connected"), 1)).await;
    alice.hears(&call, &["connected"]).await;
    bob.hears(&call, &["connected"]).await;
    // From the page that it replaced nothing is to be expected.
    assert_eq!(server.counts().await.deadlines, 0);
    bob.does("call:hangup", json!({ "callId": call })).await;
    alice.hears(&call, &["left bob", "ended completed"]).await;
}

/// The same page whose mailbox is lost does the same; once more is the next incarnation.
#[tokio::test]
async fn i19_a_page_rejoins_as_often_as_it_has_to() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    for incarnation in 1..5 {
        let (next, calls) = bob.cut().reloads().await;
        bob = next;
        assert_eq!(
            participant(&calls[0], "bob").get("incarnation").and_then(Value::as_u64),
            (incarnation > 1).then(|| incarnation - 1)
        );
        bob.heard(&call).await;
        let joined = rejoin(&mut bob, &call).await;
        assert_eq!(participant(&joined, "bob")["incarnation"], incarnation);
        let heard = alice.heard(&call).await;
        assert_eq!(heard.last().map(String::as_str), Some("rejoined bob"), "{heard:?}");
    }
}

#[tokio::test]
async fn i19_both_reload_at_once() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    let (alice, bob) = (alice.cut(), bob.cut());
    let (mut alice, _) = alice.reloads().await;
    let (mut bob, _) = bob.reloads().await;
    heard_by_all(&call, &mut [&mut alice, &mut bob]).await;
    rejoin(&mut alice, &call).await;
    // Bob's page has not taken its place, and is told of Alice's all the same.
    bob.hears(&call, &["rejoined alice"]).await;
    let joined = rejoin(&mut bob, &call).await;
    for user in ["alice", "bob"] {
        assert_eq!(participant(&joined, user)["incarnation"], 1);
    }
    alice.hears(&call, &["rejoined bob"]).await;
    let offer = alice.description(&call, "bob", "offer", "v=0");
    alice.does("signal:offer", for_incarnation(offer, 1)).await;
    bob.hears(&call, &["offer alice"]).await;
    let answer = bob.description(&call, "alice", "answer", "v=0");
    bob.does("signal:answer", for_incarnation(answer, 1)).await;
    alice.hears(&call, &["answer bob"]).await;
    for (one, peer) in [(&mut alice, "bob"), (&mut bob, "alice")] {
        one.does("call:connection-report", for_incarnation(report(&call, peer, "connected"), 1)).await;
    }
    heard_by_all(&call, &mut [&mut alice, &mut bob]).await;
    let calls = alice.cut().reloads().await.1;
    assert_eq!(calls[0]["state"], "reconnecting", "it was connected, and its page is gone");
}

/// A client of the seed knows no other connection than its first: for it, who reloads has left, and it does not wait.
#[tokio::test]
async fn i15_with_a_client_of_the_seed_a_page_cannot_be_replaced() {
    let server = TestServer::start().await;
    for suspends in [false, true] {
        let (mut alice, mut bob) = (server.seed("alice").await, server.sdk("bob").await);
        let call = connect(&mut alice, &mut bob).await;
        if suspends {
            bob.send("session:suspend", json!({})).await;
            assert_eq!(alice.expect("call:participant-left").await["userId"], "bob");
            alice.expect_end(&call, "completed").await;
        }
        let (mut bob, calls) = bob.cut().reloads().await;
        assert!(calls.is_empty(), "{calls:?}");
        if suspends {
            alice.nothing_came().await;
        } else {
            bob.hears(&call, &["ended completed"]).await;
            alice.hears(&call, &["left bob", "ended completed"]).await;
        }
        bob.is_refused("unknown-call", "call:rejoin", json!({ "callId": call })).await;
        // A cut is another matter: the page is the same.
        let call = connect(&mut alice, &mut bob).await;
        let mut bob = bob.cut().resumes().await;
        bob.does("call:media-toggle", json!({ "callId": call, "audio": false })).await;
        alice.hears(&call, &["media bob"]).await;
        alice.leave().await;
        bob.leave().await;
    }
}

/// The caller's page is another while it rings: its sealed offer is forgotten, and the next is heard.
#[tokio::test]
async fn i19_a_caller_reloads_while_it_rings() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let (call, _) = ring(&mut alice, &mut bob).await;
    let mut sealed = alice.description(&call, "bob", "offer", "v=0");
    sealed["sealed"] = json!(true);
    alice.does("signal:offer", sealed.clone()).await;
    alice.does("signal:ice-candidate", alice.candidate(&call, "bob", "candidate:gone")).await;
    bob.hears(&call, &["offer alice"]).await;
    let (mut alice, calls) = alice.cut().reloads().await;
    assert_eq!(calls[0]["state"], "ringing");
    assert_eq!(participant(&calls[0], "alice")["userId"], "alice");
    bob.nothing_came().await;
    let joined = rejoin(&mut alice, &call).await;
    assert_eq!(joined["state"], "ringing");
    bob.hears(&call, &["rejoined alice"]).await;
    alice.does("signal:offer", sealed).await;
    bob.hears(&call, &["offer alice"]).await;
    accept(&mut bob, &call).await;
    // Nothing of the page before is delivered with the accept.
    bob.hears(&call, &["done", "connecting"]).await;
    alice.hears(&call, &["connecting", "joined bob"]).await;
}

/// One that does not take its place in time has left: while it rings, the call is cancelled; afterwards, as by hang-up.
#[tokio::test]
async fn i15_a_page_that_does_not_rejoin_leaves_the_call() {
    let server = TestServer::start_with(|config| {
        config.rules.resume = 1000;
        config.rules.resume_in_call = 1000;
    })
    .await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let (call, _) = ring(&mut alice, &mut bob).await;
    let (mut alice, calls) = alice.cut().reloads().await;
    assert_eq!(calls[0]["id"], call.as_str());
    bob.expect_end(&call, "cancelled").await;
    alice.expect_end(&call, "cancelled").await;
    alice.is_refused("unknown-call", "call:rejoin", json!({ "callId": call })).await;

    let call = connect(&mut alice, &mut bob).await;
    let (mut alice, _) = alice.cut().reloads().await;
    alice.expect_state(&call, "reconnecting").await;
    bob.expect_state(&call, "reconnecting").await;
    assert_eq!(bob.expect("call:participant-left").await["userId"], "alice");
    bob.expect_end(&call, "completed").await;
    alice.expect_end(&call, "completed").await;
    // The page is a device like any other from then on.
    connect(&mut bob, &mut alice).await;
}

/// A ring is told by the welcome, with the sealed offer behind it; it can be answered at once.
#[tokio::test]
async fn i17_a_callee_reloads_while_it_rings() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let mut carol = server.sdk("carol").await;
    let (call, incoming) = ring(&mut alice, &mut bob).await;
    let (second, _) = ring(&mut carol, &mut bob).await;
    let mut sealed = alice.description(&call, "bob", "offer", "v=0");
    sealed["sealed"] = json!(true);
    alice.does("signal:offer", sealed.clone()).await;
    alice.does("signal:ice-candidate", alice.candidate(&call, "bob", "candidate:1")).await;
    bob.hears(&call, &["offer alice"]).await;
    alice.does("call:media-toggle", json!({ "callId": call, "video": false })).await;
    let (mut bob, calls) = bob.cut().reloads().await;
    let ids: Vec<_> = calls.iter().map(|call| call["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [call.as_str(), second.as_str()]);
    assert_eq!((&calls[0]["state"], &calls[0]["startedAt"]), (&json!("ringing"), &incoming["startedAt"]));
    // What the caller shows is as it is now.
    assert_eq!(participant(&calls[0], "alice")["videoMuted"], true);
    assert_eq!(bob.expect("signal:offer").await, sealed);
    bob.nothing_came().await;
    carol.does("call:hangup", json!({ "callId": second })).await;
    bob.expect_end(&second, "cancelled").await;
    accept(&mut bob, &call).await;
    bob.hears(&call, &["done", "connecting", "candidate alice"]).await;
    alice.hears(&call, &["connecting", "joined bob"]).await;
}

/// A device that is in no call, beside one that is.
#[tokio::test]
async fn a_new_page_of_another_device_hears_that_the_user_is_engaged() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let second = server.sdk("alice").await;
    let call = connect(&mut alice, &mut bob).await;
    let (mut second, calls) = second.cut().reloads().await;
    assert!(calls.is_empty());
    second.hears(&call, &["engaged elsewhere"]).await;
    second.is_refused("unknown-call", "call:rejoin", json!({ "callId": call })).await;
    alice.nothing_came().await;
}

/// In a group, all who are in it and all who ring are told; the others' connections stand.
#[tokio::test]
async fn i19_a_page_is_replaced_in_a_group() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let (mut carol, mut dave) = (server.sdk("carol").await, server.sdk("dave").await);
    let call = gather(&mut [&mut alice, &mut bob, &mut carol]).await;
    negotiate(&mut alice, &mut bob, &call).await;
    negotiate(&mut alice, &mut carol, &call).await;
    negotiate(&mut bob, &mut carol, &call).await;
    alice.does("call:add-participant", json!({ "callId": call, "userId": "dave" })).await;
    heard_by_all(&call, &mut [&mut alice, &mut bob, &mut carol, &mut dave]).await;
    let (mut alice, _) = alice.cut().reloads().await;
    for client in [&mut bob, &mut carol] {
        client.hears(&call, &["connection alice reconnecting"]).await;
    }
    rejoin(&mut alice, &call).await;
    for client in [&mut bob, &mut carol, &mut dave] {
        client.hears(&call, &["rejoined alice"]).await;
    }
    // The call is hers still: she has been in it for the longest time.
    alice.does("call:remove-participant", json!({ "callId": call, "userId": "dave" })).await;
    dave.hears(&call, &["ended missed"]).await;
}

/// Only the device that is in the call rejoins it, and only where there is something to take up.
#[tokio::test]
async fn i24_nobody_else_rejoins() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let (mut other, mut mallory, mut seed) =
        (server.sdk("alice").await, server.sdk("mallory").await, server.seed("eve").await);
    let call = initiate(&mut alice, "bob").await;
    let data = json!({ "callId": call });
    bob.frames().await;
    bob.is_refused("invalid-state", "call:rejoin", data.clone()).await;
    other.frames().await;
    for stranger in [&mut other, &mut mallory] {
        stranger.is_refused("unknown-call", "call:rejoin", data.clone()).await;
    }
    seed.is_refused("unknown-event", "call:rejoin", data.clone()).await;
    for event in ["session:ping", "session:suspend", "session:ice-servers"] {
        seed.is_refused("unknown-event", event, json!({})).await;
    }
    alice.hears(&call, &["ringing"]).await;
    let with_a_seed = initiate_all(&mut mallory, &["eve"]).await;
    accept(&mut seed, &with_a_seed).await;
    mallory.frames().await;
    mallory.is_refused("invalid-state", "call:rejoin", json!({ "callId": with_a_seed })).await;
}
