//! No message gets out of the books.

use super::{ConservationCheck, Memory, World};
use crate::node::Simulated;
use crate::node::checker::Fault;

pub(super) fn checker<P: Simulated>() -> ConservationCheck<P> {
    ConservationCheck {
        name: "messages",
        meaning: "messages sent = delivered + lost + dropped at dead nodes and before NAT + on their way",
        check,
    }
}

fn check<P: Simulated>(world: &World<P>, _memory: &mut Memory) -> Result<(), Fault> {
    let balance = world.accounts.balance;
    let accounted = balance.delivered + balance.lost + balance.dropped + balance.in_flight;
    // Each message on its way belongs to a call of its own.
    if balance.sent != accounted || balance.in_flight > world.calls_under_way() as u64 {
        let text = format!("{balance:?}, with {} calls under way", world.calls_under_way());
        return Err(Fault::new([], text));
    }
    Ok(())
}
