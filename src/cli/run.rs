//! `torus-sim run`: plays a scenario, writes its results, and prints their summary.

use super::arguments::RunArguments;
use super::console::{Console, Failure, Label};
use super::experiment::{Experiment, Request};
use super::progress::Watcher;
use super::{interrupt, machine, table, violation};
use crate::engine::time::{Duration, Time};
use crate::observe::report::{RunReport, Unrecorded};
use crate::observe::{Progress, Stopped, Unwatched, Violation};
use crate::output::human::{percent, span};
use crate::output::{Results, Run, Timing, Wanted};
use crate::simulation::{Check, Options};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Carries out the command. `load` reads and checks the scenario; its error is ready to be shown.
pub(super) fn run(
    arguments: &RunArguments,
    console: &mut Console,
    load: impl Fn(&Request<'_>) -> Result<Experiment, String>,
) -> Result<(), Failure> {
    let request =
        Request::new(&arguments.file, arguments.seed, &arguments.set, arguments.replay.as_deref(), console.colours);
    let load = || load(&request).map_err(|rendered| Failure::Input { rendered });
    let experiment = load()?;
    if !arguments.quiet {
        console.rendered(&experiment.warnings);
    }
    if arguments.show_config {
        return console.print(&experiment.effective);
    }
    if !arguments.force {
        fits(experiment.play.memory_bytes(&experiment.scenario), machine::available_memory_bytes())?;
    }
    play(arguments, console, experiment, load, interrupt::watch())
}

/// Whether a run that may take so much memory can be begun where so much is left, as far as that is known: one that
/// outgrows the machine would be killed after hours, or bring the machine to a halt.
pub(super) fn fits(wanted_bytes: u64, available_bytes: Option<u64>) -> Result<(), Failure> {
    match available_bytes {
        Some(available) if wanted_bytes > available => Err(Failure::Usage {
            text: format!(
                "the run may take {} of memory, and {} are left",
                machine::size(wanted_bytes),
                machine::size(available)
            ),
            help: Some("play fewer nodes, or play it all the same with --force"),
        }),
        _ => Ok(()),
    }
}

/// Plays the experiment until it is done or `stop` is set. `again` gives the same experiment once more.
fn play(
    arguments: &RunArguments,
    console: &mut Console,
    experiment: Experiment,
    again: impl FnOnce() -> Result<Experiment, Failure>,
    stop: Arc<AtomicBool>,
) -> Result<(), Failure> {
    let Experiment { scenario, provenance, play, .. } = experiment;
    let folder = arguments.out.clone().unwrap_or_else(|| Path::new("results").join(&scenario.name));
    let mut results = Results::begin(&wanted(arguments, &folder), Arc::clone(&stop))?;
    let when = arguments.progress.unless(arguments.quiet);
    let mut watcher = Watcher::start(when, &scenario.name, console.err_is_terminal, Arc::clone(&stop));
    let options = Options {
        record_lookups: arguments.lookups,
        record_schedule: arguments.record.is_some(),
        check: arguments.check_every.map(|every| Check { every, each_event_from: None, until_healed: false }),
        ..Options::default()
    };
    let outcome = play.play(&scenario, options, &mut watcher, results.recorder());
    let elapsed = watcher.finish();
    if let Some(error) = results.take_error() {
        return Err(error.into());
    }
    let report = match outcome {
        Ok(report) => report,
        Err(Stopped::Interrupted(interrupted)) => return Err(interrupted_at(&interrupted.progress, &folder)),
        Err(Stopped::Violated(violation)) => return Err(violated(arguments, *violation, again()?)),
        Err(Stopped::Exhausted(exhausted)) => return Err(Failure::unfinished(exhausted.to_string())),
    };
    if stop.load(Ordering::Relaxed) {
        return Err(interrupted_at(&finished(&report, scenario.measurement.end()), &folder));
    }
    let run = Run { name: scenario.name, nodes: scenario.population.nodes, seed: scenario.seed, report };
    let timing = Timing::of_run(elapsed, run.report.events);
    results.finish(&run, &provenance, &timing)?;
    if arguments.quiet {
        return Ok(());
    }
    console.print(&table::summary(&run, &scenario.measurement, &timing, &folder))?;
    for warning in &run.report.warnings {
        console.message(Label::Warning, warning);
    }
    Ok(())
}

/// Plays once more up to the violation, with a check after every event of the last period, to name the event.
fn violated(arguments: &RunArguments, seen: Violation, experiment: Experiment) -> Failure {
    let every = arguments.check_every.unwrap_or(Duration::MAX);
    let check = Check { every, each_event_from: None, until_healed: false }.closer(seen.at);
    let options = Options { check: Some(check), blind: true, ..Options::default() };
    let first = match experiment.play.play(&experiment.scenario, options, &mut Unwatched, &mut Unrecorded) {
        Err(Stopped::Violated(first)) => *first,
        _ => seen,
    };
    let command = violation::command(arguments, every);
    Failure::Violated { text: violation::tell(&first, &command) }
}

fn wanted(arguments: &RunArguments, folder: &Path) -> Wanted {
    Wanted {
        folder: PathBuf::from(folder),
        replace: arguments.force,
        lookups: arguments.lookups,
        schedule: arguments.record.clone(),
    }
}

fn finished(report: &RunReport, end: Time) -> Progress {
    let live_nodes = report.windows.last().map_or(0, |window| window.live_nodes_mean as u64);
    Progress { now: end, end, live_nodes, events: report.events, last_event: None }
}

fn interrupted_at(progress: &Progress, folder: &Path) -> Failure {
    let since_start = |time: Time| span(time.since(Time::ZERO));
    let text = format!(
        "the run was at {} of {} ({}); {} was not written",
        since_start(progress.now),
        since_start(progress.end),
        percent(progress.share()),
        folder.display()
    );
    Failure::Interrupted { text }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
