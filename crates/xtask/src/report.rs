//! How times and sizes are written.

use std::time::Duration;

/// A time in seconds, right-aligned for a table.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:>7.1} s", time.as_secs_f64())
}
