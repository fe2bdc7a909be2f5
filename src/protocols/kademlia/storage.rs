//! Where routing tables lie: the buckets of a table one after the other, each with places for k contacts.
//!
//! Places are reserved, also those that are free: nearly all buckets of a table are full, and the place of a bucket's
//! contacts follows from its index alone, without a look at the bucket. With more than one bit a level a table has
//! buckets near its own identifier that have next to nobody in their range; they take their room all the same.
//!
//! When each contact was last heard is kept beside them, where that decides anything.

use super::bucket::{Bucket, Entry, Heard, Stamp};
use crate::engine::memory::allocated_bytes;
use crate::engine::prefetch::prefetch;

/// Index of a bucket among all of all tables. None can be made but from the start of a table, and where that is stands
/// in the state of its node: so no node comes to the bucket of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At(u32);

impl At {
    /// The bucket so many after this one, in the same table.
    #[inline]
    pub fn plus(self, index: usize) -> At {
        At(self.0 + index as u32)
    }

    /// So many buckets of a table, this one first.
    #[inline]
    pub fn run(self, count: usize) -> impl Iterator<Item = At> + Clone {
        (self.0..).take(count).map(At)
    }

    #[inline]
    const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The buckets of all tables, and their contacts.
#[derive(Debug)]
pub(super) struct Storage {
    /// Places of a bucket.
    k: usize,
    buckets: Vec<Bucket>,
    /// `k` places for each bucket.
    entries: Vec<Entry>,
    /// As many, or none if nobody wants to know.
    heard: Vec<Heard>,
    keeps_heard: bool,
    /// By number of buckets, where tables start that have been released; the one released last is taken first.
    free: Vec<Vec<At>>,
    /// Tables in use.
    live: usize,
}

impl Storage {
    /// With room for `k` contacts a bucket. `keeps_heard`: whether it is wanted when they were last heard.
    pub const fn new(k: u32, keeps_heard: bool) -> Self {
        Storage {
            k: k as usize,
            buckets: Vec::new(),
            entries: Vec::new(),
            heard: Vec::new(),
            keeps_heard,
            free: Vec::new(),
            live: 0,
        }
    }

    /// A table of so many empty buckets. Returns the index of its first.
    pub fn make(&mut self, count: usize, touched: Stamp) -> At {
        let empty = Bucket { touched, ..Bucket::default() };
        self.live += 1;
        if let Some(first) = self.free.get_mut(count).and_then(Vec::pop) {
            self.buckets[first.index()..][..count].fill(empty);
            return first;
        }
        let first = self.buckets.len();
        self.buckets.resize(first + count, empty);
        self.entries.resize((first + count) * self.k, Entry::default());
        if self.keeps_heard {
            self.heard.resize((first + count) * self.k, Heard::default());
        }
        At(u32::try_from(first).expect("there are fewer than 2^32 buckets"))
    }

    /// Frees the room of a table of so many buckets.
    pub fn release(&mut self, first: At, count: usize) {
        if self.free.len() <= count {
            self.free.resize(count + 1, Vec::new());
        }
        self.free[count].push(first);
        self.live -= 1;
    }

    /// Moves a table to where it has room for `more` buckets after its `count`, which are empty.
    pub fn extend(&mut self, first: At, count: usize, more: usize, touched: Stamp) -> At {
        let wider = self.make(count + more, touched);
        let (from, to) = (first.index(), wider.index());
        self.buckets.copy_within(from..from + count, to);
        self.entries.copy_within(from * self.k..(from + count) * self.k, to * self.k);
        if self.keeps_heard {
            self.heard.copy_within(from * self.k..(from + count) * self.k, to * self.k);
        }
        self.release(first, count);
        wider
    }

    /// `count` buckets from `first` on.
    #[inline]
    pub fn buckets(&self, first: At, count: usize) -> &[Bucket] {
        &self.buckets[first.index()..first.index() + count]
    }

    #[inline]
    pub fn bucket(&self, at: At) -> &Bucket {
        &self.buckets[at.index()]
    }

    #[inline]
    pub fn bucket_mut(&mut self, at: At) -> &mut Bucket {
        &mut self.buckets[at.index()]
    }

    /// Contacts of a bucket.
    #[inline]
    pub fn entries(&self, at: At) -> &[Entry] {
        let start = at.index() * self.k;
        &self.entries[start..start + usize::from(self.bucket(at).len)]
    }

    /// Asks for the memory of a bucket and of its contacts.
    #[inline(always)]
    pub fn prefetch(&self, at: At) {
        prefetch(&self.buckets[at.index()..][..1]);
        prefetch(&self.entries[at.index() * self.k..][..self.k]);
        if self.keeps_heard {
            prefetch(&self.heard[at.index() * self.k..][..self.k]);
        }
    }

    #[inline]
    pub fn entries_mut(&mut self, at: At) -> &mut [Entry] {
        let start = at.index() * self.k;
        &mut self.entries[start..start + usize::from(self.buckets[at.index()].len)]
    }

    /// Whether all places of a bucket are taken.
    #[inline]
    pub fn is_full(&self, at: At) -> bool {
        usize::from(self.bucket(at).len) == self.k
    }

    /// When the contacts of a bucket were last heard, if that is wanted; else nothing.
    #[inline]
    pub fn heard(&self, at: At) -> &[Heard] {
        match self.keeps_heard {
            true => &self.heard[at.index() * self.k..][..usize::from(self.bucket(at).len)],
            false => &[],
        }
    }

    /// The same, if it is wanted.
    #[inline]
    fn heard_mut(&mut self, at: At) -> &mut [Heard] {
        &mut self.heard[at.index() * self.k..][..usize::from(self.buckets[at.index()].len)]
    }

    /// Appends a contact to a bucket.
    ///
    /// # Panics
    /// If it is full.
    pub fn push(&mut self, at: At, entry: Entry, heard: Heard) {
        let len = usize::from(self.buckets[at.index()].len);
        assert!(len < self.k, "the bucket is full");
        self.entries[at.index() * self.k + len] = entry;
        if self.keeps_heard {
            self.heard[at.index() * self.k + len] = heard;
        }
        self.buckets[at.index()].len += 1;
    }

    /// The contact at a place of a bucket goes, and `entry` comes as the one seen last.
    #[inline]
    pub fn put_last(&mut self, at: At, place: usize, entry: Entry, heard: Heard) {
        let entries = &mut self.entries_mut(at)[place..];
        entries.copy_within(1.., 0);
        if let Some(last) = entries.last_mut() {
            *last = entry;
        }
        if self.keeps_heard {
            let times = &mut self.heard_mut(at)[place..];
            times.rotate_left(1);
            times[times.len() - 1] = heard;
        }
    }

    /// The contact at a place of a bucket goes, and `entry` comes as the one seen longest ago.
    pub fn put_first(&mut self, at: At, place: usize, entry: Entry, heard: Heard) {
        let entries = &mut self.entries_mut(at)[..=place];
        entries.copy_within(..place, 1);
        entries[0] = entry;
        if self.keeps_heard {
            let times = &mut self.heard_mut(at)[..=place];
            times.rotate_right(1);
            times[0] = heard;
        }
    }

    /// Takes a contact out of a bucket; those after it move up.
    pub fn remove(&mut self, at: At, place: usize) {
        self.entries_mut(at).copy_within(place + 1.., place);
        if self.keeps_heard {
            self.heard_mut(at).copy_within(place + 1.., place);
        }
        self.buckets[at.index()].len -= 1;
    }

    /// Tables in use.
    pub fn live(&self) -> usize {
        self.live
    }

    /// Memory of the buckets, and of their contacts \[bytes\].
    pub fn memory_bytes(&self) -> (u64, u64) {
        (
            allocated_bytes(&self.buckets) + self.free.iter().map(allocated_bytes).sum::<u64>(),
            allocated_bytes(&self.entries) + allocated_bytes(&self.heard),
        )
    }
}
