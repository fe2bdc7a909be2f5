//! Lookups: how they begin and end, and one step of routing, which is what a node can say about a key from what it
//! knows.

use super::{Chord, NextHop, Routing, Task};
use crate::node::identifier::{between_or_at, clockwise};
use crate::node::{Contact, Context, LookupId, Slot};
use crate::overlay::lookups::{LookupHost, Step};
use crate::overlay::{forward, ring, walk};

impl LookupHost for Chord {
    type Carried = ();

    fn own(&self, node: Slot) -> Contact {
        self.own(node)
    }

    fn task_done(&mut self, context: &mut impl Context<Self>, node: Slot, task: Task, key: u64, owner: Contact) {
        match task {
            Task::Join => ring::join::successor_found(self, context, node, owner),
            Task::Finger(index) => self.finger_found(context, node, u32::from(index), owner),
            Task::Successor => self.ring.successor_refreshed(node, key, owner),
        }
    }
}

impl Chord {
    /// Starts a lookup on its way from `node`.
    pub(super) fn begin(&mut self, context: &mut impl Context<Self>, node: Slot, key: u64, lookup: LookupId) {
        match self.config.routing {
            Routing::Iterative => walk::begin(self, context, node, key, lookup),
            Routing::Recursive | Routing::SemiRecursive => forward::begin(self, context, node, key, lookup),
        }
    }

    /// The step from `node` towards `key`, leaving out nodes that are known dead (`dead`): `find_successor` and
    /// `closest_preceding_node` of ToN 2003, figure 5, where the successor list takes part in the search.
    pub(super) fn step(&self, node: Slot, key: u64, dead: &[u64]) -> Step<()> {
        let state = self.node(node);
        let own = state.id;
        let usable = |contact: &Contact| contact.is_some() && (dead.is_empty() || !dead.contains(&contact.id()));
        // The ends of the successor list lie with the node, and are mostly all of it that is needed.
        let first = state.head().filter(usable).or_else(|| self.successors(node).iter().copied().find(usable));
        let Some(first) = first else { return Step::Lost };
        if self.config.next_hop == NextHop::AtKey {
            let holder = self.holder(node, key).filter(|holder| usable(holder) && !state.joining);
            if let Some(holder) = holder {
                return Step::Owner(holder);
            }
        }
        if between_or_at(own, key, first.id()) {
            return if state.joining { Step::Lost } else { Step::Owner(first) };
        }
        // The last distance before the key. The node's own identifier is a whole turn away: everybody precedes it.
        let last = clockwise(own, key).wrapping_sub(1);
        let precedes = |contact: &Contact| clockwise(own, contact.id()) <= last && usable(contact);
        let nearest = |contacts: &[Contact]| contacts.iter().rev().copied().find(precedes);
        // Successors are in order of distance, so the last that precedes the key is the nearest to it; the first does.
        let successor = state.last().filter(precedes).or_else(|| nearest(self.successors(node))).unwrap_or(first);
        let finger = nearest(state.table.up_to_distance(&self.contacts, last)).unwrap_or(first);
        let is_finger = clockwise(own, finger.id()) > clockwise(own, successor.id());
        Step::Next(if is_finger { finger } else { successor }, ())
    }

    /// The step of a lookup from the node that makes it. A node without a place knows nobody but the member it was
    /// told to turn to.
    pub(super) fn first_step(&self, context: &mut impl Context<Self>, node: Slot, key: u64, dead: &[u64]) -> Step<()> {
        match self.head(node) {
            Some(_) => self.step(node, key, dead),
            None => ring::join::bootstrap(self, context, node).map_or(Step::Lost, |member| Step::Next(member, ())),
        }
    }

    /// The node whose identifier is the key, if `node` is that or has it as a finger.
    fn holder(&self, node: Slot, key: u64) -> Option<Contact> {
        if self.node(node).id == key && !self.ring.client_mode(node) {
            return Some(self.own(node));
        }
        let mut fingers = self.node(node).table.contacts(&self.contacts).iter().copied();
        fingers.find(|finger| finger.is_some() && finger.id() == key)
    }
}
