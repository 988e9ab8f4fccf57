//! A client, as far as its commands depend on what it knows.

use std::collections::{BTreeMap, BTreeSet};

use lumencall_core::machine::{CallCommand, Dialect, Origin};
use lumencall_core::wire::{
    CallInitiate, CallRespond, ConnectionReport, ConnectionState, Description, DescriptionType, Extra,
    Hangup, IceCandidate, MediaToggle, ParticipantChoice, Private, Rejoin, RespondAction, ServerEvent,
    Signal,
};
use lumencall_core::{Call, CallId, CallState, CallType, ConversationId, UserId};

use super::scenario::{Actor, Habits, Wish};

/// What a client knows, and what it has done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Client {
    calls: BTreeMap<CallId, Mine>,
    /// The wishes that came true, by their index.
    wished: BTreeSet<usize>,
    /// How many commands wait for their reply.
    pub(super) waits: usize,
    /// Whether an initiate was answered with another's call.
    pub(super) met: bool,
    /// Whether the next reply answers an initiate.
    initiates: bool,
}

/// A call, as its client knows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Mine {
    stage: Stage,
    /// The others who are in it, with their incarnations.
    others: BTreeMap<UserId, Option<u32>>,
    offered: BTreeSet<UserId>,
    /// Whether this page has taken the place of another, so that those who are in it offer.
    rejoined: bool,
    /// Those whose new page waits for an offer.
    returned: BTreeSet<UserId>,
    said: BTreeSet<Said>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stage {
    Rings,
    Asked,
    Inside,
    /// The device is in it by the server's word, and this page is not.
    Left,
}

/// What is said once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Said {
    Hangup,
    Rejoin,
    Report(UserId, &'static str),
    Offer(UserId),
    Candidate(UserId),
    Answer(UserId),
}

/// A frame from the server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Frame {
    /// A command was done.
    Done(Option<Box<Call>>),
    /// A command was refused.
    Refused,
    /// An event.
    Event(Box<ServerEvent>),
}

/// What a client may say next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Say {
    command: CallCommand,
    wish: Option<usize>,
    said: Option<Said>,
}

impl Say {
    /// The command.
    pub(super) const fn command(&self) -> &CallCommand {
        &self.command
    }
}

impl Client {
    /// The client has said it.
    pub(super) fn says(&mut self, say: Say) -> CallCommand {
        let Say { command, wish, said } = say;
        self.waits += 1;
        self.wished.extend(wish);
        self.initiates = matches!(command, CallCommand::Initiate { .. });
        if let Some(mine) = self.calls.get_mut(command.call_id()) {
            mine.said.extend(said);
            if matches!(command, CallCommand::Respond(_)) {
                mine.stage = Stage::Asked;
            }
        }
        command
    }

    /// Everything that the client may say by what it knows.
    pub(super) fn wants(&self, actor: &Actor, habits: &Habits) -> Vec<Say> {
        let mut all = Vec::new();
        let busy = self.calls.values().any(|mine| mine.stage == Stage::Inside);
        for (index, wish) in actor.wishes.iter().enumerate().filter(|(index, _)| !self.wished.contains(index))
        {
            let inside = self.calls.iter().filter(|(_, mine)| mine.stage == Stage::Inside);
            let command = match wish {
                Wish::Call(_) if busy => None,
                Wish::Call(callees) | Wish::Recall(callees) => Some(CallCommand::Initiate {
                    initiate: initiate(callees),
                    fresh: call_id(&format!("{}#{index}", actor.origin.device.id.as_str())),
                }),
                Wish::Add(user) => inside.clone().next().map(|(call, _)| {
                    CallCommand::AddParticipant(ParticipantChoice {
                        call_id: call.clone(),
                        user_id: user.clone(),
                    })
                }),
                Wish::Remove(user) => inside.clone().next().map(|(call, _)| {
                    CallCommand::RemoveParticipant(ParticipantChoice {
                        call_id: call.clone(),
                        user_id: user.clone(),
                    })
                }),
                Wish::Toggle(audio) => inside.clone().next().map(|(call, _)| {
                    CallCommand::MediaToggle(MediaToggle {
                        call_id: call.clone(),
                        audio: Some(*audio),
                        video: None,
                        screen_share: None,
                    })
                }),
            };
            all.extend(command.map(|command| Say { command, wish: Some(index), said: None }));
        }
        for (call, mine) in &self.calls {
            mine.wants(call, actor, habits, &mut all);
        }
        all
    }

    pub(super) fn hears(&mut self, actor: &Actor, frame: &Frame) {
        let own = &actor.origin;
        match frame {
            Frame::Refused => self.waits -= 1,
            Frame::Done(call) => {
                self.waits -= 1;
                if let Some(call) = call {
                    self.met |= self.initiates && call.caller_id != own.user;
                    if own.device.dialect == Dialect::Sdk {
                        let mine = self.calls.entry(call.id.clone()).or_insert_with(Mine::new);
                        mine.rejoined |= mine.stage == Stage::Left;
                        mine.stage = Stage::Inside;
                        mine.others = others_in(call, own);
                    }
                }
            }
            Frame::Event(event) => self.hears_event(own, event),
        }
    }

    fn hears_event(&mut self, own: &Origin, event: &ServerEvent) {
        match event {
            ServerEvent::Incoming(call) => {
                let others = others_in(call, own);
                self.calls.insert(call.id.clone(), Mine { others, ..Mine::new() });
            }
            ServerEvent::StateChanged(changed) if changed.state == CallState::Ended => {
                self.calls.remove(&changed.call_id);
            }
            ServerEvent::StateChanged(changed) => {
                let mine = self.calls.entry(changed.call_id.clone()).or_insert_with(Mine::new);
                if mine.stage != Stage::Left {
                    mine.stage = Stage::Inside;
                }
            }
            ServerEvent::ParticipantJoined(joined) => {
                if let Some(mine) = self.calls.get_mut(&joined.call_id)
                    && joined.participant.user_id != own.user
                {
                    mine.others.insert(joined.participant.user_id.clone(), joined.participant.incarnation);
                }
            }
            ServerEvent::ParticipantRejoined(rejoined) => {
                if let Some(mine) = self.calls.get_mut(&rejoined.call_id) {
                    let who = &rejoined.participant;
                    mine.forget(&who.user_id);
                    mine.others.insert(who.user_id.clone(), who.incarnation);
                    mine.returned.insert(who.user_id.clone());
                }
            }
            ServerEvent::ParticipantLeft(left) => {
                if let Some(mine) = self.calls.get_mut(&left.call_id) {
                    mine.forget(&left.user_id);
                }
            }
            ServerEvent::Offer(offer) => {
                if let (Some(mine), Some(from)) = (self.calls.get_mut(&offer.call_id), &offer.from_user_id)
                    && mine.stage != Stage::Left
                {
                    mine.offered.insert(from.clone());
                }
            }
            ServerEvent::MediaChanged(_)
            | ServerEvent::CalleeChanged(_)
            | ServerEvent::ParticipantChanged(_)
            | ServerEvent::Elsewhere(_)
            | ServerEvent::Answer(_)
            | ServerEvent::Candidate(_) => {}
        }
    }
}

impl Client {
    /// The client of a page that is loaded anew: it knows nothing, and its user's wishes are what they were.
    pub(super) fn loaded_anew(&self) -> Self {
        Self { wished: self.wished.clone(), met: self.met, ..Self::default() }
    }

    fn ends(&mut self) {
        self.calls.clear();
        self.waits = 0;
        self.initiates = false;
    }

    /// The server knows nothing of the device any more: every call is over.
    pub(super) fn is_unknown(&mut self) {
        self.ends();
    }

    /// The server knows the device, and what the client did not hear is lost: these are its calls. Returns what the client
    /// says by itself.
    pub(super) fn reconciles(&mut self, own: &Origin, calls: &[Call]) -> Vec<CallCommand> {
        let before = std::mem::take(&mut self.calls);
        self.ends();
        let mut says = Vec::new();
        for call in calls {
            let call_id = call.id.clone();
            let mut mine = Mine { others: others_in(call, own), ..Mine::new() };
            if call.participants.iter().any(|one| one.user_id == own.user) {
                mine.stage = Stage::Left;
                match before.get(&call.id) {
                    Some(known) if known.said.contains(&Said::Hangup) => {
                        mine.said.insert(Said::Hangup);
                        says.push(CallCommand::Hangup(Hangup { call_id }));
                    }
                    Some(_) => {
                        mine.said.insert(Said::Rejoin);
                        says.push(CallCommand::Rejoin(Rejoin { call_id }));
                    }
                    // Its user decides.
                    None => {}
                }
            }
            self.calls.insert(call.id.clone(), mine);
        }
        self.waits += says.len();
        says
    }

    /// Whether it knows what the server tells of the device's calls: which they are, whether they ring, and which pages of
    /// others are in them.
    pub(super) fn agrees(&self, own: &Origin, calls: &[Call]) -> bool {
        let knows = |call: &Call| {
            let inside = call.participants.iter().any(|one| one.user_id == own.user);
            self.calls.get(&call.id).is_some_and(|mine| match mine.stage {
                Stage::Rings | Stage::Asked => !inside,
                Stage::Left => inside,
                Stage::Inside => inside && mine.others == others_in(call, own),
            })
        };
        calls.len() == self.calls.len() && calls.iter().all(knows)
    }
}

/// The others in a call, with their incarnations.
fn others_in(call: &Call, own: &Origin) -> BTreeMap<UserId, Option<u32>> {
    let others = call.participants.iter().filter(|one| one.user_id != own.user);
    others.map(|one| (one.user_id.clone(), one.incarnation)).collect()
}

impl Mine {
    const fn new() -> Self {
        Self {
            stage: Stage::Rings,
            others: BTreeMap::new(),
            offered: BTreeSet::new(),
            rejoined: false,
            returned: BTreeSet::new(),
            said: BTreeSet::new(),
        }
    }

    fn forget(&mut self, user: &UserId) {
        self.others.remove(user);
        self.offered.remove(user);
        self.returned.remove(user);
        self.said.retain(|said| match said {
            Said::Hangup | Said::Rejoin => true,
            Said::Report(peer, _) | Said::Offer(peer) | Said::Candidate(peer) | Said::Answer(peer) => {
                peer != user
            }
        });
    }

    fn wants(&self, call: &CallId, actor: &Actor, habits: &Habits, all: &mut Vec<Say>) {
        let id = || call.clone();
        let mut once = |said: Said, command: CallCommand| {
            if !self.said.contains(&said) {
                all.push(Say { command, wish: None, said: Some(said) });
            }
        };
        match self.stage {
            Stage::Rings => {
                for action in [RespondAction::Accept, RespondAction::Reject] {
                    if action == RespondAction::Accept || habits.rejects {
                        let command = CallCommand::Respond(CallRespond { call_id: id(), action });
                        all.push(Say { command, wish: None, said: None });
                    }
                }
            }
            Stage::Asked => {}
            Stage::Left => {
                if !self.said.contains(&Said::Hangup) {
                    once(Said::Rejoin, CallCommand::Rejoin(Rejoin { call_id: id() }));
                }
                if habits.hangs_up {
                    once(Said::Hangup, CallCommand::Hangup(Hangup { call_id: id() }));
                }
            }
            Stage::Inside => {
                if habits.hangs_up {
                    once(Said::Hangup, CallCommand::Hangup(Hangup { call_id: id() }));
                }
                let sdk = actor.origin.device.dialect == Dialect::Sdk;
                for (peer, incarnation) in &self.others {
                    for state in habits.reports.iter().filter(|_| sdk) {
                        let report = ConnectionReport {
                            call_id: id(),
                            peer_user_id: peer.clone(),
                            state: *state,
                            incarnation: *incarnation,
                        };
                        let ahead = *state != ConnectionState::Reconnecting
                            || self
                                .said
                                .contains(&Said::Report(peer.clone(), ConnectionState::Connected.as_str()));
                        if ahead {
                            once(Said::Report(peer.clone(), state.as_str()), CallCommand::Report(report));
                        }
                    }
                    if self.offered.contains(peer) && habits.signals {
                        let answer = description(call, peer, DescriptionType::Answer, *incarnation);
                        once(Said::Answer(peer.clone()), CallCommand::Signal(Signal::Description(answer)));
                    }
                }
                if habits.signals && !self.said.contains(&Said::Hangup) {
                    // Those who are in it offer to a page that takes the place of another.
                    let first = |peer: &&UserId| !self.rejoined || !self.others.contains_key(*peer);
                    let first = actor.offers_to.iter().filter(first);
                    for peer in first.chain(&self.returned).collect::<BTreeSet<_>>() {
                        let incarnation = self.others.get(peer).copied().flatten();
                        let offer = description(call, peer, DescriptionType::Offer, incarnation);
                        once(Said::Offer(peer.clone()), CallCommand::Signal(Signal::Description(offer)));
                        let candidate = candidate(call, peer, incarnation);
                        once(
                            Said::Candidate(peer.clone()),
                            CallCommand::Signal(Signal::Candidate(candidate)),
                        );
                    }
                }
            }
        }
    }
}

pub(super) fn call_id(text: &str) -> CallId {
    CallId::new(text).expect("the scenarios name calls by short texts")
}

pub(super) fn initiate(callees: &[UserId]) -> CallInitiate {
    CallInitiate {
        conversation_id: ConversationId::new("c").expect("it is not empty"),
        call_type: CallType::Video,
        callee_ids: callees.to_vec(),
        metadata: None,
    }
}

/// A description that names no address. An offer claims to be sealed.
pub(super) fn description(
    call: &CallId,
    to: &UserId,
    kind: DescriptionType,
    incarnation: Option<u32>,
) -> Description {
    Description {
        call_id: call.clone(),
        from_user_id: None,
        to_user_id: to.clone(),
        kind,
        sdp: Private::new("v=0\r\n"),
        sealed: (kind == DescriptionType::Offer).then_some(true),
        renegotiation: None,
        incarnation,
        round: None,
        screen: None,
        extra: Extra::default(),
    }
}

pub(super) fn candidate(call: &CallId, to: &UserId, incarnation: Option<u32>) -> IceCandidate {
    IceCandidate {
        call_id: call.clone(),
        from_user_id: None,
        to_user_id: to.clone(),
        candidate: Private::new("candidate:1"),
        sdp_mid: None,
        sdp_m_line_index: Some(0),
        username_fragment: None,
        incarnation,
        extra: Extra::default(),
    }
}
