//! How well the ring stands, compared with the truth.

use super::Chord;
use super::fix_fingers::finger_start;
use crate::node::{Contact, Protocol, Slot, Truth};
use crate::overlay::ring::healing::reachable;

pub(super) const NAMES: &[&str] =
    &["wrong_successor_share", "dead_successor_share", "wrong_finger_share", "rings", "one_ring", "ring_member_share"];

/// [`NAMES`] with their meanings.
pub(super) const FIGURES: &[(&str, &str)] = &[
    (NAMES[0], "share of members whose first successor is not the next member that they can reach"),
    (NAMES[1], "share of members whose first successor is dead"),
    (
        NAMES[2],
        "share of fingers that are kept, known or not, that are not the first reachable member at or after their \
         start; in a large ring of a sample",
    ),
    (NAMES[3], "number of rings (cycles) that first live successors form"),
    (NAMES[4], "1 if there is one ring and it goes around the identifiers once, else 0"),
    (
        NAMES[5],
        "share of members, but for those behind NAT, on the largest ring; the others lead to a ring, but nobody on it \
         knows them yet",
    ),
];

/// Members whose fingers are looked at; evenly spread over the ring, since all of a large network would take longer
/// than the events of a window.
const FINGER_SAMPLE: usize = 1024;

impl Chord {
    /// In the order of [`NAMES`]: the share of members whose first successor is not the next member they can reach,
    /// and of those whose first successor is dead; the share of fingers that are not the first reachable member at or
    /// after their start; the number of cycles that first live successors form; 1 if that is one cycle that goes
    /// around the identifiers once, else 0; and the share of members on the largest cycle, of those that can be on one:
    /// all but those behind NAT. The others are appendages: their successors lead to a cycle, but nobody on it knows
    /// them yet.
    pub(super) fn measure_health(&self, truth: &Truth<'_>) -> Vec<Option<f64>> {
        let members: Vec<Slot> = truth.members.iter().map(Contact::slot).collect();
        if members.is_empty() {
            return vec![None; NAMES.len()];
        }
        let (mut wrong, mut dead) = (0u64, 0u64);
        for node in &members {
            let head = self.head(*node);
            wrong += u64::from(head != self.true_owner(truth, *node, self.node(*node).id.wrapping_add(1)));
            dead += u64::from(!head.is_some_and(|head| truth.directory.is_live(head)));
        }
        let share = |count: u64| Some(count as f64 / members.len() as f64);
        let cycles = self.ring.cycles(&members, |contact| truth.directory.is_live(contact));
        let one_ring = matches!(cycles[..], [cycle] if cycle.turns == 1);
        let in_ring = reachable(truth).count();
        let largest = cycles.iter().map(|cycle| cycle.members).max().unwrap_or(0);
        vec![
            share(wrong),
            share(dead),
            self.wrong_finger_share(truth, &members),
            Some(cycles.len() as f64),
            Some(f64::from(u8::from(one_ring))),
            (in_ring > 0).then(|| largest as f64 / in_ring as f64),
        ]
    }

    fn true_owner(&self, truth: &Truth<'_>, node: Slot, key: u64) -> Option<Contact> {
        let admits = |slot| (truth.reachable)(node, slot) && !(truth.is_behind_nat)(slot);
        Self::owner(truth.members, key, |member| admits(member.slot()))
    }

    fn wrong_finger_share(&self, truth: &Truth<'_>, members: &[Slot]) -> Option<f64> {
        let (mut fingers, mut wrong) = (0u64, 0u64);
        for node in members.iter().step_by(members.len().div_ceil(FINGER_SAMPLE)) {
            let state = self.node(*node);
            if self.head(*node).is_none() {
                continue;
            }
            for index in self.first_kept_finger(*node)..64 {
                let truth = self.true_owner(truth, *node, finger_start(state.id, index));
                let truth = truth.filter(|owner| owner.slot() != *node).unwrap_or(Contact::NONE);
                fingers += 1;
                wrong += u64::from(state.table.get(&self.contacts, index) != truth);
            }
        }
        (fingers > 0).then(|| wrong as f64 / fingers as f64)
    }
}
