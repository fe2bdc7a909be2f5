//! The report of a sweep.

use super::axes::{Layout, Panel};
use super::chart::{Chart, Point, Series, Shape};
use super::page::{self, Tile};
use super::results::Sweep;
use super::run_page::{effective, histogram, not_started};
use super::scale::{Axis, Kind};
use super::text::{Quantity, escape};
use std::collections::BTreeMap;

const NUMBER: Quantity = Quantity::Number("");
/// A figure whose largest value is so many times its smallest is drawn on a logarithmic axis.
const WIDE: f64 = 10.0;
/// More hop distributions than this are not drawn.
const MOST_DISTRIBUTIONS: usize = 24;
/// More cells than this are not in the table.
const MOST_CELLS: usize = 1_000;

/// A figure of `cells.csv`.
struct Figure {
    column: &'static str,
    id: &'static str,
    title: &'static str,
    note: &'static str,
    label: &'static str,
    quantity: Quantity,
}

const FAILURE_RATE: Figure = Figure {
    column: "failure_rate",
    id: "failure-rate",
    title: "Failure rate",
    note: "Lookups without an answer or with a wrong one",
    label: "share of lookups",
    quantity: Quantity::Share,
};
const MAINTENANCE: Figure = Figure {
    column: "maintenance_bytes_per_node_s",
    id: "maintenance",
    title: "Maintenance",
    note: "What is sent for no lookup, per live node",
    label: "bytes/s per node",
    quantity: Quantity::Number("B/s"),
};
const NOT_STARTED: Figure = Figure {
    column: "not_started_share",
    id: "not-started",
    title: "Lookups not started",
    note: "Lookups due at a node that had not completed its join: the failure rate does not speak of them",
    label: "share of lookups due",
    quantity: Quantity::Share,
};
const FIGURES: [Figure; 6] = [
    FAILURE_RATE,
    Figure {
        column: "hops_mean",
        id: "hops",
        title: "Hops",
        note: "Mean over answered lookups",
        label: "hops",
        quantity: NUMBER,
    },
    Figure {
        column: "latency_ms_mean",
        id: "latency",
        title: "Latency",
        note: "Mean over answered lookups",
        label: "ms",
        quantity: Quantity::Number("ms"),
    },
    Figure {
        column: "timeouts_mean",
        id: "timeouts",
        title: "Timeouts",
        note: "Requests of a lookup that went unanswered, on average",
        label: "requests per lookup",
        quantity: NUMBER,
    },
    MAINTENANCE,
    Figure {
        column: "lookup_bytes_per_node_s",
        id: "lookup-traffic",
        title: "Lookup traffic",
        note: "What is sent for lookups, per live node",
        label: "bytes/s per node",
        quantity: Quantity::Number("B/s"),
    },
];

/// The figures that are shown: where all lookups started nothing is to be said of those that did not.
fn figures(sweep: &Sweep) -> Vec<&'static Figure> {
    let waited = sweep.cells.numbers(NOT_STARTED.column).into_iter().flatten().any(|share| share > 0.0);
    let (first, rest) = FIGURES.split_at(1);
    first.iter().chain(waited.then_some(&NOT_STARTED)).chain(rest).collect()
}

/// The whole document.
pub fn document(sweep: &Sweep) -> String {
    let manifest = &sweep.manifest;
    let mut body = page::header("torus-sim report of a sweep", &manifest.sweep, &manifest.description, &facts(sweep));
    body.push_str(&page::warnings(&warnings(sweep)));
    body.push_str(&page::tiles(&tiles(sweep)));
    match Layout::of(sweep) {
        Some(layout) => body.push_str(&pictures(sweep, &layout)),
        None => body.push_str(&page::paragraph("No cell has results yet.")),
    }
    body.push_str(&page::section("Cells", &cells(sweep)));
    if !manifest.scenario.is_null() {
        body.push_str(&page::section("What was played", &played(sweep)));
    }
    body.push_str(&page::section("Files", &files(sweep)));
    let program = format!("torus-sim {}", manifest.version);
    body.push_str(&format!("<footer>{}</footer>\n", escape(program.trim_end())));
    page::document(&format!("{} – torus-sim report", manifest.sweep), &body)
}

/// What to know before trusting the sweep.
pub fn warnings(sweep: &Sweep) -> Vec<String> {
    let manifest = &sweep.manifest;
    let mut warnings = sweep.doubts.clone();
    let missing = manifest.jobs_needed.saturating_sub(manifest.jobs.len());
    if missing > 0 {
        warnings.push(format!(
            "{missing} of {} runs have no result, for they failed or were not played yet: means are over fewer runs, \
             and cells without any are missing",
            manifest.jobs_needed
        ));
    }
    // The numbers in a warning differ from run to run: those that differ in nothing else are told as one.
    let mut kinds: BTreeMap<String, (usize, &str)> = BTreeMap::new();
    for warning in manifest.jobs.iter().flat_map(|job| &job.warnings) {
        let kind = warning.replace(|character: char| character.is_ascii_digit() || character == ',', "");
        kinds.entry(kind).or_insert((0, warning)).0 += 1;
    }
    let all = manifest.jobs.len();
    let mut kinds: Vec<_> = kinds.into_values().collect();
    kinds.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    warnings.extend(kinds.iter().take(5).map(|(count, text)| {
        let first = if *count == 1 { "" } else { ", first" };
        format!("in {count} of {all} runs{first}: {text}")
    }));
    if kinds.len() > 5 {
        let rest: usize = kinds[5..].iter().map(|(count, _)| count).sum();
        warnings.push(format!("{rest} more such warnings are in manifest.json"));
    }
    warnings
}

/// All pictures of the page.
pub fn charts(sweep: &Sweep) -> Vec<Chart> {
    let Some(layout) = Layout::of(sweep) else { return Vec::new() };
    let mut charts: Vec<Chart> =
        figures(sweep).into_iter().flat_map(|figure| against(sweep, &layout, figure)).collect();
    charts.extend(trade_off(sweep, &layout));
    charts.extend(distributions(sweep).0);
    charts
}

fn facts(sweep: &Sweep) -> Vec<String> {
    let manifest = &sweep.manifest;
    let until = &manifest.replicates["until"];
    let replicates = match manifest.replicates["fixed"].as_u64() {
        Some(1) => "1 run of each cell".to_owned(),
        Some(count) => format!("{count} replicates of each cell"),
        None => match (until["at_least"].as_u64(), until["at_most"].as_u64()) {
            (Some(least), Some(most)) => format!("{least} to {most} replicates of each cell"),
            _ => String::new(),
        },
    };
    let mut facts = vec![format!("{} cells", manifest.cells.len()), replicates];
    facts.push(format!("swept: {}", manifest.keys.join(", ")));
    facts.retain(|fact| !fact.is_empty());
    facts
}

/// The values of a row's swept keys.
fn named(sweep: &Sweep, row: usize) -> String {
    let values = (0..sweep.manifest.keys.len()).map(|key| sweep.cells.text_at(row, key));
    values.collect::<Vec<_>>().join(" · ")
}

fn tiles(sweep: &Sweep) -> Vec<Tile> {
    let manifest = &sweep.manifest;
    let mut tiles = vec![Tile {
        label: "Runs",
        value: NUMBER.show(manifest.jobs.len() as f64),
        detail: format!("of {}, {} cells with results", NUMBER.show(manifest.jobs_needed as f64), sweep.cells.len()),
    }];
    for (low, high, figure) in [
        ("Lowest failure rate", "Highest failure rate", FAILURE_RATE),
        ("Least maintenance", "Most maintenance", MAINTENANCE),
    ] {
        let values = sweep.cells.numbers(figure.column);
        let rows: Vec<(usize, f64)> =
            values.iter().enumerate().filter_map(|(row, value)| Some((row, (*value)?))).collect();
        let by = |one: &&(usize, f64), other: &&(usize, f64)| one.1.total_cmp(&other.1);
        for (label, row) in [(low, rows.iter().min_by(by)), (high, rows.iter().rev().max_by(by))] {
            let Some((row, value)) = row else { continue };
            let per_node = if figure.column == MAINTENANCE.column { "per node, " } else { "" };
            let is_rate = figure.column == FAILURE_RATE.column;
            let share = sweep.cells.number(*row, NOT_STARTED.column).filter(|_| is_rate);
            let detail = format!("{per_node}at {}{}", named(sweep, *row), not_started(share));
            tiles.push(Tile { label, value: figure.quantity.show(*value), detail });
        }
    }
    tiles
}

fn pictures(sweep: &Sweep, layout: &Layout) -> String {
    let mut body = String::new();
    let key = &sweep.manifest.keys[layout.key];
    let intro = "Means over replicates with 95 % intervals. A single run has none.";
    let charts: Vec<_> = figures(sweep).into_iter().flat_map(|figure| against(sweep, layout, figure)).collect();
    let mut part = page::paragraph(intro) + &page::figures(&charts);
    if layout.left_out > 0 {
        let text = format!("{} more combinations of values are in the table of cells only.", layout.left_out);
        part.push_str(&page::paragraph(&text));
    }
    body.push_str(&page::section(&format!("Against {key}"), &part));
    let trade = page::figures(&trade_off(sweep, layout));
    if !trade.is_empty() {
        body.push_str(&page::section("What maintenance buys", &trade));
    }
    let (distributions, left_out) = distributions(sweep);
    if !distributions.is_empty() {
        let mut part = page::paragraph("Share of answered lookups by hops, over all replicates of each cell.");
        part.push_str(&page::small_figures(&distributions));
        if left_out > 0 {
            part.push_str(&page::paragraph(&format!("{left_out} more distributions are in hops.csv.")));
        }
        body.push_str(&page::section("Hop distributions", &part));
    }
    body
}

/// The axis upwards that fits a figure in all cells, so that pictures can be compared.
fn upward(sweep: &Sweep, figure: &Figure) -> Axis {
    let values: Vec<f64> = sweep.cells.numbers(figure.column).into_iter().flatten().collect();
    let rows = 0..sweep.cells.len();
    let tops = rows.filter_map(|row| range(sweep, figure, row).map(|(_, high)| high));
    let tops: Vec<f64> = tops.chain(values.iter().copied()).collect();
    let positive = || values.iter().copied().filter(|value| *value > 0.0);
    let (low, high) = (positive().fold(f64::INFINITY, f64::min), positive().fold(0.0, f64::max));
    let mut axis = Axis::upward(figure.label, figure.quantity);
    axis.covers.extend(tops);
    if high > low * WIDE {
        axis.kind = Kind::Log;
        axis.covers.remove(0);
        axis.covers.extend(values);
    }
    axis
}

/// The ends of the interval of a figure; tables of before have half its width only.
fn range(sweep: &Sweep, figure: &Figure, row: usize) -> Option<(f64, f64)> {
    let number = |end: &str| sweep.cells.number(row, &format!("{}{end}", figure.column));
    match (number("_low"), number("_high")) {
        (Some(low), Some(high)) => Some((low, high)),
        _ => number("").zip(number("_ci95")).map(|(mean, half)| ((mean - half).max(0.0), mean + half)),
    }
}

fn point(sweep: &Sweep, figure: &Figure, x: f64, row: usize) -> Point {
    Point {
        x,
        y: sweep.cells.number(row, figure.column),
        y_range: range(sweep, figure, row),
        label: named(sweep, row),
        ..Point::default()
    }
}

/// Identifiers and titles of the pictures of a figure.
fn panel_chart(panel: &Panel, number: usize, figure: &Figure, x: Axis, y: Axis, legend: &str) -> Chart {
    let id = if number == 0 { figure.id.to_owned() } else { format!("{}-{}", figure.id, number + 1) };
    let title =
        if panel.title.is_empty() { figure.title.to_owned() } else { format!("{}, {}", figure.title, panel.title) };
    let mut chart = Chart::new(&id, &title, figure.note, x, y);
    legend.clone_into(&mut chart.legend);
    chart
}

/// A figure against the key to the right, a line for each combination of the others.
fn against(sweep: &Sweep, layout: &Layout, figure: &Figure) -> Vec<Chart> {
    let y = upward(sweep, figure);
    let draw = |(number, panel): (usize, &Panel)| {
        let mut chart = panel_chart(panel, number, figure, layout.axis.clone(), y.clone(), &layout.legend);
        for (colour, (name, rows)) in panel.lines.iter().enumerate() {
            let points = rows.iter().map(|(x, row)| point(sweep, figure, *x, *row)).collect();
            let name = if name.is_empty() { figure.title.to_lowercase() } else { name.clone() };
            chart.series.push(Series { name, colour, shape: Shape::Signs, points });
        }
        chart
    };
    layout.panels.iter().enumerate().map(draw).collect()
}

/// Failure rate against maintenance: a point for each cell.
fn trade_off(sweep: &Sweep, layout: &Layout) -> Vec<Chart> {
    let figure = Figure {
        id: "trade-off",
        title: "Failure rate against maintenance",
        note: "A point for each cell, with both intervals",
        ..FAILURE_RATE
    };
    let (x, y) = (upward(sweep, &MAINTENANCE), upward(sweep, &FAILURE_RATE));
    let x = Axis { label: "maintenance, bytes/s per node".to_owned(), ..x };
    let draw = |(number, panel): (usize, &Panel)| {
        let mut chart = panel_chart(panel, number, &figure, x.clone(), y.clone(), &layout.legend);
        for (colour, (name, rows)) in panel.lines.iter().enumerate() {
            let points = rows.iter().filter_map(|(_, row)| {
                let traffic = point(sweep, &MAINTENANCE, 0.0, *row);
                Some(Point { x_range: traffic.y_range, ..point(sweep, &FAILURE_RATE, traffic.y?, *row) })
            });
            let name = if name.is_empty() { "failure rate".to_owned() } else { name.clone() };
            chart.series.push(Series { name, colour, shape: Shape::Scatter, points: points.collect() });
        }
        chart
    };
    layout.panels.iter().enumerate().map(draw).collect()
}

/// The hop distribution of each cell, and how many there are besides.
fn distributions(sweep: &Sweep) -> (Vec<Chart>, usize) {
    let keys = sweep.manifest.keys.len();
    let (hops, lookups) = (sweep.hops.numbers("hops"), sweep.hops.numbers("lookups"));
    let mut cells: BTreeMap<Vec<&str>, BTreeMap<u64, f64>> = BTreeMap::new();
    for row in 0..sweep.hops.len() {
        let cell = (0..keys).map(|key| sweep.hops.text_at(row, key)).collect();
        let (Some(hops), Some(lookups)) = (hops[row], lookups[row]) else { continue };
        *cells.entry(cell).or_default().entry(hops.max(0.0) as u64).or_default() += lookups;
    }
    let longest = cells.values().flat_map(BTreeMap::keys).max().copied().unwrap_or(0);
    let mut charts = Vec::new();
    for row in 0..sweep.cells.len() {
        let cell: Vec<&str> = (0..keys).map(|key| sweep.cells.text_at(row, key)).collect();
        let Some(counts) = cells.get(&cell) else { continue };
        let (hops, lookups): (Vec<f64>, Vec<Option<f64>>) =
            counts.iter().map(|(hops, lookups)| (*hops as f64, Some(*lookups))).unzip();
        let mut chart = histogram(&format!("hops-of-cell-{}", row + 1), &named(sweep, row), "", &hops, &lookups);
        (chart.size, chart.is_bare) = ((280.0, 150.0), true);
        chart.x.covers = vec![0.0, longest as f64];
        charts.push(chart);
    }
    let highest = charts.iter().flat_map(|chart| &chart.series).flat_map(|series| &series.points);
    let highest = highest.filter_map(|point| point.y).fold(0.0, f64::max);
    charts.iter_mut().for_each(|chart| chart.y.covers.push(highest));
    let left_out = charts.len().saturating_sub(MOST_DISTRIBUTIONS);
    charts.truncate(MOST_DISTRIBUTIONS);
    (charts, left_out)
}

/// The table of cells.
fn cells(sweep: &Sweep) -> String {
    let shown = figures(sweep);
    let keys = &sweep.manifest.keys;
    let unit = |figure: &Figure| match figure.quantity {
        Quantity::Number(unit) if !unit.is_empty() => format!("{} [{unit}]", figure.title.to_lowercase()),
        _ => figure.title.to_lowercase(),
    };
    let header: Vec<_> =
        keys.iter().cloned().chain(["replicates".to_owned()]).chain(shown.iter().copied().map(unit)).collect();
    let row = |row: usize| {
        let values = (0..keys.len()).map(|key| sweep.cells.text_at(row, key).to_owned());
        let figures = shown.iter().map(|figure| {
            let cell = point(sweep, figure, 0.0, row);
            let plain = if figure.quantity == Quantity::Share { Quantity::Share } else { NUMBER };
            page::with_range(plain, cell.y, cell.y_range)
        });
        values.chain([sweep.cells.text(row, "replicates").to_owned()]).chain(figures).collect()
    };
    let rows: Vec<Vec<String>> = (0..sweep.cells.len().min(MOST_CELLS)).map(row).collect();
    let mut body = page::paragraph("Means over replicates, with their 95 % intervals.");
    body.push_str(&page::table(&header, &rows, keys.len()));
    if sweep.cells.len() > MOST_CELLS {
        body.push_str(&page::paragraph(&format!("{} more cells are in cells.csv.", sweep.cells.len() - MOST_CELLS)));
    }
    body
}

/// The scenario behind all cells, what was changed for all of them, and which programs played.
fn played(sweep: &Sweep) -> String {
    let manifest = &sweep.manifest;
    let intro = "The effective scenario of the first cell, with the defaults filled in. The others differ in the swept \
                 keys and in what follows from them.";
    let mut body = page::paragraph(intro) + &page::verbatim(&effective(&manifest.scenario).to_toml());
    let strings = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
    let changes: Vec<_> =
        manifest.changes.iter().map(|change| strings([&change.key, &change.value, &change.from])).collect();
    if !changes.is_empty() {
        body.push_str(&page::table(&strings(["changed for all cells", "value", "by"]), &changes, 3));
    }
    if !sweep.commits.is_empty() {
        let commits = sweep.commits.join(", ");
        body.push_str(&page::paragraph(&format!("Played by torus-sim of the commit {commits}.")));
    }
    body
}

fn files(sweep: &Sweep) -> String {
    let manifest = &sweep.manifest;
    let read = manifest.inputs.iter().map(|input| (&input.file, &input.blake3));
    let all = read.chain(manifest.files.iter().map(|file| (&file.file, &file.blake3)));
    let rows: Vec<_> = all.map(|(file, blake3)| vec![file.clone(), blake3.clone()]).collect();
    let header = ["file".to_owned(), "BLAKE3".to_owned()];
    let intro = "What was read, and the tables: cells.csv has a row for each cell, failures.csv one for each run, \
                 hops.csv one for each run and hop count.";
    page::paragraph(intro) + &page::table(&header, &rows, 2)
}
