//! Text that may stand on the wire and nowhere else.

use std::fmt;

use super::{Fault, Sink, Source, Wire};

/// Text that no log shows: an SDP, a candidate, a secret. Its `Debug` tells the length and nothing more.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Private(Box<str>);

impl Private {
    /// Wraps the text.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text, for those who must read it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// How many bytes the text takes on the wire, quotation marks aside: some characters are written as an escape
/// (RFC 8259, 7). Bounds on what waits for a client count these, since these are what it is sent.
pub(crate) fn written_len(text: &str) -> usize {
    text.bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | 0x08 | b'\t' | b'\n' | 0x0c | b'\r' => 2,
            0x00..0x20 => 6,
            0x20.. => 1,
        })
        .sum()
}

impl fmt::Debug for Private {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "<{} private bytes>", self.0.len())
    }
}

impl Wire for Private {
    fn take<S: Source>(source: &S, fault: &mut Fault) -> Self {
        Self(Wire::take(source, fault))
    }

    fn write<K: Sink>(&self, sink: &mut K) {
        sink.text(&self.0);
    }
}

/// The members of a signal that this version does not know, as JSON text, carried along unread.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Extra(Option<Private>);

impl Extra {
    pub(crate) fn read<S: Source>(object: &S, known: &[&str]) -> Self {
        Self(object.rest(known).map(Private::new))
    }

    pub(crate) fn write<K: Sink>(&self, sink: &mut K) {
        if let Some(members) = &self.0 {
            sink.rest(members.reveal());
        }
    }

    /// How many bytes are carried, as they are written.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |members| members.reveal().len())
    }

    /// Whether nothing is carried.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}
