//! What must hold of all that the server knows, between inputs.

use std::collections::BTreeMap;

use lumencall_core::machine::{CallRecord, Member, Phase, Rules, UserRecord};
use lumencall_core::wire::ConnectionState;
use lumencall_core::{CallId, DeviceId, Millis, UserId};

use super::decisions::Decisions;
use super::violation::holds;

impl Decisions {
    /// A device is gone for good.
    pub(super) fn gone(&self, calls: &BTreeMap<CallId, CallRecord>, device: &DeviceId) {
        for call in calls.values() {
            let here = call.members.iter().flat_map(Member::devices).any(|known| known.id == *device);
            holds!("I15", !here, "{device:?} is gone, and has a part in {call:?}");
        }
    }

    /// Nothing is to follow: the records agree with each other, and are bounded.
    pub(super) fn at_rest(
        &self,
        calls: &BTreeMap<CallId, CallRecord>,
        users: &BTreeMap<UserId, UserRecord>,
        rules: &Rules,
        now: Millis,
    ) {
        for user in users.values() {
            for away in &user.away {
                let known = user.devices.iter().any(|device| device.id == away.device);
                holds!("I29", known, "{user:?} is waited for with a device that is gone");
            }
            let latest = now + rules.resume_in_call.max(rules.resume);
            holds!(
                "I15",
                user.deadline(rules).is_none_or(|at| at <= latest),
                "{user:?} is waited for too long"
            );
            if let Some(engaged) = &user.engaged {
                let there =
                    calls.get(&engaged.call).is_some_and(|call| call.has_joined(&user.user, &engaged.device));
                holds!("I15", there, "{user:?} is engaged in a call that is not theirs");
                holds!(
                    "I15",
                    user.devices.iter().any(|device| device.id == engaged.device),
                    "{user:?} is engaged with a device that is gone"
                );
                holds!("busy", user.rings.is_empty(), "{user:?} is rung while in a call");
            }
            for ring in &user.rings {
                let member = calls.get(&ring.call).and_then(|call| call.member(&user.user));
                let rung = member.is_some_and(|member| matches!(member.phase, Phase::Rung { .. }));
                holds!("I15", rung, "{user:?} has a ring of a call that does not ring there");
            }
        }
        for call in calls.values() {
            holds!("I10", !self.ended.contains_key(&call.id), "{call:?} is back");
            holds!("I29", call.members.len() <= usize::from(rules.members), "{call:?}");
            holds!("I29", call.pairs.len() <= call.members.len() * (call.members.len() - 1) / 2, "{call:?}");
            for pair in &call.pairs {
                let known = pair.users.iter().all(|user| call.member(user).is_some());
                holds!("I29", known && pair.users[0] != pair.users[1], "{pair:?} is kept in {call:?}");
                let most = usize::from(rules.candidates);
                holds!("I29", pair.sent.iter().all(|sent| sent.candidates.len() <= most), "{pair:?}");
            }
            let joined = call.joined().count();
            for member in &call.members {
                let user = users.get(&member.user);
                let engaged = user
                    .and_then(|user| user.engaged.as_ref())
                    .is_some_and(|engaged| engaged.call == call.id);
                let rings = user.is_some_and(|user| user.rings.iter().any(|ring| ring.call == call.id));
                let (is_in, is_rung) = match member.phase {
                    Phase::Joined { .. } => (true, false),
                    Phase::Rung { .. } => (false, true),
                    Phase::Out => (false, false),
                };
                holds!(
                    "I15",
                    (engaged, rings) == (is_in, is_rung) && (is_in || is_rung),
                    "{member:?} and {user:?}"
                );
                let waited_for = user.is_some_and(|user| {
                    let device = member.joined_device().map(|device| &device.id);
                    user.away.iter().any(|away| Some(&away.device) == device)
                });
                holds!("I15", waited_for || !member.is_away(), "nobody waits for {member:?}: {user:?}");
                let waits = match &member.phase {
                    Phase::Joined { connection, .. } => {
                        joined > 1 && *connection != Some(ConnectionState::Connected)
                    }
                    Phase::Rung { .. } | Phase::Out => true,
                };
                holds!("I14", member.until.is_some() == waits, "{member:?} of {call:?}");
                let latest = now + rules.ring_timeout.max(rules.answer_timeout).max(rules.reconnect_timeout);
                holds!(
                    "I14",
                    member.until.is_none_or(|until| until <= latest),
                    "{member:?} waits too long, at {now}"
                );
            }
        }
    }
}
