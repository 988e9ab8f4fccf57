//! How the connections of a call stand, and what that makes of the call.

use super::decide::Work;
use super::{CallRecord, Origin, Pair, Refusal, Trigger};
use crate::wire::{ConnectionReport, ConnectionState};
use crate::{CallState, ErrorCode};

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
        call.direction_mut(&from.user, peer).report = Some(report.state);
        if call.pairs.iter().all(has_failed) {
            self.end(call, Trigger::Failed);
        } else {
            self.settle(&mut call);
            self.keep(call);
        }
        Ok(())
    }

    /// Moves the call to what its pairs make of it: connected while any of them is, reconnecting when none is any more.
    pub(super) fn settle(&mut self, call: &mut CallRecord) {
        let connected = any_connected(call);
        let moved = match call.state {
            CallState::Connecting | CallState::Reconnecting if connected => call.go(Trigger::Connected),
            CallState::Connected if !connected => call.go(Trigger::Interrupted),
            CallState::Idle
            | CallState::Initiating
            | CallState::Ringing
            | CallState::Connecting
            | CallState::Connected
            | CallState::Reconnecting
            | CallState::Ended => None,
        };
        if moved.is_some() {
            call.deadline = (!connected).then(|| self.now.clock + self.rules.reconnect_timeout);
            self.tell_state(call);
        }
    }
}

fn has_failed(pair: &Pair) -> bool {
    pair.sent.iter().any(|sent| sent.report == Some(ConnectionState::Failed))
}

fn any_connected(call: &CallRecord) -> bool {
    call.pairs.iter().any(|pair| {
        let dialect =
            |index: usize| call.member(&pair.users[index])?.joined_device().map(|device| device.dialect);
        matches!((dialect(0), dialect(1)), (Some(one), Some(other)) if pair.connected([one, other]))
    })
}
