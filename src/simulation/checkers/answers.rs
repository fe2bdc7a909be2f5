//! Where nothing has happened, every answer is right.

use super::{BookChecker, Memory, World};
use crate::protocol::Protocol;
use crate::protocol::checker::Fault;

pub(super) fn checker<P: Protocol>() -> BookChecker<P> {
    BookChecker {
        name: "answers",
        meaning: "with ideal tables, nobody come or gone and no request unanswered since, every lookup names the owner, \
                  if only it has the time",
        check,
    }
}

fn check<P: Protocol>(world: &World<P>, _memory: &mut Memory) -> Result<(), Fault> {
    let is_calm = world.is_untouched && world.balance.lost == 0 && world.exchanges.timed_out == 0;
    if is_calm && world.outcomes.wrong_owner + world.outcomes.failed > world.cut_off {
        return Err(Fault::new([], format!("in a ring that nothing has touched: {:?}", world.outcomes)));
    }
    Ok(())
}
