//! What people do, and what befalls them, drawn up before a run: a run is its cast and its schedule.
//!
//! A step names a device and what happens there; which call or which other user it is about is chosen by its number when
//! its time comes. So a schedule from which steps are left out is a schedule.

use std::fmt;

use lumencall_core::Millis;
use lumencall_core::wire::ConnectionState;

use super::chance::Chance;

/// What a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The SDK's session, with a browser.
    Sdk,
    /// A client written from the seed alone.
    Seed,
    /// One that speaks the SDK's dialect and says anything at all, some of it twice.
    Wild,
}

/// A user, and the devices.
#[derive(Clone, Debug)]
pub(super) struct Cast {
    pub(super) users: Vec<Vec<Kind>>,
}

/// Something that happens at a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Initiate,
    InitiateSeveral,
    Accept,
    Reject,
    Hangup,
    Add,
    Remove,
    Toggle,
    /// Several do something about one call at once.
    Race(Race),
    /// The connections to others are found to stand so.
    Connections(ConnectionState),
    /// The browser fails at descriptions from now on, or no more.
    Break,
    /// The socket breaks; what is on its way is lost, and either end notices at some time.
    Cut,
    /// The page is gone, and another is there instead, which knows nothing of it.
    Crash,
    /// The page is gone.
    Vanish,
    /// The page is loaded anew: it knows who it was.
    Reload,
    /// The page is loaded once more in another tab, with all that the first one keeps.
    Duplicate,
    /// The browser woke up, or is shown again.
    Wake,
    /// The server is started anew.
    Restart,
    Connect,
    /// The app is done with its client, and says so.
    Dispose,
    /// The server's wall clock is set to another time.
    SetWallClock,
    /// The server's timer fires for a call whose time has not come.
    Timer,
    /// A device of the wild kind says something.
    Wild,
    /// A device of the wild kind says again what it said last.
    Repeat,
}

/// What is done at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Race {
    AcceptCancel,
    AcceptAccept,
    AcceptReject,
    AcceptTimeout,
    HangupHangup,
    ToggleHangup,
    Glare,
    Recall,
    AlreadyRinging,
}

/// A step of a schedule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) at: Millis,
    /// The device, by its place among all.
    pub(super) device: usize,
    pub(super) act: Act,
    /// What is chosen hangs on it.
    pub(super) pick: u64,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>8} ms  device {:>2}  {:?} (pick {:#x})", self.at, self.device, self.act, self.pick)
    }
}

impl Cast {
    /// Who is there in the run of this seed.
    pub(super) fn of(seed: u64) -> Self {
        let mut chance = Chance::new(seed ^ 0x0ca5_7000);
        let users = 4 + chance.below(5);
        let users = (0..users).map(|_| {
            let devices = 1 + [0, 0, 1, 1, 2][chance.below(5) as usize];
            (0..devices)
                .map(|_| match chance.below(12) {
                    0..9 => Kind::Sdk,
                    9..11 => Kind::Seed,
                    _ => Kind::Wild,
                })
                .collect()
        });
        Self { users: users.collect() }
    }

    pub(super) fn devices(&self) -> usize {
        self.users.iter().map(Vec::len).sum()
    }
}

/// How many steps a run has.
const STEPS: u64 = 160;

/// What happens in the run of this seed.
pub(super) fn schedule(seed: u64, cast: &Cast) -> Vec<Step> {
    let mut chance = Chance::new(seed);
    let devices = cast.devices() as u64;
    let mut at = 3_000;
    let steps = (0..STEPS).map(|_| {
        at += match chance.below(20) {
            0..8 => chance.below(60),
            8..17 => chance.below(1_500),
            17..19 => chance.below(8_000),
            _ => 10_000 + chance.below(70_000),
        };
        Step { at, device: chance.below(devices) as usize, act: act(&mut chance), pick: chance.number() }
    });
    steps.collect()
}

fn act(chance: &mut Chance) -> Act {
    match chance.below(100) {
        0..11 => Act::Initiate,
        11..15 => Act::InitiateSeveral,
        15..30 => Act::Accept,
        30..32 => Act::Reject,
        32..37 => Act::Hangup,
        37..42 => Act::Add,
        42..44 => Act::Remove,
        44..47 => Act::Toggle,
        47..65 => Act::Race(match chance.below(21) {
            0..3 => Race::AcceptCancel,
            3..5 => Race::AcceptAccept,
            5..7 => Race::AcceptReject,
            7..12 => Race::AcceptTimeout,
            12..14 => Race::HangupHangup,
            14..16 => Race::ToggleHangup,
            16..18 => Race::Glare,
            18..20 => Race::Recall,
            _ => Race::AlreadyRinging,
        }),
        65..69 => {
            use ConnectionState::{Connected, Failed, Reconnecting};
            Act::Connections(
                [Connected, Connected, Reconnecting, Reconnecting, Failed][chance.below(5) as usize],
            )
        }
        69 => {
            if chance.one_in(8) {
                Act::Break
            } else {
                Act::Timer
            }
        }
        70..79 => Act::Cut,
        79..84 => Act::Reload,
        84 => match chance.below(6) {
            0..2 => Act::Crash,
            2..4 => Act::Vanish,
            4 => Act::Duplicate,
            _ => Act::Restart,
        },
        85 => Act::Wake,
        86..92 => Act::Connect,
        92 => Act::Dispose,
        93 => Act::SetWallClock,
        94..99 => Act::Wild,
        _ => Act::Repeat,
    }
}
