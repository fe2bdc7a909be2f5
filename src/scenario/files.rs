//! The files that a scenario names: found relative to its folder, and remembered with their hash.

use super::diagnostics::Problem;
use super::reader::TableReader;
use super::source::{SourceText, read_text};
use std::path::PathBuf;
use std::sync::Arc;

/// Ranks of named files come after those of the scenario and of all arguments.
const FIRST_RANK: u32 = u32::MAX / 2;

/// A file that a scenario names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFile {
    /// Its path as the scenario gives it.
    pub path: String,
    /// BLAKE3 of its content, in hexadecimal digits.
    pub blake3: String,
}

/// Reads named files.
pub(super) struct Files {
    folder: PathBuf,
    read: Vec<NamedFile>,
}

impl Files {
    pub(super) fn new(folder: PathBuf) -> Self {
        Files { folder, read: Vec::new() }
    }

    /// The text of the file that `key` names, if it can be read.
    pub(super) fn open(&mut self, table: &mut TableReader<'_>, key: &str) -> Option<Arc<SourceText>> {
        let path = table.text(key);
        if !table.is_sound(key) {
            return None;
        }
        let full = self.folder.join(&path);
        let rank = FIRST_RANK + u32::try_from(self.read.len()).unwrap_or(0);
        match read_text(&full, &full.display().to_string(), rank) {
            Ok(source) => {
                let blake3 = blake3::hash(source.text.as_bytes()).to_hex().to_string();
                self.read.push(NamedFile { path, blake3 });
                Some(source)
            }
            Err(problem) => {
                let place = table.place_of(key);
                table.report(key, Problem::error(problem.message, place, "named here"));
                None
            }
        }
    }

    pub(super) fn into_read(self) -> Vec<NamedFile> {
        self.read
    }
}
