//! Tests of the server's half, `decide`, driven as a store drives it.
//!
//! [`world::World`] is a store in a few lines. Whatever a test does there, [`checker::Checker`] watches: it knows what
//! must hold of every call and at every device, and panics where it does not. The tests say what happens beyond that.

mod agreement;
mod checker;
mod consent;
mod deadlines;
mod docs;
mod edges;
mod inputs;
mod order;
mod random;
mod say;
mod scene;
mod signals;
mod table;
mod transcript;
mod users;
mod world;
