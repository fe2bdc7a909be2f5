//! Choices at random, for whoever makes things up: scenarios that nobody thought of.

use super::random::{below, unit};
use super::time::Duration;
use rand_chacha::ChaCha8Rng;

/// Draws choices from one stream.
#[derive(Clone, Debug)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// Draws from `stream`.
    pub fn new(stream: ChaCha8Rng) -> Self {
        Dice(stream)
    }

    /// A whole number from `low` to `high`, both included.
    pub fn count(&mut self, low: u64, high: u64) -> u64 {
        low + below(&mut self.0, high.max(low) - low + 1)
    }

    /// `true` so often, of 100 times.
    pub fn percent(&mut self, share: u64) -> bool {
        below(&mut self.0, 100) < share
    }

    /// A number of `[low, high)`.
    pub fn number(&mut self, low: f64, high: f64) -> f64 {
        low + unit(&mut self.0) * (high - low)
    }

    /// A number of `[low, high)`, both above 0; each order of magnitude is equally likely.
    pub fn magnitude(&mut self, low: f64, high: f64) -> f64 {
        low * libm::exp(unit(&mut self.0) * libm::log(high / low))
    }

    /// A duration of so many seconds, any order of magnitude equally likely; whole milliseconds, at least one.
    pub fn seconds(&mut self, low: f64, high: f64) -> Duration {
        whole_milliseconds(self.magnitude(low, high))
    }

    /// One of the choices, all equally likely.
    ///
    /// # Panics
    /// If there are none.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[below(&mut self.0, choices.len() as u64) as usize]
    }
}

/// So many seconds, rounded to milliseconds; at least one.
pub fn whole_milliseconds(seconds: f64) -> Duration {
    Duration::from_millis((seconds * 1000.0).max(1.0) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed};

    #[test]
    fn draws_stay_in_their_ranges_and_reach_both_ends() {
        let mut dice = Dice::new(Seed { seed: 1, replicate: 0 }.stream(Purpose::Swarm));
        let counts: Vec<u64> = (0..200).map(|_| dice.count(3, 5)).collect();
        assert!((3..=5).all(|count| counts.contains(&count)) && counts.iter().all(|count| (3..=5).contains(count)));
        for _ in 0..200 {
            assert!((0.5..2.0).contains(&dice.number(0.5, 2.0)));
            assert!((0.5..2000.0).contains(&dice.magnitude(0.5, 2000.0)));
            assert!([7, 9].contains(&dice.pick(&[7, 9])));
        }
        assert!((0..100).all(|_| dice.percent(100) && !dice.percent(0)));
        let small = (0..1000).filter(|_| dice.magnitude(1.0, 100.0) < 10.0).count();
        assert!((400..600).contains(&small), "half of the draws lie in the lower of two orders of magnitude: {small}");
        assert_eq!(whole_milliseconds(1.2345), Duration::from_millis(1234));
    }
}
