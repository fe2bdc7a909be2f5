//! What a change to a scenario may not do by the way: make another choice than the scenario did.
//!
//! A *choice* is one of several named tables: the protocol, the latency, a law, how keys are drawn. It changes where it
//! is set itself (`protocol=kademlia`, `network.latency={constant={delay="10ms"}}`), never because a change names a
//! key of a table that was not chosen: such a key most often is a slip, and nobody would miss what it drops. The same
//! goes for alternatives that stand side by side (`churn.preset` and `churn.session`, `crash` and `leave` in an event):
//! one that is set as a whole takes the other's place, a key within it does not.

use super::diagnostics::Problem;
use super::overrides::Change;
use super::reader::nearest;
use super::tree::{Entry, Kind, Table, Value};

/// Names of choices, of which a table that is a choice holds one, wherever it stands.
#[rustfmt::skip]
const NAMED: [&str; 11] = [
    "constant", "euclidean", "exponential", "fixed", "live_nodes", "log_normal", "matrix", "pareto", "uniform",
    "weibull", "zipf",
];

/// Names that stand side by side, of which a table holds one, wherever they stand.
const ALTERNATIVES: [&[&str]; 7] = [
    &["mean", "scale", "minimum", "median"],
    &["lookups_every", "network_lookups_every"],
    &["crash", "leave", "join", "partition", "heal", "quiet"],
    &["fraction", "count"],
    &["groups", "shares"],
    &["preset", "poisson", "session"],
    &["preset", "poisson", "downtime"],
];

/// What `steady = true` excludes.
const UNSTEADY: [&str; 3] = ["downtime", "preset", "poisson"];

/// What stands around a change.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    /// All changes that are made together, this one among them.
    pub(super) changes: &'a [&'a Change],
    /// Names of the protocols that there are.
    pub(super) protocols: &'a [&'a str],
}

/// Whether `name` and `other`, both in the table at `parent`, are names of one choice.
pub(super) fn is_other_choice(parent: &str, name: &str, other: &str) -> bool {
    name != other && (parent == "protocol" || (NAMED.contains(&name) && NAMED.contains(&other)))
}

/// Whether `name` with `value` takes the place of `other` beside it.
pub(super) fn takes_place_of(name: &str, value: &Value, is_last: bool, other: &Entry) -> bool {
    let is_set_true = is_last && is_true(value);
    let key = other.key.as_str();
    ALTERNATIVES.iter().any(|group| name != key && group.contains(&name) && group.contains(&key))
        || (name == "steady" && is_set_true && UNSTEADY.contains(&key))
        || (key == "steady" && UNSTEADY.contains(&name))
}

fn is_true(value: &Value) -> bool {
    matches!(value.kind, Kind::Bool(true))
}

/// What is wrong with a change at the step `depth`, whose name belongs into `table`, if it would drop what the scenario
/// chose there.
pub(super) fn refuse(change: &Change, table: &Table, depth: usize, around: Around<'_>) -> Option<Box<Problem>> {
    let (name, _) = &change.steps[depth];
    let parent = change.path(depth);
    let is_last = depth + 1 == change.steps.len();
    if let Some(other) = table.entries().iter().find(|entry| is_other_choice(&parent, name, &entry.key)) {
        return Some(Box::new(other_choice(change, &parent, depth, (&other.key, other), around)));
    }
    if is_last {
        return None;
    }
    let idle = |entry: &Entry| entry.key == "steady" && !is_true(&entry.value);
    let beside = |entry: &&Entry| takes_place_of(name, &change.value, is_last, entry) && !idle(entry);
    if let Some(other) = table.entries().iter().find(beside) {
        let message = format!("`{}` would drop `{}`", change.key(), join(&parent, &other.key));
        let problem = Problem::error(message, change.steps[depth].1.clone(), "not what the scenario has");
        let problem = problem.and(other.key_place.clone(), "what it has");
        let whole = join(&parent, name);
        return Some(Box::new(problem.help(in_words(
            change,
            &format!("to have `{whole}` instead"),
            depth + 1,
            around.changes,
        ))));
    }
    refuse_plain(change, table, depth, around)
}

/// A key below something that is no table would drop it.
fn refuse_plain(change: &Change, table: &Table, depth: usize, around: Around<'_>) -> Option<Box<Problem>> {
    let (name, _) = &change.steps[depth];
    let (next, next_place) = &change.steps[depth + 1];
    let entry = table.get(name)?;
    let whole = change.path(depth + 1);
    match &entry.value.kind {
        Kind::Table(_) => None,
        Kind::Array(_) if next.bytes().all(|byte| byte.is_ascii_digit()) => None,
        Kind::Array(_) => {
            let message = format!("`{whole}` has entries with numbers, from 0 on, not `{next}`");
            Some(Box::new(Problem::error(message, next_place.clone(), "a number belongs here")))
        }
        Kind::String(word) if word == next => None,
        Kind::String(word) if whole == "protocol" || NAMED.contains(&word.as_str()) => {
            Some(Box::new(other_choice(change, &whole, depth + 1, (word, entry), around)))
        }
        _ => {
            let message = format!("`{}` would drop what `{whole}` is", change.key());
            let problem = Problem::error(message, next_place.clone(), "a key within it");
            let problem = problem.and(entry.value.place.clone(), format!("{}, not a table", entry.value.described()));
            Some(Box::new(problem.help(in_words(change, "to replace it", depth + 1, around.changes))))
        }
    }
}

/// The change names something at `depth` in the choice `choice`, where the scenario has `chosen`.
fn other_choice(
    change: &Change,
    choice: &str,
    depth: usize,
    (chosen, entry): (&str, &Entry),
    around: Around<'_>,
) -> Problem {
    let (name, place) = &change.steps[depth];
    let is_last = depth + 1 == change.steps.len();
    let has = match choice {
        "protocol" => format!("the scenario runs `{chosen}`"),
        _ => format!("`{choice}` is `{chosen}`"),
    };
    let message = format!("{has}: `{}` would change that", change.key());
    let problem = Problem::error(message, place.clone(), format!("not `{chosen}`"));
    let problem = problem.and(entry.key_place.clone(), "chosen here");
    let is_argument = change.is_argument();
    let is_plain = is_last && !matches!(change.value.kind, Kind::Table(_));
    let is_choice = choice != "protocol" || around.protocols.contains(&name.as_str());
    if is_plain && is_choice {
        let what = if choice == "protocol" { "the protocol".to_owned() } else { format!("`{choice}`") };
        let keys = format!("{{ {name} = {{ KEY = VALUE }} }}");
        return problem.help(match is_argument {
            true => format!("to change {what}: --set '{choice}={name}', or --set '{choice}={keys}'"),
            false => format!("to change {what}: \"{choice}\" = \"{name}\", or {keys}"),
        });
    }
    if is_plain {
        return problem.help(format!("did you mean `{choice}.{chosen}.{name}`?"));
    }
    if nearest(name, &[chosen]).is_some() {
        return problem.help(format!("did you mean `{choice}.{chosen}`?"));
    }
    let purpose = match choice {
        "protocol" => format!("to change the protocol, set `protocol = \"{name}\"`; to give it keys as well"),
        _ => format!("to change `{choice}`"),
    };
    problem.help(in_words(change, &purpose, depth, around.changes))
}

/// How to say the same on purpose: the path up to `depth` set to a table with the rest. In a sweep, where a key has
/// many values, these are left out. What `changes` set in the same table belongs to it.
fn in_words(change: &Change, purpose: &str, depth: usize, changes: &[&Change]) -> String {
    let is_argument = change.is_argument();
    let last = change.steps.len() - 1;
    let is_beside =
        |other: &&&Change| last > depth && other.steps.len() == last + 1 && other.path(last) == change.path(last);
    let mut beside: Vec<(&str, &Value)> = Vec::new();
    for other in changes.iter().filter(is_beside) {
        let name = other.steps[last].0.as_str();
        // A later value of the same key counts.
        match beside.iter_mut().find(|(known, _)| *known == name) {
            Some((_, value)) => *value = &other.value,
            None => beside.push((name, &other.value)),
        }
    }
    if beside.is_empty() {
        beside.push((change.steps[last].0.as_str(), &change.value));
    }
    let said = |value: &Value| if is_argument { written(value) } else { "...".to_owned() };
    let mut value = match last >= depth {
        true => {
            let keys = beside.iter().map(|(name, value)| format!("{name} = {}", said(value)));
            format!("{{ {} }}", keys.collect::<Vec<_>>().join(", "))
        }
        false => said(&change.value),
    };
    for (name, _) in change.steps[depth..].iter().rev().skip(1) {
        value = format!("{{ {name} = {value} }}");
    }
    let key = change.path(depth);
    match is_argument {
        true => format!("{purpose}: --set '{key}={value}'"),
        false => format!("{purpose}: an axis of whole tables, \"{key}\" = [{value}, ...], or one of them in [set]"),
    }
}

/// A value as TOML.
fn written(value: &Value) -> String {
    let list = |items: Vec<String>, empty: &str, open: &str, close: &str| match items.is_empty() {
        true => empty.to_owned(),
        false => format!("{open}{}{close}", items.join(", ")),
    };
    match &value.kind {
        Kind::String(text) => format!("\"{text}\""),
        Kind::Integer(Some(number)) => number.to_string(),
        Kind::Float(number) => format!("{number:?}"),
        Kind::Bool(flag) => flag.to_string(),
        Kind::Integer(None) | Kind::Date => value.place.text().to_owned(),
        Kind::Array(items) => list(items.iter().map(written).collect(), "[]", "[", "]"),
        Kind::Table(table) => {
            let entry = |entry: &Entry| format!("{} = {}", entry.key, written(&entry.value));
            list(table.entries().iter().map(entry).collect(), "{}", "{ ", " }")
        }
    }
}

/// The first of the earlier changes that `change` would undo as it sets a whole of which that set a part.
pub(super) fn refuse_undoing(change: &Change, earlier: &[&Change]) -> Option<Problem> {
    let length = change.steps.len();
    let undone = |other: &&&Change| {
        let below = other.steps.len() > length;
        let keeps = below && matches!(&change.value.kind, Kind::String(word) if *word == other.steps[length].0);
        below && !keeps && (0..length).all(|step| other.steps[step].0 == change.steps[step].0)
    };
    let other = earlier.iter().find(undone)?;
    let (key, part) = (change.key(), other.key());
    let message = format!("`{key}` is set as a whole, which would drop what `{part}` is set to");
    let problem = Problem::error(message, change.place().clone(), "the whole");
    let problem = problem.and(other.place().clone(), "a part of it");
    let whole = in_words(other, "leave one of them out; or both in one", length, &[]);
    Some(problem.help(whole))
}

fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
}
