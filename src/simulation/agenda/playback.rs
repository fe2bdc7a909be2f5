//! Happenings from a schedule file.

use super::ExternalEvent;
use crate::engine::time::Time;
use crate::scenario::model::{ScheduleAction, ScheduleEntry};
use std::sync::Arc;

/// A schedule that is being played, in the order of the file.
#[derive(Clone, Debug)]
pub(super) struct Playback {
    entries: Arc<Vec<ScheduleEntry>>,
    played: usize,
    /// Numbers from here on are free.
    free_from: u32,
}

impl Playback {
    /// The schedule of a population whose initial nodes have the numbers below `initial`.
    pub(super) fn new(entries: Arc<Vec<ScheduleEntry>>, initial: u32) -> Self {
        let in_file = entries.iter().map(|entry| entry.node.saturating_add(1)).max();
        Self { entries, played: 0, free_from: initial.max(in_file.unwrap_or(0)) }
    }

    /// A number that is not in the file and was not reserved before.
    pub(super) fn reserve_number(&mut self) -> Option<u32> {
        let number = self.free_from;
        self.free_from = number.checked_add(1)?;
        Some(number)
    }

    pub(super) fn memory_bytes(&self) -> u64 {
        crate::engine::memory::allocated_bytes(&self.entries)
    }

    /// When the next entry is due; [`Time::NEVER`] after the last.
    pub(super) fn next_time(&self) -> Time {
        self.entries.get(self.played).map_or(Time::NEVER, |entry| entry.time)
    }

    /// Takes the next entry.
    pub(super) fn step(&mut self) -> Option<ExternalEvent> {
        let ScheduleEntry { node, action, .. } = *self.entries.get(self.played)?;
        self.played += 1;
        Some(match action {
            ScheduleAction::Join => ExternalEvent::Join { node },
            ScheduleAction::Leave => ExternalEvent::Depart { node, graceful: true },
            ScheduleAction::Crash => ExternalEvent::Depart { node, graceful: false },
            ScheduleAction::Lookup(key) => ExternalEvent::Lookup { node, key },
        })
    }
}
