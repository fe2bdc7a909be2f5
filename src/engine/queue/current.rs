//! The bucket that is being taken from: its entries as they came, and the order in which they go.

use super::BUCKET_BITS;
use super::blocks::Entry;
use crate::engine::memory::allocated_bytes;

/// Bits for an entry's place among those of its bucket, while these are sorted. With the bits of its time they leave
/// the sign of 32 bits free: signed numbers are compared many at a time by every processor of the family.
const PLACE_BITS: u32 = 31 - BUCKET_BITS;

/// Most entries that are put in order by counting.
const RANKED: usize = 32;

/// Numbers that are compared at once.
const LANES: usize = 8;

/// Entries of one bucket, in order.
#[derive(Debug)]
pub(super) struct Current<E> {
    /// As they came: moving small numbers costs less than moving entries.
    entries: Vec<Entry<E>>,
    /// Indices of entries in the order in which they are taken; those before `next` have been.
    order: Vec<u32>,
    next: usize,
    /// What is sorted, kept for its memory: the time of each entry within the bucket, and its place.
    keys: Vec<i32>,
}

impl<E: Copy> Current<E> {
    /// No entries.
    pub(super) const fn new() -> Self {
        Current { entries: Vec::new(), order: Vec::new(), next: 0, keys: Vec::new() }
    }

    /// The next entry to take, if one is left.
    #[inline]
    pub(super) fn peek(&self) -> Option<&Entry<E>> {
        self.ahead(0)
    }

    /// The entry so many places after the next one.
    #[inline]
    pub(super) fn ahead(&self, places: usize) -> Option<&Entry<E>> {
        self.order.get(self.next + places).map(|index| &self.entries[*index as usize])
    }

    /// The next entry is taken.
    #[inline]
    pub(super) fn pass(&mut self) {
        self.next += 1;
    }

    /// Whether all entries have been taken.
    #[inline]
    pub(super) fn is_used_up(&self) -> bool {
        self.next == self.order.len()
    }

    /// Entries that have not been taken, in order.
    pub(super) fn rest(&self) -> impl Iterator<Item = &Entry<E>> {
        self.order[self.next..].iter().map(|index| &self.entries[*index as usize])
    }

    /// Memory that is kept for entries and their order \[B\].
    pub(super) fn memory_bytes(&self) -> u64 {
        allocated_bytes(&self.entries) + allocated_bytes(&self.order) + allocated_bytes(&self.keys)
    }

    /// Entries there is memory for.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.entries.capacity()
    }

    /// Forgets all entries. Add those of the next bucket, then [`sort`](Self::sort).
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.order.clear();
        self.next = 0;
    }

    /// More entries, in the order of scheduling but where tickets were used.
    pub(super) fn add(&mut self, entries: &[Entry<E>]) {
        self.entries.extend_from_slice(entries);
    }

    /// Puts them in order.
    pub(super) fn sort(&mut self) {
        if self.entries.len() > 1 << PLACE_BITS {
            self.order.extend(0..self.entries.len() as u32);
            return self.sort_by_entries();
        }
        // Times of one bucket differ in the lowest bits only, which leave room in 32 bits for the place: sorting such
        // small integers costs a fraction of sorting entries.
        self.keys.clear();
        let low_bits = |time: u64| (time & ((1 << BUCKET_BITS) - 1)) as i32;
        self.keys.extend((0..).zip(&self.entries).map(|(place, entry)| low_bits(entry.time) << PLACE_BITS | place));
        if self.entries.len() <= RANKED {
            self.rank();
        } else {
            self.keys.sort_unstable();
            self.order.extend(self.keys.iter().map(|key| *key as u32));
        }
        // Entries of equal times are in the order in which they were scheduled but where tickets were used.
        let is_tie = |pair: &[u32; 2]| pair[0] >> PLACE_BITS == pair[1] >> PLACE_BITS;
        let ties = self.order.array_windows().fold(false, |ties, pair| ties | is_tie(pair));
        self.order.iter_mut().for_each(|key| *key &= (1 << PLACE_BITS) - 1);
        if ties {
            self.sort_by_entries();
        }
    }

    /// Puts the few keys there are in order, each at the place that the number of smaller ones says. More comparisons
    /// than sorting takes, but none that the processor has to guess the outcome of, which is what costs.
    fn rank(&mut self) {
        let count = self.keys.len();
        self.keys.resize(count.next_multiple_of(LANES), i32::MAX);
        self.order.resize(count, 0);
        for own in &self.keys[..count] {
            let mut smaller = [0i32; LANES];
            for others in self.keys.chunks_exact(LANES) {
                for (lane, other) in smaller.iter_mut().zip(others) {
                    *lane += i32::from(other < own);
                }
            }
            self.order[smaller.iter().sum::<i32>() as usize] = *own as u32;
        }
    }

    /// Puts the order right by all that entries are ordered by.
    #[cold]
    fn sort_by_entries(&mut self) {
        // Keys are distinct, so an unstable sort has one possible result, and it allocates nothing.
        self.order.sort_unstable_by_key(|index| self.entries[*index as usize].key());
    }
}
