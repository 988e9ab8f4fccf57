//! Every reason for which a call ends, and that nobody stays busy.

use std::time::Duration;

use serde_json::json;

use crate::harness::{Client, RawSocket, TestServer, connect, initiate, report, ring};

#[tokio::test]
async fn completed_when_either_side_hangs_up() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.sdk("bob").await);
    for alice_hangs_up in [true, false] {
        let call = connect(&mut alice, &mut bob).await;
        let (first, other) = if alice_hangs_up { (&mut alice, &mut bob) } else { (&mut bob, &mut alice) };
        // The reason is the server's, whatever the client says.
        first.does("call:hangup", json!({ "callId": call, "reason": "failed" })).await;
        first.expect_end(&call, "completed").await;
        assert_eq!(other.expect("call:participant-left").await["userId"], first.user.as_str());
        other.expect_end(&call, "completed").await;
        first.nothing_came().await;
        other.nothing_came().await;
    }
}

#[tokio::test]
async fn completed_when_it_is_hung_up_while_connecting() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.seed("bob").await);
    let (call, _) = ring(&mut alice, &mut bob).await;
    bob.send("call:respond", json!({ "callId": call, "action": "accept" })).await;
    bob.expect_state(&call, "connecting").await;
    bob.send("call:hangup", json!({ "callId": call })).await;
    bob.expect_end(&call, "completed").await;
    alice.expect_state(&call, "connecting").await;
    alice.expect("call:participant-joined").await;
    alice.expect("call:participant-left").await;
    alice.expect_end(&call, "completed").await;
}

#[tokio::test]
async fn rejected_by_the_callee() {
    let server = TestServer::start().await;
    for sdk in [false, true] {
        let (mut alice, mut bob) = (server.client("alice", sdk).await, server.client("bob", sdk).await);
        for (event, more) in [("call:respond", json!({ "action": "reject" })), ("call:hangup", json!({}))] {
            let (call, _) = ring(&mut alice, &mut bob).await;
            let mut data = more.clone();
            data["callId"] = json!(call);
            bob.does(event, data).await;
            bob.expect_end(&call, "rejected").await;
            alice.expect_end(&call, "rejected").await;
            alice.nothing_came().await;
        }
        alice.leave().await;
        bob.leave().await;
    }
}

#[tokio::test]
async fn cancelled_by_the_caller() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.seed("bob").await);
    let (call, _) = ring(&mut alice, &mut bob).await;
    alice.send("call:hangup", json!({ "callId": call })).await;
    alice.expect_end(&call, "cancelled").await;
    bob.expect_end(&call, "cancelled").await;
    bob.is_refused("unknown-call", "call:respond", json!({ "callId": call, "action": "accept" })).await;

    let call = initiate(&mut alice, "nobody").await;
    alice.send("call:hangup", json!({ "callId": call })).await;
    alice.expect_end(&call, "cancelled").await;

    let (call, _) = ring(&mut alice, &mut bob).await;
    alice.leave().await;
    bob.expect_end(&call, "cancelled").await;
}

#[tokio::test]
async fn i14_missed_when_nobody_answers_in_time() {
    let server = TestServer::start_with(|config| config.rules.ring_timeout = 200).await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.sdk("bob").await);
    let (call, _) = ring(&mut alice, &mut bob).await;
    alice.expect_end(&call, "missed").await;
    bob.expect_end(&call, "missed").await;
    bob.is_refused("unknown-call", "call:respond", json!({ "callId": call, "action": "accept" })).await;
    // Nobody is busy afterwards.
    let (again, _) = ring(&mut bob, &mut alice).await;
    bob.expect_end(&again, "missed").await;
    alice.expect_end(&again, "missed").await;
}

#[tokio::test]
async fn i14_missed_when_the_callee_is_offline_all_the_time() {
    let server = TestServer::start_with(|config| config.rules.ring_timeout = 200).await;
    let mut alice = server.sdk("alice").await;
    let call = initiate(&mut alice, "bob").await;
    alice.expect_end(&call, "missed").await;
    alice.leave().await;
    server.is_empty_again().await;
}

#[tokio::test]
async fn an_offline_callee_rings_on_connecting() {
    let server = TestServer::start().await;
    for sdk in [false, true] {
        let mut alice = server.seed("alice").await;
        let call = initiate(&mut alice, "bob").await;
        alice.nothing_came().await;
        let mut bob = if sdk {
            server.sdk("bob").await
        } else {
            Client::socket(server.address, "bob", None, false).await.unwrap()
        };
        let incoming = bob.expect("call:incoming").await;
        assert_eq!((&incoming["id"], &incoming["state"]), (&json!(call), &json!("ringing")));
        alice.expect_state(&call, "ringing").await;
        bob.does("call:respond", json!({ "callId": call, "action": "accept" })).await;
        bob.expect_state(&call, "connecting").await;
        alice.expect_state(&call, "connecting").await;
        alice.leave().await;
        bob.leave().await;
    }
}

#[tokio::test]
async fn missed_when_the_callee_is_lost_while_it_rings() {
    let server = TestServer::start().await;
    for sdk in [false, true] {
        let (mut alice, mut bob) = (server.seed("alice").await, server.client("bob", sdk).await);
        let (call, _) = ring(&mut alice, &mut bob).await;
        bob.leave().await;
        alice.expect_end(&call, "missed").await;
        alice.leave().await;
    }
}

#[tokio::test]
async fn busy_when_the_callee_is_engaged() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.sdk("bob").await);
    let mut carol = server.seed("carol").await;
    let call = connect(&mut alice, &mut bob).await;

    let refused = initiate(&mut carol, "bob").await;
    carol.expect_end(&refused, "busy").await;
    bob.nothing_came().await;
    // Who is engaged cannot call either.
    let initiate_again = json!({ "conversationId": "c", "type": "audio", "calleeIds": ["carol"] });
    bob.is_refused("already-in-call", "call:initiate", initiate_again).await;

    bob.does("call:hangup", json!({ "callId": call })).await;
    bob.expect_end(&call, "completed").await;
    let (free_again, _) = ring(&mut carol, &mut bob).await;
    assert_ne!(free_again, refused);
}

#[tokio::test]
async fn busy_when_the_callee_accepts_another() {
    let server = TestServer::start().await;
    let (mut alice, mut carol) = (server.seed("alice").await, server.seed("carol").await);
    let mut bob = server.sdk("bob").await;
    let (first, _) = ring(&mut alice, &mut bob).await;
    let (second, _) = ring(&mut carol, &mut bob).await;
    bob.does("call:respond", json!({ "callId": second, "action": "accept" })).await;
    bob.expect_state(&second, "connecting").await;
    bob.expect_end(&first, "busy").await;
    alice.expect_end(&first, "busy").await;
    carol.expect_state(&second, "connecting").await;
}

#[tokio::test]
async fn failed_when_the_connection_does_not_come_up() {
    let server = TestServer::start_with(|config| config.rules.setup_timeout = 200).await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.sdk("bob").await);
    let (call, _) = ring(&mut alice, &mut bob).await;
    bob.does("call:respond", json!({ "callId": call, "action": "accept" })).await;
    bob.expect_state(&call, "connecting").await;
    alice.expect_state(&call, "connecting").await;
    alice.expect("call:participant-joined").await;
    alice.send("signal:offer", alice.description(&call, "bob", "offer", "v=0")).await;
    bob.expect("signal:offer").await;
    bob.does("signal:answer", bob.description(&call, "alice", "answer", "v=0")).await;
    alice.expect("signal:answer").await;
    alice.expect_end(&call, "failed").await;
    bob.expect_end(&call, "failed").await;
}

#[tokio::test]
async fn failed_when_no_answer_follows_the_accept() {
    let server = TestServer::start_with(|config| config.rules.answer_timeout = 200).await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.seed("bob").await);
    let (call, _) = ring(&mut alice, &mut bob).await;
    bob.send("call:respond", json!({ "callId": call, "action": "accept" })).await;
    bob.expect_state(&call, "connecting").await;
    bob.expect_end(&call, "failed").await;
    alice.expect_state(&call, "connecting").await;
    alice.expect("call:participant-joined").await;
    alice.expect_end(&call, "failed").await;
}

#[tokio::test]
async fn failed_when_a_side_says_so() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    bob.does("call:connection-report", report(&call, "alice", "failed")).await;
    bob.expect_end(&call, "failed").await;
    alice.expect_end(&call, "failed").await;
}

#[tokio::test]
async fn reconnecting_comes_back_or_fails_in_time() {
    let server = TestServer::start_with(|config| config.rules.reconnect_timeout = 2000).await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    bob.does("call:connection-report", report(&call, "alice", "reconnecting")).await;
    bob.expect_state(&call, "reconnecting").await;
    alice.expect_state(&call, "reconnecting").await;
    bob.does("call:connection-report", report(&call, "alice", "connected")).await;
    bob.expect_state(&call, "connected").await;
    alice.expect_state(&call, "connected").await;
    // The deadline of the time before does not count.
    server.counts_become(|counts| counts.deadlines == 0).await;

    bob.does("call:connection-report", report(&call, "alice", "reconnecting")).await;
    bob.expect_state(&call, "reconnecting").await;
    bob.expect_end(&call, "failed").await;
    alice.expect_state(&call, "reconnecting").await;
    alice.expect_end(&call, "failed").await;
}

#[tokio::test]
async fn i15_failed_when_an_sdk_device_is_lost() {
    let server = TestServer::start_with(|config| {
        config.rules.resume_in_call = 200;
        config.rules.resume = 100;
    })
    .await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.sdk("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    bob.cut();
    assert_eq!(alice.expect("call:participant-left").await["userId"], "bob");
    alice.expect_end(&call, "failed").await;
    // Its device is forgotten too, before anybody else has gone.
    server.counts_become(|counts| counts.sessions == 1 && counts.deadlines == 0).await;
    alice.leave().await;
    server.is_empty_again().await;
}

/// An SDK says good-bye by its close code, and has then hung up; no other code says so.
#[tokio::test]
async fn i15_completed_when_an_sdk_says_good_bye() {
    let server = TestServer::start().await;
    for code in [1000, 4000, 1001, 3000] {
        let (mut alice, mut bob) = (server.seed("alice").await, server.sdk("bob").await);
        let call = connect(&mut alice, &mut bob).await;
        let bob = bob.closes(code).await;
        if code == 1000 {
            assert_eq!(alice.expect("call:participant-left").await["userId"], "bob");
            alice.expect_end(&call, "completed").await;
            bob.starts_over().await.leave().await;
        } else {
            server.counts_become(|counts| counts.devices == 1).await;
            alice.nothing_came().await;
            bob.resumes().await.leave().await;
            alice.expect("call:participant-left").await;
            alice.expect_end(&call, "completed").await;
        }
        alice.leave().await;
        server.is_empty_again().await;
    }
}

/// One that calls, and one that rings, as by their own word.
#[tokio::test]
async fn i15_good_bye_before_the_answer_ends_a_ring() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let (call, _) = ring(&mut alice, &mut bob).await;
    alice.leave().await;
    bob.expect_end(&call, "cancelled").await;
    let mut alice = server.sdk("alice").await;
    let (call, _) = ring(&mut alice, &mut bob).await;
    bob.leave().await;
    alice.expect_end(&call, "missed").await;
    alice.leave().await;
    server.is_empty_again().await;
}

/// A seed client says good-bye by closing its socket.
#[tokio::test]
async fn i15_completed_when_a_seed_client_closes() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.sdk("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    alice.leave().await;
    assert_eq!(bob.expect("call:participant-left").await["userId"], "alice");
    bob.expect_end(&call, "completed").await;
    bob.leave().await;
    server.is_empty_again().await;
}

/// A client that answers no ping is taken for dead, and its call ends.
#[tokio::test]
async fn i15_a_dead_socket_is_dropped() {
    let server = TestServer::start_with(|config| {
        config.limits.ping_interval = Duration::from_millis(500);
        config.limits.pong_timeout = Duration::from_millis(1500);
    })
    .await;
    let mut dead = RawSocket::open(server.address, "dead").await;
    let mut alice = server.sdk("alice").await;
    let call = initiate(&mut alice, "dead").await;
    alice.expect_state(&call, "ringing").await;
    dead.read_until("call:incoming").await;
    dead.send_text(
        &json!({ "event": "call:respond", "data": { "callId": call, "action": "accept" } }).to_string(),
    )
    .await;
    alice.expect_state(&call, "connecting").await;
    alice.expect("call:participant-joined").await;
    // Alice lives by her pongs alone.
    assert_eq!(alice.expect("call:participant-left").await["userId"], "dead");
    alice.expect_state(&call, "ended").await;
    dead.is_dropped().await;
    alice.nothing_came().await;
    alice.leave().await;
    server.is_empty_again().await;
}
