//! Measurements: they print what they find, and judge nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, Subcommand};

use crate::failure::Failure;
use crate::setup::{self, Need};
use crate::workspace::Workspace;
use crate::{package, process};

/// What measuring in a browser takes.
const NEEDS: &[Need] = &[Need::Node, Need::NpmPackages, Need::Browsers, Need::WasmStd, Need::WasmBindgen];

/// The runner.
const SETUP: &str = "tests/bench/setup.mjs";

/// What is measured.
#[derive(Debug, Subcommand)]
pub(crate) enum Subject {
    /// How long a call takes to set up, here and with others: docs/performance.md
    Setup(Setup),
}

/// How set-up is measured.
#[derive(Debug, Args)]
pub(crate) struct Setup {
    /// How many rounds each contender has with each delay
    #[arg(long, value_name = "N", default_value_t = 15)]
    rounds: u32,
    /// What the order of the rounds is made from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u32,
    /// Milliseconds that are added between each client and its server, each way
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "0,50")]
    delays: Vec<u32>,
    /// Only these contenders
    #[arg(long, value_name = "NAMES")]
    only: Option<String>,
    /// Put the figures into docs/performance.md, with the plot and the raw numbers
    #[arg(long, conflicts_with_all = ["only", "trace"])]
    save: bool,
    /// Show one call step by step: of the SDK, or of this contender
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "sdk", conflicts_with = "only")]
    trace: Option<String>,
    /// Measure nothing; tell of the raw numbers of another run
    #[arg(long, value_name = "FILE", conflicts_with_all = ["only", "trace"])]
    report: Option<PathBuf>,
}

/// Measures.
///
/// # Errors
/// When something does not build, or a call fails. How long anything takes is no error.
pub(crate) fn run(workspace: &Workspace, subject: &Subject) -> Result<(), Failure> {
    match subject {
        Subject::Setup(setup) => setup.run(workspace),
    }
}

impl Setup {
    fn run(&self, workspace: &Workspace) -> Result<(), Failure> {
        let raw = workspace.scratch("bench/setup.json");
        let mut node = workspace.command("node");
        node.arg(SETUP).args(self.arguments(&raw));
        if self.report.is_some() {
            setup::provide(workspace, &[Need::Node, Need::NpmPackages])?;
            return process::show(&mut node);
        }
        setup::provide(workspace, NEEDS)?;
        package::build(workspace)?;
        node.env("LUMENCALL_PKG", workspace.package());
        node.env("LUMENCALL_SERVER_BIN", server(workspace)?);
        process::show(&mut node)?;
        if self.trace.is_none() {
            println!("\nraw numbers: {}", raw.display());
        }
        Ok(())
    }

    /// What the runner is told, with the file for the raw numbers.
    fn arguments(&self, raw: &Path) -> Vec<String> {
        let mut arguments = Vec::new();
        let mut tell = |name: &str, value: String| arguments.extend([format!("--{name}"), value]);
        let delays: Vec<_> = self.delays.iter().map(u32::to_string).collect();
        tell("rounds", self.rounds.to_string());
        tell("seed", self.seed.to_string());
        tell("delays", delays.join(","));
        tell("out", raw.display().to_string());
        if let Some(only) = &self.only {
            tell("only", only.clone());
        }
        if let Some(name) = &self.trace {
            tell("trace", name.clone());
        }
        if let Some(file) = &self.report {
            tell("report", std::path::absolute(file).unwrap_or_else(|_| file.clone()).display().to_string());
        }
        arguments.extend(self.save.then(|| "--save".to_owned()));
        arguments
    }
}

/// Builds the server as it is shipped.
fn server(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let mut cargo: Command = workspace.cargo();
    process::show(cargo.args(["build", "--release", "--package", "lumencall-server"]))?;
    Ok(workspace.target().join("release/lumencall-server"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(subcommand)]
        subject: Subject,
    }

    fn told(words: &[&str]) -> String {
        let line = Line::try_parse_from([&["bench", "setup"], words].concat()).unwrap();
        let Subject::Setup(setup) = line.subject;
        setup.arguments(Path::new("/raw.json")).join(" ")
    }

    #[test]
    fn the_runner_is_told_what_was_asked_for() {
        assert_eq!(told(&[]), "--rounds 15 --seed 1 --delays 0,50 --out /raw.json");
        assert_eq!(
            told(&["--rounds", "30", "--delays", "20", "--only", "sdk,peerjs"]),
            "--rounds 30 --seed 1 --delays 20 --out /raw.json --only sdk,peerjs"
        );
        assert!(told(&["--report", "/old.json", "--save"]).ends_with("--report /old.json --save"));
    }

    #[test]
    fn a_trace_is_of_the_sdk_where_nobody_is_named() {
        assert!(told(&["--trace"]).ends_with("--trace sdk"));
        assert!(told(&["--trace", "peerjs"]).ends_with("--trace peerjs"));
    }

    #[test]
    fn what_is_saved_is_a_whole_run() {
        assert!(Line::try_parse_from(["bench", "setup", "--save", "--only", "sdk"]).is_err());
    }
}
