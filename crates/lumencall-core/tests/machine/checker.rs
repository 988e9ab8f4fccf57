//! What must hold after every input, whatever a test is about.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use lumencall_core::machine::{
    CallCommand, CallRecord, Dialect, Effect, Input, Member, Phase, Records, TABLE, UserRecord,
};
use lumencall_core::wire::ServerEvent;
use lumencall_core::{Call, CallId, CallState, DeviceId, EndReason, UserId};

/// What the devices were told, and whether it can be true.
#[derive(Debug, Default)]
pub(crate) struct Checker {
    views: BTreeMap<(CallId, DeviceId), View>,
    gone: BTreeSet<DeviceId>,
    ended: BTreeMap<CallId, EndReason>,
}

/// A call as one device knows it.
#[derive(Debug)]
struct View {
    state: CallState,
    /// Whose descriptions the device has.
    described: BTreeSet<UserId>,
}

impl Checker {
    /// Looks at a decision: what it was made over, what it made, and what it sends.
    pub(crate) fn decided(
        &mut self,
        before: &Records,
        input: &Input,
        after: &Records,
        reply: Option<&Call>,
        effects: &[Effect],
    ) {
        match input {
            Input::DeviceConnected(device) => drop(self.gone.remove(&device.device.id)),
            Input::DeviceGone(device) => drop(self.gone.insert(device.device.id.clone())),
            Input::Command { from, command: CallCommand::Initiate { fresh, .. } } => {
                let told = reply.expect("an initiate is answered with its call").state;
                assert_eq!(told, CallState::Initiating);
                // A client of the seed has no replies. It learns of its call from the first event.
                let state = if from.device.dialect == Dialect::Sdk { told } else { CallState::Idle };
                let view = View { state, described: BTreeSet::new() };
                assert!(self.views.insert((fresh.clone(), from.device.id.clone()), view).is_none());
            }
            Input::Command { .. }
            | Input::RingDevice { .. }
            | Input::LoseDevice { .. }
            | Input::Engaged { .. }
            | Input::Deadline { .. } => {}
        }
        let mut reasons = Vec::new();
        for effect in effects {
            if let Effect::Send { user, device, event } = effect {
                assert_eq!(Some(event_call(event)), input.call_id(), "an event of another call");
                self.hears(user, device, event, after.call.as_ref());
                if let ServerEvent::StateChanged(changed) = event {
                    reasons.extend(changed.end_reason);
                }
            }
        }
        let id = match (&before.call, input) {
            (Some(call), _) => &call.id,
            (None, Input::Command { command: CallCommand::Initiate { fresh, .. }, .. }) => fresh,
            (None, _) => {
                return assert!(
                    after.call.is_none() && effects.iter().all(|effect| matches!(effect, Effect::Then(_)))
                );
            }
        };
        if after.call.is_none() {
            reasons.dedup();
            assert_eq!(reasons.len(), 1, "I10: {id:?} ends with one reason, not {reasons:?}");
            assert!(self.ended.insert(id.clone(), reasons[0]).is_none(), "I10: {id:?} ends once");
            for ((call, device), view) in &self.views {
                let over = view.state == CallState::Ended || self.gone.contains(device);
                assert!(call != id || over, "I10: {device:?} does not hear that {id:?} ended");
            }
        }
    }

    /// Why the call ended, where it has.
    pub(crate) fn end_reason(&self, id: &CallId) -> Option<EndReason> {
        self.ended.get(id).copied()
    }

    /// A device hears an event of a call, after which the call stands like this.
    fn hears(&mut self, user: &UserId, device: &DeviceId, event: &ServerEvent, call: Option<&CallRecord>) {
        let id = event_call(event);
        assert!(!self.ended.contains_key(id), "I11: {event:?} after the end");
        let key = (id.clone(), device.clone());
        if let ServerEvent::Incoming(incoming) = event {
            let view = View { state: incoming.state, described: BTreeSet::new() };
            assert!(self.views.insert(key, view).is_none(), "{device:?} rings twice for {id:?}");
            return;
        }
        let view = self.views.get_mut(&key).expect("a device hears of a call first by its ring");
        assert_ne!(view.state, CallState::Ended, "I10, I11: {device:?} hears {event:?} after its end");
        match event {
            ServerEvent::Incoming(_) => {}
            ServerEvent::StateChanged(changed) => {
                let declared = TABLE.iter().any(|edge| {
                    (edge.from, edge.to, edge.reason) == (view.state, changed.state, changed.end_reason)
                });
                // Only this device's part: another device of the user answered.
                let part = changed.end_reason == Some(EndReason::Completed) && call.is_some();
                assert!(declared || part, "I33: {changed:?} at {device:?} in {:?}", view.state);
                view.state = changed.state;
            }
            ServerEvent::ParticipantJoined(_)
            | ServerEvent::ParticipantLeft(_)
            | ServerEvent::MediaChanged(_) => {
                let inside = call.is_none_or(|call| call.has_joined(user, device));
                assert!(inside, "{event:?} at {device:?}, which is not in the call");
            }
            ServerEvent::Offer(description) | ServerEvent::Answer(description) => {
                let from = description.from_user_id.clone().expect("the server says who");
                let call = call.expect("I11: nothing is relayed when the call is over");
                assert!(call.member(&from).and_then(Member::joined_device).is_some() && from != *user, "I3");
                let receiver = call.member(user).expect("a signal goes to a member");
                match &receiver.phase {
                    Phase::Joined { device: joined, .. } => assert_eq!(joined.id, *device, "I26"),
                    Phase::Rung { devices } => {
                        let rung = devices.iter().find(|rung| rung.id == *device).expect("it rings");
                        assert!(rung.dialect == Dialect::Sdk && description.is_sealed(), "I3: {device:?}");
                    }
                    Phase::Out => panic!("I25: a signal goes to one who is out"),
                }
                view.described.insert(from);
            }
            ServerEvent::Candidate(candidate) => {
                let from = candidate.from_user_id.as_ref().expect("the server says who");
                assert!(
                    call.is_some_and(|call| call.has_joined(user, device)),
                    "I3: a candidate at {device:?}"
                );
                assert!(
                    view.described.contains(from),
                    "I20: a candidate at {device:?} before its description"
                );
            }
        }
    }

    /// Looks at everything that a server knows, while these inputs are to follow.
    pub(crate) fn agrees(
        &self,
        calls: &BTreeMap<CallId, CallRecord>,
        users: &BTreeMap<UserId, UserRecord>,
        pending: &VecDeque<Input>,
    ) {
        for user in users.values() {
            assert!(!user.is_idle());
            if let Some(engaged) = &user.engaged {
                assert!(calls[&engaged.call].has_joined(&user.user, &engaged.device), "{user:?}");
            }
            for ring in &user.rings {
                let member = calls[ring].member(&user.user).expect("it rings at a member");
                assert!(matches!(member.phase, Phase::Rung { .. }), "{user:?} {member:?}");
            }
        }
        for call in calls.values() {
            assert!(!self.ended.contains_key(&call.id), "I10: a call that ended is back");
            let joined = call.joined().count();
            let rung = call
                .members
                .iter()
                .any(|member| matches!(&member.phase, Phase::Rung { devices } if !devices.is_empty()));
            match call.state {
                CallState::Initiating => assert!(joined == 1 && !rung),
                CallState::Ringing => assert!(joined == 1 && rung),
                CallState::Connecting | CallState::Connected | CallState::Reconnecting => assert!(joined > 1),
                CallState::Idle | CallState::Ended => panic!("{:?} is kept", call.state),
            }
            assert_eq!(call.deadline.is_none(), call.state == CallState::Connected, "{call:?}");
            for member in &call.members {
                let user = users.get(&member.user);
                let (engaged, rings) = user.map_or((false, false), |user| {
                    let engaged = user.engaged.as_ref().is_some_and(|engaged| engaged.call == call.id);
                    (engaged, user.rings.contains(&call.id))
                });
                let (joined, rung) =
                    (member.joined_device().is_some(), matches!(member.phase, Phase::Rung { .. }));
                assert_eq!((engaged, rings), (joined, rung), "{member:?} and {user:?}");
                if pending.is_empty() {
                    let known = user.map_or(&[][..], |user| &user.devices);
                    let here = member.devices().iter().all(|device| known.contains(device));
                    assert!(here, "I15: a device of {member:?} is gone");
                    let elsewhere = user.is_some_and(|user| user.engaged.is_some());
                    assert!(!rung || !elsewhere, "{member:?} rings while in another call");
                }
            }
        }
    }
}

/// The call that the event is about.
fn event_call(event: &ServerEvent) -> &CallId {
    match event {
        ServerEvent::Incoming(call) => &call.id,
        ServerEvent::StateChanged(changed) => &changed.call_id,
        ServerEvent::ParticipantJoined(joined) => &joined.call_id,
        ServerEvent::ParticipantLeft(left) => &left.call_id,
        ServerEvent::MediaChanged(changed) => &changed.call_id,
        ServerEvent::Offer(description) | ServerEvent::Answer(description) => &description.call_id,
        ServerEvent::Candidate(candidate) => &candidate.call_id,
    }
}
