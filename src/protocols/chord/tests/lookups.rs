//! Lookups in exact and damaged rings: iterative, recursive and semi-recursive.

use super::network::{DELAY, Found, Ring, TIMEOUT, by_hand};
use crate::engine::random::mix;
use crate::engine::time::Duration;
use crate::node::{Contact, Slot};
use crate::overlay::lookups::Step;
use crate::protocols::chord::{Acknowledgements, Config, Routing};

const EVERY_WAY: [Routing; 3] = [Routing::Iterative, Routing::Recursive, Routing::SemiRecursive];

fn exact(routing: Routing, nodes: u64) -> Ring {
    let ids: Vec<u64> = (0..nodes).map(|number| mix(number + 1)).collect();
    Ring::exact(Config { routing, ..by_hand() }, &ids)
}

fn true_owner(ring: &Ring, key: u64) -> Contact {
    ring.net.members.successor(key).expect("somebody lives")
}

fn slot_of(ring: &Ring, id: u64) -> Slot {
    ring.net.members.successor(id).expect("somebody lives").slot()
}

#[test]
fn every_way_names_the_same_owner_after_the_same_hops() {
    let mut rings = EVERY_WAY.map(|routing| exact(routing, 150));
    let mut total = 0;
    for number in 0..300u64 {
        let (node, key) = ((number % 150) as Slot, mix(number ^ 0xabcd_0000));
        let [iterative, recursive, semi] = rings.each_mut().map(|ring| ring.look_up(node, key));
        let owner = true_owner(&rings[0], key).id();
        assert_eq!([iterative, recursive, semi].map(|found| found.owner), [Some(owner); 3]);
        assert_eq!([iterative, recursive, semi].map(|found| found.timeouts), [0; 3]);
        let hops = iterative.hops;
        assert_eq!([recursive.hops, semi.hops], [hops; 2]);
        // A request and its reply a hop; there and back; there and straight back.
        let ways = [2 * hops, 2 * hops, hops + u32::from(hops > 0)];
        let took = [iterative, recursive, semi].map(|found| found.took);
        assert_eq!(took, ways.map(|ways| DELAY.saturating_mul(u64::from(ways))));
        assert_eq!([iterative, recursive, semi].map(|found| found.rpcs), [hops, 2 * hops, hops]);
        total += hops;
    }
    assert!((600..1_500).contains(&total), "{total}");
    rings.into_iter().for_each(Ring::check_nothing_is_left);
}

#[test]
fn a_request_names_the_dead_as_they_were_when_it_was_sent() {
    for dead_before in [false, true] {
        let (node, key) = (0, mix(0xabcd_0007));
        let plain = exact(Routing::Iterative, 60).look_up(node, key);
        assert!(plain.hops >= 2, "{plain:?}");
        let mut ring = exact(Routing::Iterative, 60);
        let mut under_way = DELAY.saturating_mul(u64::from(2 * plain.hops - 2));
        if dead_before {
            // The first node on the path is dead: the list that the next requests carry has an entry.
            let Step::Next(first, ()) = ring.protocol.step(node, key, &[]) else { panic!("{node} precedes the key") };
            ring.crash(first.slot());
            let mut passed_by = exact(Routing::Iterative, 60);
            passed_by.crash(first.slot());
            let found = passed_by.look_up(node, key);
            assert_eq!(found.timeouts, 1);
            under_way = TIMEOUT + DELAY.saturating_mul(u64::from(2 * found.hops - 2));
        }
        // The last request is on its way to the owner's predecessor when the initiator comes to think that the owner
        // is dead. Nobody has told the predecessor.
        let owner = true_owner(&ring, key);
        let after = under_way + Duration::from_millis(5);
        let found = ring.look_up_meanwhile(node, key, after, |chord, lookup| {
            chord.walk.note_silent(lookup, owner);
        });
        assert_eq!(found.owner, Some(owner.id()), "{found:?}");
        ring.check_nothing_is_left();
    }
}

/// A ring in which queries are handed on, with these options.
fn handed_on(routing: Routing, acknowledgements: Acknowledgements, confirm_owner: bool) -> Ring {
    let ids: Vec<u64> = (0..80).map(|number| mix(number + 1)).collect();
    Ring::exact(Config { routing, acknowledgements, confirm_owner, ..by_hand() }, &ids)
}

#[test]
fn acknowledgements_that_are_implied_are_no_messages() {
    for routing in [Routing::Recursive, Routing::SemiRecursive] {
        let [mut sent, mut implied] =
            [Acknowledgements::Sent, Acknowledgements::Implied].map(|way| handed_on(routing, way, false));
        for number in 0..50u64 {
            let (node, key) = ((number % 80) as Slot, mix(number ^ 0xabcd_0000));
            let before = [sent.net.sent, implied.net.sent];
            let found = sent.look_up(node, key);
            assert_eq!(implied.look_up(node, key), found, "the same in every other respect");
            let messages = [sent.net.sent - before[0], implied.net.sent - before[1]];
            assert_eq!(messages[0] - messages[1], u64::from(found.rpcs), "one for each query or answer handed on");
        }
        [sent, implied].into_iter().for_each(Ring::check_nothing_is_left);
    }
}

#[test]
fn a_dead_node_is_passed_by_though_acknowledgements_are_implied() {
    for routing in [Routing::Recursive, Routing::SemiRecursive] {
        let mut ring = handed_on(routing, Acknowledgements::Implied, false);
        let key = ring.protocol.node(50).id.wrapping_sub(1);
        let Step::Next(first, ()) = ring.protocol.step(0, key, &[]) else { panic!("node 0 does not precede the key") };
        ring.crash(first.slot());
        let found = ring.look_up(0, key);
        assert_eq!((found.owner, found.timeouts), (Some(true_owner(&ring, key).id()), 1));
        assert!(found.took >= TIMEOUT, "{found:?}");
        assert_eq!(ring.look_up(0, key).timeouts, 0, "it is struck from the tables");
        ring.check_nothing_is_left();
    }
}

#[test]
fn a_query_that_goes_on_to_the_owner_takes_a_message_more_and_passes_dead_owners() {
    for acknowledgements in [Acknowledgements::Sent, Acknowledgements::Implied] {
        for routing in [Routing::Recursive, Routing::SemiRecursive] {
            let mut plain = handed_on(routing, acknowledgements, false);
            let mut ring = handed_on(routing, acknowledgements, true);
            let more = if routing == Routing::Recursive { 2 } else { 1 };
            for number in 0..50u64 {
                let (node, key) = ((number % 80) as Slot, mix(number ^ 0xabcd_0000));
                let (named, reached) = (plain.look_up(node, key), ring.look_up(node, key));
                assert_eq!((reached.owner, reached.hops), (named.owner, named.hops));
                let is_own = named.owner == Some(ring.protocol.node(node).id);
                assert_eq!(reached.rpcs, named.rpcs + if is_own { 0 } else { more }, "{routing:?}");
            }
            let key = mix(99);
            let owner = true_owner(&ring, key);
            let asker = if owner.slot() == 3 { 4 } else { 3 };
            ring.crash(owner.slot());
            let found = ring.look_up(asker, key);
            assert_eq!(found.owner, Some(true_owner(&ring, key).id()), "not the one that is dead");
            assert!(found.timeouts >= 1);
            plain.check_nothing_is_left();
            ring.check_nothing_is_left();
        }
    }
}

#[test]
fn a_key_that_is_an_identifier_belongs_to_its_node() {
    for routing in EVERY_WAY {
        let mut ring = exact(routing, 60);
        for node in 0..60 {
            let id = ring.protocol.node(node).id;
            let found = ring.look_up(0, id);
            assert_eq!(found.owner, Some(id));
            assert_eq!(ring.look_up(0, id.wrapping_add(1)).owner, Some(ring.successors(node)[0]));
        }
        // Its own identifier is a whole turn away: fingers lead there, not one successor after another.
        let own = ring.look_up(7, ring.protocol.node(7).id);
        assert!((2..=7).contains(&own.hops), "{own:?}");
    }
}

/// The first node that a lookup from node 0 for a key far away would ask, with that key.
fn first_asked(ring: &Ring) -> (Slot, u64) {
    let far = ring.protocol.node(0).table.get(&ring.protocol.contacts, 63);
    (far.slot(), far.id().wrapping_add(1 << 61))
}

#[test]
fn a_dead_node_on_the_way_costs_one_timeout_and_is_no_hop() {
    for routing in EVERY_WAY {
        let mut ring = exact(routing, 100);
        let (dead, key) = first_asked(&ring);
        let whole = ring.look_up(0, key);
        ring.crash(dead);
        let found = ring.look_up(0, key);
        assert_eq!(found.owner, Some(true_owner(&ring, key).id()), "{routing:?}");
        // Recursive queries do not carry the names of the dead, so another node may find out for itself.
        assert!(found.timeouts == 1 || found.timeouts == 2 && routing != Routing::Iterative, "{found:?}");
        // Around one node: about as far as before, and the dead one does not count.
        assert!(found.hops >= whole.hops && found.hops <= whole.hops + 4, "{found:?} {whole:?}");
        assert_eq!(found.took, way(routing, found.hops) + TIMEOUT.saturating_mul(u64::from(found.timeouts)));
        let again = ring.look_up(0, key);
        assert_eq!((again.timeouts, again.hops), (0, found.hops), "it has been struck from the tables");
    }
}

fn way(routing: Routing, hops: u32) -> Duration {
    let ways = if routing == Routing::SemiRecursive { hops + 1 } else { 2 * hops };
    DELAY.saturating_mul(u64::from(ways))
}

#[test]
fn asking_again_for_another_candidate_counts_no_hop_twice() {
    let mut ring = Ring::exact(Config { successors: 2, ..by_hand() }, &[10, 20, 30, 40, 50, 60]);
    let mut fingers = std::mem::take(&mut ring.protocol.node_mut(0).table);
    fingers.clear(&mut ring.protocol.contacts);
    let whole = ring.look_up(0, 55);
    assert_eq!((whole.owner, whole.hops, whole.rpcs), (Some(60), 2, 2), "10, 30, 50");
    ring.crash(slot_of(&ring, 50));
    // 30 names 50, is asked again, names 40, and that takes 60 for its successor now.
    let found = ring.look_up(0, 55);
    assert_eq!((found.owner, found.hops, found.rpcs, found.timeouts), (Some(60), 2, 4, 1));
}

#[test]
fn a_node_that_dies_before_it_is_asked_again_sends_the_lookup_back_to_the_start() {
    let mut ring = Ring::exact(Config { successors: 2, ..by_hand() }, &[10, 20, 30, 40, 50, 60]);
    let mut fingers = std::mem::take(&mut ring.protocol.node_mut(0).table);
    fingers.clear(&mut ring.protocol.contacts);
    let (thirty, fifty) = (slot_of(&ring, 30), slot_of(&ring, 50));
    ring.crash(fifty);
    let found = ring.look_up_while_some_crash(0, 55, DELAY.saturating_mul(3), &[thirty]);
    // 30, 50 (silent), 30 (silent now), and from 10 again: 20, 40.
    assert_eq!((found.owner, found.hops, found.rpcs, found.timeouts), (Some(60), 2, 5, 2));
}

#[test]
fn the_retry_limit_ends_a_lookup() {
    for routing in EVERY_WAY {
        for retries in [0, 2] {
            let ids: Vec<u64> = (0..100).map(|number| mix(number + 1)).collect();
            let mut ring = Ring::exact(Config { routing, retries, ..by_hand() }, &ids);
            let key = ring.protocol.node(0).id.wrapping_sub(1);
            (1..100).for_each(|node| ring.crash(node));
            let Found { owner, timeouts, took, .. } = ring.look_up(0, key);
            assert_eq!((owner, timeouts), (None, retries + 1));
            assert_eq!(took, TIMEOUT.saturating_mul(u64::from(retries) + 1));
        }
    }
}

#[test]
fn the_deadline_ends_a_lookup() {
    for routing in EVERY_WAY {
        let ids: Vec<u64> = (0..100).map(|number| mix(number + 1)).collect();
        let lookup_deadline = Duration::from_millis(250);
        let mut ring = Ring::exact(Config { routing, retries: 200, lookup_deadline, ..by_hand() }, &ids);
        let key = ring.protocol.node(0).id.wrapping_sub(1);
        (1..100).for_each(|node| ring.crash(node));
        let found = ring.look_up(0, key);
        assert_eq!((found.owner, found.timeouts, found.took), (None, 2, lookup_deadline));
        ring.settle_down();
    }
}

#[test]
fn two_hundred_retries_are_within_every_bound() {
    for routing in EVERY_WAY {
        let ids: Vec<u64> = (0..400).map(|number| mix(number + 1)).collect();
        let lookup_deadline = Duration::from_secs(50);
        let config = Config { routing, successors: 128, retries: 200, lookup_deadline, ..by_hand() };
        let mut ring = Ring::exact(config, &ids);
        let key = ring.protocol.node(0).id.wrapping_sub(1);
        (1..400).for_each(|node| ring.crash(node));
        // It finds itself alone before, and answers for the whole ring.
        assert!(ring.look_up(0, key).timeouts > 120);
        ring.settle_down();
        ring.check_nothing_is_left();
    }
}

#[test]
fn lost_acknowledgements_make_copies_that_end_a_lookup_once() {
    for routing in [Routing::Recursive, Routing::SemiRecursive] {
        let mut ring = exact(routing, 100);
        let (first, key) = first_asked(&ring);
        // Queries of node 0 get through to everybody, and acknowledgements from the first do not come back.
        ring.net.cut.insert((first, 0));
        let found = ring.look_up(0, key);
        assert_eq!(found.owner, Some(true_owner(&ring, key).id()), "{routing:?}");
        ring.net.cut.clear();
        ring.check_nothing_is_left();
    }
}

#[test]
fn an_answer_comes_back_past_dead_nodes_of_its_path() {
    let mut ring = exact(Routing::Recursive, 200);
    let key = (1..).map(|number| mix(number << 20)).find(|key| ring.look_up(0, *key).hops >= 5).expect("a long path");
    let hops = ring.look_up(0, key).hops;
    // The path, from the tables: ask as the initiator of an iterative lookup would.
    let mut path = vec![0];
    while let Step::Next(next, ()) = ring.protocol.step(path[path.len() - 1], key, &[]) {
        path.push(next.slot());
    }
    assert_eq!(path.len() as u32, hops + 1);
    let owner = true_owner(&ring, key).id();
    let nearly_there = DELAY.saturating_mul(u64::from(hops) - 1);
    let found = ring.look_up_while_some_crash(0, key, nearly_there, &path[2..4]);
    assert_eq!((found.owner, found.hops), (Some(owner), hops));
    // Two nodes of the way back did not answer.
    assert_eq!(found.timeouts, 2);
    ring.check_nothing_is_left();
}

#[test]
fn a_lookup_whose_initiator_is_gone_leaves_nothing_behind() {
    for routing in EVERY_WAY {
        let mut ring = exact(routing, 100);
        let (_, key) = first_asked(&ring);
        ring.look_up_while_some_crash(0, key, DELAY.saturating_mul(3), &[0]);
        ring.check_nothing_is_left();
    }
}

#[test]
fn hops_end_at_the_predecessor_of_the_key() {
    let mut ring = Ring::exact(Config { successors: 1, ..by_hand() }, &[10, 20, 30]);
    let ten = slot_of(&ring, 10);
    let hops = |ring: &mut Ring, key| {
        let found = ring.look_up(ten, key);
        (found.owner.expect("answered"), found.hops)
    };
    assert_eq!(hops(&mut ring, 15), (20, 0), "the initiator is the predecessor and names the owner itself");
    assert_eq!(hops(&mut ring, 25), (30, 1));
    assert_eq!(hops(&mut ring, 5), (10, 1), "30 is a finger of 10, and the predecessor of 5");
}
