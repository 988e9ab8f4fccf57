//! A server: `decide` over a store in memory, the sessions of its devices, and its end of every socket.

use std::collections::{BTreeMap, VecDeque};

use lumencall_core::machine::{
    Bounds, CallCommand, CallRecord, Decision, Device, Dialect, Effect, Input, Mailbox, Origin, Records,
    Refusal, Replies, Rules, UserRecord, decide, touched_users,
};
use lumencall_core::wire::{
    ClientFrame, Command, Done, ErrorInfo, Private, ServerFrame, ServerMessage, SessionOpen, Welcome,
    read_client_frame, write_server_frame,
};
use lumencall_core::{Call, CallId, DeviceId, ErrorCode, Millis, Now, Timestamp, UserId};

use crate::values::{call_id, welcoming};

/// Names a socket of a client of the SDK.
pub(crate) type Socket = u32;

/// What outlives the sockets of a device.
#[derive(Debug)]
struct Session {
    origin: Origin,
    secret: String,
    mailbox: Mailbox<String>,
    replies: Replies,
    /// How many frames have come in this session, the greeting aside.
    received: u32,
    socket: Option<Socket>,
}

/// A socket of a client of the SDK.
#[derive(Debug)]
struct Line {
    user: UserId,
    /// What the device is, once it has greeted.
    device: Option<DeviceId>,
    /// The welcome, on its way.
    welcome: Option<String>,
}

/// Who is to be answered: the device, the number that its command had, and the call that it named.
#[derive(Debug)]
struct Asked {
    device: DeviceId,
    number: Option<u32>,
    named: Option<CallId>,
}

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) calls: BTreeMap<CallId, CallRecord>,
    pub(crate) users: BTreeMap<UserId, UserRecord>,
    pub(crate) bounds: Bounds,
    /// What has been done, a line for each command of a client of the SDK.
    pub(crate) done: Vec<String>,
    sessions: BTreeMap<DeviceId, Session>,
    lines: BTreeMap<Socket, Line>,
    /// What is on its way to clients of the seed.
    outboxes: BTreeMap<DeviceId, VecDeque<String>>,
    rules: Rules,
    made: u32,
    devices: u32,
    sockets: Socket,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            calls: BTreeMap::new(),
            users: BTreeMap::new(),
            bounds: Bounds { frames: 256, bytes: 1 << 20 },
            done: Vec::new(),
            sessions: BTreeMap::new(),
            lines: BTreeMap::new(),
            outboxes: BTreeMap::new(),
            rules: Rules::default(),
            made: 0,
            devices: 0,
            sockets: 0,
        }
    }
}

/// Clients of the seed: a socket is a device, and there is no session.
impl Server {
    pub(crate) fn open(&mut self, device: &Origin, now: Millis) {
        assert_eq!(device.device.dialect, Dialect::Seed);
        self.outboxes.insert(device.device.id.clone(), VecDeque::new());
        self.decide(Input::DeviceConnected(device.clone()), None, now);
    }

    pub(crate) fn receive(&mut self, from: &Origin, text: &str, now: Millis) {
        let frame = read_client_frame(text).unwrap_or_else(|error| panic!("{error:?}: {text}"));
        self.command(from.clone(), frame, now);
    }

    pub(crate) fn next_for(&mut self, device: &Origin) -> Option<String> {
        self.outboxes.get_mut(&device.device.id)?.pop_front()
    }
}

/// Clients of the SDK.
impl Server {
    /// A socket opened.
    pub(crate) fn socket(&mut self, user: UserId) -> Socket {
        self.sockets += 1;
        self.lines.insert(self.sockets, Line { user, device: None, welcome: None });
        self.sockets
    }

    /// A frame came through a socket. One that was taken over, or closed, brings nothing any more.
    pub(crate) fn frame(&mut self, socket: Socket, text: &str, now: Millis) {
        let frame = read_client_frame(text).unwrap_or_else(|error| panic!("{error:?}: {text}"));
        let Some(line) = self.lines.get(&socket) else { return };
        let Some(device) = line.device.clone() else {
            let Command::Open(open) = frame.command else { panic!("{text} comes before session:open") };
            return self.greet(socket, open, now);
        };
        let session = self.sessions.get_mut(&device).expect("a socket that has greeted has a session");
        session.received += 1;
        let origin = session.origin.clone();
        if let Some(id) = frame.id {
            assert!(session.replies.given(id).is_none(), "I21: {text} comes twice");
        }
        self.done.push(format!("{} {}", origin.user.as_str(), crate::lines::sent(&frame)));
        match (&frame.command, frame.id) {
            (Command::Suspend(_), _) => {
                self.decide(Input::DeviceAway { device: origin, leaving: true }, None, now);
            }
            (Command::Ping(_) | Command::Authenticate(_), Some(id)) => {
                self.reply(&device, id, Ok(Done::new(None)))
            }
            (Command::IceServers(_), Some(id)) => {
                let done = Done { ice_servers: Some(Vec::new()), ..Done::new(None) };
                self.reply(&device, id, Ok(done));
            }
            _ => self.command(origin, frame, now),
        }
    }

    /// The first frame of a socket: its device goes on with its session, or is a new one.
    fn greet(&mut self, socket: Socket, open: SessionOpen, now: Millis) {
        let user = self.lines[&socket].user.clone();
        let shown = open.device_id.zip(open.resume);
        let known = shown.and_then(|(device, resume)| {
            let session = self.sessions.get_mut(&device)?;
            let is_theirs = session.secret == resume.secret.reveal() && session.origin.user == user;
            is_theirs.then(|| {
                let goes_on = resume.last_seq.is_some_and(|seq| session.mailbox.resume(seq));
                if !goes_on {
                    session.mailbox = Mailbox::default();
                    session.replies = Replies::default();
                    session.received = 0;
                }
                (session.origin.clone(), session.socket.replace(socket), goes_on)
            })
        });
        let (origin, resumed, calls) = match known {
            Some((origin, before, goes_on)) => {
                if let Some(before) = before {
                    self.lines.remove(&before);
                }
                self.decide(Input::DeviceBack { device: origin.clone(), anew: !goes_on }, None, now);
                let calls = (!goes_on).then(|| self.calls_of(&origin));
                (origin, goes_on, calls)
            }
            None => {
                self.devices += 1;
                let id = DeviceId::new(format!("{}.{}", user.as_str(), self.devices)).expect("it is an id");
                let origin = Origin { user, device: Device { id: id.clone(), dialect: Dialect::Sdk } };
                let session = Session {
                    origin: origin.clone(),
                    secret: format!("secret of {}", id.as_str()),
                    mailbox: Mailbox::default(),
                    replies: Replies::default(),
                    received: 0,
                    socket: Some(socket),
                };
                self.sessions.insert(id, session);
                self.decide(Input::DeviceConnected(origin.clone()), None, now);
                (origin, false, None)
            }
        };
        let session = &self.sessions[&origin.device.id];
        let welcome = Welcome {
            device_id: origin.device.id.clone(),
            secret: Private::new(session.secret.clone()),
            resumed,
            received: resumed.then_some(session.received),
            calls,
            ..welcoming(origin.user.as_str())
        };
        let message = ServerMessage::Welcome(welcome);
        let line = self.lines.get_mut(&socket).expect("it is open");
        line.device = Some(origin.device.id);
        line.welcome = Some(write_server_frame(&ServerFrame { seq: None, message }));
    }

    /// The calls in which a device has a part, as a welcome tells them.
    fn calls_of(&self, origin: &Origin) -> Vec<Call> {
        let part = |call: &CallRecord| {
            let member = call.member(&origin.user)?;
            if call.has_joined(&origin.user, &origin.device.id) {
                Some(call.snapshot(None))
            } else {
                member.devices().contains(&origin.device).then(|| call.ring())
            }
        };
        self.calls.values().filter_map(part).collect()
    }

    /// A socket is gone. `goodbye` is whether its device is gone for good.
    pub(crate) fn closed(&mut self, socket: Socket, goodbye: bool, now: Millis) {
        let Some(Line { device: Some(device), .. }) = self.lines.remove(&socket) else { return };
        let origin = self.sessions[&device].origin.clone();
        if goodbye {
            self.sessions.remove(&device);
            self.decide(Input::DeviceGone(origin), None, now);
        } else {
            if let Some(session) = self.sessions.get_mut(&device) {
                session.socket = None;
            }
            self.decide(Input::DeviceAway { device: origin, leaving: false }, None, now);
        }
    }

    /// Everything that the server knew is gone, and every socket with it.
    pub(crate) fn restarts(&mut self) {
        *self = Self { made: self.made, devices: self.devices, sockets: self.sockets, ..Self::default() };
    }

    /// What the device of this socket is, if it has greeted.
    pub(crate) fn device(&self, socket: Socket) -> Option<&Origin> {
        let device = self.lines.get(&socket)?.device.as_ref()?;
        Some(&self.sessions[device].origin)
    }

    /// Whether something is on its way through the socket.
    pub(crate) fn has_for(&self, socket: Socket) -> bool {
        self.lines.get(&socket).is_some_and(|line| {
            let waits = |device| !self.sessions[device].mailbox.is_drained();
            line.welcome.is_some() || line.device.as_ref().is_some_and(waits)
        })
    }

    /// What comes through the socket next.
    pub(crate) fn next_through(&mut self, socket: Socket) -> Option<String> {
        let line = self.lines.get_mut(&socket)?;
        if let Some(welcome) = line.welcome.take() {
            return Some(welcome);
        }
        self.sessions.get_mut(line.device.as_ref()?)?.mailbox.take().cloned()
    }

    /// How many sessions there are.
    pub(crate) fn sessions(&self) -> usize {
        self.sessions.len()
    }
}

impl Server {
    fn command(&mut self, from: Origin, ClientFrame { id, command }: ClientFrame, now: Millis) {
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
        self.decide(Input::Command { from, command }, Some(asked), now);
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
                self.reply(device, *id, Ok(Done::new(reply)));
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
            if user.is_idle() {
                self.users.remove(&user.user);
            } else {
                self.users.insert(user.user.clone(), user);
            }
        }
        Ok(decision)
    }

    /// Sends what is to be sent. Returns the inputs that follow.
    fn carry_out(&mut self, effects: Vec<Effect>) -> VecDeque<Input> {
        let mut following = VecDeque::new();
        for effect in effects {
            match effect {
                Effect::Send { device, event, .. } => self.send(&device, ServerMessage::Event(event)),
                Effect::Forget(origin) => {
                    if let Some(Session { socket: Some(socket), .. }) =
                        self.sessions.remove(&origin.device.id)
                    {
                        self.lines.remove(&socket);
                    }
                }
                Effect::Then(input) => following.push_back(input),
            }
        }
        following
    }

    fn refuse(&mut self, Asked { device, number, named }: Asked, refusal: Refusal) {
        let call_id = refusal.call.or(named);
        let error = ErrorInfo { code: refusal.code, message: refusal.message.into(), call_id };
        // A session stands as long as its socket does.
        assert_ne!(error.code, ErrorCode::SessionState, "{error:?}");
        match number {
            Some(id) => self.reply(&device, id, Err(error)),
            None => self.send(&device, ServerMessage::Error(error)),
        }
    }

    fn reply(&mut self, device: &DeviceId, id: u32, outcome: Result<Done, ErrorInfo>) {
        let Some(session) = self.sessions.get_mut(device) else { return };
        let reply = session.replies.remember(id, outcome);
        self.send(device, ServerMessage::Reply(reply));
    }

    fn send(&mut self, device: &DeviceId, message: ServerMessage) {
        if let Some(outbox) = self.outboxes.get_mut(device) {
            outbox.push_back(write_server_frame(&ServerFrame { seq: None, message }));
        } else if let Some(session) = self.sessions.get_mut(device) {
            let write = |seq| {
                let text = write_server_frame(&ServerFrame { seq: Some(seq), message });
                let size = text.len();
                (text, size)
            };
            // What comes of an overflow, the next resume shows.
            session.mailbox.put(&self.bounds, write).ok();
        }
    }

    /// When the server has to look at a call or a user.
    pub(crate) fn deadline(&self) -> Option<Millis> {
        let users = self.users.values().filter_map(|user| user.deadline(&self.rules));
        self.calls.values().filter_map(CallRecord::deadline).chain(users).min()
    }

    /// Looks at the calls and the users whose time has come.
    pub(crate) fn look(&mut self, now: Millis) {
        let due = |call: &&CallRecord| call.deadline().is_some_and(|at| at <= now);
        while let Some(call) = self.calls.values().find(due) {
            let call = call.id.clone();
            self.decide(Input::Deadline { call }, None, now);
        }
        let rules = self.rules;
        let due = |user: &&UserRecord| user.deadline(&rules).is_some_and(|at| at <= now);
        while let Some(user) = self.users.values().find(due) {
            let user = user.user.clone();
            self.decide(Input::UserDeadline(user), None, now);
        }
    }
}
