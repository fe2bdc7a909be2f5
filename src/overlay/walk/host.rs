//! What a protocol adds to iterative lookups.

use super::message::WalkMessage;
use super::state::Walk;
use crate::node::{Contact, Context, Purpose, Slot};
use crate::overlay::lookups::{LookupHost, Step};

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
