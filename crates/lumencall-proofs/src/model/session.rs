//! A session that goes on after a cut: the server's half of it, and the client's.

use std::collections::VecDeque;

use lumencall_core::machine::{Bounds, CallCommand, Mailbox, Refusal, Replies};
use lumencall_core::wire::{Done, ErrorInfo, Reply};
use lumencall_core::{Call, Millis};

use super::client::Frame;
use crate::checker::{Fault, Invariant};

/// How sessions are in a scenario.
#[derive(Clone, Copy, Debug)]
pub struct Sessions {
    /// How many frames a mailbox holds.
    pub frames: usize,
    /// Whether a device comes back with the page that it had.
    pub resumes: bool,
    /// Whether it comes back with another, which knows nothing.
    pub reloads: bool,
    /// Whether a page says that it goes.
    pub says_so: bool,
    /// How often the server forgets everything.
    pub restarts: u8,
    /// Whether a client that comes back sends again only what the server has not had, or everything that was not answered.
    pub counts: bool,
    /// For how long a device is cut off at most.
    pub longest: Option<Millis>,
}

/// A frame with its number, and the number of the command that it answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Numbered {
    pub(super) seq: u32,
    pub(super) answers: Option<u32>,
    pub(super) frame: Frame,
}

/// The server's half.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Session {
    mailbox: Mailbox<Numbered>,
    replies: Replies,
    /// How many of the client's frames were taken.
    received: u32,
    broken: bool,
    /// Whether the server knows of a socket that is open.
    pub(super) attached: bool,
    /// What the client has not applied, told a second time.
    owed: VecDeque<Numbered>,
    /// How many frames were put in.
    put: u32,
    /// The last command that had its effect.
    done: u32,
}

/// The client's half.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Line {
    last_seq: u32,
    last_id: u32,
    /// How many commands were sent before those that are kept.
    before: u32,
    /// What was sent, or is to be, and was not answered.
    kept: VecDeque<(u32, CallCommand)>,
}

/// What becomes of a command that reaches the server.
pub(super) enum Taken {
    /// It was done before, and is answered again.
    Again(Box<Reply>),
    /// It is to be done.
    Now,
}

fn wrong<T>(invariant: Invariant, what: String) -> Result<T, Fault> {
    Err(Fault { invariant, what })
}

impl Session {
    /// The session of a device that has a socket.
    pub(super) fn open() -> Self {
        Self { attached: true, ..Self::default() }
    }

    /// Puts a frame in.
    pub(super) fn put(&mut self, frames: usize, answers: Option<u32>, frame: Frame) {
        if self.broken {
            return;
        }
        let bounds = Bounds { frames, bytes: usize::MAX };
        let mut numbered = None;
        let put = self.mailbox.put(&bounds, |seq| {
            let made = Numbered { seq, answers, frame };
            numbered = Some(made.clone());
            (made, 1)
        });
        self.put += 1;
        self.owed.extend(numbered);
        self.broken = put.is_err();
    }

    /// Takes out everything that is to be written.
    pub(super) fn written(&mut self) -> Vec<Numbered> {
        let mut all = Vec::new();
        while let Some(frame) = self.mailbox.take() {
            all.push(frame.clone());
        }
        all
    }

    /// The client has applied this frame.
    ///
    /// # Errors
    /// It is not the next one.
    pub(super) fn applied(&mut self, line: &mut Line, frame: &Numbered) -> Result<(), Fault> {
        let next = self.owed.pop_front();
        if frame.seq != line.last_seq + 1 || next.as_ref() != Some(frame) {
            return wrong(
                Invariant::I18,
                format!("{frame:?} comes after {}, and not {next:?}", line.last_seq),
            );
        }
        line.last_seq = frame.seq;
        // What the client says that it has arrives late, so one more is kept.
        self.mailbox.acknowledge(frame.seq - 1);
        Ok(())
    }

    /// A command reaches the server.
    ///
    /// # Errors
    /// It would be done twice, or one before it never was.
    pub(super) fn takes(&mut self, id: u32) -> Result<Taken, Fault> {
        self.received += 1;
        if let Some(reply) = self.replies.given(id) {
            return Ok(Taken::Again(Box::new(reply)));
        }
        if id <= self.done {
            return wrong(Invariant::I21, format!("command {id} has its effect again"));
        }
        if id != self.done + 1 {
            return wrong(Invariant::I21, format!("command {} is lost, and {id} is done", self.done + 1));
        }
        self.done = id;
        Ok(Taken::Now)
    }

    /// The reply to a command, which is remembered.
    pub(super) fn reply(&mut self, id: u32, outcome: Result<Option<Call>, Refusal>) -> Reply {
        let outcome = outcome.map(Done::new).map_err(|refusal| ErrorInfo {
            code: refusal.code,
            message: refusal.message.into(),
            call_id: refusal.call,
        });
        self.replies.remember(id, outcome)
    }

    /// Nothing will be sent again that was answered.
    pub(super) fn forget_replies(&mut self) {
        self.replies = Replies::default();
    }

    /// Goes on for a client that comes back with the page that it had. Returns how many of its frames were taken; nothing
    /// where the session cannot go on.
    ///
    /// # Errors
    /// It goes on without what was missed, or does not although nothing is lost.
    pub(super) fn resume(&mut self, line: &Line, frames: usize) -> Result<Option<u32>, Fault> {
        let goes_on = !self.broken && self.mailbox.resume(line.last_seq);
        if goes_on {
            let mut mailbox = self.mailbox.clone();
            let replayed: Vec<Numbered> = std::iter::from_fn(|| mailbox.take().cloned()).collect();
            if self.owed != replayed {
                return wrong(
                    Invariant::I19,
                    format!("replayed is {replayed:?}, and owed is {:?}", self.owed),
                );
            }
        } else if self.put as usize <= frames {
            return wrong(Invariant::I19, format!("it is said that frames after {} are lost", line.last_seq));
        }
        Ok(goes_on.then_some(self.received))
    }
}

impl Line {
    /// The client has said something. Returns its number.
    pub(super) fn says(&mut self, command: &CallCommand) -> u32 {
        self.last_id += 1;
        self.kept.push_back((self.last_id, command.clone()));
        self.last_id
    }

    /// How many commands wait for their reply.
    pub(super) fn waits(&self) -> usize {
        self.kept.len()
    }

    /// The command with this number is answered. False where nobody waits for that.
    pub(super) fn answered(&mut self, id: u32) -> bool {
        let Some(index) = self.kept.iter().position(|(kept, _)| *kept == id) else { return false };
        self.kept.drain(..=index);
        self.before += index as u32 + 1;
        true
    }

    /// What is to be sent again, where the server has had so many.
    pub(super) fn rest(&self, had: u32, counts: bool) -> Vec<(u32, CallCommand)> {
        let arrived = if counts { had.saturating_sub(self.before) as usize } else { 0 };
        self.kept.iter().skip(arrived).cloned().collect()
    }
}
