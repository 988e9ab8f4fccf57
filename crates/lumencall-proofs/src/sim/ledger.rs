//! What a page and its server have said to each other in a session, over all its sockets: neither says anything twice, or leaves
//! anything out.

use super::violation::holds;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// The session, by a number that it has alone.
    born: u64,
    /// The number of the last frame that came.
    heard: u32,
    /// The frames that the page sent, and which of them it sends next.
    said: Vec<String>,
    at: usize,
}

impl Ledger {
    /// The server welcomes the page: to this session, which goes on where so many frames of the page were taken.
    pub(super) fn is_welcomed(&mut self, born: u64, received: Option<u32>) {
        let Some(received) = received else {
            *self = Self { born, ..Self::default() };
            return;
        };
        holds!(
            "I19",
            born == self.born,
            "session {born} is said to be the one that goes on, not {}",
            self.born
        );
        let received = received as usize;
        holds!("I21", received <= self.said.len(), "{received} frames were taken of {}", self.said.len());
        self.at = received;
    }

    /// The page greets, and says what it has heard.
    pub(super) fn greets(&self, last_seq: Option<u32>) {
        let heard = self.heard;
        holds!("I18", last_seq.is_none_or(|seq| seq == heard), "it had frame {heard}, and says {last_seq:?}");
    }

    /// A frame with this number comes to the page.
    pub(super) fn hears(&mut self, seq: u32) {
        holds!("I18", seq == self.heard + 1, "frame {seq} comes after {}", self.heard);
        self.heard = seq;
    }

    /// The page sends a frame. Returns whether it is one that it had sent before.
    pub(super) fn says(&mut self, text: &str) -> bool {
        let again = self.said.get_mut(self.at);
        let is_again = again.is_some();
        match again {
            Some(before) if is_taken_back(before, text) => text.clone_into(before),
            Some(before) => holds!("I21", before == text, "{text} is sent where {before} was"),
            None => {
                let last = self.said.last().is_some_and(|last| last == text);
                holds!("I21", !last, "{text} is sent twice");
                self.said.push(text.to_owned());
            }
        }
        self.at += 1;
        is_again
    }

    /// The server takes a frame of this session, after so many others.
    pub(super) fn is_taken(&self, born: u64, received: u32, text: &str) {
        if born == self.born {
            let said = self.said.get(received as usize).map(String::as_str);
            holds!("I21", said == Some(text), "{text} is taken where {said:?} was said");
        }
    }
}

/// Whether the second frame does nothing in place of the first, by which the user would have entered a call: who waited for that
/// has been told that it came to nothing.
fn is_taken_back(before: &str, text: &str) -> bool {
    let number = text.strip_suffix(r#""event":"session:ping","data":{}}"#);
    let rest = number.and_then(|number| before.strip_prefix(number));
    rest.is_some_and(|rest| {
        rest.starts_with(r#""event":"call:rejoin""#)
            || rest.starts_with(r#""event":"call:respond""#) && rest.contains(r#""action":"accept""#)
    })
}
