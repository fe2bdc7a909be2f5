//! What a results folder holds: that of a run or that of a sweep, recognised by its manifest and its files.

use super::error::Error;
use super::table::Table;
use crate::output;
use crate::output::file::FileRecord;
use crate::output::manifest::FORMAT;
use serde::Deserialize;
use std::path::Path;

/// Name of the manifest.
const MANIFEST: &str = "manifest.json";

/// Tables by which a sweep is recognised that has no manifest.
const TABLES: [&str; 2] = ["cells.csv", "failures.csv"];

/// The results in a folder.
#[derive(Debug)]
pub enum Results {
    /// Of a run.
    Run(Box<Run>),
    /// Of a sweep.
    Sweep(Box<Sweep>),
}

/// The results of a run.
#[derive(Debug)]
pub struct Run {
    /// What made them.
    pub manifest: RunManifest,
    /// `summary.csv`.
    pub summary: Table,
    /// `hops.csv`.
    pub hops: Table,
    /// `timeseries.csv`.
    pub windows: Table,
    /// Files that are not what the manifest says.
    pub doubts: Vec<String>,
}

/// The results of a sweep.
#[derive(Debug)]
pub struct Sweep {
    /// What made them.
    pub manifest: SweepManifest,
    /// `cells.csv`.
    pub cells: Table,
    /// `hops.csv`.
    pub hops: Table,
    /// `failures.csv`.
    pub runs: Table,
    /// Commits of the programs that played the runs, in the order of the journal; empty if it is not there.
    pub commits: Vec<String>,
    /// Files that are not what the manifest says.
    pub doubts: Vec<String>,
}

/// What a report needs of a run's manifest.
#[derive(Debug, Deserialize)]
pub struct RunManifest {
    /// Version of the program.
    pub version: String,
    /// Name of the scenario.
    pub name: String,
    /// Root of all randomness.
    pub seed: u64,
    /// Number of the replicate.
    pub replicate: u64,
    /// Name of the protocol.
    pub protocol: String,
    /// Hash over all events.
    pub fingerprint: String,
    /// Hash of the effective scenario and its files.
    pub scenario_hash: String,
    /// The effective scenario.
    pub scenario: serde_json::Value,
    /// The files that the scenario reads.
    pub inputs: Vec<Input>,
    /// The files of the results.
    pub files: Vec<FileRecord>,
    /// Reasons to look twice.
    pub warnings: Vec<Warning>,
}

/// A file that a scenario reads.
#[derive(Debug, Deserialize)]
pub struct Input {
    /// Its path.
    pub file: String,
    /// Its hash.
    pub blake3: String,
}

/// A reason to look twice.
#[derive(Debug, Deserialize)]
pub struct Warning {
    /// One sentence.
    pub text: String,
}

/// What a report needs of a sweep's manifest.
#[derive(Debug, Deserialize)]
pub struct SweepManifest {
    /// Version of the program.
    pub version: String,
    /// Name of the sweep.
    pub sweep: String,
    /// What it is about.
    #[serde(default)]
    pub description: String,
    /// How often each cell is played, as the manifest has it.
    pub replicates: serde_json::Value,
    /// The swept keys.
    pub keys: Vec<String>,
    /// All cells, those without results too.
    pub cells: Vec<serde_json::Value>,
    /// The effective scenario of which every cell is a change, as far as it is told.
    #[serde(default)]
    pub scenario: serde_json::Value,
    /// What `[set]` and `--set` changed for all cells.
    #[serde(default)]
    pub changes: Vec<Change>,
    /// The files that the scenarios read.
    #[serde(default)]
    pub inputs: Vec<Input>,
    /// Jobs that are needed as far as is known.
    pub jobs_needed: usize,
    /// Jobs that are done.
    pub jobs: Vec<JobDone>,
    /// The files of the results.
    pub files: Vec<FileRecord>,
}

/// A change that all cells of a sweep share.
#[derive(Debug, Deserialize)]
pub struct Change {
    /// The key.
    pub key: String,
    /// Its value.
    pub value: String,
    /// `set` in the sweep file, or `--set`.
    pub from: String,
}

/// A finished job of a sweep.
#[derive(Debug, Deserialize)]
pub struct JobDone {
    /// Reasons to look twice.
    #[serde(default)]
    pub warnings: Vec<String>,
}

impl Results {
    /// Reads the results in `folder`.
    ///
    /// # Errors
    /// If it holds no results, or a file of them is missing, cut short, or of another format.
    pub fn read(folder: &Path) -> Result<Results, Error> {
        let not_results = |why: &str| Err(Error::NotResults { path: folder.to_owned(), why: why.to_owned() });
        if !folder.is_dir() {
            return not_results(if folder.exists() { "it is not a folder" } else { "there is no such folder" });
        }
        let path = folder.join(MANIFEST);
        if !path.is_file() {
            if TABLES.iter().all(|name| folder.join(name).is_file()) {
                return Results::read_tables(folder);
            }
            return not_results("there is no manifest.json in it, nor are there the tables of a sweep");
        }
        let text = std::fs::read(&path).map_err(output::Error::io("read", &path))?;
        let broken = |why: String| Error::Broken { path: path.clone(), why };
        let manifest: serde_json::Value =
            serde_json::from_slice(&text).map_err(|error| broken(format!("it is not whole JSON ({error})")))?;
        if manifest["program"] != "torus-sim" {
            return not_results("its manifest.json is not one of torus-sim");
        }
        if manifest["format"] != FORMAT {
            let format = &manifest["format"];
            return Err(broken(format!("it is of format {format}, and this program reads format {FORMAT}")));
        }
        let wrong = |error: serde_json::Error| broken(format!("it is not a manifest of results ({error})"));
        if manifest.get("sweep").is_some() {
            Results::read_sweep(folder, serde_json::from_value(manifest).map_err(wrong)?)
        } else {
            Results::read_run(folder, serde_json::from_value(manifest).map_err(wrong)?)
        }
    }

    fn read_run(folder: &Path, manifest: RunManifest) -> Result<Results, Error> {
        let summary = read(folder, "summary.csv", &["failure_rate", "hops_mean"])?;
        if summary.len() != 1 {
            let why = format!("it has {} rows instead of one", summary.len());
            return Err(Error::Broken { path: folder.join("summary.csv"), why });
        }
        Ok(Results::Run(Box::new(Run {
            summary,
            hops: read(folder, "hops.csv", &["hops", "lookups"])?,
            windows: read(folder, "timeseries.csv", &["time_s", "duration_s"])?,
            doubts: doubts(folder, &manifest.files)?,
            manifest,
        })))
    }

    /// The results of a sweep of which only tables are there, such as those that somebody has handed on: what the
    /// manifest says is told from the tables as far as they know it.
    fn read_tables(folder: &Path) -> Result<Results, Error> {
        let cells = read(folder, "cells.csv", &["replicates"])?;
        let runs = read(folder, "failures.csv", &[])?;
        let hops = folder.join("hops.csv").is_file();
        let hops = if hops { read(folder, "hops.csv", &["hops", "lookups"])? } else { Table::default() };
        let counts = || (0..cells.len()).map(|row| cells.text(row, "replicates"));
        let most = counts().filter_map(|count| count.parse::<u64>().ok()).max().unwrap_or(0);
        let is_fixed = counts().all(|count| count == most.to_string());
        let replicates = if is_fixed { serde_json::json!({ "fixed": most }) } else { serde_json::Value::Null };
        let name = folder.canonicalize().ok().and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
        let manifest = SweepManifest {
            version: String::new(),
            sweep: name.unwrap_or_default(),
            description: String::new(),
            replicates,
            keys: cells.names().take_while(|name| *name != "replicates").map(str::to_owned).collect(),
            cells: vec![serde_json::Value::Null; cells.len()],
            jobs_needed: runs.len(),
            jobs: (0..runs.len()).map(|_| JobDone { warnings: Vec::new() }).collect(),
            files: Vec::new(),
            scenario: serde_json::Value::Null,
            changes: Vec::new(),
            inputs: Vec::new(),
        };
        let unknown = "there is no manifest.json: what made these tables, whether they are whole, and what the runs \
                       warned of is not known";
        Ok(Results::Sweep(Box::new(Sweep {
            manifest,
            cells,
            hops,
            runs,
            commits: commits(folder),
            doubts: vec![unknown.to_owned()],
        })))
    }

    fn read_sweep(folder: &Path, manifest: SweepManifest) -> Result<Results, Error> {
        let sweep = Sweep {
            cells: read(folder, "cells.csv", &["replicates"])?,
            hops: read(folder, "hops.csv", &["hops", "lookups"])?,
            runs: read(folder, "failures.csv", &[])?,
            commits: commits(folder),
            doubts: doubts(folder, &manifest.files)?,
            manifest,
        };
        let keys = &sweep.manifest.keys;
        for (name, table) in [("cells.csv", &sweep.cells), ("hops.csv", &sweep.hops)] {
            if !table.names().take(keys.len()).eq(keys.iter().map(String::as_str)) {
                let why = format!("its first columns are not the swept keys, {}", keys.join(", "));
                return Err(Error::Broken { path: folder.join(name), why });
            }
        }
        Ok(Results::Sweep(Box::new(sweep)))
    }
}

/// Reads a table that must have these columns.
fn read(folder: &Path, name: &str, columns: &[&str]) -> Result<Table, Error> {
    let path = folder.join(name);
    if !path.is_file() {
        let why = format!("there is a manifest.json in it, but no {name}");
        return Err(Error::NotResults { path: folder.to_owned(), why });
    }
    let table = Table::read(&path)?;
    match columns.iter().find(|column| table.column(column).is_none()) {
        Some(column) => Err(Error::Broken { path, why: format!("there is no column `{column}`") }),
        None => Ok(table),
    }
}

/// The commits in the journal of a sweep, each once. Every line is a checksum and a JSON object.
fn commits(folder: &Path) -> Vec<String> {
    #[derive(Deserialize)]
    struct Line {
        commit: Option<String>,
    }
    let journal = std::fs::read_to_string(folder.join(output::folder::JOURNAL)).unwrap_or_default();
    let mut commits = Vec::new();
    for (_, json) in journal.lines().filter_map(|line| line.split_once(' ')) {
        let line = serde_json::from_str::<Line>(json).ok();
        if let Some(commit) = line.and_then(|line| line.commit).filter(|commit| !commits.contains(commit)) {
            commits.push(commit);
        }
    }
    commits
}

/// Which files are not those that the manifest vouches for.
fn doubts(folder: &Path, files: &[FileRecord]) -> Result<Vec<String>, Error> {
    let mut doubts = Vec::new();
    for record in files {
        let path = folder.join(&record.file);
        if !path.is_file() {
            doubts.push(format!("{} is missing, though the manifest names it", record.file));
            continue;
        }
        let mut hasher = blake3::Hasher::new();
        let hashed = std::fs::File::open(&path).and_then(|file| hasher.update_reader(file).map(drop));
        hashed.map_err(output::Error::io("read", &path))?;
        if hasher.finalize().to_hex().to_string() != record.blake3 {
            doubts.push(format!("{} is not the file that the manifest vouches for: it was changed", record.file));
        }
    }
    Ok(doubts)
}
