//! Lookups: hop by hop as the paper's figure has it, and from every node to every arc.

use crate::node::identifier::{between_or_at, clockwise};
use crate::node::network_for_tests::{NEVER, Network};
use crate::overlay::ring::stabilize::stabilize;
use crate::protocols::koorde::{Config, Koorde};

/// Nothing that happens by itself.
pub(super) fn by_hand(base: u32, pointers: u32, successors: u32) -> Config {
    Config {
        base,
        pointers,
        successors,
        backups: 0,
        stabilize_every: NEVER,
        fix_pointers_every: NEVER,
        check_predecessor_every: NEVER,
        ..Config::default()
    }
}

/// So many identifiers, spread without order, in the order of the ring.
pub(super) fn identifiers(count: u64) -> Vec<u64> {
    let mut ids: Vec<u64> =
        (1..=count).map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)).collect();
    ids.sort_unstable();
    ids
}

/// The path of a lookup by the letter of the paper's figure 2, over all identifiers of the network at once: the
/// identifier of each node, and the bits of the key that have been taken in when it is asked.
fn path(ids: &[u64], config: &Config, from: usize, key: u64) -> Vec<u64> {
    let (n, bits) = (ids.len(), config.base.ilog2());
    let successor = |place: usize| ids[(place + 1) % n];
    let known = |place: usize| {
        let image = ids[place] << bits;
        let first = (0..n).rev().find(|other| ids[*other] < image).unwrap_or(n - 1);
        let pointers = (0..config.pointers as usize).map(move |offset| (first + offset) % n);
        (1..=config.successors as usize).map(move |offset| (place + offset) % n).chain(pointers)
    };
    let (mut place, mut visited) = (from, vec![]);
    // The most digits of the key that any identifier of the initiator's arc ends with.
    let arc = clockwise(ids[from], successor(from));
    let best = (1..64 / bits).rev().map(|digits| 64 - (64 / bits - digits) * bits).find_map(|taken| {
        let low = key >> (64 - taken);
        let first = ids[from].wrapping_add(1);
        // The next identifier at or after the first of the arc that ends so.
        let away = low.wrapping_sub(first) & ((1 << taken) - 1);
        (away < arc).then(|| (first.wrapping_add(away), taken))
    });
    let (mut imaginary, mut taken) = best.unwrap_or((ids[from].wrapping_add(1), 0));
    while !between_or_at(ids[place], key, successor(place)) {
        while between_or_at(ids[place], imaginary, successor(place)) {
            imaginary = (imaginary << bits) | ((key << taken) >> (64 - bits));
            taken += bits;
        }
        let away = |other: &usize| clockwise(ids[place], ids[*other]);
        let before = known(place).filter(|other| away(other) > 0 && away(other) < clockwise(ids[place], imaginary));
        place = before.max_by_key(away).expect("the successor precedes it");
        visited.push(ids[place]);
    }
    visited
}

#[test]
fn lookups_take_the_paths_of_the_papers_figure() {
    for (base, pointers, successors) in [(2, 1, 1), (4, 4, 1), (16, 16, 1), (2, 16, 16), (4, 16, 4)] {
        let config = by_hand(base, pointers, successors);
        let ids = identifiers(200);
        let mut network = Network::converged(Koorde::new(config.clone()), &ids);
        for (from, key) in (0..200usize).zip((1u64..).map(|key| key.wrapping_mul(0xd1b5_4a32_d192_ed03))) {
            let found = network.look_up(from as u32, key);
            let path = path(&ids, &config, from, key);
            let owner = ids[ids.partition_point(|id| *id < key) % ids.len()];
            assert_eq!(found.owner, Some(owner));
            assert_eq!(found.hops as usize, path.len(), "base {base}, {pointers} pointers, from {from} to {key}");
        }
    }
}

#[test]
fn a_dead_pointer_gives_way_to_its_backup() {
    let ids = identifiers(100);
    let mut network = Network::converged(Koorde::new(Config { backups: 4, ..by_hand(2, 8, 8) }), &ids);
    for node in (0..100).step_by(3) {
        network.crash(node);
    }
    // The ring is right again; a third of the pointers are dead.
    for node in (0..100).filter(|node| node % 3 != 0) {
        stabilize(&mut network.protocol, &mut network.net, node);
        network.settle_down();
    }
    let mut timeouts = 0;
    for node in (1..100).step_by(3) {
        for key in [1 << 62, 5, u64::MAX / 3] {
            let found = network.look_up(node, key);
            let owner = network.net.members.successor(key).map(|owner| owner.id());
            assert_eq!(found.owner, owner);
            timeouts += found.timeouts;
        }
    }
    assert!(timeouts > 0, "some pointers on the way were dead");
}

#[test]
fn rings_of_one_to_three_find_everything() {
    for count in 1..=3 {
        let mut network =
            Network::converged(Koorde::new(by_hand(2, 4, 2.min(count as u32 - 1).max(1))), &identifiers(count));
        for node in 0..count as u32 {
            for key in [0, 1 << 63, u64::MAX, network.net.directory.contact(node).id()] {
                let owner = network.net.members.successor(key).map(|owner| owner.id());
                assert_eq!(network.look_up(node, key).owner, owner);
            }
        }
    }
}
