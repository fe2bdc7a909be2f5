//! `torus-sim sweep`: plays a grid of scenarios, and says how it went.

use super::arguments::SweepArguments;
use super::check::Sound;
use super::columns::columns;
use super::console::{Console, Failure, Label};
use super::experiment::{self, Request};
use super::sweep_progress::Display;
use super::{interrupt, machine, sweep_list};
use crate::output::human::{figure, percent};
use crate::scenario::{Diagnostics, Grid, Source};
use crate::simulation::protocols;
use crate::sweep::folder::{Past, State, SweepFolder};
use crate::sweep::runner::{self, Ended, Options};
use crate::sweep::scheduler::{self, Results, Shard};
use crate::sweep::statistics::{Estimate, Interval};
use crate::sweep::{Plan, tables};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Cells that the table on standard output shows at most.
const SHOWN_CELLS: usize = 20;
/// Failed jobs that are named at the end; each was reported when it failed.
const NAMED_FAILURES: usize = 20;
/// Share of the memory available that jobs may take.
const MEMORY_SHARE: f64 = 0.9;

/// Carries out the command.
pub(super) fn sweep(arguments: &SweepArguments, console: &mut Console) -> Result<(), Failure> {
    let render = |problems: Diagnostics| Failure::Input { rendered: problems.render(console.colours) };
    let source = Source::read(&arguments.file).map_err(render)?;
    if !Grid::is_sweep(&source) {
        let text = format!("{} is not a sweep: it has neither `axes` nor `base`", arguments.file.display());
        return Err(Failure::Usage { text, help: Some("`torus-sim run` plays a single scenario") });
    }
    let plan = plan(&source, &arguments.set).map_err(render)?;
    if !arguments.quiet {
        console.rendered(&plan.warnings.render(console.colours));
    }
    let folder = folder(arguments, &plan);
    let options = options(arguments);
    if arguments.dry_run {
        let past = Past::read(&folder, &plan.outline)?;
        return console.print(&sweep_list::list(&plan, &past, options, arguments.retry));
    }
    play(arguments, console, &plan, options, &folder)
}

/// Reads a file for `torus-sim check`, be it a scenario or a sweep.
pub(super) fn look(request: &Request<'_>) -> Result<Sound, String> {
    let render = |problems: Diagnostics| problems.render(request.colours);
    let source = Source::read(request.file).map_err(render)?;
    if !Grid::is_sweep(&source) {
        return experiment::load(request).map(|experiment| Sound { warnings: experiment.warnings, what: None });
    }
    let plan = plan(&source, request.set).map_err(render)?;
    let cells = plan.outline.cells.len();
    Ok(Sound { warnings: plan.warnings.render(request.colours), what: Some(format!("a sweep of {cells} cells")) })
}

fn plan(source: &Source, set: &[String]) -> Result<Plan, Diagnostics> {
    let grid = Grid::read(source, set, tables::FIGURES)?;
    Plan::new(grid, protocols::NAMES, protocols::read)
}

fn folder(arguments: &SweepArguments, plan: &Plan) -> PathBuf {
    let name = &plan.outline.sweep;
    let name = match arguments.shard {
        Some(Shard { part, of }) => format!("{name}.shard-{part}-of-{of}"),
        None => name.clone(),
    };
    arguments.out.clone().unwrap_or_else(|| Path::new("results").join(name))
}

fn options(arguments: &SweepArguments) -> Options {
    let available = || machine::available_memory_bytes().map_or(u64::MAX, |bytes| (bytes as f64 * MEMORY_SHARE) as u64);
    Options {
        threads: arguments.jobs.map_or_else(machine::cores, usize::from),
        memory_bytes: arguments.memory.unwrap_or_else(available),
        fail_fast: arguments.fail_fast,
        shard: arguments.shard.unwrap_or(Shard::WHOLE),
    }
}

fn play(
    arguments: &SweepArguments,
    console: &mut Console,
    plan: &Plan,
    options: Options,
    path: &Path,
) -> Result<(), Failure> {
    let open = if arguments.force { SweepFolder::anew } else { SweepFolder::open };
    let (folder, past) = open(path, &plan.outline)?;
    if past.cut_bytes > 0 && !arguments.quiet {
        console.message(Label::Warning, "the last line of the journal was cut short: its job is played again");
    }
    let stop: Arc<AtomicBool> = interrupt::watch();
    let results = past.results(arguments.retry);
    if let Some(text) = stale(plan, options.shard, &past, &results).filter(|_| !arguments.quiet) {
        console.message(Label::Warning, text);
    }
    let when = arguments.progress.unless(arguments.quiet);
    let display = Display::start(when, console.err_is_terminal, plan, options.shard, &results);
    let ended = display.around_panics(|| runner::play(plan, folder, results, options, &display, &stop));
    display.finish();
    let ended = ended?;
    conclude(arguments, console, plan, options, path, ended, stop.load(Ordering::Relaxed))
}

/// How many results in the folder are of another scenario than the job that has their place now, and why.
fn stale(plan: &Plan, shard: Shard, past: &Past, results: &Results) -> Option<String> {
    let jobs = scheduler::jobs(&plan.outline, shard, results);
    let why = |job| match past.state(&plan.outline, &job) {
        State::Stale(why) => Some(why),
        _ => None,
    };
    let reasons: Vec<String> = jobs.into_iter().filter_map(why).collect();
    let first = reasons.first()?;
    let (are, them) = if reasons.len() == 1 { ("result is", "its job is") } else { ("results are", "their jobs are") };
    let text = format!("{} {are} stale, and {them} played again: {first}", reasons.len());
    Some(text)
}

/// Says how the sweep ended.
fn conclude(
    arguments: &SweepArguments,
    console: &mut Console,
    plan: &Plan,
    options: Options,
    path: &Path,
    ended: Ended,
    stopped: bool,
) -> Result<(), Failure> {
    if let Some(error) = ended.error {
        let text =
            format!("{error}; {} jobs are left. What is in the journal stays: the same command goes on", ended.left);
        return Err(Failure::unfinished(text));
    }
    if stopped && ended.left > 0 {
        let text = format!("{} jobs are left; what was finished is kept in {}", ended.left, path.display());
        return Err(Failure::Interrupted { text: text + ". The same command goes on from there" });
    }
    if !arguments.quiet {
        console.print(&table(plan, options.shard, &ended, path))?;
    }
    if ended.failed.is_empty() {
        return Ok(());
    }
    let list = ended.failed.iter().take(NAMED_FAILURES);
    let list = list.map(|(job, why)| format!("\n  {}: {}", plan.outline.describe(job), first_line(why)));
    let more = ended.failed.len().saturating_sub(NAMED_FAILURES);
    let more = if more > 0 { format!("\n  ... and {more} more") } else { String::new() };
    let left = if ended.left > 0 { format!(", and {} were not played", ended.left) } else { String::new() };
    let text = format!(
        "{} jobs failed{left} (--retry plays them again):{}{more}",
        ended.failed.len(),
        list.collect::<String>()
    );
    Err(Failure::unfinished(text))
}

pub(super) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// A row for each cell, as far as they are few.
fn table(plan: &Plan, shard: Shard, ended: &Ended, path: &Path) -> String {
    let outline = &plan.outline;
    let estimates = tables::estimates(outline, shard, &ended.results);
    // Named where the failure rate is, if there is any: it says nothing of these.
    let not_started = |cell: &tables::CellEstimates| cell.of("not_started_share");
    let has_waiting = estimates.iter().filter_map(not_started).any(|share| share.mean > 0.0);
    let waiting = has_waiting.then_some("not started");
    let own = ["runs", "failure rate"].into_iter().chain(waiting).chain(["hops"]).map(str::to_owned);
    let mut rows: Vec<Vec<String>> = vec![outline.keys.iter().cloned().chain(own).collect()];
    for cell in estimates.iter().take(SHOWN_CELLS) {
        let rate = [cell.runs.to_string(), with_interval(cell.of("failure_rate"), percent)];
        let waiting = has_waiting.then(|| with_interval(not_started(cell), percent));
        let own = rate.into_iter().chain(waiting).chain([with_interval(cell.of("hops_mean"), figure)]);
        rows.push(outline.cells[cell.cell].values.iter().cloned().chain(own).collect());
    }
    let mut text = columns(&rows, outline.keys.len(), false);
    if estimates.len() > SHOWN_CELLS {
        text.push_str(&format!("... and {} more in cells.csv\n", estimates.len() - SHOWN_CELLS));
    }
    let runs: usize = estimates.iter().map(|cell| cell.runs).sum();
    format!(
        "{}: {runs} runs of {} cells; means with 95% intervals\n\n{text}\nresults  {}{}\n",
        outline.sweep,
        estimates.len(),
        path.display(),
        std::path::MAIN_SEPARATOR
    )
}

fn with_interval(estimate: Option<Estimate>, show: fn(f64) -> String) -> String {
    match estimate {
        Some(Estimate { mean, interval: Some(Interval { low, high }), .. }) => {
            format!("{} ({} to {})", show(mean), show(low), show(high))
        }
        Some(Estimate { mean, .. }) => show(mean),
        None => "-".to_owned(),
    }
}
