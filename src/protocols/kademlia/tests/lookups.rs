//! Iterative lookups: what they find, whom they ask, when they end, and what an answer has.

use super::network::{DELAY, Found, Nodes, TIMEOUT, by_hand, id, nearest_of};
use crate::engine::random::mix;
use crate::engine::time::Duration;
use crate::node::MessageSizes;
use crate::node::Slot;
use crate::protocols::kademlia::{Config, EndsAt, Message, Parallelism};
use std::collections::{BTreeMap, BTreeSet};

fn many(count: u64) -> Vec<u64> {
    (0..count).map(|number| mix(number + 1)).collect()
}

/// Time of so many requests one after the other.
fn requests(count: u64) -> Duration {
    DELAY.saturating_mul(2 * count)
}

#[test]
fn a_lookup_finds_the_k_nearest_by_exclusive_or() {
    for parallelism in [Parallelism::Strict, Parallelism::Loose] {
        for final_step in [false, true] {
            for bits_per_level in [1, 3] {
                let config = Config { parallelism, final_step, bits_per_level, ..by_hand(8) };
                let mut nodes = Nodes::exact(config, &many(200));
                for number in 0..60u64 {
                    let (node, key) = ((number * 3) as Slot, mix(number ^ 0xabcd_0000));
                    let found = nodes.look_up(node, key);
                    assert_eq!((found.owner, found.timeouts), (Some(nodes.nearest(key, 1)[0]), 0));
                    assert_eq!(nodes.found_nearest(), nodes.nearest(key, 8));
                }
                nodes.check_nothing_is_left();
            }
        }
    }
}

/// The initiator knows the second, which knows the third, and so on; the last is the owner of key 0xffff.
fn chain(config: Config) -> Nodes {
    let mut nodes = Nodes::strangers(config, &[id(0), id(0x8000), id(0xc000), id(0xe000), id(0xf000)]);
    (0..4).for_each(|node| nodes.introduce(node, &[node + 1]));
    nodes
}

#[test]
fn a_lookup_goes_from_each_to_whom_it_names_and_the_owner_is_no_hop() {
    let mut nodes = chain(by_hand(4));
    let found = nodes.look_up(0, id(0xffff));
    // Each asks in its turn; the way is over three nodes to the fourth.
    assert_eq!((found.owner, found.hops, found.rpcs), (Some(id(0xf000)), 3, 4));
    assert_eq!((found.timeouts, found.took), (0, requests(4)));
    let asked: Vec<Slot> = nodes.searches(0).map(|(_, to, _)| to).collect();
    assert_eq!(asked, [1, 2, 3, 4]);
}

#[test]
fn who_is_nearest_itself_names_itself_after_no_hop() {
    let mut nodes = Nodes::exact(by_hand(4), &many(60));
    for node in 0..60 {
        let own = nodes.id_of(node);
        let found = nodes.look_up(node, own);
        assert_eq!((found.owner, found.hops), (Some(own), 0));
        assert_eq!(nodes.found_nearest(), nodes.nearest(own, 4), "it is one of the nearest itself");
    }
}

#[test]
fn who_knows_nobody_is_the_nearest_that_it_knows() {
    let mut nodes = Nodes::strangers(by_hand(4), &[id(0), id(0xf000)]);
    let found = nodes.look_up(0, id(0xffff));
    assert_eq!((found.owner, found.rpcs, found.took), (Some(id(0)), 0, Duration::ZERO));
}

#[test]
fn a_lookup_ends_when_the_k_nearest_that_are_not_silent_have_all_answered() {
    let mut nodes = Nodes::exact(by_hand(5), &many(200));
    (0..200).filter(|node| node % 4 == 1).for_each(|node| nodes.crash(node));
    let mut silent = 0;
    for number in 0..50u64 {
        let (node, key) = ((number * 4) as Slot, mix(number ^ 0xabcd_0000));
        let before = nodes.net.calls.len();
        silent += nodes.look_up(node, key).timeouts;
        let results = nodes.found_nearest();
        assert_eq!(results.len(), 5);
        let own = nodes.id_of(node);
        let asked: BTreeMap<u64, bool> =
            nodes.net.calls[before..].iter().map(|call| (call.to.id(), call.reply.is_some())).collect();
        assert!(results.iter().all(|id| *id == own || asked.get(id) == Some(&true)), "{results:?} {asked:?}");
        // Whoever was asked and is nearer than the last of them is one of them, or silent.
        let nearer = asked.iter().filter(|(id, _)| **id ^ key < results[4] ^ key);
        assert!(nearer.clone().all(|(id, answered)| results.contains(id) == *answered), "{results:?} {asked:?}");
    }
    // Nobody knows of the crashes at first: a quarter of those that are asked.
    assert!(silent > 50, "{silent}");
    nodes.check_nothing_is_left();
}

#[test]
fn who_does_not_answer_is_left_out_after_one_timeout() {
    let mut nodes = Nodes::strangers(by_hand(2), &[id(0), id(0x8000), id(0xf000), id(0xff00), id(0xe000)]);
    nodes.introduce(0, &[1]);
    nodes.introduce(1, &[2, 3]);
    nodes.introduce(2, &[4]);
    nodes.crash(3);
    let found = nodes.look_up(0, id(0xffff));
    // The first names the dead and another, both are asked at 20 ms, and the other names one more.
    let took = requests(1) + TIMEOUT;
    assert_eq!(found, Found { owner: Some(id(0xf000)), hops: 1, rpcs: 4, timeouts: 1, took });
    assert_eq!(nodes.found_nearest(), [id(0xf000), id(0xe000)]);
}

#[test]
fn nobody_is_asked_twice_in_a_lookup() {
    for parallelism in [Parallelism::Strict, Parallelism::Loose, Parallelism::FirstAnswer] {
        let mut nodes = Nodes::exact(Config { parallelism, final_step: true, ..by_hand(6) }, &many(150));
        (0..150).filter(|node| node % 5 == 1).for_each(|node| nodes.crash(node));
        for number in 0..30u64 {
            let before = nodes.net.calls.len();
            nodes.look_up((number * 5) as Slot, mix(number << 8));
            let asked: Vec<u64> = nodes.net.calls[before..].iter().map(|call| call.to.id()).collect();
            assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), asked.len());
        }
    }
}

/// The initiator knows the second only, that the third; the third is the owner of key 0xffff, and names two that are
/// farther from it than itself.
fn owner_with_neighbours(ends_at: EndsAt) -> Nodes {
    let config = Config { ends_at, alpha: 1, ..by_hand(3) };
    let mut nodes = Nodes::strangers(config, &[id(0), id(0x8000), id(0xff00), id(0xf000), id(0xf100)]);
    nodes.introduce(0, &[1]);
    nodes.introduce(1, &[2]);
    nodes.introduce(2, &[3, 4]);
    nodes
}

#[test]
fn with_first_owner_a_lookup_ends_at_the_node_that_knows_nobody_nearer_than_itself() {
    let found = owner_with_neighbours(EndsAt::Closest).look_up(0, id(0xffff));
    assert_eq!((found.owner, found.hops, found.rpcs, found.took), (Some(id(0xff00)), 1, 4, requests(4)));
    let found = owner_with_neighbours(EndsAt::FirstOwner).look_up(0, id(0xffff));
    assert_eq!((found.owner, found.hops, found.rpcs, found.took), (Some(id(0xff00)), 1, 2, requests(2)));
}

#[test]
fn with_first_owner_the_initiator_may_be_the_owner_that_an_answer_leaves_out() {
    let config = Config { ends_at: EndsAt::FirstOwner, alpha: 1, ..by_hand(3) };
    let mut nodes = Nodes::strangers(config, &[id(0xff00), id(0xf000), id(0xe000)]);
    nodes.introduce(0, &[1, 2]);
    nodes.introduce(1, &[0, 2]);
    let found = nodes.look_up(0, id(0xffff));
    assert_eq!((found.owner, found.hops, found.rpcs), (Some(id(0xff00)), 0, 1));
}

/// The initiator knows a silent node that is nearest to key 0xffff, and two that agree with the key in 8 bits or in 7.
fn zone(tolerance_bits: u32, others: [u16; 2]) -> Nodes {
    let config = Config { tolerance_bits, results: 2, ..by_hand(4) };
    let mut nodes = Nodes::strangers(config, &[id(0), id(0xfffe), id(others[0]), id(others[1])]);
    nodes.introduce(0, &[1, 2, 3]);
    nodes.crash(1);
    nodes
}

#[test]
fn a_lookup_ends_when_enough_agree_with_the_key_in_the_tolerance_zone() {
    let took = |tolerance_bits, others| zone(tolerance_bits, others).look_up(0, id(0xffff)).took;
    assert_eq!(took(8, [0xff10, 0xff20]), requests(1), "two have answered that will do");
    assert_eq!(took(8, [0xff10, 0xfe20]), TIMEOUT, "the second does not agree in 8 bits: the nearest is waited for");
    assert_eq!(took(7, [0xff10, 0xfe20]), requests(1), "but in 7");
    assert_eq!(took(0, [0xff10, 0xff20]), TIMEOUT, "without a zone only the nearest do");
}

#[test]
fn early_ends_are_for_lookups_of_the_workload_only() {
    let early = Config { ends_at: EndsAt::FirstOwner, tolerance_bits: 1, results: 1, ..by_hand(5) };
    let joined = [by_hand(5), early].map(|config| {
        let mut nodes = Nodes::exact(config, &many(80));
        let node = nodes.arrive(mix(1_000));
        nodes.settle_down();
        (nodes.searches(node).count(), nodes.known(node))
    });
    assert_eq!(joined[0], joined[1]);
}

#[test]
fn the_deadline_ends_a_lookup() {
    let lookup_deadline = Duration::from_millis(250);
    let config = Config { alpha: 1, lookup_deadline, stale_after: None, ..by_hand(8) };
    let mut nodes = Nodes::exact(config, &many(8));
    (1..8).for_each(|node| nodes.crash(node));
    let found = nodes.look_up(0, mix(77));
    assert_eq!((found.owner, found.timeouts, found.took), (None, 2, lookup_deadline));
    nodes.check_nothing_is_left();
}

#[test]
fn a_lookup_whose_initiator_is_gone_leaves_nothing_behind() {
    for (death_notice, parallelism) in [(false, Parallelism::Loose), (true, Parallelism::Strict)] {
        let mut nodes = Nodes::exact(Config { death_notice, parallelism, ..by_hand(4) }, &many(100));
        nodes.look_up_while_some_crash(0, mix(1 << 20), DELAY.saturating_mul(3), &[0]);
        nodes.check_nothing_is_left();
    }
}

#[test]
fn an_answer_has_the_k_nearest_that_a_node_knows_but_for_whoever_asks() {
    for answers in [4, 8, 11] {
        let mut nodes = Nodes::exact(Config { answers, ..by_hand(8) }, &many(120));
        for number in 0..120u64 {
            let (node, from) = (number as Slot, (number * 7 % 120) as Slot);
            let (key, asker) = (mix(number << 9), nodes.id_of(from));
            let (named, charge) = nodes.ask(node, from, key);
            let others = nodes.known(node).into_iter().filter(|id| *id != asker);
            assert_eq!(named, nearest_of(others, key, answers as usize));
            assert_eq!(named.len(), answers as usize);
            // p2psim: 20 bytes, and 4 for each contact.
            assert_eq!(charge.bytes(&MessageSizes::default()), 20 + 4 * answers);
        }
    }
    // Who knows fewer names all of them, and pays for no more.
    let mut nodes = Nodes::strangers(by_hand(8), &[id(0), id(0x8000), id(0xc000), id(0xe000)]);
    nodes.introduce(1, &[0, 2, 3]);
    let (named, charge) = nodes.ask(1, 0, id(0xffff));
    assert_eq!((named, charge.bytes(&MessageSizes::default())), (vec![id(0xe000), id(0xc000)], 28));
}

#[test]
fn who_named_somebody_that_does_not_answer_is_told_of_it() {
    let config = Config { death_notice: true, stale_after: Some(1), keep_stale: false, ..by_hand(4) };
    let mut nodes = Nodes::strangers(config, &[id(0), id(0x8000), id(0xf000), id(0xff00), id(0xfe00)]);
    nodes.introduce(0, &[1]);
    nodes.introduce(1, &[2, 3]);
    nodes.introduce(2, &[3]);
    nodes.introduce(4, &[3]);
    nodes.crash(3);
    assert!(nodes.knows(1, 3) && nodes.knows(2, 3));
    assert_eq!(nodes.look_up(0, id(0xffff)).owner, Some(id(0xf000)));
    assert!(!nodes.knows(1, 3) && !nodes.knows(2, 3), "both had named it");
    assert!(nodes.knows(4, 3), "nobody has asked this one");
    let told = nodes.calls_that(|message| matches!(message, Message::Dead(_)));
    assert_eq!(told.iter().map(|call| call.to.slot()).collect::<Vec<_>>(), [1, 2]);
    assert!(told.iter().all(|call| call.charge.bytes(&MessageSizes::default()) == 24), "a header and who is dead");
}

#[test]
fn nobody_learns_of_a_client_and_it_owns_nothing() {
    for learn_unreachable in [false, true] {
        let config = Config { learn_unreachable, ..by_hand(4) };
        let mut nodes = Nodes::exact(config, &many(60));
        nodes.net.behind_nat.insert(60);
        let client = nodes.arrive(mix(500));
        nodes.settle_down();
        let own = nodes.id_of(client);
        let found = nodes.look_up(client, own);
        let others: Vec<u64> = nodes.nearest(own, 2).into_iter().filter(|id| *id != own).collect();
        assert_eq!(found.owner, Some(others[0]), "not itself, which nobody can reach");
        let knowing = (0..60).filter(|node| nodes.knows(*node, client)).count();
        assert_eq!(knowing > 0, learn_unreachable, "{knowing}");
    }
}
