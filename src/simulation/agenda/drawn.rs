//! Happenings left to chance: the churn process, the victims of scheduled events, and the workload.

use super::ExternalEvent;
use super::script::MassEvent;
use crate::churn::{Change, Process};
use crate::engine::time::Time;
use crate::scenario::model::{Amount, Scenario, Start};
use crate::workload::{Lookups, Target};

/// The churn process and the workload, kept in step with each other.
#[derive(Debug)]
pub(super) struct Drawn {
    churn: Process,
    lookups: Lookups,
    /// A scheduled event that strikes several nodes at one instant, one after another.
    mass_event: Option<EventBatch>,
}

/// What is left of a scheduled event.
#[derive(Clone, Debug)]
struct EventBatch {
    now: Time,
    remaining: u32,
    kind: BatchKind,
    /// Those of some kinds, if only they depart: the last is the next.
    chosen: Option<Vec<u32>>,
}

#[derive(Clone, Copy, Debug)]
enum BatchKind {
    Join,
    Depart { graceful: bool },
}

impl Drawn {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let churn = Process::new(&scenario.churn, &scenario.population, scenario.seed);
        let live = match scenario.population.start {
            Start::Converged => scenario.population.nodes,
            Start::Joining { .. } => 0,
        };
        let lookups = Lookups::new(&scenario.workload, scenario.seed, live);
        Self { churn, lookups, mass_event: None }
    }

    /// When the next thing is due that is not part of a scheduled event.
    pub(super) fn next_time(&self) -> Time {
        self.churn.next_time().min(self.lookups.next_time())
    }

    /// Takes what is due next: churn before lookups.
    pub(super) fn step(&mut self) -> Option<ExternalEvent> {
        let now = self.churn.next_time();
        if now > self.lookups.next_time() {
            let lookup = self.lookups.start(self.churn.population().count());
            let live = self.churn.population().live();
            let node = live[lookup.rank as usize];
            return Some(match lookup.target {
                Target::Key(key) => ExternalEvent::Lookup { node, key },
                Target::Node(rank) => ExternalEvent::LookupOf { node, target: live[rank as usize] },
            });
        }
        let change = self.churn.step()?;
        self.follow(now);
        Some(match change {
            Change::Join(node) => ExternalEvent::Join { node },
            Change::Depart { node, graceful } => ExternalEvent::Depart { node, graceful },
        })
    }

    pub(super) fn memory_bytes(&self) -> u64 {
        size_of::<Self>() as u64 + self.churn.memory_bytes()
    }

    /// A number that no node of the churn process has or gets.
    pub(super) fn reserve_number(&mut self) -> Option<u32> {
        self.churn.reserve_number()
    }

    /// Nobody comes or goes by chance any more; lookups go on.
    pub(super) fn rest(&mut self) {
        self.churn.rest();
    }

    /// A node of a joining start joins.
    pub(super) fn join(&mut self, now: Time, node: u32) {
        self.churn.join(now, node);
        self.follow(now);
    }

    /// A scheduled event begins.
    pub(super) fn begin_mass_event(&mut self, now: Time, mass_event: MassEvent) {
        let mut chosen = None;
        let (remaining, kind) = match mass_event {
            MassEvent::Join { count, over } if !over.is_zero() => return self.churn.plan_arrivals(now, count, over),
            MassEvent::Join { count, .. } => (count, BatchKind::Join),
            MassEvent::Depart { victims, graceful } => {
                chosen = victims.kinds.map(|kinds| self.churn.shuffled_of(kinds));
                let most = chosen.as_ref().map_or(self.churn.population().transient().len(), Vec::len);
                (struck(victims.amount, most as u32), BatchKind::Depart { graceful })
            }
        };
        self.mass_event = Some(EventBatch { now, remaining, kind, chosen });
    }

    /// Strikes the next node of a scheduled event that has begun. Nothing else happens before all have been struck, so
    /// striking one after another is choosing all at once without replacement.
    pub(super) fn continue_strike(&mut self) -> Option<(Time, ExternalEvent)> {
        let batch = self.mass_event.as_mut()?;
        let now = batch.now;
        let kind = batch.kind;
        let left = batch.remaining.checked_sub(1);
        batch.remaining = left.unwrap_or(0);
        let happening = left.and_then(|_| match kind {
            BatchKind::Join => self.churn.join_new(now).map(|node| ExternalEvent::Join { node }),
            BatchKind::Depart { graceful } => {
                let node = match &mut batch.chosen {
                    None => self.churn.depart_random(now),
                    Some(chosen) => chosen.pop().inspect(|node| self.churn.depart(now, *node)),
                };
                node.map(|node| ExternalEvent::Depart { node, graceful })
            }
        });
        match happening {
            Some(happening) => {
                self.follow(now);
                Some((now, happening))
            }
            None => {
                self.mass_event = None;
                None
            }
        }
    }

    /// Tells the workload how many nodes are live now.
    fn follow(&mut self, now: Time) {
        self.lookups.set_live(now, self.churn.population().count());
    }
}

/// How many nodes an event strikes, of `most` that may depart.
fn struck(amount: Amount, most: u32) -> u32 {
    match amount {
        Amount::Count(count) => count.min(most),
        Amount::Fraction(fraction) => (libm::round(fraction * f64::from(most)) as u32).min(most),
    }
}
