//! The exact ring with its fingers: the tables that a quiet network ends up with.

use super::fix_fingers::{finger_start, last_same};
use super::{Chord, FingerTurns};
use crate::engine::random;
use crate::node::identifier::clockwise;
use crate::node::{Contact, Context, Members};
use crate::overlay::ring;

impl Chord {
    /// Gives every member its exact predecessor, successor list and fingers, and starts its timers.
    pub(super) fn build(&mut self, context: &mut impl Context<Self>, members: &Members) {
        ring::converged::build(self, context, members);
        for contact in members.iter() {
            self.build_fingers(contact, members);
        }
        // In order of slots, so that the phases of timers do not depend on identifiers.
        for node in 0..self.ring.slots() {
            let fingers = match self.config.finger_turns {
                FingerTurns::Kept => self.node(node).table.contacts(&self.contacts).len() as u64,
                FingerTurns::Bits => u64::from(self.config.identifier_bits),
            };
            let turns = fingers + u64::from(self.list_turns(node));
            let turn = random::below(context.random(), turns.max(1));
            self.node_mut(node).turn = if turn < fingers.max(1) { 63 - turn } else { 64 + turn - fingers } as u8;
            self.rounds.start(context, node);
        }
    }

    fn build_fingers(&mut self, own: Contact, members: &Members) {
        let first = self.first_kept_finger(own.slot());
        let mut fingers = self.node(own.slot()).table;
        let is_reachable = |contact: Contact| !self.ring.client_mode(contact.slot());
        let finger = |index| ring::owner(members, finger_start(own.id(), index), is_reachable);
        fingers.fill(&mut self.contacts, first, |index| match finger(index) {
            Some(finger) if finger != own => (finger, last_same(index, clockwise(own.id(), finger.id()))),
            _ => (Contact::NONE, 63),
        });
        self.node_mut(own.slot()).table = fingers;
    }
}
