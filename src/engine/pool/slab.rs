//! Records in reusable slots.

/// Records in reusable slots; the index stays valid until the record is removed. Freed slots are reused last in,
/// first out, so the order is deterministic.
///
/// An index says nothing about which record it was given for: after a removal the slot may hold another one. That is
/// deliberately not seen even in debug builds, unlike in a [`super::ListPool`]: indices travel in messages, where the
/// bytes of a generation would make each message larger in release builds, too. What is seen, in all builds, is the use
/// of a slot that is free.
#[derive(Debug)]
pub struct Slab<T> {
    slots: Vec<Slot<T>>,
    /// The slot freed last, or `NONE`.
    free: u32,
    /// Number of records.
    len: usize,
}

#[derive(Debug)]
enum Slot<T> {
    Record(T),
    /// Free; with the slot that was freed before it, or `NONE`.
    Free(u32),
}

/// The link that leads nowhere.
const NONE: u32 = u32::MAX;

impl<T> Slab<T> {
    /// A slab without records.
    pub const fn new() -> Self {
        Slab { slots: Vec::new(), free: NONE, len: 0 }
    }

    /// Stores `record` and returns its index.
    ///
    /// # Panics
    /// If there are 2^32 - 1 records already.
    pub fn insert(&mut self, record: T) -> u32 {
        self.len += 1;
        if self.free == NONE {
            let index = u32::try_from(self.slots.len()).ok().filter(|&index| index != NONE);
            self.slots.push(Slot::Record(record));
            return index.expect("a slab holds fewer than 2^32 records");
        }
        let index = self.free;
        let slot = std::mem::replace(&mut self.slots[index as usize], Slot::Record(record));
        let Slot::Free(before) = slot else { unreachable!("the list of free slots leads to free slots only") };
        self.free = before;
        index
    }

    /// Removes the record at `index` and returns it; `None` if there is none.
    pub fn remove(&mut self, index: u32) -> Option<T> {
        let slot = self.slots.get_mut(index as usize)?;
        if matches!(slot, Slot::Free(_)) {
            return None;
        }
        let slot = std::mem::replace(slot, Slot::Free(self.free));
        self.free = index;
        self.len -= 1;
        match slot {
            Slot::Record(record) => Some(record),
            Slot::Free(_) => None,
        }
    }

    /// The record at `index`, if there is one.
    #[inline]
    pub fn get(&self, index: u32) -> Option<&T> {
        match self.slots.get(index as usize) {
            Some(Slot::Record(record)) => Some(record),
            _ => None,
        }
    }

    /// The record at `index`, if there is one, for changing it.
    #[inline]
    pub fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        match self.slots.get_mut(index as usize) {
            Some(Slot::Record(record)) => Some(record),
            _ => None,
        }
    }

    /// All records with their indices, by index.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0u32..).zip(&self.slots).filter_map(|(index, slot)| match slot {
            Slot::Record(record) => Some((index, record)),
            Slot::Free(_) => None,
        })
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Memory that the slab holds, used or free \[bytes\].
    pub fn memory_bytes(&self) -> u64 {
        crate::engine::memory::allocated_bytes(&self.slots)
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// The record at an index that is known to be in use.
///
/// # Panics
/// If there is no record at this index.
impl<T> std::ops::Index<u32> for Slab<T> {
    type Output = T;

    #[inline]
    fn index(&self, index: u32) -> &T {
        self.get(index).expect("the index of a record that has not been removed")
    }
}

impl<T> std::ops::IndexMut<u32> for Slab<T> {
    #[inline]
    fn index_mut(&mut self, index: u32) -> &mut T {
        self.get_mut(index).expect("the index of a record that has not been removed")
    }
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn freed_slots_are_reused_last_in_first_out() {
        let mut slab = Slab::new();
        let indices: Vec<u32> = "abcd".chars().map(|letter| slab.insert(letter)).collect();
        assert_eq!(indices, [0, 1, 2, 3]);
        assert_eq!(slab.remove(1), Some('b'));
        assert_eq!(slab.remove(3), Some('d'));
        assert_eq!(slab.remove(3), None);
        assert_eq!([slab.insert('e'), slab.insert('f'), slab.insert('g')], [3, 1, 4]);
        assert_eq!(slab.iter().map(|(_, letter)| *letter).collect::<String>(), "afceg");
        assert_eq!(slab.len(), 5);
    }

    proptest! {
        #[test]
        fn a_slab_is_a_map_from_indices(steps in prop::collection::vec((any::<bool>(), 0u32..40), 0..300)) {
            let (mut slab, mut model) = (Slab::new(), BTreeMap::new());
            for (step, (inserts, number)) in steps.into_iter().enumerate() {
                if inserts {
                    let index = slab.insert(step);
                    prop_assert_eq!(model.insert(index, step), None, "index {} was in use", index);
                } else {
                    prop_assert_eq!(slab.remove(number), model.remove(&number));
                }
                if let (Some(record), Some(expected)) = (slab.get_mut(number), model.get_mut(&number)) {
                    *record += 1000;
                    *expected += 1000;
                }
                prop_assert_eq!(slab.get(number), model.get(&number));
                prop_assert_eq!(slab.len(), model.len());
                prop_assert_eq!(slab.is_empty(), model.is_empty());
            }
            prop_assert!(slab.iter().eq(model.iter().map(|(&index, record)| (index, record))));
        }
    }
}
