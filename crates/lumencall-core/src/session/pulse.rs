//! Times: when to ask for a sign of life, when to try again, when to fetch what expires.

use super::commands::What;
use super::{Action, ClientSession, Failure, Link};
use crate::Millis;
use crate::wire::{Command, Nothing};

/// After how long without hearing anything the server is asked for a sign of life, in milliseconds.
const QUIET: Millis = 25_000;
/// How long that may take.
const PATIENCE: Millis = 10_000;
/// How long it may take where there is reason to doubt: the browser woke up, or changed its network.
const DOUBT: Millis = 3_000;
/// A timer that comes later than this was held up, in a tab that was asleep: what came in meanwhile is looked at first.
const LATE: Millis = 2_000;
/// The first pause before a socket is opened again, at most. Each is twice the one before.
const FIRST_PAUSE: Millis = 250;
/// By how much it is longer where the browser may be leaving the page.
const HESITATION: Millis = 500;
/// The longest pause, at most.
const LONGEST_PAUSE: Millis = 5_000;
/// A connection that stood for so long begins with the first pause again.
const SOUND: Millis = 5_000;
/// Calls whose connection to the server is cut for so long are over: the server lets go of them before that.
const GIVE_UP: Millis = 40_000;

/// See the module. Absolute times are on the clock of the inputs.
#[derive(Debug)]
pub(super) struct Pulse {
    /// A source of pauses (Marsaglia's xorshift).
    chance: u32,
    /// When the socket is to be opened again; none while that is under way.
    retry: Option<Millis>,
    /// Until when a socket that is being opened may take.
    attempt: Option<Millis>,
    /// How many attempts there were in a row.
    attempts: u32,
    /// Since when the connection stands.
    open_since: Millis,
    /// When calls are given up that have no connection to the server.
    give_up: Option<Millis>,
    /// When something was heard last.
    heard: Millis,
    /// Until when a sign of life has to come.
    answer: Option<Millis>,
    /// Whether the server knows the user by a token that expires.
    has_token: bool,
    /// When it has to be renewed.
    token: Option<Millis>,
    /// When the ICE servers have to be asked for again.
    ice_servers: Option<Millis>,
}

impl Pulse {
    pub(super) const fn new(chance: u32) -> Self {
        Self {
            chance: chance | 1,
            retry: None,
            attempt: None,
            attempts: 0,
            open_since: 0,
            give_up: None,
            heard: 0,
            answer: None,
            has_token: false,
            token: None,
            ice_servers: None,
        }
    }

    pub(super) fn deadline(&self, link: Link) -> Option<Millis> {
        match link {
            Link::Closed | Link::Opening => None,
            Link::Open => {
                let quiet = self.answer.unwrap_or(self.heard + QUIET);
                earlier(Some(quiet), earlier(self.token, self.ice_servers))
            }
            Link::Lost => earlier(self.retry, earlier(self.attempt, self.give_up)),
        }
    }

    /// Whether a socket is being opened after a loss.
    pub(super) const fn is_trying(&self) -> bool {
        self.attempt.is_some()
    }

    /// The connection stands.
    pub(super) fn open(&mut self, now: Millis) {
        *self = Self { attempts: self.attempts, open_since: now, heard: now, ..Self::new(self.chance) };
    }

    /// Something was heard.
    pub(super) fn hear(&mut self, now: Millis) {
        self.heard = now;
        self.answer = None;
    }

    /// What expires in so many seconds is to be renewed at four fifths of that.
    pub(super) fn token_expires(&mut self, now: Millis, seconds: Option<u32>) {
        self.has_token = seconds.is_some();
        self.token = seconds.map(|seconds| now + (Millis::from(seconds) * 800).max(SOUND));
    }

    /// Whether the server knows the user by a token that expires, so that another may be had.
    pub(super) const fn has_token(&self) -> bool {
        self.has_token
    }

    /// As for the token.
    pub(super) fn ice_servers_expire(&mut self, now: Millis, seconds: Option<u32>) {
        self.ice_servers = seconds.map(|seconds| now + (Millis::from(seconds) * 800).max(SOUND));
    }

    /// Whether the ICE servers are to be asked for again.
    pub(super) fn ice_servers_due(&self, now: Millis) -> bool {
        self.ice_servers.is_some_and(|due| due <= now)
    }

    /// The connection is lost, or could not be restored: it is tried again after a pause of any length up to twice the one before
    /// (full jitter).
    pub(super) fn lose(&mut self, now: Millis, was_open: bool) {
        if was_open {
            if now >= self.open_since + SOUND {
                self.attempts = 0;
            }
            self.give_up = Some(now + GIVE_UP);
        }
        self.attempt = None;
        let longest = (FIRST_PAUSE << self.attempts.min(8)).min(LONGEST_PAUSE);
        self.attempts += 1;
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 17;
        self.chance ^= self.chance << 5;
        self.retry = Some(now + Millis::from(self.chance) % (longest + 1));
    }

    /// The next attempt comes later than it would.
    pub(super) fn hesitate(&mut self) {
        self.retry = self.retry.map(|retry| retry + HESITATION);
    }
}

/// The earlier of two times.
pub(super) fn earlier(one: Option<Millis>, other: Option<Millis>) -> Option<Millis> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

impl ClientSession {
    /// The browser woke up, is shown again, or has another network: what stands is put to the test, and what does not is tried at
    /// once.
    pub fn handle_wake(&mut self, now: Millis) {
        match self.link {
            Link::Open => {
                let soon = now + DOUBT;
                if self.pulse.answer.is_none_or(|answer| answer > soon) {
                    self.ask_for_life(soon);
                }
            }
            Link::Lost if self.pulse.retry.is_some() => {
                self.pulse.attempts = 0;
                self.pulse.retry = Some(now);
                self.keep_pulse(now);
            }
            Link::Lost | Link::Opening | Link::Closed => {}
        }
    }

    pub(super) fn ask_for_ice_servers(&mut self) {
        self.pulse.ice_servers = None;
        self.request(Command::IceServers(Nothing {}), What::IceServers);
    }

    /// The browser says that there is a network, or none. One that came may be another.
    pub fn handle_network(&mut self, now: Millis, online: bool) {
        self.online = online;
        self.handle_wake(now);
        if online {
            self.restart_all(now);
        }
    }

    fn ask_for_life(&mut self, until: Millis) {
        self.pulse.answer = Some(until);
        self.last_id += 1;
        self.post(Some(self.last_id), Command::Ping(Nothing {}));
    }

    /// Does what is due.
    pub(super) fn keep_pulse(&mut self, now: Millis) {
        let due = |time: Option<Millis>| time.is_some_and(|time| time <= now);
        match self.link {
            Link::Closed | Link::Opening => {}
            Link::Open => {
                match self.pulse.answer {
                    // The answer may be there, behind this timer.
                    Some(answer) if now >= answer + LATE => self.ask_for_life(now + PATIENCE),
                    Some(answer) if now >= answer => return self.lose_socket(now),
                    None if now >= self.pulse.heard + QUIET => self.ask_for_life(now + PATIENCE),
                    Some(_) | None => {}
                }
                if due(self.pulse.token) {
                    self.pulse.token = None;
                    self.act(Action::RenewToken);
                }
                if self.pulse.ice_servers_due(now) {
                    self.ask_for_ice_servers();
                }
                self.recover(now);
            }
            Link::Lost => {
                if due(self.pulse.give_up) {
                    self.pulse.give_up = None;
                    self.kept.stop();
                    self.fail_waiting(&Failure::LOST);
                    self.end_all(None);
                }
                if due(self.pulse.attempt) {
                    self.act(Action::CloseSocket { goodbye: false });
                    self.pulse.lose(now, false);
                }
                if due(self.pulse.retry) {
                    self.pulse.retry = None;
                    self.pulse.attempt = Some(now + self.command_timeout);
                    self.act(Action::OpenSocket);
                }
            }
        }
    }
}
