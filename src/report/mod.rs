//! Reports: one HTML page with the pictures and tables of a run's or a sweep's results, for people who want to look
//! before they load anything.
//!
//! A report is made from the files of a results folder alone and is byte-identical for the same files. It has no
//! scripts, needs no network, and works from the disk, in light and dark, and on paper. The pictures are SVG, drawn by
//! [`draw`] from the description of a [`chart`]. Nothing here simulates or computes a figure that is not in the files,
//! but for shares and sums.

pub mod axes;
pub mod chart;
pub mod draw;
pub mod error;
pub mod literal;
pub mod page;
pub mod picture;
pub mod results;
pub mod run_page;
pub mod scale;
pub mod sweep_page;
pub mod table;
pub mod text;
pub mod trace;

pub use error::Error;
pub use picture::Picture;

use crate::output;
use crate::output::single::SingleFile;
use results::Results;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Name of the report in a results folder.
pub const REPORT: &str = "report.html";

/// A report in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The whole HTML document.
    pub html: String,
    /// Reasons to look twice, which stand on the page too.
    pub warnings: Vec<String>,
    /// The pictures of the page, each for itself.
    pub pictures: Vec<Picture>,
}

impl Report {
    /// Makes the report of the results in `folder`.
    ///
    /// # Errors
    /// If it holds no results, or a file of them is missing or cut short.
    pub fn of(folder: &Path) -> Result<Report, Error> {
        Ok(match Results::read(folder)? {
            Results::Run(run) => Report {
                html: run_page::document(&run),
                warnings: run_page::warnings(&run),
                pictures: picture::all(&run_page::charts(&run)),
            },
            Results::Sweep(sweep) => Report {
                html: sweep_page::document(&sweep),
                warnings: sweep_page::warnings(&sweep),
                pictures: picture::all(&sweep_page::charts(&sweep)),
            },
        })
    }

    /// Writes it to a file, whole or not at all. An earlier report is replaced, anything else only with `replace`.
    ///
    /// # Errors
    /// If something else is there, or it cannot be written.
    pub fn write(&self, path: &Path, replace: bool) -> Result<(), Error> {
        write(&self.html, path, replace || begins_with(path, page::MARK))
    }
}

fn write(text: &str, path: &Path, replace: bool) -> Result<(), Error> {
    let (place, mut file) = SingleFile::claim(path, replace)?;
    file.write_all(text.as_bytes()).map_err(output::Error::io("write", path))?;
    file.finish()?;
    Ok(place.publish()?)
}

/// Where the report of a folder goes if nothing else is said.
pub fn default_path(folder: &Path) -> PathBuf {
    folder.join(REPORT)
}

/// Whether a file has the mark of what this program makes near its beginning.
fn begins_with(path: &Path, mark: &str) -> bool {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(512).read_to_end(&mut start));
    read.is_ok() && String::from_utf8_lossy(&start).contains(mark)
}
