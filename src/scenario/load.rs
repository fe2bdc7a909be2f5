//! From the text of a scenario to the checked [`Scenario`]: the order of reading, and the checks across sections.

use super::deadline::{self, Deadline};
use super::diagnostics::{Diagnostics, Problem, Severity};
use super::effective::Effective;
use super::files::{Files, Matrices, NamedFile};
use super::laws::has_mean;
use super::model::{
    Action, Arrivals, AtStart, Churn, ChurnProcess, Keys, OwnerOf, Population, ReturnIdentifier, Scenario,
    ScheduledEvent, Start, Workload,
};
use super::overrides;
use super::read_events::Placed;
use super::reader::TableReader;
use super::schedule;
use super::source::{Place, Source, SourceText};
use super::tree::{self, Kind, Table, Value};
use super::{read_churn, read_events, read_measurement, read_network, read_population, read_workload};
use crate::engine::random::Seed;
use crate::engine::time::Time;
use std::sync::Arc;

/// What a protocol may know of the scenario when it checks its own parameters.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Nodes at the start; `None` if the scenario has an error there.
    pub nodes: Option<u32>,
    /// Where `population.nodes` stands, for messages.
    pub nodes_place: Place,
    /// Where it says that nodes are behind NAT, if it does.
    pub nat_place: Option<Place>,
}

/// A scenario that can be played.
#[derive(Clone, Debug)]
pub struct Loaded<C> {
    /// The scenario, but for the protocol.
    pub scenario: Scenario,
    /// Name of the protocol.
    pub protocol_name: String,
    /// What the protocol read from its table.
    pub protocol: C,
    /// The scenario as it is effective, all defaults filled in.
    pub effective: Effective,
    /// BLAKE3, in hexadecimal digits, of the effective scenario and of the content of the files that it names.
    pub hash: String,
    /// The files that it names.
    pub files: Vec<NamedFile>,
    /// What may not be as it was meant, though it can be played.
    pub warnings: Diagnostics,
}

/// Reads and checks a scenario. `overrides` are arguments of `--set`, each `key=value`. The protocol's table is handed
/// to `read_protocol` with the protocol's name, which is one of `protocols`; it gives `None` only for a name that it
/// does not know after all.
///
/// # Errors
/// All problems that were found, in the order of the text. Nothing is read but the files that the scenario names.
pub fn load<C>(
    source: Source,
    overrides: &[String],
    protocols: &[&str],
    read_protocol: impl FnOnce(&mut TableReader<'_>, &str, &Facts) -> Option<C>,
) -> Result<Loaded<C>, Diagnostics> {
    let text = Arc::new(SourceText { name: source.name, text: source.text, rank: 0 });
    let mut syntax = Diagnostics::default();
    let mut root = tree::parse(&text, &mut syntax);
    overrides::apply(&mut root, overrides, protocols, &mut syntax);
    let files = Files::new(source.folder, Arc::new(Matrices::default()));
    load_tree(&root, &text, files, syntax, protocols, read_protocol)
}

/// The same for a tree. `text` is that of the scenario's file, `files` reads from where it stands, and `syntax` what
/// was found wrong with the tree before.
pub(super) fn load_tree<C>(
    root: &Table,
    text: &Arc<SourceText>,
    mut files: Files,
    syntax: Diagnostics,
    protocols: &[&str],
    read_protocol: impl FnOnce(&mut TableReader<'_>, &str, &Facts) -> Option<C>,
) -> Result<Loaded<C>, Diagnostics> {
    let mut diagnostics = Diagnostics::default();
    let mut reader = TableReader::new(String::new(), root, Place::whole(text), &mut diagnostics);
    let (scenario, protocol) = read_root(&mut reader, &mut files, protocols, read_protocol);
    let effective = reader.finish();
    let mut diagnostics = merge(syntax, diagnostics);
    let errors = diagnostics.errors();
    diagnostics.sort();
    let Some((protocol_name, Some(protocol))) = protocol.filter(|_| errors == 0) else {
        diagnostics.retain(|problem| errors == 0 || problem.severity == Severity::Error);
        return Err(diagnostics);
    };
    let files = files.into_read();
    let hash = hash(&effective, &files);
    Ok(Loaded { scenario, protocol_name, protocol, effective, hash, files, warnings: diagnostics })
}

/// Problems of a text that is not TOML may come from the parser's guesses: none is reported that lies on a line with a
/// syntax error, or says that something is missing.
fn merge(mut syntax: Diagnostics, mut found: Diagnostics) -> Diagnostics {
    let bad_lines: Vec<(u32, usize)> = syntax
        .problems()
        .iter()
        .map(|problem| (problem.primary.place.source().rank, problem.primary.place.line_range().start))
        .collect();
    let in_file = bad_lines.iter().any(|(rank, _)| *rank == 0);
    found.retain(|problem| {
        let place = &problem.primary.place;
        let guessed = in_file && problem.missing;
        !(guessed || bad_lines.contains(&(place.source().rank, place.line_range().start)))
    });
    syntax.extend(found.problems().iter().cloned());
    syntax
}

fn hash(effective: &Effective, files: &[NamedFile]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(effective.to_toml().as_bytes());
    for file in files {
        hasher.update(b"\0");
        hasher.update(file.blake3.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

fn read_root<C>(
    root: &mut TableReader<'_>,
    files: &mut Files,
    protocols: &[&str],
    read_protocol: impl FnOnce(&mut TableReader<'_>, &str, &Facts) -> Option<C>,
) -> (Scenario, Option<(String, Option<C>)>) {
    let name = read_name(root);
    let description = read_description(root);
    let seed = Seed { seed: root.count_or("seed", 1, 0..=u64::MAX), replicate: 0 };
    let mut nodes_place = root.place().clone();
    let mut nodes_sound = false;
    let population = root.table("population", |table| {
        let population = read_population::read(table);
        nodes_sound = table.is_sound("nodes");
        nodes_place = table.place_of("nodes");
        population
    });
    let population_sound = root.is_sound("population");
    let facts = Facts { nodes: nodes_sound.then_some(population.nodes), nodes_place, nat_place: nat_place(root) };
    let mut deadline = None;
    let protocol = root.choice("protocol", protocols, None, |table, name| {
        let protocol = read_protocol(table, name, &facts);
        let length = table.recorded_duration(deadline::KEY).filter(|_| table.is_sound(deadline::KEY));
        deadline = length.map(|length| Deadline { length, place: table.place_of(deadline::KEY) });
        (name.to_owned(), protocol)
    });
    if let Some((name, None)) = &protocol {
        root.reject("protocol", format!("the protocol `{name}` is not there"));
    }
    let network = root.table("network", |table| read_network::read(table, files, facts.nodes, &population.kinds));
    let has_schedule = root.has("schedule");
    let (churn, churn_place) =
        root.optional_table("churn", |table| read_churn::read(table, has_schedule)).unwrap_or((NO_CHURN, None));
    let (workload, workload_place) = root
        .optional_table("workload", |table| read_workload::read(table, has_schedule))
        .unwrap_or((NO_WORKLOAD, None));
    judge_sessions(root, &population, &churn);
    let placed: Vec<Placed> =
        root.tables("event", |table| read_events::read(table, &population.kinds)).into_iter().flatten().collect();
    let mut duration_place = root.place().clone();
    let measurement = root.table("measurement", |table| {
        let measurement = read_measurement::read(table);
        duration_place = table.place_of("duration");
        if measurement.owner == OwnerOf::Original && population.start != Start::Converged {
            let problem = Problem::error("nobody owns a key at the start", table.place_of("owner"), "owner at time 0");
            table.report("owner", problem.note("allowed: `original` with `population.start = \"converged\"`"));
        }
        measurement
    });
    let end = root.is_sound("measurement").then(|| measurement.end());
    let sound_population = population_sound.then_some(&population);
    let schedule =
        root.optional_table("schedule", |table| read_schedule(table, files, sound_population, end)).flatten();
    if has_schedule {
        refuse_beside_schedule(root, churn_place, workload_place, &placed);
    }
    if let (Some(population), Some(end)) = (sound_population, end) {
        warn_of_late_joins(root, population, end);
    }
    let events = read_events::finish(root, placed, end.map(|end| (end, duration_place)));
    let schedule = schedule.map(Arc::new);
    if let Some(deadline) = deadline {
        let is_departure = |event: &ScheduledEvent| matches!(event.action, Action::Crash(_) | Action::Leave(_));
        let has_departures = schedule.is_some() || events.iter().any(is_departure);
        deadline::judge(root, deadline, &network, deadline::has_silence(&network, &churn.process, has_departures));
    }
    (
        Scenario { name, description, seed, population, network, churn, workload, events, schedule, measurement },
        protocol,
    )
}

/// Where it says that nodes are behind NAT, if it does. The table of the network is read after that of the protocol.
fn nat_place(root: &TableReader<'_>) -> Option<Place> {
    let of_kind = |item: &Value| {
        let Kind::Table(kind) = &item.kind else { return None };
        let flag = &kind.get("behind_nat")?.value;
        matches!(flag.kind, Kind::Bool(true)).then(|| flag.place.clone())
    };
    let of_kinds = || {
        let Kind::Table(population) = &root.peek("population")?.kind else { return None };
        let Kind::Array(items) = &population.get("kind")?.value.kind else { return None };
        items.iter().find_map(of_kind)
    };
    let of_network = || {
        let Kind::Table(network) = &root.peek("network")?.kind else { return None };
        let share = &network.get("behind_nat")?.value;
        (!matches!(share.kind, Kind::Integer(Some(0)) | Kind::Float(0.0))).then(|| share.place.clone())
    };
    of_network().or_else(of_kinds)
}

const NO_CHURN: Churn = Churn {
    process: ChurnProcess::None,
    graceful: 0.0,
    return_identifier: ReturnIdentifier::Fresh,
    at_start: AtStart::Equilibrium,
};

const NO_WORKLOAD: Workload = Workload { arrivals: Arrivals::None, keys: Keys::Uniform };

/// The name is also the name of a folder.
pub(super) fn read_name(root: &mut TableReader<'_>) -> String {
    let name = root.text("name");
    if root.is_sound("name") && !can_name_a_folder(&name) {
        let allowed = "1 to 100 letters, digits, `.`, `_` and `-`, not beginning with `.`";
        root.reject_value("name", "cannot name a folder of results", String::new(), allowed);
    }
    name
}

/// Whether results can go to a folder of this name.
pub(super) fn can_name_a_folder(name: &str) -> bool {
    let characters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    characters && !name.starts_with('.') && (1..=100).contains(&name.len())
}

pub(super) fn read_description(root: &mut TableReader<'_>) -> String {
    let description = root.text_or("description", "");
    if description.chars().any(char::is_control) {
        root.reject_value("description", "must be one line", String::new(), "text without line breaks or controls");
    }
    description
}

fn read_schedule(
    table: &mut TableReader<'_>,
    files: &mut Files,
    population: Option<&Population>,
    end: Option<Time>,
) -> Option<Vec<super::model::ScheduleEntry>> {
    let source = files.open(table, "file")?;
    match schedule::read(&source, population, end) {
        Ok(entries) => Some(entries),
        Err(problems) => {
            problems.into_iter().for_each(|problem| table.report("file", problem));
            None
        }
    }
}

/// A schedule says who comes and goes and who looks up what; nothing else may.
fn refuse_beside_schedule(
    root: &mut TableReader<'_>,
    churn: Option<Place>,
    workload: Option<Place>,
    events: &[Placed],
) {
    let schedule = root.place_of("schedule");
    let mut refuse = |place: Place, what: &str| {
        let problem = Problem::error(format!("{what} and a schedule exclude each other"), place, "random");
        let problem = problem.and(schedule.clone(), "the schedule says what happens");
        root.report("schedule", problem.note("beside a schedule: events that change the network, and `quiet`"));
    };
    if let Some(place) = churn {
        refuse(place, "churn");
    }
    if let Some(place) = workload {
        refuse(place, "lookups");
    }
    for placed in events {
        match placed.event.action {
            Action::Crash(_) => refuse(placed.action.clone(), "`crash` events"),
            Action::Leave(_) => refuse(placed.action.clone(), "`leave` events"),
            Action::Join { .. } => refuse(placed.action.clone(), "`join` events"),
            Action::Partition { .. } | Action::Heal | Action::Link { .. } | Action::Mend | Action::Quiet => {}
        }
    }
}

/// Kinds with sessions of their own need a churn in which those are all that differs between them.
fn judge_sessions(root: &mut TableReader<'_>, population: &Population, churn: &Churn) {
    for kind in &population.kinds {
        let Some(session) = &kind.session else { continue };
        if !matches!(churn.process, ChurnProcess::Steady { .. }) {
            let message = format!("kind `{}` has sessions of its own, and departures are not replaced", kind.name);
            let problem = Problem::error(message, root.place_of("population"), "how many there are would not be known");
            let help = "give [churn] a `session` with `steady = true`, or a preset";
            root.report("population", problem.help(help));
        } else if churn.at_start == AtStart::Equilibrium && !has_mean(session) {
            let message =
                format!("sessions of kind `{}` have no mean, so there is no equilibrium to start in", kind.name);
            let problem = Problem::error(message, root.place_of("population"), "");
            root.report("population", problem.help("add `at_start = \"fresh\"` to [churn]"));
        }
    }
}

fn warn_of_late_joins(root: &mut TableReader<'_>, population: &Population, end: Time) {
    let last = schedule::last_own_join(population);
    if Time::ZERO + last >= end {
        let message = format!("not all nodes join: the last would at {last}, but the run ends at {end}");
        root.warn(Problem::warning(message, root.place_of("population"), ""));
    }
}
