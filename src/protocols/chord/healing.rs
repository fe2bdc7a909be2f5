//! How long fingers take at most to become right in a quiet network, once the ring is: they are looked up in turn.

use super::fix_fingers::first_finger;
use super::{Chord, FingerRefresh, FingerTurns, FingersPerRound};
use crate::engine::time::Duration;
use crate::node::identifier::clockwise;
use crate::node::{Contact, Members, Truth};
use crate::overlay::ring::healing;

/// Failed requests that a lookup must stand for one pass over the fingers to put them right.
const ENOUGH_RETRIES: u32 = 8;

impl Chord {
    /// For fingers in a ring whose lists are right. A lookup that gives up leaves the finger as it is, until the nearer
    /// fingers of the nodes on its way are right; and where fingers are asked, of those that are one node and should be
    /// several a pass finds the first.
    pub(super) fn time_to_fix_fingers(&self, truth: &Truth<'_>) -> Option<Duration> {
        let at_once = self.config.retries >= ENOUGH_RETRIES && self.config.finger_refresh == FingerRefresh::LookedUp;
        let passes = match at_once {
            true => 2,
            false => 2 + u64::from(usize::BITS - truth.members.len().leading_zeros()),
        };
        Some(self.pass(truth)?.saturating_mul(passes))
    }

    /// For each finger, and each entry of the list that takes turns with them, to be looked up once.
    pub(super) fn pass(&self, truth: &Truth<'_>) -> Option<Duration> {
        let members = truth.members.len();
        let fingers = match self.config.finger_turns {
            FingerTurns::Kept => self.most_fingers(truth.members),
            FingerTurns::Bits => u64::from(self.config.identifier_bits),
        };
        let turns = fingers + u64::from(self.config.successors);
        let rounds = match self.config.fingers_per_round {
            FingersPerRound::Count(count) => turns.div_ceil(u64::from(count)) + 1,
            FingersPerRound::All => 2,
        };
        let law = match self.config.fingers_with_stabilize {
            true => self.config.stabilize_every,
            false => self.config.fix_fingers_every,
        };
        Some(healing::rounds(self, law, rounds, members)? + self.config.lookup_deadline)
    }

    /// The most fingers that a node keeps. A round that starts several lookups at once does not skip those that turn
    /// out to be the same.
    fn most_fingers(&self, members: &Members) -> u64 {
        let fingers = |member: Contact| {
            let next = members.successor(member.id().wrapping_add(1)).unwrap_or(member);
            64 - u64::from(first_finger(clockwise(member.id(), next.id())))
        };
        members.iter().map(fingers).max().unwrap_or(0)
    }
}
