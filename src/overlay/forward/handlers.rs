//! What happens to a query at the nodes that it passes, and to its answer.

use super::host::ForwardHost;
use super::rules::{Retries, WayBack};
use super::state::{ForwardMessage, Query};
use crate::engine::pool::List;
use crate::node::{Charge, Contact, Context, Expects, LookupId, Slot, Terms, Way};
use crate::overlay::lookups::{Step, conclude, give_up};

/// Starts a lookup at `node`.
pub fn begin<P: ForwardHost>(host: &mut P, context: &mut impl Context<P>, node: Slot, key: u64, lookup: LookupId) {
    let query = Query {
        key,
        told: None,
        carried: P::Carried::default(),
        lookup,
        initiator: host.own(node),
        owner: Contact::NONE,
        hops: 0,
        attempts: 0,
        path: List::EMPTY,
        dead: List::EMPTY,
    };
    route(host, context, node, query);
}

/// A request arrives at `node`; to be called from [`crate::node::Protocol::on_request`]. A node that has lost its place
/// does not answer.
pub fn on_request<P: ForwardHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    from: Contact,
    request: ForwardMessage,
) -> Option<(P::Message, Charge)> {
    let kind = match request {
        ForwardMessage::Query(index) => carry_on(host, context, node, from, index).then_some(P::QUERY.kind)?,
        ForwardMessage::Return(index) => {
            carry_back(host, context, node, index);
            P::ANSWER.kind
        }
        ForwardMessage::Answer(_) | ForwardMessage::Ack => return None,
    };
    Some((host.forward_message(node, ForwardMessage::Ack), Charge::empty(kind)))
}

/// A message that is not acknowledged arrives at `node`; to be called from [`crate::node::Protocol::on_message`].
pub fn on_message<P: ForwardHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    from: Contact,
    message: ForwardMessage,
) {
    match message {
        ForwardMessage::Query(index) => {
            carry_on(host, context, node, from, index);
        }
        ForwardMessage::Return(index) => carry_back(host, context, node, index),
        ForwardMessage::Answer(index) => {
            let Query { lookup, owner, hops, .. } = host.forward().queries[index];
            conclude(host, context, node, lookup, owner, hops);
        }
        ForwardMessage::Ack => {}
    }
}

/// `silent` did not acknowledge a request of `node`; to be called from [`crate::node::Protocol::on_timeout`].
pub fn on_timeout<P: ForwardHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    silent: Contact,
    request: ForwardMessage,
) {
    match request {
        ForwardMessage::Query(index) => forward_other(host, context, node, index, silent),
        ForwardMessage::Return(index) => {
            // The answer is handed to the node before it.
            let forward = host.forward_mut();
            let query = forward.copy_lists(forward.queries[index]);
            send_back(host, context, node, query, false);
        }
        ForwardMessage::Answer(_) | ForwardMessage::Ack => {}
    }
}

/// Hands a query on, or answers it. Here and below the lists of a query passed by value belong to the function.
fn route<P: ForwardHost>(host: &mut P, context: &mut impl Context<P>, node: Slot, query: Query<P::Carried>) {
    let step = host.next_hop(context, node, &query);
    take(host, context, node, query, step);
}

fn take<P: ForwardHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    query: Query<P::Carried>,
    step: Step<P::Carried>,
) {
    match step {
        Step::Owner(owner) if host.forward().rules.confirm_owner && owner != host.own(node) => {
            hand_on(host, context, node, owner, Query { owner, ..query });
        }
        // The first hop has it from the initiator.
        Step::Owner(owner) => answer(host, context, node, Query { owner, ..query }, query.hops == 1),
        Step::Next(next, carried) if query.hops < P::HOP_LIMIT => {
            hand_on(host, context, node, next, Query { owner: Contact::NONE, carried, ..query });
        }
        Step::Lost | Step::Next(..) => abandon(host, context, node, query),
    }
}

/// Hands the query to another node.
fn hand_on<P: ForwardHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    to: Contact,
    query: Query<P::Carried>,
) {
    let forward = host.forward_mut();
    let charge = P::QUERY.with_contacts(u32::from(P::QUERY.contacts) + query.path.len() as u32);
    let message = ForwardMessage::Query(forward.queries.insert(query));
    dispatch(host, context, node, to, message, charge, query.lookup);
}

/// Sends a query or an answer, so that `node` learns if it does not arrive.
fn dispatch<P: ForwardHost>(
    host: &P,
    context: &mut impl Context<P>,
    node: Slot,
    to: Contact,
    message: ForwardMessage,
    charge: Charge,
    lookup: LookupId,
) {
    let message = host.forward_message(node, message);
    let terms = Terms { way: Way::Unasked, expects: host.forward().rules.acknowledgements.expected() };
    context.post(node, to, message, charge, Some(lookup), terms);
}

/// No node is left to hand the query to. Only the initiator itself can act on that.
fn abandon<P: ForwardHost>(host: &mut P, context: &mut impl Context<P>, node: Slot, query: Query<P::Carried>) {
    host.forward_mut().release_lists(query);
    if query.initiator == host.own(node) {
        give_up(host, context, node, query.lookup);
    }
}

/// A query arrives: hands it on, or answers it. Returns whether it is taken: a node that has lost its place cannot
/// help.
fn carry_on<P: ForwardHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    from: Contact,
    index: u32,
) -> bool {
    let held = host.forward().queries[index];
    let query = Query { told: Some(held.carried), path: List::EMPTY, dead: List::EMPTY, ..held };
    if held.owner == host.own(node) {
        // It ends at the node that was named as the owner, which is no further hop. A node that has not joined yet
        // owns nothing.
        let has_joined = host.has_joined(node);
        if has_joined {
            let path = host.forward_mut().path_from(held.path, from);
            answer(host, context, node, Query { path, ..query }, held.hops == 0);
        }
        return has_joined;
    }
    let attempts = match host.forward().rules.retries {
        Retries::OfQuery(_) => held.attempts,
        Retries::OfNode(_) => 0,
    };
    let query = Query { hops: held.hops + 1, attempts, ..query };
    let step = host.next_hop(context, node, &query);
    if matches!(step, Step::Lost) {
        return false;
    }
    let path = host.forward_mut().path_from(held.path, from);
    take(host, context, node, Query { path, ..query }, step);
    true
}

/// `silent` did not acknowledge a query: tries another node.
fn forward_other<P: ForwardHost>(host: &mut P, context: &mut impl Context<P>, node: Slot, index: u32, silent: Contact) {
    host.next_hop_silent(context, node, silent);
    let forward = host.forward_mut();
    let mut query = forward.copy_lists(forward.queries[index]);
    forward.dead.push(&mut query.dead, silent.id());
    query.attempts += 1;
    let (Retries::OfQuery(most) | Retries::OfNode(most)) = forward.rules.retries;
    if query.attempts > most {
        abandon(host, context, node, query);
    } else {
        route(host, context, node, query);
    }
}

/// This node knows the owner. `has_initiator_asked` tells whether it has the query from the initiator itself.
fn answer<P: ForwardHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    query: Query<P::Carried>,
    has_initiator_asked: bool,
) {
    let Query { lookup, owner, initiator, .. } = query;
    let hops = query.hops.saturating_sub(u8::from(P::OWNERS_ANSWER));
    let own = host.own(node);
    let forward = host.forward_mut();
    if initiator == own {
        forward.release_lists(query);
        conclude(host, context, node, lookup, owner, hops);
    } else if forward.rules.way_back == WayBack::AlongPath {
        send_back(host, context, node, Query { hops, ..query }, true);
    } else {
        forward.release_lists(query);
        let answer = Query { hops, path: List::EMPTY, dead: List::EMPTY, ..query };
        let message = ForwardMessage::Answer(forward.queries.insert(answer));
        let message = host.forward_message(node, message);
        let terms = Terms { way: way_to(has_initiator_asked), expects: Expects::Nothing };
        context.post(node, initiator, message, P::ANSWER, Some(lookup), terms);
    }
}

/// How an answer gets through to a node that has asked, or has not.
fn way_to(has_asked: bool) -> Way {
    if has_asked { Way::Back } else { Way::Unasked }
}

/// Hands an answer to the last node of the path. `has_asked` tells whether `node` has the query from that one.
fn send_back<P: ForwardHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    mut query: Query<P::Carried>,
    has_asked: bool,
) {
    let forward = host.forward_mut();
    let Some(previous) = forward.paths.get(query.path).last().copied() else {
        // The whole path is gone, and the initiator with it.
        return forward.release_lists(query);
    };
    let rest = query.path.len() - 1;
    forward.paths.truncate(&mut query.path, rest);
    let charge = P::ANSWER.with_contacts(u32::from(P::ANSWER.contacts) + rest as u32);
    let message = ForwardMessage::Return(forward.queries.insert(query));
    let terms = Terms { way: way_to(has_asked), expects: forward.rules.acknowledgements.expected() };
    context.post(node, previous, host.forward_message(node, message), charge, Some(query.lookup), terms);
}

/// An answer comes back: hands it on, unless this node asked.
fn carry_back<P: ForwardHost>(host: &mut P, context: &mut impl Context<P>, node: Slot, index: u32) {
    let forward = host.forward_mut();
    let query = forward.copy_lists(forward.queries[index]);
    let own = host.own(node);
    if query.initiator == own {
        host.forward_mut().release_lists(query);
        conclude(host, context, node, query.lookup, query.owner, query.hops);
    } else {
        send_back(host, context, node, query, true);
    }
}
