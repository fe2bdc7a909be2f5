//! How contacts come and go by what is heard in a network: full buckets (Kademlia 2.2), failures in a row (4.1), those
//! that BEP 5 calls questionable, and pings.

use super::network::{NEVER, Nodes, by_hand, id};
use crate::engine::distribution::Distribution;
use crate::engine::time::Duration;
use crate::node::Slot;
use crate::protocols::kademlia::{Config, Message};

/// Node 0 has a bucket of its own for the far half of the space, which is full of nodes 1 to 3, the first seen longest
/// ago; nodes 4 to 6 are near. Nodes 7 and 8 belong into the full bucket, know node 0, and are not known.
fn full_bucket(config: Config) -> Nodes {
    let far = (0..3).map(|number| id(0x8000 + number));
    let near = (1..4).map(id);
    let ids: Vec<u64> = [id(0)].into_iter().chain(far).chain(near).chain([id(0x9000), id(0xa000)]).collect();
    let mut nodes = Nodes::strangers(config, &ids);
    nodes.introduce(0, &[4, 5, 6, 1, 2, 3]);
    [7, 8].into_iter().for_each(|newcomer| nodes.introduce(newcomer, &[0]));
    nodes
}

/// Whom node 0 has pinged.
fn pinged(nodes: &Nodes) -> Vec<Slot> {
    let pings = nodes.calls_that(|message| matches!(message, Message::Ping { .. }));
    pings.iter().filter(|call| call.from.slot() == 0).map(|call| call.to.slot()).collect()
}

/// A newcomer asks node 0, which hears of it so.
fn ask(nodes: &mut Nodes, newcomer: Slot) {
    nodes.look_up(newcomer, id(0));
}

#[test]
fn the_contact_seen_longest_ago_keeps_its_place_if_it_answers_a_ping() {
    let mut nodes = full_bucket(Config { ping_oldest: true, replacement_cache: 0, ..by_hand(3) });
    ask(&mut nodes, 7);
    assert_eq!(pinged(&nodes), [1]);
    assert!(nodes.knows(0, 1) && !nodes.knows(0, 7), "whoever has been there for long stays");
    // It is the one seen last now.
    ask(&mut nodes, 8);
    assert_eq!(pinged(&nodes), [1, 2]);
}

#[test]
fn a_newcomer_takes_the_place_of_the_contact_seen_longest_ago_if_that_does_not_answer() {
    let config = Config { ping_oldest: true, stale_after: Some(1), keep_stale: false, ..by_hand(3) };
    let mut nodes = full_bucket(Config { replacement_cache: 0, ..config });
    nodes.crash(1);
    ask(&mut nodes, 7);
    assert_eq!(pinged(&nodes), [1]);
    assert!(!nodes.knows(0, 1) && nodes.knows(0, 7));
}

#[test]
fn without_pings_a_newcomer_waits_in_reserve_until_somebody_counts_as_gone() {
    let mut nodes = full_bucket(Config { stale_after: Some(1), ..by_hand(3) });
    nodes.crash(2);
    ask(&mut nodes, 7);
    assert!(pinged(&nodes).is_empty() && !nodes.knows(0, 7));
    nodes.look_up(0, nodes.id_of(2));
    assert!(!nodes.knows(0, 2) && nodes.knows(0, 7), "found silent by a lookup");
}

#[test]
fn questionable_contacts_are_pinged_one_after_another_until_one_is_silent_twice() {
    let config = Config {
        ping_oldest: true,
        questionable_after: Duration::from_secs(900),
        stale_after: Some(2),
        keep_stale: false,
        replacement_cache: 0,
        ..by_hand(3)
    };
    let mut nodes = full_bucket(config.clone());
    nodes.play_minutes(10);
    ask(&mut nodes, 7);
    assert!(pinged(&nodes).is_empty() && !nodes.knows(0, 7), "good contacts are not doubted");
    nodes.play_minutes(10);
    ask(&mut nodes, 7);
    assert_eq!(pinged(&nodes), [1, 2, 3], "all are questionable after 15 minutes, and each answers");
    assert!(!nodes.knows(0, 7));
    ask(&mut nodes, 8);
    assert_eq!(pinged(&nodes).len(), 3, "so all are good again");
    let mut nodes = full_bucket(config);
    nodes.crash(2);
    nodes.play_minutes(20);
    ask(&mut nodes, 7);
    assert_eq!(pinged(&nodes), [1, 2, 2], "it is tried once more (BEP 5)");
    assert!(!nodes.knows(0, 2) && nodes.knows(0, 7));
}

#[test]
fn a_contact_counts_as_gone_after_so_many_unanswered_requests_in_a_row() {
    let mut nodes = Nodes::strangers(Config { stale_after: Some(5), ..by_hand(4) }, &[id(0), id(0x8000), id(0xff00)]);
    nodes.introduce(0, &[1, 2]);
    nodes.introduce(1, &[2]);
    let timeouts = |nodes: &mut Nodes| nodes.look_up(0, id(0xffff)).timeouts;
    nodes.net.cut.insert((0, 2));
    assert_eq!((0..4).map(|_| timeouts(&mut nodes)).sum::<u32>(), 4);
    nodes.net.cut.clear();
    assert_eq!(timeouts(&mut nodes), 0, "an answer makes up for all of them");
    nodes.net.cut.insert((0, 2));
    // After five the node itself does not ask it any more, but node 1 has no reason not to name it.
    assert!((0..5).all(|_| timeouts(&mut nodes) == 1));
    let (named, _) = nodes.ask(0, 1, id(0xffff));
    assert!(named.is_empty(), "nor does it name it to others: {named:?}");
    assert!(nodes.knows(0, 2), "it keeps its place until somebody needs it (4.1)");
}

#[test]
fn a_contact_of_a_bucket_at_random_is_pinged_in_every_round_of_pings() {
    let config = Config {
        ping_every: Distribution::Fixed(Duration::from_secs(10)),
        stale_after: Some(1),
        keep_stale: false,
        replacement_cache: 0,
        ..by_hand(3)
    };
    let mut nodes = full_bucket(config);
    nodes.start_timers(0);
    nodes.play_minutes(10);
    assert_eq!(pinged(&nodes).len(), 60);
    // Each bucket in about half of the rounds, and in each the contact seen longest ago: all in turn.
    for far in [1, 2, 3] {
        let count = pinged(&nodes).iter().filter(|slot| **slot == far).count();
        assert!((5..=15).contains(&count), "{far}: {count}");
    }
    nodes.crash(2);
    nodes.play_minutes(2);
    assert!(!nodes.knows(0, 2), "who does not answer goes");
    let quiet = Config { ping_every: NEVER, ..by_hand(3) };
    let mut nodes = full_bucket(quiet);
    nodes.start_timers(0);
    nodes.play_minutes(10);
    assert!(nodes.net.calls.is_empty());
}
