//! The records in this process's memory: the default, for one server that needs nothing else.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lumencall_core::machine::{
    CallCommand, CallRecord, Decision, Effect, Input, Origin, Records, Refusal, Rules, UserRecord, decide,
    touched_users,
};
use lumencall_core::wire::ServerMessage;
use lumencall_core::{Call, CallId, DeviceId, ErrorCode, Millis, Now, UserId};
use tokio::sync::Notify;
use tokio::time::sleep_until;
use tracing::error;

use super::{Counts, Outcome, Store, TooManyDevices};
use crate::clock::Clock;
use crate::close::Close;
use crate::outbox::{End, Outbox};

/// A store in memory.
#[derive(Debug)]
pub(crate) struct Memory {
    rules: Rules,
    devices_of_one: usize,
    clock: Clock,
    /// One lock over everything that must agree. Nothing awaits while it is held: it is held for one input and what
    /// follows from it, which is computing alone, since outboxes never make anybody wait. A decision replaces records
    /// only when it is complete, so that a panic in one leaves them as they were; a poisoned lock is taken all the same.
    state: Mutex<State>,
    /// Wakes [`Store::keep_deadlines`]: there may be an earlier deadline.
    earlier: Notify,
}

#[derive(Debug, Default)]
struct State {
    calls: HashMap<CallId, CallRecord>,
    users: HashMap<UserId, UserRecord>,
    outboxes: HashMap<DeviceId, Arc<Outbox>>,
    /// Every call's deadline that has not been looked at, earliest first.
    deadlines: BTreeSet<(Millis, CallId)>,
    /// Set when the server stops.
    closing: Option<Close>,
}

/// How often one input may lead to another in its place. A recall takes two decisions; an initiate that meets a call takes
/// two, and under one lock that call is still there.
const MOST_DECISIONS: usize = 4;

/// What comes of one decision, once its records are in place.
struct Decided {
    call: Option<Call>,
    effects: Vec<Effect>,
    again: Option<Input>,
}

impl Memory {
    pub(crate) fn new(rules: Rules, devices_of_one: usize) -> Self {
        Self { rules, devices_of_one, clock: Clock::start(), state: Mutex::default(), earlier: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides an input and everything that follows from it.
    fn apply(&self, state: &mut State, input: Input, reply: impl FnOnce(Outcome)) {
        // One time for all of it: what follows from an input happens when the input does.
        let now = self.clock.now();
        let earliest = state.earliest_deadline();
        match self.decide_in_the_end(state, input, &now) {
            Ok(Decided { call, effects, .. }) => {
                reply(Ok(call));
                self.perform(state, effects, &now);
            }
            Err(refusal) => reply(Err(refusal)),
        }
        if state.earliest_deadline() != earliest {
            self.earlier.notify_one();
        }
    }

    /// Decides an input, or what is to be decided in its place.
    fn decide_in_the_end(&self, state: &mut State, mut input: Input, now: &Now) -> Result<Decided, Refusal> {
        for _ in 0..MOST_DECISIONS {
            let Decided { call, effects, again } = state.decide(input, now, &self.rules)?;
            let Some(next) = again else { return Ok(Decided { call, effects, again: None }) };
            self.perform(state, effects, now);
            input = next;
        }
        error!("an input was decided again and again");
        Err(Refusal { code: ErrorCode::InvalidState, message: "this cannot be done now", call: None })
    }

    /// Does what was decided, with all that follows from it.
    fn perform(&self, state: &mut State, effects: Vec<Effect>, now: &Now) {
        let mut followers = VecDeque::new();
        state.send(effects, &mut followers);
        while let Some(input) = followers.pop_front() {
            // Only commands are refused, and no command follows from anything.
            if let Ok(Decided { effects, .. }) = state.decide(input, now, &self.rules) {
                state.send(effects, &mut followers);
            }
        }
    }

    /// Looks at every call whose time has come, taking the lock anew for each.
    fn look_at_due(&self) {
        loop {
            let mut state = self.lock();
            if state.earliest_deadline().is_none_or(|at| at > self.clock.now().clock) {
                return;
            }
            if let Some((_, call)) = state.deadlines.pop_first() {
                self.apply(&mut state, Input::Deadline { call }, |_| {});
            }
        }
    }
}

impl State {
    /// Decides one input, and puts the new records in place of the old.
    fn decide(&mut self, input: Input, now: &Now, rules: &Rules) -> Result<Decided, Refusal> {
        let id = input.call_id().cloned();
        let call = id.as_ref().and_then(|id| self.calls.get(id)).cloned();
        let users = touched_users(&input, call.as_ref())
            .into_iter()
            .map(|user| self.users.get(&user).cloned().unwrap_or_else(|| UserRecord::new(user)));
        let users = users.collect();

        let Decision { records, reply, effects, again } = decide(Records { call, users }, input, now, rules)?;

        if let Some(id) = id {
            self.replace_call(id, records.call);
        }
        for user in records.users {
            if user.is_idle() {
                self.users.remove(&user.user);
            } else {
                self.users.insert(user.user.clone(), user);
            }
        }
        Ok(Decided { call: reply, effects, again })
    }

    fn replace_call(&mut self, id: CallId, call: Option<CallRecord>) {
        let deadline = call.as_ref().and_then(CallRecord::deadline);
        let old = match call {
            Some(call) => self.calls.insert(id.clone(), call),
            None => self.calls.remove(&id),
        };
        // A deadline that stays as it was is not set again: if it was looked at, once is enough.
        let old_deadline = old.and_then(|call| call.deadline());
        if deadline != old_deadline {
            if let Some(at) = old_deadline {
                self.deadlines.remove(&(at, id.clone()));
            }
            self.deadlines.extend(deadline.map(|at| (at, id)));
        }
    }

    fn send(&self, effects: Vec<Effect>, followers: &mut VecDeque<Input>) {
        for effect in effects {
            match effect {
                Effect::Send { device, event, .. } => {
                    if let Some(outbox) = self.outboxes.get(&device) {
                        outbox.send(ServerMessage::Event(event));
                    }
                }
                Effect::Then(input) => followers.push_back(input),
            }
        }
    }

    fn earliest_deadline(&self) -> Option<Millis> {
        self.deadlines.first().map(|(at, _)| *at)
    }
}

impl Store for Memory {
    async fn connect(
        &self,
        device: &Origin,
        outbox: &Arc<Outbox>,
        welcome: impl FnOnce() + Send,
    ) -> Result<(), TooManyDevices> {
        let mut state = self.lock();
        if let Some(close) = state.closing {
            outbox.end(End::Close(close));
            return Ok(());
        }
        let devices = state.users.get(&device.user).map_or(0, |user| user.devices.len());
        if devices >= self.devices_of_one {
            return Err(TooManyDevices);
        }
        welcome();
        state.outboxes.insert(device.device.id.clone(), Arc::clone(outbox));
        self.apply(&mut state, Input::DeviceConnected(device.clone()), |_| {});
        Ok(())
    }

    async fn disconnect(&self, device: &Origin) {
        let mut state = self.lock();
        if state.outboxes.remove(&device.device.id).is_some() {
            self.apply(&mut state, Input::DeviceGone(device.clone()), |_| {});
        }
    }

    async fn command(&self, from: &Origin, command: CallCommand, reply: impl FnOnce(Outcome) + Send) {
        let input = Input::Command { from: from.clone(), command };
        self.apply(&mut self.lock(), input, reply);
    }

    async fn close_all(&self, close: Close) {
        let mut state = self.lock();
        state.closing = Some(close);
        for outbox in state.outboxes.values() {
            outbox.end(End::Close(close));
        }
    }

    async fn keep_deadlines(&self) {
        loop {
            let earliest = self.lock().earliest_deadline();
            match earliest {
                Some(at) => tokio::select! {
                    () = sleep_until(self.clock.instant(at)) => self.look_at_due(),
                    () = self.earlier.notified() => {}
                },
                None => self.earlier.notified().await,
            }
        }
    }

    async fn counts(&self) -> Counts {
        let state = self.lock();
        Counts {
            connections: 0,
            devices: state.outboxes.len(),
            users: state.users.len(),
            calls: state.calls.len(),
            deadlines: state.deadlines.len(),
        }
    }
}
