//! Who owns a key on a ring: the first member at or after it. Copies are kept by those that follow it.

use crate::node::{Contact, Members};

/// The member that owns `key`: the first at or after it that `admits` lets count.
pub fn owner(members: &Members, key: u64, admits: impl Fn(Contact) -> bool) -> Option<Contact> {
    match members.successor(key) {
        Some(first) if admits(first) => Some(first),
        _ => members.from_key(key).find(|member| admits(*member)),
    }
}

/// The owner of `key` and the members after it, `count` in all, of those that `admits` lets count: where DHash keeps
/// copies of a value (CFS; Dabek et al., SOSP 2001).
pub fn replicas(
    members: &Members,
    key: u64,
    count: usize,
    admits: impl Fn(Contact) -> bool,
    replicas: &mut Vec<Contact>,
) {
    replicas.extend(members.from_key(key).filter(|member| admits(*member)).take(count));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn copies_are_with_those_that_are_nearest_clockwise(
            ids in proptest::collection::btree_set(any::<u64>(), 0..40), key in any::<u64>(), count in 0usize..9,
        ) {
            let members = Members::from_contacts(ids.iter().zip(0..).map(|(id, slot)| Contact::new(*id, slot)));
            let admits = |member: Contact| !member.slot().is_multiple_of(3);
            // By distance, of all of them.
            let mut right: Vec<Contact> = members.iter().filter(|member| admits(*member)).collect();
            right.sort_by_key(|member| member.id().wrapping_sub(key));
            prop_assert_eq!(owner(&members, key, admits), right.first().copied());
            let mut found = Vec::new();
            replicas(&members, key, count, admits, &mut found);
            right.truncate(count);
            prop_assert_eq!(found, right);
        }
    }
}
