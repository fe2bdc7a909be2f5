//! k-buckets: the contacts that a node knows in one part of the identifier space, and how they come and go.

use super::Kademlia;
use super::storage::At;
use crate::engine::pool::List;
use crate::engine::time::{Duration, Time};
use crate::node::{Contact, Slot};
use crate::overlay::register::Number;

/// A contact in a bucket: its number, and the requests in a row that it left unanswered, up to 15.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry(u32);

impl Entry {
    /// Failures that are counted; more are as good as so many.
    pub const MOST_FAILURES: u8 = (1 << (u32::BITS - Number::BITS)) - 1;

    /// A contact that has not failed.
    pub const fn new(number: Number) -> Self {
        Entry(number.bits())
    }

    #[inline]
    pub const fn number(self) -> Number {
        Number::of_bits(self.0 & ((1 << Number::BITS) - 1))
    }

    #[inline]
    pub const fn failures(self) -> u8 {
        (self.0 >> Number::BITS) as u8
    }

    /// With one failure more.
    const fn failed(self) -> Self {
        if self.failures() == Self::MOST_FAILURES { self } else { Entry(self.0 + (1 << Number::BITS)) }
    }
}

/// A bucket, but for its contacts, which are in the order in which they were last seen, the one longest ago first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bucket {
    /// Contacts that found the bucket full, the one seen last at the end.
    pub cache: List,
    /// When a key in its range was last looked up.
    pub touched: Stamp,
    /// Number of contacts.
    pub len: u8,
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

    /// Time since this instant, to within 17 ms.
    pub fn age(self, now: Time) -> Duration {
        Duration::from_nanos(u64::from(Self::of(now).0.wrapping_sub(self.0)) << Self::SHIFT)
    }

    /// Whether so much time has passed since this instant: never told late, but up to 34 ms early. A look that comes
    /// just as something is due must find it due, or that waits for the next look.
    pub fn is_older_than(self, span: Duration, now: Time) -> bool {
        self.age(now).as_nanos() + (1 << Self::SHIFT) >= span.as_nanos()
    }
}

/// When a contact was last heard, to within 34 ms, around once in 2.3 years; and whether it has ever answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Heard(u32);

impl Heard {
    const HAS_ANSWERED: u32 = 1;

    /// It has been heard at this time, by an answer or by a request.
    pub fn of(time: Time, is_answer: bool) -> Self {
        Self::since(Stamp::of(time), is_answer)
    }

    /// It was heard last at this time.
    pub const fn since(stamp: Stamp, has_answered: bool) -> Self {
        Heard(stamp.0 & !Self::HAS_ANSWERED | has_answered as u32)
    }

    /// The same for a contact of which it was known before whether it has answered.
    const fn after(self, before: Heard) -> Self {
        Heard(self.0 | before.0 & Self::HAS_ANSWERED)
    }

    /// Whether it has answered at some time, and been heard within this span.
    pub fn is_good(self, span: Duration, now: Time) -> bool {
        self.0 & Self::HAS_ANSWERED > 0 && Stamp(self.0 & !Self::HAS_ANSWERED).age(now) < span
    }
}

impl Kademlia {
    /// Whom an entry names.
    #[inline]
    pub(super) fn contact(&self, entry: Entry) -> Contact {
        self.register.contact(entry.number())
    }

    /// Those that a bucket has in reserve.
    pub(super) fn cached(&self, bucket: Bucket) -> Vec<Contact> {
        self.caches.get(bucket.cache).iter().map(|number| self.register.contact(*number)).collect()
    }

    /// Failures from which on a contact counts as gone.
    #[inline]
    pub(super) fn stale_from(&self) -> u8 {
        self.config.stale_after.map_or(u8::MAX, |after| after as u8)
    }

    /// Whether a contact has left so many requests unanswered that it counts as gone.
    #[inline]
    pub(super) fn is_stale(&self, entry: Entry) -> bool {
        entry.failures() >= self.stale_from()
    }

    /// The place of `contact` in a bucket.
    #[inline]
    fn place_in(&self, at: At, contact: Contact) -> Option<usize> {
        self.register.position(contact, self.tables.entries(at).iter().map(|entry| entry.number()))
    }

    /// A message of `contact` has shown that it is alive: it becomes the contact seen last, or is put into the bucket
    /// if there is room. Returns who is to be pinged before it can take a place.
    pub(super) fn see(&mut self, node: Slot, contact: Contact, heard: Heard, now: Time) -> Option<Contact> {
        if contact.id() == self.node(node).id {
            return None;
        }
        loop {
            let at = self.bucket_of(node, contact.id());
            if let Some(place) = self.place_in(at, contact) {
                self.put_last(at, place, contact, heard);
                return None;
            }
            if !self.tables.is_full(at) {
                // Who has room has nobody in reserve.
                let number = self.register.hold_contact(contact);
                self.tables.push(at, Entry::new(number), heard);
                return None;
            }
            if !self.split(node, at, now) {
                return self.knock(at, contact, heard, now);
            }
        }
    }

    /// `contact` is put into the place of whoever is there, as the one seen last.
    fn put_last(&mut self, at: At, place: usize, contact: Contact, heard: Heard) {
        let mut number = self.tables.entries(at)[place].number();
        let mut heard = heard;
        if self.register.names(number, contact) {
            heard = heard.after(self.tables.heard(at).get(place).copied().unwrap_or_default());
        } else {
            let former = std::mem::replace(&mut number, self.register.hold_contact(contact));
            self.register.let_go(former);
        }
        self.tables.put_last(at, place, Entry::new(number), heard);
    }

    /// `contact` finds its bucket full.
    fn knock(&mut self, at: At, contact: Contact, heard: Heard, now: Time) -> Option<Contact> {
        if let Some(place) = self.tables.entries(at).iter().position(|entry| self.is_stale(*entry)) {
            self.put_last(at, place, contact, heard);
            return None;
        }
        self.put_into_cache(at, contact);
        if !self.config.ping_oldest || self.tables.bucket(at).is_pinging {
            return None;
        }
        self.ping_questionable(at, now)
    }

    /// Whom to ping on behalf of a newcomer, if anybody.
    fn ping_questionable(&mut self, at: At, now: Time) -> Option<Contact> {
        let questionable = self.first_questionable(at, now);
        self.tables.bucket_mut(at).is_pinging = questionable.is_some();
        questionable
    }

    /// Of the contacts of a bucket that are not known to be good the one seen longest ago.
    fn first_questionable(&self, at: At, now: Time) -> Option<Contact> {
        let after = self.config.questionable_after;
        let entries = self.tables.entries(at);
        let place = match self.config.keeps_heard() {
            true => self.tables.heard(at).iter().position(|heard| !heard.is_good(after, now))?,
            false => 0,
        };
        entries.get(place).map(|entry| self.contact(*entry))
    }

    /// When those were heard that wait in reserve: nobody knows any more, so they are not known to be good.
    pub(super) fn unknown(&self, now: Time) -> Heard {
        Heard::since(Stamp::of(now).before(self.config.questionable_after), false)
    }

    fn put_into_cache(&mut self, at: At, contact: Contact) {
        let room = self.config.replacement_cache as usize;
        if room == 0 {
            return;
        }
        let number = self.register.hold_contact(contact);
        let cache = self.tables.bucket(at).cache;
        let known = self.register.position(contact, self.caches.get(cache).iter().copied());
        let goes = known.or_else(|| (cache.len() >= room).then_some(0));
        if let Some(place) = goes {
            self.take_from_cache(at, place);
        }
        self.caches.push(&mut self.tables.bucket_mut(at).cache, number);
    }

    /// Takes a contact out of the replacement cache.
    fn take_from_cache(&mut self, at: At, place: usize) {
        let number = self.caches.remove(&mut self.tables.bucket_mut(at).cache, place);
        self.register.let_go(number);
    }

    /// `contact` did not answer. After too many times it makes room for a replacement, or goes.
    pub(super) fn miss(&mut self, node: Slot, contact: Contact, now: Time) {
        let at = self.bucket_of(node, contact.id());
        let cached = self.caches.get(self.tables.bucket(at).cache).iter();
        if let Some(place) = cached.clone().position(|number| self.register.contact(*number) == contact) {
            self.take_from_cache(at, place);
        }
        let mut entries = self.tables.entries(at).iter();
        let Some(place) = entries.position(|entry| self.contact(*entry) == contact) else { return };
        let entry = &mut self.tables.entries_mut(at)[place];
        *entry = entry.failed();
        let silent = *entry;
        if !self.is_stale(silent) {
            return;
        }
        let cache = &mut self.tables.bucket_mut(at).cache;
        if let Some(last) = cache.len().checked_sub(1) {
            let replacement = self.caches.remove(cache, last);
            // Not seen for longer than those that are in the bucket, for all that is known.
            self.tables.put_first(at, place, Entry::new(replacement), self.unknown(now));
            self.register.let_go(silent.number());
        } else if !self.config.keep_stale {
            self.tables.remove(at, place);
            self.register.let_go(silent.number());
        }
    }

    /// `silent` did not answer a ping. If it counts as gone now, the newcomer that waited for that takes its place.
    /// Returns who is to be pinged next for it.
    pub(super) fn ping_unanswered(
        &mut self,
        node: Slot,
        silent: Contact,
        newcomer: Contact,
        now: Time,
    ) -> Option<Contact> {
        self.miss(node, silent, now);
        if newcomer.is_none() {
            return None;
        }
        self.stop_pinging(node, silent);
        let at = self.bucket_of(node, newcomer.id());
        if !self.tables.is_full(at) || self.tables.entries(at).iter().any(|entry| self.is_stale(*entry)) {
            self.see(node, newcomer, Heard::of(now, false), now);
        }
        // Whoever never counts as gone would be pinged for ever.
        self.config.stale_after.and_then(|_| self.next_questionable(node, newcomer, now))
    }

    /// The ping of a contact, on behalf of a newcomer to its bucket, was answered. Returns who is to be pinged next for
    /// it.
    pub(super) fn ping_answered(
        &mut self,
        node: Slot,
        contact: Contact,
        newcomer: Contact,
        now: Time,
    ) -> Option<Contact> {
        self.stop_pinging(node, contact);
        self.next_questionable(node, newcomer, now)
    }

    fn stop_pinging(&mut self, node: Slot, contact: Contact) {
        let at = self.bucket_of(node, contact.id());
        self.tables.bucket_mut(at).is_pinging = false;
    }

    /// A newcomer waits until one of the questionable contacts of its bucket fails to answer, or all are known to be
    /// good (BEP 5). Where it is not known who is good one ping must do (Kademlia 2.2).
    fn next_questionable(&mut self, node: Slot, newcomer: Contact, now: Time) -> Option<Contact> {
        if !self.config.keeps_heard() {
            return None;
        }
        let at = self.bucket_of(node, newcomer.id());
        if !self.tables.is_full(at) || self.tables.bucket(at).is_pinging || self.place_in(at, newcomer).is_some() {
            return None;
        }
        self.ping_questionable(at, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_and_buckets_are_small() {
        assert_eq!((size_of::<Entry>(), size_of::<Bucket>()), (4, 16));
    }

    #[test]
    fn an_entry_counts_failures_up_to_a_bound_and_keeps_its_number() {
        let number = Number::of_bits((1 << Number::BITS) - 7);
        let mut entry = Entry::new(number);
        for failures in 0..40 {
            assert_eq!((entry.failures(), entry.number()), (failures.min(Entry::MOST_FAILURES), number));
            entry = entry.failed();
        }
    }

    #[test]
    fn who_has_been_heard_just_now_is_good_if_it_has_answered() {
        for milliseconds in 0..100 {
            let now = Time::ZERO + Duration::from_millis(milliseconds);
            let (answer, request) = (Heard::of(now, true), Heard::of(now, false));
            let is_good =
                |heard: Heard, after: u64| heard.is_good(Duration::from_secs(1), now + Duration::from_millis(after));
            assert!(is_good(answer, 0) && is_good(answer, 950) && !is_good(answer, 1050));
            assert!(!is_good(request, 0) && is_good(request.after(answer), 0));
        }
    }

    #[test]
    fn a_stamp_tells_how_long_ago_it_was() {
        let at = |seconds| Time::ZERO + Duration::from_secs(seconds);
        let close = |one: Duration, other: u64| (one.as_secs_f64() - other as f64).abs() < 0.05;
        assert!(close(Stamp::of(at(100)).age(at(1000)), 900));
        assert!(close(Stamp::of(at(100)).before(Duration::from_secs(500)).age(at(1000)), 1400), "before the start");
    }

    #[test]
    fn what_is_due_at_a_look_does_not_wait_for_the_next() {
        let span = Duration::from_secs(600);
        for milliseconds in 0..1000 {
            let then = Time::ZERO + Duration::from_millis(milliseconds);
            assert!(Stamp::of(then).is_older_than(span, then + span), "{milliseconds} ms");
            assert!(!Stamp::of(then).is_older_than(span, then + Duration::from_millis(599_900)), "{milliseconds} ms");
        }
    }
}
