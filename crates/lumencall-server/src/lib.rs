//! The reference server of lumencall: signaling over WebSocket, and the files of the demo page.
//!
//! It owns the state of every call and relays what the members of a call send each other; media goes from browser to
//! browser and never through here. What may happen to a call is decided by [`lumencall_core::machine::decide`] alone;
//! this crate brings it sockets, a clock, random ids and a place for its records.
//!
//! - [`Server`]: `run(listener, shutdown)`, both passed in
//! - [`Config`]: everything that it is configured by
//! - `http`: the routes, the static files and their headers, the upgrade to a WebSocket
//! - `auth`: who a socket belongs to, and for how long
//! - `tls`, `turn`: certificates, and passwords for TURN servers
//! - `session`: one socket, from its first frame to its close code
//! - `socket`: what is to be written to one socket, and how it ends
//! - `store`: the records of calls and users, and the sessions of devices, behind one small trait
//! - [`close`]: why the server ends a socket, as numbers that tell the client whether to come back

mod auth;
mod clock;
pub mod close;
mod config;
mod error;
mod files;
mod fresh;
mod http;
mod server;
mod session;
mod socket;
mod store;
mod tls;
mod turn;

pub use auth::{
    Algorithm, AllowedOrigin, Auth, JwksUrl, KeySource, TokenOptions, TokenRequest, Tokens, issue,
};
pub use config::{Config, Limits};
pub use error::StartError;
pub use server::Server;
pub use store::Counts;
pub use tls::Tls;
pub use turn::Turn;
