//! Who is named in routing tables: every node that lives, and those departed whom somebody still names.
//!
//! A table holds a hundred contacts and more, and each node is in as many tables. So the contact itself, identifier and
//! address, is kept here once, and tables keep its number: 4 bytes for 12. A node that returns is entered anew, since
//! those who knew it before know its old address.
//!
//! So the same identifier may have several numbers, but hardly ever has. To look for a node by its identifier is to
//! look up every number there is, each far away in memory; so the register can say of nearly all that this is not
//! needed.

use crate::engine::memory::allocated_bytes;
use crate::engine::prefetch::prefetch;
use crate::node::{Contact, Slot};

/// The number of a node in the register. It names the node for as long as somebody holds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Number(u32);

impl Number {
    /// Bits of a number: more nodes than 32 bits of bytes would leave room for.
    pub const BITS: u32 = 28;

    /// The number with these bits.
    pub const fn of_bits(bits: u32) -> Self {
        Number(bits)
    }

    /// Its bits, of which the highest four are 0.
    pub const fn bits(self) -> u32 {
        self.0
    }
}

/// Aligned, so that none lies across two lines of a cache.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
struct Record {
    contact: Contact,
    /// How often the number is held, and [`DEPARTED`] for one who does not live; 0 for a number that is free.
    holders: u32,
}

const DEPARTED: u32 = 1 << 31;

/// Who lives at a slot.
#[derive(Clone, Copy, Debug, Default)]
struct Living {
    id: u64,
    number: Option<Number>,
}

/// All who are named.
#[derive(Debug, Default)]
pub struct Register {
    records: Vec<Record>,
    /// Numbers that are free; the one freed last is taken first.
    free: Vec<Number>,
    /// By slot, who lives there and under what number.
    living: Vec<Living>,
    /// How many of the departed have an identifier of this hash. As many places as there are records, or more.
    departed: Vec<u16>,
}

impl Register {
    /// Enters a node that lives. It holds its number itself, until it departs.
    ///
    /// # Panics
    /// If there are more than 2^28.
    pub fn enter(&mut self, contact: Contact) -> Number {
        let number = self.put(Record { contact, holders: 1 });
        let slot = contact.slot() as usize;
        if slot >= self.living.len() {
            self.living.resize(slot + 1, Living::default());
        }
        self.living[slot] = Living { id: contact.id(), number: Some(number) };
        number
    }

    /// The number of a contact, if it lives. That is not for nodes to know: nothing that the register tells them
    /// depends on it.
    #[inline]
    fn number_of(&self, contact: Contact) -> Option<Number> {
        let living = self.living.get(contact.slot() as usize)?;
        (living.id == contact.id()).then_some(living.number).flatten()
    }

    /// A number for a contact, held once more on behalf of the caller.
    ///
    /// # Panics
    /// If there are more than 2^28.
    #[inline]
    pub fn hold_contact(&mut self, contact: Contact) -> Number {
        match self.number_of(contact) {
            Some(number) => self.hold(number),
            None => self.enter_departed(contact),
        }
    }

    /// Whether this is the number of the contact, at the address that it has there.
    #[inline]
    pub fn names(&self, number: Number, contact: Contact) -> bool {
        self.number_of(contact) == Some(number) || self.contact(number) == contact
    }

    /// Which of these numbers names `contact`, or a node with its identifier at another address.
    #[inline]
    pub fn position(&self, contact: Contact, mut numbers: impl Iterator<Item = Number> + Clone) -> Option<usize> {
        if let Some(own) = self.number_of(contact) {
            let place = numbers.clone().position(|number| number == own);
            if place.is_some() || !self.may_have_departed(contact.id()) {
                return place;
            }
        }
        numbers.position(|number| self.contact(number).id() == contact.id())
    }

    /// Enters somebody who does not live any more. Whoever enters it holds its number.
    ///
    /// # Panics
    /// If there are more than 2^28.
    fn enter_departed(&mut self, contact: Contact) -> Number {
        let number = self.put(Record { contact, holders: 1 | DEPARTED });
        self.count_departed(contact.id());
        number
    }

    fn put(&mut self, record: Record) -> Number {
        if let Some(number) = self.free.pop() {
            self.records[number.0 as usize] = record;
            return number;
        }
        let number = self.records.len() as u32;
        assert!(number < 1 << Number::BITS, "tables name at most 2^28 nodes");
        self.records.push(record);
        Number(number)
    }

    /// Somebody else holds the number, too.
    #[inline]
    pub fn hold(&mut self, number: Number) -> Number {
        self.hold_more(number, 1);
        number
    }

    /// So many others hold the number, too.
    #[inline]
    pub fn hold_more(&mut self, number: Number, holders: u32) {
        self.records[number.0 as usize].holders += holders;
    }

    /// Somebody does not hold the number any more. When nobody does, it is free.
    #[inline]
    pub fn let_go(&mut self, number: Number) {
        let record = &mut self.records[number.0 as usize];
        record.holders -= 1;
        if record.holders & !DEPARTED == 0 {
            self.free_number(number);
        }
    }

    fn free_number(&mut self, number: Number) {
        let record = &mut self.records[number.0 as usize];
        let had_departed = record.holders == DEPARTED;
        record.holders = 0;
        self.free.push(number);
        if had_departed {
            let place = self.hash(self.contact(number).id());
            // One that has come to its bound has lost count.
            if self.departed[place] < u16::MAX {
                self.departed[place] -= 1;
            }
        }
    }

    /// A node that lives departs.
    ///
    /// # Panics
    /// If it has not been entered, or has departed before.
    pub fn depart(&mut self, contact: Contact) {
        let number = self.number_of(contact).expect("a node that lives has been entered");
        self.living[contact.slot() as usize].number = None;
        self.records[number.0 as usize].holders |= DEPARTED;
        self.count_departed(contact.id());
        self.let_go(number);
    }

    fn count_departed(&mut self, id: u64) {
        if self.departed.len() < self.records.len() {
            self.departed = vec![0; self.records.len().next_power_of_two() * 2];
            for record in 0..self.records.len() {
                let Record { contact, holders } = self.records[record];
                if holders & DEPARTED != 0 {
                    self.count_one(contact.id());
                }
            }
        } else {
            self.count_one(id);
        }
    }

    fn count_one(&mut self, id: u64) {
        let place = self.hash(id);
        self.departed[place] = self.departed[place].saturating_add(1);
    }

    /// A place for an identifier, which may have few bits of its own.
    #[inline]
    fn hash(&self, id: u64) -> usize {
        (id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - self.departed.len().trailing_zeros())) as usize
    }

    /// Whether somebody departed may have this identifier. False: nobody has.
    #[inline]
    fn may_have_departed(&self, id: u64) -> bool {
        !self.departed.is_empty() && self.departed[self.hash(id)] > 0
    }

    /// The contact with this number.
    #[inline]
    pub fn contact(&self, number: Number) -> Contact {
        self.records[number.0 as usize].contact
    }

    /// Asks for the memory of a contact.
    #[inline(always)]
    pub fn prefetch(&self, number: Number) {
        prefetch(&self.records[number.0 as usize..][..1]);
    }

    /// Asks for the memory of who lives at a slot.
    #[inline(always)]
    pub fn prefetch_living(&self, slot: Slot) {
        if let Some(living) = self.living.get(slot as usize) {
            prefetch(std::slice::from_ref(living));
        }
    }

    /// Asks for the memory of whether somebody departed has this identifier.
    #[inline(always)]
    pub fn prefetch_departed(&self, id: u64) {
        if !self.departed.is_empty() {
            prefetch(&self.departed[self.hash(id)..][..1]);
        }
    }

    /// Numbers in use.
    pub fn in_use(&self) -> usize {
        self.records.len() - self.free.len()
    }

    /// Memory that is held, used or free \[B\].
    pub fn memory_bytes(&self) -> u64 {
        allocated_bytes(&self.records)
            + allocated_bytes(&self.free)
            + allocated_bytes(&self.living)
            + allocated_bytes(&self.departed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_free_when_nobody_holds_it_any_more() {
        let mut register = Register::default();
        let (one, other) = (Contact::new(5, 1), Contact::new(9, 2));
        let first = register.enter(one);
        let second = register.enter(other);
        register.hold(first);
        register.let_go(first);
        assert_eq!((register.contact(first), register.contact(second), register.in_use()), (one, other, 2));
        register.let_go(first);
        assert_eq!(register.in_use(), 1);
        let third = register.enter(one);
        assert_eq!((third, register.contact(third), register.in_use()), (first, one, 2));
        assert_eq!((size_of::<Record>(), size_of::<Living>()), (16, 16));
    }

    #[test]
    fn who_has_departed_and_is_still_named_may_be_looked_for() {
        let mut register = Register::default();
        let numbers: Vec<Number> = (0..100).map(|id| register.enter(Contact::new(id, id as u32))).collect();
        assert!((0..200).all(|id| !register.may_have_departed(id)));
        for number in &numbers[..50] {
            register.hold(*number);
            register.depart(register.contact(*number));
        }
        numbers[50..60].iter().for_each(|number| register.depart(register.contact(*number)));
        let again = register.enter_departed(Contact::new(150, 7));
        let count = |register: &Register| register.departed.iter().map(|count| u32::from(*count)).sum::<u32>();
        assert!((0..50).chain([150]).all(|id| register.may_have_departed(id)));
        assert_eq!((count(&register), register.in_use()), (51, 91), "who was named by nobody is forgotten");
        numbers[..50].iter().chain([&again]).for_each(|number| register.let_go(*number));
        assert_eq!((count(&register), register.in_use()), (0, 40));
    }
}
