//! What is relayed comes out as it went in.

use serde_json::{Value, json};

use crate::harness::{Client, TestServer, connect};

async fn relayed(alice: &mut Client, bob: &mut Client, event: &str, data: &Value) -> Value {
    alice.does(event, data.clone()).await;
    bob.expect(event).await
}

#[tokio::test]
async fn i27_descriptions_and_candidates_arrive_as_they_were() {
    let server = TestServer::start().await;
    for sdk in [false, true] {
        let (mut alice, mut bob) = (server.client("alice", sdk).await, server.client("bob", sdk).await);
        let call = connect(&mut alice, &mut bob).await;
        for text in [
            "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n",
            "quote \" backslash \\ slash / tab \t nul \0 delete \u{7f}",
            "ä ß € 漢字 \u{1f600} \u{2028}\u{2029} \u{feff} \u{ffff} \u{10ffff}",
            "e\u{301} is not \u{e9}",
            "<script>&amp;\u{1b}[31m",
        ] {
            let mut offer = alice.description(&call, "bob", "offer", text);
            offer["renegotiation"] = json!(true);
            assert_eq!(relayed(&mut alice, &mut bob, "signal:offer", &offer).await, offer);
            let mut candidate = alice.candidate(&call, "bob", text);
            candidate["usernameFragment"] = json!(text);
            assert_eq!(relayed(&mut alice, &mut bob, "signal:ice-candidate", &candidate).await, candidate);
        }
        alice.leave().await;
        bob.leave().await;
    }
}

/// However a client escapes it: equal as decoded strings.
#[tokio::test]
async fn i27_escapes_are_decoded() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.seed("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    let sdp = r#"\u0076\u003d0\r\n\/\ud83d\ude00\u0000\u00E9"#;
    alice
        .send_text(format!(
            r#"{{ "event" : "signal:offer" , "data":{{"sdp":"{sdp}","type":"offer","toUserId":"bob","callId":"{call}"}}}}"#
        ))
        .await;
    assert_eq!(bob.expect("signal:offer").await["sdp"], "v=0\r\n/\u{1f600}\0é");
}

#[tokio::test]
async fn i27_half_a_surrogate_pair_is_refused() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.seed("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    for half in [r"\ud83d", r"\ude00", r"\ud83dx", r"\ude00\ud83d"] {
        alice
            .send_text(format!(
                r#"{{"event":"signal:offer","data":{{"callId":"{call}","toUserId":"bob","type":"offer","sdp":"{half}"}}}}"#
            ))
            .await;
        alice.expect_error("malformed").await;
    }
    bob.nothing_came().await;
}

#[tokio::test]
async fn i27_members_that_nobody_knows_pass_through() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.sdk("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    let extra = json!({ "deep": [1, -2.5, 1e30, "ü\"\\", null, { "a": [true, false, {}] }], "": "" });
    for (event, mut data) in [
        ("signal:offer", alice.description(&call, "bob", "offer", "v=0")),
        ("signal:ice-candidate", alice.candidate(&call, "bob", "candidate:1")),
    ] {
        data["x-extra"] = extra.clone();
        data["seq"] = json!(99);
        data["event"] = json!("call:state-changed");
        assert_eq!(relayed(&mut alice, &mut bob, event, &data).await, data);
    }
}

/// Null and absent are one here: W3C gives both members the default null.
#[tokio::test]
async fn candidates_without_a_media_description_pass() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.seed("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    let end =
        json!({ "callId": call, "toUserId": "bob", "candidate": "", "sdpMid": null, "sdpMLineIndex": null });
    let end = relayed(&mut alice, &mut bob, "signal:ice-candidate", &end).await;
    assert_eq!(end["candidate"], "");
    assert!(end["sdpMid"].is_null() && end["sdpMLineIndex"].is_null(), "{end}");
}

/// I20: whatever one sends another arrives in the order in which it was sent.
#[tokio::test]
async fn i20_signals_arrive_in_order() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.sdk("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    alice.send("signal:offer", alice.description(&call, "bob", "offer", "v=0")).await;
    for n in 0..150 {
        alice.send("signal:ice-candidate", alice.candidate(&call, "bob", &format!("candidate:{n}"))).await;
    }
    bob.expect("signal:offer").await;
    for n in 0..150 {
        assert_eq!(bob.expect("signal:ice-candidate").await["candidate"], format!("candidate:{n}"));
    }
}

/// A candidate that is ahead of its description waits for it.
#[tokio::test]
async fn i20_a_candidate_comes_after_its_description() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.seed("bob").await);
    let (call, _) = crate::harness::ring(&mut alice, &mut bob).await;
    bob.send("call:respond", json!({ "callId": call, "action": "accept" })).await;
    bob.expect_state(&call, "connecting").await;
    alice.send("signal:ice-candidate", alice.candidate(&call, "bob", "candidate:early")).await;
    bob.send("signal:ice-candidate", bob.candidate(&call, "alice", "candidate:earlier")).await;
    alice.send("signal:offer", alice.description(&call, "bob", "offer", "v=0")).await;
    bob.expect("signal:offer").await;
    bob.expect("signal:ice-candidate").await;
    bob.send("signal:answer", bob.description(&call, "alice", "answer", "v=0")).await;
    alice.expect_state(&call, "connecting").await;
    alice.expect("call:participant-joined").await;
    alice.expect("signal:answer").await;
    assert_eq!(alice.expect("signal:ice-candidate").await["candidate"], "candidate:earlier");
}
