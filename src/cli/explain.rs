//! `torus-sim explain`: plays a scenario again and tells the story of one lookup.

use super::arguments::ExplainArguments;
use super::console::{Console, Failure};
use super::experiment::{self, Experiment, Request};
use super::progress::Watcher;
use super::{interrupt, story};
use crate::observe::report::{LookupRecord, Outcome, Outcomes, Recorder};
use crate::observe::story::Told;
use crate::observe::{Monitor, Progress};
use crate::output::human::grouped;
use crate::scenario::ScheduleEntry;
use crate::simulation::Options;
use std::cell::Cell;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Carries out the command.
pub(super) fn explain(arguments: &ExplainArguments, console: &mut Console) -> Result<(), Failure> {
    let request =
        Request::new(&arguments.file, arguments.seed, &arguments.set, arguments.replay.as_deref(), console.colours);
    let load = || experiment::load(&request).map_err(|rendered| Failure::Input { rendered });
    let experiment = load()?;
    if !arguments.quiet {
        console.rendered(&experiment.warnings);
    }
    let run = format!("{}, seed {}", experiment.scenario.name, experiment.scenario.seed.seed);
    let stop = interrupt::watch();
    let play = |experiment: Experiment, options: Options, listener: &mut Listener<'_>| {
        let when = arguments.progress.unless(arguments.quiet);
        let watcher = Watcher::start(when, &experiment.scenario.name, console.err_is_terminal, Arc::clone(&stop));
        listen(experiment, options, watcher, listener, &stop)
    };

    let heard = Cell::new(false);
    let Some(number) = arguments.lookup else {
        let mut first = Listener::new(&heard, true);
        play(experiment, Options { record_lookups: true, ..Options::default() }, &mut first)?;
        let Some(number) = first.failed else { return console.print(&nothing_failed(&run, &first.outcomes)) };
        heard.set(false);
        let mut second = Listener::new(&heard, false);
        play(load()?, Options { follow_lookup: Some(number), ..Options::default() }, &mut second)?;
        return tell(console, &run, number, second.told);
    };
    let mut listener = Listener::new(&heard, false);
    play(experiment, Options { follow_lookup: Some(number), ..Options::default() }, &mut listener)?;
    tell(console, &run, number, listener.told)
}

fn tell(console: &mut Console, run: &str, number: u64, told: Option<Told>) -> Result<(), Failure> {
    let help = Some("lookups.csv of `torus-sim run --lookups` has the numbers");
    let text = match told {
        Some(Told::Story(story)) => return console.print(&story::render(run, &story)),
        Some(Told::Own) => format!("lookup {number} is one that a node made for itself: nobody judged it"),
        Some(Told::Unknown { started: 0 }) => format!("there is no lookup {number}: the run has none"),
        Some(Told::Unknown { started }) => format!(
            "there is no lookup {number}: the run has {} lookups, those of nodes for themselves included; the last \
             is {}",
            grouped(started),
            started - 1
        ),
        None => return Err(Failure::unfinished("the run ended without a story".to_owned())),
    };
    Err(Failure::Usage { text, help })
}

fn nothing_failed(run: &str, outcomes: &Outcomes) -> String {
    match (outcomes.correct, outcomes.aborted) {
        (0, 0) => format!("{run}: no lookup ended in the measurement, so none failed.\n"),
        (correct, 0) => format!("{run}: no lookup failed. All {} were answered correctly.\n", grouped(correct)),
        (correct, aborted) => format!(
            "{run}: no lookup failed. {} were answered correctly; the nodes of {} others departed first.\n",
            grouped(correct),
            grouped(aborted)
        ),
    }
}

/// Plays until the end, until the listener has heard enough, or until `stop` is set.
fn listen(
    experiment: Experiment,
    options: Options,
    watcher: Watcher,
    listener: &mut Listener<'_>,
    stop: &AtomicBool,
) -> Result<(), Failure> {
    let mut monitor = Patience { watcher, heard: listener.heard };
    let outcome = experiment.play.play(&experiment.scenario, options, &mut monitor, listener);
    monitor.watcher.finish();
    let is_stopped = outcome.is_err() && !listener.heard.get();
    if is_stopped || stop.load(Ordering::Relaxed) {
        return Err(Failure::Interrupted { text: "the story was not told".to_owned() });
    }
    Ok(())
}

/// Ends a run that has nothing more to tell.
struct Patience<'a> {
    watcher: Watcher,
    heard: &'a Cell<bool>,
}

impl Monitor for Patience<'_> {
    fn progress(&mut self, progress: &Progress) -> ControlFlow<()> {
        if self.heard.get() { ControlFlow::Break(()) } else { self.watcher.progress(progress) }
    }
}

/// Waits for the first failed lookup, or for a story.
struct Listener<'a> {
    /// Set when it has heard what it waits for.
    heard: &'a Cell<bool>,
    waits_for_failure: bool,
    outcomes: Outcomes,
    failed: Option<u64>,
    told: Option<Told>,
}

impl<'a> Listener<'a> {
    fn new(heard: &'a Cell<bool>, waits_for_failure: bool) -> Self {
        Listener { heard, waits_for_failure, outcomes: Outcomes::default(), failed: None, told: None }
    }
}

impl Recorder for Listener<'_> {
    fn lookup(&mut self, record: &LookupRecord) {
        self.outcomes.count(record.outcome);
        let is_wrong = matches!(record.outcome, Outcome::WrongOwner | Outcome::Failed);
        if is_wrong && self.waits_for_failure {
            self.failed.get_or_insert(record.number);
            self.heard.set(true);
        }
    }

    fn scheduled(&mut self, _entry: &ScheduleEntry) {}

    fn told(&mut self, told: Told) {
        self.told = Some(told);
        self.heard.set(true);
    }
}
