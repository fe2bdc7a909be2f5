//! The scenarios that ship: sound, reproducible to the byte, and pinned by golden fingerprints.
//!
//! Every file in `scenarios/`, `scenarios/peers/` and `scenarios/scale/` runs here at a small size, with the changes
//! of [`SMALL`]. The fingerprint of that run and, but for those in `scenarios/scale/`, of the scenario as it ships is
//! pinned in `tests/golden/fingerprints.txt`, for debug and release builds alike. A change that moves a fingerprint
//! changes what is simulated: say why in its commit, and write the file (and the summary in the README) anew with
//!
//! ```text
//! UPDATE=1 cargo test --release --test shipped -- --include-ignored fingerprints
//! ```

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use support::{PROJECT, manifest, scenario, shipped, shipped_large, torus_sim, tree};
use torus_sim::observe::Unwatched;
use torus_sim::observe::report::Unrecorded;
use torus_sim::scenario::{Source, load};
use torus_sim::simulation::{Options, protocols};

/// What makes each scenario small; every file in `scenarios/` must be here.
const SMALL: &[(&str, &[&str])] = &[
    ("behind-nat", &["population.nodes=200", "measurement.warmup=2min", "measurement.duration=8min"]),
    ("churn20m", &["population.nodes=300", "measurement.warmup=3min", "measurement.duration=12min"]),
    ("flash-crowd", &["population.nodes=150", "event.0.join.count=150", "measurement.duration=12min"]),
    ("graceful-leaves", &["population.nodes=200", "measurement.warmup=2min", "measurement.duration=15min"]),
    ("heavy-tailed", &["population.nodes=200", "measurement.duration=15min"]),
    ("joining", &["population.nodes=120", "measurement.duration=8min"]),
    ("kademlia20m", &["population.nodes=200", "measurement.warmup=2min", "measurement.duration=8min"]),
    ("kademlia-joining", &["population.nodes=120", "measurement.warmup=1min", "measurement.duration=8min"]),
    ("koorde20m", &["population.nodes=200", "measurement.warmup=2min", "measurement.duration=8min"]),
    ("latency-matrix", &["population.nodes=200", "measurement.warmup=2min", "measurement.duration=15min"]),
    ("mass-failure", &["population.nodes=200", "measurement.duration=10min"]),
    (
        "peers/oversim-chord",
        &[
            "population.nodes=200",
            "population.join_every=200ms",
            "measurement.warmup=1min",
            "measurement.duration=3min",
        ],
    ),
    (
        "peers/oversim-chord-churn",
        &[
            "population.nodes=200",
            "population.join_every=200ms",
            "measurement.warmup=1min",
            "measurement.duration=3min",
        ],
    ),
    (
        "peers/oversim-kademlia",
        &[
            "population.nodes=200",
            "population.join_every=200ms",
            "measurement.warmup=1min",
            "measurement.duration=3min",
        ],
    ),
    (
        "peers/oversim-kademlia-churn",
        &[
            "population.nodes=200",
            "population.join_every=200ms",
            "measurement.warmup=1min",
            "measurement.duration=3min",
        ],
    ),
    ("peers/p2psim-chord", &["population.nodes=200", "measurement.warmup=5min", "measurement.duration=10min"]),
    ("peers/p2psim-kademlia", &["population.nodes=200", "measurement.warmup=5min", "measurement.duration=10min"]),
    ("partition-and-heal", &["population.nodes=200", "event.1.at=8min", "measurement.duration=12min"]),
    ("peers/peersim-chord", &["population.nodes=200", "event.0.repeat.times=2", "measurement.duration=15s"]),
    ("quiet-ring", &["population.nodes=256", "measurement.duration=2min"]),
    ("recorded-schedule", &[]),
    ("peers/simgrid-chord", &["population.nodes=200", "measurement.duration=2min"]),
    ("scale/million", &["population.nodes=400", "measurement.duration=4min"]),
    ("scale/ten-million", &["population.nodes=500", "measurement.duration=2min", "measurement.window=1min"]),
];

/// All that runs at a small size.
fn all() -> Vec<PathBuf> {
    [shipped(), shipped_large()].concat()
}

fn small(name: &str) -> &'static [&'static str] {
    let found = SMALL.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("scenarios/{name}.toml has no line in SMALL: how is it made small?")).1
}

/// Path in the folder of scenarios, without the ending.
fn name_of(path: &Path) -> String {
    let path = path.strip_prefix(Path::new(PROJECT).join("scenarios")).expect("it ships").with_extension("");
    path.to_string_lossy().replace('\\', "/")
}

/// Runs a scenario, changed by `set`, and gives the folder of its results, `folder/out`.
fn run(folder: &Path, name: &str, set: &[&str], out: &str, more: &[&str]) -> PathBuf {
    let file = scenario(name);
    let mut arguments = vec!["run", &file, "--out", out];
    arguments.extend(set.iter().flat_map(|change| ["--set", change]));
    arguments.extend(more);
    torus_sim(folder, &arguments).expect(0);
    folder.join(out)
}

fn fingerprint(results: &Path) -> String {
    manifest(results, "fingerprint")
}

/// All files but the one that is outside the promise.
fn promised(results: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut files = tree(results);
    files.remove(Path::new("timing.json")).expect("timing.json is there");
    files
}

/// Whether what is expected is to be written anew.
#[expect(clippy::disallowed_methods, reason = "asks for new golden files; no run depends on it")]
fn updating() -> bool {
    std::env::var_os("UPDATE").is_some()
}

/// Each scenario that ships and its fingerprint, compared with the golden ones of `size`; or these written anew.
fn compare_with_golden(size: &str, found: Vec<(String, String)>) {
    /// The file is read and written as a whole.
    static WRITING: Mutex<()> = Mutex::new(());
    let path = Path::new(PROJECT).join("tests/golden/fingerprints.txt");
    let _guard = WRITING.lock().expect("no test failed while it wrote");
    let text = fs::read_to_string(&path).unwrap_or_default();
    let golden = text.lines().filter_map(|line| match line.split_whitespace().collect::<Vec<_>>()[..] {
        [name, size, fingerprint] => Some(((name.to_owned(), size.to_owned()), fingerprint.to_owned())),
        _ => None,
    });
    let golden: BTreeMap<_, _> = golden.collect();
    let mut expected = golden.clone();
    expected.retain(|(_, of_size), _| of_size == size);
    let found: BTreeMap<_, _> =
        found.into_iter().map(|(name, fingerprint)| ((name, size.to_owned()), fingerprint)).collect();
    if updating() {
        let mut all = golden;
        all.retain(|(_, of_size), _| of_size != size);
        all.extend(found);
        let lines = all.iter().map(|((name, size), fingerprint)| format!("{name:<20} {size:<5} {fingerprint}\n"));
        fs::write(&path, lines.collect::<String>()).expect("the golden fingerprints are written");
    } else {
        assert_eq!(found, expected, "what is simulated has changed, or a scenario is new: see the top of this file");
    }
}

#[test]
fn every_scenario_is_sound_without_a_warning_and_named_after_its_file() {
    let files = all();
    assert!(files.len() >= 9, "only {} scenarios", files.len());
    assert_eq!(files.len(), SMALL.len(), "SMALL names a scenario that is not there");
    let place = tempfile::tempdir().unwrap();
    for path in files {
        let file = path.to_str().unwrap();
        let checked = torus_sim(place.path(), &["check", file]).expect(0);
        assert_eq!((checked.out, checked.err), (format!("{file}: sound\n"), String::new()));
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy();
        assert!(text.contains(&format!("\nname = \"{name}\"\n")), "{file} has another name");
        assert!(text.contains("# What to look for"), "{file} does not say what to look for in its results");
    }
}

#[test]
fn two_runs_give_the_same_bytes_with_and_without_a_progress_bar() {
    let place = tempfile::tempdir().unwrap();
    for path in all() {
        let name = name_of(&path);
        let run = |out: &str, progress: &str| {
            let out = format!("{name}-{out}");
            promised(&run(place.path(), &name, small(&name), &out, &["--lookups", "--progress", progress]))
        };
        let (first, second) = (run("first", "always"), run("second", "never"));
        assert_eq!(first.len(), 5, "{name} wrote {:?}", first.keys());
        for (file, bytes) in &first {
            assert!(bytes == &second[file], "{name}: two runs wrote different {}", file.display());
        }
        assert_eq!(first.len(), second.len());
    }
}

/// The fingerprint of a small run in which nobody looks at the health of the network.
fn blind(path: &Path) -> String {
    let changes: Vec<String> = small(&name_of(path)).iter().map(|change| change.to_string()).collect();
    let source = Source::read(path).expect("the scenario is there");
    let loaded = load(source, &changes, protocols::NAMES, protocols::read).expect("the scenario is sound");
    let options = Options { blind: true, ..Options::default() };
    let report = loaded.protocol.play(&loaded.scenario, options, &mut Unwatched, &mut Unrecorded);
    report.expect("nobody interrupts it").fingerprint
}

/// What is only observed does not change the run: lookups and schedules that are written down or not, and the health of
/// the network looked at once or many times.
#[test]
fn small_fingerprints_are_golden_whatever_is_observed() {
    let place = tempfile::tempdir().unwrap();
    let found = all().into_iter().map(|path| {
        let name = name_of(&path);
        let run = |out: &str, set: &[&str], more: &[&str]| {
            let set = [small(&name), set].concat();
            fingerprint(&run(place.path(), &name, &set, &format!("{name}-{out}"), more))
        };
        let plain = run("plain", &[], &["--quiet"]);
        let record = format!("{name}.csv");
        assert_eq!(run("observed", &[], &["--lookups", "--record", &record]), plain, "{name} with all files");
        assert_eq!(run("often", &["measurement.window=5s"], &[]), plain, "{name} with short windows");
        assert_eq!(blind(&path), plain, "{name} without looking at the health of the network");
        (name, plain)
    });
    compare_with_golden("small", found.collect());
}

#[test]
#[ignore = "takes a minute in release builds; .ci/run runs it"]
fn full_size_fingerprints_are_golden_and_the_readme_shows_what_is_printed() {
    let place = tempfile::tempdir().unwrap();
    let found = shipped().into_iter().map(|path| {
        let name = name_of(&path);
        let printed = torus_sim(place.path(), &["run", &scenario(&name), "--progress", "never"]).expect(0).out;
        if name == "churn20m" {
            compare_with_readme(&printed);
        }
        let results = place.path().join("results").join(path.file_stem().expect("a file"));
        (name, fingerprint(&results))
    });
    compare_with_golden("full", found.collect());
}

/// The README shows what its first command prints. Only the speed may differ.
fn compare_with_readme(printed: &str) {
    let path = Path::new(PROJECT).join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once("```text\n").expect("a block of text");
    let (shown, after) = rest.split_once("```").expect("its end");
    if updating() {
        fs::write(&path, format!("{before}```text\n{printed}```{after}")).expect("the README is written");
        return;
    }
    let without_speed = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| match line.trim_start().starts_with("events ") {
            true => line.split(" in ").next().unwrap_or_default().to_owned(),
            false => line.to_owned(),
        });
        lines.collect()
    };
    assert_eq!(without_speed(shown), without_speed(printed), "the README shows another summary");
}

#[test]
fn another_seed_is_another_run() {
    let place = tempfile::tempdir().unwrap();
    for name in ["churn20m", "quiet-ring", "recorded-schedule"] {
        let run =
            |seed| fingerprint(&run(place.path(), name, small(name), &format!("{name}{seed}"), &["--seed", seed]));
        assert_ne!(run("7"), run("8"), "{name}");
    }
}

/// Records a run, plays the record, and gives both results and the record.
fn record_and_replay(folder: &Path, name: &str, set: &[&str]) -> (PathBuf, PathBuf, String) {
    let set = [small(name), set].concat();
    let first = run(folder, name, &set, "played", &["--record", "played.csv"]);
    let again = run(folder, name, &set, "replayed", &["--replay", "played.csv", "--record", "again.csv"]);
    let read = |file| fs::read_to_string(folder.join(file)).unwrap();
    assert_eq!(read("played.csv"), read("again.csv"), "{name}: the record of the replay");
    (first, again, read("played.csv"))
}

#[test]
fn a_recorded_run_plays_again_as_it_was() {
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("churn20m", &[], &["join", "crash", "lookup"]),
        ("churn20m", &["churn.return_identifier=\"same\"", "churn.graceful=0.5"], &["join", "crash", "leave"]),
        ("heavy-tailed", &[], &["join", "crash", "lookup"]),
        ("mass-failure", &[], &["crash", "lookup"]),
        ("flash-crowd", &[], &["join", "lookup"]),
        ("kademlia20m", &[], &["join", "crash", "lookup"]),
        ("koorde20m", &[], &["join", "crash", "lookup"]),
        ("partition-and-heal", &[], &["lookup"]),
        ("joining", &[], &["lookup"]),
        ("recorded-schedule", &[], &["join", "crash", "leave", "lookup"]),
    ];
    for (name, set, actions) in cases {
        let place = tempfile::tempdir().unwrap();
        let (first, again, record) = record_and_replay(place.path(), name, set);
        for action in *actions {
            assert!(record.contains(&format!(",{action},")), "{name} {set:?} has no {action}");
        }
        assert_eq!(fingerprint(&again), fingerprint(&first), "{name} {set:?}");
        for file in ["summary.csv", "hops.csv", "timeseries.csv"] {
            let read = |results: &Path| fs::read_to_string(results.join(file)).unwrap();
            assert_eq!(read(&again), read(&first), "{name} {set:?}: {file}");
        }
        assert_ne!(manifest(&again, "scenario_hash"), manifest(&first, "scenario_hash"), "{name}");
    }
}

#[test]
fn the_record_of_a_schedule_is_the_schedule() {
    let place = tempfile::tempdir().unwrap();
    run(place.path(), "recorded-schedule", &[], "played", &["--record", "played.csv"]);
    let record = fs::read_to_string(place.path().join("played.csv")).unwrap();
    let schedule = fs::read_to_string(Path::new(PROJECT).join("scenarios/schedules/small.csv")).unwrap();
    let schedule: String = schedule.split_inclusive('\n').filter(|line| !line.starts_with('#')).collect();
    assert_eq!(record, schedule);
}
