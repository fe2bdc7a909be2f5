//! Tests of the agenda: order, replay, independence of its sources, and its promises for scenarios at random.

use super::*;
use crate::engine::distribution::Distribution;
use crate::engine::random::Seed;
use crate::engine::time::Duration;
use crate::scenario::model::*;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::collections::BTreeSet;
use std::sync::Arc;

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn at(seconds: u64) -> Time {
    Time::ZERO + secs(seconds)
}

/// A scenario of so many nodes where nothing happens, for an hour.
fn quiet(nodes: u32) -> Scenario {
    Scenario {
        name: "test".into(),
        description: String::new(),
        seed: Seed { seed: 1, replicate: 0 },
        population: Population { nodes, start: Start::Converged, permanent: 0, kinds: Vec::new() },
        network: Network {
            latency: Latency::Drawn(Distribution::Fixed(Duration::from_millis(50))),
            loss: 0.0,
            behind_nat: 0.0,
            rpc_timeout: RpcTimeout::Fixed(Duration::from_millis(500)),
            bandwidth: None,
            links: Vec::new(),
        },
        churn: Churn {
            process: ChurnProcess::None,
            graceful: 0.5,
            return_identifier: ReturnIdentifier::Fresh,
            at_start: AtStart::Equilibrium,
        },
        workload: Workload { arrivals: Arrivals::None, keys: Keys::Uniform },
        events: Vec::new(),
        schedule: None,
        measurement: Measurement {
            warmup: Duration::ZERO,
            duration: secs(3_600),
            window: secs(60),
            ..Measurement::default()
        },
    }
}

/// A busy scenario: churn, lookups, every kind of event.
fn busy() -> Scenario {
    let exponential = |mean| Distribution::Exponential { mean: secs(mean) };
    let mut scenario = quiet(200);
    scenario.population.permanent = 5;
    scenario.churn.process = ChurnProcess::OnOff { session: exponential(600), downtime: exponential(300) };
    scenario.workload.arrivals = Arrivals::PerNode(secs(60));
    scenario.events = [
        (600, Action::Crash(Amount::Fraction(0.3).into())),
        (600, Action::Partition { shares: vec![0.5, 0.5] }),
        (900, Action::Heal),
        (900, Action::Join { count: 40, over: Duration::ZERO }),
        (900, Action::Leave(Amount::Count(10).into())),
        (1_000, Action::Join { count: 60, over: secs(100) }),
        (2_000, Action::Partition { shares: vec![0.2, 0.3, 0.5] }),
    ]
    .into_iter()
    .map(|(seconds, action)| ScheduledEvent { at: at(seconds), action })
    .collect();
    scenario
}

fn play(scenario: &Scenario) -> Vec<(Time, ExternalEvent)> {
    Agenda::new(scenario).collect()
}

fn is_membership(happening: &ExternalEvent) -> bool {
    matches!(happening, ExternalEvent::Join { .. } | ExternalEvent::Depart { .. })
}

/// The agenda of `scenario` written down, and the scenario that plays it.
fn record(scenario: &Scenario) -> Scenario {
    let mut agenda = Agenda::new(scenario);
    let mut entries = Vec::new();
    while agenda.next().is_some() {
        entries.extend(agenda.last_as_schedule_entry());
    }
    // Whoever reads a schedule leaves these out: the scenario brings them about by itself.
    let is_joining = matches!(scenario.population.start, Start::Joining { .. });
    let mut seen = BTreeSet::new();
    entries.retain(|entry| {
        let is_first = entry.action == ScheduleAction::Join && seen.insert(entry.node);
        !(is_first && is_joining && entry.node < scenario.population.nodes)
    });
    let mut replay = scenario.clone();
    replay.churn.process = ChurnProcess::None;
    replay.workload.arrivals = Arrivals::None;
    replay.events.retain(|event| !matches!(event.action, Action::Crash(_) | Action::Leave(_) | Action::Join { .. }));
    replay.schedule = Some(Arc::new(entries));
    replay
}

/// Panics unless the agenda of `scenario` keeps every promise; returns how much happened.
fn check_promises(scenario: &Scenario, most: usize) -> usize {
    let mut agenda = Agenda::new(scenario);
    let mut live: BTreeSet<u32> = (0..agenda.initial_nodes()).collect();
    let (mut now, mut count) = (Time::ZERO, 0);
    while count < most {
        assert_eq!(agenda.live() as usize, live.len());
        let announced = agenda.peek_time();
        let Some((time, happening)) = agenda.next() else {
            assert_eq!(announced, Time::NEVER);
            break;
        };
        assert_eq!(time, announced);
        assert!(time >= now && time <= scenario.measurement.end());
        match happening {
            ExternalEvent::Join { node } => assert!(live.insert(node), "{node} joins while live"),
            ExternalEvent::Depart { node, .. } => {
                assert!(live.remove(&node), "{node} departs while away");
                assert!(node >= scenario.population.permanent);
            }
            ExternalEvent::Lookup { node, .. } => assert!(live.contains(&node), "{node} looks up while away"),
            ExternalEvent::LookupOf { node, target } => {
                assert!(live.contains(&node) && live.contains(&target), "{node} looks {target} up, one is away");
            }
            ExternalEvent::Partition { event } => assert!(agenda.shares(event).len() >= 2),
            ExternalEvent::Heal
            | ExternalEvent::LinkBegins { .. }
            | ExternalEvent::LinkEnds { .. }
            | ExternalEvent::Mend
            | ExternalEvent::Quiet => {}
        }
        (now, count) = (time, count + 1);
    }
    count
}

#[test]
fn a_quiet_scenario_has_an_empty_agenda() {
    let mut agenda = Agenda::new(&quiet(10));
    assert_eq!((agenda.initial_nodes(), agenda.live(), agenda.peek_time()), (10, 10, Time::NEVER));
    assert_eq!(agenda.next(), None);
    assert_eq!(agenda.last_as_schedule_entry(), None);
}

#[test]
fn a_busy_scenario_keeps_every_promise_and_is_the_same_twice() {
    assert!(check_promises(&busy(), usize::MAX) > 10_000);
    assert_eq!(play(&busy()), play(&busy()));
    let mut other = busy();
    other.seed.replicate = 1;
    assert_ne!(play(&busy()), play(&other));
}

#[test]
fn playing_a_recorded_agenda_gives_the_same_agenda() {
    let mut joining = busy();
    joining.population.start = Start::Joining { join_every: secs(3) };
    let mut steady = busy();
    steady.churn.process = ChurnProcess::Steady { session: Distribution::Fixed(secs(100)) };
    for scenario in [busy(), joining, steady] {
        let replay = record(&scenario);
        assert_eq!(play(&scenario), play(&replay));
        check_promises(&replay, usize::MAX);
    }
}

#[test]
fn the_nodes_of_a_joining_start_join_one_after_another() {
    let mut scenario = quiet(100);
    scenario.population.start = Start::Joining { join_every: secs(2) };
    assert_eq!(Agenda::new(&scenario).initial_nodes(), 0);
    let expected: Vec<_> = (0..100).map(|node| (at(2 * u64::from(node)), ExternalEvent::Join { node })).collect();
    assert_eq!(play(&scenario), expected);
    assert_eq!(record(&scenario).schedule, Some(Arc::new(Vec::new())));
}

#[test]
fn what_happens_at_one_instant_keeps_the_documented_order() {
    let mut scenario = quiet(2);
    scenario.population.start = Start::Joining { join_every: secs(10) };
    scenario.churn.process = ChurnProcess::Steady { session: Distribution::Fixed(secs(10)) };
    scenario.measurement.duration = secs(11);
    let event = |action| ScheduledEvent { at: at(10), action };
    scenario.events = vec![
        event(Action::Join { count: 2, over: Duration::ZERO }),
        event(Action::Partition { shares: vec![0.5, 0.5] }),
        event(Action::Heal),
        event(Action::Join { count: 1, over: Duration::ZERO }),
    ];
    let happenings: Vec<_> = play(&scenario).into_iter().map(|(_, happening)| happening).collect();
    let expected = [
        ExternalEvent::Join { node: 0 },
        ExternalEvent::Join { node: 1 },
        ExternalEvent::Partition { event: 0 },
        ExternalEvent::Heal,
        ExternalEvent::Join { node: 2 },
        ExternalEvent::Join { node: 3 },
        ExternalEvent::Join { node: 4 },
        ExternalEvent::Depart {
            node: 0,
            graceful: matches!(happenings[7], ExternalEvent::Depart { graceful: true, .. }),
        },
        ExternalEvent::Join { node: 0 },
    ];
    assert_eq!(happenings, expected);
}

#[test]
fn a_scheduled_crash_strikes_the_share_or_the_number_it_names() {
    let departures = |permanent, action| {
        let mut scenario = quiet(101);
        scenario.population.permanent = permanent;
        scenario.events = vec![ScheduledEvent { at: at(5), action }];
        let happenings = play(&scenario);
        let victims: BTreeSet<u32> = happenings
            .iter()
            .map(|(time, happening)| match happening {
                ExternalEvent::Depart { node, graceful } if *time == at(5) => (*node, *graceful),
                other => panic!("{other:?} at {time}"),
            })
            .map(|(node, graceful)| {
                assert_eq!(graceful, matches!(scenario.events[0].action, Action::Leave(_)));
                node
            })
            .collect();
        assert_eq!(victims.len(), happenings.len());
        assert!(victims.iter().all(|&node| node >= permanent));
        victims.len()
    };
    assert_eq!(departures(0, Action::Crash(Amount::Fraction(0.5).into())), 51);
    assert_eq!(departures(1, Action::Crash(Amount::Fraction(0.333).into())), 33);
    assert_eq!(departures(1, Action::Leave(Amount::Fraction(1.0).into())), 100);
    assert_eq!(departures(0, Action::Leave(Amount::Fraction(0.0).into())), 0);
    assert_eq!(departures(0, Action::Leave(Amount::Count(7).into())), 7);
    assert_eq!(departures(100, Action::Crash(Amount::Count(7).into())), 1);
}

#[test]
fn every_node_is_struck_equally_often() {
    let mut counts = [0.0f64; 10];
    for seed in 0..3_000 {
        let mut scenario = quiet(10);
        scenario.seed.seed = seed;
        scenario.events = vec![ScheduledEvent { at: at(5), action: Action::Crash(Amount::Count(3).into()) }];
        for (_, happening) in play(&scenario) {
            if let ExternalEvent::Depart { node, .. } = happening {
                counts[node as usize] += 1.0;
            }
        }
    }
    // Standard deviation 25.
    assert!(counts.iter().all(|count| (count - 900.0).abs() < 110.0), "{counts:?}");
}

#[test]
fn the_workload_does_not_move_the_churn() {
    let membership = |scenario: &Scenario| {
        let mut happenings = play(scenario);
        happenings.retain(|(_, happening)| is_membership(happening));
        happenings
    };
    let reference = membership(&busy());
    for arrivals in [Arrivals::None, Arrivals::PerNode(secs(7)), Arrivals::Network(secs(2))] {
        let mut other = busy();
        other.workload = Workload { arrivals, keys: Keys::Zipf { keys: 100, exponent: 1.0 } };
        assert_eq!(membership(&other), reference);
    }
}

#[test]
fn the_churn_does_not_move_lookups_of_the_whole_network() {
    let lookups = |mut scenario: Scenario| {
        scenario.workload.arrivals = Arrivals::Network(Duration::from_millis(250));
        let lookups = play(&scenario).into_iter().filter_map(|(time, happening)| match happening {
            ExternalEvent::Lookup { key, .. } => Some((time, key)),
            _ => None,
        });
        lookups.collect::<Vec<_>>()
    };
    let reference = lookups(quiet(3));
    assert!(reference.len() > 14_000);
    assert_eq!(lookups(busy()), reference);
}

#[test]
fn lookups_rest_while_nobody_is_live_and_keep_their_rate() {
    for arrivals in [Arrivals::PerNode(secs(1)), Arrivals::Network(Duration::from_millis(50))] {
        let mut scenario = quiet(20);
        scenario.churn.at_start = AtStart::Fresh;
        scenario.churn.process =
            ChurnProcess::OnOff { session: Distribution::Fixed(secs(10)), downtime: Distribution::Fixed(secs(5)) };
        scenario.workload.arrivals = arrivals;
        check_promises(&scenario, usize::MAX);
        let mut lookups = 0;
        for (time, happening) in play(&scenario) {
            if matches!(happening, ExternalEvent::Lookup { .. }) {
                assert!(time.as_nanos() % secs(15).as_nanos() <= secs(10).as_nanos());
                lookups += 1;
            }
        }
        // 20 a second for 2,400 s: standard deviation 219.
        assert!((46_900..49_100).contains(&lookups), "{lookups}");
    }
}

#[test]
fn everybody_may_be_gone_for_good() {
    let mut scenario = busy();
    scenario.population.permanent = 0;
    scenario.churn.process = ChurnProcess::None;
    scenario.events = vec![ScheduledEvent { at: at(60), action: Action::Crash(Amount::Fraction(1.0).into()) }];
    let mut agenda = Agenda::new(&scenario);
    agenda.by_ref().for_each(drop);
    assert_eq!((agenda.live(), agenda.peek_time()), (0, Time::NEVER));
}

#[test]
fn a_schedule_file_may_name_sparse_numbers_and_ends_with_the_run() {
    let mut scenario = quiet(3);
    let entry = |seconds, node, action| ScheduleEntry { time: at(seconds), node, action };
    scenario.schedule = Some(Arc::new(vec![
        entry(1, 4_000_000_000, ScheduleAction::Join),
        entry(2, 4_000_000_000, ScheduleAction::Lookup(77)),
        entry(2, 4_000_000_000, ScheduleAction::Leave),
        entry(2, 0, ScheduleAction::Crash),
        entry(4_000, 1, ScheduleAction::Crash),
    ]));
    let expected = [
        (at(1), ExternalEvent::Join { node: 4_000_000_000 }),
        (at(2), ExternalEvent::Lookup { node: 4_000_000_000, key: 77 }),
        (at(2), ExternalEvent::Depart { node: 4_000_000_000, graceful: true }),
        (at(2), ExternalEvent::Depart { node: 0, graceful: false }),
    ];
    assert_eq!(play(&scenario), expected);
    assert_eq!(check_promises(&scenario, usize::MAX), 4);
}

/// Any law of sessions or downtimes with a finite mean, of seconds to minutes.
fn law() -> impl Strategy<Value = Distribution> {
    let length = (1_000u64..200_000).prop_map(Duration::from_millis).boxed();
    prop_oneof![
        // Whole seconds, so that things happen at the same instant.
        (1u64..100).prop_map(|length| Distribution::Fixed(secs(length))),
        (0u64..50, 0u64..50)
            .prop_map(|(from, more)| Distribution::Uniform { from: secs(from), to: secs(from + more + 1) }),
        length.clone().prop_map(|mean| Distribution::Exponential { mean }),
        (0.4f64..3.0, length.clone()).prop_map(|(shape, scale)| Distribution::Weibull { shape, scale }),
        (1.05f64..4.0, length.clone()).prop_map(|(shape, minimum)| Distribution::Pareto { shape, minimum }),
        (0.0f64..2.5, length).prop_map(|(sigma, median)| Distribution::LogNormal { median, sigma }),
    ]
}

fn process() -> impl Strategy<Value = ChurnProcess> {
    let every = || prop_oneof![Just(Duration::MAX), (1u64..100_000).prop_map(Duration::from_millis)];
    prop_oneof![
        Just(ChurnProcess::None),
        (law(), law()).prop_map(|(session, downtime)| ChurnProcess::OnOff { session, downtime }),
        law().prop_map(|session| ChurnProcess::Steady { session }),
        (every(), every())
            .prop_map(|(joins_every, departures_every)| ChurnProcess::Poisson { joins_every, departures_every }),
    ]
}

fn event() -> impl Strategy<Value = ScheduledEvent> {
    let amount = || prop_oneof![(0.0f64..=1.0).prop_map(Amount::Fraction), (0u32..150).prop_map(Amount::Count)];
    let action = prop_oneof![
        amount().prop_map(|amount| Action::Crash(amount.into())),
        amount().prop_map(|amount| Action::Leave(amount.into())),
        (0u32..100, 0u64..30).prop_map(|(count, over)| Action::Join { count, over: secs(over) }),
        Just(Action::Partition { shares: vec![0.25, 0.75] }),
        Just(Action::Heal),
        proptest::option::of(1u64..60).prop_map(|lasts| Action::Link {
            link: Link { between: vec![Between { from: 1, to: 1 }], effect: LinkEffect::Cut },
            lasts: lasts.map_or(Duration::MAX, secs),
        }),
        Just(Action::Mend),
        Just(Action::Quiet),
    ];
    (0u64..130, action).prop_map(|(seconds, action)| ScheduledEvent { at: at(seconds), action })
}

fn scenario() -> impl Strategy<Value = Scenario> {
    let population = (1u32..100, 0u32..10, proptest::option::of(0u64..5_000));
    let arrivals = prop_oneof![
        Just(Arrivals::None),
        (100u64..100_000).prop_map(|mean| Arrivals::PerNode(Duration::from_millis(mean))),
        (10u64..10_000).prop_map(|mean| Arrivals::Network(Duration::from_millis(mean))),
    ];
    let events = proptest::collection::vec(event(), 0..12);
    let chance = (any::<u64>(), any::<bool>(), 0.0f64..=1.0);
    (population, process(), arrivals, events, chance).prop_map(|(population, process, arrivals, mut events, chance)| {
        let (nodes, permanent, join_every_ms) = population;
        let (seed, fresh, graceful) = chance;
        let mut scenario = quiet(nodes);
        scenario.seed.seed = seed;
        scenario.population.permanent = permanent.min(nodes);
        if let Some(every) = join_every_ms {
            scenario.population.start = Start::Joining { join_every: Duration::from_millis(every) };
        }
        scenario.churn.process = process;
        scenario.churn.graceful = graceful;
        scenario.churn.at_start = if fresh { AtStart::Fresh } else { AtStart::Equilibrium };
        scenario.workload.arrivals = arrivals;
        events.sort_by_key(|event| event.at);
        scenario.events = events;
        scenario.measurement.duration = secs(120);
        scenario
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_scenario_keeps_every_promise_and_can_be_replayed(scenario in scenario()) {
        // Nearly all of them end before; a few have very many short sessions.
        let happened = check_promises(&scenario, 50_000);
        if happened < 50_000 {
            prop_assert_eq!(play(&record(&scenario)), play(&scenario));
        }
    }
}
