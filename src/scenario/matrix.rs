//! Latency matrices: measured delays between hosts, read from a file.
//!
//! Delays are in milliseconds, one-way or round-trip as the scenario says; a round trip is halved (rounding down to a
//! whole nanosecond). Numbers are decimals such as `12`, `12.5` or `1.25e+01`, rounded to the nearest nanosecond. Every
//! pair of hosts needs a delay: empty, `nan` or negative entries (which mark missing measurements in many data sets)
//! are errors. Lines that are blank or begin with `#` are left out, and so is whatever follows a `#`.
//!
//! **Square**: one line a host with the delays from it to every host, itself included, in the same order. Entries are
//! separated by commas, or by blanks and tabs. The entry (i, j) is the delay from host i to host j.
//!
//! **p2psim** (the `E2EGraph` topologies of p2psim): lines `node N`, N from 1 on, and lines `I,J DELAY` for each pair
//! of hosts. A pair is named once, in either order, and its delay goes both ways; naming it again with the same delay
//! is allowed. A delay from a host to itself may be given and is 0 otherwise. The header lines `topology E2EGraph
//! HOSTS` and `failure_model ...` are accepted; without the first, the largest number is the number of hosts. In p2psim
//! these delays are one-way.
//!
//! `auto` takes a file for p2psim's if its first line is one of those above.

use super::diagnostics::{FileProblems, Problem};
use super::model::LatencyMatrix;
use super::source::{Place, SourceText};
use super::units::{DecimalError, Notation, decimal};
use crate::engine::time::Duration;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// Most hosts of a matrix.
const MOST_HOSTS: usize = 65_535;

/// Longest delay \[ms\]: an hour.
const LONGEST_MS: u64 = 3_600_000;

const ALLOWED: &str = "a delay in milliseconds from 0 to 3_600_000";

/// How a matrix file is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Whichever it looks like.
    Auto,
    /// A square table.
    Square,
    /// Pairs of hosts, as p2psim has them.
    P2psim,
}

/// What the numbers in a matrix file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// Time to a host and back.
    RoundTrip,
    /// Time to a host.
    OneWay,
}

/// Reads a matrix, or gives the first twenty problems found.
pub(super) fn read(source: &Arc<SourceText>, format: Format, values: Values) -> Result<LatencyMatrix, Vec<Problem>> {
    let mut file = MatrixFile { source, values, problems: FileProblems::new(Place::whole(source)) };
    let p2psim = match format {
        Format::Auto => looks_like_p2psim(source),
        Format::Square => false,
        Format::P2psim => true,
    };
    let matrix = if p2psim { file.read_pairs() } else { file.read_square() };
    match matrix {
        Some(matrix) if file.problems.is_empty() => Ok(matrix),
        _ => Err(file.problems.finish()),
    }
}

/// The lines that say something, as ranges of bytes, without comments and outer blanks.
fn lines(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = 0;
    text.split('\n')
        .map(move |line| {
            let begin = start;
            start += line.len() + 1;
            let content = line.split('#').next().unwrap_or("");
            let left = content.len() - content.trim_start().len();
            begin + left..begin + left + content.trim().len()
        })
        .filter(|range| !range.is_empty())
}

fn looks_like_p2psim(source: &SourceText) -> bool {
    let Some(line) = lines(&source.text).next() else { return false };
    let mut words = source.text[line].split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some("node" | "topology" | "failure_model"), ..) => true,
        (Some(pair), Some(_), None) => {
            pair.split_once(',').is_some_and(|(a, b)| number(a).is_some() && number(b).is_some())
        }
        _ => false,
    }
}

fn number(text: &str) -> Option<usize> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

struct MatrixFile<'s> {
    source: &'s Arc<SourceText>,
    values: Values,
    problems: FileProblems,
}

impl MatrixFile<'_> {
    fn problem(&mut self, range: Range<usize>, message: impl Into<String>, allowed: &str) {
        let place = Place::new(self.source, range);
        self.problems.push(Problem::error(message, place, "").note(format!("allowed: {allowed}")));
    }

    /// A problem of the file as a whole, shown at its end.
    fn problem_at_end(&mut self, message: String, allowed: &str) {
        let end = self.source.text.trim_end().len();
        self.problem(end..end, message, allowed);
    }

    fn check_hosts(&mut self, hosts: usize, range: Range<usize>) -> bool {
        let good = (2..=MOST_HOSTS).contains(&hosts);
        if !good {
            self.problem(range, format!("a latency matrix cannot have {hosts} hosts"), "2 to 65_535 hosts");
        }
        good
    }

    /// The delay that an entry says, one-way.
    fn delay(&mut self, range: Range<usize>) -> Duration {
        let text = &self.source.text[range.clone()];
        let message = match decimal(text, 1_000_000, Notation::MEASURED) {
            Ok(nanos) if nanos <= LONGEST_MS * 1_000_000 => {
                let trips = if self.values == Values::RoundTrip { 2 } else { 1 };
                return Duration::from_nanos(nanos / trips);
            }
            Ok(_) | Err(DecimalError::TooLarge | DecimalError::TooFine) => format!("`{text}` is too long for a delay"),
            Err(DecimalError::Negative) => format!("the matrix has a hole: `{text}` is negative"),
            Err(DecimalError::NotANumber) => match text.to_ascii_lowercase().as_str() {
                "" => "the matrix has a hole: an entry is empty".to_owned(),
                "nan" | "na" | "n/a" | "null" | "none" | "-" | "inf" | "infinity" | "-nan" | "-inf" | "?" => {
                    format!("the matrix has a hole: `{text}`")
                }
                _ => format!("`{text}` is not a number"),
            },
        };
        self.problem(range, message, ALLOWED);
        Duration::ZERO
    }

    fn read_square(&mut self) -> Option<LatencyMatrix> {
        let source = Arc::clone(self.source);
        let mut one_way = Vec::new();
        let (mut hosts, mut rows) = (0, 0);
        for line in lines(&source.text) {
            let entries = split_entries(&source.text, &line);
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
                self.problem(line, message, "as many rows as entries in a row");
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
        self.fill(hosts, &pairs)
    }

    /// A number of a host, from 1 on.
    fn host(&mut self, range: Range<usize>, declared: Option<usize>) -> Option<usize> {
        let most = declared.unwrap_or(MOST_HOSTS);
        let host = number(&self.source.text[range.clone()]).filter(|host| (1..=most).contains(host));
        if host.is_none() {
            let message = format!("`{}` is not the number of a host", &self.source.text[range.clone()]);
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

    /// Checks that no pair is missing before the matrix takes up memory.
    fn fill(&mut self, hosts: usize, pairs: &BTreeMap<(u32, u32), Duration>) -> Option<LatencyMatrix> {
        let between = pairs.keys().filter(|(first, second)| first != second).count();
        let missing = hosts * (hosts - 1) / 2 - between;
        if missing > 0 {
            let all = (0..hosts as u32).flat_map(|first| (first + 1..hosts as u32).map(move |second| (first, second)));
            let example = all.into_iter().find(|pair| !pairs.contains_key(pair)).unwrap_or((0, 0));
            let message = format!(
                "the matrix has {missing} {}: no delay between hosts {} and {}{}",
                if missing == 1 { "hole" } else { "holes" },
                example.0 + 1,
                example.1 + 1,
                if missing == 1 { "" } else { ", for one" }
            );
            self.problem_at_end(message, "a line for every pair of hosts");
            return None;
        }
        let mut one_way = vec![Duration::ZERO; hosts * hosts];
        for (&(first, second), &delay) in pairs {
            one_way[first as usize * hosts + second as usize] = delay;
            one_way[second as usize * hosts + first as usize] = delay;
        }
        Some(LatencyMatrix { hosts: hosts as u32, one_way, one_node_per_host: false })
    }
}

/// Entries of a row: between commas if there are some, else between blanks.
fn split_entries(text: &str, line: &Range<usize>) -> Vec<Range<usize>> {
    let content = &text[line.clone()];
    if !content.contains(',') {
        return split_words(text, line);
    }
    let mut start = line.start;
    content
        .split(',')
        .map(|entry| {
            let begin = start + entry.len() - entry.trim_start().len();
            start += entry.len() + 1;
            begin..begin + entry.trim().len()
        })
        .collect()
}

fn split_words(text: &str, line: &Range<usize>) -> Vec<Range<usize>> {
    let content = &text[line.clone()];
    let offset = |word: &str| line.start + (word.as_ptr() as usize - content.as_ptr() as usize);
    content.split_whitespace().map(|word| offset(word)..offset(word) + word.len()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Diagnostics;
    use proptest::prelude::*;

    fn source(text: &str) -> Arc<SourceText> {
        Arc::new(SourceText { name: "matrix.txt".to_owned(), text: text.to_owned(), rank: 0 })
    }

    fn one_way_ms(text: &str, format: Format, values: Values) -> Vec<f64> {
        let matrix = read(&source(text), format, values).unwrap_or_else(|problems| panic!("{problems:?}"));
        assert_eq!(matrix.one_way.len(), (matrix.hosts * matrix.hosts) as usize);
        matrix.one_way.iter().map(|delay| delay.as_nanos() as f64 / 1e6).collect()
    }

    fn problems(text: &str) -> String {
        let mut diagnostics = Diagnostics::default();
        diagnostics.extend(read(&source(text), Format::Auto, Values::OneWay).expect_err(text));
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
    fn a_hole_is_shown_where_it_is() {
        let expected = "\
error: the matrix has a hole: `nan`
 --> matrix.txt:2:5
  |
2 | 10, nan
  |     ^^^
  |
  = note: allowed: a delay in milliseconds from 0 to 3_600_000";
        assert_eq!(problems("0, 10\n10, nan\n"), expected);
    }

    #[test]
    fn what_is_not_a_matrix_says_why() {
        for (text, message) in [
            ("", "the file holds no matrix"),
            ("0", "cannot have 1 hosts"),
            ("0 1\n1", "the matrix is not square: 1 entries here, 2 in the first row"),
            ("0 1 2\n1 0 2", "the matrix is not square: 2 rows of 3 entries"),
            ("0 1\n1 0\n2 2", "a row too many, after 2 rows of 2 entries"),
            ("0,\n1,0", "an entry is empty"),
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
        fn no_text_makes_it_panic(text in "([0-9., \n\t#-]|nan|node |topology E2EGraph ){0,60}|\\PC{0,60}") {
            for format in [Format::Auto, Format::Square, Format::P2psim] {
                if let Err(problems) = read(&source(&text), format, Values::RoundTrip) {
                    prop_assert!(!problems.is_empty());
                    let mut diagnostics = Diagnostics::default();
                    diagnostics.extend(problems);
                    prop_assert!(!diagnostics.to_string().is_empty());
                }
            }
        }
    }
}
