//! Members leave, and calls end.

use super::decide::Work;
use super::report::cut_off;
use super::{CallRecord, Device, Origin, Phase, Refusal, Trigger};
use crate::wire::{CalleeChanged, CalleeOutcome, ParticipantLeft, ServerEvent};
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
            Some(Phase::Rung { devices, .. }) if devices.contains(&from.device) => {
                self.callee_out(call, &from.user, Trigger::Rejected);
                Ok(())
            }
            Some(Phase::Joined { .. } | Phase::Rung { .. } | Phase::Out) | None => Err(Refusal::UNKNOWN_CALL),
        }
    }

    /// A member who is in the call leaves it: by `trigger` after the answer; before it, the caller cancels.
    pub(super) fn leave(&mut self, mut call: CallRecord, user: &UserId, trigger: Trigger) {
        if !call.is_answered() {
            return self.end(call, Trigger::Cancelled);
        }
        let left =
            ServerEvent::ParticipantLeft(ParticipantLeft { call_id: call.id.clone(), user_id: user.clone() });
        self.tell_joined(&call, Some(user), &left);
        self.put_out(&mut call, user, trigger);
        self.go_on(call, trigger);
    }

    /// A member who is in the call cannot be reached by any other. Where that leaves nobody, all hear the same.
    pub(super) fn fail(&mut self, call: CallRecord, user: &UserId) {
        if call.joined().count() <= 2 && !call.rings() {
            self.end(call, Trigger::Failed);
        } else {
            self.leave(call, user, Trigger::Failed);
        }
    }

    /// A callee who was rung is out. If it was the last, the call ends.
    pub(super) fn callee_out(&mut self, mut call: CallRecord, user: &UserId, trigger: Trigger) {
        self.put_out(&mut call, user, trigger);
        if call.joined().count() > 1 || call.rings() {
            let outcome = match trigger {
                Trigger::Rejected => CalleeOutcome::Rejected,
                Trigger::Busy => CalleeOutcome::Busy,
                Trigger::Initiated
                | Trigger::Reached
                | Trigger::Accepted
                | Trigger::Connected
                | Trigger::Interrupted
                | Trigger::TimedOut
                | Trigger::CalleesLost
                | Trigger::Cancelled
                | Trigger::HungUp
                | Trigger::Failed => CalleeOutcome::Missed,
            };
            self.tell_callee(&call, user, outcome);
        }
        // One who is alone after the answer has had a call, which is over; before it, this callee's answer is the call's.
        let trigger = if call.is_answered() { Trigger::HungUp } else { trigger };
        self.go_on(call, trigger);
    }

    /// Tells everybody in the call what became of one who was called.
    pub(super) fn tell_callee(&mut self, call: &CallRecord, user: &UserId, outcome: CalleeOutcome) {
        let changed = CalleeChanged { call_id: call.id.clone(), user_id: user.clone(), outcome };
        self.tell_joined(call, None, &ServerEvent::CalleeChanged(changed));
    }

    /// Ends one member's part: their devices hear so, and nothing that passed with them is kept.
    fn put_out(&mut self, call: &mut CallRecord, user: &UserId, trigger: Trigger) {
        let ended = self.state_changed(call, CallState::Ended, trigger.reason());
        let devices: Vec<Device> =
            call.member(user).map(|member| member.devices().to_vec()).unwrap_or_default();
        for device in &devices {
            self.send(user, device, ended.clone());
        }
        call.members.retain(|member| member.user != *user);
        call.pairs.retain(|pair| !pair.users.contains(user));
        self.release(call, user);
        self.pass_rings(call);
    }

    /// Those who are rung are called by whoever owns the call now.
    fn pass_rings(&mut self, call: &CallRecord) {
        let Some(owner) = call.owner() else { return };
        for member in call.members.iter().filter(|member| member.joined_device().is_none()) {
            let rings = &mut self.user(&member.user).rings;
            for ring in rings.iter_mut().filter(|ring| ring.call == call.id) {
                ring.caller.clone_from(owner);
            }
        }
    }

    /// The call without the one who is out of it: it goes on while two are in it, or somebody may still answer.
    fn go_on(&mut self, mut call: CallRecord, trigger: Trigger) {
        let joined = call.joined().count();
        let cut_off =
            call.joined().map(|(member, _)| &member.user).find(|user| cut_off(&call, user)).cloned();
        if let Some(user) = cut_off.filter(|_| joined > 1) {
            // The connections of this one to all who are left have failed.
            self.fail(call, &user);
        } else if joined > 1 || (joined > 0 && call.rings()) {
            self.settle(&mut call);
            self.keep(call);
        } else {
            self.end(call, trigger);
        }
    }

    /// Ends the call for everybody who has a part in it, and forgets it. Who is still rung when others have had the call
    /// has missed it.
    pub(super) fn end(&mut self, mut call: CallRecord, trigger: Trigger) {
        if call.is_answered() {
            let rung = call.members.iter().filter(|member| member.joined_device().is_none());
            for user in rung.map(|member| member.user.clone()).collect::<Vec<_>>() {
                self.put_out(&mut call, &user, Trigger::TimedOut);
            }
        }
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
        let now = self.now.clock;
        let record = self.user(user);
        record.rings.retain(|ring| ring.call != call.id);
        if let Some(engaged) = record.engaged.take_if(|engaged| engaged.call == call.id) {
            // A new page has nothing to take its place in any more.
            record.away.retain(|away| away.device != engaged.device || !away.connected);
            // Who comes back to a call that is over has time to hear so.
            for away in record.away.iter_mut().filter(|away| away.device == engaged.device) {
                away.since = now;
            }
            self.tell_elsewhere(user, &engaged, false);
        }
    }
}
