//! The table at the end of a test run, and the verdict.

use std::fmt;
use std::time::Duration;

use super::counts::Counts;
use crate::failure::Failure;
use crate::report::seconds;

/// What one part, or one half of it, came to.
#[derive(Debug)]
pub(crate) struct Row {
    /// What ran.
    pub(crate) name: String,
    /// How many tests, with what result.
    pub(crate) counts: Counts,
    /// How long it took.
    pub(crate) time: Duration,
    /// Why it failed as a whole, where it did.
    pub(crate) failure: Option<Failure>,
}

impl Row {
    /// The verdict on this row, in a word or two; `None` when all is well.
    fn problem(&self) -> Option<&'static str> {
        let Counts { passed, failed, .. } = self.counts;
        if failed > 0 {
            Some("FAILED")
        } else if self.failure.is_some() {
            Some("BROKEN OFF")
        } else if passed == 0 {
            Some("RAN NOTHING")
        } else {
            None
        }
    }

    /// The counts, where a part that broke off or ran nothing is one failed test: it must not look like success to whoever
    /// reads only the numbers.
    fn honest_counts(&self) -> Counts {
        match (self.problem(), self.counts.failed) {
            (Some(_), 0) => Counts { failed: 1, ..self.counts },
            _ => self.counts,
        }
    }
}

/// All rows, in order.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    rows: Vec<Row>,
}

impl Summary {
    /// Adds the rows of a part.
    pub(crate) fn add(&mut self, rows: Vec<Row>) {
        for row in &rows {
            if let Some(failure) = &row.failure {
                println!("{}: {failure}", row.name);
            }
        }
        self.rows.extend(rows);
    }

    fn total(&self) -> Counts {
        self.rows.iter().map(Row::honest_counts).fold(Counts::default(), |sum, counts| sum + counts)
    }

    /// The verdict.
    ///
    /// # Errors
    /// When something failed, or a part ran nothing, or there was no part.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let bad = self.rows.iter().filter_map(|row| Some(format!("{}: {}", row.name, row.problem()?)));
        let bad: Vec<_> = bad.collect();
        match (bad.is_empty(), self.rows.is_empty()) {
            (true, false) => Ok(()),
            (true, true) => Err(Failure::new("no part ran")),
            (false, _) => Err(Failure::new("the tests did not pass").with(bad.join("\n"))),
        }
    }
}

impl fmt::Display for Summary {
    /// Ends with the plain line `N passed, N failed`, which other programs read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<24}{:>8}{:>8}{:>8}  {:>9}", "part", "passed", "failed", "skipped", "time")?;
        for row in &self.rows {
            let Counts { passed, failed, skipped } = row.honest_counts();
            write!(f, "{:<24}{passed:>8}{failed:>8}{skipped:>8}  {}", row.name, seconds(row.time))?;
            writeln!(f, "{}", row.problem().map(|problem| format!("  {problem}")).unwrap_or_default())?;
        }
        let time = self.rows.iter().map(|row| row.time).sum();
        let Counts { passed, failed, skipped } = self.total();
        writeln!(f, "{:<24}{passed:>8}{failed:>8}{skipped:>8}  {}\n", "all", seconds(time))?;
        write!(f, "{passed} passed, {failed} failed")?;
        if skipped > 0 { write!(f, ", {skipped} skipped") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(passed: u64, failed: u64, failure: Option<Failure>) -> Row {
        let counts = Counts { passed, failed, skipped: 0 };
        Row { name: "core".to_owned(), counts, time: Duration::from_millis(1500), failure }
    }

    fn summary(rows: Vec<Row>) -> Summary {
        Summary { rows }
    }

    #[test]
    fn a_part_that_ran_tests_and_failed_none_passes() {
        let summary = summary(vec![row(3, 0, None), row(4, 0, None)]);
        assert!(summary.check().is_ok());
        assert_eq!(summary.to_string().lines().last(), Some("7 passed, 0 failed"));
    }

    #[test]
    fn a_part_that_ran_nothing_fails_the_whole() {
        let summary = summary(vec![row(3, 0, None), row(0, 0, None)]);
        assert!(summary.check().unwrap_err().to_string().contains("RAN NOTHING"));
        assert_eq!(summary.to_string().lines().last(), Some("3 passed, 1 failed"));
    }

    #[test]
    fn a_part_that_broke_off_fails_the_whole_whatever_it_counted() {
        let summary = summary(vec![row(3, 0, Some(Failure::new("the browser died")))]);
        assert!(summary.check().unwrap_err().to_string().contains("BROKEN OFF"));
        assert_eq!(summary.to_string().lines().last(), Some("3 passed, 1 failed"));
    }

    #[test]
    fn one_failed_test_fails_the_whole() {
        let summary = summary(vec![row(3, 1, None), row(5, 0, None)]);
        assert!(summary.check().is_err());
        assert_eq!(summary.to_string().lines().last(), Some("8 passed, 1 failed"));
    }

    #[test]
    fn no_part_at_all_is_no_success() {
        assert!(Summary::default().check().is_err());
    }

    #[test]
    fn skipped_tests_are_told() {
        let counts = Counts { passed: 2, failed: 0, skipped: 1 };
        let summary = summary(vec![Row { counts, ..row(0, 0, None) }]);
        assert_eq!(summary.to_string().lines().last(), Some("2 passed, 0 failed, 1 skipped"));
    }
}
