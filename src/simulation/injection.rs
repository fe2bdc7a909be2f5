//! What a program lets happen to a run from outside, beside the agenda.
//!
//! It happens at once, at [`Simulation::now`]: after all that has been played, and before all that is still to come, on
//! the agenda or in the queue, at the same instant too. The agenda does not hear of it and goes on as the scenario and
//! the seed have it; what it then holds for a node that is not there, or that is there already, comes to nothing. So
//! nodes that a program lets join are in the hands of the program: no churn and no workload of the scenario reaches
//! them, and their numbers are not dealt out again.

use super::agenda::ExternalEvent;
use super::probe::Happened;
use super::run::Simulation;
use crate::node::{Simulated, Slot};
use crate::observe::progress::{Exhausted, Stopped};
use crate::observe::report::Recorder;
use crate::scenario::{Link, ScheduleAction, ScheduleEntry};
use std::fmt;
use std::ops::Range;

/// Number from which on what a program does to links is counted; below are the events of the scenario.
const FIRST_LINK: usize = 1 << 31;
/// Groups of a partition at most.
const MOST_GROUPS: usize = 1 << 16;
/// By how much shares may miss 1.
const SLACK: f64 = 1e-9;

/// Something that a program lets happen.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Injection {
    /// A node arrives and begins to join.
    Join {
        /// One that was there before and is not now; `None` for a new node, whose number [`Happened`] tells.
        node: Option<u32>,
    },
    /// A live node departs.
    Depart {
        /// Number of the node.
        node: u32,
        /// Whether it takes its leave, or just crashes.
        graceful: bool,
    },
    /// A live node looks a key up, as if the workload had asked for it. If it has not joined yet, the lookup counts as
    /// one that did not start.
    Lookup {
        /// Number of the node.
        node: u32,
        /// What it looks for.
        key: u64,
    },
    /// The network falls apart into groups; an earlier partition ends.
    Partition {
        /// Probability of each group, above 0, adding up to 1; 2 to 65,536 of them.
        shares: Vec<f64>,
    },
    /// All groups can reach each other again.
    Heal,
    /// Something begins to happen to messages between kinds of nodes.
    LinkBegins {
        /// A number of the program's choice below 2^31, by which it can end it.
        number: u32,
        /// What happens to which messages.
        link: Link,
    },
    /// It ends.
    LinkEnds {
        /// The number under which it began.
        number: u32,
    },
    /// Nothing happens to links any more, whoever began it.
    Mend,
}

/// Why something cannot happen. The run is as it was, and can go on, but where it was stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// The run is over.
    Over,
    /// The node with this number is not there.
    Absent(u32),
    /// The node with this number is there already.
    Present(u32),
    /// No node with this number was ever there.
    Unknown(u32),
    /// There are no numbers for new nodes left.
    NoNumber,
    /// There are no identifiers for it.
    Exhausted(Exhausted),
    /// These are no shares of a partition.
    Shares,
    /// This number of what happens to links is too large.
    LinkNumber(u32),
    /// A check that was due has found a violation.
    Stopped(Stopped),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Over => write!(f, "the run is over"),
            Refused::Absent(node) => write!(f, "node {node} is not there"),
            Refused::Present(node) => write!(f, "node {node} is there already"),
            Refused::Unknown(node) => write!(f, "there never was a node {node}"),
            Refused::NoNumber => write!(f, "there are no numbers for new nodes left"),
            Refused::Exhausted(exhausted) => exhausted.fmt(f),
            Refused::Shares => write!(f, "a partition needs 2 to 65,536 shares above 0 that add up to 1"),
            Refused::LinkNumber(number) => write!(f, "{number} is too large for the number of what happens to links"),
            Refused::Stopped(_) => write!(f, "a check that was due has stopped the run"),
        }
    }
}

impl std::error::Error for Refused {}

/// What a run remembers of injections.
#[derive(Clone, Debug, Default)]
pub(super) struct Injected {
    /// Whether nodes came or went: then the agenda may hold what cannot happen.
    pub touches_nodes: bool,
    /// Rows of the schedule for whoever records next.
    rows: Vec<ScheduleEntry>,
}

impl<P: Simulated> Simulation<P> {
    /// Lets something happen from outside, now, and tells what that was as an event.
    ///
    /// # Errors
    /// Why it cannot happen.
    pub fn inject(&mut self, injection: Injection) -> Result<Happened, Refused> {
        let now = self.now();
        if self.is_over || now >= self.end {
            return Err(Refused::Over);
        }
        self.refuse(&injection)?;
        self.catch_up(now).map_err(Refused::Stopped)?;
        self.world.now = now;
        let row = |node, action| ScheduleEntry { time: now, node, action };
        let row = match injection {
            Injection::Join { node } => {
                let node = node.map_or_else(|| self.new_number(), Ok)?;
                self.arrive(node);
                if let Some(exhausted) = self.exhausted.take() {
                    return Err(Refused::Exhausted(exhausted));
                }
                Some(row(node, ScheduleAction::Join))
            }
            Injection::Depart { node, graceful } => {
                self.depart(node, graceful);
                Some(row(node, if graceful { ScheduleAction::Leave } else { ScheduleAction::Crash }))
            }
            Injection::Lookup { node, key } => {
                self.start_lookup(node, key);
                Some(row(node, ScheduleAction::Lookup(key)))
            }
            to_network => {
                self.inject_to_network(to_network);
                None
            }
        };
        self.injected.touches_nodes |= row.is_some();
        self.injected.rows.extend(row.filter(|_| self.options.record_schedule));
        // What is to be written down waits for whoever records next.
        self.settle();
        self.last_event().ok_or(Refused::Over)
    }

    /// Whether something cannot happen as things are.
    fn refuse(&self, injection: &Injection) -> Result<(), Refused> {
        match *injection {
            Injection::Join { node: Some(node) } if self.live_slots(node).is_some() => Err(Refused::Present(node)),
            Injection::Join { node: Some(node) } if !self.slot_blocks.was_here(node) => Err(Refused::Unknown(node)),
            Injection::Depart { node, .. } | Injection::Lookup { node, .. } if self.live_slots(node).is_none() => {
                Err(Refused::Absent(node))
            }
            Injection::Partition { ref shares } => {
                let are_shares = (2..=MOST_GROUPS).contains(&shares.len())
                    && shares.iter().all(|share| *share > 0.0)
                    && (shares.iter().sum::<f64>() - 1.0).abs() <= SLACK;
                if are_shares { Ok(()) } else { Err(Refused::Shares) }
            }
            Injection::LinkBegins { number, .. } | Injection::LinkEnds { number } if number as usize >= FIRST_LINK => {
                Err(Refused::LinkNumber(number))
            }
            _ => Ok(()),
        }
    }

    fn inject_to_network(&mut self, injection: Injection) {
        match injection {
            Injection::Partition { shares } => self.fall_apart(&shares),
            Injection::Heal => self.disturb(ExternalEvent::Heal),
            Injection::LinkBegins { number, link } => self.begin_link(FIRST_LINK + number as usize, &link),
            Injection::LinkEnds { number } => {
                self.disturb(ExternalEvent::LinkEnds { event: FIRST_LINK + number as usize });
            }
            Injection::Mend => self.disturb(ExternalEvent::Mend),
            Injection::Join { .. } | Injection::Depart { .. } | Injection::Lookup { .. } => {}
        }
    }

    /// A number for a new node.
    fn new_number(&mut self) -> Result<u32, Refused> {
        loop {
            let node = self.agenda.reserve_number().ok_or(Refused::NoNumber)?;
            // One that the agenda has given up may be in use, if a program has let its node return.
            if self.live_slots(node).is_none() {
                return Ok(node);
            }
        }
    }

    /// The slots of a node, if it is live.
    pub(super) fn live_slots(&self, node: u32) -> Option<Range<Slot>> {
        self.slot_blocks.find(node).filter(|slots| self.world.directory.is_occupied(slots.start))
    }

    /// Whether something on the agenda can happen, after a program has let nodes come or go.
    pub(super) fn is_possible(&self, happening: ExternalEvent) -> bool {
        let is_live = |node| self.live_slots(node).is_some();
        match happening {
            ExternalEvent::Join { node } => !is_live(node),
            ExternalEvent::Depart { node, .. } | ExternalEvent::Lookup { node, .. } => is_live(node),
            ExternalEvent::LookupOf { node, target } => is_live(node) && is_live(target),
            _ => true,
        }
    }

    /// Hands rows of the schedule to a recorder.
    pub(super) fn hand_out_injected(&mut self, recorder: &mut dyn Recorder) {
        for row in self.injected.rows.drain(..) {
            recorder.scheduled(&row);
        }
        self.tidy(recorder);
    }
}
