//! Devices that are away for a time, and what becomes of their calls.
//!
//! A device that loses its socket keeps its part in every call until its window is over. If it comes back with the page that
//! it had, it goes on (resume). If it comes back knowing nothing, it has to take its place anew (rejoin): its connections are
//! gone, and the others make new ones to its next incarnation.

use super::decide::Work;
use super::{Away, CallRecord, Dialect, Effect, Input, Origin, Page, Phase, Refusal, Ring, Trigger};
use crate::wire::{ConnectionState, ParticipantRejoined, ServerEvent};
use crate::{CallId, ErrorCode, MediaFlags, UserId};

impl Work<'_> {
    pub(super) fn device_away(&mut self, origin: &Origin, leaving: bool) {
        let now = self.now.clock;
        let record = self.user(&origin.user);
        if !record.devices.contains(&origin.device) {
            return;
        }
        let engaged = record.engaged_with(&origin.device.id).map(|engaged| engaged.call.clone());
        let page = if leaving { Page::Leaving } else { Page::Same };
        match record.away.iter_mut().find(|away| away.device == origin.device.id) {
            Some(away) if leaving => *away = Away { since: now, connected: false, page, ..away.clone() },
            // It said so before, or has not taken the place of the page before it.
            Some(away) => away.connected = false,
            None => {
                let device = origin.device.id.clone();
                record.away.push(Away { device, since: now, connected: false, page });
            }
        }
        let away = engaged.map(|call| Input::MemberAway { call, device: origin.clone(), page_gone: leaving });
        self.effects.extend(away.map(Effect::Then));
    }

    pub(super) fn device_back(&mut self, origin: &Origin, anew: bool) {
        let record = self.user(&origin.user);
        if !record.devices.contains(&origin.device) {
            return;
        }
        let engaged = record.engaged_with(&origin.device.id).map(|engaged| engaged.call.clone());
        let known = record.away.iter().position(|away| away.device == origin.device.id);
        let before = known.map(|index| record.away.swap_remove(index));
        if anew {
            self.begin_anew(origin, engaged);
        } else if let (Some(away @ Away { page: Page::New, .. }), Some(_)) = (before, &engaged) {
            record.away.push(Away { connected: true, ..away });
        } else if let Some(call) = engaged {
            self.effects.push(Effect::Then(Input::MemberBack { call, device: origin.clone() }));
        }
    }

    /// A device has come back knowing nothing. `engaged` is the call that it is in.
    fn begin_anew(&mut self, origin: &Origin, engaged: Option<CallId>) {
        let now = self.now.clock;
        if let Some(elsewhere) = self.user(&origin.user).engaged.clone() {
            self.tell_elsewhere_to(origin, &elsewhere);
        }
        let record = self.user(&origin.user);
        let ring = |ring: &Ring| Input::RingAgain { call: ring.call.clone(), device: origin.clone() };
        let mut inputs: Vec<Input> = record.rings.iter().map(ring).collect();
        if let Some(call) = engaged {
            let device = origin.device.id.clone();
            record.away.push(Away { device, since: now, connected: true, page: Page::New });
            inputs.push(Input::MemberAway { call, device: origin.clone(), page_gone: true });
        }
        self.effects.extend(inputs.into_iter().map(Effect::Then));
    }

    /// Lets go of every device whose time is over; a timer that fires early or twice changes nothing.
    pub(super) fn user_deadline(&mut self, user: &UserId) {
        let (now, rules) = (self.now.clock, self.rules);
        let record = self.user(user);
        let due: Vec<Away> =
            record.away.iter().filter(|away| record.end_of(away, rules) <= now).cloned().collect();
        for away in due {
            let record = self.user(user);
            record.away.retain(|known| known.device != away.device);
            let engaged = record.engaged_with(&away.device).map(|engaged| engaged.call.clone());
            let Some(device) = record.devices.iter().find(|device| device.id == away.device).cloned() else {
                continue;
            };
            let origin = Origin { user: user.clone(), device };
            let goodbye = away.page != Page::Same;
            if !away.connected {
                self.device_gone(&origin, goodbye);
                self.effects.push(Effect::Forget(origin));
            } else if let Some(call) = engaged {
                self.effects.push(Effect::Then(Input::LoseDevice { call, device: origin, goodbye }));
            }
        }
    }

    /// A device that rings knows nothing of it any more. That it rings it has been told by the welcome.
    pub(super) fn ring_again(&mut self, origin: &Origin) {
        let Some(mut call) = self.records.call.take() else { return };
        let inside = call.participants();
        let mut rings = false;
        if let Some(Phase::Rung { devices, told }) =
            call.member_mut(&origin.user).map(|member| &mut member.phase)
            && let Some(index) = devices.iter().position(|device| *device == origin.device)
        {
            told[index] = inside;
            rings = true;
        }
        if rings {
            self.deliver_sealed(&call, origin);
        }
        self.keep(call);
    }

    pub(super) fn member_away(&mut self, origin: &Origin, page_gone: bool) {
        let Some(mut call) = self.records.call.take() else { return };
        if !call.has_joined(&origin.user, &origin.device.id) {
            return self.keep(call);
        }
        // It may have come back since.
        let Some(away) = self.away(origin) else { return self.keep(call) };
        let page_gone = page_gone && away.page != Page::Same;
        if page_gone && !can_be_rejoined(&call) {
            // For a client that cannot make a new connection, the member has left.
            return self.leave(call, &origin.user, Trigger::HungUp);
        }
        set_away(&mut call, &origin.user, true);
        if page_gone {
            for pair in call.pairs.iter_mut().filter(|pair| pair.users.contains(&origin.user)) {
                for sent in &mut pair.sent {
                    sent.report = None;
                }
            }
            self.settle(&mut call);
            // What becomes of the call is for the window of who is away to say.
            let later = self.now.clock + self.rules.resume_in_call + self.rules.setup_timeout;
            for member in &mut call.members {
                if let Phase::Joined { connection: Some(ConnectionState::Reconnecting), .. } = member.phase {
                    member.until = Some(later);
                }
            }
        }
        self.keep(call);
    }

    pub(super) fn member_back(&mut self, origin: &Origin) {
        let Some(mut call) = self.records.call.take() else { return };
        if call.has_joined(&origin.user, &origin.device.id) && self.away(origin).is_none() {
            set_away(&mut call, &origin.user, false);
        }
        self.keep(call);
    }

    /// What is known of the device, if it is away.
    fn away(&mut self, origin: &Origin) -> Option<Away> {
        self.user(&origin.user).away.iter().find(|away| away.device == origin.device.id).cloned()
    }

    /// A page that knows nothing of the call takes the place of the one that did.
    pub(super) fn rejoin(&mut self, from: &Origin) -> Result<(), Refusal> {
        let mut call = self.call_joined_by(from)?;
        if !can_be_rejoined(&call) {
            return Err(Refusal::new(
                ErrorCode::InvalidState,
                "not everybody in the call can make a new connection; hang up, and call again",
            ));
        }
        let (now, rules) = (self.now.clock, self.rules);
        let shown = MediaFlags::at_join(call.call_type);
        call.pairs.retain(|pair| !pair.users.contains(&from.user));
        for member in &mut call.members {
            let Phase::Joined { media, incarnation, away, connection, .. } = &mut member.phase else {
                continue;
            };
            if member.user == from.user {
                *media = shown;
                *incarnation += 1;
                *away = false;
            }
            // Who waits for a connection has time for a new one.
            if *connection != Some(ConnectionState::Connected) {
                member.until = member.until.map(|until| until.max(now + rules.setup_timeout));
            }
        }
        self.user(&from.user).away.retain(|away| away.device != from.device.id);
        self.settle(&mut call);
        if let Some(participant) = call.participants().into_iter().find(|one| one.user_id == from.user) {
            let event = ParticipantRejoined { call_id: call.id.clone(), participant };
            let event = ServerEvent::ParticipantRejoined(event);
            for member in call.members.iter().filter(|member| member.user != from.user) {
                for device in member.devices() {
                    self.send(&member.user, device, event.clone());
                }
            }
        }
        self.reply = Some(call.snapshot(None));
        self.keep(call);
        Ok(())
    }
}

/// Whether everybody who is in the call knows of incarnations.
fn can_be_rejoined(call: &CallRecord) -> bool {
    call.joined().all(|(_, device)| device.dialect == Dialect::Sdk)
}

fn set_away(call: &mut CallRecord, user: &UserId, now: bool) {
    if let Some(Phase::Joined { away, .. }) = call.member_mut(user).map(|member| &mut member.phase) {
        *away = now;
    }
}
