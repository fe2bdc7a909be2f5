//! `torus-sim swarm`: plays scenarios drawn at random with all checkers on, and says how to see again what it found.

use super::arguments::SwarmArguments;
use super::columns::columns;
use super::console::{Console, Failure, Label};
use super::swarm_progress::Display;
use super::{interrupt, machine, violation};
use crate::engine::time::Duration;
use crate::output::Error;
use crate::output::human::grouped;
use crate::output::single::SingleFile;
use crate::swarm::{self, Ended, Finding, Mode, Request, Shrunk, Trouble};
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// The argument of `--mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Modes {
    /// All that a scenario can say
    Everything,
    /// Joins and crashes only: no leaves, no loss, no partitions
    Crashes,
    /// Nobody departs and nothing is lost: all must be exact
    Calm,
    /// Each seed in each of the three
    All,
}

impl Modes {
    fn list(self) -> Vec<Mode> {
        match self {
            Modes::Everything => vec![Mode::Everything],
            Modes::Crashes => vec![Mode::Crashes],
            Modes::Calm => vec![Mode::Calm],
            Modes::All => Mode::ALL.to_vec(),
        }
    }
}

/// Reads the argument of `--seeds`.
pub(super) fn parse_seeds(text: &str) -> Result<Range<u64>, String> {
    let numbers = text.split_once("..").and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    match numbers {
        Some((from, to)) if from < to => Ok(from..to),
        Some((from, to)) if from == to => Err(format!("there is no seed from {from} to before {to}")),
        Some((from, to)) => Err(format!("the seeds go from the lower to the higher: {to}..{from}")),
        None => Err("seeds are two whole numbers, such as 0..1000: from 0 to 999".to_owned()),
    }
}

/// What came of all seeds.
#[derive(Default)]
struct Tally {
    runs: u64,
    events: u64,
    lookups: u64,
    skipped: u64,
    /// Runs in which quiet returned, in which healing was claimed, and in which all was as it should be.
    quiet: u64,
    claimed: u64,
    ideal: u64,
    /// The largest share of the time granted that a promise took, which promise, and where.
    slowest: Option<(f64, &'static str, u64, Mode)>,
    findings: Vec<Finding>,
    first_skip: Option<String>,
}

impl Tally {
    fn take(&mut self, seed: u64, mode: Mode, ended: Ended) {
        match ended {
            Ended::Sound { events, lookups, healing } => {
                (self.runs, self.events, self.lookups) = (self.runs + 1, self.events + events, self.lookups + lookups);
                let Some(healing) = healing else { return };
                self.quiet += 1;
                self.claimed += u64::from(healing.is_claimed);
                self.ideal += u64::from(healing.ideal_at.is_some());
                if let Some((name, share)) = healing.slowest
                    && self.slowest.is_none_or(|(slowest, ..)| share > slowest)
                {
                    self.slowest = Some((share, name, seed, mode));
                }
            }
            Ended::Found(finding) => {
                self.runs += 1;
                self.findings.push(finding);
            }
            Ended::Skipped(why) => {
                self.skipped += 1;
                self.first_skip.get_or_insert(why);
            }
            Ended::Interrupted => {}
        }
    }

    fn summary(&self) -> String {
        let share = |part: u64, whole: u64| match whole {
            0 => String::new(),
            _ => format!("{:.1}%", part as f64 / whole as f64 * 100.0),
        };
        let mut rows = vec![["runs".to_owned(), grouped(self.runs), String::new()]];
        let mut row = |name: &str, figure: String, remark: String| rows.push([name.to_owned(), figure, remark]);
        row("events", grouped(self.events), String::new());
        row("lookups", grouped(self.lookups), String::new());
        row("left in quiet", grouped(self.quiet), share(self.quiet, self.runs));
        row("healing claimed", grouped(self.claimed), share(self.claimed, self.quiet));
        row("healed", grouped(self.ideal), share(self.ideal, self.quiet));
        if let Some((share, name, seed, mode)) = self.slowest {
            row("slowest healing", format!("{share:.3}"), format!("of the time granted: {name}, seed {seed} ({mode})"));
        }
        if self.skipped > 0 {
            row("left out", grouped(self.skipped), "--set contradicts these scenarios".to_owned());
        }
        row("findings", grouped(self.findings.len() as u64), String::new());
        columns(&rows.into_iter().map(Vec::from).collect::<Vec<_>>(), 1, true)
    }
}

/// Carries out the command.
pub(super) fn swarm(arguments: &SwarmArguments, console: &mut Console) -> Result<(), Failure> {
    let modes = arguments.mode.list();
    if arguments.print {
        return print(arguments, &modes, console);
    }
    let threads = arguments.jobs.map_or_else(machine::cores, usize::from);
    let request = Request {
        seeds: arguments.seeds.clone(),
        modes,
        protocol: arguments.protocol.clone(),
        set: arguments.set.clone(),
        keep_going: arguments.keep_going,
        threads,
    };
    let stop = interrupt::watch();
    let when = arguments.progress.unless(arguments.quiet);
    let runs = (arguments.seeds.end - arguments.seeds.start).saturating_mul(request.modes.len() as u64);
    let display = Display::start(when, console.err_is_terminal, runs);
    let mut tally = Tally::default();
    let played = swarm::swarm(&request, &display, &stop, |seed, mode, ended| tally.take(seed, mode, ended));
    display.finish();
    played.map_err(Failure::unfinished)?;
    for finding in &tally.findings {
        let text = tell(finding, arguments, &stop)?;
        console.message(Label::Error, text);
    }
    if stop.load(Ordering::Relaxed) {
        return Err(Failure::Interrupted { text: format!("after {} runs", tally.runs) });
    }
    if tally.runs == 0
        && let Some(why) = tally.first_skip
    {
        return Err(Failure::Input { rendered: why });
    }
    if !arguments.quiet {
        console.print(&tally.summary())?;
    }
    match tally.findings.len() {
        0 => Ok(()),
        1 => Err(Failure::Violated { text: "something that must hold did not, see above".to_owned() }),
        count => {
            Err(Failure::Violated { text: format!("in {count} runs something that must hold did not, see above") })
        }
    }
}

/// Prints scenarios instead of playing them.
fn print(arguments: &SwarmArguments, modes: &[Mode], console: &mut Console) -> Result<(), Failure> {
    for seed in arguments.seeds.clone() {
        for mode in modes {
            let generated = swarm::generate(seed, *mode, arguments.protocol.as_deref());
            let every = violation::period(generated.check_every);
            console.print(&format!("# Checked every {every}.\n{}\n", generated.text))?;
        }
    }
    Ok(())
}

/// A finding in words, with the command that leads to it again; made smaller, if that is wanted.
fn tell(finding: &Finding, arguments: &SwarmArguments, stop: &AtomicBool) -> Result<String, Failure> {
    let Finding { seed, mode, check_every, trouble } = finding;
    let only = arguments.protocol.as_ref().map(|name| format!(" --protocol {name}")).unwrap_or_default();
    let sets: Vec<String> = arguments.set.iter().map(|set| format!(" --set '{set}'")).collect();
    let mut again = format!("torus-sim swarm --seeds {seed}..{} --mode {mode}{only}{}", seed + 1, sets.concat());
    let plain = |what: String| format!("seed {seed} ({mode}): {what}\n  again        {again}");
    let violation = match trouble {
        Trouble::Violation(violation) => violation,
        Trouble::Panic(message) => return Ok(plain(format!("the program panicked: {message}"))),
        Trouble::Differs(one, other) => {
            return Ok(plain(format!("two plays had the fingerprints {one} and {other}")));
        }
        Trouble::Unsound(problems) => return Ok(plain(format!("the scenario is not sound: {problems}"))),
    };
    if arguments.shrink {
        let text = swarm::generate(*seed, *mode, arguments.protocol.as_deref()).text;
        if let Some(shrunk) = swarm::shrink(&text, &arguments.set, *check_every, violation.checker, stop) {
            let path = write(&shrunk, finding, arguments)?;
            again = format!("{again}\n  smaller      {}", run_command(&path, *check_every));
        }
    }
    Ok(format!("seed {seed} ({mode}): {}", violation::tell(violation, &again)))
}

fn run_command(path: &Path, every: Duration) -> String {
    format!("torus-sim run {} --check-every {}", path.display(), violation::period(every))
}

/// Writes a scenario that was made smaller.
fn write(shrunk: &Shrunk, finding: &Finding, arguments: &SwarmArguments) -> Result<PathBuf, Error> {
    let Finding { seed, mode, check_every, .. } = finding;
    let path = arguments.out.join(format!("swarm-{mode}-{seed}.toml"));
    let violated = &shrunk.violation;
    let head = format!(
        "# {} does not hold in this scenario, after {} s: {}.\n#\n#     {}\n#\n\
         # Made smaller from seed {seed}, mode {mode}, of torus-sim swarm, in {} plays.\n\n",
        violated.checker,
        violated.at.as_secs_f64(),
        violated.text,
        run_command(&path, *check_every),
        shrunk.plays,
    );
    let (place, mut file) = SingleFile::claim(&path, true)?;
    file.write_all(head.as_bytes())
        .and_then(|()| file.write_all(shrunk.text.as_bytes()))
        .map_err(Error::io("write", &path))?;
    file.finish()?;
    place.publish()?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_a_range_that_is_not_empty() {
        assert_eq!(parse_seeds("17..18"), Ok(17..18));
        for (bad, words) in
            [("5..5", "no seed"), ("9..3", "3..9"), ("5", "two whole"), ("a..b", "two whole"), ("-1..3", "two")]
        {
            assert!(parse_seeds(bad).unwrap_err().contains(words), "{bad}");
        }
    }
}
