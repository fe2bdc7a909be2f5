//! `manifest.json`: what made the results, and what there is to know before trusting them.
//!
//! Nothing in it depends on when, where or how fast the run was: it is byte-identical for the same inputs.

use super::file::FileRecord;
use super::results::{Provenance, Run};
use serde::Serialize;
use std::io::{self, Write};
use std::path::Path;

/// Counts up when a key changes its meaning or goes away.
pub const FORMAT: u32 = 1;

/// The keys, in the order of the file, with their meaning.
pub const KEYS: &[(&str, &str)] = &[
    ("format", "version of this file's layout: 1"),
    ("program", "`torus-sim`"),
    ("version", "version of the program"),
    ("name", "name of the scenario"),
    ("seed", "root of all randomness"),
    ("replicate", "number of the replicate"),
    ("protocol", "name of the protocol"),
    ("fingerprint", "hash over time, node and kind of every event from time 0 on"),
    ("scenario_hash", "hash of the effective scenario and of all files that it reads"),
    ("scenario", "the effective scenario: what the file says, what `--set` and `--seed` changed, and all defaults"),
    (
        "inputs",
        "each file that the scenario reads: its path as the scenario gives it (an absolute one without its folders), \
         BLAKE3",
    ),
    ("files", "each file of the results but this one and `timing.json`: name, size in bytes, BLAKE3"),
    ("warnings", "reasons to look twice: a `kind` for programs, a `text` for people; empty if there are none"),
];

#[derive(Serialize)]
struct Manifest<'a> {
    format: u32,
    program: &'static str,
    version: &'static str,
    name: &'a str,
    seed: u64,
    replicate: u64,
    protocol: &'static str,
    fingerprint: &'a str,
    scenario_hash: &'a str,
    scenario: &'a serde_json::Value,
    inputs: Vec<Input<'a>>,
    files: &'a [FileRecord],
    warnings: Vec<WarningEntry>,
}

#[derive(Serialize)]
struct Input<'a> {
    file: String,
    blake3: &'a str,
}

#[derive(Serialize)]
struct WarningEntry {
    kind: &'static str,
    text: String,
}

/// Writes the file. `files` are those that it vouches for.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(mut out: impl Write, run: &Run, provenance: &Provenance, files: &[FileRecord]) -> io::Result<()> {
    let warnings = run.report.warnings.iter();
    let manifest = Manifest {
        format: FORMAT,
        program: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        name: &run.name,
        seed: run.seed.seed,
        replicate: run.seed.replicate,
        protocol: run.report.protocol,
        fingerprint: &run.report.fingerprint,
        scenario_hash: &provenance.scenario_hash,
        scenario: &provenance.scenario,
        inputs: inputs(provenance),
        files,
        warnings: warnings.map(|warning| WarningEntry { kind: warning.kind(), text: warning.to_string() }).collect(),
    };
    serde_json::to_writer_pretty(&mut out, &manifest)?;
    out.write_all(b"\n")
}

/// The inputs, but for the folders of absolute paths: they differ from machine to machine.
fn inputs(provenance: &Provenance) -> Vec<Input<'_>> {
    let name = |given: &str| {
        let path = Path::new(given);
        let name = path.file_name().filter(|_| path.is_absolute());
        name.map_or_else(|| given.to_owned(), |name| name.to_string_lossy().into_owned())
    };
    provenance.inputs.iter().map(|(path, blake3)| Input { file: name(path), blake3 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    fn example_manifest() -> String {
        let files = [FileRecord { file: "hops.csv".to_owned(), bytes: 12, blake3: "ab".to_owned() }];
        let mut file = Vec::new();
        write(&mut file, &example::run(), &example::provenance(), &files).unwrap();
        String::from_utf8(file).unwrap()
    }

    #[test]
    fn the_file_of_an_example_run_is_as_expected() {
        let text = example_manifest().replace(env!("CARGO_PKG_VERSION"), "VERSION");
        snapbox::assert_data_eq!(text, snapbox::file!["golden/manifest.json"].raw());
    }

    #[test]
    fn every_key_is_described_and_stands_in_the_order_of_the_description() {
        let text = example_manifest();
        let places: Vec<_> = KEYS.iter().map(|(key, _)| text.find(&format!("\n  \"{key}\": ")).expect(key)).collect();
        assert!(places.is_sorted());
        assert_eq!(text.lines().filter(|line| line.starts_with("  \"")).count(), KEYS.len());
    }

    #[test]
    fn the_folders_of_inputs_are_not_told() {
        assert!(!example_manifest().contains("/home"));
    }
}
