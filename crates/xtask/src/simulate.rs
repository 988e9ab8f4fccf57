//! The seeded simulation and the fuzzer's targets, of `lumencall-proofs`.

use std::process::Command;

use crate::failure::Failure;
use crate::model::proofs;
use crate::process;
use crate::workspace::Workspace;

/// Runs one seed, or from one on until so many things have happened.
///
/// # Errors
/// When something does not hold, or does not happen often enough.
pub(crate) fn run(workspace: &Workspace, seed: Option<u64>, from: u64, events: u64) -> Result<(), Failure> {
    let mut cargo = proofs(workspace, "run");
    cargo.args(["--bin", "simulate", "--"]);
    match seed {
        Some(seed) => cargo.args(["--seed", &seed.to_string()]),
        None => cargo.args(["--from", &from.to_string(), "--events", &events.to_string()]),
    };
    process::show(&mut cargo)
}

/// The tests of one of the two: `sim`, `fuzz`. What they count is shown.
pub(crate) fn tests(workspace: &Workspace, name: &str) -> Command {
    let mut cargo = proofs(workspace, "test");
    cargo.args(["--no-fail-fast", "--test", name, "--", "--show-output"]);
    cargo
}
