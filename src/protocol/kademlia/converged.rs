//! Exact tables: what a network ends up with when it has been quiet for long. A bucket has all members of its range,
//! or, if those are more than it has room for, as many of them at random.

use super::Kademlia;
use super::bucket::{Entry, Heard, Stamp};
use super::register::Number;
use super::storage::At;
use super::table::{Digits, distance};
use crate::engine::random;
use crate::engine::time::Duration;
use crate::protocol::{Contact, Context, Members, Slot};
use std::ops::Range;

/// Draws of a place that may hit one already taken before all that is left is looked through.
const TRIES: usize = 8;

/// Those whom tables may name, in the order of their identifiers.
#[derive(Default)]
struct Known {
    ids: Vec<u64>,
    numbers: Vec<Number>,
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
}

impl Path {
    /// Turns to another node. What it shares with the one before stays: all but the end, if it is a neighbour.
    fn turn_to(&mut self, id: u64) {
        let shared = distance(self.of, id).leading_zeros() / self.digits.bits;
        self.levels.truncate(shared as usize + 1);
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
            self.levels.push(bounds);
        }
        let bounds = &self.levels[level as usize];
        bounds[digit]..bounds[digit + 1]
    }
}

impl Kademlia {
    /// Gives every member its table, and starts its timers.
    pub(super) fn build(&mut self, context: &mut impl Context<Self>, members: &Members) {
        let mut known = Known::default();
        for contact in members.iter() {
            let asks_only = context.is_behind_nat(contact.slot());
            let number = self.admit(contact, asks_only);
            self.node_mut(contact.slot()).member = true;
            if self.config.learn_unreachable || !asks_only {
                known.ids.push(contact.id());
                known.numbers.push(number);
            }
        }
        known.holders = vec![0; known.ids.len()];
        // In order of identifiers, which share most of what is looked up.
        let mut path = Path { digits: self.digits, of: 0, levels: Vec::new() };
        for contact in members.iter() {
            self.build_table(context, contact, &mut known, &mut path);
        }
        for (number, holders) in known.numbers.iter().zip(&known.holders) {
            self.register.hold_more(*number, *holders);
        }
        for node in 0..self.nodes.len() as Slot {
            self.start_timers(context, node);
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
                self.fill(context, node, self.at(node, index), part, known);
            }
        }
        self.fill(context, node, self.at(node, self.digits.last(levels)), near, known);
        self.spread_refreshes(context, node);
    }

    /// Fills a bucket of a node from those in its range.
    fn fill(&mut self, context: &mut impl Context<Self>, node: Slot, at: At, range: Range<usize>, known: &mut Known) {
        let own = self.node(node).number;
        let heard = Heard::of(context.now(), true);
        let numbers = &known.numbers[range.clone()];
        if numbers.len() <= self.config.k as usize {
            for place in range.filter(|place| Some(known.numbers[*place]) != own) {
                known.holders[place] += 1;
                self.tables.push(at, Entry::new(known.numbers[place]), heard);
            }
            return;
        }
        while !self.tables.is_full(at) {
            let place = self.draw_other(context, own, at, numbers);
            known.holders[range.start + place] += 1;
            self.tables.push(at, Entry::new(numbers[place]), heard);
        }
    }

    /// The place of one of these, at random, that the bucket does not have, and that is not the node itself; there is
    /// one.
    fn draw_other(&self, context: &mut impl Context<Self>, own: Option<Number>, at: At, numbers: &[Number]) -> usize {
        let entries = self.tables.entries(at);
        let is_free = |place: &usize| {
            let number = numbers[*place];
            Some(number) != own && entries.iter().all(|entry| entry.number() != number)
        };
        let mut place = 0;
        for _ in 0..TRIES {
            place = random::below(context.random(), numbers.len() as u64) as usize;
            if is_free(&place) {
                return place;
            }
        }
        let after = (place..numbers.len()).chain(0..place);
        after.into_iter().find(is_free).unwrap_or(place)
    }

    /// When the buckets were refreshed last: at any time within the time after which they are due.
    fn spread_refreshes(&mut self, context: &mut impl Context<Self>, node: Slot) {
        let after = self.config.refresh_after;
        if after == Duration::MAX {
            return;
        }
        let now = Stamp::of(context.now());
        for index in 0..self.bucket_count(node) {
            let age = random::below(context.random(), after.as_nanos());
            let touched = now.before(Duration::from_nanos(age));
            self.tables.bucket_mut(self.at(node, index)).touched = touched;
        }
    }
}
