//! The world as the protocol acts on it: messages on their way, timers, lookups under way, and the books about them.
//!
//! A timeout costs nothing unless it happens. When a request is sent it is known whether it will arrive, and when its
//! reply is sent whether that comes in time; the caller's timeout enters the queue only once it is certain to expire.
//! It takes its place in the order of events when the request is sent (a ticket), so the run is the same as if every
//! timeout had been scheduled then and most had been cancelled; `eager_timeouts` does that, and a test compares.

use super::calls::{Call, Calls};
use super::deadlines::{Deadline, Deadlines};
use super::event::{Event, Kind};
use super::judge::{EndedLookup, Judge};
use super::measured::Measured;
use super::outcome::{Exchanges, LookupResult};
use crate::engine::fingerprint::Fingerprint;
use crate::engine::queue::{EventQueue, Ticket};
use crate::engine::random::Purpose as Stream;
use crate::engine::time::{Duration, Time};
use crate::network::Network;
use crate::node::awake::Awake;
use crate::node::directory::{Directory, Incarnation};
use crate::node::history::History;
use crate::node::lookup::Lookups;
use crate::node::{Charge, Contact, Lookup, LookupId, Members, MessageSizes, Purpose, Simulated, Slot, Truth, Way};
use crate::observe::metrics::Metrics;
use crate::observe::report::{LookupRecord, MessageBalance, Outcomes, RequestCounts};
use crate::scenario::{ReturnIdentifier, RpcTimeout, Scenario};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};

/// A run, but for the protocol.
pub(crate) struct World<P: Simulated> {
    pub now: Time,
    pub queue: EventQueue<Event<P::Timer>>,
    pub directory: Directory,
    pub members: Members,
    pub network: Network,
    pub lookups: Lookups<P::Task>,
    pub metrics: Metrics,
    pub fingerprint: Fingerprint,
    pub events: u64,
    pub balance: MessageBalance,
    pub requests: u64,
    /// Arrivals and departures, the initial nodes among them.
    pub arrivals: u64,
    pub departures: u64,
    /// How the lookups of the whole run ended, those of the warm-up among them.
    pub outcomes: Outcomes,
    /// The protocol's own lookups that have ended.
    pub tasks_ended: u64,
    pub late_replies: u64,
    pub exchanges: Exchanges,
    /// Messages, replies and timers that were handed to another incarnation than the one they were meant for. Counted
    /// while somebody checks; it stays 0.
    pub strays: u64,
    /// Whether the network began with ideal tables and nobody has come or gone since, nor was it ever partitioned, nor
    /// is anybody behind NAT.
    pub is_untouched: bool,
    /// The protocol's own lookups that ended without an answer though the initiator lived on.
    pub tasks_failed: u64,
    /// Lookups that were cut off by their deadline, whoever made them.
    pub cut_off: u64,
    /// Timeouts of requests to nodes that live, whose reply was still to come.
    pub false_alarms: u64,
    /// Answers to lookups of the workload that NAT stopped in the measurement.
    pub stopped_answers: u64,
    /// What the network has gone through, if checks need it.
    pub history: Option<History>,
    /// When quiet returned, if it has.
    pub quiet_since: Option<Time>,
    /// Payloads that were dropped while the protocol was busy: it gets them back when its handler returns.
    pub released: Vec<P::Message>,
    /// Lookups that ended in the measurement, for whoever writes them down.
    pub finished: Option<Vec<LookupRecord>>,
    pub eager_timeouts: bool,
    /// Whether a handler that touches the state of another node than its own panics.
    pub is_guarded: bool,
    /// Whether who departs may return as the node that it was, at the same address: then it is known only on arrival
    /// whether somebody gets a message.
    pub nodes_return: bool,
    /// Who judges lookups.
    pub(super) judge: Judge<P>,
    /// Requests that will be answered later, by whoever got each and by its ticket.
    pub(super) owed: BTreeMap<(Slot, Ticket), u32>,
    /// What nodes have measured, where timeouts follow from that.
    pub measured: Option<Measured>,
    /// Timers that wait in the queue and are not to fire.
    pub(super) cancelled: BTreeSet<Ticket>,
    pub(super) calls: Calls<P::Message>,
    pub(super) random: ChaCha8Rng,
    deadlines: Deadlines,
    sizes: MessageSizes,
    /// Identifiers a node.
    width: u32,
    deadline: Duration,
    live: u64,
}

impl<P: Simulated> World<P> {
    pub fn new(scenario: &Scenario, protocol: &P) -> Self {
        World {
            now: Time::ZERO,
            queue: EventQueue::new(),
            directory: Directory::default(),
            members: Members::new(),
            network: Network::new(&scenario.network, scenario.seed),
            lookups: Lookups::default(),
            metrics: Metrics::new(scenario.measurement, P::MESSAGE_KINDS, P::FIGURES),
            fingerprint: Fingerprint::new(),
            events: 0,
            balance: MessageBalance::default(),
            requests: 0,
            arrivals: 0,
            departures: 0,
            outcomes: Outcomes::default(),
            tasks_ended: 0,
            late_replies: 0,
            exchanges: Exchanges::default(),
            strays: 0,
            is_untouched: false,
            tasks_failed: 0,
            cut_off: 0,
            false_alarms: 0,
            stopped_answers: 0,
            history: None,
            quiet_since: None,
            released: Vec::new(),
            finished: None,
            eager_timeouts: false,
            is_guarded: cfg!(debug_assertions),
            nodes_return: scenario.churn.return_identifier == ReturnIdentifier::Same,
            judge: Judge::new(protocol),
            owed: BTreeMap::new(),
            measured: match scenario.network.rpc_timeout {
                RpcTimeout::Measured(bounds) => Some(Measured::new(bounds)),
                _ => None,
            },
            cancelled: BTreeSet::new(),
            calls: Calls::new(),
            random: scenario.seed.stream(Stream::Protocol),
            deadlines: Deadlines::default(),
            sizes: scenario.measurement.message_sizes,
            width: protocol.identifiers_per_node(),
            deadline: protocol.lookup_deadline(),
            live: 0,
        }
    }

    /// Books one event.
    #[inline]
    pub fn record(&mut self, node: Slot, kind: Kind) {
        self.events += 1;
        self.fingerprint.record(self.now, node, kind as u8);
    }

    /// While it lives the handler of `node` runs, and no other node's state can be touched; in guarded runs.
    #[inline(always)]
    pub fn awake(&self, node: Slot) -> Option<Awake> {
        self.is_guarded.then(|| Awake::only(node))
    }

    pub(super) fn host(&self, slot: Slot) -> u32 {
        if self.width == 1 { slot } else { slot / self.width }
    }

    pub fn reachable(&self, a: Slot, b: Slot) -> bool {
        self.network.reachable(self.host(a), self.host(b))
    }

    #[inline]
    pub fn is_behind_nat(&self, slot: Slot) -> bool {
        self.network.has_nat() && self.network.is_behind_nat(self.host(slot))
    }

    /// Whether `member` can own a key as far as `node` can reach. It always can where nothing stands between nodes
    /// ([`Self::is_open`]).
    pub fn admits(&self, node: Slot, member: Slot) -> bool {
        self.reachable(node, member) && !self.is_behind_nat(member)
    }

    /// Whether all nodes reach each other.
    #[inline]
    pub fn is_open(&self) -> bool {
        !self.network.is_partitioned() && !self.network.has_nat()
    }

    /// The truth, for whoever judges the protocol. `reachable` is [`Self::reachable`], `is_behind_nat` is
    /// [`Self::is_behind_nat`].
    pub fn truth<'a>(
        &'a self,
        reachable: &'a dyn Fn(Slot, Slot) -> bool,
        is_behind_nat: &'a dyn Fn(Slot) -> bool,
    ) -> Truth<'a> {
        Truth {
            members: &self.members,
            directory: &self.directory,
            reachable,
            is_behind_nat,
            now: self.now,
            history: self.history.as_ref(),
            longest_wait: self.network.longest_timeout(),
            closest_found: self.judge.found.mean_share(),
        }
    }

    /// Writes down that somebody alive may have been taken for dead.
    pub fn suspect(&mut self) {
        if let Some(history) = &mut self.history {
            history.suspected(self.now);
        }
    }

    /// Live nodes changed by `change`, or members did.
    pub fn population_changed(&mut self, change: i64) {
        self.live = self.live.strict_add_signed(change);
        let members = self.members.len() as f64 / f64::from(self.width);
        self.metrics.set_population(self.now, self.live, members);
    }

    /// Identifiers a node.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// How long a lookup may take.
    pub fn lookup_deadline(&self) -> Duration {
        self.deadline
    }

    pub fn live(&self) -> u64 {
        self.live
    }

    /// What has become of all requests so far.
    pub fn request_counts(&self) -> RequestCounts {
        RequestCounts { sent: self.requests, timed_out: self.exchanges.timed_out, falsely: self.false_alarms }
    }

    pub fn calls_under_way(&self) -> usize {
        self.calls.len()
    }

    /// Memory of calls under way, and of lookups under way with their deadlines \[B\].
    pub fn memory_bytes_under_way(&self) -> [u64; 2] {
        [self.calls.memory_bytes(), self.lookups.memory_bytes() + self.deadlines.memory_bytes()]
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

    /// Starts a lookup and its deadline.
    pub fn start_lookup(&mut self, node: Slot, key: u64, purpose: Purpose<P::Task>) -> LookupId {
        let incarnation = self.directory.incarnation(node);
        let lookup = self.lookups.start(node, incarnation, key, purpose, self.now);
        let deadline = Deadline { time: self.now + self.deadline, ticket: self.queue.ticket(), lookup };
        self.deadlines.add(deadline, |id| self.lookups.get(id).is_some());
        self.arm_deadline();
        lookup
    }

    /// Sees to it that a deadline waits in the queue, if one is to come.
    fn arm_deadline(&mut self) {
        if let Some(Deadline { time, ticket, lookup }) = self.deadlines.arm(|id| self.lookups.get(id).is_some()) {
            self.queue.push_with(ticket, time, Event::Deadline { lookup });
        }
    }

    /// The deadline that waited in the queue has passed.
    pub fn deadline_passed(&mut self) {
        self.deadlines.passed();
        self.arm_deadline();
    }

    /// Ends a lookup; if the workload asked for it, it will be judged as soon as the handler has returned.
    pub fn end_lookup(&mut self, id: LookupId, result: LookupResult) -> Option<Lookup<P::Task>> {
        let lookup = self.lookups.end(id)?;
        if P::HEARS_OF_ENDS || id.is_workload() {
            self.judge.note(EndedLookup { id, lookup, result });
        }
        if !id.is_workload() {
            self.tasks_ended += 1;
            self.tasks_failed += u64::from(matches!(result, LookupResult::GivenUp | LookupResult::CutOff));
        }
        Some(lookup)
    }

    /// The incarnation at which what is sent will arrive, unless it is lost; `None` if nobody gets it: `to` is gone, or
    /// behind NAT and has not asked `from`. Of the latter the sender thinks what it would think of the former. Who is
    /// gone and may return has no incarnation that could be named, but a message is on its way to it all the same.
    #[inline]
    fn target(&mut self, from: Slot, to: Contact, way: Way) -> Option<Incarnation> {
        let incarnation = match self.directory.find(to) {
            None if self.nodes_return && self.directory.was_here(to) => Incarnation::default(),
            found => found?,
        };
        if self.is_behind_nat(to.slot()) && way == Way::Unasked && self.host(from) != self.host(to.slot()) {
            self.suspect();
            return None;
        }
        Some(incarnation)
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

    /// Books a message and decides its fate: when it arrives, if it does.
    fn transmit(
        &mut self,
        from: Slot,
        to: Slot,
        alive: bool,
        charge: Charge,
        lookup: Option<LookupId>,
    ) -> Option<Time> {
        self.metrics.sent(charge.kind, charge.bytes(&self.sizes), lookup.is_some_and(LookupId::is_workload));
        self.balance.sent += 1;
        if !alive {
            self.balance.dropped += 1;
            return None;
        }
        let delay = self.network.transmit(self.host(from), self.host(to));
        match delay {
            Some(_) => self.balance.in_flight += 1,
            None => self.balance.lost += 1,
        }
        delay.map(|delay| self.now + delay)
    }

    /// A message on its way has arrived at a live node, or at nobody.
    pub fn arrived(&mut self, alive: bool) -> bool {
        self.balance.in_flight -= 1;
        match alive {
            true => self.balance.delivered += 1,
            false => self.balance.dropped += 1,
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
            self.released.push(reply);
        }
    }

    /// Whether the reply to a call will arrive.
    fn post_reply(&mut self, index: u32, charge: Charge) -> bool {
        let call = &self.calls[index];
        let (caller, target, lookup) = (call.from.slot(), call.to.slot(), call.lookup);
        let alive = self.directory.is_current(caller, call.from_incarnation);
        let Some(arrival) = self.transmit(target, caller, alive, charge, lookup) else {
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
        self.requests += 1;
        if let Some(lookup) = lookup.and_then(|id| self.lookups.get_mut(id)) {
            lookup.rpcs += 1;
        }
        let to_incarnation = self.target(from, to, way);
        let arrival = self.transmit(from, to.slot(), to_incarnation.is_some(), charge, lookup);
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
        let to_incarnation = self.target(from, to, way).filter(|_| is_there);
        let arrival = self.transmit(from, to.slot(), to_incarnation.is_some(), charge, lookup);
        let index = self.open_call(from, to, to_incarnation, lookup);
        if let Some(arrival) = arrival {
            self.message_arrives(arrival, index, to);
        } else {
            // A request that will expire.
            self.requests += 1;
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
        let to_incarnation = self.target(from, to, way);
        if to_incarnation.is_none() && self.metrics.is_measuring() {
            self.count_stopped_answer(to, lookup);
        }
        let arrival = self.transmit(from, to.slot(), to_incarnation.is_some(), charge, lookup)?;
        let index = self.open_call(from, to, to_incarnation, lookup);
        self.message_arrives(arrival, index, to);
        Some(index)
    }

    /// Counts what was sent for a lookup of the workload straight to a live node, if NAT stopped it.
    #[cold]
    fn count_stopped_answer(&mut self, to: Contact, lookup: Option<LookupId>) {
        let is_workload = lookup.is_some_and(LookupId::is_workload);
        if is_workload && self.directory.is_live(to) && self.is_behind_nat(to.slot()) {
            self.stopped_answers += 1;
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
