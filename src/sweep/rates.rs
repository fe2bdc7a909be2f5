//! Rates of events that may be rare, such as the share of lookups that fail, with intervals that are never below 0 and
//! never of no width because nothing was seen.
//!
//! Two things are known of how a rate varies between replicates. If events come one by one, chance makes the variance
//! of a binomial or a Poisson count. Replicates as clusters may differ by more, which their spread shows, but a few
//! counts of rare events say little about it. So both are put together: the spread of m replicates counts with its
//! m - 1 degrees of freedom, the variance of chance with `CHANCE_WEIGHT` for each event that a replicate lacks, so
//! that it decides where events are rare and vanishes where they are many; there the interval is that of Student t.
//! From the variance follows how many independent trials would be as certain (the effective sample size of Korn and
//! Graubard, Survey Methodology 24, 1998, p. 193), and from those the limits, by tail probabilities in which the
//! observed count itself counts by half (mid-p; Lancaster, JASA 56, 1961, p. 223; Agresti and Gottard, Computational
//! Statistics & Data Analysis 51, 2007, p. 6447). Where nothing was seen the upper limit is the exact one. A rate so
//! low that nothing might be seen cannot be missed from above, so all of the 5 % are then spent on the lower limit.
//!
//! The weight and the certainty of chance were chosen by coverage over made-up replicates; `tests/coverage.rs` holds
//! the whole to 93 to 97 %.

use super::distributions::{NORMAL, bisect, incomplete_beta, incomplete_gamma, student_t};
use super::statistics::{Estimate, Interval};

/// Degrees of freedom that the variance of chance has where a replicate saw one event: the fewer, the more.
const CHANCE_WEIGHT: f64 = 10.0;
/// How many times as certain the variance of chance is as its weight says, since no spread had to be seen for it.
const CERTAINTY: f64 = 3.0;
/// Probability that the interval misses on one side.
const ONE_SIDE: f64 = 0.025;
/// From so many events on limits by tail probabilities are those of the score interval (Wilson), which costs nothing.
const MANY_EVENTS: f64 = 1e4;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A share of trials: at most 1.
    Share,
    /// Events a trial, of which there may be several.
    Events,
}

/// What one run saw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observed {
    /// Events a trial.
    pub rate: f64,
    /// Trials, at least 1.
    pub trials: f64,
}

/// Rates over replicates, each of which may be the mean over the same cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Rates {
    kind: Kind,
    /// The rate of each replicate.
    pub by_replicate: Vec<f64>,
    /// Variance that chance alone gives the mean over replicates.
    chance: f64,
    /// Trials that tell as much as those of all cells and replicates, if rates do not differ between cells.
    trials: f64,
    /// Events seen.
    pub events: f64,
}

impl Rates {
    /// Of runs by replicate; all replicates have the same cells in the same order. `None` if there is no run.
    pub fn of(kind: Kind, replicates: &[Vec<Observed>]) -> Option<Rates> {
        let cells = replicates.first()?.len();
        let runs = || replicates.iter().flatten();
        if cells == 0 || runs().any(|run| run.trials.is_nan() || run.trials < 1.0) {
            return None;
        }
        let (count, width) = (replicates.len() as f64, cells as f64);
        let mean_of_cell = |cell: usize| replicates.iter().map(|runs| runs[cell].rate).sum::<f64>() / count;
        let chance_of_cell = |cell: usize| {
            let mean = mean_of_cell(cell);
            let one = if kind == Kind::Share { mean * (1.0 - mean) } else { mean };
            replicates.iter().map(|runs| one / runs[cell].trials).sum::<f64>()
        };
        let all = count * width;
        Some(Rates {
            kind,
            by_replicate: replicates.iter().map(|runs| runs.iter().map(|run| run.rate).sum::<f64>() / width).collect(),
            chance: (0..cells).map(chance_of_cell).sum::<f64>() / (all * all),
            trials: all * all / runs().map(|run| 1.0 / run.trials).sum::<f64>(),
            events: runs().map(|run| run.rate * run.trials).sum(),
        })
    }

    /// Mean over replicates.
    pub fn mean(&self) -> f64 {
        self.by_replicate.iter().sum::<f64>() / self.by_replicate.len() as f64
    }

    /// Degrees of freedom of the spread between replicates.
    fn spread_degrees(&self) -> f64 {
        self.by_replicate.len() as f64 - 1.0
    }

    /// Degrees of freedom of the variance of chance, for a mean that is above 0 and, of a share, at most a half.
    fn chance_degrees(&self, mean: f64) -> f64 {
        let rest = if self.kind == Kind::Share { 1.0 - mean } else { 1.0 };
        let events = mean * mean * rest / self.chance;
        CHANCE_WEIGHT * self.by_replicate.len() as f64 / events
    }

    /// How much the spread between replicates says beside chance, from 0 to 1.
    pub fn weight_of_spread(&self) -> f64 {
        let mean = self.mean();
        let rarer = if self.kind == Kind::Share { mean.min(1.0 - mean) } else { mean };
        if rarer <= 0.0 {
            return 0.0;
        }
        self.spread_degrees() / (self.spread_degrees() + self.chance_degrees(rarer))
    }

    /// The mean with its interval; none for a single replicate.
    pub fn estimate(&self) -> Estimate {
        let (count, mean) = (self.by_replicate.len(), self.mean());
        let interval = (count > 1).then(|| match self.kind {
            // What is as common as not is as rare the other way round.
            Kind::Share if mean > 0.5 => {
                let Interval { low, high } = self.interval(1.0 - mean);
                Interval { low: 1.0 - high, high: 1.0 - low }
            }
            _ => self.interval(mean),
        });
        Estimate { count, mean, interval }
    }

    /// The interval about the mean, or about what it lacks to 1.
    fn interval(&self, mean: f64) -> Interval {
        if mean <= 0.0 {
            let high = Tails::new(self.kind, self.trials).nothing_seen();
            return Interval { low: 0.0, high };
        }
        let center = self.mean();
        let squares: f64 = self.by_replicate.iter().map(|rate| (rate - center) * (rate - center)).sum();
        let spread_degrees = self.spread_degrees();
        let spread = squares / spread_degrees / self.by_replicate.len() as f64;
        let chance_degrees = self.chance_degrees(mean);
        let variance = (chance_degrees * self.chance + spread_degrees * spread) / (chance_degrees + spread_degrees);
        let stretch = student_t(spread_degrees + CERTAINTY * chance_degrees) / NORMAL;
        let one = if self.kind == Kind::Share { mean * (1.0 - mean) } else { mean };
        Tails::new(self.kind, one / (variance * stretch * stretch)).limits(mean)
    }
}

/// Tail probabilities of a count of independent trials; neither the count nor the trials need be whole.
struct Tails {
    kind: Kind,
    trials: f64,
}

impl Tails {
    fn new(kind: Kind, trials: f64) -> Self {
        Tails { kind, trials }
    }

    /// Probability of a count of at least `events` at this rate.
    fn at_least(&self, events: f64, rate: f64) -> f64 {
        match self.kind {
            _ if events <= 0.0 => 1.0,
            Kind::Share => incomplete_beta(rate, events, self.trials - events + 1.0),
            Kind::Events => incomplete_gamma(events, rate * self.trials),
        }
    }

    /// The rate at which this count or more has the probability `tail`, the count itself by half.
    fn rate_at(&self, mean: f64, tail: f64) -> f64 {
        let events = mean * self.trials;
        let above = |rate: f64| (self.at_least(events, rate) + self.at_least(events + 1.0, rate)) / 2.0 >= tail;
        if tail < 0.5 {
            return bisect(0.0, mean, above);
        }
        let farthest = (events + 10.0 * libm::sqrt(events) + 20.0) / self.trials;
        bisect(mean, if self.kind == Kind::Share { farthest.min(1.0) } else { farthest }, above)
    }

    /// The highest rate at which nothing is seen with the probability of one side.
    fn nothing_seen(&self) -> f64 {
        let exponent = libm::log(ONE_SIDE) / self.trials;
        if self.kind == Kind::Share { -libm::expm1(exponent) } else { -exponent }
    }

    fn limits(&self, mean: f64) -> Interval {
        if mean * self.trials > MANY_EVENTS {
            return self.score(mean);
        }
        let nothing_seen = self.nothing_seen();
        let both_sides = self.rate_at(mean, 2.0 * ONE_SIDE);
        let low = if both_sides < nothing_seen { both_sides } else { self.rate_at(mean, ONE_SIDE).max(nothing_seen) };
        Interval { low, high: self.rate_at(mean, 1.0 - ONE_SIDE) }
    }

    /// The interval of Wilson (JASA 22, 1927, p. 209), and that for Poisson counts.
    fn score(&self, mean: f64) -> Interval {
        let square = NORMAL * NORMAL / self.trials;
        let (shrink, one) = if self.kind == Kind::Share { (1.0 + square, mean * (1.0 - mean)) } else { (1.0, mean) };
        let center = (mean + square / 2.0) / shrink;
        let half_width = libm::sqrt(square * (one + square / 4.0)) / shrink;
        Interval { low: center - half_width, high: center + half_width }
    }
}

/// The difference of two paired rates, the second minus the first; the replicates of both are in the same order.
///
/// Where events are many it is that of Student t over the differences. Where neither side saw
/// `EVENTS_FOR_T` a replicate, differences are mostly 0 and their spread says little. There the intervals of the two
/// rates are put together: the square of the distance to a limit is that of one's upper and the other's lower limit,
/// less what both have in common (Newcombe, Statistics in Medicine 17, 1998, p. 2635; Zou and Donner, Statistics in
/// Medicine 27, 2008, p. 1693), by their correlation over replicates, as far as their spread counts.
pub fn paired_difference(one: &Rates, other: &Rates) -> Option<Estimate> {
    let differences: Vec<f64> =
        one.by_replicate.iter().zip(&other.by_replicate).map(|(one, other)| other - one).collect();
    let plain = Estimate::of(&differences)?;
    let replicates = differences.len() as f64;
    let few = one.events.max(other.events) < EVENTS_FOR_T * replicates;
    let (Some(first), Some(second), true) = (one.estimate().interval, other.estimate().interval, few) else {
        return Some(plain);
    };
    let (from, to) = (one.mean(), other.mean());
    let common = correlation(&one.by_replicate, &other.by_replicate)
        * libm::sqrt(one.weight_of_spread() * other.weight_of_spread());
    let reach = |a: f64, b: f64| libm::sqrt((a * a + b * b - 2.0 * common * a * b).max(0.0));
    let interval = Interval {
        low: to - from - reach(to - second.low, first.high - from),
        high: to - from + reach(second.high - to, from - first.low),
    };
    Some(Estimate { interval: Some(interval), ..plain })
}

/// Events a replicate on one side from which on differences are taken as they are.
const EVENTS_FOR_T: f64 = 10.0;

/// Pearson's correlation; 0 where one of the two does not vary.
fn correlation(one: &[f64], other: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (a, b) = (mean(one), mean(other));
    let sum = |of: &dyn Fn((f64, f64)) -> f64| {
        one.iter().zip(other).map(|(one, other)| of((one - a, other - b))).sum::<f64>()
    };
    let (squares, others) = (sum(&|(one, _)| one * one), sum(&|(_, other)| other * other));
    if squares <= 0.0 || others <= 0.0 {
        return 0.0;
    }
    (sum(&|(one, other)| one * other) / libm::sqrt(squares * others)).clamp(-1.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(kind: Kind, events: &[f64], trials: f64) -> Rates {
        let runs: Vec<_> = events.iter().map(|events| vec![Observed { rate: events / trials, trials }]).collect();
        Rates::of(kind, &runs).unwrap()
    }

    #[track_caller]
    fn assert_interval(rates: &Rates, low: f64, high: f64) {
        let interval = rates.estimate().interval.unwrap();
        let near = |value: f64, expected: f64| (value - expected).abs() <= 1e-9 + 1e-6 * expected;
        assert!(near(interval.low, low) && near(interval.high, high), "{interval:?}");
    }

    #[test]
    fn intervals_are_those_of_another_program() {
        // Calculated with SciPy's beta, gamma and t distributions.
        assert_interval(&rates(Kind::Share, &[1.0, 0.0, 0.0, 2.0, 0.0], 2000.0), 0.0000931172, 0.0008570421);
        assert_interval(&rates(Kind::Share, &[50.0, 61.0, 44.0, 57.0, 70.0], 1000.0), 0.0454789292, 0.0690576188);
        assert_interval(&rates(Kind::Share, &[3.0, 9.0, 1.0], 400.0), 0.0043271142, 0.0258379483);
        assert_interval(&rates(Kind::Share, &[900.0, 930.0, 910.0], 1000.0), 0.8765551666, 0.9418522136);
        assert_interval(&rates(Kind::Events, &[7.0, 3.0, 5.0, 9.0], 500.0), 0.0071261127, 0.0190248569);
    }

    #[test]
    fn where_nothing_was_seen_the_interval_is_the_exact_one() {
        // 1 - 0.025^(1/8000), and for events -ln(0.025) / 8000 (Clopper and Pearson; Garwood).
        assert_interval(&rates(Kind::Share, &[0.0; 4], 2_000.0), 0.0, 0.000_461_003_636_9);
        assert_interval(&rates(Kind::Events, &[0.0; 4], 2_000.0), 0.0, 0.000_461_109_931_8);
        // As rare the other way round.
        assert_interval(&rates(Kind::Share, &[2_000.0; 4], 2_000.0), 1.0 - 0.000_461_003_636_9, 1.0);
        assert_eq!(rates(Kind::Share, &[0.0], 2_000.0).estimate().interval, None, "a single replicate has none");
    }

    #[test]
    fn limits_lie_on_both_sides_of_the_mean_and_inside_what_is_possible() {
        for events in [0.0_f64, 1.0, 3.0, 40.0, 499.0, 500.0] {
            for spread in [0.0, 1.0, 30.0, 499.0] {
                let counts = [events, (events + spread).min(500.0), (events - spread).max(0.0)];
                let estimate = rates(Kind::Share, &counts, 500.0).estimate();
                let Interval { low, high } = estimate.interval.unwrap();
                assert!(0.0 <= low && low <= estimate.mean && estimate.mean <= high && high <= 1.0, "{estimate:?}");
                assert!(low < high, "{estimate:?}");
            }
        }
    }

    #[test]
    fn limits_by_tails_go_over_into_the_score_interval() {
        for kind in [Kind::Share, Kind::Events] {
            let tails = |trials| Tails::new(kind, trials).limits(0.2);
            let (below, above) = (tails(5.0 * MANY_EVENTS), tails(5.0 * MANY_EVENTS + 1.0));
            let width = above.high - above.low;
            assert!((below.low - above.low).abs() < 0.01 * width && (below.high - above.high).abs() < 0.01 * width);
        }
    }

    #[test]
    fn with_many_events_the_interval_is_that_of_student_t() {
        let counts = [10_210.0, 9_570.0, 10_480.0, 10_990.0, 9_120.0];
        let counted = rates(Kind::Events, &counts, 1e5).estimate();
        let plain = Estimate::of(&counts.map(|count| count / 1e5)).unwrap();
        assert!((counted.half_width().unwrap() / plain.half_width().unwrap() - 1.0).abs() < 0.02);
    }

    #[test]
    fn a_difference_of_rates_has_a_width_although_nothing_was_seen() {
        let (none, few) =
            (rates(Kind::Share, &[0.0; 5], 2_000.0), rates(Kind::Share, &[1.0, 0.0, 2.0, 0.0, 1.0], 2_000.0));
        let same = paired_difference(&none, &none).unwrap();
        let bound = none.estimate().interval.unwrap().high;
        assert_eq!((same.mean, same.interval), (0.0, Some(Interval { low: -bound, high: bound })));
        let interval = paired_difference(&none, &few).unwrap().interval.unwrap();
        // Not farther than either limit alone takes it, and not nearer.
        let few = few.estimate();
        assert!(interval.high >= few.interval.unwrap().high && interval.low <= few.interval.unwrap().low);
        assert!(interval.low < 0.0 && few.mean < interval.high);
    }

    #[test]
    fn paired_rates_with_many_events_differ_as_plain_numbers_do() {
        let (one, other) = ([510.0, 690.0, 580.0], [530.0, 700.0, 620.0]);
        let difference = paired_difference(&rates(Kind::Share, &one, 1e4), &rates(Kind::Share, &other, 1e4)).unwrap();
        // Differences 20, 10 and 40 in 10,000: mean 23.3, s = 15.275, t(2) = 4.30265.
        assert!((difference.mean - 0.002_333_3).abs() < 1e-6);
        assert!((difference.half_width().unwrap() - 4.302_65 * 0.001_527_5 / 3f64.sqrt()).abs() < 1e-6);
    }
}
