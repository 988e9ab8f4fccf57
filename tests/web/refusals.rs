//! What cannot be done, and why, by a code that programs may rely on.

use wasm_bindgen_test::wasm_bindgen_test;

use crate::js::{code, done, get, json, settled, text};
use crate::party::Party;
use crate::spy::used;

#[wasm_bindgen_test]
async fn a_call_that_there_is_not_is_unknown() {
    let alice = Party::connected("alice").await;
    let before = used();
    let id = || "no-such-call".into();
    assert_eq!(code(alice.client.accept(id(), wasm_bindgen::JsValue::UNDEFINED)).await, "unknown-call");
    assert_eq!(code(alice.client.reject(id())).await, "unknown-call");
    assert_eq!(code(alice.client.hangup(id())).await, "unknown-call");
    assert_eq!(code(alice.client.toggle_media(id(), json(r#"{"audio": true}"#))).await, "unknown-call");
    assert_eq!(code(alice.client.add_participant(id(), "bob".into())).await, "unknown-call");
    assert_eq!(code(alice.client.remove_participant(id(), "bob".into())).await, "unknown-call");
    assert_eq!(used(), before, "no camera was opened for it");
    let error = settled(alice.client.hangup(id())).await.expect_err("it is unknown");
    assert_eq!(text(&error, "callId"), "no-such-call");
}

#[wasm_bindgen_test]
async fn a_call_of_others_looks_like_one_that_there_is_not() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let carol = Party::connected("carol").await;
    let id = alice.rings(&bob, "audio").await;
    assert_eq!(
        code(carol.client.accept((&*id).into(), wasm_bindgen::JsValue::UNDEFINED)).await,
        "unknown-call"
    );
    assert_eq!(code(carol.client.hangup((&*id).into())).await, "unknown-call");
    done(bob.client.reject((&*id).into())).await;
}

#[wasm_bindgen_test]
async fn one_call_at_a_time() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let carol = Party::connected("carol").await;
    let id = alice.reaches(&bob, "audio").await;
    let before = used();
    assert_eq!(code(alice.initiate(&carol.user, "audio")).await, "already-in-call");
    assert_eq!(code(bob.initiate(&carol.user, "video")).await, "already-in-call");
    assert_eq!(used(), before, "no camera was opened for it");
    assert_eq!(
        code(bob.client.accept((&*id).into(), wasm_bindgen::JsValue::UNDEFINED)).await,
        "already-in-call"
    );
    for party in [&alice, &bob] {
        let track = party.stream("media:local", &id).await.get_audio_tracks().get(0);
        assert_eq!(text(&track, "readyState"), "live", "the call goes on");
    }
    assert_eq!(carol.count("call:incoming"), 0);
    done(alice.client.hangup((&*id).into())).await;
    done(alice.initiate(&carol.user, "audio")).await;
}

#[wasm_bindgen_test]
async fn two_calls_at_once_are_one_too_many() {
    let alice = Party::connected("alice").await;
    let first = alice.initiate("nobody", "audio");
    let second = alice.initiate("no-one", "audio");
    assert_eq!(code(second).await, "already-in-call");
    assert_eq!(text(&done(first).await, "state"), "initiating");
    assert_eq!(alice.calls().len(), 1);
}

#[wasm_bindgen_test]
async fn what_needs_an_accept_first_says_so() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let id = alice.rings(&bob, "audio").await;
    alice.is("ringing", &id).await;
    let toggle = bob.client.toggle_media((&*id).into(), json(r#"{"audio": false}"#));
    assert_eq!(code(toggle).await, "invalid-state");
    assert_eq!(code(bob.client.add_participant((&*id).into(), "carol".into())).await, "invalid-state");
    assert_eq!(code(bob.client.remove_participant((&*id).into(), "carol".into())).await, "invalid-state");
    assert_eq!(
        code(alice.client.accept((&*id).into(), wasm_bindgen::JsValue::UNDEFINED)).await,
        "already-in-call",
        "it is one's own"
    );
    assert_eq!(code(alice.client.reject((&*id).into())).await, "invalid-state");
    assert_eq!(text(&alice.calls()[0], "state"), "ringing", "nothing changed");
    assert!(get(&bob.calls()[0], "endReason").is_undefined());
}

#[wasm_bindgen_test]
async fn hanging_up_what_has_ended_is_no_error() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let id = alice.rings(&bob, "audio").await;
    done(alice.client.hangup((&*id).into())).await;
    done(alice.client.hangup((&*id).into())).await;
    bob.ended(&id).await;
    done(bob.client.hangup((&*id).into())).await;
    assert_eq!(code(bob.client.reject((&*id).into())).await, "call-ended");
    assert_eq!(code(bob.client.toggle_media((&*id).into(), json(r#"{"audio": true}"#))).await, "call-ended");
    assert_eq!(code(bob.client.add_participant((&*id).into(), "carol".into())).await, "call-ended");
}

#[wasm_bindgen_test]
async fn what_is_asked_is_done_in_the_order_in_which_it_was_asked() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let id = alice.reaches(&bob, "audio").await;
    let toggle = alice.client.toggle_media((&*id).into(), json(r#"{"audio": false}"#));
    let hangup = alice.client.hangup((&*id).into());
    done(toggle).await;
    done(hangup).await;
    bob.hears("call:media-changed", |_| true).await;
    assert_eq!((alice.ended(&id).await, bob.ended(&id).await), ("completed".into(), "completed".into()));

    let id = alice.rings(&bob, "audio").await;
    let accept = bob.client.accept((&*id).into(), wasm_bindgen::JsValue::UNDEFINED);
    let hangup = bob.client.hangup((&*id).into());
    assert_eq!(code(accept).await, "call-ended", "accepted, and left");
    done(hangup).await;
    assert_eq!((alice.ended(&id).await, bob.ended(&id).await), ("completed".into(), "completed".into()));
}
