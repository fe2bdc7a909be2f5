//! Histograms of fixed size: the memory of a run does not grow with the number of lookups.

use super::report::Summary;
use crate::engine::memory::room;

/// Bits of a value that a bucket of [`WideHistogram`] keeps: quantiles are within 2^-12 (0.025%) of the exact ones.
const PRECISION_BITS: u32 = 11;

/// Counts of small integers, such as hops. Exact.
#[derive(Clone, Debug, Default)]
pub struct CountHistogram {
    counts: Vec<u64>,
}

impl CountHistogram {
    /// Takes in one value.
    pub fn record(&mut self, value: u32) {
        let index = value as usize;
        if index >= self.counts.len() {
            self.counts.resize(index + 1, 0);
        }
        self.counts[index] += 1;
    }

    /// Memory of the counts \[B\].
    pub fn memory_bytes(&self) -> u64 {
        room(&self.counts)
    }

    /// `counts()[v]` values were `v`.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// A percentile (nearest rank); `None` of nothing.
    pub fn percentile(&self, percent: u64) -> Option<f64> {
        let count: u64 = self.counts.iter().sum();
        (count > 0).then(|| position(&self.counts, (count * percent).div_ceil(100).max(1)) as f64)
    }

    /// Mean, quantiles (nearest rank) and maximum.
    pub fn summary(&self) -> Summary {
        let count: u64 = self.counts.iter().sum();
        let sum: u64 = self.counts.iter().enumerate().map(|(value, n)| value as u64 * n).sum();
        summarise(count, u128::from(sum), self.counts.len().saturating_sub(1) as f64, 1.0, |rank| {
            position(&self.counts, rank) as f64
        })
    }
}

/// Counts of integers of any size, such as nanoseconds. Mean and maximum are exact; quantiles are the middle of a
/// bucket whose width is at most 2^-11 of its values.
#[derive(Clone, Debug, Default)]
pub struct WideHistogram {
    counts: Vec<u64>,
    sum: u128,
    max: u64,
}

impl WideHistogram {
    /// Takes in one value.
    pub fn record(&mut self, value: u64) {
        let index = Self::bucket(value);
        if index >= self.counts.len() {
            self.counts.resize(index + 1, 0);
        }
        self.counts[index] += 1;
        self.sum += u128::from(value);
        self.max = self.max.max(value);
    }

    /// Memory of the counts \[B\].
    pub fn memory_bytes(&self) -> u64 {
        room(&self.counts)
    }

    /// The bucket of a value: values below 2^(P+1) have one each, every octave above has 2^P.
    fn bucket(value: u64) -> usize {
        let exponent = (64 - value.leading_zeros()).saturating_sub(PRECISION_BITS + 1);
        ((exponent as usize) << PRECISION_BITS) + (value >> exponent) as usize
    }

    /// The middle of a bucket.
    fn middle(bucket: usize) -> f64 {
        let exponent = (bucket >> PRECISION_BITS).saturating_sub(1);
        let lowest = ((bucket - (exponent << PRECISION_BITS)) as u64) << exponent;
        lowest as f64 + ((1u64 << exponent) - 1) as f64 / 2.0
    }

    /// Mean, quantiles and maximum, each divided by `unit`.
    pub fn summary(&self, unit: f64) -> Summary {
        let count = self.counts.iter().sum();
        summarise(count, self.sum, self.max as f64, unit, |rank| {
            Self::middle(position(&self.counts, rank)).min(self.max as f64)
        })
    }
}

/// The index at which the running sum of `counts` reaches `rank` (from 1).
fn position(counts: &[u64], rank: u64) -> usize {
    let mut seen = 0;
    counts
        .iter()
        .position(|n| {
            seen += n;
            seen >= rank
        })
        .unwrap_or(0)
}

fn summarise(count: u64, sum: u128, max: f64, unit: f64, at_rank: impl Fn(u64) -> f64) -> Summary {
    if count == 0 {
        return Summary::default();
    }
    let percentile = |percent: u64| Some(at_rank((count * percent).div_ceil(100).max(1)) / unit);
    Summary {
        count,
        mean: Some(sum as f64 / count as f64 / unit),
        p50: percentile(50),
        p95: percentile(95),
        p99: percentile(99),
        max: Some(max / unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exact(sorted: &[u64], percent: usize) -> f64 {
        sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1] as f64
    }

    proptest! {
        #[test]
        fn quantiles_agree_with_sorting(
            mut values in proptest::collection::vec(0u64..u64::MAX >> 8, 1..300),
            scale in 0u32..56,
        ) {
            values.iter_mut().for_each(|value| *value >>= scale);
            let (mut wide, mut narrow) = (WideHistogram::default(), CountHistogram::default());
            for value in &values {
                wide.record(*value);
                narrow.record((*value % 50) as u32);
            }
            let mut small: Vec<u64> = values.iter().map(|value| value % 50).collect();
            values.sort_unstable();
            small.sort_unstable();
            let (wide, narrow) = (wide.summary(1.0), narrow.summary());
            for (percent, measured, counted) in
                [(50, wide.p50, narrow.p50), (95, wide.p95, narrow.p95), (99, wide.p99, narrow.p99)]
            {
                let truth = exact(&values, percent);
                prop_assert!((measured.unwrap() - truth).abs() <= truth / 4096.0 + 0.5, "{measured:?} for {truth}");
                prop_assert_eq!(counted, Some(exact(&small, percent)));
            }
            prop_assert_eq!(wide.max, values.last().map(|value| *value as f64));
            prop_assert_eq!(wide.count, values.len() as u64);
        }
    }

    #[test]
    fn small_values_have_a_bucket_each() {
        for value in 0..4096u64 {
            assert_eq!(WideHistogram::middle(WideHistogram::bucket(value)), value as f64);
        }
        for value in [4096u64, 5000, 1 << 40, u64::MAX] {
            let middle = WideHistogram::middle(WideHistogram::bucket(value));
            assert!((middle - value as f64).abs() <= value as f64 / 4096.0);
        }
    }

    #[test]
    fn nothing_measured_gives_nothing() {
        assert_eq!(WideHistogram::default().summary(1.0), Summary::default());
        assert_eq!(CountHistogram::default().summary(), Summary::default());
    }
}
