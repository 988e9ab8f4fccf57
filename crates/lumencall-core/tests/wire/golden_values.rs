//! What the golden messages say, as values.

use lumencall_core::wire::{
    Authenticate, CallInitiate, CallRespond, CalleeChanged, CalleeOutcome, CandidateType, ClientFrame,
    Command, ConnectionReport, ConnectionState, Description, DescriptionType, Done, Elsewhere, EndCause,
    ErrorInfo, Evidence, Extra, Hangup, IceCandidate, IceServer, MediaChanged, MediaToggle, Nothing,
    ParticipantChanged, ParticipantChoice, ParticipantJoined, ParticipantLeft, ParticipantRejoined, Private,
    Rejoin, Reply, RespondAction, ServerEvent, ServerFrame, ServerMessage, SessionOpen, SessionResume,
    StateChanged, Welcome, read_client_frame,
};
use lumencall_core::{
    Call, CallId, CallParticipant, CallState, CallType, ConversationId, DeviceId, EndReason, ErrorCode,
    Timestamp, UserId,
};

const SDP: &str = "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
const CANDIDATE: &str = "candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 0.0.0.0 rport 0 \
    generation 0 ufrag Yx2q network-cost 999";

fn call_id() -> CallId {
    CallId::new("call-789").expect("it is an id")
}

fn user(name: &str) -> UserId {
    UserId::new(name).expect("it is an id")
}

fn at(time: &str) -> Timestamp {
    Timestamp(format!("2024-05-06T{time}Z").into())
}

/// What the client's golden message with this name says.
pub(crate) fn client_value(name: &str) -> Option<ClientFrame> {
    let (id, command) = match name {
        "session-open" => (None, Command::Open(SessionOpen { device_id: None, resume: None })),
        "session-open-resume" => {
            let resume = SessionResume { secret: Private::new("s3cret"), last_seq: Some(41) };
            let device_id = DeviceId::new("dev-1");
            (Some(0), Command::Open(SessionOpen { device_id, resume: Some(resume) }))
        }
        "session-open-page" => {
            let resume = SessionResume { secret: Private::new("s3cret"), last_seq: None };
            let device_id = DeviceId::new("dev-1");
            (None, Command::Open(SessionOpen { device_id, resume: Some(resume) }))
        }
        "session-ping" => (Some(12), Command::Ping(Nothing {})),
        "session-suspend" => (None, Command::Suspend(Nothing {})),
        "session-authenticate" => {
            (Some(13), Command::Authenticate(Authenticate { token: Private::new("header.claims.signature") }))
        }
        "session-ice-servers" => (Some(14), Command::IceServers(Nothing {})),
        "rejoin" => (Some(1), Command::Rejoin(Rejoin { call_id: call_id() })),
        "offer-incarnation" => {
            (None, Command::Offer(Description { from_user_id: None, incarnation: Some(2), ..offer() }))
        }
        "candidate-incarnation" => {
            (None, Command::Candidate(IceCandidate { incarnation: Some(2), ..candidate() }))
        }
        "connection-report-incarnation" => {
            let report = ConnectionReport {
                call_id: call_id(),
                peer_user_id: user("user-456"),
                state: ConnectionState::Connected,
                incarnation: Some(2),
            };
            (None, Command::Report(report))
        }
        "initiate-seed" => (None, initiate(CallType::Video, &["user-456"], None)),
        "initiate-metadata" => {
            let metadata = Some("{\"subject\":\"Résumé 📞\"}");
            (Some(7), initiate(CallType::Audio, &["user-456"], metadata))
        }
        "initiate-several" => (Some(11), initiate(CallType::Video, &["user-456", "user-789"], None)),
        "add-participant" => (None, Command::AddParticipant(choice("user-789"))),
        "remove-participant" => (Some(10), Command::RemoveParticipant(choice("user-456"))),
        "respond-accept-seed" => (None, respond(RespondAction::Accept)),
        "respond-reject-seed" => (None, respond(RespondAction::Reject)),
        "hangup-seed" => (None, Command::Hangup(Hangup { call_id: call_id() })),
        "hangup-id" => (Some(u32::MAX), Command::Hangup(Hangup { call_id: call_id() })),
        "media-toggle-seed" => (None, toggle(Some(false), Some(true), Some(false))),
        "media-toggle-one" => (None, toggle(None, Some(false), None)),
        "offer-seed" => (None, Command::Offer(offer())),
        "offer-sealed" => (Some(8), Command::Offer(Description { sealed: Some(true), ..offer() })),
        "offer-renegotiation" => {
            let offer = Description { from_user_id: None, renegotiation: Some(true), ..offer() };
            (None, Command::Offer(Description { extra: unknown_members(), ..offer }))
        }
        "offer-round" => {
            let (renegotiation, round, screen) = (Some(true), Some(5), Some("{5ab6-0e}".into()));
            let offer = Description { from_user_id: None, renegotiation, round, screen, ..offer() };
            (None, Command::Offer(offer))
        }
        "answer-seed" => (None, Command::Answer(answer())),
        "candidate-seed" => (None, Command::Candidate(candidate())),
        "candidate-end" => {
            let end = IceCandidate {
                from_user_id: None,
                candidate: Private::new(""),
                sdp_mid: Some("1".into()),
                sdp_m_line_index: Some(u16::MAX),
                username_fragment: Some("Yx2q".into()),
                ..candidate()
            };
            (None, Command::Candidate(end))
        }
        "candidate-null" => {
            let null =
                IceCandidate { from_user_id: None, sdp_mid: None, sdp_m_line_index: None, ..candidate() };
            (None, Command::Candidate(null))
        }
        "connection-report-connected" => (Some(9), report(ConnectionState::Connected)),
        "connection-report-reconnecting" => (Some(9), report(ConnectionState::Reconnecting)),
        "connection-report-failed" => (Some(9), report(ConnectionState::Failed)),
        _ => return None,
    };
    Some(ClientFrame { id, command })
}

/// What the server's golden message with this name says.
pub(crate) fn server_value(name: &str) -> Option<ServerFrame> {
    let event = ServerMessage::Event;
    let reply = |id, ok, error| ServerMessage::Reply(Reply { id, ok, error });
    let (seq, message) = match name {
        "welcome" => (None, ServerMessage::Welcome(welcome(false, Vec::new()))),
        "welcome-ice-servers" => {
            let stun = IceServer {
                urls: vec!["stun:stun.example.org:3478".into()],
                username: None,
                credential: None,
            };
            let turn = IceServer {
                urls: ["turn:turn.example.org:3478?transport=udp", "turns:turn.example.org:443"]
                    .map(Into::into)
                    .into(),
                username: Some(Private::new("u")),
                credential: Some(Private::new("p")),
            };
            (None, ServerMessage::Welcome(welcome(true, vec![stun, turn])))
        }
        "welcome-resumed" => {
            let resumed =
                Welcome { received: Some(17), token_expires_in: Some(3600), ..welcome(true, Vec::new()) };
            (None, ServerMessage::Welcome(resumed))
        }
        "welcome-calls" => {
            let ringing = Call { id: CallId::new("call-790").expect("it is an id"), ..call() };
            let joined = Call {
                state: CallState::Reconnecting,
                answered_at: Some(at("07:08:12.345")),
                participants: vec![caller(), CallParticipant { incarnation: Some(1), ..callee() }],
                ..call()
            };
            let calls = Some(vec![ringing, joined]);
            let stun =
                IceServer { urls: vec!["stun:stun.example.org".into()], username: None, credential: None };
            let known = Welcome { calls, ice_servers_expire_in: Some(600), ..welcome(false, vec![stun]) };
            (None, ServerMessage::Welcome(known))
        }
        "participant-rejoined" => {
            let participant = CallParticipant { incarnation: Some(2), ..callee() };
            let rejoined = ParticipantRejoined { call_id: call_id(), participant };
            (Some(22), event(ServerEvent::ParticipantRejoined(rejoined)))
        }
        "reply-authenticated" => {
            let done = Done { token_expires_in: Some(900), ..Done::new(None) };
            (Some(23), reply(13, Some(done), None))
        }
        "reply-ice-servers" => {
            let turn = IceServer {
                urls: vec!["turn:turn.example.org".into()],
                username: Some(Private::new("1700000000:user-123")),
                credential: Some(Private::new("p")),
            };
            let done =
                Done { ice_servers: Some(vec![turn]), ice_servers_expire_in: Some(600), ..Done::new(None) };
            (Some(24), reply(14, Some(done), None))
        }
        "error-unauthorized" => {
            let error = ErrorInfo {
                code: ErrorCode::Unauthorized,
                message: "the token has expired; show a newer one".into(),
                call_id: None,
            };
            (Some(25), ServerMessage::Error(error))
        }
        "reply-ok" => (Some(1), reply(9, Some(Done::new(None)), None)),
        "reply-call" => {
            let call = Call { state: CallState::Initiating, ..call() };
            (Some(2), reply(7, Some(Done::new(Some(call))), None))
        }
        "reply-error" => {
            let error = ErrorInfo {
                code: ErrorCode::InvalidState,
                message: "accept the call first".into(),
                call_id: Some(call_id()),
            };
            (Some(3), reply(8, None, Some(error)))
        }
        "error" => {
            let message = "`callId` should be a value".into();
            (None, ServerMessage::Error(ErrorInfo { code: ErrorCode::Malformed, message, call_id: None }))
        }
        "incoming-seed" => (None, event(ServerEvent::Incoming(call()))),
        "incoming-full" => (Some(u32::MAX), event(ServerEvent::Incoming(full_call()))),
        "state-changed-seed" => (None, event(ServerEvent::StateChanged(state(CallState::Ringing, None)))),
        "state-changed-ended-seed" => {
            (None, event(ServerEvent::StateChanged(state(CallState::Ended, Some(EndReason::Busy)))))
        }
        "state-changed-elsewhere" => {
            let changed = StateChanged {
                answered_elsewhere: Some(true),
                at: Some(at("07:08:09.010")),
                ..state(CallState::Ended, Some(EndReason::Completed))
            };
            (Some(5), event(ServerEvent::StateChanged(changed)))
        }
        "participant-joined" => {
            let joined = ParticipantJoined { call_id: call_id(), participant: callee() };
            (Some(6), event(ServerEvent::ParticipantJoined(joined)))
        }
        "participant-left" => {
            let left = ParticipantLeft { call_id: call_id(), user_id: user("user-456") };
            (Some(7), event(ServerEvent::ParticipantLeft(left)))
        }
        "media-changed" => (Some(8), event(media(Some(false), Some(true), Some(false)))),
        "media-changed-one" => (None, event(media(None, None, Some(true)))),
        "offer" => (Some(9), event(ServerEvent::Offer(Description { sealed: Some(true), ..offer() }))),
        "answer" => (Some(10), event(ServerEvent::Answer(answer()))),
        "answer-round" => {
            let answer = Description { round: Some(5), screen: Some("é 📞".into()), ..answer() };
            (Some(11), event(ServerEvent::Answer(answer)))
        }
        "state-changed-evidence" => {
            use CandidateType::{Host, PeerReflexive, Relay, ServerReflexive};
            let evidence = Evidence {
                unusable: false,
                online: true,
                turn: true,
                local_candidates: vec![Host, ServerReflexive],
                remote_candidates: vec![Host, ServerReflexive, PeerReflexive, Relay],
                candidate_errors: vec![401, 701, u16::MAX],
            };
            (Some(12), event(failed(EndCause::TurnUnauthorized, evidence)))
        }
        "state-changed-evidence-none" => {
            let evidence = Evidence {
                unusable: true,
                online: false,
                turn: false,
                local_candidates: Vec::new(),
                remote_candidates: Vec::new(),
                candidate_errors: Vec::new(),
            };
            (Some(13), event(failed(EndCause::NetworkOffline, evidence)))
        }
        "candidate" => (Some(11), event(ServerEvent::Candidate(candidate()))),
        "callee-changed-ringing" => (Some(12), callee_changed(CalleeOutcome::Ringing)),
        "callee-changed-rejected" => (Some(13), callee_changed(CalleeOutcome::Rejected)),
        "callee-changed-missed" => (Some(14), callee_changed(CalleeOutcome::Missed)),
        "callee-changed-busy" => (Some(15), callee_changed(CalleeOutcome::Busy)),
        "participant-changed-connected" => (Some(16), participant_changed(ConnectionState::Connected)),
        "participant-changed-reconnecting" => (Some(17), participant_changed(ConnectionState::Reconnecting)),
        "elsewhere" => {
            (Some(18), event(ServerEvent::Elsewhere(Elsewhere { call_id: call_id(), engaged: true })))
        }
        "elsewhere-over" => {
            (Some(19), event(ServerEvent::Elsewhere(Elsewhere { call_id: call_id(), engaged: false })))
        }
        "reply-already-ringing" => {
            let error = ErrorInfo {
                code: ErrorCode::AlreadyRinging,
                message: "somebody whom you call is calling you; answer that call".into(),
                call_id: CallId::new("call-790"),
            };
            (Some(20), reply(11, None, Some(error)))
        }
        "error-not-owner" => {
            let error = ErrorInfo {
                code: ErrorCode::NotOwner,
                message: "only who has been in the call for the longest time may put others out".into(),
                call_id: Some(call_id()),
            };
            (Some(21), ServerMessage::Error(error))
        }
        _ => return None,
    };
    Some(ServerFrame { seq, message })
}

fn initiate(call_type: CallType, callees: &[&str], metadata: Option<&str>) -> Command {
    Command::Initiate(CallInitiate {
        conversation_id: ConversationId::new("conv-123").expect("it is an id"),
        call_type,
        callee_ids: callees.iter().map(|name| user(name)).collect(),
        metadata: metadata.map(Into::into),
    })
}

fn choice(name: &str) -> ParticipantChoice {
    ParticipantChoice { call_id: call_id(), user_id: user(name) }
}

fn callee_changed(outcome: CalleeOutcome) -> ServerMessage {
    let changed = CalleeChanged { call_id: call_id(), user_id: user("user-789"), outcome };
    ServerMessage::Event(ServerEvent::CalleeChanged(changed))
}

fn participant_changed(connection: ConnectionState) -> ServerMessage {
    let changed = ParticipantChanged { call_id: call_id(), user_id: user("user-456"), connection };
    ServerMessage::Event(ServerEvent::ParticipantChanged(changed))
}

fn respond(action: RespondAction) -> Command {
    Command::Respond(CallRespond { call_id: call_id(), action })
}

fn toggle(audio: Option<bool>, video: Option<bool>, screen_share: Option<bool>) -> Command {
    Command::MediaToggle(MediaToggle { call_id: call_id(), audio, video, screen_share })
}

fn report(state: ConnectionState) -> Command {
    let peer_user_id = user("user-456");
    Command::Report(ConnectionReport { call_id: call_id(), peer_user_id, state, incarnation: None })
}

fn offer() -> Description {
    Description {
        call_id: call_id(),
        from_user_id: Some(user("user-123")),
        to_user_id: user("user-456"),
        kind: DescriptionType::Offer,
        sdp: Private::new(SDP),
        sealed: None,
        renegotiation: None,
        incarnation: None,
        round: None,
        screen: None,
        extra: Extra::default(),
    }
}

fn answer() -> Description {
    Description {
        from_user_id: Some(user("user-456")),
        to_user_id: user("user-123"),
        kind: DescriptionType::Answer,
        ..offer()
    }
}

fn candidate() -> IceCandidate {
    IceCandidate {
        call_id: call_id(),
        from_user_id: Some(user("user-123")),
        to_user_id: user("user-456"),
        candidate: Private::new(CANDIDATE),
        sdp_mid: Some("0".into()),
        sdp_m_line_index: Some(0),
        username_fragment: None,
        incarnation: None,
        extra: Extra::default(),
    }
}

/// The members of `offer-renegotiation` that the codec does not know. They are made by reading alone.
fn unknown_members() -> Extra {
    let text = r#"{"event":"signal:offer","data":{"callId":"c","toUserId":"u","type":"offer","sdp":"",
        "attempt":null,"x-layout":{"caption":"grid \"2×2\"\n","tiles":[1,2.5,-3,null,true]}}}"#;
    match read_client_frame(text).map(|frame| frame.command) {
        Ok(Command::Offer(offer)) => offer.extra,
        other => panic!("{other:?}"),
    }
}

fn welcome(resumed: bool, ice_servers: Vec<IceServer>) -> Welcome {
    Welcome {
        protocol: "lumencall.1".into(),
        user_id: user("user-123"),
        device_id: DeviceId::new("dev-1").expect("it is an id"),
        secret: Private::new("s3cret"),
        resumed,
        received: None,
        calls: None,
        ice_servers,
        ice_servers_expire_in: None,
        token_expires_in: None,
    }
}

fn call() -> Call {
    Call {
        id: call_id(),
        conversation_id: ConversationId::new("conv-123").expect("it is an id"),
        call_type: CallType::Video,
        state: CallState::Ringing,
        caller_id: user("user-123"),
        callee_ids: vec![user("user-456")],
        started_at: Some(at("07:08:09.010")),
        answered_at: None,
        ended_at: None,
        end_reason: None,
        participants: vec![caller()],
        metadata: None,
    }
}

fn full_call() -> Call {
    Call {
        call_type: CallType::Audio,
        state: CallState::Ended,
        callee_ids: vec![user("user-456"), user("user-789")],
        answered_at: Some(at("07:08:12.345")),
        ended_at: Some(at("08:00:00.000")),
        end_reason: Some(EndReason::Completed),
        participants: vec![caller(), callee()],
        metadata: Some("subject".into()),
        ..call()
    }
}

fn caller() -> CallParticipant {
    CallParticipant {
        user_id: user("user-123"),
        joined_at: at("07:08:09.010"),
        audio_muted: false,
        video_muted: false,
        screen_sharing: false,
        incarnation: None,
    }
}

fn callee() -> CallParticipant {
    CallParticipant {
        user_id: user("user-456"),
        joined_at: at("07:08:12.345"),
        audio_muted: true,
        video_muted: false,
        screen_sharing: true,
        incarnation: None,
    }
}

fn state(state: CallState, end_reason: Option<EndReason>) -> StateChanged {
    StateChanged {
        call_id: call_id(),
        state,
        end_reason,
        answered_elsewhere: None,
        at: None,
        cause: None,
        evidence: None,
    }
}

fn failed(cause: EndCause, evidence: Evidence) -> ServerEvent {
    ServerEvent::StateChanged(StateChanged {
        cause: Some(cause),
        evidence: Some(evidence),
        ..state(CallState::Ended, Some(EndReason::Failed))
    })
}

fn media(audio: Option<bool>, video: Option<bool>, screen_share: Option<bool>) -> ServerEvent {
    let user_id = user("user-456");
    ServerEvent::MediaChanged(MediaChanged { call_id: call_id(), user_id, audio, video, screen_share })
}
