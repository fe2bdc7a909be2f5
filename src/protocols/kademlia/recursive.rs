//! Recursive lookups (Heep, R/Kademlia, 2010): what Kademlia's nodes add to [`crate::overlay::forward`].
//!
//! The query is handed to the contact nearest to the key, as long as that is nearer than the node itself. A node that
//! knows no contact nearer than itself takes itself for the owner, and answers straight to the initiator. If a contact
//! does not acknowledge, the next nearest is tried.

use super::Kademlia;
use super::message::{self, Message};
use super::table::Among;
use crate::node::{Charge, Contact, Context, Slot};
use crate::overlay::digits::distance;
use crate::overlay::forward::{Forward, ForwardHost, ForwardMessage, Query};
use crate::overlay::lookups::Step;

impl ForwardHost for Kademlia {
    const QUERY: Charge = message::FORWARD;
    const ANSWER: Charge = message::ANSWER;
    const OWNERS_ANSWER: bool = true;

    fn forward(&self) -> &Forward<()> {
        &self.forward
    }

    fn forward_mut(&mut self) -> &mut Forward<()> {
        &mut self.forward
    }

    fn forward_message(&self, node: Slot, message: ForwardMessage) -> Message {
        Message::Forward { message, client_mode: self.client_mode(node) }
    }

    fn next_hop(&mut self, _context: &mut impl Context<Self>, node: Slot, query: &Query<()>) -> Step<()> {
        let (key, own) = (query.key, *self.node(node));
        // A node behind NAT never owns a key, so every contact counts as closer than itself.
        let limit = if own.client_mode { u64::MAX } else { distance(own.id, key) };
        // Contacts are tried in the order of distance: all up to the last that was silent have been.
        let tried = self.forward.dead(query).last();
        let from = tried.map_or(0, |tried| distance(*tried, key).saturating_add(1));
        self.gather_among(node, key, 1, Among { from, ..self.present() });
        match self.nearest.iter().next().filter(|contact| distance(contact.id(), key) < limit) {
            Some(next) => Step::Next(next, ()),
            None if own.client_mode => Step::Lost,
            None => Step::Owner(self.own(node)),
        }
    }

    fn next_hop_silent(&mut self, context: &mut impl Context<Self>, node: Slot, silent: Contact) {
        self.miss(node, silent, context.now());
    }
}
