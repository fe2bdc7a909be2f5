//! The tables that joins lead to, without playing them: nodes join in the order of their slots, and each refreshes its
//! buckets (Kademlia 2.3).
//!
//! A bucket has all members of its range, if it has room for them. If not, it is that of a node who came early or late.
//! While there were no more members in the range than a bucket holds, all in it and beside it met: so a node who joined
//! by then has the first of the range, and they have it. One who joined later found the others' buckets full, and they
//! do not know it. Its own bucket has whom its refresh asked on the way to a random key: `alpha` nodes of the part of
//! the range that is nearest to the key, then as many of the part of it in which the nearest of those has its contacts,
//! and so on, until all that are nearest to the key are known.

use super::Kademlia;
use super::bucket::{Entry, Heard, Stamp};
use super::config::StartBuckets;
use super::storage::At;
use crate::engine::random;
use crate::engine::time::Duration;
use crate::node::{Contact, Context, Members, Slot};
use crate::overlay::digits::{Digits, distance};
use crate::overlay::register::Number;
use rand::Rng;
use std::ops::Range;

/// Members up to which it is followed whom lookups ask. Of larger networks buckets have anybody of their range: to draw
/// who had joined by then, again and again, would take minutes for millions.
const MOST_FOLLOWED: usize = 50_000;

/// Draws of somebody who had joined before.
const TRIES: usize = 16;

/// Those whom tables may name, in the order of their identifiers.
#[derive(Default)]
struct Known {
    ids: Vec<u64>,
    numbers: Vec<Number>,
    /// In which order they joined.
    joined: Vec<Slot>,
    /// How many tables name each.
    holders: Vec<u32>,
}

/// Where those lie who agree with a node in its first digits, for each number of digits: the parts into which the next
/// digit divides them.
struct Path {
    digits: Digits,
    /// The node.
    of: u64,
    /// For each number of digits, where the part of each next digit starts, and where the last ends.
    levels: Vec<Vec<usize>>,
    /// For each number of digits and next digit the places of those that joined first, if somebody has asked.
    first: Vec<Vec<Option<Vec<usize>>>>,
}

impl Path {
    /// Turns to another node. What it shares with the one before stays: all but the end, if it is a neighbour.
    fn turn_to(&mut self, id: u64) {
        let shared = distance(self.of, id).leading_zeros() / self.digits.bits;
        self.levels.truncate(shared as usize + 1);
        self.first.truncate(shared as usize + 1);
        self.of = id;
    }

    /// Those who agree in so many digits.
    fn near(&mut self, ids: &[u64], level: u32) -> Range<usize> {
        match level.checked_sub(1) {
            None => 0..ids.len(),
            Some(before) => self.part(ids, before, self.digits.digit(self.of, before)),
        }
    }

    /// Those who agree in so many digits, and have this digit next.
    fn part(&mut self, ids: &[u64], level: u32, digit: usize) -> Range<usize> {
        while self.levels.len() <= level as usize {
            let depth = self.levels.len() as u32;
            let near = self.near(ids, depth);
            let mut bounds = vec![near.start];
            for digit in 0..=self.digits.per_level() {
                let from = bounds[digit];
                bounds.push(from + ids[from..near.end].partition_point(|id| self.digits.digit(*id, depth) <= digit));
            }
            self.first.push(vec![None; self.digits.per_level() + 1]);
            self.levels.push(bounds);
        }
        let bounds = &self.levels[level as usize];
        bounds[digit]..bounds[digit + 1]
    }

    /// The places of the `count` in such a part that joined first, in that order.
    fn first(&mut self, known: &Known, level: u32, digit: usize, count: usize) -> &[usize] {
        let range = self.part(&known.ids, level, digit);
        self.first[level as usize][digit].get_or_insert_with(|| {
            let mut first: Vec<usize> = Vec::with_capacity(count + 1);
            for place in range {
                if first.len() < count || first.last().is_some_and(|last| known.joined[place] < known.joined[*last]) {
                    let before = first.partition_point(|other| known.joined[*other] < known.joined[place]);
                    first.insert(before, place);
                    first.truncate(count);
                }
            }
            first
        })
    }
}

/// Where those of a range whose identifiers are sorted, and as good as evenly spread, have at least this identifier.
fn first_from(ids: &[u64], range: Range<usize>, low: u64, high: u64, id: u64) -> usize {
    let share = (id - low) as f64 / ((high - low) as f64 + 1.0);
    let guess = range.start + ((range.len() as f64 * share) as usize).min(range.len());
    let mut step = 4;
    let (mut from, mut to) = (guess, guess);
    while from > range.start && ids[from - 1] >= id {
        (to, from) = (from, from.saturating_sub(step).max(range.start));
        step *= 2;
    }
    while to < range.end && ids[to] < id {
        (from, to) = (to, (to + step).min(range.end));
        step *= 2;
    }
    from + ids[from..to].partition_point(|other| *other < id)
}

/// The place of somebody in a part who joined before `node`, or after a few draws of anybody.
fn draw_earlier(random: &mut impl Rng, part: &Range<usize>, joined: &[Slot], node: Slot) -> usize {
    let mut place = part.start;
    for _ in 0..TRIES {
        place = part.start + random::below(random, part.len() as u64) as usize;
        if joined[place] < node {
            break;
        }
    }
    place
}

impl Kademlia {
    /// Gives every member its table, and starts its timers.
    pub(super) fn build(&mut self, context: &mut impl Context<Self>, members: &Members) {
        let mut known = Known::default();
        for contact in members.iter() {
            let client_mode = context.is_client(contact.slot());
            let number = self.admit(contact, client_mode);
            self.node_mut(contact.slot()).member = true;
            if self.config.learn_unreachable || !client_mode {
                known.ids.push(contact.id());
                known.numbers.push(number);
                known.joined.push(contact.slot());
            }
        }
        known.holders = vec![0; known.ids.len()];
        // In order of identifiers, which share most of what is looked up.
        let mut path = Path { digits: self.digits, of: 0, levels: Vec::new(), first: Vec::new() };
        for contact in members.iter() {
            self.build_table(context, contact, &mut known, &mut path);
        }
        for (number, holders) in known.numbers.iter().zip(&known.holders) {
            self.register.hold_more(*number, *holders);
        }
        for node in 0..self.nodes.slots() {
            self.rounds.start(context, node);
        }
    }

    /// Builds the table of a node.
    fn build_table(&mut self, context: &mut impl Context<Self>, member: Contact, known: &mut Known, path: &mut Path) {
        let node = member.slot();
        path.turn_to(member.id());
        // Splits as long as the last bucket would be too full.
        let mut levels = 0;
        let mut near = 0..known.ids.len();
        let own_place = usize::from(known.ids.binary_search(&member.id()).is_ok());
        while near.len() - own_place > self.config.k as usize && levels < self.digits.most_levels() {
            levels += 1;
            near = path.near(&known.ids, levels);
        }
        self.lay_out(node, levels, context.now());
        for level in 0..levels {
            let own = self.digits.digit(member.id(), level);
            for differs in 1..=self.digits.per_level() {
                let part = path.part(&known.ids, level, own ^ differs);
                let index = self.digits.last(level) + differs - 1;
                let at = self.at(node, index);
                let k = self.config.k as usize;
                if part.len() <= k {
                    self.fill(context, node, at, part, known);
                    continue;
                }
                if known.ids.len() > MOST_FOLLOWED || self.config.start_buckets == StartBuckets::Random {
                    self.fill_at_random(context, at, part, known);
                    continue;
                }
                let first = path.first(known, level, own ^ differs, k);
                if node < known.joined[first[k - 1]] {
                    for place in first {
                        self.name(context, at, *place, known);
                    }
                } else {
                    let range = self.digits.range(member.id(), index, levels);
                    self.fill_on_the_way(context, node, at, part, range, known);
                }
            }
        }
        self.fill(context, node, self.at(node, self.digits.last(levels)), near, known);
        self.spread_refreshes(context, node);
    }

    /// Puts one into a bucket.
    fn name(&mut self, context: &impl Context<Self>, at: At, place: usize, known: &mut Known) {
        known.holders[place] += 1;
        self.tables.push(at, Entry::new(known.numbers[place]), Heard::of(context.now(), true));
    }

    /// Fills a bucket of a node with all of its range.
    fn fill(&mut self, context: &mut impl Context<Self>, node: Slot, at: At, range: Range<usize>, known: &mut Known) {
        for place in range {
            if known.joined[place] != node && !self.tables.is_full(at) {
                self.name(context, at, place, known);
            }
        }
    }

    /// Fills a bucket with anybody of its range, who are more than it has room for.
    fn fill_at_random(&mut self, context: &mut impl Context<Self>, at: At, range: Range<usize>, known: &mut Known) {
        for _ in 0..TRIES * self.config.k as usize {
            let place = range.start + random::below(context.random(), range.len() as u64) as usize;
            self.name_once(context, at, place, known);
            if self.tables.is_full(at) {
                return;
            }
        }
        for place in range {
            self.name_once(context, at, place, known);
        }
    }

    /// Fills a bucket with those whom a lookup of a random key in its range asks, in that order; there are more of them
    /// than it has room for.
    fn fill_on_the_way(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        at: At,
        range: Range<usize>,
        (mut low, mut high): (u64, u64),
        known: &mut Known,
    ) {
        let key = low | (context.random().next_u64() & (high ^ low));
        let mut part = range.clone();
        // Only who had joined before the node could be asked.
        let share = known.joined.len() as f64 / f64::from(node.max(1));
        let enough = (self.config.k as f64 * share) as usize;
        // Of those who are asked each has its contacts around a key of its own: the nearest to the key are around the
        // nearest of so many.
        let nearer = self.config.alpha.ilog2();
        let mut bits = (high ^ low).leading_zeros() + nearer;
        while !self.tables.is_full(at) {
            let mask = u64::MAX.checked_shr(bits).unwrap_or(0);
            let (from, to) = ((key & !mask).max(low), (key | mask).min(high));
            let start = first_from(&known.ids, part.clone(), low, high, from);
            let end = if to == high { part.end } else { first_from(&known.ids, part.clone(), low, high, to + 1) };
            (part, low, high) = (start..end, from, to);
            if part.len() <= enough {
                break;
            }
            let mut nearest = u64::MAX;
            for _ in 0..self.config.alpha.min(self.config.k) {
                let place = draw_earlier(context.random(), &part, &known.joined, node);
                nearest = nearest.min(distance(known.ids[place], key));
                self.name_once(context, at, place, known);
            }
            // It has its contacts among all that agree with the key in one bit more.
            bits = nearest.leading_zeros() + 1 + nearer;
        }
        self.fill_nearest(context, node, at, range, key, part, known);
    }

    /// Fills the rest of a bucket with those who joined before the node and are nearest to a key, of whom `part` is
    /// nearer than all others of the bucket's range.
    #[expect(clippy::too_many_arguments, reason = "what a lookup has come to")]
    fn fill_nearest(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        at: At,
        range: Range<usize>,
        key: u64,
        mut part: Range<usize>,
        known: &mut Known,
    ) {
        while !self.tables.is_full(at) && part != range || part.is_empty() {
            let more = 2 * self.config.k as usize + part.len();
            part = part.start.saturating_sub(more).max(range.start)..(part.end + more).min(range.end);
            let earlier = part.clone().filter(|place| known.joined[*place] < node);
            let mut nearest: Vec<(u64, usize)> =
                earlier.map(|place| (distance(known.ids[place], key), place)).collect();
            nearest.sort_unstable();
            for (_, place) in nearest {
                self.name_once(context, at, place, known);
            }
        }
    }

    /// Puts one into a bucket that has room, unless it is there.
    fn name_once(&mut self, context: &impl Context<Self>, at: At, place: usize, known: &mut Known) {
        let number = known.numbers[place];
        if !self.tables.is_full(at) && self.tables.entries(at).iter().all(|entry| entry.number() != number) {
            self.name(context, at, place, known);
        }
    }

    /// When the buckets were refreshed last: a node that joins refreshes all of them, at any time within that after
    /// which they are due.
    fn spread_refreshes(&mut self, context: &mut impl Context<Self>, node: Slot) {
        let after = self.config.refresh_after;
        if after == Duration::MAX {
            return;
        }
        let age = random::below(context.random(), after.as_nanos());
        let touched = Stamp::of(context.now()).before(Duration::from_nanos(age));
        for index in 0..self.bucket_count(node) {
            self.tables.bucket_mut(self.at(node, index)).touched = touched;
        }
    }
}
