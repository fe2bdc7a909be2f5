//! `--set key=value`: changes to a scenario that were not written into its file.
//!
//! The key is a path of names separated by dots; tables on the way are made as needed, and `event.0` is the first
//! `[[event]]`. The value is read as a TOML value, and as a string if it is none: `20min` needs no quotes.
//!
//! Of alternatives that stand side by side, one that is set takes the place of the file's: `churn.preset` that of its
//! sessions and downtimes, `mean` that of `scale`. A choice among named tables changes only where it is set itself; see
//! [`super::choices`]. Two arguments that contradict each other are an error.

use super::choices::{self, Around};
use super::diagnostics::{Diagnostics, Problem};
use super::source::{Place, SourceText};
use super::tree::{self, Entry, Kind, Table, Value};
use std::sync::Arc;

/// A change to a scenario: a value, and the path of names where it belongs.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) steps: Vec<(String, Place)>,
    pub(super) value: Value,
}

impl Change {
    /// A change of `key`, a path of names with dots between them, which stands at `place`.
    pub(super) fn new(key: &str, place: &Place, value: Value) -> Self {
        Change { steps: key.split('.').map(|name| (name.trim().to_owned(), place.clone())).collect(), value }
    }

    /// The path of names, with dots between them.
    pub(super) fn key(&self) -> String {
        self.path(self.steps.len())
    }

    /// The first `count` names of the path.
    pub(super) fn path(&self, count: usize) -> String {
        self.steps[..count].iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(".")
    }

    /// Where the key stands.
    pub(super) fn place(&self) -> &Place {
        self.steps.first().map_or(&self.value.place, |(_, place)| place)
    }

    /// Whether it was given on the command line, not in a sweep's file.
    pub(super) fn is_argument(&self) -> bool {
        self.place().source().rank >= 2
    }
}

/// Applies the arguments of `--set` (each `key=value`) to the tree, in their order. `protocols` are the names of those
/// that there are.
pub(super) fn apply(root: &mut Table, arguments: &[String], protocols: &[&str], diagnostics: &mut Diagnostics) {
    let changes = parse(arguments, diagnostics);
    apply_changes(root, &changes.iter().collect::<Vec<_>>(), protocols, diagnostics);
}

/// Applies changes in their order.
pub(super) fn apply_changes(root: &mut Table, changes: &[&Change], protocols: &[&str], diagnostics: &mut Diagnostics) {
    let around = Around { changes, protocols };
    let mut advice: Vec<Vec<String>> = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        match choices::refuse_undoing(change, &changes[..index]) {
            Some(problem) => diagnostics.push(problem),
            None => {
                if let Err(problem) = set_in_table(root, change, 0, around) {
                    // Keys of one table that was not chosen are set together, so it is said once.
                    if !advice.contains(&problem.helps) || problem.helps.is_empty() {
                        advice.push(problem.helps.clone());
                        diagnostics.push(*problem);
                    }
                }
            }
        }
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

/// Sets the value of a change, of which the step `depth` belongs into `table`.
fn set_in_table(table: &mut Table, change: &Change, depth: usize, around: Around<'_>) -> Result<(), Failure> {
    let Some((name, place)) = change.steps.get(depth) else { return Ok(()) };
    if let Some(problem) = choices::refuse(change, table, depth, around) {
        return Err(problem);
    }
    let next = change.steps.get(depth + 1);
    give_way(table, name, place, &change.value, next.is_none());
    let Some((next, _)) = next else {
        if !keeps_parameters(table, depth, name, &change.value) {
            table.insert(Entry { key: name.clone(), key_place: place.clone(), value: change.value.clone() });
        }
        return Ok(());
    };
    spell_out(table, name, next);
    if table.get(name).is_none() {
        let indexed = next.bytes().all(|byte| byte.is_ascii_digit());
        let kind = if indexed { Kind::Array(Vec::new()) } else { Kind::Table(Table::EMPTY) };
        let made = Value { kind, place: place.clone() };
        table.insert(Entry { key: name.clone(), key_place: place.clone(), value: made });
    }
    match table.get_mut(name).map(|entry| &mut entry.value.kind) {
        Some(Kind::Table(inner)) => set_in_table(inner, change, depth + 1, around),
        Some(Kind::Array(items)) => set_in_array(items, name, change, depth + 1, around),
        _ => Ok(()),
    }
}

fn set_in_array(
    items: &mut Vec<Value>,
    name: &str,
    change: &Change,
    depth: usize,
    around: Around<'_>,
) -> Result<(), Failure> {
    let Some((index_text, place)) = change.steps.get(depth) else { return Ok(()) };
    let index = index_text.parse().unwrap_or(usize::MAX);
    if index > items.len() {
        let message = format!("`{name}` has no entry {index_text}");
        let label = format!("allowed: 0 to {}", items.len());
        return Err(Box::new(Problem::error(message, place.clone(), label).note("entries are counted from 0")));
    }
    if index == items.len() {
        items.push(Value { kind: Kind::Table(Table::EMPTY), place: place.clone() });
    }
    if depth + 1 == change.steps.len() {
        items[index] = change.value.clone();
        return Ok(());
    }
    match &mut items[index].kind {
        Kind::Table(inner) => set_in_table(inner, change, depth + 1, around),
        _ => {
            let message = format!("entry {index_text} of `{name}` is {}, not a table", items[index].described());
            Err(Box::new(Problem::error(message, change.steps[depth + 1].1.clone(), "so it has no keys")))
        }
    }
}

/// Removes what the file has instead of `name` beside it. What another argument set stays, and is a contradiction.
fn give_way(table: &mut Table, name: &str, place: &Place, value: &Value, is_last: bool) {
    let from_file = |entry: &Entry| entry.value.place.source().rank < place.source().rank && made_by_file(&entry.value);
    table.retain(|entry| !choices::takes_place_of(name, value, is_last, entry) || !from_file(entry));
}

/// Turns a choice written as a word (`protocol = "chord"`) into the table that it stands for, if that is the one of
/// which a key is set.
fn spell_out(table: &mut Table, name: &str, choice: &str) {
    let Some(Entry { value, .. }) = table.get_mut(name) else { return };
    let place = value.place.clone();
    if !matches!(&value.kind, Kind::String(word) if word == choice) {
        return;
    }
    let empty = Value { kind: Kind::Table(Table::EMPTY), place: place.clone() };
    let mut chosen = Table::EMPTY;
    chosen.insert(Entry { key: choice.to_owned(), key_place: place.clone(), value: empty });
    *value = Value { kind: Kind::Table(chosen), place };
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
fn keeps_parameters(table: &mut Table, depth: usize, name: &str, value: &Value) -> bool {
    let (0, "protocol", Kind::String(word)) = (depth, name, &value.kind) else { return false };
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
        apply(&mut root, &arguments, &["chord", "kademlia"], &mut diagnostics);
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
    }

    const LATENCY: &str = "[network.latency.exponential]\nmean = '1s'";
    const CHURN: &str = "[churn]\ngraceful = 0.5\nsession.fixed.length = '1s'\ndowntime.fixed.length = '1s'";
    const CHORD: &str = "[protocol.chord]\nsuccessors = 4";

    #[test]
    fn what_is_set_as_a_whole_takes_the_place_of_the_files() {
        let constant = "network.latency={constant={delay='10ms'}}";
        assert_eq!(flat(LATENCY, &[constant]), "network.latency.constant.delay='10ms'");
        assert_eq!(flat(LATENCY, &["network.latency=constant"]), "network.latency=constant");
        assert_eq!(flat(CHURN, &["churn.preset=kad"]), "churn.graceful=0.5 churn.preset=kad");
        assert_eq!(
            flat(CHURN, &["churn.steady=true"]),
            "churn.graceful=0.5 churn.session.fixed.length='1s' churn.steady=true"
        );
        assert_eq!(
            flat("[churn]\npreset = 'kad'", &["churn.session={fixed={length='1s'}}"]),
            "churn.session.fixed.length='1s'"
        );
        assert_eq!(flat(CHORD, &["protocol=kademlia"]), "protocol=kademlia");
        assert_eq!(flat(CHORD, &["protocol={kademlia={k=8}}"]), "protocol.kademlia.k=8");
        assert_eq!(flat(CHORD, &["protocol=chord"]), "protocol.chord.successors=4");
        assert_eq!(flat("protocol = 'chord'", &["protocol.chord.k=8"]), "protocol.chord.k=8");
        assert_eq!(flat("latency = 'constant'", &["latency.constant.delay=8s"]), "latency.constant.delay=8s");
        assert_eq!(flat("[event.crash]\nfraction=0.5", &["event.crash.count=8"]), "event.crash.count=8");
        assert_eq!(flat("[law.weibull]\nscale='1s'", &["law.weibull.mean=2s"]), "law.weibull.mean=2s");
        assert_eq!(flat(CHURN, &["churn.session.fixed.length=2s"]).matches("2s").count(), 1);
        // Nothing is dropped where the file says nothing.
        assert_eq!(flat("", &["network.latency.matrix.file=x"]), "network.latency.matrix.file=x");
    }

    #[test]
    fn a_key_of_what_was_not_chosen_drops_nothing_by_the_way() {
        for (text, argument, message, help) in [
            (
                CHORD,
                "protocol.kademlia.k=8",
                "the scenario runs `chord`: `protocol.kademlia.k` would change that",
                "set `protocol = \"kademlia\"`; to give it keys as well: --set 'protocol={ kademlia = { k = 8 } }'",
            ),
            (
                "protocol = 'chord'",
                "protocol.kademlia.k=8",
                "the scenario runs `chord`",
                "set `protocol = \"kademlia\"",
            ),
            (
                CHORD,
                "protocol.kademlia={k=8}",
                "the scenario runs `chord`",
                "--set 'protocol={ kademlia = { k = 8 } }'",
            ),
            (CHORD, "protocol.successors=8", "the scenario runs `chord`", "did you mean `protocol.chord.successors`?"),
            (CHORD, "protocol.chrod.successors=8", "the scenario runs `chord`", "did you mean `protocol.chord`?"),
            (
                LATENCY,
                "network.latency.constant.delay=10ms",
                "`network.latency` is `exponential`: `network.latency.constant.delay` would change that",
                "to change `network.latency`: --set 'network.latency={ constant = { delay = \"10ms\" } }'",
            ),
            (
                "network.latency = 'euclidean'",
                "network.latency.constant.delay=1s",
                "`network.latency` is `euclidean`",
                "{ constant = { delay = \"1s\" } }",
            ),
            (
                CHURN,
                "churn.session.weibull.shape=0.5",
                "`churn.session` is `fixed`",
                "--set 'churn.session={ weibull = { shape = 0.5 } }'",
            ),
            (
                "workload.keys = 'live_nodes'",
                "workload.keys.zipf.exponent=1",
                "`workload.keys` is `live_nodes`",
                "--set 'workload.keys={ zipf = { exponent = 1 } }'",
            ),
            (
                "[churn]\npreset = 'kad'",
                "churn.session.exponential.mean=1h",
                "`churn.session.exponential.mean` would drop `churn.preset`",
                "--set 'churn.session={ exponential = { mean = \"1h\" } }'",
            ),
            (
                "[churn]\nsteady = true",
                "churn.downtime.fixed.length=1h",
                "would drop `churn.steady`",
                "--set 'churn.downtime={ fixed = { length = \"1h\" } }'",
            ),
            (
                "[[event]]\ncrash.count = 3",
                "event.0.leave.count=2",
                "`event.0.leave.count` would drop `event.0.crash`",
                "to have `event.0.leave` instead: --set 'event.0.leave={ count = 2 }'",
            ),
            (
                "stabilize_every = '30s'",
                "stabilize_every.exponential.mean=30s",
                "would drop what `stabilize_every` is",
                "--set 'stabilize_every={ exponential = { mean = \"30s\" } }'",
            ),
            (
                CHORD,
                "protocol.kademlia=",
                "the scenario runs `chord`",
                "to change the protocol: --set 'protocol=kademlia', or --set 'protocol={ kademlia = { KEY = VALUE } }'",
            ),
            (CHORD, "protocol.kademlia=8", "the scenario runs `chord`", "--set 'protocol=kademlia'"),
            (
                LATENCY,
                "network.latency.constant=10ms",
                "`network.latency` is `exponential`",
                "--set 'network.latency=constant', or --set 'network.latency={ constant = { KEY = VALUE } }'",
            ),
            ("[[event]]\nat = '1s'", "event.at=2s", "has entries with numbers, from 0 on, not `at`", ""),
            ("a = [1]", "a.0.b=2s", "entry 0 of `a` is a whole number, not a table", ""),
        ] {
            let (_, diagnostics) = tree(text, &[argument]);
            let shown = diagnostics.to_string();
            assert_eq!(diagnostics.errors(), 1, "{argument}: {shown}");
            assert!(shown.contains(message) && shown.contains(help), "{argument}: {shown}");
        }
    }

    #[test]
    fn keys_of_one_table_that_was_not_chosen_are_advised_of_together() {
        let median = "network.latency.log_normal.median=10ms";
        let sigma = "network.latency.log_normal.sigma=1";
        let (_, diagnostics) = tree(LATENCY, &[median, "seed=3", sigma]);
        let shown = diagnostics.to_string();
        let both = "network.latency={ log_normal = { median = \"10ms\", sigma = 1 } }";
        assert!(diagnostics.errors() == 1 && shown.contains(&format!("--set '{both}'")), "{shown}");
        assert_eq!(
            flat(LATENCY, &[both]),
            "network.latency.log_normal.median=\"10ms\" network.latency.log_normal.sigma=1"
        );
        let (_, diagnostics) = tree(LATENCY, &[median, "network.latency.log_normal.median=20ms"]);
        assert!(diagnostics.to_string().contains("{ log_normal = { median = \"20ms\" } }"), "{diagnostics}");
        let (_, diagnostics) = tree(CHORD, &["protocol.kademlia.k=8", "protocol.kademlia.alpha=3", "protocol.base=2"]);
        let shown = diagnostics.to_string();
        assert!(diagnostics.errors() == 2 && shown.contains("{ kademlia = { k = 8, alpha = 3 } }"), "{shown}");
    }

    #[test]
    fn arguments_that_undo_each_other_are_an_error() {
        for (text, both, message) in [
            ("", ["network.latency.constant.delay=1s", "network.latency.exponential.mean=1s"], "is `constant`"),
            (CHORD, ["protocol=kademlia", "protocol.chord.successors=8"], "runs `kademlia`"),
            (
                CHORD,
                ["protocol.chord.successors=8", "protocol=kademlia"],
                "would drop what `protocol.chord.successors`",
            ),
            (CHORD, ["protocol.chord.successors=8", "protocol={chord={k=1}}"], "would drop what"),
        ] {
            let (_, diagnostics) = tree(text, &both);
            let shown = diagnostics.to_string();
            assert!(diagnostics.errors() == 1 && shown.contains(message), "{both:?}: {shown}");
        }
        assert_eq!(flat(CHORD, &["protocol.chord.successors=8", "protocol=chord"]), "protocol.chord.successors=8");
        assert_eq!(flat(CHORD, &["protocol=kademlia", "protocol.kademlia.k=8"]), "protocol.kademlia.k=8");
        assert_eq!(flat("", &["a.b=1", "a.b=2"]), "a.b=2");
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
