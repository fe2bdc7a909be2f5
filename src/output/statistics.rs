//! Columns over one stretch of a run, shared by the summary (the measurement as a whole) and the time series.
//!
//! Behind the fixed columns come those that depend on the protocol: four for each kind of message, and one for each
//! figure of health.

use super::cell::{Cell, Column};
use crate::observe::report::{Statistics, Traffic, Volume};

/// Shorthand for a column of this file.
macro_rules! columns {
    ($($constant:ident, $name:literal, $unit:literal, $meaning:literal, $value:expr;)*) => {
        $(#[doc = $meaning]
        pub const $constant: Column<Statistics> =
            Column { name: $name, unit: $unit, meaning: $meaning, value: $value };)*
    };
}

columns! {
    LIVE_NODES_MEAN, "live_nodes_mean", "", "live nodes, averaged over time", |s| Cell::Float(s.live_nodes_mean);
    LIVE_NODES, "live_nodes", "", "live nodes, averaged over the window", |s| Cell::Float(s.live_nodes_mean);
    JOINS, "joins", "", "nodes that arrived", |s| Cell::Count(s.joins);
    DEPARTURES, "departures", "", "nodes that crashed or left", |s| Cell::Count(s.departures);
    LEAVES, "leaves", "", "departures that were graceful leaves", |s| Cell::Count(s.leaves);
    MEMBERS_MEAN, "members_mean", "", "live nodes that have completed their join, averaged over time",
        |s| Cell::Float(s.members_mean);
    JOIN_TIME_MS_MEAN, "join_time_ms_mean", "ms", "virtual time from arrival to membership, over joins completed",
        |s| s.join_time_ms.mean.into();
    LOOKUPS, "lookups", "", "lookups that ended", |s| Cell::Count(s.outcomes.lookups());
    CORRECT, "correct", "", "lookups whose answer was the owner when it was given",
        |s| Cell::Count(s.outcomes.correct);
    WRONG_OWNER, "wrong_owner", "", "lookups whose answer was another node, or a dead one",
        |s| Cell::Count(s.outcomes.wrong_owner);
    FAILED, "failed", "", "lookups without an answer: given up, or over the deadline",
        |s| Cell::Count(s.outcomes.failed);
    ABORTED, "aborted", "", "lookups whose initiator departed first", |s| Cell::Count(s.outcomes.aborted);
    FAILURE_RATE, "failure_rate", "share", "(wrong_owner + failed) / (lookups - aborted)",
        |s| s.outcomes.failure_rate().into();
    NOT_STARTED, "not_started", "", "lookups due at a live node that had not completed its join; not in `lookups`",
        |s| Cell::Count(s.not_started);
    HOPS_MEAN, "hops_mean", "", "hops of answered lookups (correct or wrong owner): mean", |s| s.hops.mean.into();
    HOPS_P50, "hops_p50", "", "hops of answered lookups: median", |s| s.hops.p50.into();
    HOPS_P95, "hops_p95", "", "hops of answered lookups: 95th percentile", |s| s.hops.p95.into();
    HOPS_P99, "hops_p99", "", "hops of answered lookups: 99th percentile", |s| s.hops.p99.into();
    HOPS_MAX, "hops_max", "", "hops of answered lookups: largest", |s| s.hops.max.into();
    RPCS_MEAN, "rpcs_mean", "", "requests sent a lookup, answered or not, over all lookups but the aborted",
        |s| s.rpcs_mean.into();
    TIMEOUTS_MEAN, "timeouts_mean", "", "requests a lookup that went unanswered, over all lookups but the aborted",
        |s| s.timeouts_mean.into();
    LATENCY_MS_MEAN, "latency_ms_mean", "ms", "virtual time from start to answer, over answered lookups: mean",
        |s| s.latency_ms.mean.into();
    LATENCY_MS_P50, "latency_ms_p50", "ms", "latency of answered lookups: median; like the other percentiles a \
     latency that was seen, within 0.05 % of that of the nearest rank",
        |s| s.latency_ms.p50.into();
    LATENCY_MS_P95, "latency_ms_p95", "ms", "latency of answered lookups: 95th percentile",
        |s| s.latency_ms.p95.into();
    LATENCY_MS_P99, "latency_ms_p99", "ms", "latency of answered lookups: 99th percentile",
        |s| s.latency_ms.p99.into();
    LATENCY_MS_MAX, "latency_ms_max", "ms", "latency of answered lookups: largest", |s| s.latency_ms.max.into();
    REQUESTS, "requests", "", "requests sent, also those that no lookup caused", |s| Cell::Count(s.requests.sent);
    FALSE_TIMEOUT_SHARE, "false_timeout_share", "share",
        "false timeouts / requests: the node asked lived when the timeout expired, and the request or its reply was \
         still under way",
        |s| s.requests.false_timeout_share().into();
    NOT_STARTED_SHARE, "not_started_share", "share",
        "not_started / (lookups + not_started): lookups of which `failure_rate` says nothing",
        |s| s.not_started_share().into();
    MAINTENANCE_MESSAGES, "maintenance_messages_per_node_s", "1/s",
        "messages that no lookup caused, per live node and second",
        |s| per_node_second(s, sum(s, |kind| kind.maintenance.messages));
    MAINTENANCE_BYTES, "maintenance_bytes_per_node_s", "B/s", "their bytes",
        |s| per_node_second(s, sum(s, |kind| kind.maintenance.bytes));
    LOOKUP_MESSAGES, "lookup_messages_per_node_s", "1/s", "messages that lookups caused, per live node and second",
        |s| per_node_second(s, sum(s, |kind| kind.lookup.messages));
    LOOKUP_BYTES, "lookup_bytes_per_node_s", "B/s", "their bytes",
        |s| per_node_second(s, sum(s, |kind| kind.lookup.bytes));
    MAINTENANCE_MESSAGES_SENT, "maintenance_messages", "",
        "messages that no lookup caused: their number, which is there where nobody lives too (nodes that leave in the \
         instant in which a stretch begins say farewell in it)",
        |s| Cell::Count(sum(s, |kind| kind.maintenance.messages));
    MAINTENANCE_BYTES_SENT, "maintenance_bytes", "B", "their bytes",
        |s| Cell::Count(sum(s, |kind| kind.maintenance.bytes));
    LOOKUP_MESSAGES_SENT, "lookup_messages", "", "messages that lookups caused: their number",
        |s| Cell::Count(sum(s, |kind| kind.lookup.messages));
    LOOKUP_BYTES_SENT, "lookup_bytes", "B", "their bytes", |s| Cell::Count(sum(s, |kind| kind.lookup.bytes));
}

/// A column that there is once for each kind of message of the protocol.
pub struct KindColumn {
    /// Name, with the kind in place of `<kind>`.
    pub pattern: &'static str,
    /// Unit, for the reference page.
    pub unit: &'static str,
    /// What the value is.
    pub meaning: &'static str,
    /// Which number of the traffic is divided by nodes and seconds.
    number: fn(&Traffic) -> u64,
}

/// The columns of each kind of message.
pub const KIND_COLUMNS: [KindColumn; 4] = [
    KindColumn {
        pattern: "maintenance_<kind>_messages_per_node_s",
        unit: "1/s",
        meaning: "messages of this kind that no lookup caused, per live node and second",
        number: |traffic| traffic.maintenance.messages,
    },
    KindColumn {
        pattern: "maintenance_<kind>_bytes_per_node_s",
        unit: "B/s",
        meaning: "their bytes",
        number: |traffic| traffic.maintenance.bytes,
    },
    KindColumn {
        pattern: "lookup_<kind>_messages_per_node_s",
        unit: "1/s",
        meaning: "messages of this kind that lookups caused, per live node and second",
        number: |traffic| traffic.lookup.messages,
    },
    KindColumn {
        pattern: "lookup_<kind>_bytes_per_node_s",
        unit: "B/s",
        meaning: "their bytes",
        number: |traffic| traffic.lookup.bytes,
    },
];

/// Names of the columns that depend on the protocol, in the order of [`protocol_cells`].
pub fn protocol_names(statistics: &Statistics) -> Vec<String> {
    let kinds = statistics
        .traffic
        .iter()
        .flat_map(|traffic| KIND_COLUMNS.iter().map(|column| column.pattern.replace("<kind>", traffic.kind)));
    kinds.chain(statistics.health.iter().map(|(name, _)| (*name).to_owned())).collect()
}

/// Values of the columns that depend on the protocol: its kinds of messages, then its health.
pub fn protocol_cells(statistics: &Statistics) -> impl Iterator<Item = Cell<'_>> {
    let kinds = statistics.traffic.iter().flat_map(move |traffic| {
        KIND_COLUMNS.iter().map(move |column| per_node_second(statistics, (column.number)(traffic)))
    });
    kinds.chain(statistics.health.iter().map(|(_, value)| Cell::from(*value)))
}

/// All messages and bytes of a stretch: those that lookups caused, and the others.
pub fn volumes(statistics: &Statistics) -> (Volume, Volume) {
    let volume = |part: fn(&Traffic) -> Volume| Volume {
        messages: sum(statistics, |traffic| part(traffic).messages),
        bytes: sum(statistics, |traffic| part(traffic).bytes),
    };
    (volume(|traffic| traffic.lookup), volume(|traffic| traffic.maintenance))
}

/// `number` per live node and second; `None` if nobody lived.
pub fn rate(statistics: &Statistics, number: u64) -> Option<f64> {
    let node_seconds = statistics.live_nodes_mean * statistics.duration.as_secs_f64();
    (node_seconds > 0.0).then(|| number as f64 / node_seconds)
}

fn per_node_second(statistics: &Statistics, number: u64) -> Cell<'static> {
    rate(statistics, number).into()
}

fn sum(statistics: &Statistics, number: impl Fn(&Traffic) -> u64) -> u64 {
    statistics.traffic.iter().map(number).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Duration;
    use crate::output::example;

    #[test]
    fn rates_divide_by_live_nodes_and_seconds_and_are_empty_when_nobody_lived() {
        let mut statistics = example::statistics();
        statistics.live_nodes_mean = 10.0;
        statistics.duration = Duration::from_secs(60);
        assert_eq!(rate(&statistics, 1200), Some(2.0));
        statistics.live_nodes_mean = 0.0;
        assert_eq!(rate(&statistics, 0), None);
        assert!(protocol_cells(&statistics).take(4).all(|cell| cell == Cell::Empty));
    }

    #[test]
    fn names_and_cells_of_the_protocol_go_together() {
        let statistics = example::statistics();
        let names = protocol_names(&statistics);
        assert_eq!(names.len(), protocol_cells(&statistics).count());
        assert_eq!(names[0], "maintenance_find_successor_messages_per_node_s");
        assert_eq!(names.last().unwrap(), "wrong_finger_share");
    }
}
