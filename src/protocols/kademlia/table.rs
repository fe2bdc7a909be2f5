//! The routing table of a node: a tree of buckets, split where the node itself lies (Kademlia 2.4, 4.2).
//!
//! An empty table is one bucket for the whole space. A full bucket is split only if the node's own identifier lies in
//! its range. Here a level is split off at once: with b bits a level (4.2) the range of the last bucket falls into 2^b
//! parts, by the next b bits. The part with the node itself is the new last bucket. So the buckets of a table are, in
//! order: 2^b - 1 for each level, by how their first differing digit differs from the node's own, then the last one.

use super::Kademlia;
use super::bucket::{Bucket, Entry, Heard, Stamp};
use super::config::{MOST_CACHED, MOST_CONTACTS};
use super::storage::At;
use crate::engine::time::Time;
use crate::node::{Contact, Slot};
use crate::overlay::digits::distance;
use crate::overlay::register::Number;
use std::ops::ControlFlow;

/// State of a node but for its buckets.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Node {
    pub id: u64,
    /// Where its buckets start.
    pub first: At,
    /// Levels that have been split off.
    pub levels: u8,
    /// Whether it has completed its join.
    pub member: bool,
    /// Whether it only asks: nobody can reach it.
    pub client_mode: bool,
    /// Whether a node lives here.
    pub lives: bool,
}

impl Kademlia {
    #[inline]
    pub(super) fn node(&self, node: Slot) -> &Node {
        &self.nodes[node]
    }

    #[inline]
    pub(super) fn node_mut(&mut self, node: Slot) -> &mut Node {
        &mut self.nodes[node]
    }

    /// The node itself, as others know it.
    pub(super) fn own(&self, node: Slot) -> Contact {
        Contact::new(self.node(node).id, node)
    }

    /// A node without a table at its slot. Returns its number.
    pub(super) fn admit(&mut self, contact: Contact, client_mode: bool) -> Number {
        let node = contact.slot();
        self.nodes.make_room(node, Node::default);
        let number = self.register.enter(contact);
        self.nodes[node] = Node { id: contact.id(), client_mode, lives: true, ..Node::default() };
        number
    }

    /// Gives a node without a table an empty one of so many levels.
    pub(super) fn lay_out(&mut self, node: Slot, levels: u32, now: Time) {
        let first = self.tables.make(self.digits.last(levels) + 1, Stamp::of(now));
        let state = self.node_mut(node);
        (state.first, state.levels) = (first, levels as u8);
    }

    /// A node with an empty table at its slot.
    pub(super) fn move_in(&mut self, contact: Contact, client_mode: bool, now: Time) {
        self.admit(contact, client_mode);
        self.lay_out(contact.slot(), 0, now);
    }

    /// Frees the table of a node.
    pub(super) fn move_out(&mut self, node: Slot) {
        let count = self.bucket_count(node);
        let state = std::mem::take(&mut self.nodes[node]);
        if state.lives {
            self.register.depart(Contact::new(state.id, node));
        }
        for at in state.first.run(count) {
            let cache = self.tables.bucket(at).cache;
            let kept = self.tables.entries(at).iter().map(|entry| entry.number());
            for number in kept.chain(self.caches.get(cache).iter().copied()) {
                self.register.let_go(number);
            }
            self.caches.release(cache);
        }
        self.tables.release(state.first, count);
    }

    /// Number of buckets of a node.
    #[inline]
    pub(super) fn bucket_count(&self, node: Slot) -> usize {
        self.digits.last(u32::from(self.node(node).levels)) + 1
    }

    /// The buckets of a node.
    #[inline]
    pub(super) fn buckets(&self, node: Slot) -> &[Bucket] {
        self.tables.buckets(self.node(node).first, self.bucket_count(node))
    }

    /// The contacts of each bucket of a node.
    #[inline]
    pub(super) fn rows(&self, node: Slot) -> impl Iterator<Item = &[Entry]> + Clone {
        self.node(node).first.run(self.bucket_count(node)).map(|at| self.tables.entries(at))
    }

    /// Where a bucket of a node is.
    #[inline]
    pub(super) fn at(&self, node: Slot, index: usize) -> At {
        self.node(node).first.plus(index)
    }

    /// Where the bucket is in which `id` has its place.
    #[inline]
    pub(super) fn bucket_of(&self, node: Slot, id: u64) -> At {
        self.at(node, self.bucket_index(node, id))
    }

    /// Index of the bucket in which `id` has its place.
    #[inline]
    pub(super) fn bucket_index(&self, node: Slot, id: u64) -> usize {
        let state = self.node(node);
        self.digits.index(distance(state.id, id), u32::from(state.levels))
    }

    /// Whether `node` knows anybody who does not count as gone.
    pub(super) fn knows_anybody(&self, node: Slot) -> bool {
        self.rows(node).any(|entries| entries.iter().any(|entry| !self.is_stale(*entry)))
    }

    /// Splits the bucket, if it is the last one and can be split.
    pub(super) fn split(&mut self, node: Slot, at: At, now: Time) -> bool {
        let state = self.nodes[node];
        let levels = u32::from(state.levels);
        let last = self.digits.last(levels);
        if at < state.first.plus(last) || levels >= self.digits.most_levels() {
            return false;
        }
        let whole = *self.tables.bucket(at);
        let (mut entries, mut cached) = ([Entry::default(); MOST_CONTACTS], [Number::default(); MOST_CACHED]);
        let (entries, cached) = (&mut entries[..usize::from(whole.len)], &mut cached[..whole.cache.len()]);
        entries.copy_from_slice(self.tables.entries(at));
        let mut heard = [Heard::default(); MOST_CONTACTS];
        for (kept, heard) in self.tables.heard(at).iter().zip(&mut heard) {
            *heard = *kept;
        }
        cached.copy_from_slice(self.caches.get(whole.cache));
        self.caches.release(whole.cache);
        *self.tables.bucket_mut(at) = Bucket { touched: whole.touched, ..Bucket::default() };
        let first = self.tables.extend(state.first, last + 1, self.digits.per_level(), whole.touched);
        let state = &mut self.nodes[node];
        (state.first, state.levels) = (first, state.levels + 1);
        for (entry, heard) in entries.iter().zip(heard) {
            let at = self.bucket_of(node, self.contact(*entry).id());
            self.tables.push(at, *entry, heard);
        }
        for number in cached {
            let at = self.bucket_of(node, self.register.contact(*number).id());
            if self.tables.is_full(at) {
                self.caches.push(&mut self.tables.bucket_mut(at).cache, *number);
            } else {
                self.tables.push(at, Entry::new(*number), self.unknown(now));
            }
        }
        true
    }

    /// Puts the `count` contacts of `node` nearest to `key` that `among` lets count into `nearest`, the nearest first.
    #[inline]
    pub(super) fn collect_nearest(&self, node: Slot, key: u64, count: usize, among: Among, nearest: &mut Nearest) {
        let state = self.node(node);
        nearest.key = key;
        nearest.places.clear();
        // The end is found in `nearest`.
        let _ = self.digits.by_distance(distance(state.id, key), u32::from(state.levels), |index| {
            let start = nearest.places.len();
            for entry in self.tables.entries(state.first.plus(index)) {
                let contact = self.contact(*entry);
                let place = Place { away: distance(contact.id(), key), slot: contact.slot() };
                if place.away >= among.from && place.away != among.without && entry.failures() <= among.most_failures {
                    nearest.places.push(place);
                }
            }
            nearest.put_in_order(start);
            match nearest.places.len() < count {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        });
        nearest.places.truncate(count);
    }

    /// Contacts that do not count as gone.
    pub(super) fn present(&self) -> Among {
        Among { most_failures: self.stale_from() - 1, ..Among::ALL }
    }
}

/// Which contacts count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Among {
    /// Least distance to the key.
    pub from: u64,
    /// A distance to leave out; the farthest that there is, if none is.
    pub without: u64,
    /// Requests in a row that they may have left unanswered.
    pub most_failures: u8,
}

impl Among {
    /// All of them, those that count as gone too.
    pub const ALL: Among = Among { from: 0, without: u64::MAX, most_failures: u8::MAX };
}

/// Where a contact is, as seen from a key.
#[derive(Clone, Copy, Debug)]
struct Place {
    away: u64,
    slot: Slot,
}

/// Contacts in the order of their distance to a key, the nearest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Nearest {
    key: u64,
    places: Vec<Place>,
    /// Room for those of one bucket.
    unordered: Vec<Place>,
}

impl Nearest {
    /// Puts those from `start` on in order, each to where as many are as are nearer. For so few, which no branch can
    /// tell in advance, that costs less than a sort; all have different identifiers.
    #[inline]
    fn put_in_order(&mut self, start: usize) {
        let places = &mut self.places[start..];
        self.unordered.clear();
        self.unordered.extend_from_slice(places);
        for place in &self.unordered {
            let nearer = self.unordered.iter().map(|other| usize::from(other.away < place.away)).sum::<usize>();
            places[nearer] = *place;
        }
    }

    /// The contacts.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = Contact> + '_ {
        self.places.iter().map(|place| Contact::new(place.away ^ self.key, place.slot))
    }
}
