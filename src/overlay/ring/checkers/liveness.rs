//! What becomes true in a quiet ring: every node has joined, the ring is in order, successor lists are exact. Each
//! needs those before it. How long it takes: [`super::super::healing`].

use super::super::RingHost;
use super::super::healing;
use crate::node::checker::{Fault, Liveness, all_joined};
use crate::node::{Contact, Truth};

/// Every live node completes its join.
pub const fn joined<P: RingHost>() -> Liveness<P> {
    Liveness {
        name: "joined",
        meaning: "in quiet every live node completes its join",
        within: healing::time_to_join::<P>,
        check: all_joined,
    }
}

/// First successors and predecessors become right.
pub const fn in_order<P: RingHost>() -> Liveness<P> {
    Liveness {
        name: "neighbours",
        meaning: "in quiet every member's first successor and predecessor become the next members on either side",
        within: healing::time_to_order::<P>,
        check: neighbours,
    }
}

/// Successor lists become right.
pub const fn lists<P: RingHost>() -> Liveness<P> {
    Liveness {
        name: "successor_lists",
        meaning: "in quiet every successor list becomes the next members, as many as it has places",
        within: healing::time_to_fill_lists::<P>,
        check: successor_lists,
    }
}

fn neighbours<P: RingHost>(host: &P, truth: &Truth<'_>) -> Result<(), Fault> {
    let ring: Vec<Contact> = truth.members.iter().collect();
    for (place, member) in ring.iter().enumerate() {
        let (next, before) = (ring[(place + 1) % ring.len()], ring[(place + ring.len() - 1) % ring.len()]);
        let fault = |what: &str, has: Option<Contact>, right: Contact| {
            let text = format!("the {what} of {} is {has:?}, not {right:?}", member.id());
            Err(Fault::new([member.slot(), right.slot()], text))
        };
        let head = host.ring().head(member.slot());
        if head != Some(next) {
            return fault("first successor", head, next);
        }
        let predecessor = host.ring().node(member.slot()).predecessor;
        if predecessor != before && ring.len() > 1 {
            return fault("predecessor", Some(predecessor), before);
        }
    }
    Ok(())
}

fn successor_lists<P: RingHost>(host: &P, truth: &Truth<'_>) -> Result<(), Fault> {
    let ring: Vec<Contact> = truth.members.iter().collect();
    let length = (host.ring().rules().successors as usize).min(ring.len().saturating_sub(1)).max(1);
    for (place, member) in ring.iter().enumerate() {
        let right = (1..=length).map(|offset| ring[(place + offset) % ring.len()]);
        let list = host.ring().successors(member.slot());
        if !list.iter().copied().eq(right.clone()) {
            let right: Vec<Contact> = right.collect();
            let text = format!("the successor list of {} is {list:?}, not {right:?}", member.id());
            return Err(Fault::new([member.slot()], text));
        }
    }
    Ok(())
}
