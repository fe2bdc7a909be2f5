//! Kademlia: nodes know some of those at every distance, where distance is the exclusive or of identifiers.
//!
//! Sources: Maymounkov and Mazieres (IPTPS 2002, and the longer version with sections 4.1 and 4.2); Stutzbach and
//! Rejaie (INFOCOM 2006) for strict and loose parallelism; Heep, R/Kademlia (2010) for recursive lookups. A key is
//! owned by the member nearest to it. Storage of values is not modelled: a lookup is over when the nearest are found.
//! The papers have no procedure for leaving: a graceful departure is like a crash.
//!
//! One file a procedure: `bucket` and `table` for what a node knows, `search` and `recursive` for lookups, `join`,
//! `refresh`.

mod bucket;
mod checkers;
mod config;
mod converged;
mod death;
mod health;
mod join;
mod message;
mod ownership;
mod presets;
mod recursive;
mod refresh;
mod sample;
mod search;
mod storage;
mod table;
#[cfg(test)]
mod tests;
mod words;

pub use config::{Config, EndsAt, Parallelism, Routing, StartBuckets};
pub use message::Message;

use crate::engine::dice::Dice;
use crate::engine::pool::ListPool;
use crate::engine::prefetch::prefetch;
use crate::engine::time::Duration;
use crate::node::checker::{Checker, Liveness};
use crate::node::opinion::{Description, Opinion};
use crate::node::per_lookup::PerLookup;
use crate::node::per_node::PerNode;
use crate::node::{
    Answer, Arrival, Contact, Context, Inspect, LookupId, Members, Ownership, Prefetch, Protocol, Reply, ReplyTo, Slot,
    Start, Truth,
};
use crate::overlay::digits::Digits;
use crate::overlay::forward::{self, Acknowledgements, Forward, ForwardRules, Retries, WayBack};
use crate::overlay::lookups::LookupHost;
use crate::overlay::register::{Number, Register};
use crate::overlay::rounds::{Round, Rounds};
use crate::scenario::{Circumstances, Configurable, Facts, Key, Sample, TableReader};
use bucket::{Bucket, Entry, Heard};
use death::Namings;
use search::{Candidate, Search};
use storage::Storage;
use table::{Nearest, Node};

/// What a node can be woken up for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// To look which buckets are due for a refresh.
    Refresh,
    /// To ping a contact.
    Ping,
    /// A join that failed is to be tried again.
    Join,
}

/// Why a node makes a lookup of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// To find its place.
    Join,
    /// To refresh a bucket.
    Refresh,
}

/// All nodes of a Kademlia network.
#[derive(Debug)]
pub struct Kademlia {
    config: Config,
    digits: Digits,
    nodes: PerNode<Node>,
    /// Whom they name.
    register: Register,
    /// Routing tables.
    tables: Storage,
    /// Replacement caches.
    caches: ListPool<Number>,
    /// Answers on their way.
    contacts: ListPool<Contact>,
    /// Iterative lookups.
    searches: PerLookup<Search>,
    /// Whom they have heard of.
    candidates: ListPool<Candidate>,
    /// Who has named whom in lookups, if deaths are told of.
    namings: PerLookup<Namings>,
    /// Recursive lookups.
    forward: Forward<()>,
    /// When what is due.
    rounds: Rounds<Timer, 2>,
    /// Room for contacts that are being put in order.
    nearest: Nearest,
    /// Room for contacts that are handed on.
    handed: Vec<Contact>,
}

impl Kademlia {
    /// A network without nodes.
    pub fn new(config: Config) -> Self {
        Kademlia {
            digits: Digits { bits: config.bits_per_level },
            nodes: PerNode::new(),
            register: Register::default(),
            tables: Storage::new(config.k, config.keeps_heard()),
            caches: ListPool::new(),
            contacts: ListPool::new(),
            searches: PerLookup::new(),
            candidates: ListPool::new(),
            namings: PerLookup::new(),
            rounds: Rounds::new([
                Round::timed(Timer::Refresh, config.refresh_check_every),
                Round::timed(Timer::Ping, config.ping_every),
            ]),
            forward: Forward::new(ForwardRules {
                retries: Retries::OfNode(config.retries),
                confirm_owner: false,
                acknowledgements: Acknowledgements::Sent,
                way_back: WayBack::Straight,
            }),
            nearest: Nearest::default(),
            handed: Vec::new(),
            config,
        }
    }

    /// The parameters.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What nodes and lookups under way hold: numbers of nodes, routing tables, caches, answers, candidates,
    /// recursive lookups.    /// All 0 when everybody has departed and nothing is under way: for finding leaks.
    pub fn held(&self) -> [usize; 6] {
        // A list of candidates stays with the place of its lookup until that place is used again.
        let kept = self.searches.iter().filter(|search| search.has_list()).count();
        [
            self.register.in_use(),
            self.tables.live(),
            self.caches.live_blocks(),
            self.contacts.live_blocks(),
            self.candidates.live_blocks() - kept,
            self.forward.held(),
        ]
    }
}

impl LookupHost for Kademlia {
    type Carried = ();

    fn own(&self, node: Slot) -> Contact {
        self.own(node)
    }

    fn task_done(&mut self, context: &mut impl Context<Self>, node: Slot, task: Task, _key: u64, _owner: Contact) {
        match task {
            Task::Join => self.place_found(context, node),
            Task::Refresh => {}
        }
    }
}

impl Protocol for Kademlia {
    type Message = Message;
    type Timer = Timer;
    type Task = Task;

    const NAME: &'static str = "kademlia";
    const MESSAGE_KINDS: &'static [&'static str] = message::KINDS;

    fn identifier_bits(&self) -> u32 {
        self.config.identifier_bits
    }

    /// A lookup that hears of two nodes with the same identifier keeps to the one that it heard of first.
    fn identifiers_may_come_again(&self) -> bool {
        false
    }

    fn lookup_deadline(&self) -> Duration {
        self.config.lookup_deadline
    }

    fn start_converged(&mut self, context: &mut impl Context<Self>, members: &Members) {
        self.build(context, members);
    }

    fn on_arrival(&mut self, context: &mut impl Context<Self>, node: Slot, _start: Start) {
        let client_mode = context.is_client(node);
        self.move_in(context.contact(node), client_mode, context.now());
        self.begin_join(context, node);
    }

    fn on_departure(&mut self, node: Slot) {
        self.move_out(node);
    }

    fn on_lookup(&mut self, context: &mut impl Context<Self>, node: Slot, lookup: LookupId) {
        let Some(key) = context.lookup(lookup).map(|lookup| lookup.key) else { return };
        match self.config.routing {
            Routing::Iterative => self.begin_search(context, node, key, lookup, None),
            Routing::SemiRecursive => {
                self.touch(node, key, context.now());
                forward::begin(self, context, node, key, lookup);
            }
        }
    }

    fn on_request(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        from: Contact,
        request: &Message,
        _reply_to: ReplyTo,
    ) -> Answer<Message> {
        let (Message::FindNode { client_mode, .. }
        | Message::Ping { client_mode, .. }
        | Message::Forward { client_mode, .. }) = *request
        else {
            return Answer::Refused;
        };
        let reply = match *request {
            Message::FindNode { key, .. } => Some(self.find_node(node, from, key)),
            Message::Forward { message, .. } => forward::on_request(self, context, node, from, message),
            _ => Some((Message::Ack, message::PING_REPLY)),
        };
        if !client_mode {
            self.heard(context, node, from, false);
        }
        reply.into()
    }

    fn on_reply(&mut self, context: &mut impl Context<Self>, node: Slot, reply: Reply<'_, Message>) {
        let Reply { from, request, reply, .. } = reply;
        self.heard(context, node, from, true);
        match (*request, *reply) {
            (Message::FindNode { key, lookup, .. }, Message::Nodes(named)) => {
                self.nodes_named(context, node, key, lookup, from, named);
            }
            (Message::Ping { candidate, .. }, Message::Ack) if candidate.is_some() => {
                let next = self.ping_answered(node, from, candidate, context.now());
                self.ping_for(context, node, next, candidate);
            }
            // An acknowledgement says only that there was no timeout.
            _ => {}
        }
    }

    fn on_timeout(&mut self, context: &mut impl Context<Self>, node: Slot, to: Contact, request: &Message) {
        match *request {
            Message::FindNode { key, lookup, .. } => {
                self.miss(node, to, context.now());
                if self.config.death_notice {
                    self.tell_of_death(context, node, lookup, to);
                }
                self.nobody_named(context, node, key, lookup, to);
            }
            Message::Ping { candidate, .. } => {
                let next = self.ping_unanswered(node, to, candidate, context.now());
                self.ping_for(context, node, next, candidate);
            }
            Message::Forward { message, .. } => forward::on_timeout(self, context, node, to, message),
            _ => {}
        }
    }

    fn on_message(&mut self, context: &mut impl Context<Self>, node: Slot, from: Contact, message: &Message) {
        match *message {
            Message::Forward { message, .. } => {
                self.heard(context, node, from, true);
                forward::on_message(self, context, node, from, message);
            }
            // It counts as a request of its own that was not answered.
            Message::Dead(silent) => self.miss(node, silent, context.now()),
            _ => {}
        }
    }

    fn on_timer(&mut self, context: &mut impl Context<Self>, node: Slot, timer: Timer) {
        self.rounds.set_next(context, node, timer);
        match timer {
            Timer::Refresh => self.refresh_due(context, node),
            Timer::Ping => self.ping_one(context, node),
            Timer::Join => self.begin_join(context, node),
        }
    }

    fn on_task_failed(&mut self, context: &mut impl Context<Self>, node: Slot, task: Task) {
        match task {
            Task::Join => self.join_failed(context, node),
            // Its turn will come again.
            Task::Refresh => {}
        }
    }

    #[inline(always)]
    fn release(&mut self, message: &Message) {
        match *message {
            Message::Nodes(list) => self.contacts.release(list),
            Message::Forward { message, .. } => self.forward.release(&message),
            _ => {}
        }
    }
}

impl Ownership for Kademlia {
    type Ground = Members;

    fn ground<'a>(&'a self, members: &'a Members) -> &'a Members {
        members
    }

    fn owner(members: &Members, key: u64, admits: impl Fn(Contact) -> bool) -> Option<Contact> {
        ownership::nearest(members, key, admits)
    }

    fn replicas(
        members: &Members,
        key: u64,
        count: usize,
        admits: impl Fn(Contact) -> bool,
        replicas: &mut Vec<Contact>,
    ) {
        ownership::nearest_few(members, key, count, admits, replicas);
    }
}

impl Inspect for Kademlia {
    const FIGURES: &'static [(&'static str, &'static str)] = health::FIGURES;
    const CHECKERS: &'static [Checker<Self>] = checkers::ALL;
    const LIVENESS: &'static [Liveness<Self>] = checkers::IN_QUIET;

    fn bytes_per_identifier(&self) -> u64 {
        let full = (u64::from(self.config.expected_nodes) / u64::from(self.config.k)).max(1).ilog2();
        let levels = u64::from(full / self.config.bits_per_level + 1);
        let buckets = levels * self.digits.per_level() as u64 + 1;
        let place = size_of::<Entry>() + if self.config.keeps_heard() { size_of::<Heard>() } else { 0 };
        let places = u64::from(self.config.k) * place as u64;
        let cached = u64::from(self.config.replacement_cache) * size_of::<Number>() as u64;
        // What was measured for all the rest: timers, lookups, messages, truth.
        400 + buckets * (size_of::<Bucket>() as u64 + places + cached)
    }

    fn memory_bytes(&self) -> Vec<(&'static str, u64)> {
        let namings = self.namings.memory_bytes() + self.namings.iter().map(Namings::memory_bytes).sum::<u64>();
        let lookups =
            namings + self.searches.memory_bytes() + self.candidates.memory_bytes() + self.forward.memory_bytes();
        let (buckets, entries) = self.tables.memory_bytes();
        vec![
            ("node state", self.nodes.memory_bytes() + self.register.memory_bytes()),
            ("buckets", buckets),
            ("contacts in buckets", entries),
            ("replacement caches", self.caches.memory_bytes()),
            ("answers on their way", self.contacts.memory_bytes()),
            ("candidates of lookups", lookups),
        ]
    }

    fn health(&self, truth: &Truth<'_>) -> Vec<Option<f64>> {
        self.measure_health(truth)
    }

    fn links(&self, node: Slot, visit: &mut dyn FnMut(&'static str, Contact)) {
        let contacts = self.rows(node).flatten().map(|entry| self.contact(*entry));
        contacts.for_each(|contact| visit("bucket", contact));
    }

    fn opinion(&self, node: Slot, key: u64, _lookup: Option<LookupId>) -> Option<Opinion> {
        Some(self.form_opinion(node, key))
    }

    fn describe(&self, message: &Message) -> Description {
        self.put_in_words(message)
    }

    fn timer_name(timer: Timer) -> &'static str {
        words::timer_name(timer)
    }
}

impl Prefetch for Kademlia {
    const LOOKS_AT_ARRIVALS: bool = true;

    #[inline(always)]
    fn prefetch_state(&self, node: Slot) {
        self.nodes.prefetch(node);
    }

    #[inline(always)]
    fn prefetch_for(&self, arrival: Arrival<'_, Message>) {
        let Arrival { node, from, request, reply } = arrival;
        let Some(&Node { lives: true, .. }) = self.nodes.get(node) else { return };
        self.register.prefetch_living(from.slot());
        self.register.prefetch_departed(from.id());
        self.tables.prefetch(self.bucket_of(node, from.id()));
        match (request, reply) {
            (Message::FindNode { key, .. }, None) => self.tables.prefetch(self.bucket_of(node, *key)),
            (Message::FindNode { lookup, .. }, Some(Message::Nodes(named))) => {
                prefetch(self.contacts.get(*named));
                self.prefetch_search(*lookup);
            }
            _ => {}
        }
    }

    #[inline(always)]
    fn prefetch_beyond(&self, arrival: Arrival<'_, Message>) {
        let Arrival { node, from, request, reply } = arrival;
        let Some(&Node { lives: true, .. }) = self.nodes.get(node) else { return };
        prefetch(self.caches.get(self.tables.bucket(self.bucket_of(node, from.id())).cache));
        let Message::FindNode { key, lookup, .. } = *request else { return };
        if reply.is_some() {
            self.prefetch_candidates(lookup);
        } else {
            for entry in self.tables.entries(self.bucket_of(node, key)) {
                self.register.prefetch(entry.number());
            }
        }
    }
}

impl Configurable for Kademlia {
    const KEYS: &'static [Key] = config::KEYS;

    fn from_table(table: &mut TableReader<'_>, facts: &Facts) -> Self {
        Kademlia::new(Config::read(table, facts))
    }

    fn sample(dice: &mut Dice, circumstances: &Circumstances) -> Sample {
        sample::sample(dice, circumstances)
    }
}
