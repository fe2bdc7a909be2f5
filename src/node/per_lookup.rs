//! State by lookup that no other node's handler than the initiator's can touch ([`super::awake`]).

use super::awake::{guard, is_guarding};
use super::{LookupId, Slot};
use crate::engine::memory::allocated_bytes;
use crate::engine::prefetch::prefetch;

/// A record for each lookup, under the index of the lookup. A record stays until another lookup takes its place, so
/// that what comes in after the end of a lookup may still be looked up.
#[derive(Clone, Debug)]
pub struct PerLookup<T> {
    records: Vec<Held<T>>,
    is_guarded: bool,
}

/// A record with the lookup that it belongs to, and who started that.
#[derive(Clone, Debug, Default)]
struct Held<T> {
    of: Option<(LookupId, Slot)>,
    record: T,
}

impl<T> Default for PerLookup<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> PerLookup<T> {
    /// Without lookups.
    pub const fn new() -> Self {
        PerLookup { records: Vec::new(), is_guarded: false }
    }

    /// The record of `lookup`; `None` if it never had one, or if another lookup has its place by now.
    ///
    /// # Panics
    /// If the handler of another node than the initiator runs.
    #[inline]
    #[track_caller]
    pub fn get(&self, lookup: LookupId) -> Option<&T> {
        let held = self.records.get(lookup.index())?;
        held.is_of(lookup, self.is_guarded).then_some(&held.record)
    }

    /// As [`Self::get`].
    ///
    /// # Panics
    /// If the handler of another node than the initiator runs.
    #[inline]
    #[track_caller]
    pub fn get_mut(&mut self, lookup: LookupId) -> Option<&mut T> {
        let held = self.records.get_mut(lookup.index())?;
        held.is_of(lookup, self.is_guarded).then_some(&mut held.record)
    }

    /// Asks for the memory of a record, whichever lookup it belongs to, which says nothing of it.
    #[inline(always)]
    pub fn prefetch(&self, lookup: LookupId) {
        if let Some(held) = self.records.get(lookup.index()) {
            prefetch(std::slice::from_ref(held));
        }
    }

    /// All records, those of lookups that have ended among them. For onlookers.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.records.iter().map(|held| &held.record)
    }

    /// Memory that is held, used or free \[B\].
    pub fn memory_bytes(&self) -> u64 {
        allocated_bytes(&self.records)
    }
}

impl<T> Held<T> {
    /// Whether this lookup has it. Only its initiator may ask.
    #[inline]
    #[track_caller]
    fn is_of(&self, lookup: LookupId, is_guarded: bool) -> bool {
        match self.of {
            Some((held, initiator)) if held == lookup => {
                guard(is_guarded, initiator);
                true
            }
            _ => false,
        }
    }

    #[inline(always)]
    #[track_caller]
    fn check(&self, lookup: LookupId, is_guarded: bool) {
        if cfg!(debug_assertions) || is_guarded {
            assert!(self.is_of(lookup, is_guarded), "another lookup has the place of the one whose record is used");
        }
    }
}

impl<T: Default> PerLookup<T> {
    /// Gives `lookup`, which `initiator` has started, a record. It is as the last lookup at this place left it, or the
    /// default: what it holds in a pool can be released, and its memory used again.
    ///
    /// # Panics
    /// If the handler of another node than the initiator runs.
    #[inline]
    #[track_caller]
    pub fn open(&mut self, lookup: LookupId, initiator: Slot) -> &mut T {
        self.is_guarded = is_guarding();
        guard(self.is_guarded, initiator);
        let index = lookup.index();
        if index >= self.records.len() {
            self.records.resize_with(index + 1, Held::default);
        }
        let held = &mut self.records[index];
        held.of = Some((lookup, initiator));
        &mut held.record
    }
}

/// The record of a lookup.
///
/// # Panics If it never had one, or if the handler of another node than the initiator runs. In debug builds and guarded
/// runs also if another lookup has its place by now; others get the record of that.
impl<T> std::ops::Index<LookupId> for PerLookup<T> {
    type Output = T;

    #[inline]
    #[track_caller]
    fn index(&self, lookup: LookupId) -> &T {
        let held = &self.records[lookup.index()];
        held.check(lookup, self.is_guarded);
        &held.record
    }
}

impl<T> std::ops::IndexMut<LookupId> for PerLookup<T> {
    #[inline]
    #[track_caller]
    fn index_mut(&mut self, lookup: LookupId) -> &mut T {
        let held = &mut self.records[lookup.index()];
        held.check(lookup, self.is_guarded);
        &mut held.record
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Time;
    use crate::node::Purpose;
    use crate::node::awake::Awake;
    use crate::node::directory::Directory;
    use crate::node::lookup::Lookups;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn only_the_initiator_touches_what_it_keeps_of_a_lookup() {
        let mut directory = Directory::default();
        directory.arrive(0, 1, 0, Time::ZERO);
        directory.arrive(1, 2, 1, Time::ZERO);
        let mut lookups = Lookups::<()>::default();
        let mut start = |slot| lookups.start(slot, directory.incarnation(slot), 7, Purpose::Workload, Time::ZERO);
        let (first, second) = (start(0), start(1));
        let mut records = PerLookup::<u32>::new();
        let awake = Awake::only(1);
        assert!(catch_unwind(AssertUnwindSafe(|| *records.open(first, 0))).is_err());
        assert_eq!(records.get(second), None);
        *records.open(second, 1) += 5;
        assert_eq!(records[second], 5);
        drop(awake);
        *records.open(first, 0) += 3;
        let _awake = Awake::only(1);
        assert!(catch_unwind(AssertUnwindSafe(|| records.get(first).copied())).is_err());
        assert!(catch_unwind(AssertUnwindSafe(|| records[first])).is_err());
        assert!(catch_unwind(AssertUnwindSafe(|| records[first] = 1)).is_err());
        assert_eq!(records[second], 5);
        let _look = Awake::nobody();
        assert_eq!(records.iter().sum::<u32>(), 8);
    }

    #[test]
    fn a_lookup_whose_place_another_has_taken_has_no_record() {
        let mut directory = Directory::default();
        directory.arrive(0, 1, 0, Time::ZERO);
        let mut lookups = Lookups::<()>::default();
        let mut records = PerLookup::<u32>::new();
        let first = lookups.start(0, directory.incarnation(0), 7, Purpose::Workload, Time::ZERO);
        *records.open(first, 0) = 4;
        lookups.end(first);
        assert_eq!(records.get(first), Some(&4));
        let second = lookups.start(0, directory.incarnation(0), 7, Purpose::Workload, Time::ZERO);
        assert_eq!((second.index(), records.get(second)), (first.index(), None));
        assert_eq!(*records.open(second, 0), 4, "as the last one left it");
        assert_eq!(records.get(first), None);
        assert!(catch_unwind(AssertUnwindSafe(|| records[first])).is_err());
    }
}
