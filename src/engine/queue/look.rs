//! Looking into the queue without changing it: for those who watch a run, not for the run itself.

use super::blocks::Entry;
use super::{EventQueue, Time};

impl<E: Copy> EventQueue<E> {
    /// The next event. Takes time where its bucket has not been put in order yet.
    pub fn peek(&self) -> Option<E> {
        let current = self.current.peek().into_iter().chain(self.late.peek());
        let entry = current.min_by_key(|entry| entry.key()).or_else(|| {
            let bucket = |wheel: &super::Wheel| wheel.first().map(|slot| wheel.chain(slot));
            let first = bucket(&self.near).or_else(|| bucket(&self.far));
            match first {
                Some(chain) => self.blocks.of_chain(chain).min_by_key(|entry| entry.key()),
                None => self.overflow.peek(),
            }
        });
        entry.map(|entry| entry.event)
    }

    /// All events that wait, in no order that means anything.
    pub fn waiting(&self) -> impl Iterator<Item = (Time, E)> + '_ {
        let heaps = self.late.iter().chain(&self.overflow);
        let buckets = self.near.chains().chain(self.far.chains()).flat_map(|chain| self.blocks.of_chain(chain));
        let all = self.current.rest().chain(heaps).chain(buckets);
        all.map(|entry: &Entry<E>| (Time::from_nanos(entry.time), entry.event))
    }
}
