//! What shows that the call machine keeps its promises, on the code that ships.
//!
//! - [`checker`]: what must always hold, over a [`log`] of decisions
//! - [`model`]: small closed scenarios, explored to their end
//! - [`sim`]: everybody at once, with faults, from seeds
//!
//! The first two come with the feature `model`, which is on where nobody says otherwise.

#[cfg(feature = "model")]
pub mod checker;
#[cfg(feature = "model")]
pub mod log;
#[cfg(feature = "model")]
pub mod model;
pub mod sim;
#[cfg(feature = "model")]
pub mod store;
