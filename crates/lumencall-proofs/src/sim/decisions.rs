//! What must hold of every decision of the server. What it has to decide is said in `law.rs`, what it then knows is looked at
//! in `rest.rs`.

use std::collections::{BTreeMap, BTreeSet};

use lumencall_core::machine::{
    CallCommand, CallRecord, Decision, Device, Dialect, Effect, Input, Member, Origin, Phase, Records,
    Refusal, Rules, TABLE, Trigger,
};
use lumencall_core::wire::{RespondAction, ServerEvent, names_no_address};
use lumencall_core::{CallId, CallState, DeviceId, EndReason, Millis, UserId};

use super::histogram::Histogram;
use super::law::{Left, expected_reasons, is_stale, may, out_by, outs};
use super::violation::{holds, violated};

/// How close to a ring's end an accept is a race with it.
const CLOSE: Millis = 400;

/// What is remembered of a run.
#[derive(Debug, Default)]
pub(super) struct Decisions {
    pub(super) ended: BTreeMap<CallId, EndReason>,
    /// Since when each ring rings.
    rings: BTreeMap<(CallId, UserId), Millis>,
    /// How each part in a call was over, the last time.
    outs: BTreeMap<(CallId, UserId), Left>,
    /// Who took their place in a call anew, the last time, and when.
    rejoins: BTreeMap<CallId, (UserId, Millis)>,
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
        if let Input::Command { from, command } = input {
            let stale = is_stale(before, from, command);
            holds!(
                "I20",
                !stale || (before == after && effects.is_empty()),
                "{input:?} is for a page that is gone, and did {effects:?} over {before:?}"
            );
            if stale {
                histogram.count("a signal for a page that is gone");
            }
        }
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
                let of_it = Some(event.call_id()) == id || matches!(event, ServerEvent::Elsewhere(_));
                holds!("I24", of_it, "{event:?} is of another call than {input:?}");
            }
        }
        let made = matches!(input, Input::Command { command: CallCommand::Initiate { .. }, .. });
        if let (Some(id), true) = (id, made || before.call.is_some() || after.call.is_some()) {
            self.pages(before, input, after, now, histogram);
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
        let id = event.call_id();
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

    /// Pages that take the place of others, and those for which no other came.
    fn pages(
        &mut self,
        before: &Records,
        input: &Input,
        after: &Records,
        now: Millis,
        histogram: &mut Histogram,
    ) {
        let Some(call) = &before.call else { return };
        let incarnation = |call: &CallRecord, user: &UserId| call.member(user).map_or(0, Member::incarnation);
        match input {
            Input::Command { from, command: CallCommand::Rejoin(_) } => {
                let Some(now_so) = &after.call else { violated("I20", format!("{input:?} ends {call:?}")) };
                for (member, _) in now_so.joined() {
                    let grows = u32::from(member.user == from.user);
                    let expected = incarnation(call, &member.user) + grows;
                    holds!(
                        "I20",
                        member.incarnation() == expected,
                        "{input:?} over {call:?} makes {member:?}"
                    );
                }
                let kept = now_so.pairs.iter().any(|pair| pair.users.contains(&from.user));
                holds!("I20", !kept, "{input:?} keeps what passed with the page before it: {now_so:?}");
                histogram.count("rejoined");
                if now_so.joined().filter(|(member, _)| member.incarnation() > 0).count() > 1 {
                    histogram.count("both rejoined");
                }
                self.rejoins.insert(call.id.clone(), (from.user.clone(), now));
            }
            Input::LoseDevice { device, .. } if device.device.dialect == Dialect::Sdk => {
                match call.member(&device.user).map(|member| &member.phase) {
                    Some(Phase::Joined { device: joined, away: true, .. }) if *joined == device.device => {
                        histogram.count(if call.is_answered() {
                            "the window is over in a call"
                        } else {
                            "the window is over for a caller"
                        });
                    }
                    Some(Phase::Rung { devices, .. }) if devices.contains(&device.device) => {
                        histogram.count("the window is over where it rings");
                    }
                    Some(Phase::Joined { .. } | Phase::Rung { .. } | Phase::Out) | None => {}
                }
            }
            _ => {}
        }
    }

    /// The server has forgotten these calls.
    pub(super) fn forget(&mut self, calls: &BTreeMap<CallId, CallRecord>) {
        for call in calls.keys() {
            self.ended.insert(call.clone(), EndReason::Failed);
        }
        self.rings.clear();
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
        if let CallCommand::Rejoin(_) = command {
            let over =
                call.is_none() && self.outs.iter().any(|((of, _), left)| of == id && *left == Left::HungUp);
            if over && self.ended.contains_key(id) {
                histogram.count("rejoin against hang-up: hang-up first");
            }
            return;
        }
        if let (CallCommand::Hangup(_), Some((user, at))) = (command, self.rejoins.get(id))
            && call.is_some()
            && *user != from.user
            && now <= at + CLOSE
        {
            histogram.count("rejoin against hang-up: rejoin first");
        }
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
}

fn was_member(members: &[Member], user: &UserId) -> bool {
    members.iter().any(|member| member.user == *user)
}
