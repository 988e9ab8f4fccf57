//! Who may do what: the socket says who somebody is, and a call is its members' alone.

use serde_json::{Value, json};

use crate::harness::{Client, TestServer, connect, initiate, report, ring};

/// Every command about a call, for whoever holds its id.
fn commands(call: &str, from: &str, to: &str) -> Vec<(&'static str, Value)> {
    let description = |kind: &str| json!({ "callId": call, "fromUserId": from, "toUserId": to, "type": kind, "sdp": "v=0" });
    vec![
        ("call:respond", json!({ "callId": call, "action": "accept" })),
        ("call:respond", json!({ "callId": call, "action": "reject" })),
        ("call:hangup", json!({ "callId": call, "reason": "completed" })),
        ("call:media-toggle", json!({ "callId": call, "audio": false })),
        ("signal:offer", description("offer")),
        ("signal:answer", description("answer")),
        (
            "signal:ice-candidate",
            json!({ "callId": call, "fromUserId": from, "toUserId": to, "candidate": "candidate:1", "sdpMid": "0" }),
        ),
        ("call:add-participant", json!({ "callId": call, "userId": to })),
        ("call:add-participant", json!({ "callId": call, "userId": "nobody" })),
        ("call:remove-participant", json!({ "callId": call, "userId": to })),
        ("call:remove-participant", json!({ "callId": call, "userId": "nobody" })),
    ]
}

/// Tries everything at a call that is not its own, and at one that does not exist: the answers are the same, but for the
/// id that was asked for.
pub(crate) async fn is_a_stranger_to(stranger: &mut Client, call: &str, members: [&str; 2]) {
    for (from, to) in [(members[0], members[1]), (members[1], members[0])] {
        let mut own = commands(call, from, to);
        let mut none = commands("no-such-call", from, to);
        if stranger.is_sdk() {
            own.push(("call:connection-report", report(call, to, "failed")));
            none.push(("call:connection-report", report("no-such-call", to, "failed")));
        }
        for ((event, data), (_, other)) in own.into_iter().zip(none) {
            let mut foreign = stranger.is_refused("unknown-call", event, data).await;
            let mut unknown = stranger.is_refused("unknown-call", event, other).await;
            assert_eq!(foreign["callId"].take(), call, "{event}");
            assert_eq!(unknown["callId"].take(), "no-such-call", "{event}");
            assert_eq!(foreign, unknown, "{event}");
        }
    }
}

#[tokio::test]
async fn i24_a_stranger_can_do_nothing_to_a_ringing_call() {
    let server = TestServer::start().await;
    for sdk in [false, true] {
        let (mut alice, mut bob) = (server.client("alice", sdk).await, server.client("bob", sdk).await);
        let mut mallory = server.client("mallory", sdk).await;
        let (call, _) = ring(&mut alice, &mut bob).await;
        is_a_stranger_to(&mut mallory, &call, ["alice", "bob"]).await;
        alice.nothing_came().await;
        bob.nothing_came().await;
        // The call is as it was.
        bob.does("call:respond", json!({ "callId": call, "action": "accept" })).await;
        bob.expect_state(&call, "connecting").await;
        for client in [alice, bob, mallory] {
            client.leave().await;
        }
    }
}

#[tokio::test]
async fn i24_a_stranger_can_do_nothing_to_a_connected_call() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.sdk("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    for sdk in [false, true] {
        let mut mallory = server.client("mallory", sdk).await;
        is_a_stranger_to(&mut mallory, &call, ["alice", "bob"]).await;
    }
    alice.nothing_came().await;
    bob.nothing_came().await;
    alice.send("call:hangup", json!({ "callId": call })).await;
    alice.expect_end(&call, "completed").await;
}

/// I25: who has declined, and who has left, is a stranger from then on.
#[tokio::test]
async fn i25_who_has_left_is_a_stranger() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    bob.does("call:hangup", json!({ "callId": call })).await;
    bob.expect_end(&call, "completed").await;
    is_a_stranger_to(&mut bob, &call, ["alice", "bob"]).await;
    alice.expect("call:participant-left").await;
    alice.expect_end(&call, "completed").await;
    is_a_stranger_to(&mut alice, &call, ["alice", "bob"]).await;
}

/// Another device of a member has no more to say than a stranger, once a device has the call.
#[tokio::test]
async fn i24_another_device_of_the_caller_has_no_part_in_the_call() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let mut second = server.sdk("alice").await;
    let call = connect(&mut alice, &mut bob).await;
    assert_eq!(second.expect("call:elsewhere").await, json!({ "callId": call, "engaged": true }));
    is_a_stranger_to(&mut second, &call, ["alice", "bob"]).await;
    alice.nothing_came().await;
    bob.nothing_came().await;
}

#[tokio::test]
async fn i23_a_spoofed_sender_never_arrives() {
    let server = TestServer::start().await;
    for sdk in [false, true] {
        let (mut alice, mut bob) = (server.client("alice", sdk).await, server.client("bob", sdk).await);
        let call = connect(&mut alice, &mut bob).await;
        for claim in [json!("carol"), json!("bob"), Value::Null] {
            let mut offer = alice.description(&call, "bob", "offer", "v=0");
            offer["fromUserId"] = claim.clone();
            alice.does("signal:offer", offer).await;
            assert_eq!(bob.expect("signal:offer").await["fromUserId"], "alice");
            let mut candidate = alice.candidate(&call, "bob", "candidate:1");
            candidate["fromUserId"] = claim;
            alice.does("signal:ice-candidate", candidate).await;
            assert_eq!(bob.expect("signal:ice-candidate").await["fromUserId"], "alice");
        }
        let mut answer = bob.description(&call, "alice", "answer", "v=0");
        answer.as_object_mut().unwrap().remove("fromUserId");
        bob.does("signal:answer", answer).await;
        assert_eq!(alice.expect("signal:answer").await["fromUserId"], "bob");
        alice.leave().await;
        bob.leave().await;
    }
}

/// What a client claims about itself elsewhere in a frame changes nothing either.
#[tokio::test]
async fn i23_the_caller_is_whose_socket_it_is() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.seed("bob").await);
    let spoofed = json!({
        "conversationId": "c", "type": "audio", "calleeIds": ["bob"],
        "callerId": "carol", "userId": "carol", "id": "mine", "state": "connected",
    });
    alice.send("call:initiate", spoofed).await;
    let incoming = bob.expect("call:incoming").await;
    assert_eq!(incoming["callerId"], "alice");
    assert_eq!(incoming["state"], "ringing");
    assert_ne!(incoming["id"], "mine");
    let call = incoming["id"].as_str().unwrap();
    let toggle = json!({ "callId": call, "userId": "bob", "audio": false });
    bob.send("call:respond", json!({ "callId": call, "action": "accept" })).await;
    bob.expect_state(call, "connecting").await;
    alice.send("call:media-toggle", toggle).await;
    assert_eq!(bob.expect("call:media-changed").await["userId"], "alice");
}

#[tokio::test]
async fn signals_go_to_members_only() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.seed("bob").await);
    let mut carol = server.seed("carol").await;
    let call = connect(&mut alice, &mut bob).await;
    for to in ["carol", "alice", "nobody"] {
        let offer = alice.description(&call, to, "offer", "v=0");
        alice.is_refused("invalid-argument", "signal:offer", offer).await;
        let candidate = alice.candidate(&call, to, "candidate:1");
        alice.is_refused("invalid-argument", "signal:ice-candidate", candidate).await;
    }
    carol.nothing_came().await;
    bob.nothing_came().await;
}

#[tokio::test]
async fn i7_nobody_accepts_a_call_of_their_own() {
    let server = TestServer::start().await;
    for sdk in [false, true] {
        let (mut alice, mut bob) = (server.client("alice", sdk).await, server.client("bob", sdk).await);
        let (call, _) = ring(&mut alice, &mut bob).await;
        for action in ["accept", "reject"] {
            let respond = json!({ "callId": call, "action": action });
            alice.is_refused("invalid-state", "call:respond", respond).await;
        }
        bob.nothing_came().await;
        let myself = json!({ "conversationId": "c", "type": "audio", "calleeIds": ["bob"] });
        bob.is_refused("invalid-argument", "call:initiate", myself).await;
        alice.leave().await;
        bob.leave().await;
    }
}

/// I6: what is not legal in the current state gives one error, to its sender alone.
#[tokio::test]
async fn i6_what_is_not_legal_now_changes_nothing() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.seed("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    for action in ["accept", "reject"] {
        bob.is_refused("invalid-state", "call:respond", json!({ "callId": call, "action": action })).await;
    }
    let again = json!({ "conversationId": "c", "type": "audio", "calleeIds": ["carol"] });
    alice.is_refused("already-in-call", "call:initiate", again).await;
    alice.nothing_came().await;
    bob.nothing_came().await;
    let fresh = initiate(&mut server.seed("carol").await, "dave").await;
    assert_ne!(fresh, call);
}
