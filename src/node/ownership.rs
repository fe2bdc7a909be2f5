//! Who is right: the rule that says who owns a key, and what it is applied to.

use super::{Contact, Members, Protocol};

/// Who owns keys, as lookups are judged. Handlers never see it.
///
/// Ownership is a rule ([`Self::owner`]) that is applied to a ground ([`Self::ground`]). In Chord and Kademlia the
/// members are all that the rule needs. In others it depends on what nodes have done, as on who took half of whose zone
/// in CAN: there the protocol keeps the ground itself, as its nodes change it. A copy of the ground at time 0 is what
/// `measurement.owner = "original"` judges by.
///
/// A lookup is judged as soon as the handler that ended it has returned, at the same instant and before anything else
/// happens: not within the handler, where the protocol is busy with its own state and nodes must not see those of
/// others. What the handler has changed of the ground counts, so a node that answers that it owns a key, and hands its
/// zone over in the same breath, is wrong.
pub trait Ownership: Protocol {
    /// What the rule is applied to.
    type Ground: Ground;

    /// Whether the ground is the members alone. Then every key has an owner as soon as anybody counts, and who counts
    /// owns its own identifier; checked runs hold the protocol to that. Where nodes agree on ownership, a key may be
    /// without an owner from a crash until somebody takes over.
    const FOLLOWS_FROM_MEMBERS: bool = true;

    /// What is so now. `members` are all nodes that have joined.
    fn ground<'a>(&'a self, members: &'a Members) -> &'a Self::Ground;

    /// Who owns `key`, of those that `admits` lets count.
    fn owner(ground: &Self::Ground, key: u64, admits: impl Fn(Contact) -> bool) -> Option<Contact>;

    /// The nodes that should hold what belongs to `key`, the owner first, of those that `admits` lets count: `count` of
    /// them, or all if there are fewer, into `replicas`, which is empty. A protocol that does not say more knows the
    /// owner alone.
    fn replicas(
        ground: &Self::Ground,
        key: u64,
        count: usize,
        admits: impl Fn(Contact) -> bool,
        replicas: &mut Vec<Contact>,
    ) {
        replicas.extend(Self::owner(ground, key, admits).filter(|_| count > 0));
    }
}

/// What a rule of ownership is applied to, of which a copy can be kept.
pub trait Ground: Clone + 'static {
    /// Memory that a copy takes \[B\].
    fn memory_bytes(&self) -> u64;
}

impl Ground for Members {
    fn memory_bytes(&self) -> u64 {
        self.memory_bytes()
    }
}
