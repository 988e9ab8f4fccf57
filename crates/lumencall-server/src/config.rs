//! What a server is configured by.

use std::path::PathBuf;
use std::time::Duration;

use lumencall_core::machine::Rules;
use lumencall_core::wire::IceServer;

use crate::{Auth, Tls, Turn};

/// Everything that a server is configured by, but the address, which comes with the listener.
#[derive(Clone, Debug)]
pub struct Config {
    /// How users prove who they are.
    pub auth: Auth,
    /// The times and bounds of calls.
    pub rules: Rules,
    /// The ICE servers that every SDK gets with its welcome.
    pub ice_servers: Vec<IceServer>,
    /// What makes each user's passwords for the TURN servers among them; without it, they are as given.
    pub turn: Option<Turn>,
    /// The certificate of the listener; without it, connections are plain.
    pub tls: Option<Tls>,
    /// The folder that is served at `/`.
    pub www: PathBuf,
    /// The folder that is served at `/pkg`.
    pub pkg: PathBuf,
    /// The times and bounds of sockets.
    pub limits: Limits,
}

/// The times and bounds of sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a client may take for the TLS handshake, then to send the whole head of its HTTP request, and then its `session:open`.
    pub open_timeout: Duration,
    /// How long a socket whose token has expired may still hang up, or show a newer one.
    pub token_grace: Duration,
    /// How often a socket is pinged.
    pub ping_interval: Duration,
    /// How long after a ping a socket that sends nothing at all is dead; also how long one write may take.
    pub pong_timeout: Duration,
    /// The largest message taken, in bytes.
    pub message: usize,
    /// How many frames may wait for one device; as many are kept until the device is known to have them.
    pub queued_frames: usize,
    /// How many bytes of frames may wait for one device, and are kept at most.
    pub queued_bytes: usize,
    /// How many devices of one user may be connected, or away and about to come back.
    pub devices: usize,
    /// How many frames a second are read from one socket in the long run; further ones wait in its TCP window.
    pub frames_per_second: u32,
    /// How many frames may come at once, as candidates do, before that pace counts.
    pub frames_at_once: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            open_timeout: Duration::from_secs(10),
            token_grace: Duration::from_secs(60),
            ping_interval: Duration::from_secs(25),
            pong_timeout: Duration::from_secs(10),
            message: 64 * 1024,
            queued_frames: 256,
            queued_bytes: 1024 * 1024,
            devices: 16,
            frames_per_second: 200,
            frames_at_once: 400,
        }
    }
}

impl Config {
    /// The defaults, with `./www` and `./pkg` to serve and no ICE server.
    pub fn new(auth: Auth) -> Self {
        Self {
            auth,
            rules: Rules::default(),
            ice_servers: Vec::new(),
            turn: None,
            tls: None,
            www: "www".into(),
            pkg: "pkg".into(),
            limits: Limits::default(),
        }
    }
}
