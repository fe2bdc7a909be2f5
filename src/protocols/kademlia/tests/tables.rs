//! What a node keeps of those that it hears of, and in which order it names them.

use super::super::bucket::Heard;
use super::super::table::{Among, Nearest};
use super::super::{Config, Kademlia};
use super::network::{Nodes, by_hand};
use crate::engine::time::{Duration, Time};
use crate::node::Contact;
use crate::overlay::digits::distance;
use proptest::prelude::*;

const OWN: u64 = 0;

/// The table of one node with identifier 0 at slot 0.
fn alone(config: Config) -> Kademlia {
    let mut kademlia = Kademlia::new(config);
    kademlia.move_in(Contact::new(OWN, 0), false, Time::ZERO);
    kademlia
}

/// Node 0 hears a contact at the start of time.
fn see(kademlia: &mut Kademlia, contact: Contact) -> Option<Contact> {
    kademlia.see(0, contact, Heard::of(Time::ZERO, true), Time::ZERO)
}

/// A node in the far half of the space.
fn far(number: u64) -> Contact {
    Contact::new(1 << 63 | number, number as u32 + 1)
}

fn small(ping_oldest: bool, replacement_cache: u32, stale_after: u32, keep_stale: bool) -> Kademlia {
    let config = Config {
        k: 3,
        ping_oldest,
        replacement_cache,
        stale_after: Some(stale_after),
        keep_stale,
        ..Config::default()
    };
    let mut kademlia = alone(config);
    // A table that is split: the far half has a bucket of its own.
    (0..3).for_each(|number| assert_eq!(see(&mut kademlia, Contact::new(number + 1, 100 + number as u32)), None));
    (0..3).for_each(|number| assert_eq!(see(&mut kademlia, far(number)), None));
    kademlia
}

/// Contacts of the far bucket, and its reserve.
fn far_bucket(kademlia: &Kademlia) -> (Vec<Contact>, Vec<Contact>) {
    let at = kademlia.at(0, 0);
    let contacts = kademlia.tables.entries(at).iter().map(|entry| kademlia.contact(*entry)).collect();
    (contacts, kademlia.cached(*kademlia.tables.bucket(at)))
}

#[test]
fn who_is_heard_of_again_is_the_one_seen_last() {
    let mut kademlia = small(false, 0, 5, true);
    see(&mut kademlia, far(0));
    assert_eq!(far_bucket(&kademlia).0, [far(1), far(2), far(0)]);
    assert_eq!(see(&mut kademlia, Contact::new(OWN, 7)), None, "nobody keeps itself");
    assert_eq!(far_bucket(&kademlia).0.len(), 3);
    let moved = Contact::new(far(1).id(), 77);
    see(&mut kademlia, moved);
    assert_eq!(far_bucket(&kademlia).0, [far(2), far(0), moved], "who has moved is reached at the new address");
}

#[test]
fn a_newcomer_at_a_full_bucket_waits_in_reserve_for_one_that_goes() {
    let mut kademlia = small(false, 2, 2, true);
    for number in 3..6 {
        assert_eq!(see(&mut kademlia, far(number)), None, "nobody is pinged for it");
    }
    assert_eq!(far_bucket(&kademlia).1, [far(4), far(5)], "the two seen last");
    kademlia.miss(0, far(1), Time::ZERO);
    assert_eq!(far_bucket(&kademlia).0, [far(0), far(1), far(2)], "one failure is forgiven");
    see(&mut kademlia, far(1));
    kademlia.miss(0, far(1), Time::ZERO);
    assert_eq!(far_bucket(&kademlia).0.len(), 3, "and forgotten once there is an answer");
    kademlia.miss(0, far(1), Time::ZERO);
    assert_eq!(far_bucket(&kademlia), (vec![far(5), far(0), far(2)], vec![far(4)]));
}

#[test]
fn the_one_seen_longest_ago_is_pinged_for_a_newcomer_once_at_a_time() {
    let mut kademlia = small(true, 0, 1, false);
    assert_eq!(see(&mut kademlia, far(3)), Some(far(0)));
    assert_eq!(see(&mut kademlia, far(4)), None, "that ping is under way");
    assert_eq!(kademlia.ping_unanswered(0, far(0), far(3), Time::ZERO), None);
    assert_eq!(far_bucket(&kademlia).0, [far(1), far(2), far(3)]);
    assert_eq!(see(&mut kademlia, far(4)), Some(far(1)));
    see(&mut kademlia, far(1));
    assert_eq!(kademlia.ping_answered(0, far(1), far(4), Time::ZERO), None, "one ping must do");
    assert_eq!(far_bucket(&kademlia).0, [far(2), far(3), far(1)], "it has answered, and the newcomer is forgotten");
}

/// BEP 5, by the text: good is who has answered at some time and was heard within 15 minutes.
#[test]
fn only_questionable_contacts_are_pinged_for_a_newcomer() {
    let after = Duration::from_secs(900);
    let config = Config { questionable_after: after, ..small(true, 0, 2, false).config().clone() };
    let mut kademlia = alone(config);
    let at = |seconds| Time::ZERO + Duration::from_secs(seconds);
    let hear = |kademlia: &mut Kademlia, contact, seconds, is_answer| {
        kademlia.see(0, contact, Heard::of(at(seconds), is_answer), at(seconds))
    };
    (0..3).for_each(|number| assert_eq!(hear(&mut kademlia, Contact::new(number + 1, 100), 0, true), None));
    (0..3).for_each(|number| assert_eq!(hear(&mut kademlia, far(number), 0, true), None));
    assert_eq!(hear(&mut kademlia, far(3), 800, true), None, "all are good");
    assert_eq!(hear(&mut kademlia, far(1), 850, false), None);
    assert_eq!(hear(&mut kademlia, far(3), 1000, true), Some(far(0)), "two were heard longer ago than 15 minutes");
    assert_eq!(hear(&mut kademlia, far(4), 1000, true), None, "that ping is under way");
    assert_eq!(hear(&mut kademlia, far(0), 1001, true), None);
    let next = kademlia.ping_answered(0, far(0), far(3), at(1001));
    assert_eq!(next, Some(far(2)), "the next one is asked at once for the same newcomer");
    assert_eq!(hear(&mut kademlia, far(4), 1002, true), None, "and nobody else meanwhile");
    // It does not answer, and is tried once more: then the newcomer has its place.
    assert_eq!(kademlia.ping_unanswered(0, far(2), far(3), at(1003)), Some(far(2)));
    assert_eq!(kademlia.ping_unanswered(0, far(2), far(3), at(1004)), None);
    assert_eq!(far_bucket(&kademlia).0, [far(1), far(0), far(3)]);
    assert_eq!(hear(&mut kademlia, far(4), 1005, false), Some(far(3)), "heard just now, but no answer of it is known");
    assert_eq!(hear(&mut kademlia, far(3), 1005, true), None);
    assert_eq!(kademlia.ping_answered(0, far(3), far(4), at(1005)), None, "now all are good");
    assert_eq!(hear(&mut kademlia, far(5), 1006, true), None);
}

#[test]
fn a_contact_that_is_gone_keeps_its_place_only_until_it_is_needed() {
    let mut kademlia = small(false, 0, 1, true);
    kademlia.miss(0, far(1), Time::ZERO);
    assert_eq!(far_bucket(&kademlia).0.len(), 3, "kept, for want of another");
    let named = |kademlia: &Kademlia| {
        let mut nearest = Nearest::default();
        kademlia.collect_nearest(0, far(1).id(), 9, kademlia.present(), &mut nearest);
        nearest.iter().collect::<Vec<Contact>>()
    };
    assert!(!named(&kademlia).contains(&far(1)) && named(&kademlia).contains(&far(2)));
    see(&mut kademlia, far(9));
    assert_eq!(far_bucket(&kademlia).0, [far(0), far(2), far(9)]);
    let mut strict = small(false, 0, 1, false);
    strict.miss(0, far(1), Time::ZERO);
    assert_eq!(far_bucket(&strict).0, [far(0), far(2)]);
}

proptest! {
    #[test]
    fn the_nearest_come_in_the_order_of_distance_and_tables_keep_their_shape(
        ids in proptest::collection::vec((any::<u64>(), 0u32..64), 1..120),
        k in 1u32..6, bits in 1u32..=5, key in any::<u64>(), count in 1usize..12, shift in 0u32..64,
    ) {
        let config = Config { k, bits_per_level: bits, replacement_cache: 2, ..Config::default() };
        let mut kademlia = alone(config);
        let contacts = ids.iter().zip(1u32..).map(|((id, shift), slot)| Contact::new(id >> shift, slot));
        for contact in contacts.filter(|contact| contact.id() != OWN) {
            see(&mut kademlia, contact);
        }
        let key = key >> shift;
        let mut kept: Vec<Contact> = Vec::new();
        for (index, (bucket, entries)) in kademlia.buckets(0).iter().zip(kademlia.rows(0)).enumerate() {
            prop_assert!(entries.len() <= k as usize && bucket.cache.len() <= 2);
            for contact in entries.iter().map(|entry| kademlia.contact(*entry)) {
                prop_assert_eq!(kademlia.bucket_index(0, contact.id()), index);
                kept.push(contact);
            }
        }
        kept.sort_by_key(|contact| distance(contact.id(), key));
        let left_out = kept.get(1).map_or(u64::MAX, |contact| distance(contact.id(), key));
        let mut nearest = Nearest::default();
        kademlia.collect_nearest(0, key, count, kademlia.present(), &mut nearest);
        let expected: Vec<Contact> = kept.iter().copied().take(count).collect();
        prop_assert_eq!(nearest.iter().collect::<Vec<_>>(), expected);
        let among = Among { without: left_out, ..kademlia.present() };
        kademlia.collect_nearest(0, key, count, among, &mut nearest);
        kept.retain(|contact| distance(contact.id(), key) != left_out);
        kept.truncate(count);
        prop_assert_eq!(nearest.iter().collect::<Vec<_>>(), kept);
        kademlia.move_out(0);
        prop_assert_eq!(kademlia.held(), [0; 6]);
    }
}

#[test]
fn links_are_the_contacts_in_buckets() {
    // Of node 0 of sixteen the other half is in one bucket, the other quarter in the next.
    let ids: Vec<u64> = (0..16).map(|place| place << 60).collect();
    let nodes = Nodes::exact(by_hand(2), &ids);
    let linked: Vec<u64> = nodes.linked(0, "bucket").into_iter().map(|id| id >> 60).collect();
    let within = |range: std::ops::Range<u64>| linked.iter().filter(|place| range.contains(place)).count();
    assert_eq!([within(1..2), within(2..4), within(4..8), within(8..16)], [1, 2, 2, 2], "{linked:?}");
    assert_eq!(Nodes::exact(by_hand(20), &ids).linked(5, "bucket").len(), 15);
}
