//! What must always hold, over a log of decisions.
//!
//! The checker knows who said what and what each device was sent; from these it tells each call a second time (`story`), and compares.
//! The first sentence that does not hold is kept; after that it looks no further.

mod absence;
mod effects;
mod expected;
mod invariant;
mod quiet;
mod story;
mod view;

use std::collections::BTreeMap;

use lumencall_core::machine::{Device, Dialect, Input, Rules};
use lumencall_core::{CallId, DeviceId, Millis, UserId};

use crate::log::Entry;

pub use absence::Absent;
pub use invariant::{Fault, Invariant};
pub use story::{Fate, Story};
pub use view::{Part, View};

/// What was said and heard until now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Checker {
    present: BTreeMap<DeviceId, (UserId, Dialect)>,
    stories: BTreeMap<CallId, Story>,
    parts: BTreeMap<(CallId, DeviceId), Part>,
    elsewhere: BTreeMap<DeviceId, CallId>,
    absent: BTreeMap<DeviceId, Absent>,
    fault: Option<Fault>,
}

impl Checker {
    /// The first sentence that did not hold.
    pub const fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// The calls, as they should stand.
    pub const fn stories(&self) -> &BTreeMap<CallId, Story> {
        &self.stories
    }

    /// What a device knows of a call.
    pub fn part(&self, call: &CallId, device: &DeviceId) -> Option<&Part> {
        self.parts.get(&(call.clone(), device.clone()))
    }

    /// What all devices know.
    pub const fn parts(&self) -> &BTreeMap<(CallId, DeviceId), Part> {
        &self.parts
    }

    /// Whether the device is connected, or may come back.
    pub fn is_present(&self, device: &DeviceId) -> bool {
        self.present.contains_key(device)
    }

    /// Takes the next entry of the log.
    pub fn take(&mut self, entry: &Entry, rules: &Rules) {
        if self.fault.is_none()
            && let Err(fault) = self.look(entry, rules)
        {
            self.fault = Some(fault);
        }
    }

    /// Notes what was seen elsewhere to be wrong.
    pub fn accuse(&mut self, invariant: Invariant, what: impl Into<String>) {
        self.fault.get_or_insert_with(|| Fault { invariant, what: what.into() });
    }

    /// Notes that a command is decided again and again.
    pub fn never_ends(&mut self, input: &Input) {
        self.accuse(Invariant::I6, format!("{input:?} is decided again and again"));
    }

    /// Moves the clock's zero: what was due at a time is due so much earlier, but not before `earliest`.
    pub fn shift(&mut self, by: Millis, earliest: Millis) {
        for until in self.stories.values_mut().flat_map(|story| story.rung.values_mut()) {
            *until = until.saturating_sub(by).max(earliest);
        }
        for absent in self.absent.values_mut() {
            absent.since = absent.since.saturating_sub(by);
        }
    }

    /// The call that the user made or accepted.
    fn engaged(&self, user: &UserId) -> Option<(&CallId, &Story)> {
        self.stories.iter().find(|(_, story)| story.device(user).is_some())
    }

    /// The calls that ring at the user.
    fn ringing_at<'a>(&'a self, user: &'a UserId) -> impl Iterator<Item = (&'a CallId, &'a Story)> {
        self.stories.iter().filter(|(_, story)| story.rung.contains_key(user))
    }

    fn is_busy(&self, user: &UserId, rules: &Rules) -> bool {
        self.engaged(user).is_some() || self.ringing_at(user).count() >= usize::from(rules.rings)
    }

    fn is_present_with(&self, user: &UserId, device: &Device) -> bool {
        self.present.get(&device.id).is_some_and(|(known, _)| known == user)
    }

    /// Those who are connected, or may come back, and for whom the call goes on.
    fn live_parts(&self, call: &CallId) -> impl Iterator<Item = (&DeviceId, &UserId, &View)> {
        self.parts.iter().filter(move |((of, _), _)| of == call).filter_map(|((_, device), part)| {
            let (user, _) = self.present.get(device)?;
            Some((device, user, part.live()?))
        })
    }
}

fn fault<T>(invariant: Invariant, what: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { invariant, what: what.into() })
}

fn ensure(holds: bool, invariant: Invariant, what: impl FnOnce() -> String) -> Result<(), Fault> {
    if holds { Ok(()) } else { fault(invariant, what()) }
}
