//! The sentences that are checked, by their ids in the list of invariants.

use std::fmt;

macro_rules! invariants {
    ($( $(#[$meta:meta])* $name:ident = $sentence:literal, )*) => {
        /// One sentence that must always hold.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Invariant { $( $(#[$meta])* $name, )* }

        impl Invariant {
            /// All of them.
            pub const ALL: &'static [Self] = &[$( Self::$name, )*];

            /// Its id and the sentence.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$name => concat!(stringify!($name), " ", $sentence), )* }
            }

            /// Its id.
            pub const fn id(self) -> &'static str {
                match self { $( Self::$name => stringify!($name), )* }
            }
        }
    };
}

invariants! {
    /// Consent.
    I3 = "nothing is forwarded from, and no candidate to, who has not accepted",
    /// Refusals.
    I6 = "what is not legal changes nothing, and is refused to its sender",
    /// Who may do what.
    I7 = "only a callee answers, only the caller cancels",
    /// Devices of a callee.
    I8 = "one device wins the accept, the others hear so once",
    /// Members.
    I9 = "membership changes by one's own doing, by loss, or by the owner",
    /// Ends.
    I10 = "a call ends once, with one reason, the same for all",
    /// After the end.
    I11 = "nothing of a call is heard after its end",
    /// Races.
    I12 = "one outcome, the same for all",
    /// Glare.
    I13 = "of two who call one another one call survives, with both in it",
    /// Rings.
    I14 = "every ring ends within its time",
    /// Zombies.
    I15 = "nobody is busy without a device, in a live call, that is there or may come back",
    /// Groups.
    I16 = "a callee who is out ends no call for others; the last one ends it",
    /// Order of frames.
    I18 = "frames are applied in order, without a gap, once",
    /// Sessions.
    I19 = "what a resume does not bring it says, and then both sides agree",
    /// Order of signals.
    I20 = "signals arrive in order, a candidate after its description, at the page that they are for",
    /// Commands.
    I21 = "a command has its effect once",
    /// Edges.
    I33 = "only declared transitions are seen, states before what they cause",
}

impl fmt::Display for Invariant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A sentence that did not hold, and how.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// Which.
    pub invariant: Invariant,
    /// What was seen.
    pub what: String,
}
