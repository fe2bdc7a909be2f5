//! Why there is no report.

use crate::output;
use std::fmt;
use std::path::PathBuf;

/// Why no report could be made of a folder.
#[derive(Debug)]
pub enum Error {
    /// The report could not be written, or a file not be read.
    Output(output::Error),
    /// The folder does not hold results.
    NotResults {
        /// The folder.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// A file of the results is not whole.
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl Error {
    /// Whether the user can put it right by naming another folder or file; otherwise the system refused.
    pub fn is_usage(&self) -> bool {
        match self {
            Error::Output(error) => error.is_usage(),
            Error::NotResults { .. } | Error::Broken { .. } => true,
        }
    }
}

impl From<output::Error> for Error {
    fn from(error: output::Error) -> Self {
        Error::Output(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Output(error) => error.fmt(f),
            Error::NotResults { path, why } => write!(f, "{} does not hold results: {why}", path.display()),
            Error::Broken { path, why } => write!(f, "{} is damaged: {why}", path.display()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Output(error) => Some(error),
            _ => None,
        }
    }
}
