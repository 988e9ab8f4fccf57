//! A callee answers a ring.

use super::decide::Work;
use super::{CallRecord, Device, Origin, Phase, Refusal, Trigger};
use crate::wire::{CallRespond, MediaChanged, ParticipantJoined, RespondAction, ServerEvent, StateChanged};
use crate::{CallParticipant, CallState, EndReason, ErrorCode, MediaFlags, UserId};

impl Work<'_> {
    pub(super) fn respond(&mut self, from: &Origin, respond: &CallRespond) -> Result<(), Refusal> {
        let call = self.call_of(&from.user)?;
        match call.member(&from.user).map(|member| &member.phase) {
            Some(Phase::Rung { devices }) if devices.contains(&from.device) => match respond.action {
                RespondAction::Accept => self.accept(call, from),
                RespondAction::Reject => {
                    self.callee_out(call, &from.user, Trigger::Rejected);
                    Ok(())
                }
            },
            Some(Phase::Joined { device, .. }) if *device == from.device => {
                Err(Refusal::new(ErrorCode::InvalidState, "you are in this call already"))
            }
            Some(Phase::Rung { .. } | Phase::Joined { .. } | Phase::Out) | None => Err(Refusal::UNKNOWN_CALL),
        }
    }

    fn accept(&mut self, mut call: CallRecord, from: &Origin) -> Result<(), Refusal> {
        if self.user(&from.user).engaged.is_some() {
            return Err(Refusal::new(ErrorCode::AlreadyInCall, "you are in another call; hang it up first"));
        }
        self.engage(&from.user, &call.id, &from.device.id);

        let at = self.now.wall.clone();
        let media = MediaFlags::at_join(call.call_type);
        let phase = Phase::Joined { device: from.device.clone(), joined_at: at.clone(), media };
        let rung = call.member_mut(&from.user).map(|member| std::mem::replace(&mut member.phase, phase));
        self.tell_losers(&call, from, rung);

        call.answered_at.get_or_insert_with(|| at.clone());
        if call.go(Trigger::Accepted).is_some() {
            call.deadline = Some(self.now.clock + self.rules.answer_timeout);
            self.tell_state(&call);
        }
        let participant = CallParticipant::new(from.user.clone(), at, media);
        let joined =
            ServerEvent::ParticipantJoined(ParticipantJoined { call_id: call.id.clone(), participant });
        self.tell_joined(&call, Some(&from.user), &joined);
        self.tell_media(&call, from);
        self.deliver_held(&mut call, from);
        self.reply = Some(call.snapshot(None));
        self.keep(call);
        Ok(())
    }

    /// The callee's other devices stop ringing.
    fn tell_losers(&mut self, call: &CallRecord, winner: &Origin, rung: Option<Phase>) {
        let Some(Phase::Rung { devices }) = rung else { return };
        let event = ServerEvent::StateChanged(StateChanged {
            call_id: call.id.clone(),
            state: CallState::Ended,
            end_reason: Some(EndReason::Completed),
            answered_elsewhere: Some(true),
            at: Some(self.now.wall.clone()),
        });
        for device in devices.iter().filter(|device| **device != winner.device) {
            self.send(&winner.user, device, event.clone());
        }
    }

    /// Who joins hears what the others show, where it is not what they showed when it rang.
    fn tell_media(&mut self, call: &CallRecord, joiner: &Origin) {
        let initial = MediaFlags::at_join(call.call_type);
        for (member, _) in call.joined().filter(|(member, _)| member.user != joiner.user) {
            let Phase::Joined { media, .. } = &member.phase else { continue };
            if *media != initial {
                let event = ServerEvent::MediaChanged(MediaChanged {
                    call_id: call.id.clone(),
                    user_id: member.user.clone(),
                    audio: Some(media.audio),
                    video: Some(media.video),
                    screen_share: Some(media.screen_share),
                });
                self.send(&joiner.user, &joiner.device, event);
            }
        }
    }

    /// A callee who was rung is out. If it was the last, the call ends.
    pub(super) fn callee_out(&mut self, mut call: CallRecord, user: &UserId, trigger: Trigger) {
        let Some(member) = call.member_mut(user) else { return self.keep(call) };
        let phase = std::mem::replace(&mut member.phase, Phase::Out);
        self.release(&call, user);
        let event = self.state_changed(&call, CallState::Ended, trigger.reason());
        if let Phase::Rung { devices } = phase {
            self.tell_devices(user, &devices, &event);
        }
        if call.members[1..].iter().all(|callee| callee.phase == Phase::Out) {
            self.end(call, trigger);
        } else {
            self.keep(call);
        }
    }

    fn tell_devices(&mut self, user: &UserId, devices: &[Device], event: &ServerEvent) {
        for device in devices {
            self.send(user, device, event.clone());
        }
    }
}
