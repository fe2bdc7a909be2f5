//! A ring of nodes in the order of their identifiers: each knows its predecessor and a list of its successors.
//!
//! Sources: Stoica et al. (SIGCOMM 2001; IEEE/ACM ToN 11(1), 2003); Zave, "How to Make Chord Correct" (IEEE TSE 43(12),
//! 2017) for the corrected rules. A key is owned by the first node at or after it. Chord's fingers and Koorde's
//! de Bruijn pointers stand beside the ring: a protocol embeds a [`Ring`], says through [`RingHost`] how it looks keys
//! up and what it keeps besides, and hands on what belongs to the ring: [`request`], [`reply`], [`timeout`],
//! [`message()`].
//!
//! One file a procedure: [`join`], [`stabilize`], [`leave`]; [`checkers`] holds what must be true of a ring, and
//! [`healing`] how long it takes to become so.

pub mod checkers;
pub mod converged;
pub mod healing;
pub mod health;
pub mod join;
pub mod leave;
mod links;
pub mod message;
pub mod neighbours;
pub mod options;
pub mod ownership;
pub mod rules;
pub mod stabilize;

pub use links::links;
pub use message::{Asking, Kinds, RingMessage};
pub use neighbours::{Node, Ring};
pub use ownership::{owner, replicas};
pub use rules::Rules;

use crate::engine::time::Duration;
use crate::node::identifier::clockwise;
use crate::node::{Charge, Contact, Context, LookupId, Protocol, Slot, Truth};
use healing::JoinLookups;

/// What a protocol brings to the ring that it embeds.
pub trait RingHost: Protocol {
    /// What it keeps for each node beside the ring, in the same place. 16 bytes fill a cache line.
    type Table: Copy + Default;

    /// As which kinds of messages those of the ring are booked.
    const KINDS: Kinds;
    /// Why the lookup of a join is made.
    const JOIN_TASK: Self::Task;
    /// What wakes a node up to try to join again.
    const JOIN_TIMER: Self::Timer;

    /// The ring.
    fn ring(&self) -> &Ring<Self::Table>;

    /// The ring, for changing it.
    fn ring_mut(&mut self) -> &mut Ring<Self::Table>;

    /// A message of the ring as one of the protocol.
    fn ring_message(message: RingMessage) -> Self::Message;

    /// Starts a lookup on its way from `node`.
    fn look_up(&mut self, context: &mut impl Context<Self>, node: Slot, key: u64, lookup: LookupId);

    /// Strikes a node that did not answer from the table beside the ring.
    fn strike_from_table(&mut self, node: Slot, dead: Contact);

    /// The contacts of the table beside the ring; some may be [`Contact::NONE`].
    fn table(&self, node: Slot) -> &[Contact];

    /// `node` has just become a member: its timers start, and its table is filled.
    fn joined(&mut self, context: &mut impl Context<Self>, node: Slot);

    /// What the promise that joins end takes from the protocol's lookups.
    fn join_lookups(&self) -> JoinLookups;

    /// How long the tables beside the ring take to become right in quiet, once the ring is; `None` if never.
    fn time_to_mend_tables(&self, truth: &Truth<'_>) -> Option<Duration>;

    /// How long it takes to look up each entry of a successor list once, where they take turns with the entries of the
    /// table ([`rules::ListRefresh::InTurn`]); `None` if never, or if they do not.
    fn time_for_a_turn(&self, truth: &Truth<'_>) -> Option<Duration>;
}

/// A request that belongs to the ring has arrived at `node`; what it answers.
#[inline]
pub fn request<P: RingHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    from: Contact,
    request: RingMessage,
) -> Option<(P::Message, Charge)> {
    match request {
        RingMessage::GetNeighbours { asking, client_mode: true } => stabilize::neighbours(host, node, asking),
        RingMessage::GetNeighbours { asking, .. } => stabilize::neighbours_asked(host, context, node, from, asking),
        RingMessage::Ping { .. } => Some((P::ring_message(RingMessage::Alive), P::KINDS.ping_or_reply())),
        _ => None,
    }
}

/// The reply to a request that belongs to the ring.
#[inline]
pub fn reply<P: RingHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    from: Contact,
    request: RingMessage,
    reply: RingMessage,
) {
    if let (RingMessage::GetNeighbours { asking, .. }, RingMessage::Neighbours { predecessor, successors }) =
        (request, reply)
    {
        stabilize::neighbours_learnt(host, context, node, from, asking, predecessor, successors);
    }
}

/// A request that belongs to the ring was not answered.
#[inline]
pub fn timeout<P: RingHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    to: Contact,
    request: RingMessage,
) {
    match request {
        RingMessage::GetNeighbours { asking, .. } => stabilize::no_neighbours(host, context, node, to, asking),
        RingMessage::Ping { candidate } => stabilize::predecessor_dead(host, context, node, to, candidate),
        _ => {}
    }
}

/// A message that belongs to the ring and wants no answer.
#[inline]
pub fn message<P: RingHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    from: Contact,
    message: RingMessage,
) {
    match message {
        RingMessage::Notify => stabilize::notified(host, context, node, from),
        RingMessage::NewSuccessor(candidate) => stabilize::successor_offered(host, context, node, candidate),
        RingMessage::SuccessorLeaves(successors) => leave::successor_leaves(host, context, node, from, successors),
        RingMessage::PredecessorLeaves(predecessor) => {
            leave::predecessor_leaves(host, context, node, from, predecessor);
        }
        _ => {}
    }
}

/// Gives back what a message of the ring holds in its pool.
pub fn release<P: RingHost>(host: &mut P, message: RingMessage) {
    if let RingMessage::Neighbours { successors: list, .. } | RingMessage::SuccessorLeaves(list) = message {
        host.ring_mut().lists().release(list);
    }
}

/// Strikes a node that did not answer from all tables of `node`, which looks for its place if it has lost its last
/// successor by that.
pub fn forget<P: RingHost>(host: &mut P, context: &mut impl Context<P>, node: Slot, dead: Contact) {
    host.strike_from_table(node, dead);
    let is_lost = host.ring_mut().strike(node, dead);
    if is_lost && !host.ring().node(node).joining {
        join::find_place(host, context, node);
    }
}

/// The contact of the table beside the ring that comes first after `node`: from there a node that has lost all its
/// successors goes back to its place.
fn nearest_in_table<P: RingHost>(host: &P, node: Slot) -> Option<Contact> {
    let own = host.ring().own(node);
    let others = host.table(node).iter().copied().filter(|contact| contact.is_some() && *contact != own);
    others.min_by_key(|contact| clockwise(own.id(), contact.id()))
}
