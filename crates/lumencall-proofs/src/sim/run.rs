//! Runs: one of a seed, many of them, and the shorter ones in which the same is found.

use std::fmt;

use super::histogram::Histogram;
use super::schedule::{Cast, Step, schedule};
use super::violation::{Violation, attempt};
use super::world::{Clocks, World};

/// How long after its last step a run goes on before everybody leaves: longer than anything is on its way.
const AFTER: u64 = 20_000;

/// How long until everything has ended for which anybody waits.
const OVER: u64 = 200_000;

/// How many shorter schedules are tried at the most.
const ATTEMPTS: usize = 3_000;

/// How many lines of a failing run are shown.
const LINES: usize = 200;

/// A run to its end.
#[derive(Clone, Debug)]
pub struct Ran {
    /// How many things happened: frames, steps of browsers, timers, commands.
    pub events: u64,
    /// What was seen.
    pub histogram: Histogram,
    /// What hangs on all that the server sent and the clients of the SDK did, and when.
    pub digest: u64,
}

/// A run in which something did not hold, made shorter.
#[derive(Clone, Debug)]
pub struct Failed {
    /// With this seed it happens again.
    pub seed: u64,
    /// What does not hold.
    pub violation: Violation,
    /// Who was there, the steps that it takes, and the end of what then happens.
    pub story: String,
}

/// Many runs.
#[derive(Clone, Debug, Default)]
pub struct Campaign {
    /// How many runs.
    pub runs: u64,
    /// How many things happened in them.
    pub events: u64,
    /// What was seen in them.
    pub histogram: Histogram,
    /// The runs in which something did not hold: the first for each line.
    pub failed: Vec<Failed>,
}

/// Runs a seed.
///
/// # Errors
/// When something did not hold.
pub fn seed(seed: u64) -> Result<Ran, Box<Failed>> {
    let cast = Cast::of(seed);
    let steps = schedule(seed, &cast);
    run(seed, &cast, &steps, Clocks::Wrong)
        .map_err(|violation| Box::new(shrink(seed, &cast, steps, violation)))
}

/// Runs seeds from this one on until so many things have happened.
pub fn campaign(first: u64, events: u64) -> Campaign {
    let mut campaign = Campaign::default();
    while campaign.events < events {
        let number = first + campaign.runs;
        campaign.runs += 1;
        let cast = Cast::of(number);
        let steps = schedule(number, &cast);
        match run(number, &cast, &steps, Clocks::Wrong) {
            Ok(ran) => {
                campaign.events += ran.events;
                campaign.histogram.add(&ran.histogram);
            }
            Err(violation) => {
                // Something happened all the same.
                campaign.events += steps.len() as u64;
                if campaign.failed.iter().all(|failed| failed.violation.line != violation.line) {
                    campaign.failed.push(shrink(number, &cast, steps, violation));
                }
            }
        }
    }
    campaign
}

/// Whether the run of this seed is the same when every clock is right.
///
/// # Errors
/// When something did not hold.
pub fn same_with_right_clocks(seed: u64) -> Result<bool, Violation> {
    let cast = Cast::of(seed);
    let steps = schedule(seed, &cast);
    let wrong = run(seed, &cast, &steps, Clocks::Wrong)?;
    let right = run(seed, &cast, &steps, Clocks::Right)?;
    Ok(wrong.digest == right.digest && wrong.histogram == right.histogram)
}

fn run(seed: u64, cast: &Cast, steps: &[Step], clocks: Clocks) -> Result<Ran, Violation> {
    attempt(|| {
        let mut world = World::new(seed, cast, steps, clocks);
        live(&mut world, steps);
        Ran { events: world.events, digest: world.digest(), histogram: world.server.histogram }
    })
}

fn live(world: &mut World, steps: &[Step]) {
    let end = steps.last().map_or(0, |step| step.at) + AFTER;
    world.run_until(end);
    let abruptly = world.seed.is_multiple_of(4);
    world.everybody_leaves(abruptly);
    world.run_until(end + OVER);
    world.everybody_closes();
    world.run_until(end + 2 * OVER);
    world.nothing_is_left();
}

/// Leaves out whatever the violation happens without.
fn shrink(seed: u64, cast: &Cast, mut steps: Vec<Step>, violation: Violation) -> Failed {
    let mut violation = violation;
    let mut attempts = 0;
    let mut chunk = steps.len().div_ceil(2).max(1);
    loop {
        let mut at = 0;
        let mut shorter = false;
        while at < steps.len() && attempts < ATTEMPTS {
            attempts += 1;
            let mut fewer = steps.clone();
            fewer.drain(at..(at + chunk).min(steps.len()));
            match run(seed, cast, &fewer, Clocks::Wrong) {
                Err(again) if again.line == violation.line => {
                    (steps, violation, shorter) = (fewer, again, true);
                }
                Ok(_) | Err(_) => at += chunk,
            }
        }
        if attempts >= ATTEMPTS || (chunk == 1 && !shorter) {
            break;
        }
        chunk = if shorter { chunk } else { chunk.div_ceil(2) };
    }
    let story = story(seed, cast, &steps);
    Failed { seed, violation, story }
}

fn story(seed: u64, cast: &Cast, steps: &[Step]) -> String {
    let mut lines = Vec::new();
    for (number, kinds) in cast.users.iter().enumerate() {
        lines.push(format!("u{number}: {kinds:?}"));
    }
    lines.extend(steps.iter().map(Step::to_string));
    let mut world = World::new(seed, cast, steps, Clocks::Wrong);
    world.trace = Some(Vec::new());
    // Kept outside, since it is to be read when the run is over.
    let ended = attempt(|| live(&mut world, steps));
    let trace = world.trace.unwrap_or_default();
    lines.push(format!("{} lines of what happens, of which the last:", trace.len()));
    lines.extend(trace[trace.len().saturating_sub(LINES)..].iter().cloned());
    lines.extend(ended.err().map(|violation| violation.text));
    lines.join("\n")
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, violation, story } = self;
        writeln!(f, "seed {seed}: {} does not hold: {}", violation.line, violation.text)?;
        writeln!(f, "{story}")?;
        write!(f, "again: cargo xtask simulate --seed {seed}")
    }
}
