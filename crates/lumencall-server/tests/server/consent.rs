//! Nothing before accept: what a callee's devices may get, and may send, while they ring.

use serde_json::{Value, json};

use crate::harness::{Client, TestServer, ring};

/// An offer without candidates or addresses, as a browser makes it before it gathers.
const SEALED: &str = "v=0\r\no=- 46117317 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n\
    c=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n";

async fn accept(caller: &mut Client, callee: &mut Client, call: &str) {
    callee.does("call:respond", json!({ "callId": call, "action": "accept" })).await;
    callee.expect_state(call, "connecting").await;
    caller.expect_state(call, "connecting").await;
    caller.expect("call:participant-joined").await;
}

fn sealed(mut offer: Value) -> Value {
    offer["sealed"] = json!(true);
    offer
}

#[tokio::test]
async fn i3_a_callee_is_not_heard_before_accept() {
    let server = TestServer::start().await;
    for sdk in [false, true] {
        let (mut alice, mut bob) = (server.client("alice", sdk).await, server.client("bob", sdk).await);
        let (call, _) = ring(&mut alice, &mut bob).await;
        alice.does("signal:offer", sealed(alice.description(&call, "bob", "offer", SEALED))).await;
        if sdk {
            bob.expect("signal:offer").await;
        }
        for kind in ["offer", "answer"] {
            let description = bob.description(&call, "alice", kind, "v=0");
            bob.is_refused("invalid-state", &format!("signal:{kind}"), description).await;
        }
        let candidate = bob.candidate(&call, "alice", "candidate:1");
        bob.is_refused("invalid-state", "signal:ice-candidate", candidate).await;
        bob.is_refused("invalid-state", "call:media-toggle", json!({ "callId": call, "audio": true })).await;
        alice.nothing_came().await;
        alice.leave().await;
        bob.leave().await;
    }
}

#[tokio::test]
async fn i3_nothing_unsealed_and_no_candidate_reaches_a_ringing_device() {
    let server = TestServer::start().await;
    for sdk in [false, true] {
        let (mut alice, mut bob) = (server.client("alice", sdk).await, server.client("bob", sdk).await);
        let (call, _) = ring(&mut alice, &mut bob).await;
        let offer = alice.description(&call, "bob", "offer", SEALED);
        alice.does("signal:offer", offer.clone()).await;
        let candidates: Vec<Value> =
            (0..5).map(|n| alice.candidate(&call, "bob", &format!("candidate:{n}"))).collect();
        for candidate in &candidates {
            alice.does("signal:ice-candidate", candidate.clone()).await;
        }
        alice.does("call:media-toggle", json!({ "callId": call, "audio": false })).await;
        alice.nothing_came().await;
        bob.nothing_came().await;

        // With the acceptance everything comes, in order.
        accept(&mut alice, &mut bob, &call).await;
        assert_eq!(bob.expect("call:media-changed").await["audio"], false);
        assert_eq!(bob.expect("signal:offer").await, offer);
        for candidate in candidates {
            assert_eq!(bob.expect("signal:ice-candidate").await, candidate);
        }
        bob.nothing_came().await;
        alice.leave().await;
        bob.leave().await;
    }
}

#[tokio::test]
async fn i3_a_seed_client_gets_no_signal_at_all_while_it_rings() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.seed("bob").await);
    let (call, _) = ring(&mut alice, &mut bob).await;
    let offer = sealed(alice.description(&call, "bob", "offer", SEALED));
    alice.does("signal:offer", offer.clone()).await;
    bob.nothing_came().await;
    accept(&mut alice, &mut bob, &call).await;
    assert_eq!(bob.expect("signal:offer").await["sdp"], SEALED);
    bob.nothing_came().await;
}

/// The sealed offer waits at the ringing devices; its candidates wait at the server for the accept.
#[tokio::test]
async fn i3_a_sealed_offer_comes_ahead_to_sdk_devices_and_its_candidates_do_not() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let (call, _) = ring(&mut alice, &mut bob).await;
    let offer = sealed(alice.description(&call, "bob", "offer", SEALED));
    alice.does("signal:offer", offer.clone()).await;
    assert_eq!(bob.expect("signal:offer").await, offer);
    let candidate = alice.candidate(&call, "bob", "candidate:1");
    alice.does("signal:ice-candidate", candidate.clone()).await;
    bob.nothing_came().await;

    // A device that comes later gets the offer too, and a seed client does not.
    let mut late = Client::socket(server.address, "bob", Some("lumencall.1"), false).await.unwrap();
    late.send("session:open", json!({})).await;
    late.expect("session:welcome").await;
    assert_eq!(late.expect("call:incoming").await["id"], call.as_str());
    assert_eq!(late.expect("signal:offer").await, offer);
    let mut late_seed = Client::socket(server.address, "bob", None, false).await.unwrap();
    late_seed.expect("call:incoming").await;
    late_seed.nothing_came().await;

    // The answer may leave together with the accept.
    bob.send("call:respond", json!({ "callId": call, "action": "accept" })).await;
    let answer = bob.description(&call, "alice", "answer", "v=0 answer");
    bob.send("signal:answer", answer.clone()).await;
    bob.expect_state(&call, "connecting").await;
    assert_eq!(bob.expect("signal:ice-candidate").await, candidate);
    bob.nothing_came().await;
    alice.expect_state(&call, "connecting").await;
    alice.expect("call:participant-joined").await;
    assert_eq!(alice.expect("signal:answer").await, answer);
    late.hears(&call, &["answered elsewhere", "engaged elsewhere"]).await;
}

/// The mark alone is not believed: what names a candidate or an address waits like any other offer.
#[tokio::test]
async fn i2_an_offer_that_names_an_address_is_not_sealed() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let (call, _) = ring(&mut alice, &mut bob).await;
    let candidate = "a=candidate:1 1 udp 2122260223 192.0.2.1 50000 typ host";
    let leaks = [
        format!("{SEALED}{candidate}\r\n"),
        format!("{SEALED}{candidate}\n"),
        format!("{candidate}\r\n{SEALED}"),
        format!("{SEALED}{candidate}\r"),
        SEALED.replace("\r\nt=0 0", &format!("\r{candidate}\rt=0 0")),
        SEALED.replace("c=IN IP4 0.0.0.0", "c=IN IP4 192.0.2.1"),
        SEALED.replace("c=IN IP4 0.0.0.0", "c=IN IP6 2001:db8::1"),
        SEALED.replace("IN IP4 127.0.0.1", "IN IP4 192.0.2.1"),
        SEALED.replace("a=rtcp:9 IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 192.0.2.1"),
    ];
    for sdp in &leaks {
        alice.does("signal:offer", sealed(alice.description(&call, "bob", "offer", sdp))).await;
        bob.nothing_came().await;
    }
    accept(&mut alice, &mut bob, &call).await;
    assert_eq!(bob.expect("signal:offer").await["sdp"], *leaks.last().unwrap());
}

#[tokio::test]
async fn i20_a_newer_offer_replaces_the_older_with_its_candidates() {
    let server = TestServer::start().await;
    for sdk in [false, true] {
        let (mut alice, mut bob) = (server.client("alice", sdk).await, server.client("bob", sdk).await);
        let (call, _) = ring(&mut alice, &mut bob).await;
        for generation in ["old", "new"] {
            let sdp = format!("v=0 {generation}");
            alice.does("signal:offer", alice.description(&call, "bob", "offer", &sdp)).await;
            let candidate = alice.candidate(&call, "bob", &format!("candidate:{generation}"));
            alice.does("signal:ice-candidate", candidate).await;
        }
        alice.nothing_came().await;
        accept(&mut alice, &mut bob, &call).await;
        assert_eq!(bob.expect("signal:offer").await["sdp"], "v=0 new");
        assert_eq!(bob.expect("signal:ice-candidate").await["candidate"], "candidate:new");
        bob.nothing_came().await;
        alice.leave().await;
        bob.leave().await;
    }
}

#[tokio::test]
async fn i29_candidates_are_bounded_while_it_rings_and_after() {
    let server = TestServer::start_with(|config| config.rules.candidates = 3).await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.seed("bob").await);
    let (call, _) = ring(&mut alice, &mut bob).await;
    alice.send("signal:offer", alice.description(&call, "bob", "offer", "v=0")).await;
    for _ in 0..3 {
        alice.send("signal:ice-candidate", alice.candidate(&call, "bob", "candidate:1")).await;
    }
    let candidate = alice.candidate(&call, "bob", "candidate:1");
    alice.is_refused("limit-exceeded", "signal:ice-candidate", candidate).await;
    let large = alice.candidate(&call, "bob", &"c".repeat(5000));
    alice.is_refused("limit-exceeded", "signal:ice-candidate", large).await;
    accept(&mut alice, &mut bob, &call).await;
    bob.expect("signal:offer").await;
    for _ in 0..3 {
        bob.expect("signal:ice-candidate").await;
    }
    let candidate = alice.candidate(&call, "bob", "candidate:1");
    alice.is_refused("limit-exceeded", "signal:ice-candidate", candidate).await;
    bob.nothing_came().await;
}

/// A character that is written as an escape counts as what is written: six bytes for one.
#[tokio::test]
async fn i31_a_candidate_is_measured_as_it_is_written() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.seed("bob").await);
    let (call, _) = ring(&mut alice, &mut bob).await;
    alice.send("signal:offer", alice.description(&call, "bob", "offer", "v=0")).await;
    alice.send("signal:ice-candidate", alice.candidate(&call, "bob", &"\u{1}".repeat(1000))).await;
    assert_eq!(alice.expect("error").await["code"], "limit-exceeded");
    alice.send("signal:ice-candidate", alice.candidate(&call, "bob", &"\u{1}".repeat(600))).await;
    alice.nothing_came().await;
}

/// As many candidates as one may send, each as large as it may be, do not cut off whom they are for.
#[tokio::test]
async fn i31_what_waited_for_the_accept_fits_the_callees_queue() {
    let server = TestServer::start_with(|config| config.limits.frames_at_once = 1000).await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.seed("bob").await);
    let (call, _) = ring(&mut alice, &mut bob).await;
    alice.send("signal:offer", alice.description(&call, "bob", "offer", &"s".repeat(60_000))).await;
    let most = lumencall_core::machine::Rules::default().candidates;
    for _ in 0..most {
        alice.send("signal:ice-candidate", alice.candidate(&call, "bob", &"c".repeat(4000))).await;
    }
    alice.nothing_came().await;
    accept(&mut alice, &mut bob, &call).await;
    bob.expect("signal:offer").await;
    for _ in 0..most {
        bob.expect("signal:ice-candidate").await;
    }
    bob.nothing_came().await;
}
