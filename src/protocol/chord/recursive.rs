//! Recursive lookups: the query is handed from node to node, each acknowledging it to the one before.
//!
//! A node whose next hop does not acknowledge tries its next best candidate. The answer goes straight to the
//! initiator (semi-recursive), or back along the path, past nodes that have died meanwhile (recursive). A query that
//! nobody can carry on is dropped: the initiator learns of it by its deadline only.

use super::message::{self, Message};
use super::routing::{HOP_LIMIT, Step};
use super::{Chord, NO_LIST, Routing};
use crate::engine::pool::List;
use crate::protocol::{Charge, Contact, Context, LookupId, Slot};

/// A query as one node holds it, until the next node has acknowledged it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query {
    lookup: LookupId,
    key: u64,
    initiator: Contact,
    /// The answer, on the way back.
    owner: Contact,
    /// Hops so far.
    hops: u8,
    /// Requests that went unanswered so far.
    attempts: u32,
    /// Who handed the query on, the initiator first: the way back. Empty for semi-recursive lookups.
    path: List,
    /// Nodes that did not acknowledge it to this node.
    dead: List,
}

impl Chord {
    pub(super) fn begin_recursive(&mut self, context: &mut impl Context<Self>, node: Slot, key: u64, lookup: LookupId) {
        let initiator = self.own(node);
        let query =
            Query { lookup, key, initiator, owner: Contact::NONE, hops: 0, attempts: 0, path: NO_LIST, dead: NO_LIST };
        self.route(context, node, query);
    }

    /// Hands a query on, or answers it. The lists of `query` belong to this function.
    fn route(&mut self, context: &mut impl Context<Self>, node: Slot, query: Query) {
        let step = self.first_step(context, node, query.key, self.dead.get(query.dead));
        self.take(context, node, query, step);
    }

    fn take(&mut self, context: &mut impl Context<Self>, node: Slot, query: Query, step: Step) {
        match step {
            Step::Owner(owner) => self.answer(context, node, Query { owner, ..query }),
            Step::Next(next) if query.hops < HOP_LIMIT => {
                let charge = message::forward(self.contacts.get(query.path).len() as u32);
                let query_index = self.queries.insert(query);
                let lookup = Some(query.lookup);
                context.request(node, next, Message::Forward { query: query_index }, charge, lookup);
            }
            Step::Lost | Step::Next(_) => self.abandon(context, node, query),
        }
    }

    /// Nobody is left to hand the query to. Only the initiator itself can act on that.
    fn abandon(&mut self, context: &mut impl Context<Self>, node: Slot, query: Query) {
        self.release_lists(query);
        if query.initiator == self.own(node) {
            self.give_up(context, node, query.lookup);
        }
    }

    /// A query arrives: acknowledges it and hands it on. A node that has lost its place cannot help.
    pub(super) fn carry_on(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        from: Contact,
        index: u32,
    ) -> Option<(Message, Charge)> {
        let held = self.queries[index];
        let step = self.step(node, held.key, &[]);
        if step == Step::Lost {
            return None;
        }
        let mut path = self.contacts.copy(held.path);
        if self.config.routing == Routing::Recursive {
            self.contacts.push(&mut path, from);
        }
        self.take(context, node, Query { hops: held.hops + 1, path, dead: NO_LIST, ..held }, step);
        Some((Message::Ack, message::FORWARD_ACK))
    }

    /// `silent` did not acknowledge a query: tries another.
    pub(super) fn forward_other(&mut self, context: &mut impl Context<Self>, node: Slot, index: u32, silent: Contact) {
        self.forget(context, node, silent);
        let held = self.queries[index];
        let mut query = self.copy_lists(held);
        self.dead.push(&mut query.dead, silent.id());
        query.attempts += 1;
        if query.attempts > self.config.retries {
            self.abandon(context, node, query);
        } else {
            self.route(context, node, query);
        }
    }

    /// This node knows the owner.
    fn answer(&mut self, context: &mut impl Context<Self>, node: Slot, query: Query) {
        if query.initiator == self.own(node) {
            self.release_lists(query);
            self.conclude(context, node, query.lookup, query.owner, query.hops);
        } else if self.config.routing == Routing::Recursive {
            self.send_back(context, node, query);
        } else {
            self.release_lists(query);
            let Query { lookup, owner, hops, .. } = query;
            let answer = Message::Answer { lookup, owner, hops };
            context.send(node, query.initiator, answer, message::ANSWER_STRAIGHT, Some(lookup));
        }
    }

    /// Hands an answer to the last node of the path.
    fn send_back(&mut self, context: &mut impl Context<Self>, node: Slot, mut query: Query) {
        let Some(previous) = self.contacts.get(query.path).last().copied() else {
            // The whole path is gone, and the initiator with it.
            return self.release_lists(query);
        };
        let rest = self.contacts.get(query.path).len() - 1;
        self.contacts.truncate(&mut query.path, rest);
        let charge = message::answer_back(rest as u32);
        let index = self.queries.insert(query);
        context.request(node, previous, Message::Return { query: index }, charge, Some(query.lookup));
    }

    /// An answer comes back: acknowledges it, and hands it on unless this node asked.
    pub(super) fn carry_back(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        index: u32,
    ) -> Option<(Message, Charge)> {
        let held = self.queries[index];
        let query = self.copy_lists(held);
        self.answer(context, node, query);
        Some((Message::Ack, message::ANSWER_ACK))
    }

    /// A node of the path did not acknowledge an answer: hands it to the one before.
    pub(super) fn return_past(&mut self, context: &mut impl Context<Self>, node: Slot, index: u32) {
        let held = self.queries[index];
        let query = self.copy_lists(held);
        self.send_back(context, node, query);
    }

    /// The answer that a query on its way back carries.
    pub(super) fn answer_of(&self, index: u32) -> Contact {
        self.queries[index].owner
    }

    fn copy_lists(&mut self, query: Query) -> Query {
        Query { path: self.contacts.copy(query.path), dead: self.dead.copy(query.dead), ..query }
    }

    fn release_lists(&mut self, query: Query) {
        self.contacts.release(query.path);
        self.dead.release(query.dead);
    }

    /// Frees a query that has been acknowledged or given up.
    pub(super) fn drop_query(&mut self, index: u32) {
        if let Some(query) = self.queries.remove(index) {
            self.release_lists(query);
        }
    }
}
