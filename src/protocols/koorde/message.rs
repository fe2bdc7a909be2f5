//! What Koorde nodes send each other, and what it costs.

use super::imaginary::Imaginary;
use super::pointers::Pointer;
use crate::engine::pool::List;
use crate::node::Charge;
use crate::overlay::ring::{Kinds, RingMessage};
use crate::overlay::walk::WalkMessage;

/// Kinds of messages; a reply is booked under the kind of its request.
pub(super) const KINDS: &[&str] = &["find_successor", "answer", "stabilize", "notify", "ping", "leave", "pointers"];

pub(super) const FIND_SUCCESSOR: u8 = 0;
pub(super) const ANSWER: u8 = 1;
const POINTERS: u8 = 6;

/// As which of them those of the ring are booked.
pub(super) const OF_THE_RING: Kinds = Kinds { stabilize: 2, notify: 3, ping: 4, leave: 5 };

/// Keys that a query carries besides its own: the imaginary identifier. How much of the key is left goes with it.
pub(super) const IMAGINARY_KEYS: u32 = 1;

/// A message. Lists live in pools of [`super::Koorde`].
#[derive(Clone, Copy, Debug)]
pub enum Message {
    /// An iterative lookup.
    Walk(WalkMessage<Imaginary>),
    /// What keeps the ring.
    Ring(RingMessage),
    /// Request to a de Bruijn pointer: which are your successors?
    GetSuccessors(Pointer),
    /// Reply to `GetSuccessors`.
    Successors(List),
}

/// A question for successors.
pub(super) const GET_SUCCESSORS: Charge = Charge::empty(POINTERS);

/// Its reply: so many.
pub(super) const fn successors(count: u32) -> Charge {
    Charge::empty(POINTERS).with_contacts(count)
}
