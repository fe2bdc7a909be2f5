//! A network of a few nodes for tests: every message takes 10 ms, every request waits 100 ms, links can be cut. Timers
//! never fire unless a test sets periods: rounds are played by calling the procedures.

use crate::engine::distribution::Distribution;
use crate::engine::random::{Purpose as Stream, Seed, below};
use crate::engine::time::{Duration, Time};
use crate::node::directory::{Directory, Incarnation};
use crate::node::lookup::Lookups;
use crate::node::{Charge, Contact, Context, Lookup, LookupId, Members, Protocol, Purpose, Slot};
use crate::protocols::chord::{Chord, Config, Message, Task, Timer};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const DELAY: Duration = Duration::from_millis(10);
pub(super) const TIMEOUT: Duration = Duration::from_millis(100);
pub(super) const NEVER: Distribution = Distribution::Fixed(Duration::MAX);

/// Four successors, and nothing that happens by itself.
pub(super) fn by_hand() -> Config {
    Config {
        successors: 4,
        stabilize_every: NEVER,
        fix_fingers_every: NEVER,
        check_predecessor_every: NEVER,
        fingers_on_join: false,
        ..Config::default()
    }
}

#[derive(Clone, Copy)]
enum Event {
    Request(usize),
    Reply(usize),
    Timeout(usize),
    Message(usize),
    Timer { node: Slot, incarnation: Incarnation, timer: Timer },
    Deadline(LookupId),
}

#[derive(Clone, Copy)]
struct Call {
    from: Contact,
    from_incarnation: Incarnation,
    to: Contact,
    to_incarnation: Option<Incarnation>,
    request: Message,
    reply: Option<Message>,
    lookup: Option<LookupId>,
    over: bool,
    pending: u8,
}

/// How a lookup of the workload ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub owner: Option<u64>,
    pub hops: u32,
    pub rpcs: u32,
    pub timeouts: u32,
    pub took: Duration,
}

pub(super) struct Net {
    now: Time,
    random: ChaCha8Rng,
    pub directory: Directory,
    pub members: Members,
    lookups: Lookups<Task>,
    queue: BTreeMap<(Time, u64), Event>,
    serial: u64,
    calls: Vec<Call>,
    /// Links that lose everything, by sender and receiver.
    pub cut: BTreeSet<(Slot, Slot)>,
    found: BTreeMap<u64, Found>,
    released: Vec<Message>,
    deadline: Duration,
    /// Messages sent so far.
    pub sent: u64,
}

impl Net {
    fn push(&mut self, delay: Duration, event: Event) {
        self.serial += 1;
        self.queue.insert((self.now + delay, self.serial), event);
    }

    fn arrives(&mut self, from: Slot, to: Contact) -> bool {
        self.sent += 1;
        self.directory.is_live(to) && !self.cut.contains(&(from, to.slot()))
    }

    fn call(&mut self, from: Slot, to: Contact, request: Message, lookup: Option<LookupId>) -> usize {
        let from_incarnation = self.directory.incarnation(from);
        let (from, to_incarnation) = (self.directory.contact(from), self.directory.find(to));
        self.calls.push(Call {
            from,
            from_incarnation,
            to,
            to_incarnation,
            request,
            reply: None,
            lookup,
            over: false,
            pending: 0,
        });
        self.calls.len() - 1
    }

    fn schedule(&mut self, index: usize, delay: Duration, event: Event) {
        self.calls[index].pending += 1;
        self.push(delay, event);
    }

    fn end(&mut self, id: LookupId, owner: Option<Contact>, hops: u32) -> Option<Lookup<Task>> {
        let lookup = self.lookups.end(id)?;
        if lookup.purpose == Purpose::Workload {
            let Lookup { rpcs, timeouts, started, .. } = lookup;
            let took = self.now.since(started);
            self.found.insert(lookup.number, Found { owner: owner.map(Contact::id), hops, rpcs, timeouts, took });
        }
        Some(lookup)
    }
}

impl Context<Chord> for Net {
    fn now(&self) -> Time {
        self.now
    }

    fn random(&mut self) -> &mut ChaCha8Rng {
        &mut self.random
    }

    fn contact(&self, node: Slot) -> Contact {
        self.directory.contact(node)
    }

    fn is_behind_nat(&self, _: Slot) -> bool {
        false
    }

    fn closest_found(&mut self, _: LookupId, _: &[Contact], _: u32) {}

    fn bootstrap(&mut self, node: Slot, admits: impl Fn(Contact) -> bool) -> Option<Contact> {
        let candidates = self.members.iter().filter(|member| member.slot() != node && admits(*member));
        let candidates: Vec<Contact> = candidates.filter(|to| !self.cut.contains(&(node, to.slot()))).collect();
        let choice = below(&mut self.random, candidates.len().max(1) as u64) as usize;
        candidates.get(choice).copied()
    }

    fn request(&mut self, from: Slot, to: Contact, message: Message, _: Charge, lookup: Option<LookupId>) {
        if let Some(lookup) = lookup.and_then(|id| self.lookups.get_mut(id)) {
            lookup.rpcs += 1;
        }
        let index = self.call(from, to, message, lookup);
        self.schedule(index, TIMEOUT, Event::Timeout(index));
        if self.arrives(from, to) {
            self.schedule(index, DELAY, Event::Request(index));
        }
    }

    fn send(&mut self, from: Slot, to: Contact, message: Message, _: Charge, _: Option<LookupId>) {
        if self.arrives(from, to) {
            let index = self.call(from, to, message, None);
            self.schedule(index, DELAY, Event::Message(index));
        } else {
            self.released.push(message);
        }
    }

    fn send_with_notice(&mut self, from: Slot, to: Contact, message: Message, _: Charge, lookup: Option<LookupId>) {
        if let Some(lookup) = lookup.and_then(|id| self.lookups.get_mut(id)) {
            lookup.rpcs += 1;
        }
        let index = self.call(from, to, message, lookup);
        match self.arrives(from, to) {
            true => self.schedule(index, DELAY, Event::Message(index)),
            false => self.schedule(index, TIMEOUT, Event::Timeout(index)),
        }
    }

    fn set_timer(&mut self, node: Slot, delay: Duration, timer: Timer) {
        if delay != Duration::MAX {
            let incarnation = self.directory.incarnation(node);
            self.push(delay, Event::Timer { node, incarnation, timer });
        }
    }

    fn join_completed(&mut self, node: Slot) {
        self.members.insert(self.directory.contact(node));
    }

    fn start_task(&mut self, node: Slot, key: u64, task: Task) -> LookupId {
        let id = self.lookups.start(node, self.directory.incarnation(node), key, Purpose::Task(task), self.now);
        self.push(self.deadline, Event::Deadline(id));
        id
    }

    fn lookup(&self, id: LookupId) -> Option<Lookup<Task>> {
        self.lookups.get(id).copied()
    }

    fn answer(&mut self, id: LookupId, owner: Contact, hops: u32) {
        self.end(id, Some(owner), hops);
    }

    fn give_up(&mut self, id: LookupId) {
        self.end(id, None, 0);
    }
}

/// A Chord network in [`Net`]. Slots are given in order of arrival and used once.
pub(super) struct Ring {
    pub chord: Chord,
    pub net: Net,
}

impl Ring {
    pub fn empty(config: Config) -> Self {
        let net = Net {
            now: Time::ZERO,
            random: Seed { seed: 1, replicate: 0 }.stream(Stream::Protocol),
            directory: Directory::default(),
            members: Members::new(),
            lookups: Lookups::default(),
            queue: BTreeMap::new(),
            serial: 0,
            calls: Vec::new(),
            cut: BTreeSet::new(),
            found: BTreeMap::new(),
            released: Vec::new(),
            deadline: config.lookup_deadline,
            sent: 0,
        };
        Ring { chord: Chord::new(config), net }
    }

    /// The exact ring of these identifiers; the first is at slot 0.
    pub fn exact(config: Config, ids: &[u64]) -> Self {
        let mut ring = Ring::empty(config);
        for (slot, id) in (0..).zip(ids) {
            ring.net.directory.arrive(slot, *id, slot, Time::ZERO);
        }
        let contacts: Vec<Contact> = (0..ids.len() as u32).map(|slot| ring.net.directory.contact(slot)).collect();
        ring.net.members = Members::from_contacts(contacts);
        let members = ring.net.members.clone();
        ring.chord.start_converged(&mut ring.net, &members);
        ring
    }

    /// A node arrives at the next slot.
    pub fn arrive(&mut self, id: u64) -> Slot {
        let slot = self.net.directory.slots();
        self.arrive_at(slot, id);
        slot
    }

    pub fn arrive_at(&mut self, slot: Slot, id: u64) {
        self.net.directory.arrive(slot, id, slot, self.net.now);
        self.chord.on_arrival(&mut self.net, slot);
    }

    pub fn crash(&mut self, node: Slot) {
        while let Some(lookup) = self.net.lookups.any_of(node) {
            self.net.end(lookup, None, 0);
        }
        self.net.members.remove(self.net.directory.contact(node));
        self.net.directory.depart(node);
        self.chord.on_departure(node);
    }

    pub fn leave(&mut self, node: Slot) {
        self.chord.on_leave(&mut self.net, node);
        self.crash(node);
    }

    /// Plays what happens in the next `span`.
    pub fn play(&mut self, span: Duration) {
        let end = self.net.now + span;
        while let Some(entry) = self.net.queue.first_entry().filter(|entry| entry.key().0 <= end) {
            let ((time, _), event) = entry.remove_entry();
            self.net.now = time;
            self.happen(event);
            let released: Vec<Message> = self.net.released.drain(..).collect();
            released.into_iter().for_each(|message| self.chord.release(&message));
        }
        self.net.now = end;
    }

    fn happen(&mut self, event: Event) {
        let (chord, net) = (&mut self.chord, &mut self.net);
        match event {
            Event::Timer { node, incarnation, timer } if net.directory.is_current(node, incarnation) => {
                chord.on_timer(net, node, timer)
            }
            Event::Timer { .. } => {}
            Event::Deadline(id) => {
                if let Some(Lookup { initiator, purpose: Purpose::Task(task), .. }) = net.end(id, None, 0) {
                    chord.on_task_failed(net, initiator, task);
                }
            }
            Event::Request(index) | Event::Reply(index) | Event::Timeout(index) | Event::Message(index) => {
                self.deliver(event, index);
                self.settle(index);
            }
        }
    }

    fn deliver(&mut self, event: Event, index: usize) {
        let (chord, net) = (&mut self.chord, &mut self.net);
        let Call { from, from_incarnation, to, to_incarnation, request, reply, lookup, over, .. } = net.calls[index];
        let caller_is_current = net.directory.is_current(from.slot(), from_incarnation);
        let target_is_current =
            to_incarnation.is_some_and(|incarnation| net.directory.is_current(to.slot(), incarnation));
        match event {
            Event::Request(_) if target_is_current => {
                let Some((reply, _)) = chord.on_request(net, to.slot(), from, &request) else { return };
                net.calls[index].reply = Some(reply);
                if net.arrives(to.slot(), from) {
                    net.schedule(index, DELAY, Event::Reply(index));
                }
            }
            Event::Message(_) if target_is_current => chord.on_message(net, to.slot(), from, &request),
            Event::Reply(_) if caller_is_current && !over => {
                net.calls[index].over = true;
                if let Some(reply) = reply {
                    chord.on_reply(net, from.slot(), to, &request, &reply);
                }
            }
            Event::Timeout(_) if caller_is_current && !over => {
                net.calls[index].over = true;
                if let Some(lookup) = lookup.and_then(|id| net.lookups.get_mut(id)) {
                    lookup.timeouts += 1;
                }
                chord.on_timeout(net, from.slot(), to, &request);
            }
            _ => {}
        }
    }

    fn settle(&mut self, index: usize) {
        let call = &mut self.net.calls[index];
        call.pending -= 1;
        if call.pending == 0 {
            self.net.released.push(call.request);
            self.net.released.extend(call.reply);
        }
    }

    /// A minute in which nothing is due but what is under way.
    pub fn settle_down(&mut self) {
        self.play(Duration::from_secs(60));
    }

    /// So many rounds of stabilisation of every live node.
    pub fn stabilize(&mut self, rounds: u32) {
        for _ in 0..rounds {
            for node in 0..self.net.directory.slots() {
                if self.net.directory.is_occupied(node) && self.chord.node(node).member {
                    self.chord.stabilize(&mut self.net, node);
                }
            }
            self.settle_down();
        }
    }

    fn start_lookup(&mut self, node: Slot, key: u64) -> u64 {
        let incarnation = self.net.directory.incarnation(node);
        let id = self.net.lookups.start(node, incarnation, key, Purpose::Workload, self.net.now);
        let number = self.net.lookups.get(id).expect("just started").number;
        self.net.push(self.net.deadline, Event::Deadline(id));
        self.chord.on_lookup(&mut self.net, node, id);
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

    pub fn successors(&self, node: Slot) -> Vec<u64> {
        self.chord.successors(node).iter().map(|contact| contact.id()).collect()
    }

    pub fn predecessor(&self, node: Slot) -> Option<u64> {
        Some(self.chord.node(node).predecessor).filter(|contact| contact.is_some()).map(Contact::id)
    }

    /// Panics unless the first successor, the predecessor and the rest of the list of every live node are right.
    pub fn check_exact(&self) {
        let ring: Vec<Contact> = self.net.members.iter().collect();
        for (place, member) in ring.iter().enumerate() {
            let node = member.slot();
            let others = ring.iter().cycle().skip(place + 1).take(ring.len() - 1);
            let mut expected: Vec<u64> = others.take(4).map(|contact| contact.id()).collect();
            if expected.is_empty() {
                expected.push(member.id());
            }
            assert_eq!(self.successors(node), expected, "successors of {}", member.id());
            if ring.len() > 1 {
                let before = ring[(place + ring.len() - 1) % ring.len()].id();
                assert_eq!(self.predecessor(node), Some(before), "predecessor of {}", member.id());
            }
        }
    }

    /// Lets everybody crash, and panics if anything is left after that.
    pub fn check_nothing_is_left(mut self) {
        let live: Vec<Slot> = self.net.members.iter().map(Contact::slot).collect();
        live.into_iter().for_each(|node| self.crash(node));
        self.settle_down();
        assert!(self.net.queue.is_empty(), "something is under way");
        assert_eq!(self.chord.held(), [0, 0, 0]);
    }
}
