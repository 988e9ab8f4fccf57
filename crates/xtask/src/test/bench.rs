//! What the parts share: the package and the server, built once, and the way a runner is run.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use super::counts::Counts;
use super::summary::Row;
use crate::failure::Failure;
use crate::process::{self, Ran};
use crate::workspace::Workspace;
use crate::{package, server};

/// Tells tests of any kind to run their full counts.
const LONG: &str = "LUMENCALL_LONG";

/// The state of one test run.
#[derive(Debug)]
pub(crate) struct Bench<'a> {
    /// The checkout.
    pub(super) workspace: &'a Workspace,
    /// Whether the tests run their full counts.
    pub(super) long: bool,
    package: OnceCell<Result<(), Failure>>,
    server: OnceCell<Result<PathBuf, Failure>>,
}

impl<'a> Bench<'a> {
    /// A run in which nothing is built yet.
    pub(crate) fn new(workspace: &'a Workspace, long: bool) -> Self {
        Self { workspace, long, package: OnceCell::new(), server: OnceCell::new() }
    }

    /// Builds the npm package, the first time.
    pub(super) fn package(&self) -> Result<(), Failure> {
        self.package.get_or_init(|| package::build(self.workspace)).clone()
    }

    /// Builds the server, the first time; returns the program.
    pub(super) fn server(&self) -> Result<PathBuf, Failure> {
        self.server.get_or_init(|| server::build(self.workspace)).clone()
    }

    /// Runs `command` in full view. A test runner that hangs is stopped: what takes this long does not end.
    pub(super) fn watch(&self, command: &mut Command) -> Result<Ran, Failure> {
        let minutes = if self.long { 120 } else { 30 };
        if self.long {
            command.env(LONG, "1");
        }
        process::watch(command, Duration::from_secs(minutes * 60))
    }

    /// Runs a command that is one check by itself.
    pub(super) fn check(&self, command: &mut Command) -> Result<Counts, Failure> {
        Ok(Counts::one(self.watch(command)?.success))
    }

    /// Runs a test runner, whose output `count` understands.
    pub(super) fn runner(&self, command: &mut Command, count: fn(&str) -> Counts) -> Result<Counts, Failure> {
        let Ran { output, success } = self.watch(command)?;
        let counts = count(&output);
        if !success && counts.failed == 0 {
            return Err(Failure::new(format!("`{}` failed", process::shown(command))));
        }
        Ok(counts)
    }
}

/// Times `run` and makes a row of what it came to.
pub(super) fn row(name: impl Into<String>, run: impl FnOnce() -> Result<Counts, Failure>) -> Row {
    let begin = Instant::now();
    let (counts, failure) = match run() {
        Ok(counts) => (counts, None),
        Err(failure) => (Counts::default(), Some(failure)),
    };
    Row { name: name.into(), counts, time: begin.elapsed(), failure }
}
