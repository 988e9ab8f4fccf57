//! Devices, the server, and the network between them, with a clock of their own.
//!
//! Whatever is to happen stands in a queue by its time. A network delays: frames of one socket stay in their order, those
//! of two do not. How long, hangs on the seed, the socket and the frame's number alone.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem;

use lumencall_core::machine::{Device as Known, Origin};
use lumencall_core::session::{Action, Event};
use lumencall_core::wire::{
    ClientFrame, Command, ConnectionState, DescriptionType, MediaToggle, ServerMessage, SessionOpen,
    read_server_frame, write_client_frame,
};
use lumencall_core::{CallId, CallState, DeviceId, Millis, UserId};

use super::browser::{CANDIDATES, Job};
use super::chance::draw;
use super::device::{Client, Device, Socket, Want};
use super::schedule::{Act, Cast, Kind, Step};
use super::server::Server;
use super::violation::holds;
use super::{browser, values};

/// Where the clocks begin, so that one that is behind is not before its beginning.
const BEGINNING: Millis = 10 * 24 * 3_600_000;

/// What is to happen.
#[derive(Debug)]
pub(super) enum What {
    Step(Step),
    Want {
        device: usize,
        want: Want,
    },
    Opens {
        device: usize,
        page: u32,
    },
    Up {
        device: usize,
        socket: u64,
        sent: Sent,
    },
    Down {
        device: usize,
        socket: u64,
        text: String,
    },
    Browser {
        device: usize,
        peer: u64,
        job: Job,
    },
    /// The server notices that a socket is dead.
    Noticed(DeviceId),
}

#[derive(Debug)]
pub(super) enum Sent {
    Frame { text: String, knew_answered: Option<bool> },
    Close(DeviceId),
}

/// See the module.
#[derive(Debug)]
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) clock: Millis,
    pub(super) server: Server,
    pub(super) devices: Vec<Device>,
    queue: BTreeMap<(Millis, u64), What>,
    queued: u64,
    /// How many frames and steps of browsers are on their way.
    flying: usize,
    sockets: u64,
    peers: u64,
    /// How many things have happened.
    pub(super) events: u64,
    digest: DefaultHasher,
    /// What happened, a line each; nothing where nobody asked.
    pub(super) trace: Option<Vec<String>>,
}

/// How the clocks of a run are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clocks {
    /// Each device's is a day off at most, and the server's wall clock is set anew now and then.
    Wrong,
    /// All are right.
    Right,
}

impl World {
    pub(super) fn new(seed: u64, cast: &Cast, steps: &[Step], clocks: Clocks) -> Self {
        let mut world = Self {
            seed,
            clock: BEGINNING,
            server: Server::default(),
            devices: Vec::new(),
            queue: BTreeMap::new(),
            queued: 0,
            flying: 0,
            sockets: 0,
            peers: 0,
            events: 0,
            digest: DefaultHasher::new(),
            trace: None,
        };
        for (number, kinds) in cast.users.iter().enumerate() {
            for (index, kind) in kinds.iter().enumerate() {
                let day = 24 * 3_600_000;
                let ahead = match clocks {
                    Clocks::Wrong => draw(&[seed, number as u64, index as u64]) % (2 * day),
                    Clocks::Right => day,
                };
                let user = values::user_id(&format!("u{number}"));
                world.devices.push(Device::new(format!("u{number}/{index}"), user, *kind, ahead));
            }
        }
        for device in 0..world.devices.len() {
            // Most are there from the beginning.
            if !draw(&[seed, 1, device as u64]).is_multiple_of(8) {
                world.connect(device);
            }
        }
        for step in steps {
            if clocks == Clocks::Wrong || step.act != Act::SetWallClock {
                world.queue_at(BEGINNING + step.at, What::Step(*step));
            }
        }
        world
    }

    pub(super) fn queue_at(&mut self, at: Millis, what: What) {
        self.queued += 1;
        self.flying += usize::from(what.flies());
        self.queue.insert((at.max(self.clock), self.queued), what);
    }

    pub(super) fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{:>9} {}", self.clock - BEGINNING, line()));
        }
    }

    /// What hangs on everything that happened, and on no clock but the simulation's.
    pub(super) fn digest(&self) -> u64 {
        self.digest.finish()
    }

    /// Everything happens that is to happen until then.
    pub(super) fn run_until(&mut self, end: Millis) {
        let end = BEGINNING + end;
        loop {
            let timers = self.devices.iter().filter_map(|device| match &device.client {
                Client::Sdk(session) => Some(session.poll_timeout()? - device.ahead),
                Client::Plain(_) => None,
            });
            let timer = timers.chain(self.server.deadline()).min();
            let next = self.queue.first_key_value().map(|((at, _), _)| *at);
            let Some(at) = timer.into_iter().chain(next).min().filter(|at| *at <= end) else { break };
            self.clock = at.max(self.clock);
            self.server.clock = self.clock;
            self.events += 1;
            if next.is_some_and(|next| timer.is_none_or(|timer| next < timer)) {
                if let Some((_, what)) = self.queue.pop_first() {
                    self.flying -= usize::from(what.flies());
                    self.happen(what);
                }
            } else {
                self.timers();
            }
            self.post();
            if self.flying == 0 {
                self.agree();
            }
        }
        self.clock = end.max(self.clock);
        self.server.clock = self.clock;
    }

    fn timers(&mut self) {
        if self.server.deadline().is_some_and(|at| at <= self.clock) {
            self.note(|| "the server looks".to_owned());
            self.server.look();
        }
        for index in 0..self.devices.len() {
            let now = self.clock + self.devices[index].ahead;
            if let Client::Sdk(session) = &mut self.devices[index].client
                && session.poll_timeout().is_some_and(|at| at <= now)
            {
                session.handle_timeout(now);
                self.drain(index);
            }
        }
    }

    fn happen(&mut self, what: What) {
        match what {
            What::Step(step) => self.step(&step),
            What::Want { device, want } => self.want(device, want),
            What::Opens { device, page } => self.opens(device, page),
            What::Up { device, socket, sent } => self.arrives(device, socket, sent),
            What::Down { device, socket, text } => self.comes(device, socket, &text),
            What::Browser { device, peer, job } => self.work(device, peer, job),
            What::Noticed(device) => {
                self.note(|| format!("the server notices that {} is gone", device.as_str()));
                self.server.close(&device);
            }
        }
    }

    /// What the server has sent goes on its way.
    fn post(&mut self) {
        for (device, text) in mem::take(&mut self.server.sent) {
            (self.clock, device.as_str(), text.len()).hash(&mut self.digest);
            let known = |index: &Device| {
                index.socket.as_ref().is_some_and(|socket| socket.origin.device.id == device)
            };
            // What is sent over a dead socket is lost.
            let Some(index) = self.devices.iter().position(known) else { continue };
            let (seed, clock) = (self.seed, self.clock);
            let Some(socket) = &mut self.devices[index].socket else { continue };
            socket.frames += 1;
            socket.down = socket.down.max(clock + delay(seed, socket.number, socket.frames));
            let (at, socket) = (socket.down, socket.number);
            self.queue_at(at, What::Down { device: index, socket, text });
        }
    }

    // The network.

    pub(super) fn connect(&mut self, index: usize) {
        let now = self.clock + self.devices[index].ahead;
        let device = &mut self.devices[index];
        match &mut device.client {
            Client::Sdk(session) => {
                let ticket = session.connect(now);
                device.watch.ordered(ticket);
                self.drain(index);
            }
            Client::Plain(_) => self.open_socket(index),
        }
    }

    fn open_socket(&mut self, index: usize) {
        let device = &mut self.devices[index];
        if device.socket.is_none() && !device.opening {
            device.opening = true;
            let page = device.pages;
            let at = self.clock + 20 + draw(&[self.seed, 2, index as u64, self.clock]) % 200;
            self.queue_at(at, What::Opens { device: index, page });
        }
    }

    fn opens(&mut self, index: usize, page: u32) {
        let device = &mut self.devices[index];
        if device.pages != page || !device.opening {
            return;
        }
        device.opening = false;
        self.sockets += 1;
        let id = DeviceId::new(format!("{}.{}", device.name, self.sockets))
            .expect("a name is short and not empty");
        let origin = Origin { user: device.user.clone(), device: Known { id, dialect: device.dialect() } };
        self.server.open(&origin);
        let socket = Socket { number: self.sockets, origin, up: 0, down: 0, frames: 0, seq: None };
        device.socket = Some(socket);
        let name = device.name.clone();
        match (&mut device.client, device.kind) {
            (Client::Sdk(session), _) => {
                session.handle_socket_open();
                self.drain(index);
            }
            (Client::Plain(_), Kind::Wild) => {
                let open = Command::Open(SessionOpen { device_id: None, resume: None });
                self.send(index, &ClientFrame { id: None, command: open });
            }
            (Client::Plain(_), Kind::Seed | Kind::Sdk) => {}
        }
        self.note(|| format!("{name} has a socket"));
    }

    pub(super) fn send(&mut self, index: usize, frame: &ClientFrame) {
        let knew = values::call_of(&frame.command).and_then(|call| self.devices[index].knows(call));
        let knew_answered = knew.map(is_answered);
        let text = write_client_frame(frame);
        self.note_frame(index, '>', &text);
        self.put_up(index, Sent::Frame { text, knew_answered });
    }

    fn note_frame(&mut self, index: usize, way: char, text: &str) {
        if self.trace.is_some() {
            let name = self.devices[index].name.clone();
            let end = text.char_indices().nth(260).map_or(text.len(), |(end, _)| end);
            self.note(|| format!("{name} {way} {}", &text[..end]));
        }
    }

    fn put_up(&mut self, index: usize, sent: Sent) {
        let (seed, clock) = (self.seed, self.clock);
        let Some(socket) = &mut self.devices[index].socket else { return };
        socket.frames += 1;
        socket.up = socket.up.max(clock + delay(seed, socket.number, socket.frames));
        let (at, socket) = (socket.up, socket.number);
        self.queue_at(at, What::Up { device: index, socket, sent });
    }

    /// A frame reaches the server, or the news that the socket is closed.
    fn arrives(&mut self, index: usize, socket: u64, sent: Sent) {
        match sent {
            Sent::Frame { text, knew_answered } => {
                let name = &self.devices[index].name;
                let id = DeviceId::new(format!("{name}.{socket}")).expect("a name is short and not empty");
                self.server.receive(&id, &text, knew_answered);
            }
            Sent::Close(device) => self.server.close(&device),
        }
    }

    /// A frame reaches a device.
    fn comes(&mut self, index: usize, socket: u64, text: &str) {
        let device = &mut self.devices[index];
        let Some(end) = device.socket.as_mut().filter(|end| end.number == socket) else { return };
        let frame = match read_server_frame(text) {
            Ok(frame) => frame,
            Err(error) => super::violation::violated("codec", format!("{error}: {text}")),
        };
        if let Some(seq) = frame.seq {
            let next = end.seq.map_or(1, |last| last + 1);
            holds!("I18", seq == next, "frame {seq} comes where {next} should");
            end.seq = Some(seq);
        }
        self.note_frame(index, '<', text);
        let device = &mut self.devices[index];
        if let ServerMessage::Event(event) = &frame.message {
            device.watch.signal(event, device.kind == Kind::Sdk);
        }
        match &mut device.client {
            Client::Sdk(session) => {
                session.handle_frame(frame);
                self.drain(index);
            }
            Client::Plain(_) => self.plain(index, frame),
        }
    }

    /// The socket breaks, and nobody is told but the device.
    pub(super) fn cut(&mut self, index: usize) {
        let Some(socket) = self.devices[index].socket.take() else { return };
        let lost: Vec<_> = self
            .queue
            .iter()
            .filter(|(_, what)| matches!(what, What::Up { socket: number, .. } if *number == socket.number))
            .map(|(key, _)| *key)
            .collect();
        self.flying -= lost.len();
        for key in lost {
            self.queue.remove(&key);
        }
        let notice = [5, 300, 12_000, 35_000][(draw(&[self.seed, 3, socket.number]) % 4) as usize];
        self.queue_at(self.clock + notice, What::Noticed(socket.origin.device.id));
    }

    pub(super) fn lose(&mut self, index: usize) {
        if self.devices[index].socket.is_none() {
            return;
        }
        self.cut(index);
        let device = &mut self.devices[index];
        match &mut device.client {
            Client::Sdk(session) => {
                session.handle_socket_closed();
                self.drain(index);
                self.devices[index].watch.socket_closed();
            }
            Client::Plain(_) => device.crash(),
        }
    }

    // What a session asks for.

    pub(super) fn drain(&mut self, index: usize) {
        while let Client::Sdk(session) = &mut self.devices[index].client {
            let Some(action) = session.poll_action() else { break };
            (self.clock, index, mem::discriminant(&action)).hash(&mut self.digest);
            if let Action::Emit(Event::Call(event)) = &action {
                self.devices[index].watch.ends_released(event);
            }
            self.devices[index].watch.saw(&action);
            if self.trace.is_some() {
                let name = self.devices[index].name.clone();
                self.note(|| format!("{name}   {action:?}"));
            }
            self.carry_out(index, action);
        }
    }

    fn carry_out(&mut self, index: usize, action: Action) {
        match action {
            Action::OpenSocket => self.open_socket(index),
            Action::CloseSocket => {
                let device = &mut self.devices[index];
                device.opening = false;
                if let Some(socket) = &device.socket {
                    let id = socket.origin.device.id.clone();
                    self.put_up(index, Sent::Close(id));
                    self.devices[index].socket = None;
                }
            }
            Action::Send(frame) => self.send(index, &frame),
            Action::UseIceServers(_) | Action::Log { .. } | Action::Emit(_) => {}
            Action::Settle { ticket, result } => {
                let device = &mut self.devices[index];
                let number =
                    device.tickets.iter().find(|(_, (known, _))| *known == ticket).map(|(number, _)| *number);
                let Some((_, want)) = number.and_then(|number| device.tickets.remove(&number)) else {
                    return;
                };
                // One that is refused here says nothing of one that is under way.
                let under_way = |call: &CallId| {
                    device
                        .tickets
                        .values()
                        .any(|(_, want)| matches!(want, Want::Accept(other) if other == call))
                };
                if let Want::Accept(call) = &want
                    && !under_way(call)
                {
                    device.watch.accepted(call);
                }
                match want {
                    Want::Initiate { .. } => {
                        let waits =
                            device.tickets.values().any(|(_, want)| matches!(want, Want::Initiate { .. }));
                        if !waits {
                            device
                                .watch
                                .answered(result.as_ref().ok().and_then(Option::as_ref).map(|call| &call.id));
                        }
                    }
                    Want::Accept(call)
                    | Want::Add(call, _)
                    | Want::Remove(call, _)
                    | Want::Toggle(MediaToggle { call_id: call, .. }) => {
                        let timeout = matches!(&result, Err(failure) if failure.code.as_str() == "timeout");
                        if device.knows(&call).is_none() && !timeout && device.socket.is_some() {
                            self.server.histogram.count("a reply comes after the end");
                        }
                    }
                    Want::Reject(_) | Want::Hangup(_) => {}
                }
            }
            Action::OpenPeer { call, user, .. } => {
                self.peers += 1;
                self.devices[index].browser.open(self.peers, &call, &user);
            }
            Action::Offer { call, user } => {
                self.work_later(index, &call, &user, Job::Describe(DescriptionType::Offer))
            }
            Action::Answer { call, user, offer } => {
                self.work_later(
                    index,
                    &call,
                    &user,
                    Job::Apply(DescriptionType::Offer, browser::read(offer.reveal())),
                );
                self.work_later(index, &call, &user, Job::Describe(DescriptionType::Answer));
            }
            Action::ApplyAnswer { call, user, answer } => {
                let name = browser::read(answer.reveal());
                self.work_later(index, &call, &user, Job::Apply(DescriptionType::Answer, name));
            }
            Action::AddCandidate { candidate, user } => {
                self.devices[index].browser.add(&candidate, &user);
                self.connects(index, &candidate.call_id, &user);
            }
            Action::ClosePeer { call, user } => self.devices[index].browser.close(&call, &user),
            Action::Release { call } => self.devices[index].browser.release(&call),
        }
    }

    // The browser.

    pub(super) fn work_later(&mut self, index: usize, call: &CallId, user: &UserId, job: Job) {
        let (seed, clock) = (self.seed, self.clock);
        let Some(peer) = self.devices[index].browser.peer(call, user) else { return };
        peer.steps += 1;
        let time = 1 + draw(&[seed, 4, peer.number, peer.steps]) % 60;
        peer.busy_until = peer.busy_until.max(clock) + time;
        let (at, peer) = (peer.busy_until, peer.number);
        self.queue_at(at, What::Browser { device: index, peer, job });
    }

    fn connects(&mut self, index: usize, call: &CallId, user: &UserId) {
        let Some(peer) = self.devices[index].browser.peer(call, user) else { return };
        // Some never find a path.
        if draw(&[self.seed, 5, peer.number]).is_multiple_of(25) {
            peer.spoilt = true;
        }
        if peer.connects() {
            self.work_later(index, call, user, Job::Stands(ConnectionState::Connected));
        }
    }

    fn work(&mut self, index: usize, number: u64, job: Job) {
        let broken = self.devices[index].browser.broken;
        let name = matches!(job, Job::Describe(_)).then(|| self.devices[index].describe());
        let Device { client, browser, watch, .. } = &mut self.devices[index];
        let (Client::Sdk(session), Some(peer)) = (client, browser.numbered(number)) else { return };
        let (call, user) = (peer.call.clone(), peer.user.clone());
        match job {
            Job::Describe(kind) => {
                let name = name.unwrap_or_default();
                // What an offer rolls back, and what an answer has no offer for, cannot be made.
                let odd = kind == DescriptionType::Answer && peer.remote.is_none();
                if broken || odd {
                    peer.spoilt = true;
                    watch.broken = true;
                    session.handle_negotiation_failed(&call, &user);
                } else {
                    peer.local = Some((kind, name.clone()));
                    let gathered = draw(&[self.seed, 6, number]).is_multiple_of(6);
                    let sdp = if gathered { values::gathered_sdp(&name) } else { values::sdp(&name) };
                    session.handle_local_description(&call, &user, kind, sdp.into());
                    self.drain(index);
                    for number in 1..=CANDIDATES {
                        self.work_later(index, &call, &user, Job::Gather { number, of: name.clone() });
                    }
                }
            }
            Job::Apply(kind, name) => {
                if broken || !peer.apply(kind, name) {
                    peer.spoilt = true;
                    watch.broken = true;
                    session.handle_negotiation_failed(&call, &user);
                } else {
                    session.handle_remote_described(&call, &user);
                }
            }
            // What was rolled back gathers no more.
            Job::Gather { of, .. } if peer.local.as_ref().is_none_or(|(_, name)| *name != of) => {}
            Job::Gather { number, of } => {
                session.handle_local_candidate(values::candidate(&call, &user, number, &of));
            }
            Job::Stands(state) => session.handle_connection(&call, &user, state),
        }
        self.drain(index);
        self.connects(index, &call, &user);
    }
}

impl What {
    /// Whether it is on its way, so that what is known here and there may differ until it is there.
    const fn flies(&self) -> bool {
        match self {
            Self::Up { .. } | Self::Down { .. } | Self::Browser { .. } => true,
            Self::Step(_) | Self::Want { .. } | Self::Opens { .. } | Self::Noticed(_) => false,
        }
    }
}

/// How long a frame is on its way: mostly short, now and then longer than a command waits.
fn delay(seed: u64, socket: u64, frame: u64) -> Millis {
    let drawn = draw(&[seed, 7, socket, frame]);
    let more = drawn >> 32;
    match drawn % 400 {
        0 => more % 14_000,
        1..30 => more % 1_500,
        30..200 => 1 + more % 200,
        _ => 1 + more % 40,
    }
}

const fn is_answered(state: CallState) -> bool {
    match state {
        CallState::Idle | CallState::Initiating | CallState::Ringing => false,
        CallState::Connecting | CallState::Connected | CallState::Reconnecting | CallState::Ended => true,
    }
}
