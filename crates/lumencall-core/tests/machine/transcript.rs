//! Events as lines that a test can show.

use lumencall_core::UserId;
use lumencall_core::wire::{Description, ServerEvent};

/// The event in a line: what, which call, and what it says.
pub(crate) fn line(event: &ServerEvent) -> String {
    let words = match event {
        ServerEvent::Incoming(call) => {
            let inside: Vec<&str> = call.participants.iter().map(|one| one.user_id.as_str()).collect();
            let (id, state, inside) = (call.id.as_str(), call.state.as_str(), inside.join("+"));
            vec!["incoming".to_owned(), id.to_owned(), state.to_owned(), "with".to_owned(), inside]
        }
        ServerEvent::StateChanged(changed) => {
            let mut words = vec!["state".to_owned(), changed.call_id.as_str().to_owned()];
            words.push(changed.state.as_str().to_owned());
            words.extend(changed.end_reason.map(|reason| reason.as_str().to_owned()));
            words.extend(changed.answered_elsewhere.map(|elsewhere| format!("elsewhere={elsewhere}")));
            words
        }
        ServerEvent::ParticipantJoined(joined) => {
            let media = joined.participant.media();
            let said = [
                (!media.audio).then(|| "audio=false".to_owned()),
                (!media.video).then(|| "video=false".to_owned()),
                media.screen_share.then(|| "screen=true".to_owned()),
            ];
            let who = &joined.participant.user_id;
            named("joined", joined.call_id.as_str(), who, said.into_iter().flatten())
        }
        ServerEvent::ParticipantLeft(left) => named("left", left.call_id.as_str(), &left.user_id, []),
        ServerEvent::MediaChanged(media) => {
            let said = [("audio", media.audio), ("video", media.video), ("screen", media.screen_share)];
            let said = said.into_iter().filter_map(|(what, on)| Some(format!("{what}={}", on?)));
            named("media", media.call_id.as_str(), &media.user_id, said)
        }
        ServerEvent::CalleeChanged(changed) => {
            let outcome = changed.outcome.as_str().to_owned();
            named("callee", changed.call_id.as_str(), &changed.user_id, [outcome])
        }
        ServerEvent::ParticipantChanged(changed) => {
            let connection = changed.connection.as_str().to_owned();
            named("stands", changed.call_id.as_str(), &changed.user_id, [connection])
        }
        ServerEvent::ParticipantRejoined(rejoined) => {
            let page = format!("page {}", rejoined.participant.incarnation.unwrap_or_default());
            named("rejoined", rejoined.call_id.as_str(), &rejoined.participant.user_id, [page])
        }
        ServerEvent::Elsewhere(elsewhere) => {
            let word = if elsewhere.engaged { "engaged" } else { "free" };
            vec!["elsewhere".to_owned(), elsewhere.call_id.as_str().to_owned(), word.to_owned()]
        }
        ServerEvent::Offer(offer) => described("offer", offer),
        ServerEvent::Answer(answer) => described("answer", answer),
        ServerEvent::Candidate(candidate) => {
            let from = candidate.from_user_id.as_ref().expect("the server says who");
            named("candidate", candidate.call_id.as_str(), from, [candidate.candidate.reveal().to_owned()])
        }
    };
    words.join(" ")
}

fn described(what: &str, description: &Description) -> Vec<String> {
    let from = description.from_user_id.as_ref().expect("the server says who");
    let sealed = description.sealed.map(|_| "sealed".to_owned());
    let sdp = description.sdp.reveal().lines().next().unwrap_or_default().to_owned();
    named(what, description.call_id.as_str(), from, sealed.into_iter().chain([sdp]))
}

fn named(what: &str, call: &str, who: &UserId, more: impl IntoIterator<Item = String>) -> Vec<String> {
    [what.to_owned(), call.to_owned(), who.as_str().to_owned()].into_iter().chain(more).collect()
}
