//! Damage that leaves the ring connected heals: once nobody comes or goes and nothing is lost, maintenance by the
//! corrected rules brings back one exact ring.

mod chord_support;

use chord_support::{at, exponential, health, play, quiet, secs};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use torus_sim::engine::time::Duration;
use torus_sim::observe::report::Statistics;
use torus_sim::protocols::chord::{Config, FingersPerRound, Routing};
use torus_sim::scenario::{Action, Amount, Latency, Measurement, Scenario, ScheduledEvent, Start};

fn check_one_exact_ring(end: &Statistics) {
    let figures = ["wrong_successor_share", "dead_successor_share", "one_ring", "ring_member_share", "rings"];
    assert_eq!(figures.map(|name| health(end, name)), [0.0, 0.0, 1.0, 1.0, 1.0], "{:?}", end.health);
}

fn damage() -> impl Strategy<Value = Action> {
    prop_oneof![
        (0.0f64..0.4).prop_map(|share| Action::Crash(Amount::Fraction(share).into())),
        (0.0f64..0.4).prop_map(|share| Action::Leave(Amount::Fraction(share).into())),
        (1u32..40, 0u64..10).prop_map(|(count, over)| Action::Join { count, over: secs(over) }),
    ]
}

fn damaged() -> impl Strategy<Value = Scenario> {
    let events = proptest::collection::vec((60u64..120, damage()), 1..3);
    (5u32..80, any::<u64>(), events, any::<bool>(), any::<bool>()).prop_map(|(nodes, seed, events, joining, drawn)| {
        let mut scenario = quiet(nodes, seed);
        if joining {
            scenario.population.start = Start::Joining { join_every: Duration::from_millis(200) };
        }
        if drawn {
            scenario.network.latency = Latency::Drawn(exponential(Duration::from_millis(40)));
        }
        scenario.events =
            events.into_iter().map(|(seconds, action)| ScheduledEvent { at: at(seconds), action }).collect();
        scenario.events.sort_by_key(|event| event.at);
        // Nodes that join one gap at once are put in order at the rate of one a round: up to 120 rounds of 30 s here.
        scenario.measurement =
            Measurement { warmup: secs(0), duration: secs(3_900), window: secs(3_900), ..Measurement::default() };
        scenario
    })
}

/// So many scenarios, the same in every run.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(3), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn moderate_damage_heals(
        scenario in damaged(),
        successors in 4u32..9,
        notify_old_predecessor: bool,
        way in 0usize..3,
    ) {
        let routing = [Routing::Iterative, Routing::Recursive, Routing::SemiRecursive][way];
        let config = Config { successors, notify_old_predecessor, routing, ..Config::default() };
        check_one_exact_ring(play(&scenario, &config).windows.last().expect("one window"));
    }
}

#[test]
fn after_ten_minutes_of_loss_and_churn_the_ring_is_one_again() {
    for seed in 0..4 {
        let mut scenario = quiet(60, seed);
        scenario.events = (1..20)
            .flat_map(|turn| {
                let (crash, join) = (Action::Crash(Amount::Count(3).into()), Action::Join { count: 3, over: secs(10) });
                [crash, join].map(|action| ScheduledEvent { at: at(30 * turn), action })
            })
            .collect();
        scenario.measurement =
            Measurement { warmup: secs(0), duration: secs(1_500), window: secs(1_500), ..Measurement::default() };
        let config = Config { successors: 8, fingers_per_round: FingersPerRound::All, ..Config::default() };
        let end = play(&scenario, &config).windows.pop().expect("one window");
        check_one_exact_ring(&end);
        assert_eq!(health(&end, "wrong_finger_share"), 0.0);
    }
}

#[test]
fn one_lost_packet_in_twenty_does_not_part_a_small_ring_for_long() {
    for nodes in [2, 3, 5] {
        let mut scenario = quiet(nodes, 9);
        scenario.network.loss = 0.05;
        scenario.measurement =
            Measurement { warmup: secs(0), duration: secs(40_000), window: secs(100), ..Measurement::default() };
        let windows = play(&scenario, &Config { successors: 2.min(nodes - 1), ..Config::default() }).windows;
        let exact = |window: &&Statistics| health(window, "wrong_successor_share") == 0.0;
        let share = windows.iter().filter(exact).count() as f64 / windows.len() as f64;
        assert!(share > 0.5, "{nodes} nodes: exact {share} of the time");
        assert!(windows[windows.len() - 20..].iter().any(|window| exact(&window)));
    }
}
