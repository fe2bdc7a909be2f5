//! Recursive lookups: a query is handed from node to node, each acknowledging it to the one before.
//!
//! A node whose next hop does not acknowledge tries its next best candidate. The answer goes straight to the
//! initiator (semi-recursive), or back along the path, past nodes that have died meanwhile (recursive). A query that
//! no node can carry on is dropped: the initiator learns of it by its deadline only.
//!
//! NAT lets an answer through to whoever handed its sender the query. So it comes back along the path, but not past a
//! node that has died, and straight to the initiator only from nodes to which that has handed the query itself.
//!
//! The node that knows the owner answers; with [`ForwardRules::confirm_owner`] the query goes on to the owner, which
//! answers.
//!
//! A protocol embeds a [`Forward`], implements [`ForwardHost`], and calls the functions here from its handlers.

use super::lookups::{LookupHost, Step, conclude, give_up};
use crate::engine::pool::{List, ListPool, Slab};
use crate::node::opinion::{Description, Says};
use crate::node::{Charge, Contact, Context, LookupId, Slot};

/// How a node learns that the next one has a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledgements {
    /// By a message.
    Sent,
    /// Through the transport underneath, whose own packets are not simulated.
    Implied,
}

/// Which way an answer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayBack {
    /// Straight to the initiator (semi-recursive).
    Straight,
    /// Along the path of the query (recursive).
    AlongPath,
}

/// How many requests may go unanswered until a query is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retries {
    /// So many on the whole way.
    OfQuery(u32),
    /// So many at each node.
    OfNode(u32),
}

/// Options of recursive lookups.
#[derive(Clone, Copy, Debug)]
pub struct ForwardRules {
    /// How many requests may go unanswered.
    pub retries: Retries,
    /// Whether the node that is named as the owner has to answer itself.
    pub confirm_owner: bool,
    /// How a node learns that a query did not arrive.
    pub acknowledgements: Acknowledgements,
    /// Which way an answer goes.
    pub way_back: WayBack,
}

/// A query as one node holds it, until the next node has acknowledged it. What a message carries is never changed.
#[derive(Clone, Copy, Debug)]
pub struct Query<R> {
    /// The key.
    pub key: u64,
    /// What the node was told besides the key; `None` at the initiator.
    pub told: Option<R>,
    /// What the next node is told.
    carried: R,
    lookup: LookupId,
    initiator: Contact,
    /// The answer, on the way back; or the owner to which it goes on for an answer.
    owner: Contact,
    /// Hops so far.
    hops: u8,
    /// Requests that went unanswered so far.
    attempts: u32,
    /// The nodes that handed the query on, the initiator first: the way back. Empty for semi-recursive lookups.
    path: List,
    /// Nodes that did not acknowledge it to this node.
    dead: List,
}

impl<R> Query<R> {
    /// Whether it has just arrived from another node, which can still be told to look elsewhere.
    pub fn is_arriving(&self) -> bool {
        self.told.is_some() && self.dead.is_empty()
    }
}

/// A message of a recursive lookup. Queries live in the pool of [`Forward`].
#[derive(Clone, Copy, Debug)]
pub enum ForwardMessage {
    /// Request: carry this query on.
    Query(u32),
    /// Request: carry this answer back.
    Return(u32),
    /// The answer, straight to the initiator.
    Answer(u32),
    /// Reply without content.
    Ack,
}

/// Queries and answers on their way.
#[derive(Debug)]
pub struct Forward<R> {
    rules: ForwardRules,
    queries: Slab<Query<R>>,
    paths: ListPool<Contact>,
    /// Identifiers of nodes that did not acknowledge.
    dead: ListPool<u64>,
}

impl<R: Copy> Forward<R> {
    /// Without queries.
    pub const fn new(rules: ForwardRules) -> Self {
        Forward { rules, queries: Slab::new(), paths: ListPool::new(), dead: ListPool::new() }
    }

    /// Queries, paths and lists of dead nodes that are held. 0 when nothing is under way: for finding leaks.
    pub fn held(&self) -> usize {
        self.queries.len() + self.paths.live_blocks() + self.dead.live_blocks()
    }

    /// Memory that is held, used or free \[B\].
    pub fn memory_bytes(&self) -> u64 {
        self.queries.memory_bytes() + self.paths.memory_bytes() + self.dead.memory_bytes()
    }

    /// Identifiers of the nodes that did not acknowledge a query to the node that holds it, in that order.
    pub fn dead(&self, query: &Query<R>) -> &[u64] {
        self.dead.get(query.dead)
    }

    /// Gives back what a message holds, after its last use.
    pub fn release(&mut self, message: &ForwardMessage) {
        let (ForwardMessage::Query(index) | ForwardMessage::Return(index) | ForwardMessage::Answer(index)) = *message
        else {
            return;
        };
        if let Some(query) = self.queries.remove(index) {
            self.release_lists(query);
        }
    }

    /// A message in words.
    pub fn describe(&self, message: &ForwardMessage) -> Description {
        let says = |index| Some(Says::Owner(self.queries[index].owner));
        match *message {
            ForwardMessage::Query(_) => Description::plain("hands the query to"),
            ForwardMessage::Return(index) => Description { verb: "hands the answer to", says: says(index) },
            ForwardMessage::Answer(index) => Description { verb: "sends the answer to", says: says(index) },
            ForwardMessage::Ack => Description::plain("writes to"),
        }
    }

    /// The way back to the initiator from a node that has the query from `from`.
    fn path_from(&mut self, path: List, from: Contact) -> List {
        let mut path = self.paths.copy(path);
        if self.rules.way_back == WayBack::AlongPath {
            self.paths.push(&mut path, from);
        }
        path
    }

    fn copy_lists(&mut self, query: Query<R>) -> Query<R> {
        Query { path: self.paths.copy(query.path), dead: self.dead.copy(query.dead), ..query }
    }

    fn release_lists(&mut self, query: Query<R>) {
        self.paths.release(query.path);
        self.dead.release(query.dead);
    }
}

/// A protocol that makes recursive lookups.
pub trait ForwardHost: LookupHost {
    /// A query without a path: the key, the initiator, and what else it carries.
    const QUERY: Charge;
    /// An answer without a path: the key and the owner.
    const ANSWER: Charge;
    /// Whether a node names no other than itself as the owner. The path then ends at the node before it, which has
    /// named it by handing on the query.
    const OWNERS_ANSWER: bool = false;

    /// The part.
    fn forward(&self) -> &Forward<Self::Carried>;

    /// The part.
    fn forward_mut(&mut self) -> &mut Forward<Self::Carried>;

    /// A message of the part as a message of the protocol, from `node`.
    fn forward_message(&self, node: Slot, message: ForwardMessage) -> Self::Message;

    /// The step from `node`, which holds `query`, leaving out nodes that are dead ([`Forward::dead`]). A query that is
    /// arriving ([`Query::is_arriving`]) is not acknowledged if the step is [`Step::Lost`].
    fn next_hop(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        query: &Query<Self::Carried>,
    ) -> Step<Self::Carried>;

    /// Whether a node that has been named as an owner has joined.
    fn has_joined(&self, node: Slot) -> bool {
        let _ = node;
        true
    }

    /// `silent` did not acknowledge a query of `node`.
    fn next_hop_silent(&mut self, context: &mut impl Context<Self>, node: Slot, silent: Contact);
}

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
    match host.forward().rules.acknowledgements {
        Acknowledgements::Sent => context.request(node, to, message, charge, Some(lookup)),
        Acknowledgements::Implied => context.send_with_notice(node, to, message, charge, Some(lookup)),
    }
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
        match has_initiator_asked {
            true => context.send_back(node, initiator, message, P::ANSWER, Some(lookup)),
            false => context.send(node, initiator, message, P::ANSWER, Some(lookup)),
        }
    }
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
    let acknowledgements = forward.rules.acknowledgements;
    if !has_asked {
        return dispatch(host, context, node, previous, message, charge, query.lookup);
    }
    let (message, lookup) = (host.forward_message(node, message), Some(query.lookup));
    match acknowledgements {
        Acknowledgements::Sent => context.request_back(node, previous, message, charge, lookup),
        Acknowledgements::Implied => context.send_back_with_notice(node, previous, message, charge, lookup),
    }
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
