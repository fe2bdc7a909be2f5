//! Who a node is: those that return as who they were are found where they were, and no two nodes are ever the same.

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use support::{Ended, torus_sim};

/// Rows of a table, each as its columns.
fn rows(table: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(table).expect("a table");
    let header = reader.headers().expect("a header").clone();
    let row =
        |record: csv::StringRecord| header.iter().zip(&record).map(|(name, it)| (name.into(), it.into())).collect();
    reader.records().map(|record| row(record.expect("a row"))).collect()
}

fn play(folder: &Path, scenario: &str) -> Ended {
    fs::write(folder.join("scenario.toml"), scenario).unwrap();
    torus_sim(folder, &["run", "scenario.toml", "--lookups", "--quiet", "--force", "--out", "out"])
}

fn lookups(folder: &Path, scenario: &str) -> Vec<BTreeMap<String, String>> {
    play(folder, scenario).expect(0);
    rows(&folder.join("out/lookups.csv"))
}

/// Three hosts with round trips of 20, 200 and 2000 ms between them, a node on each. Nodes 1 and 2 go and come back:
/// what node 0 measures to them is the same before and after, since hosts do not move.
#[test]
fn a_node_that_returns_sits_at_the_host_where_it_sat() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("hosts.csv"), "0,10,100\n10,0,1000\n100,1000,0\n").unwrap();
    let keys = [12995809237255814363u64, 2819284429169756897];
    let mut schedule = "time_s,action,node,key\n".to_owned();
    for (time, action) in [(10, "lookup"), (60, "crash"), (120, "join"), (600, "lookup")] {
        for (offset, key) in [(0, keys[0]), (10, keys[1])] {
            match action {
                "lookup" => writeln!(schedule, "{},lookup,0,{key}", time + offset),
                // The one that left first returns first, and last: either way it is at home.
                _ => writeln!(schedule, "{},{action},{},", time + offset, 1 + offset / 10),
            }
            .unwrap();
        }
    }
    fs::write(place.path().join("schedule.csv"), schedule).unwrap();
    let scenario = r#"
        name = "hosts"
        population.nodes = 3
        churn.return_identifier = "same"
        schedule.file = "schedule.csv"
        measurement.duration = "20min"
        [protocol.kademlia]
        results = 1
        alpha = 1
        refresh_after = "never"
        [network]
        rpc_timeout = "10s"
        latency.matrix = { file = "hosts.csv", values = "one_way", one_node_per_host = true }
    "#;
    let latencies: Vec<String> = lookups(place.path(), scenario).iter().map(|row| row["latency_ms"].clone()).collect();
    let mut before = latencies[..2].to_vec();
    assert_eq!(latencies[..2], latencies[2..], "the same before and after");
    before.sort();
    assert_eq!(before, ["20", "200"], "round trips of the file");
}

/// A fifth of the nodes crash, and come back in the order in which they went or in the opposite one.
fn exodus(in_order: bool) -> String {
    let (nodes, gone) = (150u32, 30u32);
    let mut rows = Vec::new();
    for turn in 0..gone {
        let back = if in_order { turn } else { gone - 1 - turn };
        rows.push((60.0 + f64::from(turn) * 0.01, format!("crash,{},", 2 * turn)));
        rows.push((120.0 + f64::from(turn) * 0.01, format!("join,{},", 2 * back)));
    }
    let mut state = 1u64;
    for turn in 0..1200u32 {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let asker = 2 * gone + (state >> 33) as u32 % (nodes - 2 * gone);
        rows.push((f64::from(turn) * 0.3 + 0.005, format!("lookup,{asker},{state}")));
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let rows: String = rows.into_iter().map(|(time, row)| format!("{time:.3},{row}\n")).collect();
    format!("time_s,action,node,key\n{rows}")
}

/// Once all are back and have joined, every old pointer is right again: nothing times out, in whatever order they came.
/// That is what addresses mean, so it needs no model. Fresh identifiers show what it would be else.
#[test]
fn whoever_held_a_node_finds_it_when_it_is_back_in_whatever_order_nodes_return() {
    let place = tempfile::tempdir().unwrap();
    for protocol in
        ["chord = { successors = 8, fix_fingers_every = \"10min\" }", "kademlia = { preset = \"mainline\" }"]
    {
        let mut seen = Vec::new();
        for (identifier, in_order) in [("same", true), ("same", false), ("fresh", true)] {
            fs::write(place.path().join("schedule.csv"), exodus(in_order)).unwrap();
            let scenario = format!(
                "name = \"exodus\"\npopulation.nodes = 150\nprotocol = {{ {protocol} }}\n\
                 churn.return_identifier = \"{identifier}\"\nschedule.file = \"schedule.csv\"\n\
                 measurement.duration = \"360s\"\n"
            );
            let lookups = lookups(place.path(), &scenario);
            let later = lookups.iter().filter(|row| row["started_s"].parse::<f64>().unwrap() > 130.0);
            let timeouts: u32 = later.map(|row| row["timeouts"].parse::<u32>().unwrap()).sum();
            let denied = lookups.iter().filter(|row| row["outcome"] == "wrong_owner" && row["answer"] == row["owner"]);
            assert_eq!(denied.count(), 0, "{protocol}, {identifier}: the owner was named and called wrong");
            seen.push(timeouts);
        }
        assert_eq!(seen[..2], [0, 0], "{protocol}");
        assert!(seen[2] > 0, "{protocol}: a new node is not found at the address of an old one");
    }
}

/// Nodes that come and go for a day in a space of 2,048 identifiers, which they go through three and a half times.
fn a_day(protocol: &str) -> String {
    format!(
        "name = \"day\"\npopulation = {{ nodes = 100, permanent = 50 }}\nprotocol = {{ {protocol} }}\n\
         churn = {{ steady = true, session.exponential.mean = \"10min\" }}\nworkload.network_lookups_every = \"1s\"\n\
         measurement.duration = \"24h\"\n"
    )
}

/// With 64 bits 67 to 91 lookups were not started, over three seeds; where two nodes could hold one identifier it was
/// over nine hundred, since one of them never got to be a member.
#[test]
fn short_identifiers_that_are_dealt_out_again_are_as_good_as_long_ones_for_chord() {
    let place = tempfile::tempdir().unwrap();
    play(place.path(), &a_day("chord = { successors = 4, identifier_bits = 11 }")).expect(0);
    let not_started: u32 = rows(&place.path().join("out/summary.csv"))[0]["not_started"].parse().unwrap();
    assert!((67..=91).contains(&not_started), "{not_started}");
}

#[test]
fn identifiers_that_are_too_short_are_refused_before_anything_is_played() {
    let place = tempfile::tempdir().unwrap();
    let refused = |scenario: &str, words: &[&str]| {
        let ended = play(place.path(), scenario).expect(2);
        words.iter().for_each(|word| assert!(ended.err.contains(word), "{}", ended.err));
        assert!(!place.path().join("out").exists(), "something was written");
    };
    // 100 nodes, and 50 of them replaced 144 times: 7,300, give or take 85, which 12 bits are too few for.
    let bits = ["too short: 7639 nodes in all", "`identifier_bits` is 11, at least 13 are needed"];
    refused(&a_day("kademlia = { k = 8, identifier_bits = 11 }"), &bits);
    let full = a_day("chord = { successors = 4, identifier_bits = 8 }").replace("nodes = 100", "nodes = 300");
    refused(&full, &["the identifiers are too short for the ring"]);
    let away = "name = \"away\"\npopulation.nodes = 100\nprotocol.kademlia.identifier_bits = 8\n\
                churn = { return_identifier = \"same\", session.exponential.mean = \"10min\", \
                downtime.exponential.mean = \"20min\" }\nmeasurement.duration = \"1h\"\n";
    refused(away, &["too short: 300 nodes", "at least 9 are needed"]);
    // 16 nodes, and 360 that come, give or take 19, and do not go.
    let growing = "name = \"growing\"\npopulation.nodes = 16\nmeasurement.duration = \"1h\"\n\
                   protocol.chord = { successors = 4, identifier_bits = 8 }\nchurn.poisson.joins_every = \"10s\"\n";
    refused(growing, &["too short: 451 nodes at a time", "at least 9 are needed"]);
    // 10 nodes, replaced 24 times: 250, which 8 bits are enough for, if chance does not add more than 6.
    let close = "name = \"close\"\npopulation.nodes = 10\nprotocol.kademlia.identifier_bits = 8\n\
                 churn = { session.exponential.mean = \"10min\", steady = true }\nmeasurement.duration = \"4h\"\n";
    refused(close, &["too short: 311 nodes in all", "at least 9 are needed"]);
    // Sessions without a mean. Cut at four hours they have one of 30 s (1 + ln 480) = 215 s, so that in a place 66 or
    // more begin after the first.
    let endless = "name = \"endless\"\npopulation.nodes = 100\nprotocol.kademlia.identifier_bits = 10\n\
                   churn = { session.pareto = { shape = 1.0, minimum = \"30s\" }, steady = true, \
                   at_start = \"fresh\" }\nmeasurement.duration = \"4h\"\n";
    refused(endless, &["too short: 7015 nodes in all", "at least 13 are needed"]);
    let balanced =
        growing.replace("joins_every = \"10s\"", "joins_every = \"10s\"\nchurn.poisson.departures_every = \"10s\"");
    play(place.path(), &balanced).expect(0);
}

/// Sessions with a mean of nine minutes and a median of 18 s: all begin at once, and at first many more arrive than by
/// the mean, some 4,500 in place of 3,240. Kademlia knows nodes by their identifiers, so the run ends before the first
/// comes again.
#[test]
fn a_run_ends_where_an_identifier_would_come_again_that_others_may_remember() {
    let place = tempfile::tempdir().unwrap();
    let scenario = |bits: u32, identifier: &str| {
        format!(
            "name = \"scattered\"\npopulation.nodes = 100\nprotocol.kademlia.identifier_bits = {bits}\n\
             churn = {{ session.weibull = {{ shape = 0.3, scale = \"1min\" }}, \
             at_start = \"fresh\", {identifier} }}\n\
             measurement = {{ warmup = \"4h\", duration = \"1h\" }}\n"
        )
    };
    let fresh = "steady = true";
    let ended = play(place.path(), &scenario(12, fresh)).expect(1);
    let says = ["each of 4096 identifiers was dealt out before", "`identifier_bits` of the protocol from 12 to "];
    says.iter().for_each(|word| assert!(ended.err.contains(word), "{}", ended.err));
    let (_, bits) = ended.err.split_once("from 12 to ").unwrap();
    let bits: u32 = bits.split(' ').next().unwrap().parse().unwrap();
    play(place.path(), &scenario(bits, fresh)).expect(0);
    // Who comes back with the identifier that it had is the one that others remember.
    let same = "return_identifier = \"same\", downtime.exponential.mean = \"1min\"";
    assert_eq!(play(place.path(), &scenario(8, same)).expect(0).err, "", "a warning");
}

#[test]
fn nobody_returns_to_a_steady_population() {
    let place = tempfile::tempdir().unwrap();
    let scenario = a_day("chord = {}").replace("steady = true", "steady = true, return_identifier = \"same\"");
    let ended = play(place.path(), &scenario).expect(2);
    assert!(ended.err.contains("nobody returns by this churn"), "{}", ended.err);
}
