//! The tables of `torus-sim bench`.

use super::bench_worker::{KindTime, Measured};
use super::columns::columns;
use crate::engine::time::Duration;
use crate::output::human::{figure, figure_or_dash, grouped, percent, span};

/// All tables.
pub(super) fn tables(rows: &[Measured]) -> String {
    [speed(rows), times(rows), memory(rows)].join("\n")
}

/// What is needed to compare: rate, memory, time to build, and the fingerprint that says that it was the same run.
fn speed(rows: &[Measured]) -> String {
    let header = ["protocol", "nodes", "measured", "events", "events/s", "ns/event", "ratio", "build [s]", "B/node"];
    let header = header.iter().chain(&["fingerprint"]).map(|name| (*name).to_owned()).collect();
    let body = rows.iter().map(|row| {
        // Of this protocol at its smallest size.
        let same = rows.iter().filter(|other| other.protocol == row.protocol);
        let reference = same.min_by_key(|other| other.nodes).map_or(row.events_per_s, |other| other.events_per_s);
        vec![
            row.protocol.clone(),
            grouped(u64::from(row.nodes)),
            format!("{} after {}", time(row.duration_s), time(row.warmup_s)),
            grouped(row.events),
            grouped(row.events_per_s as u64),
            figure(1e9 / row.events_per_s),
            figure(row.events_per_s / reference),
            figure(row.build_s),
            figure_or_dash(row.bytes_per_node()),
            row.fingerprint.clone(),
        ]
    });
    columns(&std::iter::once(header).chain(body).collect::<Vec<_>>(), 1, true)
}

fn time(seconds: f64) -> String {
    span(Duration::from_secs_f64(seconds))
}

/// Headings of a table with a column for each measurement.
fn headings(title: &str, rows: &[Measured]) -> Vec<String> {
    let heading = |row: &Measured| format!("{} {}", row.protocol, grouped(u64::from(row.nodes)));
    std::iter::once(title.to_owned()).chain(rows.iter().map(heading)).collect()
}

/// Names in the order in which they first appear.
fn names<'a>(all: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names = Vec::new();
    for name in all {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// What an event of each kind takes, and which share of all events it is.
fn times(rows: &[Measured]) -> String {
    let kinds = names(rows.iter().flat_map(|row| &row.kinds).map(|kind| kind.kind.as_str()));
    let mut lines = vec![headings("ns/event (share of events)", rows)];
    for name in kinds {
        let cell = |row: &Measured| {
            let found = row.kinds.iter().find(|kind| kind.kind == name);
            found.map_or_else(|| "-".to_owned(), |kind| with_share(kind, &row.kinds))
        };
        lines.push(std::iter::once(name.to_owned()).chain(rows.iter().map(cell)).collect());
    }
    let all = |row: &Measured| {
        let (events, ns) = row.kinds.iter().fold((0, 0.0), |(events, ns), kind| (events + kind.events, ns + kind.ns));
        format!("{} (100%)  ", figure(ns / events.max(1) as f64))
    };
    lines.push(std::iter::once("all, each timed".to_owned()).chain(rows.iter().map(all)).collect());
    columns(&lines, 1, false)
}

fn with_share(kind: &KindTime, all: &[KindTime]) -> String {
    let events: u64 = all.iter().map(|kind| kind.events).sum();
    let share = percent(kind.events as f64 / events.max(1) as f64);
    format!("{} {:>9}", figure(kind.ns / kind.events.max(1) as f64), format!("({share})"))
}

/// What each part has room for, and how much more or less than all of it the process held: more for the program itself,
/// less where room was never touched.
fn memory(rows: &[Measured]) -> String {
    let parts = names(rows.iter().flat_map(|row| &row.parts).map(|(name, _)| name.as_str()));
    let mut lines = vec![headings("bytes/node", rows)];
    let mut line = |name: &str, bytes: &dyn Fn(&Measured) -> Option<f64>| {
        let cell = |row: &Measured| figure_or_dash(bytes(row).map(|bytes| bytes / f64::from(row.nodes)));
        lines.push(std::iter::once(name.to_owned()).chain(rows.iter().map(cell)).collect());
    };
    for name in parts {
        line(name, &|row| row.parts.iter().find(|(part, _)| part == name).map(|(_, bytes)| *bytes as f64));
    }
    line("sum of the parts", &|row| Some(row.accounted_bytes() as f64));
    line("peak less the parts", &|row| row.peak_bytes.map(|peak| peak as f64 - row.accounted_bytes() as f64));
    line("peak resident", &|row| row.peak_bytes.map(|peak| peak as f64));
    columns(&lines, 1, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_compared_with_the_smallest_size_of_its_protocol() {
        let row = |protocol: &str, nodes: u32, events_per_s: f64| Measured {
            protocol: protocol.to_owned(),
            nodes,
            warmup_s: 30.0,
            duration_s: 4000.0,
            events: 17_000_000,
            events_per_s,
            build_s: 0.0123,
            peak_bytes: Some(u64::from(nodes) * 700),
            parts: vec![("event queue".to_owned(), u64::from(nodes) * 200)],
            kinds: vec![
                KindTime { kind: "request".to_owned(), events: 300, ns: 30_000.0 },
                KindTime { kind: "timer".to_owned(), events: 100, ns: 5_000.0 },
            ],
            fingerprint: "f".repeat(32),
        };
        let text = tables(&[row("one", 1_000_000, 2e6), row("one", 10_000, 4e6), row("two", 10_000, 1e6)]);
        let cells = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let ratios: Vec<String> = text.lines().skip(1).take(3).map(|line| cells(line)[9].clone()).collect();
        assert_eq!(ratios, ["0.500", "1.00", "1.00"], "{text}");
        let words = cells(&text).join(" ");
        for part in ["request 100 (75.0%)", "event queue", "200", "peak less the parts", "500", "700"] {
            assert!(words.contains(part), "{part}:\n{text}");
        }
    }
}
