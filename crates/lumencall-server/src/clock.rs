//! The two clocks that the core is told.

use std::time::SystemTime;

use lumencall_core::{Millis, Now, Timestamp};
use tokio::time::{Duration, Instant};

/// The server's clocks. The monotonic one counts from the start of the server; it is tokio's, which tests may stop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// The time of an input.
    pub(crate) fn now(self) -> Now {
        let clock = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(Millis::MAX);
        let wall = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
        Now { clock, wall: Timestamp(wall.into()) }
    }

    /// A point on the monotonic clock, to sleep until.
    pub(crate) fn instant(self, at: Millis) -> Instant {
        self.start + Duration::from_millis(at)
    }
}
