//! The typed accessors of [`TableReader`]: durations, counts, numbers, flags, strings, words, laws.

use super::effective::Effective;
use super::reader::{TableReader, list, unknown_word};
use super::tree::{Kind, Value};
use super::units::{self, parse_duration};
use crate::engine::distribution::Distribution;
use crate::engine::time::Duration;
use std::ops::{Bound, RangeBounds, RangeInclusive};

/// Whether a duration may be zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zero {
    /// Zero is a sensible value.
    Allowed,
    /// Only more than zero makes sense.
    Forbidden,
}

/// All numbers above zero.
pub const POSITIVE: (Bound<f64>, Bound<f64>) = (Bound::Excluded(0.0), Bound::Unbounded);

/// The period of a task that is not done.
const NEVER: &str = "never";

impl TableReader<'_> {
    /// Reads a duration that must be there: at most 100 years, exact to the nanosecond.
    pub fn duration(&mut self, key: &str, zero: Zero) -> Duration {
        self.any_duration(key, None, zero)
    }

    /// Reads a duration, or takes the default.
    pub fn duration_or(&mut self, key: &str, default: Duration, zero: Zero) -> Duration {
        self.any_duration(key, Some(default), zero)
    }

    fn any_duration(&mut self, key: &str, default: Option<Duration>, zero: Zero) -> Duration {
        let stand_in = default.unwrap_or(Duration::from_secs(1));
        let duration = match (self.take(key), default) {
            (Some(value), _) => self.duration_in(key, value, zero),
            (None, Some(default)) => Some(default),
            (None, None) => {
                self.report_missing(key, units::ALLOWED);
                None
            }
        };
        let duration = duration.unwrap_or(stand_in);
        self.record(key, Effective::String(duration.to_string()));
        duration
    }

    /// The duration that a value says, or a problem.
    pub(super) fn duration_in(&mut self, key: &str, value: &Value, zero: Zero) -> Option<Duration> {
        let text = match &value.kind {
            Kind::String(text) => text.clone(),
            // A bare number: the message about a missing unit is the one that helps.
            Kind::Integer(_) | Kind::Float(_) => value.place.text().to_owned(),
            _ => {
                self.reject_kind(key, value, &format!("a duration: {}", units::ALLOWED));
                return None;
            }
        };
        let allowed = match zero {
            Zero::Allowed => units::ALLOWED.to_owned(),
            Zero::Forbidden => format!("{}; more than zero", units::ALLOWED),
        };
        match parse_duration(&text) {
            Ok(duration) if duration.is_zero() && zero == Zero::Forbidden => {
                self.reject_value(key, "must be more than zero", "zero".to_owned(), &allowed);
                None
            }
            Ok(duration) => Some(duration),
            Err(error) => {
                let message = format!("`{}` is not a duration", self.full_name(key));
                let problem = super::diagnostics::Problem::error(message, value.place.clone(), error.problem);
                let problem = problem.note(format!("allowed: {allowed}"));
                let problem = error.help.into_iter().fold(problem, super::diagnostics::Problem::help);
                self.report(key, problem);
                None
            }
        }
    }

    /// Reads a whole number that must be there and lie in `range`.
    pub fn count(&mut self, key: &str, range: RangeInclusive<u64>) -> u64 {
        self.any_count(key, None, range)
    }

    /// Reads a whole number that must lie in `range`, or takes the default.
    pub fn count_or(&mut self, key: &str, default: u64, range: RangeInclusive<u64>) -> u64 {
        self.any_count(key, Some(default), range)
    }

    /// Reads a whole number that must lie in `range`, or the given word, which gives `None`; or takes the default.
    pub fn count_or_word(&mut self, key: &str, default: u64, range: RangeInclusive<u64>, word: &str) -> Option<u64> {
        if matches!(self.peek(key), Some(Value { kind: Kind::String(text), .. }) if text == word) {
            self.take(key);
            self.record(key, Effective::String(word.to_owned()));
            return None;
        }
        Some(self.count_or(key, default, range))
    }

    fn any_count(&mut self, key: &str, default: Option<u64>, range: RangeInclusive<u64>) -> u64 {
        let allowed = format!("a whole number from {} to {}", grouped(*range.start()), grouped(*range.end()));
        let stand_in = default.unwrap_or(*range.start());
        let count = match (self.take(key), default) {
            (Some(Value { kind: Kind::Integer(number), place }), _) => {
                let count = number.and_then(|number| u64::try_from(number).ok()).filter(|count| range.contains(count));
                if count.is_none() {
                    let label = format!("`{}` is out of range", place.text());
                    self.reject_value(key, "is out of range", label, &allowed);
                }
                count
            }
            (Some(value), _) => {
                self.reject_kind(key, value, &allowed);
                None
            }
            (None, Some(default)) => Some(default),
            (None, None) => {
                self.report_missing(key, &allowed);
                None
            }
        };
        let count = count.unwrap_or(stand_in);
        self.record(key, Effective::Integer(count));
        count
    }

    /// Reads a finite number that must be there and lie in `range`; a whole number will do.
    pub fn number(&mut self, key: &str, range: impl RangeBounds<f64>) -> f64 {
        self.any_number(key, None, range)
    }

    /// Reads a finite number that must lie in `range`, or takes the default.
    pub fn number_or(&mut self, key: &str, default: f64, range: impl RangeBounds<f64>) -> f64 {
        self.any_number(key, Some(default), range)
    }

    fn any_number(&mut self, key: &str, default: Option<f64>, range: impl RangeBounds<f64>) -> f64 {
        let allowed = describe(&range);
        let stand_in = default.unwrap_or_else(|| inside(&range));
        let number = match (self.take(key), default) {
            (Some(value @ Value { kind: Kind::Integer(_) | Kind::Float(_), .. }), _) => {
                let number = match value.kind {
                    Kind::Float(number) => number,
                    Kind::Integer(Some(number)) => number as f64,
                    _ => f64::INFINITY,
                };
                let in_range = number.is_finite() && range.contains(&number);
                if !in_range {
                    let label = format!("`{}` is out of range", value.place.text());
                    self.reject_value(key, "is out of range", label, &allowed);
                }
                in_range.then_some(number)
            }
            (Some(value), _) => {
                self.reject_kind(key, value, &allowed);
                None
            }
            (None, Some(default)) => Some(default),
            (None, None) => {
                self.report_missing(key, &allowed);
                None
            }
        };
        // 0.0 and -0.0 are the same number and must be the same scenario.
        let number = number.unwrap_or(stand_in) + 0.0;
        self.record(key, Effective::Float(number));
        number
    }

    /// Reads `true` or `false`, or takes the default.
    pub fn flag(&mut self, key: &str, default: bool) -> bool {
        let flag = match self.take(key) {
            None => default,
            Some(Value { kind: Kind::Bool(flag), .. }) => *flag,
            Some(value) => {
                self.reject_kind(key, value, "true or false");
                default
            }
        };
        self.record(key, Effective::Bool(flag));
        flag
    }

    /// Reads a string that must be there.
    pub fn text(&mut self, key: &str) -> String {
        self.any_text(key, None)
    }

    /// Reads a string, or takes the default.
    pub fn text_or(&mut self, key: &str, default: &str) -> String {
        self.any_text(key, Some(default))
    }

    fn any_text(&mut self, key: &str, default: Option<&str>) -> String {
        let text = match (self.take(key), default) {
            (Some(Value { kind: Kind::String(text), .. }), _) => text.clone(),
            (Some(value), _) => {
                self.reject_kind(key, value, "a string");
                String::new()
            }
            (None, Some(default)) => default.to_owned(),
            (None, None) => {
                self.report_missing(key, "a string");
                String::new()
            }
        };
        self.record(key, Effective::String(text.clone()));
        text
    }

    /// Reads one of the words `allowed` and gives what it stands for; the first is the default.
    ///
    /// # Panics
    /// If no words are allowed.
    pub fn word<T: Copy>(&mut self, key: &str, allowed: &[(&str, T)]) -> T {
        self.any_word(key, allowed, 0)
    }

    /// Reads one of the words `allowed` and gives what it stands for, or takes the default, which one of them means.
    ///
    /// # Panics
    /// If none does.
    pub fn word_or<T: Copy + PartialEq>(&mut self, key: &str, default: T, allowed: &[(&str, T)]) -> T {
        let place = allowed.iter().position(|(_, meaning)| *meaning == default);
        self.any_word(key, allowed, place.expect("the default is among what is allowed"))
    }

    fn any_word<T: Copy>(&mut self, key: &str, allowed: &[(&str, T)], default: usize) -> T {
        let words: Vec<&str> = allowed.iter().map(|(word, _)| *word).collect();
        let chosen = match self.take(key) {
            None => allowed.get(default),
            Some(value @ Value { kind: Kind::String(word), .. }) => {
                let found = allowed.iter().find(|(name, _)| name == word);
                if found.is_none() {
                    let problem = unknown_word(&self.full_name(key), word, &words, value.place.clone());
                    self.report(key, problem);
                }
                found
            }
            Some(value) => {
                self.reject_kind(key, value, &list(&words, "or"));
                None
            }
        };
        let (word, meaning) = chosen.or(allowed.get(default)).expect("a word without choices cannot be read");
        self.record(key, Effective::String((*word).to_owned()));
        *meaning
    }

    /// Reads an array of numbers, each in `range`, that must be there.
    pub fn numbers(&mut self, key: &str, range: impl RangeBounds<f64>) -> Vec<f64> {
        let allowed = format!("an array of numbers, each {}", describe(&range));
        let Some(value) = self.take(key) else {
            self.report_missing(key, &allowed);
            return Vec::new();
        };
        let Kind::Array(items) = &value.kind else {
            self.reject_kind(key, value, &allowed);
            return Vec::new();
        };
        let number = |item: &Value| match item.kind {
            Kind::Float(number) => Some(number),
            Kind::Integer(Some(number)) => Some(number as f64),
            _ => None,
        };
        let good = |item: &Value| number(item).filter(|number| number.is_finite() && range.contains(number));
        let numbers: Vec<f64> = items.iter().filter_map(good).collect();
        for item in items.iter().filter(|item| good(item).is_none()) {
            let message = format!("`{}` has an entry out of range", self.full_name(key));
            let problem = super::diagnostics::Problem::error(message, item.place.clone(), "");
            self.report(key, problem.note(format!("allowed: {allowed}")));
        }
        self.record(key, Effective::Array(numbers.iter().map(|&number| Effective::Float(number)).collect()));
        numbers
    }

    /// Reads how far apart the rounds of a periodic task are: a duration (always the same), or a table with a law:
    /// `{ uniform = { from = "20s", to = "40s" } }`, `{ exponential = { mean = "30s" } }`. More than zero; or the word
    /// `never`, which is [`Duration::MAX`].
    pub fn period(&mut self, key: &str, default: Duration) -> Distribution {
        let written_as_law = matches!(self.peek(key), Some(Value { kind: Kind::Table(_), .. }));
        if written_as_law {
            return self.law(key, &["fixed", "uniform", "exponential"]).unwrap_or(Distribution::Fixed(default));
        }
        Distribution::Fixed(self.duration_or_never(key, default))
    }

    /// Reads a duration above zero, or the word `never`, which is [`Duration::MAX`]; or takes the default.
    pub fn duration_or_never(&mut self, key: &str, default: Duration) -> Duration {
        let is_never = match self.peek(key) {
            Some(Value { kind: Kind::String(word), .. }) => word == NEVER,
            Some(_) => false,
            None => default == Duration::MAX,
        };
        if is_never {
            self.take(key);
            self.record(key, Effective::String(NEVER.to_owned()));
            return Duration::MAX;
        }
        match self.peek(key) {
            Some(Value { kind: Kind::String(_) | Kind::Integer(_) | Kind::Float(_), .. }) | None => {
                self.duration_or(key, default, Zero::Forbidden)
            }
            Some(_) => {
                let value = self.take(key).expect("it has just been seen");
                self.reject_kind(key, value, "a duration above zero, or `never`");
                default
            }
        }
    }
}

/// A number with underscores between groups of three digits, as scenarios may write it.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    if digits.len() <= 4 {
        return digits;
    }
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

fn describe(range: &impl RangeBounds<f64>) -> String {
    let low = match range.start_bound() {
        Bound::Included(low) => Some(format!("at least {low}")),
        Bound::Excluded(low) => Some(format!("above {low}")),
        Bound::Unbounded => None,
    };
    let high = match range.end_bound() {
        Bound::Included(high) => Some(format!("at most {high}")),
        Bound::Excluded(high) => Some(format!("below {high}")),
        Bound::Unbounded => None,
    };
    let parts: Vec<String> = low.into_iter().chain(high).collect();
    if parts.is_empty() { "a number".to_owned() } else { format!("a number {}", parts.join(" and ")) }
}

/// Some number that the range holds.
fn inside(range: &impl RangeBounds<f64>) -> f64 {
    let candidates = [1.0, 0.5, 0.0];
    let bound = match (range.start_bound(), range.end_bound()) {
        (Bound::Included(edge), _) | (_, Bound::Included(edge)) => *edge,
        (Bound::Excluded(low), Bound::Excluded(high)) => (low + high) / 2.0,
        _ => 1.0,
    };
    candidates.into_iter().find(|candidate| range.contains(candidate)).unwrap_or(bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_described_in_words() {
        assert_eq!(describe(&(0.0..1.0)), "a number at least 0 and below 1");
        assert_eq!(describe(&POSITIVE), "a number above 0");
        assert_eq!(describe(&(..)), "a number");
        assert_eq!(grouped(100_000_000), "100_000_000");
        assert_eq!(grouped(1_000), "1000");
    }

    #[test]
    fn the_stand_in_lies_in_the_range() {
        assert!((2.0..=3.0).contains(&inside(&(2.0..=3.0))));
        assert!((0.0..1.0).contains(&inside(&(0.0..1.0))));
        let open = (Bound::Excluded(5.0), Bound::Excluded(6.0));
        assert!(open.contains(&inside(&open)));
    }
}
