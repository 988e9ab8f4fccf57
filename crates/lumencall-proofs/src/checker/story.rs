//! A call as it should stand, told a second time: from who said what, in the words of the design, without the records.

use std::collections::{BTreeMap, BTreeSet};

use lumencall_core::machine::{Device, Dialect};
use lumencall_core::wire::{ConnectionState, ServerEvent};
use lumencall_core::{DeviceId, EndReason, Millis, UserId};

/// A call from its beginning on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Story {
    /// Who called.
    pub caller: UserId,
    /// With which device, and whom, as long as the caller is in it by that.
    pub made: Option<(DeviceId, Vec<UserId>)>,
    /// Whether nobody but one was ever called.
    pub sole: bool,
    /// Whether somebody has accepted.
    pub answered: bool,
    /// Who is in it, in the order of joining.
    pub joined: Vec<(UserId, Device)>,
    /// Who is rung, and until when at the latest.
    pub rung: BTreeMap<UserId, Millis>,
    /// How the first says that the connection to the second stands.
    pub reports: BTreeMap<(UserId, UserId), ConnectionState>,
    /// What the first has said to the second and the second has not been sent.
    pub owed: BTreeMap<(UserId, UserId), Vec<ServerEvent>>,
    /// Who gives way to whom: both have called, and what the first offers is dropped until they have answered; or the second
    /// was added, and it is dropped until they accept.
    pub yields: BTreeSet<(UserId, UserId)>,
    /// How often a new page of somebody has taken the place of the old one, where it has.
    pub incarnations: BTreeMap<UserId, u32>,
    /// Who is in it with a device that is away.
    pub away: BTreeSet<UserId>,
    /// Why it ended, where it has.
    pub ended: Option<EndReason>,
}

/// What an input makes of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// Whose part ends, and why.
    pub out: Vec<(UserId, EndReason)>,
    /// Why the call ends for all others, where it does.
    pub end: Option<EndReason>,
}

impl Story {
    /// Whether it goes on.
    pub const fn lives(&self) -> bool {
        self.ended.is_none()
    }

    /// The device with which the user is in the call.
    pub fn device(&self, user: &UserId) -> Option<&Device> {
        self.joined.iter().find(|(joined, _)| joined == user).map(|(_, device)| device)
    }

    /// Whether this device is in the call.
    pub fn holds(&self, user: &UserId, device: &DeviceId) -> bool {
        self.device(user).is_some_and(|joined| joined.id == *device)
    }

    /// Who may put others out.
    pub fn owner(&self) -> Option<&UserId> {
        self.joined.first().map(|(user, _)| user)
    }

    /// A callee who is rung is out.
    pub fn callee_out(&mut self, user: &UserId, reason: EndReason) -> Fate {
        self.forget(user);
        let end = if self.answered { EndReason::Completed } else { reason };
        self.go_on((user.clone(), reason), end)
    }

    /// Who is in the call leaves it.
    pub fn leave(&mut self, user: &UserId, reason: EndReason) -> Fate {
        if !self.answered {
            return self.close(Vec::new(), Some(EndReason::Cancelled));
        }
        self.forget(user);
        self.go_on((user.clone(), reason), reason)
    }

    /// Without the one who is out, the call goes on while two are in it, or one is and somebody rings. Whoever can reach
    /// nobody of those who are left is out too.
    fn go_on(&mut self, out: (UserId, EndReason), end: EndReason) -> Fate {
        let users: Vec<UserId> = self.joined.iter().map(|(user, _)| user.clone()).collect();
        if users.len() > 1
            && let Some(lost) = self.cut_off(users.iter())
        {
            let lost = lost.clone();
            let Fate { out: more, end } = self.fail(&lost);
            return Fate { out: [out].into_iter().chain(more).collect(), end };
        }
        let goes_on = users.len() > 1 || !self.rung.is_empty() && (!users.is_empty() || !self.answered);
        self.close(vec![out], (!goes_on).then_some(end))
    }

    /// Who is in the call can reach nobody.
    pub fn fail(&mut self, user: &UserId) -> Fate {
        if self.joined.len() <= 2 && self.rung.is_empty() {
            self.close(Vec::new(), Some(EndReason::Failed))
        } else {
            self.leave(user, EndReason::Failed)
        }
    }

    /// The first of these who can reach nobody.
    pub fn cut_off<'a>(&self, users: impl IntoIterator<Item = &'a UserId>) -> Option<&'a UserId> {
        let failed = |one: &UserId, other: &UserId| {
            [(one, other), (other, one)].into_iter().any(|(from, to)| {
                self.reports.get(&(from.clone(), to.clone())) == Some(&ConnectionState::Failed)
            })
        };
        users
            .into_iter()
            .find(|user| self.joined.iter().all(|(other, _)| other == *user || failed(user, other)))
    }

    /// Where there is a reason, the call ends. Who is rung when others have had it has missed it.
    pub fn close(&mut self, mut out: Vec<(UserId, EndReason)>, end: Option<EndReason>) -> Fate {
        if end.is_some() {
            if self.answered {
                out.extend(self.rung.keys().map(|user| (user.clone(), EndReason::Missed)));
            }
            self.ended = end;
            self.made = None;
            self.joined.clear();
            self.rung.clear();
            self.reports.clear();
            self.owed.clear();
            self.yields.clear();
            self.incarnations.clear();
            self.away.clear();
        }
        Fate { out, end }
    }

    fn forget(&mut self, user: &UserId) {
        if self.caller == *user {
            self.made = None;
        }
        self.joined.retain(|(joined, _)| joined != user);
        self.rung.remove(user);
        self.incarnations.remove(user);
        self.away.remove(user);
        self.disconnect(user);
        self.owed.retain(|(from, to), _| from != user && to != user);
        self.yields.retain(|(from, to)| from != user && to != user);
    }

    /// The page of one who is in the call is gone, and its connections with it.
    pub(super) fn disconnect(&mut self, user: &UserId) {
        self.reports.retain(|(from, to), _| from != user && to != user);
    }

    /// Whether everybody who is in it can make a new connection.
    pub(super) fn can_be_rejoined(&self) -> bool {
        self.joined.iter().all(|(_, device)| device.dialect == Dialect::Sdk)
    }

    /// A new page takes the place of the old one: nothing that passed with that one is left.
    pub(super) fn rejoin(&mut self, user: &UserId) {
        *self.incarnations.entry(user.clone()).or_default() += 1;
        self.away.remove(user);
        self.disconnect(user);
        self.owed.retain(|(from, to), _| from != user && to != user);
        self.yields.retain(|(from, to)| from != user && to != user);
    }

    /// Which page of the user it is, counted from none.
    pub fn incarnation(&self, user: &UserId) -> u32 {
        self.incarnations.get(user).copied().unwrap_or_default()
    }

    /// Whether two say of one another that they are connected.
    pub(super) fn stands(&self) -> bool {
        let connected = |from: &UserId, to: &UserId| {
            self.reports.get(&(from.clone(), to.clone())) == Some(&ConnectionState::Connected)
        };
        self.reports.keys().any(|(one, other)| connected(one, other) && connected(other, one))
    }
}

impl Story {
    /// One says something to another: it is owed until it was sent. A description comes before the candidates that wait
    /// for it; a newer offer to one who is rung takes the place of the older with its candidates.
    pub(super) fn owe(&mut self, from: &UserId, to: &UserId, event: ServerEvent) {
        let pair = (from.clone(), to.clone());
        if matches!(event, ServerEvent::Answer(_)) {
            self.yields.remove(&pair);
        }
        if self.yields.contains(&pair) {
            return;
        }
        let rung = self.rung.contains_key(to);
        let owed = self.owed.entry((from.clone(), to.clone())).or_default();
        let described = owed.iter().any(|event| !matches!(event, ServerEvent::Candidate(_)));
        match event {
            ServerEvent::Candidate(_) => owed.push(event),
            _ => {
                if rung && described {
                    owed.clear();
                }
                owed.insert(0, event);
            }
        }
    }
}
