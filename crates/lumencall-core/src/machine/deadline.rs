//! A call's time is up.

use super::decide::Work;
use super::{Phase, Trigger};

impl Work<'_> {
    /// Puts out every member whose time has passed; a timer that fires early or twice changes nothing.
    pub(super) fn deadline(&mut self) {
        while let Some(call) = self.records.call.take() {
            let due = |until: Option<_>| until.is_some_and(|until| until <= self.now.clock);
            let Some(member) = call.members.iter().find(|member| due(member.until)) else {
                return self.keep(call);
            };
            let user = member.user.clone();
            match member.phase {
                Phase::Rung { .. } => self.callee_out(call, &user, Trigger::TimedOut),
                Phase::Joined { .. } => self.fail(call, &user),
                Phase::Out => return self.keep(call),
            }
        }
    }
}
