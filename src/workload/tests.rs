//! Tests of the workload: Poisson arrivals under a constant and a changing population, keys, and what depends on what.

use super::*;

const SEED: Seed = Seed { seed: 11, replicate: 0 };
const SECOND: u64 = 1_000_000_000;

fn per_node(mean_s: u64) -> Workload {
    Workload { arrivals: Arrivals::PerNode(Duration::from_secs(mean_s)), keys: Keys::Uniform }
}

/// Lookups up to `until_s`, with their times.
fn lookups_until(lookups: &mut Lookups, live: u32, until_s: u64) -> Vec<(Time, Lookup)> {
    let mut started = Vec::new();
    while lookups.next_time() < Time::from_nanos(until_s * SECOND) {
        let time = lookups.next_time();
        started.push((time, lookups.start(live)));
    }
    started
}

/// Mean and variance.
fn moments(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64;
    (mean, variance)
}

#[test]
fn lookups_of_every_node_are_poisson() {
    // 50 nodes, one lookup in 10 s each, over 10,000 s: counts of each node in windows of 100 s.
    let mut lookups = Lookups::new(&per_node(10), SEED, 50);
    let mut counts = vec![0.0; 50 * 100];
    for (time, lookup) in lookups_until(&mut lookups, 50, 10_000) {
        let window = (time.as_nanos() / (100 * SECOND)) as usize;
        counts[window * 50 + lookup.rank as usize] += 1.0;
    }
    let (mean, variance) = moments(&counts);
    // Standard errors: 0.045 and, of the quotient, 0.02.
    assert!((mean - 10.0).abs() < 0.2, "{mean}");
    assert!((variance / mean - 1.0).abs() < 0.08, "{}", variance / mean);
}

/// Gaps between lookups measured in hazard, while the population changes every 7 s.
fn gaps_in_hazard(workload: &Workload, populations: &[u32], rate_per_s: impl Fn(u32) -> f64) -> Vec<f64> {
    let mut lookups = Lookups::new(workload, SEED, populations[0]);
    let (mut gaps, mut hazard, mut last) = (Vec::new(), 0.0, Time::ZERO);
    for (step, &live) in populations.iter().cycle().take(20_000).enumerate() {
        lookups.set_live(last, live);
        let until = 7 * (step as u64 + 1);
        for (time, lookup) in lookups_until(&mut lookups, live, until) {
            assert!(lookup.rank < live && time >= last);
            gaps.push(hazard + rate_per_s(live) * time.since(last).as_secs_f64());
            (hazard, last) = (0.0, time);
        }
        let end = Time::from_nanos(until * SECOND);
        hazard += rate_per_s(live) * end.since(last).as_secs_f64();
        last = end;
    }
    gaps
}

/// Panics unless the gaps look exponential with mean 1.
fn assert_unit_exponential(gaps: &[f64]) {
    let n = gaps.len() as f64;
    let (mean, variance) = moments(gaps);
    assert!((mean - 1.0).abs() < 5.0 / n.sqrt(), "mean {mean} of {n}");
    assert!((variance - 1.0).abs() < 5.0 * (8.0 / n).sqrt(), "variance {variance} of {n}");
    for quantile in [0.1f64, 1.0, 3.0] {
        let expected = (-quantile).exp();
        let share = gaps.iter().filter(|&&gap| gap > quantile).count() as f64 / n;
        assert!(
            (share - expected).abs() < 5.0 * (expected * (1.0 - expected) / n).sqrt(),
            "P(gap > {quantile}) {share}"
        );
    }
}

#[test]
fn a_changing_population_leaves_the_process_poisson() {
    let gaps = gaps_in_hazard(&per_node(60), &[10, 40, 0, 3, 25], |live| f64::from(live) / 60.0);
    assert!(gaps.len() > 30_000);
    assert_unit_exponential(&gaps);
}

#[test]
fn arrivals_over_the_network_do_not_depend_on_the_population_but_rest_when_nobody_is_there() {
    let workload = Workload { arrivals: Arrivals::Network(Duration::from_secs(2)), keys: Keys::Uniform };
    let gaps = gaps_in_hazard(&workload, &[10, 40, 0, 3, 25], |live| if live == 0 { 0.0 } else { 0.5 });
    assert_unit_exponential(&gaps);
    let start = |live| lookups_until(&mut Lookups::new(&workload, SEED, live), live, 1_000);
    let times = |started: Vec<(Time, Lookup)>| started.into_iter().map(|(time, _)| time).collect::<Vec<_>>();
    assert_eq!(times(start(3)), times(start(30_000)));
}

#[test]
fn rounding_to_nanoseconds_does_not_slow_the_process_down() {
    // 3 lookups a nanosecond: any time lost in a rounding would cost a lookup or more each.
    let workload = Workload { arrivals: Arrivals::PerNode(Duration::from_nanos(1)), keys: Keys::Uniform };
    let mut lookups = Lookups::new(&workload, SEED, 3);
    (0..300_000).for_each(|_| {
        lookups.start(3);
    });
    let elapsed_ns = lookups.next_time().as_nanos() as f64;
    // Standard deviation 183.
    assert!((elapsed_ns - 100_000.0).abs() < 900.0, "{elapsed_ns}");
}

#[test]
fn nobody_looks_up_anything_without_arrivals_or_without_nodes() {
    let silent = Workload { arrivals: Arrivals::None, keys: Keys::Uniform };
    assert_eq!(Lookups::new(&silent, SEED, 100).next_time(), Time::NEVER);
    let mut lookups = Lookups::new(&per_node(1), SEED, 0);
    assert_eq!(lookups.next_time(), Time::NEVER);
    lookups.set_live(Time::from_nanos(50 * SECOND), 1);
    assert!(lookups.next_time() > Time::from_nanos(50 * SECOND) && lookups.next_time() < Time::NEVER);
}

#[test]
fn the_sequence_of_keys_does_not_depend_on_the_population() {
    for keys in [Keys::Uniform, Keys::Zipf { keys: 1_000, exponent: 0.9 }] {
        let workload = Workload { keys, ..per_node(1) };
        let keys = |live| {
            let mut lookups = Lookups::new(&workload, SEED, live);
            (0..1_000).map(|_| lookups.start(live).target).collect::<Vec<_>>()
        };
        assert_eq!(keys(1), keys(1_000_000));
    }
}

#[test]
fn zipf_keys_are_hashed_places_that_depend_on_the_seed() {
    let workload = Workload { keys: Keys::Zipf { keys: 5, exponent: 1.0 }, ..per_node(1) };
    let keys = |seed| {
        let mut lookups = Lookups::new(&workload, Seed { seed, replicate: 0 }, 1);
        let mut counts = std::collections::BTreeMap::new();
        (0..10_000).for_each(|_| *counts.entry(lookups.start(1).target).or_insert(0) += 1);
        counts
    };
    let (first, second) = (keys(1), keys(2));
    assert_eq!((first.len(), second.len()), (5, 5));
    assert!(first.keys().all(|key| !second.contains_key(key)));
    // The commonest has weight 60/137.
    let most = *first.values().max().unwrap();
    assert!((4_150..4_610).contains(&most), "{most}");
}
