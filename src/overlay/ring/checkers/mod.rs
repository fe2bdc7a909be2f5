//! What must hold of a ring, one file a statement.
//!
//! The successor lists are in order in every state that any variant can reach. The other three are Zave's invariant
//! ("How to Make Chord Correct", IEEE TSE 43(12), 2017) and what follows from it: they hold under the corrected rules
//! as long as no member loses all its successors at once, and the original rules break them.

pub mod live_successor;
pub mod liveness;
pub mod one_ring;
pub mod principals;
pub mod successor_order;

use super::RingHost;
use crate::node::Truth;
use crate::node::checker::Checker;

/// All of them, the most basic first.
pub const fn all<P: RingHost>() -> [Checker<P>; 4] {
    [successor_order::checker(), live_successor::checker(), principals::checker(), one_ring::checker()]
}

/// Whether no list skips a member that has been there for long enough to be known, and no member has lost its place and
/// looks for it: it would look from far beyond.
pub fn is_in_order<P: RingHost>(host: &P, truth: &Truth<'_>) -> bool {
    let mut members = truth.members.iter();
    !members.any(|member| host.ring().node(member.slot()).joining) && principals::all_known_are(host, truth)
}
