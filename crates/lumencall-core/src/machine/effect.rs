//! What a decision asks its driver to do.

use super::{Input, Origin};
use crate::wire::ServerEvent;
use crate::{CallId, DeviceId, ErrorCode, UserId};

/// Something to do once the new records are in place, in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Send the event to one device. A device that is gone meanwhile loses nothing by not getting it.
    Send {
        /// Whose device.
        user: UserId,
        /// Which.
        device: DeviceId,
        /// What. For a device of the seed's dialect it is already as that client knows it.
        event: ServerEvent,
    },
    /// The device is gone for good: forget its session.
    Forget(Origin),
    /// Decide this input next. It touches other records, so it is no part of this decision.
    Then(Input),
}

/// A command that was not done, and that changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Refusal {
    /// The word for programs.
    pub code: ErrorCode,
    /// The sentence for people: what was wrong, and what to do.
    pub message: &'static str,
    /// The call that the sentence speaks of, where it is another than the one that the command named.
    pub call: Option<CallId>,
}

impl Refusal {
    pub(super) const fn new(code: ErrorCode, message: &'static str) -> Self {
        Self { code, message, call: None }
    }

    pub(super) const TOO_MANY_MEMBERS: Self =
        Self::new(ErrorCode::LimitExceeded, "more users than may be in a call, those who ring included");

    /// There is no such call, or it is not yours: one answer for both, so that nobody learns which calls exist.
    pub(super) const UNKNOWN_CALL: Self = Self::new(
        ErrorCode::UnknownCall,
        "there is no such call, or you have no part in it; it may have ended",
    );
}
