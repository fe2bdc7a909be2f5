//! What the scenario names with its time: the joins of a joining start, and scheduled events.

use crate::engine::memory::allocated_bytes;
use crate::engine::time::{Duration, Time};
use crate::scenario::model::{Action, Link, Population, ScheduledEvent, Start, Victims};

/// One thing that the scenario names.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// This node of a joining start joins.
    Join(u32),
    /// The partition with this number begins.
    Partition(usize),
    /// Partitions end.
    Heal,
    /// What has this number begins to happen to links, or ends.
    Link(usize, bool),
    /// All that happens to links ends.
    Mend,
    /// Nobody comes or goes any more, nothing is lost, and partitions end.
    Quiet,
    /// Nodes join or depart; which, is left to chance.
    MassEvent(MassEvent),
}

/// A scheduled event whose nodes are left to chance.
#[derive(Clone, Copy, Debug)]
pub(super) enum MassEvent {
    /// So many live nodes depart at once.
    Depart { victims: Victims, graceful: bool },
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
    /// What happens to links.
    links: Vec<Link>,
}

impl Script {
    pub(super) fn new(population: &Population, events: &[ScheduledEvent]) -> Self {
        let (joining, join_every) = match population.start {
            Start::Converged => (0, Duration::ZERO),
            Start::Joining { join_every } => (population.nodes, join_every),
        };
        let (mut partitions, mut links) = (Vec::new(), Vec::new());
        let mut steps: Vec<(Time, Step)> = Vec::with_capacity(events.len());
        for event in events {
            steps.push((event.at, step(&event.action, &mut partitions, &mut links)));
            if let Action::Link { lasts, .. } = event.action
                && lasts != Duration::MAX
            {
                steps.push((event.at + lasts, Step::Link(links.len() - 1, false)));
            }
        }
        // A schedule file knows nothing of the network, so the place of what happens to that among its entries must not
        // need it: it comes first. The sort is stable.
        steps.sort_by_key(|(at, step)| (*at, matches!(step, Step::MassEvent(_))));
        Self { joining, join_every, joined: 0, steps, taken: 0, partitions, links }
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

    pub(super) fn link(&self, number: usize) -> &Link {
        &self.links[number]
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

fn step(action: &Action, partitions: &mut Vec<Vec<f64>>, links: &mut Vec<Link>) -> Step {
    match action {
        Action::Crash(victims) => Step::MassEvent(MassEvent::Depart { victims: *victims, graceful: false }),
        Action::Leave(victims) => Step::MassEvent(MassEvent::Depart { victims: *victims, graceful: true }),
        Action::Join { count, over } => Step::MassEvent(MassEvent::Join { count: *count, over: *over }),
        Action::Partition { shares } => {
            partitions.push(shares.clone());
            Step::Partition(partitions.len() - 1)
        }
        Action::Heal => Step::Heal,
        Action::Link { link, .. } => {
            links.push(link.clone());
            Step::Link(links.len() - 1, true)
        }
        Action::Mend => Step::Mend,
        Action::Quiet => Step::Quiet,
    }
}
