//! Which runs are warned of. The figures are counted by hand.

use super::*;
use crate::observe::report::{Outcomes, RequestCounts, Summary};

fn stretch(outcomes: Outcomes, requests: RequestCounts, [correct, failures]: [u64; 2]) -> Statistics {
    Statistics {
        start: Time::ZERO,
        duration: Duration::from_secs(60),
        live_nodes_mean: 100.0,
        members_mean: 100.0,
        joins: 0,
        departures: 0,
        leaves: 0,
        join_time_ms: Summary::default(),
        outcomes,
        not_started: 0,
        hops: Summary::default(),
        latency_ms: Summary::default(),
        rpcs_mean: None,
        timeouts_mean: None,
        requests,
        correct_after_false_timeout: correct,
        failures_after_false_timeout: failures,
        traffic: Vec::new(),
        health: Vec::new(),
    }
}

/// 10,000 lookups of which `failures` fail, and 1,000 timeouts in 100,000 requests.
fn with_false_timeouts(failures: u64, misled: [u64; 2], falsely: u64) -> Option<Warning> {
    let outcomes = Outcomes { correct: 10_000 - failures, wrong_owner: failures, ..Outcomes::default() };
    let requests = RequestCounts { sent: 100_000, timed_out: 1_000, falsely };
    false_timeouts(&stretch(outcomes, requests, misled), || Some("1s".to_owned()))
}

#[test]
fn false_timeouts_are_told_when_they_make_up_a_tenth_of_the_failures() {
    // 99 of 9,900 right answers had one: 1 %. Of 100 failures 20 had one: (0.2 - 0.01) / 0.99 are explained.
    let Some(Warning::FalseTimeouts { of_requests, of_timeouts, of_failures, failures: 100, misled: 20, enough }) =
        with_false_timeouts(100, [99, 20], 50)
    else {
        panic!("a fifth of the failures")
    };
    assert_eq!(enough.as_deref(), Some("1s"));
    assert!((of_failures - 0.19 / 0.99).abs() < 1e-12);
    assert_eq!((of_requests, of_timeouts), (0.0005, 0.05));
    // 5 in 100 are (0.05 - 0.01) / 0.99 = 4 %.
    assert_eq!(with_false_timeouts(100, [99, 5], 50), None);
    // As often as among the right answers: nothing is explained.
    assert_eq!(with_false_timeouts(100, [2_475, 25], 50), None);
    assert_eq!(with_false_timeouts(4, [0, 2], 50), None, "two may be chance");
}

#[test]
fn false_timeouts_are_told_when_they_are_a_tenth_of_all() {
    assert!(matches!(
        with_false_timeouts(10, [0, 0], 100),
        Some(Warning::FalseTimeouts { of_timeouts: 0.1, of_failures: 0.0, .. })
    ));
    assert_eq!(with_false_timeouts(10, [0, 0], 99), None);
    assert_eq!(with_false_timeouts(0, [50, 0], 1_000), None, "nothing failed");
    assert_eq!(with_false_timeouts(1_001, [0, 0], 100), None, "too few to stand behind a tenth of the failures");
}

#[test]
fn a_session_is_its_mean_unless_a_few_huge_ones_make_it() {
    let hour = Duration::from_secs(3_600);
    let close = |law: Distribution, hours: f64| {
        let typical = typical(&law).as_secs_f64() / 3_600.0;
        assert!((typical / hours - 1.0).abs() < 1e-6, "{law:?}: {typical} h");
    };
    close(Distribution::Exponential { mean: hour }, 1.0);
    // Mean: gamma(1 + 1 / 0.5) = 2 scales; nine of ten end within (ln 10)^2 = 5.3.
    close(Distribution::Weibull { shape: 0.5, scale: hour }, 2.0);
    // Mean: gamma(1 + 1 / 0.2) = 120 scales; nine of ten within (ln 10)^5.
    close(Distribution::Weibull { shape: 0.2, scale: hour }, std::f64::consts::LN_10.powi(5));
    // No mean; one in ten is longer than ten minima.
    close(Distribution::Pareto { shape: 1.0, minimum: hour }, 10.0);
    // Mean: e^(4 / 2); nine of ten within e^(2 x 1.2816), which is more.
    close(Distribution::LogNormal { median: hour, sigma: 2.0 }, libm::exp(2.0));
    close(Distribution::LogNormal { median: hour, sigma: 4.0 }, libm::exp(4.0 * 1.281_551_565_5));
}
