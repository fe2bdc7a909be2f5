//! Time does not go back.

use super::{ConservationCheck, Memory, World};
use crate::node::Simulated;
use crate::node::checker::Fault;

pub(super) fn checker<P: Simulated>() -> ConservationCheck<P> {
    ConservationCheck { name: "clock", meaning: "virtual time and the number of events never go back", check }
}

fn check<P: Simulated>(world: &World<P>, memory: &mut Memory) -> Result<(), Fault> {
    if world.now < memory.now || world.accounts.events < memory.events {
        let text = format!(
            "from {} after {} events to {} after {}",
            memory.now, memory.events, world.now, world.accounts.events
        );
        return Err(Fault::new([], text));
    }
    *memory = Memory { now: world.now, events: world.accounts.events };
    Ok(())
}
