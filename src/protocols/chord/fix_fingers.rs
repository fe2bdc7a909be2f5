//! Refreshing fingers: each is looked up in turn, at the rate that the scenario gives.

use super::message::{self, Message};
use super::{Chord, FingerRefresh, FingerTurns, FingersBeyond, FingersPerRound, ListRefresh, Task};
use crate::node::identifier::clockwise;
use crate::node::{Charge, Contact, Context, Slot};

/// The last finger.
const LAST: u32 = 63;

/// The largest i with 2^i <= `distance`; `distance` > 0.
fn reach(distance: u64) -> u32 {
    LAST - distance.leading_zeros()
}

/// The first finger that is not the immediate successor by definition: the smallest i with 2^i > `distance` to it.
/// 64, if there is none.
pub(super) fn first_finger(distance: u64) -> u32 {
    if distance == 0 { LAST + 1 } else { reach(distance) + 1 }
}

/// The identifier at which finger `index` of `id` begins.
pub(super) fn finger_start(id: u64, index: u32) -> u64 {
    id.wrapping_add(1 << index)
}

/// The last finger that is the same node as finger `index`, which is `distance` away.
pub(super) fn last_same(index: u32, distance: u64) -> u32 {
    reach(distance.max(1)).max(index)
}

impl Chord {
    /// Finger `index`, if it is known and kept.
    pub(super) fn finger(&self, node: Slot, index: u32) -> Contact {
        self.node(node).table.get(&self.contacts, index)
    }

    /// A round, as the timer says.
    pub(super) fn fix_fingers(&mut self, context: &mut impl Context<Self>, node: Slot) {
        let count = match self.config.fingers_per_round {
            // The entries of the list that take turns with the fingers among them.
            FingersPerRound::All => FingersPerRound::Count(u32::MAX),
            count => count,
        };
        self.refresh_fingers(context, node, count);
    }

    /// Looks up so many fingers, beginning with the one whose turn it is.
    pub(super) fn refresh_fingers(&mut self, context: &mut impl Context<Self>, node: Slot, count: FingersPerRound) {
        if self.head(node).is_none() {
            return;
        }
        let (first, list_turns) = (self.first_kept_finger(node), self.list_turns(node));
        if first > LAST {
            // Alone, or so far from the next node that it is every finger.
            self.ring.node_mut(node).table.clear(&mut self.contacts);
        } else if first > 0 {
            self.ring.node_mut(node).table.set(&mut self.contacts, 0, first - 1, Contact::NONE);
        }
        let first_turn = match (self.config.finger_turns, count) {
            (FingerTurns::Bits, FingersPerRound::Count(_)) => first.min(LAST + 1 - self.config.identifier_bits),
            _ => first,
        };
        let whole = LAST + 1 + list_turns - first_turn;
        let (mut left, is_whole) = match count {
            FingersPerRound::Count(count) => (count.min(whole), count >= whole),
            FingersPerRound::All => ((LAST + 1).saturating_sub(first), true),
        };
        while left > 0 {
            let turn = u32::from(self.node(node).turn);
            let index = if (first_turn..=LAST + list_turns).contains(&turn) { turn } else { first_turn };
            self.node_mut(node).turn = (index + 1) as u8;
            let passed = match index {
                index if index > LAST => self.refresh_successor(context, node, (index - LAST - 1) as usize),
                index if index >= first => self.refresh_finger(context, node, index),
                _ => 1,
            };
            // A pass over all ends with the last number, though fingers that are the same node share a turn.
            left = left.saturating_sub(if is_whole { passed } else { 1 });
        }
    }

    /// Refreshes finger `index`, and says how many fingers that covers.
    fn refresh_finger(&mut self, context: &mut impl Context<Self>, node: Slot, index: u32) -> u32 {
        let finger = self.finger(node, index);
        if self.config.finger_refresh == FingerRefresh::LookedUp || finger.is_none() {
            self.look_up_finger(context, node, index);
            return 1;
        }
        let last = last_same(index, clockwise(self.node(node).id, finger.id()));
        self.node_mut(node).turn = (last + 1) as u8;
        let request = Message::GetPredecessor { finger: index as u8 };
        context.request(node, finger, request, message::GET_PREDECESSOR, None);
        last - index + 1
    }

    fn look_up_finger(&mut self, context: &mut impl Context<Self>, node: Slot, index: u32) {
        let key = finger_start(self.node(node).id, index);
        let lookup = context.start_task(node, key, Task::Finger(index as u8));
        self.begin(context, node, key, lookup);
    }

    /// Answers somebody whose finger this node is. A node that has lost its place is nobody's finger.
    pub(super) fn predecessor_told(&self, node: Slot) -> Option<(Message, Charge)> {
        let state = self.node(node);
        let has_place = state.member && !state.joining;
        has_place.then_some((Message::Predecessor(state.predecessor), message::PREDECESSOR))
    }

    /// A finger has named its predecessor: if that is at or after the start, the finger is no longer the first.
    pub(super) fn finger_answered(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        index: u32,
        finger: Contact,
        predecessor: Contact,
    ) {
        let start = finger_start(self.node(node).id, index);
        if predecessor.is_some() && clockwise(start, predecessor.id()) < clockwise(start, finger.id()) {
            self.look_up_finger(context, node, index);
        } else {
            self.set_finger(node, index, finger);
        }
    }

    /// A finger did not name its predecessor.
    pub(super) fn finger_silent(&mut self, context: &mut impl Context<Self>, node: Slot, silent: Contact, index: u32) {
        self.forget(context, node, silent);
        if self.head(node).is_some() {
            self.look_up_finger(context, node, index);
        }
    }

    /// Entries of the successor list that take turns with the fingers: those beyond the first, and the next if there is
    /// room.
    pub(super) fn list_turns(&self, node: Slot) -> u32 {
        match self.config.successor_list_refresh {
            ListRefresh::InTurn => (self.successors(node).len() as u32).min(self.config.successors - 1),
            _ => 0,
        }
    }

    /// The first finger that is kept: those before it are the immediate successor or, where only fingers beyond the
    /// list are kept or its entries take turns too, in the list. 64, if there is none.
    pub(super) fn first_kept_finger(&self, node: Slot) -> u32 {
        let successors = self.successors(node);
        let beyond_list = self.config.successor_list_refresh == ListRefresh::InTurn
            || self.config.fingers_beyond == FingersBeyond::SuccessorList;
        let known = if beyond_list { successors.last() } else { successors.first() };
        known.map_or(0, |known| first_finger(clockwise(self.node(node).id, known.id())))
    }

    /// Looks up the successor of entry `before` of the list: one turn.
    fn refresh_successor(&mut self, context: &mut impl Context<Self>, node: Slot, before: usize) -> u32 {
        if let Some(key) = self.successors(node).get(before).map(|entry| entry.id().wrapping_add(1)) {
            let lookup = context.start_task(node, key, Task::Successor);
            self.begin(context, node, key, lookup);
        }
        1
    }

    /// The lookup of a finger has its answer. Fingers after it that lead to the same node are set with it.
    pub(super) fn finger_found(&mut self, _context: &mut impl Context<Self>, node: Slot, index: u32, owner: Contact) {
        let last = self.set_finger(node, index, owner);
        let state = self.ring.node_mut(node);
        if u32::from(state.turn) == index + 1 {
            state.turn = (last + 1) as u8;
        }
    }

    /// The first node at or after the start of finger `index` is `owner`. Gives the last finger of which that is true
    /// too.
    fn set_finger(&mut self, node: Slot, index: u32, owner: Contact) -> u32 {
        let state = self.ring.node_mut(node);
        let distance = clockwise(state.id, owner.id());
        // The node itself: there is nobody at or after this finger's start.
        let (last, finger) = match distance {
            0 => (LAST, Contact::NONE),
            distance => (last_same(index, distance), owner),
        };
        state.table.set(&mut self.contacts, index, last, finger);
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingers_up_to_the_successor_are_the_successor() {
        // Finger i begins at 2^i; the successor is 5 away, so 1, 2 and 4 lead to it and 8 may not.
        assert_eq!(first_finger(5), 3);
        assert_eq!(first_finger(8), 4);
        assert_eq!(first_finger(1), 1);
        assert_eq!(first_finger(0), 64);
        assert_eq!(first_finger(u64::MAX), 64);
        assert_eq!(last_same(3, 100), 6);
        assert_eq!(last_same(3, 8), 3);
    }
}
