//! Plays the runs of experiments on several threads. A run's result depends on its scenario alone, and results are put
//! in the order of the experiments, so neither the number of threads nor their timing shows in a row.

use super::experiment::Experiment;
use super::published::Published;
use super::row::{Row, estimate};
use crate::observe::progress::Until;
use crate::observe::report::Unrecorded;
use crate::scenario::{self, Source};
use crate::simulation::Options;
use crate::simulation::protocols;
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// An experiment and the values of its parameter that are wanted.
#[derive(Clone, Debug)]
pub struct Request {
    /// The experiment.
    pub experiment: &'static Experiment,
    /// The values, each in its range.
    pub points: Vec<f64>,
}

/// Somebody who watches.
pub trait Watcher: Sync {
    /// A run has ended: `done` of `runs`.
    fn ended(&self, done: usize, runs: usize);
}

/// Why there are no rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Somebody asked for it.
    Interrupted,
    /// The program is at fault: a scenario is not sound, or threads could not be started.
    Failed(String),
}

/// The same scenario, and the points that are measured in it.
struct Cell {
    experiment: &'static Experiment,
    settings: Vec<String>,
    points: Vec<f64>,
    replicates: u64,
}

struct Run {
    cell: usize,
    replicate: u64,
}

/// What one run gave.
struct Figures {
    /// For each point of the cell the figures.
    of_points: Vec<Vec<Option<f64>>>,
    /// Lookups that could have failed: all but those whose initiator departed.
    lookups: u64,
}

/// Plays all that is requested. `stop` may be set at any time.
///
/// # Errors
/// If it is stopped, or the program is at fault.
pub fn play(
    requests: &[Request],
    published: &Published,
    threads: usize,
    watcher: &dyn Watcher,
    stop: &AtomicBool,
) -> Result<Vec<Row<'static>>, Stopped> {
    let cells: Vec<Cell> = requests.iter().flat_map(cells).collect();
    let runs: Vec<Run> = (0..)
        .zip(&cells)
        .flat_map(|(cell, of)| (0..of.replicates).map(move |replicate| Run { cell, replicate }))
        .collect();
    let done = AtomicUsize::new(0);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build();
    let pool = pool.map_err(|error| Stopped::Failed(format!("cannot start threads: {error}")))?;
    let figures: Vec<Result<Figures, Stopped>> = pool.install(|| {
        let play = |run: &Run| {
            let figures = play_one(&cells[run.cell], run.replicate, stop);
            watcher.ended(done.fetch_add(1, Ordering::Relaxed) + 1, runs.len());
            figures
        };
        runs.par_iter().with_max_len(1).map(play).collect()
    });
    let figures = figures.into_iter().collect::<Result<Vec<Figures>, Stopped>>()?;
    Ok(rows(requests, &cells, &runs, &figures, published))
}

/// Points with the same settings share their runs.
fn cells(request: &Request) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    for x in &request.points {
        let settings = (request.experiment.settings)(*x);
        match cells.iter_mut().find(|cell| cell.settings == settings) {
            Some(cell) => cell.points.push(*x),
            None => cells.push(Cell {
                experiment: request.experiment,
                settings,
                points: vec![*x],
                replicates: (request.experiment.replicates)(*x),
            }),
        }
    }
    cells
}

fn play_one(cell: &Cell, replicate: u64, stop: &AtomicBool) -> Result<Figures, Stopped> {
    let source = Source::from_text(cell.experiment.name, cell.experiment.scenario);
    let loaded = scenario::load(source, &cell.settings, protocols::NAMES, protocols::read);
    let mut loaded = loaded.map_err(|problems| Stopped::Failed(problems.to_string()))?;
    loaded.scenario.seed.replicate = replicate;
    let options = Options::default();
    let played = loaded.protocol.play(&loaded.scenario, options, &mut Until(stop), &mut Unrecorded);
    let report = played.map_err(|_| Stopped::Interrupted)?;
    let outcomes = &report.total.outcomes;
    Ok(Figures {
        of_points: cell.points.iter().map(|x| (cell.experiment.measure)(*x, &report)).collect(),
        lookups: outcomes.lookups() - outcomes.aborted,
    })
}

fn rows(
    requests: &[Request],
    cells: &[Cell],
    runs: &[Run],
    figures: &[Figures],
    published: &Published,
) -> Vec<Row<'static>> {
    let mut rows: Vec<Row<'static>> = Vec::new();
    for request in requests {
        let (name, first) = (request.experiment.name, rows.len());
        for x in &request.points {
            let place = cells.iter().enumerate().find_map(|(index, cell)| {
                let position = cell.points.iter().position(|point| point == x)?;
                (cell.experiment.name == name).then_some((index, position))
            });
            let Some((cell, position)) = place else { continue };
            let of_cell = runs.iter().zip(figures).filter(|(run, _)| run.cell == cell);
            let of_point: Vec<(&[Option<f64>], u64)> =
                of_cell.map(|(_, figures)| (&figures.of_points[position][..], figures.lookups)).collect();
            for (index, metric) in request.experiment.metrics.iter().enumerate() {
                let values = of_point.iter().filter_map(|(figures, lookups)| Some((figures[index]?, *lookups)));
                let measured = estimate(metric, &values.collect::<Vec<_>>());
                rows.push(Row::new(request.experiment, *x, metric, measured, published));
            }
        }
        let shape = Row::of_shape(request.experiment, &rows[first..]);
        rows.extend(shape);
    }
    rows
}
