//! What the options of Chord and of the measurement do that the papers' experiments use.

mod chord_support;

use chord_support::{at, exponential, health, play, play_with, quiet, secs, without_maintenance};
use torus_sim::engine::distribution::Distribution;
use torus_sim::engine::time::Duration;
use torus_sim::node::MessageSizes;
use torus_sim::observe::report::{RunReport, Traffic};
use torus_sim::protocols::chord::{
    Config, EndsAt, FingerTurns, HandsOver, ListRefresh, NextHop, Notify, Periods, Routing,
};
use torus_sim::scenario::{
    Action, Amount, Arrivals, ChurnProcess, Keys, Latency, Measurement, OwnerOf, RpcTimeout, Scenario, ScheduledEvent,
    Start,
};
use torus_sim::simulation::Options;

/// Of 300 nodes a share crashes at once; then there are some 3,000 lookups.
fn after_a_crash(share: f64) -> Scenario {
    let mut scenario = quiet(300, 4);
    scenario.events = vec![ScheduledEvent { at: at(1), action: Action::Crash(Amount::Fraction(share).into()) }];
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
    let crash = Action::Crash(Amount::Fraction(0.45).into());
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

/// Maintenance messages of a kind, and their bytes.
fn upkeep(report: &RunReport, kind: &str) -> (u64, u64) {
    let found = report.total.traffic.iter().find(|traffic| traffic.kind == kind).expect("a kind");
    (found.maintenance.messages, found.maintenance.bytes)
}

/// An exact ring of 200 that stabilises every 30 s for ten minutes, and does nothing else.
fn rounds_of(config: Config) -> RunReport {
    let stabilize_every = Config::default().stabilize_every;
    let config = Config { stabilize_every, ..without_maintenance(config) };
    play(&quiet(200, 1), &config)
}

/// Messages of a kind and their bytes, but for what is under way when the run ends.
fn assert_upkeep(report: &RunReport, kind: &str, messages: u64, bytes: u64) {
    let found = upkeep(report, kind);
    let are_near = |found: u64, expected: u64| found.abs_diff(expected) * 1_000 <= expected;
    assert!(are_near(found.0, messages) && are_near(found.1, bytes), "{found:?}, not {messages} and {bytes}");
}

#[test]
fn the_list_has_rounds_and_messages_of_its_own() {
    let (rounds, successors) = (200 * 20, 16);
    let copied = rounds_of(Config::default());
    // A question, and an answer with predecessor and list; and a notification.
    assert_upkeep(&copied, "stabilize", 2 * rounds, rounds * (20 + 20 + 4 * 17));
    assert_upkeep(&copied, "notify", rounds, rounds * 24);
    let own = rounds_of(Config {
        successor_list_refresh: ListRefresh::OwnRounds,
        successor_list_every: Distribution::Fixed(secs(120)),
        ..Config::default()
    });
    // The answer of a round names the predecessor alone; five rounds of the list name both.
    let lists = 200 * 5;
    let bytes = rounds * 44 + lists * (20 + 20 + 4 * (1 + successors));
    assert_upkeep(&own, "stabilize", 2 * (rounds + lists), bytes);
    let with = Config { successor_list_refresh: ListRefresh::WithNotification, ..Config::default() };
    let with = rounds_of(with);
    assert_upkeep(&with, "stabilize", 2 * rounds, rounds * 44);
    assert_upkeep(&with, "notify", 2 * rounds, rounds * (24 + 20 + 4 * successors));
}

#[test]
fn lists_that_come_apart_are_whole_again_after_a_while() {
    for successor_list_refresh in [ListRefresh::OwnRounds, ListRefresh::WithNotification] {
        let every = Distribution::Fixed(secs(60));
        let config = Config { successors: 8, successor_list_refresh, successor_list_every: every, ..Config::default() };
        let mut scenario = after_a_crash(0.2);
        scenario.events.push(ScheduledEvent { at: at(60), action: Action::Join { count: 60, over: secs(60) } });
        // Eight rounds of a minute for the list.
        scenario.measurement = Measurement { warmup: secs(1_200), duration: secs(600), ..Measurement::default() };
        let total = play(&scenario, &config).total;
        assert_eq!(total.outcomes.failure_rate(), Some(0.0));
        let crash = Action::Crash(Amount::Fraction(0.45).into());
        scenario.events.push(ScheduledEvent { at: at(1_300), action: crash });
        scenario.measurement.warmup = secs(1_700);
        let total = play(&scenario, &config).total;
        assert_eq!((health(&total, "one_ring"), health(&total, "wrong_successor_share")), (1.0, 0.0));
    }
}

#[test]
fn who_is_named_as_the_predecessor_need_not_notify() {
    let when_needed = Config { notify: Notify::WhenNeeded, ..Config::default() };
    assert_eq!(upkeep(&rounds_of(when_needed.clone()), "notify").0, 0, "the ring is exact");
    // It makes no difference to where nodes come to be.
    let mut scenario = after_a_crash(0.2);
    scenario.events.push(ScheduledEvent { at: at(60), action: Action::Join { count: 60, over: secs(60) } });
    scenario.measurement = Measurement { warmup: secs(1_200), duration: secs(600), ..Measurement::default() };
    let report = play(&scenario, &when_needed);
    for figure in ["wrong_successor_share", "dead_successor_share"] {
        assert_eq!(health(&report.total, figure), 0.0, "{figure}");
    }
    assert_eq!(report.total.outcomes.failure_rate(), Some(0.0));
}

#[test]
fn a_finger_at_the_key_is_named_as_the_owner() {
    let mut scenario = quiet(300, 4);
    scenario.workload.arrivals = Arrivals::Network(Duration::from_millis(100));
    let options = Options { record_lookups: true, ..Options::default() };
    let play_with = |keys, next_hop| {
        let mut scenario = scenario.clone();
        scenario.workload.keys = keys;
        let config = without_maintenance(Config { next_hop, ..Config::default() });
        let (report, mut kept) = play_with(&scenario, &config, options);
        assert_eq!(report.total.outcomes.correct, report.total.outcomes.lookups());
        kept.lookups.sort_by_key(|lookup| lookup.number);
        kept.lookups
    };
    let (before, at) = (play_with(Keys::LiveNodes, NextHop::BeforeKey), play_with(Keys::LiveNodes, NextHop::AtKey));
    assert!(before.len() > 5_000);
    for (before, at) in before.iter().zip(&at) {
        assert_eq!((before.key, before.answer), (at.key, at.answer));
        // The way is the same, and ends at the first node on it that knows the owner.
        assert!(at.hops <= before.hops, "{before:?} {at:?}");
    }
    let hops = |lookups: &[torus_sim::observe::report::LookupRecord]| {
        lookups.iter().map(|lookup| f64::from(lookup.hops.expect("an answer"))).sum::<f64>() / lookups.len() as f64
    };
    assert!(hops(&at) < 0.9 * hops(&before), "{} {}", hops(&at), hops(&before));
    // Nobody has a key at random for an identifier.
    let uniform = |next_hop| hops(&play_with(Keys::Uniform, next_hop));
    assert_eq!(uniform(NextHop::AtKey), uniform(NextHop::BeforeKey));
}

#[test]
fn without_farewells_a_leave_is_like_a_crash() {
    let after = |action: Action, farewells| {
        let mut scenario = after_a_crash(0.0);
        scenario.events = vec![ScheduledEvent { at: at(1), action }];
        play(&scenario, &patient(Config { farewells, ..Config::default() }))
    };
    let share = Amount::Fraction(0.05);
    let (told, silent) = (after(Action::Leave(share.into()), true), after(Action::Leave(share.into()), false));
    let crashed = after(Action::Crash(share.into()), true);
    assert!(
        told.total.outcomes.wrong_owner < silent.total.outcomes.wrong_owner / 3,
        "{:?} {:?}",
        told.total.outcomes,
        silent.total.outcomes
    );
    assert_eq!(silent.total.outcomes, crashed.total.outcomes);
    assert_eq!(silent.total.timeouts_mean, crashed.total.timeouts_mean);
}

#[test]
fn a_leave_that_hands_over_the_last_successor_alone_leaves_its_neighbour_behind() {
    // Neighbours leave one after the other: that the second has left before, the first tells with its whole list only.
    let wrong = |farewell_hands_over| {
        let mut scenario = after_a_crash(0.0);
        let action = Action::Leave(Amount::Fraction(0.1).into());
        scenario.events = (1..5).map(|s| ScheduledEvent { at: at(s), action: action.clone() }).collect();
        scenario.measurement.warmup = secs(10);
        play(&scenario, &patient(Config { farewell_hands_over, ..Config::default() })).total.outcomes.wrong_owner
    };
    let (list, last) = (wrong(HandsOver::SuccessorList), wrong(HandsOver::LastSuccessor));
    // Farther apart than four standard errors of two counts.
    assert!(last > list && (last - list).pow(2) > 16 * (last + list), "{last} {list}");
}

#[test]
fn where_owners_must_agree_nodes_join_at_their_places_only() {
    let wrong = |owner_agrees| {
        let mut scenario = quiet(600, 1);
        scenario.network.latency = Latency::Drawn(Distribution::Fixed(Duration::from_millis(100)));
        scenario.population.start = Start::Joining { join_every: Duration::from_millis(20) };
        scenario.measurement = Measurement { warmup: secs(25), duration: secs(2), ..Measurement::default() };
        let config = Config {
            successors: 8,
            stabilize_to_end: true,
            notify_old_predecessor: true,
            adopt_joining: true,
            confirm_owner: true,
            owner_agrees,
            ..Config::default()
        };
        health(&play(&scenario, &config).total, "wrong_successor_share")
    };
    let (agreed, alive) = (wrong(true), wrong(false));
    // The joins are just over, and only a round or none has mended anything.
    assert!(agreed < 0.2 * alive && alive > 0.1, "{agreed} {alive}");
}

/// Rounds of 30 s until 60 nodes that join a ring of two, all in so many seconds, have their places.
fn rounds_to_order(over: u64, config: &Config) -> u64 {
    (1..120)
        .find(|rounds| {
            let mut scenario = quiet(2, 1);
            scenario.events = vec![ScheduledEvent { at: at(1), action: Action::Join { count: 60, over: secs(over) } }];
            let warmup = secs(over + 30 * rounds);
            scenario.measurement = Measurement { warmup, duration: secs(1), ..Measurement::default() };
            health(&play(&scenario, config).total, "wrong_successor_share") == 0.0
        })
        .expect("a ring that comes into order")
}

#[test]
fn joins_one_after_another_have_their_places_within_a_round_and_those_at_once_with_rounds_to_the_end() {
    let plain = Config { successors: 1, ..Config::default() };
    let told = Config { notify_old_predecessor: true, ..plain.clone() };
    let to_the_end = Config { stabilize_to_end: true, ..told.clone() };
    // Some thirty in each of two gaps, and each round brings one of them into its place.
    assert!(rounds_to_order(0, &plain) > 20);
    assert!(rounds_to_order(0, &told) > 20);
    assert!(rounds_to_order(0, &to_the_end) <= 3);
    // A join takes half a second.
    assert!(rounds_to_order(60, &plain) > 20);
    assert!(rounds_to_order(60, &told) <= 1);
}

#[test]
fn sizes_of_messages_are_a_matter_of_counting() {
    let mut scenario = after_a_crash(0.2);
    let mut bytes = |header_bytes, sender_bytes, key_bytes, contact_bytes| {
        scenario.measurement.message_sizes = MessageSizes { header_bytes, sender_bytes, key_bytes, contact_bytes };
        let report = play(&scenario, &Config::default());
        let sums = report.total.traffic.iter().map(|kind| (kind.maintenance, kind.lookup));
        let sums: Vec<(u64, u64)> = sums
            .map(|(maintenance, lookups)| (maintenance.messages + lookups.messages, maintenance.bytes + lookups.bytes))
            .collect();
        (report.fingerprint, sums)
    };
    let (fingerprint, headers) = bytes(1, 0, 0, 0);
    assert!(headers.iter().all(|(messages, bytes)| messages == bytes), "{headers:?}");
    let parts = [headers, bytes(0, 1, 0, 0).1, bytes(0, 0, 1, 0).1, bytes(0, 0, 0, 1).1];
    // OverSim's sizes.
    let (with_sizes, sums) = bytes(33, 0, 20, 26);
    assert_eq!(with_sizes, fingerprint);
    for (kind, (_, sum)) in sums.iter().enumerate() {
        assert_eq!(*sum, 33 * parts[0][kind].1 + 20 * parts[2][kind].1 + 26 * parts[3][kind].1);
    }
    let (_, by_default) = bytes(20, 4, 4, 4);
    for (kind, (_, sum)) in by_default.iter().enumerate() {
        let carried: u64 = parts[1..].iter().map(|part| part[kind].1).sum();
        assert_eq!(*sum, 20 * parts[0][kind].1 + 4 * carried);
    }
}

/// Maintenance messages and bytes, and the mean latency, of a ring after an hour of quiet.
fn after_an_hour(nodes: u32, is_joining: bool, config: &Config) -> [f64; 3] {
    let mut scenario = quiet(nodes, 3);
    // At one every 3 s of 1,000 some would not have their places yet: in a small ring many join at the same one, and
    // each round brings one of them into it.
    let (start, warmup) = match is_joining {
        true => (Start::Joining { join_every: secs(10) }, 3_600 + 10 * u64::from(nodes)),
        false => (Start::Converged, 3_600),
    };
    scenario.population.start = start;
    scenario.network.latency = Latency::Drawn(exponential(Duration::from_millis(50)));
    scenario.network.rpc_timeout = RpcTimeout::Fixed(secs(1));
    scenario.workload.arrivals = Arrivals::Network(secs(1));
    scenario.measurement = Measurement { warmup: secs(warmup), duration: secs(3_600), ..Measurement::default() };
    let total = play(&scenario, config).total;
    for share in ["wrong_successor_share", "wrong_finger_share"] {
        assert_eq!(health(&total, share), 0.0, "{share}, {nodes} nodes");
    }
    let sum = |of: fn(&Traffic) -> u64| total.traffic.iter().map(of).sum::<u64>() as f64;
    let [messages, bytes] = [sum(|kind| kind.maintenance.messages), sum(|kind| kind.maintenance.bytes)];
    [messages, bytes, total.latency_ms.mean.expect("lookups")]
}

/// Expected: what the same nodes come to that join one after the other.
fn is_what_joins_lead_to(nodes: u32) {
    let recursive = Config { routing: Routing::Recursive, ..Config::default() };
    let by_bits = Config { finger_turns: FingerTurns::Bits, ..Config::default() };
    for config in [Config::default(), recursive, by_bits] {
        let (converged, joined) = (after_an_hour(nodes, false, &config), after_an_hour(nodes, true, &config));
        for (found, expected) in converged.iter().zip(&joined) {
            assert!((found / expected - 1.0).abs() <= 0.05, "{nodes} nodes: {converged:?}, after joins {joined:?}");
        }
    }
}

#[test]
fn a_converged_start_is_what_joins_lead_to() {
    is_what_joins_lead_to(200);
}

#[test]
#[ignore = "takes half a minute in release builds; .ci/run runs it"]
fn a_converged_start_is_what_joins_lead_to_in_a_larger_network() {
    is_what_joins_lead_to(1_000);
}
