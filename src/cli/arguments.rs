//! The arguments of the command line and their help.

use super::machine;
use super::progress::When;
use crate::engine::time::Duration;
use crate::scenario::units::{self, UnitError};
use crate::sweep::scheduler::Shard;
use crate::validation;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Version and commit.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("TORUS_SIM_COMMIT"), ")");

const AFTER_HELP: &str = "\
Examples:
  torus-sim run scenarios/churn20m.toml
  torus-sim check scenarios/*.toml
  torus-sim sweep scenarios/sweeps/churn.toml

Exit codes:
  0    done
  1    a run could not be finished or written
  2    bad usage or bad input; nothing was written
  3    an invariant was violated; nothing was written
  130  interrupted; nothing was written";

const RUN_AFTER_HELP: &str = "\
Examples:
  torus-sim run scenarios/churn20m.toml
      writes results/churn20m/ and prints a summary

  torus-sim run scenarios/churn20m.toml --seed 7 --out results/seed7
      the same experiment with other random numbers

  torus-sim run scenarios/churn20m.toml --out results/short \\
      --set churn.session.exponential.mean=5min --set population.nodes=1000
      the same experiment with shorter sessions and fewer nodes

  torus-sim run scenarios/mass-failure.toml --check-every 1s
      with a look every second at whether the ring is still one ring

  torus-sim run scenarios/churn20m.toml --record played.csv
  torus-sim run scenarios/churn20m.toml --replay played.csv --out results/again \\
      --set protocol.chord.successors=4
      the same arrivals, departures and lookups with shorter successor lists

The results appear whole or not at all: also when the disk is full, when the run
is interrupted (Ctrl-C), or when the process is killed. docs/outputs.md describes
every file and column.

Exit codes:
  0    done
  1    the run could not be finished or written
  2    bad usage or bad input; nothing was written
  3    an invariant was violated; nothing was written
  130  interrupted; nothing was written";

const SWEEP_AFTER_HELP: &str = "\
Examples:
  torus-sim sweep scenarios/sweeps/churn.toml --dry-run
      lists the jobs: what is done, what is to do, memory and time

  torus-sim sweep scenarios/sweeps/churn.toml
      plays them on all cores and writes results/churn/; the same command goes on
      where an earlier one was stopped or killed

  torus-sim sweep scenarios/sweeps/churn.toml --shard 1/3
  torus-sim merge results/churn.shard-*-of-3
      the same in three parts, on three machines: the same bytes

Number of jobs at once, shards and interruptions do not show in any table.

Exit codes:
  0    all jobs are done
  1    a job failed, or results could not be written; what was finished is kept
  2    bad usage or bad input; nothing was written
  130  interrupted; what was finished is kept";

const MERGE_AFTER_HELP: &str = "\
Examples:
  torus-sim merge results/churn.shard-*-of-3
      puts the shards together in results/churn/

Exit codes:
  0    done, be it that jobs are missing (it says so)
  1    the folders contradict each other, or results could not be written
  2    the folders do not belong together; nothing was written";

const COMPARE_AFTER_HELP: &str = "\
Examples:
  torus-sim compare results/churn results/churn-with-32-successors
      two sweeps over the same keys: each run with its partner

  torus-sim compare results/churn:population.nodes=1000 results/churn:population.nodes=10000
      two parts of a sweep

  torus-sim compare results/first results/first-r2
      two runs; a single pair has no interval

Runs are paired that have the same values of all other keys and the same replicate:
they face the same arrivals, departures and lookups if their seeds and scenarios
say so. Differences are the second minus the first. Cells of one replicate are not
independent: a replicate counts once, with the mean over its cells, and the 95%
intervals are over replicates.

Exit codes:
  0    done
  1    the table could not be written
  2    nothing can be compared";

const CHECK_AFTER_HELP: &str = "\
Examples:
  torus-sim check scenarios/churn20m.toml
  torus-sim check scenarios/*.toml scenarios/sweeps/*.toml

All problems of all files are reported at once, each with its file, line and
column, what is allowed there, and the nearest known name.

Exit codes:
  0    all scenarios are sound
  2    at least one is not";

const REPORT_AFTER_HELP: &str = "\
Examples:
  torus-sim report results/churn20m
      writes results/churn20m/report.html

  torus-sim report results/sweep --out sweep.html

The page has no scripts, needs no network, and is the same for the same results.

Exit codes:
  0    done
  1    the report could not be written
  2    bad usage, no results, or damaged ones; nothing was written";

const EXPLAIN_AFTER_HELP: &str = "\
Examples:
  torus-sim explain scenarios/churn20m.toml --first-failed
      plays it again and tells why the first lookup went wrong

  torus-sim run scenarios/churn20m.toml --lookups
  torus-sim explain scenarios/churn20m.toml --lookup 50637
      the story of one row of lookups.csv

The run must be the same: give the same --seed, --set and --replay as to the run.

Exit codes:
  0    done, be it that no lookup failed (it says so)
  1    the story could not be written
  2    bad usage or bad input, or there is no such lookup
  130  interrupted";

const VALIDATE_AFTER_HELP: &str = "\
Examples:
  torus-sim validate
      plays all experiments (a few minutes) and prints measured beside published

  torus-sim validate ton-table2 ton-table3 --csv measured.csv

  torus-sim validate ton-fig10a --at 2048 8192
      other points of a curve

{experiments}
They are the scenarios in scenarios/validation/; docs/validation.md shows the table
and says where its numbers come from.

Exit codes:
  0    each figure with a published number is within its tolerance, or it is
       explained why it cannot be
  1    a figure is out, or results could not be written
  2    bad usage; nothing was written
  130  interrupted; nothing was written";

const SWARM_AFTER_HELP: &str = "\
Examples:
  torus-sim swarm --seeds 0..1000
      a thousand scenarios that nobody thought of, each with all checkers on

  torus-sim swarm --seeds 17..18 --mode crashes --shrink
      one of them again; if it fails, results/swarm/swarm-crashes-17.toml is a smaller
      scenario that fails in the same way

  torus-sim swarm --seeds 17..18 --print > seed17.toml
      its scenario, to play it by hand

  torus-sim swarm --seeds 0..100 --protocol chord --set protocol.chord.maintenance=original
      the same scenarios under rules that are known to break

What comes of a seed depends on the seed, the mode, --protocol and --set alone.
docs/swarm.md says what is drawn and what is checked.

Exit codes:
  0    all that must hold held
  1    threads could not be started, or a scenario could not be written
  2    bad usage or bad input
  3    something did not hold; the message says what plays it again
  130  interrupted";

const BENCH_AFTER_HELP: &str = "\
Examples:
  torus-sim bench
      all protocols at ten thousand, a hundred thousand and a million nodes (about a minute)

  torus-sim bench --nodes 1e3,1e4,1e5,1e6 --csv bench.csv
      other sizes; also writes protocol, nodes, events, events_per_s, bytes_per_node,
      build_s and fingerprint as CSV

  torus-sim bench --nodes 1e6 --warmup 20min --duration 1min
      a million nodes when churn has gone on for as long as nodes stay

  torus-sim bench --nodes 1e5 --set protocol.chord.routing=recursive --repeat 5

The law is that of scenarios/churn20m.toml. Each protocol and size is played in a
process of its own: --repeat times undisturbed (rate and time to build are medians;
the memory is the most that the process held), and once more with each event timed,
which gives what an event of each kind takes. All these runs have one fingerprint, the
one that `torus-sim run` prints for the same scenario. The rate counts events after the
warm-up. Without --duration, large networks are measured for a shorter virtual time,
soon after their converged start, when few fingers point to nodes that are gone.
Machines are noisy: a ratio within one call counts more than a rate.

Exit codes:
  0    done
  1    a measurement did not come to its end, or the table could not be written
  2    bad usage or bad input; nothing was written
  130  interrupted; nothing was written";

/// Simulates distributed hash tables under churn: the same scenario and seed give the same bytes, on any machine.
#[derive(Debug, Parser)]
#[command(name = "torus-sim", version = VERSION, max_term_width = 100, after_long_help = AFTER_HELP)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Run(RunArguments),
    Sweep(SweepArguments),
    Merge(MergeArguments),
    Compare(CompareArguments),
    Check(CheckArguments),
    Report(ReportArguments),
    Explain(ExplainArguments),
    Validate(ValidateArguments),
    Swarm(SwarmArguments),
    Bench(BenchArguments),
}

/// Play a scenario and write its results
#[derive(Debug, Args)]
#[command(after_long_help = RUN_AFTER_HELP)]
pub(super) struct RunArguments {
    /// The scenario (TOML)
    pub(super) file: PathBuf,
    /// Root of all randomness, in place of the scenario's `seed`
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// Put a value in place of the scenario's; may be given several times
    ///
    /// The key is written with dots, as in `population.nodes`. The change goes through the same checks as the file.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// Folder for the results [default: results/NAME, with the scenario's name]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Replace earlier results, and play also what may not fit into memory
    ///
    /// Earlier results stay in place until the new ones are whole. A folder that does not look like results is never
    /// replaced. A run whose estimated memory is more than what is left is refused without this option.
    #[arg(long)]
    pub(super) force: bool,
    /// Also write lookups.csv: a row for each lookup
    #[arg(long)]
    pub(super) lookups: bool,
    /// Write the arrivals, departures and lookups that were played as a schedule
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,
    /// Play a recorded schedule
    ///
    /// It takes the place of the scenario's churn, of its lookups, and of its crash, leave and join events.
    #[arg(long, value_name = "FILE")]
    pub(super) replay: Option<PathBuf>,
    /// Check that what must hold does, so often in virtual time (such as 1s)
    ///
    /// The books of the simulation, and what the protocol promises: for Chord, successor lists in order, a live
    /// successor for every member, enough members that no list skips, and one ring. A violation ends the run with exit
    /// code 3 and names the event after which it was there.
    #[arg(long, value_name = "TIME", value_parser = super::violation::parse_period)]
    pub(super) check_every: Option<crate::engine::time::Duration>,
    #[command(flatten)]
    pub(super) progress: ProgressArgument,
    /// Show errors only: no progress, no summary, no warnings
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// Print the scenario with all defaults filled in, and do not play it
    #[arg(long)]
    pub(super) show_config: bool,
}

// No documentation comment here: it would be taken for help.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct ProgressArgument {
    /// When to show progress on standard error
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    progress: When,
}

impl ProgressArgument {
    /// When to show progress, where `--quiet` goes before it.
    pub(super) fn unless(self, quiet: bool) -> When {
        if quiet { When::Never } else { self.progress }
    }
}

/// Play a grid of scenarios on all cores and write tables over all of it
#[derive(Debug, Args)]
#[command(after_long_help = SWEEP_AFTER_HELP)]
pub(super) struct SweepArguments {
    /// The sweep (TOML): a base scenario, axes, and how often each cell is played
    pub(super) file: PathBuf,
    /// Jobs at once [default: one for each core]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(super) jobs: Option<u16>,
    /// Memory for all jobs at once, such as 12GiB [default: 90% of what is available]
    ///
    /// A job is started when its estimate fits. One that needs more than all of it is played alone.
    #[arg(long, value_name = "SIZE", value_parser = machine::parse_bytes)]
    pub(super) memory: Option<u64>,
    /// Put a value in place of the base scenario's, in all cells; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// Folder for the results [default: results/NAME, for a shard results/NAME.shard-K-of-N]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Play the k-th of n parts of the jobs
    #[arg(long, value_name = "K/N")]
    pub(super) shard: Option<Shard>,
    /// List the jobs with their state, memory and expected time; play and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Stop at the first job that fails
    #[arg(long)]
    pub(super) fail_fast: bool,
    /// Play jobs again that failed before
    #[arg(long)]
    pub(super) retry: bool,
    /// Start anew: drop what a sweep has left in the folder
    #[arg(long, conflicts_with = "dry_run")]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) progress: ProgressArgument,
    /// Show errors only: no progress, no table, no warnings
    #[arg(long, short)]
    pub(super) quiet: bool,
}

/// Put the shards of a sweep together
#[derive(Debug, Args)]
#[command(after_long_help = MERGE_AFTER_HELP)]
pub(super) struct MergeArguments {
    /// The folders of the shards
    #[arg(required = true, value_name = "DIR")]
    pub(super) folders: Vec<PathBuf>,
    /// Folder for the whole [default: results/NAME]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Show errors only: neither what was done nor warnings
    #[arg(long, short)]
    pub(super) quiet: bool,
}

/// Compare two sweeps, two parts of one, or two runs
#[derive(Debug, Args)]
#[command(after_long_help = COMPARE_AFTER_HELP)]
pub(super) struct CompareArguments {
    /// The folder of a sweep or a run, or a part of a sweep: DIR:key=value,key=value
    #[arg(value_name = "A")]
    pub(super) one: String,
    /// What is compared with it
    #[arg(value_name = "B")]
    pub(super) other: String,
    /// Differences within each cell, not over all together
    #[arg(long)]
    pub(super) each_cell: bool,
    /// Also write the table as CSV
    #[arg(long, value_name = "FILE")]
    pub(super) csv: Option<PathBuf>,
}

/// Check scenarios and sweeps without playing them
#[derive(Debug, Args)]
#[command(after_long_help = CHECK_AFTER_HELP)]
pub(super) struct CheckArguments {
    /// The scenarios and sweeps (TOML)
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
}

/// Make a page with plots and tables of the results of a run or a sweep
#[derive(Debug, Args)]
#[command(after_long_help = REPORT_AFTER_HELP)]
pub(super) struct ReportArguments {
    /// The results folder
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// Write one picture of the page as SVG instead
    ///
    /// ID is its name on the page, such as `failure-rate` or `hops`.
    #[arg(long, value_name = "ID")]
    pub(super) picture: Option<String>,
    /// Where to write it [default: DIR/report.html, or DIR/ID.svg]
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Replace what is there, even if it is no report
    #[arg(long)]
    pub(super) force: bool,
}

/// Play a scenario again and tell the story of one lookup: why did it fail?
#[derive(Debug, Args)]
#[command(after_long_help = EXPLAIN_AFTER_HELP)]
#[command(group(clap::ArgGroup::new("which").required(true).args(["lookup", "first_failed"])))]
pub(super) struct ExplainArguments {
    /// The scenario (TOML)
    pub(super) file: PathBuf,
    /// The lookup with this number, as in lookups.csv
    #[arg(long, value_name = "ID")]
    pub(super) lookup: Option<u64>,
    /// The first lookup of the measurement that ended with a wrong owner or none
    ///
    /// The first row of lookups.csv with the outcome `wrong_owner` or `failed`.
    #[arg(long)]
    pub(super) first_failed: bool,
    /// Root of all randomness, in place of the scenario's `seed`
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// Put a value in place of the scenario's; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// Play a recorded schedule
    #[arg(long, value_name = "FILE")]
    pub(super) replay: Option<PathBuf>,
    #[command(flatten)]
    pub(super) progress: ProgressArgument,
    /// Show the story and errors only: no progress, no warnings
    #[arg(long, short)]
    pub(super) quiet: bool,
}

/// Play the experiments of papers and print measured beside published
#[derive(Debug, Args)]
#[command(after_long_help = validate_after_help())]
pub(super) struct ValidateArguments {
    /// The experiments [default: all]
    #[arg(value_name = "NAME")]
    pub(super) names: Vec<String>,
    /// Values of the experiments' parameter, in place of those that are played else
    #[arg(long, value_name = "X", num_args = 1.., value_delimiter = ',')]
    pub(super) at: Vec<f64>,
    /// Also write the table as CSV
    #[arg(long, value_name = "FILE")]
    pub(super) csv: Option<PathBuf>,
    /// Also write the table as a page in Markdown
    #[arg(long, value_name = "FILE")]
    pub(super) markdown: Option<PathBuf>,
    /// Published numbers to compare with, in place of those that ship (scenarios/validation/published.csv)
    #[arg(long, value_name = "FILE")]
    pub(super) published: Option<PathBuf>,
    /// Runs at once [default: one for each core]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(super) jobs: Option<u16>,
    #[command(flatten)]
    pub(super) progress: ProgressArgument,
    /// Show errors only: no progress, no table
    #[arg(long, short)]
    pub(super) quiet: bool,
}

/// Play scenarios drawn at random, with all checkers on
#[derive(Debug, Args)]
#[command(after_long_help = SWARM_AFTER_HELP)]
pub(super) struct SwarmArguments {
    /// The seeds, from A to before B; each is a scenario
    #[arg(long, value_name = "A..B", value_parser = super::swarm::parse_seeds)]
    pub(super) seeds: std::ops::Range<u64>,
    /// What may happen to the networks
    #[arg(long, value_enum, value_name = "MODE", default_value = "everything")]
    pub(super) mode: super::swarm::Modes,
    /// The protocol of all scenarios [default: each draws one]
    #[arg(long, value_name = "NAME", value_parser = protocol_names())]
    pub(super) protocol: Option<String>,
    /// Make each failing scenario smaller, and write it down
    #[arg(long)]
    pub(super) shrink: bool,
    /// Folder for failing scenarios that were made smaller
    #[arg(long, value_name = "DIR", default_value = "results/swarm")]
    pub(super) out: PathBuf,
    /// Go on after something was found
    #[arg(long)]
    pub(super) keep_going: bool,
    /// Print the scenario of each seed, and do not play it
    #[arg(long)]
    pub(super) print: bool,
    /// Put a value in place of the scenarios'; may be given several times
    ///
    /// Scenarios in which it contradicts something else are left out.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// Runs at once [default: one for each core]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(super) jobs: Option<u16>,
    #[command(flatten)]
    pub(super) progress: ProgressArgument,
    /// Show findings only: no progress, no summary
    #[arg(long, short)]
    pub(super) quiet: bool,
}

/// Measure how fast protocols are simulated, and in how much memory
#[derive(Debug, Args)]
#[command(after_long_help = BENCH_AFTER_HELP)]
pub(super) struct BenchArguments {
    /// Sizes of the network, such as 1e4,1e6 [default: 1e4,1e5,1e6]
    #[arg(long, value_name = "N,...", value_delimiter = ',', value_parser = super::bench::parse_nodes)]
    pub(super) nodes: Vec<u32>,
    /// The protocols [default: all]
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', value_parser = protocol_names())]
    pub(super) protocol: Vec<String>,
    /// Virtual time that is measured, such as 5min [default: 1.5e7 node-seconds, 10s or more]
    #[arg(long, value_name = "TIME", value_parser = super::bench::parse_time)]
    pub(super) duration: Option<crate::engine::time::Duration>,
    /// Virtual time that is played before [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = super::bench::parse_time)]
    pub(super) warmup: Option<crate::engine::time::Duration>,
    /// Undisturbed runs of each protocol and size
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(super) repeat: u16,
    /// Root of all randomness, in place of the scenario's `seed`
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// Put a value in place of the scenario's; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// Also write the table as CSV
    #[arg(long, value_name = "FILE")]
    pub(super) csv: Option<PathBuf>,
    #[command(flatten)]
    pub(super) progress: ProgressArgument,
    /// Show errors only: no progress, no tables
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// Measure also what may not fit into memory
    #[arg(long)]
    pub(super) force: bool,
    /// Measure in this process, and write the figures for the one that began it
    #[arg(long, hide = true)]
    pub(super) worker: bool,
}

/// The help of `validate`, with the names of all experiments.
fn validate_after_help() -> String {
    let mut lines = vec!["Experiments:".to_owned()];
    for (number, experiment) in validation::ALL.iter().enumerate() {
        let comma = if number + 1 == validation::ALL.len() { "." } else { "," };
        let word = format!(" {}{comma}", experiment.name);
        match lines.last_mut() {
            Some(line) if line.len() + word.len() <= 85 => line.push_str(&word),
            _ => lines.push(word.trim_start().to_owned()),
        }
    }
    VALIDATE_AFTER_HELP.replace("{experiments}", &lines.join("\n"))
}

fn protocol_names() -> clap::builder::PossibleValuesParser {
    crate::simulation::protocols::NAMES.into()
}

/// Reads a duration such as `30s`; `form` says how one is written.
pub(super) fn parse_duration(text: &str, form: &str) -> Result<Duration, String> {
    units::parse_duration(text).map_err(|UnitError { problem, help }| {
        let help = help.unwrap_or_else(|| form.to_owned());
        format!("{problem}: {help}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_help_of_validate_names_all_experiments() {
        let help = validate_after_help();
        let named = |name: &str| help.split([' ', ',', '.', '\n']).any(|word| word == name);
        assert!(validation::ALL.iter().all(|experiment| named(experiment.name)), "{help}");
    }

    #[test]
    fn the_arguments_are_sound_and_the_help_fits_100_columns() {
        let mut command = Arguments::command();
        command.build();
        command.clone().debug_assert();
        for command in command.get_subcommands_mut() {
            let help = command.render_long_help().to_string();
            assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
        }
    }

    #[test]
    fn the_version_has_the_commit() {
        let version = Arguments::command().render_version();
        assert_eq!(version, format!("torus-sim {} ({})\n", env!("CARGO_PKG_VERSION"), crate::output::timing::COMMIT));
    }

    #[test]
    fn a_run_takes_all_its_arguments() {
        let line = "torus-sim run a.toml --seed 7 --set a=1 --set b=2 --out o --force --lookups --record r --replay p \
                    --progress never --quiet --show-config";
        let Command::Run(run) = Arguments::try_parse_from(line.split_whitespace()).unwrap().command else {
            panic!("a run was asked for")
        };
        assert_eq!((run.seed, run.set.len(), run.progress.unless(false)), (Some(7), 2, When::Never));
        assert!(run.force && run.lookups && run.quiet && run.show_config);
        for bad in ["torus-sim", "torus-sim run", "torus-sim run a b", "torus-sim run a --seed -1", "torus-sim check"] {
            assert_eq!(Arguments::try_parse_from(bad.split_whitespace()).unwrap_err().exit_code(), 2, "{bad}");
        }
    }
}
