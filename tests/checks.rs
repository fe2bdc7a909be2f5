//! Checked runs (`--check-every`): what must hold holds in every scenario that ships, the original rules of Chord are
//! seen to break where the corrected ones hold, and looking changes nothing.

mod support;

use support::{manifest, scenario, shipped, torus_sim};

#[test]
fn the_original_rules_break_where_the_corrected_ones_hold() {
    let place = tempfile::tempdir().unwrap();
    let file = scenario("zave/hearsay");
    let run = |more: &[&str]| {
        let mut line = vec!["run", &file, "--check-every", "1s", "--quiet", "--out", "out"];
        line.extend(more);
        torus_sim(place.path(), &line)
    };
    let broken = run(&[]).expect(3);
    let expected = format!(
        "\
error: live_successor does not hold: all 2 successors of 7474088181764638090 are dead
  must hold    every member has a live member in its successor list
  virtual time 876.517452938 s
  after event  4573 (crash at node 3)
  node         1 (identifier 7474088181764638090)
  again        torus-sim run {file} --check-every 1s
"
    );
    assert_eq!(broken.err, expected);
    assert!(!place.path().join("out").exists(), "nothing was written");
    run(&["--set", "protocol.chord.maintenance=corrected"]).expect(0);
}

#[test]
fn what_must_hold_holds_in_every_scenario_that_ships() {
    let place = tempfile::tempdir().unwrap();
    for file in shipped() {
        let file = file.display().to_string();
        let line = ["run", &file, "--check-every", "20s", "--quiet", "--force", "--out", "out"];
        // The recorded schedule names its nodes, and is small.
        let small = ["--set", "population.nodes=150"];
        let changes: &[&str] = if file.contains("recorded-schedule") { &[] } else { &small };
        torus_sim(place.path(), &[&line, changes].concat()).expect(0);
    }
}

#[test]
fn looking_changes_nothing() {
    let place = tempfile::tempdir().unwrap();
    let file = scenario("churn20m");
    let fingerprint = |more: &[&str], out: &str| {
        let mut line = vec!["run", &file, "--quiet", "--out", out, "--set", "population.nodes=200"];
        line.extend(["--set", "measurement.warmup=0s", "--set", "measurement.duration=5min"]);
        line.extend(more);
        torus_sim(place.path(), &line).expect(0);
        manifest(&place.path().join(out), "fingerprint")
    };
    assert_eq!(fingerprint(&[], "plain"), fingerprint(&["--check-every", "700ms"], "checked"));
}

#[test]
fn the_time_between_checks_is_a_duration() {
    let place = tempfile::tempdir().unwrap();
    for (bad, words) in [("0s", "longer than nothing"), ("5", "missing unit"), ("often", "a number and a unit")] {
        let ended = torus_sim(place.path(), &["run", &scenario("churn20m"), "--check-every", bad]).expect(2);
        assert!(ended.err.contains(words), "{}", ended.err);
    }
}

/// A scenario of quiet default rules with `rest` in it.
fn defaults(name: &str, nodes: u32, rest: &str, duration: &str) -> String {
    format!(
        "name = \"{name}\"\n[population]\nnodes = {nodes}\n[protocol.chord]\n{rest}\n[measurement]\n\
         duration = \"{duration}\"\n"
    )
}

/// What random scenarios found, made smaller: each of them was once reported, or was a fault once.
#[test]
fn what_goes_beyond_what_a_statement_assumes_is_no_finding_however_seldom_it_is_looked_at() {
    let place = tempfile::tempdir().unwrap();
    let partition = "[[event]]\nat = \"11140ms\"\npartition = { groups = 2 }\n[[event]]\nat = \"12s\"\nheal = true";
    let between_checks = format!("successors = 2\nstabilize_every = \"1s\"\n{partition}");
    // Those who have lost their place give no answer, and are struck from the lists of others.
    let silent = "successors = 4\nstabilize_every = \"46483ms\"\nfingers_with_stabilize = true\n\
                  routing = \"recursive\"\n[workload]\nnetwork_lookups_every = \"2223ms\"\n\
                  [[event]]\nat = \"18s\"\ncrash = { fraction = 0.44 }\n\
                  [[event]]\nat = \"49s\"\ncrash = { fraction = 0.1 }";
    // The last of a list that ends at the node itself is dead.
    let in_turn = "successors = 5\nsuccessor_list_refresh = \"in_turn\"\n[[event]]\nat = \"84s\"\n\
                   crash = { fraction = 0.14 }\n[[event]]\nat = \"146s\"\ncrash = { fraction = 0.3 }\n[[event]]\n\
                   at = \"344s\"\nquiet = true";
    let cases = [
        ("partition", defaults("partition", 3, &between_checks, "18s"), "4016ms"),
        ("silent", defaults("silent", 14, silent, "64s"), "13872ms"),
        ("in_turn", defaults("in_turn", 8, in_turn, "11min"), "582ms"),
    ];
    for (name, text, every) in cases {
        std::fs::write(place.path().join(format!("{name}.toml")), text).unwrap();
        let file = format!("{name}.toml");
        for every in [every, "100ms"] {
            let line = ["run", &file, "--check-every", every, "--quiet", "--force", "--out", "out"];
            torus_sim(place.path(), &line).expect(0);
        }
    }
}
