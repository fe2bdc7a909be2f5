//! `[[event]]`: what happens at a given time.

use super::diagnostics::Problem;
use super::model::{Action, Amount, Kind, ScheduledEvent, Victims};
use super::read_kinds::read_kinds;
use super::read_links;
use super::read_population::MOST_NODES;
use super::reader::TableReader;
use super::reader_values::{POSITIVE, Zero};
use super::source::Place;
use crate::engine::time::{Duration, Time};

/// Most groups that the network can fall into.
const MOST_GROUPS: u64 = 64;

const ACTIONS: [&str; 10] = ["crash", "leave", "join", "partition", "heal", "cut", "lose", "slow", "mend", "quiet"];

/// An event, and where it stands.
#[derive(Clone)]
pub(super) struct Placed {
    pub(super) event: ScheduledEvent,
    pub(super) at: Place,
    pub(super) action: Place,
    /// How often it happens, and how much later each time.
    times: u64,
    every: Duration,
}

/// Most times that an event can happen.
const MOST_TIMES: u64 = 1_000_000;

/// Reads one entry; `None` if it has no action that could be read.
pub(super) fn read(table: &mut TableReader<'_>, kinds: &[Kind]) -> Option<Placed> {
    let at = Time::ZERO + table.duration("at", Zero::Allowed);
    let repeat = table.optional_table("repeat", |table| {
        (table.duration("every", Zero::Forbidden), table.count("times", 1..=MOST_TIMES))
    });
    let (every, times) = repeat.unwrap_or((Duration::ZERO, 1));
    let name = table.exactly_one(&ACTIONS)?;
    let action = match name {
        "crash" => Action::Crash(table.table(name, |table| read_victims(table, kinds))?),
        "leave" => Action::Leave(table.table(name, |table| read_victims(table, kinds))?),
        "join" => table.table(name, |table| Action::Join {
            count: table.count("count", 1..=MOST_NODES) as u32,
            over: table.duration_or("over", Duration::ZERO, Zero::Allowed),
        }),
        "partition" => Action::Partition { shares: table.table(name, read_shares)? },
        "cut" | "lose" | "slow" => table.table(name, |table| read_links::read_action(table, name, kinds)),
        _ => {
            if !table.flag(name, true) && table.is_sound(name) {
                let allowed = format!("`true`, or no `{name}` at all");
                table.reject_value(name, "does nothing", "false".to_owned(), &allowed);
            }
            match name {
                "heal" => Action::Heal,
                "mend" => Action::Mend,
                _ => Action::Quiet,
            }
        }
    };
    let sound = table.is_sound("at") && table.is_sound("repeat") && table.is_sound(name);
    sound.then(|| Placed {
        event: ScheduledEvent { at, action },
        at: table.place_of("at"),
        action: table.key_place(name),
        times,
        every,
    })
}

fn read_victims(table: &mut TableReader<'_>, kinds: &[Kind]) -> Option<Victims> {
    let amount = read_amount(table);
    let kinds = table.has("of").then(|| read_kinds(table, "of", kinds));
    Some(Victims { amount: amount?, kinds })
}

fn read_amount(table: &mut TableReader<'_>) -> Option<Amount> {
    match table.exactly_one(&["fraction", "count"])? {
        "fraction" => Some(Amount::Fraction(table.number("fraction", 0.0..=1.0))),
        _ => Some(Amount::Count(table.count("count", 1..=MOST_NODES) as u32)),
    }
}

fn read_shares(table: &mut TableReader<'_>) -> Option<Vec<f64>> {
    if table.exactly_one(&["groups", "shares"])? == "groups" {
        let groups = table.count("groups", 2..=MOST_GROUPS);
        return Some((0..groups).map(|_| 1.0 / groups as f64).collect());
    }
    let shares = table.numbers("shares", POSITIVE);
    if !table.is_sound("shares") {
        return None;
    }
    if !(2..=MOST_GROUPS as usize).contains(&shares.len()) {
        let label = format!("{} groups", shares.len());
        table.reject_value("shares", "has the wrong number of groups", label, "2 to 64 shares");
        return None;
    }
    let sum: f64 = shares.iter().sum();
    if (sum - 1.0).abs() > 1e-9 {
        table.reject_value("shares", "does not sum to 1", format!("the sum is {sum}"), "shares that sum to 1");
        return None;
    }
    Some(shares)
}

/// All times of events that happen again and again, up to the first that comes too late.
fn repeated(events: Vec<Placed>, end: Time) -> Vec<Placed> {
    let mut all = Vec::with_capacity(events.len());
    for placed in events {
        for number in 0..placed.times {
            let at = placed.event.at + placed.every.saturating_mul(number);
            all.push(Placed { event: ScheduledEvent { at, ..placed.event.clone() }, ..placed.clone() });
            if at >= end {
                break;
            }
        }
    }
    all
}

/// Checks the events against the end of the run and against each other, and puts them in order.
pub(super) fn finish(
    table: &mut TableReader<'_>,
    events: Vec<Placed>,
    end: Option<(Time, Place)>,
) -> Vec<ScheduledEvent> {
    let mut events = repeated(events, end.as_ref().map_or(Time::NEVER, |(end, _)| *end));
    events.sort_by_key(|placed| placed.event.at);
    let mut partitioned = false;
    let mut is_damaged = false;
    for Placed { event, at, action, .. } in &events {
        if let Some((end, end_place)) = &end
            && event.at >= *end
        {
            let message = format!("the run ends at {end}, before this event");
            let problem = Problem::error(message, at.clone(), format!("not before {end}"));
            let problem = problem.and(end_place.clone(), "the run ends this long after the warm-up");
            table.report("event", problem.note(format!("allowed: times before {end}")));
        }
        match event.action {
            Action::Partition { .. } => partitioned = true,
            Action::Heal if !partitioned => {
                let message = "nothing to heal: there is no earlier partition";
                table.report("event", Problem::error(message, action.clone(), ""));
            }
            Action::Heal => partitioned = false,
            Action::Link { .. } => is_damaged = true,
            Action::Mend if !is_damaged => {
                let message = "nothing to mend: no earlier event has cut, lost or slowed anything";
                table.report("event", Problem::error(message, action.clone(), ""));
            }
            _ => {}
        }
    }
    refuse_after_quiet(table, &events);
    events.into_iter().map(|placed| placed.event).collect()
}

/// Quiet is the last event. Not even at the same instant may there be another: it would not be clear which is first.
fn refuse_after_quiet(table: &mut TableReader<'_>, events: &[Placed]) {
    let Some(first) = events.iter().position(|placed| placed.event.action == Action::Quiet) else { return };
    let quiet = &events[first];
    for (index, placed) in events.iter().enumerate() {
        if index != first && placed.event.at >= quiet.event.at {
            let problem = Problem::error("something happens after quiet has returned", placed.action.clone(), "");
            let problem = problem.and(quiet.action.clone(), format!("nothing does from {} on", quiet.event.at));
            table.report("event", problem.note("allowed: events before that time"));
        }
    }
}
