//! Koorde: a ring in which each node also points at the nodes around K times its identifier, so that a lookup goes
//! along a de Bruijn graph with a constant number of pointers a node.
//!
//! Sources: Kaashoek and Karger, "Koorde: A simple degree-optimal distributed hash table" (IPTPS 2003); for what the
//! paper leaves open (backups of the pointer, their upkeep, the best start) the authors' program, p2psim. Storage of
//! values is not modelled: a lookup is over when the owner of its key is named.
//!
//! The ring is [`crate::overlay::ring`], lookups are iterative ([`crate::overlay::walk`]) as in p2psim. Here stand
//! `imaginary` identifiers, `routing` by them, and the `pointers`.

mod config;
mod imaginary;
mod message;
mod onlookers;
mod pointers;
mod routing;
mod sample;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use imaginary::Imaginary;
pub use message::Message;
pub use pointers::{Pointer, Pointers};

use crate::engine::dice::Dice;
use crate::engine::pool::ListPool;
use crate::engine::prefetch::prefetch;
use crate::engine::time::Duration;
use crate::node::checker::{Checker, Liveness};
use crate::node::opinion::{Description, Opinion};
use crate::node::{
    Answer, Contact, Context, Inspect, LookupId, Members, Ownership, Prefetch, Protocol, Purpose, Reply, ReplyTo, Slot,
    Start, Truth,
};
use crate::overlay::lookups::{LookupHost, Step};
use crate::overlay::ring::healing::JoinLookups;
use crate::overlay::ring::{self, Kinds, Ring, RingHost, RingMessage};
use crate::overlay::rounds::{Round, Rounds};
use crate::overlay::walk::{self, Walk, WalkHost, WalkMessage, WalkRules};
use crate::scenario::{Circumstances, Configurable, Facts, Key, Sample, TableReader};

/// What a node can be woken up for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// A round of stabilisation is due.
    Stabilize,
    /// A round of the de Bruijn pointers is due.
    FixPointers,
    /// The predecessor is to be pinged.
    CheckPredecessor,
    /// A join that failed is to be tried again.
    Join,
}

/// Why a node makes a lookup of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// To find its successor.
    Join,
    /// To find the predecessor of K times its identifier.
    Pointer,
}

/// All nodes of a Koorde network.
#[derive(Debug)]
pub struct Koorde {
    config: Config,
    /// Neighbours, each node with its pointers beside them.
    ring: Ring<Pointers>,
    /// Pointers, and successors on their way.
    contacts: ListPool<Contact>,
    walk: Walk<Imaginary>,
    rounds: Rounds<Timer, 3>,
}

impl Koorde {
    /// A network without nodes.
    pub fn new(config: Config) -> Self {
        Koorde {
            ring: Ring::new(config.ring()),
            contacts: ListPool::new(),
            walk: Walk::new(WalkRules { retries: config.retries, confirm_owner: false }),
            rounds: Rounds::new([
                Round::timed(Timer::Stabilize, config.stabilize_every),
                Round::timed(Timer::FixPointers, config.fix_pointers_every),
                Round::timed(Timer::CheckPredecessor, config.check_predecessor_every),
            ]),
            config,
        }
    }

    /// The parameters.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What nodes and lookups under way hold in pools: lists of contacts, and lookups. All 0 when all nodes have
    /// departed and nothing is under way: for finding leaks.
    pub fn held(&self) -> [usize; 2] {
        [self.contacts.live_blocks() + self.ring.lists_on_their_way(), self.walk.held()]
    }
}

impl Protocol for Koorde {
    type Message = Message;
    type Timer = Timer;
    type Task = Task;

    const NAME: &'static str = "koorde";
    const MESSAGE_KINDS: &'static [&'static str] = message::KINDS;

    fn identifier_bits(&self) -> u32 {
        self.config.identifier_bits
    }

    fn lookup_deadline(&self) -> Duration {
        self.config.lookup_deadline
    }

    fn start_converged(&mut self, context: &mut impl Context<Self>, members: &Members) {
        self.build(context, members);
    }

    fn on_arrival(&mut self, context: &mut impl Context<Self>, node: Slot, _start: Start) {
        self.ring.move_in(context.contact(node), context.is_client(node));
        ring::join::begin_join(self, context, node);
    }

    fn on_leave(&mut self, context: &mut impl Context<Self>, node: Slot) {
        ring::leave::say_goodbye(self, context, node);
    }

    fn on_departure(&mut self, node: Slot) {
        let Pointers { list, draft } = self.ring.move_out(node);
        self.contacts.release(draft);
        self.contacts.release(list);
    }

    fn on_lookup(&mut self, context: &mut impl Context<Self>, node: Slot, lookup: LookupId) {
        if let Some(key) = context.lookup(lookup).map(|lookup| lookup.key) {
            self.look_up(context, node, key, lookup);
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
        let reply = match *request {
            Message::Walk(request) => walk::on_request(self, node, request),
            Message::Ring(request) => ring::request(self, context, node, from, request),
            Message::GetSuccessors(_) => self.successors_told(node),
            Message::Successors(_) => None,
        };
        reply.into()
    }

    fn on_reply(&mut self, context: &mut impl Context<Self>, node: Slot, reply: Reply<'_, Message>) {
        let Reply { from, request, reply, .. } = reply;
        match (*request, *reply) {
            (Message::Walk(request), Message::Walk(reply)) => walk::on_reply(self, context, node, from, request, reply),
            (Message::Ring(request), Message::Ring(reply)) => ring::reply(self, context, node, from, request, reply),
            (Message::GetSuccessors(as_which), Message::Successors(list)) => {
                self.successors_learnt(context, node, from, as_which, list);
            }
            // An acknowledgement says only that there was no timeout.
            _ => {}
        }
    }

    fn on_timeout(&mut self, context: &mut impl Context<Self>, node: Slot, to: Contact, request: &Message) {
        match *request {
            Message::Walk(request) => walk::on_timeout(self, context, node, to, request),
            Message::Ring(request) => ring::timeout(self, context, node, to, request),
            Message::GetSuccessors(as_which) => self.pointer_silent(context, node, to, as_which),
            Message::Successors(_) => {}
        }
    }

    fn on_message(&mut self, context: &mut impl Context<Self>, node: Slot, from: Contact, message: &Message) {
        if let Message::Ring(message) = *message {
            ring::message(self, context, node, from, message);
        }
    }

    fn on_timer(&mut self, context: &mut impl Context<Self>, node: Slot, timer: Timer) {
        self.rounds.set_next(context, node, timer);
        match timer {
            Timer::Stabilize => ring::stabilize::stabilize(self, context, node),
            Timer::FixPointers => self.fix_pointers(context, node),
            Timer::CheckPredecessor => ring::stabilize::check_predecessor(self, context, node),
            Timer::Join => ring::join::begin_join(self, context, node),
        }
    }

    fn on_task_failed(&mut self, context: &mut impl Context<Self>, node: Slot, task: Task) {
        match task {
            Task::Join => ring::join::join_failed(self, context, node),
            // The old pointers stay; their turn will come again.
            Task::Pointer => {}
        }
    }

    #[inline(always)]
    fn release(&mut self, message: &Message) {
        match message {
            Message::Walk(message) if message.is_pooled() => self.walk.release(message),
            Message::Ring(message) if message.is_pooled() => ring::release(self, *message),
            Message::Successors(list) => self.contacts.release(*list),
            _ => {}
        }
    }
}

impl Ownership for Koorde {
    type Ground = Members;

    fn ground<'a>(&'a self, members: &'a Members) -> &'a Members {
        members
    }

    fn owner(members: &Members, key: u64, admits: impl Fn(Contact) -> bool) -> Option<Contact> {
        ring::owner(members, key, admits)
    }

    fn replicas(
        members: &Members,
        key: u64,
        count: usize,
        admits: impl Fn(Contact) -> bool,
        replicas: &mut Vec<Contact>,
    ) {
        ring::replicas(members, key, count, admits, replicas);
    }
}

impl Inspect for Koorde {
    const FIGURES: &'static [(&'static str, &'static str)] = onlookers::FIGURES;
    const CHECKERS: &'static [Checker<Self>] = onlookers::CHECKERS;
    const LIVENESS: &'static [Liveness<Self>] = onlookers::IN_QUIET;

    fn bytes_per_identifier(&self) -> u64 {
        // Lists of contacts, and what was measured of Chord for all the rest.
        800 + 12 * u64::from(self.config.successors + self.config.backups + self.config.pointers)
    }

    fn memory_bytes(&self) -> Vec<(&'static str, u64)> {
        let [state, successors, on_their_way] = self.ring.memory_bytes();
        vec![
            ("node state", state),
            ("successor lists", successors),
            ("pointers, lists on their way", self.contacts.memory_bytes() + on_their_way),
            ("routes of lookups", self.walk.memory_bytes()),
        ]
    }

    fn health(&self, truth: &Truth<'_>) -> Vec<Option<f64>> {
        self.measure_health(truth)
    }

    fn is_in_order(&self, truth: &Truth<'_>) -> bool {
        ring::checkers::is_in_order(self, truth)
    }

    fn links(&self, node: Slot, visit: &mut dyn FnMut(&'static str, Contact)) {
        ring::links(self, node, "pointer", visit);
    }

    fn opinion(&self, node: Slot, key: u64, lookup: Option<LookupId>) -> Option<Opinion> {
        self.form_opinion(node, key, lookup)
    }

    fn describe(&self, message: &Message) -> Description {
        self.put_in_words(message)
    }

    fn timer_name(timer: Timer) -> &'static str {
        onlookers::timer_name(timer)
    }
}

impl Prefetch for Koorde {
    #[inline(always)]
    fn prefetch_state(&self, node: Slot) {
        self.ring.prefetch(node);
    }

    #[inline(always)]
    fn prefetch_tables(&self, node: Slot) {
        if let Some(pointers) = self.ring.table_to_prefetch(node) {
            prefetch(self.contacts.get(pointers.list));
        }
    }
}

impl RingHost for Koorde {
    type Table = Pointers;

    const KINDS: Kinds = message::OF_THE_RING;
    const JOIN_TASK: Task = Task::Join;
    const JOIN_TIMER: Timer = Timer::Join;

    #[inline]
    fn ring(&self) -> &Ring<Pointers> {
        &self.ring
    }

    #[inline]
    fn ring_mut(&mut self) -> &mut Ring<Pointers> {
        &mut self.ring
    }

    fn ring_message(message: RingMessage) -> Message {
        Message::Ring(message)
    }

    fn look_up(&mut self, context: &mut impl Context<Self>, node: Slot, key: u64, lookup: LookupId) {
        walk::begin(self, context, node, key, lookup);
    }

    fn strike_from_table(&mut self, node: Slot, dead: Contact) {
        self.forget_pointer(node, dead);
    }

    fn table(&self, node: Slot) -> &[Contact] {
        self.pointers(node)
    }

    fn joined(&mut self, context: &mut impl Context<Self>, node: Slot) {
        self.rounds.start(context, node);
        self.fix_pointers(context, node);
    }

    fn join_lookups(&self) -> JoinLookups {
        let Config { lookup_deadline: deadline, retries, .. } = self.config;
        JoinLookups { deadline, retries, owner_agrees: false }
    }

    fn time_to_mend_tables(&self, truth: &Truth<'_>) -> Option<Duration> {
        self.time_to_fix_pointers(truth)
    }

    fn time_for_a_turn(&self, _truth: &Truth<'_>) -> Option<Duration> {
        None
    }
}

impl LookupHost for Koorde {
    type Carried = Imaginary;

    /// With one pointer and one successor there are three hops for each bit of the number of nodes, and as many again
    /// for each bit that a lookup from a bad start has to take in.
    const HOP_LIMIT: u8 = 250;

    fn own(&self, node: Slot) -> Contact {
        self.ring.own(node)
    }

    fn task_done(&mut self, context: &mut impl Context<Self>, node: Slot, task: Task, _key: u64, owner: Contact) {
        match task {
            Task::Join => ring::join::successor_found(self, context, node, owner),
            Task::Pointer => self.pointer_found(context, node, owner),
        }
    }
}

impl WalkHost for Koorde {
    const ASK_KIND: u8 = message::FIND_SUCCESSOR;
    const CONFIRM_KIND: u8 = message::ANSWER;
    const CARRIED_KEYS: u32 = message::IMAGINARY_KEYS;

    fn walk(&self) -> &Walk<Imaginary> {
        &self.walk
    }

    fn walk_mut(&mut self) -> &mut Walk<Imaginary> {
        &mut self.walk
    }

    fn walk_message(message: WalkMessage<Imaginary>) -> Message {
        Message::Walk(message)
    }

    fn first_step(&self, context: &mut impl Context<Self>, node: Slot, key: u64, dead: &[u64]) -> Step<Imaginary> {
        self.step_from_initiator(context, node, key, dead)
    }

    fn step(&self, node: Slot, key: u64, carried: Imaginary, dead: &[u64]) -> Step<Imaginary> {
        self.step_from(node, key, carried, dead)
    }

    /// The pointer is the predecessor of the key that is looked up for it.
    fn ends_before_owner(&self, purpose: Purpose<Task>) -> bool {
        matches!(purpose, Purpose::Task(Task::Pointer))
    }

    fn walk_met_silence(&mut self, context: &mut impl Context<Self>, node: Slot, silent: Contact) {
        ring::forget(self, context, node, silent);
    }
}

impl Configurable for Koorde {
    const KEYS: &'static [Key] = Config::KEYS;

    fn from_table(table: &mut TableReader<'_>, facts: &Facts) -> Self {
        Koorde::new(Config::read(table, facts))
    }

    fn sample(dice: &mut Dice, circumstances: &Circumstances) -> Sample {
        sample::sample(dice, circumstances)
    }
}
