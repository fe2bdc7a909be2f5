//! First successors without messages: what is left of Chord's maintenance when joins and rounds take no time.
//!
//! Krishnamurthy et al. reckon with rounds that put a pointer right whatever has happened. This model knows what a ring
//! can know: a round goes from predecessor to predecessor, a predecessor is whoever said so, a node that joins takes
//! the word of the node before its place, and the successor list goes on with what each entry says is its successor,
//! or last said. There are no fingers, latencies, timeouts or retries, and nothing is fitted. With
//! [`Finds::TheTruth`] in both it is the case that can be solved; what the others add to that is what such an analysis
//! leaves out.

use crate::engine::random::{self, Purpose, Seed};
use crate::node::identifier::between;
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
    /// Its first successor; may be dead.
    head: u64,
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
            ring.join(random::below(&mut random, u64::MAX));
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
    /// First successors that the dead had last.
    last_words: BTreeMap<u64, u64>,
    /// The same in no order, to draw from.
    present: Vec<u64>,
    rules: Rules,
}

impl Ring {
    fn ideal(identifiers: &[u64], rules: Rules) -> Self {
        let nodes: BTreeMap<u64, Node> = identifiers.iter().map(|id| (*id, Node::default())).collect();
        let present = nodes.keys().copied().collect();
        let mut ring = Ring { present, nodes, last_words: BTreeMap::new(), rules };
        for id in ring.present.clone() {
            let head = ring.true_successor(id);
            ring.nodes.insert(id, Node { head, predecessor: Some(ring.true_predecessor(id)) });
        }
        ring
    }

    /// The first that is alive after `id`.
    fn true_successor(&self, id: u64) -> u64 {
        let after = self.nodes.range(id.wrapping_add(1)..).next().or(self.nodes.first_key_value());
        after.map_or(id, |(next, _)| *next)
    }

    /// The last that is alive before `id`.
    fn true_predecessor(&self, id: u64) -> u64 {
        self.nodes.range(..id).next_back().or(self.nodes.last_key_value()).map_or(id, |(before, _)| *before)
    }

    fn remove(&mut self, index: usize) {
        let id = self.present.swap_remove(index);
        if let Some(node) = self.nodes.remove(&id) {
            self.last_words.insert(id, node.head);
        }
    }

    /// The predecessor that a live node knows: one that is dead is soon struck.
    fn predecessor(&self, id: u64) -> Option<u64> {
        self.nodes[&id].predecessor.filter(|predecessor| self.nodes.contains_key(predecessor))
    }

    /// The first of the successor list that is alive; if none is, the right one.
    fn live_head(&self, id: u64) -> u64 {
        let list = std::iter::successors(Some(self.nodes[&id].head), |dead| self.last_words.get(dead).copied());
        let live = list.take(PLACES).find(|entry| self.nodes.contains_key(entry));
        live.filter(|live| *live != id).unwrap_or_else(|| self.true_successor(id))
    }

    fn adopt(&mut self, id: u64, head: u64) {
        self.nodes.entry(id).or_default().head = head;
    }

    fn round(&mut self, id: u64) {
        if self.rules.round != Finds::Hearsay {
            return self.adopt(id, self.true_successor(id));
        }
        self.adopt(id, self.live_head(id));
        self.walk_back(id);
    }

    /// From predecessor to predecessor until nobody is nearer; that node is notified.
    fn walk_back(&mut self, id: u64) {
        let head = loop {
            let head = self.nodes[&id].head;
            match self.predecessor(head) {
                Some(nearer) if between(id, nearer, head) => self.adopt(id, nearer),
                _ => break head,
            }
        };
        if self.predecessor(head).is_none_or(|known| between(known, id, head)) {
            self.nodes.entry(head).or_default().predecessor = Some(id);
        }
    }

    /// A node comes, and is told of its successor.
    fn join(&mut self, id: u64) {
        let head = match self.rules.join {
            Finds::Hearsay => self.live_head(self.true_predecessor(id)),
            #[cfg(test)]
            Finds::TheTruth => self.true_successor(id),
        };
        self.present.push(id);
        let predecessor = self.predecessor(head).filter(|before| between(*before, id, head));
        self.nodes.insert(id, Node { head, predecessor });
        self.walk_back(id);
    }

    fn wrong_share(&self) -> f64 {
        let wrong = self.present.iter().filter(|id| self.nodes[id].head != self.true_successor(**id));
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
        for (x, rounds_alone, both) in [(5.0, 0.254, 0.261), (10.0, 0.152, 0.153)] {
            let played = mean_share(x, Rules { round: Finds::Hearsay, join: Finds::TheTruth });
            assert!((played - rounds_alone).abs() < RANDOM_ERROR, "{x}: {played}, not {rounds_alone}");
            let played = wrong_successor_share(x);
            assert!((played - both).abs() < RANDOM_ERROR, "{x}: {played}, not {both}");
        }
        assert!((wrong_successor_share(50.0) / solved(50.0) - 1.0).abs() < 0.02);
    }
}
