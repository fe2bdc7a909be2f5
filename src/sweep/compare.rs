//! Paired comparison of two sweeps, of two cells of one, or of two runs.
//!
//! Runs with the same replicate face the same arrivals, departures and lookups, so differences are taken run by run:
//! each run of one side with the run of the other that has the same replicate and the same values of all keys that
//! were not fixed. What both have in common cancels, and the interval is that of the differences alone.
//!
//! For the same reason the cells of one replicate are not independent of each other: over several cells, a replicate
//! counts as one difference, the mean over its cells, and the interval is over replicates. That takes replicates that
//! have all the cells.

use super::figures::{FIGURES, Pair, paired_difference};
use super::folder::Past;
use super::journal::{Outcome, Summary};
use super::merge::{Unmergeable, outline};
use super::plan::Outline;
use super::scheduler::{Shard, jobs};
use super::statistics::Estimate;
use crate::output::cell::{Cell, Table};
use crate::output::folder::MANIFEST;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// One side of a comparison: the folder of a sweep or of a run, and values that the sweep's keys must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// The folder.
    pub folder: PathBuf,
    /// Keys with the one value of each that counts.
    pub fixed: Vec<(String, String)>,
}

impl Side {
    /// Reads `DIR` or `DIR:key=value,key=value`. A folder whose whole name is the text is never taken apart.
    ///
    /// # Errors
    /// If what follows the last colon is not keys with values.
    pub fn parse(text: &str) -> Result<Side, String> {
        let whole = Side { folder: PathBuf::from(text), fixed: Vec::new() };
        let Some((folder, settings)) = text.rsplit_once(':').filter(|_| !whole.folder.exists()) else {
            return Ok(whole);
        };
        let pair = |setting: &str| {
            let (key, value) = setting.split_once('=')?;
            (!key.trim().is_empty()).then(|| (key.trim().to_owned(), value.trim().to_owned()))
        };
        let fixed: Option<Vec<_>> = settings.split(',').map(pair).collect();
        let fixed = fixed.ok_or(format!("`{settings}` does not name a cell: write DIR:key=value,key=value"))?;
        Ok(Side { folder: PathBuf::from(folder), fixed })
    }
}

/// Why two sides cannot be compared.
#[derive(Debug)]
pub enum Incomparable {
    /// A folder cannot be read.
    Unreadable(Unmergeable),
    /// A key that was fixed is not swept there, or never has this value.
    NoSuchCell {
        /// The folder.
        folder: PathBuf,
        /// The key and the value.
        setting: String,
        /// What there is.
        known: String,
    },
    /// The keys that are left differ.
    OtherKeys {
        /// Those of the first.
        one: Vec<String>,
        /// Those of the second.
        other: Vec<String>,
    },
    /// No run of one side has a partner on the other.
    NoPairs,
    /// No replicate has a pair in every cell.
    NoWholeReplicate {
        /// Cells that have pairs.
        cells: usize,
    },
}

impl fmt::Display for Incomparable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |keys: &[String]| if keys.is_empty() { "none".to_owned() } else { keys.join(", ") };
        match self {
            Incomparable::Unreadable(why) => why.fmt(f),
            Incomparable::NoSuchCell { folder, setting, known } => {
                write!(f, "{} has no cell with {setting}; {known}", folder.display())
            }
            Incomparable::OtherKeys { one, other } => write!(
                f,
                "the two sides are swept differently: {} on the one, {} on the other. Fix what only one has, as in \
                 DIR:key=value",
                list(one),
                list(other)
            ),
            Incomparable::NoPairs => {
                f.write_str("no run of the one side has the same values and the same replicate as one of the other")
            }
            Incomparable::NoWholeReplicate { cells } => write!(
                f,
                "no replicate has a pair of runs in all {cells} cells, so there is no mean over cells: compare them \
                 one by one (--each-cell), or name a cell on both sides"
            ),
        }
    }
}

impl From<Unmergeable> for Incomparable {
    fn from(why: Unmergeable) -> Self {
        Incomparable::Unreadable(why)
    }
}

/// What a run is paired by: the values of the keys that are left, and the replicate.
pub type Place = (Vec<String>, u64);

/// All runs of a side that are done.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    /// The keys that were not fixed, in alphabetical order.
    pub keys: Vec<String>,
    /// The runs.
    pub runs: BTreeMap<Place, Summary>,
}

impl Runs {
    /// Reads the runs of a side.
    ///
    /// # Errors
    /// If the folder cannot be read, or has no such cell.
    pub fn read(side: &Side) -> Result<Runs, Incomparable> {
        if let Some(run) = read_run(&side.folder) {
            return match side.fixed.first() {
                Some((key, value)) => Err(Incomparable::NoSuchCell {
                    folder: side.folder.clone(),
                    setting: format!("{key}={value}"),
                    known: "it holds a single run".to_owned(),
                }),
                None => Ok(Runs { keys: Vec::new(), runs: BTreeMap::from([run]) }),
            };
        }
        let outline = outline(&side.folder)?;
        for (key, value) in &side.fixed {
            check_setting(&side.folder, &outline, key, value)?;
        }
        let past = Past::read(&side.folder, &outline).map_err(Unmergeable::from)?;
        let results = past.results(false);
        let mut places: Vec<(&String, usize)> = outline.keys.iter().zip(0..).collect();
        places.retain(|(key, _)| !side.fixed.iter().any(|(fixed, _)| fixed == *key));
        places.sort();
        let is_meant = |values: &[String]| {
            let has = |(key, value): &(String, String)| {
                outline.keys.iter().zip(values).any(|(name, present)| name == key && present == value)
            };
            side.fixed.iter().all(has)
        };
        // Keys that none of these cells has, such as those of another protocol, pair nothing.
        let cells = || outline.cells.iter().filter(|cell| is_meant(&cell.values));
        places.retain(|(_, place)| cells().any(|cell| !cell.values[*place].is_empty()));
        let mut runs = BTreeMap::new();
        for job in jobs(&outline, Shard::WHOLE, &results) {
            let values = &outline.cells[job.cell].values;
            if let (true, Some(Outcome::Done(run))) = (is_meant(values), results.get(&job.id)) {
                let left = places.iter().map(|(_, place)| values[*place].clone()).collect();
                runs.insert((left, job.replicate), (**run).clone());
            }
        }
        Ok(Runs { keys: places.into_iter().map(|(key, _)| key.clone()).collect(), runs })
    }
}

/// The run in a folder that holds a single one, with its replicate; `None` if it holds something else.
fn read_run(folder: &Path) -> Option<(Place, Summary)> {
    let manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join(MANIFEST)).ok()?).ok()?;
    let replicate = manifest.get("replicate")?.as_u64()?;
    let mut table = csv::Reader::from_path(folder.join("summary.csv")).ok()?;
    let header = table.headers().ok()?.clone();
    let row = table.records().next()?.ok()?;
    let columns = header.iter().zip(row.iter()).map(|(name, cell)| (name.to_owned(), cell.to_owned()));
    let summary = Summary { columns: columns.collect(), hops: Vec::new(), warnings: Vec::new() };
    Some(((Vec::new(), replicate), summary))
}

fn check_setting(folder: &Path, outline: &Outline, key: &str, value: &str) -> Result<(), Incomparable> {
    let no_cell = |known| {
        let setting = format!("{key}={value}");
        Err(Incomparable::NoSuchCell { folder: folder.to_owned(), setting, known })
    };
    let Some(place) = outline.keys.iter().position(|name| name == key) else {
        return no_cell(format!("swept there: {}", outline.keys.join(", ")));
    };
    if outline.cells.iter().any(|cell| cell.values[place] == value) {
        return Ok(());
    }
    let values: BTreeSet<&str> = outline.cells.iter().map(|cell| cell.values[place].as_str()).collect();
    no_cell(format!("values there: {}", values.into_iter().collect::<Vec<_>>().join(", ")))
}

/// The paired difference of a figure: the second side minus the first.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Values of the keys that are left, if each cell was asked for; empty for all together.
    pub values: Vec<String>,
    /// The figure.
    pub figure: &'static str,
    /// Cells that each replicate is the mean of.
    pub cells: usize,
    /// Its mean over the runs of the first side.
    pub one: f64,
    /// Its mean over their partners.
    pub other: f64,
    /// The differences: how many replicates, their mean, and its 95% interval.
    pub difference: Estimate,
}

/// What came of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The keys that are left, in alphabetical order.
    pub keys: Vec<String>,
    /// Pairs of runs.
    pub pairs: usize,
    /// Replicates that have a pair in every cell, or, with `each_cell`, in any.
    pub replicates: usize,
    /// Pairs whose seeds or replicates differ: they faced other churn and lookups.
    pub unlike: usize,
    /// Pairs that count nowhere, since their replicate does not have all the cells.
    pub incomplete: Vec<Place>,
    /// Runs of the first side without a partner.
    pub alone_in_one: Vec<Place>,
    /// Runs of the second side without a partner.
    pub alone_in_other: Vec<Place>,
    /// A row for each figure that both sides have; with `each_cell`, for each cell and figure.
    pub differences: Vec<Difference>,
}

/// Pairs by replicate and cell.
type Pairs<'a> = BTreeMap<u64, BTreeMap<&'a [String], Pair<'a>>>;

/// Compares two sides, over all cells together or within each. If each is a single run, they are a pair whatever their
/// replicates.
///
/// # Errors
/// If they are swept over different keys, there is no pair, or no replicate has all the cells.
pub fn compare(one: &Runs, other: &Runs, each_cell: bool) -> Result<Comparison, Incomparable> {
    if one.keys != other.keys {
        return Err(Incomparable::OtherKeys { one: one.keys.clone(), other: other.keys.clone() });
    }
    let alone = |runs: &Runs, others: &Runs| -> Vec<Place> {
        runs.runs.keys().filter(|place| !others.runs.contains_key(*place)).cloned().collect()
    };
    if let (true, [(place, _)], [(partner, run)]) =
        (one.keys.is_empty(), &one.runs.iter().collect::<Vec<_>>()[..], &other.runs.iter().collect::<Vec<_>>()[..])
        && place != partner
    {
        let runs = BTreeMap::from([((*place).clone(), (*run).clone())]);
        return compare(one, &Runs { keys: Vec::new(), runs }, each_cell);
    }
    let mut unlike = 0;
    let mut all = Pairs::new();
    let mut by_cell: BTreeMap<&[String], Pairs<'_>> = BTreeMap::new();
    for (place @ (values, replicate), run) in &one.runs {
        if let Some(partner) = other.runs.get(place) {
            let pair = (run, partner);
            let differs = |column| run.text(column) != partner.text(column);
            unlike += usize::from(["seed", "replicate"].into_iter().any(differs));
            all.entry(*replicate).or_default().insert(values, pair);
            by_cell.entry(values).or_default().entry(*replicate).or_default().insert(values, pair);
        }
    }
    let pairs = all.values().map(BTreeMap::len).sum();
    if pairs == 0 {
        return Err(Incomparable::NoPairs);
    }
    let mut incomplete = Vec::new();
    if !each_cell {
        let is_whole = |cells: &BTreeMap<&[String], Pair<'_>>| cells.len() == by_cell.len();
        for (replicate, cells) in all.iter().filter(|(_, cells)| !is_whole(cells)) {
            incomplete.extend(cells.keys().map(|values| (values.to_vec(), *replicate)));
        }
        all.retain(|_, cells| is_whole(cells));
    }
    if all.is_empty() {
        return Err(Incomparable::NoWholeReplicate { cells: by_cell.len() });
    }
    let differences = if each_cell {
        by_cell.iter().flat_map(|(values, pairs)| differences(values, pairs)).collect()
    } else {
        differences(&[], &all)
    };
    Ok(Comparison {
        keys: if each_cell { one.keys.clone() } else { Vec::new() },
        pairs,
        replicates: all.len(),
        unlike,
        incomplete,
        alone_in_one: alone(one, other),
        alone_in_other: alone(other, one),
        differences,
    })
}

/// A row for each figure that both sides have.
fn differences(values: &[String], pairs: &Pairs<'_>) -> Vec<Difference> {
    let row = |figure: &&'static str| {
        let has = |(one, other): &Pair<'_>| one.number(figure).is_some() && other.number(figure).is_some();
        // A cell may not have the figure at all, such as a latency where nothing was answered; a replicate counts if it
        // has the figure in all cells that have it.
        let cells: BTreeSet<&[String]> = pairs
            .values()
            .flat_map(|cells| cells.iter().filter(|(_, pair)| has(pair)).map(|(values, _)| *values))
            .collect();
        if cells.is_empty() {
            return None;
        }
        let whole = pairs
            .values()
            .filter_map(|present| cells.iter().map(|values| present.get(values).copied().filter(has)).collect());
        let replicates: Vec<Vec<Pair<'_>>> = whole.collect();
        let (one, other, difference) = paired_difference(figure, &replicates)?;
        Some(Difference { values: values.to_vec(), figure, cells: cells.len(), one, other, difference })
    };
    FIGURES.iter().filter_map(row).collect()
}

impl Comparison {
    /// Writes the differences as CSV: the keys, the figure, the number of pairs of runs, both means, the mean
    /// difference, half the width of its interval, the ends of that, and the number of replicates.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn write_csv(&self, out: impl Write) -> io::Result<()> {
        let own = ["figure", "pairs", "mean_a", "mean_b", "difference", "difference_ci95"];
        let more = ["difference_low", "difference_high", "replicates"];
        let mut table = Table::new(out, self.keys.iter().map(String::as_str).chain(own).chain(more))?;
        for row in &self.differences {
            let estimate = row.difference;
            let own = [
                Cell::Text(row.figure),
                Cell::Count((row.cells * estimate.count) as u64),
                Cell::Float(row.one),
                Cell::Float(row.other),
                Cell::Float(estimate.mean),
                estimate.half_width().into(),
                estimate.interval.map(|interval| interval.low).into(),
                estimate.interval.map(|interval| interval.high).into(),
                Cell::Count(estimate.count as u64),
            ];
            table.row(row.values.iter().map(|value| Cell::Text(value)).chain(own))?;
        }
        table.finish()?.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs by value of the key `k` and replicate, with a failure rate.
    fn runs(list: &[(&str, u64, &str)]) -> Runs {
        let run = |rate: &str| Summary {
            columns: vec![("failure_rate".to_owned(), rate.to_owned()), ("hops_mean".to_owned(), String::new())],
            hops: Vec::new(),
            warnings: Vec::new(),
        };
        let runs = list.iter().map(|(value, replicate, rate)| ((vec![(*value).to_owned()], *replicate), run(rate)));
        Runs { keys: vec!["k".to_owned()], runs: runs.collect() }
    }

    #[test]
    fn differences_are_taken_in_pairs() {
        let one = runs(&[("a", 0, "0.1"), ("a", 1, "0.5"), ("b", 0, "0.9"), ("c", 0, "0.2")]);
        let other = runs(&[("a", 0, "0.2"), ("a", 1, "0.8"), ("b", 0, "1.1"), ("b", 1, "0.4")]);
        let all = compare(&one, &other, false).unwrap();
        assert_eq!((all.pairs, all.replicates), (3, 1));
        // Replicate 1 has no pair in the cell b.
        assert_eq!(all.incomplete, [(vec!["a".to_owned()], 1)]);
        assert_eq!(all.alone_in_one, [(vec!["c".to_owned()], 0)]);
        assert_eq!(all.alone_in_other, [(vec!["b".to_owned()], 1)]);
        // Hops are in no run: there is one figure only.
        let [row] = &all.differences[..] else { panic!("{:?}", all.differences) };
        assert_eq!((row.figure, row.cells, row.difference.count), ("failure_rate", 2, 1));
        assert!((row.one - 0.5).abs() < 1e-12 && (row.other - 0.65).abs() < 1e-12);
        assert_eq!(row.difference.interval, None, "a single replicate has no interval");

        let cells = compare(&one, &other, true).unwrap();
        let rows: Vec<_> = cells.differences.iter().map(|row| (&row.values[0][..], row.difference.count)).collect();
        assert_eq!(rows, [("a", 2), ("b", 1)]);
        assert_eq!(cells.differences[1].difference.interval, None);
        let mut csv = Vec::new();
        cells.write_csv(&mut csv).unwrap();
        let csv = String::from_utf8(csv).unwrap();
        let header = "k,figure,pairs,mean_a,mean_b,difference,difference_ci95,difference_low,difference_high,\
                      replicates\na,failure_rate,2,";
        assert!(csv.starts_with(header), "{csv}");
        assert!(csv.ends_with(",,,,1\n"), "the interval of a single pair is empty: {csv}");
    }

    #[test]
    fn cells_of_a_replicate_are_not_independent() {
        // All cells of a replicate are 0.1, 0.3 or 0.2 worse on the other side: three differences, not nine.
        let cells = ["a", "b", "c"];
        let all = |rates: [&'static str; 3]| {
            let of_replicate = |(replicate, rate): (u64, &'static str)| cells.map(|cell| (cell, replicate, rate));
            runs(&(0..).zip(rates).flat_map(of_replicate).collect::<Vec<_>>())
        };
        let comparison = compare(&all(["0.1", "0.2", "0.3"]), &all(["0.2", "0.5", "0.5"]), false).unwrap();
        assert_eq!((comparison.pairs, comparison.replicates, comparison.incomplete.len()), (9, 3, 0));
        let row = &comparison.differences[0];
        assert_eq!((row.cells, row.difference.count), (3, 3));
        // Differences 0.1, 0.3, 0.2: s = 0.1, t(2) = 4.30265.
        assert!((row.difference.mean - 0.2).abs() < 1e-12);
        assert!((row.difference.half_width().unwrap() - 4.302_652_7 * 0.1 / 3f64.sqrt()).abs() < 1e-6);
    }

    #[test]
    fn a_figure_that_a_cell_never_has_does_not_count_against_its_replicates() {
        let mut one = runs(&[("a", 0, "0.1"), ("a", 1, "0.2"), ("b", 0, ""), ("b", 1, "")]);
        let row = |one: &Runs| compare(one, one, false).unwrap().differences[0].clone();
        assert_eq!((row(&one).cells, row(&one).difference.count), (1, 2));
        // In the cell b one replicate has it: then only that one is whole.
        one.runs.extend(runs(&[("b", 1, "0.4")]).runs);
        assert_eq!((row(&one).cells, row(&one).difference.count), (2, 1));
    }

    #[test]
    fn what_cannot_be_paired_is_an_error() {
        let one = runs(&[("a", 0, "0.1")]);
        let other = Runs { keys: vec!["l".to_owned()], ..one.clone() };
        assert!(matches!(compare(&one, &other, false), Err(Incomparable::OtherKeys { .. })));
        assert!(matches!(compare(&one, &runs(&[("b", 0, "0.1")]), false), Err(Incomparable::NoPairs)));
        let apart = runs(&[("a", 0, "0.1"), ("b", 1, "0.1")]);
        assert!(matches!(compare(&apart, &apart, false), Err(Incomparable::NoWholeReplicate { cells: 2 })));
        assert_eq!(compare(&apart, &apart, true).unwrap().pairs, 2);
    }

    #[test]
    fn a_side_is_a_folder_with_or_without_values() {
        let side = Side::parse("results/churn:population.nodes=1000, protocol=chord").unwrap();
        assert_eq!(side.folder, PathBuf::from("results/churn"));
        let fixed = [("population.nodes", "1000"), ("protocol", "chord")];
        assert_eq!(side.fixed, fixed.map(|(key, value)| (key.to_owned(), value.to_owned())));
        assert_eq!(Side::parse("results/churn").unwrap().fixed, []);
        assert!(Side::parse("results/churn:nodes").unwrap_err().contains("DIR:key=value"));
    }
}
