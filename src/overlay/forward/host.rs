//! What a protocol adds to recursive lookups.

use super::state::{Forward, ForwardMessage, Query};
use crate::node::{Charge, Contact, Context, Slot};
use crate::overlay::lookups::{LookupHost, Step};

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
