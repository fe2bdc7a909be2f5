//! What can be said beforehand of the deadline of lookups: whether it leaves a lookup the time for its requests.
//!
//! It holds for all lookups, those with which a protocol joins and refreshes its tables among them. A join that is cut
//! off begins again, so such a network may never come together, or be taken for one that is under heavier churn.

use super::diagnostics::Problem;
use super::model::{ChurnProcess, Latency, Network, RpcTimeout};
use super::reader::TableReader;
use super::source::Place;
use crate::engine::time::Duration;

/// The key under which every protocol has it.
pub(super) const KEY: &str = "lookup_deadline";
/// Requests one after another that a lookup needs, unless the one whom it asks first knows the answer.
const REQUESTS: f64 = 2.0;
/// Mean distance of two random points in a square of side 1 (square line picking).
const MEAN_DISTANCE: f64 = 0.521_405_433;

/// A deadline and where it stands.
pub(super) struct Deadline {
    pub length: Duration,
    pub place: Place,
}

/// Whether requests may meet silence that is not the deadline's fault.
pub(super) fn has_silence(network: &Network, churn: &ChurnProcess, has_departures: bool) -> bool {
    network.loss > 0.0 || has_departures || !matches!(churn, ChurnProcess::None)
}

/// Warns of a deadline within which two requests are not answered, or, where some are not answered, within which one is
/// not given up.
pub(super) fn judge(root: &mut TableReader<'_>, deadline: Deadline, network: &Network, meets_silence: bool) {
    if !root.is_sound("network") {
        return;
    }
    let round_trip_s = 2.0 * mean_delay_s(&network.latency);
    let timeout_s = match network.rpc_timeout {
        RpcTimeout::Fixed(timeout) => timeout.as_secs_f64(),
        RpcTimeout::RoundTrips(factor) => factor * round_trip_s,
        RpcTimeout::Measured(timeout) => timeout.first.as_secs_f64(),
    };
    let Deadline { length, place } = deadline;
    let (message, label, least_s) = if length.as_secs_f64() < REQUESTS * round_trip_s {
        let message = "lookups are cut off before two requests one after another are answered";
        (message, "shorter than two mean round trips", REQUESTS * round_trip_s)
    } else if meets_silence && length.as_secs_f64() <= timeout_s {
        let message = "lookups are cut off when a single request is not answered";
        (message, "no longer than a request waits", timeout_s + REQUESTS * round_trip_s)
    } else {
        return;
    };
    let label = format!("`{KEY}` is {length}: {label}");
    let note = "the deadline also ends a protocol's own lookups: joins that are cut off begin again, and tables are \
                not refreshed";
    // In whole milliseconds, upwards.
    let least = Duration::from_secs_f64(libm::ceil(least_s * 1e3 - 1e-6) / 1e3);
    let help = format!("{least} is the least that can be enough for a lookup of two requests");
    root.warn(Problem::warning(message, place, label).note(note).help(help));
}

/// The mean delay of a message between two random nodes \[s\].
fn mean_delay_s(latency: &Latency) -> f64 {
    match latency {
        Latency::Drawn(law) => law.mean_s(),
        Latency::Euclidean { side, base } => base.as_secs_f64() + MEAN_DISTANCE * side.as_secs_f64(),
        Latency::Matrix(matrix) => {
            let sum: f64 = matrix.one_way.iter().map(|delay| delay.as_secs_f64()).sum();
            sum / matrix.one_way.len().max(1) as f64
        }
    }
}
