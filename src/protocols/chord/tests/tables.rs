//! Fingers: built, looked up, and refreshed in turn.

use super::network::{Ring, by_hand};
use crate::engine::random::mix;
use crate::node::Slot;
use crate::node::identifier::clockwise;
use crate::protocols::chord::fix_fingers::{finger_start, first_finger};
use crate::protocols::chord::{Config, FingersPerRound, Routing};

/// Hashed identifiers.
fn many(count: u64) -> Vec<u64> {
    (0..count).map(|number| mix(number + 1)).collect()
}

/// How many of a node's fingers differ from those of brute force. A finger that is the node itself is nobody.
fn wrong_fingers(ring: &Ring, node: Slot) -> usize {
    let own = ring.protocol.node(node).id;
    let first = first_finger(clockwise(own, ring.protocol.head(node).expect("a member").id()));
    let is_wrong = |index: &u32| {
        let start = finger_start(own, *index);
        let truth = ring.net.members.iter().min_by_key(|member| clockwise(start, member.id())).expect("not empty");
        let finger = ring.protocol.node(node).table.get(&ring.protocol.contacts, *index);
        if truth.id() == own { finger.is_some() } else { finger != truth }
    };
    (first..64).filter(is_wrong).count()
}

#[test]
fn the_exact_ring_has_exact_fingers() {
    for count in [1, 2, 3, 10, 200] {
        let ring = Ring::exact(by_hand(), &many(count));
        assert!((0..count as u32).all(|node| wrong_fingers(&ring, node) == 0));
    }
}

#[test]
fn fingers_are_looked_up_on_joining_if_the_scenario_says_so() {
    for (fingers_on_join, routing) in [
        (true, Routing::Iterative),
        (true, Routing::Recursive),
        (true, Routing::SemiRecursive),
        (false, Routing::Iterative),
    ] {
        let mut ring = Ring::exact(Config { fingers_on_join, routing, ..by_hand() }, &many(100));
        let node = ring.arrive(mix(1_000));
        ring.settle_down();
        assert_eq!(wrong_fingers(&ring, node) == 0, fingers_on_join);
    }
}

#[test]
fn a_round_of_all_corrects_every_finger() {
    for routing in [Routing::Iterative, Routing::Recursive, Routing::SemiRecursive] {
        let config = Config { fingers_per_round: FingersPerRound::All, routing, ..by_hand() };
        let mut ring = Ring::exact(config, &many(64));
        for number in 100..164 {
            ring.arrive(mix(number));
            ring.settle_down();
        }
        ring.stabilize(8);
        ring.check_exact();
        let before: usize = (0..128).map(|node| wrong_fingers(&ring, node)).sum();
        for node in 0..128 {
            ring.protocol.fix_fingers(&mut ring.net, node);
        }
        ring.settle_down();
        assert!(before > 200, "{before}");
        assert_eq!((0..128).map(|node| wrong_fingers(&ring, node)).sum::<usize>(), 0);
        ring.check_nothing_is_left();
    }
}

#[test]
fn rounds_of_one_or_k_go_through_all_fingers_in_turn() {
    for (per_round, rounds) in [(1, 12), (3, 4), (64, 1)] {
        let config = Config { fingers_per_round: FingersPerRound::Count(per_round), ..by_hand() };
        let mut ring = Ring::exact(config, &many(128));
        let node = ring.arrive(mix(1_000));
        ring.settle_down();
        let mut left = wrong_fingers(&ring, node);
        assert!(left > 4, "{left}");
        let mut needed = 0;
        while left > 0 {
            ring.protocol.fix_fingers(&mut ring.net, node);
            ring.settle_down();
            needed += 1;
            assert!(needed <= rounds, "{left} wrong fingers after {needed} rounds of {per_round}");
            left = wrong_fingers(&ring, node);
        }
        // About log2(128) fingers differ, and those that are equal are set together.
        assert!(per_round > 3 || needed * per_round >= 5, "{needed} rounds of {per_round}");
    }
}

#[test]
fn a_dead_finger_is_struck_and_comes_back_right() {
    let mut ring = Ring::exact(Config { fingers_per_round: FingersPerRound::All, ..by_hand() }, &many(64));
    let far = ring.protocol.node(0).table.get(&ring.protocol.contacts, 63);
    ring.crash(far.slot());
    let key = far.id().wrapping_add(1);
    let found = ring.look_up(0, key);
    assert!(found.timeouts >= 1 && found.owner.is_some());
    assert_ne!(ring.protocol.node(0).table.get(&ring.protocol.contacts, 63), far);
    ring.stabilize(2);
    ring.protocol.fix_fingers(&mut ring.net, 0);
    ring.settle_down();
    assert_eq!(wrong_fingers(&ring, 0), 0);
}

#[test]
fn links_are_the_neighbours_and_the_fingers() {
    // Sixteen nodes at equal distances: fingers double them, from the one beyond the first successor on.
    let id = |place: u64| place << 60;
    let ring = Ring::exact(by_hand(), &(0..16).map(id).collect::<Vec<_>>());
    assert_eq!(ring.linked(3, "predecessor"), [id(2)]);
    assert_eq!(ring.linked(3, "successor"), [4, 5, 6, 7].map(id));
    assert_eq!(ring.linked(3, "finger"), [5, 7, 11].map(id));
}
