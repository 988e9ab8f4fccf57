//! Members are added, put out, leave and are invited again; whose call it is.

use serde_json::{Value, json};

use crate::authority::is_a_stranger_to;
use crate::harness::{TestServer, accept, gather, heard_by_all, initiate, initiate_all, negotiate, ring};

const ADD: &str = "call:add-participant";
const REMOVE: &str = "call:remove-participant";

fn choice(call: &str, user: &str) -> Value {
    json!({ "callId": call, "userId": user })
}

/// Anybody in the call adds, in either dialect, and all hear of it.
#[tokio::test]
async fn any_member_adds_one_more() {
    let server = TestServer::start().await;
    for sdk in [false, true] {
        let (mut alice, mut bob) = (server.sdk("alice").await, server.client("bob", sdk).await);
        let (mut carol, mut dave) = (server.sdk("carol").await, server.seed("dave").await);
        let call = gather(&mut [&mut alice, &mut bob]).await;
        let of_dave = initiate(&mut dave, "nobody").await;
        for (user, outcome) in [("carol", "ringing"), ("dave", "busy"), ("offline", "ringing")] {
            bob.request(ADD, choice(&call, user)).await;
            let told = format!("callee {user} {outcome}");
            let heard = if sdk { vec!["done", told.as_str()] } else { Vec::new() };
            bob.hears(&call, &heard).await;
            alice.hears(&call, &[&told]).await;
        }
        dave.nothing_came().await;
        let incoming = carol.expect("call:incoming").await;
        assert_eq!((&incoming["id"], &incoming["callerId"]), (&json!(call), &json!("alice")));
        assert_eq!(incoming["participants"].as_array().unwrap().len(), 2);
        // Who is in it, or rings, is not added; nor is oneself.
        for user in ["alice", "bob", "carol", "offline"] {
            bob.is_refused("invalid-state", ADD, choice(&call, user)).await;
        }
        accept(&mut carol, &call).await;
        carol.hears(&call, &["done"]).await;
        carol.is_refused("invalid-state", ADD, choice(&call, "bob")).await;
        heard_by_all(&call, &mut [&mut alice, &mut bob]).await;
        dave.send("call:hangup", json!({ "callId": of_dave })).await;
        dave.frames().await;
        alice.does(ADD, choice(&call, "dave")).await;
        dave.hears(&call, &["incoming ringing"]).await;
        for client in [alice, bob, carol, dave] {
            client.leave().await;
        }
    }
    server.is_empty_again().await;
}

/// The caller adds before anybody has answered, also where nobody could be reached until then.
#[tokio::test]
async fn the_caller_adds_while_it_rings() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let mut carol = server.seed("carol").await;
    let call = initiate(&mut alice, "offline").await;
    alice.does(ADD, choice(&call, "bob")).await;
    alice.hears(&call, &["callee bob ringing", "ringing"]).await;
    alice.does(ADD, choice(&call, "carol")).await;
    alice.hears(&call, &["callee carol ringing"]).await;
    bob.request("call:respond", json!({ "callId": call, "action": "reject" })).await;
    bob.hears(&call, &["incoming ringing", "done", "ended rejected"]).await;
    // Also one who has declined.
    alice.request(ADD, choice(&call, "bob")).await;
    alice.hears(&call, &["callee bob rejected", "done", "callee bob ringing"]).await;
    bob.hears(&call, &["incoming ringing"]).await;
    carol.hears(&call, &["incoming ringing"]).await;
    accept(&mut bob, &call).await;
    bob.hears(&call, &["done", "connecting"]).await;
}

/// A ring of one who is added has its own time.
#[tokio::test]
async fn i14_an_added_ring_has_its_own_time() {
    let server = TestServer::start_with(|config| config.rules.ring_timeout = 400).await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let mut carol = server.sdk("carol").await;
    let call = gather(&mut [&mut alice, &mut bob]).await;
    alice.does(ADD, choice(&call, "carol")).await;
    alice.hears(&call, &["callee carol ringing"]).await;
    carol.expect("call:incoming").await;
    carol.expect_end(&call, "missed").await;
    alice.hears(&call, &["callee carol missed"]).await;
    bob.hears(&call, &["callee carol ringing", "callee carol missed"]).await;
    negotiate(&mut alice, &mut bob, &call).await;
}

/// Only the owner puts others out: one who is in the call, and one who rings.
#[tokio::test]
async fn i9_only_the_owner_puts_others_out() {
    let server = TestServer::start().await;
    for sdk in [false, true] {
        let (mut alice, mut bob) = (server.client("alice", sdk).await, server.sdk("bob").await);
        let (mut carol, mut dave) = (server.seed("carol").await, server.sdk("dave").await);
        let call = gather(&mut [&mut alice, &mut bob, &mut carol]).await;
        bob.does(ADD, choice(&call, "dave")).await;
        dave.hears(&call, &["incoming ringing"]).await;
        heard_by_all(&call, &mut [&mut alice, &mut bob, &mut carol]).await;

        for user in ["alice", "dave", "nobody"] {
            bob.is_refused("not-owner", REMOVE, choice(&call, user)).await;
            carol.is_refused("not-owner", REMOVE, choice(&call, user)).await;
        }
        for user in ["alice", "nobody"] {
            alice.is_refused("invalid-argument", REMOVE, choice(&call, user)).await;
        }
        bob.is_refused("invalid-argument", REMOVE, choice(&call, "bob")).await;
        heard_by_all(&call, &mut [&mut alice, &mut bob, &mut carol]).await.iter().for_each(|heard| {
            assert!(heard.is_empty(), "{heard:?}");
        });

        alice.request(REMOVE, choice(&call, "dave")).await;
        alice.hears(&call, if sdk { &["done", "callee dave missed"] } else { &[] }).await;
        dave.hears(&call, &["ended missed"]).await;
        bob.hears(&call, &["callee dave missed"]).await;
        alice.request(REMOVE, choice(&call, "carol")).await;
        alice.hears(&call, if sdk { &["done", "left carol"] } else { &["left carol"] }).await;
        carol.hears(&call, &["ended completed"]).await;
        bob.hears(&call, &["left carol"]).await;
        // I25: both are strangers now.
        is_a_stranger_to(&mut carol, &call, ["alice", "bob"]).await;
        is_a_stranger_to(&mut dave, &call, ["alice", "bob"]).await;
        // Where two are left, the one who puts the other out is alone.
        alice.request(REMOVE, choice(&call, "bob")).await;
        let heard = alice.heard(&call).await;
        assert_eq!(heard[heard.len() - 2..], ["left bob", "ended completed"]);
        bob.hears(&call, &["ended completed"]).await;
        for client in [alice, bob, carol, dave] {
            client.leave().await;
        }
    }
    server.is_empty_again().await;
}

/// Before the answer, one of several is out; who is the only one is called no more.
#[tokio::test]
async fn the_caller_takes_back_a_ring() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let mut carol = server.seed("carol").await;
    let call = initiate_all(&mut alice, &["bob", "carol"]).await;
    alice.hears(&call, &["ringing"]).await;
    // What was held for him goes with him.
    alice.does("signal:offer", alice.description(&call, "bob", "offer", "v=0")).await;
    alice.does(REMOVE, choice(&call, "bob")).await;
    alice.hears(&call, &["callee bob missed"]).await;
    accept(&mut bob, &call).await;
    alice.does(REMOVE, choice(&call, "carol")).await;
    alice.hears(&call, &["ended cancelled"]).await;
    bob.hears(&call, &["incoming ringing", "ended missed", "refused unknown-call"]).await;
    carol.hears(&call, &["incoming ringing", "ended cancelled"]).await;
}

/// I24 for membership: what exists and what does not look the same to who has no part in it.
#[tokio::test]
async fn i24_a_stranger_neither_adds_nor_puts_out() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.seed("bob").await);
    let mut carol = server.sdk("carol").await;
    let call = gather(&mut [&mut alice, &mut bob, &mut carol]).await;
    let mut second = server.sdk("alice").await;
    second.hears(&call, &["engaged elsewhere"]).await;
    for sdk in [false, true] {
        let mut mallory = server.client("mallory", sdk).await;
        is_a_stranger_to(&mut mallory, &call, ["alice", "bob"]).await;
        mallory.is_refused("unknown-call", ADD, choice(&call, "mallory")).await;
        mallory.leave().await;
    }
    // Another device of the owner's is none of theirs.
    is_a_stranger_to(&mut second, &call, ["alice", "bob"]).await;
    for client in [&mut alice, &mut bob, &mut carol] {
        client.nothing_came().await;
    }
    assert_eq!(server.counts().await.calls, 1);
}

/// The call passes to who has been in it for the longest time.
#[tokio::test]
async fn ownership_passes_to_who_has_been_there_longest() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.seed("bob").await);
    let (mut carol, mut dave) = (server.sdk("carol").await, server.sdk("dave").await);
    // Carol accepts before Bob does, though he was named first.
    let call = initiate_all(&mut alice, &["bob", "carol", "dave"]).await;
    for callee in [&mut carol, &mut bob, &mut dave] {
        accept(callee, &call).await;
        callee.frames().await;
    }
    heard_by_all(&call, &mut [&mut alice, &mut bob, &mut carol, &mut dave]).await;
    alice.does("call:hangup", json!({ "callId": call })).await;
    alice.hears(&call, &["ended completed"]).await;
    for client in [&mut bob, &mut carol, &mut dave] {
        client.hears(&call, &["left alice"]).await;
    }
    bob.is_refused("not-owner", REMOVE, choice(&call, "dave")).await;
    // The caller has no more rights for having called: invited again, they are the last.
    dave.does(ADD, choice(&call, "alice")).await;
    alice.hears(&call, &["incoming ringing"]).await;
    let accepted = alice.ask("call:respond", json!({ "callId": call, "action": "accept" })).await.unwrap();
    let participants = accepted["call"]["participants"].as_array().unwrap();
    let order: Vec<&str> = participants.iter().map(|member| member["userId"].as_str().unwrap()).collect();
    assert_eq!(order, ["carol", "bob", "dave", "alice"]);
    heard_by_all(&call, &mut [&mut alice, &mut bob, &mut carol, &mut dave]).await;
    alice.is_refused("not-owner", REMOVE, choice(&call, "bob")).await;
    carol.does(REMOVE, choice(&call, "alice")).await;
    alice.hears(&call, &["ended completed"]).await;
    carol.hears(&call, &["left alice"]).await;
    carol.does("call:hangup", json!({ "callId": call })).await;
    heard_by_all(&call, &mut [&mut bob, &mut carol, &mut dave]).await;
    bob.send(REMOVE, choice(&call, "dave")).await;
    bob.hears(&call, &["left dave", "ended completed"]).await;
    dave.hears(&call, &["ended completed"]).await;
}

/// Who leaves and is invited again begins anew: nothing of before is delivered, and they negotiate like any joiner.
#[tokio::test]
async fn i25_who_is_invited_again_begins_anew() {
    let server = TestServer::start_with(|config| config.rules.candidates = 2).await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    for sdk in [false, true] {
        let mut carol = server.client("carol", sdk).await;
        let call = gather(&mut [&mut alice, &mut bob, &mut carol]).await;
        negotiate(&mut alice, &mut carol, &call).await;
        for _ in 0..2 {
            alice.does("signal:ice-candidate", alice.candidate(&call, "carol", "candidate:1")).await;
        }
        let more = alice.candidate(&call, "carol", "candidate:1");
        alice.is_refused("limit-exceeded", "signal:ice-candidate", more).await;
        heard_by_all(&call, &mut [&mut bob, &mut carol]).await;

        carol.request("call:hangup", json!({ "callId": call })).await;
        let heard = carol.heard(&call).await;
        assert_eq!(heard.last().map(String::as_str), Some("ended completed"));
        is_a_stranger_to(&mut carol, &call, ["alice", "bob"]).await;
        // What is sent to her meanwhile goes nowhere.
        heard_by_all(&call, &mut [&mut alice, &mut bob]).await;
        let offer = alice.description(&call, "carol", "offer", "v=0");
        alice.is_refused("invalid-argument", "signal:offer", offer).await;

        bob.does(ADD, choice(&call, "carol")).await;
        carol.hears(&call, &["incoming ringing"]).await;
        accept(&mut carol, &call).await;
        let states = ["connecting", "connected", "reconnecting"];
        carol.hears(&call, if sdk { &["done"] } else { &states }).await;
        heard_by_all(&call, &mut [&mut alice, &mut bob]).await;
        // An answer needs an offer of this time, and candidates are counted anew.
        let answer = carol.description(&call, "alice", "answer", "v=0");
        carol.is_refused("invalid-state", "signal:answer", answer).await;
        negotiate(&mut alice, &mut carol, &call).await;
        alice.does("signal:ice-candidate", alice.candidate(&call, "carol", "candidate:1")).await;
        carol.hears(&call, &["candidate alice"]).await;
        carol.leave().await;
        alice.request("call:hangup", json!({ "callId": call })).await;
        server.counts_become(|counts| counts.calls == 0).await;
        heard_by_all(&call, &mut [&mut alice, &mut bob]).await;
    }
}

/// One who is alone stays while somebody rings, and the call goes on when that one joins.
#[tokio::test]
async fn one_who_is_alone_waits_for_who_rings() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.seed("bob").await);
    let mut carol = server.sdk("carol").await;
    let call = gather(&mut [&mut alice, &mut bob]).await;
    negotiate(&mut alice, &mut bob, &call).await;
    alice.does(ADD, choice(&call, "carol")).await;
    heard_by_all(&call, &mut [&mut alice, &mut bob]).await;
    bob.send("call:hangup", json!({ "callId": call })).await;
    bob.hears(&call, &["ended completed"]).await;
    alice.hears(&call, &["left bob"]).await;
    accept(&mut carol, &call).await;
    alice.hears(&call, &["joined carol", "reconnecting"]).await;
    carol.hears(&call, &["incoming ringing", "done", "reconnecting"]).await;
    negotiate(&mut alice, &mut carol, &call).await;
    carol.does("call:hangup", json!({ "callId": call })).await;
    carol.hears(&call, &["ended completed"]).await;
    alice.hears(&call, &["left carol", "ended completed"]).await;

    // Where that one declines, it is over.
    let call = gather(&mut [&mut alice, &mut bob]).await;
    alice.does(ADD, choice(&call, "carol")).await;
    heard_by_all(&call, &mut [&mut alice, &mut bob, &mut carol]).await;
    bob.send("call:hangup", json!({ "callId": call })).await;
    bob.hears(&call, &["ended completed"]).await;
    carol.request("call:respond", json!({ "callId": call, "action": "reject" })).await;
    carol.hears(&call, &["done", "ended rejected"]).await;
    alice.hears(&call, &["left bob", "ended completed"]).await;
    // And one who leaves alone takes the ring with them.
    let call = gather(&mut [&mut alice, &mut bob]).await;
    alice.does(ADD, choice(&call, "carol")).await;
    heard_by_all(&call, &mut [&mut alice, &mut bob, &mut carol]).await;
    bob.send("call:hangup", json!({ "callId": call })).await;
    bob.hears(&call, &["ended completed"]).await;
    alice.hears(&call, &["left bob"]).await;
    alice.does("call:hangup", json!({ "callId": call })).await;
    carol.hears(&call, &["ended missed"]).await;
    ring(&mut bob, &mut carol).await;
}
