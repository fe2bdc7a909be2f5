//! Queries that are handed on (R/Kademlia): where they go, what becomes of one that is not acknowledged, who answers.

use super::network::{DELAY, Nodes, TIMEOUT, by_hand, id};
use crate::engine::random::mix;
use crate::engine::time::Duration;
use crate::node::MessageSizes;
use crate::node::Slot;
use crate::overlay::forward::ForwardMessage;
use crate::protocols::kademlia::{Config, Message, Routing};

fn handed_on() -> Config {
    Config { routing: Routing::SemiRecursive, ..by_hand(8) }
}

fn delays(count: u64) -> Duration {
    DELAY.saturating_mul(count)
}

/// Who has handed a query to whom, in order.
fn hand_overs(nodes: &Nodes) -> Vec<(Slot, Slot)> {
    let forwards =
        nodes.calls_that(|message| matches!(message, Message::Forward { message: ForwardMessage::Query(_), .. }));
    forwards.iter().map(|call| (call.from.slot(), call.to.slot())).collect()
}

/// Node 0 knows the first way to node 4, the owner of key 0xffff, and so do those on the way.
fn chain(config: Config) -> Nodes {
    let mut nodes = Nodes::strangers(config, &[id(0), id(0x8000), id(0xc000), id(0xe000), id(0xf000)]);
    (0..4).for_each(|node| nodes.introduce(node, &[node + 1]));
    nodes
}

#[test]
fn a_query_is_handed_on_and_the_owner_answers_straight_to_the_initiator() {
    let mut nodes = chain(handed_on());
    let found = nodes.look_up(0, id(0xffff));
    assert_eq!((found.owner, found.hops, found.rpcs), (Some(id(0xf000)), 3, 4), "the owner is no hop");
    assert_eq!((found.timeouts, found.took), (0, delays(4 + 1)), "four times on, once back");
    assert_eq!(hand_overs(&nodes), [(0, 1), (1, 2), (2, 3), (3, 4)]);
    let answers =
        nodes.calls_that(|message| matches!(message, Message::Forward { message: ForwardMessage::Answer(_), .. }));
    assert_eq!(answers.iter().map(|call| (call.from.slot(), call.to.slot())).collect::<Vec<_>>(), [(4, 0)]);
}

#[test]
fn a_query_goes_to_the_contact_nearest_to_the_key() {
    let ids: Vec<u64> = (0..150).map(|number| mix(number + 1)).collect();
    let mut nodes = Nodes::exact(handed_on(), &ids);
    for number in 0..60u64 {
        let (node, key) = (number as Slot, mix(number << 8));
        // What each will do, from its table as it is now; nobody learns of others than the sender on the way.
        let mut path = vec![node];
        while let Some(next) = next_of(&nodes, path[path.len() - 1], key) {
            path.push(next);
        }
        let before = nodes.net.calls.len();
        let found = nodes.look_up(node, key);
        let calls = nodes.net.calls[before..].iter();
        let forwards =
            calls.filter(|call| matches!(call.request, Message::Forward { message: ForwardMessage::Query(_), .. }));
        let way: Vec<Slot> = forwards.map(|call| call.to.slot()).collect();
        assert_eq!(way, path[1..]);
        assert_eq!((found.owner, found.rpcs as usize), (Some(nodes.nearest(key, 1)[0]), way.len()));
        assert_eq!(found.hops as usize, way.len().saturating_sub(1));
    }
    nodes.check_nothing_is_left();
}

/// The contact of `node` nearest to `key`, if that is nearer than the node itself.
fn next_of(nodes: &Nodes, node: Slot, key: u64) -> Option<Slot> {
    let nearest = nodes.known(node).into_iter().min_by_key(|id| id ^ key)?;
    let slot = nodes.net.members.successor(nearest).map(|contact| contact.slot());
    slot.filter(|_| nearest ^ key < nodes.id_of(node) ^ key)
}

/// Node 0 knows `dead` nodes near key 0xffff that are silent, the last the nearest, and one on the way to the owner.
fn with_silent(config: Config, dead: u16) -> Nodes {
    let near = (0..dead).map(|number| id(0xf000 + (number << 8)));
    let ids: Vec<u64> = [id(0), id(0x8000), id(0xfff0)].into_iter().chain(near).collect();
    let mut nodes = Nodes::strangers(config, &ids);
    let silent: Vec<Slot> = (3..3 + Slot::from(dead)).collect();
    nodes.introduce(0, &[1]);
    nodes.introduce(0, &silent);
    nodes.introduce(1, &[2]);
    silent.iter().for_each(|node| nodes.crash(*node));
    nodes
}

#[test]
fn a_query_that_is_not_acknowledged_goes_to_the_next_nearest_contact() {
    let mut nodes = with_silent(handed_on(), 3);
    let found = nodes.look_up(0, id(0xffff));
    assert_eq!(hand_overs(&nodes), [(0, 5), (0, 4), (0, 3), (0, 1), (1, 2)], "the nearest first");
    assert_eq!((found.owner, found.hops, found.timeouts), (Some(id(0xfff0)), 1, 3), "the silent are no hops");
    assert_eq!(found.took, TIMEOUT.saturating_mul(3) + delays(3));
}

#[test]
fn who_is_on_the_way_tries_the_next_as_well() {
    let mut nodes = chain(handed_on());
    nodes.introduce(1, &[3]);
    nodes.crash(2);
    // Of the two that node 1 knows the one nearer to the key comes first: that is the one which lives.
    assert_eq!(nodes.look_up(0, id(0xffff)).timeouts, 0);
    let mut nodes = chain(handed_on());
    nodes.introduce(1, &[3]);
    nodes.introduce(2, &[4]);
    nodes.crash(3);
    let found = nodes.look_up(0, id(0xffff));
    assert_eq!((found.owner, found.hops, found.timeouts), (Some(id(0xf000)), 2, 1));
    assert_eq!(found.took, TIMEOUT + delays(4));
    assert_eq!(hand_overs(&nodes), [(0, 1), (1, 3), (1, 2), (2, 4)]);
}

#[test]
fn the_retry_limit_ends_a_lookup_at_its_initiator_at_once() {
    for retries in [0, 2, 5] {
        let mut nodes = with_silent(Config { retries, ..handed_on() }, 7);
        let found = nodes.look_up(0, id(0xffff));
        assert_eq!((found.owner, found.timeouts), (None, retries + 1));
        assert_eq!(found.took, TIMEOUT.saturating_mul(u64::from(retries) + 1));
        nodes.check_nothing_is_left();
    }
}

#[test]
fn of_a_query_that_nobody_can_carry_on_the_initiator_learns_by_its_deadline() {
    let lookup_deadline = Duration::from_secs(5);
    let mut nodes = chain(Config { retries: 0, lookup_deadline, ..handed_on() });
    nodes.crash(3);
    let found = nodes.look_up(0, id(0xffff));
    assert_eq!((found.owner, found.timeouts, found.took), (None, 1, lookup_deadline));
    nodes.check_nothing_is_left();
}

#[test]
fn a_query_never_goes_to_somebody_farther_than_whoever_has_it() {
    let mut nodes = Nodes::strangers(handed_on(), &[id(0xe000), id(0x8000), id(0xf000)]);
    nodes.introduce(0, &[1, 2]);
    nodes.crash(2);
    let found = nodes.look_up(0, id(0xffff));
    assert_eq!((found.owner, found.hops, found.rpcs), (Some(id(0xe000)), 0, 1), "it takes itself for the owner");
    assert_eq!(hand_overs(&nodes), [(0, 2)]);
}

#[test]
fn lost_acknowledgements_make_copies_that_end_a_lookup_once() {
    let ids: Vec<u64> = (0..80).map(|number| mix(number + 1)).collect();
    let mut nodes = Nodes::exact(handed_on(), &ids);
    let key = (1..).map(|number| mix(number << 20)).find(|key| nodes.look_up(0, *key).hops >= 2).expect("a long way");
    let first = next_of(&nodes, 0, key).expect("a way");
    nodes.net.cut.insert((first, 0));
    let before = hand_overs(&nodes).len();
    let found = nodes.look_up(0, key);
    assert_eq!((found.owner, found.timeouts), (Some(nodes.nearest(key, 1)[0]), 0), "it ends before the timeout");
    let copies = hand_overs(&nodes)[before..].iter().filter(|(from, _)| *from == 0).count();
    assert!(copies > 1, "node 0 does not know, and hands it to others");
    nodes.net.cut.clear();
    nodes.check_nothing_is_left();
}

#[test]
fn who_is_handed_a_query_learns_of_the_sender_and_the_initiator_of_the_owner() {
    let mut nodes = chain(handed_on());
    nodes.look_up(0, id(0xffff));
    assert!((0..4).all(|node| nodes.knows(node + 1, node)), "each of the one before it");
    assert!(nodes.knows(0, 4) && !nodes.knows(4, 0), "and the answer names no initiator to learn of");
}

#[test]
fn each_message_is_booked_as_what_it_carries() {
    let mut nodes = chain(handed_on());
    nodes.look_up(0, id(0xffff));
    let config = Config { ping_oldest: true, routing: Routing::Iterative, ..by_hand(8) };
    let mut iterative = chain(config);
    iterative.look_up(0, id(0xffff));
    let oldest = iterative.net.directory.contact(1);
    iterative.protocol.ping(&mut iterative.net, 0, oldest, crate::node::Contact::NONE);
    iterative.settle_down();
    let sizes = MessageSizes::default();
    let mut kinds = std::collections::BTreeSet::new();
    for call in nodes.net.calls.iter().chain(&iterative.net.calls) {
        // p2psim: 20 bytes, and 4 for each identifier or address; whoever asks is named, to be learnt of.
        let (name, bytes, reply) = match call.request {
            Message::FindNode { .. } => ("a key and the sender", 20 + 4 + 4, None),
            Message::Ping { .. } => ("the sender", 20 + 4, Some(20)),
            Message::Forward { message: ForwardMessage::Query(_), .. } => {
                ("a key, the initiator and the sender", 20 + 4 + 4 + 4, Some(20))
            }
            Message::Forward { message: ForwardMessage::Answer(_), .. } => ("a key and the owner", 20 + 4 + 4, None),
            Message::Forward { .. } | Message::Nodes(_) | Message::Ack | Message::Dead(_) => {
                panic!("not to be sent here")
            }
        };
        assert_eq!(call.charge.bytes(&sizes), bytes, "{name}");
        if let (Some(expected), Some((_, charge))) = (reply, call.reply) {
            assert_eq!(charge.bytes(&sizes), expected, "the reply to {name}");
        }
        kinds.insert(name);
    }
    assert_eq!(kinds.len(), 4);
}
