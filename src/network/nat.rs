//! Who sits behind NAT: hosts that get replies to what they ask, and nothing that others send them unasked.

use super::{DRAW_NAT, Place, put};
use crate::engine::memory::allocated_bytes;

/// Which hosts are behind NAT. Nothing is kept where none is.
#[derive(Clone, Debug)]
pub(super) struct Nat {
    /// Share of nodes behind NAT, in [0, 1).
    share: f64,
    /// By host; empty where the share is 0.
    behind: Vec<bool>,
}

impl Nat {
    pub(super) fn new(share: f64) -> Self {
        Nat { share, behind: Vec::new() }
    }

    /// Whether there can be anybody behind NAT.
    #[inline]
    pub(super) fn is_there(&self) -> bool {
        self.share > 0.0
    }

    /// Puts `host` where a node sits. The same draw decides whatever the share is: who is behind NAT where it is small
    /// is so where it is larger.
    pub(super) fn place(&mut self, host: u32, place: Place) {
        if self.is_there() {
            let point = (place.draw(DRAW_NAT) >> 11) as f64 * (1.0 / (1u64 << 53) as f64);
            put(&mut self.behind, host, point < self.share);
        }
    }

    #[inline]
    pub(super) fn is_behind(&self, host: u32) -> bool {
        self.behind.get(host as usize).copied().unwrap_or(false)
    }

    /// Memory of what is known of hosts \[B\].
    pub(super) fn memory_bytes(&self) -> u64 {
        allocated_bytes(&self.behind)
    }
}
