//! What every kind of lookup has in common: a step of routing, and how a lookup ends.

use crate::node::{Contact, Context, LookupId, Protocol, Purpose, Slot};
use std::fmt::Debug;

/// Requests in a row that a lookup always has time for, where it is to have the time that it needs.
pub const REQUESTS: u64 = 64;

/// What a node knows about the way to a key. `R` is what the next node is told besides the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<R> {
    /// This node owns the key.
    Owner(Contact),
    /// This node is the next to ask.
    Next(Contact, R),
    /// There is no node to ask, or the node has lost its place and cannot tell.
    Lost,
}

/// A protocol whose nodes make lookups.
pub trait LookupHost: Protocol {
    /// What a query carries besides its key and may change from step to step; `()` if nothing.
    type Carried: Copy + Default + Debug;

    /// Hops after which a lookup is taken to go in circles; 253 at most.
    const HOP_LIMIT: u8 = 128;

    /// The node itself, as others know it.
    fn own(&self, node: Slot) -> Contact;

    /// A lookup that `node` has made for `task` has named `owner` for `key`.
    fn task_done(&mut self, context: &mut impl Context<Self>, node: Slot, task: Self::Task, key: u64, owner: Contact);
}

/// A lookup of `node` has its answer. Nothing happens if it has ended already.
pub fn conclude<P: LookupHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    id: LookupId,
    owner: Contact,
    hops: u8,
) {
    let Some(lookup) = context.lookup(id) else { return };
    context.answer(id, owner, u32::from(hops));
    if let Purpose::Task(task) = lookup.purpose {
        host.task_done(context, node, task, lookup.key, owner);
    }
}

/// A lookup of `node` ends without an answer. Nothing happens if it has ended already.
pub fn give_up<P: LookupHost>(host: &mut P, context: &mut impl Context<P>, node: Slot, id: LookupId) {
    let Some(lookup) = context.lookup(id) else { return };
    context.give_up(id);
    if let Purpose::Task(task) = lookup.purpose {
        host.on_task_failed(context, node, task);
    }
}
