//! `torus-sim bench` at small sizes: what it writes and prints, that all its runs are the runs that `torus-sim run`
//! plays, that its parts of the memory add up, and what it says of bad input.

mod support;

use std::fs;
use std::path::Path;
use support::{Ended, column, manifest, scenario, torus_sim};
use torus_sim::simulation::protocols::NAMES;

/// What makes a measurement quick.
const QUICK: [&str; 4] = ["--warmup", "20s", "--duration", "40s"];

fn bench(folder: &Path, arguments: &[&str]) -> Ended {
    torus_sim(folder, &[&["bench", "--progress", "never"][..], arguments].concat())
}

#[test]
fn the_table_has_its_columns_and_fingerprints_stay() {
    let place = tempfile::tempdir().unwrap();
    let measured = |file: &str| {
        let sizes = ["--nodes", "1e3,300", "--csv", file];
        let ended = bench(place.path(), &[&sizes[..], &QUICK].concat()).expect(0);
        assert_eq!(ended.err, "");
        (place.path().join(file), ended.out)
    };
    let ((first, printed), (second, _)) = (measured("first.csv"), measured("second.csv"));
    let header = fs::read_to_string(&first).unwrap().lines().next().unwrap().to_owned();
    assert_eq!(header, "protocol,nodes,events,events_per_s,bytes_per_node,build_s,fingerprint");
    assert_eq!(
        (column(&first, "protocol"), column(&first, "nodes")),
        (NAMES.iter().flat_map(|name| [name, name]).map(|name| (*name).to_owned()).collect(), column(&second, "nodes"))
    );
    assert_eq!(column(&first, "nodes"), ["1000", "300"].repeat(NAMES.len()));
    for same in ["fingerprint", "events"] {
        assert_eq!(column(&first, same), column(&second, same), "{same}");
    }
    for positive in ["events", "events_per_s", "build_s", "bytes_per_node"] {
        let values = column(&first, positive);
        assert!(values.iter().all(|value| value.parse::<f64>().unwrap() > 0.0), "{positive}: {values:?}");
    }
    for fingerprint in column(&first, "fingerprint") {
        assert!(printed.contains(&fingerprint), "{printed}");
    }
    for part in ["request", "reply", "timer", "crash", "event queue", "oracle", "peak resident"] {
        assert!(printed.contains(&format!("\n{part}  ")), "no {part} in\n{printed}");
    }
}

#[test]
fn it_measures_the_run_that_the_scenario_gives() {
    let place = tempfile::tempdir().unwrap();
    let changes = ["--set", "protocol.chord.routing=recursive", "--set", "protocol.kademlia.k=3"];
    let sizes = ["--nodes", "200", "--seed", "5", "--protocol", "chord", "--csv", "table.csv"];
    bench(place.path(), &[&sizes[..], &changes, &QUICK].concat()).expect(0);
    let changes =
        ["population.nodes=200", "measurement.warmup=20s", "measurement.duration=40s", "measurement.window=40s"];
    let law = scenario("churn20m");
    let mut line = vec!["run", &law, "--seed", "5", "--out", "run", "--set", "protocol.chord.routing=recursive"];
    line.extend(changes.iter().flat_map(|change| ["--set", change]));
    torus_sim(place.path(), &line).expect(0);
    let fingerprint = column(&place.path().join("table.csv"), "fingerprint");
    assert_eq!(fingerprint, [manifest(&place.path().join("run"), "fingerprint")]);
    // After the warm-up there are fewer events than in all.
    let of = |file: &str, name: &str| column(&place.path().join(file), name)[0].parse::<u64>().unwrap();
    let (measured, all) = (of("table.csv", "events"), of("run/summary.csv", "events"));
    assert!(measured > all / 2 && measured < all, "{measured} of {all}");
}

/// The last figure of the line that begins with `name`.
fn figure_of(printed: &str, name: &str) -> f64 {
    let line = printed.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}:\n{printed}"));
    line.split_whitespace().last().unwrap().replace(',', "").parse().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn the_parts_make_up_the_memory_that_the_system_saw() {
    let place = tempfile::tempdir().unwrap();
    for protocol in ["chord", "kademlia"] {
        let line = ["--protocol", protocol, "--nodes", "50000", "--warmup", "1s", "--duration", "3s"];
        let printed = bench(place.path(), &line).expect(0).out;
        let (sum, peak) = (figure_of(&printed, "sum of the parts"), figure_of(&printed, "peak resident"));
        // A part counts all that it has room for, and room that was never touched is not resident: of a table that
        // doubled just now, half. What is resident and in no part is the program, its stacks, and what the allocator
        // keeps.
        assert!(sum > 0.9 * peak && sum < 1.6 * peak, "{printed}");
    }
}

#[test]
fn bad_input_is_told_before_anything_is_measured() {
    let place = tempfile::tempdir().unwrap();
    let cases: &[(&[&str], &str)] = &[
        (&["--nodes", "many"], "a number of nodes is written like 10000, 10_000 or 1e4"),
        (&["--nodes", "1e3,0"], "a number of nodes is a whole number from 1 to 1e8"),
        (&["--protocol", "cord"], "chord"),
        (&["--duration", "5"], "missing unit"),
        (&["--duration", "0s"], "duration"),
        (&["--repeat", "0"], "--repeat"),
        (&["--set", "protocol.chord.successor=4"], "did you mean `successors`?"),
        (&["--nodes", "1e8", "--set", "protocol.chord.virtual_nodes=1024"], "error: the run may take"),
    ];
    for (line, said) in cases {
        let ended = bench(place.path(), &[*line, &["--csv", "table.csv"]].concat()).expect(2);
        assert!(ended.err.contains(said), "{line:?} does not say {said}:\n{}", ended.err);
        assert_eq!(ended.out, "");
    }
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn a_table_that_cannot_be_written_is_an_error() {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join("table.csv")).unwrap();
    let line = [&["--nodes", "100", "--csv", "table.csv"][..], &QUICK].concat();
    let ended = bench(place.path(), &line);
    assert!(ended.code.is_some_and(|code| code > 0) && ended.err.contains("table.csv"), "{}", ended.err);
}
