//! A hand-made report, for the tests of files and tables.

use super::results::{Provenance, Run};
use crate::engine::random::Seed;
use crate::engine::time::{Duration, Time};
use crate::observe::report::{
    LookupRecord, MessageBalance, Outcome, Outcomes, RequestCounts, RunReport, Statistics, Summary, Traffic, Volume,
    Warning,
};

/// Statistics with something in every figure.
pub fn statistics() -> Statistics {
    Statistics {
        start: Time::ZERO + Duration::from_secs(1_200),
        duration: Duration::from_secs(3_600),
        live_nodes_mean: 9_998.25,
        members_mean: 9_990.5,
        joins: 29_876,
        departures: 29_870,
        leaves: 2_987,
        join_time_ms: Summary { count: 29_870, mean: Some(412.5), ..Summary::default() },
        outcomes: Outcomes { correct: 592_000, wrong_owner: 720, failed: 7_200, aborted: 203 },
        not_started: 17,
        hops: summary(592_720, [6.25, 6.0, 9.0, 11.0, 17.0]),
        latency_ms: summary(592_720, [812.4, 740.1, 1_450.0, 2_210.5, 5_012.75]),
        rpcs_mean: Some(7.125),
        timeouts_mean: Some(0.41),
        requests: RequestCounts { sent: 20_000_000, timed_out: 400_000, falsely: 1_000 },
        correct_after_false_timeout: 150,
        failures_after_false_timeout: 16,
        traffic: vec![
            Traffic {
                kind: "find_successor",
                lookup: Volume { messages: 7_200_000, bytes: 201_600_000 },
                maintenance: Volume { messages: 14_400_000, bytes: 403_200_000 },
            },
            Traffic {
                kind: "notify",
                lookup: Volume::default(),
                maintenance: Volume { messages: 1_200_000, bytes: 28_800_000 },
            },
        ],
        health: vec![("wrong_successor_share", Some(0.0021)), ("wrong_finger_share", None)],
    }
}

/// A stretch in which nobody lived and nothing happened.
pub fn nothing_happened() -> Statistics {
    let none = |_: &Summary| Summary::default();
    let full = statistics();
    Statistics {
        live_nodes_mean: 0.0,
        members_mean: 0.0,
        joins: 0,
        departures: 0,
        leaves: 0,
        join_time_ms: none(&full.join_time_ms),
        outcomes: Outcomes::default(),
        not_started: 0,
        hops: Summary::default(),
        latency_ms: Summary::default(),
        rpcs_mean: None,
        timeouts_mean: None,
        requests: RequestCounts::default(),
        correct_after_false_timeout: 0,
        failures_after_false_timeout: 0,
        traffic: full.traffic.iter().map(|traffic| Traffic { kind: traffic.kind, ..nothing_sent() }).collect(),
        health: full.health.iter().map(|(name, _)| (*name, None)).collect(),
        ..full
    }
}

fn nothing_sent() -> Traffic {
    Traffic { kind: "", lookup: Volume::default(), maintenance: Volume::default() }
}

fn summary(count: u64, [mean, p50, p95, p99, max]: [f64; 5]) -> Summary {
    Summary { count, mean: Some(mean), p50: Some(p50), p95: Some(p95), p99: Some(p99), max: Some(max) }
}

/// A run of two windows, the second empty and shorter.
pub fn run() -> Run {
    let second = Statistics {
        start: Time::ZERO + Duration::from_millis(4_770_500),
        duration: Duration::from_millis(29_500),
        ..nothing_happened()
    };
    Run {
        name: "churn20m".to_owned(),
        nodes: 10_000,
        seed: Seed { seed: 20, replicate: 0 },
        report: RunReport {
            protocol: "chord",
            fingerprint: "3f2a9c0d5b7e1846".to_owned(),
            events: 123_456_789,
            total: statistics(),
            windows: vec![statistics(), second],
            hops: vec![3, 0, 592_717, 0],
            kinds: Vec::new(),
            load: None,
            in_flight: 12,
            messages: MessageBalance { sent: 100, delivered: 90, lost: 5, dropped: 3, in_flight: 2 },
            warnings: vec![Warning::FewLookups { judged: 40 }],
            healing: None,
        },
    }
}

/// What the run was made from.
pub fn provenance() -> Provenance {
    Provenance {
        scenario: serde_json::json!({ "name": "churn20m", "seed": 20, "population": { "nodes": 10_000 } }),
        scenario_hash: "00ff".to_owned(),
        inputs: vec![
            ("data/latency.csv".to_owned(), "11ee".to_owned()),
            ("/home/somebody/schedule.csv".to_owned(), "22dd".to_owned()),
        ],
    }
}

/// A lookup of each outcome.
pub fn lookups() -> [LookupRecord; 4] {
    let correct = LookupRecord {
        number: 0,
        started: Time::from_nanos(1_200_000_000_001),
        ended: Time::from_nanos(1_200_412_500_001),
        node: 17,
        node_arrived: Time::from_nanos(900_000_000_000),
        key: u64::MAX,
        outcome: Outcome::Correct,
        answer: Some(5),
        owner: Some(5),
        hops: Some(6),
        rpcs: 7,
        timeouts: 1,
        false_timeouts: 0,
    };
    let wrong = LookupRecord { number: 2, outcome: Outcome::WrongOwner, answer: Some(9), ..correct };
    let failed = LookupRecord { number: 1, outcome: Outcome::Failed, answer: None, owner: None, hops: None, ..correct };
    let aborted = LookupRecord { number: 3, outcome: Outcome::Aborted, ..failed };
    [correct, wrong, failed, aborted]
}
