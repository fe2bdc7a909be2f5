//! The exact ring: the tables that a quiet network ends up with.

use super::fix_fingers::{finger_start, last_same};
use super::{Chord, FingerTurns};
use crate::engine::random;
use crate::protocol::identifier::clockwise;
use crate::protocol::{Contact, Context, Members};

impl Chord {
    /// Gives every member its exact predecessor, successor list and fingers, and starts its timers.
    pub(super) fn build(&mut self, context: &mut impl Context<Self>, members: &Members) {
        let ring: Vec<Contact> = members.iter().collect();
        for contact in &ring {
            self.move_in(*contact);
        }
        for place in 0..ring.len() {
            self.build_neighbours(&ring, place);
            self.build_fingers(ring[place], members);
        }
        // In order of slots, so that the phases of timers do not depend on identifiers.
        for node in 0..self.nodes.len() as u32 {
            let fingers = match self.config.finger_turns {
                FingerTurns::Kept => self.node(node).fingers.contacts(&self.contacts).len() as u64,
                FingerTurns::Bits => u64::from(self.config.identifier_bits),
            };
            let turns = fingers + u64::from(self.list_turns(node));
            let turn = random::below(context.random(), turns.max(1));
            self.node_mut(node).next_finger = if turn < fingers.max(1) { 63 - turn } else { 64 + turn - fingers } as u8;
            self.start_timers(context, node);
        }
    }

    fn build_neighbours(&mut self, ring: &[Contact], place: usize) {
        let node = ring[place].slot();
        let capacity = self.config.successors as usize;
        let count = capacity.min(ring.len() - 1);
        let start = node as usize * capacity;
        for (offset, successor) in self.successors[start..start + count].iter_mut().enumerate() {
            *successor = ring[(place + 1 + offset) % ring.len()];
        }
        let state = &mut self.nodes[node as usize];
        state.member = true;
        if count == 0 {
            return self.push_successor(node, ring[place]);
        }
        state.predecessor = ring[(place + ring.len() - 1) % ring.len()];
        self.keep_successors(node, count);
    }

    fn build_fingers(&mut self, own: Contact, members: &Members) {
        let first = self.first_kept_finger(own.slot());
        let state = &mut self.nodes[own.slot() as usize];
        state.fingers.fill(&mut self.contacts, first, |index| match members.successor(finger_start(own.id(), index)) {
            Some(finger) if finger != own => (finger, last_same(index, clockwise(own.id(), finger.id()))),
            _ => (Contact::NONE, 63),
        });
    }
}
