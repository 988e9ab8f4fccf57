//! What the server sends.

use super::calls::{LocalCall, Part};
use super::{ClientSession, Event, Failure, Link, LogLevel};
use crate::wire::{ServerEvent, ServerFrame, ServerMessage};

impl ClientSession {
    /// A frame came.
    pub fn handle_frame(&mut self, frame: ServerFrame) {
        match (self.link, frame.message) {
            (Link::Opening, ServerMessage::Welcome(welcome)) => self.handle_welcome(welcome),
            (Link::Opening, ServerMessage::Error(error)) => self.abandon_socket(&error.into()),
            (Link::Open, message) => {
                // Frames are numbered without gaps; another number means that one is lost, and with it the truth.
                if frame.seq != Some(self.last_seq + 1) {
                    return self.abandon_socket(&Failure::PROTOCOL);
                }
                self.last_seq += 1;
                self.handle_message(message);
            }
            (Link::Opening | Link::Closed, _) => self.handle_bad_frame(),
        }
    }

    /// A frame came that could not be read, or that has no place here. A later server may say more than this client
    /// knows, so it goes on without it.
    pub fn handle_bad_frame(&mut self) {
        if self.link == Link::Open {
            self.last_seq += 1;
        }
        self.log(LogLevel::Warn, "a frame was not understood", None);
    }

    fn handle_message(&mut self, message: ServerMessage) {
        match message {
            ServerMessage::Welcome(_) => self.log(LogLevel::Warn, "a second welcome was ignored", None),
            ServerMessage::Reply(reply) => self.handle_reply(reply),
            ServerMessage::Error(error) => {
                let failure = Failure::from(error);
                // Signals cross the end of their call; what the server says of them is no news to anybody.
                if failure.call.as_ref().is_none_or(|call| self.is_engaged_in(call)) {
                    self.emit(Event::Error(failure));
                }
            }
            ServerMessage::Event(event) => self.handle_event(event),
        }
    }

    fn handle_event(&mut self, event: ServerEvent) {
        if self.apply(&event) {
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
                local.call.participants.retain(|known| known.user_id != joined.participant.user_id);
                local.call.participants.push(joined.participant.clone());
                true
            }
            ServerEvent::ParticipantLeft(left) => {
                let Some(local) = self.local(&left.call_id) else { return false };
                local.call.participants.retain(|known| known.user_id != left.user_id);
                self.close_peer(&left.call_id, &left.user_id);
                true
            }
            ServerEvent::MediaChanged(changed) => self.shows(&changed.call_id, &changed.user_id, |media| {
                media.with(changed.audio, changed.video, changed.screen_share)
            }),
            ServerEvent::Offer(offer) => {
                if let Some(from) = &offer.from_user_id {
                    self.handle_offer(&offer.call_id, from, &offer.sdp);
                }
                false
            }
            ServerEvent::Answer(answer) => {
                if let Some(from) = &answer.from_user_id {
                    self.handle_answer(&answer.call_id, from, &answer.sdp);
                }
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
