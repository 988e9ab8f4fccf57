//! The memory that keeps a command from being done twice.

use std::collections::VecDeque;

use lumencall_core::wire::{Done, ErrorInfo, Reply};

/// How many replies are remembered. A client repeats a command because it did not get the reply, and has fewer commands
/// than this under way.
const REMEMBERED: usize = 64;

/// The latest replies of a session. It lives as long as the session.
#[derive(Debug, Default)]
pub(super) struct Replies(VecDeque<Reply>);

impl Replies {
    /// The reply that this `id` had, if it is among the latest.
    pub(super) fn given(&self, id: u32) -> Option<Reply> {
        self.0.iter().find(|reply| reply.id == id).cloned()
    }

    /// Makes the reply, remembers it, and forgets the oldest.
    pub(super) fn remember(&mut self, id: u32, outcome: Result<Done, ErrorInfo>) -> Reply {
        let reply = match outcome {
            Ok(done) => Reply { id, ok: Some(done), error: None },
            Err(error) => Reply { id, ok: None, error: Some(error) },
        };
        if self.0.len() >= REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(reply.clone());
        reply
    }
}
