//! Protocols with a table of their own: how it is read, and parameters drawn at random, to try a protocol in scenarios
//! that nobody thought of.

use super::{Draft, Facts, Key, TableReader};
use crate::engine::dice::Dice;
use crate::engine::time::Duration;
#[cfg(doc)]
use crate::node::Inspect;
use crate::node::Simulated;

/// A protocol that a scenario can name, with parameters in a table of its own.
pub trait Configurable: Simulated {
    /// The keys of `[protocol.<name>]`, for the reference page.
    const KEYS: &'static [Key];

    /// A network without nodes, with the parameters that the table gives. What is wrong with the table is reported
    /// through the reader.
    fn from_table(table: &mut TableReader<'_>, facts: &Facts) -> Self;

    /// Parameters at random, each that the protocol knows, that go together and with which [`Inspect::CHECKERS`] and
    /// [`Inspect::LIVENESS`] are to hold.
    fn sample(dice: &mut Dice, circumstances: &Circumstances) -> Sample {
        let _ = (dice, circumstances);
        Sample::default()
    }
}

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
