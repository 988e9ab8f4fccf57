//! The bounds and times that a server is run with.

use crate::Millis;

/// Everything that [`super::decide`] is configured by. Durations are milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How long a callee rings.
    pub ring_timeout: Millis,
    /// How long a call may take from offer and answer relayed to connected.
    pub setup_timeout: Millis,
    /// How long a call may take from accept to connected at the very most.
    pub answer_timeout: Millis,
    /// How long a call may be reconnecting.
    pub reconnect_timeout: Millis,
    /// How long a device may be away that is in a call which was answered.
    pub resume_in_call: Millis,
    /// How long any other device may be away; also one whose page said that it goes.
    pub resume: Millis,
    /// How many candidates one member may send another in a generation (from one description to the next).
    pub candidates: u16,
    /// How many may be in a call, those who ring included.
    pub members: u16,
    /// How many calls may ring at one user at a time; a further one finds them busy.
    pub rings: u16,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            ring_timeout: 60_000,
            setup_timeout: 15_000,
            answer_timeout: 60_000,
            reconnect_timeout: 30_000,
            resume_in_call: 30_000,
            resume: 10_000,
            candidates: 200,
            members: 8,
            rings: 32,
        }
    }
}
