//! Random streams: one ChaCha8 stream a purpose, all derived from the scenario's seed and the replicate number.
//!
//! Streams are apart so that one purpose can draw more or fewer numbers without moving another: two protocols with
//! the same seed face the same arrivals, departures and lookups. No generator is ever seeded from the machine.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a stream of random numbers is used for. The discriminant is part of the result format: never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// Identifiers of nodes and keys.
    Identifiers = 1,
    /// Sessions, downtimes, victims of scheduled events.
    Churn = 2,
    /// Times, initiators and keys of lookups.
    Workload = 3,
    /// Latency and loss of messages.
    Network = 4,
    /// Whatever the protocol itself draws: timer phases, bootstrap choices.
    Protocol = 5,
    /// Keys that are dealt out to see how many each node owns.
    Load = 6,
    /// Scenarios drawn at random.
    Swarm = 7,
    /// Models of a network that results are held against.
    Model = 8,
    /// Of which kind each node is.
    Kinds = 9,
}

/// The root of all randomness of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed {
    /// The scenario's seed.
    pub seed: u64,
    /// Which replicate of the scenario this is, from 0.
    pub replicate: u64,
}

impl Seed {
    /// The stream for one purpose. The seed and the replicate fill the key, the purpose selects the stream.
    pub fn stream(self, purpose: Purpose) -> ChaCha8Rng {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        key[8..16].copy_from_slice(&self.replicate.to_le_bytes());
        key[16..].copy_from_slice(b"torus-sim stream");
        let mut stream = ChaCha8Rng::from_seed(key);
        stream.set_stream(purpose as u64);
        stream
    }
}

/// A float uniform in [0, 1): the top 53 bits of one draw.
pub fn unit(rng: &mut impl Rng) -> f64 {
    unit_of(rng.next_u64())
}

/// The float in [0, 1) that 64 uniform bits stand for: the top 53 of them.
#[inline]
pub fn unit_of(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// Parts of [0, 1), one for each of some shares.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// Upper end of each.
    bounds: Vec<f64>,
}

impl Parts {
    /// Parts as large as these shares, which sum to 1, in their order.
    pub fn new(shares: impl IntoIterator<Item = f64>) -> Self {
        let mut bound = 0.0;
        let bounds = shares.into_iter().map(|share| {
            bound += share;
            bound
        });
        Parts { bounds: bounds.collect() }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bounds.is_empty()
    }

    /// The part in which the float of 64 uniform bits lies. Rounding may leave the last bound just below 1: the last
    /// part takes the rest.
    ///
    /// # Panics
    /// If there are none.
    pub fn of(&self, bits: u64) -> usize {
        let point = unit_of(bits);
        self.bounds.partition_point(|&bound| bound <= point).min(self.bounds.len() - 1)
    }

    /// Memory of the bounds \[B\].
    pub fn memory_bytes(&self) -> u64 {
        super::memory::allocated_bytes(&self.bounds)
    }
}

/// A float uniform in (0, 1]: never 0, so that its logarithm is finite.
pub fn unit_open(rng: &mut impl Rng) -> f64 {
    ((rng.next_u64() >> 11) + 1) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// An integer uniform in `0..bound` (Lemire's multiply-and-reject: no bias, no division in the common case).
///
/// # Panics
/// If `bound` is 0.
pub fn below(rng: &mut impl Rng, bound: u64) -> u64 {
    assert!(bound > 0, "no integer lies below 0");
    let mut product = u128::from(rng.next_u64()) * u128::from(bound);
    if (product as u64) < bound {
        let threshold = bound.wrapping_neg() % bound;
        while (product as u64) < threshold {
            product = u128::from(rng.next_u64()) * u128::from(bound);
        }
    }
    (product >> 64) as u64
}

/// Mixes 64 bits into 64 bits, one to one: distinct inputs give distinct outputs (the finaliser of SplitMix64).
pub const fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_purpose_seed_and_replicate() {
        let draw = |seed, replicate, purpose| Seed { seed, replicate }.stream(purpose).next_u64();
        let reference = draw(1, 0, Purpose::Churn);
        assert_eq!(reference, draw(1, 0, Purpose::Churn));
        assert_ne!(reference, draw(1, 0, Purpose::Network));
        assert_ne!(reference, draw(2, 0, Purpose::Churn));
        assert_ne!(reference, draw(1, 1, Purpose::Churn));
    }

    #[test]
    fn the_stream_is_pinned_on_every_platform() {
        let mut stream = Seed { seed: 20, replicate: 0 }.stream(Purpose::Protocol);
        let drawn: Vec<u64> = (0..3).map(|_| stream.next_u64()).collect();
        assert_eq!(drawn, PINNED);
    }
    const PINNED: [u64; 3] = [931_457_472_177_334_722, 16_200_003_389_607_334_669, 11_502_595_160_969_999_958];

    #[test]
    fn below_is_uniform() {
        let mut stream = Seed { seed: 3, replicate: 0 }.stream(Purpose::Protocol);
        let mut counts = [0u32; 7];
        for _ in 0..70_000 {
            counts[below(&mut stream, 7) as usize] += 1;
        }
        // Chi-squared with 6 degrees of freedom: 22.46 is exceeded once in a thousand seeds; this seed is fixed.
        let chi: f64 = counts.iter().map(|&n| (f64::from(n) - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi < 22.46, "{counts:?}");
    }

    #[test]
    fn floats_stay_in_their_half_open_ranges() {
        struct Constant(u64);
        impl rand::TryRng for Constant {
            type Error = std::convert::Infallible;
            fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
                Ok(self.0 as u32)
            }
            fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
                Ok(self.0)
            }
            fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
                bytes.fill(self.0 as u8);
                Ok(())
            }
        }
        assert_eq!(unit(&mut Constant(0)), 0.0);
        assert!(unit(&mut Constant(u64::MAX)) < 1.0);
        assert!(unit_open(&mut Constant(0)) > 0.0);
        assert_eq!(unit_open(&mut Constant(u64::MAX)), 1.0);
    }
}
