//! From a text or a file to a report: the short way through the library for whoever has a scenario and wants its
//! figures. It says what the command line says, warnings and errors too.

mod problem;

pub use problem::Problem;

use crate::observe::Unwatched;
use crate::observe::progress::Monitor;
use crate::observe::report::{Recorder, RunReport, Unrecorded};
use crate::scenario::{self, Diagnostics, Grid, Loaded, Scenario, Source};
use crate::simulation::Options;
use crate::simulation::protocols::{self, Playable};
use std::fmt::Display;
use std::path::Path;

/// A scenario of one of the protocols of this library, with changes, to be played.
///
/// ```
/// use torus_sim::experiment::Experiment;
///
/// let ring = "name = 'ring'\nprotocol = 'chord'\npopulation.nodes = 64\nmeasurement.duration = '5min'\n";
/// let ring = Experiment::from_text(ring);
/// let report = ring.set("workload.lookups_every", "10s").set("seed", 7).run()?;
/// assert_eq!(report.total.outcomes.failure_rate(), Some(0.0)); // nobody comes or goes
/// # Ok::<(), torus_sim::experiment::Problem>(())
/// ```
///
/// What is wrong is told as the command line tells it, with its place in the text and all at once:
///
/// ```
/// # use torus_sim::experiment::Experiment;
/// let problem = Experiment::from_text("protocol = 'cord'\n").run().unwrap_err();
/// assert!(problem.to_string().contains("chord"), "it knows what was meant: {problem}");
/// ```
///
/// A protocol of your own is played by [`Simulation`](crate::simulation::Simulation); so is a run that is to be
/// stepped or looked at.
#[derive(Clone, Debug)]
pub struct Experiment {
    source: Source,
    changes: Vec<String>,
}

impl Experiment {
    /// The scenario in this text (TOML). Files that it names are looked for from the working folder.
    pub fn from_text(text: &str) -> Self {
        Self::new(Source::from_text("scenario", text))
    }

    /// The scenario in this file.
    ///
    /// # Errors
    /// If the file cannot be read, is larger than 16 MiB, or is not UTF-8.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Problem> {
        Ok(Self::new(Source::read(path.as_ref())?))
    }

    /// A scenario whose text has been read.
    pub fn new(source: Source) -> Self {
        Experiment { source, changes: Vec::new() }
    }

    /// Sets a key, in place of what the scenario has there: as `--set key=value`, of which the last counts.
    #[must_use]
    pub fn set(self, key: &str, value: impl Display) -> Self {
        self.change(format!("{key}={value}"))
    }

    /// Changes what an argument of `--set` says: `key=value`.
    #[must_use]
    pub fn change(mut self, argument: impl Into<String>) -> Self {
        self.changes.push(argument.into());
        self
    }

    /// Whether it can be played: the scenario as it was understood, and what may not be as it was meant.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn check(&self) -> Result<(Scenario, Diagnostics), Problem> {
        let loaded = self.load()?;
        Ok((loaded.scenario, loaded.warnings))
    }

    /// Plays it.
    ///
    /// # Errors
    /// All that is wrong with it, or why the run ended before its time.
    pub fn run(&self) -> Result<RunReport, Problem> {
        self.run_with(Options::default(), &mut Unwatched, &mut Unrecorded)
    }

    /// Plays it with options, watched and written down.
    ///
    /// # Errors
    /// As [`Self::run`]; and if the monitor ends it, or a check finds a violation.
    pub fn run_with(
        &self,
        options: Options,
        monitor: &mut dyn Monitor,
        recorder: &mut dyn Recorder,
    ) -> Result<RunReport, Problem> {
        let Loaded { scenario, protocol, .. } = self.load()?;
        Ok(protocol.play(&scenario, options, monitor, recorder)?)
    }

    /// Reads and checks the scenario, with its protocol.
    pub(crate) fn load(&self) -> Result<Loaded<Playable>, Problem> {
        if Grid::is_sweep(&self.source) {
            return Err(problem::sweep_is_no_scenario(&self.source).into());
        }
        let source = self.source.clone();
        let loaded = scenario::load(source, &self.changes, protocols::NAMES, protocols::read)?;
        match loaded.protocol.lacks_identifiers(&loaded.scenario) {
            Some(text) => Err(Problem::Identifiers(text)),
            None => Ok(loaded),
        }
    }
}
