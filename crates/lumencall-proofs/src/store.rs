//! A store in a few lines: the records, read and written as [`lumencall_core::machine`] says.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use lumencall_core::machine::{
    CallRecord, Effect, Input, Origin, Records, Refusal, Rules, UserRecord, decide, touched_users,
};
use lumencall_core::wire::ServerEvent;
use lumencall_core::{Call, CallId, DeviceId, Now, UserId};

use crate::checker::Checker;
use crate::log::Entry;

/// How often a command may be decided in place of itself before that counts as never ending.
const MOST_TURNS: usize = 8;

/// The records of all calls and users.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Store {
    /// The calls that have not ended.
    pub calls: BTreeMap<CallId, Arc<CallRecord>>,
    /// The users of whom anything is known.
    pub users: BTreeMap<UserId, Arc<UserRecord>>,
}

/// What the server does beside its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// A device is sent an event.
    Event(DeviceId, ServerEvent),
    /// A device is gone for good.
    Forget(DeviceId),
}

/// What came of one decision, beside what was sent.
struct Made {
    reply: Option<Call>,
    followers: Vec<Input>,
    again: Option<Input>,
}

impl Store {
    /// The record of a call.
    pub fn call(&self, id: Option<&CallId>) -> Option<CallRecord> {
        id.and_then(|id| self.calls.get(id)).map(|call| CallRecord::clone(call))
    }

    /// The record of a user; one of whom nothing is known has an empty one.
    pub fn user(&self, user: &UserId) -> UserRecord {
        self.users.get(user).map_or_else(|| UserRecord::new(user.clone()), |record| UserRecord::clone(record))
    }

    /// The records that an input touches.
    pub fn read(&self, input: &Input) -> Records {
        let call = self.call(input.call_id());
        let users = touched_users(input, call.as_ref()).iter().map(|user| self.user(user)).collect();
        Records { call, users }
    }

    /// Puts the records in place of those that were read for the input.
    pub fn write(&mut self, input: &Input, records: &Records) {
        if let Some(id) = input.call_id() {
            match &records.call {
                Some(call) => drop(self.calls.insert(id.clone(), Arc::new(call.clone()))),
                None => drop(self.calls.remove(id)),
            }
        }
        for user in &records.users {
            if user.is_idle() {
                self.users.remove(&user.user);
            } else {
                self.users.insert(user.user.clone(), Arc::new(user.clone()));
            }
        }
    }

    /// The calls in which the device has a part, as it is told them when it comes back and knows nothing.
    pub fn calls_at(&self, origin: &Origin) -> Vec<Call> {
        let user = self.user(&origin.user);
        let rung = user.rings.iter().filter_map(|ring| self.calls.get(&ring.call)).filter(|call| {
            call.member(&origin.user).is_some_and(|member| member.devices().contains(&origin.device))
        });
        let joined = user.engaged_with(&origin.device.id).and_then(|engaged| self.calls.get(&engaged.call));
        rung.map(|call| call.ring()).chain(joined.map(|call| call.snapshot(None))).collect()
    }

    /// Decides an input and all that follows from it, as a store behind one lock does. What is sent goes to `sent`, in
    /// order; every decision is shown to the checker.
    ///
    /// # Errors
    /// The refusal, where the input was a command and is refused.
    pub fn apply(
        &mut self,
        input: Input,
        now: &Now,
        rules: &Rules,
        checker: &mut Checker,
        sent: &mut Vec<Sent>,
    ) -> Result<Option<Call>, Refusal> {
        let mut input = input;
        for _ in 0..MOST_TURNS {
            let Made { reply, followers, again } = self.decide(input, now, rules, checker, sent)?;
            let mut followers = VecDeque::from(followers);
            while let Some(follower) = followers.pop_front() {
                // No command follows from anything, so nothing that follows is refused or decided again.
                if let Ok(Made { followers: more, .. }) = self.decide(follower, now, rules, checker, sent) {
                    followers.extend(more);
                }
            }
            match again {
                Some(next) => input = next,
                None => return Ok(reply),
            }
        }
        checker.never_ends(&input);
        Ok(None)
    }

    fn decide(
        &mut self,
        input: Input,
        now: &Now,
        rules: &Rules,
        checker: &mut Checker,
        sent: &mut Vec<Sent>,
    ) -> Result<Made, Refusal> {
        let before = self.read(&input);
        let outcome = decide(before.clone(), input.clone(), now, rules);
        let entry = Entry { clock: now.clock, input, before, outcome };
        checker.take(&entry, rules);
        let Entry { input, outcome, .. } = entry;
        let decision = outcome?;
        self.write(&input, &decision.records);
        let mut followers = Vec::new();
        for effect in decision.effects {
            match effect {
                Effect::Send { device, event, .. } => sent.push(Sent::Event(device, event)),
                Effect::Forget(origin) => sent.push(Sent::Forget(origin.device.id)),
                Effect::Then(input) => followers.push(input),
            }
        }
        Ok(Made { reply: decision.reply, followers, again: decision.again })
    }
}
