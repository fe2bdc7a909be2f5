//! Messages of iterative lookups.

use crate::node::opinion::{Description, Says};
use crate::node::{Contact, LookupId};

/// The dead nodes that a request names, as its sender knew them when it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed(pub(super) u32);

impl Sealed {
    pub(super) const NONE: Sealed = Sealed(u32::MAX);
}

/// A message of an iterative lookup. What it carries is packed, so that it fits beside the tag of a message of the
/// protocol that is no longer than this.
#[derive(Clone, Copy, Debug)]
pub enum WalkMessage<R: Copy> {
    /// Request: which node is next on the way to this key?
    Ask(Ask<R>),
    /// Reply to `Ask`: ask this node next.
    Next(Next<R>),
    /// Reply to `Ask`: this node is the owner.
    Owner(Packed),
    /// Request to the node that was named as the owner: are you alive?
    Confirm(Confirm),
    /// Reply to `Confirm`: yes, and the key is mine as far as I am to tell.
    Mine,
    /// Reply to `Confirm`: the key is not mine.
    NotMine,
}

/// The content of [`WalkMessage::Ask`].
#[derive(Clone, Copy, Debug)]
#[repr(Rust, packed)]
pub struct Ask<R: Copy> {
    /// The key.
    pub key: u64,
    /// The lookup.
    pub lookup: LookupId,
    /// Nodes that it has found dead, which are not to be named.
    pub dead: Sealed,
    /// What the query carries besides.
    pub carried: R,
}

/// The content of [`WalkMessage::Next`].
#[derive(Clone, Copy, Debug)]
#[repr(Rust, packed)]
pub struct Next<R: Copy> {
    /// The node.
    pub next: Contact,
    /// What it is to be told.
    pub carried: R,
}

/// The content of [`WalkMessage::Owner`].
#[derive(Clone, Copy, Debug)]
#[repr(Rust, packed)]
pub struct Packed(pub Contact);

/// The content of [`WalkMessage::Confirm`].
#[derive(Clone, Copy, Debug)]
#[repr(Rust, packed)]
pub struct Confirm {
    /// The key.
    pub key: u64,
    /// The lookup.
    pub lookup: LookupId,
}

impl<R: Copy> WalkMessage<R> {
    /// Whether it holds something in a pool, which [`super::Walk::release`] gives back. Most messages do not.
    #[inline]
    pub fn is_pooled(&self) -> bool {
        matches!(self, WalkMessage::Ask(ask) if { ask.dead } != Sealed::NONE)
    }

    /// The key and the lookup of a request.
    pub(super) fn asks_about(self) -> Option<(u64, LookupId)> {
        match self {
            WalkMessage::Ask(Ask { key, lookup, .. }) | WalkMessage::Confirm(Confirm { key, lookup }) => {
                Some((key, lookup))
            }
            _ => None,
        }
    }

    /// The message in words.
    pub fn describe(&self) -> Description {
        match *self {
            WalkMessage::Ask(_) => Description::plain("asks"),
            WalkMessage::Next(Next { next, .. }) => Description { verb: "answers", says: Some(Says::Next(next)) },
            WalkMessage::Owner(Packed(owner)) => Description { verb: "answers", says: Some(Says::Owner(owner)) },
            _ => Description::plain("writes to"),
        }
    }
}
