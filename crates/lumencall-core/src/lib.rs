//! The call protocol of lumencall, without I/O.
//!
//! Nothing here knows a socket, a clock, a random number or a browser: time and fresh ids are arguments, and what is to
//! be done comes back as a value. The server and the SDK share it, so that both speak one protocol.
//!
//! - [`wire`]: the messages and their one codec
//! - [`machine`]: the server's half, [`machine::decide`], a function over the few records that an input touches
//! - [`session`]: the client's half, [`session::ClientSession`], `handle_*` in and `poll_*` out
//!
//! The words are those of W3C and JSEP; a *device* is one tab or app of a user.

mod call;
mod code;
mod ids;
pub mod machine;
pub mod session;
mod time;
pub mod wire;

pub use call::{Call, CallParticipant, CallState, CallType, EndReason, MediaFlags};
pub use code::ErrorCode;
pub use ids::{CallId, ConversationId, DeviceId, UserId};
pub use time::{Millis, Now, Timestamp};
