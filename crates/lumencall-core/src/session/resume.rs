//! After a cut, or a reload: what the server says of this device's calls, and how what is known here follows.

use super::calls::{LocalCall, Part, state_changed};
use super::commands::{Waiting, What};
use super::{Action, ClientSession, Event, Failure, FailureCode, Ticket};
use crate::wire::{
    Command, Elsewhere, EndCause, Hangup, MediaChanged, MediaToggle, ParticipantJoined, ParticipantLeft,
    Rejoin, ServerEvent,
};
use crate::{Call, CallId, CallParticipant, MediaFlags, Millis, UserId};

impl ClientSession {
    /// The calls that this device is in, by the server's word, and that this page knows nothing of: it was loaded anew. Each
    /// can be taken up by [`ClientSession::rejoin`], for a short time.
    pub fn resumable(&self) -> &[Call] {
        &self.resumable
    }

    /// Takes the place of a page that is gone in its call. Settled with the call.
    pub fn rejoin(&mut self, now: Millis, call: &CallId) -> Ticket {
        let Some(index) = self.resumable.iter().position(|known| known.id == *call) else {
            return self.refuse_unknown(call);
        };
        if self.is_engaged() {
            return self.refuse(super::commands::ALREADY_IN_CALL.about(call));
        }
        let mut left = self.resumable.swap_remove(index);
        // A new page shows what one shows who joins.
        let shown = MediaFlags::at_join(left.call_type);
        left.participants
            .iter_mut()
            .filter(|one| self.is_me(&one.user_id))
            .for_each(|me| me.set_media(shown));
        self.calls.push(LocalCall::new(left, Part::Engaged));
        self.ask(now, Command::Rejoin(Rejoin { call_id: call.clone() }), What::Rejoin(call.clone()))
    }

    /// Whether this device has asked to be let into the call again. Until it is, nobody connects to it.
    pub(super) fn is_rejoining(&self, call: &CallId) -> bool {
        self.waiting.iter().any(|waiting| matches!(&waiting.what, What::Rejoin(id) if id == call))
    }

    /// The server has let this page into the call, with new connections: those who are in it offer them, and a caller does
    /// to whom it calls still.
    fn rejoined(&mut self, call: &Call) {
        let shown = self.shown_in(&call.id);
        self.catch_up(call);
        if self.is_me(&call.caller_id) {
            let has_joined = |user: &UserId| call.participants.iter().any(|one| one.user_id == *user);
            for callee in call.callee_ids.iter().filter(|callee| !has_joined(callee)) {
                self.offer_to(&call.id, callee, call.call_type);
            }
        }
        // To the others it shows what one shows who joins.
        if let Some(shown) = shown.filter(|shown| self.shown_in(&call.id).as_ref() != Some(shown)) {
            let toggle = MediaToggle {
                call_id: call.id.clone(),
                audio: Some(shown.audio),
                video: Some(shown.video),
                screen_share: Some(shown.screen_share),
            };
            self.request(Command::MediaToggle(toggle.clone()), What::Toggle(toggle));
        }
    }

    /// What this device shows in the call, as far as the server has told.
    fn shown_in(&self, call: &CallId) -> Option<MediaFlags> {
        let local = self.calls.iter().find(|local| local.call.id == *call)?;
        let mut participants = local.call.participants.iter();
        participants.find(|one| self.is_me(&one.user_id)).map(CallParticipant::media)
    }

    /// The call is as the server tells it. What happened meanwhile is told now: the states on the way, then who left, who
    /// came, and what others show.
    fn catch_up(&mut self, call: &Call) {
        let Some(local) = self.local(&call.id) else { return };
        let before = std::mem::replace(&mut local.call, call.clone());
        for state in before.state.way_to(call.state) {
            self.emit(Event::Call(ServerEvent::StateChanged(state_changed(call, *state))));
        }
        for left in &before.participants {
            if find(call, left).is_none() && !self.is_me(&left.user_id) {
                let (call_id, user_id) = (call.id.clone(), left.user_id.clone());
                self.emit(Event::Call(ServerEvent::ParticipantLeft(ParticipantLeft { call_id, user_id })));
            }
        }
        for participant in &call.participants {
            if self.is_me(&participant.user_id) {
                continue;
            }
            let (call_id, media) = (call.id.clone(), participant.media());
            let event = match find(&before, participant) {
                None => ServerEvent::ParticipantJoined(ParticipantJoined {
                    call_id,
                    participant: participant.clone(),
                }),
                Some(known) if known.media() != media => ServerEvent::MediaChanged(MediaChanged {
                    call_id,
                    user_id: participant.user_id.clone(),
                    audio: Some(media.audio),
                    video: Some(media.video),
                    screen_share: Some(media.screen_share),
                }),
                Some(_) => continue,
            };
            self.emit(Event::Call(event));
        }
    }

    /// The server's session does not go on, and no command that waits is answered. `calls` are those in which it still knows
    /// this device; nothing where it does not know the device.
    pub(super) fn reconcile(&mut self, calls: Option<Vec<Call>>) {
        let cause = calls.is_none().then_some(EndCause::ServerRestarted);
        let told = calls.unwrap_or_default();
        let initiating = self.waiting.iter().any(|waiting| matches!(waiting.what, What::Initiate));
        // Who has accepted, and is in the call, has only not heard so. There is one at most.
        let mut entering = None;
        let is_in = |call: &&Call| self.is_participant(call) && self.is_engaged_in(&call.id);
        if let Some(call) = told.iter().find(is_in) {
            let enters = |waiting: &&mut Waiting| matches!(&waiting.what, What::Accept(id) | What::Rejoin(id) if *id == call.id);
            entering = self.waiting.iter_mut().find(enters).and_then(|waiting| waiting.deadline.take());
        }
        self.fail_waiting(&Failure::LOST);
        let mut index = 0;
        while let Some(local) = self.calls.get(index) {
            let id = local.call.id.clone();
            match told.iter().find(|call| call.id == id) {
                Some(call) => {
                    self.follow(call, &mut entering);
                    index += 1;
                }
                None => self.end_here(&id, cause),
            }
        }
        // Where that call goes on, the server says so anew.
        if let Some(call_id) = self.elsewhere.take() {
            let elsewhere = ServerEvent::Elsewhere(Elsewhere { call_id, engaged: false });
            self.emit(Event::Call(elsewhere));
        }
        self.resumable.clear();
        for call in told {
            if self.local(&call.id).is_some() {
                continue;
            }
            if !self.is_participant(&call) {
                // The caller, too, is rung where others of the call have them back.
                if self.user.as_ref().is_some_and(|me| call.caller_id == *me || call.callee_ids.contains(me))
                {
                    self.handle_event(ServerEvent::Incoming(call));
                }
            } else if initiating || self.ended.contains(&call.id) {
                // The app was told that it did not come about, or that it is over.
                self.send(Command::Hangup(Hangup { call_id: call.id }));
            } else {
                self.resumable.push(call);
            }
        }
    }

    fn is_participant(&self, call: &Call) -> bool {
        call.participants.iter().any(|participant| self.is_me(&participant.user_id))
    }

    /// A call that is known here and there. What was signaled meanwhile is lost. `waits` is who waits to be in it, and until
    /// when.
    fn follow(&mut self, call: &Call, waits: &mut Option<(Ticket, Millis)>) {
        let joined = self.is_participant(call);
        let Some(local) = self.local(&call.id) else { return };
        local.offers.clear();
        match (local.part, joined) {
            (Part::Leaving, false) => self.give_up(call.id.clone()),
            // It was left here; or an initiate met it, and whoever gave that has been told that it failed.
            (Part::Leaving | Part::Ringing, true) => {
                self.give_up(call.id.clone());
                self.catch_up(call);
            }
            (Part::Engaged, true) => {
                for peer in std::mem::take(&mut local.peers) {
                    self.act(Action::ClosePeer { call: call.id.clone(), user: peer.user });
                }
                self.catch_up(call);
                let command = Command::Rejoin(Rejoin { call_id: call.id.clone() });
                self.post_waiting(command, What::Rejoin(call.id.clone()), waits.take());
            }
            (Part::Engaged, false) => {
                // The accept was lost on its way, and whoever gave it has been told so: it rings on.
                self.leave_here(&call.id);
                self.ring_on(call);
            }
            (Part::Ringing, false) => self.ring_on(call),
        }
    }

    fn ring_on(&mut self, call: &Call) {
        if let Some(local) = self.local(&call.id) {
            local.part = Part::Ringing;
            local.call = call.clone();
        }
    }

    /// Every call is over, as far as can be known here.
    pub(super) fn end_all(&mut self, cause: Option<EndCause>) {
        while let Some(local) = self.calls.first() {
            let call = local.call.id.clone();
            self.end_here(&call, cause);
        }
        self.resumable.clear();
    }

    /// What the server says to a rejoin. Nobody may wait for it: after a cut it is made without being asked for.
    pub(super) fn rejoin_answered(&mut self, id: &CallId, result: &mut Result<Option<Call>, Failure>) {
        if !self.is_engaged_in(id) {
            // It ended meanwhile, or was left: what it ends by is told from the state that it was in.
            if let Ok(Some(call)) = result {
                self.catch_up(call);
            }
            *result = Err(Failure::ENDED);
        }
        match result {
            Ok(Some(call)) => self.rejoined(call),
            Ok(None) => {
                *result = Err(Failure::PROTOCOL);
                self.cannot_rejoin(id, true);
            }
            Err(failure) => {
                let is_there = failure.code != FailureCode::UnknownCall;
                self.cannot_rejoin(id, is_there);
            }
        }
    }

    fn cannot_rejoin(&mut self, id: &CallId, is_there: bool) {
        if self.is_engaged_in(id) {
            if is_there {
                self.give_up(id.clone());
            }
            self.end_here(id, None);
        }
    }
}

/// The same participant in the call, who has been in it since.
fn find<'a>(call: &'a Call, one: &CallParticipant) -> Option<&'a CallParticipant> {
    call.participants.iter().find(|known| known.user_id == one.user_id && known.joined_at == one.joined_at)
}
