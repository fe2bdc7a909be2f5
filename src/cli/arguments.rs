//! The arguments of the command line and their help.

use super::progress::When;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Version and commit.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("TORUS_SIM_COMMIT"), ")");

const AFTER_HELP: &str = "\
Examples:
  torus-sim run scenarios/churn20m.toml
  torus-sim check scenarios/*.toml

Exit codes:
  0    done
  1    a run could not be finished or written
  2    bad usage or bad input; nothing was written
  3    an invariant was violated (reserved)
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
  3    an invariant was violated (reserved)
  130  interrupted; nothing was written";

const CHECK_AFTER_HELP: &str = "\
Examples:
  torus-sim check scenarios/churn20m.toml
  torus-sim check scenarios/*.toml

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
    Check(CheckArguments),
    Report(ReportArguments),
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
    /// Replace earlier results
    ///
    /// They stay in place until the new ones are whole. A folder that does not look like results is never replaced.
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
    /// When to show progress on standard error
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    pub(super) progress: When,
    /// Show errors only: no progress, no summary, no warnings
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// Print the scenario with all defaults filled in, and do not play it
    #[arg(long)]
    pub(super) show_config: bool,
}

/// Check scenarios without playing them
#[derive(Debug, Args)]
#[command(after_long_help = CHECK_AFTER_HELP)]
pub(super) struct CheckArguments {
    /// The scenarios (TOML)
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
    /// Where to write the page [default: DIR/report.html]
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Replace what is there, even if it is no report
    #[arg(long)]
    pub(super) force: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

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
        assert_eq!((run.seed, run.set.len(), run.progress), (Some(7), 2, When::Never));
        assert!(run.force && run.lookups && run.quiet && run.show_config);
        for bad in ["torus-sim", "torus-sim run", "torus-sim run a b", "torus-sim run a --seed -1", "torus-sim check"] {
            assert_eq!(Arguments::try_parse_from(bad.split_whitespace()).unwrap_err().exit_code(), 2, "{bad}");
        }
    }
}
