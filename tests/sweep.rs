//! Sweeps as their users meet them: the same bytes whatever the number of jobs, the shards, and the interruptions; what
//! is played again and what is not; and what is said when something is wrong.

#![expect(clippy::disallowed_methods, reason = "processes are killed after some real time; nothing else depends on it")]
#![expect(
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "long tests measure real time and memory, and say so"
)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;
use support::{Ended, PROJECT, column, program, torus_sim, tree};

/// Four cells of three runs, a few milliseconds each.
const SWEEP: &str = "\
name = \"small\"
description = \"a small sweep\"
base = \"base.toml\"
replicates = 3
[axes]
\"churn.session.exponential.mean\" = [\"2min\", \"8min\"]
\"population.nodes\" = [40, 80]
";

const BASE: &str = "\
name = \"base\"
protocol = \"chord\"
[population]
nodes = 60
[churn.session.exponential]
mean = \"5min\"
[churn.downtime.exponential]
mean = \"5min\"
[workload]
lookups_every = \"5s\"
[measurement]
duration = \"3min\"
";

const TABLES: [&str; 4] = ["hops.csv", "failures.csv", "cells.csv", "manifest.json"];

/// A folder with the sweep and its base in it.
fn place() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("sweep.toml"), SWEEP).unwrap();
    fs::write(place.path().join("base.toml"), BASE).unwrap();
    place
}

fn sweep(place: &Path, more: &str) -> Ended {
    let line = format!("sweep sweep.toml {more}");
    torus_sim(place, &line.split_whitespace().collect::<Vec<_>>())
}

fn tables(folder: &Path) -> BTreeMap<&'static str, String> {
    TABLES.into_iter().map(|name| (name, fs::read_to_string(folder.join(name)).expect(name))).collect()
}

#[track_caller]
fn assert_same(one: &Path, other: &Path) {
    let (one, other) = (tables(one), tables(other));
    for name in TABLES {
        assert!(one[name] == other[name], "{name} differs:\n{}\n{}", one[name], other[name]);
    }
}

/// Lines of the journal but for its head.
fn jobs_in_journal(folder: &Path) -> usize {
    fs::read_to_string(folder.join("journal.jsonl")).unwrap().lines().count() - 1
}

/// Rewrites a file of the place.
fn change(place: &Path, file: &str, from: &str, to: &str) {
    let text = fs::read_to_string(place.join(file)).unwrap();
    assert!(text.contains(from), "{from} is not in {file}");
    fs::write(place.join(file), text.replace(from, to)).unwrap();
}

/// Whole numbers that are spread evenly, the same in every test (Knuth's MMIX generator).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn start(place: &Path, more: &str) -> Child {
    let line = format!("sweep sweep.toml {more}");
    program(place).args(line.split_whitespace()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn jobs_and_shards_do_not_show_in_any_table() {
    let place = place();
    let one = sweep(place.path(), "--jobs 1 --out one").expect(0);
    assert!(one.out.starts_with("small: 12 runs of 4 cells"), "{}", one.out);
    sweep(place.path(), "--jobs 2 --out two --quiet").expect(0);
    sweep(place.path(), "").expect(0);
    let whole = place.path().join("one");
    assert_same(&whole, &place.path().join("two"));
    assert_same(&whole, &place.path().join("results/small"));
    let files = ["cells.csv", "failures.csv", "hops.csv", "journal.jsonl", "manifest.json"];
    assert!(tree(&whole).keys().map(PathBuf::as_path).eq(files.map(Path::new)));

    for part in 1..=3 {
        sweep(place.path(), &format!("--shard {part}/3")).expect(0);
    }
    let shards = [3, 1, 2].map(|part| format!("results/small.shard-{part}-of-3"));
    let parts: usize = shards.iter().map(|shard| jobs_in_journal(&place.path().join(shard))).sum();
    assert_eq!(parts, 12);
    let merge = |folders: &[&str]| torus_sim(place.path(), &[&["merge"], folders, &["--out", "merged"]].concat());
    let merged = merge(&[&shards[0], &shards[1], &shards[2]]).expect(0);
    assert_eq!(merged.out, "merged: 12 of 12 jobs are done, from 3 folders\n");
    assert_same(&whole, &place.path().join("merged"));
    let before = tree(&place.path().join("merged"));
    let quiet = merge(&[&shards[1], &shards[2], &shards[0], "merged", "--quiet"]).expect(0);
    assert_eq!((quiet.out, quiet.err), (String::new(), String::new()));
    assert!(tree(&place.path().join("merged")) == before, "merging again changes something");

    let two = merge(&[&shards[0], &shards[1], "--out", "other"]);
    assert_eq!(two.code, Some(2), "--out is given twice: {}", two.err);
    let missing = torus_sim(place.path(), &["merge", &shards[0], &shards[1], "--out", "part"]).expect(0);
    assert_eq!(missing.out, "part: 8 of 12 jobs are done, from 2 folders\n");
    assert!(missing.err.contains("4 jobs are missing"), "{}", missing.err);
    // A merged folder is a sweep's like any other: what is missing is played there.
    sweep(place.path(), "--out part").expect(0);
    assert_same(&whole, &place.path().join("part"));
}

#[test]
fn a_sweep_killed_at_fifty_random_moments_gives_the_same_bytes() {
    let place = place();
    let (whole, results) = (place.path().join("whole"), place.path().join("results/small"));
    sweep(place.path(), "--jobs 1 --out whole").expect(0);
    let (mut numbers, mut kills, mut resumed) = (Numbers(3), 0, 0);
    while kills < 50 {
        let mut child = start(place.path(), "--jobs 2 --quiet");
        sleep(Duration::from_micros(numbers.below(60_000)));
        if child.try_wait().unwrap().is_none() {
            child.kill().unwrap();
        }
        let status = child.wait().unwrap();
        match status.code() {
            // It was done before it could be killed: the next one starts anew.
            Some(code) => {
                assert_eq!(code, 0);
                assert_same(&whole, &results);
                fs::remove_dir_all(&results).unwrap();
            }
            None => kills += 1,
        }
        let done = fs::read_to_string(results.join("journal.jsonl")).unwrap_or_default().lines().count();
        resumed += usize::from((2..13).contains(&done));
    }
    sweep(place.path(), "--jobs 2").expect(0);
    assert_same(&whole, &results);
    let left: Vec<_> = tree(&results).into_keys().filter(|name| name.to_string_lossy().starts_with('.')).collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(resumed > 0, "no kill came in the middle of the sweep");
}

#[test]
fn what_is_done_is_not_done_again_and_what_is_stale_says_why() {
    let place = place();
    let results = place.path().join("results/small");
    sweep(place.path(), "").expect(0);
    assert_eq!(jobs_in_journal(&results), 12);
    sweep(place.path(), "--retry").expect(0);
    assert_eq!(jobs_in_journal(&results), 12);

    // Words about the sweep and the scenario, and how it is written, are no part of a job.
    change(place.path(), "sweep.toml", "a small sweep", "another description");
    change(place.path(), "base.toml", "name = \"base\"", "name = \"bottom\"\ndescription = \"x\" # y");
    change(place.path(), "base.toml", "duration = \"3min\"", "duration = \"180s\"");
    let dry = sweep(place.path(), "--dry-run").expect(0);
    assert!(dry.out.contains("12 jobs: 12 done, 0 failed, 0 new, 0 stale\nnothing is to do\n"), "{}", dry.out);
    sweep(place.path(), "").expect(0);
    assert_eq!(jobs_in_journal(&results), 12);
    assert!(tables(&results)["manifest.json"].contains("another description"));

    // A further value, in the middle: only its jobs are new.
    change(place.path(), "sweep.toml", "[40, 80]", "[40, 60, 80]");
    let dry = sweep(place.path(), "--dry-run").expect(0);
    assert!(dry.out.contains("18 jobs: 12 done, 0 failed, 6 new, 0 stale\n"), "{}", dry.out);
    assert!(dry.out.contains("from the jobs that are done"), "{}", dry.out);
    sweep(place.path(), "").expect(0);
    assert_eq!(jobs_in_journal(&results), 18);
    sweep(place.path(), "--out anew").expect(0);
    assert_same(&results, &place.path().join("anew"));

    // Another base: all is stale, and it says why. It is played again, and what was there before is found again.
    change(place.path(), "base.toml", "lookups_every = \"5s\"", "lookups_every = \"6s\"");
    let before = tree(place.path());
    let dry = sweep(place.path(), "--dry-run").expect(0);
    assert!(tree(place.path()) == before, "a dry run changed something");
    assert!(dry.out.contains("18 jobs: 0 done, 0 failed, 0 new, 18 stale\n"), "{}", dry.out);
    let why = "its scenario, or a file that it names, has changed: workload.lookups_every was 5s and is 6s";
    assert_eq!(dry.out.matches(&format!("stale: {why}")).count(), 18, "{}", dry.out);
    let played = sweep(place.path(), "").expect(0);
    let told = format!("18 results are stale, and their jobs are played again: {why}");
    assert!(played.err.contains(&told), "{}", played.err);
    assert_eq!(jobs_in_journal(&results), 36);
    change(place.path(), "base.toml", "lookups_every = \"6s\"", "lookups_every = \"5s\"");
    sweep(place.path(), "").expect(0);
    assert_eq!(jobs_in_journal(&results), 36);
    assert_same(&results, &place.path().join("anew"));
}

#[test]
fn force_starts_anew_but_never_where_no_sweep_was() {
    let place = place();
    let results = place.path().join("results/small");
    sweep(place.path(), "").expect(0);
    let before = tables(&results);
    fs::write(results.join("journal.jsonl"), "nonsense\n").unwrap();
    sweep(place.path(), "").expect(1);
    sweep(place.path(), "--force").expect(0);
    assert_eq!((tables(&results), jobs_in_journal(&results)), (before, 12));

    fs::create_dir(place.path().join("mine")).unwrap();
    fs::write(place.path().join("mine/thesis.tex"), "x").unwrap();
    let refused = sweep(place.path(), "--out mine --force").expect(2);
    assert!(refused.err.contains("mine is not replaced: it holds no journal of a sweep"), "{}", refused.err);
    assert_eq!(tree(&place.path().join("mine")).len(), 1);
}

#[test]
fn a_folder_of_something_else_is_left_alone() {
    let place = place();
    sweep(place.path(), "--out there").expect(0);
    let before = tree(&place.path().join("there"));
    change(place.path(), "sweep.toml", "name = \"small\"", "name = \"other\"");
    for line in ["--out there", "--out there --dry-run"] {
        let refused = sweep(place.path(), line).expect(2);
        assert!(refused.err.contains("there holds another sweep, `small`"), "{}", refused.err);
    }
    assert!(tree(&place.path().join("there")) == before);

    torus_sim(place.path(), &["run", "base.toml", "--out", "run"]).expect(0);
    let before = tree(&place.path().join("run"));
    let refused = sweep(place.path(), "--out run").expect(2);
    assert!(refused.err.contains("no journal of a sweep"), "{}", refused.err);
    let refused = sweep(place.path(), "--out base.toml").expect(2);
    assert!(refused.err.contains("base.toml is not replaced: it is not a folder"), "{}", refused.err);
    assert!(tree(&place.path().join("run")) == before);
    let refused = torus_sim(place.path(), &["merge", "run", "there"]).expect(2);
    assert!(refused.err.contains("run holds no results of a sweep"), "{}", refused.err);
    let refused = torus_sim(place.path(), &["merge", "there", "nowhere"]).expect(2);
    assert!(refused.err.contains("nowhere holds no results of a sweep"), "{}", refused.err);
}

#[test]
fn a_damaged_journal_is_an_error_unless_only_its_end_is_missing() {
    let place = place();
    sweep(place.path(), "--out whole").expect(0);
    let (whole, cut) = (place.path().join("whole"), place.path().join("cut"));
    let journal = fs::read(whole.join("journal.jsonl")).unwrap();
    fs::create_dir(&cut).unwrap();
    fs::write(cut.join("journal.jsonl"), &journal[..journal.len() - 700]).unwrap();
    let resumed = sweep(place.path(), "--out cut").expect(0);
    assert!(resumed.err.contains("the last line of the journal was cut short"), "{}", resumed.err);
    assert_same(&whole, &cut);
    assert_eq!(jobs_in_journal(&cut), 12);

    let lines: Vec<&[u8]> = journal.split_inclusive(|byte| *byte == b'\n').collect();
    let mut damaged = lines.concat();
    damaged[lines[..4].concat().len() + 300] ^= 1;
    fs::write(cut.join("journal.jsonl"), &damaged).unwrap();
    let before = tree(&cut);
    for more in ["--out cut", "--out cut --dry-run", "--out cut --retry"] {
        let refused = sweep(place.path(), more).expect(1);
        assert!(refused.err.contains("line 5 of cut/journal.jsonl is damaged"), "{}", refused.err);
    }
    assert_eq!(torus_sim(place.path(), &["merge", "cut", "--out", "merged"]).code, Some(1));
    assert!(tree(&cut) == before, "something was changed");
    // As it says: without that line its job is played again.
    let without: Vec<&[u8]> = lines.iter().enumerate().filter(|(line, _)| *line != 4).map(|(_, text)| *text).collect();
    fs::write(cut.join("journal.jsonl"), without.concat()).unwrap();
    sweep(place.path(), "--out cut").expect(0);
    assert_same(&whole, &cut);
    assert_eq!(jobs_in_journal(&cut), 12);
}

#[cfg(unix)]
#[test]
fn a_full_disk_loses_nothing() {
    let place = place();
    sweep(place.path(), "--out whole").expect(0);
    // No file may grow beyond so many blocks of 512 bytes: now the journal reaches that first, now a table.
    for blocks in [0, 8, 16, 40] {
        let line = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" sweep sweep.toml --jobs 1");
        let mut command = Command::new("sh");
        command.args(["-c", &line, env!("CARGO_BIN_EXE_torus-sim")]).current_dir(place.path());
        let full = Ended::from(command.output().unwrap()).expect(1);
        let is_told = full.err.contains("cannot write results/small/") && full.err.contains(": File too large");
        assert!(is_told, "{}", full.err);
        let journal = fs::read(place.path().join("results/small/journal.jsonl")).unwrap();
        assert!(journal.is_empty() || journal.ends_with(b"\n"), "half a line is left");
    }
    assert!(jobs_in_journal(&place.path().join("results/small")) > 2);
    sweep(place.path(), "").expect(0);
    assert_same(&place.path().join("whole"), &place.path().join("results/small"));
    assert_eq!(jobs_in_journal(&place.path().join("results/small")), 12);
}

#[test]
fn a_place_that_cannot_be_written_is_a_clear_error() {
    let place = place();
    fs::write(place.path().join("file"), "mine").unwrap();
    let before = tree(place.path());
    let refused = sweep(place.path(), "--out file/inside");
    assert!(refused.code == Some(2) && refused.err.contains("file/inside"), "{}", refused.err);
    if cfg!(target_os = "linux") {
        let refused = sweep(place.path(), "--out /proc/inside").expect(1);
        assert!(refused.err.contains("cannot create the folder /proc/inside"), "{}", refused.err);
    }
    assert!(tree(place.path()) == before);
}

/// A sweep that nobody waits for, once it holds its folder.
fn endless(place: &Path) -> Child {
    let child = start(place, "--jobs 2 --set measurement.duration=10000h --out held");
    let journal = place.join("held/manifest.json");
    (0..600).take_while(|_| !journal.exists()).for_each(|_| sleep(Duration::from_millis(100)));
    assert!(journal.exists(), "the sweep did not start within a minute");
    child
}

#[cfg(unix)]
#[test]
fn two_processes_do_not_share_a_folder_and_the_first_can_be_interrupted() {
    let place = place();
    let mut first = endless(place.path());
    for line in ["--out held", "--out held --force"] {
        let second = sweep(place.path(), line).expect(1);
        assert!(second.err.contains("another process is writing held"), "{}", second.err);
    }
    let kill = Command::new("kill").args(["-INT", &first.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let status = first.wait().unwrap();
    let mut said = String::new();
    std::io::Read::read_to_string(&mut first.stderr.take().unwrap(), &mut said).unwrap();
    assert_eq!(status.code(), Some(130), "{said}");
    assert!(said.contains("12 jobs are left; what was finished is kept in held. The same command goes on"), "{said}");
    assert!(!place.path().join("held/.lock").exists());
}

#[cfg(unix)]
#[test]
fn an_interrupted_sweep_keeps_what_was_finished() {
    let place = place();
    // The cells with 80 nodes are far longer: they are interrupted, the others are done.
    let zip = "[[zip]]\n\"population.nodes\" = [40, 80]\n\"measurement.duration\" = [\"3min\", \"10000h\"]\n";
    change(place.path(), "sweep.toml", "\"population.nodes\" = [40, 80]\n", zip);
    let child = start(place.path(), "--jobs 4 --out held");
    let done = || fs::read_to_string(place.path().join("held/journal.jsonl")).unwrap_or_default().lines().count() > 2;
    (0..600).take_while(|_| !done()).for_each(|_| sleep(Duration::from_millis(100)));
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let ended = Ended::from(child.wait_with_output().unwrap()).expect(130);
    let kept = jobs_in_journal(&place.path().join("held"));
    assert!(kept >= 2 && ended.err.contains(&format!("{} jobs are left", 12 - kept)), "{}", ended.err);
    assert_eq!(column(&place.path().join("held/failures.csv"), "nodes").len(), kept);
}

#[test]
fn axes_may_be_lists_ranges_and_zips_and_any_key_can_be_one() {
    let place = place();
    let text = "\
name = \"axes\"
seed = 9
[set]
\"protocol.chord.successors\" = 3
[scenario]
protocol = \"chord\"
population.nodes = 40
measurement.duration = \"1min\"
workload.lookups_every = \"5s\"
[axes]
protocol = [\"chord\"]
\"population.nodes\" = { from = 20, to = 40, step = 20 }
\"protocol.chord.stabilize_every\" = { from = \"15s\", to = \"60s\", factor = 2 }
[[zip]]
\"network.loss\" = [0.0, 0.1]
\"network.rpc_timeout\" = [\"500ms\", \"1s\"]
";
    fs::write(place.path().join("sweep.toml"), text).unwrap();
    sweep(place.path(), "--set protocol.chord.fix_fingers_every=10s").expect(0);
    let results = place.path().join("results/axes");
    let table = results.join("failures.csv");
    assert_eq!(column(&table, "protocol"), ["chord"; 12]);
    let nodes = column(&table, "population.nodes");
    assert_eq!((&nodes[..6], &nodes[6..]), (&["20"; 6].map(String::from)[..], &["40"; 6].map(String::from)[..]));
    let periods = column(&table, "protocol.chord.stabilize_every");
    assert_eq!(periods[..6], ["15s", "15s", "30s", "30s", "1min", "1min"]);
    assert_eq!(column(&table, "network.loss")[..4], ["0", "0.1", "0", "0.1"]);
    assert_eq!(column(&table, "network.rpc_timeout")[..4], ["500ms", "1s", "500ms", "1s"]);
    assert_eq!(column(&table, "seed"), ["9"; 12]);

    // A run of a cell's scenario is the same run.
    let set = "protocol.chord.successors=3 protocol.chord.fix_fingers_every=10s population.nodes=40 \
               protocol.chord.stabilize_every=1min network.loss=0.1 network.rpc_timeout=1s measurement.duration=1min \
               workload.lookups_every=5s";
    fs::write(place.path().join("cell.toml"), "name = \"cell\"\nseed = 9\nprotocol = \"chord\"\n").unwrap();
    let set: Vec<&str> = set.split_whitespace().flat_map(|set| ["--set", set]).collect();
    torus_sim(place.path(), &[&["run", "cell.toml", "--out", "cell"], &set[..]].concat()).expect(0);
    let run = column(&place.path().join("cell/summary.csv"), "fingerprint");
    assert_eq!(column(&table, "fingerprint")[11], run[0]);
}

#[test]
fn tables_as_values_sweep_the_parameters_of_each_protocol_apart() {
    let place = place();
    let text = "\
name = \"apart\"
replicates = 2
[scenario]
population.nodes = 40
measurement.duration = \"1min\"
workload.lookups_every = \"5s\"
churn.preset = \"bamboo-5.8m\"
[axes]
\"network.loss\" = [0.0, 0.1]
protocol = [
    { chord = { successors = 3 } },
    { chord = { successors = 6, stabilize_every = \"15s\" } },
    { kademlia = {
        k = 4, alpha = 1,   # over several lines
    } },
]
";
    fs::write(place.path().join("sweep.toml"), text).unwrap();
    sweep(place.path(), "").expect(0);
    let results = place.path().join("results/apart");
    for file in ["cells.csv", "failures.csv"] {
        let table = results.join(file);
        let each = column(&table, "protocol").len() / 6;
        let expected =
            |values: [&'static str; 3]| values.repeat(2).iter().flat_map(|it| vec![*it; each]).collect::<Vec<_>>();
        let column = |name: &str| column(&table, name);
        assert_eq!(column("protocol"), expected(["chord", "chord", "kademlia"]), "{file}");
        assert_eq!(column("protocol.chord.successors"), expected(["3", "6", ""]), "{file}");
        assert_eq!(column("protocol.chord.stabilize_every"), expected(["", "15s", ""]), "{file}");
        assert_eq!(column("protocol.kademlia.k"), expected(["", "", "4"]), "{file}");
    }
    // Each side names a cell by its own keys; what is left is the loss.
    let compared = torus_sim(
        place.path(),
        &["compare", "results/apart:protocol=chord,protocol.chord.successors=3", "results/apart:protocol=kademlia"],
    );
    assert!(compared.err.contains("swept differently: network.loss on the one"), "{}", compared.err);
    let one = "results/apart:protocol=chord,protocol.chord.successors=6,protocol.chord.stabilize_every=15s";
    let other = "results/apart:protocol=kademlia,protocol.kademlia.k=4,protocol.kademlia.alpha=1";
    let compared = torus_sim(place.path(), &["compare", one, other, "--each-cell"]).expect(0);
    assert!(compared.out.contains("4 pairs of runs") && compared.out.contains("\nnetwork.loss "), "{}", compared.out);
    // What a table sets in its cells cannot be set for all.
    let refused = sweep(place.path(), "--set protocol.chord.successors=4").expect(2);
    assert!(refused.err.contains("it is swept"), "{}", refused.err);
}

#[test]
fn replicates_until_an_interval_is_narrow_are_the_same_for_any_jobs_and_shards() {
    let place = place();
    change(
        place.path(),
        "sweep.toml",
        "replicates = 3",
        "replicates = { until = \"15%\", at_least = 2, at_most = 12 }",
    );
    sweep(place.path(), "--jobs 1 --out one").expect(0);
    sweep(place.path(), "--jobs 2 --out two").expect(0);
    let whole = place.path().join("one");
    assert_same(&whole, &place.path().join("two"));
    let replicates = column(&whole.join("cells.csv"), "replicates");
    assert!(replicates.iter().any(|count| count != &replicates[0]), "{replicates:?}");
    for part in 1..=2 {
        sweep(place.path(), &format!("--shard {part}/2")).expect(0);
    }
    torus_sim(place.path(), &["merge", "results/small.shard-2-of-2", "results/small.shard-1-of-2"]).expect(0);
    assert_same(&whole, &place.path().join("results/small"));
}

#[test]
fn a_dry_run_lists_the_jobs_and_writes_nothing() {
    let place = place();
    let before = tree(place.path());
    let dry = sweep(place.path(), "--dry-run --jobs 2 --memory 1GiB --shard 2/4").expect(0);
    assert!(tree(place.path()) == before);
    let lines: Vec<&str> = dry.out.lines().collect();
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let header = ["churn.session.exponential.mean", "population.nodes", "replicate", "memory", "time", "state"];
    assert_eq!(words(lines[0]), header);
    let row = words(lines[1]);
    assert_eq!((&row[..3], row.last().unwrap().as_str()), (&["2min", "40", "1"].map(String::from)[..], "new"));
    assert!(dry.out.contains("3 jobs: 0 done, 0 failed, 3 new, 0 stale\n3 to do, 2 at once: memory"), "{}", dry.out);
    assert!(dry.out.contains("allowed 1.00 GiB"), "{}", dry.out);
    assert!(dry.out.contains("a rough guess: nothing was played yet"), "{}", dry.out);
}

#[test]
fn check_takes_sweeps_and_each_command_takes_its_own_kind() {
    let place = place();
    let sound = torus_sim(place.path(), &["check", "sweep.toml", "base.toml"]).expect(0);
    assert_eq!(sound.out, "sweep.toml: sound, a sweep of 4 cells\nbase.toml: sound\n");
    let refused = torus_sim(place.path(), &["sweep", "base.toml"]).expect(2);
    assert!(refused.err.contains("is not a sweep") && refused.err.contains("torus-sim run"), "{}", refused.err);
    let refused = torus_sim(place.path(), &["run", "sweep.toml"]).expect(2);
    assert!(refused.err.contains("this is a sweep") && refused.err.contains("torus-sim sweep"), "{}", refused.err);
    change(place.path(), "sweep.toml", "[40, 80]", "[40, 0]");
    for command in ["check", "sweep"] {
        let refused = torus_sim(place.path(), &[command, "sweep.toml"]).expect(2);
        assert_eq!(refused.err.matches("--> sweep.toml:7").count(), 1, "{}", refused.err);
        assert!(!place.path().join("results").exists());
    }
    let bad = ["--shard 0/3", "--shard 4/3", "--shard 3", "--jobs 0", "--memory 12", "--dry-run --force"];
    for line in bad {
        sweep(place.path(), line).expect(2);
    }
}

#[test]
fn the_bars_show_the_sweep_and_its_jobs() {
    let place = place();
    let shown = sweep(place.path(), "--progress always --set measurement.duration=30min").expect(0);
    assert!(shown.err.contains("of 12 jobs") && shown.err.contains("population.nodes=80, replicate"), "{}", shown.err);
    let quiet = sweep(place.path(), "--quiet --force").expect(0);
    assert_eq!((quiet.out, quiet.err), (String::new(), String::new()));
}

/// All sweeps that ship.
fn shipped() -> Vec<PathBuf> {
    let folders = ["scenarios/sweeps", "scenarios/studies"].map(|folder| Path::new(PROJECT).join(folder));
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let mut files: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files
}

#[test]
fn the_sweeps_that_ship_are_sound_and_can_be_played() {
    let place = tempfile::tempdir().unwrap();
    assert!(shipped().len() >= 3);
    for path in shipped() {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# "), "{name} does not say what it shows");
        torus_sim(place.path(), &["check", path.to_str().unwrap()]).expect(0);
        let dry = torus_sim(place.path(), &["sweep", path.to_str().unwrap(), "--dry-run"]).expect(0);
        let jobs = dry.out.lines().filter(|line| line.ends_with("  new")).count();
        // The first of as many parts as there are jobs is one job; made short and small where that is not swept.
        let shard = format!("1/{jobs}");
        let is_swept = text.contains("measurement.warmup\"");
        let short = ["--set", "measurement.warmup=10s", "--set", "measurement.duration=1min"];
        let short = if is_swept { &[][..] } else { &short[..] };
        let small = ["--set", "population.nodes=50"];
        let small = if text.contains("\"population.nodes\"") { &[][..] } else { &small[..] };
        let line = [&["sweep", path.to_str().unwrap(), "--shard", &shard, "--out", name], short, small].concat();
        torus_sim(place.path(), &line).expect(0);
        assert_eq!(column(&place.path().join(name).join("cells.csv"), "replicates"), ["1"]);
    }
}

/// Peak memory and estimate of a run \[B\].
fn memory(place: &Path, nodes: u64, successors: u64) -> (f64, f64) {
    let text = BASE.replace("nodes = 60", &format!("nodes = {nodes}")).replace("\"5s\"", "\"30s\"");
    fs::write(place.join("base.toml"), text.replace("name = \"base\"", &format!("name = \"m-{nodes}-{successors}\"")))
        .unwrap();
    let set = format!("protocol.chord.successors={successors}");
    let run = format!("results/m-{nodes}-{successors}");
    torus_sim(place, &["run", "base.toml", "--quiet", "--set", &set]).expect(0);
    let timing = fs::read_to_string(place.join(run).join("timing.json")).unwrap();
    let timing: serde_json::Value = serde_json::from_str(&timing).unwrap();
    let peak = timing["peak_memory_bytes"].as_f64().expect("Linux tells it");
    let sweep = format!("name = \"s\"\nbase = \"base.toml\"\n[axes]\n\"protocol.chord.successors\" = [{successors}]\n");
    let source = torus_sim::scenario::Source { name: "s".to_owned(), text: sweep, folder: place.to_owned() };
    let grid = torus_sim::scenario::Grid::read(&source, &[], torus_sim::sweep::tables::FIGURES).unwrap();
    let protocols = torus_sim::simulation::protocols::NAMES;
    let plan = torus_sim::sweep::Plan::new(grid, protocols, torus_sim::simulation::protocols::read).unwrap();
    (peak, plan.costs[0].memory_bytes as f64)
}

fn assert_estimates(sizes: &[(u64, u64)]) {
    let place = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    for (nodes, successors) in sizes {
        let (peak, estimate) = memory(place.path(), *nodes, *successors);
        let line = format!("{nodes} nodes, {successors} successors: peak {peak}, {:.3} of {estimate}", peak / estimate);
        println!("{line}");
        if !(1.0 / 3.0..=1.0).contains(&(peak / estimate)) {
            wrong.push(line);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_estimate_of_memory_is_at_least_the_peak_and_at_most_three_times_it() {
    assert_estimates(&[(1_000, 16), (10_000, 4), (10_000, 32)]);
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "takes a minute without optimisation"]
fn the_estimate_of_memory_holds_for_large_networks() {
    assert_estimates(&[(100_000, 4), (100_000, 16), (100_000, 32)]);
}

#[test]
#[ignore = "measures real time: in a release build, on a quiet machine of two cores"]
fn two_cores_are_at_least_one_point_nine_times_as_fast_as_one() {
    let place = place();
    let text = "name = \"equal\"\nbase = \"base.toml\"\nreplicates = 64\n[axes]\n\"population.nodes\" = [1000]\n";
    fs::write(place.path().join("sweep.toml"), text).unwrap();
    let mut best = [f64::INFINITY; 2];
    for round in 0..3 {
        for jobs in [1, 2] {
            let begun = std::time::Instant::now();
            sweep(place.path(), &format!("--jobs {jobs} --quiet --out {jobs}-{round}")).expect(0);
            best[jobs - 1] = begun.elapsed().as_secs_f64().min(best[jobs - 1]);
        }
    }
    println!("one at once {:.2} s, two at once {:.2} s: {:.3} times as fast", best[0], best[1], best[0] / best[1]);
    assert!(best[0] / best[1] >= 1.9, "{best:?}");
}
