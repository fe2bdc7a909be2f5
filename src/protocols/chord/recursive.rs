//! Recursive lookups: the query is handed from node to node, each acknowledging it to the one before.
//!
//! A node whose next hop does not acknowledge tries its next best candidate. The answer goes straight to the
//! initiator (semi-recursive), or back along the path, past nodes that have died meanwhile (recursive). A query that
//! nobody can carry on is dropped: the initiator learns of it by its deadline only.
//!
//! NAT lets an answer through to whoever handed its sender the query. So it comes back along the path, but not past a
//! node that has died, and straight to the initiator only from nodes to which that has handed the query itself.
//!
//! The node that knows the owner answers; with `confirm_owner` the query goes on to the owner, and that answers.

use super::message::{self, Message, Straight};
use super::routing::{HOP_LIMIT, Step};
use super::{Acknowledgements, Chord, NO_LIST, Routing};
use crate::engine::pool::List;
use crate::node::{Charge, Contact, Context, LookupId, Slot};

/// A query as one node holds it, until the next node has acknowledged it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query {
    lookup: LookupId,
    key: u64,
    initiator: Contact,
    /// The answer, on the way back; or the owner to whom it goes on for an answer.
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
            Step::Owner(owner) if self.config.confirm_owner && owner != self.own(node) => {
                self.forward(context, node, owner, Query { owner, ..query });
            }
            // The first hop has it from the initiator.
            Step::Owner(owner) => self.answer(context, node, Query { owner, ..query }, query.hops == 1),
            Step::Next(next) if query.hops < HOP_LIMIT => {
                self.forward(context, node, next, Query { owner: Contact::NONE, ..query });
            }
            Step::Lost | Step::Next(_) => self.abandon(context, node, query),
        }
    }

    /// Hands the query to another node.
    fn forward(&mut self, context: &mut impl Context<Self>, node: Slot, to: Contact, query: Query) {
        let charge = message::forward(self.contacts.get(query.path).len() as u32);
        let message = Message::Forward { query: self.queries.insert(query) };
        self.dispatch(context, node, to, message, charge, query.lookup);
    }

    /// Sends a query or an answer, so that `node` learns if it does not arrive.
    fn dispatch(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        to: Contact,
        message: Message,
        charge: Charge,
        lookup: LookupId,
    ) {
        match self.config.acknowledgements {
            Acknowledgements::Sent => context.request(node, to, message, charge, Some(lookup)),
            Acknowledgements::Implied => context.send_with_notice(node, to, message, charge, Some(lookup)),
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
        if held.owner == self.own(node) {
            return self.answer_as_owner(context, node, from, held);
        }
        let step = self.step(node, held.key, &[]);
        if step == Step::Lost {
            return None;
        }
        let path = self.path_from(held.path, from);
        self.take(context, node, Query { hops: held.hops + 1, path, dead: NO_LIST, ..held }, step);
        Some((Message::Ack, message::FORWARD_ACK))
    }

    /// The way back to the initiator from a node that `from` handed the query to.
    fn path_from(&mut self, path: List, from: Contact) -> List {
        let mut path = self.contacts.copy(path);
        if self.config.routing == Routing::Recursive {
            self.contacts.push(&mut path, from);
        }
        path
    }

    /// A query arrives at the node that was named as the owner, which ends it. That is no further hop. A node that has
    /// not joined yet owns nothing.
    fn answer_as_owner(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        from: Contact,
        held: Query,
    ) -> Option<(Message, Charge)> {
        if !self.node(node).member {
            return None;
        }
        let path = self.path_from(held.path, from);
        let has_initiator_asked = held.hops == 0;
        self.answer(context, node, Query { path, dead: NO_LIST, ..held }, has_initiator_asked);
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

    /// This node knows the owner. `has_initiator_asked` tells whether it has the query from the initiator itself.
    fn answer(&mut self, context: &mut impl Context<Self>, node: Slot, query: Query, has_initiator_asked: bool) {
        if query.initiator == self.own(node) {
            self.release_lists(query);
            self.conclude(context, node, query.lookup, query.owner, query.hops);
        } else if self.config.routing == Routing::Recursive {
            self.send_back(context, node, query, true);
        } else {
            self.release_lists(query);
            let Query { lookup, owner, hops, .. } = query;
            let answer = Message::Answer(Straight { lookup, owner, hops });
            let charge = message::ANSWER_STRAIGHT;
            match has_initiator_asked {
                true => context.send_back(node, query.initiator, answer, charge, Some(lookup)),
                false => context.send(node, query.initiator, answer, charge, Some(lookup)),
            }
        }
    }

    /// Hands an answer to the last node of the path. `has_asked` tells whether `node` has the query from that one.
    fn send_back(&mut self, context: &mut impl Context<Self>, node: Slot, mut query: Query, has_asked: bool) {
        let Some(previous) = self.contacts.get(query.path).last().copied() else {
            // The whole path is gone, and the initiator with it.
            return self.release_lists(query);
        };
        let rest = self.contacts.get(query.path).len() - 1;
        self.contacts.truncate(&mut query.path, rest);
        let charge = message::answer_back(rest as u32);
        let message = Message::Return { query: self.queries.insert(query) };
        let lookup = Some(query.lookup);
        match self.config.acknowledgements {
            _ if !has_asked => self.dispatch(context, node, previous, message, charge, query.lookup),
            Acknowledgements::Sent => context.request_back(node, previous, message, charge, lookup),
            Acknowledgements::Implied => context.send_back_with_notice(node, previous, message, charge, lookup),
        }
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
        self.answer(context, node, query, false);
        Some((Message::Ack, message::ANSWER_ACK))
    }

    /// A node of the path did not acknowledge an answer: hands it to the one before.
    pub(super) fn return_past(&mut self, context: &mut impl Context<Self>, node: Slot, index: u32) {
        let held = self.queries[index];
        let query = self.copy_lists(held);
        self.send_back(context, node, query, false);
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
