//! The small network of tests as a ring of Chord's.

pub(super) use crate::node::network_for_tests::{DELAY, Found, NEVER, TIMEOUT};

use crate::node::network_for_tests::Network;
use crate::node::{Contact, Slot};
use crate::overlay::ring::stabilize::stabilize;
use crate::protocols::chord::{Chord, Config};

/// Four successors, and nothing that happens by itself.
pub(super) fn by_hand() -> Config {
    Config {
        successors: 4,
        stabilize_every: NEVER,
        fix_fingers_every: NEVER,
        check_predecessor_every: NEVER,
        fingers_on_join: false,
        ..Config::default()
    }
}

pub(super) type Ring = Network<Chord>;

impl Ring {
    pub fn empty(config: Config) -> Self {
        Ring::without_nodes(Chord::new(config))
    }

    /// The exact ring of these identifiers; the first is at slot 0.
    pub fn exact(config: Config, ids: &[u64]) -> Self {
        Ring::converged(Chord::new(config), ids)
    }

    /// So many rounds of stabilisation of every live node.
    pub fn stabilize(&mut self, rounds: u32) {
        for _ in 0..rounds {
            for node in 0..self.net.directory.slots() {
                if self.net.directory.is_occupied(node) && self.protocol.node(node).member {
                    stabilize(&mut self.protocol, &mut self.net, node);
                }
            }
            self.settle_down();
        }
    }

    pub fn successors(&self, node: Slot) -> Vec<u64> {
        self.protocol.successors(node).iter().map(|contact| contact.id()).collect()
    }

    pub fn predecessor(&self, node: Slot) -> Option<u64> {
        Some(self.protocol.node(node).predecessor).filter(|contact| contact.is_some()).map(Contact::id)
    }

    /// Panics unless the first successor, the predecessor and the rest of the list of every live node are right.
    pub fn check_exact(&self) {
        let ring: Vec<Contact> = self.net.members.iter().collect();
        for (place, member) in ring.iter().enumerate() {
            let node = member.slot();
            let others = ring.iter().cycle().skip(place + 1).take(ring.len() - 1);
            let mut expected: Vec<u64> = others.take(4).map(|contact| contact.id()).collect();
            if expected.is_empty() {
                expected.push(member.id());
            }
            assert_eq!(self.successors(node), expected, "successors of {}", member.id());
            if ring.len() > 1 {
                let before = ring[(place + ring.len() - 1) % ring.len()].id();
                assert_eq!(self.predecessor(node), Some(before), "predecessor of {}", member.id());
            }
        }
    }

    /// Lets everybody crash, and panics if anything is left after that.
    pub fn check_nothing_is_left(mut self) {
        self.crash_everybody();
        assert_eq!(self.protocol.held(), [0, 0, 0]);
    }
}
