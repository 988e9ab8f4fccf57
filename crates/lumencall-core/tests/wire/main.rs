//! Tests of the messages and their codec over JSON text, and of what an offer may tell before the accept.

mod docs;
mod golden;
mod golden_values;
mod refused;
mod roundtrip;
mod sealed;
