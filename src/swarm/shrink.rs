//! Makes a failing scenario smaller, as long as the same statement is violated.
//!
//! It works on the tree of the text and knows neither keys nor protocols: it leaves out tables, keys and events, halves
//! numbers and durations, and puts simpler laws in the place of others. What is no longer sound is no smaller scenario.

use super::player::{Played, Trouble, load, play_loaded};
use crate::engine::time::Duration;
use crate::observe::Violation;
use crate::scenario::Effective;
use crate::scenario::units::parse_duration;
use crate::simulation::Check;
use std::sync::atomic::{AtomicBool, Ordering};

/// Plays that are made at most.
const MOST_PLAYS: usize = 600;

/// A smaller scenario that fails in the same way.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The scenario, as TOML.
    pub text: String,
    /// What is violated in it.
    pub violation: Box<Violation>,
    /// Plays that were made.
    pub plays: usize,
}

struct Shrinker<'a> {
    every: Duration,
    checker: &'static str,
    stop: &'a AtomicBool,
    plays: usize,
    tree: Effective,
    violation: Option<Box<Violation>>,
}

/// Makes a scenario smaller in which `checker` is violated when it is checked so often. `None` if it is not violated
/// there, or the time does not suffice.
pub fn shrink(text: &str, set: &[String], every: Duration, checker: &'static str, stop: &AtomicBool) -> Option<Shrunk> {
    let tree = load(text, set).ok()?.effective;
    let mut shrinker = Shrinker { every, checker, stop, plays: 0, tree, violation: None };
    let whole = shrinker.tree.clone();
    shrinker.try_out(whole).then_some(())?;
    shrinker.leave_out_defaults();
    loop {
        let before = shrinker.tree.clone();
        shrinker.cut_short();
        shrinker.leave_out();
        shrinker.simplify();
        if shrinker.tree == before || shrinker.is_over() {
            break;
        }
    }
    let Shrinker { tree, violation, plays, .. } = shrinker;
    Some(Shrunk { text: tree.to_toml(), violation: violation?, plays })
}

impl Shrinker<'_> {
    fn is_over(&self) -> bool {
        self.plays >= MOST_PLAYS || self.stop.load(Ordering::Relaxed)
    }

    /// Takes a candidate if it fails in the same way.
    fn try_out(&mut self, candidate: Effective) -> bool {
        if self.is_over() {
            return false;
        }
        let Ok(loaded) = load(&candidate.to_toml(), &[]) else { return false };
        self.plays += 1;
        let check = Check { every: self.every, each_event_from: None, until_healed: true };
        match play_loaded(loaded, check, self.stop) {
            Played::Trouble(Trouble::Violation(violation)) if violation.checker == self.checker => {
                (self.tree, self.violation) = (candidate, Some(violation));
                true
            }
            _ => false,
        }
    }

    /// Leaves out what is as it would be without being said: that needs no play.
    fn leave_out_defaults(&mut self) {
        let hash = |tree: &Effective| load(&tree.to_toml(), &[]).ok().map(|loaded| loaded.hash);
        let whole = hash(&self.tree);
        for path in paths(&self.tree) {
            let candidate = changed(&self.tree, &path, None);
            if hash(&candidate) == whole {
                self.tree = candidate;
            }
        }
    }

    /// Ends the run soon after the violation.
    fn cut_short(&mut self) {
        let path = ["measurement".to_owned(), "duration".to_owned()];
        let Some(at) = self.violation.as_ref().map(|violation| violation.at) else { return };
        let seconds = at.as_secs_f64().ceil() + self.every.as_secs_f64().ceil() + 1.0;
        let Some(Effective::String(now)) = self.tree.get("measurement.duration") else { return };
        if parse_duration(now).is_ok_and(|now| now.as_secs_f64() > seconds) {
            let shorter = Effective::String(format!("{seconds}s"));
            let candidate = changed(&self.tree, &path, Some(shorter));
            self.try_out(candidate);
        }
    }

    /// Leaves out tables, keys and events, the largest first.
    fn leave_out(&mut self) {
        let mut all = paths(&self.tree);
        all.reverse();
        all.sort_by_key(Vec::len);
        for path in all {
            if find(&self.tree, &path).is_some() {
                let candidate = changed(&self.tree, &path, None);
                self.try_out(candidate);
            }
        }
    }

    /// Puts smaller numbers and simpler laws in the place of others.
    fn simplify(&mut self) {
        for path in paths(&self.tree) {
            let Some(value) = find(&self.tree, &path) else { continue };
            for simpler in simpler(value) {
                let candidate = changed(&self.tree, &path, Some(simpler));
                if self.try_out(candidate) {
                    break;
                }
            }
        }
    }
}

type Path = Vec<String>;

/// Paths of all values, tables before what is in them; the last entries of arrays first.
fn paths(tree: &Effective) -> Vec<Path> {
    let inner: Vec<(String, &Effective)> = match tree {
        Effective::Table(entries) => entries.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Effective::Array(items) => {
            items.iter().enumerate().rev().map(|(index, item)| (index.to_string(), item)).collect()
        }
        _ => Vec::new(),
    };
    let mut all = Vec::new();
    for (key, value) in inner {
        all.push(vec![key.clone()]);
        all.extend(paths(value).into_iter().map(|path| [vec![key.clone()], path].concat()));
    }
    all
}

fn find<'t>(tree: &'t Effective, path: &[String]) -> Option<&'t Effective> {
    path.iter().try_fold(tree, |value, name| value.get(name))
}

/// The tree with another value at a path, or without it.
fn changed(tree: &Effective, path: &[String], value: Option<Effective>) -> Effective {
    let Some((name, rest)) = path.split_first() else { return value.unwrap_or_else(|| tree.clone()) };
    let change = |key: &str, inner: &Effective| match (key == name, rest.is_empty()) {
        (false, _) => Some(inner.clone()),
        (true, true) => value.clone(),
        (true, false) => Some(changed(inner, rest, value.clone())),
    };
    match tree {
        Effective::Table(entries) => Effective::Table(
            entries.iter().filter_map(|(key, inner)| Some((key.clone(), change(key, inner)?))).collect(),
        ),
        Effective::Array(items) => Effective::Array(
            (0..).zip(items).filter_map(|(index, item): (usize, _)| change(&index.to_string(), item)).collect(),
        ),
        other => other.clone(),
    }
}

/// Values that may stand in the place of another, the simplest first.
fn simpler(value: &Effective) -> Vec<Effective> {
    let text = |duration: Duration| Effective::String(duration.to_string());
    match value {
        Effective::Integer(number) if *number > 1 => {
            vec![Effective::Integer(1), Effective::Integer(number / 2), Effective::Integer(number - 1)]
        }
        Effective::Float(number) if *number != 0.0 => {
            let rounded = (number * 100.0).round() / 100.0;
            [0.0, rounded].into_iter().filter(|simpler| simpler != number).map(Effective::Float).collect()
        }
        Effective::String(string) => match parse_duration(string) {
            Ok(duration) => {
                let second = 1_000_000_000;
                let nanos = duration.as_nanos();
                let whole = nanos.div_ceil(second) * second;
                let shorter = [nanos / 2 / second * second, whole, nanos / 2_000_000 * 1_000_000];
                let is_simpler = |nanos: &u64| *nanos > 0 && Duration::from_nanos(*nanos) != duration;
                let shorter = shorter.into_iter().filter(is_simpler).filter(|n| *n < nanos || nanos % second != 0);
                shorter.map(|nanos| text(Duration::from_nanos(nanos))).collect()
            }
            Err(_) => Vec::new(),
        },
        Effective::Table(entries) => {
            // A period or a law: always the same, or the best known of the same scale.
            let is_duration =
                |value: &Effective| matches!(value, Effective::String(text) if parse_duration(text).is_ok());
            let inner = entries.iter().find_map(|(name, law)| match law {
                Effective::Table(inner) if entries.len() == 1 => {
                    Some((name, inner.iter().find(|(_, value)| is_duration(value))?.1.clone()))
                }
                _ => None,
            });
            let Some((name, length)) = inner else { return Vec::new() };
            let law = |name: &str, key: &str| {
                let table = Effective::Table(vec![(key.to_owned(), length.clone())]);
                Effective::Table(vec![(name.to_owned(), table)])
            };
            let simple = ["constant", "fixed", "exponential"].contains(&name.as_str());
            if simple {
                vec![length]
            } else {
                vec![length.clone(), law("constant", "delay"), law("exponential", "mean")]
            }
        }
        _ => Vec::new(),
    }
}
