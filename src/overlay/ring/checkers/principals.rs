//! There are enough principal members: the second half of Zave's invariant.
//!
//! A member is *principal* if no member's extended successor list (the member itself, then its list) skips it: if no
//! two neighbours in any such list lie on either side of it. With as many principals as a list has places and one
//! more, no list can reach past all of them, which is what keeps the ring one ring and in order.

use super::super::RingHost;
use super::super::healing::{is_known_to_all, reachable, skipped};
use crate::node::Truth;
use crate::node::checker::{Checker, Fault, Scope};

/// The statement.
pub const fn checker<P: RingHost>() -> Checker<P> {
    Checker {
        name: "principals",
        meaning: "more members than a successor list has places are skipped by nobody's list",
        scope: Scope::OnceHeld,
        after_departures: false,
        check: check::<P>,
    }
}

fn check<P: RingHost>(host: &P, truth: &Truth<'_>) -> Result<bool, Fault> {
    let identifiers: Vec<u64> = reachable(truth).map(|member| member.id()).collect();
    let wanted = host.ring().rules().successors as usize + 1;
    // Whoever was once skipped by nobody never is again; so who departs must leave enough who are known to all.
    let known = is_known_to_all(host, truth).iter().filter(|is_known| **is_known).count();
    // Smaller networks cannot fill their lists; there the other checkers have to do.
    if identifiers.len() < wanted {
        return Ok(known == identifiers.len() && known > 0);
    }
    if known < wanted {
        return Ok(false);
    }
    let count = principals(&identifiers, pairs(host, truth));
    if count < wanted {
        let text =
            format!("only {count} of {} members are skipped by no successor list, not {wanted}", identifiers.len());
        return Err(Fault::new([], text));
    }
    Ok(true)
}

/// Whether all members are principals that have been there for long enough to be known to all.
pub fn all_known_are<P: RingHost>(host: &P, truth: &Truth<'_>) -> bool {
    let identifiers: Vec<u64> = reachable(truth).map(|member| member.id()).collect();
    let is_known = is_known_to_all(host, truth);
    let skipped = skipped(&identifiers, pairs(host, truth));
    is_known.contains(&true) && is_known.iter().zip(&skipped).all(|(is_known, is_skipped)| !(*is_known && *is_skipped))
}

/// Neighbours in the extended successor lists of all members.
fn pairs<'a, P: RingHost>(host: &'a P, truth: &'a Truth<'_>) -> impl Iterator<Item = (u64, u64)> + 'a {
    truth.members.iter().flat_map(|member| {
        let list = host.ring().successors(member.slot());
        let before = std::iter::once(member.id()).chain(list.iter().map(|successor| successor.id()));
        before.zip(list.iter().map(|successor| successor.id()))
    })
}

/// How many of the identifiers (in rising order) lie strictly between no pair.
fn principals(identifiers: &[u64], pairs: impl Iterator<Item = (u64, u64)>) -> usize {
    skipped(identifiers, pairs).iter().filter(|is_skipped| !**is_skipped).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_counts_like_the_definition(
            identifiers in proptest::collection::btree_set(0u64..60, 1..12),
            pairs in proptest::collection::vec((0u64..60, 0u64..60), 0..12),
        ) {
            let identifiers: Vec<u64> = identifiers.into_iter().map(|id| id << 58).collect();
            let pairs: Vec<_> = pairs.into_iter().filter(|(a, b)| a != b).map(|(a, b)| (a << 58, b << 58)).collect();
            let is_skipped = |id: u64| pairs.iter().any(|(a, b)| crate::node::identifier::between(*a, id, *b));
            let expected = identifiers.iter().filter(|id| !is_skipped(**id)).count();
            prop_assert_eq!(principals(&identifiers, pairs.iter().copied()), expected);
        }
    }
}
