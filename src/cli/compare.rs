//! `torus-sim compare`: paired differences between two sweeps, two parts of one, or two runs.

use super::arguments::CompareArguments;
use super::columns::columns;
use super::console::{Console, Failure, Label};
use crate::output::Error;
use crate::output::human::figure;
use crate::output::single::SingleFile;
use crate::sweep::compare::{self, Comparison, Incomparable, Place, Runs, Side};
use std::path::Path;

/// Runs without a partner that are named; of more, only the number is told.
const NAMED: usize = 5;

/// Carries out the command.
pub(super) fn compare(arguments: &CompareArguments, console: &mut Console) -> Result<(), Failure> {
    let side = |text: &str| -> Result<Runs, Failure> {
        let side = Side::parse(text).map_err(|text| Failure::Usage { text, help: None })?;
        Ok(Runs::read(&side)?)
    };
    let (one, other) = (side(&arguments.one)?, side(&arguments.other)?);
    let comparison = compare::compare(&one, &other, arguments.each_cell)?;
    if let Some(path) = &arguments.csv {
        write_csv(&comparison, path)?;
    }
    let title = format!("A  {}\nB  {}\n", arguments.one, arguments.other);
    let counted = match comparison.replicates {
        1 => "1 replicate, so there are no intervals".to_owned(),
        count => format!("{count} replicates"),
    };
    let pairs = format!(
        "{} of runs, {counted}; differences are B - A with 95% intervals\n\n",
        count_of(comparison.pairs, "pair")
    );
    console.print(&(title + &pairs + &table(&comparison)))?;
    if comparison.unlike > 0 {
        let pairs = count_of(comparison.unlike, "pair");
        let text = "other seeds or replicates on both sides: they faced other churn and lookups";
        console.message(Label::Warning, format!("{pairs} with {text}, so nothing that they share cancels"));
    }
    if !comparison.incomplete.is_empty() {
        let pairs = count_of(comparison.incomplete.len(), "pair");
        let text = "left out, since not every cell has their replicate";
        console.message(Label::Warning, format!("{pairs} {text}: {}", named(&comparison.incomplete, &one.keys)));
    }
    for (side, alone) in [("A", &comparison.alone_in_one), ("B", &comparison.alone_in_other)] {
        if !alone.is_empty() {
            console.message(Label::Warning, without_partner(side, alone, &one.keys));
        }
    }
    Ok(())
}

fn write_csv(comparison: &Comparison, path: &Path) -> Result<(), Error> {
    let (place, mut file) = SingleFile::claim(path, true)?;
    comparison.write_csv(&mut file).map_err(Error::io("write", path))?;
    file.finish()?;
    place.publish()
}

fn table(comparison: &Comparison) -> String {
    let own = ["figure", "pairs", "replicates", "A", "B", "difference", "interval", "of A"];
    let header = comparison.keys.iter().map(String::as_str).chain(own).map(str::to_owned).collect();
    let rows = comparison.differences.iter().map(|row| {
        let difference = row.difference;
        let share = if row.one == 0.0 { "-".to_owned() } else { signed(difference.mean / row.one * 100.0) + "%" };
        let own = [
            row.figure.to_owned(),
            (row.cells * difference.count).to_string(),
            difference.count.to_string(),
            figure(row.one),
            figure(row.other),
            signed(difference.mean),
            difference.interval.map_or_else(
                || "-".to_owned(),
                |interval| format!("{} to {}", signed(interval.low), signed(interval.high)),
            ),
            share,
        ];
        row.values.iter().cloned().chain(own).collect()
    });
    let rows: Vec<Vec<String>> = std::iter::once(header).chain(rows).collect();
    columns(&rows, comparison.keys.len() + 1, false)
}

fn signed(value: f64) -> String {
    let plus = if value > 0.0 { "+" } else { "" };
    format!("{plus}{}", figure(value))
}

fn count_of(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn without_partner(side: &str, alone: &[Place], keys: &[String]) -> String {
    let have = if alone.len() == 1 { "has" } else { "have" };
    format!("{} of {side} {have} no partner: {}", count_of(alone.len(), "run"), named(alone, keys))
}

/// The first of these runs in words.
fn named(places: &[Place], keys: &[String]) -> String {
    let describe = |(values, replicate): &Place| {
        let settings = keys.iter().zip(values).map(|(key, value)| format!("{key}={value}, "));
        format!("{}replicate {replicate}", settings.collect::<String>())
    };
    let named: Vec<String> = places.iter().take(NAMED).map(describe).collect();
    let more = places.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    named.join("; ") + &more
}

impl From<Incomparable> for Failure {
    fn from(why: Incomparable) -> Self {
        match why {
            Incomparable::Unreadable(why) => why.into(),
            _ => Failure::Usage { text: why.to_string(), help: None },
        }
    }
}
