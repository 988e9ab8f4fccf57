//! The seeded simulation and the fuzzer's targets, of `lumencall-proofs`.

use std::process::Command;

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// The profile in which many things happen in a short time, with all the checks of a debug build.
const PROFILE: [&str; 4] = ["--profile", "proofs", "--package", "lumencall-proofs"];

/// Runs one seed, or from one on until so many things have happened.
///
/// # Errors
/// When something does not hold, or does not happen often enough.
pub(crate) fn run(workspace: &Workspace, seed: Option<u64>, from: u64, events: u64) -> Result<(), Failure> {
    let mut cargo = workspace.cargo();
    cargo.arg("run").args(PROFILE).args(["--bin", "simulate", "--"]);
    match seed {
        Some(seed) => cargo.args(["--seed", &seed.to_string()]),
        None => cargo.args(["--from", &from.to_string(), "--events", &events.to_string()]),
    };
    process::show(&mut cargo)
}

/// The tests of one of the two: `sim`, `fuzz`. What they count is shown.
pub(crate) fn tests(workspace: &Workspace, name: &str) -> Command {
    let mut cargo = workspace.cargo();
    cargo.arg("test").args(PROFILE).args(["--no-fail-fast", "--test", name, "--", "--show-output"]);
    cargo
}
