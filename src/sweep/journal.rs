//! The journal of a sweep: one line for every finished job, written and synced as it finishes.
//!
//! A line is a checksum and a JSON object. The order of lines is that of finishing; nothing made from the journal
//! depends on it. A process that was killed while it wrote leaves a last line without its end: that job is played
//! again. Any other damage is an error, since something else has written here.

use crate::output::error::Error;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Hexadecimal digits of a line's checksum.
const CHECKSUM_DIGITS: usize = 16;

/// The first line: which sweep this is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Name of the sweep.
    pub sweep: String,
    /// Version of the result format.
    pub format: u32,
    /// The swept keys.
    pub keys: Vec<String>,
}

/// What came of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Identity of the job.
    pub job: String,
    /// Values of the swept keys, for people and to tell why a job is stale.
    pub values: Vec<String>,
    /// Number of the replicate.
    pub replicate: u64,
    /// Identity of the cell's scenario.
    pub scenario: String,
    /// The result.
    pub outcome: Outcome,
    /// Wall time that the job took \[s\]: to tell how long the rest will take.
    pub wall_s: f64,
    /// Commit that the program was built from which played it; empty in journals of before.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub commit: String,
}

/// The result of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It ran to its end.
    Done(Box<Summary>),
    /// It did not, and why.
    Failed(String),
}

/// A finished run as the tables need it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Columns of `summary.csv`, but for the name, with their cells.
    pub columns: Vec<(String, String)>,
    /// How many lookups took how many hops.
    pub hops: Vec<(u64, u64)>,
    /// Warnings, in words.
    pub warnings: Vec<String>,
}

impl Summary {
    /// The cell of a column; empty if there is none.
    pub fn text(&self, column: &str) -> &str {
        self.columns.iter().find(|(name, _)| name == column).map_or("", |(_, cell)| cell.as_str())
    }

    /// The cell of a column as a number, if it is one.
    pub fn number(&self, column: &str) -> Option<f64> {
        self.text(column).parse().ok()
    }
}

/// A journal that is open for writing, after what it held was read.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
}

/// What a journal held.
#[derive(Debug, Default)]
pub struct Contents {
    /// The first line, unless the journal is empty.
    pub header: Option<Header>,
    /// All whole entries, oldest first.
    pub entries: Vec<Entry>,
    /// Bytes of a line that was cut short at the end.
    pub cut_bytes: u64,
}

/// Why a journal cannot be used.
#[derive(Debug)]
pub enum Broken {
    /// The system refused.
    Io(Error),
    /// A line in the middle is not what was written there.
    Damaged {
        /// The journal.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
    },
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Broken::Io(error)
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Broken::Io(error) => error.fmt(f),
            Broken::Damaged { path, line: 1 } => write!(
                f,
                "line 1 of {} is not the head of a sweep's journal: something else has written there; nothing was \
                 changed. Use another folder (--out)",
                path.display()
            ),
            Broken::Damaged { path, line } => write!(
                f,
                "line {line} of {} is damaged: something else has written there; nothing was changed. \
                 Remove that line to have its job played again, or use another folder (--out)",
                path.display()
            ),
        }
    }
}

/// A line with its checksum and end.
fn line(json: &str) -> String {
    format!("{} {json}\n", &blake3::hash(json.as_bytes()).to_hex()[..CHECKSUM_DIGITS])
}

/// What a line says, if it is whole.
fn checked(line: &str) -> Option<&str> {
    let (checksum, json) = line.split_at_checked(CHECKSUM_DIGITS)?;
    let json = json.strip_prefix(' ')?;
    (blake3::hash(json.as_bytes()).to_hex()[..CHECKSUM_DIGITS] == *checksum).then_some(json)
}

/// Reads a journal without changing it. One that is not there is empty.
///
/// # Errors
/// If it cannot be read, or is damaged other than at its end.
pub fn read(path: &Path) -> Result<Contents, Broken> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(mut file) => file.read_to_end(&mut bytes).map_err(Error::io("read", path))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Contents::default()),
        Err(error) => return Err(Error::io("read", path)(error).into()),
    };
    parse(&bytes, path)
}

fn parse(bytes: &[u8], path: &Path) -> Result<Contents, Broken> {
    let mut contents = Contents::default();
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    contents.cut_bytes = (bytes.len() - whole) as u64;
    let lines = bytes[..whole].split_inclusive(|&byte| byte == b'\n');
    for (index, text) in lines.map(|line| &line[..line.len() - 1]).enumerate() {
        let damaged = || Broken::Damaged { path: path.to_owned(), line: index + 1 };
        let json = std::str::from_utf8(text).ok().and_then(checked).ok_or_else(damaged)?;
        if index == 0 {
            contents.header = Some(serde_json::from_str(json).map_err(|_| damaged())?);
        } else {
            contents.entries.push(serde_json::from_str(json).map_err(|_| damaged())?);
        }
    }
    Ok(contents)
}

impl Journal {
    /// Opens the journal at `path` for a sweep, making it if it is not there. A line that was cut short is removed.
    ///
    /// # Errors
    /// If it cannot be read or written, or is damaged.
    pub fn open(path: &Path, header: &Header) -> Result<(Journal, Contents), Broken> {
        let mut options = OpenOptions::new();
        let mut file =
            options.read(true).write(true).create(true).truncate(false).open(path).map_err(Error::io("open", path))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(Error::io("read", path))?;
        let contents = parse(&bytes, path)?;
        let whole = bytes.len() as u64 - contents.cut_bytes;
        file.set_len(whole).map_err(Error::io("write", path))?;
        file.seek(SeekFrom::Start(whole)).map_err(Error::io("write", path))?;
        let mut journal = Journal { file, path: path.to_owned() };
        if contents.header.is_none() {
            journal.write(header)?;
        }
        Ok((journal, contents))
    }

    /// Writes the entry of a finished job, and waits until it is on the disk.
    ///
    /// # Errors
    /// When the disk is full, or any other I/O error. What was written of the line is then removed again.
    pub fn append(&mut self, entry: &Entry) -> Result<(), Error> {
        self.write(entry)
    }

    fn write(&mut self, value: &impl Serialize) -> Result<(), Error> {
        let failed = |error| Error::io("write", &self.path)(error);
        let json = serde_json::to_string(value).map_err(|error| failed(error.into()))?;
        let before = self.file.stream_position().map_err(failed)?;
        let written = self.file.write_all(line(&json).as_bytes()).and_then(|()| self.file.sync_data());
        written.map_err(|error| {
            // Half a line would be taken for one that was cut short, but a later line must not follow it.
            let _ = self.file.set_len(before);
            let _ = self.file.seek(SeekFrom::Start(before));
            Error::io("write", &self.path)(error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header { sweep: "s".to_owned(), format: 1, keys: vec!["a".to_owned()] }
    }

    fn entry(job: &str) -> Entry {
        Entry {
            job: job.to_owned(),
            values: vec!["1".to_owned()],
            replicate: 0,
            scenario: "x".to_owned(),
            outcome: Outcome::Done(Box::new(Summary {
                columns: vec![("failure_rate".to_owned(), "0.25".to_owned())],
                hops: vec![(3, 4)],
                warnings: Vec::new(),
            })),
            wall_s: 0.5,
            commit: "0123abc".to_owned(),
        }
    }

    fn journal_of_two(folder: &Path) -> PathBuf {
        let path = folder.join("journal");
        let (mut journal, contents) = Journal::open(&path, &header()).unwrap();
        assert!(contents.header.is_none());
        journal.append(&entry("one")).unwrap();
        journal.append(&entry("two")).unwrap();
        path
    }

    #[test]
    fn what_was_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let contents = read(&journal_of_two(folder.path())).unwrap();
        assert_eq!(contents.header, Some(header()));
        assert_eq!(contents.entries, [entry("one"), entry("two")]);
        assert!(read(&folder.path().join("none")).unwrap().header.is_none());
    }

    #[test]
    fn a_journal_cut_anywhere_gives_all_whole_lines_and_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = journal_of_two(folder.path());
        let bytes = std::fs::read(&path).unwrap();
        for length in 0..bytes.len() {
            std::fs::write(&path, &bytes[..length]).unwrap();
            let whole = bytes[..length].iter().filter(|&&byte| byte == b'\n').count();
            let (mut journal, contents) = Journal::open(&path, &header()).unwrap();
            assert_eq!(contents.entries.len(), whole.saturating_sub(1), "cut at {length}");
            journal.append(&entry("three")).unwrap();
            let entries = read(&path).unwrap().entries;
            assert_eq!(entries.last(), Some(&entry("three")));
            assert_eq!(entries.len(), whole.saturating_sub(1) + 1);
        }
    }

    #[test]
    fn damage_in_the_middle_is_an_error_that_names_the_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = journal_of_two(folder.path());
        let text = std::fs::read_to_string(&path).unwrap().replace("0.25", "0.26");
        std::fs::write(&path, &text).unwrap();
        assert!(matches!(read(&path), Err(Broken::Damaged { line: 2, .. })));
        assert!(Journal::open(&path, &header()).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "nothing is changed");
    }
}
