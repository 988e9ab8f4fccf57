//! Frames that no client should send. Each harms its own socket at most.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::harness::{Bystanders, RawSocket, TestServer, connect};

#[tokio::test]
async fn i30_malformed_text_is_refused_and_the_socket_lives() {
    let server = TestServer::start().await;
    let mut bystanders = Bystanders::of(&server).await;
    let deep = "[".repeat(30_000);
    let deep_within = format!(r#"{{"event":"call:hangup","data":{{"callId":"x","a":{deep}"#);
    let texts = [
        "",
        " ",
        "{",
        "null",
        "true",
        "42",
        "\"call:hangup\"",
        "[]",
        "{}",
        r#"{"event":"call:hangup"}"#,
        r#"{"data":{}}"#,
        r#"{"event":null,"data":{}}"#,
        r#"{"event":7,"data":{}}"#,
        r#"{"event":["call:hangup"],"data":{"callId":"x"}}"#,
        r#"{"event":"call:hangup","data":null}"#,
        r#"{"event":"call:hangup","data":[]}"#,
        r#"{"event":"call:hangup","data":"x"}"#,
        r#"{"event":"call:hangup","data":{}}"#,
        r#"{"event":"call:hangup","data":{"callId":7}}"#,
        r#"{"event":"call:hangup","data":{"callId":""}}"#,
        r#"{"event":"call:hangup","data":{"callId":{"toString":"x"}}}"#,
        r#"{"event":"call:hangup","data":{"callId":"x"}} trailing"#,
        r#"{"event":"call:hangup","data":{"callId":"x"}}{"event":"call:hangup","data":{"callId":"x"}}"#,
        r#"{"event":"call:respond","data":{"callId":"x","action":"maybe"}}"#,
        r#"{"event":"call:respond","data":{"callId":"x","action":true}}"#,
        r#"{"event":"call:media-toggle","data":{"callId":"x","audio":"no"}}"#,
        r#"{"event":"call:initiate","data":{"conversationId":"c","type":"smell","calleeIds":["bob"]}}"#,
        r#"{"event":"call:initiate","data":{"conversationId":"c","type":"audio","calleeIds":"bob"}}"#,
        r#"{"event":"call:initiate","data":{"conversationId":"c","type":"audio","calleeIds":[7]}}"#,
        r#"{"event":"signal:offer","data":{"callId":"x","toUserId":"bob","type":"answer","sdp":"v=0"}}"#,
        r#"{"event":"signal:answer","data":{"callId":"x","toUserId":"bob","type":"offer","sdp":"v=0"}}"#,
        r#"{"event":"signal:offer","data":{"callId":"x","toUserId":"bob","type":"offer","sdp":["v=0"]}}"#,
        r#"{"event":"signal:ice-candidate","data":{"callId":"x","toUserId":"bob","candidate":"c","sdpMLineIndex":-1}}"#,
        r#"{"event":"signal:ice-candidate","data":{"callId":"x","toUserId":"bob","candidate":"c","sdpMLineIndex":0.5}}"#,
        r#"{"event":"signal:ice-candidate","data":{"callId":"x","toUserId":"bob","candidate":"c","sdpMLineIndex":1e999}}"#,
        r#"{"event":"call:hangup","data":{"callId":"\ud800"}}"#,
        &deep,
        &deep_within,
    ];
    for sdk in [false, true] {
        let mut mallory = server.client("mallory", sdk).await;
        for text in texts {
            mallory.send_text(text).await;
            mallory.expect_error("malformed").await;
        }
        let long = "x".repeat(129);
        mallory.send("call:hangup", json!({ "callId": long })).await;
        mallory.expect_error("malformed").await;
        mallory.nothing_came().await;
    }
    bystanders.are_unharmed().await;
}

/// Where an id can be read, the refusal is a reply.
#[tokio::test]
async fn i30_a_mistyped_command_with_an_id_is_answered() {
    let server = TestServer::start().await;
    let mut alice = server.sdk("alice").await;
    let error = alice.ask("call:respond", json!({ "callId": "x", "action": "maybe" })).await.unwrap_err();
    assert_eq!(error["code"], "malformed");
    assert!(error["message"].as_str().unwrap().contains("action"), "{error}");
    let error = alice.ask("call:dance", json!({})).await.unwrap_err();
    assert_eq!(error["code"], "unknown-event");
}

/// An error says what is wrong with the frame, and none of what was in it.
#[tokio::test]
async fn errors_repeat_nothing_of_the_frame() {
    let server = TestServer::start().await;
    let mut alice = server.seed("alice").await;
    for text in [
        r#"{"event":"call:marker","data":{}}"#,
        r#"{"event":"call:respond","data":{"callId":"x","action":"marker"}}"#,
        "marker",
    ] {
        alice.send_text(text).await;
        let error = alice.expect("error").await;
        assert!(!error.to_string().contains("marker"), "{error}");
    }
}

#[tokio::test]
async fn i30_unknown_events_are_refused_and_the_socket_lives() {
    let server = TestServer::start().await;
    let mut bystanders = Bystanders::of(&server).await;
    for sdk in [false, true] {
        let mut mallory = server.client("mallory", sdk).await;
        for event in [
            "",
            "call",
            "call:incoming",
            "call:state-changed",
            "Call:Hangup",
            "call:hangup ",
            "error",
            "reply",
        ] {
            mallory.send(event, json!({ "callId": "x" })).await;
            mallory.expect_error("unknown-event").await;
        }
        mallory.nothing_came().await;
    }
    bystanders.are_unharmed().await;
}

/// A hundred thousand brackets, which is more than a message may have, and as many as it may have.
#[tokio::test]
async fn i30_deep_nesting_is_no_way_to_the_stack() {
    let server = TestServer::start_with(|config| config.limits.message = 256 * 1024).await;
    let mut bystanders = Bystanders::of(&server).await;
    let mut mallory = server.seed("mallory").await;
    for bracket in ["[", "{\"a\":", "[{\"a\":"] {
        mallory.send_text(bracket.repeat(100_000 / bracket.len())).await;
        mallory.expect_error("malformed").await;
    }
    mallory.send_text("[".repeat(100_000)).await;
    mallory.expect_error("malformed").await;
    mallory.send_text(format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))).await;
    mallory.expect_error("malformed").await;
    bystanders.are_unharmed().await;
}

#[tokio::test]
async fn i30_a_binary_frame_closes_its_socket() {
    let server = TestServer::start().await;
    let mut bystanders = Bystanders::of(&server).await;
    for sdk in [false, true] {
        let mut mallory = server.client("mallory", sdk).await;
        mallory.send_message(Message::binary(&br#"{"event":"call:hangup","data":{"callId":"x"}}"#[..])).await;
        assert_eq!(mallory.closed().await, 1003);
    }
    bystanders.are_unharmed().await;
}

#[tokio::test]
async fn i30_text_that_is_not_utf8_closes_its_socket() {
    let server = TestServer::start().await;
    let mut bystanders = Bystanders::of(&server).await;
    for bytes in
        [&b"\xff"[..], b"{\"event\":\"\xc3\x28\"}", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"ab\xe2\x82"]
    {
        let mut mallory = server.seed("mallory").await;
        let frame = Frame::message(bytes.to_vec(), OpCode::Data(Data::Text), true);
        mallory.send_message(Message::Frame(frame)).await;
        assert_eq!(mallory.closed().await, 1007);
    }
    bystanders.are_unharmed().await;
}

/// The client sees the code, even in the middle of sending ten megabytes.
#[tokio::test]
async fn i30_a_message_too_large_closes_its_socket_with_1009() {
    let server = TestServer::start().await;
    let mut bystanders = Bystanders::of(&server).await;
    for sdk in [false, true] {
        for size in [65_537, 100_000, 10_000_000] {
            let mut mallory = server.client("mallory", sdk).await;
            mallory.send_text("x".repeat(size)).await;
            assert_eq!(mallory.closed().await, 1009, "{size}");
        }
    }
    // In two fragments, neither of which is too large.
    let mut mallory = server.seed("mallory").await;
    let half = vec![b'x'; 40_000];
    mallory.send_message(Message::Frame(Frame::message(half.clone(), OpCode::Data(Data::Text), false))).await;
    mallory.send_message(Message::Frame(Frame::message(half, OpCode::Data(Data::Continue), true))).await;
    assert_eq!(mallory.closed().await, 1009);
    bystanders.are_unharmed().await;
}

#[tokio::test]
async fn the_largest_message_is_taken() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.seed("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    let mut frame = json!({ "event": "signal:offer", "data": alice.description(&call, "bob", "offer", "") });
    let sdp = "s".repeat(64 * 1024 - frame.to_string().len());
    frame["data"]["sdp"] = json!(sdp);
    let text = frame.to_string();
    assert_eq!(text.len(), 64 * 1024);
    alice.send_text(text).await;
    assert_eq!(bob.expect("signal:offer").await["sdp"], sdp);
}

#[tokio::test]
async fn i30_broken_frames_close_their_socket() {
    let server = TestServer::start().await;
    let mut bystanders = Bystanders::of(&server).await;
    let broken: [&[u8]; 6] = [
        // Not masked (RFC 6455, 5.1).
        b"\x81\x02{}",
        // A reserved opcode, reserved bits, a ping that is a fragment, a continuation of nothing.
        b"\x83\x80\0\0\0\0",
        b"\xf1\x80\0\0\0\0",
        b"\x09\x80\0\0\0\0",
        b"\x80\x80\0\0\0\0",
        // A length of 2^62 bytes.
        b"\x81\xff\x40\0\0\0\0\0\0\0\0\0\0\0",
    ];
    for bytes in broken {
        let mut mallory = RawSocket::open(server.address, "mallory").await;
        mallory.send_bytes(bytes).await;
        mallory.is_dropped().await;
    }
    bystanders.are_unharmed().await;
}

/// A flood is read at its pace: it delays its sender, and nobody else.
#[tokio::test]
async fn i30_a_flood_harms_its_sender_alone() {
    let server = TestServer::start_with(|config| {
        config.limits.frames_per_second = 1;
        config.limits.frames_at_once = 20;
    })
    .await;
    let mut mallory = server.seed("mallory").await;
    for _ in 0..1000 {
        mallory.send_text("x").await;
    }
    let mut bystanders = Bystanders::of(&server).await;
    bystanders.are_unharmed().await;
    // One frame went into connecting; the others of the burst are answered at once.
    for _ in 0..19 {
        mallory.expect_error("malformed").await;
    }
    // The rest waits. In a quarter of an hour, it would have been read too.
    let stopping = server.stop();
    let mut more = 0;
    while let Some(Ok(Message::Text(_))) = mallory.message().await {
        more += 1;
    }
    assert!(more < 900, "{more} frames more were answered");
    drop((mallory, bystanders));
    stopping.has_stopped().await;
}
