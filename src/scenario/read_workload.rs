//! `[workload]`: who looks up what.

use super::diagnostics::Problem;
use super::model::{Arrivals, Keys, Workload};
use super::reader::TableReader;
use super::reader_values::Zero;
use super::source::Place;

/// Most keys of a Zipf workload.
const MOST_KEYS: u64 = 1_000_000_000;

/// The workload, and the place of its arrivals if it has some.
pub(super) fn read(table: &mut TableReader<'_>, has_schedule: bool) -> (Workload, Option<Place>) {
    let keys = ["lookups_every", "network_lookups_every"];
    let key = match has_schedule {
        true => table.at_most_one(&keys),
        false => table.exactly_one(&keys),
    };
    let place = key.map(|key| table.key_place(key));
    let evenly = table.word("spacing", &[("random", false), ("even", true)]);
    if evenly && key == Some("lookups_every") && table.is_sound("spacing") {
        let problem = Problem::error("lookups of each node by itself start at random", table.place_of("spacing"), "");
        let problem = problem.and(table.key_place("lookups_every"), "the mean time between those of one node");
        table.report("spacing", problem.note("allowed: `spacing = \"even\"` with `network_lookups_every`"));
    }
    let arrivals = match key {
        Some("lookups_every") => Arrivals::PerNode(table.duration("lookups_every", Zero::Forbidden)),
        Some(_) if evenly => Arrivals::NetworkEvenly(table.duration("network_lookups_every", Zero::Forbidden)),
        Some(_) => Arrivals::Network(table.duration("network_lookups_every", Zero::Forbidden)),
        None => Arrivals::None,
    };
    let keys = table.choice("keys", &["uniform", "live_nodes", "zipf"], Some("uniform"), |table, name| match name {
        "zipf" => {
            let keys = table.count("keys", 1..=MOST_KEYS);
            Keys::Zipf { keys, exponent: table.number("exponent", 0.0..=10.0) }
        }
        "live_nodes" => Keys::LiveNodes,
        _ => Keys::Uniform,
    });
    (Workload { arrivals, keys: keys.unwrap_or(Keys::Uniform) }, place)
}
