//! Whether drifts are told from noise: how often by mistake, and how surely.

use super::*;
use crate::engine::distribution::normal;
use crate::engine::random::{Purpose, Seed};
use rand_chacha::ChaCha8Rng;

fn stream(seed: u64) -> ChaCha8Rng {
    Seed { seed, replicate: 0 }.stream(Purpose::Network)
}

/// Windows of a steady process with a memory: each is `alike` to the one before, with a standard deviation of 0.3
/// around 1, so that the least change that matters never hides a mistake.
fn steady(count: usize, alike: f64, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut state = normal(rng);
    let mut values = Vec::with_capacity(count);
    for _ in 0..count {
        state = alike * state + libm::sqrt(1.0 - alike * alike) * normal(rng);
        values.push(1.0 + 0.3 * state);
    }
    values
}

fn alarms(count: usize, alike: f64, trials: u64) -> f64 {
    let mut rng = stream(7);
    let found = (0..trials).filter(|_| drift(&steady(count, alike, &mut rng), 0.0).is_some()).count();
    found as f64 / trials as f64
}

#[test]
fn probabilities_agree_with_printed_tables() {
    // Two-sided critical values of Student's t, from standard tables.
    for (degrees, t, printed) in [
        (1, 12.7062, 0.05),
        (2, 4.30265, 0.05),
        (3, 12.9240, 0.001),
        (7, 5.40788, 0.001),
        (10, 2.22814, 0.05),
        (27, 3.68960, 0.001),
    ] {
        assert!((chance(t, degrees) - printed).abs() < 1e-5, "{degrees}: {}", chance(t, degrees));
    }
    assert_eq!(chance(0.0, 5), 1.0);
    assert!(chance(f64::INFINITY, 4) < 1e-12);
}

#[test]
fn steady_processes_are_rarely_taken_for_drifting() {
    for (count, alike, most) in [
        (6, 0.0, 0.0001),
        (10, 0.0, 0.0001),
        (10, 0.6, 0.005),
        (30, 0.0, 0.0001),
        (30, 0.6, 0.01),
        (60, 0.8, 0.01),
        (120, 0.9, 0.015),
        (600, 0.95, 0.01),
    ] {
        let trials = if count > 100 { 2_000 } else { 10_000 };
        let found = alarms(count, alike, trials);
        // Three standard deviations of the count above what is granted.
        let noise = 3.0 * libm::sqrt(most / trials as f64);
        assert!(found <= most + noise, "{count} windows, {alike} alike: {found}");
    }
}

/// Latencies of ten windows of a minute in which 10,000 Kademlia nodes with exact tables at time 0 were measured from
/// the tenth minute on: they were still climbing. Two hours later they had settled a quarter above the last.
#[test]
fn a_measurement_that_began_too_early_is_found() {
    let climbing = [1452.3, 1517.9, 1591.7, 1638.9, 1690.5, 1731.9, 1781.9, 1803.9, 1857.7, 1876.4];
    let (first, last) = drift(&climbing, 0.0).expect("it climbs");
    assert!((first - 1520.633).abs() < 0.001 && (last - 1846.0).abs() < 0.001);
}

/// An exponential approach to 1 from 0.8 or 1.2, with windows a tenth of the time constant long: three times in four.
#[test]
fn an_approach_is_found_from_above_and_from_below() {
    let mut rng = stream(3);
    for (count, noise) in [(10, 0.005), (30, 0.02), (60, 0.02), (60, 0.003)] {
        for from in [-0.2, 0.2] {
            let mut approach = || -> Vec<f64> {
                (0..count).map(|it| 1.0 + from * libm::exp(-f64::from(it) / 10.0) + noise * normal(&mut rng)).collect()
            };
            let found = (0..200).filter(|_| drift(&approach(), 0.0).is_some()).count();
            assert!(found >= 150, "{count} windows from {from}: found {found} of 200");
        }
    }
}

#[test]
fn what_does_not_matter_or_comes_back_is_no_drift() {
    let line = |slope: f64| (0..30).map(|it| 100.0 + slope * f64::from(it)).collect::<Vec<f64>>();
    // The means of the outer thirds lie 20 windows apart.
    assert_eq!(drift(&line(0.2), 0.0), None, "4 % of 102");
    assert!(drift(&line(0.4), 0.0).is_some(), "8 % of 104");
    assert_eq!(drift(&line(0.4), 3.0), None, "an error of 3 in a difference of 8 that is known otherwise");
    let mut hump = line(0.4);
    hump[10..20].iter_mut().for_each(|value| *value += 50.0);
    assert_eq!(drift(&hump, 0.0), None);
    assert_eq!(drift(&line(5.0)[..5], 0.0), None, "too few windows");
    assert_eq!(drift(&[7.0; 12], 0.0), None);
}
