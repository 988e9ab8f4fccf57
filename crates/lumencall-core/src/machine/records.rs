//! The records that a store keeps: one for a call, one for a user.

use super::{Direction, Edge, Pair, Rules, Trigger, edge};
use crate::wire::ConnectionState;
use crate::{
    Call, CallId, CallParticipant, CallState, CallType, ConversationId, DeviceId, EndReason, MediaFlags,
    Millis, Timestamp, UserId,
};

/// Which protocol a device speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// A client written from the seed alone: no session, no reports, no frame that the seed does not have.
    Seed,
    /// The SDK's subprotocol.
    Sdk,
}

/// A device and its dialect.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// What it speaks.
    pub dialect: Dialect,
}

/// The records that one decision reads and writes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Records {
    /// The call; nothing where there is none, or none any more.
    pub call: Option<CallRecord>,
    /// The users that the input touches.
    pub users: Vec<UserRecord>,
}

/// What a user is engaged in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Engagement {
    /// The call.
    pub call: CallId,
    /// The device that has the call.
    pub device: DeviceId,
    /// Whom the user called by it; nobody where the user was called.
    pub called: Vec<UserId>,
    /// Whether somebody has accepted it.
    pub answered: bool,
}

/// Which page a device has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Page {
    /// The one that it had.
    Same,
    /// It said that it goes away.
    Leaving,
    /// Another, which has not taken the place of the first in its call.
    New,
}

/// A device that cannot do its part at present: it has no socket, or a page that knows nothing of its call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Away {
    /// The device.
    pub device: DeviceId,
    /// Since when, on the driver's clock.
    pub since: Millis,
    /// Whether it has a socket.
    pub connected: bool,
    /// Which page it has.
    pub page: Page,
}

/// A call that rings at a user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ring {
    /// The call.
    pub call: CallId,
    /// Who calls: the call's owner.
    pub caller: UserId,
    /// Whether nobody else was called.
    pub alone: bool,
}

/// What is known of a user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserRecord {
    /// Who.
    pub user: UserId,
    /// The devices that are there, oldest first; those that may come back too.
    pub devices: Vec<Device>,
    /// Those of them that have to come back in time.
    pub away: Vec<Away>,
    /// The call that the user made or accepted and that has not ended.
    pub engaged: Option<Engagement>,
    /// The calls that ring at the user.
    pub rings: Vec<Ring>,
}

impl UserRecord {
    /// The record of a user of whom nothing is known.
    pub const fn new(user: UserId) -> Self {
        Self { user, devices: Vec::new(), away: Vec::new(), engaged: None, rings: Vec::new() }
    }

    /// The user's engagement, if it is with this device.
    pub fn engaged_with(&self, device: &DeviceId) -> Option<&Engagement> {
        self.engaged.as_ref().filter(|engaged| engaged.device == *device)
    }

    /// When the user is to be looked at again, on the driver's clock: a device that is away has had its time.
    pub fn deadline(&self, rules: &Rules) -> Option<Millis> {
        self.away.iter().map(|away| self.end_of(away, rules)).min()
    }

    /// Until when this device may come back.
    pub(super) fn end_of(&self, away: &Away, rules: &Rules) -> Millis {
        let in_call = self.engaged_with(&away.device).is_some_and(|engaged| engaged.answered);
        let window = match away.page {
            Page::Same | Page::New if in_call => rules.resume_in_call,
            Page::Same | Page::New | Page::Leaving => rules.resume,
        };
        away.since + window
    }

    /// Whether nothing is known that a new record would not say.
    pub fn is_idle(&self) -> bool {
        self.devices.is_empty() && self.engaged.is_none() && self.rings.is_empty()
    }
}

/// How a member stands to the call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Called, and has not answered. These devices ring.
    Rung {
        /// The devices.
        devices: Vec<Device>,
        /// Who was in the call, and what they showed, when it began to ring at the device of the same index.
        told: Vec<Vec<CallParticipant>>,
    },
    /// In the call, with this device.
    Joined {
        /// The device.
        device: Device,
        /// Since when.
        joined_at: Timestamp,
        /// What the member shows.
        media: MediaFlags,
        /// Whether a connection to any other stands, or stood; nothing before the first.
        connection: Option<ConnectionState>,
        /// How often a new page of the device has taken the place of the old one.
        incarnation: u32,
        /// Whether the device is away.
        away: bool,
    },
    /// Out of it.
    Out,
}

/// One who called or was called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// How they stand to the call.
    pub phase: Phase,
    /// When it has to have changed, on the driver's clock: a ring answered, a connection made or mended.
    pub until: Option<Millis>,
}

impl Phase {
    /// How one stands to the call who enters it.
    pub(super) const fn joined(device: Device, joined_at: Timestamp, media: MediaFlags) -> Self {
        Self::Joined { device, joined_at, media, connection: None, incarnation: 0, away: false }
    }
}

impl Member {
    /// The device with which the member is in the call.
    pub const fn joined_device(&self) -> Option<&Device> {
        match &self.phase {
            Phase::Joined { device, .. } => Some(device),
            Phase::Rung { .. } | Phase::Out => None,
        }
    }

    /// The incarnation of a member who is in the call.
    pub const fn incarnation(&self) -> u32 {
        match self.phase {
            Phase::Joined { incarnation, .. } => incarnation,
            Phase::Rung { .. } | Phase::Out => 0,
        }
    }

    /// Whether the member is in the call with a device that is away.
    pub const fn is_away(&self) -> bool {
        matches!(self.phase, Phase::Joined { away: true, .. })
    }

    /// The devices that hear of the call.
    pub fn devices(&self) -> &[Device] {
        match &self.phase {
            Phase::Rung { devices, .. } => devices,
            Phase::Joined { device, .. } => std::slice::from_ref(device),
            Phase::Out => &[],
        }
    }
}

/// A call that has not ended. One that has, has no record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CallRecord {
    /// Its id.
    pub id: CallId,
    /// The app's conversation.
    pub conversation_id: ConversationId,
    /// Audio or video.
    pub call_type: CallType,
    /// The app's text for the callees.
    pub metadata: Option<Box<str>>,
    /// Where it stands. Only [`CallRecord::go`] moves it.
    pub state: CallState,
    /// Who called.
    pub caller: UserId,
    /// When the caller asked.
    pub started_at: Timestamp,
    /// When the first callee accepted.
    pub answered_at: Option<Timestamp>,
    /// Those who are in the call, in the order in which they joined; then those who are rung. Who is out is here only
    /// until that has been told.
    pub members: Vec<Member>,
    /// What has passed between each two members that signal to one another.
    pub pairs: Vec<Pair>,
}

impl CallRecord {
    /// The one function by which a call changes its state.
    ///
    /// Returns the edge that was taken; nothing, and changes nothing, where the table has none.
    pub fn go(&mut self, trigger: Trigger) -> Option<Edge> {
        let edge = edge(self.state, trigger)?;
        self.state = edge.to;
        Some(edge)
    }

    /// When the call is to be looked at again, on the driver's clock.
    pub fn deadline(&self) -> Option<Millis> {
        self.members.iter().filter_map(|member| member.until).min()
    }

    /// Who may put others out: whoever has been in the call for the longest time.
    pub fn owner(&self) -> Option<&UserId> {
        self.joined().next().map(|(member, _)| &member.user)
    }

    /// Whether somebody has accepted.
    pub const fn is_answered(&self) -> bool {
        match self.state {
            CallState::Idle | CallState::Initiating | CallState::Ringing => false,
            CallState::Connecting | CallState::Connected | CallState::Reconnecting | CallState::Ended => true,
        }
    }

    /// Whether anybody may still answer.
    pub fn rings(&self) -> bool {
        self.members.iter().any(|member| matches!(member.phase, Phase::Rung { .. }))
    }

    /// The member who is this user.
    pub fn member(&self, user: &UserId) -> Option<&Member> {
        self.members.iter().find(|member| member.user == *user)
    }

    /// The member who is this user, to be changed.
    pub fn member_mut(&mut self, user: &UserId) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.user == *user)
    }

    /// Whether this device is in the call: its user joined with it.
    pub fn has_joined(&self, user: &UserId, device: &DeviceId) -> bool {
        self.member(user).and_then(Member::joined_device).is_some_and(|joined| joined.id == *device)
    }

    /// The members who are in the call.
    pub fn joined(&self) -> impl Iterator<Item = (&Member, &Device)> {
        self.members.iter().filter_map(|member| member.joined_device().map(|device| (member, device)))
    }

    /// What has passed from one member to another, to be changed; empty at first.
    pub fn direction_mut(&mut self, from: &UserId, to: &UserId) -> &mut Direction {
        let known = self.pairs.iter().position(|pair| pair.joins(from, to));
        let index = known.unwrap_or_else(|| {
            self.pairs.push(Pair::new(from.clone(), to.clone()));
            self.pairs.len() - 1
        });
        self.pairs[index].sent_by_mut(from)
    }

    /// The members but for who called.
    pub fn callees(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.user != self.caller)
    }

    /// Those who are in the call, as everybody sees them.
    pub fn participants(&self) -> Vec<CallParticipant> {
        let participants = self.members.iter().filter_map(|member| match &member.phase {
            Phase::Joined { joined_at, media, incarnation, .. } => Some(CallParticipant {
                incarnation: (*incarnation > 0).then_some(*incarnation),
                ..CallParticipant::new(member.user.clone(), joined_at.clone(), *media)
            }),
            Phase::Rung { .. } | Phase::Out => None,
        });
        participants.collect()
    }

    /// The call as one is told it at whom it rings, wherever the others are in it by now.
    pub fn ring(&self) -> Call {
        Call { state: CallState::Ringing, ..self.snapshot(None) }
    }

    /// The call as its members are told it, when it is in `state` (and ended, where there is a reason).
    pub fn snapshot(&self, ended: Option<(EndReason, &Timestamp)>) -> Call {
        Call {
            id: self.id.clone(),
            conversation_id: self.conversation_id.clone(),
            call_type: self.call_type,
            state: self.state,
            caller_id: self.caller.clone(),
            callee_ids: self.callees().map(|member| member.user.clone()).collect(),
            started_at: Some(self.started_at.clone()),
            answered_at: self.answered_at.clone(),
            ended_at: ended.map(|(_, at)| at.clone()),
            end_reason: ended.map(|(reason, _)| reason),
            participants: self.participants(),
            metadata: self.metadata.clone(),
        }
    }
}
