//! Devices come and go, and users become busy.

use super::decide::Work;
use super::{Dialect, Effect, Input, Origin, Phase, Trigger};
use crate::UserId;
use crate::wire::ServerEvent;

impl Work<'_> {
    pub(super) fn device_connected(&mut self, origin: Origin) {
        let record = self.user(&origin.user);
        if !record.devices.contains(&origin.device) {
            record.devices.push(origin.device.clone());
        }
        let rings = record.rings.clone();
        self.effects.extend(
            rings.into_iter().map(|call| Effect::Then(Input::RingDevice { call, device: origin.clone() })),
        );
    }

    pub(super) fn device_gone(&mut self, origin: &Origin) {
        let record = self.user(&origin.user);
        record.devices.retain(|device| *device != origin.device);
        let mut calls = record.rings.clone();
        calls.extend(
            record
                .engaged
                .iter()
                .filter(|engaged| engaged.device == origin.device.id)
                .map(|engaged| engaged.call.clone()),
        );
        self.effects.extend(
            calls.into_iter().map(|call| Effect::Then(Input::LoseDevice { call, device: origin.clone() })),
        );
    }

    /// A device that came later rings too, with what there is for it.
    pub(super) fn ring_device(&mut self, origin: Origin) {
        let Some(mut call) = self.records.call.take() else { return };
        let Some(Phase::Rung { devices }) = call.member_mut(&origin.user).map(|member| &mut member.phase)
        else {
            return self.keep(call);
        };
        let present = self.user(&origin.user).devices.contains(&origin.device);
        if !present || devices.contains(&origin.device) {
            return self.keep(call);
        }
        devices.push(origin.device.clone());
        if call.go(Trigger::Reached).is_some() {
            self.tell_state(&call);
        }
        self.send(&origin.user, &origin.device, ServerEvent::Incoming(call.snapshot(None)));
        self.deliver_sealed(&call, &origin);
        self.keep(call);
    }

    /// A device that had a part in the call is gone for good.
    pub(super) fn lose_device(&mut self, origin: &Origin) {
        let Some(mut call) = self.records.call.take() else { return };
        match call.member_mut(&origin.user).map(|member| &mut member.phase) {
            Some(Phase::Rung { devices }) => {
                let rang = !devices.is_empty();
                devices.retain(|device| *device != origin.device);
                if rang && devices.is_empty() {
                    self.callee_out(call, &origin.user, Trigger::CalleesLost);
                } else {
                    self.keep(call);
                }
            }
            Some(Phase::Joined { device, .. }) if *device == origin.device => {
                // A client of the seed says good-bye by closing its socket; one of the SDK says it in words.
                let trigger = match origin.device.dialect {
                    Dialect::Seed => Trigger::HungUp,
                    Dialect::Sdk => Trigger::Failed,
                };
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
