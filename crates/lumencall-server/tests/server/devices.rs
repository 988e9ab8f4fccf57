//! Several devices of one user: all ring, one answers, and the rest know.

use serde_json::json;

use crate::authority::is_a_stranger_to;
use crate::harness::{
    Client, TestServer, accept, connect, gather, heard_by_all, initiate, initiate_all, negotiate, ring,
};

#[tokio::test]
async fn i8_the_first_accept_wins_and_the_other_devices_stop() {
    let server = TestServer::start().await;
    let mut alice = server.seed("alice").await;
    let (mut winner, mut loser) = (server.sdk("bob").await, server.sdk("bob").await);
    let mut seed_loser = server.seed("bob").await;
    let call = initiate(&mut alice, "bob").await;
    alice.expect_state(&call, "ringing").await;
    for device in [&mut winner, &mut loser, &mut seed_loser] {
        device.hears(&call, &["incoming ringing"]).await;
    }
    accept(&mut winner, &call).await;
    winner.hears(&call, &["done", "connecting"]).await;
    let elsewhere = loser.expect_state(&call, "ended").await;
    assert_eq!(
        (&elsewhere["endReason"], &elsewhere["answeredElsewhere"]),
        (&json!("completed"), &json!(true))
    );
    assert_eq!(loser.expect("call:elsewhere").await, json!({ "callId": call, "engaged": true }));
    // The seed has no word for it.
    seed_loser.hears(&call, &["ended completed"]).await;
    alice.hears(&call, &["connecting", "joined bob"]).await;

    is_a_stranger_to(&mut loser, &call, ["alice", "bob"]).await;
    is_a_stranger_to(&mut seed_loser, &call, ["alice", "bob"]).await;
    // I26: after the accept, signals reach the winning device and no other.
    alice.send("signal:offer", alice.description(&call, "bob", "offer", "v=0")).await;
    alice.send("signal:ice-candidate", alice.candidate(&call, "bob", "candidate:1")).await;
    alice.send("call:media-toggle", json!({ "callId": call, "audio": false })).await;
    alice.nothing_came().await;
    winner.hears(&call, &["offer alice", "candidate alice", "media alice"]).await;
    loser.nothing_came().await;
    seed_loser.nothing_came().await;

    alice.send("call:hangup", json!({ "callId": call })).await;
    alice.hears(&call, &["ended completed"]).await;
    winner.hears(&call, &["left alice", "ended completed"]).await;
    loser.hears(&call, &["free elsewhere"]).await;
    seed_loser.nothing_came().await;
}

/// I3: an answer that comes with an accept that lost goes nowhere.
#[tokio::test]
async fn i3_the_answer_of_a_device_that_lost_goes_nowhere() {
    let server = TestServer::start().await;
    let mut alice = server.sdk("alice").await;
    let (mut winner, mut loser) = (server.sdk("bob").await, server.sdk("bob").await);
    let call = initiate(&mut alice, "bob").await;
    let mut offer = alice.description(&call, "bob", "offer", "v=0");
    offer["sealed"] = json!(true);
    alice.request("signal:offer", offer).await;
    accept(&mut winner, &call).await;
    winner.frames().await;
    accept(&mut loser, &call).await;
    loser.request("signal:answer", loser.description(&call, "alice", "answer", "v=0 lost")).await;
    loser.request("signal:ice-candidate", loser.candidate(&call, "alice", "candidate:1")).await;
    let heard = loser.heard(&call).await;
    assert_eq!(heard[heard.len() - 3..], ["refused unknown-call"; 3]);
    alice.hears(&call, &["ringing", "done", "connecting", "joined bob"]).await;
}

/// Both ways to decline, on one device, for the user.
#[tokio::test]
async fn a_decline_on_one_device_stops_the_others() {
    let server = TestServer::start().await;
    let mut alice = server.sdk("alice").await;
    let (mut one, mut other) = (server.sdk("bob").await, server.sdk("bob").await);
    let mut third = server.seed("bob").await;
    for (event, more) in [("call:respond", json!({ "action": "reject" })), ("call:hangup", json!({}))] {
        let call = initiate(&mut alice, "bob").await;
        let mut data = more.clone();
        data["callId"] = json!(call);
        one.request(event, data).await;
        one.hears(&call, &["incoming ringing", "done", "ended rejected"]).await;
        other.hears(&call, &["incoming ringing", "ended rejected"]).await;
        third.hears(&call, &["incoming ringing", "ended rejected"]).await;
        alice.hears(&call, &["ringing", "ended rejected"]).await;
        accept(&mut other, &call).await;
        other.hears(&call, &["refused unknown-call"]).await;
    }
}

/// Of the caller's devices too, whether they were there or come later; from the initiate to the end.
#[tokio::test]
async fn a_users_other_devices_know_that_the_user_is_in_a_call() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let (mut second, mut seed) = (server.sdk("alice").await, server.seed("alice").await);
    let (call, _) = ring(&mut alice, &mut bob).await;
    second.hears(&call, &["engaged elsewhere"]).await;
    let mut late = server.sdk("alice").await;
    late.hears(&call, &["engaged elsewhere"]).await;
    let late_seed = server.seed("alice").await;
    // Nothing rings at the callee's later devices as a call that the user is in.
    accept(&mut bob, &call).await;
    bob.hears(&call, &["done", "connecting"]).await;
    let mut late_bob = server.sdk("bob").await;
    late_bob.hears(&call, &["engaged elsewhere"]).await;

    bob.does("call:hangup", json!({ "callId": call })).await;
    bob.hears(&call, &["ended completed"]).await;
    for device in [&mut second, &mut late, &mut late_bob] {
        device.hears(&call, &["free elsewhere"]).await;
    }
    seed.nothing_came().await;
    for device in [alice, bob, second, seed, late, late_seed, late_bob] {
        device.leave().await;
    }
    server.is_empty_again().await;
}

/// The end of the engagement comes whatever ends it: also the loss of the device that had the call.
#[tokio::test]
async fn i15_a_lost_device_leaves_its_user_free_elsewhere() {
    let server = TestServer::start_with(|config| config.rules.resume_in_call = 100).await;
    for sdk in [false, true] {
        let (mut alice, mut bob) = (server.seed("alice").await, server.client("bob", sdk).await);
        let mut second = server.sdk("bob").await;
        let (call, _) = ring(&mut alice, &mut bob).await;
        accept(&mut bob, &call).await;
        bob.frames().await;
        if sdk {
            bob.cut();
        } else {
            bob.leave().await;
        }
        let reason = if sdk { "ended failed" } else { "ended completed" };
        server.counts_become(|counts| counts.calls == 0).await;
        alice.hears(&call, &["connecting", "joined bob", "left bob", reason]).await;
        let expected = ["incoming ringing", "answered elsewhere", "engaged elsewhere", "free elsewhere"];
        second.hears(&call, &expected).await;
        alice.leave().await;
        second.leave().await;
    }
}

/// While one device of the callee is left, it rings on.
#[tokio::test]
async fn a_ring_goes_on_while_a_device_is_left() {
    let server = TestServer::start().await;
    let mut alice = server.sdk("alice").await;
    let (one, mut other) = (server.sdk("bob").await, server.seed("bob").await);
    let call = initiate(&mut alice, "bob").await;
    one.leave().await;
    server.counts_become(|counts| counts.devices == 2).await;
    alice.hears(&call, &["ringing"]).await;
    other.hears(&call, &["incoming ringing"]).await;
    // A device that comes instead rings too, and counts when the other goes.
    let mut third = server.sdk("bob").await;
    third.hears(&call, &["incoming ringing"]).await;
    other.leave().await;
    server.counts_become(|counts| counts.devices == 2).await;
    alice.nothing_came().await;
    third.leave().await;
    server.counts_become(|counts| counts.calls == 0).await;
    alice.hears(&call, &["ended missed"]).await;
}

/// Each callee of a group has devices of their own.
#[tokio::test]
async fn i8_one_device_of_each_callee_joins_a_group() {
    let server = TestServer::start().await;
    let mut alice = server.sdk("alice").await;
    let (mut bob, mut bob_too) = (server.sdk("bob").await, server.sdk("bob").await);
    let (mut carol, mut carol_too) = (server.seed("carol").await, server.sdk("carol").await);
    let call = initiate_all(&mut alice, &["bob", "carol"]).await;
    accept(&mut bob_too, &call).await;
    bob_too.hears(&call, &["incoming ringing", "done", "connecting"]).await;
    bob.hears(&call, &["incoming ringing", "answered elsewhere", "engaged elsewhere"]).await;
    // Bob's accept is no answer of Carol's.
    accept(&mut carol, &call).await;
    carol.hears(&call, &["incoming ringing", "connecting", "joined bob"]).await;
    carol_too.hears(&call, &["incoming ringing", "answered elsewhere", "engaged elsewhere"]).await;
    alice.hears(&call, &["ringing", "connecting", "joined bob", "joined carol"]).await;
    bob_too.hears(&call, &["joined carol"]).await;

    for (device, members) in [(&mut bob, ["alice", "bob"]), (&mut carol_too, ["alice", "carol"])] {
        is_a_stranger_to(device, &call, members).await;
    }
    for (from, to) in [("alice", "bob"), ("alice", "carol")] {
        let offer = alice.description(&call, to, "offer", from);
        alice.does("signal:offer", offer).await;
    }
    bob_too.hears(&call, &["offer alice"]).await;
    carol.hears(&call, &["offer alice"]).await;
    for device in [&mut bob, &mut carol_too] {
        device.nothing_came().await;
    }
}

/// Devices of one user who is removed, and of one who leaves, hear that the user is free; those of others do not.
#[tokio::test]
async fn who_is_out_of_a_group_is_free_elsewhere() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let (mut carol, mut dave) = (server.seed("carol").await, server.sdk("dave").await);
    let call = gather(&mut [&mut alice, &mut bob, &mut carol, &mut dave]).await;
    let mut second: Vec<Client> = Vec::new();
    for user in ["alice", "bob", "carol", "dave"] {
        let mut device = server.sdk(user).await;
        device.hears(&call, &["engaged elsewhere"]).await;
        second.push(device);
    }
    alice.does("call:remove-participant", json!({ "callId": call, "userId": "bob" })).await;
    carol.request("call:hangup", json!({ "callId": call })).await;
    negotiate(&mut alice, &mut dave, &call).await;
    heard_by_all(&call, &mut [&mut bob, &mut carol]).await;
    let [one, two, three, four] = &mut second[..] else { panic!("four devices") };
    one.nothing_came().await;
    two.hears(&call, &["free elsewhere"]).await;
    three.hears(&call, &["free elsewhere"]).await;
    four.nothing_came().await;
    // And may call and be called.
    ring(two, &mut carol).await;
}

/// A call that is answered ends the other rings at that user, on every device, and their callers find them busy.
#[tokio::test]
async fn an_accept_ends_the_other_rings_on_every_device() {
    let server = TestServer::start().await;
    let (mut alice, mut carol) = (server.sdk("alice").await, server.sdk("carol").await);
    let (mut one, mut other) = (server.sdk("bob").await, server.seed("bob").await);
    let first = initiate(&mut alice, "bob").await;
    let second = initiate_all(&mut carol, &["bob", "dave"]).await;
    accept(&mut one, &first).await;
    for device in [&mut one, &mut other] {
        let frames = device.frames().await;
        let last = frames.last().expect("something");
        assert_eq!(last["data"]["endReason"], "busy", "{last}");
        assert_eq!(last["data"]["callId"], second.as_str());
    }
    alice.hears(&first, &["ringing", "connecting", "joined bob"]).await;
    // The group rings on for the other.
    carol.hears(&second, &["ringing", "callee bob busy"]).await;
    carol.does("call:hangup", json!({ "callId": second })).await;
    carol.hears(&second, &["ended cancelled"]).await;
    connect(&mut carol, &mut server.seed("dave").await).await;
}
