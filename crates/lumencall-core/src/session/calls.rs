//! The mirror of a call, and the part that this device has in it.

use super::commands::What;
use super::negotiation::Told;
use super::peers::Peer;
use super::{Action, ClientSession, Event};
use crate::wire::{Command, EndCause, Hangup, ServerEvent, StateChanged};
use crate::{Call, CallId, CallState, EndReason, MediaFlags, UserId};

/// This device's part in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// It rings here. Nothing of the browser is touched on its account.
    Ringing,
    /// The user called, or accepted here: peer connections, camera and microphone may be in use.
    Engaged,
    /// The user hung up or declined here; the server's word on it is awaited.
    Leaving,
}

/// A call as this device knows it.
#[derive(Debug)]
pub(super) struct LocalCall {
    /// What the server told.
    pub(super) call: Call,
    pub(super) part: Part,
    /// The sealed offers that came ahead of an accept, each with its sender; unread until there is one.
    pub(super) offers: Vec<(UserId, Told)>,
    pub(super) peers: Vec<Peer>,
}

impl LocalCall {
    pub(super) const fn new(call: Call, part: Part) -> Self {
        Self { call, part, offers: Vec::new(), peers: Vec::new() }
    }

    pub(super) fn peer(&mut self, user: &UserId) -> Option<&mut Peer> {
        self.peers.iter_mut().find(|peer| peer.user == *user)
    }

    /// Keeps `calleeIds` those who ring, or are in the call, beside the caller.
    pub(super) fn rings_or_joined(&mut self, user: &UserId, now: bool) {
        self.call.callee_ids.retain(|callee| callee != user);
        if now && *user != self.call.caller_id {
            self.call.callee_ids.push(user.clone());
        }
    }

    /// Whether the user is in the call, as far as the server has told.
    pub(super) fn has_joined(&self, user: &UserId) -> bool {
        self.call.participants.iter().any(|participant| participant.user_id == *user)
    }

    /// Which incarnation of the user this device is, or was, in the call with, as it stands on the wire.
    pub(super) fn incarnation_of(&self, user: &UserId) -> Option<u32> {
        self.call.participants.iter().find(|one| one.user_id == *user)?.incarnation
    }

    /// Whether the server has told that somebody accepted.
    pub(super) const fn is_answered(&self) -> bool {
        match self.call.state {
            CallState::Idle | CallState::Initiating | CallState::Ringing => false,
            CallState::Connecting | CallState::Connected | CallState::Reconnecting | CallState::Ended => true,
        }
    }
}

/// The event that tells a state which the server told by the whole call.
pub(super) fn state_changed(call: &Call, state: CallState) -> StateChanged {
    StateChanged {
        call_id: call.id.clone(),
        state,
        end_reason: None,
        answered_elsewhere: None,
        at: call.answered_at.clone().filter(|_| state == CallState::Connecting),
        cause: None,
        evidence: None,
    }
}

impl ClientSession {
    /// Whether this device has called or accepted this call, and has not left it.
    pub fn is_engaged_in(&self, call: &CallId) -> bool {
        self.calls.iter().any(|local| local.call.id == *call && local.part == Part::Engaged)
    }

    /// Whether the user has hung up or declined this call here.
    pub(super) fn is_leaving(&self, call: &CallId) -> bool {
        self.calls.iter().any(|local| local.call.id == *call && local.part == Part::Leaving)
    }

    /// Whether this device is engaged: it called or accepted, and that call has not ended; or it may be, as it has asked
    /// for a call.
    pub(super) fn is_engaged(&self) -> bool {
        self.calls.iter().any(|local| local.part == Part::Engaged)
            || self.waiting.iter().any(|waiting| matches!(waiting.what, What::Initiate))
    }

    /// This device's part is over: what it had opened for the call is closed at once, whoever has to be told still.
    pub(super) fn leave_here(&mut self, call: &CallId) {
        let Some(local) = self.local(call) else { return };
        let was = std::mem::replace(&mut local.part, Part::Leaving);
        local.peers.clear();
        local.offers.clear();
        if was == Part::Engaged {
            self.act(Action::Release { call: call.clone() });
        }
    }

    /// The call moved to another state. Returns whether that is news.
    pub(super) fn state_changed(&mut self, changed: &StateChanged) -> bool {
        let Some(local) = self.local(&changed.call_id) else {
            let known = self.resumable.iter().position(|call| call.id == changed.call_id);
            let Some(index) = known else { return false };
            self.resumable[index].state = changed.state;
            let over = changed.state == CallState::Ended;
            if over {
                self.resumable.swap_remove(index);
            }
            return over;
        };
        // What a call was told by as a whole may be told once more, from further back.
        if changed.state != CallState::Ended && local.call.state.way_to(changed.state).is_empty() {
            return false;
        }
        local.call.state = changed.state;
        match changed.state {
            CallState::Connecting => local.call.answered_at.clone_from(&changed.at),
            CallState::Ended => self.ended(&changed.call_id),
            CallState::Idle
            | CallState::Initiating
            | CallState::Ringing
            | CallState::Connected
            | CallState::Reconnecting => {}
        }
        true
    }

    /// A member shows something else from now on. Returns whether this device knows of the call.
    pub(super) fn shows(
        &mut self,
        call: &CallId,
        user: &UserId,
        change: impl Fn(MediaFlags) -> MediaFlags,
    ) -> bool {
        let Some(local) = self.local(call) else { return false };
        for participant in &mut local.call.participants {
            if participant.user_id == *user {
                participant.set_media(change(participant.media()));
            }
        }
        true
    }

    /// The connection that would have told of the end is gone; the server finds the same reason for it, as far as can be
    /// known here.
    pub(super) fn end_here(&mut self, call: &CallId, cause: Option<EndCause>) {
        let me = self.user.clone();
        let Some(local) = self.local(call) else { return };
        let was = local.part;
        let reason = match (local.is_answered(), was) {
            (false, _) if Some(&local.call.caller_id) == me.as_ref() => EndReason::Cancelled,
            (false, Part::Leaving) => EndReason::Rejected,
            // Whether an accept that is under way got there, nobody here knows.
            (false, Part::Ringing | Part::Engaged) => EndReason::Missed,
            (true, Part::Leaving) => EndReason::Completed,
            (true, Part::Ringing | Part::Engaged) => EndReason::Failed,
        };
        self.ended(call);
        self.emit(Event::Call(ServerEvent::StateChanged(StateChanged {
            call_id: call.clone(),
            state: CallState::Ended,
            end_reason: Some(reason),
            answered_elsewhere: None,
            at: None,
            cause: cause.filter(|_| was == Part::Engaged),
            evidence: None,
        })));
    }

    fn ended(&mut self, call: &CallId) {
        self.leave_here(call);
        self.calls.retain(|local| local.call.id != *call);
        self.remember_ended(call.clone());
    }

    /// Leaves a call without being asked to. The server is told, and nobody waits for its reply.
    pub(super) fn give_up(&mut self, call_id: CallId) {
        self.leave_here(&call_id);
        self.send(Command::Hangup(Hangup { call_id }));
    }
}
