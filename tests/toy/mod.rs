//! A protocol that only has parameters, to read scenarios with.

use torus_sim::engine::distribution::Distribution;
use torus_sim::engine::time::Duration;
use torus_sim::scenario::{Diagnostics, Facts, Loaded, Problem, Source, TableReader, load};

/// Parameters of the toy.
#[derive(Clone, Debug, PartialEq)]
pub struct Toy {
    /// Length of the successor list.
    pub successors: u64,
    /// Period of stabilisation.
    pub stabilize_every: Distribution,
    /// Whether lookups are recursive.
    pub recursive: bool,
}

fn read(table: &mut TableReader<'_>, name: &str, facts: &Facts) -> Option<Toy> {
    if name != "chord" {
        return None;
    }
    let successors = table.count_or("successors", 16, 1..=255);
    let stabilize_every = table.period("stabilize_every", Duration::from_secs(30));
    let recursive = table.word("routing", &[("iterative", false), ("recursive", true)]);
    if let Some(nodes) = facts.nodes
        && table.is_sound("successors")
        && table.has("successors")
        && successors >= u64::from(nodes)
    {
        let problem =
            Problem::error("the successor list is longer than the ring", table.place_of("successors"), "too many");
        let problem = problem.and(facts.nodes_place.clone(), "all nodes");
        table.report("successors", problem.note(format!("allowed: at most {}", nodes.saturating_sub(1).max(1))));
    }
    Some(Toy { successors, stabilize_every, recursive })
}

/// Reads a scenario of the toy.
///
/// # Errors
/// Whatever is wrong with it.
pub fn load_toy(source: Source, overrides: &[String]) -> Result<Loaded<Toy>, Diagnostics> {
    load(source, overrides, &["chord", "kademlia"], read)
}
