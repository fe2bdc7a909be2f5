//! The world as the protocol acts on it: who is there, timers, lookups under way, and what is kept of the run.

use super::accounts::Accounts;
use super::calls::Calls;
use super::deadlines::{Deadline, Deadlines};
use super::event::{Event, Kind};
use super::judge::{EndedLookup, Judge};
use super::measured::Measured;
use super::outcome::LookupResult;
use crate::engine::fingerprint::Fingerprint;
use crate::engine::queue::{EventQueue, Ticket};
use crate::engine::random::Purpose as Stream;
use crate::engine::time::{Duration, Time};
use crate::kinds::Kinds;
use crate::network::Network;
use crate::node::awake::Awake;
use crate::node::directory::Directory;
use crate::node::history::History;
use crate::node::lookup::Lookups;
use crate::node::{Lookup, LookupId, Members, MessageSizes, Purpose, Simulated, Slot, Truth};
use crate::observe::by_kind::ByKind;
use crate::observe::metrics::Metrics;
use crate::observe::report::LookupRecord;
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
    /// Figures by kind, where there are several.
    pub by_kind: Option<ByKind>,
    pub fingerprint: Fingerprint,
    pub accounts: Accounts,
    /// Whether the network began with ideal tables and nobody has come or gone since, nor was it ever partitioned, nor
    /// is anybody behind NAT.
    pub is_untouched: bool,
    /// What the network has gone through, if checks need it.
    pub history: Option<History>,
    /// When quiet returned, if it has.
    pub quiet_since: Option<Time>,
    /// Whether handlers have left something to do when they have returned: payloads to release, or lookups to judge.
    /// One look at this after each event is all that it costs.
    pub has_leftovers: bool,
    /// Payloads that were dropped while the protocol was busy: it gets them back when its handler returns.
    pub(super) released: Vec<P::Message>,
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
    pub(super) sizes: MessageSizes,
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
            network: Network::new(
                &scenario.network,
                Kinds::new(&scenario.population.kinds, scenario.seed),
                scenario.seed,
            ),
            lookups: Lookups::default(),
            by_kind: match &scenario.population.kinds[..] {
                [] | [_] => None,
                kinds => Some(ByKind::new(kinds, Time::ZERO + scenario.measurement.warmup)),
            },
            metrics: Metrics::new(scenario.measurement, P::MESSAGE_KINDS, P::FIGURES),
            fingerprint: Fingerprint::new(),
            accounts: Accounts::default(),
            is_untouched: false,
            history: None,
            quiet_since: None,
            has_leftovers: false,
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
        self.accounts.events += 1;
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
    pub fn is_client(&self, slot: Slot) -> bool {
        self.network.has_clients() && self.network.is_client(self.host(slot))
    }

    /// Whether `member` can own a key as far as `node` can reach. It always can where nothing stands between nodes
    /// ([`Self::is_open`]).
    pub fn admits(&self, node: Slot, member: Slot) -> bool {
        self.reachable(node, member) && !self.is_client(member)
    }

    /// Whether all nodes reach each other.
    #[inline]
    pub fn is_open(&self) -> bool {
        !self.network.is_partitioned() && !self.network.has_clients()
    }

    /// The truth, for whoever judges the protocol. `reachable` is [`Self::reachable`], `is_client` is
    /// [`Self::is_client`].
    pub fn truth<'a>(
        &'a self,
        reachable: &'a dyn Fn(Slot, Slot) -> bool,
        is_client: &'a dyn Fn(Slot) -> bool,
    ) -> Truth<'a> {
        Truth {
            members: &self.members,
            directory: &self.directory,
            reachable,
            is_client,
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

    /// Memory of calls under way, and of lookups under way with their deadlines \[B\].
    pub fn memory_bytes_under_way(&self) -> [u64; 2] {
        [self.calls.memory_bytes(), self.lookups.memory_bytes() + self.deadlines.memory_bytes()]
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
            self.has_leftovers = true;
        }
        if !id.is_workload() {
            self.accounts.tasks_ended += 1;
            self.accounts.tasks_failed += u64::from(matches!(result, LookupResult::GivenUp | LookupResult::CutOff));
        }
        Some(lookup)
    }
}
