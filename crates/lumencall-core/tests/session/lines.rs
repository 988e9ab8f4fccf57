//! What a session asks for, as lines that a test can show.

use lumencall_core::session::{Action, Event, Ticket};
use lumencall_core::wire::{ClientFrame, Command, Description, RespondAction, ServerEvent, SessionResume};
use lumencall_core::{Call, CallId, UserId};

use crate::values::sdp_name;

/// The action in a line; nothing for a log record. `name` says which command a ticket belongs to.
pub(crate) fn line(action: &Action, name: impl FnOnce(Ticket) -> &'static str) -> Option<String> {
    Some(match action {
        Action::OpenSocket => "open-socket".to_owned(),
        Action::CloseSocket { goodbye: false } => "close-socket".to_owned(),
        Action::CloseSocket { goodbye: true } => "close-socket goodbye".to_owned(),
        Action::ForgetIdentity => "forget-identity".to_owned(),
        Action::RenewToken => "renew-token".to_owned(),
        Action::Send(frame) => format!("send {}", sent(frame)),
        Action::UseIceServers(servers) => {
            let urls: Vec<&str> = servers.iter().flat_map(|server| &server.urls).map(|url| &**url).collect();
            format!("use-ice-servers {}", urls.join(" "))
        }
        Action::Settle { ticket, result } => {
            let result = match result {
                Ok(None) => "ok".to_owned(),
                Ok(Some(call)) => format!("ok {}", known(call)),
                Err(failure) => match &failure.call {
                    Some(call) => format!("{} {}", failure.code.as_str(), call.as_str()),
                    None => failure.code.as_str().to_owned(),
                },
            };
            format!("settle {} {result}", name(*ticket))
        }
        Action::Emit(event) => format!("hear {}", heard(event)),
        // What is kept for the next page, `Solo` looks at.
        Action::Log { .. } | Action::KeepIdentity { .. } => return None,
        Action::OpenPeer { call, user, call_type } => {
            format!("{} {}", peer("open-peer", call, user), call_type.as_str())
        }
        Action::RestartIce { call, user } => peer("restart-ice", call, user),
        Action::Offer { call, user } => peer("make-offer", call, user),
        Action::Answer { call, user, offer, screen } => {
            format!("{} {}{}", peer("answer", call, user), sdp_name(offer.reveal()), shows(screen.as_deref()))
        }
        Action::ApplyAnswer { call, user, answer, screen } => {
            let name = sdp_name(answer.reveal());
            format!("{} {name}{}", peer("apply-answer", call, user), shows(screen.as_deref()))
        }
        Action::AddCandidate { candidate, user } => {
            format!("{} {}", peer("add-candidate", &candidate.call_id, user), candidate.candidate.reveal())
        }
        Action::ClosePeer { call, user } => peer("close-peer", call, user),
        Action::Release { call } => format!("release {}", call.as_str()),
    })
}

/// An event that the app hears, in a line.
pub(crate) fn heard(event: &Event) -> String {
    match event {
        Event::Link(link) => format!("link {}", link.as_str()),
        Event::Error(failure) => {
            let call = failure.call.as_ref().map(|call| format!(" {}", call.as_str()));
            format!("error {}{}", failure.code.as_str(), call.unwrap_or_default())
        }
        Event::Call(event) => match event {
            ServerEvent::Incoming(call) => format!("incoming {}", known(call)),
            ServerEvent::StateChanged(changed) => {
                let (id, state) = (changed.call_id.as_str(), changed.state.as_str());
                let reason = changed.end_reason.map(|reason| format!(" {}", reason.as_str()));
                let elsewhere = changed.answered_elsewhere.map(|_| " elsewhere");
                let cause = changed.cause.map(|cause| format!(" {}", cause.as_str()));
                let why = [reason.as_deref(), elsewhere, cause.as_deref()].into_iter().flatten();
                format!("{state} {id}{}", why.collect::<String>())
            }
            ServerEvent::ParticipantJoined(joined) => {
                peer("joined", &joined.call_id, &joined.participant.user_id)
            }
            ServerEvent::ParticipantLeft(left) => peer("left", &left.call_id, &left.user_id),
            ServerEvent::MediaChanged(media) => {
                let flags = flags(media.audio, media.video, media.screen_share);
                peer("media", &media.call_id, &media.user_id) + &flags
            }
            ServerEvent::CalleeChanged(changed) => {
                format!("{} {}", peer("callee", &changed.call_id, &changed.user_id), changed.outcome.as_str())
            }
            ServerEvent::ParticipantChanged(changed) => {
                let who = peer("stands", &changed.call_id, &changed.user_id);
                format!("{who} {}", changed.connection.as_str())
            }
            ServerEvent::ParticipantRejoined(rejoined) => {
                peer("rejoined", &rejoined.call_id, &rejoined.participant.user_id)
            }
            ServerEvent::Elsewhere(elsewhere) => {
                let word = if elsewhere.engaged { "engaged" } else { "free" };
                format!("elsewhere {} {word}", elsewhere.call_id.as_str())
            }
            ServerEvent::Offer(_) | ServerEvent::Answer(_) | ServerEvent::Candidate(_) => {
                panic!("signals are no event for the app")
            }
        },
    }
}

/// A frame that is sent, in a line.
pub(crate) fn sent(frame: &ClientFrame) -> String {
    let number = frame.id.map(|id| format!("#{id} ")).unwrap_or_default();
    let what = match &frame.command {
        Command::Open(open) => match &open.resume {
            None => "session:open".to_owned(),
            Some(SessionResume { last_seq: None, .. }) => "session:open page".to_owned(),
            Some(SessionResume { last_seq: Some(seq), .. }) => format!("session:open after {seq}"),
        },
        Command::Ping(_) => "ping".to_owned(),
        Command::Suspend(_) => "suspend".to_owned(),
        Command::Authenticate(_) => "authenticate".to_owned(),
        Command::IceServers(_) => "ice-servers".to_owned(),
        Command::Rejoin(rejoin) => format!("rejoin {}", rejoin.call_id.as_str()),
        Command::Initiate(initiate) => {
            let callees: Vec<&str> = initiate.callee_ids.iter().map(UserId::as_str).collect();
            format!("initiate {}", callees.join(" "))
        }
        Command::Respond(respond) => {
            let action = match respond.action {
                RespondAction::Accept => "accept",
                RespondAction::Reject => "reject",
            };
            format!("{action} {}", respond.call_id.as_str())
        }
        Command::Hangup(hangup) => format!("hangup {}", hangup.call_id.as_str()),
        Command::MediaToggle(toggle) => {
            let flags = flags(toggle.audio, toggle.video, toggle.screen_share);
            format!("toggle {}{flags}", toggle.call_id.as_str())
        }
        Command::AddParticipant(choice) => peer("add", &choice.call_id, &choice.user_id),
        Command::RemoveParticipant(choice) => peer("remove", &choice.call_id, &choice.user_id),
        Command::Offer(offer) => description("offer", offer),
        Command::Answer(answer) => description("answer", answer),
        Command::Candidate(candidate) => {
            let peer = peer("candidate", &candidate.call_id, &candidate.to_user_id);
            format!("{peer} {}{}", candidate.candidate.reveal(), page(candidate.incarnation))
        }
        Command::Report(report) => {
            let peer = peer("report", &report.call_id, &report.peer_user_id);
            format!("{peer} {}{}", report.state.as_str(), page(report.incarnation))
        }
    };
    number + &what
}

fn description(what: &str, description: &Description) -> String {
    let peer = peer(what, &description.call_id, &description.to_user_id);
    let sealed = description.sealed.map(|sealed| if sealed { " sealed" } else { " unsealed" });
    let name = sdp_name(description.sdp.reveal());
    format!("{peer} {name}{}{}", sealed.unwrap_or_default(), page(description.incarnation))
}

/// In which stream its sender's screen is, where one is shown.
fn shows(screen: Option<&str>) -> String {
    screen.map(|screen| format!(" shows {screen}")).unwrap_or_default()
}

/// Which page of its receiver a signal is for, where it is not the first.
fn page(incarnation: Option<u32>) -> String {
    incarnation.map(|incarnation| format!(" page {incarnation}")).unwrap_or_default()
}

fn known(call: &Call) -> String {
    format!("{} {}", call.id.as_str(), call.state.as_str())
}

fn peer(what: &str, call: &CallId, user: &UserId) -> String {
    format!("{what} {} {}", call.as_str(), user.as_str())
}

fn flags(audio: Option<bool>, video: Option<bool>, screen: Option<bool>) -> String {
    let said = [("audio", audio), ("video", video), ("screen", screen)];
    said.into_iter().filter_map(|(what, on)| Some(format!(" {what}={}", on?))).collect()
}
