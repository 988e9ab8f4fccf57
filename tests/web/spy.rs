//! What of the browser is used, noted where the SDK uses it.

use wasm_bindgen::JsValue;

use crate::js::{elements, get, invoke, script, text};

/// How much of the browser has been used on this page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) captures: u32,
    pub(crate) connections: u32,
    pub(crate) sockets: u32,
}

/// What has been used up to now; counts from the first time that it is asked.
pub(crate) fn used() -> Used {
    let spy = spy();
    let count = |name| get(&get(&spy, name), "length").as_f64().expect("a list") as u32;
    Used { captures: count("captures"), connections: count("connections"), sockets: count("sockets") }
}

/// How many tracks are live of all that the browser has handed out, whoever holds them.
pub(crate) fn live_tracks() -> u32 {
    let streams = elements(&get(&spy(), "streams"));
    let tracks = streams.iter().flat_map(|stream| elements(&invoke(stream, "getTracks", &[])));
    tracks.filter(|track| text(track, "readyState") == "live").count() as u32
}

/// The socket that was opened last.
pub(crate) fn latest_socket() -> web_sys::WebSocket {
    let sockets = get(&spy(), "sockets");
    let latest = js_sys::Array::from(&sockets).iter().last().expect("a socket was opened");
    latest.into()
}

fn spy() -> JsValue {
    script(
        r"
        if (window.spy) return window.spy
        const spy = { captures: [], streams: [], connections: [], sockets: [] }
        const devices = navigator.mediaDevices
        const capture = devices.getUserMedia.bind(devices)
        devices.getUserMedia = async (constraints) => {
            spy.captures.push(constraints)
            const stream = await capture(constraints)
            spy.streams.push(stream)
            return stream
        }
        const { RTCPeerConnection, WebSocket } = window
        window.RTCPeerConnection = class extends RTCPeerConnection {
            constructor(...options) {
                super(...options)
                spy.connections.push(this)
            }
        }
        window.WebSocket = class extends WebSocket {
            constructor(...options) {
                super(...options)
                spy.sockets.push(this)
            }
        }
        return (window.spy = spy)
        ",
    )
}
