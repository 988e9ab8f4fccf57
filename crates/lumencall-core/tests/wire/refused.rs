//! Texts that are no frames, and what is said of them.

use lumencall_core::wire::{
    ClientFrame, Command, JsonError, read_client_frame, read_server_frame, write_client_frame,
};
use lumencall_core::{CallId, UserId};

/// What is wrong with a client's text.
fn fault(text: &str) -> String {
    match read_client_frame(text) {
        Ok(frame) => panic!("{text} is read as {frame:?}"),
        Err((_, error)) => error.to_string(),
    }
}

/// A frame of this event with this data.
fn frame(event: &str, data: &str) -> String {
    format!(r#"{{"event":"{event}","data":{data}}}"#)
}

#[test]
fn a_text_that_is_no_json_is_refused() {
    let not_json = "the frame is not JSON text, or nests too deeply";
    for text in
        ["", " ", "hello", "{", "{}}", "{'event':1}", "{\"a\":1,}", "\u{feff}{}", "{\"a\":NaN}", "[1] x"]
    {
        assert_eq!(fault(text), not_json, "{text:?}");
    }
}

#[test]
fn a_frame_has_an_event_and_data() {
    for text in ["null", "true", "1", "\"call:hangup\"", "[]", "[{\"event\":\"call:hangup\"}]", "{}"] {
        assert_eq!(fault(text), "`event` should be a value", "{text}");
    }
    assert_eq!(fault(r#"{"event":null,"data":{}}"#), "`event` should be a value");
    assert_eq!(fault(r#"{"event":1,"data":{}}"#), "`event` should be a string");
    assert_eq!(fault(r#"{"event":"call:hangup"}"#), "`data` should be an object");
    assert_eq!(fault(r#"{"event":"call:hangup","data":null}"#), "`data` should be an object");
    for data in ["[]", "\"x\"", "7", "true"] {
        assert_eq!(fault(&frame("call:hangup", data)), "`data` should be an object", "{data}");
        assert_eq!(fault(&frame("session:open", data)), "`data` should be an object", "{data}");
    }
}

#[test]
fn an_unknown_event_is_told_from_a_malformed_one() {
    let unknown = |text: &str| match read_client_frame(text) {
        Err((_, JsonError::Shape(error))) => error.is_unknown_event(),
        other => panic!("{other:?}"),
    };
    for event in
        ["", "call", "Call:hangup", "call:hangup ", "call:incoming", "session:welcome", "reply", "__proto__"]
    {
        assert!(unknown(&frame(event, "{}")), "{event}");
    }
    assert!(!unknown(&frame("call:hangup", "{}")));
    assert!(!unknown(r#"{"event":7,"data":{}}"#));
}

#[test]
fn the_member_at_fault_is_named() {
    let id = "a string of 1 to 128 bytes";
    let faults = [
        (
            "call:initiate",
            r#"{"type":"video","calleeIds":["b"]}"#,
            "`conversationId` should be a value".to_owned(),
        ),
        (
            "call:initiate",
            r#"{"conversationId":"c","calleeIds":["b"]}"#,
            "`type` should be a value".to_owned(),
        ),
        (
            "call:initiate",
            r#"{"conversationId":"c","type":"Video","calleeIds":["b"]}"#,
            "`type` should be one of audio video".to_owned(),
        ),
        (
            "call:initiate",
            r#"{"conversationId":"c","type":"video"}"#,
            "`calleeIds` should be a value".to_owned(),
        ),
        (
            "call:initiate",
            r#"{"conversationId":"c","type":"video","calleeIds":"b"}"#,
            "`calleeIds` should be an array".to_owned(),
        ),
        (
            "call:initiate",
            r#"{"conversationId":"c","type":"video","calleeIds":{"0":"b"}}"#,
            "`calleeIds` should be an array".to_owned(),
        ),
        (
            "call:initiate",
            r#"{"conversationId":"c","type":"video","calleeIds":["b",7]}"#,
            format!("`calleeIds` should be {id}"),
        ),
        (
            "call:initiate",
            r#"{"conversationId":"c","type":"video","calleeIds":["b"],"metadata":{}}"#,
            "`metadata` should be a string".to_owned(),
        ),
        ("call:respond", r#"{"callId":"c"}"#, "`action` should be a value".to_owned()),
        (
            "call:respond",
            r#"{"callId":"c","action":"yes"}"#,
            "`action` should be one of accept reject".to_owned(),
        ),
        ("call:respond", r#"{"action":"accept"}"#, "`callId` should be a value".to_owned()),
        ("call:hangup", r#"{"callId":7}"#, format!("`callId` should be {id}")),
        ("call:hangup", r#"{"callId":null}"#, "`callId` should be a value".to_owned()),
        ("call:hangup", r#"{"callId":""}"#, format!("`callId` should be {id}")),
        ("call:hangup", r#"{"callid":"c"}"#, "`callId` should be a value".to_owned()),
        (
            "call:media-toggle",
            r#"{"callId":"c","audio":"off"}"#,
            "`audio` should be true or false".to_owned(),
        ),
        ("call:media-toggle", r#"{"callId":"c","video":0}"#, "`video` should be true or false".to_owned()),
        (
            "call:media-toggle",
            r#"{"callId":"c","screenShare":[]}"#,
            "`screenShare` should be true or false".to_owned(),
        ),
        (
            "signal:offer",
            r#"{"callId":"c","toUserId":"b","type":"offer"}"#,
            "`sdp` should be a value".to_owned(),
        ),
        (
            "signal:offer",
            r#"{"callId":"c","toUserId":"b","type":"offer","sdp":null}"#,
            "`sdp` should be a value".to_owned(),
        ),
        (
            "signal:offer",
            r#"{"callId":"c","toUserId":"b","type":"offer","sdp":{"sdp":"v=0"}}"#,
            "`sdp` should be a string".to_owned(),
        ),
        (
            "signal:offer",
            r#"{"callId":"c","toUserId":"b","type":"pranswer","sdp":""}"#,
            "`type` should be one of offer answer".to_owned(),
        ),
        (
            "signal:offer",
            r#"{"callId":"c","type":"offer","sdp":""}"#,
            "`toUserId` should be a value".to_owned(),
        ),
        (
            "signal:offer",
            r#"{"callId":"c","toUserId":"b","type":"offer","sdp":"","sealed":1}"#,
            "`sealed` should be true or false".to_owned(),
        ),
        (
            "signal:offer",
            r#"{"callId":"c","toUserId":"b","type":"offer","sdp":"","renegotiation":"yes"}"#,
            "`renegotiation` should be true or false".to_owned(),
        ),
        (
            "signal:answer",
            r#"{"callId":"c","toUserId":"b","fromUserId":7,"type":"answer","sdp":""}"#,
            format!("`fromUserId` should be {id}"),
        ),
        (
            "signal:ice-candidate",
            r#"{"callId":"c","toUserId":"b"}"#,
            "`candidate` should be a value".to_owned(),
        ),
        (
            "signal:ice-candidate",
            r#"{"callId":"c","toUserId":"b","candidate":null}"#,
            "`candidate` should be a value".to_owned(),
        ),
        (
            "signal:ice-candidate",
            r#"{"callId":"c","toUserId":"b","candidate":"","sdpMid":0}"#,
            "`sdpMid` should be a string".to_owned(),
        ),
        (
            "signal:ice-candidate",
            r#"{"callId":"c","toUserId":"b","candidate":"","usernameFragment":1}"#,
            "`usernameFragment` should be a string".to_owned(),
        ),
        (
            "call:connection-report",
            r#"{"callId":"c","state":"connected"}"#,
            "`peerUserId` should be a value".to_owned(),
        ),
        (
            "call:connection-report",
            r#"{"callId":"c","peerUserId":"b","state":"ended"}"#,
            "`state` should be one of connected reconnecting failed".to_owned(),
        ),
        ("session:open", r#"{"deviceId":""}"#, format!("`deviceId` should be {id}")),
        ("session:open", r#"{"resume":"s"}"#, "`resume` should be an object".to_owned()),
        ("session:open", r#"{"resume":{"lastSeq":1}}"#, "`secret` should be a value".to_owned()),
        (
            "session:open",
            r#"{"resume":{"secret":"s","lastSeq":-1}}"#,
            "`lastSeq` should be a whole number from 0 to 4294967295".to_owned(),
        ),
        ("session:authenticate", "{}", "`token` should be a value".to_owned()),
        ("call:rejoin", "{}", "`callId` should be a value".to_owned()),
    ];
    for (event, data, said) in faults {
        assert_eq!(fault(&frame(event, data)), said, "{event} {data}");
    }
}

#[test]
fn a_member_at_fault_within_a_servers_message_is_named() {
    let said = |text: &str| read_server_frame(text).expect_err("it is no frame").to_string();
    let joined = r#"{"callId":"c","participant":{"userId":"b","joinedAt":"t","audioMuted":0,"videoMuted":false,"screenSharing":false}}"#;
    assert_eq!(said(&frame("call:participant-joined", joined)), "`audioMuted` should be true or false");
    assert_eq!(said(&frame("call:participant-joined", "[]")), "`data` should be an object");
    assert_eq!(said(&frame("session:welcome", "1")), "`data` should be an object");
    assert_eq!(
        said(&frame("reply", r#"{"id":1,"error":{"code":"odd","message":""}}"#)).split(" should").next(),
        Some("`code`")
    );
    let frame = r#"{"seq":-1,"event":"call:participant-left","data":{"callId":"c","userId":"b"}}"#;
    assert_eq!(said(frame), "`seq` should be a whole number from 0 to 4294967295");
}

#[test]
fn numbers_are_whole_and_within_their_bounds() {
    let id = |number: &str| {
        read_client_frame(&format!(r#"{{"id":{number},"event":"call:hangup","data":{{"callId":"c"}}}}"#))
    };
    for (number, expected) in [("0", 0), ("-0", 0), ("1.0", 1), ("1e3", 1000), ("4294967295", u32::MAX)] {
        assert_eq!(id(number).map(|frame| frame.id), Ok(Some(expected)), "{number}");
    }
    assert_eq!(id("null").map(|frame| frame.id), Ok(None));
    for number in ["-1", "4294967296", "0.5", "1e300", "\"1\"", "true", "[1]", "{}", "18446744073709551616"] {
        let (found, error) = id(number).expect_err(number);
        let said = (found, error.to_string());
        assert_eq!(said, (None, "`id` should be a whole number from 0 to 4294967295".to_owned()), "{number}");
    }
    let index = |number: &str| {
        let data = format!(r#"{{"callId":"c","toUserId":"b","candidate":"","sdpMLineIndex":{number}}}"#);
        read_client_frame(&frame("signal:ice-candidate", &data))
    };
    assert!(index("0").is_ok() && index("65535").is_ok() && index("null").is_ok());
    for number in ["-1", "65536", "1.5", "\"0\""] {
        let (_, error) = index(number).expect_err(number);
        assert_eq!(error.to_string(), "`sdpMLineIndex` should be a whole number from 0 to 65535");
    }
}

#[test]
fn an_error_comes_with_the_id_of_its_frame_so_that_it_can_be_a_reply() {
    let id_of = |text: &str| read_client_frame(text).expect_err("it is no frame").0;
    assert_eq!(id_of(r#"{"id":7,"event":"call:hangup","data":{}}"#), Some(7));
    assert_eq!(id_of(r#"{"id":7,"event":"call:nothing","data":{}}"#), Some(7));
    assert_eq!(id_of(r#"{"id":7}"#), Some(7));
    assert_eq!(id_of(r#"{"id":"7","event":"call:hangup","data":{}}"#), None);
    assert_eq!(id_of(r#"{"event":"call:hangup","data":{}}"#), None);
    assert_eq!(id_of("{"), None);
}

#[test]
fn ids_have_1_to_128_bytes() {
    assert!(CallId::new("").is_none());
    assert!(UserId::new("x".repeat(128)).is_some());
    assert!(UserId::new("x".repeat(129)).is_none());
    assert!(UserId::new("é".repeat(64)).is_some(), "bytes, not letters");
    assert!(UserId::new("é".repeat(65)).is_none());
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    for depth in [200, 20_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let data = format!(r#"{{"callId":"c","more":{deep}}}"#);
            assert_eq!(
                fault(&frame("call:hangup", &data)),
                "the frame is not JSON text, or nests too deeply"
            );
            assert_eq!(fault(&deep), "the frame is not JSON text, or nests too deeply");
        }
    }
    let nested = |depth: usize| read_client_frame(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
    assert!(matches!(nested(127), Err((None, JsonError::Shape(_)))));
    assert_eq!(nested(128), Err((None, JsonError::NotJson)));
    let shallow = format!(r#"{{"callId":"c","more":{}{}}}"#, "[".repeat(100), "]".repeat(100));
    assert!(read_client_frame(&frame("call:hangup", &shallow)).is_ok());
}

#[test]
fn i27_half_a_surrogate_pair_is_refused() {
    for half in [r"\ud83d", r"\udcde", r"\ud83dx", r"\udcde\ud83d", r"\uD83D\u0041"] {
        let sdp = format!(r#"{{"callId":"c","toUserId":"b","type":"offer","sdp":"{half}"}}"#);
        assert!(
            matches!(read_client_frame(&frame("signal:offer", &sdp)), Err((None, JsonError::NotJson))),
            "{half}"
        );
        let unread = format!(r#"{{"callId":"c","more":"{half}"}}"#);
        assert!(read_client_frame(&frame("call:hangup", &unread)).is_err(), "{half}");
    }
    let whole = frame("signal:offer", r#"{"callId":"c","toUserId":"b","type":"offer","sdp":"\ud83d\udcde"}"#);
    let Ok(ClientFrame { command: Command::Offer(offer), .. }) = read_client_frame(&whole) else {
        panic!("{whole}")
    };
    assert_eq!(offer.sdp.reveal(), "📞");
}

#[test]
fn unknown_members_pass_through_a_signal_and_nothing_else() {
    let more = r#""a":{"b":[1,{"c":null}]},"quote\"d":"v\u0000","z":1e-7"#;
    let written = |event: &str, data: &str| {
        let frame = read_client_frame(&frame(event, data)).unwrap_or_else(|error| panic!("{error:?}"));
        let written: serde_json::Value =
            serde_json::from_str(&write_client_frame(&frame)).expect("it is JSON");
        written["data"].clone()
    };
    for (event, data) in [
        ("signal:offer", r#""callId":"c","toUserId":"b","type":"offer","sdp":"v=0""#),
        ("signal:answer", r#""callId":"c","toUserId":"b","type":"answer","sdp":"v=0""#),
        ("signal:ice-candidate", r#""callId":"c","toUserId":"b","candidate":"x""#),
    ] {
        let expected: serde_json::Value =
            serde_json::from_str(&format!("{{{data},{more}}}")).expect("it is JSON");
        assert_eq!(written(event, &format!("{{{data},{more}}}")), expected, "{event}");
    }
    for (event, data) in [
        ("call:initiate", r#""conversationId":"c","type":"audio","calleeIds":["b"]"#),
        ("call:respond", r#""callId":"c","action":"accept""#),
        ("call:hangup", r#""callId":"c""#),
        ("call:media-toggle", r#""callId":"c","audio":true"#),
        ("call:connection-report", r#""callId":"c","peerUserId":"b","state":"failed""#),
    ] {
        let expected: serde_json::Value = serde_json::from_str(&format!("{{{data}}}")).expect("it is JSON");
        assert_eq!(written(event, &format!("{{{data},{more}}}")), expected, "{event}");
    }
}
