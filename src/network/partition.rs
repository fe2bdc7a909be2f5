//! Partitions: which group each host belongs to while the network is split.

use super::rule::{Cause, Ends, Packet, Rule, Verdict};
use super::{DRAW_LOT, Place, put};
use crate::engine::memory::allocated_bytes;
use crate::engine::random::{Parts, mix};
use crate::engine::time::Duration;
use crate::scenario::model::Kind;
use rand_chacha::ChaCha8Rng;

/// The present partition, or the absence of one.
#[derive(Clone, Debug, Default)]
pub(super) struct Partition {
    /// Random bits of each host, from which its group in any partition follows.
    lots: Vec<u32>,
    /// Group of each host; empty while there is no partition.
    groups: Vec<u16>,
    /// Each group's part of [0, 1); none while there is no partition.
    parts: Parts,
    /// Number of partitions so far: each deals the hosts anew.
    round: u32,
}

impl Partition {
    pub(super) fn split(&mut self, shares: &[f64]) {
        self.parts = Parts::new(shares.iter().copied());
        self.round = self.round.wrapping_add(1);
        let groups = self.lots.iter().map(|&lot| self.deal(lot)).collect();
        self.groups = groups;
    }

    pub(super) fn heal(&mut self) {
        self.parts = Parts::default();
        self.groups = Vec::new();
    }

    pub(super) fn is_in_force(&self) -> bool {
        !self.parts.is_empty()
    }

    #[inline]
    pub(super) fn connects(&self, a: u32, b: u32) -> bool {
        !self.is_in_force() || self.groups[a as usize] == self.groups[b as usize]
    }

    pub(super) fn group(&self, host: u32) -> u16 {
        if self.is_in_force() { self.groups[host as usize] } else { 0 }
    }

    /// The group of a lot in this round.
    fn deal(&self, lot: u32) -> u16 {
        u16::try_from(self.parts.of(mix(u64::from(self.round) << 32 | u64::from(lot)))).unwrap_or(u16::MAX)
    }
}

impl Rule for Partition {
    fn is_idle(&self) -> bool {
        !self.is_in_force()
    }

    /// Gives `host` the lot of a node.
    fn place(&mut self, host: u32, place: Place, _kind: Option<&Kind>) {
        let lot = (place.draw(DRAW_LOT) >> 32) as u32;
        put(&mut self.lots, host, lot);
        if self.is_in_force() {
            let group = self.deal(lot);
            put(&mut self.groups, host, group);
        }
    }

    #[inline(always)]
    fn travel(&mut self, packet: &Packet, _ends: Ends, _so_far: Duration, _random: &mut ChaCha8Rng) -> Verdict {
        if self.connects(packet.from, packet.to) { Verdict::Pass } else { Verdict::Drop(Cause::Partition) }
    }

    fn calm(&mut self) {
        self.heal();
    }

    /// Memory of lots and groups.
    fn memory_bytes(&self) -> u64 {
        allocated_bytes(&self.lots) + allocated_bytes(&self.groups) + self.parts.memory_bytes()
    }
}
