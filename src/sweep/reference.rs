//! The reference page of sweeps: the keys of a sweep file and the files of its results. Tests hold it against what is
//! read and written.

use super::tables::FIGURES;
use crate::scenario::Key;
use crate::scenario::reference::write_keys;
use std::fmt::Write;

const OPENING: &str = "\
# Sweeps

This page is generated from the tables in `src/sweep/reference.rs`; tests hold them against what is read and written,
and keep the page current. `SNAPSHOTS=overwrite cargo test --lib sweep::reference` writes it anew.

A sweep file is a scenario with axes. `torus-sim sweep FILE` plays every cell of the grid, each as often as `replicates`
says; `torus-sim check FILE` finds all that is wrong with it, in the sweep and in every cell, without playing anything.

Replicates with the same number and seed face the same arrivals, departures and lookups in every cell whose churn and
workload are the same, so that cells can be compared in pairs (`torus-sim compare`).

## Keys of a sweep file

";

/// Keys above all tables, and the tables.
pub(super) const KEYS: &[Key] = &[
    Key::optional(
        "name",
        "letters, digits, `-`, `_` and `.`",
        "name, if not that of the file without its ending; results go to `results/<name>`",
    ),
    Key::or("description", "a string", "\"\"", "what it is about, in one line"),
    Key::optional("seed", "a whole number from 0", "root of all randomness, in place of the base scenario's"),
    Key::optional("base", "a path", "the scenario that is swept, relative to this file; or `[scenario]`"),
    Key::optional("scenario", "a table", "the scenario that is swept, if it has no file of its own"),
    Key::or("replicates", "a whole number from 1 to 10_000", "1", "runs of each cell; or a table, see below"),
    Key::optional("set", "a table of keys in quotes", "values that all cells have in place of the base scenario's"),
    Key::optional("axes", "a table of keys in quotes", "each key with its values; the grid has all combinations"),
    Key::optional(
        "zip",
        "tables of keys in quotes",
        "keys that move together, with equally many values each: `[[zip]]`",
    ),
];

/// Keys of `replicates` if it is a table.
pub(super) const UNTIL: &[Key] = &[
    Key::required("until", "`\"1%\"` of the mean, or a number", "largest half of the width of the 95 % interval"),
    Key::required("of", "a figure of `cells.csv`", "the figure whose interval it is"),
    Key::or("at_least", "a whole number from 2 to 10_000", "3", "runs that every cell gets"),
    Key::or("at_most", "a whole number from 2 to 10_000", "50", "runs after which a cell is left as it is"),
];

/// What a swept key may have as its values.
const VALUES: &str = "
Any key of a scenario can be swept, `protocol` and `seed` included, written as a path in quotes
(`\"churn.session.exponential.mean\"`). The first axis moves slowest. At least one axis or `[[zip]]` is needed. Values
are:

| values | meaning |
|---|---|
| `[250, 1_000]` | a list, of anything that the key may be |
| `{ from = \"10s\", to = \"60s\", step = \"10s\" }` | numbers or durations at equal distances |
| `{ from = \"5min\", to = \"80min\", factor = 2 }` | numbers or durations that grow by a factor |

An element of a list may be a table, where that is what the key takes:
`protocol = [{ chord = { successors = 8 } }, { kademlia = { k = 8, alpha = 3 } }]` sweeps the parameters of two
protocols apart. The results then have a column for each key of any of the tables (`protocol.chord.successors`), empty
in the rows of those that do not have it, and one for the name of what was chosen (`protocol`). An axis of
`protocol.chord.successors` beside one of `protocol`, or over a scenario that runs another protocol, is an error: a
choice changes only where it is set itself.

`replicates = { until = \"5%\", of = \"failure_rate\" }` adds runs to a cell until the interval of its mean is narrow
enough, then four more, and goes on until it is narrow again. Who stops at the first narrow interval stops where runs
happen to agree, and the interval then holds the true value in 90 to 93 of 100 cells; with the four it is 93 to 96
(`tests/coverage.rs`; that some number suffices is due to Simons, Ann. Math. Stat. 39, 1968). That is the price: four
runs a cell, and one or two in a hundred. A width as a share of the mean (`\"5%\"`) also needs ten failures in all the
runs of a cell, if it is one of failures (ten timeouts, if of timeouts). A cell that is not narrow after `at_most` runs
stays as it is. How many runs a cell gets follows from its results alone.

";

const FILES: &str = "
## Files of the results

All but the journal are byte-identical for the same sweep, however many cores played it, in however many parts and
however often it was interrupted. They are written anew as jobs finish, each whole or not at all. Numbers and empty
cells are as in `docs/outputs.md`.

| file | what it is |
|---|---|
| `failures.csv` | a row a run: the swept keys under their names, then all columns of `summary.csv` but its name |
| `hops.csv` | a row a run and hop count: the swept keys, `replicate`, `seed`, `hops`, `lookups` |
| `cells.csv` | a row a cell: the swept keys, `replicates`, and means over its runs with intervals |
| `manifest.json` | what was played and what came of it, see below |
| `journal.jsonl` | the result of every job in the order of finishing: what a sweep goes on from, and `merge` reads |
| `report.html` | written by `torus-sim report`: one page with plots and tables |

`manifest.json` has the version of the program; the sweep, its keys and its cells with the hash of each scenario;
`scenario`, the effective scenario of the first cell with all defaults filled in (the others differ in the swept keys);
`changes`, what `[set]` and `--set` changed for all cells; `inputs`, the sweep file, the base scenario and every file
that they name, with their BLAKE3 hashes; the jobs with the fingerprint of each run; and the hashes of the tables. The
commit of the program is in the journal, beside the wall time of each job, since another build of the same program gives
the same bytes. If something of what is played has changed since, `torus-sim sweep` says what, how many results are
stale for it, and plays their jobs again; `--dry-run` says so without playing.

The columns of `failures.csv` and `hops.csv` are described in `docs/outputs.md`. Those of `cells.csv` are the means of
the figures below, each followed by `<figure>_ci95`, half the width of its 95 % interval over replicates. Behind all of
them stand `<figure>_low` and `<figure>_high`, the ends of the interval, which need not be equally far from the mean.
All three are empty for a single run.

";

const INTERVALS: &str = "
## Intervals

The interval of a mean is that of Student t over replicates. What it has below 0 is cut off, since no figure is ever
negative.

`failure_rate` and `timeouts_mean` count what may be rare, and Student t fails there: it reaches below 0, and has no
width where nothing was seen. Their intervals are made from tail probabilities of a count, with as many independent
lookups as the variance between replicates leaves (Korn and Graubard, 1998; mid-p). The variance is that of chance where
failures are few, and goes over into that between replicates as they become many; with hundreds of failures a run the
interval is that of Student t. Where nothing failed in n lookups it goes from 0 to 3.7 / n. `src/sweep/rates.rs` has
the formulas and their sources.

`torus-sim compare` takes the mean over cells within each replicate first, since cells of one replicate face the same
random numbers, and then the interval over replicates: Student t over the differences. Where neither side has seen ten
failures a replicate, it is put together from the intervals of both sides (Newcombe, 1998; Zou and Donner, 2008).

How often intervals hold the true value is tested with made-up replicates (`tests/coverage.rs`): 93 to 97 of 100, for
3 to 20 replicates, shares from 0.3 expected failures in all runs of a cell to thousands, and replicates that differ by
up to 25 % beside chance. What to know beside that:

- Counts are whole, so no rule can give each rate the same. A single rate near 0 has between 92 % and, as good as
  surely where nothing is to be seen, 100 %.
- Two replicates say little about how they differ; the intervals of rates are then wider than need be.
- Failures are taken to come one by one where they are few. If a single event makes dozens of lookups fail and a cell
  saw only one or two such events, no interval can know; see `failures.csv`.
";

/// The whole page, in Markdown.
pub fn page() -> String {
    let mut page = OPENING.to_owned();
    write_keys(&mut page, KEYS);
    page.push_str(VALUES);
    write_keys(&mut page, UNTIL);
    page.push_str(FILES);
    for figure in FIGURES {
        let _ = writeln!(page, "- `{figure}`"); // writing into a string cannot fail
    }
    page.push_str(INTERVALS);
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::folder::MANIFEST;
    use crate::scenario::reference::Absent;
    use crate::scenario::{Grid, Replicates, Source};
    use crate::sweep::folder::JOURNAL;
    use crate::sweep::tables;

    const BASE: &str = "name = \"x\"\n[scenario]\nprotocol = \"p\"\n[axes]\n\"population.nodes\" = [1, 2]\n";

    fn read(more: &str) -> Result<Grid, String> {
        Grid::read(&Source::from_text("sweep", &format!("{more}{BASE}")), &[], FIGURES).map_err(|it| it.to_string())
    }

    #[test]
    fn the_page_in_the_docs_is_current() {
        snapbox::assert_data_eq!(page(), snapbox::file!["../../docs/sweeps.md"].raw());
    }

    #[test]
    fn the_page_has_all_keys_that_are_read_and_no_other() {
        let until = "replicates.until = 0.1\nreplicates.of = \"hops_mean\"\nreplicates.";
        for (more, keys) in [("", KEYS), (until, UNTIL)] {
            let error = read(&format!("{more}nonesuch = 1\n")).expect_err("an unknown key");
            let known = error.lines().find(|line| line.contains("known here:")).expect("it says what is known");
            let mut known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
            let mut named: Vec<&str> = keys.iter().map(|key| key.name).collect();
            known.sort_unstable();
            named.sort_unstable();
            assert_eq!(known, named);
        }
    }

    #[test]
    fn defaults_are_as_the_page_says() {
        let default = |keys: &[Key], name: &str| match keys.iter().find(|key| key.name == name).map(|key| key.absent) {
            Some(Absent::Is(value)) => value.to_owned(),
            other => panic!("{name}: {other:?}"),
        };
        let grid = read("").expect("a sound sweep");
        assert_eq!(grid.replicates, Replicates::Fixed(default(KEYS, "replicates").parse().expect("a number")));
        assert_eq!(format!("{:?}", grid.description), default(KEYS, "description"));
        let grid = read("replicates = { until = \"1%\", of = \"hops_mean\" }\n").expect("a sound sweep");
        let Replicates::Until { at_least, at_most, .. } = grid.replicates else { panic!("{:?}", grid.replicates) };
        assert_eq!([at_least, at_most].map(|it| it.to_string()), ["at_least", "at_most"].map(|it| default(UNTIL, it)));
    }

    #[test]
    fn every_file_of_a_sweep_is_on_the_page() {
        for name in tables::NAMES.into_iter().chain([MANIFEST, JOURNAL]) {
            assert!(FILES.contains(&format!("| `{name}` |")), "{name}");
        }
    }
}
