//! How well a ring stands, for onlookers.

use super::neighbours::Ring;
use crate::node::{Contact, Slot, Truth};

impl<T: Copy + Default> Ring<T> {
    /// The cycles of the graph in which every member points at its first successor that counts.
    pub fn cycles(&self, members: &[Slot], counts: impl Fn(Contact) -> bool) -> Vec<Cycle> {
        // 0: not seen; otherwise the number of the walk that saw it first.
        let mut seen = vec![0u32; self.slots() as usize];
        let mut cycles = Vec::new();
        for (walk, start) in (1..).zip(members) {
            let mut node = *start;
            let met = loop {
                if seen[node as usize] != 0 {
                    break Some(node);
                }
                seen[node as usize] = walk;
                match self.first_successor(node, &counts) {
                    Some(successor) => node = successor,
                    None => break None,
                }
            };
            // The walk met its own trail: a cycle that no earlier walk has found.
            let found = met.filter(|node| seen[*node as usize] == walk);
            cycles.extend(found.map(|node| self.measure_cycle(node, &counts)));
        }
        cycles
    }

    /// The first node of the successor list that counts. If those do that are alive: where the ring goes on once dead
    /// entries have timed out.
    fn first_successor(&self, node: Slot, counts: impl Fn(Contact) -> bool) -> Option<Slot> {
        self.successors(node).iter().find(|successor| counts(**successor)).map(|first| first.slot())
    }

    /// The first successor that is a member. Who has come back under its old identifier and not joined yet is none.
    pub fn live_successor(&self, truth: &Truth<'_>, node: Slot) -> Option<Slot> {
        self.first_successor(node, |successor| truth.members.contains(successor))
    }

    fn measure_cycle(&self, start: Slot, counts: impl Fn(Contact) -> bool) -> Cycle {
        let mut cycle = Cycle { start, members: 0, turns: 0 };
        let mut node = start;
        loop {
            let next = self.first_successor(node, &counts).unwrap_or(start);
            cycle.members += 1;
            cycle.turns += u64::from(self.node(next).id <= self.node(node).id);
            node = next;
            if node == start {
                return cycle;
            }
        }
    }
}

/// A cycle of first live successors.
#[derive(Clone, Copy, Debug)]
pub struct Cycle {
    /// One of its members.
    pub start: Slot,
    /// How many there are.
    pub members: u64,
    /// How often it goes around the identifier space.
    pub turns: u64,
}
