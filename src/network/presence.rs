//! Presence: what is addressed to somebody who is gone arrives nowhere. It leaves its sender all the same.

use super::rule::{Cause, Ends, Packet, Rule, Verdict};
use crate::engine::time::Duration;
use rand_chacha::ChaCha8Rng;

/// The rule; who is there says the packet.
#[derive(Clone, Debug)]
pub(super) struct Presence;

impl Rule for Presence {
    fn is_idle(&self) -> bool {
        false
    }

    #[inline(always)]
    fn travel(&mut self, packet: &Packet, _ends: Ends, _so_far: Duration, _random: &mut ChaCha8Rng) -> Verdict {
        if packet.is_expected { Verdict::Pass } else { Verdict::Drop(Cause::Gone) }
    }
}
