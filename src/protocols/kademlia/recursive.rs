//! Recursive lookups (Heep, R/Kademlia, 2010): the query is handed to the contact nearest to the key, which
//! acknowledges it and hands it on. Whoever knows nobody nearer than itself takes itself for the owner, and answers
//! straight to the initiator.
//!
//! A node whose contact does not acknowledge tries the next nearest, as long as that is nearer to the key than the node
//! itself. A query that nobody can carry on is dropped: the initiator learns of it by its deadline only.

use super::Kademlia;
use super::message::{self, Message};
use super::table::Among;
use crate::node::{Charge, Contact, Context, LookupId, Slot};
use crate::overlay::digits::distance;

/// Hops after which a query is dropped. Each halves the distance, so there are never more than bits.
const HOP_LIMIT: u8 = 128;

/// A query as one node holds it, until the next node has acknowledged it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query {
    lookup: LookupId,
    key: u64,
    initiator: Contact,
    /// Hops so far.
    hops: u8,
    /// Contacts of this node that did not acknowledge it.
    attempts: u32,
    /// Distance of the last of those; all up to there have been tried.
    tried: Option<u64>,
}

impl Kademlia {
    pub(super) fn begin_recursive(&mut self, context: &mut impl Context<Self>, node: Slot, key: u64, lookup: LookupId) {
        let query = Query { lookup, key, initiator: self.own(node), hops: 0, attempts: 0, tried: None };
        self.touch(node, key, context.now());
        self.route(context, node, query);
    }

    /// The contact to which a query goes from `node`; `None` if nobody is nearer than the node itself.
    pub(super) fn next_hop(&mut self, node: Slot, key: u64, tried: Option<u64>) -> Option<Contact> {
        let own = self.node(node);
        // Who cannot be reached owns nothing: anybody is nearer.
        let limit = if own.client_mode { u64::MAX } else { distance(own.id, key) };
        let from = tried.map_or(0, |tried| tried.saturating_add(1));
        self.gather_among(node, key, 1, Among { from, ..self.present() });
        let next = self.nearest.iter().next();
        next.filter(|contact| distance(contact.id(), key) < limit)
    }

    /// Hands a query on, or answers it.
    fn route(&mut self, context: &mut impl Context<Self>, node: Slot, query: Query) {
        match self.next_hop(node, query.key, query.tried) {
            Some(next) if query.hops < HOP_LIMIT => {
                let client_mode = self.client_mode(node);
                let message = Message::Forward { query: self.queries.insert(query), client_mode };
                context.request(node, next, message, message::FORWARD, Some(query.lookup));
            }
            None if !self.node(node).client_mode => self.answer(context, node, query),
            _ => self.abandon(context, node, query),
        }
    }

    /// This node takes itself for the owner. Whoever handed it the query named it: that was no hop.
    fn answer(&mut self, context: &mut impl Context<Self>, node: Slot, query: Query) {
        let hops = query.hops.saturating_sub(1);
        if query.initiator.slot() == node {
            self.conclude(context, node, query.lookup, query.initiator, hops);
        } else {
            let answer = Message::Answer { lookup: query.lookup, hops };
            // The first hop has the query from the initiator itself, whose NAT lets its answer through.
            match query.hops {
                1 => context.send_back(node, query.initiator, answer, message::ANSWER, Some(query.lookup)),
                _ => context.send(node, query.initiator, answer, message::ANSWER, Some(query.lookup)),
            }
        }
    }

    /// Nobody is left to hand the query to. Only the initiator itself can act on that.
    fn abandon(&mut self, context: &mut impl Context<Self>, node: Slot, query: Query) {
        if query.initiator.slot() == node {
            self.give_up(context, node, query.lookup);
        }
    }

    /// A query arrives: acknowledges it and hands it on.
    pub(super) fn carry_on(&mut self, context: &mut impl Context<Self>, node: Slot, index: u32) -> (Message, Charge) {
        let held = self.queries[index];
        self.route(context, node, Query { hops: held.hops + 1, attempts: 0, tried: None, ..held });
        (Message::Ack, message::FORWARD_ACK)
    }

    /// `silent` did not acknowledge a query: tries the next.
    pub(super) fn forward_other(&mut self, context: &mut impl Context<Self>, node: Slot, index: u32, silent: Contact) {
        let held = self.queries[index];
        let tried = Some(distance(silent.id(), held.key));
        let query = Query { attempts: held.attempts + 1, tried, ..held };
        if query.attempts > self.config.retries {
            self.abandon(context, node, query);
        } else {
            self.route(context, node, query);
        }
    }
}
