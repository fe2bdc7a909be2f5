//! `torus-sim sweep --dry-run`: the jobs of a sweep, what is known of them, and what they will take.

use super::columns::columns;
use super::machine::size;
use super::sweep::first_line;
use crate::engine::time::Duration;
use crate::output::human::span;
use crate::sweep::folder::{Past, State};
use crate::sweep::runner::Options;
use crate::sweep::{Job, Plan, scheduler};
use std::collections::BTreeMap;

/// Wall time a node-second of virtual time, before anything was played \[s\]: that of Chord with a lookup per node and
/// minute, in a release build on a machine of 2020.
const ROUGH_PACE_S: f64 = 3e-7;

/// Counts of states.
#[derive(Default)]
struct Counts {
    done: usize,
    failed: usize,
    new: usize,
    stale: usize,
}

/// The whole text.
pub(super) fn list(plan: &Plan, past: &Past, options: Options, retry: bool) -> String {
    let outline = &plan.outline;
    let jobs = scheduler::jobs(outline, options.shard, &past.results(retry));
    let known = past.pace(work_of(plan, &jobs));
    let pace = known.unwrap_or(ROUGH_PACE_S);
    let own = ["replicate", "memory", "time", "state"].map(str::to_owned);
    let mut rows: Vec<Vec<String>> = vec![outline.keys.iter().cloned().chain(own).collect()];
    let mut counts = Counts::default();
    let mut wanted: Vec<(u64, f64)> = Vec::new();
    for job in &jobs {
        let state = past.state(outline, job);
        let cost = plan.costs[job.cell];
        let wall_s = past.entry(&job.id).map_or(cost.work * pace, |entry| entry.wall_s);
        if is_wanted(&state, retry) {
            wanted.push((cost.memory_bytes, wall_s));
        }
        let own = [job.replicate.to_string(), size(cost.memory_bytes), seconds(wall_s), counts.describe(state)];
        rows.push(outline.cells[job.cell].values.iter().cloned().chain(own).collect());
    }
    format!("{}\n{}", columns(&rows, outline.keys.len(), true), totals(&counts, &wanted, options, known.is_some()))
}

/// Node-seconds of a job by its identity.
fn work_of(plan: &Plan, jobs: &[Job]) -> impl Fn(&str) -> Option<f64> {
    let work: BTreeMap<String, f64> = jobs.iter().map(|job| (job.id.clone(), plan.costs[job.cell].work)).collect();
    move |job| work.get(job).copied()
}

fn is_wanted(state: &State, retry: bool) -> bool {
    match state {
        State::Done => false,
        State::Failed(_) => retry,
        State::New | State::Stale(_) => true,
    }
}

impl Counts {
    fn describe(&mut self, state: State) -> String {
        let (count, text) = match state {
            State::Done => (&mut self.done, "done".to_owned()),
            State::Failed(why) => (&mut self.failed, format!("failed: {}", first_line(&why))),
            State::New => (&mut self.new, "new".to_owned()),
            State::Stale(why) => (&mut self.stale, format!("stale: {why}")),
        };
        *count += 1;
        text
    }
}

fn totals(counts: &Counts, wanted: &[(u64, f64)], options: Options, pace_is_known: bool) -> String {
    let Counts { done, failed, new, stale } = counts;
    let jobs = done + failed + new + stale;
    let mut text = format!("{jobs} jobs: {done} done, {failed} failed, {new} new, {stale} stale\n");
    if wanted.is_empty() {
        text.push_str("nothing is to do\n");
        return text;
    }
    let threads = options.threads;
    let largest = wanted.iter().map(|(bytes, _)| *bytes).max().unwrap_or(0);
    let limit = if options.memory_bytes == u64::MAX { "no limit".to_owned() } else { size(options.memory_bytes) };
    let mut sizes: Vec<u64> = wanted.iter().map(|(bytes, _)| *bytes).collect();
    sizes.sort_unstable_by(|one, other| other.cmp(one));
    let at_once: u64 = sizes.iter().take(threads).sum();
    text.push_str(&format!(
        "{} to do, {threads} at once: memory at most {} (the largest job {}; allowed {limit})\n",
        wanted.len(),
        size(at_once.min(options.memory_bytes.max(largest))),
        size(largest)
    ));
    let longest = wanted.iter().map(|(_, wall_s)| *wall_s).fold(0.0, f64::max);
    let sum: f64 = wanted.iter().map(|(_, wall_s)| *wall_s).sum();
    let time = seconds((sum / threads as f64).max(longest));
    let basis = if pace_is_known { "from the jobs that are done" } else { "a rough guess: nothing was played yet" };
    text.push_str(&format!("expected time {time} ({basis})\n"));
    text
}

/// A span of real time, exact to about a hundredth.
fn seconds(seconds: f64) -> String {
    if seconds < 0.01 {
        return "< 10ms".to_owned();
    }
    span(Duration::from_secs_f64(if seconds < 10.0 {
        libm::round(seconds * 100.0) / 100.0
    } else {
        libm::ceil(seconds)
    }))
}
