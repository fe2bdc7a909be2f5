//! No request gets out of the books, and none has two ends.

use super::{ConservationCheck, Memory, World};
use crate::node::Simulated;
use crate::node::checker::Fault;

pub(super) fn checker<P: Simulated>() -> ConservationCheck<P> {
    ConservationCheck {
        name: "exchanges",
        meaning: "requests sent = answered in time + timed out + given up with their caller + under way",
        check,
    }
}

fn check<P: Simulated>(world: &World<P>, _memory: &mut Memory) -> Result<(), Fault> {
    let open = world.calls().filter(|call| call.is_request() && !call.answered && !call.timed_out).count() as u64;
    let exchanges = world.accounts.exchanges;
    if world.accounts.requests != exchanges.answered + exchanges.timed_out + exchanges.abandoned + open {
        return Err(Fault::new([], format!("{} requests; {exchanges:?}, {open} under way", world.accounts.requests)));
    }
    Ok(())
}
