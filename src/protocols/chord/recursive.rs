//! Recursive lookups: what Chord's nodes add to [`crate::overlay::forward`].

use super::{Chord, Message, message};
use crate::node::{Charge, Contact, Context, Slot};
use crate::overlay::forward::{Forward, ForwardHost, ForwardMessage, Query};
use crate::overlay::lookups::Step;
use crate::overlay::ring;

impl ForwardHost for Chord {
    const QUERY: Charge = Charge::empty(message::FIND_SUCCESSOR).with_keys(1).with_contacts(1);
    const ANSWER: Charge = Charge::empty(message::ANSWER).with_keys(1).with_contacts(1);

    fn forward(&self) -> &Forward<()> {
        &self.forward
    }

    fn forward_mut(&mut self) -> &mut Forward<()> {
        &mut self.forward
    }

    fn forward_message(&self, _node: Slot, message: ForwardMessage) -> Message {
        Message::Forward(message)
    }

    fn next_hop(&mut self, context: &mut impl Context<Self>, node: Slot, query: &Query<()>) -> Step<()> {
        let dead = self.forward.dead(query);
        match query.is_arriving() {
            true => self.step(node, query.key, dead),
            false => self.first_step(context, node, query.key, dead),
        }
    }

    fn has_joined(&self, node: Slot) -> bool {
        self.node(node).member
    }

    fn next_hop_silent(&mut self, context: &mut impl Context<Self>, node: Slot, silent: Contact) {
        ring::forget(self, context, node, silent);
    }
}
