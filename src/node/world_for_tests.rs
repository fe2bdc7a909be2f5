//! The world of the small network of tests ([`super::network_for_tests`]): who is there, and what is on its way.

use super::awake::{Awake, guard};
use super::directory::{Directory, Incarnation};
use super::lookup::Lookups;
use super::{
    Charge, Contact, Context, Ended, Expects, Lookup, LookupId, Members, Protocol, Purpose, ReplyTo, Slot, Terms,
    TimerId, Way,
};
use crate::engine::queue::Ticket;
use crate::engine::random::{Purpose as Stream, Seed, below};
use crate::engine::time::{Duration, Time};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};

/// How long a message is under way.
pub(crate) const DELAY: Duration = Duration::from_millis(10);
/// How long a request waits for its reply.
pub(crate) const TIMEOUT: Duration = Duration::from_millis(100);
#[derive(Clone, Copy)]
pub(super) enum Event<T> {
    Request(usize),
    Reply(usize),
    Timeout(usize),
    Message(usize),
    Timer { node: Slot, incarnation: Incarnation, timer: T },
    Deadline(LookupId),
}

/// A message that has been sent, with the reply to it.
#[derive(Clone, Copy)]
pub(crate) struct Call<M> {
    pub from: Contact,
    pub(super) from_incarnation: Incarnation,
    pub to: Contact,
    pub(super) to_incarnation: Option<Incarnation>,
    pub request: M,
    /// As what the request is booked.
    pub charge: Charge,
    /// What was sent back, and as what it is booked.
    pub reply: Option<(M, Charge)>,
    /// The lookup that caused it.
    pub lookup: Option<LookupId>,
    pub sent: Time,
    /// Requests of the same lookup that were under way then, this one included.
    pub under_way: usize,
    pub(super) pending: u8,
}

/// How a lookup of the workload ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub owner: Option<u64>,
    pub hops: u32,
    pub rpcs: u32,
    pub timeouts: u32,
    pub took: Duration,
}

/// The world around the nodes.
pub(crate) struct Net<P: Protocol> {
    pub(super) now: Time,
    pub(super) random: ChaCha8Rng,
    pub directory: Directory,
    pub members: Members,
    pub(super) lookups: Lookups<P::Task>,
    pub(super) queue: BTreeMap<(Time, u64), Event<P::Timer>>,
    serial: u64,
    /// All that has been sent, in order.
    pub calls: Vec<Call<P::Message>>,
    /// Those of them whose sender waits for a reply or a timeout.
    pub(super) waiting: BTreeSet<usize>,
    /// Links that lose everything, by sender and receiver.
    pub cut: BTreeSet<(Slot, Slot)>,
    /// Who is behind NAT.
    pub behind_nat: BTreeSet<Slot>,
    pub(super) found: BTreeMap<u64, Found>,
    /// Whom the last lookup that told took for the nearest to its key.
    pub closest: Vec<Contact>,
    pub(super) released: Vec<P::Message>,
    pub(super) ended: Vec<(LookupId, Slot, Ended)>,
    pub(super) deadline: Duration,
    /// Messages sent so far.
    pub sent: u64,
}

impl<P: Protocol> Net<P> {
    /// Nobody, and nothing on its way.
    pub fn new(deadline: Duration) -> Self {
        Net {
            now: Time::ZERO,
            random: Seed { seed: 1, replicate: 0 }.stream(Stream::Protocol),
            directory: Directory::default(),
            members: Members::new(),
            lookups: Lookups::default(),
            queue: BTreeMap::new(),
            serial: 0,
            calls: Vec::new(),
            waiting: BTreeSet::new(),
            cut: BTreeSet::new(),
            behind_nat: BTreeSet::new(),
            found: BTreeMap::new(),
            closest: Vec::new(),
            released: Vec::new(),
            ended: Vec::new(),
            deadline,
            sent: 0,
        }
    }

    pub(super) fn push(&mut self, delay: Duration, event: Event<P::Timer>) {
        self.serial += 1;
        self.queue.insert((self.now + delay, self.serial), event);
    }

    /// Whether a message arrives; `is_back` if it answers one, which NAT lets through.
    fn arrives(&mut self, from: Slot, to: Contact, is_back: bool) -> bool {
        self.sent += 1;
        let passes_nat = is_back || !self.behind_nat.contains(&to.slot());
        self.directory.is_live(to) && passes_nat && !self.cut.contains(&(from, to.slot()))
    }

    fn call(
        &mut self,
        from: Slot,
        to: Contact,
        request: P::Message,
        charge: Charge,
        lookup: Option<LookupId>,
    ) -> usize {
        let from_incarnation = self.directory.incarnation(from);
        let (from, to_incarnation, sent) = (self.directory.contact(from), self.directory.find(to), self.now);
        let others = self.waiting.iter().filter(|other| self.calls[**other].lookup == lookup);
        let under_way = 1 + others.count();
        self.calls.push(Call {
            from,
            from_incarnation,
            to,
            to_incarnation,
            request,
            charge,
            reply: None,
            lookup,
            sent,
            under_way,
            pending: 0,
        });
        self.calls.len() - 1
    }

    fn schedule(&mut self, index: usize, delay: Duration, event: Event<P::Timer>) {
        self.calls[index].pending += 1;
        self.push(delay, event);
    }

    pub(super) fn post_reply(&mut self, index: usize, reply: P::Message, charge: Charge) {
        let Call { from, to, .. } = self.calls[index];
        self.calls[index].reply = Some((reply, charge));
        if self.arrives(to.slot(), from, true) {
            self.schedule(index, DELAY, Event::Reply(index));
        }
    }

    pub(super) fn end(
        &mut self,
        id: LookupId,
        owner: Option<Contact>,
        hops: u32,
        how: Ended,
    ) -> Option<Lookup<P::Task>> {
        let lookup = self.lookups.end(id)?;
        self.ended.push((id, lookup.initiator, how));
        if matches!(lookup.purpose, Purpose::Workload) {
            let Lookup { rpcs, timeouts, started, .. } = lookup;
            let took = self.now.since(started);
            self.found.insert(lookup.number, Found { owner: owner.map(Contact::id), hops, rpcs, timeouts, took });
        }
        Some(lookup)
    }
}

impl<P: Protocol> Context<P> for Net<P> {
    fn now(&self) -> Time {
        self.now
    }

    fn random(&mut self) -> &mut ChaCha8Rng {
        &mut self.random
    }

    fn contact(&self, node: Slot) -> Contact {
        self.directory.contact(node)
    }

    fn is_client(&self, node: Slot) -> bool {
        self.behind_nat.contains(&node)
    }

    fn closest_found(&mut self, _: LookupId, found: &[Contact], _: u32) {
        self.closest = found.to_vec();
    }

    fn bootstrap(&mut self, node: Slot, admits: impl Fn(Contact) -> bool) -> Option<Contact> {
        // Whoever keeps the list of those to begin with may know more than the node.
        let _awake = Awake::nobody();
        let candidates = self.members.iter().filter(|member| member.slot() != node && admits(*member));
        let reached = |to: &Contact| !self.cut.contains(&(node, to.slot())) && !self.behind_nat.contains(&to.slot());
        let candidates: Vec<Contact> = candidates.filter(reached).collect();
        let choice = below(&mut self.random, candidates.len().max(1) as u64) as usize;
        candidates.get(choice).copied()
    }

    fn bootstrap_near(&mut self, node: Slot, _: u32, admits: impl Fn(Contact) -> bool) -> Option<Contact> {
        // All are equally far.
        self.bootstrap(node, admits)
    }

    fn post(
        &mut self,
        from: Slot,
        to: Contact,
        message: P::Message,
        charge: Charge,
        lookup: Option<LookupId>,
        terms: Terms,
    ) {
        if let (false, Some(lookup)) =
            (terms.expects == Expects::Nothing, lookup.and_then(|id| self.lookups.get_mut(id)))
        {
            lookup.rpcs += 1;
        }
        let index = self.call(from, to, message, charge, lookup);
        let arrives = self.arrives(from, to, terms.way == Way::Back);
        let wait = match terms.expects {
            Expects::Reply => Some(TIMEOUT),
            Expects::ReplyWithin(wait) => Some(wait),
            Expects::Notice => Some(TIMEOUT).filter(|_| !arrives),
            Expects::Nothing => None,
        };
        if let Some(wait) = wait {
            self.waiting.insert(index);
            self.schedule(index, wait, Event::Timeout(index));
        }
        match terms.expects {
            Expects::Reply | Expects::ReplyWithin(_) if arrives => self.schedule(index, DELAY, Event::Request(index)),
            _ if arrives => self.schedule(index, DELAY, Event::Message(index)),
            Expects::Nothing => self.released.push(message),
            _ => {}
        }
    }

    fn reply(&mut self, reply_to: ReplyTo, message: P::Message, charge: Charge) {
        guard(true, reply_to.node);
        let index = reply_to.call as usize;
        let call = &self.calls[index];
        let is_open = call.to_incarnation.is_some_and(|it| self.directory.is_current(reply_to.node, it));
        // After the timeout nothing is kept of a request.
        match call.pending > 0 && call.reply.is_none() && is_open {
            true => self.post_reply(index, message, charge),
            false => self.released.push(message),
        }
    }

    fn set_timer(&mut self, node: Slot, delay: Duration, timer: P::Timer) -> TimerId {
        if delay == Duration::MAX {
            return TimerId { node, time: Time::NEVER, ticket: Ticket::default() };
        }
        let incarnation = self.directory.incarnation(node);
        self.push(delay, Event::Timer { node, incarnation, timer });
        TimerId { node, time: self.now + delay, ticket: Ticket::numbered(self.serial) }
    }

    fn cancel_timer(&mut self, timer: TimerId) -> bool {
        guard(true, timer.node);
        self.queue.remove(&(timer.time, timer.ticket.number())).is_some()
    }

    fn join_completed(&mut self, node: Slot) {
        self.members.insert(self.directory.contact(node));
    }

    fn start_task(&mut self, node: Slot, key: u64, task: P::Task) -> LookupId {
        let id = self.lookups.start(node, self.directory.incarnation(node), key, Purpose::Task(task), self.now);
        self.push(self.deadline, Event::Deadline(id));
        id
    }

    fn lookup(&self, id: LookupId) -> Option<Lookup<P::Task>> {
        self.lookups.get(id).copied()
    }

    fn answer(&mut self, id: LookupId, owner: Contact, hops: u32) {
        self.end(id, Some(owner), hops, Ended::Answered);
    }

    fn give_up(&mut self, id: LookupId) {
        self.end(id, None, 0, Ended::GivenUp);
    }
}
