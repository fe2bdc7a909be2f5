//! Counts what happens and turns it into [`Statistics`]: for every window, and for the measurement as a whole.

use super::histogram::{CountHistogram, WideHistogram};
use super::report::{LookupRecord, Outcome, Outcomes, RequestCounts, Statistics, Summary, Traffic, Volume};
use crate::engine::memory::allocated_bytes;
use crate::engine::time::{Duration, Time};
use crate::scenario::Measurement;

/// Nanoseconds in a millisecond, for reports.
const NANOS_PER_MS: f64 = 1e6;

/// Sums over one stretch of time.
#[derive(Clone, Debug, Default)]
struct Tally {
    joins: u64,
    departures: u64,
    leaves: u64,
    joins_completed: u64,
    join_time_ns: u128,
    outcomes: Outcomes,
    not_started: u64,
    rpcs: u64,
    timeouts: u64,
    requests: RequestCounts,
    /// Lookups with a false timeout among their requests: those answered right, and those that failed or were wrong.
    misled: [u64; 2],
    live_node_ns: u128,
    member_ns: u128,
    /// By kind, for lookups and for maintenance.
    volumes: Vec<[Volume; 2]>,
}

impl Tally {
    fn new(kinds: usize) -> Self {
        Tally { volumes: vec![Default::default(); kinds], ..Tally::default() }
    }

    fn lookup_ended(&mut self, record: &LookupRecord) {
        self.outcomes.count(record.outcome);
        if record.outcome != Outcome::Aborted {
            self.rpcs += u64::from(record.rpcs);
            self.timeouts += u64::from(record.timeouts);
            let is_failure = record.outcome != Outcome::Correct;
            self.misled[usize::from(is_failure)] += u64::from(record.false_timeouts > 0);
        }
    }

    fn merge(&mut self, other: &Tally) {
        self.joins += other.joins;
        self.departures += other.departures;
        self.leaves += other.leaves;
        self.joins_completed += other.joins_completed;
        self.join_time_ns += other.join_time_ns;
        self.outcomes.correct += other.outcomes.correct;
        self.outcomes.wrong_owner += other.outcomes.wrong_owner;
        self.outcomes.failed += other.outcomes.failed;
        self.outcomes.aborted += other.outcomes.aborted;
        self.not_started += other.not_started;
        self.rpcs += other.rpcs;
        self.timeouts += other.timeouts;
        self.requests = self.requests.plus(other.requests);
        self.misled = [0, 1].map(|index| self.misled[index] + other.misled[index]);
        self.live_node_ns += other.live_node_ns;
        self.member_ns += other.member_ns;
        for (mine, theirs) in self.volumes.iter_mut().flatten().zip(other.volumes.iter().flatten()) {
            mine.messages += theirs.messages;
            mine.bytes += theirs.bytes;
        }
    }

    fn clear(&mut self) {
        let mut volumes = std::mem::take(&mut self.volumes);
        volumes.fill(Default::default());
        *self = Tally { volumes, ..Tally::default() };
    }
}

fn ratio(sum: f64, count: u64) -> Option<f64> {
    (count > 0).then(|| sum / count as f64)
}

fn mean_only(sum: f64, count: u64, unit: f64) -> Summary {
    Summary { count, mean: ratio(sum / unit, count), ..Summary::default() }
}

/// Distributions over the answered lookups of one stretch of time.
#[derive(Debug, Default)]
struct Distributions {
    hops: CountHistogram,
    latency: WideHistogram,
}

impl Distributions {
    fn merge(&mut self, other: &Distributions) {
        self.hops.merge(&other.hops);
        self.latency.merge(&other.latency);
    }

    fn clear(&mut self) {
        self.hops.clear();
        self.latency.clear();
    }
}

/// The metrics of one run.
#[derive(Debug)]
pub struct Metrics {
    measurement: Measurement,
    kinds: &'static [&'static str],
    figures: &'static [(&'static str, &'static str)],
    window: Tally,
    total: Tally,
    window_start: Time,
    boundary: Time,
    measuring: bool,
    live: u64,
    members: f64,
    counted_until: Time,
    /// Of the present window, and of all that have ended.
    of_window: Distributions,
    of_all: Distributions,
    join_time: WideHistogram,
    /// What had become of requests when the present window began.
    requests_before: RequestCounts,
    windows: Vec<Statistics>,
}

impl Metrics {
    /// Nothing measured yet. `kinds` and `figures` are the protocol's.
    pub fn new(
        measurement: Measurement,
        kinds: &'static [&'static str],
        figures: &'static [(&'static str, &'static str)],
    ) -> Self {
        let mut metrics = Metrics {
            measurement,
            kinds,
            figures,
            window: Tally::new(kinds.len()),
            total: Tally::new(kinds.len()),
            window_start: Time::ZERO,
            boundary: Time::ZERO + measurement.warmup,
            measuring: false,
            live: 0,
            members: 0.0,
            counted_until: Time::ZERO,
            of_window: Distributions::default(),
            of_all: Distributions::default(),
            join_time: WideHistogram::default(),
            requests_before: RequestCounts::default(),
            windows: Vec::new(),
        };
        if measurement.warmup.is_zero() {
            metrics.open_window(Time::ZERO);
        }
        metrics
    }

    fn open_window(&mut self, start: Time) {
        self.measuring = true;
        self.window.clear();
        self.of_window.clear();
        self.window_start = start;
        self.boundary = (start + self.measurement.window).min(self.measurement.end());
    }

    /// When the present window (or the warm-up) ends. [`Self::close_window`] is due before anything is counted that
    /// happens at or after this instant.
    #[inline]
    pub fn boundary(&self) -> Time {
        self.boundary
    }

    /// Whether the warm-up is over.
    pub fn is_measuring(&self) -> bool {
        self.measuring
    }

    /// Memory of histograms and of the windows so far \[B\].
    pub fn memory_bytes(&self) -> u64 {
        let of_window = |window: &Statistics| allocated_bytes(&window.traffic) + allocated_bytes(&window.health);
        let histograms = [&self.of_window, &self.of_all].map(|of| of.hops.memory_bytes() + of.latency.memory_bytes());
        histograms.iter().sum::<u64>()
            + self.join_time.memory_bytes()
            + allocated_bytes(&self.windows)
            + self.windows.iter().map(of_window).sum::<u64>()
    }

    /// Ends the present window, with what has become of `requests` from time 0 on and the protocol's health at its
    /// end, and begins the next. Returns whether there is a next one.
    pub fn close_window(&mut self, requests: RequestCounts, health: impl FnOnce() -> Vec<Option<f64>>) -> bool {
        let now = self.boundary;
        self.count_until(now);
        self.window.requests = requests.minus(self.requests_before);
        self.requests_before = requests;
        if self.measuring {
            self.total.merge(&self.window);
            self.of_all.merge(&self.of_window);
            let health = self.figures.iter().map(|(name, _)| *name).zip(health()).collect();
            let start = self.window_start;
            let row = self.statistics(&self.window, &self.of_window, start, now.since(start), health);
            self.windows.push(row);
        }
        self.open_window(now);
        now < self.measurement.end()
    }

    fn count_until(&mut self, now: Time) {
        let span = u128::from(now.since(self.counted_until).as_nanos());
        self.window.live_node_ns += u128::from(self.live) * span;
        // In thousandths of a member, so that the sum is an integer whatever the number of identifiers a node.
        self.window.member_ns += (self.members * 1000.0) as u128 * span;
        self.counted_until = now;
    }

    /// So many nodes are alive from `now` on, and so many of them are members.
    pub fn set_population(&mut self, now: Time, live: u64, members: f64) {
        self.count_until(now);
        self.live = live;
        self.members = members;
    }

    /// A node arrived.
    pub fn arrived(&mut self) {
        self.window.joins += 1;
    }

    /// A node departed.
    pub fn departed(&mut self, graceful: bool) {
        self.window.departures += 1;
        self.window.leaves += u64::from(graceful);
    }

    /// A join was completed that took this long.
    pub fn join_completed(&mut self, took: Duration) {
        self.window.joins_completed += 1;
        self.window.join_time_ns += u128::from(took.as_nanos());
        if self.measuring {
            self.join_time.record(took.as_nanos());
        }
    }

    /// A lookup was due at a live node that was not a member.
    pub fn lookup_not_started(&mut self) {
        self.window.not_started += 1;
    }

    /// A lookup ended.
    pub fn lookup_ended(&mut self, record: &LookupRecord) {
        self.window.lookup_ended(record);
        if let (true, Some(hops)) = (self.measuring, record.hops) {
            self.of_window.hops.record(hops);
            self.of_window.latency.record(record.ended.since(record.started).as_nanos());
        }
    }

    /// A message was sent.
    #[inline]
    pub fn sent(&mut self, kind: u8, bytes: u32, for_lookup: bool) {
        let volume = &mut self.window.volumes[kind as usize][usize::from(for_lookup)];
        volume.messages += 1;
        volume.bytes += u64::from(bytes);
    }

    fn statistics(
        &self,
        tally: &Tally,
        distributions: &Distributions,
        start: Time,
        duration: Duration,
        health: Vec<(&'static str, Option<f64>)>,
    ) -> Statistics {
        let judged = tally.outcomes.correct + tally.outcomes.wrong_owner + tally.outcomes.failed;
        let nanos = duration.as_nanos() as f64;
        Statistics {
            start,
            duration,
            live_nodes_mean: tally.live_node_ns as f64 / nanos,
            members_mean: tally.member_ns as f64 / nanos / 1000.0,
            joins: tally.joins,
            departures: tally.departures,
            leaves: tally.leaves,
            join_time_ms: mean_only(tally.join_time_ns as f64, tally.joins_completed, NANOS_PER_MS),
            outcomes: tally.outcomes,
            not_started: tally.not_started,
            hops: distributions.hops.summary(),
            latency_ms: distributions.latency.summary(NANOS_PER_MS),
            rpcs_mean: ratio(tally.rpcs as f64, judged),
            timeouts_mean: ratio(tally.timeouts as f64, judged),
            requests: tally.requests,
            correct_after_false_timeout: tally.misled[0],
            failures_after_false_timeout: tally.misled[1],
            traffic: self
                .kinds
                .iter()
                .zip(&tally.volumes)
                .map(|(kind, [maintenance, lookup])| Traffic { kind, lookup: *lookup, maintenance: *maintenance })
                .collect(),
            health,
        }
    }

    /// The measurement as a whole, its windows, and the histogram of hops.
    pub fn finish(self) -> (Statistics, Vec<Statistics>, Vec<u64>) {
        let health = self.figures.iter().enumerate().map(|(index, (name, _))| {
            let known: Vec<f64> = self.windows.iter().filter_map(|window| window.health[index].1).collect();
            (*name, ratio(known.iter().sum(), known.len() as u64))
        });
        let start = Time::ZERO + self.measurement.warmup;
        let total = Statistics {
            join_time_ms: self.join_time.summary(NANOS_PER_MS),
            ..self.statistics(&self.total, &self.of_all, start, self.measurement.duration, health.collect())
        };
        (total, self.windows, self.of_all.hops.counts().to_vec())
    }
}
