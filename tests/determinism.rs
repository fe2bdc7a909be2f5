//! The promise that a scenario and a seed determine a run, claim by claim as
//! `docs/internals/determinism.md` lists them.
//!
//! Here are the claims about runs as a whole and about what the program is built from. The parts (queue, streams, laws,
//! agenda, network, files) are tested beside their code.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::process::Command;
use torus_sim::observe::progress::{Monitor, Progress};
use torus_sim::observe::report::{LookupRecord, Recorder, RunReport, Unrecorded, Warning};
use torus_sim::observe::{Stopped, Unwatched};
use torus_sim::scenario::{self, Loaded, ScheduleAction, ScheduleEntry, Source};
use torus_sim::simulation::Options;
use torus_sim::simulation::protocols::{self, Playable};

/// A network in which everything happens: churn, leaves, returning nodes, loss, late replies, a crash of many, a
/// partition.
const BUSY: &str = r#"
name = "busy"
population.nodes = 60
protocol.chord.stabilize_every = "5s"
[network]
rpc_timeout = "300ms"
loss = 0.02
[network.latency.exponential]
mean = "60ms"
[churn]
graceful = 0.3
return_identifier = "same"
[churn.session.weibull]
shape = 0.6
mean = "2min"
[churn.downtime.exponential]
mean = "1min"
[workload]
lookups_every = "5s"
[[event]]
at = "100s"
crash = { fraction = 0.2 }
[[event]]
at = "120s"
join = { count = 10, over = "20s" }
[[event]]
at = "150s"
partition = { shares = [0.7, 0.3] }
[[event]]
at = "200s"
heal = true
[measurement]
warmup = "30s"
duration = "4min"
window = "30s"
"#;

/// Writes everything down.
#[derive(Default)]
struct Notes {
    lookups: Vec<LookupRecord>,
    schedule: Vec<ScheduleEntry>,
}

impl Recorder for Notes {
    fn lookup(&mut self, record: &LookupRecord) {
        self.lookups.push(*record);
    }

    fn scheduled(&mut self, entry: &ScheduleEntry) {
        self.schedule.push(*entry);
    }
}

/// The busy scenario with changes, each as an argument of `--set`. A latency among them takes the place of its own.
fn load(changes: &[&str]) -> Loaded<Playable> {
    let own = "[network.latency.exponential]\nmean = \"60ms\"\n";
    let text = match changes.iter().any(|change| change.contains("latency")) {
        true => BUSY.replace(own, ""),
        false => BUSY.to_owned(),
    };
    let changes: Vec<String> = changes.iter().map(|change| (*change).to_owned()).collect();
    let loaded = scenario::load(Source::from_text("busy", &text), &changes, protocols::NAMES, protocols::read);
    loaded.unwrap_or_else(|problems| panic!("{problems}"))
}

fn run(changes: &[&str], options: Options, monitor: &mut dyn Monitor, recorder: &mut dyn Recorder) -> RunReport {
    let loaded = load(changes);
    loaded.protocol.play(&loaded.scenario, options, monitor, recorder).expect("nobody stops it")
}

/// The changes that make it a run of each protocol.
fn each_protocol() -> impl Iterator<Item = String> {
    protocols::NAMES.iter().map(|name| format!("protocol={name}"))
}

fn play(changes: &[&str]) -> RunReport {
    run(changes, Options::default(), &mut Unwatched, &mut Unrecorded)
}

fn schedule(changes: &[&str]) -> Vec<ScheduleEntry> {
    let mut notes = Notes::default();
    run(changes, Options { record_schedule: true, ..Options::default() }, &mut Unwatched, &mut notes);
    notes.schedule
}

#[test]
fn a_run_is_the_same_twice_and_another_seed_gives_another() {
    let mut failed = 0;
    for protocol in each_protocol() {
        let report = play(&[&protocol]);
        assert_eq!(play(&[&protocol]), report);
        assert_ne!(play(&[&protocol, "seed=2"]).fingerprint, report.fingerprint);
        let outcomes = report.total.outcomes;
        let counts = [outcomes.correct, outcomes.wrong_owner, outcomes.aborted, report.total.leaves];
        assert!(counts.iter().all(|count| *count > 0), "{protocol} is not so busy: {counts:?}");
        let messages = report.messages;
        assert!(messages.lost > 0 && messages.dropped > 0, "{messages:?}");
        failed += outcomes.failed;
    }
    assert!(failed > 0, "no lookup failed, whatever the protocol");
}

#[test]
fn the_protocol_and_the_network_do_not_move_arrivals_departures_and_lookups() {
    let reference = schedule(&[]);
    assert!(reference.len() > 1000, "{}", reference.len());
    let mut fingerprints = BTreeSet::new();
    for protocol in each_protocol() {
        for changes in
            [&[][..], &["network.loss=0.5", "network.rpc_timeout=1s"], &["network.latency.exponential.mean=10ms"]]
        {
            let changes = [&[protocol.as_str()], changes].concat();
            assert!(schedule(&changes) == reference, "{changes:?} moves what comes from outside");
            assert!(fingerprints.insert(play(&changes).fingerprint), "{changes:?} changes nothing at all");
        }
    }
    for changes in [
        &["protocol.chord.successors=2", "protocol.chord.routing=recursive"][..],
        &["protocol.chord.virtual_nodes=3", "protocol.chord.identifier_bits=32"],
        &["protocol.chord.maintenance=original", "protocol.chord.stabilize_every=never"],
        &["protocol=kademlia", "protocol.kademlia.k=3", "protocol.kademlia.routing=semi_recursive"],
        &["protocol=kademlia", "protocol.kademlia.preset=mainline", "protocol.kademlia.identifier_bits=32"],
        &["protocol=kademlia", "protocol.kademlia.refresh_on_join=false", "protocol.kademlia.refresh_after=never"],
    ] {
        assert!(schedule(changes) == reference, "{changes:?} moves what comes from outside");
        assert!(fingerprints.insert(play(changes).fingerprint), "{changes:?} changes nothing at all");
    }
}

#[test]
fn the_workload_and_the_measurement_do_not_move_arrivals_and_departures() {
    let churn = |changes: &[&str]| {
        let mut entries = schedule(changes);
        entries.retain(|entry| !matches!(entry.action, ScheduleAction::Lookup(_)));
        entries
    };
    let reference = churn(&[]);
    assert_eq!(churn(&["workload.lookups_every=1min"]), reference);
    assert_eq!(churn(&["measurement.warmup=1min", "measurement.duration=210s"]), reference);
}

#[test]
fn what_is_measured_does_not_change_the_run() {
    for protocol in each_protocol() {
        let reference = play(&[&protocol]);
        for changes in ["measurement.window=7s", "measurement.window=4min"] {
            assert_eq!(play(&[&protocol, changes]).fingerprint, reference.fingerprint, "{protocol}");
        }
        let moved = play(&[&protocol, "measurement.warmup=1min", "measurement.duration=210s"]);
        assert_eq!(moved.fingerprint, reference.fingerprint, "{protocol}: the same time, another part of it measured");
    }
}

/// Counts how often it is told.
struct Counting(u64);

impl Monitor for Counting {
    fn progress(&mut self, _progress: &Progress) -> ControlFlow<()> {
        self.0 += 1;
        ControlFlow::Continue(())
    }
}

#[test]
fn observers_do_not_change_the_run() {
    for protocol in each_protocol() {
        let reference = play(&[&protocol]);
        let all = Options { record_lookups: true, record_schedule: true, ..Options::default() };
        let (mut monitor, mut notes) = (Counting(0), Notes::default());
        assert_eq!(run(&[&protocol], all, &mut monitor, &mut notes), reference);
        assert!(monitor.0 > 1 && !notes.schedule.is_empty());
        assert_eq!(notes.lookups.len() as u64, reference.total.outcomes.lookups());

        let blind = run(&[&protocol], Options { blind: true, ..all }, &mut Unwatched, &mut Unrecorded);
        let mut seeing = reference.clone();
        for statistics in seeing.windows.iter_mut().chain([&mut seeing.total]) {
            assert!(statistics.health.iter().all(|(_, figure)| figure.is_some()), "{protocol}");
            statistics.health.iter_mut().for_each(|(_, figure)| *figure = None);
        }
        assert!(blind.total.health.iter().all(|(_, figure)| figure.is_none()));
        assert_eq!(blind.fingerprint, reference.fingerprint);
        assert_eq!(blind, seeing, "{protocol}: all but the figures of health");
    }
}

#[test]
fn a_run_that_is_stopped_has_no_report() {
    struct Stop;
    impl Monitor for Stop {
        fn progress(&mut self, _progress: &Progress) -> ControlFlow<()> {
            ControlFlow::Break(())
        }
    }
    let loaded = load(&[]);
    let stopped = loaded.protocol.play(&loaded.scenario, Options::default(), &mut Stop, &mut Unrecorded);
    assert!(matches!(stopped, Err(Stopped::Interrupted(_))));
}

/// Ways to come to the instants at which timeouts are decided.
const TIGHT: &[&[&str]] = &[
    &[],
    &["network.loss=0.2"],
    // A third of all replies come late.
    &["network.rpc_timeout=100ms", "network.latency.exponential.mean=80ms"],
    // A reply takes exactly as long as its timeout, now and then; a request does.
    &["network.latency={ uniform = { from = '49999999ns', to = '50000001ns' } }", "network.rpc_timeout=100ms"],
    &["network.latency={ uniform = { from = '0s', to = '2ns' } }", "network.rpc_timeout=1ns"],
    // No message takes any time.
    &["network.latency.constant.delay=0s", "network.rpc_timeout=1ns"],
    &["network.rpc_timeout={round_trips=1.5}", "network.latency.exponential.mean=1s"],
    &["network.rpc_timeout={ first = '300ms', least = '1ms' }", "network.latency.exponential.mean=80ms"],
];

#[test]
fn timeouts_that_are_scheduled_only_when_needed_are_like_real_ones() {
    let eager = Options { eager_timeouts: true, ..Options::default() };
    let compare = |changes: &[&str]| {
        let lazy = play(changes);
        assert!(lazy.total.timeouts_mean > Some(0.0), "no timeout was needed: {changes:?}");
        let real = run(changes, eager, &mut Unwatched, &mut Unrecorded);
        assert_eq!(real, lazy, "{changes:?}");
        usize::from(lazy.warnings.iter().any(|warning| matches!(warning, Warning::LateReplies { .. })))
    };
    for protocol in each_protocol() {
        let late: usize = TIGHT.iter().map(|changes| compare(&[&[protocol.as_str()], *changes].concat())).sum();
        assert!(late >= 3, "{protocol}: replies were late in {late} runs only");
    }
    for changes in [
        &["protocol.chord.routing=recursive"][..],
        &["protocol.chord.routing=semi_recursive", "network.loss=0.2"],
        &["protocol.chord.maintenance=original", "protocol.chord.successors=1"],
        &["protocol.chord.virtual_nodes=4", "protocol.chord.fingers_per_round=all"],
        &["network.rpc_timeout=100ms", "network.latency.exponential.mean=80ms", "protocol.chord.routing=recursive"],
        &["protocol=kademlia", "protocol.kademlia.routing=semi_recursive", "network.loss=0.2"],
        &["protocol=kademlia", "protocol.kademlia.preset=mainline", "protocol.kademlia.death_notice=true"],
    ] {
        compare(changes);
    }
}

/// The transcendental functions of floats, and powers: the standard library leaves their last bit to the platform.
const INEXACT: [&str; 26] = [
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "cos", "cosh", "exp", "exp2", "exp_m1",
    "hypot", "ln", "ln_1p", "log", "log10", "log2", "powf", "powi", "sin", "sin_cos", "sinh", "tan", "tanh",
];

fn read(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn toml(name: &str) -> toml::Table {
    read(name).parse().unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn the_lints_ban_what_differs_between_machines_and_runs() {
    let table = toml("clippy.toml");
    let banned = |list: &str| -> Vec<String> {
        let entries = table[list].as_array().expect("a list").iter();
        entries.map(|entry| entry["path"].as_str().expect("a path").to_owned()).collect()
    };
    let (methods, types) = (banned("disallowed-methods"), banned("disallowed-types"));
    for method in INEXACT {
        for float in ["f32", "f64"] {
            assert!(methods.contains(&format!("{float}::{method}")), "{float}::{method} is not banned");
        }
    }
    for method in ["rand::rng", "rand::RngExt::random", "rand::RngExt::random_range", "std::thread::spawn"] {
        assert!(methods.iter().any(|banned| banned == method), "{method} is not banned");
    }
    for name in
        ["std::collections::HashMap", "std::collections::HashSet", "std::time::Instant", "std::time::SystemTime"]
    {
        assert!(types.iter().any(|banned| banned == name), "{name} is not banned");
    }
    let lints = toml("Cargo.toml")["lints"]["clippy"].clone();
    for lint in ["disallowed_types", "disallowed_methods", "iter_over_hash_type", "print_stdout", "print_stderr"] {
        assert_eq!(lints[lint].as_str(), Some("deny"), "{lint}");
    }
}

/// Libraries that bring ambient generators, or turn on `std` in `num-traits` for all others.
const UNWANTED: [&str; 6] = ["statrs", "hdrhistogram", "rand_distr", "plotters", "fastrand", "getrandom"];

#[test]
fn the_program_is_built_without_a_generator_seeded_by_the_system() {
    let cargo = Command::new(env!("CARGO"))
        .args(["tree", "--edges", "features,no-dev", "--prefix", "none", "--locked", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let tree = String::from_utf8(cargo.stdout).expect("text");
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let lines: Vec<&str> = tree.lines().collect();
    assert!(lines.iter().any(|line| line.starts_with("rand_chacha v0.10.")), "{tree}");
    for name in UNWANTED {
        let found = lines.iter().find(|line| line.split(' ').next() == Some(name));
        assert_eq!(found, None, "{name} is built in");
    }
    let features = |name: &str| -> Vec<&&str> {
        lines.iter().filter(|line| line.starts_with(&format!("{name} feature "))).collect()
    };
    for name in ["rand", "rand_chacha", "num-traits"] {
        assert_eq!(features(name), Vec::<&&str>::new(), "{name} has features on");
    }
}

#[test]
fn the_generators_are_pinned_to_the_versions_whose_streams_are_known() {
    let dependencies = toml("Cargo.toml")["dependencies"].clone();
    for (name, version) in [("rand", "0.10"), ("rand_chacha", "0.10")] {
        assert_eq!(dependencies[name]["version"].as_str(), Some(version));
        assert_eq!(dependencies[name]["default-features"].as_bool(), Some(false), "{name}");
    }
    for name in UNWANTED {
        assert!(dependencies.get(name).is_none(), "{name} is a dependency");
    }
}
