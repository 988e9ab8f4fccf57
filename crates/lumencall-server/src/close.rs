//! Why the server ends a socket.
//!
//! | code | whether to come back |
//! |---|---|
//! | 1001, 1011, 4000 to 4099 | yes, after a pause: a new socket may do better |
//! | 1002, 1003, 1007, 1009 | yes, but not with the same frame: the client sent what it must not send |
//! | 4500 to 4599 | no: the next socket would end the same way until somebody changes something |
//!
//! The codes below 4000 are those of RFC 6455, 7.4.1.

/// A close code and the words beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Close {
    /// The code.
    pub code: u16,
    /// What a person reads in the browser's tools; at most 123 bytes (RFC 6455, 5.5).
    pub reason: &'static str,
}

const fn close(code: u16, reason: &'static str) -> Close {
    Close { code, reason }
}

/// The server stops.
pub const GOING_AWAY: Close = close(1001, "the server stops");
/// The frames were not those of the WebSocket protocol.
pub const PROTOCOL: Close = close(1002, "not a frame of the WebSocket protocol");
/// A binary frame came; every frame of this protocol is text.
pub const BINARY: Close = close(1003, "frames must be text");
/// A text frame was not UTF-8.
pub const NOT_UTF8: Close = close(1007, "text frames must be UTF-8");
/// A message was larger than the server takes.
pub const TOO_LARGE: Close = close(1009, "the message is larger than this server takes");
/// Something broke in the server while it worked for this socket.
pub const BROKEN: Close = close(1011, "something broke in the server");

/// The client took its frames too slowly, and too many waited for it.
pub const TOO_SLOW: Close = close(4000, "frames were taken too slowly");
/// Nothing came from the client for longer than it is pinged.
pub const SILENT: Close = close(4001, "no answer to pings");
/// The first frame of a session did not come in time.
pub const NEVER_OPENED: Close = close(4002, "session:open did not come in time");
/// The session is over: its page said that it goes, or its numbers are used up.
pub const OVER: Close = close(4003, "the session is over");

/// The first frame on the subprotocol was not `session:open`.
pub const NOT_OPENED: Close = close(4500, "the first frame must be session:open");
/// The user has as many devices as one may have.
pub const TOO_MANY_DEVICES: Close = close(4501, "this user has too many devices connected");
/// Another socket of the same device was opened, and goes on with its session.
pub const TAKEN_OVER: Close = close(4502, "another socket of this device took over");
/// The token expired, and no newer one was shown in time.
pub const TOKEN_EXPIRED: Close = close(4503, "the token has expired; come back with a newer one");
/// The token, or its user, was revoked.
pub const TOKEN_REVOKED: Close = close(4504, "the token was revoked");
/// Who the user is was not proven. An `error` that says what is wrong comes before it.
pub const UNAUTHORIZED: Close = close(4505, "the token was not taken; come back with another");
