//! The shape of a curve: whether what is measured rises and falls with what is published.
//!
//! Points may each lie within their tolerance while the curve does not: a tolerance that is wide against the
//! differences between neighbours is met by a constant. So each series of published numbers that is judged is held to
//! two figures of its own: the slope of a regression of the measured values on the published ones, which is 1 where
//! both agree and 0 where the measured values are constant; and Kendall's rank correlation of the two, which is 1
//! where the measured values have the order of the published ones.

use super::row::{Reference, Row};
use crate::sweep::statistics::{Estimate, Interval};

/// A measured value and what it is held against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    measured: Estimate,
    published: f64,
    tolerance: f64,
}

impl Pair {
    /// That of a row which is judged by a published number, or by what its explanation puts in the place of that.
    pub(super) fn of(row: &Row<'_>) -> Option<Pair> {
        let Reference { value: published, tolerance } = row.instead.or(row.reference)?;
        Some(Pair { measured: row.measured?, published, tolerance: tolerance? })
    }
}

/// A figure of shape, and how far from 1 it may be.
pub(super) struct Figure {
    /// What was found.
    pub(super) measured: Estimate,
    /// The tolerance about 1.
    pub(super) tolerance: f64,
}

/// The slope of the regression of measured on published values, with the interval that those of the points make. Its
/// tolerance is what the tolerances of the points give if each errs by a tolerance of its own accord. `None` if all
/// published values are the same.
pub(super) fn slope(pairs: &[Pair]) -> Option<Figure> {
    let mean = pairs.iter().map(|pair| pair.published).sum::<f64>() / pairs.len() as f64;
    let squares: f64 = pairs.iter().map(|pair| (pair.published - mean) * (pair.published - mean)).sum();
    if pairs.len() < 2 || squares <= 0.0 {
        return None;
    }
    let weighted = |value: &dyn Fn(&Pair) -> f64| pairs.iter().map(|pair| (pair.published - mean) * value(pair)).sum();
    let slope: f64 = weighted(&|pair| pair.measured.mean);
    let together = |error: fn(&Pair) -> f64| {
        let squared = |pair: &Pair| (pair.published - mean) * (pair.published - mean) * error(pair) * error(pair);
        libm::sqrt(pairs.iter().map(squared).sum::<f64>()) / squares
    };
    // Half widths are some 2 standard errors each, and add up like them.
    let half_width = together(|pair| pair.measured.half_width().unwrap_or(0.0));
    let slope = slope / squares;
    let interval = Some(Interval { low: slope - half_width, high: slope + half_width });
    let count = pairs.iter().map(|pair| pair.measured.count).min().unwrap_or(0);
    Some(Figure { measured: Estimate { count, mean: slope, interval }, tolerance: together(|pair| pair.tolerance) })
}

/// Kendall's rank correlation (tau) of measured and published values over all pairs whose published values differ.
/// Pairs that the runs cannot tell apart, their intervals taken together, count for neither side as long as some other
/// pair is told apart. Its tolerance is 0.
pub(super) fn rank_correlation(pairs: &[Pair]) -> Option<Figure> {
    let (mut concordant, mut discordant) = (0.0, 0.0);
    for (index, one) in pairs.iter().enumerate() {
        for other in &pairs[index + 1..] {
            let product = (one.published - other.published) * (one.measured.mean - other.measured.mean);
            let width = |pair: &Pair| pair.measured.half_width().unwrap_or(0.0);
            let noise = libm::hypot(width(one), width(other));
            let is_told = (one.measured.mean - other.measured.mean).abs() > noise;
            match product {
                _ if !is_told => {}
                product if product > 0.0 => concordant += 1.0,
                product if product < 0.0 => discordant += 1.0,
                _ => {}
            }
        }
    }
    let all = concordant + discordant;
    let count = pairs.iter().map(|pair| pair.measured.count).min().unwrap_or(0);
    let mean = (concordant - discordant) / all;
    (all > 0.0).then_some(Figure { measured: Estimate { count, mean, interval: None }, tolerance: 0.0 })
}
