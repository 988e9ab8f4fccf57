//! The signaling WebSocket.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;

use futures_core::Stream;
use futures_sink::Sink;
use gloo_net::websocket::futures::WebSocket;
use gloo_net::websocket::{Message, State, WebSocketError};
use js_sys::Array;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use crate::codec;
use crate::driver::Driver;

/// The subprotocol of the SDK.
const PROTOCOL: &str = "lumencall.1";

/// An open or opening socket. What comes in is handed to the driver for as long as it is the driver's.
pub(crate) struct Socket {
    raw: web_sys::WebSocket,
}

impl Socket {
    /// Opens a socket. The driver lives for as long as the socket does, even if the app drops its client.
    pub(crate) fn open(driver: &Rc<Driver>, url: &str) -> Result<Rc<Self>, JsValue> {
        let raw = web_sys::WebSocket::new_with_str_sequence(url, &Array::of1(&PROTOCOL.into()))?;
        let incoming = WebSocket::try_from(raw.clone()).map_err(|error| JsValue::from_str(&error.message))?;
        let socket = Rc::new(Self { raw });
        spawn_local(run(driver.clone(), socket.clone(), incoming));
        Ok(socket)
    }

    pub(crate) fn send(&self, text: &str) {
        // It throws only while the socket is connecting, when the session sends nothing; a closing one drops it.
        drop(self.raw.send_with_str(text));
    }

    pub(crate) fn close(&self) {
        drop(self.raw.close_with_code(1000));
    }
}

async fn run(driver: Rc<Driver>, socket: Rc<Socket>, mut incoming: WebSocket) {
    // Ready to send is open, or failed, which the stream tells.
    drop(poll_fn(|context| Pin::new(&mut incoming).poll_ready(context)).await);
    if matches!(incoming.state(), State::Open) {
        driver.socket_open(&socket);
    }
    loop {
        match poll_fn(|context| Pin::new(&mut incoming).poll_next(context)).await {
            Some(Ok(Message::Text(text))) => driver.socket_frame(&socket, codec::from_text(&text)),
            Some(Ok(Message::Bytes(_))) => {}
            Some(Err(WebSocketError::ConnectionError)) => {}
            Some(Err(_)) | None => break,
        }
    }
    driver.socket_closed(&socket);
}
