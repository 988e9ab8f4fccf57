//! Errors as the app sees them.

use std::borrow::Cow;

use crate::wire::{ErrorInfo, words};
use crate::{CallId, ErrorCode};

words! {
    /// The stable word of an error, `CallError.code` in JavaScript. `types.d.ts` says what each means.
    pub enum FailureCode {
        /// Camera or microphone were refused.
        PermissionDenied = "permission-denied",
        /// There is none.
        DeviceNotFound = "device-not-found",
        /// It cannot be read.
        DeviceInUse = "device-in-use",
        /// The page is not secure.
        InsecureContext = "insecure-context",
        /// The browser cannot do it.
        UnsupportedEnvironment = "unsupported-environment",
        /// No connection to the server.
        SignalingUnreachable = "signaling-unreachable",
        /// The server did not answer in time.
        Timeout = "timeout",
        /// An argument cannot be used.
        InvalidArgument = "invalid-argument",
        /// No such call, or not yours.
        UnknownCall = "unknown-call",
        /// Not in this state.
        InvalidState = "invalid-state",
        /// In a call already.
        AlreadyInCall = "already-in-call",
        /// Somebody whom you call is calling you.
        AlreadyRinging = "already-ringing",
        /// Only the owner of the call may do this.
        NotOwner = "not-owner",
        /// A bound was met.
        LimitExceeded = "limit-exceeded",
        /// A later wish took its place.
        Aborted = "aborted",
        /// The call ended first.
        CallEnded = "call-ended",
        /// A session description could not be made or used.
        NegotiationFailed = "negotiation-failed",
        /// The client was disposed of.
        Disposed = "disposed",
        /// The server refused who you are.
        Unauthorized = "unauthorized",
        /// The two sides do not speak the same protocol.
        Protocol = "protocol",
    }
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The word for programs.
    pub code: FailureCode,
    /// The sentence for people.
    pub message: Cow<'static, str>,
    /// The call that it is about.
    pub call: Option<CallId>,
}

impl Failure {
    /// A failure that is about no call.
    pub const fn new(code: FailureCode, message: &'static str) -> Self {
        Self { code, message: Cow::Borrowed(message), call: None }
    }

    /// The same failure, about this call.
    #[must_use]
    pub fn about(self, call: &CallId) -> Self {
        Self { call: Some(call.clone()), ..self }
    }

    pub(super) const UNREACHABLE: Self = Self::new(
        FailureCode::SignalingUnreachable,
        "there is no connection to the signaling server; call connect() first",
    );
    pub(super) const LOST: Self = Self::new(
        FailureCode::SignalingUnreachable,
        "the connection to the signaling server could not be made, or was lost",
    );
    pub(super) const REFUSED: Self = Self::new(
        FailureCode::Unauthorized,
        "the signaling server refused the token; connect with a valid one",
    );
    pub(super) const NO_TOKEN: Self =
        Self::new(FailureCode::Unauthorized, "the `token` function gave no token");
    pub(super) const SENT_AWAY: Self = Self::new(
        FailureCode::SignalingUnreachable,
        "the signaling server closed the connection for good, for another page perhaps; connect() opens another",
    );
    pub(super) const TIMEOUT: Self =
        Self::new(FailureCode::Timeout, "the signaling server did not answer in time");
    pub(super) const DISPOSED: Self = Self::new(FailureCode::Disposed, "the client was disposed of");
    pub(super) const PROTOCOL: Self =
        Self::new(FailureCode::Protocol, "the server sent a frame that this version does not understand");
    pub(super) const UNKNOWN_CALL: Self = Self::new(
        FailureCode::UnknownCall,
        "there is no such call here; take the id from an event or from `calls`",
    );
    pub(super) const ENDED: Self = Self::new(FailureCode::CallEnded, "the call ended before it was done");
}

impl From<ErrorInfo> for Failure {
    fn from(error: ErrorInfo) -> Self {
        let code = match error.code {
            ErrorCode::Malformed | ErrorCode::UnknownEvent | ErrorCode::SessionState => FailureCode::Protocol,
            ErrorCode::InvalidArgument => FailureCode::InvalidArgument,
            ErrorCode::UnknownCall => FailureCode::UnknownCall,
            ErrorCode::InvalidState => FailureCode::InvalidState,
            ErrorCode::AlreadyInCall => FailureCode::AlreadyInCall,
            ErrorCode::AlreadyRinging => FailureCode::AlreadyRinging,
            ErrorCode::NotOwner => FailureCode::NotOwner,
            ErrorCode::LimitExceeded => FailureCode::LimitExceeded,
            ErrorCode::Unauthorized => FailureCode::Unauthorized,
        };
        Self { code, message: Cow::Owned(error.message.into()), call: error.call_id }
    }
}
