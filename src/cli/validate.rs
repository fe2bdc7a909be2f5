//! `torus-sim validate`: plays the experiments of papers, and prints measured beside published.

use super::arguments::ValidateArguments;
use super::clock::Stopwatch;
use super::columns::columns;
use super::console::{Console, Failure};
use super::display::{self, Heartbeat, Place};
use super::progress::{When, left};
use super::{interrupt, machine};
use crate::output::Error;
use crate::output::single::SingleFile;
use crate::validation::{self, Aspect, Experiment, Published, Request, Row, Stopped, Verdict, Watcher};
use indicatif::ProgressBar;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Carries out the command.
pub(super) fn validate(arguments: &ValidateArguments, console: &mut Console) -> Result<(), Failure> {
    let requests = requests(arguments)?;
    let published = match &arguments.published {
        Some(path) => read_published(path)?,
        None => Published::shipped(),
    };
    let threads = arguments.jobs.map_or_else(machine::cores, usize::from);
    let stop = interrupt::watch();
    let when = arguments.progress.unless(arguments.quiet);
    let display = Display::start(when, console.err_is_terminal);
    let rows = validation::play(&requests, &published, threads, &display, &stop);
    display.finish();
    let rows = rows.map_err(|stopped| match stopped {
        Stopped::Interrupted => Failure::Interrupted { text: "nothing was written".to_owned() },
        Stopped::Failed(text) => Failure::unfinished(text),
    })?;
    if let Some(path) = &arguments.csv {
        write(path, |file| validation::write_csv(file, &rows))?;
    }
    if let Some(path) = &arguments.markdown {
        write(path, |file| file.write_all(validation::page(&rows).as_bytes()))?;
    }
    if !arguments.quiet {
        console.print(&table(&rows))?;
    }
    conclude(&rows)
}

/// What is wanted, in the order of the experiments.
fn requests(arguments: &ValidateArguments) -> Result<Vec<Request>, Failure> {
    let names = || validation::ALL.iter().map(|experiment| experiment.name).collect::<Vec<_>>().join(", ");
    let usage = |text: String| Failure::Usage { text, help: None };
    if let Some(unknown) = arguments.names.iter().find(|name| validation::find(name).is_none()) {
        return Err(usage(format!("there is no experiment `{unknown}`: there are {}", names())));
    }
    if arguments.names.is_empty() && !arguments.at.is_empty() {
        return Err(usage(format!("--at needs the name of an experiment: one of {}", names())));
    }
    let wanted = |experiment: &&Experiment| {
        arguments.names.is_empty() || arguments.names.iter().any(|name| name == experiment.name)
    };
    let request = |experiment: &'static Experiment| {
        if let Some(bad) = arguments.at.iter().find(|x| !experiment.range.contains(**x)) {
            let Experiment { name, parameter, range, .. } = experiment;
            return Err(usage(format!("{name} cannot be played at {bad}: x ({parameter}) is {range}")));
        }
        let wanted = if arguments.at.is_empty() { experiment.points } else { &arguments.at };
        // A point that is asked for twice is played once.
        let mut points = Vec::new();
        for x in wanted {
            if !points.contains(x) {
                points.push(*x);
            }
        }
        Ok(Request { experiment, points })
    };
    validation::ALL.iter().filter(wanted).map(request).collect()
}

fn read_published(path: &Path) -> Result<Published, Failure> {
    let text = std::fs::read_to_string(path).and_then(|text| Published::read(&text));
    text.map_err(|error| Failure::Usage { text: format!("cannot read {}: {error}", path.display()), help: None })
}

fn write(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
    let (place, mut file) = SingleFile::claim(path, true)?;
    fill(&mut file).map_err(Error::io("write", path))?;
    file.finish()?;
    place.publish()
}

fn table(rows: &[Row<'_>]) -> String {
    let mut text = String::new();
    for rows in rows.chunk_by(|one, next| one.experiment.name == next.experiment.name) {
        let Experiment { name, source, about, parameter, .. } = rows[0].experiment;
        text.push_str(&format!("{name}  {source}: {about}; x: {parameter}\n"));
        let header = Row::HEADER.map(str::to_owned).to_vec();
        let cells = rows.iter().map(|row| row.cells().to_vec());
        let cells: Vec<Vec<String>> = std::iter::once(header).chain(cells).collect();
        text.push_str(&columns(&cells, 2, true));
        text.push('\n');
    }
    let count = |verdict: fn(Verdict) -> bool| rows.iter().filter(|row| row.verdict.is_some_and(verdict)).count();
    let within = count(|verdict| verdict == Verdict::Within);
    let explained = count(|verdict| matches!(verdict, Verdict::Explained(_)));
    text.push_str(&format!("{} rows: {within} within their tolerance, {explained} explained", rows.len()));
    text + &format!(", {} out\n", count(|verdict| verdict == Verdict::Out))
}

/// Whether all is as published.
fn conclude(rows: &[Row<'_>]) -> Result<(), Failure> {
    let out: Vec<String> = rows
        .iter()
        .filter(|row| row.verdict == Some(Verdict::Out))
        .map(|row| match row.aspect {
            Aspect::At(x) => format!("\n  {} at {x}: {}", row.experiment.name, row.metric),
            aspect => format!("\n  {}, {aspect}: {}", row.experiment.name, row.metric),
        })
        .collect();
    if out.is_empty() {
        return Ok(());
    }
    Err(Failure::unfinished(format!("not as published:{}", out.concat())))
}

/// Shows how far it is.
struct Display {
    clock: Stopwatch,
    style: Style,
}

enum Style {
    Silent,
    Bar(ProgressBar),
    Lines(Mutex<Heartbeat>),
}

impl Display {
    fn start(when: When, err_is_terminal: bool) -> Self {
        let style = match Place::of(when, err_is_terminal) {
            Place::Nowhere => Style::Silent,
            Place::Lines => Style::Lines(Mutex::new(Heartbeat::new())),
            Place::Bars(target) => {
                let bar = display::bar(10);
                bar.set_draw_target(target);
                Style::Bar(bar)
            }
        };
        Display { clock: Stopwatch::start(), style }
    }

    fn finish(&self) {
        if let Style::Bar(bar) = &self.style {
            bar.finish_and_clear();
        }
    }
}

impl Watcher for Display {
    fn ended(&self, done: usize, runs: usize) {
        let elapsed = self.clock.elapsed();
        let left = left(done as f64 / runs as f64, elapsed.as_secs_f64());
        let left = left.map_or(String::new(), |left| format!(", {left} left"));
        let text = format!("{done} of {runs} runs{left}");
        match &self.style {
            Style::Silent => {}
            Style::Bar(bar) => {
                bar.set_length(runs as u64);
                bar.set_position(done as u64);
                bar.set_message(text);
            }
            Style::Lines(heartbeat) => {
                if heartbeat.lock().unwrap_or_else(PoisonError::into_inner).is_due(elapsed) {
                    let _ = writeln!(io::stderr(), "validate: {text}");
                }
            }
        }
    }
}
