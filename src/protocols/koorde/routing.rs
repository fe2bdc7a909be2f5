//! One step of routing (IPTPS 2003, figure 2): along the de Bruijn graph where the lookup stands in the node's own arc,
//! along the ring where it does not.

use super::Koorde;
use super::imaginary::Imaginary;
use crate::node::identifier::{between_or_at, clockwise};
use crate::node::{Contact, Context, Slot};
use crate::overlay::lookups::Step;
use crate::overlay::ring;

impl Koorde {
    /// The step from `node` towards `key` of a lookup that stands at `imaginary`, leaving out the nodes with the
    /// identifiers `dead`.
    pub(super) fn step_from(&self, node: Slot, key: u64, imaginary: Imaginary, dead: &[u64]) -> Step<Imaginary> {
        let state = self.ring.node(node);
        let (own, bits) = (state.id, self.config.digit_bits());
        let usable = |contact: &Contact| dead.is_empty() || !dead.contains(&contact.id());
        let Some(first) = self.ring.successors(node).iter().copied().find(usable) else { return Step::Lost };
        if between_or_at(own, key, first.id()) {
            return if state.joining { Step::Lost } else { Step::Owner(first) };
        }
        let is_own = |at: Imaginary| between_or_at(own, at.id(), first.id());
        let mut at = match imaginary.is_unbegun() {
            true => Imaginary::best_start(own, first.id(), key, bits),
            false => imaginary,
        };
        if at.id() == own || is_own(at) {
            at = at.shifted(key, bits);
            // It ends: the key itself does not lie in the arc.
            while is_own(at) {
                at = at.shifted(key, bits);
            }
        }
        Step::Next(self.closest_preceding(node, at.id(), usable).unwrap_or(first), at)
    }

    /// The step of a lookup from the node that makes it. A node without a place knows no other but the member that it
    /// was told to turn to.
    pub(super) fn step_from_initiator(
        &self,
        context: &mut impl Context<Self>,
        node: Slot,
        key: u64,
        dead: &[u64],
    ) -> Step<Imaginary> {
        match self.ring.head(node) {
            Some(_) => self.step_from(node, key, Imaginary::UNBEGUN, dead),
            None => {
                let bootstrap = ring::join::bootstrap(self, context, node);
                bootstrap.map_or(Step::Lost, |bootstrap| Step::Next(bootstrap, Imaginary::UNBEGUN))
            }
        }
    }

    /// The last usable node before `id` that the node knows, itself left out.
    fn closest_preceding(&self, node: Slot, id: u64, usable: impl Fn(&Contact) -> bool) -> Option<Contact> {
        let own = self.ring.node(node).id;
        let known = self.ring.successors(node).iter().chain(self.pointers(node)).copied();
        let away = |contact: &Contact| clockwise(own, contact.id());
        // The node's own identifier is a whole turn away: every node precedes it.
        let last = clockwise(own, id).wrapping_sub(1);
        known.filter(|contact| usable(contact) && away(contact) > 0 && away(contact) <= last).max_by_key(away)
    }
}
