//! `[population]`: who is there, and how the network comes about.

use super::diagnostics::Problem;
use super::model::{Population, Start};
use super::read_kinds;
use super::reader::TableReader;
use super::reader_values::Zero;
use crate::engine::time::Duration;

/// Most nodes of a scenario; node numbers stay below this.
pub(super) const MOST_NODES: u64 = 100_000_000;

#[derive(Clone, Copy, PartialEq)]
enum Word {
    Converged,
    Joining,
}

pub(super) fn read(table: &mut TableReader<'_>) -> Population {
    let nodes = table.count("nodes", 1..=MOST_NODES) as u32;
    let word = table.word("start", &[("converged", Word::Converged), ("joining", Word::Joining)]);
    let start = match word {
        Word::Joining => Start::Joining { join_every: table.duration("join_every", Zero::Forbidden) },
        Word::Converged => {
            refuse_join_every(table);
            Start::Converged
        }
    };
    let permanent = table.count_or("permanent", 0, 0..=MOST_NODES) as u32;
    if permanent > nodes && table.is_sound("nodes") && table.is_sound("permanent") {
        let message = format!("{permanent} nodes cannot be permanent where there are {nodes}");
        let problem = Problem::error(message, table.place_of("permanent"), "more than all nodes");
        let problem = problem.and(table.place_of("nodes"), "all nodes").note("allowed: at most `population.nodes`");
        table.report("permanent", problem);
    }
    Population { nodes, start, permanent, kinds: read_kinds::read(table) }
}

fn refuse_join_every(table: &mut TableReader<'_>) {
    if !table.has("join_every") {
        return;
    }
    let _ = table.duration_or("join_every", Duration::from_secs(1), Zero::Forbidden);
    if table.is_sound("start") {
        let problem = Problem::error("nodes join only with `start = \"joining\"`", table.key_place("join_every"), "");
        let problem = match table.has("start") {
            true => problem.and(table.place_of("start"), "this start has all nodes at time 0"),
            false => problem.note("without `population.start` all nodes are there at time 0"),
        };
        table.report("join_every", problem);
    }
}
