//! The members in order of their identifiers: the ground truth that a protocol's rule of ownership is applied to.
//!
//! An array of buckets by the leading bits of the identifier, each bucket sorted: a successor query looks at one
//! bucket, or a few where neighbours are empty. The number of buckets follows the number of members.

use super::contact::Contact;
use crate::engine::memory::allocated_bytes;

/// Members a bucket should hold on average, after growing and before the next growth.
const MEMBERS_PER_BUCKET: usize = 8;

/// An ordered set of members. At most one member has a given identifier.
#[derive(Clone, Debug)]
pub struct Members {
    buckets: Vec<Vec<Contact>>,
    shift: u32,
    len: usize,
}

impl Default for Members {
    fn default() -> Self {
        Self::new()
    }
}

impl Members {
    /// Nobody.
    pub fn new() -> Self {
        Members { buckets: vec![Vec::new(); 2], shift: 63, len: 0 }
    }

    /// The members given, which may come in any order.
    pub fn from_contacts(contacts: impl IntoIterator<Item = Contact>) -> Self {
        let mut sorted: Vec<Contact> = contacts.into_iter().collect();
        sorted.sort_unstable_by_key(|contact| contact.id());
        sorted.dedup_by_key(|contact| contact.id());
        Self::from_sorted(&sorted)
    }

    fn from_sorted(sorted: &[Contact]) -> Self {
        let count = (sorted.len() / MEMBERS_PER_BUCKET).next_power_of_two().max(2);
        let shift = 64 - count.trailing_zeros();
        let mut rest = sorted;
        let buckets = (0..count as u64).map(|bucket| {
            let size = rest.partition_point(|contact| contact.id() >> shift <= bucket);
            let (here, later) = rest.split_at(size);
            rest = later;
            here.to_vec()
        });
        Members { buckets: buckets.collect(), shift, len: sorted.len() }
    }

    /// Number of members.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Memory of the set \[B\].
    pub fn memory_bytes(&self) -> u64 {
        allocated_bytes(&self.buckets) + self.buckets.iter().map(allocated_bytes).sum::<u64>()
    }

    /// Adds a member; `false` if its identifier is taken.
    pub fn insert(&mut self, contact: Contact) -> bool {
        if self.len >= 2 * MEMBERS_PER_BUCKET * self.buckets.len() {
            let all: Vec<Contact> = self.iter().collect();
            *self = Self::from_sorted(&all);
        }
        let bucket = &mut self.buckets[(contact.id() >> self.shift) as usize];
        let place = bucket.partition_point(|other| other.id() < contact.id());
        if bucket.get(place).is_some_and(|other| other.id() == contact.id()) {
            return false;
        }
        bucket.insert(place, contact);
        self.len += 1;
        true
    }

    /// Removes a member; `false` if it is not one.
    pub fn remove(&mut self, contact: Contact) -> bool {
        let bucket = &mut self.buckets[(contact.id() >> self.shift) as usize];
        let place = bucket.partition_point(|other| other.id() < contact.id());
        let found = bucket.get(place) == Some(&contact);
        if found {
            bucket.remove(place);
            self.len -= 1;
        }
        found
    }

    /// Whether exactly this member is in the set.
    pub fn contains(&self, contact: Contact) -> bool {
        self.successor(contact.id()) == Some(contact)
    }

    /// The first member at or after `key`, clockwise.
    pub fn successor(&self, key: u64) -> Option<Contact> {
        let first = (key >> self.shift) as usize;
        let bucket = &self.buckets[first];
        let place = bucket.partition_point(|contact| contact.id() < key);
        if let Some(contact) = bucket.get(place) {
            return Some(*contact);
        }
        let after = self.buckets[first + 1..].iter().chain(&self.buckets[..=first]);
        after.filter_map(|bucket| bucket.first()).next().copied()
    }

    /// The members from `key` on clockwise, each once.
    pub fn from_key(&self, key: u64) -> impl Iterator<Item = Contact> + '_ {
        let first = (key >> self.shift) as usize;
        let place = self.buckets[first].partition_point(|contact| contact.id() < key);
        let after = self.buckets[first + 1..].iter().chain(&self.buckets[..first]).flatten();
        self.buckets[first][place..].iter().chain(after).chain(&self.buckets[first][..place]).copied()
    }

    /// All members in order of their identifiers.
    pub fn iter(&self) -> impl Iterator<Item = Contact> + '_ {
        self.buckets.iter().flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn it_agrees_with_an_ordered_map(
            steps in proptest::collection::vec((any::<bool>(), 0u64..200, any::<bool>()), 1..400),
            key in any::<u64>(),
        ) {
            let (mut members, mut model) = (Members::new(), BTreeMap::new());
            for (slot, (insert, number, low)) in steps.into_iter().enumerate() {
                // Half of the identifiers crowd at the bottom of the space, to fill one bucket.
                let id = if low { number } else { number.wrapping_mul(0x9e37_79b9_7f4a_7c15) };
                if insert {
                    let contact = Contact::new(id, slot as u32);
                    let fresh = !model.contains_key(&id);
                    prop_assert_eq!(members.insert(contact), fresh);
                    model.entry(id).or_insert(contact);
                } else {
                    let contact = model.remove(&id);
                    prop_assert_eq!(members.remove(contact.unwrap_or(Contact::new(id, 0))), contact.is_some());
                }
            }
            prop_assert_eq!(members.len(), model.len());
            prop_assert!(members.iter().eq(model.values().copied()));
            let clockwise: Vec<Contact> = model.range(key..).chain(model.range(..key)).map(|(_, c)| *c).collect();
            prop_assert_eq!(members.successor(key), clockwise.first().copied());
            prop_assert_eq!(members.from_key(key).collect::<Vec<_>>(), clockwise);
            prop_assert!(Members::from_contacts(members.iter()).iter().eq(members.iter()));
        }
    }
}
