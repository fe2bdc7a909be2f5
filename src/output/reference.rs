//! The reference page of all files that a run writes, made from the same tables that write them.

use super::cell::Column;
use super::statistics::KIND_COLUMNS;
use super::{hops, kinds, lookups, manifest, schedule, summary, timeseries, timing};
use std::fmt::Write;

const OPENING: &str = "\
# The files of a run

This page is generated from the tables in `src/output/` that write the files; a test keeps it current.
`SNAPSHOTS=overwrite cargo test --lib output::reference` writes it anew.

`torus-sim run` writes a folder that appears whole or not at all. Everything in it but `timing.json` is byte-identical
for the same scenario and seed, on any machine.

- Files are UTF-8, lines end in a line feed, the first line of a CSV file is its header. One row is one observation.
- An empty cell means *not available*: a mean over nothing, a rate of nobody. It is never a 0 that was not measured, and
  there is no NaN and no infinity.
- Floats are the shortest decimals that read back as the same value, without exponents. Times in seconds and
  milliseconds are exact.
- Identifiers and keys are unsigned 64-bit integers in decimal: read them as integers, not as floats.
- Times are virtual and count from the start of the run. Means, rates and counts are over the measurement window, unless
  the text says \"from time 0 on\".
- Columns may be added behind the others of a file. Those that are there keep their name and meaning.
";

const SWEEP: &str = "\
`torus-sim sweep` writes tables over all of its runs, in the same form. `docs/sweeps.md` has more on each.

- `failures.csv`: a row a run, the swept keys and then the columns of `summary.csv`.
- `hops.csv`: a row a run and hop count.
- `cells.csv`: a row a cell, with means and 95 % intervals over replicates.
- `manifest.json`: what made them, with the fingerprint of every run.
- `journal.jsonl`: the results of finished jobs, from which an interrupted sweep goes on.
- `report.html`: written by `torus-sim report`, for runs and for sweeps: one page with plots and tables.";

const WARNINGS: &str = "\
Kinds of `warnings` in `manifest.json`, which are also printed at the end of a run, and when they are given:

- `no_lookups`, `few_lookups`: none, or fewer than 400 lookups were judged.
- `population_drifts`: live nodes of the first and the last window differ by more than 10 %.
- `joins_incomplete`: more than 10 % of the live nodes were no members at the end.
- `died_out`: at some time nobody was alive.
- `late_replies`: more than 1 % of all requests had a false timeout: it expired while the node asked lived and the
  request or its reply was still under way.
- `false_timeouts`: false timeouts explain at least 10 % of the failures, or are at least 10 % of all timeouts and a
  tenth as many as the failures. If a share a of the failures had a false timeout among their requests, and a share b of
  the right answers, (a - b) / (1 - b) of the failures are explained, or none if a is within three standard deviations
  of b or only two failures had one. A failure for which a false timeout of maintenance laid the ground is not among
  them, and in Chord that is how most come about: only a run with a longer timeout tells how many.
- `answers_stopped`: NAT stopped answers of lookups, sent straight by nodes that the initiator had not asked itself
  (`routing = \"semi_recursive\"`).
- `not_steady`: latency, failure rate, maintenance messages or a figure of health differ between the first and the last
  third of the windows by more than 5 % and by more than noise explains (Student t, 1 in 10,000; the noise is what a
  polynomial through at most 30 groups of windows leaves, widened by its autocorrelation), and the middle third lies
  between them. Needs six windows. Not asked where scheduled events or joins of a joining start fall into the
  measurement: they explain a change.
- `short_warmup`: nodes come and go by a law, and the warm-up is shorter than a mean session; of laws with a heavy tail,
  than nine of ten sessions, if that is less.";

/// The whole page, in Markdown.
pub fn page() -> String {
    let mut page = OPENING.to_owned();
    section(&mut page, "summary.csv", "One row: the run.");
    let fixed = |columns: &'static [summary::SummaryColumn]| columns.iter().map(summary::SummaryColumn::description);
    table(&mut page, fixed(summary::COLUMNS).chain(protocol_columns()).chain(fixed(summary::LAST)));
    section(&mut page, "timeseries.csv", "A row for each window of the measurement (`measurement.window`).");
    table(&mut page, plain(timeseries::COLUMNS).chain(protocol_columns()).chain(plain(timeseries::LAST)));
    section(&mut page, "hops.csv", "A row for each hop count.");
    table(&mut page, plain(hops::COLUMNS));
    section(&mut page, "kinds.csv", "Where the scenario has several kinds of nodes: a row for each.");
    table(&mut page, plain(kinds::COLUMNS));
    section(&mut page, "lookups.csv", "With `--lookups`: a row for each lookup that ended in the measurement window.");
    table(&mut page, plain(lookups::COLUMNS));
    section(
        &mut page,
        "A recorded schedule",
        "With `--record FILE`: what was played, in order. A scenario reads such a file through `[schedule]`, and\n\
        `--replay FILE` plays it.",
    );
    table(&mut page, plain(schedule::COLUMNS));
    section(&mut page, "manifest.json", "What made the results. Its order of keys is fixed.");
    keys(&mut page, manifest::KEYS);
    section(&mut page, "Warnings", WARNINGS);
    section(&mut page, "timing.json", "How fast the run was: the one file that differs from run to run.");
    keys(&mut page, timing::KEYS);
    section(&mut page, "The files of a sweep", SWEEP);
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

type Description = (&'static str, &'static str, &'static str);

fn plain<Row>(columns: &'static [Column<Row>]) -> impl Iterator<Item = Description> {
    columns.iter().map(|column| (column.name, column.unit, column.meaning))
}

fn protocol_columns() -> impl Iterator<Item = Description> {
    let kinds = KIND_COLUMNS.iter().map(|column| (column.pattern, column.unit, column.meaning));
    kinds.chain([(
        "...",
        "",
        "the protocol's own figures of health, see `docs/scenario.md`; in the summary their mean over the windows, in \
         the time series the state at the end of the window",
    )])
}

fn section(page: &mut String, title: &str, text: &str) {
    let title = if title.contains(' ') { title.to_owned() } else { format!("`{title}`") };
    let _ = writeln!(page, "\n## {title}\n\n{text}\n"); // writing into a string cannot fail
}

fn table(page: &mut String, columns: impl Iterator<Item = Description>) {
    page.push_str("| column | unit | meaning |\n|---|---|---|\n");
    for (name, unit, meaning) in columns {
        let name = if name == "..." { name.to_owned() } else { format!("`{name}`") };
        let _ = writeln!(page, "| {name} | {unit} | {meaning} |");
    }
}

fn keys(page: &mut String, keys: &[(&str, &str)]) {
    page.push_str("| key | meaning |\n|---|---|\n");
    for (key, meaning) in keys {
        let _ = writeln!(page, "| `{key}` | {meaning} |");
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_in_the_docs_is_current() {
        snapbox::assert_data_eq!(super::page(), snapbox::file!["../../docs/outputs.md"].raw());
    }
}
