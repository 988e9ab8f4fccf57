//! Installs what a command needs and this machine lacks.
//!
//! A [`Step`] first asks whether it is done; only then does it take the lock, install, and ask again. So a set-up where all is
//! there takes the time of the asking, and two at once do no harm.

mod apt;
mod cargo_tools;
mod components;
mod debian_std;
mod lock;
mod need;
mod npm;
mod privilege;
mod wasm_std;

use std::io::Write as _;
use std::time::Instant;

pub(crate) use need::{Need, tool_path};

use self::apt::Apt;
use self::lock::Lock;
use crate::failure::Failure;
use crate::process::Log;
use crate::report::seconds;
use crate::workspace::Workspace;

/// One thing that a machine may lack.
pub(crate) trait Step {
    /// What it provides, with the version where one is required.
    fn name(&self) -> String;

    /// Fails, with the reason, while something is left to do. Cheap, and not deceived by an install that broke off.
    fn check(&self, context: &Context<'_>) -> Result<(), Failure>;

    /// Installs it.
    fn install(&self, context: &Context<'_>, log: &Log) -> Result<(), Failure>;
}

/// What the steps share.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    /// The checkout.
    pub(crate) workspace: &'a Workspace,
    /// Debian's package manager, whose lists are brought up to date once.
    pub(crate) apt: Apt,
}

/// Provides `needs`, and prints each step with its time.
///
/// # Errors
/// When something could not be provided. All the steps are tried, so that everything missing is named at once.
pub(crate) fn provide(workspace: &Workspace, needs: &[Need]) -> Result<(), Failure> {
    let context = Context { workspace, apt: Apt::default() };
    let begin = Instant::now();
    let mut lock = None;
    let mut failures = Vec::new();
    println!("set-up");
    for need in needs {
        let step = need.step(workspace)?;
        let begin = Instant::now();
        print!("  {:<42} ", step.name());
        // Nothing is lost when the terminal shows it later.
        let _ = std::io::stdout().flush();
        let result = perform(step.as_ref(), &context, &mut lock);
        let word = match &result {
            Ok(word) => word,
            Err(_) => "FAILED",
        };
        println!("{word:<18} {}", seconds(begin.elapsed()));
        if let Err(failure) = result {
            println!("    {}\n", failure.to_string().replace('\n', "\n    "));
            failures.push(step.name());
        }
    }
    if lock.is_some() {
        cargo_tools::remove_build_folder(workspace);
    }
    println!("  {:<42} {:<18} {}", "all", "", seconds(begin.elapsed()));
    match failures.as_slice() {
        [] => Ok(()),
        missing => {
            Err(Failure::new("the set-up is not complete").with(format!("missing: {}", missing.join(", "))))
        }
    }
}

fn perform(step: &dyn Step, context: &Context<'_>, lock: &mut Option<Lock>) -> Result<&'static str, Failure> {
    if step.check(context).is_ok() {
        return Ok("ok, there already");
    }
    if lock.is_none() {
        *lock = Some(Lock::take(context.workspace)?);
        // Whoever held the lock may have installed it.
        if step.check(context).is_ok() {
            return Ok("ok, there already");
        }
    }
    let log = Log::create(context.workspace.scratch(format!("setup/{}.log", file_name(&step.name()))))?;
    step.install(context, &log)?;
    step.check(context).map_err(|failure| {
        Failure::new(format!("{} was installed, and still cannot be used", step.name())).with(failure)
    })?;
    Ok("installed")
}

fn file_name(name: &str) -> String {
    let kept = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' });
    kept.collect::<String>().split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_named_for_its_step() {
        assert_eq!(file_name("wasm-bindgen 0.2.130 (CLI)"), "wasm-bindgen-0.2.130-CLI");
    }
}
