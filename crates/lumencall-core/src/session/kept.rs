//! What was sent and may not have arrived.
//!
//! A socket that breaks takes with it what was on its way. So every frame is kept until the server is known to have it: by the reply to
//! it or to one after it, or by the number of frames that the server says it has had when the session goes on.

use std::sync::Arc;

use super::{Action, ClientSession, Link};
use crate::wire::{ClientFrame, Command, Nothing};

/// The most frames that are kept. More in a row without any reply have never been seen.
const MOST: usize = 512;

/// Frames in the order in which they were sent, or are to be.
#[derive(Debug, Default)]
pub(super) struct Kept {
    frames: Vec<Arc<ClientFrame>>,
    /// How many were sent before these in this session.
    before: u32,
    /// Whether there is a session that can go on, since nothing that was to be kept was lost.
    goes_on: bool,
}

impl Kept {
    /// A new session begins.
    pub(super) fn start(&mut self) {
        *self = Self { goes_on: true, ..Self::default() };
    }

    /// The session is over, or cannot go on.
    pub(super) fn stop(&mut self) {
        *self = Self::default();
    }

    /// Whether the session can go on after a cut.
    pub(super) const fn goes_on(&self) -> bool {
        self.goes_on
    }

    /// The server has had as many frames as this in the session.
    pub(super) fn had(&mut self, count: u32) {
        let arrived = (count.saturating_sub(self.before) as usize).min(self.frames.len());
        self.frames = self.frames.split_off(arrived);
        self.before += arrived as u32;
    }

    /// The server has had the frame with this `id`, and so all before it.
    pub(super) fn replied(&mut self, id: u32) {
        if let Some(index) = self.frames.iter().position(|frame| frame.id == Some(id)) {
            self.had(self.before + index as u32 + 1);
        }
    }

    /// Nobody waits any more for the command with this number. If it has not arrived, it does nothing when it does.
    pub(super) fn take_back(&mut self, id: Option<u32>) {
        if let Some(frame) = self.frames.iter_mut().find(|frame| frame.id == id) {
            *frame = Arc::new(ClientFrame { id, command: Command::Ping(Nothing {}) });
        }
    }
}

impl ClientSession {
    /// Sends a frame; or, while the connection is being restored, keeps it for when it is.
    pub(super) fn post(&mut self, id: Option<u32>, command: Command) {
        let frame = Arc::new(ClientFrame { id, command });
        if self.kept.goes_on {
            if self.kept.frames.len() == MOST {
                self.kept.stop();
            } else {
                self.kept.frames.push(frame.clone());
            }
        }
        if self.link == Link::Open {
            self.act(Action::Send(frame));
            if self.kept.frames.len() == MOST / 2 {
                // Its reply says that all these have arrived.
                self.last_id += 1;
                self.post(Some(self.last_id), Command::Ping(Nothing {}));
            }
        }
    }

    /// The session goes on, and the server has had as many frames as this in it: it gets the rest.
    pub(super) fn send_again(&mut self, had: u32) {
        self.kept.had(had);
        for index in 0..self.kept.frames.len() {
            self.act(Action::Send(self.kept.frames[index].clone()));
        }
    }
}
