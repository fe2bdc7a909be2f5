//! Sweep files: a base scenario, axes along which keys change, and how often each cell of the grid is played.
//!
//! ```toml
//! name = "churn"                     # or that of the file
//! base = "../churn20m.toml"          # or [scenario] with a whole scenario below it
//! replicates = 5                     # or { until = "5%", of = "failure_rate", at_most = 50 }
//!
//! [set]                              # changes that all cells share
//! "protocol.chord.successors" = 8
//!
//! [axes]                             # the grid: every combination, the first axis slowest
//! "churn.session.exponential.mean" = { from = "5min", to = "80min", factor = 2 }
//! "population.nodes" = [1_000, 10_000]
//!
//! [[zip]]                            # keys that move together
//! "churn.downtime.exponential.mean" = ["5min", "10min"]
//! "measurement.duration" = ["1h", "2h"]
//! ```
//!
//! Any key of a scenario can be an axis, the protocol included. A cell is checked exactly like a scenario with the same
//! values written in it, and messages point into the sweep file where the value came from there.

use super::diagnostics::{Diagnostics, Problem};
use super::files::{Files, Matrices};
use super::load::{Facts, Loaded, load_tree};
use super::overrides::{self, Change};
use super::reader::TableReader;
use super::reader_axes::{Axis, axes};
use super::reader_values::POSITIVE;
use super::source::{Place, Source, SourceText};
use super::tree::{self, Entry, Kind, Table, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Cells that a grid may have; more would be a slip.
const LARGEST_GRID: usize = 100_000;
/// Jobs that a sweep may have.
const LARGEST_SWEEP: u64 = 1_000_000;

/// A sweep file that has been read. Its cells are checked one by one with [`Grid::load`].
#[derive(Clone, Debug)]
pub struct Grid {
    /// Name: the default output folder is `results/<name>`.
    pub name: String,
    /// What the sweep is about, one line; may be empty.
    pub description: String,
    /// How often each cell is played.
    pub replicates: Replicates,
    /// The swept keys, in the order of the file: the first moves slowest. Where values are tables, the keys in them.
    pub keys: Vec<String>,
    /// For every cell the values of the keys, as text: durations and words without quotes. Empty where a cell does not
    /// have the key.
    pub cells: Vec<Vec<String>>,
    /// The keys as the file has them.
    axes: Vec<String>,
    /// The sweep file as a whole.
    place: Place,
    base: Table,
    base_text: Arc<SourceText>,
    /// Path of the base scenario as the file gives it, if it has a file of its own.
    base_path: Option<String>,
    folder: PathBuf,
    shared: Vec<Change>,
    /// For every cell its changes.
    changes: Vec<Vec<Change>>,
    /// The matrices that cells name: understood once, not for every cell and run.
    matrices: Arc<Matrices>,
}

/// `replicates`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Replicates {
    /// So many of every cell.
    Fixed(u64),
    /// As many as it takes until the 95% interval of a figure is narrow enough.
    Until {
        /// Column of the summary whose mean is wanted.
        of: String,
        /// Largest half-width of the interval.
        target: Target,
        /// Replicates that every cell gets, at least 2.
        at_least: u64,
        /// Replicates after which a cell is left as it is.
        at_most: u64,
    },
}

/// How narrow an interval must be: its half-width.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// In units of the figure (`until = 0.001`).
    Absolute(f64),
    /// As a share of the mean (`until = "1%"`).
    Relative(f64),
}

impl Replicates {
    /// Replicates that every cell gets whatever comes out.
    pub fn at_least(&self) -> u64 {
        match self {
            Replicates::Fixed(count) => *count,
            Replicates::Until { at_least, .. } => *at_least,
        }
    }
}

impl Grid {
    /// Whether a file is a sweep and not a scenario: it has a key that only sweeps have.
    pub fn is_sweep(source: &Source) -> bool {
        let text = Arc::new(SourceText { name: source.name.clone(), text: source.text.clone(), rank: 0 });
        let root = tree::parse(&text, &mut Diagnostics::default());
        ["base", "axes", "zip", "replicates", "scenario"].iter().any(|key| root.get(key).is_some())
    }

    /// Reads a sweep file. `overrides` are arguments of `--set` for all cells; `figures` are the names of those whose
    /// interval can decide how often a cell is played.
    ///
    /// # Errors
    /// All problems of the sweep file itself; the base scenario and the cells are checked by [`Grid::load`].
    pub fn read(source: &Source, overrides: &[String], figures: &[&str]) -> Result<Grid, Diagnostics> {
        let text = |rank| Arc::new(SourceText { name: source.name.clone(), text: source.text.clone(), rank });
        let (base_text, sweep_text) = (text(0), text(1));
        let mut diagnostics = Diagnostics::default();
        let root = tree::parse(&sweep_text, &mut diagnostics);
        if !diagnostics.is_empty() {
            return Err(diagnostics);
        }
        let mut reader = TableReader::new(String::new(), &root, Place::whole(&sweep_text), &mut diagnostics);
        reader.take("base");
        reader.take("scenario");
        let stem = Path::new(&source.name).file_stem().and_then(|stem| stem.to_str());
        let mut grid = Grid::read_root(&mut reader, stem, figures);
        reader.finish();
        let base = root.get("base").map(|entry| &entry.value);
        let mut shared = std::mem::take(&mut grid.shared);
        grid.find_base(source, base, &base_text, &sweep_text, &mut diagnostics);
        // The sweep's own name and seed are the scenario's, unless --set says otherwise.
        grid.shared = vec![change("name", Kind::String(grid.name.clone()), &sweep_text)];
        if let Some(entry) = root.get("seed") {
            grid.shared.push(Change::new("seed", &entry.key_place, entry.value.clone()));
        }
        shared.extend(overrides::parse(overrides, &mut diagnostics));
        grid.refuse_idle(&shared, &mut diagnostics);
        grid.shared.extend(shared);
        if diagnostics.errors() > 0 {
            diagnostics.sort();
            return Err(diagnostics);
        }
        Ok(grid)
    }

    /// `stem` is the name of the file without what follows the last point.
    fn read_root(reader: &mut TableReader<'_>, stem: Option<&str>, figures: &[&str]) -> Grid {
        let stem = stem.filter(|stem| reader.peek("name").is_none() && super::load::can_name_a_folder(stem));
        let name = match stem {
            Some(stem) => {
                reader.take("name"); // known, if only to be suggested for a slip
                stem.to_owned()
            }
            None => super::load::read_name(reader),
        };
        let description = super::load::read_description(reader);
        reader.count_or("seed", 1, 0..=u64::MAX);
        let replicates = read_replicates(reader, figures);
        let shared = reader.optional_table("set", read_changes).unwrap_or_default();
        let mut groups: Vec<Vec<Axis>> =
            reader.optional_table("axes", axes).unwrap_or_default().into_iter().map(|axis| vec![axis]).collect();
        groups.extend(reader.tables("zip", read_zip));
        if groups.is_empty() && reader.is_sound("axes") && reader.is_sound("zip") {
            let problem = Problem::error("nothing is swept", reader.place().clone(), "");
            reader.report("axes", problem.note("allowed: [axes] with at least one key, or [[zip]]"));
        }
        refuse_twice(reader, &groups);
        let combinations = groups.iter().try_fold(1usize, |product, group| {
            product.checked_mul(group.first().map_or(1, |axis| axis.values.len())).filter(|n| *n <= LARGEST_GRID)
        });
        let jobs = combinations.map(|cells| cells as u64 * replicates.at_least());
        if jobs.is_none_or(|jobs| jobs > LARGEST_SWEEP) {
            let problem = Problem::error("the grid is too large", reader.place().clone(), "");
            let allowed = "allowed: at most 100,000 cells, and 1,000,000 jobs";
            reader.report("axes", problem.note(allowed));
            groups.clear();
        }
        let mut changes = vec![Vec::new()];
        for group in &groups {
            changes = expand(&changes, group);
        }
        let (keys, cells) = columns(&changes);
        Grid {
            name,
            description,
            replicates,
            keys,
            cells,
            axes: groups.iter().flatten().map(|axis| axis.key.clone()).collect(),
            place: reader.place().clone(),
            base: Table::EMPTY,
            base_text: Arc::clone(reader.place().source()),
            base_path: None,
            folder: PathBuf::new(),
            shared,
            changes,
            matrices: Arc::default(),
        }
    }

    /// What is changed for all cells: key, value as it is written, and `set` or `--set`.
    pub fn changes(&self) -> impl Iterator<Item = (String, String, &'static str)> {
        let own = |change: &&Change| !["name", "seed"].contains(&change.key().as_str()) || is_argument(change);
        self.shared.iter().filter(own).map(|change| {
            let from = if is_argument(change) { "--set" } else { "set" };
            (change.key(), text(&change.value), from)
        })
    }

    /// The texts of the sweep and of its base scenario: the name of the file, or its path as the sweep gives it, and
    /// what is in it.
    pub fn files(&self) -> Vec<(String, &str)> {
        let sweep = self.place.source();
        let name = Path::new(&sweep.name).file_name().map(|name| name.to_string_lossy().into_owned());
        let base = self.base_path.iter().map(|path| (path.clone(), self.base_text.text.as_str()));
        name.map(|name| (name, sweep.text.as_str())).into_iter().chain(base).collect()
    }

    /// An error of the sweep as a whole, which has to do with some cells.
    pub fn problem(&self, message: &str, cells: &[usize]) -> Problem {
        let mut problem = Problem::error(message, self.place.clone(), "");
        for cell in cells {
            let present = self.keys.iter().zip(&self.cells[*cell]).filter(|(_, value)| !value.is_empty());
            let settings = present.map(|(key, value)| format!("{key} = {value}"));
            problem = problem.note(settings.collect::<Vec<_>>().join(", "));
        }
        problem
    }

    /// A change for all cells of a key that is swept, or that only a sweep as a whole has, would not count.
    fn refuse_idle(&self, shared: &[Change], diagnostics: &mut Diagnostics) {
        for change in shared {
            let key = change.key();
            let reason = match key.as_str() {
                "name" | "description" => "the sweep has its own",
                _ if self.axes.contains(&key) || self.keys.contains(&key) => {
                    "it is swept, so each cell has its own value"
                }
                _ => continue,
            };
            let message = format!("`{key}` cannot be set for all cells");
            diagnostics.push(Problem::error(message, change.place().clone(), reason));
        }
    }

    fn find_base(
        &mut self,
        source: &Source,
        base: Option<&Value>,
        own_text: &Arc<SourceText>,
        sweep_text: &Arc<SourceText>,
        diagnostics: &mut Diagnostics,
    ) {
        let mut ignored = Diagnostics::default();
        // Parsed once more with the rank of a scenario's text, so that axes count as changes to it.
        let inline = tree::parse(own_text, &mut ignored).get("scenario").map(|entry| entry.value.clone());
        match (base, inline) {
            (Some(Value { kind: Kind::String(path), place }), None) => match Source::read(&source.folder.join(path)) {
                Ok(file) => {
                    let text = Arc::new(SourceText { name: file.name, text: file.text, rank: 0 });
                    self.base = tree::parse(&text, diagnostics);
                    (self.base_text, self.folder) = (text, file.folder);
                    self.base_path = Some(path.clone());
                }
                Err(problems) => {
                    let reason = problems.problems().first().map_or_else(String::new, |it| it.message.clone());
                    diagnostics.push(Problem::error(reason, place.clone(), "the base scenario"));
                }
            },
            (None, Some(Value { kind: Kind::Table(table), .. })) => {
                (self.base, self.base_text, self.folder) = (table, Arc::clone(own_text), source.folder.clone());
            }
            (Some(_), Some(inline)) => {
                diagnostics.push(Problem::error("`base` and `[scenario]` exclude each other", inline.place, ""));
            }
            (Some(value), None) => {
                let problem = Problem::error("`base` must be a string", value.place.clone(), value.described());
                diagnostics.push(problem.note("allowed: path of a scenario file"));
            }
            (None, _) => {
                let problem = Problem::error("there is no scenario to sweep", Place::whole(sweep_text), "");
                diagnostics.push(problem.note("allowed: base = \"file.toml\", or [scenario] with a scenario below it"));
            }
        }
    }

    /// Checks a cell as [`super::load()`] does a scenario. All cells have the name of the sweep, and its seed if it has
    /// one.
    ///
    /// # Errors
    /// All problems of the cell.
    pub fn load<C>(
        &self,
        cell: usize,
        protocols: &[&str],
        read_protocol: impl FnOnce(&mut TableReader<'_>, &str, &Facts) -> Option<C>,
    ) -> Result<Loaded<C>, Diagnostics> {
        let mut root = self.base.clone();
        let mut diagnostics = Diagnostics::default();
        let changes: Vec<&Change> = self.shared.iter().chain(&self.changes[cell]).collect();
        overrides::apply_changes(&mut root, &changes, protocols, &mut diagnostics);
        let files = Files::new(self.folder.clone(), Arc::clone(&self.matrices));
        load_tree(&root, &self.base_text, files, diagnostics, protocols, read_protocol)
    }
}

/// Whether a change is one of the command line.
fn is_argument(change: &Change) -> bool {
    change.place().source().name == "--set"
}

fn change(key: &str, kind: Kind, text: &Arc<SourceText>) -> Change {
    let place = Place::whole(text);
    Change::new(key, &place, Value { kind, place: place.clone() })
}

/// Keys with plain values: `[set]`.
fn read_changes(table: &mut TableReader<'_>) -> Vec<Change> {
    let entries = table.all_entries();
    entries.into_iter().map(|entry| Change::new(&entry.key, &entry.key_place, entry.value.clone())).collect()
}

/// Axes that move together must be equally long.
fn read_zip(table: &mut TableReader<'_>) -> Vec<Axis> {
    let group = axes(table);
    if group.is_empty() && table.is_sound("") {
        let problem = Problem::error("nothing moves here", table.place().clone(), "a key and its values belong here");
        table.report("", problem);
    }
    if let Some(other) = group.iter().find(|axis| axis.values.len() != group[0].values.len()) {
        let label = format!("{} values here", other.values.len());
        let problem = Problem::error("keys that move together need equally many values", other.place.clone(), label);
        let first = format!("{} values here", group[0].values.len());
        table.report(&other.key.clone(), problem.and(group[0].place.clone(), first));
        return Vec::new();
    }
    group
}

fn refuse_twice(reader: &mut TableReader<'_>, groups: &[Vec<Axis>]) {
    let all: Vec<&Axis> = groups.iter().flatten().collect();
    for (index, axis) in all.iter().enumerate() {
        if let Some(before) = all[..index].iter().find(|before| before.key == axis.key) {
            let problem = Problem::error(format!("`{}` is swept twice", axis.key), axis.place.clone(), "here");
            reader.report("axes", problem.and(before.place.clone(), "and here"));
        }
    }
}

/// Every combination of what there is with the values of one more group of axes.
fn expand(cells: &[Vec<Change>], group: &[Axis]) -> Vec<Vec<Change>> {
    let length = group.first().map_or(0, |axis| axis.values.len());
    let with = |cell: &Vec<Change>, index: usize| {
        let moved = group.iter().map(|axis| Change::new(&axis.key, &axis.key_place, axis.values[index].clone()));
        cell.iter().cloned().chain(moved).collect()
    };
    cells.iter().flat_map(|cell| (0..length).map(move |index| with(cell, index))).collect()
}

/// The keys of all cells, each before the one that follows it in its cell, and the values of each cell.
fn columns(changes: &[Vec<Change>]) -> (Vec<String>, Vec<Vec<String>>) {
    let mut keys: Vec<String> = Vec::new();
    let mut cells = Vec::new();
    for cell in changes {
        let mut shown = Vec::new();
        cell.iter().for_each(|change| show(change.key(), &change.value, &mut shown));
        let mut place = keys.len();
        for (key, _) in shown.iter().rev() {
            place = keys.iter().position(|known| known == key).unwrap_or_else(|| {
                keys.insert(place, key.clone());
                place
            });
        }
        cells.push(shown.into_iter().collect::<BTreeMap<_, _>>());
    }
    let values = cells.iter().map(|cell| keys.iter().map(|key| cell.get(key).cloned().unwrap_or_default()).collect());
    let values = values.collect();
    (keys, values)
}

/// A value as tables show it: that of a table by its keys. A choice, a table with nothing but another table, also has
/// its name under its own key: `protocol = { chord = { successors = 8 } }` is `chord` and 8.
fn show(key: String, value: &Value, shown: &mut Vec<(String, String)>) {
    let Kind::Table(table) = &value.kind else { return shown.push((key, text(value))) };
    if let [Entry { key: choice, value: Value { kind: Kind::Table(_), .. }, .. }] = table.entries() {
        shown.push((key.clone(), choice.clone()));
    }
    for entry in table.entries() {
        show(format!("{key}.{}", entry.key), &entry.value, shown);
    }
}

/// A plain value as tables show it.
fn text(value: &Value) -> String {
    match &value.kind {
        Kind::String(text) => text.clone(),
        Kind::Integer(Some(number)) => number.to_string(),
        Kind::Float(number) => number.to_string(),
        Kind::Bool(flag) => flag.to_string(),
        _ => value.place.text().to_owned(),
    }
}

fn read_replicates(reader: &mut TableReader<'_>, figures: &[&str]) -> Replicates {
    if !matches!(reader.peek("replicates"), Some(Value { kind: Kind::Table(_), .. })) {
        return Replicates::Fixed(reader.count_or("replicates", 1, 1..=10_000));
    }
    reader.table("replicates", |table| {
        let target = match table.peek("until") {
            Some(Value { kind: Kind::String(_), .. }) => read_percentage(table),
            _ => Target::Absolute(table.number("until", POSITIVE)),
        };
        let words: Vec<(&str, &str)> = figures.iter().map(|figure| (*figure, *figure)).collect();
        let of = table.word("of", &words).to_owned();
        let at_least = table.count_or("at_least", 3, 2..=10_000);
        let at_most = table.count_or("at_most", 50, 2..=10_000);
        if at_most < at_least && table.is_sound("at_most") {
            table.reject("at_most", "`at_most` is less than `at_least`");
        }
        Replicates::Until { of, target, at_least, at_most }
    })
}

fn read_percentage(table: &mut TableReader<'_>) -> Target {
    let text = table.text("until");
    let share = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    match share.filter(|share| *share > 0.0 && *share <= 100.0) {
        Some(share) => Target::Relative(share / 100.0),
        None => {
            let allowed = "a share of the mean such as \"1%\", or a number in units of the figure";
            table.reject_value("until", "is not a width", String::new(), allowed);
            Target::Relative(1.0)
        }
    }
}
