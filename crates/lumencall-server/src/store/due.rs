//! What has to be looked at when its time comes.

use std::collections::BTreeSet;

use lumencall_core::machine::Input;
use lumencall_core::{CallId, Millis, UserId};

/// What is to be looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// A call: a ring, or a connection, has had its time.
    Call(CallId),
    /// A user: a device that is away has had its time.
    User(UserId),
}

impl From<Due> for Input {
    fn from(due: Due) -> Self {
        match due {
            Due::Call(call) => Self::Deadline { call },
            Due::User(user) => Self::UserDeadline(user),
        }
    }
}

/// Every deadline that has not been looked at, one for each call and each user that has one.
#[derive(Debug, Default)]
pub(super) struct Deadlines(BTreeSet<(Millis, Due)>);

impl Deadlines {
    /// A record was replaced. A deadline that stays as it was is not set again: if it was looked at, once is enough.
    pub(super) fn replace(&mut self, due: &Due, old: Option<Millis>, new: Option<Millis>) {
        if old != new {
            if let Some(at) = old {
                self.0.remove(&(at, due.clone()));
            }
            self.0.extend(new.map(|at| (at, due.clone())));
        }
    }

    pub(super) fn earliest(&self) -> Option<Millis> {
        self.0.first().map(|(at, _)| *at)
    }

    /// The first of those whose time has come, which is not kept any more.
    pub(super) fn pop(&mut self, now: Millis) -> Option<Due> {
        if self.earliest().is_none_or(|at| at > now) {
            return None;
        }
        self.0.pop_first().map(|(_, due)| due)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
