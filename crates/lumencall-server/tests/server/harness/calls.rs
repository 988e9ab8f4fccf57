//! The steps of a call that many tests begin with.

use serde_json::{Value, json};

use super::{Client, heard_by_all};

/// One calls another. Returns the id of the call; nothing else has been read.
pub(crate) async fn initiate(caller: &mut Client, callee: &str) -> String {
    initiate_all(caller, &[callee]).await
}

/// One calls several. Returns the id of the call; nothing else has been read.
pub(crate) async fn initiate_all(caller: &mut Client, callees: &[&str]) -> String {
    let data = json!({ "conversationId": "conv-123", "type": "video", "calleeIds": callees });
    let call = if caller.is_sdk() {
        caller.ask("call:initiate", data).await.expect("the call is made")["call"]["id"].take()
    } else {
        caller.send("call:initiate", data).await;
        let state = caller.expect("call:state-changed").await;
        assert_eq!(state["state"], "initiating", "{state}");
        state["callId"].clone()
    };
    call.as_str().expect("a call has an id").to_owned()
}

/// One calls another, whose only device rings. Returns the id of the call and what rang.
pub(crate) async fn ring(caller: &mut Client, callee: &mut Client) -> (String, Value) {
    let call = initiate(caller, &callee.user).await;
    caller.expect_state(&call, "ringing").await;
    let incoming = callee.expect("call:incoming").await;
    assert_eq!(incoming["id"], call.as_str());
    (call, incoming)
}

/// One calls another, who accepts; offer, answer and, from SDKs, reports bring the call to `connected`.
pub(crate) async fn connect(caller: &mut Client, callee: &mut Client) -> String {
    let (call, _) = ring(caller, callee).await;
    callee.does("call:respond", json!({ "callId": call, "action": "accept" })).await;
    callee.expect_state(&call, "connecting").await;
    caller.expect_state(&call, "connecting").await;
    let joined = caller.expect("call:participant-joined").await;
    assert_eq!(joined["participant"]["userId"], callee.user.as_str());

    caller.does("signal:offer", caller.description(&call, &callee.user, "offer", "v=0 offer")).await;
    callee.expect("signal:offer").await;
    callee.does("signal:answer", callee.description(&call, &caller.user, "answer", "v=0 answer")).await;
    caller.expect("signal:answer").await;
    if caller.is_sdk() {
        caller.does("call:connection-report", report(&call, &callee.user, "connected")).await;
    }
    if callee.is_sdk() {
        callee.does("call:connection-report", report(&call, &caller.user, "connected")).await;
    }
    caller.expect_state(&call, "connected").await;
    callee.expect_state(&call, "connected").await;
    call
}

/// How the sender's connection to this peer stands.
pub(crate) fn report(call: &str, peer: &str, state: &str) -> Value {
    json!({ "callId": call, "peerUserId": peer, "state": state })
}

/// Accepts, and waits for nothing.
pub(crate) async fn accept(callee: &mut Client, call: &str) {
    callee.request("call:respond", json!({ "callId": call, "action": "accept" })).await;
}

/// The first calls the others, who accept in their order. Returns the id of the call; all that came of it has been read.
pub(crate) async fn gather(members: &mut [&mut Client]) -> String {
    let [caller, callees @ ..] = &mut *members else { panic!("nobody to call") };
    let users: Vec<String> = callees.iter().map(|callee| callee.user.clone()).collect();
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    let call = initiate_all(caller, &users).await;
    for callee in callees {
        accept(callee, &call).await;
        assert!(!callee.heard(&call).await.concat().contains("refused"));
    }
    for member in members {
        member.heard(&call).await;
    }
    call
}

/// One offers, the other answers, and both say that they are connected where they say so. What the two have heard has
/// been read.
pub(crate) async fn negotiate(offerer: &mut Client, answerer: &mut Client, call: &str) {
    offerer.request("signal:offer", offerer.description(call, &answerer.user, "offer", "v=0 offer")).await;
    offerer.heard(call).await;
    answerer
        .request("signal:answer", answerer.description(call, &offerer.user, "answer", "v=0 answer"))
        .await;
    let pair = [offerer.user.clone(), answerer.user.clone()];
    for (client, peer) in [(&mut *offerer, &pair[1]), (&mut *answerer, &pair[0])] {
        if client.is_sdk() {
            client.request("call:connection-report", report(call, peer, "connected")).await;
        }
    }
    heard_by_all(call, &mut [offerer, answerer]).await;
}
