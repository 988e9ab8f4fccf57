//! How the connections of a call stand, and what that makes of its members and of the call.

use super::decide::Work;
use super::{CallRecord, Device, Member, Origin, Pair, Phase, Refusal, Trigger};
use crate::wire::{ConnectionReport, ConnectionState, ParticipantChanged, ServerEvent};
use crate::{CallState, ErrorCode, UserId};

impl Work<'_> {
    pub(super) fn report(&mut self, from: &Origin, report: &ConnectionReport) -> Result<(), Refusal> {
        let mut call = self.call_joined_by(from)?;
        let peer = &report.peer_user_id;
        if *peer == from.user || call.member(peer).is_none_or(|peer| peer.joined_device().is_none()) {
            return Err(Refusal::new(
                ErrorCode::InvalidArgument,
                "peerUserId is not another who is in the call",
            ));
        }
        let incarnation = call.member(peer).map_or(0, Member::incarnation);
        if report.incarnation.unwrap_or_default() != incarnation {
            // It tells of a page that is gone.
            self.keep(call);
            return Ok(());
        }
        let away = [&from.user, peer].iter().any(|user| call.member(user).is_some_and(Member::is_away));
        let state = match report.state {
            // Whoever is away may come back, and connect anew.
            ConnectionState::Failed if away => ConnectionState::Reconnecting,
            state => state,
        };
        call.direction_mut(&from.user, peer).report = Some(state);
        if let Some(user) = [&from.user, peer].into_iter().find(|user| cut_off(&call, user)) {
            self.fail(call, user);
        } else {
            self.settle(&mut call);
            self.keep(call);
        }
        Ok(())
    }

    /// Moves the members and the call to what their connections make of them: the call is connected while any pair is, and
    /// reconnecting when none is any more.
    pub(super) fn settle(&mut self, call: &mut CallRecord) {
        let alone = call.joined().count() < 2;
        let standing: Vec<bool> =
            call.members.iter().map(|member| is_connected(call, &member.user)).collect();
        let mut changed = Vec::new();
        for (member, stands) in std::iter::zip(&mut call.members, &standing) {
            let Phase::Joined { connection, .. } = &mut member.phase else { continue };
            let now = match (*connection, stands) {
                (_, true) => Some(ConnectionState::Connected),
                // Nobody is there to be connected to; who comes next is the first again.
                (_, false) if alone => None,
                (Some(ConnectionState::Connected), false) => Some(ConnectionState::Reconnecting),
                (known, false) => known,
            };
            if alone || *stands {
                member.until = None;
            }
            if now != *connection {
                *connection = now;
                if now == Some(ConnectionState::Reconnecting) {
                    member.until = Some(self.now.clock + self.rules.reconnect_timeout);
                }
                changed.extend(now.map(|now| (member.user.clone(), now)));
            }
        }
        if call.joined().count() > 2 {
            for (user_id, connection) in changed {
                let but = user_id.clone();
                let event = ParticipantChanged { call_id: call.id.clone(), user_id, connection };
                self.tell_joined(call, Some(&but), &ServerEvent::ParticipantChanged(event));
            }
        }
        let connected = standing.contains(&true);
        let moved = match call.state {
            CallState::Connecting | CallState::Reconnecting if connected => call.go(Trigger::Connected),
            CallState::Connected if !connected && !alone => call.go(Trigger::Interrupted),
            CallState::Idle
            | CallState::Initiating
            | CallState::Ringing
            | CallState::Connecting
            | CallState::Connected
            | CallState::Reconnecting
            | CallState::Ended => None,
        };
        if moved.is_some() {
            self.tell_state(call);
        }
    }
}

/// The pairs of this member with others who are in the call.
fn pairs_of<'a>(call: &'a CallRecord, user: &'a UserId) -> impl Iterator<Item = &'a Pair> {
    call.pairs.iter().filter(move |pair| {
        pair.users.contains(user) && pair.users.iter().all(|user| joined_device(call, user).is_some())
    })
}

fn joined_device<'a>(call: &'a CallRecord, user: &UserId) -> Option<&'a Device> {
    call.member(user)?.joined_device()
}

/// Whether a connection of this member to any other in the call stands.
fn is_connected(call: &CallRecord, user: &UserId) -> bool {
    pairs_of(call, user).any(|pair| {
        let [one, other] = &pair.users;
        match (joined_device(call, one), joined_device(call, other)) {
            (Some(one), Some(other)) => pair.connected([one.dialect, other.dialect]),
            _ => false,
        }
    })
}

/// Whether the connections of this member to all others in the call have failed.
pub(super) fn cut_off(call: &CallRecord, user: &UserId) -> bool {
    let failed = pairs_of(call, user)
        .filter(|pair| pair.sent.iter().any(|sent| sent.report == Some(ConnectionState::Failed)))
        .count();
    failed + 1 == call.joined().count()
}
