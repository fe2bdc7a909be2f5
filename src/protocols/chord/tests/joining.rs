//! Joins: into rings of one, two and many, at once in one gap, past lost packets, and of nodes that lost their place.

use super::network::{Ring, by_hand};
use crate::node::{Answer, Contact, Protocol, ReplyTo};
use crate::overlay::ring::join::join_failed;
use crate::overlay::ring::{Asking, RingMessage};
use crate::protocols::chord::{Config, Maintenance, Message, Routing};

fn every_way() -> impl Iterator<Item = Config> {
    let routings = [Routing::Iterative, Routing::Recursive, Routing::SemiRecursive];
    let ways = [(Maintenance::Original, false), (Maintenance::Original, true), (Maintenance::Corrected, false)];
    routings.into_iter().flat_map(move |routing| {
        ways.map(|(maintenance, notify_old_predecessor)| Config {
            routing,
            maintenance,
            notify_old_predecessor,
            ..by_hand()
        })
    })
}

#[test]
fn the_first_node_is_a_ring_of_its_own() {
    let mut ring = Ring::empty(by_hand());
    let node = ring.arrive(10);
    assert_eq!(ring.net.members.len(), 1);
    ring.check_exact();
    assert_eq!(ring.net.sent, 0);
    let found = ring.look_up(node, 5);
    assert_eq!((found.owner, found.hops), (Some(10), 0));
}

#[test]
fn nodes_that_join_one_after_another_form_the_exact_ring() {
    for config in every_way() {
        let mut ring = Ring::empty(config);
        // The second, between two, before the first, after the last, and in the middle.
        for id in [50, 10, 30, 5, 90, 40, 45] {
            ring.arrive(id);
            ring.settle_down();
            ring.stabilize(2);
        }
        // A list of four is right when what is right has come back along four nodes.
        ring.stabilize(4);
        ring.check_exact();
    }
}

#[test]
fn a_joining_node_takes_over_the_list_of_its_successor_and_tells_it() {
    let mut ring = Ring::exact(by_hand(), &[10, 20, 30, 40, 50, 60]);
    let node = ring.arrive(25);
    ring.settle_down();
    assert_eq!(ring.successors(node), [30, 40, 50, 60]);
    assert_eq!(ring.predecessor(2), Some(25));
    assert_eq!(ring.successors(1), [30, 40, 50, 60], "20 hears of it in its next round");
    ring.stabilize(1);
    assert_eq!((ring.successors(1), ring.predecessor(node)), (vec![25, 30, 40, 50], Some(20)));
}

#[test]
fn the_old_predecessor_may_be_told_at_once() {
    let config = Config { notify_old_predecessor: true, ..by_hand() };
    let mut ring = Ring::exact(config, &[10, 20, 30, 40, 50, 60]);
    let node = ring.arrive(25);
    ring.settle_down();
    assert_eq!((ring.successors(1), ring.predecessor(node)), (vec![25, 30, 40, 50], Some(20)));
}

#[test]
fn many_nodes_join_at_once_in_one_gap() {
    for config in every_way() {
        let mut ring = Ring::exact(config, &[10, 20, 1_000, 2_000]);
        for id in [500, 100, 900, 400, 300, 200, 600, 800, 700] {
            ring.arrive(id);
        }
        ring.settle_down();
        ring.stabilize(14);
        assert_eq!(ring.net.members.len(), 13);
        ring.check_exact();
    }
}

#[test]
fn a_join_whose_messages_are_lost_is_tried_again() {
    for routing in [Routing::Iterative, Routing::Recursive, Routing::SemiRecursive] {
        let mut ring = Ring::exact(Config { routing, ..by_hand() }, &[10, 20, 30]);
        ring.net.cut = (0..3).map(|member| (member, 3)).collect();
        let node = ring.arrive(25);
        ring.settle_down();
        assert!(!ring.protocol.node(node).member);
        ring.net.cut.clear();
        ring.settle_down();
        ring.stabilize(3);
        ring.check_exact();
    }
}

#[test]
fn a_node_that_has_not_joined_helps_nobody_and_takes_nothing_on_offer() {
    for maintenance in [Maintenance::Original, Maintenance::Corrected] {
        let config = Config { maintenance, notify_old_predecessor: true, ..by_hand() };
        let mut ring = Ring::exact(config, &[10, 20, 30]);
        ring.net.cut = (0..3).map(|member| (member, 3)).collect();
        let node = ring.arrive(25);
        let (from, offered) = (ring.net.directory.contact(1), ring.net.directory.contact(2));
        let (chord, net) = (&mut ring.protocol, &mut ring.net);
        chord.on_message(net, node, from, &Message::Ring(RingMessage::NewSuccessor(offered)));
        chord.on_message(net, node, from, &Message::Ring(RingMessage::Notify));
        let asked = chord.on_request(
            net,
            node,
            from,
            &Message::Ring(RingMessage::GetNeighbours { asking: Asking::Successor, client_mode: false }),
            ReplyTo::for_tests(node),
        );
        assert!(matches!(asked, Answer::Refused));
        ring.settle_down();
        assert_eq!((ring.successors(node), ring.predecessor(node)), (vec![], None));
        ring.net.cut.clear();
        ring.settle_down();
        assert!(ring.net.members.contains(Contact::new(25, node)), "it joined by itself");
    }
}

#[test]
fn a_node_that_returns_with_its_identifier_and_place_joins_again() {
    for config in every_way() {
        let mut ring = Ring::exact(config, &[10, 20, 30, 40, 50]);
        ring.crash(2);
        ring.arrive_at(2, 30);
        ring.settle_down();
        ring.stabilize(6);
        assert_eq!(ring.net.members.len(), 5);
        ring.check_exact();
    }
}

#[test]
fn a_lost_packet_does_not_part_a_ring_of_two() {
    for config in every_way() {
        let mut ring = Ring::exact(Config { successors: 1, ..config }, &[10, 20]);
        let other = ring.net.directory.contact(1);
        // As if its request had been lost.
        let asked = RingMessage::GetNeighbours { asking: Asking::Successor, client_mode: false };
        ring.protocol.on_timeout(&mut ring.net, 0, other, &Message::Ring(asked));
        assert!(ring.successors(0).is_empty(), "its only successor is gone");
        ring.settle_down();
        ring.stabilize(2);
        ring.check_exact();
    }
}

#[test]
fn nodes_that_have_all_lost_their_places_form_a_ring_again() {
    for config in every_way() {
        let ids = [10, 20, 30, 40, 50];
        let mut ring = Ring::exact(Config { successors: 2, ..config }, &ids);
        for node in 0..5 {
            let mut fingers = std::mem::take(&mut ring.protocol.node_mut(node).table);
            fingers.clear(&mut ring.protocol.contacts);
            ring.protocol.ring.replace_successors(node, [].into_iter());
            let state = ring.protocol.node_mut(node);
            (state.predecessor, state.joining) = (Contact::NONE, true);
            join_failed(&mut ring.protocol, &mut ring.net, node);
        }
        ring.settle_down();
        ring.stabilize(8);
        for node in 0..5 {
            assert_eq!(ring.successors(node)[0], ids[(node as usize + 1) % 5]);
        }
        ring.check_nothing_is_left();
    }
}
