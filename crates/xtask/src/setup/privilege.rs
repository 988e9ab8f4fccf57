//! Commands that change the machine: as root, or by a `sudo` that asks no password.

use std::process::Command;

use crate::failure::Failure;
use crate::process;

/// Whether [`as_root`] will do, for what takes long until root is needed.
///
/// # Errors
/// When this user is not root and may not become it without being asked.
pub(super) fn check() -> Result<(), Failure> {
    if nix::unistd::geteuid().is_root() || process::succeeds(Command::new("sudo").args(["-n", "true"])) {
        return Ok(());
    }
    Err(Failure::new("this needs root, and sudo without a password is not allowed here"))
}

/// Turns `command` into one that root runs.
///
/// # Errors
/// When this user is not root and may not become it without being asked.
pub(super) fn as_root(command: Command) -> Result<Command, Failure> {
    check().map_err(|failure| failure.remedy(format!("sudo {}", process::shown(&command))))?;
    if nix::unistd::geteuid().is_root() {
        return Ok(command);
    }
    let mut sudo = Command::new("sudo");
    sudo.arg("-n");
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            let mut assignment = name.to_owned();
            assignment.push("=");
            assignment.push(value);
            sudo.arg(assignment);
        }
    }
    sudo.arg(command.get_program()).args(command.get_args());
    Ok(sudo)
}
