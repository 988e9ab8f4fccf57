//! Node, and the programs that come as npm packages.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::{Context, Step};
use crate::failure::Failure;
use crate::process::{self, Log};
use crate::workspace::Workspace;

/// The oldest Node that every package of `tests/package.json` runs on.
const OLDEST_NODE: u32 = 18;

/// Node and its package manager.
#[derive(Debug)]
pub(super) struct Node;

impl Step for Node {
    fn name(&self) -> String {
        format!("Node {OLDEST_NODE} or later, npm")
    }

    fn check(&self, _: &Context<'_>) -> Result<(), Failure> {
        let version = process::capture(Command::new("node").arg("--version"))?;
        if major(&version).is_none_or(|major| major < OLDEST_NODE) {
            return Err(Failure::new(format!(
                "Node here is {}, and has to be {OLDEST_NODE} or later",
                version.trim()
            )));
        }
        process::capture(Command::new("npm").arg("--version")).map(drop)
    }

    fn install(&self, context: &Context<'_>, log: &Log) -> Result<(), Failure> {
        context.apt.install(log, &["nodejs", "npm"])
    }
}

/// The major version in what `node --version` says.
fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// The packages of `tests/package.json`, at the versions of its lock file.
#[derive(Debug)]
pub(super) struct NpmPackages;

/// A copy of the lock file that was installed from, written last.
fn stamp(workspace: &Workspace) -> PathBuf {
    workspace.path("tests/node_modules/.installed-from.json")
}

fn lock_file(workspace: &Workspace) -> Result<String, Failure> {
    let path = workspace.path("tests/package-lock.json");
    fs::read_to_string(&path).map_err(|error| Failure::io("read", &path, &error))
}

impl Step for NpmPackages {
    fn name(&self) -> String {
        "binaryen, esbuild, TypeScript, puppeteer".to_owned()
    }

    fn check(&self, context: &Context<'_>) -> Result<(), Failure> {
        let installed = fs::read_to_string(stamp(context.workspace)).unwrap_or_default();
        if installed == lock_file(context.workspace)? {
            return Ok(());
        }
        Err(Failure::new("tests/node_modules is not what tests/package-lock.json says"))
    }

    fn install(&self, context: &Context<'_>, log: &Log) -> Result<(), Failure> {
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund"]).current_dir(context.workspace.path("tests"));
        log.run(&mut npm)?;
        let stamp = stamp(context.workspace);
        fs::write(&stamp, lock_file(context.workspace)?).map_err(|error| Failure::io("write", &stamp, &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_of_node() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("20.20.2"), None);
    }
}
