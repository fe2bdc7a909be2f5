//! Graceful leaves: what is handed over, and what the neighbours make of it.

use super::network::{Ring, by_hand};
use crate::protocols::chord::{Config, Maintenance};

const IDS: [u64; 6] = [10, 20, 30, 40, 50, 60];

#[test]
fn the_neighbours_take_over_the_pointers_at_once() {
    for maintenance in [Maintenance::Original, Maintenance::Corrected] {
        let mut ring = Ring::exact(Config { maintenance, ..by_hand() }, &IDS);
        ring.leave(2);
        ring.settle_down();
        assert_eq!(ring.successors(1), [40, 50, 60, 10]);
        assert_eq!(ring.predecessor(3), Some(20));
        assert_eq!(ring.successors(0), [20, 30, 40, 50], "farther nodes learn of it by stabilisation");
        assert_eq!(ring.net.sent, 2);
        ring.stabilize(4);
        ring.check_exact();
        ring.check_nothing_is_left();
    }
}

#[test]
fn neighbours_that_leave_together_are_made_up_for() {
    let mut ring = Ring::exact(by_hand(), &IDS);
    for node in [1, 2, 3] {
        ring.leave(node);
    }
    ring.settle_down();
    for _ in 0..4 {
        ring.stabilize(1);
    }
    ring.check_exact();
    ring.check_nothing_is_left();
}

#[test]
fn the_last_of_two_to_stay_is_alone() {
    let mut ring = Ring::exact(by_hand(), &[10, 20]);
    ring.leave(0);
    ring.settle_down();
    assert_eq!((ring.successors(1), ring.predecessor(1)), (vec![20], None));
    let found = ring.look_up(1, 15);
    assert_eq!((found.owner, found.hops), (Some(20), 0));
    ring.leave(1);
    ring.settle_down();
    ring.check_nothing_is_left();
}

#[test]
fn a_node_that_has_not_joined_leaves_without_a_word() {
    let mut ring = Ring::exact(by_hand(), &IDS);
    ring.net.cut = (0..6).map(|member| (member, 6)).collect();
    let node = ring.arrive(25);
    ring.settle_down();
    let before = ring.net.sent;
    ring.leave(node);
    assert_eq!(ring.net.sent, before);
}
