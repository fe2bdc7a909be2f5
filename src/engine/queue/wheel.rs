//! One level of the event queue: 1024 buckets and a bitmap of those that hold entries.

use super::blocks::{Blocks, Chain, Entry};

/// Buckets of a wheel, as a power of two.
pub(super) const SLOT_BITS: u32 = 10;

/// Buckets of a wheel.
const SLOTS: usize = 1 << SLOT_BITS;

/// The bits of a number that choose the slot.
pub(super) const SLOT_MASK: u64 = SLOTS as u64 - 1;

/// Buckets of equal width over one aligned span of time. A slot is the bucket's index in that span.
#[derive(Debug)]
pub(super) struct Wheel {
    chains: Box<[Chain; SLOTS]>,
    occupied: Bitmap,
}

impl Wheel {
    /// A wheel of empty buckets.
    pub(super) fn new() -> Self {
        let chains = vec![Chain::EMPTY; SLOTS].into_boxed_slice().try_into().expect("the vector has SLOTS elements");
        Wheel { chains, occupied: Bitmap { words: [0; SLOTS / 64], summary: 0 } }
    }

    /// Adds `entry` to the bucket that the low bits of `number` choose.
    #[inline(always)]
    pub(super) fn push<E: Copy>(&mut self, blocks: &mut Blocks<E>, number: u64, entry: Entry<E>) {
        let slot = (number & SLOT_MASK) as usize;
        self.occupied.set(slot);
        blocks.push(&mut self.chains[slot], entry);
    }

    /// The first slot that holds entries.
    #[inline]
    pub(super) fn first(&self) -> Option<u64> {
        self.occupied.first()
    }

    /// Earliest time of all entries \[ns\].
    pub(super) fn earliest(&self) -> Option<u64> {
        self.first().map(|slot| self.chains[slot as usize].earliest)
    }

    /// The bucket at `slot`.
    pub(super) fn chain(&self, slot: u64) -> Chain {
        self.chains[slot as usize]
    }

    /// All buckets.
    pub(super) fn chains(&self) -> impl Iterator<Item = Chain> + '_ {
        self.chains.iter().copied()
    }

    /// Memory of the buckets' chains \[B\].
    pub(super) fn memory_bytes(&self) -> u64 {
        size_of_val(&*self.chains) as u64
    }

    /// Empties the bucket at `slot` and hands over what it held.
    pub(super) fn take(&mut self, slot: u64) -> Chain {
        self.occupied.clear(slot as usize);
        std::mem::replace(&mut self.chains[slot as usize], Chain::EMPTY)
    }
}

/// A set of slots whose first member is found in two steps.
#[derive(Debug)]
struct Bitmap {
    /// One bit a slot.
    words: [u64; SLOTS / 64],
    /// One bit a word: whether it has any bit set.
    summary: u64,
}

impl Bitmap {
    #[inline]
    fn set(&mut self, slot: usize) {
        self.words[slot / 64] |= 1 << (slot % 64);
        self.summary |= 1 << (slot / 64);
    }

    fn clear(&mut self, slot: usize) {
        self.words[slot / 64] &= !(1 << (slot % 64));
        if self.words[slot / 64] == 0 {
            self.summary &= !(1 << (slot / 64));
        }
    }

    #[inline]
    fn first(&self) -> Option<u64> {
        if self.summary == 0 {
            return None;
        }
        let word = self.summary.trailing_zeros();
        Some(u64::from(word * 64 + self.words[word as usize].trailing_zeros()))
    }
}
