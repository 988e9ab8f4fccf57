//! A server: `decide` over a store in memory, and its end of every socket.

use std::collections::{BTreeMap, VecDeque};

use lumencall_core::machine::{
    CallCommand, CallRecord, Decision, Dialect, Effect, Input, Origin, Records, Refusal, Rules, UserRecord,
    decide, touched_users,
};
use lumencall_core::wire::{
    ClientFrame, Command, Done, ErrorInfo, Reply, ServerFrame, ServerMessage, read_client_frame,
    write_server_frame,
};
use lumencall_core::{CallId, DeviceId, Millis, Now, Timestamp, UserId};

use crate::values::{call_id, welcome};

/// What is on its way to a device.
#[derive(Debug, Default)]
struct Outbox {
    /// The number of the last frame; nothing for a client of the seed, and before the welcome.
    seq: Option<u32>,
    texts: VecDeque<String>,
}

/// Who is to be answered: the device, the number that its command had, and the call that it named.
#[derive(Debug)]
struct Asked {
    device: DeviceId,
    number: Option<u32>,
    named: Option<CallId>,
}

#[derive(Debug, Default)]
pub(crate) struct Server {
    pub(crate) calls: BTreeMap<CallId, CallRecord>,
    users: BTreeMap<UserId, UserRecord>,
    outboxes: BTreeMap<DeviceId, Outbox>,
    rules: Rules,
    made: u32,
}

impl Server {
    /// A socket opened. A client of the seed is there at once; one of the SDK when it has greeted.
    pub(crate) fn open(&mut self, device: &Origin, now: Millis) {
        self.outboxes.insert(device.device.id.clone(), Outbox::default());
        if device.device.dialect == Dialect::Seed {
            self.decide(Input::DeviceConnected(device.clone()), None, now);
        }
    }

    /// A frame came from a device.
    pub(crate) fn receive(&mut self, from: &Origin, text: &str, now: Millis) {
        let ClientFrame { id, command } =
            read_client_frame(text).unwrap_or_else(|error| panic!("{error:?}: {text}"));
        if let Command::Open(_) = command {
            self.send(&from.device.id, welcome());
            self.outboxes.get_mut(&from.device.id).expect("it has a socket").seq = Some(0);
            return self.decide(Input::DeviceConnected(from.clone()), None, now);
        }
        let named = !matches!(command, Command::Initiate(_));
        let fresh = || {
            self.made += 1;
            call_id(&format!("call-{}", self.made))
        };
        let command = CallCommand::from_message(command, fresh)
            .expect("an SDK's descriptions are of the kind that they say")
            .expect("the command is about a call");
        let named = named.then(|| command.call_id().clone());
        let asked = Asked { device: from.device.id.clone(), number: id, named };
        self.decide(Input::Command { from: from.clone(), command }, Some(asked), now);
    }

    /// A socket closed.
    pub(crate) fn close(&mut self, device: &Origin, now: Millis) {
        if self.outboxes.remove(&device.device.id).is_some() {
            self.decide(Input::DeviceGone(device.clone()), None, now);
        }
    }

    /// Decides an input, what is to be decided in its place, and all that follows. Who asked is answered first.
    fn decide(&mut self, input: Input, asked: Option<Asked>, now: Millis) {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            let Decision { reply, effects, again, .. } = match self.apply(input, now) {
                Ok(decision) => decision,
                Err(refusal) => return self.refuse(asked.expect("only commands are refused"), refusal),
            };
            if let (None, Some(Asked { device, number: Some(id), .. })) = (&again, &asked) {
                let ok = Some(Done { call: reply });
                self.send(device, ServerMessage::Reply(Reply { id: *id, ok, error: None }));
            }
            let mut following = self.carry_out(effects);
            while let Some(input) = following.pop_front() {
                let decision = self.apply(input, now).expect("only commands are refused");
                assert!(decision.again.is_none(), "only commands are decided again");
                following.extend(self.carry_out(decision.effects));
            }
            next = again;
        }
    }

    /// Puts the new records in place of the old.
    fn apply(&mut self, input: Input, now: Millis) -> Result<Decision, Refusal> {
        let id = input.call_id().cloned();
        let call = id.as_ref().and_then(|id| self.calls.get(id)).cloned();
        let users = touched_users(&input, call.as_ref())
            .into_iter()
            .map(|user| self.users.get(&user).cloned().unwrap_or_else(|| UserRecord::new(user)));
        let records = Records { call, users: users.collect() };
        let wall = Timestamp(format!("t{now}").into());
        let mut decision = decide(records, input, &Now { clock: now, wall }, &self.rules)?;
        match (id, decision.records.call.take()) {
            (Some(id), Some(call)) => drop(self.calls.insert(id, call)),
            (Some(id), None) => drop(self.calls.remove(&id)),
            (None, _) => {}
        }
        for user in decision.records.users.drain(..) {
            self.users.insert(user.user.clone(), user);
        }
        Ok(decision)
    }

    /// Sends what is to be sent. Returns the inputs that follow.
    fn carry_out(&mut self, effects: Vec<Effect>) -> VecDeque<Input> {
        let mut following = VecDeque::new();
        for effect in effects {
            match effect {
                Effect::Send { device, event, .. } => self.send(&device, ServerMessage::Event(event)),
                Effect::Then(input) => following.push_back(input),
            }
        }
        following
    }

    fn refuse(&mut self, Asked { device, number, named }: Asked, refusal: Refusal) {
        let call_id = refusal.call.or(named);
        let error = ErrorInfo { code: refusal.code, message: refusal.message.into(), call_id };
        let message = match number {
            Some(id) => ServerMessage::Reply(Reply { id, ok: None, error: Some(error) }),
            None => ServerMessage::Error(error),
        };
        self.send(&device, message);
    }

    fn send(&mut self, device: &DeviceId, message: ServerMessage) {
        if let Some(outbox) = self.outboxes.get_mut(device) {
            outbox.seq = outbox.seq.map(|seq| seq + 1);
            outbox.texts.push_back(write_server_frame(&ServerFrame { seq: outbox.seq, message }));
        }
    }

    /// Whether something is on its way to the device.
    pub(crate) fn has_for(&self, device: &Origin) -> bool {
        self.outboxes.get(&device.device.id).is_some_and(|outbox| !outbox.texts.is_empty())
    }

    /// What reaches the device next.
    pub(crate) fn next_for(&mut self, device: &Origin) -> Option<String> {
        self.outboxes.get_mut(&device.device.id)?.texts.pop_front()
    }

    /// When the server has to look at a call.
    pub(crate) fn deadline(&self) -> Option<Millis> {
        self.calls.values().filter_map(CallRecord::deadline).min()
    }

    /// Looks at the calls whose time has come.
    pub(crate) fn look(&mut self, now: Millis) {
        let due = |call: &&CallRecord| call.deadline().is_some_and(|at| at <= now);
        while let Some(call) = self.calls.values().find(due) {
            let call = call.id.clone();
            self.decide(Input::Deadline { call }, None, now);
        }
    }
}
