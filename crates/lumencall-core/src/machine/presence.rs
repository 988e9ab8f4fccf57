//! Devices come and go, and users become busy.

use super::decide::Work;
use super::{CallRecord, Effect, Engagement, Input, Origin, Phase, Trigger};
use crate::UserId;
use crate::wire::{Elsewhere, ServerEvent};

impl Work<'_> {
    pub(super) fn device_connected(&mut self, origin: Origin) {
        let record = self.user(&origin.user);
        if !record.devices.contains(&origin.device) {
            record.devices.push(origin.device.clone());
        }
        let rings = record.rings.clone();
        if let Some(engaged) = record.engaged.clone() {
            self.tell_elsewhere_to(&origin, &engaged);
        }
        self.effects.extend(
            rings
                .into_iter()
                .map(|ring| Effect::Then(Input::RingDevice { call: ring.call, device: origin.clone() })),
        );
    }

    /// A device that is gone for good. `goodbye` is whether it said so.
    pub(super) fn device_gone(&mut self, origin: &Origin, goodbye: bool) {
        let record = self.user(&origin.user);
        record.devices.retain(|device| *device != origin.device);
        record.away.retain(|away| away.device != origin.device.id);
        let mut calls: Vec<_> = record.rings.iter().map(|ring| ring.call.clone()).collect();
        calls.extend(
            record
                .engaged
                .iter()
                .filter(|engaged| engaged.device == origin.device.id)
                .map(|engaged| engaged.call.clone()),
        );
        self.effects.extend(
            calls
                .into_iter()
                .map(|call| Effect::Then(Input::LoseDevice { call, device: origin.clone(), goodbye })),
        );
    }

    /// A device that comes while its user is in a call with another hears of it.
    pub(super) fn tell_elsewhere_to(&mut self, origin: &Origin, engaged: &Engagement) {
        if engaged.device != origin.device.id {
            let event = ServerEvent::Elsewhere(Elsewhere { call_id: engaged.call.clone(), engaged: true });
            self.send(&origin.user, &origin.device, event);
        }
    }

    /// A device that came later rings too, with what there is for it.
    pub(super) fn ring_device(&mut self, origin: &Origin) {
        let Some(mut call) = self.records.call.take() else { return };
        let is_member = call.member(&origin.user).is_some();
        if is_member && self.user(&origin.user).devices.contains(&origin.device) {
            self.ring_at(&mut call, origin);
        }
        self.keep(call);
    }

    /// A device rings, if its user is rung and it does not ring already.
    pub(super) fn ring_at(&mut self, call: &mut CallRecord, origin: &Origin) {
        let inside = call.participants();
        let Some(Phase::Rung { devices, told }) =
            call.member_mut(&origin.user).map(|member| &mut member.phase)
        else {
            return;
        };
        if devices.contains(&origin.device) {
            return;
        }
        devices.push(origin.device.clone());
        told.push(inside);
        if call.go(Trigger::Reached).is_some() {
            self.tell_state(call);
        }
        self.send(&origin.user, &origin.device, ServerEvent::Incoming(call.ring()));
        self.deliver_sealed(call, origin);
    }

    /// A device that had a part in the call is gone for good.
    pub(super) fn lose_device(&mut self, origin: &Origin, goodbye: bool) {
        let Some(mut call) = self.records.call.take() else { return };
        match call.member_mut(&origin.user).map(|member| &mut member.phase) {
            Some(Phase::Rung { devices, told }) => {
                let lost = devices.iter().position(|device| *device == origin.device);
                if let Some(lost) = lost {
                    devices.remove(lost);
                    told.remove(lost);
                }
                if lost.is_some() && devices.is_empty() {
                    self.callee_out(call, &origin.user, Trigger::CalleesLost);
                } else {
                    self.keep(call);
                }
            }
            Some(Phase::Joined { device, .. }) if *device == origin.device => {
                let trigger = if goodbye { Trigger::HungUp } else { Trigger::Failed };
                self.leave(call, &origin.user, trigger);
            }
            Some(Phase::Joined { .. } | Phase::Out) | None => self.keep(call),
        }
    }

    /// A callee entered another call while this one rang. Where they have left that one again, this one rings on.
    pub(super) fn engaged(&mut self, user: &UserId) {
        let Some(call) = self.records.call.take() else { return };
        match call.member(user).map(|member| &member.phase) {
            Some(Phase::Rung { .. }) if self.user(user).engaged.is_some() => {
                self.callee_out(call, user, Trigger::Busy);
            }
            Some(Phase::Rung { .. } | Phase::Joined { .. } | Phase::Out) | None => self.keep(call),
        }
    }
}
