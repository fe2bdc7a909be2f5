//! A schedule as it was played, in the form that a scenario reads: who came and went when, who looked up what.

use super::cell::{Cell, Column};
use crate::scenario::{ScheduleAction, ScheduleEntry};

/// The columns.
pub const COLUMNS: &[Column<ScheduleEntry>] = &[
    Column {
        name: "time_s",
        unit: "s",
        meaning: "when, in virtual time from the start of the run, exact to the nanosecond",
        value: |entry| Cell::Seconds(entry.time.as_nanos()),
    },
    Column {
        name: "action",
        unit: "",
        meaning: "`join`, `leave`, `crash` or `lookup`",
        value: |entry| {
            Cell::Text(match entry.action {
                ScheduleAction::Join => "join",
                ScheduleAction::Leave => "leave",
                ScheduleAction::Crash => "crash",
                ScheduleAction::Lookup(_) => "lookup",
            })
        },
    },
    Column {
        name: "node",
        unit: "",
        meaning: "number of the node, from 0; a converged start has nodes 0 to `population.nodes` - 1",
        value: |entry| Cell::Count(entry.node.into()),
    },
    Column {
        name: "key",
        unit: "",
        meaning: "the key to look up; empty for the other actions",
        value: |entry| match entry.action {
            ScheduleAction::Lookup(key) => Cell::Count(key),
            _ => Cell::Empty,
        },
    },
];
