//! What must hold when nothing is on its way.

use lumencall_core::machine::{Dialect, Phase};
use lumencall_core::wire::ConnectionState;

use super::{Checker, Fault, Invariant, Part, ensure, fault};
use crate::store::Store;

impl Checker {
    /// What must hold when nothing follows any more from what was decided: every device knows what it should.
    ///
    /// # Errors
    /// The first sentence that does not hold.
    pub fn settled(&self, store: &Store) -> Result<(), Fault> {
        for call in store.calls.values() {
            for member in &call.members {
                let here =
                    |device: &lumencall_core::machine::Device| self.is_present_with(&member.user, device);
                ensure(member.devices().iter().all(here), Invariant::I15, || {
                    format!("a device of {:?} in {:?} is gone", member.user, call.id)
                })?;
                if !matches!(member.phase, Phase::Rung { .. }) {
                    continue;
                }
                ensure(self.engaged(&member.user).is_none(), Invariant::I16, || {
                    format!("{:?} rings for {:?} while in another call", member.user, call.id)
                })?;
                for (device, _) in self.present.iter().filter(|(_, (user, _))| *user == member.user) {
                    ensure(self.part(&call.id, device).is_some_and(Part::rings), Invariant::I12, || {
                        format!("{device:?} does not ring for {:?}", call.id)
                    })?;
                }
            }
        }
        self.absences_agree()?;
        for ((call, device), part) in &self.parts {
            let over = part.live().is_none() || store.calls.contains_key(call);
            ensure(over, Invariant::I10, || format!("{device:?} does not know that {call:?} ended"))?;
        }
        for (device, (user, dialect)) in
            self.present.iter().filter(|(_, (_, dialect))| *dialect == Dialect::Sdk)
        {
            let other =
                self.engaged(user).filter(|(_, story)| !story.holds(user, device)).map(|(call, _)| call);
            ensure(self.elsewhere.get(device) == other, Invariant::I12, || {
                format!(
                    "{device:?} ({dialect:?}) knows of {:?} elsewhere, not {other:?}",
                    self.elsewhere.get(device)
                )
            })?;
        }
        Ok(())
    }

    /// What must hold when, besides, no timer is set: whoever is in a call is connected, and nobody is rung.
    ///
    /// # Errors
    /// The first sentence that does not hold.
    pub fn quiescent(&self, store: &Store) -> Result<(), Fault> {
        for call in store.calls.values() {
            ensure(call.joined().count() > 1, Invariant::I16, || format!("{:?} is a call of one", call.id))?;
            for member in &call.members {
                match &member.phase {
                    Phase::Joined { connection, .. } => {
                        ensure(*connection == Some(ConnectionState::Connected), Invariant::I15, || {
                            format!("{:?} is busy in {:?} for ever", member.user, call.id)
                        })?;
                    }
                    Phase::Rung { .. } => {
                        return fault(Invariant::I14, format!("{:?} rings for ever", member.user));
                    }
                    Phase::Out => return fault(Invariant::I9, format!("{:?} is kept", member.user)),
                }
            }
        }
        for (user, record) in &store.users {
            let in_it = record.engaged.as_ref().is_none_or(|engaged| {
                store.calls.get(&engaged.call).is_some_and(|call| call.has_joined(user, &engaged.device))
            });
            ensure(in_it && record.rings.is_empty(), Invariant::I15, || {
                format!("{user:?} is busy with nothing")
            })?;
        }
        Ok(())
    }
}
