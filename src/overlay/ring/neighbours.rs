//! What a node of a ring knows of it: its predecessor and its successor list, and how these change.

use super::rules::{Maintenance, Rules};
use crate::engine::pool::{List, ListPool};
use crate::node::identifier::{between, clockwise};
use crate::node::per_node::{PerNode, RowPerNode};
use crate::node::{Contact, Slot};

/// State of a node, but for the successor list between its ends. With a small table of the protocol's own (16 bytes)
/// it is one cache line, and all that most routing steps need besides a contact of the table.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
pub struct Node<T> {
    /// Its identifier.
    pub id: u64,
    /// Its predecessor; [`Contact::NONE`] if it knows none.
    pub predecessor: Contact,
    /// First entry of the successor list; [`Contact::NONE`] if the list is empty.
    head: Contact,
    /// Last entry of the successor list; [`Contact::NONE`] if the list is empty.
    last: Contact,
    /// Length of the successor list.
    successor_count: u8,
    /// The entry of the table whose turn it is, as the protocol numbers them.
    pub turn: u8,
    /// Whether it has completed its join.
    pub member: bool,
    /// Whether it looks for its place: on arrival, or because it lost its last successor.
    pub joining: bool,
    /// What the protocol keeps beside the ring: fingers, pointers.
    pub table: T,
}

impl<T> Node<T> {
    /// The first successor, if there is one.
    #[inline]
    pub fn head(&self) -> Option<Contact> {
        (self.successor_count > 0).then_some(self.head)
    }

    /// The furthest successor that is known, if there is one.
    #[inline]
    pub fn last(&self) -> Option<Contact> {
        (self.successor_count > 0).then_some(self.last)
    }
}

/// The neighbours of all nodes, each with a table `T` of the protocol's own.
#[derive(Debug)]
pub struct Ring<T> {
    pub(super) rules: Rules,
    nodes: PerNode<Node<T>>,
    /// Successor lists, `rules.successors` places a node.
    successors: RowPerNode<Contact>,
    /// Successor lists on their way.
    lists: ListPool<Contact>,
    /// Whether a node cannot be reached, up to the last that cannot.
    client_mode: PerNode<bool>,
}

impl<T: Copy + Default> Ring<T> {
    /// A ring without nodes.
    pub const fn new(rules: Rules) -> Self {
        Ring {
            rules,
            nodes: PerNode::new(),
            successors: RowPerNode::new(rules.successors as usize),
            lists: ListPool::new(),
            client_mode: PerNode::new(),
        }
    }

    /// By which rules it is kept.
    #[inline]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Slots of nodes, live or not.
    pub fn slots(&self) -> Slot {
        self.nodes.slots()
    }

    /// A node with empty tables at its slot.
    pub fn move_in(&mut self, contact: Contact, client_mode: bool) {
        let node = contact.slot();
        if client_mode {
            self.client_mode.make_room(node, || false);
        }
        if node < self.client_mode.slots() {
            self.client_mode[node] = client_mode;
        }
        self.nodes.make_room(node, Node::default);
        self.successors.make_room(node, Contact::NONE);
        self.nodes[node] = Node { id: contact.id(), ..Node::default() };
    }

    /// Frees the tables of a node, and returns that of the protocol.
    pub fn move_out(&mut self, node: Slot) -> T {
        std::mem::take(&mut self.nodes[node]).table
    }

    /// The state of a node.
    #[inline]
    #[track_caller]
    pub fn node(&self, node: Slot) -> &Node<T> {
        &self.nodes[node]
    }

    /// The state of a node, for changing it.
    #[inline]
    #[track_caller]
    pub fn node_mut(&mut self, node: Slot) -> &mut Node<T> {
        &mut self.nodes[node]
    }

    /// Asks for the memory of the state of a node.
    #[inline(always)]
    pub fn prefetch(&self, node: Slot) {
        self.nodes.prefetch(node);
    }

    /// The table of a node for whoever asks for its memory, which says nothing of it.
    #[inline(always)]
    pub fn table_to_prefetch(&self, node: Slot) -> Option<&T> {
        self.nodes.unseen(node).map(|node| &node.table)
    }

    /// Whether `node` is behind NAT: it asks, but no other node has it in a table, and it owns nothing.
    #[inline]
    pub fn client_mode(&self, node: Slot) -> bool {
        node < self.client_mode.slots() && self.client_mode[node]
    }

    /// The node itself, as others know it.
    pub fn own(&self, node: Slot) -> Contact {
        Contact::new(self.node(node).id, node)
    }

    /// The successor list, nearest first.
    #[inline]
    pub fn successors(&self, node: Slot) -> &[Contact] {
        &self.successors[node][..usize::from(self.nodes[node].successor_count)]
    }

    /// The first successor, if there is one.
    #[inline]
    pub fn head(&self, node: Slot) -> Option<Contact> {
        self.node(node).head()
    }

    /// The first `count` places of the successor list are its entries from now on.
    fn keep_successors(&mut self, node: Slot, count: usize) {
        let list = &self.successors[node][..count];
        let state = &mut self.nodes[node];
        state.successor_count = count as u8;
        state.head = list.first().copied().unwrap_or(Contact::NONE);
        state.last = list.last().copied().unwrap_or(Contact::NONE);
    }

    /// The successor list is this from now on: no longer than it has places.
    pub fn replace_successors(&mut self, node: Slot, list: impl ExactSizeIterator<Item = Contact>) {
        let count = list.len();
        for (place, contact) in self.successors[node][..count].iter_mut().zip(list) {
            *place = contact;
        }
        self.keep_successors(node, count);
    }

    /// Makes `head` the first successor, followed by what it says are its own successors, as long as each lies
    /// further on around the ring: the list ends before the node itself, and where the other's view goes past it.
    pub(super) fn set_successors(&mut self, node: Slot, head: Contact, tail: List) {
        let own = self.node(node).id;
        let places = &mut self.successors[node];
        places[0] = head;
        let mut count = 1;
        let mut reached = clockwise(own, head.id());
        for (place, contact) in places[1..].iter_mut().zip(self.lists.get(tail)) {
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
    pub fn push_successor(&mut self, node: Slot, nearer: Contact) {
        let count = usize::from(self.node(node).successor_count);
        // A node that is its own only successor has no list to keep.
        let is_alone = self.head(node) == Some(self.own(node));
        let places = &mut self.successors[node];
        let keep = if is_alone { 0 } else { count.min(places.len() - 1) };
        places.copy_within(..keep, 1);
        places[0] = nearer;
        self.keep_successors(node, keep + 1);
    }

    /// Puts a node at the end of the successor list, if there is room and it lies beyond all that are listed.
    pub(super) fn append_successor(&mut self, node: Slot, last: Contact) {
        let own = self.node(node).id;
        let list = self.successors(node);
        let (count, distance) = (list.len(), clockwise(own, last.id()));
        let is_beyond = list.iter().all(|entry| clockwise(own, entry.id()) < distance);
        if count < self.rules.successors as usize && is_beyond && distance > 0 {
            self.successors[node][count] = last;
            self.keep_successors(node, count + 1);
        }
    }

    /// `key` comes next after an entry of the successor list, and `owner` is the first node at or after it: entries in
    /// between are gone, and `owner` takes their place. Nothing changes if the entry is no longer there.
    pub fn successor_refreshed(&mut self, node: Slot, key: u64, owner: Contact) {
        let own = self.node(node).id;
        let capacity = self.rules.successors as usize;
        let distance = clockwise(own, owner.id());
        let list = self.successors(node);
        let Some(before) = list.iter().position(|entry| entry.id().wrapping_add(1) == key) else { return };
        if distance <= clockwise(own, list[before].id()) {
            // The owner is the node itself or beyond it: the ring has no other node for the list, which ends there.
            return self.keep_successors(node, before + 1);
        }
        if before + 1 >= capacity {
            return;
        }
        let beyond = list[before + 1..].iter().filter(|entry| clockwise(own, entry.id()) > distance).count();
        let count = list.len();
        let keep = beyond.min(capacity - before - 2);
        let places = &mut self.successors[node];
        places.copy_within(count - beyond..count - beyond + keep, before + 2);
        places[before + 1] = owner;
        self.keep_successors(node, before + 2 + keep);
    }

    /// Whether `candidate` lies between the node and its first successor.
    pub(super) fn is_nearer(&self, node: Slot, candidate: Contact) -> bool {
        let own = self.node(node).id;
        candidate.is_some() && self.head(node).is_none_or(|head| between(own, candidate.id(), head.id()))
    }

    /// Strikes a node that did not answer from the successor list and, unless that is left to the predecessor's own
    /// check as under the original rules, from the place of the predecessor. Returns whether the list has run empty by
    /// that.
    pub(super) fn strike(&mut self, node: Slot, dead: Contact) -> bool {
        let state = &mut self.nodes[node];
        if state.predecessor == dead && self.rules.maintenance == Maintenance::Corrected {
            state.predecessor = Contact::NONE;
        }
        let count = usize::from(state.successor_count);
        let list = &mut self.successors[node][..count];
        let Some(place) = list.iter().position(|successor| *successor == dead) else { return false };
        list.copy_within(place + 1.., place);
        self.keep_successors(node, count - 1);
        count == 1
    }

    /// The successor list of a node from `first` on, for a message.
    pub(super) fn list_to_send(&mut self, node: Slot, first: usize) -> List {
        let Ring { nodes, successors, lists, .. } = self;
        lists.from_slice(&successors[node][first..usize::from(nodes[node].successor_count)])
    }

    /// Lists that messages carry.
    pub(super) fn lists(&mut self) -> &mut ListPool<Contact> {
        &mut self.lists
    }

    /// Lists on their way: 0 when no message is. For finding leaks.
    pub fn lists_on_their_way(&self) -> usize {
        self.lists.live_blocks()
    }

    /// Memory of the nodes' state, of successor lists, and of lists on their way \[B\].
    pub fn memory_bytes(&self) -> [u64; 3] {
        let state = self.nodes.memory_bytes() + self.client_mode.memory_bytes();
        [state, self.successors.memory_bytes(), self.lists.memory_bytes()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_with_a_small_table_is_one_cache_line() {
        assert_eq!(size_of::<Node<[u64; 2]>>(), 64);
    }
}
