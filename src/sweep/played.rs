//! What a sweep has played: its scenario, what was changed for all cells, and the files that were read. Part of the
//! manifest, so that a folder of results says what made it, and what has changed since.

use crate::scenario::Grid;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Changed keys that are named; of more, only the number is told.
const NAMED: usize = 3;

/// What a sweep plays, but for what is swept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Played {
    /// The effective scenario of the first cell, all defaults filled in; the others differ in the swept keys and in
    /// what follows from them.
    #[serde(default)]
    pub scenario: Value,
    /// What `[set]` and `--set` changed for all cells, in the order in which they were applied.
    #[serde(default)]
    pub changes: Vec<Change>,
    /// The files that were read, and their hashes.
    #[serde(default)]
    pub inputs: Vec<Input>,
}

/// A change that all cells share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The key.
    pub key: String,
    /// Its value, as it was written.
    pub value: String,
    /// `set` in the sweep file, or `--set`.
    pub from: String,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Its path as the sweep or the scenario gives it; of the sweep itself, and of absolute paths, only the name.
    pub file: String,
    /// Its BLAKE3 hash.
    pub blake3: String,
}

impl Played {
    /// What a grid says before any cell is read.
    pub fn of(grid: &Grid) -> Played {
        let change = |(key, value, from): (String, String, &str)| Change { key, value, from: from.to_owned() };
        let mut played = Played { changes: grid.changes().map(change).collect(), ..Played::default() };
        grid.files().into_iter().for_each(|(file, text)| {
            let blake3 = blake3::hash(text.as_bytes()).to_hex().to_string();
            played.add_input(&file, &blake3);
        });
        played
    }

    /// Notes a file, once.
    pub fn add_input(&mut self, path: &str, blake3: &str) {
        let name = Path::new(path).file_name().filter(|_| Path::new(path).is_absolute());
        let file = name.map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned());
        let input = Input { file, blake3: blake3.to_owned() };
        if !self.inputs.contains(&input) {
            self.inputs.push(input);
        }
    }

    /// What has changed since `before`, in words, but for the keys that are `swept`; empty if nothing has, or if it is
    /// not known what was played.
    pub fn changed_since(&self, before: &Played, swept: &[&str]) -> String {
        if before.scenario.is_null() || self.scenario.is_null() {
            return String::new();
        }
        let (mut old, mut new) = (BTreeMap::new(), BTreeMap::new());
        leaves("", &before.scenario, &mut old);
        leaves("", &self.scenario, &mut new);
        let is_swept = |key: &str| {
            let covers = |name: &&str| key == *name || key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
            ["name", "description"].contains(&key) || swept.iter().any(covers)
        };
        let keys: Vec<&String> = old.keys().chain(new.keys().filter(|key| !old.contains_key(*key))).collect();
        let value = |leaves: &BTreeMap<String, String>, key: &str| leaves.get(key).cloned();
        let mut words: Vec<String> = Vec::new();
        for key in keys.into_iter().filter(|key| !is_swept(key)) {
            match (value(&old, key), value(&new, key)) {
                (Some(was), Some(is)) if was != is => words.push(format!("{key} was {was} and is {is}")),
                (Some(was), None) => words.push(format!("{key} was {was} and is not there")),
                (None, Some(is)) => words.push(format!("{key} is {is} and was not there")),
                _ => {}
            }
        }
        // The texts of the sweep and of the scenario say nothing that the scenario does not say.
        for input in self.inputs.iter().filter(|input| !input.file.ends_with(".toml")) {
            let was = before.inputs.iter().find(|known| known.file == input.file);
            if was.is_some_and(|was| was.blake3 != input.blake3) {
                words.push(format!("the file {} has changed", input.file));
            }
        }
        let more = words.len().saturating_sub(NAMED);
        words.truncate(NAMED);
        words.extend((more > 0).then(|| format!("{more} more")));
        words.join("; ")
    }
}

/// The values in a tree, each under its path.
fn leaves(path: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(entries) => entries.iter().for_each(|(name, value)| leaves(&below(name), value, into)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| leaves(&below(&index.to_string()), value, into));
        }
        Value::String(text) => drop(into.insert(path.to_owned(), text.clone())),
        other => drop(into.insert(path.to_owned(), other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn played(scenario: Value, matrix: &str) -> Played {
        let mut played = Played { scenario, ..Played::default() };
        played.add_input("matrix.csv", matrix);
        played
    }

    #[test]
    fn what_has_changed_is_told_in_words_but_for_what_is_swept() {
        let one = json!({"name": "a", "seed": 1, "protocol": {"chord": {"successors": 8}}, "event": [{"at": "1min"}]});
        let other = json!({"name": "b", "seed": 2, "protocol": {"chord": {"successors": 4}}, "event": []});
        let (one, other) = (played(one, "x"), played(other, "y"));
        let words = "event.0.at was 1min and is not there; protocol.chord.successors was 8 and is 4; seed was 1 and is \
                     2; 1 more";
        assert_eq!(other.changed_since(&one, &[]), words);
        let words = "seed was 1 and is 2; the file matrix.csv has changed";
        assert_eq!(other.changed_since(&one, &["protocol.chord", "event"]), words);
        assert_eq!(one.changed_since(&one, &[]), "");
        assert_eq!(one.changed_since(&Played::default(), &[]), "", "it is not known what was played");
    }

    #[test]
    fn files_are_noted_once_and_without_the_folders_of_absolute_paths() {
        let mut played = Played::default();
        ["../base.toml", "/home/me/delays.csv", "../base.toml"].iter().for_each(|path| played.add_input(path, "x"));
        let files: Vec<_> = played.inputs.iter().map(|input| input.file.as_str()).collect();
        assert_eq!(files, ["../base.toml", "delays.csv"]);
    }
}
