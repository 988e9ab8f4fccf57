//! A store in a few lines.

use std::collections::{BTreeMap, VecDeque};
use std::mem;

use lumencall_core::machine::{
    CallCommand, CallRecord, Decision, Effect, Input, Origin, Records, Refusal, Rules, UserRecord, decide,
    touched_users,
};
use lumencall_core::wire::{Command, ServerEvent};
use lumencall_core::{
    Call, CallId, CallState, DeviceId, EndReason, ErrorCode, Millis, Now, Timestamp, UserId,
};

use crate::checker::Checker;
use crate::{say, transcript};

/// Everything that a server knows, and what its devices have heard.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) calls: BTreeMap<CallId, CallRecord>,
    pub(crate) users: BTreeMap<UserId, UserRecord>,
    pub(crate) clock: Millis,
    pub(crate) rules: Rules,
    /// Inputs that follow from others. [`World::input`] decides them at once; [`World::step`] leaves them here.
    pub(crate) pending: VecDeque<Input>,
    heard: BTreeMap<DeviceId, Vec<ServerEvent>>,
    /// The devices whose sessions are over.
    pub(crate) forgotten: Vec<String>,
    checker: Checker,
    made: u32,
}

/// What came of an input.
#[derive(Debug, PartialEq)]
pub(crate) struct Done {
    pub(crate) reply: Option<Call>,
    /// Whether a record changed, or anything was sent or is to follow.
    pub(crate) changed: bool,
}

impl World {
    /// A world in which these devices are connected.
    pub(crate) fn with(devices: &[Origin]) -> Self {
        let mut world = Self::default();
        for device in devices {
            world.connect(device);
        }
        world
    }

    pub(crate) fn now(&self) -> Now {
        Now { clock: self.clock, wall: Timestamp(format!("t{}", self.clock).into()) }
    }

    /// Decides the input, and what is to be decided in its place, and nothing else.
    pub(crate) fn step(&mut self, input: Input) -> Result<Done, Refusal> {
        let mut input = input;
        let mut moved = false;
        for _ in 0..4 {
            let (done, again) = self.step_once(input)?;
            moved |= done.changed;
            let Some(next) = again else { return Ok(Done { changed: moved, ..done }) };
            self.settle();
            input = next;
        }
        panic!("a command is decided again and again");
    }

    fn step_once(&mut self, input: Input) -> Result<(Done, Option<Input>), Refusal> {
        let id = input.call_id().cloned();
        let call = id.as_ref().and_then(|id| self.calls.get(id)).cloned();
        let users = touched_users(&input, call.as_ref())
            .into_iter()
            .map(|user| self.users.get(&user).cloned().unwrap_or_else(|| UserRecord::new(user)));
        let before = Records { call, users: users.collect() };
        let Decision { records, reply, effects, again } =
            decide(before.clone(), input.clone(), &self.now(), &self.rules)?;
        self.checker.decided(&before, &input, &records, reply.as_ref(), &effects, again.is_some());

        let changed = records != before || !effects.is_empty() || reply.is_some();
        match (id, records.call) {
            (Some(id), Some(call)) => drop(self.calls.insert(id, call)),
            (Some(id), None) => drop(self.calls.remove(&id)),
            (None, call) => assert!(call.is_none(), "a call came from an input that names none"),
        }
        for user in records.users {
            if user.is_idle() {
                self.users.remove(&user.user);
            } else {
                self.users.insert(user.user.clone(), user);
            }
        }
        for effect in effects {
            match effect {
                Effect::Send { device, event, .. } => self.heard.entry(device).or_default().push(event),
                Effect::Forget(origin) => {
                    let known = self.users.get(&origin.user).map(|user| &user.devices);
                    assert!(known.is_none_or(|devices| !devices.contains(&origin.device)), "{origin:?}");
                    self.forgotten.push(origin.device.id.as_str().to_owned());
                }
                Effect::Then(input) => self.pending.push_back(input),
            }
        }
        self.checker.agrees(&self.calls, &self.users, &self.pending);
        Ok((Done { reply, changed }, again))
    }

    /// Decides the input and all that follows from it.
    pub(crate) fn input(&mut self, input: Input) -> Result<Done, Refusal> {
        let done = self.step(input)?;
        self.settle();
        Ok(done)
    }

    /// Decides everything that is pending, in the order in which it came.
    pub(crate) fn settle(&mut self) {
        while let Some(input) = self.pending.pop_front() {
            self.step(input).expect("only commands are refused");
        }
    }

    /// The input that a client's message is. A call that it makes is named `call-1`, `call-2` and so on.
    pub(crate) fn command(&mut self, from: &Origin, message: Command) -> Result<Input, Refusal> {
        let fresh = || {
            self.made += 1;
            say::call(&format!("call-{}", self.made))
        };
        let command = CallCommand::from_message(message, fresh)?.expect("the message is about a call");
        Ok(Input::Command { from: from.clone(), command })
    }

    /// A client's message, with all that follows.
    pub(crate) fn ask(&mut self, from: &Origin, message: Command) -> Result<Done, Refusal> {
        let input = self.command(from, message)?;
        self.input(input)
    }

    /// The same, which must be done.
    #[track_caller]
    pub(crate) fn does(&mut self, from: &Origin, message: Command) -> Option<Call> {
        self.ask(from, message).expect("the command is done").reply
    }

    /// The same, which must be refused and change nothing.
    #[track_caller]
    pub(crate) fn refuses(&mut self, from: &Origin, message: Command) -> ErrorCode {
        let before = (self.calls.clone(), self.users.clone(), self.pending.clone(), self.heard.clone());
        let refusal = self.ask(from, message).expect_err("the command is refused");
        assert_eq!(
            before,
            (self.calls.clone(), self.users.clone(), self.pending.clone(), self.heard.clone())
        );
        assert!(!refusal.message.is_empty());
        refusal.code
    }

    pub(crate) fn connect(&mut self, device: &Origin) {
        self.input(Input::DeviceConnected(device.clone())).expect("nobody is kept out");
    }

    pub(crate) fn lose(&mut self, device: &Origin) {
        self.input(Input::DeviceGone(device.clone())).expect("nobody is kept in");
    }

    /// A device loses its socket; or its page has said that it goes.
    pub(crate) fn away(&mut self, device: &Origin, leaving: bool) {
        self.input(Input::DeviceAway { device: device.clone(), leaving }).expect("nobody is kept in");
    }

    /// A device has a socket again, with the page that it had, or knowing nothing.
    pub(crate) fn back(&mut self, device: &Origin, anew: bool) {
        self.input(Input::DeviceBack { device: device.clone(), anew }).expect("nobody is kept out");
    }

    /// Time passes. Timers fire when their time has come, in the order of their times.
    pub(crate) fn wait(&mut self, time: Millis) {
        let end = self.clock + time;
        while let Some((at, input)) = self.next_deadline().filter(|(at, _)| *at <= end) {
            self.clock = self.clock.max(at);
            self.input(input.clone()).expect("a timer is not refused");
            let later = self.next_deadline().is_none_or(|(again, next)| again > self.clock || next != input);
            assert!(later, "{input:?} came in time and is still waited for");
        }
        self.clock = end;
    }

    /// Which timer fires next, and when.
    fn next_deadline(&self) -> Option<(Millis, Input)> {
        let calls = self
            .calls
            .values()
            .filter_map(|call| Some((call.deadline()?, Input::Deadline { call: call.id.clone() })));
        let users = self
            .users
            .values()
            .filter_map(|user| Some((user.deadline(&self.rules)?, Input::UserDeadline(user.user.clone()))));
        calls.chain(users).min_by_key(|(at, _)| *at)
    }

    /// Where the call stands; nothing where it is over, or never was.
    pub(crate) fn state(&self, id: &str) -> Option<CallState> {
        self.calls.get(&say::call(id)).map(|call| call.state)
    }

    /// Why the call ended, where it has.
    pub(crate) fn end_reason(&self, id: &str) -> Option<EndReason> {
        self.checker.end_reason(&say::call(id))
    }

    /// What the device has heard since this was asked last, one line for an event.
    pub(crate) fn heard(&mut self, device: &Origin) -> Vec<String> {
        self.heard_events(device).iter().map(transcript::line).collect()
    }

    /// The same, as events.
    pub(crate) fn heard_events(&mut self, device: &Origin) -> Vec<ServerEvent> {
        self.heard.get_mut(&device.device.id).map(mem::take).unwrap_or_default()
    }

    /// Every device named heard exactly this, in this order, and no other device heard anything.
    #[track_caller]
    pub(crate) fn hears(&mut self, expected: &[(&str, &[&str])]) {
        for (name, lines) in expected {
            assert_eq!(self.heard(&say::sdk(name)), *lines, "{name}");
        }
        assert!(self.hearers().is_empty(), "{:?} heard something too", self.hearers());
    }

    /// Forgets what was heard until now.
    pub(crate) fn deafen(&mut self) {
        self.heard.clear();
    }

    /// Who has heard anything since it was asked last.
    pub(crate) fn hearers(&self) -> Vec<&str> {
        self.heard.iter().filter(|(_, events)| !events.is_empty()).map(|(id, _)| id.as_str()).collect()
    }
}
