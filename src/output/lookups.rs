//! `lookups.csv`: a row for each lookup that ended in the measurement window. Written while the run goes on.

use super::cell::{Cell, Column};
use crate::observe::report::{LookupRecord, Outcome};

/// The columns.
pub const COLUMNS: &[Column<LookupRecord>] = &[
    Column {
        name: "lookup",
        unit: "",
        meaning: "number of the lookup in the run, from 0, in order of start; rows stand in order of end",
        value: |l| Cell::Count(l.number),
    },
    Column {
        name: "started_s",
        unit: "s",
        meaning: "when it started, in virtual time from the start of the run",
        value: |l| Cell::Seconds(l.started.as_nanos()),
    },
    Column { name: "ended_s", unit: "s", meaning: "when it ended", value: |l| Cell::Seconds(l.ended.as_nanos()) },
    Column {
        name: "node",
        unit: "",
        meaning: "number of the node that started it, as in schedules",
        value: |l| Cell::Count(l.node.into()),
    },
    Column { name: "key", unit: "", meaning: "the key that it looked for", value: |l| Cell::Count(l.key) },
    Column {
        name: "outcome",
        unit: "",
        meaning: "`correct`, `wrong_owner`, `failed` or `aborted`",
        value: |l| Cell::Text(l.outcome.as_str()),
    },
    Column {
        name: "answer",
        unit: "",
        meaning: "identifier of the node that was named as the owner, if one was",
        value: |l| l.answer.into(),
    },
    Column {
        name: "owner",
        unit: "",
        meaning: "identifier of the true owner when the answer was given, if there was an answer and an owner",
        value: |l| l.owner.into(),
    },
    Column { name: "hops", unit: "", meaning: "hops, if it was answered", value: |l| l.hops.map(u64::from).into() },
    Column { name: "rpcs", unit: "", meaning: "requests sent, answered or not", value: |l| Cell::Count(l.rpcs.into()) },
    Column {
        name: "timeouts",
        unit: "",
        meaning: "requests that went unanswered",
        value: |l| Cell::Count(l.timeouts.into()),
    },
    Column {
        name: "latency_ms",
        unit: "ms",
        meaning: "virtual time from start to answer, if it was answered",
        value: |l| match l.outcome {
            Outcome::Correct | Outcome::WrongOwner => Cell::Milliseconds(l.ended.since(l.started).as_nanos()),
            Outcome::Failed | Outcome::Aborted => Cell::Empty,
        },
    },
    Column {
        name: "false_timeouts",
        unit: "",
        meaning: "`timeouts` whose node lived, and whose request or reply was still under way",
        value: |l| Cell::Count(l.false_timeouts.into()),
    },
    Column {
        name: "node_arrived_s",
        unit: "s",
        meaning: "when that node arrived (0 at a converged start). Numbers of nodes that return come again: `node` and \
                  this name one stay, whose `join` stands in the schedule with this time",
        value: |l| Cell::Seconds(l.node_arrived.as_nanos()),
    },
];
