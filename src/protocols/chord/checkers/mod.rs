//! What must hold in a Chord network, one file a statement.
//!
//! The successor lists are in order in every state that any variant can reach. The other three are Zave's invariant
//! ("How to Make Chord Correct", IEEE TSE 43(12), 2017) and what follows from it: they hold under the corrected rules
//! as long as no member loses all its successors at once, and the original rules break them.

mod live_successor;
mod liveness;
mod one_ring;
mod principals;
mod successor_order;

use super::Chord;
use crate::node::Truth;
use crate::node::checker::{Checker, Liveness};

/// All of them, the most basic first.
pub(super) const ALL: &[Checker<Chord>] =
    &[successor_order::CHECKER, live_successor::CHECKER, principals::CHECKER, one_ring::CHECKER];

/// Whether nobody is skipped by any list who has been there for long enough to be known, and nobody has lost its place
/// and looks for it: it would look from far beyond.
pub(super) fn is_in_order(chord: &Chord, truth: &Truth<'_>) -> bool {
    let mut members = truth.members.iter();
    !members.any(|member| chord.node(member.slot()).joining) && principals::all_known_are(chord, truth)
}

/// What becomes true in quiet, one after the other.
pub(super) const IN_QUIET: &[Liveness<Chord>] = liveness::ALL;
