//! What happened at a server, entry by entry. The model and the simulation write it; the [`crate::checker`] reads it.

use lumencall_core::Millis;
use lumencall_core::machine::{Decision, Input, Records, Refusal};

/// A decision: over what it was made, and what came of it. What each device hears are its effects, in their order.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The server's clock.
    pub clock: Millis,
    /// What was decided.
    pub input: Input,
    /// The records that it was decided over.
    pub before: Records,
    /// What came of it.
    pub outcome: Result<Decision, Refusal>,
}
