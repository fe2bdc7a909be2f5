//! `torus-sim bench`: how fast the simulator is, and how much memory it takes, by protocol and size.
//!
//! Each protocol plays the law of `scenarios/churn20m.toml` at each size, in a process of its own that measures and
//! hands its figures back as a line of JSON.

use super::arguments::{BenchArguments, parse_duration};
use super::bench_table;
use super::bench_worker::{Measured, measure};
use super::console::{Console, Failure};
use super::experiment::{self, Experiment};
use super::run::fits;
use super::{interrupt, machine};
use crate::engine::time::Duration;
use crate::output::Error;
use crate::output::single::SingleFile;
use crate::simulation::protocols;
use clap::ValueEnum;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;

/// The law that is played.
const LAW: &str = include_str!("../../scenarios/churn20m.toml");

/// Its file, for messages.
const LAW_NAME: &str = "churn20m.toml";

/// Virtual time that is measured, times nodes \[s\]: some 15 million events of Chord.
const NODE_SECONDS: f64 = 1.5e7;

/// The least virtual time that is measured \[s\].
const LEAST_S: f64 = 10.0;

/// Virtual time before: a round of maintenance of every node.
const WARMUP: Duration = Duration::from_secs(30);

/// Sizes that are measured if none is named.
const SIZES: [u32; 3] = [10_000, 100_000, 1_000_000];

/// Most nodes of a scenario.
const MOST_NODES: f64 = 1e8;

/// Columns of the table that `--csv` writes.
const HEADER: [&str; 7] = ["protocol", "nodes", "events", "events_per_s", "bytes_per_node", "build_s", "fingerprint"];

/// Reads a number of nodes, such as `10000`, `10_000` or `1e4`.
pub(super) fn parse_nodes(text: &str) -> Result<u32, String> {
    let number: Option<f64> = text.replace('_', "").parse().ok();
    match number {
        Some(number) if number.fract() == 0.0 && (1.0..=MOST_NODES).contains(&number) => Ok(number as u32),
        Some(_) => Err("a number of nodes is a whole number from 1 to 1e8".to_owned()),
        None => Err("a number of nodes is written like 10000, 10_000 or 1e4".to_owned()),
    }
}

/// Reads a virtual time, such as `30s`.
pub(super) fn parse_time(text: &str) -> Result<Duration, String> {
    parse_duration(text, "a time is a number and a unit, such as 90s, 5min or 1h")
}

/// Carries out the command.
pub(super) fn bench(arguments: &BenchArguments, console: &mut Console) -> Result<(), Failure> {
    if arguments.worker {
        return work(arguments, console);
    }
    let sizes = if arguments.nodes.is_empty() { &SIZES[..] } else { &arguments.nodes };
    let all: Vec<String> = protocols::NAMES.iter().map(|name| (*name).to_owned()).collect();
    let names = if arguments.protocol.is_empty() { &all } else { &arguments.protocol };
    let cells = cells(names, sizes);
    // All that can be told beforehand is, before the first of them takes its time.
    for (protocol, nodes) in &cells {
        let experiment = load(arguments, protocol, *nodes, console.colours)?;
        if !arguments.force {
            fits(experiment.play.memory_bytes(&experiment.scenario), machine::available_memory_bytes())?;
        }
    }
    let stop = interrupt::watch();
    let mut rows = Vec::new();
    for (protocol, nodes) in cells {
        rows.push(measure_apart(arguments, protocol, nodes, console.err_is_terminal)?);
        if stop.load(Ordering::Relaxed) {
            return Err(interrupted());
        }
    }
    if let Some(path) = &arguments.csv {
        write_csv(&rows, path)?;
    }
    if arguments.quiet { Ok(()) } else { console.print(&bench_table::tables(&rows)) }
}

/// Protocols and sizes in the order in which they are named, each once.
fn cells<'a>(protocols: &'a [String], sizes: &[u32]) -> Vec<(&'a str, u32)> {
    let mut cells = Vec::new();
    for protocol in protocols {
        for nodes in sizes {
            if !cells.contains(&(protocol.as_str(), *nodes)) {
                cells.push((protocol.as_str(), *nodes));
            }
        }
    }
    cells
}

/// The law at a size. The error is ready to be shown.
fn load(arguments: &BenchArguments, protocol: &str, nodes: u32, colours: bool) -> Result<Experiment, Failure> {
    let warmup = arguments.warmup.unwrap_or(WARMUP);
    let duration = arguments
        .duration
        .unwrap_or_else(|| Duration::from_secs((NODE_SECONDS / f64::from(nodes)).max(LEAST_S).round() as u64));
    let mut changes = vec![
        format!("protocol={protocol}"),
        format!("population.nodes={nodes}"),
        format!("measurement.warmup={}ns", warmup.as_nanos()),
        format!("measurement.duration={}ns", duration.as_nanos()),
    ];
    // A window is no longer than the measurement.
    if duration < Duration::from_secs(60) {
        changes.push(format!("measurement.window={}ns", duration.as_nanos()));
    }
    changes.extend(arguments.seed.map(|seed| format!("seed={seed}")));
    changes.extend(arguments.set.iter().filter(|change| !is_of_another(change, protocol)).cloned());
    experiment::from_text(LAW_NAME, LAW, &changes, colours).map_err(|rendered| Failure::Input { rendered })
}

/// Whether a change is of the parameters of another protocol than this one.
fn is_of_another(change: &str, protocol: &str) -> bool {
    let named = change.trim_start().strip_prefix("protocol.").and_then(|rest| rest.split(['.', '=']).next());
    named.is_some_and(|named| named != protocol && protocols::NAMES.contains(&named))
}

/// Measures in this process and writes what was measured to standard output, for the process that began it.
fn work(arguments: &BenchArguments, console: &mut Console) -> Result<(), Failure> {
    let ([protocol], [nodes]) = (&arguments.protocol[..], &arguments.nodes[..]) else {
        return Err(Failure::Usage { text: "a worker measures one protocol at one size".to_owned(), help: None });
    };
    let colours = console.colours;
    let load = || load(arguments, protocol, *nodes, colours);
    let progress = arguments.progress.unless(arguments.quiet);
    let measured = measure(load, arguments.repeat, progress, console)?;
    let text = serde_json::to_string(&measured).map_err(|error| Failure::unfinished(error.to_string()))?;
    console.print(&text)
}

/// Lets a process of its own measure one protocol at one size. Its progress and its complaints go to the same standard
/// error.
fn measure_apart(
    arguments: &BenchArguments,
    protocol: &str,
    nodes: u32,
    err_is_terminal: bool,
) -> Result<Measured, Failure> {
    let failed = |error: io::Error| Failure::unfinished(format!("cannot start a process to measure in: {error}"));
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    command.args(["bench", "--worker", "--protocol", protocol, "--nodes"]).arg(nodes.to_string());
    command.arg("--repeat").arg(arguments.repeat.to_string());
    for (name, time) in [("--warmup", arguments.warmup), ("--duration", arguments.duration)] {
        if let Some(time) = time {
            command.arg(name).arg(format!("{}ns", time.as_nanos()));
        }
    }
    if let Some(seed) = arguments.seed {
        command.arg("--seed").arg(seed.to_string());
    }
    arguments.set.iter().for_each(|change| {
        command.arg("--set").arg(change);
    });
    if let Some(when) = arguments.progress.unless(arguments.quiet).to_possible_value() {
        command.args(["--progress", when.get_name()]);
    }
    command.stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command.output().map_err(failed)?;
    match output.status.code() {
        Some(0) => serde_json::from_slice(&output.stdout)
            .map_err(|error| Failure::unfinished(format!("a measurement gave no figures: {error}"))),
        Some(code) if code == i32::from(super::INTERRUPTED) => Err(interrupted()),
        _ => Err(Failure::unfinished(format!(
            "the measurement of {protocol} at {nodes} nodes did not come to its end ({}){}",
            output.status,
            if err_is_terminal { "" } else { "; what it said stands above" }
        ))),
    }
}

pub(super) fn interrupted() -> Failure {
    Failure::Interrupted { text: "nothing was written".to_owned() }
}

fn write_csv(rows: &[Measured], path: &Path) -> Result<(), Failure> {
    let (place, mut file) = SingleFile::claim(path, true)?;
    fill_csv(&mut file, rows).map_err(Error::io("write", path))?;
    file.finish()?;
    Ok(place.publish()?)
}

fn fill_csv(out: &mut dyn Write, rows: &[Measured]) -> io::Result<()> {
    writeln!(out, "{}", HEADER.join(","))?;
    for row in rows {
        let Measured { protocol, nodes, events, events_per_s, build_s, fingerprint, .. } = row;
        let bytes = row.bytes_per_node().map_or_else(String::new, |bytes| format!("{bytes:.1}"));
        writeln!(out, "{protocol},{nodes},{events},{events_per_s:.0},{bytes},{build_s:.4},{fingerprint}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_nodes_are_read_as_people_write_them() {
        for (text, nodes) in [("1e4", 10_000), ("10_000", 10_000), ("300", 300), ("1e8", 100_000_000)] {
            assert_eq!(parse_nodes(text), Ok(nodes), "{text}");
        }
        for bad in ["", "many", "0", "-5", "1.5", "1e9", "nan", "inf"] {
            assert!(parse_nodes(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_named_twice_is_measured_once() {
        let names = ["a".to_owned(), "b".to_owned(), "a".to_owned()];
        assert_eq!(cells(&names, &[1, 2, 1]), [("a", 1), ("a", 2), ("b", 1), ("b", 2)]);
    }
}
