//! What can happen to a call.

use super::{Device, Refusal};
use crate::wire::{
    CallInitiate, CallRespond, Command, ConnectionReport, Description, DescriptionType, Hangup, MediaToggle,
    ParticipantChoice, Rejoin, Signal,
};
use crate::{CallId, ErrorCode, UserId};

/// Who a command comes from: the authenticated user and the device of the socket, never what the frame claims.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The user.
    pub user: UserId,
    /// The device.
    pub device: Device,
}

/// A client's command about a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CallCommand {
    /// Ring users. `fresh` is the id that the call gets, made by the driver.
    Initiate {
        /// What was asked.
        initiate: CallInitiate,
        /// The new call's id.
        fresh: CallId,
    },
    /// Answer a ring.
    Respond(CallRespond),
    /// Leave.
    Hangup(Hangup),
    /// Ring one more.
    AddParticipant(ParticipantChoice),
    /// Put one out.
    RemoveParticipant(ParticipantChoice),
    /// Show something else.
    MediaToggle(MediaToggle),
    /// Relay a description or a candidate.
    Signal(Signal),
    /// Take the place of a page that is gone.
    Rejoin(Rejoin),
    /// Tell how a connection stands.
    Report(ConnectionReport),
}

/// An input of the machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// A client asks for something.
    Command {
        /// Who.
        from: Origin,
        /// What.
        command: CallCommand,
    },
    /// An initiate that met a call from the one whom it calls: it is that call's accept, if it rings still, and else an
    /// initiate like any other. Comes by [`super::Decision::again`].
    Meet {
        /// The call that was first.
        call: CallId,
        /// Who initiates.
        from: Origin,
        /// What was asked.
        initiate: CallInitiate,
        /// The id of the call that is made if the first is over.
        fresh: CallId,
    },
    /// A device of a user is there and can be rung.
    DeviceConnected(Origin),
    /// A device has lost its socket, or said that it goes away. It may come back.
    DeviceAway {
        /// Which.
        device: Origin,
        /// Whether its page said that it goes.
        leaving: bool,
    },
    /// A device has a socket again.
    DeviceBack {
        /// Which.
        device: Origin,
        /// Whether it knows nothing of its calls: it is a new page, or what it missed is lost.
        anew: bool,
    },
    /// A device of a user is gone for good.
    DeviceGone(Origin),
    /// The user's deadline may have come.
    UserDeadline(UserId),
    /// A device that came while a call was ringing is to ring too. Follows [`Input::DeviceConnected`].
    RingDevice {
        /// The call.
        call: CallId,
        /// The device.
        device: Origin,
    },
    /// A device that rings is told again what it knew. Follows [`Input::DeviceBack`].
    RingAgain {
        /// The call.
        call: CallId,
        /// The device.
        device: Origin,
    },
    /// A device that is away is in the call. Follows [`Input::DeviceAway`] and [`Input::DeviceBack`].
    MemberAway {
        /// The call.
        call: CallId,
        /// The device.
        device: Origin,
        /// Whether its page is gone, and its connections with it.
        page_gone: bool,
    },
    /// A device that is in the call has come back with the page that it had. Follows [`Input::DeviceBack`].
    MemberBack {
        /// The call.
        call: CallId,
        /// The device.
        device: Origin,
    },
    /// A device that is gone had a part in a call. Follows [`Input::DeviceGone`] and [`Input::UserDeadline`].
    LoseDevice {
        /// The call.
        call: CallId,
        /// The device.
        device: Origin,
        /// Whether it said that it goes.
        goodbye: bool,
    },
    /// A callee who is rung has entered another call.
    Engaged {
        /// The call that still rings.
        call: CallId,
        /// The callee.
        user: UserId,
    },
    /// The call's deadline may have come.
    Deadline {
        /// The call.
        call: CallId,
    },
}

impl CallCommand {
    /// What a client's message asks for, where it is about a call; those that are named `session:` are not. `fresh` makes the id of a new call.
    ///
    /// # Errors
    /// A description whose event and `type` do not say the same.
    pub fn from_message(message: Command, fresh: impl FnOnce() -> CallId) -> Result<Option<Self>, Refusal> {
        let command = match message {
            Command::Open(_)
            | Command::Ping(_)
            | Command::Suspend(_)
            | Command::Authenticate(_)
            | Command::IceServers(_) => return Ok(None),
            Command::Initiate(initiate) => Self::Initiate { initiate, fresh: fresh() },
            Command::Respond(respond) => Self::Respond(respond),
            Command::Hangup(hangup) => Self::Hangup(hangup),
            Command::AddParticipant(choice) => Self::AddParticipant(choice),
            Command::RemoveParticipant(choice) => Self::RemoveParticipant(choice),
            Command::MediaToggle(toggle) => Self::MediaToggle(toggle),
            Command::Offer(offer) => Self::Signal(described(offer, DescriptionType::Offer)?),
            Command::Answer(answer) => Self::Signal(described(answer, DescriptionType::Answer)?),
            Command::Candidate(candidate) => Self::Signal(Signal::Candidate(candidate)),
            Command::Rejoin(rejoin) => Self::Rejoin(rejoin),
            Command::Report(report) => Self::Report(report),
        };
        Ok(Some(command))
    }

    /// The call that the command is about.
    pub const fn call_id(&self) -> &CallId {
        match self {
            Self::Initiate { fresh, .. } => fresh,
            Self::Respond(respond) => &respond.call_id,
            Self::Hangup(hangup) => &hangup.call_id,
            Self::AddParticipant(choice) | Self::RemoveParticipant(choice) => &choice.call_id,
            Self::MediaToggle(toggle) => &toggle.call_id,
            Self::Signal(signal) => signal.call_id(),
            Self::Rejoin(rejoin) => &rejoin.call_id,
            Self::Report(report) => &report.call_id,
        }
    }
}

fn described(description: Description, kind: DescriptionType) -> Result<Signal, Refusal> {
    if description.kind == kind {
        Ok(Signal::Description(description))
    } else {
        Err(Refusal::new(
            ErrorCode::Malformed,
            "`type` should be the kind of description that the event names",
        ))
    }
}

impl Input {
    /// The call that the input is about, if it is about one.
    pub const fn call_id(&self) -> Option<&CallId> {
        match self {
            Self::Command { command, .. } => Some(command.call_id()),
            Self::DeviceConnected(_)
            | Self::DeviceAway { .. }
            | Self::DeviceBack { .. }
            | Self::DeviceGone(_)
            | Self::UserDeadline(_) => None,
            Self::Meet { call, .. }
            | Self::RingDevice { call, .. }
            | Self::RingAgain { call, .. }
            | Self::MemberAway { call, .. }
            | Self::MemberBack { call, .. }
            | Self::LoseDevice { call, .. }
            | Self::Engaged { call, .. }
            | Self::Deadline { call } => Some(call),
        }
    }
}
