//! What a client has heard, in short.

use serde_json::{Value, json};

use super::Client;

/// The call of the commands that fence: there is none.
const NO_CALL: &str = "no-such-call";

impl Client {
    /// Everything that has come, in short, once all that this client sent before has been carried out. All of it is of
    /// this call.
    pub(crate) async fn heard(&mut self, call: &str) -> Vec<String> {
        let frames = self.frames().await;
        for frame in &frames {
            let of = call_of(frame);
            assert!(
                of.is_none_or(|of| of == call),
                "{} hears of another call than {call}: {frame}",
                self.user
            );
        }
        frames.iter().map(in_short).collect()
    }

    /// Exactly this has come.
    pub(crate) async fn hears(&mut self, call: &str, expected: &[&str]) {
        let heard = self.heard(call).await;
        assert_eq!(heard, expected, "{}", self.user);
    }

    /// Every frame that has come, once all that this client sent before has been carried out.
    pub(crate) async fn frames(&mut self) -> Vec<Value> {
        self.request("call:hangup", json!({ "callId": NO_CALL })).await;
        let mut frames = Vec::new();
        loop {
            let frame = self.next().await;
            if call_of(&frame) == Some(NO_CALL) {
                return frames;
            }
            frames.push(frame);
        }
    }
}

/// What each of them has heard, once all that any of them sent before has been carried out.
pub(crate) async fn heard_by_all(call: &str, clients: &mut [&mut Client]) -> Vec<Vec<String>> {
    let mut heard = Vec::new();
    for client in clients.iter_mut() {
        heard.push(client.heard(call).await);
    }
    for (client, heard) in clients.iter_mut().zip(&mut heard) {
        heard.extend(client.heard(call).await);
    }
    heard
}

/// The call that a frame is about.
pub(crate) fn call_of(frame: &Value) -> Option<&str> {
    let data = &frame["data"];
    let places = [&data["callId"], &data["error"]["callId"], &data["ok"]["call"]["id"]];
    let incoming = (frame["event"] == "call:incoming").then(|| &data["id"]);
    places.into_iter().chain(incoming).find_map(Value::as_str)
}

/// A frame in a few words.
pub(crate) fn in_short(frame: &Value) -> String {
    let data = &frame["data"];
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no text: {frame}")).to_owned();
    let user = || text(&data["userId"]);
    match frame["event"].as_str().unwrap() {
        "call:incoming" => format!("incoming {}", text(&data["state"])),
        "call:state-changed" if data["answeredElsewhere"] == true => "answered elsewhere".into(),
        "call:state-changed" if data["state"] == "ended" => format!("ended {}", text(&data["endReason"])),
        "call:state-changed" => text(&data["state"]),
        "call:participant-joined" => format!("joined {}", text(&data["participant"]["userId"])),
        "call:participant-rejoined" => format!("rejoined {}", text(&data["participant"]["userId"])),
        "call:participant-left" => format!("left {}", user()),
        "call:participant-changed" => format!("connection {} {}", user(), text(&data["connection"])),
        "call:callee-changed" => format!("callee {} {}", user(), text(&data["outcome"])),
        "call:media-changed" => format!("media {}", user()),
        "call:elsewhere" if data["engaged"] == true => "engaged elsewhere".into(),
        "call:elsewhere" => "free elsewhere".into(),
        "signal:offer" => format!("offer {}", text(&data["fromUserId"])),
        "signal:answer" => format!("answer {}", text(&data["fromUserId"])),
        "signal:ice-candidate" => format!("candidate {}", text(&data["fromUserId"])),
        "reply" if data["error"].is_object() => format!("refused {}", text(&data["error"]["code"])),
        "reply" => "done".into(),
        "error" => format!("refused {}", text(&data["code"])),
        event => panic!("{event} has no short form"),
    }
}
