//! Statements about a whole network that must hold at every instant, whatever happens in it.
//!
//! A checker sees the state of all nodes and the truth beside it. It changes nothing and draws no random number, so a
//! run is the same with and without checkers.

use super::{Slot, Truth};

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The slots concerned, the most interesting first.
    pub nodes: Vec<Slot>,
    /// What is wrong, in words; nodes in it are named by identifier.
    pub text: String,
}

impl Fault {
    /// Something is wrong with these nodes.
    pub fn new(nodes: impl IntoIterator<Item = Slot>, text: String) -> Self {
        Fault { nodes: nodes.into_iter().collect(), text }
    }
}

/// When a statement must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In every state, from the first on.
    Always,
    /// Once it has held: what nodes do must keep it. It need not survive a partition, which no protocol can keep a ring
    /// through; after one it counts from when it holds again.
    OnceHeld,
}

/// A statement about a network of protocol `P`.
pub struct Checker<P> {
    /// Its name, as in messages.
    pub name: &'static str,
    /// What it says.
    pub meaning: &'static str,
    /// When it must hold.
    pub scope: Scope,
    /// Holds it against the network. `false` if the network is in no state of which the statement says anything.
    pub check: fn(&P, &Truth<'_>) -> Result<bool, Fault>,
}
