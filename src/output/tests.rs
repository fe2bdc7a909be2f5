//! Tests of the results as a whole: what is in the folder, and that it appears whole or not at all.

use super::error::Error;
use super::folder::Folder;
use super::results::{Results, Wanted};
use super::{Timing, example};
use crate::engine::time::Time;
use crate::scenario::{ScheduleAction, ScheduleEntry};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn wanted(folder: &Path) -> Wanted {
    Wanted { folder: folder.to_owned(), replace: false, lookups: false, schedule: None }
}

/// Writes the example run to `wanted.folder`, with `lookups` times the example lookups.
fn write_example(wanted: &Wanted, lookups: usize) -> Result<(), Error> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut results = Results::begin(wanted, stop)?;
    for _ in 0..lookups {
        for lookup in example::lookups() {
            results.recorder().lookup(&lookup);
        }
    }
    let at = |nanos, node, action| ScheduleEntry { time: Time::from_nanos(nanos), node, action };
    results.recorder().scheduled(&at(0, 10_000, ScheduleAction::Join));
    results.recorder().scheduled(&at(1_500_000_000, 3, ScheduleAction::Lookup(u64::MAX)));
    results.recorder().scheduled(&at(1_500_000_001, 10_000, ScheduleAction::Leave));
    results.recorder().scheduled(&at(60_000_000_000, 4, ScheduleAction::Crash));
    results.finish(&example::run(), &example::provenance(), &Timing::of_run(Duration::from_secs(2), 10))
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn error_text(result: Result<impl Sized, Error>) -> String {
    result.err().expect("an error").to_string()
}

#[test]
fn a_run_writes_its_files_and_the_manifest_vouches_for_them() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("results/one");
    let all = Wanted { lookups: true, schedule: Some(folder.join("played.csv")), ..wanted(&folder) };
    write_example(&all, 1).unwrap();
    let expected =
        ["hops.csv", "lookups.csv", "manifest.json", "played.csv", "summary.csv", "timeseries.csv", "timing.json"];
    assert_eq!(names(&folder), expected);
    assert_eq!(names(folder.parent().unwrap()), ["one"], "no hidden folder stays behind");

    let manifest: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.join("manifest.json")).unwrap()).unwrap();
    let listed: BTreeMap<&str, (u64, &str)> = manifest["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["file"].as_str().unwrap(), (f["bytes"].as_u64().unwrap(), f["blake3"].as_str().unwrap())))
        .collect();
    let vouched: Vec<_> =
        expected.into_iter().filter(|name| !["manifest.json", "timing.json"].contains(name)).collect();
    assert_eq!(listed.keys().copied().collect::<Vec<_>>(), vouched);
    for (name, (bytes, hash)) in listed {
        let content = fs::read(folder.join(name)).unwrap();
        assert_eq!(content.len() as u64, bytes, "{name}");
        assert_eq!(blake3::hash(&content).to_hex().as_str(), hash, "{name}");
    }
}

#[test]
fn streamed_files_are_as_expected() {
    let place = tempfile::tempdir().unwrap();
    let schedule = place.path().join("schedules/played.csv");
    let all = Wanted { lookups: true, schedule: Some(schedule.clone()), ..wanted(&place.path().join("one")) };
    write_example(&all, 1).unwrap();
    assert_eq!(
        fs::read_to_string(place.path().join("one/lookups.csv")).unwrap(),
        "lookup,started_s,ended_s,node,key,outcome,answer,owner,hops,rpcs,timeouts,latency_ms,\
         false_timeouts,node_arrived_s\n\
         0,1200.000000001,1200.412500001,17,18446744073709551615,correct,5,5,6,7,1,412.5,0,900\n\
         2,1200.000000001,1200.412500001,17,18446744073709551615,wrong_owner,9,5,6,7,1,412.5,0,900\n\
         1,1200.000000001,1200.412500001,17,18446744073709551615,failed,,,,7,1,,0,900\n\
         3,1200.000000001,1200.412500001,17,18446744073709551615,aborted,,,,7,1,,0,900\n"
    );
    assert_eq!(
        fs::read_to_string(&schedule).unwrap(),
        "time_s,action,node,key\n\
         0,join,10000,\n\
         1.5,lookup,3,18446744073709551615\n\
         1.500000001,leave,10000,\n\
         60,crash,4,\n"
    );
    assert_eq!(names(schedule.parent().unwrap()), ["played.csv"]);
}

#[test]
fn the_same_run_gives_the_same_bytes_wherever_it_is_written() {
    let place = tempfile::tempdir().unwrap();
    for name in ["one", "two"] {
        write_example(&Wanted { lookups: true, ..wanted(&place.path().join(name)) }, 3).unwrap();
    }
    for name in names(&place.path().join("one")) {
        let read = |folder: &str| fs::read(place.path().join(folder).join(&name)).unwrap();
        assert!(name == "timing.json" || read("one") == read("two"), "{name}");
    }
}

#[test]
fn earlier_results_stay_unless_they_are_to_be_replaced() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("one");
    write_example(&wanted(&folder), 0).unwrap();
    fs::write(folder.join("mine.txt"), "notes").unwrap();
    let text = error_text(write_example(&wanted(&folder), 0));
    assert_eq!(text, format!("{} exists already", folder.display()));
    assert_eq!(fs::read_to_string(folder.join("mine.txt")).unwrap(), "notes");

    write_example(&Wanted { replace: true, ..wanted(&folder) }, 0).unwrap();
    assert!(!folder.join("mine.txt").exists());
    assert_eq!(names(place.path()), ["one"]);
}

#[test]
fn replaced_results_stay_in_place_until_the_new_ones_are_whole() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("one");
    write_example(&wanted(&folder), 0).unwrap();
    let again = Wanted { replace: true, ..wanted(&folder) };
    let results = Results::begin(&again, Arc::new(AtomicBool::new(false))).unwrap();
    assert!(folder.join("manifest.json").exists());
    drop(results);
    assert!(folder.join("manifest.json").exists());
    assert_eq!(names(place.path()), ["one"]);
}

#[test]
fn only_results_and_empty_folders_are_replaced() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    fs::write(&file, "mine").unwrap();
    let full = place.path().join("full");
    fs::create_dir(&full).unwrap();
    fs::write(full.join("thesis.tex"), "mine").unwrap();
    let empty = place.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let again = |folder: &Path| write_example(&Wanted { replace: true, ..wanted(folder) }, 0);
    assert!(error_text(again(&file)).ends_with("is not replaced: it is not a folder"));
    assert!(error_text(again(&full)).contains("without a manifest.json"));
    assert!(matches!(write_example(&wanted(&empty), 0), Err(Error::Exists { .. })));
    again(&empty).unwrap();
    assert!(empty.join("summary.csv").exists());
    assert_eq!(fs::read_to_string(full.join("thesis.tex")).unwrap(), "mine");
    assert_eq!(names(place.path()), ["empty", "file", "full"]);
}

#[test]
fn what_a_killed_run_left_is_cleared() {
    let place = tempfile::tempdir().unwrap();
    let partial = place.path().join(".one.partial");
    fs::create_dir_all(partial.join("files")).unwrap();
    fs::write(partial.join("lock"), "").unwrap();
    fs::write(partial.join("files/summary.csv"), "half a").unwrap();
    write_example(&wanted(&place.path().join("one")), 0).unwrap();
    assert_eq!(names(place.path()), ["one"]);
    assert_eq!(names(&place.path().join("one")).len(), 5);
}

#[test]
fn results_that_a_killed_run_was_replacing_come_back() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("one");
    let replaced = place.path().join(".one.partial/replaced");
    fs::create_dir_all(&replaced).unwrap();
    fs::write(replaced.join("manifest.json"), "earlier").unwrap();
    assert!(matches!(write_example(&wanted(&folder), 0), Err(Error::Exists { .. })));
    assert_eq!(fs::read_to_string(folder.join("manifest.json")).unwrap(), "earlier");
    assert_eq!(names(place.path()), ["one"]);
}

#[test]
fn a_place_to_which_another_process_writes_is_left_alone() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("one");
    let first = Folder::claim(&folder, false).unwrap();
    let text = error_text(write_example(&wanted(&folder), 0));
    assert!(text.starts_with(&format!("another process is writing {}", folder.display())), "{text}");
    first.publish().unwrap();
    assert_eq!(names(place.path()), ["one"]);
}

#[test]
fn something_that_appears_during_the_run_is_not_overwritten() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("one");
    let claimed = Folder::claim(&folder, false).unwrap();
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("manifest.json"), "of somebody else").unwrap();
    assert!(matches!(claimed.publish(), Err(Error::Exists { .. })));
    assert_eq!(fs::read_to_string(folder.join("manifest.json")).unwrap(), "of somebody else");
    assert_eq!(names(place.path()), ["one"]);
}

#[test]
fn a_run_that_is_given_up_leaves_nothing_not_even_the_folders_above() {
    let place = tempfile::tempdir().unwrap();
    let wanted = Wanted {
        lookups: true,
        schedule: Some(place.path().join("x/y/schedule.csv")),
        ..wanted(&place.path().join("a/b/one"))
    };
    let results = Results::begin(&wanted, Arc::new(AtomicBool::new(false))).unwrap();
    assert_eq!(names(place.path()), ["a", "x"]);
    drop(results);
    assert!(names(place.path()).is_empty());
}

#[test]
fn a_place_that_cannot_be_written_is_named_with_the_cause() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("file"), "").unwrap();
    let folder = place.path().join("file/one");
    let text = error_text(write_example(&wanted(&folder), 0));
    assert!(text.contains(&folder.display().to_string()) && text.contains("ot a directory"), "{text}");
    assert!(error_text(write_example(&wanted(Path::new("/")), 0)).contains("does not end in a name"));
    assert_eq!(names(place.path()), ["file"]);
}

#[test]
fn a_schedule_within_the_folder_has_a_name_of_its_own() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("one");
    for name in ["summary.csv", "sub/schedule.csv", ""] {
        let schedule = Some(folder.join(name));
        assert!(matches!(write_example(&Wanted { schedule, ..wanted(&folder) }, 0), Err(Error::BadName { .. })));
    }
    assert!(names(place.path()).is_empty());
}

/// Runs in a process of its own, started by the test below, that may write files of a few kilobytes only.
#[test]
#[ignore = "started by another test under a limit on the size of files"]
fn child_that_writes_many_lookups() {
    #[expect(clippy::disallowed_methods, reason = "how the parent test says where to write")]
    let folder = std::env::var_os("TORUS_SIM_TEST_FOLDER").expect("started by its parent test");
    let wanted = Wanted { lookups: true, ..wanted(Path::new(&folder)) };
    let stop = Arc::new(AtomicBool::new(false));
    let mut results = Results::begin(&wanted, stop.clone()).unwrap();
    let stopped_after = (0..1_000_000).find(|_| {
        results.recorder().lookup(&example::lookups()[0]);
        stop.load(Ordering::Relaxed)
    });
    assert!(stopped_after.is_some(), "the limit was not reached");
    let error = results.take_error().expect("the reason of the stop");
    writeln!(std::io::stderr(), "reported: {error}").unwrap();
}

/// Starts the child under `ulimit -f 64` (32 or 64 KiB) after `preparation`.
#[cfg(unix)]
fn child_under_file_limit(folder: &Path, preparation: &str) -> std::process::Output {
    Command::new("sh")
        .args(["-c", &format!("{preparation} ulimit -c 0; ulimit -f 64; exec \"$0\" \"$@\"")])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "output::tests::child_that_writes_many_lookups", "--ignored", "--nocapture"])
        .env("TORUS_SIM_TEST_FOLDER", folder)
        .output()
        .unwrap()
}

#[cfg(unix)]
#[test]
fn when_a_file_cannot_grow_the_run_is_stopped_and_nothing_is_left() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("one");
    let output = child_under_file_limit(&folder, "trap '' XFSZ;");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{stderr}");
    let expected = format!("reported: cannot write {}/lookups.csv: File too large", folder.display());
    assert!(stderr.contains(&expected), "{stderr}");
    assert!(names(place.path()).is_empty());
}

#[cfg(unix)]
#[test]
fn a_process_that_is_killed_while_it_writes_does_not_stand_in_the_way_of_the_next() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("one");
    let output = child_under_file_limit(&folder, ""); // the signal XFSZ kills it
    assert!(!output.status.success());
    assert_eq!(names(place.path()), [".one.partial"]);
    write_example(&wanted(&folder), 0).unwrap();
    assert_eq!(names(place.path()), ["one"]);
}
