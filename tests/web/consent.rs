//! Nothing before accept.

use wasm_bindgen_test::wasm_bindgen_test;

use crate::js::{done, get, text};
use crate::party::{Party, track_states};
use crate::plain::Plain;
use crate::spy::used;

#[wasm_bindgen_test]
async fn i1_i2_a_call_that_rings_uses_nothing_and_sends_nothing() {
    let bob = Party::connected("bob").await;
    // Whoever calls has no SDK, so that whatever is used on this page is Bob's doing.
    let caller = Plain::connected("caller").await;
    let before = used();
    let id = ring(&caller, &bob).await;
    caller.says("call:hangup", &format!(r#"{{"callId": "{id}"}}"#));
    assert_eq!(bob.ended(&id).await, "cancelled");
    caller.hears("call:state-changed").await;
    assert_eq!(used(), before);
    assert_eq!(bob.count("media:local"), 0);
    let signals = caller.heard().into_iter().filter(|event| event.starts_with("signal:"));
    assert_eq!(signals.collect::<Vec<_>>(), [""; 0]);
}

#[wasm_bindgen_test]
async fn i1_camera_and_microphone_open_with_the_accept() {
    let bob = Party::connected("bob").await;
    let caller = Plain::connected("caller").await;
    let before = used();
    let id = ring(&caller, &bob).await;
    assert_eq!(used(), before);
    done(bob.client.accept((&*id).into(), wasm_bindgen::JsValue::UNDEFINED)).await;
    let after = used();
    assert_eq!((after.captures, after.connections), (before.captures + 1, before.connections));
    let joined = caller.hears("call:participant-joined").await;
    assert_eq!(text(&get(&joined, "participant"), "userId"), bob.user);

    // A caller without the SDK offers now, and not before; this one hangs up in place of it.
    let mine = bob.stream("media:local", &id).await;
    assert_eq!(track_states(&mine), ["live", "live"]);
    caller.says("call:hangup", &format!(r#"{{"callId": "{id}"}}"#));
    assert_eq!(bob.ended(&id).await, "completed");
    assert_eq!(track_states(&mine), ["ended", "ended"]);
}

#[wasm_bindgen_test]
async fn i1_declining_uses_nothing() {
    let bob = Party::connected("bob").await;
    let caller = Plain::connected("caller").await;
    let before = used();
    let id = ring(&caller, &bob).await;
    done(bob.client.reject((&*id).into())).await;
    assert_eq!(bob.ended(&id).await, "rejected");
    assert_eq!(used(), before);
}

/// Calls, and waits until it rings. Returns the call's id.
async fn ring(caller: &Plain, callee: &Party) -> String {
    let data = format!(r#"{{"conversationId": "c", "type": "video", "calleeIds": ["{}"]}}"#, callee.user);
    caller.says("call:initiate", &data);
    let incoming = callee.hears("call:incoming", |call| text(call, "callerId") == caller.user).await;
    text(&incoming, "id")
}
