//! Somebody without the SDK, who says what the test says, over a socket of the seed's dialect.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use gloo_events::EventListener;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MessageEvent, WebSocket};

use crate::js::{get, json, shown, text, within};
use crate::party::{server, unique};

pub(crate) struct Plain {
    pub(crate) user: String,
    socket: WebSocket,
    heard: Rc<RefCell<Vec<JsValue>>>,
    wakers: Rc<RefCell<Vec<Waker>>>,
    _listeners: [EventListener; 2],
}

impl Plain {
    /// Somebody who is connected.
    pub(crate) async fn connected(name: &str) -> Self {
        let user = unique(name);
        let socket = WebSocket::new(&format!("{}?userId={user}", server())).expect("a good address");
        let (heard, wakers) = (Rc::<RefCell<Vec<JsValue>>>::default(), Rc::<RefCell<Vec<Waker>>>::default());
        let wake = |wakers: &Rc<RefCell<Vec<Waker>>>| wakers.take().iter().for_each(Waker::wake_by_ref);
        let opened = EventListener::new(&socket, "open", {
            let wakers = wakers.clone();
            move |_| wake(&wakers)
        });
        let message = EventListener::new(&socket, "message", {
            let (heard, wakers) = (heard.clone(), wakers.clone());
            move |event| {
                let text = event.unchecked_ref::<MessageEvent>().data().as_string().expect("text");
                heard.borrow_mut().push(json(&text));
                wake(&wakers);
            }
        });
        let plain = Self { user, socket, heard, wakers, _listeners: [opened, message] };
        plain
            .wait("the socket opens", || (plain.socket.ready_state() == WebSocket::OPEN).then_some(()))
            .await;
        plain
    }

    /// Says something.
    pub(crate) fn says(&self, event: &str, data: &str) {
        let frame = format!(r#"{{"event": "{event}", "data": {data}}}"#);
        self.socket.send_with_str(&frame).expect("the socket is open");
    }

    /// Waits for an event, or finds it among those that were heard. Returns its data.
    pub(crate) async fn hears(&self, event: &str) -> JsValue {
        let find = || {
            let heard = self.heard.borrow();
            heard.iter().find(|frame| text(frame, "event") == event).map(|frame| get(frame, "data"))
        };
        self.wait(event, find).await
    }

    /// The names of the events that were heard, in order.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.borrow().iter().map(|frame| text(frame, "event")).collect()
    }

    async fn wait<T>(&self, what: &str, find: impl Fn() -> Option<T>) -> T {
        let wait = poll_fn(|context| match find() {
            Some(found) => Poll::Ready(found),
            None => {
                self.wakers.borrow_mut().push(context.waker().clone());
                Poll::Pending
            }
        });
        let so_far = || self.heard.borrow().iter().map(shown).collect::<Vec<_>>().join("\n");
        within(what, so_far, wait).await
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        self.socket.close().expect("a socket can be closed");
    }
}
