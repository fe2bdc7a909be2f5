//! How keys spread over nodes: random keys are dealt out to their owners, by the protocol's rule of ownership alone.

use crate::engine::random::{Purpose, Seed};
use crate::node::Contact;
use crate::observe::histogram::CountHistogram;
use crate::observe::report::Load;
use rand::Rng;

/// The keys that are to be dealt out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys {
    seed: Seed,
    count: u64,
}

impl Keys {
    pub(super) fn new(seed: Seed, count: u64) -> Self {
        Keys { seed, count }
    }

    /// Gives each key to its owner among `members`, those who can own keys, whose slots stand together by `width` a
    /// node; nothing to tell without keys or without members. A node is one that has a member. Keys without an owner
    /// are nobody's.
    pub(super) fn deal_out(
        self,
        members: &[Contact],
        width: u32,
        owner: impl Fn(u64) -> Option<Contact>,
    ) -> Option<Load> {
        if self.count == 0 || members.is_empty() {
            return None;
        }
        let block = |slot: u32| (slot / width) as usize;
        let slot_blocks = members.iter().map(|member| block(member.slot()) + 1).max().unwrap_or(0);
        let mut keys: Vec<Option<u32>> = vec![None; slot_blocks];
        members.iter().for_each(|member| keys[block(member.slot())] = Some(0));
        let mut random = self.seed.stream(Purpose::Load);
        for _ in 0..self.count {
            let Some(owner) = owner(random.next_u64()) else { continue };
            *keys[block(owner.slot())].get_or_insert(0) += 1;
        }
        let mut nodes = CountHistogram::default();
        keys.into_iter().flatten().for_each(|count| nodes.record(count));
        Some(Load { keys: self.count, per_node: nodes.summary(), p1: nodes.percentile(1) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Members;

    fn deal(contacts: &[(u64, u32)], width: u32, count: u64) -> Option<Load> {
        let contacts: Vec<Contact> = contacts.iter().map(|(id, slot)| Contact::new(*id, *slot)).collect();
        let members = Members::from_contacts(contacts.iter().copied());
        Keys::new(Seed { seed: 1, replicate: 0 }, count).deal_out(&contacts, width, |key| members.successor(key))
    }

    #[test]
    fn each_key_goes_to_one_node_and_arcs_decide_how_many() {
        // Of four nodes one owns half of the ring, and one next to nothing.
        let quarter = 1 << 62;
        let ring = [(0, 0), (quarter, 1), (quarter + 1, 2), (3 * quarter, 5)];
        let load = deal(&ring, 1, 100_000).expect("keys");
        assert_eq!(load.per_node.count, 4);
        assert_eq!(load.per_node.mean, Some(25_000.0));
        assert_eq!(load.p1, Some(0.0));
        let most = load.per_node.max.expect("nodes");
        assert!((most - 50_000.0).abs() < 1_000.0, "{most}");
        // The same ring, where two identifiers each belong to one node: slot_blocks 0, 1 and 2.
        let together = deal(&ring, 2, 100_000).expect("keys");
        assert_eq!(together.per_node.count, 3);
        assert!((together.per_node.max.expect("nodes") - 50_000.0).abs() < 1_000.0, "{together:?}");
        assert!(together.p1.expect("nodes") == 0.0 && deal(&ring, 1, 0).is_none() && deal(&[], 1, 9).is_none());
    }
}
