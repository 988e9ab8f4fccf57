//! The transitions of a call, as data. The docs are made from it, and the tests walk it.

use crate::wire::words;
use crate::{CallState, EndReason};

words! {
    /// What moves a call from one state to another.
    pub enum Trigger {
        /// A user calls others.
        Initiated = "initiated",
        /// The first device of a callee was reached.
        Reached = "reached",
        /// The first callee accepted.
        Accepted = "accepted",
        /// Media can flow between a pair.
        Connected = "connected",
        /// It can no more, between any pair.
        Interrupted = "interrupted",
        /// The last callee who was left declined.
        Rejected = "rejected",
        /// The last callee who was left did not answer in time.
        TimedOut = "timed-out",
        /// The last callee who was left has lost every device that rang.
        CalleesLost = "callees-lost",
        /// The last callee who was left is in another call.
        Busy = "busy",
        /// The caller left, or was lost, before the answer.
        Cancelled = "cancelled",
        /// A member left after the answer, and one alone is no call.
        HungUp = "hung-up",
        /// The connection could not be made or kept, or a member was lost after the answer.
        Failed = "failed",
    }
}

/// One transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The state that it leaves.
    pub from: CallState,
    /// What causes it.
    pub trigger: Trigger,
    /// The state that it reaches.
    pub to: CallState,
    /// Why the call ended, where `to` is [`CallState::Ended`].
    pub reason: Option<EndReason>,
}

impl Trigger {
    /// The reason for which a call, or a device's part in it, ends by this trigger; nothing where it ends nothing.
    pub const fn reason(self) -> Option<EndReason> {
        match self {
            Self::Initiated | Self::Reached | Self::Accepted | Self::Connected | Self::Interrupted => None,
            Self::Rejected => Some(EndReason::Rejected),
            Self::TimedOut | Self::CalleesLost => Some(EndReason::Missed),
            Self::Busy => Some(EndReason::Busy),
            Self::Cancelled => Some(EndReason::Cancelled),
            Self::HungUp => Some(EndReason::Completed),
            Self::Failed => Some(EndReason::Failed),
        }
    }
}

const fn step(from: CallState, trigger: Trigger, to: CallState) -> Edge {
    Edge { from, trigger, to, reason: trigger.reason() }
}

const fn end(from: CallState, trigger: Trigger) -> Edge {
    step(from, trigger, CallState::Ended)
}

/// Every transition there is.
pub const TABLE: &[Edge] = {
    use CallState::{Connected, Connecting, Idle, Initiating, Reconnecting, Ringing};
    &[
        step(Idle, Trigger::Initiated, Initiating),
        step(Initiating, Trigger::Reached, Ringing),
        end(Initiating, Trigger::TimedOut),
        end(Initiating, Trigger::Busy),
        end(Initiating, Trigger::Cancelled),
        step(Ringing, Trigger::Accepted, Connecting),
        end(Ringing, Trigger::Rejected),
        end(Ringing, Trigger::TimedOut),
        end(Ringing, Trigger::CalleesLost),
        end(Ringing, Trigger::Busy),
        end(Ringing, Trigger::Cancelled),
        step(Connecting, Trigger::Connected, Connected),
        end(Connecting, Trigger::HungUp),
        end(Connecting, Trigger::Failed),
        step(Connected, Trigger::Interrupted, Reconnecting),
        end(Connected, Trigger::HungUp),
        end(Connected, Trigger::Failed),
        step(Reconnecting, Trigger::Connected, Connected),
        end(Reconnecting, Trigger::HungUp),
        end(Reconnecting, Trigger::Failed),
    ]
};

/// The transition that this trigger causes in this state, if it causes one.
pub fn edge(from: CallState, trigger: Trigger) -> Option<Edge> {
    TABLE.iter().copied().find(|edge| edge.from == from && edge.trigger == trigger)
}
