//! Stabilisation, notification and rectification, and the check of the predecessor.

use super::network::{Ring, by_hand};
use crate::node::{Contact, Protocol};
use crate::overlay::ring::RingMessage;
use crate::overlay::ring::stabilize::{check_predecessor, stabilize};
use crate::protocols::chord::{Config, Maintenance, Message, Timer};

fn original() -> Config {
    Config { maintenance: Maintenance::Original, ..by_hand() }
}

const IDS: [u64; 6] = [10, 20, 30, 40, 50, 60];

/// The predecessor of 30 (slot 2) names this node as its predecessor.
fn with_predecessor_of_30(config: Config, predecessor: Contact) -> Ring {
    let mut ring = Ring::exact(config, &IDS);
    ring.protocol.node_mut(2).predecessor = predecessor;
    ring
}

#[test]
fn a_quiet_ring_stays_as_it_is() {
    for config in [original(), by_hand()] {
        let mut ring = Ring::exact(config, &IDS);
        ring.stabilize(2);
        for node in 0..6 {
            check_predecessor(&mut ring.protocol, &mut ring.net, node);
        }
        ring.settle_down();
        ring.check_exact();
        ring.check_nothing_is_left();
    }
}

#[test]
fn the_list_is_the_successor_and_its_list_without_the_last() {
    let mut ring = Ring::exact(by_hand(), &IDS);
    // 30 knows nothing but 40 and a node that nobody else knows.
    let stranger = Contact::new(45, 77);
    let head = ring.protocol.successors(2)[0];
    ring.protocol.ring.replace_successors(2, [head, stranger].into_iter());
    stabilize(&mut ring.protocol, &mut ring.net, 1);
    ring.settle_down();
    assert_eq!(ring.successors(1), [30, 40, 45]);
}

#[test]
fn a_dead_successor_gives_way_to_the_next_of_the_list() {
    for config in [original(), by_hand()] {
        let mut ring = Ring::exact(config, &IDS);
        ring.crash(2);
        ring.crash(3);
        // Or else 50 would name the dead 40, and the original rules would take it.
        check_predecessor(&mut ring.protocol, &mut ring.net, 4);
        ring.settle_down();
        stabilize(&mut ring.protocol, &mut ring.net, 1);
        ring.settle_down();
        assert_eq!(ring.successors(1), [50, 60, 10], "in one round, past both; the list ends before the node itself");
    }
}

#[test]
fn a_live_node_in_between_is_adopted_under_both_rules() {
    for config in [original(), by_hand()] {
        let mut ring = Ring::exact(config, &IDS);
        let node = ring.arrive(25);
        ring.settle_down();
        stabilize(&mut ring.protocol, &mut ring.net, 1);
        ring.settle_down();
        assert_eq!((ring.successors(1)[0], ring.predecessor(node)), (25, Some(20)));
    }
}

#[test]
fn a_dead_node_in_between_is_adopted_under_the_original_rules_only() {
    for (config, first) in [(original(), 25), (by_hand(), 30)] {
        let mut ring = with_predecessor_of_30(config, Contact::new(25, 99));
        stabilize(&mut ring.protocol, &mut ring.net, 1);
        ring.settle_down();
        assert_eq!(ring.successors(1)[0], first);
    }
}

#[test]
fn a_node_that_does_not_lie_between_is_not_adopted() {
    for config in [original(), by_hand()] {
        let mut ring = with_predecessor_of_30(config, Contact::new(10, 0));
        stabilize(&mut ring.protocol, &mut ring.net, 1);
        ring.settle_down();
        assert_eq!(ring.successors(1)[0], 30);
        assert_eq!(ring.predecessor(2), Some(20), "and 30 learns of 20 by the notification");
    }
}

#[test]
fn rectify_replaces_a_dead_predecessor_and_no_other() {
    for (config, dead, after) in [
        (by_hand(), true, Some(20)),
        (by_hand(), false, Some(25)),
        // The original rules wait for the check of the predecessor.
        (original(), true, Some(25)),
    ] {
        let mut ring = Ring::exact(config, &IDS);
        let node = ring.arrive(25);
        ring.settle_down();
        assert_eq!(ring.predecessor(2), Some(25));
        if dead {
            ring.crash(node);
        }
        let from = ring.net.directory.contact(1);
        ring.protocol.on_message(&mut ring.net, 2, from, &Message::Ring(RingMessage::Notify));
        ring.settle_down();
        assert_eq!(ring.predecessor(2), after);
    }
}

#[test]
fn a_nearer_predecessor_is_taken_and_a_silent_one_struck() {
    for config in [original(), by_hand()] {
        let mut ring = with_predecessor_of_30(config, Contact::new(10, 0));
        let from = ring.net.directory.contact(1);
        ring.protocol.on_message(&mut ring.net, 2, from, &Message::Ring(RingMessage::Notify));
        ring.settle_down();
        assert_eq!(ring.predecessor(2), Some(20));
        ring.crash(1);
        ring.protocol.on_timer(&mut ring.net, 2, Timer::CheckPredecessor);
        ring.settle_down();
        assert_eq!(ring.predecessor(2), None);
    }
}

#[test]
fn rings_of_one_to_three_survive_the_loss_of_any_node() {
    for config in [original(), by_hand()] {
        for size in 1..=3 {
            for gone in 0..size {
                for graceful in [false, true] {
                    let mut ring = Ring::exact(config.clone(), &IDS[..size as usize]);
                    if graceful {
                        ring.leave(gone)
                    } else {
                        ring.crash(gone)
                    }
                    ring.settle_down();
                    for _ in 0..3 {
                        ring.stabilize(1);
                        (0..size).filter(|node| *node != gone).for_each(|node| {
                            check_predecessor(&mut ring.protocol, &mut ring.net, node);
                        });
                        ring.settle_down();
                    }
                    ring.stabilize(1);
                    ring.check_exact();
                    ring.check_nothing_is_left();
                }
            }
        }
    }
}

#[test]
fn a_list_as_long_as_the_ring_ends_before_the_node_itself() {
    for successors in [5, 6, 128] {
        let mut ring = Ring::exact(Config { successors, ..by_hand() }, &IDS);
        ring.stabilize(2);
        assert_eq!(ring.successors(5), [10, 20, 30, 40, 50]);
    }
}

#[test]
fn a_search_for_a_place_is_not_begun_twice() {
    let mut ring = Ring::exact(Config { successors: 1, ..by_hand() }, &[10, 20]);
    let other = ring.net.directory.contact(1);
    ring.protocol.node_mut(0).joining = true;
    ring.protocol.forget(&mut ring.net, 0, other);
    assert!(ring.successors(0).is_empty());
    assert_eq!(ring.net.sent, 0, "the search that goes on is enough");
}

#[test]
fn a_node_on_its_way_back_from_a_finger_does_not_take_the_node_behind_it_for_its_successor() {
    let mut ring = Ring::exact(Config { successors: 1, ..by_hand() }, &IDS);
    let (lost, behind) = (ring.net.directory.contact(1), ring.net.directory.contact(5));
    ring.crash(1);
    ring.crash(2);
    ring.protocol.forget(&mut ring.net, 0, lost);
    ring.protocol.on_message(&mut ring.net, 0, behind, &Message::Ring(RingMessage::Notify));
    ring.settle_down();
    assert_eq!(ring.successors(0), [40], "the first live node, and not 60, with the whole ring in between");
}
