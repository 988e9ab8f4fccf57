//! Descriptions and candidates on their way: relayed, held, or refused.

use std::sync::Arc;

use super::decide::Work;
use super::{CallRecord, Device, Dialect, Direction, Member, Origin, Phase, Refusal};
use crate::wire::{Description, DescriptionType, IceCandidate, ServerEvent, Signal, written_len};
use crate::{ErrorCode, UserId};

/// The largest candidate, its unknown members included, in bytes as it is written. With the count, it bounds what is held for a callee.
const LARGEST_CANDIDATE: usize = 4096;

impl Work<'_> {
    pub(super) fn signal(&mut self, from: &Origin, signal: Signal) -> Result<(), Refusal> {
        let call = self.call_joined_by(from)?;
        let to = signal.to_user_id().clone();
        let receiver = match call.member(&to).map(|member| &member.phase) {
            Some(Phase::Joined { device, incarnation, .. }) if to != from.user => {
                // A client of the seed knows of no incarnations, and whom it is in a call with has but one.
                if from.device.dialect == Dialect::Sdk && signal.incarnation() != *incarnation {
                    self.keep(call);
                    return Ok(());
                }
                Some(device.clone())
            }
            // What waits for one who rings is bounded for each call, since calls are for each user.
            Some(Phase::Rung { .. }) if from.user == call.caller => None,
            Some(Phase::Rung { .. }) => {
                return Err(Refusal::new(
                    ErrorCode::InvalidState,
                    "toUserId has not accepted yet; only the caller's offer waits for that",
                ));
            }
            Some(Phase::Joined { .. } | Phase::Out) | None => {
                return Err(Refusal::new(
                    ErrorCode::InvalidArgument,
                    "toUserId is not another member of the call",
                ));
            }
        };
        match signal.sent_by(&from.user) {
            Signal::Description(description) => {
                self.description(call, &from.user, &to, receiver, description)
            }
            Signal::Candidate(candidate) => self.candidate(call, &from.user, &to, receiver, candidate),
        }
    }

    fn description(
        &mut self,
        mut call: CallRecord,
        from: &UserId,
        to: &UserId,
        receiver: Option<Device>,
        description: Description,
    ) -> Result<(), Refusal> {
        if description.kind == DescriptionType::Answer && !call.direction_mut(to, from).offered {
            return Err(Refusal::new(ErrorCode::InvalidState, "there is no offer of theirs to answer"));
        }
        let direction = call.direction_mut(from, to);
        direction.yields &= description.kind == DescriptionType::Offer;
        if direction.yields {
            self.keep(call);
            return Ok(());
        }
        if direction.held.is_some() {
            direction.candidates.clear();
        }
        // What came ahead of its description belongs to it. No more wait than were counted, so that the cast is exact.
        direction.count = direction.candidates.len() as u16;
        match receiver {
            Some(device) => {
                self.relay_description(&mut call, from, to, &device, description);
                self.negotiated(&mut call, from, to);
            }
            None => {
                let sealed = description.is_sealed().then(|| ServerEvent::Offer(description.clone()));
                direction.held = Some(Arc::new(description));
                let ringing = call.member(to).map(Member::devices).unwrap_or_default();
                for device in ringing.iter().filter(|device| device.dialect == Dialect::Sdk) {
                    if let Some(offer) = &sealed {
                        self.send(to, device, offer.clone());
                    }
                }
            }
        }
        self.keep(call);
        Ok(())
    }

    fn candidate(
        &mut self,
        mut call: CallRecord,
        from: &UserId,
        to: &UserId,
        receiver: Option<Device>,
        candidate: IceCandidate,
    ) -> Result<(), Refusal> {
        let texts = [
            Some(candidate.candidate.reveal()),
            candidate.sdp_mid.as_deref(),
            candidate.username_fragment.as_deref(),
        ];
        let size = texts.into_iter().flatten().map(written_len).sum::<usize>() + candidate.extra.len();
        if size > LARGEST_CANDIDATE {
            return Err(Refusal::new(ErrorCode::LimitExceeded, "the candidate is larger than 4096 bytes"));
        }
        let most = self.rules.candidates;
        let direction = call.direction_mut(from, to);
        if direction.count >= most {
            return Err(Refusal::new(
                ErrorCode::LimitExceeded,
                "too many candidates since the last description",
            ));
        }
        direction.count += 1;
        if direction.yields {
            self.keep(call);
            return Ok(());
        }
        match receiver {
            Some(device) if direction.described() => {
                self.send(to, &device, ServerEvent::Candidate(candidate))
            }
            Some(_) | None => direction.candidates.push(Arc::new(candidate)),
        }
        self.keep(call);
        Ok(())
    }

    /// Sends a description, and after it the candidates that waited for it.
    fn relay_description(
        &mut self,
        call: &mut CallRecord,
        from: &UserId,
        to: &UserId,
        device: &Device,
        description: Description,
    ) {
        let direction = call.direction_mut(from, to);
        match description.kind {
            DescriptionType::Offer => direction.offered = true,
            DescriptionType::Answer => direction.answered = true,
        }
        let candidates = candidates_for(direction, &description);
        self.send(to, device, Signal::Description(description).into());
        for candidate in candidates {
            self.send(to, device, candidate);
        }
    }

    /// Who joins gets what was held for them. A sealed offer is with an SDK device already; its candidates are not.
    pub(super) fn deliver_held(&mut self, call: &mut CallRecord, joiner: &Origin, rung: &Phase) {
        let rang = matches!(rung, Phase::Rung { devices, .. } if devices.contains(&joiner.device));
        let senders: Vec<UserId> = call.joined().map(|(member, _)| member.user.clone()).collect();
        for from in senders.iter().filter(|from| **from != joiner.user) {
            let direction = call.direction_mut(from, &joiner.user);
            let Some(offer) = direction.held.take() else { continue };
            if rang && joiner.device.dialect == Dialect::Sdk && offer.is_sealed() {
                direction.offered = true;
                for candidate in candidates_for(direction, &offer) {
                    self.send(&joiner.user, &joiner.device, candidate);
                }
            } else {
                let offer = Arc::unwrap_or_clone(offer);
                self.relay_description(call, from, &joiner.user, &joiner.device, offer);
            }
        }
    }

    /// A ringing device gets the sealed offer that is held for its user, if it is one that keeps it unread.
    pub(super) fn deliver_sealed(&mut self, call: &CallRecord, ringing: &Origin) {
        if ringing.device.dialect != Dialect::Sdk {
            return;
        }
        for pair in call.pairs.iter().filter(|pair| pair.users.contains(&ringing.user)) {
            let held = pair.sent.iter().filter_map(|sent| sent.held.as_ref());
            for offer in held.filter(|offer| offer.to_user_id == ringing.user && offer.is_sealed()) {
                self.send(&ringing.user, &ringing.device, ServerEvent::Offer(Description::clone(offer)));
            }
        }
    }

    /// Once offer and answer have both been relayed, the connection has to come up, and for clients that do not report
    /// it has.
    fn negotiated(&mut self, call: &mut CallRecord, one: &UserId, other: &UserId) {
        let negotiated = call.pairs.iter().any(|pair| pair.joins(one, other) && pair.negotiated());
        let latest = self.now.clock + self.rules.setup_timeout;
        for member in call.members.iter_mut().filter(|member| [one, other].contains(&&member.user)) {
            if let (true, Phase::Joined { connection: None, .. }) = (negotiated, &member.phase) {
                member.until = member.until.map(|until| until.min(latest));
            }
        }
        self.settle(call);
    }
}

/// The candidates that waited for this description, which wait no longer.
fn candidates_for(direction: &mut Direction, description: &Description) -> Vec<ServerEvent> {
    let waited = std::mem::take(&mut direction.candidates).into_iter();
    let belonging = waited.filter(|candidate| belongs(candidate, description));
    belonging.map(|candidate| ServerEvent::Candidate(Arc::unwrap_or_clone(candidate))).collect()
}

/// Whether a candidate that waited can belong to this description: it names none of its ICE generations, or one of them
/// (RFC 8839, 5.4). What was gathered for a description that never came to anybody goes no further.
fn belongs(candidate: &IceCandidate, description: &Description) -> bool {
    let Some(ufrag) = &candidate.username_fragment else { return true };
    let mut known =
        description.sdp.reveal().lines().filter_map(|line| line.strip_prefix("a=ice-ufrag:")).peekable();
    known.peek().is_none() || known.any(|known| known.trim_end() == &**ufrag)
}
