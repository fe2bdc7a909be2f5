//! What tests of the program share: starting it as a user would, and reading what it wrote.

#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The folder of the project.
pub const PROJECT: &str = env!("CARGO_MANIFEST_DIR");

/// The program, working in `folder`, with nothing on its standard input.
pub fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_torus-sim"));
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// Runs the program in `folder` until it ends.
pub fn torus_sim(folder: &Path, arguments: &[&str]) -> Ended {
    Ended::from(program(folder).args(arguments).output().expect("the program starts"))
}

/// How a program ended and what it said.
pub struct Ended {
    /// Exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the program speaks UTF-8");
        Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Ended {
    /// Fails unless the exit code is as expected.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "standard output:\n{}\nstandard error:\n{}", self.out, self.err);
        self
    }
}

/// Path of a scenario that ships: `churn20m`, `peers/simgrid-chord`.
pub fn scenario(name: &str) -> String {
    format!("{PROJECT}/scenarios/{name}.toml")
}

/// All scenarios that ship and are played at full size by `.ci/run`, in order of their names.
pub fn shipped() -> Vec<PathBuf> {
    [scenarios_in("scenarios"), scenarios_in("scenarios/peers")].concat()
}

/// The scenarios that ship and are too large for that.
pub fn shipped_large() -> Vec<PathBuf> {
    scenarios_in("scenarios/scale")
}

fn scenarios_in(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(PROJECT).join(folder)).expect("a folder of scenarios");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files
}

/// All that is in a folder: files with their content, folders with `None`; hidden ones too.
pub fn tree(folder: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.strip_prefix(folder).expect("it is inside").to_path_buf();
            if path.is_dir() {
                found.insert(name, None);
                folders.push(path);
            } else {
                found.insert(name, Some(fs::read(&path).expect("a file")));
            }
        }
    }
    found
}

/// The value of a top-level key of a results folder's manifest that holds a text.
pub fn manifest(results: &Path, key: &str) -> String {
    let text = fs::read_to_string(results.join("manifest.json")).expect("a manifest");
    let manifest: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    manifest[key].as_str().expect(key).to_owned()
}

/// A column of a CSV file without quotes.
pub fn column(file: &Path, name: &str) -> Vec<String> {
    let text = fs::read_to_string(file).expect("a CSV file");
    let mut lines = text.lines();
    let header = lines.next().expect("a header");
    let place = header.split(',').position(|column| column == name).expect(name);
    lines.map(|line| line.split(',').nth(place).expect("a field").to_owned()).collect()
}
