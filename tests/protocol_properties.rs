//! What must hold in every run of every small scenario, whatever the protocol and its options: nothing is lost from the
//! books, nothing is left behind, and the run is the same however it is looked at.

mod chord_support;

use chord_support::{Kept, at, exponential, quiet, secs};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::sync::Arc;
use torus_sim::engine::distribution::Distribution;
use torus_sim::engine::time::{Duration, Time};
use torus_sim::node::Simulated;
use torus_sim::observe::Unwatched;
use torus_sim::observe::report::{MessageBalance, Outcomes, RunReport};
use torus_sim::protocols::chord::{
    Acknowledgements, Chord, Config, EndsAt, FingerRefresh, FingerTurns, FingersBeyond, FingersPerRound, HandsOver,
    ListRefresh, Maintenance, NextHop, Notify, Periods, Routing,
};
use torus_sim::protocols::kademlia::{self, Kademlia};
use torus_sim::scenario::{
    Action, Amount, Arrivals, AtStart, ChurnProcess, Keys, Latency, Measurement, ReturnIdentifier, RpcTimeout,
    Scenario, ScheduleAction, ScheduleEntry, ScheduledEvent, Start,
};
use torus_sim::simulation::{Options, Simulation};

const LENGTH: u64 = 150;

fn ms(milliseconds: std::ops::Range<u64>) -> impl Strategy<Value = Duration> {
    milliseconds.prop_map(Duration::from_millis)
}

fn period() -> impl Strategy<Value = Distribution> {
    prop_oneof![
        ms(1_000..40_000).prop_map(Distribution::Fixed),
        ms(1_000..40_000).prop_map(exponential),
        ms(1_000..20_000).prop_map(|from| Distribution::Uniform { from, to: from + secs(20) }),
        Just(chord_support::NEVER),
    ]
}

fn config() -> impl Strategy<Value = Config> {
    let routing = prop_oneof![Just(Routing::Iterative), Just(Routing::Recursive), Just(Routing::SemiRecursive)];
    let maintenance = prop_oneof![Just(Maintenance::Original), Just(Maintenance::Corrected)];
    let fingers = prop_oneof![(1u32..8).prop_map(FingersPerRound::Count), Just(FingersPerRound::All)];
    let sizes = (1u32..9, prop_oneof![Just(64u32), 12u32..64], 1u32..4, prop_oneof![4 => 0u32..10, 1 => Just(200)]);
    let times = (period(), period(), period(), ms(300..12_000), ms(100..3_000));
    let more = any::<[bool; 14]>();
    (routing, maintenance, fingers, sizes, times, any::<bool>(), any::<bool>(), more).prop_map(
        |(routing, maintenance, fingers_per_round, sizes, times, fingers_on_join, notify_old_predecessor, more)| {
            let [per_node, in_turn, fingers_with_stabilize, lookups_mend_tables, further, more @ ..] = more;
            let [implied, asked, beyond_list, bits, adopt_joining, more @ ..] = more;
            let [apart, at_key, when_needed, farewells] = more;
            let (successors, identifier_bits, virtual_nodes, retries) = sizes;
            let (stabilize_every, fix_fingers_every, check_predecessor_every, lookup_deadline, join_retry_after) =
                times;
            Config {
                successors,
                identifier_bits,
                virtual_nodes,
                maintenance,
                stabilize_every,
                fix_fingers_every,
                fingers_per_round,
                fingers_on_join,
                check_predecessor_every,
                notify_old_predecessor,
                adopt_joining,
                routing,
                retries,
                periods: if per_node { Periods::PerNode } else { Periods::PerRound },
                successor_list_refresh: match (in_turn, apart) {
                    (false, false) => ListRefresh::Copied,
                    (true, false) => ListRefresh::InTurn,
                    (false, true) => ListRefresh::OwnRounds,
                    (true, true) => ListRefresh::WithNotification,
                },
                successor_list_every: fix_fingers_every,
                notify: match when_needed && !(in_turn && apart) {
                    true => Notify::WhenNeeded,
                    false => Notify::EveryRound,
                },
                next_hop: if at_key { NextHop::AtKey } else { NextHop::BeforeKey },
                farewells,
                farewell_hands_over: match when_needed {
                    true => HandsOver::LastSuccessor,
                    false => HandsOver::SuccessorList,
                },
                fingers_with_stabilize,
                lookups_mend_tables: lookups_mend_tables || routing != Routing::Iterative,
                lookups_end_at: EndsAt::Owner,
                confirm_owner: further,
                owner_agrees: further && at_key && routing == Routing::Iterative,
                acknowledgements: match implied && routing != Routing::Iterative {
                    true => Acknowledgements::Implied,
                    false => Acknowledgements::Sent,
                },
                finger_refresh: if asked { FingerRefresh::Asked } else { FingerRefresh::LookedUp },
                fingers_beyond: match beyond_list {
                    true => FingersBeyond::SuccessorList,
                    false => FingersBeyond::FirstSuccessor,
                },
                finger_turns: if bits { FingerTurns::Bits } else { FingerTurns::Kept },
                stabilize_to_end: further && maintenance == Maintenance::Corrected,
                lookup_deadline,
                join_retry_after,
            }
        },
    )
}

fn kademlia_config() -> impl Strategy<Value = kademlia::Config> {
    let sizes = (1u32..12, 1u32..=5, 1u32..6, 1u32..12, 1u32..12, 1u32..12, 0u32..8, 1u32..6);
    let times = (ms(2_000..60_000), period(), period(), ms(300..12_000), ms(100..3_000));
    let parallelism = prop_oneof![
        Just(kademlia::Parallelism::Strict),
        Just(kademlia::Parallelism::Loose),
        Just(kademlia::Parallelism::FirstAnswer),
    ];
    (sizes, times, any::<[bool; 8]>(), parallelism, prop_oneof![Just(64u32), 12u32..64]).prop_map(
        |(
            (k, bits_per_level, alpha, answers, results, upkeep_results, replacement_cache, stale_after),
            times,
            flags,
            parallelism,
            identifier_bits,
        )| {
            let (refresh_after, refresh_check_every, ping_every, lookup_deadline, join_retry_after) = times;
            let [step, recursive, first_owner, zone, ping_oldest, keep_stale, refresh_on_join, learn] = flags;
            kademlia::Config {
                k,
                identifier_bits,
                bits_per_level,
                alpha,
                parallelism,
                final_step: step && parallelism != kademlia::Parallelism::FirstAnswer,
                answers,
                results,
                upkeep_results,
                ends_at: if first_owner { kademlia::EndsAt::FirstOwner } else { kademlia::EndsAt::Closest },
                tolerance_bits: if zone { 3 } else { 0 },
                routing: if recursive { kademlia::Routing::SemiRecursive } else { kademlia::Routing::Iterative },
                replacement_cache,
                ping_oldest,
                stale_after: Some(stale_after),
                keep_stale,
                death_notice: learn != keep_stale,
                refresh_after,
                refresh_check_every,
                refresh_on_join,
                ping_every,
                learn_unreachable: learn,
                lookup_deadline,
                join_retry_after,
                ..kademlia::Config::default()
            }
        },
    )
}

fn churn() -> impl Strategy<Value = ChurnProcess> {
    let length = || {
        prop_oneof![
            ms(5_000..200_000).prop_map(exponential),
            (0.4f64..2.0, ms(5_000..200_000)).prop_map(|(shape, scale)| Distribution::Weibull { shape, scale }),
            (1.1f64..3.0, ms(3_000..60_000)).prop_map(|(shape, minimum)| Distribution::Pareto { shape, minimum }),
            // Whole seconds, so that things happen at the same instant.
            (5u64..60).prop_map(|seconds| Distribution::Fixed(secs(seconds))),
        ]
    };
    prop_oneof![
        Just(ChurnProcess::None),
        (length(), length()).prop_map(|(session, downtime)| ChurnProcess::OnOff { session, downtime }),
        length().prop_map(|session| ChurnProcess::Steady { session }),
        (ms(500..20_000), ms(500..20_000))
            .prop_map(|(joins_every, departures_every)| ChurnProcess::Poisson { joins_every, departures_every }),
    ]
}

fn latency() -> impl Strategy<Value = Latency> {
    prop_oneof![
        // Zero: everything at the same instant. 250 ms: replies and timeouts at the same instant.
        prop_oneof![Just(0), Just(250), 1u64..400]
            .prop_map(|delay| Latency::Drawn(Distribution::Fixed(Duration::from_millis(delay)))),
        ms(1..300).prop_map(|mean| Latency::Drawn(exponential(mean))),
        ms(1..300).prop_map(|median| Latency::Drawn(Distribution::LogNormal { median, sigma: 0.6 })),
        (ms(1..400), ms(0..50)).prop_map(|(side, base)| Latency::Euclidean { side, base }),
    ]
}

fn event() -> impl Strategy<Value = ScheduledEvent> {
    let amount = || prop_oneof![(0.0f64..=1.0).prop_map(Amount::Fraction), (0u32..30).prop_map(Amount::Count)];
    let action = prop_oneof![
        amount().prop_map(|amount| Action::Crash(amount.into())),
        amount().prop_map(|amount| Action::Leave(amount.into())),
        (0u32..30, 0u64..20).prop_map(|(count, over)| Action::Join { count, over: secs(over) }),
        (0.1f64..0.9).prop_map(|share| Action::Partition { shares: vec![share, 1.0 - share] }),
        Just(Action::Heal),
    ];
    (1..LENGTH, action).prop_map(|(seconds, action)| ScheduledEvent { at: at(seconds), action })
}

fn scenario() -> impl Strategy<Value = Scenario> {
    let network = (
        latency(),
        prop_oneof![Just(0.0), 0.0f64..0.3],
        prop_oneof![ms(100..800).prop_map(RpcTimeout::Fixed), (0.5f64..5.0).prop_map(RpcTimeout::RoundTrips)],
    );
    let population = (1u32..30, proptest::option::of(0u64..3_000), 0u32..3, any::<u64>());
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), 0.0f64..=1.0);
    let events = proptest::collection::vec(event(), 0..5);
    (network, population, flags, churn(), events).prop_map(|(network, population, flags, process, mut events)| {
        let (nodes, join_every_ms, permanent, seed) = population;
        let (same, fresh, per_node, graceful) = flags;
        let mut scenario = quiet(nodes, seed);
        (scenario.network.latency, scenario.network.loss, scenario.network.rpc_timeout) = network;
        scenario.population.permanent = permanent.min(nodes);
        if let Some(every) = join_every_ms {
            scenario.population.start = Start::Joining { join_every: Duration::from_millis(every) };
        }
        scenario.churn.process = process;
        scenario.churn.graceful = graceful;
        scenario.churn.return_identifier = if same { ReturnIdentifier::Same } else { ReturnIdentifier::Fresh };
        scenario.churn.at_start = if fresh { AtStart::Fresh } else { AtStart::Equilibrium };
        let mean = Duration::from_millis(if per_node { 5_000 } else { 300 });
        scenario.workload.arrivals = if per_node { Arrivals::PerNode(mean) } else { Arrivals::Network(mean) };
        scenario.workload.keys = if fresh { Keys::Uniform } else { Keys::Zipf { keys: 40, exponent: 0.8 } };
        events.sort_by_key(|event| event.at);
        scenario.events = events;
        scenario.measurement =
            Measurement { warmup: Duration::ZERO, duration: secs(LENGTH), window: secs(40), ..Measurement::default() };
        scenario
    })
}

/// A protocol under test: makes networks without nodes, and tells what one holds in its pools.
struct Maker<P> {
    make: Box<dyn Fn() -> P>,
    held: fn(&P) -> Vec<usize>,
}

fn chord(config: Config) -> Maker<Chord> {
    Maker { make: Box::new(move || Chord::new(config.clone())), held: |chord| chord.held().to_vec() }
}

fn kademlia(config: kademlia::Config) -> Maker<Kademlia> {
    Maker { make: Box::new(move || Kademlia::new(config.clone())), held: |kademlia| kademlia.held().to_vec() }
}

fn play_with<P: Simulated>(scenario: &Scenario, maker: &Maker<P>, options: Options) -> (RunReport, Kept) {
    let mut kept = Kept::default();
    let report = Simulation::new(scenario, (maker.make)(), options).run(&mut Unwatched, &mut kept);
    (report.expect("nobody stops it"), kept)
}

fn recorded<P: Simulated>(scenario: &Scenario, maker: &Maker<P>, options: Options) -> (RunReport, Kept) {
    play_with(scenario, maker, Options { record_lookups: true, record_schedule: true, ..options })
}

/// When a joining start lets its nodes join.
fn initial_joins(scenario: &Scenario) -> Vec<Time> {
    let Start::Joining { join_every } = scenario.population.start else { return vec![] };
    let all = (0..u64::from(scenario.population.nodes)).map(|node| Time::ZERO + join_every.saturating_mul(node));
    all.filter(|time| *time < scenario.measurement.end()).collect()
}

/// Nothing may be missing from the books.
fn check_books(scenario: &Scenario, report: &RunReport, kept: &Kept) {
    let messages = report.messages;
    let accounted = messages.delivered + messages.lost + messages.dropped + messages.in_flight;
    assert_eq!(messages.sent, accounted, "{messages:?}");

    let total = &report.total;
    let asked = kept.schedule.iter().filter(|entry| matches!(entry.action, ScheduleAction::Lookup(_))).count() as u64;
    assert_eq!(asked, total.outcomes.lookups() + total.not_started + report.in_flight);
    assert_eq!(kept.lookups.len() as u64, total.outcomes.lookups());
    assert_eq!(report.hops.iter().sum::<u64>(), total.outcomes.correct + total.outcomes.wrong_owner);
    assert!(report.hops.len() <= 129, "more hops than the limit");
    for lookup in &kept.lookups {
        assert!(lookup.rpcs >= lookup.timeouts && lookup.hops.is_none_or(|hops| hops <= lookup.rpcs), "{lookup:?}");
    }

    let early = initial_joins(scenario);
    let is_departure = |entry: &ScheduleEntry| matches!(entry.action, ScheduleAction::Leave | ScheduleAction::Crash);
    let joins = kept.schedule.iter().filter(|entry| entry.action == ScheduleAction::Join).map(|entry| entry.time);
    let departures = kept.schedule.iter().filter(|entry| is_departure(entry)).map(|entry| entry.time);
    let (joins, departures) = (joins.collect::<Vec<_>>(), departures.collect::<Vec<_>>());
    assert!(early.iter().all(|time| joins.contains(time)), "the record has the joins of a joining start");
    assert_eq!((total.joins, total.departures), (joins.len() as u64, departures.len() as u64));
    // Node-seconds: everybody from its arrival on, less everybody from its departure on.
    let left =
        |times: &[Time]| times.iter().map(|time| scenario.measurement.end().since(*time).as_secs_f64()).sum::<f64>();
    let initial = if early.is_empty() { f64::from(scenario.population.nodes) } else { 0.0 };
    let expected = initial + (left(&joins) - left(&departures)) / LENGTH as f64;
    assert!((total.live_nodes_mean - expected).abs() < 1e-6, "{} {expected}", total.live_nodes_mean);
    assert!(total.members_mean <= total.live_nodes_mean + 1e-3);
}

/// The schedule as it was played, and then the end of everybody.
fn to_the_last(scenario: &Scenario, kept: &Kept, graceful: bool) -> Scenario {
    let mut live: std::collections::BTreeSet<u32> = (0..scenario.population.nodes).collect();
    for entry in &kept.schedule {
        match entry.action {
            ScheduleAction::Join => live.insert(entry.node),
            ScheduleAction::Leave | ScheduleAction::Crash => live.remove(&entry.node),
            ScheduleAction::Lookup(_) => false,
        };
    }
    let action = if graceful { ScheduleAction::Leave } else { ScheduleAction::Crash };
    let departures = live.into_iter().map(|node| ScheduleEntry { time: at(LENGTH), node, action });
    let mut last = scenario.clone();
    last.churn.process = ChurnProcess::None;
    last.workload.arrivals = Arrivals::None;
    last.events.retain(|event| matches!(event.action, Action::Partition { .. } | Action::Heal));
    // A joining start brings its joins about by itself.
    let early = initial_joins(scenario);
    let is_own = |entry: &ScheduleEntry| {
        entry.action == ScheduleAction::Join && early.get(entry.node as usize) == Some(&entry.time)
    };
    let played = kept.schedule.iter().copied().filter(|entry| !is_own(entry));
    last.schedule = Some(Arc::new(played.chain(departures).collect()));
    // The longest deadline and the longest way of a message are over by then.
    last.measurement.duration = secs(LENGTH + 60);
    last
}

fn check_that_nothing_is_left<P: Simulated>(scenario: &Scenario, maker: &Maker<P>, kept: &Kept, graceful: bool) {
    let last = to_the_last(scenario, kept, graceful);
    let mut simulation = Simulation::new(&last, (maker.make)(), Options::default());
    simulation.run_to_end(&mut Unwatched, &mut Kept::default()).expect("nobody stops it");
    let held = (maker.held)(simulation.protocol());
    assert!(held.iter().all(|held| *held == 0), "{held:?}");
    assert_eq!(simulation.calls_under_way(), 0);
}

fn check_all<P: Simulated>(scenario: &Scenario, maker: &Maker<P>, graceful: bool) {
    let (report, kept) = recorded(scenario, maker, Options::default());
    check_books(scenario, &report, &kept);
    check_that_nothing_is_left(scenario, maker, &kept, graceful);
    let (again, _) = play_with(scenario, maker, Options { blind: true, ..Options::default() });
    assert_eq!(figures(&again), figures(&report));
    let (eager, _) = play_with(scenario, maker, Options { eager_timeouts: true, ..Options::default() });
    assert_eq!(figures(&eager), figures(&report));
}

/// What may not depend on how a run is looked at.
fn figures(report: &RunReport) -> (&str, MessageBalance, &[u64], Outcomes) {
    (&report.fingerprint, report.messages, &report.hops, report.total.outcomes)
}

/// So many scenarios, the same in every run.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(20), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn every_run_of_chord_keeps_its_books_and_leaves_nothing_behind(
        scenario in scenario(), config in config(), graceful: bool,
    ) {
        check_all(&scenario, &chord(config), graceful);
    }

    #[test]
    fn every_run_of_kademlia_keeps_its_books_and_leaves_nothing_behind(
        scenario in scenario(), config in kademlia_config(), graceful: bool, behind_nat in 0.0..0.6f64,
    ) {
        let behind_nat = if graceful { behind_nat } else { 0.0 };
        let network = torus_sim::scenario::Network { behind_nat, ..scenario.network.clone() };
        check_all(&Scenario { network, ..scenario }, &kademlia(config), graceful);
    }
}
