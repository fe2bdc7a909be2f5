//! Tests of the churn process against its laws: rates, availability, equilibrium at the start, and bounded memory.

use super::*;
use crate::engine::distribution::Distribution;
use crate::engine::random::Seed;
use crate::engine::time::{Duration, Time};
use crate::scenario::model::{self, AtStart, ChurnProcess, ReturnIdentifier, Start};

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

fn at_minute(minute: u64) -> Time {
    Time::ZERO + minutes(minute)
}

fn churn(process: ChurnProcess, at_start: AtStart) -> model::Churn {
    model::Churn { process, graceful: 0.0, return_identifier: ReturnIdentifier::Fresh, at_start }
}

fn converged(nodes: u32, permanent: u32) -> model::Population {
    model::Population { nodes, start: Start::Converged, permanent, kinds: Vec::new() }
}

fn start(churn: &model::Churn, population: &model::Population, seed: u64) -> Process {
    Process::new(churn, population, Seed { seed, replicate: 0 })
}

fn exponential(mean: Duration) -> Distribution {
    Distribution::Exponential { mean }
}

/// Plays the process up to and without `until`.
fn play(process: &mut Process, until: Time, mut seen: impl FnMut(Time, Change, &Process)) {
    while process.next_time() < until {
        let now = process.next_time();
        if let Some(change) = process.step() {
            seen(now, change, process);
        }
    }
}

/// Departures in each of 20 windows of a minute, and the live population at the end of each.
fn windows(at_start: AtStart) -> ([f64; 20], [f64; 20]) {
    // Long downtimes, so that hardly a node departs twice and the counts are close to Poisson.
    let process = ChurnProcess::OnOff {
        session: Distribution::Weibull { shape: 0.5, scale: minutes(5) },
        downtime: exponential(minutes(100)),
    };
    let mut process = start(&churn(process, at_start), &converged(10_000, 0), 5);
    let (mut departures, mut live) = ([0.0; 20], [0.0; 20]);
    for window in 0..20 {
        play(&mut process, at_minute(window as u64 + 1), |_, change, _| {
            departures[window] += f64::from(u8::from(matches!(change, Change::Depart { .. })));
        });
        live[window] = f64::from(process.population().count());
    }
    (departures, live)
}

/// Chi-squared of counts against a mean of 1,000.
fn chi_squared(counts: &[f64]) -> f64 {
    counts.iter().map(|count| (count - 1_000.0).powi(2) / 1_000.0).sum()
}

#[test]
fn an_equilibrium_start_has_a_flat_departure_rate_from_time_0_on() {
    // The mean session is 10 min: 1,000 departures a minute, however clustered Weibull sessions of shape 0.5 are.
    let (departures, live) = windows(AtStart::Equilibrium);
    // Chi-squared with 20 degrees of freedom: 45.3 is exceeded once in a thousand seeds; this seed is fixed.
    assert!(chi_squared(&departures) < 45.3, "{departures:?}");
    // 110,000 nodes, each live with probability 1/11: standard deviation 95.
    assert!(live.iter().all(|live| (live - 10_000.0).abs() < 450.0), "{live:?}");
    // The test can tell: fresh sessions end much too often at first.
    let (departures, _) = windows(AtStart::Fresh);
    assert!(departures[0] > 3_000.0 && chi_squared(&departures) > 1_000.0, "{departures:?}");
}

#[test]
fn exponential_sessions_and_downtimes_give_the_known_availability() {
    let process = ChurnProcess::OnOff { session: exponential(minutes(20)), downtime: exponential(minutes(40)) };
    // 9,000 nodes, a third live: as an equilibrium, and from all live with nobody down.
    for (at_start, nodes) in [(AtStart::Equilibrium, 3_000), (AtStart::Fresh, 9_000)] {
        let mut process = start(&churn(process.clone(), at_start), &converged(nodes, 0), 6);
        assert_eq!(process.population().numbers(), 9_000);
        assert_eq!(process.population().count(), nodes);
        let mut live = 0.0;
        for minute in 180..480 {
            play(&mut process, at_minute(minute), |_, _, _| {});
            live += f64::from(process.population().count()) / 300.0;
        }
        // Standard error about 13.
        assert!((live - 3_000.0).abs() < 60.0, "{live}");
    }
}

#[test]
fn a_steady_population_stays_the_same_and_departs_at_the_rate_of_its_sessions() {
    let steady = ChurnProcess::Steady { session: Distribution::Pareto { shape: 1.5, minimum: minutes(2) } };
    let mut process = start(&churn(steady, AtStart::Equilibrium), &converged(1_000, 0), 7);
    let (mut departed, mut count) = (None, 0u32);
    play(&mut process, at_minute(600), |now, change, process| match change {
        Change::Depart { node, .. } => {
            assert_eq!(process.population().count(), 999);
            departed = Some((now, node));
            count += 1;
        }
        Change::Join(node) => {
            assert_eq!(process.population().count(), 1_000);
            assert_eq!(departed.take(), Some((now, node)));
        }
    });
    assert_eq!(departed, None);
    assert_eq!(process.population().numbers(), 1_000);
    // The mean session is 6 min; 100,000 departures. Sessions without a variance make the count less certain.
    assert!((97_000..103_000).contains(&count), "{count}");
}

#[test]
fn poisson_joins_and_departures_come_at_their_rates() {
    let poisson =
        ChurnProcess::Poisson { joins_every: Duration::from_secs(1), departures_every: Duration::from_secs(2) };
    let mut process = start(&churn(poisson, AtStart::Equilibrium), &converged(100, 0), 8);
    let mut counts = [[0.0f64; 200]; 2];
    play(&mut process, Time::ZERO + Duration::from_secs(20_000), |now, change, _| {
        let kind = usize::from(matches!(change, Change::Depart { .. }));
        counts[kind][(now.as_nanos() / 100_000_000_000) as usize] += 1.0;
    });
    for (counts, expected) in counts.iter().zip([100.0, 50.0]) {
        let mean = counts.iter().sum::<f64>() / 200.0;
        let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / 199.0;
        assert!((mean - expected).abs() < 5.0 * (expected / 200.0).sqrt(), "{mean}");
        // Standard error 0.1.
        assert!((variance / mean - 1.0).abs() < 0.4, "{}", variance / mean);
    }
}

#[test]
fn poisson_departures_rest_while_nobody_may_depart_and_go_on_afterwards() {
    let poisson =
        ChurnProcess::Poisson { joins_every: Duration::from_secs(60), departures_every: Duration::from_secs(1) };
    let mut process = start(&churn(poisson, AtStart::Equilibrium), &converged(3, 3), 9);
    let (mut joins, mut departures) = (0, 0);
    play(&mut process, at_minute(1_000), |_, change, _| match change {
        Change::Join(_) => joins += 1,
        Change::Depart { node, .. } => {
            assert!(node >= 3);
            departures += 1;
        }
    });
    assert!((850..1_150).contains(&joins) && joins - departures <= 2, "{joins} joins, {departures} departures");
    assert!(process.population().numbers() < 10);
    let never = ChurnProcess::Poisson { joins_every: Duration::MAX, departures_every: Duration::MAX };
    assert_eq!(start(&churn(never, AtStart::Equilibrium), &converged(3, 0), 9).next_time(), Time::NEVER);
}

#[test]
fn the_configured_share_of_departures_is_graceful_and_changes_nothing_else() {
    let steady = ChurnProcess::Steady { session: exponential(minutes(1)) };
    let run = |graceful| {
        let mut process =
            start(&model::Churn { graceful, ..churn(steady.clone(), AtStart::Fresh) }, &converged(100, 0), 10);
        let (mut departures, mut share) = (Vec::new(), 0.0);
        play(&mut process, at_minute(100), |now, change, _| {
            if let Change::Depart { node, graceful } = change {
                departures.push((now, node));
                share += f64::from(u8::from(graceful));
            }
        });
        share /= departures.len() as f64;
        (departures, share)
    };
    let (departures, share) = run(0.25);
    // Standard error 0.0043.
    assert!((share - 0.25).abs() < 0.02, "{share}");
    for extreme in [0.0, 1.0] {
        assert_eq!(run(extreme), (departures.clone(), extreme));
    }
}

#[test]
fn a_scheduled_departure_cuts_the_session_short() {
    let process = ChurnProcess::OnOff {
        session: Distribution::Fixed(Duration::from_secs(100)),
        downtime: Distribution::Fixed(Duration::from_secs(1_000)),
    };
    let mut process = start(&churn(process, AtStart::Fresh), &converged(10, 0), 1);
    let halfway = Time::ZERO + Duration::from_secs(50);
    (0..10).for_each(|_| assert!(process.depart_random(halfway).is_some()));
    assert_eq!(process.depart_random(halfway), None);
    let mut changes = Vec::new();
    play(&mut process, Time::ZERO + Duration::from_secs(1_200), |now, change, _| changes.push((now, change)));
    let at = |seconds| Time::ZERO + Duration::from_secs(seconds);
    assert_eq!(changes.len(), 20);
    assert!(changes[..10].iter().all(|(now, change)| *now == at(1_050) && matches!(change, Change::Join(_))));
    assert!(changes[10..].iter().all(|(now, change)| *now == at(1_150) && matches!(change, Change::Depart { .. })));
}

#[test]
fn a_session_begun_after_a_scheduled_departure_is_not_ended_by_the_old_one() {
    // The new node has the number of the departed one; the session that was cut short would have ended at 100 s.
    let steady = ChurnProcess::Steady { session: Distribution::Fixed(Duration::from_secs(100)) };
    let mut process = start(&churn(steady, AtStart::Fresh), &converged(1, 0), 1);
    let at = |seconds| Time::ZERO + Duration::from_secs(seconds);
    assert_eq!(process.depart_random(at(30)), Some(0));
    assert_eq!(process.join_new(at(60)), Some(0));
    let mut changes = Vec::new();
    play(&mut process, at(161), |now, change, _| changes.push((now, change)));
    assert_eq!(changes, [(at(160), Change::Depart { node: 0, graceful: false }), (at(160), Change::Join(0))]);
}

#[test]
fn scheduled_departures_are_not_replaced_in_a_steady_population() {
    let steady = ChurnProcess::Steady { session: exponential(minutes(10)) };
    let mut process = start(&churn(steady, AtStart::Equilibrium), &converged(100, 0), 2);
    (0..40).for_each(|_| assert!(process.depart_random(Time::ZERO).is_some()));
    play(&mut process, at_minute(500), |_, _, _| {});
    assert_eq!(process.population().count(), 60);
    (0..20).for_each(|_| assert!(process.join_new(at_minute(500)).is_some()));
    play(&mut process, at_minute(1_000), |_, _, _| {});
    assert_eq!((process.population().count(), process.population().numbers()), (80, 100));
}

#[test]
fn permanent_nodes_never_depart() {
    let process = ChurnProcess::OnOff { session: exponential(minutes(1)), downtime: exponential(minutes(3)) };
    let mut process = start(&churn(process, AtStart::Equilibrium), &converged(30, 10), 3);
    // Only the 20 others alternate: 60 more are down.
    assert_eq!(process.population().numbers(), 90);
    play(&mut process, at_minute(200), |_, change, _| match change {
        Change::Join(node) | Change::Depart { node, .. } => assert!(node >= 10),
    });
    while let Some(node) = process.depart_random(at_minute(200)) {
        assert!(node >= 10);
    }
    assert_eq!(process.population().count(), 10);
}

#[test]
fn numbers_of_nodes_that_never_return_are_used_again() {
    let poisson =
        ChurnProcess::Poisson { joins_every: Duration::from_secs(1), departures_every: Duration::from_secs(1) };
    let mut process = start(&churn(poisson, AtStart::Equilibrium), &converged(200, 0), 4);
    let mut most = 200;
    // Three virtual days, a quarter of a million joins.
    play(&mut process, at_minute(3 * 1_440), |_, _, process| most = most.max(process.population().count()));
    assert_eq!(process.population().numbers(), most);

    // A downtime longer than all time frees the number, too.
    let forever = ChurnProcess::OnOff {
        session: Distribution::Fixed(Duration::from_secs(1)),
        downtime: Distribution::Fixed(Duration::MAX),
    };
    let mut process = start(&churn(forever, AtStart::Fresh), &converged(1, 0), 4);
    for second in (0..100).step_by(2) {
        play(&mut process, Time::ZERO + Duration::from_secs(second + 2), |_, _, _| {});
        assert_eq!(process.join_new(Time::ZERO + Duration::from_secs(second + 2)), Some(0));
    }
}

#[test]
fn infinite_sessions_never_end() {
    let steady = ChurnProcess::Steady { session: Distribution::Fixed(Duration::MAX) };
    assert_eq!(start(&churn(steady, AtStart::Fresh), &converged(10, 0), 4).next_time(), Time::NEVER);
}

#[test]
fn scheduled_arrivals_are_uniform_over_their_time() {
    let mut process = start(&churn(ChurnProcess::None, AtStart::Equilibrium), &converged(5, 0), 5);
    process.plan_arrivals(at_minute(10), 10_000, minutes(10));
    let mut counts = [0.0; 10];
    play(&mut process, Time::NEVER, |now, change, _| {
        assert!(matches!(change, Change::Join(node) if node >= 5));
        counts[(now.since(at_minute(10)).as_nanos() / minutes(1).as_nanos()) as usize] += 1.0;
    });
    // Chi-squared with 9 degrees of freedom: 27.9 is exceeded once in a thousand seeds; this seed is fixed.
    assert!(chi_squared(&counts) < 27.9, "{counts:?}");
    assert_eq!(process.population().count(), 10_005);
}

#[test]
fn nodes_that_are_down_wait_for_the_end_of_a_joining_start() {
    let process = ChurnProcess::OnOff { session: exponential(minutes(60)), downtime: exponential(minutes(60)) };
    let joining = model::Population { start: Start::Joining { join_every: minutes(1) }, ..converged(100, 0) };
    let mut process = start(&churn(process, AtStart::Equilibrium), &joining, 6);
    assert_eq!((process.population().count(), process.population().numbers()), (0, 200));
    assert!(process.next_time() >= at_minute(99));
    process.join(Time::ZERO, 0);
    assert!(process.population().is_live(0) && process.next_time() < Time::NEVER);
}
