//! Identifiers of 64 bits route like longer ones: the simulator's ring against a textbook ring of 128-bit identifiers
//! that shares no code with it.

#![allow(clippy::print_stdout)] // The figures, for `cargo test -- --nocapture`.

mod chord_support;

use chord_support::{play, play_with, quiet, secs, without_maintenance};
use std::collections::BTreeMap;
use torus_sim::engine::random::{Purpose, Seed, below, mix};
use torus_sim::engine::time::Duration;
use torus_sim::node::identifier::Identifiers;
use torus_sim::protocols::chord::Config;
use torus_sim::scenario::{Arrivals, Measurement, Scenario};
use torus_sim::simulation::Options;

use rand::Rng;

/// A ring as ToN 2003, figure 5, describes it, by brute force.
struct Textbook {
    /// In order.
    nodes: Vec<u128>,
    successors: usize,
    fingers: BTreeMap<u128, Vec<u128>>,
}

/// Whether `x` lies in the open arc from `a` to `b`.
fn in_open(a: u128, x: u128, b: u128) -> bool {
    if a < b { a < x && x < b } else { x > a || x < b }
}

impl Textbook {
    /// The ring of these nodes; identifiers are the top `bits` of 128.
    fn new(mut nodes: Vec<u128>, bits: u32, successors: usize) -> Self {
        nodes.sort_unstable();
        let mut ring = Textbook { nodes, successors, fingers: BTreeMap::new() };
        for node in ring.nodes.clone() {
            let starts = (128 - bits..128).map(|bit| node.wrapping_add(1 << bit));
            let fingers = starts.map(|start| ring.successor_of(start)).collect();
            ring.fingers.insert(node, fingers);
        }
        ring
    }

    fn successor_of(&self, key: u128) -> u128 {
        self.nodes.iter().copied().find(|node| *node >= key).unwrap_or(self.nodes[0])
    }

    fn successor_list(&self, node: u128) -> impl Iterator<Item = u128> + '_ {
        let place = self.nodes.iter().position(|other| *other == node).unwrap();
        self.nodes.iter().copied().cycle().skip(place + 1).take(self.successors)
    }

    fn closest_preceding_node(&self, node: u128, key: u128) -> u128 {
        let known = self.fingers[&node].iter().copied().chain(self.successor_list(node));
        let preceding = known.filter(|other| in_open(node, *other, key));
        preceding.max_by_key(|other| other.wrapping_sub(node)).unwrap_or(node)
    }

    /// The nodes that a lookup from `node` asks, and the owner.
    fn path(&self, node: u128, key: u128) -> (Vec<u128>, u128) {
        let mut path = vec![];
        let mut at = node;
        loop {
            let successor = self.successor_list(at).next().unwrap();
            if in_open(at, key, successor) || key == successor {
                return (path, successor);
            }
            at = self.closest_preceding_node(at, key);
            path.push(at);
        }
    }
}

fn looking_up(nodes: u32, seed: u64, lookups: u64) -> Scenario {
    let mut scenario = quiet(nodes, seed);
    scenario.workload.arrivals = Arrivals::Network(Duration::from_nanos(10_000_000_000 / lookups));
    scenario.measurement =
        Measurement { warmup: Duration::ZERO, duration: secs(12), window: secs(12), ..Measurement::default() };
    scenario
}

fn plain(successors: usize) -> Config {
    without_maintenance(Config { successors: successors as u32, ..Config::default() })
}

/// 128 bits whose upper half is `top`; the lower follows from it.
fn widen(top: u64) -> u128 {
    u128::from(top) << 64 | u128::from(mix(top ^ 0x5555))
}

#[test]
fn longer_identifiers_take_identical_paths() {
    for (nodes, successors, seed) in [(512, 1, 1), (512, 8, 2), (1024, 1, 3), (2048, 16, 4)] {
        let scenario = looking_up(nodes, seed, 1_500);
        let options = Options { record_lookups: true, ..Options::default() };
        let (_, kept) = play_with(&scenario, &plain(successors), options);
        assert!(kept.lookups.len() > 1_200);
        let identifiers = Identifiers::new(scenario.seed, 64);
        let ids: Vec<u64> = (0..u64::from(nodes)).map(|serial| identifiers.identifier(serial)).collect();
        let short = Textbook::new(ids.iter().map(|id| u128::from(*id) << 64).collect(), 64, successors);
        let wide = Textbook::new(ids.iter().map(|id| widen(*id)).collect(), 128, successors);
        for lookup in kept.lookups {
            let id = ids[lookup.node as usize];
            let (short_path, short_owner) = short.path(u128::from(id) << 64, u128::from(lookup.key) << 64);
            let (wide_path, wide_owner) = wide.path(widen(id), widen(lookup.key));
            let tops = |path: Vec<u128>| path.into_iter().map(|id| (id >> 64) as u64).collect::<Vec<_>>();
            let (short_path, wide_path) = (tops(short_path), tops(wide_path));
            assert_eq!(short_path, wide_path);
            assert_eq!(short_owner >> 64, wide_owner >> 64);
            // And the simulator's ring is the textbook's.
            assert_eq!(lookup.hops, Some(wide_path.len() as u32), "{lookup:?}");
            assert_eq!(lookup.answer, Some((wide_owner >> 64) as u64));
        }
    }
}

/// Shares of lookups by hops in one ring of random identifiers of 128 bits.
fn wide_ring(nodes: u32, seed: u64, lookups: u32) -> Vec<f64> {
    let mut random = Seed { seed, replicate: 7 }.stream(Purpose::Workload);
    let mut draw = || u128::from(random.next_u64()) << 64 | u128::from(random.next_u64());
    let ids: Vec<u128> = (0..nodes).map(|_| draw()).collect();
    let keys: Vec<u128> = (0..lookups).map(|_| draw()).collect();
    let ring = Textbook::new(ids.clone(), 128, 1);
    let mut counts = vec![0.0; 32];
    for key in keys {
        let from = ids[below(&mut random, u64::from(nodes)) as usize];
        counts[ring.path(from, key).0.len()] += 1.0 / f64::from(lookups);
    }
    counts
}

/// The same in the simulator, where they have 64 bits.
fn simulated_ring(nodes: u32, seed: u64, lookups: u32) -> Vec<f64> {
    let report = play(&looking_up(nodes, seed, u64::from(lookups)), &plain(1));
    let all: u64 = report.hops.iter().sum();
    let mut shares: Vec<f64> = report.hops.iter().map(|count| *count as f64 / all as f64).collect();
    shares.resize(32, 0.0);
    shares
}

fn mean(shares: &[f64]) -> f64 {
    (0..).zip(shares).map(|(hops, share)| f64::from(hops) * share).sum()
}

/// Mean and squared standard error over rings.
fn over_rings(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (count - 1.0);
    (mean, variance / count)
}

#[test]
fn path_lengths_are_those_of_a_ring_of_128_bits() {
    const RINGS: u64 = 10;
    for nodes in [512, 1024] {
        let wide: Vec<Vec<f64>> = (0..RINGS).map(|seed| wide_ring(nodes, seed, 2_000)).collect();
        let simulated: Vec<Vec<f64>> = (0..RINGS).map(|seed| simulated_ring(nodes, seed, 8_000)).collect();
        let figure = |figure: &dyn Fn(&[f64]) -> f64| {
            let of = |rings: &[Vec<f64>]| over_rings(&rings.iter().map(|ring| figure(ring)).collect::<Vec<_>>());
            let ((wide, wide_error), (simulated, simulated_error)) = (of(&wide), of(&simulated));
            (wide, simulated, (wide_error + simulated_error).sqrt())
        };
        let (expected, found, error) = figure(&mean);
        println!("{nodes} nodes: mean path {found:.3} in 64 bits, {expected:.3} in 128, error {error:.3}");
        assert!((found - expected).abs() < 4.0 * error && error < 0.05, "{nodes} nodes: {found}, {expected}, {error}");
        for hops in 0..12 {
            let (expected, found, error) = figure(&|ring| ring[hops]);
            assert!((found - expected).abs() < 4.0 * error + 0.001, "{hops} hops: {found}, {expected}, {error}");
        }
    }
}
