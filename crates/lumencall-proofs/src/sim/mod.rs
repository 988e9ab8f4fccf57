//! The simulation: many users on many devices, a server, and a network between them, all on a clock of their own.
//!
//! A run is made of a seed alone: who is there, what they do, what befalls them, and how long anything takes. What runs is
//! the code that ships: `decide` behind a store, with the `Mailbox` and the `Replies` of each session, and a `ClientSession` for each device; some devices are clients of the
//! seed's dialect, and some say anything at all. Whatever happens is looked at as it happens, and a run ends with the
//! first that does not hold. Then its schedule is made shorter, as long as the same is found, and shown.

mod agreement;
mod browser;
mod chance;
mod decisions;
mod device;
mod faults;
pub mod fuzz;
mod histogram;
mod law;
mod ledger;
mod people;
mod plain;
mod rest;
mod run;
mod schedule;
mod server;
mod sessions;
mod values;
mod violation;
mod watch;
mod world;

pub use histogram::Histogram;
pub use run::{Campaign, Failed, Ran, campaign, same_with_right_clocks, seed};
pub use violation::Violation;
