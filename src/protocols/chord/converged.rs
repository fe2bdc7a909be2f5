//! The exact ring: the tables that a quiet network ends up with.

use super::fix_fingers::{finger_start, last_same};
use super::{Chord, FingerTurns};
use crate::engine::random;
use crate::node::identifier::clockwise;
use crate::node::{Contact, Context, Members, Protocol};

impl Chord {
    /// Gives every member its exact predecessor, successor list and fingers, and starts its timers.
    pub(super) fn build(&mut self, context: &mut impl Context<Self>, members: &Members) {
        for contact in members.iter() {
            self.move_in(contact, context.is_behind_nat(contact.slot()));
        }
        // Who is behind NAT is in nobody's tables.
        let ring: Vec<Contact> = members.iter().filter(|contact| !self.client_mode(contact.slot())).collect();
        // How many of the ring come before this member.
        let mut place = 0;
        for contact in members.iter() {
            self.build_neighbours(&ring, place, contact);
            self.build_fingers(contact, members);
            place += usize::from(ring.get(place) == Some(&contact));
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

    fn build_neighbours(&mut self, ring: &[Contact], place: usize, own: Contact) {
        let (node, client_mode) = (own.slot(), self.client_mode(own.slot()));
        let capacity = self.config.successors as usize;
        let next = if client_mode { place } else { place + 1 };
        let count = capacity.min(if client_mode { ring.len() } else { ring.len() - 1 });
        let start = node as usize * capacity;
        for (offset, successor) in self.successors[start..start + count].iter_mut().enumerate() {
            *successor = ring[(next + offset) % ring.len()];
        }
        let state = &mut self.nodes[node as usize];
        state.member = true;
        match count {
            // Nobody can be reached: it looks for its place from the first round on.
            0 if client_mode => return,
            0 => return self.push_successor(node, own),
            _ => {}
        }
        state.predecessor = ring[(place + ring.len() - 1) % ring.len()];
        self.keep_successors(node, count);
    }

    fn build_fingers(&mut self, own: Contact, members: &Members) {
        let first = self.first_kept_finger(own.slot());
        let Chord { nodes, contacts, client_mode, .. } = self;
        let is_reachable = |contact: Contact| !client_mode.get(contact.slot() as usize).copied().unwrap_or(false);
        let finger = |index| Self::owner(members, finger_start(own.id(), index), is_reachable);
        nodes[own.slot() as usize].fingers.fill(contacts, first, |index| match finger(index) {
            Some(finger) if finger != own => (finger, last_same(index, clockwise(own.id(), finger.id()))),
            _ => (Contact::NONE, 63),
        });
    }
}
