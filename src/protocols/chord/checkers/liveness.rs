//! What becomes true in a quiet Chord network: the ring becomes exact, and so do fingers.

use super::Chord;
use crate::node::checker::{Fault, Liveness};
use crate::node::identifier::clockwise;
use crate::node::{Contact, Truth};
use crate::overlay::ring::checkers::liveness::{in_order, joined, lists};

pub(super) const ALL: &[Liveness<Chord>] = &[
    joined(),
    in_order(),
    lists(),
    Liveness {
        name: "fingers",
        meaning: "in quiet every finger becomes the first member at or after its start",
        within: Chord::time_to_fix_fingers,
        check: fingers,
    },
];

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
