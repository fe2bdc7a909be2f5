//! Progress of a sweep on standard error: a bar for the sweep and a line for each running job on a terminal, elsewhere
//! a line every few seconds. A job that fails is reported at once.

use super::clock::Stopwatch;
use super::display::{BAR_STEPS, Heartbeat, Place, bar, line};
use super::progress::{When, left};
use crate::engine::time::Time;
use crate::observe::Progress;
use crate::output::human::span;
use crate::sweep::journal::Outcome;
use crate::sweep::runner::Watcher;
use crate::sweep::scheduler::{Results, Shard, jobs};
use crate::sweep::{Job, Plan};
use indicatif::{MultiProgress, ProgressBar};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Shows how far a sweep is.
pub(super) struct Display<'a> {
    plan: &'a Plan,
    screen: Screen,
    clock: Stopwatch,
    state: Mutex<State>,
}

/// Where it is shown. Clones share it.
#[derive(Clone)]
enum Screen {
    /// Errors only.
    Silent,
    /// Bars that are drawn again and again.
    Bars(MultiProgress),
    /// Lines.
    Lines,
}

struct State {
    err: Box<dyn Write + Send>,
    /// The bar of the sweep.
    total: Option<ProgressBar>,
    running: BTreeMap<String, Running>,
    /// Jobs that have ended, and that are needed as far as is known.
    ended: usize,
    needed: usize,
    /// Jobs that had ended before the start, and the others that were known to be needed then.
    before: usize,
    missing_at_start: usize,
    failed: usize,
    /// Node-seconds of the jobs that have ended since the start, and of all that are left at the start.
    work_done: f64,
    work_at_start: f64,
    heartbeat: Heartbeat,
}

struct Running {
    line: Option<ProgressBar>,
    share: f64,
    work: f64,
}

impl<'a> Display<'a> {
    /// Starts to show a sweep of which `results` are there already.
    pub(super) fn start(when: When, err_is_terminal: bool, plan: &'a Plan, shard: Shard, results: &Results) -> Self {
        let screen = match Place::of(when, err_is_terminal) {
            Place::Nowhere => Screen::Silent,
            Place::Lines => Screen::Lines,
            Place::Bars(target) => Screen::Bars(MultiProgress::with_draw_target(target)),
        };
        let display = Display::on(screen, Box::new(io::stderr()), plan, shard, results);
        display.draw(&mut display.lock());
        display
    }

    fn on(screen: Screen, err: Box<dyn Write + Send>, plan: &'a Plan, shard: Shard, results: &Results) -> Self {
        let jobs = jobs(&plan.outline, shard, results);
        let missing = jobs.iter().filter(|job| !results.contains_key(&job.id));
        let works: Vec<f64> = missing.map(|job| plan.costs[job.cell].work).collect();
        let before = jobs.len() - works.len();
        let total = match &screen {
            Screen::Bars(bars) => Some(bars.add(bar(20).with_position(0))),
            _ => None,
        };
        let state = State {
            err,
            total,
            running: BTreeMap::new(),
            ended: before,
            needed: jobs.len(),
            before,
            missing_at_start: works.len(),
            failed: 0,
            work_done: 0.0,
            work_at_start: works.iter().sum(),
            heartbeat: Heartbeat::new(),
        };
        Display { plan, screen, clock: Stopwatch::start(), state: Mutex::new(state) }
    }

    /// Calls `play` with a panic hook that does not write into the bars.
    pub(super) fn around_panics<T>(&self, play: impl FnOnce() -> T) -> T {
        let screen = self.screen.clone();
        let before = Arc::new(std::panic::take_hook());
        let inner = Arc::clone(&before);
        std::panic::set_hook(Box::new(move |panic| screen.above(|| inner(panic))));
        let result = play();
        drop(std::panic::take_hook());
        std::panic::set_hook(Box::new(move |panic| before(panic)));
        result
    }

    /// Takes the bars off the screen.
    pub(super) fn finish(&self) {
        let state = self.lock();
        state.running.values().filter_map(|running| running.line.as_ref()).for_each(ProgressBar::finish_and_clear);
        if let Some(total) = &state.total {
            total.finish_and_clear();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn draw(&self, state: &mut State) {
        let elapsed = self.clock.elapsed();
        if let Some(total) = &state.total {
            total.set_message(format!("{}: {}", self.plan.outline.sweep, state.text(elapsed)));
            total.set_position((state.share_of_all() * BAR_STEPS as f64) as u64);
        } else if matches!(self.screen, Screen::Lines) && state.heartbeat.is_due(elapsed) {
            let text = state.text(elapsed);
            let _ = writeln!(state.err, "{}: {text}", self.plan.outline.sweep);
        }
    }
}

impl State {
    /// `12 of 40 jobs, 2 running, 1 failed, 3min left`.
    fn text(&self, elapsed: Duration) -> String {
        let mut text = format!("{} of {} jobs, {} running", self.ended, self.needed, self.running.len());
        if self.failed > 0 {
            text.push_str(&format!(", {} failed", self.failed));
        }
        if let Some(left) = left(self.share_since_start(), elapsed.as_secs_f64()) {
            text.push_str(&format!(", {left} left"));
        }
        text
    }

    /// Share of the work since the start that is done. Jobs that turn out to be needed only later are taken to be as
    /// long as the others.
    fn share_since_start(&self) -> f64 {
        let running: f64 = self.running.values().map(|running| running.share * running.work).sum();
        let all = self.work_at_start * (self.needed - self.before) as f64 / self.missing_at_start.max(1) as f64;
        if all > 0.0 { ((self.work_done + running) / all).min(1.0) } else { 1.0 }
    }

    /// Share of all jobs.
    fn share_of_all(&self) -> f64 {
        let running: f64 = self.running.values().map(|running| running.share).sum();
        if self.needed == 0 { 1.0 } else { ((self.ended as f64 + running) / self.needed as f64).min(1.0) }
    }
}

impl Watcher for Display<'_> {
    fn now_s(&self) -> f64 {
        self.clock.elapsed().as_secs_f64()
    }

    fn started(&self, job: &Job) {
        let line = match &self.screen {
            Screen::Bars(bars) => Some(bars.add(line())),
            _ => None,
        };
        if let Some(line) = &line {
            line.set_message(self.plan.outline.describe(job));
        }
        let work = self.plan.costs[job.cell].work;
        let mut state = self.lock();
        state.running.insert(job.id.clone(), Running { line, share: 0.0, work });
        self.draw(&mut state);
    }

    fn went_on(&self, job: &Job, progress: &Progress) {
        let mut state = self.lock();
        if let Some(running) = state.running.get_mut(&job.id) {
            running.share = progress.share();
            if let Some(line) = &running.line {
                let since_start = |time: Time| span(time.since(Time::ZERO));
                let (now, end) = (since_start(progress.now), since_start(progress.end));
                let percent = progress.share() * 100.0;
                line.set_message(format!("{}  {percent:.0}%  {now} of {end}", self.plan.outline.describe(job)));
            }
        }
        self.draw(&mut state);
    }

    fn ended(&self, job: &Job, outcome: &Outcome, done: usize, needed: usize) {
        let mut state = self.lock();
        if let Some(running) = state.running.remove(&job.id) {
            state.work_done += running.work;
            if let (Some(line), Screen::Bars(bars)) = (running.line, &self.screen) {
                line.finish_and_clear();
                bars.remove(&line);
            }
        }
        // Threads may come here in another order than that of their numbers.
        (state.ended, state.needed) = (state.ended.max(done), state.needed.max(needed));
        if let Outcome::Failed(reason) = outcome {
            state.failed += 1;
            let text = format!("failed: {}: {reason}", self.plan.outline.describe(job));
            let err = &mut state.err;
            self.screen.above(|| drop(writeln!(err, "{text}")));
        }
        self.draw(&mut state);
    }
}

impl Screen {
    /// Writes something above the bars.
    fn above(&self, write: impl FnOnce()) {
        match self {
            Screen::Bars(bars) => bars.suspend(write),
            _ => write(),
        }
    }
}
