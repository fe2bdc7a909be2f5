//! The owner of a key is a live node that is not behind NAT.

use super::World;
use crate::node::checker::Fault;
use crate::node::{Contact, Simulated};

pub(super) const NAME: &str = "ownership";
pub(super) const MEANING: &str = "the owner of a key is a live node that others can reach, and every key has one where \
                                  ownership follows from who is a member";

/// Owners change at identifiers or beside them, or between two of them: the keys looked at are those at and beside.
pub(super) fn check<P: Simulated>(protocol: &P, world: &World<P>) -> Result<(), Fault> {
    let members: Vec<Contact> = world.members.iter().collect();
    if let Some(pair) = members.windows(2).find(|pair| pair[0].id() >= pair[1].id()) {
        let text = format!("the members {} and {} are not in order", pair[0].id(), pair[1].id());
        return Err(Fault::new([pair[0].slot(), pair[1].slot()], text));
    }
    let ground = protocol.ground(&world.members);
    let is_admitted = |member: Contact| !world.is_client(member.slot());
    let is_owned = members.iter().any(|member| is_admitted(*member));
    for member in &members {
        let id = member.id();
        for key in [id, id.wrapping_add(1), id.wrapping_sub(1)] {
            let owner = P::owner(ground, key, is_admitted);
            let is_sound = |owner| world.directory.is_live(owner) && is_admitted(owner);
            let lacks_owner = P::FOLLOWS_FROM_MEMBERS && owner.is_some() != is_owned;
            if lacks_owner || !owner.is_none_or(is_sound) {
                return Err(Fault::new([member.slot()], format!("the owner of {key} is {owner:?}")));
            }
        }
        let owns_itself = P::owner(ground, id, is_admitted) == Some(*member);
        if P::FOLLOWS_FROM_MEMBERS && is_admitted(*member) && !owns_itself {
            return Err(Fault::new([member.slot()], format!("{id} does not own its own identifier")));
        }
    }
    Ok(())
}
