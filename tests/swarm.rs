//! `torus-sim swarm` as it is typed: a fixed set of seeds in each mode, what it says of what it finds, and the smaller
//! scenario that it writes.

mod support;

use support::torus_sim;

#[test]
fn what_must_hold_holds_for_these_seeds_in_every_mode() {
    let place = tempfile::tempdir().unwrap();
    let ended =
        torus_sim(place.path(), &["swarm", "--seeds", "0..8", "--mode", "all", "--protocol", "chord"]).expect(0);
    assert!(ended.err.starts_with("seed 0 (everything)\n"), "the seed comes first: {}", ended.err);
    assert_eq!(ended.err.lines().count(), 24);
    let line = |name: &str| ended.out.lines().find(|line| line.starts_with(name)).expect(name).to_owned();
    assert!(line("runs").ends_with(" 24"), "{}", ended.out);
    assert!(line("findings").ends_with(" 0"), "{}", ended.out);
    assert!(line("slowest healing").contains("of the time granted"), "{}", ended.out);
    assert!(support::tree(place.path()).is_empty(), "nothing is written");
}

#[test]
fn a_finding_names_what_plays_it_again_and_a_smaller_scenario_that_fails() {
    let place = tempfile::tempdir().unwrap();
    let set = "protocol.chord.maintenance=original";
    let line = ["swarm", "--seeds", "30..36", "--mode", "crashes", "--protocol", "chord", "--set", set, "--quiet"];
    let found = torus_sim(place.path(), &line).expect(3);
    let again = found.err.lines().find_map(|line| line.trim().strip_prefix("again ")).expect("a command");
    for part in
        ["torus-sim swarm --seeds ", " --mode crashes --protocol chord", " --set 'protocol.chord.maintenance=original'"]
    {
        assert!(again.contains(part), "{again}");
    }
    let words: Vec<&str> = again.split_whitespace().skip(1).map(|word| word.trim_matches('\'')).collect();
    let small = torus_sim(place.path(), &[&words[..], &["--shrink", "--out", "small", "--quiet"]].concat()).expect(3);
    assert!(small.err.starts_with(found.err.lines().next().expect("a line")), "{}", small.err);
    let run = small.err.lines().find_map(|line| line.trim().strip_prefix("smaller ")).expect("a command");
    let words: Vec<&str> = run.split_whitespace().skip(1).collect();
    let text = std::fs::read_to_string(place.path().join(words[1])).expect("the smaller scenario");
    assert!(text.starts_with("# ") && text.contains(run.trim()), "{text}");
    let ended = torus_sim(place.path(), &words).expect(3);
    let checker = text[2..].split_whitespace().next().expect("a checker");
    assert!(ended.err.starts_with(&format!("error: {checker} does not hold")), "{}", ended.err);
}

#[test]
fn scenarios_are_printed_and_can_be_played_by_hand() {
    let place = tempfile::tempdir().unwrap();
    let text = torus_sim(place.path(), &["swarm", "--seeds", "3..4", "--mode", "calm", "--print"]).expect(0).out;
    std::fs::write(place.path().join("calm.toml"), &text).unwrap();
    torus_sim(place.path(), &["check", "calm.toml"]).expect(0);
    assert!(text.contains("quiet = true"), "{text}");
    let only = ["swarm", "--seeds", "3..4", "--mode", "calm", "--print", "--protocol", "chord"];
    assert!(torus_sim(place.path(), &only).expect(0).out.contains("[protocol.chord]"));
}

#[test]
fn bad_arguments_are_told() {
    let place = tempfile::tempdir().unwrap();
    let cases: [(&[&str], &str); 8] = [
        (&["swarm"], "--seeds"),
        (&["swarm", "--seeds", "5..5"], "no seed from 5 to before 5"),
        (&["swarm", "--seeds", "9..3"], "3..9"),
        (&["swarm", "--seeds", "seven"], "two whole numbers"),
        (&["swarm", "--seeds", "0..1", "--mode", "storm"], "possible values"),
        (&["swarm", "--seeds", "0..1", "--protocol", "chort"], "a similar value exists: 'chord'"),
        (&["swarm", "--seeds", "0..2", "--set", "popularity=1"], "popularity"),
        (&["swarm", "--seeds", "0..1", "--jobs", "0"], "jobs"),
    ];
    for (line, words) in cases {
        let ended = torus_sim(place.path(), line).expect(2);
        assert!(ended.err.contains(words), "{line:?}: {}", ended.err);
    }
}
