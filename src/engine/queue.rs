//! The event queue: what happens next, in order of time and, at equal times, in the order of scheduling.
//!
//! Two wheels of 4096 buckets, and a heap for what lies beyond them. A bucket of the near wheel is 2^20 ns (1.05 ms)
//! wide, one of the far wheel covers the whole near wheel: 2^32 ns (4.3 s). Both wheels cover spans aligned to their
//! size, the ones in which the *cursor* lies (the bucket that is being taken from), so the highest bit in which a time
//! differs from the cursor says where it belongs. When the near wheel is empty, the next far bucket is dealt out over
//! it; when both are, the heap refills the far wheel with the next 2^44 ns (4.9 h).
//!
//! Scheduling costs a write to the end of a bucket. Order is made when a bucket is reached: its entries are copied out
//! and sorted. What is scheduled into a bucket while it is being taken from goes to a small heap, which is merged with
//! the sorted entries.

mod blocks;
mod look;
#[cfg(test)]
mod tests;
mod wheel;

use super::time::Time;
use blocks::{Blocks, Entry};
use std::collections::BinaryHeap;
use wheel::{SLOT_BITS, SLOT_MASK, Wheel};

/// Width of a near bucket, as a power of two \[ns\].
const BUCKET_BITS: u32 = 20;

/// Bits for an entry's place among those of its bucket, while these are sorted.
const PLACE_BITS: u32 = 32 - BUCKET_BITS;

/// Most entries of a bucket that are put in order by counting.
const RANKED: usize = 32;

/// Numbers that are compared at once.
const LANES: usize = 8;

/// Width of a far bucket, as a power of two \[ns\].
const FAR_BITS: u32 = BUCKET_BITS + SLOT_BITS;

/// Width of the far wheel, as a power of two \[ns\].
const ERA_BITS: u32 = FAR_BITS + SLOT_BITS;

/// A place in the order of scheduling, taken now for an event that may be scheduled later.
///
/// An event scheduled with a ticket fires, among events of the same instant, where it would have fired had it been
/// scheduled when the ticket was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

/// A priority queue of events by (time, order of scheduling).
///
/// Scheduling and taking an event cost constant time as long as events spread over many milliseconds; among events of
/// the same millisecond they cost at most the logarithm of their number. Events are copied a few times on their way,
/// so they should be small: 16 bytes make entries of 32.
#[derive(Debug)]
pub struct EventQueue<E> {
    /// Entries of the bucket at the cursor, sorted; those before `next` have been taken.
    current: Vec<Entry<E>>,
    /// Entries of that bucket as they were before sorting, and how they are to be ordered: kept for their memory.
    unsorted: Vec<Entry<E>>,
    order: Vec<u32>,
    /// Index of the next entry to take from `current`.
    next: usize,
    /// Entries scheduled into the bucket at the cursor since it was sorted.
    late: BinaryHeap<Entry<E>>,
    /// Number of the near bucket that is being taken from: its time shifted right by `BUCKET_BITS`.
    cursor: u64,
    /// Time of the last event taken \[ns\].
    now: u64,
    /// The next place in the order of scheduling.
    next_sequence: u64,
    /// Number of events waiting.
    len: usize,
    /// Entries in the cursor's far bucket. The near bucket at the cursor itself holds entries only while `current` is
    /// used up and `late` is empty.
    near: Wheel,
    /// Entries in the cursor's era but not in its far bucket.
    far: Wheel,
    /// Where the wheels keep their entries.
    blocks: Blocks<E>,
    /// Entries beyond the cursor's era.
    overflow: BinaryHeap<Entry<E>>,
}

impl<E: Copy> EventQueue<E> {
    /// An empty queue at time 0.
    pub fn new() -> Self {
        EventQueue {
            current: Vec::new(),
            unsorted: Vec::new(),
            order: Vec::new(),
            next: 0,
            late: BinaryHeap::new(),
            cursor: 0,
            now: 0,
            next_sequence: 0,
            len: 0,
            near: Wheel::new(),
            far: Wheel::new(),
            blocks: Blocks::new(),
            overflow: BinaryHeap::new(),
        }
    }

    /// Takes the next place in the order of scheduling.
    #[inline]
    pub fn ticket(&mut self) -> Ticket {
        let ticket = Ticket(self.next_sequence);
        self.next_sequence += 1;
        ticket
    }

    /// Schedules `event` at `time`, which must not lie before the last event taken.
    ///
    /// An earlier time is a mistake of the caller: a debug build panics, a release build schedules it at the time of
    /// the last event taken.
    // Inlined by force, like all on this way: an event handed over in memory was written in parts and is read as a
    // whole, which stalls the processor for longer than the rest takes.
    #[inline(always)]
    pub fn push(&mut self, time: Time, event: E) {
        let ticket = self.ticket();
        self.push_with(ticket, time, event);
    }

    /// Schedules `event` at `time` in the place that `ticket` holds, which must come from this queue and be used at
    /// most once. For `time` the same holds as in [`push`](Self::push).
    #[inline(always)]
    pub fn push_with(&mut self, ticket: Ticket, time: Time, event: E) {
        let time = time.as_nanos();
        debug_assert!(time >= self.now, "an event at {time} ns is scheduled in the past of {} ns", self.now);
        let time = time.max(self.now);
        let entry = Entry { time, sequence: ticket.0, event };
        let bucket = time >> BUCKET_BITS;
        let difference = bucket ^ self.cursor;
        self.len += 1;
        let (wheel, number) = if difference >> SLOT_BITS == 0 {
            if difference == 0 && self.is_taking() {
                return self.late.push(entry);
            }
            (&mut self.near, bucket)
        } else if difference >> (2 * SLOT_BITS) == 0 {
            (&mut self.far, bucket >> SLOT_BITS)
        } else {
            return self.overflow.push(entry);
        };
        wheel.push(&mut self.blocks, number, entry);
    }

    /// Time of the next event, if there is one.
    #[inline]
    pub fn peek_time(&self) -> Option<Time> {
        match self.current.get(self.next) {
            Some(entry) if self.late.is_empty() => Some(Time::from_nanos(entry.time)),
            _ => self.search_time(),
        }
    }

    /// Takes the next event.
    #[inline]
    pub fn pop(&mut self) -> Option<(Time, E)> {
        let entry = if self.late.is_empty() {
            if self.next == self.current.len() && !self.advance() {
                return None;
            }
            self.next += 1;
            self.current[self.next - 1]
        } else {
            self.pop_merged()?
        };
        self.len -= 1;
        self.now = entry.time;
        Some((Time::from_nanos(entry.time), entry.event))
    }

    /// The event that is, as far as is known without reorganising the queue, `ahead` places after the next one: a hint
    /// for prefetching. Events that have yet to be sorted in may come before it, and there may be more events to come
    /// when there is no hint.
    #[inline]
    pub fn look_ahead(&self, ahead: usize) -> Option<&E> {
        self.current.get(self.next + ahead).map(|entry| &entry.event)
    }

    /// Number of events waiting.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no event waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether sorted entries of the bucket at the cursor are still to be taken.
    fn is_taking(&self) -> bool {
        self.next < self.current.len() || !self.late.is_empty()
    }

    /// Time of the next event, wherever it is. The levels come one after the other in time, except for the first two.
    fn search_time(&self) -> Option<Time> {
        let current = self.current.get(self.next).map(|entry| entry.time);
        let late = self.late.peek().map(|entry| entry.time);
        let taking = match (current, late) {
            (Some(current), Some(late)) => Some(current.min(late)),
            (current, late) => current.or(late),
        };
        taking
            .or_else(|| self.near.earliest())
            .or_else(|| self.far.earliest())
            .or_else(|| self.overflow.peek().map(|entry| entry.time))
            .map(Time::from_nanos)
    }

    /// Takes the earlier of the next sorted entry and the next late one.
    fn pop_merged(&mut self) -> Option<Entry<E>> {
        match (self.current.get(self.next), self.late.peek()) {
            (Some(current), Some(late)) if current.key() < late.key() => {
                self.next += 1;
                Some(*current)
            }
            _ => self.late.pop(),
        }
    }

    /// Moves the cursor to the next bucket that holds entries and sorts them into `current`, which must be used up.
    /// Returns whether there was one.
    #[cold]
    #[inline(never)]
    fn advance(&mut self) -> bool {
        loop {
            if let Some(slot) = self.near.first() {
                self.load(slot);
                return true;
            }
            if let Some(slot) = self.far.first() {
                self.deal_out(slot);
            } else if !self.enter_next_era() {
                return false;
            }
        }
    }

    /// Moves the cursor to near bucket `slot` and sorts its entries into `current`.
    fn load(&mut self, slot: u64) {
        self.cursor = self.cursor & !SLOT_MASK | slot;
        self.next = 0;
        self.current.clear();
        self.unsorted.clear();
        let mut chain = self.near.take(slot);
        while let Some((block, held)) = self.blocks.take_first(&mut chain) {
            self.unsorted.extend_from_slice(self.blocks.entries(block, held));
            self.blocks.free(block);
        }
        self.sort();
    }

    /// Fills `current` with what is in `unsorted`, in order.
    fn sort(&mut self) {
        if self.unsorted.len() > 1 << PLACE_BITS {
            self.current.extend_from_slice(&self.unsorted);
            // Keys are distinct, so an unstable sort has one possible result, and it allocates nothing.
            return self.current.sort_unstable_by_key(Entry::key);
        }
        // Times of one bucket differ in the lowest bits only, which leave room in 32 bits for the place in `unsorted`:
        // sorting such small integers costs a fraction of sorting entries.
        self.order.clear();
        let low_bits = |time: u64| (time & ((1 << BUCKET_BITS) - 1)) as u32;
        self.order.extend((0..).zip(&self.unsorted).map(|(place, entry)| low_bits(entry.time) << PLACE_BITS | place));
        if self.unsorted.len() <= RANKED {
            self.rank();
        } else {
            self.order.sort_unstable();
            let place = |ordered: u32| (ordered & ((1 << PLACE_BITS) - 1)) as usize;
            self.current.extend(self.order.iter().map(|ordered| self.unsorted[place(*ordered)]));
        }
        // Equal times are rare, and are in the order in which they were scheduled but where tickets were used.
        if !self.current.is_sorted_by_key(Entry::key) {
            self.current.sort_unstable_by_key(Entry::key);
        }
    }

    /// Fills `current` with the few entries in `unsorted`, each at the place that the number of smaller ones says. More
    /// comparisons than sorting takes, but none that the processor has to guess the outcome of, which is what costs.
    fn rank(&mut self) {
        let count = self.unsorted.len();
        self.order.resize(count.next_multiple_of(LANES), u32::MAX);
        self.current.extend_from_slice(&self.unsorted);
        for (entry, own) in self.unsorted.iter().zip(&self.order) {
            let mut smaller = [0u32; LANES];
            for others in self.order.chunks_exact(LANES) {
                for (lane, other) in smaller.iter_mut().zip(others) {
                    *lane += u32::from(other < own);
                }
            }
            self.current[smaller.iter().sum::<u32>() as usize] = *entry;
        }
    }

    /// Moves the cursor to the start of far bucket `slot` and deals its entries out over the near wheel. Each block is
    /// freed before the next is read, so the pool does not grow by the size of a far bucket.
    fn deal_out(&mut self, slot: u64) {
        self.cursor = (self.cursor >> SLOT_BITS & !SLOT_MASK | slot) << SLOT_BITS;
        let mut chain = self.far.take(slot);
        while let Some((block, held)) = self.blocks.take_first(&mut chain) {
            for index in 0..held {
                let entry = self.blocks.entries(block, held)[index];
                self.near.push(&mut self.blocks, entry.time >> BUCKET_BITS, entry);
            }
            self.blocks.free(block);
        }
    }

    /// Moves the cursor to the start of the next era that has events, and these from the heap to the far wheel.
    /// Returns whether there was one.
    fn enter_next_era(&mut self) -> bool {
        let Some(era) = self.overflow.peek().map(|entry| entry.time >> ERA_BITS) else {
            return false;
        };
        self.cursor = era << (2 * SLOT_BITS);
        while let Some(entry) = self.overflow.peek().copied()
            && entry.time >> ERA_BITS == era
        {
            self.overflow.pop();
            self.far.push(&mut self.blocks, entry.time >> FAR_BITS, entry);
        }
        true
    }
}

impl<E: Copy> Default for EventQueue<E> {
    fn default() -> Self {
        Self::new()
    }
}
