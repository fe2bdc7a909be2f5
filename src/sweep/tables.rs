//! The tables of a sweep, made from its results in the order of its jobs: `hops.csv`, `failures.csv`, `cells.csv` and
//! the manifest.

use super::figures;
use super::journal::{Outcome, Summary};
use super::plan::{Job, Outline};
use super::scheduler::{self, Results, Shard};
use super::statistics::Estimate;
use crate::output::file::FileRecord;
use crate::output::folder::MANIFEST;
use crate::output::manifest::FORMAT;
use serde::{Deserialize, Serialize};

pub use super::figures::FIGURES;

/// The files that [`files`] makes.
pub const NAMES: [&str; 4] = ["hops.csv", "failures.csv", "cells.csv", MANIFEST];

/// The files of a sweep with their content.
pub fn files(outline: &Outline, shard: Shard, results: &Results) -> Vec<(&'static str, String)> {
    let jobs = scheduler::jobs(outline, shard, results);
    let done: Vec<(&Job, &Summary)> = jobs
        .iter()
        .filter_map(|job| match results.get(&job.id) {
            Some(Outcome::Done(summary)) => Some((job, &**summary)),
            _ => None,
        })
        .collect();
    let tables =
        vec![(NAMES[0], hops(outline, &done)), (NAMES[1], failures(outline, &done)), (NAMES[2], cells(outline, &done))];
    let manifest = manifest(outline, &jobs, &done, &tables);
    tables.into_iter().chain([(MANIFEST, manifest)]).collect()
}

/// A CSV table in memory.
struct Csv(csv::Writer<Vec<u8>>);

impl Csv {
    fn new() -> Self {
        Csv(csv::Writer::from_writer(Vec::new()))
    }

    fn row<I: IntoIterator<Item = T>, T: AsRef<[u8]>>(&mut self, cells: I) {
        self.0.write_record(cells).expect("all rows of a table are equally long, and memory takes them");
    }

    fn text(self) -> String {
        let bytes = self.0.into_inner().expect("memory takes all that is written");
        String::from_utf8(bytes).expect("cells are text")
    }
}

/// A row a run: the swept keys, then all columns of the runs' summaries but those that are swept under the same name.
/// Protocols have columns of their own; what a run does not have is empty.
fn failures(outline: &Outline, done: &[(&Job, &Summary)]) -> String {
    let mut columns: Vec<&str> = Vec::new();
    for (_, summary) in done {
        // A column that is new goes behind the one that it follows in its own table.
        let mut place = 0;
        let own = summary.columns.iter().filter(|(name, _)| !outline.keys.contains(name));
        for (name, _) in own {
            match columns.iter().position(|known| known == name) {
                Some(known) => place = known + 1,
                None => {
                    columns.insert(place, name);
                    place += 1;
                }
            }
        }
    }
    let mut table = Csv::new();
    table.row(outline.keys.iter().map(String::as_str).chain(columns.iter().copied()));
    for (job, summary) in done {
        let values = outline.cells[job.cell].values.iter().map(String::as_str);
        table.row(values.chain(columns.iter().map(|name| summary.text(name))));
    }
    table.text()
}

/// A row a run and hop count: the swept keys, the replicate and the seed, the hops, and how many lookups took them.
fn hops(outline: &Outline, done: &[(&Job, &Summary)]) -> String {
    let mut table = Csv::new();
    // The seed may be swept itself.
    let has_seed = !outline.keys.iter().any(|key| key == "seed");
    let own = ["replicate", "seed", "hops", "lookups"].into_iter().filter(|name| has_seed || *name != "seed");
    table.row(outline.keys.iter().map(String::as_str).chain(own));
    for (job, summary) in done {
        let seed = summary.text("seed");
        for (hops, lookups) in &summary.hops {
            let run = [job.replicate.to_string()].into_iter().chain(has_seed.then(|| seed.to_owned()));
            let own = run.chain([hops.to_string(), lookups.to_string()]);
            table.row(outline.cells[job.cell].values.iter().cloned().chain(own));
        }
    }
    table.text()
}

/// A cell as `cells.csv` has it.
#[derive(Clone, Debug, PartialEq)]
pub struct CellEstimates {
    /// Number of the cell.
    pub cell: usize,
    /// Runs that are done.
    pub runs: usize,
    /// An estimate for each of [`FIGURES`]; `None` where no run has the figure.
    pub figures: Vec<Option<Estimate>>,
}

impl CellEstimates {
    /// The estimate of a figure.
    pub fn of(&self, figure: &str) -> Option<Estimate> {
        self.figures[FIGURES.iter().position(|name| *name == figure)?]
    }
}

/// Means over replicates with their intervals, for each cell with at least one run that is done.
pub fn estimates(outline: &Outline, shard: Shard, results: &Results) -> Vec<CellEstimates> {
    let jobs = scheduler::jobs(outline, shard, results);
    let done = jobs.iter().filter_map(|job| match results.get(&job.id) {
        Some(Outcome::Done(summary)) => Some((job, &**summary)),
        _ => None,
    });
    estimate_cells(&done.collect::<Vec<_>>())
}

/// `done` is in the order of cells.
fn estimate_cells(done: &[(&Job, &Summary)]) -> Vec<CellEstimates> {
    let cells = done.chunk_by(|(one, _), (other, _)| one.cell == other.cell);
    let cell = |done: &[(&Job, &Summary)]| {
        let runs: Vec<&Summary> = done.iter().map(|(_, run)| *run).collect();
        CellEstimates {
            cell: done[0].0.cell,
            runs: runs.len(),
            figures: FIGURES.iter().map(|name| figures::estimate(name, &runs)).collect(),
        }
    };
    cells.map(cell).collect()
}

/// A row a cell: the swept keys, the number of replicates, for every figure its mean and half the width of its 95%
/// interval, and behind them for every figure the ends of the interval.
fn cells(outline: &Outline, done: &[(&Job, &Summary)]) -> String {
    let mut table = Csv::new();
    let means = FIGURES.iter().flat_map(|name| [(*name).to_owned(), format!("{name}_ci95")]);
    let ends = FIGURES.iter().flat_map(|name| [format!("{name}_low"), format!("{name}_high")]);
    table.row(outline.keys.iter().cloned().chain(["replicates".to_owned()]).chain(means).chain(ends));
    for estimates in estimate_cells(done) {
        let number = |value: Option<f64>| crate::output::cell::Cell::from(value).to_string();
        let means = estimates
            .figures
            .iter()
            .flat_map(|estimate| [number(estimate.map(|it| it.mean)), number(estimate.and_then(|it| it.half_width()))]);
        let ends = estimates.figures.iter().flat_map(|estimate| {
            let interval = estimate.and_then(|it| it.interval);
            [number(interval.map(|it| it.low)), number(interval.map(|it| it.high))]
        });
        let values = outline.cells[estimates.cell].values.iter().cloned();
        table.row(values.chain([estimates.runs.to_string()]).chain(means).chain(ends));
    }
    table.text()
}

/// What made the tables. Nothing in it depends on when, where or in which parts the sweep was played.
#[derive(Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the result format.
    pub format: u32,
    /// `torus-sim`.
    pub program: String,
    /// Version of the program.
    pub version: String,
    /// What the sweep consists of.
    #[serde(flatten)]
    pub outline: Outline,
    /// Jobs that are needed as far as is known.
    pub jobs_needed: usize,
    /// Jobs that are done, in order.
    pub jobs: Vec<JobDone>,
    /// The tables.
    pub files: Vec<FileRecord>,
}

/// A job in the manifest.
#[derive(Debug, Serialize, Deserialize)]
pub struct JobDone {
    /// Identity of the job.
    pub job: String,
    /// Number of its cell.
    pub cell: usize,
    /// Number of the replicate.
    pub replicate: u64,
    /// Fingerprint of the run.
    pub fingerprint: String,
    /// Reasons to look twice before trusting the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

fn manifest(outline: &Outline, jobs: &[Job], done: &[(&Job, &Summary)], tables: &[(&str, String)]) -> String {
    let job = |(job, summary): &(&Job, &Summary)| JobDone {
        job: job.id.clone(),
        cell: job.cell,
        replicate: job.replicate,
        fingerprint: summary.text("fingerprint").to_owned(),
        warnings: summary.warnings.clone(),
    };
    let file = |(name, content): &(&str, String)| FileRecord {
        file: (*name).to_owned(),
        bytes: content.len() as u64,
        blake3: blake3::hash(content.as_bytes()).to_hex().to_string(),
    };
    let manifest = Manifest {
        format: FORMAT,
        program: "torus-sim".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        outline: outline.clone(),
        jobs_needed: jobs.len(),
        jobs: done.iter().map(job).collect(),
        files: tables.iter().map(file).collect(),
    };
    let mut text = serde_json::to_string_pretty(&manifest).expect("a value of text and numbers can be written");
    text.push('\n');
    text
}
