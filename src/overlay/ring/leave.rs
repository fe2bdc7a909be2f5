//! Leaving gracefully (ToN 2003, section on voluntary departures): the neighbours are told and take over the
//! pointers. A neighbour that gets no such message finds out as it would about a crash.

use super::message::RingMessage;
use super::rules::HandsOver;
use super::{RingHost, forget};
use crate::engine::pool::List;
use crate::node::{Contact, Context, Slot};

/// Tells the predecessor and the successor, unless neither knows of this node.
pub fn say_goodbye<P: RingHost>(host: &mut P, context: &mut impl Context<P>, node: Slot) {
    if !host.ring().rules().farewells || !host.ring().node(node).member || host.ring().client_mode(node) {
        return;
    }
    let own = host.ring().own(node);
    let predecessor = host.ring().node(node).predecessor;
    let head = host.ring().head(node).filter(|head| *head != own);
    if let (Some(head), true) = (head, predecessor != own) {
        let farewell = RingMessage::PredecessorLeaves(predecessor);
        context.send(node, head, P::ring_message(farewell), P::KINDS.farewell(1), None);
    }
    if let (Some(_), true) = (head, predecessor.is_some() && predecessor != own) {
        let first = match host.ring().rules().farewell_hands_over {
            HandsOver::SuccessorList => 0,
            HandsOver::LastSuccessor => host.ring().successors(node).len() - 1,
        };
        let list = host.ring_mut().list_to_send(node, first);
        let charge = P::KINDS.farewell(list.len() as u32);
        context.send(node, predecessor, P::ring_message(RingMessage::SuccessorLeaves(list)), charge, None);
    }
}

/// A successor leaves: it is struck from the tables, and the last node of its list may extend this one's.
pub(super) fn successor_leaves<P: RingHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    from: Contact,
    successors: List,
) {
    if host.ring().rules().farewell_hands_over == HandsOver::LastSuccessor {
        return successor_replaced(host, context, node, from, successors);
    }
    if host.ring().head(node) == Some(from) {
        // What it leaves behind is what this node's list would become after the next round.
        let mut tail = host.ring_mut().lists().copy(successors);
        if let Some(first) =
            host.ring_mut().lists().get(tail).first().copied().filter(|first| *first != host.ring().own(node))
        {
            host.ring_mut().lists().remove(&mut tail, 0);
            host.ring_mut().set_successors(node, first, tail);
        }
        host.ring_mut().lists().release(tail);
    }
    forget(host, context, node, from);
}

/// A successor leaves, and names the last of its list.
fn successor_replaced<P: RingHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    from: Contact,
    named: List,
) {
    let last = host.ring_mut().lists().get(named).first().copied().filter(|last| *last != host.ring().own(node));
    match last {
        // A list of one has no room before it has let go, and a node without a successor would be lost.
        Some(last) if host.ring().successors(node) == [from] => {
            host.ring_mut().push_successor(node, last);
            forget(host, context, node, from);
        }
        Some(last) => {
            forget(host, context, node, from);
            host.ring_mut().append_successor(node, last);
        }
        None => forget(host, context, node, from),
    }
}

/// The predecessor leaves and names its own.
pub(super) fn predecessor_leaves<P: RingHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    from: Contact,
    predecessor: Contact,
) {
    if host.ring().node(node).predecessor == from {
        let own = host.ring().own(node);
        host.ring_mut().node_mut(node).predecessor = if predecessor == own { Contact::NONE } else { predecessor };
    }
    forget(host, context, node, from);
}
