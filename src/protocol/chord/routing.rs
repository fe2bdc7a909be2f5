//! One step of routing: what a node can say about a key from what it knows.

use super::Chord;
use crate::protocol::identifier::{between_or_at, clockwise};
use crate::protocol::{Contact, Slot};

/// Hops after which a lookup goes in circles: no path in a ring of 64-bit identifiers needs as many.
pub(super) const HOP_LIMIT: u8 = 128;

/// What a node says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// This node owns the key: it is the first successor, and the key lies in between.
    Owner(Contact),
    /// This node is nearer to the key.
    Next(Contact),
    /// Nobody is left to ask.
    Lost,
}

impl Chord {
    /// The step from `node` towards `key`, leaving out nodes that are known dead (`dead`): `find_successor` and
    /// `closest_preceding_node` of ToN 2003, figure 5, where the successor list takes part in the search.
    pub(super) fn step(&self, node: Slot, key: u64, dead: &[u64]) -> Step {
        let own = self.node(node).id;
        let is_dead = |contact: &Contact| !dead.is_empty() && dead.contains(&contact.id());
        let successors = self.successors(node);
        let Some(first) = successors.iter().find(|contact| !is_dead(contact)) else { return Step::Lost };
        if between_or_at(own, key, first.id()) {
            return Step::Owner(*first);
        }
        let distance = clockwise(own, key);
        let (mut best, mut best_distance) = (*first, clockwise(own, first.id()));
        let fingers = self.node(node).fingers.contacts(&self.contacts);
        for contact in successors.iter().chain(fingers) {
            let candidate = clockwise(own, contact.id());
            if candidate < distance && candidate > best_distance && contact.is_some() && !is_dead(contact) {
                (best, best_distance) = (*contact, candidate);
            }
        }
        Step::Next(best)
    }
}
