//! Who owns a key: the member nearest to it by XOR. Found in the ordered set of members.
//!
//! Members that agree with the key in so many leading bits stand next to each other in the order of identifiers, and
//! are all nearer to it than the others. So it is enough to look at the members in the longest such range that has
//! enough of them; where to begin follows from how many members there are.

use crate::node::{Contact, Members};
use crate::overlay::digits::distance;

/// Members that a range should have on average where the search begins.
const BEGIN_WITH: usize = 2;

/// The members that agree with `key` in so many leading bits.
fn near(members: &Members, key: u64, bits: u32) -> impl Iterator<Item = Contact> + '_ {
    let mask = if bits == 0 { u64::MAX } else { u64::MAX.checked_shr(bits).unwrap_or(0) };
    let (low, high) = (key & !mask, key | mask);
    members.from_key(low).take_while(move |member| (low..=high).contains(&member.id()))
}

/// Bits in which about so many members agree with any key.
fn bits_for(members: &Members, count: usize) -> u32 {
    (members.len() / count.max(1)).checked_ilog2().unwrap_or(0)
}

/// The nearest member that `admits` lets count.
pub(super) fn nearest(members: &Members, key: u64, admits: impl Fn(Contact) -> bool) -> Option<Contact> {
    for bits in (0..=bits_for(members, BEGIN_WITH)).rev() {
        let admitted = near(members, key, bits).filter(|member| admits(*member));
        if let Some(owner) = admitted.min_by_key(|member| distance(member.id(), key)) {
            return Some(owner);
        }
    }
    None
}

/// The `count` nearest members that `admits` lets count, the nearest first, into `closest`.
pub(super) fn nearest_few(
    members: &Members,
    key: u64,
    count: usize,
    admits: impl Fn(Contact) -> bool,
    closest: &mut Vec<Contact>,
) {
    for bits in (0..=bits_for(members, BEGIN_WITH * count)).rev() {
        closest.clear();
        closest.extend(near(members, key, bits).filter(|member| admits(*member)));
        if closest.len() >= count {
            break;
        }
    }
    closest.sort_unstable_by_key(|member| distance(member.id(), key));
    closest.truncate(count);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_nearest_are_those_that_a_look_at_all_finds(
            numbers in proptest::collection::btree_set(any::<u64>(), 0..80),
            crowded in proptest::collection::btree_set(0u64..50, 0..40),
            key in any::<u64>(), is_low in any::<bool>(), count in 1usize..12,
        ) {
            let key = if is_low { key >> 58 } else { key };
            let ids = numbers.into_iter().chain(crowded);
            let all: Vec<Contact> = ids.zip(0..).map(|(id, slot)| Contact::new(id, slot)).collect();
            let members = Members::from_contacts(all.iter().copied());
            let admits = |member: Contact| !member.slot().is_multiple_of(3);
            let mut right: Vec<Contact> = members.iter().filter(|member| admits(*member)).collect();
            right.sort_by_key(|member| member.id() ^ key);
            prop_assert_eq!(nearest(&members, key, admits), right.first().copied());
            let mut few = Vec::new();
            nearest_few(&members, key, count, admits, &mut few);
            right.truncate(count);
            prop_assert_eq!(few, right);
        }
    }
}
