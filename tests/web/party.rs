//! Somebody with a client, of whom everything is noted that they hear.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use js_sys::Function;
use lumencall::CallClient;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::MediaStream;

use crate::js::{call_error, done, elements, get, json, shown, text, within};

/// Every event that there is.
pub(crate) const EVENTS: [&str; 13] = [
    "call:incoming",
    "call:state-changed",
    "call:participant-joined",
    "call:participant-left",
    "call:media-changed",
    "call:callee-changed",
    "call:participant-changed",
    "call:elsewhere",
    "media:local",
    "media:remote",
    "media:remote-removed",
    "connection:state-changed",
    "error",
];

/// The address of the server, which whoever compiles these tests has to name: a page has no environment.
pub(crate) fn server() -> &'static str {
    let url: Option<&str> = option_env!("LUMENCALL_TEST_URL");
    url.expect(
        "LUMENCALL_TEST_URL was not set when these tests were compiled: \
         it is the WebSocket address of a running server, as in ws://127.0.0.1:8080/ws",
    )
}

/// The name of a user that no other test, and no other page, has.
pub(crate) fn unique(name: &str) -> String {
    format!("{name}-{}", (js_sys::Math::random() * 1e12) as u64)
}

/// Options of a client.
pub(crate) fn options(url: &str, user: &str) -> JsValue {
    json(&format!(r#"{{"url": "{url}", "userId": "{user}"}}"#))
}

/// A listener that stays for as long as its party.
type Listener = Closure<dyn FnMut(JsValue)>;

pub(crate) struct Party {
    pub(crate) client: Rc<CallClient>,
    pub(crate) user: String,
    log: Rc<Log>,
    listeners: RefCell<Vec<Listener>>,
}

/// What was heard, in order.
#[derive(Default)]
struct Log {
    heard: RefCell<Vec<(&'static str, JsValue)>>,
    wakers: RefCell<Vec<Waker>>,
}

impl Party {
    /// Somebody who is not connected.
    pub(crate) fn new(name: &str) -> Self {
        Self::at(server(), name)
    }

    /// The same, with the address of another server.
    pub(crate) fn at(url: &str, name: &str) -> Self {
        Self::named(url, &unique(name))
    }

    fn named(url: &str, user: &str) -> Self {
        let client = CallClient::new(options(url, user)).expect("the options are good");
        let user = user.to_owned();
        let party = Self { client: Rc::new(client), user, log: Rc::default(), listeners: RefCell::default() };
        for event in EVENTS {
            let log = party.log.clone();
            let listener = party.listener(move |data| {
                log.heard.borrow_mut().push((event, data));
                log.wakers.take().iter().for_each(Waker::wake_by_ref);
            });
            party.client.on(event.into(), listener.into()).expect("there is such an event");
        }
        party
    }

    /// Somebody who is connected.
    pub(crate) async fn connected(name: &str) -> Self {
        let party = Self::new(name);
        assert!(done(party.client.connect()).await.is_undefined());
        party
    }

    /// The same user on another device, connected.
    pub(crate) async fn beside(&self) -> Self {
        let party = Self::named(server(), &self.user);
        assert!(done(party.client.connect()).await.is_undefined());
        party
    }

    /// A function for [`CallClient::on`] and its like. It lives as long as the party.
    pub(crate) fn listener(&self, listen: impl FnMut(JsValue) + 'static) -> Function {
        let closure = Closure::<dyn FnMut(JsValue)>::new(listen);
        let function = closure.as_ref().unchecked_ref::<Function>().clone();
        self.listeners.borrow_mut().push(closure);
        function
    }

    /// Listens to an event for as long as the party lives.
    pub(crate) fn on(&self, event: &str, listen: impl FnMut(&CallClient, JsValue) + 'static) {
        let (client, mut listen) = (Rc::downgrade(&self.client), listen);
        let listener = self.listener(move |data| {
            listen(&client.upgrade().expect("the client is there"), data);
        });
        self.client.on(event.into(), listener.into()).expect("there is such an event");
    }

    /// Asks for a call.
    pub(crate) fn initiate(&self, callee: &str, call_type: &str) -> js_sys::Promise {
        self.initiate_to(&[callee], call_type)
    }

    /// Asks for a call of several.
    pub(crate) fn initiate_to(&self, callees: &[&str], call_type: &str) -> js_sys::Promise {
        let callees = callees.join(r#"", ""#);
        let options =
            format!(r#"{{"conversationId": "demo", "type": "{call_type}", "calleeIds": ["{callees}"]}}"#);
        self.client.initiate(json(&options))
    }

    /// Calls the other, and waits until it rings there. Returns the call's id.
    pub(crate) async fn rings(&self, other: &Self, call_type: &str) -> String {
        let call = done(self.initiate(&other.user, call_type)).await;
        let id = text(&call, "id");
        other.hears("call:incoming", |call| text(call, "id") == id).await;
        id
    }

    /// Calls the other, who accepts, and waits until both are connected. Returns the call's id.
    pub(crate) async fn reaches(&self, other: &Self, call_type: &str) -> String {
        let id = self.rings(other, call_type).await;
        done(other.client.accept((&*id).into(), JsValue::UNDEFINED)).await;
        self.is("connected", &id).await;
        other.is("connected", &id).await;
        id
    }

    /// Waits for an event, or finds it among those that were heard.
    pub(crate) async fn hears(&self, event: &str, fits: impl Fn(&JsValue) -> bool) -> JsValue {
        let log = &self.log;
        let find = || {
            let heard = log.heard.borrow();
            heard.iter().find(|(name, data)| *name == event && fits(data)).map(|(_, data)| data.clone())
        };
        let wait = poll_fn(|context| match find() {
            Some(data) => Poll::Ready(data),
            None => {
                log.wakers.borrow_mut().push(context.waker().clone());
                Poll::Pending
            }
        });
        within(&format!("{} hears {event}", self.user), || format!("Heard: {:#?}", self.heard()), wait).await
    }

    /// Waits until the call is in this state.
    pub(crate) async fn is(&self, state: &str, call: &str) -> JsValue {
        self.hears("call:state-changed", |changed| {
            text(changed, "callId") == call && text(changed, "state") == state
        })
        .await
    }

    /// Waits for the end of the call, and returns its reason.
    pub(crate) async fn ended(&self, call: &str) -> String {
        text(&self.is("ended", call).await, "endReason")
    }

    /// The stream that came with an event.
    pub(crate) async fn stream(&self, event: &str, call: &str) -> MediaStream {
        let data = self.hears(event, |data| text(data, "callId") == call).await;
        assert_eq!(text(&data, "kind"), "camera");
        get(&data, "stream").dyn_into().expect("a MediaStream")
    }

    /// Everything that was heard, a line each.
    pub(crate) fn heard(&self) -> Vec<String> {
        let heard = self.log.heard.borrow();
        heard.iter().map(|(name, data)| format!("{name} {}", shown(data))).collect()
    }

    /// How often this event was heard.
    pub(crate) fn count(&self, event: &str) -> usize {
        self.log.heard.borrow().iter().filter(|(name, _)| *name == event).count()
    }

    /// The states of the call that were heard, in order.
    pub(crate) fn states(&self, call: &str) -> Vec<String> {
        let heard = self.log.heard.borrow();
        let states =
            heard.iter().filter(|(name, data)| *name == "call:state-changed" && text(data, "callId") == call);
        states.map(|(_, data)| text(data, "state")).collect()
    }

    /// The names of the events that were heard after the end of the call. There are none: nothing comes after an end.
    pub(crate) fn heard_after_the_end(&self, call: &str) -> Vec<String> {
        let heard = self.log.heard.borrow();
        let of_call = heard.iter().filter(|(_, data)| text(data, "callId") == call);
        of_call
            .skip_while(|(_, data)| text(data, "state") != "ended")
            .skip(1)
            .map(|(name, _)| (*name).to_owned())
            .collect()
    }

    /// The codes of the errors that were heard.
    pub(crate) fn errors(&self) -> Vec<String> {
        let heard = self.log.heard.borrow();
        heard.iter().filter(|(name, _)| *name == "error").map(|(_, error)| call_error(error).0).collect()
    }

    /// The calls that the client knows.
    pub(crate) fn calls(&self) -> Vec<JsValue> {
        elements(&self.client.calls())
    }
}

impl Drop for Party {
    fn drop(&mut self) {
        self.client.dispose();
    }
}

/// Whether each track of the stream is `live` or `ended`.
pub(crate) fn track_states(stream: &MediaStream) -> Vec<String> {
    stream.get_tracks().iter().map(|track| text(&track, "readyState")).collect()
}

/// The kinds of the stream's tracks, sorted.
pub(crate) fn kinds(stream: &MediaStream) -> Vec<String> {
    let mut kinds: Vec<_> = stream.get_tracks().iter().map(|track| text(&track, "kind")).collect();
    kinds.sort();
    kinds
}

/// What [`kinds`] says of a video call's stream.
pub(crate) fn both() -> Vec<String> {
    vec!["audio".to_owned(), "video".to_owned()]
}
