//! The files that a scenario names: found relative to its folder, and remembered with their hash. Matrices are
//! understood once, however many cells and runs of a sweep name them.

use super::diagnostics::Problem;
use super::matrix::{self, Manner};
use super::matrix_checks::Remark;
use super::model::LatencyMatrix;
use super::reader::TableReader;
use super::source::{SourceText, read_text};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

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

/// Matrices that are kept although nobody may need them any more \[B\]; the last one is kept at any size.
const KEPT_BYTES: usize = 256 << 20;

/// What decides what a matrix is: the hash of the file, how it is read, whether nodes have hosts of their own, and
/// whether the diagonal counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MatrixKey {
    pub blake3: String,
    pub manner: Manner,
    pub one_node_per_host: bool,
    pub has_diagonal: bool,
}

/// A matrix that has been understood, and what is remarkable about it.
#[derive(Clone, Debug)]
pub(super) struct ReadMatrix {
    pub matrix: Arc<LatencyMatrix>,
    pub remarks: Vec<Remark>,
}

/// The matrices that were read last, for all who load scenarios of one sweep.
#[derive(Debug, Default)]
pub(super) struct Matrices(Mutex<Vec<(MatrixKey, ReadMatrix)>>);

impl Matrices {
    /// The matrix in `source`, from before if it is known.
    pub(super) fn read(&self, source: &Arc<SourceText>, key: MatrixKey) -> Result<ReadMatrix, Vec<Problem>> {
        // Whoever comes while a matrix is read waits, and has it then.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = known.iter().position(|(other, _)| *other == key) {
            let found = known.remove(place);
            known.push(found.clone());
            return Ok(found.1);
        }
        let (mut matrix, remarks) = matrix::read(source, key.manner)?;
        matrix.one_node_per_host = key.one_node_per_host;
        if !key.has_diagonal {
            matrix.clear_diagonal();
        }
        let read = ReadMatrix { matrix: Arc::new(matrix), remarks };
        known.push((key, read.clone()));
        let bytes = |(_, read): &(MatrixKey, ReadMatrix)| size_of_val(&read.matrix.one_way[..]);
        while known.len() > 1 && known.iter().map(bytes).sum::<usize>() > KEPT_BYTES {
            known.remove(0);
        }
        Ok(read)
    }
}

/// Reads named files.
pub(super) struct Files {
    folder: PathBuf,
    read: Vec<NamedFile>,
    pub(super) matrices: Arc<Matrices>,
}

impl Files {
    pub(super) fn new(folder: PathBuf, matrices: Arc<Matrices>) -> Self {
        Files { folder, read: Vec::new(), matrices }
    }

    /// The hash of the file that was read last.
    pub(super) fn last_hash(&self) -> String {
        self.read.last().map(|file| file.blake3.clone()).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::super::matrix::{Format, Values};
    use super::*;

    #[test]
    fn the_same_matrix_is_read_once_and_another_manner_is_another_matrix() {
        let source = |text: &str| Arc::new(SourceText { name: "x".to_owned(), text: text.to_owned(), rank: 0 });
        let manner = Manner { format: Format::Auto, values: Values::OneWay, unit_ns: 1_000_000, unit_is_given: false };
        let key = |blake3: &str| MatrixKey {
            blake3: blake3.to_owned(),
            manner,
            one_node_per_host: false,
            has_diagonal: true,
        };
        let matrices = Matrices::default();
        let first = matrices.read(&source("0 10\n10 0"), key("a")).unwrap().matrix;
        // Not looked at again: the hash says what is in it.
        assert!(Arc::ptr_eq(&first, &matrices.read(&source(""), key("a")).unwrap().matrix));
        let other = matrices.read(&source("0 20\n20 0"), key("b")).unwrap().matrix;
        assert_ne!(first, other);
        let there_and_back = MatrixKey { manner: Manner { values: Values::RoundTrip, ..manner }, ..key("a") };
        let halved = matrices.read(&source("0 10\n10 0"), there_and_back).unwrap().matrix;
        assert_eq!(halved.one_way[1] + halved.one_way[1], first.one_way[1]);
        let without = MatrixKey { has_diagonal: false, ..key("c") };
        let read = matrices.read(&source("5 20\n20 5"), without).unwrap();
        assert!(read.matrix.one_way[0].is_zero() && read.matrix.one_way[3].is_zero() && read.remarks.len() == 1);
    }
}
