//! Whole calls between two clients on one page.

use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::js::{done, elements, get, json, text};
use crate::party::{Party, both, kinds, track_states};

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

    let accepted = done(bob.client.accept((&*id).into(), JsValue::UNDEFINED)).await;
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
        let connection =
            party.client.peer_connection((*id).into(), (*other.user).into()).expect("there is one");
        assert_eq!(text(&connection, "connectionState"), "connected");
        assert!(party.client.peer_connection((*id).into(), (*party.user).into()).is_none());

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
