//! What the people of a test say, and who they are.

use lumencall_core::machine::{Device, Dialect, Origin};
use lumencall_core::wire::{
    CallInitiate, CallRespond, Command, ConnectionReport, ConnectionState, Description, DescriptionType,
    Extra, Hangup, IceCandidate, MediaToggle, ParticipantChoice, Private, Rejoin, RespondAction,
};
use lumencall_core::{CallId, CallType, ConversationId, DeviceId, UserId};

/// An offer as a browser makes it before it has gathered.
pub(crate) const CLEAN: &str = "v=0\r\no=- 4611 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:Yx2q\r\na=mid:0\r\n";

/// The same after gathering: it tells where the caller is.
pub(crate) const GATHERED: &str = "v=0\r\no=- 4611 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:Yx2q\r\na=mid:0\r\n\
    a=candidate:1 1 udp 2122260223 192.0.2.7 51234 typ host\r\n";

pub(crate) fn user(name: &str) -> UserId {
    UserId::new(name).expect("a name is an id")
}

pub(crate) fn call(name: &str) -> CallId {
    CallId::new(name).expect("a name is an id")
}

/// A device of the SDK, named by its user and itself: `bob/1`.
pub(crate) fn sdk(name: &str) -> Origin {
    device(name, Dialect::Sdk)
}

/// A device that speaks the seed alone.
pub(crate) fn seed(name: &str) -> Origin {
    device(name, Dialect::Seed)
}

pub(crate) fn device(name: &str, dialect: Dialect) -> Origin {
    let (owner, _) = name.split_once('/').expect("a device is named user/device");
    Origin {
        user: user(owner),
        device: Device { id: DeviceId::new(name).expect("a name is an id"), dialect },
    }
}

pub(crate) fn initiate(callees: &[&str]) -> Command {
    Command::Initiate(asking(callees))
}

/// The same without a camera.
pub(crate) fn initiate_audio(callees: &[&str]) -> Command {
    Command::Initiate(CallInitiate { call_type: CallType::Audio, ..asking(callees) })
}

/// What an initiate asks for.
pub(crate) fn asking(callees: &[&str]) -> CallInitiate {
    CallInitiate {
        conversation_id: ConversationId::new("conv-123").expect("it is an id"),
        call_type: CallType::Video,
        callee_ids: callees.iter().map(|name| user(name)).collect(),
        metadata: None,
    }
}

pub(crate) fn add(id: &str, name: &str) -> Command {
    Command::AddParticipant(ParticipantChoice { call_id: call(id), user_id: user(name) })
}

pub(crate) fn remove(id: &str, name: &str) -> Command {
    Command::RemoveParticipant(ParticipantChoice { call_id: call(id), user_id: user(name) })
}

pub(crate) fn respond(id: &str, action: RespondAction) -> Command {
    Command::Respond(CallRespond { call_id: call(id), action })
}

pub(crate) fn accept(id: &str) -> Command {
    respond(id, RespondAction::Accept)
}

pub(crate) fn reject(id: &str) -> Command {
    respond(id, RespondAction::Reject)
}

pub(crate) fn hangup(id: &str) -> Command {
    Command::Hangup(Hangup { call_id: call(id) })
}

/// Turns the microphone on or off.
pub(crate) fn toggle(id: &str, audio: bool) -> Command {
    Command::MediaToggle(MediaToggle {
        call_id: call(id),
        audio: Some(audio),
        video: None,
        screen_share: None,
    })
}

/// A description; `fromUserId` says nothing, as it may.
pub(crate) fn description(id: &str, to: &str, kind: DescriptionType, sdp: &str) -> Description {
    Description {
        call_id: call(id),
        from_user_id: None,
        to_user_id: user(to),
        kind,
        sdp: Private::new(sdp),
        sealed: None,
        renegotiation: None,
        incarnation: None,
        round: None,
        screen: None,
        extra: Extra::default(),
    }
}

pub(crate) fn offer(id: &str, to: &str, sdp: &str) -> Command {
    Command::Offer(description(id, to, DescriptionType::Offer, sdp))
}

/// An offer that claims to be sealed.
pub(crate) fn sealed(id: &str, to: &str, sdp: &str) -> Command {
    Command::Offer(Description { sealed: Some(true), ..description(id, to, DescriptionType::Offer, sdp) })
}

pub(crate) fn answer(id: &str, to: &str, sdp: &str) -> Command {
    Command::Answer(description(id, to, DescriptionType::Answer, sdp))
}

pub(crate) fn candidate(id: &str, to: &str, text: &str) -> Command {
    Command::Candidate(IceCandidate {
        call_id: call(id),
        from_user_id: None,
        to_user_id: user(to),
        candidate: Private::new(text),
        sdp_mid: Some("0".into()),
        sdp_m_line_index: Some(0),
        username_fragment: None,
        incarnation: None,
        extra: Extra::default(),
    })
}

pub(crate) fn report(id: &str, peer: &str, state: ConnectionState) -> Command {
    report_on(id, peer, state, None)
}

/// The same, on the connection to this page of the peer's.
pub(crate) fn report_on(id: &str, peer: &str, state: ConnectionState, incarnation: Option<u32>) -> Command {
    Command::Report(ConnectionReport { call_id: call(id), peer_user_id: user(peer), state, incarnation })
}

/// A new page takes the place of the old one.
pub(crate) fn rejoin(id: &str) -> Command {
    Command::Rejoin(Rejoin { call_id: call(id) })
}

/// The same signal, for this page of its receiver.
pub(crate) fn for_page(incarnation: u32, command: Command) -> Command {
    let incarnation = Some(incarnation);
    match command {
        Command::Offer(offer) => Command::Offer(Description { incarnation, ..offer }),
        Command::Answer(answer) => Command::Answer(Description { incarnation, ..answer }),
        Command::Candidate(candidate) => Command::Candidate(IceCandidate { incarnation, ..candidate }),
        command => panic!("{command:?} is no signal"),
    }
}
