//! `cargo xtask package`: builds the npm package and weighs it.

use crate::failure::Failure;
use crate::package::{self, Sizes};
use crate::setup::{self, Need};
use crate::workspace::Workspace;

/// Builds `pkg/`, prints what a user downloads, and fails above the limit.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    setup::provide(workspace, Need::PACKAGE)?;
    package::build(workspace)?;
    println!("\npackage: {}", workspace.package().display());
    let sizes = Sizes::measure(workspace)?;
    println!("{sizes}");
    sizes.check()
}
