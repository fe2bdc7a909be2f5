//! What a scenario says, close to the text: values that remember where they stand.
//!
//! A tree may hold values from several texts (the file, and each `--set` argument), so that every message points into
//! the right one. What the values mean is not known here.

use super::diagnostics::{Diagnostics, Problem};
use super::source::{Place, SourceText};
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Syntax errors after so many are not reported.
const SYNTAX_ERRORS_SHOWN: usize = 20;

/// A value, and where it stands.
#[derive(Clone, Debug)]
pub struct Value {
    /// What it is.
    pub kind: Kind,
    /// Where it stands: for a table with a header, the header.
    pub place: Place,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A string.
    String(String),
    /// A whole number; `None` if it does not fit 128 bits.
    Integer(Option<i128>),
    /// A number with a point or an exponent.
    Float(f64),
    /// `true` or `false`.
    Bool(bool),
    /// A date or time, which no key wants.
    Date,
    /// `[a, b, ...]`, or `[[tables]]`.
    Array(Vec<Value>),
    /// `{ key = value, ... }`, or a table with a header.
    Table(Table),
}

impl Value {
    /// What messages call a value of this kind.
    pub fn described(&self) -> &'static str {
        match self.kind {
            Kind::String(_) => "a string",
            Kind::Integer(_) => "a whole number",
            Kind::Float(_) => "a decimal number",
            Kind::Bool(_) => "true or false",
            Kind::Date => "a date",
            Kind::Array(_) => "an array",
            Kind::Table(_) => "a table",
        }
    }
}

/// Keys and their values, by key in alphabetical order.
#[derive(Clone, Debug, Default)]
pub struct Table {
    entries: Vec<Entry>,
}

/// One key of a table.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_place: Place,
    /// Its value.
    pub value: Value,
}

impl Table {
    /// A table without keys.
    pub const EMPTY: Table = Table { entries: Vec::new() };

    /// The entry of a key.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.key == key)
    }

    /// All entries.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Puts an entry in, instead of one with the same key.
    pub(super) fn insert(&mut self, entry: Entry) -> &mut Entry {
        self.entries.retain(|other| other.key != entry.key);
        self.entries.push(entry);
        self.entries.last_mut().expect("an entry was just pushed")
    }

    pub(super) fn retain(&mut self, keep: impl FnMut(&Entry) -> bool) {
        self.entries.retain(keep);
    }
}

/// Parses a scenario. Every syntax error goes to `diagnostics`; what could be understood is in the tree.
pub fn parse(source: &Arc<SourceText>, diagnostics: &mut Diagnostics) -> Table {
    let (root, errors) = DeTable::parse_recoverable(&source.text);
    report_syntax(source, 0, errors, diagnostics);
    table(source, 0, root.get_ref())
}

/// Parses the value of a `--set` argument, which begins at byte `offset` of `source`. A text that is no TOML value is
/// taken as a string, unless it clearly wants to be something else.
pub(super) fn parse_argument(source: &Arc<SourceText>, offset: usize, diagnostics: &mut Diagnostics) -> Value {
    let text = &source.text[offset..];
    let place = Place::new(source, offset..source.text.len());
    let (parsed, errors) = DeValue::parse_recoverable(text);
    if errors.is_empty() {
        return value(source, offset, &parsed);
    }
    if text.starts_with(['{', '[', '"', '\'']) {
        // One is enough for so short a text: the others mostly follow from it.
        report_syntax(source, offset, errors.into_iter().take(1).collect(), diagnostics);
    }
    Value { kind: Kind::String(text.to_owned()), place }
}

fn report_syntax(source: &Arc<SourceText>, offset: usize, errors: Vec<toml::de::Error>, into: &mut Diagnostics) {
    let hidden = errors.len().saturating_sub(SYNTAX_ERRORS_SHOWN);
    for error in errors.iter().take(SYNTAX_ERRORS_SHOWN) {
        let span = error.span().unwrap_or(0..0);
        let place = Place::new(source, span.start + offset..span.end + offset);
        let unquoted = error.message().starts_with("string values must be quoted");
        // The parser's advice for a missing or bare value names only one of the kinds of strings.
        let message = match (unquoted, place.text()) {
            (true, "") => "a value is missing",
            (true, _) => "a value that is not a number or true or false must be quoted",
            (false, _) => error.message(),
        };
        let help = (unquoted && !place.text().is_empty()).then(|| format!("write \"{}\"", place.text()));
        let mut problem = Problem::error(format!("not TOML: {message}"), place, "");
        problem.helps.extend(help);
        into.push(problem);
    }
    if hidden > 0 {
        let end = Place::new(source, usize::MAX..usize::MAX);
        into.push(Problem::error(format!("... and {hidden} more syntax errors"), end, ""));
    }
}

fn table(source: &Arc<SourceText>, offset: usize, parsed: &DeTable<'_>) -> Table {
    let entry = |(key, parsed): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let key: &Spanned<toml::de::DeString<'_>> = key;
        Entry {
            key: key.get_ref().to_string(),
            key_place: Place::new(source, key.span().start + offset..key.span().end + offset),
            value: value(source, offset, parsed),
        }
    };
    Table { entries: parsed.iter().map(entry).collect() }
}

fn value(source: &Arc<SourceText>, offset: usize, parsed: &Spanned<DeValue<'_>>) -> Value {
    let span = parsed.span();
    let kind = match parsed.get_ref() {
        DeValue::String(text) => Kind::String(text.to_string()),
        DeValue::Integer(integer) => Kind::Integer(i128::from_str_radix(integer.as_str(), integer.radix()).ok()),
        // A float that is too large for f64 parses as infinity, which no range admits.
        DeValue::Float(float) => Kind::Float(float.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Kind::Bool(*flag),
        DeValue::Datetime(_) => Kind::Date,
        DeValue::Array(items) => Kind::Array(items.iter().map(|item| value(source, offset, item)).collect()),
        DeValue::Table(entries) => Kind::Table(table(source, offset, entries)),
    };
    Value { kind, place: Place::new(source, span.start + offset..span.end + offset) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Arc<SourceText> {
        Arc::new(SourceText { name: "test.toml".to_owned(), text: text.to_owned(), rank: 0 })
    }

    #[test]
    fn values_and_keys_know_their_places() {
        let mut diagnostics = Diagnostics::default();
        let tree =
            parse(&source("[a.b]\nc = 1_000\nd = 99999999999999999999999999999999999999999\n"), &mut diagnostics);
        assert!(diagnostics.is_empty());
        let Kind::Table(a) = &tree.get("a").unwrap().value.kind else { panic!() };
        let Entry { value: Value { kind: Kind::Table(b), place }, .. } = a.get("b").unwrap() else { panic!() };
        assert_eq!(place.text(), "[a.b]");
        assert_eq!(b.get("c").unwrap().key_place.text(), "c");
        assert_eq!(b.get("c").unwrap().value.place.text(), "1_000");
        assert!(matches!(b.get("c").unwrap().value.kind, Kind::Integer(Some(1_000))));
        assert!(matches!(b.get("d").unwrap().value.kind, Kind::Integer(None)));
    }

    #[test]
    fn all_syntax_errors_are_reported_and_the_rest_is_understood() {
        let mut diagnostics = Diagnostics::default();
        let tree = parse(&source("a = \nb = 1h\nc = 3\nc = 4\n"), &mut diagnostics);
        let messages: Vec<_> = diagnostics.problems().iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "not TOML: a value is missing",
                "not TOML: a value that is not a number or true or false must be quoted",
                "not TOML: duplicate key"
            ]
        );
        assert!(matches!(tree.get("c").unwrap().value.kind, Kind::Integer(Some(3))));
    }

    #[test]
    fn a_thousand_syntax_errors_are_cut_short() {
        let mut diagnostics = Diagnostics::default();
        parse(&source(&"=\n".repeat(1_000)), &mut diagnostics);
        assert_eq!(diagnostics.errors(), SYNTAX_ERRORS_SHOWN + 1);
        assert!(diagnostics.to_string().ends_with("^") || diagnostics.to_string().contains("more syntax errors"));
    }

    #[test]
    fn an_argument_that_is_no_value_is_a_string() {
        let mut diagnostics = Diagnostics::default();
        let mut kind = |text: &str| parse_argument(&source(text), 0, &mut diagnostics).kind;
        assert!(matches!(kind("20min"), Kind::String(text) if text == "20min"));
        assert!(matches!(kind("\"20min\""), Kind::String(text) if text == "20min"));
        assert!(matches!(kind("5"), Kind::Integer(Some(5))));
        assert!(matches!(kind("true"), Kind::Bool(true)));
        assert!(matches!(kind("{ mean = \"1s\" }"), Kind::Table(_)));
        assert!(diagnostics.is_empty());
        parse_argument(&source("{ mean = "), 0, &mut diagnostics);
        assert_eq!(diagnostics.errors(), 1);
    }
}
