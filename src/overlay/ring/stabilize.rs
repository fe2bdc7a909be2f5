//! Keeping the ring: stabilisation, notification (rectify, in Zave's words), and the check of the predecessor.
//!
//! Under the original rules (ToN 2003, figure 6) a node adopts its successor's predecessor on hearsay, and a notified
//! node takes a nearer predecessor only. Under the corrected rules (Zave 2017) a candidate is asked for its own
//! successor list, and so seen alive, before it is adopted; and a node that is notified by another than its
//! predecessor pings the predecessor, and takes the notifier in its place if there is no answer.
//!
//! A node behind NAT keeps its successors in the same way, but notifies nobody: as a predecessor that gives no answer
//! it would hide the nodes that join before it. So nobody names it, and the ring is that of the others.

use super::join::{become_member, find_place, successor_silent};
use super::message::{Asking, RingMessage};
use super::rules::{ListRefresh, Maintenance, Notify};
use super::{RingHost, forget, nearest_in_table};
use crate::engine::pool::List;
use crate::node::identifier::between;
use crate::node::{Charge, Contact, Context, Slot};

fn is_corrected<P: RingHost>(host: &P) -> bool {
    host.ring().rules().maintenance == Maintenance::Corrected
}

/// A round: asks the first successor for its neighbours.
pub fn stabilize<P: RingHost>(host: &mut P, context: &mut impl Context<P>, node: Slot) {
    let own = host.ring().own(node);
    match host.ring().head(node) {
        None if !host.ring().node(node).joining => find_place(host, context, node),
        None => {}
        Some(head) if head == own => {
            // Alone in its ring: whoever notified it is its first other member.
            let predecessor = host.ring().node(node).predecessor;
            if predecessor.is_some() && predecessor != own {
                successor_offered(host, context, node, predecessor);
            }
        }
        Some(head) => ask_neighbours(host, context, node, head, Asking::Successor),
    }
}

/// A round of the successor list: asks the first successor for its own.
pub fn refresh_list<P: RingHost>(host: &mut P, context: &mut impl Context<P>, node: Slot) {
    if let Some(head) = host.ring().head(node).filter(|head| *head != host.ring().own(node)) {
        ask_neighbours(host, context, node, head, Asking::List);
    }
}

/// Whether successor lists come with what this asks for.
fn is_with_list<P: RingHost>(host: &P, asking: Asking) -> bool {
    match (host.ring().rules().successor_list_refresh, asking) {
        (ListRefresh::Copied | ListRefresh::InTurn, _) => true,
        (_, Asking::Join | Asking::List | Asking::Notification) => true,
        (_, Asking::Successor | Asking::Candidate) => false,
    }
}

pub(super) fn ask_neighbours<P: RingHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    whom: Contact,
    asking: Asking,
) {
    let charge = match asking {
        Asking::Notification => P::KINDS.notification(),
        _ => P::KINDS.get_neighbours(),
    };
    let request = RingMessage::GetNeighbours { asking, client_mode: host.ring().client_mode(node) };
    context.request(node, whom, P::ring_message(request), charge, None);
}

/// Answers a request for neighbours. A node that has not joined has none to tell of. Nor has one that lost them:
/// an empty list would leave the other with no more than itself.
pub(super) fn neighbours<P: RingHost>(host: &mut P, node: Slot, asking: Asking) -> Option<(P::Message, Charge)> {
    if !host.ring().node(node).member || host.ring().head(node).is_none() {
        return None;
    }
    let successors = match is_with_list(host, asking) {
        true => host.ring_mut().list_to_send(node, 0),
        false => List::EMPTY,
    };
    let count = successors.len() as u32;
    let predecessor = host.ring().node(node).predecessor;
    let charge = match asking {
        Asking::Notification => P::KINDS.notification_reply(count),
        _ => P::KINDS.neighbours(count),
    };
    Some((P::ring_message(RingMessage::Neighbours { predecessor, successors }), charge))
}

/// The same; and where joining nodes are adopted at once, whoever joins here is taken for notifying this node too.
/// Where a notification is answered, it is one.
pub(super) fn neighbours_asked<P: RingHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    from: Contact,
    asking: Asking,
) -> Option<(P::Message, Charge)> {
    if asking == Asking::Notification {
        notified(host, context, node, from);
    }
    let answer = neighbours(host, node, asking);
    if host.ring().rules().adopt_joining && asking == Asking::Join {
        notified(host, context, node, from);
    }
    answer
}

pub(super) fn neighbours_learnt<P: RingHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    from: Contact,
    asking: Asking,
    predecessor: Contact,
    successors: List,
) {
    match asking {
        Asking::Join => {
            if host.ring().head(node).is_none() || host.ring().is_nearer(node, from) {
                host.ring_mut().set_successors(node, from, successors);
            }
            if host.ring().node(node).member && host.ring().is_nearer(node, predecessor) {
                // It had lost its place, and is not back yet.
                return ask_neighbours(host, context, node, predecessor, Asking::Join);
            }
            take_over_predecessor(host, node, from, predecessor);
            become_member(host, context, node);
            after_successor(host, context, node, predecessor);
        }
        // If the head has changed while the reply was on its way, the next round will ask the new one.
        Asking::Successor if host.ring().head(node) == Some(from) => {
            if host.ring().rules().successor_list_refresh == ListRefresh::Copied {
                host.ring_mut().set_successors(node, from, successors);
            }
            after_successor(host, context, node, predecessor);
        }
        Asking::List | Asking::Notification if host.ring().head(node) == Some(from) => {
            host.ring_mut().set_successors(node, from, successors);
        }
        Asking::Successor | Asking::List | Asking::Notification => {}
        Asking::Candidate => {
            match host.ring().rules().successor_list_refresh {
                _ if !host.ring().is_nearer(node, from) => {}
                ListRefresh::Copied => host.ring_mut().set_successors(node, from, successors),
                _ => host.ring_mut().push_successor(node, from),
            }
            match host.ring().head(node) == Some(from) {
                true if host.ring().rules().stabilize_to_end => after_successor(host, context, node, predecessor),
                true => end_round(host, context, node, predecessor),
                false => notify_head(host, context, node),
            }
        }
    }
}

/// Where old predecessors are told of new ones, a joining node begins with its successor's predecessor, so that
/// it can tell that node of the next one that joins in between; and so it does where rounds of stabilisation go
/// from predecessor to predecessor. Otherwise (ToN 2003, figure 6) with none.
fn take_over_predecessor<P: RingHost>(host: &mut P, node: Slot, successor: Contact, predecessor: Contact) {
    let own = host.ring().node(node).id;
    let before = predecessor.is_some() && between(predecessor.id(), own, successor.id());
    let wanted = host.ring().rules().notify_old_predecessor || host.ring().rules().stabilize_to_end;
    if before && wanted && host.ring().node(node).predecessor.is_none() {
        host.ring_mut().node_mut(node).predecessor = predecessor;
    }
}

/// The successor has told of its predecessor: if that lies between, it is the better successor.
fn after_successor<P: RingHost>(host: &mut P, context: &mut impl Context<P>, node: Slot, predecessor: Contact) {
    if !host.ring().is_nearer(node, predecessor) {
        end_round(host, context, node, predecessor);
    } else if is_corrected(host) {
        ask_neighbours(host, context, node, predecessor, Asking::Candidate);
    } else {
        host.ring_mut().push_successor(node, predecessor);
        notify_head(host, context, node);
    }
}

/// The first successor has named its predecessor, which is no nearer.
fn end_round<P: RingHost>(host: &mut P, context: &mut impl Context<P>, node: Slot, predecessor: Contact) {
    if host.ring().rules().notify == Notify::EveryRound || predecessor != host.ring().own(node) {
        notify_head(host, context, node);
    }
}

/// A node asked for its neighbours did not answer.
pub(super) fn no_neighbours<P: RingHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    silent: Contact,
    asking: Asking,
) {
    forget(host, context, node, silent);
    match asking {
        Asking::Join => successor_silent(host, context, node),
        Asking::Successor | Asking::List | Asking::Notification => stabilize(host, context, node),
        Asking::Candidate => notify_head(host, context, node),
    }
}

/// Tells the first successor of this node, unless it cannot be reached: then it asks for the list only, if that
/// comes with a notification.
pub(super) fn notify_head<P: RingHost>(host: &mut P, context: &mut impl Context<P>, node: Slot) {
    if let Some(head) = host.ring().head(node).filter(|head| *head != host.ring().own(node)) {
        match host.ring().rules().successor_list_refresh == ListRefresh::WithNotification {
            true => ask_neighbours(host, context, node, head, Asking::Notification),
            false if host.ring().client_mode(node) => {}
            false => context.send(node, head, P::ring_message(RingMessage::Notify), P::KINDS.notification(), None),
        }
    }
}

/// `from` says that it may be the predecessor.
pub(super) fn notified<P: RingHost>(host: &mut P, context: &mut impl Context<P>, node: Slot, from: Contact) {
    let own = host.ring().own(node);
    if !host.ring().node(node).member || from == own {
        return;
    }
    // Alone, or lost without a finger to go back from: whoever notifies it is its only way into the ring. Else it
    // is the worst way: the notifier stands right behind, so nearly the whole ring would lie between the two.
    let is_only_way = match host.ring().head(node) {
        Some(head) => head == own,
        None => nearest_in_table(host, node).is_none(),
    };
    if is_only_way {
        host.ring_mut().push_successor(node, from);
    }
    let predecessor = host.ring().node(node).predecessor;
    if predecessor.is_none() || between(predecessor.id(), from.id(), own.id()) {
        adopt_predecessor(host, context, node, from);
    } else if predecessor != from && is_corrected(host) {
        ping_predecessor(host, context, node, from);
    }
}

fn adopt_predecessor<P: RingHost>(host: &mut P, context: &mut impl Context<P>, node: Slot, new: Contact) {
    let old = std::mem::replace(&mut host.ring_mut().node_mut(node).predecessor, new);
    if host.ring().rules().notify_old_predecessor && old.is_some() && old != new && old != host.ring().own(node) {
        context.send(node, old, P::ring_message(RingMessage::NewSuccessor(new)), P::KINDS.new_successor(), None);
    }
}

/// Somebody offers a nearer successor.
pub(super) fn successor_offered<P: RingHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    candidate: Contact,
) {
    // A node that returned under its old identifier is offered successors before it has joined: it finds its own.
    if !host.ring().node(node).member || !host.ring().is_nearer(node, candidate) {
        return;
    }
    if is_corrected(host) {
        ask_neighbours(host, context, node, candidate, Asking::Candidate);
    } else {
        host.ring_mut().push_successor(node, candidate);
        notify_head(host, context, node);
    }
}

/// Pings the predecessor, as its timer says.
pub fn check_predecessor<P: RingHost>(host: &mut P, context: &mut impl Context<P>, node: Slot) {
    ping_predecessor(host, context, node, Contact::NONE);
}

fn ping_predecessor<P: RingHost>(host: &mut P, context: &mut impl Context<P>, node: Slot, candidate: Contact) {
    let predecessor = host.ring().node(node).predecessor;
    if predecessor.is_some() && predecessor != host.ring().own(node) {
        context.request(
            node,
            predecessor,
            P::ring_message(RingMessage::Ping { candidate }),
            P::KINDS.ping_or_reply(),
            None,
        );
    }
}

/// The predecessor did not answer a ping.
pub(super) fn predecessor_dead<P: RingHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    dead: Contact,
    candidate: Contact,
) {
    if host.ring().node(node).predecessor == dead {
        host.ring_mut().node_mut(node).predecessor = candidate;
    }
    forget(host, context, node, dead);
}
