//! The one entry.

use super::{
    CallCommand, CallRecord, Device, Dialect, Effect, Engagement, Input, Origin, Phase, Records, Refusal,
    Rules, UserRecord,
};
use crate::wire::{Elsewhere, ServerEvent, StateChanged};
use crate::{Call, CallState, EndReason, ErrorCode, Now, UserId};

/// What comes of an input.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The records from now on.
    pub records: Records,
    /// What the reply to a command holds beside its `ok`.
    pub reply: Option<Call>,
    /// What is to be done, in order, after the reply.
    pub effects: Vec<Effect>,
    /// The input to be decided in place of this one, once the effects and all that follows from them are done. Its
    /// outcome is the outcome. The store decides it anew: what it reads may be other records.
    pub again: Option<Input>,
}

/// The users whose records an input touches, given the record of its call. Each is named once.
pub fn touched_users(input: &Input, call: Option<&CallRecord>) -> Vec<UserId> {
    let mut users: Vec<UserId> = match input {
        Input::Command { from, command: CallCommand::Initiate { initiate, .. } } => {
            [&from.user].into_iter().chain(&initiate.callee_ids).cloned().collect()
        }
        Input::DeviceConnected(device)
        | Input::DeviceAway { device, .. }
        | Input::DeviceBack { device, .. }
        | Input::DeviceGone(device) => vec![device.user.clone()],
        Input::UserDeadline(user) => vec![user.clone()],
        Input::Command { command: CallCommand::AddParticipant(choice), .. } => {
            call.map_or_else(Vec::new, |call| users_of(call).chain([&choice.user_id]).cloned().collect())
        }
        Input::Command { .. }
        | Input::Meet { .. }
        | Input::RingDevice { .. }
        | Input::RingAgain { .. }
        | Input::MemberAway { .. }
        | Input::MemberBack { .. }
        | Input::LoseDevice { .. }
        | Input::Engaged { .. }
        | Input::Deadline { .. } => call.into_iter().flat_map(users_of).cloned().collect(),
    };
    users.sort_unstable();
    users.dedup();
    users
}

fn users_of(call: &CallRecord) -> impl Iterator<Item = &UserId> {
    call.members.iter().map(|member| &member.user)
}

/// Decides an input over the records that it touches. See the module for how a store drives it.
///
/// # Errors
/// A command that may not be done, or not now, is refused, and nothing changes. Other inputs that come too late are not
/// refused; they change nothing.
pub fn decide(records: Records, input: Input, now: &Now, rules: &Rules) -> Result<Decision, Refusal> {
    let mut work = Work { records, reply: None, effects: Vec::new(), again: None, now, rules };
    match input {
        Input::Command { from, command } => match command {
            CallCommand::Initiate { initiate, fresh } => work.initiate(from, initiate, fresh)?,
            CallCommand::Respond(respond) => work.respond(&from, &respond)?,
            CallCommand::Hangup(_) => work.hangup(&from)?,
            CallCommand::AddParticipant(choice) => work.add_participant(&from, &choice)?,
            CallCommand::RemoveParticipant(choice) => work.remove_participant(&from, &choice)?,
            CallCommand::MediaToggle(toggle) => work.media_toggle(&from, &toggle)?,
            CallCommand::Signal(signal) => work.signal(&from, signal)?,
            CallCommand::Rejoin(_) => work.rejoin(&from)?,
            CallCommand::Report(report) => work.report(&from, &report)?,
        },
        Input::Meet { from, initiate, fresh, .. } => work.meet(from, initiate, fresh)?,
        Input::DeviceConnected(device) => work.device_connected(device),
        Input::DeviceAway { device, leaving } => work.device_away(&device, leaving),
        Input::DeviceBack { device, anew } => work.device_back(&device, anew),
        Input::DeviceGone(device) => work.device_gone(&device, device.device.dialect == Dialect::Seed),
        Input::UserDeadline(user) => work.user_deadline(&user),
        Input::RingDevice { device, .. } => work.ring_device(&device),
        Input::RingAgain { device, .. } => work.ring_again(&device),
        Input::MemberAway { device, page_gone, .. } => work.member_away(&device, page_gone),
        Input::MemberBack { device, .. } => work.member_back(&device),
        Input::LoseDevice { device, goodbye, .. } => work.lose_device(&device, goodbye),
        Input::Engaged { user, .. } => work.engaged(&user),
        Input::Deadline { .. } => work.deadline(),
    }
    let Work { records, reply, effects, again, .. } = work;
    Ok(Decision { records, reply, effects, again })
}

/// A decision in the making. The steps of each kind of input are in the file of its name.
pub(super) struct Work<'a> {
    pub(super) records: Records,
    pub(super) reply: Option<Call>,
    pub(super) effects: Vec<Effect>,
    pub(super) again: Option<Input>,
    pub(super) now: &'a Now,
    pub(super) rules: &'a Rules,
}

impl Work<'_> {
    /// Takes the call of the input, if `user` has a part in it. A stranger gets the answer that an unknown call gets.
    ///
    /// Who takes it puts it back by [`Work::keep`] or ends it by [`Work::end`]; on a refusal the records are dropped.
    pub(super) fn call_of(&mut self, user: &UserId) -> Result<CallRecord, Refusal> {
        self.records
            .call
            .take()
            .filter(|call| call.member(user).is_some_and(|member| member.phase != Phase::Out))
            .ok_or(Refusal::UNKNOWN_CALL)
    }

    /// Takes the call of the input for a command that only a device which is in the call may give.
    pub(super) fn call_joined_by(&mut self, from: &Origin) -> Result<CallRecord, Refusal> {
        let call = self.call_of(&from.user)?;
        match call.member(&from.user).map(|member| &member.phase) {
            Some(Phase::Joined { device, .. }) if device.id == from.device.id => Ok(call),
            Some(Phase::Rung { devices, .. }) if devices.contains(&from.device) => {
                Err(Refusal::new(ErrorCode::InvalidState, "accept the call first"))
            }
            Some(Phase::Joined { .. } | Phase::Rung { .. } | Phase::Out) | None => Err(Refusal::UNKNOWN_CALL),
        }
    }

    /// Puts the call back.
    pub(super) fn keep(&mut self, call: CallRecord) {
        self.records.call = Some(call);
    }

    /// The record of a user. One that the store did not bring is made.
    pub(super) fn user(&mut self, user: &UserId) -> &mut UserRecord {
        let users = &mut self.records.users;
        let index = users.iter().position(|record| record.user == *user).unwrap_or_else(|| {
            users.push(UserRecord::new(user.clone()));
            users.len() - 1
        });
        &mut users[index]
    }

    /// Sends the event to one device, in its dialect.
    pub(super) fn send(&mut self, user: &UserId, device: &Device, event: ServerEvent) {
        let event = match device.dialect {
            Dialect::Seed => event.for_seed(),
            Dialect::Sdk => Some(event),
        };
        if let Some(event) = event {
            self.effects.push(Effect::Send { user: user.clone(), device: device.id.clone(), event });
        }
    }

    /// Tells the user's other devices that the user is in a call with this one, or no more.
    pub(super) fn tell_elsewhere(&mut self, user: &UserId, engagement: &Engagement, engaged: bool) {
        let others = self.user(user).devices.clone();
        let event = ServerEvent::Elsewhere(Elsewhere { call_id: engagement.call.clone(), engaged });
        for device in others.iter().filter(|device| device.id != engagement.device) {
            self.send(user, device, event.clone());
        }
    }

    /// Sends the event to everybody who is in the call, but for one.
    pub(super) fn tell_joined(&mut self, call: &CallRecord, but: Option<&UserId>, event: &ServerEvent) {
        for (member, device) in call.joined().filter(|(member, _)| Some(&member.user) != but) {
            self.send(&member.user, device, event.clone());
        }
    }

    /// Tells everybody who is in the call its state.
    pub(super) fn tell_state(&mut self, call: &CallRecord) {
        let event = self.state_changed(call, call.state, None);
        self.tell_joined(call, None, &event);
    }

    /// The event that tells a state.
    pub(super) fn state_changed(
        &self,
        call: &CallRecord,
        state: CallState,
        end_reason: Option<EndReason>,
    ) -> ServerEvent {
        ServerEvent::StateChanged(StateChanged {
            call_id: call.id.clone(),
            state,
            end_reason,
            answered_elsewhere: None,
            at: Some(self.now.wall.clone()),
            cause: None,
            evidence: None,
        })
    }
}
