//! What a node knows: its predecessor, successor list and fingers, and how these change.

use super::fingers::Fingers;
use super::{Chord, Maintenance};
use crate::engine::pool::List;
use crate::node::identifier::{between, clockwise};
use crate::node::{Contact, Context, Slot};

/// State of a node, but for the successor list between its ends: one cache line, and all that most routing steps need
/// besides a finger.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
pub(super) struct Node {
    pub id: u64,
    pub predecessor: Contact,
    /// First entry of the successor list; [`Contact::NONE`] if the list is empty.
    head: Contact,
    /// Last entry of the successor list; [`Contact::NONE`] if the list is empty.
    last: Contact,
    /// Length of the successor list.
    pub successor_count: u8,
    /// The finger whose turn it is.
    pub next_finger: u8,
    /// Whether it has completed its join.
    pub member: bool,
    /// Whether it looks for its place: on arrival, or because it lost its last successor.
    pub joining: bool,
    pub fingers: Fingers,
}

impl Node {
    /// The first successor, if there is one.
    #[inline]
    pub(super) fn head(&self) -> Option<Contact> {
        (self.successor_count > 0).then_some(self.head)
    }

    /// The furthest successor that is known, if there is one.
    #[inline]
    pub(super) fn last(&self) -> Option<Contact> {
        (self.successor_count > 0).then_some(self.last)
    }
}

impl Chord {
    /// A node with empty tables at its slot.
    pub(super) fn move_in(&mut self, contact: Contact, client_mode: bool) {
        let index = contact.slot() as usize;
        if client_mode && index >= self.client_mode.len() {
            self.client_mode.resize(index + 1, false);
        }
        if let Some(known) = self.client_mode.get_mut(index) {
            *known = client_mode;
        }
        if index >= self.nodes.len() {
            self.nodes.resize(index + 1, Node::default());
            self.successors.resize((index + 1) * self.config.successors as usize, Contact::NONE);
        }
        self.nodes[index] = Node { id: contact.id(), ..Node::default() };
    }

    /// Frees the tables of a node.
    pub(super) fn move_out(&mut self, node: Slot) {
        let state = &mut self.nodes[node as usize];
        state.fingers.clear(&mut self.contacts);
        *state = Node::default();
    }

    #[inline]
    pub(super) fn node(&self, node: Slot) -> &Node {
        &self.nodes[node as usize]
    }

    #[inline]
    pub(super) fn node_mut(&mut self, node: Slot) -> &mut Node {
        &mut self.nodes[node as usize]
    }

    /// Whether `node` is behind NAT: it asks, but no other node has it in a table, and it owns nothing.
    #[inline]
    pub(super) fn client_mode(&self, node: Slot) -> bool {
        self.client_mode.get(node as usize).copied().unwrap_or(false)
    }

    /// The node itself, as others know it.
    pub(super) fn own(&self, node: Slot) -> Contact {
        Contact::new(self.node(node).id, node)
    }

    /// The successor list, nearest first.
    #[inline]
    pub(super) fn successors(&self, node: Slot) -> &[Contact] {
        let start = node as usize * self.config.successors as usize;
        &self.successors[start..start + self.nodes[node as usize].successor_count as usize]
    }

    /// The first successor, if there is one.
    #[inline]
    pub(super) fn head(&self, node: Slot) -> Option<Contact> {
        self.node(node).head()
    }

    /// The first `count` places of the successor list are its entries from now on.
    pub(super) fn keep_successors(&mut self, node: Slot, count: usize) {
        let start = node as usize * self.config.successors as usize;
        let list = &self.successors[start..start + count];
        let state = &mut self.nodes[node as usize];
        state.successor_count = count as u8;
        state.head = list.first().copied().unwrap_or(Contact::NONE);
        state.last = list.last().copied().unwrap_or(Contact::NONE);
    }

    /// Makes `head` the first successor, followed by what it says are its own successors, as long as each lies
    /// further on around the ring: the list ends before the node itself, and where the other's view goes past it.
    pub(super) fn set_successors(&mut self, node: Slot, head: Contact, tail: List) {
        let own = self.node(node).id;
        let capacity = self.config.successors as usize;
        let start = node as usize * capacity;
        let places = &mut self.successors[start..start + capacity];
        places[0] = head;
        let mut count = 1;
        let mut reached = clockwise(own, head.id());
        for (place, contact) in places[1..].iter_mut().zip(self.contacts.get(tail)) {
            let distance = clockwise(own, contact.id());
            if distance <= reached {
                break;
            }
            (*place, reached) = (*contact, distance);
            count += 1;
        }
        self.keep_successors(node, count);
    }

    /// Puts a nearer node before the successor list (the original rules, on hearsay).
    pub(super) fn push_successor(&mut self, node: Slot, nearer: Contact) {
        let capacity = self.config.successors as usize;
        let start = node as usize * capacity;
        let count = self.node(node).successor_count as usize;
        // A node that is its own only successor has no list to keep.
        let keep = if self.head(node) == Some(self.own(node)) { 0 } else { count.min(capacity - 1) };
        self.successors.copy_within(start..start + keep, start + 1);
        self.successors[start] = nearer;
        self.keep_successors(node, keep + 1);
    }

    /// Puts a node at the end of the successor list, if there is room and it lies beyond all that are listed.
    pub(super) fn append_successor(&mut self, node: Slot, last: Contact) {
        let (own, capacity) = (self.node(node).id, self.config.successors as usize);
        let list = self.successors(node);
        let (count, distance) = (list.len(), clockwise(own, last.id()));
        let is_beyond = list.iter().all(|entry| clockwise(own, entry.id()) < distance);
        if count < capacity && is_beyond && distance > 0 {
            self.successors[node as usize * capacity + count] = last;
            self.keep_successors(node, count + 1);
        }
    }

    /// `key` comes next after an entry of the successor list, and `owner` is the first node at or after it: entries in
    /// between are gone, and `owner` takes their place. Nothing changes if the entry is no longer there.
    pub(super) fn successor_refreshed(&mut self, node: Slot, key: u64, owner: Contact) {
        let own = self.node(node).id;
        let capacity = self.config.successors as usize;
        let start = node as usize * capacity;
        let distance = clockwise(own, owner.id());
        let list = self.successors(node);
        let Some(before) = list.iter().position(|entry| entry.id().wrapping_add(1) == key) else { return };
        if distance <= clockwise(own, list[before].id()) {
            // The owner is the node itself or beyond it: the ring has nobody else for the list, which ends there.
            return self.keep_successors(node, before + 1);
        }
        if before + 1 >= capacity {
            return;
        }
        let beyond = list[before + 1..].iter().filter(|entry| clockwise(own, entry.id()) > distance).count();
        let count = list.len();
        let keep = beyond.min(capacity - before - 2);
        let places = &mut self.successors[start..start + capacity];
        places.copy_within(count - beyond..count - beyond + keep, before + 2);
        places[before + 1] = owner;
        self.keep_successors(node, before + 2 + keep);
    }

    /// Whether `candidate` lies between the node and its first successor.
    pub(super) fn is_nearer(&self, node: Slot, candidate: Contact) -> bool {
        let own = self.node(node).id;
        candidate.is_some() && self.head(node).is_none_or(|head| between(own, candidate.id(), head.id()))
    }

    /// Strikes a node that did not answer from the successor list, the fingers and, under the original rules only by
    /// the predecessor's own check, from the place of the predecessor.
    pub(super) fn forget(&mut self, context: &mut impl Context<Self>, node: Slot, dead: Contact) {
        let capacity = self.config.successors as usize;
        let start = node as usize * capacity;
        let state = &mut self.nodes[node as usize];
        state.fingers.forget(&mut self.contacts, dead);
        if state.predecessor == dead && self.config.maintenance == Maintenance::Corrected {
            state.predecessor = Contact::NONE;
        }
        let count = state.successor_count as usize;
        let list = &mut self.successors[start..start + count];
        if let Some(place) = list.iter().position(|successor| *successor == dead) {
            list.copy_within(place + 1.., place);
            self.keep_successors(node, count - 1);
            if count == 1 && !self.node(node).joining {
                self.find_place(context, node);
            }
        }
    }
}
