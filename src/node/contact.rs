//! Who a message can be sent to: a slot and the identifier of the node expected there.

use std::fmt;

/// Index of a live node's state. Slots are reused after a departure; a [`Contact`] tells old occupants from new.
pub type Slot = u32;

/// A node as others know it: its identifier and where it can be reached.
///
/// The slot is the address. It is reused by later nodes, so a contact is good only while the occupant of the slot
/// has the same identifier: a message to a departed node never reaches whoever took its place. 12 bytes, because
/// routing tables are made of these.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(C, packed(4))]
pub struct Contact {
    id: u64,
    slot: Slot,
}

impl Contact {
    /// Nobody.
    pub const NONE: Contact = Contact { id: 0, slot: Slot::MAX };

    /// The node with identifier `id` at `slot`.
    pub const fn new(id: u64, slot: Slot) -> Self {
        Contact { id, slot }
    }

    /// The identifier. Meaningless for [`Contact::NONE`].
    pub const fn id(self) -> u64 {
        self.id
    }

    /// The address.
    pub const fn slot(self) -> Slot {
        self.slot
    }

    /// Whether this is nobody.
    pub const fn is_none(self) -> bool {
        self.slot == Slot::MAX
    }

    /// Whether this is somebody.
    pub const fn is_some(self) -> bool {
        !self.is_none()
    }
}

impl Default for Contact {
    fn default() -> Self {
        Contact::NONE
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() { write!(f, "nobody") } else { write!(f, "{}@{}", { self.id }, { self.slot }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_twelve_bytes() {
        assert_eq!(size_of::<Contact>(), 12);
    }

    #[test]
    fn nobody_is_told_from_the_node_with_identifier_zero() {
        assert_ne!(Contact::new(0, 0), Contact::NONE);
        assert!(Contact::new(0, 0).is_some());
    }
}
