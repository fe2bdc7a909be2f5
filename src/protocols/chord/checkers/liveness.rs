//! What becomes true in a quiet Chord network: everybody has joined, the ring is in order, successor lists are exact,
//! and so are fingers. Each needs those before it. How long it takes: [`super::super::healing`].

use super::Chord;
use crate::node::checker::{Fault, Liveness, all_joined};
use crate::node::identifier::clockwise;
use crate::node::{Contact, Truth};

pub(super) const ALL: &[Liveness<Chord>] = &[
    Liveness {
        name: "joined",
        meaning: "in quiet every live node completes its join",
        within: Chord::time_to_join,
        check: all_joined,
    },
    Liveness {
        name: "neighbours",
        meaning: "in quiet every member's first successor and predecessor become the next members on either side",
        within: Chord::time_to_order,
        check: neighbours,
    },
    Liveness {
        name: "successor_lists",
        meaning: "in quiet every successor list becomes the next members, as many as it has places",
        within: Chord::time_to_fill_lists,
        check: successor_lists,
    },
    Liveness {
        name: "fingers",
        meaning: "in quiet every finger becomes the first member at or after its start",
        within: Chord::time_to_fix_fingers,
        check: fingers,
    },
];

fn neighbours(chord: &Chord, truth: &Truth<'_>) -> Result<(), Fault> {
    let ring: Vec<Contact> = truth.members.iter().collect();
    for (place, member) in ring.iter().enumerate() {
        let (next, before) = (ring[(place + 1) % ring.len()], ring[(place + ring.len() - 1) % ring.len()]);
        let fault = |what: &str, has: Option<Contact>, right: Contact| {
            let text = format!("the {what} of {} is {has:?}, not {right:?}", member.id());
            Err(Fault::new([member.slot(), right.slot()], text))
        };
        let head = chord.head(member.slot());
        if head != Some(next) {
            return fault("first successor", head, next);
        }
        let predecessor = chord.node(member.slot()).predecessor;
        if predecessor != before && ring.len() > 1 {
            return fault("predecessor", Some(predecessor), before);
        }
    }
    Ok(())
}

fn successor_lists(chord: &Chord, truth: &Truth<'_>) -> Result<(), Fault> {
    let ring: Vec<Contact> = truth.members.iter().collect();
    let length = (chord.config().successors as usize).min(ring.len().saturating_sub(1)).max(1);
    for (place, member) in ring.iter().enumerate() {
        let right = (1..=length).map(|offset| ring[(place + offset) % ring.len()]);
        let list = chord.successors(member.slot());
        if !list.iter().copied().eq(right.clone()) {
            let right: Vec<Contact> = right.collect();
            let text = format!("the successor list of {} is {list:?}, not {right:?}", member.id());
            return Err(Fault::new([member.slot()], text));
        }
    }
    Ok(())
}

fn fingers(chord: &Chord, truth: &Truth<'_>) -> Result<(), Fault> {
    for member in truth.members.iter() {
        for index in chord.first_kept_finger(member.slot())..64 {
            let start = super::super::fix_fingers::finger_start(member.id(), index);
            let right = truth.members.successor(start).filter(|right| *right != member).unwrap_or(Contact::NONE);
            let finger = chord.finger(member.slot(), index);
            if finger != right {
                let away = clockwise(member.id(), start);
                let text = format!("the finger of {} at {away} is {finger:?}, not {right:?}", member.id());
                return Err(Fault::new([member.slot()], text));
            }
        }
    }
    Ok(())
}
