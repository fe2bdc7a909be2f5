//! What can go wrong with results: each error names the place and the cause.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why results could not be written.
#[derive(Debug)]
pub enum Error {
    /// The system refused: no space, no permission, not a folder, ...
    Io {
        /// What was tried, as in "cannot _write_".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// There is something at this place, and it was not to be replaced.
    Exists {
        /// The place.
        path: PathBuf,
    },
    /// What is at this place does not look like results of this program, so it is not replaced.
    NotResults {
        /// The place.
        path: PathBuf,
        /// Why not.
        why: &'static str,
    },
    /// Another process is writing to this place.
    Busy {
        /// The place.
        path: PathBuf,
        /// The hidden file or folder that it holds.
        holds: PathBuf,
    },
    /// Nothing can be written under this name.
    BadName {
        /// The name.
        path: PathBuf,
        /// Why not.
        why: &'static str,
    },
}

impl Error {
    /// Makes an [`Error::Io`] of an I/O error: for `map_err`.
    pub fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_owned();
        move |source| Error::Io { doing, path, source }
    }

    /// Whether another choice by the user (another place, or to replace what is there) would have avoided it.
    pub fn is_usage(&self) -> bool {
        matches!(self, Error::Exists { .. } | Error::NotResults { .. } | Error::BadName { .. })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io { doing, path, source } => write!(f, "cannot {doing} {}: {source}", path.display()),
            Error::Exists { path } => write!(f, "{} exists already", path.display()),
            Error::NotResults { path, why } => write!(f, "{} is not replaced: {why}", path.display()),
            Error::Busy { path, holds } => {
                write!(f, "another process is writing {}: it holds {}", path.display(), holds.display())
            }
            Error::BadName { path, why } => write!(f, "cannot write {}: {why}", path.display()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
