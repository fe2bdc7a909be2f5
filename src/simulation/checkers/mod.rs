//! Holding what must be true against a run while it goes on.
//!
//! The statements here are about the simulation's own books and hold for every protocol, one file a statement; a
//! protocol adds its own ([`Protocol::CHECKERS`]). Checks see a run and cannot change it.

mod answers;
mod clock;
mod exchanges;
mod lives;
mod lookups;
mod loss;
mod messages;
mod ownership;
mod population;
#[cfg(test)]
mod tests;

use super::world::World;
use crate::engine::time::{Duration, Time};
use crate::protocol::checker::{Fault, Scope};
use crate::protocol::{Protocol, Truth};

/// When to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// Virtual time between two checks; above 0.
    pub every: Duration,
    /// From this time on there is a check before every event: to see which event did it.
    pub each_event_from: Option<Time>,
}

/// A statement about the books of a run of `P`.
pub(super) struct BookChecker<P: Protocol> {
    pub name: &'static str,
    pub meaning: &'static str,
    pub check: fn(&World<P>, &mut Memory) -> Result<(), Fault>,
}

/// What a checker remembers of its last look.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Memory {
    now: Time,
    events: u64,
}

/// The checks of one run.
#[derive(Debug)]
pub(super) struct Checks {
    check: Check,
    memory: Memory,
    /// For each of the protocol's statements, whether it has held since the last partition.
    held: Vec<bool>,
}

/// Name and meaning of a violated statement, and what is wrong.
pub(super) type Broken = (&'static str, &'static str, Fault);

impl Checks {
    pub fn new(check: Check) -> Self {
        Checks { check, memory: Memory::default(), held: Vec::new() }
    }

    /// When the next check is due, after one at `now`.
    pub fn next_after(&self, now: Time) -> Time {
        match self.check.each_event_from {
            Some(from) if now >= from => now,
            Some(from) => (now + self.check.every).min(from),
            None => now + self.check.every,
        }
    }

    /// Looks at what holds for every protocol.
    fn look_at_books<P: Protocol>(&mut self, world: &World<P>) -> Result<(), Broken> {
        let books = [
            clock::checker(),
            messages::checker(),
            exchanges::checker(),
            loss::checker(),
            lookups::checker(),
            lives::checker(),
            population::checker(),
            ownership::checker(),
            answers::checker(),
        ];
        for checker in books {
            (checker.check)(world, &mut self.memory).map_err(|fault| (checker.name, checker.meaning, fault))?;
        }
        Ok(())
    }

    /// Looks at everything.
    pub fn look<P: Protocol>(&mut self, protocol: &P, world: &World<P>, truth: &Truth<'_>) -> Result<(), Broken> {
        self.look_at_books(world)?;
        self.held.resize(P::CHECKERS.len(), false);
        for (checker, held) in P::CHECKERS.iter().zip(&mut self.held) {
            let excused = checker.scope == Scope::OnceHeld && (!*held || world.network.is_partitioned());
            *held = match (checker.check)(protocol, truth) {
                Ok(holds) => holds && !world.network.is_partitioned(),
                Err(fault) if !excused => return Err((checker.name, checker.meaning, fault)),
                Err(_) => false,
            };
        }
        Ok(())
    }
}
