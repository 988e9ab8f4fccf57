//! The app's listeners: they may throw, and they may call back.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_events::{EventListener, EventListenerOptions};
use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::js::{done, get, json, settled, text, until};
use crate::party::{Party, track_states};

#[wasm_bindgen_test]
async fn a_listener_that_throws_is_reported_and_harms_nothing() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let reported: Rc<RefCell<Vec<String>>> = Rc::default();
    let window = web_sys::window().expect("a page has a window");
    let reports = reported.clone();
    let options = EventListenerOptions::enable_prevent_default();
    let _listener = EventListener::new_with_options(&window, "error", options, move |event| {
        event.prevent_default();
        reports.borrow_mut().push(text(&get(event, "error"), "message"));
    });
    for event in ["call:incoming", "call:state-changed", "media:local"] {
        bob.client
            .on(event.into(), Function::new_no_args("throw new Error('of the app')").into())
            .expect("an event");
    }
    let after = Rc::new(Cell::new(0));
    let count = after.clone();
    bob.on("call:incoming", move |_, _| count.set(count.get() + 1));
    let id = alice.reaches(&bob, "audio").await;
    assert_eq!(after.get(), 1, "the next listener hears it all the same");
    let mine = bob.stream("media:local", &id).await;
    done(alice.client.hangup((&*id).into())).await;
    assert_eq!(bob.ended(&id).await, "completed");
    assert_eq!(track_states(&mine), ["ended"]);
    // Incoming, connecting, connected and ended, and the microphone.
    assert_eq!(*reported.borrow(), ["of the app"; 5]);
}

#[wasm_bindgen_test]
async fn a_listener_may_accept_and_hang_up() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    bob.on("call:incoming", |client, call| {
        assert_eq!(crate::js::elements(&client.calls()).len(), 1);
        let accept = client.accept(get(&call, "id"), JsValue::UNDEFINED);
        alone(accept);
    });
    alice.on("call:state-changed", |client, changed| {
        if text(&changed, "state") == "connected" {
            let call = text(&changed, "callId");
            assert!(client.peer_connection((*call).into(), "nobody".into()).is_none());
            let hangup = client.hangup((&*call).into());
            alone(hangup);
        }
    });
    let id = text(&done(alice.initiate(&bob.user, "video")).await, "id");
    assert_eq!((alice.ended(&id).await, bob.ended(&id).await), ("completed".into(), "completed".into()));
    assert_eq!(alice.states(&id), ["ringing", "connecting", "connected", "ended"], "in order");
    assert!(alice.calls().is_empty() && bob.calls().is_empty());
}

#[wasm_bindgen_test]
async fn a_listener_may_call_again_when_a_call_ends() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let again = bob.user.clone();
    let mut calls = 0;
    alice.on("call:state-changed", move |client, changed| {
        if text(&changed, "state") == "ended" && calls == 0 {
            calls += 1;
            let options =
                format!(r#"{{"conversationId": "again", "type": "audio", "calleeIds": ["{again}"]}}"#);
            let initiate = client.initiate(json(&options));
            alone(initiate);
        }
    });
    let id = alice.rings(&bob, "audio").await;
    done(bob.client.reject((&*id).into())).await;
    let call = bob.hears("call:incoming", |call| text(call, "conversationId") == "again").await;
    done(bob.client.accept(get(&call, "id"), JsValue::UNDEFINED)).await;
    alice.is("connected", &text(&call, "id")).await;
}

#[wasm_bindgen_test]
async fn a_listener_may_toggle_and_listen_and_stop_listening() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let heard = Rc::new(Cell::new(0));
    let itself: Rc<RefCell<Option<Function>>> = Rc::default();
    let listener = bob.listener({
        let (client, heard, itself) = (Rc::downgrade(&bob.client), heard.clone(), itself.clone());
        move |_| {
            heard.set(heard.get() + 1);
            let client = client.upgrade().expect("the client is there");
            client.off("call:state-changed".into(), itself.borrow().as_ref().expect("it was noted"));
            client.once("call:state-changed".into(), Function::new_no_args("").into()).expect("an event");
        }
    });
    itself.replace(Some(listener.clone()));
    bob.client.on("call:state-changed".into(), listener.into()).expect("an event");
    alice.on("call:state-changed", |client, changed| {
        if text(&changed, "state") == "connected" {
            let toggle = client.toggle_media(get(&changed, "callId"), json(r#"{"audio": false}"#));
            alone(toggle);
        }
    });
    alice.reaches(&bob, "audio").await;
    bob.hears("call:media-changed", |media| get(media, "audio") == JsValue::FALSE).await;
    assert_eq!(heard.get(), 1, "of connecting and connected it heard the first");
}

#[wasm_bindgen_test]
async fn a_listener_may_dispose_of_its_client() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    bob.on("call:incoming", |client, _| client.dispose());
    // The call may be over before Alice's microphone is open, and her promise tell so.
    alone(alice.initiate(&bob.user, "audio"));
    let changed = alice.hears("call:state-changed", |changed| text(changed, "state") == "ended").await;
    assert_eq!(text(&changed, "endReason"), "missed", "Bob's only device is gone");
    assert!(bob.calls().is_empty());
    assert_eq!(bob.client.connection_state(), "disconnected");

    let carol = Party::connected("carol").await;
    alice.on("call:state-changed", |client, changed| {
        if text(&changed, "state") == "connected" {
            client.dispose();
        }
    });
    alone(alice.initiate(&carol.user, "audio"));
    let id = text(&carol.hears("call:incoming", |_| true).await, "id");
    alone(carol.client.accept((&*id).into(), JsValue::UNDEFINED));
    assert_eq!(carol.ended(&id).await, "completed");
    assert!(alice.calls().is_empty());
}

#[wasm_bindgen_test]
async fn once_is_once_and_off_is_off() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let counts: Rc<[Cell<u32>; 4]> = Rc::default();
    let counting = |index: usize| {
        let counts = counts.clone();
        bob.listener(move |_| counts[index].set(counts[index].get() + 1))
    };
    let [always, once, off, other] = [counting(0), counting(1), counting(2), counting(3)];
    for _ in 0..2 {
        bob.client.on("call:incoming".into(), always.clone().into()).expect("an event");
    }
    bob.client.once("call:incoming".into(), once.into()).expect("an event");
    bob.client.on("call:incoming".into(), off.clone().into()).expect("an event");
    bob.client.off("call:incoming".into(), &off);
    bob.client.once("call:incoming".into(), off.clone().into()).expect("an event");
    bob.client.off("call:incoming".into(), &off);
    bob.client.on("call:participant-left".into(), other.clone().into()).expect("an event");
    bob.client.off("call:incoming".into(), &other);
    for _ in 0..2 {
        let id = alice.rings(&bob, "audio").await;
        done(bob.client.reject((&*id).into())).await;
        alice.ended(&id).await;
    }
    until("everything was heard", || bob.count("call:incoming") == 2).await;
    let counts: Vec<u32> = counts.iter().map(Cell::get).collect();
    assert_eq!(counts, [4, 1, 0, 0], "what listens twice hears twice");
}

#[wasm_bindgen_test]
async fn a_logger_hears_what_happens_and_nothing_private() {
    let lines: Rc<RefCell<Vec<String>>> = Rc::default();
    let noted = lines.clone();
    let logger = wasm_bindgen::closure::Closure::<dyn FnMut(String, String)>::new(move |level, message| {
        noted.borrow_mut().push(format!("{level} {message}"));
    });
    let user = crate::party::unique("logged");
    let options = crate::party::options(crate::party::server(), &user);
    js_sys::Reflect::set(&options, &"logger".into(), logger.as_ref()).expect("an object takes members");
    let client = lumencall::CallClient::new(options).expect("the options are good");
    done(client.connect()).await;
    let alice = Party::connected("alice").await;
    let incoming = alice.initiate(&user, "audio");
    let id = text(&done(incoming).await, "id");
    until("it rings", || crate::js::elements(&client.calls()).len() == 1).await;
    done(client.accept((&*id).into(), JsValue::UNDEFINED)).await;
    alice.is("connected", &id).await;
    client.dispose();
    let lines = lines.borrow();
    for expected in ["connecting", "connected", "incoming", "disconnected"] {
        assert!(lines.iter().any(|line| line.contains(expected)), "{expected} in {lines:?}");
    }
    for line in &*lines {
        assert!(["debug ", "info ", "warn ", "error "].iter().any(|level| line.starts_with(level)), "{line}");
        for private in ["candidate:", "a=", "v=0", "127.0.0.1", "192.168.", "userId"] {
            assert!(!line.contains(private), "{line}");
        }
    }
}

/// Lets a promise be settled as it may; nobody waits for it.
fn alone(promise: Promise) {
    spawn_local(async move { drop(settled(promise).await) });
}
