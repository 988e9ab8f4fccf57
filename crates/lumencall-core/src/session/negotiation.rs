//! The negotiation with one other: whose turn it is to describe what, so that both may want a change at any time ("perfect
//! negotiation", W3C WebRTC 1.0, 10.7).
//!
//! ```text
//!               needed               made               answer             described
//!   Stable ────────────▶ Offering ───────▶ Offered ──────────▶ Settling ─────────────▶ Stable
//!     │                      │                │
//!     │ offer                │ offer, polite  │ offer, polite
//!     ▼                      ▼                ▼
//!   Answering ◀──────────────┴────────────────┘
//!     │ made
//!     ▼
//!   Stable
//! ```
//!
//! An offer that turns out to be too large is not made: `Offering ──▶ Stable`.
//!
//! The browser applies an offer of ours together with its answer, where there was an exchange before. One that gives way was never
//! applied, and nothing is rolled back: the browsers lose media by that.
//!
//! What is needed in another state than `Stable` the browser says again when it is stable. An offer that comes while one is
//! being answered, or an answer is being applied, waits for its turn.

use crate::wire::{DescriptionType, Private};

/// Whose turn it is. See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Stable,
    /// The browser makes an offer.
    Offering,
    /// Ours waits for an answer.
    Offered,
    /// The browser takes their offer, and makes an answer.
    Answering,
    /// The browser takes their answer.
    Settling,
}

/// A description of theirs, as it came.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Told {
    pub(super) sdp: Private,
    pub(super) round: Option<u32>,
    pub(super) screen: Option<Box<str>>,
}

/// What the browser is to do now.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    Offer,
    Answer(Told),
    Apply(Told),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Negotiation {
    turn: Turn,
    /// Whether this side gives way where both offer at once.
    polite: bool,
    /// The number of our last offer.
    ours: u32,
    /// That of the offer which is being answered.
    theirs: Option<u32>,
    /// Their offer that waits for its turn. A newer one takes its place.
    next: Option<Told>,
}

impl Negotiation {
    pub(super) const fn new(polite: bool) -> Self {
        Self { turn: Turn::Stable, polite, ours: 0, theirs: None, next: None }
    }

    /// This side wants to describe something anew.
    pub(super) fn needed(&mut self) -> Option<Step> {
        (self.turn == Turn::Stable).then(|| {
            self.turn = Turn::Offering;
            Step::Offer
        })
    }

    /// Another offer is to take the place of one that nobody has answered.
    pub(super) fn offer_again(&mut self) -> Option<Step> {
        (self.turn == Turn::Offered).then(|| {
            self.turn = Turn::Offering;
            Step::Offer
        })
    }

    /// Whether an offer of ours is under way that gives way to this one. Who counts no rounds knows nothing of giving way.
    pub(super) fn yields_to(&self, offer: &Told) -> bool {
        matches!(self.turn, Turn::Offering | Turn::Offered) && (self.polite || offer.round.is_none())
    }

    /// An offer came.
    pub(super) fn offered(&mut self, offer: Told) -> Option<Step> {
        match self.turn {
            Turn::Offering | Turn::Offered if !self.yields_to(&offer) => None,
            Turn::Stable | Turn::Offering | Turn::Offered => {
                self.turn = Turn::Answering;
                self.theirs = offer.round;
                Some(Step::Answer(offer))
            }
            Turn::Answering | Turn::Settling => {
                self.next = Some(offer);
                None
            }
        }
    }

    /// An answer came. One to an older offer, or to none, is nothing.
    pub(super) fn answered(&mut self, answer: Told) -> Option<Step> {
        let fits = answer.round.is_none_or(|round| round == self.ours);
        (self.turn == Turn::Offered && fits).then(|| {
            self.turn = Turn::Settling;
            Step::Apply(answer)
        })
    }

    /// The browser has made a description of ours. Returns the number that it is to be sent with; nothing where it is not wanted
    /// any more. `number` is one that no offer has had.
    pub(super) fn made(&mut self, kind: DescriptionType, number: u32) -> Option<Option<u32>> {
        match (kind, self.turn) {
            (DescriptionType::Offer, Turn::Offering) => {
                self.turn = Turn::Offered;
                self.ours = number;
                Some(Some(number))
            }
            (DescriptionType::Answer, Turn::Answering) => {
                self.turn = Turn::Stable;
                Some(self.theirs)
            }
            (DescriptionType::Offer | DescriptionType::Answer, _) => None,
        }
    }

    /// The browser makes no offer after all. Returns whether one was still wanted.
    pub(super) fn leave(&mut self) -> bool {
        let wanted = self.turn == Turn::Offering;
        if wanted {
            self.turn = Turn::Stable;
        }
        wanted
    }

    /// The browser has applied a description of theirs. Returns whether it was an answer.
    pub(super) fn described(&mut self) -> bool {
        let settles = self.turn == Turn::Settling;
        if settles {
            self.turn = Turn::Stable;
        }
        settles
    }

    /// What waited for its turn, once it has come.
    pub(super) fn next(&mut self) -> Option<Step> {
        let next = self.next.take_if(|_| self.turn == Turn::Stable)?;
        self.offered(next)
    }

    /// Whether an offer of theirs waits for its turn.
    pub(super) const fn has_next(&self) -> bool {
        self.next.is_some()
    }

    /// Whether a step of this kind that the browser could not do is one that is still wanted.
    pub(super) fn is_wanted(&self, kind: DescriptionType) -> bool {
        kind == DescriptionType::Answer || self.turn == Turn::Offering
    }
}
