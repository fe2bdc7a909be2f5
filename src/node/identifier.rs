//! The identifier space, and how nodes get their places in it.
//!
//! Identifiers are 64 bits. A shorter space of b bits uses the top b bits, so that arithmetic on the ring is wrapping
//! arithmetic on `u64` for every b.
//!
//! Why 64 bits route like 160: routing depends only on the order of the identifiers and on how many nodes share a
//! leading prefix of every length. With n random identifiers the closest two are expected to be 2^64 / n^2 apart: for
//! n = 10 million about 2^17, so all leading prefixes that ever decide a step (the first 2 log2 n = 47 bits) are the
//! same as those of the longer identifiers, and no two nodes share an identifier (which the one-to-one hash rules out
//! anyway). Longer identifiers add finger entries, but only ones that point at the immediate successor.
//! `tests/wide_ring.rs` holds this against a ring of 128-bit identifiers.

use crate::engine::random::{Purpose, Seed, mix};
use rand::Rng;

/// Distance on the ring from `from` clockwise to `to`.
#[inline]
pub const fn clockwise(from: u64, to: u64) -> u64 {
    to.wrapping_sub(from)
}

/// Whether `x` lies strictly between `from` and `to` going clockwise. With `from == to` that is the whole ring but
/// this one point.
#[inline]
pub const fn between(from: u64, x: u64, to: u64) -> bool {
    // Minus one, so that an empty distance wraps to the largest: `from == to` then admits every x but `from`.
    clockwise(from, x).wrapping_sub(1) < clockwise(from, to).wrapping_sub(1)
}

/// Whether `x` lies in the half-open arc `(from, to]` going clockwise. With `from == to` that is the whole ring.
#[inline]
pub const fn between_or_at(from: u64, x: u64, to: u64) -> bool {
    clockwise(from, x).wrapping_sub(1) <= clockwise(from, to).wrapping_sub(1)
}

/// Hands out identifiers: the hash of a serial number, keyed by the run's seed.
///
/// The hash is one to one on the space, so distinct serial numbers (modulo the size of the space) have distinct
/// identifiers. Which serial numbers are drawn depends only on the order of arrivals, not on the protocol.
#[derive(Clone, Debug)]
pub struct Identifiers {
    key: u64,
    bits: u32,
}

impl Identifiers {
    /// Identifiers of `bits` bits (8 to 64) for one run.
    pub fn new(seed: Seed, bits: u32) -> Self {
        Identifiers { key: seed.stream(Purpose::Identifiers).next_u64(), bits }
    }

    /// The identifier of a serial number.
    pub fn identifier(&self, serial: u64) -> u64 {
        if self.bits == 64 {
            return mix(serial.wrapping_add(self.key));
        }
        mix_short(serial.wrapping_add(self.key), self.bits) << (64 - self.bits)
    }
}

/// The same finaliser on `bits` bits: xor with a right shift and multiplication by an odd number are one to one
/// modulo any power of two.
fn mix_short(bits_in: u64, bits: u32) -> u64 {
    let mask = (1u64 << bits) - 1;
    let shift = bits / 2;
    let mut x = bits_in & mask;
    for factor in [0xbf58_476d_1ce4_e5b9u64, 0x94d0_49bb_1331_11eb, 0x9e37_79b9_7f4a_7c15] {
        x ^= x >> shift;
        x = x.wrapping_mul(factor) & mask;
    }
    x ^ (x >> shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arcs_wrap_around_the_ring() {
        assert!(between(250, 3, 10) && between(u64::MAX - 5, 3, 10));
        assert!(!between(1, 1, 10) && !between(1, 10, 10) && between_or_at(1, 10, 10));
        assert!(!between_or_at(1, 1, 10) && !between_or_at(1, 11, 10));
        assert!(between_or_at(10, 1, 10) && between_or_at(10, 10, 10), "an arc from a point to itself is the ring");
        assert!(between(10, 1, 10) && !between(10, 10, 10));
    }

    #[test]
    fn short_identifiers_are_distinct_and_fill_the_space() {
        for bits in [8, 13, 16] {
            let identifiers = Identifiers::new(Seed { seed: 1, replicate: 0 }, bits);
            let mut seen: Vec<u64> = (0..1 << bits).map(|serial| identifiers.identifier(serial)).collect();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), 1 << bits);
            assert!(seen.iter().all(|id| id.trailing_zeros() >= 64 - bits));
        }
    }

    #[test]
    fn identifiers_are_spread_evenly() {
        for bits in [24, 64] {
            let identifiers = Identifiers::new(Seed { seed: 7, replicate: 0 }, bits);
            let mut counts = [0u32; 64];
            for serial in 0..64_000 {
                counts[(identifiers.identifier(serial) >> 58) as usize] += 1;
            }
            // Chi-squared with 63 degrees of freedom stays under 103.4 for 999 seeds of a thousand.
            let chi: f64 = counts.iter().map(|&n| (f64::from(n) - 1000.0).powi(2) / 1000.0).sum();
            assert!(chi < 103.4, "{bits} bits: {chi}");
        }
    }
}
