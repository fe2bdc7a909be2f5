//! Successor lists are in clockwise order.

use super::super::RingHost;
use crate::node::Truth;
use crate::node::checker::{Checker, Fault, Scope};
use crate::node::identifier::clockwise;

/// The statement.
pub const fn checker<P: RingHost>() -> Checker<P> {
    Checker {
        name: "successor_order",
        meaning: "every successor list goes clockwise from its node without repeating anybody",
        scope: Scope::Always,
        after_departures: false,
        check: check::<P>,
    }
}

fn check<P: RingHost>(host: &P, truth: &Truth<'_>) -> Result<bool, Fault> {
    for member in truth.members.iter() {
        let (node, own) = (member.slot(), member.id());
        let list = host.ring().successors(node);
        if let [only] = list
            && only.slot() == node
        {
            continue;
        }
        let mut reached = 0;
        for successor in list {
            let distance = clockwise(own, successor.id());
            if distance <= reached {
                let text = format!("the successor list of {own} goes back at {}: {list:?}", successor.id());
                return Err(Fault::new([node, successor.slot()], text));
            }
            reached = distance;
        }
    }
    Ok(true)
}
