//! What clients send.

use super::{
    Authenticate, Description, Fault, IceCandidate, Nothing, SessionOpen, Sink, Source, Wire, WireError,
    messages, record, words,
};
use crate::{CallId, CallType, ConversationId, UserId};

/// The longest `metadata` of a call, in bytes.
pub const LONGEST_METADATA: usize = 1024;

record! {
    /// `call:initiate`: ring these users.
    pub struct CallInitiate {
        /// The app's conversation.
        conversation_id: ConversationId = "conversationId",
        /// Audio or video.
        call_type: CallType = "type",
        /// Whom to ring.
        callee_ids: Vec<UserId> = "calleeIds",
        /// Text of the app's own for the callees, at most 1 kB; nobody else reads it.
        metadata: Option<Box<str>> = "metadata",
    }
}

words! {
    /// What a callee says to a ring.
    pub enum RespondAction {
        /// Yes.
        Accept = "accept",
        /// No.
        Reject = "reject",
    }
}

record! {
    /// `call:respond`: a callee's answer to a ring.
    pub struct CallRespond {
        /// The call.
        call_id: CallId = "callId",
        /// Yes or no.
        action: RespondAction = "action",
    }
}

record! {
    /// `call:hangup`: leave the call. The seed's `reason` may stand beside the id; the server computes the reason itself
    /// and does not read it.
    pub struct Hangup {
        /// The call.
        call_id: CallId = "callId",
    }
}

record! {
    /// `call:media-toggle`: what the sender shows from now on; absent is unchanged.
    pub struct MediaToggle {
        /// The call.
        call_id: CallId = "callId",
        /// Whether the microphone is on.
        audio: Option<bool> = "audio",
        /// Whether the camera is on.
        video: Option<bool> = "video",
        /// Whether the screen is shared.
        screen_share: Option<bool> = "screenShare",
    }
}

record! {
    /// `call:add-participant` and `call:remove-participant`: one more is rung, or one is put out.
    pub struct ParticipantChoice {
        /// The call.
        call_id: CallId = "callId",
        /// Who.
        user_id: UserId = "userId",
    }
}

words! {
    /// What an SDK tells the server of its connection to a peer.
    pub enum ConnectionState {
        /// Media can flow.
        Connected = "connected",
        /// It could, and is being mended.
        Reconnecting = "reconnecting",
        /// It cannot, and no more is tried.
        Failed = "failed",
    }
}

record! {
    /// `call:connection-report`: how the sender's connection to a peer stands.
    pub struct ConnectionReport {
        /// The call.
        call_id: CallId = "callId",
        /// The peer.
        peer_user_id: UserId = "peerUserId",
        /// How it stands.
        state: ConnectionState = "state",
        /// The peer's incarnation that it is a connection to; absent is the first.
        incarnation: Option<u32> = "incarnation",
    }
}

record! {
    /// `call:rejoin`: a new page of the device that is in the call takes its place there, with connections of its own.
    pub struct Rejoin {
        /// The call.
        call_id: CallId = "callId",
    }
}

messages! {
    /// A message from a client.
    pub enum Command {
        /// Opens the session; SDK only.
        Open(SessionOpen) = "session:open",
        /// Asks for a sign of life; SDK only.
        Ping(Nothing) = "session:ping",
        /// The page goes away, and may come back; SDK only.
        Suspend(Nothing) = "session:suspend",
        /// Shows a newer token; SDK only.
        Authenticate(Authenticate) = "session:authenticate",
        /// Asks for ICE servers with fresh credentials; SDK only.
        IceServers(Nothing) = "session:ice-servers",
        /// Rings users.
        Initiate(CallInitiate) = "call:initiate",
        /// Answers a ring.
        Respond(CallRespond) = "call:respond",
        /// Leaves a call.
        Hangup(Hangup) = "call:hangup",
        /// Tells what the sender shows.
        MediaToggle(MediaToggle) = "call:media-toggle",
        /// Rings one more. Any member may.
        AddParticipant(ParticipantChoice) = "call:add-participant",
        /// Puts one out. Only the owner may.
        RemoveParticipant(ParticipantChoice) = "call:remove-participant",
        /// An offer for another member.
        Offer(Description) = "signal:offer",
        /// An answer for another member.
        Answer(Description) = "signal:answer",
        /// A candidate for another member.
        Candidate(IceCandidate) = "signal:ice-candidate",
        /// Takes the place of a page that is gone; SDK only.
        Rejoin(Rejoin) = "call:rejoin",
        /// Tells how a connection stands; SDK only.
        Report(ConnectionReport) = "call:connection-report",
    }
}

impl Command {
    /// The call that it names. An initiate names none: its call has no id yet.
    pub const fn call_id(&self) -> Option<&CallId> {
        Some(match self {
            Self::Open(_)
            | Self::Ping(_)
            | Self::Suspend(_)
            | Self::Authenticate(_)
            | Self::IceServers(_)
            | Self::Initiate(_) => return None,
            Self::Respond(respond) => &respond.call_id,
            Self::Hangup(hangup) => &hangup.call_id,
            Self::MediaToggle(toggle) => &toggle.call_id,
            Self::AddParticipant(choice) | Self::RemoveParticipant(choice) => &choice.call_id,
            Self::Offer(description) | Self::Answer(description) => &description.call_id,
            Self::Candidate(candidate) => &candidate.call_id,
            Self::Rejoin(rejoin) => &rejoin.call_id,
            Self::Report(report) => &report.call_id,
        })
    }
}

/// A frame from a client: `{"event", "data", "id"?}`.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientFrame {
    /// The client's number for the command; with it, the server answers by a reply, and does nothing twice.
    pub id: Option<u32>,
    /// The command.
    pub command: Command,
}

impl Wire for ClientFrame {
    fn take<S: Source>(source: &S, fault: &mut Fault) -> Self {
        let (event, data) = envelope(source, fault);
        let sound = fault.is_none();
        let command = Command::take_data(&event, &data, fault).unwrap_or_else(|| {
            fault.note_member("event", UNKNOWN_EVENT);
            Command::Open(SessionOpen { device_id: None, resume: None })
        });
        fault.name(sound, "data");
        Self { id: Wire::take_member(source, "id", fault), command }
    }

    fn write<K: Sink>(&self, sink: &mut K) {
        sink.begin_object();
        self.id.write_member("id", sink);
        sink.key("event");
        sink.text(self.command.event());
        sink.key("data");
        self.command.write_data(sink);
        sink.end_object();
    }
}

/// The name of a frame's event, and its data.
pub(super) fn envelope<S: Source>(frame: &S, fault: &mut Fault) -> (Box<str>, S) {
    let event = Wire::take_member(frame, "event", fault);
    let data = frame.member("data").unwrap_or_else(|| {
        fault.note_member("data", "an object");
        S::null()
    });
    (event, data)
}

/// What [`WireError::expected`] says where the event's name is not known.
pub(crate) const UNKNOWN_EVENT: &str = "the name of an event that this version knows";

impl WireError {
    /// Whether the message is of a kind that this version does not know.
    pub fn is_unknown_event(&self) -> bool {
        self.expected == UNKNOWN_EVENT
    }
}
