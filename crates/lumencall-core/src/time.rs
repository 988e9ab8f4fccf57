//! Time as an argument: the core never reads a clock.

use crate::wire::{Fault, Sink, Source, Wire};

/// Milliseconds: a duration, or a point on the clock of whoever drives the core.
pub type Millis = u64;

/// The time of an input.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Now {
    /// The driver's monotonic clock. All deadlines are points on it; a change of the wall clock moves none of them.
    pub clock: Millis,
    /// The wall clock, for people to read in `startedAt` and its like; nothing is computed from it.
    pub wall: Timestamp,
}

/// A point in time as it stands on the wire: ISO 8601 in UTC. The core carries it and does not look inside.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Timestamp(pub Box<str>);

impl Wire for Timestamp {
    fn take<S: Source>(source: &S, fault: &mut Fault) -> Self {
        Self(Wire::take(source, fault))
    }

    fn write<K: Sink>(&self, sink: &mut K) {
        sink.text(&self.0);
    }
}
