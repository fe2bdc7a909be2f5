//! Which identifiers each node has.
//!
//! A node that arrives gets the next serial number, and its identifiers are hashes of that, one to one. When a short
//! space of identifiers has been dealt out once, the serial numbers begin anew, and those whose identifiers somebody
//! still holds are passed over: no two nodes ever hold the same identifier at the same time. An identifier that is free
//! again was given up by whoever departed longest ago, as far as sessions allow. Where a protocol would take the new
//! holder for the former one, an identifier is dealt out once only, and then there are none left.

use crate::engine::memory::allocated_bytes;
use crate::engine::random::Seed;
use crate::node::Simulated;
use crate::node::directory::Directory;
use crate::node::identifier::Identifiers;
use crate::scenario::ReturnIdentifier;
use std::collections::BTreeSet;

pub(super) struct Identities {
    identifiers: Identifiers,
    /// Identifiers a node.
    width: u64,
    /// Nodes for which there are identifiers at the same time.
    room: u64,
    /// Whether a node has the same ones each time that it arrives.
    keeps: bool,
    /// Whether a new node may get what a former one had.
    may_come_again: bool,
    /// Serial number of the next node that gets identifiers of its own.
    serial: u64,
    /// Serial numbers by node, where nodes keep their identifiers, once they have any.
    of_node: Vec<Option<u64>>,
    /// The first identifier of each node that holds any; kept from the time on at which serial numbers begin anew.
    held: Option<BTreeSet<u64>>,
}

impl Identities {
    /// Identifiers as the protocol has them.
    pub(super) fn new<P: Simulated>(seed: Seed, protocol: &P, returning: ReturnIdentifier) -> Self {
        let may_come_again = protocol.identifiers_may_come_again();
        Self::of_length(seed, protocol.identifier_bits(), protocol.identifiers_per_node(), returning, may_come_again)
    }

    /// Identifiers of `bits` bits, `width` for each node.
    fn of_length(seed: Seed, bits: u32, width: u32, returning: ReturnIdentifier, may_come_again: bool) -> Self {
        let width = u64::from(width);
        // Of 2^64 identifiers all but the last are enough.
        let space = if bits == 64 { u64::MAX } else { 1 << bits };
        Identities {
            identifiers: Identifiers::new(seed, bits),
            width,
            room: space / width,
            keeps: returning == ReturnIdentifier::Same,
            may_come_again,
            serial: 0,
            of_node: Vec::new(),
            held: None,
        }
    }

    /// The identifiers of `node`, which arrives; `None` if there are none for it. `directory` has all that are there,
    /// and, where nodes keep their identifiers, all that ever were.
    pub(super) fn of_arriving(
        &mut self,
        node: u32,
        directory: &Directory,
    ) -> Option<impl Iterator<Item = u64> + use<>> {
        let serial = match self.kept(node) {
            Some(serial) => serial,
            None => self.next_free(directory)?,
        };
        if self.keeps {
            self.of_node[node as usize] = Some(serial);
        }
        let (identifiers, width) = (self.identifiers.clone(), self.width);
        Some((0..width).map(move |offset| identifiers.identifier(serial * width + offset)))
    }

    /// A node is gone whose first identifier was `first`.
    pub(super) fn departed(&mut self, first: u64) {
        if let (false, Some(held)) = (self.keeps, &mut self.held) {
            held.remove(&first);
        }
    }

    /// Identifiers that were dealt out, if none is dealt out twice and that is why there are none left.
    pub(super) fn spent(&self) -> Option<u64> {
        (!self.may_come_again && !self.keeps).then_some(self.room * self.width)
    }

    /// Memory of what is known of nodes \[B\].
    pub(super) fn memory_bytes(&self) -> u64 {
        allocated_bytes(&self.of_node)
            + self.held.as_ref().map_or(0, |held| size_of_val(held) as u64 + 16 * held.len() as u64)
    }

    fn kept(&mut self, node: u32) -> Option<u64> {
        if !self.keeps {
            return None;
        }
        let known = self.of_node.len().max(node as usize + 1);
        self.of_node.resize(known, None);
        self.of_node[node as usize]
    }

    /// A serial number whose identifiers nobody holds.
    fn next_free(&mut self, directory: &Directory) -> Option<u64> {
        if self.serial < self.room {
            self.serial += 1;
            return Some(self.serial - 1);
        }
        if !self.may_come_again {
            return None;
        }
        let (keeps, width) = (self.keeps, self.width as usize);
        let held = self.held.get_or_insert_with(|| {
            let first = (0..directory.slots()).step_by(width);
            let holds = first.filter(|slot| keeps || directory.is_occupied(*slot));
            holds.map(|slot| directory.contact(slot).id()).collect()
        });
        for _ in 0..self.room {
            let serial = self.serial % self.room;
            self.serial += 1;
            if held.insert(self.identifiers.identifier(serial * self.width)) {
                return Some(serial);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Time;
    use std::collections::VecDeque;

    const SEED: Seed = Seed { seed: 3, replicate: 0 };

    /// Lets `node` arrive at its own slots; `false` if there are no identifiers for it.
    fn arrive(identities: &mut Identities, directory: &mut Directory, slot: u32, node: u32) -> bool {
        let Some(ids) = identities.of_arriving(node, directory) else { return false };
        let ids: Vec<u64> = ids.collect();
        ids.into_iter().zip(slot..).for_each(|(id, slot)| directory.arrive(slot, id, node, Time::ZERO));
        true
    }

    fn all_held(directory: &Directory) -> Vec<u64> {
        let live = (0..directory.slots()).filter(|slot| directory.is_occupied(*slot));
        let mut held: Vec<u64> = live.map(|slot| directory.contact(slot).id()).collect();
        held.sort_unstable();
        held
    }

    #[test]
    fn no_two_nodes_hold_the_same_identifier_however_long_nodes_come_and_go() {
        for width in [1, 3] {
            let mut identities = Identities::of_length(SEED, 8, width, ReturnIdentifier::Fresh, true);
            let mut directory = Directory::default();
            let most = 256 / width;
            let mut places: VecDeque<u32> = (0..most).collect();
            for place in &places {
                assert!(arrive(&mut identities, &mut directory, place * width, *place));
            }
            assert!(!arrive(&mut identities, &mut directory, most * width, most), "all are held");
            for round in 0..2000u32 {
                // Now the oldest goes, now a younger one.
                let place = places.remove((round as usize * 7) % 11).expect("a place");
                identities.departed(directory.contact(place * width).id());
                (0..width).for_each(|offset| directory.depart(place * width + offset));
                assert!(arrive(&mut identities, &mut directory, place * width, place), "round {round}");
                places.push_back(place);
                let mut held = all_held(&directory);
                held.dedup();
                assert_eq!(held.len() as u32, most * width, "round {round}");
            }
        }
    }

    #[test]
    fn where_no_identifier_may_come_again_each_is_dealt_out_once() {
        for width in [1, 3] {
            let mut identities = Identities::of_length(SEED, 8, width, ReturnIdentifier::Fresh, false);
            let mut directory = Directory::default();
            let mut dealt = Vec::new();
            for round in 0..256 / width {
                assert!(arrive(&mut identities, &mut directory, 0, 0), "round {round}");
                dealt.extend(all_held(&directory));
                identities.departed(directory.contact(0).id());
                (0..width).for_each(|slot| directory.depart(slot));
            }
            dealt.sort_unstable();
            dealt.dedup();
            assert_eq!(dealt.len() as u64, u64::from(256 / width * width));
            assert!(!arrive(&mut identities, &mut directory, 0, 0), "nobody holds one, but all were held");
        }
    }

    #[test]
    fn who_may_return_keeps_what_it_has() {
        let mut identities = Identities::of_length(SEED, 8, 1, ReturnIdentifier::Same, true);
        let mut directory = Directory::default();
        for node in 0..256 {
            assert!(arrive(&mut identities, &mut directory, node, node));
        }
        let (first, all) = (directory.contact(9), all_held(&directory));
        identities.departed(first.id());
        directory.depart(9);
        assert!(!arrive(&mut identities, &mut directory, 256, 256), "it may come back for it");
        assert!(arrive(&mut identities, &mut directory, 9, 9));
        assert_eq!((directory.contact(9), all_held(&directory)), (first, all));
    }
}
