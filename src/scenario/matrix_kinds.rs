//! What a matrix file looks like where the scenario does not say: a topology of p2psim, a list, a square table; and
//! lines and columns of names, which are none of them.

use super::matrix_text::{Layout, lines};
use super::source::SourceText;
use std::collections::BTreeMap;
use std::ops::Range;

/// What a file that is none of p2psim's looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looks {
    List,
    Square,
    /// Three lines of three numbers that make sense as either.
    Either,
}

/// Names where delays belong.
pub(super) enum Names {
    /// The first line, and whether the first column has some as well.
    Header(Range<usize>, bool),
    /// The first column, of which this is the first entry.
    Column(Range<usize>),
}

pub(super) fn looks_like_p2psim(source: &SourceText) -> bool {
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

/// The whole number that the text is, in digits.
pub(super) fn number(text: &str) -> Option<usize> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// What the entry says, if it is a finite number.
fn value(text: &str, layout: &Layout) -> Option<f64> {
    let text = if layout.has_decimal_commas { text.replacen(',', ".", 1) } else { text.to_owned() };
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// The number of a host, which many tools write as they write delays: `3`, `3.0` or `3.000000e+00`.
pub(super) fn host_number(text: &str, layout: &Layout) -> Option<usize> {
    let value = value(text, layout).filter(|value| value.fract() == 0.0 && (0.0..1e9).contains(value));
    value.filter(|_| !text.starts_with('-')).map(|value| value as usize)
}

/// Whether the file is a list, if each of its rows has two numbers of hosts and something else. A table of three
/// columns is square if it has three rows, so other numbers of rows make a list.
pub(super) fn looks(text: &str, layout: &Layout) -> Looks {
    let mut rows: Vec<(usize, usize, f64)> = Vec::new();
    for line in lines(text) {
        let entries = layout.split(text, &line);
        let [from, to, delay] = entries.as_slice() else { return Looks::Square };
        let pair = [from, to].map(|host| host_number(&text[host.clone()], layout));
        let [Some(from), Some(to)] = pair else { return Looks::Square };
        rows.push((from, to, value(&text[delay.clone()], layout).unwrap_or(f64::NAN)));
    }
    let hosts = || rows.iter().flat_map(|(from, to, _)| [*from, *to]);
    let are_few = hosts().all(|host| host <= 2 * rows.len()) && hosts().any(|host| host <= 1);
    match rows.as_slice() {
        [first, second, third] => three_rows([*first, *second, *third], are_few),
        _ if are_few || rows.len() > 3 => Looks::List,
        _ => Looks::Square,
    }
}

/// Three rows are a table of three hosts if it is symmetric with nothing in its diagonal. As a list they connect the
/// hosts that they name, by one delay each, which the rows of a table hardly do.
fn three_rows(rows: [(usize, usize, f64); 3], are_few: bool) -> Looks {
    let table = rows.map(|(from, to, delay)| [from as f64, to as f64, delay]);
    let is_symmetric = table[0][1] == table[1][0] && table[0][2] == table[2][0] && table[1][2] == table[2][1];
    let has_empty_diagonal = (0..3).all(|host| table[host][host] == 0.0);
    let is_full = (0..9).all(|entry| entry % 4 == 0 || table[entry / 3][entry % 3] != 0.0);
    let differ = rows[2].0 != rows[2].1;
    if has_empty_diagonal && (is_symmetric || (is_full && differ) || has_two_delays(&rows)) {
        return Looks::Square;
    }
    if !are_connected(&rows) || (is_symmetric && !are_few) {
        return Looks::Square;
    }
    if are_few && !is_symmetric && !has_empty_diagonal { Looks::List } else { Looks::Either }
}

/// Whether some pair has two delays in one direction.
fn has_two_delays(rows: &[(usize, usize, f64)]) -> bool {
    let mut delays = BTreeMap::new();
    rows.iter().any(|(from, to, delay)| delays.insert((from, to), delay).is_some_and(|earlier| earlier != delay))
}

/// Whether there are several hosts and the pairs lead from each to all.
fn are_connected(rows: &[(usize, usize, f64)]) -> bool {
    let mut reached = vec![rows[0].0];
    for _ in rows {
        for &(from, to, _) in rows {
            if reached.contains(&from) != reached.contains(&to) {
                reached.push(if reached.contains(&from) { to } else { from });
            }
        }
    }
    reached.len() > 1 && rows.iter().all(|(from, ..)| reached.contains(from))
}

/// A header or a column of names, as spreadsheets and data frames write them around a matrix.
pub(super) fn names(text: &str, layout: &Layout) -> Option<Names> {
    let is_name = |entry: &Range<usize>| {
        let text = &text[entry.clone()];
        text.contains(char::is_alphabetic) && value(text, layout).is_none() && !is_missing(text)
    };
    let rows = || lines(text).map(|line| layout.split(text, &line));
    let first_line = lines(text).next()?;
    let first = rows().next()?;
    let second = rows().nth(1)?;
    let has_column = rows().skip(1).all(|row| is_name(&row[0]) && !row[1..].iter().all(is_name));
    let has_corner = first[0].is_empty() && first.len() > 2;
    if first[1..].iter().all(is_name) && (is_name(&first[0]) || has_corner) && !second.iter().all(is_name) {
        return Some(Names::Header(first_line, has_column));
    }
    // As data frames number rows and columns, with an empty corner.
    let counts = |from: usize| {
        let says = |index: usize, entry: &Range<usize>| number(&text[entry.clone()]) == Some(index + from);
        (0..).zip(&first[1..]).all(|(index, entry)| says(index, entry))
            && (0..).zip(rows().skip(1)).all(|(index, row)| says(index, &row[0]))
    };
    if has_corner && (has_column || counts(0) || counts(1)) {
        return Some(Names::Header(first_line, true));
    }
    (has_column && is_name(&first[0]) && !first[1..].iter().all(is_name)).then(|| Names::Column(first[0].clone()))
}

/// Whether the entry stands for a delay that was not measured.
pub(super) fn is_missing(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    matches!(text.as_str(), "nan" | "na" | "n/a" | "null" | "none" | "-" | "inf" | "infinity" | "-nan" | "-inf" | "?")
}
