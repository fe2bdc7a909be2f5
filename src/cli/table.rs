//! The summary of a run on standard output: a small table for people. Programs read the files.

use super::columns::{Column, aligned};
use super::progress::speed;
use crate::observe::report::{Statistics, Summary, Volume};
use crate::output::human::{figure, figure_or_dash, grouped, percent, span, whole_or_figure};
use crate::output::statistics::{rate, volumes};
use crate::output::{Run, Timing};
use crate::scenario::Measurement;
use std::path::Path;

/// Blanks in front of each row.
const INDENT: usize = 2;
/// The first column in all parts, so wide that they stand below each other.
const LABELS: Column = Column { is_figure: false, at_least: 24 };
/// Each column of figures.
const FIGURES: Column = Column { is_figure: true, at_least: 10 };

/// The whole text, with a line feed at its end; at most 80 columns wide but for long names.
pub(super) fn summary(run: &Run, measurement: &Measurement, timing: &Timing, folder: &Path) -> String {
    let total = &run.report.total;
    let parts = [
        title(run),
        facts(run, measurement, timing),
        outcomes(total),
        distributions(total),
        traffic(total),
        health(total),
        two_columns([
            ["fingerprint".to_owned(), run.report.fingerprint.clone()],
            ["results".to_owned(), format!("{}{}", folder.display(), std::path::MAIN_SEPARATOR)],
        ]),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n\n") + "\n"
}

fn title(run: &Run) -> String {
    let mut title =
        format!("{}: {} {} nodes, seed {}", run.name, grouped(run.nodes.into()), run.report.protocol, run.seed.seed);
    if run.seed.replicate > 0 {
        title.push_str(&format!(", replicate {}", run.seed.replicate));
    }
    title
}

fn facts(run: &Run, measurement: &Measurement, timing: &Timing) -> String {
    let total = &run.report.total;
    let warmup = measurement.warmup;
    let after = if warmup.is_zero() { String::new() } else { format!(" after {} of warm-up", span(warmup)) };
    let speed = timing.events_per_s.map(|rate| format!(", {}", speed(rate))).unwrap_or_default();
    two_columns([
        ["measured".to_owned(), format!("{}{after}", span(measurement.duration))],
        ["events".to_owned(), format!("{} in {} s{speed}", grouped(run.report.events), figure(timing.wall_time_s))],
        ["live nodes".to_owned(), format!("{} on average", grouped(total.live_nodes_mean.round() as u64))],
        ["joins".to_owned(), grouped(total.joins)],
        ["departures".to_owned(), departures(total)],
    ])
}

fn departures(total: &Statistics) -> String {
    let leaves = if total.leaves > 0 { format!(" ({} graceful)", grouped(total.leaves)) } else { String::new() };
    grouped(total.departures) + &leaves
}

fn outcomes(total: &Statistics) -> String {
    let outcomes = total.outcomes;
    let judged = outcomes.lookups() - outcomes.aborted;
    let share = |count: u64| if judged > 0 { percent(count as f64 / judged as f64) } else { String::new() };
    let row = |label: &str, count: u64, share: String| [label.to_owned(), grouped(count), share];
    let rows = [
        row("lookups", outcomes.lookups(), String::new()),
        row("  correct", outcomes.correct, share(outcomes.correct)),
        row("  wrong owner", outcomes.wrong_owner, share(outcomes.wrong_owner)),
        row("  failed", outcomes.failed, share(outcomes.failed)),
        row("  aborted", outcomes.aborted, String::new()),
        ["failure rate".to_owned(), String::new(), outcomes.failure_rate().map_or_else(|| "-".to_owned(), percent)],
    ];
    // What the failure rate does not speak of, and what may stand behind it, if there is any.
    let share_of_due = total.not_started_share().map(percent).unwrap_or_default();
    let false_timeouts = total.requests.false_timeout_share().map(percent).unwrap_or_default();
    let beside = [
        (total.not_started, row("not started", total.not_started, share_of_due)),
        (total.requests.falsely, row("false timeouts", total.requests.falsely, false_timeouts)),
    ];
    figures(rows.into_iter().chain(beside.into_iter().filter(|(count, _)| *count > 0).map(|(_, row)| row)))
}

fn distributions(total: &Statistics) -> String {
    let row = |label: &str, summary: &Summary| {
        let figures = [summary.p50, summary.p95, summary.p99, summary.max].map(whole_or_figure);
        let [p50, p95, p99, max] = figures;
        [label.to_owned(), figure_or_dash(summary.mean), p50, p95, p99, max]
    };
    let mean = |label: &str, mean: Option<f64>| row(label, &Summary { mean, ..Summary::default() }).map(no_dash);
    let means = [("requests a lookup", total.rpcs_mean), ("timeouts a lookup", total.timeouts_mean)];
    let header = ["", "mean", "p50", "p95", "p99", "max"].map(str::to_owned);
    let rows = [header, row("hops", &total.hops), row("latency [ms]", &total.latency_ms)];
    figures(rows.into_iter().chain(means.into_iter().filter(|(_, value)| value.is_some()).map(|(l, v)| mean(l, v))))
}

/// What is not asked of a row stays empty.
fn no_dash(text: String) -> String {
    if text == "-" { String::new() } else { text }
}

fn traffic(total: &Statistics) -> String {
    let (lookups, maintenance) = volumes(total);
    let row = |label: &str, volume: Volume| {
        let per_node_second = |number| figure_or_dash(rate(total, number));
        [label.to_owned(), per_node_second(volume.messages), per_node_second(volume.bytes)]
    };
    let header = ["per node and second", "messages", "bytes"].map(str::to_owned);
    figures([header, row("  maintenance", maintenance), row("  lookups", lookups)])
}

/// The protocol's figures under their column names in words; shares in percent.
fn health(total: &Statistics) -> String {
    figures(total.health.iter().map(|(name, value)| {
        let words = name.replace('_', " ");
        match (words.strip_suffix(" share"), *value) {
            (Some(what), share) => [what.to_owned(), share.map_or_else(|| "-".to_owned(), percent)],
            _ => [words, whole_or_figure(*value)],
        }
    }))
}

fn two_columns<const ROWS: usize>(rows: [[String; 2]; ROWS]) -> String {
    lay_out(rows, Column::WORDS)
}

fn figures<const COLUMNS: usize>(rows: impl IntoIterator<Item = [String; COLUMNS]>) -> String {
    lay_out(rows, FIGURES)
}

/// Rows of a label and values, indented, without a line feed at the end.
fn lay_out<const COLUMNS: usize>(rows: impl IntoIterator<Item = [String; COLUMNS]>, values: Column) -> String {
    let rows: Vec<Vec<String>> = rows.into_iter().map(Vec::from).collect();
    let columns: [Column; COLUMNS] = std::array::from_fn(|place| if place == 0 { LABELS } else { values });
    let mut text = aligned(&rows, &columns, INDENT, 0);
    text.pop();
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Duration;
    use crate::output::example;

    fn example_summary(run: &Run, warmup: Duration) -> String {
        let measurement = Measurement {
            warmup,
            duration: Duration::from_secs(3_600),
            window: Duration::from_secs(60),
            ..Measurement::default()
        };
        let timing = Timing::of_run(std::time::Duration::from_millis(25_100), run.report.events);
        summary(run, &measurement, &timing, Path::new("results/churn20m"))
    }

    #[test]
    fn the_summary_of_an_example_run_is_as_expected() {
        let text = example_summary(&example::run(), Duration::from_secs(1_200));
        assert!(text.lines().all(|line| line.chars().count() <= 80));
        snapbox::assert_data_eq!(text, snapbox::file!["golden/summary.txt"].raw());
    }

    #[test]
    fn a_run_in_which_nothing_happened_has_dashes_and_no_nan() {
        let mut run = example::run();
        run.report.total = example::nothing_happened();
        let text = example_summary(&run, Duration::ZERO);
        assert!(!text.contains("NaN") && !text.contains("inf"));
        snapbox::assert_data_eq!(text, snapbox::file!["golden/summary_of_nothing.txt"].raw());
    }
}
