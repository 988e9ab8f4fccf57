//! The messages and their one codec.
//!
//! A message is declared once, as a record of fields, and is read from any [`Source`] and written to any [`Sink`]: JSON
//! text on the server (feature `json`), the browser's parsed values in the SDK. `docs/protocol.md` is the reference, and
//! `tests/wire/*.json` holds golden messages.

mod client;
#[cfg(feature = "json")]
mod json;
mod macros;
mod secret;
mod server;
mod session;
mod signal;
mod value;

pub use client::{
    CallInitiate, CallRespond, ClientFrame, Command, ConnectionReport, ConnectionState, Hangup,
    LONGEST_METADATA, MediaToggle, ParticipantChoice, Rejoin, RespondAction,
};
#[cfg(feature = "json")]
pub use json::{JsonError, read_client_frame, read_server_frame, write_client_frame, write_server_frame};
pub(crate) use macros::{messages, record, words};
pub(crate) use secret::written_len;
pub use secret::{Extra, Private};
pub use server::{
    CalleeChanged, CalleeOutcome, CandidateType, Done, Elsewhere, EndCause, ErrorInfo, Evidence,
    MediaChanged, ParticipantChanged, ParticipantJoined, ParticipantLeft, ParticipantRejoined, Reply,
    ServerEvent, ServerFrame, ServerMessage, StateChanged,
};
pub use session::{Authenticate, IceServer, Nothing, SessionOpen, SessionResume, Welcome};
pub use signal::{
    Description, DescriptionType, IceCandidate, LARGEST_DESCRIPTION, Signal, can_be_sent, names_no_address,
};
pub use value::{Fault, Sink, Source, Wire, WireError};
