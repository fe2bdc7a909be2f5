//! By which rules a ring is kept.

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

/// What a node that leaves gracefully tells its predecessor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandsOver {
    /// Its successor list, which the predecessor takes over as in a round of stabilisation.
    SuccessorList,
    /// The last node of its successor list, which the predecessor adds to its own (ToN 2003, section IV-E.3).
    LastSuccessor,
}

/// How the successor list beyond the first entry is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListRefresh {
    /// Each round of stabilisation takes over the first successor's list.
    Copied,
    /// A round of stabilisation looks at the first entry only; the others take turns with the fingers.
    InTurn,
    /// A round of stabilisation looks at the first entry only; the list is taken over in rounds of its own.
    OwnRounds,
    /// A round of stabilisation looks at the first entry only; the notification after it is answered with the list.
    WithNotification,
}

/// When a round of stabilisation ends with a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notify {
    /// Each does.
    EveryRound,
    /// Those do in which the successor has named another predecessor than the node itself, or none.
    WhenNeeded,
}

/// How often a period that is a law is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Periods {
    /// Anew for each round.
    PerRound,
    /// Once for each node.
    PerNode,
}

/// By which rules a ring is kept: the same for all its nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Length of the successor list, 1 to 128, less than the number of nodes.
    pub successors: u32,
    /// Which rules keep the ring.
    pub maintenance: Maintenance,
    /// Time between two rounds of stabilisation, drawn anew for each.
    pub stabilize_every: Distribution,
    /// Whether a round goes on from each nearer node it finds to that node's predecessor, until nobody is nearer.
    pub stabilize_to_end: bool,
    /// How the successor list beyond the first entry is kept.
    pub successor_list_refresh: ListRefresh,
    /// Time between two rounds of the successor list, where it has rounds of its own.
    pub successor_list_every: Distribution,
    /// When a round of stabilisation ends with a notification.
    pub notify: Notify,
    /// Time between two pings of the predecessor.
    pub check_predecessor_every: Distribution,
    /// How often periods are drawn.
    pub periods: Periods,
    /// Whether a node that gets a new predecessor tells the old one (ToN 2003, section on stabilisation), and a
    /// joining node takes over its successor's predecessor. Joins that come one after another then have their places
    /// within a round; of many at once in the same place each round brings one into its place all the same.
    pub notify_old_predecessor: bool,
    /// Whether a node that joins is adopted as the predecessor as soon as it asks its successor for neighbours.
    pub adopt_joining: bool,
    /// Pause before a join that failed is tried again.
    pub join_retry_after: Duration,
    /// Whether a node that leaves gracefully tells its neighbours.
    pub farewells: bool,
    /// What it tells its predecessor then.
    pub farewell_hands_over: HandsOver,
}

impl Rules {
    /// The corrected rules with a round of each kind every 30 s.
    pub const DEFAULT: Rules = Rules {
        successors: 16,
        maintenance: Maintenance::Corrected,
        stabilize_every: EVERY_30_S,
        stabilize_to_end: false,
        successor_list_refresh: ListRefresh::Copied,
        successor_list_every: EVERY_30_S,
        notify: Notify::EveryRound,
        check_predecessor_every: EVERY_30_S,
        periods: Periods::PerRound,
        notify_old_predecessor: false,
        adopt_joining: false,
        join_retry_after: Duration::from_secs(1),
        farewells: true,
        farewell_hands_over: HandsOver::SuccessorList,
    };
}

const EVERY_30_S: Distribution = Distribution::Fixed(Duration::from_secs(30));
