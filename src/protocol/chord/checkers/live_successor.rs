//! Every member knows a live successor: the first half of Zave's invariant.

use super::Chord;
use crate::protocol::Truth;
use crate::protocol::checker::{Checker, Fault, Scope};

pub(super) const CHECKER: Checker<Chord> = Checker {
    name: "live_successor",
    meaning: "every member has a live member in its successor list",
    scope: Scope::OnceHeld,
    check,
};

fn check(chord: &Chord, truth: &Truth<'_>) -> Result<bool, Fault> {
    for member in truth.members.iter() {
        let list = chord.successors(member.slot());
        if !list.iter().any(|successor| truth.members.contains(*successor)) {
            let text = match list.len() {
                0 => format!("{:016x} has no successor", member.id()),
                count => format!("all {count} successors of {:016x} are dead", member.id()),
            };
            return Err(Fault::new([member.slot()], text).excused_if(chord.is_anywhere_beyond_repair(truth)));
        }
    }
    Ok(!truth.members.is_empty())
}
