//! The steps of a call that many tests begin with.

use serde_json::{Value, json};

use super::Client;

/// One calls another. Returns the id of the call; nothing else has been read.
pub(crate) async fn initiate(caller: &mut Client, callee: &str) -> String {
    let data = json!({ "conversationId": "conv-123", "type": "video", "calleeIds": [callee] });
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
