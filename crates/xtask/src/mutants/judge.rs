//! Who has to see a mutant, and what it has to see.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::nursery::Nursery;
use crate::failure::Failure;
use crate::process::{self, Ran};

/// How long one mutant may take.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Who judges a mutant. The inner result of a judgement is whether exactly what has to turn red did.
#[derive(Debug)]
pub(super) enum Judge {
    /// A program of `lumencall-proofs`, by the lines in which it names the properties that do not hold.
    Program { name: String, arguments: Vec<String> },
    /// The tests of a target whose names contain the filter. Of them these turn red, and no other.
    Tests { package: String, target: String, filter: String, red: BTreeSet<String> },
}

impl Judge {
    pub(super) fn read(value: &Value) -> Option<Self> {
        let text = |value: &Value, name: &str| Some(value.get(name)?.as_str()?.to_owned());
        let words = |value: &Value, name: &str| -> Option<Vec<String>> {
            value.get(name)?.as_array()?.iter().map(|word| word.as_str().map(str::to_owned)).collect()
        };
        match (value.get("program"), value.get("tests")) {
            (Some(_), None) => {
                Some(Self::Program { name: text(value, "program")?, arguments: words(value, "arguments")? })
            }
            (None, Some(tests)) => Some(Self::Tests {
                package: text(tests, "package")?,
                target: text(tests, "target")?,
                filter: text(tests, "filter")?,
                red: words(tests, "red")?.into_iter().collect(),
            }),
            (Some(_), Some(_)) | (None, None) => None,
        }
    }

    /// Whether the judge is about this property: a test names it.
    #[cfg(test)]
    pub(super) fn speaks_of(&self, property: &str) -> bool {
        let id = format!("{}_", property.to_lowercase());
        let named = |test: &String| test.rsplit("::").next().is_some_and(|name| name.starts_with(&id));
        match self {
            Self::Program { .. } => true,
            Self::Tests { filter, red, .. } => {
                !red.is_empty() && red.iter().all(|test| named(test) && test.contains(filter))
            }
        }
    }

    /// Judges the mutant that is in place.
    pub(super) fn look(&self, nursery: &Nursery<'_>, property: &str) -> Result<Result<(), String>, Failure> {
        let mut build = match self {
            Self::Program { name, .. } => {
                let mut cargo = nursery.cargo("build");
                cargo.args(["--package", "lumencall-proofs", "--bin", name]);
                cargo
            }
            Self::Tests { package, target, .. } => {
                let mut cargo = nursery.cargo("test");
                cargo.args(["--package", package, "--test", target, "--no-run"]);
                cargo
            }
        };
        if let Err(failure) = process::capture(&mut build) {
            return Ok(Err(format!("it does not compile: {failure}")));
        }
        match self {
            Self::Program { name, arguments } => {
                let Ran { output, .. } = process::watch(nursery.program(name).args(arguments), LIMIT)?;
                Ok(compare(&broken(&output), &BTreeSet::from([property])))
            }
            Self::Tests { package, target, filter, red } => {
                let mut cargo = nursery.cargo("test");
                cargo.args(["--package", package, "--test", target, "--", "--format=pretty", filter]);
                let Ran { output, .. } = process::watch(&mut cargo, LIMIT)?;
                if !output.contains("test result: ") {
                    return Ok(Err("the tests did not come to their end".to_owned()));
                }
                Ok(compare(&failed(&output), &red.iter().map(String::as_str).collect()))
            }
        }
    }
}

fn compare(seen: &BTreeSet<&str>, expected: &BTreeSet<&str>) -> Result<(), String> {
    if seen == expected { Ok(()) } else { Err(format!("red are {seen:?}, not {expected:?}")) }
}

/// The ids in the lines `broken: I8 what it says`.
fn broken(output: &str) -> BTreeSet<&str> {
    let ids = output.lines().filter_map(|line| line.trim_start().strip_prefix("broken: "));
    ids.filter_map(|rest| rest.split_whitespace().next()).collect()
}

/// The tests in the lines `test its::name ... FAILED`.
fn failed(output: &str) -> BTreeSet<&str> {
    output.lines().filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_broken_is_read_by_its_id() {
        let output = "FAILED: a scenario\n    broken: I8 one device wins\n       1 a step\n    never: reaches an end\n    broken: I8 again\n";
        assert_eq!(broken(output), BTreeSet::from(["I8"]));
    }

    #[test]
    fn a_test_that_failed_is_read_by_its_name() {
        let output = "running 3 tests\ntest a::one ... ok\ntest a::two ... FAILED\ntest three ... FAILED\n\nfailures:\n\n---- a::two stdout ----\ntest result: FAILED. 1 passed; 2 failed\n";
        assert_eq!(failed(output), BTreeSet::from(["a::two", "three"]));
    }

    #[test]
    fn one_more_or_one_less_is_not_what_was_expected() {
        let expected = BTreeSet::from(["one"]);
        assert!(compare(&BTreeSet::from(["one"]), &expected).is_ok());
        for seen in [BTreeSet::new(), BTreeSet::from(["two"]), BTreeSet::from(["one", "two"])] {
            assert!(compare(&seen, &expected).is_err(), "{seen:?}");
        }
    }
}
