//! The server: `decide` over a store in memory, and its end of every socket.

use std::collections::{BTreeMap, VecDeque};

use lumencall_core::machine::{
    CallCommand, CallRecord, Decision, Dialect, Effect, Input, Origin, Records, Refusal, Rules, UserRecord,
    decide, touched_users,
};
use lumencall_core::wire::{
    ClientFrame, Command, Done, ErrorInfo, IceServer, Private, Reply, ServerFrame, ServerMessage, Welcome,
    read_client_frame, write_server_frame,
};
use lumencall_core::{CallId, DeviceId, ErrorCode, Millis, Now, Timestamp, UserId};

use super::decisions::Decisions;
use super::histogram::Histogram;
use super::values;

/// How many replies are remembered for each socket.
const REMEMBERED: usize = 64;

/// The server's end of a socket.
#[derive(Debug)]
struct Socket {
    origin: Origin,
    /// The number of the last frame; nothing for a client of the seed, and before the welcome.
    seq: Option<u32>,
    replies: VecDeque<Reply>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Server {
    pub(super) calls: BTreeMap<CallId, CallRecord>,
    pub(super) users: BTreeMap<UserId, UserRecord>,
    pub(super) checks: Decisions,
    pub(super) histogram: Histogram,
    pub(super) clock: Millis,
    /// By how much the wall clock is off.
    pub(super) wall: u64,
    /// What is to be sent, in order.
    pub(super) sent: Vec<(DeviceId, String)>,
    sockets: BTreeMap<DeviceId, Socket>,
    pending: VecDeque<Input>,
    rules: Rules,
    made: u32,
}

/// How the command that is being decided is answered.
#[derive(Clone, Debug)]
struct Asked {
    device: DeviceId,
    id: Option<u32>,
    call: Option<CallId>,
}

impl Server {
    /// A server at which nobody is, at this time.
    pub(super) fn at(clock: Millis) -> Self {
        Self { clock, ..Self::default() }
    }

    fn now(&self) -> Now {
        // Of one length, so that a run differs by nothing else when the wall clock is another.
        Now {
            clock: self.clock,
            wall: Timestamp(format!("t{:020}", self.clock.wrapping_add(self.wall)).into()),
        }
    }

    /// A socket opened. A client of the seed is there at once; one of the SDK when it has greeted.
    pub(super) fn open(&mut self, origin: &Origin) {
        let socket = Socket { origin: origin.clone(), seq: None, replies: VecDeque::new() };
        self.sockets.insert(origin.device.id.clone(), socket);
        if origin.device.dialect == Dialect::Seed {
            self.input(Input::DeviceConnected(origin.clone()), None);
        }
    }

    /// A frame came from a device.
    pub(super) fn receive(&mut self, device: &DeviceId, text: &str, knew_answered: Option<bool>) {
        let Some(socket) = self.sockets.get_mut(device) else { return };
        let origin = socket.origin.clone();
        let ClientFrame { id, command } = match read_client_frame(text) {
            Ok(frame) => frame,
            Err((_, error)) => super::violation::violated("codec", format!("{error}: {text}")),
        };
        if matches!(command, Command::Open(_)) {
            self.send(device, ServerMessage::Welcome(welcome(device)));
            if let Some(socket) = self.sockets.get_mut(device) {
                socket.seq = Some(0);
            }
            return self.input(Input::DeviceConnected(origin), None);
        }
        let id = id.filter(|_| origin.device.dialect == Dialect::Sdk);
        let given = socket.replies.iter().find(|reply| Some(reply.id) == id).cloned();
        if let Some(reply) = given {
            self.histogram.count("a command comes twice");
            return self.send(device, ServerMessage::Reply(reply));
        }
        let call = match &command {
            Command::Initiate(_) => None,
            _ => values::call_of(&command).cloned(),
        };
        let fresh = || {
            self.made += 1;
            values::call_id(&format!("call-{}", self.made))
        };
        let asked = Asked { device: device.clone(), id, call };
        match CallCommand::from_message(command, fresh) {
            Ok(Some(command)) => {
                self.checks.race(
                    &self.calls,
                    &origin,
                    &command,
                    knew_answered,
                    self.clock,
                    &mut self.histogram,
                );
                self.input(Input::Command { from: origin, command }, Some(asked));
            }
            Ok(None) => {}
            Err(refusal) => self.refuse(&asked, &refusal),
        }
    }

    /// A socket closed.
    pub(super) fn close(&mut self, device: &DeviceId) {
        if let Some(socket) = self.sockets.remove(device) {
            self.input(Input::DeviceGone(socket.origin), None);
            self.checks.gone(&self.calls, device);
        }
    }

    /// When the server has to look at a call.
    pub(super) fn deadline(&self) -> Option<Millis> {
        self.calls.values().filter_map(CallRecord::deadline).min()
    }

    /// Looks at the calls whose time has come.
    pub(super) fn look(&mut self) {
        let now = self.clock;
        let due = |call: &&CallRecord| call.deadline().is_some_and(|at| at <= now);
        while let Some(call) = self.calls.values().find(due).map(|call| call.id.clone()) {
            self.input(Input::Deadline { call }, None);
        }
        self.checks.in_time(&self.calls, now, &self.rules);
    }

    /// A timer fires, whose time may not have come.
    pub(super) fn fire(&mut self, call: CallId) {
        self.input(Input::Deadline { call }, None);
    }

    /// An input comes that follows from nothing.
    pub(super) fn inject(&mut self, input: Input) {
        self.input(input, None);
    }

    pub(super) fn is_at_rest(&self) -> bool {
        self.calls.is_empty() && self.users.is_empty() && self.sockets.is_empty()
    }

    /// Decides an input, and all that follows. A command is answered before its effects.
    fn input(&mut self, input: Input, asked: Option<Asked>) {
        let mut next = Some(input);
        let mut turns = 0;
        while let Some(input) = next.take() {
            turns += 1;
            super::violation::holds!("decide", turns < 5, "{input:?} is decided again and again");
            next = self.decide(input, asked.as_ref());
            while let Some(input) = self.pending.pop_front() {
                let again = self.decide(input, None);
                super::violation::holds!("decide", again.is_none(), "{again:?} is no command");
            }
        }
        self.checks.at_rest(&self.calls, &self.users, &self.rules, self.clock);
    }

    fn decide(&mut self, input: Input, asked: Option<&Asked>) -> Option<Input> {
        let id = input.call_id().cloned();
        let call = id.as_ref().and_then(|id| self.calls.get(id)).cloned();
        let users = touched_users(&input, call.as_ref())
            .into_iter()
            .map(|user| self.users.get(&user).cloned().unwrap_or_else(|| UserRecord::new(user)));
        let before = Records { call, users: users.collect() };
        let decided = decide(before.clone(), input.clone(), &self.now(), &self.rules);
        self.checks.look(&before, &input, &decided, self.clock, &self.rules, &mut self.histogram);
        let Decision { records, reply, effects, again } = match decided {
            Ok(decision) => decision,
            Err(refusal) => {
                let Some(asked) = asked else {
                    super::violation::violated("I6", format!("{input:?} is no command, and is refused"));
                };
                self.refuse(asked, &refusal);
                return None;
            }
        };
        if let (None, Some(Asked { device, id: Some(id), .. })) = (&again, asked) {
            self.reply(device, Reply { id: *id, ok: Some(Done::new(reply)), error: None });
        }
        match (id, records.call) {
            (Some(id), Some(call)) => drop(self.calls.insert(id, call)),
            (Some(id), None) => drop(self.calls.remove(&id)),
            (None, _) => {}
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
                Effect::Send { device, event, .. } => self.send(&device, ServerMessage::Event(event)),
                Effect::Then(input) => self.pending.push_back(input),
            }
        }
        again
    }

    fn refuse(&mut self, asked: &Asked, refusal: &Refusal) {
        if refusal.code == ErrorCode::AlreadyRinging {
            self.histogram.count("refused: already-ringing");
        }
        let call_id = refusal.call.clone().or_else(|| asked.call.clone());
        let error = ErrorInfo { code: refusal.code, message: refusal.message.into(), call_id };
        match asked.id {
            Some(id) => self.reply(&asked.device, Reply { id, ok: None, error: Some(error) }),
            None => self.send(&asked.device, ServerMessage::Error(error)),
        }
    }

    fn reply(&mut self, device: &DeviceId, reply: Reply) {
        if let Some(socket) = self.sockets.get_mut(device) {
            if socket.replies.len() == REMEMBERED {
                socket.replies.pop_front();
            }
            socket.replies.push_back(reply.clone());
        }
        self.send(device, ServerMessage::Reply(reply));
    }

    fn send(&mut self, device: &DeviceId, message: ServerMessage) {
        if let Some(socket) = self.sockets.get_mut(device) {
            socket.seq = socket.seq.map(|seq| seq + 1);
            let frame = ServerFrame { seq: socket.seq, message };
            self.sent.push((device.clone(), write_server_frame(&frame)));
        }
    }
}

fn welcome(device: &DeviceId) -> Welcome {
    Welcome {
        protocol: "lumencall.1".into(),
        device_id: device.clone(),
        secret: Private::new("s3cret"),
        resumed: false,
        ice_servers: vec![IceServer {
            urls: vec!["stun:stun.test".into()],
            username: None,
            credential: None,
        }],
    }
}
