//! How often two delays together take too long: the law of the sum of two independent samples.

use super::Distribution;
use crate::engine::time::Duration;

/// Steps of the numerical integral, for each of its two parts.
const STEPS: u32 = 4_000;
/// Beyond so many standard deviations there is nothing of a normal law that matters (1e-23).
const FAR: f64 = 10.0;

impl Distribution {
    /// Probability that two independent samples together reach `limit` or more: exactly for fixed, uniform and
    /// exponential laws, by a numerical integral for log-normal ones; `None` for others.
    pub fn two_reach(&self, limit: Duration) -> Option<f64> {
        let limit_s = limit.as_secs_f64();
        match *self {
            Distribution::Fixed(length) => Some(f64::from(u8::from(length + length >= limit))),
            Distribution::Uniform { from, to } if from == to => Distribution::Fixed(from).two_reach(limit),
            Distribution::Uniform { from, to } => {
                // The sum has a triangular law over [2 from, 2 to].
                let (low, width) = (from.as_secs_f64(), to.as_secs_f64() - from.as_secs_f64());
                let place = ((limit_s - 2.0 * low) / width).clamp(0.0, 2.0);
                let below = if place <= 1.0 { place * place / 2.0 } else { 1.0 - (2.0 - place) * (2.0 - place) / 2.0 };
                Some(1.0 - below)
            }
            Distribution::Exponential { mean } => {
                // The sum has a gamma law of shape 2.
                let ratio = limit_s / mean.as_secs_f64();
                Some((1.0 + ratio) * libm::exp(-ratio))
            }
            Distribution::LogNormal { median, sigma: 0.0 } => Distribution::Fixed(median).two_reach(limit),
            Distribution::LogNormal { median, sigma } => Some(two_log_normals(limit_s / median.as_secs_f64(), sigma)),
            Distribution::Weibull { .. } | Distribution::Pareto { .. } => None,
        }
    }
}

/// P(normal > z).
fn normal_tail(z: f64) -> f64 {
    libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2) / 2.0
}

/// P(e^(sigma Z1) + e^(sigma Z2) >= limit) of two independent standard normal Z.
///
/// If either alone reaches half of the limit the other need only make up the rest: by symmetry the probability is that
/// of both at least half, and twice that of one below half and the other at least the rest.
fn two_log_normals(limit: f64, sigma: f64) -> f64 {
    let half = libm::log(limit / 2.0) / sigma;
    let both = normal_tail(half) * normal_tail(half);
    let density = |z: f64| libm::exp(-z * z / 2.0) / libm::sqrt(std::f64::consts::TAU);
    let with = |z: f64| density(z) * normal_tail(libm::log(limit - libm::exp(sigma * z)) / sigma);
    let top = half.min(FAR);
    if top <= -FAR {
        return both;
    }
    // Simpson's rule from far below up to half.
    let step = (top + FAR) / f64::from(2 * STEPS);
    let inner: f64 =
        (1..2 * STEPS).map(|place| f64::from(2 + 2 * (place % 2)) * with(-FAR + f64::from(place) * step)).sum();
    both + 2.0 * (with(-FAR) + inner + with(top)) * step / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed};

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn of(law: Distribution, limit_ms: u64) -> f64 {
        law.two_reach(MS(limit_ms)).unwrap()
    }

    #[test]
    fn exact_laws_have_their_closed_forms() {
        let exponential = Distribution::Exponential { mean: MS(50) };
        assert!((of(exponential, 500) - 11.0 * libm::exp(-10.0)).abs() < 1e-15);
        assert!((of(exponential, 1_000) / (21.0 * libm::exp(-20.0)) - 1.0).abs() < 1e-12);
        let fixed = Distribution::Fixed(MS(50));
        assert_eq!([of(fixed, 99), of(fixed, 100), of(fixed, 101)], [1.0, 1.0, 0.0]);
        let uniform = Distribution::Uniform { from: MS(10), to: MS(50) };
        // Areas of triangles: half a square of side 1/4, half of one, and all.
        for (limit, share) in [(20, 1.0), (60, 0.5), (90, 1.0 / 32.0), (100, 0.0), (30, 31.0 / 32.0)] {
            assert!((of(uniform, limit) - share).abs() < 1e-12, "{limit}");
        }
        assert_eq!(Distribution::Pareto { shape: 2.0, minimum: MS(1) }.two_reach(MS(9)), None);
    }

    #[test]
    fn log_normal_laws_agree_with_samples_and_with_the_tail_of_one() {
        let law = Distribution::LogNormal { median: MS(60), sigma: 0.5 };
        let mut rng = Seed { seed: 3, replicate: 0 }.stream(Purpose::Network);
        let draws = 400_000;
        for limit in [60, 130, 250, 400] {
            let hits = (0..draws).filter(|_| law.sample(&mut rng) + law.sample(&mut rng) >= MS(limit)).count();
            let (seen, share) = (hits as f64 / f64::from(draws), of(law, limit));
            let noise = 4.0 * libm::sqrt(share * (1.0 - share) / f64::from(draws));
            assert!((seen - share).abs() <= noise, "{limit}: {seen} and {share}");
        }
        // Of a heavy tail one large delay makes the sum: P(X + Y > t) / P(X > t) tends to 2.
        let heavy = Distribution::LogNormal { median: MS(1), sigma: 3.0 };
        let alone = normal_tail(libm::log(1e9) / 3.0);
        assert!((of(heavy, 1_000_000_000) / alone - 2.0).abs() < 1e-3);
        assert_eq!(of(Distribution::LogNormal { median: MS(10), sigma: 0.0 }, 21), 0.0);
    }
}
