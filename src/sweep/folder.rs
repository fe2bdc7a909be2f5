//! The results folder of a sweep: its lock, its journal, and its tables, each of which appears whole or not at all.

use super::journal::{self, Broken, Contents, Entry, Header, Journal, Outcome};
use super::plan::{Job, Outline};
use super::scheduler::{Results, Shard};
use super::tables::{self, Manifest};
use crate::output::error::Error;
pub use crate::output::folder::JOURNAL;
use crate::output::folder::{MANIFEST, hidden_sibling};
use crate::output::lock::{self, Attempt};
use crate::output::manifest::FORMAT;
use crate::output::single::SingleFile;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Name of the file that is locked while a sweep is played.
const LOCK: &str = ".lock";

/// Why the folder of a sweep cannot be used.
#[derive(Debug)]
pub enum Refused {
    /// The system refused, or somebody else writes there.
    Output(Error),
    /// The journal is damaged.
    Journal(Broken),
    /// The folder holds another sweep.
    OtherSweep {
        /// The folder.
        path: PathBuf,
        /// Name of the sweep that it holds.
        holds: String,
    },
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Refused::Output(error)
    }
}

impl From<Broken> for Refused {
    fn from(broken: Broken) -> Self {
        Refused::Journal(broken)
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refused::Output(error) => error.fmt(f),
            Refused::Journal(broken) => broken.fmt(f),
            Refused::OtherSweep { path, holds } => {
                write!(f, "{} holds another sweep, `{holds}`: use another folder (--out)", path.display())
            }
        }
    }
}

/// What is known of a job before a sweep goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Its result is there.
    Done,
    /// It failed, and why.
    Failed(String),
    /// It was never played.
    New,
    /// There is a result, but it is not this job's any more, and why.
    Stale(String),
}

/// A journal that was read, for whoever only looks.
#[derive(Debug, Default)]
pub struct Past {
    entries: Vec<Entry>,
    /// Bytes of a line that was cut short.
    pub cut_bytes: u64,
    format: Option<u32>,
    /// The latest entry of each job, by its identity: an index into the entries.
    by_job: BTreeMap<String, usize>,
    /// The latest entry of each place in the grid: values and replicate.
    by_place: BTreeMap<(Vec<String>, u64), usize>,
    /// What has changed since the tables were written, in words.
    changed: String,
}

impl Past {
    fn of(contents: Contents, changed: String) -> Past {
        let format = contents.header.map(|header| header.format);
        let entries = contents.entries;
        let by_job = entries.iter().enumerate().map(|(index, entry)| (entry.job.clone(), index)).collect();
        let place = |entry: &Entry| (entry.values.clone(), entry.replicate);
        let by_place = entries.iter().enumerate().map(|(index, entry)| (place(entry), index)).collect();
        Past { entries, cut_bytes: contents.cut_bytes, format, by_job, by_place, changed }
    }

    /// The latest entry of a job.
    pub fn entry(&self, job: &str) -> Option<&Entry> {
        self.by_job.get(job).map(|index| &self.entries[*index])
    }

    /// Reads the journal in `folder`; one that is not there is empty.
    ///
    /// # Errors
    /// If it cannot be read, is damaged, or is that of another sweep.
    pub fn read(folder: &Path, outline: &Outline) -> Result<Past, Refused> {
        let contents = journal::read(&folder.join(JOURNAL))?;
        same_sweep(folder, &contents, outline)?;
        Ok(Past::of(contents, changed_since(folder, outline)))
    }

    /// The results, the later of two of the same job. Failed jobs are left out if they are to be tried again.
    pub fn results(&self, retry: bool) -> Results {
        let latest = self.by_job.values().map(|index| &self.entries[*index]);
        let kept = latest.filter(|entry| !(retry && matches!(entry.outcome, Outcome::Failed(_))));
        kept.map(|entry| (entry.job.clone(), entry.outcome.clone())).collect()
    }

    /// Wall time a node-second of virtual time, over all jobs that are done: `work` tells the node-seconds of a job by
    /// its identity.
    pub fn pace(&self, work: impl Fn(&str) -> Option<f64>) -> Option<f64> {
        let done = self.entries.iter().filter_map(|entry| Some((entry.wall_s, work(&entry.job)?)));
        let (wall, work) = done.fold((0.0, 0.0), |(wall, work), (w, n)| (wall + w, work + n));
        (work > 0.0).then(|| wall / work)
    }

    /// What is known of a job.
    pub fn state(&self, outline: &Outline, job: &Job) -> State {
        match self.entry(&job.id).map(|entry| &entry.outcome) {
            Some(Outcome::Done(_)) => return State::Done,
            Some(Outcome::Failed(reason)) => return State::Failed(reason.clone()),
            None => {}
        }
        let cell = &outline.cells[job.cell];
        match self.by_place.get(&(cell.values.clone(), job.replicate)).map(|index| &self.entries[*index]) {
            None => State::New,
            Some(entry) if entry.scenario != cell.scenario => {
                let why = "its scenario, or a file that it names, has changed";
                let what = if self.changed.is_empty() { String::new() } else { format!(": {}", self.changed) };
                State::Stale(format!("{why}{what}"))
            }
            Some(_) => {
                let format = self.format.unwrap_or_default();
                State::Stale(format!("it was written in format {format}, and this is format {FORMAT}"))
            }
        }
    }
}

/// What a sweep plays otherwise than the manifest in its folder says, in words.
fn changed_since(folder: &Path, outline: &Outline) -> String {
    let text = fs::read(folder.join(MANIFEST)).unwrap_or_default();
    let Ok(Manifest { outline: before, .. }) = serde_json::from_slice::<Manifest>(&text) else { return String::new() };
    let swept: Vec<&str> = outline.keys.iter().chain(&before.keys).map(String::as_str).collect();
    outline.played.changed_since(&before.played, &swept)
}

fn same_sweep(path: &Path, contents: &Contents, outline: &Outline) -> Result<(), Refused> {
    match &contents.header {
        Some(header) if header.sweep != outline.sweep => {
            Err(Refused::OtherSweep { path: path.to_owned(), holds: header.sweep.clone() })
        }
        _ => Ok(()),
    }
}

/// A sweep's folder, held by this process.
#[derive(Debug)]
pub struct SweepFolder {
    path: PathBuf,
    journal: Journal,
    /// Held, not read.
    _lock: Lock,
}

/// Keeps other processes out of a folder.
#[derive(Debug)]
struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Locks the folder at `path`, making it if it is not there.
    fn take(path: &Path) -> Result<Lock, Error> {
        check_is_sweep(path)?;
        fs::create_dir_all(path).map_err(Error::io("create the folder", path))?;
        let lock = path.join(LOCK);
        match lock::try_lock(&lock).map_err(Error::io("write to", path))? {
            Attempt::Held(file) | Attempt::Unsupported(file) => Ok(Lock { path: lock, _file: file }),
            Attempt::Busy => Err(Error::Busy { path: path.to_owned(), holds: lock }),
        }
    }
}

impl Drop for Lock {
    /// The file goes while it is still locked, so nobody else holds it. If it stays, the next sweep takes it over.
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl SweepFolder {
    /// Takes the folder at `path` for a sweep, making it if it is not there, and reads what it holds.
    ///
    /// # Errors
    /// When something else is there, another process uses it, it cannot be written, or it holds another sweep or a
    /// damaged journal. Nothing has then been changed.
    pub fn open(path: &Path, outline: &Outline) -> Result<(SweepFolder, Past), Refused> {
        let lock = Lock::take(path)?;
        same_sweep(path, &journal::read(&path.join(JOURNAL))?, outline)?;
        Self::with_lock(path, outline, lock)
    }

    /// The same, but what a sweep has left there, this one or another, is removed first.
    ///
    /// # Errors
    /// When something else is there, another process uses it, or it cannot be written.
    pub fn anew(path: &Path, outline: &Outline) -> Result<(SweepFolder, Past), Refused> {
        let lock = Lock::take(path)?;
        // The journal goes last: without it, what is left would be taken for somebody else's.
        for name in tables::NAMES.into_iter().chain([JOURNAL]) {
            remove(&path.join(name))?;
        }
        Self::with_lock(path, outline, lock)
    }

    fn with_lock(path: &Path, outline: &Outline, lock: Lock) -> Result<(SweepFolder, Past), Refused> {
        let header = Header { sweep: outline.sweep.clone(), format: FORMAT, keys: outline.keys.clone() };
        let (journal, contents) = Journal::open(&path.join(JOURNAL), &header)?;
        let past = Past::of(contents, changed_since(path, outline));
        Ok((SweepFolder { path: path.to_owned(), journal, _lock: lock }, past))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps the result of a job.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&mut self, entry: &Entry) -> Result<(), Error> {
        self.journal.append(entry)
    }

    /// Writes the tables and the manifest, each whole or not at all. A file that is right already is left alone.
    ///
    /// # Errors
    /// When they cannot be written; those of before are then still there.
    pub fn write_tables(&self, outline: &Outline, shard: Shard, results: &Results) -> Result<(), Error> {
        for (name, content) in tables::files(outline, shard, results) {
            replace(&self.path.join(name), &content)?;
        }
        Ok(())
    }
}

/// A folder that is not empty must hold a journal.
fn check_is_sweep(path: &Path) -> Result<(), Error> {
    let foreign = |why| Err(Error::NotResults { path: path.to_owned(), why });
    match fs::read_dir(path) {
        Ok(mut entries) if !path.join(JOURNAL).exists() => {
            let only_ours = entries.all(|entry| entry.is_ok_and(|entry| entry.file_name() == LOCK));
            if only_ours { Ok(()) } else { foreign("it holds no journal of a sweep") }
        }
        Err(error) if error.kind() == ErrorKind::NotADirectory => foreign("it is not a folder"),
        _ => Ok(()),
    }
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io("remove", path)(error)),
        _ => Ok(()),
    }
}

fn replace(path: &Path, content: &str) -> Result<(), Error> {
    if fs::read(path).is_ok_and(|present| present == content.as_bytes()) {
        // A process that was killed may have left the beginning of a later one.
        return remove(&hidden_sibling(path)?);
    }
    let (place, mut file) = SingleFile::claim(path, true)?;
    file.write_all(content.as_bytes()).map_err(Error::io("write", path))?;
    file.finish()?;
    place.publish()
}
