//! The report of a run.

use super::chart::{Chart, Moment, Point, Series, Shape};
use super::page::{self, Tile};
use super::results::Run;
use super::scale::{Axis, Kind};
use super::table::Table;
use super::text::{Quantity, escape};
use crate::output::{human, timeseries};
use crate::scenario::{Effective, units};
use serde_json::Value;

const NUMBER: Quantity = Quantity::Number("");
const TIME_AXIS: &str = "virtual time";

/// The whole document.
pub fn document(run: &Run) -> String {
    let manifest = &run.manifest;
    let description = manifest.scenario["description"].as_str().unwrap_or("");
    let mut body = page::header("torus-sim report of a run", &manifest.name, description, &facts(run));
    body.push_str(&page::warnings(&warnings(run)));
    body.push_str(&page::tiles(&tiles(&run.summary)));
    body.push_str(&page::section("Lookups", &page::figures(&[hop_histogram(run), failure_rate(run)])));
    body.push_str(&page::section("Over time", &page::figures(&over_time(run))));
    let health = health(run);
    if !health.is_empty() {
        body.push_str(&page::section("State of the network", &health));
    }
    body.push_str(&page::section("Figures", &tables(&run.summary)));
    body.push_str(&page::section("Scenario", &scenario(run)));
    body.push_str(&footer(run));
    page::document(&format!("{} – torus-sim report", manifest.name), &body)
}

/// What to know before trusting the run.
pub fn warnings(run: &Run) -> Vec<String> {
    run.doubts.iter().cloned().chain(run.manifest.warnings.iter().map(|warning| warning.text.clone())).collect()
}

/// All pictures of the page.
pub fn charts(run: &Run) -> Vec<Chart> {
    let mut charts = vec![hop_histogram(run), failure_rate(run)];
    charts.extend(over_time(run));
    charts.extend(health_charts(run).0);
    charts
}

fn facts(run: &Run) -> Vec<String> {
    let manifest = &run.manifest;
    let mut facts = vec![manifest.protocol.clone(), format!("seed {}", manifest.seed)];
    if let Some(nodes) = run.summary.number(0, "nodes") {
        facts.insert(1, format!("{} nodes", NUMBER.show(nodes)));
    }
    if manifest.replicate > 0 {
        facts.push(format!("replicate {}", manifest.replicate));
    }
    let measurement = &manifest.scenario["measurement"];
    if let Some(duration) = measurement["duration"].as_str() {
        let warmup = measurement["warmup"].as_str().filter(|warmup| *warmup != "0s");
        facts.push(format!(
            "measured {duration}{}",
            warmup.map(|it| format!(" after {it} of warm-up")).unwrap_or_default()
        ));
    }
    facts
}

/// The headline figures.
fn tiles(summary: &Table) -> Vec<Tile> {
    let get = |name: &str| summary.number(0, name);
    let judged = get("lookups").zip(get("aborted")).map(|(lookups, aborted)| lookups - aborted);
    let share = |name: &str| {
        let share = get(name).zip(judged).filter(|(_, judged)| *judged > 0.0).map(|(count, judged)| count / judged);
        Quantity::Share.show_or_dash(share)
    };
    let show = |name: &str, quantity: Quantity| quantity.show_or_dash(get(name));
    let ms = Quantity::Number("ms");
    vec![
        Tile {
            label: "Failure rate",
            value: show("failure_rate", Quantity::Share),
            detail: format!(
                "{} without an answer, {} wrong owner{}",
                share("failed"),
                share("wrong_owner"),
                not_started(get("not_started_share"))
            ),
        },
        Tile {
            label: "Hops",
            value: show("hops_mean", NUMBER),
            detail: format!("median {}, 99 % within {}", show("hops_p50", NUMBER), show("hops_p99", NUMBER)),
        },
        Tile {
            label: "Latency",
            value: show("latency_ms_mean", ms),
            detail: format!("median {}, 99 % within {}", show("latency_ms_p50", ms), show("latency_ms_p99", ms)),
        },
        Tile {
            label: "Maintenance, per node",
            value: show("maintenance_bytes_per_node_s", Quantity::Number("B/s")),
            detail: format!("{} messages/s", show("maintenance_messages_per_node_s", NUMBER)),
        },
        Tile {
            label: "Live nodes",
            value: get("live_nodes_mean").map_or_else(|| "–".to_owned(), |mean| NUMBER.show(mean.round())),
            detail: format!("{} joined, {} departed", show("joins", NUMBER), show("departures", NUMBER)),
        },
        Tile {
            label: "Lookups",
            value: show("lookups", NUMBER),
            detail: format!("{} events in all", show("events", NUMBER)),
        },
    ]
}

/// What stands beside a failure rate of the lookups that it does not speak of; nothing if there are none.
pub(super) fn not_started(share: Option<f64>) -> String {
    let share = share.filter(|share| *share > 0.0);
    share.map(|share| format!("; {} of all due not started", Quantity::Share.show(share))).unwrap_or_default()
}

fn hop_histogram(run: &Run) -> Chart {
    let hops: Vec<f64> = run.hops.numbers("hops").into_iter().flatten().collect();
    let lookups = run.hops.numbers("lookups");
    let note = match run.summary.number(0, "hops_mean") {
        Some(mean) => {
            format!("Share of answered lookups by the length of their path; on average {}", NUMBER.show(mean))
        }
        None => "Share of answered lookups by the length of their path".to_owned(),
    };
    histogram("hops", "Hops", &note, &hops, &lookups)
}

/// Bars of the shares that counts have of their sum.
pub(super) fn histogram(id: &str, title: &str, note: &str, hops: &[f64], lookups: &[Option<f64>]) -> Chart {
    let x = Axis { kind: Kind::Whole, covers: Vec::new(), ends_at_ticks: false, ..Axis::upward("hops", NUMBER) };
    let mut chart = Chart::new(id, title, note, x, Axis::upward("share of lookups", Quantity::Share));
    let all: f64 = lookups.iter().flatten().sum();
    let shares: Vec<_> = lookups.iter().map(|count| count.filter(|_| all > 0.0).map(|count| count / all)).collect();
    let mut series = Series::new("share of lookups", 0, Shape::Bars, hops, &shares);
    for (point, count) in series.points.iter_mut().zip(lookups) {
        point.label = count.map(|count| format!("{} lookups", NUMBER.show(count))).unwrap_or_default();
    }
    chart.series.push(series);
    chart
}

/// The windows' middles: figures over a window are drawn there.
fn middles(run: &Run) -> Vec<f64> {
    let (starts, lengths) = (run.windows.numbers("time_s"), run.windows.numbers("duration_s"));
    starts.iter().zip(lengths).map(|(start, length)| start.unwrap_or(0.0) + length.unwrap_or(0.0) / 2.0).collect()
}

/// The windows' ends: the state of the network is that of then.
fn ends(run: &Run) -> Vec<f64> {
    let (starts, lengths) = (run.windows.numbers("time_s"), run.windows.numbers("duration_s"));
    starts.iter().zip(lengths).map(|(start, length)| start.unwrap_or(0.0) + length.unwrap_or(0.0)).collect()
}

/// A chart over the time of the measurement, with the scheduled events.
fn timed(run: &Run, id: &str, title: &str, note: &str, y: Axis) -> Chart {
    let (from, to) = (run.windows.numbers("time_s"), ends(run));
    let covers: Vec<f64> = from.first().copied().flatten().into_iter().chain(to.last().copied()).collect();
    let mut chart = Chart::new(id, title, note, Axis { covers: covers.clone(), ..Axis::time(TIME_AXIS) }, y);
    if let [from, to] = covers[..] {
        chart.moments = moments(&run.manifest.scenario);
        chart.moments.retain(|moment| (from..=to).contains(&moment.x));
    }
    chart
}

/// A line for each of these columns that has values.
fn lines(run: &Run, chart: &mut Chart, columns: &[(&str, &str, usize)]) {
    let times = middles(run);
    for (column, name, colour) in columns {
        let series = Series::new(*name, *colour, Shape::Line, &times, &run.windows.numbers(column));
        if !series.is_empty() {
            chart.series.push(series);
        }
    }
}

/// The two parts of the failure rate on top of each other.
fn failure_rate(run: &Run) -> Chart {
    let note =
        "Of all lookups but those whose initiator departed, in each window: without an answer, or with a wrong one";
    let mut chart = timed(run, "failure-rate", "Failure rate", note, Axis::upward("share of lookups", Quantity::Share));
    let [lookups, aborted, wrong, failed] =
        ["lookups", "aborted", "wrong_owner", "failed"].map(|column| run.windows.numbers(column));
    let judged: Vec<_> = lookups.iter().zip(&aborted).map(|(all, aborted)| Some((*all)? - (*aborted)?)).collect();
    let share = |counts: &[Option<f64>]| -> Vec<Option<f64>> {
        let each = counts.iter().zip(&judged);
        each.map(|(count, judged)| Some((*count)? / judged.filter(|judged| *judged > 0.0)?)).collect()
    };
    let (wrong, failed) = (share(&wrong), share(&failed));
    let times = middles(run);
    let below = Series::new("failed", 1, Shape::Area, &times, &failed);
    let points = times.iter().zip(failed.iter().zip(&wrong)).map(|(x, (failed, wrong))| Point {
        x: *x,
        y: failed.zip(*wrong).map(|(failed, wrong)| failed + wrong),
        base: failed.unwrap_or(0.0),
        ..Point::default()
    });
    let above = Series { name: "wrong owner".to_owned(), colour: 0, shape: Shape::Area, points: points.collect() };
    chart.series = vec![below, above];
    lines(run, &mut chart, &[("failure_rate", "both", 6)]);
    if run.windows.numbers("not_started").into_iter().flatten().any(|count| count > 0.0) {
        lines(run, &mut chart, &[("not_started_share", "not started, of all due", 3)]);
    }
    chart
}

fn over_time(run: &Run) -> Vec<Chart> {
    let mut nodes = timed(
        run,
        "live-nodes",
        "Live nodes",
        "Average of each window",
        Axis { kind: Kind::Whole, ..Axis::upward("nodes", NUMBER) },
    );
    lines(run, &mut nodes, &[("live_nodes", "live", 0)]);
    if run.windows.numbers("members_mean") != run.windows.numbers("live_nodes") {
        lines(run, &mut nodes, &[("members_mean", "of them joined", 2)]);
    }
    let mut hops =
        timed(run, "hops-over-time", "Hops", "Of answered lookups, in each window", Axis::upward("hops", NUMBER));
    lines(run, &mut hops, &[("hops_mean", "mean", 0), ("hops_p50", "median", 2), ("hops_p99", "99th percentile", 3)]);
    let note = "Requests of a lookup that went unanswered, on average";
    let mut timeouts = timed(run, "timeouts", "Timeouts", note, Axis::upward("requests per lookup", NUMBER));
    lines(run, &mut timeouts, &[("timeouts_mean", "mean", 1)]);
    let ms = Quantity::Number("ms");
    let note = "From the start of a lookup to its answer, in virtual time";
    let mut latency = timed(run, "latency", "Latency", note, Axis::upward("ms", ms));
    lines(
        run,
        &mut latency,
        &[("latency_ms_mean", "mean", 0), ("latency_ms_p50", "median", 2), ("latency_ms_p99", "99th percentile", 3)],
    );
    let note = "Sent per live node: what lookups caused, and all else";
    let mut bytes = timed(
        run,
        "traffic-bytes",
        "Traffic in bytes",
        note,
        Axis::upward("bytes/s per node", Quantity::Number("B/s")),
    );
    lines(
        run,
        &mut bytes,
        &[("maintenance_bytes_per_node_s", "maintenance", 2), ("lookup_bytes_per_node_s", "lookups", 0)],
    );
    let mut messages = timed(
        run,
        "traffic-messages",
        "Traffic in messages",
        note,
        Axis::upward("messages/s per node", Quantity::Number("/s")),
    );
    lines(
        run,
        &mut messages,
        &[("maintenance_messages_per_node_s", "maintenance", 2), ("lookup_messages_per_node_s", "lookups", 0)],
    );
    let mut charts = vec![nodes, hops, timeouts, latency, bytes, messages];
    if let Some(turnover) = turnover(run) {
        charts.insert(1, turnover);
    }
    charts
}

/// Arrivals and departures, if there are any.
fn turnover(run: &Run) -> Option<Chart> {
    let note = "Nodes that arrived, and nodes that crashed or left, in each window";
    let axis = Axis { kind: Kind::Whole, ..Axis::upward("nodes per window", NUMBER) };
    let mut chart = timed(run, "turnover", "Joins and departures", note, axis);
    lines(run, &mut chart, &[("joins", "joins", 2), ("departures", "departures", 1)]);
    let any = chart.series.iter().flat_map(|series| &series.points).any(|point| point.y.is_some_and(|y| y > 0.0));
    any.then_some(chart)
}

/// The protocol's own figures: the columns behind those of all protocols and of the kinds of messages.
fn health_columns(windows: &Table) -> Vec<&str> {
    let [first, last] = [timeseries::COLUMNS, timeseries::LAST];
    let known = |name: &str| first.iter().chain(last).any(|column| column.name == name);
    let of_traffic = |name: &str| name.ends_with("_per_node_s");
    windows.names().filter(|name| !known(name) && !of_traffic(name)).collect()
}

/// The protocol's own figures.
fn health(run: &Run) -> String {
    let (charts, constant) = health_charts(run);
    let mut body = page::figures(&charts);
    if !constant.is_empty() {
        body.push_str(&page::paragraph(&format!("The same in all windows: {}.", constant.join(", "))));
    }
    body
}

/// Charts of the protocol's own figures, and in words those that never change.
fn health_charts(run: &Run) -> (Vec<Chart>, Vec<String>) {
    let ends = ends(run);
    let (mut faults, mut charts, mut constant) = (Vec::new(), Vec::new(), Vec::new());
    for name in health_columns(&run.windows) {
        let values = run.windows.numbers(name);
        let words = name.replace('_', " ");
        let (words, quantity) = match words.strip_suffix(" share") {
            Some(words) => (words.to_owned(), Quantity::Share),
            None => (words, NUMBER),
        };
        let first = values.first().copied().flatten();
        if values.len() > 1 && first.is_some() && values.iter().all(|value| *value == first) {
            constant.push(format!("{words} {}", quantity.show_or_dash(first)));
        } else if quantity == Quantity::Share && is_fault(name) {
            faults.push(Series::new(words, faults.len() % super::chart::COLOURS, Shape::Line, &ends, &values));
        } else {
            let id = format!("health-{}", name.replace('_', "-"));
            let mut chart =
                timed(run, &id, &capital(&words), "At the end of each window", Axis::upward(words.clone(), quantity));
            chart.series.push(Series::new(words, 0, Shape::Line, &ends, &values));
            charts.push(chart);
        }
    }
    let note = "Share of pointers that are not what they should be, at the end of each window";
    let mut wrong =
        timed(run, "wrong-pointers", "Wrong pointers", note, Axis::upward("share of pointers", Quantity::Share));
    wrong.series = faults;
    charts.insert(0, wrong);
    (charts, constant)
}

/// Whether a share counts what is wrong, rather than what is right.
fn is_fault(name: &str) -> bool {
    ["wrong_", "dead_", "stale_", "missing_"].iter().any(|fault| name.starts_with(fault))
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The scheduled events of the scenario, in order of time.
fn moments(scenario: &Value) -> Vec<Moment> {
    let events = scenario["event"].as_array().map_or(&[][..], Vec::as_slice);
    let moment = |event: &Value| {
        let at = units::parse_duration(event["at"].as_str()?).ok()?;
        let (action, how) = event.as_object()?.iter().find(|(key, _)| *key != "at")?;
        let amount = match (how["fraction"].as_f64(), how["count"].as_f64()) {
            (Some(share), _) => format!(" {}", human::whole_or_figure(Some((share * 1e6).round() / 1e4)) + "%"),
            (_, Some(count)) => format!(" {}", NUMBER.show(count)),
            _ => String::new(),
        };
        Some(Moment { x: at.as_secs_f64(), label: format!("{action}{amount}") })
    };
    let mut moments: Vec<_> = events.iter().filter_map(moment).collect();
    moments.sort_by(|one, other| one.x.total_cmp(&other.x));
    moments
}

fn tables(summary: &Table) -> String {
    let mut out = String::from("<div class=\"tables\">\n");
    for (heading, table) in [
        ("Outcomes", outcomes(summary)),
        ("Distributions over answered lookups", distributions(summary)),
        ("Traffic per live node and second", traffic(summary)),
        ("Where all messages went", messages(summary)),
    ] {
        out.push_str(&format!("<div>\n<h3>{}</h3>\n{table}</div>\n", escape(heading)));
    }
    out.push_str("</div>\n");
    let all: Vec<_> = summary.names().map(|name| vec![name.to_owned(), summary.text(0, name).to_owned()]).collect();
    out + &page::folded("All columns of summary.csv", &page::table(&strings(["column", "value"]), &all, 1))
}

fn strings<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

fn outcomes(summary: &Table) -> String {
    let get = |name: &str| summary.number(0, name);
    let judged = get("lookups").zip(get("aborted")).map(|(all, aborted)| all - aborted).filter(|judged| *judged > 0.0);
    let row = |label: &str, name: &str, has_share: bool| {
        let share =
            get(name).zip(judged).filter(|_| has_share).map(|(count, judged)| Quantity::Share.show(count / judged));
        vec![label.to_owned(), NUMBER.show_or_dash(get(name)), share.unwrap_or_default()]
    };
    let rows = [
        row("lookups that ended", "lookups", false),
        row("correct", "correct", true),
        row("wrong owner", "wrong_owner", true),
        row("failed", "failed", true),
        row("aborted: the initiator departed", "aborted", false),
        vec![
            "not started: the initiator had not joined".to_owned(),
            NUMBER.show_or_dash(get("not_started")),
            get("not_started_share")
                .map(|share| format!("{} of all due", Quantity::Share.show(share)))
                .unwrap_or_default(),
        ],
        row("still running at the end", "in_flight", false),
    ];
    page::table(&strings(["", "lookups", "of those judged"]), &rows, 1)
}

fn distributions(summary: &Table) -> String {
    let row = |label: &str, prefix: &str| {
        let figures = ["mean", "p50", "p95", "p99", "max"].iter();
        let figures = figures.map(|figure| summary.number(0, &format!("{prefix}_{figure}")));
        std::iter::once(label.to_owned())
            .chain(figures.map(|value| value.map_or_else(String::new, |value| NUMBER.show(value))))
            .collect::<Vec<_>>()
    };
    let rows = [
        row("hops", "hops"),
        row("latency [ms]", "latency_ms"),
        row("requests a lookup", "rpcs"),
        row("timeouts a lookup", "timeouts"),
        row("time to join [ms]", "join_time_ms"),
    ];
    let rows: Vec<_> = rows.into_iter().filter(|row| row[1..].iter().any(|cell| !cell.is_empty())).collect();
    page::table(&strings(["", "mean", "p50", "p95", "p99", "max"]), &rows, 1)
}

fn traffic(summary: &Table) -> String {
    let row = |label: &str, infix: &str| {
        let names = ["maintenance", "lookup"]
            .into_iter()
            .flat_map(|cause| ["messages", "bytes"].map(|what| format!("{cause}_{infix}{what}_per_node_s")));
        let cells = names.map(|name| summary.number(0, &name));
        let mut row = vec![label.to_owned()];
        row.extend(cells.map(|value| value.map_or_else(|| "–".to_owned(), |value| NUMBER.show(value))));
        row
    };
    let kinds = summary.names().filter_map(|name| {
        let kind = name.strip_prefix("maintenance_")?.strip_suffix("_messages_per_node_s")?;
        Some(row(&kind.replace('_', " "), &format!("{kind}_")))
    });
    let rows: Vec<_> = kinds.chain([row("all", "")]).collect();
    page::table(&strings(["", "maintenance messages", "bytes", "lookup messages", "bytes"]), &rows, 1)
}

fn messages(summary: &Table) -> String {
    let row = |label: &str, name: &str| vec![label.to_owned(), NUMBER.show_or_dash(summary.number(0, name))];
    let rows = [
        row("sent", "messages_sent"),
        row("delivered to a live node", "messages_delivered"),
        row("lost, or stopped by a partition", "messages_lost"),
        row("addressed to a dead node", "messages_dropped"),
        row("still on the way at the end", "messages_in_flight"),
    ];
    page::table(&strings(["from time 0 on", "messages"]), &rows, 1)
}

fn scenario(run: &Run) -> String {
    let manifest = &run.manifest;
    let intro = "All that the run depends on, with the defaults filled in. The same scenario gives the same results, \
                 on any machine.";
    let mut rows = vec![
        strings(["fingerprint", &manifest.fingerprint]),
        strings(["scenario hash", &manifest.scenario_hash]),
        strings(["version", &format!("torus-sim {}", manifest.version)]),
    ];
    rows.extend(manifest.inputs.iter().map(|input| vec![input.file.clone(), input.blake3.clone()]));
    rows.extend(manifest.files.iter().map(|file| vec![file.file.clone(), file.blake3.clone()]));
    let text = effective(&manifest.scenario).to_toml();
    page::paragraph(intro)
        + &page::verbatim(&text)
        + &page::folded("Fingerprint and hashes", &page::table(&strings(["", "value, or BLAKE3 of a file"]), &rows, 2))
}

fn footer(run: &Run) -> String {
    let manifest = &run.manifest;
    let text = format!(
        "torus-sim {}, fingerprint {}, scenario {}",
        manifest.version, manifest.fingerprint, manifest.scenario_hash
    );
    format!("<footer>{}</footer>\n", escape(&text))
}

/// A scenario out of a manifest.
pub fn effective(value: &Value) -> Effective {
    match value {
        Value::Bool(flag) => Effective::Bool(*flag),
        Value::Number(number) => match number.as_u64() {
            Some(whole) => Effective::Integer(whole),
            None => Effective::Float(number.as_f64().unwrap_or(0.0)),
        },
        Value::Array(items) => Effective::Array(items.iter().map(effective).collect()),
        Value::Object(entries) => {
            Effective::Table(entries.iter().map(|(key, value)| (key.clone(), effective(value))).collect())
        }
        Value::String(text) => Effective::String(text.clone()),
        Value::Null => Effective::String(String::new()),
    }
}
