//! Whether a measurement is of a steady state: its first third held against its last.
//!
//! A figure is not steady if its means over the two thirds differ by more than noise explains and by more than matters,
//! and what lies between them is on the way from the one to the other. The noise is what is left of the windows, at
//! most thirty of them (several are averaged into one where there are more), after a smooth curve through all of them,
//! a polynomial: a drift is not taken for noise. Neighbouring windows are alike, so what is left is asked how alike its
//! neighbours are, and the error of the difference is widened as for a process with that memory (AR(1)). The difference
//! over its error is held against Student's t.

use super::report::{Drift, Statistics};

/// Windows that are looked at, at most; more are averaged in groups.
const GROUPS: usize = 30;
/// With fewer windows nothing can be said.
const FEWEST: usize = 6;
/// So rare must a difference be among steady figures: a run has about ten, and memory that is longer than a window
/// makes mistakes more frequent (the tests say how frequent).
const CHANCE: f64 = 0.0001;
/// A smaller change, in proportion to the larger of the two means, does not matter.
const LEAST_CHANGE: f64 = 0.05;
/// How far beyond the two means the middle may lie, in differences of them: noise, and drifts that come to an end.
const BEYOND: f64 = 0.25;
/// How alike neighbours are is taken to be so many of its standard errors more than it looks.
const CAUTION: f64 = 1.5;
/// Neighbours that are more alike leave too little to judge by.
const MOST_ALIKE: f64 = 0.9;

/// The figures that are looked at, beside those of the protocol's health, with how to get them from a window.
type Figure = fn(&Statistics) -> Option<f64>;

/// All figures that are not steady, in a fixed order, under the names of their columns. Windows that are shorter than
/// the first, and those without the figure, are left out.
pub fn drifts(windows: &[Statistics]) -> Vec<Drift> {
    let Some(first) = windows.first() else { return Vec::new() };
    let whole: Vec<&Statistics> = windows.iter().filter(|window| window.duration == first.duration).collect();
    let own: [(&'static str, Figure); 3] = [
        ("latency_ms_mean", |window| window.latency_ms.mean),
        ("failure_rate", |window| window.outcomes.failure_rate()),
        ("maintenance_messages_per_node_s", maintenance),
    ];
    let of_windows = own.into_iter().map(|(name, value)| (name, whole.iter().filter_map(|it| value(it)).collect()));
    let of_health = first.health.iter().enumerate().map(|(index, (name, _))| {
        (*name, whole.iter().filter_map(|window| window.health[index].1).collect::<Vec<f64>>())
    });
    let drift = |(name, values): (&'static str, Vec<f64>)| {
        let least_error = if name == "failure_rate" { error_of_counts(&whole) } else { 0.0 };
        drift(&values, least_error).map(|(first, last)| Drift { figure: name, first, last })
    };
    of_windows.chain(of_health).filter_map(drift).collect()
}

fn maintenance(window: &Statistics) -> Option<f64> {
    let messages: u64 = window.traffic.iter().map(|traffic| traffic.maintenance.messages).sum();
    let node_seconds = window.live_nodes_mean * window.duration.as_secs_f64();
    (node_seconds > 0.0).then(|| messages as f64 / node_seconds)
}

/// The error that the difference of two failure rates has at least, were all failures independent: few windows with
/// few failures may look alike by chance.
fn error_of_counts(windows: &[&Statistics]) -> f64 {
    let sums = |windows: &[&Statistics]| {
        let outcomes = windows.iter().map(|window| window.outcomes);
        outcomes.fold((0.0, 0.0), |(failures, judged), it| {
            let failed = it.wrong_owner + it.failed;
            (failures + failed as f64, judged + (it.correct + failed) as f64)
        })
    };
    let third = windows.len() / 3;
    let (ends, all) = ([&windows[..third], &windows[windows.len() - third..]].map(sums), sums(windows));
    if all.1 == 0.0 || ends.iter().any(|(_, judged)| *judged == 0.0) {
        return 0.0;
    }
    let share = all.0 / all.1;
    libm::sqrt(share * (1.0 - share) * (1.0 / ends[0].1 + 1.0 / ends[1].1))
}

/// The means of the first and the last third, if the figure is not steady.
fn drift(values: &[f64], least_error: f64) -> Option<(f64, f64)> {
    if values.len() < FEWEST {
        return None;
    }
    let size = values.len().div_ceil(GROUPS);
    let groups: Vec<f64> = values.chunks_exact(size).map(mean).collect();
    let third = groups.len() / 3;
    let (first, rest) = groups.split_at(third);
    let (middle, last) = rest.split_at(rest.len() - third);
    let (first, middle, last) = (mean(first), mean(middle), mean(last));
    let change = last - first;
    if change.abs() <= LEAST_CHANGE * first.abs().max(last.abs()) {
        return None;
    }
    let (low, high) = (first.min(last) - BEYOND * change.abs(), first.max(last) + BEYOND * change.abs());
    let error = (error_of_thirds(&groups) * libm::sqrt(2.0 / third as f64)).max(least_error);
    let degrees_of_freedom = (groups.len() - degree(groups.len()) - 1) as u64;
    let is_beyond_noise = chance(change.abs() / error, degrees_of_freedom) < CHANCE;
    ((low..=high).contains(&middle) && is_beyond_noise).then_some((first, last))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Degree of the polynomial that follows a drift through so many values.
fn degree(count: usize) -> usize {
    match count {
        24.. => 4,
        12.. => 3,
        _ => 2,
    }
}

/// The standard error of a mean of these values, but for the root of their number: the standard deviation around the
/// polynomial, widened by the memory of what is left.
fn error_of_thirds(groups: &[f64]) -> f64 {
    let (count, terms) = (groups.len() as f64, degree(groups.len()) as f64 + 1.0);
    let left = without_drift(groups);
    let squares = dot(&left, &left);
    if squares == 0.0 {
        return 0.0;
    }
    let alike = dot(&left[1..], &left[..left.len() - 1]) / squares;
    // Fitted terms make neighbours look less alike than they are, by so much to first order; and few values tell badly
    // how alike they are, with a standard error of one over the root of their number.
    let alike = alike + terms * (1.0 + alike) / count + CAUTION / libm::sqrt(count);
    let alike = alike.clamp(0.0, MOST_ALIKE);
    libm::sqrt(squares / (count - terms) * (1.0 + alike) / (1.0 - alike))
}

/// What the best polynomial leaves of the values, term by orthogonal term.
fn without_drift(groups: &[f64]) -> Vec<f64> {
    let middle = (groups.len() - 1) as f64 / 2.0;
    let mut left = groups.to_vec();
    let mut terms: Vec<Vec<f64>> = Vec::new();
    for _ in 0..=degree(groups.len()) {
        let mut term: Vec<f64> = match terms.last() {
            Some(last) => {
                last.iter().zip(0..).map(|(value, place)| value * (f64::from(place) / middle - 1.0)).collect()
            }
            None => vec![1.0; groups.len()],
        };
        terms.iter().for_each(|other| take_off(&mut term, other));
        take_off(&mut left, &term);
        terms.push(term);
    }
    left
}

/// Makes `values` orthogonal to `term`.
fn take_off(values: &mut [f64], term: &[f64]) {
    let weight = dot(values, term) / dot(term, term);
    values.iter_mut().zip(term).for_each(|(value, term)| *value -= weight * term);
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

/// P(|T| > t) of Student's t with whole degrees of freedom (Abramowitz and Stegun, 26.7.3 and 26.7.4).
fn chance(t: f64, degrees_of_freedom: u64) -> f64 {
    if t.is_nan() {
        return 1.0;
    }
    let angle = libm::atan(t / libm::sqrt(degrees_of_freedom as f64));
    let (sine, cosine) = (libm::sin(angle), libm::cos(angle));
    let is_odd = degrees_of_freedom % 2 == 1;
    let mut term = if is_odd { cosine } else { 1.0 };
    let mut sum = 0.0;
    let mut step = if is_odd { 1 } else { 0 };
    while step + 2 <= degrees_of_freedom {
        sum += term;
        term *= cosine * cosine * (step + 1) as f64 / (step + 2) as f64;
        step += 2;
    }
    let inside = if is_odd { (angle + sine * sum) * std::f64::consts::FRAC_2_PI } else { sine * sum };
    (1.0 - inside).max(0.0)
}

#[cfg(test)]
#[path = "steadiness_tests.rs"]
mod tests;
