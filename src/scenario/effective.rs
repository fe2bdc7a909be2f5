//! The effective scenario: what was read, with all defaults filled in, as canonical TOML and as JSON.

use std::fmt::Write;

/// A value of the effective scenario.
#[derive(Clone, Debug, PartialEq)]
pub enum Effective {
    /// A string.
    String(String),
    /// A whole number.
    Integer(u64),
    /// A finite number.
    Float(f64),
    /// `true` or `false`.
    Bool(bool),
    /// Numbers, or tables.
    Array(Vec<Effective>),
    /// Keys and values in the order in which they were read.
    Table(Vec<(String, Effective)>),
}

impl Effective {
    /// The value at a path such as `population.nodes`.
    pub fn get(&self, path: &str) -> Option<&Effective> {
        path.split('.').try_fold(self, |value, name| match value {
            Effective::Table(entries) => entries.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            Effective::Array(items) => items.get(name.parse::<usize>().ok()?),
            _ => None,
        })
    }

    /// Canonical TOML: the same scenario gives the same bytes, however it was written. Reading it gives the same
    /// scenario again, if it stands in the same folder.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        if let Effective::Table(entries) = self {
            write_table(&mut text, "", entries);
        }
        text
    }

    /// The same as JSON, for manifests.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Effective::String(text) => text.as_str().into(),
            Effective::Integer(number) => (*number).into(),
            Effective::Float(number) => (*number).into(),
            Effective::Bool(flag) => (*flag).into(),
            Effective::Array(items) => items.iter().map(Effective::to_json).collect(),
            Effective::Table(entries) => entries
                .iter()
                .map(|(key, value)| (key.clone(), value.to_json()))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }

    fn has_section(&self) -> bool {
        match self {
            Effective::Table(_) => true,
            Effective::Array(items) => matches!(items.first(), Some(Effective::Table(_))),
            _ => false,
        }
    }
}

/// Plain values first, then tables under their headers.
fn write_table(text: &mut String, path: &str, entries: &[(String, Effective)]) {
    for (key, value) in entries.iter().filter(|(_, value)| !value.has_section()) {
        text.push_str(&quoted_key(key));
        text.push_str(" = ");
        write_inline(text, value);
        text.push('\n');
    }
    for (key, value) in entries {
        let dot = if path.is_empty() { "" } else { "." };
        let path = format!("{path}{dot}{}", quoted_key(key));
        match value {
            Effective::Table(inner) => {
                // A table of tables only needs no header of its own.
                if inner.is_empty() || inner.iter().any(|(_, value)| !value.has_section()) {
                    write_header(text, &format!("[{path}]"));
                }
                write_table(text, &path, inner);
            }
            Effective::Array(items) if value.has_section() => {
                for item in items {
                    write_header(text, &format!("[[{path}]]"));
                    write_flat(text, item);
                }
            }
            _ => {}
        }
    }
}

fn write_header(text: &mut String, header: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(header);
    text.push('\n');
}

/// An entry of an array of tables: its own tables are written inline.
fn write_flat(text: &mut String, item: &Effective) {
    if let Effective::Table(entries) = item {
        for (key, value) in entries {
            text.push_str(&quoted_key(key));
            text.push_str(" = ");
            write_inline(text, value);
            text.push('\n');
        }
    }
}

fn write_inline(text: &mut String, value: &Effective) {
    match value {
        Effective::String(string) => write_string(text, string),
        Effective::Integer(number) => text.push_str(&number.to_string()),
        // Rust's debug form is the shortest that reads back, and always has a point or an exponent, as TOML wants.
        Effective::Float(number) => text.push_str(&format!("{number:?}")),
        Effective::Bool(flag) => text.push_str(if *flag { "true" } else { "false" }),
        Effective::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index > 0 { ", " } else { "" });
                write_inline(text, item);
            }
            text.push(']');
        }
        Effective::Table(entries) if entries.is_empty() => text.push_str("{}"),
        Effective::Table(entries) => {
            text.push_str("{ ");
            for (index, (key, value)) in entries.iter().enumerate() {
                text.push_str(if index > 0 { ", " } else { "" });
                text.push_str(&quoted_key(key));
                text.push_str(" = ");
                write_inline(text, value);
            }
            text.push_str(" }");
        }
    }
}

fn quoted_key(key: &str) -> String {
    if !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)) {
        return key.to_owned();
    }
    let mut text = String::new();
    write_string(&mut text, key);
    text
}

fn write_string(text: &mut String, string: &str) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            control if control.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(text, "\\U{:08X}", u32::from(control));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(entries: &[(&str, Effective)]) -> Effective {
        Effective::Table(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    }

    #[test]
    fn tables_have_headers_and_events_are_inline() {
        let crash =
            table(&[("at", Effective::String("1s".to_owned())), ("crash", table(&[("count", Effective::Integer(3))]))]);
        let tree = table(&[
            ("network", table(&[("latency", table(&[("constant", table(&[("x", Effective::Float(1e-9))]))]))])),
            ("keys", table(&[])),
            ("name", Effective::String("a \"b\"".to_owned())),
            ("event", Effective::Array(vec![crash])),
        ]);
        let expected = "name = \"a \\\"b\\\"\"\n\n[network.latency.constant]\nx = 1e-9\n\n[keys]\n\n[[event]]\n\
                        at = \"1s\"\ncrash = { count = 3 }\n";
        assert_eq!(tree.to_toml(), expected);
        assert_eq!(tree.get("event.0.crash.count"), Some(&Effective::Integer(3)));
        assert_eq!(tree.get("event.1"), None);
        assert_eq!(tree.to_json()["event"][0]["crash"]["count"], 3);
    }

    proptest! {
        #[test]
        fn every_string_and_float_reads_back(string in any::<String>(), float in proptest::num::f64::NORMAL) {
            let tree = table(&[("s", Effective::String(string.clone())), ("f", Effective::Float(float))]);
            let parsed = toml::de::DeTable::parse(&tree.to_toml()).map_err(|e| TestCaseError::fail(e.to_string()))?
                .get_ref().iter().map(|(k, v)| (k.get_ref().to_string(), v.get_ref().clone()))
                .map(|(k, v)| match v {
                    toml::de::DeValue::String(text) => (k, text.to_string()),
                    toml::de::DeValue::Float(text) => (k, format!("{:?}", text.as_str().parse::<f64>().unwrap())),
                    other => (k, format!("{other:?}")),
                }).collect::<Vec<_>>();
            prop_assert_eq!(parsed, vec![("f".to_owned(), format!("{float:?}")), ("s".to_owned(), string)]);
        }
    }
}
