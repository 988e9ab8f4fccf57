//! `docs/protocol.md` speaks of everything that is on the wire.

use std::fs;

use lumencall_core::wire::{
    Authenticate, CallInitiate, CallRespond, CalleeChanged, CalleeOutcome, Command, ConnectionReport,
    ConnectionState, Description, DescriptionType, Done, Elsewhere, EndCause, ErrorInfo, Hangup,
    IceCandidate, IceServer, MediaChanged, MediaToggle, ParticipantChanged, ParticipantChoice,
    ParticipantJoined, ParticipantLeft, ParticipantRejoined, Rejoin, Reply, RespondAction, ServerEvent,
    SessionOpen, SessionResume, StateChanged, Welcome,
};
use lumencall_core::{Call, CallParticipant, CallState, CallType, EndReason, ErrorCode};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/protocol.md");

#[test]
fn the_page_names_every_event_member_and_word() {
    let page = fs::read_to_string(PAGE).expect("the page is there");
    let words = [
        words(CallType::ALL, CallType::as_str),
        words(CallState::ALL, CallState::as_str),
        words(EndReason::ALL, EndReason::as_str),
        words(RespondAction::ALL, RespondAction::as_str),
        words(ConnectionState::ALL, ConnectionState::as_str),
        words(DescriptionType::ALL, DescriptionType::as_str),
        words(ErrorCode::ALL, ErrorCode::as_str),
        words(CalleeOutcome::ALL, CalleeOutcome::as_str),
        words(EndCause::ALL, EndCause::as_str),
    ];
    let members = [
        Call::MEMBERS,
        CallParticipant::MEMBERS,
        CallInitiate::MEMBERS,
        CallRespond::MEMBERS,
        Hangup::MEMBERS,
        MediaToggle::MEMBERS,
        ParticipantChoice::MEMBERS,
        ConnectionReport::MEMBERS,
        Description::MEMBERS,
        IceCandidate::MEMBERS,
        StateChanged::MEMBERS,
        ParticipantJoined::MEMBERS,
        ParticipantLeft::MEMBERS,
        MediaChanged::MEMBERS,
        CalleeChanged::MEMBERS,
        ParticipantChanged::MEMBERS,
        ParticipantRejoined::MEMBERS,
        Rejoin::MEMBERS,
        Authenticate::MEMBERS,
        Elsewhere::MEMBERS,
        SessionOpen::MEMBERS,
        SessionResume::MEMBERS,
        Welcome::MEMBERS,
        IceServer::MEMBERS,
        Reply::MEMBERS,
        Done::MEMBERS,
        ErrorInfo::MEMBERS,
        Command::EVENTS,
        ServerEvent::EVENTS,
        &["session:welcome", "reply", "error", "id", "seq", "event", "data"],
    ];
    let all = words.concat().into_iter().chain(members.concat());
    let missing: Vec<&str> = all.filter(|word| !page.contains(&format!("`{word}`"))).collect();
    assert!(missing.is_empty(), "docs/protocol.md does not speak of {missing:?}");
}

fn words<T: Copy>(all: &[T], word: fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().map(|one| word(*one)).collect()
}
