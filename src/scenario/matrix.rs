//! Latency matrices: measured delays between hosts, read from a file.
//!
//! Delays are in milliseconds unless the scenario names another unit, one-way or round-trip as it says; a round trip
//! is halved (rounding down to a whole nanosecond). Numbers are decimals such as `12`, `12.5`, `12.` or `1.25e+01`,
//! rounded to the nearest nanosecond. Every pair of hosts needs a delay: empty, `nan` or negative entries (which mark
//! missing measurements in many data sets) are errors. Lines that are blank or begin with `#` are left out, and so is
//! whatever follows a `#`, or a `%` after a blank, and a byte order mark. Entries may be in quotes (`"`). Entries are
//! separated by commas, semicolons, bars, tabs or blanks; where commas do not separate, they may stand before decimals
//! (`matrix_text.rs`).
//!
//! **Square**: one line a host with the delays from it to every host, itself included, in the same order. The entry
//! (i, j) is the delay from host i to host j. Half of a symmetric matrix will do: rows of 1, 2, 3, ... entries up to
//! the diagonal, or of n, n - 1, ... entries from it on, with zeros in the diagonal.
//!
//! **List**: lines `I J DELAY`, with hosts numbered from 0 or from 1 on without gaps. A pair that is named in one order
//! only has that delay both ways. A delay from a host to itself may be given and is 0 otherwise.
//!
//! **p2psim** (the `E2EGraph` topologies of p2psim): lines `node N`, N from 1 on, and lines `I,J DELAY` for each pair
//! of hosts. A pair is named once, in either order, and its delay goes both ways; naming it again with the same delay
//! is allowed. A delay from a host to itself may be given and is 0 otherwise. The header lines `topology E2EGraph
//! HOSTS` and `failure_model ...` are accepted; without the first, the largest number is the number of hosts. In p2psim
//! these delays are one-way, and so they are here if the scenario does not say what they are.
//!
//! `auto` takes a file for p2psim's if its first line is one of those above, and for a list if each of its lines has
//! three entries, of which two are numbers of hosts. Three lines that could be a table as well must be told what they
//! are (`matrix_kinds.rs`).

use super::diagnostics::{FileProblems, Problem};
use super::matrix_checks::{self, Remark};
use super::matrix_kinds::{Looks, Names, host_number, is_missing, looks, looks_like_p2psim, names, number};
use super::matrix_text::{Layout, lines, split_words};
use super::model::LatencyMatrix;
use super::source::{Place, SourceText};
use super::units::{DecimalError, Notation, decimal};
use crate::engine::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::ops::Range;
use std::sync::Arc;

/// Most hosts of a matrix.
const MOST_HOSTS: usize = 65_535;

/// Longest delay \[ms\]: an hour.
const LONGEST_MS: u64 = 3_600_000;

const NUMBERED: &str = "the hosts of a list are numbered from 0 or from 1 on without gaps";

const ALLOWED: &str = "a delay from 0 to an hour, in milliseconds unless `unit` says otherwise";

/// How a matrix file is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Whichever it looks like.
    Auto,
    /// A square table, or half of it.
    Square,
    /// Two hosts and a delay a line.
    List,
    /// Pairs of hosts, as p2psim has them.
    P2psim,
}

/// What the numbers in a matrix file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Values {
    /// Time to a host and back.
    RoundTrip,
    /// Time to a host.
    OneWay,
}

/// How a matrix file is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Manner {
    /// How it is laid out, as the scenario says.
    pub format: Format,
    /// What the numbers are.
    pub values: Values,
    /// Their unit \[ns\].
    pub unit_ns: u64,
    /// Whether the scenario names the unit.
    pub unit_is_given: bool,
}

/// Reads a matrix and what is remarkable about it, or gives the first twenty problems found.
pub(super) fn read(source: &Arc<SourceText>, manner: Manner) -> Result<(LatencyMatrix, Vec<Remark>), Vec<Problem>> {
    let source = &with_lines_ended(source);
    let layout = Layout::of(&source.text);
    let problems = FileProblems::new(Place::whole(source));
    let mut file = MatrixFile {
        source,
        values: manner.values,
        unit_ns: manner.unit_ns,
        layout,
        problems,
        has_told_of_zero: false,
    };
    let matrix = match manner.format {
        Format::P2psim => file.read_pairs(),
        Format::Auto if looks_like_p2psim(source) => file.read_pairs(),
        _ if file.has_names() || file.has_quoted_commas() => None,
        Format::List => file.read_list(),
        Format::Square => file.read_square(),
        Format::Auto => match looks(&source.text, &layout) {
            Looks::List => file.read_list(),
            Looks::Square => file.read_square(),
            Looks::Either => file.ask_for_format(),
        },
    };
    match matrix {
        Some(matrix) if file.problems.is_empty() => matrix_checks::check(matrix, manner, source),
        _ => Err(file.problems.finish()),
    }
}

/// The text with its lines ended as usual, where each ends with a carriage return alone.
fn with_lines_ended(source: &Arc<SourceText>) -> Arc<SourceText> {
    if source.text.contains('\n') || !source.text.contains('\r') {
        return Arc::clone(source);
    }
    let text = source.text.replace('\r', "\n");
    Arc::new(SourceText { name: source.name.clone(), text, rank: source.rank })
}

/// Whether the file will be read as one of p2psim's.
pub(super) fn is_p2psim(source: &SourceText, format: Format) -> bool {
    match format {
        Format::P2psim => true,
        Format::Auto => looks_like_p2psim(source),
        Format::Square | Format::List => false,
    }
}

struct MatrixFile<'s> {
    source: &'s Arc<SourceText>,
    values: Values,
    unit_ns: u64,
    layout: Layout,
    problems: FileProblems,
    has_told_of_zero: bool,
}

impl MatrixFile<'_> {
    fn problem(&mut self, range: Range<usize>, message: impl Into<String>, allowed: &str) {
        let place = Place::new(self.source, range);
        self.problems.push(Problem::error(message, place, "").note(format!("allowed: {allowed}")));
    }

    fn problem_with_help(&mut self, range: Range<usize>, message: impl Into<String>, help: &str) {
        let place = Place::new(self.source, range);
        self.problems.push(Problem::error(message, place, "").help(help));
    }

    /// Reports names where delays belong, once.
    fn has_names(&mut self) -> bool {
        let (range, message, help) = match names(&self.source.text, &self.layout) {
            None => return false,
            Some(Names::Header(line, false)) => {
                (line, "a header line, where delays belong", "leave it out, or begin it with `#`")
            }
            Some(Names::Header(line, true)) => {
                (line, "a header line and a column of names, where delays belong", "leave out both")
            }
            Some(Names::Column(entry)) => {
                let help = "leave out the column of names; a list has numbers of hosts, from 0 or from 1 on";
                (entry, "names, where delays or numbers of hosts belong", help)
            }
        };
        self.problem_with_help(range, message, help);
        true
    }

    /// Reports commas that stand before decimals, within quotes, where others separate entries; once.
    fn has_quoted_commas(&mut self) -> bool {
        let Some(range) = self.layout.quoted_comma(&self.source.text) else { return false };
        let help = "write a point before decimals, or semicolons between entries";
        self.problem_with_help(range, "commas separate entries, and one stands before decimals", help);
        true
    }

    /// Three lines can be a table or a list.
    fn ask_for_format(&mut self) -> Option<LatencyMatrix> {
        let first = lines(&self.source.text).next().unwrap_or(0..0);
        let place = Place::new(self.source, first);
        let message = "these can be the delays of three hosts in a square, or a list of two hosts and a delay a line";
        let problem = Problem::error(message, place, "");
        self.problems
            .push(problem.note(NUMBERED).help("say which: `network.latency.matrix.format = \"list\"`, or \"square\""));
        None
    }

    /// A problem of the shape of a square, which a list would not have.
    fn problem_of_shape(&mut self, range: Range<usize>, message: String, allowed: &str) {
        let place = Place::new(self.source, range);
        let mut problem = Problem::error(message, place, "").note(format!("allowed: {allowed}"));
        if self.widths().iter().all(|width| *width == 3) {
            problem =
                problem.help("if each line has two hosts and a delay, say `network.latency.matrix.format = \"list\"`");
        }
        self.problems.push(problem);
    }

    /// A problem of the file as a whole, shown at its end.
    fn problem_at_end(&mut self, message: String, allowed: &str) {
        let end = self.source.text.trim_end().len();
        self.problem(end..end, message, allowed);
    }

    fn check_hosts(&mut self, hosts: usize, range: Range<usize>) -> bool {
        let good = (2..=MOST_HOSTS).contains(&hosts);
        if !good {
            let allowed = "2 to 65_535 hosts, entries with commas, semicolons, bars, tabs or blanks between them";
            self.problem(range, format!("a latency matrix cannot have {hosts} hosts"), allowed);
        }
        good
    }

    /// The delay that an entry says, one-way.
    fn delay(&mut self, range: Range<usize>) -> Duration {
        let text = &self.source.text[range.clone()];
        let with_point = self.layout.has_decimal_commas.then(|| text.replacen(',', ".", 1));
        let message = match decimal(with_point.as_deref().unwrap_or(text), self.unit_ns, Notation::MEASURED) {
            Ok(nanos) if nanos <= LONGEST_MS * 1_000_000 => {
                let trips = if self.values == Values::RoundTrip { 2 } else { 1 };
                return Duration::from_nanos(nanos / trips);
            }
            Ok(_) | Err(DecimalError::TooLarge | DecimalError::TooFine) => format!("`{text}` is too long for a delay"),
            Err(DecimalError::Negative) => return self.hole(range.clone(), format!("`{text}` is negative")),
            Err(DecimalError::NotANumber) if text.is_empty() => {
                return self.hole(range, "an entry is empty".to_owned());
            }
            Err(DecimalError::NotANumber) if is_missing(text) => return self.hole(range.clone(), format!("`{text}`")),
            Err(DecimalError::NotANumber) => format!("`{text}` is not a number"),
        };
        self.problem(range, message, ALLOWED);
        Duration::ZERO
    }

    /// A pair of hosts without a delay.
    fn hole(&mut self, range: Range<usize>, what: String) -> Duration {
        let place = Place::new(self.source, range);
        let problem = Problem::error(format!("the matrix has a hole: {what}"), place, "");
        let problem = problem.note(format!("allowed: {ALLOWED}"));
        self.problems.push(problem.help("leave out the host, row and column, or put in an estimate"));
        Duration::ZERO
    }

    /// Entries in each row.
    fn widths(&self) -> Vec<usize> {
        lines(&self.source.text).map(|line| self.layout.split(&self.source.text, &line).len()).collect()
    }

    fn read_square(&mut self) -> Option<LatencyMatrix> {
        let widths = self.widths();
        let rows = widths.len();
        if rows > 1 && widths.iter().zip(1..).all(|(width, row)| *width == row) {
            return self.read_half(rows, true);
        }
        if rows > 1 && widths.iter().zip((1..=rows).rev()).all(|(width, row)| *width == row) {
            return self.read_half(rows, false);
        }
        self.read_whole()
    }

    fn read_whole(&mut self) -> Option<LatencyMatrix> {
        let source = Arc::clone(self.source);
        let mut one_way = Vec::new();
        let (mut hosts, mut rows) = (0, 0);
        for line in lines(&source.text) {
            let entries = self.layout.split(&source.text, &line);
            if rows == 0 {
                hosts = entries.len();
                if !self.check_hosts(hosts, line.clone()) {
                    return None;
                }
            }
            rows += 1;
            if rows > hosts {
                let message =
                    format!("the matrix is not square: a row too many, after {hosts} rows of {hosts} entries");
                self.problem_of_shape(line, message, "as many rows as entries in a row");
                return None;
            }
            if entries.len() != hosts {
                let message =
                    format!("the matrix is not square: {} entries here, {hosts} in the first row", entries.len());
                self.problem(line, message, "as many entries in each row as in the first");
                continue;
            }
            for entry in entries {
                one_way.push(self.delay(entry));
            }
        }
        if rows == 0 {
            self.problem_at_end("the file holds no matrix".to_owned(), "a row for each host");
        } else if rows < hosts {
            let message = format!("the matrix is not square: {rows} rows of {hosts} entries");
            self.problem_at_end(message, "as many rows as entries in a row");
        }
        if !self.problems.is_empty() {
            return None;
        }
        Some(LatencyMatrix { hosts: hosts as u32, one_way, one_node_per_host: false })
    }

    /// Half of a symmetric matrix: up to the diagonal (`is_lower`), or from it on.
    fn read_half(&mut self, hosts: usize, is_lower: bool) -> Option<LatencyMatrix> {
        if !self.check_hosts(hosts, 0..0) {
            return None;
        }
        let source = Arc::clone(self.source);
        let mut one_way = vec![Duration::ZERO; hosts * hosts];
        for (row, line) in lines(&source.text).enumerate() {
            for (index, entry) in self.layout.split(&source.text, &line).into_iter().enumerate() {
                let column = if is_lower { index } else { row + index };
                let delay = self.delay(entry.clone());
                if row == column && !delay.is_zero() {
                    let place = Place::new(self.source, entry);
                    let problem = Problem::error("the matrix is not square, and no half of one", place, "");
                    let problem = problem.note(
                        "allowed: half of a symmetric matrix with the zeros of its diagonal, or as many entries in \
                         each row as there are rows",
                    );
                    let zeros = match is_lower {
                        true => "put a line `0` before the first, and a `0` at the end of each",
                        false => "put a `0` at the begin of each line, and a line `0` after the last",
                    };
                    let more = hosts + 1;
                    self.problems
                        .push(problem.help(format!("if it is half of {more} hosts' without diagonal, {zeros}")));
                    return None;
                }
                one_way[row * hosts + column] = delay;
                one_way[column * hosts + row] = delay;
            }
        }
        Some(LatencyMatrix { hosts: hosts as u32, one_way, one_node_per_host: false })
    }

    fn read_list(&mut self) -> Option<LatencyMatrix> {
        let source = Arc::clone(self.source);
        let mut delays: BTreeMap<(u32, u32), Duration> = BTreeMap::new();
        for line in lines(&source.text) {
            let entries = self.layout.split(&source.text, &line);
            let [from, to, delay] = entries.as_slice() else {
                self.problem(line, "not a line of a list of delays", "`I J DELAY`, two hosts and a delay");
                continue;
            };
            let delay = self.delay(delay.clone());
            let [Some(from), Some(to)] = [from, to].map(|host| self.numbered_host(host.clone())) else { continue };
            if delays.insert((from, to), delay).is_some_and(|earlier| earlier != delay) {
                let message = format!("two delays from host {from} to host {to}");
                self.problem(line, message, "one delay for each pair, or one each way");
            }
        }
        let numbers = || delays.keys().flat_map(|(from, to)| [*from, *to]);
        let first = u32::from(numbers().min() != Some(0));
        let hosts = numbers().max().map_or(0, |last| (last + 1).saturating_sub(first)) as usize;
        let end = source.text.len();
        if !self.problems.is_empty() || !self.check_hosts(hosts, end..end) {
            return None;
        }
        let named: BTreeSet<u32> = numbers().collect();
        if let Some(host) = (first..first + hosts as u32).find(|host| !named.contains(host)) {
            let allowed = "hosts numbered from 0 or from 1 on without gaps";
            self.problem_at_end(format!("no line has a delay of host {host}, but lines have some of others"), allowed);
            return None;
        }
        let pairs: BTreeMap<(u32, u32), Duration> =
            delays.into_iter().map(|((from, to), delay)| ((from - first, to - first), delay)).collect();
        self.fill(hosts, first, &pairs)
    }

    /// A number of a host in a list.
    fn numbered_host(&mut self, range: Range<usize>) -> Option<u32> {
        let text = &self.source.text[range.clone()];
        let host = host_number(text, &self.layout).filter(|host| *host <= MOST_HOSTS);
        if host.is_none() {
            self.problem(range, format!("`{text}` is not the number of a host"), "0 to 65_535");
        }
        host.map(|host| host as u32)
    }

    fn read_pairs(&mut self) -> Option<LatencyMatrix> {
        let source = Arc::clone(self.source);
        let mut pairs: BTreeMap<(u32, u32), Duration> = BTreeMap::new();
        let mut declared: Option<usize> = None;
        let mut largest = 0;
        for line in lines(&source.text) {
            let words = split_words(&source.text, &line);
            let text = |range: &Range<usize>| &source.text[range.clone()];
            match text(&words[0]) {
                "topology" => {
                    let hosts = words.get(2).and_then(|word| number(text(word)));
                    match hosts {
                        Some(hosts) if words.len() == 3 && text(&words[1]) == "E2EGraph" => {
                            if !self.check_hosts(hosts, words[2].clone()) {
                                return None;
                            }
                            declared = Some(hosts);
                        }
                        _ => self.problem(line, "not a topology that can be read", "`topology E2EGraph HOSTS`"),
                    }
                }
                "failure_model" => {}
                "node" => match words.get(1).and_then(|word| self.host(word.clone(), declared)) {
                    Some(host) => largest = largest.max(host),
                    None if words.len() < 2 => self.problem(line, "a node without a number", "`node N`"),
                    None => {}
                },
                _ => {
                    if let Some((pair, delay)) = self.pair(&line, &words, declared) {
                        largest = largest.max(pair.1 as usize + 1);
                        if pairs.insert(pair, delay).is_some_and(|earlier| earlier != delay) {
                            let message = format!("hosts {} and {} have two delays", pair.0 + 1, pair.1 + 1);
                            self.problem(line, message, "one delay for each pair, in either order");
                        }
                    }
                }
            }
        }
        let end = source.text.len();
        let hosts = declared.unwrap_or(largest);
        if !self.problems.is_empty() || !self.check_hosts(hosts, end..end) {
            return None;
        }
        self.fill(hosts, 1, &pairs)
    }

    /// A number of a host, from 1 on.
    fn host(&mut self, range: Range<usize>, declared: Option<usize>) -> Option<usize> {
        let most = declared.unwrap_or(MOST_HOSTS);
        let host = number(&self.source.text[range.clone()]).filter(|host| (1..=most).contains(host));
        if host.is_none() {
            let text = &self.source.text[range.clone()];
            let message = format!("`{text}` is not the number of a host");
            if number(text) == Some(0) {
                // Of all hosts 0 once.
                let help = "p2psim numbers hosts from 1 on: add 1 to each, or write `I J DELAY`, with a blank for the \
                            comma, and say `format = \"list\"` (which may begin at 0) and `values = \"one_way\"`";
                if !mem::replace(&mut self.has_told_of_zero, true) {
                    self.problem_with_help(range, message, help);
                }
                return None;
            }
            self.problem(range, message, &format!("1 to {most}"));
        }
        host
    }

    /// A line `I,J DELAY`, with the hosts from 0 on and in order.
    fn pair(
        &mut self,
        line: &Range<usize>,
        words: &[Range<usize>],
        declared: Option<usize>,
    ) -> Option<((u32, u32), Duration)> {
        let comma = self.source.text[words[0].clone()].find(',');
        let (Some(comma), 2) = (comma, words.len()) else {
            self.problem(line.clone(), "not a line of a p2psim topology", "`node N` or `I,J DELAY`");
            return None;
        };
        let first = self.host(words[0].start..words[0].start + comma, declared);
        let second = self.host(words[0].start + comma + 1..words[0].end, declared);
        let delay = self.delay(words[1].clone());
        let (first, second) = (first? - 1, second? - 1);
        Some(((first.min(second) as u32, first.max(second) as u32), delay))
    }

    /// The matrix of all pairs, each with its delay from the first to the second, and both ways if there is none back.
    /// That no pair is missing is found before it takes up memory. Messages count hosts from `first_number` on.
    fn fill(
        &mut self,
        hosts: usize,
        first_number: u32,
        pairs: &BTreeMap<(u32, u32), Duration>,
    ) -> Option<LatencyMatrix> {
        let is_new = |(first, second): &&(u32, u32)| first < second || !pairs.contains_key(&(*second, *first));
        let between = pairs.keys().filter(|(first, second)| first != second).filter(is_new).count();
        let missing = hosts * (hosts - 1) / 2 - between;
        if missing > 0 {
            let mut all =
                (0..hosts as u32).flat_map(|first| (first + 1..hosts as u32).map(move |second| (first, second)));
            let is_there = |(a, b): (u32, u32)| pairs.contains_key(&(a, b)) || pairs.contains_key(&(b, a));
            let example = all.find(|pair| !is_there(*pair)).unwrap_or((0, 0));
            let message = format!(
                "the matrix has {missing} {}: no delay between hosts {} and {}{}",
                if missing == 1 { "hole" } else { "holes" },
                example.0 + first_number,
                example.1 + first_number,
                if missing == 1 { "" } else { ", for one" }
            );
            self.problem_at_end(message, "a line for every pair of hosts");
            return None;
        }
        let mut one_way = vec![Duration::ZERO; hosts * hosts];
        for (&(first, second), &delay) in pairs {
            one_way[first as usize * hosts + second as usize] = delay;
            if !pairs.contains_key(&(second, first)) {
                one_way[second as usize * hosts + first as usize] = delay;
            }
        }
        Some(LatencyMatrix { hosts: hosts as u32, one_way, one_node_per_host: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Diagnostics;
    use proptest::prelude::*;

    fn source(text: &str) -> Arc<SourceText> {
        Arc::new(SourceText { name: "matrix.txt".to_owned(), text: text.to_owned(), rank: 0 })
    }

    fn manner(format: Format, values: Values) -> Manner {
        Manner { format, values, unit_ns: 1_000_000, unit_is_given: false }
    }

    fn one_way_ms(text: &str, format: Format, values: Values) -> Vec<f64> {
        let read = read(&source(text), manner(format, values));
        let (matrix, _) = read.unwrap_or_else(|problems| panic!("{text:?} {problems:?}"));
        assert_eq!(matrix.one_way.len(), (matrix.hosts * matrix.hosts) as usize);
        matrix.one_way.iter().map(|delay| delay.as_nanos() as f64 / 1e6).collect()
    }

    fn problems(text: &str) -> String {
        let mut diagnostics = Diagnostics::default();
        diagnostics.extend(read(&source(text), manner(Format::Auto, Values::OneWay)).expect_err(text));
        diagnostics.to_string()
    }

    #[test]
    fn square_tables_are_read_with_commas_tabs_or_blanks() {
        for text in ["0,10\n20,0\n", "# hosts: 2\n0 10\n\n20\t0", "0.0 1.0e+01 # a\r\n2e1 0\r\n", " 0 , 10 \n 20 , 0 "]
        {
            assert_eq!(one_way_ms(text, Format::Auto, Values::OneWay), [0.0, 10.0, 20.0, 0.0], "{text}");
            assert_eq!(one_way_ms(text, Format::Square, Values::RoundTrip), [0.0, 5.0, 10.0, 0.0], "{text}");
        }
    }

    #[test]
    fn p2psim_topologies_are_read_with_and_without_header() {
        let pairs = "1,2 10\n3,1 20\n2,3 30.5\n";
        let expected = [0.0, 10.0, 20.0, 10.0, 0.0, 30.5, 20.0, 30.5, 0.0];
        for head in
            ["", "topology E2EGraph 3\nfailure_model NullFailureModel\n\nnode 1\nnode 2\nnode 3 Chord\n", "node 1\n"]
        {
            assert_eq!(one_way_ms(&format!("{head}{pairs}"), Format::Auto, Values::OneWay), expected, "{head}");
        }
        assert_eq!(one_way_ms("1,2 10\n2,1 10\n1,1 1", Format::P2psim, Values::OneWay), [1.0, 10.0, 10.0, 0.0]);
    }

    #[test]
    fn half_a_matrix_is_symmetric() {
        let whole = [0.0, 10.0, 20.0, 10.0, 0.0, 30.0, 20.0, 30.0, 0.0];
        for text in ["0\n10 0\n20 30 0", "0 10 20\n0 30\n0", "0,\n10,0,\n20,30,0,"] {
            assert_eq!(one_way_ms(text, Format::Auto, Values::OneWay), whole, "{text:?}");
        }
        for text in ["10\n20 30", "5\n10 5\n20 30 5", "0 0 0\n10 0 0\n20 30 0", "0 10 20\n0 0 30\n0 0 0"] {
            let problems = problems(text);
            assert!(problems.contains("no half of one") || problems.contains("the diagonal are 0"), "{problems}");
        }
        // Without the diagonal, and as the advice has it.
        for (text, advice, followed) in [
            ("10\n20 30", "half of 3 hosts' without diagonal, put a line `0` before", "0\n10 0\n20 30 0"),
            ("10 20\n30", "half of 3 hosts' without diagonal, put a `0` at the begin", "0 10 20\n0 30\n0"),
        ] {
            assert!(problems(text).contains(advice), "{}", problems(text));
            assert_eq!(one_way_ms(followed, Format::Auto, Values::OneWay), whole);
        }
    }

    #[test]
    fn lists_are_told_from_matrices_of_three_hosts() {
        let three = [0.0, 10.0, 20.0, 10.0, 0.0, 30.5, 20.0, 30.5, 0.0];
        for text in [
            "0 1 10\n0 2 20\n1 2 30.5",
            "1,2,10\n1,3,20\n2,3,30.5",
            "2;1;10\n1;3;20\n3;2;30,5",
            "3 2 30.5\n3 1 20\n2 1 10",
        ] {
            assert_eq!(one_way_ms(text, Format::Auto, Values::OneWay), three, "{text:?}");
        }
        assert_eq!(one_way_ms("0 1 10", Format::Auto, Values::OneWay), [0.0, 10.0, 10.0, 0.0]);
        let both_ways = "0 1 10\n1 0 20\n1 1 5";
        assert_eq!(one_way_ms(both_ways, Format::Auto, Values::OneWay), [0.0, 10.0, 20.0, 5.0]);
        for text in
            ["0 10 20\n10 0 30\n20 30 0", "0 1 2\n2 0 4\n1 2 0", "0 1 2.5\n1 0 3\n2 3 0.0", "5 1 2\n1 5 4\n2 4 5"]
        {
            let first_row = one_way_ms(text, Format::Auto, Values::OneWay)[..3].to_vec();
            let written: Vec<f64> = text.lines().next().unwrap().split(' ').map(|word| word.parse().unwrap()).collect();
            assert_eq!(first_row, written, "{text:?}");
        }
        for (text, message) in [
            ("0 1 10\n0 2 20\n0 3 30", "the matrix has 3 holes: no delay between hosts 1 and 2"),
            ("0 1 10\n0 1 20", "two delays from host 0 to host 1"),
            ("0 1 10\n0 2 20\n1 2 nan\n", "the matrix has a hole: `nan`"),
        ] {
            assert!(problems(text).contains(message), "{text:?}: {}", problems(text));
        }
    }

    #[test]
    fn what_is_most_likely_in_another_unit_asks_for_it() {
        let read_in = |text: &str, unit_ns, unit_is_given| {
            let manner = Manner { unit_ns, unit_is_given, ..manner(Format::Auto, Values::OneWay) };
            read(&source(text), manner).map(|(matrix, _)| matrix.one_way[1].as_nanos())
        };
        let milli = 1_000_000;
        assert!(problems("0 0.03\n0.03 0").contains("very short") && problems("0 9e3\n9e3 0").contains("very long"));
        assert_eq!(read_in("0 0.03\n0.03 0", milli, true).ok(), Some(30_000));
        assert_eq!(read_in("0 0.03\n0.03 0", 1_000 * milli, true).ok(), Some(30 * milli));
        assert_eq!(read_in("0 9e3\n9e3 0", 1_000, true).ok(), Some(9 * milli));
        assert_eq!(read_in("0 1\n1 0", milli, false).ok(), Some(milli));
    }

    #[test]
    fn a_hole_is_shown_where_it_is() {
        let expected = "\
error: the matrix has a hole: `nan`
 --> matrix.txt:2:5
  |
2 | 10, nan
  |     ^^^
  |
  = note: allowed: a delay from 0 to an hour, in milliseconds unless `unit` says otherwise
  = help: leave out the host, row and column, or put in an estimate";
        assert_eq!(problems("0, 10\n10, nan\n"), expected);
    }

    #[test]
    fn what_is_not_a_matrix_says_why() {
        for (text, message) in [
            ("", "the file holds no matrix"),
            ("0", "cannot have 1 hosts"),
            ("0 1\n1", "the matrix is not square, and no half of one"),
            ("0 1 2\n1 0\n2 1 0", "the matrix is not square: 2 entries here, 3 in the first row"),
            ("0 5 2\n5 0 2", "the matrix is not square: 2 rows of 3 entries"),
            ("0 1\n1 0\n2 2", "a row too many, after 2 rows of 2 entries"),
            ("0,\n1,0", "an entry is empty"),
            ("\"0\",\"1,5\"\n\"1,5\",\"0\"", "commas separate entries, and one stands before decimals"),
            ("1,2,\"10,5\"\n1,3,12\n2,3,12", "commas separate entries, and one stands before decimals"),
            ("0 -1\n1 0", "`-1` is negative"),
            ("0 x\n1 0", "`x` is not a number"),
            ("0 1e99\n1 0", "`1e99` is too long for a delay"),
            ("0 3600001\n1 0", "`3600001` is too long for a delay"),
            ("node 1\nnode 0", "`0` is not the number of a host"),
            ("node 1", "cannot have 1 hosts"),
            ("node", "a node without a number"),
            ("node 1\n1,2", "not a line of a p2psim topology"),
            ("node 3\n1,2 5\n1,3 5", "the matrix has 1 hole: no delay between hosts 2 and 3"),
            ("topology E2EGraph 65535\n1,2 5", "holes: no delay between hosts 1 and 3, for one"),
            ("topology E2EGraph 2\n1,3 5", "`3` is not the number of a host"),
            ("topology G2 2\n1,2 5", "not a topology that can be read"),
            ("1,2 5\n2,1 6", "hosts 1 and 2 have two delays"),
            ("1,2 -5", "`-5` is negative"),
        ] {
            assert!(problems(text).contains(message), "{text:?}: {}", problems(text));
        }
    }

    #[test]
    fn many_problems_are_cut_short() {
        let row = format!("{}\n", ["x"; 30].join(","));
        let text = problems(&row.repeat(30));
        assert!(text.contains("... and 880 more problems in `matrix.txt`"), "{text}");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "([0-9.,;a \n\r\t\"%#-]|nan|node |topology E2EGraph ){0,60}|\\PC{0,60}") {
            for format in [Format::Auto, Format::Square, Format::List, Format::P2psim] {
                if let Err(problems) = read(&source(&text), manner(format, Values::RoundTrip)) {
                    prop_assert!(!problems.is_empty());
                    let mut diagnostics = Diagnostics::default();
                    diagnostics.extend(problems);
                    prop_assert!(!diagnostics.to_string().is_empty());
                }
            }
        }
    }
}
