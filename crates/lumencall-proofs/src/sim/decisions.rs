//! What must hold of every decision of the server, and of what it then knows.
//!
//! What may be done, who leaves by what, and why a call ends are said here once more, in other words than the machine's.

use std::collections::{BTreeMap, BTreeSet};

use lumencall_core::machine::{
    CallCommand, CallRecord, Decision, Device, Dialect, Effect, Input, Member, Origin, Phase, Records,
    Refusal, Rules, TABLE, Trigger, UserRecord,
};
use lumencall_core::wire::{
    ConnectionState, Description, DescriptionType, RespondAction, ServerEvent, Signal, names_no_address,
};
use lumencall_core::{CallId, CallState, DeviceId, EndReason, Millis, UserId};

use super::histogram::Histogram;
use super::values::event_call;
use super::violation::{holds, violated};

/// How close to a ring's end an accept is a race with it.
const CLOSE: Millis = 400;

/// What became of a user's part in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    Cancelled,
    Declined,
    TimedOut,
    HungUp,
    Otherwise,
}

/// What is remembered of a run.
#[derive(Debug, Default)]
pub(super) struct Decisions {
    ended: BTreeMap<CallId, EndReason>,
    /// Since when each ring rings.
    rings: BTreeMap<(CallId, UserId), Millis>,
    /// How each part in a call was over, the last time.
    outs: BTreeMap<(CallId, UserId), Left>,
}

impl Decisions {
    /// Looks at a decision.
    pub(super) fn look(
        &mut self,
        before: &Records,
        input: &Input,
        decided: &Result<Decision, Refusal>,
        now: Millis,
        rules: &Rules,
        histogram: &mut Histogram,
    ) {
        if let Input::Command { from, command } = input {
            let may = may(before, from, command, rules);
            holds!(
                "I6",
                may == decided.is_ok(),
                "may be done: {may}; {input:?} over {before:?} gave {decided:?}"
            );
        }
        let Ok(Decision { records: after, effects, again, .. }) = decided else { return };
        if let Some(again) = again {
            holds!("I6", before == after, "{input:?} is to be decided again, and changed {before:?}");
            match again {
                Input::Meet { .. } => histogram.count("glare: two call one another and meet"),
                _ => histogram.count("recall"),
            }
            return;
        }
        let id = input.call_id();
        for effect in effects {
            if let Effect::Send { user, device, event } = effect {
                self.sends(user, device, event, before, after);
                let of_it = Some(event_call(event)) == id || matches!(event, ServerEvent::Elsewhere(_));
                holds!("I24", of_it, "{event:?} is of another call than {input:?}");
            }
        }
        let made = matches!(input, Input::Command { command: CallCommand::Initiate { .. }, .. });
        if let (Some(id), true) = (id, made || before.call.is_some() || after.call.is_some()) {
            self.states(id, before, input, after, effects, histogram);
            self.members(id, before, input, after, now, histogram);
        }
    }

    /// A device hears an event.
    fn sends(
        &self,
        user: &UserId,
        device: &DeviceId,
        event: &ServerEvent,
        before: &Records,
        after: &Records,
    ) {
        if matches!(event, ServerEvent::Elsewhere(_)) {
            return;
        }
        let id = event_call(event);
        holds!("I11", !self.ended.contains_key(id), "{event:?} at {device:?} after the end");
        let from = match event {
            ServerEvent::Offer(description) | ServerEvent::Answer(description) => &description.from_user_id,
            ServerEvent::Candidate(candidate) => &candidate.from_user_id,
            ServerEvent::MediaChanged(changed) => &Some(changed.user_id.clone()),
            _ => return,
        };
        let Some(call) = &after.call else { violated("I11", format!("{event:?} as {before:?} ends")) };
        let sender = from.as_ref().and_then(|from| call.member(from)).and_then(Member::joined_device);
        holds!("I2", sender.is_some(), "{event:?} of one who has not accepted, in {call:?}");
        if call.has_joined(user, device) {
            return;
        }
        let rings =
            call.member(user).is_some_and(|member| member.devices().iter().any(|rung| rung.id == *device));
        holds!("I25", rings, "{event:?} at {device:?}, which has no part in {call:?}");
        let ServerEvent::Offer(offer) = event else {
            violated("I2", format!("{event:?} at {device:?}, which rings"))
        };
        holds!(
            "I2",
            offer.sealed == Some(true) && names_no_address(offer.sdp.reveal()),
            "{offer:?} is no sealed offer"
        );
    }

    /// The states that a call went through, and its end.
    fn states(
        &mut self,
        id: &CallId,
        before: &Records,
        input: &Input,
        after: &Records,
        effects: &[Effect],
        histogram: &mut Histogram,
    ) {
        let mut state = before.call.as_ref().map_or(CallState::Idle, |call| call.state);
        let mut seen = Vec::new();
        // A client with replies hears of the first state by one.
        if state == CallState::Idle {
            seen.push((CallState::Initiating, None));
        }
        let part = |changed: &lumencall_core::wire::StateChanged| {
            changed.state == CallState::Ended && after.call.is_some()
        };
        // Who joins a call that was answered hears of the states that it went through before.
        let joiner = match input {
            Input::Command { from, .. } | Input::Meet { from, .. } => before
                .call
                .as_ref()
                .filter(|call| call.is_answered() && !call.has_joined(&from.user, &from.device.id))
                .map(|_| &from.device.id),
            _ => None,
        };
        for effect in effects {
            if let Effect::Send { device, event: ServerEvent::StateChanged(changed), .. } = effect
                && Some(device) != joiner
                && !part(changed)
                && changed.state != CallState::Ended
                && changed.state != before.call.as_ref().map_or(CallState::Idle, |call| call.state)
                && seen.last().is_none_or(|(last, _)| *last != changed.state)
            {
                seen.push((changed.state, None));
            }
        }
        if after.call.is_none() {
            let expected = expected_reasons(before, input);
            let told = self.told_end(before, input, effects, &expected);
            holds!("I10", self.ended.insert(id.clone(), told).is_none(), "{id:?} ends twice");
            seen.push((CallState::Ended, Some(told)));
        }
        for (to, reason) in seen {
            let edge = TABLE.iter().find(|edge| {
                (edge.from, edge.to, edge.reason) == (state, to, reason)
                    && (edge.trigger == Trigger::CalleesLost)
                        == (to == CallState::Ended
                            && reason == Some(EndReason::Missed)
                            && matches!(input, Input::LoseDevice { .. }))
            });
            let Some(edge) = edge else {
                violated("I33", format!("from {state:?} to {to:?} {reason:?} by {input:?} over {before:?}"));
            };
            histogram.count_edge(edge);
            state = to;
        }
        if let Some(call) = &after.call {
            holds!("I33", call.state == state, "{:?} is kept, and {state:?} was told", call.state);
        }
    }

    /// The reason that was told to those who were still in it: one, once for each device, and the one that is expected.
    fn told_end(
        &self,
        before: &Records,
        input: &Input,
        effects: &[Effect],
        expected: &[EndReason],
    ) -> EndReason {
        let mut told = BTreeMap::<&DeviceId, Vec<EndReason>>::new();
        for effect in effects {
            if let Effect::Send { device, event: ServerEvent::StateChanged(changed), .. } = effect {
                told.entry(device).or_default().extend(changed.end_reason);
            }
        }
        let members: &[Member] = before.call.as_ref().map_or(&[], |call| &call.members);
        for member in members {
            // One that is gone hears nothing.
            let gone = |device: &&Device| matches!(input, Input::LoseDevice { device: lost, .. } if lost.device == **device);
            for device in
                member.devices().iter().filter(|device| !gone(device) || member.joined_device().is_some())
            {
                let reasons = told.get(&device.id).map_or(&[][..], Vec::as_slice);
                holds!(
                    "I10",
                    reasons.len() == 1,
                    "{device:?} hears {reasons:?} as {before:?} ends by {input:?}"
                );
                let answered = before.call.as_ref().is_some_and(CallRecord::is_answered);
                // Who never answered has missed the call, however it went for those who did.
                let missed = answered && member.joined_device().is_none() && reasons[0] == EndReason::Missed;
                let out = missed || outs(before, input, Millis::MAX).contains(&member.user);
                holds!(
                    "I10",
                    out || expected.contains(&reasons[0]),
                    "{device:?} hears {reasons:?}, not {expected:?}, as {before:?} ends by {input:?}"
                );
            }
        }
        let of_rest: BTreeSet<&str> = members
            .iter()
            .filter(|member| !outs(before, input, Millis::MAX).contains(&member.user))
            .filter(|member| {
                member.joined_device().is_some()
                    || before.call.as_ref().is_some_and(|call| !call.is_answered())
            })
            .flat_map(Member::devices)
            .flat_map(|device| told.get(&device.id).into_iter().flatten())
            .map(|reason| reason.as_str())
            .collect();
        holds!("I10", of_rest.len() < 2, "{of_rest:?} as {before:?} ends by {input:?}");
        let first = of_rest.first().and_then(|word| EndReason::from_word(word));
        match first.or_else(|| told.values().flatten().find(|reason| expected.contains(reason)).copied()) {
            Some(reason) => {
                holds!(
                    "I10",
                    expected.contains(&reason),
                    "{reason:?}, not {expected:?}, as {before:?} ends by {input:?}"
                );
                reason
            }
            None => expected[0],
        }
    }

    /// Who came and who went.
    fn members(
        &mut self,
        id: &CallId,
        before: &Records,
        input: &Input,
        after: &Records,
        now: Millis,
        histogram: &mut Histogram,
    ) {
        let joined = |records: &Records| -> Vec<UserId> {
            let call = records.call.as_ref();
            call.map_or_else(Vec::new, |call| call.joined().map(|(member, _)| member.user.clone()).collect())
        };
        let (was, is) = (joined(before), joined(after));
        let came: Vec<&UserId> = is.iter().filter(|user| !was.contains(user)).collect();
        let own = match input {
            Input::Command { from, command: CallCommand::Initiate { .. } | CallCommand::Respond(_) }
            | Input::Meet { from, .. } => Some(&from.user),
            _ => None,
        };
        holds!("I9", came.iter().all(|user| Some(*user) == own), "{came:?} are in the call by {input:?}");
        if was.len() > 1 && !came.is_empty() {
            histogram.count("late joiner");
        }
        if came.iter().any(|user| self.outs.contains_key(&(id.clone(), (*user).clone()))) {
            histogram.count("somebody returns");
        }

        let out = outs(before, input, now);
        let members: &[Member] = before.call.as_ref().map_or(&[], |call| &call.members);
        let still = |user: &UserId| after.call.as_ref().is_some_and(|call| call.member(user).is_some());
        if after.call.is_some() {
            for member in members.iter().filter(|member| !still(&member.user)) {
                holds!(
                    "I9",
                    out.contains(&member.user),
                    "{:?} is out by {input:?} over {before:?}",
                    member.user
                );
            }
            if was.len() > 1 && is.len() > 1 && was[0] != is[0] {
                histogram.count("ownership passes on");
            }
        } else if let Some(call) = &before.call {
            let rest = |member: &&Member| !out.contains(&member.user);
            let joined = call.joined().filter(|(member, _)| rest(member)).count();
            let rings = members.iter().filter(rest).any(|member| matches!(member.phase, Phase::Rung { .. }));
            let caller_out = !call.is_answered() && out.contains(&call.caller);
            holds!("I16", caller_out || joined == 0 || (joined == 1 && !rings), "{input:?} ends {call:?}");
        }
        if let Some(call) = &after.call {
            let count = call.joined().count();
            holds!(
                "I16",
                count > 1 || (count == 1 && call.rings()),
                "{call:?} goes on with nobody, by {input:?}"
            );
        }
        for member in members.iter().filter(|member| !still(&member.user)) {
            self.outs.insert((id.clone(), member.user.clone()), out_by(before, input, &member.user));
        }
        for member in after.call.iter().flat_map(|call| &call.members) {
            let key = (id.clone(), member.user.clone());
            if matches!(member.phase, Phase::Rung { .. }) {
                self.rings.entry(key).or_insert(now);
            } else {
                self.rings.remove(&key);
            }
        }
        self.rings.retain(|(call, user), _| call != id || still(user) || !was_member(members, user));
        if after.call.is_none() {
            self.rings.retain(|(call, _), _| call != id);
        }
        let elsewhere = before.call.iter().flat_map(|call| &call.members).any(|member| {
            matches!(&member.phase, Phase::Rung { devices, .. } if devices.len() > 1)
                && came.contains(&&member.user)
        });
        if elsewhere {
            histogram.count("answered elsewhere");
        }
    }

    /// A command arrives: whether it races with another.
    pub(super) fn race(
        &self,
        calls: &BTreeMap<CallId, CallRecord>,
        from: &Origin,
        command: &CallCommand,
        knew_answered: Option<bool>,
        now: Millis,
        histogram: &mut Histogram,
    ) {
        let id = command.call_id();
        let call = calls.get(id);
        let member = call.and_then(|call| call.member(&from.user));
        let elsewhere = member.and_then(Member::joined_device).is_some_and(|device| *device != from.device);
        let out = self.outs.get(&(id.clone(), from.user.clone())).filter(|_| member.is_none());
        let declines = match command {
            CallCommand::Respond(respond) => respond.action == RespondAction::Reject,
            CallCommand::Hangup(_) => knew_answered.is_some(),
            _ => return,
        };
        if !declines {
            match (out, member) {
                (Some(Left::Cancelled), _) => histogram.count("accept against cancel: cancel first"),
                (Some(Left::Declined), _) => histogram.count("accept against reject: reject first"),
                (Some(Left::TimedOut), _) => histogram.count("accept against timeout: timeout first"),
                (_, Some(member)) if elsewhere && member.joined_device().is_some() => {
                    histogram.count("accept against accept");
                }
                (_, Some(Member { phase: Phase::Rung { .. }, until: Some(until), .. }))
                    if *until <= now + CLOSE =>
                {
                    histogram.count("accept against timeout: accept first");
                }
                _ => {}
            }
            return;
        }
        if elsewhere && knew_answered.is_some() {
            histogram.count("accept against reject: accept first");
        }
        if out == Some(&Left::HungUp) && knew_answered == Some(true) {
            histogram.count("hang-ups from both sides");
        }
        let cancels = call.is_some_and(|call| call.is_answered() && call.caller == from.user);
        if cancels && knew_answered == Some(false) && !elsewhere {
            histogram.count("accept against cancel: accept first");
        }
    }

    /// Every ring has ended within its time.
    pub(super) fn in_time(&self, calls: &BTreeMap<CallId, CallRecord>, now: Millis, rules: &Rules) {
        for ((call, user), since) in &self.rings {
            holds!(
                "I14",
                now < since + rules.ring_timeout,
                "{call:?} rings at {user:?} since {since}, and it is {now}: {:?}",
                calls.get(call)
            );
        }
    }

    /// A device is gone for good.
    pub(super) fn gone(&self, calls: &BTreeMap<CallId, CallRecord>, device: &DeviceId) {
        for call in calls.values() {
            let here = call.members.iter().flat_map(Member::devices).any(|known| known.id == *device);
            holds!("I15", !here, "{device:?} is gone, and has a part in {call:?}");
        }
    }

    /// Nothing is to follow: the records agree with each other, and are bounded.
    pub(super) fn at_rest(
        &self,
        calls: &BTreeMap<CallId, CallRecord>,
        users: &BTreeMap<UserId, UserRecord>,
        rules: &Rules,
        now: Millis,
    ) {
        for user in users.values() {
            if let Some(engaged) = &user.engaged {
                let there =
                    calls.get(&engaged.call).is_some_and(|call| call.has_joined(&user.user, &engaged.device));
                holds!("I15", there, "{user:?} is engaged in a call that is not theirs");
                holds!(
                    "I15",
                    user.devices.iter().any(|device| device.id == engaged.device),
                    "{user:?} is engaged with a device that is gone"
                );
                holds!("busy", user.rings.is_empty(), "{user:?} is rung while in a call");
            }
            for ring in &user.rings {
                let member = calls.get(&ring.call).and_then(|call| call.member(&user.user));
                let rung = member.is_some_and(|member| matches!(member.phase, Phase::Rung { .. }));
                holds!("I15", rung, "{user:?} has a ring of a call that does not ring there");
            }
        }
        for call in calls.values() {
            holds!("I10", !self.ended.contains_key(&call.id), "{call:?} is back");
            holds!("I29", call.members.len() <= usize::from(rules.members), "{call:?}");
            holds!("I29", call.pairs.len() <= call.members.len() * (call.members.len() - 1) / 2, "{call:?}");
            for pair in &call.pairs {
                let known = pair.users.iter().all(|user| call.member(user).is_some());
                holds!("I29", known && pair.users[0] != pair.users[1], "{pair:?} is kept in {call:?}");
                let most = usize::from(rules.candidates);
                holds!("I29", pair.sent.iter().all(|sent| sent.candidates.len() <= most), "{pair:?}");
            }
            let joined = call.joined().count();
            for member in &call.members {
                let user = users.get(&member.user);
                let engaged = user
                    .and_then(|user| user.engaged.as_ref())
                    .is_some_and(|engaged| engaged.call == call.id);
                let rings = user.is_some_and(|user| user.rings.iter().any(|ring| ring.call == call.id));
                let (is_in, is_rung) = match member.phase {
                    Phase::Joined { .. } => (true, false),
                    Phase::Rung { .. } => (false, true),
                    Phase::Out => (false, false),
                };
                holds!(
                    "I15",
                    (engaged, rings) == (is_in, is_rung) && (is_in || is_rung),
                    "{member:?} and {user:?}"
                );
                let waits = match &member.phase {
                    Phase::Joined { connection, .. } => {
                        joined > 1 && *connection != Some(ConnectionState::Connected)
                    }
                    Phase::Rung { .. } | Phase::Out => true,
                };
                holds!("I14", member.until.is_some() == waits, "{member:?} of {call:?}");
                let latest = now + rules.ring_timeout.max(rules.answer_timeout).max(rules.reconnect_timeout);
                holds!(
                    "I14",
                    member.until.is_none_or(|until| until <= latest),
                    "{member:?} waits too long, at {now}"
                );
            }
        }
    }
}

fn was_member(members: &[Member], user: &UserId) -> bool {
    members.iter().any(|member| member.user == *user)
}

/// Whether a command may be done.
fn may(records: &Records, from: &Origin, command: &CallCommand, rules: &Rules) -> bool {
    let me = &from.user;
    let user = |id: &UserId| records.users.iter().find(|record| record.user == *id);
    let engaged = user(me).and_then(|record| record.engaged.as_ref());
    let call = records.call.as_ref();
    let mine = call.and_then(|call| call.member(me));
    let joined = mine.and_then(Member::joined_device) == Some(&from.device);
    let rung = mine.is_some_and(
        |member| matches!(&member.phase, Phase::Rung { devices, .. } if devices.contains(&from.device)),
    );
    let other = |id: &UserId| call.and_then(|call| call.member(id)).filter(|_| id != me);
    match command {
        CallCommand::Initiate { initiate, .. } => {
            let callees = &initiate.callee_ids;
            let names: BTreeSet<&UserId> = callees.iter().collect();
            let sound = !callees.is_empty()
                && names.len() == callees.len()
                && !names.contains(me)
                && callees.len() < usize::from(rules.members)
                && initiate.metadata.as_ref().is_none_or(|text| text.len() <= 1024);
            let here = user(me).is_some_and(|record| record.devices.contains(&from.device));
            let free =
                engaged.is_none_or(|engaged| engaged.device == from.device.id && engaged.called == *callees);
            let meets = user(me).is_none_or(|record| {
                let ring = record.rings.iter().find(|ring| callees.contains(&ring.caller));
                ring.is_none_or(|ring| ring.alone && callees.len() == 1)
            });
            sound && here && free && (meets || engaged.is_some())
        }
        CallCommand::Respond(respond) => {
            rung && (respond.action == RespondAction::Reject || engaged.is_none())
        }
        CallCommand::Hangup(_) => joined || rung,
        CallCommand::MediaToggle(_) => joined,
        CallCommand::AddParticipant(choice) => {
            let room = call.is_some_and(|call| call.members.len() < usize::from(rules.members));
            joined && room && call.is_some_and(|call| call.member(&choice.user_id).is_none())
        }
        CallCommand::RemoveParticipant(choice) => {
            let first =
                call.and_then(|call| call.members.iter().find(|member| member.joined_device().is_some()));
            joined && first.is_some_and(|first| first.user == *me) && other(&choice.user_id).is_some()
        }
        CallCommand::Signal(signal) => {
            let direction = |one: &UserId, two: &UserId| {
                let pair = call.and_then(|call| call.pairs.iter().find(|pair| pair.joins(one, two)));
                pair.map(|pair| &pair.sent[usize::from(pair.users[0] != *one)])
            };
            let to = signal.to_user_id();
            let sound = match signal {
                Signal::Description(Description { kind: DescriptionType::Offer, .. }) => true,
                Signal::Description(_) => direction(to, me).is_some_and(|theirs| theirs.offered),
                // Those of a run are short.
                Signal::Candidate(_) => direction(me, to).is_none_or(|mine| mine.count < rules.candidates),
            };
            // Only what the caller says waits for one who rings.
            let heard = other(to).is_some_and(|to| {
                to.joined_device().is_some() || call.is_some_and(|call| call.caller == *me)
            });
            joined && sound && heard
        }
        CallCommand::Report(report) => {
            joined && other(&report.peer_user_id).is_some_and(|peer| peer.joined_device().is_some())
        }
    }
}

/// Those whom an input puts out of the call, or may; and those who then can reach nobody of the rest.
fn outs(before: &Records, input: &Input, now: Millis) -> Vec<UserId> {
    let mut outs = outs_by(before, input, now);
    let Some(call) = before.call.as_ref().filter(|call| call.is_answered() && !outs.is_empty()) else {
        return outs;
    };
    loop {
        let rest: Vec<&UserId> =
            call.joined().map(|(member, _)| &member.user).filter(|user| !outs.contains(user)).collect();
        let failed = |one: &UserId, other: &UserId| {
            call.pairs
                .iter()
                .filter(|pair| pair.joins(one, other))
                .any(|pair| pair.sent.iter().any(|sent| sent.report == Some(ConnectionState::Failed)))
        };
        let cut_off = |user: &&&UserId| {
            rest.len() > 1 && rest.iter().all(|other| other == *user || failed(user, other))
        };
        let Some(user) = rest.iter().find(cut_off) else { return outs };
        outs.push((*user).clone());
    }
}

/// Those whom an input puts out of the call by itself, or may.
fn outs_by(before: &Records, input: &Input, now: Millis) -> Vec<UserId> {
    let call = before.call.as_ref();
    let all =
        || call.map_or_else(Vec::new, |call| call.members.iter().map(|member| member.user.clone()).collect());
    match input {
        Input::Command { from, command } => match command {
            CallCommand::Hangup(_) => vec![from.user.clone()],
            CallCommand::Respond(respond) if respond.action == RespondAction::Reject => {
                vec![from.user.clone()]
            }
            CallCommand::RemoveParticipant(choice) => vec![choice.user_id.clone()],
            CallCommand::Report(report) if report.state == ConnectionState::Failed => {
                vec![from.user.clone(), report.peer_user_id.clone()]
            }
            CallCommand::Initiate { .. } => all(),
            CallCommand::Respond(_)
            | CallCommand::AddParticipant(_)
            | CallCommand::MediaToggle(_)
            | CallCommand::Signal(_)
            | CallCommand::Report(_) => Vec::new(),
        },
        Input::LoseDevice { device, .. } => vec![device.user.clone()],
        Input::Engaged { user, .. } => vec![user.clone()],
        Input::Deadline { .. } => {
            let members = call.map_or(&[][..], |call| &call.members);
            let due = members.iter().filter(|member| member.until.is_some_and(|until| until <= now));
            due.map(|member| member.user.clone()).collect()
        }
        Input::Meet { .. } | Input::DeviceConnected(_) | Input::DeviceGone(_) | Input::RingDevice { .. } => {
            Vec::new()
        }
    }
}

/// The reasons for which an input may end the call.
fn expected_reasons(before: &Records, input: &Input) -> Vec<EndReason> {
    let mut reasons = reasons_by(before, input);
    if outs(before, input, Millis::MAX).len() > outs_by(before, input, Millis::MAX).len() {
        reasons.push(EndReason::Failed);
    }
    reasons
}

/// The reasons for which an input may end the call by itself.
fn reasons_by(before: &Records, input: &Input) -> Vec<EndReason> {
    let Some(call) = &before.call else { return vec![EndReason::Busy] };
    let rung =
        |user: &UserId| call.member(user).is_some_and(|member| matches!(member.phase, Phase::Rung { .. }));
    if !call.is_answered() {
        return vec![match input {
            Input::Command { from, command } => match command {
                CallCommand::Hangup(_) if from.user == call.caller => EndReason::Cancelled,
                CallCommand::RemoveParticipant(_) => EndReason::Cancelled,
                _ => EndReason::Rejected,
            },
            Input::LoseDevice { device, .. } if device.user == call.caller => EndReason::Cancelled,
            Input::Engaged { .. } => EndReason::Busy,
            _ => EndReason::Missed,
        }];
    }
    match input {
        Input::Command { command: CallCommand::Report(_), .. } => vec![EndReason::Failed],
        Input::LoseDevice { device, .. } if !rung(&device.user) && device.device.dialect == Dialect::Sdk => {
            vec![EndReason::Failed]
        }
        Input::Deadline { .. } => {
            let due: Vec<&Member> =
                call.members.iter().filter(|member| member.until == call.deadline()).collect();
            let joined =
                call.members.iter().any(|member| member.until.is_some() && member.joined_device().is_some());
            let rung = due.iter().any(|member| rung(&member.user));
            match (joined, rung) {
                (true, true) => vec![EndReason::Failed, EndReason::Completed],
                (true, false) => vec![EndReason::Failed],
                (false, _) => vec![EndReason::Completed],
            }
        }
        _ => vec![EndReason::Completed],
    }
}

/// How a user's part in the call was over.
fn out_by(before: &Records, input: &Input, user: &UserId) -> Left {
    let Some(call) = &before.call else { return Left::Otherwise };
    match input {
        Input::Command { from, command: CallCommand::Hangup(_) }
            if call.is_answered() && call.has_joined(&from.user, &from.device.id) =>
        {
            Left::HungUp
        }
        Input::Command { from, command: CallCommand::Hangup(_) }
            if from.user == call.caller && *user != from.user =>
        {
            Left::Cancelled
        }
        Input::LoseDevice { device, .. } if !call.is_answered() && device.user == call.caller => {
            Left::Cancelled
        }
        Input::Command { from, command: CallCommand::Hangup(_) | CallCommand::Respond(_) }
            if from.user == *user =>
        {
            Left::Declined
        }
        Input::Deadline { .. } => Left::TimedOut,
        _ => Left::Otherwise,
    }
}
