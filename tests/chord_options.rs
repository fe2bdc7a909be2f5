//! What the options of Chord and of the measurement do that the papers' experiments use.

mod chord_support;

use chord_support::{at, exponential, health, play, play_with, quiet, secs, without_maintenance};
use torus_sim::engine::distribution::Distribution;
use torus_sim::engine::time::Duration;
use torus_sim::protocol::chord::{Config, EndsAt, ListRefresh, Periods};
use torus_sim::scenario::{Action, Amount, Arrivals, ChurnProcess, Measurement, OwnerOf, Scenario, ScheduledEvent};
use torus_sim::simulation::Options;

/// Of 300 nodes a share crashes at once; then there are some 3,000 lookups.
fn after_a_crash(share: f64) -> Scenario {
    let mut scenario = quiet(300, 4);
    scenario.events = vec![ScheduledEvent { at: at(1), action: Action::Crash(Amount::Fraction(share)) }];
    scenario.workload.arrivals = Arrivals::Network(Duration::from_millis(100));
    scenario.measurement = Measurement { warmup: secs(2), duration: secs(300), ..Measurement::default() };
    scenario
}

fn patient(config: Config) -> Config {
    without_maintenance(Config { retries: 200, lookup_deadline: secs(600), ..config })
}

#[test]
fn an_owner_that_is_confirmed_is_alive() {
    let plain = play(&after_a_crash(0.3), &patient(Config::default())).total;
    assert!(plain.outcomes.wrong_owner > 300, "nobody asks whether the owner lives: {:?}", plain.outcomes);
    let confirmed = play(&after_a_crash(0.3), &patient(Config { confirm_owner: true, ..Config::default() })).total;
    assert_eq!((confirmed.outcomes.wrong_owner, confirmed.outcomes.failed), (0, 0));
    assert!(confirmed.timeouts_mean > plain.timeouts_mean && confirmed.rpcs_mean > plain.rpcs_mean);
}

#[test]
fn tables_that_lookups_do_not_mend_stay_as_they_were() {
    let share = |lookups_mend_tables| {
        let total = play(&after_a_crash(0.3), &patient(Config { lookups_mend_tables, ..Config::default() })).total;
        (health(&total, "dead_successor_share"), total.timeouts_mean.expect("lookups"))
    };
    let ((mended, mended_timeouts), (left, timeouts)) = (share(true), share(false));
    assert!((left - 0.3).abs() < 0.05 && mended < left, "{mended} {left}");
    // Each of 210 nodes makes some 14 lookups: it meets most of its dead fingers once, and not again.
    assert!(mended_timeouts < 0.9 * timeouts, "{mended_timeouts} {timeouts}");
}

#[test]
fn a_lookup_can_end_at_the_predecessor() {
    let mut scenario = quiet(300, 4);
    scenario.workload.arrivals = Arrivals::Network(Duration::from_millis(100));
    let options = Options { record_lookups: true, ..Options::default() };
    let ends_at = |lookups_end_at| {
        let config = without_maintenance(Config { lookups_end_at, ..Config::default() });
        let (report, mut kept) = play_with(&scenario, &config, options);
        assert_eq!(report.total.outcomes.correct, report.total.outcomes.lookups());
        kept.lookups.sort_by_key(|lookup| lookup.number);
        kept.lookups
    };
    let (owners, predecessors) = (ends_at(EndsAt::Owner), ends_at(EndsAt::Predecessor));
    assert!(owners.len() > 5_000);
    for (owner, predecessor) in owners.iter().zip(&predecessors) {
        assert_eq!((owner.key, owner.hops, owner.rpcs), (predecessor.key, predecessor.hops, predecessor.rpcs));
        let (named, next) = (predecessor.answer.expect("an answer"), owner.answer.expect("an answer"));
        // The key lies after the predecessor and not after the owner.
        assert!(next.wrapping_sub(owner.key) < next.wrapping_sub(named), "{named} {} {next}", owner.key);
    }
}

#[test]
fn keys_that_stay_with_their_original_owners_are_lost_with_them() {
    let mut scenario = after_a_crash(0.2);
    scenario.measurement.warmup = secs(600);
    let rate = |owner| {
        let mut scenario = scenario.clone();
        scenario.measurement.owner = owner;
        play(&scenario, &Config::default()).total.outcomes.failure_rate().expect("lookups")
    };
    assert_eq!(rate(OwnerOf::Present), 0.0);
    // The arcs of 60 random nodes of 300 are 0.2 of the ring with a standard deviation of 0.03.
    assert!((rate(OwnerOf::Original) - 0.2).abs() < 0.09, "{}", rate(OwnerOf::Original));
}

#[test]
fn a_period_is_drawn_once_a_node_or_for_each_round() {
    // One law with short and long periods. Drawn for each round, the rounds come at the rate of the mean period; drawn
    // once a node, those with short periods make more rounds than the others can make up for.
    let from_to = Distribution::Uniform { from: secs(2), to: secs(58) };
    let rounds = |periods| {
        let config = without_maintenance(Config::default());
        let total = play(&quiet(200, 1), &Config { stabilize_every: from_to, periods, ..config }).total;
        let stabilize = total.traffic.iter().find(|traffic| traffic.kind == "stabilize").expect("a kind");
        // A request and its reply.
        stabilize.maintenance.messages as f64 / 2.0 / 200.0 / 600.0
    };
    let (per_round, per_node) = (rounds(Periods::PerRound), rounds(Periods::PerNode));
    assert!((per_round * 30.0 - 1.0).abs() < 0.05, "{per_round}");
    // The mean of 1 / period: ln(58 / 2) / 56.
    let expected = libm::log(58.0 / 2.0) / 56.0;
    assert!((per_node / expected - 1.0).abs() < 0.1, "{per_node}, not {expected}");
}

#[test]
fn a_list_that_is_refreshed_in_turn_is_whole_again_after_a_while() {
    let config = Config {
        successors: 8,
        successor_list_refresh: ListRefresh::InTurn,
        fingers_with_stabilize: true,
        ..Config::default()
    };
    let mut scenario = after_a_crash(0.2);
    scenario.events.push(ScheduledEvent { at: at(60), action: Action::Join { count: 60, over: secs(60) } });
    // A turn takes 8 entries and about as many fingers, 30 s each.
    scenario.measurement = Measurement { warmup: secs(2_400), duration: secs(600), ..Measurement::default() };
    let total = play(&scenario, &config).total;
    assert_eq!(total.outcomes.failure_rate(), Some(0.0));
    for figure in ["wrong_successor_share", "dead_successor_share", "wrong_finger_share"] {
        assert_eq!(health(&total, figure), 0.0, "{figure}");
    }
    // Nearly half of the nodes crash at once: only with whole lists is everybody's next live node in them.
    let crash = Action::Crash(Amount::Fraction(0.45));
    scenario.events.push(ScheduledEvent { at: at(2_500), action: crash });
    scenario.measurement.warmup = secs(2_700);
    let total = play(&scenario, &config).total;
    assert_eq!((health(&total, "one_ring"), health(&total, "wrong_successor_share")), (1.0, 0.0));
}

#[test]
fn rounds_that_take_all_steps_leave_fewer_wrong_successors() {
    let wrong = |stabilize_to_end| {
        let mut scenario = quiet(300, 2);
        scenario.churn.process = ChurnProcess::Steady { session: exponential(secs(600)) };
        scenario.measurement = Measurement { warmup: secs(600), duration: secs(3_000), ..Measurement::default() };
        let stabilize_every = exponential(secs(60));
        health(
            &play(&scenario, &Config { stabilize_to_end, stabilize_every, ..Config::default() }).total,
            "wrong_successor_share",
        )
    };
    let (one_step, all_steps) = (wrong(false), wrong(true));
    assert!(all_steps < 0.9 * one_step, "{all_steps} {one_step}");
}
