//! The memory that keeps a command from being done twice.

use std::collections::VecDeque;

use crate::wire::{Done, ErrorInfo, Reply};

/// How many replies are remembered. A client repeats a command because it did not get the reply, and has fewer commands
/// than this under way.
const REMEMBERED: usize = 64;

/// The latest replies of a session. It lives as long as the session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Replies {
    latest: VecDeque<Reply>,
    /// The highest number whose reply is forgotten.
    forgotten: Option<u32>,
}

impl Replies {
    /// The reply that this `id` had, if it is among the latest.
    pub fn given(&self, id: u32) -> Option<Reply> {
        self.latest.iter().find(|reply| reply.id == id).cloned()
    }

    /// Whether the command with this `id` may have been done without anybody knowing any more.
    pub fn is_too_old(&self, id: u32) -> bool {
        self.forgotten.is_some_and(|forgotten| id <= forgotten)
    }

    /// Makes the reply, remembers it, and forgets the oldest.
    pub fn remember(&mut self, id: u32, outcome: Result<Done, ErrorInfo>) -> Reply {
        let reply = match outcome {
            Ok(done) => Reply { id, ok: Some(done), error: None },
            Err(error) => Reply { id, ok: None, error: Some(error) },
        };
        if self.latest.len() >= REMEMBERED {
            self.forgotten = self.forgotten.max(self.latest.pop_front().map(|oldest| oldest.id));
        }
        self.latest.push_back(reply.clone());
        reply
    }
}
