//! How well a ring stands, for onlookers.

use super::healing::reachable;
use super::neighbours::Ring;
use super::{RingHost, owner};
use crate::node::{Contact, Slot, Truth};

/// Names of the figures that [`measure`] gives, with their meanings.
pub const FIGURES: [(&str, &str); 5] = [
    ("wrong_successor_share", "share of members whose first successor is not the next member that they can reach"),
    ("dead_successor_share", "share of members whose first successor is dead"),
    ("rings", "number of rings (cycles) that first live successors form"),
    ("one_ring", "1 if there is one ring and it goes around the identifiers once, else 0"),
    (
        "ring_member_share",
        "share of members, but for those behind NAT, on the largest ring; the others lead to a ring, but nobody on it \
         knows them yet",
    ),
];

/// The figures of [`FIGURES`], in that order; `None` without members.
pub fn measure<P: RingHost>(host: &P, truth: &Truth<'_>) -> [Option<f64>; 5] {
    let members: Vec<Slot> = truth.members.iter().map(Contact::slot).collect();
    if members.is_empty() {
        return [None; 5];
    }
    let ring = host.ring();
    let (mut wrong, mut dead) = (0u64, 0u64);
    for node in &members {
        let head = ring.head(*node);
        wrong += u64::from(head != true_owner(truth, *node, ring.node(*node).id.wrapping_add(1)));
        dead += u64::from(!head.is_some_and(|head| truth.directory.is_live(head)));
    }
    let share = |count: u64| Some(count as f64 / members.len() as f64);
    let cycles = ring.cycles(&members, |contact| truth.directory.is_live(contact));
    let one_ring = matches!(cycles[..], [cycle] if cycle.turns == 1);
    let in_ring = reachable(truth).count();
    let largest = cycles.iter().map(|cycle| cycle.members).max().unwrap_or(0);
    [
        share(wrong),
        share(dead),
        Some(cycles.len() as f64),
        Some(f64::from(u8::from(one_ring))),
        (in_ring > 0).then(|| largest as f64 / in_ring as f64),
    ]
}

/// The owner of `key` among the members that `node` can reach and that are not behind NAT.
pub fn true_owner(truth: &Truth<'_>, node: Slot, key: u64) -> Option<Contact> {
    let admits = |slot| (truth.reachable)(node, slot) && !(truth.is_client)(slot);
    owner(truth.members, key, |member| admits(member.slot()))
}

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
