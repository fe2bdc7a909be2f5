//! The lookups that are under way, whatever the protocol.

use super::contact::Slot;
use super::directory::Incarnation;
use crate::engine::memory::allocated_bytes;
use crate::engine::time::Time;

/// A lookup under way, or one that has ended: identifiers are not reused within four billion lookups of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookupId {
    index: u32,
    /// Generation of the record, and in the lowest bit whether the workload asked for this lookup.
    stamp: u32,
}

impl LookupId {
    /// Where the lookup's record is; a protocol may keep its own records under the same index. Indices are dense and
    /// are reused after a lookup has ended, so such a record must remember the identifier it belongs to.
    pub fn index(self) -> usize {
        self.index as usize
    }

    /// Whether the workload asked for it; the others are the protocol's own.
    pub fn is_workload(self) -> bool {
        self.stamp & 1 == 1
    }
}

/// Why a lookup is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose<T> {
    /// The workload asked for it. Its outcome is judged.
    Workload,
    /// The protocol needs it for itself, for this task.
    Task(T),
}

/// What is known of a lookup under way.
#[derive(Clone, Copy, Debug)]
pub struct Lookup<T> {
    /// Running number over all lookups of the run.
    pub number: u64,
    /// Who started it.
    pub initiator: Slot,
    /// The incarnation in which the initiator started it.
    pub incarnation: Incarnation,
    /// What is looked for.
    pub key: u64,
    /// Why.
    pub purpose: Purpose<T>,
    /// When it started.
    pub started: Time,
    /// Requests sent so far.
    pub rpcs: u32,
    /// Requests that went unanswered so far.
    pub timeouts: u32,
    /// Those of them to a node that lived, and whose answer was only late.
    pub false_timeouts: u32,
}

#[derive(Clone, Copy, Debug)]
struct Record<T> {
    lookup: Lookup<T>,
    stamp: u32,
    /// Neighbours in the chain of the initiator's lookups; `NOBODY` at its ends.
    previous: u32,
    next: u32,
}

const NOBODY: u32 = u32::MAX;

/// All lookups under way, with a chain of them for every node, so that a departure ends its lookups at once.
#[derive(Clone, Debug)]
pub struct Lookups<T> {
    records: Vec<Record<T>>,
    free: Vec<u32>,
    /// For every slot the first of its lookups.
    chains: Vec<u32>,
    started: u64,
}

impl<T: Copy> Default for Lookups<T> {
    fn default() -> Self {
        Lookups { records: Vec::new(), free: Vec::new(), chains: Vec::new(), started: 0 }
    }
}

impl<T: Copy> Lookups<T> {
    /// Starts a lookup.
    pub fn start(
        &mut self,
        initiator: Slot,
        incarnation: Incarnation,
        key: u64,
        purpose: Purpose<T>,
        now: Time,
    ) -> LookupId {
        let number = self.started;
        let (rpcs, timeouts, false_timeouts) = (0, 0, 0);
        let lookup =
            Lookup { number, initiator, incarnation, key, purpose, started: now, rpcs, timeouts, false_timeouts };
        self.started += 1;
        if initiator as usize >= self.chains.len() {
            self.chains.resize(initiator as usize + 1, NOBODY);
        }
        let next = self.chains[initiator as usize];
        let workload = u32::from(matches!(purpose, Purpose::Workload));
        let record = Record { lookup, stamp: workload, previous: NOBODY, next };
        let index = match self.free.pop() {
            Some(index) => {
                // The stamp was moved on when the record was freed.
                let stamp = self.records[index as usize].stamp | workload;
                self.records[index as usize] = Record { stamp, ..record };
                index
            }
            None => {
                self.records.push(record);
                self.records.len() as u32 - 1
            }
        };
        if next != NOBODY {
            self.records[next as usize].previous = index;
        }
        self.chains[initiator as usize] = index;
        LookupId { index, stamp: self.records[index as usize].stamp }
    }

    /// The lookup, unless it has ended.
    #[inline]
    pub fn get(&self, id: LookupId) -> Option<&Lookup<T>> {
        let record = &self.records[id.index as usize];
        (record.stamp == id.stamp).then_some(&record.lookup)
    }

    /// The lookup, unless it has ended.
    #[inline]
    pub fn get_mut(&mut self, id: LookupId) -> Option<&mut Lookup<T>> {
        let record = &mut self.records[id.index as usize];
        (record.stamp == id.stamp).then_some(&mut record.lookup)
    }

    /// Ends a lookup and gives back what was known of it; `None` if it had ended already.
    pub fn end(&mut self, id: LookupId) -> Option<Lookup<T>> {
        let record = self.records[id.index as usize];
        if record.stamp != id.stamp {
            return None;
        }
        match record.previous {
            NOBODY => self.chains[record.lookup.initiator as usize] = record.next,
            previous => self.records[previous as usize].next = record.next,
        }
        if record.next != NOBODY {
            self.records[record.next as usize].previous = record.previous;
        }
        self.records[id.index as usize].stamp = (record.stamp & !1).wrapping_add(2);
        self.free.push(id.index);
        Some(record.lookup)
    }

    /// One of the lookups that `initiator` has under way.
    pub fn any_of(&self, initiator: Slot) -> Option<LookupId> {
        let index = *self.chains.get(initiator as usize)?;
        (index != NOBODY).then(|| LookupId { index, stamp: self.records[index as usize].stamp })
    }

    /// How many have been started so far: the number of the next one.
    pub fn started(&self) -> u64 {
        self.started
    }

    /// The lookup with this number, if it is under way. Looks at all of them.
    pub fn find(&self, number: u64) -> Option<LookupId> {
        // Records of lookups that ended keep their number until they are used again.
        let is_it = |(index, record): &(usize, &Record<T>)| {
            record.lookup.number == number && !self.free.contains(&(*index as u32))
        };
        let (index, record) = self.records.iter().enumerate().find(is_it)?;
        Some(LookupId { index: index as u32, stamp: record.stamp })
    }

    /// How many are under way, whoever asked for them.
    pub fn in_flight(&self) -> u64 {
        (self.records.len() - self.free.len()) as u64
    }

    /// Memory of the records and chains \[B\].
    pub fn memory_bytes(&self) -> u64 {
        allocated_bytes(&self.records) + allocated_bytes(&self.free) + allocated_bytes(&self.chains)
    }

    /// How many the workload has started and not seen the end of.
    pub fn workload_in_flight(&self) -> u64 {
        // A freed record's stamp is even: only lookups of the workload under way have the bit.
        self.records.iter().filter(|record| record.stamp & 1 == 1).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::directory::Directory;

    #[test]
    fn a_departure_finds_exactly_the_lookups_of_its_node() {
        let mut directory = Directory::default();
        directory.arrive(0, 1, 0, Time::ZERO);
        directory.arrive(1, 2, 1, Time::ZERO);
        let mut lookups = Lookups::<()>::default();
        let start = |lookups: &mut Lookups<()>, slot, key| {
            lookups.start(slot, directory.incarnation(slot), key, Purpose::Workload, Time::ZERO)
        };
        let ids: Vec<_> = (0..6).map(|i| start(&mut lookups, i % 2, u64::from(i))).collect();
        assert_eq!(lookups.end(ids[2]).expect("under way").key, 2);
        assert!(lookups.end(ids[2]).is_none() && lookups.get(ids[2]).is_none());
        assert_eq!((lookups.find(2), lookups.find(3), lookups.started()), (None, Some(ids[3]), 6));
        let mut of_zero = Vec::new();
        while let Some(id) = lookups.any_of(0) {
            of_zero.push(lookups.end(id).expect("under way").key);
        }
        assert_eq!(of_zero, [4, 0]);
        assert_eq!(lookups.workload_in_flight(), 3);
        let again = start(&mut lookups, 0, 9);
        assert!(lookups.get(again).is_some() && again != ids[0] && again != ids[2] && again != ids[4]);
    }
}
