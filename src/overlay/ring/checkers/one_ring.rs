//! First live successors form one ring, in the order of the identifiers.

use super::super::RingHost;
use crate::node::checker::{Checker, Fault, Scope};
use crate::node::{Contact, Slot, Truth};

/// The statement.
pub const fn checker<P: RingHost>() -> Checker<P> {
    Checker {
        name: "one_ring",
        meaning: "first live successors lead from every member to one ring, which goes around the identifiers once",
        scope: Scope::OnceHeld,
        after_departures: false,
        check: check::<P>,
    }
}

fn check<P: RingHost>(host: &P, truth: &Truth<'_>) -> Result<bool, Fault> {
    let members: Vec<Slot> = truth.members.iter().map(Contact::slot).collect();
    let rings = host.ring().cycles(&members, |contact| truth.members.contains(contact));
    match rings[..] {
        _ if members.is_empty() => Ok(false),
        [] => Err(Fault::new([], "first live successors lead nowhere: there is no ring".to_owned())),
        [ring] if ring.turns == 1 => Ok(true),
        [ring] => {
            let text = format!("the ring of {} members goes around {} times, not once", ring.members, ring.turns);
            Err(Fault::new([ring.start], text))
        }
        _ => {
            let sizes: Vec<String> = rings.iter().map(|ring| ring.members.to_string()).collect();
            let text = format!("there are {} rings, of {} members", rings.len(), sizes.join(" and "));
            Err(Fault::new(rings.iter().map(|ring| ring.start), text))
        }
    }
}
