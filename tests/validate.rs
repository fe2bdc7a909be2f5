//! `torus-sim validate`: fast rows against the page in the docs, other points, bad usage, and exit codes.

mod support;

use std::fs;
use std::path::Path;
use support::{Ended, PROJECT, column, torus_sim};

/// Rows that take a second or two: an experiment, and points of it.
const FAST: &[(&str, &[&str])] =
    &[("ton-fig8a", &["100000", "300000"]), ("ton-fig9", &["1"]), ("ton-fig10a", &["128"]), ("ton-table2", &["0"])];

fn validate(folder: &Path, arguments: &[&str]) -> Ended {
    torus_sim(folder, &[&["validate"][..], arguments].concat())
}

#[test]
fn the_page_shows_what_is_measured() {
    let place = tempfile::tempdir().unwrap();
    let page = fs::read_to_string(Path::new(PROJECT).join("docs/validation.md")).unwrap();
    for (name, points) in FAST {
        let at = [&[*name, "--at"][..], *points, &["--markdown", "page.md"]].concat();
        validate(place.path(), &at).expect(0);
        let measured = fs::read_to_string(place.path().join("page.md")).unwrap();
        let section = page.split_once(&format!("\n## {name}\n")).expect("a section").1;
        let section = section.split("\n## ").next().unwrap();
        let rows: Vec<&str> = measured.lines().filter(|line| line.starts_with('|')).collect();
        assert!(rows.len() > 2, "{measured}");
        // The shape is that of all points.
        for row in rows.iter().filter(|row| !row.starts_with("| slope ") && !row.starts_with("| order ")) {
            assert!(section.contains(*row), "{name}: docs/validation.md does not have\n{row}\nbut\n{section}");
        }
        let opening = measured.split_once("\n## ").unwrap().0;
        assert!(page.starts_with(opening), "the opening of docs/validation.md is not what is written");
    }
}

#[test]
fn the_page_has_every_published_number_and_none_is_out() {
    let page = fs::read_to_string(Path::new(PROJECT).join("docs/validation.md")).unwrap();
    let table = fs::read_to_string(Path::new(PROJECT).join("scenarios/validation/published.csv")).unwrap();
    let numbers = table.lines().filter(|line| !line.starts_with('#')).skip(1);
    for number in numbers {
        let cells: Vec<&str> = number.split(',').collect();
        let section = page.split_once(&format!("\n## {}\n", cells[0])).expect(cells[0]).1;
        let section = section.split("\n## ").next().unwrap();
        let row = section.lines().find(|line| line.starts_with(&format!("| {} | {} |", cells[1], cells[2])));
        let row = row.unwrap_or_else(|| panic!("no row for {number}"));
        assert!(["within", "explained", "shown"].iter().any(|it| row.ends_with(&format!("| {it} |"))), "{row}");
    }
    assert!(!page.contains("| OUT |"), "a row is out");
}

#[test]
fn a_left_out_point_has_no_verdict_and_the_table_says_all() {
    let place = tempfile::tempdir().unwrap();
    let table = place.path().join("table.csv");
    let at = ["ton-fig8a", "--at", "100000,50000", "--csv", "table.csv", "--jobs", "2"];
    let ended = validate(place.path(), &at).expect(0);
    assert!(ended.out.starts_with("ton-fig8a  Stoica et al., ToN 2003, figure 8(a): keys a node"), "{}", ended.out);
    assert!(ended.out.ends_with("6 rows: 2 within their tolerance, 0 explained, 0 out\n"), "{}", ended.out);
    assert_eq!(ended.err, "");
    let header = "experiment,x,metric,measured,ci95,published,tolerance,verdict,low,high\n";
    assert!(fs::read_to_string(&table).unwrap().starts_with(header));
    assert_eq!(column(&table, "x"), ["100000", "100000", "100000", "50000", "50000", "50000"]);
    assert_eq!(column(&table, "metric")[..3], ["keys_mean", "keys_p1", "keys_p99"]);
    assert_eq!(column(&table, "published"), ["10", "0", "48", "", "", ""]);
    assert_eq!(column(&table, "tolerance"), ["0.01", "", "2", "", "", ""]);
    assert_eq!(column(&table, "verdict"), ["within", "shown", "within", "", "", ""]);
    let measured: Vec<f64> = column(&table, "measured").iter().map(|cell| cell.parse().unwrap()).collect();
    assert_eq!((measured[0], measured[3]), (10.0, 5.0));
    assert!((measured[2] - 2.0 * measured[5]).abs() < 5.0, "{measured:?}");
}

#[test]
fn a_figure_that_is_out_gives_exit_code_1_and_is_named() {
    let place = tempfile::tempdir().unwrap();
    let numbers = "experiment,x,metric,published,tolerance,grade\nton-fig8a,20000,keys_p99,90,1,P\n";
    fs::write(place.path().join("numbers.csv"), numbers).unwrap();
    let at = ["ton-fig8a", "--at", "20000", "--published", "numbers.csv", "--csv", "table.csv"];
    let ended = validate(place.path(), &at).expect(1);
    assert_eq!(ended.err, "error: not as published:\n  ton-fig8a at 20000: keys_p99\n");
    assert!(ended.out.contains("OUT") && ended.out.ends_with("0 explained, 1 out\n"), "{}", ended.out);
    assert_eq!(column(&place.path().join("table.csv"), "verdict"), ["", "", "OUT"]);
}

#[test]
fn bad_usage_is_told_before_anything_is_played() {
    let place = tempfile::tempdir().unwrap();
    let error = |arguments: &[&str]| validate(place.path(), arguments).expect(2).err;
    let unknown = error(&["ton-fig8a", "ton-fig88"]);
    assert!(
        unknown.starts_with("error: there is no experiment `ton-fig88`: there are ton-fig8a, ton-fig9,"),
        "{unknown}"
    );
    assert!(unknown.contains("krishnamurthy-successors"), "{unknown}");
    let nameless = error(&["--at", "5"]);
    assert!(nameless.starts_with("error: --at needs the name of an experiment"), "{nameless}");
    let range = "error: ton-fig10a cannot be played at 1: x (number of nodes) is a whole number from 2 to 65536\n";
    assert_eq!(error(&["ton-fig10a", "--at", "1"]), range);
    for bad in ["2.5", "1e9", "nan", "-3"] {
        assert!(!error(&["ton-fig10a", &format!("--at={bad}")]).is_empty());
    }
    assert!(error(&["ton-fig10a", "--at", "many"]).contains("invalid value 'many'"));
    assert!(error(&["--published", "nowhere.csv"]).starts_with("error: cannot read nowhere.csv"));
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
}
