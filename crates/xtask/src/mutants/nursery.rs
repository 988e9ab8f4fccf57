//! The folder in which the mutants live: a copy of the crates, so that the checkout stays as it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::model::PROFILE;
use crate::workspace::Workspace;

/// What is copied.
const CRATES: [&str; 3] = ["lumencall-core", "lumencall-proofs", "lumencall-server"];

/// See the module.
#[derive(Debug)]
pub(super) struct Nursery<'a> {
    workspace: &'a Workspace,
    folder: PathBuf,
}

impl<'a> Nursery<'a> {
    /// Copies the crates, with a workspace around them that holds nothing else.
    pub(super) fn of(workspace: &'a Workspace) -> Result<Self, Failure> {
        let folder = workspace.scratch("mutants");
        for name in CRATES {
            let to = folder.join("crates").join(name);
            if to.exists() {
                fs::remove_dir_all(&to).map_err(|error| Failure::io("remove", &to, &error))?;
            }
            copy_folder(&workspace.path("crates").join(name), &to)?;
        }
        let manifest = workspace.path("Cargo.toml");
        let text = fs::read_to_string(&manifest).map_err(|error| Failure::io("read", &manifest, &error))?;
        let to = folder.join("Cargo.toml");
        fs::write(&to, workspace_alone(&text)).map_err(|error| Failure::io("write", &to, &error))?;
        let lock = folder.join("Cargo.lock");
        fs::copy(workspace.path("Cargo.lock"), &lock).map_err(|error| Failure::io("write", &lock, &error))?;
        Ok(Self { workspace, folder })
    }

    /// A file of the copy.
    pub(super) fn path(&self, file: &Path) -> PathBuf {
        self.folder.join(file)
    }

    /// A program that was built here.
    pub(super) fn program(&self, name: &str) -> Command {
        Command::new(self.folder.join("target").join(PROFILE).join(name))
    }

    /// Cargo, to `build` or `test`. It builds over and over: what does not change is kept, and less is optimized.
    pub(super) fn cargo(&self, verb: &str) -> Command {
        let mut cargo = self.workspace.cargo();
        cargo.current_dir(&self.folder).env("CARGO_TARGET_DIR", self.folder.join("target"));
        let name = PROFILE.to_uppercase();
        cargo.env(format!("CARGO_PROFILE_{name}_OPT_LEVEL"), "1");
        cargo.env(format!("CARGO_PROFILE_{name}_INCREMENTAL"), "true");
        cargo.args([verb, "--offline", "--quiet", "--profile", PROFILE]);
        cargo
    }
}

/// The manifest without its package: the workspace's own sections, and the profile.
fn workspace_alone(manifest: &str) -> String {
    let mut kept = false;
    let mut text = String::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            kept = line.starts_with("[workspace") || line == format!("[profile.{PROFILE}]");
        }
        if kept && !line.starts_with("default-members") {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::create_dir_all(to).map_err(|error| Failure::io("create", to, &error))?;
    for entry in fs::read_dir(from).map_err(|error| Failure::io("read", from, &error))?.flatten() {
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            if entry.file_name() != "target" {
                copy_folder(&path, &copy)?;
            }
        } else {
            fs::copy(&path, &copy).map_err(|error| Failure::io("copy", &path, &error))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_left_without_its_package() {
        let manifest = "[workspace]\nmembers = [\"crates/*\"]\ndefault-members = [\"a\"]\n\n[package]\nname = \"x\"\n\n\
            [profile.wasm]\nlto = true\n\n[profile.proofs]\ninherits = \"release\"\n";
        let alone = workspace_alone(manifest);
        assert_eq!(
            alone,
            "[workspace]\nmembers = [\"crates/*\"]\n\n[profile.proofs]\ninherits = \"release\"\n"
        );
    }
}
