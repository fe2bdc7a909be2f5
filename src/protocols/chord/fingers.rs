//! The finger table: finger i is the first node at or after identifier + 2^i.
//!
//! Of the 64 fingers only about log2 N differ, so runs of equal fingers are stored once: bit i of `starts` is set where
//! a run begins, and the list holds one contact a run. Fingers before the first run are not stored: they are the
//! immediate successor, which the node knows better from its successor list.

use crate::engine::pool::{List, ListPool};
use crate::node::Contact;

/// One finger table. The contacts live in a pool shared by all nodes.
#[derive(Clone, Copy, Debug)]
pub struct Fingers {
    starts: u64,
    contacts: List,
}

impl Default for Fingers {
    fn default() -> Self {
        Fingers { starts: 0, contacts: List::EMPTY }
    }
}

/// Bits 0 to `index`.
const fn up_to(index: u32) -> u64 {
    u64::MAX >> (63 - index)
}

impl Fingers {
    /// The stored contacts, nearest run first. Some may be [`Contact::NONE`].
    #[inline]
    pub fn contacts<'a>(&self, pool: &'a ListPool<Contact>) -> &'a [Contact] {
        pool.get(self.contacts)
    }

    /// The stored contacts that can be at most `distance` away: finger i is at least 2^i away.
    #[inline]
    pub fn up_to_distance<'a>(&self, pool: &'a ListPool<Contact>, distance: u64) -> &'a [Contact] {
        let runs = (self.starts & up_to(63 - (distance | 1).leading_zeros())).count_ones() as usize;
        &pool.get(self.contacts)[..runs]
    }

    /// The run that finger `index` belongs to, if it is stored.
    fn run(&self, index: u32) -> Option<usize> {
        ((self.starts & up_to(index)).count_ones() as usize).checked_sub(1)
    }

    /// Finger `index`; [`Contact::NONE`] if it is not known or not stored.
    pub fn get(&self, pool: &ListPool<Contact>, index: u32) -> Contact {
        self.run(index).map_or(Contact::NONE, |run| pool.get(self.contacts)[run])
    }

    /// Makes a run begin at `index`, so that fingers from there on can be changed apart from those before.
    fn split(&mut self, pool: &mut ListPool<Contact>, index: u32) {
        if self.starts & (1 << index) == 0 {
            let contact = self.get(pool, index);
            let place = (self.starts & up_to(index)).count_ones() as usize;
            pool.insert(&mut self.contacts, place, contact);
            self.starts |= 1 << index;
        }
    }

    /// Lets the run that begins at `index` be part of the run before, if they are equal or if both are unknown.
    fn join(&mut self, pool: &mut ListPool<Contact>, index: u32) {
        let before = if index == 0 { Contact::NONE } else { self.get(pool, index - 1) };
        if self.starts & (1 << index) != 0 && self.get(pool, index) == before {
            let place = (self.starts & up_to(index)).count_ones() as usize - 1;
            pool.remove(&mut self.contacts, place);
            self.starts &= !(1 << index);
        }
    }

    /// Sets the fingers `first..=last` to `contact`.
    pub fn set(&mut self, pool: &mut ListPool<Contact>, first: u32, last: u32, contact: Contact) {
        // Most refreshes find what is there already: one run that holds all of them.
        if self.starts & (up_to(last) ^ up_to(first)) == 0 && self.get(pool, first) == contact {
            return;
        }
        if last < 63 {
            self.split(pool, last + 1);
        }
        self.split(pool, first);
        // All runs that begin inside are swallowed by the first.
        for inside in (first + 1)..=last {
            if self.starts & (1 << inside) != 0 {
                let place = (self.starts & up_to(inside)).count_ones() as usize - 1;
                pool.remove(&mut self.contacts, place);
                self.starts &= !(1 << inside);
            }
        }
        let run = (self.starts & up_to(first)).count_ones() as usize - 1;
        pool.get_mut(self.contacts)[run] = contact;
        if last < 63 {
            self.join(pool, last + 1);
        }
        self.join(pool, first);
    }

    /// Removes a dead node: its fingers become the next higher known finger, the nearest node known at or after them.
    /// Returns whether it was there.
    pub fn forget(&mut self, pool: &mut ListPool<Contact>, dead: Contact) -> bool {
        let mut found = false;
        while let Some(run) = pool.get(self.contacts).iter().position(|contact| *contact == dead) {
            found = true;
            let heir = pool.get(self.contacts).get(run + 1).copied().unwrap_or(Contact::NONE);
            pool.get_mut(self.contacts)[run] = heir;
            let start = self.start_of(run);
            let next = self.starts & !up_to(start);
            if next != 0 {
                self.join(pool, next.trailing_zeros());
            }
            self.join(pool, start);
        }
        found
    }

    /// Index of the first finger of a run.
    fn start_of(&self, run: usize) -> u32 {
        let mut starts = self.starts;
        for _ in 0..run {
            starts &= starts - 1;
        }
        starts.trailing_zeros()
    }

    /// Empties the table.
    pub fn clear(&mut self, pool: &mut ListPool<Contact>) {
        pool.release(self.contacts);
        *self = Fingers::default();
    }

    /// Fills an empty table: `finger(i)` is finger i for `i >= first`, and all fingers up to the returned last index
    /// are the same.
    pub fn fill(&mut self, pool: &mut ListPool<Contact>, first: u32, mut finger: impl FnMut(u32) -> (Contact, u32)) {
        let mut index = first;
        while index < 64 {
            let (contact, last) = finger(index);
            pool.push(&mut self.contacts, contact);
            self.starts |= 1 << index;
            index = last + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Operation {
        Set(u32, u32, u32),
        Forget(u32),
    }

    fn operation() -> impl Strategy<Value = Operation> {
        prop_oneof![
            3 => (0u32..64, 0u32..64, 0u32..6).prop_map(|(a, b, who)| Operation::Set(a.min(b), a.max(b), who)),
            1 => (0u32..5).prop_map(Operation::Forget),
        ]
    }

    fn contact(who: u32) -> Contact {
        if who == 5 { Contact::NONE } else { Contact::new(u64::from(who) * 10, who) }
    }

    /// What `forget` means, finger by finger.
    fn forget_in_model(model: &mut [Contact; 64], dead: Contact) {
        for index in (0..64).rev() {
            if model[index] == dead {
                model[index] = if index == 63 { Contact::NONE } else { model[index + 1] };
            }
        }
    }

    proptest! {
        #[test]
        fn it_is_an_array_of_64_contacts(operations in proptest::collection::vec(operation(), 1..40)) {
            let mut pool = ListPool::new();
            let (mut fingers, mut model) = (Fingers::default(), [Contact::NONE; 64]);
            for operation in operations {
                match operation {
                    Operation::Set(first, last, who) => {
                        fingers.set(&mut pool, first, last, contact(who));
                        model[first as usize..=last as usize].fill(contact(who));
                    }
                    Operation::Forget(who) => {
                        let known = model.contains(&contact(who));
                        prop_assert_eq!(fingers.forget(&mut pool, contact(who)), known);
                        forget_in_model(&mut model, contact(who));
                    }
                }
                for index in 0..64 {
                    prop_assert_eq!(fingers.get(&pool, index), model[index as usize], "finger {}", index);
                }
                let mut runs: Vec<Contact> = model.to_vec();
                runs.dedup();
                if runs[0].is_none() {
                    runs.remove(0);
                }
                prop_assert_eq!(fingers.contacts(&pool), runs.as_slice(), "every run is stored once");
            }
        }
    }
}
