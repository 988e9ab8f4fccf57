//! After a cut, or a reload: what the server says of this device's calls, and how what is known here follows.

use super::calls::{LocalCall, Part};
use super::commands::What;
use super::{ClientSession, Event, Failure, FailureCode, Ticket};
use crate::wire::{Command, EndCause, Rejoin, ServerEvent};
use crate::{Call, CallId, CallState, Millis, UserId};

impl ClientSession {
    /// The calls that this device is in, by the server's word, and that this page knows nothing of: it was loaded anew. Each
    /// can be taken up by [`ClientSession::rejoin`], for a short time.
    pub fn resumable(&self) -> &[Call] {
        &self.resumable
    }

    /// Takes the place of a page that is gone in its call. Settled with the call.
    pub fn rejoin(&mut self, now: Millis, call: &CallId) -> Ticket {
        let Some(index) = self.resumable.iter().position(|known| known.id == *call) else {
            return self.refuse_unknown(call);
        };
        if self.is_engaged() {
            return self.refuse(super::commands::ALREADY_IN_CALL.about(call));
        }
        let left = self.resumable.swap_remove(index);
        self.calls.push(LocalCall::new(left, Part::Engaged));
        self.ask(now, Command::Rejoin(Rejoin { call_id: call.clone() }), What::Rejoin(call.clone()))
    }

    /// The server has let this page into the call, with new connections: those who are in it offer them, and a caller does
    /// to whom it calls still.
    pub(super) fn rejoined(&mut self, call: &Call) {
        let me = self.user.clone();
        let Some(local) = self.local(&call.id) else { return };
        let before = std::mem::replace(&mut local.call, call.clone()).state;
        let rung: Vec<UserId> =
            call.callee_ids.iter().filter(|callee| !local.has_joined(callee)).cloned().collect();
        if call.caller_id == me {
            for callee in rung {
                self.offer_to(&call.id, &callee, call.call_type);
            }
        }
        if before != call.state {
            self.tell_state(call, call.state);
        }
    }

    /// The server's session does not go on. `calls` are those in which it still knows this device; nothing where it does not
    /// know the device.
    pub(super) fn reconcile(&mut self, calls: Option<Vec<Call>>) {
        let cause = calls.is_none().then_some(EndCause::ServerRestarted);
        let told = calls.unwrap_or_default();
        for id in self.calls.iter().map(|local| local.call.id.clone()).collect::<Vec<_>>() {
            match told.iter().find(|call| call.id == id) {
                Some(call) => self.follow(call),
                None => self.end_here(&id, cause),
            }
        }
        self.resumable.clear();
        for call in told {
            if self.local(&call.id).is_some() || self.ended.contains(&call.id) {
            } else if self.is_participant(&call) {
                self.resumable.push(call);
            } else {
                self.handle_event(ServerEvent::Incoming(call));
            }
        }
    }

    fn is_participant(&self, call: &Call) -> bool {
        call.participants.iter().any(|participant| participant.user_id == self.user)
    }

    /// A call that is known here and there. What was signaled meanwhile is lost.
    fn follow(&mut self, call: &Call) {
        let joined = self.is_participant(call);
        let Some(local) = self.local(&call.id) else { return };
        local.offers.clear();
        match (local.part, joined) {
            (Part::Leaving, _) => self.give_up(call.id.clone()),
            (Part::Engaged, true) => {
                for user in local.peers.iter().map(|peer| peer.user.clone()).collect::<Vec<_>>() {
                    self.close_peer(&call.id, &user);
                }
                let command = Command::Rejoin(Rejoin { call_id: call.id.clone() });
                self.request(command, What::Rejoin(call.id.clone()));
            }
            (Part::Engaged, false) => {
                // The accept was lost on its way, and whoever gave it has been told so: it rings on.
                self.leave_here(&call.id);
                self.ring_on(call);
            }
            (Part::Ringing, false) => self.ring_on(call),
            // Another page of this device was in it.
            (Part::Ringing, true) => self.end_here(&call.id, None),
        }
    }

    fn ring_on(&mut self, call: &Call) {
        if let Some(local) = self.local(&call.id) {
            local.part = Part::Ringing;
            local.call = call.clone();
        }
    }

    /// Every call is over, as far as can be known here.
    pub(super) fn end_all(&mut self, cause: Option<EndCause>) {
        while let Some(local) = self.calls.first() {
            let call = local.call.id.clone();
            self.end_here(&call, cause);
        }
        self.resumable.clear();
    }

    /// What the server says to a rejoin. Nobody may wait for it: after a cut it is made without being asked for.
    pub(super) fn rejoin_answered(&mut self, id: &CallId, result: &mut Result<Option<Call>, Failure>) {
        match result {
            Ok(Some(call)) if self.is_engaged_in(id) => {
                let call = call.clone();
                self.rejoined(&call);
            }
            Ok(_) => *result = Err(Failure::ENDED),
            Err(failure) => {
                let failure = failure.clone();
                if self.is_engaged_in(id) {
                    // It ended, or cannot be taken up.
                    if failure.code != FailureCode::UnknownCall {
                        self.give_up(id.clone());
                    }
                    self.end_here(id, None);
                }
            }
        }
    }

    fn tell_state(&mut self, call: &Call, state: CallState) {
        self.emit(Event::Call(ServerEvent::StateChanged(super::calls::state_changed(call, state))));
    }
}
