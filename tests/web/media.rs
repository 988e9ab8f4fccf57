//! Camera and microphone: off is off, on is on, and what was said last counts.

use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::MediaStream;

use crate::js::{done, elements, get, invoke, json, text, until};
use crate::party::{Party, both, kinds, track_states};

#[wasm_bindgen_test]
async fn a_microphone_that_goes_off_is_silent_and_told() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let id = alice.reaches(&bob, "audio").await;
    let mine = alice.stream("media:local", &id).await;
    for on in [false, true] {
        done(alice.client.toggle_media((&*id).into(), json(&format!(r#"{{"audio": {on}}}"#)))).await;
        let told = bob.hears("call:media-changed", |media| get(media, "audio").as_bool() == Some(on)).await;
        assert_eq!(text(&told, "userId"), alice.user);
        assert!(get(&told, "video").is_undefined() && get(&told, "screenShare").is_undefined());
        assert_eq!(get(&mine.get_audio_tracks().get(0), "enabled"), JsValue::from(on));
        for party in [&alice, &bob] {
            let me = elements(&get(&party.calls()[0], "participants")).swap_remove(0);
            assert_eq!(text(&me, "userId"), alice.user);
            assert_eq!(get(&me, "audioMuted"), JsValue::from(!on));
        }
    }
    assert_eq!(alice.count("call:media-changed"), 0, "one's own is no news");
}

#[wasm_bindgen_test]
async fn a_camera_that_goes_off_is_freed_and_comes_back() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let id = alice.reaches(&bob, "video").await;
    let mine = alice.stream("media:local", &id).await;
    let camera = mine.get_video_tracks().get(0);

    done(alice.client.toggle_media((&*id).into(), json(r#"{"video": false}"#))).await;
    assert_eq!(get(&camera, "enabled"), JsValue::FALSE, "dark at once");
    bob.hears("call:media-changed", |media| get(media, "video") == JsValue::FALSE).await;
    until("the camera is free", || text(&camera, "readyState") == "ended").await;
    assert_eq!(kinds(&mine), ["audio"]);

    done(alice.client.toggle_media((&*id).into(), json(r#"{"video": true}"#))).await;
    bob.hears("call:media-changed", |media| get(media, "video") == JsValue::TRUE).await;
    assert_eq!((kinds(&mine), track_states(&mine)), (both(), vec!["live".to_owned(); 2]));
    let sender = sending(
        &alice.client.peer_connection((*id).into(), (*bob.user).into()).expect("there is one"),
        "video",
    );
    until("the camera is sent", || {
        let track = get(&sender, "track");
        track.is_object() && text(&track, "readyState") == "live"
    })
    .await;
    done(alice.client.hangup((&*id).into())).await;
    assert_eq!(track_states(&mine), ["ended", "ended"]);
}

#[wasm_bindgen_test]
async fn a_preview_is_taken_over_by_the_call() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let preview: MediaStream = done(alice.client.preview(JsValue::UNDEFINED)).await.into();
    assert_eq!(kinds(&preview), both());
    let tracks = preview.get_tracks();
    let id = alice.reaches(&bob, "video").await;
    let mine = alice.stream("media:local", &id).await;
    assert!(tracks.iter().all(|track| mine.get_tracks().includes(&track, 0)), "the same tracks");
    done(alice.client.hangup((&*id).into())).await;
    assert_eq!(track_states(&preview), ["ended", "ended"]);
}

#[wasm_bindgen_test]
async fn a_preview_that_is_still_opening_is_taken_over_too() {
    let alice = Party::connected("alice").await;
    let preview = alice.client.preview(JsValue::UNDEFINED);
    let call = alice.initiate("nobody", "video");
    let (preview, id): (MediaStream, _) = (done(preview).await.into(), text(&done(call).await, "id"));
    let mine = alice.stream("media:local", &id).await;
    assert_eq!((kinds(&mine), kinds(&preview)), (both(), both()), "one microphone and one camera");
}

#[wasm_bindgen_test]
async fn a_camera_that_goes_off_while_it_opens_stays_off() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let id = alice.rings(&bob, "video").await;
    let accept = bob.client.accept((&*id).into(), JsValue::UNDEFINED);
    let off = bob.client.toggle_media((&*id).into(), json(r#"{"audio": false, "video": false}"#));
    done(accept).await;
    done(off).await;
    alice.hears("call:media-changed", |media| get(media, "video") == JsValue::FALSE).await;
    alice.is("connected", &id).await;
    let mine = bob.stream("media:local", &id).await;
    assert_eq!(get(&mine.get_audio_tracks().get(0), "enabled"), JsValue::FALSE);
    assert!(dark(&mine), "no camera is seen for a moment");
    until("the camera is free", || live(&mine, "video") == 0).await;
}

#[wasm_bindgen_test]
async fn a_camera_that_goes_on_and_off_at_once_is_off() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let id = alice.reaches(&bob, "video").await;
    let mine = alice.stream("media:local", &id).await;
    let toggle = |on: bool| alice.client.toggle_media((&*id).into(), json(&format!(r#"{{"video": {on}}}"#)));
    done(toggle(false)).await;
    until("the camera is free", || live(&mine, "video") == 0).await;

    for toggles in [[true, true, false], [true, false, false]] {
        for promise in toggles.map(toggle) {
            done(promise).await;
        }
        assert!(dark(&mine), "what was said last counts");
        until("the camera is free", || live(&mine, "video") == 0).await;
        let me = elements(&get(&alice.calls()[0], "participants")).swap_remove(0);
        assert_eq!(get(&me, "videoMuted"), JsValue::TRUE, "and so the others are told");
    }
    for promise in [true, true].map(toggle) {
        done(promise).await;
    }
    assert_eq!(kinds(&mine), both(), "one camera, however often it was asked for");
}

#[wasm_bindgen_test]
async fn what_the_others_are_told_last_is_what_is_so() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let id = alice.reaches(&bob, "video").await;
    let mine = alice.stream("media:local", &id).await;
    let toggle = |media: &str| alice.client.toggle_media((&*id).into(), json(media));
    done(toggle(r#"{"audio": false, "video": false}"#)).await;
    until("the camera is free", || live(&mine, "video") == 0).await;

    // While the camera opens, the microphone goes off again.
    for promise in [toggle(r#"{"audio": true, "video": true}"#), toggle(r#"{"audio": false}"#)] {
        done(promise).await;
    }
    bob.hears("call:media-changed", |media| get(media, "video") == JsValue::TRUE).await;
    assert_eq!(get(&mine.get_audio_tracks().get(0), "enabled"), JsValue::FALSE);
    for party in [&alice, &bob] {
        let caller = elements(&get(&party.calls()[0], "participants")).swap_remove(0);
        assert_eq!((get(&caller, "audioMuted"), get(&caller, "videoMuted")), (JsValue::TRUE, JsValue::FALSE));
    }
}

/// How many tracks of this kind are live.
fn live(stream: &MediaStream, kind: &str) -> usize {
    let tracks = stream.get_tracks();
    let live =
        tracks.iter().filter(|track| text(track, "kind") == kind && text(track, "readyState") == "live");
    live.count()
}

/// Whether no picture leaves the stream.
fn dark(stream: &MediaStream) -> bool {
    stream.get_video_tracks().iter().all(|track| get(&track, "enabled") == JsValue::FALSE)
}

/// The sender of this kind.
fn sending(connection: &JsValue, kind: &str) -> JsValue {
    let transceivers = elements(&invoke(connection, "getTransceivers", &[]));
    let of_kind = |transceiver: &JsValue| text(&get(&get(transceiver, "receiver"), "track"), "kind") == kind;
    get(&transceivers.into_iter().find(of_kind).expect("there is one"), "sender")
}
