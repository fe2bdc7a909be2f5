//! Nodes behind NAT, and what a run writes down about who is who.

mod support;

use std::fs;
use std::path::Path;
use support::{column, torus_sim};

/// 200 nodes that stay, three of ten behind NAT.
const NETWORK: &str = "name = \"nat\"\npopulation.nodes = 200\nnetwork.behind_nat = 0.3\n\
                       workload.network_lookups_every = \"100ms\"\nmeasurement.duration = \"3min\"\n";

/// Runs of each kind that are compared.
const RUNS: u32 = 6;

/// Student's t for 95 % and the degrees of freedom of one kind, which are the fewest that Welch's test can have.
const STUDENT_T: f64 = 2.571;

/// Plays a scenario; gives the failure rate and what was said on standard error.
fn play(place: &Path, protocol: &str) -> (f64, String) {
    fs::write(place.join("nat.toml"), format!("{NETWORK}{protocol}")).unwrap();
    let line = ["run", "nat.toml", "--out", "out", "--force", "--progress", "never"];
    let err = torus_sim(place, &line).expect(0).err;
    (column(&place.join("out/summary.csv"), "failure_rate")[0].parse().expect("a rate"), err)
}

/// Nobody comes or goes, nothing is lost: with answers on the way of the question nothing can fail but what begins
/// before nodes behind NAT are struck from tables, less than one in a hundred.
#[test]
fn who_has_asked_gets_the_answer_on_the_way_of_the_question() {
    let place = tempfile::tempdir().unwrap();
    for acknowledgements in ["sent", "implied"] {
        let chord = format!("[protocol.chord]\nrouting = \"recursive\"\nacknowledgements = \"{acknowledgements}\"\n");
        let (rate, err) = play(place.path(), &chord);
        assert!(rate < 0.01, "{acknowledgements}: {rate}");
        assert!(!err.contains("NAT"), "{err}");
    }
}

/// Three of ten initiators are behind NAT; an answer reaches them from the first hop only.
#[test]
fn a_straight_answer_of_a_stranger_is_stopped_and_that_is_said() {
    let place = tempfile::tempdir().unwrap();
    for protocol in ["chord", "kademlia"] {
        let table = format!("[protocol.{protocol}]\nrouting = \"semi_recursive\"\nlookup_deadline = \"10s\"\n");
        let (rate, err) = play(place.path(), &table);
        assert!((0.05..0.35).contains(&rate), "{protocol}: {rate}");
        assert!(err.contains("NAT stopped"), "{err}");
        let manifest = fs::read_to_string(place.path().join("out/manifest.json")).unwrap();
        assert!(manifest.contains("answers_stopped"), "{manifest}");
        let checked = torus_sim(place.path(), &["check", "nat.toml"]).expect(0);
        assert!((checked.out + &checked.err).contains("NAT stops answers"), "{protocol}");
    }
}

/// Of Chord nodes that come and go, those behind NAT are in nobody's tables: the ring is that of the others, and fails
/// no more often. What would be seen if they were not left out (the others' joins hidden behind them): four times as
/// many failures.
#[test]
fn under_churn_a_ring_with_nodes_behind_nat_fails_as_often_as_that_of_the_reachable_ones_alone() {
    let place = tempfile::tempdir().unwrap();
    let churn = "name = \"churn\"\n[protocol.chord]\n[churn]\nsession.exponential.mean = \"20min\"\n\
                 downtime.exponential.mean = \"20min\"\n[workload]\nnetwork_lookups_every = \"100ms\"\n\
                 [measurement]\nwarmup = \"20min\"\nduration = \"20min\"\n";
    fs::write(place.path().join("churn.toml"), churn).unwrap();
    let rates = |nodes: &str, behind_nat: &str| {
        let rate = |seed: u32| {
            let set = [format!("population.nodes={nodes}"), format!("network.behind_nat={behind_nat}")];
            let seed = seed.to_string();
            let run = ["run", "churn.toml", "--out", "out", "--force", "--quiet", "--seed", &seed];
            torus_sim(place.path(), &[&run[..], &["--set", &set[0], "--set", &set[1]]].concat()).expect(0);
            column(&place.path().join("out/summary.csv"), "failure_rate")[0].parse::<f64>().expect("a rate")
        };
        let rates: Vec<f64> = (1..=RUNS).map(rate).collect();
        let mean = rates.iter().sum::<f64>() / f64::from(RUNS);
        let squares: f64 = rates.iter().map(|rate| (rate - mean) * (rate - mean)).sum();
        (mean, squares / f64::from(RUNS - 1) / f64::from(RUNS))
    };
    let (with_nat, alone) = (rates("100", "0.3"), rates("70", "0"));
    let (difference, half) = (with_nat.0 - alone.0, STUDENT_T * (with_nat.1 + alone.1).sqrt());
    let told = format!("{with_nat:?}, alone {alone:?}: differs by {difference} +- {half}");
    assert!(difference.abs() <= half && half < alone.0 / 2.0, "{told}");
}

/// A network that is joined node by node and then left in peace: whatever the rules of maintenance, nobody knows a node
/// behind NAT, so that nothing is sent to one, and everybody finds every owner.
#[test]
fn who_joins_behind_nat_is_known_to_nobody() {
    let place = tempfile::tempdir().unwrap();
    let joins = "name = \"joins\"\n[population]\nnodes = 40\nstart = \"joining\"\njoin_every = \"20s\"\n[network]\n\
                 behind_nat = 0.4\n[protocol.chord]\nidentifier_bits = 12\n[workload]\n\
                 network_lookups_every = \"500ms\"\n[measurement]\nwarmup = \"40min\"\nduration = \"3min\"\n";
    fs::write(place.path().join("joins.toml"), joins).unwrap();
    let rules = [
        "maintenance=original",
        "adopt_joining=true",
        "successor_list_refresh=with_notification",
        "successor_list_refresh=own_rounds",
        "stabilize_to_end=true",
        "notify_old_predecessor=true",
        "finger_refresh=asked",
        "next_hop=at_key",
        "owner_agrees=true",
        "routing=recursive",
    ];
    for (seed, rule) in (1..).zip(rules) {
        let (set, seed) = (format!("protocol.chord.{rule}"), format!("{seed}"));
        let agree = ["--set", "protocol.chord.confirm_owner=true"];
        let more: &[&str] = if rule == "owner_agrees=true" { &agree } else { &[] };
        let line = ["run", "joins.toml", "--out", "out", "--force", "--quiet", "--seed", &seed, "--set", &set];
        torus_sim(place.path(), &[&line[..], more].concat()).expect(0);
        let of = |name: &str| column(&place.path().join("out/summary.csv"), name)[0].clone();
        let figures = ["failure_rate", "messages_dropped", "not_started_share", "wrong_successor_share"].map(of);
        assert_eq!(figures, ["0", "0", "0", "0"], "{rule}, seed {seed}");
        assert_eq!(of("ring_member_share"), "1", "{rule}, seed {seed}");
    }
}

#[test]
fn a_recorded_joining_start_has_its_joins_and_plays_again_as_it_was() {
    let place = tempfile::tempdir().unwrap();
    let scenario = "name = \"joins\"\n[population]\nnodes = 20\nstart = \"joining\"\njoin_every = \"1s\"\n\
                    [protocol.chord]\n[workload]\nnetwork_lookups_every = \"1s\"\n[measurement]\nduration = \"2min\"\n";
    fs::write(place.path().join("joins.toml"), scenario).unwrap();
    let record = ["run", "joins.toml", "--out", "first", "--lookups", "--quiet", "--record", "joins.csv"];
    torus_sim(place.path(), &record).expect(0);
    let file = place.path().join("joins.csv");
    let joins = column(&file, "action").into_iter().filter(|action| action == "join").count();
    assert_eq!(joins, 20);
    torus_sim(place.path(), &["run", "joins.toml", "--out", "again", "--quiet", "--replay", "joins.csv"]).expect(0);
    let of = |folder: &str| column(&place.path().join(folder).join("summary.csv"), "fingerprint");
    assert_eq!(of("first"), of("again"));
    // The node k joins k seconds after the start: with its number that names its stay.
    let lookups = place.path().join("first/lookups.csv");
    for (node, arrived) in column(&lookups, "node").iter().zip(column(&lookups, "node_arrived_s")) {
        assert_eq!(node.parse::<f64>().unwrap(), arrived.parse::<f64>().unwrap());
    }
}
