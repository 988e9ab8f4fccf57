//! How many tests ran, from what their runner says at the end.

use std::ops::{Add, AddAssign};

/// What became of some tests.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Those that passed.
    pub(crate) passed: u64,
    /// Those that failed.
    pub(crate) failed: u64,
    /// Those that the runner was told to leave out.
    pub(crate) skipped: u64,
}

impl Counts {
    /// One check that passed or failed.
    pub(crate) fn one(passed: bool) -> Self {
        Self { passed: u64::from(passed), failed: u64::from(!passed), skipped: 0 }
    }

    /// The sum of the lines `test result: ok. 3 passed; 0 failed; 1 ignored; …` that cargo test and wasm-bindgen's runner
    /// print for each binary.
    pub(crate) fn of_libtest(output: &str) -> Self {
        output.lines().filter_map(libtest_line).fold(Self::default(), Self::add)
    }

    /// The last line that reads `3 passed, 0 failed` and nothing else, except `, 1 skipped`.
    pub(crate) fn of_closing_line(output: &str) -> Self {
        output.lines().rev().find_map(closing_line).unwrap_or_default()
    }

    /// The lines `ℹ pass 3`, `ℹ fail 0` and so on, with which Node's own runner ends. One that was cancelled has not passed.
    pub(crate) fn of_node(output: &str) -> Self {
        let number = |word| output.lines().rev().find_map(|line| node_line(line, word)).unwrap_or_default();
        Self {
            passed: number("pass"),
            failed: number("fail") + number("cancelled"),
            skipped: number("skipped") + number("todo"),
        }
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

fn libtest_line(line: &str) -> Option<Counts> {
    // The runner in the browser may indent what the page says.
    let (_, numbers) = line.trim_start().strip_prefix("test result: ")?.split_once(". ")?;
    let number = |word| numbers.split("; ").find_map(|part| part.strip_suffix(word)?.trim().parse().ok());
    Some(Counts {
        passed: number("passed")?,
        failed: number("failed")?,
        skipped: number("ignored").unwrap_or_default(),
    })
}

fn closing_line(line: &str) -> Option<Counts> {
    let mut parts = line.trim().split(", ");
    let mut number = |word| parts.next().and_then(|part| part.strip_suffix(word)?.trim().parse().ok());
    let (passed, failed, skipped) = (number("passed")?, number("failed")?, number("skipped"));
    parts.next().is_none().then(|| Counts { passed, failed, skipped: skipped.unwrap_or_default() })
}

fn node_line(line: &str, word: &str) -> Option<u64> {
    line.strip_prefix("\u{2139} ")?.strip_prefix(word)?.strip_prefix(' ')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: u64, failed: u64, skipped: u64) -> Counts {
        Counts { passed, failed, skipped }
    }

    #[test]
    fn the_binaries_of_a_cargo_test_are_summed() {
        let output = "running 3 tests\ntest a ... ok\n\
            test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\n\
            test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
        assert_eq!(Counts::of_libtest(output), counts(5, 1, 1));
    }

    #[test]
    fn the_runner_in_the_browser_is_understood() {
        let output = "    test result: ok. 12 passed; 0 failed; 0 ignored; 0 filtered out; finished in 1.20s";
        assert_eq!(Counts::of_libtest(output), counts(12, 0, 0));
    }

    #[test]
    fn the_runner_of_node_is_understood() {
        let output = "\u{2714} one (1.2ms)\n\u{2139} tests 9\n\u{2139} suites 0\n\u{2139} pass 4\n\u{2139} fail 1\n\
            \u{2139} cancelled 1\n\u{2139} skipped 2\n\u{2139} todo 1\n\u{2139} duration_ms 12.3\n\n\u{2716} failing tests:\n";
        assert_eq!(Counts::of_node(output), counts(4, 2, 3));
    }

    #[test]
    fn output_without_a_result_counts_nothing() {
        assert_eq!(
            Counts::of_node("it would pass 3\n  \u{2139} pass 3\n\u{2139} pass many"),
            Counts::default()
        );
        assert_eq!(Counts::of_libtest("error: could not compile"), Counts::default());
        assert_eq!(Counts::of_closing_line("it says 3 passed, 0 failed somewhere"), Counts::default());
        assert_eq!(Counts::of_closing_line(""), Counts::default());
    }

    #[test]
    fn the_last_closing_line_counts() {
        assert_eq!(Counts::of_closing_line("1 passed, 0 failed\n7 passed, 2 failed\nbye\n"), counts(7, 2, 0));
        assert_eq!(Counts::of_closing_line("7 passed, 2 failed, 1 skipped"), counts(7, 2, 1));
        assert_eq!(Counts::of_closing_line("7 passed, 2 failed, 1 skipped, 4 more"), Counts::default());
    }
}
