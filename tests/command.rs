//! The program as its users meet it: what a command line does, says, leaves in the file system, and exits with.

mod support;

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use support::{Ended, PROJECT, column, manifest, program, scenario, shipped, torus_sim, tree};

/// A run of a fraction of a second.
const SMALL: &str = "\
name = \"small\"
protocol = \"chord\"
[population]
nodes = 60
[workload]
lookups_every = \"5s\"
[measurement]
duration = \"2min\"
";

/// Changes that make a run longer than anybody waits.
const ENDLESS: [&str; 2] = ["--set", "measurement.duration=10000h"];

/// A folder with the small scenario in it.
fn place() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("small.toml"), SMALL).unwrap();
    place
}

/// Names of what is in a folder, hidden ones too.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Fails unless the scenario is all that is there.
#[track_caller]
fn assert_nothing_written(place: &Path) {
    assert_eq!(names(place), ["small.toml"]);
}

#[test]
fn a_run_writes_its_results_and_prints_their_summary() {
    let place = place();
    let run = torus_sim(place.path(), &["run", "small.toml"]).expect(0);
    let results = place.path().join("results/small");
    let files = ["hops.csv", "manifest.json", "summary.csv", "timeseries.csv", "timing.json"];
    assert_eq!(names(&results), files);
    assert_eq!(names(&place.path().join("results")), ["small"]);
    assert_eq!(run.err, "");
    assert!(run.out.starts_with("small: 60 chord nodes, seed 1\n"), "{}", run.out);
    assert!(run.out.contains(&manifest(&results, "fingerprint")));
    assert!(run.out.trim_end().ends_with("results/small/"));
    assert_eq!(column(&results.join("summary.csv"), "nodes"), ["60"]);
    assert_eq!(column(&results.join("timeseries.csv"), "time_s"), ["0", "60"]);
}

#[test]
fn earlier_results_stay_unless_force_is_given() {
    let place = place();
    torus_sim(place.path(), &["run", "small.toml"]).expect(0);
    let before = tree(place.path());
    let refused = torus_sim(place.path(), &["run", "small.toml", "--seed", "2"]).expect(2);
    assert_eq!(refused.out, "");
    assert!(refused.err.contains("results/small exists already") && refused.err.contains("--force"), "{}", refused.err);
    assert!(tree(place.path()) == before, "the refused run changed something");

    torus_sim(place.path(), &["run", "small.toml", "--seed", "2", "--force", "--lookups"]).expect(0);
    assert_eq!(column(&place.path().join("results/small/summary.csv"), "seed"), ["2"]);
    torus_sim(place.path(), &["run", "small.toml", "--force"]).expect(0);
    assert!(!place.path().join("results/small/lookups.csv").exists(), "a file of the replaced results is left");
    assert_eq!(names(&place.path().join("results")), ["small"]);
}

#[test]
fn force_replaces_nothing_that_is_not_results() {
    let place = place();
    fs::create_dir(place.path().join("thesis")).unwrap();
    fs::write(place.path().join("thesis/chapter1.tex"), "ten years of work").unwrap();
    let before = tree(place.path());
    for out in ["thesis", "small.toml"] {
        torus_sim(place.path(), &["run", "small.toml", "--force", "--out", out]).expect(2);
        assert!(tree(place.path()) == before, "--out {out} changed something");
    }
}

#[test]
fn out_seed_and_set_do_what_they_say() {
    let place = place();
    let line = ["run", "small.toml", "--out", "some/where", "--seed", "7", "--set", "population.nodes=40", "--quiet"];
    let run = torus_sim(place.path(), &line).expect(0);
    assert_eq!((run.out, run.err), (String::new(), String::new()));
    let summary = place.path().join("some/where/summary.csv");
    assert_eq!((column(&summary, "seed"), column(&summary, "nodes")), (vec!["7".to_owned()], vec!["40".to_owned()]));
    assert!(!place.path().join("results").exists());
}

#[test]
fn bad_input_is_told_at_once_and_nothing_is_written() {
    let cases: &[(&[&str], &[&str])] = &[
        (&["--set", "populatoin.nodes=3"], &["unknown key `populatoin`", "did you mean `population`?"]),
        (&["--set", "population.nodes=many", "--set", "seed=-1"], &["population.nodes=many", "seed=-1"]),
        (&["--set", "nonsense"], &["nonsense"]),
        (&["--set", "schedule.file=\"nowhere.csv\"", "--set", "workload={}"], &["nowhere.csv", "no such file"]),
        (&["--set", "network.latency.matrix.file=\"gone.txt\""], &["gone.txt", "no such file"]),
        (&["--replay", "gone.csv"], &["gone.csv", "no such file"]),
        (&["--no-such-flag"], &["--no-such-flag"]),
        (&["--seed", "x"], &["--seed"]),
    ];
    let place = place();
    for (more, said) in cases {
        let run = torus_sim(place.path(), &[&["run", "small.toml"], *more].concat()).expect(2);
        assert_eq!(run.out, "", "{more:?}");
        for text in *said {
            assert!(run.err.contains(text), "{more:?} does not say {text}:\n{}", run.err);
        }
        assert_nothing_written(place.path());
    }
    let gone = torus_sim(place.path(), &["run", "gone.toml"]).expect(2);
    assert!(gone.err.contains("gone.toml"), "{}", gone.err);
}

#[test]
fn check_tells_of_each_file_whether_it_is_sound() {
    let place = place();
    fs::write(place.path().join("bad.toml"), SMALL.replace("60", "0")).unwrap();
    let checked = torus_sim(place.path(), &["check", "small.toml", "bad.toml", "gone.toml"]).expect(2);
    assert_eq!(checked.out, "small.toml: sound\n");
    for text in ["bad.toml:4:9", "cannot read `gone.toml`", "2 of 3 files are not sound"] {
        assert!(checked.err.contains(text), "{}", checked.err);
    }
    torus_sim(place.path(), &["check", "small.toml"]).expect(0);
    torus_sim(place.path(), &["check", "bad.toml"]).expect(2);
    assert_eq!(names(place.path()), ["bad.toml", "small.toml"]);
}

/// The effective scenario has all defaults in it. It is the same scenario: same hash, same run.
#[test]
fn the_shown_configuration_is_the_same_scenario() {
    for path in shipped().iter().filter(|path| !fs::read_to_string(path).unwrap().contains("file = ")) {
        let place = tempfile::tempdir().unwrap();
        let shown = torus_sim(place.path(), &["run", path.to_str().unwrap(), "--show-config"]).expect(0);
        assert_eq!(names(place.path()).len(), 0);
        fs::write(place.path().join("shown.toml"), &shown.out).unwrap();
        let again = torus_sim(place.path(), &["run", "shown.toml", "--show-config"]).expect(0);
        assert_eq!(again.out, shown.out);
    }
    let place = place();
    let set = ["--set", "population.nodes=40", "--seed", "5"];
    let shown = torus_sim(place.path(), &[&["run", "small.toml", "--show-config"], &set[..]].concat()).expect(0);
    fs::write(place.path().join("shown.toml"), &shown.out).unwrap();
    torus_sim(place.path(), &[&["run", "small.toml", "--out", "one"], &set[..]].concat()).expect(0);
    torus_sim(place.path(), &["run", "shown.toml", "--out", "two"]).expect(0);
    for key in ["scenario_hash", "fingerprint"] {
        assert_eq!(manifest(&place.path().join("one"), key), manifest(&place.path().join("two"), key), "{key}");
    }
}

#[test]
fn version_and_help_are_there() {
    let place = tempfile::tempdir().unwrap();
    let version = torus_sim(place.path(), &["--version"]).expect(0).out;
    let commit = version.trim_end().strip_prefix(concat!("torus-sim ", env!("CARGO_PKG_VERSION"), " ("));
    let commit = commit.and_then(|rest| rest.strip_suffix(')')).expect(&version);
    assert!(commit == "unknown" || (commit.len() >= 7 && commit.bytes().all(|b| b.is_ascii_hexdigit())), "{version}");
    for line in [&["--help"][..], &["run", "--help"], &["check", "--help"]] {
        let help = torus_sim(place.path(), line).expect(0).out;
        assert!(help.contains("Examples:\n  torus-sim ") && help.contains("Exit codes:"), "{help}");
    }
    let nothing = torus_sim(place.path(), &[]).expect(2);
    assert!(nothing.out.is_empty() && nothing.err.contains("Usage:"), "{}", nothing.err);
}

/// A run in the background that ends with the test at the latest.
struct Running {
    child: Child,
    /// The first byte that it said on standard error.
    first: [u8; 1],
}

impl Running {
    /// Starts a run without end and waits until it is under way.
    fn start(folder: &Path, more: &[&str]) -> Self {
        let line = [&["run", "small.toml", "--progress", "always"], &ENDLESS[..], more].concat();
        let mut command = program(folder);
        let child = command.args(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut running = Running { child, first: [0] };
        let err = running.child.stderr.as_mut().unwrap();
        err.read_exact(&mut running.first).expect("the run shows its progress");
        running
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    fn end(mut self) -> Ended {
        let (mut out, mut err) = (Vec::new(), self.first.to_vec());
        self.child.stderr.take().unwrap().read_to_end(&mut err).unwrap();
        self.child.stdout.take().unwrap().read_to_end(&mut out).unwrap();
        let status = self.child.wait().unwrap();
        std::process::Output { status, stdout: out, stderr: err }.into()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_says_what_was_not_written_and_leaves_nothing() {
    for signal in ["-INT", "-TERM"] {
        let place = place();
        let running = Running::start(place.path(), &["--lookups", "--record", "played.csv"]);
        assert!(names(place.path()).len() > 1, "the run holds no place for its results");
        running.signal(signal);
        let ended = running.end().expect(130);
        assert_eq!(ended.out, "");
        assert!(ended.err.contains("interrupted: the run was at "), "{}", ended.err);
        assert!(ended.err.contains("results/small was not written"), "{}", ended.err);
        assert_nothing_written(place.path());
    }
}

#[cfg(unix)]
#[test]
fn a_killed_run_leaves_no_results_and_the_next_one_works() {
    let place = place();
    torus_sim(place.path(), &["run", "small.toml"]).expect(0);
    let before = fs::read(place.path().join("results/small/summary.csv")).unwrap();
    let running = Running::start(place.path(), &["--lookups", "--force"]);
    running.signal("-KILL");
    assert_eq!(running.end().code, None);
    assert_eq!(fs::read(place.path().join("results/small/summary.csv")).unwrap(), before, "earlier results are lost");
    let killed_elsewhere = Running::start(place.path(), &["--out", "new/results"]);
    killed_elsewhere.signal("-KILL");
    killed_elsewhere.end();
    assert!(!place.path().join("new/results").exists());

    torus_sim(place.path(), &["run", "small.toml", "--force"]).expect(0);
    torus_sim(place.path(), &["run", "small.toml", "--out", "new/results"]).expect(0);
    assert_eq!(names(&place.path().join("results")), ["small"]);
    assert_eq!(names(&place.path().join("new")), ["results"]);
}

#[cfg(unix)]
#[test]
fn two_runs_into_the_same_place_do_not_mix() {
    let place = place();
    let first = Running::start(place.path(), &[]);
    let second = torus_sim(place.path(), &["run", "small.toml", "--force"]);
    assert!(matches!(second.code, Some(1 | 2)), "{:?}", second.code);
    assert!(second.err.contains("another"), "{}", second.err);
    first.signal("-INT");
    first.end().expect(130);
    torus_sim(place.path(), &["run", "small.toml"]).expect(0);
}

/// A file system that takes no more bytes, played by a limit on the size of files.
#[cfg(unix)]
#[test]
fn a_full_disk_is_told_and_leaves_nothing() {
    // So many blocks of 512 bytes; enough for the small files in the second case.
    for (blocks, more, file) in [("2", "", "summary.csv"), ("16", "--lookups", "lookups.csv")] {
        let place = place();
        let line = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" run small.toml {more}");
        let mut shell = Command::new("sh");
        shell.current_dir(place.path()).args(["-c", &line, env!("CARGO_BIN_EXE_torus-sim")]);
        let ended = Ended::from(shell.output().unwrap()).expect(1);
        assert_eq!(ended.out, "");
        assert!(ended.err.contains(&format!("cannot write results/small/{file}")), "{}", ended.err);
        assert_nothing_written(place.path());
    }
}

#[test]
fn a_place_that_cannot_be_written_to_is_told_before_the_run() {
    let place = place();
    // Below a file no folder can be made, not even by an administrator.
    let line = [&["run", "small.toml", "--out", "small.toml/results"], &ENDLESS[..]].concat();
    let ended = torus_sim(place.path(), &line).expect(1);
    assert!(ended.err.contains("small.toml/results"), "{}", ended.err);
    let line = [&["run", "small.toml", "--record", "small.toml/played.csv"], &ENDLESS[..]].concat();
    let ended = torus_sim(place.path(), &line).expect(1);
    assert!(ended.err.contains("small.toml/played.csv"), "{}", ended.err);
    assert_nothing_written(place.path());
}

#[cfg(target_os = "linux")]
#[test]
fn a_summary_that_cannot_be_printed_is_an_error_but_a_closed_pipe_is_none() {
    let place = place();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = program(place.path()).args(["run", "small.toml"]).stdout(full).output().unwrap();
    let ended = Ended::from(output).expect(1);
    assert!(ended.err.contains("cannot write to standard output"), "{}", ended.err);
    assert!(place.path().join("results/small/manifest.json").exists(), "the results were whole before");

    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = program(place.path()).args(["run", "small.toml", "--force"]).stdout(writer).output().unwrap();
    assert_eq!(Ended::from(output).expect(0).err, "");
}

#[test]
fn a_scenario_finds_its_files_from_any_folder() {
    let place = tempfile::tempdir().unwrap();
    let line = ["check", &scenario("latency-matrix"), &scenario("recorded-schedule")];
    torus_sim(place.path(), &line).expect(0);
}

#[test]
fn the_scenario_in_the_readme_is_sound() {
    let readme = fs::read_to_string(Path::new(PROJECT).join("README.md")).unwrap();
    let scenario = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a scenario");
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("first.toml"), scenario).unwrap();
    assert_eq!(torus_sim(place.path(), &["check", "first.toml"]).expect(0).err, "");
}

#[test]
fn a_run_that_cannot_fit_into_memory_is_refused_before_anything_is_written() {
    let place = place();
    // 100 TB: more than any machine has. Where the system does not tell what it has, nothing is refused, and nobody
    // would wait for this run either.
    if !cfg!(target_os = "linux") {
        return;
    }
    let vast = ["--set", "population.nodes=100000000", "--set", "protocol.chord.virtual_nodes=1024"];
    let ended = torus_sim(place.path(), &[&["run", "small.toml"], &vast[..]].concat());
    assert_eq!(ended.code, Some(2), "{}", ended.err);
    assert!(ended.err.contains("error: the run may take"), "{}", ended.err);
    assert!(ended.err.contains("of memory") && ended.err.contains("--force"), "{}", ended.err);
    assert_eq!(names(place.path()), ["small.toml"]);
}
