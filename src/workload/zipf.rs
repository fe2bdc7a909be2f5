//! Zipf's law: rank i of n is drawn with probability proportional to 1 / i^exponent.
//!
//! Rejection-inversion (W. Hoermann and G. Derflinger, "Rejection-inversion to generate variates from monotone discrete
//! distributions", ACM TOMACS 6(3), 1996): constant memory and about one draw a sample for any number of ranks.

use crate::engine::random::unit;
use rand::Rng;

/// A Zipf law over the ranks `1..=ranks`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Zipf {
    ranks: u64,
    exponent: f64,
    /// Area under the hat from its start to 1.5, less the first rank's own.
    area_first: f64,
    /// Area under the hat up to the last rank's right end.
    area_last: f64,
    /// A rank within this distance of the point that was inverted is accepted without further ado.
    squeeze: f64,
}

impl Zipf {
    /// `ranks` is at least 1 (0 counts as 1); `exponent` is finite and at least 0. Ranks beyond 2^53 are not resolved:
    /// of those, only the ones that a float can hold are drawn.
    pub(super) fn new(ranks: u64, exponent: f64) -> Self {
        let ranks = ranks.max(1);
        Self {
            ranks,
            exponent,
            area_first: area(1.5, exponent) - 1.0,
            area_last: area(ranks as f64 + 0.5, exponent),
            squeeze: 2.0 - point(area(2.5, exponent) - weight(2.0, exponent), exponent),
        }
    }

    /// Draws a rank.
    pub(super) fn sample(&self, rng: &mut impl Rng) -> u64 {
        loop {
            let area_drawn = self.area_last + unit(rng) * (self.area_first - self.area_last);
            let inverted = point(area_drawn, self.exponent);
            // The cast saturates; rounding may step over either end.
            let rank = ((inverted + 0.5) as u64).clamp(1, self.ranks);
            let place = rank as f64;
            if place - inverted <= self.squeeze
                || area_drawn >= area(place + 0.5, self.exponent) - weight(place, self.exponent)
            {
                return rank;
            }
        }
    }
}

/// x^-exponent: the weight of a rank, and the hat between ranks.
fn weight(x: f64, exponent: f64) -> f64 {
    libm::exp(-exponent * libm::log(x))
}

/// Integral of the hat from 1 to x: (x^(1 - exponent) - 1) / (1 - exponent), or ln x for exponent 1.
fn area(x: f64, exponent: f64) -> f64 {
    let log = libm::log(x);
    let power = (1.0 - exponent) * log;
    // Near 0 the quotient loses all digits; there its series does.
    let quotient = if power.abs() > 1e-8 { libm::expm1(power) / power } else { 1.0 + power / 2.0 };
    quotient * log
}

/// Inverse of [`area`].
fn point(area: f64, exponent: f64) -> f64 {
    // Rounding may take the argument of the logarithm just below 0.
    let power = (area * (1.0 - exponent)).max(-1.0);
    let quotient = if power.abs() > 1e-8 { libm::log1p(power) / power } else { 1.0 - power / 2.0 };
    libm::exp(quotient * area)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed};

    /// Chi-squared of 200,000 draws against the exact law, with the tail beyond 20 ranks in one class.
    fn chi_squared(ranks: u64, exponent: f64, seed: u64) -> (f64, usize) {
        const DRAWS: u32 = 200_000;
        let mut rng = Seed { seed, replicate: 0 }.stream(Purpose::Workload);
        let law = Zipf::new(ranks, exponent);
        let classes = ranks.min(21) as usize;
        let mut counts = vec![0u32; classes];
        for _ in 0..DRAWS {
            counts[(law.sample(&mut rng) as usize).min(classes) - 1] += 1;
        }
        let mut expected = vec![0.0; classes];
        for rank in 1..=ranks {
            expected[(rank as usize).min(classes) - 1] += (rank as f64).powf(-exponent);
        }
        let total: f64 = expected.iter().sum();
        let chi = counts.iter().zip(&expected).map(|(&count, weight)| {
            let expected = weight / total * f64::from(DRAWS);
            (f64::from(count) - expected).powi(2) / expected
        });
        (chi.sum(), classes - 1)
    }

    #[test]
    fn frequencies_follow_the_law() {
        for (index, exponent) in [0.0, 0.3, 0.99, 1.0, 1.01, 1.5, 2.0, 4.0].into_iter().enumerate() {
            for ranks in [2, 3, 15, 1_000, 100_000] {
                // With exponent 4 the last ranks are too rare for the chi-squared approximation.
                if exponent == 4.0 && ranks > 3 {
                    continue;
                }
                let (chi, freedom) = chi_squared(ranks, exponent, index as u64);
                // Mean plus 4.5 standard deviations, and room for the skew of few degrees of freedom.
                let limit = freedom as f64 + 4.5 * (2.0 * freedom as f64).sqrt() + 5.0;
                assert!(chi < limit, "{ranks} ranks, exponent {exponent}: {chi} over {limit}");
            }
        }
    }

    #[test]
    fn every_rank_lies_in_range_whatever_the_parameters() {
        let mut rng = Seed { seed: 7, replicate: 0 }.stream(Purpose::Workload);
        for ranks in [0, 1, 2, 1 << 20, u64::MAX - 1, u64::MAX] {
            for exponent in [0.0, 1e-12, 0.5, 1.0 - 1e-12, 1.0, 1.0 + 1e-12, 3.0, 50.0, 1e3, 1e300, f64::MAX] {
                let law = Zipf::new(ranks, exponent);
                for _ in 0..200 {
                    assert!((1..=ranks.max(1)).contains(&law.sample(&mut rng)), "{ranks} ranks, exponent {exponent}");
                }
            }
        }
    }

    #[test]
    fn a_uniform_law_reaches_all_of_a_huge_range() {
        let mut rng = Seed { seed: 8, replicate: 0 }.stream(Purpose::Workload);
        let law = Zipf::new(u64::MAX, 0.0);
        let mean = (0..10_000).map(|_| law.sample(&mut rng) as f64 / u64::MAX as f64).sum::<f64>() / 1e4;
        // Standard error 0.0029.
        assert!((mean - 0.5).abs() < 0.012, "{mean}");
    }
}
