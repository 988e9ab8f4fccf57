//! What is written is read again as it was.

use std::array;

use lumencall_core::wire::{
    Authenticate, CallInitiate, CallRespond, CalleeChanged, CalleeOutcome, CandidateType, ClientFrame,
    Command, ConnectionReport, ConnectionState, Description, DescriptionType, Done, Elsewhere, EndCause,
    ErrorInfo, Evidence, Extra, Hangup, IceCandidate, IceServer, MediaChanged, MediaToggle, Nothing,
    ParticipantChanged, ParticipantChoice, ParticipantJoined, ParticipantLeft, ParticipantRejoined, Private,
    Rejoin, Reply, RespondAction, ServerEvent, ServerFrame, ServerMessage, SessionOpen, SessionResume,
    StateChanged, Welcome, read_client_frame, read_server_frame, write_client_frame, write_server_frame,
};
use lumencall_core::{
    Call, CallId, CallParticipant, CallState, CallType, ConversationId, DeviceId, EndReason, ErrorCode,
    Timestamp, UserId,
};

const ROUNDS: usize = 5_000;

#[test]
fn every_client_frame_is_read_as_it_was_written() {
    let mut any = Any(1);
    for _ in 0..ROUNDS {
        let frame = any.client_frame();
        let text = write_client_frame(&frame);
        assert_eq!(read_client_frame(&text).as_ref(), Ok(&frame), "{text}");
    }
}

#[test]
fn every_server_frame_is_read_as_it_was_written() {
    let mut any = Any(2);
    for _ in 0..ROUNDS {
        let frame = any.server_frame();
        let text = write_server_frame(&frame);
        assert_eq!(read_server_frame(&text).as_ref(), Ok(&frame), "{text}");
    }
}

/// Pieces of text that a codec may stumble over.
const PIECES: &[&str] = &[
    "",
    "a",
    "\"",
    "\\",
    "/",
    "\u{0}",
    "\u{1f}",
    "\u{7f}",
    "\r\n",
    "\t",
    "é",
    "📞",
    "\u{2028}",
    "\u{feff}",
    "\u{d7ff}",
    "\u{e000}",
    "\u{10ffff}",
    "\\u0041",
    "</script>",
    "{",
    "}",
    ":",
    ",",
    "null",
    " ",
];

/// Values that look random and come again for the same seed (Knuth's MMIX generator).
struct Any(u64);

impl Any {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn flag(&mut self) -> bool {
        self.below(2) == 0
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.flag().then(|| make(self))
    }

    fn several<T>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(4)).map(|_| make(self)).collect()
    }

    fn number(&mut self) -> u32 {
        let some = self.0 as u32;
        self.one(&[0, 1, 255, u32::MAX - 1, u32::MAX, some])
    }

    fn text(&mut self) -> Box<str> {
        array::from_fn::<_, 6, _>(|_| self.one(PIECES)).concat().into()
    }

    fn private(&mut self) -> Private {
        Private::new(self.text())
    }

    fn id_text(&mut self) -> Box<str> {
        format!("x{}", self.text()).into()
    }

    fn call_id(&mut self) -> CallId {
        CallId::new(self.id_text()).expect("it is short")
    }

    fn user(&mut self) -> UserId {
        UserId::new(self.id_text()).expect("it is short")
    }

    fn device(&mut self) -> DeviceId {
        DeviceId::new(self.id_text()).expect("it is short")
    }

    fn conversation(&mut self) -> ConversationId {
        ConversationId::new(self.id_text()).expect("it is short")
    }

    fn time(&mut self) -> Timestamp {
        Timestamp(self.text())
    }

    /// Members that the codec does not know. They are made by reading alone.
    fn extra(&mut self) -> Extra {
        let more = self.one(&[
            "",
            r#","more":null"#,
            r#","a":[1,2.5,-3e-7,true,{"b":"\"\\\u0000"}]"#,
            r#","type2":"offer","z":{},"":"empty name""#,
        ]);
        let text = format!(
            r#"{{"event":"signal:offer","data":{{"callId":"c","toUserId":"u","type":"offer","sdp":""{more}}}}}"#
        );
        match read_client_frame(&text).map(|frame| frame.command) {
            Ok(Command::Offer(offer)) => offer.extra,
            other => panic!("{other:?}"),
        }
    }

    fn description(&mut self, kind: DescriptionType) -> Description {
        Description {
            call_id: self.call_id(),
            from_user_id: self.maybe(Self::user),
            to_user_id: self.user(),
            kind,
            sdp: self.private(),
            sealed: self.maybe(Self::flag),
            renegotiation: self.maybe(Self::flag),
            incarnation: self.maybe(Self::number),
            round: self.maybe(Self::number),
            screen: self.maybe(Self::text),
            extra: self.extra(),
        }
    }

    fn candidate(&mut self) -> IceCandidate {
        IceCandidate {
            call_id: self.call_id(),
            from_user_id: self.maybe(Self::user),
            to_user_id: self.user(),
            candidate: self.private(),
            sdp_mid: self.maybe(Self::text),
            sdp_m_line_index: self.maybe(|any| any.number() as u16),
            username_fragment: self.maybe(Self::text),
            incarnation: self.maybe(Self::number),
            extra: self.extra(),
        }
    }

    fn client_frame(&mut self) -> ClientFrame {
        let command = match self.one(Command::EVENTS) {
            "session:open" => Command::Open(SessionOpen {
                device_id: self.maybe(Self::device),
                resume: self
                    .maybe(|any| SessionResume { secret: any.private(), last_seq: any.maybe(Self::number) }),
            }),
            "session:ping" => Command::Ping(Nothing {}),
            "session:suspend" => Command::Suspend(Nothing {}),
            "session:authenticate" => Command::Authenticate(Authenticate { token: self.private() }),
            "session:ice-servers" => Command::IceServers(Nothing {}),
            "call:rejoin" => Command::Rejoin(Rejoin { call_id: self.call_id() }),
            "call:initiate" => Command::Initiate(CallInitiate {
                conversation_id: self.conversation(),
                call_type: self.one(CallType::ALL),
                callee_ids: self.several(Self::user),
                metadata: self.maybe(Self::text),
            }),
            "call:respond" => Command::Respond(CallRespond {
                call_id: self.call_id(),
                action: self.one(RespondAction::ALL),
            }),
            "call:hangup" => Command::Hangup(Hangup { call_id: self.call_id() }),
            "call:media-toggle" => Command::MediaToggle(MediaToggle {
                call_id: self.call_id(),
                audio: self.maybe(Self::flag),
                video: self.maybe(Self::flag),
                screen_share: self.maybe(Self::flag),
            }),
            "call:add-participant" => Command::AddParticipant(self.choice()),
            "call:remove-participant" => Command::RemoveParticipant(self.choice()),
            "signal:offer" => Command::Offer(self.description(DescriptionType::Offer)),
            "signal:answer" => Command::Answer(self.description(DescriptionType::Answer)),
            "signal:ice-candidate" => Command::Candidate(self.candidate()),
            "call:connection-report" => Command::Report(ConnectionReport {
                call_id: self.call_id(),
                peer_user_id: self.user(),
                state: self.one(ConnectionState::ALL),
                incarnation: self.maybe(Self::number),
            }),
            event => panic!("nobody makes {event} in this test"),
        };
        ClientFrame { id: self.maybe(Self::number), command }
    }

    fn choice(&mut self) -> ParticipantChoice {
        ParticipantChoice { call_id: self.call_id(), user_id: self.user() }
    }

    fn participant(&mut self) -> CallParticipant {
        CallParticipant {
            user_id: self.user(),
            joined_at: self.time(),
            audio_muted: self.flag(),
            video_muted: self.flag(),
            screen_sharing: self.flag(),
            incarnation: self.maybe(Self::number),
        }
    }

    fn call(&mut self) -> Call {
        Call {
            id: self.call_id(),
            conversation_id: self.conversation(),
            call_type: self.one(CallType::ALL),
            state: self.one(CallState::ALL),
            caller_id: self.user(),
            callee_ids: self.several(Self::user),
            started_at: self.maybe(Self::time),
            answered_at: self.maybe(Self::time),
            ended_at: self.maybe(Self::time),
            end_reason: self.maybe(|any| any.one(EndReason::ALL)),
            participants: self.several(Self::participant),
            metadata: self.maybe(Self::text),
        }
    }

    fn error(&mut self) -> ErrorInfo {
        ErrorInfo { code: self.one(ErrorCode::ALL), message: self.text(), call_id: self.maybe(Self::call_id) }
    }

    fn evidence(&mut self) -> Evidence {
        Evidence {
            unusable: self.flag(),
            online: self.flag(),
            turn: self.flag(),
            local_candidates: self.several(|any| any.one(CandidateType::ALL)),
            remote_candidates: self.several(|any| any.one(CandidateType::ALL)),
            candidate_errors: self.several(|any| any.number() as u16),
        }
    }

    fn server_event(&mut self) -> ServerEvent {
        match self.one(ServerEvent::EVENTS) {
            "call:incoming" => ServerEvent::Incoming(self.call()),
            "call:state-changed" => ServerEvent::StateChanged(StateChanged {
                call_id: self.call_id(),
                state: self.one(CallState::ALL),
                end_reason: self.maybe(|any| any.one(EndReason::ALL)),
                answered_elsewhere: self.maybe(Self::flag),
                at: self.maybe(Self::time),
                cause: self.maybe(|any| any.one(EndCause::ALL)),
                evidence: self.maybe(Self::evidence),
            }),
            "call:participant-joined" => ServerEvent::ParticipantJoined(ParticipantJoined {
                call_id: self.call_id(),
                participant: self.participant(),
            }),
            "call:participant-left" => ServerEvent::ParticipantLeft(ParticipantLeft {
                call_id: self.call_id(),
                user_id: self.user(),
            }),
            "call:media-changed" => ServerEvent::MediaChanged(MediaChanged {
                call_id: self.call_id(),
                user_id: self.user(),
                audio: self.maybe(Self::flag),
                video: self.maybe(Self::flag),
                screen_share: self.maybe(Self::flag),
            }),
            "call:callee-changed" => ServerEvent::CalleeChanged(CalleeChanged {
                call_id: self.call_id(),
                user_id: self.user(),
                outcome: self.one(CalleeOutcome::ALL),
            }),
            "call:participant-changed" => ServerEvent::ParticipantChanged(ParticipantChanged {
                call_id: self.call_id(),
                user_id: self.user(),
                connection: self.one(ConnectionState::ALL),
            }),
            "call:participant-rejoined" => ServerEvent::ParticipantRejoined(ParticipantRejoined {
                call_id: self.call_id(),
                participant: self.participant(),
            }),
            "call:elsewhere" => {
                ServerEvent::Elsewhere(Elsewhere { call_id: self.call_id(), engaged: self.flag() })
            }
            "signal:offer" => ServerEvent::Offer(self.description(DescriptionType::Offer)),
            "signal:answer" => ServerEvent::Answer(self.description(DescriptionType::Answer)),
            "signal:ice-candidate" => ServerEvent::Candidate(self.candidate()),
            event => panic!("nobody makes {event} in this test"),
        }
    }

    fn ice_server(&mut self) -> IceServer {
        IceServer {
            urls: self.several(Self::text),
            username: self.maybe(Self::private),
            credential: self.maybe(Self::private),
        }
    }

    fn server_frame(&mut self) -> ServerFrame {
        let message = match self.below(8) {
            0 => ServerMessage::Welcome(Welcome {
                protocol: self.text(),
                user_id: self.user(),
                device_id: self.device(),
                secret: self.private(),
                resumed: self.flag(),
                received: self.maybe(Self::number),
                calls: self.maybe(|any| any.several(Self::call)),
                ice_servers: self.several(Self::ice_server),
                ice_servers_expire_in: self.maybe(Self::number),
                token_expires_in: self.maybe(Self::number),
            }),
            1 => ServerMessage::Reply(Reply {
                id: self.number(),
                ok: self.maybe(|any| Done {
                    call: any.maybe(Self::call),
                    ice_servers: any.maybe(|any| any.several(Self::ice_server)),
                    ice_servers_expire_in: any.maybe(Self::number),
                    token_expires_in: any.maybe(Self::number),
                }),
                error: self.maybe(Self::error),
            }),
            2 => ServerMessage::Error(self.error()),
            _ => ServerMessage::Event(self.server_event()),
        };
        ServerFrame { seq: self.maybe(Self::number), message }
    }
}
