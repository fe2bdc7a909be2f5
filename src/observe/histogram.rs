//! Histograms of fixed size: the memory of a run does not grow with the number of lookups.

use super::report::Summary;
use crate::engine::memory::allocated_bytes;

/// Bits of a value that a bucket of [`WideHistogram`] keeps: its values differ by less than 2^-11 (0.05 %).
const PRECISION_BITS: u32 = 11;

/// Counts of small integers, such as hops. Exact.
#[derive(Clone, Debug, Default)]
pub struct CountHistogram {
    counts: Vec<u64>,
}

impl CountHistogram {
    /// Takes in one value.
    pub fn record(&mut self, value: u32) {
        self.add(value as usize, 1);
    }

    fn add(&mut self, value: usize, count: u64) {
        if value >= self.counts.len() {
            self.counts.resize(value + 1, 0);
        }
        self.counts[value] += count;
    }

    /// Takes in all values of another histogram.
    pub fn merge(&mut self, other: &CountHistogram) {
        let seen = other.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        seen.for_each(|(value, count)| self.add(value, *count));
    }

    /// Forgets all values, but keeps the memory.
    pub fn clear(&mut self) {
        self.counts.fill(0);
    }

    /// Memory of the counts \[B\].
    pub fn memory_bytes(&self) -> u64 {
        allocated_bytes(&self.counts)
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
        let max = self.counts.iter().rposition(|count| *count > 0).unwrap_or(0);
        summarise(count, u128::from(sum), max as f64, 1.0, |rank| position(&self.counts, rank) as f64)
    }
}

/// Values that agree in their leading bits.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    count: u64,
    least: u64,
    most: u64,
}

/// Counts of integers of any size, such as nanoseconds. Mean and maximum are exact. A quantile is a value that was
/// seen: the smallest or the largest of those that share a bucket with the exact one, so it is exact where all values
/// of a bucket are equal, and within 2^-11 of it elsewhere.
#[derive(Clone, Debug, Default)]
pub struct WideHistogram {
    buckets: Vec<Bucket>,
    /// Indices of the buckets that hold anything, in the order in which they first did.
    filled: Vec<u32>,
    count: u64,
    sum: u128,
}

impl WideHistogram {
    /// Takes in one value.
    pub fn record(&mut self, value: u64) {
        self.add(Self::bucket(value), Bucket { count: 1, least: value, most: value });
        self.sum += u128::from(value);
    }

    fn add(&mut self, index: usize, values: Bucket) {
        if index >= self.buckets.len() {
            self.buckets.resize(index + 1, Bucket::default());
        }
        let bucket = &mut self.buckets[index];
        if bucket.count == 0 {
            self.filled.push(index as u32);
            *bucket = values;
        } else {
            bucket.count += values.count;
            bucket.least = bucket.least.min(values.least);
            bucket.most = bucket.most.max(values.most);
        }
        self.count += values.count;
    }

    /// Takes in all values of another histogram.
    pub fn merge(&mut self, other: &WideHistogram) {
        other.filled.iter().for_each(|&index| self.add(index as usize, other.buckets[index as usize]));
        self.sum += other.sum;
    }

    /// Forgets all values, but keeps the memory.
    pub fn clear(&mut self) {
        self.filled.drain(..).for_each(|index| self.buckets[index as usize] = Bucket::default());
        (self.count, self.sum) = (0, 0);
    }

    /// Memory of the counts \[B\].
    pub fn memory_bytes(&self) -> u64 {
        allocated_bytes(&self.buckets) + allocated_bytes(&self.filled)
    }

    /// The bucket of a value: values below 2^(P+1) have one each, every octave above has 2^P.
    fn bucket(value: u64) -> usize {
        let exponent = (64 - value.leading_zeros()).saturating_sub(PRECISION_BITS + 1);
        ((exponent as usize) << PRECISION_BITS) + (value >> exponent) as usize
    }

    /// Mean, quantiles and maximum, each divided by `unit`.
    pub fn summary(&self, unit: f64) -> Summary {
        let mut filled = self.filled.clone();
        filled.sort_unstable();
        let ordered: Vec<Bucket> = filled.into_iter().map(|index| self.buckets[index as usize]).collect();
        let max = ordered.last().map_or(0, |bucket| bucket.most);
        summarise(self.count, self.sum, max as f64, unit, |rank| at_rank(&ordered, rank) as f64)
    }
}

/// A value that was seen, in the bucket that holds the one of this rank (from 1): the end that is nearer by rank.
fn at_rank(ordered: &[Bucket], rank: u64) -> u64 {
    let mut before = 0;
    for bucket in ordered {
        if before + bucket.count >= rank {
            let is_lower = 2 * (rank - before) <= bucket.count;
            return if is_lower { bucket.least } else { bucket.most };
        }
        before += bucket.count;
    }
    0
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
                let measured = measured.unwrap();
                prop_assert!((measured - truth).abs() <= truth / 2048.0, "{measured} for {truth}");
                prop_assert!(values.iter().any(|value| *value as f64 == measured), "{measured} was never seen");
                prop_assert_eq!(counted, Some(exact(&small, percent)));
            }
            prop_assert_eq!(wide.max, values.last().map(|value| *value as f64));
            prop_assert_eq!(wide.count, values.len() as u64);
        }
    }

    #[test]
    fn what_always_took_the_same_has_no_other_quantile() {
        let mut histogram = WideHistogram::default();
        (0..1_000).for_each(|_| histogram.record(800_000_000));
        let Summary { p50, p95, p99, max, mean, .. } = histogram.summary(1e6);
        assert_eq!([p50, p95, p99, max, mean], [Some(800.0); 5]);
    }

    #[test]
    fn small_values_are_exact() {
        for value in 0..4096u64 {
            let mut histogram = WideHistogram::default();
            (value..value + 3).for_each(|value| histogram.record(value));
            assert_eq!(histogram.summary(1.0).p50, Some((value + 1) as f64));
        }
    }

    proptest! {
        #[test]
        fn parts_put_together_are_the_whole(
            values in proptest::collection::vec(0u64..1 << 40, 1..200),
            cut in 0usize..200,
        ) {
            let [mut whole, mut part, mut parts] = [(); 3].map(|()| WideHistogram::default());
            let [mut counts, mut count_part, mut count_parts] = [(); 3].map(|()| CountHistogram::default());
            for chunk in values.chunks(cut.max(1)) {
                part.clear();
                count_part.clear();
                for value in chunk {
                    whole.record(*value);
                    part.record(*value);
                    counts.record((*value % 60) as u32);
                    count_part.record((*value % 60) as u32);
                }
                parts.merge(&part);
                count_parts.merge(&count_part);
                prop_assert_eq!(part.summary(1.0).max, chunk.iter().max().map(|value| *value as f64));
                let most = chunk.iter().map(|value| value % 60).max();
                prop_assert_eq!(count_part.summary().max, most.map(|value| value as f64));
            }
            prop_assert_eq!(parts.summary(1e3), whole.summary(1e3));
            prop_assert_eq!(count_parts.summary(), counts.summary());
        }
    }

    #[test]
    fn nothing_measured_gives_nothing() {
        assert_eq!(WideHistogram::default().summary(1.0), Summary::default());
        assert_eq!(CountHistogram::default().summary(), Summary::default());
    }
}
