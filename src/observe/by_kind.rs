//! Figures by kind of node, where there are several kinds: who pays, and who is served.

use super::histogram::{CountHistogram, WideHistogram};
use super::report::{KindStatistics, LookupRecord, Outcome, Outcomes, Volume};
use crate::engine::time::Time;
use crate::scenario::model::{Kind, KindId};

/// Nanoseconds in a millisecond, for reports.
const NANOS_PER_MS: f64 = 1e6;

/// What is counted of one kind in the measurement.
#[derive(Debug, Default)]
struct Tally {
    live: u64,
    /// Up to which time `live_node_ns` counts.
    counted_until: Time,
    live_node_ns: u128,
    joins: u64,
    departures: u64,
    outcomes: Outcomes,
    rpcs: u64,
    timeouts: u64,
    hops: CountHistogram,
    latency: WideHistogram,
    sent: Volume,
}

impl Tally {
    /// Counts live nodes up to `now`, from the beginning of the measurement on.
    fn count_until(&mut self, now: Time) {
        let span = now.since(self.counted_until);
        self.live_node_ns += u128::from(self.live) * u128::from(span.as_nanos());
        self.counted_until = self.counted_until.max(now);
    }
}

/// Figures of all kinds.
#[derive(Debug)]
pub struct ByKind {
    kinds: Vec<Kind>,
    /// When the measurement begins; nothing before counts.
    from: Time,
    tallies: Vec<Tally>,
}

impl ByKind {
    /// Of these kinds, from the end of the warm-up on.
    pub fn new(kinds: &[Kind], from: Time) -> Self {
        let tally = || Tally { counted_until: from, ..Tally::default() };
        ByKind { kinds: kinds.to_vec(), from, tallies: kinds.iter().map(|_| tally()).collect() }
    }

    /// A node of this kind is live from `now` on.
    pub fn arrived(&mut self, kind: KindId, now: Time) {
        let tally = &mut self.tallies[usize::from(kind)];
        tally.count_until(now);
        tally.live += 1;
    }

    /// It begins to join.
    pub fn joins(&mut self, kind: KindId, now: Time) {
        self.tallies[usize::from(kind)].joins += u64::from(now >= self.from);
    }

    /// A node of this kind is gone.
    pub fn departed(&mut self, kind: KindId, now: Time) {
        let is_counted = now >= self.from;
        let tally = &mut self.tallies[usize::from(kind)];
        tally.count_until(now);
        tally.live -= 1;
        tally.departures += u64::from(is_counted);
    }

    /// A lookup of a node of this kind ended in the measurement.
    pub fn lookup_ended(&mut self, kind: KindId, record: &LookupRecord) {
        let tally = &mut self.tallies[usize::from(kind)];
        tally.outcomes.count(record.outcome);
        if record.outcome != Outcome::Aborted {
            tally.rpcs += u64::from(record.rpcs);
            tally.timeouts += u64::from(record.timeouts);
        }
        if let Some(hops) = record.hops {
            tally.hops.record(hops);
            tally.latency.record(record.ended.since(record.started).as_nanos());
        }
    }

    /// A node of this kind sent a message in the measurement.
    pub fn sent(&mut self, kind: KindId, bytes: u32) {
        let sent = &mut self.tallies[usize::from(kind)].sent;
        sent.messages += 1;
        sent.bytes += u64::from(bytes);
    }

    /// The figures, in the order of the scenario, of a measurement that ends at `end`.
    pub fn finish(mut self, end: Time) -> Vec<KindStatistics> {
        let seconds = end.since(self.from).as_secs_f64();
        let row = |(kind, tally): (Kind, &mut Tally)| {
            tally.count_until(end);
            let live_node_s = tally.live_node_ns as f64 / 1e9;
            let judged = tally.outcomes.correct + tally.outcomes.wrong_owner + tally.outcomes.failed;
            let per_lookup = |sum: u64| (judged > 0).then(|| sum as f64 / judged as f64);
            let per_node_s = |sum: u64| (live_node_s > 0.0).then(|| sum as f64 / live_node_s);
            KindStatistics {
                name: kind.name,
                region: kind.region,
                live_nodes_mean: live_node_s / seconds,
                joins: tally.joins,
                departures: tally.departures,
                outcomes: tally.outcomes,
                hops: tally.hops.summary(),
                latency_ms: tally.latency.summary(NANOS_PER_MS),
                rpcs_mean: per_lookup(tally.rpcs),
                timeouts_mean: per_lookup(tally.timeouts),
                sent_messages_per_node_s: per_node_s(tally.sent.messages),
                sent_bytes_per_node_s: per_node_s(tally.sent.bytes),
            }
        };
        self.kinds.into_iter().zip(&mut self.tallies).map(row).collect()
    }
}
