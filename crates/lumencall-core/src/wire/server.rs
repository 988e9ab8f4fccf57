//! What the server sends.

use super::client::{UNKNOWN_EVENT, envelope};
use super::{
    ConnectionState, Description, Fault, IceCandidate, IceServer, Signal, Sink, Source, Welcome, Wire,
    messages, record, words,
};
use crate::{Call, CallId, CallParticipant, CallState, EndReason, ErrorCode, Timestamp, UserId};

words! {
    /// What lay behind an end that nobody wanted.
    pub enum EndCause {
        /// The server does not know the session any more: it was started anew, or the way to it was cut for too long.
        ServerRestarted = "server-restarted",
        /// The browser could not make or use a session description.
        NegotiationFailed = "negotiation-failed",
        /// The browser says that there is no network.
        NetworkOffline = "network-offline",
        /// The other was cut off for longer than is waited for.
        PeerGone = "peer-gone",
        /// The TURN server refused the credentials.
        TurnUnauthorized = "turn-unauthorized",
        /// The TURN server did not answer.
        TurnUnreachable = "turn-unreachable",
        /// TURN or STUN were to be used, and the browser found no candidates but those of its own addresses.
        OnlyHostCandidates = "only-host-candidates",
        /// No path was found, and there is no TURN server among the ICE servers, which would have been one.
        NoTurnConfigured = "no-turn-configured",
        /// No path was found, with a relay as without.
        NoPath = "no-path",
    }
}

words! {
    /// How a candidate was found (`RTCIceCandidateType`, W3C WebRTC 1.0, 4.8.1.3).
    pub enum CandidateType {
        /// An address of the device's own.
        Host = "host",
        /// What a STUN server sees of it.
        ServerReflexive = "srflx",
        /// What the other sees of it.
        PeerReflexive = "prflx",
        /// An address at a TURN server.
        Relay = "relay",
    }
}

record! {
    /// What is known of a connection that came to nothing.
    pub struct Evidence {
        /// Whether the browser says that there is a network.
        online: bool = "online",
        /// Whether there is a TURN server among the ICE servers.
        turn: bool = "turn",
        /// The types of the candidates found here.
        local_candidates: Vec<CandidateType> = "localCandidates",
        /// The types of those that the other has sent.
        remote_candidates: Vec<CandidateType> = "remoteCandidates",
        /// What STUN and TURN servers refused with, or 701 for one that did not answer (`RTCPeerConnectionIceErrorEvent.errorCode`).
        candidate_errors: Vec<u16> = "candidateErrors",
        /// Whether the browser could not make or use a session description.
        unusable: bool = "unusable",
    }
}

record! {
    /// `call:state-changed`.
    pub struct StateChanged {
        /// The call.
        call_id: CallId = "callId",
        /// The state that it is in now.
        state: CallState = "state",
        /// Why it ended, where it has.
        end_reason: Option<EndReason> = "endReason",
        /// Whether only this device's part ended, since another device of the same user answered. Ours.
        answered_elsewhere: Option<bool> = "answeredElsewhere",
        /// When, by the server's clock. Ours.
        at: Option<Timestamp> = "at",
        /// What lay behind the end. Ours, and never sent: only the SDK at hand can know it.
        cause: Option<EndCause> = "cause",
        /// What that was concluded from. Ours, and never sent.
        evidence: Option<Evidence> = "evidence",
    }
}

record! {
    /// `call:participant-joined`.
    pub struct ParticipantJoined {
        /// The call.
        call_id: CallId = "callId",
        /// Who joined.
        participant: CallParticipant = "participant",
    }
}

record! {
    /// `call:participant-left`.
    pub struct ParticipantLeft {
        /// The call.
        call_id: CallId = "callId",
        /// Who left.
        user_id: UserId = "userId",
    }
}

record! {
    /// `call:media-changed`: what a participant shows from now on; absent is unchanged.
    pub struct MediaChanged {
        /// The call.
        call_id: CallId = "callId",
        /// Whose media.
        user_id: UserId = "userId",
        /// Whether the microphone is on.
        audio: Option<bool> = "audio",
        /// Whether the camera is on.
        video: Option<bool> = "video",
        /// Whether the screen is shared.
        screen_share: Option<bool> = "screenShare",
    }
}

words! {
    /// What became of one who was called, while the call goes on for the others.
    pub enum CalleeOutcome {
        /// They were called, and may answer.
        Ringing = "ringing",
        /// They declined.
        Rejected = "rejected",
        /// They did not answer in time, or their devices were lost, or they were called no longer.
        Missed = "missed",
        /// They are in another call.
        Busy = "busy",
    }
}

record! {
    /// `call:callee-changed`. Ours.
    pub struct CalleeChanged {
        /// The call.
        call_id: CallId = "callId",
        /// Who was called.
        user_id: UserId = "userId",
        /// What became of it.
        outcome: CalleeOutcome = "outcome",
    }
}

record! {
    /// `call:participant-changed`: how a participant's connections stand, in a call of more than two. Ours.
    pub struct ParticipantChanged {
        /// The call.
        call_id: CallId = "callId",
        /// Whose connections.
        user_id: UserId = "userId",
        /// `connected` while there is one to anybody, else `reconnecting`.
        connection: ConnectionState = "connection",
    }
}

record! {
    /// `call:participant-rejoined`: a new page of one who is in the call took the place of the old one. Ours.
    pub struct ParticipantRejoined {
        /// The call.
        call_id: CallId = "callId",
        /// Who, with the incarnation that they are from now on.
        participant: CallParticipant = "participant",
    }
}

record! {
    /// `call:elsewhere`: the user is in a call with another device, or is so no more. Ours.
    pub struct Elsewhere {
        /// The call.
        call_id: CallId = "callId",
        /// Whether the user is in it.
        engaged: bool = "engaged",
    }
}

messages! {
    /// An event of a call, as its members hear it.
    pub enum ServerEvent {
        /// A ring.
        Incoming(Call) = "call:incoming",
        /// The call is in another state.
        StateChanged(StateChanged) = "call:state-changed",
        /// Somebody accepted.
        ParticipantJoined(ParticipantJoined) = "call:participant-joined",
        /// Somebody left.
        ParticipantLeft(ParticipantLeft) = "call:participant-left",
        /// Somebody shows something else.
        MediaChanged(MediaChanged) = "call:media-changed",
        /// Something became of one who was called; SDK only.
        CalleeChanged(CalleeChanged) = "call:callee-changed",
        /// A participant's connections stand otherwise; SDK only.
        ParticipantChanged(ParticipantChanged) = "call:participant-changed",
        /// A new page of a participant took the place of the old one; SDK only.
        ParticipantRejoined(ParticipantRejoined) = "call:participant-rejoined",
        /// The user is in a call with another device, or no more; SDK only.
        Elsewhere(Elsewhere) = "call:elsewhere",
        /// An offer from another member.
        Offer(Description) = "signal:offer",
        /// An answer from another member.
        Answer(Description) = "signal:answer",
        /// A candidate from another member.
        Candidate(IceCandidate) = "signal:ice-candidate",
    }
}

impl ServerEvent {
    /// The call that it is about.
    pub const fn call_id(&self) -> &CallId {
        match self {
            Self::Incoming(call) => &call.id,
            Self::StateChanged(changed) => &changed.call_id,
            Self::ParticipantJoined(joined) => &joined.call_id,
            Self::ParticipantLeft(left) => &left.call_id,
            Self::MediaChanged(changed) => &changed.call_id,
            Self::CalleeChanged(changed) => &changed.call_id,
            Self::ParticipantChanged(changed) => &changed.call_id,
            Self::ParticipantRejoined(rejoined) => &rejoined.call_id,
            Self::Elsewhere(elsewhere) => &elsewhere.call_id,
            Self::Offer(description) | Self::Answer(description) => &description.call_id,
            Self::Candidate(candidate) => &candidate.call_id,
        }
    }

    /// The event as a client knows it that was written from the seed alone: without the members that are ours; nothing
    /// where all of it is ours.
    #[must_use]
    pub fn for_seed(mut self) -> Option<Self> {
        match &mut self {
            Self::StateChanged(changed) => {
                changed.answered_elsewhere = None;
                changed.at = None;
                changed.cause = None;
            }
            Self::CalleeChanged(_)
            | Self::ParticipantChanged(_)
            | Self::ParticipantRejoined(_)
            | Self::Elsewhere(_) => return None,
            Self::Incoming(call) => {
                for participant in &mut call.participants {
                    participant.incarnation = None;
                }
            }
            Self::ParticipantJoined(joined) => joined.participant.incarnation = None,
            Self::Offer(description) | Self::Answer(description) => description.incarnation = None,
            Self::Candidate(candidate) => candidate.incarnation = None,
            Self::ParticipantLeft(_) | Self::MediaChanged(_) => {}
        }
        Some(self)
    }
}

impl From<Signal> for ServerEvent {
    fn from(signal: Signal) -> Self {
        match signal {
            Signal::Description(description) => match description.kind {
                super::DescriptionType::Offer => Self::Offer(description),
                super::DescriptionType::Answer => Self::Answer(description),
            },
            Signal::Candidate(candidate) => Self::Candidate(candidate),
        }
    }
}

record! {
    /// What went wrong with a command.
    pub struct ErrorInfo {
        /// The word for programs.
        code: ErrorCode = "code",
        /// The sentence for people.
        message: Box<str> = "message",
        /// The call that it is about, where the command named one.
        call_id: Option<CallId> = "callId",
    }
}

record! {
    /// What a command was answered with, where it was done.
    pub struct Done {
        /// The call as it is now, after `call:initiate`, `call:rejoin`, and `call:respond` with `accept`.
        call: Option<Call> = "call",
        /// After `session:ice-servers`: the ICE servers for new peer connections.
        ice_servers: Option<Vec<IceServer>> = "iceServers",
        /// For how long their credentials can be used, in seconds; absent is for ever.
        ice_servers_expire_in: Option<u32> = "iceServersExpireIn",
        /// After `session:authenticate`: for how long the token can be used, in seconds; absent is for ever.
        token_expires_in: Option<u32> = "tokenExpiresIn",
    }
}

impl Done {
    /// What a command about calls was answered with.
    pub const fn new(call: Option<Call>) -> Self {
        Self { call, ice_servers: None, ice_servers_expire_in: None, token_expires_in: None }
    }
}

record! {
    /// `reply`: the answer to the command with this `id`. One of `ok` and `error` is there.
    pub struct Reply {
        /// The client's number for the command.
        id: u32 = "id",
        /// It was done.
        ok: Option<Done> = "ok",
        /// It was refused, and nothing changed.
        error: Option<ErrorInfo> = "error",
    }
}

/// Anything that the server sends.
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    /// `session:welcome`.
    Welcome(Welcome),
    /// `reply`.
    Reply(Reply),
    /// `error`: what went wrong with a command that had no `id`.
    Error(ErrorInfo),
    /// An event of a call.
    Event(ServerEvent),
}

/// A frame from the server: `{"seq"?, "event", "data"}`.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerFrame {
    /// On a session of the SDK: the number of the frame, from 1, without gaps, after the welcome.
    pub seq: Option<u32>,
    /// The message.
    pub message: ServerMessage,
}

impl Wire for ServerFrame {
    fn take<S: Source>(source: &S, fault: &mut Fault) -> Self {
        let (event, data) = envelope(source, fault);
        let sound = fault.is_none();
        let message = match &*event {
            "session:welcome" => ServerMessage::Welcome(Wire::take(&data, fault)),
            "reply" => ServerMessage::Reply(Wire::take(&data, fault)),
            "error" => ServerMessage::Error(Wire::take(&data, fault)),
            event => match ServerEvent::take_data(event, &data, fault) {
                Some(event) => ServerMessage::Event(event),
                None => {
                    fault.note_member("event", UNKNOWN_EVENT);
                    ServerMessage::Error(Wire::take(&data, fault))
                }
            },
        };
        fault.name(sound, "data");
        Self { seq: Wire::take_member(source, "seq", fault), message }
    }

    fn write<K: Sink>(&self, sink: &mut K) {
        sink.begin_object();
        self.seq.write_member("seq", sink);
        sink.key("event");
        match &self.message {
            ServerMessage::Welcome(welcome) => {
                sink.text("session:welcome");
                welcome.write_member("data", sink);
            }
            ServerMessage::Reply(reply) => {
                sink.text("reply");
                reply.write_member("data", sink);
            }
            ServerMessage::Error(error) => {
                sink.text("error");
                error.write_member("data", sink);
            }
            ServerMessage::Event(event) => {
                sink.text(event.event());
                sink.key("data");
                event.write_data(sink);
            }
        }
        sink.end_object();
    }
}
