//! What nodes do: the types and handlers of a protocol.

use super::{Answer, Contact, Context, Ended, LookupId, Members, Reply, ReplyTo, Slot, Start};
use crate::engine::time::Duration;

/// A distributed hash table.
pub trait Protocol: Sized + 'static {
    /// What nodes send each other. Small and `Copy`; larger payloads live in pools of the protocol's own.
    type Message: Copy;
    /// What a node can be woken up for.
    type Timer: Copy;
    /// Why a node makes a lookup of its own.
    type Task: Copy;

    /// Name, as in `[protocol.<name>]`.
    const NAME: &'static str;
    /// Kinds of messages, as words that fit in column names.
    const MESSAGE_KINDS: &'static [&'static str];
    /// Whether [`Self::on_lookup_ended`] is called.
    const HEARS_OF_ENDS: bool = false;

    /// Identifiers (virtual nodes) a node has; each has a slot and runs the protocol by itself.
    fn identifiers_per_node(&self) -> u32 {
        1
    }

    /// Length of identifiers \[bit\], 8 to 64.
    fn identifier_bits(&self) -> u32 {
        64
    }

    /// Whether a new node may get an identifier whose former holder others still remember: where nodes are told apart
    /// by their identifiers alone, both would pass for one.
    fn identifiers_may_come_again(&self) -> bool {
        true
    }

    /// How long a lookup may take before it has failed.
    fn lookup_deadline(&self) -> Duration;

    /// Whether lookups end at the node before the owner. Their answer is right if it is a member and owns nothing
    /// between itself and the key: the owner of its next identifier is the owner of the key.
    fn lookups_end_before_owner(&self) -> bool {
        false
    }

    /// Gives all members exact tables, as if the network had been quiet for long, and starts their timers.
    fn start_converged(&mut self, context: &mut impl Context<Self>, members: &Members);

    /// A node arrives and begins to join.
    fn on_arrival(&mut self, context: &mut impl Context<Self>, node: Slot, start: Start);

    /// A node is about to leave gracefully; what it sends now still gets through. Where nobody takes leave, nothing
    /// happens.
    fn on_leave(&mut self, context: &mut impl Context<Self>, node: Slot) {
        let _ = (context, node);
    }

    /// A node is gone, gracefully or not: its state is no longer needed, but for what it would find on its disk if it
    /// returned ([`Start::Returning`]).
    fn on_departure(&mut self, node: Slot);

    /// The workload starts a lookup at a member.
    fn on_lookup(&mut self, context: &mut impl Context<Self>, node: Slot, lookup: LookupId);

    /// A request arrives. It is answered at once by what is returned, or by means of `reply_to` later.
    fn on_request(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        from: Contact,
        request: &Self::Message,
        reply_to: ReplyTo,
    ) -> Answer<Self::Message>;

    /// The reply to a request of `node` arrives.
    fn on_reply(&mut self, context: &mut impl Context<Self>, node: Slot, reply: Reply<'_, Self::Message>);

    /// No reply to a request of `node` came in time.
    fn on_timeout(&mut self, context: &mut impl Context<Self>, node: Slot, to: Contact, request: &Self::Message);

    /// A message that wants no answer arrives.
    fn on_message(&mut self, context: &mut impl Context<Self>, node: Slot, from: Contact, message: &Self::Message);

    /// A timer fires.
    fn on_timer(&mut self, context: &mut impl Context<Self>, node: Slot, timer: Self::Timer);

    /// A lookup of the node's own passed its deadline.
    fn on_task_failed(&mut self, context: &mut impl Context<Self>, node: Slot, task: Self::Task);

    /// A lookup of `node` has ended, whoever asked for it and however it ended: what is kept of it can go. Called once
    /// for each, in the order of their ends, after the handler in which it ended has returned, and before
    /// [`Self::on_task_failed`] and [`Self::on_departure`]. Another lookup may have the same index by then.
    fn on_lookup_ended(&mut self, node: Slot, lookup: LookupId, how: Ended) {
        let _ = (node, lookup, how);
    }

    /// A message has been used for the last time: whatever it holds in a pool can be freed.
    fn release(&mut self, message: &Self::Message) {
        let _ = message;
    }
}
