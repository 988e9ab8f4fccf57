//! A member shows something else.

use super::decide::Work;
use super::{Origin, Phase, Refusal};
use crate::wire::{MediaChanged, MediaToggle, ServerEvent};

impl Work<'_> {
    pub(super) fn media_toggle(&mut self, from: &Origin, toggle: &MediaToggle) -> Result<(), Refusal> {
        let mut call = self.call_joined_by(from)?;
        let MediaToggle { call_id, audio, video, screen_share } = toggle.clone();
        if let Some(Phase::Joined { media, .. }) = call.member_mut(&from.user).map(|member| &mut member.phase)
        {
            *media = media.with(audio, video, screen_share);
        }
        let user_id = from.user.clone();
        let changed =
            ServerEvent::MediaChanged(MediaChanged { call_id, user_id, audio, video, screen_share });
        self.tell_joined(&call, Some(&from.user), &changed);
        self.keep(call);
        Ok(())
    }
}
