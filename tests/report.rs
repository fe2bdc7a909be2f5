//! Reports of real results: well-formed, complete, the same each time, and never in place of something else.

use roxmltree::{Document, Node, ParsingOptions};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use tempfile::TempDir;
use torus_sim::report::Report;

const NASTY: &str = r#"<script>alert("1")</script> & 'more' ]]> </style>"#;

const SCENARIO: &str = r#"
name = "small"
seed = 3
[population]
nodes = 60
[protocol.chord]
successors = 4
[churn.session.exponential]
mean = "5min"
[churn.downtime.exponential]
mean = "5min"
[workload]
lookups_every = "5s"
[[event]]
at = "3min"
crash = { fraction = 0.3 }
[measurement]
warmup = "1min"
duration = "5min"
window = "10s"
"#;

fn torus_sim(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_torus-sim")).args(arguments).output().expect("the program")
}

fn error_of(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

/// A small run, played once for all tests: they copy it.
fn played() -> &'static Path {
    static PLAYED: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, results) = PLAYED.get_or_init(|| {
        let place = tempfile::tempdir().expect("a folder");
        let (file, results) = (place.path().join("small.toml"), place.path().join("results"));
        let description = format!("description = {}\n", serde_json::to_string(NASTY).expect("a string"));
        fs::write(&file, description + SCENARIO).expect("a file");
        let played = torus_sim(&["run", text(&file), "--quiet", "--out", text(&results)]);
        assert!(played.status.success(), "{}", error_of(&played));
        (place, results)
    });
    results
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// A copy of the small run, to be damaged.
fn copied() -> TempDir {
    let copy = tempfile::tempdir().expect("a folder");
    for entry in fs::read_dir(played()).expect("results") {
        let entry = entry.expect("a file");
        fs::copy(entry.path(), copy.path().join(entry.file_name())).expect("a copy");
    }
    copy
}

fn parse(html: &str) -> Document<'_> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    Document::parse_with_options(html, options).expect("well-formed")
}

fn has_class(node: &Node<'_, '_>, class: &str) -> bool {
    node.attribute("class").is_some_and(|classes| classes.split(' ').any(|it| it == class))
}

/// The series of a picture: name, points, marks.
fn series<'a>(document: &'a Document<'_>, figure: &str) -> Vec<(&'a str, usize, usize)> {
    let figure =
        document.descendants().find(|node| node.has_tag_name("figure") && node.attribute("id") == Some(figure));
    let figure = figure.expect("the figure is there");
    assert!(figure.descendants().any(|node| node.has_tag_name("table")), "its values are in a table");
    let groups = figure.descendants().filter(|node| has_class(node, "series"));
    let series = groups.map(|group| {
        let points = group.attribute("data-points").expect("points").parse().expect("a number");
        let marks = group.descendants().filter(|node| has_class(node, "mark")).count();
        (group.attribute("data-series").expect("a name"), points, marks)
    });
    series.collect()
}

#[test]
fn a_run_has_its_pictures_with_all_their_points() {
    let report = Report::of(played()).expect("a report");
    let document = parse(&report.html);
    let answered = |figure: &str| series(&document, figure);
    let hops = fs::read_to_string(played().join("hops.csv")).expect("hops").lines().count() - 1;
    assert_eq!(answered("hops"), [("share of lookups", hops, hops)]);
    assert_eq!(answered("live-nodes"), [("live", 30, 1), ("of them joined", 30, 1)]);
    let beside = ("not started, of all due", 30, 1);
    assert_eq!(answered("failure-rate"), [("failed", 30, 1), ("wrong owner", 30, 1), ("both", 30, 1), beside]);
    for (figure, lines) in [
        ("hops-over-time", 3),
        ("timeouts", 1),
        ("latency", 3),
        ("traffic-bytes", 2),
        ("traffic-messages", 2),
        ("turnover", 2),
        ("wrong-pointers", 3),
    ] {
        let series = answered(figure);
        assert_eq!(series.len(), lines, "{figure}: {series:?}");
        assert!(series.iter().all(|(_, points, marks)| *points == 30 && *marks == 1), "{figure}: {series:?}");
    }
    let events = document.descendants().filter(|node| has_class(node, "happening"));
    assert!(events.map(|node| node.text()).all(|text| text == Some("crash 30%")));
    for picture in document.descendants().filter(|node| has_class(node, "plot")) {
        let has = |name: &str| picture.children().any(|node| node.tag_name().name() == name);
        assert!(has("title") && has("desc"));
    }
    let manifest = fs::read_to_string(played().join("manifest.json")).expect("manifest");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("JSON");
    for key in ["fingerprint", "scenario_hash"] {
        assert!(report.html.contains(manifest[key].as_str().expect("text")), "{key}");
    }
    assert!(report.html.contains("[churn.session.exponential]"), "the effective scenario is there");
}

#[test]
fn what_the_scenario_says_stays_text() {
    let report = Report::of(played()).expect("a report");
    let document = parse(&report.html);
    let about = document.descendants().find(|node| has_class(node, "about")).expect("the description");
    assert_eq!(about.text(), Some(NASTY));
    assert!(document.descendants().all(|node| !node.has_tag_name("script")));
    let outside =
        ["href", "src"].iter().flat_map(|name| document.descendants().filter_map(|node| node.attribute(*name)));
    assert!(outside.clone().all(|link| link.starts_with("data:")), "{:?}", outside.collect::<Vec<_>>());
}

#[test]
fn the_same_results_give_the_same_page_and_only_a_report_is_replaced() {
    let folder = copied();
    let path = folder.path().join("report.html");
    let first = torus_sim(&["report", text(folder.path())]);
    assert!(first.status.success(), "{}", error_of(&first));
    assert_eq!(String::from_utf8_lossy(&first.stdout).trim(), text(&path));
    let bytes = fs::read(&path).expect("the report");
    assert!(torus_sim(&["report", text(folder.path())]).status.success(), "a report is replaced");
    assert_eq!(fs::read(&path).expect("the report"), bytes);
    assert_eq!(Report::of(played()).expect("a report").html.as_bytes(), bytes, "the place does not show");

    let other = folder.path().join("thesis.html");
    fs::write(&other, "<html>years of work</html>").expect("a file");
    let refused = torus_sim(&["report", text(folder.path()), "--out", text(&other)]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(error_of(&refused).contains("thesis.html exists already"), "{}", error_of(&refused));
    assert_eq!(fs::read_to_string(&other).expect("the file"), "<html>years of work</html>");
    assert!(torus_sim(&["report", text(folder.path()), "--out", text(&other), "--force"]).status.success());
    assert_eq!(fs::read(&other).expect("the report"), bytes);
}

#[test]
fn what_is_no_result_or_not_whole_is_refused() {
    type Damage = fn(&Path);
    let cases: [(&str, Damage); 8] = [
        ("there is no manifest.json in it", |folder| fs::remove_file(folder.join("manifest.json")).expect("removed")),
        ("it is not whole JSON", |folder| cut(&folder.join("manifest.json"), 200)),
        ("its manifest.json is not one of torus-sim", |folder| {
            fs::write(folder.join("manifest.json"), "{}").expect("written");
        }),
        ("no timeseries.csv", |folder| fs::remove_file(folder.join("timeseries.csv")).expect("removed")),
        ("timeseries.csv is damaged: it was cut short", |folder| cut(&folder.join("timeseries.csv"), 20)),
        ("hops.csv is damaged: it is empty", |folder| fs::write(folder.join("hops.csv"), "").expect("written")),
        ("hops.csv is damaged: line 3 has 1 cells", |folder| {
            fs::write(folder.join("hops.csv"), "hops,lookups\n0,1\n1\n").expect("written");
        }),
        ("it is of format 99", |folder| {
            let path = folder.join("manifest.json");
            let text = fs::read_to_string(&path).expect("manifest").replacen("\"format\": 1", "\"format\": 99", 1);
            fs::write(path, text).expect("written");
        }),
    ];
    for (message, damage) in cases {
        let folder = copied();
        damage(folder.path());
        let refused = torus_sim(&["report", text(folder.path())]);
        assert_eq!(refused.status.code(), Some(2), "{message}");
        assert!(error_of(&refused).contains(message), "{message}: {}", error_of(&refused));
        assert!(!folder.path().join("report.html").exists());
    }
    let nowhere = torus_sim(&["report", "/nowhere/at/all"]);
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(error_of(&nowhere).contains("there is no such folder"));
}

/// Takes bytes off the end of a file.
fn cut(path: &Path, bytes: usize) {
    let content = fs::read(path).expect("a file");
    fs::write(path, &content[..content.len() - bytes]).expect("written");
}

#[test]
fn changed_files_are_told_on_the_page_and_on_the_console() {
    let folder = copied();
    let path = folder.path().join("hops.csv");
    let changed = fs::read_to_string(&path).expect("hops") + "99,1\n";
    fs::write(&path, changed).expect("written");
    let made = torus_sim(&["report", text(folder.path())]);
    assert!(made.status.success());
    let doubt = "hops.csv is not the file that the manifest vouches for";
    assert!(error_of(&made).contains(doubt), "{}", error_of(&made));
    assert!(fs::read_to_string(folder.path().join("report.html")).expect("the report").contains(doubt));
}

/// One window, and lookups that never happen: nothing to draw must not be an error.
#[test]
fn a_run_without_lookups_and_with_one_window_has_a_report() {
    let place = tempfile::tempdir().expect("a folder");
    let (file, results) = (place.path().join("quiet.toml"), place.path().join("results"));
    let quiet = "name = \"quiet\"\nprotocol = \"chord\"\n[population]\nnodes = 20\n[measurement]\nduration = \"30s\"\n";
    fs::write(&file, quiet).expect("a file");
    assert!(torus_sim(&["run", text(&file), "--quiet", "--out", text(&results)]).status.success());
    let report = Report::of(&results).expect("a report");
    let document = parse(&report.html);
    assert_eq!(series(&document, "live-nodes"), [("live", 1, 1)], "a dot, for a line needs two points");
    assert!(!document.descendants().any(|node| node.attribute("id") == Some("latency")), "no values, no picture");
    assert!(report.warnings.iter().any(|warning| warning.contains("no lookup ended")), "{:?}", report.warnings);
}

/// Plays a sweep of the small scenario.
fn swept(place: &Path, axes: &str) -> PathBuf {
    let scenario = SCENARIO.replace("[[event]]\nat = \"3min\"\ncrash = { fraction = 0.3 }\n", "");
    fs::write(place.join("base.toml"), scenario).expect("a file");
    let sweep = format!("name = \"grid\"\nbase = \"base.toml\"\nreplicates = 2\n[axes]\n{axes}");
    let (file, results) = (place.join("grid.toml"), place.join("results"));
    fs::write(&file, sweep).expect("a file");
    let played = torus_sim(&["sweep", text(&file), "--quiet", "--out", text(&results)]);
    assert!(played.status.success(), "{}", error_of(&played));
    results
}

#[test]
fn a_sweep_has_a_line_for_each_combination_and_a_distribution_for_each_cell() {
    let place = tempfile::tempdir().expect("a folder");
    let axes = "\"protocol.chord.routing\" = [\"iterative\", \"recursive\"]\n\
                \"churn.session.exponential.mean\" = [\"2min\", \"10min\", \"1h\"]\n";
    let results = swept(place.path(), axes);
    let report = Report::of(&results).expect("a report");
    let document = parse(&report.html);
    for figure in ["failure-rate", "hops", "latency", "timeouts", "maintenance", "lookup-traffic", "trade-off"] {
        let series = series(&document, figure);
        let names: Vec<_> = series.iter().map(|(name, _, _)| *name).collect();
        assert_eq!(names, ["iterative", "recursive"], "{figure}");
        let lines = if figure == "trade-off" { 0 } else { 1 };
        assert!(series.iter().all(|(_, points, marks)| *points == 3 && *marks == 3 + lines), "{figure}: {series:?}");
    }
    let whiskers = document.descendants().filter(|node| has_class(node, "whisker")).count();
    assert!(whiskers >= 6 * 6, "two replicates have an interval: {whiskers}");
    for cell in 1..=6 {
        assert_eq!(series(&document, &format!("hops-of-cell-{cell}")).len(), 1);
    }
    let labels: Vec<_> =
        document.descendants().filter(|node| has_class(node, "tick")).filter_map(|it| it.text()).collect();
    assert!(["2min", "10min", "1h"].iter().all(|value| labels.contains(value)));
    assert_eq!(Report::of(&results).expect("a report"), report);
}

/// Programs without style sheets draw what has no fill in black: nothing is left to a style.
fn says_its_own_colours(document: &Document<'_>, id: &str) {
    for node in document.descendants().filter(Node::is_element) {
        let name = node.tag_name().name();
        assert!(name != "style" && !node.attributes().any(|it| it.value().contains("var(")), "{id}: <{name}>");
        assert!(name != "svg" || node == document.root_element(), "{id}: a picture within the picture");
        if ["path", "rect", "text", "circle"].contains(&name) {
            let fill = node.attribute("fill").unwrap_or_else(|| panic!("{id}: <{name}> has no fill"));
            assert!(fill == "none" || fill.len() == 7 && fill.starts_with('#'), "{id}: {fill}");
        }
    }
}

#[test]
fn a_picture_stands_for_itself_and_replaces_only_a_picture() {
    let folder = copied();
    let report = Report::of(folder.path()).expect("a report");
    for picture in &report.pictures {
        let document = parse(&picture.svg);
        assert!(document.root_element().has_tag_name(("http://www.w3.org/2000/svg", "svg")), "{}", picture.id);
        let count = |document: &Document<'_>| document.descendants().filter(|node| has_class(node, "mark")).count();
        assert!(count(&document) > 0, "{}: nothing is drawn", picture.id);
        says_its_own_colours(&document, &picture.id);
    }
    let names: Vec<&str> = report.pictures.iter().map(|picture| picture.id.as_str()).collect();
    let page = parse(&report.html);
    let figures = page.descendants().filter(|node| node.has_tag_name("figure"));
    assert_eq!(names, figures.filter_map(|node| node.attribute("id")).collect::<Vec<_>>());

    let path = folder.path().join("hops.svg");
    for _ in 0..2 {
        let made = torus_sim(&["report", text(folder.path()), "--picture", "hops"]);
        assert!(made.status.success(), "{}", error_of(&made));
    }
    let hops = report.pictures.iter().find(|picture| picture.id == "hops").expect("hops");
    assert_eq!(fs::read_to_string(&path).expect("a picture"), hops.svg);
    fs::write(&path, "mine").expect("a file");
    let refused = torus_sim(&["report", text(folder.path()), "--picture", "hops"]);
    assert_eq!(refused.status.code(), Some(2), "{}", error_of(&refused));
    assert_eq!(fs::read_to_string(&path).expect("a file"), "mine");
    let unknown = torus_sim(&["report", text(folder.path()), "--picture", "hop"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(
        error_of(&unknown).contains("there is no picture `hop`; there are: hops, failure-rate"),
        "{}",
        error_of(&unknown)
    );
}
