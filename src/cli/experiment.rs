//! From a scenario file to something that can be played: where the command line meets the scenario, the protocols and
//! the simulation.

use crate::observe::report::{Recorder, RunReport};
use crate::observe::{Interrupted, Monitor};
use crate::output::Provenance;
use crate::scenario::Scenario;
use std::path::Path;

/// A checked scenario, ready to be played.
pub(super) struct Experiment {
    /// The scenario.
    pub(super) scenario: Scenario,
    /// The effective scenario as TOML, all defaults filled in.
    pub(super) effective: String,
    /// For the manifest.
    pub(super) provenance: Provenance,
    /// What may not be as it was meant, ready to be shown; empty if there is nothing.
    pub(super) warnings: String,
    /// Plays it.
    pub(super) play: Play,
}

/// Plays a scenario with its protocol.
pub(super) type Play =
    Box<dyn FnOnce(&Scenario, &mut dyn Monitor, &mut dyn Recorder) -> Result<RunReport, Interrupted>>;

/// Which scenario is wanted.
pub(super) struct Request<'a> {
    /// The scenario file.
    pub(super) file: &'a Path,
    /// In place of the scenario's seed.
    pub(super) seed: Option<u64>,
    /// Arguments of `--set`, each `key=value`.
    pub(super) set: &'a [String],
    /// A schedule to be played in place of random churn and lookups.
    pub(super) replay: Option<&'a Path>,
    /// Whether messages are to be coloured.
    pub(super) colours: bool,
}

/// Reads and checks the scenario; the error is ready to be shown.
pub(super) fn load(request: &Request<'_>) -> Result<Experiment, String> {
    Err(format!("error: {}: this build has no protocol to play", request.file.display()))
}
