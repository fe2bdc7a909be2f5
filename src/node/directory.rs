//! Who occupies which slot now.

use super::contact::{Contact, Slot};
use crate::engine::memory::allocated_bytes;
use crate::engine::time::Time;

/// One slot: what every message asks of it, never across two cache lines.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(16))]
struct Occupant {
    id: u64,
    /// Counts arrivals and departures at this slot: odd while somebody lives here.
    incarnation: u32,
    /// The number of the node that the occupant is, or was.
    node: u32,
}

/// One incarnation of the occupant of a slot: tells a node from its former and later ones at the same place. The
/// default is nobody's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Incarnation(u32);

/// The table of slots.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    occupants: Vec<Occupant>,
    /// When the occupant of each slot arrived.
    arrived: Vec<Time>,
}

impl Directory {
    /// Number of slots, live or not.
    pub fn slots(&self) -> u32 {
        self.occupants.len() as u32
    }

    /// A node moves in; the slot must be empty. Slots are made as needed.
    pub fn arrive(&mut self, slot: Slot, id: u64, node: u32, now: Time) {
        if slot >= self.slots() {
            self.occupants.resize(slot as usize + 1, Occupant::default());
            self.arrived.resize(slot as usize + 1, Time::ZERO);
        }
        let occupant = &mut self.occupants[slot as usize];
        debug_assert!(occupant.incarnation.is_multiple_of(2), "slot {slot} is taken");
        *occupant = Occupant { id, incarnation: occupant.incarnation.wrapping_add(1), node };
        self.arrived[slot as usize] = now;
    }

    /// The occupant of `slot` is gone.
    pub fn depart(&mut self, slot: Slot) {
        let occupant = &mut self.occupants[slot as usize];
        debug_assert!(!occupant.incarnation.is_multiple_of(2), "nobody lives at slot {slot}");
        occupant.incarnation = occupant.incarnation.wrapping_add(1);
    }

    /// Memory of the table \[B\].
    pub fn memory_bytes(&self) -> u64 {
        allocated_bytes(&self.occupants) + allocated_bytes(&self.arrived)
    }

    /// Whether somebody lives at `slot`.
    pub fn is_occupied(&self, slot: Slot) -> bool {
        self.occupants.get(slot as usize).is_some_and(|occupant| occupant.incarnation % 2 == 1)
    }

    /// The present incarnation at `slot`, if somebody lives there.
    #[inline]
    pub fn incarnation(&self, slot: Slot) -> Incarnation {
        Incarnation(self.occupants[slot as usize].incarnation)
    }

    /// Whether `incarnation` still goes on at `slot`. Only those of live occupants are ever handed out.
    #[inline]
    pub fn is_current(&self, slot: Slot, incarnation: Incarnation) -> bool {
        self.occupants[slot as usize].incarnation == incarnation.0
    }

    /// The incarnation of the node that `contact` names, if that node is alive.
    #[inline]
    pub fn find(&self, contact: Contact) -> Option<Incarnation> {
        let occupant = self.occupants.get(contact.slot() as usize)?;
        (occupant.incarnation % 2 == 1 && occupant.id == contact.id()).then_some(Incarnation(occupant.incarnation))
    }

    /// Whether the node that `contact` names is alive.
    pub fn is_live(&self, contact: Contact) -> bool {
        self.find(contact).is_some()
    }

    /// Whether the node that `contact` names lives at its slot, or was the last to live there.
    pub fn was_here(&self, contact: Contact) -> bool {
        self.occupants.get(contact.slot() as usize).is_some_and(|occupant| occupant.id == contact.id())
    }

    /// The occupant of `slot` as a contact.
    pub fn contact(&self, slot: Slot) -> Contact {
        Contact::new(self.occupants[slot as usize].id, slot)
    }

    /// The number of the node at `slot`.
    pub fn node(&self, slot: Slot) -> u32 {
        self.occupants[slot as usize].node
    }

    /// When the occupant of `slot` arrived.
    pub fn arrived(&self, slot: Slot) -> Time {
        self.arrived[slot as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_tells_its_lives_apart() {
        let mut directory = Directory::default();
        directory.arrive(3, 77, 5, Time::ZERO);
        let (first, incarnation) = (directory.contact(3), directory.incarnation(3));
        assert!(directory.is_live(first) && !directory.is_live(Contact::new(78, 3)) && !directory.is_occupied(2));
        directory.depart(3);
        assert!(!directory.is_live(first) && !directory.is_current(3, incarnation));
        directory.arrive(3, 78, 6, Time::ZERO);
        assert!(
            !directory.is_live(first) && !directory.is_current(3, incarnation),
            "a later occupant is somebody else"
        );
        directory.depart(3);
        directory.arrive(3, 77, 5, Time::ZERO);
        assert!(directory.is_live(first), "the same identifier at the same address is the same node");
        assert!(!directory.is_current(3, incarnation), "but it is another life");
    }
}
