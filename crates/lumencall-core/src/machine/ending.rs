//! Members leave, and calls end.

use super::decide::Work;
use super::{CallRecord, Origin, Phase, Refusal, Trigger};
use crate::wire::{ParticipantLeft, ServerEvent};
use crate::{CallState, UserId};

impl Work<'_> {
    /// Somebody hangs up: who is in the call leaves it, and who is rung declines.
    pub(super) fn hangup(&mut self, from: &Origin) -> Result<(), Refusal> {
        let call = self.call_of(&from.user)?;
        match call.member(&from.user).map(|member| &member.phase) {
            Some(Phase::Joined { device, .. }) if *device == from.device => {
                self.leave(call, &from.user, Trigger::HungUp);
                Ok(())
            }
            Some(Phase::Rung { devices }) if devices.contains(&from.device) => {
                self.callee_out(call, &from.user, Trigger::Rejected);
                Ok(())
            }
            Some(Phase::Joined { .. } | Phase::Rung { .. } | Phase::Out) | None => Err(Refusal::UNKNOWN_CALL),
        }
    }

    /// A member who is in the call leaves it: by `trigger` after the answer; before it, the caller cancels.
    pub(super) fn leave(&mut self, mut call: CallRecord, user: &UserId, trigger: Trigger) {
        match call.state {
            CallState::Idle | CallState::Initiating | CallState::Ringing | CallState::Ended => {
                self.end(call, Trigger::Cancelled);
            }
            CallState::Connecting | CallState::Connected | CallState::Reconnecting => {
                let left = ServerEvent::ParticipantLeft(ParticipantLeft {
                    call_id: call.id.clone(),
                    user_id: user.clone(),
                });
                self.tell_joined(&call, Some(user), &left);
                let ended = self.state_changed(&call, CallState::Ended, trigger.reason());
                if let Some(member) = call.member_mut(user) {
                    let phase = std::mem::replace(&mut member.phase, Phase::Out);
                    if let Phase::Joined { device, .. } = phase {
                        self.send(user, &device, ended);
                    }
                }
                self.release(&call, user);
                if call.joined().count() < 2 {
                    self.end(call, trigger);
                } else {
                    self.keep(call);
                }
            }
        }
    }

    /// Ends the call for everybody who has a part in it, and forgets it.
    pub(super) fn end(&mut self, mut call: CallRecord, trigger: Trigger) {
        let Some(edge) = call.go(trigger) else {
            debug_assert!(false, "no edge {trigger:?} from {:?}", call.state);
            return self.keep(call);
        };
        let ended = self.state_changed(&call, edge.to, edge.reason);
        for member in &call.members {
            for device in member.devices() {
                self.send(&member.user, device, ended.clone());
            }
            self.release(&call, &member.user);
        }
    }

    /// The user has no more part in the call, and is free for others.
    pub(super) fn release(&mut self, call: &CallRecord, user: &UserId) {
        let record = self.user(user);
        record.rings.retain(|ringing| *ringing != call.id);
        if record.engaged.as_ref().is_some_and(|engaged| engaged.call == call.id) {
            record.engaged = None;
        }
    }
}
