//! What has passed between two members: what was relayed, what is held, and how each end says the connection stands.

use std::sync::Arc;

use super::Dialect;
use crate::UserId;
use crate::wire::{ConnectionState, Description, IceCandidate};

/// One direction of a pair. What waits is shared by the copies of a record: a store copies one for each decision, and up
/// to a megabyte may wait.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Direction {
    /// The description that waits for its receiver to accept (law 4); a newer one takes its place with its candidates.
    pub held: Option<Arc<Description>>,
    /// The candidates that wait: for the receiver to accept, or for the description that they belong to.
    pub candidates: Vec<Arc<IceCandidate>>,
    /// How many candidates came since the last description.
    pub count: u16,
    /// Whether what its sender offers is dropped: both called, and the other is to offer, until the sender has answered; or
    /// the other was added, and has not accepted.
    pub yields: bool,
    /// Whether an offer has been relayed.
    pub offered: bool,
    /// Whether an answer has been relayed.
    pub answered: bool,
    /// How the sender of this direction says that its connection to the other stands.
    pub report: Option<ConnectionState>,
}

impl Direction {
    /// Whether a description has reached the receiver, so that candidates may follow it.
    pub const fn described(&self) -> bool {
        self.offered || self.answered
    }
}

/// Two members that signal to one another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pair {
    /// The two users, in no order that means anything.
    pub users: [UserId; 2],
    /// What the user of the same index sent.
    pub sent: [Direction; 2],
}

impl Pair {
    /// A pair between which nothing has passed.
    pub fn new(one: UserId, other: UserId) -> Self {
        Self { users: [one, other], sent: Default::default() }
    }

    /// Whether it is the pair of these two.
    pub fn joins(&self, one: &UserId, other: &UserId) -> bool {
        self.users.contains(one) && self.users.contains(other)
    }

    pub(super) fn sent_by_mut(&mut self, user: &UserId) -> &mut Direction {
        &mut self.sent[usize::from(self.users[0] != *user)]
    }

    /// Whether offer and answer have both been relayed, whichever way.
    pub fn negotiated(&self) -> bool {
        self.sent.iter().any(|sent| sent.offered) && self.sent.iter().any(|sent| sent.answered)
    }

    /// Whether the pair is connected, where the users of the same index speak these dialects. A device that does not
    /// report counts as connected once offer and answer have both been relayed.
    pub fn connected(&self, dialects: [Dialect; 2]) -> bool {
        std::iter::zip(&self.sent, dialects).all(|(sent, dialect)| match dialect {
            Dialect::Seed => self.negotiated(),
            Dialect::Sdk => sent.report == Some(ConnectionState::Connected),
        })
    }
}
