//! Every key has exactly one owner, and that is a live member that is not behind NAT.

use super::{ConservationCheck, Memory, World};
use crate::node::checker::Fault;
use crate::node::{Contact, Simulated};

pub(super) fn checker<P: Simulated>() -> ConservationCheck<P> {
    ConservationCheck {
        name: "ownership",
        meaning: "every key is owned by exactly one live member that others can reach",
        check,
    }
}

/// Owners change at identifiers or beside them, or between two of them: the keys looked at are those at and beside.
fn check<P: Simulated>(world: &World<P>, _memory: &mut Memory) -> Result<(), Fault> {
    let members: Vec<Contact> = world.members.iter().collect();
    if let Some(pair) = members.windows(2).find(|pair| pair[0].id() >= pair[1].id()) {
        let text = format!("the members {} and {} are not in order", pair[0].id(), pair[1].id());
        return Err(Fault::new([pair[0].slot(), pair[1].slot()], text));
    }
    let is_admitted = |member: Contact| !world.is_behind_nat(member.slot());
    let is_owned = members.iter().any(|member| is_admitted(*member));
    for member in &members {
        let id = member.id();
        for key in [id, id.wrapping_add(1), id.wrapping_sub(1)] {
            let owner = P::owner(&world.members, key, is_admitted);
            let is_sound = |owner| world.directory.is_live(owner) && is_admitted(owner);
            if owner.is_some() != is_owned || !owner.is_none_or(is_sound) {
                return Err(Fault::new([member.slot()], format!("the owner of {key} is {owner:?}")));
            }
        }
        if is_admitted(*member) && P::owner(&world.members, id, is_admitted) != Some(*member) {
            return Err(Fault::new([member.slot()], format!("{id} does not own its own identifier")));
        }
    }
    Ok(())
}
