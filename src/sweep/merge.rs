//! Putting the parts of a sweep together: the union of their journals, and the tables made from it.
//!
//! Merging what was merged already changes nothing, and the result has the same bytes as the sweep played in one part.

use super::folder::{JOURNAL, Past, Refused, SweepFolder};
use super::journal::{self, Entry, Outcome};
use super::plan::{Job, Outline};
use super::scheduler::{Results, Shard, jobs};
use super::tables::Manifest;
use crate::output::folder::MANIFEST;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// Why parts cannot be put together.
#[derive(Debug)]
pub enum Unmergeable {
    /// A folder cannot be read or written.
    Refused(Refused),
    /// A folder holds no manifest of a sweep.
    NoManifest {
        /// The folder.
        path: PathBuf,
    },
    /// Two folders are of different sweeps.
    Different {
        /// A folder.
        one: PathBuf,
        /// Another that does not go with it.
        other: PathBuf,
        /// What differs, in words.
        what: String,
    },
    /// Two folders have different results for the same job. That should be impossible.
    Contradiction {
        /// The second of the folders.
        path: PathBuf,
        /// The job in words.
        job: String,
    },
}

impl<E: Into<Refused>> From<E> for Unmergeable {
    fn from(error: E) -> Self {
        Unmergeable::Refused(error.into())
    }
}

impl fmt::Display for Unmergeable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unmergeable::Refused(refused) => refused.fmt(f),
            Unmergeable::NoManifest { path } => {
                write!(
                    f,
                    "{} holds no results of a sweep ({MANIFEST} is missing or not that of a sweep)",
                    path.display()
                )
            }
            Unmergeable::Different { one, other, what } => write!(
                f,
                "{} and {} do not belong to the same sweep: {what} differs. Shards must be played from the same files",
                one.display(),
                other.display()
            ),
            Unmergeable::Contradiction { path, job } => write!(
                f,
                "{} has another result for the job {job} than the folders before it. The same job gives the same \
                 result, so one of them was changed, or comes from another program",
                path.display()
            ),
        }
    }
}

/// What a merge brought together.
#[derive(Debug)]
pub struct Merged {
    /// Where it is.
    pub path: PathBuf,
    /// Jobs with results.
    pub done: usize,
    /// Jobs that failed.
    pub failed: usize,
    /// Jobs that are needed as far as is known.
    pub needed: usize,
}

/// Reads what a sweep's folder says the sweep consists of.
///
/// # Errors
/// If there is no manifest of a sweep.
pub fn outline(folder: &Path) -> Result<Outline, Unmergeable> {
    let missing = || Unmergeable::NoManifest { path: folder.to_owned() };
    let text = std::fs::read_to_string(folder.join(MANIFEST)).map_err(|_| missing())?;
    serde_json::from_str::<Manifest>(&text).map(|manifest| manifest.outline).map_err(|_| missing())
}

/// Puts the results in `folders` together into `out`, which may be one of them or hold some already.
///
/// # Errors
/// If a folder cannot be read, is of another sweep, or contradicts another. No result has then been written.
pub fn merge(folders: &[PathBuf], out: &Path) -> Result<Merged, Unmergeable> {
    let mut outlines = folders.iter().map(|folder| Ok::<_, Unmergeable>((folder, outline(folder)?)));
    let Some((first, outline)) = outlines.next().transpose()? else {
        return Err(Unmergeable::NoManifest { path: out.to_owned() });
    };
    for other in outlines {
        let (other, theirs) = other?;
        if let Some(what) = difference(&outline, &theirs) {
            return Err(Unmergeable::Different { one: first.clone(), other: other.clone(), what });
        }
    }
    let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
    for folder in folders {
        collect(folder, &mut entries)?;
    }
    let (mut target, past) = SweepFolder::open(out, &outline)?;
    collect(out, &mut entries)?;
    write(&outline, entries, &mut target, &past)
}

fn difference(one: &Outline, other: &Outline) -> Option<String> {
    let cells = one.cells.iter().zip(&other.cells).find(|(a, b)| a != b);
    match () {
        () if one.sweep != other.sweep => Some("the name of the sweep".to_owned()),
        () if one.description != other.description => Some("the description".to_owned()),
        () if one.keys != other.keys => Some("what is swept".to_owned()),
        () if one.replicates != other.replicates => Some("the number of replicates".to_owned()),
        () if one.cells.len() != other.cells.len() => Some("the number of cells".to_owned()),
        () => cells.map(|(cell, _)| format!("the scenario of the cell {}", cell.values.join(", "))),
    }
}

fn collect(folder: &Path, entries: &mut BTreeMap<String, Entry>) -> Result<(), Unmergeable> {
    for entry in journal::read(&folder.join(JOURNAL))?.entries {
        match entries.get(&entry.job).map(|known| &known.outcome) {
            Some(Outcome::Done(known)) => {
                if matches!(&entry.outcome, Outcome::Done(summary) if summary != known) {
                    let job = format!("{} (replicate {})", entry.values.join(", "), entry.replicate);
                    return Err(Unmergeable::Contradiction { path: folder.to_owned(), job });
                }
            }
            // A result is better than a failure, and any entry better than none.
            _ => drop(entries.insert(entry.job.clone(), entry)),
        }
    }
    Ok(())
}

fn write(
    outline: &Outline,
    entries: BTreeMap<String, Entry>,
    folder: &mut SweepFolder,
    past: &Past,
) -> Result<Merged, Unmergeable> {
    let results: Results = entries.iter().map(|(job, entry)| (job.clone(), entry.outcome.clone())).collect();
    let needed = jobs(outline, Shard::WHOLE, &results);
    let is_new = |entry: &&Entry| past.entry(&entry.job).is_none_or(|present| present.outcome != entry.outcome);
    for entry in needed.iter().filter_map(|job| entries.get(&job.id)).filter(is_new) {
        folder.keep(entry)?;
    }
    folder.write_tables(outline, Shard::WHOLE, &results)?;
    let done = needed.iter().filter(|job| matches!(results.get(&job.id), Some(Outcome::Done(_)))).count();
    let state = |job: &&Job| matches!(results.get(&job.id), Some(Outcome::Failed(_)));
    let failed = needed.iter().filter(state).count();
    Ok(Merged { path: folder.path().to_owned(), done, failed, needed: needed.len() })
}
