//! Holding what must be true against a run while it goes on.
//!
//! The statements here are about the simulation's own books and hold for every protocol, one file a statement; a
//! protocol adds its own ([`CHECKERS`](crate::node::Inspect::CHECKERS)). Checks see a run and cannot change it.

mod answers;
mod clock;
mod exchanges;
mod healing;
mod incarnations;
mod lookups;
mod loss;
mod messages;
mod ownership;
mod population;
#[cfg(test)]
mod tests;

use super::world::World;
use crate::engine::time::{Duration, Time};
use crate::node::checker::{Fault, Scope};
use crate::node::{Simulated, Truth};
use crate::observe::report;
use healing::{Healing, Scene};

/// When to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// Virtual time between two checks; above 0.
    pub every: Duration,
    /// From this time on there is a check before every event: to see which event did it.
    pub each_event_from: Option<Time>,
    /// Whether the run ends once the network has healed after quiet returned, and lookups have been seen to be right.
    pub until_healed: bool,
}

impl Check {
    /// The same, but before every event of the last period before `seen`, the last event before a violation was seen:
    /// to name the event that did it.
    pub fn closer(self, seen: Time) -> Self {
        let before = seen.as_nanos().saturating_sub(self.every.as_nanos());
        Check { each_event_from: Some(Time::from_nanos(before)), ..self }
    }
}

/// A statement about the books of a run of `P`.
pub(super) struct ConservationCheck<P: Simulated> {
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
    /// For each of the protocol's statements, whether it has held since somebody alive may have been taken for dead.
    held: Vec<bool>,
    healing: Healing,
    is_settled: bool,
    false_alarms: u64,
}

/// Name and meaning of a violated statement, and what is wrong.
pub(super) type Broken = (&'static str, &'static str, Fault);

impl Checks {
    pub fn new(check: Check) -> Self {
        let (memory, held, healing) = Default::default();
        Checks { check, memory, held, healing, is_settled: false, false_alarms: 0 }
    }

    /// Writes down what statements need to know of the time since the last look.
    pub fn note<P: Simulated>(&mut self, world: &mut World<P>) {
        let is_late =
            world.accounts.false_alarms != std::mem::replace(&mut self.false_alarms, world.accounts.false_alarms);
        if is_late || world.network.is_lossy() || world.network.is_partitioned() {
            world.suspect();
        }
    }

    /// Whether the run has shown what it was to show.
    pub fn is_settled(&self) -> bool {
        self.is_settled
    }

    /// How the network healed.
    pub fn healing(&self, lookups: u64) -> Option<report::Healing> {
        self.healing.report(lookups)
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
    fn look_at_books<P: Simulated>(&mut self, protocol: &P, world: &World<P>) -> Result<(), Broken> {
        let books = [
            clock::checker(),
            messages::checker(),
            exchanges::checker(),
            loss::checker(),
            lookups::checker(),
            incarnations::checker(),
            population::checker(),
            answers::checker(),
        ];
        for checker in books {
            (checker.check)(world, &mut self.memory).map_err(|fault| (checker.name, checker.meaning, fault))?;
        }
        ownership::check(protocol, world).map_err(|fault| (ownership::NAME, ownership::MEANING, fault))
    }

    /// Looks at everything.
    pub fn look<P: Simulated>(
        &mut self,
        protocol: &P,
        world: &World<P>,
        truth: &Truth<'_>,
        now: Time,
    ) -> Result<(), Broken> {
        let looked_last = self.memory.now;
        self.look_at_books(protocol, world)?;
        let is_whole = self.look_at_protocol(protocol, world, truth, looked_last)?;
        let scene = Scene { protocol, world, truth, now };
        self.healing.look(&scene, is_whole)?;
        self.is_settled = self.check.until_healed && self.healing.is_over(now, world.lookup_deadline());
        Ok(())
    }

    /// Looks at what the protocol says must hold, and returns whether all of it does.
    fn look_at_protocol<P: Simulated>(
        &mut self,
        protocol: &P,
        world: &World<P>,
        truth: &Truth<'_>,
        looked_last: Time,
    ) -> Result<bool, Broken> {
        self.held.resize(P::CHECKERS.len(), false);
        let results: Vec<Result<bool, Fault>> =
            P::CHECKERS.iter().map(|checker| (checker.check)(protocol, truth)).collect();
        let is_whole = results.iter().all(Result::is_ok);
        let all_hold = results.iter().all(|result| *result == Ok(true));
        let begins = all_hold && !self.held.iter().all(|held| *held) && protocol.is_in_order(truth);
        let was_suspected = world.history.as_ref().is_some_and(|history| history.suspected_since(looked_last));
        let mut is_enforced = !was_suspected;
        for ((checker, held), result) in P::CHECKERS.iter().zip(&mut self.held).zip(results) {
            let is_always = checker.scope == Scope::Always;
            *held = match result {
                Ok(holds) => holds && (is_always || (is_enforced && (*held || begins))),
                Err(fault) if (is_always || (is_enforced && *held)) && !fault.is_excused => {
                    return Err((checker.name, checker.meaning, fault));
                }
                Err(_) => false,
            };
            is_enforced &= *held || is_always;
        }
        Ok(is_whole)
    }
}
