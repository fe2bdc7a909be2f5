//! Kinds of nodes, and what events do to messages between them, in whole runs.

mod support;

use std::fs;
use std::path::Path;
use support::{column, torus_sim};

const NETWORK: &str = "name = \"kinds\"\npopulation.nodes = 200\nworkload.network_lookups_every = \"50ms\"\n\
                       measurement.duration = \"5min\"\n";

/// Plays a scenario with every checker on; the number in a column of its summary.
fn play(place: &Path, more: &str, name: &str) -> f64 {
    fs::write(place.join("kinds.toml"), format!("{NETWORK}{more}")).unwrap();
    torus_sim(place, &["run", "kinds.toml", "--out", "out", "--force", "--progress", "never", "--check-every", "10s"])
        .expect(0);
    column(&place.join("out/summary.csv"), name)[0].parse().expect("a number")
}

#[test]
fn clients_ask_like_others_and_nobody_fails_for_them() {
    let place = tempfile::tempdir().unwrap();
    let kinds = "[[population.kind]]\nname = \"client\"\nshare = 0.6\nclient = true\n";
    for protocol in ["chord", "kademlia", "koorde"] {
        let scenario = format!("protocol = \"{protocol}\"\n{kinds}");
        assert_eq!(play(place.path(), &scenario, "failure_rate"), 0.0, "{protocol}");
        // Paths are those of the 80 others: half a hop shorter in a binary tree of 200.
        let all = play(place.path(), &format!("protocol = \"{protocol}\"\n"), "hops_mean");
        let few = play(place.path(), &scenario, "hops_mean");
        assert!(few < all - 0.2, "{protocol}: {few} and {all}");
    }
}

#[test]
fn a_region_that_fails_as_one_is_gone_and_no_other_node_is() {
    let place = tempfile::tempdir().unwrap();
    let kinds = "protocol = \"chord\"\n[[population.kind]]\nname = \"a\"\nshare = 0.2\nregion = \"west\"\n\
                 [[population.kind]]\nname = \"b\"\nshare = 0.2\nregion = \"west\"\n";
    let crash = |of: &str| {
        let event = format!("{kinds}[[event]]\nat = \"1min\"\ncrash = {{ fraction = 1.0, of = \"{of}\" }}\n");
        play(place.path(), &event, "departures")
    };
    let [a, b, west, others, all] = ["a", "b", "west", "others", "all"].map(crash);
    assert_eq!((a + b, west + others, all), (west, all, 200.0));
    // Four standard deviations of 200 draws with probability 0.4 are 28.
    assert!((west - 80.0).abs() < 28.0 && a > 0.0 && b > 0.0, "{west}");
}

/// With delays that are always the same, a way that takes twice as long for all makes lookups take twice as long.
#[test]
fn what_is_slow_takes_longer_while_it_lasts() {
    let place = tempfile::tempdir().unwrap();
    let latency = |event: &str| {
        let more = format!("protocol = \"chord\"\n[network.latency.constant]\ndelay = \"20ms\"\n{event}");
        play(place.path(), &more, "latency_ms_mean")
    };
    let slow = |lasts: &str| {
        latency(&format!("[[event]]\nat = \"0s\"\nslow = {{ of = \"all\", factor = 2.0, lasts = \"{lasts}\" }}\n"))
    };
    let (usual, always, half) = (latency(""), slow("10min"), slow("150s"));
    // The same lookups take the same paths; but for the few that the end of the run cuts off.
    assert!((always / usual - 2.0).abs() < 1e-4, "{always} and {usual}");
    assert!((half / usual - 1.5).abs() < 0.05, "{half} and {usual}");
}

/// A thin line delays each message, and where much is to be sent messages wait for each other.
#[test]
fn storms_cost_time_where_lines_are_thin() {
    let place = tempfile::tempdir().unwrap();
    let latency = |bytes_per_s: u32, every: &str| {
        let more = format!(
            "protocol = \"chord\"\nnetwork.bandwidth.up_bytes_per_s = {bytes_per_s}\n\
             network.bandwidth.down_bytes_per_s = 1000000\n\
             network.latency.constant.delay = \"20ms\"\n"
        );
        let more = more.replace("protocol", &format!("workload.network_lookups_every = \"{every}\"\nprotocol"));
        let scenario = NETWORK.replace("workload.network_lookups_every = \"50ms\"\n", "").replace("5min", "1min");
        fs::write(place.path().join("x.toml"), format!("{scenario}{more}")).unwrap();
        torus_sim(place.path(), &["run", "x.toml", "--out", "x", "--force", "--progress", "never"]).expect(0);
        column(&place.path().join("x/summary.csv"), "latency_ms_mean")[0].parse::<f64>().expect("a number")
    };
    let (wide, thin, busy) = (latency(1_000_000, "50ms"), latency(1_500, "50ms"), latency(1_500, "1ms"));
    // A message of about 30 bytes takes 20 ms on its line, as long as the way: nearly twice as long in all. Where
    // there are 1,000 lookups a second, of 2.75 requests and as many replies, each of 200 nodes sends 27 messages a
    // second: its line is busy for 0.5 of the time, and in a queue M/D/1 that is loaded so each message waits for
    // 0.5 / (2 (1 - 0.5)) = 0.5 of its own time, 10 ms of 40; for longer where some nodes get more to do than others.
    assert!(thin > 1.6 * wide && thin < 2.2 * wide, "{thin} and {wide}");
    assert!(busy > 1.25 * thin && busy < 2.0 * thin, "{busy} and {thin}");
}

#[test]
fn sessions_of_a_kind_are_its_own() {
    let place = tempfile::tempdir().unwrap();
    let kinds = "protocol = \"chord\"\nchurn.session.exponential.mean = \"1000h\"\nchurn.steady = true\n\
                 [[population.kind]]\nname = \"short\"\nshare = 0.5\nsession.exponential.mean = \"1min\"\n";
    let departures = play(place.path(), kinds, "departures");
    // So many nodes of the kind as there are, each with 5 sessions on average; 200 draws decide how many there are.
    assert!((departures - 500.0).abs() < 4.0 * (25.0 * 50.0 + 500.0_f64).sqrt(), "{departures}");
}

/// What is told by kind adds up to what is told of all.
#[test]
fn figures_by_kind_add_up_to_those_of_all() {
    let place = tempfile::tempdir().unwrap();
    let sum =
        |name: &str| column(&place.path().join("out/kinds.csv"), name).iter().map(|cell| number(cell)).sum::<f64>();
    for protocol in ["chord", "kademlia", "koorde"] {
        let kinds = format!(
            "protocol = \"{protocol}\"\nmeasurement.warmup = \"1min\"\nchurn.session.exponential.mean = \"3min\"\n\
             churn.steady = true\n[[population.kind]]\nname = \"mobile\"\nshare = 0.3\nclient = true\n\
             delay = \"200ms\"\nregion = \"west\"\n"
        );
        let _ = play(place.path(), &kinds, "lookups");
        let all = |name: &str| number(&column(&place.path().join("out/summary.csv"), name)[0]);
        let names = ["joins", "departures", "lookups", "correct", "wrong_owner", "failed", "aborted"];
        let totals = names.map(all);
        assert_eq!(names.map(sum), totals, "{protocol}");
        assert!((sum("live_nodes_mean") - 200.0).abs() < 0.1, "{protocol}");
        let of =
            |name: &str| column(&place.path().join("out/kinds.csv"), name).iter().map(|cell| number(cell)).collect();
        let (latencies, live): (Vec<f64>, Vec<f64>) = (of("latency_ms_mean"), of("live_nodes_mean"));
        // Each request of a client and each reply to it takes 200 ms more: at least 400 ms a lookup that leaves it.
        assert!(latencies[0] > latencies[1] + 300.0, "{protocol}: {latencies:?}");
        let sent: Vec<f64> = of("sent_messages_per_node_s");
        let summary = ["maintenance_messages_per_node_s", "lookup_messages_per_node_s"].map(all).iter().sum::<f64>();
        let mean = (sent[0] * live[0] + sent[1] * live[1]) / (live[0] + live[1]);
        assert!((mean / summary - 1.0).abs() < 1e-9, "{protocol}: {mean} and {summary}");
    }
    assert_eq!(column(&place.path().join("out/kinds.csv"), "region"), ["west", ""]);
    let _ = play(place.path(), "protocol = \"chord\"\n", "lookups");
    assert!(!place.path().join("out/kinds.csv").exists(), "there is only one kind");
}

fn number(cell: &str) -> f64 {
    cell.parse().expect("a number")
}
