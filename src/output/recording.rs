//! What is written while a run goes on: lookups and the schedule as it was played.
//!
//! A simulation cannot handle an I/O error. The first one is kept here, the run is asked to stop, and whoever writes
//! the results gets the error at the end.

use super::cell::{Column, Table};
use super::error::Error;
use super::file::OutputFile;
use super::{lookups, schedule};
use crate::observe::report::{LookupRecord, Recorder};
use crate::scenario::ScheduleEntry;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A stream of rows into a file.
struct Stream<Row: 'static> {
    table: Table<OutputFile>,
    columns: &'static [Column<Row>],
    /// Named by errors.
    destination: std::path::PathBuf,
}

impl<Row> Stream<Row> {
    fn new(file: OutputFile, columns: &'static [Column<Row>]) -> Result<Self, Error> {
        let destination = file.destination().to_owned();
        let failed = Error::io("write", &destination);
        let table = Table::new(file, columns.iter().map(|column| column.name)).map_err(failed)?;
        Ok(Stream { table, columns, destination })
    }

    fn row(&mut self, row: &Row) -> io::Result<()> {
        self.table.row(self.columns.iter().map(|column| (column.value)(row)))
    }

    fn finish(self) -> Result<OutputFile, Error> {
        self.table.finish().map_err(Error::io("write", &self.destination))
    }
}

/// Writes what it is told into files, until the first error.
pub struct Recording {
    lookups: Option<Stream<LookupRecord>>,
    schedule: Option<Stream<ScheduleEntry>>,
    error: Option<Error>,
    stop: Arc<AtomicBool>,
}

impl Recording {
    /// Records lookups, the schedule, both or nothing. `stop` is set to `true` at the first error.
    ///
    /// # Errors
    /// When the headers cannot be written.
    pub fn new(
        lookups: Option<OutputFile>,
        schedule: Option<OutputFile>,
        stop: Arc<AtomicBool>,
    ) -> Result<Self, Error> {
        Ok(Recording {
            lookups: lookups.map(|file| Stream::new(file, lookups::COLUMNS)).transpose()?,
            schedule: schedule.map(|file| Stream::new(file, schedule::COLUMNS)).transpose()?,
            error: None,
            stop,
        })
    }

    /// The first error, if there was one.
    pub fn take_error(&mut self) -> Option<Error> {
        self.error.take()
    }

    /// Ends the files: that of the lookups and that of the schedule.
    ///
    /// # Errors
    /// The first error of the recording, or when the last rows cannot be written.
    pub fn finish(self) -> Result<(Option<OutputFile>, Option<OutputFile>), Error> {
        if let Some(error) = self.error {
            return Err(error);
        }
        Ok((self.lookups.map(Stream::finish).transpose()?, self.schedule.map(Stream::finish).transpose()?))
    }
}

/// Writes a row, unless there was an error before; keeps the error.
fn record<Row>(stream: &mut Option<Stream<Row>>, row: &Row, error: &mut Option<Error>, stop: &AtomicBool) {
    let Some(stream) = stream else { return };
    if error.is_some() {
        return;
    }
    if let Err(source) = stream.row(row) {
        *error = Some(Error::io("write", &stream.destination)(source));
        stop.store(true, Ordering::Relaxed);
    }
}

impl Recorder for Recording {
    fn lookup(&mut self, lookup: &LookupRecord) {
        record(&mut self.lookups, lookup, &mut self.error, &self.stop);
    }

    fn scheduled(&mut self, entry: &ScheduleEntry) {
        record(&mut self.schedule, entry, &mut self.error, &self.stop);
    }
}
