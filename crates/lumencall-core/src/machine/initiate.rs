//! A user calls another.

use super::decide::Work;
use super::{CallRecord, Dialect, Effect, Engagement, Input, Member, Origin, Phase, Refusal, Trigger};
use crate::wire::{CallInitiate, ServerEvent};
use crate::{CallId, CallState, DeviceId, ErrorCode, MediaFlags, UserId};

/// The longest `metadata`, in bytes.
const LONGEST_METADATA: usize = 1024;

impl Work<'_> {
    pub(super) fn initiate(
        &mut self,
        from: Origin,
        initiate: CallInitiate,
        fresh: CallId,
    ) -> Result<(), Refusal> {
        self.may_initiate(&from, &initiate)?;
        let Origin { user: caller, device } = from;
        let CallInitiate { conversation_id, call_type, callee_ids, metadata } = initiate;
        let dialect = device.dialect;
        self.engage(&caller, &fresh, &device.id);

        let joined_at = self.now.wall.clone();
        let media = MediaFlags::at_join(call_type);
        let mut members =
            vec![Member { user: caller.clone(), phase: Phase::Joined { device, joined_at, media } }];
        members.extend(callee_ids.into_iter().map(|callee| self.ring(callee, &fresh)));
        let mut call = CallRecord {
            id: fresh,
            conversation_id,
            call_type,
            metadata,
            state: CallState::Idle,
            started_at: self.now.wall.clone(),
            answered_at: None,
            members,
            pairs: Vec::new(),
            deadline: Some(self.now.clock + self.rules.ring_timeout),
        };
        call.go(Trigger::Initiated);
        self.reply = Some(call.snapshot(None));
        // A client without replies learns the id of its call from its first state.
        if dialect == Dialect::Seed {
            self.tell_state(&call);
        }

        if call.members[1..].iter().all(|callee| callee.phase == Phase::Out) {
            self.end(call, Trigger::Busy);
            return Ok(());
        }
        if call.members[1..].iter().any(|callee| !callee.devices().is_empty()) {
            call.go(Trigger::Reached);
            self.tell_state(&call);
            let incoming = ServerEvent::Incoming(call.snapshot(None));
            for callee in &call.members[1..] {
                for device in callee.devices() {
                    self.send(&callee.user, device, incoming.clone());
                }
            }
        }
        self.keep(call);
        Ok(())
    }

    fn may_initiate(&mut self, from: &Origin, initiate: &CallInitiate) -> Result<(), Refusal> {
        let refuse = |message| Err(Refusal::new(ErrorCode::InvalidArgument, message));
        match &initiate.callee_ids[..] {
            [callee] if *callee == from.user => {
                return refuse("calleeIds names yourself; call somebody else");
            }
            [_] => {}
            _ => return refuse("calleeIds must name exactly one user; calls of several are not there yet"),
        }
        if initiate.metadata.as_ref().is_some_and(|metadata| metadata.len() > LONGEST_METADATA) {
            return refuse("metadata is longer than 1024 bytes");
        }
        let caller = self.user(&from.user);
        // Nobody would ever miss a device that was gone before it called.
        if !caller.devices.contains(&from.device) {
            return Err(Refusal::new(
                ErrorCode::SessionState,
                "this device is not connected; open a session",
            ));
        }
        if caller.engaged.is_some() {
            return Err(Refusal::new(
                ErrorCode::AlreadyInCall,
                "you are in a call already; hang it up first",
            ));
        }
        Ok(())
    }

    /// Lets a callee ring, or finds them busy.
    fn ring(&mut self, callee: UserId, call: &CallId) -> Member {
        let most = usize::from(self.rules.rings);
        let record = self.user(&callee);
        if record.engaged.is_some() || record.rings.len() >= most {
            return Member { user: callee, phase: Phase::Out };
        }
        record.rings.push(call.clone());
        let devices = record.devices.clone();
        Member { user: callee, phase: Phase::Rung { devices } }
    }

    /// A user enters a call with a device. Whatever else rings at them finds them busy from now on.
    pub(super) fn engage(&mut self, user: &UserId, call: &CallId, device: &DeviceId) {
        let record = self.user(user);
        record.engaged = Some(Engagement { call: call.clone(), device: device.clone() });
        record.rings.retain(|ringing| ringing != call);
        let others: Vec<CallId> = record.rings.clone();
        self.effects
            .extend(others.into_iter().map(|call| Effect::Then(Input::Engaged { call, user: user.clone() })));
    }
}
