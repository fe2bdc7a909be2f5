//! Imaginary identifiers: where a lookup stands in the de Bruijn graph (Kaashoek and Karger, IPTPS 2003, sections 3
//! and 4).
//!
//! The graph has a node for each identifier, and from each an edge to its identifier, shifted up by one digit, with any
//! digit put in from below. A lookup takes one digit of the key after the other from the top, so after all of them it
//! stands at the key. A real node stands in for all identifiers of its arc: those after it, up to its successor.

use crate::node::identifier::between_or_at;

/// Bits of an identifier.
const BITS: u32 = 64;

/// Where a lookup stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(Rust, packed)]
pub struct Imaginary {
    id: u64,
    /// How many bits of the key have been taken in.
    taken: u8,
}

impl Imaginary {
    /// The lookup has not begun: the node that is asked chooses the best start within its own arc.
    pub const UNBEGUN: Imaginary = Imaginary { id: 0, taken: u8::MAX };

    /// Whether the lookup has not begun.
    pub const fn is_unbegun(self) -> bool {
        self.taken == u8::MAX
    }

    /// The identifier.
    pub const fn id(self) -> u64 {
        self.id
    }

    /// The identifier in the arc (`node`, `successor`] whose lowest digits are as many of the key's highest as can be
    /// (section 4.2). The upper part is that of the node, or one more. Digits have `bits` bits.
    pub fn best_start(node: u64, successor: u64, key: u64, bits: u32) -> Self {
        let mut taken = BITS - bits;
        while taken > 0 {
            let upper = node >> taken;
            for upper in [upper, upper.wrapping_add(1)] {
                let id = (upper << taken) | (key >> (BITS - taken));
                if between_or_at(node, id, successor) {
                    return Imaginary { id, taken: taken as u8 };
                }
            }
            taken = taken.saturating_sub(bits);
        }
        Imaginary { id: node.wrapping_add(1), taken: 0 }
    }

    /// The same, one digit of `bits` bits further on its way to `key`. All digits being taken, it stands at the key and
    /// stays there.
    pub const fn shifted(self, key: u64, bits: u32) -> Self {
        let taken = self.taken as u32;
        let width = if bits < BITS - taken { bits } else { BITS - taken };
        if width == 0 {
            return self;
        }
        let digit = (key << taken) >> (BITS - width);
        Imaginary { id: (self.id << width) | digit, taken: (taken + width) as u8 }
    }
}

impl Default for Imaginary {
    fn default() -> Self {
        Self::UNBEGUN
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn digits_of_the_key_come_in_from_below() {
        let start = Imaginary { id: 0x0123_4567_89ab_cdef, taken: 0 };
        let next = start.shifted(0xf000_0000_0000_0000, 4);
        assert_eq!((next.id(), next.taken), (0x1234_5678_9abc_deff, 4));
    }

    #[test]
    fn the_best_start_has_the_top_of_the_key_below_the_top_of_the_node() {
        // An arc of 2^56 identifiers after 0x12 << 56: 7 digits of 8 bits may be those of the key.
        let start = Imaginary::best_start(0x12 << 56, 0x13 << 56, 0xaabb_ccdd_eeff_1122, 8);
        assert_eq!((start.id(), start.taken), (0x12aa_bbcc_ddee_ff11, 56));
        // Half of it, in which they would lie too high: one digit less, below the first that there are.
        let start = Imaginary::best_start(0x12 << 56, (0x12 << 56) + (1 << 55), 0xaabb_ccdd_eeff_1122, 8);
        assert_eq!((start.id(), start.taken), (0x1200_aabb_ccdd_eeff, 48));
    }

    proptest! {
        #[test]
        fn after_all_digits_it_stands_at_the_key(
            node in any::<u64>(), arc in 1u64.., shift in 0u32..63, key in any::<u64>(), bits in 1u32..=8,
        ) {
            let successor = node.wrapping_add((arc >> shift).max(1));
            let mut imaginary = Imaginary::best_start(node, successor, key, bits);
            prop_assert!(between_or_at(node, imaginary.id(), successor));
            for _ in 0..64 {
                imaginary = imaginary.shifted(key, bits);
            }
            prop_assert_eq!((imaginary.id(), imaginary.taken), (key, 64));
        }

        #[test]
        fn no_start_in_the_arc_has_more_digits_of_the_key(
            node in any::<u64>(), arc in 1u64..1 << 20, key in any::<u64>(), bits in 1u32..=8,
        ) {
            // By trying every identifier of the arc.
            let arc = arc % 4096 + 1;
            let start = Imaginary::best_start(node, node.wrapping_add(arc), key, bits);
            let agrees = |id: u64, taken: u32| taken == 0 || id << (64 - taken) == key >> (64 - taken) << (64 - taken);
            let taken = (0..).map(|digits| 64 - bits - digits * bits).find(|taken| {
                *taken < bits || (1..=arc).any(|step| agrees(node.wrapping_add(step), *taken))
            });
            let best = taken.filter(|taken| (1..=arc).any(|step| agrees(node.wrapping_add(step), *taken)));
            prop_assert!(start.taken as u32 >= best.unwrap_or(0).min(64 - bits));
            prop_assert!(agrees(start.id(), u32::from(start.taken)));
        }
    }
}
