//! What a run measures, held against closed forms, and what it warns of.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use support::{column, torus_sim};

/// Plays a scenario and gives the folder of its results and what was said on standard error.
fn run(place: &Path, name: &str, text: &str, more: &[&str]) -> (PathBuf, String) {
    let file = format!("{name}.toml");
    fs::write(place.join(&file), text).unwrap();
    let line = [&["run", &file, "--out", name, "--progress", "never"], more].concat();
    let err = torus_sim(place, &line).expect(0).err;
    (place.join(name), err)
}

fn numbers(file: &Path, name: &str) -> Vec<f64> {
    column(file, name).iter().map(|cell| cell.parse().unwrap_or_else(|_| panic!("{name} is {cell:?}"))).collect()
}

/// Nine nodes know each other. A lookup asks the nearest, which knows nobody nearer, and then the seven others at once:
/// two round trips of 100 ms.
const ALWAYS_THE_SAME: &str = r#"
name = "same"
[population]
nodes = 9
[protocol.kademlia]
k = 20
results = 8
alpha = 1
refresh_after = "never"
[workload]
network_lookups_every = "1s"
[measurement]
duration = "20min"
"#;

#[test]
fn where_every_lookup_takes_the_same_all_percentiles_are_that() {
    let place = tempfile::tempdir().unwrap();
    let (results, _) = run(place.path(), "same", ALWAYS_THE_SAME, &[]);
    for figure in ["mean", "p50", "p95", "p99", "max"] {
        assert_eq!(numbers(&results.join("summary.csv"), &format!("latency_ms_{figure}")), [200.0], "{figure}");
    }
    for figure in ["mean", "p50", "p99", "max"] {
        let windows = numbers(&results.join("timeseries.csv"), &format!("latency_ms_{figure}"));
        assert_eq!(windows, [200.0; 20], "{figure}");
    }
}

/// A ring at rest whose delays are exponential with a mean of 50 ms: nobody dies, so all timeouts are false.
fn at_rest(timeout: &str) -> String {
    format!(
        "name = \"rest\"\npopulation.nodes = 300\nprotocol = \"chord\"\n\
         network = {{ rpc_timeout = \"{timeout}\", latency.exponential.mean = \"50ms\" }}\n\
         workload.lookups_every = \"10s\"\nmeasurement = {{ warmup = \"1min\", duration = \"20min\" }}\n"
    )
}

#[test]
fn the_share_of_false_timeouts_is_the_tail_of_the_round_trip() {
    let place = tempfile::tempdir().unwrap();
    // Two exponential delays have a gamma law of shape 2: P(X > t) = (1 + x) e^-x with x = t / 50 ms.
    let share = |x: f64| (1.0 + x) * libm::exp(-x);
    for (timeout, x) in [("250ms", 5.0), ("500ms", 10.0)] {
        let (results, err) = run(place.path(), "rest", &at_rest(timeout), &["--lookups", "--force"]);
        let summary = results.join("summary.csv");
        let [seen] = numbers(&summary, "false_timeout_share")[..] else { panic!("one row") };
        let requests = numbers(&summary, "requests")[0];
        let noise = 4.0 * (share(x) / requests).sqrt();
        assert!((seen - share(x)).abs() < noise, "{timeout}: {seen} for {}", share(x));
        let told = format!("warning: {:.4}", share(x) * 100.0);
        assert!(err.starts_with(&told[..12]) && err.contains("of all requests to live nodes will time out"), "{err}");
        assert!(err.contains("false timeouts are 100% of all timeouts"), "{err}");
        let lookups = results.join("lookups.csv");
        assert_eq!(column(&lookups, "timeouts"), column(&lookups, "false_timeouts"), "nobody died");
        assert!(numbers(&lookups, "false_timeouts").iter().sum::<f64>() > 0.0);
    }
}

#[test]
fn a_timeout_to_a_dead_node_is_not_false() {
    let place = tempfile::tempdir().unwrap();
    let text = "name = \"dead\"\npopulation.nodes = 200\nprotocol = \"chord\"\nworkload.lookups_every = \"10s\"\n\
                network.loss = 0.02\nchurn = { steady = true, session.exponential.mean = \"5min\" }\n\
                measurement = { warmup = \"5min\", duration = \"10min\" }\n";
    // Delays of 50 ms are never late: what times out is dead, or its message was lost.
    let (results, err) = run(place.path(), "dead", text, &[]);
    let summary = results.join("summary.csv");
    assert_eq!(numbers(&summary, "false_timeout_share"), [0.0]);
    assert!(numbers(&summary, "timeouts_mean")[0] > 0.1);
    assert_eq!(err, "", "nothing to warn of");
}

#[test]
fn a_warm_up_shorter_than_a_session_is_told() {
    let place = tempfile::tempdir().unwrap();
    let text = |warmup: &str| {
        format!(
            "name = \"short\"\npopulation.nodes = 100\nprotocol = \"chord\"\nworkload.lookups_every = \"10s\"\n\
             churn = {{ steady = true, session.exponential.mean = \"5min\" }}\n\
             measurement = {{ warmup = \"{warmup}\", duration = \"10min\" }}\n"
        )
    };
    let (_, err) = run(place.path(), "short", &text("299s"), &[]);
    assert!(err.starts_with("warning: the warm-up (4min 59s) is shorter than a session (5min)"), "{err}");
    let (_, err) = run(place.path(), "long", &text("5min"), &[]);
    assert_eq!(err, "");
}

#[test]
fn lookups_that_did_not_start_stand_beside_the_failure_rate() {
    let place = tempfile::tempdir().unwrap();
    // A join takes its time where a message takes two seconds, and all that time lookups are due.
    let text = "name = \"slow\"\npopulation.nodes = 50\nprotocol = \"chord\"\nworkload.lookups_every = \"5s\"\n\
                network = { rpc_timeout = \"1min\", latency.constant.delay = \"2s\" }\n\
                churn = { steady = true, session.exponential.mean = \"5min\" }\n\
                measurement = { warmup = \"5min\", duration = \"10min\" }\n";
    fs::write(place.path().join("slow.toml"), text).unwrap();
    let out = torus_sim(place.path(), &["run", "slow.toml", "--out", "slow", "--progress", "never"]).expect(0).out;
    let summary = place.path().join("slow/summary.csv");
    let count = |name: &str| numbers(&summary, name)[0];
    let share = count("not_started") / (count("not_started") + count("lookups"));
    assert!(share > 0.01 && (count("not_started_share") - share).abs() < 1e-12);
    let line = out.lines().find(|line| line.trim_start().starts_with("not started ")).expect("its line");
    let line = line.replace(',', "");
    assert!(line.contains(&format!(" {} ", count("not_started"))) && line.ends_with('%'), "{line}");
}

#[test]
fn windows_add_up_to_the_run_though_nobody_lives_in_some() {
    let place = tempfile::tempdir().unwrap();
    // Eight nodes of a ring leave in the instant in which the third window begins, and three return in the fifth.
    let leaves = (0..8).map(|node| format!("120,leave,{node},\n"));
    let joins = (0..3).map(|node| format!("25{node},join,{node},\n"));
    let schedule: String = leaves.chain(joins).collect();
    fs::write(place.path().join("all.csv"), format!("time_s,action,node,key\n{schedule}")).unwrap();
    let text = "name = \"all\"\npopulation.nodes = 8\nprotocol.chord.successors = 4\nschedule.file = \"all.csv\"\n\
                network.latency.constant.delay = \"50ms\"\nmeasurement = { duration = \"6min\", window = \"1min\" }\n";
    let (results, _) = run(place.path(), "all", text, &[]);
    let [summary, windows] = ["summary.csv", "timeseries.csv"].map(|name| results.join(name));
    // No warm-up: the books of all messages from time 0 on are those of the measurement.
    let sent = |file: &Path| -> Vec<f64> {
        let [own, of_lookups] = ["maintenance_messages", "lookup_messages"].map(|name| numbers(file, name));
        own.iter().zip(&of_lookups).map(|(own, of_lookups)| own + of_lookups).collect()
    };
    assert_eq!(sent(&summary), numbers(&summary, "messages_sent"));
    assert_eq!(sent(&windows).iter().sum::<f64>(), numbers(&summary, "messages_sent")[0]);
    for name in ["joins", "departures", "leaves", "requests", "maintenance_messages", "maintenance_bytes"] {
        let sum: f64 = numbers(&windows, name).iter().sum();
        assert_eq!(sum, numbers(&summary, name)[0], "{name}");
    }
    // Nobody lives in the third and the fourth window. Each of the eight says farewell to its successor (20 bytes and
    // a predecessor of 4) and to its predecessor (20 bytes and a list of four).
    assert_eq!(numbers(&windows, "live_nodes")[2..4], [0.0, 0.0]);
    assert_eq!(column(&windows, "maintenance_messages_per_node_s")[2..4], ["", ""]);
    assert_eq!(numbers(&windows, "maintenance_messages")[2..4], [16.0, 0.0]);
    assert_eq!(numbers(&windows, "maintenance_bytes")[2..4], [f64::from(8 * (20 + 4 + 20 + 16)), 0.0]);
}
