//! Tests of the network: each latency model against its law, loss, partitions, and what depends on what.

use super::*;
use crate::engine::distribution::Distribution;
use crate::engine::time::Time;
use crate::scenario::model::{Latency, LatencyMatrix, RpcTimeout};
use std::sync::Arc;

const MS: u64 = 1_000_000;

fn config(latency: Latency) -> model::Network {
    let rpc_timeout = RpcTimeout::Fixed(Duration::from_millis(500));
    model::Network { latency, loss: 0.0, behind_nat: 0.0, rpc_timeout, bandwidth: None, links: Vec::new() }
}

fn constant(delay_ms: u64) -> Latency {
    Latency::Drawn(Distribution::Fixed(Duration::from_millis(delay_ms)))
}

fn square() -> Latency {
    Latency::Euclidean { side: Duration::from_secs(1), base: Duration::ZERO }
}

fn matrix(hosts: u32, entry_ms: impl Fn(u32, u32) -> u64) -> Latency {
    let entries = (0..hosts).flat_map(|row| (0..hosts).map(move |column| (row, column)));
    let one_way = entries.map(|(row, column)| Duration::from_millis(entry_ms(row, column))).collect();
    Latency::Matrix(Arc::new(LatencyMatrix { hosts, one_way, one_node_per_host: false }))
}

/// A network of nodes that do not differ, without hosts.
fn empty(config: &model::Network, seed: u64) -> Network {
    let seed = Seed { seed, replicate: 0 };
    Network::new(config, Kinds::new(&[], seed), seed)
}

fn network(config: &model::Network, seed: u64, hosts: u32) -> Network {
    let mut network = empty(config, seed);
    (0..hosts).for_each(|host| network.place(host, u64::from(host) + 1_000, host));
    network
}

impl Network {
    /// Sends an answer of 40 bytes at time 0 to a host where somebody is: when it arrives.
    fn send(&mut self, from: u32, to: u32) -> Option<Duration> {
        self.transmit(&packet(from, to)).ok()
    }
}

fn packet(from: u32, to: u32) -> Packet {
    Packet { from, to, now: Time::ZERO, bytes: 40, is_expected: true, is_unasked: false }
}

/// Delays of many messages in milliseconds, sorted.
fn delays_ms(latency: Latency) -> Vec<f64> {
    let mut network = network(&config(latency), 1, 2);
    let mut delays: Vec<f64> =
        (0..100_000).map(|_| network.send(0, 1).expect("lossless").as_nanos() as f64 / MS as f64).collect();
    delays.sort_by(f64::total_cmp);
    delays
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Panics unless `value` lies within `tolerance` (relative) of `expected`.
fn near(value: f64, expected: f64, tolerance: f64) {
    assert!((value - expected).abs() <= tolerance * expected, "{value} is not near {expected}");
}

#[test]
fn a_constant_delay_is_constant() {
    let delays = delays_ms(constant(50));
    assert_eq!((delays[0], delays[delays.len() - 1]), (50.0, 50.0));
}

#[test]
fn drawn_delays_follow_their_laws() {
    let ms = Duration::from_millis;
    let laws = [
        // (law, mean, median, 90% quantile)
        (Distribution::Uniform { from: ms(10), to: ms(90) }, 50.0, 50.0, 82.0),
        (Distribution::Exponential { mean: ms(50) }, 50.0, 50.0 * 2f64.ln(), 50.0 * 10f64.ln()),
        (
            Distribution::LogNormal { median: ms(40), sigma: 0.5 },
            40.0 * 0.125f64.exp(),
            40.0,
            40.0 * (0.5 * 1.281_551_565_5f64).exp(),
        ),
    ];
    for (law, expected_mean, median, quantile) in laws {
        let delays = delays_ms(Latency::Drawn(law));
        near(mean(&delays), expected_mean, 0.02);
        near(delays[delays.len() / 2], median, 0.02);
        near(delays[delays.len() * 9 / 10], quantile, 0.02);
    }
}

#[test]
fn points_of_the_square_are_as_far_apart_as_square_line_picking_says() {
    const HOSTS: u32 = 2_000;
    let mut network = network(&config(square()), 3, HOSTS);
    let mut distances = Vec::new();
    for from in 0..HOSTS {
        for to in 0..from {
            let delay = network.send(from, to).expect("lossless");
            assert_eq!(network.send(to, from), Some(delay));
            distances.push(delay.as_secs_f64());
        }
    }
    // Mean (2 + sqrt 2 + 5 asinh 1) / 15; P(distance < 1/2) = 1/32 - 1/3 + pi/4.
    near(mean(&distances), 0.521_405_433, 0.02);
    let close = distances.iter().filter(|&&distance| distance < 0.5).count() as f64;
    near(close / distances.len() as f64, 0.483_315, 0.03);
    assert!(distances.iter().all(|&distance| distance < 1.415));
}

#[test]
fn the_base_is_added_to_every_distance() {
    let with_base = Latency::Euclidean { side: Duration::from_secs(1), base: Duration::from_millis(20) };
    let mut plain = network(&config(square()), 3, 50);
    let mut based = network(&config(with_base), 3, 50);
    for host in 1..50 {
        let distance = plain.send(0, host).unwrap();
        assert_eq!(based.send(0, host), Some(distance + Duration::from_millis(20)));
    }
}

#[test]
fn places_follow_the_identity_and_the_seed_and_nothing_else() {
    let config = config(square());
    let mut first = network(&config, 5, 10);
    let mut second = empty(&config, 5);
    // Other hosts, other order, and somebody else in between.
    for host in (0..10).rev() {
        second.place(host + 7, 99, host);
        second.place(host + 7, u64::from(host) + 1_000, host);
    }
    let mut other_seed = network(&config, 6, 10);
    for to in 1..10 {
        assert_eq!(first.send(0, to), second.send(7, to + 7));
        assert_ne!(first.send(0, to), other_seed.send(0, to));
    }
    let before = first.send(0, 1);
    first.place(1, 99, 1);
    assert_ne!(first.send(0, 1), before);
    first.place(1, 1_001, 1);
    assert_eq!(first.send(0, 1), before);
}

#[test]
fn a_matrix_gives_one_way_delays_and_deals_its_hosts_evenly() {
    // The entry names its row and column.
    let mut network = network(&config(matrix(10, |row, column| 100 * (row + 1) as u64 + column as u64)), 2, 10_000);
    let mut counts = [0u32; 10];
    for host in 0..10_000 {
        let other = u32::from(host == 0);
        let there = network.send(host, other).unwrap().as_nanos() / MS;
        let back = network.send(other, host).unwrap().as_nanos() / MS;
        assert_eq!((there / 100 - 1, there % 100), (back % 100, back / 100 - 1));
        counts[(there / 100 - 1) as usize] += 1;
    }
    // Chi-squared with 9 degrees of freedom: 27.9 is exceeded once in a thousand seeds; this seed is fixed.
    let chi: f64 = counts.iter().map(|&count| (f64::from(count) - 1e3).powi(2) / 1e3).sum();
    assert!(chi < 27.9, "{counts:?}");
}

#[test]
fn the_configured_share_of_messages_is_lost() {
    let mut network = network(&model::Network { loss: 0.03, ..config(constant(1)) }, 4, 2);
    let lost = (0..200_000).filter(|_| network.send(0, 1).is_none()).count() as f64;
    // Standard deviation 76.
    assert!((lost - 6_000.0).abs() < 340.0, "{lost}");
}

#[test]
fn a_message_to_the_own_host_arrives_at_once() {
    let mut network = network(&model::Network { loss: 0.99, ..config(constant(10)) }, 4, 2);
    network.partition(&[0.5, 0.5]);
    assert!((0..1_000).all(|_| network.send(1, 1) == Some(Duration::ZERO)));
}

#[test]
fn a_partition_splits_by_shares_and_stops_messages_between_groups() {
    const HOSTS: u32 = 20_000;
    let mut network = network(&config(constant(10)), 8, HOSTS);
    assert!(!network.is_partitioned() && network.reachable(0, 1) && network.group(5) == 0);
    network.partition(&[0.5, 0.3, 0.2]);
    assert!(network.is_partitioned());
    let mut counts = [0.0; 3];
    for host in 0..HOSTS {
        counts[usize::from(network.group(host))] += 1.0;
        let other = (host + 1) % HOSTS;
        let same_group = network.group(host) == network.group(other);
        assert_eq!(network.reachable(host, other), same_group);
        assert_eq!(network.send(host, other).is_some(), same_group);
    }
    for (count, share) in counts.iter().zip([0.5, 0.3, 0.2]) {
        near(*count, share * f64::from(HOSTS), 0.04);
    }
    network.heal();
    assert!(!network.is_partitioned());
    assert!((1..HOSTS).all(|host| network.send(0, host).is_some()));
}

#[test]
fn a_later_node_gets_a_group_and_each_partition_deals_anew() {
    let mut early = network(&config(constant(10)), 8, 1_000);
    early.partition(&[0.5, 0.5]);
    let mut late = network(&config(constant(10)), 8, 0);
    late.partition(&[0.5, 0.5]);
    (0..1_000).for_each(|host| late.place(host, u64::from(host) + 1_000, host));
    let first: Vec<u16> = (0..1_000).map(|host| early.group(host)).collect();
    assert_eq!(first, (0..1_000).map(|host| late.group(host)).collect::<Vec<_>>());
    early.partition(&[0.5, 0.5]);
    let moved = (0..1_000).filter(|&host| early.group(host) != first[host as usize]).count();
    // Half of them on average; standard deviation 16.
    assert!((420..580).contains(&moved), "{moved}");
}

#[test]
fn nothing_is_drawn_for_a_message_that_a_partition_stops() {
    let config = config(Latency::Drawn(Distribution::Exponential { mean: Duration::from_millis(50) }));
    let (mut whole, mut split) = (network(&config, 9, 100), network(&config, 9, 100));
    split.partition(&[0.5, 0.5]);
    let stranger = (1..100).find(|&host| !split.reachable(0, host)).unwrap();
    assert_eq!(split.send(0, stranger), None);
    split.heal();
    assert_eq!(whole.send(0, 1), split.send(0, 1));
}

#[test]
fn a_timeout_is_fixed_or_follows_the_expected_round_trip() {
    let timeout = |latency, rpc_timeout| {
        let network = network(&model::Network { rpc_timeout, ..config(latency) }, 2, 2);
        (network.timeout(0, 1), network.timeout(1, 1))
    };
    let ms = Duration::from_millis;
    let nothing = Duration::from_nanos(1);
    assert_eq!(timeout(constant(50), RpcTimeout::Fixed(ms(500))), (ms(500), ms(500)));
    assert_eq!(timeout(constant(50), RpcTimeout::RoundTrips(3.0)), (ms(300), nothing));
    let drawn = Latency::Drawn(Distribution::Exponential { mean: ms(40) });
    assert_eq!(timeout(drawn, RpcTimeout::RoundTrips(2.5)), (ms(200), nothing));
    // Both ways of an asymmetric matrix count.
    let asymmetric = matrix(2, |row, column| if row == column { 7 } else { 10 + 20 * u64::from(row) });
    let (there, _) = timeout(asymmetric, RpcTimeout::RoundTrips(1.0));
    assert!([ms(14), ms(40)].contains(&there), "{there}");
    assert_eq!(timeout(constant(0), RpcTimeout::RoundTrips(2.0)).0, nothing);
    let mut square = network(&model::Network { rpc_timeout: RpcTimeout::RoundTrips(1.0), ..config(square()) }, 2, 2);
    assert_eq!(square.timeout(0, 1).as_nanos(), 2 * square.send(0, 1).unwrap().as_nanos());
}

#[test]
fn the_same_seed_gives_the_same_network() {
    let config = model::Network {
        loss: 0.1,
        ..config(Latency::Drawn(Distribution::LogNormal { median: Duration::from_millis(40), sigma: 0.5 }))
    };
    let run = |seed| {
        let mut network = network(&config, seed, 3);
        (0..1_000).map(|_| network.send(0, 1)).collect::<Vec<_>>()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

fn dealt_out(rows: u32) -> Latency {
    let Latency::Matrix(matrix) = matrix(rows, |row, column| 100 * (u64::from(row) + 1) + u64::from(column)) else {
        unreachable!("a matrix was made")
    };
    Latency::Matrix(Arc::new(LatencyMatrix { one_node_per_host: true, ..(*matrix).clone() }))
}

/// The row of every host, read off the delays to its neighbour.
fn rows(network: &mut Network, hosts: u32) -> Vec<u64> {
    let delay = |from| network.send(from, (from + 1) % hosts).unwrap().as_nanos() / MS;
    (0..hosts).map(delay).map(|delay| delay / 100 - 1).collect()
}

#[test]
fn with_one_node_a_host_every_row_is_used_once_before_any_is_shared() {
    let config = config(dealt_out(40));
    let mut full = network(&config, 2, 40);
    let mut sorted = rows(&mut full, 40);
    assert!(!sorted.is_sorted(), "the rows come in random order");
    sorted.sort_unstable();
    assert_eq!(sorted, (0..40).collect::<Vec<_>>());
    // Without the option nearly every seed makes some nodes share.
    let sharing =
        model::Network { latency: matrix(40, |row, column| 100 * (u64::from(row) + 1) + u64::from(column)), ..config };
    let mut shared = rows(&mut network(&sharing, 2, 40), 40);
    shared.sort_unstable();
    shared.dedup();
    assert!(shared.len() < 35, "{}", shared.len());
}

#[test]
fn the_row_of_a_host_depends_on_the_seed_and_its_index_only() {
    let config = config(dealt_out(10));
    let first = rows(&mut network(&config, 2, 10), 10);
    let mut reversed = empty(&config, 2);
    (0..10).rev().for_each(|host| reversed.place(host, u64::from(host) * 77, host));
    // Somebody else moves in where a node has left.
    reversed.place(4, 12_345, 4);
    assert_eq!(rows(&mut reversed, 10), first);
    assert_ne!(rows(&mut network(&config, 3, 10), 10), first);
    // More nodes than rows share, and nobody is left without a place.
    let mut crowded = network(&config, 2, 25);
    assert_eq!(rows(&mut crowded, 25)[10..20], first[..]);
}

#[test]
fn as_many_are_behind_nat_as_the_share_says_and_always_the_same() {
    const HOSTS: u32 = 10_000;
    let of = |behind_nat, seed, latency| {
        let network = network(&model::Network { behind_nat, ..config(latency) }, seed, HOSTS);
        (0..HOSTS).map(|host| network.is_behind_nat(host)).collect::<Vec<bool>>()
    };
    let few = of(0.2, 1, constant(1));
    near(few.iter().filter(|is_behind| **is_behind).count() as f64, 2_000.0, 0.06);
    assert_eq!(few, of(0.2, 1, square()), "other places do not matter");
    assert_ne!(few, of(0.2, 2, constant(1)));
    let more = of(0.6, 1, constant(1));
    assert!(
        few.iter().zip(&more).all(|(few, more)| more >= few),
        "who is so where they are few is where they are more"
    );
    assert!(!of(0.0, 1, constant(1)).contains(&true));
}

#[test]
fn nat_follows_the_identity_and_draws_nothing() {
    let with = |behind_nat| model::Network { behind_nat, loss: 0.1, ..config(constant(1)) };
    let mut network = network(&with(0.5), 5, 50);
    let first: Vec<bool> = (0..50).map(|host| network.is_behind_nat(host)).collect();
    for host in (0..50).rev() {
        network.place(host + 100, 7, host);
        network.place(host + 100, u64::from(host) + 1_000, host);
    }
    assert_eq!(first, (100..150).map(|host| network.is_behind_nat(host)).collect::<Vec<bool>>());
    assert!(network.has_clients() && first.contains(&true) && first.contains(&false));
    network.calm();
    assert_eq!(network.is_behind_nat(0), first[0], "quiet does not end it");
    let fates = |behind_nat| {
        let mut network = empty(&with(behind_nat), 5);
        (0..2).for_each(|host| network.place(host, u64::from(host), host));
        (0..1_000).map(|_| network.send(0, 1)).collect::<Vec<_>>()
    };
    assert_eq!(fates(0.0), fates(0.5));
}
