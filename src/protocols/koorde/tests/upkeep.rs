//! Pointers: exact at the start, and mended by their rounds.

use super::lookups::{by_hand, identifiers};
use crate::node::network_for_tests::Network;
use crate::overlay::ring::stabilize::stabilize;
use crate::protocols::koorde::{Config, Koorde};

/// Rounds of stabilisation and of the pointers at every live node.
fn rounds(network: &mut Network<Koorde>, count: u32) {
    for _ in 0..count {
        for node in 0..network.net.directory.slots() {
            if network.net.directory.is_occupied(node) && network.protocol.ring.node(node).member {
                stabilize(&mut network.protocol, &mut network.net, node);
                network.settle_down();
                network.protocol.fix_pointers(&mut network.net, node);
                network.settle_down();
            }
        }
    }
}

/// The pointers of every member are those of the definition, found by going through all members, with between `least`
/// and all backups before them.
fn check(network: &Network<Koorde>, least: usize) {
    let ring: Vec<_> = network.net.members.iter().collect();
    let config = &network.protocol.config;
    for member in &ring {
        let image = member.id() << config.base.ilog2();
        let first = (0..ring.len()).rev().find(|place| ring[*place].id() < image).unwrap_or(ring.len() - 1);
        let count = (config.pointers as usize).min(ring.len());
        let right: Vec<_> = (0..count).map(|offset| ring[(first + offset) % ring.len()]).collect();
        let pointers = network.protocol.pointers(member.slot());
        let backups = pointers.iter().position(|pointer| *pointer == right[0]).expect("the predecessor of the image");
        assert!((least..=config.backups as usize).contains(&backups), "{backups} backups");
        assert_eq!(pointers[backups..], right, "the pointers of {}", member.id());
        let before: Vec<_> = (1..=backups).rev().map(|back| ring[(first + ring.len() - back) % ring.len()]).collect();
        assert_eq!(pointers[..backups], before, "the backups of {}", member.id());
    }
}

#[test]
fn a_converged_start_has_exact_pointers() {
    for (base, pointers, successors, count) in
        [(2, 1, 1, 50), (2, 16, 16, 50), (8, 8, 1, 50), (4, 16, 3, 5), (2, 3, 1, 1)]
    {
        let network = Network::converged(Koorde::new(by_hand(base, pointers, successors)), &identifiers(count));
        check(&network, 0);
    }
}

#[test]
fn rounds_keep_exact_pointers_exact() {
    let mut network = Network::converged(Koorde::new(by_hand(2, 8, 8)), &identifiers(40));
    rounds(&mut network, 1);
    check(&network, 0);
}

#[test]
fn pointers_are_right_again_after_crashes_and_joins() {
    for (base, pointers, successors) in [(2, 8, 8), (4, 4, 8), (16, 16, 4)] {
        let mut network = Network::converged(Koorde::new(by_hand(base, pointers, successors)), &identifiers(60));
        for node in (0..60).step_by(5) {
            network.crash(node);
        }
        network.settle_down();
        rounds(&mut network, 3);
        for id in [3, 1 << 40, (1 << 63) + 7, u64::MAX - 9] {
            network.arrive(id);
            network.settle_down();
        }
        rounds(&mut network, successors + 3);
        check(&network, 0);
    }
}

#[test]
fn backups_that_died_are_made_up_for() {
    let config = Config { backups: 6, ..by_hand(2, 4, 8) };
    let mut network = Network::converged(Koorde::new(config), &identifiers(80));
    check(&network, 6);
    for node in (0..80).filter(|node| node % 3 == 0) {
        network.crash(node);
    }
    network.settle_down();
    rounds(&mut network, 11);
    // A lookup aims as far back as six nodes take on average: there may be fewer.
    check(&network, 1);
}

#[test]
fn more_pointers_than_a_successor_list_names_are_asked_for_one_after_another() {
    let mut network = Network::converged(Koorde::new(by_hand(2, 10, 2)), &identifiers(40));
    let node = 7;
    let list = network.protocol.contacts.from_slice(&[]);
    network.protocol.replace_pointers(node, list);
    network.protocol.fix_pointers(&mut network.net, node);
    network.settle_down();
    check(&network, 0);
}

#[test]
fn a_node_that_departs_leaves_nothing_behind() {
    let mut network = Network::converged(Koorde::new(by_hand(2, 8, 4)), &identifiers(20));
    rounds(&mut network, 1);
    for node in 0..20 {
        network.crash(node);
    }
    network.settle_down();
    assert_eq!(network.protocol.held(), [0, 0]);
}

#[test]
fn links_are_the_neighbours_and_the_pointers() {
    // Sixteen nodes at equal distances: twice node 3 is 6, and before that comes 5.
    let ids: Vec<u64> = (0..16).map(|place| place << 60).collect();
    let network = Network::converged(Koorde::new(Config { backups: 1, ..by_hand(2, 3, 2) }), &ids);
    let linked = |sort| network.linked(3, sort).into_iter().map(|id| id >> 60).collect::<Vec<_>>();
    assert_eq!((linked("predecessor"), linked("successor")), (vec![2], vec![4, 5]));
    assert_eq!(linked("pointer"), [4, 5, 6, 7], "one backup before them");
}
