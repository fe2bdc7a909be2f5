//! What must hold in a Kademlia network, one file a statement.

mod buckets;
mod liveness;

use super::Kademlia;
use crate::node::checker::{Checker, Liveness};

/// All of them, the most basic first.
pub(super) const ALL: &[Checker<Kademlia>] = &[buckets::CHECKER];

/// What becomes true in quiet, one after the other.
pub(super) const IN_QUIET: &[Liveness<Kademlia>] = liveness::ALL;
