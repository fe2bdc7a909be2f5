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
fn a_list_is_read_however_its_hosts_are_written() {
    let thirds = [0.0, 10.0, 20.0, 10.0, 0.0, 30.0, 20.0, 30.0, 0.0];
    for text in [
        "0.000000e+00 1.000000e+00 1.000000e+01\n0.000000e+00 2.000000e+00 2.000000e+01\n\
         1.000000e+00 2.000000e+00 3.000000e+01\n",
        "0.0 1.0 10\n0.0 2.0 20\n1.0 2.0 30\n",
        "0,0;1,0;10,0\n0,0;2,0;20,0\n1,0;2,0;30,0\n",
        "1, 2 10\n1, 3 20\n2, 3 30\n",
        "1 2, 10\n1 3, 20\n2 3, 30\n",
        "1 , 2 10\n1 , 3 20\n2 , 3 30\n",
        "\"0\",\"1\",\"10\"\n\"0\",\"2\",\"20\"\n\"1\",\"2\",\"30\"\n",
        "% from, to, delay\n0 1 10\n0 2 20 % measured twice\n1 2 30\n",
        "0 1 10\r0 2 20\r1 2 30\r",
    ] {
        assert_eq!(delays(text.as_bytes(), ""), thirds, "{text}");
        assert_eq!(delays(text.as_bytes(), "format = \"list\""), thirds, "{text}");
    }
    for text in [
        "0,10,20\r10,0,30\r20,30,0\r",
        "\"0\",\"10\",\"20\"\n\"10\",\"0\",\"30\"\n\"20\",\"30\",\"0\"\n",
        "% three hosts\n0 10 20\n10 0 30\n20 30 0\n",
    ] {
        assert_eq!(delays(text.as_bytes(), ""), thirds, "{text}");
    }
}

#[test]
fn three_lines_that_can_be_either_ask_for_the_format() {
    for (text, as_list) in [
        ("0 1 100\n1 0 100\n0 0 0\n", Some([0.0, 100.0, 100.0, 0.0])),
        ("0 1 100\n1 0 120\n1 1 0\n", Some([0.0, 100.0, 120.0, 0.0])),
        ("5 9 100\n5 12 200\n9 12 300\n", None),
        ("5.0 9.0 100\n5.0 12.0 200\n5.0 14.0 300\n", None),
    ] {
        let asked = load(text.as_bytes(), "").unwrap_err();
        assert!(asked.contains("format = \"list\"`, or \"square\"") && asked.matches("error:").count() == 1, "{asked}");
        match as_list {
            Some(two) => assert_eq!(delays(text.as_bytes(), "format = \"list\""), two, "{text}"),
            None => assert!(load(text.as_bytes(), "format = \"list\"").unwrap_err().contains("without gaps")),
        }
        let first: Vec<f64> = text.split_whitespace().take(3).map(|word| word.parse().unwrap()).collect();
        assert_eq!(delays(text.as_bytes(), "format = \"square\"")[..3], first[..], "{text}");
    }
    // Squares of three hosts, with whole numbers in all ways in which they come.
    for text in [
        "0 100 100\n100 0 100\n100 100 0\n",
        "0 12 9\n12 0 30\n9 30 0\n",
        "0 20 21\n22 0 24\n20 22 0\n",
        "1 20 21\n22 1 24\n25 26 1\n",
        "0 1 1\n1 0 1\n1 1 0\n",
    ] {
        let whole: Vec<f64> = text.split_whitespace().map(|word| word.parse().unwrap()).collect();
        assert_eq!(delays(text.as_bytes(), ""), whole, "{text}");
    }
    let warned = load(b"1.5 20 21\n20 1.5 24\n21 24 1.5\n", "").unwrap().1;
    assert!(warned.contains("within_host") && warned.contains("`format = \"list\"`"), "{warned}");
    assert!(!load(b"5,10\n10,5\n", "").unwrap().1.contains("list"), "no list has two entries a line");
    let four = "5 9 1\n5 12 2\n5 14 3\n9 12 4\n9 14 5\n12 14 6\n";
    assert!(load(four.as_bytes(), "").unwrap_err().contains("without gaps"));
    let from_zero = four.replace("14", "3").replace("12", "2").replace('9', "1").replace('5', "0");
    let four = delays(from_zero.replace(' ', ".0 ").as_bytes(), "");
    assert_eq!(four.len(), 16);
    let shape = load(b"0.5 1 2\n1 0 3\n2 3 0\n4 5 6\n", "").unwrap_err();
    assert!(shape.contains("not square") && shape.contains("format = \"list\""), "{shape}");
}

#[test]
fn names_and_hosts_from_0_are_told_once() {
    for (text, reason, advice) in [
        ("a,b,c\n0,1,2\n1,0,3\n2,3,0\n", "a header line", "leave it out, or begin it with `#`"),
        ("from to delay\n0 1 10\n0 2 20\n1 2 30\n", "a header line", "leave it out"),
        ("\"a\",\"b\"\n0,1\n1,0\n", "a header line", "leave it out"),
        (",a,b\na,0,1\nb,1,0\n", "a header line and a column of names", "leave out both"),
        ("host;a;b\na;0;1,5\nb;1,5;0\n", "a header line and a column of names", "leave out both"),
        (",0,1,2\n0,0,1,2\n1,1,0,3\n2,2,3,0\n", "a header line and a column of names", "leave out both"),
        ("a,0,1\nb,1,0\n", "names, where delays", "leave out the column of names"),
        ("a b 10\na c 20\nb c 30\n", "names, where delays", "a list has numbers of hosts"),
        ("0,1 100\n0,2 200\n1,2 300\n", "`0` is not the number of a host", "add 1 to each"),
        ("node 0\nnode 1\n0,1 100\n", "`0` is not the number of a host", "add 1 to each"),
    ] {
        let problems = load(text.as_bytes(), "").unwrap_err();
        assert!(problems.contains(reason) && problems.contains(advice), "{text:?}: {problems}");
        assert_eq!(problems.matches("error:").count(), 1, "{text:?}: {problems}");
    }
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
