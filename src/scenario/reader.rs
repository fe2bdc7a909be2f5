//! Reading a table by its schema: [`TableReader`].
//!
//! The code that reads a table *is* its schema: each call names a key, says what is allowed and what the default is. In
//! return the reader finds all problems instead of the first, reports keys that nobody asked for together with the
//! nearest name, and records the effective value of every key. A protocol reads its own table in the same way:
//!
//! ```
//! use torus_sim::engine::time::Duration;
//! use torus_sim::scenario::{Facts, TableReader, Zero};
//!
//! struct Gossip { fanout: u64, timeout: Duration }
//!
//! fn read_gossip(table: &mut TableReader<'_>, facts: &Facts) -> Gossip {
//!     let fanout = table.count_or("fanout", 3, 1..=64);
//!     let timeout = table.duration_or("timeout", Duration::from_secs(2), Zero::Forbidden);
//!     if facts.nodes.is_some_and(|nodes| fanout >= u64::from(nodes)) && table.is_sound("fanout") {
//!         table.reject("fanout", "`fanout` must be below the number of nodes");
//!     }
//!     Gossip { fanout, timeout }
//! }
//! ```
//!
//! Every accessor gives back a value of its plain type. If the file has a problem there, it is a stand-in that lies in
//! the allowed range: whatever is built from it is thrown away, for the scenario as a whole is then rejected. So no key
//! can be skipped by an early return, and all problems come to light at once.

use super::diagnostics::{Diagnostics, Problem};
use super::effective::Effective;
use super::source::Place;
use super::tree::{Entry, Kind, Table, Value};
use super::units;
use crate::engine::time::Duration;

static NO_TABLE: Table = Table::EMPTY;

/// Reads one table of a scenario; see the module's description. [`count`](Self::count) and the other typed accessors
/// read a key; [`table`](Self::table), [`choice`](Self::choice) and [`tables`](Self::tables) descend.
#[derive(Debug)]
pub struct TableReader<'a> {
    path: String,
    table: &'a Table,
    place: Place,
    sink: &'a mut Diagnostics,
    known: Vec<String>,
    faulty: Vec<String>,
    missing: Vec<(String, Problem)>,
    effective: Vec<(String, Effective)>,
}

impl<'a> TableReader<'a> {
    pub(super) fn new(path: String, table: &'a Table, place: Place, sink: &'a mut Diagnostics) -> Self {
        let (known, faulty, missing, effective) = Default::default();
        TableReader { path, table, place, sink, known, faulty, missing, effective }
    }

    /// The full name of a key of this table, as `--set` takes it.
    pub fn full_name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Whether the key is written down (its default does not count).
    pub fn has(&self, key: &str) -> bool {
        self.table.get(key).is_some()
    }

    /// Whether no problem was found with the key so far: checks of several keys against each other ask this first.
    pub fn is_sound(&self, key: &str) -> bool {
        !self.faulty.iter().any(|faulty| faulty == key)
    }

    /// Where the value of a key stands, or the table if the key is not written down.
    pub fn place_of(&self, key: &str) -> Place {
        self.table.get(key).map_or_else(|| self.place.clone(), |entry| entry.value.place.clone())
    }

    /// Where the key itself stands, or the table if it is not written down.
    pub fn key_place(&self, key: &str) -> Place {
        self.table.get(key).map_or_else(|| self.place.clone(), |entry| entry.key_place.clone())
    }

    /// Where the table stands: its header.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Reports a problem that was found outside of the accessors, with a key (marked as unsound) or the table.
    pub fn report(&mut self, key: &str, problem: Problem) {
        self.faulty.push(key.to_owned());
        self.sink.push(problem);
    }

    /// Says what may not be as it was meant.
    pub fn warn(&mut self, problem: Problem) {
        self.sink.push(problem);
    }

    /// Says that a key is written down and nothing comes of it, since `other` is what it is: `why`. To be asked only
    /// where the value is not the default: a scenario with all its defaults written down says nothing of its own.
    pub fn warn_idle(&mut self, key: &str, other: &str, why: &str) {
        if self.has(key) && self.is_sound(key) && self.is_sound(other) {
            let problem = Problem::warning(format!("`{key}` has no effect here"), self.key_place(key), "idle");
            self.warn(problem.and(self.place_of(other), why));
        }
    }

    /// Reports that the value of a key is not acceptable.
    pub fn reject(&mut self, key: &str, message: impl Into<String>) {
        let problem = Problem::error(message, self.place_of(key), "");
        self.report(key, problem);
    }

    /// Reports that a value is not of the kind or not in the range that is `allowed`.
    pub(super) fn reject_value(&mut self, key: &str, problem: &str, label: String, allowed: &str) {
        let message = format!("`{}` {problem}", self.full_name(key));
        let problem = Problem::error(message, self.place_of(key), label).note(format!("allowed: {allowed}"));
        self.report(key, problem);
    }

    /// Marks a key as known, and gives its value if it is written down.
    pub(super) fn take(&mut self, key: &str) -> Option<&'a Value> {
        self.knows(key);
        self.table.get(key).map(|entry| &entry.value)
    }

    /// All that is written down in the table, in the order of the text, whatever the keys are.
    pub(super) fn all_entries(&mut self) -> Vec<&'a Entry> {
        let mut entries: Vec<&'a Entry> = self.table.entries().iter().collect();
        entries.sort_by_key(|entry| entry.key_place.range().start);
        entries.iter().for_each(|entry| self.knows(&entry.key));
        entries
    }

    /// The value that is written down for a key; does not count as reading it.
    pub(super) fn peek(&self, key: &str) -> Option<&'a Value> {
        self.table.get(key).map(|entry| &entry.value)
    }

    fn knows(&mut self, key: &str) {
        if !self.known.iter().any(|known| known == key) {
            self.known.push(key.to_owned());
        }
    }

    /// Remembers the effective value of a key.
    pub(super) fn record(&mut self, key: &str, value: Effective) {
        self.effective.push((key.to_owned(), value));
    }

    /// The duration that a key was read as, if it was; `never` is none.
    pub(super) fn recorded_duration(&self, key: &str) -> Option<Duration> {
        let (_, value) = self.effective.iter().find(|(name, _)| name == key)?;
        match value {
            Effective::String(text) => units::parse_duration(text).ok(),
            _ => None,
        }
    }

    /// Reports a key that must be there. If an unknown key looks like it, only that is reported.
    pub(super) fn report_missing(&mut self, key: &str, allowed: &str) {
        let message = format!("`{}` is missing", self.full_name(key));
        let label = if self.place.is_whole() { String::new() } else { format!("`{key}` belongs in this table") };
        let problem = Problem::error(message, self.place.clone(), label).note(format!("allowed: {allowed}"));
        self.faulty.push(key.to_owned());
        self.missing.push((key.to_owned(), problem.missing()));
    }

    /// Reads the table of `key`. A table that is not written down is read as an empty one, so that its defaults count;
    /// keys that must be in it are then reported with the table above.
    pub fn table<T>(&mut self, key: &str, read: impl FnOnce(&mut TableReader<'_>) -> T) -> T {
        let (table, place) = match self.take(key) {
            None => (&NO_TABLE, self.place.clone()),
            Some(Value { kind: Kind::Table(table), place }) => (table, place.clone()),
            Some(value) => {
                self.reject_kind(key, value, "a table");
                return self.read_aside(key, read);
            }
        };
        self.descend(key, table, place, read)
    }

    /// Reads the table of `key` if it is written down.
    pub fn optional_table<T>(&mut self, key: &str, read: impl FnOnce(&mut TableReader<'_>) -> T) -> Option<T> {
        self.knows(key);
        self.has(key).then(|| self.table(key, read))
    }

    /// Reads each entry of an array of tables; none if the key is not written down.
    pub fn tables<T>(&mut self, key: &str, mut read: impl FnMut(&mut TableReader<'_>) -> T) -> Vec<T> {
        let items = match self.take(key) {
            None => return Vec::new(),
            Some(Value { kind: Kind::Array(items), .. }) => items,
            Some(value) => {
                self.reject_kind(key, value, &format!("tables, each headed [[{key}]]"));
                return Vec::new();
            }
        };
        let (mut values, mut recorded) = (Vec::new(), Vec::new());
        for (index, item) in items.iter().enumerate() {
            let Kind::Table(table) = &item.kind else {
                self.reject_kind(key, item, "a table");
                continue;
            };
            let path = self.full_name(&format!("{key}.{index}"));
            let mut reader = TableReader::new(path, table, item.place.clone(), &mut *self.sink);
            values.push(read(&mut reader));
            recorded.push(reader.finish());
        }
        self.record(key, Effective::Array(recorded));
        values
    }

    /// Reads a choice: a table with exactly one of the tables `allowed` in it, whose name and content are handed to
    /// `read`. The name alone, as a string, stands for an empty table. If nothing is written down the `default` is
    /// read as an empty table. `None` if the choice is missing or not clear; this has then been reported.
    pub fn choice<T>(
        &mut self,
        key: &str,
        allowed: &[&str],
        default: Option<&str>,
        read: impl FnOnce(&mut TableReader<'_>, &str) -> T,
    ) -> Option<T> {
        match self.take(key) {
            None => match default {
                Some(word) => {
                    let place = self.place.clone();
                    let value = self.choose(key, word, &NO_TABLE, place, read);
                    Some(value)
                }
                None => {
                    self.report_missing(key, &list(allowed, "or"));
                    None
                }
            },
            Some(Value { kind: Kind::String(word), place }) if allowed.contains(&word.as_str()) => {
                Some(self.choose(key, word, &NO_TABLE, place.clone(), read))
            }
            Some(Value { kind: Kind::String(word), .. }) => {
                let name = self.full_name(key);
                let problem = unknown_word(&name, word, allowed, self.place_of(key));
                self.report(key, problem);
                None
            }
            Some(Value { kind: Kind::Table(table), place }) => {
                let word = self.the_choice(key, table, place, allowed)?;
                let entry = table.get(word)?;
                match &entry.value.kind {
                    Kind::Table(inner) => Some(self.choose(key, word, inner, entry.value.place.clone(), read)),
                    _ => {
                        let message = format!("`{}.{word}` must be a table", self.full_name(key));
                        let label = format!("this is {}", entry.value.described());
                        let problem = Problem::error(message, entry.value.place.clone(), label);
                        self.report(
                            key,
                            problem.help(format!("write [{}.{word}] with its keys below", self.full_name(key))),
                        );
                        None
                    }
                }
            }
            Some(value) => {
                self.reject_kind(key, value, &format!("a table with {}", list(allowed, "or")));
                None
            }
        }
    }

    /// The one key of a choice table; reports unknown and further ones.
    fn the_choice<'t>(&mut self, key: &str, table: &'t Table, place: &Place, allowed: &[&str]) -> Option<&'t str> {
        let name = self.full_name(key);
        let (known, unknown): (Vec<&Entry>, Vec<&Entry>) =
            table.entries().iter().partition(|entry| allowed.contains(&entry.key.as_str()));
        for entry in &unknown {
            self.report(key, unknown_word(&name, &entry.key, allowed, entry.key_place.clone()));
        }
        let [first, others @ ..] = known.as_slice() else {
            if unknown.is_empty() {
                let problem = Problem::error(format!("`{name}` says nothing"), place.clone(), "one is needed here");
                self.report(key, problem.note(format!("allowed: {}", list(allowed, "or"))));
            }
            return None;
        };
        for other in others {
            let message = format!("`{name}` is given twice: `{}` and `{}`", first.key, other.key);
            let problem = Problem::error(message, other.key_place.clone(), "leave one of them out");
            self.report(key, problem.and(first.key_place.clone(), "the other"));
        }
        (others.is_empty() && unknown.is_empty()).then_some(first.key.as_str())
    }

    fn choose<T>(
        &mut self,
        key: &str,
        word: &str,
        table: &Table,
        place: Place,
        read: impl FnOnce(&mut TableReader<'_>, &str) -> T,
    ) -> T {
        let path = self.full_name(&format!("{key}.{word}"));
        let before = self.sink.errors();
        let mut reader = TableReader::new(path, table, place, &mut *self.sink);
        let value = read(&mut reader, word);
        let recorded = reader.finish();
        self.record(key, Effective::Table(vec![(word.to_owned(), recorded)]));
        self.mark(key, before);
        value
    }

    fn descend<T>(
        &mut self,
        key: &str,
        table: &Table,
        place: Place,
        read: impl FnOnce(&mut TableReader<'_>) -> T,
    ) -> T {
        let before = self.sink.errors();
        let mut reader = TableReader::new(self.full_name(key), table, place, &mut *self.sink);
        let value = read(&mut reader);
        let recorded = reader.finish();
        self.record(key, recorded);
        self.mark(key, before);
        value
    }

    /// Reads an empty table in place of something that is none, and keeps what is found there to itself.
    fn read_aside<T>(&mut self, key: &str, read: impl FnOnce(&mut TableReader<'_>) -> T) -> T {
        let mut ignored = Diagnostics::default();
        let mut reader = TableReader::new(self.full_name(key), &NO_TABLE, self.place_of(key), &mut ignored);
        read(&mut reader)
    }

    /// A key is unsound if problems were found below it.
    fn mark(&mut self, key: &str, errors_before: usize) {
        if self.sink.errors() > errors_before {
            self.faulty.push(key.to_owned());
        }
    }

    /// Which of the keys `allowed` is written down; reports if it is none, or more than one.
    pub fn exactly_one(&mut self, allowed: &[&'static str]) -> Option<&'static str> {
        let found = self.at_most_one(allowed);
        if found.is_none() && !allowed.iter().any(|key| self.has(key)) {
            let names = list(allowed, "or");
            let message = match self.path.as_str() {
                "" => format!("one of {names} is missing"),
                path => format!("`{path}` needs one of {names}"),
            };
            let label = if self.place.is_whole() { "" } else { "none of them is given" };
            let problem = Problem::error(message, self.place.clone(), label).missing();
            let keys = allowed.iter().map(|&key| (key.to_owned(), problem.clone()));
            self.faulty.extend(allowed.iter().map(|&key| key.to_owned()));
            self.missing.extend(keys);
        }
        found
    }

    /// Which of the keys `allowed` is written down, if one is; reports if it is more than one.
    pub fn at_most_one(&mut self, allowed: &[&'static str]) -> Option<&'static str> {
        allowed.iter().for_each(|key| self.knows(key));
        let mut found = allowed.iter().copied().filter(|key| self.has(key));
        let first = found.next()?;
        let others: Vec<&str> = found.collect();
        for other in &others {
            let message = format!("`{}` and `{}` exclude each other", self.full_name(first), self.full_name(other));
            let problem = Problem::error(message, self.key_place(other), "leave one of them out");
            let problem = problem.and(self.key_place(first), "the other");
            self.report(other, problem);
        }
        others.is_empty().then_some(first)
    }

    /// Reports that a value is of the wrong kind.
    pub(super) fn reject_kind(&mut self, key: &str, value: &Value, allowed: &str) {
        let message =
            format!("`{}` must be {}", self.full_name(key), allowed.split(", such as").next().unwrap_or(allowed));
        let label = format!("this is {}", value.described());
        let mut problem = Problem::error(message, value.place.clone(), label);
        if allowed.contains(", such as") {
            problem = problem.note(format!("allowed: {allowed}"));
        }
        self.report(key, problem);
    }

    /// Reports what is unknown or missing, and gives the effective table.
    pub(super) fn finish(self) -> Effective {
        let TableReader { path, table, sink, known, mut missing, effective, .. } = self;
        let names: Vec<&str> = known.iter().map(String::as_str).collect();
        for entry in table.entries().iter().filter(|entry| !names.contains(&entry.key.as_str())) {
            let message = match path.as_str() {
                "" => format!("unknown key `{}`", entry.key),
                path => format!("unknown key `{}` in `{path}`", entry.key),
            };
            let mut problem = Problem::error(message, entry.key_place.clone(), "");
            let near = nearest(&entry.key, &names);
            if let Some(near) = near {
                problem = problem.help(format!("did you mean `{near}`?"));
                missing.retain(|(key, _)| key != near);
            }
            if !names.is_empty() {
                problem = problem.note(format!("known here: {}", list(&names, "and")));
            }
            sink.push(problem);
        }
        let mut said = Vec::new();
        for (_, problem) in missing {
            // Several keys may share one message.
            if !said.contains(&problem.message) {
                said.push(problem.message.clone());
                sink.push(problem);
            }
        }
        Effective::Table(effective)
    }
}

/// The name that `wrong` was probably meant to be.
pub(super) fn nearest<'n>(wrong: &str, names: &[&'n str]) -> Option<&'n str> {
    // Two slips in a word of six letters, and one more for each three further letters.
    let tolerance = |name: &str| (name.chars().count().max(wrong.chars().count()) / 3).max(1);
    let distance = |name: &str| strsim::damerau_levenshtein(&name.to_lowercase(), &wrong.to_lowercase());
    if wrong.len() > 100 {
        return None;
    }
    let by_distance =
        names.iter().copied().filter(|name| distance(name) <= tolerance(name)).min_by_key(|n| distance(n));
    let part = |name: &&str| wrong.len() >= 4 && (name.contains(wrong) || wrong.contains(*name) && name.len() >= 4);
    by_distance.or_else(|| names.iter().copied().find(part))
}

/// A word that is none of those allowed.
pub(super) fn unknown_word(name: &str, word: &str, allowed: &[&str], place: Place) -> Problem {
    let problem = Problem::error(format!("`{name}` cannot be `{word}`"), place, "")
        .note(format!("allowed: {}", list(allowed, "or")));
    match nearest(word, allowed) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem,
    }
}

/// `a`, `b` or `c`.
pub(super) fn list(names: &[&str], conjunction: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [init @ .., last] => format!("{} {conjunction} {last}", init.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_far_ones_are_not() {
        let names = ["nodes", "start", "join_every", "permanent", "stabilize_every"];
        for (wrong, near) in [
            ("node", Some("nodes")),
            ("stabilise_every", Some("stabilize_every")),
            ("NODES", Some("nodes")),
            ("joinevery", Some("join_every")),
            ("stabilize", Some("stabilize_every")),
            ("zebra", None),
            ("x", None),
        ] {
            assert_eq!(nearest(wrong, &names), near, "{wrong}");
        }
        assert_eq!(nearest(&"x".repeat(1_000_000), &names), None);
    }

    #[test]
    fn lists_read_like_english() {
        assert_eq!(list(&["a"], "or"), "`a`");
        assert_eq!(list(&["a", "b", "c"], "or"), "`a`, `b` or `c`");
    }
}
