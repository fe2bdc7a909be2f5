//! What lies between the nodes: how long a message takes, whether it arrives, and how long a request waits.
//!
//! The network does not know what a message means or who is alive. It knows *hosts*: dense indices that nodes occupy
//! one after another. Where a node sits (its place in the square, its row of the matrix, its side of a partition,
//! whether it is behind NAT) comes from a hash of the seed and the node's identity, never from the order of events, so
//! that it is the same in a replay and, for a node that returns with its identity, in each of its lives. The exception
//! is a matrix with one node a host: there the row follows the host's index, so that nodes which are present together
//! never share one while there have been no more of them at once than rows (no more at all, where nodes return to the
//! host at which they were).

mod latency;
mod nat;
mod partition;
#[cfg(test)]
mod tests;

use crate::engine::random::{Purpose, Seed, mix, unit};
use crate::engine::time::Duration;
use crate::scenario::model;
use latency::Delays;
use nat::Nat;
use partition::Partition;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// The network of one run.
#[derive(Clone, Debug)]
pub struct Network {
    delays: Delays,
    partition: Partition,
    nat: Nat,
    /// Probability that a message is lost.
    loss: f64,
    /// Messages that loss could have struck, and those that it did.
    at_risk: u64,
    struck: u64,
    rpc_timeout: model::RpcTimeout,
    /// Makes the places of nodes depend on the seed.
    salt: u64,
    rng: ChaCha8Rng,
}

impl Network {
    /// A network without hosts. Latency and loss are drawn from the stream [`Purpose::Network`] of `seed`.
    pub fn new(config: &model::Network, seed: Seed) -> Self {
        let mut rng = seed.stream(Purpose::Network);
        let salt = rng.next_u64();
        Self {
            delays: Delays::new(&config.latency, salt),
            partition: Partition::default(),
            nat: Nat::new(config.behind_nat),
            loss: config.loss,
            at_risk: 0,
            struck: 0,
            rpc_timeout: config.rpc_timeout,
            salt,
            rng,
        }
    }

    /// The node `identity` now occupies `host`, in place of whoever did before. Nodes of equal identity sit at equal
    /// places. Memory grows up to the highest host in use.
    pub fn place(&mut self, host: u32, identity: u64) {
        let place = Place(mix(self.salt.wrapping_add(identity)));
        self.delays.place(host, place);
        self.partition.place(host, place);
        self.nat.place(host, place);
    }

    /// Memory of the hosts' places \[B\].
    pub fn memory_bytes(&self) -> u64 {
        self.delays.memory_bytes() + self.partition.memory_bytes() + self.nat.memory_bytes()
    }

    /// Sends one message: the time until it arrives, or `None` if it is lost or stopped by a partition.
    ///
    /// A message from a host to itself arrives at once and is never lost. Nothing is drawn for a message that is
    /// stopped by a partition, and only what the scenario leaves to chance is drawn for any other.
    ///
    /// # Panics
    /// If the latency model or a partition needs the place of a host that was never placed.
    #[inline]
    pub fn transmit(&mut self, from: u32, to: u32) -> Option<Duration> {
        if from == to {
            return Some(Duration::ZERO);
        }
        if !self.partition.connects(from, to) || self.is_lost() {
            return None;
        }
        Some(self.delays.draw(from, to, &mut self.rng))
    }

    /// Draws whether chance strikes a message.
    #[inline]
    fn is_lost(&mut self) -> bool {
        if self.loss == 0.0 {
            return false;
        }
        let is_lost = unit(&mut self.rng) < self.loss;
        self.at_risk += 1;
        self.struck += u64::from(is_lost);
        is_lost
    }

    /// The probability that a message is lost, the messages at that risk so far, and those lost.
    pub fn loss(&self) -> (f64, u64, u64) {
        (self.loss, self.at_risk, self.struck)
    }

    /// How long a request from one host to another waits for its reply; at least 1 ns. Where timeouts are computed from
    /// measured round trips, that of a node which has measured nothing.
    ///
    /// As a multiple of the round trip, a timeout follows the expected delay there and back. A host expects no delay
    /// to itself, so there the timeout is 1 ns.
    #[inline]
    pub fn timeout(&self, from: u32, to: u32) -> Duration {
        self.timeout_for(|| self.expected_round_trip(from, to))
    }

    /// The expected time for a message there and one back. Nodes cannot know it, but may measure it.
    pub fn expected_round_trip(&self, from: u32, to: u32) -> Duration {
        match from == to {
            true => Duration::ZERO,
            false => self.delays.expected(from, to) + self.delays.expected(to, from),
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

    /// Whether no partition separates the two hosts.
    pub fn reachable(&self, a: u32, b: u32) -> bool {
        a == b || self.partition.connects(a, b)
    }

    /// Whether there can be hosts behind NAT: whether the scenario gives them a share above 0.
    #[inline]
    pub fn has_nat(&self) -> bool {
        self.nat.is_there()
    }

    /// Whether `host` is behind NAT: replies reach it, but nothing that another host sends it unasked. Who sends what
    /// unasked is for the caller to know; [`Self::transmit`] does not.
    #[inline]
    pub fn is_behind_nat(&self, host: u32) -> bool {
        self.nat.is_behind(host)
    }

    /// The group of `host` in the present partition, from 0; 0 for all while there is no partition.
    pub fn group(&self, host: u32) -> u16 {
        self.partition.group(host)
    }

    /// Splits the network into one group for each of `shares` (each > 0, summing to 1, at most 65,536 of them). Each
    /// host, also a later one, falls into a group at random with the probability of its share. A second partition
    /// takes the place of the first and deals anew.
    pub fn partition(&mut self, shares: &[f64]) {
        self.partition.split(shares);
    }

    /// Ends the partition: all hosts reach each other again.
    pub fn heal(&mut self) {
        self.partition.heal();
    }

    /// From now on nothing is lost, and no partition stands between hosts. Those behind NAT stay there.
    pub fn calm(&mut self) {
        self.loss = 0.0;
        self.heal();
    }

    /// Whether messages can be lost.
    pub fn is_lossy(&self) -> bool {
        self.loss > 0.0
    }

    /// How long a request waits for its reply at most, whoever sends it to whom; at least 1 ns.
    pub fn longest_timeout(&self) -> Duration {
        match self.rpc_timeout {
            model::RpcTimeout::Measured(timeout) => timeout.most,
            _ => self.timeout_for(|| self.delays.longest_expected().saturating_mul(2)),
        }
    }

    /// Whether a partition is in force.
    pub fn is_partitioned(&self) -> bool {
        self.partition.is_in_force()
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
