//! The experiments of other simulators (`scenarios/peers/`): what they do, held against what those simulators report of
//! themselves; and the options of Chord and of the workload that these experiments brought along.

mod chord_support;
mod support;

use chord_support::{at, health, play, play_with, quiet, secs, without_maintenance};
use std::path::Path;
use support::{PROJECT, column, torus_sim};
use torus_sim::engine::time::Duration;
use torus_sim::observe::report::{LookupRecord, RunReport};
use torus_sim::protocols::chord::{
    Config, FingerRefresh, FingerTurns, FingersBeyond, FingersPerRound, Maintenance, NextHop,
};
use torus_sim::scenario::{Action, Amount, Arrivals, Keys, Measurement, ScheduledEvent};
use torus_sim::simulation::Options;

/// Figures of the only row of the summary of a scenario in `scenarios/peers/`, changed by `set`.
fn figures(name: &str, set: &[&str], columns: &[&str]) -> Vec<f64> {
    let place = tempfile::tempdir().unwrap();
    let file = format!("{PROJECT}/scenarios/peers/{name}.toml");
    let mut arguments = vec!["run", &file, "--quiet", "--out", "out"];
    arguments.extend(set.iter().flat_map(|change| ["--set", change]));
    torus_sim(place.path(), &arguments).expect(0);
    let summary = place.path().join("out/summary.csv");
    columns.iter().map(|name| column(&summary, name)[0].parse().expect("a number")).collect()
}

fn near(found: f64, expected: f64, tolerance: f64) -> bool {
    (found / expected - 1.0).abs() <= tolerance
}

#[test]
fn simgrids_messages_are_sent() {
    let columns = [
        "hops_mean",
        "lookup_messages_per_node_s",
        "maintenance_stabilize_messages_per_node_s",
        "maintenance_notify_messages_per_node_s",
        "maintenance_ping_messages_per_node_s",
        "failure_rate",
    ];
    let found = figures("simgrid-chord", &["measurement.duration=\"300s\""], &columns);
    // FIND messages a lookup: 4.86. Messages a node and second: 0.751; without those that refresh fingers.
    assert!(near(found[0], 4.86, 0.01), "{found:?}");
    assert!(near(found[1..5].iter().sum(), 0.751, 0.01), "{found:?}");
    assert_eq!(found[5], 0.0);
}

#[test]
fn peersims_messages_are_sent() {
    let set = ["measurement.duration=\"50s\"", "event.0.repeat.times=5"];
    let found = figures("peersim-chord", &set, &["lookups", "correct", "messages_sent", "departures"]);
    assert_eq!((found[0], found[1], found[3]), (49_999.0, 49_999.0, 5.0));
    // 2.2 million messages a second for 2.82 s and 999,990 lookups, both rounded.
    assert!(near(found[2] / found[0], 2.2 * 2.82, 0.025), "{found:?}");
}

/// What p2psim prints of ChordFingerPNS: 0.991 right, 4.60 hops of right ones, 0.154 timeouts, and 5.98 B/s a node, of
/// which its own way of counting lives makes 7.72 (`docs/peers.md`).
#[test]
fn p2psims_chord_has_its_hops_its_success_and_its_traffic() {
    let columns = [
        "failure_rate",
        "hops_mean",
        "timeouts_mean",
        "maintenance_bytes_per_node_s",
        "lookup_bytes_per_node_s",
        "latency_ms_mean",
    ];
    let found = figures("p2psim-chord", &[], &columns);
    assert!((found[0] - 0.009).abs() < 0.006, "{found:?}");
    assert!(near(found[1] + found[2] + 1.0, 4.60, 0.03), "{found:?}");
    assert!((0.08..0.18).contains(&found[2]), "{found:?}");
    assert!(near(found[3] + found[4], 7.72, 0.05), "{found:?}");
    // Without near fingers a hop and the answer are a mean distance in a square of 100 ms each, a timeout three there
    // and back.
    let expected = 52.14 * (found[1] + 1.0 + 6.0 * found[2]);
    assert!(near(found[5], expected, 0.05), "{found:?} {expected}");
    // Hops of 34 ms, which p2psim's fingers have by its own figures: 202 ms.
    let set = ["network.latency.euclidean.side=\"65ms\"", "network.rpc_timeout=\"313ms\""];
    assert!(near(figures("p2psim-chord", &set, &columns)[5], 202.0, 0.1));
}

/// OverSim: 7.36 hops with 10,000 nodes, the owner and the message to it among them.
#[test]
fn a_static_ring_with_fingers_at_the_key_has_oversims_hops() {
    let mut scenario = quiet(10_000, 1);
    scenario.workload.arrivals = Arrivals::Network(Duration::from_millis(30));
    scenario.workload.keys = Keys::LiveNodes;
    let config = Config { successors: 8, next_hop: NextHop::AtKey, ..Config::default() };
    let report = play(&scenario, &without_maintenance(config));
    let hops = report.total.hops.mean.expect("lookups");
    assert!(near(hops + 2.0, 7.36, 0.01), "{hops}");
}

#[test]
fn oversims_chord_joins_without_a_fault_and_half_of_its_lookups_fail_under_churn() {
    let columns = ["failure_rate", "timeouts_mean", "wrong_successor_share", "maintenance_leave_messages_per_node_s"];
    let small = ["population.nodes=500", "population.join_every=20ms", "measurement.warmup=120s"];
    let quiet = figures("oversim-chord", &small, &columns);
    assert_eq!(quiet, [0.0, 0.0, 0.0, 0.0]);
    let churn = figures("oversim-chord-churn", &small, &columns);
    assert!((0.2..0.6).contains(&churn[0]) && churn[1] > 0.2, "{churn:?}");
    assert_eq!(churn[3], 0.0, "no farewells");
}

#[test]
fn p2psims_kademlia_loses_half_of_its_nodes_and_tells_of_deaths() {
    let columns = ["live_nodes_mean", "lookups", "failure_rate", "dead_contact_share", "contacts_mean"];
    let found = figures("p2psim-kademlia", &["population.nodes=300"], &columns);
    // Of those away and back for an hour each, half and half of e^-2t are there after t hours.
    let expected = 150.0 * (1.0 + (libm::exp(-2.0) - libm::exp(-4.0)) / 2.0);
    assert!(near(found[0], expected, 0.1), "{found:?}");
    assert!(near(found[1], found[0] * 3600.0 / 600.0, 0.1), "a lookup a node in 600 s: {found:?}");
    assert!(found[2] < 0.05, "{found:?}");
    // p2psim: 1.25 hops and 235 ms at 1,024 nodes.
    let silent =
        figures("p2psim-kademlia", &["population.nodes=300", "protocol.kademlia.death_notice=false"], &columns);
    assert!(found[3] < 0.93 * silent[3], "{found:?} {silent:?}");
    let columns = ["failure_rate", "hops_mean", "latency_ms_mean", "dead_contact_share"];
    let whole = figures("p2psim-kademlia", &[], &columns);
    assert!(whole[0] < 0.003 && near(whole[1], 1.25, 0.1) && near(whole[2], 235.0, 0.1), "{whole:?}");
    // With word to those alone who had named the dead before they were found silent it is 0.271 +- 0.002.
    assert!(whole[3] < 0.26, "{whole:?}");
}

#[test]
fn oversims_kademlia_refreshes_nothing_within_the_run_and_half_of_the_leaves_are_announced() {
    let columns =
        ["live_nodes_mean", "lookups", "failure_rate", "maintenance_messages_per_node_s", "departures", "leaves"];
    let small = ["population.nodes=500", "population.join_every=400ms"];
    let quiet = figures("oversim-kademlia", &small, &columns);
    // A message a node in 60 s, for 200 s. Buckets unused for 1000 s are refreshed: none in 500 s.
    assert!(near(quiet[1], 500.0 * 200.0 / 60.0, 0.1), "{quiet:?}");
    assert!(quiet[2] < 0.01 && quiet[3] == 0.0, "{quiet:?}");
    let churn = figures("oversim-kademlia-churn", &small, &columns);
    assert!(churn[2] < 0.02 && churn[3] > 0.0, "{churn:?}");
    assert!(near(churn[5], churn[4] / 2.0, 0.3), "{churn:?}");
}

/// OverSim: all right, 590 ms with 10,000 nodes, the message to the owner of 85 ms among them.
#[test]
fn oversims_kademlia_takes_as_long_as_oversims() {
    let columns = ["failure_rate", "latency_ms_mean", "lookup_bytes_per_node_s"];
    let found = figures("oversim-kademlia", &[], &columns);
    assert!(found[0] < 0.001 && near(found[1] + 85.0, 590.0, 0.1), "{found:?}");
    // The first answer of a step is not the nearest three's: whoever takes up all of them is there sooner.
    let small = ["population.nodes=1000", "population.join_every=200ms"];
    let latency = |rule: &str| {
        let rule = format!("protocol.kademlia.parallelism=\"{rule}\"");
        figures("oversim-kademlia", &[small[0], small[1], &rule], &columns)[1]
    };
    let (first, all) = (latency("first_answer"), latency("loose"));
    assert!((1.03..1.2).contains(&(first / all)), "{first} {all}");
}

/// 300 nodes, of which a fifth crashes while as many join.
fn shaken(config: &Config) -> RunReport {
    let mut scenario = quiet(300, 4);
    scenario.events = vec![
        ScheduledEvent { at: at(1), action: Action::Crash(Amount::Fraction(0.2).into()) },
        ScheduledEvent { at: at(60), action: Action::Join { count: 60, over: secs(60) } },
    ];
    scenario.measurement = Measurement { warmup: secs(1_800), duration: secs(600), ..Measurement::default() };
    play(&scenario, config)
}

fn maintenance_messages(report: &RunReport, kind: &str) -> f64 {
    let found = report.total.traffic.iter().find(|traffic| traffic.kind == kind).expect("a kind");
    found.maintenance.messages as f64
}

#[test]
fn fingers_that_are_asked_come_right_with_fewer_messages() {
    for maintenance in [Maintenance::Corrected, Maintenance::Original] {
        for fingers_per_round in [FingersPerRound::Count(2), FingersPerRound::All] {
            let config = Config { maintenance, fingers_per_round, successors: 8, ..Config::default() };
            let looked_up = shaken(&config);
            let asked = shaken(&Config { finger_refresh: FingerRefresh::Asked, ..config });
            for report in [&looked_up, &asked] {
                assert_eq!(health(&report.total, "wrong_finger_share"), 0.0, "{maintenance:?} {fingers_per_round:?}");
            }
            let messages = [&looked_up, &asked].map(|report| maintenance_messages(report, "find_successor"));
            assert!(messages[1] < 0.6 * messages[0] && messages[1] > 0.0, "{messages:?}");
        }
    }
}

#[test]
fn fingers_beyond_the_list_are_fewer_and_right() {
    let config = Config { fingers_per_round: FingersPerRound::All, ..Config::default() };
    let beyond = Config { fingers_beyond: FingersBeyond::SuccessorList, ..config.clone() };
    let (first, list) = (shaken(&config), shaken(&beyond));
    assert_eq!(health(&list.total, "wrong_finger_share"), 0.0);
    let messages = [&first, &list].map(|report| maintenance_messages(report, "find_successor"));
    // Four of eight or so; those that are left are further away, and take more messages each.
    assert!(messages[1] < 0.8 * messages[0], "{messages:?}");
}

#[test]
fn with_a_turn_for_each_bit_most_turns_pass() {
    let config = without_maintenance(Config { identifier_bits: 40, ..Config::default() });
    let config = Config { fix_fingers_every: Config::default().fix_fingers_every, ..config };
    let messages = |finger_turns| {
        let report = play(&quiet(200, 1), &Config { finger_turns, ..config.clone() });
        assert_eq!(health(&report.total, "wrong_finger_share"), 0.0);
        maintenance_messages(&report, "find_successor")
    };
    // About log2(200) = 7.6 of the 40 are others than the first successor.
    let share = messages(FingerTurns::Bits) / messages(FingerTurns::Kept);
    assert!((0.14..0.27).contains(&share), "{share}");
}

#[test]
fn keys_are_identifiers_of_live_nodes_where_the_scenario_says_so() {
    let mut scenario = quiet(150, 3);
    scenario.workload.arrivals = Arrivals::Network(Duration::from_millis(100));
    scenario.workload.keys = Keys::LiveNodes;
    scenario.events = vec![ScheduledEvent { at: at(200), action: Action::Crash(Amount::Fraction(0.5).into()) }];
    let options = Options { record_lookups: true, record_schedule: true, ..Options::default() };
    let (report, kept) = play_with(&scenario, &Config::default(), options);
    assert!(report.total.outcomes.lookups() > 5_000);
    // But for those whose owner crashes on their way.
    let is_own = |lookup: &&LookupRecord| lookup.owner == Some(lookup.key);
    let others = kept.lookups.iter().filter(|lookup| !is_own(lookup) && lookup.owner.is_some());
    assert!(others.clone().all(|lookup| lookup.started < at(200) && lookup.ended > at(200)));
    assert!(others.count() < 20);
    let mut owners: Vec<u64> = kept.lookups.iter().filter_map(|lookup| lookup.owner).collect();
    owners.sort_unstable();
    owners.dedup();
    assert_eq!(owners.len(), 150, "everybody is looked for");
    let late = kept.lookups.iter().filter(|lookup| lookup.started > at(201)).filter_map(|lookup| lookup.owner);
    let mut late: Vec<u64> = late.collect();
    late.sort_unstable();
    late.dedup();
    assert_eq!(late.len(), 75, "and of the dead nobody");
    // Written down, they are lookups of keys.
    let mut replay = scenario.clone();
    replay.workload.arrivals = Arrivals::None;
    replay.events.clear();
    replay.schedule = Some(std::sync::Arc::new(kept.schedule));
    assert_eq!(play(&replay, &Config::default()).fingerprint, report.fingerprint);
}

#[test]
fn lookups_at_even_distances_start_at_them() {
    let mut scenario = quiet(50, 3);
    scenario.workload.arrivals = Arrivals::NetworkEvenly(Duration::from_millis(300));
    let options = Options { record_lookups: true, ..Options::default() };
    let (_, mut kept) = play_with(&scenario, &Config::default(), options);
    kept.lookups.sort_by_key(|lookup| lookup.number);
    let starts: Vec<u64> = kept.lookups.iter().map(|lookup| lookup.started.as_nanos()).collect();
    assert!(starts.len() >= 1_995, "{}", starts.len());
    // Rounded down, without adding up.
    let is_even = |(number, start): (u64, &u64)| (number * 300_000_000).abs_diff(*start) <= 1_000;
    assert!((1..).zip(&starts).all(is_even), "{:?}", &starts[..5]);
}

#[test]
fn an_event_repeats_as_often_as_it_is_said_to() {
    let place = tempfile::tempdir().unwrap();
    let text = "name = \"x\"\nprotocol = \"chord\"\npopulation.nodes = 100\nmeasurement.duration = \"1min\"\n\
        [[event]]\nat = \"10s\"\nrepeat = { every = \"5s\", times = 4 }\ncrash = { count = 3 }\n";
    std::fs::write(place.path().join("x.toml"), text).unwrap();
    torus_sim(place.path(), &["run", "x.toml", "--quiet", "--record", "x.csv", "--out", "out"]).expect(0);
    let times = column(&place.path().join("x.csv"), "time_s");
    let expected: Vec<&str> = ["10", "15", "20", "25"].into_iter().flat_map(|time| [time; 3]).collect();
    assert_eq!(times, expected);
}

#[test]
fn an_iterative_lookup_has_no_acknowledgements_to_leave_out() {
    let place = tempfile::tempdir().unwrap();
    let text = "name = \"x\"\npopulation.nodes = 100\nmeasurement.duration = \"1min\"\n\
        [protocol.chord]\nacknowledgements = \"implied\"\n";
    std::fs::write(place.path().join("x.toml"), text).unwrap();
    let told = torus_sim(place.path(), &["check", "x.toml"]).expect(2).err;
    assert!(told.contains("an iterative lookup has replies to acknowledge it"), "{told}");
    std::fs::write(place.path().join("y.toml"), format!("{text}routing = \"recursive\"\n")).unwrap();
    torus_sim(place.path(), &["check", "y.toml"]).expect(0);
}

#[test]
fn the_page_has_every_scenario() {
    let page = std::fs::read_to_string(Path::new(PROJECT).join("docs/peers.md")).unwrap();
    for entry in std::fs::read_dir(Path::new(PROJECT).join("scenarios/peers")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(page.contains(&name), "docs/peers.md does not name {name}");
    }
}
