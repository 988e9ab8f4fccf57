//! A call as one device knows it, from what it was sent.

use std::collections::{BTreeMap, BTreeSet};

use lumencall_core::wire::ServerEvent;
use lumencall_core::{Call, CallParticipant, CallState, EndReason, MediaFlags, UserId};

/// What a device has heard of a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The call goes on for the device.
    Live(View),
    /// It has ended for the device, for this reason; perhaps since another device of the user answered.
    Over(EndReason, bool),
}

/// A call that goes on for a device.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct View {
    /// Whether it rings, and was not accepted here.
    pub rings: bool,
    /// The state that the device was told last.
    pub state: CallState,
    /// Who is in it, and what they show.
    pub inside: BTreeMap<UserId, MediaFlags>,
    /// The incarnation of each other whose page is not the first.
    pub incarnations: BTreeMap<UserId, u32>,
    /// The latest description of each other.
    pub described: BTreeMap<UserId, ServerEvent>,
    /// Who has made the device an offer, which it may answer.
    pub asked_by: BTreeSet<UserId>,
}

impl View {
    /// The call as a whole, as it comes with a ring or a reply.
    pub fn of(call: &Call, rings: bool) -> Self {
        let inside = call.participants.iter().map(|one| (one.user_id.clone(), one.media())).collect();
        let later = call.participants.iter();
        let later = later.filter_map(|one| Some((one.user_id.clone(), one.incarnation?))).collect();
        Self {
            rings,
            state: call.state,
            inside,
            incarnations: later,
            described: BTreeMap::new(),
            asked_by: BTreeSet::new(),
        }
    }
}

impl Part {
    /// The call, where it goes on for the device.
    pub const fn live(&self) -> Option<&View> {
        match self {
            Self::Live(view) => Some(view),
            Self::Over(..) => None,
        }
    }

    /// Whether it rings here.
    pub fn rings(&self) -> bool {
        self.live().is_some_and(|view| view.rings)
    }
}

impl View {
    /// It heard of a page of another.
    pub(super) fn incarnated(&mut self, one: &CallParticipant) {
        match one.incarnation {
            Some(incarnation) => drop(self.incarnations.insert(one.user_id.clone(), incarnation)),
            None => drop(self.incarnations.remove(&one.user_id)),
        }
    }
}
