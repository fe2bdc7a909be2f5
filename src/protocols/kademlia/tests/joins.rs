//! Joins (Kademlia 2.3): alone, through a member, past lost messages, of many at once, and again.

use super::network::{Nodes, TIMEOUT, by_hand, id};
use crate::engine::distribution::Distribution;
use crate::engine::random::mix;
use crate::engine::time::{Duration, Time};
use crate::node::{Contact, Slot};
use crate::protocols::kademlia::{Config, Message};
use std::collections::BTreeSet;

fn many(count: u64) -> Vec<u64> {
    (0..count).map(|number| mix(number + 1)).collect()
}

#[test]
fn the_first_node_is_a_member_at_once_and_says_nothing() {
    let mut nodes = Nodes::empty(by_hand(4));
    let node = nodes.arrive(id(0x1000));
    assert_eq!((nodes.net.members.len(), nodes.net.sent), (1, 0));
    assert_eq!(nodes.look_up(node, id(0xffff)).owner, Some(id(0x1000)));
}

#[test]
fn a_newcomer_looks_up_its_own_identifier_through_a_member_it_was_told_of() {
    let mut nodes = Nodes::exact(by_hand(5), &many(100));
    let node = nodes.arrive(mix(1_000));
    let own = nodes.id_of(node);
    let first: Vec<_> = nodes.searches(node).collect();
    assert_eq!(first.len(), 1, "it knows one member");
    nodes.settle_down();
    assert!(nodes.searches(node).all(|(_, _, key)| key == own));
    assert!(nodes.net.members.contains(Contact::new(own, node)));
    // It has heard of all that are near, and asked those.
    let nearest: Vec<u64> = nodes.nearest(own, 6).into_iter().filter(|id| *id != own).collect();
    assert!(nearest.iter().all(|id| nodes.known(node).contains(id)));
}

#[test]
fn whoever_a_newcomer_asks_learns_of_it_if_there_is_room() {
    let mut nodes = Nodes::exact(by_hand(5), &many(100));
    let node = nodes.arrive(mix(1_000));
    nodes.settle_down();
    let own = nodes.id_of(node);
    let asked: BTreeSet<Slot> = nodes.searches(node).map(|(_, to, _)| to).collect();
    for member in &asked {
        let is_full = nodes.protocol.tables.is_full(nodes.protocol.bucket_of(*member, own));
        assert!(nodes.knows(*member, node) || is_full, "{member}");
    }
    // Nobody is on the newcomer's side of the smallest part of the space that has both: there is always room.
    let neighbour = nodes.nearest(own, 2)[1];
    let neighbour = nodes.net.members.successor(neighbour).expect("a member").slot();
    assert!(nodes.knows(neighbour, node) && nodes.knows(node, neighbour));
}

#[test]
fn a_newcomer_refreshes_all_buckets_beyond_its_nearest_neighbour() {
    for refresh_on_join in [true, false] {
        let mut nodes = Nodes::exact(Config { refresh_on_join, ..by_hand(4) }, &many(200));
        let node = nodes.arrive(mix(1_000));
        let own = nodes.id_of(node);
        while !nodes.net.members.contains(Contact::new(own, node)) {
            nodes.play(Duration::from_millis(1));
        }
        // With one bit a level the bucket of a key is told by the first bit in which it differs from the node.
        let neighbour = nodes.nearest(own, 2)[1];
        let levels = u32::from(nodes.protocol.node(node).levels);
        let beyond = (neighbour ^ own).leading_zeros().min(levels);
        let keys: BTreeSet<u64> = nodes.searches(node).map(|(_, _, key)| key).filter(|key| *key != own).collect();
        let mut buckets: Vec<u32> = keys.iter().map(|key| (key ^ own).leading_zeros()).collect();
        buckets.sort_unstable();
        assert!(beyond >= 4);
        let expected: Vec<u32> = (0..beyond).filter(|_| refresh_on_join).collect();
        assert_eq!(buckets, expected, "one random key in the range of each");
        nodes.settle_down();
        nodes.check_nothing_is_left();
    }
}

#[test]
fn nodes_that_join_one_after_another_find_every_owner() {
    let mut nodes = Nodes::empty(Config { refresh_on_join: true, ..by_hand(4) });
    for id in many(80) {
        nodes.arrive(id);
        nodes.settle_down();
    }
    assert_eq!(nodes.net.members.len(), 80);
    for number in 0..80u64 {
        let key = mix(number << 9);
        assert_eq!(nodes.look_up(number as Slot, key).owner, Some(nodes.nearest(key, 1)[0]));
    }
    nodes.check_nothing_is_left();
}

#[test]
fn nodes_that_join_at_once_learn_of_each_other() {
    let mut nodes = Nodes::exact(by_hand(4), &many(20));
    // Three neighbours, far from everybody else.
    let base = mix(1_000);
    let newcomers = [0, 1, 2].map(|number| nodes.arrive(base ^ number));
    nodes.settle_down();
    for (one, other) in [(0, 1), (0, 2), (1, 2)].map(|(one, other)| (newcomers[one], newcomers[other])) {
        assert!(nodes.knows(one, other) || nodes.knows(other, one), "{one} {other}");
    }
}

#[test]
fn a_join_whose_replies_are_lost_is_tried_again_after_a_pause() {
    let pause = Duration::from_secs(7);
    let mut nodes = Nodes::exact(Config { join_retry_after: pause, ..by_hand(4) }, &many(12));
    nodes.net.cut = (0..12).map(|member| (member, 12)).collect();
    let node = nodes.arrive(mix(1_000));
    nodes.play(Duration::from_secs(30));
    assert!(!nodes.net.members.contains(nodes.net.directory.contact(node)));
    let times: Vec<Duration> = nodes.searches(node).map(|(sent, ..)| sent.since(Time::ZERO)).collect();
    let expected: Vec<Duration> = (0..5).map(|round| (TIMEOUT + pause).saturating_mul(round)).collect();
    assert_eq!(times, expected);
    nodes.net.cut.clear();
    nodes.settle_down();
    assert!(nodes.net.members.contains(nodes.net.directory.contact(node)));
}

#[test]
fn a_newcomer_that_has_heard_from_nobody_is_no_member() {
    let mut nodes = Nodes::strangers(by_hand(4), &[id(0x1000)]);
    nodes.net.cut.insert((0, 1));
    let node = nodes.arrive(id(0x8000));
    nodes.play(Duration::from_secs(1));
    assert_eq!(nodes.net.members.len(), 1);
    assert!(nodes.knows(0, node), "though the member has heard from it");
}

#[test]
fn who_knows_nobody_any_more_joins_again_at_its_next_look() {
    let config = Config {
        refresh_check_every: Distribution::Fixed(Duration::from_secs(300)),
        stale_after: Some(1),
        keep_stale: false,
        ..by_hand(4)
    };
    let mut nodes = Nodes::strangers(config, &[id(0), id(0x8000), id(0xc000), id(0xe000)]);
    nodes.introduce(0, &[1]);
    [2, 3].into_iter().for_each(|node| nodes.introduce(node, &[5 - node]));
    nodes.start_timers(0);
    nodes.crash(1);
    nodes.look_up(0, id(0xffff));
    assert!(nodes.known(0).is_empty());
    nodes.play_minutes(5);
    assert_eq!(nodes.known(0), [id(0xc000), id(0xe000)]);
    assert!(nodes.searches(0).skip(1).any(|(_, _, key)| key == id(0)), "it looked for its own place");
    assert!(nodes.calls_that(|message| matches!(message, Message::Ping { .. })).is_empty());
}
