//! `timeseries.csv`: a row for each window of the measurement.

use super::cell::{Cell, Column, Table};
use super::statistics::{self as stretch, protocol_cells, protocol_names};
use crate::observe::report::{RunReport, Statistics};
use std::io::{self, Write};

/// The fixed columns; those of the protocol follow, then [`LAST`].
pub const COLUMNS: &[Column<Statistics>] = &[
    Column {
        name: "time_s",
        unit: "s",
        meaning: "start of the window, in virtual time from the start of the run",
        value: |s| Cell::Seconds(s.start.as_nanos()),
    },
    stretch::LIVE_NODES,
    stretch::JOINS,
    stretch::DEPARTURES,
    stretch::LOOKUPS,
    stretch::CORRECT,
    stretch::WRONG_OWNER,
    stretch::FAILED,
    stretch::ABORTED,
    stretch::FAILURE_RATE,
    stretch::HOPS_MEAN,
    stretch::TIMEOUTS_MEAN,
    stretch::LATENCY_MS_MEAN,
    Column {
        name: "duration_s",
        unit: "s",
        meaning: "length of the window; the last may be shorter than the others",
        value: |s| Cell::Seconds(s.duration.as_nanos()),
    },
    stretch::HOPS_P50,
    stretch::HOPS_P99,
    stretch::HOPS_MAX,
    stretch::RPCS_MEAN,
    stretch::LATENCY_MS_P50,
    stretch::LATENCY_MS_P99,
    stretch::MAINTENANCE_MESSAGES,
    stretch::MAINTENANCE_BYTES,
    stretch::LOOKUP_MESSAGES,
    stretch::LOOKUP_BYTES,
    stretch::LEAVES,
    stretch::MEMBERS_MEAN,
    stretch::JOIN_TIME_MS_MEAN,
    stretch::NOT_STARTED,
];

/// The last columns.
pub const LAST: &[Column<Statistics>] = &[
    stretch::LATENCY_MS_MAX,
    stretch::REQUESTS,
    stretch::FALSE_TIMEOUT_SHARE,
    stretch::NOT_STARTED_SHARE,
    stretch::MAINTENANCE_MESSAGES_SENT,
    stretch::MAINTENANCE_BYTES_SENT,
    stretch::LOOKUP_MESSAGES_SENT,
    stretch::LOOKUP_BYTES_SENT,
];

/// Writes the file.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(out: impl Write, report: &RunReport) -> io::Result<()> {
    let own = protocol_names(&report.total);
    let names = |columns: &'static [Column<Statistics>]| columns.iter().map(|column| column.name);
    let header = names(COLUMNS).chain(own.iter().map(String::as_str)).chain(names(LAST));
    let mut table = Table::new(out, header)?;
    for window in &report.windows {
        let values = |columns: &'static [Column<Statistics>]| columns.iter().map(|column| (column.value)(window));
        table.row(values(COLUMNS).chain(protocol_cells(window)).chain(values(LAST)))?;
    }
    table.finish().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    #[test]
    fn the_names_that_scripts_rely_on_come_first_and_in_order() {
        let relied_on = [
            "time_s",
            "live_nodes",
            "joins",
            "departures",
            "lookups",
            "correct",
            "wrong_owner",
            "failed",
            "aborted",
            "failure_rate",
            "hops_mean",
            "timeouts_mean",
            "latency_ms_mean",
        ];
        let names: Vec<_> = COLUMNS.iter().map(|column| column.name).collect();
        assert_eq!(names[..relied_on.len()], relied_on);
    }

    #[test]
    fn the_file_of_an_example_run_is_as_expected() {
        let mut file = Vec::new();
        write(&mut file, &example::run().report).unwrap();
        let text = String::from_utf8(file).unwrap();
        snapbox::assert_data_eq!(text, snapbox::file!["golden/timeseries.csv"].raw());
    }
}
