//! Options that fit a ring, or do not: for protocols that read theirs from a scenario.

use super::rules::Rules;
use crate::scenario::{Facts, Problem, TableReader};

/// Whether a ring of so many identifiers has room for its successor lists, and the space of identifiers for the ring.
pub fn check_room(table: &mut TableReader<'_>, facts: &Facts, ring: u64, rules: &Rules, identifier_bits: u32) {
    let most = ring.saturating_sub(1).max(1);
    if u64::from(rules.successors) > most && table.is_sound("successors") {
        let place = table.place_of("successors");
        let problem = Problem::error("the successor list is longer than the ring", place, "too many successors");
        let problem = problem.and(facts.nodes_place.clone(), format!("a ring of {ring}"));
        table.report("successors", problem.note(format!("allowed: at most {most}")));
    }
    // Fresh identifiers must not run out while nodes come and go.
    let room = 1u64 << (identifier_bits - 4).min(40);
    if ring > room && table.is_sound("identifier_bits") {
        let place = table.place_of("identifier_bits");
        let label = format!("room for at most {room} identifiers and those that replace them");
        let problem = Problem::error("the identifiers are too short for the ring", place, label);
        let problem = problem.and(facts.nodes_place.clone(), format!("a ring of {ring}"));
        let bits = 64 - (ring - 1).leading_zeros() + 4;
        table.report("identifier_bits", problem.note(format!("allowed: at least {bits} bits")));
    }
}
