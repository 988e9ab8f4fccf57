//! The signaling WebSocket.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use futures_core::Stream;
use futures_sink::Sink;
use gloo_net::websocket::futures::WebSocket;
use gloo_net::websocket::{Message, State, WebSocketError};
use js_sys::Array;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use crate::codec::{self, join};
use crate::driver::Driver;

/// The subprotocol of the SDK.
const PROTOCOL: &str = "lumencall.1";

/// What stands before a token there.
const TOKEN: &str = "lumencall.token.";

/// The code of a close that says good-bye (RFC 6455, 7.4.1).
const GOODBYE: u16 = 1000;
/// The code of any other close of ours: the device comes back.
const COMES_BACK: u16 = 3000;
/// What a connection ends with that nobody closed (RFC 6455, 7.4.1).
pub(crate) const ABNORMAL: u16 = 1006;

/// An open or opening socket. What comes in is handed to the driver for as long as it is the driver's.
pub(crate) struct Socket {
    raw: web_sys::WebSocket,
}

impl Socket {
    /// Opens a socket. The driver lives for as long as the socket does, even if the app drops its client.
    ///
    /// The token stands beside the subprotocol: a browser lets a page say nothing else of its own before the first frame, and
    /// an address would be logged.
    pub(crate) fn open(driver: &Rc<Driver>, token: Option<&str>) -> Result<Rc<Self>, JsValue> {
        let protocols = Array::of1(&PROTOCOL.into());
        if let Some(token) = token {
            protocols.push(&join(&[TOKEN, token]).into());
        }
        let raw = web_sys::WebSocket::new_with_str_sequence(&driver.options.url, &protocols)?;
        let incoming = WebSocket::try_from(raw.clone()).map_err(|error| JsValue::from_str(&error.message))?;
        let socket = Rc::new(Self { raw });
        spawn_local(run(driver.clone(), socket.clone(), incoming));
        Ok(socket)
    }

    pub(crate) fn send(&self, text: &str) {
        // It throws only while the socket is connecting, when the session sends nothing; a closing one drops it.
        drop(self.raw.send_with_str(text));
    }

    pub(crate) fn close(&self, goodbye: bool) {
        drop(self.raw.close_with_code(if goodbye { GOODBYE } else { COMES_BACK }));
    }
}

async fn run(driver: Rc<Driver>, socket: Rc<Socket>, mut incoming: WebSocket) {
    // Until it is open, or has come to its end before that.
    let mut next = poll_fn(|context| match Pin::new(&mut incoming).poll_ready(context) {
        Poll::Ready(_) => Poll::Ready(None),
        Poll::Pending => Pin::new(&mut incoming).poll_next(context).map(Some),
    })
    .await;
    if matches!(incoming.state(), State::Open) {
        driver.socket_open(&socket);
    }
    let code = loop {
        let came = match next.take() {
            Some(came) => came,
            None => poll_fn(|context| Pin::new(&mut incoming).poll_next(context)).await,
        };
        match came {
            Some(Ok(Message::Text(text))) => driver.socket_frame(&socket, codec::from_text(&text)),
            Some(Ok(Message::Bytes(_))) => {}
            Some(Err(WebSocketError::ConnectionError)) => {}
            Some(Err(WebSocketError::ConnectionClose(close))) => break close.code,
            Some(Err(_)) | None => break ABNORMAL,
        }
    };
    driver.socket_closed(&socket, code);
}
