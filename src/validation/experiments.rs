//! The experiments, one entry a figure or table.

use super::experiment::{Difference, Experiment, Range};
use super::{geometries, koorde, lengths, pointers};
use crate::observe::report::RunReport;

/// All experiments, in the order of the table.
pub const ALL: &[Experiment] = &[
    TON_FIG8A,
    TON_FIG9,
    TON_FIG10A,
    TON_FIG10B,
    TON_TABLE2,
    TON_TABLE3,
    SIGCOMM_FIG11,
    SIGCOMM_FIG12,
    KRISHNAMURTHY,
    FAREWELLS,
    geometries::GUMMADI_RING,
    geometries::GUMMADI_RING_16,
    geometries::GUMMADI_XOR,
    geometries::KADEMLIA_PATHS,
    koorde::KOORDE_2,
    koorde::KOORDE_P2PSIM_2,
];

/// The experiment with this name: of the table, or of a family of which the table has some members.
pub fn find(name: &str) -> Option<&'static Experiment> {
    ALL.iter().chain(koorde::OTHERS).find(|experiment| experiment.name == name)
}

/// The scenario of an experiment.
macro_rules! scenario {
    ($name:literal) => {
        include_str!(concat!("../../scenarios/validation/", $name, ".toml"))
    };
}

const TON_FIG8A: Experiment = Experiment {
    name: "ton-fig8a",
    source: "Stoica et al., ToN 2003, figure 8(a)",
    about: "keys a node, 10,000 nodes without virtual nodes",
    parameter: "number of keys",
    scenario: scenario!("ton-fig8a"),
    points: &[1e5, 2e5, 3e5, 4e5, 5e5, 6e5, 7e5, 8e5, 9e5, 1e6],
    range: Range::whole(1_000, 100_000_000),
    settings: |x| vec![format!("measurement.load_keys={x}")],
    replicates: |_| 20,
    metrics: LOAD_METRICS,
    measure: |_, report| load(report),
    analysis: &[],
    differences: &[],
    remarks: &["`keys_p1` is shown: it is 0 at each published point, and a constant is no test. `keys_p99` may \
         differ by 5% and by no less than 2."],
};

const TON_FIG9: Experiment = Experiment {
    name: "ton-fig9",
    source: "Stoica et al., ToN 2003, figure 9",
    about: "keys a node, 10,000 nodes with virtual nodes, 1,000,000 keys",
    parameter: "virtual nodes of a node",
    scenario: scenario!("ton-fig9"),
    points: &[1.0, 2.0, 5.0, 10.0, 20.0],
    range: Range::whole(1, 100),
    settings: |x| vec![format!("protocol.chord.virtual_nodes={x}")],
    replicates: |_| 20,
    metrics: LOAD_METRICS,
    measure: |_, report| load(report),
    analysis: &[],
    differences: &[Difference {
        metric: "keys_p99",
        holds: |x| x == 5.0,
        instead: |x| quantile_of_keys(x, 100.0, 0.99),
        within: 0.01,
        why: "`keys_p99` at 5: with v virtual nodes the arcs of a node together are a gamma variable of shape v, so \
              its keys are negative binomial with shape v. Their percentiles are those measured at every v: 462, 334, \
              235, 192 and 165 for 1, 2, 5, 10 and 20. For v = 5 the 99th percentile is 235; 220 belongs to six \
              virtual nodes, whose 1st percentile is 28, not the published 24. The published number was read off a \
              graphic.",
    }],
    remarks: &[],
};

/// A quantile of the keys of a node with `shape` virtual nodes and so many keys on average, in a large ring: negative
/// binomial.
fn quantile_of_keys(shape: f64, mean: f64, share: f64) -> f64 {
    let log_hit = libm::log(mean / (shape + mean));
    let log_miss = libm::log(shape / (shape + mean));
    let mut below = 0.0;
    for keys in 0..100_000 {
        let n = f64::from(keys);
        let ways = libm::lgamma(n + shape) - libm::lgamma(n + 1.0) - libm::lgamma(shape);
        below += libm::exp(ways + shape * log_miss + n * log_hit);
        if below >= share {
            return n;
        }
    }
    f64::NAN
}

const LOAD_METRICS: &[&str] = &["keys_mean", "keys_p1", "keys_p99"];

fn load(report: &RunReport) -> Vec<Option<f64>> {
    let load = report.load.as_ref();
    vec![
        load.and_then(|load| load.per_node.mean),
        load.and_then(|load| load.p1),
        load.and_then(|load| load.per_node.p99),
    ]
}

const TON_FIG10A: Experiment = Experiment {
    name: "ton-fig10a",
    source: "Stoica et al., ToN 2003, figure 10(a)",
    about: "path length in an ideal ring, 100 lookups a node",
    parameter: "number of nodes",
    scenario: scenario!("ton-fig10a"),
    points: &[128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0, 8192.0, 16384.0],
    range: Range::whole(2, 65_536),
    settings: |x| vec![format!("population.nodes={x}")],
    // One ring differs from the next the more the smaller they are; large ones take long.
    replicates: |x| ((40_000.0 / x) as u64).clamp(4, 20),
    metrics: &["hops_mean", "hops_p99"],
    measure: |_, report| vec![report.total.hops.mean, report.total.hops.p99],
    analysis: &[],
    differences: &[],
    remarks: &["`hops_p99` is a whole number, so it must be the published one in most rings."],
};

const TON_FIG10B: Experiment = Experiment {
    name: "ton-fig10b",
    source: "Stoica et al., ToN 2003, figure 10(b)",
    about: "distribution of the path length in an ideal ring of 4,096 nodes",
    parameter: "path length",
    scenario: scenario!("ton-fig10b"),
    points: &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0],
    range: Range::whole(0, 64),
    settings: |_| Vec::new(),
    replicates: |_| 5,
    metrics: &["probability"],
    measure: |x, report| {
        let lookups: u64 = report.hops.iter().sum();
        let these = report.hops.get(x as usize).copied().unwrap_or(0);
        vec![(lookups > 0).then(|| these as f64 / lookups as f64)]
    },
    analysis: &[],
    differences: &[Difference {
        metric: "probability",
        holds: |x| x == 2.0,
        instead: |x| lengths::share(4_096, x as u32),
        within: 0.03,
        why: "`probability` at 2: fingers and hops alone, followed in twenty rings at random without messages \
              (`src/validation/lengths.rs`), give 0.017, to which the row is held. It varies by 0.0005 \
              between rings, so that the published 0.018 is two standard deviations off, as one ring may be.",
    }],
    remarks: &["A probability may differ by 5%, and by no less than 0.0008, 0.3% of the axis that it was read from."],
};

const TON_TABLE2: Experiment = Experiment {
    name: "ton-table2",
    source: "Stoica et al., ToN 2003, table 2",
    about: "lookups after a share of 1,000 nodes has crashed at once; nothing is repaired",
    parameter: "share of nodes that crash",
    scenario: scenario!("ton-table2"),
    points: &[0.0, 0.1, 0.2, 0.3, 0.4, 0.5],
    range: Range::real(0.0, 0.6),
    settings: |x| vec![format!("event.0.crash.fraction={x}")],
    replicates: |_| 20,
    metrics: &["hops_mean", "timeouts_mean", "failed", "latency_left_over_ms"],
    measure: |_, report| {
        let outcomes = report.total.outcomes;
        let failed = (outcomes.failed + outcomes.wrong_owner) as f64;
        vec![report.total.hops.mean, report.total.timeouts_mean, Some(failed), latency_left_over_ms(report)]
    },
    // An iterative lookup waits for one reply or one timeout after the other, and for nothing else.
    // And none fails: a survivor knows 20 successors, of which one is alive.
    analysis: &[("latency_left_over_ms", |_| 0.0), ("failed", |_| 0.0)],
    differences: &[],
    remarks: &["`timeouts_mean` may differ by two standard deviations between runs, each with one ring and one draw \
         of the dead: 0.2 and 0.4; without crashes there is no timeout. That no lookup fails is no number of \
         a curve, so it is held as an analysis: a survivor knows 20 successors, of which one is alive."],
};

/// The mean latency less what requests and timeouts account for, in the scenario of table 2: 100 ms for a reply, 500 ms
/// for none.
fn latency_left_over_ms(report: &RunReport) -> Option<f64> {
    let (rpcs, timeouts) = (report.total.rpcs_mean?, report.total.timeouts_mean?);
    let left_over = report.total.latency_ms.mean? - 100.0 * (rpcs - timeouts) - 500.0 * timeouts;
    // To a picosecond: the rest is the rounding of decimals.
    Some(libm::round(left_over * 1e9) / 1e9)
}

const TON_TABLE3: Experiment = Experiment {
    name: "ton-table3",
    source: "Stoica et al., ToN 2003, table 3",
    about: "lookups while nodes join and leave, about 1,000 nodes",
    parameter: "joins a second, and as many leaves",
    scenario: scenario!("ton-table3"),
    points: &[0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4],
    range: Range::real(0.001, 1.0),
    settings: poisson_churn,
    replicates: |_| 10,
    metrics: &["hops_mean", "timeouts_mean", "failures_per_10000"],
    measure: |_, report| {
        let failures = report.total.outcomes.failure_rate().map(|rate| 1e4 * rate);
        vec![report.total.hops.mean, report.total.timeouts_mean, failures]
    },
    analysis: &[],
    differences: &[Difference {
        metric: "failures_per_10000",
        holds: |x| x > 0.1,
        instead: second_successors,
        within: 0.25,
        why: "`failures_per_10000` from 0.15 on: when a node's first successor leaves, its second becomes the \
              first, and is the wrong one if since it was last looked up its node has left or another has \
              joined before it; until the next round lookups name it for two gaps of the ring. With k entries \
              in turn, periods T uniform from 15 to 45 s and a rate r of joins and of leaves a node, that is \
              r^2 k E[T^2] of all lookups, to which the rows are held: k is 19 other places of the list and \
              the fingers beyond it, log2 of the 50 lists in a ring. So failures rise with the square of the \
              rate, as published, but are twice as many. Why the paper has half is not known. Half is what \
              leaves without joins would make in the same reckoning (0.3, 2.7, 7.5 and 15 against 0, 2, 6 and \
              16), but no run has shown that.",
    }],
    remarks: &[
        "`hops_mean` is shown: it varies by 0.11 without order in the paper, so that a constant would pass. \
         `timeouts_mean` may differ by two standard deviations between runs at 0.35, 0.08. `failures_per_10000` \
         are counts of a few lookups in the paper: the tolerance is two standard deviations of such a count if \
         10,000 were seen, 1.5 where it is 0, and less than the distance to the next number.",
        "The reading follows the text (the scenario says what of it): that nobody asks the owner, what a \
         leaving node hands over and that entries take turns was settled before this reading was played, \
         though an earlier version of this page had reported 27 to 36 at 0.35 for a leave to the letter. That \
         an entry which is both finger and in the list counts once is in the text too, but was added after \
         the row below it, with all ten fingers, had been seen. Readings that were played are below, means of \
         three or four runs, the last of ten; none meets all published numbers. An owner that is asked \
         whether it is alive makes a floor where lists are handed over whole: 0.05% of all requests time out \
         falsely (delays with a mean of 50 ms, 500 ms to wait: 11 exp(-10)), the owner is then passed by, and \
         5 of 10,000 lookups name the wrong one at any rate of churn. That was this page's reading once, and \
         a tolerance of 12 let it pass.",
        "| reading of `ton-table3`, failures per 10,000 lookups | 0.15 | 0.35 |\n|---|---|---|\n\
         | as played | in the table | in the table |\n\
         | entries turn with all ten fingers, those in the list too | 4.7 | 36 |\n\
         | the same, periods drawn for each round | 10 | 38 |\n\
         | the same, the owner is asked whether it is alive | 11 | 32 |\n\
         | the same, lookups strike nobody from tables | 7.9 | 34 |\n\
         | the same, each round copies the first successor's list | 1.7 | 3.0 |\n\
         | the same, the whole list is handed over by who leaves | 2.0 | 3.3 |\n\
         | the same, list handed over and owner asked | 5.9 | 8.0 |\n",
    ],
};

/// What [`TON_TABLE3`] explains: failures per 10,000 lookups through second successors that were not looked up since
/// somebody left or joined there.
fn second_successors(per_s: f64) -> f64 {
    let (nodes, places) = (1_000.0, 20.0);
    let entries = places - 1.0 + libm::log2(nodes / places);
    // E[T^2] of a period T uniform from 15 to 45 s: the mean squared and the variance.
    let squared_period = 30.0 * 30.0 + 30.0 * 30.0 / 12.0;
    let rate = per_s / nodes;
    1e4 * rate * rate * entries * squared_period
}

/// So many joins a second over the whole network, and as many departures.
fn poisson_churn(per_s: f64) -> Vec<String> {
    let every_ns = libm::round(1e9 / per_s);
    ["joins_every", "departures_every"].map(|key| format!("churn.poisson.{key}={every_ns}ns")).to_vec()
}

const SIGCOMM_FIG11: Experiment = Experiment {
    name: "sigcomm-fig11",
    source: "Stoica et al., SIGCOMM 2001, figure 11",
    about: "lookups for keys of the original owners, after some of 10,000 nodes have crashed and the ring has healed",
    parameter: "share of nodes that crash",
    scenario: scenario!("sigcomm-fig11"),
    points: &[0.01, 0.05, 0.1, 0.15, 0.2],
    range: Range::real(0.0, 0.5),
    settings: |x| vec![format!("event.0.crash.fraction={x}")],
    replicates: |_| 5,
    metrics: &["failed_share"],
    measure: |_, report| vec![report.total.outcomes.failure_rate()],
    analysis: &[],
    differences: &[],
    remarks: &["The keys of the dead have arcs of random lengths: with N nodes of which a share p dies, their share \
         has the standard deviation sqrt(2 p (1-p) / N), and the tolerance is two of these: the paper has one \
         network a point."],
};

const SIGCOMM_FIG12: Experiment = Experiment {
    name: "sigcomm-fig12",
    source: "Stoica et al., SIGCOMM 2001, figure 12",
    about: "lookups without a retry while nodes join and crash, about 500 nodes",
    parameter: "joins a second, and as many crashes",
    scenario: scenario!("sigcomm-fig12"),
    points: &[0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1],
    range: Range::real(0.001, 0.5),
    settings: poisson_churn,
    replicates: |_| 10,
    metrics: &["failed_share"],
    measure: |_, report| vec![report.total.outcomes.failure_rate()],
    analysis: &[],
    differences: &[Difference {
        metric: "failed_share",
        holds: |x| x == 0.05,
        instead: |x| 30.0 * x * 5.0 / 500.0,
        within: 0.2,
        why: "`failed_share` at 0.05: not reproduced, and the bend beyond it neither. The row is held to the \
              paper's own rough estimate, that a path of 5 of 500 nodes meets one of k nodes that died since \
              the last round with a probability of k/100: 0.015. The published curve lies above that and \
              bends up. What decides most among the readings below is whether who meets a dead node strikes \
              it from its tables: here it does. If nobody does, twice as many lookups fail, but only with \
              lists of 20, whose later entries are many rounds behind; with a list of one it makes no \
              difference. No reading has the published rise from 0.01 to 0.05.",
    }],
    remarks: &[
        "Tolerances are two standard deviations between runs. The text leaves open whether a node that gave \
         no answer is struck from tables. That it is not was taken for the likelier reading before both were \
         played, for the paper says that more than one round may be needed to clear a node out; it misses \
         both numbers, and the program's default, which meets one, was kept after that was seen. Means of two \
         runs, in the first row of ten:",
        "| reading of `sigcomm-fig12`, failed share | 0.01 | 0.05 | 0.1 |\n|---|---|---|---|\n\
         | as played | 0.0031 | 0.0164 | 0.0333 |\n\
         | delays exponential, false timeouts with them | 0.0052 | 0.0182 | 0.0352 |\n\
         | lookups and refreshes strike nobody from tables | 0.0063 | 0.0317 | 0.0697 |\n\
         | the same, a list of one successor | 0.0025 | 0.0167 | 0.0356 |\n\
         | lookups strike nobody, rules of 2003 | 0.0072 | 0.0387 | 0.0810 |\n",
    ],
};

const KRISHNAMURTHY: Experiment = Experiment {
    name: "krishnamurthy-successors",
    source: "Krishnamurthy et al., IPTPS 2005",
    about: "wrong and dead first successors, against 2/(3+x) and 1/(2+x)",
    parameter: "rounds of stabilisation in a mean session",
    scenario: scenario!("krishnamurthy-successors"),
    points: &[5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0],
    range: Range::real(5.0, 1000.0),
    // Fingers are as fresh whatever the length of sessions: twenty rounds of refreshes in each.
    settings: |x| {
        let ns = |seconds: f64| libm::round(seconds * 1e9);
        vec![
            format!("churn.session.exponential.mean={}ns", ns(x * 100.0)),
            format!("protocol.chord.fix_fingers_every.exponential.mean={}ns", ns(x * 5.0)),
        ]
    },
    // The longer the sessions, the fewer pointers are wrong, and the less a run takes.
    replicates: |x| match x {
        ..20.0 => 5,
        ..100.0 => 20,
        _ => 40,
    },
    metrics: &["wrong_successor_share", "dead_successor_share"],
    measure: |_, report| vec![health(report, "wrong_successor_share"), health(report, "dead_successor_share")],
    analysis: &[("wrong_successor_share", |x| 2.0 / (3.0 + x)), ("dead_successor_share", |x| 1.0 / (2.0 + x))],
    differences: &[Difference {
        metric: "wrong_successor_share",
        holds: |x| x < 20.0,
        instead: pointers::wrong_successor_share,
        within: 0.04,
        why: "`wrong_successor_share` below 20: the balance behind 2/(3+x) lets one round put a pointer right whatever \
              has happened since the last one, and lets every node join with the right successor. In a ring neither \
              can be: a node whose first successor has died is known to nobody behind that until its own next round, \
              and who joins is led past it. `src/validation/pointers.rs` plays just this: pointers, rounds and joins \
              that take no time, no messages, no fingers, and nothing fitted. The row holds the run to that model, \
              within 4%. If rounds and joins find the truth the model gives what can be solved, 1 - (1+x) times the \
              integral of u^(1+x) / (2-u) over u from 0 to 1: 0.231 at 5 and 0.145 at 10. (That is below 2/(3+x) since \
              a new node that dies before it was noticed leaves the pointer right again.) If rounds know only what \
              nodes know, but joins find the truth, it gives 0.254 and 0.152; if joins ask their way too, 0.261 and \
              0.153. Both parts need two events within a period, so they fade as x grows: from 20 on none is to be \
              seen. The rest at 5 is that lists are looked up every so often, not at every instant. Where lists come \
              with rounds of stabilisation alone, as in the papers (`--set \
              protocol.chord.successor_list_refresh=copied`), an entry is a round older for each place: at 5 two \
              thirds of a list of 16 are dead, in 2 to 4 of 1,000 nodes all of it, these go on from a far finger, and \
              31% to 40% of first successors are wrong. Rounds of one step make it worse: with `--set \
              protocol.chord.stabilize_to_end=false` it is 18% at 10.",
    }],
    remarks: &[],
};

/// Mean session in the scenario `farewells` [s].
const FAREWELL_SESSION_S: f64 = 10_000.0;

const FAREWELLS: Experiment = Experiment {
    name: "farewells",
    source: "Stoica et al., ToN 2003, voluntary departures",
    about: "dead first successors where everybody leaves gracefully: as long as a farewell is on its way",
    parameter: "one-way delay [s]",
    scenario: scenario!("farewells"),
    points: &[2.0],
    range: Range::real(0.1, 4.0),
    settings: |x| {
        let ns = |seconds: f64| libm::round(seconds * 1e9);
        vec![
            format!("network.latency.constant.delay={}ns", ns(x)),
            format!("network.rpc_timeout={}ns", ns(2.0 * x + 1.0)),
        ]
    },
    replicates: |_| 12,
    metrics: &["dead_successor_share"],
    measure: |_, report| vec![health(report, "dead_successor_share")],
    analysis: &[("dead_successor_share", |x| x / FAREWELL_SESSION_S)],
    differences: &[],
    remarks: &[],
};

/// A figure of health over the whole measurement.
fn health(report: &RunReport, name: &str) -> Option<f64> {
    report.total.health.iter().find(|(figure, _)| *figure == name)?.1
}
