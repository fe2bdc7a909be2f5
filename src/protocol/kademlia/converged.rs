//! Exact tables: what a network ends up with when it has been quiet for long. A bucket has all members of its range,
//! or, if those are more than it has room for, as many of them at random.

use super::Kademlia;
use super::bucket::{Entry, Stamp};
use super::table::distance;
use crate::engine::random;
use crate::engine::time::Duration;
use crate::protocol::{Contact, Context, Members, Slot};

/// Draws of a place that may hit one already taken before all that is left is looked through.
const TRIES: usize = 8;

impl Kademlia {
    /// Gives every member its table, and starts its timers.
    pub(super) fn build(&mut self, context: &mut impl Context<Self>, members: &Members) {
        let sorted: Vec<Contact> = members.iter().collect();
        let is_known = |contact: &Contact| self.config.learn_unreachable || !context.is_behind_nat(contact.slot());
        let known: Vec<Contact> = sorted.iter().copied().filter(is_known).collect();
        for contact in &sorted {
            let asks_only = context.is_behind_nat(contact.slot());
            self.move_in(*contact, asks_only, context.now());
            self.node_mut(contact.slot()).member = true;
        }
        // In order of identifiers, which share most of what is looked up.
        let mut ranges = Vec::new();
        for contact in &sorted {
            self.build_table(context, contact.slot(), &known, &mut ranges);
        }
        for node in 0..self.nodes.len() as Slot {
            self.start_timers(context, node);
        }
    }

    /// Builds the table of a node. `ranges` is room for those who agree with the node in the digits of so many levels.
    fn build_table<'a>(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        known: &'a [Contact],
        ranges: &mut Vec<&'a [Contact]>,
    ) {
        let own = self.node(node).id;
        let own_places = usize::from(known.binary_search_by_key(&own, |contact| contact.id()).is_ok());
        ranges.clear();
        ranges.push(known);
        // Splits as long as the last bucket would be too full.
        let mut near = known;
        while near.len() - own_places > self.config.k as usize && (ranges.len() as u32) <= self.digits.most_levels() {
            near = within(near, self.digits.own_range(own, ranges.len() as u32));
            ranges.push(near);
            self.split(node, self.buckets(node).len() - 1);
        }
        let levels = ranges.len() as u32 - 1;
        for index in 0..self.buckets(node).len() {
            let around = ranges[index / self.digits.per_level()];
            let bounds = self.digits.range(own, index, levels);
            self.fill(context, node, index, within(around, bounds));
        }
        self.spread_refreshes(context, node);
    }

    /// Fills a bucket from the members in its range.
    fn fill(&mut self, context: &mut impl Context<Self>, node: Slot, index: usize, members: &[Contact]) {
        let own = self.node(node).id;
        let k = self.config.k as usize;
        let list = self.nodes[node as usize].buckets;
        if members.len() <= k {
            for contact in members.iter().filter(|contact| contact.id() != own) {
                let bucket = &mut self.buckets.get_mut(list)[index];
                self.entries.push(&mut bucket.entries, Entry { contact: *contact, failures: 0 });
            }
            return;
        }
        while self.bucket(node, index).entries.len() < k {
            let contact = self.draw_other(context, node, index, members);
            let bucket = &mut self.buckets.get_mut(list)[index];
            self.entries.push(&mut bucket.entries, Entry { contact, failures: 0 });
        }
    }

    /// A member of the range, at random, that the bucket does not have; there is one.
    fn draw_other(&self, context: &mut impl Context<Self>, node: Slot, index: usize, members: &[Contact]) -> Contact {
        let own = self.node(node).id;
        let entries = self.entries(self.bucket(node, index));
        let is_free = |contact: &Contact| {
            contact.id() != own && entries.iter().all(|entry| distance({ entry.contact }.id(), contact.id()) != 0)
        };
        let mut place = 0;
        for _ in 0..TRIES {
            place = random::below(context.random(), members.len() as u64) as usize;
            if is_free(&members[place]) {
                return members[place];
            }
        }
        let after = members[place..].iter().chain(&members[..place]);
        after.copied().find(is_free).unwrap_or(members[place])
    }

    /// When the buckets were refreshed last: at any time within the time after which they are due.
    fn spread_refreshes(&mut self, context: &mut impl Context<Self>, node: Slot) {
        let after = self.config.refresh_after;
        if after == Duration::MAX {
            return;
        }
        let now = Stamp::of(context.now());
        for index in 0..self.buckets(node).len() {
            let age = random::below(context.random(), after.as_nanos());
            let touched = now.before(Duration::from_nanos(age));
            self.bucket_mut(node, index).touched = touched;
        }
    }
}

/// Those of `sorted` that lie in the range.
pub(super) fn within(sorted: &[Contact], (low, high): (u64, u64)) -> &[Contact] {
    let from = sorted.partition_point(|contact| contact.id() < low);
    let to = from + sorted[from..].partition_point(|contact| contact.id() <= high);
    &sorted[from..to]
}
