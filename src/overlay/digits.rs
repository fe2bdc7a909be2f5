//! Identifiers as digits, and the distance that is their exclusive or: what trees of prefixes are made of.
//!
//! A table has a level for each digit that others share with its owner, and at each level a part for each other value
//! of the next digit.

use std::ops::ControlFlow;

/// The distance between two identifiers (Kademlia 2.1).
#[inline]
pub const fn distance(one: u64, other: u64) -> u64 {
    one ^ other
}

/// How identifiers are taken apart into digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digits {
    /// Bits a digit, 1 to 5.
    pub bits: u32,
}

impl Digits {
    /// Buckets a level.
    #[inline]
    pub const fn per_level(self) -> usize {
        (1 << self.bits) - 1
    }

    /// Levels that a table can have at most: what identifiers have, and a list of buckets has room for.
    pub const fn most_levels(self) -> u32 {
        let (of_identifiers, of_list) = (64 / self.bits, (254 / self.per_level()) as u32);
        if of_identifiers < of_list { of_identifiers } else { of_list }
    }

    /// Index of the last bucket of a table of so many levels: the one with the node itself.
    #[inline]
    pub const fn last(self, levels: u32) -> usize {
        levels as usize * self.per_level()
    }

    /// Bits after the digit of this level.
    #[inline]
    const fn after(self, level: u32) -> u32 {
        64 - self.bits * (level + 1)
    }

    /// The digit of this level.
    #[inline]
    pub const fn digit(self, value: u64, level: u32) -> usize {
        (value >> self.after(level)) as usize & self.per_level()
    }

    /// Index of the bucket for a node at this distance, other than 0, in a table of so many levels.
    #[inline]
    pub const fn index(self, distance: u64, levels: u32) -> usize {
        let level = distance.leading_zeros() / self.bits;
        if level >= levels {
            return self.last(levels);
        }
        level as usize * self.per_level() + self.digit(distance, level) - 1
    }

    /// Lowest and highest identifier in the range of a bucket.
    pub const fn range(self, own: u64, index: usize, levels: u32) -> (u64, u64) {
        let level = (index / self.per_level()) as u32;
        let (base, bits) = if level >= levels {
            (own, 64 - self.bits * levels)
        } else {
            let digit = (index % self.per_level() + 1) as u64;
            (own ^ (digit << self.after(level)), self.after(level))
        };
        let mask = if bits >= 64 { u64::MAX } else { (1 << bits) - 1 };
        (base & !mask, base | mask)
    }

    /// Lowest and highest identifier in the range of the last bucket of a table of so many levels.
    pub const fn own_range(self, own: u64, levels: u32) -> (u64, u64) {
        self.range(own, self.last(levels), levels)
    }

    /// Visits the buckets of a table in such an order that everybody in a bucket is nearer to a key at this distance
    /// from the table's owner than everybody in the buckets after it.
    #[inline]
    pub fn by_distance(
        self,
        key_distance: u64,
        levels: u32,
        mut visit: impl FnMut(usize) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let per_level = self.per_level();
        // Where the digit of an identifier and that of the key differ by less than the owner's and the key's.
        for level in 0..levels {
            let own = self.digit(key_distance, level);
            for differs in 0..own {
                visit(level as usize * per_level + (differs ^ own) - 1)?;
            }
        }
        visit(self.last(levels))?;
        for level in (0..levels).rev() {
            let own = self.digit(key_distance, level);
            for differs in own + 1..=per_level {
                visit(level as usize * per_level + (differs ^ own) - 1)?;
            }
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_identifier_has_one_bucket_and_lies_in_its_range(
            bits in 1u32..=5, own in any::<u64>(), id in any::<u64>(), shift in 0u32..64, levels in 0u32..8,
        ) {
            let digits = Digits { bits };
            // Near ones too.
            let id = own ^ (id >> shift);
            prop_assume!(id != own);
            let index = digits.index(distance(own, id), levels);
            for other in 0..=levels as usize * digits.per_level() {
                let (low, high) = digits.range(own, other, levels);
                prop_assert_eq!((low..=high).contains(&id), other == index, "bucket {}", other);
            }
        }

        #[test]
        fn buckets_come_in_the_order_of_distance(
            bits in 1u32..=5, own in any::<u64>(), key in any::<u64>(), shift in 0u32..64, levels in 0u32..8,
        ) {
            let digits = Digits { bits };
            let key = own ^ (key >> shift);
            let mut ranges = Vec::new();
            let _ = digits.by_distance(distance(own, key), levels, |index| {
                ranges.push(digits.range(own, index, levels));
                ControlFlow::Continue(())
            });
            prop_assert_eq!(ranges.len(), levels as usize * digits.per_level() + 1);
            // All of a range agree in their leading bits: so the nearest and farthest of each are found at its ends.
            let span = |(low, high): (u64, u64)| {
                let mask = low ^ high;
                (distance(low, key) & !mask, distance(low, key) | mask)
            };
            for pair in ranges.windows(2) {
                prop_assert!(span(pair[0]).1 < span(pair[1]).0);
            }
        }
    }

    #[test]
    fn all_levels_fit_into_a_list() {
        for bits in 1..=5 {
            let digits = Digits { bits };
            assert!(digits.most_levels() as usize * digits.per_level() < 255);
            assert!(digits.most_levels() * bits >= 40, "ten million nodes are told apart");
        }
    }
}
