//! What must hold in a Chord network: what must hold of its ring, and in quiet of its fingers too.

mod liveness;

use super::Chord;
use crate::node::checker::{Checker, Liveness};
use crate::overlay::ring;

/// All of them, the most basic first.
pub(super) const ALL: &[Checker<Chord>] = &ring::checkers::all();

/// What becomes true in quiet, one after the other.
pub(super) const IN_QUIET: &[Liveness<Chord>] = liveness::ALL;
