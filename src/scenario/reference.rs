//! The reference page of all keys that a scenario can have, made from tables that a test holds against the reader.

use super::presets::{Law, PRESETS};
use super::reference_keys::SECTIONS;
use crate::engine::time::Duration;
use std::fmt::Write;

/// A key of a scenario.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Name within its table, with dots for tables in it.
    pub name: &'static str,
    /// What may be written, in the words that error messages use.
    pub allowed: &'static str,
    /// What happens if it is not written.
    pub absent: Absent,
    /// What it means.
    pub meaning: &'static str,
}

/// What happens if a key is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// It has this value, in TOML.
    Is(&'static str),
    /// The scenario is rejected.
    Required,
    /// Nothing: it is one of several ways, or an option.
    Nothing,
}

impl Key {
    /// A key with a default, in TOML.
    pub const fn or(name: &'static str, allowed: &'static str, default: &'static str, meaning: &'static str) -> Self {
        Key { name, allowed, absent: Absent::Is(default), meaning }
    }

    /// A key that must be there, if the table that it is in is there.
    pub const fn required(name: &'static str, allowed: &'static str, meaning: &'static str) -> Self {
        Key { name, allowed, absent: Absent::Required, meaning }
    }

    /// A key that need not be there.
    pub const fn optional(name: &'static str, allowed: &'static str, meaning: &'static str) -> Self {
        Key { name, allowed, absent: Absent::Nothing, meaning }
    }
}

/// A table of a scenario.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// Its header; empty for what stands above all tables.
    pub path: &'static str,
    /// What it is for.
    pub text: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
}

/// What the page says of a protocol.
#[derive(Clone, Copy, Debug)]
pub struct ProtocolReference {
    /// Its name.
    pub name: &'static str,
    /// The keys of its table.
    pub keys: &'static [Key],
    /// Kinds of messages.
    pub message_kinds: &'static [&'static str],
    /// Its figures of health, each with its meaning.
    pub figures: &'static [(&'static str, &'static str)],
}

const OPENING: &str = "\
# The keys of a scenario

This page is generated from the tables in `src/scenario/reference_keys.rs` and from those of the protocols; a test
holds them against what is read, and keeps the page current. `SNAPSHOTS=overwrite cargo test --test reference` writes it
anew.

A scenario is a TOML file. `torus-sim check FILE` finds all that is wrong with one; `torus-sim run FILE --show-config`
prints it with all defaults filled in.

- A *duration* is a number and a unit in quotes: `\"500ms\"`, `\"1.5h\"`, or several, `\"1h 20min\"`. Units: `ns`,
  `us`, `ms`, `s`, `min`, `h`, `d`. At most 100 years, exact to the nanosecond.
- A *period* is the time between two rounds of a task: a duration above zero, always the same; or a law, from which each
  pause is drawn (`{ uniform = { from = \"15s\", to = \"45s\" } }`, or `exponential`, or `fixed`); or `\"never\"`.
- A choice is a table with the name of the choice: `[network.latency.constant]`. The name alone, as a string, chooses it
  with its defaults: `protocol = \"chord\"`.
- `--set KEY=VALUE` changes a key, `--set population.nodes=1000`, and so do `[set]` and the axes of a sweep. A choice
  changes only where it is set itself, as a word or as a table: `--set protocol=kademlia`,
  `--set 'network.latency={ constant = { delay = \"10ms\" } }'`. A key of what was not chosen, such as
  `protocol.kademlia.k` in a scenario that runs Chord, is an error. Of alternatives that stand side by side, such as
  `churn.preset` and `churn.session`, or `crash` and `leave` in an event, one that is set as a whole takes the other's
  place; so do plain values such as `mean` and `scale`, and `churn.steady=true`, which that of `churn.downtime`.
- Large numbers may have underscores: `10_000`.
- Paths of files are relative to the folder of the scenario.
";

/// The whole page, in Markdown.
pub fn page(protocols: &[ProtocolReference]) -> String {
    let mut page = OPENING.to_owned();
    for section in SECTIONS {
        write_section(&mut page, section);
        match section.path {
            "population" => protocols.iter().for_each(|protocol| write_protocol(&mut page, protocol)),
            "churn" => write_presets(&mut page),
            _ => {}
        }
    }
    page
}

/// The tables of the page.
pub fn sections() -> &'static [Section] {
    SECTIONS
}

fn write_section(page: &mut String, section: &Section) {
    let title = match section.path {
        "" => "Above all tables".to_owned(),
        "event" => "`[[event]]`".to_owned(),
        path => format!("`[{path}]`"),
    };
    let _ = writeln!(page, "\n## {title}\n\n{}\n", section.text); // writing into a string cannot fail
    write_keys(page, section.keys);
}

/// Appends a table of keys to a page.
pub fn write_keys(page: &mut String, keys: &[Key]) {
    page.push_str("| key | allowed | default | meaning |\n|---|---|---|---|\n");
    for key in keys {
        let default = match key.absent {
            Absent::Is(value) => format!("`{value}`"),
            Absent::Required => "must be given".to_owned(),
            Absent::Nothing => String::new(),
        };
        let _ = writeln!(page, "| `{}` | {} | {default} | {} |", key.name, key.allowed, key.meaning);
    }
}

fn write_protocol(page: &mut String, protocol: &ProtocolReference) {
    let name = protocol.name;
    let _ = writeln!(page, "\n## `[protocol.{name}]`\n");
    write_keys(page, protocol.keys);
    let kinds: Vec<String> = protocol.message_kinds.iter().map(|kind| format!("`{kind}`")).collect();
    let _ = writeln!(page, "\nKinds of messages in the results: {}.\n\nFigures of health:\n", kinds.join(", "));
    page.push_str("| figure | meaning |\n|---|---|\n");
    for (figure, meaning) in protocol.figures {
        let _ = writeln!(page, "| `{figure}` | {meaning} |");
    }
}

fn write_presets(page: &mut String) {
    page.push_str("\nPresets. One without downtimes replaces each departure at once, like `steady = true`.\n\n");
    page.push_str("| preset | session | downtime | source |\n|---|---|---|---|\n");
    for preset in PRESETS {
        let downtime = preset.downtime.map_or(String::new(), describe);
        let _ = writeln!(page, "| `{}` | {} | {downtime} | {} |", preset.name, describe(preset.session), preset.source);
    }
}

fn describe(law: Law) -> String {
    let length = |millis| Duration::from_millis(millis).to_string();
    match law {
        Law::Weibull(shape, scale) => format!("Weibull, shape {shape}, scale {}", length(scale)),
        Law::Pareto(shape, minimum) => format!("Pareto, shape {shape}, minimum {}", length(minimum)),
        Law::Exponential(mean) => format!("exponential, mean {}", length(mean)),
        Law::ExponentialMedian(median) => format!("exponential, median {}", length(median)),
    }
}
