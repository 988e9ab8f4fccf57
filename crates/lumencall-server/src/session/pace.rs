//! How fast a socket is read.

use tokio::time::{Duration, Instant, sleep_until};

use crate::Limits;

/// A bucket of tokens, one for each frame. A client that is faster than its bucket fills is not refused: its frames wait
/// in its own TCP window, and slow down nobody else.
#[derive(Debug)]
pub(super) struct Pace {
    /// The time for which one token lasts.
    each: Duration,
    /// How far the bucket reaches back.
    depth: Duration,
    /// When the bucket would have been empty, had it been filled without end.
    spent_until: Instant,
}

impl Pace {
    pub(super) fn new(limits: &Limits) -> Self {
        let each = Duration::from_secs(1) / limits.frames_per_second.max(1);
        let depth = each * limits.frames_at_once;
        Self { each, depth, spent_until: Instant::now() }
    }

    /// Waits until the next frame may be read.
    pub(super) async fn keep(&mut self) {
        let now = Instant::now();
        self.spent_until = self.spent_until.max(now) + self.each;
        if self.spent_until > now + self.depth {
            sleep_until(self.spent_until - self.depth).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_free_and_the_rest_comes_at_the_pace() {
        let limits = Limits { frames_per_second: 10, frames_at_once: 5, ..Limits::default() };
        let mut pace = Pace::new(&limits);
        let start = Instant::now();
        for _ in 0..5 {
            pace.keep().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        for _ in 0..10 {
            pace.keep().await;
        }
        assert_eq!(start.elapsed().as_secs(), 1);
    }
}
