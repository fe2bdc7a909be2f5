//! The results of one run, from the place taken before it starts to the finished folder.

use super::error::Error;
use super::folder::{Folder, MANIFEST};
use super::recording::Recording;
use super::single::SingleFile;
use super::timing::{self, Timing};
use super::{hops, kinds, manifest, summary, timeseries};
use crate::engine::random::Seed;
use crate::observe::report::{Recorder, RunReport};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Names of the files that a run may write by itself.
const OWN_FILES: [&str; 7] =
    ["summary.csv", "hops.csv", "kinds.csv", "timeseries.csv", "lookups.csv", MANIFEST, "timing.json"];

/// A finished run: what was played and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Name of the scenario.
    pub name: String,
    /// `population.nodes` of the scenario.
    pub nodes: u32,
    /// Root of all randomness.
    pub seed: Seed,
    /// What was measured.
    pub report: RunReport,
}

/// What a run was made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Provenance {
    /// The effective scenario, all defaults filled in.
    pub scenario: serde_json::Value,
    /// Its hash, in hexadecimal.
    pub scenario_hash: String,
    /// The files that it reads: their paths as the scenario gives them, and the BLAKE3 of their content in hexadecimal.
    pub inputs: Vec<(String, String)>,
}

/// What to write, and where.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The results folder.
    pub folder: PathBuf,
    /// Whether to replace earlier results.
    pub replace: bool,
    /// Whether to write `lookups.csv`.
    pub lookups: bool,
    /// Where to write the schedule as it was played, if at all: within the results folder, or elsewhere.
    pub schedule: Option<PathBuf>,
}

/// Results being written. Dropped before [`Results::finish`] has succeeded, they leave nothing behind.
pub struct Results {
    folder: Folder,
    recording: Recording,
    /// A schedule outside the folder.
    schedule: Option<SingleFile>,
}

impl Results {
    /// Takes the places of the results, before the run. At an error during the run `stop` is set to `true`: the run
    /// should then be ended, and [`Results::take_error`] tells why.
    ///
    /// # Errors
    /// When a place is taken, or nothing can be written there.
    pub fn begin(wanted: &Wanted, stop: Arc<AtomicBool>) -> Result<Self, Error> {
        let within = wanted.schedule.as_deref().map(|path| name_within(path, &wanted.folder)).transpose()?.flatten();
        let folder = Folder::claim(&wanted.folder, wanted.replace)?;
        let lookups = wanted.lookups.then(|| folder.create("lookups.csv")).transpose()?;
        let (place, schedule) = match (within, &wanted.schedule) {
            (Some(name), _) => (None, Some(folder.create(&name)?)),
            (None, Some(path)) => {
                let (place, file) = SingleFile::claim(path, wanted.replace)?;
                (Some(place), Some(file))
            }
            (None, None) => (None, None),
        };
        Ok(Results { folder, recording: Recording::new(lookups, schedule, stop)?, schedule: place })
    }

    /// What the run is to tell about lookups and the schedule.
    pub fn recorder(&mut self) -> &mut dyn Recorder {
        &mut self.recording
    }

    /// The error that made the run stop, if one did.
    pub fn take_error(&mut self) -> Option<Error> {
        self.recording.take_error()
    }

    /// Writes the rest and puts all in its place.
    ///
    /// # Errors
    /// The first error of the recording, or when something cannot be written; then nothing is there.
    pub fn finish(self, run: &Run, provenance: &Provenance, timing: &Timing) -> Result<(), Error> {
        let Results { mut folder, recording, schedule: outside } = self;
        let (lookups, schedule) = recording.finish()?;
        if let Some(file) = lookups {
            folder.keep(file)?;
        }
        match (schedule, &outside) {
            (Some(file), None) => folder.keep(file)?,
            (Some(file), Some(_)) => drop(file.finish()?),
            (None, _) => {}
        }
        folder.write("summary.csv", |file| summary::write(file, run))?;
        folder.write("hops.csv", |file| hops::write(file, &run.report.hops))?;
        if !run.report.kinds.is_empty() {
            folder.write("kinds.csv", |file| kinds::write(file, &run.report.kinds))?;
        }
        folder.write("timeseries.csv", |file| timeseries::write(file, &run.report))?;
        let records = folder.records();
        folder.write(MANIFEST, |file| manifest::write(file, run, provenance, &records))?;
        folder.write("timing.json", |file| timing::write(file, timing))?;
        // The folder comes last: its manifest says that all is done.
        if let Some(place) = outside {
            place.publish()?;
        }
        folder.publish()
    }
}

/// The name of `path` within `folder`, if it is to be a file of that folder.
fn name_within(path: &Path, folder: &Path) -> Result<Option<String>, Error> {
    let Ok(rest) = path.strip_prefix(folder) else { return Ok(None) };
    let bad = |why| Error::BadName { path: path.to_owned(), why };
    match rest.to_str() {
        Some(name) if OWN_FILES.contains(&name) => Err(bad("the results have a file of this name already")),
        Some(name) if rest.components().count() == 1 => Ok(Some(name.to_owned())),
        _ => Err(bad("a results folder has no folders in it")),
    }
}
