//! What both simulators stand on: an event queue, a network, nodes that come and go, lookups that are judged.
//!
//! Times are seconds. A node that departs never returns: whoever takes its place is a new node. All of it is written
//! from docs/scenario.md and docs/outputs.md.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};

use crate::options::Options;

/// The number of a node, never used again.
pub type Node = usize;

/// The number of a lookup of the workload; `None` stands where one is due for what no lookup caused.
pub type Cause = Option<usize>;

/// Random numbers (splitmix64, Steele, Lea and Flood, OOPSLA 2014).
pub struct Dice(u64);

impl Dice {
    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Uniform from 0 to below 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform from 0 to below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.unit() * bound as f64) as usize
    }

    /// An exponential law.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }
}

/// What a protocol does when something happens to one of its nodes. `Q` and `R` are its requests and replies.
pub trait Protocol: Sized {
    /// A request, or a message without a reply.
    type Request: Copy;
    /// A reply.
    type Reply;

    /// Exact tables for all who are there.
    fn converge(&mut self, world: &mut World<Self>);
    /// A node arrives.
    fn arrive(&mut self, world: &mut World<Self>, node: Node);
    /// A lookup of the workload starts.
    fn look_up(&mut self, world: &mut World<Self>, lookup: usize);
    /// A request has come: the reply, and how many nodes and keys that names.
    fn answer(
        &mut self,
        world: &mut World<Self>,
        node: Node,
        from: Node,
        request: Self::Request,
    ) -> Option<(Self::Reply, u64)>;
    /// A reply has come in time.
    fn reply(&mut self, world: &mut World<Self>, node: Node, from: Node, request: Self::Request, reply: Self::Reply);
    /// No reply has come in time.
    fn silence(&mut self, world: &mut World<Self>, node: Node, silent: Node, request: Self::Request);
    /// A timer is due.
    fn tick(&mut self, world: &mut World<Self>, node: Node, timer: usize);
    /// Who should be named for a key by the members that are there.
    fn owner(&self, world: &World<Self>, key: u64) -> Node;
    /// Figures of health now.
    fn health(&self, world: &World<Self>) -> Vec<(&'static str, f64)>;
}

enum What<P: Protocol> {
    Tick { node: Node, timer: usize, period: Option<f64> },
    Message { to: Node, from: Node, request: P::Request },
    Request { to: Node, from: Node, cause: Cause, request: P::Request, expires: f64, is_late: bool },
    Reply { node: Node, from: Node, request: P::Request, reply: P::Reply },
    Silence { node: Node, silent: Node, cause: Cause, request: P::Request },
    Join,
    Arrive { node: Node },
    EndSession { node: Node },
    MassCrash { share: f64 },
    StartLookup,
    Deadline { lookup: usize },
    Health,
}

struct Event<P: Protocol> {
    at: f64,
    serial: u64,
    what: What<P>,
}

impl<P: Protocol> PartialEq for Event<P> {
    fn eq(&self, other: &Self) -> bool {
        self.serial == other.serial
    }
}

impl<P: Protocol> Eq for Event<P> {}

impl<P: Protocol> PartialOrd for Event<P> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<P: Protocol> Ord for Event<P> {
    // The earliest is the greatest; of the same time, the one asked for first.
    fn cmp(&self, other: &Self) -> Ordering {
        other.at.total_cmp(&self.at).then(other.serial.cmp(&self.serial))
    }
}

/// A lookup of the workload.
pub struct Lookup {
    /// What it looks for.
    pub key: u64,
    /// Who started it.
    pub initiator: Node,
    /// Whether it has ended.
    pub is_over: bool,
    started: f64,
    requests: u64,
    timeouts: u64,
}

/// A law of one-way delays [s].
pub enum Delay {
    /// Always the same.
    Constant(f64),
    /// Exponential with this mean.
    Exponential(f64),
    /// Uniform from, to.
    Uniform(f64, f64),
}

/// Who is there.
struct Person {
    id: u64,
    is_alive: bool,
    is_member: bool,
    place: usize,
    lookups: Vec<usize>,
}

#[derive(Default)]
struct Books {
    correct: u64,
    wrong_owner: u64,
    failed: u64,
    aborted: u64,
    not_started: u64,
    joins: u64,
    hops: u64,
    latency: f64,
    requests: u64,
    timeouts: u64,
    messages: [u64; 2],
    bytes: [u64; 2],
    live_seconds: f64,
    health: Vec<(&'static str, f64)>,
    looks_at_health: u64,
}

/// One run.
pub struct World<P: Protocol> {
    /// Randomness of all that happens.
    pub dice: Dice,
    /// The present [s].
    pub now: f64,
    /// Members by identifier.
    pub members: BTreeMap<u64, Node>,
    /// Lookups of the workload, in the order of their start.
    pub lookups: Vec<Lookup>,
    member_list: Vec<Node>,
    member_place: Vec<usize>,
    people: Vec<Person>,
    live: Vec<Node>,
    live_since: f64,
    events: BinaryHeap<Event<P>>,
    serial: u64,
    books: Books,
    delay: Delay,
    loss: f64,
    rpc_timeout: f64,
    lookup_deadline: f64,
    lookup_every_node: Option<f64>,
    lookup_every: Option<f64>,
    session: Option<f64>,
    from: f64,
    end: f64,
    head_bytes: u64,
    node_bytes: u64,
}

impl<P: Protocol> World<P> {
    /// A world of `nodes` nodes that are all members.
    pub fn new(options: &Options, seed: u64) -> Self {
        let from = options.seconds("warmup");
        let mut world = Self {
            dice: Dice(seed.wrapping_mul(0x2545_f491_4f6c_dd1d)),
            now: 0.0,
            members: BTreeMap::new(),
            lookups: Vec::new(),
            member_list: Vec::new(),
            member_place: Vec::new(),
            people: Vec::new(),
            live: Vec::new(),
            live_since: 0.0,
            events: BinaryHeap::new(),
            serial: 0,
            books: Books::default(),
            delay: options.delay(),
            loss: options.number("loss").unwrap_or(0.0),
            rpc_timeout: options.seconds("rpc_timeout"),
            lookup_deadline: options.seconds("lookup_deadline"),
            lookup_every_node: options.maybe_seconds("lookups_every"),
            lookup_every: options.maybe_seconds("network_lookups_every"),
            session: options.maybe_seconds("session"),
            from,
            end: from + options.seconds("duration"),
            head_bytes: 20,
            node_bytes: 4,
        };
        for number in 0..options.count("nodes") {
            match options.maybe_seconds("join_every") {
                Some(pause) => world.put(number as f64 * pause, What::Join),
                None => {
                    let node = world.new_node();
                    world.become_member(node);
                }
            }
        }
        if let (Some(at), Some(share)) = (options.maybe_seconds("crash_at"), options.number("crash_share")) {
            world.put(at, What::MassCrash { share });
        }
        world.put(from + 60.0 - 1e-6, What::Health);
        world
    }

    /// Plays the run, and gives the figures by the names of docs/outputs.md.
    pub fn play(mut self, protocol: &mut P) -> Vec<(&'static str, f64)> {
        protocol.converge(&mut self);
        self.next_lookup();
        while let Some(event) = self.events.pop() {
            if event.at >= self.end {
                break;
            }
            self.now = event.at;
            self.happen(protocol, event.what);
        }
        self.now = self.end;
        self.count_live();
        self.figures()
    }

    fn happen(&mut self, protocol: &mut P, what: What<P>) {
        match what {
            What::Tick { node, timer, period } => {
                if self.is_alive(node) {
                    if let Some(period) = period {
                        self.put(self.now + period, What::Tick { node, timer, period: Some(period) });
                    }
                    protocol.tick(self, node, timer);
                }
            }
            What::Message { to, from, request } => {
                if self.is_alive(to) {
                    protocol.answer(self, to, from, request);
                }
            }
            What::Request { to, from, cause, request, expires, is_late } => {
                let reply = if self.is_alive(to) { protocol.answer(self, to, from, request) } else { None };
                if let Some((reply, named)) = reply {
                    self.book(cause, named);
                    let back = self.now + self.draw_delay();
                    if !self.is_lost() && back < expires {
                        self.put(back, What::Reply { node: from, from: to, request, reply });
                        return;
                    }
                }
                if !is_late {
                    self.put(expires, What::Silence { node: from, silent: to, cause, request });
                }
            }
            What::Reply { node, from, request, reply } => {
                if self.is_alive(node) {
                    protocol.reply(self, node, from, request, reply);
                }
            }
            What::Silence { node, silent, cause, request } => {
                if self.is_alive(node) {
                    if let Some(lookup) = cause {
                        self.lookups[lookup].timeouts += 1;
                    }
                    protocol.silence(self, node, silent, request);
                }
            }
            What::Join => {
                let node = self.new_node();
                protocol.arrive(self, node);
            }
            What::Arrive { node } => {
                if self.is_alive(node) {
                    protocol.arrive(self, node);
                }
            }
            What::EndSession { node } => {
                if self.is_alive(node) {
                    self.crash(node);
                    let newcomer = self.new_node();
                    protocol.arrive(self, newcomer);
                }
            }
            What::MassCrash { share } => {
                for _ in 0..(share * self.live.len() as f64).round() as usize {
                    let node = self.live[self.dice.below(self.live.len())];
                    self.crash(node);
                }
            }
            What::StartLookup => self.start_lookup(protocol),
            What::Deadline { lookup } => self.fail(lookup),
            What::Health => {
                self.put(self.now + 60.0, What::Health);
                let now = protocol.health(self);
                let books = &mut self.books;
                books.looks_at_health += 1;
                books.health.resize(now.len(), ("", 0.0));
                for (sum, figure) in books.health.iter_mut().zip(now) {
                    *sum = (figure.0, sum.1 + figure.1);
                }
            }
        }
    }

    fn put(&mut self, at: f64, what: What<P>) {
        self.serial += 1;
        self.events.push(Event { at, serial: self.serial, what });
    }

    /// Has a timer of a node tick every `period` seconds, first at a random time within one.
    pub fn every(&mut self, node: Node, timer: usize, period: Option<f64>) {
        if let Some(period) = period {
            let first = self.now + self.dice.unit() * period;
            self.put(first, What::Tick { node, timer, period: Some(period) });
        }
    }

    /// Has a timer of a node tick once, after so many seconds.
    pub fn after(&mut self, node: Node, timer: usize, pause: f64) {
        self.put(self.now + pause, What::Tick { node, timer, period: None });
    }

    /// Has `arrive` called again after so many seconds.
    pub fn arrive_again(&mut self, node: Node, pause: f64) {
        self.put(self.now + pause, What::Arrive { node });
    }

    /// Whether a node has not departed.
    pub fn is_alive(&self, node: Node) -> bool {
        self.people[node].is_alive
    }

    /// Whether a node has completed its join.
    pub fn is_member(&self, node: Node) -> bool {
        self.people[node].is_member
    }

    /// Its identifier.
    pub fn id(&self, node: Node) -> u64 {
        self.people[node].id
    }

    /// How many nodes there have been.
    pub fn population(&self) -> usize {
        self.people.len()
    }

    fn new_node(&mut self) -> Node {
        self.count_live();
        let node = self.people.len();
        let id = self.dice.bits();
        self.people.push(Person { id, is_alive: true, is_member: false, place: self.live.len(), lookups: Vec::new() });
        self.member_place.push(0);
        self.live.push(node);
        if let Some(mean) = self.session {
            let end = self.now + self.dice.exponential(mean);
            self.put(end, What::EndSession { node });
        }
        node
    }

    fn crash(&mut self, node: Node) {
        self.count_live();
        let place = self.people[node].place;
        self.live.swap_remove(place);
        if let Some(&moved) = self.live.get(place) {
            self.people[moved].place = place;
        }
        self.people[node].is_alive = false;
        if self.people[node].is_member {
            self.members.remove(&self.people[node].id);
            let place = self.member_place[node];
            self.member_list.swap_remove(place);
            if let Some(&moved) = self.member_list.get(place) {
                self.member_place[moved] = place;
            }
        }
        for lookup in std::mem::take(&mut self.people[node].lookups) {
            if !self.lookups[lookup].is_over {
                self.lookups[lookup].is_over = true;
                self.books.aborted += u64::from(self.is_measured());
            }
        }
    }

    /// A node has completed its join.
    pub fn become_member(&mut self, node: Node) {
        if !self.people[node].is_member {
            self.people[node].is_member = true;
            self.members.insert(self.people[node].id, node);
            self.member_place[node] = self.member_list.len();
            self.member_list.push(node);
            self.books.joins += u64::from(self.is_measured());
        }
    }

    /// Whom a joining node is told of: a random member.
    pub fn some_member(&mut self) -> Option<Node> {
        let count = self.member_list.len();
        (count > 0).then(|| self.member_list[self.dice.below(count)])
    }

    fn count_live(&mut self) {
        let begin = self.live_since.max(self.from);
        if self.now > begin {
            self.books.live_seconds += (self.now - begin) * self.live.len() as f64;
        }
        self.live_since = self.now;
    }

    fn is_measured(&self) -> bool {
        self.now >= self.from
    }

    fn draw_delay(&mut self) -> f64 {
        match self.delay {
            Delay::Constant(delay) => delay,
            Delay::Exponential(mean) => self.dice.exponential(mean),
            Delay::Uniform(from, to) => from + (to - from) * self.dice.unit(),
        }
    }

    fn is_lost(&mut self) -> bool {
        self.loss > 0.0 && self.dice.unit() < self.loss
    }

    fn book(&mut self, cause: Cause, named: u64) {
        if self.is_measured() {
            let whose = usize::from(cause.is_some());
            self.books.messages[whose] += 1;
            self.books.bytes[whose] += self.head_bytes + self.node_bytes * named;
        }
    }

    /// Sends a message without a reply that names so many nodes and keys.
    pub fn send(&mut self, from: Node, to: Node, cause: Cause, named: u64, request: P::Request) {
        self.book(cause, named);
        let arrival = self.now + self.draw_delay();
        if !self.is_lost() {
            self.put(arrival, What::Message { to, from, request });
        }
    }

    /// Sends a request. Either `Protocol::reply` follows, or `Protocol::silence` when the time for it is over.
    pub fn ask(&mut self, from: Node, to: Node, cause: Cause, named: u64, request: P::Request) {
        self.book(cause, named);
        if let Some(lookup) = cause {
            self.lookups[lookup].requests += 1;
        }
        let expires = self.now + self.rpc_timeout;
        let arrival = self.now + self.draw_delay();
        let (is_lost, is_late) = (self.is_lost(), arrival >= expires);
        if is_lost || is_late {
            self.put(expires, What::Silence { node: from, silent: to, cause, request });
        }
        if !is_lost {
            self.put(arrival, What::Request { to, from, cause, request, expires, is_late });
        }
    }

    fn next_lookup(&mut self) {
        let mean = match (self.lookup_every_node, self.lookup_every) {
            (Some(every), _) => every / self.live.len().max(1) as f64,
            (None, Some(every)) => every,
            (None, None) => return,
        };
        let next = self.now + self.dice.exponential(mean);
        self.put(next, What::StartLookup);
    }

    fn start_lookup(&mut self, protocol: &mut P) {
        self.next_lookup();
        if self.live.is_empty() {
            return;
        }
        let initiator = self.live[self.dice.below(self.live.len())];
        if !self.people[initiator].is_member {
            self.books.not_started += u64::from(self.is_measured());
            return;
        }
        let lookup = self.lookups.len();
        let key = self.dice.bits();
        self.lookups.push(Lookup { key, initiator, is_over: false, started: self.now, requests: 0, timeouts: 0 });
        let lookups = &self.lookups;
        let mine = &mut self.people[initiator].lookups;
        mine.retain(|&other| !lookups[other].is_over);
        mine.push(lookup);
        self.put(self.now + self.lookup_deadline, What::Deadline { lookup });
        protocol.look_up(self, lookup);
    }

    /// A lookup names a node, which is judged by who is there now.
    pub fn name(&mut self, protocol: &P, lookup: usize, named: Node, hops: u64) {
        if self.lookups[lookup].is_over {
            return;
        }
        let key = self.lookups[lookup].key;
        let is_right = self.is_alive(named) && protocol.owner(self, key) == named;
        self.close(lookup);
        if self.is_measured() {
            self.books.correct += u64::from(is_right);
            self.books.wrong_owner += u64::from(!is_right);
            self.books.hops += hops;
            self.books.latency += self.now - self.lookups[lookup].started;
        }
    }

    /// A lookup ends without an answer.
    pub fn fail(&mut self, lookup: usize) {
        if !self.lookups[lookup].is_over {
            self.close(lookup);
            self.books.failed += u64::from(self.is_measured());
        }
    }

    fn close(&mut self, lookup: usize) {
        let record = &mut self.lookups[lookup];
        record.is_over = true;
        if self.now >= self.from {
            self.books.requests += record.requests;
            self.books.timeouts += record.timeouts;
        }
    }

    fn figures(&self) -> Vec<(&'static str, f64)> {
        let books = &self.books;
        let answered = (books.correct + books.wrong_owner) as f64;
        let judged = answered + books.failed as f64;
        let mut figures = vec![
            ("lookups", judged + books.aborted as f64),
            ("joins", books.joins as f64),
            ("not_started", books.not_started as f64),
            ("failure_rate", (books.wrong_owner + books.failed) as f64 / judged),
            ("rpcs_mean", books.requests as f64 / judged),
            ("timeouts_mean", books.timeouts as f64 / judged),
            ("hops_mean", books.hops as f64 / answered),
            ("latency_ms_mean", 1000.0 * books.latency / answered),
            ("maintenance_messages_per_node_s", books.messages[0] as f64 / books.live_seconds),
            ("maintenance_bytes_per_node_s", books.bytes[0] as f64 / books.live_seconds),
            ("lookup_messages_per_node_s", books.messages[1] as f64 / books.live_seconds),
            ("lookup_bytes_per_node_s", books.bytes[1] as f64 / books.live_seconds),
        ];
        figures.extend(books.health.iter().map(|&(name, sum)| (name, sum / books.looks_at_health as f64)));
        figures
    }
}
