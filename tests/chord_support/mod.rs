//! Scenarios made by hand for the tests of whole Chord networks, and what they record.
#![allow(dead_code)] // Each test program uses its own share.

use torus_sim::engine::distribution::Distribution;
use torus_sim::engine::random::Seed;
use torus_sim::engine::time::{Duration, Time};
use torus_sim::observe::Unwatched;
use torus_sim::observe::report::{LookupRecord, Recorder, RunReport, Statistics};
use torus_sim::protocols::chord::{Chord, Config};
use torus_sim::scenario::{
    Arrivals, AtStart, Churn, ChurnProcess, Keys, Latency, Measurement, Network, Population, ReturnIdentifier,
    RpcTimeout, Scenario, ScheduleEntry, Start, Workload,
};
use torus_sim::simulation::{Options, Simulation};

pub const NEVER: Distribution = Distribution::Fixed(Duration::MAX);

pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub fn at(seconds: u64) -> Time {
    Time::ZERO + secs(seconds)
}

pub fn exponential(mean: Duration) -> Distribution {
    Distribution::Exponential { mean }
}

/// An exact ring in which nobody comes or goes and nobody looks anything up, for ten minutes.
pub fn quiet(nodes: u32, seed: u64) -> Scenario {
    Scenario {
        name: "test".into(),
        description: String::new(),
        seed: Seed { seed, replicate: 0 },
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
            graceful: 0.0,
            return_identifier: ReturnIdentifier::Fresh,
            at_start: AtStart::Equilibrium,
        },
        workload: Workload { arrivals: Arrivals::None, keys: Keys::Uniform },
        events: vec![],
        schedule: None,
        measurement: Measurement {
            warmup: Duration::ZERO,
            duration: secs(600),
            window: secs(60),
            ..Measurement::default()
        },
    }
}

/// A network that does nothing but look up.
pub fn without_maintenance(config: Config) -> Config {
    Config { stabilize_every: NEVER, fix_fingers_every: NEVER, check_predecessor_every: NEVER, ..config }
}

/// Keeps what a run tells it.
#[derive(Default)]
pub struct Kept {
    pub lookups: Vec<LookupRecord>,
    pub schedule: Vec<ScheduleEntry>,
}

impl Recorder for Kept {
    fn lookup(&mut self, record: &LookupRecord) {
        self.lookups.push(*record);
    }
    fn scheduled(&mut self, entry: &ScheduleEntry) {
        self.schedule.push(*entry);
    }
}

pub fn play(scenario: &Scenario, config: &Config) -> RunReport {
    play_with(scenario, config, Options::default()).0
}

pub fn play_with(scenario: &Scenario, config: &Config, options: Options) -> (RunReport, Kept) {
    let mut kept = Kept::default();
    let report = Simulation::new(scenario, Chord::new(config.clone()), options).run(&mut Unwatched, &mut kept);
    (report.expect("nobody stops it"), kept)
}

/// A figure of health by its column name.
pub fn health(statistics: &Statistics, name: &str) -> f64 {
    let column = statistics.health.iter().find(|(column, _)| *column == name).expect("a column of Chord");
    column.1.expect("measured")
}
