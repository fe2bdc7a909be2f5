//! One measurement of `torus-sim bench`: one protocol at one size, in a process of its own, so that the most memory
//! that the process held is that of the measurement.

use super::bench::interrupted;
use super::bench_probe::{Pace, Probe};
use super::console::{Console, Failure};
use super::experiment::Experiment;
use super::interrupt;
use super::progress::{Watcher, When};
use crate::observe::Stopped;
use crate::observe::report::{RunReport, Unrecorded};
use crate::output::timing;
use crate::simulation::Options;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What is measured of one protocol at one size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Measured {
    /// Name of the protocol.
    pub(super) protocol: String,
    /// Nodes at the start.
    pub(super) nodes: u32,
    /// Virtual time before what is measured \[s\].
    pub(super) warmup_s: f64,
    /// Virtual time that is measured \[s\].
    pub(super) duration_s: f64,
    /// Events after the warm-up.
    pub(super) events: u64,
    /// Rate of these events, undisturbed \[1/s\]: the median of the runs.
    pub(super) events_per_s: f64,
    /// Real time from the start to the first event \[s\]: the median of the runs.
    pub(super) build_s: f64,
    /// The most memory that the process held in its first run \[B\]; `None` where the system does not tell.
    pub(super) peak_bytes: Option<u64>,
    /// What each part held at the end of a run \[B\].
    pub(super) parts: Vec<(String, u64)>,
    /// By kind of event, what it took in a run of which each event was timed.
    pub(super) kinds: Vec<KindTime>,
    /// Of all runs.
    pub(super) fingerprint: String,
}

/// The events of one kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct KindTime {
    /// Name of the kind.
    pub(super) kind: String,
    /// How many there were after the warm-up.
    pub(super) events: u64,
    /// What they took together \[ns\], the cost of looking at the clock taken off.
    pub(super) ns: f64,
}

impl Measured {
    /// Memory of all parts \[B\].
    pub(super) fn accounted_bytes(&self) -> u64 {
        self.parts.iter().map(|(_, bytes)| bytes).sum()
    }

    /// The most memory that the process held, by node \[B\].
    pub(super) fn bytes_per_node(&self) -> Option<f64> {
        self.peak_bytes.map(|bytes| bytes as f64 / f64::from(self.nodes))
    }
}

/// Plays the experiment `repeat` times undisturbed and once with each event timed. Each time `load` gives it anew.
pub(super) fn measure(
    load: impl Fn() -> Result<Experiment, Failure>,
    repeat: u16,
    progress: When,
    console: &Console,
) -> Result<Measured, Failure> {
    let stop = interrupt::watch();
    let mut runs = Vec::new();
    let mut peak_bytes = None;
    for number in 0..repeat {
        let (experiment, watcher) = prepare(&load, progress, console, &stop)?;
        let mut pace = Pace::start(watcher, experiment.scenario.measurement.warmup);
        let report = play(experiment, Options::default(), &mut pace)?;
        if number == 0 {
            peak_bytes = timing::peak_memory_bytes();
        }
        runs.push((pace.finish(), report.fingerprint));
    }
    let (experiment, watcher) = prepare(&load, progress, console, &stop)?;
    let scenario = experiment.scenario.clone();
    let mut probe = Probe::start(watcher, scenario.measurement.warmup);
    // What the health of the network costs belongs to no event.
    let report = play(experiment, Options { blind: true, ..Options::default() }, &mut probe)?;
    if let Some((_, other)) = runs.iter().find(|(_, fingerprint)| *fingerprint != report.fingerprint) {
        let text = format!("two runs of the same scenario differ: fingerprints {other} and {}", report.fingerprint);
        return Err(Failure::unfinished(text));
    }
    let median_of = |figure: fn(&super::bench_probe::Undisturbed) -> f64| {
        median(runs.iter().map(|(undisturbed, _)| figure(undisturbed)).collect())
    };
    let (first, _) = &runs[0];
    Ok(Measured {
        protocol: report.protocol.to_owned(),
        nodes: scenario.population.nodes,
        warmup_s: scenario.measurement.warmup.as_secs_f64(),
        duration_s: scenario.measurement.duration.as_secs_f64(),
        events: first.events,
        events_per_s: median_of(|run| run.events as f64 / run.wall_s.max(1e-9)),
        build_s: median_of(|run| run.build_s),
        peak_bytes,
        parts: first.parts.iter().map(|(name, bytes)| ((*name).to_owned(), *bytes)).collect(),
        kinds: probe.finish(),
        fingerprint: report.fingerprint,
    })
}

fn prepare(
    load: impl Fn() -> Result<Experiment, Failure>,
    progress: When,
    console: &Console,
    stop: &Arc<AtomicBool>,
) -> Result<(Experiment, Watcher), Failure> {
    let experiment = load()?;
    let name = format!("{} nodes", crate::output::human::grouped(u64::from(experiment.scenario.population.nodes)));
    Ok((experiment, Watcher::start(progress, &name, console.err_is_terminal, Arc::clone(stop))))
}

fn play(
    experiment: Experiment,
    options: Options,
    monitor: &mut dyn crate::observe::Monitor,
) -> Result<RunReport, Failure> {
    let played = experiment.play.play(&experiment.scenario, options, monitor, &mut Unrecorded);
    played.map_err(|stopped| match stopped {
        Stopped::Interrupted(_) => interrupted(),
        Stopped::Violated(violation) => Failure::unfinished(violation.text),
        Stopped::Exhausted(exhausted) => Failure::unfinished(exhausted.to_string()),
    })
}

/// The middle one, or the mean of the two in the middle; of none, 0.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        count if count % 2 == 1 => values[count / 2],
        count => (values[count / 2 - 1] + values[count / 2]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!((median(vec![3.0, 1.0, 2.0]), median(vec![4.0, 1.0]), median(Vec::new())), (2.0, 2.5, 0.0));
    }
}
