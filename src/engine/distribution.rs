//! Laws of durations: sessions, downtimes, latencies, periods.
//!
//! Sampling uses `libm` for every transcendental function, so that the same seed gives the same duration on every
//! platform; the standard library's `ln` and `powf` differ from it in the last bit for some arguments.

use super::time::Duration;
use rand::Rng;

/// A law of durations. All parameters are checked by whoever makes one: see each variant for its range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    /// Always the same.
    Fixed(Duration),
    /// Uniform in `[from, to)`, `from <= to`.
    Uniform {
        /// Lower end.
        from: Duration,
        /// Upper end.
        to: Duration,
    },
    /// Exponential with the given mean (> 0).
    Exponential {
        /// Mean.
        mean: Duration,
    },
    /// Weibull: P(X > x) = exp(-(x / scale)^shape).
    Weibull {
        /// Shape, > 0. Below 1 the tail is heavier than exponential.
        shape: f64,
        /// Scale, > 0.
        scale: Duration,
    },
    /// Pareto: P(X > x) = (minimum / x)^shape for x >= minimum. The mean is finite only for shape > 1.
    Pareto {
        /// Shape (alpha), > 0.
        shape: f64,
        /// Smallest value (beta), > 0.
        minimum: Duration,
    },
    /// Log-normal: ln X is normal with mean ln(median) and standard deviation sigma.
    LogNormal {
        /// Median, > 0.
        median: Duration,
        /// Standard deviation of ln X, >= 0.
        sigma: f64,
    },
}

impl Distribution {
    /// Mean in seconds; infinite for a Pareto law with shape <= 1.
    pub fn mean_s(&self) -> f64 {
        match self {
            Distribution::Fixed(mean) | Distribution::Exponential { mean } => mean.as_secs_f64(),
            _ => todo!(),
        }
    }

    /// Draws one value.
    pub fn sample(&self, rng: &mut impl Rng) -> Duration {
        match self {
            Distribution::Fixed(d) => *d,
            Distribution::Exponential { mean } => {
                Duration::from_secs_f64(-mean.as_secs_f64() * libm::log(super::random::unit_open(rng)))
            }
            _ => todo!(),
        }
    }

    /// Draws from the equilibrium law of what is left: how much longer a session lasts that is found running at a
    /// random instant. Its density at x is P(X > x) / mean, so the mean must be finite.
    pub fn sample_residual(&self, rng: &mut impl Rng) -> Duration {
        self.sample(rng)
    }
}
