//! Iterative lookups that ask one node after another.
//!
//! A node that does not answer is remembered as dead for the rest of the lookup, and the node that named it is asked
//! again for its next best candidate. If that one has died meanwhile, the initiator begins again from its own tables.
//!
//! The node that is named as the owner may be dead: with [`WalkRules::confirm_owner`] it is asked too, and if it does
//! not answer, the node that named it is asked for the next.
//!
//! A protocol embeds a [`Walk`], implements [`WalkHost`], and calls the functions here from its handlers.

use super::lookups::{LookupHost, Step, conclude, give_up};
use crate::engine::pool::{List, ListPool, Slab};
use crate::node::opinion::{Description, Says};
use crate::node::per_lookup::PerLookup;
use crate::node::{Charge, Contact, Context, LookupId, Purpose, Slot};

/// Options of iterative lookups.
#[derive(Clone, Copy, Debug)]
pub struct WalkRules {
    /// Requests of a lookup that may go unanswered; with one more it is given up.
    pub retries: u32,
    /// Whether the node that is named as the owner is asked before it is the answer.
    pub confirm_owner: bool,
}

/// The dead nodes that a request names, as its sender knew them when it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed(u32);

impl Sealed {
    const NONE: Sealed = Sealed(u32::MAX);
}

/// A message of an iterative lookup. What it carries is packed, so that it fits beside the tag of a message of the
/// protocol that is no longer than this.
#[derive(Clone, Copy, Debug)]
pub enum WalkMessage<R: Copy> {
    /// Request: which node is next on the way to this key?
    Ask(Ask<R>),
    /// Reply to `Ask`: ask this node next.
    Next(Next<R>),
    /// Reply to `Ask`: this node is the owner.
    Owner(Packed),
    /// Request to the node that was named as the owner: are you alive?
    Confirm(Confirm),
    /// Reply to `Confirm`: yes, and the key is mine as far as I am to tell.
    Mine,
    /// Reply to `Confirm`: the key is not mine.
    NotMine,
}

/// The content of [`WalkMessage::Ask`].
#[derive(Clone, Copy, Debug)]
#[repr(Rust, packed)]
pub struct Ask<R: Copy> {
    /// The key.
    pub key: u64,
    /// The lookup.
    pub lookup: LookupId,
    /// Nodes that it has found dead, which are not to be named.
    pub dead: Sealed,
    /// What the query carries besides.
    pub carried: R,
}

/// The content of [`WalkMessage::Next`].
#[derive(Clone, Copy, Debug)]
#[repr(Rust, packed)]
pub struct Next<R: Copy> {
    /// The node.
    pub next: Contact,
    /// What it is to be told.
    pub carried: R,
}

/// The content of [`WalkMessage::Owner`].
#[derive(Clone, Copy, Debug)]
#[repr(Rust, packed)]
pub struct Packed(pub Contact);

/// The content of [`WalkMessage::Confirm`].
#[derive(Clone, Copy, Debug)]
#[repr(Rust, packed)]
pub struct Confirm {
    /// The key.
    pub key: u64,
    /// The lookup.
    pub lookup: LookupId,
}

impl<R: Copy> WalkMessage<R> {
    /// Whether it holds something in a pool, which [`Walk::release`] gives back. Most messages do not.
    #[inline]
    pub fn is_pooled(&self) -> bool {
        matches!(self, WalkMessage::Ask(ask) if { ask.dead } != Sealed::NONE)
    }

    /// The key and the lookup of a request.
    fn asks_about(self) -> Option<(u64, LookupId)> {
        match self {
            WalkMessage::Ask(Ask { key, lookup, .. }) | WalkMessage::Confirm(Confirm { key, lookup }) => {
                Some((key, lookup))
            }
            _ => None,
        }
    }

    /// The message in words.
    pub fn describe(&self) -> Description {
        match *self {
            WalkMessage::Ask(_) => Description::plain("asks"),
            WalkMessage::Next(Next { next, .. }) => Description { verb: "answers", says: Some(Says::Next(next)) },
            WalkMessage::Owner(Packed(owner)) => Description { verb: "answers", says: Some(Says::Owner(owner)) },
            _ => Description::plain("writes to"),
        }
    }
}

/// Where an iterative lookup is: known to its initiator only.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Record<R> {
    /// The node that named the one being asked; [`Contact::NONE`] if the initiator did.
    named_by: Contact,
    /// What that node was told when it was asked.
    named_with: R,
    /// Hops to the node that is being asked.
    depth: u8,
    /// Requests that went unanswered.
    attempts: u32,
    /// Nodes that did not answer.
    dead: List,
}

/// Iterative lookups under way.
#[derive(Debug)]
pub struct Walk<R> {
    rules: WalkRules,
    records: PerLookup<Record<R>>,
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

    fn begin(&mut self, node: Slot, lookup: LookupId) {
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
    fn seal(&mut self, lookup: LookupId) -> (Sealed, u32) {
        let list = self.records[lookup].dead;
        match list.len() {
            0 => (Sealed::NONE, 0),
            count => (Sealed(self.sealed.insert(self.dead.copy(list))), count as u32),
        }
    }

    fn unseal(&self, dead: Sealed) -> &[u64] {
        self.sealed.get(dead.0).map_or(&[], |list| self.dead.get(*list))
    }
}

/// A protocol that makes iterative lookups.
pub trait WalkHost: LookupHost {
    /// Kind of message of `Ask` and its reply.
    const ASK_KIND: u8;
    /// Kind of message of `Confirm` and its reply.
    const CONFIRM_KIND: u8;
    /// Keys that [`LookupHost::Carried`] takes in a message.
    const CARRIED_KEYS: u32 = 0;

    /// The part.
    fn walk(&self) -> &Walk<Self::Carried>;

    /// The part.
    fn walk_mut(&mut self) -> &mut Walk<Self::Carried>;

    /// A message of the part as a message of the protocol.
    fn walk_message(message: WalkMessage<Self::Carried>) -> Self::Message;

    /// The step from the initiator itself, leaving out nodes with the identifiers `dead`.
    fn first_step(&self, context: &mut impl Context<Self>, node: Slot, key: u64, dead: &[u64]) -> Step<Self::Carried>;

    /// The step from a node that is asked, leaving out nodes with the identifiers `dead`.
    fn step(&self, node: Slot, key: u64, carried: Self::Carried, dead: &[u64]) -> Step<Self::Carried>;

    /// Whether a node that was named as the owner of `key` agrees.
    fn agrees_to_own(&self, node: Slot, key: u64) -> bool {
        let _ = (node, key);
        true
    }

    /// Whether the answer of a lookup is the node that names the owner.
    fn ends_before_owner(&self, purpose: Purpose<Self::Task>) -> bool {
        matches!(purpose, Purpose::Workload) && self.lookups_end_before_owner()
    }

    /// `silent` did not answer a request of `node`.
    fn walk_met_silence(&mut self, context: &mut impl Context<Self>, node: Slot, silent: Contact);
}

/// A lookup under way, for its initiator.
#[derive(Clone, Copy)]
struct Walker {
    node: Slot,
    key: u64,
    lookup: LookupId,
}

/// Starts a lookup at `node`.
pub fn begin<P: WalkHost>(host: &mut P, context: &mut impl Context<P>, node: Slot, key: u64, lookup: LookupId) {
    host.walk_mut().begin(node, lookup);
    ask_from_own_tables(host, context, Walker { node, key, lookup });
}

/// Begins, or begins again, with what the initiator itself knows.
fn ask_from_own_tables<P: WalkHost>(host: &mut P, context: &mut impl Context<P>, walker: Walker) {
    let Walker { node, key, lookup } = walker;
    let step = host.first_step(context, node, key, host.walk().known_dead(lookup));
    let record = &mut host.walk_mut().records[lookup];
    record.named_by = Contact::NONE;
    match step {
        Step::Owner(owner) => {
            record.depth = 0;
            accept(host, context, walker, owner);
        }
        Step::Next(next, carried) => {
            record.depth = 1;
            ask(host, context, walker, next, carried);
        }
        Step::Lost => give_up(host, context, node, lookup),
    }
}

fn ask<P: WalkHost>(host: &mut P, context: &mut impl Context<P>, walker: Walker, next: Contact, carried: P::Carried) {
    let Walker { node, key, lookup } = walker;
    let (dead, count) = host.walk_mut().seal(lookup);
    let charge = Charge::empty(P::ASK_KIND).with_keys(1 + P::CARRIED_KEYS + count);
    let message = P::walk_message(WalkMessage::Ask(Ask { key, lookup, dead, carried }));
    context.request(node, next, message, charge, Some(lookup));
}

/// A request arrives at `node`; to be called from [`crate::node::Protocol::on_request`]. A node that cannot help does
/// not answer.
pub fn on_request<P: WalkHost>(host: &P, node: Slot, request: WalkMessage<P::Carried>) -> Option<(P::Message, Charge)> {
    let (reply, charge) = match request {
        WalkMessage::Ask(Ask { key, dead, carried, .. }) => {
            let charge = Charge::empty(P::ASK_KIND).with_contacts(1);
            match host.step(node, key, carried, host.walk().unseal(dead)) {
                Step::Owner(owner) => (WalkMessage::Owner(Packed(owner)), charge),
                Step::Next(next, carried) => {
                    (WalkMessage::Next(Next { next, carried }), charge.with_keys(P::CARRIED_KEYS))
                }
                Step::Lost => return None,
            }
        }
        WalkMessage::Confirm(Confirm { key, .. }) => {
            let reply = if host.agrees_to_own(node, key) { WalkMessage::Mine } else { WalkMessage::NotMine };
            (reply, Charge::empty(P::CONFIRM_KIND))
        }
        _ => return None,
    };
    Some((P::walk_message(reply), charge))
}

/// A reply arrives at the initiator; to be called from [`crate::node::Protocol::on_reply`].
pub fn on_reply<P: WalkHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    from: Contact,
    request: WalkMessage<P::Carried>,
    reply: WalkMessage<P::Carried>,
) {
    let Some((key, lookup)) = request.asks_about() else { return };
    if context.lookup(lookup).is_none() {
        return;
    }
    let walker = Walker { node, key, lookup };
    let record = &mut host.walk_mut().records[lookup];
    if let WalkMessage::Ask(Ask { carried, .. }) = request {
        (record.named_by, record.named_with) = (from, carried);
    }
    match reply {
        WalkMessage::Next(Next { next, carried }) => {
            record.depth += 1;
            match record.depth > P::HOP_LIMIT {
                true => give_up(host, context, node, lookup),
                false => ask(host, context, walker, next, carried),
            }
        }
        WalkMessage::Owner(Packed(owner)) => accept(host, context, walker, owner),
        WalkMessage::Mine => {
            let hops = record.depth - 1;
            conclude(host, context, node, lookup, from, hops);
        }
        WalkMessage::NotMine => give_up(host, context, node, lookup),
        WalkMessage::Ask(_) | WalkMessage::Confirm(_) => {}
    }
}

/// Takes the answer, if need be after asking the owner whether it is alive.
fn accept<P: WalkHost>(host: &mut P, context: &mut impl Context<P>, walker: Walker, owner: Contact) {
    let Walker { node, key, lookup } = walker;
    let Some(purpose) = context.lookup(lookup).map(|lookup| lookup.purpose) else { return };
    let (own, ends_before_owner) = (host.own(node), host.ends_before_owner(purpose));
    let walk = host.walk_mut();
    let confirm_owner = walk.rules.confirm_owner;
    let record = &mut walk.records[lookup];
    let (named_by, hops) = (record.named_by, record.depth);
    if ends_before_owner {
        let named_by = if named_by.is_none() { own } else { named_by };
        conclude(host, context, node, lookup, named_by, hops);
    } else if confirm_owner && owner != own {
        // One step further, so that a timeout goes back to the node that named it.
        record.depth += 1;
        let charge = Charge::empty(P::CONFIRM_KIND).with_keys(1);
        context.request(
            node,
            owner,
            P::walk_message(WalkMessage::Confirm(Confirm { key, lookup })),
            charge,
            Some(lookup),
        );
    } else {
        conclude(host, context, node, lookup, owner, hops);
    }
}

/// `silent` did not answer a request; to be called from [`crate::node::Protocol::on_timeout`]. Asks the node that
/// named it for another, or begins again.
pub fn on_timeout<P: WalkHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    silent: Contact,
    request: WalkMessage<P::Carried>,
) {
    let Some((key, lookup)) = request.asks_about() else { return };
    host.walk_met_silence(context, node, silent);
    if context.lookup(lookup).is_none() {
        return;
    }
    let walker = Walker { node, key, lookup };
    let walk = host.walk_mut();
    let retries = walk.rules.retries;
    let record = walk.note_silent(lookup, silent);
    let (named_by, named_with) = (record.named_by, record.named_with);
    if record.attempts > retries {
        give_up(host, context, node, lookup);
    } else if named_by.is_none() || named_by == silent {
        ask_from_own_tables(host, context, walker);
    } else {
        record.depth -= 1;
        ask(host, context, walker, named_by, named_with);
    }
}
