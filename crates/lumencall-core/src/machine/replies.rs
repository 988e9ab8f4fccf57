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

#[cfg(test)]
mod tests {
    use crate::ErrorCode;

    use super::*;

    fn refusal(message: &str) -> Result<Done, ErrorInfo> {
        Err(ErrorInfo { code: ErrorCode::InvalidState, message: message.into(), call_id: None })
    }

    #[test]
    fn i21_the_latest_replies_are_given_again_as_they_were() {
        let mut replies = Replies::default();
        let first = replies.remember(7, Ok(Done::new(None)));
        let second = replies.remember(9, refusal("no"));
        assert_eq!(replies.given(7), Some(first));
        assert_eq!(replies.given(9), Some(second));
        // A number between them was never used, and is not too old as long as nothing is forgotten.
        assert!(replies.given(8).is_none() && !replies.is_too_old(8));
    }

    /// Also 0, which is a number like any other.
    #[test]
    fn i21_what_is_forgotten_is_too_old_and_nothing_else_is() {
        let mut replies = Replies::default();
        let remembered = u32::try_from(REMEMBERED).unwrap();
        for id in 0..remembered {
            replies.remember(id, refusal("no"));
        }
        assert!(replies.given(0).is_some() && !replies.is_too_old(0));
        for id in remembered..3 * remembered {
            replies.remember(id, refusal("no"));
            let forgotten = id - remembered;
            assert!(replies.given(forgotten).is_none() && replies.is_too_old(forgotten));
            assert!(replies.given(forgotten + 1).is_some() && !replies.is_too_old(forgotten + 1));
            assert!(!replies.is_too_old(id + 1));
        }
        assert_eq!(replies.latest.len(), REMEMBERED);
    }

    /// Once the highest number is forgotten, none that is lower can be told from one that was done.
    #[test]
    fn i21_numbers_that_jump_are_too_old_below_the_highest_that_is_forgotten() {
        let mut replies = Replies::default();
        replies.remember(1000, refusal("no"));
        for id in 1..=u32::try_from(REMEMBERED).unwrap() {
            assert!(!replies.is_too_old(id), "{id}");
            replies.remember(id, refusal("no"));
        }
        assert!(replies.is_too_old(1000) && replies.is_too_old(500) && !replies.is_too_old(1001));
        assert!(replies.given(1).is_some(), "what is remembered is given, however old");
    }
}
