//! Iterative lookups: the initiator asks one node after another.
//!
//! A node that does not answer is remembered as dead for the rest of the lookup, and the node that named it is asked
//! again for its next best candidate. If that one has died meanwhile, the initiator begins again from its own tables.
//!
//! The node that is named as the owner may be dead: with `confirm_owner` it is asked too, and if it does not answer
//! whoever named it is asked for the next.

use super::message::{self, Message};
use super::routing::{HOP_LIMIT, Step};
use super::{Chord, EndsAt, NO_LIST};
use crate::engine::pool::List;
use crate::node::identifier::between_or_at;
use crate::node::{Charge, Contact, Context, LookupId, Slot};

/// Where an iterative lookup is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Iteration {
    /// The lookup that this record belongs to.
    lookup: Option<LookupId>,
    /// Who named the node that is being asked; nobody, if the initiator did.
    named_by: Contact,
    /// Hops to the node that is being asked.
    depth: u8,
    /// Requests that went unanswered.
    attempts: u32,
    /// Nodes that did not answer.
    dead: List,
}

impl Default for Iteration {
    fn default() -> Self {
        Iteration { lookup: None, named_by: Contact::NONE, depth: 0, attempts: 0, dead: NO_LIST }
    }
}

impl Iteration {
    /// Whether it holds a list of the pool.
    pub(super) fn has_list(&self) -> bool {
        !self.dead.is_empty()
    }
}

impl Chord {
    pub(super) fn begin_iterative(&mut self, context: &mut impl Context<Self>, node: Slot, key: u64, lookup: LookupId) {
        if lookup.index() >= self.iterations.len() {
            self.iterations.resize(lookup.index() + 1, Iteration::default());
        }
        // The record may hold the list of an earlier lookup, which could have ended in many ways.
        self.dead.release(self.iterations[lookup.index()].dead);
        self.iterations[lookup.index()] = Iteration { lookup: Some(lookup), ..Iteration::default() };
        self.ask_from_own_tables(context, node, key, lookup);
    }

    /// Begins, or begins again, with what the initiator itself knows.
    fn ask_from_own_tables(&mut self, context: &mut impl Context<Self>, node: Slot, key: u64, lookup: LookupId) {
        match self.first_step(context, node, key, self.known_dead(lookup)) {
            Step::Owner(owner) => {
                let iteration = &mut self.iterations[lookup.index()];
                (iteration.named_by, iteration.depth) = (Contact::NONE, 0);
                self.accept(context, node, key, lookup, owner);
            }
            Step::Lost => self.give_up(context, node, lookup),
            Step::Next(next) => {
                let iteration = &mut self.iterations[lookup.index()];
                (iteration.named_by, iteration.depth) = (Contact::NONE, 1);
                self.ask(context, node, key, lookup, next);
            }
        }
    }

    fn ask(&mut self, context: &mut impl Context<Self>, node: Slot, key: u64, lookup: LookupId, next: Contact) {
        let charge = message::find_successor(self.known_dead(lookup).len() as u32);
        context.request(node, next, Message::FindSuccessor { key, lookup }, charge, Some(lookup));
    }

    /// The nodes that a lookup found dead, while it is under way. They travel with its requests.
    pub(super) fn known_dead(&self, lookup: LookupId) -> &[u64] {
        match self.iterations.get(lookup.index()) {
            Some(iteration) if iteration.lookup == Some(lookup) => self.dead.get(iteration.dead),
            _ => &[],
        }
    }

    /// Answers a request: who is next, or who is the owner? A node without a successor cannot help.
    pub(super) fn find_successor(&self, node: Slot, key: u64, lookup: LookupId) -> Option<(Message, Charge)> {
        let reply = match self.step(node, key, self.known_dead(lookup)) {
            Step::Owner(owner) => Message::Owner(owner),
            Step::Next(next) => Message::Next(next),
            Step::Lost => return None,
        };
        Some((reply, message::FIND_SUCCESSOR_REPLY))
    }

    /// `from` names the next node to ask.
    pub(super) fn ask_next(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        key: u64,
        lookup: LookupId,
        from: Contact,
        next: Contact,
    ) {
        if context.lookup(lookup).is_none() {
            return;
        }
        let iteration = &mut self.iterations[lookup.index()];
        iteration.named_by = from;
        iteration.depth += 1;
        if iteration.depth > HOP_LIMIT {
            self.give_up(context, node, lookup);
        } else {
            self.ask(context, node, key, lookup, next);
        }
    }

    /// The node asked last names the owner.
    pub(super) fn owner_named(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        key: u64,
        lookup: LookupId,
        from: Contact,
        owner: Contact,
    ) {
        if context.lookup(lookup).is_some() {
            self.iterations[lookup.index()].named_by = from;
            self.accept(context, node, key, lookup, owner);
        }
    }

    /// Takes the answer, if need be after a look whether the owner is alive.
    fn accept(&mut self, context: &mut impl Context<Self>, node: Slot, key: u64, lookup: LookupId, owner: Contact) {
        let own = self.own(node);
        let iteration = &mut self.iterations[lookup.index()];
        let (named_by, hops) = (iteration.named_by, iteration.depth);
        if self.config.lookups_end_at == EndsAt::Predecessor && lookup.is_workload() {
            let predecessor = if named_by.is_none() { own } else { named_by };
            self.conclude(context, node, lookup, predecessor, hops);
        } else if self.config.confirm_owner && owner != own {
            // One step further, so that a timeout goes back to the node that named it.
            iteration.depth += 1;
            context.request(node, owner, Message::Confirm { key, lookup }, message::CONFIRM, Some(lookup));
        } else {
            self.conclude(context, node, lookup, owner, hops);
        }
    }

    /// Answers whether this node is alive and, where owners are to agree, whether the key is its own: whether it lies
    /// after the predecessor.
    pub(super) fn confirm(&self, node: Slot, key: u64) -> Message {
        let state = self.node(node);
        let is_own = match state.predecessor.is_some() {
            true => between_or_at(state.predecessor.id(), key, state.id),
            false => key == state.id || self.head(node) == Some(self.own(node)),
        };
        match self.config.owner_agrees && !(state.member && is_own) {
            true => Message::NotMine,
            false => Message::Ack,
        }
    }

    /// The owner is alive.
    pub(super) fn owner_confirmed(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        lookup: LookupId,
        owner: Contact,
    ) {
        if context.lookup(lookup).is_some() {
            let hops = self.iterations[lookup.index()].depth - 1;
            self.conclude(context, node, lookup, owner, hops);
        }
    }

    /// `silent` did not answer: asks whoever named it for another, or begins again.
    pub(super) fn ask_other(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        key: u64,
        lookup: LookupId,
        silent: Contact,
    ) {
        if self.config.lookups_mend_tables {
            self.forget(context, node, silent);
        }
        if context.lookup(lookup).is_none() {
            return;
        }
        let iteration = &mut self.iterations[lookup.index()];
        self.dead.push(&mut iteration.dead, silent.id());
        iteration.attempts += 1;
        let named_by = iteration.named_by;
        if iteration.attempts > self.config.retries {
            self.give_up(context, node, lookup);
        } else if named_by.is_none() || named_by == silent {
            self.ask_from_own_tables(context, node, key, lookup);
        } else {
            iteration.depth -= 1;
            self.ask(context, node, key, lookup, named_by);
        }
    }
}
