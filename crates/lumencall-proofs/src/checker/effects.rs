//! A decision, held against what should have come of it.

use std::collections::{BTreeMap, BTreeSet};

use lumencall_core::machine::{Decision, Device, Dialect, Effect, Input, Origin, Phase, Rules, TABLE};
use lumencall_core::wire::ServerEvent;
use lumencall_core::{Call, CallId, CallState, DeviceId, EndReason, ErrorCode, MediaFlags, UserId};

use super::absence::lost_as_expected;
use super::expected::{Expected, Step};
use super::{Checker, Fault, Invariant, Part, View, ensure, fault};
use crate::log::Entry;

/// Whose part ended, and why.
type Ends = BTreeMap<DeviceId, (EndReason, bool)>;

impl Checker {
    pub(super) fn look(&mut self, entry: &Entry, rules: &Rules) -> Result<(), Fault> {
        match &entry.input {
            Input::DeviceConnected(Origin { user, device }) => {
                self.present.insert(device.id.clone(), (user.clone(), device.dialect));
            }
            Input::DeviceGone(Origin { device, .. }) => self.forget_device(&device.id),
            Input::DeviceAway { device, leaving } => self.goes_away(&device.device.id, *leaving, entry.clock),
            Input::DeviceBack { device, anew } => self.comes_back(device, *anew, entry.clock),
            Input::UserDeadline(user) => self.windows_end(entry, user, rules)?,
            Input::RingAgain { call, device } => self.is_told_anew(entry, call, device),
            Input::MemberAway { call, device, page_gone: true } => self.is_told_anew(entry, call, device),
            Input::MemberAway { page_gone: false, .. }
            | Input::MemberBack { .. }
            | Input::Command { .. }
            | Input::Meet { .. }
            | Input::RingDevice { .. }
            | Input::LoseDevice { .. }
            | Input::Engaged { .. }
            | Input::Deadline { .. } => {}
        }
        let input = &entry.input;
        match (&entry.outcome, self.expect(entry, rules)) {
            (Err(_), Expected::Refused(_)) => Ok(()),
            (Err(refusal), Expected::Again | Expected::Stands(_)) => {
                ensure(refusal.code == ErrorCode::LimitExceeded, Invariant::I6, || {
                    format!("refused, though legal: {input:?}: {refusal:?}")
                })
            }
            (Ok(_), Expected::Refused(broken)) => fault(broken, format!("done, though not legal: {input:?}")),
            (Ok(decision), Expected::Again) => {
                ensure(decision.again.is_some(), Invariant::I13, || {
                    format!("makes a call of its own: {input:?}")
                })?;
                let sends = decision.effects.iter().any(|effect| matches!(effect, Effect::Send { .. }));
                ensure(!sends && decision.records == entry.before, Invariant::I6, || {
                    format!("decided again, and has changed something: {input:?}")
                })
            }
            (Ok(decision), Expected::Stands(step)) => {
                ensure(decision.again.is_none(), Invariant::I13, || format!("decided again: {input:?}"))?;
                self.compare(entry, decision, *step, rules)
            }
        }
    }

    fn compare(
        &mut self,
        entry: &Entry,
        decision: &Decision,
        step: Step,
        rules: &Rules,
    ) -> Result<(), Fault> {
        let input = &entry.input;
        let read = |user: &UserId| entry.before.users.iter().any(|known| known.user == *user);
        ensure(decision.records.users.iter().all(|record| read(&record.user)), Invariant::I12, || {
            format!("writes the record of a user that was not read: {input:?}")
        })?;
        let Step { story, fate, joiner, rejoiner } = step;
        let id = input.call_id().cloned();
        if let (Some(id), true) = (&id, story.is_some()) {
            self.end_as_expected(entry, decision, fate.end)?;
            if let Input::Command { from, .. } = input
                && !self.stories.contains_key(id)
            {
                self.made(id, from, decision.reply.as_ref());
            }
        }
        let expected = id.as_ref().map(|id| self.expected_ends(id, &fate, joiner.as_ref()));
        if let Some(rejoiner) = &rejoiner {
            self.absent.remove(&rejoiner.device.id);
        }
        // What is sent is judged by the call as it stands from now on; what was said last is on its way.
        if let (Some(id), Some(story)) = (&id, story) {
            let before = self.stories.insert(id.clone(), story);
            self.released(id, before, entry.clock);
        }
        lost_as_expected(entry, decision)?;
        let ends = self.hear_all(id.as_ref(), decision, joiner.as_ref())?;
        if let Some(expected) = expected {
            self.ends_as_expected(entry, &expected, &ends, joiner.as_ref())?;
        }
        if let (Some(joiner), Some(id)) = (&joiner, &id) {
            self.joined_here(id, joiner, decision.reply.as_ref());
        }
        if let (Some(rejoiner), Some(id)) = (&rejoiner, &id) {
            let Some(call) = &decision.reply else {
                return fault(Invariant::I19, format!("{rejoiner:?} rejoins {id:?}, and is not told it"));
            };
            let key = (id.clone(), rejoiner.device.id.clone());
            self.parts.insert(key, Part::Live(View::of(call, false)));
        }
        if let Some(id) = &id {
            self.members_as_expected(id, decision)?;
            self.agrees(id, decision)?;
            self.nothing_is_owed(id)?;
        }
        self.users_as_expected(decision)?;
        self.absences_as_expected(decision, rules)?;
        self.rings_in_time(entry, decision, rules)?;
        self.nobody_crosses()
    }

    fn made(&mut self, id: &CallId, from: &Origin, reply: Option<&Call>) {
        if let Some(call) = reply {
            let mut view = View::of(call, false);
            if from.device.dialect == Dialect::Seed {
                view.state = CallState::Idle;
            }
            self.parts.insert((id.clone(), from.device.id.clone()), Part::Live(view));
        }
    }

    /// The call ends if it should, and by whom it may.
    fn end_as_expected(
        &self,
        entry: &Entry,
        decision: &Decision,
        expected: Option<EndReason>,
    ) -> Result<(), Fault> {
        let input = &entry.input;
        let was_answered = entry.before.call.as_ref().is_some_and(|call| call.is_answered());
        let answered = decision.records.call.as_ref().is_some_and(|call| call.is_answered());
        if answered && !was_answered {
            let by_callee = match (input, &entry.before.call) {
                (Input::Command { from, .. } | Input::Meet { from, .. }, Some(call)) => {
                    from.user != call.caller && call.member(&from.user).is_some()
                }
                _ => false,
            };
            ensure(by_callee, Invariant::I7, || format!("answered by no callee: {input:?}"))?;
        }
        let ends = decision.records.call.is_none();
        match (expected, ends) {
            (None, false) | (Some(_), true) => Ok(()),
            (Some(_), false) => {
                fault(last_out(input), format!("the last is out and the call goes on: {input:?}"))
            }
            (None, true) => {
                fault(Invariant::I16, format!("the call ends, though others are left: {input:?}"))
            }
        }
    }

    /// Which devices should hear that their part ends.
    fn expected_ends(&self, id: &CallId, fate: &super::Fate, joiner: Option<&Origin>) -> Ends {
        let mut ends = Ends::new();
        for (device, user, view) in self.live_parts(id) {
            let out = fate.out.iter().find(|(out, _)| out == user).map(|(_, reason)| *reason);
            let lost = joiner
                .is_some_and(|joiner| joiner.user == *user && joiner.device.id != *device && view.rings);
            if let Some(reason) = out.or(fate.end) {
                ends.insert(device.clone(), (reason, false));
            } else if lost {
                ends.insert(device.clone(), (EndReason::Completed, true));
            }
        }
        ends
    }

    fn ends_as_expected(
        &self,
        entry: &Entry,
        expected: &Ends,
        heard: &Ends,
        joiner: Option<&Origin>,
    ) -> Result<(), Fault> {
        let input = &entry.input;
        for (device, (reason, elsewhere)) in expected {
            let seed = self.present.get(device).is_some_and(|(_, dialect)| *dialect == Dialect::Seed);
            match heard.get(device) {
                Some((told, there)) if told == reason && (seed || there == elsewhere) => {}
                told => {
                    let broken = match joiner {
                        Some(_) => Invariant::I8,
                        None if is_cancel([Some(*reason), told.map(|told| told.0)]) => Invariant::I7,
                        None => Invariant::I10,
                    };
                    return fault(broken, format!("{device:?} hears {told:?}, not {reason:?}, of {input:?}"));
                }
            }
        }
        match heard.keys().find(|device| !expected.contains_key(device)) {
            Some(device) => {
                fault(Invariant::I10, format!("{device:?} hears of an end that is none: {input:?}"))
            }
            None => Ok(()),
        }
    }

    fn hear_all(
        &mut self,
        id: Option<&CallId>,
        decision: &Decision,
        joiner: Option<&Origin>,
    ) -> Result<Ends, Fault> {
        let mut ends = Ends::new();
        for effect in &decision.effects {
            let Effect::Send { user, device, event } = effect else { continue };
            let Some((_, dialect)) = self.present.get(device).cloned() else { continue };
            if let ServerEvent::Elsewhere(told) = event {
                if told.engaged {
                    self.elsewhere.insert(device.clone(), told.call_id.clone());
                } else {
                    self.elsewhere.remove(device);
                }
                continue;
            }
            let Some(id) = id else {
                return fault(Invariant::I11, format!("{device:?} hears {event:?} of no call"));
            };
            let ours = event.clone().for_seed().is_none_or(|plain| plain != *event);
            ensure(dialect == Dialect::Sdk || !ours, Invariant::I33, || {
                format!("{device:?} hears what the seed does not know: {event:?}")
            })?;
            let joins = joiner.is_some_and(|joiner| joiner.device.id == *device);
            self.hear(id, user, device, dialect, event, joins, &mut ends)?;
        }
        Ok(ends)
    }

    #[expect(clippy::too_many_arguments, reason = "it is one step of the loop above")]
    fn hear(
        &mut self,
        id: &CallId,
        user: &UserId,
        device: &DeviceId,
        dialect: Dialect,
        event: &ServerEvent,
        joins: bool,
        ends: &mut Ends,
    ) -> Result<(), Fault> {
        let key = (id.clone(), device.clone());
        let story = self.stories.get(id);
        if let ServerEvent::Incoming(call) = event {
            let rung = story.is_some_and(|story| story.rung.contains_key(user));
            ensure(rung, Invariant::I11, || {
                format!("{device:?} rings for {id:?}, which does not ring there")
            })?;
            let twice = self.parts.get(&key).is_some_and(|part| part.live().is_some());
            ensure(!twice, Invariant::I33, || format!("{device:?} rings twice"))?;
            self.parts.insert(key, Part::Live(View::of(call, true)));
            return Ok(());
        }
        // Who meets a call may do so before it has rung there.
        if joins && !self.parts.contains_key(&key) {
            let view = View {
                rings: true,
                state: CallState::Ringing,
                inside: BTreeMap::new(),
                incarnations: BTreeMap::new(),
                described: BTreeMap::new(),
                asked_by: BTreeSet::new(),
            };
            self.parts.insert(key.clone(), Part::Live(view));
        }
        let view = match self.parts.get_mut(&key) {
            Some(Part::Live(view)) => view,
            Some(Part::Over(..)) => {
                return fault(Invariant::I11, format!("{device:?} hears {event:?} after the end"));
            }
            None => {
                let signal = matches!(
                    event,
                    ServerEvent::Offer(_) | ServerEvent::Answer(_) | ServerEvent::Candidate(_)
                );
                let broken = if signal { Invariant::I3 } else { Invariant::I9 };
                return fault(broken, format!("{device:?}, which has no part in it, hears {event:?}"));
            }
        };
        match event {
            ServerEvent::Incoming(_) | ServerEvent::Elsewhere(_) => {}
            ServerEvent::StateChanged(changed) => match (changed.state, changed.end_reason) {
                (CallState::Ended, Some(reason)) => {
                    let elsewhere = changed.answered_elsewhere == Some(true);
                    ends.insert(device.clone(), (reason, elsewhere));
                    self.parts.insert(key, Part::Over(reason, elsewhere));
                }
                (state, None) if state != CallState::Ended => {
                    let declared = TABLE.iter().any(|edge| (edge.from, edge.to) == (view.state, state));
                    // Who joins a call that was answered before is told where it stands.
                    ensure(declared || (joins && view.rings), Invariant::I33, || {
                        format!("{device:?} goes from {:?} to {state:?}", view.state)
                    })?;
                    ensure(!view.rings || joins, Invariant::I33, || {
                        format!("{device:?} rings, and hears {state:?}")
                    })?;
                    view.rings = false;
                    view.state = state;
                }
                (state, reason) => {
                    return fault(Invariant::I10, format!("{device:?} hears {state:?} for {reason:?}"));
                }
            },
            ServerEvent::ParticipantJoined(joined) => {
                let waits = view.rings || matches!(view.state, CallState::Initiating | CallState::Ringing);
                ensure(!waits || joins, Invariant::I33, || {
                    format!("{device:?} waits, and hears who joined")
                })?;
                view.inside.insert(joined.participant.user_id.clone(), joined.participant.media());
                view.incarnated(&joined.participant);
            }
            ServerEvent::ParticipantLeft(left) => {
                view.inside.remove(&left.user_id);
                view.incarnations.remove(&left.user_id);
            }
            ServerEvent::ParticipantRejoined(rejoined) => {
                let who = &rejoined.participant;
                let known = view.inside.contains_key(&who.user_id);
                // Who rings does not hear who joins.
                ensure(known || view.rings, Invariant::I33, || {
                    format!("{device:?} hears of a page of a stranger: {event:?}")
                })?;
                if known {
                    view.inside.insert(who.user_id.clone(), who.media());
                    view.incarnated(who);
                }
                view.described.remove(&who.user_id);
                view.asked_by.remove(&who.user_id);
            }
            ServerEvent::MediaChanged(changed) => {
                if let Some(media) = view.inside.get_mut(&changed.user_id) {
                    *media = media.with(changed.audio, changed.video, changed.screen_share);
                }
            }
            ServerEvent::CalleeChanged(_) | ServerEvent::ParticipantChanged(_) => {
                ensure(!view.rings, Invariant::I33, || format!("{device:?} rings, and hears {event:?}"))?;
            }
            ServerEvent::Offer(description) | ServerEvent::Answer(description) => {
                let Some(from) = &description.from_user_id else {
                    return fault(Invariant::I3, format!("a description of nobody at {device:?}"));
                };
                self.hear_signal(id, user, device, dialect, from, event)?;
            }
            ServerEvent::Candidate(candidate) => {
                let Some(from) = &candidate.from_user_id else {
                    return fault(Invariant::I3, format!("a candidate of nobody at {device:?}"));
                };
                self.hear_signal(id, user, device, dialect, from, event)?;
            }
        }
        Ok(())
    }

    /// A signal reaches a device: from one who accepted, to one who accepted, and the next of what was said. A sealed offer
    /// may come ahead.
    fn hear_signal(
        &mut self,
        id: &CallId,
        user: &UserId,
        device: &DeviceId,
        dialect: Dialect,
        from: &UserId,
        event: &ServerEvent,
    ) -> Result<(), Fault> {
        let Some(story) = self.stories.get_mut(id) else { return Ok(()) };
        let consent =
            |holds, what: &str| ensure(holds, Invariant::I3, || format!("{what}: {event:?} at {device:?}"));
        consent(story.device(from).is_some() && from != user, "forwarded from who has not accepted")?;
        let inside = story.holds(user, device);
        let sealed = matches!(event, ServerEvent::Offer(offer) if offer.is_sealed());
        let ahead = story.rung.contains_key(user) && dialect == Dialect::Sdk && sealed;
        consent(inside || ahead, "forwarded to who has not accepted")?;
        let Some(Part::Live(view)) = self.parts.get_mut(&(id.clone(), device.clone())) else { return Ok(()) };
        let described = view.described.contains_key(from);
        ensure(described || !matches!(event, ServerEvent::Candidate(_)), Invariant::I20, || {
            format!("{device:?} hears a candidate of {from:?}, and has no description of theirs")
        })?;
        let owed = story.owed.entry((from.clone(), user.clone())).or_default();
        if inside {
            // The sealed offer that the device has already is not sent again.
            if matches!(event, ServerEvent::Candidate(_)) && owed.first() == view.described.get(from) {
                owed.remove(0);
            }
            ensure(owed.first() == Some(event), Invariant::I20, || {
                format!("{device:?} hears {event:?}, and should hear {:?}", owed.first())
            })?;
            owed.remove(0);
        } else {
            ensure(owed.first() == Some(event), Invariant::I20, || {
                format!("{event:?} is not the latest offer")
            })?;
        }
        if !matches!(event, ServerEvent::Candidate(_)) {
            view.described.insert(from.clone(), event.clone());
            if matches!(event, ServerEvent::Offer(_)) {
                view.asked_by.insert(from.clone());
            }
        }
        Ok(())
    }

    /// The device is in the call: it has the call as the reply says, where it gets one.
    fn joined_here(&mut self, id: &CallId, joiner: &Origin, reply: Option<&Call>) {
        let part = self.parts.get_mut(&(id.clone(), joiner.device.id.clone()));
        let Some(call) = reply.filter(|_| joiner.device.dialect == Dialect::Sdk) else { return };
        match part {
            Some(Part::Live(view)) => {
                let of = View::of(call, false);
                *view = View {
                    described: std::mem::take(&mut view.described),
                    asked_by: std::mem::take(&mut view.asked_by),
                    ..of
                };
            }
            Some(Part::Over(..)) | None => {
                if self.is_present(&joiner.device.id) {
                    self.parts
                        .insert((id.clone(), joiner.device.id.clone()), Part::Live(View::of(call, false)));
                }
            }
        }
    }

    fn members_as_expected(&self, id: &CallId, decision: &Decision) -> Result<(), Fault> {
        let Some(story) = self.stories.get(id) else {
            return ensure(decision.records.call.is_none(), Invariant::I11, || format!("{id:?} is back"));
        };
        let members = decision.records.call.iter().flat_map(|call| &call.members);
        let mut joined: Vec<(UserId, Device)> = Vec::new();
        let mut rung = Vec::new();
        for member in members {
            match &member.phase {
                Phase::Joined { device, .. } => joined.push((member.user.clone(), device.clone())),
                Phase::Rung { .. } => rung.push(&member.user),
                Phase::Out => return fault(Invariant::I9, format!("{:?} is kept", member.user)),
            }
        }
        rung.sort_unstable();
        ensure(joined == story.joined && rung.iter().copied().eq(story.rung.keys()), Invariant::I9, || {
            format!("in it are {joined:?} and {rung:?}, not {:?} and {:?}", story.joined, story.rung.keys())
        })?;
        for member in decision.records.call.iter().flat_map(|call| &call.members) {
            let user = &member.user;
            ensure(member.incarnation() == story.incarnation(user), Invariant::I20, || {
                format!("{user:?} is incarnation {}, not {}", member.incarnation(), story.incarnation(user))
            })?;
            ensure(member.is_away() == story.away.contains(user), Invariant::I15, || {
                format!("{user:?} is away: {}", member.is_away())
            })?;
        }
        Ok(())
    }

    /// Everybody in the call knows its state, who is in it, and what they show.
    fn agrees(&self, id: &CallId, decision: &Decision) -> Result<(), Fault> {
        let Some(call) = &decision.records.call else { return Ok(()) };
        let mut shown: BTreeMap<UserId, MediaFlags> = BTreeMap::new();
        for member in &call.members {
            if let Phase::Joined { media, .. } = &member.phase {
                shown.insert(member.user.clone(), *media);
            }
        }
        for (member, device) in call.joined().filter(|(_, device)| self.is_present(&device.id)) {
            let Some(view) = self.part(id, &device.id).and_then(Part::live) else {
                return fault(Invariant::I12, format!("{device:?} is in {id:?} and does not know"));
            };
            ensure(view.state == call.state && !view.rings, Invariant::I12, || {
                format!("{device:?} knows {:?}, and it is {:?}", view.state, call.state)
            })?;
            // What one shows oneself is not told.
            let others = |all: &BTreeMap<UserId, MediaFlags>| {
                all.iter()
                    .filter(|(user, _)| **user != member.user)
                    .map(|(user, media)| (user.clone(), *media))
                    .collect()
            };
            let (known, are): (Vec<_>, Vec<_>) = (others(&view.inside), others(&shown));
            ensure(known == are, Invariant::I12, || {
                format!("{device:?} knows {known:?} in it, and it is {are:?}")
            })?;
        }
        self.incarnations_are_known(id)
    }

    /// What one who is in the call said to another who is in it was sent, unless it waits for its description.
    fn nothing_is_owed(&mut self, id: &CallId) -> Result<(), Fault> {
        let Some(story) = self.stories.get_mut(id) else { return Ok(()) };
        let joined: Vec<(UserId, DeviceId)> =
            story.joined.iter().map(|(user, device)| (user.clone(), device.id.clone())).collect();
        for ((from, to), owed) in &mut story.owed {
            let Some((_, device)) = joined.iter().find(|(user, _)| user == to) else { continue };
            let Some(Part::Live(view)) = self.parts.get(&(id.clone(), device.clone())) else {
                owed.clear();
                continue;
            };
            if owed.first().is_some_and(|first| view.described.get(from) == Some(first)) {
                owed.remove(0);
            }
            let waits = |event: &ServerEvent| matches!(event, ServerEvent::Candidate(_));
            ensure(
                owed.iter().all(waits) && (owed.is_empty() || !view.described.contains_key(from)),
                Invariant::I20,
                || format!("{device:?} was not sent {:?}", owed.first()),
            )?;
        }
        story.owed.retain(|_, owed| !owed.is_empty());
        Ok(())
    }

    fn users_as_expected(&self, decision: &Decision) -> Result<(), Fault> {
        for record in &decision.records.users {
            let engaged = self.engaged(&record.user).map(|(call, _)| call);
            ensure(record.engaged.as_ref().map(|engaged| &engaged.call) == engaged, Invariant::I15, || {
                format!("{:?} is engaged by {:?}, not by {engaged:?}", record.user, record.engaged)
            })?;
            let mut rings: Vec<&CallId> = record.rings.iter().map(|ring| &ring.call).collect();
            rings.sort_unstable();
            let should: Vec<&CallId> = self.ringing_at(&record.user).map(|(call, _)| call).collect();
            ensure(rings == should, Invariant::I15, || {
                format!("at {:?} ring {rings:?}, not {should:?}", record.user)
            })?;
        }
        Ok(())
    }

    /// A ring is looked at in time, and is over when it was.
    fn rings_in_time(&self, entry: &Entry, decision: &Decision, rules: &Rules) -> Result<(), Fault> {
        let Some(call) = &decision.records.call else { return Ok(()) };
        let Some(story) = self.stories.get(&call.id) else { return Ok(()) };
        for (user, until) in &story.rung {
            let looked_at = call.deadline().is_some_and(|deadline| deadline <= *until);
            ensure(looked_at, Invariant::I14, || format!("nothing ends the ring of {user:?} at {until}"))?;
        }
        let waits = story.joined.len() > 1;
        for member in &call.members {
            let due = member.until.is_some_and(|until| until <= entry.clock);
            if matches!(entry.input, Input::Deadline { .. }) && due && waits {
                return fault(
                    Invariant::I14,
                    format!("{:?} was looked at in time and waits on", member.user),
                );
            }
            if let Phase::Joined { connection, .. } = &member.phase {
                let stands = *connection == Some(lumencall_core::wire::ConnectionState::Connected);
                let longest = rules.answer_timeout.max(rules.setup_timeout).max(rules.reconnect_timeout);
                let bounded = member.until.is_some_and(|until| until <= entry.clock + longest);
                ensure(stands || !waits || bounded, Invariant::I15, || {
                    format!("{:?} waits for a connection without an end", member.user)
                })?;
            }
        }
        Ok(())
    }

    /// No two live calls in which two users call one another.
    fn nobody_crosses(&self) -> Result<(), Fault> {
        let live = || self.stories.iter().filter(|(_, story)| story.lives());
        for (id, one) in live() {
            for (other_id, other) in live().filter(|(other, _)| *other > id) {
                let rings = |story: &super::Story, by: &super::Story| {
                    by.device(&by.caller).is_some() && by.sole && by.rung.contains_key(&story.caller)
                };
                let crossed = rings(one, other) && rings(other, one);
                ensure(!crossed, Invariant::I13, || format!("{id:?} and {other_id:?} call one another"))?;
            }
        }
        Ok(())
    }
}

fn is_cancel(reasons: [Option<EndReason>; 2]) -> bool {
    reasons.contains(&Some(EndReason::Cancelled))
}

/// What is broken where a call goes on that nobody is left in.
const fn last_out(input: &Input) -> Invariant {
    match input {
        Input::Deadline { .. } => Invariant::I14,
        Input::LoseDevice { .. }
        | Input::DeviceGone(_)
        | Input::DeviceAway { .. }
        | Input::MemberAway { .. }
        | Input::UserDeadline(_) => Invariant::I15,
        Input::Command { .. }
        | Input::Meet { .. }
        | Input::DeviceBack { .. }
        | Input::RingAgain { .. }
        | Input::MemberBack { .. }
        | Input::DeviceConnected(_)
        | Input::RingDevice { .. }
        | Input::Engaged { .. } => Invariant::I16,
    }
}

impl Checker {
    /// Whether a command that is tried here is done where it is legal, and refused where it is not.
    ///
    /// # Errors
    /// What is broken where it is otherwise.
    pub fn would_be_legal(&self, entry: &Entry, rules: &Rules) -> Result<(), Fault> {
        let input = &entry.input;
        match (&entry.outcome, self.expect(entry, rules)) {
            (Ok(_), Expected::Refused(broken)) => fault(broken, format!("done, though not legal: {input:?}")),
            (Err(refusal), Expected::Again | Expected::Stands(_)) => {
                fault(Invariant::I6, format!("refused, though legal: {input:?}: {refusal:?}"))
            }
            (Ok(_), Expected::Again | Expected::Stands(_)) | (Err(_), Expected::Refused(_)) => Ok(()),
        }
    }
}
