//! Chord against what its papers and their analysis say: path lengths in an exact ring, the share of wrong and dead
//! successors under Poisson churn, and which way the failure rate moves.
//!
//! The figures are those of `ton-fig10a` and `ton-fig10b` (Stoica et al., IEEE/ACM ToN 11(1), 2003) and of the
//! analysis by Krishnamurthy, El-Ansary, Aurell and Haridi (IPTPS 2005).

#![allow(clippy::print_stdout)] // The figures, for `cargo test -- --nocapture`.

mod chord_support;

use chord_support::{exponential, health, play, play_with, quiet, secs, without_maintenance};
use torus_sim::engine::time::Duration;
use torus_sim::protocols::chord::{Config, Maintenance, Routing};
use torus_sim::scenario::{Arrivals, ChurnProcess, Measurement, Scenario};
use torus_sim::simulation::Options;

/// `lookups` random lookups within ten seconds, and time for the last to end.
fn looking_up(nodes: u32, seed: u64, lookups: u64) -> Scenario {
    let mut scenario = quiet(nodes, seed);
    scenario.workload.arrivals = Arrivals::Network(Duration::from_nanos(10_000_000_000 / lookups));
    scenario.measurement =
        Measurement { warmup: Duration::ZERO, duration: secs(10), window: secs(10), ..Measurement::default() };
    scenario
}

/// As in the paper: the first successor only, and right tables throughout.
fn plain(successors: u32) -> Config {
    without_maintenance(Config { successors, ..Config::default() })
}

/// Shares of lookups by hops, over several rings.
fn distribution_of_hops(nodes: u32, successors: u32, rings: u64, lookups: u64) -> Vec<f64> {
    let mut counts = [0u64; 64];
    for seed in 0..rings {
        let report = play(&looking_up(nodes, 100 + seed, lookups), &plain(successors));
        assert_eq!(report.total.outcomes.correct, report.total.outcomes.lookups());
        counts.iter_mut().zip(&report.hops).for_each(|(count, more)| *count += more);
    }
    let all: u64 = counts.iter().sum();
    assert!(all > rings * lookups * 9 / 10, "{all}");
    counts.iter().map(|count| *count as f64 / all as f64).collect()
}

fn mean(shares: &[f64]) -> f64 {
    (0..).zip(shares).map(|(hops, share)| f64::from(hops) * share).sum()
}

fn check_mean_path(nodes: u32, rings: u64, lookups: u64, published: f64) {
    let mean = mean(&distribution_of_hops(nodes, 1, rings, lookups));
    println!("{nodes} nodes: mean path {mean:.3}, published {published}");
    assert!((mean - published).abs() <= 0.1, "{nodes} nodes: mean path {mean}, published {published}");
}

#[test]
fn mean_path_of_256_nodes() {
    check_mean_path(256, 12, 10_000, 3.88);
}

#[test]
fn mean_path_of_1024_nodes() {
    check_mean_path(1024, 6, 20_000, 4.89);
}

#[test]
fn mean_path_of_4096_nodes_and_its_distribution() {
    const PUBLISHED: [f64; 12] =
        [0.0033, 0.018, 0.0571, 0.1288, 0.2124, 0.2254, 0.1938, 0.1094, 0.0412, 0.0092, 0.0012, 0.0002];
    let shares = distribution_of_hops(4096, 1, 4, 30_000);
    println!("4096 nodes: mean path {:.3}, published 5.85; {:.4?}", mean(&shares), &shares[..13]);
    assert!((mean(&shares) - 5.85).abs() <= 0.1, "{}", mean(&shares));
    for (hops, published) in (1..).zip(PUBLISHED) {
        let share = shares[hops];
        assert!((share - published).abs() <= 0.02, "{hops} hops: {share}, published {published}");
    }
}

#[test]
#[ignore = "a ring of 16384 nodes, and a whole hundred lookups a node at 4096"]
fn mean_path_of_16384_nodes() {
    check_mean_path(4096, 3, 409_600, 5.85);
    check_mean_path(16_384, 2, 200_000, 6.87);
}

#[test]
fn a_successor_list_saves_the_last_hops() {
    // Of the hops a list of 16 saves those that would halve the last 16 nodes, but for the one into the list: half of
    // log2(16), less one.
    for (nodes, rings) in [(1024, 4), (4096, 2)] {
        let (plain, with_list) =
            (distribution_of_hops(nodes, 1, rings, 20_000), distribution_of_hops(nodes, 16, rings, 20_000));
        let expected = f64::from(nodes.ilog2()) / 2.0 - 1.0;
        println!("{nodes} nodes: mean path {:.3} with 16 successors, {:.3} with one", mean(&with_list), mean(&plain));
        assert!((mean(&with_list) - expected).abs() < 0.2, "{} not near {expected}", mean(&with_list));
        assert!(mean(&plain) - mean(&with_list) > 0.6);
    }
}

#[test]
fn every_way_of_routing_takes_the_same_paths_in_a_quiet_ring() {
    for (successors, virtual_nodes) in [(1, 1), (16, 1), (8, 3)] {
        let lookups = [Routing::Iterative, Routing::Recursive, Routing::SemiRecursive].map(|routing| {
            let config = Config { routing, virtual_nodes, ..plain(successors) };
            let options = Options { record_lookups: true, ..Options::default() };
            let (report, mut kept) = play_with(&looking_up(1000, 5, 5_000), &config, options);
            assert_eq!((report.total.outcomes.wrong_owner, report.total.outcomes.failed), (0, 0));
            kept.lookups.sort_by_key(|lookup| lookup.number);
            // The last ones may be under way still, depending on how fast the answer comes.
            kept.lookups.retain(|lookup| lookup.started.as_nanos() < 7_000_000_000);
            kept.lookups
                .into_iter()
                .map(|lookup| (lookup.node, lookup.key, lookup.answer, lookup.hops))
                .collect::<Vec<_>>()
        });
        assert!(lookups[0].len() > 3_000);
        assert!(lookups[0] == lookups[1] && lookups[1] == lookups[2]);
    }
}

/// Nodes that come and go, with enough lookups to tell failure rates apart.
fn churning(session: Duration) -> Scenario {
    let mut scenario = quiet(400, 11);
    scenario.churn.process = ChurnProcess::OnOff { session: exponential(session), downtime: exponential(session) };
    scenario.workload.arrivals = Arrivals::PerNode(secs(10));
    scenario.measurement =
        Measurement { warmup: secs(600), duration: secs(1_200), window: secs(1_200), ..Measurement::default() };
    scenario
}

/// Panics unless the failure rate grows by more than a third from each to the next.
fn check_that_failures_grow<'a>(what: &str, runs: impl IntoIterator<Item = (&'a str, Scenario, Config)>) {
    let mut last = 0.0;
    for (name, scenario, config) in runs {
        let report = play(&scenario, &config);
        let rate = report.total.outcomes.failure_rate().expect("lookups were made");
        println!("{what} {name}: failure rate {rate:.5}, {} lookups", report.total.outcomes.lookups());
        assert!(rate > last * 4.0 / 3.0, "{what} {name}: failure rate {rate}, before {last}");
        last = rate;
    }
    assert!(last > 0.0 && last < 1.0);
}

#[test]
fn shorter_sessions_make_more_lookups_fail() {
    let minutes = [("1 h", 60), ("20 min", 20), ("5 min", 5)];
    check_that_failures_grow("sessions of", minutes.map(|(name, m)| (name, churning(secs(60 * m)), Config::default())));
}

#[test]
fn rarer_stabilisation_makes_more_lookups_fail() {
    use torus_sim::engine::distribution::Distribution::Fixed;
    let periods = [("15 s", 15), ("60 s", 60), ("240 s", 240)];
    let config = |period| Config { stabilize_every: Fixed(secs(period)), ..Config::default() };
    check_that_failures_grow("rounds every", periods.map(|(name, s)| (name, churning(secs(1200)), config(s))));
}

#[test]
fn shorter_successor_lists_make_more_lookups_fail() {
    let config = |successors| Config { successors, ..Config::default() };
    let lists = [("8", 8), ("2", 2), ("1", 1)];
    check_that_failures_grow("list of", lists.map(|(name, r)| (name, churning(secs(300)), config(r))));
}

/// Shares of wrong and of dead first successors with `x` rounds of stabilisation a mean session, and how many times
/// independently they were counted, roughly.
fn wrong_and_dead(x: u64, seed: u64) -> (f64, f64, f64) {
    const NODES: u32 = 500;
    const PERIOD: Duration = secs(100);
    const PERIODS: u64 = 100;
    let mut scenario = quiet(NODES, seed);
    scenario.churn.process = ChurnProcess::Steady { session: exponential(PERIOD.saturating_mul(x)) };
    scenario.network.latency = torus_sim::scenario::Latency::Drawn(
        torus_sim::engine::distribution::Distribution::Fixed(Duration::from_millis(1)),
    );
    scenario.network.rpc_timeout = torus_sim::scenario::RpcTimeout::Fixed(Duration::from_millis(10));
    let (warmup, duration) = (PERIOD.saturating_mul(20), PERIOD.saturating_mul(PERIODS));
    scenario.measurement = Measurement { warmup, duration, window: PERIOD, ..Measurement::default() };
    let config = Config {
        maintenance: Maintenance::Original,
        stabilize_every: exponential(PERIOD),
        // The analysis lets a round always find the right successor, so a predecessor must not be dead for long.
        check_predecessor_every: torus_sim::engine::distribution::Distribution::Fixed(secs(5)),
        fix_fingers_every: exponential(PERIOD),
        ..Config::default()
    };
    let total = play(&scenario, &config).total;
    // A pointer is right or wrong for about a period: every window looks at new ones.
    let counted = f64::from(NODES) * PERIODS as f64;
    (health(&total, "wrong_successor_share"), health(&total, "dead_successor_share"), counted)
}

/// The analysis leaves out that several nodes may join one gap, or a node find several new ones behind the first live
/// one of its list, which takes a round for each. So it holds for large x: with 10 rounds a session half as many
/// pointers again are wrong as it says, with 40 a fourteenth more.
fn check_against_analysis(x: u64) {
    let (wrong, dead, counted) = wrong_and_dead(x, 3);
    let expected = [2.0 / (3.0 + x as f64), 1.0 / (2.0 + x as f64)];
    for (what, share, expected) in [("wrong", wrong, expected[0]), ("dead", dead, expected[1])] {
        let error = (expected * (1.0 - expected) / counted).sqrt();
        println!("x = {x}: {what} {share:.4}, expected {expected:.4}, standard error {error:.4}");
        assert!(
            (share - expected).abs() < (3.0 * error).max(0.1 * expected),
            "x = {x}: {what} {share}, not {expected}"
        );
    }
}

#[test]
fn wrong_and_dead_successors_with_40_rounds_a_session() {
    check_against_analysis(40);
}

#[test]
fn wrong_and_dead_successors_with_100_rounds_a_session() {
    check_against_analysis(100);
}
