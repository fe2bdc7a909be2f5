//! A table of a scenario under construction, for whoever writes scenarios instead of reading them.

use super::effective::Effective;
use crate::engine::time::Duration;

/// Keys and values in the order in which they were added.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft(Vec<(String, Effective)>);

impl Draft {
    /// An empty table.
    pub fn new() -> Self {
        Draft::default()
    }

    /// A table with one duration in it.
    pub fn of_duration(key: &str, duration: Duration) -> Self {
        Draft::new().duration(key, duration)
    }

    fn with(mut self, key: &str, value: Effective) -> Self {
        self.0.push((key.to_owned(), value));
        self
    }

    /// Adds a string.
    pub fn text(self, key: &str, text: &str) -> Self {
        self.with(key, Effective::String(text.to_owned()))
    }

    /// Adds a duration.
    pub fn duration(self, key: &str, duration: Duration) -> Self {
        self.with(key, Effective::String(duration.to_string()))
    }

    /// Adds a whole number.
    pub fn count(self, key: &str, count: u64) -> Self {
        self.with(key, Effective::Integer(count))
    }

    /// Adds a number.
    pub fn number(self, key: &str, number: f64) -> Self {
        self.with(key, Effective::Float(number))
    }

    /// Adds an array of numbers.
    pub fn numbers(self, key: &str, numbers: &[f64]) -> Self {
        self.with(key, Effective::Array(numbers.iter().map(|number| Effective::Float(*number)).collect()))
    }

    /// Adds `true` or `false`.
    pub fn flag(self, key: &str, flag: bool) -> Self {
        self.with(key, Effective::Bool(flag))
    }

    /// Adds a table.
    pub fn table(self, key: &str, table: Draft) -> Self {
        self.with(key, table.finish())
    }

    /// Adds an array of tables, unless there are none.
    pub fn tables(self, key: &str, tables: Vec<Draft>) -> Self {
        if tables.is_empty() {
            return self;
        }
        self.with(key, Effective::Array(tables.into_iter().map(Draft::finish).collect()))
    }

    /// Adds all that another table has.
    pub fn and(mut self, other: Draft) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The finished table.
    pub fn finish(self) -> Effective {
        Effective::Table(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_is_written() {
        let events = vec![Draft::of_duration("at", Duration::from_millis(1500)).flag("heal", true)];
        let inner = Draft::new().number("loss", 0.25).table("latency", Draft::new().count("x", 3));
        let draft =
            Draft::new().text("name", "a").table("network", inner).tables("event", events).tables("none", vec![]);
        assert_eq!(
            draft.and(Draft::new().flag("b", false)).finish().to_toml(),
            "name = \"a\"\nb = false\n\n[network]\nloss = 0.25\n\n[network.latency]\nx = 3\n\n[[event]]\n\
             at = \"1500ms\"\nheal = true\n"
        );
    }
}
