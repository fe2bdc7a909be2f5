//! `summary.csv`: the run in one row.

use super::cell::{Cell, Column, Table};
use super::results::Run;
use super::statistics::{self as stretch, protocol_cells, protocol_names};
use crate::observe::report::{Load, Statistics};
use std::io::{self, Write};

/// A column of the summary.
pub enum SummaryColumn {
    /// About the run.
    Run(Column<Run>),
    /// About the measurement window.
    Measured(Column<Statistics>),
    /// About the keys that were dealt out, if any were.
    Load {
        /// Name.
        name: &'static str,
        /// What the value is.
        meaning: &'static str,
        /// The value; without load keys the cell is empty.
        value: fn(&Load) -> Option<f64>,
    },
}

impl SummaryColumn {
    /// Name, unit and meaning.
    pub fn description(&self) -> (&'static str, &'static str, &'static str) {
        match self {
            SummaryColumn::Run(column) => (column.name, column.unit, column.meaning),
            SummaryColumn::Measured(column) => (column.name, column.unit, column.meaning),
            SummaryColumn::Load { name, meaning, .. } => (name, "", meaning),
        }
    }

    fn value<'a>(&self, run: &'a Run) -> Cell<'a> {
        match self {
            SummaryColumn::Run(column) => (column.value)(run),
            SummaryColumn::Measured(column) => (column.value)(&run.report.total),
            SummaryColumn::Load { value, .. } => run.report.load.as_ref().and_then(value).into(),
        }
    }
}

/// A column about the run.
const fn run(
    name: &'static str,
    unit: &'static str,
    meaning: &'static str,
    value: fn(&Run) -> Cell<'_>,
) -> SummaryColumn {
    SummaryColumn::Run(Column { name, unit, meaning, value })
}

/// A column about the keys that were dealt out.
const fn load(name: &'static str, meaning: &'static str, value: fn(&Load) -> Option<f64>) -> SummaryColumn {
    SummaryColumn::Load { name, meaning, value }
}

use SummaryColumn::Measured;

/// The fixed columns; those of the protocol follow, then [`LAST`].
pub const COLUMNS: &[SummaryColumn] = &[
    run("name", "", "name of the scenario", |r| Cell::Text(&r.name)),
    run("protocol", "", "name of the protocol", |r| Cell::Text(r.report.protocol)),
    run("nodes", "", "`population.nodes` of the scenario", |r| Cell::Count(r.nodes.into())),
    run("seed", "", "root of all randomness", |r| Cell::Count(r.seed.seed)),
    run("replicate", "", "number of the replicate, which changes all randomness like another seed", |r| {
        Cell::Count(r.seed.replicate)
    }),
    run("fingerprint", "", "hash over time, node and kind of every event from time 0 on", |r| {
        Cell::Text(&r.report.fingerprint)
    }),
    run("events", "", "events processed from time 0 on", |r| Cell::Count(r.report.events)),
    Measured(stretch::JOINS),
    Measured(stretch::DEPARTURES),
    Measured(stretch::LIVE_NODES_MEAN),
    Measured(stretch::LOOKUPS),
    Measured(stretch::CORRECT),
    Measured(stretch::WRONG_OWNER),
    Measured(stretch::FAILED),
    Measured(stretch::ABORTED),
    Measured(stretch::FAILURE_RATE),
    Measured(stretch::HOPS_MEAN),
    Measured(stretch::HOPS_P50),
    Measured(stretch::HOPS_P95),
    Measured(stretch::HOPS_P99),
    Measured(stretch::HOPS_MAX),
    Measured(stretch::RPCS_MEAN),
    Measured(stretch::TIMEOUTS_MEAN),
    Measured(stretch::LATENCY_MS_MEAN),
    Measured(stretch::LATENCY_MS_P50),
    Measured(stretch::LATENCY_MS_P95),
    Measured(stretch::LATENCY_MS_P99),
    Measured(stretch::MAINTENANCE_MESSAGES),
    Measured(stretch::MAINTENANCE_BYTES),
    Measured(stretch::LOOKUP_MESSAGES),
    Measured(stretch::LOOKUP_BYTES),
    Measured(stretch::LEAVES),
    Measured(stretch::MEMBERS_MEAN),
    Measured(stretch::JOIN_TIME_MS_MEAN),
    Measured(stretch::NOT_STARTED),
    run("in_flight", "", "lookups still running at the end; not in `lookups`", |r| Cell::Count(r.report.in_flight)),
];

/// The last columns: where all messages went, how keys spread over nodes, and what came later.
pub const LAST: &[SummaryColumn] = &[
    run(
        "messages_sent",
        "",
        "messages sent from time 0 on, those between identifiers of one node among them (which take no time and are \
         never lost); the sum of the four that follow",
        |r| Cell::Count(r.report.messages.sent),
    ),
    run("messages_delivered", "", "delivered to a live node", |r| Cell::Count(r.report.messages.delivered)),
    run("messages_lost", "", "lost on the way, or stopped by a partition", |r| Cell::Count(r.report.messages.lost)),
    run("messages_dropped", "", "addressed to a node that was dead by then, or sent unasked to one behind NAT", |r| {
        Cell::Count(r.report.messages.dropped)
    }),
    run("messages_in_flight", "", "still on the way at the end", |r| Cell::Count(r.report.messages.in_flight)),
    load(
        "keys_per_node_mean",
        "keys of `measurement.load_keys` that a member owns at the end: mean over all members but those behind NAT, \
         who own none",
        |l| l.per_node.mean,
    ),
    load("keys_per_node_p1", "the same: 1st percentile", |l| l.p1),
    load("keys_per_node_p50", "the same: median", |l| l.per_node.p50),
    load("keys_per_node_p99", "the same: 99th percentile", |l| l.per_node.p99),
    load("keys_per_node_max", "the same: largest", |l| l.per_node.max),
    Measured(stretch::LATENCY_MS_MAX),
    Measured(stretch::REQUESTS),
    Measured(stretch::FALSE_TIMEOUT_SHARE),
    Measured(stretch::NOT_STARTED_SHARE),
    Measured(stretch::MAINTENANCE_MESSAGES_SENT),
    Measured(stretch::MAINTENANCE_BYTES_SENT),
    Measured(stretch::LOOKUP_MESSAGES_SENT),
    Measured(stretch::LOOKUP_BYTES_SENT),
];

/// Writes the file.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(out: impl Write, run: &Run) -> io::Result<()> {
    let total = &run.report.total;
    let own = protocol_names(total);
    let names = |columns: &'static [SummaryColumn]| columns.iter().map(|column| column.description().0);
    let header = names(COLUMNS).chain(own.iter().map(String::as_str)).chain(names(LAST));
    let mut table = Table::new(out, header)?;
    let values = |columns: &'static [SummaryColumn]| columns.iter().map(|column| column.value(run));
    table.row(values(COLUMNS).chain(protocol_cells(total)).chain(values(LAST)))?;
    table.finish().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    #[test]
    fn the_names_that_scripts_rely_on_come_first_and_in_order() {
        let relied_on = "name, protocol, nodes, seed, replicate, fingerprint, events, joins, departures, \
            live_nodes_mean, lookups, correct, wrong_owner, failed, aborted, failure_rate, hops_mean, hops_p50, \
            hops_p95, hops_p99, hops_max, rpcs_mean, timeouts_mean, latency_ms_mean, latency_ms_p50, latency_ms_p95, \
            latency_ms_p99, maintenance_messages_per_node_s, maintenance_bytes_per_node_s, \
            lookup_messages_per_node_s, lookup_bytes_per_node_s";
        let names: Vec<_> = COLUMNS.iter().map(|column| column.description().0).collect();
        let relied_on: Vec<_> = relied_on.split(", ").collect();
        assert_eq!(names[..relied_on.len()], relied_on[..]);
    }

    #[test]
    fn the_file_of_an_example_run_is_as_expected() {
        let mut file = Vec::new();
        write(&mut file, &example::run()).unwrap();
        let text = String::from_utf8(file).unwrap();
        snapbox::assert_data_eq!(text, snapbox::file!["golden/summary.csv"].raw());
    }

    #[test]
    fn what_is_not_available_is_an_empty_cell() {
        let mut run = example::run();
        run.report.total = example::nothing_happened();
        let mut file = Vec::new();
        write(&mut file, &run).unwrap();
        let mut reader = csv::Reader::from_reader(&file[..]);
        let header = reader.headers().unwrap().clone();
        let row = reader.records().next().unwrap().unwrap();
        for name in ["failure_rate", "hops_mean", "latency_ms_p99", "maintenance_bytes_per_node_s", "rpcs_mean"] {
            let place = header.iter().position(|column| column == name).unwrap();
            assert_eq!(&row[place], "", "{name}");
        }
    }
}
