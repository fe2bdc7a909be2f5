//! The page of the documentation: the table as Markdown, with what each experiment is and why a row may differ.

use super::experiment::Experiment;
use super::row::{Row, Verdict};
use std::fmt::Write;

const OPENING: &str = "\
# Published results, reproduced

This page is what `torus-sim validate --markdown docs/validation.md` writes. `.ci/run` plays all of it and holds the
page against it; `tests/validate.rs` does so with the fast rows. Runs are reproducible, so the figures are too.

- *measured* is the mean over replicates (the same scenario with other random numbers) with its 95% interval
  (Student t; of shares of lookups, which may be near 0, both ends, as `docs/sweeps.md` says); no interval is shown
  where all replicates gave the same.
- *published* is the number in the paper, *tolerance* how far from it the measured mean may be. Both come from
  `scenarios/validation/published.csv`, with the grade of each number: read in the paper's text (P), off its graphics
  (D), in somebody's digest of it (S), or computed from its rules by an independent program (C).
  Where an analysis stands in place of numbers, the tolerance is the interval of the runs.
- *within*: the two differ by no more than the tolerance. *explained*: they differ by more, and the remark below the
  table says why; such a row is OUT like any other when the run is not what the remark says. *shown*: the number stands
  there without being judged, for the reason below the table. A row without a verdict is a point of the curve for which
  no number is at hand.
- A row judges only if it can tell: no constant meets all rows of a series, and no row is met by the number published
  for the point before or after it. `src/validation/tests.rs` holds the table to that. A tolerance is as wide as its
  reason allows, below the table or here: a percentile of whole numbers must be met; a figure that is one ring's or one
  run's in the paper may differ by two standard deviations between runs.
- *slope* and *order* are about the shape of a curve, over the points of it that are judged: the slope of the regression
  of measured on published values (1 where they agree, 0 for a constant) with the interval that those of the points
  make, its tolerance what the tolerances of the points give if each errs of its own accord; and Kendall's rank
  correlation of the two, over pairs of points that the runs tell apart.
- `torus-sim validate NAME --at X` measures any other point.
";

/// Width of the page in characters; tables may be wider.
const WIDTH: usize = 120;

/// The page for these rows, which stand together by experiment.
pub fn page(rows: &[Row<'_>]) -> String {
    let mut page = OPENING.to_owned();
    for rows in rows.chunk_by(|one, next| one.experiment.name == next.experiment.name) {
        write_experiment(&mut page, rows[0].experiment, rows);
    }
    page
}

fn write_experiment(page: &mut String, experiment: &Experiment, rows: &[Row<'_>]) {
    let Experiment { name, source, about, parameter, .. } = experiment;
    // Writing into a string cannot fail.
    let text = format!("{source}: {about}. Scenario: `scenarios/validation/{name}.toml`; x: {parameter}.");
    let _ = writeln!(page, "\n## {name}\n\n{}\n", wrapped(&text));
    page.push_str("| x | figure | measured | published | tolerance | verdict |\n|---|---|---|---|---|---|\n");
    let mut remarks: Vec<&str> = Vec::new();
    for row in rows {
        let _ = writeln!(page, "| {} |", row.cells().join(" | "));
        if let Some(Verdict::Explained(why)) = row.verdict
            && !remarks.contains(&why)
        {
            remarks.push(why);
        }
    }
    for why in remarks.into_iter().chain(experiment.remarks.iter().copied()) {
        let why = if why.starts_with('|') { why.to_owned() } else { wrapped(why) };
        let _ = writeln!(page, "\n{}", why.trim_end());
    }
}

/// The text in lines of at most [`WIDTH`] characters.
fn wrapped(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}
