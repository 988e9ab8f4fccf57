//! What is said in these tests, and by whom: Alice calls Bob, and the call is `call-1`.

use lumencall_core::wire::{
    CallInitiate, CalleeChanged, CalleeOutcome, ConnectionState, Description, DescriptionType, Done,
    Elsewhere, ErrorInfo, Extra, IceCandidate, IceServer, MediaChanged, MediaToggle, ParticipantChanged,
    ParticipantJoined, ParticipantLeft, ParticipantRejoined, Private, Reply, ServerEvent, ServerMessage,
    StateChanged, Welcome,
};
use lumencall_core::{
    Call, CallId, CallParticipant, CallState, CallType, ConversationId, DeviceId, EndReason, ErrorCode,
    MediaFlags, Timestamp, UserId,
};

use crate::browser::Sdp;

/// The call of most tests.
pub(crate) const CALL: &str = "call-1";

pub(crate) fn user(name: &str) -> UserId {
    UserId::new(name).expect("a name is an id")
}

pub(crate) fn call_id(name: &str) -> CallId {
    CallId::new(name).expect("a name is an id")
}

/// An SDP as a browser makes it before it gathers. `name` stands in it as its `ice-ufrag`, by which [`sdp_name`] knows it.
pub(crate) fn sdp(name: &str) -> String {
    format!(
        "v=0\r\no=- 4611 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n\
         c=IN IP4 0.0.0.0\r\na=ice-ufrag:{name}\r\na=mid:0\r\n"
    )
}

/// The name that [`sdp`] gave it.
pub(crate) fn sdp_name(sdp: &str) -> &str {
    sdp.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:")).expect("it was made by `sdp`")
}

/// An SDP of this ICE generation, whose sender sends this.
pub(crate) fn sdp_of(Sdp { ufrag, media }: &Sdp) -> String {
    format!("{}a=x-media:{media}\r\n", sdp(ufrag))
}

/// What [`sdp_of`] wrote.
pub(crate) fn read_sdp(text: &str) -> Sdp {
    let media = text.lines().find_map(|line| line.strip_prefix("a=x-media:"));
    // A client of the seed sends what it sends.
    let media = media.map_or(0, |media| media.parse().expect("it was made by `sdp_of`"));
    Sdp { ufrag: sdp_name(text).to_owned(), media }
}

pub(crate) fn initiate(callees: &[&str]) -> CallInitiate {
    CallInitiate {
        conversation_id: ConversationId::new("conv-1").expect("it is an id"),
        call_type: CallType::Video,
        callee_ids: callees.iter().map(|name| user(name)).collect(),
        metadata: None,
    }
}

/// Turns the microphone on or off.
pub(crate) fn toggle(id: &str, audio: bool) -> MediaToggle {
    MediaToggle { call_id: call_id(id), audio: Some(audio), video: None, screen_share: None }
}

pub(crate) fn participant(name: &str) -> CallParticipant {
    let joined_at = Timestamp("2024-05-06T07:08:09.010Z".into());
    CallParticipant::new(user(name), joined_at, MediaFlags::at_join(CallType::Video))
}

/// Alice's call to Bob in this state, as the server tells it.
pub(crate) fn call(id: &str, state: CallState) -> Call {
    let answered = match state {
        CallState::Idle | CallState::Initiating | CallState::Ringing => false,
        CallState::Connecting | CallState::Connected | CallState::Reconnecting | CallState::Ended => true,
    };
    let mut participants = vec![participant("alice")];
    participants.extend(answered.then(|| participant("bob")));
    let CallInitiate { conversation_id, call_type, callee_ids, metadata } = initiate(&["bob"]);
    Call {
        id: call_id(id),
        conversation_id,
        call_type,
        state,
        caller_id: user("alice"),
        callee_ids,
        started_at: Some(Timestamp("2024-05-06T07:08:09.010Z".into())),
        answered_at: answered.then(|| Timestamp("2024-05-06T07:08:12.345Z".into())),
        ended_at: None,
        end_reason: None,
        participants,
        metadata,
    }
}

/// Alice is welcome.
pub(crate) fn welcome() -> ServerMessage {
    welcome_of("alice")
}

/// This user is welcome, with a device of which nothing is known.
pub(crate) fn welcome_of(name: &str) -> ServerMessage {
    ServerMessage::Welcome(welcoming(name))
}

/// What a welcome says to this user, whose device is new.
pub(crate) fn welcoming(name: &str) -> Welcome {
    let server = IceServer { urls: vec!["stun:stun.test".into()], username: None, credential: None };
    Welcome {
        protocol: "lumencall.1".into(),
        user_id: user(name),
        device_id: DeviceId::new("dev-1").expect("it is an id"),
        secret: Private::new("s3cret"),
        resumed: false,
        received: None,
        calls: None,
        ice_servers: vec![server],
        ice_servers_expire_in: None,
        token_expires_in: None,
    }
}

/// The session goes on, and the server has had as many frames as this in it.
pub(crate) fn resumed(name: &str, received: u32) -> ServerMessage {
    ServerMessage::Welcome(Welcome { resumed: true, received: Some(received), ..welcoming(name) })
}

/// As [`resumed`], with ICE servers that expire in so many seconds.
pub(crate) fn resumed_for(name: &str, received: u32, seconds: u32) -> ServerMessage {
    let (received, ice_servers_expire_in) = (Some(received), Some(seconds));
    ServerMessage::Welcome(Welcome { resumed: true, received, ice_servers_expire_in, ..welcoming(name) })
}

/// The ICE servers that the command with this number asked for, good for so many seconds.
pub(crate) fn ice_servers(id: u32, seconds: u32) -> ServerMessage {
    let server = IceServer { urls: vec!["turn:turn.test".into()], username: None, credential: None };
    let (ice_servers, ice_servers_expire_in) = (Some(vec![server]), Some(seconds));
    let done = Done { ice_servers, ice_servers_expire_in, ..Done::new(None) };
    ServerMessage::Reply(Reply { id, ok: Some(done), error: None })
}

/// The device is known, with these calls, and the session does not go on.
pub(crate) fn known(name: &str, calls: Vec<Call>) -> ServerMessage {
    ServerMessage::Welcome(Welcome { calls: Some(calls), ..welcoming(name) })
}

/// Nothing is known of the device: it is another.
pub(crate) fn unknown(name: &str) -> ServerMessage {
    let device_id = DeviceId::new("dev-2").expect("it is an id");
    ServerMessage::Welcome(Welcome { device_id, ..welcoming(name) })
}

/// A new page of this one is in the call, with this incarnation.
pub(crate) fn rejoined(id: &str, name: &str, incarnation: u32) -> ServerMessage {
    let participant = CallParticipant { incarnation: Some(incarnation), ..participant(name) };
    event(ServerEvent::ParticipantRejoined(ParticipantRejoined { call_id: call_id(id), participant }))
}

/// The command with this number was done.
pub(crate) fn done(id: u32) -> ServerMessage {
    ServerMessage::Reply(Reply { id, ok: Some(Done::new(None)), error: None })
}

/// The same, and this is the call.
pub(crate) fn done_with(id: u32, call: Call) -> ServerMessage {
    ServerMessage::Reply(Reply { id, ok: Some(Done::new(Some(call))), error: None })
}

/// The command with this number was refused.
pub(crate) fn refused(id: u32, code: ErrorCode) -> ServerMessage {
    ServerMessage::Reply(Reply { id, ok: None, error: Some(error_info(code, None)) })
}

pub(crate) fn error(code: ErrorCode, call: Option<&str>) -> ServerMessage {
    ServerMessage::Error(error_info(code, call))
}

fn error_info(code: ErrorCode, call: Option<&str>) -> ErrorInfo {
    ErrorInfo { code, message: "what the server says".into(), call_id: call.map(call_id) }
}

pub(crate) fn incoming(id: &str) -> ServerMessage {
    event(ServerEvent::Incoming(call(id, CallState::Ringing)))
}

/// Alice's call to Bob and Carol, in this state, with these in it.
pub(crate) fn group(id: &str, state: CallState, inside: &[&str]) -> Call {
    let callee_ids = ["bob", "carol"].map(user).to_vec();
    let participants = inside.iter().map(|name| participant(name)).collect();
    Call { callee_ids, participants, ..call(id, state) }
}

/// A call of Alice's to Bob and Carol rings, with these in it.
pub(crate) fn incoming_group(id: &str, inside: &[&str]) -> ServerMessage {
    event(ServerEvent::Incoming(group(id, CallState::Ringing, inside)))
}

pub(crate) fn callee_changed(id: &str, name: &str, outcome: CalleeOutcome) -> ServerMessage {
    let (call_id, user_id) = (call_id(id), user(name));
    event(ServerEvent::CalleeChanged(CalleeChanged { call_id, user_id, outcome }))
}

pub(crate) fn participant_changed(id: &str, name: &str, connection: ConnectionState) -> ServerMessage {
    let (call_id, user_id) = (call_id(id), user(name));
    event(ServerEvent::ParticipantChanged(ParticipantChanged { call_id, user_id, connection }))
}

pub(crate) fn elsewhere(id: &str, engaged: bool) -> ServerMessage {
    event(ServerEvent::Elsewhere(Elsewhere { call_id: call_id(id), engaged }))
}

/// The command with this number was refused, on account of a call that it did not name.
pub(crate) fn refused_about(id: u32, code: ErrorCode, call: &str) -> ServerMessage {
    ServerMessage::Reply(Reply { id, ok: None, error: Some(error_info(code, Some(call))) })
}

/// Carol calls Alice.
pub(crate) fn incoming_from_carol(id: &str) -> ServerMessage {
    let call = call(id, CallState::Ringing);
    let (caller_id, callee_ids, participants) =
        (user("carol"), vec![user("alice")], vec![participant("carol")]);
    event(ServerEvent::Incoming(Call { caller_id, callee_ids, participants, ..call }))
}

pub(crate) fn state(id: &str, state: CallState) -> ServerMessage {
    state_changed(id, state, None, None)
}

pub(crate) fn ended(id: &str, reason: EndReason) -> ServerMessage {
    state_changed(id, CallState::Ended, Some(reason), None)
}

pub(crate) fn answered_elsewhere(id: &str) -> ServerMessage {
    state_changed(id, CallState::Ended, Some(EndReason::Completed), Some(true))
}

fn state_changed(
    id: &str,
    state: CallState,
    end_reason: Option<EndReason>,
    answered_elsewhere: Option<bool>,
) -> ServerMessage {
    let at = Some(Timestamp("2024-05-06T07:08:12.345Z".into()));
    let call_id = call_id(id);
    let cause = None;
    event(ServerEvent::StateChanged(StateChanged {
        call_id,
        state,
        end_reason,
        answered_elsewhere,
        at,
        cause,
        evidence: None,
    }))
}

pub(crate) fn joined(id: &str, name: &str) -> ServerMessage {
    let joined = ParticipantJoined { call_id: call_id(id), participant: participant(name) };
    event(ServerEvent::ParticipantJoined(joined))
}

pub(crate) fn left(id: &str, name: &str) -> ServerMessage {
    event(ServerEvent::ParticipantLeft(ParticipantLeft { call_id: call_id(id), user_id: user(name) }))
}

/// Somebody's microphone went on or off.
pub(crate) fn media(id: &str, name: &str, audio: bool) -> ServerMessage {
    event(ServerEvent::MediaChanged(MediaChanged {
        call_id: call_id(id),
        user_id: user(name),
        audio: Some(audio),
        video: None,
        screen_share: None,
    }))
}

pub(crate) fn offer(id: &str, from: &str, name: &str) -> ServerMessage {
    event(ServerEvent::Offer(description(id, from, DescriptionType::Offer, name)))
}

/// An offer with this number.
pub(crate) fn offer_of_round(id: &str, from: &str, name: &str, round: u32) -> ServerMessage {
    let round = Some(round);
    event(ServerEvent::Offer(Description { round, ..description(id, from, DescriptionType::Offer, name) }))
}

/// An answer to the offer with this number.
pub(crate) fn answer_of_round(id: &str, from: &str, name: &str, round: u32) -> ServerMessage {
    let round = Some(round);
    event(ServerEvent::Answer(Description { round, ..description(id, from, DescriptionType::Answer, name) }))
}

pub(crate) fn answer(id: &str, from: &str, name: &str) -> ServerMessage {
    event(ServerEvent::Answer(description(id, from, DescriptionType::Answer, name)))
}

fn description(id: &str, from: &str, kind: DescriptionType, name: &str) -> Description {
    Description {
        call_id: call_id(id),
        from_user_id: Some(user(from)),
        to_user_id: user(if from == "alice" { "bob" } else { "alice" }),
        kind,
        sdp: Private::new(sdp(name)),
        sealed: (kind == DescriptionType::Offer).then_some(true),
        renegotiation: None,
        incarnation: None,
        round: None,
        screen: None,
        extra: Extra::default(),
    }
}

pub(crate) fn candidate(id: &str, from: &str, text: &str) -> ServerMessage {
    let to = if from == "alice" { "bob" } else { "alice" };
    event(ServerEvent::Candidate(IceCandidate {
        from_user_id: Some(user(from)),
        ..local_candidate(id, to, text)
    }))
}

/// A candidate as the browser hands it over: with the ICE generation that it belongs to, where the text says ` of ` which.
pub(crate) fn local_candidate(id: &str, to: &str, text: &str) -> IceCandidate {
    IceCandidate {
        call_id: call_id(id),
        from_user_id: None,
        to_user_id: user(to),
        candidate: Private::new(text),
        sdp_mid: Some("0".into()),
        sdp_m_line_index: Some(0),
        username_fragment: text.split_once(" of ").map(|(_, name)| name.into()),
        incarnation: None,
        extra: Extra::default(),
    }
}

fn event(event: ServerEvent) -> ServerMessage {
    ServerMessage::Event(event)
}
