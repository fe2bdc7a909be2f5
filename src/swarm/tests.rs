//! Tests of what the swarm draws, plays and makes smaller.

use super::player::{Played, load, play_loaded};
use super::*;
use crate::engine::dice::Dice;
use crate::engine::random::{Purpose, Seed};
use crate::engine::time::Duration;
use crate::scenario::Sample;
use crate::scenario::{Action, ChurnProcess, Draft, Effective};
use crate::simulation::{Check, protocols};
use std::sync::atomic::AtomicBool;

fn never() -> AtomicBool {
    AtomicBool::new(false)
}

#[test]
fn every_scenario_is_sound_and_means_the_same_again() {
    for mode in Mode::ALL {
        for seed in 0..1000 {
            let generated = generate(seed, mode, None);
            let loaded = load(&generated.text, &[]);
            let loaded =
                loaded.unwrap_or_else(|problems| panic!("seed {seed} ({mode}): {problems}\n{}", generated.text));
            // Some scenarios are hasty on purpose, and options are drawn without regard to which make others idle.
            let is_meant =
                |message: &str| message.ends_with(" will time out") || message.ends_with(" has no effect here");
            let mut others = loaded.warnings.problems().iter().filter(|it| !is_meant(&it.message));
            assert!(others.next().is_none(), "seed {seed} ({mode}): {}", loaded.warnings);
            assert_eq!(generated, generate(seed, mode, None), "the same seed gives the same scenario");
            assert!(generated.check_every > Duration::ZERO);
        }
    }
    assert_ne!(generate(1, Mode::Calm, None).text, generate(2, Mode::Calm, None).text);
}

#[test]
fn modes_keep_what_they_promise_and_everything_has_everything() {
    let mut seen = String::new();
    for seed in 0..400 {
        let text = |mode| generate(seed, mode, Some("chord")).text;
        seen += &text(Mode::Everything);
        let of = |mode| load(&text(mode), &[]).expect("a sound scenario").scenario;
        let (crashes, calm) = (of(Mode::Crashes), of(Mode::Calm));
        assert_eq!((crashes.network.loss, crashes.churn.graceful), (0.0, 0.0));
        let is_allowed = |action: &Action| matches!(action, Action::Crash(_) | Action::Join { .. } | Action::Quiet);
        assert!(crashes.events.iter().all(|event| is_allowed(&event.action)), "seed {seed}");
        assert_eq!((calm.network.loss, &calm.churn.process), (0.0, &ChurnProcess::None));
        assert!(matches!(calm.events[..], [ref quiet] if quiet.action == Action::Quiet), "seed {seed}");
    }
    let words = [
        "joining",
        "permanent",
        "virtual_nodes",
        "identifier_bits",
        "\"never\"",
        "in_turn",
        "per_node",
        "recursive",
        "semi_recursive",
        "round_trips",
        "loss",
        "constant",
        "uniform",
        "exponential",
        "log_normal",
        "euclidean",
        "fixed",
        "weibull",
        "pareto",
        "steady",
        "preset",
        "poisson",
        "graceful",
        "\"same\"",
        "\"fresh\"",
        "zipf",
        "crash",
        "leave",
        "join = ",
        "over = ",
        "partition",
        "shares",
        "groups",
        "heal",
        "[[population.kind]]",
        "client",
        "region",
        "delay",
        "bandwidth",
        "queue_bytes",
        "[[network.link]]",
        "both_ways",
        "cut",
        "lose",
        "slow",
        "lasts",
        "mend",
        "least",
        "quiet",
        "warmup",
        "original",
        "load_keys",
        "network_lookups_every",
        "stabilize_to_end",
        "confirm_owner",
        "lookups_end_at",
        "lookups_mend_tables",
        "acknowledgements",
        "adopt_joining",
        "finger_refresh",
        "fingers_beyond",
        "finger_turns",
        "spacing",
        "live_nodes",
        "repeat",
    ];
    let missing: Vec<&&str> = words.iter().filter(|word| !seen.contains(**word)).collect();
    assert!(missing.is_empty(), "never drawn: {missing:?}");
}

#[test]
fn a_seed_may_be_of_one_protocol_only() {
    for (seed, mode) in (0..30).flat_map(|seed| Mode::ALL.map(|mode| (seed, mode))) {
        for name in protocols::NAMES {
            let text = generate(seed, mode, Some(name)).text;
            assert_eq!(load(&text, &[]).expect("a sound scenario").protocol_name, *name, "seed {seed} ({mode})");
        }
    }
    // What a seed means is pinned: it has been played, and findings name it.
    let hash = |seed| blake3::hash(generate(seed, Mode::Everything, Some("chord")).text.as_bytes()).to_hex();
    assert_eq!([0, 7, 17].map(|seed| hash(seed)[..8].to_owned()), ["3f9ec395", "ca24a417", "97758cbe"]);
    let unknown = generate(1, Mode::Calm, Some("no-such"));
    assert!(load(&unknown.text, &[]).is_err(), "{}", unknown.text);
}

#[test]
fn nodes_are_behind_nat_only_where_that_is_stood_and_else_nothing_is_drawn() {
    let stream = Seed { seed: 1, replicate: 0 }.stream(Purpose::Swarm);
    let (mut dice, mut same) = (Dice::new(stream.clone()), Dice::new(stream));
    let stood = Sample { tolerates_nat: true, ..Sample::default() };
    for (mode, sample) in [(Mode::Everything, Sample::default()), (Mode::Crashes, stood.clone())] {
        let network = generate_network::behind_nat(&mut dice, mode, Draft::new(), &sample);
        assert_eq!(network.finish().get("behind_nat"), None);
    }
    assert_eq!(dice.count(0, u64::MAX - 1), same.count(0, u64::MAX - 1), "something was drawn");
    let of = |_| generate_network::behind_nat(&mut dice, Mode::Everything, Draft::new(), &stood).finish();
    let networks: Vec<Effective> = (0..500).map(of).collect();
    let shares = networks.iter().filter_map(|network| match network.get("behind_nat") {
        Some(Effective::Float(share)) => Some(*share),
        _ => None,
    });
    let shares: Vec<f64> = shares.collect();
    assert!((70..=130).contains(&shares.len()), "{}", shares.len());
    assert!(shares.iter().all(|share| (0.05..0.6).contains(share)), "{shares:?}");
}

const BROKEN: &str = "\
name = \"broken\"
seed = 4
[population]
nodes = 40
[protocol.chord]
successors = 4
stabilize_every = \"10s\"
[workload]
lookups_every = \"10s\"
[[event]]
at = \"20s\"
join = { count = 12 }
[[event]]
at = \"25s\"
crash = { count = 2 }
[[event]]
at = \"60s\"
quiet = true
[measurement]
duration = \"2h\"
";

/// What is violated in a changed scenario.
fn violated(changes: &[&str]) -> Option<&'static str> {
    let set: Vec<String> = changes.iter().map(|change| (*change).to_owned()).collect();
    let check = Check { every: Duration::from_secs(1), each_event_from: None, until_healed: true };
    match play_loaded(load(BROKEN, &set).expect("a sound scenario"), check, &never()) {
        Played::Sound(report) => {
            let healing = report.healing.expect("quiet returns");
            assert!(healing.is_claimed || changes.len() > 1, "{healing:?}");
            None
        }
        Played::Trouble(trouble) => Some(trouble.name()),
        Played::Interrupted => panic!("nobody stops it"),
    }
}

#[test]
fn a_network_heals_in_time_and_one_that_does_not_is_found_out() {
    assert_eq!(violated(&[]), None);
    // The bound follows the rules that are in force, so a slower network is one that cannot keep what it promises: here
    // requests are answered, but too late for the deadline of every lookup, and those who arrived never join.
    assert_eq!(violated(&["protocol.chord.lookup_deadline=60ms"]), Some("joined"));
    // Each lookup of a finger fails in the same way once all have joined: fingers are never right.
    let late = ["protocol.chord.lookup_deadline=60ms", "event.0.join.count=1", "event.0.at=59999999us"];
    assert!(violated(&late).is_some());
}

#[test]
fn promises_are_not_made_for_tasks_that_are_never_done() {
    assert_eq!(violated(&["protocol.chord.stabilize_every=never", "seed=5"]), None);
    assert_eq!(violated(&["protocol.chord.fix_fingers_every=never", "seed=5"]), None);
}

#[test]
fn the_original_rules_are_found_to_break_and_made_small() {
    let set = ["protocol.chord.maintenance=original".to_owned()];
    let found = (30..36).find_map(|seed| match play(seed, Mode::Crashes, Some("chord"), &set, &never()) {
        Ended::Found(finding) => Some(finding),
        _ => None,
    });
    let finding = found.expect("a seed under which the original rules break");
    let text = generate(finding.seed, finding.mode, Some("chord")).text;
    let small = shrink(&text, &set, finding.check_every, finding.trouble.name(), &never()).expect("a smaller one");
    assert!(small.text.len() < text.len(), "{}", small.text);
    assert_eq!(small.violation.checker, finding.trouble.name());
    let check = Check { every: finding.check_every, each_event_from: None, until_healed: false };
    match play_loaded(load(&small.text, &[]).expect("a sound scenario"), check, &never()) {
        Played::Trouble(Trouble::Violation(violation)) => assert_eq!(violation.checker, small.violation.checker),
        _ => panic!("it does not fail when it is played by hand:\n{}", small.text),
    }
}

#[test]
fn what_comes_of_seeds_does_not_depend_on_threads() {
    struct Nobody;
    impl Watcher for Nobody {
        fn begins(&self, _seed: u64, _mode: Mode) {}
        fn ended(&self, _seed: u64, _mode: Mode) {}
    }
    let all = |threads| {
        let modes = vec![Mode::Calm, Mode::Crashes];
        let request = Request { seeds: 20..28, modes, protocol: None, set: Vec::new(), keep_going: true, threads };
        let mut ended = Vec::new();
        swarm(&request, &Nobody, &never(), |seed, mode, how| ended.push((seed, mode, how))).expect("threads");
        ended
    };
    let one = all(1);
    assert_eq!(one.len(), 16);
    assert_eq!(one, all(3));
}
