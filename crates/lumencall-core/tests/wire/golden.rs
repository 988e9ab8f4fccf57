//! The golden messages of `tests/wire`, both ways.

use std::collections::BTreeSet;
use std::fs;

use lumencall_core::wire::{
    ClientFrame, Command, ServerEvent, ServerFrame, read_client_frame, read_server_frame, write_client_frame,
    write_server_frame,
};
use serde_json::{Value, json};

use crate::golden_values::{client_value, server_value};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/wire");

/// A golden message.
#[derive(Debug)]
struct Golden {
    name: String,
    from_client: bool,
    frame: Value,
    rewritten: Value,
}

fn goldens() -> Vec<Golden> {
    let files =
        fs::read_dir(FOLDER).expect("the folder is there").map(|file| file.expect("it can be listed").path());
    let mut goldens: Vec<Golden> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let text = fs::read_to_string(&path).expect("the file can be read");
            let file: Value = serde_json::from_str(&text).expect("the file is JSON");
            let name = file["name"].as_str().expect("it has a name").to_owned();
            assert_eq!(path.file_stem().and_then(|stem| stem.to_str()), Some(&*name));
            assert!(file["note"].is_string(), "{name} says what it shows");
            let from_client = match file["direction"].as_str() {
                Some("client") => true,
                Some("server") => false,
                other => panic!("{name}: {other:?} is no direction"),
            };
            let frame = file["frame"].clone();
            let rewritten = file.get("rewritten").unwrap_or(&frame).clone();
            Golden { name, from_client, frame, rewritten }
        })
        .collect();
    goldens.sort_by(|one, other| one.name.cmp(&other.name));
    goldens
}

#[test]
fn every_golden_message_is_read_as_the_value_that_it_is() {
    for Golden { name, from_client, frame, .. } in goldens() {
        let text = frame.to_string();
        if from_client {
            let expected = client_value(&name).unwrap_or_else(|| panic!("{name} has no value"));
            assert_eq!(read_client_frame(&text), Ok(expected), "{name}");
        } else {
            let expected = server_value(&name).unwrap_or_else(|| panic!("{name} has no value"));
            assert_eq!(read_server_frame(&text), Ok(expected), "{name}");
        }
    }
}

#[test]
fn every_golden_message_is_written_as_it_stands() {
    for Golden { name, from_client, rewritten, .. } in goldens() {
        let text = if from_client {
            write_client_frame(&client_value(&name).unwrap_or_else(|| panic!("{name} has no value")))
        } else {
            write_server_frame(&server_value(&name).unwrap_or_else(|| panic!("{name} has no value")))
        };
        let written: Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}: {text}"));
        assert_eq!(written, rewritten, "{name}");
    }
}

#[test]
fn every_event_has_a_golden_message() {
    let (mut sent, mut heard) = (BTreeSet::new(), BTreeSet::new());
    for golden in goldens() {
        let event = golden.frame["event"].as_str().expect("a frame has an event").to_owned();
        if golden.from_client {
            sent.insert(event)
        } else {
            heard.insert(event)
        };
    }
    let named =
        |events: &[&str], more: &[&str]| [events, more].concat().into_iter().map(str::to_owned).collect();
    assert_eq!(sent, named(Command::EVENTS, &[]));
    assert_eq!(heard, named(ServerEvent::EVENTS, &["session:welcome", "reply", "error"]));
}

/// The seed's own words. Its placeholders stand for the values of the golden messages.
#[test]
fn the_examples_of_the_seed_are_among_them_to_the_letter() {
    let goldens = goldens();
    let data = |name: &str| {
        let golden = goldens.iter().find(|golden| golden.name == name).expect("it is there");
        golden.frame["data"].clone()
    };
    let initiate = json!({ "conversationId": "conv-123", "type": "video", "calleeIds": ["user-456"] });
    assert_eq!(data("initiate-seed"), initiate);
    assert_eq!(data("respond-accept-seed"), json!({ "callId": "call-789", "action": "accept" }));
    assert_eq!(data("respond-reject-seed"), json!({ "callId": "call-789", "action": "reject" }));
    assert_eq!(data("hangup-seed"), json!({ "callId": "call-789", "reason": "completed" }));
    let toggle = json!({ "callId": "call-789", "audio": false, "video": true, "screenShare": false });
    assert_eq!(data("media-toggle-seed"), toggle);
    let members =
        |value: Value| -> Vec<String> { value.as_object().expect("an object").keys().cloned().collect() };
    let description = ["callId", "fromUserId", "sdp", "toUserId", "type"];
    assert_eq!(members(data("offer-seed")), description);
    assert_eq!(members(data("answer-seed")), description);
    let candidate = ["callId", "candidate", "fromUserId", "sdpMLineIndex", "sdpMid", "toUserId"];
    assert_eq!(members(data("candidate-seed")), candidate);
    assert_eq!(members(data("state-changed-seed")), ["callId", "state"]);
    assert_eq!(members(data("state-changed-ended-seed")), ["callId", "endReason", "state"]);
    assert_eq!(members(data("participant-joined")), ["callId", "participant"]);
    assert_eq!(members(data("participant-left")), ["callId", "userId"]);
    assert_eq!(members(data("media-changed")), ["audio", "callId", "screenShare", "userId", "video"]);
}

#[test]
fn a_frame_is_read_whatever_the_order_of_its_members() {
    let frame = r#"{"data":{"action":"accept","callId":"call-789"},"id":3,"event":"call:respond"}"#;
    let expected = client_value("respond-accept-seed").expect("it is there");
    assert_eq!(read_client_frame(frame), Ok(ClientFrame { id: Some(3), ..expected }));
    let frame =
        r#" { "data" : { "userId":"user-456", "callId":"call-789"} , "event":"call:participant-left" } "#;
    let expected = server_value("participant-left").expect("it is there");
    assert_eq!(read_server_frame(frame), Ok(ServerFrame { seq: None, ..expected }));
}
