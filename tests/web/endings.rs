//! Every way in which a call ends that was not one.

use wasm_bindgen_test::wasm_bindgen_test;

use crate::js::{code, done, text, until};
use crate::party::{Party, track_states};
use crate::spy::{live_tracks, used};

#[wasm_bindgen_test]
async fn i10_a_call_is_declined() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let id = alice.rings(&bob, "video").await;
    let mine = alice.stream("media:local", &id).await;
    assert!(done(bob.client.reject((&*id).into())).await.is_undefined());
    assert_eq!((alice.ended(&id).await, bob.ended(&id).await), ("rejected".into(), "rejected".into()));
    assert_eq!(track_states(&mine), ["ended", "ended"]);
    assert!(alice.calls().is_empty() && bob.calls().is_empty());
    assert_eq!(bob.count("media:local"), 0);
    assert_eq!((alice.count("media:remote"), alice.count("media:remote-removed")), (0, 0));
}

#[wasm_bindgen_test]
async fn i10_a_call_is_cancelled() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let id = alice.rings(&bob, "video").await;
    let mine = alice.stream("media:local", &id).await;
    let hangup = alice.client.hangup((&*id).into());
    // In its turn, which comes before anything that the server can say.
    crate::js::turn().await;
    assert_eq!(track_states(&mine), ["ended", "ended"], "at once, whatever the server says");
    done(hangup).await;
    assert_eq!((alice.ended(&id).await, bob.ended(&id).await), ("cancelled".into(), "cancelled".into()));
    assert_eq!(code(bob.client.accept((&*id).into(), wasm_bindgen::JsValue::UNDEFINED)).await, "call-ended");
    done(bob.client.hangup((&*id).into())).await;
    assert!(alice.calls().is_empty() && bob.calls().is_empty());
}

#[wasm_bindgen_test]
async fn i10_one_who_is_in_a_call_is_busy() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let carol = Party::connected("carol").await;
    let id = alice.reaches(&bob, "audio").await;

    let promise = carol.initiate(&bob.user, "audio");
    let changed = carol.hears("call:state-changed", |changed| text(changed, "state") == "ended").await;
    assert_eq!(text(&changed, "endReason"), "busy");
    // Her microphone may be open only now; the call was made all the same.
    assert_eq!(text(&done(promise).await, "id"), text(&changed, "callId"));
    assert!(carol.calls().is_empty());
    assert_eq!(carol.heard_after_the_end(&text(&changed, "callId")), [""; 0], "I11");
    assert_eq!(bob.count("call:incoming"), 1, "who is busy does not ring");

    done(alice.client.hangup((&*id).into())).await;
    assert_eq!(bob.ended(&id).await, "completed");
    carol.reaches(&bob, "audio").await;
}

#[wasm_bindgen_test]
async fn one_who_is_not_there_does_not_ring_and_can_be_given_up() {
    let alice = Party::connected("alice").await;
    let call = done(alice.initiate("nobody", "audio")).await;
    assert_eq!(text(&call, "state"), "initiating");
    let id = text(&call, "id");
    done(alice.client.hangup((&*id).into())).await;
    assert_eq!(alice.ended(&id).await, "cancelled");
    assert_eq!(alice.states(&id), ["ended"], "nobody was reached, so nothing rang");
}

#[wasm_bindgen_test]
async fn one_who_comes_while_it_waits_rings() {
    let alice = Party::connected("alice").await;
    let bob = Party::new("bob");
    let id = text(&done(alice.initiate(&bob.user, "audio")).await, "id");
    done(bob.client.connect()).await;
    bob.hears("call:incoming", |call| text(call, "id") == id).await;
    alice.is("ringing", &id).await;
    done(bob.client.accept((&*id).into(), wasm_bindgen::JsValue::UNDEFINED)).await;
    alice.is("connected", &id).await;
    bob.is("connected", &id).await;
}

#[wasm_bindgen_test]
async fn i4_what_the_browser_yields_after_the_end_is_stopped_and_reaches_no_event() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let before = used();
    let id = alice.rings(&bob, "video").await;
    let accept = bob.client.accept((&*id).into(), wasm_bindgen::JsValue::UNDEFINED);
    // The browser has been asked for camera and microphone, and takes its time.
    until("a capture is under way", || used().captures == before.captures + 2).await;
    let hangup = bob.client.hangup((&*id).into());
    assert_eq!(code(accept).await, "call-ended");
    done(hangup).await;
    assert_eq!((alice.ended(&id).await, bob.ended(&id).await), ("completed".into(), "completed".into()));
    until("nothing is live", || live_tracks() == 0).await;
    assert_eq!(bob.count("media:local"), 0);
    assert_eq!(bob.heard_after_the_end(&id), [""; 0]);
    alice.reaches(&bob, "video").await;
}

#[wasm_bindgen_test]
async fn i12_simultaneous_hang_ups_end_the_call_once() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let id = alice.reaches(&bob, "audio").await;
    let both = [alice.client.hangup((&*id).into()), bob.client.hangup((&*id).into())];
    for hangup in both {
        done(hangup).await;
    }
    assert_eq!((alice.ended(&id).await, bob.ended(&id).await), ("completed".into(), "completed".into()));
    for party in [&alice, &bob] {
        assert_eq!(party.states(&id).iter().filter(|state| *state == "ended").count(), 1);
    }
}
