//! Laws of durations: sessions, downtimes, latencies, periods.
//!
//! Sampling uses `libm` for every transcendental function, so that the same seed gives the same duration on every
//! platform; the standard library's `ln` and `powf` differ from it in the last bit for some arguments. Samples are
//! rounded down to whole nanoseconds, and those of 292 years or more become [`Duration::MAX`].

mod round_trip;
#[cfg(test)]
mod tests;
mod ziggurat;

use super::random::{below, unit_open};
use super::time::Duration;
use rand::Rng;
use ziggurat::exponential;

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
    /// Mean in seconds; infinite for a Pareto law with shape <= 1, and for laws whose mean is too large for a float.
    pub fn mean_s(&self) -> f64 {
        match *self {
            Distribution::Fixed(length) => length.as_secs_f64(),
            Distribution::Uniform { from, to } => (from.as_secs_f64() + to.as_secs_f64()) / 2.0,
            Distribution::Exponential { mean } => mean.as_secs_f64(),
            Distribution::Weibull { shape, scale } => scale.as_secs_f64() * libm::tgamma(1.0 + 1.0 / shape),
            Distribution::Pareto { shape, minimum } if shape > 1.0 => minimum.as_secs_f64() * shape / (shape - 1.0),
            Distribution::Pareto { .. } => f64::INFINITY,
            Distribution::LogNormal { median, sigma } => median.as_secs_f64() * libm::exp(sigma * sigma / 2.0),
        }
    }

    /// Mean in seconds of samples that are cut at `limit`, where a few huge ones make the mean or have it infinite:
    /// Pareto and log-normal laws. Of other laws the whole mean, which is more.
    pub fn mean_within_s(&self, limit: Duration) -> f64 {
        let limit_s = limit.as_secs_f64();
        match *self {
            Distribution::Pareto { minimum, .. } if minimum >= limit => limit_s,
            Distribution::Pareto { shape, minimum } => {
                // The integral of P(X > x) from 0 to the limit.
                let (minimum_s, longer) = (minimum.as_secs_f64(), libm::log(limit_s / minimum.as_secs_f64()));
                let slope = 1.0 - shape;
                let beyond = if slope == 0.0 { longer } else { libm::expm1(slope * longer) / slope };
                minimum_s * (1.0 + beyond)
            }
            Distribution::LogNormal { median, sigma } if sigma > 0.0 => {
                let deviations = libm::log(limit_s / median.as_secs_f64()) / sigma;
                let up_to = |deviations: f64| 0.5 * libm::erfc(-deviations / std::f64::consts::SQRT_2);
                // Of lengths without bound times no chance nothing is left.
                let shorter =
                    if up_to(deviations - sigma) > 0.0 { self.mean_s() * up_to(deviations - sigma) } else { 0.0 };
                (shorter + limit_s * up_to(-deviations)).min(self.mean_s())
            }
            _ => self.mean_s(),
        }
    }

    /// The length that nine of ten samples do not exceed.
    pub fn nine_of_ten(&self) -> Duration {
        let tenth = std::f64::consts::LN_10;
        match *self {
            Distribution::Fixed(length) => length,
            Distribution::Uniform { from, to } => from + times(to - from, 0.9),
            Distribution::Exponential { mean } => times(mean, tenth),
            Distribution::Weibull { shape, scale } => times(scale, libm::pow(tenth, 1.0 / shape)),
            Distribution::Pareto { shape, minimum } => times(minimum, libm::pow(10.0, 1.0 / shape)),
            Distribution::LogNormal { median, sigma } => times(median, libm::exp(sigma * NORMAL_NINE_OF_TEN)),
        }
    }

    /// Draws one value.
    #[inline(always)]
    pub fn sample(&self, rng: &mut impl Rng) -> Duration {
        // The law of most latencies, drawn once a message: kept small enough to be inlined.
        if let Distribution::Exponential { mean } = *self { times(mean, exponential(rng)) } else { self.draw(rng) }
    }

    /// Draws one value of any law.
    #[inline(never)]
    fn draw(&self, rng: &mut impl Rng) -> Duration {
        match *self {
            Distribution::Fixed(length) => length,
            Distribution::Uniform { from, to } => {
                let width = (to - from).as_nanos();
                if width == 0 { from } else { from + Duration::from_nanos(below(rng, width)) }
            }
            Distribution::Exponential { mean } => times(mean, exponential(rng)),
            Distribution::Weibull { shape, scale } => times(scale, libm::pow(exponential(rng), 1.0 / shape)),
            Distribution::Pareto { shape, minimum } => times(minimum, pareto(rng, shape)),
            Distribution::LogNormal { median, sigma } => times(median, libm::exp(sigma * normal(rng))),
        }
    }

    /// Draws from the equilibrium law of what is left: how much longer a session lasts that is found running at a
    /// random instant. Its density at x is P(X > x) / mean, so the mean must be finite.
    ///
    /// A random instant finds a session with a probability in proportion to its length, and anywhere in it: what is
    /// left is a uniform share of a length from the law weighted by length.
    pub fn sample_residual(&self, rng: &mut impl Rng) -> Duration {
        debug_assert!(self.mean_s().is_finite(), "{self:?} has no equilibrium: its mean is infinite");
        let (unit_of_length, factor) = match *self {
            Distribution::Fixed(length) => (length, 1.0),
            Distribution::Uniform { from, to } => {
                let (from, to) = (from.as_secs_f64(), to.as_secs_f64());
                let square = from * from + unit_open(rng) * (to * to - from * from);
                (Duration::from_secs(1), libm::sqrt(square))
            }
            // Without memory: what is left has the law itself.
            Distribution::Exponential { .. } => return self.sample(rng),
            Distribution::Weibull { shape, scale } => (scale, libm::pow(gamma(rng, 1.0 + 1.0 / shape), 1.0 / shape)),
            Distribution::Pareto { shape, minimum } => (minimum, pareto(rng, shape - 1.0)),
            Distribution::LogNormal { median, sigma } => (median, libm::exp(sigma * (normal(rng) + sigma))),
        };
        times(unit_of_length, factor * unit_open(rng))
    }
}

/// What nine of ten samples of the standard normal law do not exceed.
const NORMAL_NINE_OF_TEN: f64 = 1.281_551_565_544_6;

/// The longest sample that is told from "never": 292 years \[ns\].
const LONGEST: u64 = i64::MAX as u64;

/// `length` times `factor`, rounded down; 292 years or more give [`Duration::MAX`].
#[inline]
fn times(length: Duration, factor: f64) -> Duration {
    // Processors convert signed numbers in one step and unsigned ones in several. A float-to-integer cast saturates, on
    // every platform alike.
    let nanos = length.as_nanos().min(LONGEST) as i64 as f64 * factor;
    match nanos as i64 as u64 {
        LONGEST => Duration::MAX,
        nanos => Duration::from_nanos(nanos),
    }
}

/// Draws from the Pareto law with minimum 1; infinite if the value is too large for a float.
fn pareto(rng: &mut impl Rng, shape: f64) -> f64 {
    libm::pow(unit_open(rng), -1.0 / shape)
}

/// Draws from the normal law with mean 0 and standard deviation 1 (Box and Muller): always two numbers from `rng`.
pub(crate) fn normal(rng: &mut impl Rng) -> f64 {
    let radius = libm::sqrt(2.0 * exponential(rng));
    radius * libm::cos(std::f64::consts::TAU * unit_open(rng))
}

/// Draws from the gamma law with the given shape, 1 or more, and scale 1.
///
/// Marsaglia and Tsang, "A simple method for generating gamma variables" (2000), without the squeeze step.
fn gamma(rng: &mut impl Rng, shape: f64) -> f64 {
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / libm::sqrt(9.0 * d);
    loop {
        let x = normal(rng);
        let root = 1.0 + c * x;
        if root <= 0.0 {
            continue;
        }
        let v = root * root * root;
        if -exponential(rng) < x * x / 2.0 + d - d * v + d * libm::log(v) {
            return d * v;
        }
    }
}
