//! Nobody is born or dies without being counted, and members are alive.

use super::{ConservationCheck, Memory, World};
use crate::node::Simulated;
use crate::node::checker::Fault;

pub(super) fn checker<P: Simulated>() -> ConservationCheck<P> {
    ConservationCheck {
        name: "population",
        meaning: "live nodes = joins - departures, and every member is alive",
        check,
    }
}

fn check<P: Simulated>(world: &World<P>, _memory: &mut Memory) -> Result<(), Fault> {
    let (live, arrivals, departures) = (world.live(), world.accounts.arrivals, world.accounts.departures);
    let occupied = (0..world.directory.slots()).filter(|slot| world.directory.is_occupied(*slot)).count() as u64;
    if arrivals - departures != live || occupied != live * u64::from(world.width()) {
        let text = format!("{arrivals} joins, {departures} departures, {live} live nodes, {occupied} occupied slots");
        return Err(Fault::new([], text));
    }
    match world.members.iter().find(|member| !world.directory.is_live(*member)) {
        Some(dead) => Err(Fault::new([dead.slot()], format!("{} is a member and is dead", dead.id()))),
        None => Ok(()),
    }
}
