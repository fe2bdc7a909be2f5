//! What a sweep's swept keys are in its pictures: one goes to the right, the others tell lines and pictures apart.

use super::chart::COLOURS;
use super::results::Sweep;
use super::scale::{self, Axis, Kind};
use super::text::Quantity;
use crate::scenario::units;
use std::collections::BTreeMap;

/// More groups of lines than this are not drawn.
const MOST_PANELS: usize = 12;

/// What a value of the key to the right stands for on the axis.
#[derive(Clone, Debug, PartialEq)]
enum Along {
    /// Numbers, or times in seconds.
    Measured(Quantity),
    /// Words, by their place in this list.
    Words(Vec<String>),
}

/// How a sweep is drawn.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Number of the key to the right, among the swept keys.
    pub key: usize,
    along: Along,
    /// The axis to the right.
    pub axis: Axis,
    /// What tells the lines apart, such as `population.nodes`; empty if there is one line.
    pub legend: String,
    /// The pictures of each figure.
    pub panels: Vec<Panel>,
    /// Combinations of values that are in no picture.
    pub left_out: usize,
}

/// The lines of one picture.
#[derive(Clone, Debug)]
pub struct Panel {
    /// What is the same in all of the picture, as in `protocol = chord`; empty if there is one picture.
    pub title: String,
    /// The lines: their name, and the rows of `cells.csv` in order of the value to the right.
    pub lines: Vec<(String, Vec<(f64, usize)>)>,
}

impl Layout {
    /// Finds how to draw a sweep. `None` if it has no cells or no keys.
    pub fn of(sweep: &Sweep) -> Option<Layout> {
        let keys = &sweep.manifest.keys;
        if keys.is_empty() || sweep.cells.is_empty() {
            return None;
        }
        let values = |key: usize| distinct((0..sweep.cells.len()).map(|row| sweep.cells.text_at(row, key)));
        // The one with most values says most, the first of several.
        let measured = (0..keys.len()).rev().filter_map(|key| Some((key, measured(&values(key))?)));
        let measured = measured.max_by_key(|(key, _)| values(*key).len());
        let (key, along) = match measured {
            Some((key, quantity)) => (key, Along::Measured(quantity)),
            None => (0, Along::Words(values(0))),
        };
        let mut layout = Layout {
            key,
            axis: axis(&keys[key], &along, &values(key)),
            along,
            legend: String::new(),
            panels: Vec::new(),
            left_out: 0,
        };
        let mut others: Vec<usize> = Vec::new();
        for other in (0..keys.len()).filter(|other| *other != key && values(*other).len() > 1) {
            // Of keys that move together one is enough to tell the lines apart.
            if !others.iter().chain([&key]).any(|known| goes_with(sweep, other, *known)) {
                others.push(other);
            }
        }
        layout.arrange(sweep, &others);
        Some(layout)
    }

    /// The place to the right of a row of `cells.csv`.
    fn place(&self, sweep: &Sweep, row: usize) -> Option<f64> {
        let text = sweep.cells.text_at(row, self.key);
        match &self.along {
            Along::Measured(quantity) => value(text, *quantity),
            Along::Words(words) => words.iter().position(|word| word == text).map(|place| place as f64),
        }
    }

    /// A line for each combination of the other keys. If those are too many for one picture, a picture for each
    /// value of one of them.
    fn arrange(&mut self, sweep: &Sweep, others: &[usize]) {
        let combination = |row: usize, keys: &[usize]| -> Vec<String> {
            keys.iter().map(|key| sweep.cells.text_at(row, *key).to_owned()).collect()
        };
        let rows = || 0..sweep.cells.len();
        let all = distinct_rows(rows().map(|row| combination(row, others)));
        let split: Vec<usize> =
            split_key(all.len(), others, |key| distinct_rows(rows().map(|row| combination(row, &[key]))).len());
        let rest: Vec<usize> = others.iter().copied().filter(|key| !split.contains(key)).collect();
        let (split, rest) = (&split[..], &rest[..]);
        self.legend = rest.iter().map(|key| sweep.manifest.keys[*key].as_str()).collect::<Vec<_>>().join(" · ");
        let mut shown = 0;
        for panel in distinct_rows(rows().map(|row| combination(row, split))).into_iter().take(MOST_PANELS) {
            let within = || rows().filter(|row| combination(*row, split) == panel);
            let lines = distinct_rows(within().map(|row| combination(row, rest))).into_iter().take(COLOURS);
            let lines: Vec<_> = lines
                .map(|line| {
                    let rows = within().filter(|row| combination(*row, rest) == line);
                    let mut rows: Vec<_> = rows.filter_map(|row| Some((self.place(sweep, row)?, row))).collect();
                    rows.sort_by(|one, other| one.0.total_cmp(&other.0));
                    (line.join(" · "), rows)
                })
                .collect();
            shown += lines.len();
            let named = split.iter().zip(&panel).map(|(key, value)| format!("{} = {value}", sweep.manifest.keys[*key]));
            self.panels.push(Panel { title: named.collect(), lines });
        }
        self.left_out = all.len() - shown;
    }
}

/// The key whose values get pictures of their own, if so many combinations need any: it leaves few enough lines in as
/// few pictures as can be, or else as few lines as can be.
fn split_key(combinations: usize, others: &[usize], values: impl Fn(usize) -> usize) -> Vec<usize> {
    if combinations <= COLOURS {
        return Vec::new();
    }
    let enough = |key: &&usize| combinations <= COLOURS * values(**key);
    let least = others.iter().filter(enough).min_by_key(|key| values(**key));
    let most = || others.iter().rev().max_by_key(|key| values(**key));
    least.or_else(most).copied().into_iter().collect()
}

/// In order of their first appearance.
fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen = Vec::new();
    for text in texts {
        if !seen.iter().any(|known| known == text) {
            seen.push(text.to_owned());
        }
    }
    seen
}

/// In order of their first appearance.
fn distinct_rows(combinations: impl Iterator<Item = Vec<String>>) -> Vec<Vec<String>> {
    let mut first = BTreeMap::new();
    for (number, combination) in combinations.enumerate() {
        first.entry(combination).or_insert(number);
    }
    let mut ordered: Vec<_> = first.into_iter().collect();
    ordered.sort_by_key(|(_, number)| *number);
    ordered.into_iter().map(|(combination, _)| combination).collect()
}

/// Whether a key has one value for each value of another, as keys that move together do.
fn goes_with(sweep: &Sweep, key: usize, other: usize) -> bool {
    let mut partner = BTreeMap::new();
    (0..sweep.cells.len()).all(|row| {
        let (value, by) = (sweep.cells.text_at(row, key), sweep.cells.text_at(row, other));
        *partner.entry(by).or_insert(value) == value
    })
}

/// What these texts measure, if all are numbers or all are times, and there are two at least.
fn measured(texts: &[String]) -> Option<Quantity> {
    let quantities = [Quantity::Time, Quantity::Number("")];
    let fits = |quantity: &Quantity| texts.iter().all(|text| value(text, *quantity).is_some());
    (texts.len() > 1).then(|| quantities.into_iter().find(fits)).flatten()
}

fn value(text: &str, quantity: Quantity) -> Option<f64> {
    match quantity {
        Quantity::Time => units::parse_duration(text).ok().map(|time| time.as_secs_f64()),
        _ => text.replace('_', "").parse().ok().filter(|number: &f64| number.is_finite()),
    }
}

/// The axis to the right: its ticks are the values that were swept. Times, and numbers that multiply, are logarithmic.
fn axis(key: &str, along: &Along, texts: &[String]) -> Axis {
    let quantity = match along {
        Along::Measured(quantity) => *quantity,
        Along::Words(words) => {
            return Axis { kind: Kind::Words(words.clone()), ..Axis::upward(key, Quantity::Number("")) };
        }
    };
    let ticks: Vec<f64> = texts.iter().filter_map(|text| value(text, quantity)).collect();
    let all_positive = ticks.iter().all(|tick| *tick > 0.0);
    let logarithmic = (quantity == Quantity::Time && all_positive) || scale::spreads_evenly_by_logarithm(&ticks);
    let kind = if logarithmic { Kind::Log } else { Kind::Linear };
    Axis { kind, covers: ticks.clone(), ticks, ends_at_ticks: false, margin: 0.05, ..Axis::upward(key, quantity) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::table::Table;

    fn sweep(keys: &[&str], rows: &str) -> Sweep {
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        let manifest = serde_json::json!({
            "version": "1", "sweep": "s", "replicates": 1, "keys": keys, "cells": [], "jobs_needed": 0, "jobs": [],
            "files": [],
        });
        let cells = Table::parse(format!("{},replicates\n{rows}", keys.join(",")).as_bytes()).unwrap();
        let manifest = serde_json::from_value(manifest).unwrap();
        Sweep {
            manifest,
            cells,
            hops: Table::default(),
            runs: Table::default(),
            commits: Vec::new(),
            doubts: Vec::new(),
        }
    }

    #[test]
    fn the_measured_key_with_most_values_goes_right_and_the_others_name_lines() {
        let rows = "chord,20min,1000,1\nchord,5min,1000,1\nkademlia,20min,1000,1\n";
        let layout = Layout::of(&sweep(&["protocol", "session", "nodes"], rows)).unwrap();
        assert_eq!((layout.key, layout.legend.as_str(), &layout.axis.kind), (1, "protocol", &Kind::Log));
        let lines = &layout.panels[0].lines;
        assert_eq!(lines[0], ("chord".to_owned(), vec![(300.0, 1), (1200.0, 0)]));
        assert_eq!(lines[1], ("kademlia".to_owned(), vec![(1200.0, 2)]));
        let rows = "10,5min,1\n10,20min,1\n10,1h,1\n20,5min,1\n20,20min,1\n20,1h,1\n";
        let layout = Layout::of(&sweep(&["nodes", "session"], rows)).unwrap();
        assert_eq!((layout.key, layout.legend.as_str()), (1, "nodes"));
    }

    #[test]
    fn keys_that_move_with_the_one_to_the_right_name_no_lines() {
        let layout = Layout::of(&sweep(&["session", "downtime"], "5min,5min,1\n1h,1h,1\n")).unwrap();
        assert_eq!((layout.legend.as_str(), layout.panels[0].lines.len()), ("", 1));
        let rows = "2,5min,5min,1\n2,1h,1h,1\n8,5min,5min,1\n8,1h,1h,1\n";
        let layout = Layout::of(&sweep(&["successors", "session", "downtime"], rows)).unwrap();
        assert_eq!((layout.legend.as_str(), layout.panels[0].lines[1].0.as_str()), ("session", "1h"));
    }

    #[test]
    fn words_stand_side_by_side() {
        let layout = Layout::of(&sweep(&["protocol", "routing"], "a,x,1\nb,x,1\na,y,1\n")).unwrap();
        assert_eq!(layout.axis.kind, Kind::Words(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(layout.panels[0].lines.iter().map(|line| line.0.as_str()).collect::<Vec<_>>(), ["x", "y"]);
    }

    #[test]
    fn too_many_lines_go_into_pictures_of_their_own_and_what_is_left_out_is_counted() {
        let all = |b: usize, c: usize| (0..2 * b * c).map(move |n| (n % 2, n / 2 % b, n / 2 / b));
        let text = |(n, b, c): (usize, usize, usize)| format!("{n},b{b},c{c},1\n");
        let rows: String = all(3, 4).map(text).collect();
        let layout = Layout::of(&sweep(&["n", "b", "c"], &rows)).unwrap();
        assert_eq!((layout.panels.len(), layout.panels[0].title.as_str(), layout.left_out), (3, "b = b0", 0));
        assert!(layout.panels.iter().all(|panel| panel.lines.len() == 4));

        let rows: String = all(10, 14).map(text).collect();
        let layout = Layout::of(&sweep(&["n", "b", "c"], &rows)).unwrap();
        assert_eq!((layout.panels.len(), layout.legend.as_str()), (MOST_PANELS, "b"));
        assert_eq!(layout.left_out, 140 - MOST_PANELS * COLOURS);
        assert!(Layout::of(&sweep(&[], "")).is_none());
    }
}
