//! Joining: a node finds its successor through a member it was told of, and takes over its successor list.
//!
//! The successor is asked for its neighbours before it is adopted, so it is seen alive (Zave's condition). The reply
//! is then used like that of a round of stabilisation, which at once tells the successor of its new predecessor.

use super::message::Asking;
use super::stabilize::{ask_neighbours, notify_head};
use super::{RingHost, nearest_in_table};
use crate::node::{Contact, Context, Slot};

/// Looks for a successor: on arrival, or after the last one was lost. The first node of a network is a ring of
/// its own, unless nobody could reach it there.
pub fn begin_join<P: RingHost>(host: &mut P, context: &mut impl Context<P>, node: Slot) {
    if host.ring().head(node).is_some() {
        // A notification has brought a successor meanwhile.
        host.ring_mut().node_mut(node).joining = false;
        return;
    }
    host.ring_mut().node_mut(node).joining = true;
    // The first identifier after its own: somebody may still take the node itself for the owner of its own.
    let key = host.ring().node(node).id.wrapping_add(1);
    match bootstrap(host, context, node) {
        Some(_) => {
            let lookup = context.start_task(node, key, P::JOIN_TASK);
            host.look_up(context, node, key, lookup);
        }
        None if host.ring().client_mode(node) => join_failed(host, context, node),
        None => {
            let own = host.ring().own(node);
            host.ring_mut().push_successor(node, own);
            become_member(host, context, node);
        }
    }
}

/// The successor list has run empty, which the papers assume away: with a list of 1 every crash does it. The nearest
/// contact of its table (a finger) is the best successor known, but it may be far away, with many nodes in between. The
/// node goes back from there, predecessor by predecessor; until nobody is nearer it names no owners, or else it would
/// send nodes that join to wrong places, and these would send others. Without one it joins again.
pub(super) fn find_place<P: RingHost>(host: &mut P, context: &mut impl Context<P>, node: Slot) {
    match nearest_in_table(host, node) {
        Some(finger) => {
            host.ring_mut().node_mut(node).joining = true;
            ask_neighbours(host, context, node, finger, Asking::Join);
        }
        None => begin_join(host, context, node),
    }
}

/// The node that was to be the successor did not answer.
pub(super) fn successor_silent<P: RingHost>(host: &mut P, context: &mut impl Context<P>, node: Slot) {
    if host.ring().head(node).is_some() {
        // The way back has ended at a dead node; the last one before is alive.
        become_member(host, context, node);
        notify_head(host, context, node);
    } else if host.ring().node(node).member && nearest_in_table(host, node).is_some() {
        find_place(host, context, node);
    } else {
        join_failed(host, context, node);
    }
}

/// A member that has a place in the ring: one that has lost its own cannot show the way. If all have, the first to
/// try again is a ring of its own that the others join.
pub fn bootstrap<P: RingHost>(host: &P, context: &mut impl Context<P>, node: Slot) -> Option<Contact> {
    context.bootstrap(node, |member| host.ring().head(member.slot()).is_some())
}

/// The lookup of a join has named a successor.
pub fn successor_found<P: RingHost>(host: &mut P, context: &mut impl Context<P>, node: Slot, successor: Contact) {
    if successor == host.ring().own(node) {
        join_failed(host, context, node);
    } else {
        ask_neighbours(host, context, node, successor, Asking::Join);
    }
}

/// Tries again later.
pub fn join_failed<P: RingHost>(host: &mut P, context: &mut impl Context<P>, node: Slot) {
    context.set_timer(node, host.ring().rules().join_retry_after, P::JOIN_TIMER);
}

/// The node has a successor. The first time, that makes it a member.
pub(super) fn become_member<P: RingHost>(host: &mut P, context: &mut impl Context<P>, node: Slot) {
    let state = host.ring_mut().node_mut(node);
    state.joining = false;
    if std::mem::replace(&mut state.member, true) {
        return;
    }
    context.join_completed(node);
    host.joined(context, node);
}
