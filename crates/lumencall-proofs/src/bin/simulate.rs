//! Runs the simulation: one seed, or seeds until so many things have happened.
//!
//! `cargo xtask simulate` calls it.

use std::collections::BTreeSet;
use std::env;
use std::process::ExitCode;

use lumencall_proofs::sim::{self, Histogram};

/// How much happens where nobody says how much.
const EVENTS: u64 = 1_000_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let number = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name)?;
        arguments.get(place + 1)?.parse::<u64>().ok()
    };
    if let Some(seed) = number("--seed") {
        return match sim::seed(seed) {
            Ok(ran) => {
                print!("{}", ran.histogram);
                println!("seed {seed}: {} events, all holds", ran.events);
                ExitCode::SUCCESS
            }
            Err(failed) => {
                println!("{failed}");
                ExitCode::FAILURE
            }
        };
    }
    let campaign = sim::campaign(number("--from").unwrap_or(0), number("--events").unwrap_or(EVENTS));
    for failed in &campaign.failed {
        println!("{failed}\n");
    }
    // What the mutants are judged by.
    let broken: BTreeSet<&str> = campaign.failed.iter().map(|failed| failed.violation.line).collect();
    for line in broken {
        println!("broken: {line} in a run of the simulation");
    }
    let least = number("--least").unwrap_or(campaign.events / 10_000);
    let rare = report(&campaign.histogram, least);
    println!("{} runs, {} events, {} failures", campaign.runs, campaign.events, campaign.failed.len());
    if campaign.failed.is_empty() && rare.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints what happened, and what happened too seldom.
fn report(histogram: &Histogram, least: u64) -> Vec<String> {
    print!("{histogram}");
    let rare = histogram.rarer_than(least);
    for what in &rare {
        println!("only {} times, and not {least}: {what}", histogram.of(what));
    }
    rare
}
