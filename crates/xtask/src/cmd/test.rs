//! `cargo xtask test`: runs the parts of the test suite and sums up.

use std::collections::BTreeSet;

use crate::failure::Failure;
use crate::setup;
use crate::test::{Bench, Part, Summary};
use crate::workspace::Workspace;

/// Runs `parts`, all of them where none is named, with full counts where it may take `long`.
pub(crate) fn run(workspace: &Workspace, parts: &[Part], long: bool) -> Result<(), Failure> {
    let parts: BTreeSet<_> = if parts.is_empty() { Part::all() } else { parts.iter().copied().collect() };
    setup::provide(workspace, &Part::all_needs(&parts))?;
    let bench = Bench::new(workspace, long);
    let mut summary = Summary::default();
    for part in parts {
        println!("\n== {part} ==");
        summary.add(part.run(&bench));
    }
    println!("\n{summary}");
    summary.check()
}
