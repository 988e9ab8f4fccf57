//! The types of the package, by samples that must compile and samples that must not.
//!
//! A sample in `tests/types/refuse` marks each line that has to be refused with `// refused` at its end. Any other error, and a
//! marked line without one, fails the sample.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::bench::Bench;
use super::counts::Counts;
use crate::failure::Failure;

/// Stands at the end of a line that the compiler has to refuse.
const MARK: &str = "// refused";

/// Compiles all samples at once, and judges each file by itself.
pub(super) fn run(bench: &Bench<'_>) -> Result<Counts, Failure> {
    bench.package()?;
    let workspace = bench.workspace;
    let folder = workspace.path("tests/types");
    let mut tsc = workspace.command(workspace.npm_program("tsc"));
    tsc.args(["--project", "tsconfig.json", "--pretty", "false"]).current_dir(&folder);
    let output = bench.watch(&mut tsc)?.output;
    let errors: Vec<_> = output.lines().filter_map(parse_error).collect();

    let samples = [samples(&folder, "accept")?, samples(&folder, "refuse")?].concat();
    // An error in the package's own types, or in the options, is nobody's sample.
    let stray: Vec<_> = output
        .lines()
        .filter(|line| line.contains("error TS"))
        .filter(|line| parse_error(line).is_none_or(|(file, _)| samples.iter().all(|(name, _)| name != file)))
        .collect();
    if !stray.is_empty() {
        return Err(Failure::new("the samples could not be judged").with(stray.join("\n")));
    }
    let mut counts = Counts::default();
    for (name, text) in &samples {
        let found = errors.iter().filter(|(file, _)| file == name).map(|(_, line)| *line).collect();
        let wrong = judge(text, name.starts_with("refuse/"), &found);
        println!("{name}: {}", if wrong.is_empty() { "ok" } else { "FAILED" });
        for reason in &wrong {
            println!("    {reason}");
        }
        counts += Counts::one(wrong.is_empty());
    }
    Ok(counts)
}

/// The samples of a kind, each with its name as the compiler prints it, and its text.
fn samples(folder: &Path, kind: &str) -> Result<Vec<(String, String)>, Failure> {
    let folder = folder.join(kind);
    let entries = fs::read_dir(&folder).map_err(|error| Failure::io("read", &folder, &error))?;
    let mut samples = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".ts") {
            let text = fs::read_to_string(&path).map_err(|error| Failure::io("read", &path, &error))?;
            samples.push((format!("{kind}/{name}"), text));
        }
    }
    if samples.is_empty() {
        return Err(Failure::new(format!("{} holds no sample", folder.display())));
    }
    samples.sort();
    Ok(samples)
}

/// File and line of `accept/a.ts(3,7): error TS2322: …`.
fn parse_error(line: &str) -> Option<(&str, usize)> {
    let (place, _) = line.split_once("): error TS")?;
    let (file, position) = place.rsplit_once('(')?;
    Some((file, position.split_once(',')?.0.parse().ok()?))
}

/// What is wrong with a sample in which the compiler found errors in these lines.
fn judge(text: &str, must_refuse: bool, found: &BTreeSet<usize>) -> Vec<String> {
    let lines = text.lines().enumerate();
    let marked: BTreeSet<_> =
        lines.filter(|(_, line)| line.trim_end().ends_with(MARK)).map(|(index, _)| index + 1).collect();
    let accepted =
        marked.difference(found).map(|line| format!("line {line} was accepted, and has to be refused"));
    let refused =
        found.difference(&marked).map(|line| format!("line {line} was refused, and has to be accepted"));
    let mut wrong: Vec<_> = accepted.chain(refused).collect();
    if must_refuse == marked.is_empty() {
        wrong.push(format!("`{MARK}` belongs in the samples that have to be refused, and only there"));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines<const N: usize>(lines: [usize; N]) -> BTreeSet<usize> {
        lines.into()
    }

    #[test]
    fn an_error_is_read_with_its_place() {
        let line = "refuse/a (1).ts(12,7): error TS2322: Type 'x(1,2)' is not assignable.";
        assert_eq!(parse_error(line), Some(("refuse/a (1).ts", 12)));
        assert_eq!(parse_error("error TS5023: Unknown compiler option"), None);
        assert_eq!(parse_error("  more about the error before"), None);
    }

    #[test]
    fn a_sample_that_has_to_compile_may_have_no_error() {
        assert!(judge("one\ntwo\n", false, &lines([])).is_empty());
        assert_eq!(judge("one\ntwo\n", false, &lines([2])), ["line 2 was refused, and has to be accepted"]);
    }

    #[test]
    fn every_marked_line_and_no_other_has_to_be_refused() {
        let text = "one\ntwo // refused\nthree // refused\n";
        assert!(judge(text, true, &lines([2, 3])).is_empty());
        assert_eq!(judge(text, true, &lines([2])), ["line 3 was accepted, and has to be refused"]);
        assert_eq!(judge(text, true, &lines([1, 2, 3])), ["line 1 was refused, and has to be accepted"]);
    }

    #[test]
    fn a_sample_in_the_wrong_folder_is_noticed() {
        assert_eq!(judge("one\n", true, &lines([])).len(), 1);
        assert_eq!(judge("one // refused\n", false, &lines([1])).len(), 1);
    }
}
