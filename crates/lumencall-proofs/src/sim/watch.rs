//! What must hold of every device, whatever happens to it: at what its session asks for, and at what its app is told.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use lumencall_core::machine::TABLE;
use lumencall_core::session::{Action, Event, FailureCode, Link, Ticket};
use lumencall_core::wire::{
    ClientFrame, Command, Description, DescriptionType, RespondAction, ServerEvent, StateChanged, Welcome,
};
use lumencall_core::{Call, CallId, CallState, EndReason, UserId};

use super::values::sdp_name;
use super::violation::{holds, violated};

/// Looks on while a device works. It is told what the device is told, and sees everything that it does.
#[derive(Debug)]
pub(super) struct Watch {
    me: UserId,
    /// Whether the server has just welcomed the page: what it sends then it may have said before, and of calls that are over.
    greeting: bool,
    /// Whether another page has just taken this one's session.
    taken_over: bool,
    /// The rejoins that were not answered, by their numbers.
    rejoins: BTreeMap<u32, CallId>,
    waiting: HashSet<Ticket>,
    settled: HashSet<Ticket>,
    /// The calls that were asked for, by whom they name, which the server has not made yet; by the numbers of the commands.
    asked: BTreeMap<u32, Vec<UserId>>,
    calls: BTreeMap<CallId, View>,
    /// The calls whose accept the server has not answered. One may end and ring anew before the server reads it.
    accepting: BTreeSet<CallId>,
    /// The call that the user is in with another device.
    pub(super) elsewhere: Option<CallId>,
    /// Whether a browser of this device has failed.
    pub(super) broken: bool,
}

/// A call, as the app has heard of it and as the browser has been used for it.
#[derive(Debug)]
struct View {
    part: Part,
    told: CallState,
    caller: Option<UserId>,
    consented: bool,
    peers: BTreeSet<UserId>,
    /// Of each other, the descriptions that came, and how many candidates of each.
    heard: BTreeMap<UserId, Vec<(String, u32)>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Rung,
    /// The page before this one was in it, and this one may take its place.
    Left,
    Inside,
    Released,
    Over,
}

impl Watch {
    pub(super) fn new(me: UserId) -> Self {
        Self {
            me,
            greeting: false,
            taken_over: false,
            rejoins: BTreeMap::new(),
            waiting: HashSet::new(),
            settled: HashSet::new(),
            asked: BTreeMap::new(),
            calls: BTreeMap::new(),
            accepting: BTreeSet::new(),
            elsewhere: None,
            broken: false,
        }
    }

    /// A command was given, and is to be settled once.
    pub(super) fn ordered(&mut self, ticket: Ticket) {
        holds!("settle", self.waiting.insert(ticket), "{ticket:?} was given before");
    }

    /// The app accepts the call.
    pub(super) fn consents(&mut self, call: &CallId) {
        if let Some(view) = self.calls.get_mut(call) {
            view.consented = true;
        }
        self.accepting.insert(call.clone());
    }

    /// The server welcomes the page. Where its session does not go on, what was on its way is lost.
    pub(super) fn is_welcomed(&mut self, welcome: &Welcome) {
        self.greeting = true;
        if !welcome.resumed {
            self.rejoins.clear();
            for view in self.calls.values_mut() {
                view.heard.clear();
                // What can be taken up still, the welcome says.
                if view.part == Part::Left {
                    view.part = Part::Over;
                }
            }
        }
    }

    /// Whether the page was welcomed by what came last. What it then says for the first time is looked at as ever.
    pub(super) const fn is_greeted(&mut self) -> bool {
        std::mem::replace(&mut self.greeting, false)
    }

    /// Another page has the session.
    pub(super) const fn is_taken_over(&mut self) {
        self.taken_over = true;
    }

    /// The page before this one was in the call, by the server's word.
    pub(super) fn may_rejoin(&mut self, call: &Call) {
        let view = View::new(Part::Left, call.state, Some(call.caller_id.clone()));
        self.calls.insert(call.id.clone(), view);
    }

    /// The user takes up the call of the page before this one, which stands so.
    pub(super) fn rejoins(&mut self, call: &Call) {
        if let Some(view) = self.calls.get_mut(&call.id).filter(|view| view.part == Part::Left) {
            (view.part, view.told, view.consented) = (Part::Inside, call.state, true);
        }
    }

    /// The user leaves the call. That of a page which is gone is over with that, and no more is told of it.
    pub(super) fn leaves(&mut self, call: &CallId) {
        if self.calls.get(call).is_some_and(|view| view.part == Part::Left) {
            self.calls.remove(call);
        }
    }

    /// The server has answered the command with this number.
    pub(super) fn is_replied(&mut self, id: u32) {
        self.asked.remove(&id);
        if let Some(view) = self.rejoins.remove(&id).and_then(|call| self.calls.get_mut(&call)) {
            view.heard.clear();
        }
    }

    /// A signal came from the server.
    pub(super) fn signal(&mut self, event: &ServerEvent, sdk: bool) {
        let id = event.call_id();
        let (from, next) = match event {
            ServerEvent::Offer(description) | ServerEvent::Answer(description) => {
                let Some(name) = sdp_name(description.sdp.reveal()) else { return };
                (&description.from_user_id, (name, 0))
            }
            ServerEvent::Candidate(candidate) => {
                let Some((number, name)) = candidate.candidate.reveal().split_once(" of ") else { return };
                (&candidate.from_user_id, (name, number.parse().unwrap_or_default()))
            }
            _ => return,
        };
        let Some(from) = from else { violated("I23", format!("{event:?} says not from whom")) };
        let (name, number) = next;
        // For one that rejoins, it is what passed with the page before it.
        if self.rejoins.values().any(|call| call == id) {
            return;
        }
        let hears = |view: &&mut View| !matches!(view.part, Part::Left | Part::Over);
        let Some(view) = self.calls.get_mut(id).filter(hears) else { return };
        let heard = view.heard.entry(from.clone()).or_default();
        // Only where neither is a client of the seed, which describes itself twice when both offer.
        let strict = sdk && name.starts_with("sdk");
        let last = heard.last().map(|(name, _)| name.clone());
        match heard.iter_mut().find(|(known, _)| known == name) {
            None => {
                holds!("I20", number == 0, "{number} of {name} of {from:?} comes before it: {heard:?}");
                heard.push((name.to_owned(), 0));
            }
            Some((_, count)) => {
                holds!("I20", number == *count + 1, "{number} of {name} of {from:?} comes after {count}");
                holds!(
                    "I20",
                    !strict || last.as_deref() == Some(name),
                    "{number} of {name} of {from:?} comes after {last:?}"
                );
                *count = number;
            }
        }
    }

    /// Who left, and joins again, begins again.
    fn forget(&mut self, call: &CallId, user: &UserId) {
        if let Some(view) = self.calls.get_mut(call) {
            // A connection may be closed for the offer that was just heard, which is answered by another.
            let heard = view.heard.remove(user).and_then(|heard| heard.into_iter().next_back());
            let offer = heard.filter(|(_, candidates)| *candidates == 0);
            view.heard.extend(offer.map(|offer| (user.clone(), vec![offer])));
        }
    }

    /// The session asks for this.
    pub(super) fn saw(&mut self, action: &Action) {
        match action {
            Action::OpenSocket
            | Action::CloseSocket { .. }
            | Action::KeepIdentity { .. }
            | Action::ForgetIdentity
            | Action::RenewToken
            | Action::UseIceServers(_)
            | Action::Log { .. }
            | Action::Emit(Event::Link(Link::Opening | Link::Open | Link::Lost | Link::Closed)) => {}
            Action::Send(frame) => self.sends(frame),
            Action::Settle { ticket, result } => {
                holds!("settle", self.waiting.remove(ticket), "{ticket:?} was given, and is settled once");
                self.settled.insert(*ticket);
                let protocol = matches!(result, Err(failure) if failure.code == FailureCode::Protocol);
                holds!("I18", !protocol, "{result:?}");
            }
            Action::Emit(Event::Error(failure)) => {
                let sent_away = failure.code == FailureCode::SignalingUnreachable
                    && std::mem::replace(&mut self.taken_over, false);
                let own = sent_away || failure.code == FailureCode::NegotiationFailed && self.broken;
                holds!("error", own, "the app hears of its own fault: {failure:?}");
            }
            Action::Emit(Event::Call(event)) => self.tells(event),
            Action::OpenPeer { call, user, .. } => {
                self.begins(call);
                let view = self.inside(call);
                holds!(
                    "I1",
                    view.peers.insert(user.clone()),
                    "there is a peer connection to {user:?} already"
                );
            }
            Action::RestartIce { call, user }
            | Action::Offer { call, user }
            | Action::Answer { call, user, .. }
            | Action::ApplyAnswer { call, user, .. } => {
                let view = self.inside(call);
                holds!(
                    "I1",
                    view.peers.contains(user),
                    "there is no peer connection to {user:?}: {action:?}"
                );
            }
            Action::AddCandidate { candidate, user } => {
                let view = self.inside(&candidate.call_id);
                holds!("I20", view.peers.contains(user), "{action:?} has no peer connection");
            }
            Action::ClosePeer { call, user } => {
                let view = self.inside(call);
                holds!("I1", view.peers.remove(user), "there is no peer connection to {user:?}");
                self.forget(call, user);
            }
            Action::Release { call } => {
                // One that rang anew as an accept of the ring before it came too late is left at once.
                let unused = |view: &View| view.part == Part::Rung && view.peers.is_empty();
                if let Some(view) = self.calls.get_mut(call).filter(|view| unused(view)) {
                    view.part = Part::Inside;
                }
                self.begins(call);
                let view = self.inside(call);
                view.part = Part::Released;
                view.peers.clear();
            }
        }
    }

    /// The browser is used for a call: the user called, or accepted, or called the one who called.
    fn begins(&mut self, call: &CallId) {
        match self.calls.get_mut(call) {
            None => {
                let asked = self.asked.pop_first();
                holds!("I1", asked.is_some(), "nobody here asked for {call:?}");
                let mut view = View::new(Part::Inside, CallState::Initiating, Some(self.me.clone()));
                view.consented = true;
                self.calls.insert(call.clone(), view);
            }
            Some(view) if view.part == Part::Rung => {
                let met = self
                    .asked
                    .values()
                    .any(|callees| callees.len() == 1 && callees.first() == view.caller.as_ref());
                holds!("I1", view.consented || met, "nobody here accepted {call:?}");
                view.part = Part::Inside;
            }
            Some(_) => {}
        }
    }

    /// An initiate was answered: it was refused, or its call is there, which may be that of the one who was called.
    pub(super) fn answered(&mut self, call: Option<&CallId>) {
        if let Some(call) = call {
            self.begins(call);
        }
        self.asked.clear();
    }

    /// An accept was answered.
    pub(super) fn accepted(&mut self, call: &CallId) {
        self.accepting.remove(call);
    }

    fn sends(&mut self, ClientFrame { id, command }: &ClientFrame) {
        match command {
            Command::Open(_)
            | Command::Ping(_)
            | Command::Suspend(_)
            | Command::Authenticate(_)
            | Command::IceServers(_)
            | Command::MediaToggle(_)
            | Command::AddParticipant(_)
            | Command::RemoveParticipant(_) => {}
            Command::Initiate(initiate) => {
                self.asked.extend(id.map(|id| (id, initiate.callee_ids.clone())));
            }
            Command::Rejoin(rejoin) => {
                self.rejoins.extend(id.map(|id| (id, rejoin.call_id.clone())));
            }
            Command::Respond(respond) => match respond.action {
                RespondAction::Accept => {
                    let view = self.calls.get_mut(&respond.call_id);
                    let consented = view.as_ref().is_some_and(|view| view.consented);
                    let rung = view.as_ref().is_some_and(|view| view.part == Part::Rung);
                    holds!(
                        "I1",
                        consented && (rung || self.greeting),
                        "{:?} is accepted without its user: {view:?}",
                        respond.call_id
                    );
                    if let Some(view) = view.filter(|_| rung && !self.greeting) {
                        view.part = Part::Inside;
                    }
                }
                RespondAction::Reject => {}
            },
            Command::Hangup(hangup) => {
                let over = self.calls.get(&hangup.call_id).is_some_and(|view| view.part == Part::Over);
                holds!("I11", !over || self.greeting, "{:?} has ended, and is hung up", hangup.call_id);
            }
            Command::Offer(description) | Command::Answer(description) => {
                let Description { call_id, to_user_id, kind, sealed, sdp, .. } = description;
                let there = self.greeting || self.inside(call_id).peers.contains(to_user_id);
                holds!("I2", there, "{description:?}");
                let bare = *kind == DescriptionType::Offer && !sdp.reveal().contains("a=candidate");
                holds!("I2", *sealed != Some(true) || bare, "{description:?}");
            }
            Command::Candidate(candidate) => {
                let there =
                    self.greeting || self.inside(&candidate.call_id).peers.contains(&candidate.to_user_id);
                holds!("I2", there, "{candidate:?}");
            }
            Command::Report(report) => {
                let there =
                    self.greeting || self.inside(&report.call_id).peers.contains(&report.peer_user_id);
                holds!("I1", there, "{report:?}");
            }
        }
    }

    /// An event of a call, as the app hears it.
    pub(super) fn tells(&mut self, event: &ServerEvent) {
        match event {
            ServerEvent::Incoming(call) => {
                let view = View::new(Part::Rung, call.state, Some(call.caller_id.clone()));
                let view = View { consented: self.accepting.contains(&call.id), ..view };
                let before = self.calls.insert(call.id.clone(), view);
                let again = before.as_ref().is_none_or(|view| view.part == Part::Over);
                return holds!("I17", again, "{:?} rings twice: {before:?}", call.id);
            }
            ServerEvent::StateChanged(changed) => return self.moves(changed),
            ServerEvent::Elsewhere(elsewhere) => {
                let before = (!elsewhere.engaged).then_some(&elsewhere.call_id);
                holds!(
                    "elsewhere",
                    self.elsewhere.as_ref() == before,
                    "{elsewhere:?} after {:?}",
                    self.elsewhere
                );
                self.elsewhere = elsewhere.engaged.then(|| elsewhere.call_id.clone());
                return;
            }
            ServerEvent::ParticipantJoined(joined) => {
                self.forget(&joined.call_id, &joined.participant.user_id)
            }
            ServerEvent::ParticipantLeft(left) => self.forget(&left.call_id, &left.user_id),
            ServerEvent::ParticipantRejoined(rejoined) => {
                self.forget(&rejoined.call_id, &rejoined.participant.user_id);
            }
            ServerEvent::CalleeChanged(_)
            | ServerEvent::MediaChanged(_)
            | ServerEvent::ParticipantChanged(_)
            | ServerEvent::Offer(_)
            | ServerEvent::Answer(_)
            | ServerEvent::Candidate(_) => {}
        }
        let Some(view) = self.calls.get(event.call_id()) else {
            violated("I11", format!("{event:?} of a call that nobody here knows"));
        };
        holds!("I11", view.part != Part::Over, "{event:?} after the end");
        let answered = match view.told {
            CallState::Connecting | CallState::Connected | CallState::Reconnecting => true,
            CallState::Idle | CallState::Initiating | CallState::Ringing | CallState::Ended => false,
        };
        if let ServerEvent::ParticipantJoined(_) | ServerEvent::ParticipantLeft(_) = event {
            holds!("I33", answered, "{event:?} while the call is {:?}", view.told);
        }
    }

    fn moves(&mut self, changed: &StateChanged) {
        let StateChanged { call_id, state, end_reason, answered_elsewhere, .. } = changed;
        if !self.calls.contains_key(call_id) && *state == CallState::Initiating {
            // The first that a client without replies hears of its call. Of the SDK's, its app is not told.
            let view = View::new(Part::Inside, CallState::Idle, Some(self.me.clone()));
            self.calls.insert(call_id.clone(), view);
        }
        let Some(view) = self.calls.get_mut(call_id) else {
            violated("I11", format!("{changed:?} of a call that nobody here knows"));
        };
        holds!("I10", view.part != Part::Over, "{changed:?}, and {call_id:?} has ended");
        let declared =
            TABLE.iter().any(|edge| (edge.from, edge.to, edge.reason) == (view.told, *state, *end_reason));
        // A part may end before the call does.
        let part = *state == CallState::Ended
            && match end_reason {
                Some(EndReason::Completed) => *answered_elsewhere == Some(true) || view.part != Part::Inside,
                Some(
                    EndReason::Rejected
                    | EndReason::Missed
                    | EndReason::Busy
                    | EndReason::Cancelled
                    | EndReason::Failed,
                ) => view.part != Part::Inside,
                None => false,
            };
        // Of one in which another page was, this page hears nothing but its end.
        let part = part || (view.part == Part::Left && *state == CallState::Ended);
        holds!("I33", declared || part, "{changed:?} after {:?} at {view:?}", view.told);
        view.told = *state;
        if *state == CallState::Ended {
            view.part = Part::Over;
            view.heard.clear();
        }
    }

    /// The end of a part is told when nothing of the browser is in use for it any more.
    pub(super) fn ends_released(&self, event: &ServerEvent) {
        if let ServerEvent::StateChanged(StateChanged { call_id, state: CallState::Ended, .. }) = event {
            let inside = self.calls.get(call_id).is_some_and(|view| view.part == Part::Inside);
            holds!("I33", !inside, "the app hears the end of {call_id:?} while its browser is in use");
        }
    }

    fn inside(&mut self, call: &CallId) -> &mut View {
        match self.calls.get_mut(call) {
            Some(view) if view.part == Part::Inside => view,
            view => violated("I1", format!("{call:?} is none of this device's: {view:?}")),
        }
    }

    /// A client without a session hears an event. Returns whether it is for it to act upon.
    pub(super) fn tells_plain(&mut self, event: &ServerEvent, wild: bool) -> bool {
        if let ServerEvent::Offer(offer) = event
            && self.calls.get(&offer.call_id).is_some_and(|view| view.part == Part::Rung)
        {
            // Sealed: it is kept, unread, and one that is wild reads nothing.
            holds!("I2", wild, "{event:?} rings at a client of the seed");
            return false;
        }
        // Its own accepts are not looked at: any state that it hears of says that it is in the call.
        if let ServerEvent::StateChanged(changed) = event
            && changed.state != CallState::Ended
        {
            self.joins(&changed.call_id);
        }
        if let ServerEvent::StateChanged(changed) = event
            && wild
            && self.calls.get(&changed.call_id).is_some_and(|view| view.told == changed.state)
        {
            // The reply said so.
            return true;
        }
        self.tells(event);
        true
    }

    /// One that is wild, and is in the call, which stands so, by the reply to its accept.
    pub(super) fn enters(&mut self, call: &CallId, state: CallState) {
        if let Some(view) = self.calls.get_mut(call) {
            (view.part, view.told) = (Part::Inside, state);
        }
    }

    /// Whether anything was heard of the call, which may be over.
    pub(super) fn has_heard_of(&self, call: &CallId) -> bool {
        self.calls.contains_key(call)
    }

    /// One that knows its call by the reply.
    pub(super) fn makes(&mut self, call: &CallId) {
        let view = View::new(Part::Inside, CallState::Initiating, Some(self.me.clone()));
        self.calls.insert(call.clone(), view);
    }

    /// A client of the seed joins the call.
    pub(super) fn joins(&mut self, call: &CallId) {
        if let Some(view) = self.calls.get_mut(call) {
            view.part = Part::Inside;
        }
    }

    /// Every command was settled, and every call that rang here, or was made, has ended.
    pub(super) fn is_over(&self, name: &str) {
        holds!("settle", self.waiting.is_empty(), "{name}: {:?} were not settled", self.waiting);
        for (id, view) in &self.calls {
            holds!(
                "I17",
                matches!(view.part, Part::Over | Part::Left),
                "{name}: {id:?} has not ended: {view:?}"
            );
        }
    }
}

impl View {
    const fn new(part: Part, told: CallState, caller: Option<UserId>) -> Self {
        Self { part, told, caller, consented: false, peers: BTreeSet::new(), heard: BTreeMap::new() }
    }
}
