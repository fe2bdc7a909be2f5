//! Who is right: the rule that says who owns a key.

use super::{Contact, Members, Protocol};

/// Who owns keys, as lookups are judged.
pub trait Ownership: Protocol {
    /// The member that owns `key` among those that `admits` lets count. A rule of the protocol, not of its state.
    fn owner(members: &Members, key: u64, admits: impl Fn(Contact) -> bool) -> Option<Contact>;

    /// The `count` members that should hold what belongs to `key`, the owner among them, of those that `admits` lets
    /// count: into `closest`, which is empty. A rule of the protocol, as [`Self::owner`] is.
    fn closest(
        members: &Members,
        key: u64,
        count: usize,
        admits: impl Fn(Contact) -> bool,
        closest: &mut Vec<Contact>,
    ) {
        let _ = count;
        closest.extend(Self::owner(members, key, admits));
    }
}
