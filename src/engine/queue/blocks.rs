//! Entries of the event queue, and the pool of blocks in which the entries of one bucket are chained.
//!
//! A bucket's entries lie in fixed blocks of one shared vector, so memory follows the number of events that wait, not
//! the largest number that each bucket ever held, and nothing is allocated once the pool has grown to its working
//! size.

use crate::engine::memory::allocated_bytes;
use std::cmp::Ordering;

/// Entries in a block. Larger blocks waste memory in the many buckets with few events, smaller ones cost more links.
pub(super) const BLOCK_LEN: usize = 16;

/// The link that leads nowhere.
const NONE: u32 = u32::MAX;

/// An event that waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<E> {
    /// When it fires \[ns\].
    pub(super) time: u64,
    /// Its place in the order of scheduling; distinct for all entries.
    pub(super) sequence: u64,
    /// What fires.
    pub(super) event: E,
}

impl<E> Entry<E> {
    /// What the queue orders by, (time, sequence), as one integer: compared without branches.
    #[inline]
    pub(super) fn key(&self) -> u128 {
        u128::from(self.time) << 64 | u128::from(self.sequence)
    }
}

/// Reversed: the greatest entry is the earliest one, so that a `BinaryHeap`, which pops the greatest, pops it first.
impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(&self.key())
    }
}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<E> Eq for Entry<E> {}

/// The blocks of one bucket, in the order in which they were filled. All but the last are full.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    /// Earliest time of the entries \[ns\]; meaningless if there are none.
    pub(super) earliest: u64,
    /// The last block, or `NONE`. Its link leads to the first one: the chain is a ring.
    last: u32,
    /// Number of entries in the last block.
    filled: u32,
}

impl Chain {
    /// A chain without entries. It counts as full, so that the first entry opens a block.
    pub(super) const EMPTY: Chain = Chain { earliest: u64::MAX, last: NONE, filled: BLOCK_LEN as u32 };
}

/// The pool of blocks.
#[derive(Debug)]
pub(super) struct Blocks<E> {
    /// All blocks, one after the other.
    entries: Vec<Entry<E>>,
    /// For each block, the next one in its chain or in the list of free blocks.
    next: Vec<u32>,
    /// The first free block, or `NONE`.
    free: u32,
}

impl<E: Copy> Blocks<E> {
    /// A pool without blocks.
    pub(super) const fn new() -> Self {
        Blocks { entries: Vec::new(), next: Vec::new(), free: NONE }
    }

    /// Appends `entry` to `chain`.
    #[inline(always)]
    pub(super) fn push(&mut self, chain: &mut Chain, entry: Entry<E>) {
        if chain.filled as usize == BLOCK_LEN {
            self.open_block(chain, entry);
        }
        self.entries[chain.last as usize * BLOCK_LEN + chain.filled as usize] = entry;
        chain.filled += 1;
        chain.earliest = chain.earliest.min(entry.time);
    }

    /// Appends a block to `chain` in which no entry counts yet. A fresh block needs contents: copies of `filler`.
    #[cold]
    #[inline(never)]
    fn open_block(&mut self, chain: &mut Chain, filler: Entry<E>) {
        let block = if self.free == NONE {
            let block = u32::try_from(self.next.len()).expect("memory ends long before 2^32 blocks");
            self.entries.resize(self.entries.len() + BLOCK_LEN, filler);
            self.next.push(NONE);
            block
        } else {
            let block = self.free;
            self.free = self.next[block as usize];
            block
        };
        if chain.last == NONE {
            self.next[block as usize] = block;
        } else {
            self.next[block as usize] = self.next[chain.last as usize];
            self.next[chain.last as usize] = block;
        }
        chain.last = block;
        chain.filled = 0;
    }

    /// Unlinks the first block of `chain`: the block, and how many entries it holds. The caller reads it and frees it.
    pub(super) fn take_first(&mut self, chain: &mut Chain) -> Option<(u32, usize)> {
        if chain.last == NONE {
            return None;
        }
        let first = self.next[chain.last as usize];
        if first == chain.last {
            let held = chain.filled as usize;
            *chain = Chain::EMPTY;
            return Some((first, held));
        }
        self.next[chain.last as usize] = self.next[first as usize];
        Some((first, BLOCK_LEN))
    }

    /// The entries of `chain`.
    pub(super) fn of_chain(&self, chain: Chain) -> impl Iterator<Item = &Entry<E>> {
        let mut block = (chain.last != NONE).then(|| self.next[chain.last as usize]);
        std::iter::from_fn(move || {
            let this = block?;
            let is_last = this == chain.last;
            block = (!is_last).then(|| self.next[this as usize]);
            Some(self.entries(this, if is_last { chain.filled as usize } else { BLOCK_LEN }))
        })
        .flatten()
    }

    /// The first `held` entries of `block`.
    pub(super) fn entries(&self, block: u32, held: usize) -> &[Entry<E>] {
        let start = block as usize * BLOCK_LEN;
        &self.entries[start..start + held]
    }

    /// Gives an unlinked block back to the pool.
    pub(super) fn free(&mut self, block: u32) {
        self.next[block as usize] = self.free;
        self.free = block;
    }

    /// Memory of all blocks, used or free \[B\].
    pub(super) fn memory_bytes(&self) -> u64 {
        allocated_bytes(&self.entries) + allocated_bytes(&self.next)
    }

    /// Number of blocks ever made, used or free.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.next.len()
    }
}
