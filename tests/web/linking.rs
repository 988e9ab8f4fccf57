//! The connection to the server: opened, refused, lost.

use wasm_bindgen_test::wasm_bindgen_test;

use crate::js::{code, done, json, text, until};
use crate::party::{Party, server};
use crate::spy::{latest_socket, used};

#[wasm_bindgen_test]
async fn connecting_is_told_and_again_is_harmless() {
    let before = used().sockets;
    let alice = Party::new("alice");
    let both = [alice.client.connect(), alice.client.connect()];
    assert_eq!(alice.client.connection_state(), "connecting");
    for connecting in both {
        done(connecting).await;
    }
    done(alice.client.connect()).await;
    assert_eq!(alice.client.connection_state(), "connected");
    assert_eq!(used().sockets, before + 1, "one socket serves them all");
    let expected = [
        r#"connection:state-changed {"state":"connecting"}"#,
        r#"connection:state-changed {"state":"connected"}"#,
    ];
    assert_eq!(alice.heard(), expected);
}

#[wasm_bindgen_test]
async fn a_server_that_is_not_there_is_unreachable() {
    // Nobody listens there: it is a privileged port without a use today.
    for url in ["ws://127.0.0.1:2/ws", &server().replace("/ws", "/nothing-here")] {
        let alice = Party::at(url, "alice");
        assert_eq!(code(alice.client.connect()).await, "signaling-unreachable", "{url}");
        assert_eq!(alice.client.connection_state(), "disconnected");
        let told = ["connecting", "disconnected"]
            .map(|state| format!(r#"connection:state-changed {{"state":"{state}"}}"#));
        assert_eq!(alice.heard(), told);
        assert_eq!(code(alice.client.connect()).await, "signaling-unreachable", "it can be tried again");
    }
}

#[wasm_bindgen_test]
async fn without_a_connection_there_is_no_call() {
    let before = used().captures;
    let alice = Party::new("alice");
    assert_eq!(code(alice.initiate("bob", "audio")).await, "signaling-unreachable");
    assert!(alice.calls().is_empty());
    assert!(used().captures <= before + 1);
    // What was opened for it is let go of again: another can be asked for.
    done(alice.client.connect()).await;
    done(alice.initiate("nobody", "audio")).await;
}

#[wasm_bindgen_test]
async fn a_name_of_any_characters_arrives_as_it_is() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("Zoë & co. + 50 % ?#/日本").await;
    let id = alice.rings(&bob, "audio").await;
    let incoming = bob.hears("call:incoming", |_| true).await;
    assert_eq!(text(&incoming, "callerId"), alice.user);
    let callees = crate::js::elements(&crate::js::get(&incoming, "calleeIds"));
    assert_eq!(callees[0].as_string().as_deref(), Some(&*bob.user));
    done(alice.client.hangup((&*id).into())).await;
}

#[wasm_bindgen_test]
async fn i19_a_lost_connection_is_restored_and_the_call_goes_on() {
    let _ = used();
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let socket = latest_socket();
    let id = alice.reaches(&bob, "audio").await;
    let mine = bob.stream("media:local", &id).await;
    socket.close().expect("it can be closed");
    bob.hears("connection:state-changed", |link| text(link, "state") == "reconnecting").await;
    // What is asked for now is done when the connection is there again.
    let muted = bob.client.toggle_media((&*id).into(), json(r#"{"audio": false}"#));
    until("it is restored", || bob.client.connection_state() == "connected").await;
    done(muted).await;
    alice.hears("call:media-changed", |change| text(change, "userId") == bob.user).await;
    assert_eq!(crate::party::track_states(&mine), ["live"]);
    assert_eq!(alice.states(&id).last().map(String::as_str), Some("connected"));
    done(bob.client.hangup((&*id).into())).await;
    assert_eq!((alice.ended(&id).await, bob.ended(&id).await), ("completed".into(), "completed".into()));
}
