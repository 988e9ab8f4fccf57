//! How a check says that something does not hold.

use std::panic::{self, AssertUnwindSafe, UnwindSafe};

/// Something that must hold and does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The line of the invariants, or what else it is about.
    pub line: &'static str,
    /// What was found.
    pub text: String,
}

/// Ends the run: this does not hold. A run is over with the first, since what follows from it means nothing.
pub(super) fn violated(line: &'static str, text: String) -> ! {
    panic::resume_unwind(Box::new(Violation { line, text }))
}

/// Checks that a condition holds, by the line that asks for it.
macro_rules! holds {
    ($line:literal, $condition:expr, $($text:tt)+) => {
        if !$condition {
            $crate::sim::violation::violated($line, format!($($text)+));
        }
    };
}
pub(super) use holds;

/// Runs it until its end, or to the first that does not hold. A panic of the code under test is such.
pub(super) fn attempt<T>(run: impl FnOnce() -> T) -> Result<T, Violation> {
    fn inner<T>(run: impl FnOnce() -> T + UnwindSafe) -> Result<T, Violation> {
        panic::catch_unwind(run).map_err(|payload| match payload.downcast::<Violation>() {
            Ok(violation) => *violation,
            Err(payload) => {
                let text = payload.downcast_ref::<String>().cloned();
                let text = text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                Violation { line: "panic", text: text.unwrap_or_default() }
            }
        })
    }
    // The world in which it happened is dropped with it.
    inner(AssertUnwindSafe(run))
}
