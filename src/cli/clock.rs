//! Real time: the one place where the program looks at a clock. Only progress and `timing.json` depend on it.

#![expect(clippy::disallowed_types, reason = "real time is for progress and timing.json, never for a result")]

use std::time::Duration;

/// Runs from its start on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts now.
    pub(super) fn start() -> Self {
        Stopwatch(std::time::Instant::now())
    }

    /// Real time since the start.
    pub(super) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
