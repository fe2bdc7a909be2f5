//! Who sits behind NAT: hosts that get replies to what they ask, and nothing that others send them unasked.

use super::rule::{Cause, Ends, Packet, Rule, Verdict};
use super::{DRAW_NAT, Place, put};
use crate::engine::memory::allocated_bytes;
use crate::engine::random::unit_of;
use crate::engine::time::Duration;
use crate::scenario::model::Kind;
use rand_chacha::ChaCha8Rng;

/// Which hosts are behind NAT. Nothing is kept where none is.
#[derive(Clone, Debug)]
pub(super) struct Nat {
    /// Share of nodes behind NAT whatever their kind, in [0, 1).
    share: f64,
    /// Whether there can be any.
    is_there: bool,
    /// By host; empty where there can be none.
    behind: Vec<bool>,
}

impl Nat {
    pub(super) fn new(share: f64, kinds: &[Kind]) -> Self {
        Nat { share, is_there: share > 0.0 || kinds.iter().any(|kind| kind.behind_nat), behind: Vec::new() }
    }

    /// Whether there can be anybody behind NAT.
    #[inline]
    pub(super) fn is_there(&self) -> bool {
        self.is_there
    }

    #[inline]
    pub(super) fn is_behind(&self, host: u32) -> bool {
        self.behind.get(host as usize).copied().unwrap_or(false)
    }
}

impl Rule for Nat {
    fn is_idle(&self) -> bool {
        !self.is_there
    }

    /// The same draw decides whatever the share is: who is behind NAT where it is small is so where it is larger.
    fn place(&mut self, host: u32, place: Place, kind: Option<&Kind>) {
        if self.is_there {
            let is_behind = unit_of(place.draw(DRAW_NAT)) < self.share || kind.is_some_and(|kind| kind.behind_nat);
            put(&mut self.behind, host, is_behind);
        }
    }

    #[inline(always)]
    fn travel(&mut self, packet: &Packet, _ends: Ends, _so_far: Duration, _random: &mut ChaCha8Rng) -> Verdict {
        match packet.is_unasked && self.is_behind(packet.to) {
            true => Verdict::Drop(Cause::Nat),
            false => Verdict::Pass,
        }
    }

    fn memory_bytes(&self) -> u64 {
        allocated_bytes(&self.behind)
    }
}
