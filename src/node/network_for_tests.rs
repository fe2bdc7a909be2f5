//! A network of a few nodes of any protocol, for tests: every message takes 10 ms, every request waits 100 ms, links
//! can be cut, and nothing is drawn but by the protocol itself. All that is sent is kept, to be looked at.
//!
//! Timers whose period is [`NEVER`] never fire: rounds are then played by calling the protocol's procedures.

use super::awake::{Awake, guard};
use super::directory::{Directory, Incarnation};
use super::lookup::Lookups;
use super::{
    Answer, Charge, Contact, Context, Ended, Expects, Inspect, Lookup, LookupId, Members, Protocol, Purpose, Reply,
    ReplyTo, Slot, Start, Terms, TimerId, Way,
};
use crate::engine::distribution::Distribution;
use crate::engine::queue::Ticket;
use crate::engine::random::{Purpose as Stream, Seed, below};
use crate::engine::time::{Duration, Time};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};

/// How long a message is under way.
pub(crate) const DELAY: Duration = Duration::from_millis(10);
/// How long a request waits for its reply.
pub(crate) const TIMEOUT: Duration = Duration::from_millis(100);
/// The period of a timer that never fires.
pub(crate) const NEVER: Distribution = Distribution::Fixed(Duration::MAX);

#[derive(Clone, Copy)]
enum Event<T> {
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
    from_incarnation: Incarnation,
    pub to: Contact,
    to_incarnation: Option<Incarnation>,
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
    pending: u8,
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
    now: Time,
    random: ChaCha8Rng,
    pub directory: Directory,
    pub members: Members,
    lookups: Lookups<P::Task>,
    queue: BTreeMap<(Time, u64), Event<P::Timer>>,
    serial: u64,
    /// All that has been sent, in order.
    pub calls: Vec<Call<P::Message>>,
    /// Those of them whose sender waits for a reply or a timeout.
    waiting: BTreeSet<usize>,
    /// Links that lose everything, by sender and receiver.
    pub cut: BTreeSet<(Slot, Slot)>,
    /// Who is behind NAT.
    pub behind_nat: BTreeSet<Slot>,
    found: BTreeMap<u64, Found>,
    /// Whom the last lookup that told took for the nearest to its key.
    pub closest: Vec<Contact>,
    released: Vec<P::Message>,
    ended: Vec<(LookupId, Slot, Ended)>,
    deadline: Duration,
    /// Messages sent so far.
    pub sent: u64,
}

impl<P: Protocol> Net<P> {
    fn push(&mut self, delay: Duration, event: Event<P::Timer>) {
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

    fn post_reply(&mut self, index: usize, reply: P::Message, charge: Charge) {
        let Call { from, to, .. } = self.calls[index];
        self.calls[index].reply = Some((reply, charge));
        if self.arrives(to.slot(), from, true) {
            self.schedule(index, DELAY, Event::Reply(index));
        }
    }

    fn end(&mut self, id: LookupId, owner: Option<Contact>, hops: u32, how: Ended) -> Option<Lookup<P::Task>> {
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

    fn is_behind_nat(&self, node: Slot) -> bool {
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

/// A network of one protocol. Slots are given in order of arrival and used once.
pub(crate) struct Network<P: Protocol> {
    pub protocol: P,
    pub net: Net<P>,
}

impl<P: Protocol> Network<P> {
    /// Nobody yet.
    pub fn without_nodes(protocol: P) -> Self {
        let net = Net {
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
            deadline: protocol.lookup_deadline(),
            sent: 0,
        };
        Network { protocol, net }
    }

    /// A converged start of nodes with these identifiers; the first is at slot 0.
    pub fn converged(protocol: P, ids: &[u64]) -> Self {
        let mut network = Network::without_nodes(protocol);
        for (slot, id) in (0..).zip(ids) {
            network.net.directory.arrive(slot, *id, slot, Time::ZERO);
        }
        let contacts: Vec<Contact> = (0..ids.len() as u32).map(|slot| network.net.directory.contact(slot)).collect();
        network.net.members = Members::from_contacts(contacts);
        let members = network.net.members.clone();
        network.protocol.start_converged(&mut network.net, &members);
        network
    }

    /// A node arrives at the next slot.
    pub fn arrive(&mut self, id: u64) -> Slot {
        let slot = self.net.directory.slots();
        self.arrive_at(slot, id);
        slot
    }

    pub fn arrive_at(&mut self, slot: Slot, id: u64) {
        let was_here = self.net.directory.was_here(Contact::new(id, slot));
        self.net.directory.arrive(slot, id, slot, self.net.now);
        let start = if was_here { Start::Returning } else { Start::Fresh };
        let _awake = Awake::only(slot);
        self.protocol.on_arrival(&mut self.net, slot, start);
    }

    pub fn crash(&mut self, node: Slot) {
        while let Some(lookup) = self.net.lookups.any_of(node) {
            self.net.end(lookup, None, 0, Ended::InitiatorDeparted);
        }
        self.tell_of_ends();
        self.net.members.remove(self.net.directory.contact(node));
        self.net.directory.depart(node);
        self.protocol.on_departure(node);
    }

    pub fn leave(&mut self, node: Slot) {
        {
            let _awake = Awake::only(node);
            self.protocol.on_leave(&mut self.net, node);
        }
        self.crash(node);
    }

    /// The identifiers of the nodes that `node` has links of that sort to, in order.
    pub fn linked(&self, node: Slot, sort: &str) -> Vec<u64>
    where
        P: Inspect,
    {
        let mut ids = Vec::new();
        self.protocol.links(node, &mut |its_sort, to| ids.extend((its_sort == sort).then_some(to.id())));
        ids.sort_unstable();
        ids
    }

    /// Plays what happens in the next `span`.
    pub fn play(&mut self, span: Duration) {
        let end = self.net.now + span;
        while let Some(entry) = self.net.queue.first_entry().filter(|entry| entry.key().0 <= end) {
            let ((time, _), event) = entry.remove_entry();
            self.net.now = time;
            self.happen(event);
            self.tell_of_ends();
            let released: Vec<P::Message> = self.net.released.drain(..).collect();
            released.into_iter().for_each(|message| self.protocol.release(&message));
        }
        self.net.now = end;
    }

    fn tell_of_ends(&mut self) {
        for (lookup, initiator, how) in std::mem::take(&mut self.net.ended) {
            if P::HEARS_OF_ENDS {
                let _awake = Awake::only(initiator);
                self.protocol.on_lookup_ended(initiator, lookup, how);
            }
        }
    }

    fn happen(&mut self, event: Event<P::Timer>) {
        let (protocol, net) = (&mut self.protocol, &mut self.net);
        match event {
            Event::Timer { node, incarnation, timer } if net.directory.is_current(node, incarnation) => {
                let _awake = Awake::only(node);
                protocol.on_timer(net, node, timer);
            }
            Event::Timer { .. } => {}
            Event::Deadline(id) => {
                let late = net.end(id, None, 0, Ended::CutOff);
                self.tell_of_ends();
                let (protocol, net) = (&mut self.protocol, &mut self.net);
                if let Some(Lookup { initiator, purpose: Purpose::Task(task), .. }) = late {
                    let _awake = Awake::only(initiator);
                    protocol.on_task_failed(net, initiator, task);
                }
            }
            Event::Request(index) | Event::Reply(index) | Event::Timeout(index) | Event::Message(index) => {
                self.deliver(event, index);
                self.settle(index);
            }
        }
    }

    fn deliver(&mut self, event: Event<P::Timer>, index: usize) {
        let (protocol, net) = (&mut self.protocol, &mut self.net);
        let Call { from, from_incarnation, to, to_incarnation, request, reply, lookup, .. } = net.calls[index];
        let caller_is_current = net.directory.is_current(from.slot(), from_incarnation);
        let target_is_current =
            to_incarnation.is_some_and(|incarnation| net.directory.is_current(to.slot(), incarnation));
        let _awake = Awake::only(match event {
            Event::Request(_) | Event::Message(_) => to.slot(),
            _ => from.slot(),
        });
        match event {
            Event::Request(_) if target_is_current => {
                let reply_to = ReplyTo { call: index as u32, node: to.slot(), ticket: Ticket::default() };
                match protocol.on_request(net, to.slot(), from, &request, reply_to) {
                    Answer::Now(reply, charge) => net.post_reply(index, reply, charge),
                    Answer::Later | Answer::Refused => {}
                }
            }
            Event::Message(_) if target_is_current => protocol.on_message(net, to.slot(), from, &request),
            Event::Reply(_) if caller_is_current && net.waiting.contains(&index) => {
                net.waiting.remove(&index);
                if let Some((reply, _)) = reply {
                    let round_trip = net.now.since(net.calls[index].sent);
                    let reply = Reply { from: to, request: &request, reply: &reply, round_trip };
                    protocol.on_reply(net, from.slot(), reply);
                }
            }
            Event::Timeout(_) if caller_is_current && net.waiting.contains(&index) => {
                net.waiting.remove(&index);
                if let Some(lookup) = lookup.and_then(|id| net.lookups.get_mut(id)) {
                    lookup.timeouts += 1;
                }
                protocol.on_timeout(net, from.slot(), to, &request);
            }
            _ => {}
        }
    }

    fn settle(&mut self, index: usize) {
        let call = &mut self.net.calls[index];
        call.pending -= 1;
        if call.pending == 0 {
            self.net.released.push(call.request);
            self.net.released.extend(call.reply.map(|(reply, _)| reply));
        }
    }

    /// A minute in which nothing is due but what is under way.
    pub fn settle_down(&mut self) {
        self.play(Duration::from_secs(60));
    }

    fn start_lookup(&mut self, node: Slot, key: u64) -> u64 {
        let incarnation = self.net.directory.incarnation(node);
        let id = self.net.lookups.start(node, incarnation, key, Purpose::Workload, self.net.now);
        let number = self.net.lookups.get(id).expect("just started").number;
        self.net.push(self.net.deadline, Event::Deadline(id));
        let _awake = Awake::only(node);
        self.protocol.on_lookup(&mut self.net, node, id);
        number
    }

    /// Starts a lookup and waits for its end.
    pub fn look_up(&mut self, node: Slot, key: u64) -> Found {
        let number = self.start_lookup(node, key);
        self.settle_down();
        self.net.found[&number]
    }

    /// The same, but nodes crash a while after the lookup has started.
    pub fn look_up_while_some_crash(&mut self, node: Slot, key: u64, after: Duration, victims: &[Slot]) -> Found {
        let number = self.start_lookup(node, key);
        self.play(after);
        victims.iter().for_each(|victim| self.crash(*victim));
        self.settle_down();
        self.net.found[&number]
    }

    /// Starts a lookup, does something a while later, and waits for the end.
    pub fn look_up_meanwhile(
        &mut self,
        node: Slot,
        key: u64,
        after: Duration,
        meddle: impl FnOnce(&mut P, LookupId),
    ) -> Found {
        let number = self.start_lookup(node, key);
        self.play(after);
        let lookup = self.net.lookups.find(number).expect("the lookup is under way");
        meddle(&mut self.protocol, lookup);
        self.settle_down();
        self.net.found[&number]
    }

    /// Lets everybody crash and waits for what is under way. Panics if anything is left then but timers of those gone.
    pub fn crash_everybody(&mut self) {
        let live = (0..self.net.directory.slots()).filter(|slot| self.net.directory.is_occupied(*slot));
        live.collect::<Vec<Slot>>().into_iter().for_each(|node| self.crash(node));
        self.settle_down();
        let is_timer = |event: &Event<P::Timer>| matches!(event, Event::Timer { .. });
        assert!(self.net.queue.values().all(is_timer), "something is under way");
    }
}
