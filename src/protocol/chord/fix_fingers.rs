//! Refreshing fingers: each is looked up in turn, at the rate that the scenario gives.

use super::{Chord, FingersPerRound, ListRefresh, Task};
use crate::protocol::identifier::clockwise;
use crate::protocol::{Contact, Context, Slot};

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
        self.node(node).fingers.get(&self.contacts, index)
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
        let own = self.node(node).id;
        let (first, list_turns) = (self.first_kept_finger(node), self.list_turns(node));
        if first > LAST {
            // Alone, or so far from the next node that it is every finger.
            self.nodes[node as usize].fingers.clear(&mut self.contacts);
        } else if first > 0 {
            self.nodes[node as usize].fingers.set(&mut self.contacts, 0, first - 1, Contact::NONE);
        }
        let fingers = (LAST + 1).saturating_sub(first);
        let count = match count {
            FingersPerRound::Count(count) => count.min(fingers + list_turns),
            FingersPerRound::All => fingers,
        };
        for _ in 0..count {
            let turn = u32::from(self.node(node).next_finger);
            let index = if (first..=LAST + list_turns).contains(&turn) { turn } else { first };
            self.node_mut(node).next_finger = (index + 1) as u8;
            if index > LAST {
                self.refresh_successor(context, node, (index - LAST - 1) as usize);
                continue;
            }
            let key = finger_start(own, index);
            let lookup = context.start_task(node, key, Task::Finger(index as u8));
            self.begin(context, node, key, lookup);
        }
    }

    /// Entries of the successor list that take turns with the fingers: those beyond the first, and the next if there is
    /// room.
    pub(super) fn list_turns(&self, node: Slot) -> u32 {
        match self.config.successor_list_refresh {
            ListRefresh::Copied => 0,
            ListRefresh::InTurn => (self.successors(node).len() as u32).min(self.config.successors - 1),
        }
    }

    /// The first finger that is kept: those before it are the immediate successor or, where the entries of the list
    /// take turns too, in the list. 64, if there is none.
    pub(super) fn first_kept_finger(&self, node: Slot) -> u32 {
        let successors = self.successors(node);
        let known = match self.config.successor_list_refresh {
            ListRefresh::Copied => successors.first(),
            ListRefresh::InTurn => successors.last(),
        };
        known.map_or(0, |known| first_finger(clockwise(self.node(node).id, known.id())))
    }

    /// Looks up the successor of entry `before` of the list.
    fn refresh_successor(&mut self, context: &mut impl Context<Self>, node: Slot, before: usize) {
        let Some(key) = self.successors(node).get(before).map(|entry| entry.id().wrapping_add(1)) else { return };
        let lookup = context.start_task(node, key, Task::Successor);
        self.begin(context, node, key, lookup);
    }

    /// The lookup of a finger has its answer. Fingers after it that lead to the same node are set with it.
    pub(super) fn finger_found(&mut self, _context: &mut impl Context<Self>, node: Slot, index: u32, owner: Contact) {
        let state = &mut self.nodes[node as usize];
        let distance = clockwise(state.id, owner.id());
        // The node itself: there is nobody at or after this finger's start.
        let (last, finger) = match distance {
            0 => (LAST, Contact::NONE),
            distance => (last_same(index, distance), owner),
        };
        state.fingers.set(&mut self.contacts, index, last, finger);
        if u32::from(state.next_finger) == index + 1 {
            state.next_finger = (last + 1) as u8;
        }
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
