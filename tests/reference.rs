//! The reference page of scenarios, `docs/scenario.md`, against what the reader asks for.
//!
//! Samples that together have every key are read; the names, defaults and ranges that the page tells must be those that
//! come to light, and each key that must be given is missed when it is taken away.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use toml::{Table, Value};
use torus_sim::engine::time::Duration;
use torus_sim::observe::Unwatched;
use torus_sim::observe::report::Unrecorded;
use torus_sim::scenario::reference::{self, Absent};
use torus_sim::scenario::{self, Diagnostics, Effective, Key, Loaded, Source};
use torus_sim::simulation::Options;
use torus_sim::simulation::protocols::{self, Playable};

const MINIMAL: &str = "name = \"x\"\nprotocol = \"PROTOCOL\"\npopulation.nodes = 100\nmeasurement.duration = \"1h\"\n";

/// Each is added to the minimal scenario.
const SAMPLES: &[&str] = &[
    "",
    "[network.latency.constant]",
    "[network]\nrpc_timeout = { round_trips = 3.0 }\n[network.latency.uniform]\nfrom = \"10ms\"\nto = \"90ms\"",
    "[network]\nrpc_timeout = { first = \"1s\" }",
    "[network.latency.exponential]\nmean = \"50ms\"",
    "[network.latency.log_normal]\nmedian = \"50ms\"\nsigma = 0.5",
    "[network.latency.log_normal]\nmean = \"50ms\"\nsigma = 0.5",
    "[network.latency.euclidean]\nside = \"100ms\"",
    "[network.latency.matrix]\nfile = \"matrix.csv\"",
    "[churn.session.exponential]\nmean = \"1h\"\n[churn.downtime.fixed]\nlength = \"1h\"",
    "[churn.session.uniform]\nfrom = \"1h\"\nto = \"2h\"\n[churn.downtime.weibull]\nshape = 0.5\nscale = \"1h\"",
    "[churn.session.weibull]\nshape = 0.5\nmean = \"1h\"\n[churn.downtime.pareto]\nshape = 2.0\nminimum = \"1h\"",
    "[churn.session.pareto]\nshape = 2.0\nmean = \"1h\"\n[churn.downtime.log_normal]\nsigma = 1.0\nmedian = \"1h\"",
    "[churn]\nsteady = true\n[churn.session.log_normal]\nsigma = 1.0\nmean = \"1h\"",
    "[churn]\npreset = \"kad\"",
    "[churn.poisson]\njoins_every = \"1s\"\ndepartures_every = \"1s\"",
    "[workload]\nlookups_every = \"1min\"\n[workload.keys.uniform]",
    "[workload]\nnetwork_lookups_every = \"1s\"\n[workload.keys.zipf]\nkeys = 100\nexponent = 1.0",
    "[[event]]\nat = \"1s\"\ncrash = { fraction = 0.1 }",
    "[[event]]\nat = \"1s\"\ncrash = { count = 1 }",
    "[[event]]\nat = \"1s\"\nleave = { fraction = 0.1 }",
    "[[event]]\nat = \"1s\"\nleave = { count = 1 }",
    "[[event]]\nat = \"1s\"\njoin = { count = 1 }",
    "[[event]]\nat = \"1s\"\nrepeat = { every = \"1s\", times = 2 }\njoin = { count = 1 }",
    "[workload]\nnetwork_lookups_every = \"1s\"\n[workload.keys.live_nodes]",
    "[[event]]\nat = \"1s\"\npartition = { groups = 2 }\n[[event]]\nat = \"2s\"\nheal = true",
    "[[event]]\nat = \"1s\"\npartition = { shares = [0.5, 0.5] }",
    "[[event]]\nat = \"1s\"\nquiet = true",
    "[[population.kind]]\nname = \"a\"\nshare = 0.5\nregion = \"west\"",
    "[[population.kind]]\nname = \"a\"\nshare = 0.5\nbandwidth = { up_bytes_per_s = 1000, down_bytes_per_s = 1000 }",
    "[churn]\npreset = \"kad\"\n[[population.kind]]\nname = \"a\"\nshare = 0.5\nsession.exponential.mean = \"1h\"",
    "[network]\nbandwidth = { up_bytes_per_s = 1000, down_bytes_per_s = 1000 }",
    "[[network.link]]\nfrom = \"all\"\nto = \"all\"\ndelay = \"5ms\"",
    "[[network.link]]\nof = \"all\"\nloss = 0.1",
    "[[event]]\nat = \"1s\"\ncrash = { count = 1, of = \"all\" }",
    "[[event]]\nat = \"1s\"\nleave = { count = 1, of = \"all\" }",
    "[[event]]\nat = \"1s\"\ncut = { from = \"all\", to = \"all\" }\n[[event]]\nat = \"2s\"\nmend = true",
    "[[population.kind]]\nname = \"a\"\nshare = 0.5\n[[event]]\nat = \"1s\"\ncut = { of = \"a\" }",
    "[[event]]\nat = \"1s\"\nlose = { from = \"all\", to = \"all\", share = 0.1 }",
    "[[event]]\nat = \"1s\"\nlose = { of = \"all\", share = 0.1 }",
    "[[event]]\nat = \"1s\"\nslow = { from = \"all\", to = \"all\", delay = \"5ms\" }",
    "[[event]]\nat = \"1s\"\nslow = { of = \"all\", factor = 2.0 }",
    "[schedule]\nfile = \"schedule.csv\"",
];

/// A joining start has its key in a table that every sample has.
const JOINING: &str = "population.start = \"joining\"\npopulation.join_every = \"1s\"\n";

fn samples() -> Vec<Table> {
    let parse = |text: String| text.parse::<Table>().unwrap_or_else(|error| panic!("{text}\n{error}"));
    let of = |protocol: &str, more: &str| parse(format!("{}{more}", MINIMAL.replace("PROTOCOL", protocol)));
    let first = protocols::NAMES[0];
    let mut samples: Vec<Table> = SAMPLES.iter().map(|more| of(first, more)).collect();
    samples.push(of(first, JOINING));
    samples.extend(protocols::NAMES[1..].iter().map(|protocol| of(protocol, "")));
    samples
}

fn load(table: &Table, folder: &Path) -> Result<Loaded<Playable>, Box<Diagnostics>> {
    let source = Source { name: "sample".to_owned(), text: table.to_string(), folder: folder.to_path_buf() };
    scenario::load(source, &[], protocols::NAMES, protocols::read).map_err(Box::new)
}

/// A folder with the files that samples name.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("matrix.csv"), "0,10\n10,0\n").expect("a matrix");
    std::fs::write(folder.path().join("schedule.csv"), "time_s,action,node,key\n1,lookup,0,7\n").expect("a schedule");
    folder
}

/// All keys of the page by their full names.
fn documented() -> BTreeMap<String, Key> {
    let mut keys = BTreeMap::new();
    let sections = reference::sections().iter().map(|section| (section.path.to_owned(), section.keys));
    let tables = protocols::REFERENCE.iter().map(|protocol| (format!("protocol.{}", protocol.name), protocol.keys));
    for (path, table) in sections.chain(tables) {
        for key in table {
            let dot = if path.is_empty() { "" } else { "." };
            let twice = keys.insert(format!("{path}{dot}{}", key.name), *key);
            assert!(twice.is_none(), "{path}: {} is there twice", key.name);
        }
    }
    keys
}

/// The name on the page: without numbers of events, and one name for all laws of sessions.
fn name(path: &[String]) -> String {
    let parts: Vec<&str> = path.iter().map(String::as_str).filter(|part| part.parse::<usize>().is_err()).collect();
    let name = parts.join(".").replace("churn.downtime.", "churn.session.");
    name.replace("population.kind.session.", "churn.session.")
}

/// Calls `visit` for each value that is no table, and for each empty table.
fn walk(effective: &Effective, path: &mut Vec<String>, visit: &mut impl FnMut(&[String], &Effective)) {
    let inner: Vec<(String, &Effective)> = match effective {
        Effective::Table(entries) => entries.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Effective::Array(items) if matches!(items.first(), Some(Effective::Table(_))) => {
            items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect()
        }
        _ => Vec::new(),
    };
    if inner.is_empty() {
        return visit(path, effective);
    }
    for (key, value) in inner {
        path.push(key);
        walk(value, path, visit);
        path.pop();
    }
}

fn get<'t>(table: &'t Table, path: &[String]) -> Option<&'t Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(table.get(first)?, |value, part| match part.parse::<usize>() {
        Ok(index) => value.get(index),
        Err(_) => value.get(part),
    })
}

/// The sample with another value at `path`, or with none; tables on the way are made.
fn with(table: &Table, path: &[String], value: Option<Value>) -> Table {
    let mut changed = Value::Table(table.clone());
    let (last, above) = path.split_last().expect("a path");
    let mut place = &mut changed;
    for part in above {
        place = match place {
            Value::Array(items) => &mut items[part.parse::<usize>().expect("an index")],
            Value::Table(table) => table.entry(part).or_insert_with(|| Value::Table(Table::new())),
            // The short form of a choice.
            Value::String(word) => {
                *place = Value::Table([(word.clone(), Value::Table(Table::new()))].into_iter().collect());
                &mut place[part.as_str()]
            }
            _ => panic!("{path:?}"),
        };
        if let Value::String(word) = place {
            *place = Value::Table([(word.clone(), Value::Table(Table::new()))].into_iter().collect());
        }
    }
    let table = place.as_table_mut().expect("a table");
    match value {
        Some(value) => drop(table.insert(last.clone(), value)),
        None => drop(table.remove(last)),
    }
    match changed {
        Value::Table(table) => table,
        _ => unreachable!("it was a table"),
    }
}

/// Every key of every sample: its place in the sample, its effective value, and the sample.
fn all_values(samples: &[Table], folder: &Path) -> Vec<(Vec<String>, Effective, usize)> {
    let mut values = Vec::new();
    for (index, sample) in samples.iter().enumerate() {
        let loaded = load(sample, folder).unwrap_or_else(|problems| panic!("{sample}\n{problems}"));
        walk(&loaded.effective, &mut Vec::new(), &mut |path, value| values.push((path.to_vec(), value.clone(), index)));
    }
    values
}

#[test]
fn every_key_is_on_the_page_and_has_the_default_that_it_says() {
    let (samples, folder, documented) = (samples(), folder(), documented());
    let mut seen = BTreeSet::new();
    let mut defaults = BTreeSet::new();
    for (path, value, index) in all_values(&samples, folder.path()) {
        let name = name(&path);
        let key = documented.get(&name).unwrap_or_else(|| panic!("{name} is not on the page"));
        if get(&samples[index], &path).is_none() {
            let Absent::Is(default) = key.absent else { panic!("{name} has a default: {value:?}") };
            let said = format!("value = {default}").parse::<Table>().expect(default)["value"].clone();
            let said = serde_json::to_value(said).expect("TOML without dates is JSON");
            assert_eq!(value.to_json(), said, "the default of {name}");
            defaults.insert(name.clone());
        }
        seen.insert(name);
    }
    for (name, key) in documented {
        assert!(seen.contains(&name), "{name} is on the page, but nobody reads it");
        assert_eq!(matches!(key.absent, Absent::Is(_)), defaults.contains(&name), "whether {name} has a default");
    }
}

#[test]
fn ranges_are_as_the_page_says_and_what_must_be_given_is_missed() {
    let (samples, folder, documented) = (samples(), folder(), documented());
    let mut checked = BTreeSet::new();
    for (path, _, index) in all_values(&samples, folder.path()) {
        let name = name(&path);
        if !checked.insert(name.clone()) {
            continue;
        }
        let (key, sample) = (documented[&name], &samples[index]);
        let error_with = |value: Option<Value>| match load(&with(sample, &path, value), folder.path()) {
            Ok(_) => String::new(),
            Err(problems) => problems.to_string(),
        };
        if key.absent == Absent::Required {
            let error = error_with(None);
            let last = key.name.rsplit('.').next().unwrap_or_default();
            assert!(error.contains(&format!("{last}` is missing")), "{name} is not missed: {error}");
        }
        match key.allowed {
            "a duration" | "a duration above zero" | "a period" => {
                let error = error_with(Some("0s".into()));
                let refused = error.contains(&format!("{}` must be more than zero", path.join(".")));
                assert_eq!(refused, key.allowed != "a duration", "whether {name} may be zero: {error}");
            }
            "an empty table" => {
                let error = error_with(Some(Value::Table([("x".to_owned(), 1.into())].into_iter().collect())));
                assert!(error.contains("unknown key `x`"), "{name}: {error}");
            }
            allowed => {
                // No key allows a date, so the message says what it does allow.
                let error = error_with(Some("1979-05-27".parse().expect("a date")));
                let kind = allowed.split(", or `").next().unwrap_or(allowed);
                let said = |at: usize| !error[at + kind.len()..].starts_with(|c: char| c.is_ascii_digit() || c == '_');
                assert!(error.find(kind).is_some_and(said), "{name} is said to be {allowed}, but: {error}");
            }
        }
    }
    assert_eq!(checked.len(), documented.len());
}

#[test]
fn figures_of_health_are_those_of_the_protocol() {
    let folder = folder();
    for protocol in protocols::REFERENCE {
        let sample: Table = MINIMAL.replace("PROTOCOL", protocol.name).parse().expect("a scenario");
        let mut loaded = load(&sample, folder.path()).unwrap_or_else(|problems| panic!("{problems}"));
        loaded.scenario.measurement.duration = Duration::from_secs(60);
        let options = Options::default();
        let report = loaded.protocol.play(&loaded.scenario, options, &mut Unwatched, &mut Unrecorded).expect("it ends");
        let figures: Vec<&str> = protocol.figures.iter().map(|(name, _)| *name).collect();
        assert_eq!(figures, report.total.health.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }
}

#[test]
fn the_page_in_the_docs_is_current() {
    snapbox::assert_data_eq!(reference::page(protocols::REFERENCE), snapbox::file!["../docs/scenario.md"].raw());
}
