//! Chord: a ring of nodes, each with a successor list and fingers at doubling distances.
//!
//! Sources: Stoica, Morris, Karger, Kaashoek, Balakrishnan (SIGCOMM 2001); Stoica et al. (IEEE/ACM ToN 11(1), 2003);
//! Zave, "How to Make Chord Correct" (IEEE TSE 43(12), 2017) for the corrected maintenance. A key is owned by the
//! first node at or after it. Storage of values is not modelled: a lookup is over when its owner is named.
//!
//! The ring is [`crate::overlay::ring`]. Here stand fingers, and lookups in `iterative` and `recursive`, which share
//! the routing step in `routing`.

mod checkers;
mod config;
mod converged;
mod fingers;
mod fix_fingers;
mod healing;
mod health;
mod iterative;
mod message;
mod recursive;
mod routing;
mod sample;
mod table;
#[cfg(test)]
mod tests;
mod words;

pub use config::{
    Acknowledgements, Config, EndsAt, FingerRefresh, FingerTurns, FingersBeyond, FingersPerRound, HandsOver,
    ListRefresh, Maintenance, NextHop, Notify, Periods, Routing,
};
pub use message::Message;

use crate::engine::dice::Dice;
use crate::engine::pool::ListPool;
use crate::engine::prefetch::prefetch;
use crate::engine::time::Duration;
use crate::node::checker::{Checker, Liveness};
use crate::node::opinion::{Description, Opinion};
use crate::node::{
    Answer, Contact, Context, Inspect, LookupId, Members, Ownership, Prefetch, Protocol, Reply, ReplyTo, Slot, Start,
    Truth,
};
use crate::overlay::forward::{self, Forward};
use crate::overlay::ring::healing::JoinLookups;
use crate::overlay::ring::{self, Kinds, Ring, RingHost, RingMessage};
use crate::overlay::rounds::Rounds;
use crate::overlay::walk::{self, Walk, WalkRules};
use crate::scenario::{Circumstances, Configurable, Facts, Key, Sample, TableReader};
use fingers::Fingers;

/// What a node can be woken up for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// A round of stabilisation is due.
    Stabilize,
    /// A round of finger refreshes is due.
    FixFingers,
    /// The predecessor is to be pinged.
    CheckPredecessor,
    /// The successor list is to be taken over, where it has rounds of its own.
    RefreshList,
    /// A join that failed is to be tried again.
    Join,
}

/// Why a node makes a lookup of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// To find its successor.
    Join,
    /// To refresh this finger.
    Finger(u8),
    /// To refresh an entry of the successor list: the first node after the entry before it.
    Successor,
}

/// All nodes of a Chord network.
#[derive(Debug)]
pub struct Chord {
    config: Config,
    /// Neighbours, each node with its fingers beside them.
    ring: Ring<Fingers>,
    /// Finger tables.
    contacts: ListPool<Contact>,
    /// Iterative lookups.
    walk: Walk<()>,
    /// Recursive lookups.
    forward: Forward<()>,
    /// When what is due.
    rounds: Rounds<Timer, 4>,
}

impl Chord {
    /// A network without nodes.
    pub fn new(config: Config) -> Self {
        Chord {
            ring: Ring::new(config.ring()),
            contacts: ListPool::new(),
            walk: Walk::new(WalkRules { retries: config.retries, confirm_owner: config.confirm_owner }),
            forward: Forward::new(config.forward()),
            rounds: config.rounds(),
            config,
        }
    }

    /// The parameters.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What nodes and lookups under way hold in pools: lists of contacts, iterative and recursive lookups. All 0
    /// when everybody has departed and nothing is under way: for finding leaks.
    pub fn held(&self) -> [usize; 3] {
        [self.contacts.live_blocks() + self.ring.lists_on_their_way(), self.walk.held(), self.forward.held()]
    }

    /// Gives back what a message holds in pools.
    #[inline(never)]
    fn release_pooled(&mut self, message: &Message) {
        match *message {
            Message::Ring(message) => ring::release(self, message),
            Message::Walk(message) => self.walk.release(&message),
            Message::Forward(message) => self.forward.release(&message),
            _ => {}
        }
    }
}

impl Protocol for Chord {
    type Message = Message;
    type Timer = Timer;
    type Task = Task;

    const NAME: &'static str = "chord";
    const MESSAGE_KINDS: &'static [&'static str] = message::KINDS;

    fn identifiers_per_node(&self) -> u32 {
        self.config.virtual_nodes
    }

    fn identifier_bits(&self) -> u32 {
        self.config.identifier_bits
    }

    fn lookup_deadline(&self) -> Duration {
        self.config.lookup_deadline
    }

    fn lookups_end_before_owner(&self) -> bool {
        self.config.lookups_end_at == EndsAt::Predecessor
    }

    fn start_converged(&mut self, context: &mut impl Context<Self>, members: &Members) {
        self.build(context, members);
    }

    fn on_arrival(&mut self, context: &mut impl Context<Self>, node: Slot, _start: Start) {
        self.move_in(context.contact(node), context.is_client(node));
        ring::join::begin_join(self, context, node);
    }

    fn on_leave(&mut self, context: &mut impl Context<Self>, node: Slot) {
        ring::leave::say_goodbye(self, context, node);
    }

    fn on_departure(&mut self, node: Slot) {
        self.move_out(node);
    }

    fn on_lookup(&mut self, context: &mut impl Context<Self>, node: Slot, lookup: LookupId) {
        if let Some(key) = context.lookup(lookup).map(|lookup| lookup.key) {
            self.begin(context, node, key, lookup);
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
            Message::Forward(request) => forward::on_request(self, context, node, from, request),
            Message::Ring(request) => ring::request(self, context, node, from, request),
            Message::GetPredecessor { .. } => self.predecessor_told(node),
            _ => None,
        };
        reply.into()
    }

    fn on_reply(&mut self, context: &mut impl Context<Self>, node: Slot, reply: Reply<'_, Message>) {
        let Reply { from, request, reply, .. } = reply;
        match (*request, *reply) {
            (Message::Walk(request), Message::Walk(reply)) => {
                walk::on_reply(self, context, node, from, request, reply);
            }
            (Message::Ring(request), Message::Ring(reply)) => ring::reply(self, context, node, from, request, reply),
            (Message::GetPredecessor { finger }, Message::Predecessor(predecessor)) => {
                self.finger_answered(context, node, u32::from(finger), from, predecessor);
            }
            // An acknowledgement says only that there was no timeout.
            _ => {}
        }
    }

    fn on_timeout(&mut self, context: &mut impl Context<Self>, node: Slot, to: Contact, request: &Message) {
        match *request {
            Message::Walk(request) => walk::on_timeout(self, context, node, to, request),
            Message::Forward(request) => forward::on_timeout(self, context, node, to, request),
            Message::Ring(request) => ring::timeout(self, context, node, to, request),
            Message::GetPredecessor { finger } => self.finger_silent(context, node, to, u32::from(finger)),
            _ => {}
        }
    }

    fn on_message(&mut self, context: &mut impl Context<Self>, node: Slot, from: Contact, message: &Message) {
        match *message {
            Message::Ring(message) => ring::message(self, context, node, from, message),
            Message::Forward(message) => forward::on_message(self, context, node, from, message),
            _ => {}
        }
    }

    fn on_timer(&mut self, context: &mut impl Context<Self>, node: Slot, timer: Timer) {
        self.rounds.set_next(context, node, timer);
        match timer {
            Timer::Stabilize => {
                ring::stabilize::stabilize(self, context, node);
                if self.config.fingers_with_stabilize {
                    self.fix_fingers(context, node);
                }
            }
            Timer::FixFingers => self.fix_fingers(context, node),
            Timer::CheckPredecessor => ring::stabilize::check_predecessor(self, context, node),
            Timer::RefreshList => ring::stabilize::refresh_list(self, context, node),
            Timer::Join => ring::join::begin_join(self, context, node),
        }
    }

    fn on_task_failed(&mut self, context: &mut impl Context<Self>, node: Slot, task: Task) {
        match task {
            Task::Join => ring::join::join_failed(self, context, node),
            // The old finger stays; its turn will come again.
            Task::Finger(_) | Task::Successor => {}
        }
    }

    #[inline(always)]
    fn release(&mut self, message: &Message) {
        if message.is_pooled() {
            self.release_pooled(message);
        }
    }
}

impl Ownership for Chord {
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

impl Inspect for Chord {
    const FIGURES: &'static [(&'static str, &'static str)] = health::FIGURES;
    const CHECKERS: &'static [Checker<Self>] = checkers::ALL;
    const LIVENESS: &'static [Liveness<Self>] = checkers::IN_QUIET;

    fn bytes_per_identifier(&self) -> u64 {
        // Successor list, and what was measured for all the rest: tables, timers, lookups, messages, truth.
        1_000 + 12 * u64::from(self.config.successors)
    }

    fn memory_bytes(&self) -> Vec<(&'static str, u64)> {
        let lookups = self.walk.memory_bytes() + self.forward.memory_bytes();
        let [state, successors, on_their_way] = self.ring.memory_bytes();
        vec![
            ("node state", state + self.rounds.memory_bytes()),
            ("successor lists", successors),
            ("fingers, lists on their way", self.contacts.memory_bytes() + on_their_way),
            ("routes of lookups", lookups),
        ]
    }

    fn health(&self, truth: &Truth<'_>) -> Vec<Option<f64>> {
        self.measure_health(truth)
    }

    fn is_in_order(&self, truth: &Truth<'_>) -> bool {
        ring::checkers::is_in_order(self, truth)
    }

    fn links(&self, node: Slot, visit: &mut dyn FnMut(&'static str, Contact)) {
        ring::links(self, node, "finger", visit);
    }

    fn opinion(&self, node: Slot, key: u64, lookup: Option<LookupId>) -> Option<Opinion> {
        Some(self.form_opinion(node, key, lookup))
    }

    fn describe(&self, message: &Message) -> Description {
        self.put_in_words(message)
    }

    fn timer_name(timer: Timer) -> &'static str {
        words::timer_name(timer)
    }
}

impl Prefetch for Chord {
    #[inline(always)]
    fn prefetch_state(&self, node: Slot) {
        self.ring.prefetch(node);
    }

    #[inline(always)]
    fn prefetch_tables(&self, node: Slot) {
        if let Some(fingers) = self.ring.table_to_prefetch(node) {
            prefetch(fingers.contacts(&self.contacts));
        }
    }
}

impl RingHost for Chord {
    type Table = Fingers;

    const KINDS: Kinds = message::OF_THE_RING;
    const JOIN_TASK: Task = Task::Join;
    const JOIN_TIMER: Timer = Timer::Join;

    #[inline]
    fn ring(&self) -> &Ring<Fingers> {
        &self.ring
    }

    #[inline]
    fn ring_mut(&mut self) -> &mut Ring<Fingers> {
        &mut self.ring
    }

    fn ring_message(message: RingMessage) -> Message {
        Message::Ring(message)
    }

    fn look_up(&mut self, context: &mut impl Context<Self>, node: Slot, key: u64, lookup: LookupId) {
        self.begin(context, node, key, lookup);
    }

    fn strike_from_table(&mut self, node: Slot, dead: Contact) {
        self.ring.node_mut(node).table.forget(&mut self.contacts, dead);
    }

    fn table(&self, node: Slot) -> &[Contact] {
        self.node(node).table.contacts(&self.contacts)
    }

    fn joined(&mut self, context: &mut impl Context<Self>, node: Slot) {
        self.rounds.start(context, node);
        if self.config.fingers_on_join {
            self.refresh_fingers(context, node, FingersPerRound::All);
        }
    }

    fn join_lookups(&self) -> JoinLookups {
        let Config { lookup_deadline: deadline, retries, owner_agrees, .. } = self.config;
        JoinLookups { deadline, retries, owner_agrees }
    }

    fn time_to_mend_tables(&self, truth: &Truth<'_>) -> Option<Duration> {
        self.time_to_fix_fingers(truth)
    }

    fn time_for_a_turn(&self, truth: &Truth<'_>) -> Option<Duration> {
        self.pass(truth)
    }
}

impl Configurable for Chord {
    const KEYS: &'static [Key] = config::KEYS;

    fn from_table(table: &mut TableReader<'_>, facts: &Facts) -> Self {
        Chord::new(Config::read(table, facts))
    }

    fn sample(dice: &mut Dice, circumstances: &Circumstances) -> Sample {
        sample::sample(dice, circumstances)
    }
}
