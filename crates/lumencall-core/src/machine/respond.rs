//! A callee answers a ring.

use super::decide::Work;
use super::{CallCommand, CallRecord, Dialect, Engagement, Input, Member, Origin, Phase, Refusal, Trigger};
use crate::wire::{
    CallInitiate, CallRespond, MediaChanged, ParticipantJoined, ParticipantLeft, RespondAction, ServerEvent,
    StateChanged,
};
use crate::{CallId, CallParticipant, CallState, CallType, EndReason, ErrorCode, MediaFlags};

impl Work<'_> {
    pub(super) fn respond(&mut self, from: &Origin, respond: &CallRespond) -> Result<(), Refusal> {
        let mut call = self.call_of(&from.user)?;
        match call.member(&from.user).map(|member| &member.phase) {
            Some(Phase::Rung { devices, .. }) if devices.contains(&from.device) => match respond.action {
                RespondAction::Accept => {
                    let pairs = call.pairs.iter_mut().filter(|pair| pair.users.contains(&from.user));
                    pairs.flat_map(|pair| &mut pair.sent).for_each(|sent| sent.yields = false);
                    let media = MediaFlags::at_join(call.call_type);
                    self.accept(call, from, media)
                }
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

    /// An initiate that met this call: its accept, in the media that both asked for.
    pub(super) fn meet(
        &mut self,
        from: Origin,
        initiate: CallInitiate,
        fresh: CallId,
    ) -> Result<(), Refusal> {
        let rung = self.records.call.take_if(|call| {
            call.member(&from.user).is_some_and(|member| matches!(member.phase, Phase::Rung { .. }))
        });
        let Some(mut call) = rung else {
            self.again = Some(Input::Command { from, command: CallCommand::Initiate { initiate, fresh } });
            return Ok(());
        };
        // The device may have come so late that it does not ring yet. One without replies has to hear of the call first.
        if from.device.dialect == Dialect::Seed {
            self.ring_at(&mut call, &from);
        } else if call.go(Trigger::Reached).is_some() {
            self.tell_state(&call);
        }
        let media = MediaFlags::at_join(if initiate.call_type == CallType::Audio {
            CallType::Audio
        } else {
            call.call_type
        });
        let sdk_calls = call
            .member(&call.caller)
            .and_then(Member::joined_device)
            .is_some_and(|device| device.dialect == Dialect::Sdk);
        if from.device.dialect == Dialect::Sdk || !sdk_calls {
            return self.accept(call, &from, media);
        }
        // It has called, so it is about to offer, and knows nothing of offers that cross. The caller's SDK gives way.
        let (call_id, caller) = (call.id.clone(), call.caller.clone());
        call.pairs.retain(|pair| !pair.joins(&caller, &from.user));
        call.direction_mut(&caller, &from.user).yields = true;
        let participant = call.participants().into_iter().find(|one| one.user_id == caller);
        self.accept(call, &from, media)?;
        if let Some(participant) = participant {
            let joined = ParticipantJoined { call_id, participant };
            self.send(&from.user, &from.device, ServerEvent::ParticipantJoined(joined));
        }
        Ok(())
    }

    fn accept(&mut self, mut call: CallRecord, from: &Origin, media: MediaFlags) -> Result<(), Refusal> {
        if self.user(&from.user).engaged.is_some() {
            return Err(Refusal::new(ErrorCode::AlreadyInCall, "you are in another call; hang it up first"));
        }
        let Some(index) = call.members.iter().position(|member| member.user == from.user) else {
            return Err(Refusal::UNKNOWN_CALL);
        };
        let at = self.now.wall.clone();
        let phase = Phase::joined(from.device.clone(), at.clone(), media);
        let until = Some(self.now.clock + self.rules.answer_timeout);
        let rung = call.members.remove(index).phase;
        let joined = call.joined().count();
        call.members.insert(joined, Member { user: from.user.clone(), phase, until });
        self.tell_losers(&call, from, &rung);
        self.engage(
            &from.user,
            Engagement {
                call: call.id.clone(),
                device: from.device.id.clone(),
                called: Vec::new(),
                answered: true,
            },
        );
        for (member, _) in call.joined() {
            if let Some(engaged) = &mut self.user(&member.user).engaged {
                engaged.answered = true;
            }
        }

        call.answered_at.get_or_insert_with(|| at.clone());
        // Whoever was alone until now waits for a connection too.
        for member in &mut call.members {
            if let Phase::Joined { connection: None, .. } = member.phase {
                member.until = member.until.or(until);
            }
        }
        if call.go(Trigger::Accepted).is_some() {
            self.tell_state(&call);
        } else if from.device.dialect == Dialect::Seed {
            self.tell_way(&call, from);
        }
        let participant = CallParticipant::new(from.user.clone(), at, media);
        let event =
            ServerEvent::ParticipantJoined(ParticipantJoined { call_id: call.id.clone(), participant });
        self.tell_joined(&call, Some(&from.user), &event);
        self.tell_since(&call, from, &rung);
        self.deliver_held(&mut call, from, &rung);
        self.settle(&mut call);
        self.reply = Some(call.snapshot(None));
        self.keep(call);
        Ok(())
    }

    /// A device that has no reply hears the states on the way to the call's own, one after the other.
    fn tell_way(&mut self, call: &CallRecord, joiner: &Origin) {
        for state in CallState::Ringing.way_to(call.state) {
            let event = self.state_changed(call, *state, None);
            self.send(&joiner.user, &joiner.device, event);
        }
    }

    /// Who joins hears what has changed since it began to ring at this device: who has left, what others show now, and,
    /// where no reply tells it, who has joined.
    fn tell_since(&mut self, call: &CallRecord, joiner: &Origin, rung: &Phase) {
        let Phase::Rung { devices, told } = rung else { return };
        let index = devices.iter().position(|device| *device == joiner.device);
        let Some(told) = index.and_then(|index| told.get(index)) else { return };
        let now = call.participants();
        let seed = joiner.device.dialect == Dialect::Seed;
        let gone = |known: &&CallParticipant| now.iter().all(|one| one.user_id != known.user_id);
        for known in told.iter().filter(gone).filter(|_| seed) {
            let left = ParticipantLeft { call_id: call.id.clone(), user_id: known.user_id.clone() };
            self.send(&joiner.user, &joiner.device, ServerEvent::ParticipantLeft(left));
        }
        for participant in now.into_iter().filter(|participant| participant.user_id != joiner.user) {
            let (call_id, media) = (call.id.clone(), participant.media());
            let event = match told.iter().find(|known| known.user_id == participant.user_id) {
                None if seed => ServerEvent::ParticipantJoined(ParticipantJoined { call_id, participant }),
                Some(known) if known.media() != media => ServerEvent::MediaChanged(MediaChanged {
                    call_id,
                    user_id: participant.user_id,
                    audio: Some(media.audio),
                    video: Some(media.video),
                    screen_share: Some(media.screen_share),
                }),
                None | Some(_) => continue,
            };
            self.send(&joiner.user, &joiner.device, event);
        }
    }

    /// The callee's other devices stop ringing.
    fn tell_losers(&mut self, call: &CallRecord, winner: &Origin, rung: &Phase) {
        let Phase::Rung { devices, .. } = rung else { return };
        let event = ServerEvent::StateChanged(StateChanged {
            call_id: call.id.clone(),
            state: CallState::Ended,
            end_reason: Some(EndReason::Completed),
            answered_elsewhere: Some(true),
            at: Some(self.now.wall.clone()),
            cause: None,
            evidence: None,
        });
        for device in devices.iter().filter(|device| **device != winner.device) {
            self.send(&winner.user, device, event.clone());
        }
    }
}
