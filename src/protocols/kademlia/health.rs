//! How well the routing tables stand, compared with the truth.

use super::Kademlia;
use crate::node::{Contact, Slot, Truth};

/// The figures of health, each with its meaning.
pub(super) const FIGURES: &[(&str, &str)] = &[
    (
        "closest_found_share",
        "share of the `results` members nearest to a key that a lookup found, of those that were there when it ended; \
         iterative lookups that end with an answer",
    ),
    ("dead_contact_share", "share of contacts in buckets whose node is dead; in a large network of a sample"),
    ("contacts_mean", "contacts in the buckets of a member; in a large network of a sample"),
    (
        "blind_range_share",
        "share of buckets without a live contact though a member that can be reached is in their range; in a large \
         network of a sample",
    ),
];

/// Members whose tables are looked at; evenly spread over the identifiers, since all of a large network would take
/// longer than the events of a window.
const SAMPLE: usize = 512;

impl Kademlia {
    /// In the order of [`FIGURES`].
    pub(super) fn measure_health(&self, truth: &Truth<'_>) -> Vec<Option<f64>> {
        let every = truth.members.len().div_ceil(SAMPLE).max(1);
        let sample: Vec<Slot> = truth.members.iter().map(Contact::slot).step_by(every).collect();
        let (mut contacts, mut dead, mut ranges, mut blind) = (0u64, 0u64, 0u64, 0u64);
        for node in &sample {
            for (index, entries) in self.rows(*node).enumerate() {
                let gone = entries.iter().filter(|entry| !truth.directory.is_live(self.contact(**entry))).count();
                contacts += entries.len() as u64;
                dead += gone as u64;
                if self.is_somebody_in_range(truth, *node, index) {
                    ranges += 1;
                    blind += u64::from(gone == entries.len());
                }
            }
        }
        let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        vec![truth.closest_found, share(dead, contacts), share(contacts, sample.len() as u64), share(blind, ranges)]
    }

    /// Whether a member other than `node` that it can reach is in the range of one of its buckets.
    fn is_somebody_in_range(&self, truth: &Truth<'_>, node: Slot, index: usize) -> bool {
        let state = self.node(node);
        let (low, high) = self.digits.range(state.id, index, u32::from(state.levels));
        let mut there = truth.members.from_key(low).take_while(|member| (low..=high).contains(&member.id()));
        there.any(|member| {
            member.slot() != node
                && (truth.reachable)(node, member.slot())
                && (self.config.learn_unreachable || !self.node(member.slot()).client_mode)
        })
    }
}
