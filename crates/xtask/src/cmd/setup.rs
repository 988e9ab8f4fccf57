//! `cargo xtask setup`: installs what is missing.

use clap::ValueEnum;

use crate::failure::Failure;
use crate::setup::{self, Need};
use crate::test::Part;
use crate::workspace::Workspace;

/// What the set-up is for.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Purpose {
    /// `cargo xtask demo`: no browser, no driver
    Demo,
    /// `cargo xtask package`: the same as for the demo
    Package,
    /// `cargo xtask test`: everything
    Test,
}

/// Installs what `purpose` needs and this machine lacks.
pub(crate) fn run(workspace: &Workspace, purpose: Purpose) -> Result<(), Failure> {
    let needs = match purpose {
        Purpose::Demo | Purpose::Package => Need::PACKAGE.to_vec(),
        Purpose::Test => Part::all_needs(&Part::all()),
    };
    setup::provide(workspace, &needs)
}
