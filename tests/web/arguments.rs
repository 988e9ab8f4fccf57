//! What cannot be used is refused, by name, before anything is touched.

use lumencall::CallClient;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::js::{call_error, json, refused};
use crate::party::{EVENTS, Party, server};
use crate::spy::used;

/// What the constructor throws.
fn thrown(options: &JsValue) -> (String, String) {
    match CallClient::new(options.clone()) {
        Ok(_) => panic!("the options were good"),
        Err(error) => call_error(&error),
    }
}

#[wasm_bindgen_test]
fn an_option_that_is_missing_or_of_another_type_is_named() {
    let cases = [
        (r#"{"userId": "alice"}"#, "url"),
        (r#"{"url": 7, "userId": "alice"}"#, "url"),
        (r#"{"url": null, "userId": "alice"}"#, "url"),
        (r#"{"url": "/ws"}"#, "userId"),
        (r#"{"url": "/ws", "userId": ""}"#, "userId"),
        (r#"{"url": "/ws", "userId": 7}"#, "userId"),
        (r#"{"url": "/ws", "userId": "alice", "commandTimeout": "soon"}"#, "commandTimeout"),
        (r#"{"url": "/ws", "userId": "alice", "commandTimeout": -1}"#, "commandTimeout"),
        (r#"{"url": "/ws", "userId": "alice", "commandTimeout": 0.5}"#, "commandTimeout"),
        (r#"{"url": "/ws", "userId": "alice", "iceServers": "stun:stun.test"}"#, "iceServers"),
        (r#"{"url": "/ws", "userId": "alice", "logger": {}}"#, "logger"),
    ];
    for (options, member) in cases {
        let (code, message) = thrown(&json(options));
        assert_eq!(code, "invalid-argument", "{options}");
        assert!(message.contains(member), "{options}: {message}");
    }
    let long = format!(r#"{{"url": "/ws", "userId": "{}"}}"#, "a".repeat(129));
    assert!(thrown(&json(&long)).1.contains("userId"));
    for nothing in [JsValue::UNDEFINED, JsValue::NULL, "alice".into(), 7.into()] {
        let (code, message) = thrown(&nothing);
        assert_eq!(code, "invalid-argument");
        assert!(message.contains("options"), "{message}");
    }
}

#[wasm_bindgen_test]
fn an_option_that_is_null_is_not_given() {
    let options = r#"{"url": "/ws", "userId": "a", "iceServers": null, "media": null, "commandTimeout": null, "logger": null}"#;
    let client = CallClient::new(json(options)).expect("it has what it needs");
    assert_eq!(client.user_id(), "a");
    client.dispose();
}

#[wasm_bindgen_test]
fn making_a_client_touches_nothing_of_the_browser() {
    let before = used();
    let party = Party::new("alice");
    assert_eq!(party.client.user_id(), party.user);
    assert_eq!(party.client.connection_state(), "disconnected");
    assert!(party.calls().is_empty());
    assert!(party.client.peer_connection("call-1".into(), "bob".into()).is_none());
    assert!(party.client.peer_connection("".into(), "".into()).is_none());
    assert_eq!(used(), before);
}

#[wasm_bindgen_test]
fn an_event_that_there_is_not_cannot_be_listened_to() {
    let party = Party::new("alice");
    for name in ["call:incomming", "signal:offer", "reply", "", "constructor"] {
        let listener = || party.listener(|_| ());
        for result in [
            party.client.on(name.into(), listener().into()),
            party.client.once(name.into(), listener().into()),
        ] {
            let (code, message) = call_error(&result.expect_err("there is no such event"));
            assert_eq!(code, "invalid-argument");
            assert!(message.contains("event"), "{message}");
        }
        party.client.off(name.into(), &listener());
    }
    for wrong in [JsValue::UNDEFINED, JsValue::NULL, "click".into()] {
        let refused = party.client.on("error".into(), wrong).expect_err("it is no function");
        assert_eq!(
            call_error(&refused),
            ("invalid-argument".into(), "the listener should be a function".into())
        );
    }
    for name in EVENTS {
        party.client.once(name.into(), party.listener(|_| ()).into()).expect("there is such an event");
    }
}

#[wasm_bindgen_test]
async fn an_argument_of_a_method_that_is_missing_or_of_another_type_is_named() {
    let party = Party::connected("alice").await;
    let before = used();
    let cases = [
        (r#"{"type": "video", "calleeIds": ["bob"]}"#, "conversationId"),
        (r#"{"conversationId": "", "type": "video", "calleeIds": ["bob"]}"#, "conversationId"),
        (r#"{"conversationId": "c", "calleeIds": ["bob"]}"#, "type"),
        (r#"{"conversationId": "c", "type": "hologram", "calleeIds": ["bob"]}"#, "type"),
        (r#"{"conversationId": "c", "type": "video"}"#, "calleeIds"),
        (r#"{"conversationId": "c", "type": "video", "calleeIds": "bob"}"#, "calleeIds"),
        (r#"{"conversationId": "c", "type": "video", "calleeIds": [7]}"#, "calleeIds"),
        (r#"{"conversationId": "c", "type": "video", "calleeIds": ["bob"], "metadata": {}}"#, "metadata"),
        ("7", "argument"),
    ];
    for (options, member) in cases {
        let (code, message) = refused(party.client.initiate(json(options))).await;
        assert_eq!(code, "invalid-argument", "{options}");
        assert!(message.contains(member), "{options}: {message}");
    }
    for id in [JsValue::UNDEFINED, JsValue::NULL, 7.into(), "".into(), json("{}")] {
        let everything = json("{}");
        for promise in [
            party.client.accept(id.clone(), JsValue::UNDEFINED),
            party.client.reject(id.clone()),
            party.client.hangup(id.clone()),
            party.client.toggle_media(id.clone(), everything),
            party.client.add_participant(id.clone(), "bob".into()),
            party.client.remove_participant(id.clone(), "bob".into()),
        ] {
            let (code, message) = refused(promise).await;
            assert_eq!(code, "invalid-argument");
            assert!(message.contains("callId"), "{message}");
        }
    }
    for user in [JsValue::UNDEFINED, JsValue::NULL, 7.into(), "".into(), "a".repeat(129).into()] {
        for promise in [
            party.client.add_participant("call-1".into(), user.clone()),
            party.client.remove_participant("call-1".into(), user.clone()),
        ] {
            let (code, message) = refused(promise).await;
            assert_eq!(code, "invalid-argument");
            assert!(message.contains("userId"), "{message}");
        }
    }
    let (code, message) =
        refused(party.client.toggle_media("call-1".into(), json(r#"{"audio": "off"}"#))).await;
    assert_eq!(code, "invalid-argument");
    assert!(message.contains("audio"), "{message}");
    assert_eq!(used(), before, "no camera was opened for any of it");
}

#[wasm_bindgen_test]
async fn what_the_server_refuses_is_told_by_the_server() {
    let party = Party::connected("alice").await;
    let (code, message) = refused(party.initiate(&party.user, "audio")).await;
    assert_eq!(code, "invalid-argument");
    assert!(message.contains("calleeIds"), "{message}");
    for callees in [&["bob", "bob"][..], &["bob", &party.user]] {
        let (code, message) = refused(party.initiate_to(callees, "audio")).await;
        assert_eq!(code, "invalid-argument", "{callees:?}");
        assert!(message.contains("calleeIds"), "{message}");
    }
    let nobody = json(r#"{"conversationId": "c", "type": "audio", "calleeIds": []}"#);
    assert_eq!(refused(party.client.initiate(nobody)).await.0, "invalid-argument");
    let eight = ["b", "c", "d", "e", "f", "g", "h", "i"];
    assert_eq!(refused(party.initiate_to(&eight, "audio")).await.0, "limit-exceeded");
    let metadata = "m".repeat(1025);
    let options = format!(
        r#"{{"conversationId": "c", "type": "audio", "calleeIds": ["bob"], "metadata": "{metadata}"}}"#
    );
    let (code, message) = refused(party.client.initiate(json(&options))).await;
    assert_eq!(code, "invalid-argument");
    assert!(message.contains("metadata"), "{message}");
    assert_eq!(party.client.connection_state(), "connected", "{}", server());
}
