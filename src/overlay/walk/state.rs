//! What initiators remember of their iterative lookups, and what requests on their way carry.

use super::message::{Ask, Sealed, WalkMessage};
use crate::engine::pool::{List, ListPool, Slab};
use crate::node::per_lookup::PerLookup;
use crate::node::{Contact, LookupId, Slot};

/// Options of iterative lookups.
#[derive(Clone, Copy, Debug)]
pub struct WalkRules {
    /// Requests of a lookup that may go unanswered; with one more it is given up.
    pub retries: u32,
    /// Whether the node that is named as the owner is asked before it is the answer.
    pub confirm_owner: bool,
}

/// Where an iterative lookup is: known to its initiator only.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Record<R> {
    /// The node that named the one being asked; [`Contact::NONE`] if the initiator did.
    pub(super) named_by: Contact,
    /// What that node was told when it was asked.
    pub(super) named_with: R,
    /// Hops to the node that is being asked.
    pub(super) depth: u8,
    /// Requests that went unanswered.
    pub(super) attempts: u32,
    /// Nodes that did not answer.
    dead: List,
}

/// Iterative lookups under way.
#[derive(Debug)]
pub struct Walk<R> {
    pub(super) rules: WalkRules,
    pub(super) records: PerLookup<Record<R>>,
    /// Identifiers of nodes that lookups found dead.
    dead: ListPool<u64>,
    /// Lists that requests on their way carry.
    sealed: Slab<List>,
}

impl<R: Copy + Default> Walk<R> {
    /// Without lookups.
    pub const fn new(rules: WalkRules) -> Self {
        Walk { rules, records: PerLookup::new(), dead: ListPool::new(), sealed: Slab::new() }
    }

    /// Lists of dead nodes that requests on their way hold. 0 when nothing is under way: for finding leaks.
    pub fn held(&self) -> usize {
        // The list of a lookup stays with its record until that is used again.
        let kept = self.records.iter().filter(|record| !record.dead.is_empty()).count();
        self.dead.live_blocks() - kept
    }

    /// Memory that is held, used or free \[B\].
    pub fn memory_bytes(&self) -> u64 {
        self.records.memory_bytes() + self.dead.memory_bytes() + self.sealed.memory_bytes()
    }

    /// Gives back what a message holds, after its last use.
    pub fn release(&mut self, message: &WalkMessage<R>) {
        let WalkMessage::Ask(Ask { dead, .. }) = *message else { return };
        if let Some(list) = self.sealed.remove(dead.0) {
            self.dead.release(list);
        }
    }

    /// Identifiers of the nodes that a lookup has found dead, while it is under way: for its initiator, and onlookers.
    ///
    /// # Panics
    /// If the handler of a node other than the initiator runs.
    pub fn known_dead(&self, lookup: LookupId) -> &[u64] {
        self.records.get(lookup).map_or(&[], |record| self.dead.get(record.dead))
    }

    pub(super) fn begin(&mut self, node: Slot, lookup: LookupId) {
        let record = self.records.open(lookup, node);
        // It may hold the list of an earlier lookup, which could have ended in many ways.
        self.dead.release(record.dead);
        *record = Record::default();
    }

    /// The initiator has found that `silent` does not answer.
    pub(crate) fn note_silent(&mut self, lookup: LookupId, silent: Contact) -> &mut Record<R> {
        let record = &mut self.records[lookup];
        self.dead.push(&mut record.dead, silent.id());
        record.attempts += 1;
        record
    }

    /// Copies the list of dead nodes for a request. Returns the copy and the number of nodes in it.
    pub(super) fn seal(&mut self, lookup: LookupId) -> (Sealed, u32) {
        let list = self.records[lookup].dead;
        match list.len() {
            0 => (Sealed::NONE, 0),
            count => (Sealed(self.sealed.insert(self.dead.copy(list))), count as u32),
        }
    }

    pub(super) fn unseal(&self, dead: Sealed) -> &[u64] {
        self.sealed.get(dead.0).map_or(&[], |list| self.dead.get(*list))
    }
}
