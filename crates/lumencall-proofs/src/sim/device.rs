//! A device: an app, and a client under it.

use std::collections::{BTreeMap, BTreeSet};

use lumencall_core::machine::Dialect;
use lumencall_core::session::{ClientSession, Ticket};
use lumencall_core::wire::{
    CallRespond, ClientFrame, Command, Hangup, MediaToggle, ParticipantChoice, Private, Rejoin, RespondAction,
};
use lumencall_core::{Call, CallId, CallState, DeviceId, Millis, UserId};

use super::browser::Browser;
use super::chance::draw;
use super::ledger::Ledger;
use super::schedule::Kind;
use super::values;
use super::watch::Watch;

/// How long a command of the SDK may wait for its reply.
const TIMEOUT: Millis = 10_000;

/// What somebody wants.
#[derive(Clone, Debug)]
pub(super) enum Want {
    Initiate { callees: Vec<UserId>, audio: bool },
    Accept(CallId),
    Reject(CallId),
    Hangup(CallId),
    Rejoin(CallId),
    Add(CallId, UserId),
    Remove(CallId, UserId),
    Toggle(MediaToggle),
}

/// The device's end of a socket.
#[derive(Clone, Debug)]
pub(super) struct Socket {
    /// Its number, which no other has.
    pub(super) number: u64,
    /// When the last frame arrives that is on its way up, and down: none overtakes another.
    pub(super) up: Millis,
    pub(super) down: Millis,
    /// How many frames were sent either way.
    pub(super) frames: u64,
    /// Whether nothing comes through any more, up and down.
    pub(super) dead: (bool, bool),
}

/// What the app of a page that was loaded anew does with the call that the page before it was in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    Rejoin,
    Hangup,
    /// It rejoins as another hangs up.
    Race,
    Nothing,
}

/// What a client knows that is not the SDK's.
#[derive(Clone, Debug, Default)]
pub(super) struct Plain {
    pub(super) calls: BTreeMap<CallId, PlainCall>,
    pub(super) last_id: u32,
    pub(super) last: Option<ClientFrame>,
}

/// A call, to a client that is not the SDK.
#[derive(Clone, Debug)]
pub(super) struct PlainCall {
    pub(super) state: CallState,
    pub(super) joined: bool,
    pub(super) others: BTreeSet<UserId>,
}

/// The client.
#[derive(Debug)]
pub(super) enum Client {
    Sdk(Box<ClientSession>),
    Plain(Plain),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Device {
    /// `u3/1`: whose it is, and which.
    pub(super) name: String,
    pub(super) user: UserId,
    pub(super) kind: Kind,
    /// By how much its clock is ahead.
    pub(super) ahead: Millis,
    pub(super) client: Client,
    pub(super) watch: Watch,
    pub(super) browser: Browser,
    pub(super) socket: Option<Socket>,
    /// The attempt to open a socket that is under way, by its number, and how many there were.
    pub(super) opening: Option<u64>,
    pub(super) attempts: u64,
    /// What was said in the session.
    pub(super) ledger: Ledger,
    /// What the browser keeps for the next page.
    pub(super) identity: Option<(DeviceId, Private)>,
    /// What the app does that finds itself in a call.
    pub(super) then: Then,
    /// Whether another page took this one's session, and its app has not asked for it again.
    pub(super) taken_over: bool,
    /// Whether the session could not go on, and what is known here was brought into line.
    pub(super) reconciled: bool,
    /// Of the SDK's commands: what was wanted.
    pub(super) tickets: BTreeMap<u64, (Ticket, Want)>,
    pub(super) given: u64,
    pub(super) described: u32,
    /// How often the page was opened anew.
    pub(super) pages: u32,
}

impl Device {
    pub(super) fn new(name: String, user: UserId, kind: Kind, ahead: Millis) -> Self {
        let client = Self::client(kind, &user, &name, 0);
        let watch = Watch::new(user.clone());
        Self {
            name,
            user,
            kind,
            ahead,
            client,
            watch,
            browser: Browser::default(),
            socket: None,
            opening: None,
            attempts: 0,
            ledger: Ledger::default(),
            identity: None,
            then: Then::Nothing,
            taken_over: false,
            reconciled: false,
            tickets: BTreeMap::new(),
            given: 0,
            described: 0,
            pages: 0,
        }
    }

    fn client(kind: Kind, user: &UserId, name: &str, page: u32) -> Client {
        match kind {
            Kind::Sdk => {
                let name = name.bytes().fold(0, |sum, byte| sum * 256 + u64::from(byte));
                let chance = draw(&[8, name, u64::from(page)]) as u32;
                // Some learn who they are from the welcome.
                let user = Some(user.clone()).filter(|_| !chance.is_multiple_of(4));
                Client::Sdk(Box::new(ClientSession::new(user, TIMEOUT, chance)))
            }
            Kind::Seed | Kind::Wild => Client::Plain(Plain::default()),
        }
    }

    /// The page is closed, and another is opened, which may know who it was.
    pub(super) fn load(&mut self, identity: Option<(DeviceId, Private)>) {
        self.pages += 1;
        self.client = Self::client(self.kind, &self.user, &self.name, self.pages);
        self.identity = identity;
        if let (Client::Sdk(session), Some((device, secret))) = (&mut self.client, self.identity.clone()) {
            session.adopt(device, secret);
        }
        self.watch = Watch::new(self.user.clone());
        self.browser = Browser::default();
        self.tickets.clear();
        (self.socket, self.opening) = (None, None);
        self.ledger = Ledger::default();
        self.then = Then::Nothing;
        (self.taken_over, self.reconciled) = (false, false);
    }

    /// The session of a client of the SDK.
    pub(super) fn session(&self) -> Option<&ClientSession> {
        match &self.client {
            Client::Sdk(session) => Some(session),
            Client::Plain(_) => None,
        }
    }

    pub(super) const fn dialect(&self) -> Dialect {
        match self.kind {
            Kind::Sdk | Kind::Wild => Dialect::Sdk,
            Kind::Seed => Dialect::Seed,
        }
    }

    /// A name for a description, which no other has.
    pub(super) fn describe(&mut self) -> String {
        self.described += 1;
        let kind = if self.kind == Kind::Sdk { "sdk" } else { "seed" };
        format!("{kind}-{}.{}.{}", self.name, self.pages, self.described)
    }

    /// What it knows of a call: nothing, or its state.
    pub(super) fn knows(&self, call: &CallId) -> Option<CallState> {
        match &self.client {
            Client::Sdk(session) => session.calls().find(|known| known.id == *call).map(|known| known.state),
            Client::Plain(plain) => plain.calls.get(call).map(|known| known.state),
        }
    }

    /// The incarnation of a user that it knows of in a call.
    pub(super) fn incarnation(&self, call: &CallId, user: &UserId) -> u32 {
        let known = self.session().and_then(|session| session.calls().find(|known| known.id == *call));
        let mut participants = known.into_iter().flat_map(|call| &call.participants);
        participants.find(|one| one.user_id == *user).and_then(|one| one.incarnation).unwrap_or_default()
    }

    /// The calls that it knows.
    pub(super) fn calls(&self) -> Vec<CallId> {
        match &self.client {
            Client::Sdk(session) => session.calls().map(|call| call.id.clone()).collect(),
            Client::Plain(plain) => plain.calls.keys().cloned().collect(),
        }
    }
}

impl Want {
    /// The call that it is about.
    pub(super) const fn call(&self) -> Option<&CallId> {
        match self {
            Self::Initiate { .. } => None,
            Self::Accept(call) | Self::Reject(call) | Self::Hangup(call) | Self::Rejoin(call) => Some(call),
            Self::Add(call, _) | Self::Remove(call, _) => Some(call),
            Self::Toggle(toggle) => Some(&toggle.call_id),
        }
    }

    /// What a client says that wants this.
    pub(super) fn command(self) -> Command {
        let respond = |call_id, action| Command::Respond(CallRespond { call_id, action });
        match self {
            Self::Initiate { callees, audio } => Command::Initiate(values::initiate(callees, audio)),
            Self::Accept(call) => respond(call, RespondAction::Accept),
            Self::Reject(call) => respond(call, RespondAction::Reject),
            Self::Hangup(call_id) => Command::Hangup(Hangup { call_id }),
            Self::Rejoin(call_id) => Command::Rejoin(Rejoin { call_id }),
            Self::Add(call_id, user_id) => Command::AddParticipant(ParticipantChoice { call_id, user_id }),
            Self::Remove(call_id, user_id) => {
                Command::RemoveParticipant(ParticipantChoice { call_id, user_id })
            }
            Self::Toggle(toggle) => Command::MediaToggle(toggle),
        }
    }

    /// Gives the command to a session.
    pub(super) fn give(&self, session: &mut ClientSession, now: Millis) -> Ticket {
        match self {
            Self::Initiate { callees, audio } => {
                session.initiate(now, values::initiate(callees.clone(), *audio))
            }
            Self::Accept(call) => session.accept(now, call),
            Self::Reject(call) => session.reject(now, call),
            Self::Hangup(call) => session.hangup(now, call),
            Self::Rejoin(call) => session.rejoin(now, call),
            Self::Add(call, user) => session.add_participant(now, call, user.clone()),
            Self::Remove(call, user) => session.remove_participant(now, call, user.clone()),
            Self::Toggle(toggle) => session.toggle_media(now, toggle.clone()),
        }
    }
}

impl PlainCall {
    /// A call that rings here.
    pub(super) fn incoming(call: &Call) -> Self {
        Self { state: call.state, joined: false, others: BTreeSet::new() }
    }

    /// A call that was made here.
    pub(super) const fn made(state: CallState) -> Self {
        Self { state, joined: true, others: BTreeSet::new() }
    }
}
