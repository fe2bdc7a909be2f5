//! The agenda: everything that happens to the network from outside, in order of time.
//!
//! Joins, departures, lookups and partitions come from the scenario and the seed alone, never from the protocol. So
//! two protocols with the same seed face the same agenda, and an agenda that was written down can be played again.
//!
//! # Order
//! What happens at the same instant happens in this order, and the agenda comes before anything in the event queue of
//! the simulation at that instant:
//!
//! 1. joins of a joining start,
//! 2. partitions, their healing, what begins and ends to happen to links, and quiet, in the order of the scenario,
//! 3. other scheduled events, in the order of the scenario, each to its end before the next,
//! 4. the churn process, a replacement directly after the departure it replaces,
//! 5. lookups.
//!
//! A schedule file takes the place of 3 to 5, which keeps the order when a recorded agenda is played again.

mod drawn;
mod playback;
mod script;
#[cfg(test)]
mod tests;

use crate::engine::time::Time;
use crate::scenario::model::{Link, Scenario, ScheduleAction, ScheduleEntry, Start};
use drawn::Drawn;
use playback::Playback;
use script::{Script, Step};

/// Something that happens to the network from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExternalEvent {
    /// A node arrives and begins to join. It may have been there before.
    Join {
        /// Number of the node.
        node: u32,
    },
    /// A live node departs.
    Depart {
        /// Number of the node.
        node: u32,
        /// Whether it takes its leave, or just crashes.
        graceful: bool,
    },
    /// A live node starts a lookup.
    Lookup {
        /// Number of the node.
        node: u32,
        /// What it looks for.
        key: u64,
    },
    /// A live node starts a lookup of the identifier of a live node, which the agenda does not know.
    LookupOf {
        /// Number of the node.
        node: u32,
        /// Number of the node whose identifier it looks for.
        target: u32,
    },
    /// The network falls apart; [`Agenda::shares`] tells into what.
    Partition {
        /// Number of the partition, in order of time from 0.
        event: usize,
    },
    /// All groups can reach each other again.
    Heal,
    /// Something begins to happen to messages between kinds of nodes; [`Agenda::link`] tells what.
    LinkBegins {
        /// Number of what happens to links, in the order of the scenario from 0.
        event: usize,
    },
    /// It ends, if it has not been mended before.
    LinkEnds {
        /// Number of what happens to links.
        event: usize,
    },
    /// Nothing happens to links any more.
    Mend,
    /// Nothing is lost any more, and all groups can reach each other. What is still to come follows from the scenario
    /// alone: joins of a joining start, a schedule file, lookups.
    Quiet,
}

/// A happening and what the agenda knows about it.
#[derive(Clone, Copy, Debug)]
struct Entry {
    time: Time,
    happening: ExternalEvent,
}

/// Everything that happens from outside, one after another, up to the end of the measurement.
#[derive(Debug)]
pub struct Agenda {
    script: Script,
    source: Source,
    /// Nothing happens at this time or later: a run lasts from 0 to its end, the end left out.
    end: Time,
    /// What comes next: worked out ahead, so that asking for its time costs nothing.
    upcoming: Option<Entry>,
    last: Option<Entry>,
    initial_nodes: u32,
    /// Live nodes as of the last happening that was handed out; the source may be one ahead.
    live: u32,
}

/// Where happenings other than initial joins and partitions come from.
#[derive(Debug)]
enum Source {
    Drawn(Box<Drawn>),
    File(Playback),
}

impl Agenda {
    /// The agenda of a scenario, at time 0.
    pub fn new(scenario: &Scenario) -> Self {
        let initial_nodes = match scenario.population.start {
            Start::Converged => scenario.population.nodes,
            Start::Joining { .. } => 0,
        };
        let source = match &scenario.schedule {
            Some(entries) => Source::File(Playback::new(entries.clone(), scenario.population.nodes)),
            None => Source::Drawn(Box::new(Drawn::new(scenario))),
        };
        let mut agenda = Self {
            script: Script::new(&scenario.population, &scenario.events),
            source,
            end: scenario.measurement.end(),
            upcoming: None,
            last: None,
            initial_nodes,
            live: initial_nodes,
        };
        agenda.upcoming = agenda.advance();
        agenda
    }

    /// How many nodes, numbered from 0, are live at time 0 without a [`ExternalEvent::Join`].
    pub fn initial_nodes(&self) -> u32 {
        self.initial_nodes
    }

    /// When the next thing happens; [`Time::NEVER`] if nothing does before the run ends.
    #[inline]
    pub fn peek_time(&self) -> Time {
        self.upcoming.map_or(Time::NEVER, |entry| entry.time)
    }

    /// What [`next`](Iterator::next) will return.
    pub fn peek(&self) -> Option<(Time, ExternalEvent)> {
        self.upcoming.map(|entry| (entry.time, entry.happening))
    }

    /// Memory of what is to come from outside: the churn process, or a schedule file \[B\].
    pub fn memory_bytes(&self) -> u64 {
        self.script.memory_bytes()
            + match &self.source {
                Source::Drawn(drawn) => drawn.memory_bytes(),
                Source::File(playback) => playback.memory_bytes(),
            }
    }

    /// Number of live nodes after what [`next`](Iterator::next) returned last.
    pub fn live(&self) -> u32 {
        self.live
    }

    /// Shares of the groups of a [`ExternalEvent::Partition`].
    ///
    /// # Panics
    /// If `event` does not come from a happening of this agenda.
    pub fn shares(&self, event: usize) -> &[f64] {
        self.script.shares(event)
    }

    /// What happens to links by a [`ExternalEvent::LinkBegins`].
    ///
    /// # Panics
    /// If `event` does not come from a happening of this agenda.
    pub fn link(&self, event: usize) -> &Link {
        self.script.link(event)
    }

    /// A number for a node of which the agenda is to know nothing: it deals it out to nobody. `None` if there are none
    /// left.
    pub fn reserve_number(&mut self) -> Option<u32> {
        match &mut self.source {
            Source::Drawn(drawn) => drawn.reserve_number(),
            Source::File(playback) => playback.reserve_number(),
        }
    }

    /// What [`next`](Iterator::next) returned last was this: a [`ExternalEvent::LookupOf`], with its key.
    pub fn settle(&mut self, happening: ExternalEvent) {
        self.last = self.last.map(|entry| Entry { happening, ..entry });
    }

    /// What [`next`](Iterator::next) returned last, as a row of a schedule file. `None` for a lookup whose key has not
    /// been [settled](Self::settle), and for partitions and their healing, which such a file does not know. Joins of a
    /// joining start are told, though the scenario brings them about also when it plays the file.
    pub fn last_as_schedule_entry(&self) -> Option<ScheduleEntry> {
        let Entry { time, happening } = self.last?;
        let (node, action) = match happening {
            ExternalEvent::Join { node } => (node, ScheduleAction::Join),
            ExternalEvent::Depart { node, graceful: true } => (node, ScheduleAction::Leave),
            ExternalEvent::Depart { node, graceful: false } => (node, ScheduleAction::Crash),
            ExternalEvent::Lookup { node, key } => (node, ScheduleAction::Lookup(key)),
            ExternalEvent::LookupOf { .. } => return None,
            ExternalEvent::Partition { .. } | ExternalEvent::Heal | ExternalEvent::Quiet => return None,
            ExternalEvent::LinkBegins { .. } | ExternalEvent::LinkEnds { .. } | ExternalEvent::Mend => return None,
        };
        Some(ScheduleEntry { time, node, action })
    }

    /// Works out what comes next. Much of what is due may come to nothing (a crash of no node, a session cut short
    /// before), hence the loop.
    fn advance(&mut self) -> Option<Entry> {
        loop {
            if let Source::Drawn(drawn) = &mut self.source
                && let Some((time, happening)) = drawn.continue_strike()
            {
                return Some(Entry { time, happening });
            }
            let scripted = self.script.next_time();
            let other = match &self.source {
                Source::Drawn(drawn) => drawn.next_time(),
                Source::File(playback) => playback.next_time(),
            };
            let time = scripted.min(other);
            if time >= self.end {
                return None;
            }
            let happening = if scripted <= other { self.take_scripted(time) } else { self.take_other() };
            if let Some(happening) = happening {
                return Some(Entry { time, happening });
            }
        }
    }

    /// Takes the next thing that the scenario names with its time.
    fn take_scripted(&mut self, now: Time) -> Option<ExternalEvent> {
        match self.script.take()? {
            Step::Join(node) => {
                if let Source::Drawn(drawn) = &mut self.source {
                    drawn.join(now, node);
                }
                Some(ExternalEvent::Join { node })
            }
            Step::Partition(event) => Some(ExternalEvent::Partition { event }),
            Step::Heal => Some(ExternalEvent::Heal),
            Step::Link(event, true) => Some(ExternalEvent::LinkBegins { event }),
            Step::Link(event, false) => Some(ExternalEvent::LinkEnds { event }),
            Step::Mend => Some(ExternalEvent::Mend),
            Step::Quiet => {
                if let Source::Drawn(drawn) = &mut self.source {
                    drawn.rest();
                }
                Some(ExternalEvent::Quiet)
            }
            Step::MassEvent(mass_event) => {
                // A scenario with a schedule file has no such event; should there be one, the file is the truth.
                if let Source::Drawn(drawn) = &mut self.source {
                    drawn.begin_mass_event(now, mass_event);
                }
                None
            }
        }
    }

    /// Takes what is due next from chance or from the schedule file.
    fn take_other(&mut self) -> Option<ExternalEvent> {
        match &mut self.source {
            Source::Drawn(drawn) => drawn.step(),
            Source::File(playback) => playback.step(),
        }
    }
}

impl Iterator for Agenda {
    type Item = (Time, ExternalEvent);

    /// Takes what happens next. Times never go back.
    fn next(&mut self) -> Option<(Time, ExternalEvent)> {
        let entry = self.upcoming?;
        match entry.happening {
            ExternalEvent::Join { .. } => self.live = self.live.saturating_add(1),
            ExternalEvent::Depart { .. } => self.live = self.live.saturating_sub(1),
            _ => {}
        }
        self.last = self.upcoming;
        self.upcoming = self.advance();
        Some((entry.time, entry.happening))
    }
}
