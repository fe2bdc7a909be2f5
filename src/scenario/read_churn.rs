//! `[churn]`: the law by which nodes come and go.

use super::diagnostics::Problem;
use super::laws::has_mean;
use super::model::{AtStart, Churn, ChurnProcess, ReturnIdentifier};
use super::presets::{self, PRESETS};
use super::reader::{TableReader, unknown_word};
use super::reader_values::Zero;
use super::source::Place;
use crate::engine::distribution::Distribution;
use crate::engine::time::Duration;

pub(super) const LAWS: [&str; 6] = ["exponential", "weibull", "pareto", "log_normal", "uniform", "fixed"];

/// The churn, and the place of its process if it has one.
pub(super) fn read(table: &mut TableReader<'_>, has_schedule: bool) -> (Churn, Option<Place>) {
    let (process, key) = read_process(table, has_schedule);
    let place = key.filter(|key| table.has(key)).map(|key| table.key_place(key));
    let graceful = table.number_or("graceful", 0.0, 0.0..=1.0);
    let return_identifier =
        table.word("return_identifier", &[("fresh", ReturnIdentifier::Fresh), ("same", ReturnIdentifier::Same)]);
    let at_start = table.word("at_start", &[("equilibrium", AtStart::Equilibrium), ("fresh", AtStart::Fresh)]);
    let process = process.unwrap_or(ChurnProcess::None);
    if return_identifier == ReturnIdentifier::Same {
        require_returns(table, &process, key);
    }
    if at_start == AtStart::Equilibrium {
        require_means(table, &process);
    }
    (Churn { process, graceful, return_identifier, at_start }, place)
}

fn read_process(table: &mut TableReader<'_>, has_schedule: bool) -> (Option<ChurnProcess>, Option<&'static str>) {
    let keys = ["session", "preset", "poisson"];
    let key = match has_schedule {
        true => table.at_most_one(&keys),
        false => table.exactly_one(&keys),
    };
    // Marked as known on every path, so that they are never called unknown.
    let _ = (table.take("steady"), table.take("downtime"));
    let process = match key {
        Some("session") => read_sessions(table),
        Some("preset") => {
            refuse_beside(table, "preset");
            read_preset(table)
        }
        Some("poisson") => {
            refuse_beside(table, "poisson");
            Some(table.table("poisson", read_poisson))
        }
        _ => None,
    };
    (process, key)
}

fn read_sessions(table: &mut TableReader<'_>) -> Option<ChurnProcess> {
    let steady = table.flag("steady", false);
    let session = table.law("session", &LAWS);
    if steady {
        if table.has("downtime") {
            let message = "a steady population has no downtimes";
            let problem = Problem::error(message, table.key_place("downtime"), "each departure is replaced at once");
            let problem = problem.and(table.place_of("steady"), "because of this");
            table.report("downtime", problem);
        }
        return session.map(|session| ChurnProcess::Steady { session });
    }
    if !table.has("downtime") && table.is_sound("steady") {
        let message = "`churn.downtime` is missing";
        let problem = Problem::error(message, table.key_place("session"), "what happens after a session?").missing();
        let problem = problem.help("add [churn.downtime.LAW], or `steady = true` to replace each departure at once");
        table.report("downtime", problem);
        return None;
    }
    let downtime = table.law("downtime", &LAWS);
    Some(ChurnProcess::OnOff { session: session?, downtime: downtime? })
}

/// `steady` and `downtime` say nothing beside a preset or Poisson churn.
fn refuse_beside(table: &mut TableReader<'_>, key: &str) {
    for other in ["downtime", "steady"] {
        if table.has(other) {
            let message = format!("`churn.{key}` and `churn.{other}` exclude each other");
            let problem = Problem::error(message, table.key_place(other), "leave one of them out");
            let problem = problem.and(table.key_place(key), "the other");
            table.report(other, problem);
        }
    }
}

fn read_preset(table: &mut TableReader<'_>) -> Option<ChurnProcess> {
    let name = table.text("preset");
    if !table.is_sound("preset") {
        return None;
    }
    let process = presets::process(&name);
    if process.is_none() {
        let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
        let problem = unknown_word("churn.preset", &name, &names, table.place_of("preset"));
        table.report("preset", problem);
    }
    process
}

fn read_poisson(table: &mut TableReader<'_>) -> ChurnProcess {
    if !table.has("joins_every") && !table.has("departures_every") {
        table.exactly_one(&["joins_every", "departures_every"]);
    }
    let mut every = |key| {
        let _ = table.take(key);
        if table.has(key) { table.duration(key, Zero::Forbidden) } else { Duration::MAX }
    };
    ChurnProcess::Poisson { joins_every: every("joins_every"), departures_every: every("departures_every") }
}

/// Nobody returns to a steady population, or by a Poisson process: there each arrival is a new node.
fn require_returns(table: &mut TableReader<'_>, process: &ChurnProcess, key: Option<&'static str>) {
    let (ChurnProcess::Steady { .. } | ChurnProcess::Poisson { .. }, Some(key)) = (process, key) else { return };
    let place = table.place_of("return_identifier");
    let problem = Problem::error("nobody returns by this churn", place, "what those who return have");
    let problem = problem.and(table.key_place(key), "each arrival is a new node");
    table.report("return_identifier", problem.note("allowed: with `session` and `downtime`, or a schedule"));
}

/// A start in equilibrium needs laws that have one.
fn require_means(table: &mut TableReader<'_>, process: &ChurnProcess) {
    let laws: &[(&str, &Distribution)] = match process {
        ChurnProcess::OnOff { session, downtime } => &[("session", session), ("downtime", downtime)],
        ChurnProcess::Steady { session } => &[("session", session)],
        _ => &[],
    };
    for (key, law) in laws {
        let key = if table.has("preset") { "preset" } else { key };
        if has_mean(law) {
            continue;
        }
        let message = "this law has no mean, so the churn has no equilibrium to start in";
        let problem = Problem::error(message, table.place_of(key), "a Pareto law has a mean only for a shape above 1");
        let problem = problem.note("at time 0 nodes would have to be found in sessions of infinite mean length");
        let problem = problem.help("add `at_start = \"fresh\"` to [churn], so that all sessions begin at time 0");
        table.report(key, problem);
    }
}
