//! Whole calls between two clients on one page.

use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::MediaStream;

use crate::js::{done, elements, get, json, text, until};
use crate::party::{Party, track_states};

#[wasm_bindgen_test]
async fn i4_a_video_call_from_ring_to_end() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;

    let call = done(alice.initiate(&bob.user, "video")).await;
    let id = text(&call, "id");
    assert_eq!(text(&call, "callerId"), alice.user);
    assert_eq!(text(&call, "conversationId"), "demo");
    alice.is("ringing", &id).await;

    let incoming = bob.hears("call:incoming", |_| true).await;
    assert_eq!((text(&incoming, "id"), text(&incoming, "type")), (id.clone(), "video".to_owned()));
    assert_eq!((alice.calls().len(), bob.calls().len()), (1, 1));

    let accepted = done(bob.client.accept((&*id).into())).await;
    assert_eq!(text(&accepted, "id"), id);
    assert_eq!(participants(&accepted), [&*alice.user, &*bob.user]);
    alice.is("connected", &id).await;
    bob.is("connected", &id).await;
    assert_eq!(alice.states(&id), ["ringing", "connecting", "connected"]);
    assert_eq!(bob.states(&id), ["connecting", "connected"]);
    let joined = alice.hears("call:participant-joined", |_| true).await;
    assert_eq!(text(&get(&joined, "participant"), "userId"), bob.user);

    let mut streams = Vec::new();
    for (party, other) in [(&alice, &bob), (&bob, &alice)] {
        let known = party.calls();
        assert_eq!(text(&known[0], "state"), "connected");
        assert_eq!(participants(&known[0]), [&*alice.user, &*bob.user]);
        let connection = party.client.peer_connection(&id, &other.user).expect("there is one");
        assert_eq!(text(&connection, "connectionState"), "connected");
        assert!(party.client.peer_connection(&id, &party.user).is_none());

        let mine = party.stream("media:local", &id).await;
        let theirs = party.stream("media:remote", &id).await;
        let remote = party.hears("media:remote", |_| true).await;
        assert_eq!(text(&remote, "userId"), other.user);
        assert_eq!((kinds(&mine), kinds(&theirs)), (both(), both()));
        assert_eq!(track_states(&theirs), ["live", "live"]);
        streams.push((mine, connection));
    }

    done(alice.client.hangup((&*id).into())).await;
    assert_eq!(
        (alice.ended(&id).await, bob.ended(&id).await),
        ("completed".to_owned(), "completed".to_owned())
    );
    for (mine, connection) in &streams {
        assert_eq!(track_states(mine), ["ended", "ended"]);
        assert_eq!(text(connection, "signalingState"), "closed");
    }
    for party in [&alice, &bob] {
        assert!(party.calls().is_empty());
        assert_eq!(party.count("media:remote"), 1, "each stream is shown once");
        assert_eq!(party.count("media:remote-removed"), 1);
        assert_eq!(party.heard_after_the_end(&id), [""; 0]);
        assert_eq!(party.errors(), [""; 0]);
    }
}

#[wasm_bindgen_test]
async fn an_audio_call_opens_no_camera() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let id = alice.reaches(&bob, "audio").await;
    for party in [&alice, &bob] {
        assert_eq!(kinds(&party.stream("media:local", &id).await), ["audio"]);
        assert_eq!(kinds(&party.stream("media:remote", &id).await), ["audio"]);
    }
    let camera = alice.client.toggle_media((&*id).into(), json(r#"{"video": true}"#));
    assert_eq!(crate::js::code(camera).await, "invalid-state");
    done(bob.client.hangup((&*id).into())).await;
    assert_eq!(alice.ended(&id).await, "completed");
}

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
    let sender = sending(&alice.client.peer_connection(&id, &bob.user).expect("there is one"), "video");
    until("the camera is sent", || text(&get(&sender, "track"), "readyState") == "live").await;
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
async fn the_callee_can_call_back() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let first = alice.reaches(&bob, "audio").await;
    done(bob.client.hangup((&*first).into())).await;
    assert_eq!(
        (bob.ended(&first).await, alice.ended(&first).await),
        ("completed".into(), "completed".into())
    );
    let second = bob.reaches(&alice, "video").await;
    done(bob.client.hangup((&*second).into())).await;
    assert_eq!(alice.ended(&second).await, "completed");
}

/// The users in the call.
fn participants(call: &JsValue) -> Vec<String> {
    elements(&get(call, "participants")).iter().map(|one| text(one, "userId")).collect()
}

/// The kinds of the stream's tracks, sorted.
fn kinds(stream: &MediaStream) -> Vec<String> {
    let mut kinds: Vec<_> = stream.get_tracks().iter().map(|track| text(&track, "kind")).collect();
    kinds.sort();
    kinds
}

fn both() -> Vec<String> {
    vec!["audio".to_owned(), "video".to_owned()]
}

/// The sender of this kind.
fn sending(connection: &JsValue, kind: &str) -> JsValue {
    let transceivers = elements(&crate::js::invoke(connection, "getTransceivers", &[]));
    let of_kind = |transceiver: &JsValue| text(&get(&get(transceiver, "receiver"), "track"), "kind") == kind;
    get(&transceivers.into_iter().find(of_kind).expect("there is one"), "sender")
}
