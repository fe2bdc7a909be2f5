//! k-buckets: the contacts that a node knows in one part of the identifier space, and how they come and go.

use super::Kademlia;
use crate::engine::pool::List;
use crate::engine::time::{Duration, Time};
use crate::protocol::{Contact, Slot};

/// A contact in a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, packed)]
pub(super) struct Entry {
    pub contact: Contact,
    /// Requests in a row that it left unanswered.
    pub failures: u8,
}

/// A bucket, its contacts in the order in which they were last seen, the one longest ago first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bucket {
    pub entries: List,
    /// Contacts that found the bucket full, the one seen last at the end.
    pub cache: List,
    /// When a key in its range was last looked up.
    pub touched: Stamp,
    /// Whether a ping of its first contact is under way.
    pub is_pinging: bool,
}

/// A coarse instant: in 32 bits, to within 17 ms, around once in 2.3 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamp(u32);

impl Stamp {
    const SHIFT: u32 = 24;

    pub fn of(time: Time) -> Self {
        Stamp((time.as_nanos() >> Self::SHIFT) as u32)
    }

    /// The instant so long before; rounded.
    pub fn before(self, span: Duration) -> Self {
        Stamp(self.0.wrapping_sub((span.as_nanos() >> Self::SHIFT) as u32))
    }

    /// Time since this instant.
    pub fn age(self, now: Time) -> Duration {
        Duration::from_nanos(u64::from(Self::of(now).0.wrapping_sub(self.0)) << Self::SHIFT)
    }
}

impl Kademlia {
    /// Contacts of a bucket.
    #[inline]
    pub(super) fn entries(&self, bucket: Bucket) -> &[Entry] {
        self.entries.get(bucket.entries)
    }

    /// Whether a contact has left so many requests unanswered that it counts as gone.
    #[inline]
    pub(super) fn is_stale(&self, entry: Entry) -> bool {
        u32::from(entry.failures) >= self.config.stale_after
    }

    /// A message of `contact` has shown that it is alive: it becomes the contact seen last, or is put into the bucket
    /// if there is room. Returns who is to be pinged before it can take a place.
    pub(super) fn see(&mut self, node: Slot, contact: Contact) -> Option<Contact> {
        if contact.id() == self.node(node).id {
            return None;
        }
        loop {
            let index = self.bucket_index(node, contact.id());
            let bucket = self.bucket(node, index);
            let known = self.entries(bucket).iter().position(|entry| { entry.contact }.id() == contact.id());
            if let Some(place) = known {
                let entries = &mut self.entries.get_mut(bucket.entries)[place..];
                entries[0] = Entry { contact, failures: 0 };
                entries.rotate_left(1);
                return None;
            }
            if bucket.entries.len() < self.config.k as usize {
                let bucket = &mut self.buckets.get_mut(self.nodes[node as usize].buckets)[index];
                // Who has room has nobody in reserve.
                self.entries.push(&mut bucket.entries, Entry { contact, failures: 0 });
                return None;
            }
            if !self.split(node, index) {
                return self.knock(node, index, contact);
            }
        }
    }

    /// `contact` finds its bucket full.
    fn knock(&mut self, node: Slot, index: usize, contact: Contact) -> Option<Contact> {
        let bucket = self.bucket(node, index);
        if let Some(place) = self.entries(bucket).iter().position(|entry| self.is_stale(*entry)) {
            let entries = &mut self.entries.get_mut(bucket.entries)[place..];
            entries[0] = Entry { contact, failures: 0 };
            entries.rotate_left(1);
            return None;
        }
        self.put_into_cache(node, index, contact);
        let bucket = &mut self.buckets.get_mut(self.nodes[node as usize].buckets)[index];
        if !self.config.ping_oldest || bucket.is_pinging {
            return None;
        }
        bucket.is_pinging = true;
        self.entries.get(bucket.entries).first().map(|entry| entry.contact)
    }

    fn put_into_cache(&mut self, node: Slot, index: usize, contact: Contact) {
        let room = self.config.replacement_cache as usize;
        if room == 0 {
            return;
        }
        let bucket = &mut self.buckets.get_mut(self.nodes[node as usize].buckets)[index];
        Self::uncache(&mut self.contacts, bucket, contact);
        if bucket.cache.len() >= room {
            self.contacts.remove(&mut bucket.cache, 0);
        }
        self.contacts.push(&mut bucket.cache, contact);
    }

    /// Takes `contact` out of the replacement cache.
    fn uncache(contacts: &mut crate::engine::pool::ListPool<Contact>, bucket: &mut Bucket, contact: Contact) {
        let known = contacts.get(bucket.cache).iter().position(|cached| cached.id() == contact.id());
        if let Some(place) = known {
            contacts.remove(&mut bucket.cache, place);
        }
    }

    /// `contact` did not answer. After too many times it makes room for a replacement, or goes.
    pub(super) fn miss(&mut self, node: Slot, contact: Contact) {
        let index = self.bucket_index(node, contact.id());
        let bucket = &mut self.buckets.get_mut(self.nodes[node as usize].buckets)[index];
        let cached = self.contacts.get(bucket.cache).iter().position(|other| *other == contact);
        if let Some(place) = cached {
            self.contacts.remove(&mut bucket.cache, place);
        }
        let entries = self.entries.get_mut(bucket.entries);
        let Some(place) = entries.iter().position(|entry| { entry.contact } == contact) else { return };
        let entry = &mut entries[place];
        entry.failures = entry.failures.saturating_add(1);
        if u32::from(entry.failures) < self.config.stale_after {
            return;
        }
        if let Some(last) = bucket.cache.len().checked_sub(1) {
            let replacement = self.contacts.remove(&mut bucket.cache, last);
            // Not seen for longer than those that are in the bucket, for all that is known.
            entries[place] = Entry { contact: replacement, failures: 0 };
            entries[..=place].rotate_right(1);
        } else if !self.config.keep_stale {
            self.entries.remove(&mut bucket.entries, place);
        }
    }

    /// The ping of the first contact of the bucket in which `contact` has its place is over.
    pub(super) fn ping_over(&mut self, node: Slot, contact: Contact) {
        let index = self.bucket_index(node, contact.id());
        self.bucket_mut(node, index).is_pinging = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_small() {
        assert_eq!((size_of::<Entry>(), size_of::<Bucket>()), (13, 24));
    }

    #[test]
    fn a_stamp_tells_how_long_ago_it_was() {
        let at = |seconds| Time::ZERO + Duration::from_secs(seconds);
        let close = |one: Duration, other: u64| (one.as_secs_f64() - other as f64).abs() < 0.05;
        assert!(close(Stamp::of(at(100)).age(at(1000)), 900));
        assert!(close(Stamp::of(at(100)).before(Duration::from_secs(500)).age(at(1000)), 1400), "before the start");
    }
}
