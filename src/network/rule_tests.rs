//! Tests of rules: what each does to a message, and that the first that stops one decides.

use super::*;
use crate::engine::distribution::Distribution;
use crate::engine::time::Time;
use crate::scenario::model::{Bandwidth, Between, Latency, LinkEffect, RpcTimeout};

const MS: Duration = Duration::from_millis(1);
const WAY: Duration = Duration::from_millis(10);

fn ms(count: u64) -> Duration {
    MS.saturating_mul(count)
}

fn config() -> model::Network {
    model::Network {
        latency: Latency::Drawn(Distribution::Fixed(WAY)),
        loss: 0.0,
        behind_nat: 0.0,
        rpc_timeout: RpcTimeout::RoundTrips(1.0),
        bandwidth: None,
        links: Vec::new(),
    }
}

fn kind(name: &str, share: f64) -> Kind {
    Kind { share, ..Kind::named(name) }
}

/// A network with 100 hosts, and one host of each kind.
fn network(config: &model::Network, kinds: &[Kind]) -> (Network, Vec<u32>) {
    let seed = Seed { seed: 3, replicate: 0 };
    let mut network = Network::new(config, Kinds::new(kinds, seed), seed);
    (0..100).for_each(|host| network.place(host, u64::from(host) + 7, host));
    let first = |kind: usize| (0..100).find(|host| usize::from(network.kind(*host)) == kind).expect("a host");
    let hosts = (0..kinds.len()).map(first).collect();
    (network, hosts)
}

fn packet(from: u32, to: u32) -> Packet {
    Packet { from, to, now: Time::ZERO, bytes: 100, is_expected: true, is_unasked: true }
}

fn link(from: u64, to: u64, effect: LinkEffect) -> Link {
    Link { between: vec![Between { from, to }], effect }
}

#[test]
fn a_cut_stops_one_way_alone_and_whoever_is_behind_it_cannot_be_reached() {
    let (mut network, hosts) = network(&config(), &[kind("a", 0.3), kind("b", 0.3), kind("c", 0.4)]);
    let [a, b, c] = hosts[..] else { panic!("three kinds") };
    network.begin(0, &link(1, 2, LinkEffect::Cut));
    assert_eq!(network.transmit(&packet(a, b)), Err(Cause::Cut));
    assert_eq!(network.transmit(&packet(b, a)), Ok(WAY));
    assert_eq!([network.transmit(&packet(a, c)), network.transmit(&packet(b, c))], [Ok(WAY), Ok(WAY)]);
    assert!(!network.reachable(a, b) && !network.reachable(b, a) && network.reachable(b, c));
    assert!(network.is_partitioned());
    network.begin(1, &link(1, 2, LinkEffect::Cut));
    network.end(0);
    assert_eq!(network.transmit(&packet(a, b)), Err(Cause::Cut), "the second cut is still there");
    network.end(1);
    assert_eq!(network.transmit(&packet(a, b)), Ok(WAY));
    assert!(network.reachable(a, b) && !network.is_partitioned());
}

#[test]
fn slow_links_take_longer_one_after_another_and_static_ones_are_expected() {
    let slow = |factor, delay| LinkEffect::Slow { factor, delay };
    let static_link = model::Network { links: vec![link(1, 2, slow(1.0, ms(5)))], ..config() };
    let far = Kind { delay: ms(3), ..kind("far", 0.5) };
    let (mut network, hosts) = network(&static_link, &[far, kind("near", 0.5)]);
    let [far, near] = hosts[..] else { panic!("two kinds") };
    // 10 ms of latency, 3 of the far one's line, 5 of the link.
    assert_eq!(network.transmit(&packet(far, near)), Ok(ms(18)));
    assert_eq!(network.transmit(&packet(near, far)), Ok(ms(13)));
    assert_eq!(network.expected_round_trip(far, near), ms(31));
    // Between two far ones: 10 there and 3 at each end, and as much back.
    assert_eq!(network.longest_timeout(), ms(2 * 18));
    network.begin(0, &link(3, 2, slow(2.0, Duration::ZERO)));
    network.begin(1, &link(1, 3, slow(1.5, ms(1))));
    assert_eq!(network.transmit(&packet(far, near)), Ok(ms(2 * 18) + ms(18) + ms(1)));
    assert_eq!(network.transmit(&packet(near, far)), Ok(ms(13)));
    assert_eq!(network.expected_round_trip(far, near), ms(31), "nobody expects what events do");
    network.mend();
    assert_eq!(network.transmit(&packet(far, near)), Ok(ms(18)));
}

#[test]
fn losses_on_a_link_come_on_top_of_those_everywhere_and_end_with_quiet() {
    let lossy = model::Network { loss: 0.1, links: vec![link(1, 2, LinkEffect::Lose(0.2))], ..config() };
    let (mut network, hosts) = network(&lossy, &[kind("a", 0.5), kind("b", 0.5)]);
    let [a, b] = hosts[..] else { panic!("two kinds") };
    let lost = |network: &mut Network, from, to| {
        f64::from((0..20_000).filter(|_| network.transmit(&packet(from, to)) == Err(Cause::Loss)).count() as u32) / 2e4
    };
    // 4.5 standard deviations of a share of 20,000 are at most 0.016.
    assert!((lost(&mut network, a, b) - (1.0 - 0.9 * 0.8)).abs() < 0.016);
    assert!((lost(&mut network, b, a) - 0.1).abs() < 0.016);
    network.begin(0, &link(3, 3, LinkEffect::Lose(0.5)));
    assert!((lost(&mut network, b, a) - (1.0 - 0.9 * 0.5)).abs() < 0.016);
    assert!((lost(&mut network, a, b) - (1.0 - 0.9 * 0.8 * 0.5)).abs() < 0.016);
    network.mend();
    assert!((lost(&mut network, b, a) - 0.1).abs() < 0.016, "the scenario's own losses stay");
    assert!(network.is_lossy());
    network.calm();
    assert!(!network.is_lossy() && lost(&mut network, a, b) == 0.0);
}

#[test]
fn a_line_sends_one_message_after_another_and_drops_what_its_queue_has_no_room_for() {
    // 100 bytes take 1 ms up and 0.5 ms down; three messages may wait.
    let line = Bandwidth { up_bytes_per_s: 100_000, down_bytes_per_s: 200_000, queue_bytes: 300 };
    let half = Duration::from_nanos(500_000);
    let (mut network, _) = network(&model::Network { bandwidth: Some(line), ..config() }, &[]);
    let at = |now: Duration| Packet { now: Time::ZERO + now, ..packet(0, 1) };
    let alone = ms(1) + WAY + half;
    assert_eq!(network.transmit(&at(ms(0))), Ok(alone));
    assert_eq!(network.transmit(&at(ms(0))), Ok(alone + ms(1)));
    assert_eq!(network.transmit(&Packet { to: 2, ..at(ms(0)) }), Ok(alone + ms(2)), "whoever it is for");
    assert_eq!(network.transmit(&at(ms(0))), Err(Cause::QueueFull));
    assert_eq!(network.transmit(&packet(2, 1)), Ok(alone), "others have lines of their own");
    // What is for nobody goes over the line as well, and what is dropped for want of room does not.
    assert_eq!(network.transmit(&Packet { is_expected: false, ..at(ms(1)) }), Err(Cause::Gone));
    assert_eq!(network.transmit(&at(ms(1))), Err(Cause::QueueFull));
    assert_eq!(network.transmit(&at(ms(2))), Ok(alone + ms(2)));
    assert_eq!(network.transmit(&at(ms(50))), Ok(alone), "an idle line keeps nothing back");
    // Who comes after somebody has a line of their own.
    assert_eq!(network.transmit(&at(ms(50))), Ok(alone + ms(1)));
    network.place(0, 99, 200);
    assert_eq!(network.transmit(&at(ms(50))), Ok(alone));
}

#[test]
fn kinds_have_lines_of_their_own() {
    let slow = Bandwidth { up_bytes_per_s: 1_000, down_bytes_per_s: 10_000, queue_bytes: 1_000 };
    let mobile = Kind { bandwidth: Some(slow), ..kind("mobile", 0.5) };
    let (mut network, hosts) = network(&config(), &[mobile, kind("server", 0.5)]);
    let [mobile, server] = hosts[..] else { panic!("two kinds") };
    assert_eq!(network.transmit(&packet(mobile, server)), Ok(ms(100) + WAY));
    assert_eq!(network.transmit(&packet(server, mobile)), Ok(ms(10) + WAY));
    let fast = Bandwidth { up_bytes_per_s: 100_000, down_bytes_per_s: 100_000, queue_bytes: 1_000 };
    let both = model::Network { bandwidth: Some(fast), ..config() };
    let (mut network, hosts) = self::network(&both, network.kinds().all());
    assert_eq!(network.transmit(&packet(hosts[1], hosts[0])), Ok(ms(1) + WAY + ms(10)));
}

#[test]
fn the_first_rule_that_stops_a_message_decides_and_those_behind_it_draw_nothing() {
    let nat = Kind { behind_nat: true, ..kind("nat", 0.5) };
    let line = Bandwidth { up_bytes_per_s: 1_000_000, down_bytes_per_s: 1_000_000, queue_bytes: 50 };
    let with = |queue_bytes| model::Network {
        loss: 0.999_999,
        latency: Latency::Drawn(Distribution::Exponential { mean: WAY }),
        bandwidth: Some(Bandwidth { queue_bytes, ..line }),
        ..config()
    };
    let kinds = [nat, kind("open", 0.5)];
    let (mut network, hosts) = network(&with(50), &kinds);
    let [behind, open] = hosts[..] else { panic!("two kinds") };
    let other = (0..100).find(|host| network.kind(*host) == 1 && *host != open).expect("another");
    // Everything stands against it; one after the other is taken away.
    let all = |network: &mut Network| {
        network.partition(&[0.5, 0.5]);
        network.begin(0, &link(3, 3, LinkEffect::Cut));
    };
    all(&mut network);
    assert_eq!(network.transmit(&Packet { is_expected: false, ..packet(open, behind) }), Err(Cause::QueueFull));
    let (mut network, _) = self::network(&with(1_000_000), &kinds);
    all(&mut network);
    assert_eq!(network.transmit(&Packet { is_expected: false, ..packet(open, behind) }), Err(Cause::Gone));
    assert_eq!(network.transmit(&packet(open, behind)), Err(Cause::Nat));
    let answer = Packet { is_unasked: false, ..packet(open, behind) };
    assert!(matches!(network.transmit(&answer), Err(Cause::Partition | Cause::Cut)), "NAT lets answers through");
    let across = (0..100).find(|host| network.group(*host) != network.group(open)).expect("the other side");
    assert_eq!(network.transmit(&Packet { is_unasked: false, ..packet(open, across) }), Err(Cause::Partition));
    network.heal();
    assert_eq!(network.transmit(&packet(open, other)), Err(Cause::Cut));
    network.mend();
    let mut fresh = self::network(&with(1_000_000), &kinds).0;
    let drawn = |network: &mut Network| {
        (0..50).map(|_| network.transmit(&Packet { bytes: 0, ..packet(open, other) })).collect::<Vec<_>>()
    };
    let (after, untouched) = (drawn(&mut network), drawn(&mut fresh));
    assert_eq!(after, untouched, "nothing had been drawn so far");
    assert!(after.contains(&Err(Cause::Loss)));
}

#[test]
fn clients_own_nothing_and_can_be_reached() {
    let client = Kind { client: true, ..kind("client", 0.5) };
    let nat = Kind { behind_nat: true, ..kind("nat", 0.2) };
    let (mut network, hosts) = network(&config(), &[client, nat, kind("server", 0.3)]);
    let [client, nat, server] = hosts[..] else { panic!("three kinds") };
    assert!(network.has_clients());
    assert_eq!([client, nat, server].map(|host| network.is_client(host)), [true, true, false]);
    assert_eq!([client, nat, server].map(|host| network.is_behind_nat(host)), [false, true, false]);
    assert_eq!(network.transmit(&packet(server, client)), Ok(WAY));
}
