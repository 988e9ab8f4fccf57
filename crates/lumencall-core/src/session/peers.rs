//! The peer connections of a call: who offers, what waits for what, how they stand.

use super::calls::Part;
use super::diagnosis::note;
use super::negotiation::{Negotiation, Told};
use super::recovery::Recovery;
use super::{Action, ClientSession, Event, Failure, FailureCode};
use crate::wire::{
    Command, ConnectionState, Description, DescriptionType, Evidence, Extra, IceCandidate, Private,
    can_be_sent,
};
use crate::{CallId, CallType, Millis, UserId};

/// The most candidates that wait for a description. The server lets no more through in a generation.
const MOST_WAITING: usize = 200;

/// The most offers that are kept for a call that rings: one of each who may be in it.
const MOST_OFFERS: usize = 32;

/// What is known of the connection to another.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) user: UserId,
    /// Whether their last description has been applied, so that their candidates can be used.
    pub(super) described: bool,
    /// Their candidates that came before it.
    waiting: Vec<IceCandidate>,
    pub(super) negotiation: Negotiation,
    /// Whether descriptions have been exchanged before.
    settled: bool,
    pub(super) recovery: Recovery,
    pub(super) evidence: Evidence,
}

impl Description {
    fn told(&self) -> Told {
        Told { sdp: self.sdp.clone(), round: self.round, screen: self.screen.clone() }
    }
}

impl ClientSession {
    /// Makes a connection to another. Who makes the first offer on it gives way to none.
    fn open_peer(&mut self, call: &CallId, user: &UserId, call_type: CallType, polite: bool) {
        let Some(local) = self.local(call) else { return };
        local.peers.push(Peer {
            user: user.clone(),
            described: false,
            waiting: Vec::new(),
            negotiation: Negotiation::new(polite),
            settled: false,
            recovery: Recovery::default(),
            evidence: Evidence::NONE,
        });
        self.act(Action::OpenPeer { call: call.clone(), user: user.clone(), call_type });
    }

    /// Makes an offer to another, on a connection of its own.
    pub(super) fn offer_to(&mut self, call: &CallId, user: &UserId, call_type: CallType) {
        self.open_peer(call, user, call_type, false);
        self.negotiate(call, user, Negotiation::needed);
    }

    /// The browser has something to describe anew (`negotiationneeded`).
    pub fn handle_negotiation_needed(&mut self, call: &CallId, user: &UserId) {
        self.negotiate(call, user, Negotiation::needed);
    }

    pub(super) fn close_peer(&mut self, call: &CallId, user: &UserId) {
        let Some(local) = self.local(call) else { return };
        if local.peer(user).is_some() {
            local.peers.retain(|peer| peer.user != *user);
            self.act(Action::ClosePeer { call: call.clone(), user: user.clone() });
        }
    }

    /// An offer is answered by a device that is in the call. One that rings keeps it, unread, for when it accepts.
    pub(super) fn handle_offer(&mut self, call: &CallId, from: &UserId, offer: Told) {
        let rejoining = self.is_rejoining(call);
        let Some(local) = self.local(call) else { return };
        match local.part {
            Part::Ringing => {
                local.offers.retain(|(user, _)| user != from);
                if local.offers.len() < MOST_OFFERS {
                    local.offers.push((from.clone(), offer));
                }
            }
            Part::Leaving => {}
            // It is for the page that was there before.
            Part::Engaged if rejoining => {}
            Part::Engaged => {
                let call_type = local.call.call_type;
                let in_vain = |peer: &mut Peer| !peer.settled && peer.negotiation.yields_to(&offer);
                if local.peer(from).is_some_and(in_vain) {
                    // Chromium cannot offer any more on a connection whose first offer it took back.
                    self.close_peer(call, from);
                }
                if self.local(call).is_some_and(|local| local.peer(from).is_none()) {
                    self.open_peer(call, from, call_type, true);
                }
                self.negotiate(call, from, |negotiation| negotiation.offered(offer));
            }
        }
    }

    pub(super) fn handle_description(&mut self, description: &Description) {
        let (call, told) = (&description.call_id, description.told());
        let Some(from) = &description.from_user_id else { return };
        match description.kind {
            DescriptionType::Offer => self.handle_offer(call, from, told),
            DescriptionType::Answer => self.negotiate(call, from, |negotiation| negotiation.answered(told)),
        }
    }

    pub(super) fn handle_candidate(&mut self, candidate: &IceCandidate, user: &UserId) {
        let Some(local) = self.local(&candidate.call_id) else { return };
        if local.part != Part::Engaged {
            return;
        }
        let Some(peer) = local.peer(user) else { return };
        note(&mut peer.evidence.remote_candidates, candidate);
        if peer.described && !peer.negotiation.has_next() {
            self.act(Action::AddCandidate { candidate: candidate.clone(), user: user.clone() });
        } else if peer.waiting.len() < MOST_WAITING {
            peer.waiting.push(candidate.clone());
        }
    }

    /// A description of theirs has been applied: the candidates that waited for it can be used.
    pub fn handle_remote_described(&mut self, call: &CallId, user: &UserId) {
        let Some(peer) = self.local(call).and_then(|local| local.peer(user)) else { return };
        peer.settled |= peer.negotiation.described();
        peer.described = true;
        // Some may be for an offer that waits for its turn: they come behind it.
        if !peer.negotiation.has_next() {
            for candidate in std::mem::take(&mut peer.waiting) {
                self.act(Action::AddCandidate { candidate, user: user.clone() });
            }
        }
        self.negotiate(call, user, Negotiation::next);
    }

    /// A description of ours was made. `screen` is the id of the stream in it that shows this device's screen. Before the
    /// call is answered an offer is sealed, if it may be.
    pub fn handle_local_description(
        &mut self,
        now: Millis,
        call: &CallId,
        user: &UserId,
        kind: DescriptionType,
        sdp: Box<str>,
        screen: Option<Box<str>>,
    ) {
        let me = self.user.clone();
        let number = self.last_round + 1;
        let Some(local) = self.local(call).filter(|local| local.part == Part::Engaged) else { return };
        let ahead = kind == DescriptionType::Offer && !local.has_joined(user);
        let incarnation = local.incarnation_of(user);
        let Some(peer) = local.peer(user) else { return };
        let Some(round) = peer.negotiation.made(kind, number) else { return };
        if !can_be_sent(&sdp) {
            self.emit(Event::Error(TOO_LARGE.about(call)));
            return self.fail_to_negotiate(call, user);
        }
        if ahead {
            peer.recovery.offered_ahead(now);
        }
        let renegotiation = (kind == DescriptionType::Offer && peer.settled).then_some(true);
        peer.settled |= kind == DescriptionType::Answer;
        // It tells no address as long as it names no candidate. The server looks more closely before it believes that.
        let gathered = sdp.as_bytes().windows(11).any(|word| word == b"a=candidate");
        let sealed = (ahead && !gathered).then_some(true);
        self.last_round = number;
        let description = Description {
            call_id: call.clone(),
            from_user_id: me,
            to_user_id: user.clone(),
            kind,
            sdp: Private::new(sdp),
            sealed,
            renegotiation,
            incarnation,
            round,
            screen,
            extra: Extra::default(),
        };
        self.send(match kind {
            DescriptionType::Offer => Command::Offer(description),
            DescriptionType::Answer => Command::Answer(description),
        });
        self.negotiate(call, user, Negotiation::next);
    }

    /// The offer that the browser was to make is too large to be sent, and was not applied: what was negotiated before stays. Another is
    /// made when it says again that one is needed.
    pub fn handle_oversized_offer(&mut self, call: &CallId, user: &UserId) {
        let Some(peer) = self.local(call).and_then(|local| local.peer(user)) else { return };
        if peer.negotiation.leave() {
            self.emit(Event::Error(TOO_LARGE.about(call)));
        }
    }

    /// A candidate of ours was gathered. Its sender is filled in here.
    pub fn handle_local_candidate(&mut self, mut candidate: IceCandidate) {
        let me = self.user.clone();
        let local = self.local(&candidate.call_id).filter(|local| local.part == Part::Engaged);
        let Some(local) = local else { return };
        if let Some(peer) = local.peer(&candidate.to_user_id) {
            note(&mut peer.evidence.local_candidates, &candidate);
            candidate.from_user_id = me;
            candidate.incarnation = local.incarnation_of(&candidate.to_user_id);
            self.send(Command::Candidate(candidate));
        }
    }

    /// The browser could not make or use a description, while it was to make one of this kind, or nothing: there will be no
    /// connection. A caller does not let it ring for that.
    pub fn handle_negotiation_failed(&mut self, call: &CallId, user: &UserId, kind: DescriptionType) {
        let peer = self.local(call).and_then(|local| local.peer(user));
        if peer.is_some_and(|peer| peer.negotiation.is_wanted(kind)) {
            self.emit(Event::Error(NEGOTIATION_FAILED.about(call)));
            self.fail_to_negotiate(call, user);
        }
    }

    fn fail_to_negotiate(&mut self, call: &CallId, user: &UserId) {
        let me = self.user.clone();
        let Some(local) = self.local(call) else { return };
        let Some(peer) = local.peer(user) else { return };
        peer.evidence.unusable = true;
        let (joined, others) = (local.has_joined(user), local.call.callee_ids.len() > 1);
        let in_vain = Some(&local.call.caller_id) == me.as_ref() && !local.is_answered() && !others;
        if in_vain {
            self.give_up(call.clone());
        } else if joined {
            self.report(call, user, ConnectionState::Failed);
        } else {
            self.close_peer(call, user);
        }
    }
}

const TOO_LARGE: Failure =
    Failure::new(FailureCode::LimitExceeded, "too many transceivers for a session description");
const NEGOTIATION_FAILED: Failure =
    Failure::new(FailureCode::NegotiationFailed, "the browser refused a session description");
