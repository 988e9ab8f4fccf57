//! The commands, one file each.

pub(crate) mod demo;
pub(crate) mod package;
pub(crate) mod setup;
pub(crate) mod test;
