//! Which jobs a sweep needs: known from the outline and from the results so far, never from timing.
//!
//! With `replicates = { until = ... }` the next replicate of a cell is needed once all before it are done and their
//! interval is still too wide. So which replicates a cell gets depends on its results only.

use super::journal::{Outcome, Summary};
use super::plan::{Job, Outline};
use super::statistics::Estimate;
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

/// The jobs of a cell that are needed as far as is known, in order, and whether more may be.
pub fn jobs_of_cell(outline: &Outline, cell: usize, results: &Results) -> Vec<Job> {
    let mut jobs: Vec<Job> = (0..outline.replicates.at_least()).map(|replicate| outline.job(cell, replicate)).collect();
    let Replicates::Until { of, target, at_most, .. } = &outline.replicates else { return jobs };
    while (jobs.len() as u64) < *at_most {
        let Some(values) = finished(&jobs, of, results) else { break };
        if is_narrow(&values, *target) {
            break;
        }
        jobs.push(outline.job(cell, jobs.len() as u64));
    }
    jobs
}

/// The figures of all jobs, if all are done. A figure that is not available counts for nothing.
fn finished(jobs: &[Job], of: &str, results: &Results) -> Option<Vec<f64>> {
    let mut values = Vec::new();
    for job in jobs {
        match results.get(&job.id)? {
            Outcome::Done(summary) => values.extend(Summary::number(summary, of)),
            // A cell in which a job failed gets no more: what is missing would be made up by others.
            Outcome::Failed(_) => return None,
        }
    }
    Some(values)
}

fn is_narrow(values: &[f64], target: Target) -> bool {
    let Some(Estimate { mean, half_width: Some(half_width), .. }) = Estimate::of(values) else { return false };
    match target {
        Target::Absolute(width) => half_width <= width,
        Target::Relative(share) => half_width <= share * mean.abs(),
    }
}

/// All jobs that are needed as far as is known, in the order of the tables.
pub fn jobs(outline: &Outline, shard: Shard, results: &Results) -> Vec<Job> {
    let cells = 0..outline.cells.len();
    let all = cells.flat_map(|cell| jobs_of_cell(outline, cell, results));
    all.filter(|job| shard.holds(outline, job.cell, job.replicate)).collect()
}
