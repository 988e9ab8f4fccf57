//! What the session asks its driver to do.

use std::sync::Arc;

use super::{Failure, Link};
use crate::wire::{ClientFrame, IceCandidate, IceServer, Private, ServerEvent};
use crate::{Call, CallId, CallType, DeviceId, UserId};

/// Names the command that an [`Action::Settle`] answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket(pub(super) u32);

/// How much a log record matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// For who looks for a fault.
    Debug,
    /// What happens.
    Info,
    /// What should not, and was coped with.
    Warn,
    /// What went wrong.
    Error,
}

/// What an app hears of.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// An event of a call.
    Call(ServerEvent),
    /// The connection to the server stands so.
    Link(Link),
    /// What went wrong outside of any command.
    Error(Failure),
}

/// Something to do, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Open a socket; then [`super::ClientSession::handle_socket_open`] or `handle_socket_closed`.
    OpenSocket,
    /// Close the socket; nothing of it is to be handed in any more.
    CloseSocket {
        /// Whether the device is gone for good: then with code 1000, and else with another.
        goodbye: bool,
    },
    /// Keep this for the page that comes after this one: see [`super::ClientSession::adopt`].
    KeepIdentity {
        /// The device that this is.
        device: DeviceId,
        /// Its secret, for nobody else.
        secret: Private,
    },
    /// Keep it no longer.
    ForgetIdentity,
    /// Get a new token from the app, then [`super::ClientSession::authenticate`].
    RenewToken,
    /// Send the frame over the open socket.
    Send(Arc<ClientFrame>),
    /// Use these ICE servers, for the peer connections that there are too (`RTCPeerConnection.setConfiguration`).
    UseIceServers(Vec<IceServer>),
    /// Tell whoever gave the command what became of it.
    Settle {
        /// The command.
        ticket: Ticket,
        /// The call after `initiate` and `accept`; nothing after others; or why it failed.
        result: Result<Option<Call>, Failure>,
    },
    /// Tell the app.
    Emit(Event),
    /// Write a log record. It holds nothing private.
    Log {
        /// How much it matters.
        level: LogLevel,
        /// What happened.
        message: &'static str,
        /// The call that it is about.
        call: Option<CallId>,
    },
    /// Make a peer connection to another in the call.
    OpenPeer {
        /// The call.
        call: CallId,
        /// The other.
        user: UserId,
        /// What is sent, and wanted.
        call_type: CallType,
    },
    /// Let the next offer begin a new generation of candidates (`RTCPeerConnection.restartIce`). Where the connection is stable the browser
    /// says then that it has something to offer.
    RestartIce {
        /// The call.
        call: CallId,
        /// The other.
        user: UserId,
    },
    /// Make an offer on it, then [`super::ClientSession::handle_local_description`]. Where there was an exchange before, it is applied
    /// with its answer only.
    Offer {
        /// The call.
        call: CallId,
        /// The other.
        user: UserId,
    },
    /// Apply the offer, then [`super::ClientSession::handle_remote_described`]; make an answer, then
    /// [`super::ClientSession::handle_local_description`].
    Answer {
        /// The call.
        call: CallId,
        /// The other.
        user: UserId,
        /// The offer's SDP.
        offer: Private,
        /// The id of the stream that shows their screen.
        screen: Option<Box<str>>,
    },
    /// Apply the answer, with the offer where that was kept for it, then [`super::ClientSession::handle_remote_described`].
    ApplyAnswer {
        /// The call.
        call: CallId,
        /// The other.
        user: UserId,
        /// The answer's SDP.
        answer: Private,
        /// The id of the stream that shows their screen.
        screen: Option<Box<str>>,
    },
    /// Add a candidate of the other's. The description that it belongs to has been applied.
    AddCandidate {
        /// The other is its `from_user_id`.
        candidate: IceCandidate,
        /// The other.
        user: UserId,
    },
    /// Close the peer connection to one who left.
    ClosePeer {
        /// The call.
        call: CallId,
        /// The other.
        user: UserId,
    },
    /// This device has no more part in the call: close its peer connections, stop its camera and microphone.
    Release {
        /// The call.
        call: CallId,
    },
}
