//! What a Chord node knows: its neighbours in the ring, and fingers beside them.

use super::Chord;
use super::fingers::Fingers;
use crate::node::{Contact, Context, Slot};
use crate::overlay::ring::{self, Node};

impl Chord {
    /// A node with empty tables at its slot.
    pub(super) fn move_in(&mut self, contact: Contact, client_mode: bool) {
        self.ring.move_in(contact, client_mode);
    }

    /// Frees the tables of a node.
    pub(super) fn move_out(&mut self, node: Slot) {
        self.ring.move_out(node).clear(&mut self.contacts);
    }

    #[inline]
    pub(super) fn node(&self, node: Slot) -> &Node<Fingers> {
        self.ring.node(node)
    }

    #[inline]
    pub(super) fn node_mut(&mut self, node: Slot) -> &mut Node<Fingers> {
        self.ring.node_mut(node)
    }

    /// The node itself, as others know it.
    pub(super) fn own(&self, node: Slot) -> Contact {
        self.ring.own(node)
    }

    /// The successor list, nearest first.
    #[inline]
    pub(super) fn successors(&self, node: Slot) -> &[Contact] {
        self.ring.successors(node)
    }

    /// The first successor, if there is one.
    #[inline]
    pub(super) fn head(&self, node: Slot) -> Option<Contact> {
        self.ring.head(node)
    }

    /// Strikes a node that did not answer from all tables.
    pub(super) fn forget(&mut self, context: &mut impl Context<Self>, node: Slot, dead: Contact) {
        ring::forget(self, context, node, dead);
    }
}
