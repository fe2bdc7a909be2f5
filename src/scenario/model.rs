//! The checked scenario: what the rest of the program sees. Every value is in range and every unit resolved.

use crate::engine::distribution::Distribution;
use crate::engine::random::Seed;
use crate::engine::time::{Duration, Time};
use crate::node::MessageSizes;
use std::sync::Arc;

/// One experiment, but for the protocol's own parameters, which the protocol reads itself.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Name: the default output folder is `results/<name>`.
    pub name: String,
    /// What the experiment is about, one line; may be empty.
    pub description: String,
    /// Root of all randomness.
    pub seed: Seed,
    /// Who is there.
    pub population: Population,
    /// What lies between them.
    pub network: Network,
    /// When they come and go.
    pub churn: Churn,
    /// Who looks up what.
    pub workload: Workload,
    /// Scheduled events, in order of time; equal times keep the order of the file.
    pub events: Vec<ScheduledEvent>,
    /// A schedule read from a file; it takes the place of random churn and workload.
    pub schedule: Option<Arc<Vec<ScheduleEntry>>>,
    /// What is measured, and when.
    pub measurement: Measurement,
}

/// `[population]`: how many nodes, and how the network comes about.
#[derive(Clone, Debug, PartialEq)]
pub struct Population {
    /// Live nodes at the start (`converged`), or nodes that join (`joining`); at least 1.
    pub nodes: u32,
    /// How the network comes about.
    pub start: Start,
    /// So many of the first nodes never depart by the churn law or a random event (default 0).
    pub permanent: u32,
    /// `[[population.kind]]`: shares of the nodes that differ, summing to 1; at most 64. Empty if all nodes are alike.
    pub kinds: Vec<Kind>,
}

/// Index of a kind.
pub type KindId = u8;

/// A share of the nodes with something in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Kind {
    /// Its name.
    pub name: String,
    /// Share of the nodes, in (0, 1].
    pub share: f64,
    /// Where they are, for links and events that name regions.
    pub region: Option<String>,
    /// Whether they are behind NAT: they ask and get replies, and nothing that others send them unasked. Such nodes
    /// own no keys.
    pub behind_nat: bool,
    /// Whether they use the network without being part of it: they own no keys, and are in nobody's tables.
    pub client: bool,
    /// What each message that they send or get takes longer.
    pub delay: Duration,
    /// What their line carries; `None`: what `network.bandwidth` says.
    pub bandwidth: Option<Bandwidth>,
    /// Law of their sessions, in place of that of `[churn]`: where departures are replaced at once.
    pub session: Option<Distribution>,
}

impl Kind {
    /// A kind that differs in nothing but its name, of which all nodes are.
    pub fn named(name: &str) -> Self {
        Kind {
            name: name.to_owned(),
            share: 1.0,
            region: None,
            behind_nat: false,
            client: false,
            delay: Duration::ZERO,
            bandwidth: None,
            session: None,
        }
    }
}

/// What the line of a node carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bandwidth {
    /// From the node \[B/s\], > 0.
    pub up_bytes_per_s: u64,
    /// To the node \[B/s\], > 0.
    pub down_bytes_per_s: u64,
    /// What may wait at the node to be sent, the message that is sent among it \[B\]; what is more is dropped.
    pub queue_bytes: u64,
}

/// `population.start`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Start {
    /// All nodes are there at time 0, with exact tables.
    Converged,
    /// Nodes join one after another through the protocol's own join, one every `join_every` from time 0 on.
    Joining {
        /// Time between two joins (`population.join_every`).
        join_every: Duration,
    },
}

/// `[network]`: latency, loss, NAT, and how long a request waits for its reply.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// One-way delay of a message.
    pub latency: Latency,
    /// Probability that a message is lost, independently of all others, in [0, 1).
    pub loss: f64,
    /// Share of nodes behind NAT, in [0, 1): they ask and get replies, and nothing that others send them unasked.
    pub behind_nat: f64,
    /// How long a request waits.
    pub rpc_timeout: RpcTimeout,
    /// What the line of each node carries whose kind does not say; `None`: anything.
    pub bandwidth: Option<Bandwidth>,
    /// `[[network.link]]`: what messages between nodes of some kinds meet in addition, all the time.
    pub links: Vec<Link>,
}

/// Which messages something happens to: those from a node of one of these kinds to one of those.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Between {
    /// Bit by [`KindId`] of the sender.
    pub from: u64,
    /// Bit by [`KindId`] of the receiver.
    pub to: u64,
}

impl Between {
    /// Whether a message between these kinds is meant.
    #[inline]
    pub const fn has(self, from: KindId, to: KindId) -> bool {
        self.from >> from & 1 == 1 && self.to >> to & 1 == 1
    }
}

/// What happens to messages between nodes of some kinds.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Which messages: those that any of these names.
    pub between: Vec<Between>,
    /// What happens to them.
    pub effect: LinkEffect,
}

impl Link {
    /// Whether a message between these kinds is meant.
    pub fn has(&self, from: KindId, to: KindId) -> bool {
        self.between.iter().any(|between| between.has(from, to))
    }
}

/// What happens to a message on its way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LinkEffect {
    /// It does not arrive.
    Cut,
    /// It is lost with this probability, in [0, 1], beside `network.loss`.
    Lose(f64),
    /// Its way takes so many times as long (at least 1), and so much longer.
    Slow {
        /// Factor of its delay, >= 1.
        factor: f64,
        /// Added to its delay.
        delay: Duration,
    },
}

/// `[network.latency.*]`: one-way delay.
#[derive(Clone, Debug, PartialEq)]
pub enum Latency {
    /// Drawn anew for every message: constant (`Fixed`), uniform, exponential or log-normal.
    Drawn(Distribution),
    /// Nodes sit at random points of a square; the delay is `base` plus the Euclidean distance.
    Euclidean {
        /// Delay along one side of the square.
        side: Duration,
        /// Added to every delay.
        base: Duration,
    },
    /// Nodes are assigned at random to the hosts of a measured matrix.
    Matrix(Arc<LatencyMatrix>),
}

/// One-way delays between the hosts of a matrix file. Within a host the delay is the diagonal entry.
#[derive(Clone, Debug, PartialEq)]
pub struct LatencyMatrix {
    /// Number of hosts, at least 2.
    pub hosts: u32,
    /// Row-major one-way delays, `hosts * hosts` of them.
    pub one_way: Vec<Duration>,
    /// The nodes at the start do not share hosts: there are at most as many of them as hosts, and each has its own.
    /// Nodes that come later share.
    pub one_node_per_host: bool,
}

impl LatencyMatrix {
    /// Within a host messages take no time.
    pub(super) fn clear_diagonal(&mut self) {
        self.one_way.iter_mut().step_by(self.hosts as usize + 1).for_each(|delay| *delay = Duration::ZERO);
    }
}

/// `network.rpc_timeout`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RpcTimeout {
    /// The same for every request, > 0.
    Fixed(Duration),
    /// So many times the expected round trip between the two nodes (> 0), which only an oracle knows. For latencies
    /// drawn anew for each message the expected round trip is twice the mean delay.
    RoundTrips(f64),
    /// As TCP computes it, by each node for each peer, from the round trips that it has measured with it.
    Measured(MeasuredTimeout),
}

/// Bounds of a timeout that is computed from measured round trips (RFC 6298).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeasuredTimeout {
    /// While nothing has been measured; > 0, between the two others.
    pub first: Duration,
    /// Never less; > 0.
    pub least: Duration,
    /// Never more, however often in a row a peer has not answered; > 0.
    pub most: Duration,
}

/// `[churn]`: the law by which nodes come and go.
#[derive(Clone, Debug, PartialEq)]
pub struct Churn {
    /// The process.
    pub process: ChurnProcess,
    /// Share of departures that are graceful leaves, in [0, 1]; the others are crashes.
    pub graceful: f64,
    /// Which identifier a returning node has.
    pub return_identifier: ReturnIdentifier,
    /// Whether time 0 finds the process in its equilibrium.
    pub at_start: AtStart,
}

/// Which nodes come and go when.
#[derive(Clone, Debug, PartialEq)]
pub enum ChurnProcess {
    /// Nobody comes or goes but by scheduled events.
    None,
    /// Every node alternates between sessions and downtimes.
    OnOff {
        /// Law of sessions.
        session: Distribution,
        /// Law of downtimes.
        downtime: Distribution,
    },
    /// Every departure is replaced at once by a new node, so that the population stays the same.
    Steady {
        /// Law of sessions.
        session: Distribution,
    },
    /// Joins and departures are two Poisson processes over the whole network; a departure takes a uniformly random
    /// live node. `Duration::MAX` means never.
    Poisson {
        /// Mean time between two joins.
        joins_every: Duration,
        /// Mean time between two departures.
        departures_every: Duration,
    },
}

/// `churn.return_identifier`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnIdentifier {
    /// A returning node is a new node: new identifier, new address.
    Fresh,
    /// A returning node has its old identifier and address.
    Same,
}

/// `churn.at_start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtStart {
    /// Sessions running at time 0 have residual lengths, and so many nodes are down (with residual downtimes) that
    /// the live population stays at `population.nodes` on average.
    Equilibrium,
    /// All sessions begin at time 0 and nobody is down.
    Fresh,
}

/// `[workload]`: who looks up what.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// When lookups start.
    pub arrivals: Arrivals,
    /// Which keys they look for.
    pub keys: Keys,
}

/// When lookups start. Each starts at a uniformly random live node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrivals {
    /// No random lookups.
    None,
    /// Poisson at every live node (`workload.lookups_every`): mean time between two lookups of one node.
    PerNode(Duration),
    /// Poisson over the whole network (`workload.network_lookups_every`): mean time between two lookups.
    Network(Duration),
    /// Over the whole network at even distances (`workload.spacing = "even"`): time between two lookups.
    NetworkEvenly(Duration),
}

/// `[workload.keys.*]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Keys {
    /// Every key of the identifier space is equally likely.
    Uniform,
    /// The identifier of a uniformly random live node: of the first one, if it has several.
    LiveNodes,
    /// `keys` keys at hashed places; the i-th is asked for with probability proportional to 1 / i^exponent.
    Zipf {
        /// Number of keys, at least 1.
        keys: u64,
        /// Exponent, >= 0.
        exponent: f64,
    },
}

/// One `[[event]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduledEvent {
    /// When.
    pub at: Time,
    /// What.
    pub action: Action,
}

/// What a scheduled event does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Random live nodes crash at this instant.
    Crash(Victims),
    /// Random live nodes leave gracefully at this instant.
    Leave(Victims),
    /// New nodes join at uniformly random instants in `[at, at + over)`.
    Join {
        /// How many.
        count: u32,
        /// In what time; zero: all at once.
        over: Duration,
    },
    /// The network falls apart into groups. Each node, also a later one, belongs to a group at random.
    Partition {
        /// Share of each group; at least two, each > 0, summing to 1.
        shares: Vec<f64>,
    },
    /// All groups can reach each other again.
    Heal,
    /// Messages between nodes of some kinds are cut off, lost or slowed.
    Link {
        /// Which, and how.
        link: Link,
        /// For how long; `Duration::MAX`: until it is mended.
        lasts: Duration,
    },
    /// Nothing is cut off, lost or slowed any more by earlier events.
    Mend,
    /// From now on nobody comes or goes but the nodes of a joining start and those of a schedule file, nothing is lost,
    /// and all groups can reach each other.
    Quiet,
}

/// Whom an event strikes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Victims {
    /// How many.
    pub amount: Amount,
    /// Of nodes of which kinds: bit by [`KindId`]. `None`: of all.
    pub kinds: Option<u64>,
}

impl From<Amount> for Victims {
    /// So many, of all kinds.
    fn from(amount: Amount) -> Self {
        Victims { amount, kinds: None }
    }
}

/// How many nodes an event strikes, of those that it may strike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// A share of the live nodes that may depart, rounded to the nearest, in [0, 1].
    Fraction(f64),
    /// A number of nodes, or all that may depart if there are fewer.
    Count(u32),
}

/// One row of a schedule file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScheduleEntry {
    /// When.
    pub time: Time,
    /// Number of the node, dense from 0. The nodes of a converged start are `0..population.nodes`.
    pub node: u32,
    /// What it does.
    pub action: ScheduleAction,
}

/// What a node does in a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScheduleAction {
    /// Arrives and begins to join.
    Join,
    /// Leaves gracefully.
    Leave,
    /// Crashes.
    Crash,
    /// Starts a lookup of this key.
    Lookup(u64),
}

/// `[measurement]`: what is measured, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measurement {
    /// Simulated but not counted.
    pub warmup: Duration,
    /// Length of the measurement after the warm-up, > 0.
    pub duration: Duration,
    /// Length of a row of the time series, > 0; the last may be shorter.
    pub window: Duration,
    /// Which node is the owner of a key when answers are judged.
    pub owner: OwnerOf,
    /// Keys that are dealt out to their owners at the end of the run, to see how many each node gets; 0: none.
    pub load_keys: u64,
    /// Sizes of messages, for the figures of traffic. They change nothing else.
    pub message_sizes: MessageSizes,
}

/// `measurement.owner`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnerOf {
    /// The member that is responsible when the answer is given.
    Present,
    /// The member that was responsible at time 0 of a converged start. What it held is gone with it.
    Original,
}

impl Default for Measurement {
    /// As a scenario says that says no more than that it lasts an hour.
    fn default() -> Self {
        Measurement {
            warmup: Duration::ZERO,
            duration: Duration::from_secs(3_600),
            window: Duration::from_secs(60),
            owner: OwnerOf::Present,
            load_keys: 0,
            message_sizes: MessageSizes::default(),
        }
    }
}

impl Measurement {
    /// When the run ends.
    pub fn end(&self) -> Time {
        Time::ZERO + self.warmup + self.duration
    }
}
