//! Tests of `torus-sim run` with hand-made experiments.

use super::super::arguments::{Arguments, Command};
use super::super::console::tests::console;
use super::*;
use crate::engine::distribution::Distribution;
use crate::engine::random::Seed;
use crate::engine::time::Duration;
use crate::observe::Interrupted;
use crate::output::example;
use crate::scenario::{
    Arrivals, AtStart, Churn, ChurnProcess, Keys, Latency, Measurement, Network, Population, ReturnIdentifier,
    RpcTimeout, Scenario, Start, Workload,
};
use crate::simulation::protocols::Playable;
use clap::Parser;
use std::fs;

fn scenario() -> Scenario {
    Scenario {
        name: "churn20m".to_owned(),
        description: String::new(),
        seed: Seed { seed: 20, replicate: 0 },
        population: Population { nodes: 10_000, start: Start::Converged, permanent: 0, kinds: Vec::new() },
        network: Network {
            latency: Latency::Drawn(Distribution::Fixed(Duration::from_millis(50))),
            loss: 0.0,
            behind_nat: 0.0,
            rpc_timeout: RpcTimeout::Fixed(Duration::from_millis(500)),
            bandwidth: None,
            links: Vec::new(),
        },
        churn: Churn {
            process: ChurnProcess::None,
            graceful: 0.0,
            return_identifier: ReturnIdentifier::Fresh,
            at_start: AtStart::Equilibrium,
        },
        workload: Workload { arrivals: Arrivals::None, keys: Keys::Uniform },
        events: Vec::new(),
        schedule: None,
        measurement: Measurement {
            warmup: Duration::from_secs(1_200),
            duration: Duration::from_secs(3_600),
            window: Duration::from_secs(60),
            ..Measurement::default()
        },
    }
}

/// An experiment that records the example lookups, asks its monitor, and gives the example report.
fn experiment() -> Experiment {
    Experiment {
        scenario: scenario(),
        effective: "name = \"churn20m\"\n".to_owned(),
        provenance: example::provenance(),
        warnings: "warning: not as you meant it".to_owned(),
        play: Playable::custom(0, |scenario, _, monitor, recorder| {
            for lookup in example::lookups() {
                recorder.lookup(&lookup);
            }
            let now = Time::from_nanos(720_000_000_000);
            let progress =
                Progress { now, end: scenario.measurement.end(), live_nodes: 1, events: 1, last_event: None };
            match monitor.progress(&progress) {
                std::ops::ControlFlow::Continue(()) => Ok(example::run().report),
                std::ops::ControlFlow::Break(()) => Err(Interrupted { progress }.into()),
            }
        }),
    }
}

fn arguments(line: &str, folder: &Path) -> RunArguments {
    let out = folder.join("one").display().to_string();
    let words = ["torus-sim", "run", "a.toml", "--out", &out].into_iter().chain(line.split_whitespace());
    match Arguments::try_parse_from(words).unwrap().command {
        Command::Run(arguments) => arguments,
        _ => panic!("a run was asked for"),
    }
}

/// For runs that are not checked.
fn never() -> Result<Experiment, Failure> {
    panic!("an unchecked run is played once")
}

fn unset() -> Arc<AtomicBool> {
    Arc::new(AtomicBool::new(false))
}

#[test]
fn a_run_writes_results_prints_their_summary_and_then_its_warnings() {
    let place = tempfile::tempdir().unwrap();
    let (mut console, out, err) = console();
    play(&arguments("--lookups", place.path()), &mut console, experiment(), never, unset()).unwrap();
    assert_eq!(fs::read_to_string(place.path().join("one/lookups.csv")).unwrap().lines().count(), 5);
    assert!(out.text().starts_with("churn20m: 10,000 chord nodes, seed 20\n"));
    assert!(out.text().ends_with(&format!("{}/\n", place.path().join("one").display())));
    assert!(err.text().starts_with("warning: only 40 lookups were judged"));
}

#[test]
fn a_quiet_run_says_nothing() {
    let place = tempfile::tempdir().unwrap();
    let (mut console, out, err) = console();
    run(&arguments("--quiet", place.path()), &mut console, |_| Ok(experiment())).unwrap();
    assert_eq!((out.text(), err.text()), (String::new(), String::new()));
    assert!(place.path().join("one/manifest.json").exists());
}

#[test]
fn show_config_prints_the_effective_scenario_and_plays_nothing() {
    let place = tempfile::tempdir().unwrap();
    let (mut console, out, err) = console();
    run(&arguments("--show-config", place.path()), &mut console, |_| Ok(experiment())).unwrap();
    assert_eq!(out.text(), "name = \"churn20m\"\n");
    assert_eq!(err.text(), "warning: not as you meant it\n");
    assert_eq!(place.path().read_dir().unwrap().count(), 0);
}

#[test]
fn a_bad_scenario_writes_nothing() {
    let place = tempfile::tempdir().unwrap();
    let (mut console, ..) = console();
    let arguments = arguments("--seed 7 --set a=1 --replay r.csv", place.path());
    let failure = run(&arguments, &mut console, |request| {
        assert_eq!((request.seed, request.replay), (Some(7), Some(Path::new("r.csv"))));
        assert_eq!((request.file, request.set), (Path::new("a.toml"), &["a=1".to_owned()][..]));
        Err("error: no such key".to_owned())
    });
    assert_eq!(console.fail(&failure.unwrap_err()), 2);
    assert_eq!(place.path().read_dir().unwrap().count(), 0);
}

#[test]
fn an_interrupted_run_says_how_far_it_was_and_leaves_nothing() {
    let place = tempfile::tempdir().unwrap();
    let (mut console, out, err) = console();
    let stop = Arc::new(AtomicBool::new(true));
    let arguments = arguments("--lookups --record r.csv", place.path());
    let arguments = RunArguments { record: Some(place.path().join("r.csv")), ..arguments };
    let failure = play(&arguments, &mut console, experiment(), never, stop).unwrap_err();
    assert_eq!(console.fail(&failure), 130);
    let folder = place.path().join("one");
    let expected =
        format!("interrupted: the run was at 12min of 1h 20min (15.0%); {} was not written\n", folder.display());
    assert_eq!(err.text(), expected);
    assert_eq!(out.text(), "");
    assert_eq!(place.path().read_dir().unwrap().count(), 0);
}

#[test]
fn an_interrupt_after_the_last_event_still_counts() {
    let place = tempfile::tempdir().unwrap();
    let (mut console, ..) = console();
    let stop = unset();
    let set_late = Arc::clone(&stop);
    let mut late = experiment();
    late.play = Playable::custom(0, move |_, _, _, _| {
        set_late.store(true, Ordering::Relaxed);
        Ok(example::run().report)
    });
    let failure = play(&arguments("", place.path()), &mut console, late, never, stop).unwrap_err();
    assert_eq!(console.fail(&failure), 130);
    assert_eq!(place.path().read_dir().unwrap().count(), 0);
}

#[test]
fn earlier_results_are_found_before_the_run_starts() {
    let place = tempfile::tempdir().unwrap();
    let (mut console, _, err) = console();
    play(&arguments("", place.path()), &mut console, experiment(), never, unset()).unwrap();
    let mut second = experiment();
    second.play = Playable::custom(0, |_, _, _, _| panic!("it must not be played"));
    let failure = play(&arguments("", place.path()), &mut console, second, never, unset()).unwrap_err();
    assert_eq!(console.fail(&failure), 2);
    assert!(err.text().contains("exists already\nhelp: write elsewhere"));
    play(&arguments("--force", place.path()), &mut console, experiment(), never, unset()).unwrap();
}
