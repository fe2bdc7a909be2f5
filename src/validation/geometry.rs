//! Geometries without messages: which paths are left in a ring and in XOR when nodes have crashed and nothing is
//! repaired, and how long paths are.
//!
//! A node hands a query to whoever is nearest to the destination among its neighbours that are alive and nearer than
//! itself; where there is nobody, the path has failed. Tables are drawn as the query comes by: no path visits a node
//! twice. Nothing is fitted. [`Ring::OneSuccessor`] is the exception: what Chord's own rules make of one successor.

use crate::engine::dice::Dice;
use crate::engine::random::{Purpose, Seed};
use crate::node::identifier::{between_or_at, clockwise};

/// Nodes of all experiments.
const NODES: usize = 65_536;
/// Paths that are followed.
const PATHS: u64 = 20_000;
/// Fingers shorter than this are the successor, but for a share of nodes that does not show.
const FIRST_FINGER: u32 = 40;
/// Contacts that a lookup of [`Ring::OneSuccessor`] may find silent.
const RETRIES: usize = 50;

/// Who a node of a ring knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ring {
    /// The first node at or after each distance 2^i.
    #[cfg(test)]
    Start,
    /// Its successor, and for each i a node at a random distance above 2^i and up to 2^(i+1).
    #[cfg(test)]
    Random,
    /// Chord with one successor and fingers at 2^i: a node names its first successor for the keys in between, is of no
    /// use without it, and the initiator goes around those who gave no answer.
    OneSuccessor,
}

/// How identifiers are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identifiers {
    /// At random out of 2^64.
    Random,
    /// Every one of 2^16.
    #[cfg(test)]
    All,
}

/// What has become of the paths between live nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Paths {
    /// Mean length of those that arrive, the destination included.
    pub hops_mean: f64,
    /// Share of those that do not.
    pub failed_share: f64,
}

/// Paths in a ring of which a share has crashed.
pub(super) fn ring(rules: Ring, identifiers: Identifiers, crashed: f64) -> Paths {
    let mut network = Network::new(identifiers, crashed, 1);
    network.follow(|network, from, to| match rules {
        Ring::OneSuccessor => network.path_around(from, to),
        #[cfg(test)]
        Ring::Start | Ring::Random => network.greedy_path(from, to, |network, at| network.next_in_ring(at, to, rules)),
    })
}

/// Paths where a node knows one node at random in each subtree beside its own.
pub(super) fn xor(identifiers: Identifiers, crashed: f64) -> Paths {
    let mut network = Network::new(identifiers, crashed, 2);
    network.follow(|network, from, to| network.greedy_path(from, to, |network, at| network.next_in_tree(at, to)))
}

/// All nodes, by identifier.
struct Network {
    nodes: Vec<u64>,
    is_dead: Vec<bool>,
    dice: Dice,
}

impl Network {
    fn new(identifiers: Identifiers, crashed: f64, seed: u64) -> Self {
        let mut dice = Dice::new(Seed { seed, replicate: 0 }.stream(Purpose::Model));
        let mut nodes: Vec<u64> = match identifiers {
            Identifiers::Random => (0..NODES).map(|_| dice.count(0, u64::MAX - 1)).collect(),
            #[cfg(test)]
            Identifiers::All => (0..NODES as u64).map(|place| place << 48).collect(),
        };
        nodes.sort_unstable();
        let mut is_dead = vec![false; NODES];
        for _ in 0..(crashed * NODES as f64) as usize {
            let place = draw(&mut dice, |place| !is_dead[place]);
            is_dead[place] = true;
        }
        Network { nodes, is_dead, dice }
    }

    /// Follows paths between live nodes: `path` gives the length of one that arrives.
    fn follow(&mut self, path: impl Fn(&mut Self, usize, usize) -> Option<u64>) -> Paths {
        let (mut arrived, mut hops) = (0, 0);
        for _ in 0..PATHS {
            let from = draw(&mut self.dice, |place| !self.is_dead[place]);
            let to = draw(&mut self.dice, |place| !self.is_dead[place] && place != from);
            if let Some(length) = path(self, from, to) {
                arrived += 1;
                hops += length;
            }
        }
        Paths { hops_mean: hops as f64 / arrived as f64, failed_share: 1.0 - arrived as f64 / PATHS as f64 }
    }

    fn greedy_path(&mut self, from: usize, to: usize, next: impl Fn(&mut Self, usize) -> Option<usize>) -> Option<u64> {
        let (mut at, mut hops) = (from, 0);
        while at != to {
            at = next(self, at)?;
            hops += 1;
        }
        Some(hops)
    }

    /// The first node at or after `key`.
    fn successor(&self, key: u64) -> usize {
        self.nodes.partition_point(|id| *id < key) % NODES
    }

    /// The live neighbour that takes a query furthest, but not past its destination: the longest finger, the successor
    /// at last.
    #[cfg(test)]
    fn next_in_ring(&mut self, at: usize, to: usize, rules: Ring) -> Option<usize> {
        let left = clockwise(self.nodes[at], self.nodes[to]);
        let mut best: Option<(u64, usize)> = None;
        for finger in (FIRST_FINGER..64).rev().filter(|finger| 1 << finger <= left) {
            let beyond = if rules == Ring::Random { self.dice.count(1, 1 << finger) } else { 0 };
            let start = self.nodes[at].wrapping_add((1 << finger) + beyond);
            best = best.max(self.progress(at, left, self.successor(start)));
        }
        best = best.max(self.progress(at, left, (at + 1) % NODES));
        best.map(|(_, next)| next)
    }

    /// How far `next` takes a query, if it is alive and not past the destination.
    #[cfg(test)]
    fn progress(&self, at: usize, left: u64, next: usize) -> Option<(u64, usize)> {
        let distance = clockwise(self.nodes[at], self.nodes[next]);
        (!self.is_dead[next] && distance <= left && distance > 0).then_some((distance, next))
    }

    /// The live contact nearest to `to`. Nearer than the node itself are those in the subtrees that `to` is in or that
    /// are on its side of a lower fork: one for each bit in which the two differ.
    fn next_in_tree(&mut self, at: usize, to: usize) -> Option<usize> {
        let (own, away) = (self.nodes[at], self.nodes[at] ^ self.nodes[to]);
        for bit in (0..64).rev().filter(|bit| away >> bit & 1 == 1) {
            let mask = (1u64 << bit) - 1;
            let low = (own ^ (1 << bit)) & !mask;
            let first = self.nodes.partition_point(|id| *id < low);
            let count = self.nodes[first..].partition_point(|id| *id <= low | mask);
            if count == 0 {
                continue;
            }
            let contact = first + self.dice.count(0, count as u64 - 1) as usize;
            if !self.is_dead[contact] {
                return Some(contact);
            }
        }
        None
    }

    /// An iterative lookup of Chord with one successor: who gave no answer is gone around, by asking the one who named
    /// it again, or from the start. A node that knows its successor to be dead gives no answer.
    fn path_around(&mut self, from: usize, to: usize) -> Option<u64> {
        let mut silent: Vec<usize> = Vec::new();
        let (mut at, mut hops) = (from, 0);
        while silent.len() <= RETRIES {
            match self.named_by(at, to, &silent) {
                Some(next) if next == to => return Some(hops + 1),
                Some(next) if self.is_dead[next] => silent.push(next),
                Some(next) => (at, hops) = (next, hops + 1),
                None if at == from => return None,
                None => {
                    silent.push(at);
                    (at, hops) = (from, 0);
                }
            }
        }
        None
    }

    fn named_by(&self, at: usize, to: usize, silent: &[usize]) -> Option<usize> {
        let head = (at + 1) % NODES;
        if silent.contains(&head) {
            return None;
        }
        let (own, key) = (self.nodes[at], self.nodes[to]);
        if between_or_at(own, key, self.nodes[head]) {
            return Some(head);
        }
        let left = clockwise(own, key);
        let fingers = (FIRST_FINGER..64).rev().filter(|finger| 1 << finger < left);
        let mut fingers = fingers.map(|finger| self.successor(own.wrapping_add(1 << finger)));
        let precedes = |finger: &usize| clockwise(own, self.nodes[*finger]) < left && !silent.contains(finger);
        fingers.find(precedes).or(Some(head))
    }
}

/// The place of a node that will do, at random.
fn draw(dice: &mut Dice, will_do: impl Fn(usize) -> bool) -> usize {
    loop {
        let place = dice.count(0, NODES as u64 - 1) as usize;
        if will_do(place) {
            return place;
        }
    }
}

/// Mean length of paths in a network of so many nodes with random identifiers where each knows one node at random in
/// each subtree beside its own, from any node to any (itself among them), the destination included.
///
/// The first fork that parts the nodes has m of the n on the side of the destination: 1 and a binomial number. Whoever
/// is on the other side needs a hop to come over, to any of the m; and from any of the m it goes on as in a network of
/// m: E(n) = mean of E(m) + (n - m) / n, with E(1) = 0.
pub(super) fn xor_hops(nodes: usize) -> f64 {
    hops_among(nodes, &mut vec![None; nodes + 1])
}

fn hops_among(nodes: usize, known: &mut [Option<f64>]) -> f64 {
    if nodes <= 1 {
        return 0.0;
    }
    if let Some(hops) = known[nodes] {
        return hops;
    }
    let others = (nodes - 1) as f64;
    // Ten standard deviations either way, and all of a small network.
    let spread = 5.0 * libm::sqrt(others) + 10.0;
    let (low, high) = ((others / 2.0 - spread).max(0.0) as usize, (others / 2.0 + spread).min(others) as usize);
    let log_ways = |with: usize| {
        libm::lgamma(others + 1.0) - libm::lgamma(with as f64 + 1.0) - libm::lgamma(others - with as f64 + 1.0)
    };
    let (mut mean, mut stays) = (0.0, 0.0);
    for with in low..=high {
        let share = libm::exp(log_ways(with) - others * core::f64::consts::LN_2);
        if with + 1 == nodes {
            stays = share;
        } else {
            mean += share * (hops_among(with + 1, known) + (others - with as f64) / nodes as f64);
        }
    }
    // If all are on one side the next fork decides.
    let hops = mean / (1.0 - stays);
    known[nodes] = Some(hops);
    hops
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The remark on the page says what each rule gives.
    #[test]
    fn the_remark_on_the_page_gives_the_figures_of_the_models() {
        let close = |found: f64, said: f64, error: f64| assert!((found - said).abs() < error, "{found}, not {said}");
        for (rules, hops, failed) in [(Ring::Start, 8.0, 0.072), (Ring::Random, 7.4, 0.046)] {
            close(ring(rules, Identifiers::All, 0.0).hops_mean, hops, 0.05);
            close(ring(rules, Identifiers::All, 0.3).failed_share, failed, 0.01);
        }
        close(ring(Ring::Start, Identifiers::Random, 0.3).failed_share, 0.149, 0.01);
        close(xor(Identifiers::All, 0.0).hops_mean, 8.0, 0.05);
        close(xor(Identifiers::All, 0.3).failed_share, 0.30, 0.01);
    }

    #[test]
    fn paths_have_the_length_that_a_recursion_gives() {
        // By hand: of two nodes one hop half of the time; of three the other side has none, one or two.
        assert!((xor_hops(2) - 0.5).abs() < 1e-12);
        assert!((xor_hops(3) - (0.5 * (0.5 + 1.0 / 3.0) + 0.25 * (2.0 / 3.0)) / 0.75).abs() < 1e-12);
        let followed = xor(Identifiers::Random, 0.0).hops_mean;
        assert!((followed / xor_hops(NODES) - 1.0).abs() < 0.005, "{followed}, not {}", xor_hops(NODES));
    }
}
