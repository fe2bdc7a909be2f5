//! What nodes can do to the world around them.

#[cfg(doc)]
use super::{Answer, Ownership};
use super::{Charge, Contact, Lookup, LookupId, Protocol, ReplyTo, Slot, TimerId};
use crate::engine::time::{Duration, Time};
use rand_chacha::ChaCha8Rng;

/// On what terms a message is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Whether the target has asked for it.
    pub way: Way,
    /// What the sender waits for.
    pub expects: Expects,
}

/// Whether a message finds a way through the NAT of who gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The target may never have heard of the sender. If it is behind NAT the message does not arrive: as if the target
    /// were gone.
    Unasked,
    /// The target has itself sent the sender what this answers: NAT lets it through.
    Back,
}

/// What the sender of a message waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expects {
    /// A reply: the message is a request. Either [`Protocol::on_reply`] or [`Protocol::on_timeout`] follows, exactly
    /// once, unless the sender departs first. How long it waits says `network.rpc_timeout`.
    Reply,
    /// The same, and it waits as long as this, at least 1 ns.
    ReplyWithin(Duration),
    /// Word of it if the message does not get through, of the transport underneath: if the target is gone by now or
    /// behind NAT, or the message is lost, [`Protocol::on_timeout`] follows after the time that a request waits, unless
    /// the sender departs first. Of a message whose target goes while it is under way the sender hears nothing. It
    /// counts as a request of its lookup, and as a timeout of it if it does not get through.
    Notice,
    /// Nothing.
    Nothing,
}

/// What a protocol can do to the world.
///
/// Payloads: a message handed to the context belongs to it from then on. After its last use, or when it is lost, the
/// simulation gives it to [`Protocol::release`]; handlers only read what they receive.
pub trait Context<P: Protocol> {
    /// The present.
    fn now(&self) -> Time;

    /// The protocol's stream of random numbers.
    fn random(&mut self) -> &mut ChaCha8Rng;

    /// A live node as others know it.
    fn contact(&self, node: Slot) -> Contact;

    /// Whether `node` is behind NAT, which it knows of itself: replies reach it, but nothing that others send it
    /// unasked. A handler asks this of its own node only, a converged start of all.
    fn is_client(&self, node: Slot) -> bool;

    /// A random member that `node` can reach and that is not behind NAT, other than `node`, among those that `admits`
    /// lets count: where it can begin to join. `None` if there is none. A protocol may leave out members that are lost
    /// themselves.
    fn bootstrap(&mut self, node: Slot, admits: impl Fn(Contact) -> bool) -> Option<Contact>;

    /// Of `choices` such members, 1 or more, the one with the shortest expected round trip: a node that is near, as
    /// someone who joins may know one. The same member may be drawn more than once.
    fn bootstrap_near(&mut self, node: Slot, choices: u32, admits: impl Fn(Contact) -> bool) -> Option<Contact>;

    /// Sends a message from a node to another, as `terms` say. `lookup` is the lookup that causes it, if one does: its
    /// counts of requests and timeouts are kept here.
    fn post(
        &mut self,
        from: Slot,
        to: Contact,
        message: P::Message,
        charge: Charge,
        lookup: Option<LookupId>,
        terms: Terms,
    );

    /// Sends a request, on the usual terms: [`Expects::Reply`].
    #[inline(always)]
    fn request(&mut self, from: Slot, to: Contact, message: P::Message, charge: Charge, lookup: Option<LookupId>) {
        self.post(from, to, message, charge, lookup, Terms { way: Way::Unasked, expects: Expects::Reply });
    }

    /// Sends a message that nobody answers: [`Expects::Nothing`].
    #[inline(always)]
    fn send(&mut self, from: Slot, to: Contact, message: P::Message, charge: Charge, lookup: Option<LookupId>) {
        self.post(from, to, message, charge, lookup, Terms { way: Way::Unasked, expects: Expects::Nothing });
    }

    /// Answers a request that was not answered at once ([`Answer::Later`]): one reply, while the node that got the
    /// request lives. Nothing is sent after that. A reply that comes after the timeout of the request is late.
    ///
    /// # Panics
    /// In debug builds and checked runs, if the handler of another node runs than that which got the request.
    fn reply(&mut self, reply_to: ReplyTo, message: P::Message, charge: Charge);

    /// Fires `timer` at `node` after `delay`, unless the node departs first or cancels it.
    fn set_timer(&mut self, node: Slot, delay: Duration, timer: P::Timer) -> TimerId;

    /// A timer is not to fire. Returns whether it was still to come.
    ///
    /// # Panics
    /// In debug builds and checked runs, if the handler of another node runs than that at which it was to fire.
    fn cancel_timer(&mut self, timer: TimerId) -> bool;

    /// `node` has completed its join: it is a member from now on. Later calls in the same incarnation do nothing.
    fn join_completed(&mut self, node: Slot);

    /// Starts a lookup of the protocol's own. Its deadline is the same as that of all others; when it passes,
    /// [`Protocol::on_task_failed`] is called.
    fn start_task(&mut self, node: Slot, key: u64, task: P::Task) -> LookupId;

    /// A lookup under way; `None` once it has ended.
    fn lookup(&self, id: LookupId) -> Option<Lookup<P::Task>>;

    /// What a lookup found that was to find the `wanted` nodes nearest to its key ([`Ownership::replicas`]): those that
    /// it takes for them, in any order. For protocols that keep a value at several nodes; to be told once, before the
    /// lookup ends. Nothing happens if it has ended already, or is the protocol's own. Changes nothing of the run.
    fn closest_found(&mut self, id: LookupId, found: &[Contact], wanted: u32);

    /// Ends a lookup with an answer: `owner` was named after `hops` hops. Nothing happens if it has ended already.
    fn answer(&mut self, id: LookupId, owner: Contact, hops: u32);

    /// Ends a lookup without an answer. Nothing happens if it has ended already.
    fn give_up(&mut self, id: LookupId);
}
