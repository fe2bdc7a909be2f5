//! One line of the table: a figure, measured and published, and whether the two agree.

use super::experiment::Experiment;
use super::published::Published;
use super::shape::{self, Pair};
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
    /// What of the figure.
    pub aspect: Aspect,
    /// Name of the figure.
    pub metric: &'static str,
    /// Mean over the runs with its 95% interval; `None` if there was nothing to measure.
    pub measured: Option<Estimate>,
    /// What it is held against, if there is anything.
    pub reference: Option<Reference>,
    /// What its explanation holds it to instead, if it is explained.
    pub instead: Option<Reference>,
    /// Whether the two agree; `None` without a reference.
    pub verdict: Option<Verdict>,
}

/// What a row says of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Aspect {
    /// Its value at this value of the parameter.
    At(f64),
    /// The slope of the regression of measured on published values.
    Slope,
    /// The rank correlation of measured and published values.
    Order,
}

impl std::fmt::Display for Aspect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Aspect::At(x) => x.fmt(f),
            Aspect::Slope => f.write_str("slope"),
            Aspect::Order => f.write_str("order"),
        }
    }
}

/// What a figure is held against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reference {
    /// The value.
    pub value: f64,
    /// How far from it the measured value may be; `None` if it is shown without being judged.
    pub tolerance: Option<f64>,
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
    /// Nobody judges: a constant, or the neighbouring number, would be within any tolerance that has a reason.
    Shown,
}

impl Verdict {
    /// The word in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Within => "within",
            Verdict::Explained(_) => "explained",
            Verdict::Out => "OUT",
            Verdict::Shown => "shown",
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
        let analysis = analysis.map(|(_, value)| Reference { value: value(x), tolerance: Some(half_width) });
        let reference = listed.or(analysis);
        let judged = reference.map(|reference| judge(experiment, x, metric, measured, reference));
        let (verdict, instead) = judged.map_or((None, None), |(verdict, instead)| (Some(verdict), instead));
        Row { experiment, aspect: Aspect::At(x), metric, measured, reference, instead, verdict }
    }

    /// The rows on the shape of each series that is judged, from the rows of its points.
    pub fn of_shape(experiment: &'a Experiment, points: &[Row<'_>]) -> Vec<Self> {
        let of_metric = |metric: &&'static str| {
            let is_analysis = experiment.analysis.iter().any(|(name, _)| name == metric);
            let series = points.iter().filter(|row| row.metric == *metric && !is_analysis);
            let pairs: Vec<Pair> = series.filter_map(Pair::of).collect();
            let figures = [(Aspect::Slope, shape::slope(&pairs)), (Aspect::Order, shape::rank_correlation(&pairs))];
            let row = |(aspect, figure): (Aspect, Option<shape::Figure>)| {
                let shape::Figure { measured, tolerance } = figure?;
                let reference = Reference { value: 1.0, tolerance: Some(tolerance) };
                let is_within = (measured.mean - 1.0).abs() <= tolerance + ROUNDING;
                let verdict = if is_within { Verdict::Within } else { Verdict::Out };
                let (measured, reference, verdict) = (Some(measured), Some(reference), Some(verdict));
                Some(Row { experiment, aspect, metric, measured, reference, instead: None, verdict })
            };
            figures.map(row)
        };
        experiment.metrics.iter().flat_map(of_metric).flatten().collect()
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
                Some(Interval { low, high }) if self.is_share() => {
                    format!("{} ({} to {})", figure(estimate.mean), figure(low), figure(high))
                }
                Some(Interval { low, high }) => format!("{} ± {}", figure(estimate.mean), figure((high - low) / 2.0)),
                None => figure(estimate.mean),
            },
        };
        let of_reference = |value: Option<f64>| value.map_or(String::new(), figure);
        [
            self.aspect.to_string(),
            self.metric.to_owned(),
            measured,
            of_reference(self.reference.map(|reference| reference.value)),
            of_reference(self.reference.and_then(|reference| reference.tolerance)),
            self.verdict.map_or(String::new(), |verdict| verdict.as_str().to_owned()),
        ]
    }
}

impl Row<'_> {
    /// Whether it is a share of lookups, whose interval may reach farther to one side.
    fn is_share(&self) -> bool {
        matches!(self.aspect, Aspect::At(_)) && SHARES.iter().any(|(name, _)| *name == self.metric)
    }
}

/// Room for the rounding of decimals, such as 0.1 + 0.2.
const ROUNDING: f64 = 1e-9;

/// The verdict, and what an explanation holds the value to instead of its reference.
fn judge(
    experiment: &Experiment,
    x: f64,
    metric: &str,
    measured: Option<Estimate>,
    reference: Reference,
) -> (Verdict, Option<Reference>) {
    let Some(tolerance) = reference.tolerance else { return (Verdict::Shown, None) };
    let Some(measured) = measured else { return (Verdict::Out, None) };
    let is_within = |value: f64, tolerance: f64| (measured.mean - value).abs() <= tolerance + ROUNDING;
    if is_within(reference.value, tolerance) {
        return (Verdict::Within, None);
    }
    let known = experiment.differences.iter().find(|known| known.metric == metric && (known.holds)(x));
    let explained = known.and_then(|known| {
        // A model may take its time, so it is asked once.
        let value = (known.instead)(x);
        let tolerance = (known.within * value).max(measured.half_width().unwrap_or(0.0));
        let instead = Reference { value, tolerance: Some(tolerance) };
        is_within(value, tolerance).then_some((Verdict::Explained(known.why), Some(instead)))
    });
    explained.unwrap_or((Verdict::Out, None))
}

/// Writes the rows as CSV: `experiment,x,metric,measured,ci95,published,tolerance,verdict,low,high`. `ci95` is half the
/// width of the interval, `low` and `high` are its ends. Rows on the shape of a
/// curve have no `x`; their metric ends in `_slope` or `_order`.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_csv(out: impl io::Write, rows: &[Row<'_>]) -> io::Result<()> {
    let columns = ["experiment", "x", "metric", "measured", "ci95", "published", "tolerance", "verdict", "low", "high"];
    let mut table = crate::output::cell::Table::new(out, columns)?;
    for row in rows {
        let x = if let Aspect::At(x) = row.aspect { Cell::Float(x) } else { Cell::Empty };
        let metric = match row.aspect {
            Aspect::At(_) => row.metric.to_owned(),
            aspect => format!("{}_{aspect}", row.metric),
        };
        table.row([
            Cell::Text(row.experiment.name),
            x,
            Cell::Text(&metric),
            row.measured.map(|estimate| estimate.mean).into(),
            row.measured.and_then(|estimate| estimate.half_width()).into(),
            row.reference.map(|reference| reference.value).into(),
            row.reference.and_then(|reference| reference.tolerance).into(),
            row.verdict.map_or(Cell::Empty, |verdict| Cell::Text(verdict.as_str())),
            row.measured.and_then(|estimate| estimate.interval).map(|interval| interval.low).into(),
            row.measured.and_then(|estimate| estimate.interval).map(|interval| interval.high).into(),
        ])?;
    }
    table.finish().map(drop)
}
