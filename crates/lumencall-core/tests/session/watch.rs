//! What must hold of every client, whatever happens to it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use lumencall_core::machine::TABLE;
use lumencall_core::session::{Action, Event, Link, Ticket};
use lumencall_core::wire::{
    ClientFrame, Command, Description, DescriptionType, RespondAction, ServerEvent, StateChanged,
};
use lumencall_core::{Call, CallId, CallState, UserId};

/// Looks on while a session works. It is told what the session is told, and sees everything that the session asks for.
#[derive(Debug)]
pub(crate) struct Watch {
    link: Link,
    socket: Socket,
    waiting: HashSet<Ticket>,
    settled: HashSet<Ticket>,
    /// Whom the user asked to call, where the server has not made that call yet.
    asked: Vec<Vec<UserId>>,
    /// The calls whose accept was sent, as often as it was.
    accepts: Vec<CallId>,
    calls: BTreeMap<CallId, View>,
    /// The calls that a page before this one left, as they were when the last input had been dealt with.
    resumable: Vec<CallId>,
    /// The numbers of the commands that were sent.
    numbers: HashSet<u32>,
    /// Whether the connection was made or restored by what is being handled: what had not arrived is sent again.
    greeted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Socket {
    None,
    Opening,
    Open,
}

/// A call, as the app has heard of it and as the browser has been used for it.
#[derive(Debug)]
struct View {
    part: Part,
    /// Who called, where it rang here.
    caller: Option<UserId>,
    told: CallState,
    consented: bool,
    peers: BTreeSet<UserId>,
    /// Those to whom an offer was made that has no answer.
    offered: BTreeSet<UserId>,
    /// Those whose last offer had no number: they know nothing of giving way.
    uncounted: BTreeSet<UserId>,
    /// Those whose offer was answered.
    answered: BTreeSet<UserId>,
    /// Those to whom the first offer was made here.
    impolite: BTreeSet<UserId>,
    /// Those whose description has been applied.
    described: BTreeSet<UserId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Rung,
    /// A page before this one was in it.
    Before,
    Inside,
    Released,
    Over,
}

impl Watch {
    pub(crate) fn new() -> Self {
        Self {
            link: Link::Closed,
            socket: Socket::None,
            waiting: HashSet::new(),
            settled: HashSet::new(),
            asked: Vec::new(),
            accepts: Vec::new(),
            calls: BTreeMap::new(),
            resumable: Vec::new(),
            numbers: HashSet::new(),
            greeted: false,
        }
    }

    /// A command was given, and is to be settled once.
    pub(crate) fn ordered(&mut self, ticket: Ticket) {
        assert!(self.waiting.insert(ticket), "{ticket:?} was given before");
    }

    /// The app accepts the call.
    pub(crate) fn consents(&mut self, call: &CallId) {
        if let Some(view) = self.calls.get_mut(call) {
            view.consented = true;
        }
    }

    /// The app takes up the call of the page before this one.
    pub(crate) fn takes_up(&mut self, call: &CallId) {
        if let Some(view) = self.calls.get_mut(call).filter(|view| view.part == Part::Before) {
            view.part = Part::Inside;
        }
    }

    /// It was refused at once: the app is in another call, or may be.
    pub(crate) fn may_not_take_up(&mut self, call: &CallId) {
        if let Some(view) = self.calls.get_mut(call).filter(|view| view.part == Part::Inside) {
            view.part = Part::Before;
        }
    }

    /// All that an input asked for was seen. The page can take up these calls.
    pub(crate) fn drained(&mut self, resumable: &[Call]) {
        self.greeted = false;
        self.resumable = resumable.iter().map(|call| call.id.clone()).collect();
        for call in resumable {
            let view = self.calls.entry(call.id.clone()).or_insert(View::new(Part::Before, call.state));
            if view.part == Part::Before {
                view.told = call.state;
            }
        }
        // What can be taken up no more is as if it had never been known, unless its end was told. A server that the app connects to
        // again may know of it still.
        let can = |id: &CallId| resumable.iter().any(|call| call.id == *id);
        self.calls.retain(|id, view| view.part != Part::Before || can(id));
    }

    /// An offer without a number comes.
    pub(crate) fn offered_uncounted(&mut self, call: &CallId, user: &UserId) {
        if let Some(view) = self.calls.get_mut(call) {
            view.uncounted.insert(user.clone());
        }
    }

    /// The browser has applied a description of theirs.
    pub(crate) fn described(&mut self, call: &CallId, user: &UserId) {
        if let Some(view) = self.calls.get_mut(call).filter(|view| view.peers.contains(user)) {
            view.described.insert(user.clone());
        }
    }

    /// The browser makes no offer after all.
    pub(crate) fn not_offered(&mut self, call: &CallId, user: &UserId) {
        if let Some(view) = self.calls.get_mut(call) {
            view.offered.remove(user);
        }
    }

    pub(crate) fn socket_opened(&mut self) {
        assert_eq!(self.socket, Socket::Opening);
        self.socket = Socket::Open;
    }

    pub(crate) fn socket_closed(&mut self) {
        self.socket = Socket::None;
    }

    /// Whether anything of the browser is in use for a call.
    pub(crate) fn is_inside(&self) -> bool {
        self.calls.values().any(|view| view.part == Part::Inside)
    }

    /// The session asks for this.
    pub(crate) fn saw(&mut self, action: &Action) {
        match action {
            Action::OpenSocket => {
                assert_eq!(self.socket, Socket::None, "one socket at a time");
                self.socket = Socket::Opening;
            }
            Action::CloseSocket { .. } => {
                assert_ne!(self.socket, Socket::None, "there is a socket to close");
                self.socket = Socket::None;
            }
            Action::Send(frame) => self.sends(frame),
            Action::UseIceServers(_)
            | Action::KeepIdentity { .. }
            | Action::ForgetIdentity
            | Action::RenewToken
            | Action::Log { .. } => {}
            Action::Settle { ticket, result } => {
                if let Ok(Some(call)) = result
                    && !self.calls.contains_key(&call.id)
                {
                    // A call that did not ring here yet is the one that the user asked for.
                    self.comes_of(|callees| *callees == [call.caller_id.clone()]);
                    self.calls.insert(call.id.clone(), View::new(Part::Inside, call.state));
                }
                assert!(self.waiting.contains(ticket), "{ticket:?} was given");
                assert!(self.settled.insert(*ticket), "{ticket:?} is settled once");
            }
            Action::Emit(Event::Link(link)) => {
                assert_ne!(self.link, *link, "the link is told where it changes");
                self.link = *link;
                self.greeted = *link == Link::Open;
            }
            Action::Emit(Event::Error(_)) => {}
            Action::Emit(Event::Call(event)) => self.tells(event),
            Action::OpenPeer { call, user, .. } => {
                if !self.calls.contains_key(call) {
                    self.comes_of(|callees| callees.contains(user));
                    self.calls.insert(call.clone(), View::new(Part::Inside, CallState::Initiating));
                }
                let view = self.inside(call);
                assert!(view.peers.insert(user.clone()), "one peer connection to {user:?}");
            }
            Action::RestartIce { call, user } => {
                let view = self.inside(call);
                assert!(view.peers.contains(user), "there is a peer connection to {user:?}");
            }
            Action::Offer { call, user } => {
                let view = self.inside(call);
                assert!(view.peers.contains(user), "there is a peer connection to {user:?}");
                // Who makes the first offer is impolite.
                if !view.answered.contains(user) {
                    view.impolite.insert(user.clone());
                }
                view.offered.insert(user.clone());
            }
            Action::Answer { call, user, .. } => {
                let view = self.inside(call);
                assert!(view.peers.contains(user), "there is a peer connection to {user:?}");
                let crosses = view.offered.remove(user);
                let counted = !view.uncounted.remove(user);
                assert!(!crosses || !counted || !view.impolite.contains(user), "I20: offers cross");
                view.answered.insert(user.clone());
            }
            Action::ApplyAnswer { call, user, .. } => {
                let view = self.inside(call);
                assert!(view.peers.contains(user), "there is a peer connection to {user:?}");
                assert!(view.offered.remove(user), "I20: it answers nothing");
            }
            Action::AddCandidate { candidate, user } => {
                let view = self.inside(&candidate.call_id);
                assert!(view.described.contains(user), "I20: a candidate before its description");
            }
            Action::ClosePeer { call, user } => {
                let view = self.inside(call);
                assert!(view.peers.remove(user), "there is a peer connection to {user:?}");
                view.described.remove(user);
                view.offered.remove(user);
                view.answered.remove(user);
                view.impolite.remove(user);
            }
            Action::Release { call } => {
                let view = self.inside(call);
                view.part = Part::Released;
                view.peers.clear();
                view.offered.clear();
                view.answered.clear();
                view.impolite.clear();
                view.described.clear();
            }
        }
    }

    fn sends(&mut self, ClientFrame { id, command }: &ClientFrame) {
        assert_eq!(self.socket, Socket::Open, "there is a socket to send on");
        let opens = matches!(command, Command::Open(_));
        assert_eq!(
            opens,
            self.link != Link::Open,
            "session:open, and nothing else, comes before the welcome"
        );
        if let Some(id) = id
            && !self.numbers.insert(*id)
        {
            return assert!(self.greeted, "I21: {command:?} is sent twice");
        }
        match command {
            Command::Initiate(initiate) => self.asked.push(initiate.callee_ids.clone()),
            // Given while there was no connection, or sent again: it was looked at when it was given.
            command if self.greeted => self.sends_late(command),
            Command::Open(_) => assert_eq!(*id, None),
            Command::Ping(_) | Command::Suspend(_) | Command::Authenticate(_) | Command::IceServers(_) => {}
            Command::Rejoin(rejoin) => drop(self.inside(&rejoin.call_id)),
            Command::Respond(respond) => {
                let view = self.calls.get_mut(&respond.call_id).expect("it rang here");
                assert!(view.part != Part::Over, "I11");
                match respond.action {
                    RespondAction::Accept => {
                        assert!(view.may_be_accepted(), "I1: accepted without its user");
                        view.part = Part::Inside;
                        self.accepts.push(respond.call_id.clone());
                    }
                    RespondAction::Reject => {
                        assert_eq!(view.part, Part::Rung);
                        view.part = Part::Released;
                    }
                }
            }
            Command::Hangup(hangup) => {
                if let Some(view) = self.calls.get_mut(&hangup.call_id) {
                    let left = self.resumable.contains(&hangup.call_id);
                    assert!(view.part != Part::Over || left, "I11: a call that ended is hung up");
                    if view.part == Part::Rung {
                        view.part = Part::Released;
                    }
                }
            }
            Command::AddParticipant(choice) | Command::RemoveParticipant(choice) => {
                self.inside(&choice.call_id);
            }
            Command::MediaToggle(toggle) => drop(self.inside(&toggle.call_id)),
            Command::Offer(description) | Command::Answer(description) => {
                let Description { call_id, to_user_id, .. } = description;
                assert!(self.inside(call_id).peers.contains(to_user_id), "I2");
                // Whether it names an address the server looks.
                let is_offer = description.kind == DescriptionType::Offer;
                assert!(description.sealed != Some(true) || is_offer, "I2: {description:?} is sealed");
            }
            Command::Candidate(candidate) => {
                assert!(self.inside(&candidate.call_id).peers.contains(&candidate.to_user_id), "I2");
            }
            Command::Report(report) => {
                assert!(self.inside(&report.call_id).peers.contains(&report.peer_user_id));
            }
        }
    }

    fn sends_late(&mut self, command: &Command) {
        let (call, accepts) = match command {
            Command::Respond(respond) => (&respond.call_id, respond.action == RespondAction::Accept),
            Command::Hangup(hangup) => (&hangup.call_id, false),
            _ => return,
        };
        if let Some(view) = self.calls.get_mut(call).filter(|view| view.part == Part::Rung) {
            assert!(!accepts || view.consented, "I1: accepted without its user");
            view.part = if accepts { Part::Inside } else { Part::Released };
            self.accepts.extend(accepts.then(|| call.clone()));
        }
    }

    fn tells(&mut self, event: &ServerEvent) {
        match event {
            ServerEvent::Incoming(call) => {
                assert_eq!(call.state, CallState::Ringing, "a call rings, wherever it stands for others");
                let view = View { caller: Some(call.caller_id.clone()), ..View::new(Part::Rung, call.state) };
                let before = self.calls.insert(call.id.clone(), view);
                // One who left, or was out, may be invited again.
                let over = before.is_none_or(|view| view.part == Part::Over);
                return assert!(over, "{:?} rings twice", call.id);
            }
            ServerEvent::StateChanged(changed) => return self.moves(changed),
            ServerEvent::ParticipantJoined(_)
            | ServerEvent::ParticipantLeft(_)
            | ServerEvent::MediaChanged(_)
            | ServerEvent::CalleeChanged(_)
            | ServerEvent::ParticipantChanged(_)
            | ServerEvent::ParticipantRejoined(_) => {}
            // It is about another device of the user.
            ServerEvent::Elsewhere(_) => return,
            ServerEvent::Offer(_) | ServerEvent::Answer(_) | ServerEvent::Candidate(_) => {
                panic!("signals are no event for the app")
            }
        }
        let view = self.calls.get(event.call_id()).expect("the app knows of the call");
        assert_ne!(view.part, Part::Over, "I11: {event:?} after the end");
    }

    fn moves(&mut self, changed: &StateChanged) {
        let StateChanged { call_id, state, end_reason, answered_elsewhere, .. } = changed;
        let view = self.calls.get_mut(call_id).expect("the app knows of the call");
        assert_ne!(view.part, Part::Over, "I10, I17: {call_id:?} has ended");
        let declared =
            TABLE.iter().any(|edge| (edge.from, edge.to, edge.reason) == (view.told, *state, *end_reason));
        assert!(declared || *answered_elsewhere == Some(true), "I33: {changed:?} after {:?}", view.told);
        view.told = *state;
        if view.part == Part::Rung && *state != CallState::Ended {
            // The user asked to call the one who was calling, or accepted it when it had rung before.
            view.part = Part::Inside;
            let caller = view.caller.clone();
            if self.accepts.contains(call_id) {
                return;
            }
            self.comes_of(|callees| caller.is_some_and(|caller| *callees == [caller]));
            return;
        }
        if *state == CallState::Ended {
            assert_ne!(view.part, Part::Inside, "I4: the app hears the end while the camera is on");
            view.part = Part::Over;
        }
    }

    /// A call comes of what the user asked for: it is one that they consented to.
    #[track_caller]
    fn comes_of(&mut self, which: impl FnOnce(&Vec<UserId>) -> bool + Clone) {
        let asked = self.asked.iter().position(|callees| which.clone()(callees));
        self.asked.remove(asked.expect("I1: nobody asked for this call"));
    }

    #[track_caller]
    fn inside(&mut self, call: &CallId) -> &mut View {
        let view = self.calls.get_mut(call).expect("I1: nobody here knows the call");
        if (self.link == Link::Lost || self.greeted) && view.may_be_accepted() {
            // The accept waits for the connection, or waited for it in vain.
            view.part = Part::Inside;
            self.accepts.push(call.clone());
        }
        assert_eq!(view.part, Part::Inside, "I1, I4: {call:?} is none of this device's");
        view
    }

    /// Every command was settled.
    pub(crate) fn is_settled(&self) {
        assert_eq!(self.waiting, self.settled, "some commands were not settled");
    }

    /// Every command was settled, and every call that rang here, or was made, has ended.
    pub(crate) fn is_over(&self) {
        self.is_settled();
        for (id, view) in &self.calls {
            assert_eq!(view.part, Part::Over, "I10, I17: {id:?} has not ended: {view:?}");
        }
    }
}

impl View {
    /// Whether its user has said so, and it rings: it may ring on where an accept was lost on its way.
    fn may_be_accepted(&self) -> bool {
        let rings_on =
            self.part == Part::Released && self.told == CallState::Ringing && self.caller.is_some();
        self.consented && (self.part == Part::Rung || rings_on)
    }

    const fn new(part: Part, told: CallState) -> Self {
        Self {
            part,
            caller: None,
            told,
            consented: false,
            peers: BTreeSet::new(),
            offered: BTreeSet::new(),
            uncounted: BTreeSet::new(),
            answered: BTreeSet::new(),
            impolite: BTreeSet::new(),
            described: BTreeSet::new(),
        }
    }
}
