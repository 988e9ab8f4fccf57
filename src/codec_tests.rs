//! The golden messages of `tests/wire`, through the SDK's codec: what it reads is what the server's codec reads, and what it
//! writes is what stands there.

use include_dir::{Dir, include_dir};
use lumencall_core::wire::{Description, IceCandidate, ServerFrame, read_client_frame, read_server_frame};
use serde_json::Value;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use super::{from_text, to_text};

wasm_bindgen_test_configure!(run_in_browser);

static FOLDER: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/tests/wire");

/// A golden message.
struct Golden {
    name: String,
    from_client: bool,
    frame: Value,
    rewritten: Value,
}

fn goldens() -> Vec<Golden> {
    let files = FOLDER.files().filter(|file| file.path().extension().is_some_and(|kind| kind == "json"));
    let goldens: Vec<_> = files
        .map(|file| {
            let text = file.contents_utf8().expect("the file is text");
            let file: Value = serde_json::from_str(text).expect("the file is JSON");
            let frame = file["frame"].clone();
            Golden {
                name: file["name"].as_str().expect("it has a name").to_owned(),
                from_client: file["direction"] == "client",
                rewritten: file.get("rewritten").unwrap_or(&frame).clone(),
                frame,
            }
        })
        .collect();
    assert!(goldens.len() > 30, "the folder was found");
    goldens
}

/// The frame without the members of a signal that nobody knows: nobody behind the SDK reads them, and it sends none.
fn without_unknown(frame: &Value) -> Value {
    let mut frame = frame.clone();
    let known = match frame["event"].as_str() {
        Some("signal:offer" | "signal:answer") => Description::MEMBERS,
        Some("signal:ice-candidate") => IceCandidate::MEMBERS,
        _ => return frame,
    };
    frame["data"].as_object_mut().expect("it has data").retain(|name, _| known.contains(&&**name));
    frame
}

fn value(text: Option<String>) -> Value {
    serde_json::from_str(&text.expect("it can be written")).expect("it is JSON")
}

#[wasm_bindgen_test]
fn what_the_server_sends_is_read_as_the_server_means_it() {
    for Golden { name, frame, .. } in goldens().into_iter().filter(|golden| !golden.from_client) {
        let meant =
            read_server_frame(&without_unknown(&frame).to_string()).expect("the server's codec reads it");
        assert_eq!(from_text(&frame.to_string()), Ok(meant), "{name}");
    }
}

#[wasm_bindgen_test]
fn what_the_server_sends_comes_to_the_app_as_it_stands() {
    for Golden { name, frame, rewritten, .. } in goldens().into_iter().filter(|golden| !golden.from_client) {
        let read: ServerFrame = from_text(&frame.to_string()).expect("it can be read");
        assert_eq!(value(to_text(&read)), without_unknown(&rewritten), "{name}");
    }
}

#[wasm_bindgen_test]
fn what_the_client_sends_is_written_as_it_stands() {
    for Golden { name, frame, rewritten, .. } in goldens().into_iter().filter(|golden| golden.from_client) {
        let meant = read_client_frame(&frame.to_string()).expect("the server's codec reads it");
        let written = value(to_text(&meant));
        assert_eq!(written, without_unknown(&rewritten), "{name}");
        assert!(read_client_frame(&written.to_string()).is_ok(), "{name}");
    }
}

#[wasm_bindgen_test]
fn a_member_that_is_null_is_absent() {
    let text = r#"{"seq":null,"event":"call:state-changed","data":{"callId":"call-789","state":"ringing",
        "endReason":null,"answeredElsewhere":null,"at":null,"later":null}}"#;
    let read: ServerFrame = from_text(text).expect("it can be read");
    assert_eq!(Ok(&read), read_server_frame(text).as_ref());
    let expected = serde_json::json!({
        "event": "call:state-changed",
        "data": { "callId": "call-789", "state": "ringing" },
    });
    assert_eq!(value(to_text(&read)), expected);
}

#[wasm_bindgen_test]
fn what_is_no_frame_is_refused_by_both_codecs() {
    let refused = [
        "",
        "{",
        "7",
        "null",
        "[]",
        r#""call:incoming""#,
        "{}",
        r#"{"event":"call:participant-left"}"#,
        r#"{"event":"call:participant-left","data":null}"#,
        r#"{"event":"call:participant-left","data":[]}"#,
        r#"{"event":"call:participant-left","data":{"callId":"call-789"}}"#,
        r#"{"event":"call:participant-left","data":{"callId":7,"userId":"user-456"}}"#,
        r#"{"event":"call:participant-left","data":{"callId":"","userId":"user-456"}}"#,
        r#"{"event":"call:participant-left","data":{"callId":"call-789","userId":"user-456"},"seq":-1}"#,
        r#"{"event":"call:participant-left","data":{"callId":"call-789","userId":"user-456"},"seq":1.5}"#,
        r#"{"event":"call:participant-left","data":{"callId":"call-789","userId":"user-456"},"seq":"1"}"#,
        r#"{"event":"call:unheard-of","data":{}}"#,
        r#"{"event":"toString","data":{}}"#,
        r#"{"event":"call:state-changed","data":{"callId":"call-789","state":"bored"}}"#,
        r#"{"event":"call:media-changed","data":{"callId":"call-789","userId":"user-456","audio":"off"}}"#,
    ];
    for text in refused {
        assert!(from_text::<ServerFrame>(text).is_err(), "{text}");
        assert!(read_server_frame(text).is_err(), "{text}");
    }
}

#[wasm_bindgen_test]
fn strings_survive_whatever_they_hold() {
    for odd in ["\u{0}", "\"\\/\u{8}\u{c}\n\r\t", "\u{2028}\u{2029}", "日本 📞 é", "</script>"] {
        let frame = serde_json::json!({
            "event": "reply",
            "data": { "id": 1, "error": { "code": "invalid-argument", "message": odd } },
        });
        let read: ServerFrame = from_text(&frame.to_string()).expect("it can be read");
        assert_eq!(Ok(&read), read_server_frame(&frame.to_string()).as_ref());
        assert_eq!(value(to_text(&read)), frame);
    }
}
