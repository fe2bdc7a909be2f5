//! Chord's parameters.

use crate::engine::distribution::Distribution;
use crate::engine::time::Duration;

/// Which rules keep the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maintenance {
    /// Stoica et al., SIGCOMM 2001 and ToN 2003: pointers are adopted on hearsay, and a predecessor is replaced only
    /// by a nearer one or after it was found dead by its own check.
    Original,
    /// Zave, "How to Make Chord Correct" (TSE 2017): only a node that was seen alive is adopted, and a notification
    /// makes the notified node check its predecessor (rectify).
    Corrected,
}

/// How a lookup travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Routing {
    /// The initiator asks one node after another.
    Iterative,
    /// The query is handed from node to node, and the answer comes back the same way.
    Recursive,
    /// The query is handed from node to node, and the answer goes straight back.
    SemiRecursive,
}

/// How many fingers a round refreshes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FingersPerRound {
    /// So many, in turn.
    Count(u32),
    /// All that are not the immediate successor.
    All,
}

/// `[protocol.chord]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Length of the successor list, 1 to 128, less than the number of nodes.
    pub successors: u32,
    /// Length of identifiers \[bit\], 8 to 64.
    pub identifier_bits: u32,
    /// Virtual nodes (identifiers) a node has, 1 to 1024.
    pub virtual_nodes: u32,
    /// Which rules keep the ring.
    pub maintenance: Maintenance,
    /// Time between two rounds of stabilisation, drawn anew for each.
    pub stabilize_every: Distribution,
    /// Time between two rounds of finger refreshes.
    pub fix_fingers_every: Distribution,
    /// Fingers a round refreshes.
    pub fingers_per_round: FingersPerRound,
    /// Whether a node looks all its fingers up as soon as it has joined.
    pub fingers_on_join: bool,
    /// Time between two pings of the predecessor.
    pub check_predecessor_every: Distribution,
    /// Whether a node that gets a new predecessor tells the old one (ToN 2003, section on stabilisation).
    pub notify_old_predecessor: bool,
    /// How lookups travel.
    pub routing: Routing,
    /// Unanswered requests after which a lookup gives up.
    pub retries: u32,
    /// Time after which a lookup has failed.
    pub lookup_deadline: Duration,
    /// Pause before a join that failed is tried again.
    pub join_retry_after: Duration,
}

impl Default for Config {
    fn default() -> Self {
        let every_30_s = Distribution::Fixed(Duration::from_secs(30));
        Config {
            successors: 16,
            identifier_bits: 64,
            virtual_nodes: 1,
            maintenance: Maintenance::Corrected,
            stabilize_every: every_30_s,
            fix_fingers_every: every_30_s,
            fingers_per_round: FingersPerRound::Count(1),
            fingers_on_join: true,
            check_predecessor_every: every_30_s,
            notify_old_predecessor: false,
            routing: Routing::Iterative,
            retries: 8,
            lookup_deadline: Duration::from_secs(10),
            join_retry_after: Duration::from_secs(1),
        }
    }
}
