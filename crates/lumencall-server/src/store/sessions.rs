//! The sessions of all devices.

use std::collections::HashMap;
use std::sync::Arc;

use lumencall_core::machine::{Bounds, Device, Dialect, Origin, UserRecord};
use lumencall_core::wire::{SessionOpen, SessionResume};
use lumencall_core::{DeviceId, UserId};

use super::Session;
use crate::close::Close;
use crate::fresh;

/// One for each device that is there or may come back.
#[derive(Debug, Default)]
pub(super) struct Sessions(HashMap<DeviceId, Arc<Session>>);

impl Sessions {
    pub(super) fn of(&self, device: &DeviceId) -> Option<&Arc<Session>> {
        self.0.get(device)
    }

    /// The session with which this user would go on. A wrong secret, another user's and one that is not known are told apart
    /// by nothing.
    pub(super) fn shown<'a>(
        &self,
        user: &UserId,
        open: &'a SessionOpen,
    ) -> Option<(Arc<Session>, &'a SessionResume)> {
        let (device, resume) = open.device_id.as_ref().zip(open.resume.as_ref())?;
        let session = self.0.get(device)?;
        (session.origin.user == *user && session.is_shown_by(resume)).then(|| (Arc::clone(session), resume))
    }

    /// The session of a device that was not there before.
    pub(super) fn begin(&mut self, user: &UserId, dialect: Dialect, bounds: Bounds) -> Arc<Session> {
        let device = Device { id: fresh::device_id(), dialect };
        let session = Session::new(Origin { user: user.clone(), device }, bounds);
        self.0.insert(session.origin.device.id.clone(), Arc::clone(&session));
        session
    }

    /// The device is gone for good.
    pub(super) fn forget(&mut self, device: &DeviceId, close: Close) {
        if let Some(session) = self.0.remove(device) {
            session.end(close);
        }
    }

    /// Ends every socket, and forgets every device.
    pub(super) fn end_all(&mut self, close: Close) {
        for (_, session) in self.0.drain() {
            session.end(close);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// How many of the devices have a socket.
    pub(super) fn connected(&self) -> usize {
        self.0.values().filter(|session| session.is_connected()).count()
    }
}

/// Who gives way to a new device of a user who has as many as one may have: the one that is away for the longest time, and one that
/// is in a call only where no other is away.
pub(super) fn first_to_go(user: &UserRecord) -> Option<Origin> {
    let away = user.away.iter().filter(|away| !away.connected);
    let first = away.min_by_key(|away| (user.engaged_with(&away.device).is_some(), away.since))?;
    let device = user.devices.iter().find(|device| device.id == first.device)?.clone();
    Some(Origin { user: user.user.clone(), device })
}
