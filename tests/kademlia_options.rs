//! What the options of Kademlia do, held against calculations that share no line with the program.

mod support;

use std::fs;
use support::{column, manifest, torus_sim};

/// Figures of the only row of the summary of a scenario.
fn figures(scenario: &str, columns: &[&str]) -> Vec<f64> {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("scenario.toml"), scenario).unwrap();
    torus_sim(place.path(), &["run", "scenario.toml", "--quiet", "--out", "out"]).expect(0);
    let summary = place.path().join("out/summary.csv");
    columns.iter().map(|name| column(&summary, name)[0].parse().expect("a number")).collect()
}

/// The fingerprint of a scenario.
fn fingerprint(scenario: &str) -> String {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("scenario.toml"), scenario).unwrap();
    torus_sim(place.path(), &["run", "scenario.toml", "--quiet", "--out", "out"]).expect(0);
    manifest(&place.path().join("out"), "fingerprint")
}

fn near(found: f64, expected: f64, tolerance: f64) -> bool {
    (found / expected - 1.0).abs() <= tolerance
}

/// A quiet network in which every message takes 50 ms, and a lookup every 100 ms.
/// Tables are those of the model: anybody of a range in its bucket.
fn still(nodes: u32, options: &str) -> String {
    format!(
        "name = \"still\"\npopulation.nodes = {nodes}\nmeasurement.duration = \"5min\"\n\
         network.latency.constant.delay = \"50ms\"\nworkload.network_lookups_every = \"100ms\"\n\
         [protocol.kademlia]\nrefresh_after = \"never\"\nstart_buckets = \"random\"\n{options}"
    )
}

/// Expected: `tests/models/kademlia_lookup.py NODES K ALPHA`, the paper's lookup in rounds.
#[test]
fn a_round_that_brings_nobody_nearer_is_followed_by_the_papers_last_step() {
    let columns = ["latency_ms_mean", "rpcs_mean", "failure_rate"];
    for (nodes, options, round_trips, requests) in [
        (300, "", 2.680, 20.40),
        (300, "final_step = false", 7.117, 20.40),
        (2000, "", 3.024, 22.09),
        (300, "k = 8", 2.903, 9.99),
    ] {
        let found = figures(&still(nodes, options), &columns);
        assert!(near(found[0], 100.0 * round_trips, 0.02), "{nodes} {options}: {found:?}");
        assert!(near(found[1], requests, 0.02) && found[2] == 0.0, "{nodes} {options}: {found:?}");
    }
}

/// Expected: `tests/models/kademlia_lookup.py NODES K ALPHA`, its lookup in steps.
#[test]
fn only_the_first_answer_of_a_step_is_taken_up() {
    let columns = ["latency_ms_mean", "rpcs_mean", "failure_rate"];
    for (nodes, k, alpha, round_trips, requests) in
        [(300, 20, 3, 7.153, 20.40), (300, 8, 2, 4.816, 9.17), (2000, 8, 4, 3.827, 13.51)]
    {
        let options = format!("parallelism = \"first_answer\"\nk = {k}\nalpha = {alpha}");
        let found = figures(&still(nodes, &options), &columns);
        assert!(near(found[0], 100.0 * round_trips, 0.02), "{nodes} {options}: {found:?}");
        assert!(near(found[1], requests, 0.02) && found[2] == 0.0, "{nodes} {options}: {found:?}");
    }
}

#[test]
fn a_lookup_in_steps_has_no_final_step() {
    let place = tempfile::tempdir().unwrap();
    let scenario = still(9, "parallelism = \"first_answer\"\nfinal_step = true");
    fs::write(place.path().join("scenario.toml"), scenario).unwrap();
    let told = torus_sim(place.path(), &["check", "scenario.toml"]).expect(2).err;
    assert!(told.contains("a lookup in steps has no rounds, and so no final step"), "{told}");
}

/// Nine nodes know each other, and all of the eight others must answer: with `alpha` requests under way at any time
/// that takes 8 / `alpha` round trips, rounded up.
#[test]
fn loose_parallelism_has_no_fewer_requests_under_way_than_strict() {
    for (alpha, round_trips) in [(2, 4.0), (3, 3.0), (4, 2.0)] {
        for parallelism in ["strict", "loose"] {
            let options = format!("results = 8\nfinal_step = false\nalpha = {alpha}\nparallelism = \"{parallelism}\"");
            let found = figures(&still(9, &options), &["latency_ms_mean", "rpcs_mean"]);
            assert!(near(found[0], 100.0 * round_trips, 1e-3) && found[1] == 8.0, "{options}: {found:?}");
            let with_step = figures(&still(9, &options.replace("false", "true")), &["latency_ms_mean"]);
            // Nobody can be nearer than those whom all know: the second round asks all that are left.
            assert!(near(with_step[0], 200.0, 1e-3), "{options}: {with_step:?}");
        }
    }
}

/// 200 nodes whose sessions last a quarter of an hour, with no lookups but their own.
fn churning(options: &str) -> String {
    format!(
        "name = \"churning\"\npopulation.nodes = 200\nmeasurement.duration = \"20min\"\n\
         churn.session.exponential.mean = \"15min\"\nchurn.downtime.exponential.mean = \"15min\"\n\
         [protocol.kademlia]\nrefresh_after = \"10min\"\n{options}"
    )
}

#[test]
fn the_protocols_own_lookups_look_for_k_whatever_those_of_the_workload_look_for() {
    let plain = fingerprint(&churning("k = 8"));
    let early = "k = 8\nresults = 1\ntolerance_bits = 2";
    assert_eq!(fingerprint(&churning(early)), plain, "options of the workload's lookups do not touch upkeep");
    assert_eq!(fingerprint(&churning("k = 8\nupkeep_results = 8\nresults = 3\nends_at = \"first_owner\"")), plain);
    let messages = |options: &str| figures(&churning(options), &["maintenance_find_node_messages_per_node_s"])[0];
    let (all, few) = (messages("k = 8"), messages("k = 8\nupkeep_results = 1"));
    assert!(few < 0.6 * all, "an own lookup that looks for one asks fewer: {few} {all}");
}

/// BitTorrent's DHT: 300 nodes join, one every `join_every`, and are then left alone.
fn quiet_mainline(population: &str, options: &str) -> String {
    format!(
        "name = \"quiet\"\nmeasurement.duration = \"10h\"\n\
         [population]\nnodes = 300\n{population}\n[protocol.kademlia]\npreset = \"mainline\"\n{options}"
    )
}

/// Expected: a model of pings alone, apart from the program, gave 0.032 to 0.037 messages a node and second; a ping at
/// every knock makes 0.2 of them. Joins one after the other come to 0.031, and 0.0315 when all have joined, which is a
/// little less than the model has.
#[test]
fn only_contacts_unheard_for_a_quarter_of_an_hour_are_pinged() {
    let column = ["maintenance_ping_messages_per_node_s"];
    let joining = "start = \"joining\"\njoin_every = \"10s\"";
    let converged = figures(&quiet_mainline("", ""), &column)[0];
    assert!((0.032..0.037).contains(&converged), "{converged}");
    let joined = figures(&quiet_mainline(joining, ""), &column)[0];
    assert!(near(joined, converged, 0.1), "{joined} {converged}");
    let always = figures(&quiet_mainline(joining, "questionable_after = \"0s\""), &column)[0];
    assert!(always > 4.0 * joined, "{always} {joined}");
}

/// A network after an hour of quiet, and how its lookups go.
fn after_an_hour(preset: &str, nodes: u32, is_joining: bool) -> Vec<f64> {
    // All have joined after 100 minutes, and each looks up every ten minutes.
    let (join_every, lookups_every) = (6_000_000 / nodes, 600_000 / nodes);
    let (population, warmup) = match is_joining {
        true => (format!("start = \"joining\"\njoin_every = \"{join_every}ms\""), "160min"),
        false => (String::new(), "60min"),
    };
    let scenario = format!(
        "name = \"quiet\"\nworkload.network_lookups_every = \"{lookups_every}ms\"\nmeasurement.duration = \"2h\"\n\
         measurement.warmup = \"{warmup}\"\n[population]\nnodes = {nodes}\n{population}\n\
         [protocol.kademlia]\npreset = \"{preset}\"\n"
    );
    figures(&scenario, &["maintenance_messages_per_node_s", "contacts_mean", "latency_ms_mean"])
}

/// Expected: what the same nodes come to that join one after the other.
fn is_what_joins_lead_to(preset: &str, nodes: u32) {
    let (converged, joined) = (after_an_hour(preset, nodes, false), after_an_hour(preset, nodes, true));
    for (found, expected) in converged.iter().zip(&joined) {
        assert!(near(*found, *expected, 0.05), "{preset}, {nodes} nodes: {converged:?}, after joins {joined:?}");
    }
}

#[test]
fn a_converged_start_is_what_joins_lead_to() {
    is_what_joins_lead_to("mainline", 300);
}

#[test]
#[ignore = "takes two minutes in release builds; .ci/run runs it"]
fn a_converged_start_is_what_joins_lead_to_with_every_preset_and_in_larger_networks() {
    for preset in ["paper", "mainline", "ipfs", "kad", "discv5"] {
        [300, 1000].into_iter().for_each(|nodes| is_what_joins_lead_to(preset, nodes));
    }
    is_what_joins_lead_to("paper", 4000);
}
