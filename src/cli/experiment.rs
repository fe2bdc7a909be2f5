//! From a scenario file to something that can be played: where the command line meets the scenario, the protocols and
//! the simulation.

use crate::experiment;
use crate::output::Provenance;
use crate::scenario::{Action, Arrivals, ChurnProcess, Diagnostics, Loaded, Scenario, Source, schedule};
use crate::simulation::protocols::Playable;
use std::path::Path;
use std::sync::Arc;

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
    pub(super) play: Playable,
}

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

impl<'a> Request<'a> {
    /// What the arguments of a command that plays a scenario ask for.
    pub(super) fn new(
        file: &'a Path,
        seed: Option<u64>,
        set: &'a [String],
        replay: Option<&'a Path>,
        colours: bool,
    ) -> Self {
        Request { file, seed, set, replay, colours }
    }
}

/// Reads and checks the scenario; the error is ready to be shown.
pub(super) fn load(request: &Request<'_>) -> Result<Experiment, String> {
    let render = |problem: experiment::Problem| problem.render(request.colours);
    let wanted = experiment::Experiment::from_file(request.file).map_err(render)?;
    let changes = request.set.iter().cloned().chain(request.seed.map(|seed| format!("seed={seed}")));
    let loaded = changes.fold(wanted, experiment::Experiment::change).load().map_err(render)?;
    let experiment = ready(loaded, request.colours);
    match request.replay {
        Some(path) => replaying(experiment, path).map_err(|problems| problems.render(request.colours)),
        None => Ok(experiment),
    }
}

/// Checks a scenario that is built in, with `changes` as `--set` has them; the error is ready to be shown.
pub(super) fn from_text(name: &str, text: &str, changes: &[String], colours: bool) -> Result<Experiment, String> {
    let wanted = experiment::Experiment::new(Source::from_text(name, text));
    let loaded = changes.iter().cloned().fold(wanted, experiment::Experiment::change).load();
    Ok(ready(loaded.map_err(|problem| problem.render(colours))?, colours))
}

fn ready(loaded: Loaded<Playable>, colours: bool) -> Experiment {
    Experiment {
        warnings: loaded.warnings.render(colours),
        scenario: loaded.scenario,
        effective: loaded.effective.to_toml(),
        provenance: Provenance {
            scenario: loaded.effective.to_json(),
            scenario_hash: loaded.hash,
            inputs: loaded.files.into_iter().map(|file| (file.path, file.blake3)).collect(),
        },
        play: loaded.protocol,
    }
}

/// The experiment with the schedule at `path` in place of all that its scenario leaves to chance. What the schedule
/// does not know stays: the joins of a joining start, partitions, and which identifier a returning node has.
fn replaying(mut experiment: Experiment, path: &Path) -> Result<Experiment, Diagnostics> {
    let scenario = &mut experiment.scenario;
    let (entries, blake3) = schedule::load(path, &scenario.population, scenario.measurement.end())?;
    scenario.churn.process = ChurnProcess::None;
    scenario.workload.arrivals = Arrivals::None;
    scenario.events.retain(|event| !matches!(event.action, Action::Crash(_) | Action::Leave(_) | Action::Join { .. }));
    scenario.schedule = Some(Arc::new(entries));
    let provenance = &mut experiment.provenance;
    // The hash stands for all that a run depends on.
    let both = format!("{}\0{blake3}", provenance.scenario_hash);
    provenance.scenario_hash = blake3::hash(both.as_bytes()).to_hex().to_string();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    experiment.effective.push_str(&format!("\n# Replayed: {name}, in place of random churn and lookups.\n"));
    provenance.inputs.push((name.into_owned(), blake3));
    Ok(experiment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::report::{Recorder, RunReport};
    use crate::simulation::Options;
    use std::fs;

    const SCENARIO: &str = "\
name = \"small\"
protocol = \"chord\"
[population]
nodes = 50
[churn.session.exponential]
mean = \"2min\"
[churn.downtime.exponential]
mean = \"2min\"
[workload]
lookups_every = \"10s\"
[[event]]
at = \"1min\"
crash = { fraction = 0.1 }
[measurement]
duration = \"5min\"
";

    struct Written(Vec<crate::scenario::ScheduleEntry>);

    impl Recorder for Written {
        fn lookup(&mut self, _record: &crate::observe::report::LookupRecord) {}

        fn scheduled(&mut self, entry: &crate::scenario::ScheduleEntry) {
            self.0.push(*entry);
        }
    }

    fn play(experiment: Experiment) -> (RunReport, String) {
        let mut written = Written(Vec::new());
        let options = Options { record_schedule: true, ..Options::default() };
        let mut unwatched = crate::observe::Unwatched;
        let report = experiment.play.play(&experiment.scenario, options, &mut unwatched, &mut written).unwrap();
        let mut text = Vec::from(format!("{}\n", schedule::HEADER));
        for entry in &written.0 {
            schedule::write_entry(&mut text, entry).unwrap();
        }
        (report, String::from_utf8(text).unwrap())
    }

    #[test]
    fn a_replayed_schedule_gives_the_same_run() {
        let place = tempfile::tempdir().unwrap();
        let (file, played) = (place.path().join("small.toml"), place.path().join("played.csv"));
        fs::write(&file, SCENARIO).unwrap();
        let mut request = Request { file: &file, seed: None, set: &[], replay: None, colours: false };
        let first = load(&request).unwrap();
        let hash = first.provenance.scenario_hash.clone();
        let (report, text) = play(first);
        assert!(text.contains(",crash,") && text.contains(",join,") && text.contains(",lookup,"));
        fs::write(&played, &text).unwrap();

        request.replay = Some(&played);
        let second = load(&request).unwrap();
        assert_ne!(second.provenance.scenario_hash, hash);
        assert_eq!(second.provenance.inputs.last().unwrap().0, "played.csv");
        let (replayed, again) = play(second);
        assert_eq!(replayed.fingerprint, report.fingerprint);
        assert_eq!(again, text);
    }

    #[test]
    fn the_seed_takes_the_place_of_the_scenarios_and_all_problems_are_told() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("small.toml");
        fs::write(&file, SCENARIO).unwrap();
        let set = ["seed=3".to_owned()];
        let request = Request { file: &file, seed: Some(7), set: &set, replay: None, colours: false };
        let experiment = load(&request).unwrap();
        assert_eq!(experiment.scenario.seed.seed, 7);
        assert!(experiment.effective.contains("seed = 7"));

        let set = ["population.nodes=0".to_owned(), "popularity=1".to_owned()];
        let problems = load(&Request { set: &set, ..request }).err().unwrap();
        assert!(problems.contains("population.nodes=0") && problems.contains("popularity"), "{problems}");
        let nowhere = place.path().join("nowhere.csv");
        let problems = load(&Request { set: &[], replay: Some(&nowhere), ..request }).err().unwrap();
        assert!(problems.contains("nowhere.csv"), "{problems}");
    }
}
