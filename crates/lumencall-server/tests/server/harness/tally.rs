//! How often a race came out in which way.

use std::io::Write;

/// One way for a race to come out.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) name: &'static str,
    /// Exactly what each party hears, party by party.
    pub(crate) heard: &'static [&'static [&'static str]],
}

/// Counts the outcomes of a race.
pub(crate) struct Tally {
    race: &'static str,
    outcomes: &'static [Outcome],
    counts: Vec<usize>,
}

impl Tally {
    pub(crate) fn new(race: &'static str, outcomes: &'static [Outcome]) -> Self {
        Self { race, outcomes, counts: vec![0; outcomes.len()] }
    }

    /// Whether this run is one with full counts.
    pub(crate) fn is_long() -> bool {
        std::env::var_os("LUMENCALL_LONG").is_some_and(|long| long == "1")
    }

    /// How often a race is run.
    pub(crate) fn rounds() -> usize {
        if Self::is_long() { 1000 } else { 50 }
    }

    /// What was heard is one of the outcomes, at every party. Returns its name.
    pub(crate) fn count(&mut self, heard: &[Vec<String>]) -> &'static str {
        let same = |outcome: &Outcome| {
            heard.len() == outcome.heard.len() && std::iter::zip(heard, outcome.heard).all(|(a, b)| a == b)
        };
        let index = self.outcomes.iter().position(same);
        let index = index.unwrap_or_else(|| panic!("{}: no outcome is {heard:#?}", self.race));
        self.counts[index] += 1;
        self.outcomes[index].name
    }

    /// Tells the counts, past the test runner, which would keep them to itself. With full counts each outcome has come.
    pub(crate) fn close(self) {
        let counts = self.outcomes.iter().zip(&self.counts);
        let counts = counts.map(|(outcome, count)| format!("{} {count}", outcome.name)).collect::<Vec<_>>();
        let line = format!("race: {}: {}\n", self.race, counts.join(", "));
        std::io::stderr().write_all(line.as_bytes()).unwrap();
        if Self::is_long() {
            assert!(!self.counts.contains(&0), "an outcome never came: {line}");
        }
    }
}
