//! Successor lists are in clockwise order.

use super::Chord;
use crate::node::Truth;
use crate::node::checker::{Checker, Fault, Scope};
use crate::node::identifier::clockwise;

pub(super) const CHECKER: Checker<Chord> = Checker {
    name: "successor_order",
    meaning: "every successor list goes clockwise from its node without repeating anybody",
    scope: Scope::Always,
    after_departures: false,
    check,
};

fn check(chord: &Chord, truth: &Truth<'_>) -> Result<bool, Fault> {
    for member in truth.members.iter() {
        let (node, own) = (member.slot(), member.id());
        let list = chord.successors(node);
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
