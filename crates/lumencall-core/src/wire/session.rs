//! The frames that open a session of the SDK.

use super::{Private, record};
use crate::DeviceId;

record! {
    /// `session:open`: the SDK's first frame.
    pub struct SessionOpen {
        /// The device that the client was, if it was one.
        device_id: Option<DeviceId> = "deviceId",
        /// The proof that it was, and what it has seen.
        resume: Option<SessionResume> = "resume",
    }
}

record! {
    /// What a client shows to go on with its session.
    pub struct SessionResume {
        /// The secret of the session's `session:welcome`.
        secret: Private = "secret",
        /// The `seq` of the last frame that it applied.
        last_seq: u32 = "lastSeq",
    }
}

record! {
    /// `session:welcome`: the answer to `session:open`.
    pub struct Welcome {
        /// The version of the protocol, `lumencall.1`.
        protocol: Box<str> = "protocol",
        /// The device that the client is now.
        device_id: DeviceId = "deviceId",
        /// What a client shows to go on with this session; never to be logged or put in a URL.
        secret: Private = "secret",
        /// Whether an older session goes on. If not, the client starts with nothing.
        resumed: bool = "resumed",
        /// The ICE servers for new peer connections.
        ice_servers: Vec<IceServer> = "iceServers",
    }
}

record! {
    /// A STUN or TURN server (`RTCIceServer`, W3C WebRTC 1.0, 4.2.2).
    pub struct IceServer {
        /// Its URLs, `stun:`, `turn:` or `turns:`.
        urls: Vec<Box<str>> = "urls",
        /// The user name, for TURN.
        username: Option<Private> = "username",
        /// The password, for TURN.
        credential: Option<Private> = "credential",
    }
}
