//! The deadlines of the lookups under way.
//!
//! All lookups of a run have the same time, so their deadlines come in the order in which they started, and nearly all
//! lookups end long before. Only one deadline waits in the event queue, therefore; the next one still of interest takes
//! its place when it has passed. A deadline takes its place in the order of events when its lookup starts (a ticket),
//! so the run is the same as if all of them had been scheduled then.

use crate::engine::queue::Ticket;
use crate::engine::time::Time;
use crate::node::LookupId;
use std::collections::VecDeque;

/// When a lookup will have taken too long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    pub time: Time,
    pub ticket: Ticket,
    pub lookup: LookupId,
}

/// Deadlines that do not wait in the event queue yet.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    to_come: VecDeque<Deadline>,
    /// Whether one waits in the event queue.
    is_armed: bool,
}

impl Deadlines {
    /// A lookup has started. `is_under_way` tells of any lookup whether it has ended.
    pub fn add(&mut self, deadline: Deadline, is_under_way: impl Fn(LookupId) -> bool) {
        self.drop_ended(is_under_way);
        self.to_come.push_back(deadline);
    }

    /// The deadline to be scheduled now, if none is.
    pub fn arm(&mut self, is_under_way: impl Fn(LookupId) -> bool) -> Option<Deadline> {
        if self.is_armed {
            return None;
        }
        self.drop_ended(is_under_way);
        let next = self.to_come.pop_front();
        self.is_armed = next.is_some();
        next
    }

    /// The deadline that was scheduled has passed.
    pub fn passed(&mut self) {
        self.is_armed = false;
    }

    /// Memory of those that wait \[B\].
    pub fn memory_bytes(&self) -> u64 {
        (self.to_come.capacity() * size_of::<Deadline>()) as u64
    }

    fn drop_ended(&mut self, is_under_way: impl Fn(LookupId) -> bool) {
        while self.to_come.front().is_some_and(|deadline| !is_under_way(deadline.lookup)) {
            self.to_come.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::queue::EventQueue;
    use crate::node::directory::Directory;
    use crate::node::lookup::{Lookups, Purpose};

    #[test]
    fn the_next_lookup_still_under_way_takes_the_place_of_the_one_that_passed() {
        let mut directory = Directory::default();
        directory.arrive(0, 1, 0, Time::ZERO);
        let (mut queue, mut lookups) = (EventQueue::<u8>::new(), Lookups::<()>::default());
        let ids: Vec<LookupId> =
            (0..4).map(|key| lookups.start(0, directory.incarnation(0), key, Purpose::Workload, Time::ZERO)).collect();
        let mut deadlines = Deadlines::default();
        let deadline = |lookup, ticket| Deadline { time: Time::from_nanos(7), ticket, lookup };
        for id in &ids {
            deadlines.add(deadline(*id, queue.ticket()), |id| lookups.get(id).is_some());
        }
        let armed = |deadlines: &mut Deadlines, lookups: &Lookups<()>| {
            deadlines.arm(|id| lookups.get(id).is_some()).map(|deadline| deadline.lookup)
        };
        lookups.end(ids[0]);
        assert_eq!(armed(&mut deadlines, &lookups), Some(ids[1]));
        assert_eq!(armed(&mut deadlines, &lookups), None, "one at a time");
        lookups.end(ids[2]);
        deadlines.passed();
        assert_eq!(armed(&mut deadlines, &lookups), Some(ids[3]));
        deadlines.passed();
        assert_eq!(armed(&mut deadlines, &lookups), None, "nothing is left");
    }
}
