//! Iterative lookups: what Chord's nodes add to [`crate::overlay::walk`].

use super::{Chord, Message, message};
use crate::node::identifier::between_or_at;
use crate::node::{Contact, Context, Slot};
use crate::overlay::lookups::Step;
use crate::overlay::ring;
use crate::overlay::walk::{Walk, WalkHost, WalkMessage};

impl WalkHost for Chord {
    const ASK_KIND: u8 = message::FIND_SUCCESSOR;
    const CONFIRM_KIND: u8 = message::ANSWER;

    fn walk(&self) -> &Walk<()> {
        &self.walk
    }

    fn walk_mut(&mut self) -> &mut Walk<()> {
        &mut self.walk
    }

    fn walk_message(message: WalkMessage<()>) -> Message {
        Message::Walk(message)
    }

    fn first_step(&self, context: &mut impl Context<Self>, node: Slot, key: u64, dead: &[u64]) -> Step<()> {
        self.first_step(context, node, key, dead)
    }

    fn step(&self, node: Slot, key: u64, _carried: (), dead: &[u64]) -> Step<()> {
        self.step(node, key, dead)
    }

    /// Where owners are to agree, the key must be the node's own: lie after its predecessor.
    fn agrees_to_own(&self, node: Slot, key: u64) -> bool {
        let state = self.node(node);
        let is_own = || match state.predecessor.is_some() {
            true => between_or_at(state.predecessor.id(), key, state.id),
            false => key == state.id || self.head(node) == Some(self.own(node)),
        };
        !self.config.owner_agrees || (state.member && is_own())
    }

    fn walk_met_silence(&mut self, context: &mut impl Context<Self>, node: Slot, silent: Contact) {
        if self.config.lookups_mend_tables {
            ring::forget(self, context, node, silent);
        }
    }
}
