//! The finished sweep in `results/sessions/` and the first picture of the README, which is made from it: both are what
//! the program makes today. After a change that moves figures, or the version, write them anew with
//!
//! ```text
//! UPDATE=1 cargo test --release --test results
//! ```
//!
//! which does the same as
//!
//! ```text
//! torus-sim sweep scenarios/sweeps/sessions.toml --force
//! torus-sim report results/sessions --picture failure-rate --out docs/pictures/failure-rate.svg
//! ```
//!
//! And the tables of the study in `results/chord-vs-kademlia*/`, of which some runs are played here. To write them and
//! the page anew:
//!
//! ```text
//! torus-sim sweep scenarios/studies/chord-vs-kademlia.toml
//! torus-sim sweep scenarios/studies/chord-vs-kademlia-long.toml
//! torus-sim sweep scenarios/studies/chord-vs-kademlia-large.toml
//! torus-sim sweep scenarios/studies/koorde-vs-chord.toml
//! python3 scripts/study.py
//! python3 scripts/study_koorde.py
//! ```

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use support::{PROJECT, torus_sim};

const SWEEP: &str = "scenarios/sweeps/sessions.toml";
const RESULTS: &str = "results/sessions";
const PICTURE: &str = "docs/pictures/failure-rate.svg";
const TABLES: [&str; 4] = ["cells.csv", "failures.csv", "hops.csv", "manifest.json"];

fn shipped(path: &str) -> PathBuf {
    Path::new(PROJECT).join(path)
}

/// Whether what ships is to be written anew.
#[expect(clippy::disallowed_methods, reason = "asks for new results; no run depends on it")]
fn updating() -> bool {
    std::env::var_os("UPDATE").is_some()
}

fn draw(results: &Path, out: &Path) {
    let [results, out] = [results, out].map(|path| path.to_str().expect("a plain path"));
    let line = ["report", results, "--picture", "failure-rate", "--out", out];
    torus_sim(Path::new(PROJECT), &line).expect(0);
}

#[test]
fn the_sweep_that_ships_and_its_picture_are_what_is_played_and_drawn_today() {
    let sweep = shipped(SWEEP);
    let sweep = sweep.to_str().expect("a plain path");
    if updating() {
        torus_sim(Path::new(PROJECT), &["sweep", sweep, "--force", "--out", RESULTS]).expect(0);
        draw(&shipped(RESULTS), &shipped(PICTURE));
        return;
    }
    let place = tempfile::tempdir().unwrap();
    torus_sim(place.path(), &["sweep", sweep, "--out", "played"]).expect(0);
    for name in TABLES {
        let [ships, played] =
            [shipped(RESULTS), place.path().join("played")].map(|it| fs::read(it.join(name)).expect(name));
        assert!(ships == played, "{RESULTS}/{name} is not what is played today: see the top of this file");
    }
    // The journal is whole: going on with the sweep has nothing to do.
    let copy = place.path().join("copy");
    fs::create_dir(&copy).unwrap();
    for name in TABLES.into_iter().chain(["journal.jsonl"]) {
        fs::copy(shipped(RESULTS).join(name), copy.join(name)).expect(name);
    }
    let dry = torus_sim(place.path(), &["sweep", sweep, "--dry-run", "--out", "copy"]).expect(0);
    assert!(dry.out.contains("50 jobs: 50 done, 0 failed, 0 new, 0 stale\nnothing is to do\n"), "{}", dry.out);

    let drawn = place.path().join("picture.svg");
    draw(&copy, &drawn);
    let [ships, drawn] = [shipped(PICTURE), drawn].map(|path| fs::read_to_string(path).expect("a picture"));
    assert!(ships == drawn, "{PICTURE} is not what is drawn today: see the top of this file");
    let readme = fs::read_to_string(shipped("README.md")).unwrap();
    let text = fs::read_to_string(sweep).unwrap();
    let (_, without_head) = text.split_once("\n\n").expect("a head and the sweep");
    assert!(readme.contains(&format!("```toml\n{without_head}```\n")), "the README shows another sweep");
    let first =
        readme.split_once("![").and_then(|(_, rest)| rest.split_once("](")).and_then(|(_, it)| it.split_once(')'));
    assert_eq!(first.map(|(path, _)| path), Some(PICTURE), "the README's first picture");
}

/// A sweep of the study, its runs, and those that are played here, with their protocols.
type Study = (&'static str, usize, &'static [(usize, &'static str)]);
const STUDIES: [Study; 4] = [
    ("chord-vs-kademlia", 840, &[(1, "chord"), (421, "kademlia")]),
    ("chord-vs-kademlia-long", 280, &[(31, "chord")]),
    // Each of these runs takes too long for a test.
    ("chord-vs-kademlia-large", 24, &[]),
    ("koorde-vs-chord", 330, &[(31, "koorde")]),
];

/// The rows of a table of runs, each as its columns.
fn rows(table: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(table).expect("a table");
    let header = reader.headers().expect("a header").clone();
    let row = |record: csv::StringRecord| {
        header.iter().zip(record.iter()).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    reader.records().map(|record| row(record.expect("a row"))).collect()
}

#[test]
fn the_study_that_ships_has_the_runs_that_are_played_today() {
    STUDIES.into_iter().for_each(has_the_runs_that_are_played_today);
}

fn has_the_runs_that_are_played_today((name, runs, played): Study) {
    let ships = rows(&shipped("results").join(name).join("failures.csv"));
    assert_eq!(ships.len(), runs);
    let place = tempfile::tempdir().unwrap();
    let study = shipped("scenarios/studies").join(name).with_extension("toml");
    for (part, protocol) in played {
        let shard = format!("{part}/{runs}");
        let line = ["sweep", study.to_str().expect("a plain path"), "--shard", &shard, "--out", protocol];
        torus_sim(place.path(), &line).expect(0);
        let played = rows(&place.path().join(protocol).join("failures.csv"));
        assert_eq!(played.len(), 1);
        assert_eq!(&played[0]["protocol"], protocol);
        let same = ships.iter().find(|row| row["fingerprint"] == played[0]["fingerprint"]);
        let same = same.unwrap_or_else(|| panic!("part {shard} of the study is played otherwise: see the top"));
        // Columns that are newer than what ships stand behind the others and move nothing; those of the other protocol
        // are empty.
        for (column, value) in same {
            assert_eq!(
                played[0].get(column).map_or("", String::as_str),
                value,
                "part {shard} of the study, {column}: see the top"
            );
        }
    }
}
