//! Sockets, what goes through them, and how they break.

use std::hash::Hash;
use std::mem;

use lumencall_core::session::Link;
use lumencall_core::wire::{
    ClientFrame, Command, RespondAction, ServerMessage, SessionOpen, read_server_frame, write_client_frame,
};
use lumencall_core::{CallState, Millis};

use super::{Sent, What, World};
use crate::sim::chance::draw;
use crate::sim::device::{Client, Socket, Then, Want};
use crate::sim::schedule::Kind;
use crate::sim::server::{Down, TAKEN_OVER};
use crate::sim::sessions;

/// What a browser says of a socket of which it knows nothing better (RFC 6455, 7.1.5).
const ABNORMAL: u16 = 1006;

/// How a socket breaks: in which directions nothing comes through any more, and who notices after how long.
#[derive(Clone, Copy, Debug)]
pub(in crate::sim) struct Break {
    pub(in crate::sim) up: bool,
    pub(in crate::sim) down: bool,
    /// It may have to find out by itself.
    pub(in crate::sim) client: Option<Millis>,
    pub(in crate::sim) server: Millis,
}

impl World {
    /// The app wants to be connected.
    pub(in crate::sim) fn connect(&mut self, index: usize) {
        let now = self.clock + self.devices[index].ahead;
        let device = &mut self.devices[index];
        device.taken_over = false;
        match &mut device.client {
            Client::Sdk(session) => {
                let ticket = session.connect(now);
                device.watch.ordered(ticket);
                self.drain(index);
            }
            Client::Plain(_) => self.open_socket(index),
        }
    }

    pub(super) fn open_socket(&mut self, index: usize) {
        let device = &mut self.devices[index];
        if device.socket.is_some() || device.opening.is_some() {
            return;
        }
        device.attempts += 1;
        let attempt = device.attempts;
        device.opening = Some(attempt);
        let drawn = draw(&[self.seed, 2, index as u64, attempt]);
        let at = self.clock + 20 + (drawn >> 32) % 200;
        match drawn % 16 {
            0 => self.queue_at(at, What::Refused { device: index, attempt }),
            // Nobody answers.
            1 if self.devices[index].kind == Kind::Sdk => {}
            _ => self.queue_at(at, What::Opens { device: index, attempt }),
        }
    }

    pub(super) fn refused(&mut self, index: usize, attempt: u64) {
        let now = self.clock + self.devices[index].ahead;
        let device = &mut self.devices[index];
        if device.opening != Some(attempt) {
            return;
        }
        device.opening = None;
        if let Client::Sdk(session) = &mut device.client {
            session.handle_socket_closed(now, ABNORMAL);
            self.drain(index);
        }
    }

    pub(super) fn opens(&mut self, index: usize, attempt: u64) {
        if self.clock < self.down_until {
            return self.refused(index, attempt);
        }
        let device = &mut self.devices[index];
        if device.opening != Some(attempt) {
            return;
        }
        device.opening = None;
        self.sockets += 1;
        device.socket =
            Some(Socket { number: self.sockets, up: 0, down: 0, frames: 0, dead: (false, false) });
        let (name, user) = (device.name.clone(), device.user.clone());
        self.server.open(self.sockets, &name, &user, device.dialect());
        let number = self.sockets;
        self.note(|| format!("{name} has socket {number}"));
        let device = &mut self.devices[index];
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
    }

    pub(in crate::sim) fn send(&mut self, index: usize, frame: &ClientFrame) {
        let knew = frame.command.call_id().and_then(|call| self.devices[index].knows(call));
        let knew_answered = knew.map(is_answered);
        let text = write_client_frame(frame);
        self.note_frame(index, '>', &text);
        let device = &mut self.devices[index];
        if device.kind == Kind::Sdk {
            if let Command::Open(open) = &frame.command {
                device.ledger.greets(open.resume.as_ref().and_then(|resume| resume.last_seq));
            } else if device.ledger.says(&text) {
                self.server.histogram.count("resumed: the client sends again what was lost");
                if matches!(&frame.command, Command::Respond(respond) if respond.action == RespondAction::Accept)
                {
                    self.server.histogram.count("an accept is lost, and sent again");
                }
            }
        }
        self.put_up(index, Sent::Frame { text, knew_answered });
    }

    fn note_frame(&mut self, index: usize, way: char, text: &str) {
        if self.trace.is_some() {
            let name = self.devices[index].name.clone();
            let end = text.char_indices().nth(260).map_or(text.len(), |(end, _)| end);
            self.note(|| format!("{name} {way} {}", &text[..end]));
        }
    }

    pub(super) fn put_up(&mut self, index: usize, sent: Sent) {
        let (seed, clock) = (self.seed, self.clock);
        let Some(socket) = &mut self.devices[index].socket else { return };
        socket.frames += 1;
        if socket.dead.0 {
            return;
        }
        socket.up = socket.up.max(clock + delay(seed, socket.number, socket.frames));
        let (at, socket) = (socket.up, socket.number);
        self.queue_at(at, What::Up { device: index, socket, sent });
    }

    /// What the server has sent goes on its way.
    pub(super) fn post(&mut self) {
        for (number, down) in mem::take(&mut self.server.sent) {
            let size = match &down {
                Down::Frame(text) => text.len(),
                Down::Close(_) => 0,
            };
            (self.clock, number, size).hash(&mut self.digest);
            let has = |device: &crate::sim::device::Device| {
                device.socket.as_ref().is_some_and(|socket| socket.number == number)
            };
            // What is sent over a dead socket is lost.
            let Some(index) = self.devices.iter().position(has) else { continue };
            let (seed, clock) = (self.seed, self.clock);
            let Some(socket) = self.devices[index].socket.as_mut().filter(|socket| !socket.dead.1) else {
                continue;
            };
            socket.frames += 1;
            socket.down = socket.down.max(clock + delay(seed, socket.number, socket.frames));
            let (at, socket) = (socket.down, socket.number);
            self.queue_at(at, What::Down { device: index, socket, down });
        }
    }

    /// A frame reaches the server, or the news that the socket is closed.
    pub(super) fn arrives(&mut self, index: usize, socket: u64, sent: Sent) {
        match sent {
            Sent::Frame { text, knew_answered } => {
                if let (Some(session), Kind::Sdk) = (self.server.session(socket), self.devices[index].kind) {
                    self.devices[index].ledger.is_taken(session.born, session.received, &text);
                }
                self.server.receive(socket, &text, knew_answered);
            }
            Sent::Pong(number) => self.server.acknowledge(socket, number),
            Sent::Close { goodbye } => self.server.close(socket, goodbye),
        }
    }

    /// A frame reaches a device, or the news that its socket is closed.
    pub(super) fn comes(&mut self, index: usize, socket: u64, down: Down) {
        if self.devices[index].socket.as_ref().is_none_or(|end| end.number != socket) {
            return;
        }
        let text = match down {
            Down::Frame(text) => text,
            Down::Close(code) => return self.closes(index, code),
        };
        let frame = match read_server_frame(&text) {
            Ok(frame) => frame,
            Err(error) => crate::sim::violation::violated("codec", format!("{error}: {text}")),
        };
        self.note_frame(index, '<', &text);
        let now = self.clock + self.devices[index].ahead;
        let device = &mut self.devices[index];
        if let ServerMessage::Welcome(welcome) = &frame.message {
            let born = sessions::born(welcome.secret.reveal());
            let received = welcome.resumed.then(|| welcome.received.unwrap_or_default());
            device.ledger.is_welcomed(born, received);
            device.watch.is_welcomed(welcome);
            device.reconciled |= !welcome.resumed;
        }
        if let Some(seq) = frame.seq {
            device.ledger.hears(seq);
            if seq.is_multiple_of(4) {
                self.put_up(index, Sent::Pong(seq));
            }
        }
        let device = &mut self.devices[index];
        if let ServerMessage::Event(event) = &frame.message {
            device.watch.signal(event, device.kind == Kind::Sdk);
        }
        let replied = match &frame.message {
            ServerMessage::Reply(reply) => Some(reply.id),
            ServerMessage::Welcome(_) | ServerMessage::Event(_) | ServerMessage::Error(_) => None,
        };
        match &mut device.client {
            Client::Sdk(session) => {
                session.handle_frame(now, frame);
                self.drain(index);
                let device = &mut self.devices[index];
                if let Some(id) = replied {
                    device.watch.is_replied(id);
                }
                if device.watch.is_greeted() {
                    self.finds_itself(index);
                }
            }
            Client::Plain(_) => self.plain(index, frame),
        }
    }

    /// The server closes the socket.
    fn closes(&mut self, index: usize, code: u16) {
        self.note(|| format!("device {index}: its socket is closed with {code}"));
        if code == TAKEN_OVER && self.devices[index].kind == Kind::Sdk {
            self.devices[index].taken_over = true;
            self.devices[index].watch.is_taken_over();
            self.server.histogram.count("taken over by another page");
        }
        self.is_closed(index, code);
    }

    fn is_closed(&mut self, index: usize, code: u16) {
        let now = self.clock + self.devices[index].ahead;
        let device = &mut self.devices[index];
        device.socket = None;
        match &mut device.client {
            Client::Sdk(session) => {
                session.handle_socket_closed(now, code);
                self.drain(index);
            }
            Client::Plain(_) => device.load(None),
        }
    }

    /// A page that has greeted finds itself in the call of the page before it.
    fn finds_itself(&mut self, index: usize) {
        let device = &mut self.devices[index];
        let Client::Sdk(session) = &device.client else { return };
        for call in session.resumable() {
            device.watch.may_rejoin(call);
        }
        let calls: Vec<_> = session.resumable().iter().map(|call| call.id.clone()).collect();
        let then = mem::replace(&mut device.then, Then::Nothing);
        for call in calls {
            let drawn = draw(&[self.seed, 9, index as u64, self.clock]);
            let pause = if drawn.is_multiple_of(4) { (drawn >> 32) % 3_000 } else { 0 };
            let at = self.clock + pause;
            let want = match then {
                Then::Rejoin => Want::Rejoin(call),
                Then::Hangup => Want::Hangup(call),
                Then::Race => {
                    let others = self.server.calls.get(&call).into_iter().flat_map(|known| known.joined());
                    let others: Vec<_> = others.map(|(_, device)| device.id.clone()).collect();
                    let is_other = |other: &usize| {
                        *other != index
                            && self.origin(*other).is_some_and(|origin| others.contains(&origin.device.id))
                    };
                    if let Some(other) = (0..self.devices.len()).find(is_other) {
                        let want = Want::Hangup(call.clone());
                        self.queue_at(self.clock + drawn % 80, What::Want { device: other, want });
                    }
                    let at = self.clock + (drawn >> 32) % 80;
                    self.queue_at(at, What::Want { device: index, want: Want::Rejoin(call) });
                    continue;
                }
                Then::Nothing => continue,
            };
            self.queue_at(at, What::Want { device: index, want });
        }
    }

    /// A socket breaks, and takes with it what is on its way.
    pub(in crate::sim) fn break_socket(&mut self, index: usize, how: Break) {
        let Some(socket) = &mut self.devices[index].socket else { return };
        socket.dead = (socket.dead.0 || how.up, socket.dead.1 || how.down);
        let number = socket.number;
        let is_lost = |what: &What| match what {
            What::Up { socket, .. } => *socket == number && how.up,
            What::Down { socket, .. } => *socket == number && how.down,
            _ => false,
        };
        let lost: Vec<_> = self.queue.iter().filter(|(_, what)| is_lost(what)).map(|(key, _)| *key).collect();
        self.flying -= lost.len();
        for key in lost {
            self.queue.remove(&key);
        }
        self.queue_at(self.clock + how.server, What::Noticed(number));
        match how.client {
            Some(0) => self.broken(index, number),
            Some(after) => self.queue_at(self.clock + after, What::Broken { device: index, socket: number }),
            None => {}
        }
    }

    /// The device notices that its socket is dead.
    pub(super) fn broken(&mut self, index: usize, socket: u64) {
        if self.devices[index].socket.as_ref().is_some_and(|known| known.number == socket) {
            self.is_closed(index, ABNORMAL);
        }
    }

    /// The device is gone at once, and the server notices at some time. What it has sent and is on its way is lost.
    pub(in crate::sim) fn cut(&mut self, index: usize) {
        let Some(socket) = &self.devices[index].socket else { return };
        let server = [5, 300, 12_000, 35_000][(draw(&[self.seed, 3, socket.number]) % 4) as usize];
        // Nobody is there to notice it.
        self.break_socket(index, Break { up: true, down: true, client: None, server });
        self.devices[index].socket = None;
    }

    /// A page that was loaded anew connects, if its user has not connected it already.
    pub(super) fn loaded(&mut self, index: usize, page: u32) {
        let device = &self.devices[index];
        if device.pages == page && device.session().is_some_and(|session| session.link() == Link::Closed) {
            self.connect(index);
        }
    }

    /// The server is started anew, and knows nothing. Who notices at once and who does not, hangs on the socket.
    pub(in crate::sim) fn restart(&mut self) {
        self.server.restart();
        self.down_until = self.clock + draw(&[self.seed, 10, self.clock]) % 4_000;
        for index in 0..self.devices.len() {
            let Some(socket) = &self.devices[index].socket else { continue };
            let drawn = draw(&[self.seed, 11, socket.number]);
            let silent = drawn.is_multiple_of(4) && self.devices[index].kind == Kind::Sdk;
            let client = (!silent).then_some((drawn >> 32) % 1_500);
            self.break_socket(index, Break { up: true, down: true, client, server: 1 });
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
