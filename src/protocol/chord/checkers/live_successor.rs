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
    // One that is excused must not hide another that is not.
    let (mut excused, mut neighbourhood) = (None, None);
    for member in truth.members.iter() {
        let list = chord.successors(member.slot());
        if !list.iter().any(|successor| truth.members.contains(*successor)) {
            let text = match list.len() {
                0 => format!("{:016x} has no successor", member.id()),
                count => format!("all {count} successors of {:016x} are dead", member.id()),
            };
            let fault = Fault::new([member.slot()], text);
            let around = neighbourhood.get_or_insert_with(|| chord.neighbourhood(truth));
            if around.as_ref().is_some_and(|around| !chord.is_beyond_repair(truth, member.slot(), around)) {
                return Err(fault);
            }
            excused.get_or_insert(fault.excused_if(true));
        }
    }
    excused.map_or(Ok(!truth.members.is_empty()), Err)
}
