//! The client's half of the protocol: a session with the server, and the calls that it mirrors.
//!
//! [`ClientSession`] does no I/O. Its driver tells it what happened by a `handle_*` method, or what the app wants by a
//! command, and after each such input drains [`ClientSession::poll_action`] until it is empty; then it asks
//! [`ClientSession::poll_timeout`] when to call [`ClientSession::handle_timeout`] at the latest.
//!
//! A socket that is lost is opened again, and the session goes on where it was: each side sends what the other has not had. Where
//! it cannot go on, the server says how things stand, and what is known here follows (`resume.rs`).
//!
//! What the session mirrors it has from the server: it asks, and never decides on a call's state. Only what it must do
//! with the browser's peer connections, and when, is its own: see [`Action`].

mod action;
mod calls;
mod commands;
mod diagnosis;
mod failure;
mod frames;
mod kept;
mod link;
mod negotiation;
mod peers;
mod pulse;
mod recovery;
mod resume;

pub use action::{Action, Event, LogLevel, Ticket};
pub use failure::{Failure, FailureCode};
pub use link::Link;

use crate::wire::{Command, Private};
use crate::{Call, CallId, DeviceId, Millis, UserId};
use calls::LocalCall;
use commands::Waiting;
use kept::Kept;
use pulse::{Pulse, earlier};

/// How many ended calls are remembered, so that hanging one up again is no error.
const REMEMBERED: usize = 16;

/// A client's session. See the module.
#[derive(Debug)]
pub struct ClientSession {
    /// Who the session is for; nothing before the first welcome, where only a token says it.
    user: Option<UserId>,
    command_timeout: Millis,
    link: Link,
    /// Where the session is taken up again: the device that this is, with its secret.
    identity: Option<(DeviceId, Private)>,
    pulse: Pulse,
    kept: Kept,
    last_id: u32,
    last_seq: u32,
    /// How many frames could not be read since the last that could; they have taken numbers, too.
    unread: u32,
    /// Whether the browser says that there is a network.
    online: bool,
    /// Whether there is a TURN server among the ICE servers.
    turn: bool,
    last_ticket: u32,
    /// The number of the last offer.
    last_round: u32,
    waiting: Vec<Waiting>,
    calls: Vec<LocalCall>,
    /// The calls that this device is in with a page that is gone.
    resumable: Vec<Call>,
    ended: Vec<CallId>,
    /// The call that the user is in with another device, as the app was told.
    elsewhere: Option<CallId>,
    /// Few at a time: each input is followed by a complete drain.
    actions: Vec<Action>,
}

impl ClientSession {
    /// A session for this user, or for whom the token is for, that is not connected. A command fails when the server has not answered it in
    /// `command_timeout`. `chance` is any number but those of other clients: so that not all come back at the same time.
    pub fn new(user: Option<UserId>, command_timeout: Millis, chance: u32) -> Self {
        Self {
            user,
            command_timeout,
            link: Link::Closed,
            identity: None,
            pulse: Pulse::new(chance),
            kept: Kept::default(),
            last_id: 0,
            last_seq: 0,
            unread: 0,
            online: true,
            turn: false,
            last_ticket: 0,
            last_round: 0,
            waiting: Vec::new(),
            calls: Vec::new(),
            resumable: Vec::new(),
            ended: Vec::new(),
            elsewhere: None,
            actions: Vec::new(),
        }
    }

    /// What is to be done next; nothing when all is done.
    pub fn poll_action(&mut self) -> Option<Action> {
        (!self.actions.is_empty()).then(|| self.actions.remove(0))
    }

    /// When [`ClientSession::handle_timeout`] is to be called, on the clock of the inputs.
    pub fn poll_timeout(&self) -> Option<Millis> {
        let mut next = earlier(self.pulse.deadline(self.link), self.recovery_deadline());
        for waiting in &self.waiting {
            next = earlier(next, waiting.deadline());
        }
        next
    }

    /// The calls that ring or are going on, as the server told them.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.calls.iter().map(|local| &local.call)
    }

    /// Who the session is for.
    pub const fn user(&self) -> Option<&UserId> {
        self.user.as_ref()
    }

    fn is_me(&self, user: &UserId) -> bool {
        self.user.as_ref() == Some(user)
    }

    /// Where the connection to the server stands.
    pub const fn link(&self) -> Link {
        self.link
    }

    fn act(&mut self, action: Action) {
        self.actions.push(action);
    }

    fn emit(&mut self, event: Event) {
        self.act(Action::Emit(event));
    }

    fn log(&mut self, level: LogLevel, message: &'static str, call: Option<&CallId>) {
        self.act(Action::Log { level, message, call: call.cloned() });
    }

    /// Sends a message that wants no reply.
    fn send(&mut self, command: Command) {
        self.post(None, command);
    }

    fn local(&mut self, call: &CallId) -> Option<&mut LocalCall> {
        self.calls.iter_mut().find(|local| local.call.id == *call)
    }

    fn remember_ended(&mut self, call: CallId) {
        if self.ended.len() == REMEMBERED {
            self.ended.remove(0);
        }
        self.ended.push(call);
    }
}
