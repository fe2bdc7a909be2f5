//! The library as others use it: the examples play what they promise.

mod support;
#[path = "../examples/toy_protocol.rs"]
mod toy_protocol;

use std::sync::Arc;
use torus_sim::engine::time::Time;
use torus_sim::experiment::{Experiment, Problem};
use torus_sim::node::Protocol;
use torus_sim::observe::report::MessageBalance;
use torus_sim::scenario::{self, ScheduleAction, ScheduleEntry, Source};
use torus_sim::simulation::{Options, Simulation};
use toy_protocol::Walk;

#[test]
fn the_toy_protocol_plays_as_it_says() {
    toy_protocol::main();
}

/// Two nodes, 50 ms apart. One looks keys up at 1 s, the other crashes at `crash`.
fn balance(crash: Time) -> MessageBalance {
    let text = "name = 'two'\nprotocol = 'walk'\npopulation.nodes = 2\nnetwork.latency.constant.delay = '50ms'\n\
                measurement.duration = '10s'\n";
    let source = Source::from_text("two", text);
    let loaded = scenario::load(source, &[], &[Walk::NAME], |table, _name, _facts| Some(Walk::from_table(table)));
    let mut loaded = loaded.unwrap_or_else(|problems| panic!("{problems}"));
    let start = Time::from_nanos(1_000_000_000);
    let lookup = |key| ScheduleEntry { time: start, node: 0, action: ScheduleAction::Lookup(key) };
    let mut schedule: Vec<ScheduleEntry> = (0..16).map(|sixteenth| lookup(sixteenth << 60)).collect();
    schedule.push(ScheduleEntry { time: crash, node: 1, action: ScheduleAction::Crash });
    loaded.scenario.schedule = Some(Arc::new(schedule));
    Simulation::new(&loaded.scenario, loaded.protocol, Options::default()).play().messages
}

#[test]
fn what_comes_from_outside_comes_before_what_nodes_cause_at_the_same_instant() {
    let arrival = 1_050_000_000;
    let dead = balance(Time::from_nanos(arrival));
    assert!(dead.sent > 0, "every key belongs to the next node: {dead:?}");
    assert_eq!((dead.delivered, dead.dropped), (0, dead.sent));
    let alive = balance(Time::from_nanos(arrival + 1));
    assert_eq!((alive.delivered, alive.dropped), (alive.sent, 0), "each request and its reply");
    assert_eq!(alive.sent, 2 * dead.sent);
}

const SMALL: &str = "name = 'small'\nprotocol = 'chord'\npopulation.nodes = 50\nworkload.lookups_every = '10s'\n\
                     measurement.duration = '2min'\n";

#[test]
fn from_a_text_or_a_file_to_a_report_as_the_command_line_has_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("small.toml");
    std::fs::write(&file, SMALL).expect("a file");
    let report = Experiment::from_text(SMALL).set("population.nodes", 40).set("seed", 7).run().expect("a report");
    let from_file = Experiment::from_file(&file).expect("a scenario").set("population.nodes", 40).set("seed", 7);
    assert_eq!(from_file.run().expect("a report"), report);
    assert_ne!(Experiment::from_text(SMALL).set("seed", 7).run().expect("a report").fingerprint, report.fingerprint);

    let arguments = ["run", "small.toml", "--set", "population.nodes=40", "--seed", "7", "--out", "results"];
    support::torus_sim(folder.path(), &arguments).expect(0);
    let written = support::column(&folder.path().join("results/summary.csv"), "fingerprint");
    assert_eq!(written, [report.fingerprint]);
}

#[test]
fn what_is_wrong_is_told_as_the_command_line_tells_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!("{SMALL}popularity = 1\n");
    std::fs::write(folder.path().join("scenario"), &text).expect("a file");
    let told = |arguments: &[&str]| {
        let common = ["run", "scenario", "--out", "results"];
        support::torus_sim(folder.path(), &[&common, arguments].concat()).expect(2).err.trim().to_owned()
    };
    let wrong = Experiment::from_text(&text).set("population.nodes", 0).set("workload.lookups", "7s");
    let problem = wrong.run().expect_err("there are problems");
    let Problem::Scenario(problems) = &problem else { panic!("{problem}") };
    assert!(problems.to_string().contains("popularity"));
    let from_command_line = told(&["--set", "population.nodes=0", "--set", "workload.lookups=7s"]);
    assert_eq!(problem.to_string().trim(), from_command_line);
    assert!(wrong.check().is_err());

    let text = format!("{SMALL}[[event]]\nat = '1min'\njoin = {{ count = 1100 }}\n");
    std::fs::write(folder.path().join("scenario"), &text).expect("a file");
    let short = Experiment::from_text(&text).set("protocol.chord.identifier_bits", 10);
    let problem = short.run().expect_err("identifiers are too short");
    assert!(matches!(problem, Problem::Identifiers(_)), "{problem}");
    assert_eq!(problem.to_string().trim(), told(&["--set", "protocol.chord.identifier_bits=10"]));

    let problem = Experiment::from_file("nowhere.toml").expect_err("there is no such file");
    assert!(problem.to_string().contains("nowhere.toml"), "{problem}");
    let sweep = Experiment::from_text("base = 'small.toml'\n[axes]\n'population.nodes' = [10, 20]\n");
    assert!(sweep.run().expect_err("a sweep").to_string().contains("torus-sim sweep"));
}
