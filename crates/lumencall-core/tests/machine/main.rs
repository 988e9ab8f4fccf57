//! Tests of the server's half, `decide`, driven as a store drives it.
//!
//! [`world::World`] is a store in a few lines. Whatever a test does there, [`checker::Checker`] watches: it knows what
//! must hold of every call and at every device, and panics where it does not. The tests say what happens beyond that.

mod absence;
mod agreement;
mod checker;
mod consent;
mod deadlines;
mod devices;
mod docs;
mod edges;
mod glare;
mod groups;
mod inputs;
mod joining;
mod mailbox;
mod members;
mod order;
mod random;
mod recall;
mod say;
mod scene;
mod signals;
mod standing;
mod table;
mod transcript;
mod users;
mod world;
