//! Schedules: a whole run's arrivals, departures and lookups in a CSV file.
//!
//! The first line is `time_s,action,node,key`. Each further line is one happening, in order of time: the time in
//! seconds (a decimal with at most 9 places), what happens (`join`, `leave`, `crash` or `lookup`), the number of the
//! node, and for a lookup the key as a whole number below 2^64; the last field is empty otherwise. Nothing is
//! quoted. Blank lines and lines that begin with `#` are left out.
//!
//! With `start = "converged"` the nodes `0..population.nodes` are there from time 0 on; with `start = "joining"` the
//! node k joins by itself at k times `join_every`; a line may say so again. All others join by the schedule first.
//!
//! A run lasts from 0 to its end, the end left out: nothing in a schedule may be at the end or later.

use super::diagnostics::{Diagnostics, FileProblems, Problem};
use super::model::{Population, ScheduleAction, ScheduleEntry, Start};
use super::reader::nearest;
use super::source::{Place, SourceText, read_text};
use super::units::{Decimal, DecimalError, Notation, decimal};
use crate::engine::time::{Duration, NANOS_PER_SEC, Time};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// The first line of a schedule.
pub const HEADER: &str = "time_s,action,node,key";

/// Node numbers lie below this: memory is set aside by number.
const NODE_LIMIT: u32 = 100_000_000;

const ACTIONS: [&str; 4] = ["join", "leave", "crash", "lookup"];

/// Writes one entry as a line of a schedule, exact to the nanosecond.
///
/// # Errors
/// If `out` cannot be written to.
pub fn write_entry(out: &mut impl Write, entry: &ScheduleEntry) -> io::Result<()> {
    write!(out, "{}", Decimal::seconds(entry.time.as_nanos()))?;
    match entry.action {
        ScheduleAction::Join => writeln!(out, ",join,{},", entry.node),
        ScheduleAction::Leave => writeln!(out, ",leave,{},", entry.node),
        ScheduleAction::Crash => writeln!(out, ",crash,{},", entry.node),
        ScheduleAction::Lookup(key) => writeln!(out, ",lookup,{},{key}", entry.node),
    }
}

/// Reads the schedule file at `path` for a run of `population` that lasts until `end`. Gives its entries and the BLAKE3
/// of its content, in hexadecimal digits.
///
/// # Errors
/// If the file cannot be read, or for what is wrong in it: the first twenty problems.
pub fn load(path: &Path, population: &Population, end: Time) -> Result<(Vec<ScheduleEntry>, String), Diagnostics> {
    let source = read_text(path, &path.display().to_string(), 0).map_err(|problem| Diagnostics::from(*problem))?;
    let entries = read(&source, Some(population), Some(end)).map_err(|problems| {
        let mut diagnostics = Diagnostics::default();
        diagnostics.extend(problems);
        diagnostics
    })?;
    Ok((entries, blake3::hash(source.text.as_bytes()).to_hex().to_string()))
}

/// Reads a schedule, or gives the first twenty problems found. Without a population or an end (because the scenario has
/// errors there) what depends on them is not checked.
pub(super) fn read(
    source: &Arc<SourceText>,
    population: Option<&Population>,
    end: Option<Time>,
) -> Result<Vec<ScheduleEntry>, Vec<Problem>> {
    let mut reader = ScheduleReader {
        source,
        population,
        end,
        problems: FileProblems::new(Place::whole(source)),
        states: BTreeMap::new(),
        latest: Time::ZERO,
    };
    let mut entries = Vec::new();
    let mut lines = lines(&source.text);
    match lines.next() {
        Some(line) if source.text[line.clone()].trim_start_matches('\u{feff}') == HEADER => {}
        Some(line) => reader.problem(line, "a schedule begins with a header", &format!("allowed: {HEADER}")),
        None => {
            reader.problem(0..0, "the schedule is empty", &format!("allowed: {HEADER}, and a line for each happening"))
        }
    }
    if reader.problems.is_empty() {
        entries.extend(lines.filter_map(|line| reader.entry(line)));
    }
    if reader.problems.is_empty() { Ok(entries) } else { Err(reader.problems.finish()) }
}

/// Lines that are not blank and no comments, as ranges of bytes without outer blanks.
fn lines(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = 0;
    text.split('\n')
        .map(move |line| {
            let begin = start + line.len() - line.trim_start().len();
            start += line.len() + 1;
            begin..begin + line.trim().len()
        })
        .filter(|range| !range.is_empty() && !text[range.clone()].starts_with('#'))
}

struct ScheduleReader<'s> {
    source: &'s Arc<SourceText>,
    population: Option<&'s Population>,
    end: Option<Time>,
    problems: FileProblems,
    /// Whether a node is there, and where it joined or departed last; nodes that did neither are not in it.
    states: BTreeMap<u32, (bool, Range<usize>)>,
    latest: Time,
}

impl<'s> ScheduleReader<'s> {
    fn text(&self, range: &Range<usize>) -> &'s str {
        &self.source.text[range.clone()]
    }

    fn problem(&mut self, range: Range<usize>, message: impl Into<String>, note: &str) {
        let place = Place::new(self.source, range);
        self.problems.push(Problem::error(message, place, "").note(note));
    }

    fn entry(&mut self, line: Range<usize>) -> Option<ScheduleEntry> {
        let mut start = line.start;
        let mut fields: Vec<Range<usize>> = Vec::with_capacity(4);
        for field in self.text(&line).split(',') {
            let begin = start + field.len() - field.trim_start().len();
            fields.push(begin..begin + field.trim().len());
            start += field.len() + 1;
        }
        if fields.len() == 3 {
            fields.push(line.end..line.end);
        }
        let [time, action, node, key] = fields.as_slice() else {
            let message = format!("a line of a schedule has 4 fields, not {}", fields.len());
            self.problem(line, message, &format!("allowed: {HEADER}"));
            return None;
        };
        let (at, who) = (self.time(time), self.node(node));
        let action_read = self.action(action, key);
        let (at, who, action_read) = (at?, who?, action_read?);
        self.check_time(time, at)?;
        if action_read == ScheduleAction::Join && self.is_own_join(who, at) {
            return None;
        }
        self.check_state(&line, node, at, who, action_read)?;
        Some(ScheduleEntry { time: at, node: who, action: action_read })
    }

    fn time(&mut self, range: &Range<usize>) -> Option<Time> {
        let text = self.text(range);
        let message = match decimal(text, NANOS_PER_SEC, Notation::EXACT) {
            Ok(nanos) => return Some(Time::from_nanos(nanos)),
            Err(DecimalError::Negative) => format!("the time `{text}` is negative"),
            Err(DecimalError::TooLarge) => format!("the time `{text}` is too large"),
            Err(DecimalError::TooFine) => format!("the time `{text}` is finer than a nanosecond"),
            Err(DecimalError::NotANumber) => format!("`{text}` is not a time"),
        };
        self.problem(range.clone(), message, "allowed: seconds with at most 9 decimal places, such as 12.5");
        None
    }

    fn node(&mut self, range: &Range<usize>) -> Option<u32> {
        let text = self.text(range);
        let node = whole(text).and_then(|node| u32::try_from(node).ok()).filter(|&node| node < NODE_LIMIT);
        if node.is_none() {
            let message = format!("`{text}` is not the number of a node");
            self.problem(range.clone(), message, "allowed: whole numbers below 100_000_000");
        }
        node
    }

    fn action(&mut self, range: &Range<usize>, key: &Range<usize>) -> Option<ScheduleAction> {
        let (text, key_text) = (self.text(range), self.text(key));
        let action = match text {
            "join" => ScheduleAction::Join,
            "leave" => ScheduleAction::Leave,
            "crash" => ScheduleAction::Crash,
            "lookup" => {
                let parsed = whole(key_text);
                if parsed.is_none() {
                    let message = match key_text {
                        "" => "a lookup without a key".to_owned(),
                        _ => format!("`{key_text}` is not a key"),
                    };
                    self.problem(key.clone(), message, "allowed: whole numbers below 2^64");
                }
                return parsed.map(ScheduleAction::Lookup);
            }
            _ => {
                let place = Place::new(self.source, range.clone());
                let problem = Problem::error(format!("unknown action `{text}`"), place, "");
                let problem = problem.note("allowed: join, leave, crash, lookup");
                self.problems.push(match nearest(text, &ACTIONS) {
                    Some(near) => problem.help(format!("did you mean `{near}`?")),
                    None => problem,
                });
                return None;
            }
        };
        if !key_text.is_empty() {
            self.problem(key.clone(), format!("a {text} has no key"), "only lookups have a key");
            return None;
        }
        Some(action)
    }

    fn check_time(&mut self, range: &Range<usize>, at: Time) -> Option<()> {
        if at < self.latest {
            let message = format!("the schedule is out of order: {}s after {}", self.text(range), self.latest);
            self.problem(range.clone(), message, "allowed: times that never fall");
            return None;
        }
        self.latest = at;
        if let Some(end) = self.end.filter(|&end| at >= end) {
            let message = format!("this is not before the end of the run at {end}");
            self.problem(range.clone(), message, "the run ends after `measurement.warmup` and `measurement.duration`");
            return None;
        }
        Some(())
    }

    /// Joins take a node that is not there, everything else one that is.
    fn check_state(
        &mut self,
        line: &Range<usize>,
        range: &Range<usize>,
        at: Time,
        node: u32,
        action: ScheduleAction,
    ) -> Option<()> {
        let earlier = self.states.get(&node).cloned();
        let live = match &earlier {
            Some((live, _)) => *live,
            None => self.is_there_from_the_start(node, at)?,
        };
        let joins = action == ScheduleAction::Join;
        // Only what the scenario does by itself: nodes of a joining start must not be taken by the schedule.
        let joins_later = joins && earlier.is_none() && self.population.is_some_and(|p| node < p.nodes);
        if joins == live || joins_later {
            let message = match joins {
                true => format!("node {node} joins, but is there already"),
                false => format!("node {node} is not there"),
            };
            let place = Place::new(self.source, range.clone());
            let problem = Problem::error(message, place, "");
            self.problems.push(match earlier {
                Some((live, at)) => {
                    let label = if live { "it joined here" } else { "it departed here" };
                    problem.and(Place::new(self.source, at), label)
                }
                None => problem.note(self.note_on_start(node)),
            });
            return None;
        }
        if !matches!(action, ScheduleAction::Lookup(_)) {
            self.states.insert(node, (joins, line.clone()));
        }
        Some(())
    }

    /// Whether a node that no line named is there at `at`; `None` if the scenario does not say.
    fn is_there_from_the_start(&self, node: u32, at: Time) -> Option<bool> {
        let population = self.population?;
        Some(node < population.nodes && at >= self.own_join(population, node))
    }

    /// Whether this is the join of a joining start that the scenario brings about by itself. Recorded schedules have
    /// it.
    fn is_own_join(&self, node: u32, at: Time) -> bool {
        self.population.is_some_and(|population| {
            let is_joining = matches!(population.start, Start::Joining { .. }) && node < population.nodes;
            is_joining && !self.states.contains_key(&node) && at == self.own_join(population, node)
        })
    }

    /// When a node of the start joins.
    fn own_join(&self, population: &Population, node: u32) -> Time {
        match population.start {
            Start::Converged => Time::ZERO,
            Start::Joining { join_every } => Time::ZERO + join_every.saturating_mul(u64::from(node)),
        }
    }

    fn note_on_start(&self, node: u32) -> String {
        let Some(population) = self.population else { return String::new() };
        match population.start {
            _ if node >= population.nodes => {
                let last = population.nodes - 1;
                format!("nodes 0 to {last} come by themselves (`population.nodes`); others must join first")
            }
            Start::Converged => format!("nodes 0 to {} are there from time 0 on", population.nodes - 1),
            Start::Joining { .. } => {
                let at = self.own_join(population, node).since(Time::ZERO);
                format!("it joins by itself at {at} (`population.join_every`)")
            }
        }
    }
}

/// A whole number: digits only.
fn whole(text: &str) -> Option<u64> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// How long the nodes of a joining start take to arrive.
pub(super) fn last_own_join(population: &Population) -> Duration {
    match population.start {
        Start::Converged => Duration::ZERO,
        Start::Joining { join_every } => join_every.saturating_mul(u64::from(population.nodes.saturating_sub(1))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Diagnostics;
    use proptest::prelude::*;

    const CONVERGED: Population = Population { nodes: 3, start: Start::Converged, permanent: 0, kinds: Vec::new() };

    fn read_with(text: &str, population: &Population) -> Result<Vec<ScheduleEntry>, String> {
        let source = SourceText { name: "schedule.csv".to_owned(), text: text.to_owned(), rank: 0 };
        let end = Some(Time::ZERO + Duration::from_secs(100));
        read(&Arc::new(source), Some(population), end).map_err(|problems| {
            let mut diagnostics = Diagnostics::default();
            diagnostics.extend(problems);
            diagnostics.to_string()
        })
    }

    fn problems(lines: &str) -> String {
        read_with(&format!("{HEADER}\n{lines}"), &CONVERGED).expect_err(lines)
    }

    #[test]
    fn a_schedule_is_read_exactly() {
        let text = "# recorded\ntime_s,action,node,key\r\n0,leave,2,\r\n\n0.000000001,join,2,\n\
                    12.5,lookup,0,18446744073709551615\n99.999999999,crash,1\n";
        let entry = |nanos, node, action| ScheduleEntry { time: Time::from_nanos(nanos), node, action };
        assert_eq!(
            read_with(text, &CONVERGED),
            Ok(vec![
                entry(0, 2, ScheduleAction::Leave),
                entry(1, 2, ScheduleAction::Join),
                entry(12_500_000_000, 0, ScheduleAction::Lookup(u64::MAX)),
                entry(99_999_999_999, 1, ScheduleAction::Crash),
            ])
        );
    }

    #[test]
    fn what_is_wrong_in_a_schedule_is_said() {
        for (lines, message) in [
            ("5,join,7,\n4,join,8,", "the schedule is out of order: 4s after 5s"),
            ("5,join,0,", "node 0 joins, but is there already"),
            ("5,join,7,\n6,join,7,", "node 7 joins, but is there already"),
            ("5,crash,9,", "node 9 is not there"),
            ("5,crash,1,\n6,lookup,1,3", "node 1 is not there"),
            ("100,crash,1,", "this is not before the end of the run at 100s"),
            ("101,crash,1,", "this is not before the end of the run at 100s"),
            ("5,crash,100000000,", "`100000000` is not the number of a node"),
            ("5,crash,-1,", "`-1` is not the number of a node"),
            ("5,jion,7,", "did you mean `join`?"),
            ("5,lookup,1,", "a lookup without a key"),
            ("5,lookup,1,0x3", "`0x3` is not a key"),
            ("5,lookup,1,18446744073709551616", "`18446744073709551616` is not a key"),
            ("5,crash,1,3", "a crash has no key"),
            ("5,crash", "a line of a schedule has 4 fields, not 2"),
            ("5,crash,1,,", "a line of a schedule has 4 fields, not 5"),
            ("soon,crash,1,", "`soon` is not a time"),
            ("-1,crash,1,", "the time `-1` is negative"),
            ("0.0000000001,crash,1,", "the time `0.0000000001` is finer than a nanosecond"),
            ("99999999999999999999,crash,1,", "the time `99999999999999999999` is too large"),
            ("\"5\",crash,1,", "is not a time"),
        ] {
            assert!(problems(lines).contains(message), "{lines:?}: {}", problems(lines));
        }
        assert!(read_with("", &CONVERGED).unwrap_err().contains("the schedule is empty"));
        assert!(read_with("0,join,9,", &CONVERGED).unwrap_err().contains("a schedule begins with a header"));
    }

    #[test]
    fn a_node_named_twice_is_shown_with_both_lines() {
        let expected = "\
error: node 7 joins, but is there already
 --> schedule.csv:4:8
  |
2 | 5,join,7,
  | --------- it joined here
3 | 5.5,lookup,7,1
4 | 6,join,7,
  |        ^";
        assert_eq!(problems("5,join,7,\n5.5,lookup,7,1\n6,join,7,"), expected);
    }

    #[test]
    fn nodes_of_a_joining_start_come_by_themselves() {
        let joining = Population { start: Start::Joining { join_every: Duration::from_secs(10) }, ..CONVERGED };
        let with = |lines: &str| read_with(&format!("{HEADER}\n{lines}"), &joining);
        assert!(with("20,crash,2,\n21,join,2,").is_ok());
        assert!(with("19,crash,2,").unwrap_err().contains("it joins by itself at 20s"));
        assert!(with("5,join,2,").unwrap_err().contains("it joins by itself at 20s"));
        assert!(with("5,join,3,").is_ok());
    }

    #[test]
    fn many_problems_are_cut_short() {
        assert!(problems(&"x,y,z,\n".repeat(10)).contains("... and 10 more problems in `schedule.csv`"));
    }

    fn any_entry() -> impl Strategy<Value = ScheduleEntry> {
        let action = prop_oneof![
            Just(ScheduleAction::Join),
            Just(ScheduleAction::Leave),
            Just(ScheduleAction::Crash),
            any::<u64>().prop_map(ScheduleAction::Lookup)
        ];
        let node = prop_oneof![0..5u32, NODE_LIMIT - 2..NODE_LIMIT];
        (0..100_000_000_000u64, node, action).prop_map(|(nanos, node, action)| ScheduleEntry {
            time: Time::from_nanos(nanos),
            node,
            action,
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(mut entries in prop::collection::vec(any_entry(), 0..20)) {
            entries.sort_by_key(|entry| entry.time);
            let mut live = std::collections::BTreeSet::from([0]);
            entries.retain(|entry| match entry.action {
                ScheduleAction::Join => live.insert(entry.node),
                ScheduleAction::Lookup(_) => live.contains(&entry.node),
                _ => live.remove(&entry.node),
            });
            let mut text = format!("{HEADER}\n").into_bytes();
            for entry in &entries {
                write_entry(&mut text, entry).map_err(|e| TestCaseError::fail(e.to_string()))?;
            }
            let text = String::from_utf8(text).map_err(|e| TestCaseError::fail(e.to_string()))?;
            prop_assert_eq!(read_with(&text, &Population { nodes: 1, ..CONVERGED }), Ok(entries));
        }

        #[test]
        fn no_text_makes_it_panic(
            text in "(time_s,action,node,key\n)?\
                ([0-9.,\n#-]|join|leave|crash|lookup|\n[0-9],join,[0-9],\n){0,60}|\\PC{0,60}"
        ) {
            if let Err(problems) = read_with(&text, &CONVERGED) {
                prop_assert!(!problems.is_empty());
            }
        }
    }
}
