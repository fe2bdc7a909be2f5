//! How many requests of an iterative lookup are under way: strict and loose (Stutzbach and Rejaie, INFOCOM 2006), the
//! final step of the paper (2.3), and the steps of OverSim.

use super::network::{DELAY, Nodes, by_hand, id};
use crate::engine::random::mix;
use crate::engine::time::{Duration, Time};
use crate::node::Slot;
use crate::protocols::kademlia::{Config, Parallelism};
use std::collections::BTreeMap;

fn requests(count: u64) -> Duration {
    DELAY.saturating_mul(2 * count)
}

/// Most requests of any lookup that were under way at once.
fn most_under_way(nodes: &Nodes) -> usize {
    nodes.net.calls.iter().map(|call| call.under_way).max().unwrap_or(0)
}

/// Whom node 0 has asked, and when \[ms\].
fn asked(nodes: &Nodes) -> Vec<(u64, Slot)> {
    nodes.searches(0).map(|(sent, to, _)| (sent.since(Time::ZERO).as_nanos() / 1_000_000, to)).collect()
}

#[test]
fn alpha_requests_of_a_strict_lookup_are_under_way_and_never_more() {
    for alpha in [1, 2, 3, 5, 9] {
        let ids: Vec<u64> = (0..150).map(|number| mix(number + 1)).collect();
        let mut nodes = Nodes::exact(Config { alpha, ..by_hand(10) }, &ids);
        (0..150).filter(|node| node % 6 == 1).for_each(|node| nodes.crash(node));
        for number in 0..40u64 {
            nodes.look_up((number * 3 % 25 * 6) as Slot, mix(number << 7));
        }
        assert_eq!(most_under_way(&nodes), alpha as usize);
        // Joins and refreshes keep to it, too.
        nodes.arrive(mix(1_000));
        nodes.protocol.refresh_beyond_neighbour(&mut nodes.net, 0);
        nodes.settle_down();
        assert_eq!(most_under_way(&nodes), alpha as usize);
    }
}

/// The initiator knows three nodes, of which two are silent. The third names three that are nearer to key 0xffff.
fn two_silent(parallelism: Parallelism) -> Nodes {
    let ids = [id(0), id(0x8000), id(0x8100), id(0x8200), id(0xf000), id(0xf100), id(0xf200)];
    let mut nodes = Nodes::strangers(Config { parallelism, ..by_hand(3) }, &ids);
    nodes.introduce(0, &[1, 2, 3]);
    nodes.introduce(3, &[4, 5, 6]);
    [1, 2].into_iter().for_each(|node| nodes.crash(node));
    nodes
}

#[test]
fn a_strict_lookup_asks_one_more_for_each_that_has_answered() {
    let mut nodes = two_silent(Parallelism::Strict);
    let found = nodes.look_up(0, id(0xffff));
    assert_eq!((found.owner, found.rpcs, found.took), (Some(id(0xf200)), 6, requests(4)));
    assert_eq!(asked(&nodes), [(0, 3), (0, 2), (0, 1), (20, 6), (40, 5), (60, 4)]);
    assert_eq!(most_under_way(&nodes), 3);
}

#[test]
fn a_loose_lookup_asks_at_once_whoever_is_among_the_alpha_nearest_known() {
    let mut nodes = two_silent(Parallelism::Loose);
    let found = nodes.look_up(0, id(0xffff));
    assert_eq!((found.owner, found.rpcs, found.took), (Some(id(0xf200)), 6, requests(2)));
    assert_eq!(asked(&nodes), [(0, 3), (0, 2), (0, 1), (20, 6), (20, 5), (20, 4)]);
    assert_eq!(most_under_way(&nodes), 5, "two silent ones and three that came near");
}

#[test]
fn a_loose_lookup_asks_no_more_than_alpha_where_nobody_comes_nearer() {
    let ids: Vec<u64> = (0..30).map(|number| id(number << 8)).collect();
    let mut nodes = Nodes::strangers(Config { parallelism: Parallelism::Loose, ..by_hand(20) }, &ids);
    nodes.introduce(0, &(1..20).collect::<Vec<Slot>>());
    nodes.look_up(0, id(0xffff));
    assert_eq!((most_under_way(&nodes), nodes.net.calls.len()), (3, 19));
}

/// The initiator asks one at a time and knows three; the nearest of them to key 0xffff knows these.
fn one_at_a_time(final_step: bool, named: &[Slot]) -> Nodes {
    let ids = [id(0), id(0x8000), id(0x8100), id(0x8200), id(0xf000)];
    let mut nodes = Nodes::strangers(Config { final_step, alpha: 1, ..by_hand(3) }, &ids);
    nodes.introduce(0, &[1, 2, 3]);
    nodes.introduce(3, named);
    nodes
}

#[test]
fn a_round_that_brings_nobody_nearer_is_followed_by_one_that_asks_all_of_the_k_nearest() {
    let mut nodes = one_at_a_time(true, &[1, 2]);
    let found = nodes.look_up(0, id(0xffff));
    assert_eq!((found.rpcs, found.took), (3, requests(2)));
    assert_eq!(asked(&nodes), [(0, 3), (20, 2), (20, 1)]);
    let mut nodes = one_at_a_time(false, &[1, 2]);
    assert_eq!(nodes.look_up(0, id(0xffff)).took, requests(3), "without the final step one after the other");
    assert_eq!(most_under_way(&nodes), 1);
}

#[test]
fn a_round_that_brings_somebody_nearer_is_followed_by_one_of_alpha() {
    let mut nodes = one_at_a_time(true, &[1, 2, 4]);
    let found = nodes.look_up(0, id(0xffff));
    assert_eq!((found.owner, found.rpcs, found.took), (Some(id(0xf000)), 3, requests(3)));
    assert_eq!(asked(&nodes), [(0, 3), (20, 4), (40, 2)], "of the three nearest the last is the second");
}

/// The initiator knows three nodes. The nearest of them names one that is nearer to key 0xffff, the next another that
/// is nearer still.
fn two_name_others(parallelism: Parallelism) -> Nodes {
    let ids = [id(0), id(0x8000), id(0x8100), id(0x8200), id(0xf000), id(0xff00)];
    let mut nodes = Nodes::strangers(Config { parallelism, ..by_hand(3) }, &ids);
    nodes.introduce(0, &[1, 2, 3]);
    nodes.introduce(3, &[4]);
    nodes.introduce(2, &[5]);
    nodes
}

#[test]
fn with_first_answer_only_whom_the_first_answer_of_a_step_names_is_taken_up() {
    let mut nodes = two_name_others(Parallelism::FirstAnswer);
    let found = nodes.look_up(0, id(0xffff));
    assert_eq!((found.owner, found.rpcs, found.took), (Some(id(0xf000)), 4, requests(2)));
    let mut nodes = two_name_others(Parallelism::Strict);
    assert_eq!(nodes.look_up(0, id(0xffff)).owner, Some(id(0xff00)), "else every answer is");
}

#[test]
fn with_first_answer_a_step_asks_as_many_as_the_answer_was_the_first_to_name() {
    // Ten are known and three asked; the first to answer names two new ones, the nearest of those nobody.
    let ids: Vec<u64> = (0..10).map(|number| id(0x8000 + number)).chain([id(0xf000), id(0xf100), id(0)]).collect();
    let mut nodes = Nodes::strangers(Config { parallelism: Parallelism::FirstAnswer, ..by_hand(13) }, &ids);
    let initiator = 12;
    nodes.introduce(initiator, &(0..10).collect::<Vec<Slot>>());
    nodes.introduce(9, &[10, 11]);
    nodes.look_up(initiator, id(0xffff));
    // Then alpha more when no request is under way any more, since nobody new is named.
    let mut steps: BTreeMap<u64, u32> = BTreeMap::new();
    for (sent, ..) in nodes.searches(initiator) {
        *steps.entry(sent.since(Time::ZERO).as_nanos() / 1_000_000).or_default() += 1;
    }
    assert_eq!(steps.into_iter().collect::<Vec<_>>(), [(0, 3), (20, 2), (40, 3), (60, 3), (80, 1)]);
}
