//! `kinds.csv`: figures by kind of node, where there are several kinds.

use super::cell::{Cell, Column, Table};
use crate::observe::report::KindStatistics;
use std::io::{self, Write};

/// The columns.
pub const COLUMNS: &[Column<KindStatistics>] = &[
    Column { name: "kind", unit: "", meaning: "name of the kind", value: |row| Cell::Text(&row.name) },
    Column {
        name: "region",
        unit: "",
        meaning: "its region, if it has one",
        value: |row| row.region.as_deref().map_or(Cell::Empty, Cell::Text),
    },
    Column {
        name: "live_nodes_mean",
        unit: "",
        meaning: "live nodes of the kind, averaged over the measurement",
        value: |row| Cell::Float(row.live_nodes_mean),
    },
    Column { name: "joins", unit: "", meaning: "nodes that arrived", value: |row| Cell::Count(row.joins) },
    Column { name: "departures", unit: "", meaning: "nodes that departed", value: |row| Cell::Count(row.departures) },
    Column {
        name: "lookups",
        unit: "",
        meaning: "lookups that nodes of the kind began and that ended",
        value: |row| Cell::Count(row.outcomes.lookups()),
    },
    Column {
        name: "correct",
        unit: "",
        meaning: "of those: answered with the owner",
        value: |row| Cell::Count(row.outcomes.correct),
    },
    Column {
        name: "wrong_owner",
        unit: "",
        meaning: "answered with another node",
        value: |row| Cell::Count(row.outcomes.wrong_owner),
    },
    Column { name: "failed", unit: "", meaning: "not answered", value: |row| Cell::Count(row.outcomes.failed) },
    Column {
        name: "aborted",
        unit: "",
        meaning: "lookups whose initiator departed first",
        value: |row| Cell::Count(row.outcomes.aborted),
    },
    Column {
        name: "failure_rate",
        unit: "",
        meaning: "(`wrong_owner` + `failed`) / all but `aborted`",
        value: |row| row.outcomes.failure_rate().into(),
    },
    Column { name: "hops_mean", unit: "", meaning: "hops of answered lookups", value: |row| row.hops.mean.into() },
    Column { name: "rpcs_mean", unit: "", meaning: "requests a lookup", value: |row| row.rpcs_mean.into() },
    Column { name: "timeouts_mean", unit: "", meaning: "timeouts a lookup", value: |row| row.timeouts_mean.into() },
    Column {
        name: "latency_ms_mean",
        unit: "ms",
        meaning: "latency of answered lookups",
        value: |row| row.latency_ms.mean.into(),
    },
    Column { name: "latency_ms_p50", unit: "ms", meaning: "median of it", value: |row| row.latency_ms.p50.into() },
    Column {
        name: "latency_ms_p95",
        unit: "ms",
        meaning: "95th percentile of it",
        value: |row| row.latency_ms.p95.into(),
    },
    Column {
        name: "latency_ms_p99",
        unit: "ms",
        meaning: "99th percentile of it",
        value: |row| row.latency_ms.p99.into(),
    },
    Column {
        name: "sent_messages_per_node_s",
        unit: "1/s",
        meaning: "messages that a node of the kind sends, replies among them",
        value: |row| row.sent_messages_per_node_s.into(),
    },
    Column {
        name: "sent_bytes_per_node_s",
        unit: "B/s",
        meaning: "bytes that it sends",
        value: |row| row.sent_bytes_per_node_s.into(),
    },
];

/// Writes the file.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(out: impl Write, kinds: &[KindStatistics]) -> io::Result<()> {
    let mut table = Table::new(out, COLUMNS.iter().map(|column| column.name))?;
    for row in kinds {
        table.row(COLUMNS.iter().map(|column| (column.value)(row)))?;
    }
    table.finish().map(drop)
}
