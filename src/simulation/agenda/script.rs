//! What the scenario names with its time: the joins of a joining start, and scheduled events.

use crate::engine::memory::allocated_bytes;
use crate::engine::time::{Duration, Time};
use crate::scenario::model::{Action, Amount, Population, ScheduledEvent, Start};

/// One thing that the scenario names.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// This node of a joining start joins.
    Join(u32),
    /// The partition with this number begins.
    Partition(usize),
    /// Partitions end.
    Heal,
    /// Nobody comes or goes any more, nothing is lost, and partitions end.
    Quiet,
    /// Nodes join or depart; which, is left to chance.
    MassEvent(MassEvent),
}

/// A scheduled event whose nodes are left to chance.
#[derive(Clone, Copy, Debug)]
pub(super) enum MassEvent {
    /// So many live nodes depart at once.
    Depart { amount: Amount, graceful: bool },
    /// So many new nodes join within a time.
    Join { count: u32, over: Duration },
}

/// Scheduled events in the order in which they happen, and the joins of a joining start.
#[derive(Clone, Debug)]
pub(super) struct Script {
    /// Number of nodes that join at the start; 0 for a converged start.
    joining: u32,
    join_every: Duration,
    joined: u32,
    steps: Vec<(Time, Step)>,
    taken: usize,
    /// Shares of each partition.
    partitions: Vec<Vec<f64>>,
}

impl Script {
    pub(super) fn new(population: &Population, events: &[ScheduledEvent]) -> Self {
        let (joining, join_every) = match population.start {
            Start::Converged => (0, Duration::ZERO),
            Start::Joining { join_every } => (population.nodes, join_every),
        };
        let mut events: Vec<&ScheduledEvent> = events.iter().collect();
        // A schedule file knows no partitions, so their place among its entries must not need it: they come first. The
        // sort is stable.
        let is_inherent = |action: &Action| matches!(action, Action::Partition { .. } | Action::Heal | Action::Quiet);
        events.sort_by_key(|event| (event.at, !is_inherent(&event.action)));
        let mut partitions = Vec::new();
        let steps = events.into_iter().map(|event| (event.at, step(&event.action, &mut partitions))).collect();
        Self { joining, join_every, joined: 0, steps, taken: 0, partitions }
    }

    /// When the next step is due; [`Time::NEVER`] after the last.
    pub(super) fn next_time(&self) -> Time {
        self.next_join().min(self.next_event())
    }

    /// Takes the next step.
    pub(super) fn take(&mut self) -> Option<Step> {
        let join = self.next_join();
        if join != Time::NEVER && join <= self.next_event() {
            self.joined += 1;
            return Some(Step::Join(self.joined - 1));
        }
        let (_, step) = *self.steps.get(self.taken)?;
        self.taken += 1;
        Some(step)
    }

    pub(super) fn memory_bytes(&self) -> u64 {
        allocated_bytes(&self.steps)
            + allocated_bytes(&self.partitions)
            + self.partitions.iter().map(allocated_bytes).sum::<u64>()
    }

    pub(super) fn shares(&self, partition: usize) -> &[f64] {
        &self.partitions[partition]
    }

    fn next_join(&self) -> Time {
        if self.joined == self.joining {
            return Time::NEVER;
        }
        Time::ZERO + self.join_every.saturating_mul(u64::from(self.joined))
    }

    fn next_event(&self) -> Time {
        self.steps.get(self.taken).map_or(Time::NEVER, |(at, _)| *at)
    }
}

fn step(action: &Action, partitions: &mut Vec<Vec<f64>>) -> Step {
    match action {
        Action::Crash(amount) => Step::MassEvent(MassEvent::Depart { amount: *amount, graceful: false }),
        Action::Leave(amount) => Step::MassEvent(MassEvent::Depart { amount: *amount, graceful: true }),
        Action::Join { count, over } => Step::MassEvent(MassEvent::Join { count: *count, over: *over }),
        Action::Partition { shares } => {
            partitions.push(shares.clone());
            Step::Partition(partitions.len() - 1)
        }
        Action::Heal => Step::Heal,
        Action::Quiet => Step::Quiet,
    }
}
