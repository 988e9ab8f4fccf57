//! Two who call one another, in each order and dialect, and a device that calls again.

use serde_json::{Value, json};

use crate::harness::{Client, TestServer, accept, gather, in_short, initiate, initiate_all, negotiate, ring};

fn call_to(callees: &[&str], kind: &str) -> Value {
    json!({ "conversationId": "c", "type": kind, "calleeIds": callees })
}

/// The second one initiates, and is in the call of the first. Returns what the reply says, where there is one.
async fn meets(second: &mut Client, call: &str, first: &str, kind: &str) -> Value {
    let asked = call_to(&[first], kind);
    if !second.is_sdk() {
        second.request("call:initiate", asked).await;
        return Value::Null;
    }
    let met = second.ask("call:initiate", asked).await.expect("it is the accept")["call"].take();
    assert_eq!((&met["id"], &met["callerId"]), (&json!(call), &json!(first)));
    assert_eq!(met["state"], "connecting");
    met
}

/// Whoever is first, of whichever dialect: the later initiate is the accept of the earlier call.
#[tokio::test]
async fn i13_a_later_initiate_is_the_accept_of_the_earlier_call() {
    let server = TestServer::start().await;
    for (first_is_sdk, second_is_sdk) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut alice = server.client("alice", first_is_sdk).await;
        let mut bob = server.client("bob", second_is_sdk).await;
        let (call, _) = ring(&mut alice, &mut bob).await;
        meets(&mut bob, &call, "alice", "video").await;
        // A client without the SDK has called, so it is about to offer. Where the caller's SDK can give way, it does.
        let second_offers = first_is_sdk && !second_is_sdk;
        let heard: &[&str] = if second_offers { &["connecting", "joined alice"] } else { &["connecting"] };
        bob.hears(&call, heard).await;
        alice.hears(&call, &["connecting", "joined bob"]).await;
        assert_eq!(server.counts().await.calls, 1);

        // It is a call like any other, once one has offered. An offer of the SDK's that crossed goes nowhere.
        if second_offers {
            alice.does("signal:offer", alice.description(&call, "bob", "offer", "v=0 crossed")).await;
            bob.hears(&call, &[]).await;
            negotiate(&mut bob, &mut alice, &call).await;
        } else {
            negotiate(&mut alice, &mut bob, &call).await;
        }
        assert_eq!(server.counts().await.deadlines, 0, "connected");
        bob.request("call:hangup", json!({ "callId": call })).await;
        assert_eq!(bob.heard(&call).await.last().map(String::as_str), Some("ended completed"));
        alice.hears(&call, &["left bob", "ended completed"]).await;
        alice.leave().await;
        bob.leave().await;
    }
    server.is_empty_again().await;
}

/// What was held for an accept is delivered by this one too.
#[tokio::test]
async fn i13_the_offer_that_waited_comes_with_the_meeting() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.sdk("bob").await);
    let (call, _) = ring(&mut alice, &mut bob).await;
    alice.send("signal:offer", alice.description(&call, "bob", "offer", "v=0")).await;
    alice.send("signal:ice-candidate", alice.candidate(&call, "bob", "candidate:1")).await;
    alice.send("call:media-toggle", json!({ "callId": call, "video": false })).await;
    alice.nothing_came().await;
    meets(&mut bob, &call, "alice", "video").await;
    bob.hears(&call, &["connecting", "media alice", "offer alice", "candidate alice"]).await;
}

/// Who asked for audio joins a video call with the camera off, and nobody's camera is taken to be on in an audio call.
#[tokio::test]
async fn who_asked_for_audio_joins_without_camera() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    for (first, second, video_muted) in
        [("video", "audio", true), ("audio", "video", true), ("video", "video", false)]
    {
        let call = alice.ask("call:initiate", call_to(&["bob"], first)).await.unwrap()["call"]["id"].take();
        let call = call.as_str().unwrap();
        bob.expect("call:incoming").await;
        let met = meets(&mut bob, call, "alice", second).await;
        assert_eq!(met["type"], first);
        assert_eq!(met["participants"][1]["videoMuted"], video_muted);
        bob.hears(call, &["connecting"]).await;
        alice.expect_state(call, "ringing").await;
        alice.expect_state(call, "connecting").await;
        let joined = alice.expect("call:participant-joined").await;
        assert_eq!(joined["participant"]["videoMuted"], video_muted);
        bob.does("call:hangup", json!({ "callId": call })).await;
        bob.frames().await;
        alice.frames().await;
    }
}

/// The initiate need not come from a device that was there when it began to ring, nor the first one.
#[tokio::test]
async fn i13_any_device_of_the_callee_may_meet_the_call() {
    let server = TestServer::start().await;
    let mut alice = server.sdk("alice").await;
    let call = initiate(&mut alice, "bob").await;
    let mut one = server.sdk("bob").await;
    let mut other = Client::socket(server.address, "bob", None, false).await.unwrap();
    one.hears(&call, &["incoming ringing"]).await;
    meets(&mut other, &call, "alice", "audio").await;
    other.hears(&call, &["incoming ringing", "connecting", "joined alice"]).await;
    one.hears(&call, &["answered elsewhere", "engaged elsewhere"]).await;
    alice.hears(&call, &["ringing", "connecting", "joined bob"]).await;
}

/// Where either of the two names several, the later one is told which call to answer, and nothing changes.
#[tokio::test]
async fn i13_an_initiate_that_meets_a_group_is_refused_with_the_call() {
    let server = TestServer::start().await;
    for sdk in [false, true] {
        let mut alice = server.sdk("alice").await;
        let mut bob = server.client("bob", sdk).await;
        let group = initiate_all(&mut alice, &["bob", "carol"]).await;
        bob.hears(&group, &["incoming ringing"]).await;
        for callees in [&["alice"][..], &["alice", "dave"], &["dave", "alice"]] {
            let refused = bob.is_refused("already-ringing", "call:initiate", call_to(callees, "audio")).await;
            assert_eq!(refused["callId"], group.as_str());
        }
        // Others he may call: that call is his then, and the group finds him busy.
        accept(&mut bob, &group).await;
        alice.hears(&group, &["ringing", "connecting", "joined bob"]).await;
        bob.frames().await;
        // Bob alone would wait for Carol.
        for client in [&mut alice, &mut bob] {
            client.request("call:hangup", json!({ "callId": group })).await;
            client.frames().await;
        }

        let (plain, _) = ring(&mut alice, &mut bob).await;
        let several = call_to(&["dave", "alice"], "audio");
        let refused = bob.is_refused("already-ringing", "call:initiate", several).await;
        assert_eq!(refused["callId"], plain.as_str());
        // A call that became one of several is no call to one any more.
        alice.does("call:add-participant", json!({ "callId": plain, "userId": "carol" })).await;
        let refused = bob.is_refused("already-ringing", "call:initiate", call_to(&["alice"], "audio")).await;
        assert_eq!(refused["callId"], plain.as_str());
        alice.hears(&plain, &["callee carol ringing"]).await;
        bob.nothing_came().await;
        alice.leave().await;
        bob.leave().await;
    }
    server.is_empty_again().await;
}

/// One who is added to a call is not called by its caller alone; nor is who added them the caller.
#[tokio::test]
async fn i13_one_who_was_added_is_told_to_answer() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let mut carol = server.sdk("carol").await;
    let call = gather(&mut [&mut alice, &mut bob]).await;
    bob.does("call:add-participant", json!({ "callId": call, "userId": "carol" })).await;
    carol.hears(&call, &["incoming ringing"]).await;
    let refused = carol.is_refused("already-ringing", "call:initiate", call_to(&["alice"], "audio")).await;
    assert_eq!(refused["callId"], call.as_str());
    carol.nothing_came().await;
}

/// The same socket calls the same user again: its first call is left, and nobody stays busy.
#[tokio::test]
async fn a_device_that_calls_again_replaces_its_call() {
    let server = TestServer::start().await;
    for sdk in [false, true] {
        let mut alice = server.client("alice", sdk).await;
        let mut bob = server.sdk("bob").await;
        let (first, _) = ring(&mut alice, &mut bob).await;
        let asked = call_to(&["bob"], "video");
        alice.request("call:initiate", asked).await;
        let frames = alice.frames().await;
        let short: Vec<String> = frames.iter().map(in_short).collect();
        let made = if sdk { "done" } else { "initiating" };
        assert_eq!(short, ["ended cancelled", made, "ringing"]);
        assert_eq!(frames[0]["data"]["callId"], first.as_str());
        let second = frames[2]["data"]["callId"].as_str().unwrap();
        assert_ne!(second, first);
        bob.expect_end(&first, "cancelled").await;
        assert_eq!(bob.expect("call:incoming").await["id"], second);
        // The answer to the call that is gone does not reach the one that is there.
        bob.is_refused("unknown-call", "call:respond", json!({ "callId": first, "action": "accept" })).await;
        accept(&mut bob, second).await;
        bob.hears(second, &["done", "connecting"]).await;
        alice.hears(second, &["connecting", "joined bob"]).await;
        assert_eq!(server.counts().await.calls, 1);
        alice.leave().await;
        bob.leave().await;
    }
    server.is_empty_again().await;
}
