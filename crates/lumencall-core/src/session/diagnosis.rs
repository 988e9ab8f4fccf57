//! Why a connection came to nothing, as far as can be known here.

use super::ClientSession;
use super::calls::Part;
use super::peers::Peer;
use crate::wire::{CandidateType, ConnectionState, EndCause, Evidence, IceCandidate};
use crate::{CallId, UserId};

/// The codes that a TURN server refuses credentials with (RFC 8489, 14.8; RFC 8656, 19).
const UNAUTHORIZED: [u16; 4] = [401, 403, 438, 441];

/// The most errors that are kept of a connection.
const MOST_ERRORS: usize = 8;

impl Evidence {
    pub(super) const NONE: Self = Self {
        online: true,
        turn: false,
        local_candidates: Vec::new(),
        remote_candidates: Vec::new(),
        candidate_errors: Vec::new(),
        unusable: false,
    };

    fn cause(&self) -> EndCause {
        let found = |kind| self.local_candidates.contains(&kind);
        let only_host = !self.local_candidates.iter().any(|kind| *kind != CandidateType::Host);
        if self.unusable {
            EndCause::NegotiationFailed
        } else if !self.online {
            EndCause::NetworkOffline
        } else if !self.turn {
            EndCause::NoTurnConfigured
        } else if found(CandidateType::Relay) {
            EndCause::NoPath
        } else if self.candidate_errors.iter().any(|code| UNAUTHORIZED.contains(code)) {
            EndCause::TurnUnauthorized
        } else if only_host && self.candidate_errors.is_empty() {
            EndCause::OnlyHostCandidates
        } else {
            EndCause::TurnUnreachable
        }
    }
}

/// Adds the type that a candidate names, if it names one (RFC 8839, 5.1).
pub(super) fn note(kinds: &mut Vec<CandidateType>, candidate: &IceCandidate) {
    let mut words = candidate.candidate.reveal().as_bytes().split(|byte| *byte == b' ');
    let named = words.find(|word| word == b"typ").and_then(|_| words.next());
    let kind = CandidateType::ALL.iter().find(|kind| named == Some(kind.as_str().as_bytes()));
    kinds.extend(kind.filter(|kind| !kinds.contains(kind)));
}

impl ClientSession {
    /// The browser uses these ICE servers: whether there is a TURN server among them.
    pub const fn handle_ice_servers(&mut self, turn: bool) {
        self.turn = turn;
    }

    /// A STUN or TURN server gave the browser nothing (`icecandidateerror`).
    pub fn handle_candidate_error(&mut self, call: &CallId, user: &UserId, code: u16) {
        let Some(peer) = self.local(call).and_then(|local| local.peer(user)) else { return };
        let errors = &mut peer.evidence.candidate_errors;
        if errors.len() < MOST_ERRORS && !errors.contains(&code) {
            errors.push(code);
        }
    }

    /// Why a call failed that this device was in, and what that is concluded from.
    pub(super) fn diagnose(&mut self, call: &CallId) -> (Option<EndCause>, Option<Evidence>) {
        let (online, turn, rejoining) = (self.online, self.turn, self.is_rejoining(call));
        let Some(local) = self.local(call).filter(|local| local.part == Part::Engaged && !rejoining) else {
            return (None, None);
        };
        let stands = |peer: &&Peer| peer.recovery.reported == Some(ConnectionState::Connected);
        // It may be the other alone who noticed.
        let peer = local.peers.iter().find(|peer| !stands(peer)).or(local.peers.first());
        // Who was gone for too long has left before.
        let Some(peer) = peer else { return (Some(EndCause::PeerGone), None) };
        let evidence = Evidence { online, turn, ..peer.evidence.clone() };
        (Some(evidence.cause()), Some(evidence))
    }
}
