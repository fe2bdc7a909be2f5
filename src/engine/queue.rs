//! The event queue: what happens next, in order of time and, at equal times, in the order of scheduling.

use super::time::Time;

/// A place in the order of scheduling, taken now for an event that may be scheduled later.
///
/// An event scheduled with a ticket fires, among events of the same instant, where it would have fired had it been
/// scheduled when the ticket was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

/// A priority queue of events by (time, order of scheduling).
#[derive(Debug)]
pub struct EventQueue<E> {
    _events: Vec<E>,
}

impl<E: Copy> EventQueue<E> {
    /// An empty queue at time 0.
    pub fn new() -> Self {
        todo!()
    }

    /// Takes the next place in the order of scheduling.
    pub fn ticket(&mut self) -> Ticket {
        todo!()
    }

    /// Schedules `event` at `time`, which must not lie before the last event taken.
    pub fn push(&mut self, time: Time, event: E) {
        let ticket = self.ticket();
        self.push_with(ticket, time, event);
    }

    /// Schedules `event` at `time` in the place that `ticket` holds. A ticket is used at most once.
    pub fn push_with(&mut self, _ticket: Ticket, _time: Time, _event: E) {
        todo!()
    }

    /// Time of the next event, if there is one. May reorganise the queue, hence `&mut`.
    pub fn peek_time(&mut self) -> Option<Time> {
        todo!()
    }

    /// Takes the next event.
    pub fn pop(&mut self) -> Option<(Time, E)> {
        todo!()
    }

    /// The event that comes `ahead` places after the next one, if that is already known without reorganising the
    /// queue: a hint for prefetching.
    pub fn look_ahead(&self, _ahead: usize) -> Option<&E> {
        todo!()
    }

    /// Number of events waiting.
    pub fn len(&self) -> usize {
        todo!()
    }

    /// Whether no event waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<E: Copy> Default for EventQueue<E> {
    fn default() -> Self {
        Self::new()
    }
}
