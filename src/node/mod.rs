//! What a protocol is: handlers for what can happen at a node, and the rule that says who owns a key.
//!
//! A protocol keeps the state of all its nodes itself, indexed by [`Slot`], in whatever layout serves it. It acts on
//! the world through a [`Context`] only: it sends requests and messages, sets timers, ends lookups. It does not know
//! when nodes come and go, what the network does, or who is alive. What protocols are made of stands in
//! [`crate::overlay`]; each has a folder in [`crate::protocols`], and none knows another.

pub mod awake;
pub mod checker;
pub mod contact;
pub mod directory;
pub mod handling;
pub mod history;
pub mod identifier;
pub mod lookup;
pub mod members;
#[cfg(test)]
pub(crate) mod network_for_tests;
pub mod opinion;
pub mod per_lookup;
pub mod per_node;
pub mod sample;

pub use contact::{Contact, Slot};
pub use handling::{Answer, Ended, Reply, ReplyTo, Start, TimerId};
pub use lookup::{Lookup, LookupId, Purpose};
pub use members::Members;

use crate::engine::dice::Dice;
use crate::engine::time::{Duration, Time};
use crate::scenario::{Facts, Key, MessageSizes, TableReader};
use checker::{Checker, Liveness};
use directory::Directory;
use history::History;
use opinion::{Description, Opinion};
use rand_chacha::ChaCha8Rng;
use sample::{Circumstances, Sample};

/// What a message carries, and as what it is booked. How many bytes that is says the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Index into [`Protocol::MESSAGE_KINDS`].
    pub kind: u8,
    /// Whether it names its sender, for the receiver to learn from.
    pub sender: bool,
    /// Keys and identifiers of nodes without their addresses.
    pub keys: u8,
    /// Contacts: nodes with identifier and address.
    pub contacts: u16,
}

impl Charge {
    /// A message of this kind that carries nothing.
    pub const fn empty(kind: u8) -> Self {
        Charge { kind, sender: false, keys: 0, contacts: 0 }
    }

    /// The same message, naming its sender.
    pub const fn with_sender(self) -> Self {
        Charge { sender: true, ..self }
    }

    /// The same message with so many keys; 255 stand for all that are more.
    pub const fn with_keys(self, count: u32) -> Self {
        Charge { keys: if count < 255 { count as u8 } else { 255 }, ..self }
    }

    /// The same message with so many contacts; 65,535 stand for all that are more.
    pub const fn with_contacts(self, count: u32) -> Self {
        Charge { contacts: if count < 65_535 { count as u16 } else { 65_535 }, ..self }
    }

    /// Its size \[B\], header included.
    #[inline]
    pub fn bytes(self, sizes: &MessageSizes) -> u32 {
        sizes.header_bytes
            + sizes.sender_bytes * u32::from(self.sender)
            + sizes.key_bytes * u32::from(self.keys)
            + sizes.contact_bytes * u32::from(self.contacts)
    }
}

/// Ground truth, for a protocol's report on its own health. Handlers never see it.
pub struct Truth<'a> {
    /// All members.
    pub members: &'a Members,
    /// Who is alive.
    pub directory: &'a Directory,
    /// Whether two slots can reach each other now.
    pub reachable: &'a dyn Fn(Slot, Slot) -> bool,
    /// Whether a slot is behind NAT. Who is owns no keys, and nothing that others send unasked arrives there.
    pub is_behind_nat: &'a dyn Fn(Slot) -> bool,
    /// The present.
    pub now: Time,
    /// What the network has gone through, if that is kept: in checked runs.
    pub history: Option<&'a History>,
    /// How long a request waits at most, by the law of the network.
    pub longest_wait: Duration,
    /// Share of the members that should have been found ([`Protocol::closest`]) that were: the mean over the lookups of
    /// the workload that have told ([`Context::closest_found`]) since the last window ended, from the end of the
    /// warm-up on. `None` if none has.
    pub closest_found: Option<f64>,
}

/// What a protocol can do to the world.
///
/// Payloads: a message handed to the context belongs to it from then on. After its last use, or when it is lost, the
/// simulation gives it to [`Protocol::release`]; handlers only read what they receive.
pub trait Context<P: Protocol> {
    /// The present.
    fn now(&self) -> Time;

    /// The protocol's stream of random numbers.
    fn random(&mut self) -> &mut ChaCha8Rng;

    /// A live node as others know it.
    fn contact(&self, node: Slot) -> Contact;

    /// Whether `node` is behind NAT, which it knows of itself: replies reach it, but nothing that others send it
    /// unasked. A handler asks this of its own node only, a converged start of all.
    fn is_behind_nat(&self, node: Slot) -> bool;

    /// A random member that `node` can reach and that is not behind NAT, other than `node`, among those that `admits`
    /// lets count: where it can begin to join. `None` if there is none. A protocol may leave out members that are lost
    /// themselves.
    fn bootstrap(&mut self, node: Slot, admits: impl Fn(Contact) -> bool) -> Option<Contact>;

    /// Of `choices` such members, 1 or more, the one with the shortest expected round trip: a node that is near, as
    /// someone who joins may know one. The same member may be drawn more than once.
    fn bootstrap_near(&mut self, node: Slot, choices: u32, admits: impl Fn(Contact) -> bool) -> Option<Contact>;

    /// Sends a request, which does not arrive at a target behind NAT: as if the target were gone. Either
    /// [`Protocol::on_reply`] or [`Protocol::on_timeout`] follows, exactly once, unless `from` departs first. `lookup`
    /// is the lookup that causes the request, if one does: its counts of requests and timeouts are kept here.
    fn request(&mut self, from: Slot, to: Contact, message: P::Message, charge: Charge, lookup: Option<LookupId>);

    /// As [`Self::request`], but the reply is waited for as long as the caller says, at least 1 ns, and not as long as
    /// `network.rpc_timeout` says.
    fn request_within(
        &mut self,
        from: Slot,
        to: Contact,
        message: P::Message,
        charge: Charge,
        lookup: Option<LookupId>,
        wait: Duration,
    );

    /// Sends a message that nobody answers. It does not arrive at a target behind NAT.
    fn send(&mut self, from: Slot, to: Contact, message: P::Message, charge: Charge, lookup: Option<LookupId>);

    /// Sends a message that nobody answers, over a transport that tells the sender if it does not get through: if `to`
    /// is gone by now or behind NAT, or the message is lost, [`Protocol::on_timeout`] follows after the time that a
    /// request waits, unless `from` departs first. Of a message whose target goes while it is under way the sender
    /// hears nothing. It counts as a request of `lookup`, and as a timeout of it if it does not get through.
    fn send_with_notice(
        &mut self,
        from: Slot,
        to: Contact,
        message: P::Message,
        charge: Charge,
        lookup: Option<LookupId>,
    );

    /// As [`Self::request`], to a target that has itself sent `from` what this answers: NAT lets it through.
    fn request_back(&mut self, from: Slot, to: Contact, message: P::Message, charge: Charge, lookup: Option<LookupId>) {
        self.request(from, to, message, charge, lookup);
    }

    /// As [`Self::send`], to a target that has itself sent `from` what this answers: NAT lets it through.
    fn send_back(&mut self, from: Slot, to: Contact, message: P::Message, charge: Charge, lookup: Option<LookupId>) {
        self.send(from, to, message, charge, lookup);
    }

    /// As [`Self::send_with_notice`], to a target that has itself sent `from` what this answers: NAT lets it through.
    fn send_back_with_notice(
        &mut self,
        from: Slot,
        to: Contact,
        message: P::Message,
        charge: Charge,
        lookup: Option<LookupId>,
    ) {
        self.send_with_notice(from, to, message, charge, lookup);
    }

    /// Answers a request that was not answered at once ([`Answer::Later`]): one reply, while the node that got the
    /// request lives. Nothing is sent after that. A reply that comes after the timeout of the request is late.
    ///
    /// # Panics
    /// In debug builds and checked runs, if the handler of another node runs than that which got the request.
    fn reply(&mut self, reply_to: ReplyTo, message: P::Message, charge: Charge);

    /// Fires `timer` at `node` after `delay`, unless the node departs first or cancels it.
    fn set_timer(&mut self, node: Slot, delay: Duration, timer: P::Timer) -> TimerId;

    /// A timer is not to fire. Returns whether it was still to come.
    ///
    /// # Panics
    /// In debug builds and checked runs, if the handler of another node runs than that at which it was to fire.
    fn cancel_timer(&mut self, timer: TimerId) -> bool;

    /// `node` has completed its join: it is a member from now on. Later calls in the same incarnation do nothing.
    fn join_completed(&mut self, node: Slot);

    /// Starts a lookup of the protocol's own. Its deadline is the same as that of all others; when it passes,
    /// [`Protocol::on_task_failed`] is called.
    fn start_task(&mut self, node: Slot, key: u64, task: P::Task) -> LookupId;

    /// A lookup under way; `None` once it has ended.
    fn lookup(&self, id: LookupId) -> Option<Lookup<P::Task>>;

    /// What a lookup found that was to find the `wanted` nodes nearest to its key ([`Protocol::closest`]): those that
    /// it takes for them, in any order. For protocols that keep a value at several nodes; to be told once, before the
    /// lookup ends. Nothing happens if it has ended already, or is the protocol's own. Changes nothing of the run.
    fn closest_found(&mut self, id: LookupId, found: &[Contact], wanted: u32);

    /// Ends a lookup with an answer: `owner` was named after `hops` hops. Nothing happens if it has ended already.
    fn answer(&mut self, id: LookupId, owner: Contact, hops: u32);

    /// Ends a lookup without an answer. Nothing happens if it has ended already.
    fn give_up(&mut self, id: LookupId);
}

/// A message that is about to arrive.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a, M> {
    /// Where.
    pub node: Slot,
    /// Who has sent it.
    pub from: Contact,
    /// The request.
    pub request: &'a M,
    /// The reply to it, if that is what arrives.
    pub reply: Option<&'a M>,
}

/// A distributed hash table.
pub trait Protocol: Sized + 'static {
    /// What nodes send each other. Small and `Copy`; larger payloads live in pools of the protocol's own.
    type Message: Copy;
    /// What a node can be woken up for.
    type Timer: Copy;
    /// Why a node makes a lookup of its own.
    type Task: Copy;

    /// Name, as in `[protocol.<name>]`.
    const NAME: &'static str;
    /// Kinds of messages, as words that fit in column names.
    const MESSAGE_KINDS: &'static [&'static str];
    /// Names of the figures that [`Self::health`] gives, as column names.
    const HEALTH: &'static [&'static str];
    /// What must hold in a network of this protocol, the most basic first.
    const CHECKERS: &'static [Checker<Self>] = &[];
    /// What becomes true in a quiet network of this protocol in which [`Self::CHECKERS`] hold, one after the other.
    const LIVENESS: &'static [Liveness<Self>] = &[];

    /// Identifiers (virtual nodes) a node has; each has a slot and runs the protocol by itself.
    fn identifiers_per_node(&self) -> u32 {
        1
    }

    /// Length of identifiers \[bit\], 8 to 64.
    fn identifier_bits(&self) -> u32 {
        64
    }

    /// Whether a new node may get an identifier whose former holder others still remember: where nodes are told apart
    /// by their identifiers alone, both would pass for one.
    fn identifiers_may_come_again(&self) -> bool {
        true
    }

    /// Memory that a live identifier is expected to take, with everything that the simulation keeps for it \[B\]. To
    /// tell beforehand whether a run will fit.
    fn bytes_per_identifier(&self) -> u64 {
        1024
    }

    /// Memory that the protocol's own tables hold now, by part: names that fit in a table, and what each part has room
    /// for \[B\].
    fn memory_bytes(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }

    /// How long a lookup may take before it has failed.
    fn lookup_deadline(&self) -> Duration;

    /// Whether lookups end at the node before the owner. Their answer is right if it is a member and owns nothing
    /// between itself and the key: the owner of its next identifier is the owner of the key.
    fn lookups_end_before_owner(&self) -> bool {
        false
    }

    /// Gives all members exact tables, as if the network had been quiet for long, and starts their timers.
    fn start_converged(&mut self, context: &mut impl Context<Self>, members: &Members);

    /// A node arrives and begins to join.
    fn on_arrival(&mut self, context: &mut impl Context<Self>, node: Slot, start: Start);

    /// A node is about to leave gracefully; what it sends now still gets through. Where nobody takes leave, nothing
    /// happens.
    fn on_leave(&mut self, context: &mut impl Context<Self>, node: Slot) {
        let _ = (context, node);
    }

    /// A node is gone, gracefully or not: its state is no longer needed, but for what it would find on its disk if it
    /// returned ([`Start::Returning`]).
    fn on_departure(&mut self, node: Slot);

    /// The workload starts a lookup at a member.
    fn on_lookup(&mut self, context: &mut impl Context<Self>, node: Slot, lookup: LookupId);

    /// A request arrives. It is answered at once by what is returned, or by means of `reply_to` later.
    fn on_request(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        from: Contact,
        request: &Self::Message,
        reply_to: ReplyTo,
    ) -> Answer<Self::Message>;

    /// The reply to a request of `node` arrives.
    fn on_reply(&mut self, context: &mut impl Context<Self>, node: Slot, reply: Reply<'_, Self::Message>);

    /// No reply to a request of `node` came in time.
    fn on_timeout(&mut self, context: &mut impl Context<Self>, node: Slot, to: Contact, request: &Self::Message);

    /// A message that wants no answer arrives.
    fn on_message(&mut self, context: &mut impl Context<Self>, node: Slot, from: Contact, message: &Self::Message);

    /// A timer fires.
    fn on_timer(&mut self, context: &mut impl Context<Self>, node: Slot, timer: Self::Timer);

    /// A lookup of the node's own passed its deadline.
    fn on_task_failed(&mut self, context: &mut impl Context<Self>, node: Slot, task: Self::Task);

    /// Whether [`Self::on_lookup_ended`] is called.
    const HEARS_OF_ENDS: bool = false;

    /// A lookup of `node` has ended, whoever asked for it and however it ended: what is kept of it can go. Called once
    /// for each, after the handler in which it ended has returned, and before [`Self::on_task_failed`] and
    /// [`Self::on_departure`]. Another lookup may have the same index by then.
    fn on_lookup_ended(&mut self, node: Slot, lookup: LookupId, how: Ended) {
        let _ = (node, lookup, how);
    }

    /// Asks for the memory of the state of `node` ([`crate::engine::prefetch`]), which an event will need soon. The
    /// slot may be empty by now.
    #[inline(always)]
    fn prefetch_state(&self, node: Slot) {
        let _ = node;
    }

    /// The same for the tables that the state leads to, which has been asked for a few events before.
    #[inline(always)]
    fn prefetch_tables(&self, node: Slot) {
        let _ = node;
    }

    /// Whether the two below do anything: it costs time to look at what will arrive.
    const LOOKS_AT_ARRIVALS: bool = false;

    /// The same for what this message will need, the state of the node having been asked for.
    #[inline(always)]
    fn prefetch_for(&self, arrival: Arrival<'_, Self::Message>) {
        let _ = arrival;
    }

    /// The same for what that leads to, shortly before it is needed.
    #[inline(always)]
    fn prefetch_beyond(&self, arrival: Arrival<'_, Self::Message>) {
        let _ = arrival;
    }

    /// A message has been used for the last time: whatever it holds in a pool can be freed.
    fn release(&mut self, message: &Self::Message) {
        let _ = message;
    }

    /// The member that owns `key` among those that `admits` lets count. A rule of the protocol, not of its state.
    fn owner(members: &Members, key: u64, admits: impl Fn(Contact) -> bool) -> Option<Contact>;

    /// The `count` members that should hold what belongs to `key`, the owner among them, of those that `admits` lets
    /// count: into `closest`, which is empty. A rule of the protocol, as [`Self::owner`] is.
    fn closest(
        members: &Members,
        key: u64,
        count: usize,
        admits: impl Fn(Contact) -> bool,
        closest: &mut Vec<Contact>,
    ) {
        let _ = count;
        closest.extend(Self::owner(members, key, admits));
    }

    /// The figures of [`Self::HEALTH`], in that order; `None` where there is nothing to measure.
    fn health(&self, truth: &Truth<'_>) -> Vec<Option<f64>>;

    /// Whether nothing is left of damage that went beyond what [`Self::CHECKERS`] assume: from here on they are to
    /// hold.
    fn is_in_order(&self, truth: &Truth<'_>) -> bool {
        let _ = truth;
        true
    }

    /// What `node` would say now if it were asked for the owner of `key` by `lookup`, or by itself at the start of one:
    /// for the story of a lookup. `None` if the protocol does not tell.
    fn opinion(&self, node: Slot, key: u64, lookup: Option<LookupId>) -> Option<Opinion> {
        let _ = (node, key, lookup);
        None
    }

    /// A message in words, for the story of a lookup.
    fn describe(&self, message: &Self::Message) -> Description {
        let _ = message;
        Description::plain("writes to")
    }

    /// What a timer is for, as in "node 12's ... was due in 3 s", for the story of a lookup.
    fn timer_name(timer: Self::Timer) -> &'static str {
        let _ = timer;
        "next round"
    }
}

/// A protocol that a scenario can name, with parameters in a table of its own.
pub trait Configurable: Protocol {
    /// The keys of `[protocol.<name>]`, for the reference page.
    const KEYS: &'static [Key];

    /// The figures of [`Protocol::HEALTH`] in the same order, each with its meaning.
    const FIGURES: &'static [(&'static str, &'static str)];

    /// A network without nodes, with the parameters that the table gives. What is wrong with the table is reported
    /// through the reader.
    fn from_table(table: &mut TableReader<'_>, facts: &Facts) -> Self;

    /// Parameters at random, each that the protocol knows, that go together and with which [`Protocol::CHECKERS`] and
    /// [`Protocol::LIVENESS`] are to hold.
    fn sample(dice: &mut Dice, circumstances: &Circumstances) -> Sample {
        let _ = (dice, circumstances);
        Sample::default()
    }
}
