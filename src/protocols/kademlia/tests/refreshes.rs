//! Refreshes of buckets (Kademlia 2.3): how often, of which, and with what key.

use super::network::{Nodes, by_hand};
use crate::engine::distribution::Distribution;
use crate::engine::random::mix;
use crate::engine::time::{Duration, Time};
use crate::node::Slot;
use crate::protocols::kademlia::Config;
use std::collections::{BTreeMap, BTreeSet};

const HOUR: u64 = 3_600;
const LOOK: u64 = 300;

/// Buckets are refreshed after an hour, and looked at every five minutes.
fn hourly() -> Config {
    Config { refresh_check_every: Distribution::Fixed(Duration::from_secs(LOOK)), ..by_hand(4) }
}

fn forty(config: Config) -> Nodes {
    let ids: Vec<u64> = (0..40).map(|number| mix(number + 1)).collect();
    Nodes::exact(config, &ids)
}

/// When node 0 has looked up keys in the range of each of its buckets \[s\]. With one bit a level the bucket is told by
/// the first bit in which a key differs from the node, and the last has all the rest.
fn refreshes(nodes: &Nodes) -> BTreeMap<u32, BTreeSet<u64>> {
    let levels = u32::from(nodes.protocol.node(0).levels);
    let mut by_bucket: BTreeMap<u32, BTreeSet<u64>> = BTreeMap::new();
    let mut begun = BTreeSet::new();
    for (sent, _, key) in nodes.searches(0) {
        let bucket = (key ^ nodes.id_of(0)).leading_zeros().min(levels);
        // Of each lookup the first request counts: keys are random, but for that of the last bucket.
        let sent = sent.since(Time::ZERO);
        if begun.insert((key, sent.as_nanos() / (10 * 60 * 1_000_000_000))) {
            by_bucket.entry(bucket).or_default().insert(sent.as_nanos() / 1_000_000_000);
        }
    }
    by_bucket
}

#[test]
fn a_bucket_is_refreshed_when_nothing_in_it_was_looked_up_for_an_hour() {
    let mut nodes = forty(hourly());
    nodes.play(Duration::from_secs(12 * HOUR));
    let refreshes = refreshes(&nodes);
    let buckets = nodes.protocol.bucket_count(0);
    assert!(buckets >= 4);
    assert_eq!(refreshes.len(), buckets, "each of them");
    for (bucket, times) in refreshes {
        let times: Vec<u64> = times.into_iter().collect();
        assert!((11..=12).contains(&times.len()), "bucket {bucket}: {times:?}");
        for pair in times.windows(2) {
            let pause = pair[1] - pair[0];
            assert!((HOUR..=HOUR + LOOK).contains(&pause), "bucket {bucket}: {times:?}");
        }
    }
    nodes.check_nothing_is_left();
}

#[test]
fn a_lookup_in_its_range_puts_off_the_refresh_of_a_bucket() {
    let mut nodes = forty(hourly());
    // Every half hour somebody in the far half.
    let own = nodes.id_of(0);
    for number in 0..8u64 {
        nodes.play_minutes(29);
        let far = !own & 1 << 63 | mix(number) >> 1;
        nodes.look_up(0, far);
    }
    let refreshes = refreshes(&nodes);
    let pauses = |bucket: u32| {
        let times: Vec<u64> = refreshes[&bucket].iter().copied().collect();
        times.windows(2).map(|pair| pair[1] - pair[0]).max().expect("some")
    };
    assert_eq!(refreshes[&0].len(), 8, "the lookups themselves: {:?}", refreshes[&0]);
    assert_eq!(pauses(0), HOUR / 2);
    assert!(pauses(1) >= HOUR, "another bucket");
}

#[test]
fn a_refresh_looks_up_a_random_key_in_the_range_of_the_bucket() {
    let mut nodes = forty(hourly());
    nodes.play(Duration::from_secs(20 * HOUR));
    let own = nodes.id_of(0);
    let keys: BTreeSet<u64> = nodes.searches(0).map(|(_, _, key)| key).filter(|key| key ^ own >= 1 << 63).collect();
    assert!((18..=20).contains(&keys.len()), "another key each time: {}", keys.len());
    // Either half of the range has about half of them: of 19 draws fewer than 4 are in one 0.4 % of the time.
    let upper = keys.iter().filter(|key| *key & 1 << 62 > 0).count();
    assert!((4..=16).contains(&upper), "{upper}");
}

#[test]
fn the_refresh_of_its_own_bucket_looks_up_the_node_itself_and_the_halves_beyond_its_contacts() {
    let mut nodes = forty(hourly());
    let own = nodes.id_of(0);
    let levels = u32::from(nodes.protocol.node(0).levels);
    let farthest_known = nodes.known(0).into_iter().filter(|id| (id ^ own).leading_zeros() >= levels);
    let farthest = farthest_known.map(|id| (id ^ own).leading_zeros()).min().expect("a neighbour");
    nodes.play(Duration::from_secs(HOUR + LOOK));
    let keys: BTreeSet<u64> = nodes.searches(0).map(|(_, _, key)| key).collect();
    assert!(keys.contains(&own));
    let halves: Vec<u32> = keys
        .iter()
        .filter(|key| **key != own)
        .map(|key| (key ^ own).leading_zeros())
        .filter(|at| *at >= levels)
        .collect();
    let halves: BTreeSet<u32> = halves.into_iter().collect();
    assert_eq!(halves, (levels..farthest).collect(), "from the end of the range to the farthest contact");
}

#[test]
fn with_never_nothing_is_refreshed() {
    let mut nodes = forty(Config { refresh_after: Duration::MAX, ..hourly() });
    nodes.play(Duration::from_secs(50 * HOUR));
    assert!(nodes.net.calls.is_empty());
}

#[test]
fn a_refresh_gives_another_chance_to_those_that_count_as_gone() {
    let mut nodes = forty(Config { stale_after: Some(1), ..hourly() });
    // Node 0 reaches nobody for a while.
    nodes.net.cut = (1..40).map(|node| (0, node)).collect();
    let own = nodes.id_of(0);
    (0..12u64).for_each(|number| {
        nodes.look_up(0, own ^ mix(number) >> number);
    });
    assert!(!nodes.protocol.knows_anybody(0), "all count as gone");
    let before: Vec<Slot> = nodes.searches(0).map(|(_, to, _)| to).collect();
    nodes.net.cut.clear();
    nodes.protocol.refresh_due(&mut nodes.net, 0);
    nodes.play(Duration::from_secs(2 * HOUR));
    let key = !own;
    assert_eq!(nodes.look_up(0, key).owner, Some(nodes.nearest(key, 1)[0]));
    assert!(nodes.searches(0).skip(before.len()).any(|(_, to, _)| before.contains(&to)));
}
