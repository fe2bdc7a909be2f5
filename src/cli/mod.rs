//! The command line: arguments to calls, progress, messages, exit codes. What is simulated is decided elsewhere.

mod arguments;
mod bench;
mod bench_probe;
mod bench_table;
mod bench_worker;
mod check;
mod clock;
mod columns;
mod compare;
mod console;
mod display;
mod experiment;
mod explain;
mod interrupt;
mod machine;
mod merge;
mod progress;
mod report;
mod run;
mod story;
mod swarm;
mod swarm_progress;
mod sweep;
mod sweep_list;
mod sweep_progress;
mod table;
mod validate;
mod violation;

use arguments::{Arguments, Command};
use clap::Parser;
use console::Console;
use std::process::ExitCode;

/// A run could not be finished or written, or a figure is not as published.
const UNFINISHED: u8 = 1;
/// Bad usage or bad input; nothing was written.
const BAD_INPUT: u8 = 2;
/// A checked run found that something that must hold does not; nothing was written.
const VIOLATED: u8 = 3;
/// Interrupted by the user or the system; nothing was written.
const INTERRUPTED: u8 = 130;

/// Carries out the command line of this process and gives its exit code.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(message) => {
            // Help and version come this way too. If nobody reads them, that is no error.
            let _ = message.print();
            return if message.use_stderr() { ExitCode::from(BAD_INPUT) } else { ExitCode::SUCCESS };
        }
    };
    let mut console = Console::of_process();
    let outcome = match &arguments.command {
        Command::Run(arguments) => run::run(arguments, &mut console, experiment::load),
        Command::Check(arguments) => check::check(arguments, &mut console, sweep::look),
        Command::Sweep(arguments) => sweep::sweep(arguments, &mut console),
        Command::Merge(arguments) => merge::merge(arguments, &mut console),
        Command::Compare(arguments) => compare::compare(arguments, &mut console),
        Command::Report(arguments) => report::report(arguments, &mut console),
        Command::Explain(arguments) => explain::explain(arguments, &mut console),
        Command::Validate(arguments) => validate::validate(arguments, &mut console),
        Command::Swarm(arguments) => swarm::swarm(arguments, &mut console),
        Command::Bench(arguments) => bench::bench(arguments, &mut console),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => ExitCode::from(console.fail(&failure)),
    }
}
