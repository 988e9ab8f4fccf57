//! Mutants: rules broken on purpose, each of which turns one named property red and no other.
//!
//! A mutant is data (`crates/lumencall-proofs/mutants/*.json`): what is replaced in which file, and what has to fail by it: a property
//! that a program names, or tests that are named for it.

mod judge;
mod nursery;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::Value;

use self::judge::Judge;
use self::nursery::Nursery;
use crate::failure::Failure;
use crate::report::seconds;
use crate::workspace::Workspace;

/// Where the mutants are.
const MUTANTS: &str = "crates/lumencall-proofs/mutants";

/// A rule broken on purpose.
#[derive(Debug)]
struct Mutant {
    name: String,
    /// The id of the one property that has to be seen to fail.
    property: String,
    judge: Judge,
    file: PathBuf,
    find: String,
    replace: String,
}

/// Runs the mutants, or those whose name contains `only` or whose property it is.
///
/// # Errors
/// When a mutant fits its file no more, or turns anything red but its property, or nothing.
pub(crate) fn run(workspace: &Workspace, only: Option<&str>) -> Result<(), Failure> {
    let chosen =
        |mutant: &Mutant| only.is_none_or(|words| mutant.name.contains(words) || mutant.property == words);
    let mutants: Vec<Mutant> = read_all(&workspace.path(MUTANTS))?.into_iter().filter(chosen).collect();
    let nursery = Nursery::of(workspace)?;
    let mut table = String::new();
    let mut failed = 0;
    for mutant in &mutants {
        let begin = Instant::now();
        let verdict = mutant.live(&nursery)?;
        failed += usize::from(verdict.is_err());
        let word = verdict.map_or_else(|problem| format!("NOT CAUGHT: {problem}"), |()| "caught".to_owned());
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
        Some(Self {
            name: text("name")?,
            property: text("property")?,
            judge: Judge::read(value)?,
            file: text("file")?.into(),
            find: text("find")?,
            replace: text("replace")?,
        })
    }

    /// Puts the mutant in place, has it judged, and puts the rule back.
    ///
    /// The inner result is whether its judge saw what has to be seen.
    fn live(&self, nursery: &Nursery<'_>) -> Result<Result<(), String>, Failure> {
        let file = nursery.path(&self.file);
        let sound = fs::read_to_string(&file).map_err(|error| Failure::io("read", &file, &error))?;
        if sound.matches(&self.find).count() != 1 {
            return Ok(Err(format!("it fits {} no more", self.file.display())));
        }
        let write = |text: &str| fs::write(&file, text).map_err(|error| Failure::io("write", &file, &error));
        write(&sound.replace(&self.find, &self.replace))?;
        let seen = self.judge.look(nursery, &self.property);
        write(&sound)?;
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> (PathBuf, Vec<Mutant>) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mutants = read_all(&root.join(MUTANTS)).unwrap();
        assert!(!mutants.is_empty());
        (root, mutants)
    }

    #[test]
    fn every_mutant_fits_its_file_and_changes_it() {
        let (root, mutants) = all();
        for mutant in mutants {
            let text = fs::read_to_string(root.join(&mutant.file)).unwrap();
            assert_eq!(text.matches(&mutant.find).count(), 1, "{}", mutant.name);
            assert_ne!(mutant.find, mutant.replace, "{}", mutant.name);
        }
    }

    #[test]
    fn tests_that_a_mutant_turns_red_are_named_for_its_property() {
        for mutant in all().1 {
            assert!(mutant.judge.speaks_of(&mutant.property), "{}", mutant.name);
        }
    }
}
