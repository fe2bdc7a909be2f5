//! The library as others use it: the examples play what they promise.

#[path = "../examples/toy_protocol.rs"]
mod toy_protocol;

use std::sync::Arc;
use torus_sim::engine::time::Time;
use torus_sim::node::Protocol;
use torus_sim::observe::report::MessageBalance;
use torus_sim::scenario::{self, ScheduleAction, ScheduleEntry, Source};
use torus_sim::simulation::{Options, Simulation};
use toy_protocol::Walk;

#[test]
fn the_toy_protocol_plays_as_it_says() {
    toy_protocol::main();
}

/// Two nodes, 50 ms apart. One looks keys up at 1 s, the other crashes at `crash`.
fn balance(crash: Time) -> MessageBalance {
    let text = "name = 'two'\nprotocol = 'walk'\npopulation.nodes = 2\nnetwork.latency.constant.delay = '50ms'\n\
                measurement.duration = '10s'\n";
    let source = Source::from_text("two", text);
    let loaded = scenario::load(source, &[], &[Walk::NAME], |table, _name, _facts| Some(Walk::from_table(table)));
    let mut loaded = loaded.unwrap_or_else(|problems| panic!("{problems}"));
    let start = Time::from_nanos(1_000_000_000);
    let lookup = |key| ScheduleEntry { time: start, node: 0, action: ScheduleAction::Lookup(key) };
    let mut schedule: Vec<ScheduleEntry> = (0..16).map(|sixteenth| lookup(sixteenth << 60)).collect();
    schedule.push(ScheduleEntry { time: crash, node: 1, action: ScheduleAction::Crash });
    loaded.scenario.schedule = Some(Arc::new(schedule));
    Simulation::new(&loaded.scenario, loaded.protocol, Options::default()).play().messages
}

#[test]
fn what_comes_from_outside_comes_before_what_nodes_cause_at_the_same_instant() {
    let arrival = 1_050_000_000;
    let dead = balance(Time::from_nanos(arrival));
    assert!(dead.sent > 0, "every key belongs to the next node: {dead:?}");
    assert_eq!((dead.delivered, dead.dropped), (0, dead.sent));
    let alive = balance(Time::from_nanos(arrival + 1));
    assert_eq!((alive.delivered, alive.dropped), (alive.sent, 0), "each request and its reply");
    assert_eq!(alive.sent, 2 * dead.sent);
}
