//! Which jobs a sweep needs: known from the outline and from the results so far, never from timing.
//!
//! With `replicates = { until = ... }` the next replicate of a cell is needed once all before it are done and their
//! interval is still too wide, and some more once it is narrow. So which replicates a cell gets depends on its results
//! only.

use super::figures;
use super::journal::{Outcome, Summary};
use super::plan::{Job, Outline};
use crate::scenario::{Replicates, Target};
use std::collections::BTreeMap;

/// A part of the jobs: the k-th of n, k from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which part, from 1 to `of`.
    pub part: u64,
    /// Into how many parts the jobs are divided.
    pub of: u64,
}

impl std::str::FromStr for Shard {
    type Err = String;

    /// Reads `k/n`.
    fn from_str(text: &str) -> Result<Shard, String> {
        let numbers = text.split_once('/').and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((part, of)) if (1..=of).contains(&part) => Ok(Shard { part, of }),
            _ => Err("not a part: write k/n with k from 1 to n, such as 2/3".to_owned()),
        }
    }
}

impl Shard {
    /// All jobs.
    pub const WHOLE: Shard = Shard { part: 1, of: 1 };

    /// Whether a job is in this part. Fixed numbers of replicates are dealt out one by one; where the number depends on
    /// results, all replicates of a cell are in one part.
    pub fn holds(self, outline: &Outline, cell: usize, replicate: u64) -> bool {
        let position = match &outline.replicates {
            Replicates::Fixed(count) => cell as u64 * count + replicate,
            Replicates::Until { .. } => cell as u64,
        };
        position % self.of == self.part - 1
    }
}

/// Results by identity of the job.
pub type Results = BTreeMap<String, Outcome>;

/// Runs that a cell gets beyond those after which the interval was narrow enough for the first time.
///
/// Whoever stops at the first narrow interval stops where the spread happens to look small, and the interval then holds
/// the mean too rarely: in 90 to 93 of 100 cells. Some runs more, whatever they show, mend that (Simons, Annals of
/// Mathematical Statistics 39, 1968, p. 1946, proves it for a number that is large enough). That four are, as far as
/// 93 of 100, is by simulation: `tests/coverage.rs`.
pub const RUNS_BEYOND: u64 = 4;

/// Failures that a cell must have seen, in all its runs, before an interval that is wanted as a share of its mean can
/// be narrow.
pub const LEAST_EVENTS: f64 = 10.0;

/// The jobs of a cell that are needed as far as is known, in order.
pub fn jobs_of_cell(outline: &Outline, cell: usize, results: &Results) -> Vec<Job> {
    let mut jobs: Vec<Job> = (0..outline.replicates.at_least()).map(|replicate| outline.job(cell, replicate)).collect();
    let Replicates::Until { of, target, at_most, .. } = &outline.replicates else { return jobs };
    let mut was_narrow = false;
    while (jobs.len() as u64) < *at_most {
        let Some(runs) = finished(&jobs, results) else { break };
        let count = jobs.len() as u64;
        let is_narrow = is_narrow(&runs, of, *target);
        let wanted = match (is_narrow, was_narrow) {
            (true, true) => break,
            // Those beyond are needed whatever they show, so all of them are known at once.
            (true, false) => (count + RUNS_BEYOND).min(*at_most),
            (false, _) => count + 1,
        };
        was_narrow |= is_narrow;
        jobs.extend((count..wanted).map(|replicate| outline.job(cell, replicate)));
    }
    jobs
}

/// The results of all jobs, if all are done.
fn finished<'a>(jobs: &[Job], results: &'a Results) -> Option<Vec<&'a Summary>> {
    let summary = |job: &Job| match results.get(&job.id)? {
        Outcome::Done(summary) => Some(&**summary),
        // A cell in which a job failed gets no more: what is missing would be made up by others.
        Outcome::Failed(_) => None,
    };
    jobs.iter().map(summary).collect()
}

/// Whether the interval of a figure is narrow enough. Runs that do not have the figure count for nothing.
fn is_narrow(runs: &[&Summary], figure: &str, target: Target) -> bool {
    let is_relative = matches!(target, Target::Relative(_));
    if is_relative && figures::rates(figure, runs).is_some_and(|rates| rates.events < LEAST_EVENTS) {
        return false;
    }
    let Some(estimate) = figures::estimate(figure, runs) else { return false };
    let Some(half_width) = estimate.half_width() else { return false };
    match target {
        Target::Absolute(width) => half_width <= width,
        Target::Relative(share) => half_width <= share * estimate.mean.abs(),
    }
}

/// All jobs that are needed as far as is known, in the order of the tables.
pub fn jobs(outline: &Outline, shard: Shard, results: &Results) -> Vec<Job> {
    let cells = 0..outline.cells.len();
    let all = cells.flat_map(|cell| jobs_of_cell(outline, cell, results));
    all.filter(|job| shard.holds(outline, job.cell, job.replicate)).collect()
}
