//! Nothing outlives the incarnation for which it was meant.

use super::{ConservationCheck, Memory, World};
use crate::node::Simulated;
use crate::node::checker::Fault;

pub(super) fn checker<P: Simulated>() -> ConservationCheck<P> {
    ConservationCheck {
        name: "incarnations",
        meaning: "messages, replies and timers reach the incarnation of a node that they were meant for, and lookups \
                  end with their initiator's",
        check,
    }
}

fn check<P: Simulated>(world: &World<P>, _memory: &mut Memory) -> Result<(), Fault> {
    if world.accounts.strays > 0 {
        return Err(Fault::new([], format!("{} reached a former or later life", world.accounts.strays)));
    }
    for slot in 0..world.directory.slots() {
        let Some(id) = world.lookups.any_of(slot) else { continue };
        let lookup = world.lookups.get(id).filter(|lookup| world.directory.is_current(slot, lookup.incarnation));
        if lookup.is_none() || !world.directory.is_occupied(slot) {
            return Err(Fault::new([slot], "a lookup goes on although its initiator is gone".to_owned()));
        }
    }
    Ok(())
}
