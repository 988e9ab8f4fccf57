//! The model checker: builds it, and runs it in full view.

use std::process::Command;

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// The profile in which the model checker is built: fast, with the checks of a debug build.
pub(crate) const PROFILE: &str = "proofs";

/// What cargo is to do (`run`, `test`) with the crate of the proofs, in its profile.
pub(crate) fn proofs(workspace: &Workspace, verb: &str) -> Command {
    let mut cargo = workspace.cargo();
    cargo.args([verb, "--profile", PROFILE, "--package", "lumencall-proofs"]);
    cargo
}

/// The command that explores the scenarios, within the large bounds or the small ones.
pub(crate) fn command(workspace: &Workspace, large: bool) -> Command {
    let mut cargo = proofs(workspace, "run");
    cargo.args(["--quiet", "--bin", "model", "--"]).args(large.then_some("--large"));
    cargo
}

/// Explores the scenarios within the large bounds, or the one whose name contains these words.
///
/// # Errors
/// When a property does not hold, or a scenario is not explored to its end.
pub(crate) fn run(workspace: &Workspace, only: Option<&str>) -> Result<(), Failure> {
    let mut command = command(workspace, true);
    if let Some(words) = only {
        command.args(["--only", words]);
    }
    process::show(&mut command)
}
