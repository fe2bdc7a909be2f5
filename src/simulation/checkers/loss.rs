//! As many messages are lost as the scenario says.

use super::{ConservationCheck, Memory, World};
use crate::node::Simulated;
use crate::node::checker::Fault;

/// Standard deviations that the share of lost messages may be off: more are seen in one of a hundred million looks.
const DEVIATIONS: f64 = 6.0;

pub(super) fn checker<P: Simulated>() -> ConservationCheck<P> {
    ConservationCheck { name: "loss", meaning: "messages are lost with the probability that the scenario gives", check }
}

fn check<P: Simulated>(world: &World<P>, _memory: &mut Memory) -> Result<(), Fault> {
    let (loss, at_risk, struck) = world.network.loss();
    let expected = loss * at_risk as f64;
    // One more or less, where so few are expected that their number is far from normal.
    let allowed = 1.0 + DEVIATIONS * (expected.max(1.0)).sqrt();
    if world.accounts.balance.lost < struck {
        return Err(Fault::new(
            [],
            format!("{struck} messages were lost, and {} are booked", world.accounts.balance.lost),
        ));
    }
    if loss > 0.0 && (struck as f64 - expected).abs() > allowed {
        let text = format!("{struck} of {at_risk} messages were lost, where {expected} are to be expected");
        return Err(Fault::new([], text));
    }
    Ok(())
}
