//! The figures of which sweeps have means and intervals, and how each is estimated from its runs.

use super::journal::Summary;
use super::rates::{self, Kind, Observed, Rates};
use super::statistics::Estimate;

/// Figures of which `cells.csv` has the mean and the interval over replicates. None is ever negative.
pub const FIGURES: &[&str] = &[
    "failure_rate",
    "hops_mean",
    "rpcs_mean",
    "timeouts_mean",
    "latency_ms_mean",
    "latency_ms_p50",
    "latency_ms_p95",
    "latency_ms_p99",
    "maintenance_messages_per_node_s",
    "maintenance_bytes_per_node_s",
    "lookup_messages_per_node_s",
    "lookup_bytes_per_node_s",
    "live_nodes_mean",
    "not_started_share",
    "false_timeout_share",
];

/// Over how many lookups or requests a run has counted.
type Trials = fn(&Summary) -> Option<f64>;

/// Those that count what happened to lookups or requests, and may be near 0.
pub const COUNTED: &[(&str, Kind, Trials)] = &[
    ("failure_rate", Kind::Share, judged),
    ("timeouts_mean", Kind::Events, judged),
    ("not_started_share", Kind::Share, |run| Some(run.number("lookups")? + run.number("not_started")?)),
    ("false_timeout_share", Kind::Share, |run| run.number("requests")),
];

fn judged(run: &Summary) -> Option<f64> {
    Some(run.number("lookups")? - run.number("aborted")?)
}

/// The mean of a figure over runs with its interval; `None` where no run has the figure.
pub fn estimate(figure: &str, runs: &[&Summary]) -> Option<Estimate> {
    match rates(figure, runs) {
        Some(rates) => Some(rates.estimate()),
        None => {
            let values: Vec<f64> = runs.iter().filter_map(|run| run.number(figure)).collect();
            Estimate::of(&values).map(Estimate::never_negative)
        }
    }
}

/// The runs as rates, if the figure is one and the runs say over how many lookups.
pub fn rates(figure: &str, runs: &[&Summary]) -> Option<Rates> {
    let present = runs.iter().filter(|run| run.number(figure).is_some());
    rates_of_cells(figure, &present.map(|run| vec![*run]).collect::<Vec<_>>())
}

fn rates_of_cells(figure: &str, replicates: &[Vec<&Summary>]) -> Option<Rates> {
    let (_, kind, trials) = COUNTED.iter().find(|(name, ..)| *name == figure)?;
    let observed = |run: &&Summary| Some(Observed { rate: run.number(figure)?, trials: trials(run)? });
    let rows: Option<Vec<Vec<Observed>>> =
        replicates.iter().map(|runs| runs.iter().map(observed).collect::<Option<Vec<_>>>()).collect();
    Rates::of(*kind, &rows?)
}

/// A run and its partner on the other side.
pub type Pair<'a> = (&'a Summary, &'a Summary);

/// Means of a figure on two sides and of the differences, the second minus the first. Each replicate has the pairs of
/// its cells, the same cells in the same order, and every run has the figure.
///
/// Cells of one replicate face the same random numbers and are not independent, so each replicate gives one
/// difference, the mean over its cells, and the interval is over replicates.
pub fn paired_difference(figure: &str, replicates: &[Vec<Pair<'_>>]) -> Option<(f64, f64, Estimate)> {
    let one: Vec<Vec<&Summary>> = replicates.iter().map(|pairs| pairs.iter().map(|pair| pair.0).collect()).collect();
    let other: Vec<Vec<&Summary>> = replicates.iter().map(|pairs| pairs.iter().map(|pair| pair.1).collect()).collect();
    let mean = |runs: &Vec<&Summary>| {
        Some(runs.iter().map(|run| run.number(figure)).sum::<Option<f64>>()? / runs.len() as f64)
    };
    let means = |side: &[Vec<&Summary>]| side.iter().map(mean).collect::<Option<Vec<f64>>>();
    let counted = rates_of_cells(figure, &one).zip(rates_of_cells(figure, &other));
    let (one, other) = (means(&one)?, means(&other)?);
    let differences: Vec<f64> = one.iter().zip(&other).map(|(one, other)| other - one).collect();
    let difference = match counted {
        Some((one, other)) => rates::paired_difference(&one, &other),
        None => Estimate::of(&differences),
    };
    Some((Estimate::of(&one)?.mean, Estimate::of(&other)?.mean, difference?))
}
