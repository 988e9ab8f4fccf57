//! The stable codes of errors that cross the wire.

use crate::wire::words;

words! {
    /// What went wrong, as a word that programs may rely on. The sentence for people goes beside it.
    pub enum ErrorCode {
        /// The frame is not JSON, or not of the message's shape.
        Malformed = "malformed",
        /// The frame is well formed, but names an event that this server does not know.
        UnknownEvent = "unknown-event",
        /// A value is of the right type, but not one that can be used.
        InvalidArgument = "invalid-argument",
        /// There is no such call, or it is not yours. The two look the same on purpose.
        UnknownCall = "unknown-call",
        /// The call is not in a state in which this can be done.
        InvalidState = "invalid-state",
        /// You are in a call already.
        AlreadyInCall = "already-in-call",
        /// Somebody whom you call rings at you already: answer that call.
        AlreadyRinging = "already-ringing",
        /// Only the owner of the call may do this.
        NotOwner = "not-owner",
        /// A bound was met: too many of something, or something too large.
        LimitExceeded = "limit-exceeded",
        /// The session has not been opened, or was opened before.
        SessionState = "session-state",
        /// Who you are could not be established.
        Unauthorized = "unauthorized",
    }
}
