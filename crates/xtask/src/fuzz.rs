//! Fuzzing that is guided by coverage: the targets of `lumencall-proofs`, with libFuzzer around them.
//!
//! The compiler of this machine can count what is run, which is all that libFuzzer asks for; it itself is C++.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::ValueEnum;
use serde_json::Value;

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// The crate of the targets.
const CRATE: &str = "crates/lumencall-proofs/fuzz";

/// Where inputs are kept.
const CORPUS: &str = "crates/lumencall-proofs/corpus";

/// What the compiler is told: count which branches are taken, and show libFuzzer what is compared with what. The checks of a
/// debug build stay in.
const FLAGS: &[&str] = &[
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "-Cdebug-assertions",
];

/// What an input that fails is called by libFuzzer, before its hash.
const FINDINGS: [&str; 3] = ["crash-", "timeout-", "oom-"];

/// What is fed with bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// The reading and writing of frames
    Frames,
    /// The server
    Decisions,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No variant is skipped, so each has a name.
        f.write_str(self.to_possible_value().as_ref().map_or("", |value| value.get_name()))
    }
}

impl Target {
    /// How many inputs a test run tries: some seconds of each.
    const fn runs(self) -> u32 {
        match self {
            Self::Frames => 150_000,
            Self::Decisions => 6_000,
        }
    }

    /// The longest input, in bytes. What takes a server a hundred steps to get to, it gets to in fewer.
    const fn longest(self) -> u32 {
        match self {
            Self::Frames => 2_048,
            Self::Decisions => 400,
        }
    }
}

/// The C++ compiler that libFuzzer is built with.
///
/// # Errors
/// When there is none.
pub(crate) fn compiler() -> Result<OsString, Failure> {
    let named = env::var_os("CXX").filter(|name| !name.is_empty());
    named.or_else(|| process::find("c++").map(PathBuf::into_os_string)).ok_or_else(|| {
        Failure::new("there is no C++ compiler here, which libFuzzer is built with")
            .remedy("install one, on Debian by: apt-get install g++")
            .remedy("or name one in CXX")
            .remedy("`cargo xtask test fuzz` runs the targets without it")
    })
}

/// Looks for inputs that fail, for so many seconds, from where the last run stopped.
///
/// # Errors
/// When there is one, which is kept then, or nothing can be built.
pub(crate) fn run(workspace: &Workspace, target: Target, seconds: u32, keep: bool) -> Result<(), Failure> {
    let fuzzer = Fuzzer::build(workspace, target)?;
    let found = fuzzer.folder.join("found");
    create(&found)?;
    fuzzer.search(&found, &[format!("-max_total_time={seconds}")])?;
    if keep { fuzzer.keep(&found) } else { Ok(()) }
}

/// Tries as many inputs as a test run has, the same in every run.
///
/// # Errors
/// When one fails, which is kept then, or nothing can be built.
pub(crate) fn test(workspace: &Workspace, target: Target) -> Result<(), Failure> {
    let fuzzer = Fuzzer::build(workspace, target)?;
    let found = fuzzer.folder.join("test");
    empty(&found)?;
    let bounds = [format!("-runs={}", target.runs()), "-seed=1".to_owned(), "-verbosity=0".to_owned()];
    fuzzer.search(&found, &bounds)
}

/// A target, built, and its folders.
#[derive(Debug)]
struct Fuzzer<'a> {
    workspace: &'a Workspace,
    target: Target,
    program: PathBuf,
    /// The scratch folder.
    folder: PathBuf,
    /// What is kept of this target.
    corpus: PathBuf,
}

impl<'a> Fuzzer<'a> {
    fn build(workspace: &'a Workspace, target: Target) -> Result<Self, Failure> {
        let cxx = compiler()?;
        let host = host(&process::capture(workspace.cargo().arg("-vV"))?)
            .ok_or_else(|| Failure::new("`cargo -vV` did not name this machine"))?;
        let folder = workspace.target().join("fuzz");
        let name = target.to_string();
        let mut cargo = workspace.cargo();
        // The build scripts are not to be counted in, so the target is named even though it is this machine.
        cargo.args(["build", "--release", "--locked", "--target", &host, "--bin", &name, "--manifest-path"]);
        cargo.arg(workspace.path(CRATE).join("Cargo.toml"));
        cargo.env("CARGO_TARGET_DIR", &folder).env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\x1f"));
        process::show(cargo.env("CXX", cxx))?;
        Ok(Self {
            workspace,
            target,
            program: folder.join(host).join("release").join(&name),
            folder: workspace.scratch("fuzz").join(&name),
            corpus: workspace.path(CORPUS).join(&name),
        })
    }

    /// Lets libFuzzer search, from what is kept and what is in `found`, which takes what it finds.
    fn search(&self, found: &Path, bounds: &[String]) -> Result<(), Failure> {
        let (seeds, failed) = (self.folder.join("seeds"), self.folder.join("failed"));
        self.sow(&seeds)?;
        empty(&failed)?;
        let mut fuzzer = Command::new(&self.program);
        fuzzer.args(["-timeout=10", "-print_final_stats=1", &format!("-max_len={}", self.target.longest())]);
        fuzzer.arg(format!("-artifact_prefix={}/", failed.display())).args(bounds);
        fuzzer.arg(found).arg(&seeds);
        let ended = process::show(&mut fuzzer);
        let mut kept = Vec::new();
        for file in files(&failed)? {
            kept.extend(self.keep_finding(&file)?);
        }
        match (kept.first(), ended) {
            (None, ended) => ended,
            (Some(path), _) => Err(Failure::new(format!("{} is broken by {}", self.target, path.display()))
                .remedy("mend it; `cargo xtask test fuzz` tries that input first from now on")),
        }
    }

    /// Puts what a search begins with into a folder: what is kept, and for frames the golden messages.
    fn sow(&self, seeds: &Path) -> Result<(), Failure> {
        empty(seeds)?;
        for file in files(&self.corpus)? {
            copy(&file, &seeds.join(file.file_name().unwrap_or_default()))?;
        }
        match self.target {
            Target::Decisions => Ok(()),
            Target::Frames => {
                for file in files(&self.workspace.path("tests/wire"))? {
                    let text =
                        fs::read_to_string(&file).map_err(|error| Failure::io("read", &file, &error))?;
                    let message: Option<Value> = serde_json::from_str(&text).ok();
                    let frame = message.as_ref().and_then(|message| message.get("frame"));
                    if let (Some(frame), Some(name)) = (frame, file.file_name()) {
                        write(&seeds.join(name), frame.to_string().as_bytes())?;
                    }
                }
                Ok(())
            }
        }
    }

    /// Keeps an input that fails, under a name of its own.
    fn keep_finding(&self, file: &Path) -> Result<Option<PathBuf>, Failure> {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let Some(hash) = FINDINGS.iter().find_map(|kind| name.strip_prefix(kind)) else { return Ok(None) };
        let to = self.corpus.join(format!("failed-{}.bin", short(hash)));
        create(&self.corpus)?;
        copy(file, &to)?;
        Ok(Some(to))
    }

    /// Adds to what is kept, of what was found, the few inputs that together reach everything that is reached.
    fn keep(&self, found: &Path) -> Result<(), Failure> {
        let few = self.folder.join("few");
        empty(&few)?;
        self.sow(&few)?;
        let before = files(&few)?;
        let mut fuzzer = Command::new(&self.program);
        // How often something is reached is left aside: what is kept is to be small.
        process::show(fuzzer.args(["-set_cover_merge=1", "-use_counters=0"]).arg(&few).arg(found))?;
        create(&self.corpus)?;
        let mut added = 0;
        for file in files(&few)?.iter().filter(|file| !before.contains(file)) {
            let hash = file.file_name().unwrap_or_default().to_string_lossy();
            copy(file, &self.corpus.join(format!("reached-{}.bin", short(&hash))))?;
            added += 1;
        }
        println!("{added} inputs more are kept in {}", self.corpus.display());
        Ok(())
    }
}

/// The machine's own target, from what `cargo -vV` says.
fn host(version: &str) -> Option<String> {
    version.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned)
}

/// As much of a hash as tells inputs apart.
fn short(hash: &str) -> &str {
    hash.get(..10).unwrap_or(hash)
}

/// The files of a folder, in their order; none where there is no folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let listed = fs::read_dir(folder).map_err(|error| Failure::io("read", folder, &error))?;
    let mut files: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
    files.sort();
    Ok(files)
}

fn create(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| Failure::io("create", folder, &error))
}

fn empty(folder: &Path) -> Result<(), Failure> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| Failure::io("remove", folder, &error))?;
    }
    create(folder)
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::copy(from, to).map(drop).map_err(|error| Failure::io("copy", from, &error))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(path, bytes).map_err(|error| Failure::io("write", path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_the_one_that_cargo_names() {
        let version = "cargo 1.90.0\nrelease: 1.90.0\nhost: x86_64-unknown-linux-gnu\nos: Debian\n";
        assert_eq!(host(version).as_deref(), Some("x86_64-unknown-linux-gnu"));
        assert_eq!(host("cargo 1.90.0"), None);
    }

    #[test]
    fn each_target_is_a_program_of_the_crate() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(CRATE);
        for target in Target::value_variants() {
            assert!(folder.join(format!("fuzz_targets/{target}.rs")).is_file(), "{target}");
        }
    }
}
