//! A connection to another that does not stand, or may soon not: when ICE is restarted, and when it is given up.

use super::calls::Part;
use super::commands::What;
use super::negotiation::{Negotiation, Step};
use super::pulse::earlier;
use super::{Action, ClientSession, Link};
use crate::wire::{Command, ConnectionReport, ConnectionState};
use crate::{CallId, Millis, UserId};

/// How long a connection that was interrupted has to come back by itself, in milliseconds.
const INTERRUPTED: Millis = 2_000;
/// After how long the next restart follows one that did not help.
const AGAIN: Millis = 8_000;
/// For how long it is tried.
const GIVE_UP: Millis = 30_000;
/// How long an offer is good that nobody has answered: a network that translates addresses forgets those that nothing passes.
const FRESH: Millis = 30_000;

/// How the connection to another stands, and what is done about it.
#[derive(Debug, Default)]
pub(super) struct Recovery {
    /// What the server was told last.
    pub(super) reported: Option<ConnectionState>,
    /// Since when it does not stand.
    lost: Option<Millis>,
    /// When ICE is to be restarted, or an offer made anew.
    restart: Option<Millis>,
    /// Whether that is for the age of an offer alone, which is nothing to one who has accepted.
    fresh: bool,
}

impl Recovery {
    /// An offer was made to one who has not accepted.
    pub(super) fn offered_ahead(&mut self, now: Millis) {
        self.restart = Some(now + FRESH);
        self.fresh = true;
    }

    /// This time, or when it is given up if that is earlier.
    fn at_most(&self, time: Millis) -> Millis {
        self.lost.map_or(time, |lost| time.min(lost + GIVE_UP))
    }
}

impl ClientSession {
    /// The connection to another stands so, by the browser's word. The server is told, once for each change.
    pub fn handle_connection(&mut self, now: Millis, call: &CallId, user: &UserId, state: ConnectionState) {
        let Some(peer) = self.local(call).and_then(|local| local.peer(user)) else { return };
        let recovery = &mut peer.recovery;
        let stood = recovery.reported.is_some();
        let wait = match state {
            ConnectionState::Connected => None,
            // It was given up.
            _ if recovery.reported == Some(ConnectionState::Failed) => return,
            ConnectionState::Reconnecting => Some(INTERRUPTED),
            ConnectionState::Failed => Some(0),
        };
        recovery.lost = wait.map(|_| recovery.lost.unwrap_or(now));
        recovery.restart = wait.map(|wait| recovery.at_most(now + wait));
        match state {
            ConnectionState::Connected => self.report(call, user, state),
            // What never stood, the server waits for.
            ConnectionState::Reconnecting | ConnectionState::Failed if stood => {
                self.report(call, user, ConnectionState::Reconnecting);
            }
            ConnectionState::Reconnecting | ConnectionState::Failed => {}
        }
        if state != ConnectionState::Connected {
            // What took the path away may have taken the way to the server, too, and nobody has said so.
            self.handle_wake(now);
        }
        self.recover(now);
    }

    pub(super) fn report(&mut self, call: &CallId, user: &UserId, state: ConnectionState) {
        let Some(local) = self.local(call) else { return };
        let incarnation = local.incarnation_of(user);
        let Some(peer) = local.peer(user) else { return };
        if peer.recovery.reported.replace(state) != Some(state) {
            self.send(Command::Report(ConnectionReport {
                call_id: call.clone(),
                peer_user_id: user.clone(),
                state,
                incarnation,
            }));
        }
    }

    /// When [`ClientSession::recover`] is to be called. An offer can be sent only over a connection to the server, and is made with
    /// ICE servers that are not about to expire.
    pub(super) fn recovery_deadline(&self) -> Option<Millis> {
        if self.link != Link::Open || self.asks_for_ice_servers() {
            return None;
        }
        let peers = self.calls.iter().flat_map(|local| &local.peers);
        peers.fold(None, |next, peer| earlier(next, peer.recovery.restart))
    }

    fn asks_for_ice_servers(&self) -> bool {
        self.waiting.iter().any(|waiting| matches!(waiting.what, What::IceServers))
    }

    /// Does what is due.
    pub(super) fn recover(&mut self, now: Millis) {
        while self.recovery_deadline().is_some_and(|due| due <= now) {
            if self.pulse.ice_servers_due(now) {
                return self.ask_for_ice_servers();
            }
            self.restart_next(now);
        }
    }

    fn restart_next(&mut self, now: Millis) {
        for local in &mut self.calls {
            let call = local.call.id.clone();
            for peer in &mut local.peers {
                let recovery = &mut peer.recovery;
                if recovery.restart.is_none_or(|due| due > now) {
                    continue;
                }
                let user = peer.user.clone();
                let ahead = !local.call.participants.iter().any(|one| one.user_id == user);
                if recovery.lost.is_some_and(|lost| lost + GIVE_UP <= now) {
                    recovery.restart = None;
                    return self.report(&call, &user, ConnectionState::Failed);
                }
                if recovery.fresh && !ahead && recovery.lost.is_none() {
                    recovery.restart = None;
                    continue;
                }
                recovery.restart = match (ahead, recovery.lost) {
                    (true, _) => Some(now + FRESH),
                    (false, Some(_)) => Some(recovery.at_most(now + AGAIN)),
                    (false, None) => None,
                };
                self.act(Action::RestartIce { call: call.clone(), user: user.clone() });
                // The browser says itself that it has something to offer, but for one that waits for an answer.
                if ahead {
                    self.negotiate(&call, &user, Negotiation::offer_again);
                }
                return;
            }
        }
    }

    /// The network is another, or there is one again: every path may be gone.
    pub(super) fn restart_all(&mut self, now: Millis) {
        let calls = self.calls.iter_mut().filter(|local| local.part == Part::Engaged);
        for peer in calls.flat_map(|local| &mut local.peers) {
            (peer.recovery.restart, peer.recovery.fresh) = (Some(now), false);
        }
        self.recover(now);
    }

    /// There is a connection to the server again, so that what does not stand can be helped.
    pub(super) fn restart_lost(&mut self, now: Millis) {
        for peer in self.calls.iter_mut().flat_map(|local| &mut local.peers) {
            if peer.recovery.lost.is_some() {
                peer.recovery.restart = Some(now);
            }
        }
        self.recover(now);
    }

    /// Carries out what the negotiation with another comes to.
    pub(super) fn negotiate(
        &mut self,
        call: &CallId,
        user: &UserId,
        input: impl FnOnce(&mut Negotiation) -> Option<Step>,
    ) {
        let Some(peer) = self.local(call).and_then(|local| local.peer(user)) else { return };
        if let Some(step) = input(&mut peer.negotiation) {
            peer.described &= matches!(step, Step::Offer);
            self.take(step, call.clone(), user.clone());
        }
    }

    /// One piece of code for all inputs.
    #[inline(never)]
    fn take(&mut self, step: Step, call: CallId, user: UserId) {
        self.act(match step {
            Step::Offer => Action::Offer { call, user },
            Step::Answer(offer) => Action::Answer { call, user, offer: offer.sdp, screen: offer.screen },
            Step::Apply(answer) => {
                Action::ApplyAnswer { call, user, answer: answer.sdp, screen: answer.screen }
            }
        });
    }
}
