//! What a sweep's folder says and how it is used: what was played, the name of the folder, what may be replaced by
//! what, and comparisons of sweeps, parts of sweeps, and runs.

mod support;

use std::fs;
use std::path::Path;
use support::{Ended, column, torus_sim, tree};

/// Four cells of three runs, a few milliseconds each.
const SWEEP: &str = "\
name = \"small\"
base = \"base.toml\"
replicates = 3
[axes]
\"churn.session.exponential.mean\" = [\"2min\", \"8min\"]
\"population.nodes\" = [40, 80]
";

const BASE: &str = "\
name = \"base\"
protocol = \"chord\"
[population]
nodes = 60
[churn.session.exponential]
mean = \"5min\"
[churn.downtime.exponential]
mean = \"5min\"
[workload]
lookups_every = \"5s\"
[measurement]
duration = \"3min\"
";

/// A folder with the sweep and its base in it.
fn place() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("sweep.toml"), SWEEP).unwrap();
    fs::write(place.path().join("base.toml"), BASE).unwrap();
    place
}

fn sweep(place: &Path, more: &str) -> Ended {
    let line = format!("sweep sweep.toml {more}");
    torus_sim(place, &line.split_whitespace().collect::<Vec<_>>())
}

/// Rewrites the sweep file of the place.
fn change(place: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(place.join("sweep.toml")).unwrap();
    assert!(text.contains(from), "{from} is not in it");
    fs::write(place.join("sweep.toml"), text.replace(from, to)).unwrap();
}

#[test]
fn the_manifest_says_what_was_played_and_the_journal_by_which_program() {
    let place = place();
    change(place.path(), "replicates = 3\n", "[set]\n\"protocol.chord.successors\" = 6\n");
    sweep(place.path(), "--set workload.lookups_every=7s --out one").expect(0);
    let read = |name: &str| fs::read_to_string(place.path().join("one").join(name)).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&read("manifest.json")).unwrap();
    assert_eq!(manifest["scenario"]["protocol"]["chord"]["successors"], 6);
    assert_eq!(manifest["scenario"]["workload"]["lookups_every"], "7s");
    assert_eq!(manifest["scenario"]["population"]["nodes"], 40, "the first cell");
    let changes = serde_json::json!([
        {"key": "protocol.chord.successors", "value": "6", "from": "set"},
        {"key": "workload.lookups_every", "value": "7s", "from": "--set"},
    ]);
    assert_eq!(manifest["changes"], changes);
    let hash = |file: &str| blake3::hash(&fs::read(place.path().join(file)).unwrap()).to_hex().to_string();
    let input = |file: &str| serde_json::json!({"file": file, "blake3": hash(file)});
    assert_eq!(manifest["inputs"], serde_json::json!([input("sweep.toml"), input("base.toml")]));
    let journal = read("journal.jsonl");
    let commit = format!("\"commit\":\"{}\"", torus_sim::output::timing::COMMIT);
    assert_eq!(journal.matches(&commit).count(), 4);
    // Another build would write another commit, and the same tables.
    for name in ["manifest.json", "cells.csv", "failures.csv", "hops.csv"] {
        assert!(!read(name).contains("commit"), "{name}");
    }
    torus_sim(place.path(), &["report", "one"]).expect(0);
    let page = read("report.html");
    for text in ["What was played", "successors = 6", "--set", torus_sim::output::timing::COMMIT, &hash("base.toml")] {
        assert!(page.contains(text), "{text}");
    }

    // A changed --set: what is stale, and why.
    let changed = sweep(place.path(), "--set workload.lookups_every=8s --out one").expect(0);
    let why = "4 results are stale, and their jobs are played again: its scenario, or a file that it names, has \
               changed: workload.lookups_every was 7s and is 8s";
    assert!(changed.err.replace('\n', " ").contains(why), "{}", changed.err);
    let quiet = sweep(place.path(), "--set workload.lookups_every=9s --out one --quiet").expect(0);
    assert_eq!(quiet.err, "");
}

#[test]
fn a_sweep_without_a_name_has_that_of_its_file() {
    let place = place();
    change(place.path(), "name = \"small\"\n", "");
    let named = sweep(place.path(), "").expect(0);
    assert!(named.out.starts_with("sweep: 12 runs of 4 cells"), "{}", named.out);
    assert!(place.path().join("results/sweep/cells.csv").is_file());
    fs::rename(place.path().join("sweep.toml"), place.path().join("my sweep.toml")).unwrap();
    let refused = torus_sim(place.path(), &["sweep", "my sweep.toml"]).expect(2);
    assert!(refused.err.contains("`name`"), "{}", refused.err);
}

#[test]
fn a_run_does_not_replace_a_sweep_nor_a_sweep_a_run() {
    let place = place();
    sweep(place.path(), "--out swept").expect(0);
    let before = tree(&place.path().join("swept"));
    for missing in ["", "manifest.json", "journal.jsonl"] {
        if !missing.is_empty() {
            fs::rename(place.path().join("swept").join(missing), place.path().join("kept")).unwrap();
        }
        let refused = torus_sim(place.path(), &["run", "base.toml", "--out", "swept", "--force"]).expect(2);
        assert!(refused.err.contains("swept is not replaced: it holds a sweep, and this is a run"), "{}", refused.err);
        if !missing.is_empty() {
            fs::rename(place.path().join("kept"), place.path().join("swept").join(missing)).unwrap();
        }
    }
    assert!(tree(&place.path().join("swept")) == before);
    torus_sim(place.path(), &["run", "base.toml", "--out", "run"]).expect(0);
    let before = tree(&place.path().join("run"));
    sweep(place.path(), "--out run --force").expect(2);
    assert!(tree(&place.path().join("run")) == before);
    torus_sim(place.path(), &["run", "base.toml", "--out", "run", "--force"]).expect(0);
}

#[test]
fn two_runs_are_compared() {
    let place = place();
    let run = |more: &[&str]| torus_sim(place.path(), &[&["run", "base.toml"][..], more].concat()).expect(0);
    run(&["--out", "one"]);
    run(&["--out", "two", "--set", "protocol.chord.successors=2"]);
    run(&["--out", "other", "--seed", "9"]);
    let compared = torus_sim(place.path(), &["compare", "one", "two", "--csv", "it.csv"]).expect(0);
    let begin = "A  one\nB  two\n1 pair of runs, 1 replicate, so there are no intervals; differences are B - A";
    assert!(compared.out.starts_with(begin) && compared.err.is_empty(), "{}{}", compared.out, compared.err);
    let value = |table: &str, name: &str| column(&place.path().join(table), name)[0].parse::<f64>().unwrap();
    let difference = value("two/summary.csv", "failure_rate") - value("one/summary.csv", "failure_rate");
    assert!((value("it.csv", "difference") - difference).abs() < 1e-12);
    assert_eq!(column(&place.path().join("it.csv"), "difference_ci95")[0], "");
    let unlike = torus_sim(place.path(), &["compare", "one", "other"]).expect(0);
    assert!(unlike.err.contains("other seeds or replicates"), "{}", unlike.err);
    let refused = torus_sim(place.path(), &["compare", "one:population.nodes=60", "two"]).expect(2);
    assert!(refused.err.contains("it holds a single run"), "{}", refused.err);
}

#[test]
fn sweeps_and_parts_of_them_are_compared() {
    let place = place();
    sweep(place.path(), "--out a").expect(0);
    sweep(place.path(), "--out b --set protocol.chord.successors=2").expect(0);
    let line = ["compare", "a", "b", "--csv", "differences.csv"];
    let compared = torus_sim(place.path(), &line).expect(0);
    assert!(
        compared.out.starts_with("A  a\nB  b\n12 pairs of runs, 3 replicates; differences are B - A"),
        "{}",
        compared.out
    );
    let number = |text: &String| text.parse::<f64>().unwrap();
    let rates = |folder: &str| column(&place.path().join(folder).join("failures.csv"), "failure_rate");
    let differences: Vec<f64> = rates("a").iter().zip(&rates("b")).map(|(a, b)| number(b) - number(a)).collect();
    let mean = differences.iter().sum::<f64>() / 12.0;
    let table = place.path().join("differences.csv");
    assert_eq!((column(&table, "figure")[0].as_str(), column(&table, "replicates")[0].as_str()), ("failure_rate", "3"));
    assert!((number(&column(&table, "difference")[0]) - mean).abs() < 1e-12);
    // Rows of a cell stand together: a replicate's cells are three apart. t(2) = 4.30265.
    let of_replicate = |replicate: usize| differences.iter().skip(replicate).step_by(3).sum::<f64>() / 4.0;
    let squares: f64 =
        (0..3).map(|replicate| (of_replicate(replicate) - mean) * (of_replicate(replicate) - mean)).sum();
    let half_width = 4.302_652_7 * (squares / 2.0 / 3.0).sqrt();
    assert!((number(&column(&table, "difference_ci95")[0]) - half_width).abs() < 1e-6, "{}", compared.out);
    let ends = ["difference_low", "difference_high"].map(|end| number(&column(&table, end)[0]));
    assert!((ends[0] - (mean - half_width)).abs() < 1e-6 && (ends[1] - (mean + half_width)).abs() < 1e-6);

    let parts = ["compare", "a:population.nodes=40", "a:population.nodes=80", "--each-cell"];
    let compared = torus_sim(place.path(), &parts).expect(0);
    assert!(
        compared.out.contains("6 pairs of runs, 3 replicates") && compared.out.contains("\n8min"),
        "{}",
        compared.out
    );
    for (line, reason) in [
        (["compare", "a", "a:population.nodes=80"], "swept differently"),
        (["compare", "a:population.nodes=1", "a"], "values there: 40, 80"),
        (["compare", "a", "nowhere"], "nowhere holds no results of a sweep"),
    ] {
        let refused = torus_sim(place.path(), &line).expect(2);
        assert!(refused.err.contains(reason), "{}", refused.err);
    }
}

#[test]
fn tables_without_a_manifest_have_a_report_that_says_so() {
    let place = place();
    sweep(place.path(), "--out whole").expect(0);
    torus_sim(place.path(), &["report", "whole"]).expect(0);
    fs::create_dir(place.path().join("tables")).unwrap();
    for name in ["cells.csv", "failures.csv"] {
        fs::copy(place.path().join("whole").join(name), place.path().join("tables").join(name)).unwrap();
    }
    let made = torus_sim(place.path(), &["report", "tables"]).expect(0);
    assert!(made.err.contains("there is no manifest.json: what made these tables"), "{}", made.err);
    let page = |folder: &str| fs::read_to_string(place.path().join(folder).join("report.html")).unwrap();
    let [whole, tables] = ["whole", "tables"].map(page);
    // The same pictures of the same cells, but no hop distributions and no scenario.
    let picture =
        |page: &str| page[page.find("id=\"failure-rate\"").unwrap()..].split("</figure>").next().map(str::to_owned);
    assert_eq!(picture(&whole), picture(&tables));
    assert!(whole.contains("Hop distributions") && !tables.contains("Hop distributions"));
    assert!(tables.contains("4 cells") && tables.contains("3 replicates of each cell"));
    fs::remove_file(place.path().join("tables/failures.csv")).unwrap();
    let refused = torus_sim(place.path(), &["report", "tables", "--force"]).expect(2);
    assert!(refused.err.contains("there is no manifest.json in it"), "{}", refused.err);
}
