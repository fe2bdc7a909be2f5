//! Files of delays as people have them, read through a scenario: the network that the file's author means, or an error
//! that says what is wrong and what to do.
//!
//! Most files are the same four hosts, written by other tools. Expected delays are the numbers in the files.

mod support;

use std::fs;
use torus_sim::scenario::{self, Latency, Scenario, Source};
use torus_sim::simulation::protocols;

/// The four hosts that most of the files describe: delays in milliseconds.
const FOUR: [f64; 16] =
    [0.0, 10.5, 20.25, 30.0, 10.5, 0.0, 12.0, 14.0, 20.25, 12.0, 0.0, 16.125, 30.0, 14.0, 16.125, 0.0];

/// The first three of them.
const THREE: [f64; 9] = [0.0, 10.5, 20.25, 10.5, 0.0, 12.0, 20.25, 12.0, 0.0];

/// The scenario over a file with this content, with `more` keys in the table of the matrix, and its warnings; or all
/// that is wrong.
fn load(content: &[u8], more: &str) -> Result<(Scenario, String), String> {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("delays"), content).unwrap();
    let text = format!(
        "name = \"m\"\nprotocol = \"chord\"\npopulation.nodes = 20\nmeasurement.duration = \"10min\"\n\
         [network.latency.matrix]\nfile = \"delays\"\n{more}\n"
    );
    let source = Source { name: "s.toml".to_owned(), text, folder: place.path().to_path_buf() };
    let loaded = scenario::load(source, &[], protocols::NAMES, protocols::read);
    let loaded = loaded.map_err(|problems| problems.to_string())?;
    Ok((loaded.scenario, loaded.warnings.to_string()))
}

/// One-way delays \[ms\] of the network, if the entries are one-way.
fn delays(content: &[u8], more: &str) -> Vec<f64> {
    let loaded =
        load(content, &format!("values = \"one_way\"\n{more}")).unwrap_or_else(|problems| panic!("{problems}"));
    one_way_ms(&loaded)
}

fn one_way_ms((scenario, _): &(Scenario, String)) -> Vec<f64> {
    let Latency::Matrix(matrix) = &scenario.network.latency else { panic!("not a matrix") };
    matrix.one_way.iter().map(|delay| delay.as_nanos() as f64 / 1e6).collect()
}

#[test]
fn the_same_network_is_read_whoever_wrote_it() {
    // As NumPy's `savetxt` writes numbers.
    let row = |row: &[f64]| row.iter().map(|delay| format!("{delay:.18e}")).collect::<Vec<_>>().join(" ");
    let savetxt = FOUR.chunks(4).map(row).collect::<Vec<_>>().join("\n");
    for text in [
        "\u{feff}0,10.5,20.25,30\r\n10.5,0,12,14\r\n20.25,12,0,16.125\r\n30,14,16.125,0\r\n",
        "0;10,5;20,25;30\n10,5;0;12;14\n20,25;12;0;16,125\n30;14;16,125;0\n",
        "0;10.5;20.25;30\n10.5;0;12;14\n20.25;12;0;16.125\n30;14;16.125;0\n",
        "0|10.5|20.25|30\n10.5|0|12|14\n20.25|12|0|16.125\n30|14|16.125|0\n",
        "0\t10,5\t20,25\t30\n10,5\t0\t12\t14\n20,25\t12\t0\t16,125\n30\t14\t16,125\t0\n",
        "0,10.5,20.25,30\n10.5,0,12.,14\n20.25,12.,0,16.125\n30,14,16.125,0\n",
        "0\n10.5,0\n20.25,12,0\n30,14,16.125,0\n",
        &savetxt,
    ] {
        assert_eq!(delays(text.as_bytes(), ""), FOUR, "{text}");
    }
    assert_eq!(delays(b"0|10\n10|0\n", ""), [0.0, 10.0, 10.0, 0.0]);
}

#[test]
fn lists_of_pairs_are_no_matrices_and_units_are_asked_for() {
    let thirds = [0.0, 10.0, 20.0, 10.0, 0.0, 30.0, 20.0, 30.0, 0.0];
    assert_eq!(delays(b"0 1 10\n0 2 20\n1 2 30\n", ""), thirds);
    let microseconds = b"1 2 10500\n1 3 20250\n2 3 12000\n";
    let asked = load(microseconds, "values = \"one_way\"").unwrap_err();
    assert!(asked.contains("12000 ms in the median") && asked.contains("unit = \"us\""), "{asked}");
    assert_eq!(delays(microseconds, "unit = \"us\""), THREE);
    let seconds = b"0.0,0.0105,0.02025\n0.0105,0.0,0.012\n0.02025,0.012,0.0\n";
    let asked = load(seconds, "").unwrap_err();
    assert!(asked.contains("0.012 ms in the median") && asked.contains("unit = \"s\""), "{asked}");
    assert_eq!(delays(seconds, "unit = \"s\""), THREE);
}

#[test]
fn what_cannot_be_read_says_why_and_what_to_do() {
    let utf16: Vec<u8> = "\u{feff}0\t10\n10\t0\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    for (content, reason, advice) in [
        (&b"0,10.5,,30\n10.5,0,12,14\n,12,0,16.125\n30,14,16.125,0\n"[..], "an entry is empty", "put in an estimate"),
        (b"0,10.5,20\n10.5,0,NaN\n20,NaN,0\n", "the matrix has a hole: `NaN`", "leave out the host"),
        (b"0\t1\t\t3\n1\t0\t2\t4\n2\t2\t0\t5\n3\t4\t5\t0\n", "an entry is empty", "put in an estimate"),
        (&utf16, "it is UTF-16 text", "iconv -f UTF-16 -t UTF-8"),
        (&utf16[2..], "it has zero bytes", "not UTF-8"),
        (&gzip, "it is compressed", "gunzip"),
        (b"0,1,16.12.5\n1,0,2\n2,3,0", "`16.12.5` is not a number", "in milliseconds"),
        (b"0 10 20\n0 0 30\n0 0 0\n", "all delays below the diagonal are 0", "fill in the other half"),
    ] {
        let problems = load(content, "").unwrap_err();
        assert!(problems.contains(reason) && problems.contains(advice), "{reason}: {problems}");
    }
}

#[test]
fn delays_within_a_host_and_of_nothing_are_warned_of() {
    let diagonal = b"5,10\n10,5\n";
    let warnings = |more: &str| load(diagonal, more).unwrap().1;
    assert!(warnings("").contains("the diagonal of the matrix is not zero") && warnings("").contains("within_host"));
    assert_eq!(warnings("within_host = \"diagonal\""), "");
    assert_eq!(delays(diagonal, ""), [5.0, 10.0, 10.0, 5.0]);
    assert_eq!(delays(diagonal, "within_host = \"zero\""), [0.0, 10.0, 10.0, 0.0]);
    let zeros = load(b"0,10,0\n10,0,20\n0,20,0\n", "").unwrap().1;
    assert!(zeros.contains("2 delays between different hosts are 0: from host 1 to host 3"), "{zeros}");
}

/// p2psim's delays are one-way, so a question and its answer take twice what the file says.
#[test]
fn a_topology_of_p2psim_has_one_way_delays() {
    let topology = b"topology E2EGraph 2\nfailure_model NullFailureModel\n\nnode 1\nnode 2\n1,2 100\n";
    for (more, one_way) in [("", 100.0), ("values = \"one_way\"", 100.0), ("values = \"round_trip\"", 50.0)] {
        let loaded = load(topology, more).unwrap();
        assert_eq!(one_way_ms(&loaded), [0.0, one_way, one_way, 0.0], "{more}");
    }
    assert_eq!(one_way_ms(&load(b"0 100\n100 0", "").unwrap()), [0.0, 50.0, 50.0, 0.0], "others are round trips");

    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("king.txt"), topology).unwrap();
    let scenario = "name = \"p2psim-matrix\"\npopulation.nodes = 2\nprotocol.chord.successors = 1\n\
                    [network]\nrpc_timeout = \"2s\"\n[network.latency.matrix]\nfile = \"king.txt\"\n\
                    one_node_per_host = true\n[workload]\nnetwork_lookups_every = \"1s\"\n\
                    [measurement]\nduration = \"10min\"\n";
    fs::write(place.path().join("s.toml"), scenario).unwrap();
    support::torus_sim(place.path(), &["run", "s.toml", "--quiet", "--lookups"]).expect(0);
    let latencies = support::column(&place.path().join("results/p2psim-matrix/lookups.csv"), "latency_ms");
    let longest = latencies.iter().filter_map(|latency| latency.parse::<f64>().ok()).fold(0.0, f64::max);
    assert_eq!(longest, 200.0, "there and back");
}
