//! `cargo xtask`: everything that a person runs in this repository.

mod cargo_lock;
mod children;
mod cmd;
mod failure;
mod process;
mod report;
mod setup;
mod wasm;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::cmd::setup::Purpose;
use crate::failure::Failure;
use crate::workspace::Workspace;

/// Builds, runs and tests lumencall. Each command first installs what it needs and this machine lacks.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Install what is missing; takes seconds when nothing is
    Setup {
        /// Only what this command needs
        #[arg(long = "for", value_name = "COMMAND", default_value = "test")]
        purpose: Purpose,
    },
}

fn main() -> ExitCode {
    let result = run(&Arguments::parse());
    children::stop_strays();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    children::stop_on_interrupt()?;
    let workspace = Workspace::find()?;
    match &arguments.command {
        Task::Setup { purpose } => cmd::setup::run(&workspace, *purpose),
    }
}
