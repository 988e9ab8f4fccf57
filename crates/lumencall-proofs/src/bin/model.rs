//! Explores the scenarios: `model [--large] [--only WORDS] [--every-fault] [--states N] [--minutes N]`.

use std::env;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use lumencall_proofs::model::{Bounds, check, scenarios};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).map(String::as_str)
    };
    let number = |name: &str| value(name).and_then(|text| text.parse::<usize>().ok());
    let flag = |name: &str| arguments.iter().any(|argument| argument == name);
    let large = flag("--large");
    let bounds = Bounds {
        // As many are in 16 GB of memory, whatever the scenario.
        states: number("--states").unwrap_or(12_000_000),
        time: Duration::from_secs(60 * number("--minutes").unwrap_or(if large { 60 } else { 5 }) as u64),
        every_fault: flag("--every-fault"),
    };
    let threads = thread::available_parallelism().map_or(1, Into::into);
    let (mut passed, mut failed) = (0, 0);
    for scenario in scenarios(large) {
        if value("--only").is_some_and(|word| !scenario.name.contains(word)) {
            continue;
        }
        let report = check(scenario, bounds, threads);
        println!("{report}");
        if report.passed() {
            passed += 1;
        } else {
            failed += 1;
        }
    }
    println!("\n{passed} passed, {failed} failed");
    if failed == 0 && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
