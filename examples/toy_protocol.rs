//! The smallest hash table: a ring in which each node knows only the next one, written against the library.
//!
//! A lookup walks around the ring, so it takes n / 2 hops on average; a node that joins walks to its place; nobody
//! repairs anything. Run it with `cargo run --example toy_protocol`. It asserts what it prints, and `cargo test`
//! runs it too.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use torus_sim::engine::time::Duration;
use torus_sim::node::identifier::between_or_at;
use torus_sim::node::{
    Answer, Charge, Contact, Context, Inspect, Lookup, LookupId, Members, Ownership, Prefetch, Protocol, Purpose,
    Reply, ReplyTo, Slot, Start, Truth,
};
use torus_sim::observe::report::RunReport;
use torus_sim::scenario::{self, Source, TableReader, Zero};
use torus_sim::simulation::{Options, Simulation};

/// A ring to walk around.
#[derive(Debug, Default)]
pub struct Walk {
    /// The next node, by slot: all that a node knows.
    next: Vec<Contact>,
    lookup_deadline: Duration,
    join_retry_after: Duration,
}

/// What nodes say to each other.
#[derive(Clone, Copy, Debug)]
pub enum Message {
    /// Request: who is next to you? So many nodes have answered before.
    WhoIsNext {
        /// On behalf of this lookup.
        lookup: LookupId,
        /// Nodes that have answered before.
        hops: u32,
    },
    /// The reply.
    Next(Contact),
    /// I have joined and am next to you.
    IAmNext,
}

/// The cost of a question, and of a message without content.
const QUESTION: Charge = Charge::empty(0).with_contacts(1);
/// The cost of an answer: one node.
const ANSWER: Charge = Charge::empty(0).with_contacts(2);
const GREETING: Charge = Charge::empty(1).with_contacts(1);

/// The only task of a node: to find its place when it joins.
#[derive(Clone, Copy, Debug)]
pub struct Join;

/// The only timer: to try again to join.
#[derive(Clone, Copy, Debug)]
pub struct TryAgain;

impl Walk {
    /// Reads `[protocol.walk]`.
    pub fn from_table(table: &mut TableReader<'_>) -> Self {
        let lookup_deadline = table.duration_or("lookup_deadline", Duration::from_secs(60), Zero::Forbidden);
        let join_retry_after = table.duration_or("join_retry_after", Duration::from_secs(1), Zero::Forbidden);
        Walk { next: Vec::new(), lookup_deadline, join_retry_after }
    }

    fn set_next(&mut self, node: Slot, next: Contact) {
        let slots = self.next.len().max(node as usize + 1);
        self.next.resize(slots, Contact::NONE);
        self.next[node as usize] = next;
    }

    /// `at` has `next` behind it, as the lookup of `node` has found out after `hops` hops: there, or one further?
    fn arrived(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        (id, lookup): (LookupId, Lookup<Join>),
        (at, next, hops): (Contact, Contact, u32),
    ) {
        if !between_or_at(at.id(), lookup.key, next.id()) {
            return context.request(node, next, Message::WhoIsNext { lookup: id, hops }, QUESTION, Some(id));
        }
        context.answer(id, next, hops);
        if let Purpose::Task(Join) = lookup.purpose {
            self.set_next(node, next);
            context.send(node, at, Message::IAmNext, GREETING, None);
            context.join_completed(node);
        }
    }
}

impl Protocol for Walk {
    type Message = Message;
    type Timer = TryAgain;
    type Task = Join;

    const NAME: &'static str = "walk";
    const MESSAGE_KINDS: &'static [&'static str] = &["who_is_next", "i_am_next"];

    fn lookup_deadline(&self) -> Duration {
        self.lookup_deadline
    }

    fn start_converged(&mut self, _context: &mut impl Context<Self>, members: &Members) {
        for member in members.iter() {
            let next = members.successor(member.id().wrapping_add(1)).unwrap_or(member);
            self.set_next(member.slot(), next);
        }
    }

    fn on_arrival(&mut self, context: &mut impl Context<Self>, node: Slot, _start: Start) {
        let own = context.contact(node);
        match context.bootstrap(node, |_| true) {
            Some(member) => {
                let lookup = context.start_task(node, own.id(), Join);
                context.request(node, member, Message::WhoIsNext { lookup, hops: 0 }, QUESTION, Some(lookup));
            }
            None => {
                self.set_next(node, own);
                context.join_completed(node);
            }
        }
    }

    fn on_departure(&mut self, node: Slot) {
        self.set_next(node, Contact::NONE);
    }

    fn on_lookup(&mut self, context: &mut impl Context<Self>, node: Slot, id: LookupId) {
        let Some(lookup) = context.lookup(id) else { return };
        let here = (context.contact(node), self.next[node as usize], 0);
        self.arrived(context, node, (id, lookup), here);
    }

    fn on_request(
        &mut self,
        _context: &mut impl Context<Self>,
        node: Slot,
        _from: Contact,
        _request: &Message,
        _reply_to: ReplyTo,
    ) -> Answer<Message> {
        let next = self.next.get(node as usize).filter(|next| next.is_some());
        next.map(|next| (Message::Next(*next), ANSWER)).into()
    }

    fn on_reply(&mut self, context: &mut impl Context<Self>, node: Slot, reply: Reply<'_, Message>) {
        let Reply { from, request, reply, .. } = reply;
        let (Message::WhoIsNext { lookup: id, hops }, Message::Next(next)) = (*request, *reply) else { return };
        // The lookup may have passed its deadline meanwhile.
        let Some(lookup) = context.lookup(id) else { return };
        self.arrived(context, node, (id, lookup), (from, next, hops + 1));
    }

    fn on_timeout(&mut self, context: &mut impl Context<Self>, node: Slot, _to: Contact, request: &Message) {
        // The ring is broken here, and there is no other way around it.
        let Message::WhoIsNext { lookup: id, .. } = *request else { return };
        let Some(lookup) = context.lookup(id) else { return };
        context.give_up(id);
        if let Purpose::Task(Join) = lookup.purpose {
            self.on_task_failed(context, node, Join);
        }
    }

    fn on_message(&mut self, context: &mut impl Context<Self>, node: Slot, from: Contact, _message: &Message) {
        let own = context.contact(node);
        if between_or_at(own.id(), from.id(), self.next[node as usize].id()) {
            self.set_next(node, from);
        }
    }

    fn on_timer(&mut self, context: &mut impl Context<Self>, node: Slot, _timer: TryAgain) {
        self.on_arrival(context, node, Start::Fresh);
    }

    fn on_task_failed(&mut self, context: &mut impl Context<Self>, node: Slot, _task: Join) {
        context.set_timer(node, self.join_retry_after, TryAgain);
    }
}

impl Ownership for Walk {
    type Ground = Members;

    fn ground<'a>(&'a self, members: &'a Members) -> &'a Members {
        members
    }

    fn owner(members: &Members, key: u64, admits: impl Fn(Contact) -> bool) -> Option<Contact> {
        members.from_key(key).find(|member| admits(*member))
    }
}

impl Inspect for Walk {
    const FIGURES: &'static [(&'static str, &'static str)] =
        &[("dead_next_share", "share of the members whose next node is gone")];

    fn health(&self, truth: &Truth<'_>) -> Vec<Option<f64>> {
        let is_dead = |member: &Contact| !truth.directory.is_live(self.next[member.slot() as usize]);
        let dead = truth.members.iter().filter(is_dead).count();
        vec![(!truth.members.is_empty()).then(|| dead as f64 / truth.members.len() as f64)]
    }

    fn links(&self, node: Slot, visit: &mut dyn FnMut(&'static str, Contact)) {
        visit("next", self.next[node as usize]);
    }
}

impl Prefetch for Walk {}

/// Plays a scenario of this protocol.
///
/// # Panics
/// If the scenario has problems: prints them all.
pub fn play(text: &str) -> RunReport {
    let source = Source::from_text("a scenario in toy_protocol.rs", text);
    let loaded = scenario::load(source, &[], &[Walk::NAME], |table, _name, _facts| Some(Walk::from_table(table)));
    let loaded = loaded.unwrap_or_else(|problems| panic!("{problems}"));
    Simulation::new(&loaded.scenario, loaded.protocol, Options::default()).play()
}

const QUIET: &str = r#"
name = "quiet"
protocol = "walk"
population.nodes = 64
workload.lookups_every = "10s"
measurement.duration = "1h"
"#;

const JOINING: &str = r#"
name = "joining"
protocol.walk.join_retry_after = "5s"
population = { nodes = 32, start = "joining", join_every = "30s" }
workload.lookups_every = "10s"
measurement = { warmup = "20min", duration = "40min" }
"#;

const CRASH: &str = r#"
name = "crash"
protocol = "walk"
population.nodes = 64
workload.lookups_every = "10s"
event = [{ at = "30min", crash = { count = 1 } }]
measurement = { duration = "1h", window = "30min" }
"#;

/// Plays three scenarios and asserts what comes out.
pub fn main() {
    let quiet = play(QUIET);
    let (outcomes, hops) = (quiet.total.outcomes, quiet.total.hops.mean.unwrap_or_default());
    println!("quiet ring:   {} lookups, {hops:.2} hops on average (expected: 31.5)", outcomes.lookups());
    assert_eq!(outcomes.lookups(), outcomes.correct, "nothing can go wrong in a quiet ring");
    // The owner is the next node after 0 to 63 steps. 23,000 lookups: the standard error is 0.12 hops.
    assert!((hops - 31.5).abs() < 0.5, "{hops}");

    let joined = play(JOINING);
    let outcomes = joined.total.outcomes;
    println!("joined ring:  {} lookups, {} of them correct", outcomes.lookups(), outcomes.correct);
    assert!(outcomes.lookups() > 7000 && outcomes.lookups() == outcomes.correct, "joins one by one break nothing");

    let broken = play(CRASH);
    let rates: Vec<f64> = broken.windows.iter().filter_map(|window| window.outcomes.failure_rate()).collect();
    let dead = broken.windows[1].health[0].1;
    println!(
        "broken ring:  {:.0}% of lookups fail before the crash, {:.0}% after it",
        rates[0] * 100.0,
        rates[1] * 100.0
    );
    // A lookup succeeds if its key comes before the gap: for half of all pairs of initiator and key, and a little less
    // or more as the nodes happen to lie.
    assert!(rates[0] == 0.0 && (rates[1] - 0.5).abs() < 0.06, "{rates:?}");
    assert_eq!(dead, Some(1.0 / 63.0), "one node points at the dead one for ever");
}
