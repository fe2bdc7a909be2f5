//! Tests of sweeps with jobs that fail, and of what is made from hand-made results. The protocols here play nothing:
//! their reports follow from the scenario and the seed.

use super::compare::{Runs, Side, compare};
use super::folder::{Past, State, SweepFolder};
use super::journal::{Entry, Outcome, Summary};
use super::merge::{Unmergeable, merge};
use super::runner::{Ended, Options, Watcher, play};
use super::scheduler::{Shard, jobs};
use super::{Job, Plan, tables};
use crate::observe::Progress;
use crate::output::example;
use crate::scenario::{Facts, Grid, Scenario, Source, TableReader};
use crate::simulation::protocols::Playable;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const SWEEP: &str = "\
name = \"made\"
replicates = 3
[scenario]
protocol = \"made\"
population.nodes = 10
measurement.duration = \"1min\"
[axes]
\"population.nodes\" = [10, 20]
\"protocol.made.size\" = [1, 2]
";

/// A report whose failures follow from the cell and the replicate.
fn report(scenario: &Scenario, size: u64) -> crate::observe::report::RunReport {
    let mut report = example::run().report;
    report.protocol = "made";
    let replicate = scenario.seed.replicate;
    report.total.outcomes.correct = 1_000;
    report.total.outcomes.failed = 0;
    report.total.outcomes.wrong_owner = u64::from(scenario.population.nodes) * size + 7 * replicate % 5;
    report
}

fn sound(table: &mut TableReader<'_>, _: &str, _: &Facts) -> Option<Playable> {
    let size = table.count_or("size", 1, 1..=9);
    Some(Playable::custom(1 << 20, move |scenario, _, _, _| Ok(report(scenario, size))))
}

/// Panics for replicate 1 of the cells of size 2.
fn panicking(table: &mut TableReader<'_>, _: &str, _: &Facts) -> Option<Playable> {
    let size = table.count_or("size", 1, 1..=9);
    Some(Playable::custom(1 << 20, move |scenario, _, _, _| {
        assert!(size != 2 || scenario.seed.replicate != 1, "made to fail");
        Ok(report(scenario, size))
    }))
}

static AT_ONCE: AtomicUsize = AtomicUsize::new(0);
static MOST_AT_ONCE: AtomicUsize = AtomicUsize::new(0);

/// Counts how many are played at once.
fn counting(table: &mut TableReader<'_>, _: &str, _: &Facts) -> Option<Playable> {
    let size = table.count_or("size", 1, 1..=9);
    Some(Playable::custom(1 << 20, move |scenario, _, _, _| {
        MOST_AT_ONCE.fetch_max(AT_ONCE.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        (0..1_000).for_each(|_| std::thread::yield_now());
        AT_ONCE.fetch_sub(1, Ordering::SeqCst);
        Ok(report(scenario, size))
    }))
}

/// Runs until it is stopped.
fn endless(table: &mut TableReader<'_>, _: &str, _: &Facts) -> Option<Playable> {
    table.count_or("size", 1, 1..=9);
    Some(Playable::custom(1 << 20, |_, _, monitor, _| {
        loop {
            let progress = Progress::default();
            if monitor.progress(&progress) == ControlFlow::Break(()) {
                return Err(crate::observe::Interrupted { progress }.into());
            }
        }
    }))
}

fn plan(text: &str, read: super::plan::ReadProtocol) -> Plan {
    let grid = Grid::read(&Source::from_text("sweep.toml", text), &[], tables::FIGURES).expect("a sound sweep");
    Plan::new(grid, &["made"], read).expect("sound cells")
}

#[derive(Default)]
struct Notes {
    failed: Mutex<Vec<String>>,
    counts: Mutex<Vec<(usize, usize)>>,
    stop_at_start: Option<std::sync::Arc<AtomicBool>>,
}

impl Watcher for Notes {
    fn now_s(&self) -> f64 {
        0.0
    }

    fn started(&self, _job: &Job) {
        if let Some(stop) = &self.stop_at_start {
            stop.store(true, Ordering::Relaxed);
        }
    }

    fn went_on(&self, _job: &Job, _progress: &Progress) {}

    fn ended(&self, job: &Job, outcome: &Outcome, done: usize, needed: usize) {
        if let Outcome::Failed(reason) = outcome {
            self.failed.lock().unwrap().push(format!("{} {}: {reason}", job.cell, job.replicate));
        }
        self.counts.lock().unwrap().push((done, needed));
    }
}

const ALONE: Options = Options { threads: 1, memory_bytes: u64::MAX, fail_fast: false, shard: Shard::WHOLE };

fn play_in(folder: &Path, plan: &Plan, options: Options, retry: bool, notes: &Notes) -> Ended {
    let (held, past) = SweepFolder::open(folder, &plan.outline).expect("the folder is free");
    play(plan, held, past.results(retry), options, notes, &AtomicBool::new(false)).expect("tables can be written")
}

fn played(folder: &Path, plan: &Plan, options: Options) -> Ended {
    play_in(folder, plan, options, false, &Notes::default())
}

fn files(folder: &Path) -> Vec<Vec<u8>> {
    tables::NAMES.iter().map(|name| fs::read(folder.join(name)).expect(name)).collect()
}

fn lines(folder: &Path) -> usize {
    fs::read_to_string(folder.join("journal.jsonl")).unwrap().lines().count()
}

#[test]
fn a_job_that_fails_is_told_at_once_and_the_others_go_on() {
    let place = tempfile::tempdir().unwrap();
    let (broken, fixed) = (plan(SWEEP, panicking), plan(SWEEP, sound));
    let notes = Notes::default();
    let ended = play_in(place.path(), &broken, ALONE, false, &notes);
    let told = notes.failed.lock().unwrap().clone();
    assert_eq!(told.len(), 2);
    assert!(told[0].starts_with("1 1: the program has a bug: made to fail"), "{told:?}");
    let failed: Vec<_> = ended.failed.iter().map(|(job, _)| (job.cell, job.replicate)).collect();
    assert_eq!((failed, ended.left), (vec![(1, 1), (3, 1)], 0));
    assert_eq!(notes.counts.lock().unwrap().last(), Some(&(12, 12)));
    let table = fs::read_to_string(place.path().join("failures.csv")).unwrap();
    assert_eq!(table.lines().count(), 1 + 10);

    // Going on does not play them again unless it is asked to; then the tables are as if they had never failed.
    let again = played(place.path(), &fixed, ALONE);
    assert_eq!((again.failed.len(), lines(place.path())), (2, 13));
    let past = Past::read(place.path(), &fixed.outline).unwrap();
    let job = &again.failed[0].0;
    assert!(matches!(past.state(&fixed.outline, job), State::Failed(why) if why.contains("made to fail")));
    let retried = play_in(place.path(), &fixed, ALONE, true, &Notes::default());
    assert_eq!((retried.failed.len(), lines(place.path())), (0, 15));
    let whole = tempfile::tempdir().unwrap();
    played(whole.path(), &fixed, Options { threads: 3, ..ALONE });
    assert_eq!(files(place.path()), files(whole.path()));
}

#[test]
fn fail_fast_ends_with_the_first_that_fails() {
    let place = tempfile::tempdir().unwrap();
    let broken = plan(SWEEP, panicking);
    let ended = played(place.path(), &broken, Options { fail_fast: true, ..ALONE });
    // Cell 0 with three runs, and two of cell 1.
    assert_eq!((ended.failed.len(), ended.left, lines(place.path())), (1, 7, 1 + 5));
    let whole = tempfile::tempdir().unwrap();
    let fixed = plan(SWEEP, sound);
    played(whole.path(), &fixed, ALONE);
    play_in(place.path(), &fixed, ALONE, true, &Notes::default());
    assert_eq!(files(place.path()), files(whole.path()));
}

#[test]
fn no_more_jobs_run_at_once_than_memory_allows() {
    let place = tempfile::tempdir().unwrap();
    let plan = plan(SWEEP, counting);
    let smallest = plan.costs.iter().map(|cost| cost.memory_bytes).min().unwrap();
    let ended = played(place.path(), &plan, Options { threads: 4, memory_bytes: 2 * smallest - 1, ..ALONE });
    assert_eq!((ended.left, ended.results.len()), (0, 12));
    assert_eq!(MOST_AT_ONCE.load(Ordering::SeqCst), 1);
}

#[test]
fn a_sweep_that_is_stopped_gives_up_what_runs_and_says_what_is_left() {
    let place = tempfile::tempdir().unwrap();
    let (plan, stop) = (plan(SWEEP, endless), std::sync::Arc::new(AtomicBool::new(false)));
    let notes = Notes { stop_at_start: Some(stop.clone()), ..Notes::default() };
    let (held, past) = SweepFolder::open(place.path(), &plan.outline).unwrap();
    let ended = play(&plan, held, past.results(false), Options { threads: 2, ..ALONE }, &notes, &stop).unwrap();
    assert_eq!((ended.left, ended.results.len(), lines(place.path())), (12, 0, 1));
    assert!(!place.path().join(".lock").exists());
}

#[test]
fn replicates_are_added_until_the_interval_is_narrow() {
    let text = SWEEP.replace("replicates = 3", "replicates = { until = \"5%\", at_most = 40 }");
    let plan = plan(&text, sound);
    let place = tempfile::tempdir().unwrap();
    let ended = played(place.path(), &plan, Options { threads: 3, ..ALONE });
    let estimates = tables::estimates(&plan.outline, Shard::WHOLE, &ended.results);
    let all = jobs(&plan.outline, Shard::WHOLE, &ended.results);
    for cell in &estimates {
        let runs: Vec<&Summary> = all
            .iter()
            .filter(|job| job.cell == cell.cell)
            .map(|job| match &ended.results[&job.id] {
                Outcome::Done(run) => &**run,
                Outcome::Failed(why) => panic!("{why}"),
            })
            .collect();
        let is_narrow = |count: usize| {
            let estimate = super::figures::estimate("failure_rate", &runs[..count]).unwrap();
            estimate.half_width().unwrap() <= 0.05 * estimate.mean
        };
        // Narrow for the first time, then four more, and then the first that is narrow again.
        let first = (3..=cell.runs).find(|count| is_narrow(*count));
        let enough = first.and_then(|first| (first + 4..=cell.runs).find(|count| is_narrow(*count)));
        assert_eq!(enough.unwrap_or(40), cell.runs, "{cell:?}");
    }
    let runs: Vec<usize> = estimates.iter().map(|cell| cell.runs).collect();
    assert!(runs.iter().any(|runs| *runs > 7) && runs.iter().any(|runs| *runs < 40), "{runs:?}");

    let shards: Vec<PathBuf> = (1..=3).map(|part| place.path().join(format!("shard{part}"))).collect();
    for (folder, part) in shards.iter().zip(1..) {
        played(folder, &plan, Options { shard: Shard { part, of: 3 }, ..ALONE });
    }
    let merged = place.path().join("merged");
    merge(&shards, &merged).unwrap();
    assert_eq!(files(&merged), files(place.path()));
}

#[test]
fn merging_is_idempotent_in_any_order_and_finds_contradictions() {
    let place = tempfile::tempdir().unwrap();
    let plan = plan(SWEEP, sound);
    let whole = place.path().join("whole");
    played(&whole, &plan, ALONE);
    let shards: Vec<PathBuf> = (1..=3).map(|part| place.path().join(format!("shard{part}"))).collect();
    for (folder, part) in shards.iter().zip(1..) {
        played(folder, &plan, Options { shard: Shard { part, of: 3 }, ..ALONE });
    }
    let merged = place.path().join("merged");
    // One after the other, the last first; then all again.
    let states = [(&shards[2..], 4), (&shards[..1], 8), (&shards[1..2], 12), (&shards[..], 12)];
    for (folders, done) in states {
        let found = merge(folders, &merged).unwrap();
        assert_eq!((found.done, found.failed, found.needed), (done, 0, 12));
    }
    assert_eq!(files(&merged), files(&whole));
    assert_eq!(lines(&merged), 13);

    let other = super::tests::plan(&SWEEP.replace("[1, 2]", "[1, 3]"), sound);
    let third = place.path().join("third");
    played(&third, &other, ALONE);
    let different = merge(&[whole.clone(), third], &place.path().join("none"));
    assert!(matches!(different, Err(Unmergeable::Different { .. })));
    assert!(!place.path().join("none").exists());

    let changed = place.path().join("changed");
    let (mut folder, _) = SweepFolder::open(&changed, &plan.outline).unwrap();
    folder.keep(&entry(&plan, 0, 0, "0.5")).unwrap();
    folder.write_tables(&plan.outline, Shard::WHOLE, &Default::default()).unwrap();
    drop(folder);
    let contradiction = merge(&[whole, changed], &place.path().join("none")).unwrap_err();
    assert!(contradiction.to_string().contains("another result for the job 10, 1 (replicate 0)"), "{contradiction}");
    assert!(!place.path().join("none").exists());
}

fn entry(plan: &Plan, cell: usize, replicate: u64, rate: &str) -> Entry {
    Entry {
        job: plan.outline.job(cell, replicate).id,
        values: plan.outline.cells[cell].values.clone(),
        replicate,
        scenario: plan.outline.cells[cell].scenario.clone(),
        outcome: Outcome::Done(Box::new(Summary {
            columns: vec![("failure_rate".to_owned(), rate.to_owned())],
            hops: vec![(1, 2)],
            warnings: Vec::new(),
        })),
        wall_s: 1.0,
        commit: String::new(),
    }
}

#[test]
fn two_parts_of_a_journal_are_compared_in_pairs() {
    let place = tempfile::tempdir().unwrap();
    let plan = plan(SWEEP, sound);
    let (mut folder, _) = SweepFolder::open(place.path(), &plan.outline).unwrap();
    // Cells: (10, 1), (10, 2), (20, 1), (20, 2).
    let rates = [(0, 0, "0.1"), (0, 1, "0.2"), (1, 0, "0.15"), (1, 1, "0.35"), (2, 0, "0.4"), (3, 2, "0.4")];
    for (cell, replicate, rate) in rates {
        folder.keep(&entry(&plan, cell, replicate, rate)).unwrap();
    }
    folder.write_tables(&plan.outline, Shard::WHOLE, &Default::default()).unwrap();
    let side = |text: &str| Runs::read(&Side::parse(&format!("{}:{text}", place.path().display())).unwrap());
    let (one, other) = (side("protocol.made.size=1").unwrap(), side("protocol.made.size=2").unwrap());
    assert_eq!(one.keys, ["population.nodes"]);
    let comparison = compare(&one, &other, false).unwrap();
    assert_eq!(comparison.pairs, 2);
    assert_eq!(comparison.alone_in_one, [(vec!["20".to_owned()], 0)]);
    assert_eq!(comparison.alone_in_other, [(vec!["20".to_owned()], 2)]);
    let row = &comparison.differences[0];
    // Differences 0.05 and 0.15: mean 0.1, s = 0.0707, t(1) = 12.7062.
    assert!((row.difference.mean - 0.1).abs() < 1e-12);
    assert!((row.difference.half_width().unwrap() - 12.706_204_7 * 0.05).abs() < 1e-6);
    for (text, reason) in [
        ("protocol.made.size=7", "values there: 1, 2"),
        ("size=1", "swept there: population.nodes, protocol.made.size"),
    ] {
        let error = side(text).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn what_was_played_before_says_how_long_the_rest_will_take() {
    let place = tempfile::tempdir().unwrap();
    let plan = plan(SWEEP, sound);
    let (mut folder, past) = SweepFolder::open(place.path(), &plan.outline).unwrap();
    assert_eq!(past.pace(|_| Some(1.0)), None);
    folder.keep(&entry(&plan, 0, 0, "0.1")).unwrap();
    folder.keep(&entry(&plan, 2, 0, "0.1")).unwrap();
    drop(folder);
    let past = Past::read(place.path(), &plan.outline).unwrap();
    // Two jobs of a second each over 10 and 20 nodes for a minute.
    let work = |id: &str| (0..4).find(|cell| plan.outline.job(*cell, 0).id == id).map(|cell| plan.costs[cell].work);
    assert!((past.pace(work).unwrap() - 2.0 / 1_800.0).abs() < 1e-12);
}

#[test]
fn the_tables_have_the_swept_keys_in_front_and_no_column_twice() {
    let text = "\
name = \"made\"
[scenario]
protocol = \"made\"
population.nodes = 10
measurement.duration = \"1min\"
[axes]
seed = [3, 4]
protocol = [\"made\"]
";
    let place = tempfile::tempdir().unwrap();
    played(place.path(), &plan(text, sound), ALONE);
    let read = |name: &str| fs::read_to_string(place.path().join(name)).unwrap();
    for name in ["hops.csv", "failures.csv", "cells.csv"] {
        let table = read(name);
        let mut header: Vec<&str> = table.lines().next().unwrap().split(',').collect();
        assert_eq!(header[..2], ["seed", "protocol"], "{name}");
        let count = header.len();
        header.sort_unstable();
        header.dedup();
        assert_eq!(header.len(), count, "{name} has a column twice");
    }
    assert!(read("hops.csv").starts_with("seed,protocol,replicate,hops,lookups\n3,made,0,0,3\n"));
    assert!(read("cells.csv").contains("\n3,made,1,0.009900990099009901,,"), "{}", read("cells.csv"));
}
