//! The records in this process's memory: the default, for one server that needs nothing else.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lumencall_core::machine::{
    Bounds, CallCommand, CallRecord, Decision, Dialect, Effect, Input, Origin, Phase, Records, Refusal,
    Rules, UserRecord, decide, touched_users,
};
use lumencall_core::wire::{Done, Hangup, ServerMessage, SessionOpen};
use lumencall_core::{Call, CallId, ErrorCode, Now, UserId};
use tokio::sync::Notify;
use tokio::time::sleep_until;
use tracing::error;

use super::due::{Deadlines, Due};
use super::sessions::{Sessions, first_to_go};
use super::{Answer, Asked, Counts, Line, Opened, Outcome, Session, Store};
use crate::Limits;
use crate::clock::Clock;
use crate::close::{self, Close};
use crate::socket::Socket;

/// A store in memory.
#[derive(Debug)]
pub(crate) struct Memory {
    rules: Rules,
    devices_of_one: usize,
    bounds: Bounds,
    clock: Clock,
    /// One lock over everything that must agree. Nothing awaits while it is held: it is held for one input and what
    /// follows from it, which is computing alone, since mailboxes never make anybody wait. A decision replaces records
    /// only when it is complete, so that a panic in one leaves them as they were; a poisoned lock is taken all the same.
    state: Mutex<State>,
    /// Wakes [`Store::keep_deadlines`]: there may be an earlier deadline.
    earlier: Notify,
}

#[derive(Debug, Default)]
struct State {
    calls: HashMap<CallId, CallRecord>,
    users: HashMap<UserId, UserRecord>,
    sessions: Sessions,
    deadlines: Deadlines,
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
    pub(crate) fn new(rules: Rules, limits: &Limits) -> Self {
        Self {
            rules,
            devices_of_one: limits.devices,
            bounds: Bounds { frames: limits.queued_frames, bytes: limits.queued_bytes },
            clock: Clock::start(),
            state: Mutex::default(),
            earlier: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides an input and everything that follows from it.
    fn apply(&self, state: &mut State, input: Input, reply: impl FnOnce(Outcome)) {
        // One time for all of it: what follows from an input happens when the input does.
        let now = self.clock.now();
        let earliest = state.deadlines.earliest();
        match self.decide_in_the_end(state, input, &now) {
            Ok(Decided { call, effects, .. }) => {
                reply(Ok(call));
                self.perform(state, effects, &now);
            }
            Err(refusal) => reply(Err(refusal)),
        }
        if state.deadlines.earliest() != earliest {
            self.earlier.notify_one();
        }
    }

    /// Decides an input that nobody waits for the outcome of.
    fn happen(&self, state: &mut State, input: Input) {
        self.apply(state, input, |_| {});
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
        state.carry_out(effects, &mut followers);
        while let Some(input) = followers.pop_front() {
            // Only commands are refused, and no command follows from anything.
            if let Ok(Decided { effects, .. }) = state.decide(input, now, &self.rules) {
                state.carry_out(effects, &mut followers);
            }
        }
    }

    /// Looks at everything whose time has come, taking the lock anew for each.
    fn look_at_due(&self) {
        loop {
            let mut state = self.lock();
            let Some(due) = state.deadlines.pop(self.clock.now().clock) else { return };
            self.happen(&mut state, due.into());
        }
    }

    /// A device is gone for good, by its own word: it has hung up.
    fn leave(&self, state: &mut State, device: Origin) {
        state.sessions.forget(&device.device.id, close::OVER);
        let engaged = state.users.get(&device.user).and_then(|user| user.engaged_with(&device.device.id));
        if let Some(call_id) = engaged.map(|engaged| engaged.call.clone()) {
            let command = CallCommand::Hangup(Hangup { call_id });
            self.happen(state, Input::Command { from: device.clone(), command });
        }
        self.happen(state, Input::DeviceGone(device));
    }

    /// The session of a new device, for which room is made.
    fn begin(&self, state: &mut State, user: &UserId, dialect: Dialect) -> Result<Arc<Session>, Close> {
        if let Some(record) = state.users.get(user)
            && record.devices.len() >= self.devices_of_one
        {
            let gone = first_to_go(record).ok_or(close::TOO_MANY_DEVICES)?;
            state.sessions.forget(&gone.device.id, close::OVER);
            self.happen(state, Input::DeviceGone(gone));
        }
        Ok(state.sessions.begin(user, dialect, self.bounds))
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
            self.replace_user(user, rules);
        }
        Ok(Decided { call: reply, effects, again })
    }

    fn replace_call(&mut self, id: CallId, call: Option<CallRecord>) {
        let new = call.as_ref().and_then(CallRecord::deadline);
        let old = match call {
            Some(call) => self.calls.insert(id.clone(), call),
            None => self.calls.remove(&id),
        };
        self.deadlines.replace(&Due::Call(id), old.and_then(|call| call.deadline()), new);
    }

    fn replace_user(&mut self, user: UserRecord, rules: &Rules) {
        let (id, new) = (user.user.clone(), user.deadline(rules));
        let old = if user.is_idle() { self.users.remove(&id) } else { self.users.insert(id.clone(), user) };
        self.deadlines.replace(&Due::User(id), old.and_then(|user| user.deadline(rules)), new);
    }

    fn carry_out(&mut self, effects: Vec<Effect>, followers: &mut VecDeque<Input>) {
        for effect in effects {
            match effect {
                Effect::Send { device, event, .. } => {
                    if let Some(session) = self.sessions.of(&device) {
                        session.send(ServerMessage::Event(event));
                    }
                }
                Effect::Forget(device) => self.sessions.forget(&device.device.id, close::OVER),
                Effect::Then(input) => followers.push_back(input),
            }
        }
    }

    /// The calls in which the device has a part: those that ring there, and the one that it is in.
    fn calls_at(&self, device: &Origin) -> Vec<Call> {
        let Some(user) = self.users.get(&device.user) else { return Vec::new() };
        let ringing = user.rings.iter().filter_map(|ring| self.calls.get(&ring.call)).filter(|call| {
            let phase = call.member(&device.user).map(|member| &member.phase);
            matches!(phase, Some(Phase::Rung { devices, .. }) if devices.contains(&device.device))
        });
        let joined = user.engaged_with(&device.device.id).and_then(|engaged| self.calls.get(&engaged.call));
        ringing.map(CallRecord::ring).chain(joined.map(|call| call.snapshot(None))).collect()
    }
}

impl Store for Memory {
    async fn connect(&self, user: &UserId, socket: &Arc<Socket>) -> Result<Line, Close> {
        let mut state = self.lock();
        if let Some(close) = state.closing {
            return Err(close);
        }
        let session = self.begin(&mut state, user, Dialect::Seed)?;
        self.happen(&mut state, Input::DeviceConnected(session.origin.clone()));
        session.attach(socket);
        Ok(Line { session, socket: Arc::clone(socket) })
    }

    async fn open(
        &self,
        user: &UserId,
        open: &SessionOpen,
        socket: &Arc<Socket>,
        welcome: impl FnOnce(&Session, Opened) + Send,
    ) -> Result<Line, Close> {
        let mut state = self.lock();
        if let Some(close) = state.closing {
            return Err(close);
        }
        let (session, opened) = match state.sessions.shown(user, open) {
            None => {
                let session = self.begin(&mut state, user, Dialect::Sdk)?;
                self.happen(&mut state, Input::DeviceConnected(session.origin.clone()));
                (session, Opened::New)
            }
            Some((session, resume)) => {
                session.take_over();
                let device = session.origin.clone();
                let opened = match session.resume(resume) {
                    Some(received) => {
                        self.happen(&mut state, Input::DeviceBack { device, anew: false });
                        Opened::Resumed(received)
                    }
                    None => {
                        session.begin_anew(resume);
                        self.happen(&mut state, Input::DeviceBack { device, anew: true });
                        Opened::Known(state.calls_at(&session.origin))
                    }
                };
                (session, opened)
            }
        };
        welcome(&session, opened);
        session.attach(socket);
        Ok(Line { session, socket: Arc::clone(socket) })
    }

    async fn take(
        &self,
        from: &Line,
        id: Option<u32>,
        asked: Asked,
        answer: impl FnOnce(Outcome) -> Answer + Send,
    ) {
        let mut state = self.lock();
        let Line { session, socket } = from;
        if !session.receive(socket) {
            return;
        }
        let device = session.origin.clone();
        let repeated = id.filter(|_| device.device.dialect == Dialect::Sdk).and_then(|id| session.given(id));
        if let Some(reply) = repeated {
            return session.send(ServerMessage::Reply(reply));
        }
        match asked {
            Asked::Call(command) => {
                let input = Input::Command { from: device, command };
                self.apply(&mut state, input, |outcome| session.answer(id, answer(outcome)));
            }
            Asked::Suspend => {
                session.answer(id, Ok(Done::new(None)));
                self.happen(&mut state, Input::DeviceAway { device, leaving: true });
            }
            Asked::Answered(answer) => session.answer(id, answer),
        }
    }

    async fn close(&self, line: &Line, left: bool) {
        let mut state = self.lock();
        if !line.session.detach(&line.socket) {
            return;
        }
        let device = line.origin().clone();
        if left {
            self.leave(&mut state, device);
        } else {
            self.happen(&mut state, Input::DeviceAway { device, leaving: false });
        }
    }

    async fn close_all(&self, close: Close) {
        let mut state = self.lock();
        state.sessions.end_all(close);
        // What is known here ends with this process.
        *state = State { closing: Some(close), ..State::default() };
    }

    async fn keep_deadlines(&self) {
        loop {
            let earliest = self.lock().deadlines.earliest();
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
            devices: state.sessions.connected(),
            sessions: state.sessions.len(),
            users: state.users.len(),
            calls: state.calls.len(),
            deadlines: state.deadlines.len(),
        }
    }
}
