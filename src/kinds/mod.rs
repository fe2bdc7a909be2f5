//! Kinds of nodes: which of the scenario's `[[population.kind]]` each node is of.
//!
//! A kind is a share of the nodes with something in common. Of which kind a node is follows from the seed and the
//! node's number alone, so it is the same whatever the protocol does, in a replay, and when the node returns.

use crate::engine::random::{Parts, Purpose, Seed, mix};
use crate::scenario::model::{Kind, KindId};
use rand::Rng;

/// The kinds of a scenario, and who is of which.
#[derive(Clone, Debug)]
pub struct Kinds {
    kinds: Vec<Kind>,
    parts: Parts,
    salt: u64,
}

impl Kinds {
    /// The kinds of a scenario; at most 64. Without any, all nodes are of one.
    pub fn new(kinds: &[Kind], seed: Seed) -> Self {
        let parts = Parts::new(kinds.iter().map(|kind| kind.share));
        Kinds { kinds: kinds.to_vec(), parts, salt: seed.stream(Purpose::Kinds).next_u64() }
    }

    /// Whether nodes can differ.
    #[inline]
    pub fn are_several(&self) -> bool {
        self.kinds.len() > 1
    }

    /// All of them, in the scenario's order; none if the scenario names none.
    pub fn all(&self) -> &[Kind] {
        &self.kinds
    }

    /// The kind of the node with this number; the first where the scenario names none. The same draw decides whatever
    /// the shares are.
    pub fn of(&self, node: u32) -> KindId {
        match self.are_several() {
            true => self.parts.of(mix(self.salt.wrapping_add(u64::from(node)))) as KindId,
            false => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(share: f64) -> Kind {
        Kind { share, ..Kind::named("any") }
    }

    #[test]
    fn each_kind_has_its_share_and_a_node_stays_what_it_is() {
        let kinds = |shares: &[f64], seed| {
            let kinds: Vec<Kind> = shares.iter().map(|share| kind(*share)).collect();
            Kinds::new(&kinds, Seed { seed, replicate: 0 })
        };
        let three = kinds(&[0.2, 0.5, 0.3], 1);
        let mut counts = [0; 3];
        (0..100_000).for_each(|node| counts[usize::from(three.of(node))] += 1);
        // Four standard deviations of a binomial share are at most 4 sqrt(0.25 / 100,000) = 0.0063.
        for (count, share) in counts.iter().zip([0.2, 0.5, 0.3]) {
            assert!((f64::from(*count) / 100_000.0 - share).abs() < 0.0064, "{counts:?}");
        }
        let again = kinds(&[0.2, 0.5, 0.3], 1);
        assert!((0..1_000).all(|node| three.of(node) == again.of(node)));
        let other = kinds(&[0.2, 0.5, 0.3], 2);
        assert!((0..1_000).any(|node| three.of(node) != other.of(node)));
        // Who is of a small first kind is of it also where it is larger.
        let larger = kinds(&[0.4, 0.6], 1);
        assert!((0..1_000).all(|node| three.of(node) > 0 || larger.of(node) == 0));
        assert_eq!(kinds(&[], 1).of(7), 0);
    }
}
