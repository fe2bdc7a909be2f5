//! `[[population.kind]]`, what lines carry, and the names by which links and events mean kinds of nodes.

use super::diagnostics::Problem;
use super::model::{Bandwidth, Between, Kind};
use super::read_churn::LAWS;
use super::reader::{TableReader, unknown_word};
use super::reader_values::Zero;
use crate::engine::time::Duration;
use std::ops::Bound;

/// Most kinds: a set of them fits in 64 bits.
const MOST_KINDS: usize = 64;
/// Name of the kind of those who are of no other.
const OTHERS: &str = "others";
/// What stands for nodes of every kind.
pub(super) const ALL: &str = "all";
/// Of a line that does not say how much waits: as in OverSim.
const QUEUE_BYTES: u64 = 1_000_000;
/// Most bytes, and bytes a second, of a line: a terabyte.
const MOST_BYTES: u64 = 1_000_000_000_000;
/// How far shares may miss a sum of 1.
const ROUNDING: f64 = 1e-9;

/// Reads all kinds; the last is of those who are of no other, if there are any.
pub(super) fn read(table: &mut TableReader<'_>) -> Vec<Kind> {
    let mut names: Vec<String> = Vec::new();
    let mut kinds = table.tables("kind", |table| read_one(table, &mut names));
    if kinds.is_empty() || !table.is_sound("kind") {
        return Vec::new();
    }
    let sum: f64 = kinds.iter().map(|kind| kind.share).sum();
    if sum > 1.0 + ROUNDING {
        let label = format!("the shares add up to {sum}");
        let problem = Problem::error("there are more kinds than nodes", table.key_place("kind"), label);
        table.report("kind", problem.note("allowed: shares that add up to 1 at most"));
    } else if sum < 1.0 - ROUNDING {
        if names.iter().any(|name| name == OTHERS) {
            let label = format!("the shares add up to {sum}");
            let problem = Problem::error("some nodes are of no kind", table.key_place("kind"), label);
            let help = format!("let the shares add up to 1, or leave the kind `{OTHERS}` out");
            table.report("kind", problem.help(help));
        }
        kinds.push(Kind { share: 1.0 - sum, ..Kind::named(OTHERS) });
    }
    if kinds.len() > MOST_KINDS {
        let label = format!("{} kinds", kinds.len());
        table.report("kind", Problem::error("too many kinds", table.key_place("kind"), label).note("allowed: 64"));
    }
    kinds
}

fn read_one(table: &mut TableReader<'_>, names: &mut Vec<String>) -> Kind {
    let name = read_name(table, "name", true).unwrap_or_default();
    if table.is_sound("name") && names.contains(&name) {
        table.reject_value("name", "names another kind already", String::new(), "a name of its own");
    }
    names.push(name.clone());
    Kind {
        name,
        share: table.number("share", (Bound::Excluded(0.0), Bound::Included(1.0))),
        region: read_name(table, "region", false),
        behind_nat: table.flag("behind_nat", false),
        client: table.flag("client", false),
        delay: table.duration_or("delay", Duration::ZERO, Zero::Allowed),
        bandwidth: table.optional_table("bandwidth", read_bandwidth),
        session: if table.has("session") { table.law("session", &LAWS) } else { None },
    }
}

/// A name for kinds or regions; it stands in columns.
fn read_name(table: &mut TableReader<'_>, key: &str, is_required: bool) -> Option<String> {
    if !is_required && !table.has(key) {
        return None;
    }
    let name = table.text(key);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if table.is_sound(key) && (name.is_empty() || !name.bytes().all(is_plain) || name == ALL) {
        let allowed = format!("letters, digits, `_` and `-`, but not `{ALL}`");
        table.reject_value(key, "cannot name kinds of nodes", String::new(), &allowed);
    }
    Some(name)
}

/// What a line carries.
pub(super) fn read_bandwidth(table: &mut TableReader<'_>) -> Bandwidth {
    Bandwidth {
        up_bytes_per_s: table.count("up_bytes_per_s", 1..=MOST_BYTES),
        down_bytes_per_s: table.count("down_bytes_per_s", 1..=MOST_BYTES),
        queue_bytes: table.count_or("queue_bytes", QUEUE_BYTES, 1..=MOST_BYTES),
    }
}

/// All kinds, bit by bit.
fn everybody(kinds: &[Kind]) -> u64 {
    u64::MAX >> (64 - kinds.len().clamp(1, MOST_KINDS))
}

/// The kinds that a key names: one of them, a region, or all.
pub(super) fn read_kinds(table: &mut TableReader<'_>, key: &str, kinds: &[Kind]) -> u64 {
    let name = table.text(key);
    if name == ALL || !table.is_sound(key) {
        return everybody(kinds);
    }
    let is_meant = |kind: &Kind| kind.name == name || kind.region.as_ref() == Some(&name);
    let bits = kinds.iter().enumerate().filter(|(_, kind)| is_meant(kind)).fold(0, |bits, (id, _)| bits | 1 << id);
    if bits == 0 {
        let regions = kinds.iter().filter_map(|kind| kind.region.as_deref());
        let mut names: Vec<&str> = kinds.iter().map(|kind| kind.name.as_str()).chain(regions).collect();
        names.push(ALL);
        names.retain(|name| !name.is_empty());
        names.sort_unstable();
        names.dedup();
        let full_name = table.full_name(key);
        table.report(key, unknown_word(&full_name, &name, &names, table.place_of(key)));
    }
    bits
}

/// Which messages something happens to: `from` and `to`, `both_ways` or not, or all `of` some kinds. Where
/// `others_only`, those among these themselves are not meant by `of`.
pub(super) fn read_between(table: &mut TableReader<'_>, kinds: &[Kind], others_only: bool) -> Vec<Between> {
    let all = everybody(kinds);
    let ends = ["from", "to"].into_iter().find(|key| table.has(key));
    if table.has("of") {
        let of = read_kinds(table, "of", kinds);
        // Known, so that only one thing is said of them.
        let _ = ["from", "to", "both_ways"].map(|key| table.take(key));
        if let Some(end) = ends {
            let problem = Problem::error("says twice which messages are meant", table.key_place("of"), "all of these");
            table.report("of", problem.and(table.key_place(end), "and this").help("give `of`, or `from` and `to`"));
        }
        let others = if others_only { all & !of } else { all };
        if others == 0 && table.is_sound("of") {
            table.reject_value("of", "leaves nobody else", String::new(), "some kinds of several");
        }
        return vec![Between { from: of, to: others }, Between { from: all & !of, to: of }];
    }
    if ends.is_none() {
        table.reject("from", "it is not said which messages are meant: give `of`, or `from`, `to` or both");
    }
    let mut end = |key| if table.has(key) { read_kinds(table, key, kinds) } else { all };
    let (from, to) = (end("from"), end("to"));
    match table.flag("both_ways", false) {
        true => vec![Between { from, to }, Between { from: to, to: from }],
        false => vec![Between { from, to }],
    }
}
