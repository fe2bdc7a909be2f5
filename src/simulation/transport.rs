//! Messages on their way: what becomes of each is known when it is sent.
//!
//! A timeout costs nothing unless it happens. When a request is sent it is known whether it will arrive, and when its
//! reply is sent whether that comes in time; the caller's timeout enters the queue only once it is certain to expire.
//! It takes its place in the order of events when the request is sent (a ticket), so the run is the same as if every
//! timeout had been scheduled then and most had been cancelled; `eager_timeouts` does that, and a test compares.

use super::calls::Call;
use super::event::Event;
use super::world::World;
use crate::engine::queue::Ticket;
use crate::engine::time::{Duration, Time};
use crate::network::{Cause, Packet};
use crate::node::directory::Incarnation;
use crate::node::{Charge, Contact, LookupId, Simulated, Slot, Way};
use crate::observe::report::RequestCounts;

impl<P: Simulated> World<P> {
    pub fn calls_under_way(&self) -> usize {
        self.calls.len()
    }

    /// All calls under way.
    pub fn calls(&self) -> impl Iterator<Item = &Call<P::Message>> {
        self.calls.under_way()
    }

    pub fn call(&self, index: u32) -> &Call<P::Message> {
        &self.calls[index]
    }

    pub fn call_mut(&mut self, index: u32) -> &mut Call<P::Message> {
        &mut self.calls[index]
    }

    /// A payload has been used for the last time.
    #[inline]
    pub(super) fn release(&mut self, payload: P::Message) {
        self.released.push(payload);
        self.has_leftovers = true;
    }

    /// What has become of all requests so far.
    pub fn request_counts(&self) -> RequestCounts {
        RequestCounts {
            sent: self.accounts.requests,
            timed_out: self.accounts.exchanges.timed_out,
            falsely: self.accounts.false_alarms,
        }
    }

    /// The incarnation at which what is sent will arrive, unless the network stops it; `None` if nobody gets it: `to`
    /// is gone. Who is gone and may return has no incarnation that could be named, but a message is on its way to it
    /// all the same.
    #[inline]
    fn target(&self, to: Contact) -> Option<Incarnation> {
        match self.directory.find(to) {
            None if self.nodes_return && self.directory.was_here(to) => Some(Incarnation::default()),
            found => found,
        }
    }

    /// The incarnation of the node that gets what a call carries if it arrives now; `None` if nobody does. A node that
    /// has returned as who it was gets what was sent to it before.
    #[inline]
    pub fn receiver(&self, call: &Call<P::Message>) -> Option<Incarnation> {
        let incarnation = call.to_incarnation?;
        match self.nodes_return {
            false => self.directory.is_current(call.to.slot(), incarnation).then_some(incarnation),
            true => self.directory.find(call.to),
        }
    }

    /// Books a message and decides its fate: when it arrives, or why it does not. `is_expected` says whether its
    /// receiver is there.
    #[inline(always)]
    fn transmit(
        &mut self,
        (from, to): (Slot, Slot),
        is_expected: bool,
        way: Way,
        charge: Charge,
        lookup: Option<LookupId>,
    ) -> Result<Time, Cause> {
        let bytes = charge.bytes(&self.sizes);
        self.metrics.sent(charge.kind, bytes, lookup.is_some_and(LookupId::is_workload));
        let is_unasked = way == Way::Unasked;
        let packet = Packet { from: self.host(from), to: self.host(to), now: self.now, bytes, is_expected, is_unasked };
        if let (true, Some(by_kind)) = (self.metrics.is_measuring(), &mut self.by_kind) {
            by_kind.sent(self.network.kind(packet.from), bytes);
        }
        let delay = self.network.transmit(&packet);
        let balance = &mut self.accounts.balance;
        balance.sent += 1;
        match delay {
            Ok(_) => balance.in_flight += 1,
            Err(Cause::Gone) => balance.dropped += 1,
            Err(Cause::Nat) => {
                balance.dropped += 1;
                // The sender thinks of the receiver what it would think if it were gone.
                self.suspect();
            }
            Err(_) => balance.lost += 1,
        }
        delay.map(|delay| self.now + delay)
    }

    /// A message on its way has arrived at a live node, or at nobody.
    pub fn arrived(&mut self, alive: bool) -> bool {
        self.accounts.balance.in_flight -= 1;
        match alive {
            true => self.accounts.balance.delivered += 1,
            false => self.accounts.balance.dropped += 1,
        }
        alive
    }

    /// Makes sure that the timeout of a call will expire.
    pub fn ensure_timeout(&mut self, index: u32) {
        let call = &mut self.calls[index];
        if call.timeout_scheduled
            || call.answered
            || !self.directory.is_current(call.from.slot(), call.from_incarnation)
        {
            return;
        }
        call.timeout_scheduled = true;
        call.pending += 1;
        self.queue.push_with(call.ticket, call.timeout_at, Event::Timeout { call: index, to: call.from.slot() });
    }

    /// A request that has just been handled will be answered later, unless that has been done already. Whether in time
    /// nobody knows.
    #[cold]
    pub fn owe_reply(&mut self, index: u32, to: Slot) {
        let call = &mut self.calls[index];
        if !call.replied {
            call.pending += 1;
            self.owed.insert((to, call.ticket), index);
            self.ensure_timeout(index);
        }
    }

    /// A request that `node`, which is gone, will not answer any more.
    pub fn reply_owed_by(&mut self, node: Slot) -> Option<u32> {
        let (owed, _) = self.owed.range((node, Ticket::default())..).next().filter(|(owed, _)| owed.0 == node)?;
        let owed = *owed;
        self.owed.remove(&owed)
    }

    /// Sends the reply to a request that has just been handled.
    #[inline(always)]
    pub fn send_reply(&mut self, index: u32, reply: P::Message, charge: Charge) {
        self.calls[index].replied = true;
        if self.post_reply(index, charge) {
            self.calls[index].reply = Some(reply);
        } else {
            self.release(reply);
        }
    }

    /// Whether the reply to a call will arrive.
    fn post_reply(&mut self, index: u32, charge: Charge) -> bool {
        let call = &self.calls[index];
        let (caller, target, lookup) = (call.from.slot(), call.to.slot(), call.lookup);
        let alive = self.directory.is_current(caller, call.from_incarnation);
        let Ok(arrival) = self.transmit((target, caller), alive, Way::Back, charge, lookup) else {
            self.ensure_timeout(index);
            return false;
        };
        let call = &mut self.calls[index];
        call.pending += 1;
        if arrival >= call.timeout_at {
            self.ensure_timeout(index);
        }
        self.queue.push(arrival, Event::Reply { call: index, to: caller });
        true
    }

    /// How long a request waits for its reply, by the law of the scenario.
    #[inline]
    fn timeout(&self, from: Slot, to: Contact) -> Duration {
        match &self.measured {
            None => self.network.timeout(self.host(from), self.host(to.slot())),
            Some(measured) => measured.timeout(from, to),
        }
    }

    /// Opens the record of a call; its payload, its pending events and its ticket are still to be set.
    #[inline]
    fn open_call(
        &mut self,
        from: Slot,
        to: Contact,
        to_incarnation: Option<Incarnation>,
        lookup: Option<LookupId>,
    ) -> u32 {
        let (from, from_incarnation) = (self.directory.contact(from), self.directory.incarnation(from));
        let ticket = self.queue.ticket();
        let index = self.calls.open();
        let call = &mut self.calls[index];
        call.from = from;
        call.to = to;
        call.from_incarnation = from_incarnation;
        call.to_incarnation = to_incarnation;
        call.lookup = lookup;
        call.reply = None;
        call.timeout_at = Time::NEVER;
        call.ticket = ticket;
        call.pending = 0;
        call.timeout_scheduled = false;
        call.timed_out = false;
        call.answered = false;
        call.replied = false;
        call.sent_at = self.now;
        index
    }

    /// Sends a request, but for its payload.
    #[inline(never)]
    pub(super) fn post_request(
        &mut self,
        from: Slot,
        to: Contact,
        charge: Charge,
        lookup: Option<LookupId>,
        way: Way,
        wait: Option<Duration>,
    ) -> u32 {
        self.accounts.requests += 1;
        if let Some(lookup) = lookup.and_then(|id| self.lookups.get_mut(id)) {
            lookup.rpcs += 1;
        }
        let to_incarnation = self.target(to);
        let arrival = self.transmit((from, to.slot()), to_incarnation.is_some(), way, charge, lookup).ok();
        let timeout = wait.map_or_else(|| self.timeout(from, to), at_least_one);
        let timeout_at = self.now + timeout;
        let index = self.open_call(from, to, to_incarnation, lookup);
        self.calls[index].timeout_at = timeout_at;
        if self.eager_timeouts || arrival.is_none_or(|arrival| arrival >= timeout_at) {
            self.ensure_timeout(index);
        }
        if let Some(arrival) = arrival {
            self.calls[index].pending += 1;
            self.queue.push(arrival, Event::Request { call: index, to: to.slot() });
        }
        index
    }

    /// Sends a message without an answer whose sender learns if it does not get through, but for its payload.
    #[inline(never)]
    pub(super) fn post_noticed(
        &mut self,
        from: Slot,
        to: Contact,
        charge: Charge,
        lookup: Option<LookupId>,
        way: Way,
    ) -> u32 {
        if let Some(lookup) = lookup.and_then(|id| self.lookups.get_mut(id)) {
            lookup.rpcs += 1;
        }
        // The transport underneath notices at once if nobody is there.
        let is_there = self.directory.is_live(to);
        let to_incarnation = self.target(to).filter(|_| is_there);
        let arrival = self.transmit((from, to.slot()), to_incarnation.is_some(), way, charge, lookup).ok();
        let index = self.open_call(from, to, to_incarnation, lookup);
        if let Some(arrival) = arrival {
            self.message_arrives(arrival, index, to);
        } else {
            // A request that will expire.
            self.accounts.requests += 1;
            self.calls[index].timeout_at = self.now + self.timeout(from, to);
            self.ensure_timeout(index);
        }
        index
    }

    #[inline(always)]
    fn message_arrives(&mut self, arrival: Time, index: u32, to: Contact) {
        self.calls[index].pending = 1;
        self.queue.push(arrival, Event::Message { call: index, to: to.slot() });
    }

    /// Sends a message without an answer, but for its payload; `None` if it will not arrive.
    #[inline(never)]
    pub(super) fn post_message(
        &mut self,
        from: Slot,
        to: Contact,
        charge: Charge,
        lookup: Option<LookupId>,
        way: Way,
    ) -> Option<u32> {
        let to_incarnation = self.target(to);
        let fate = self.transmit((from, to.slot()), to_incarnation.is_some(), way, charge, lookup);
        if fate == Err(Cause::Nat) {
            self.count_stopped_answer(to, lookup);
        }
        let arrival = fate.ok()?;
        let index = self.open_call(from, to, to_incarnation, lookup);
        self.message_arrives(arrival, index, to);
        Some(index)
    }

    /// Counts what was sent for a lookup of the workload straight to a live node, if NAT stopped it.
    #[cold]
    fn count_stopped_answer(&mut self, to: Contact, lookup: Option<LookupId>) {
        let is_workload = lookup.is_some_and(LookupId::is_workload);
        if is_workload && self.metrics.is_measuring() && self.directory.is_live(to) {
            self.accounts.stopped_answers += 1;
        }
    }

    /// One event that referred to a call has passed. Returns whether it was the last one: then the call is over.
    #[inline]
    pub fn settle(&mut self, index: u32) -> bool {
        let call = &mut self.calls[index];
        call.pending -= 1;
        let over = call.pending == 0;
        if over {
            self.calls.close(index);
        }
        over
    }
}

/// A request waits for 1 ns at least.
fn at_least_one(wait: Duration) -> Duration {
    wait.max(Duration::from_nanos(1))
}
