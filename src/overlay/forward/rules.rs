//! Options of recursive lookups.

use crate::node::Expects;

/// How a node learns that the next one has a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledgements {
    /// By a message.
    Sent,
    /// Through the transport underneath, whose own packets are not simulated.
    Implied,
}

impl Acknowledgements {
    /// What the sender of a query waits for.
    pub fn expected(self) -> Expects {
        match self {
            Acknowledgements::Sent => Expects::Reply,
            Acknowledgements::Implied => Expects::Notice,
        }
    }
}

/// Which way an answer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayBack {
    /// Straight to the initiator (semi-recursive).
    Straight,
    /// Along the path of the query (recursive).
    AlongPath,
}

/// How many requests may go unanswered until a query is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retries {
    /// So many on the whole way.
    OfQuery(u32),
    /// So many at each node.
    OfNode(u32),
}

/// Options of recursive lookups.
#[derive(Clone, Copy, Debug)]
pub struct ForwardRules {
    /// How many requests may go unanswered.
    pub retries: Retries,
    /// Whether the node that is named as the owner has to answer itself.
    pub confirm_owner: bool,
    /// How a node learns that a query did not arrive.
    pub acknowledgements: Acknowledgements,
    /// Which way an answer goes.
    pub way_back: WayBack,
}
