//! Plays the jobs of a sweep on several threads and keeps each result as it comes.
//!
//! Threads decide only which job is played when. A job's result depends on the job alone, and the tables are made in
//! the order of the jobs, so neither the number of threads nor their timing shows in any file.

use super::folder::SweepFolder;
use super::journal::{Entry, Outcome, Summary};
use super::plan::{Job, Plan};
use super::scheduler::{Results, Shard, jobs, jobs_of_cell};
use crate::observe::progress::{Monitor, Progress, Stopped, Until};
use crate::observe::report::Unrecorded;
use crate::output::error::Error;
use crate::output::results::Run;
use crate::output::summary;
use crate::output::timing::COMMIT;
use crate::simulation::Options as RunOptions;
use std::any::Any;
use std::collections::{BTreeSet, VecDeque};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Tables are written when the results have grown by one in so many, so that writing them stays cheap.
const GROWTH_PER_WRITING: usize = 16;

/// How a sweep is played. Nothing here changes a result.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Jobs at once, at least 1.
    pub threads: usize,
    /// Memory that all running jobs together may take by their estimates \[B\]. A job that needs more is played alone.
    pub memory_bytes: u64,
    /// Whether the first job that fails ends the sweep, when the jobs that are running have ended too.
    pub fail_fast: bool,
    /// Which part of the jobs is played.
    pub shard: Shard,
}

/// Somebody who watches a sweep.
pub trait Watcher: Sync {
    /// Seconds of wall time since some instant. The sweep itself has no clock.
    fn now_s(&self) -> f64;
    /// A job begins.
    fn started(&self, job: &Job);
    /// A job goes on.
    fn went_on(&self, job: &Job, progress: &Progress);
    /// A job has ended, well or not. `done` of `needed` jobs, as far as is known, have ended.
    fn ended(&self, job: &Job, outcome: &Outcome, done: usize, needed: usize);
}

/// How a sweep ended.
#[derive(Debug)]
pub struct Ended {
    /// Results of all jobs so far.
    pub results: Results,
    /// Jobs that failed, in order, and why.
    pub failed: Vec<(Job, String)>,
    /// Jobs that were not played because the sweep was stopped.
    pub left: usize,
    /// Why the sweep stopped early, if results could not be kept.
    pub error: Option<Error>,
}

struct State {
    folder: SweepFolder,
    results: Results,
    pending: VecDeque<Job>,
    /// Identities of all jobs that are or were pending.
    known: BTreeSet<String>,
    running: usize,
    running_bytes: u64,
    written: usize,
    error: Option<Error>,
    stopped: bool,
}

struct Sweep<'a> {
    plan: &'a Plan,
    options: Options,
    watcher: &'a dyn Watcher,
    stop: &'a AtomicBool,
    state: Mutex<State>,
    changed: Condvar,
}

/// Plays all jobs that have no result yet. `stop` may be set at any time: running jobs are then given up, and what was
/// finished is kept.
///
/// # Errors
/// When the tables cannot be written at the start; errors later are in [`Ended::error`].
pub fn play(
    plan: &Plan,
    folder: SweepFolder,
    results: Results,
    options: Options,
    watcher: &dyn Watcher,
    stop: &AtomicBool,
) -> Result<Ended, Error> {
    let needed = jobs(&plan.outline, options.shard, &results);
    folder.write_tables(&plan.outline, options.shard, &results)?;
    let state = State {
        known: needed.iter().map(|job| job.id.clone()).collect(),
        pending: needed.into_iter().filter(|job| !results.contains_key(&job.id)).collect(),
        written: results.len(),
        folder,
        results,
        running: 0,
        running_bytes: 0,
        error: None,
        stopped: false,
    };
    let sweep = Sweep { plan, options, watcher, stop, state: Mutex::new(state), changed: Condvar::new() };
    let threads = options.threads.max(1);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| {
        Error::io("start threads for", std::path::Path::new("the sweep"))(std::io::Error::other(error))
    })?;
    pool.scope(|scope| (0..threads).for_each(|_| scope.spawn(|_| sweep.work())));
    Ok(sweep.end())
}

impl Sweep<'_> {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Jobs that panic are caught outside of the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plays jobs until none is left.
    fn work(&self) {
        while let Some(job) = self.take() {
            self.watcher.started(&job);
            let begun = self.watcher.now_s();
            let outcome = self.play_job(&job);
            let wall_s = self.watcher.now_s() - begun;
            self.put(job, outcome, wall_s);
        }
        self.changed.notify_all();
    }

    /// The next job that there is memory for; waits if others may still bring more. `None` when there is no more to do.
    fn take(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.stopped || self.stop.load(Ordering::Relaxed) {
                return None;
            }
            let free = self.options.memory_bytes.saturating_sub(state.running_bytes);
            let fits = |job: &Job| self.bytes(job) <= free;
            let place = if state.running == 0 { Some(0) } else { state.pending.iter().position(fits) };
            if let Some(job) = place.and_then(|place| state.pending.remove(place)) {
                state.running += 1;
                state.running_bytes += self.bytes(&job);
                return Some(job);
            }
            if state.running == 0 {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn bytes(&self, job: &Job) -> u64 {
        self.plan.costs[job.cell].memory_bytes
    }

    /// `None` if the sweep was stopped meanwhile.
    fn play_job(&self, job: &Job) -> Option<Outcome> {
        match catch_unwind(AssertUnwindSafe(|| self.simulate(job))) {
            Ok(outcome) => outcome,
            Err(panic) => Some(Outcome::Failed(format!("the program has a bug: {}", panic_text(&*panic)))),
        }
    }

    fn simulate(&self, job: &Job) -> Option<Outcome> {
        let (scenario, playable) = match self.plan.prepare(job) {
            Ok(prepared) => prepared,
            Err(problems) => return Some(Outcome::Failed(problems.to_string())),
        };
        let mut watch = Watch { sweep: self, job };
        let report = match playable.play(&scenario, RunOptions::default(), &mut watch, &mut Unrecorded) {
            Ok(report) => report,
            Err(Stopped::Exhausted(exhausted)) => return Some(Outcome::Failed(exhausted.to_string())),
            Err(Stopped::Interrupted(_) | Stopped::Violated(_)) => return None,
        };
        let (nodes, seed) = (scenario.population.nodes, scenario.seed);
        Some(match summarise(&Run { name: scenario.name, nodes, seed, report }) {
            Ok(summary) => Outcome::Done(Box::new(summary)),
            Err(error) => Outcome::Failed(error.to_string()),
        })
    }

    /// Keeps what came of a job, and finds out which jobs are needed because of it.
    fn put(&self, job: Job, outcome: Option<Outcome>, wall_s: f64) {
        let mut state = self.lock();
        state.running -= 1;
        state.running_bytes -= self.bytes(&job);
        let Some(outcome) = outcome else {
            state.pending.push_front(job);
            return;
        };
        let cell = &self.plan.outline.cells[job.cell];
        let (values, scenario) = (cell.values.clone(), cell.scenario.clone());
        let (id, replicate) = (job.id.clone(), job.replicate);
        let commit = COMMIT.to_owned();
        let entry = Entry { job: id.clone(), values, replicate, scenario, outcome: outcome.clone(), wall_s, commit };
        if let Err(error) = state.folder.keep(&entry) {
            state.pending.push_front(job);
            return self.give_up(&mut state, error);
        }
        let failed = matches!(outcome, Outcome::Failed(_));
        state.stopped |= failed && self.options.fail_fast;
        state.results.insert(id, outcome.clone());
        for more in jobs_of_cell(&self.plan.outline, job.cell, &state.results) {
            let ours = self.options.shard.holds(&self.plan.outline, more.cell, more.replicate);
            if ours && state.known.insert(more.id.clone()) {
                state.pending.push_back(more);
            }
        }
        let grown = state.results.len() - state.written;
        if grown * GROWTH_PER_WRITING >= state.results.len() {
            self.write(&mut state);
        }
        let (done, needed) = (state.known.len() - state.pending.len() - state.running, state.known.len());
        drop(state);
        self.watcher.ended(&job, &outcome, done, needed);
        self.changed.notify_all();
    }

    fn write(&self, state: &mut State) {
        match state.folder.write_tables(&self.plan.outline, self.options.shard, &state.results) {
            Ok(()) => state.written = state.results.len(),
            Err(error) => self.give_up(state, error),
        }
    }

    fn give_up(&self, state: &mut State, error: Error) {
        state.error.get_or_insert(error);
        state.stopped = true;
        self.stop.store(true, Ordering::Relaxed);
        self.changed.notify_all();
    }

    fn end(self) -> Ended {
        let mut state = self.lock();
        if state.error.is_none() && state.written < state.results.len() {
            self.write(&mut state);
        }
        let left = state.pending.len();
        let (results, error) = (std::mem::take(&mut state.results), state.error.take());
        let reason = |job: Job| match results.get(&job.id) {
            Some(Outcome::Failed(reason)) => Some((job, reason.clone())),
            _ => None,
        };
        let failed = jobs(&self.plan.outline, self.options.shard, &results).into_iter().filter_map(reason).collect();
        Ended { failed, results, left, error }
    }
}

/// What the journal keeps of a run: the row that its `summary.csv` would have, and the histogram of hops.
fn summarise(run: &Run) -> std::io::Result<Summary> {
    let mut table = Vec::new();
    summary::write(&mut table, run)?;
    let mut reader = csv::Reader::from_reader(&table[..]);
    let header = reader.headers()?.clone();
    let row = reader.records().next().unwrap_or_else(|| Ok(csv::StringRecord::new()))?;
    let cells = header.iter().zip(row.iter()).filter(|(name, _)| *name != "name");
    let hops = run.report.hops.iter().enumerate().filter(|(_, lookups)| **lookups > 0);
    Ok(Summary {
        columns: cells.map(|(name, cell)| (name.to_owned(), cell.to_owned())).collect(),
        hops: hops.map(|(hops, lookups)| (hops as u64, *lookups)).collect(),
        warnings: run.report.warnings.iter().map(ToString::to_string).collect(),
    })
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked without a message")
}

struct Watch<'a> {
    sweep: &'a Sweep<'a>,
    job: &'a Job,
}

impl Monitor for Watch<'_> {
    fn progress(&mut self, progress: &Progress) -> ControlFlow<()> {
        self.sweep.watcher.went_on(self.job, progress);
        Until(self.sweep.stop).progress(progress)
    }
}
