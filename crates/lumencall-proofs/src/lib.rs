//! What shows that the call machine keeps its promises, on the code that ships.
//!
//! - [`checker`]: what must always hold, over a [`log`] of decisions; the model and the simulation share it
//! - [`model`]: small closed scenarios, explored to their end

pub mod checker;
pub mod log;
pub mod model;
pub mod sim;
pub mod store;
