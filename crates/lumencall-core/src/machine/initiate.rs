//! A user calls others.

use super::decide::Work;
use super::{
    CallCommand, CallRecord, Dialect, Effect, Engagement, Input, Member, Origin, Phase, Refusal, Ring,
    Trigger,
};
use crate::wire::{CallInitiate, CalleeOutcome, LONGEST_METADATA, ParticipantChoice, ServerEvent};
use crate::{CallId, CallState, ErrorCode, MediaFlags, UserId};

impl Work<'_> {
    pub(super) fn initiate(
        &mut self,
        from: Origin,
        initiate: CallInitiate,
        fresh: CallId,
    ) -> Result<(), Refusal> {
        self.may_be_asked(&from, &initiate)?;
        let caller = self.user(&from.user);
        if let Some(dead) = caller.engaged.clone() {
            let called = &initiate.callee_ids;
            let same =
                dead.called.len() == called.len() && called.iter().all(|user| dead.called.contains(user));
            if dead.device != from.device.id || !same {
                return Err(Refusal::new(
                    ErrorCode::AlreadyInCall,
                    "you are in a call already; hang it up first",
                ));
            }
            // A recall: a device that lives would not call the same users twice, so the first call is dead.
            let goodbye = from.device.dialect == Dialect::Seed;
            let lost = Input::LoseDevice { call: dead.call, device: from.clone(), goodbye };
            self.effects.push(Effect::Then(lost));
            self.again = Some(Input::Command { from, command: CallCommand::Initiate { initiate, fresh } });
            return Ok(());
        }
        if let Some(ring) = caller.rings.iter().find(|ring| initiate.callee_ids.contains(&ring.caller)) {
            if ring.alone && initiate.callee_ids.len() == 1 {
                // Glare: two call one another. The call that was first lives, and this is its accept.
                let call = ring.call.clone();
                self.again = Some(Input::Meet { call, from, initiate, fresh });
                return Ok(());
            }
            return Err(Refusal {
                call: Some(ring.call.clone()),
                ..Refusal::new(
                    ErrorCode::AlreadyRinging,
                    "somebody whom you call is calling you; answer that call",
                )
            });
        }
        self.make_call(from, initiate, fresh);
        Ok(())
    }

    fn make_call(&mut self, from: Origin, initiate: CallInitiate, fresh: CallId) {
        let Origin { user: caller, device } = from;
        let CallInitiate { conversation_id, call_type, callee_ids, metadata } = initiate;
        let dialect = device.dialect;
        self.engage(
            &caller,
            Engagement {
                call: fresh.clone(),
                device: device.id.clone(),
                called: callee_ids.clone(),
                answered: false,
            },
        );

        let joined_at = self.now.wall.clone();
        let media = MediaFlags::at_join(call_type);
        let phase = Phase::joined(device, joined_at, media);
        let mut call = CallRecord {
            id: fresh,
            conversation_id,
            call_type,
            metadata,
            state: CallState::Idle,
            caller: caller.clone(),
            started_at: self.now.wall.clone(),
            answered_at: None,
            members: vec![Member { user: caller, phase, until: None }],
            pairs: Vec::new(),
        };
        call.go(Trigger::Initiated);
        let alone = callee_ids.len() == 1;
        let mut busy = Vec::new();
        for callee in callee_ids {
            let member = self.ring(&call, callee, alone);
            if member.phase == Phase::Out {
                busy.push(member);
            } else {
                call.members.push(member);
            }
        }
        let all_busy = call.members.len() == 1;
        if all_busy {
            call.members.append(&mut busy);
        }
        self.reply = Some(call.snapshot(None));
        // A client without replies learns the id of its call from its first state.
        if dialect == Dialect::Seed {
            self.tell_state(&call);
        }
        if all_busy {
            return self.end(call, Trigger::Busy);
        }
        if call.callees().any(|callee| !callee.devices().is_empty()) {
            call.go(Trigger::Reached);
            self.tell_state(&call);
        }
        for callee in busy {
            self.tell_callee(&call, &callee.user, CalleeOutcome::Busy);
        }
        let incoming = ServerEvent::Incoming(call.ring());
        for callee in call.callees() {
            for device in callee.devices() {
                self.send(&callee.user, device, incoming.clone());
            }
        }
        self.keep(call);
    }

    /// Whether what is asked for can be asked for at all.
    fn may_be_asked(&mut self, from: &Origin, initiate: &CallInitiate) -> Result<(), Refusal> {
        let refuse = |message| Err(Refusal::new(ErrorCode::InvalidArgument, message));
        let callees = &initiate.callee_ids;
        if callees.is_empty() {
            return refuse("calleeIds is empty; name whom to call");
        }
        if callees.contains(&from.user) {
            return refuse("calleeIds names yourself; name others only");
        }
        if callees.iter().enumerate().any(|(index, callee)| callees[..index].contains(callee)) {
            return refuse("calleeIds names somebody twice");
        }
        if callees.len() >= usize::from(self.rules.members) {
            return Err(Refusal::TOO_MANY_MEMBERS);
        }
        if initiate.metadata.as_ref().is_some_and(|metadata| metadata.len() > LONGEST_METADATA) {
            return refuse("metadata is longer than 1024 bytes");
        }
        // Nobody would ever miss a device that was gone before it called.
        if !self.user(&from.user).devices.contains(&from.device) {
            return Err(Refusal::new(
                ErrorCode::SessionState,
                "this device is not connected; open a session",
            ));
        }
        Ok(())
    }

    /// One more is rung.
    pub(super) fn add_participant(
        &mut self,
        from: &Origin,
        choice: &ParticipantChoice,
    ) -> Result<(), Refusal> {
        let mut call = self.call_joined_by(from)?;
        let user = &choice.user_id;
        if call.member(user).is_some() {
            return Err(Refusal::new(
                ErrorCode::InvalidState,
                "userId is in the call already, or it rings there",
            ));
        }
        if call.members.len() >= usize::from(self.rules.members) {
            return Err(Refusal::TOO_MANY_MEMBERS);
        }
        let member = self.ring(&call, user.clone(), false);
        if member.phase == Phase::Out {
            self.tell_callee(&call, user, CalleeOutcome::Busy);
            self.keep(call);
            return Ok(());
        }
        // The caller of one who calls several is not met by an initiate of theirs.
        for known in call.callees().map(|callee| callee.user.clone()).collect::<Vec<_>>() {
            for ring in self.user(&known).rings.iter_mut().filter(|ring| ring.call == call.id) {
                ring.alone = false;
            }
        }
        call.members.push(member);
        // What the caller's SDK has offered ahead is on its way to an earlier ring of theirs. It offers anew when they join.
        let caller = call.caller.clone();
        let joined = call.member(&caller).and_then(Member::joined_device);
        if joined.is_some_and(|device| device.dialect == Dialect::Sdk) {
            call.direction_mut(&caller, user).yields = true;
        }
        self.tell_callee(&call, user, CalleeOutcome::Ringing);
        let devices = call.member(user).map(|member| member.devices().to_vec()).unwrap_or_default();
        if !devices.is_empty() && call.go(Trigger::Reached).is_some() {
            self.tell_state(&call);
        }
        let incoming = ServerEvent::Incoming(call.ring());
        for device in &devices {
            self.send(user, device, incoming.clone());
        }
        self.keep(call);
        Ok(())
    }

    /// One is put out.
    pub(super) fn remove_participant(
        &mut self,
        from: &Origin,
        choice: &ParticipantChoice,
    ) -> Result<(), Refusal> {
        let call = self.call_joined_by(from)?;
        let user = &choice.user_id;
        if *user == from.user {
            return Err(Refusal::new(ErrorCode::InvalidArgument, "userId is yourself; hang up to leave"));
        }
        if call.owner() != Some(&from.user) {
            return Err(Refusal::new(
                ErrorCode::NotOwner,
                "only who has been in the call for the longest time may put others out",
            ));
        }
        match call.member(user).map(|member| &member.phase) {
            Some(Phase::Joined { .. }) => self.leave(call, user, Trigger::HungUp),
            Some(Phase::Rung { .. }) => {
                let trigger = if call.is_answered() || call.callees().count() > 1 {
                    Trigger::TimedOut
                } else {
                    // The caller calls nobody any more.
                    Trigger::Cancelled
                };
                self.callee_out(call, user, trigger);
            }
            Some(Phase::Out) | None => {
                return Err(Refusal::new(ErrorCode::InvalidArgument, "userId is not in the call"));
            }
        }
        Ok(())
    }

    /// Lets one ring, or finds them busy.
    fn ring(&mut self, call: &CallRecord, user: UserId, alone: bool) -> Member {
        let most = usize::from(self.rules.rings);
        let until = self.now.clock + self.rules.ring_timeout;
        let record = self.user(&user);
        if record.engaged.is_some() || record.rings.len() >= most {
            return Member { user, phase: Phase::Out, until: None };
        }
        let caller = call.owner().unwrap_or(&call.caller).clone();
        record.rings.push(Ring { call: call.id.clone(), caller, alone });
        let devices = record.devices.clone();
        let told = vec![call.participants(); devices.len()];
        Member { user, phase: Phase::Rung { devices, told }, until: Some(until) }
    }

    /// A user enters a call with a device. Whatever else rings at them finds them busy from now on.
    pub(super) fn engage(&mut self, user: &UserId, engagement: Engagement) {
        let record = self.user(user);
        record.rings.retain(|ring| ring.call != engagement.call);
        let others: Vec<CallId> = record.rings.iter().map(|ring| ring.call.clone()).collect();
        record.engaged = Some(engagement.clone());
        self.tell_elsewhere(user, &engagement, true);
        self.effects
            .extend(others.into_iter().map(|call| Effect::Then(Input::Engaged { call, user: user.clone() })));
    }
}
