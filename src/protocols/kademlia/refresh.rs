//! Upkeep of the routing table: buckets in which nothing was looked up for long are refreshed (Kademlia 2.3), and
//! contacts that have not been heard of are pinged.

use super::bucket::{Heard, Stamp};
use super::message::{self, Message};
use super::{Kademlia, Task};
use crate::engine::distribution::Distribution;
use crate::engine::random;
use crate::engine::time::{Duration, Time};
use crate::node::{Contact, Context, Slot};
use crate::overlay::digits::{Digits, distance};
use rand::Rng;

/// Bits of an identifier.
const MOST_BITS: u32 = 64;

impl Kademlia {
    /// A key in the range of a bucket is looked up.
    pub(super) fn touch(&mut self, node: Slot, key: u64, now: Time) {
        let own = self.node(node).id;
        let at = match key == own {
            true => self.at(node, self.bucket_count(node) - 1),
            false => self.bucket_of(node, key),
        };
        self.tables.bucket_mut(at).touched = Stamp::of(now);
    }

    /// Refreshes all buckets that are due. A node that knows nobody any more joins again.
    pub(super) fn refresh_due(&mut self, context: &mut impl Context<Self>, node: Slot) {
        if !self.knows_anybody(node) {
            return self.begin_join(context, node);
        }
        // From the far end: a refresh may split the last bucket, but moves none before it.
        for index in 0..self.bucket_count(node) {
            let touched = self.tables.bucket(self.at(node, index)).touched;
            if touched.is_older_than(self.config.refresh_after, context.now()) {
                self.refresh(context, node, index);
            }
        }
    }

    /// Refreshes all buckets beyond that of the nearest contact.
    pub(super) fn refresh_beyond_neighbour(&mut self, context: &mut impl Context<Self>, node: Slot) {
        let own = self.node(node).id;
        self.gather(node, own, 1);
        let Some(neighbour) = self.nearest.iter().next() else { return };
        for index in 0..self.bucket_index(node, neighbour.id()) {
            self.refresh(context, node, index);
        }
    }

    /// Looks up a random key in the range of a bucket. In that of the node itself the key is its own identifier: a node
    /// must know all its neighbours, and a random key would come near them once in a great while only. The paper leaves
    /// it at the join; libtorrent and go-libp2p do it again and again. That finds the nearest; whether there is anybody
    /// between the farthest of those and the end of the range is seen by random keys there.
    fn refresh(&mut self, context: &mut impl Context<Self>, node: Slot, index: usize) {
        let state = *self.node(node);
        let levels = u32::from(state.levels);
        let (low, high) = self.digits.range(state.id, index, levels);
        if index != self.digits.last(levels) {
            return self.look_around(context, node, low, high);
        }
        let known = self.tables.entries(self.at(node, index)).iter().filter(|entry| !self.is_stale(**entry));
        let farthest = known.map(|entry| distance(self.contact(*entry).id(), state.id)).max().unwrap_or(u64::MAX);
        self.look_around(context, node, state.id, state.id);
        let first = (high ^ low).leading_zeros();
        for bit in first..farthest.leading_zeros().min(MOST_BITS) {
            let (low, high) = Digits { bits: 1 }.range(state.id, bit as usize, bit + 1);
            self.look_around(context, node, low, high);
        }
    }

    /// Looks up a random key in a range.
    fn look_around(&mut self, context: &mut impl Context<Self>, node: Slot, low: u64, high: u64) {
        let key = low | (context.random().next_u64() & (high ^ low));
        let lookup = context.start_task(node, key, Task::Refresh);
        self.begin_search(context, node, key, lookup, None);
    }

    /// Pings the contact seen longest ago in a bucket at random.
    pub(super) fn ping_one(&mut self, context: &mut impl Context<Self>, node: Slot) {
        let buckets = self.rows(node).filter(|entries| !entries.is_empty()).count();
        if buckets == 0 {
            return;
        }
        let which = random::below(context.random(), buckets as u64) as usize;
        let oldest = self.rows(node).filter_map(|entries| entries.first()).nth(which);
        if let Some(oldest) = oldest.map(|entry| self.contact(*entry)) {
            self.ping(context, node, oldest, Contact::NONE);
        }
    }

    /// Asks `oldest` whether it is alive, on behalf of a newcomer if there is one.
    pub(super) fn ping(&mut self, context: &mut impl Context<Self>, node: Slot, oldest: Contact, candidate: Contact) {
        let request = Message::Ping { candidate, client_mode: self.client_mode(node) };
        context.request(node, oldest, request, message::PING, None);
    }

    /// A message of `contact` has arrived.
    pub(super) fn heard(&mut self, context: &mut impl Context<Self>, node: Slot, contact: Contact, is_answer: bool) {
        let now = context.now();
        let questionable = self.see(node, contact, Heard::of(now, is_answer), now);
        self.ping_for(context, node, questionable, contact);
    }

    /// Pings a contact that may be gone, if there is one, on behalf of a newcomer.
    #[inline]
    pub(super) fn ping_for(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        contact: Option<Contact>,
        newcomer: Contact,
    ) {
        if let Some(contact) = contact {
            self.ping(context, node, contact, newcomer);
        }
    }

    /// How long a bucket may go without a refresh at most, with the time until the next look.
    pub(super) fn longest_neglect(&self) -> Option<Duration> {
        let check = match self.config.refresh_check_every {
            Distribution::Fixed(Duration::MAX) => return None,
            law => Duration::from_secs_f64(law.mean_s() * 4.0),
        };
        (self.config.refresh_after != Duration::MAX).then(|| self.config.refresh_after + check)
    }
}
