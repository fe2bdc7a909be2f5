//! `torus-sim explain`: the story of a lookup, as it is printed, and whether it is true.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use support::{column, torus_sim};
use torus_sim::observe::report::{LookupRecord, Outcome, Recorder, RunReport};
use torus_sim::observe::story::{Cause, Story, Told};
use torus_sim::observe::{Unwatched, report::Unrecorded};
use torus_sim::scenario::{self, ScheduleAction, ScheduleEntry, Source};
use torus_sim::simulation::Options;
use torus_sim::simulation::protocols;

/// Lookups under churn: wrong answers and timeouts.
const CHURN: &str = r#"
name = "churn"
protocol = "chord"
population.nodes = 100
[churn.session.exponential]
mean = "4min"
[churn.downtime.exponential]
mean = "4min"
[workload]
lookups_every = "10s"
[measurement]
warmup = "1min"
duration = "3min"
"#;

/// The same with all that can go wrong.
const BUSY: &str = r#"
[network]
rpc_timeout = "300ms"
loss = 0.05
[network.latency.exponential]
mean = "40ms"
[[event]]
at = "90s"
partition = { shares = [0.7, 0.3] }
[[event]]
at = "2min"
heal = true
"#;

fn place(text: &str) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("churn.toml"), text).unwrap();
    place
}

fn explain(place: &Path, more: &[&str]) -> String {
    let line = [&["explain", "churn.toml"], more].concat();
    torus_sim(place, &line).expect(0).out
}

#[test]
fn the_first_failure_is_told_like_the_row_with_its_number() {
    let place = place(CHURN);
    let told = explain(place.path(), &["--first-failed"]);
    snapbox::assert_data_eq!(&told, snapbox::file!["golden/explain.txt"]);

    torus_sim(place.path(), &["run", "churn.toml", "--lookups", "--out", "run"]).expect(0);
    let file = place.path().join("run/lookups.csv");
    let cell = |name: &str, row: usize| column(&file, name)[row].clone();
    let outcomes = column(&file, "outcome");
    let row = outcomes.iter().position(|outcome| outcome == "wrong_owner" || outcome == "failed").unwrap();
    assert!(told.starts_with(&format!("lookup {} of churn, seed 1: ", cell("lookup", row))), "{told}");
    assert_eq!(explain(place.path(), &["--lookup", &cell("lookup", row)]), told);

    // The row with most timeouts.
    let timeouts = column(&file, "timeouts");
    let row = (0..timeouts.len()).max_by_key(|row| timeouts[*row].parse::<u32>().unwrap()).unwrap();
    let told = explain(place.path(), &["--lookup", &cell("lookup", row)]);
    let started: f64 = cell("started_s", row).parse().unwrap();
    assert!(told.contains(&format!("node {} (identifier ", cell("node", row))), "{told}");
    assert!(told.contains(&format!(", at {started:.3} s\n")), "{told}");
    assert!(told.contains(&format!("for key   {}\n", cell("key", row))), "{told}");
    assert!(told.contains(&format!("(identifier {}), after ", cell("answer", row))), "{told}");
    assert!(told.contains(&format!("{}, {} timed out\n", cell("rpcs", row), timeouts[row])), "{told}");
    assert_eq!(told.matches("(timeout)").count().to_string(), timeouts[row], "{told}");
    assert_eq!(told.matches(" asks node ").count().to_string(), cell("rpcs", row), "{told}");
}

#[test]
fn options_are_those_of_a_run() {
    let place = place(CHURN);
    let more = ["--seed", "3", "--set", "protocol.chord.routing=recursive"];
    torus_sim(place.path(), &[&["run", "churn.toml", "--record", "played.csv", "--out", "run"], &more[..]].concat())
        .expect(0);
    let told = explain(place.path(), &[&["--first-failed"], &more[..]].concat());
    assert!(told.contains(", seed 3: ") && told.contains(" hands the answer to node "), "{told}");
    assert_eq!(explain(place.path(), &[&["--first-failed", "--replay", "played.csv"], &more[..]].concat()), told);
}

#[test]
fn what_cannot_be_told_is_said() {
    let place = place(CHURN);
    let ended = torus_sim(place.path(), &["explain", "churn.toml", "--lookup", "999999999"]).expect(2);
    assert!(ended.err.starts_with("error: there is no lookup 999999999: the run has "), "{}", ended.err);
    torus_sim(place.path(), &["run", "churn.toml", "--lookups", "--out", "run"]).expect(0);
    let numbers: BTreeSet<u64> =
        column(&place.path().join("run/lookups.csv"), "lookup").iter().map(|number| number.parse().unwrap()).collect();
    let refused = |number: &u64| {
        let ended = torus_sim(place.path(), &["explain", "churn.toml", "--lookup", &number.to_string()]);
        ended.code == Some(2) && ended.err.contains("a node made for itself")
    };
    let first = *numbers.first().unwrap();
    assert!((first..first + 50).filter(|number| !numbers.contains(number)).any(|number| refused(&number)));
    for line in [&["explain", "churn.toml"][..], &["explain", "churn.toml", "--lookup", "1", "--first-failed"]] {
        assert!(torus_sim(place.path(), line).expect(2).err.contains("Usage:"));
    }
    torus_sim(place.path(), &["explain", "gone.toml", "--first-failed"]).expect(2);
}

#[test]
fn a_wrong_answer_that_nobody_gave_is_explained_too() {
    // An initiator that chooses the nearest of those that have answered waits for others, and it may be gone by then.
    let scenario = std::fs::read_to_string("scenarios/kademlia20m.toml").unwrap();
    let place = place(&scenario);
    let set = ["population.nodes=500", "measurement.warmup=10min"];
    let line: Vec<&str> = set.into_iter().flat_map(|change| ["--set", change]).chain(["--first-failed"]).collect();
    let told = explain(place.path(), &line);
    let verdict = told.split("The answer was wrong:\n").nth(1).expect("its verdict gives a reason");
    assert!(verdict.contains("crashed") && verdict.contains(" before"), "{verdict}");
    let answer = told.lines().find_map(|line| line.trim().strip_prefix("answer")).expect("the answer is named");
    let named = |text: &str| text.split_whitespace().skip_while(|word| *word != "node").nth(1).map(str::to_owned);
    assert_eq!(named(verdict), named(answer), "{told}");
}

#[test]
fn nothing_failed_is_good_news() {
    let quiet = CHURN.lines().filter(|line| !line.contains("churn.") && !line.contains("mean")).collect::<Vec<_>>();
    let place = place(&quiet.join("\n"));
    let told = explain(place.path(), &["--first-failed"]);
    assert!(told.starts_with("churn, seed 1: no lookup failed. All ") && told.lines().count() == 1, "{told}");
}

/// What a run says beside its report.
#[derive(Default)]
struct Heard {
    lookups: Vec<LookupRecord>,
    schedule: Vec<ScheduleEntry>,
    told: Option<Told>,
}

impl Recorder for Heard {
    fn lookup(&mut self, record: &LookupRecord) {
        self.lookups.push(*record);
    }

    fn scheduled(&mut self, entry: &ScheduleEntry) {
        self.schedule.push(*entry);
    }

    fn told(&mut self, told: Told) {
        self.told = Some(told);
    }
}

fn play(changes: &[&str], options: Options, recorder: &mut dyn Recorder) -> RunReport {
    let changes: Vec<String> = changes.iter().map(|change| (*change).to_owned()).collect();
    let source = Source::from_text("busy", &format!("{CHURN}{BUSY}"));
    let loaded = scenario::load(source, &changes, protocols::NAMES, protocols::read);
    let loaded = loaded.unwrap_or_else(|problems| panic!("{problems}"));
    loaded.protocol.play(&loaded.scenario, options, &mut Unwatched, recorder).expect("nobody stops it")
}

#[test]
fn a_run_that_is_explained_is_the_same_run() {
    let plain = play(&[], Options::default(), &mut Unrecorded);
    for number in [1500, u64::MAX] {
        let mut heard = Heard::default();
        let report = play(&[], Options { follow_lookup: Some(number), ..Options::default() }, &mut heard);
        assert_eq!(report, plain);
        assert_eq!(matches!(heard.told, Some(Told::Unknown { .. })), number == u64::MAX);
    }
}

/// Every story agrees with the record of its lookup, and with the arrivals and departures that were played.
#[test]
fn stories_are_true() {
    let mut causes = BTreeSet::new();
    // Who is behind NAT is named only where it does not say so.
    let unreachable = [
        "population.nodes=40",
        "protocol=kademlia",
        "protocol.kademlia.learn_unreachable=true",
        "network.behind_nat=0.2",
    ];
    let routings =
        ["iterative", "recursive", "semi_recursive"].map(|routing| format!("protocol.chord.routing={routing}"));
    for changes in routings.iter().map(|routing| vec![routing.as_str()]).chain([unreachable.to_vec()]) {
        let mut heard = Heard::default();
        let options = Options { record_lookups: true, record_schedule: true, ..Options::default() };
        play(&changes, options, &mut heard);
        let (lookups, schedule) = (heard.lookups, heard.schedule);
        let of = |outcome| lookups.iter().filter(move |record| record.outcome == outcome);
        let chosen = of(Outcome::WrongOwner).take(25).chain(of(Outcome::Failed).take(5));
        for record in chosen.chain(of(Outcome::Correct).take(3)).chain(of(Outcome::Aborted).take(2)) {
            let mut heard = Heard::default();
            play(&changes, Options { follow_lookup: Some(record.number), ..Options::default() }, &mut heard);
            let Some(Told::Story(story)) = heard.told else { panic!("{record:?} has no story") };
            agrees(&story, record);
            let beliefs = story.exchanges.iter().filter_map(|exchange| exchange.belief).chain(story.own);
            let ending = story.ending.and_then(|ending| ending.cause);
            for cause in beliefs.filter_map(|belief| belief.cause).chain(ending) {
                happened(&cause, &schedule, &lookups);
                causes.insert(format!("{cause:?}").split([' ', '{']).next().unwrap_or_default().to_owned());
            }
        }
    }
    for seen in ["BehindNat", "Departed", "Joined", "Split", "Suspected"] {
        assert!(causes.contains(seen), "{causes:?}");
    }
}

#[track_caller]
fn agrees(story: &Story, record: &LookupRecord) {
    let ending = story.ending.unwrap();
    assert_eq!(ending.record, Some(*record));
    assert_eq!((story.initiator.node, story.key, story.started), (record.node, record.key, record.started));
    assert_eq!(ending.at, record.ended);
    assert_eq!(ending.answer.map(|(who, _)| who.identifier), record.answer);
    assert_eq!(ending.cause.is_some(), record.outcome == Outcome::WrongOwner, "{story:?}");
    let requests: Vec<_> = story.exchanges.iter().filter(|one| one.verb != "sends the answer to").collect();
    assert_eq!(requests.len(), record.rpcs as usize, "{story:?}");
    let in_time = requests.iter().filter(|one| one.timed_out.is_some_and(|(at, _)| at <= record.ended)).count();
    assert_eq!(in_time, record.timeouts as usize, "{story:?}");
    assert!(story.exchanges.is_sorted_by_key(|one| one.sent));
}

/// Whether an event is one that was played.
#[track_caller]
fn happened(cause: &Cause, schedule: &[ScheduleEntry], lookups: &[LookupRecord]) {
    let is_played = |node: u32, action: ScheduleAction, at| {
        schedule.iter().any(|entry| (entry.node, entry.action, entry.time) == (node, action, at))
    };
    let crashed =
        |node, at, graceful| is_played(node, if graceful { ScheduleAction::Leave } else { ScheduleAction::Crash }, at);
    let is_true = match *cause {
        Cause::Departed { who, at, graceful } => crashed(who.node, at, graceful),
        Cause::Joining { who, at } => is_played(who.node, ScheduleAction::Join, at),
        Cause::Joined { who, at, .. } => {
            let joins = |entry: &&ScheduleEntry| (entry.node, entry.action) == (who.node, ScheduleAction::Join);
            at.as_nanos() == 0 || schedule.iter().filter(joins).any(|entry| entry.time < at)
        }
        Cause::Split { at, .. } => at.as_nanos() == 90_000_000_000,
        Cause::Healed { at, .. } => at.as_nanos() == 120_000_000_000,
        Cause::BehindNat { who } => lookups.iter().all(|record| record.owner != Some(who.identifier)),
        Cause::Suspected { at, .. } => at.as_nanos() > 0,
    };
    assert!(is_true, "{cause:?}");
}
