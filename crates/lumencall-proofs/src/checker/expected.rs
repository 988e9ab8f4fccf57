//! What should come of an input, by the words of the design.

use std::collections::{BTreeMap, BTreeSet};

use lumencall_core::machine::{CallCommand, Dialect, Input, Member, Origin, Page, Phase, Rules};
use lumencall_core::wire::{CallInitiate, ConnectionState, DescriptionType, RespondAction, Signal};
use lumencall_core::{CallId, EndReason, UserId};

use super::{Checker, Fate, Invariant, Story};
use crate::log::Entry;

/// What should come of an input.
pub(super) enum Expected {
    /// A refusal. Where it is done, this is broken.
    Refused(Invariant),
    /// It is decided in place of itself, and nothing changes.
    Again,
    /// The call stands like this.
    Stands(Box<Step>),
}

/// A step of a call.
#[derive(Default)]
pub(super) struct Step {
    /// The call from now on; nothing where the input is about none.
    pub(super) story: Option<Story>,
    /// Whose part ends.
    pub(super) fate: Fate,
    /// Who joins.
    pub(super) joiner: Option<Origin>,
    /// Whose new page takes the place of the old one.
    pub(super) rejoiner: Option<Origin>,
}

impl From<Step> for Expected {
    fn from(step: Step) -> Self {
        Self::Stands(Box::new(step))
    }
}

impl Step {
    fn stays(story: &Story) -> Expected {
        Self { story: Some(story.clone()), ..Self::default() }.into()
    }

    fn moved(story: &Story, change: impl FnOnce(&mut Story) -> Fate) -> Expected {
        let mut story = story.clone();
        let fate = change(&mut story);
        Self { story: Some(story), fate, ..Self::default() }.into()
    }
}

impl Checker {
    /// What should come of the entry's input, and what it breaks where that does not come.
    pub(super) fn expect(&self, entry: &Entry, rules: &Rules) -> Expected {
        match &entry.input {
            Input::Command { from, command: CallCommand::Initiate { initiate, .. } } => {
                self.expect_initiate(entry, from, initiate, rules)
            }
            Input::Command { from, command } => self.expect_command(entry, from, command, rules),
            Input::Meet { call, from, .. } => match self.living(call) {
                Some(story) if story.rung.contains_key(&from.user) => self.expect_meet(story, from),
                Some(_) | None => Expected::Again,
            },
            Input::DeviceConnected(_)
            | Input::DeviceAway { .. }
            | Input::DeviceBack { .. }
            | Input::DeviceGone(_)
            | Input::UserDeadline(_) => Step::default().into(),
            Input::RingDevice { call, .. }
            | Input::RingAgain { call, .. }
            | Input::MemberAway { call, .. }
            | Input::MemberBack { call, .. }
            | Input::LoseDevice { call, .. }
            | Input::Engaged { call, .. }
            | Input::Deadline { call } => match self.living(call) {
                Some(story) => self.expect_follower(entry, story),
                None => Step::default().into(),
            },
        }
    }

    pub(super) fn living(&self, call: &CallId) -> Option<&Story> {
        self.stories.get(call).filter(|story| story.lives())
    }

    fn expect_initiate(
        &self,
        entry: &Entry,
        from: &Origin,
        initiate: &CallInitiate,
        rules: &Rules,
    ) -> Expected {
        let callees = &initiate.callee_ids;
        let twice = callees.iter().enumerate().any(|(index, callee)| callees[..index].contains(callee));
        let sound = !callees.is_empty()
            && !callees.contains(&from.user)
            && !twice
            && callees.len() < usize::from(rules.members)
            && initiate.metadata.as_ref().is_none_or(|text| text.len() <= 1024)
            && self.is_present_with(&from.user, &from.device);
        if !sound {
            return Expected::Refused(Invariant::I6);
        }
        if let Some((_, story)) = self.engaged(&from.user) {
            let recall = story.made.as_ref().is_some_and(|made| {
                story.caller == from.user && *made == (from.device.id.clone(), callees.clone())
            });
            return if recall { Expected::Again } else { Expected::Refused(Invariant::I15) };
        }
        let calling = self
            .ringing_at(&from.user)
            .filter(|(_, story)| story.owner().is_some_and(|owner| callees.contains(owner)));
        let calling: Vec<&Story> = calling.map(|(_, story)| story).collect();
        if !calling.is_empty() {
            let glare = callees.len() == 1 && calling.iter().any(|story| story.sole);
            return if glare { Expected::Again } else { Expected::Refused(Invariant::I13) };
        }
        let mut story = Story {
            caller: from.user.clone(),
            made: Some((from.device.id.clone(), callees.clone())),
            sole: callees.len() == 1,
            answered: false,
            joined: vec![(from.user.clone(), from.device.clone())],
            rung: BTreeMap::new(),
            reports: BTreeMap::new(),
            owed: BTreeMap::new(),
            yields: BTreeSet::new(),
            incarnations: BTreeMap::new(),
            away: BTreeSet::new(),
            ended: None,
        };
        let until = entry.clock + rules.ring_timeout;
        story.rung.extend(
            callees
                .iter()
                .filter(|callee| !self.is_busy(callee, rules))
                .map(|callee| (callee.clone(), until)),
        );
        let end = story.rung.is_empty().then_some(EndReason::Busy);
        let fate = story.close(Vec::new(), end);
        Step { story: Some(story), fate, ..Step::default() }.into()
    }

    /// A client without the SDK that has called is about to offer, whatever the other has said. The SDK gives way to it.
    fn expect_meet(&self, story: &Story, from: &Origin) -> Expected {
        let caller = story.device(&story.caller).map(|device| device.dialect);
        if (from.device.dialect, caller) != (Dialect::Seed, Some(Dialect::Sdk)) {
            return self.expect_accept(story, from);
        }
        let mut story = story.clone();
        let pair = (story.caller.clone(), from.user.clone());
        story.owed.remove(&pair);
        story.yields.insert(pair);
        self.expect_accept(&story, from)
    }

    fn expect_accept(&self, story: &Story, from: &Origin) -> Expected {
        if self.engaged(&from.user).is_some() {
            return Expected::Refused(Invariant::I15);
        }
        let mut story = story.clone();
        story.rung.remove(&from.user);
        story.joined.push((from.user.clone(), from.device.clone()));
        story.answered = true;
        Step { story: Some(story), joiner: Some(from.clone()), ..Step::default() }.into()
    }

    fn expect_command(&self, entry: &Entry, from: &Origin, command: &CallCommand, rules: &Rules) -> Expected {
        let call = command.call_id();
        let user = &from.user;
        let Some(story) = self.living(call) else { return Expected::Refused(Invariant::I11) };
        let inside = story.holds(user, &from.device.id);
        let rings =
            story.rung.contains_key(user) && self.part(call, &from.device.id).is_some_and(super::Part::rings);
        match command {
            CallCommand::Initiate { .. } => Expected::Refused(Invariant::I6),
            CallCommand::Respond(respond) if !rings => Expected::Refused(match respond.action {
                _ if story.caller == *user => Invariant::I7,
                RespondAction::Accept if story.device(user).is_some() => Invariant::I8,
                RespondAction::Accept => Invariant::I6,
                RespondAction::Reject => Invariant::I9,
            }),
            CallCommand::Respond(respond) => match respond.action {
                RespondAction::Accept => {
                    let mut story = story.clone();
                    story.yields.retain(|(_, to)| to != user);
                    self.expect_accept(&story, from)
                }
                RespondAction::Reject => {
                    Step::moved(story, |story| story.callee_out(user, EndReason::Rejected))
                }
            },
            CallCommand::Hangup(_) if inside => {
                Step::moved(story, |story| story.leave(user, EndReason::Completed))
            }
            CallCommand::Hangup(_) if rings => {
                Step::moved(story, |story| story.callee_out(user, EndReason::Rejected))
            }
            CallCommand::Hangup(_) => Expected::Refused(Invariant::I9),
            CallCommand::AddParticipant(choice) => {
                let there =
                    story.device(&choice.user_id).is_some() || story.rung.contains_key(&choice.user_id);
                if !inside || there || story.joined.len() + story.rung.len() >= usize::from(rules.members) {
                    return Expected::Refused(Invariant::I9);
                }
                if self.is_busy(&choice.user_id, rules) {
                    return Step::stays(story);
                }
                let until = entry.clock + rules.ring_timeout;
                Step::moved(story, |story| {
                    story.sole = false;
                    story.rung.insert(choice.user_id.clone(), until);
                    // The caller's SDK offers to them when they join, and what it offered before is for an earlier ring.
                    let caller = story.caller.clone();
                    if story.device(&caller).is_some_and(|device| device.dialect == Dialect::Sdk) {
                        story.yields.insert((caller, choice.user_id.clone()));
                    }
                    Fate::default()
                })
            }
            CallCommand::RemoveParticipant(choice) => {
                let other = &choice.user_id;
                if !inside || other == user || story.owner() != Some(user) {
                    return Expected::Refused(Invariant::I9);
                }
                if story.device(other).is_some() {
                    Step::moved(story, |story| story.leave(other, EndReason::Completed))
                } else if story.rung.contains_key(other) {
                    let last = !story.answered && story.rung.len() == 1;
                    let reason = if last { EndReason::Cancelled } else { EndReason::Missed };
                    Step::moved(story, |story| story.callee_out(other, reason))
                } else {
                    Expected::Refused(Invariant::I6)
                }
            }
            CallCommand::MediaToggle(_) if inside => Step::stays(story),
            CallCommand::MediaToggle(_) => Expected::Refused(Invariant::I6),
            CallCommand::Rejoin(_) if inside && story.can_be_rejoined() => {
                let mut story = story.clone();
                story.rejoin(user);
                Step { story: Some(story), rejoiner: Some(from.clone()), ..Step::default() }.into()
            }
            CallCommand::Rejoin(_) => Expected::Refused(Invariant::I6),
            CallCommand::Signal(signal) => self.expect_signal(call, story, from, signal),
            CallCommand::Report(report) => {
                let peer = &report.peer_user_id;
                if !inside || peer == user || story.device(peer).is_none() {
                    return Expected::Refused(Invariant::I6);
                }
                if report.incarnation.unwrap_or_default() != story.incarnation(peer) {
                    return Step::stays(story);
                }
                // Who is away may come back, and connect again.
                let away = story.away.contains(user) || story.away.contains(peer);
                let state = match report.state {
                    ConnectionState::Failed if away => ConnectionState::Reconnecting,
                    state => state,
                };
                Step::moved(story, |story| {
                    story.reports.insert((user.clone(), peer.clone()), state);
                    let lost = story.cut_off([user, peer]).cloned();
                    lost.map(|lost| story.fail(&lost)).unwrap_or_default()
                })
            }
        }
    }

    fn expect_signal(&self, call: &CallId, story: &Story, from: &Origin, signal: &Signal) -> Expected {
        let to = signal.to_user_id();
        if !story.holds(&from.user, &from.device.id) {
            return Expected::Refused(Invariant::I3);
        }
        // What is for a page that is gone goes nowhere. A client of the seed knows of one page only.
        let knows = from.device.dialect == Dialect::Sdk;
        if *to != from.user
            && story.device(to).is_some()
            && knows
            && signal.incarnation() != story.incarnation(to)
        {
            return Step::stays(story);
        }
        let known = *to != from.user
            && (story.device(to).is_some()
                // Only the caller's offer waits for who has not accepted.
                || (story.rung.contains_key(to) && story.caller == from.user));
        let answers = matches!(signal, Signal::Description(one) if one.kind == DescriptionType::Answer);
        let asked = || {
            let view = self.part(call, &from.device.id).and_then(super::Part::live);
            view.is_some_and(|view| view.asked_by.contains(to))
        };
        if !known || (answers && !asked()) {
            return Expected::Refused(Invariant::I6);
        }
        let event = signal.clone().sent_by(&from.user).into();
        Step::moved(story, |story| {
            story.owe(&from.user, to, event);
            Fate::default()
        })
    }

    /// What should come of an input that follows from another, or of a timer.
    fn expect_follower(&self, entry: &Entry, story: &Story) -> Expected {
        let member = |user: &UserId| entry.before.call.as_ref().and_then(|call| call.member(user));
        match &entry.input {
            Input::LoseDevice { device: Origin { user, device }, goodbye, .. } => {
                if story.holds(user, &device.id) {
                    let reason = if *goodbye { EndReason::Completed } else { EndReason::Failed };
                    return Step::moved(story, |story| story.leave(user, reason));
                }
                let last = story.rung.contains_key(user)
                    && member(user).map(Member::devices) == Some(std::slice::from_ref(device));
                if last {
                    return Step::moved(story, |story| story.callee_out(user, EndReason::Missed));
                }
                Step::stays(story)
            }
            Input::Engaged { user, .. } if story.rung.contains_key(user) && self.engaged(user).is_some() => {
                Step::moved(story, |story| story.callee_out(user, EndReason::Busy))
            }
            Input::Deadline { .. } => Step::moved(story, |story| due(story, entry)),
            Input::MemberAway { device: Origin { user, device }, page_gone, .. } => {
                let absent = self.absent.get(&device.id).filter(|_| story.holds(user, &device.id));
                let Some(absent) = absent else { return Step::stays(story) };
                let page_gone = *page_gone && absent.page != Page::Same;
                if page_gone && !story.can_be_rejoined() {
                    return Step::moved(story, |story| story.leave(user, EndReason::Completed));
                }
                Step::moved(story, |story| {
                    story.away.insert(user.clone());
                    if page_gone {
                        story.disconnect(user);
                    }
                    Fate::default()
                })
            }
            Input::MemberBack { device: Origin { user, device }, .. }
                if story.holds(user, &device.id) && !self.absent.contains_key(&device.id) =>
            {
                Step::moved(story, |story| {
                    story.away.remove(user);
                    Fate::default()
                })
            }
            Input::MemberBack { .. }
            | Input::RingAgain { .. }
            | Input::DeviceAway { .. }
            | Input::DeviceBack { .. }
            | Input::UserDeadline(_) => Step::stays(story),
            Input::Engaged { .. }
            | Input::RingDevice { .. }
            | Input::Command { .. }
            | Input::Meet { .. }
            | Input::DeviceConnected(_)
            | Input::DeviceGone(_) => Step::stays(story),
        }
    }
}

/// Puts out whose time has passed: for a ring by the story, for a connection by the record.
fn due(story: &mut Story, entry: &Entry) -> Fate {
    let mut all = Fate::default();
    let Some(call) = &entry.before.call else { return all };
    for member in &call.members {
        let fate = match &member.phase {
            Phase::Rung { .. } if story.rung.get(&member.user).is_some_and(|until| *until <= entry.clock) => {
                story.callee_out(&member.user, EndReason::Missed)
            }
            // Who is alone waits for nobody's connection.
            Phase::Joined { .. }
                if story.joined.len() > 1 && member.until.is_some_and(|until| until <= entry.clock) =>
            {
                story.fail(&member.user)
            }
            Phase::Rung { .. } | Phase::Joined { .. } | Phase::Out => continue,
        };
        all.out.extend(fate.out);
        if fate.end.is_some() {
            all.end = fate.end;
            break;
        }
    }
    all
}
