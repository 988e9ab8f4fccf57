//! What the app wants, and the server's replies to it.

use super::calls::{LocalCall, Part, state_changed};
use super::negotiation::Told;
use super::{Action, ClientSession, Event, Failure, FailureCode, Link, Ticket};
use crate::wire::{
    CallInitiate, CallRespond, Command, Done, Hangup, LONGEST_METADATA, MediaToggle, ParticipantChoice,
    Reply, RespondAction, ServerEvent,
};
use crate::{Call, CallId, CallParticipant, CallState, Millis, UserId};

/// A command that the server has not answered.
#[derive(Debug)]
pub(super) struct Waiting {
    /// Its number on the wire; a connection being opened has none.
    pub(super) id: Option<u32>,
    pub(super) what: What,
    /// Who waits, and until when. Nobody, where the answer comes too late for them and must be dealt with all the same.
    pub(super) deadline: Option<(Ticket, Millis)>,
}

/// What a waiting command was.
#[derive(Debug)]
pub(super) enum What {
    Connect,
    Authenticate,
    IceServers,
    Initiate,
    Accept(CallId),
    Rejoin(CallId),
    Toggle(MediaToggle),
    /// Somebody else is rung or put out.
    Choose(CallId),
    Leave(CallId),
}

impl What {
    /// The call that it is about.
    pub(super) const fn call(&self) -> Option<&CallId> {
        match self {
            Self::Connect | Self::Authenticate | Self::IceServers | Self::Initiate => None,
            Self::Accept(call) | Self::Rejoin(call) | Self::Choose(call) | Self::Leave(call) => Some(call),
            Self::Toggle(toggle) => Some(&toggle.call_id),
        }
    }
}

impl Waiting {
    pub(super) fn deadline(&self) -> Option<Millis> {
        self.deadline.map(|(_, deadline)| deadline)
    }
}

impl ClientSession {
    /// Rings users. Settled with the call as the server made it.
    pub fn initiate(&mut self, now: Millis, initiate: CallInitiate) -> Ticket {
        if initiate.metadata.as_ref().is_some_and(|metadata| metadata.len() > LONGEST_METADATA) {
            return self.refuse(METADATA_TOO_LONG);
        }
        if self.is_engaged() {
            return self.refuse(ALREADY_IN_CALL);
        }
        self.ask(now, Command::Initiate(initiate), What::Initiate)
    }

    /// Accepts a call that rings here. The answer to an offer that came ahead is made at once, and leaves with it.
    pub fn accept(&mut self, now: Millis, call: &CallId) -> Ticket {
        let engaged = self.is_engaged();
        let Some(local) = self.calls.iter_mut().find(|local| local.call.id == *call) else {
            return self.refuse_unknown(call);
        };
        if local.part != Part::Ringing {
            return self.refuse(NOT_RINGING.about(call));
        }
        if engaged {
            return self.refuse(ALREADY_IN_CALL.about(call));
        }
        if !self.takes_commands() {
            return self.refuse(Failure::UNREACHABLE);
        }
        let offers = self.enter(call);
        let respond = Command::Respond(CallRespond { call_id: call.clone(), action: RespondAction::Accept });
        let ticket = self.ask(now, respond, What::Accept(call.clone()));
        for (user, offer) in offers {
            self.handle_offer(call, &user, offer);
        }
        ticket
    }

    /// Declines a call that rings here.
    pub fn reject(&mut self, now: Millis, call: &CallId) -> Ticket {
        let Some(local) = self.local(call) else { return self.refuse_unknown(call) };
        if local.part != Part::Ringing {
            return self.refuse(NOT_RINGING.about(call));
        }
        let command = Command::Respond(CallRespond { call_id: call.clone(), action: RespondAction::Reject });
        self.leave(now, call, command)
    }

    /// Leaves a call, or declines one that rings here. What was opened for it is closed without waiting for the server.
    pub fn hangup(&mut self, now: Millis, call: &CallId) -> Ticket {
        if self.local(call).is_none() && self.ended.contains(call) {
            let ticket = self.next_ticket();
            self.act(Action::Settle { ticket, result: Ok(None) });
            return ticket;
        }
        let resumable = self.resumable.iter().position(|known| known.id == *call);
        if let Some(index) = resumable {
            self.resumable.swap_remove(index);
        } else if self.local(call).is_none() {
            return self.refuse_unknown(call);
        }
        self.leave(now, call, Command::Hangup(Hangup { call_id: call.clone() }))
    }

    fn leave(&mut self, now: Millis, call: &CallId, command: Command) -> Ticket {
        self.leave_here(call);
        self.ask(now, command, What::Leave(call.clone()))
    }

    /// Tells what this device shows from now on.
    pub fn toggle_media(&mut self, now: Millis, toggle: MediaToggle) -> Ticket {
        match self.local(&toggle.call_id) {
            Some(local) if local.part == Part::Engaged => {
                self.ask(now, Command::MediaToggle(toggle.clone()), What::Toggle(toggle))
            }
            Some(_) => self.refuse(NOT_IN_CALL.about(&toggle.call_id)),
            None => self.refuse_unknown(&toggle.call_id),
        }
    }

    /// Rings one more.
    pub fn add_participant(&mut self, now: Millis, call: &CallId, user: UserId) -> Ticket {
        self.choose(now, call, user, Command::AddParticipant)
    }

    /// Puts one out.
    pub fn remove_participant(&mut self, now: Millis, call: &CallId, user: UserId) -> Ticket {
        self.choose(now, call, user, Command::RemoveParticipant)
    }

    fn choose(
        &mut self,
        now: Millis,
        call: &CallId,
        user_id: UserId,
        command: fn(ParticipantChoice) -> Command,
    ) -> Ticket {
        match self.local(call) {
            Some(local) if local.part == Part::Engaged => {
                let choice = ParticipantChoice { call_id: call.clone(), user_id };
                self.ask(now, command(choice), What::Choose(call.clone()))
            }
            Some(_) => self.refuse(NOT_IN_CALL.about(call)),
            None => self.refuse_unknown(call),
        }
    }

    /// Time passed: commands that waited too long fail, and what is due is done.
    pub fn handle_timeout(&mut self, now: Millis) {
        self.time_out(now);
        self.keep_pulse(now);
    }

    fn time_out(&mut self, now: Millis) {
        for index in 0..self.waiting.len() {
            let waiting = &mut self.waiting[index];
            let Some((ticket, _)) = waiting.deadline.take_if(|(_, deadline)| *deadline <= now) else {
                continue;
            };
            let connecting = matches!(waiting.what, What::Connect);
            let enters = matches!(waiting.what, What::Accept(_) | What::Rejoin(_));
            let entering = waiting.what.call().filter(|_| enters).cloned();
            let id = waiting.id;
            self.act(Action::Settle { ticket, result: Err(Failure::TIMEOUT) });
            if connecting && self.link == Link::Opening {
                return self.abandon_socket(now, &Failure::TIMEOUT);
            }
            match entering {
                Some(call_id) if self.is_engaged_in(&call_id) => self.give_up(call_id),
                // A call that has ended meanwhile wants no more words, and may ring anew.
                Some(_) => self.kept.take_back(id),
                None => {}
            }
        }
    }

    pub(super) fn handle_reply(&mut self, now: Millis, reply: Reply) {
        self.kept.replied(reply.id);
        let Some(index) = self.waiting.iter().position(|waiting| waiting.id == Some(reply.id)) else {
            return;
        };
        let Waiting { what, deadline, .. } = self.waiting.swap_remove(index);
        let answer = match reply.error {
            Some(error) => Err(Failure::from(error)),
            None => reply.ok.ok_or(Failure::PROTOCOL),
        };
        if matches!(what, What::Authenticate | What::IceServers) {
            return self.renewed(now, &what, answer);
        }
        let mut result = answer.map(|done| done.call);
        match &what {
            What::Connect | What::Authenticate | What::IceServers | What::Choose(_) => {}
            What::Rejoin(call) => self.rejoin_answered(call, &mut result),
            What::Initiate => match &result {
                // Nobody waits for it any more, or it is the accept of a call that was declined meanwhile: it is given up.
                Ok(Some(call)) if deadline.is_none() || self.is_leaving(&call.id) => {
                    self.give_up(call.id.clone());
                    result = Err(Failure::ENDED);
                }
                Ok(Some(call)) => self.initiated(call),
                Ok(None) => result = Err(Failure::PROTOCOL),
                Err(_) => {}
            },
            What::Accept(call) => {
                let rings = self.local(call).is_some_and(|local| local.part == Part::Ringing);
                match &result {
                    // It ended before the server read the accept, and rang anew: that is the ring which was accepted.
                    Ok(Some(call)) if rings && deadline.is_some() => self.met(call),
                    // The same, but nobody waits for it any more: it is left, from the state that it was in.
                    Ok(Some(call)) if rings => {
                        self.enter(&call.id);
                        self.joined(call);
                        self.give_up(call.id.clone());
                    }
                    // Also where it was left meanwhile: what it ends by is told from the state that it was in.
                    Ok(Some(call)) => self.joined(call),
                    Ok(None) | Err(_) => {}
                }
                if deadline.is_some() {
                    result = self.accepted(call, result);
                }
            }
            What::Toggle(toggle) => {
                if result.is_ok() {
                    self.toggled(toggle);
                }
            }
            What::Leave(_) => {
                // The call may have ended in the meantime, or a decline came too late and was followed by a hang-up: either
                // is what was wanted.
                use FailureCode::{InvalidState, UnknownCall};
                if matches!(result, Err(Failure { code: UnknownCall | InvalidState, .. })) {
                    result = Ok(None);
                }
            }
        }
        if let Some((ticket, _)) = deadline {
            if let (Err(failure), Some(call)) = (&mut result, what.call()) {
                failure.call = Some(call.clone());
            }
            self.act(Action::Settle { ticket, result });
        }
    }

    /// What expires was asked for anew. Where it is refused, what there is lasts for a little longer.
    fn renewed(&mut self, now: Millis, what: &What, answer: Result<Done, Failure>) {
        match answer {
            Ok(done) if matches!(what, What::Authenticate) => {
                self.pulse.token_expires(now, done.token_expires_in);
            }
            Ok(done) => {
                self.act(Action::UseIceServers(done.ice_servers.unwrap_or_default()));
                self.pulse.ice_servers_expire(now, done.ice_servers_expire_in);
            }
            Err(failure) => self.emit(Event::Error(failure)),
        }
        self.recover(now);
    }

    fn initiated(&mut self, call: &Call) {
        if !self.is_me(&call.caller_id) {
            return self.met(call);
        }
        self.calls.push(LocalCall::new(call.clone(), Part::Engaged));
        for callee in &call.callee_ids {
            self.offer_to(&call.id, callee, call.call_type);
        }
    }

    /// The one whom the user called was calling: their call is the call, and the user has accepted it.
    fn met(&mut self, call: &Call) {
        if self.local(&call.id).is_none() {
            self.calls.push(LocalCall::new(call.clone(), Part::Ringing));
        }
        let offers = self.enter(&call.id);
        self.joined(call);
        for (user, offer) in offers {
            self.handle_offer(&call.id, &user, offer);
        }
    }

    /// What rang here is accepted. Returns the offers that were kept for that.
    fn enter(&mut self, call: &CallId) -> Vec<(UserId, Told)> {
        let Some(local) = self.local(call) else { return Vec::new() };
        local.part = Part::Engaged;
        std::mem::take(&mut local.offers)
    }

    /// The server has let this device into the call, which stands as it says. What happened while it rang here was not
    /// told: the states between are, now.
    fn joined(&mut self, call: &Call) {
        let Some(local) = self.local(&call.id) else { return };
        let before = std::mem::replace(&mut local.call.participants, call.participants.clone());
        // Who made an offer ahead and has left since is not there for it, and another when they are back.
        let stays = |user: &UserId| {
            let when = |known: &[CallParticipant]| {
                known.iter().find(|one| one.user_id == *user).map(|one| one.joined_at.clone())
            };
            let now = when(&call.participants);
            now.is_some() && now == when(&before)
        };
        let stale = local.peers.iter().map(|peer| &peer.user).find(|user| !stays(user)).cloned();
        if let Some(user) = stale {
            self.close_peer(&call.id, &user);
        }
        let Some(local) = self.local(&call.id) else { return };
        local.call.callee_ids.clone_from(&call.callee_ids);
        let told = local.is_answered();
        for state in CallState::Ringing.way_to(call.state).iter().filter(|_| !told) {
            let changed = state_changed(call, *state);
            self.handle_event(ServerEvent::StateChanged(changed));
        }
    }

    /// The server has said yes or no to an accept. If the call has ended meanwhile, or was left, it is too late for either.
    fn accepted(
        &mut self,
        id: &CallId,
        result: Result<Option<Call>, Failure>,
    ) -> Result<Option<Call>, Failure> {
        self.local(id).filter(|local| local.part == Part::Engaged).ok_or(Failure::ENDED)?;
        match result.and_then(|call| call.ok_or(Failure::PROTOCOL)) {
            Ok(call) => Ok(Some(call)),
            Err(failure) => {
                self.leave_here(id);
                Err(failure)
            }
        }
    }

    fn toggled(&mut self, toggle: &MediaToggle) {
        let Some(user) = self.user.clone() else { return };
        self.shows(&toggle.call_id, &user, |media| {
            media.with(toggle.audio, toggle.video, toggle.screen_share)
        });
    }

    /// Sends a command that wants a reply.
    pub(super) fn ask(&mut self, now: Millis, command: Command, what: What) -> Ticket {
        if !self.takes_commands() {
            return self.refuse(Failure::UNREACHABLE);
        }
        let ticket = self.next_ticket();
        self.post_waiting(command, what, Some((ticket, now + self.command_timeout)));
        ticket
    }

    /// Sends a command whose reply is dealt with here, and that nobody waits for.
    pub(super) fn request(&mut self, command: Command, what: What) {
        self.post_waiting(command, what, None);
    }

    pub(super) fn post_waiting(&mut self, command: Command, what: What, deadline: Option<(Ticket, Millis)>) {
        self.last_id += 1;
        let id = Some(self.last_id);
        self.waiting.push(Waiting { id, what, deadline });
        self.post(id, command);
    }

    /// Whether there is a connection, or one that is being restored.
    const fn takes_commands(&self) -> bool {
        matches!(self.link, Link::Open | Link::Lost)
    }

    pub(super) fn refuse(&mut self, failure: Failure) -> Ticket {
        let ticket = self.next_ticket();
        self.act(Action::Settle { ticket, result: Err(failure) });
        ticket
    }

    pub(super) fn refuse_unknown(&mut self, call: &CallId) -> Ticket {
        let failure = if self.ended.contains(call) { Failure::ENDED } else { Failure::UNKNOWN_CALL };
        self.refuse(failure.about(call))
    }

    pub(super) const fn next_ticket(&mut self) -> Ticket {
        self.last_ticket += 1;
        Ticket(self.last_ticket)
    }
}

const METADATA_TOO_LONG: Failure =
    Failure::new(FailureCode::InvalidArgument, "metadata is longer than 1024 bytes");
pub(super) const ALREADY_IN_CALL: Failure =
    Failure::new(FailureCode::AlreadyInCall, "you are in a call already; hang it up first");
const NOT_RINGING: Failure = Failure::new(FailureCode::InvalidState, "the call does not ring here");
const NOT_IN_CALL: Failure =
    Failure::new(FailureCode::InvalidState, "you are not in this call; accept it first");
