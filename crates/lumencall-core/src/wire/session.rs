//! The frames of a session of the SDK that are about no call.

use super::{Private, record};
use crate::{Call, DeviceId, UserId};

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
        /// The `seq` of the last frame that it applied. Absent on another page of the same device, which has seen nothing.
        last_seq: Option<u32> = "lastSeq",
    }
}

record! {
    /// `session:welcome`: the answer to `session:open`.
    pub struct Welcome {
        /// The version of the protocol, `lumencall.1`.
        protocol: Box<str> = "protocol",
        /// The user that the client is.
        user_id: UserId = "userId",
        /// The device that the client is now.
        device_id: DeviceId = "deviceId",
        /// What a client shows to go on with this session; never to be logged or put in a URL.
        secret: Private = "secret",
        /// Whether an older session goes on, with every frame after the last that the client has applied.
        resumed: bool = "resumed",
        /// Where it goes on: how many of the client's frames the server has taken, since the session began.
        received: Option<u32> = "received",
        /// Where it does not, and the device is known: the calls that ring at it, and the one that it is in.
        calls: Option<Vec<Call>> = "calls",
        /// The ICE servers for new peer connections.
        ice_servers: Vec<IceServer> = "iceServers",
        /// For how long their credentials can be used, in seconds; absent is for ever.
        ice_servers_expire_in: Option<u32> = "iceServersExpireIn",
        /// For how long the user's token can be used, in seconds; absent is for ever.
        token_expires_in: Option<u32> = "tokenExpiresIn",
    }
}

record! {
    /// `session:ping`, `session:suspend` and `session:ice-servers`: the event says it all.
    pub struct Nothing {
    }
}

record! {
    /// `session:authenticate`: a newer token for the same user.
    pub struct Authenticate {
        /// The token.
        token: Private = "token",
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
