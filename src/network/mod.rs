//! What lies between the nodes: how long a message takes, whether it arrives, and how long a request waits.
//!
//! The network does not know what a message means or who is alive. It knows *hosts*: dense indices that nodes occupy
//! one after another. Where a node sits (its place in the square, its row of the matrix, its side of a partition,
//! whether it is behind NAT) comes from a hash of the seed and the node's identity, never from the order of events, so
//! that it is the same in a replay and, for a node that returns with its identity, in each of its lives. The exception
//! is a matrix with one node a host: there the row follows the host's index, so that nodes which are present together
//! never share one while there have been no more of them at once than rows (no more at all, where nodes return to the
//! host at which they were).

mod bandwidth;
mod cuts;
mod latency;
mod loss;
mod nat;
mod partition;
mod presence;
mod rule;
#[cfg(test)]
mod rule_tests;
mod slow;
#[cfg(test)]
mod tests;

pub use crate::scenario::model::Link;
pub use rule::{Cause, Packet};

use crate::engine::memory::allocated_bytes;
use crate::engine::random::{Purpose, Seed, mix};
use crate::engine::time::Duration;
use crate::kinds::Kinds;
use crate::scenario::model::{self, Kind, KindId};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rule::{Ends, Rule, Verdict};

/// Declares the rules in their order, and what is asked of all of them.
macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $name:ident: $Rule:ty,)+) => {
        /// The rules, in the order in which they are asked.
        #[derive(Clone, Debug)]
        struct Rules {
            $($(#[doc = $doc])+ $name: $Rule,)+
            /// Which of them are not idle: bit by bit, in their order. Most are idle most of the time, and a message
            /// meets all of them.
            active: u32,
        }

        /// Place of each rule in the order.
        #[allow(non_camel_case_types, reason = "they are named as the rules are")]
        #[derive(Clone, Copy)]
        enum Order {
            $($name,)+
        }

        impl Rules {
            /// A rule may have become idle, or not be idle any more.
            fn refresh(&mut self) {
                self.active = 0;
                $(self.active |= u32::from(!self.$name.is_idle()) << Order::$name as u32;)+
            }

            /// The time that a message takes, or why it does not arrive. First every rule is asked about its leaving,
            /// then about its way: the first that drops it decides, and delays add up.
            #[inline(always)]
            fn judge(&mut self, packet: &Packet, ends: Ends, random: &mut ChaCha8Rng) -> Result<Duration, Cause> {
                let mut waited = Duration::ZERO;
                $(if <$Rule>::LEAVES && self.active >> Order::$name as u32 & 1 == 1 {
                    match self.$name.leave(packet, ends) {
                        Verdict::Pass => {}
                        Verdict::Delay(more) => waited = waited + more,
                        Verdict::Drop(cause) => return Err(cause),
                    }
                })+
                let mut so_far = Duration::ZERO;
                $(if self.active >> Order::$name as u32 & 1 == 1 {
                    match self.$name.travel(packet, ends, so_far, random) {
                        Verdict::Pass => {}
                        Verdict::Delay(more) => so_far = so_far + more,
                        Verdict::Drop(cause) => return Err(cause),
                    }
                })+
                Ok(waited + so_far)
            }

            fn place(&mut self, host: u32, place: Place, kind: Option<&Kind>) {
                $(self.$name.place(host, place, kind);)+
            }

            fn expected(&self, from: u32, to: u32, ends: Ends) -> Duration {
                let parts = [$(self.$name.expected(from, to, ends)),+];
                parts.into_iter().fold(Duration::ZERO, |sum, part| sum + part)
            }

            fn longest_expected(&self) -> Duration {
                let parts = [$(self.$name.longest_expected()),+];
                parts.into_iter().fold(Duration::ZERO, |sum, part| sum + part)
            }

            fn begin(&mut self, number: usize, link: &Link) {
                $(self.$name.begin(number, link);)+
                self.refresh();
            }

            fn end(&mut self, number: usize) {
                $(self.$name.end(number);)+
                self.refresh();
            }

            fn mend(&mut self) {
                $(self.$name.mend();)+
                self.refresh();
            }

            fn calm(&mut self) {
                $(self.$name.calm();)+
                self.refresh();
            }

            fn memory_bytes(&self) -> u64 {
                [$(self.$name.memory_bytes()),+].into_iter().sum()
            }
        }
    };
}

// A message that is stopped draws nothing from rules further down, so the order is part of what a seed means.
rules! {
    /// It waits for the sender's line.
    bandwidth: bandwidth::Bandwidth,
    /// Its receiver may be gone,
    presence: presence::Presence,
    /// or behind NAT,
    nat: nat::Nat,
    /// or on another side,
    partition: partition::Partition,
    /// or cut off.
    cuts: cuts::Cuts,
    /// Chance may strike it.
    loss: loss::Loss,
    /// It takes its time,
    latency: latency::Delays,
    /// and more where it is slow.
    slow: slow::Slow,
}

/// The network of one run.
#[derive(Clone, Debug)]
pub struct Network {
    rules: Rules,
    kinds: Kinds,
    /// Kind of the node at each host; empty where nodes do not differ.
    kind_of: Vec<KindId>,
    /// Whether there are nodes that own no keys.
    has_clients: bool,
    rpc_timeout: model::RpcTimeout,
    /// Makes the places of nodes depend on the seed.
    salt: u64,
    rng: ChaCha8Rng,
}

impl Network {
    /// A network without hosts. Latency and loss are drawn from the stream [`Purpose::Network`] of `seed`.
    pub fn new(config: &model::Network, kinds: Kinds, seed: Seed) -> Self {
        let mut rng = seed.stream(Purpose::Network);
        let salt = rng.next_u64();
        let all = kinds.all();
        let mut rules = Rules {
            active: 0,
            bandwidth: bandwidth::Bandwidth::new(config.bandwidth, all),
            presence: presence::Presence,
            nat: nat::Nat::new(config.behind_nat, all),
            partition: partition::Partition::default(),
            cuts: cuts::Cuts::default(),
            loss: loss::Loss::new(config.loss, &config.links),
            latency: latency::Delays::new(&config.latency, salt),
            slow: slow::Slow::new(all, &config.links),
        };
        rules.refresh();
        let has_clients = rules.nat.is_there() || all.iter().any(|kind| kind.client);
        Self { rules, kinds, kind_of: Vec::new(), has_clients, rpc_timeout: config.rpc_timeout, salt, rng }
    }

    /// The node `identity` with the number `node` now occupies `host`, in place of whoever did before. Nodes of equal
    /// identity sit at equal places; of which kind a node is follows from its number. Memory grows up to the highest
    /// host in use.
    pub fn place(&mut self, host: u32, identity: u64, node: u32) {
        let place = Place(mix(self.salt.wrapping_add(identity)));
        let kind = self.kinds.of(node);
        if self.kinds.are_several() {
            put(&mut self.kind_of, host, kind);
        }
        self.rules.place(host, place, self.kinds.all().get(usize::from(kind)));
    }

    /// Memory of the hosts' places \[B\].
    pub fn memory_bytes(&self) -> u64 {
        self.rules.memory_bytes() + allocated_bytes(&self.kind_of)
    }

    /// The kinds of nodes.
    pub fn kinds(&self) -> &Kinds {
        &self.kinds
    }

    /// The kind of the node at `host`.
    #[inline]
    pub fn kind(&self, host: u32) -> KindId {
        self.kind_of.get(host as usize).copied().unwrap_or(0)
    }

    #[inline(always)]
    fn ends(&self, from: u32, to: u32) -> Ends {
        match self.kind_of.is_empty() {
            true => Ends { from: 0, to: 0 },
            false => Ends { from: self.kind(from), to: self.kind(to) },
        }
    }

    /// Sends one message: the time until it arrives, or why it does not.
    ///
    /// A message from a host to itself arrives at once, if its receiver is there. Only what the scenario leaves to
    /// chance is drawn for any other, and nothing once it is known that it does not arrive.
    ///
    /// # Errors
    /// The cause that stops it.
    ///
    /// # Panics
    /// If a rule needs the place of a host that was never placed.
    #[inline]
    pub fn transmit(&mut self, packet: &Packet) -> Result<Duration, Cause> {
        if packet.from == packet.to {
            return if packet.is_expected { Ok(Duration::ZERO) } else { Err(Cause::Gone) };
        }
        let ends = self.ends(packet.from, packet.to);
        self.rules.judge(packet, ends, &mut self.rng)
    }

    /// The probability that a message is lost on any link, the messages at that risk so far, and those lost.
    pub fn loss(&self) -> (f64, u64, u64) {
        let loss = &self.rules.loss;
        (loss.share(), loss.at_risk, loss.struck)
    }

    /// How long a request from one host to another waits for its reply; at least 1 ns. Where timeouts are computed from
    /// measured round trips, that of a node which has measured nothing.
    ///
    /// As a multiple of the round trip, a timeout follows the expected delay there and back, without what events do or
    /// what waits in queues. A host expects no delay to itself, so there the timeout is 1 ns.
    #[inline]
    pub fn timeout(&self, from: u32, to: u32) -> Duration {
        self.timeout_for(|| self.expected_round_trip(from, to))
    }

    /// The expected time for a message there and one back. Nodes cannot know it, but may measure it.
    pub fn expected_round_trip(&self, from: u32, to: u32) -> Duration {
        match from == to {
            true => Duration::ZERO,
            false => {
                let way = |from, to| self.rules.expected(from, to, self.ends(from, to));
                way(from, to) + way(to, from)
            }
        }
    }

    #[inline(always)]
    fn timeout_for(&self, round_trip: impl FnOnce() -> Duration) -> Duration {
        let timeout = match self.rpc_timeout {
            model::RpcTimeout::Fixed(timeout) => timeout,
            model::RpcTimeout::RoundTrips(factor) => {
                Duration::from_nanos((round_trip().as_nanos() as f64 * factor) as u64)
            }
            model::RpcTimeout::Measured(timeout) => timeout.first,
        };
        timeout.max(Duration::from_nanos(1))
    }

    /// Whether nothing stands between the two hosts, one way or the other.
    pub fn reachable(&self, a: u32, b: u32) -> bool {
        let is_cut = |from, to| self.rules.cuts.cut_off(self.ends(from, to));
        a == b
            || self.rules.partition.connects(a, b) && !(self.rules.cuts.are_there() && (is_cut(a, b) || is_cut(b, a)))
    }

    /// Whether there can be hosts that own no keys: clients, and those behind NAT.
    #[inline]
    pub fn has_clients(&self) -> bool {
        self.has_clients
    }

    /// Whether the node at `host` owns no keys: it is a client, or behind NAT.
    #[inline]
    pub fn is_client(&self, host: u32) -> bool {
        self.is_behind_nat(host) || self.kinds.all().get(usize::from(self.kind(host))).is_some_and(|kind| kind.client)
    }

    /// Whether `host` is behind NAT: replies reach it, but nothing that another host sends it unasked.
    #[inline]
    pub fn is_behind_nat(&self, host: u32) -> bool {
        self.rules.nat.is_behind(host)
    }

    /// The group of `host` in the present partition, from 0; 0 for all while there is no partition.
    pub fn group(&self, host: u32) -> u16 {
        self.rules.partition.group(host)
    }

    /// Splits the network into one group for each of `shares` (each > 0, summing to 1, at most 65,536 of them). Each
    /// host, also a later one, falls into a group at random with the probability of its share. A second partition
    /// takes the place of the first and deals anew.
    pub fn partition(&mut self, shares: &[f64]) {
        self.rules.partition.split(shares);
        self.rules.refresh();
    }

    /// Ends the partition: all hosts reach each other again.
    pub fn heal(&mut self) {
        self.rules.partition.heal();
        self.rules.refresh();
    }

    /// Something begins to happen to messages between kinds of nodes, under a number of its own.
    pub fn begin(&mut self, number: usize, link: &Link) {
        self.rules.begin(number, link);
    }

    /// What began under this number ends, if it has not ended before.
    pub fn end(&mut self, number: usize) {
        self.rules.end(number);
    }

    /// Ends all that [`Self::begin`] has begun.
    pub fn mend(&mut self) {
        self.rules.mend();
    }

    /// From now on nothing is lost, cut off or slowed by events, and no partition stands between hosts. Those behind
    /// NAT stay there, and lines are as they are.
    pub fn calm(&mut self) {
        self.rules.calm();
    }

    /// Whether messages between live nodes can be lost on their way: by chance, or for want of room in a queue.
    pub fn is_lossy(&self) -> bool {
        self.rules.loss.is_possible() || self.rules.bandwidth.is_limited()
    }

    /// How long a request waits for its reply at most, whoever sends it to whom; at least 1 ns.
    pub fn longest_timeout(&self) -> Duration {
        match self.rpc_timeout {
            model::RpcTimeout::Measured(timeout) => timeout.most,
            _ => self.timeout_for(|| self.rules.longest_expected().saturating_mul(2)),
        }
    }

    /// Whether a partition is in force, or a link cut off.
    pub fn is_partitioned(&self) -> bool {
        self.rules.partition.is_in_force() || self.rules.cuts.are_there()
    }
}

/// Random bits of one node: as many independent draws as needed, none of them from a stream.
#[derive(Clone, Copy, Debug)]
struct Place(u64);

impl Place {
    /// The draw with this number, 64 uniform bits. Each use has a number of its own, which must never change: it is
    /// part of what a seed means.
    fn draw(self, number: u64) -> u64 {
        // The increment of SplitMix64: numbered draws are that generator's outputs with `self.0` as its seed.
        mix(self.0.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }
}

/// Number of the draw for coordinates in the square.
const DRAW_COORDINATES: u64 = 1;
/// Number of the draw for the row of a matrix.
const DRAW_ROW: u64 = 2;
/// Number of the draw for the lot in partitions.
const DRAW_LOT: u64 = 3;
/// Number of the draw for who is behind NAT.
const DRAW_NAT: u64 = 4;
/// Number of the first of many draws, one a row, for the order in which the rows of a matrix are dealt out.
const FIRST_DRAW_ORDER: u64 = 1 << 32;

/// Puts `value` at `index`, growing the vector with default values if it is too short.
fn put<T: Clone + Default>(values: &mut Vec<T>, index: u32, value: T) {
    let index = index as usize;
    if index >= values.len() {
        values.resize(index + 1, T::default());
    }
    values[index] = value;
}
