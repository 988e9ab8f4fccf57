//! How often each thing happened that a run is made to make happen.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use lumencall_core::EndReason;
use lumencall_core::machine::{Edge, TABLE};

/// Counts by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram(BTreeMap<Cow<'static, str>, u64>);

/// What has to happen beside the transitions and the end reasons.
const SITUATIONS: &[&str] = &[
    "glare: two call one another and meet",
    "recall",
    "answered elsewhere",
    "refused: already-ringing",
    "ownership passes on",
    "a command comes twice",
    "accept against accept",
    "accept against cancel: accept first",
    "accept against cancel: cancel first",
    "accept against reject: accept first",
    "accept against reject: reject first",
    "accept against timeout: accept first",
    "accept against timeout: timeout first",
    "hang-ups from both sides",
    "a reply comes after the end",
    "late joiner",
    "somebody returns",
    "resumed",
    "resumed: the server sends what was missed",
    "resumed: the client sends again what was lost",
    "an accept is lost, and sent again",
    "more was missed than the mailbox holds",
    "another page",
    "rejoined",
    "both rejoined",
    "rejoin against hang-up: rejoin first",
    "rejoin against hang-up: hang-up first",
    "a signal for a page that is gone",
    "the window is over in a call",
    "the window is over for a caller",
    "the window is over where it rings",
    "takeover",
    "taken over by another page",
    "restart",
    "the server knows the device no longer",
    "a socket is silent",
    "a socket is silent one way",
    "cut while idle",
    "cut while it rings",
    "cut while initiating",
    "cut while ringing",
    "cut while connecting",
    "cut while connected",
    "cut while reconnecting",
];

impl Histogram {
    pub(super) fn count(&mut self, what: impl Into<Cow<'static, str>>) {
        *self.0.entry(what.into()).or_default() += 1;
    }

    pub(super) fn count_edge(&mut self, edge: &Edge) {
        self.count(edge_name(edge));
        if let Some(reason) = edge.reason {
            self.count(reason_name(reason));
        }
    }

    /// Adds what happened in another run.
    pub fn add(&mut self, other: &Self) {
        for (what, count) in &other.0 {
            *self.0.entry(what.clone()).or_default() += count;
        }
    }

    /// How often it happened.
    pub fn of(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or_default()
    }

    /// How many different things happened.
    pub fn kinds(&self) -> usize {
        self.0.len()
    }

    /// The things that have to happen, and did so fewer than `least` times.
    pub fn rarer_than(&self, least: u64) -> Vec<String> {
        let wanted = TABLE.iter().map(edge_name).chain(EndReason::ALL.iter().copied().map(reason_name));
        let wanted = wanted.chain(SITUATIONS.iter().map(|what| (*what).to_owned()));
        wanted.filter(|what| self.of(what) < least).collect()
    }
}

fn edge_name(edge: &Edge) -> String {
    format!("{} -{}-> {}", edge.from.as_str(), edge.trigger.as_str(), edge.to.as_str())
}

fn reason_name(reason: EndReason) -> String {
    format!("ended: {}", reason.as_str())
}

impl fmt::Display for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, count) in &self.0 {
            writeln!(f, "{count:>10}  {what}")?;
        }
        Ok(())
    }
}
