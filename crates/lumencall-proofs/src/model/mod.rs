//! Small closed scenarios, explored to their end: every order in which people may do what they do.
//!
//! The state ([`World`]) is the server's records, what is on its way to it, what each client knows, and what the checker
//! has seen. The step is [`lumencall_core::machine::decide`] itself.
//!
//! **What is left out, and why nothing is lost by it.** Frames to a client arrive at once unless [`Scenario::lag`] says
//! otherwise: a command that a client gives by what it knew before cannot be told, by the server, from one that it gave
//! then and that was long on its way, and commands may be on their way as long as they like. A cut loses what is on its
//! way with the socket, in one step with the server's noticing: until it notices, the device is one that keeps silent.
//! The clock stands: time passes by making everything due so much earlier, to the next moment at which anything is due.
//!
//! Where a scenario has [`Sessions`], a cut loses what is on its way to the client, at once; what is on its way to the server
//! arrives, all or in part, until the server notices or the device is back. The mailbox and the memory of replies are those
//! of [`lumencall_core::machine`]. What a client is known to have, a mailbox keeps one frame longer.

mod check;
mod client;
mod goal;
mod node;
mod probe;
mod scenario;
mod session;
mod world;

pub use check::{Bounds, Report, check, ends};
pub use goal::Goal;
pub use scenario::{Actor, Habits, Scenario, Wish, scenarios};
pub use session::Sessions;
pub use world::{Action, World};
