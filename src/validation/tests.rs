//! The table of experiments is sound, and verdicts are as they should be.

use super::experiment::{Difference, Experiment, Range};
use super::*;
use crate::simulation::protocols;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

struct Unwatched;

impl Watcher for Unwatched {
    fn ended(&self, _done: usize, _runs: usize) {}
}

fn load(experiment: &Experiment, x: f64) -> crate::scenario::Loaded<protocols::Playable> {
    let source = crate::scenario::Source::from_text(experiment.name, experiment.scenario);
    let loaded = crate::scenario::load(source, &(experiment.settings)(x), protocols::NAMES, protocols::read);
    loaded.unwrap_or_else(|problems| panic!("{} at {x}: {problems}", experiment.name))
}

#[test]
fn scenarios_are_sound_over_the_whole_range_and_named_after_their_experiments() {
    for experiment in ALL {
        let range = experiment.range;
        for x in experiment.points.iter().copied().chain([range.low, range.high]) {
            assert!(range.contains(x), "{} at {x}", experiment.name);
            let loaded = load(experiment, x);
            assert_eq!(loaded.scenario.name, experiment.name);
            // A paper's timeout may be short; what it costs is part of what is measured.
            let mut others = loaded.warnings.problems().iter().filter(|it| !it.message.ends_with(" will time out"));
            assert!(others.next().is_none(), "{} at {x}: {}", experiment.name, loaded.warnings);
            assert!((experiment.replicates)(x) >= 2, "{} at {x} has no interval", experiment.name);
        }
    }
    let names: BTreeSet<&str> = ALL.iter().map(|experiment| experiment.name).collect();
    assert_eq!(names.len(), ALL.len());
}

#[test]
fn every_published_number_belongs_to_a_point_that_is_played() {
    let published = Published::shipped();
    assert!(published.numbers().len() > 60);
    for number in published.numbers() {
        let experiment = find(&number.experiment).unwrap_or_else(|| panic!("{number:?}"));
        assert!(
            experiment.points.contains(&number.x) && experiment.metrics.contains(&&number.metric[..]),
            "{number:?}"
        );
        assert!(
            number.tolerance.is_none_or(|it| it >= 0.0) && ["P", "D", "S", "C"].contains(&&number.grade[..]),
            "{number:?}"
        );
        assert!(number.tolerance.is_some() || !experiment.remarks.is_empty(), "{number:?} is shown for no reason");
    }
    assert!(Published::read("experiment,x\n").is_err());
    assert!(Published::read("experiment,x,metric,published,tolerance,grade\na,b,c,1,1,P\n").is_err());
}

/// A number of a paper: parameter, number and tolerance.
type Point = (f64, f64, f64);

/// The series by which the shipped table judges: experiment, figure, and points. The experiments on geometries have one
/// or two points a figure, and the geometry is what tells them apart.
fn judged_series() -> Vec<(String, Vec<Point>)> {
    let mut series: Vec<(String, Vec<Point>)> = Vec::new();
    for number in Published::shipped().numbers() {
        let Some(tolerance) = number.tolerance else { continue };
        let key = match number.experiment.starts_with("gummadi-") {
            true => format!("gummadi at {}: {}", number.x, number.metric),
            false => format!("{}: {}", number.experiment, number.metric),
        };
        let point = (number.x, number.published, tolerance);
        match series.iter_mut().find(|(name, _)| *name == key) {
            Some((_, points)) => points.push(point),
            None => series.push((key, vec![point])),
        }
    }
    series
}

/// Whether one constant meets all points.
fn is_met_by_a_constant(points: &[Point]) -> bool {
    let highest_low = points.iter().map(|(_, number, tolerance)| number - tolerance).fold(f64::MIN, f64::max);
    let lowest_high = points.iter().map(|(_, number, tolerance)| number + tolerance).fold(f64::MAX, f64::min);
    highest_low <= lowest_high
}

/// Points that the number of a neighbour meets.
fn met_by_a_neighbour(points: &[Point]) -> Vec<f64> {
    let meets = |one: &Point, other: &Point| (one.1 - other.1).abs() <= one.2;
    let both = points.windows(2).flat_map(|pair| [(pair[0], pair[1]), (pair[1], pair[0])]);
    both.filter(|(one, other)| meets(one, other)).map(|(one, _)| one.0).collect()
}

#[test]
fn no_constant_and_no_neighbouring_number_meets_a_row_that_judges() {
    let series = judged_series();
    assert!(series.len() >= 14, "{}", series.len());
    for (name, points) in &series {
        assert!(points.len() > 1, "{name}: a single number is met by a constant");
        assert!(!is_met_by_a_constant(points), "{name}: a constant meets {points:?}");
        assert_eq!(met_by_a_neighbour(points), [0.0; 0], "{name}: points met by a neighbour's number, of {points:?}");
    }
    // The test can fail: the table as it once was.
    let wide = [(0.05, 0.0, 12.0), (0.15, 2.0, 12.0), (0.25, 6.0, 12.0), (0.35, 16.0, 12.0)];
    assert!(is_met_by_a_constant(&wide) && met_by_a_neighbour(&wide).len() == 6);
}

#[test]
fn a_constant_has_no_slope_and_the_wrong_order_is_out() {
    let table = "experiment,x,metric,published,tolerance,grade\nmade,1,a,0,1,P\nmade,3,a,4,1,P\nmade,4,a,8,1,P\n";
    let published = Published::read(table).expect("a table");
    let shape = |values: [f64; 3]| {
        let points = [1.0, 3.0, 4.0].iter().zip(values);
        let row = |(x, value): (&f64, f64)| {
            Row::new(&MADE, *x, "a", super::row::estimate("a", &[(value, 9), (value, 9)]), &published)
        };
        let rows = Row::of_shape(&MADE, &points.map(row).collect::<Vec<_>>());
        let of = |aspect| {
            let row = rows.iter().find(|row| row.aspect == aspect)?;
            Some((row.measured?.mean, row.reference?.tolerance?, row.verdict?))
        };
        (of(Aspect::Slope), of(Aspect::Order))
    };
    // Deviations of the numbers from their mean are -4, 0 and 4: a tolerance of 1 makes one of sqrt(32) / 32.
    let tolerance = 32f64.sqrt() / 32.0;
    let (slope, order) = shape([0.0, 4.0, 8.0]);
    assert_eq!((slope, order), (Some((1.0, tolerance, Verdict::Within)), Some((1.0, 0.0, Verdict::Within))));
    let (slope, order) = shape([4.0, 4.0, 4.0]);
    assert_eq!((slope, order), (Some((0.0, tolerance, Verdict::Out)), None));
    let (slope, order) = shape([0.0, 9.0, 8.0]);
    assert_eq!((slope.map(|it| it.2), order), (Some(Verdict::Within), Some((1.0 / 3.0, 0.0, Verdict::Out))));
}

#[test]
fn a_number_without_a_tolerance_is_shown() {
    let table = "experiment,x,metric,published,tolerance,grade\nmade,1,a,5,,P\n";
    let measured = super::row::estimate("a", &[(50.0, 9), (50.0, 9)]);
    let row = Row::new(&MADE, 1.0, "a", measured, &Published::read(table).expect("a table"));
    assert_eq!(row.verdict, Some(Verdict::Shown));
    assert_eq!(row.cells()[3..], ["5.00", "", "shown"].map(str::to_owned));
    assert!(Row::of_shape(&MADE, &[row]).is_empty());
}

const MADE: Experiment = Experiment {
    name: "made",
    source: "nowhere",
    about: "nothing",
    parameter: "nothing",
    scenario: "",
    points: &[1.0],
    range: Range::whole(1, 9),
    settings: |_| Vec::new(),
    replicates: |_| 2,
    metrics: &["a", "b"],
    measure: |_, _| Vec::new(),
    analysis: &[("b", |x| 2.0 * x)],
    differences: &[Difference { metric: "a", holds: |x| x == 2.0, instead: |_| 7.0, within: 0.1, why: "it is so" }],
    remarks: &[],
};

fn verdict(x: f64, metric: &'static str, values: &[f64]) -> Option<Verdict> {
    let table = "experiment,x,metric,published,tolerance,grade\nmade,1,a,5,0.5,P\nmade,2,a,5,0.5,P\n";
    let values: Vec<(f64, u64)> = values.iter().map(|value| (*value, 1_000)).collect();
    let measured = row::estimate(metric, &values);
    Row::new(&MADE, x, metric, measured, &Published::read(table).expect("a table")).verdict
}

#[test]
fn shares_of_lookups_near_0_have_an_interval_although_nothing_failed() {
    // 1 - 0.025^(1/5000), in the unit of each (Clopper and Pearson).
    let bound = 0.000_737_504;
    for (metric, whole) in [("failed_share", 1.0), ("failures_per_10000", 10_000.0)] {
        let interval = row::estimate(metric, &[(0.0, 1_000); 5]).and_then(|it| it.interval).expect("an interval");
        assert!(interval.low == 0.0 && (interval.high - bound * whole).abs() < 1e-6 * whole, "{interval:?}");
        let few = [(0.001 * whole, 1_000), (0.0, 1_000), (0.002 * whole, 1_000)];
        let interval = row::estimate(metric, &few).and_then(|it| it.interval).expect("an interval");
        assert!(0.0 < interval.low && interval.low < 0.001 * whole && 0.001 * whole < interval.high, "{interval:?}");
    }
    let plain = row::estimate("hops_mean", &[(1.0, 9), (3.0, 9)]).and_then(|it| it.half_width()).expect("an interval");
    assert!((plain - 12.706).abs() < 1e-3);
}

#[test]
fn a_row_is_within_up_to_the_tolerance_and_out_beyond() {
    assert_eq!(verdict(1.0, "a", &[5.0, 6.0]), Some(Verdict::Within));
    assert_eq!(verdict(1.0, "a", &[4.5, 4.5]), Some(Verdict::Within));
    assert_eq!(verdict(1.0, "a", &[5.5, 5.6]), Some(Verdict::Out));
    assert_eq!(verdict(1.0, "a", &[]), Some(Verdict::Out), "nothing was measured");
    assert_eq!(verdict(3.0, "a", &[5.0, 6.0]), None, "no number is listed");
}

#[test]
fn an_analysis_must_lie_within_the_interval_of_the_runs() {
    // Two values at a distance of 2: the interval is 12.7 either way.
    assert_eq!(verdict(1.0, "b", &[13.0, 15.0]), Some(Verdict::Within));
    assert_eq!(verdict(1.0, "b", &[15.0, 17.0]), Some(Verdict::Out));
}

#[test]
fn a_row_is_explained_only_while_the_reason_holds() {
    assert_eq!(verdict(2.0, "a", &[7.0, 7.0]), Some(Verdict::Explained("it is so")));
    assert_eq!(verdict(2.0, "a", &[8.0, 8.0]), Some(Verdict::Out));
    assert_eq!(verdict(1.0, "a", &[7.0, 7.0]), Some(Verdict::Out), "the reason is for another point");
}

#[test]
fn rows_do_not_depend_on_the_number_of_threads() {
    let requests = [Request { experiment: find("ton-fig8a").expect("it ships"), points: vec![4e4, 1e4] }];
    let table = |threads| {
        let rows = play(&requests, &Published::shipped(), threads, &Unwatched, &AtomicBool::new(false));
        let mut table = Vec::new();
        write_csv(&mut table, &rows.expect("it ends")).expect("a vector can be written");
        String::from_utf8(table).expect("text")
    };
    let (one, three) = (table(1), table(3));
    assert_eq!(one, three);
    let first: Vec<&str> = one.lines().take(2).collect();
    assert_eq!(first[0], "experiment,x,metric,measured,ci95,published,tolerance,verdict,low,high");
    assert_eq!(first[1], "ton-fig8a,40000,keys_mean,4,0,,,,4,4");
    assert_eq!(one.lines().count(), 1 + 2 * 3);
}

#[test]
fn it_stops_when_it_is_asked_to() {
    let stop = AtomicBool::new(false);
    stop.store(true, Ordering::Relaxed);
    let requests = [Request { experiment: find("sigcomm-fig12").expect("it ships"), points: vec![0.1] }];
    let rows = play(&requests, &Published::shipped(), 1, &Unwatched, &stop);
    assert_eq!(rows.map(|rows| rows.len()), Err(Stopped::Interrupted));
}
