//! The random process by which nodes come and go, and what scheduled events do to it.

use super::population::Population;
use crate::engine::distribution::Distribution;
use crate::engine::queue::EventQueue;
use crate::engine::random::{Purpose, Seed, below, unit};
use crate::engine::time::{Duration, Time};
use crate::kinds::Kinds;
use crate::scenario::model::{self, AtStart, ChurnProcess, Start};
use rand_chacha::ChaCha8Rng;

/// One change of the live population.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The node joins.
    Join(u32),
    /// The node departs.
    Depart {
        /// Which node.
        node: u32,
        /// Whether it takes its leave, or just crashes.
        graceful: bool,
    },
}

/// What waits in the queue.
#[derive(Clone, Copy, Debug)]
enum Pending {
    /// The session of this node ends, unless it has departed before: then its epoch is another.
    SessionEnd { node: u32, epoch: u32 },
    /// The downtime of this node ends.
    Return(u32),
    /// A new node joins, as a scheduled event asked.
    Arrival,
    /// The next join of the Poisson process.
    PoissonJoin,
    /// The next departure of the Poisson process.
    PoissonDeparture,
}

/// Who is live, and what will change that by chance.
///
/// Permanent nodes draw nothing and never depart. A node that departs by a scheduled event returns after a downtime
/// where nodes alternate between sessions and downtimes; in every other process it stays away, also where departures
/// are replaced otherwise. A node that joins by a scheduled event becomes part of the process. Every session and
/// downtime lasts at least 1 ns, so that time goes on whatever the laws.
#[derive(Debug)]
pub struct Process {
    law: ChurnProcess,
    kinds: Kinds,
    /// Share of graceful departures.
    graceful: f64,
    population: Population,
    pending: EventQueue<Pending>,
    /// Time of the first thing in the queue: whoever merges the process with others asks for it often.
    first_pending: Time,
    /// When the node that replaces the last departed one joins: the instant of the departure.
    replacement: Option<Time>,
    /// Whether the Poisson process of departures rests because there is nobody to depart. It has no memory, so
    /// drawing a fresh gap when somebody comes gives the same law as letting it run and strike nobody.
    departures_rest: bool,
    rng: ChaCha8Rng,
}

impl Process {
    /// The process at time 0.
    ///
    /// A converged start has the nodes `0..nodes` live; for a joining one nobody is, and whoever drives the process
    /// calls [`Process::join`] for each of them. In equilibrium, the nodes that are down at the start have the numbers
    /// from `nodes` on; their downtimes are residual and run from time 0, or from the last join of a joining start.
    pub fn new(churn: &model::Churn, population: &model::Population, seed: Seed) -> Self {
        let down = down_at_start(churn, population);
        let mut process = Self {
            law: churn.process.clone(),
            kinds: Kinds::new(&population.kinds, seed),
            graceful: churn.graceful,
            population: Population::new(population.permanent, population.nodes.saturating_add(down)),
            pending: EventQueue::new(),
            first_pending: Time::NEVER,
            replacement: None,
            departures_rest: false,
            rng: seed.stream(Purpose::Churn),
        };
        let mut settled = Time::ZERO;
        match population.start {
            Start::Converged => process.start_converged(population.nodes, churn.at_start),
            Start::Joining { join_every } => {
                settled += join_every.saturating_mul(u64::from(population.nodes.saturating_sub(1)));
            }
        }
        process.start_down(population.nodes..population.nodes.saturating_add(down), settled);
        process.plan_poisson(Time::ZERO, Pending::PoissonJoin);
        process.plan_poisson(Time::ZERO, Pending::PoissonDeparture);
        process
    }

    /// Who is live.
    pub fn population(&self) -> &Population {
        &self.population
    }

    /// Memory of who is live and of what waits \[B\].
    pub fn memory_bytes(&self) -> u64 {
        self.population.memory_bytes() + self.pending.memory_bytes()
    }

    /// When [`Process::step`] is due next; [`Time::NEVER`] if nothing waits.
    #[inline]
    pub fn next_time(&self) -> Time {
        self.replacement.unwrap_or(self.first_pending)
    }

    /// Takes what is due next. `None` if it changes nothing: a session that was cut short before, or a departure when
    /// there is nobody who may depart.
    pub fn step(&mut self) -> Option<Change> {
        if let Some(now) = self.replacement.take() {
            return self.join_new(now).map(Change::Join);
        }
        let (now, pending) = self.pending.pop()?;
        self.first_pending = self.pending.peek_time().unwrap_or(Time::NEVER);
        match pending {
            Pending::SessionEnd { node, epoch } => {
                if self.population.epoch(node) != epoch {
                    return None;
                }
                self.replacement = matches!(self.law, ChurnProcess::Steady { .. }).then_some(now);
                Some(self.depart_by_law(now, node))
            }
            Pending::Return(node) => {
                self.join(now, node);
                Some(Change::Join(node))
            }
            Pending::Arrival => self.join_new(now).map(Change::Join),
            Pending::PoissonJoin => {
                self.plan_poisson(now, pending);
                self.join_new(now).map(Change::Join)
            }
            Pending::PoissonDeparture => {
                let Some(node) = self.population.random_transient(&mut self.rng) else {
                    self.departures_rest = true;
                    return None;
                };
                self.plan_poisson(now, pending);
                Some(self.depart_by_law(now, node))
            }
        }
    }

    /// `node`, which is not live and has a reserved number, joins and begins a session.
    pub fn join(&mut self, now: Time, node: u32) {
        self.population.insert(node);
        if self.population.is_permanent(node) {
            return;
        }
        if let Some(law) = self.session_law(node) {
            let session = law.sample(&mut self.rng);
            self.plan_session_end(now, node, session);
        }
        if self.departures_rest {
            self.departures_rest = false;
            self.plan_poisson(now, Pending::PoissonDeparture);
        }
    }

    /// A new node joins and begins a session: its number. `None` when there are no numbers left.
    pub fn join_new(&mut self, now: Time) -> Option<u32> {
        let node = self.population.take_number()?;
        self.join(now, node);
        Some(node)
    }

    /// A number that no node of the process has or gets: for nodes that others look after. `None` when there are none
    /// left.
    pub fn reserve_number(&mut self) -> Option<u32> {
        self.population.take_number()
    }

    /// A scheduled event lets a uniformly random node depart that is not permanent: its number. `None` if there is
    /// nobody who may depart.
    pub fn depart_random(&mut self, now: Time) -> Option<u32> {
        let node = self.population.random_transient(&mut self.rng)?;
        self.depart(now, node);
        Some(node)
    }

    /// The live nodes of these kinds (bit by kind) that a scheduled event may let depart, in random order.
    pub fn shuffled_of(&mut self, kinds: u64) -> Vec<u32> {
        let transient = self.population.transient().iter().copied();
        let mut nodes: Vec<u32> = transient.filter(|node| kinds >> self.kinds.of(*node) & 1 == 1).collect();
        for end in (2..=nodes.len()).rev() {
            nodes.swap(end - 1, below(&mut self.rng, end as u64) as usize);
        }
        nodes
    }

    /// A scheduled event lets `count` new nodes join at uniformly random instants of `[from, from + over)`.
    pub fn plan_arrivals(&mut self, from: Time, count: u32, over: Duration) {
        for _ in 0..count {
            let delay = below(&mut self.rng, over.as_nanos().max(1));
            self.plan(from, Duration::from_nanos(delay), Pending::Arrival);
        }
    }

    /// From now on nobody comes or goes unless told to.
    pub fn rest(&mut self) {
        self.law = ChurnProcess::None;
        self.pending = EventQueue::new();
        self.first_pending = Time::NEVER;
        self.replacement = None;
        self.departures_rest = false;
    }

    /// The nodes of a converged start are live, and in the midst of their sessions or at their beginning.
    fn start_converged(&mut self, nodes: u32, at_start: AtStart) {
        for node in 0..nodes {
            self.population.insert(node);
            if self.population.is_permanent(node) {
                continue;
            }
            let Some(law) = self.session_law(node) else { continue };
            let session = match at_start {
                AtStart::Equilibrium => law.sample_residual(&mut self.rng),
                AtStart::Fresh => law.sample(&mut self.rng),
            };
            self.plan_session_end(Time::ZERO, node, session);
        }
    }

    /// The nodes that are down at the start return after residual downtimes counted from `settled`.
    fn start_down(&mut self, nodes: std::ops::Range<u32>, settled: Time) {
        let ChurnProcess::OnOff { downtime, .. } = self.law else { return };
        for node in nodes {
            let rest = downtime.sample_residual(&mut self.rng);
            self.plan(settled, rest, Pending::Return(node));
        }
    }

    /// A departure by the law or the Poisson process. Whether it is graceful takes one draw whatever the share, so
    /// that runs that differ in the share only have the same departures.
    fn depart_by_law(&mut self, now: Time, node: u32) -> Change {
        let graceful = unit(&mut self.rng) < self.graceful;
        self.depart(now, node);
        Change::Depart { node, graceful }
    }

    /// `node`, which is live, departs; it returns after a downtime, or frees its number if it never will.
    pub fn depart(&mut self, now: Time, node: u32) {
        self.population.remove(node);
        if let ChurnProcess::OnOff { downtime, .. } = self.law {
            let downtime = downtime.sample(&mut self.rng).max(Duration::from_nanos(1));
            if self.plan(now, downtime, Pending::Return(node)) {
                return;
            }
        }
        self.population.release_number(node);
    }

    /// The law of sessions of a node, if the process has one.
    fn session_law(&self, node: u32) -> Option<Distribution> {
        match self.law {
            ChurnProcess::Steady { session } => {
                let kind = self.kinds.all().get(usize::from(self.kinds.of(node)));
                Some(kind.and_then(|kind| kind.session).unwrap_or(session))
            }
            ChurnProcess::OnOff { session, .. } => Some(session),
            ChurnProcess::None | ChurnProcess::Poisson { .. } => None,
        }
    }

    fn plan_session_end(&mut self, now: Time, node: u32, session: Duration) {
        let epoch = self.population.epoch(node);
        self.plan(now, session.max(Duration::from_nanos(1)), Pending::SessionEnd { node, epoch });
    }

    /// Plans the next join or departure of the Poisson process, if that is what the process is.
    fn plan_poisson(&mut self, now: Time, pending: Pending) {
        let ChurnProcess::Poisson { joins_every, departures_every } = self.law else { return };
        let mean = if matches!(pending, Pending::PoissonJoin) { joins_every } else { departures_every };
        if mean != Duration::MAX {
            let gap = Distribution::Exponential { mean }.sample(&mut self.rng);
            self.plan(now, gap, pending);
        }
    }

    /// Plans `pending`, unless it would come after the end of time: whether it was planned.
    fn plan(&mut self, now: Time, delay: Duration, pending: Pending) -> bool {
        let time = now + delay;
        if time != Time::NEVER {
            self.pending.push(time, pending);
            self.first_pending = self.first_pending.min(time);
        }
        time != Time::NEVER
    }
}

/// How many nodes are down at the start, beside the `population.nodes` that are live or about to join: so many that the
/// live population stays the same on average. Permanent nodes are never down.
fn down_at_start(churn: &model::Churn, population: &model::Population) -> u32 {
    match (&churn.process, churn.at_start) {
        (ChurnProcess::OnOff { session, downtime }, AtStart::Equilibrium) => {
            let alternating = f64::from(population.nodes.saturating_sub(population.permanent));
            // The cast saturates, and takes the NaN of two infinite means for 0.
            libm::round(alternating * downtime.mean_s() / session.mean_s()) as u32
        }
        _ => 0,
    }
}
