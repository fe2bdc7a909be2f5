//! Nodes behind NAT, and what a run writes down about who is who.

mod support;

use std::fs;
use std::path::Path;
use support::{column, torus_sim};

/// 200 nodes that stay, three of ten behind NAT.
const NETWORK: &str = "name = \"nat\"\npopulation.nodes = 200\nnetwork.behind_nat = 0.3\n\
                       workload.network_lookups_every = \"100ms\"\nmeasurement.duration = \"3min\"\n";

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
