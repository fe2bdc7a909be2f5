//! Watching a run go by: how far it is, and the chance to stop it.
//!
//! A monitor sees the run and cannot change it, except by ending it early.

use super::violation::Violation;
use crate::engine::time::Time;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Virtual time reached.
    pub now: Time,
    /// Virtual time at which the run ends.
    pub end: Time,
    /// Nodes alive now.
    pub live_nodes: u64,
    /// Events processed so far.
    pub events: u64,
    /// What kind the last of them was.
    pub last_event: Option<&'static str>,
}

impl Progress {
    /// Share of the virtual time that is done, in [0, 1].
    pub fn share(&self) -> f64 {
        if self.end == Time::ZERO {
            return 1.0;
        }
        (self.now.as_nanos() as f64 / self.end.as_nanos() as f64).min(1.0)
    }
}

/// Told now and then, by events processed and not by the clock, how far a run is.
pub trait Monitor {
    /// Takes note; [`ControlFlow::Break`] ends the run without a report.
    fn progress(&mut self, progress: &Progress) -> ControlFlow<()>;

    /// Events between two calls of [`Self::progress`], at least 1. The first call comes before the first event, the
    /// last one after the last.
    fn events_between(&self) -> u64 {
        1 << 16
    }

    /// The run has come to its end. `memory` tells what its parts hold in memory then \[B\], if it is asked.
    fn ended(&mut self, memory: &dyn Fn() -> Vec<(&'static str, u64)>) {
        let _ = memory;
    }
}

/// A run was ended by its monitor before its time. There is no report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted {
    /// How far it was.
    pub progress: Progress,
}

/// Why a run ended before its time. There is no report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Its monitor ended it.
    Interrupted(Interrupted),
    /// Something that must hold did not.
    Violated(Box<Violation>),
    /// The identifiers ran out.
    Exhausted(Exhausted),
}

/// A node arrived when all identifiers were held by others: the space is too short for the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted {
    /// When.
    pub at: Time,
    /// Nodes that were there.
    pub live_nodes: u64,
}

impl std::fmt::Display for Exhausted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Exhausted { at, live_nodes } = self;
        let at_s = at.since(Time::ZERO).as_secs_f64();
        write!(
            f,
            "at {at_s:.1} s a node arrives and all identifiers are taken, with {live_nodes} nodes live; nodes that may "
        )?;
        write!(f, "return as who they were hold theirs while they are away: raise `identifier_bits` of the protocol")
    }
}

impl From<Exhausted> for Stopped {
    fn from(exhausted: Exhausted) -> Self {
        Stopped::Exhausted(exhausted)
    }
}

impl From<Interrupted> for Stopped {
    fn from(interrupted: Interrupted) -> Self {
        Stopped::Interrupted(interrupted)
    }
}

/// Watches nothing and never stops a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Monitor for Unwatched {
    fn progress(&mut self, _progress: &Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Watches nothing and ends a run when the flag is set.
#[derive(Clone, Copy, Debug)]
pub struct Until<'a>(pub &'a AtomicBool);

impl Monitor for Until<'_> {
    fn progress(&mut self, _progress: &Progress) -> ControlFlow<()> {
        if self.0.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_stays_within_0_and_1() {
        let at = |now, end| Progress { now: Time::from_nanos(now), end: Time::from_nanos(end), ..Default::default() };
        assert_eq!(at(0, 0).share(), 1.0);
        assert_eq!(at(1, 4).share(), 0.25);
        assert_eq!(at(9, 4).share(), 1.0);
    }
}
