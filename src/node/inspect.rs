//! What onlookers ask of a protocol: figures, statements that must hold, links, words. Nodes never ask.

use super::checker::{Checker, Liveness};
use super::opinion::{Description, Opinion};
use super::{Contact, LookupId, Protocol, Slot, Truth};

/// What a protocol tells those who look at all of its nodes at once. It changes nothing of a run.
pub trait Inspect: Protocol {
    /// The figures of health: the name of each, which is also that of its column, with its meaning.
    const FIGURES: &'static [(&'static str, &'static str)];
    /// What must hold in a network of this protocol, the most basic first.
    const CHECKERS: &'static [Checker<Self>] = &[];
    /// What becomes true in a quiet network of this protocol in which [`Self::CHECKERS`] hold, one after the other.
    const LIVENESS: &'static [Liveness<Self>] = &[];

    /// The figures of [`Self::FIGURES`], in that order; `None` where there is nothing to measure.
    fn health(&self, truth: &Truth<'_>) -> Vec<Option<f64>>;

    /// Whether nothing is left of damage that went beyond what [`Self::CHECKERS`] assume: from here on they are to
    /// hold.
    fn is_in_order(&self, truth: &Truth<'_>) -> bool {
        let _ = truth;
        true
    }

    /// The links that a live node has now, each with its sort, in any order: a noun in the singular that fits in a
    /// column, such as `successor`, `finger`, `bucket`. A contact that is linked in several ways is visited for each.
    /// For graphs of a network; a protocol that does not tell has none.
    fn links(&self, node: Slot, visit: &mut dyn FnMut(&'static str, Contact)) {
        let _ = (node, visit);
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
}
