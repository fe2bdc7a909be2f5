//! No lookup gets out of the books.

use super::{ConservationCheck, Memory, World};
use crate::node::Simulated;
use crate::node::checker::Fault;

pub(super) fn checker<P: Simulated>() -> ConservationCheck<P> {
    ConservationCheck { name: "lookups", meaning: "lookups started = ended, by outcome + under way", check }
}

fn check<P: Simulated>(world: &World<P>, _memory: &mut Memory) -> Result<(), Fault> {
    let (started, in_flight) = (world.lookups.started(), world.lookups.in_flight());
    if started != world.accounts.outcomes.lookups() + world.accounts.tasks_ended + in_flight {
        let text = format!(
            "{started} started; {:?}, {} of the protocol's own ended, {in_flight} under way",
            world.accounts.outcomes, world.accounts.tasks_ended
        );
        return Err(Fault::new([], text));
    }
    Ok(())
}
