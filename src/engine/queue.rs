//! The event queue: what happens next, in order of time and, at equal times, in the order of scheduling.
//!
//! Two wheels of 1024 buckets, and a heap for what lies beyond them. A bucket of the near wheel is 2^20 ns (1.05 ms)
//! wide, one of the far wheel covers the whole near wheel: 2^30 ns (1.07 s). Both wheels cover spans aligned to their
//! size, the ones in which the *cursor* lies (the bucket that is being taken from), so the highest bit in which a time
//! differs from the cursor says where it belongs. When the near wheel is empty, the next far bucket is dealt out over
//! it; when both are, the heap refills the far wheel with the next 2^40 ns (18 min).
//!
//! Scheduling costs a write to the end of a bucket. Order is made when a bucket is reached: its entries are copied out
//! and put in order. What is scheduled into a bucket while it is being taken from goes to a small heap, which is merged
//! with the sorted entries. The near wheel is so short, and blocks of a bucket so small, that what is written before
//! it is read mostly stays in a cache of 2 MiB.

mod blocks;
mod current;
mod look;
#[cfg(test)]
mod tests;
mod wheel;

use super::time::Time;
use blocks::{Blocks, Entry};
use current::Current;
use std::collections::BinaryHeap;
use wheel::{SLOT_BITS, SLOT_MASK, Wheel};

/// Width of a near bucket, as a power of two \[ns\].
const BUCKET_BITS: u32 = 20;

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

#[cfg(test)]
impl Ticket {
    /// The ticket with this number, for queues of tests.
    pub const fn numbered(number: u64) -> Self {
        Ticket(number)
    }

    /// Its number.
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// A priority queue of events by (time, order of scheduling).
///
/// Scheduling and taking an event cost constant time as long as events spread over many milliseconds; among events of
/// the same millisecond they cost at most the logarithm of their number. Events are copied a few times on their way,
/// so they should be small: 16 bytes make entries of 32.
#[derive(Debug)]
pub struct EventQueue<E> {
    /// Entries of the bucket at the cursor, in order.
    current: Current<E>,
    /// Entries scheduled into the bucket at the cursor since the cursor came there. Where messages take no time these
    /// are all: one or two, for which a heap costs less than a bucket.
    late: BinaryHeap<Entry<E>>,
    /// Number of the near bucket that is being taken from: its time shifted right by `BUCKET_BITS`.
    cursor: u64,
    /// Time of the last event taken \[ns\].
    now: u64,
    /// The next place in the order of scheduling.
    next_sequence: u64,
    /// The ticket of the last event taken.
    last: Ticket,
    /// Number of events waiting.
    len: usize,
    /// Entries in the cursor's far bucket; none in the near bucket at the cursor itself.
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
            current: Current::new(),
            late: BinaryHeap::new(),
            cursor: 0,
            now: 0,
            next_sequence: 0,
            last: Ticket(0),
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
            if difference == 0 {
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
        match self.current.peek() {
            Some(entry) if self.late.is_empty() => Some(Time::from_nanos(entry.time)),
            _ => self.search_time().map(Time::from_nanos),
        }
    }

    /// Takes the next event.
    #[inline]
    pub fn pop(&mut self) -> Option<(Time, E)> {
        self.pop_until(u64::MAX)
    }

    /// Takes the next event, if it fires before `limit`.
    #[inline(always)]
    pub fn pop_before(&mut self, limit: Time) -> Option<(Time, E)> {
        self.pop_until(limit.as_nanos().checked_sub(1)?)
    }

    /// Takes the next event, if it fires at `last` \[ns\] or before.
    #[inline(always)]
    fn pop_until(&mut self, last: u64) -> Option<(Time, E)> {
        if !self.late.is_empty() {
            return self.pop_merged(last);
        }
        // The cursor must not go past the limit: what happens there may schedule what comes first.
        if self.current.is_used_up() && !(self.search_time().is_some_and(|time| time <= last) && self.advance()) {
            return None;
        }
        let entry = *self.current.peek().filter(|entry| entry.time <= last)?;
        self.current.pass();
        Some(self.taken(entry))
    }

    #[inline(always)]
    fn taken(&mut self, entry: Entry<E>) -> (Time, E) {
        self.len -= 1;
        self.now = entry.time;
        self.last = Ticket(entry.sequence);
        (Time::from_nanos(entry.time), entry.event)
    }

    /// The event that is, as far as is known without reorganising the queue, `ahead` places after the next one: a hint
    /// for prefetching. Events that have yet to be sorted in may come before it, and there may be more events to come
    /// when there is no hint.
    #[inline]
    pub fn look_ahead(&self, ahead: usize) -> Option<&E> {
        self.current.ahead(ahead).map(|entry| &entry.event)
    }

    /// The ticket of the event that was taken last.
    #[inline]
    pub fn last(&self) -> Ticket {
        self.last
    }

    /// Whether an event that was scheduled at `time` with this ticket has not been taken yet.
    pub fn is_to_come(&self, time: Time, ticket: Ticket) -> bool {
        (time.as_nanos(), ticket) > (self.now, self.last)
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

    /// Memory that the queue holds \[B\].
    pub fn memory_bytes(&self) -> u64 {
        let heaps = (self.late.capacity() + self.overflow.capacity()) * size_of::<Entry<E>>();
        let wheels = self.near.memory_bytes() + self.far.memory_bytes();
        self.blocks.memory_bytes() + self.current.memory_bytes() + wheels + heaps as u64
    }

    /// Time of the next event, wherever it is \[ns\]. The levels come one after the other in time, except for the first
    /// two.
    fn search_time(&self) -> Option<u64> {
        let current = self.current.peek().map(|entry| entry.time);
        let late = self.late.peek().map(|entry| entry.time);
        let taking = match (current, late) {
            (Some(current), Some(late)) => Some(current.min(late)),
            (current, late) => current.or(late),
        };
        taking
            .or_else(|| self.near.earliest())
            .or_else(|| self.far.earliest())
            .or_else(|| self.overflow.peek().map(|entry| entry.time))
    }

    /// Takes the earlier of the next sorted entry and the next late one, if it fires at `last` \[ns\] or before.
    #[cold]
    #[inline(never)]
    fn pop_merged(&mut self, last: u64) -> Option<(Time, E)> {
        let late = self.late.peek()?;
        let entry = match self.current.peek() {
            Some(current) if current.key() < late.key() => *current,
            _ => *late,
        };
        if entry.time > last {
            return None;
        }
        if entry.key() == late.key() {
            self.late.pop();
        } else {
            self.current.pass();
        }
        Some(self.taken(entry))
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
        self.current.clear();
        let mut chain = self.near.take(slot);
        while let Some((block, held)) = self.blocks.take_first(&mut chain) {
            self.current.add(self.blocks.entries(block, held));
            self.blocks.free(block);
        }
        self.current.sort();
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
