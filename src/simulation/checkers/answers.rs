//! Where nothing has happened, every answer is right.

use super::{ConservationCheck, Memory, World};
use crate::node::Simulated;
use crate::node::checker::Fault;

pub(super) fn checker<P: Simulated>() -> ConservationCheck<P> {
    ConservationCheck {
        name: "answers",
        meaning: "with ideal tables, nobody come or gone and no request unanswered since, every lookup names the \
                  owner, if only it has the time",
        check,
    }
}

fn check<P: Simulated>(world: &World<P>, _memory: &mut Memory) -> Result<(), Fault> {
    let is_calm = world.is_untouched && world.accounts.balance.lost == 0 && world.accounts.exchanges.timed_out == 0;
    let bad = world.accounts.outcomes.wrong_owner + world.accounts.outcomes.failed + world.accounts.tasks_failed;
    if is_calm && bad > world.accounts.cut_off {
        let (outcomes, failed) = (world.accounts.outcomes, world.accounts.tasks_failed);
        let text =
            format!("in a ring that nothing has touched: {outcomes:?}, and {failed} of the protocol's own failed");
        return Err(Fault::new([], text));
    }
    Ok(())
}
