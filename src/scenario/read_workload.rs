//! `[workload]`: who looks up what.

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
    let arrivals = match key {
        Some("lookups_every") => Arrivals::PerNode(table.duration("lookups_every", Zero::Forbidden)),
        Some(_) => Arrivals::Network(table.duration("network_lookups_every", Zero::Forbidden)),
        None => Arrivals::None,
    };
    let keys = table.choice("keys", &["uniform", "zipf"], Some("uniform"), |table, name| match name {
        "zipf" => {
            let keys = table.count("keys", 1..=MOST_KEYS);
            Keys::Zipf { keys, exponent: table.number("exponent", 0.0..=10.0) }
        }
        _ => Keys::Uniform,
    });
    (Workload { arrivals, keys: keys.unwrap_or(Keys::Uniform) }, place)
}
