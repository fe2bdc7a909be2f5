//! Queries and answers on their way: what messages carry, and the node that holds one until it is acknowledged.

use super::rules::{ForwardRules, WayBack};
use crate::engine::pool::{List, ListPool, Slab};
use crate::node::opinion::{Description, Says};
use crate::node::{Contact, LookupId};

/// A query as one node holds it, until the next node has acknowledged it. What a message carries is never changed.
#[derive(Clone, Copy, Debug)]
pub struct Query<R> {
    /// The key.
    pub key: u64,
    /// What the node was told besides the key; `None` at the initiator.
    pub told: Option<R>,
    /// What the next node is told.
    pub(super) carried: R,
    pub(super) lookup: LookupId,
    pub(super) initiator: Contact,
    /// The answer, on the way back; or the owner to which it goes on for an answer.
    pub(super) owner: Contact,
    /// Hops so far.
    pub(super) hops: u8,
    /// Requests that went unanswered so far.
    pub(super) attempts: u32,
    /// The nodes that handed the query on, the initiator first: the way back. Empty for semi-recursive lookups.
    pub(super) path: List,
    /// Nodes that did not acknowledge it to this node.
    pub(super) dead: List,
}

impl<R> Query<R> {
    /// Whether it has just arrived from another node, which can still be told to look elsewhere.
    pub fn is_arriving(&self) -> bool {
        self.told.is_some() && self.dead.is_empty()
    }
}

/// A message of a recursive lookup. Queries live in the pool of [`Forward`].
#[derive(Clone, Copy, Debug)]
pub enum ForwardMessage {
    /// Request: carry this query on.
    Query(u32),
    /// Request: carry this answer back.
    Return(u32),
    /// The answer, straight to the initiator.
    Answer(u32),
    /// Reply without content.
    Ack,
}

/// Queries and answers on their way.
#[derive(Debug)]
pub struct Forward<R> {
    pub(super) rules: ForwardRules,
    pub(super) queries: Slab<Query<R>>,
    pub(super) paths: ListPool<Contact>,
    /// Identifiers of nodes that did not acknowledge.
    pub(super) dead: ListPool<u64>,
}

impl<R: Copy> Forward<R> {
    /// Without queries.
    pub const fn new(rules: ForwardRules) -> Self {
        Forward { rules, queries: Slab::new(), paths: ListPool::new(), dead: ListPool::new() }
    }

    /// Queries, paths and lists of dead nodes that are held. 0 when nothing is under way: for finding leaks.
    pub fn held(&self) -> usize {
        self.queries.len() + self.paths.live_blocks() + self.dead.live_blocks()
    }

    /// Memory that is held, used or free \[B\].
    pub fn memory_bytes(&self) -> u64 {
        self.queries.memory_bytes() + self.paths.memory_bytes() + self.dead.memory_bytes()
    }

    /// Identifiers of the nodes that did not acknowledge a query to the node that holds it, in that order.
    pub fn dead(&self, query: &Query<R>) -> &[u64] {
        self.dead.get(query.dead)
    }

    /// Gives back what a message holds, after its last use.
    pub fn release(&mut self, message: &ForwardMessage) {
        let (ForwardMessage::Query(index) | ForwardMessage::Return(index) | ForwardMessage::Answer(index)) = *message
        else {
            return;
        };
        if let Some(query) = self.queries.remove(index) {
            self.release_lists(query);
        }
    }

    /// A message in words.
    pub fn describe(&self, message: &ForwardMessage) -> Description {
        let says = |index| Some(Says::Owner(self.queries[index].owner));
        match *message {
            ForwardMessage::Query(_) => Description::plain("hands the query to"),
            ForwardMessage::Return(index) => Description { verb: "hands the answer to", says: says(index) },
            ForwardMessage::Answer(index) => Description { verb: "sends the answer to", says: says(index) },
            ForwardMessage::Ack => Description::plain("writes to"),
        }
    }

    /// The way back to the initiator from a node that has the query from `from`.
    pub(super) fn path_from(&mut self, path: List, from: Contact) -> List {
        let mut path = self.paths.copy(path);
        if self.rules.way_back == WayBack::AlongPath {
            self.paths.push(&mut path, from);
        }
        path
    }

    pub(super) fn copy_lists(&mut self, query: Query<R>) -> Query<R> {
        Query { path: self.paths.copy(query.path), dead: self.dead.copy(query.dead), ..query }
    }

    pub(super) fn release_lists(&mut self, query: Query<R>) {
        self.paths.release(query.path);
        self.dead.release(query.dead);
    }
}
