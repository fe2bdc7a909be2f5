//! What messages weigh: what they carry, and how many bytes that is.

#[cfg(doc)]
use super::Protocol;

/// What a message carries, and as what it is booked. How many bytes that is says the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Index into [`Protocol::MESSAGE_KINDS`].
    pub kind: u8,
    /// Whether it names its sender, for the receiver to learn from.
    pub sender: bool,
    /// Keys and identifiers of nodes without their addresses.
    pub keys: u8,
    /// Contacts: nodes with identifier and address.
    pub contacts: u16,
}

impl Charge {
    /// A message of this kind that carries nothing.
    pub const fn empty(kind: u8) -> Self {
        Charge { kind, sender: false, keys: 0, contacts: 0 }
    }

    /// The same message, naming its sender.
    pub const fn with_sender(self) -> Self {
        Charge { sender: true, ..self }
    }

    /// The same message with so many keys; 255 stand for all that are more.
    pub const fn with_keys(self, count: u32) -> Self {
        Charge { keys: if count < 255 { count as u8 } else { 255 }, ..self }
    }

    /// The same message with so many contacts; 65,535 stand for all that are more.
    pub const fn with_contacts(self, count: u32) -> Self {
        Charge { contacts: if count < 65_535 { count as u16 } else { 65_535 }, ..self }
    }

    /// Its size \[B\], header included.
    #[inline]
    pub fn bytes(self, sizes: &MessageSizes) -> u32 {
        sizes.header_bytes
            + sizes.sender_bytes * u32::from(self.sender)
            + sizes.key_bytes * u32::from(self.keys)
            + sizes.contact_bytes * u32::from(self.contacts)
    }
}

/// How many bytes the parts of a message take \[B\]: `[measurement.message_sizes]` of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageSizes {
    /// Every message, before what it carries.
    pub header_bytes: u32,
    /// The sender's name, in messages that name it for the receiver to learn from.
    pub sender_bytes: u32,
    /// A key, or the identifier of a node without its address.
    pub key_bytes: u32,
    /// A contact: a node's identifier and address.
    pub contact_bytes: u32,
}

impl Default for MessageSizes {
    /// p2psim's: 20 bytes, and 4 for each identifier or address.
    fn default() -> Self {
        MessageSizes { header_bytes: 20, sender_bytes: 4, key_bytes: 4, contact_bytes: 4 }
    }
}
