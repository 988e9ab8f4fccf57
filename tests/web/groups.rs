//! Calls of more than two, several devices of a user, and two who call each other.

use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::js::{code, done, elements, get, json, settled, text};
use crate::party::{Party, kinds};
use crate::spy::used;

#[wasm_bindgen_test]
async fn everybody_in_a_group_gets_a_stream_of_everybody_else() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let carol = Party::connected("carol").await;
    let call = done(alice.initiate_to(&[&bob.user, &carol.user], "audio")).await;
    let id = text(&call, "id");
    for callee in [&bob, &carol] {
        callee.hears("call:incoming", |_| true).await;
        done(callee.client.accept((&*id).into(), JsValue::UNDEFINED)).await;
    }
    let everybody = [&alice, &bob, &carol];
    for (party, other) in pairs(&everybody) {
        let remote = party.hears("media:remote", |remote| text(remote, "userId") == other.user).await;
        assert_eq!(text(&remote, "callId"), id);
        let connection =
            party.client.peer_connection((*id).into(), (*other.user).into()).expect("there is one");
        crate::js::until("a pair is connected", || text(&connection, "connectionState") == "connected").await;
    }
    for party in everybody {
        party.is("connected", &id).await;
        assert_eq!(participants(&party.calls()[0]), [&*alice.user, &*bob.user, &*carol.user]);
        assert_eq!((party.count("media:remote"), party.count("media:local")), (2, 1));
    }

    done(bob.client.hangup((&*id).into())).await;
    assert_eq!(bob.ended(&id).await, "completed");
    for party in [&alice, &carol] {
        party.hears("call:participant-left", |left| text(left, "userId") == bob.user).await;
        party.hears("media:remote-removed", |removed| text(removed, "userId") == bob.user).await;
        assert!(party.client.peer_connection((*id).into(), (*bob.user).into()).is_none());
        assert_eq!(party.count("media:remote-removed"), 1, "the other is there still");
    }
    done(carol.client.hangup((&*id).into())).await;
    assert_eq!((alice.ended(&id).await, carol.ended(&id).await), ("completed".into(), "completed".into()));
    for party in everybody {
        assert_eq!(party.heard_after_the_end(&id), [""; 0]);
        assert_eq!(party.errors(), [""; 0]);
    }
}

#[wasm_bindgen_test]
async fn one_more_is_called_and_what_becomes_of_it_is_told() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let carol = Party::connected("carol").await;
    let id = alice.reaches(&bob, "audio").await;
    let before = used();
    done(bob.client.add_participant((&*id).into(), (&*carol.user).into())).await;
    for party in [&alice, &bob] {
        outcome(party, &carol, "ringing").await;
    }
    let incoming = carol.hears("call:incoming", |_| true).await;
    assert_eq!(
        (text(&incoming, "callerId"), text(&incoming, "state")),
        (alice.user.clone(), "ringing".into())
    );
    assert_eq!(participants(&incoming), [&*alice.user, &*bob.user]);
    assert_eq!(used(), before, "nothing is used before the accept");

    assert_eq!(code(bob.client.add_participant((&*id).into(), (&*carol.user).into())).await, "invalid-state");
    assert_eq!(code(bob.client.remove_participant((&*id).into(), (&*carol.user).into())).await, "not-owner");
    assert_eq!(
        code(alice.client.remove_participant((&*id).into(), (&*alice.user).into())).await,
        "invalid-argument"
    );

    done(carol.client.reject((&*id).into())).await;
    for party in [&alice, &bob] {
        outcome(party, &carol, "rejected").await;
        assert_eq!(text(&party.calls()[0], "state"), "connected", "the call goes on");
    }
    assert_eq!(carol.ended(&id).await, "rejected");

    done(alice.client.add_participant((&*id).into(), "nobody".into())).await;
    alice.hears("call:callee-changed", |it| text(it, "userId") == "nobody").await;
    done(alice.client.remove_participant((&*id).into(), "nobody".into())).await;
    alice
        .hears("call:callee-changed", |it| text(it, "userId") == "nobody" && text(it, "outcome") == "missed")
        .await;

    done(alice.client.remove_participant((&*id).into(), (&*bob.user).into())).await;
    assert_eq!((alice.ended(&id).await, bob.ended(&id).await), ("completed".into(), "completed".into()));
}

#[wasm_bindgen_test]
async fn who_joins_late_hears_the_states_on_the_way() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let carol = Party::connected("carol").await;
    let id = alice.reaches(&bob, "audio").await;
    done(alice.client.toggle_media((&*id).into(), json(r#"{"audio": false}"#))).await;
    done(alice.client.add_participant((&*id).into(), (&*carol.user).into())).await;
    carol.hears("call:incoming", |_| true).await;
    let call = done(carol.client.accept((&*id).into(), JsValue::UNDEFINED)).await;
    assert_eq!(participants(&call), [&*alice.user, &*bob.user, &*carol.user]);
    let muted: Vec<_> =
        elements(&get(&call, "participants")).iter().map(|one| get(one, "audioMuted")).collect();
    assert_eq!(muted, [JsValue::TRUE, JsValue::FALSE, JsValue::FALSE]);
    carol.is("connected", &id).await;
    assert_eq!(carol.states(&id), ["connecting", "connected"]);
    for party in [&alice, &bob] {
        party.hears("call:participant-changed", |it| text(it, "userId") == carol.user).await;
        assert_eq!(party.states(&id).last().map(String::as_str), Some("connected"));
    }
    done(bob.client.hangup((&*id).into())).await;
    done(carol.client.hangup((&*id).into())).await;
    assert_eq!(alice.ended(&id).await, "completed");
}

#[wasm_bindgen_test]
async fn a_call_on_one_device_is_told_to_the_other() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let other = bob.beside().await;
    let id = alice.rings(&bob, "audio").await;
    other.hears("call:incoming", |_| true).await;
    done(bob.client.accept((&*id).into(), JsValue::UNDEFINED)).await;
    let lost = other.is("ended", &id).await;
    assert_eq!(get(&lost, "answeredElsewhere"), JsValue::TRUE);
    other.hears("call:elsewhere", |it| get(it, "engaged") == JsValue::TRUE && text(it, "callId") == id).await;
    assert_eq!(code(other.initiate("nobody", "audio")).await, "already-in-call");
    done(alice.client.hangup((&*id).into())).await;
    other
        .hears("call:elsewhere", |it| get(it, "engaged") == JsValue::FALSE && text(it, "callId") == id)
        .await;
    assert_eq!((alice.count("call:elsewhere"), bob.count("call:elsewhere")), (0, 0));
}

#[wasm_bindgen_test]
async fn i13_two_who_call_each_other_are_in_one_call_without_a_camera_that_nobody_wanted() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let id = alice.rings(&bob, "audio").await;
    // Bob calls in place of accepting, and with a camera.
    let met = done(bob.initiate(&alice.user, "video")).await;
    assert_eq!((text(&met, "id"), text(&met, "callerId")), (id.clone(), alice.user.clone()));
    assert_eq!(text(&met, "type"), "audio");
    let mine = bob.stream("media:local", &id).await;
    assert_eq!(kinds(&mine), ["audio"]);
    alice.is("connected", &id).await;
    bob.is("connected", &id).await;
    assert_eq!(bob.states(&id), ["connecting", "connected"]);
    assert_eq!(bob.calls().len(), 1);
    assert_eq!(kinds(&alice.stream("media:remote", &id).await), ["audio"]);
    done(bob.client.hangup((&*id).into())).await;
    assert_eq!((alice.ended(&id).await, bob.ended(&id).await), ("completed".into(), "completed".into()));
}

#[wasm_bindgen_test]
async fn who_calls_one_that_calls_several_is_told_which_call_to_accept() {
    let alice = Party::connected("alice").await;
    let bob = Party::connected("bob").await;
    let call = done(alice.initiate_to(&[&bob.user, "nobody"], "audio")).await;
    let id = text(&call, "id");
    bob.hears("call:incoming", |_| true).await;
    let error = settled(bob.initiate(&alice.user, "audio")).await.expect_err("it rings");
    assert_eq!((text(&error, "code"), text(&error, "callId")), ("already-ringing".into(), id.clone()));
    done(bob.client.accept((&*id).into(), JsValue::UNDEFINED)).await;
    alice.is("connected", &id).await;
    done(alice.client.hangup((&*id).into())).await;
}

/// Waits until it is told what became of one who was called.
async fn outcome(party: &Party, callee: &Party, outcome: &str) {
    let fits = |it: &JsValue| text(it, "userId") == callee.user && text(it, "outcome") == outcome;
    party.hears("call:callee-changed", fits).await;
}

/// Each with each other.
fn pairs<'a>(parties: &[&'a Party]) -> Vec<(&'a Party, &'a Party)> {
    let each = parties.iter().flat_map(|party| parties.iter().map(|other| (*party, *other)));
    each.filter(|(party, other)| party.user != other.user).collect()
}

/// The users in the call.
fn participants(call: &JsValue) -> Vec<String> {
    elements(&get(call, "participants")).iter().map(|one| text(one, "userId")).collect()
}
