//! One line of the table: a figure, measured and published, and whether the two agree.

use super::experiment::Experiment;
use super::published::Published;
use crate::output::cell::Cell;
use crate::output::human::figure;
use crate::sweep::rates::{Kind, Observed, Rates};
use crate::sweep::statistics::{Estimate, Interval};
use std::io;

/// A figure of an experiment at one value of its parameter.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The experiment.
    pub experiment: &'a Experiment,
    /// The parameter.
    pub x: f64,
    /// Name of the figure.
    pub metric: &'static str,
    /// Mean over the runs with its 95% interval; `None` if there was nothing to measure.
    pub measured: Option<Estimate>,
    /// What it is held against, if there is anything.
    pub reference: Option<Reference>,
    /// Whether the two agree; `None` without a reference.
    pub verdict: Option<Verdict>,
}

/// What a figure is held against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reference {
    /// The value.
    pub value: f64,
    /// How far from it the measured value may be.
    pub tolerance: f64,
}

/// How measured and published compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They differ by no more than the tolerance.
    Within,
    /// They differ by more, for the reason given, and the run is what that reason makes it.
    Explained(&'static str),
    /// They differ by more.
    Out,
}

impl Verdict {
    /// The word in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Within => "within",
            Verdict::Explained(_) => "explained",
            Verdict::Out => "OUT",
        }
    }
}

impl<'a> Row<'a> {
    /// The row of a figure that these runs gave.
    pub fn new(
        experiment: &'a Experiment,
        x: f64,
        metric: &'static str,
        measured: Option<Estimate>,
        published: &Published,
    ) -> Self {
        let half_width = measured.and_then(|estimate| estimate.half_width()).unwrap_or(0.0);
        let listed = published.find(experiment.name, x, metric);
        let listed = listed.map(|number| Reference { value: number.published, tolerance: number.tolerance });
        let analysis = experiment.analysis.iter().find(|(name, _)| *name == metric);
        let analysis = analysis.map(|(_, value)| Reference { value: value(x), tolerance: half_width });
        let reference = listed.or(analysis);
        let verdict = reference.map(|reference| judge(experiment, x, metric, measured, reference));
        Row { experiment, x, metric, measured, reference, verdict }
    }
}

/// Shares of the lookups of a run, which may be near 0, and what a whole is in their unit.
const SHARES: [(&str, f64); 2] = [("failed_share", 1.0), ("failures_per_10000", 10_000.0)];

/// The mean of a figure over runs with its interval; each value with the number of lookups that could have failed.
pub fn estimate(metric: &str, values: &[(f64, u64)]) -> Option<Estimate> {
    let share = SHARES.iter().find(|(name, _)| *name == metric).and_then(|(_, whole)| {
        let observed = |(value, lookups): &(f64, u64)| vec![Observed { rate: value / whole, trials: *lookups as f64 }];
        Some((Rates::of(Kind::Share, &values.iter().map(observed).collect::<Vec<_>>())?.estimate(), whole))
    });
    match share {
        Some((Estimate { count, mean, interval }, whole)) => {
            let scaled = |it: Interval| Interval { low: it.low * whole, high: it.high * whole };
            Some(Estimate { count, mean: mean * whole, interval: interval.map(scaled) })
        }
        None => Estimate::of(&values.iter().map(|(value, _)| *value).collect::<Vec<_>>()),
    }
}

impl Row<'_> {
    /// The header of [`Row::cells`].
    pub const HEADER: [&'static str; 6] = ["x", "figure", "measured", "published", "tolerance", "verdict"];

    /// The row for people to read.
    pub fn cells(&self) -> [String; 6] {
        let measured = match self.measured {
            None => "-".to_owned(),
            Some(estimate) => match estimate.interval.filter(|interval| interval.low < interval.high) {
                Some(Interval { low, high }) if SHARES.iter().any(|(name, _)| *name == self.metric) => {
                    format!("{} ({} to {})", figure(estimate.mean), figure(low), figure(high))
                }
                Some(Interval { low, high }) => format!("{} ± {}", figure(estimate.mean), figure((high - low) / 2.0)),
                None => figure(estimate.mean),
            },
        };
        let of_reference = |value: Option<f64>| value.map_or(String::new(), figure);
        [
            self.x.to_string(),
            self.metric.to_owned(),
            measured,
            of_reference(self.reference.map(|reference| reference.value)),
            of_reference(self.reference.map(|reference| reference.tolerance)),
            self.verdict.map_or(String::new(), |verdict| verdict.as_str().to_owned()),
        ]
    }
}

/// Room for the rounding of decimals, such as 0.1 + 0.2.
const ROUNDING: f64 = 1e-9;

fn judge(experiment: &Experiment, x: f64, metric: &str, measured: Option<Estimate>, reference: Reference) -> Verdict {
    let Some(measured) = measured else { return Verdict::Out };
    let is_within = |value: f64, tolerance: f64| (measured.mean - value).abs() <= tolerance + ROUNDING;
    if is_within(reference.value, reference.tolerance) {
        return Verdict::Within;
    }
    let known = experiment.differences.iter().find(|known| known.metric == metric && (known.holds)(x));
    let explained = known.filter(|known| {
        let instead = (known.instead)(x);
        is_within(instead, (known.within * instead).max(measured.half_width().unwrap_or(0.0)))
    });
    explained.map_or(Verdict::Out, |known| Verdict::Explained(known.why))
}

/// Writes the rows as CSV: `experiment,x,metric,measured,ci95,published,tolerance,verdict,low,high`. `ci95` is half the
/// width of the interval, `low` and `high` are its ends.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_csv(out: impl io::Write, rows: &[Row<'_>]) -> io::Result<()> {
    let columns = ["experiment", "x", "metric", "measured", "ci95", "published", "tolerance", "verdict", "low", "high"];
    let mut table = crate::output::cell::Table::new(out, columns)?;
    for row in rows {
        table.row([
            Cell::Text(row.experiment.name),
            Cell::Float(row.x),
            Cell::Text(row.metric),
            row.measured.map(|estimate| estimate.mean).into(),
            row.measured.and_then(|estimate| estimate.half_width()).into(),
            row.reference.map(|reference| reference.value).into(),
            row.reference.map(|reference| reference.tolerance).into(),
            row.verdict.map_or(Cell::Empty, |verdict| Cell::Text(verdict.as_str())),
            row.measured.and_then(|estimate| estimate.interval).map(|interval| interval.low).into(),
            row.measured.and_then(|estimate| estimate.interval).map(|interval| interval.high).into(),
        ])?;
    }
    table.finish().map(drop)
}
