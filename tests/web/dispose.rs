//! A client that is disposed of leaves nothing behind.

use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::MediaStream;

use crate::js::{code, done, json, text, until};
use crate::party::{Party, track_states};
use crate::spy::{latest_socket, used};

#[wasm_bindgen_test]
async fn i32_nothing_is_left_of_a_client_that_was_in_a_call() {
    let _ = used();
    let alice = Party::connected("alice").await;
    let socket = latest_socket();
    let bob = Party::connected("bob").await;
    let id = alice.reaches(&bob, "video").await;
    let streams = [alice.stream("media:local", &id).await, bob.stream("media:local", &id).await];
    let connection = alice.client.peer_connection((*id).into(), (*bob.user).into()).expect("there is one");
    let heard = alice.heard().len();

    alice.client.dispose();
    assert_eq!(track_states(&streams[0]), ["ended", "ended"], "at once");
    assert_eq!(text(&connection, "connectionState"), "closed");
    assert_eq!(alice.client.connection_state(), "disconnected");
    assert!(alice.client.peer_connection((*id).into(), (*bob.user).into()).is_none());
    assert!(alice.calls().is_empty());
    until("the socket is closed", || socket.ready_state() == web_sys::WebSocket::CLOSED).await;
    assert_eq!(bob.ended(&id).await, "completed", "Bob heard that Alice hung up");
    assert_eq!(track_states(&streams[1]), ["ended", "ended"]);
    assert_eq!(alice.heard().len(), heard, "whoever disposes wants to hear no more");

    alice.client.dispose();
    bob.client.dispose();
    assert_eq!(bob.client.connection_state(), "disconnected");
}

#[wasm_bindgen_test]
async fn i32_nothing_is_left_of_a_client_that_rang() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let id = alice.rings(&bob, "video").await;
    let mine = alice.stream("media:local", &id).await;
    alice.client.dispose();
    assert_eq!(track_states(&mine), ["ended", "ended"]);
    assert_eq!(bob.ended(&id).await, "cancelled");
}

#[wasm_bindgen_test]
async fn i32_a_preview_ends_with_its_client() {
    let alice = Party::new("alice");
    let preview: MediaStream = done(alice.client.preview(json(r#"{"video": false}"#))).await.into();
    assert_eq!(track_states(&preview), ["live"]);
    alice.client.dispose();
    assert_eq!(track_states(&preview), ["ended"]);
}

#[wasm_bindgen_test]
async fn what_waits_when_the_client_is_disposed_of_is_told_so() {
    let alice = Party::new("alice");
    let connect = alice.client.connect();
    alice.client.dispose();
    assert_eq!(code(connect).await, "disposed");

    let bob = Party::connected("bob").await;
    let carol = Party::connected("carol").await;
    let id = bob.reaches(&carol, "audio").await;
    let toggle = bob.client.toggle_media((&*id).into(), json(r#"{"audio": false}"#));
    let preview = bob.client.preview(JsValue::UNDEFINED);
    bob.client.dispose();
    // Which of the two is found first, the end of the call or that of the client, means nothing to anybody; and what the
    // browser yields to the preview after the end is stopped where it comes.
    for promise in [toggle, preview] {
        let error = code(promise).await;
        assert!(["call-ended", "disposed"].contains(&&*error), "{error}");
    }
}

#[wasm_bindgen_test]
async fn a_client_that_was_disposed_of_is_of_no_more_use() {
    let alice = Party::connected("alice").await;
    alice.client.dispose();
    let before = used();
    assert_eq!(code(alice.client.connect()).await, "disposed");
    assert_eq!(code(alice.initiate("bob", "audio")).await, "disposed");
    assert_eq!(code(alice.client.accept("call-1".into(), JsValue::UNDEFINED)).await, "disposed");
    assert_eq!(code(alice.client.preview(JsValue::UNDEFINED)).await, "disposed");
    assert_eq!(used(), before);
}
