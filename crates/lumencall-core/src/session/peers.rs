//! The peer connections of a call: who offers, what waits for what, how they stand.

use super::calls::Part;
use super::{Action, ClientSession, Event, Failure, FailureCode};
use crate::wire::{
    Command, ConnectionReport, ConnectionState, Description, DescriptionType, Extra, IceCandidate, Private,
    names_no_address,
};
use crate::{CallId, CallType, UserId};

/// The most candidates that wait for a description. The server lets no more through in a generation.
const MOST_WAITING: usize = 200;

/// The most offers that are kept for a call that rings: one of each who may be in it.
const MOST_OFFERS: usize = 32;

/// What is known of the connection to another.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) user: UserId,
    /// Whether a description of theirs has been applied, so that their candidates can be used.
    described: bool,
    /// Their candidates that came before it.
    waiting: Vec<IceCandidate>,
    /// What the server was told last.
    reported: Option<ConnectionState>,
}

impl ClientSession {
    pub(super) fn open_peer(&mut self, call: &CallId, user: &UserId, call_type: CallType) {
        let Some(local) = self.local(call) else { return };
        let peer = Peer { user: user.clone(), described: false, waiting: Vec::new(), reported: None };
        local.peers.push(peer);
        self.act(Action::OpenPeer { call: call.clone(), user: user.clone(), call_type });
    }

    /// Makes an offer to another, on a connection of its own.
    pub(super) fn offer_to(&mut self, call: &CallId, user: &UserId, call_type: CallType) {
        self.open_peer(call, user, call_type);
        self.act(Action::Offer { call: call.clone(), user: user.clone() });
    }

    pub(super) fn close_peer(&mut self, call: &CallId, user: &UserId) {
        let Some(local) = self.local(call) else { return };
        if local.peer(user).is_some() {
            local.peers.retain(|peer| peer.user != *user);
            self.act(Action::ClosePeer { call: call.clone(), user: user.clone() });
        }
    }

    /// An offer is answered by a device that is in the call. One that rings keeps it, unread, for when it accepts.
    pub(super) fn handle_offer(&mut self, call: &CallId, from: &UserId, offer: &Private) {
        let rejoining = self.is_rejoining(call);
        let Some(local) = self.local(call) else { return };
        match local.part {
            Part::Ringing => {
                local.offers.retain(|(user, _)| user != from);
                if local.offers.len() < MOST_OFFERS {
                    local.offers.push((from.clone(), offer.clone()));
                }
            }
            Part::Leaving => {}
            // It is for the page that was there before.
            Part::Engaged if rejoining => {}
            Part::Engaged => {
                let call_type = local.call.call_type;
                if local.peer(from).is_none() {
                    self.open_peer(call, from, call_type);
                }
                self.act(Action::Answer { call: call.clone(), user: from.clone(), offer: offer.clone() });
            }
        }
    }

    pub(super) fn handle_answer(&mut self, call: &CallId, user: &UserId, answer: &Private) {
        if self.local(call).and_then(|local| local.peer(user)).is_some() {
            self.act(Action::ApplyAnswer { call: call.clone(), user: user.clone(), answer: answer.clone() });
        }
    }

    pub(super) fn handle_candidate(&mut self, candidate: &IceCandidate, user: &UserId) {
        let Some(local) = self.local(&candidate.call_id) else { return };
        if local.part != Part::Engaged {
            return;
        }
        let Some(peer) = local.peer(user) else { return };
        if peer.described {
            self.act(Action::AddCandidate { candidate: candidate.clone(), user: user.clone() });
        } else if peer.waiting.len() < MOST_WAITING {
            peer.waiting.push(candidate.clone());
        }
    }

    /// A description of theirs has been applied: the candidates that waited for it can be used.
    pub fn handle_remote_described(&mut self, call: &CallId, user: &UserId) {
        let Some(peer) = self.local(call).and_then(|local| local.peer(user)) else { return };
        peer.described = true;
        for candidate in std::mem::take(&mut peer.waiting) {
            self.act(Action::AddCandidate { candidate, user: user.clone() });
        }
    }

    /// A description of ours was made and applied. Before the call is answered an offer is sealed, if it may be.
    pub fn handle_local_description(
        &mut self,
        call: &CallId,
        user: &UserId,
        kind: DescriptionType,
        sdp: Box<str>,
    ) {
        let me = self.user.clone();
        let Some(local) = self.local(call).filter(|local| local.part == Part::Engaged) else { return };
        if local.peer(user).is_none() {
            return;
        }
        let ahead = kind == DescriptionType::Offer && !local.has_joined(user);
        let sealed = (ahead && names_no_address(&sdp)).then_some(true);
        let incarnation = local.incarnation_of(user);
        let description = Description {
            call_id: call.clone(),
            from_user_id: me,
            to_user_id: user.clone(),
            kind,
            sdp: Private::new(sdp),
            sealed,
            renegotiation: None,
            incarnation,
            extra: Extra::default(),
        };
        self.send(match kind {
            DescriptionType::Offer => Command::Offer(description),
            DescriptionType::Answer => Command::Answer(description),
        });
    }

    /// A candidate of ours was gathered. Its sender is filled in here.
    pub fn handle_local_candidate(&mut self, mut candidate: IceCandidate) {
        let me = self.user.clone();
        let local = self.local(&candidate.call_id).filter(|local| local.part == Part::Engaged);
        let Some(local) = local else { return };
        if local.peer(&candidate.to_user_id).is_some() {
            candidate.from_user_id = me;
            candidate.incarnation = local.incarnation_of(&candidate.to_user_id);
            self.send(Command::Candidate(candidate));
        }
    }

    /// The connection to another stands so. The server is told, once for each change.
    pub fn handle_connection(&mut self, call: &CallId, user: &UserId, state: ConnectionState) {
        let Some(local) = self.local(call) else { return };
        let incarnation = local.incarnation_of(user);
        let Some(peer) = local.peer(user) else { return };
        if peer.reported != Some(state) {
            peer.reported = Some(state);
            self.send(Command::Report(ConnectionReport {
                call_id: call.clone(),
                peer_user_id: user.clone(),
                state,
                incarnation,
            }));
        }
    }

    /// The browser could not make or use a description: there will be no connection. A caller does not let it ring for that.
    pub fn handle_negotiation_failed(&mut self, call: &CallId, user: &UserId) {
        let me = self.user.clone();
        let Some(local) = self.local(call) else { return };
        if local.peer(user).is_none() {
            return;
        }
        let (joined, others) = (local.has_joined(user), local.call.callee_ids.len() > 1);
        let in_vain = Some(&local.call.caller_id) == me.as_ref() && !local.is_answered() && !others;
        self.emit(Event::Error(NEGOTIATION_FAILED.about(call)));
        if in_vain {
            self.give_up(call.clone());
        } else if joined {
            self.handle_connection(call, user, ConnectionState::Failed);
        } else {
            self.close_peer(call, user);
        }
    }
}

const NEGOTIATION_FAILED: Failure =
    Failure::new(FailureCode::NegotiationFailed, "the browser could not make or use a session description");
