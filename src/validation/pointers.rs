//! First successors without messages: what is left of Chord's maintenance when joins and rounds take no time.
//!
//! Krishnamurthy et al. reckon with rounds that put a pointer right whatever has happened. This model knows what a ring
//! can know: a round goes from predecessor to predecessor, a predecessor is whoever said so, and a node that joins asks
//! its way along successor lists. There are no fingers, latencies, timeouts or retries, and nothing is fitted. With
//! [`Finds::TheTruth`] in both it is the case that can be solved; what the others add to that is what such an analysis
//! leaves out.

use crate::engine::random::{self, Purpose, Seed};
use crate::protocol::identifier::{between, clockwise};
use std::collections::BTreeMap;

/// What a round of stabilisation finds, or a join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Finds {
    /// The right successor.
    #[cfg(test)]
    TheTruth,
    /// What the nodes asked know.
    Hearsay,
}

/// A kind of ring.
#[derive(Clone, Copy, Debug)]
struct Rules {
    round: Finds,
    join: Finds,
}

const NODES: usize = 1_000;
/// Length of successor lists.
const PLACES: usize = 16;
/// Mean sessions that a model is played for; the first few are left out.
const SESSIONS: u64 = 24;
const LEFT_OUT: u64 = 4;
/// Events between two looks at all pointers.
const LOOK_EVERY: u64 = 500;
const MODELS: u64 = 6;

#[derive(Clone, Debug, Default)]
struct Node {
    /// Its successor list, nearest first; may name the dead, and is never empty.
    list: Vec<u64>,
    predecessor: Option<u64>,
}

/// The share of wrong first successors with `x` rounds in a mean session.
pub(super) fn wrong_successor_share(x: f64) -> f64 {
    mean_share(x, Rules { round: Finds::Hearsay, join: Finds::Hearsay })
}

fn mean_share(x: f64, rules: Rules) -> f64 {
    (0..MODELS).map(|replicate| play(x, rules, replicate)).sum::<f64>() / MODELS as f64
}

fn play(x: f64, rules: Rules, replicate: u64) -> f64 {
    let mut random = Seed { seed: 5, replicate }.stream(Purpose::Model);
    let identifiers: Vec<u64> = (0..NODES).map(|_| random::below(&mut random, u64::MAX)).collect();
    let mut ring = Ring::ideal(&identifiers, rules);
    let events = |sessions: u64| ((1.0 + x) * (sessions * NODES as u64) as f64) as u64;
    let (mut looks, mut wrong) = (0, 0.0);
    for event in 0..events(SESSIONS) {
        let node = random::below(&mut random, NODES as u64) as usize;
        if random::unit(&mut random) * (1.0 + x) < 1.0 {
            ring.remove(node);
            // Who is led to somebody who knows nobody alive would try again later, when it has found somebody: that
            // takes no part here, somebody else comes at once.
            let mut draw = || (random::below(&mut random, u64::MAX), random::below(&mut random, NODES as u64 - 1));
            while let (newcomer, start) = draw()
                && !ring.join(newcomer, start as usize)
            {}
        } else {
            ring.round(ring.present[node]);
        }
        if event >= events(LEFT_OUT) && event % LOOK_EVERY == 0 {
            looks += 1;
            wrong += ring.wrong_share();
        }
    }
    wrong / f64::from(looks)
}

struct Ring {
    nodes: BTreeMap<u64, Node>,
    /// The same in no order, to draw from.
    present: Vec<u64>,
    rules: Rules,
}

impl Ring {
    fn ideal(identifiers: &[u64], rules: Rules) -> Self {
        let nodes: BTreeMap<u64, Node> = identifiers.iter().map(|id| (*id, Node::default())).collect();
        let mut ring = Ring { present: nodes.keys().copied().collect(), nodes, rules };
        for id in ring.present.clone() {
            let list = ring.after(id).take(PLACES).collect();
            let before = ring.nodes.range(..id).next_back().or(ring.nodes.last_key_value()).map(|(before, _)| *before);
            ring.nodes.insert(id, Node { list, predecessor: before });
        }
        ring
    }

    /// Those that are alive, from the first after `id` on.
    fn after(&self, id: u64) -> impl Iterator<Item = u64> {
        self.nodes.range(id.wrapping_add(1)..).chain(self.nodes.range(..)).map(|(id, _)| *id)
    }

    fn true_successor(&self, id: u64) -> u64 {
        self.after(id).next().unwrap_or(id)
    }

    fn remove(&mut self, index: usize) {
        let id = self.present.swap_remove(index);
        self.nodes.remove(&id);
    }

    /// The predecessor that a live node knows: one that is dead is soon struck.
    fn predecessor(&self, id: u64) -> Option<u64> {
        self.nodes[&id].predecessor.filter(|predecessor| self.nodes.contains_key(predecessor))
    }

    fn live_successors(&self, id: u64) -> impl DoubleEndedIterator<Item = u64> {
        self.nodes[&id].list.iter().copied().filter(|successor| self.nodes.contains_key(successor))
    }

    /// `head` and then its list, as long as that goes on around the ring.
    fn adopt(&mut self, id: u64, head: u64) {
        let mut list = vec![head];
        for next in &self.nodes[&head].list[..self.nodes[&head].list.len().min(PLACES - 1)] {
            if clockwise(id, *next) <= clockwise(id, list[list.len() - 1]) {
                break;
            }
            list.push(*next);
        }
        self.nodes.entry(id).or_default().list = list;
    }

    fn round(&mut self, id: u64) {
        if self.rules.round != Finds::Hearsay {
            return self.adopt(id, self.true_successor(id));
        }
        let head = self.live_successors(id).next().unwrap_or_else(|| {
            // All are dead: the nearest finger is the best that is known. It began beyond the first of the list.
            let reach = 64 - clockwise(id, self.nodes[&id].list[0]).leading_zeros();
            self.true_successor(id.wrapping_add(1u64.checked_shl(reach).unwrap_or(0)))
        });
        self.adopt(id, head);
        self.walk_back(id);
    }

    /// From predecessor to predecessor until nobody is nearer; that node is notified.
    fn walk_back(&mut self, id: u64) {
        let head = loop {
            let head = self.nodes[&id].list[0];
            match self.predecessor(head) {
                Some(nearer) if between(id, nearer, head) => self.adopt(id, nearer),
                _ => break head,
            }
        };
        if self.predecessor(head).is_none_or(|known| between(known, id, head)) {
            self.nodes.entry(head).or_default().predecessor = Some(id);
        }
    }

    /// A node comes: it asks its way from one that is there. `false` if that leads nowhere.
    fn join(&mut self, id: u64, start: usize) -> bool {
        let Some(head) = self.find_successor(id, start) else { return false };
        self.present.push(id);
        let predecessor = self.predecessor(head).filter(|before| between(*before, id, head));
        self.nodes.insert(id, Node { list: Vec::new(), predecessor });
        self.adopt(id, head);
        self.walk_back(id);
        true
    }

    fn find_successor(&self, id: u64, start: usize) -> Option<u64> {
        if self.rules.join != Finds::Hearsay {
            return Some(self.true_successor(id));
        }
        let mut node = self.present[start];
        loop {
            let head = self.live_successors(node).next()?;
            if !between(node, head, id) {
                return Some(head);
            }
            node = self.live_successors(node).rev().find(|next| between(node, *next, id))?;
        }
    }

    fn wrong_share(&self) -> f64 {
        let wrong = self.present.iter().filter(|id| self.nodes[id].list[0] != self.true_successor(**id));
        wrong.count() as f64 / self.present.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share if every round and every join finds the right successor: the last round was an exponential time ago;
    /// the pointer is right if its target is alive and no node that came since into the gap, which was exponential,
    /// is alive. That is 1 - (1+x) times the integral of u^(1+x) / (2-u) over u from 0 to 1.
    fn solved(x: f64) -> f64 {
        const STEPS: u32 = 100_000;
        let value = |step: u32| {
            let u = (f64::from(step) + 0.5) / f64::from(STEPS);
            libm::pow(u, 1.0 + x) / (2.0 - u)
        };
        1.0 - (1.0 + x) * (0..STEPS).map(value).sum::<f64>() / f64::from(STEPS)
    }

    #[test]
    fn rings_that_find_the_truth_give_what_can_be_solved() {
        for (x, share) in [(5.0, 0.231), (10.0, 0.145)] {
            assert!((solved(x) - share).abs() < 0.0006, "{x}: {}", solved(x));
            let played = mean_share(x, Rules { round: Finds::TheTruth, join: Finds::TheTruth });
            assert!((played / solved(x) - 1.0).abs() < 0.02, "{x}: {played}, not {}", solved(x));
        }
    }

    #[test]
    fn the_remark_on_the_page_says_what_each_part_adds() {
        // Of six models, with other random numbers.
        const RANDOM_ERROR: f64 = 0.0015;
        for (x, rounds_alone, both) in [(5.0, 0.260, 0.311), (10.0, 0.154, 0.158)] {
            let played = mean_share(x, Rules { round: Finds::Hearsay, join: Finds::TheTruth });
            assert!((played - rounds_alone).abs() < RANDOM_ERROR, "{x}: {played}, not {rounds_alone}");
            let played = wrong_successor_share(x);
            assert!((played - both).abs() < RANDOM_ERROR, "{x}: {played}, not {both}");
        }
        assert!((wrong_successor_share(50.0) / solved(50.0) - 1.0).abs() < 0.03);
    }
}
