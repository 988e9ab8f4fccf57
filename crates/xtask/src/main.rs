//! `cargo xtask`: everything that a person runs in this repository.

mod bench;
mod cargo_lock;
mod children;
mod cmd;
mod exposure;
mod failure;
mod fuzz;
mod model;
mod mutants;
mod package;
mod process;
mod report;
mod server;
mod setup;
mod simulate;
mod test;
mod wasm;
mod workspace;

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::bench::Subject;
use crate::cmd::setup::Purpose;
use crate::failure::Failure;
use crate::fuzz::Target;
use crate::test::Part;
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
    /// Build the npm package in pkg/, and print what it weighs
    Package,
    /// Build everything and serve the demo page until Ctrl-C
    Demo {
        /// Where to listen; port 0 takes a free one. On others than loopback by https, for users who have a link
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
    },
    /// Look for inputs that break something, guided by what they reach; needs a C++ compiler
    Fuzz {
        /// What to feed
        target: Target,
        /// For how long
        #[arg(long, value_name = "N", default_value_t = 60)]
        seconds: u32,
        /// Keep what reaches further than what is kept
        #[arg(long)]
        keep: bool,
    },
    /// Measure, and print what was found
    Bench {
        #[command(subcommand)]
        subject: Subject,
    },
    /// Explore the scenarios of the model within the large bounds
    Model {
        /// Only the scenarios whose name contains these words
        #[arg(long, value_name = "WORDS")]
        only: Option<String>,
    },
    /// Break rules on purpose, and see that each turns its own property red
    Mutants {
        /// Only those whose name contains these words, or whose property this is
        #[arg(long, value_name = "WORDS")]
        only: Option<String>,
    },
    /// Run the simulation: one seed, or many
    Simulate {
        /// Only this seed; what fails is made shorter and shown
        #[arg(long, value_name = "N")]
        seed: Option<u64>,
        /// The first of many
        #[arg(long, value_name = "N", default_value_t = 0)]
        from: u64,
        /// How much is to happen in many
        #[arg(long, value_name = "N", default_value_t = 1_000_000)]
        events: u64,
    },
    /// Run the tests, and end with a summary
    Test {
        /// Which parts; all of them when none is named
        #[arg(value_name = "PART")]
        parts: Vec<Part>,
        /// Run full counts where a short run samples
        #[arg(long)]
        long: bool,
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
        Task::Package => cmd::package::run(&workspace),
        Task::Demo { listen } => cmd::demo::run(&workspace, *listen),
        Task::Fuzz { target, seconds, keep } => fuzz::run(&workspace, *target, *seconds, *keep),
        Task::Bench { subject } => bench::run(&workspace, subject),
        Task::Model { only } => model::run(&workspace, only.as_deref()),
        Task::Mutants { only } => mutants::run(&workspace, only.as_deref()),
        Task::Simulate { seed, from, events } => simulate::run(&workspace, *seed, *from, *events),
        Task::Test { parts, long } => cmd::test::run(&workspace, parts, *long),
    }
}
