//! Commands that come again with the same number.

use serde_json::{Value, json};

use crate::harness::{TestServer, accept, connect, gather, ring};

fn initiate(callee: &str) -> Value {
    json!({ "conversationId": "c", "type": "audio", "calleeIds": [callee] })
}

/// Not even as a call that is made again: the first stays, and nobody hears anything.
#[tokio::test]
async fn i21_a_repeated_initiate_is_one_call() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let made = alice.ask_as(1000, "call:initiate", initiate("bob")).await.unwrap();
    let call = made["call"]["id"].as_str().unwrap();
    alice.expect_state(call, "ringing").await;
    bob.expect("call:incoming").await;
    for _ in 0..3 {
        assert_eq!(alice.ask_as(1000, "call:initiate", initiate("bob")).await.unwrap(), made);
    }
    assert_eq!(server.counts().await.calls, 1);
    bob.nothing_came().await;
    // Also one that was refused stays so, though it could be done by now.
    let refused = bob.ask_as(1000, "call:initiate", initiate("bob")).await.unwrap_err();
    assert_eq!(bob.ask_as(1000, "call:initiate", initiate("carol")).await.unwrap_err(), refused);
    // And one that met a call is its accept once.
    let met = bob.ask_as(1001, "call:initiate", initiate("alice")).await.unwrap();
    assert_eq!(met["call"]["id"], call);
    bob.hears(call, &["connecting"]).await;
    assert_eq!(bob.ask_as(1001, "call:initiate", initiate("alice")).await.unwrap(), met);
    alice.hears(call, &["connecting", "joined bob"]).await;
    bob.nothing_came().await;
}

/// Who was added, declined, and is not rung once more by what is only repeated.
#[tokio::test]
async fn i21_a_repeated_add_rings_once() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.seed("bob").await);
    let mut carol = server.sdk("carol").await;
    let call = gather(&mut [&mut alice, &mut bob]).await;
    let choice = json!({ "callId": call, "userId": "carol" });
    for round in 0..3 {
        assert_eq!(alice.ask_as(1000, "call:add-participant", choice.clone()).await, Ok(json!({})));
        if round == 0 {
            alice.hears(&call, &["callee carol ringing"]).await;
            carol.hears(&call, &["incoming ringing"]).await;
            carol.does("call:respond", json!({ "callId": call, "action": "reject" })).await;
            carol.hears(&call, &["ended rejected"]).await;
            alice.hears(&call, &["callee carol rejected"]).await;
        }
        alice.hears(&call, &[]).await;
        carol.nothing_came().await;
    }
    // With a number of its own it is another command.
    alice.does("call:add-participant", choice.clone()).await;
    carol.hears(&call, &["incoming ringing"]).await;
    accept(&mut carol, &call).await;
    carol.hears(&call, &["done"]).await;
    // A removal that is repeated does not put out who has come back.
    alice.hears(&call, &["callee carol ringing", "joined carol"]).await;
    alice.ask_as(1001, "call:remove-participant", choice.clone()).await.unwrap();
    alice.hears(&call, &["left carol"]).await;
    alice.does("call:add-participant", choice.clone()).await;
    accept(&mut carol, &call).await;
    carol.hears(&call, &["ended completed", "incoming ringing", "done"]).await;
    alice.hears(&call, &["callee carol ringing", "joined carol"]).await;
    assert_eq!(alice.ask_as(1001, "call:remove-participant", choice).await, Ok(json!({})));
    alice.nothing_came().await;
    carol.nothing_came().await;
}

/// Every command of a call, each sent three times at once: the effects are those of one.
#[tokio::test]
async fn i21_every_command_has_its_effect_once() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let (call, _) = ring(&mut alice, &mut bob).await;
    let thrice = |id: u64, event: &str, data: Value| {
        let frame = json!({ "id": id, "event": event, "data": data }).to_string();
        [frame.clone(), frame.clone(), frame]
    };
    for frame in thrice(1000, "call:respond", json!({ "callId": call, "action": "accept" })) {
        bob.send_text(frame).await;
    }
    bob.hears(&call, &["done", "connecting", "done", "done"]).await;
    alice.hears(&call, &["connecting", "joined bob"]).await;
    let signals = [
        ("signal:offer", alice.description(&call, "bob", "offer", "v=0"), "offer alice"),
        ("signal:ice-candidate", alice.candidate(&call, "bob", "candidate:1"), "candidate alice"),
        ("call:media-toggle", json!({ "callId": call, "audio": false }), "media alice"),
    ];
    for (id, (event, data, heard)) in (2000..).zip(signals) {
        for frame in thrice(id, event, data) {
            alice.send_text(frame).await;
        }
        alice.hears(&call, &["done"; 3]).await;
        bob.hears(&call, &[heard]).await;
    }
    for frame in thrice(3000, "call:hangup", json!({ "callId": call })) {
        alice.send_text(frame).await;
    }
    alice.hears(&call, &["done", "ended completed", "done", "done"]).await;
    bob.hears(&call, &["left alice", "ended completed"]).await;
}

/// A number whose reply is forgotten is refused: nobody knows any more whether it was done.
#[tokio::test]
async fn i21_a_number_that_is_too_old_does_nothing() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    let hang_up = json!({ "callId": call });
    let toggle = json!({ "callId": call, "audio": false });
    alice.ask_as(0, "call:media-toggle", toggle.clone()).await.unwrap();
    for id in 1000..1064 {
        alice.ask_as(id, "call:media-toggle", toggle.clone()).await.unwrap();
    }
    bob.heard(&call).await;
    for id in [0, 1] {
        let refused = alice.ask_as(id, "call:hangup", hang_up.clone()).await.unwrap_err();
        assert_eq!(refused["code"], "invalid-argument", "{refused}");
    }
    bob.nothing_came().await;
    // The last 64 are given again, and a newer one is done.
    assert_eq!(alice.ask_as(1063, "call:hangup", hang_up.clone()).await, Ok(json!({})));
    bob.nothing_came().await;
    alice.ask_as(1064, "call:hangup", hang_up).await.unwrap();
    bob.hears(&call, &["left alice", "ended completed"]).await;
}
