//! The axes of a sweep: lists of values, and ranges that stand for lists.

use super::diagnostics::Problem;
use super::reader::TableReader;
use super::source::Place;
use super::tree::{Entry, Kind, Table, Value};
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

/// Reads all keys of a table as axes, in the order of the file. A key may be a path in quotes
/// (`"population.nodes"`), or a path of tables (`population.nodes`).
pub(super) fn axes(table: &mut TableReader<'_>) -> Vec<Axis> {
    let (mut axes, mut problems) = (Vec::new(), Vec::new());
    for entry in table.all_entries() {
        read_axis("", entry, &mut axes, &mut problems);
    }
    problems.into_iter().for_each(|problem| table.report("", problem));
    axes.sort_by_key(|axis: &Axis| axis.key_place.range().start);
    axes
}

fn read_axis(path: &str, entry: &Entry, axes: &mut Vec<Axis>, problems: &mut Vec<Problem>) {
    let dot = if path.is_empty() { "" } else { "." };
    let key = format!("{path}{dot}{}", entry.key);
    let values = match &entry.value.kind {
        Kind::Array(values) if values.is_empty() => Err("an empty list".to_owned()),
        Kind::Array(values) => Ok(values.clone()),
        Kind::Table(range) if is_range(range) => read_range(range, &entry.value.place),
        Kind::Table(inner) if !inner.entries().is_empty() => {
            inner.entries().iter().for_each(|entry| read_axis(&key, entry, axes, problems));
            return;
        }
        _ => Err("neither a list nor a range".to_owned()),
    };
    let (key_place, place) = (entry.key_place.clone(), entry.value.place.clone());
    match values {
        Ok(values) => axes.push(Axis { key, key_place, place, values }),
        Err(reason) => {
            let problem = Problem::error(format!("the axis `{key}` has no values"), place, reason);
            let allowed = "allowed: a list such as [1, 2], { from, to, step } or { from, to, factor }, with plain \
                           numbers or durations";
            problems.push(problem.note(allowed));
        }
    }
}

/// Whether a table is a range, and not a part of a key with axes below it: it has one of a range's words with a plain
/// value.
fn is_range(table: &Table) -> bool {
    let is_plain = |entry: &Entry| !matches!(entry.value.kind, Kind::Array(_) | Kind::Table(_));
    ["from", "to", "step", "factor"].iter().any(|word| table.get(word).is_some_and(is_plain))
}

/// A number, or a duration in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Amount {
    Number(f64),
    Duration(u64),
}

impl Amount {
    fn of(value: &Value) -> Option<Amount> {
        match &value.kind {
            Kind::Integer(Some(number)) => Some(Amount::Number(*number as f64)),
            Kind::Float(number) if number.is_finite() => Some(Amount::Number(*number)),
            Kind::String(text) => parse_duration(text).ok().map(|duration| Amount::Duration(duration.as_nanos())),
            _ => None,
        }
    }

    fn value(self) -> f64 {
        match self {
            Amount::Number(number) => number,
            Amount::Duration(nanos) => nanos as f64,
        }
    }

    fn is_like(self, other: Amount) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }
}

/// How a range goes on.
#[derive(Clone, Copy, Debug)]
enum Stride {
    Step(f64),
    Factor(f64),
}

/// `{ from, to, step }` or `{ from, to, factor }`: both ends belong to it if a step ends there.
fn read_range(range: &Table, place: &Place) -> Result<Vec<Value>, String> {
    let unknown = range.entries().iter().find(|entry| !["from", "to", "step", "factor"].contains(&entry.key.as_str()));
    if let Some(entry) = unknown {
        return Err(format!("`{}` is not known here", entry.key));
    }
    let get = |key: &str| match range.get(key) {
        Some(entry) => {
            let amount = Amount::of(&entry.value);
            amount.map(Some).ok_or(format!("`{key}` is neither a number nor a duration"))
        }
        None => Ok(None),
    };
    let ends = (get("from")?, get("to")?);
    let (Some(from), Some(to)) = ends else { return Err("it needs `from` and `to`".to_owned()) };
    if !from.is_like(to) {
        return Err("`from` and `to` must both be numbers or both durations".to_owned());
    }
    let stride = match (get("step")?, get("factor")?) {
        (Some(step), None) if !step.is_like(from) => return Err("`step` must be of the kind of `from`".to_owned()),
        (Some(step), None) if step.value() > 0.0 => Stride::Step(step.value()),
        (None, Some(Amount::Number(factor))) if factor > 1.0 && from.value() > 0.0 => Stride::Factor(factor),
        (None, Some(_)) => return Err("a `factor` must be a number above 1, and `from` above 0".to_owned()),
        _ => return Err("it needs a `step` above 0, or a `factor` above 1".to_owned()),
    };
    if from.value() > to.value() {
        return Err("`from` is more than `to`".to_owned());
    }
    let are_whole = |key: &str| matches!(range.get(key).map(|entry| &entry.value.kind), Some(Kind::Integer(_)));
    let make = |number: f64| match from {
        Amount::Duration(_) => Kind::String(Duration::from_nanos(libm::round(number) as u64).to_string()),
        Amount::Number(_) if are_whole("from") && number.fract() == 0.0 => Kind::Integer(Some(number as i128)),
        Amount::Number(_) => Kind::Float(number),
    };
    let numbers = numbers(from.value(), to.value(), stride)?;
    Ok(numbers.into_iter().map(|number| Value { kind: make(number), place: place.clone() }).collect())
}

fn numbers(from: f64, to: f64, stride: Stride) -> Result<Vec<f64>, String> {
    // A last step may miss the end by rounding.
    let end = match stride {
        Stride::Step(step) => to + step * 1e-9,
        Stride::Factor(_) => to * (1.0 + 1e-9),
    };
    let mut numbers = Vec::new();
    let mut power = from;
    loop {
        let next = match stride {
            Stride::Step(step) => from + step * numbers.len() as f64,
            Stride::Factor(_) => power,
        };
        if next > end {
            return Ok(numbers);
        }
        if numbers.len() == LONGEST_RANGE {
            return Err(format!("more than {LONGEST_RANGE} values"));
        }
        numbers.push(tidy(next));
        if let Stride::Factor(factor) = stride {
            power *= factor;
        }
    }
}

/// The number without the last digits, which sums and products leave behind: 0.3 in place of 0.30000000000000004.
fn tidy(number: f64) -> f64 {
    format!("{number:.13e}").parse().unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::diagnostics::Diagnostics;
    use crate::scenario::source::SourceText;
    use crate::scenario::tree;
    use std::sync::Arc;

    /// The axes in `text`, each as its key and its values, or what is wrong with them.
    fn read(text: &str) -> Result<Vec<(String, Vec<String>)>, String> {
        let source = Arc::new(SourceText { name: "x".to_owned(), text: text.to_owned(), rank: 0 });
        let mut diagnostics = Diagnostics::default();
        let root = tree::parse(&source, &mut diagnostics);
        assert!(diagnostics.is_empty(), "{diagnostics}");
        let mut reader = TableReader::new(String::new(), &root, Place::whole(&source), &mut diagnostics);
        let axes = axes(&mut reader);
        reader.finish();
        if !diagnostics.is_empty() {
            return Err(diagnostics.to_string());
        }
        let text = |value: &Value| match &value.kind {
            Kind::String(text) => text.clone(),
            Kind::Integer(Some(number)) => number.to_string(),
            Kind::Float(number) => format!("{number:?}"),
            other => format!("{other:?}"),
        };
        Ok(axes.iter().map(|axis| (axis.key.clone(), axis.values.iter().map(text).collect())).collect())
    }

    fn values(range: &str) -> String {
        read(&format!("a = {range}")).unwrap()[0].1.join(" ")
    }

    #[test]
    fn ranges_stand_for_lists_with_both_ends() {
        assert_eq!(values("[1, 'x']"), "1 x");
        assert_eq!(values("{ from = 1, to = 7, step = 3 }"), "1 4 7");
        assert_eq!(values("{ from = 1, to = 8, step = 3 }"), "1 4 7");
        assert_eq!(values("{ from = 0.0, to = 0.5, step = 0.1 }"), "0.0 0.1 0.2 0.3 0.4 0.5");
        assert_eq!(values("{ from = -1.0, to = 0.0, step = 0.5 }"), "-1.0 -0.5 0.0");
        assert_eq!(values("{ from = 1_000, to = 1_000_000, factor = 10 }"), "1000 10000 100000 1000000");
        assert_eq!(values("{ from = 1000, to = 2250, factor = 1.5 }"), "1000 1500 2250");
        assert_eq!(values("{ from = 0.001, to = 1.0, factor = 10 }"), "0.001 0.01 0.1 1.0");
        assert_eq!(values("{ from = '5min', to = '80min', factor = 2 }"), "5min 10min 20min 40min 80min");
        assert_eq!(values("{ from = '1s', to = '2s', step = '500ms' }"), "1s 1500ms 2s");
        assert_eq!(values("{ from = '1min', to = '1min', step = '1s' }"), "1min");
    }

    #[test]
    fn keys_may_be_paths_in_quotes_or_of_tables_and_keep_their_order() {
        let expected = ["z.x", "b", "uniform.from", "uniform.to"];
        let text = "'z.x' = [1]\nb = { from = 1, to = 2, step = 1 }\nuniform.from = [1, 2]\nuniform.to = [3]";
        let keys: Vec<String> = read(text).unwrap().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, expected);
    }

    #[test]
    fn what_stands_for_no_values_is_an_error() {
        for (range, reason) in [
            ("[]", "an empty list"),
            ("3", "neither a list nor a range"),
            ("{ from = 1 }", "it needs `from` and `to`"),
            ("{ from = 1, to = 2 }", "it needs a `step`"),
            ("{ from = 1, to = 2, step = 1, factor = 2 }", "it needs a `step`"),
            ("{ from = 1, to = 2, step = 0 }", "it needs a `step`"),
            ("{ from = 1, to = 2, step = '1s' }", "of the kind of `from`"),
            ("{ from = 1, to = '2s', step = 1 }", "both be numbers or both durations"),
            ("{ from = 2, to = 1, step = 1 }", "`from` is more than `to`"),
            ("{ from = 0, to = 1, factor = 2 }", "`from` above 0"),
            ("{ from = 1, to = 2, factor = 1 }", "a number above 1"),
            ("{ from = 1, to = 2, factor = '2s' }", "a number above 1"),
            ("{ from = 1, to = 2, by = 2 }", "`by` is not known"),
            ("{ from = nan, to = 2, step = 2 }", "`from` is neither"),
            ("{ from = 1, to = inf, step = 2 }", "`to` is neither"),
            ("{ from = 1, to = 'soon', step = 2 }", "`to` is neither"),
            ("{ from = 0, to = 1000000, step = 1 }", "more than 10000 values"),
        ] {
            let error = read(&format!("a = {range}")).unwrap_err();
            assert!(error.contains("the axis `a` has no values") && error.contains(reason), "{range}: {error}");
        }
    }
}
