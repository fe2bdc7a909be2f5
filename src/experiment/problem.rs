//! Why there is no report.

use crate::observe::Stopped;
use crate::scenario::source::{Place, SourceText};
use crate::scenario::{self, Diagnostics, Source};
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Why an experiment gives no report.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Problem {
    /// All that is wrong with the scenario and its changes.
    Scenario(Diagnostics),
    /// The identifiers of the protocol are too short for the scenario: why.
    Identifiers(String),
    /// The run ended before its time.
    Stopped(Stopped),
}

impl Problem {
    /// As the command line shows it; with terminal colours if `coloured`.
    pub fn render(&self, coloured: bool) -> String {
        match self {
            Problem::Scenario(problems) => problems.render(coloured),
            Problem::Identifiers(text) => format!("error: {text}\n"),
            Problem::Stopped(Stopped::Exhausted(exhausted)) => format!("error: {exhausted}\n"),
            Problem::Stopped(Stopped::Violated(violation)) => {
                format!("error: {} does not hold: {}\n", violation.checker, violation.text)
            }
            Problem::Stopped(Stopped::Interrupted(interrupted)) => {
                let reached_s = interrupted.progress.now.as_secs_f64();
                format!("error: the run was stopped by its monitor at {reached_s:.1} s\n")
            }
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl Error for Problem {}

impl From<Diagnostics> for Problem {
    fn from(problems: Diagnostics) -> Self {
        Problem::Scenario(problems)
    }
}

impl From<Stopped> for Problem {
    fn from(stopped: Stopped) -> Self {
        Problem::Stopped(stopped)
    }
}

pub(super) fn sweep_is_no_scenario(source: &Source) -> Diagnostics {
    let text = SourceText { name: source.name.clone(), text: String::new(), rank: 0 };
    let place = Place::whole(&Arc::new(text));
    let problem = scenario::Problem::error("this is a sweep, not a single scenario", place, "");
    problem.help("play it with `torus-sim sweep`").into()
}
