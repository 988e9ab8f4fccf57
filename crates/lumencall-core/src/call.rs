//! The call as everybody sees it.

use crate::wire::{record, words};
use crate::{CallId, ConversationId, Timestamp, UserId};

words! {
    /// What a call is made with at the start.
    pub enum CallType {
        /// Microphones.
        Audio = "audio",
        /// Microphones and cameras.
        Video = "video",
    }
}

words! {
    /// Where a call stands. The server moves it; clients mirror it.
    ///
    /// ```text
    /// idle ─▶ initiating ─▶ ringing ─▶ connecting ─▶ connected ─▶ ended
    ///             │            │           │          │     ▲
    ///             │            │           │          ▼     │
    ///             │            │           │       reconnecting ─▶ ended
    ///             ▼            ▼           ▼
    ///           ended        ended       ended
    /// ```
    ///
    /// The edges with their triggers and end reasons are [`crate::machine::TABLE`].
    pub enum CallState {
        /// There is no call.
        Idle = "idle",
        /// The caller asked; no device of a callee has been reached.
        Initiating = "initiating",
        /// At least one device of a callee was reached.
        Ringing = "ringing",
        /// A callee accepted; media does not flow.
        Connecting = "connecting",
        /// Media flows between at least one pair.
        Connected = "connected",
        /// It did, and is being mended.
        Reconnecting = "reconnecting",
        /// It is over, for a reason.
        Ended = "ended",
    }
}

impl CallState {
    /// The states by which a call has come from this one to another, in their order and the last included; none where it
    /// cannot have, or is over.
    pub(crate) fn way_to(self, to: Self) -> &'static [Self] {
        const WAY: &[CallState] = &[
            CallState::Initiating,
            CallState::Ringing,
            CallState::Connecting,
            CallState::Connected,
            CallState::Reconnecting,
        ];
        let place = |state| WAY.iter().position(|known| *known == state);
        match (place(self), place(to)) {
            (Some(_), Some(_)) if self == Self::Reconnecting && to == Self::Connected => &[Self::Connected],
            (Some(from), Some(to)) if from < to => &WAY[from + 1..=to],
            (_, _) => &[],
        }
    }
}

words! {
    /// Why a call ended. The server computes it from the state and from who did what.
    pub enum EndReason {
        /// Somebody hung up after the answer.
        Completed = "completed",
        /// The callee declined.
        Rejected = "rejected",
        /// The callee did not answer in time, or their devices were lost.
        Missed = "missed",
        /// The callee is in another call.
        Busy = "busy",
        /// The connection could not be made or kept.
        Failed = "failed",
        /// The caller left before the answer.
        Cancelled = "cancelled",
    }
}

record! {
    /// One who is in a call.
    pub struct CallParticipant {
        /// Who.
        user_id: UserId = "userId",
        /// Since when.
        joined_at: Timestamp = "joinedAt",
        /// Whether the microphone is off.
        audio_muted: bool = "audioMuted",
        /// Whether the camera is off.
        video_muted: bool = "videoMuted",
        /// Whether a screen is shared.
        screen_sharing: bool = "screenSharing",
        /// How often a new page has taken the place of the old one; absent is never. Ours.
        incarnation: Option<u32> = "incarnation",
    }
}

record! {
    /// A call, as it is told to its members.
    pub struct Call {
        /// Its id.
        id: CallId = "id",
        /// The app's conversation.
        conversation_id: ConversationId = "conversationId",
        /// Audio or video.
        call_type: CallType = "type",
        /// Where it stands.
        state: CallState = "state",
        /// Who called.
        caller_id: UserId = "callerId",
        /// Who was called.
        callee_ids: Vec<UserId> = "calleeIds",
        /// When the caller asked.
        started_at: Option<Timestamp> = "startedAt",
        /// When the first callee accepted.
        answered_at: Option<Timestamp> = "answeredAt",
        /// When it ended.
        ended_at: Option<Timestamp> = "endedAt",
        /// Why it ended.
        end_reason: Option<EndReason> = "endReason",
        /// Who is in it; the caller from the start.
        participants: Vec<CallParticipant> = "participants",
        /// The app's own text for the callees. Ours.
        metadata: Option<Box<str>> = "metadata",
    }
}

/// What a member shows. The wire tells it in two ways, which this type alone translates: `audio: true` in a toggle is
/// `audioMuted: false` in a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MediaFlags {
    /// Whether the microphone is on.
    pub audio: bool,
    /// Whether the camera is on.
    pub video: bool,
    /// Whether a screen is shared.
    pub screen_share: bool,
}

impl MediaFlags {
    /// What a member shows who joins a call of this type and has said nothing.
    pub const fn at_join(call_type: CallType) -> Self {
        Self { audio: true, video: matches!(call_type, CallType::Video), screen_share: false }
    }

    /// The flags with what is said changed.
    #[must_use]
    pub fn with(self, audio: Option<bool>, video: Option<bool>, screen_share: Option<bool>) -> Self {
        Self {
            audio: audio.unwrap_or(self.audio),
            video: video.unwrap_or(self.video),
            screen_share: screen_share.unwrap_or(self.screen_share),
        }
    }
}

impl CallParticipant {
    /// A participant who shows this.
    pub const fn new(user_id: UserId, joined_at: Timestamp, media: MediaFlags) -> Self {
        Self {
            user_id,
            joined_at,
            audio_muted: !media.audio,
            video_muted: !media.video,
            screen_sharing: media.screen_share,
            incarnation: None,
        }
    }

    /// What the participant shows.
    pub const fn media(&self) -> MediaFlags {
        MediaFlags { audio: !self.audio_muted, video: !self.video_muted, screen_share: self.screen_sharing }
    }

    /// Takes over what the participant shows now.
    pub fn set_media(&mut self, media: MediaFlags) {
        self.audio_muted = !media.audio;
        self.video_muted = !media.video;
        self.screen_sharing = media.screen_share;
    }
}
