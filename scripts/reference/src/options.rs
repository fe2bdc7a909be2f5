//! Options of a run: `key=value` on the command line, with the names of docs/scenario.md.

use std::collections::BTreeMap;

use crate::world::Delay;

/// What the command line says. A key that is missing or cannot be read ends the program with a message.
pub struct Options(BTreeMap<String, String>);

impl Options {
    /// Reads `key=value` from each argument.
    pub fn read(arguments: impl Iterator<Item = String>) -> Self {
        Self(arguments.filter_map(|argument| argument.split_once('=').map(|(k, v)| (k.into(), v.into()))).collect())
    }

    /// A text, if given.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// A number, if given.
    pub fn number(&self, key: &str) -> Option<f64> {
        self.text(key).map(|text| text.parse().unwrap_or_else(|_| panic!("{key}={text} is not a number")))
    }

    /// A whole number that must be given.
    pub fn count(&self, key: &str) -> usize {
        self.number(key).unwrap_or_else(|| panic!("{key}= is missing")) as usize
    }

    /// A duration in seconds; `None` if it is not given, or `never`.
    pub fn maybe_seconds(&self, key: &str) -> Option<f64> {
        if self.text(key) == Some("never") { None } else { self.number(key) }
    }

    /// A duration in seconds that must be given.
    pub fn seconds(&self, key: &str) -> f64 {
        self.maybe_seconds(key).unwrap_or_else(|| panic!("{key}= is missing"))
    }

    /// Whether a key says `true`.
    pub fn is(&self, key: &str) -> bool {
        self.text(key) == Some("true")
    }

    /// `delay=constant,0.05`, `delay=exponential,0.05` or `delay=uniform,0.02,0.12`.
    pub fn delay(&self) -> Delay {
        let text = self.text("delay").expect("delay= is missing");
        let mut parts = text.split(',');
        let law = parts.next();
        let values: Vec<f64> = parts.map(|part| part.parse().expect("a number of seconds")).collect();
        match (law, values.as_slice()) {
            (Some("constant"), &[delay]) => Delay::Constant(delay),
            (Some("exponential"), &[mean]) => Delay::Exponential(mean),
            (Some("uniform"), &[from, to]) => Delay::Uniform(from, to),
            _ => panic!("delay={text} is no law"),
        }
    }
}
