//! Mutants: rules broken on purpose, each of which turns one named property red and no other.
//!
//! A mutant is data (`crates/lumencall-proofs/mutants/*.json`): what is replaced in which file, and what has to fail by it. The crates are
//! copied to a folder of their own, so that the checkout stays as it is.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::failure::Failure;
use crate::model::PROFILE;
use crate::process::{self, Ran};
use crate::report::seconds;
use crate::workspace::Workspace;

/// Where the mutants are.
const MUTANTS: &str = "crates/lumencall-proofs/mutants";

/// What is copied.
const CRATES: [&str; 2] = ["lumencall-core", "lumencall-proofs"];

/// How long one mutant may take.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// A rule broken on purpose.
#[derive(Debug)]
struct Mutant {
    name: String,
    /// The program of `lumencall-proofs` that has to see it, and its arguments.
    program: String,
    arguments: Vec<String>,
    /// The id of the one property that it has to see fail.
    property: String,
    file: PathBuf,
    find: String,
    replace: String,
}

/// Runs the mutants, or those whose name or property contains `only`.
///
/// # Errors
/// When a mutant fits its file no more, or turns anything red but its property, or nothing.
pub(crate) fn run(workspace: &Workspace, only: Option<&str>) -> Result<(), Failure> {
    let chosen =
        |mutant: &Mutant| only.is_none_or(|words| mutant.name.contains(words) || mutant.property == words);
    let mutants: Vec<Mutant> = read_all(&workspace.path(MUTANTS))?.into_iter().filter(chosen).collect();
    let nursery = workspace.scratch("mutants");
    copy(workspace, &nursery)?;
    let mut table = String::new();
    let mut failed = 0;
    for mutant in &mutants {
        let begin = Instant::now();
        let verdict = mutant.live(workspace, &nursery)?;
        failed += usize::from(verdict.is_err());
        let word = verdict.unwrap_or_else(|problem| format!("NOT CAUGHT: {problem}"));
        let line = format!("{:<6}{:<58}{}  {word}\n", mutant.property, mutant.name, seconds(begin.elapsed()));
        print!("{line}");
        table.push_str(&line);
    }
    println!("\n{table}\n{} passed, {failed} failed", mutants.len() - failed);
    match (failed, mutants.len()) {
        (_, 0) => Err(Failure::new("there is no such mutant")),
        (0, _) => Ok(()),
        (_, _) => Err(Failure::new("not every mutant was caught by its property alone")),
    }
}

fn read_all(folder: &Path) -> Result<Vec<Mutant>, Failure> {
    let listed = fs::read_dir(folder).map_err(|error| Failure::io("read", folder, &error))?;
    let mut files: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut mutants = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).map_err(|error| Failure::io("read", &file, &error))?;
        let broken =
            |what: String| Failure::new(format!("{} is no list of mutants", file.display())).with(what);
        let list: Vec<Value> = serde_json::from_str(&text).map_err(|error| broken(error.to_string()))?;
        for value in &list {
            mutants.push(Mutant::read(value).ok_or_else(|| broken(value.to_string()))?);
        }
    }
    Ok(mutants)
}

impl Mutant {
    fn read(value: &Value) -> Option<Self> {
        let text = |name: &str| Some(value.get(name)?.as_str()?.to_owned());
        let arguments = value.get("arguments")?.as_array()?.iter();
        Some(Self {
            name: text("name")?,
            program: text("program")?,
            arguments: arguments.map(|word| word.as_str().map(str::to_owned)).collect::<Option<_>>()?,
            property: text("property")?,
            file: text("file")?.into(),
            find: text("find")?,
            replace: text("replace")?,
        })
    }

    /// Puts the mutant in place, lets its program look, and puts the rule back.
    ///
    /// The inner result is whether the program saw what it has to see.
    fn live(&self, workspace: &Workspace, nursery: &Path) -> Result<Result<String, String>, Failure> {
        let file = nursery.join(&self.file);
        let sound = fs::read_to_string(&file).map_err(|error| Failure::io("read", &file, &error))?;
        if sound.matches(&self.find).count() != 1 {
            return Ok(Err(format!("it fits {} no more", self.file.display())));
        }
        let write = |text: &str| fs::write(&file, text).map_err(|error| Failure::io("write", &file, &error));
        write(&sound.replace(&self.find, &self.replace))?;
        let seen = self.look(workspace, nursery);
        write(&sound)?;
        seen
    }

    fn look(&self, workspace: &Workspace, nursery: &Path) -> Result<Result<String, String>, Failure> {
        let mut build = cargo(workspace, nursery);
        build.args(["build", "--offline", "--quiet", "--profile", PROFILE, "--bin", &self.program]);
        if let Err(failure) = process::capture(&mut build) {
            return Ok(Err(format!("it does not compile: {failure}")));
        }
        let mut program = Command::new(nursery.join("target").join(PROFILE).join(&self.program));
        program.args(&self.arguments);
        let Ran { output, .. } = process::watch(&mut program, LIMIT)?;
        let broken = broken(&output);
        Ok(if broken.len() == 1 && broken.contains(self.property.as_str()) {
            Ok("caught".to_owned())
        } else {
            Err(format!("broken are {broken:?}"))
        })
    }
}

/// The ids in the lines `broken: I8 what it says`.
fn broken(output: &str) -> BTreeSet<&str> {
    let ids = output.lines().filter_map(|line| line.trim_start().strip_prefix("broken: "));
    ids.filter_map(|rest| rest.split_whitespace().next()).collect()
}

/// Cargo in the folder of the mutants. It builds over and over: what does not change is kept, and less is optimized.
fn cargo(workspace: &Workspace, nursery: &Path) -> Command {
    let mut cargo = workspace.cargo();
    cargo.current_dir(nursery).env("CARGO_TARGET_DIR", nursery.join("target"));
    let name = PROFILE.to_uppercase();
    cargo.env(format!("CARGO_PROFILE_{name}_OPT_LEVEL"), "1");
    cargo.env(format!("CARGO_PROFILE_{name}_INCREMENTAL"), "true");
    cargo
}

/// Copies the crates, with a workspace around them that holds nothing else.
fn copy(workspace: &Workspace, nursery: &Path) -> Result<(), Failure> {
    for name in CRATES {
        let to = nursery.join("crates").join(name);
        if to.exists() {
            fs::remove_dir_all(&to).map_err(|error| Failure::io("remove", &to, &error))?;
        }
        copy_folder(&workspace.path("crates").join(name), &to)?;
    }
    let manifest = workspace.path("Cargo.toml");
    let text = fs::read_to_string(&manifest).map_err(|error| Failure::io("read", &manifest, &error))?;
    let to = nursery.join("Cargo.toml");
    fs::write(&to, workspace_alone(&text)).map_err(|error| Failure::io("write", &to, &error))?;
    let lock = nursery.join("Cargo.lock");
    fs::copy(workspace.path("Cargo.lock"), &lock).map_err(|error| Failure::io("write", &lock, &error))?;
    Ok(())
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

    #[test]
    fn what_is_broken_is_read_by_its_id() {
        let output = "FAILED: a scenario\n    broken: I8 one device wins\n       1 a step\n    never: reaches an end\n    broken: I8 again\n";
        assert_eq!(broken(output), BTreeSet::from(["I8"]));
    }

    #[test]
    fn every_mutant_fits_its_file_and_changes_it() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mutants = read_all(&root.join(MUTANTS)).unwrap();
        assert!(!mutants.is_empty());
        for mutant in mutants {
            let text = fs::read_to_string(root.join(&mutant.file)).unwrap();
            assert_eq!(text.matches(&mutant.find).count(), 1, "{}", mutant.name);
            assert_ne!(mutant.find, mutant.replace, "{}", mutant.name);
        }
    }
}
