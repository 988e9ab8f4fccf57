//! What the server sends.

use super::calls::{LocalCall, Part};
use super::{Action, ClientSession, Event, Failure, FailureCode, Link, LogLevel};
use crate::wire::{CalleeOutcome, ServerEvent, ServerFrame, ServerMessage};
use crate::{EndReason, ErrorCode, Millis};

impl ClientSession {
    /// A frame came.
    pub fn handle_frame(&mut self, now: Millis, frame: ServerFrame) {
        match (self.link, frame.message) {
            (Link::Opening | Link::Lost, ServerMessage::Welcome(welcome)) => {
                self.handle_welcome(now, welcome);
            }
            (Link::Lost, ServerMessage::Error(error)) if error.code == ErrorCode::Unauthorized => {
                self.act(Action::CloseSocket { goodbye: false });
                self.be_refused(error.into());
            }
            (Link::Opening | Link::Lost, ServerMessage::Error(error)) => {
                self.abandon_socket(now, &error.into());
            }
            (Link::Open, message) => {
                self.pulse.hear(now);
                match frame.seq {
                    // An answer that is awaited cannot have come before: the two sides count differently.
                    Some(seq) if seq <= self.last_seq && self.awaits(&message) => {
                        self.kept.stop();
                        self.lose_socket(now);
                    }
                    // It came before: the session went on from further back than it had to.
                    Some(seq) if seq <= self.last_seq => {}
                    // Frames are numbered without gaps, and those that could not be read have numbers too.
                    Some(seq) if seq - self.last_seq <= 1 + self.unread => {
                        self.last_seq = seq;
                        self.unread = 0;
                        self.handle_message(now, message);
                    }
                    // A frame is lost, and with it the truth; it comes again when the session goes on.
                    Some(_) | None => self.lose_socket(now),
                }
            }
            (Link::Opening | Link::Lost | Link::Closed, _) => self.handle_bad_frame(),
        }
    }

    /// A frame came that could not be read, or that has no place here. A later server may say more than this client
    /// knows, so it goes on without it.
    pub fn handle_bad_frame(&mut self) {
        self.unread = self.unread.saturating_add(1);
        self.log(LogLevel::Warn, "a frame was not understood", None);
    }

    fn awaits(&self, message: &ServerMessage) -> bool {
        matches!(message, ServerMessage::Reply(reply) if self.waiting.iter().any(|waiting| waiting.id == Some(reply.id)))
    }

    fn handle_message(&mut self, now: Millis, message: ServerMessage) {
        match message {
            ServerMessage::Welcome(_) => self.log(LogLevel::Warn, "a second welcome was ignored", None),
            ServerMessage::Reply(reply) => self.handle_reply(now, reply),
            ServerMessage::Error(error) => {
                let failure = Failure::from(error);
                // Signals cross the end of their call, and members who leave it; what the server says of them is no
                // news to anybody.
                let crossed =
                    matches!(failure.code, FailureCode::InvalidArgument | FailureCode::InvalidState);
                if !crossed && failure.call.as_ref().is_none_or(|call| self.is_engaged_in(call)) {
                    self.emit(Event::Error(failure));
                }
            }
            ServerMessage::Event(event) => self.handle_event(event),
        }
    }

    pub(super) fn handle_event(&mut self, mut event: ServerEvent) {
        if let ServerEvent::StateChanged(changed) = &mut event
            && changed.end_reason == Some(EndReason::Failed)
        {
            (changed.cause, changed.evidence) = self.diagnose(&changed.call_id);
        }
        // What becomes of the others before a rejoin, its reply tells.
        let told_later = follows(&event) && self.is_rejoining(event.call_id());
        if !told_later && self.apply(&event) {
            self.emit(Event::Call(event));
        }
    }

    /// Takes an event into the mirror. Returns whether the app is to hear of it.
    fn apply(&mut self, event: &ServerEvent) -> bool {
        match event {
            ServerEvent::Incoming(call) => {
                let is_new = self.local(&call.id).is_none();
                if is_new {
                    self.log(LogLevel::Info, "incoming", Some(&call.id));
                    self.calls.push(LocalCall::new(call.clone(), Part::Ringing));
                }
                is_new
            }
            ServerEvent::StateChanged(changed) => {
                self.log(LogLevel::Info, changed.state.as_str(), Some(&changed.call_id));
                self.state_changed(changed)
            }
            ServerEvent::ParticipantJoined(joined) => {
                let Some(local) = self.local(&joined.call_id) else { return false };
                let (user, call_type) = (&joined.participant.user_id, local.call.call_type);
                // Who is in the call offers to who joins it; the caller of one who was rung has done so.
                let news = !local.has_joined(user) && local.peer(user).is_none();
                local.call.participants.retain(|known| known.user_id != *user);
                local.call.participants.push(joined.participant.clone());
                local.rings_or_joined(user, true);
                if news && local.part == Part::Engaged {
                    self.offer_to(&joined.call_id, user, call_type);
                }
                true
            }
            ServerEvent::ParticipantLeft(left) => {
                let Some(local) = self.local(&left.call_id) else { return false };
                local.call.participants.retain(|known| known.user_id != left.user_id);
                local.rings_or_joined(&left.user_id, false);
                self.close_peer(&left.call_id, &left.user_id);
                true
            }
            ServerEvent::MediaChanged(changed) => self.shows(&changed.call_id, &changed.user_id, |media| {
                media.with(changed.audio, changed.video, changed.screen_share)
            }),
            ServerEvent::CalleeChanged(changed) => {
                let Some(local) = self.local(&changed.call_id) else { return false };
                let rings = changed.outcome == CalleeOutcome::Ringing;
                local.rings_or_joined(&changed.user_id, rings);
                if !rings {
                    self.close_peer(&changed.call_id, &changed.user_id);
                }
                true
            }
            ServerEvent::ParticipantRejoined(rejoined) => {
                let me = self.user.clone();
                let Some(local) = self.local(&rejoined.call_id) else { return false };
                let (user, call_type) = (&rejoined.participant.user_id, local.call.call_type);
                for known in local.call.participants.iter_mut().filter(|known| known.user_id == *user) {
                    known.clone_from(&rejoined.participant);
                }
                local.offers.retain(|(from, _)| from != user);
                // Who came while it rang is told with the accept.
                let known = local.has_joined(user);
                // Who is in the call offers to who comes back; who is not yet waits for the offer that comes.
                let offers =
                    local.part == Part::Engaged && me.as_ref().is_some_and(|me| local.has_joined(me));
                self.close_peer(&rejoined.call_id, user);
                if offers {
                    self.offer_to(&rejoined.call_id, user, call_type);
                }
                known
            }
            ServerEvent::ParticipantChanged(changed) => self.local(&changed.call_id).is_some(),
            ServerEvent::Elsewhere(elsewhere) => {
                self.elsewhere = elsewhere.engaged.then(|| elsewhere.call_id.clone());
                true
            }
            ServerEvent::Offer(description) | ServerEvent::Answer(description) => {
                self.handle_description(description);
                false
            }
            ServerEvent::Candidate(candidate) => {
                if let Some(from) = &candidate.from_user_id {
                    self.handle_candidate(candidate, from);
                }
                false
            }
        }
    }
}

/// Whether the event tells of the others in its call: who they are, and what they show.
const fn follows(event: &ServerEvent) -> bool {
    match event {
        ServerEvent::Incoming(_)
        | ServerEvent::StateChanged(_)
        | ServerEvent::Elsewhere(_)
        | ServerEvent::Offer(_)
        | ServerEvent::Answer(_)
        | ServerEvent::Candidate(_) => false,
        ServerEvent::ParticipantJoined(_)
        | ServerEvent::ParticipantLeft(_)
        | ServerEvent::MediaChanged(_)
        | ServerEvent::CalleeChanged(_)
        | ServerEvent::ParticipantChanged(_)
        | ServerEvent::ParticipantRejoined(_) => true,
    }
}
