//! A scenario, explored.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use stateright::{Checker as _, Expectation, HasDiscoveries, Model};

use super::scenario::Scenario;
use super::session::Sessions;
use super::world::{Explored, World};
use crate::checker::Part;

/// How far a scenario is explored at most. One that is not through by then counts as failed.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How many states, those included that were met before.
    pub states: usize,
    /// How long.
    pub time: Duration,
    /// Whether to go on after a property that does not hold, to find all that do not.
    pub every_fault: bool,
}

/// What came of a scenario.
#[derive(Clone, Debug)]
pub struct Report {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// Whether every state was seen.
    pub complete: bool,
    /// How many states were met.
    pub states: usize,
    /// How many of them are different.
    pub unique: usize,
    /// The length of the longest shortest way to one.
    pub depth: usize,
    /// How long it took.
    pub time: Duration,
    /// How many properties there are.
    pub properties: usize,
    /// The properties that do not hold, each with the steps to where it does not and what is seen there.
    pub broken: BTreeMap<&'static str, Vec<String>>,
    /// What was to be reached, and is nowhere.
    pub missed: Vec<&'static str>,
}

impl Report {
    /// Whether all is well.
    pub fn passed(&self) -> bool {
        self.complete && self.broken.is_empty() && self.missed.is_empty()
    }
}

/// Explores a scenario to its end, or to its bounds.
pub fn check(scenario: Scenario, bounds: Bounds, threads: usize) -> Report {
    let begin = Instant::now();
    let explored = Explored(scenario.clone());
    let properties = explored.properties();
    let run = explored
        .checker()
        .threads(threads)
        .target_state_count(bounds.states)
        .timeout(bounds.time)
        .finish_when(if bounds.every_fault { HasDiscoveries::All } else { HasDiscoveries::AnyFailures })
        .spawn_bfs()
        .join();
    let time = begin.elapsed();
    let found = run.discoveries();
    let broken: BTreeMap<&'static str, Vec<String>> = properties
        .iter()
        .filter(|property| property.expectation == Expectation::Always)
        .filter_map(|property| {
            let path = found.get(property.name)?;
            let last = path.last_state().checker().fault().map(|fault| fault.what.clone());
            let steps = path.clone().into_actions();
            let steps = steps.iter().map(|action| World::describe(&scenario, action));
            Some((property.name, steps.chain(last).collect()))
        })
        .collect();
    let missed = properties
        .iter()
        .filter(|property| {
            property.expectation == Expectation::Sometimes && !found.contains_key(property.name)
        })
        .map(|property| property.name)
        .collect();
    let complete =
        (bounds.every_fault || broken.is_empty()) && run.state_count() < bounds.states && time < bounds.time;
    Report {
        scenario: Arc::new(scenario),
        complete,
        states: run.state_count(),
        unique: run.unique_state_count(),
        depth: run.max_depth(),
        time,
        properties: properties.len(),
        broken,
        missed,
    }
}

/// Every way in which a scenario comes to rest: how each call stands or has ended, and what each device has heard of it.
pub fn ends(scenario: &Scenario) -> BTreeSet<String> {
    let explored = Explored(scenario.clone());
    let mut ahead = explored.init_states();
    let (mut known, mut ends) = (HashSet::new(), BTreeSet::new());
    while let Some(world) = ahead.pop() {
        let mut hasher = DefaultHasher::new();
        world.hash(&mut hasher);
        if !known.insert(hasher.finish()) {
            continue;
        }
        if world.rests(scenario) {
            let checker = world.checker();
            let calls = checker.stories().iter().map(|(id, story)| (id, story.ended, &story.joined));
            let heard = checker.parts().iter().map(|(part, heard)| match heard {
                Part::Live(view) => (part, Some((view.state, &view.inside)), None),
                Part::Over(reason, elsewhere) => (part, None, Some((reason, elsewhere))),
            });
            ends.insert(format!("{:?} {:?}", calls.collect::<Vec<_>>(), heard.collect::<Vec<_>>()));
        }
        ahead.extend(explored.next_states(&world));
    }
    ends
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Scenario { name, actors, crashes, flight, lag, late_timers, nodes, probes, sessions, .. } =
            &*self.scenario;
        let verdict = match (self.passed(), self.complete || !self.broken.is_empty()) {
            (true, _) => "passed",
            (false, true) => "FAILED",
            (false, false) => "INCOMPLETE",
        };
        writeln!(formatter, "{verdict}: {name}")?;
        writeln!(
            formatter,
            "    bounds: {} devices, {crashes} cut, {flight} command of each under way, frames {}, timers {}, {}{}",
            actors.len(),
            if *lag { "delayed" } else { "at once" },
            if *late_timers { "late" } else { "in time" },
            if *nodes == 0 { "one store".to_owned() } else { format!("{nodes} nodes") },
            if *probes { ", all else tried" } else { "" },
        )?;
        if let Some(sessions) = sessions {
            let Sessions { frames, resumes, reloads, says_so, restarts, counts, longest } = sessions;
            let pages = match (resumes, reloads) {
                (true, true) => "the same page or another",
                (true, false) => "the same page",
                (false, _) => "another page",
            };
            writeln!(
                formatter,
                "    sessions: {pages} comes back{}{}, mailboxes of {frames}, {restarts} restarts of the server, {} sent again",
                if *says_so { ", which may say that it goes" } else { "" },
                longest.map_or(String::new(), |longest| format!(", at most {longest} later")),
                if *counts { "what did not arrive is" } else { "all is" },
            )?;
        }
        write!(
            formatter,
            "    {} properties, {} states ({} different), depth {}, {:.1} s",
            self.properties,
            self.states,
            self.unique,
            self.depth,
            self.time.as_secs_f64()
        )?;
        for (name, steps) in &self.broken {
            write!(formatter, "\n    broken: {name}")?;
            for (index, step) in steps.iter().enumerate() {
                write!(formatter, "\n    {:>4} {step}", index + 1)?;
            }
        }
        for name in &self.missed {
            write!(formatter, "\n    never: {name}")?;
        }
        Ok(())
    }
}
