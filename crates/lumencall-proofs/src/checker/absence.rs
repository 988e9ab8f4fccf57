//! Devices that are away for a time, told a second time.

use std::collections::BTreeMap;

use lumencall_core::machine::{Decision, Dialect, Effect, Input, Origin, Page, Rules};
use lumencall_core::{CallId, CallState, DeviceId, Millis, UserId};

use super::{Checker, Fault, Invariant, Part, Story, View, ensure};
use crate::log::Entry;

/// A device that has to come back, or to take its place in its call, in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Absent {
    /// Since when.
    pub since: Millis,
    /// Whether it has a socket.
    pub connected: bool,
    /// Which page it has.
    pub page: Page,
}

impl Checker {
    /// The devices that are away, or whose new page has not taken its place.
    pub const fn absent(&self) -> &BTreeMap<DeviceId, Absent> {
        &self.absent
    }

    /// Nothing is left of a device.
    pub(super) fn forget_device(&mut self, device: &DeviceId) {
        self.present.remove(device);
        self.elsewhere.remove(device);
        self.absent.remove(device);
        self.parts.retain(|(_, of), _| of != device);
    }

    /// The server has forgotten everything.
    pub fn forget_all(&mut self) {
        *self = Self { fault: self.fault.take(), ..Self::default() };
    }

    pub(super) fn goes_away(&mut self, device: &DeviceId, leaving: bool, now: Millis) {
        if !self.present.contains_key(device) {
            return;
        }
        let page = if leaving { Page::Leaving } else { Page::Same };
        let absent = Absent { since: now, connected: false, page };
        let known = self.absent.entry(device.clone()).or_insert(absent);
        known.connected = false;
        if leaving {
            *known = absent;
        }
    }

    pub(super) fn comes_back(&mut self, origin: &Origin, anew: bool, now: Millis) {
        let device = &origin.device.id;
        if !self.present.contains_key(device) {
            return;
        }
        let inside = self.engaged(&origin.user).is_some_and(|(_, story)| story.holds(&origin.user, device));
        let before = self.absent.remove(device);
        if anew {
            // It knows of nothing, and has to be told.
            self.elsewhere.remove(device);
        }
        let absent = match before {
            _ if !inside => None,
            _ if anew => Some(Absent { since: now, connected: true, page: Page::New }),
            // A page that has not taken its place has not done so by a cut.
            Some(absent) if absent.page == Page::New => Some(Absent { connected: true, ..absent }),
            Some(_) | None => None,
        };
        self.absent.extend(absent.map(|absent| (device.clone(), absent)));
    }

    /// A page that knew nothing of a call is told where it stands.
    pub(super) fn is_told_anew(&mut self, entry: &Entry, call: &CallId, origin: &Origin) {
        let Some(record) = &entry.before.call else { return };
        let key = (call.clone(), origin.device.id.clone());
        let Some(Part::Live(view)) = self.parts.get_mut(&key) else { return };
        if view.rings {
            *view = View::of(&record.ring(), true);
        } else {
            // What is said to the page that was there is said to one that does not listen.
            let (described, asked_by) =
                (std::mem::take(&mut view.described), std::mem::take(&mut view.asked_by));
            *view = View { described, asked_by, ..View::of(&record.snapshot(None), false) };
        }
    }

    /// Until when it may come back, or take its place.
    fn end_of(&self, user: &UserId, device: &DeviceId, absent: Absent, rules: &Rules) -> Millis {
        let answered = |(_, story): (&CallId, &Story)| story.answered && story.holds(user, device);
        let long = absent.page != Page::Leaving && self.engaged(user).is_some_and(answered);
        absent.since + if long { rules.resume_in_call } else { rules.resume }
    }

    fn absent_of<'a>(&'a self, user: &'a UserId) -> impl Iterator<Item = (&'a DeviceId, Absent)> {
        let is_theirs =
            move |device: &DeviceId| self.present.get(device).is_some_and(|(known, _)| known == user);
        self.absent
            .iter()
            .filter(move |(device, _)| is_theirs(device))
            .map(|(device, absent)| (device, *absent))
    }

    /// Whoever did not come back in time is let go of, and nobody else.
    pub(super) fn windows_end(&mut self, entry: &Entry, user: &UserId, rules: &Rules) -> Result<(), Fault> {
        let due: Vec<(DeviceId, Absent)> = self
            .absent_of(user)
            .filter(|(device, absent)| self.end_of(user, device, *absent, rules) <= entry.clock)
            .map(|(device, absent)| (device.clone(), absent))
            .collect();
        let effects = entry.outcome.iter().flat_map(|decision| &decision.effects);
        let mut forgotten = Vec::new();
        for effect in effects {
            match effect {
                Effect::Forget(origin) => forgotten.push(origin.device.id.clone()),
                Effect::Then(Input::LoseDevice { device, goodbye, .. }) => {
                    let absent = due.iter().find(|(known, _)| *known == device.device.id);
                    let said = absent.map(|(_, absent)| absent.page != Page::Same);
                    ensure(said.is_some(), Invariant::I15, || {
                        format!("{device:?} is let go of before its time")
                    })?;
                    ensure(said == Some(*goodbye), Invariant::I10, || {
                        format!("{device:?} said good-bye: {goodbye}")
                    })?;
                }
                Effect::Then(_) | Effect::Send { .. } => {}
            }
        }
        let mut gone: Vec<DeviceId> =
            due.iter().filter(|(_, absent)| !absent.connected).map(|(device, _)| device.clone()).collect();
        forgotten.sort_unstable();
        gone.sort_unstable();
        ensure(forgotten == gone, Invariant::I15, || format!("forgotten are {forgotten:?}, not {gone:?}"))?;
        for (device, _) in due {
            self.absent.remove(&device);
        }
        for device in gone {
            self.forget_device(&device);
        }
        Ok(())
    }

    /// Who is in a call no more has nothing to take their place in, and who comes back to it has time to hear so.
    pub(super) fn released(&mut self, id: &CallId, before: Option<Story>, now: Millis) {
        let left = before.into_iter().flat_map(|story| story.joined);
        for (user, device) in left {
            if self.stories.get(id).is_some_and(|story| story.device(&user).is_some()) {
                continue;
            }
            if self.absent.get(&device.id).is_some_and(|absent| absent.connected) {
                self.absent.remove(&device.id);
            } else if let Some(absent) = self.absent.get_mut(&device.id) {
                absent.since = now;
            }
        }
    }

    /// The records know who is away, and are looked at in time.
    pub(super) fn absences_as_expected(&self, decision: &Decision, rules: &Rules) -> Result<(), Fault> {
        for record in &decision.records.users {
            let known: BTreeMap<&DeviceId, Absent> = record
                .away
                .iter()
                .map(|away| {
                    let absent = Absent { since: away.since, connected: away.connected, page: away.page };
                    (&away.device, absent)
                })
                .collect();
            let are: BTreeMap<&DeviceId, Absent> = self.absent_of(&record.user).collect();
            ensure(known == are, Invariant::I15, || {
                format!("of {:?} are away {known:?}, not {are:?}", record.user)
            })?;
            for (device, absent) in are {
                let end = self.end_of(&record.user, device, absent, rules);
                let looked_at = record.deadline(rules).is_some_and(|deadline| deadline <= end);
                ensure(looked_at, Invariant::I15, || format!("nothing looks at {device:?} at {end}"))?;
            }
        }
        Ok(())
    }

    /// Everybody speaks to the pages that are there.
    pub(super) fn incarnations_are_known(&self, id: &CallId) -> Result<(), Fault> {
        let Some(story) = self.stories.get(id) else { return Ok(()) };
        for (device, user, view) in self.live_parts(id) {
            let sdk = self.present.get(device).is_some_and(|(_, dialect)| *dialect == Dialect::Sdk);
            // Who rings may have missed whoever came since; the reply to the accept tells.
            let known = |other: &UserId| view.inside.contains_key(other) && other != user;
            for other in story.joined.iter().map(|(other, _)| other).filter(|other| sdk && known(other)) {
                let (knows, is) = (view.incarnations.get(other).copied(), story.incarnation(other));
                ensure(knows.unwrap_or_default() == is, Invariant::I20, || {
                    format!("{device:?} speaks to page {knows:?} of {other:?}, and it is {is}")
                })?;
            }
        }
        Ok(())
    }

    /// Nobody is in a call with a device that is gone, and no call stands that has no connection left.
    pub(super) fn absences_agree(&self) -> Result<(), Fault> {
        for (id, story) in self.stories.iter().filter(|(_, story)| story.lives()) {
            for (user, device) in &story.joined {
                let away = self.absent.contains_key(&device.id);
                ensure(away == story.away.contains(user), Invariant::I15, || {
                    format!("{user:?} is away in {id:?}, and their device is not, or the other way round")
                })?;
            }
            let knows = |device: &DeviceId| self.part(id, device).and_then(Part::live).map(|view| view.state);
            let connected = story.joined.iter().any(|(_, one)| knows(&one.id) == Some(CallState::Connected));
            let reports = story.joined.len() > 1 && story.can_be_rejoined();
            ensure(!connected || !reports || story.stands(), Invariant::I19, || {
                format!("{id:?} is connected, and no connection of it stands")
            })?;
        }
        Ok(())
    }
}

/// Whose device is lost has said good-bye by leaving only where that is how a client of the seed does it, or where its
/// page said so.
pub(super) fn lost_as_expected(entry: &Entry, decision: &Decision) -> Result<(), Fault> {
    if matches!(entry.input, Input::UserDeadline(_)) {
        return Ok(());
    }
    for effect in &decision.effects {
        if let Effect::Then(Input::LoseDevice { device, goodbye, .. }) = effect {
            let seed = device.device.dialect == Dialect::Seed;
            ensure(seed == *goodbye, Invariant::I10, || format!("{device:?} said good-bye: {goodbye}"))?;
        }
    }
    Ok(())
}
