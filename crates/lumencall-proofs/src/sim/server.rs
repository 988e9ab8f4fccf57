//! The server: `decide` over a store in memory, the sessions of its devices, and its end of every socket.

use std::collections::{BTreeMap, VecDeque};

use lumencall_core::machine::{
    Bounds, CallCommand, CallRecord, Decision, Device, Dialect, Effect, Input, Origin, Records, Refusal,
    Rules, UserRecord, decide, touched_users,
};
use lumencall_core::wire::{
    Command, Done, ErrorInfo, Hangup, IceServer, Private, Reply, ServerFrame, ServerMessage, SessionOpen,
    Welcome, read_client_frame, write_server_frame,
};
use lumencall_core::{Call, CallId, DeviceId, ErrorCode, Millis, Now, Timestamp, UserId};

use super::decisions::Decisions;
use super::histogram::Histogram;
use super::sessions::Session;
use super::values;

/// What a socket is closed with when another of its device takes over.
pub(super) const TAKEN_OVER: u16 = 4502;

/// What a socket is closed with whose session is over.
const OVER: u16 = 4003;

/// For how many seconds the ICE servers of a welcome are good: some runs see them expire.
const ICE_SERVERS_EXPIRE: u32 = 300;

/// The server's end of a socket.
#[derive(Debug)]
struct Line {
    name: String,
    user: UserId,
    dialect: Dialect,
    /// What its device is, once it has greeted.
    device: Option<DeviceId>,
}

/// What goes down a socket.
#[derive(Clone, Debug)]
pub(super) enum Down {
    Frame(String),
    Close(u16),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) calls: BTreeMap<CallId, CallRecord>,
    pub(super) users: BTreeMap<UserId, UserRecord>,
    pub(super) checks: Decisions,
    pub(super) histogram: Histogram,
    pub(super) clock: Millis,
    /// By how much the wall clock is off.
    pub(super) wall: u64,
    /// What is to be sent, in order, each through a socket.
    pub(super) sent: Vec<(u64, Down)>,
    sessions: BTreeMap<DeviceId, Session>,
    lines: BTreeMap<u64, Line>,
    pending: VecDeque<Input>,
    rules: Rules,
    bounds: Bounds,
    /// How many calls, devices and sessions there were.
    made: u32,
    devices: u32,
    born: u64,
}

/// How the command that is being decided is answered.
#[derive(Clone, Debug)]
struct Asked {
    device: DeviceId,
    id: Option<u32>,
    call: Option<CallId>,
}

impl Server {
    /// A server at which nobody is, at this time, with mailboxes of this many frames.
    pub(super) fn at(clock: Millis, frames: usize) -> Self {
        Self {
            calls: BTreeMap::new(),
            users: BTreeMap::new(),
            checks: Decisions::default(),
            histogram: Histogram::default(),
            clock,
            wall: 0,
            sent: Vec::new(),
            sessions: BTreeMap::new(),
            lines: BTreeMap::new(),
            pending: VecDeque::new(),
            rules: Rules::default(),
            bounds: Bounds { frames, bytes: 1 << 20 },
            made: 0,
            devices: 0,
            born: 0,
        }
    }

    fn now(&self) -> Now {
        // Of one length, so that a run differs by nothing else when the wall clock is another.
        Now {
            clock: self.clock,
            wall: Timestamp(format!("t{:020}", self.clock.wrapping_add(self.wall)).into()),
        }
    }

    /// A socket opened. A client of the seed is there at once; one of the SDK when it has greeted.
    pub(super) fn open(&mut self, socket: u64, name: &str, user: &UserId, dialect: Dialect) {
        let line = Line { name: name.to_owned(), user: user.clone(), dialect, device: None };
        self.lines.insert(socket, line);
        if dialect == Dialect::Seed {
            let origin = self.new_device(socket);
            self.input(Input::DeviceConnected(origin), None);
        }
    }

    /// A device that was not there before has this socket.
    fn new_device(&mut self, socket: u64) -> Origin {
        self.devices += 1;
        let line = self.lines.get_mut(&socket).expect("the socket is open");
        let id = format!("{}.{}", line.name, self.devices);
        let id = DeviceId::new(id).expect("a name is short and not empty");
        line.device = Some(id.clone());
        Origin { user: line.user.clone(), device: Device { id, dialect: line.dialect } }
    }

    /// The device of a socket that lives, if it has greeted.
    pub(super) fn origin(&self, socket: u64) -> Option<Origin> {
        let line = self.lines.get(&socket)?;
        let id = line.device.clone()?;
        Some(Origin { user: line.user.clone(), device: Device { id, dialect: line.dialect } })
    }

    /// The session that a socket serves.
    pub(super) fn session(&self, socket: u64) -> Option<&Session> {
        self.sessions.get(self.lines.get(&socket)?.device.as_ref()?)
    }

    /// A frame came through a socket. One that was taken over, or closed, brings nothing any more.
    pub(super) fn receive(&mut self, socket: u64, text: &str, knew_answered: Option<bool>) {
        let Some(line) = self.lines.get(&socket) else { return };
        let frame = match read_client_frame(text) {
            Ok(frame) => frame,
            Err((_, error)) => super::violation::violated("codec", format!("{error}: {text}")),
        };
        let Some(origin) = self.origin(socket) else {
            if let Command::Open(open) = frame.command {
                let user = line.user.clone();
                self.greet(socket, &user, &open);
            }
            return;
        };
        let device = origin.device.id.clone();
        let id = frame.id.filter(|_| origin.device.dialect == Dialect::Sdk);
        if let Some(session) = self.sessions.get_mut(&device) {
            session.received += 1;
            if let Some(id) = id {
                if let Some(reply) = session.replies.given(id) {
                    self.histogram.count("a command comes twice");
                    return self.put(&device, ServerMessage::Reply(reply));
                }
                if session.replies.is_too_old(id) {
                    return;
                }
                session.does(id, text);
            }
        }
        self.carry_out(origin, id, frame.command, knew_answered);
    }

    fn carry_out(&mut self, origin: Origin, id: Option<u32>, command: Command, knew_answered: Option<bool>) {
        let device = origin.device.id.clone();
        let call = command.call_id().cloned();
        let asked = Asked { device, id, call };
        if origin.device.dialect == Dialect::Sdk {
            let done = match &command {
                Command::Ping(_) | Command::Authenticate(_) | Command::Suspend(_) => Some(Done::new(None)),
                Command::IceServers(_) => Some(Done {
                    ice_servers: Some(ice_servers()),
                    ice_servers_expire_in: Some(ICE_SERVERS_EXPIRE),
                    ..Done::new(None)
                }),
                Command::Open(_)
                | Command::Initiate(_)
                | Command::Respond(_)
                | Command::Hangup(_)
                | Command::MediaToggle(_)
                | Command::AddParticipant(_)
                | Command::RemoveParticipant(_)
                | Command::Offer(_)
                | Command::Answer(_)
                | Command::Candidate(_)
                | Command::Rejoin(_)
                | Command::Report(_) => None,
            };
            if let Some(done) = done {
                if let Some(id) = id {
                    self.reply(&asked.device, id, Ok(done));
                }
                if matches!(command, Command::Suspend(_)) {
                    if let Some(session) = self.sessions.get_mut(&asked.device) {
                        session.is_left();
                    }
                    self.input(Input::DeviceAway { device: origin, leaving: true }, None);
                }
                return;
            }
        }
        let fresh = || {
            self.made += 1;
            values::call_id(&format!("call-{}", self.made))
        };
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
                let rejoins = matches!(command, CallCommand::Rejoin(_));
                self.input(Input::Command { from: origin, command }, Some(&asked));
                if rejoins && let Some(session) = self.sessions.get_mut(&asked.device) {
                    session.takes_place();
                }
            }
            Ok(None) => {}
            Err(refusal) => self.refuse(&asked, &refusal),
        }
    }

    /// The first frame of a socket: its device goes on with its session, is known, or is a new one.
    fn greet(&mut self, socket: u64, user: &UserId, open: &SessionOpen) {
        let shown = open.device_id.as_ref().zip(open.resume.as_ref());
        let known = shown.filter(|(device, resume)| {
            self.sessions.get(device).is_some_and(|session| session.is_shown_by(user, resume))
        });
        let Some((id, resume)) = known else {
            if shown.is_some() {
                self.histogram.count("the server knows the device no longer");
            }
            let origin = self.new_device(socket);
            self.born += 1;
            let session = Session::new(origin.clone(), self.born, socket);
            self.sessions.insert(origin.device.id.clone(), session);
            self.say(socket, ServerMessage::Welcome(self.welcome(&origin, None, None)));
            return self.input(Input::DeviceConnected(origin), None);
        };
        let id = id.clone();
        let (clock, born) = (self.clock, self.born + 1);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let origin = session.origin.clone();
        if let Some(before) = session.socket.take() {
            self.lines.remove(&before);
            self.sent.push((before, Down::Close(TAKEN_OVER)));
            self.histogram.count("takeover");
        }
        let again = session.resume(resume);
        match (again, resume.last_seq) {
            (Some(again), _) => {
                self.histogram.count("resumed");
                if again > 0 || session.waits() {
                    self.histogram.count("resumed: the server sends what was missed");
                }
            }
            (None, Some(_)) => self.histogram.count("more was missed than the mailbox holds"),
            (None, None) => self.histogram.count("another page"),
        }
        if again.is_none() {
            session.begin_anew(born, resume);
            self.born = born;
        }
        let received = again.map(|_| session.received);
        session.is_back(again.is_none(), socket, clock);
        if let Some(line) = self.lines.get_mut(&socket) {
            line.device = Some(id);
        }
        // What follows from it goes through the mailbox, after the welcome.
        let at = self.sent.len();
        self.input(Input::DeviceBack { device: origin.clone(), anew: again.is_none() }, None);
        let calls = again.is_none().then(|| self.calls_of(&origin));
        let welcome = ServerMessage::Welcome(self.welcome(&origin, received, calls));
        self.say(socket, welcome);
        let welcome = self.sent.pop();
        self.sent.splice(at..at, welcome);
        self.pump(&origin.device.id);
    }

    /// The calls in which a device has a part, as a welcome tells them.
    fn calls_of(&self, origin: &Origin) -> Vec<Call> {
        let part = |call: &CallRecord| {
            if call.has_joined(&origin.user, &origin.device.id) {
                return Some(call.snapshot(None));
            }
            call.member(&origin.user)?.devices().contains(&origin.device).then(|| call.ring())
        };
        self.calls.values().filter_map(part).collect()
    }

    fn welcome(&self, origin: &Origin, received: Option<u32>, calls: Option<Vec<Call>>) -> Welcome {
        let secret = self.sessions.get(&origin.device.id).map(|session| session.secret.clone());
        Welcome {
            protocol: "lumencall.1".into(),
            user_id: origin.user.clone(),
            device_id: origin.device.id.clone(),
            secret: Private::new(secret.unwrap_or_default()),
            resumed: received.is_some(),
            received,
            calls,
            ice_servers: ice_servers(),
            ice_servers_expire_in: Some(ICE_SERVERS_EXPIRE),
            token_expires_in: None,
        }
    }

    /// The device of this socket has had the frames up to this number.
    pub(super) fn acknowledge(&mut self, socket: u64, number: u32) {
        let Some(device) = self.lines.get(&socket).and_then(|line| line.device.clone()) else { return };
        if let Some(session) = self.sessions.get_mut(&device) {
            session.acknowledge(number);
        }
    }

    /// A socket closed. `goodbye` is whether its device said that it is gone for good.
    pub(super) fn close(&mut self, socket: u64, goodbye: bool) {
        let origin = self.origin(socket);
        let Some((_, origin)) = self.lines.remove(&socket).zip(origin) else { return };
        let id = origin.device.id.clone();
        match origin.device.dialect {
            Dialect::Sdk if !goodbye => {
                if let Some(session) = self.sessions.get_mut(&id) {
                    session.goes_away(self.clock);
                }
                return self.input(Input::DeviceAway { device: origin, leaving: false }, None);
            }
            Dialect::Sdk => {
                let engaged = self.users.get(&origin.user).and_then(|user| user.engaged_with(&id));
                if let Some(call_id) = engaged.map(|engaged| engaged.call.clone()) {
                    // It is no mistake to say so before it goes.
                    let command = CallCommand::Hangup(Hangup { call_id });
                    self.input(Input::Command { from: origin.clone(), command }, None);
                }
                self.sessions.remove(&id);
            }
            Dialect::Seed => {}
        }
        self.input(Input::DeviceGone(origin), None);
        self.checks.gone(&self.calls, &id);
    }

    /// Everything that it knew is gone, and every socket with it.
    pub(super) fn restart(&mut self) {
        if !self.sessions.is_empty() {
            self.histogram.count("restart");
        }
        self.checks.forget(&self.calls);
        self.calls.clear();
        self.users.clear();
        self.sessions.clear();
        self.lines.clear();
        self.sent.clear();
    }

    /// When the server has to look at a call or a user.
    pub(super) fn deadline(&self) -> Option<Millis> {
        let users = self.users.values().filter_map(|user| user.deadline(&self.rules));
        self.calls.values().filter_map(CallRecord::deadline).chain(users).min()
    }

    /// Looks at the calls and the users whose time has come.
    pub(super) fn look(&mut self) {
        let now = self.clock;
        let due = |call: &&CallRecord| call.deadline().is_some_and(|at| at <= now);
        while let Some(call) = self.calls.values().find(due).map(|call| call.id.clone()) {
            self.input(Input::Deadline { call }, None);
        }
        let rules = self.rules;
        let due = |user: &&UserRecord| user.deadline(&rules).is_some_and(|at| at <= now);
        while let Some(user) = self.users.values().find(due).map(|user| user.user.clone()) {
            self.input(Input::UserDeadline(user), None);
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

    /// Whether nothing is left of anybody.
    pub(super) fn is_at_rest(&self) -> bool {
        self.calls.is_empty() && self.users.is_empty() && self.sessions.is_empty() && self.lines.is_empty()
    }

    /// Decides an input, and all that follows. A command is answered before its effects.
    fn input(&mut self, input: Input, asked: Option<&Asked>) {
        let mut next = Some(input);
        let mut turns = 0;
        while let Some(input) = next.take() {
            turns += 1;
            super::violation::holds!("decide", turns < 5, "{input:?} is decided again and again");
            next = self.decide(input, asked);
            while let Some(input) = self.pending.pop_front() {
                let again = self.decide(input, None);
                super::violation::holds!("decide", again.is_none(), "{again:?} is no command");
            }
        }
        self.checks.at_rest(&self.calls, &self.users, &self.rules, self.clock);
        for session in self.sessions.values_mut() {
            let user = self.users.get(&session.origin.user);
            session.is_in_time(user, self.clock, &self.rules);
        }
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
            self.reply(device, *id, Ok(Done::new(reply)));
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
                Effect::Send { device, event, .. } => self.put(&device, ServerMessage::Event(event)),
                Effect::Forget(origin) => self.forget(&origin),
                Effect::Then(input) => self.pending.push_back(input),
            }
        }
        again
    }

    /// A device is gone for good.
    fn forget(&mut self, origin: &Origin) {
        if let Some(Session { socket: Some(socket), .. }) = self.sessions.remove(&origin.device.id) {
            self.lines.remove(&socket);
            self.sent.push((socket, Down::Close(OVER)));
        }
    }

    fn refuse(&mut self, asked: &Asked, refusal: &Refusal) {
        if refusal.code == ErrorCode::AlreadyRinging {
            self.histogram.count("refused: already-ringing");
        }
        let call_id = refusal.call.clone().or_else(|| asked.call.clone());
        let error = ErrorInfo { code: refusal.code, message: refusal.message.into(), call_id };
        match asked.id {
            Some(id) => self.reply(&asked.device, id, Err(error)),
            None => self.put(&asked.device, ServerMessage::Error(error)),
        }
    }

    fn reply(&mut self, device: &DeviceId, id: u32, outcome: Result<Done, ErrorInfo>) {
        if let Some(session) = self.sessions.get_mut(device) {
            let reply: Reply = session.replies.remember(id, outcome);
            self.put(device, ServerMessage::Reply(reply));
        }
    }

    /// Puts a message on its way to a device: through its mailbox; a client of the seed has none.
    fn put(&mut self, device: &DeviceId, message: ServerMessage) {
        if let Some(session) = self.sessions.get_mut(device) {
            session.put(&self.bounds, message);
            return self.pump(device);
        }
        let socket = self.lines.iter().find(|(_, line)| line.device.as_ref() == Some(device));
        if let Some(socket) = socket.map(|(socket, _)| *socket) {
            self.say(socket, message);
        }
    }

    /// Writes what waits in the mailbox of a device, if it has a socket.
    fn pump(&mut self, device: &DeviceId) {
        let Some(session) = self.sessions.get_mut(device) else { return };
        let Some(socket) = session.socket else { return };
        while let Some(frame) = session.take() {
            self.sent.push((socket, Down::Frame(frame)));
        }
    }

    /// Writes a message without a number.
    fn say(&mut self, socket: u64, message: ServerMessage) {
        let text = write_server_frame(&ServerFrame { seq: None, message });
        self.sent.push((socket, Down::Frame(text)));
    }
}

fn ice_servers() -> Vec<IceServer> {
    vec![IceServer { urls: vec!["stun:stun.test".into()], username: None, credential: None }]
}
