//! Laws of durations: `[churn.session.*]`, drawn latencies, periods of protocols.

use super::diagnostics::Problem;
use super::reader::TableReader;
use super::reader_values::Zero;
use crate::engine::distribution::Distribution;
use crate::engine::time::Duration;
use std::ops::RangeInclusive;

/// Shapes of Weibull and Pareto laws: beyond these every sample is either the same or absurd.
const SHAPES: RangeInclusive<f64> = 0.05..=100.0;

/// Standard deviations of ln X in log-normal laws.
const SIGMAS: RangeInclusive<f64> = 0.0..=10.0;

impl TableReader<'_> {
    /// Reads a law of durations out of those `allowed`: `fixed` {length}, `uniform` {from, to}, `exponential` {mean},
    /// `weibull` {shape, scale or mean}, `pareto` {shape, minimum or mean}, `log_normal` {sigma, median or mean}.
    /// `None` if it is missing or wrong; this has then been reported.
    pub fn law(&mut self, key: &str, allowed: &[&str]) -> Option<Distribution> {
        self.choice(key, allowed, None, read_law)?
    }
}

/// Reads the parameters of the law `name`.
pub(super) fn read_law(table: &mut TableReader<'_>, name: &str) -> Option<Distribution> {
    match name {
        "fixed" => Some(Distribution::Fixed(table.duration("length", Zero::Forbidden))),
        "uniform" => read_uniform(table),
        "exponential" => Some(Distribution::Exponential { mean: table.duration("mean", Zero::Forbidden) }),
        "weibull" => read_weibull(table),
        "pareto" => read_pareto(table),
        "log_normal" => read_log_normal(table),
        _ => None,
    }
}

fn read_uniform(table: &mut TableReader<'_>) -> Option<Distribution> {
    let from = table.duration("from", Zero::Allowed);
    let to = table.duration("to", Zero::Forbidden);
    if from > to && table.is_sound("from") && table.is_sound("to") {
        let problem = Problem::error(
            format!("`{}` begins after it ends", table.full_name("from")),
            table.place_of("from"),
            format!("{from} is more than {to}"),
        );
        let problem = problem.and(table.place_of("to"), "the end").note("allowed: `from` at most `to`");
        table.report("from", problem);
    }
    Some(Distribution::Uniform { from, to })
}

fn read_weibull(table: &mut TableReader<'_>) -> Option<Distribution> {
    let shape = table.number("shape", SHAPES);
    let given = table.exactly_one(&["scale", "mean"])?;
    let length = table.duration(given, Zero::Forbidden);
    let scale = match given {
        "mean" => scaled(table, "shape", length, 1.0 / libm::tgamma(1.0 + 1.0 / shape)),
        _ => length,
    };
    Some(Distribution::Weibull { shape, scale })
}

fn read_pareto(table: &mut TableReader<'_>) -> Option<Distribution> {
    let shape = table.number("shape", SHAPES);
    let given = table.exactly_one(&["minimum", "mean"])?;
    let length = table.duration(given, Zero::Forbidden);
    if given != "mean" {
        return Some(Distribution::Pareto { shape, minimum: length });
    }
    if shape <= 1.0 && table.is_sound("shape") {
        let message = format!("a Pareto law of shape {shape} has no mean");
        let problem = Problem::error(message, table.place_of("mean"), "so it cannot be given");
        let problem = problem.and(table.place_of("shape"), "the mean is finite only above 1");
        table.report("mean", problem.help("give `minimum` instead, or a shape above 1"));
        return None;
    }
    Some(Distribution::Pareto { shape, minimum: scaled(table, "shape", length, (shape - 1.0) / shape) })
}

fn read_log_normal(table: &mut TableReader<'_>) -> Option<Distribution> {
    let sigma = table.number("sigma", SIGMAS);
    let given = table.exactly_one(&["median", "mean"])?;
    let length = table.duration(given, Zero::Forbidden);
    let median = match given {
        "mean" => scaled(table, "sigma", length, libm::exp(-sigma * sigma / 2.0)),
        _ => length,
    };
    Some(Distribution::LogNormal { median, sigma })
}

/// The parameter that gives the mean: `mean` times `factor`, which must be at least a nanosecond.
fn scaled(table: &mut TableReader<'_>, shape_key: &str, mean: Duration, factor: f64) -> Duration {
    let parameter = Duration::from_secs_f64(mean.as_secs_f64() * factor);
    if parameter.is_zero() && table.is_sound(shape_key) && table.is_sound("mean") {
        let message = format!("`{}` cannot be so short with this {shape_key}", table.full_name("mean"));
        let problem = Problem::error(message, table.place_of("mean"), "half of all samples would be 0");
        table.report("mean", problem.and(table.place_of(shape_key), "because of this"));
    }
    parameter.max(Duration::from_nanos(1))
}

/// Whether the law has a finite mean, which its equilibrium needs.
pub(super) fn has_mean(law: &Distribution) -> bool {
    !matches!(law, Distribution::Pareto { shape, .. } if *shape <= 1.0)
}
