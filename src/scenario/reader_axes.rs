//! The axes of a sweep: lists of values, and ranges that stand for lists.

use super::diagnostics::Problem;
use super::reader::TableReader;
use super::source::Place;
use super::tree::{Kind, Table, Value};
use super::units::parse_duration;
use crate::engine::time::Duration;

/// Values that a range may stand for.
const LONGEST_RANGE: usize = 10_000;

/// A key and the values that it takes.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    /// The key, as a path of names.
    pub key: String,
    /// Where the key stands.
    pub key_place: Place,
    /// Where its values stand.
    pub place: Place,
    /// At least one.
    pub values: Vec<Value>,
}

/// Reads all keys of a table as axes, in the order of the file.
pub(super) fn axes(table: &mut TableReader<'_>) -> Vec<Axis> {
    let mut axes = Vec::new();
    for entry in table.all_entries() {
        let values = match &entry.value.kind {
            Kind::Array(values) if !values.is_empty() => Ok(values.clone()),
            Kind::Table(range) => read_range(range, &entry.value.place),
            _ => Err("neither a list nor a range".to_owned()),
        };
        match values {
            Ok(values) => axes.push(Axis {
                key: entry.key.clone(),
                key_place: entry.key_place.clone(),
                place: entry.value.place.clone(),
                values,
            }),
            Err(reason) => {
                let message = format!("the axis `{}` has no values", entry.key);
                let problem = Problem::error(message, entry.value.place.clone(), reason);
                let allowed = "allowed: a list such as [1, 2], { from, to, step } or { from, to, factor }, \
                               with plain numbers or durations";
                table.report(&entry.key, problem.note(allowed));
            }
        }
    }
    axes
}

/// A number, or a duration in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Amount {
    Number(f64),
    Duration(u64),
}

fn amount(value: &Value) -> Option<Amount> {
    match &value.kind {
        Kind::Integer(Some(number)) => Some(Amount::Number(*number as f64)),
        Kind::Float(number) => Some(Amount::Number(*number)),
        Kind::String(text) => parse_duration(text).ok().map(|duration| Amount::Duration(duration.as_nanos())),
        _ => None,
    }
}

/// `{ from, to, step }` or `{ from, to, factor }`: both ends belong to it if a step ends there.
fn read_range(range: &Table, place: &Place) -> Result<Vec<Value>, String> {
    let unknown = range.entries().iter().find(|entry| !["from", "to", "step", "factor"].contains(&entry.key.as_str()));
    if let Some(entry) = unknown {
        return Err(format!("`{}` is not known here", entry.key));
    }
    let get = |key: &str| match range.get(key) {
        Some(entry) => amount(&entry.value).map(Some).ok_or(format!("`{key}` is neither a number nor a duration")),
        None => Ok(None),
    };
    let kinds = (get("from")?, get("to")?, get("step")?, get("factor")?);
    let whole = |key: &str| matches!(range.get(key).map(|entry| &entry.value.kind), None | Some(Kind::Integer(_)));
    let integers = ["from", "to", "step", "factor"].iter().all(|key| whole(key));
    let make = |kind: Kind| Value { kind, place: place.clone() };
    let (from, to, next): (f64, f64, Box<dyn Fn(usize) -> f64>) = match kinds {
        (Some(Amount::Number(from)), Some(Amount::Number(to)), Some(Amount::Number(step)), None) if step > 0.0 => {
            (from, to, Box::new(move |index| from + step * index as f64))
        }
        (Some(Amount::Duration(from)), Some(Amount::Duration(to)), Some(Amount::Duration(step)), None) if step > 0 => {
            (from as f64, to as f64, Box::new(move |index| from as f64 + step as f64 * index as f64))
        }
        (Some(from), Some(to), None, Some(Amount::Number(factor))) if factor > 1.0 => {
            let (from, to) = match (from, to) {
                (Amount::Number(from), Amount::Number(to)) if from > 0.0 => (from, to),
                (Amount::Duration(from), Amount::Duration(to)) if from > 0 => (from as f64, to as f64),
                _ => return Err("`from` and `to` must be of one kind, and more than zero for a factor".to_owned()),
            };
            (from, to, Box::new(move |index| (0..index).fold(from, |value, _| value * factor)))
        }
        _ => return Err("it needs `from`, `to`, and a positive `step` or a `factor` above 1".to_owned()),
    };
    if from > to {
        return Err("`from` is more than `to`".to_owned());
    }
    // A last step may miss the end by rounding.
    let numbers: Vec<f64> = (0..=LONGEST_RANGE).map(next).take_while(|value| *value <= to * (1.0 + 1e-12)).collect();
    if numbers.len() > LONGEST_RANGE {
        return Err(format!("more than {LONGEST_RANGE} values"));
    }
    let value = |number: &f64| match kinds.0 {
        Some(Amount::Duration(_)) => make(Kind::String(Duration::from_nanos(*number as u64).to_string())),
        _ if integers => make(Kind::Integer(Some(*number as i128))),
        _ => make(Kind::Float(*number)),
    };
    Ok(numbers.iter().map(value).collect())
}
