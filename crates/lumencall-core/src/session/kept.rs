//! What was sent and may not have arrived.
//!
//! A socket that breaks takes with it what was on its way. So every frame is kept until the server is known to have it: by the reply to
//! it or to one after it, or by the number of frames that the server says it has had when the session goes on.

use super::{Action, ClientSession, Link, LogLevel};
use crate::wire::{ClientFrame, Command, ErrorInfo, Nothing, Reply, written_len};
use crate::{ErrorCode, Millis};

/// The most frames that are kept. More in a row without any reply have never been seen.
const MOST: usize = 512;

/// A frame with no more text than this is taken by every server, in bytes as it is written.
const ALWAYS_TAKEN: usize = 16 * 1024;

/// Frames in the order in which they were sent, or are to be.
#[derive(Debug, Default)]
pub(super) struct Kept {
    frames: Vec<ClientFrame>,
    /// How many were sent before these in this session.
    before: u32,
    /// Whether there is a session that can go on, since nothing that was to be kept was lost.
    goes_on: bool,
    /// Whether the server closed the socket since one of these is too large for it.
    refused: bool,
}

impl Kept {
    /// A new session begins.
    pub(super) fn start(&mut self) {
        *self = Self { goes_on: true, ..Self::default() };
    }

    /// The session is over, or cannot go on.
    pub(super) fn stop(&mut self) {
        *self = Self::default();
    }

    /// Whether the session can go on after a cut.
    pub(super) const fn goes_on(&self) -> bool {
        self.goes_on
    }

    /// The server has had as many frames as this in the session.
    pub(super) fn had(&mut self, count: u32) {
        let arrived = (count.saturating_sub(self.before) as usize).min(self.frames.len());
        self.frames.drain(..arrived);
        self.before += arrived as u32;
    }

    /// The server does not take one of these: the largest, of those that it has not had.
    pub(super) const fn refuse(&mut self) {
        self.refused = true;
    }

    /// Takes out the frame that the server does not take.
    fn take_refused(&mut self) -> Option<ClientFrame> {
        if !std::mem::take(&mut self.refused) {
            return None;
        }
        let sizes = self.frames.iter().map(|frame| bulk(&frame.command)).enumerate();
        let (index, _) = sizes.max_by_key(|(_, size)| *size).filter(|(_, size)| *size > ALWAYS_TAKEN)?;
        Some(self.frames.remove(index))
    }

    /// The server has had the frame with this `id`, and so all before it.
    pub(super) fn replied(&mut self, id: u32) {
        if let Some(index) = self.frames.iter().position(|frame| frame.id == Some(id)) {
            self.had(self.before + index as u32 + 1);
        }
    }
}

impl ClientSession {
    /// Sends a frame; or, while the connection is being restored, keeps it for when it is.
    pub(super) fn post(&mut self, id: Option<u32>, command: Command) {
        let frame = ClientFrame { id, command };
        if self.kept.goes_on {
            if self.kept.frames.len() == MOST {
                self.kept.stop();
            } else {
                self.kept.frames.push(frame.clone());
            }
        }
        if self.link == Link::Open {
            self.act(Action::Send(frame));
            if self.kept.frames.len() == MOST / 2 {
                // Its reply says that all these have arrived.
                self.last_id += 1;
                self.post(Some(self.last_id), Command::Ping(Nothing {}));
            }
        }
    }

    /// The session goes on, and the server has had as many frames as this in it: it gets the rest, but for one that it does not
    /// take.
    pub(super) fn send_again(&mut self, now: Millis, had: u32) {
        self.kept.had(had);
        if let Some(frame) = self.kept.take_refused() {
            self.log(LogLevel::Error, "a frame was too large for the server", None);
            if let Some(id) = frame.id {
                let message = "it is larger than the server takes".into();
                let error = ErrorInfo { code: ErrorCode::LimitExceeded, message, call_id: None };
                self.handle_reply(now, Reply { id, ok: None, error: Some(error) });
            }
        }
        for frame in self.kept.frames.clone() {
            self.act(Action::Send(frame));
        }
    }
}

/// How much text of any length the command has, in bytes as it is written.
fn bulk(command: &Command) -> usize {
    match command {
        Command::Initiate(initiate) => initiate.metadata.as_deref().map_or(0, written_len),
        Command::Offer(description) | Command::Answer(description) => {
            written_len(description.sdp.reveal()) + description.extra.len()
        }
        Command::Authenticate(authenticate) => written_len(authenticate.token.reveal()),
        Command::Open(_)
        | Command::Ping(_)
        | Command::Suspend(_)
        | Command::IceServers(_)
        | Command::Respond(_)
        | Command::Hangup(_)
        | Command::MediaToggle(_)
        | Command::AddParticipant(_)
        | Command::RemoveParticipant(_)
        | Command::Candidate(_)
        | Command::Rejoin(_)
        | Command::Report(_) => 0,
    }
}
