//! `--set key=value`: changes to a scenario that were not written into its file.
//!
//! The key is a path of names separated by dots; tables on the way are made as needed, and `event.0` is the first
//! `[[event]]`. The value is read as a TOML value, and as a string if it is none: `20min` needs no quotes.
//!
//! Where the file chose one of several alternatives and the argument chooses another, the file's choice goes: setting
//! `network.latency.constant.delay` in a scenario with exponential latency gives constant latency, and setting
//! `churn.preset` takes the place of its sessions and downtimes. Two arguments that contradict each other are an error.

use super::diagnostics::{Diagnostics, Problem};
use super::source::{Place, SourceText};
use super::tree::{self, Entry, Kind, Table, Value};
use std::sync::Arc;

/// Names of alternatives, of which a table holds one, wherever they stand.
const ALTERNATIVES: [&[&str]; 8] = [
    &["constant", "uniform", "exponential", "log_normal", "euclidean", "matrix", "weibull", "pareto", "fixed", "zipf"],
    &["mean", "scale", "minimum", "median"],
    &["lookups_every", "network_lookups_every"],
    &["crash", "leave", "join", "partition", "heal", "quiet"],
    &["fraction", "count"],
    &["groups", "shares"],
    &["preset", "poisson", "session"],
    &["preset", "poisson", "downtime"],
];

/// A change to a scenario: a value, and the path of names where it belongs.
#[derive(Clone, Debug)]
pub(super) struct Change {
    steps: Vec<(String, Place)>,
    pub(super) value: Value,
}

impl Change {
    /// A change of `key`, a path of names with dots between them, which stands at `place`.
    pub(super) fn new(key: &str, place: &Place, value: Value) -> Self {
        Change { steps: key.split('.').map(|name| (name.trim().to_owned(), place.clone())).collect(), value }
    }

    /// The path of names, with dots between them.
    pub(super) fn key(&self) -> String {
        self.steps.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(".")
    }

    /// Where the key stands.
    pub(super) fn place(&self) -> &Place {
        self.steps.first().map_or(&self.value.place, |(_, place)| place)
    }
}

/// Applies the arguments of `--set` (each `key=value`) to the tree, in their order.
pub(super) fn apply(root: &mut Table, arguments: &[String], diagnostics: &mut Diagnostics) {
    for change in parse(arguments, diagnostics) {
        apply_change(root, &change, diagnostics);
    }
}

/// What the arguments of `--set` say. What is no change is reported.
pub(super) fn parse(arguments: &[String], diagnostics: &mut Diagnostics) -> Vec<Change> {
    let mut changes = Vec::new();
    for (index, argument) in arguments.iter().enumerate() {
        // After the scenario's file, and after a sweep's.
        let rank = 2 + u32::try_from(index).unwrap_or(u32::MAX - 2);
        let source = Arc::new(SourceText { name: "--set".to_owned(), text: argument.clone(), rank });
        match parse_one(&source, diagnostics) {
            Ok(change) => changes.push(change),
            Err(problem) => diagnostics.push(*problem),
        }
    }
    changes
}

/// Applies one change.
pub(super) fn apply_change(root: &mut Table, change: &Change, diagnostics: &mut Diagnostics) {
    if let Err(problem) = set_in_table(root, "", &change.steps, change.value.clone()) {
        diagnostics.push(*problem);
    }
}

type Failure = Box<Problem>;

fn parse_one(source: &Arc<SourceText>, diagnostics: &mut Diagnostics) -> Result<Change, Failure> {
    let Some(equals) = source.text.find('=') else {
        let place = Place::new(source, 0..source.text.len());
        let message = format!("`--set` needs a key and a value, not `{}`", source.text);
        let problem = Problem::error(message, place, "no `=`");
        return Err(Box::new(problem.help("for example --set population.nodes=1000")));
    };
    let mut offset = equals + 1;
    offset += source.text[offset..].len() - source.text[offset..].trim_start().len();
    let mut steps = Vec::new();
    let mut start = 0;
    for name in source.text[..equals].split('.') {
        let from = start + (name.len() - name.trim_start().len());
        let place = Place::new(source, from..from + name.trim().len());
        if name.trim().is_empty() || !name.trim().bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b)) {
            let whole = Place::new(source, 0..equals);
            return Err(Box::new(Problem::error("not a key", whole, "allowed: names with dots between them")));
        }
        steps.push((name.trim().to_owned(), place));
        start += name.len() + 1;
    }
    let value = tree::parse_argument(source, offset, diagnostics);
    Ok(Change { steps, value })
}

/// Sets `value` at the path `steps` below `table`, which is not empty.
fn set_in_table(table: &mut Table, parent: &str, steps: &[(String, Place)], value: Value) -> Result<(), Failure> {
    let Some(((name, place), rest)) = steps.split_first() else { return Ok(()) };
    give_way(table, parent, name, place, &value, rest.is_empty());
    if rest.is_empty() {
        if !keeps_parameters(table, parent, name, &value) {
            table.insert(Entry { key: name.clone(), key_place: place.clone(), value });
        }
        return Ok(());
    }
    let indexed = rest[0].0.bytes().all(|byte| byte.is_ascii_digit());
    if table.get(name).is_none_or(|entry| !holds(&entry.value, indexed)) {
        let kind = if indexed { Kind::Array(Vec::new()) } else { Kind::Table(Table::EMPTY) };
        let made = Value { kind, place: place.clone() };
        table.insert(Entry { key: name.clone(), key_place: place.clone(), value: made });
    }
    match table.get_mut(name).map(|entry| &mut entry.value.kind) {
        Some(Kind::Table(inner)) => set_in_table(inner, name, rest, value),
        Some(Kind::Array(items)) => set_in_array(items, name, rest, value),
        _ => Ok(()),
    }
}

fn holds(value: &Value, indexed: bool) -> bool {
    match value.kind {
        Kind::Table(_) => true,
        Kind::Array(_) => indexed,
        _ => false,
    }
}

fn set_in_array(items: &mut Vec<Value>, name: &str, steps: &[(String, Place)], value: Value) -> Result<(), Failure> {
    let Some(((index_text, place), rest)) = steps.split_first() else { return Ok(()) };
    let index = index_text.parse().unwrap_or(usize::MAX);
    if index > items.len() {
        let message = format!("`{name}` has no entry {index_text}");
        let label = format!("allowed: 0 to {}", items.len());
        return Err(Box::new(Problem::error(message, place.clone(), label).note("entries are counted from 0")));
    }
    if index == items.len() {
        items.push(Value { kind: Kind::Table(Table::EMPTY), place: place.clone() });
    }
    if rest.is_empty() {
        items[index] = value;
        return Ok(());
    }
    if !matches!(items[index].kind, Kind::Table(_)) {
        items[index].kind = Kind::Table(Table::EMPTY);
    }
    match &mut items[index].kind {
        Kind::Table(inner) => set_in_table(inner, "", rest, value),
        _ => Ok(()),
    }
}

/// Removes what the file chose instead of `name`. What another argument chose stays, and is a contradiction.
fn give_way(table: &mut Table, parent: &str, name: &str, place: &Place, value: &Value, is_last: bool) {
    let from_file = |entry: &Entry| entry.value.place.source().rank < place.source().rank && made_by_file(&entry.value);
    let is_true = is_last && matches!(value.kind, Kind::Bool(true));
    table.retain(|entry| {
        let other = entry.key.as_str();
        let rivals = ALTERNATIVES.iter().any(|group| group.contains(&name) && group.contains(&other))
            || (parent == "protocol")
            || (name == "steady" && is_true && ["downtime", "preset", "poisson"].contains(&other))
            || (other == "steady" && ["downtime", "preset", "poisson"].contains(&name));
        other == name || !rivals || !from_file(entry)
    });
    // A choice written as a word (`protocol = "chord"`) becomes the table that it stands for.
    if !is_last && name == "protocol" && parent.is_empty() {
        spell_out(table, name);
    }
}

/// Turns a choice written as a word into the table that it stands for.
fn spell_out(table: &mut Table, name: &str) {
    let Some(Entry { value, .. }) = table.get_mut(name) else { return };
    let Kind::String(word) = &value.kind else { return };
    let place = value.place.clone();
    let empty = Value { kind: Kind::Table(Table::EMPTY), place: place.clone() };
    let mut choice = Table::EMPTY;
    choice.insert(Entry { key: word.clone(), key_place: place.clone(), value: empty });
    *value = Value { kind: Kind::Table(choice), place };
}

/// Whether nothing in the value was set by an argument.
fn made_by_file(value: &Value) -> bool {
    value.place.source().rank == 0
        && match &value.kind {
            Kind::Table(table) => table.entries().iter().all(|entry| made_by_file(&entry.value)),
            Kind::Array(items) => items.iter().all(made_by_file),
            _ => true,
        }
}

/// `protocol=chord` on a scenario that has `[protocol.chord]` keeps the parameters there.
fn keeps_parameters(table: &mut Table, parent: &str, name: &str, value: &Value) -> bool {
    let (true, "protocol", Kind::String(word)) = (parent.is_empty(), name, &value.kind) else { return false };
    match table.get_mut(name).map(|entry| &mut entry.value.kind) {
        Some(Kind::Table(choices)) if choices.get(word).is_some() => {
            choices.retain(|entry| entry.key == *word);
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str, arguments: &[&str]) -> (Table, Diagnostics) {
        let mut diagnostics = Diagnostics::default();
        let source = SourceText { name: "test.toml".to_owned(), text: text.to_owned(), rank: 0 };
        let mut root = tree::parse(&Arc::new(source), &mut diagnostics);
        let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        apply(&mut root, &arguments, &mut diagnostics);
        (root, diagnostics)
    }

    /// The keys of the tree with the texts of their values.
    fn flat(text: &str, arguments: &[&str]) -> String {
        fn walk(prefix: &str, value: &Value, into: &mut Vec<String>) {
            match &value.kind {
                Kind::Table(table) => walk_table(prefix, table, into),
                Kind::Array(items) => {
                    items.iter().enumerate().for_each(|(i, item)| walk(&format!("{prefix}.{i}"), item, into));
                }
                _ => into.push(format!("{prefix}={}", value.place.text())),
            }
        }
        fn walk_table(prefix: &str, table: &Table, into: &mut Vec<String>) {
            for entry in table.entries() {
                let dot = if prefix.is_empty() { "" } else { "." };
                walk(&format!("{prefix}{dot}{}", entry.key), &entry.value, into);
            }
        }
        let (root, diagnostics) = tree(text, arguments);
        assert!(diagnostics.is_empty(), "{diagnostics}");
        let mut lines = Vec::new();
        walk_table("", &root, &mut lines);
        lines.sort();
        lines.join(" ")
    }

    #[test]
    fn tables_are_made_on_the_way() {
        assert_eq!(flat("", &["a.b.c = 3"]), "a.b.c=3");
        assert_eq!(flat("a.b = 1", &["a.b=2", "a.c=20min"]), "a.b=2 a.c=20min");
        assert_eq!(flat("a = 1", &["a.b=2"]), "a.b=2");
    }

    #[test]
    fn another_choice_takes_the_place_of_the_files() {
        let latency = "[network.latency.exponential]\nmean = '1s'";
        assert_eq!(flat(latency, &["network.latency.constant.delay=10ms"]), "network.latency.constant.delay=10ms");
        let churn = "[churn]\ngraceful = 0.5\nsession.fixed.length = '1s'\ndowntime.fixed.length = '1s'";
        assert_eq!(flat(churn, &["churn.preset=kad"]), "churn.graceful=0.5 churn.preset=kad");
        assert_eq!(
            flat(churn, &["churn.steady=true"]),
            "churn.graceful=0.5 churn.session.fixed.length='1s' churn.steady=true"
        );
        let protocol = "[protocol.chord]\nsuccessors = 4";
        assert_eq!(flat(protocol, &["protocol.kademlia.k=8"]), "protocol.kademlia.k=8");
        assert_eq!(flat(protocol, &["protocol=kademlia"]), "protocol=kademlia");
        assert_eq!(flat(protocol, &["protocol=chord"]), "protocol.chord.successors=4");
        assert_eq!(flat("protocol = 'chord'", &["protocol.chord.k=8"]), "protocol.chord.k=8");
        assert_eq!(flat("[event.crash]\nfraction=0.5", &["event.crash.count=8"]), "event.crash.count=8");
    }

    #[test]
    fn two_arguments_do_not_give_way_to_each_other() {
        let both = &["network.latency.constant.delay=1s", "network.latency.exponential.mean=1s"];
        assert_eq!(flat("", both), "network.latency.constant.delay=1s network.latency.exponential.mean=1s");
    }

    #[test]
    fn events_are_set_by_index() {
        let events = "[[event]]\nat = '1s'\n[[event]]\nat = '2s'";
        assert_eq!(flat(events, &["event.1.at=3s"]), "event.0.at='1s' event.1.at=3s");
        assert_eq!(flat("", &["event.0.at=3s", "event.0.heal=true"]), "event.0.at=3s event.0.heal=true");
        let (_, diagnostics) = tree(events, &["event.3.at=3s"]);
        assert!(diagnostics.to_string().contains("`event` has no entry 3"), "{diagnostics}");
    }

    #[test]
    fn an_argument_without_key_or_value_is_an_error() {
        for argument in ["", "a", "=3", "a..b=3", "a b=3", "a.=3", "é=1"] {
            assert_eq!(tree("", &[argument]).1.errors(), 1, "{argument}");
        }
    }
}
