//! A call's time is up.

use super::Trigger;
use super::decide::Work;
use crate::CallState;

impl Work<'_> {
    /// Ends the call if its deadline has passed; a timer that fires early or twice changes nothing.
    pub(super) fn deadline(&mut self) {
        let Some(call) = self.records.call.take() else { return };
        let passed = call.deadline.is_some_and(|deadline| deadline <= self.now.clock);
        match call.state {
            _ if !passed => self.keep(call),
            CallState::Initiating | CallState::Ringing => self.end(call, Trigger::TimedOut),
            CallState::Connecting | CallState::Reconnecting => self.end(call, Trigger::Failed),
            CallState::Idle | CallState::Connected | CallState::Ended => self.keep(call),
        }
    }
}
