//! What must hold after every input, whatever a test is about.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use lumencall_core::machine::{
    CallCommand, CallRecord, Dialect, Effect, Input, Member, Origin, Page, Phase, Records, TABLE, UserRecord,
};
use lumencall_core::wire::{ConnectionState, ServerEvent};
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
        again: bool,
    ) {
        if again {
            assert_eq!(before, after, "what is decided anew has changed nothing");
            let follows = |effect: &Effect| matches!(effect, Effect::Then(Input::LoseDevice { .. }));
            return assert!(effects.iter().all(follows), "{effects:?}");
        }
        match input {
            Input::DeviceConnected(device) => drop(self.gone.remove(&device.device.id)),
            Input::DeviceGone(device) => drop(self.gone.insert(device.device.id.clone())),
            Input::UserDeadline(_) => {
                self.gone.extend(effects.iter().filter_map(|effect| match effect {
                    Effect::Forget(origin) => Some(origin.device.id.clone()),
                    Effect::Send { .. } | Effect::Then(_) => None,
                }));
            }
            Input::Command { from, command: CallCommand::Rejoin(_) } => {
                let told = reply.expect("a rejoin is answered with its call");
                let key = (told.id.clone(), from.device.id.clone());
                let state = before.call.as_ref().expect("there is a call").state;
                // Nothing that came to the page before counts.
                self.views.insert(key, View { state, described: BTreeSet::new() });
            }
            Input::Command { from, command: CallCommand::Initiate { fresh, .. } } => {
                let told = reply.expect("an initiate is answered with its call").state;
                assert_eq!(told, CallState::Initiating);
                // A client of the seed has no replies. It learns of its call from the first event.
                let state = if from.device.dialect == Dialect::Sdk { told } else { CallState::Idle };
                let view = View { state, described: BTreeSet::new() };
                assert!(self.views.insert((fresh.clone(), from.device.id.clone()), view).is_none());
            }
            Input::Command { from, command: CallCommand::Respond(_) } | Input::Meet { from, .. } => {
                self.enters(from, before, reply);
            }
            Input::Command { .. }
            | Input::DeviceAway { .. }
            | Input::DeviceBack { .. }
            | Input::RingDevice { .. }
            | Input::RingAgain { .. }
            | Input::MemberAway { .. }
            | Input::MemberBack { .. }
            | Input::LoseDevice { .. }
            | Input::Engaged { .. }
            | Input::Deadline { .. } => {}
        }
        let mut reasons: Vec<(&UserId, EndReason)> = Vec::new();
        for effect in effects {
            if let Effect::Send { user, device, event } = effect {
                if matches!(event, ServerEvent::Elsewhere(_)) {
                    continue;
                }
                assert_eq!(Some(event.call_id()), input.call_id(), "an event of another call");
                self.hears(user, device, event, before.call.as_ref(), after.call.as_ref());
                if let ServerEvent::StateChanged(changed) = event {
                    reasons.extend(changed.end_reason.map(|reason| (user, reason)));
                }
            }
        }
        let id = match (&before.call, input) {
            (Some(call), _) => &call.id,
            (None, Input::Command { command: CallCommand::Initiate { fresh, .. }, .. }) => fresh,
            (None, _) => {
                let quiet = |effect: &Effect| {
                    matches!(
                        effect,
                        Effect::Then(_)
                            | Effect::Forget(_)
                            | Effect::Send { event: ServerEvent::Elsewhere(_), .. }
                    )
                };
                return assert!(after.call.is_none() && effects.iter().all(quiet));
            }
        };
        if after.call.is_none() {
            let was = |user: &UserId| before.call.as_ref().and_then(|call| call.member(user));
            let was_inside = |user: &UserId| was(user).is_none_or(|member| member.joined_device().is_some());
            let last = reasons.iter().rev().find(|(user, _)| was_inside(user));
            let reason = last.expect("one who was in the call hears of its end").1;
            let answered = before.call.as_ref().is_some_and(CallRecord::is_answered);
            for (user, told) in reasons {
                let own = if was_inside(user) {
                    // Who has left before the end was told their own.
                    effects.iter().any(|effect| leaves(effect, user))
                } else {
                    // Whom it rang at when others had answered it has missed it, or declined it.
                    answered && !matches!(told, EndReason::Completed | EndReason::Failed)
                };
                assert!(told == reason || own, "I10: {id:?} ends with {reason:?}; {user:?} hears {told:?}");
            }
            assert!(self.ended.insert(id.clone(), reason).is_none(), "I10: {id:?} ends once");
            for ((call, device), view) in &self.views {
                let over = view.state == CallState::Ended || self.gone.contains(device);
                assert!(call != id || over, "I10: {device:?} does not hear that {id:?} ended");
            }
        }
    }

    /// A device of the SDK enters a call with its reply, which says where the call stands.
    fn enters(&mut self, from: &Origin, before: &Records, reply: Option<&Call>) {
        let (Some(reply), Dialect::Sdk) = (reply, from.device.dialect) else { return };
        let call = before.call.as_ref().expect("there is a call to enter");
        assert!(matches!(
            reply.state,
            CallState::Connecting | CallState::Connected | CallState::Reconnecting
        ));
        // What came before is told by the reply, and what comes of the accept by events.
        let state = if call.is_answered() { call.state } else { CallState::Ringing };
        let view = View { state, described: BTreeSet::new() };
        self.views.entry((call.id.clone(), from.device.id.clone())).or_insert(view).state = state;
    }

    /// Why the call ended, where it has.
    pub(crate) fn end_reason(&self, id: &CallId) -> Option<EndReason> {
        self.ended.get(id).copied()
    }

    /// A device hears an event of a call that stood like the one before, and stands like the other after.
    fn hears(
        &mut self,
        user: &UserId,
        device: &DeviceId,
        event: &ServerEvent,
        before: Option<&CallRecord>,
        call: Option<&CallRecord>,
    ) {
        let id = event.call_id();
        assert!(!self.ended.contains_key(id), "I11: {event:?} after the end");
        let key = (id.clone(), device.clone());
        if let ServerEvent::Incoming(incoming) = event {
            let view = View { state: incoming.state, described: BTreeSet::new() };
            let before = self.views.insert(key, view);
            // One who left, or was out, may be invited again.
            let over = before.is_none_or(|view| view.state == CallState::Ended);
            assert!(over && incoming.state == CallState::Ringing, "{device:?} rings twice for {id:?}");
            return;
        }
        let view = self.views.get_mut(&key).expect("a device hears of a call first by its ring");
        assert_ne!(view.state, CallState::Ended, "I10, I11: {device:?} hears {event:?} after its end");
        match event {
            ServerEvent::Incoming(_) | ServerEvent::Elsewhere(_) => {}
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
            | ServerEvent::MediaChanged(_)
            | ServerEvent::CalleeChanged(_)
            | ServerEvent::ParticipantChanged(_) => {
                // Who is put out hears before it who was put out first.
                let inside = call.is_none_or(|call| call.has_joined(user, device))
                    || before.is_some_and(|call| call.has_joined(user, device));
                assert!(inside, "{event:?} at {device:?}, which is not in the call");
            }
            ServerEvent::ParticipantRejoined(rejoined) => {
                let who = &rejoined.participant.user_id;
                assert_ne!(who, user, "nobody hears of their own new page");
                let member = call.and_then(|call| call.member(who)).expect("who rejoins is in the call");
                assert_eq!(Some(member.incarnation()), rejoined.participant.incarnation, "{event:?}");
                view.described.remove(who);
            }
            ServerEvent::Offer(description) | ServerEvent::Answer(description) => {
                let from = description.from_user_id.clone().expect("the server says who");
                let call = call.expect("I11: nothing is relayed when the call is over");
                assert!(call.member(&from).and_then(Member::joined_device).is_some() && from != *user, "I3");
                let receiver = call.member(user).expect("a signal goes to a member");
                match &receiver.phase {
                    Phase::Joined { device: joined, .. } => assert_eq!(joined.id, *device, "I26"),
                    Phase::Rung { devices, .. } => {
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
            for away in &user.away {
                let is_known = user.devices.iter().any(|device| device.id == away.device);
                assert!(is_known || !pending.is_empty(), "{away:?} is no device of {user:?}");
                // A new page has something to take its place in.
                let engaged = user.engaged_with(&away.device).is_some();
                assert!(!away.connected || (away.page == Page::New && engaged), "{away:?} of {user:?}");
            }
            for ring in &user.rings {
                let member = calls[&ring.call].member(&user.user).expect("it rings at a member");
                assert!(matches!(member.phase, Phase::Rung { .. }), "{user:?} {member:?}");
            }
        }
        for call in calls.values() {
            assert!(!self.ended.contains_key(&call.id), "I10: a call that ended is back");
            let joined = call.joined().count();
            let rung = call
                .members
                .iter()
                .any(|member| matches!(&member.phase, Phase::Rung { devices, .. } if !devices.is_empty()));
            match call.state {
                CallState::Initiating => assert!(joined == 1 && !rung && call.rings(), "{call:?}"),
                CallState::Ringing => assert!(joined == 1 && call.rings(), "{call:?}"),
                CallState::Connecting | CallState::Connected | CallState::Reconnecting => {
                    assert!(joined > 1 || (joined == 1 && call.rings()), "{call:?}");
                }
                CallState::Idle | CallState::Ended => panic!("{:?} is kept", call.state),
            }
            for member in &call.members {
                // Whoever waits for something waits for so long and no longer.
                let waits = match &member.phase {
                    Phase::Rung { .. } => true,
                    Phase::Joined { connection, .. } => {
                        joined > 1 && *connection != Some(ConnectionState::Connected)
                    }
                    Phase::Out => panic!("{member:?} is kept"),
                };
                assert_eq!(member.until.is_some(), waits, "{member:?} of {call:?}");
                let user = users.get(&member.user);
                let (engaged, rings) = user.map_or((false, false), |user| {
                    let engaged = user.engaged.as_ref().is_some_and(|engaged| engaged.call == call.id);
                    (engaged, user.rings.iter().any(|ring| ring.call == call.id))
                });
                let (joined, rung) =
                    (member.joined_device().is_some(), matches!(member.phase, Phase::Rung { .. }));
                assert_eq!((engaged, rings), (joined, rung), "{member:?} and {user:?}");
                if let Phase::Joined { device, away, .. } = &member.phase
                    && pending.is_empty()
                {
                    let is_away =
                        user.is_some_and(|user| user.away.iter().any(|away| away.device == device.id));
                    assert_eq!(*away, is_away, "{member:?} and {user:?}");
                    assert!(!is_away || device.dialect == Dialect::Sdk, "{device:?} is away");
                }
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

/// Whether it tells that this user has left.
fn leaves(effect: &Effect, who: &UserId) -> bool {
    match effect {
        Effect::Send { event: ServerEvent::ParticipantLeft(left), .. } => left.user_id == *who,
        Effect::Send { .. } | Effect::Forget(_) | Effect::Then(_) => false,
    }
}
