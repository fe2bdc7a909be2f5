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

/// A node arrived and there was no identifier for it: the space is too short for the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted {
    /// When.
    pub at: Time,
    /// When the run would have ended.
    pub end: Time,
    /// Nodes that were there.
    pub live_nodes: u64,
    /// Length of identifiers \[bit\].
    pub bits: u32,
    /// Identifiers that were dealt out, if none may be dealt out twice; `None` if others held all of them.
    pub spent: Option<u64>,
}

impl Exhausted {
    /// The length with which identifiers last to the end, if as many go on to be needed \[bit\].
    fn enough_bits(&self) -> u32 {
        let [at, end] = [self.at, self.end].map(|time| time.since(Time::ZERO).as_nanos());
        let times_as_many = end.div_ceil(at.max(1));
        (self.bits + times_as_many.max(2).next_power_of_two().ilog2()).min(64)
    }
}

impl std::fmt::Display for Exhausted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Exhausted { at, live_nodes, bits, .. } = self;
        let at_s = at.since(Time::ZERO).as_secs_f64();
        match self.spent {
            None => {
                write!(
                    f,
                    "at {at_s:.1} s a node arrives and all identifiers are taken, with {live_nodes} nodes live; "
                )?;
                write!(f, "nodes that may return as who they were hold theirs while they are away: raise ")?;
            }
            Some(spent) => {
                write!(f, "at {at_s:.1} s a node arrives and each of {spent} identifiers was dealt out before; one ")?;
                write!(f, "that comes again would be taken for its former holder: raise ")?;
            }
        }
        write!(f, "`identifier_bits` of the protocol from {bits} to {} or more", self.enough_bits())
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
