//! Programs that cargo builds from the registry, each in a folder of the user's cache that is named for its version.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Context, Step};
use crate::failure::Failure;
use crate::process::{self, Log};
use crate::workspace::Workspace;

/// A program from the registry at one exact version.
#[derive(Debug)]
pub(super) struct CargoTool {
    /// The package.
    pub(super) package: &'static str,
    /// The programs of it that are needed.
    pub(super) programs: &'static [&'static str],
    /// Its version.
    pub(super) version: String,
    /// Whether the dependencies are those of the lock file it was published with.
    pub(super) locked: bool,
}

impl CargoTool {
    fn folder(&self, workspace: &Workspace) -> PathBuf {
        tools(workspace).join(format!("{}-{}", self.package, self.version))
    }

    fn is_right(&self, program: &Path) -> bool {
        let said = process::capture(Command::new(program).arg("--version")).unwrap_or_default();
        names_version(&said, &self.version)
    }
}

/// Whether the first line of what a program says to `--version` names `version`.
fn names_version(said: &str, version: &str) -> bool {
    said.lines().next().is_some_and(|line| line.split_whitespace().any(|word| word == version))
}

/// One for all the tools of a set-up: they share dependencies.
fn build_folder(workspace: &Workspace) -> PathBuf {
    workspace.cache().join("build")
}

fn tools(workspace: &Workspace) -> PathBuf {
    workspace.cache().join("tools")
}

impl Step for CargoTool {
    fn name(&self) -> String {
        format!("{} {}", self.package, self.version)
    }

    fn check(&self, context: &Context<'_>) -> Result<(), Failure> {
        let folder = self.folder(context.workspace).join("bin");
        for program in self.programs {
            let ours = folder.join(program);
            let found = process::find(program);
            if !self.is_right(&ours) && !found.is_some_and(|found| self.is_right(&found)) {
                return Err(Failure::new(format!("there is no {program} of version {}", self.version)));
            }
        }
        Ok(())
    }

    fn install(&self, context: &Context<'_>, log: &Log) -> Result<(), Failure> {
        let workspace = context.workspace;
        let folder = self.folder(workspace);
        // Only the holder of the set-up's lock writes here, so what is there broke off.
        let partial = tools(workspace).join(".partial");
        let _ = fs::remove_dir_all(&partial);
        let mut install = workspace.cargo();
        install.args(["install", self.package, "--version", &format!("={}", self.version)]);
        install.args(self.locked.then_some("--locked"));
        install.arg("--no-track").arg("--root").arg(&partial);
        for program in self.programs {
            install.args(["--bin", program]);
        }
        // These programs run for a second and wait for others most of the time: what counts is that they are built soon.
        install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0").env("CARGO_PROFILE_RELEASE_LTO", "off");
        install.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16").env("CARGO_PROFILE_RELEASE_DEBUG", "0");
        install.env("CARGO_TARGET_DIR", build_folder(workspace));
        log.run(&mut install)?;
        // Renamed when complete, so that an install that broke off is never taken for a finished one.
        let io = |error| Failure::io("put in place", &folder, &error);
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(io)?;
        }
        fs::rename(&partial, &folder).map_err(io)
    }
}

/// A `PATH` on which `tools`, where they are in the cache, come first.
pub(super) fn path_with(workspace: &Workspace, tools: &[CargoTool]) -> OsString {
    let installed =
        tools.iter().map(|tool| tool.folder(workspace).join("bin")).filter(|folder| folder.is_dir());
    let path = env::var_os("PATH").unwrap_or_default();
    // It fails only for a home folder with a colon in its name; then the PATH alone must do.
    env::join_paths(installed.chain(env::split_paths(&path))).unwrap_or(path)
}

/// Removes what the builds left behind, some hundred megabytes.
pub(super) fn remove_build_folder(workspace: &Workspace) {
    // What cannot be removed takes room, and does no harm.
    let _ = fs::remove_dir_all(build_folder(workspace));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_whole_word() {
        assert!(names_version("geckodriver 0.37.1 (abc 2024-01-01)\n\nmore 0.1.0", "0.37.1"));
        assert!(!names_version("wasm-bindgen 0.2.1301", "0.2.130"));
        assert!(!names_version("other 1.0\n0.37.1", "0.37.1"));
        assert!(!names_version("", "0.37.1"));
    }
}
