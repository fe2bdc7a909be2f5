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
error: live_successor does not hold: all 2 successors of 67b94b9a1606c58a are dead
  must hold    every member has a live member in its successor list
  virtual time 876.517452938 s
  after event  4573 (crash at node 3)
  node         1 (identifier 67b94b9a1606c58a)
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
