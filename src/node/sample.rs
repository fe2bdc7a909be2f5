//! Parameters drawn at random, to try a protocol in scenarios that nobody thought of.

use crate::engine::time::Duration;
use crate::scenario::Draft;

/// What the network will be like for which parameters are drawn.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// Nodes at the start, at least 1.
    pub nodes: u32,
    /// How long a request waits for its reply at most.
    pub longest_wait: Duration,
    /// Whether lookups must have the time that they need.
    pub is_calm: bool,
}

/// Parameters drawn at random.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The protocol's table; keys that are not in it have their defaults.
    pub table: Draft,
    /// Time of a round of maintenance: the scale of what happens to the network.
    pub round: Duration,
    /// Messages a node, or thereabouts, in such a time: how long a run may be follows from it.
    pub messages_per_round: f64,
    /// How long a network with these parameters should be left in quiet for all damage to heal.
    pub healing: Duration,
    /// Whether networks with these parameters stand nodes behind NAT: what is said of them is to hold there, too.
    pub tolerates_nat: bool,
}

impl Default for Sample {
    /// All defaults, for a protocol that does not say more.
    fn default() -> Self {
        let round = Duration::from_secs(30);
        Sample {
            table: Draft::new(),
            round,
            messages_per_round: 20.0,
            healing: round.saturating_mul(60),
            tolerates_nat: false,
        }
    }
}
